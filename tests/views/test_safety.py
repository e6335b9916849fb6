"""Safe by default: headers on every answer, writes of other sites refused, errors in words, hostile text only text."""

import html
import re
from typing import Any

import pytest

import clock
from domain import access
from models import Appointment, Customer, Note, Shop, Usual
from tests.conftest import came, days_before, signed_in

PAGES = (
    "/today",
    "/find",
    "/find?q=r",
    "/customers/{rosa}",
    "/customers/{rosa}/edit",
    "/customers/{rosa}/notes/new",
    "/choose-shop",
    "/settings",
    "/team",
)
ANYBODYS = ("/sign-in", "/enrol/", "/sign-in/owner/nonsense", "/enrol/nonsense")


def policy(answer) -> dict[str, str]:
    parts = (part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    return {part[0]: part[1] if len(part) > 1 else "" for part in parts}


@pytest.fixture
def everywhere(desk, rosa, server):
    """Return a function that yields every page with its path, as the owner's browser gets it."""

    def walk():
        for path in PAGES:
            yield path, desk.get(path.format(rosa=rosa.id))
        for path in ANYBODYS:
            yield path, server.test_client().get(path)
        yield "/nowhere", desk.get("/nowhere")

    return walk


class TestHeaders:
    def test_let_only_our_own_scripts_and_styles_run(self, everywhere):
        for path, answer in everywhere():
            told = policy(answer)
            assert "unsafe" not in answer.headers["Content-Security-Policy"], path
            assert told["default-src"] == "'none'", path
            assert re.fullmatch(r"'nonce-[\w-]{16,}'", told["script-src"]), path
            assert (told["style-src"], told["frame-ancestors"], told["base-uri"], told["form-action"]) == (
                "'self'",
                "'none'",
                "'none'",
                "'self'",
            )

    def test_carry_a_nonce_that_no_two_answers_share(self, everywhere):
        nonces = [policy(answer)["script-src"] for _path, answer in everywhere()]
        assert len(set(nonces)) == len(nonces) > 10

    def test_name_the_nonce_that_the_page_uses(self, desk):
        answer = desk.get("/today")
        nonce = policy(answer)["script-src"][len("'nonce-") : -1]
        assert set(re.findall(r'nonce="([^"]+)"', answer.text)) == {nonce}

    def test_keep_pages_out_of_caches_frames_and_guesses(self, everywhere):
        for path, answer in everywhere():
            assert answer.headers["Cache-Control"] == "no-store", path
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            assert answer.headers["Referrer-Policy"] in ("no-referrer", "same-origin"), path
            assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", path

    def test_are_on_answers_that_are_no_pages_too(self, desk, rosa):
        answers = [
            desk.post(f"/customers/{rosa.id}/visits", htmx=True),
            desk.post("/api/v1/actions", json={}),
            desk.get("/healthz"),
            desk.get("/api/v1/export"),
            desk.get("/"),
        ]
        for answer in answers:
            assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == (
                "no-store",
                "nosniff",
            )

    @pytest.mark.parametrize(
        ("host", "scheme", "referrer", "hsts"),
        [
            ("localhost", "http", "no-referrer", False),
            ("192.168.1.20:8000", "http", "same-origin", False),
            ("regulars.example", "https", "no-referrer", True),
        ],
        ids=["on this machine", "in the shop's network", "on https"],
    )
    def test_suit_where_it_is_served(self, server, owner, host, scheme, referrer, hsts):
        answer = server.test_client().get("/sign-in", base_url=f"{scheme}://{host}")
        assert answer.headers["Referrer-Policy"] == referrer
        assert ("Strict-Transport-Security" in answer.headers) is hsts

    def test_of_files_let_phones_keep_them(self, desk):
        page = desk.get("/today").text
        for path in re.findall(r'(?:src|href)="(/static/build/[^"]+)"', page):
            answer = desk.get(path)
            assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")

    def test_no_page_holds_inline_script_or_style(self, everywhere):
        for path, answer in everywhere():
            assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text), path
            assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", answer.text), path


class TestCookies:
    def entered(self, server, owner, base):
        link = access.invite(owner, "owner")
        client = server.test_client()
        return client.post(
            f"/sign-in/owner/{link.token}", base_url=base, headers={"Sec-Fetch-Site": "same-origin"}
        ).headers["Set-Cookie"]

    def test_are_bound_to_the_host_on_https(self, server, owner):
        cookie = self.entered(server, owner, "https://regulars.example")
        assert cookie.startswith("__Host-regulars=")
        for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
            assert word in cookie
        assert "Domain" not in cookie

    def test_cannot_be_read_by_scripts_on_http(self, server, owner):
        cookie = self.entered(server, owner, "http://192.168.1.20:8000")
        assert cookie.startswith("regulars=")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Secure" not in cookie


class TestAWriteThatAnotherSitesPageCaused:
    @pytest.mark.parametrize(
        ("headers", "code"),
        [
            pytest.param({"Sec-Fetch-Site": "same-origin"}, 303, id="our own page"),
            pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, id="another site"),
            pytest.param({"Sec-Fetch-Site": "same-site"}, 403, id="a neighbour on our domain"),
            pytest.param({"Sec-Fetch-Site": "none"}, 403, id="a bookmark that writes"),
            pytest.param({"Sec-Fetch-Site": ""}, 403, id="an empty word"),
            pytest.param(
                {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
                403,
                id="another site that claims our origin",
            ),
            pytest.param({"Origin": "http://localhost"}, 303, id="an old browser on our page"),
            pytest.param({"Origin": "http://evil.example"}, 403, id="an old browser on another page"),
            pytest.param({"Origin": "http://localhost.evil.example"}, 403, id="an origin that begins as ours"),
            pytest.param({"Origin": "http://localhost:8001"}, 403, id="our machine, another door"),
            pytest.param({"Origin": "http://evil.example@localhost"}, 403, id="an origin with a name in it"),
            pytest.param({"Origin": "https://localhost"}, 403, id="our host by another scheme"),
            pytest.param({"Origin": "null"}, 403, id="an origin that is hidden"),
            pytest.param({}, 403, id="no word of where it comes from"),
        ],
    )
    def test_is_refused(self, phone, rosa, headers, code):
        answer = phone.client.post(f"/customers/{rosa.id}/visits", headers=headers)
        assert answer.status_code == code
        assert rosa.visits.count() == (1 if code == 303 else 0)
        if code == 403:
            assert "That came from another page than ours, so nothing was done." in answer.text

    @pytest.mark.parametrize(
        "path", ["/sign-in", "/enrol/", "/sign-out", "/settings", "/api/v1/actions", "/sign-in/owner/nonsense"]
    )
    def test_is_refused_everywhere(self, desk, path):
        assert desk.client.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403

    def test_is_no_matter_for_a_program_with_a_token(self, server, sam, shop):
        token = access.start_session(sam, "token", shop=shop)
        headers = {"Authorization": f"Bearer {token}", "Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"}
        assert server.test_client().post("/api/v1/actions", json={"actions": []}, headers=headers).status_code == 200

    def test_cannot_hide_behind_a_token_that_is_none(self, phone, rosa):
        answer = phone.client.post(
            f"/customers/{rosa.id}/visits", headers={"Authorization": "Bearer nonsense", "Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 401
        assert rosa.visits.count() == 0

    def test_reading_is_free(self, phone):
        assert phone.get("/today", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


class TestErrors:
    CASES: dict[str, tuple[str, str, dict[str, Any], int, str]] = {
        "nobody there": ("GET", "/customers/999999", {}, 404, "It may have been removed. Go back to today’s list."),
        "a wrong method": ("DELETE", "/today", {}, 405, "That cannot be done here. Go back to today’s list."),
        "far too much": ("POST", "/customers", {"data": {"name": "x" * 5_000_000}}, 413, "That is too much at once. Send less."),
        "a form without a name": (
            "POST", "/customers", {"data": {}}, 422, "“Name, or a word you know them by” is empty. Write something first.",
        ),
        "a name too long": (
            "POST", "/customers", {"data": {"name": "x" * 201}}, 422,
            "“Name, or a word you know them by” is too long: 200 letters fit.",
        ),
        "a hole in the text": ("GET", "/find?q=%00", {}, 400, "That could not be read. Go back and try again."),
        "an act of no id": ("POST", "/customers", {"data": {"name": "Rosa", "action": "junk"}}, 422,
                            "An act needs an id of its own, a UUID."),
        "another site": ("POST", "/customers", {"headers": {"Sec-Fetch-Site": "cross-site"}}, 403,
                         "That came from another page than ours, so nothing was done."),
    }  # fmt: skip

    def asked(self, phone, case, htmx):
        method, path, options, _code, _told = self.CASES[case]
        headers = {
            "Sec-Fetch-Site": "same-origin",
            **({"HX-Request": "true"} if htmx else {}),
            **options.get("headers", {}),
        }
        return phone.client.open(path, method=method, headers=headers, data=options.get("data"))

    @pytest.mark.parametrize("case", CASES)
    def test_are_a_page_with_one_sentence_and_a_way_back(self, phone, case):
        answer = self.asked(phone, case, htmx=False)
        assert (answer.status_code, answer.mimetype) == (self.CASES[case][3], "text/html")
        assert f'<h1 class="voice empty">{self.CASES[case][4]}</h1>' in answer.text
        assert 'href="/today"' in answer.text

    @pytest.mark.parametrize("case", CASES)
    def test_are_a_toast_for_htmx(self, phone, case):
        answer = self.asked(phone, case, htmx=True)
        assert answer.status_code == self.CASES[case][3]
        assert f"<p>{self.CASES[case][4]}</p>" in answer.text
        assert "<html" not in answer.text
        assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == ("#toast", "outerHTML")

    @pytest.mark.parametrize(
        ("method", "path", "options", "code"),
        [
            ("GET", "/api/v1/nothing", {}, 404),
            ("GET", "/api/v1/actions", {}, 405),
            ("POST", "/api/v1/actions", {"json": [1]}, 400),
            ("POST", "/api/v1/actions", {"data": b"x" * 5_000_000, "content_type": "application/json"}, 413),
            ("GET", "/api/v1/export", {}, 404),
            ("POST", "/api/v1/actions", {"headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
        ],
        ids=["no such address", "a wrong method", "a wrong body", "far too much", "not theirs", "another site"],
    )
    def test_are_problem_json_for_programs(self, phone, method, path, options, code):
        given: dict[str, Any] = {**options, "headers": {"Sec-Fetch-Site": "same-origin", **options.get("headers", {})}}
        answer = phone.client.open(path, method=method, **given)
        assert (answer.status_code, answer.mimetype) == (code, "application/problem+json")
        assert answer.json["status"] == code
        assert answer.json["type"] == "about:blank"
        assert answer.json["title"].endswith(".")

    def test_of_our_own_making_tell_nothing_of_the_inside(self, phone, monkeypatch, rosa):
        def broken(*_given):
            raise KeyError("secret/path")

        monkeypatch.setattr("views.today.board", broken)
        answer = phone.get("/today")
        assert answer.status_code == 500
        assert "That did not save, and nothing was lost. Try again." in answer.text
        assert "KeyError" not in answer.text
        assert "secret/path" not in answer.text

    def test_signed_out_htmx_is_sent_to_sign_in(self, server, rosa):
        answer = server.test_client().get("/today", headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in")


HOSTILE = (
    "<script>alert(1)</script>",
    '" hx-get="/sign-out" x="',
    "' onmouseover='alert(1)",
    "{{1913*3371}}{% raw %}",
    "</textarea><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "%(name)s %s {0}",
    "\u202egnp.exe",
    "--><svg/onload=alert(1)>",
)


class TestHostileText:
    @pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text)[:20])
    def test_is_only_text_on_every_page(self, server, desk, shop, owner, sam, text):
        """Put one text into every field there is, and look at every page there is."""
        Shop.update(name=text).execute()
        owner.name, sam.name = text, text
        owner.save(), sam.save()
        access.admit_phone(sam, text)
        rosa = Customer.create(
            business=shop.business, name=text, say_as=text, call=text, lang=text[:9], created_at=clock.now()
        )
        came(rosa, shop, *days_before(shop.today(), 14, 7, 1))
        Usual.create(customer=rosa, shop=shop, text=text, author=sam, day=shop.today())
        for moment, safety, private in (("list", False, False), ("arrival", True, False), ("arrival", False, True)):
            Note.create(
                customer=rosa,
                shop=shop,
                author=sam,
                text=text,
                moment=moment,
                safety=safety,
                private=private,
                day=shop.today(),
                at=clock.now(),
            )
        Appointment.create(customer=rosa, shop=shop, day=shop.today(), starts_at=clock.now(), service=text)
        phone = signed_in(server, sam)
        pages = [desk.get(path.format(rosa=rosa.id)) for path in PAGES]
        pages += [desk.get("/find", query_string={"q": text}), phone.get("/sign-in")]
        pages += [phone.post(f"/customers/{rosa.id}/visits", htmx=htmx) for htmx in (True, False)]
        pages += [
            phone.get("/today"),
            phone.get(f"/customers/{rosa.id}"),
            phone.post(f"/customers/{rosa.id}/private-notes", htmx=True),
        ]
        pages += [
            phone.post(f"/customers/{rosa.id}/notes", {"text": text, "action": "junk"}),
            phone.post("/customers", {"name": text}),
        ]
        pages += [
            desk.post(
                "/settings", {"name": text, "same_visit_minutes": text, "opens_0": text, "zone": text, "called": text}
            )
        ]
        pages += [desk.post("/team", {"name": text, "pin": text}), desk.post(f"/team/{sam.id}/phone")]
        assert {page.status_code for page in pages} <= {200, 302, 303, 422}
        shown = 0
        for page in pages:
            body = page.text
            for tag in ("<script>", "<img", "<svg/onload", "</textarea><"):
                assert tag not in body
            for element in re.findall(r"<[a-zA-Z][^<>]*>", body):
                bare = re.sub(r'"[^"]*"', '""', element)
                assert not re.search(r"alert|onmouseover|hx-get(?!=\"\")", bare), element
            assert "{{1913*3371}}" not in text or "6448723" not in re.sub(r"<[^>]*>", "", body)
            shown += html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in body
        assert shown >= 12, "it stands on the pages, as text"

    def test_a_page_full_of_it_has_no_element_it_would_not_have_had(self, desk, rosa):
        tags = lambda path: re.findall(r"<(\w+)", desk.get(path).text)  # noqa: E731
        before = tags(f"/customers/{rosa.id}")
        rosa.name = "".join(HOSTILE)
        rosa.save()
        assert tags(f"/customers/{rosa.id}") == before
