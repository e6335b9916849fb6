"""How a day reads at one moment: every line in one place, in an order that follows the clock."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.lines import Line
from domain.today import arrange, is_past, line_time
from models import Appointment, Customer, Shop, Visit

TODAY = date(2026, 11, 24)
LONDON = Shop(id=1, name="Fenwick Road Coffee", zone="Europe/London", grace_minutes=10)


def at(clock: str, shop: Shop = LONDON) -> datetime:
    hour, minute = clock.split(":")
    return shop.at(TODAY, int(hour) * 60 + int(minute))


def minutes(clock: str) -> int:
    return int(clock.split(":")[0]) * 60 + int(clock.split(":")[1])


def usual(
    name: str, around: str = "", until: str = "", here: str = "", prompt: str = "", source: str = "habit"
) -> Line:
    """Return somebody expected by habit around a time (none: any time), perhaps here since a time."""
    line = Line(Customer(name=name), source, probability=0.5, reason={"kind": "visits", "came": 3})
    if around:
        line.around = minutes(around)
        line.at = LONDON.local(at(around) - timedelta(minutes=10))
        line.until = LONDON.local(at(until) if until else at(around) + timedelta(minutes=10))
    if here:
        line.visit = Visit(at=at(here), day=TODAY)
    line.prompt = {"id": prompt} if prompt else None
    return line


def booked(name: str, clock: str, here: str = "") -> Line:
    line = usual(name, clock, here=here, source="appointment")
    line.appointment = Appointment(starts_at=at(clock), day=TODAY)
    line.at = line.until = LONDON.local(at(clock))
    return line


def walk_in(name: str, here: str) -> Line:
    line = usual(name, here=here, source="walk-in")
    line.reason = None
    return line


def places(lines: list[Line], now: str) -> dict[str, list[str]]:
    """Return the names in each place, places that are empty left out."""
    today = arrange(lines, LONDON, at(now))
    found = {
        name: [line.customer.name for line in getattr(today, name)]
        for name in ("here", "past", "open", "later", "any_time")
    }
    return {name: names for name, names in found.items() if names}


class TestWhereALineStands:
    @pytest.mark.parametrize(
        ("line", "now", "place"),
        [
            pytest.param(usual("Rosa", "8:30"), "8:00", "open", id="due within the hour: open, with her words"),
            pytest.param(usual("Rosa", "9:00"), "8:00", "open", id="due in exactly an hour"),
            pytest.param(usual("Rosa", "9:01"), "8:00", "later", id="due in an hour and a minute"),
            pytest.param(usual("Rosa", "8:00"), "8:10", "open", id="still within the usual time"),
            pytest.param(usual("Rosa", "8:00"), "8:11", "past", id="a minute past the usual time"),
            pytest.param(usual("Rosa", "8:00"), "9:40", "past", id="an hour and a half past"),
            pytest.param(
                usual("Rosa", "8:00"), "9:41", "any_time", id="more than an hour and a half past slides to the end"
            ),
            pytest.param(usual("Rosa"), "8:00", "any_time", id="at no particular hour"),
            pytest.param(
                usual("Rosa", prompt="second-visit"), "8:00", "open", id="at no particular hour, with something to say"
            ),
            pytest.param(booked("Mr Okafor", "8:30"), "8:00", "open", id="booked within the hour"),
            pytest.param(booked("Mr Okafor", "8:00"), "8:10", "open", id="booked, within the grace"),
            pytest.param(booked("Mr Okafor", "8:00"), "8:11", "past", id="booked, past the grace"),
            pytest.param(booked("Mr Okafor", "8:00"), "12:00", "past", id="booked, long past: it never slides away"),
            pytest.param(usual("Rosa", "8:30", here="8:00"), "8:10", "here", id="came early"),
            pytest.param(usual("Rosa", "8:00", here="8:05"), "11:00", "here", id="came long ago"),
            pytest.param(walk_in("Sam", "8:05"), "8:06", "here", id="somebody unexpected is here at once"),
        ],
    )
    def test_depends_on_the_clock(self, line, now, place):
        assert places([line], now) == {place: [line.customer.name]}

    @pytest.mark.parametrize(
        ("line", "place"),
        [
            pytest.param(usual("Rosa", "8:30", here="8:10"), "open", id="open"),
            pytest.param(usual("Rosa", "7:30", here="8:10"), "past", id="past"),
            pytest.param(usual("Rosa", "12:00", here="8:10"), "later", id="later"),
            pytest.param(usual("Rosa", here="8:10"), "any_time", id="any time"),
            pytest.param(booked("Rosa", "8:30", here="8:10"), "open", id="booked"),
        ],
    )
    def test_is_kept_for_three_minutes_under_the_finger_that_marked_it(self, line, place):
        others = [usual("Ana", "7:00", here="7:00")]
        assert places([*others, line], "8:12") == {"here": ["Ana"], place: ["Rosa"]}
        assert places([*others, line], "8:13") == {"here": ["Ana", "Rosa"]}

    def test_is_one_place_only(self):
        lines = [
            usual("a", "8:00"),
            usual("b"),
            booked("c", "9:00"),
            walk_in("d", "7:00"),
            usual("e", "12:00"),
            usual("f", "6:00"),
        ]
        for hour in range(24):
            found = places(lines, f"{hour}:12")
            assert sorted(name for names in found.values() for name in names) == list("abcdef")


class TestTheOrder:
    def test_of_those_to_come_is_by_the_clock(self):
        lines = [usual("c", "12:00"), usual("a", "8:20"), booked("b", "11:00")]
        assert places(lines, "8:00") == {"open": ["a"], "later": ["b", "c"]}

    def test_of_those_here_is_by_arrival(self):
        assert places([walk_in("b", "8:05"), usual("a", "9:00", here="7:55")], "8:30")["here"] == ["a", "b"]

    def test_of_those_past_is_by_their_time(self):
        assert places([usual("b", "8:05"), booked("a", "8:00")], "8:40")["past"] == ["a", "b"]

    def test_of_those_at_any_time_is_as_given_with_the_slid_last(self):
        assert places([usual("slid", "6:00"), usual("a"), usual("b")], "9:00")["any_time"] == ["a", "b", "slid"]


class TestOpenRows:
    def test_are_three_at_most(self):
        lines = [usual(name, f"8:{10 + i}") for i, name in enumerate("abcd")]
        assert places(lines, "8:05") == {"open": ["a", "b", "c"], "later": ["d"]}

    def test_after_the_first_are_those_within_twenty_minutes(self):
        assert places([usual("a", "8:40"), usual("b", "8:50")], "8:00") == {"open": ["a"], "later": ["b"]}
        assert places([usual("a", "8:15"), usual("b", "8:20")], "8:00") == {"open": ["a", "b"]}

    def test_are_those_with_something_to_say_where_no_time_is_honest(self):
        lines = [usual("a"), *[usual(name, prompt="the-usual") for name in "bcde"]]
        assert places(lines, "8:00") == {"open": ["b", "c", "d"], "any_time": ["a", "e"]}


class TestCounts:
    def test_soon_and_still_leave_out_those_here(self):
        lines = [
            usual("a", "8:30"),
            usual("b", "8:40", here="8:01"),
            usual("c", "9:30"),
            usual("d"),
            usual("e", "7:00"),
            walk_in("f", "7:50"),
        ]
        today = arrange(lines, LONDON, at("8:10"))
        assert (today.soon, today.still) == (1, 4)

    def test_the_next_time_is_that_of_the_first_still_to_come(self):
        today = arrange(
            [usual("a", "11:00", here="8:00"), usual("b", "12:00"), usual("c", "13:00")], LONDON, at("8:01")
        )
        assert today.next_time == LONDON.local(at("12:00"))

    def test_a_day_without_anybody_is_empty(self):
        today = arrange([], LONDON, at("8:00"))
        assert today.is_empty
        assert (today.soon, today.still, today.next_time) == (0, 0, None)

    def test_everybody_here_leaves_nobody_to_come(self):
        today = arrange([usual("a", "8:00", here="8:00"), walk_in("b", "8:01")], LONDON, at("9:00"))
        assert (today.still, today.is_empty) == (0, False)


class TestGrace:
    @pytest.mark.parametrize(("grace", "past"), [(0, True), (10, True), (11, False), (30, False)])
    def test_is_the_shops_own(self, grace, past):
        shop = Shop(zone="Europe/London", grace_minutes=grace)
        assert is_past(booked("Mr Okafor", "8:00"), shop, LONDON.local(at("8:11"))) is past

    def test_is_not_given_to_a_habit(self):
        assert is_past(usual("Rosa", "8:00"), Shop(zone="Europe/London", grace_minutes=240), at("8:11"))

    def test_nobody_is_past_who_has_no_time(self):
        assert not is_past(usual("Rosa"), LONDON, at("23:59"))


class TestInTheShopsZone:
    def test_a_line_stands_at_the_wall_time_of_the_shop(self):
        kathmandu = Shop(zone="Asia/Kathmandu")
        now = datetime(2026, 11, 24, 2, 27, tzinfo=UTC)  # 8:12 there
        line = Line(Customer(name="Rosa"), "habit", around=8 * 60 + 30)
        today = arrange([line], kathmandu, now)
        assert line_time(line, today.now) == kathmandu.at(TODAY, 8 * 60 + 30)
        assert (today.now.hour, today.now.minute, today.soon) == (8, 12, 1)
