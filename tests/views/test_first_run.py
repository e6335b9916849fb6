"""The first run: from the link that works once, through small pages, to a colleague's phone."""

import re

import pytest

from domain import access, first_run
from models import Audit, Business, Phone, Shop, Staff
from tests.conftest import Phone as Hand

STEPS = ("shop", "hours", "words", "password", "team", "phone")


@pytest.fixture
def begun(shop, owner):
    first_run.begin(shop.business_id)
    return access.invite(owner, "owner").token


@pytest.fixture
def hand(server, begun):
    """The new owner's browser, signed in by the link."""
    one = Hand(server.test_client())
    assert one.post(f"/first-run/{begun}").location == "/setting-up/shop"
    return one


def step(hand, step, **typed):
    return hand.post(f"/setting-up/{step}", typed)


def found(pattern, text):
    match = re.search(pattern, text)
    assert match, pattern
    return match[1]


class TestTheLink:
    def test_is_not_used_up_by_looking_at_it(self, server, begun):
        preview = server.test_client()
        for method in ("GET", "HEAD", "OPTIONS"):
            assert preview.open(f"/first-run/{begun}", method=method).status_code == 200
        assert Hand(server.test_client()).post(f"/first-run/{begun}").status_code == 303

    def test_works_once_and_leads_whoever_used_it_back(self, server, begun, hand):
        assert Hand(server.test_client()).post(f"/first-run/{begun}").status_code == 410
        assert server.test_client().get(f"/first-run/{begun}").status_code == 410
        step(hand, "shop", skip="1")
        assert hand.get(f"/first-run/{begun}").location == "/setting-up/hours"

    def test_sets_no_password_and_no_pin(self, hand, owner):
        kept = Staff.get_by_id(owner.id)
        assert (kept.password_hash, kept.pin_hash) == ("", "")


class TestTheSteps:
    def test_can_each_be_skipped_and_change_nothing(self, hand, shop, owner):
        before = [list(table.select().dicts()) for table in (Shop, Staff, Phone)]
        for name, following in zip(STEPS, (*STEPS[1:], "done"), strict=True):
            assert step(hand, name, skip="1").location == f"/setting-up/{following}"
        assert step(hand, "done").location == "/today"
        assert [list(table.select().dicts()) for table in (Shop, Staff, Phone)] == before
        assert first_run.KEPT not in Business.get().settings

    def test_keep_what_is_written(self, hand, shop, owner):
        step(hand, "shop", name="Corner Cup", owner="Ruthie", zone="America/New_York")
        step(hand, "hours", opens="07:30", closes="15:00", day=["1", "5"])
        step(hand, "words", called="guest", tone="playful")
        step(hand, "password", password="three boats under glass")
        kept, person = Shop.get(), Staff.get_by_id(owner.id)
        assert (kept.name, kept.zone, kept.called, kept.tone) == (
            "Corner Cup",
            "America/New_York",
            "guest",
            "playful",
        )
        assert [i for i, pair in enumerate(kept.hours) if pair == ["07:30", "15:00"]] == [1, 5]
        assert person.name == "Ruthie"
        assert person.password_hash.startswith("$argon2id$")
        assert {"setting.changed", "password.set"} <= {line.kind for line in Audit.select()}
        assert hand.get("/first-run/").location == "/setting-up/team"

    @pytest.mark.parametrize(
        ("name", "typed", "told"),
        [
            ("shop", {"name": " ", "owner": "Ruth", "zone": "Europe/London"}, "A shop needs a name."),
            ("shop", {"name": "Cup", "owner": "Ruth", "zone": "Mars"}, "Pick a time zone"),
            ("hours", {"opens": "17:00", "closes": "09:00", "day": "1"}, "the earlier one first"),
            ("hours", {"opens": "09:00", "closes": "17:00"}, "Pick the days"),
            ("words", {"called": "punter", "tone": "warm"}, "one of"),
            ("password", {"password": "short"}, "ten"),
            ("password", {"password": ""}, "or do it later"),
            ("team", {"name": "Sam", "pin": "12"}, "four digits"),
            ("team", {"name": "Ruth", "pin": ""}, "already"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_say_what_is_wrong_and_lose_nothing(self, hand, name, typed, told):
        answer = step(hand, name, **typed)
        assert answer.status_code == 422
        assert told in re.sub(r"<[^>]+>", "", answer.text)
        if typed.get("name", "").strip():
            assert f'value="{typed["name"]}"' in answer.text
        assert first_run.step_of(Business.get().id) == "shop"

    def test_lead_to_a_code_and_to_the_phone_that_used_it(self, server, hand):
        page = step(hand, "team", name="Sam", pin="").text
        assert "Let Sam’s phone in" in page
        code = found(r'data-testid="code">([^<]+)<', page)
        ask = found(r'hx-get="([^"]+)"', page)
        phone = Hand(server.test_client())
        phone.post("/enrol/", {"code": code, "pin": "4821"})
        told = hand.get(ask, headers={"HX-Request": "true"}).text
        assert "Sam’s phone is in" in told
        assert 'href="/setting-up/done"' in told
        assert "Sam’s phone shows Today" in hand.get("/setting-up/done").text

    def test_take_nobody_on_twice(self, hand):
        form = {"name": "Sam", "action": "0b6a1f0e-6f0a-4a58-9a55-0d5c57f1f2a1"}
        for _again in range(2):
            assert hand.post("/setting-up/team", form).status_code == 200
        assert Staff.select().where(Staff.name == "Sam").count() == 1

    def test_are_gone_on_with_from_the_settings(self, hand, desk):
        step(hand, "shop", skip="1")
        assert "Setting up is not finished." in desk.get("/settings").text
        assert desk.get("/first-run/").location == "/setting-up/hours"
        first_run.end(Business.get().id)
        assert "Setting up is not finished." not in desk.get("/settings").text
        assert desk.get("/first-run/").location == "/today"

    def test_are_the_owners_alone(self, server, phone, begun):
        assert phone.get("/setting-up/shop").status_code == 404
        assert phone.get("/first-run/").location == "/today"
        assert server.test_client().get("/first-run/").location == "/sign-in"

    def test_there_are_no_others(self, hand):
        assert hand.get("/setting-up/nonsense").status_code == 404
        assert step(hand, "nonsense", skip="1").status_code == 404
