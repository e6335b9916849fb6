"""What a phone tells is chosen on This phone, by whoever is signed in there, and ends with a form that needs no script."""

from __future__ import annotations

import re

import pytest

from domain import access
from models import Audit, Session, Staff, Subscription
from outside import push
from tests.conftest import hire, signed_in
from tests.push_service import Browser, data


@pytest.fixture
def place():
    return Browser().place


def kinds(page) -> list[tuple[str, bool]]:
    """Return the kinds a page offers, and which are chosen."""
    return [(kind, bool(on)) for kind, on in re.findall(r'name="kind" value="(\w+)"( checked)?', page.text)]


def shown(page) -> list[str]:
    """Return which of the reasons is shown before any script has run."""
    return re.findall(r'data-why="(\w+)">', page.text)


class TestThePage:
    def test_offers_nothing_to_nobody(self, server, shop):
        assert "data-notices" not in server.test_client().get("/this-phone").text

    @pytest.mark.parametrize(
        ("role", "kind", "offered"),
        [
            ("staff", "phone", ["late", "promise"]),
            ("manager", "phone", ["late", "promise", "silence"]),
            ("owner", "phone", ["late", "promise"]),
            ("owner", "owner", ["late", "promise", "silence"]),
        ],
    )
    def test_offers_what_is_theirs(self, server, shop, owner, role, kind, offered):
        staff = owner if role == "owner" else hire(shop, "Bo", role)
        page = signed_in(server, staff, kind).get("/this-phone")
        assert [name for name, _on in kinds(page)] == offered

    def test_says_that_it_needs_scripts_until_they_run(self, phone):
        page = phone.get("/this-phone")
        assert shown(page) == ["scripts"]
        assert re.search(r'action="/notices" hidden', page.text)

    def test_gives_the_key_that_the_server_signs_with(self, phone, other_phone):
        (key,) = re.findall(r'data-key="([^"]+)"', phone.get("/this-phone").text)
        assert len(data(key)) == 65
        assert key in other_phone.get("/this-phone").text

    def test_says_what_the_server_lacks(self, phone, monkeypatch):
        monkeypatch.setattr(push, "is_installed", lambda: False)
        page = phone.get("/this-phone")
        assert "cryptography" in page.text
        assert 'action="/notices"' not in page.text

    def test_shows_what_was_chosen_and_lets_it_be_ended_without_scripts(self, phone, place):
        answer = phone.post("/notices", {"kind": ["late"], **place})
        assert (answer.status_code, answer.location) == (303, "/this-phone?kept=1#notices")
        page = phone.get("/this-phone")
        assert kinds(page) == [("late", True), ("promise", False)]
        assert shown(page) == []
        assert not re.search(r'action="/notices" hidden', page.text)
        assert place["endpoint"] not in page.text
        phone.post("/notices", {"endpoint": ""})
        assert Subscription.select().count() == 0


class TestChoosing:
    def test_binds_it_to_phone_person_and_session(self, phone, sam, place):
        phone.post("/notices", {"kind": ["late", "promise"], **place}, base_url="http://shop.example")
        assert Subscription.select().count() == 0, "nobody is signed in at another address"
        phone.post("/notices", {"kind": ["late", "promise"], **place})
        (one,), session = Subscription.select(), Session.get(Session.staff == sam.id)
        assert (one.staff_id, one.phone_id, one.session_id, one.browser) == (sam.id, session.phone_id, session.id, None)
        assert (one.kinds, one.site, one.language) == (["late", "promise"], "http://localhost", "")
        (line,) = Audit.select().where(Audit.kind == "notices.set")
        assert line.phone_id == session.phone_id

    def test_takes_no_kind_that_is_not_theirs(self, phone, place):
        phone.post("/notices", {"kind": ["silence", "late"], **place})
        assert Subscription.get().kinds == ["late"]

    @pytest.mark.parametrize(
        "wrong",
        [{"endpoint": "http://10.0.0.1/"}, {"endpoint": "https://x/\n"}, {"p256dh": "x"}, {"auth": ""}],
    )
    def test_takes_no_place_that_is_none(self, phone, place, wrong):
        answer = phone.post("/notices", {"kind": ["late"], **place, **wrong})
        assert answer.location == "/this-phone?wrong=1#notices"
        assert 'role="alert"' in phone.get(answer.location).text
        assert Subscription.select().count() == 0

    def test_without_scripts_at_first_changes_nothing(self, phone):
        assert phone.post("/notices", {"kind": ["late"], "endpoint": ""}).location == "/this-phone?wrong=1#notices"

    def test_is_not_for_programs(self, server, owner):
        program = server.test_client()
        token = access.start_session(owner, "token")
        answer = program.post("/notices", data={"kind": "late"}, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 404
        assert "data-notices" not in program.get("/this-phone", headers={"Authorization": f"Bearer {token}"}).text

    def test_of_another_site_is_refused(self, phone, place):
        assert (
            phone.post("/notices", {"kind": "late", **place}, headers={"Sec-Fetch-Site": "cross-site"}).status_code
            == 403
        )

    def test_follows_the_phones_language(self, phone, place):
        phone.post("/notices", {"kind": "late", **place})
        phone.post("/this-phone", {"language": "es"})
        assert Subscription.get().language == "es"


class TestMoving:
    def test_is_told_by_the_worker(self, phone, place):
        phone.post("/notices", {"kind": "late", **place})
        new = Browser("https://push.example.net/2").place
        assert phone.post("/notices/moved", {"was": place["endpoint"], **new}).status_code == 204
        assert Subscription.get().endpoint == new["endpoint"]

    def test_of_what_nobody_told_us_is_not_there(self, phone, other_phone, place):
        phone.post("/notices", {"kind": "late", **place})
        new = Browser("https://push.example.net/2").place
        assert phone.post("/notices/moved", {"was": "https://push.example.net/9", **new}).status_code == 404
        assert phone.post("/notices/moved", {"was": place["endpoint"]}).status_code == 404
        assert other_phone.post("/notices/moved", {"was": place["endpoint"], **new}).status_code == 404
        assert Subscription.get().endpoint == place["endpoint"]


class TestAnOwnersBrowser:
    def enter(self, client, owner):
        link = access.invite_owner_again(owner).token
        return client.post(f"/sign-in/owner/{link}", headers={"Sec-Fetch-Site": "same-origin"})

    def test_is_known_again_when_they_sign_in_again(self, server, owner, place):
        client = server.test_client()
        self.enter(client, owner)
        form = {"kind": "silence", **place}
        client.post("/notices", data=form, headers={"Sec-Fetch-Site": "same-origin"})
        (first,) = Subscription.select()
        assert (first.phone_id, bool(first.browser)) == (None, True)
        client.post("/sign-out", headers={"Sec-Fetch-Site": "same-origin"})
        self.enter(client, owner)
        (again,) = Subscription.select()
        assert again.id == first.id
        assert again.session_id > first.session_id
        assert ("silence", True) in kinds(client.get("/this-phone"))

    def test_forgets_when_somebody_else_signs_in(self, server, shop, owner, ana, place):
        client = server.test_client()
        self.enter(client, owner)
        client.post("/notices", data={"kind": "silence", **place}, headers={"Sec-Fetch-Site": "same-origin"})
        _phone, secret = access.admit_phone(ana, "Ana’s phone")
        client.set_cookie("regulars-phone", secret)
        Session.update(ended_at=None).execute()
        client.delete_cookie("regulars")  # the owner's time was over, and nobody signed out
        answer = client.post(
            "/sign-in", data={"staff": ana.id, "pin": "1234"}, headers={"Sec-Fetch-Site": "same-origin"}
        )
        assert answer.status_code == 303
        assert Subscription.select().count() == 0


def test_whoever_left_finds_nothing(phone, sam, place):
    phone.post("/notices", {"kind": "late", **place})
    Staff.update(left_at=sam.created_at).where(Staff.id == sam.id).execute()
    assert phone.post("/notices", {"kind": "promise", **place}).status_code in (303, 401)
    assert Subscription.get().kinds == ["late"]
