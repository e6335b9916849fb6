"""A phone keeps its own language, light or dark, and hand; a shop speaks its own; nobody has to sign in to be understood."""

import re

import pytest

from models import Shop
from tests.conftest import signed_in
from views.this_phone import Look, look_of, looked

SPANISH = {"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}


def html(answer) -> dict[str, str]:
    """Return the attributes of a page's <html>."""
    return dict(re.findall(r'([\w-]+)="([^"]*)"', re.findall(r"<html ([^>]*)>", answer.text)[0]))


def chosen(answer) -> list[str]:
    """Return what is chosen on the page."""
    return re.findall(r'name="\w+" value="([^"]*)" checked', answer.text)


class TestTheLanguage:
    def test_is_the_shops_once_somebody_is_signed_in(self, phone, shop):
        assert html(phone.get("/today", headers=SPANISH))["lang"] == "en-GB"
        Shop.update(language="es").execute()
        assert html(phone.get("/today"))["lang"] == "es"

    def test_is_the_phones_where_the_phone_has_chosen(self, phone, shop):
        phone.post("/this-phone", {"language": "es"})
        assert html(phone.get("/today"))["lang"] == "es"
        Shop.update(language="es").execute()
        phone.post("/this-phone", {"language": "en"})
        assert html(phone.get("/today"))["lang"] == "en-GB"
        phone.post("/this-phone", {"language": ""})
        assert html(phone.get("/today"))["lang"] == "es"

    def test_of_one_phone_is_not_that_of_another(self, phone, other_phone):
        phone.post("/this-phone", {"language": "es"})
        assert html(other_phone.get("/today"))["lang"] == "en-GB"

    @pytest.mark.parametrize(
        ("asked", "lang"),
        [
            ("es", "es"),
            ("es-AR,es;q=0.8", "es"),
            ("de-DE,es;q=0.5,en;q=0.4", "es"),
            ("en-US,es;q=0.9", "en-GB"),
            ("de,fr", "en-GB"),
            ("", "en-GB"),
            ("*;q=x,,;", "en-GB"),
        ],
    )
    def test_is_what_the_browser_asks_for_before_anybody_is_signed_in(self, server, shop, asked, lang):
        answer = server.test_client().get("/sign-in", headers={"Accept-Language": asked})
        assert html(answer)["lang"] == lang

    def test_is_the_phones_before_anybody_is_signed_in(self, server, shop):
        client = server.test_client()
        client.set_cookie("regulars-look", "en.system.right")
        assert html(client.get("/sign-in", headers=SPANISH))["lang"] == "en-GB"

    @pytest.mark.parametrize(
        ("zone", "lang", "time"),
        [("America/New_York", "en-US", "3:12 AM"), ("Asia/Kathmandu", "en-GB", "13:57"), ("UTC", "en-GB", "8:12")],
    )
    def test_is_spoken_as_where_the_shop_is(self, phone, shop, rosa, zone, lang, time):
        Shop.update(zone=zone).execute()
        phone.post(f"/customers/{rosa.id}/visits")
        page = phone.get("/today")
        assert html(page)["lang"] == lang
        assert f"<time>{time}</time>" in page.text

    def test_a_shop_was_left_with_but_we_no_longer_have_is_english(self, phone, shop):
        Shop.update(language="tlh").execute()
        assert html(phone.get("/today"))["lang"] == "en-GB"

    def test_is_the_shops_on_a_page_that_is_not_there(self, phone, shop):
        Shop.update(language="es").execute()
        for path in ("/nothing", "/settings", "/customers/99999"):
            answer = phone.get(path)
            assert (answer.status_code, html(answer)["lang"]) == (404, "es")

    def test_is_the_shops_in_what_programs_are_told(self, phone, shop):
        english = phone.act("visit.create", customer="99999")["reason"]
        Shop.update(language="es").execute()
        assert phone.act("visit.create", customer="99999")["reason"] != english

    def test_ends_with_the_request(self, phone, shop):
        phone.post("/this-phone", {"language": "es"})
        phone.get("/today")
        import words

        assert words.language() == "en-GB"


class TestTheLook:
    def test_is_the_systems_and_the_right_hand_until_chosen(self, phone):
        page = phone.get("/today")
        assert html(page)["data-hand"] == "right"
        assert "data-theme" not in html(page)
        assert re.findall(r'<meta name="theme-color" content="(.*?)" media="(.*?)">', page.text) == [
            ("#f3f3f1", "(prefers-color-scheme: light)"),
            ("#12121b", "(prefers-color-scheme: dark)"),
        ]

    @pytest.mark.parametrize(("theme", "ground"), [("light", "#f3f3f1"), ("dark", "#12121b")])
    def test_is_there_from_the_first_paint(self, phone, theme, ground):
        phone.post("/this-phone", {"theme": theme, "hand": "left"})
        page = phone.get("/today")
        assert (html(page)["data-theme"], html(page)["data-hand"], html(page)["dir"]) == (theme, "left", "ltr")
        assert re.findall(r'<meta name="theme-color"[^>]*>', page.text) == [
            f'<meta name="theme-color" content="{ground}">'
        ]

    @pytest.mark.parametrize("path", ["/sign-in", "/enrol/", "/enrol/used-up", "/this-phone"])
    def test_holds_before_anybody_is_signed_in(self, server, shop, path):
        client = server.test_client()
        client.set_cookie("regulars-look", "es.dark.left")
        there = html(client.get(path))
        assert (there["lang"], there["data-theme"], there["data-hand"]) == ("es", "dark", "left")

    def test_outlasts_signing_out(self, phone):
        phone.post("/this-phone", {"theme": "dark"})
        phone.post("/sign-out")
        assert html(phone.get("/sign-in"))["data-theme"] == "dark"

    @pytest.mark.parametrize(
        "garbage",
        [
            "", ".", "...", "es", "es.dark", "es.dark.left.more", "tlh.pink.foot", '"><script>', "es\\056dark", "é" * 300,
            "-" * 4000, "../../etc/passwd.dark\x00.left",
        ],
    )  # fmt: skip
    def test_of_garbage_is_as_if_nothing_was_chosen(self, phone, garbage):
        phone.client.set_cookie("regulars-look", garbage)
        there = html(phone.get("/today"))
        assert (there["lang"], there["data-hand"]) == ("en-GB", "right")
        assert "data-theme" not in there

    def test_keeps_what_is_good_of_it(self):
        assert looked("tlh.dark.left") == Look("", "dark", "left")
        assert looked("es.pink.left") == Look("es", "system", "left")
        assert looked("es.dark.foot") == Look("es", "dark", "right")

    def test_can_be_a_key(self):
        assert len({Look(), look_of(), look_of("es"), looked(str(look_of("es", "dark", "left")))}) == 3
        assert looked(str(look_of(screen="on"))) == look_of(screen="on") != Look()
        assert looked(str(look_of("es", "dark", "left"))) == look_of("es", "dark", "left")


class TestThePage:
    def test_leads_from_the_shift_and_the_owners_menu(self, phone, desk):
        assert 'href="/this-phone"' in phone.get("/shift").text
        assert 'href="/this-phone"' in desk.get("/settings").text

    def test_leads_from_signing_in(self, server, shop):
        for path in ("/sign-in", "/enrol/"):
            assert 'href="/this-phone"' in server.test_client().get(path).text

    def test_shows_what_is_chosen(self, phone):
        assert chosen(phone.get("/this-phone")) == ["", "system", "right", "system"]
        phone.post("/this-phone", {"language": "es", "theme": "dark", "hand": "left", "screen": "on"})
        assert chosen(phone.get("/this-phone")) == ["es", "dark", "left", "on"]

    def test_tells_a_page_whose_screen_is_to_stay_on(self, phone):
        assert "data-screen" not in html(phone.get("/today"))
        phone.post("/this-phone", {"screen": "on"})
        phone.post("/this-phone", {"hand": "left"})
        assert html(phone.get("/today"))["data-screen"] == "on"
        phone.post("/this-phone", {"screen": "system"})
        assert "data-screen" not in html(phone.get("/today"))

    def test_names_each_language_in_itself(self, phone):
        page = phone.get("/this-phone").text
        assert '<span lang="en" translate="no">English</span>' in page
        assert '<span lang="es" translate="no">Español</span>' in page

    def test_leads_back_to_itself_and_says_so_in_the_new_language(self, phone):
        answer = phone.post("/this-phone", {"language": "es"})
        assert (answer.status_code, answer.location) == (303, "/this-phone?kept=1")
        page = phone.get(answer.location)
        assert html(page)["lang"] == "es"
        assert 'role="status"' in page.text

    def test_changes_only_what_the_form_holds(self, phone):
        phone.post("/this-phone", {"theme": "dark"})
        phone.post("/this-phone", {"hand": "left"})
        phone.post("/this-phone", {"language": "tlh", "hand": "left"})
        assert chosen(phone.get("/this-phone")) == ["", "dark", "left", "system"]

    def test_keeps_its_cookie_for_a_year_and_from_scripts(self, phone):
        cookie = phone.post("/this-phone", {"theme": "dark"}).headers["Set-Cookie"]
        assert cookie.startswith("regulars-look=-.dark.right;")
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert int(re.findall(r"Max-Age=(\d+)", cookie)[0]) > 365 * 24 * 3600

    def test_keeps_to_its_host_on_https(self, phone):
        answer = phone.post("/this-phone", {"theme": "dark"}, base_url="https://shop.example")
        assert answer.headers["Set-Cookie"].startswith("__Host-regulars-look=-.dark.right;")
        assert "Secure" in answer.headers["Set-Cookie"]

    def test_is_not_changed_from_another_site(self, phone):
        answer = phone.post("/this-phone", {"theme": "dark"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers

    def test_asks_nothing_of_who_is_signed_in(self, server, sam, shop):
        assert server.test_client().get("/this-phone").status_code == 200
        assert signed_in(server, sam).get("/this-phone").status_code == 200


class TestTheWordForThoseWhoCome:
    @pytest.mark.parametrize("word", ["customer", "guest", "client", "patient", "member", "reader"])
    def test_is_the_shops(self, phone, shop, word):
        Shop.update(called=word).execute()
        page = phone.get("/find").text
        assert f"Find a {word}" in page
        others = {"customer", "guest", "client", "patient", "member", "reader"} - {word}
        text = re.sub(r"<[^>]*>", " ", page).lower()
        assert [other for other in others if re.search(rf"\b{other}s?\b", text)] == []
