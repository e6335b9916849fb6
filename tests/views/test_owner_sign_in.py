"""The owner's sign-in by HTTP: by name and password, code and passkey, the page of it, and being asked again."""

import base64
import re
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

import clock
from domain import access, alarms, one_time_codes, owners, passkeys, passwords
from models import Audit, Channel, Invitation, Passkey, RecoveryCode, Session, Staff
from tests.authenticator import Authenticator
from tests.conftest import TUESDAY, Phone, hire, signed_in

GOOD = "rye crust under lamplight"
NEW = "four wet dogs at noon"
PAGE = "/settings/sign-in"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Weigh passwords at a cost that tests can bear."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def ruth(owner):
    access.set_password(owner, GOOD)
    return owner


@pytest.fixture
def stranger(server):
    return Phone(server.test_client())


@pytest.fixture
def desk(server, ruth):
    return signed_in(server, ruth, "owner")


@pytest.fixture
def later(at):
    """Go on until the owner has to be asked again."""
    return lambda: at(clock.now() + timedelta(minutes=11))


def enter(hand, name="Ruth", password=GOOD, **options):
    return hand.post("/sign-in/owner", {"name": name, "password": password}, **options)


def hidden(html):
    return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', html))


def code_of(staff, at=None):
    key = base64.b32decode(Staff.get_by_id(staff.id).second_factor)
    return one_time_codes.code_at(key, int((at or clock.now()).timestamp()) // 30)


class TestSigningIn:
    def test_by_name_and_password_leads_to_today_with_the_owners_rights(self, stranger, ruth):
        assert enter(stranger).location == "/today"
        assert stranger.get("/settings").status_code == 200
        assert Session.get().kind == "owner"

    def test_is_offered_where_a_browser_is_not_known_and_on_the_phones(self, server, stranger, ruth, sam):
        assert "/sign-in/owner" in stranger.get("/sign-in").text
        _known, secret = access.admit_phone(sam, "Counter")
        stranger.client.set_cookie("regulars-phone", secret)
        assert "/sign-in/owner" in stranger.get("/sign-in").text
        assert 'data-testid="sign-in"' in stranger.get("/sign-in/owner").text

    def test_names_nobody_to_a_stranger_and_remembers_who_was_here(self, server, stranger, ruth):
        assert "Ruth" not in stranger.get("/sign-in/owner").text
        enter(stranger)
        stranger.post("/sign-out")
        assert 'value="Ruth"' in stranger.get("/sign-in").text
        assert 'value="Ruth"' not in Phone(server.test_client()).get("/sign-in").text

    def test_refuses_alike_whatever_was_wrong(self, stranger, ruth, sam):
        def bare(answer, name):
            return re.sub(r'nonce="[^"]+"', "", answer.text).replace(name, "Nobody")

        wanted = bare(enter(stranger, "Nobody"), "Nobody")
        for name, password in (
            ("Ruth", "not this one at all"),
            ("Sam", GOOD),
            ("Ruth", "x" * 5000),
            ("Elsewhere", GOOD),
        ):
            answer = enter(stranger, name, password)
            assert answer.status_code == 422
            assert bare(answer, name) == wanted
            assert GOOD not in answer.text
        for _ in range(5):
            enter(stranger, "Ruth", "not this one at all")
        assert bare(enter(stranger), "Ruth") == wanted, "nor when it rests"

    @pytest.mark.parametrize("data", [{}, {"name": "Ruth"}, {"password": GOOD}, {"name": " ", "password": GOOD}])
    def test_wants_both(self, stranger, ruth, data):
        answer = stranger.post("/sign-in/owner", data)
        assert answer.status_code == 422
        assert "Write your name" in answer.text

    def test_a_browser_that_was_signed_in_on_is_told_until_when_it_rests(self, stranger, ruth):
        enter(stranger)
        stranger.post("/sign-out")
        for _ in range(5):
            enter(stranger, password="not this one at all")
        assert "rests until 8:13" in enter(stranger).text

    def test_a_stranger_cannot_keep_the_owner_out_of_it(self, server, stranger, ruth):
        enter(stranger)
        stranger.post("/sign-out")
        other = Phone(server.test_client())
        for _ in range(30):
            enter(other, password="not this one at all")
        assert enter(stranger).location == "/today"

    @pytest.mark.parametrize("where", [f"{PAGE}/password", "/setting-up/password", "the link"])
    def test_nor_where_they_set_a_new_password(self, server, stranger, ruth, where):
        if where == "the link":
            link = owners.reset(ruth)
            assert stranger.post(f"/sign-in/owner/{link.token}", {"password": NEW}).status_code == 303
        else:
            enter(stranger)
            assert stranger.post(where, {"password": NEW}).status_code == 303
        stranger.post("/sign-out")
        other = Phone(server.test_client())
        for _ in range(6):
            enter(other, password="not this one at all")
        assert enter(other, password=NEW).status_code == 422
        assert enter(stranger, password=NEW).location == "/today"

    def test_is_refused_to_other_sites(self, stranger, ruth):
        assert enter(stranger, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403

    def test_says_when_too_many_are_signing_in(self, stranger, ruth, monkeypatch):
        monkeypatch.setattr(passwords, "WAITS", 0.001)
        known = Phone(stranger.client.application.test_client())
        assert enter(known).status_code == 303
        known.post("/sign-out")
        with passwords.turn(False):
            answer = enter(stranger)
            assert enter(known).status_code == 303, "while a browser we know has its turn"
        assert answer.status_code == 503
        assert "busy" in answer.text

    def test_an_owners_pin_stays_a_staff_pin(self, server, ruth, shop):
        Staff.update(pin_hash=access.hash_pin("2580")).where(Staff.id == ruth.id).execute()
        _known, secret = access.admit_phone(ruth, "Counter")
        client = server.test_client()
        client.set_cookie("regulars-phone", secret)
        hand = Phone(client)
        assert hand.post("/sign-in", {"staff": ruth.id, "pin": "2580"}).location == "/today"
        for page in (PAGE, "/settings", "/team", "/api/v1/export"):
            assert hand.get(page).status_code == 404
        assert hand.post("/again", {"again_password": GOOD, "to": PAGE}).status_code == 404, "not even by password"
        assert hand.post(f"{PAGE}/password", {"password": NEW}).status_code == 404
        assert enter(Phone(server.test_client()), password="2580").status_code == 422, "and is no password"


class TestTheLink:
    def test_asks_for_a_password_while_there_is_none(self, stranger, owner):
        link = f"/sign-in/owner/{access.invite(owner, 'owner').token}"
        assert 'name="password"' in stranger.get(link).text
        answer = stranger.post(link, {"password": "password123"})
        assert answer.status_code == 422
        assert "anybody would try" in answer.text
        assert "password123" not in answer.text
        assert stranger.post(link, {"password": NEW}).location == "/today"
        assert enter(stranger, password=NEW).location == "/today"

    def test_signs_in_without_one_as_well(self, stranger, owner):
        link = f"/sign-in/owner/{access.invite(owner, 'owner').token}"
        assert stranger.post(link, {"password": ""}).location == "/today"
        assert "only a link gets you in" in stranger.get(PAGE).text

    def test_does_not_change_one_that_there_is(self, stranger, ruth):
        link = f"/sign-in/owner/{access.invite(ruth, 'owner').token}"
        assert 'name="password"' not in stranger.get(link).text
        stranger.post(link, {"password": NEW})
        assert enter(stranger).location == "/today"


class TestTheSecondFactor:
    @pytest.fixture
    def codes(self, desk, ruth, at):
        """Turn it on by the page, as an owner would, and return the recovery codes."""
        page = desk.get(f"{PAGE}/second-factor").text
        secret = hidden(page)["secret"]
        assert re.search(r'<path d="M\d+ \d+h', page), "the picture"
        assert " ".join(re.findall("....", secret)) in page, "the key to type"
        key = base64.b32decode(secret)
        code = one_time_codes.code_at(key, int(TUESDAY.timestamp()) // 30)
        shown = desk.post(f"{PAGE}/second-factor", {"secret": secret, "code": code}).text
        at(TUESDAY + timedelta(minutes=2))
        codes = re.findall(r"<li><code>([a-z0-9 ]+)</code>", shown)
        assert len(codes) == 10
        return codes

    def test_is_asked_for_after_the_password(self, stranger, ruth, codes):
        answer = enter(stranger)
        assert answer.status_code == 200
        assert stranger.get("/settings").status_code == 303, "not in yet"
        half = hidden(answer.text)["half"]
        wrong = stranger.post("/sign-in/code", {"half": half, "code": "000000"})
        assert wrong.status_code == 422
        assert hidden(wrong.text)["half"] == half
        assert stranger.post("/sign-in/code", {"half": half, "code": code_of(ruth)}).location == "/today"
        assert stranger.get("/settings").status_code == 200

    def test_takes_a_recovery_code_once(self, server, stranger, ruth, codes):
        half = hidden(enter(stranger).text)["half"]
        assert stranger.post("/sign-in/code", {"half": half, "code": codes[0]}).location == "/today"
        assert stranger.post("/sign-in/code", {"half": half, "code": codes[0]}).status_code == 422
        assert "9 recovery codes are left" in stranger.get(PAGE).text

    def test_begins_again_when_the_half_is_too_old_or_made_up(self, stranger, ruth, codes, at):
        half = hidden(enter(stranger).text)["half"]
        at(clock.now() + timedelta(minutes=6))
        for told in (half, "", "1.1.1"):
            answer = stranger.post("/sign-in/code", {"half": told, "code": code_of(ruth)})
            assert answer.status_code == 422
            assert "took too long" in answer.text

    def test_is_not_turned_on_by_a_wrong_code_nor_by_a_secret_that_is_none(self, desk, ruth):
        secret = one_time_codes.new_secret()
        wrong = desk.post(f"{PAGE}/second-factor", {"secret": secret, "code": "000000"})
        assert wrong.status_code == 422
        assert hidden(wrong.text)["secret"] == secret, "the picture stays"
        assert desk.post(f"{PAGE}/second-factor", {"secret": "A", "code": "000000"}).status_code == 422
        assert Staff.get_by_id(ruth.id).second_factor == ""

    def test_is_not_turned_on_twice(self, desk, ruth, codes):
        before = Staff.get_by_id(ruth.id).second_factor
        secret = one_time_codes.new_secret()
        code = one_time_codes.code_at(base64.b32decode(secret), int(clock.now().timestamp()) // 30)
        assert desk.post(f"{PAGE}/second-factor", {"secret": secret, "code": code}).status_code == 303
        assert Staff.get_by_id(ruth.id).second_factor == before
        assert desk.get(f"{PAGE}/second-factor").status_code == 303

    def test_is_turned_off(self, stranger, desk, ruth, codes):
        desk.post(f"{PAGE}/second-factor/off")
        assert enter(stranger).location == "/today"
        assert not RecoveryCode.select().exists()

    def test_gets_new_recovery_codes(self, desk, ruth, codes):
        shown = desk.post(f"{PAGE}/second-factor/codes").text
        assert not any(code in shown for code in codes)
        assert RecoveryCode.select().count() == 10

    def test_wants_a_password_first(self, server, owner):
        assert f"{PAGE}/second-factor" not in signed_in(server, owner, "owner").get(PAGE).text


class TestPasskeys:
    @pytest.fixture
    def device(self):
        pytest.importorskip("webauthn")
        return Authenticator()

    @pytest.fixture
    def key(self, desk, device):
        page = desk.get(f"{PAGE}/passkeys/new").text
        options = re.search(r'data-create value="([^"]+)"', page)
        assert options
        answer = device.made(options[1].replace("&#34;", '"'))
        assert desk.post(f"{PAGE}/passkeys", {"name": "My phone", "answer": answer}).location == f"{PAGE}?kept=passkey"
        return Passkey.get()

    def options(self, hand, **where):
        return hand.post("/sign-in/passkey/options", **where).text

    def test_is_listed_by_name(self, desk, key):
        assert "My phone" in desk.get(PAGE).text

    def test_signs_in(self, stranger, device, key):
        answer = device.proof(self.options(stranger))
        assert stranger.post("/sign-in/passkey", {"answer": answer}).location == "/today"
        assert stranger.get("/settings").status_code == 200
        assert Audit.select().where(Audit.kind == "session.begun").get().told == {"how": "passkey"}

    def test_signs_in_once_with_one_answer(self, server, stranger, device, key):
        answer = device.proof(self.options(stranger))
        stranger.post("/sign-in/passkey", {"answer": answer})
        other = Phone(server.test_client())
        again = other.post("/sign-in/passkey", {"answer": answer})
        assert again.status_code == 422
        assert "does not open this shop" in again.text
        assert other.get("/settings").status_code == 303

    @pytest.mark.parametrize("wrong", [{"origin": "https://evil.example"}, {"host": "evil.example"}])
    def test_does_not_sign_in_from_a_false_page(self, stranger, device, key, wrong):
        answer = device.proof(self.options(stranger), **wrong)
        assert stranger.post("/sign-in/passkey", {"answer": answer}).status_code == 422

    def test_needs_no_second_factor_for_it_is_two(self, stranger, ruth, device, key):
        Staff.update(second_factor="A" * 32).where(Staff.id == ruth.id).execute()
        answer = device.proof(self.options(stranger))
        assert stranger.post("/sign-in/passkey", {"answer": answer}).location == "/today"

    def test_works_while_passwords_rest(self, stranger, device, key):
        for _ in range(20):
            enter(stranger, password="not this one at all")
        answer = device.proof(self.options(stranger))
        assert stranger.post("/sign-in/passkey", {"answer": answer}).location == "/today"

    def test_is_removed(self, stranger, desk, device, key):
        desk.post(f"{PAGE}/passkeys/{key.id}/remove")
        answer = device.proof(self.options(stranger))
        assert stranger.post("/sign-in/passkey", {"answer": answer}).status_code == 422
        assert desk.post(f"{PAGE}/passkeys/{key.id}/remove").status_code == 404

    def test_that_came_to_nothing_keeps_its_name(self, desk, device):
        answer = desk.post(f"{PAGE}/passkeys", {"name": "My phone", "answer": "nonsense"})
        assert answer.status_code == 422
        assert 'value="My phone"' in answer.text

    @pytest.mark.parametrize("base", ["http://127.0.0.1:8000", "https://192.168.1.4", "http://shop.example.org"])
    def test_are_not_offered_without_a_host_name(self, desk, stranger, base):
        headers = {"Origin": base}
        session = desk.client.get_cookie("regulars")
        name = "__Host-regulars" if base.startswith("https") else "regulars"
        desk.client.set_cookie(name, session.value, domain=base.split("/")[2].split(":")[0], secure="s:" in base)
        page = desk.get(PAGE, base_url=base).text
        assert "Passkeys need the shop to have a name" in page
        assert desk.get(f"{PAGE}/passkeys/new", base_url=base).status_code == 404
        assert stranger.post("/sign-in/passkey/options", base_url=base, headers=headers).status_code in (401, 404)
        assert "data-passkey" not in stranger.get("/sign-in/owner", base_url=base).text

    def test_the_library_is_missing_is_said_in_a_sentence(self, desk, stranger, monkeypatch):
        monkeypatch.setattr(passkeys, "is_installed", lambda: False)
        assert "requirements-https.lock" in desk.get(PAGE).text
        assert desk.get(f"{PAGE}/passkeys/new").status_code == 404
        assert "data-passkey" not in stranger.get("/sign-in/owner").text


class TestBeingAskedAgain:
    def test_comes_ten_minutes_after_the_proof(self, desk, at):
        at(TUESDAY + timedelta(minutes=9, seconds=59))
        assert desk.get("/api/v1/export").status_code == 200
        at(TUESDAY + timedelta(minutes=10))
        answer = desk.get("/api/v1/export", headers={"Accept": "text/html"})
        assert answer.status_code == 403
        assert "Is it you, Ruth?" in answer.text

    def test_carries_on_what_was_typed(self, desk, shop, later):
        later()
        typed = {"shop": shop.id, "host": "mail.example.org", "port": "587", "tls": "starttls", "sender": 'R "&<o> ✓@x'}
        asked = desk.post("/reminders/channels/email", typed)
        assert asked.status_code == 403
        assert not Channel.select().exists()
        kept = {name: value for name, value in hidden(asked.text).items() if not name.startswith("again_")}
        assert set(kept) == set(typed)
        typed["sender"] = "desk@example.org"
        wrong = desk.post("/reminders/channels/email", {**typed, "again_password": "not this one"})
        assert "not your password" in wrong.text
        assert not Channel.select().exists()
        desk.post("/reminders/channels/email", {**typed, "again_password": GOOD})
        assert Channel.get().settings["host"] == "mail.example.org"
        assert "again" not in str(Channel.get().settings)

    def test_is_a_sentence_to_programs_and_where_a_piece_of_a_page_was_asked_for(self, desk, later):
        later()
        told = desk.get("/api/v1/export", headers={"Accept": "application/json"})
        assert (told.status_code, told.mimetype) == (403, "application/problem+json")
        told = desk.post(f"{PAGE}/second-factor/off", htmx=True)
        assert told.status_code == 403
        assert "whether it is you" in told.text
        assert "again_password" not in told.text

    def test_does_not_repeat_the_proof_on_the_page(self, desk, later):
        later()
        asked = desk.post(f"{PAGE}/second-factor/off", {"again_password": "not this one at all"})
        assert "not this one at all" not in asked.text

    def test_is_over_for_ten_minutes_once_proved(self, desk, later):
        later()
        desk.post("/again", {"again_password": GOOD, "to": "/api/v1/export"})
        assert desk.get("/api/v1/export").status_code == 200
        later()
        assert desk.get("/api/v1/export").status_code == 403

    def test_leads_on_to_the_page_that_asked(self, desk, later):
        later()
        asked = desk.get(f"{PAGE}/second-factor?x=1")
        assert hidden(asked.text)["to"] == f"{PAGE}/second-factor?x=1"
        answer = desk.post("/again", {"again_password": GOOD, "to": f"{PAGE}/second-factor"})
        assert answer.location == f"{PAGE}/second-factor"

    @pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example/", "/\\evil.example", "evil", "", "/a\nb"])
    def test_leads_nowhere_else(self, desk, to):
        assert desk.post("/again", {"to": to}).location == PAGE

    def test_takes_a_passkey_too_but_only_their_own(self, server, shop, desk, ruth, later):
        pytest.importorskip("webauthn")
        mine, theirs = Authenticator(), Authenticator()
        for staff, device in ((ruth, mine), (hire(shop, "Bea", "owner"), theirs)):
            options = passkeys.to_add(staff, "Fenwick Road Coffee", "localhost")
            passkeys.add(staff, device.made(options), "Key", "localhost", "http://localhost")
        later()
        assert "data-passkey" in desk.post(f"{PAGE}/second-factor/off").text
        options = desk.post("/sign-in/passkey/options").text
        wrong = desk.post("/again", {"again_passkey": theirs.proof(options), "to": PAGE})
        assert "did not prove it" in wrong.text
        options = desk.post("/sign-in/passkey/options").text
        assert desk.post("/again", {"again_passkey": mine.proof(options), "to": PAGE}).location == PAGE

    def test_rests_after_five_wrong_passwords(self, stranger, ruth, later):
        enter(stranger)
        later()
        for _ in range(5):
            stranger.post("/again", {"again_password": "not this one at all"})
        assert "rests until 8:24" in stranger.post("/again", {"again_password": GOOD}).text

    def test_tells_an_owner_without_a_password_of_the_link(self, server, owner, later):
        hand = signed_in(server, owner, "owner")
        later()
        asked = hand.post(f"{PAGE}/password", {"password": NEW})
        assert asked.status_code == 403
        assert "reset-owner" in asked.text
        assert Staff.get_by_id(owner.id).password_hash == ""

    def test_asks_programs_with_a_token_nothing(self, server, ruth, later):
        client = server.test_client()
        token = access.start_session(ruth, "token")
        later()
        answer = client.get("/api/v1/export", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200

    def test_holds_for_acts_sent_to_the_api_as_well(self, desk, sam, later):
        assert desk.act("staff.role", staff=sam.id, role="manager")["status"] == "applied"
        later()
        refused = desk.act("staff.role", staff=sam.id, role="owner")
        assert refused["status"] == "rejected"
        assert "whether it is you" in refused["reason"]
        for kind, data in (("staff.add", {"name": "Eve", "role": "owner"}), ("calendar.renew", {})):
            assert desk.act(kind, **data)["status"] == "rejected"
        assert desk.act("staff.add", name="Jo", role="staff")["status"] == "applied"
        assert Staff.get_by_id(sam.id).role == "manager"

    def test_comes_before_another_address_for_bad_news(self, desk, ruth, shop, later):
        later()
        form = {"alert_email": "eve@example.org"}
        asked = desk.post("/reminders/alarms", form)
        assert asked.status_code == 403
        assert hidden(asked.text)["alert_email"] == "eve@example.org"
        assert alarms.kept(shop.business_id)["alert_email"] == ""
        assert desk.post("/reminders/alarms", {**form, "again_password": GOOD}).status_code == 303
        assert alarms.kept(shop.business_id)["alert_email"] == "eve@example.org"

    def test_holds_for_the_password_of_the_first_run_once_there_is_one(self, desk, ruth, later):
        later()
        assert desk.post("/setting-up/password", {"password": NEW}).status_code == 403
        assert passwords.matches(GOOD, Staff.get_by_id(ruth.id).password_hash)
        assert desk.post("/setting-up/password", {"password": NEW, "again_password": GOOD}).status_code == 303
        assert passwords.matches(NEW, Staff.get_by_id(ruth.id).password_hash)

    def test_comes_before_a_new_owner_but_not_before_anybody_else_on_the_team(self, desk, later):
        later()
        assert desk.post("/team", {"name": "Eve", "role": "owner", "pin": "2580"}).status_code == 403
        assert desk.post("/team", {"name": "Jo", "role": "staff", "pin": "2580"}).status_code == 303
        assert not Staff.select().where(Staff.name == "Eve").exists()


def test_what_asks_again_is_what_the_documents_say(server):
    from tests.conftest import ROOT

    asks = set()
    for rule in server.url_map.iter_rules():
        if getattr(server.view_functions[rule.endpoint], "again", False):
            asks |= {f"{method} {rule.rule}" for method in rule.methods - {"HEAD", "OPTIONS"}}
    told = (ROOT / "docs" / "sign-in.md").read_text(encoding="utf-8")
    assert asks - {"POST /again"} == set(
        re.findall(r"`((?:GET|POST) /[^`]*)`", told.partition("## What asks again")[2])
    )


@pytest.mark.parametrize("page", ["/settings", "/people"])
def test_whom_only_a_link_lets_in_is_told_where_they_look(server, owner, shop, page):
    desk, bo = signed_in(server, owner, "owner"), signed_in(server, hire(shop, "Bo", "manager"))
    line = "Set a password: until then only the machine’s link lets you in."
    assert line in desk.get(page).text
    assert f'href="{PAGE}#password-part"' in desk.get(page).text
    assert line not in bo.get(page).text
    Passkey.create(staff=owner, credential="a", public_key="a", host="elsewhere.example", created_at=clock.now())
    assert line not in desk.get(page).text
    Passkey.delete().execute()
    access.set_password(owner, GOOD, Session.select().order_by(Session.id).first())
    assert line not in desk.get(page).text


class TestThePage:
    def test_sets_a_password_and_signs_out_other_browsers(self, server, stranger, desk, ruth):
        other = signed_in(server, ruth, "owner")
        assert desk.post(f"{PAGE}/password", {"password": NEW}).location == f"{PAGE}?kept=password"
        assert desk.get(PAGE).status_code == 200
        assert other.get(PAGE).status_code == 303
        assert enter(stranger, password=NEW).location == "/today"
        assert enter(stranger).status_code == 422

    def test_refuses_one_that_will_not_do_without_repeating_it(self, desk, ruth):
        answer = desk.post(f"{PAGE}/password", {"password": "fenwick road 1"})
        assert answer.status_code == 422
        assert "a name of yours" in answer.text
        assert "fenwick road 1" not in answer.text

    def test_lists_where_they_are_signed_in(self, server, desk, ruth, at):
        other = Phone(server.test_client())
        firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
        at(TUESDAY + timedelta(minutes=1))
        enter(other, headers={"User-Agent": firefox})
        page = desk.get(PAGE).text
        assert "Firefox on Windows" in page
        assert "Since today at 8:13" in page
        assert page.count("this one") == 1
        assert page.count('data-testid="session"') == 2

    def test_ends_one_and_all_others(self, server, desk, ruth):
        hands = [signed_in(server, ruth, "owner") for _ in range(3)]
        ids = [one.id for one in Session.select().order_by(Session.id)]
        assert desk.post(f"{PAGE}/sessions/{ids[1]}/end").location == f"{PAGE}?kept=ended"
        assert [hand.get(PAGE).status_code for hand in hands] == [303, 200, 200]
        assert desk.post(f"{PAGE}/sessions/{ids[1]}/end").status_code == 404
        desk.post(f"{PAGE}/sessions/end-others")
        assert [hand.get(PAGE).status_code for hand in hands] == [303, 303, 303]
        assert desk.get(PAGE).status_code == 200

    def test_of_one_owner_is_not_anothers(self, server, shop, desk, ruth):
        bea = signed_in(server, hire(shop, "Bea", "owner"), "owner")
        hers = Session.select().order_by(Session.id.desc()).first()
        assert desk.post(f"{PAGE}/sessions/{hers.id}/end").status_code == 404
        assert bea.get(PAGE).text.count('data-testid="session"') == 1


def test_no_secret_stands_in_the_record(desk, ruth, stranger):
    enter(stranger, password="not this one at all")
    desk.post(f"{PAGE}/password", {"password": NEW})
    owners.new_codes(ruth)
    owners.reset(ruth)
    told = " ".join(str(line.told) for line in Audit.select())
    assert Audit.select().count() >= 3
    for secret in (GOOD, NEW, "not this one", "Ruth", "argon2", Invitation.get().token_hash):
        assert secret not in told
