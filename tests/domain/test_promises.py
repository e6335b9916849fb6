"""What we owe: open, kept, confirmed; closed only with a reason; each step once, and each to be taken back."""

from datetime import timedelta

import pytest

from domain.card import card_for
from domain.lines import lines
from domain.promises import due_by, promises
from models import Promise, Told
from tests.conftest import TUESDAY, came, days_before, hire, signed_in, someone

TODAY = TUESDAY.date()


@pytest.fixture
def dana(shop):
    return someone(shop, "Dana Whitlock", pronoun="she")


@pytest.fixture
def ordered(phone, dana):
    """The number of a promise that Sam made on Tuesday, for Thursday."""
    made = phone.act("promise.create", customer=str(dana.id), text="Part ordered, here by Thursday", due="2026-11-26")
    return made["result"]["promise"]


def state(number):
    return Promise.get_by_id(int(number)).state


class TestItsWay:
    def test_is_open_then_kept_then_confirmed(self, phone, ordered):
        assert state(ordered) == "open"
        assert phone.act("promise.keep", promise=ordered)["result"] == {"state": "kept"}
        assert phone.act("promise.confirm", promise=ordered)["result"] == {"state": "confirmed"}
        kept = Promise.get_by_id(int(ordered))
        assert (kept.kept_by.name, kept.confirmed_by.name, kept.kept_at) == ("Sam", "Sam", TUESDAY)

    def test_confirmed_at_once_is_kept_as_well(self, phone, ordered):
        assert phone.act("promise.confirm", promise=ordered)["result"] == {"state": "confirmed"}
        assert Promise.get_by_id(int(ordered)).kept_at == TUESDAY

    def test_ends_otherwise_only_with_a_reason(self, phone, ordered):
        refused = phone.act("promise.close", promise=ordered, reason="  ")
        assert (refused["status"], refused["reason"], state(ordered)) == (
            "rejected", "Say why it is closed, in a word or two.", "open",
        )  # fmt: skip
        assert phone.act("promise.close", promise=ordered, reason="She bought one elsewhere")["result"] == {
            "state": "closed"
        }
        assert Promise.get_by_id(int(ordered)).closed_reason == "She bought one elsewhere"

    @pytest.mark.parametrize("step", ["keep", "confirm", "close"])
    def test_every_step_can_be_taken_back(self, phone, ordered, step):
        before = Promise.select().dicts().get()
        phone.act(f"promise.{step}", promise=ordered, reason="Not needed")
        assert phone.act("promise.reopen", promise=ordered)["result"] == {"state": "open"}
        assert Promise.select().dicts().get() == before

    def test_kept_by_another_way_it_is_taken_back_with_the_way_that_was_promised(self, phone, ordered, at):
        before = Promise.select().dicts().get()
        phone.act("promise.keep", promise=ordered, channel="email")
        at(TUESDAY + timedelta(days=2))
        phone.act("promise.confirm", promise=ordered)
        assert Promise.get().channel == "email"
        phone.act("promise.reopen", promise=ordered)
        assert (state(ordered), Promise.get().channel) == ("kept", "email")
        phone.act("promise.reopen", promise=ordered)
        assert Promise.select().dicts().get() == before

    def test_steps_are_taken_back_one_by_one(self, phone, ordered, at):
        phone.act("promise.keep", promise=ordered)
        at(TUESDAY + timedelta(days=2))
        for step in ("confirm", "close"):
            before = Promise.select().dicts().get()
            phone.act(f"promise.{step}", promise=ordered, reason="Not needed")
            assert phone.act("promise.reopen", promise=ordered)["result"] == {"state": "kept"}
            assert Promise.select().dicts().get() == before
        assert phone.act("promise.reopen", promise=ordered)["result"] == {"state": "open"}

    def test_for_a_later_day_is_not_for_when_they_come_in_today(self, phone, shop, rosa):
        phone.act("visit.create", customer=str(rosa.id))
        phone.act("promise.create", customer=str(rosa.id), text="Later", due="2026-12-24")
        phone.act("promise.create", customer=str(rosa.id), text="Whenever")
        found = promises(shop, TUESDAY, lines(shop, TODAY, TUESDAY))
        assert [owed.promise.text for owed in found.coming] == ["Whenever"]
        assert [owed.promise.text for owed in found.waiting] == ["Later"]

    def test_is_taken_back_on_the_same_day_by_who_made_it(self, phone, other_phone, ordered, at):
        assert other_phone.act("promise.undo", promise=ordered)["status"] == "rejected"
        at(TUESDAY + timedelta(days=1))
        assert phone.act("promise.undo", promise=ordered)["status"] == "rejected"
        at(TUESDAY)
        assert phone.act("promise.undo", promise=ordered)["status"] == "applied"
        assert Promise.select().count() == 0

    @pytest.mark.parametrize(
        ("step", "stands"),
        [
            ("keep", "Kept already by Sam, 8:12. Take that back first."),
            ("confirm", "Confirmed already, 8:12. Take that back first."),
            ("close", "Closed already by Sam, 8:12. Take that back first."),
        ],
    )
    def test_once_it_is_kept_or_closed_stands_until_that_is_taken_back(self, phone, ordered, step, stands):
        phone.act(f"promise.{step}", promise=ordered, reason="Not needed")
        told = phone.act("promise.undo", promise=ordered)
        assert (told["status"], told["reason"]) == ("conflict", stands)
        phone.act("promise.reopen", promise=ordered)
        assert phone.act("promise.undo", promise=ordered)["status"] == "applied"


class TestTwoColleagues:
    def test_who_is_second_hears_who_was_first(self, phone, other_phone, ordered):
        phone.act("promise.keep", promise=ordered)
        second = other_phone.act("promise.keep", promise=ordered)
        assert second["status"] == "conflict"
        assert second["reason"] == "Kept already by Sam, 8:12."
        assert Promise.get_by_id(int(ordered)).kept_by.name == "Sam"

    @pytest.mark.parametrize(
        ("first", "second", "told"),
        [
            ("close", "keep", "Closed already by Sam, 8:12."),
            ("confirm", "close", "Confirmed already, 8:12."),
            ("confirm", "confirm", "Confirmed already, 8:12."),
            ("close", "confirm", "Closed already by Sam, 8:12."),
        ],
    )
    def test_what_stands_is_never_undone_by_a_late_tap(self, phone, other_phone, ordered, first, second, told):
        phone.act(f"promise.{first}", promise=ordered, reason="Not needed")
        before = Promise.select().dicts().get()
        answer = other_phone.act(f"promise.{second}", promise=ordered, reason="Mine")
        assert (answer["status"], answer["reason"]) == ("conflict", told)
        assert Promise.select().dicts().get() == before

    def test_a_double_tap_is_one(self, phone, ordered):
        key = "6f2c9f0e-5a52-4f8e-9a55-5a7d1b6b0001"
        answers = [phone.act("promise.keep", key=key, promise=ordered) for _ in range(2)]
        assert [answer["status"] for answer in answers] == ["applied", "duplicate"]
        assert answers[0]["result"] == answers[1]["result"]

    def test_an_act_that_made_one_stands_for_it(self, phone, dana):
        made = "6f2c9f0e-5a52-4f8e-9a55-5a7d1b6b0002"
        phone.act("promise.create", key=made, customer=str(dana.id), text="Find the key shop")
        assert phone.act("promise.keep", promise=made)["result"] == {"state": "kept"}


class TestRefusals:
    @pytest.mark.parametrize(
        "given",
        [
            {"text": ""},
            {"text": "x", "due": "soon"},
            {"text": "x", "due": "0001-01-01"},
            {"text": "x", "channel": "pigeon"},
        ],
        ids=["nothing promised", "no day", "a day long gone", "no such way"],
    )
    def test_nothing_is_kept_of_what_cannot_be(self, phone, dana, given):
        assert phone.act("promise.create", customer=str(dana.id), **given)["status"] == "rejected"
        assert Promise.select().count() == 0

    def test_who_asked_us_to_write_nothing_down_is_promised_nothing_in_writing(self, phone, dana, sam):
        Told.create(customer=dana, what="no_notes", author=sam, day=TODAY)
        told = phone.act("promise.create", customer=str(dana.id), text="Call back")
        assert (told["status"], Promise.select().count()) == ("rejected", 0)

    def test_one_of_another_business_is_none(self, server, shop, ordered):
        other = type(shop.business).create(name="Other", created_at=TUESDAY)
        place = type(shop).create(business=other, name="Elsewhere")
        stranger = signed_in(server, hire(place, "Eve"))
        for step in ("keep", "confirm", "close", "reopen", "undo"):
            answer, nobody = (stranger.act(f"promise.{step}", promise=one, reason="x") for one in (ordered, "999999"))
            assert answer["status"] == ("conflict" if step == "undo" else "rejected")
            assert {**answer, "id": ""} == {**nobody, "id": ""}
        assert state(ordered) == "open"


class TestTheGroups:
    def lists(self, shop, now=TUESDAY):
        from domain.lines import lines

        found = promises(shop, now, lines(shop, shop.day_of(now), now))
        return {
            name: [owed.promise.text for owed in getattr(found, name)]
            for name in ("coming", "waiting", "kept", "unconfirmed")
        }

    def test_are_those_who_come_in_all_others_and_those_kept(self, shop, phone, dana, rosa, at):
        came(rosa, shop, *days_before(TODAY, *range(1, 40)))
        for customer, text in (
            (rosa, "Keep a croissant"),
            (dana, "Find out who mends watches"),
            (dana, "Order the part"),
        ):
            phone.act("promise.create", customer=str(customer.id), text=text)
        last = Promise.select().order_by(Promise.id.desc()).get()
        phone.act("promise.keep", promise=str(last.id))
        assert self.lists(shop) == {
            "coming": ["Keep a croissant"], "waiting": ["Find out who mends watches"], "kept": ["Order the part"],
            "unconfirmed": [],
        }  # fmt: skip
        tomorrow = at(TUESDAY + timedelta(days=1)) or TUESDAY + timedelta(days=1)
        assert self.lists(shop, tomorrow)["unconfirmed"] == ["Order the part"]
        later = TUESDAY + timedelta(days=40)
        assert self.lists(shop, later)["unconfirmed"] == [], "old news"

    def test_due_soonest_first_and_undated_last(self, shop, phone, dana):
        for text, due in (("c", ""), ("b", "2026-11-27"), ("a", "2026-11-23"), ("d", "")):
            phone.act("promise.create", customer=str(dana.id), text=text, due=due)
        assert self.lists(shop)["waiting"] == ["a", "b", "c", "d"]
        card = card_for(dana.id, shop, TUESDAY)
        assert card is not None
        assert [owed.promise.text for owed in card.owed] == ["a", "b", "c", "d"]
        assert due_by(shop, TODAY) == 1
