"""Referrals: whom we sent where, asked about until it is known whether it helped; and who sends people to us."""

from datetime import timedelta

import pytest

from domain.board import board
from domain.referrals import due_checks, due_today, places, referrals, who_sends
from models import Introduction, Referral, Shop, Told
from tests.conftest import TUESDAY, came, counted_queries, days_before, someone

TODAY = TUESDAY.date()
FRIDAY = TODAY + timedelta(days=3)


def send(phone, name="Kris", need="A doctor today", to="Dr C.", **more):
    answer = phone.act("referral.create", name=name, need=need, to=to, **more)
    assert answer["status"] == "applied", answer
    return answer["result"]["referral"]


def due(shop, day=FRIDAY):
    return [one.name for one in due_checks(shop, day)]


class TestACheck:
    def test_is_due_in_three_days_for_somebody_who_is_no_customer(self, shop, phone):
        send(phone)
        assert Referral.get().check_on == FRIDAY
        assert due(shop, FRIDAY - timedelta(days=1)) == []
        assert due(shop) == ["Kris"]

    @pytest.mark.parametrize(("outcome", "left"), [("reached", []), ("not_reached", []), ("no_answer", ["Kris"])])
    def test_ends_with_an_answer_and_is_asked_again_without_one(self, shop, phone, at, outcome, left):
        one = send(phone)
        at(TUESDAY + timedelta(days=3))
        phone.act("referral.answer", referral=one, outcome=outcome)
        assert due(shop) == [], "not again today"
        assert due(shop, FRIDAY + timedelta(days=2)) == left

    def test_answer_is_taken_back(self, shop, phone, at):
        one = send(phone)
        at(TUESDAY + timedelta(days=3))
        before = Referral.select().dicts().get()
        for outcome in ("reached", "not_reached", "no_answer"):
            phone.act("referral.answer", referral=one, outcome=outcome)
            assert phone.act("referral.reopen", referral=one)["status"] == "applied"
            assert Referral.select().dicts().get() == before

    @pytest.mark.parametrize(
        ("outcome", "told"),
        [
            ("reached", "Sam heard already, 8:12: it helped."),
            ("not_reached", "Sam heard already, 8:12: it did not work out."),
            ("no_answer", "Sam asked already, 8:12, and had no answer yet."),
        ],
    )
    def test_who_is_second_hears_who_was_first(self, phone, other_phone, at, outcome, told):
        one = send(phone)
        at(TUESDAY + timedelta(days=3))
        phone.act("referral.answer", referral=one, outcome=outcome)
        before = Referral.select().dicts().get()
        second = other_phone.act("referral.answer", referral=one, outcome="no_answer")
        assert (second["status"], second["reason"], Referral.select().dicts().get()) == ("conflict", told, before)

    def test_may_still_be_answered_where_there_was_no_answer(self, phone, other_phone, at):
        one = send(phone)
        at(TUESDAY + timedelta(days=3))
        phone.act("referral.answer", referral=one, outcome="no_answer")
        assert other_phone.act("referral.answer", referral=one, outcome="reached")["status"] == "applied"

    def test_is_none_of_who_wants_to_be_left_alone(self, shop, phone, rosa):
        send(phone, customer=str(rosa.id))
        assert due(shop) == ["Kris"]
        rosa.state = "leave_alone"
        rosa.save()
        assert due(shop) == []
        assert referrals(shop, FRIDAY).due == []

    @pytest.mark.parametrize("day", ["2026-11-23", "2028-01-01", "soon"])
    def test_has_a_day_that_can_be(self, phone, day):
        answer = phone.act("referral.create", name="Kris", need="A doctor", to="Dr C.", check_on=day)
        assert (answer["status"], Referral.select().count()) == ("rejected", 0)


class TestOnTheDay:
    def test_it_costs_a_query_only_where_something_is_due(self, shop, phone, rosa, sam, at):
        came(rosa, shop, *days_before(FRIDAY, *range(1, 40)))
        now = at(TUESDAY + timedelta(days=3))
        assert due_today(shop, board(shop, now)) == []
        with counted_queries() as seen:
            assert due_today(shop, board(shop, now)) == []
        assert seen == []

    def test_every_act_on_it_is_seen_at_once(self, shop, phone, rosa, at):
        came(rosa, shop, *days_before(FRIDAY, *range(1, 40)))
        now = at(TUESDAY + timedelta(days=3))

        def seen():
            return [one.name for one in due_today(Shop.get(), board(Shop.get(), now))]

        assert seen() == []
        one = send(phone, check_on=str(FRIDAY))
        two = send(phone, name="Rosa", customer=str(rosa.id), check_on=str(FRIDAY))
        assert seen() == ["Kris", "Rosa"]
        phone.act("referral.answer", referral=one, outcome="reached")
        phone.act("referral.answer", referral=two, outcome="no_answer")
        assert seen() == []
        phone.act("referral.reopen", referral=two)
        assert seen() == ["Rosa"]


class TestForgotten:
    def test_the_words_go_all_along_the_way_and_the_count_stays(self, shop, phone, rosa):
        first = send(phone, customer=str(rosa.id))
        phone.act("referral.answer", referral=first, outcome="not_reached")
        second = send(phone, to="Dr D.", previous=first)
        other = send(phone, name="Bo")
        assert phone.act("referral.forget", referral=second)["status"] == "applied"
        rows = {str(one.id): (one.name, one.need, one.customer_id) for one in Referral.select()}
        assert rows == {first: ("", "", None), second: ("", "", None), other: ("Bo", "A doctor today", None)}
        assert due(shop) == ["Bo"]
        assert phone.act("referral.forget", referral=second)["status"] == "conflict"
        assert phone.act("referral.answer", referral=second, outcome="reached")["status"] == "conflict"

    def test_nothing_is_written_of_who_wants_no_notes(self, phone, rosa, sam):
        Told.create(customer=rosa, what="no_notes", author=sam, day=TODAY)
        told = phone.act("referral.create", name="Rosa", need="x", to="y", customer=str(rosa.id))
        assert (told["status"], Referral.select().count()) == ("rejected", 0)


class TestPlaces:
    def test_are_those_named_before_the_latest_first_each_once(self, shop, phone):
        for to in ("Dr C.", "The key shop", "dr c.", "Dr D."):
            send(phone, to=to)
        assert places(shop) == ["Dr D.", "dr c.", "The key shop"]
        assert places(shop, but="Dr D.") == ["dr c.", "The key shop"]


class TestWhoSends:
    def test_are_customers_and_places_with_how_many_came_and_stayed(self, shop, phone, rosa, okafor):
        people = [someone(shop, f"Newcomer {i}") for i in range(4)]
        for one, visits in zip(people, (3, 1, 5, 0), strict=True):
            came(one, shop, *days_before(TODAY, *range(1, visits + 1)))
        for one, by in zip(people, ({"by": str(rosa.id)}, {"by_text": "The key shop"}, {"by_text": "the KEY shop"},
                                    {"by": str(okafor.id)}), strict=True):  # fmt: skip
            assert phone.act("introduction.set", customer=str(one.id), **by)["status"] == "applied"
        found = [
            (one.customer.name if one.customer else one.text, one.came, one.stayed) for one in who_sends(shop, TODAY)
        ]
        assert found == [("the KEY shop", 2, 1), ("Rosa Marchetti", 1, 1)], "nobody came on Mr Okafor's word yet"
        assert who_sends(shop, TODAY + timedelta(days=1)) == []

    def test_it_stands_once_and_is_taken_back(self, phone, other_phone, rosa, okafor):
        phone.act("introduction.set", customer=str(rosa.id), by=str(okafor.id))
        second = other_phone.act("introduction.set", customer=str(rosa.id), by_text="A sign")
        assert (second["status"], second["reason"]) == ("conflict", "It stands here already: sent to us by Mr Okafor.")
        assert phone.act("introduction.undo", customer=str(rosa.id))["status"] == "applied"
        assert Introduction.select().count() == 0
        assert phone.act("introduction.undo", customer=str(rosa.id))["status"] == "conflict"

    def test_nobody_sends_themselves(self, phone, rosa):
        assert phone.act("introduction.set", customer=str(rosa.id), by=str(rosa.id))["status"] == "rejected"


class TestWhoCanHaveSentSomebody:
    def test_is_nobody_who_came_later(self, phone, shop, rosa, okafor):
        came(rosa, shop, *days_before(TUESDAY.date(), 30, 20))
        came(okafor, shop, *days_before(TUESDAY.date(), 5))
        answer = phone.act("introduction.set", customer=str(rosa.id), by=str(okafor.id))
        assert answer["status"] == "rejected"
        assert "before" in answer["reason"]
        assert phone.act("introduction.set", customer=str(okafor.id), by=str(rosa.id))["status"] == "applied"

    def test_is_nobody_they_sent_themselves(self, phone, shop, rosa, okafor):
        phone.act("introduction.set", customer=str(okafor.id), by=str(rosa.id))
        assert phone.act("introduction.set", customer=str(rosa.id), by=str(okafor.id))["status"] == "rejected"
