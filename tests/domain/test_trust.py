"""The bucket of trust: what fills it, what drains it and for how long, and what can never touch it."""

import random
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from domain.trust import LEVELS, Booking, Debt, Facts, bucket

TODAY = date(2026, 11, 24)
OWED = Debt("promise", "Part ordered", TODAY - timedelta(days=2))


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def in_time(n: int) -> tuple[Booking, ...]:
    return tuple(Booking(ago(30 * i + 7)) for i in range(n))


def late(days: int, excused: bool = False) -> Booking:
    return Booking(ago(days), "late", excused)


def level(today: date = TODAY, **facts) -> str:
    facts.setdefault("first", ago(60) if facts.get("days") else None)
    return bucket(Facts(**facts), today).level


class TestHowFull:
    @pytest.mark.parametrize(
        ("facts", "expected"),
        [
            pytest.param({}, "new", id="nobody has seen them yet"),
            pytest.param({"days": 2}, "new", id="two visits"),
            pytest.param({"days": 2, "first": ago(3650), "by_word": (ago(9),) * 5}, "new", id="two visits, ten years apart"),
            pytest.param({"days": 3}, "filling", id="three visits"),
            pytest.param({"days": 7}, "nicely", id="seven visits since September"),
            pytest.param({"days": 200}, "full", id="200 visits and no purchase"),
            pytest.param({"days": 40}, "full", id="forty visits"),
            pytest.param({"days": 39}, "nicely", id="thirty-nine visits"),
            pytest.param({"days": 24, "first": ago(6 * 366)}, "full", id="four a year for six years"),
            pytest.param({"days": 3, "first": ago(20 * 366)}, "filling", id="three visits in twenty years"),
            pytest.param({"days": 28, "first": ago(4 * 366), "bookings": in_time(28)}, "full", id="28, all in time"),
            pytest.param({"days": 37, "by_word": (ago(30),)}, "full", id="somebody came on their word"),
            pytest.param({"days": 37, "debts": (OWED,)}, "full", id="we owe them something"),
            pytest.param({"days": 4, "debts": (OWED,)}, "nicely", id="we owe somebody new something"),
            pytest.param({"days": 7, "bookings": (late(0),)}, "filling", id="late, and new"),
            pytest.param({"days": 7, "bookings": (late(0, excused=True),)}, "nicely", id="late for our reminder failed"),
            pytest.param({"days": 9, "bookings": (late(90),)}, "nicely", id="late three months ago: half of it is gone"),
            pytest.param({"days": 7, "bookings": (late(180),)}, "nicely", id="late half a year ago"),
            pytest.param({"days": 40, "bookings": (late(3),)}, "full", id="late once in forty visits: forgiven"),
            pytest.param({"days": 40, "bookings": tuple(late(i) for i in range(5))}, "nicely", id="late five times in forty"),
        ],
    )  # fmt: skip
    def test_it_is(self, facts, expected):
        assert level(**facts) == expected

    def test_one_lateness_after_28_good_visits_changes_no_word(self):
        good: dict[str, Any] = {"days": 28, "first": ago(4 * 366), "bookings": in_time(28)}
        assert level(**{**good, "bookings": (*good["bookings"], late(0))}) == level(**good)
        assert bucket(Facts(**{**good, "bookings": (*good["bookings"], late(0))}), TODAY).counting == ()

    def test_it_knows_of_no_money(self):
        assert {field.name for field in fields(Facts)} == {"days", "first", "lately", "bookings", "by_word", "debts"}


# -- what holds of any facts

bookings = st.builds(
    Booking,
    day=st.integers(0, 900).map(ago),
    lapse=st.sampled_from(["", "", "late", "missed"]),
    excused=st.booleans(),
)
anybody = st.builds(
    Facts,
    days=st.integers(0, 120),
    first=st.integers(0, 4000).map(ago),
    lately=st.integers(0, 120),
    bookings=st.lists(bookings, max_size=30).map(tuple),
    by_word=st.lists(st.integers(0, 900).map(ago), max_size=4).map(tuple),
    debts=st.sampled_from([(), (OWED,)]),
)


def fullness(facts: Facts, today: date = TODAY) -> int:
    return LEVELS.index(bucket(facts, today).level)


def but(facts: Facts, **changed) -> Facts:
    return Facts(**{**{field.name: getattr(facts, field.name) for field in fields(Facts)}, **changed})


class TestWhateverHappened:
    @given(facts=anybody, more=st.integers(0, 60))
    def test_more_visits_never_empty_it(self, facts, more):
        assert fullness(but(facts, days=facts.days + more)) >= fullness(facts)

    @given(facts=anybody, day=st.integers(0, 900))
    def test_an_appointment_kept_in_time_never_empties_it(self, facts, day):
        kept = but(facts, days=facts.days + 1, bookings=(*facts.bookings, Booking(ago(day))))
        assert fullness(kept) >= fullness(facts)

    @given(facts=anybody, day=st.integers(0, 900), lapse=st.sampled_from(["late", "missed"]))
    def test_an_excused_lapse_changes_nothing(self, facts, day, lapse):
        found = bucket(but(facts, bookings=(*facts.bookings, Booking(ago(day), lapse, True))), TODAY)
        assert (found.level, found.counting) == (bucket(facts, TODAY).level, bucket(facts, TODAY).counting)

    @given(facts=anybody, day=st.integers(180, 900), lapse=st.sampled_from(["late", "missed"]))
    def test_a_lapse_half_a_year_old_changes_nothing(self, facts, day, lapse):
        found = bucket(but(facts, bookings=(*facts.bookings, Booking(ago(day), lapse))), TODAY)
        assert (found.level, found.counting) == (bucket(facts, TODAY).level, bucket(facts, TODAY).counting)

    @given(facts=anybody, seed=st.integers(0, 99))
    def test_the_order_of_what_happened_is_of_no_account(self, facts, seed):
        shuffled = random.Random(seed).sample(facts.bookings, len(facts.bookings))
        assert fullness(but(facts, bookings=tuple(shuffled))) == fullness(facts)

    @given(facts=anybody, days=st.integers(0, 4000))
    def test_staying_away_never_drains_it(self, facts, days):
        assert fullness(but(facts, lately=0), TODAY + timedelta(days=days)) >= fullness(facts)

    @given(facts=anybody)
    def test_what_we_owe_never_drains_it(self, facts):
        assert fullness(but(facts, debts=(OWED,))) >= fullness(but(facts, debts=()))

    @given(facts=anybody, day=st.integers(0, 179))
    def test_a_lapse_never_fills_it(self, facts, day):
        assert fullness(but(facts, bookings=(*facts.bookings, late(day)))) <= fullness(facts)

    @given(facts=anybody, lately=st.integers(0, 120))
    def test_how_often_they_came_of_late_is_told_and_not_weighed(self, facts, lately):
        assert fullness(but(facts, lately=lately)) == fullness(facts)
