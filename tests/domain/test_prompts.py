"""Which words are offered when somebody comes: a table a rule, the order among them, and when nothing is said."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import clock
from domain import expected, lines
from domain.history import History, histories
from domain.known import (
    Asking,
    Kept,
    Known,
    Learned,
    Lost,
    Noted,
    OurMistake,
    Owed,
    Trouble,
    Written,
    kept_on,
    known_of,
)
from domain.prompts import (
    CROWD,
    EXEMPT,
    FITS,
    GRAVE,
    HOW_OFTEN,
    LONG_SILENT_DAYS,
    RESTS,
    RULES,
    SILENT_DAYS,
    Moment,
    candidates,
    offered,
    prompts_for,
)
from models import (
    Appointment,
    DayList,
    Expected,
    Note,
    PromptEnded,
    Shop,
    Staff,
    Told,
    Usual,
    Visit,
    Witness,
)
from tests.conftest import TUESDAY, came, counted_queries, days_before, hire, someone

TODAY = date(2026, 11, 24)  # a Tuesday
DOCS = Path(__file__).parents[2] / "docs" / "prompts.md"


def known(*backs: int, today: date = TODAY, visits: int | None = None, **more: Any) -> Known:
    """Return somebody who came on these days before today; `visits` where they came twice on some."""
    days = tuple(sorted(today - timedelta(days=back) for back in backs))
    return Known(today, History(days, len(days) if visits is None else visits), **more)


def since(first: str, today: str, visits: int = 6, **more: Any) -> Known:
    """Return somebody whose first visit was on one day, with `visits` in all."""
    day = date.fromisoformat(today)
    later = [day - timedelta(days=back) for back in range(visits - 1, 0, -1)]
    return Known(day, History((date.fromisoformat(first), *later), visits), **more)


def counted(visits: int) -> Known:
    return known(3, 2, 1, visits=visits)


def kept(*late: int, booked: int = 600, every: int = 7, today: date = TODAY, **more: Any) -> Known:
    """Return somebody who kept an appointment a week, the latest last, so many minutes late (below zero: early)."""
    days = [today - timedelta(days=every * back) for back in range(len(late), 0, -1)]
    return Known(
        today,
        History(tuple(days), len(days)),
        kept=tuple(Kept(day, booked, booked + minutes) for day, minutes in zip(days, late, strict=True)),
        **more,
    )


def told(**days_ago: int) -> dict[str, Learned]:
    """Return what Ana wrote down so many days ago; of a name, that it stood for a word."""
    return {what: Learned(TODAY - timedelta(days=back), "Ana", "Red scarf") for what, back in days_ago.items()}


def chips(*spelled: str, by: str = "Sam") -> tuple[Noted, ...]:
    """Return notes from "back: chips", such as "7: usual new"."""
    notes = []
    for one in spelled:
        back, _, names = one.partition(": ")
        notes.append(Noted(TODAY - timedelta(days=int(back)), frozenset(names.split()), by))
    return tuple(sorted(notes, key=lambda note: note.day))


def facts_of(name: str, who: Known) -> Any:
    """Return the facts that one rule finds, None where it does not hold."""
    return RULES[name](who)


def best(who: Known, moment: Moment = Moment()) -> str | None:
    """Return the id of what is offered."""
    prompt = offered(candidates(who), moment)
    return prompt["id"] if prompt else None


def said_to(customer, shop, asker=None) -> Any:
    """Return the words offered for somebody at Tuesday 8:12."""
    return lines.line_for(customer, shop, TUESDAY, asker).prompt


YES, NO = True, False


def rows(table):
    return [pytest.param(who, holds, id=told) for told, who, holds in table]


class TestSecondVisit:
    @pytest.mark.parametrize(
        ("who", "holds"),
        rows(
            [
                ("nobody has seen them", known(), NO),
                ("they came once, yesterday", known(1), YES),
                ("they came once, two years ago", known(730), YES),
                ("they came twice", known(9, 2), NO),
                ("they came twice on one day", known(1, visits=2), NO),
                ("they came once, and to our other shop", known(1, elsewhere=TODAY - timedelta(days=9)), NO),
            ]
        ),
    )
    def test_is_said_the_second_time_only(self, who, holds):
        assert bool(facts_of("second-visit", who)) is holds

    def test_names_the_first_visit(self):
        assert facts_of("second-visit", known(3)) == {"dates": ["2026-11-21"]}


class TestBackAfterAWhile:
    @pytest.mark.parametrize(
        ("who", "holds"),
        rows(
            [
                ("nobody has seen them", known(), NO),
                ("two visits tell no rhythm", known(40, 33), NO),
                ("daily, away nine days", known(12, 11, 10, 9), NO),
                ("daily, away ten days", known(13, 12, 11, 10), YES),
                ("every four days, away eleven", known(19, 15, 11), NO),
                ("every four days, away twelve", known(20, 16, 12), YES),
                ("weekly, away twenty days", known(34, 27, 20), NO),
                ("weekly, away three weeks", known(35, 28, 21), YES),
                ("here yesterday", known(3, 2, 1), NO),
                ("one long holiday does not change a rhythm", known(100, 13, 12, 11, 10), YES),
                ("in our other shop since", known(35, 28, 21, elsewhere=TODAY - timedelta(days=5)), NO),
                ("in our other shop before", known(35, 28, 21, elsewhere=TODAY - timedelta(days=25)), YES),
            ]
        ),
    )
    def test_is_said_after_ten_days_and_three_usual_gaps(self, who, holds):
        assert bool(facts_of("back-after-a-while", who)) is holds

    def test_names_the_last_visit(self):
        assert facts_of("back-after-a-while", known(35, 28, 21)) == {"dates": ["2026-11-03"]}


class TestAYear:
    @pytest.mark.parametrize(
        ("who", "years"),
        rows(
            [
                ("nobody has seen them", known(), None),
                ("the day before the anniversary", since("2025-11-25", "2026-11-24"), None),
                ("the anniversary itself", since("2025-11-24", "2026-11-24"), 1),
                ("thirteen days after", since("2025-11-11", "2026-11-24"), 1),
                ("fourteen days after", since("2025-11-10", "2026-11-24"), None),
                ("the second", since("2024-11-20", "2026-11-24"), 2),
                ("the tenth", since("2016-11-24", "2026-11-24"), 10),
                ("over New Year", since("2025-12-28", "2027-01-05"), 1),
                ("five visits are too few", since("2025-11-24", "2026-11-24", visits=5), None),
                ("a leap day, next year on the 28th", since("2024-02-29", "2025-02-28"), 1),
                ("a leap day, next year on the 27th", since("2024-02-29", "2025-02-27"), None),
                ("a leap day, next year in March", since("2024-02-29", "2025-03-01"), 1),
                ("a leap day, four years later a day early", since("2024-02-29", "2028-02-28"), None),
                ("a leap day, four years later to the day", since("2024-02-29", "2028-02-29"), 4),
                ("first seen today a year ago, today a leap day", since("2027-02-28", "2028-02-29"), 1),
                ("our records begin there", since("2025-11-24", "2026-11-24", records=date(2025, 11, 1)), None),
                (
                    "our records begin four weeks before",
                    since("2025-11-24", "2026-11-24", records=date(2025, 10, 27)),
                    1,
                ),
                ("known in our other shop", since("2025-11-24", "2026-11-24", elsewhere=date(2026, 1, 1)), None),
            ]
        ),
    )
    def test_is_said_within_two_weeks_of_the_day(self, who, years):
        facts = facts_of("a-year", who)
        assert (facts and facts["years"]) == years


class TestAboutAHundred:
    @pytest.mark.parametrize(
        ("before", "about"),
        [
            pytest.param(0, None, id="the first visit"),
            pytest.param(98, None, id="today is the 99th"),
            pytest.param(99, 100, id="today is the 100th"),
            pytest.param(103, 100, id="today is the 104th"),
            pytest.param(104, None, id="today is the 105th"),
            pytest.param(199, 200, id="today is the 200th"),
            pytest.param(208, 200, id="today is the 209th"),
            pytest.param(209, None, id="today is the 210th"),
            pytest.param(499, 500, id="today is the 500th"),
            pytest.param(524, None, id="today is the 525th"),
            pytest.param(999, 1000, id="today is the 1000th"),
            pytest.param(1049, None, id="today is the 1050th"),
        ],
    )
    def test_is_said_from_the_round_number_for_five_in_a_hundred(self, before, about):
        facts = facts_of("about-a-hundred", counted(before))
        assert (facts and facts["about"]) == about

    def test_counts_today(self):
        assert facts_of("about-a-hundred", counted(101))["count"] == 102


class TestThirdWeekday:
    @pytest.mark.parametrize(
        ("who", "holds"),
        rows(
            [
                ("nobody has seen them", known(), NO),
                ("the last two Tuesdays", known(14, 7), YES),
                ("only last Tuesday", known(7), NO),
                ("Tuesdays with a gap", known(21, 7), NO),
                ("the last three: today would be the fourth", known(21, 14, 7), NO),
                ("two Tuesdays, a gap, and more before", known(35, 28, 14, 7), YES),
                ("two Tuesdays and two other days lately", known(14, 10, 7, 3), YES),
                ("two Tuesdays among five days lately", known(14, 10, 7, 3, 1), NO),
                ("other days three weeks back do not count", known(25, 24, 23, 22, 14, 7), YES),
            ]
        ),
    )
    def test_is_said_the_third_time_running_where_the_weekday_is_theirs(self, who, holds):
        assert bool(facts_of("third-weekday", who)) is holds

    def test_names_the_two_before(self):
        assert facts_of("third-weekday", known(14, 7)) == {"weekday": 1, "dates": ["2026-11-10", "2026-11-17"]}


class TestTheUsual:
    @pytest.mark.parametrize(
        ("who", "holds"),
        rows(
            [
                ("nothing was written down", known(9, 5, 2), NO),
                ("written down, three visits", known(9, 5, 2, usual="Flat white"), YES),
                ("written down, two visits", known(9, 5, usual="Flat white"), NO),
                ("the first visit", known(usual="Flat white"), NO),
                ("six words", known(9, 5, 2, usual="one two three four five six"), YES),
                ("seven words are too many to say", known(9, 5, 2, usual="one two three four five six seven"), NO),
            ]
        ),
    )
    def test_is_asked_of_those_who_come(self, who, holds):
        assert bool(facts_of("the-usual", who)) is holds


class TestFirstBooking:
    @pytest.mark.parametrize(
        ("who", "moment", "holds"),
        [
            pytest.param(known(), Moment(booked=600), YES, id="booked, never here"),
            pytest.param(known(), Moment(), NO, id="never here, and not booked"),
            pytest.param(known(3), Moment(booked=600), NO, id="here once"),
            pytest.param(
                known(elsewhere=TODAY - timedelta(days=9)), Moment(booked=600), NO, id="known in our other shop"
            ),
        ],
    )
    def test_is_for_those_we_have_never_seen(self, who, moment, holds):
        assert (best(who, moment) == "first-booking") is holds


class TestNameLearned:
    @pytest.mark.parametrize(
        ("who", "holds"),
        rows(
            [
                ("on the last visit", known(9, 4, name="Rosa Marchetti", told=told(name=4)), YES),
                ("on the visit before", known(9, 4, name="Rosa Marchetti", told=told(name=9)), NO),
                ("when they were not here", known(9, 4, name="Rosa Marchetti", told=told(name=6)), NO),
                ("nobody wrote down when", known(9, 4, name="Rosa Marchetti"), NO),
                ("the word only grew", known(9, 4, name="Red scarf, tall", told=told(name=4)), NO),
                ("a letter was mended", known(9, 4, name="Red Scharf", told=told(name=4)), NO),
                ("never here before", known(name="Rosa Marchetti", told=told(name=4)), NO),
            ]
        ),
    )
    def test_is_used_once_on_the_next_visit(self, who, holds):
        assert bool(facts_of("name-learned", who)) is holds

    @pytest.mark.parametrize(("back", "weekday"), [(1, 0), (6, 2), (7, None), (40, None)])
    def test_names_the_day_of_the_week_within_a_week(self, back, weekday):
        facts = facts_of("name-learned", known(back, name="Rosa", told=told(name=back)))
        assert (facts["weekday"], facts["by"]) == (weekday, "Ana")


class TestSayAs:
    @pytest.mark.parametrize(
        ("who", "holds"),
        rows(
            [
                ("written down", known(9, 2, say_as="shi-VAWN", told=told(say_as=9)), YES),
                ("never here yet", known(say_as="shi-VAWN", told=told(say_as=9)), YES),
                ("nobody knows who wrote it", known(9, 2, say_as="shi-VAWN"), NO),
                ("taken away again", known(9, 2, told=told(say_as=9)), NO),
                ("tried", known(9, say_as="shi-VAWN", told=told(say_as=9), tried={"shi-VAWN"}), NO),
                ("another way was tried", known(9, say_as="shi-VAWN", told=told(say_as=9), tried={"see-oh-BAN"}), YES),
                ("seven words", known(9, say_as="a b c d e f g", told=told(say_as=9)), NO),
            ]
        ),
    )
    def test_is_offered_until_somebody_has_tried_it(self, who, holds):
        assert bool(facts_of("say-as", who)) is holds


class TestCall:
    @pytest.mark.parametrize(
        ("who", "holds"),
        rows(
            [
                ("written down", known(9, 2, call="Mrs Adeyemi", told=told(call=9)), YES),
                ("nobody knows who wrote it", known(9, 2, call="Mrs Adeyemi"), NO),
                ("five words", known(9, call="a b c d e", told=told(call=9)), YES),
                ("six words", known(9, call="a b c d e f", told=told(call=9)), NO),
            ]
        ),
    )
    def test_is_what_they_told_us(self, who, holds):
        assert bool(facts_of("call", who)) is holds


class TestTheQuietOnes:
    @pytest.mark.parametrize(
        ("name", "who", "holds"),
        [
            pytest.param("quick", known(9, told=told(quick=9)), YES, id="told us they like to be quick"),
            pytest.param("quick", known(9, 5, 2), NO, id="nothing said about being quick"),
            pytest.param("quick", known(9, 5, 2, notes=chips("9: hurry", "5: hurry chat", "2: hurry")), YES, id="thrice"),
            pytest.param("quick", known(9, 5, 2, notes=chips("9: hurry", "2: hurry")), NO, id="twice in a hurry"),
            pytest.param(
                "quick", known(9, 5, notes=chips("9: hurry", "5: hurry", "5: hurry")), NO, id="two notes of one visit"
            ),
            pytest.param(
                "quick", known(9, 8, 7, 6, 5, 4, notes=chips("9: hurry", "8: hurry", "7: hurry")), NO, id="two of the last five"
            ),
            pytest.param("quick", known(9, 5, notes=chips("9: hurry", "5: hurry", "3: hurry")), NO, id="noted with no visit"),
            pytest.param(
                "quick",
                known(9, 5, 2, notes=chips("9: hurry", "5: hurry", "2: hurry"), told=told(no_notes=1)),
                NO,
                id="from notes, of somebody who wants none",
            ),
            pytest.param("quiet", known(9, told=told(quiet=9)), YES, id="told us they like it quiet"),
            pytest.param("quiet", known(9, told=told(no_notes=9)), NO, id="no notes is another wish"),
        ],
    )  # fmt: skip
    def test_hold_when_told_or_seen_thrice(self, name, who, holds):
        assert bool(facts_of(name, who)) is holds

    def test_name_the_usual_only_where_there_is_one(self):
        assert facts_of("quiet", known(9, told=told(quiet=9)))["usual"] is False
        assert facts_of("quiet", known(9, told=told(quiet=9), usual="Tea"))["usual"] is True

    def test_say_who_noted_it(self):
        noted = chips("9: hurry", "5: hurry") + chips("2: hurry", by="Ana")
        assert facts_of("quick", known(9, 5, 2, notes=noted))["by"] == ["Ana", "Sam"]


LATE, GONE_BY, IN_TIME = Moment(booked=600, arrived=630), Moment(booked=600, now=615), Moment(booked=600, arrived=590)


class TestFirstTimeLate:
    @pytest.mark.parametrize(
        ("who", "holds"),
        rows(
            [
                ("five kept in time", kept(-10, 0, 3, 10, -2), YES),
                ("four are too few", kept(-10, 0, 3, 10), NO),
                ("late within the grace counts as in time", kept(10, 10, 10, 10, 10), YES),
                ("the last was late", kept(0, 0, 0, 0, 0, 11), NO),
                ("late, then five in time", kept(30, 0, 0, 0, 0, 0), YES),
                ("late, then four in time", kept(0, 0, 0, 0, 0, 30, 0, 0, 0, 0), NO),
                ("no grace, one minute late", kept(0, 0, 0, 0, 1, grace=0), NO),
                ("never booked", known(9, 5, 2), NO),
            ]
        ),
    )
    def test_needs_five_in_time_one_after_another(self, who, holds):
        assert bool(facts_of("first-time-late", who)) is holds

    def test_counts_those_since_the_last_late_one(self):
        facts = facts_of("first-time-late", kept(0, 30, 0, 0, 0, 0, 0))
        assert (facts["visits"], facts["since"]) == (5, (TODAY - timedelta(days=42)).isoformat())
        assert len(facts["dates"]) == 5

    def test_lists_no_more_than_a_dozen_days(self):
        facts = facts_of("first-time-late", kept(*[0] * 28))
        assert (facts["visits"], facts["since"], len(facts["dates"])) == (28, None, 12)

    @pytest.mark.parametrize(
        ("moment", "says"),
        [
            pytest.param(Moment(booked=600, now=610), NO, id="not here, within the grace"),
            pytest.param(Moment(booked=600, now=611), YES, id="not here, past the grace"),
            pytest.param(Moment(booked=600, now=720), YES, id="not here for two hours"),
            pytest.param(Moment(booked=600, now=721), NO, id="more than two hours: not late, but missed"),
            pytest.param(Moment(booked=600, now=700, arrived=610), NO, id="came within the grace"),
            pytest.param(Moment(booked=600, now=700, arrived=611), YES, id="came late"),
            pytest.param(Moment(booked=600, now=650, arrived=480), NO, id="was here for something else this morning"),
            pytest.param(Moment(now=700), NO, id="nothing booked"),
            pytest.param(Moment(booked=600, arrived=611, grace=15), NO, id="a shop with more grace"),
        ],
    )
    def test_is_said_when_they_are_late_and_not_before(self, moment, says):
        assert (best(kept(0, 0, 0, 0, 0), moment) == "first-time-late") is says

    def test_comes_before_all_else(self):
        who = kept(0, 0, 0, 0, 0, told=told(quick=3))
        assert best(who, LATE) == "first-time-late"
        assert best(who, IN_TIME) == "quick"


class TestOftenABitLate:
    @pytest.mark.parametrize(
        ("who", "minutes"),
        rows(
            [
                ("three of three", kept(10, 12, 9), 10),
                ("two of two", kept(10, 12), None),
                ("three of the last five", kept(0, -3, 10, 12, 9), 10),
                ("two of the last five", kept(10, 12, 0, 0, -5, 10, 9), None),
                ("all over the place", kept(2, 14, 27), None),
                ("now and then a minute", kept(1, 2, 1), None),
                ("five past", kept(6, 4, 5, 7), 5),
                ("twenty-five past", kept(25, 24, 27), 25),
                ("half an hour is no habit of time", kept(33, 31, 30), None),
                ("always early", kept(-10, -10, -10), None),
            ]
        ),
    )
    def test_needs_three_of_the_last_five_about_as_late(self, who, minutes):
        facts = facts_of("often-a-bit-late", who)
        assert (facts and facts["minutes"]) == minutes

    @pytest.mark.parametrize(
        ("moment", "says"),
        [
            pytest.param(Moment(booked=600, now=590), NO, id="before the time"),
            pytest.param(Moment(booked=600, now=600), NO, id="on the minute"),
            pytest.param(Moment(booked=600, now=601), YES, id="the time has gone by"),
            pytest.param(Moment(booked=600, now=616), NO, id="later than is usual, and not here"),
            pytest.param(Moment(booked=600, now=700, arrived=608), YES, id="came as late as ever"),
            pytest.param(Moment(booked=600, now=700, arrived=598), NO, id="came early for once"),
            pytest.param(Moment(booked=600, now=700, arrived=603), NO, id="came nearly in time"),
            pytest.param(Moment(booked=600, now=700, arrived=630), NO, id="came later than ever"),
        ],
    )
    def test_is_said_while_it_is_true_of_today(self, moment, says):
        assert (best(kept(10, 12, 9), moment) == "often-a-bit-late") is says

    @pytest.mark.parametrize(
        ("each", "today", "on_the_hour"), [(600, 660, True), (600, 630, False), (630, 660, False)]
    )  # fmt: skip
    def test_says_ten_past_only_of_full_hours(self, each, today, on_the_hour):
        prompt: Any = offered(candidates(kept(10, 12, 9, booked=each)), Moment(booked=today, arrived=today + 10))
        assert prompt["on_the_hour"] is on_the_hour


class TestAlwaysEarly:
    @pytest.mark.parametrize(
        ("who", "minutes"),
        rows(
            [
                ("five times about ten", kept(-10, -12, -8, -15, -9), 10),
                ("four times", kept(-10, -12, -8, -15), None),
                ("once in time", kept(-10, -12, 0, -15, -9), None),
                ("once late, long ago", kept(20, -10, -12, -8, -15, -9), 10),
                ("a minute or two", kept(-1, -2, -1, -2, -1), None),
                ("half an hour", kept(-30, -29, -30, -33, -28), 30),
                ("an hour is for something else", kept(-60, -60, -60, -60, -60), None),
            ]
        ),
    )
    def test_needs_each_of_the_last_five(self, who, minutes):
        facts = facts_of("always-early", who)
        assert (facts and facts["minutes"]) == minutes

    @pytest.mark.parametrize(
        ("moment", "here"),
        [
            pytest.param(Moment(booked=600, now=480), False, id="not here yet"),
            pytest.param(Moment(booked=600, now=595), False, id="can still be five minutes early"),
            pytest.param(Moment(booked=600, now=596), None, id="cannot be early enough any more"),
            pytest.param(Moment(booked=600, now=700, arrived=590), True, id="early again"),
            pytest.param(Moment(booked=600, now=700, arrived=584), None, id="earlier than ever"),
            pytest.param(Moment(booked=600, now=700, arrived=600), None, id="in time"),
            pytest.param(Moment(booked=600, now=700, arrived=630), None, id="late"),
            pytest.param(Moment(now=480), None, id="not booked today"),
        ],
    )
    def test_is_not_said_when_today_is_otherwise(self, moment, here):
        prompt = FITS["always-early"](facts_of("always-early", kept(-10, -12, -8, -15, -9)), moment)
        assert (prompt and prompt["here"]) is here


FRIDAY = date(2026, 11, 27)


def week(*minutes: int | None, today: date = FRIDAY, **more: Any) -> Known:
    """Return somebody who came on the days of this week from Monday at these minutes."""
    monday = today - timedelta(days=today.weekday())
    arrivals = {monday + timedelta(days=n): minute for n, minute in enumerate(minutes) if minute is not None}
    return Known(today, History(tuple(arrivals), len(arrivals)), arrivals=arrivals, **more)


class TestAllWeek:
    @pytest.mark.parametrize(
        ("who", "minute"),
        rows(
            [
                ("four days at half past seven", week(448, 452, 450, 459), 450),
                ("a day missing", week(448, None, 450, 459), None),
                ("a day missing on which we are closed", week(448, None, 450, 459, closed={1}), 450),
                ("two days are no week", week(448, 452, today=FRIDAY - timedelta(days=2)), None),
                ("three days by Thursday", week(448, 452, 450, today=FRIDAY - timedelta(days=1)), 450),
                ("once a quarter of an hour later", week(448, 452, 450, 465), None),
                ("at eight", week(478, 482, 480, 485), 480),
                ("a file that knows no times", week(0, 0, 0, 0), None),
            ]
        ),
    )
    def test_needs_every_open_day_of_the_week(self, who, minute):
        facts = facts_of("all-week", who)
        assert (facts and facts["minute"]) == minute

    @pytest.mark.parametrize(
        ("moment", "says"),
        [
            pytest.param(Moment(now=420), YES, id="not here yet"),
            pytest.param(Moment(now=460), YES, id="can still be in by then"),
            pytest.param(Moment(now=461), NO, id="not in by then today"),
            pytest.param(Moment(now=700, arrived=455), YES, id="in as ever"),
            pytest.param(Moment(now=700, arrived=520), NO, id="late today"),
            pytest.param(Moment(now=700, arrived=430), NO, id="early today"),
        ],
    )
    def test_is_not_said_when_today_is_otherwise(self, moment, says):
        assert (best(week(448, 452, 450, 459), moment) == "all-week") is says


def weeks(*visits: int, **more: Any) -> Known:
    """Return somebody who came so many days in each seven days back from today, the latest first."""
    return known(*(week * 7 + day + 1 for week, count in enumerate(visits) for day in range(count)), **more)


ONCE = (1,) * 9


class TestComingMoreOften:
    @pytest.mark.parametrize(
        ("who", "times"),
        rows(
            [
                ("once a week, now twice", weeks(2, 2, 2, 2, *ONCE), 2),
                ("twice, now and then thrice", weeks(2, 3, 2, 2, *ONCE), 2),
                ("once among the twice", weeks(2, 1, 2, 2, *ONCE), None),
                ("mostly five times", weeks(5, 5, 2, 5, *ONCE), None),
                ("once a week, now three times", weeks(3, 3, 3, 3, *ONCE), 3),
                ("twice a week as ever", weeks(*(2,) * 13), None),
                (
                    "from five in four weeks to eight is a small shift",
                    weeks(2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1),
                    None,
                ),
                ("known for ten weeks", weeks(2, 2, 2, 2, 1, 1, 1, 1, 1, 1), None),
                ("hardly here before", weeks(2, 2, 2, 2, 0, 0, 1, 0, 0, 0, 0, 0, 1), None),
                ("once a week as ever", weeks(1, 1, 1, 1, *ONCE), None),
                ("nobody has seen them", known(), None),
            ]
        ),
    )
    def test_needs_four_weeks_of_twice_as_many(self, who, times):
        facts = facts_of("coming-more-often", who)
        assert (facts and facts["times"]) == times


def for_years(*backs: int, **more: Any) -> Known:
    return known(*backs, *range(1, 11), **more)


class TestSinceLong:
    @pytest.mark.parametrize(
        ("who", "holds"),
        rows(
            [
                ("two years", for_years(731, 400, 200), YES),
                ("a day short of two years", for_years(729, 400, 200), NO),
                ("away for a year in between", for_years(900, 880, 500), NO),
                ("away for a year until today", known(*range(366, 378), 731, 1100), NO),
                ("twelve days in all", known(*range(300, 310), 731, 600), YES),
                ("eleven", known(*range(300, 309), 731, 600), NO),
                ("our records begin with them", for_years(731, 400, 200, records=TODAY - timedelta(days=731)), NO),
                (
                    "our records began a month before",
                    for_years(731, 400, 200, records=TODAY - timedelta(days=759)),
                    YES,
                ),
                ("known in our other shop", for_years(731, 400, 200, elsewhere=TODAY - timedelta(days=9)), NO),
            ]
        ),
    )
    def test_needs_two_years_without_a_year_away(self, who, holds):
        assert bool(facts_of("since-long", who)) is holds

    def test_names_the_year_of_the_first_visit(self):
        assert facts_of("since-long", for_years(731, 400, 200)) == {"year": 2024, "visits": 13, "dates": ["2024-11-23"]}


def marked(*staff: int | tuple[int, ...]) -> tuple[tuple[date, frozenset[int]], ...]:
    """Return who marked each of the last visits, the latest last."""
    each = [frozenset((one,) if isinstance(one, int) else one) for one in staff]
    return tuple((TODAY - timedelta(days=len(each) - n), one) for n, one in enumerate(each))


SAM, ANA, BEA = 1, 2, 3
TEAM = {SAM: "Sam", ANA: "Ana", BEA: "Bea"}


class TestNotMet:
    @pytest.mark.parametrize(
        ("who", "asker", "says"),
        [
            pytest.param(known(9, 5, 2, met={SAM}, names=TEAM), ANA, YES, id="Sam marked every visit, Ana asks"),
            pytest.param(known(9, 5, 2, met={SAM, ANA}, names=TEAM), ANA, NO, id="Ana marked one"),
            pytest.param(known(9, 5, met={SAM}, names=TEAM), ANA, NO, id="two visits"),
            pytest.param(known(9, 5, 2, met=None, names=TEAM), ANA, NO, id="nobody knows who marked one of them"),
            pytest.param(known(9, 5, 2, met={SAM}, names=TEAM), None, NO, id="nobody asks"),
        ],
    )
    def test_is_for_who_asks(self, who, asker, says):
        assert (best(who, Moment(staff=asker)) == "not-met") is says


class TestFavouriteOff:
    @pytest.mark.parametrize(
        ("who", "moment", "says"),
        [
            pytest.param(marked(1, 2, 1, 2, 1), Moment(staff=ANA), YES, id="three of five, and Sam is off"),
            pytest.param(marked(1, 1, 1), Moment(staff=ANA), YES, id="three of three"),
            pytest.param(marked(1, 1, 2, 2), Moment(staff=BEA), NO, id="two of four"),
            pytest.param(marked(1, 2, 1, 2, 1), Moment(staff=SAM), NO, id="Sam asks"),
            pytest.param(marked(1, 2, 1, 2, 1), Moment(staff=ANA, on_shift=frozenset({1})), NO, id="Sam is on shift"),
            pytest.param(marked(1, 2, 1, 2, 1), Moment(), NO, id="nobody asks"),
            pytest.param(marked((1, 2), (1, 2), (1, 2)), Moment(staff=BEA), NO, id="two as often"),
            pytest.param(marked(9, 9, 9), Moment(staff=ANA), NO, id="somebody who has left"),
        ],
    )
    def test_says_hello_from_who_is_not_here(self, who, moment, says):
        assert (best(known(9, 5, 2, marked=who, team=TEAM), moment) == "favourite-off") is says

    def test_names_the_days_of_who_is_off(self):
        facts = facts_of("favourite-off", known(9, marked=marked(1, 2, 1, 2, 1), team=TEAM))
        assert facts == {"staff": SAM, "by": "Sam", "dates": ["2026-11-19", "2026-11-21", "2026-11-23"]}


USUAL: dict[str, Any] = {"usual": "Flat white", "usual_since": TODAY - timedelta(days=20)}


class TestSteadyOrder:
    @pytest.mark.parametrize(
        ("who", "times"),
        rows(
            [
                ("three running", known(9, 5, 2, notes=chips("9: usual", "5: usual", "2: usual"), **USUAL), 3),
                ("two running", known(9, 5, 2, notes=chips("5: usual", "2: usual"), **USUAL), None),
                (
                    "not the last time",
                    known(9, 5, 2, 1, notes=chips("9: usual", "5: usual", "2: usual"), **USUAL),
                    None,
                ),
                (
                    "something new in between",
                    known(
                        9, 7, 5, 3, 2, notes=chips("9: usual", "7: new", "5: usual", "3: usual", "2: usual"), **USUAL
                    ),
                    3,
                ),
                (
                    "both, once",
                    known(9, 5, 2, 1, notes=chips("9: usual", "5: usual new", "2: usual", "1: usual"), **USUAL),
                    None,
                ),
                (
                    "before it was written down what it is",
                    known(30, 25, 2, notes=chips("30: usual", "25: usual", "2: usual"), **USUAL),
                    None,
                ),
                ("nobody wrote down what it is", known(9, 5, 2, notes=chips("9: usual", "5: usual", "2: usual")), None),
            ]
        ),
    )
    def test_needs_three_running(self, who, times):
        facts = facts_of("steady-order", who)
        assert (facts and facts["times"]) == times


class TestOrderChanged:
    @pytest.mark.parametrize(
        ("who", "holds"),
        rows(
            [
                ("something new last time", known(9, 5, 2, notes=chips("2: new"), **USUAL), YES),
                ("the time before", known(9, 5, 2, notes=chips("5: new"), **USUAL), NO),
                ("beside the usual", known(9, 5, 2, notes=chips("2: new", "2: usual"), **USUAL), NO),
                ("two visits", known(5, 2, notes=chips("2: new"), **USUAL), NO),
                ("nobody knows the old order", known(9, 5, 2, notes=chips("2: new")), NO),
                (
                    "the new one was written down as the usual",
                    known(9, 5, 2, notes=chips("2: new"), usual="Cortado", usual_since=TODAY - timedelta(days=2)),
                    NO,
                ),
            ]
        ),
    )
    def test_is_asked_the_next_time(self, who, holds):
        assert bool(facts_of("order-changed", who)) is holds


class TestKeptAppointments:
    @pytest.mark.parametrize(
        ("booked", "arrivals", "pairs"),
        [
            pytest.param([600], [590], [(600, 590)], id="one of each"),
            pytest.param([600], [480, 590], [(600, 590)], id="the nearer arrival"),
            pytest.param([600], [480], [(600, 480)], id="two hours before"),
            pytest.param([600], [479], [], id="for something else"),
            pytest.param([600], [], [], id="did not come"),
            pytest.param([600, 630], [595], [(600, 595)], id="one arrival for two in a row counts for the first"),
            pytest.param([600, 900], [595, 910], [(600, 595), (900, 910)], id="morning and afternoon"),
        ],
    )
    def test_have_the_arrival_that_was_for_them(self, booked, arrivals, pairs):
        assert [(one.booked, one.arrived) for one in kept_on(TODAY, booked, arrivals)] == pairs


WEEK_AGO = TODAY - timedelta(days=7)
OPEN = (3, "Order mixed up", "Ana", WEEK_AGO)
LOST = Lost(7, "email", datetime(2026, 11, 23, 14, 2, tzinfo=UTC), "no-such-mailbox")


def field(kind: str, text: str) -> dict[str, Written]:
    return {kind: Written(1, text, "Ana", WEEK_AGO)}


EVERYTHING: dict[str, tuple[Known, Moment]] = {
    "our-mistake": (known(9, 5, 2, mistakes=(OurMistake(*OPEN),)), Moment()),
    "our-silence": (known(9, 5, 2, mistakes=(OurMistake(*OPEN, about="reminder:7"),)), Moment()),
    "late-our-silence": (kept(0, 0, 0, 0, 0, lost=LOST), LATE),
    "not-arrived": (known(9, 5, 2, owed=(Owed(*OPEN, kept=WEEK_AGO, channel="email", delivery="bounced"),)), Moment()),
    "same-trouble": (known(9, 5, 2, troubles=(Trouble(*OPEN, times=(WEEK_AGO, WEEK_AGO)),)), Moment()),
    "promise-overdue": (known(9, 5, 2, owed=(Owed(*OPEN, due=TODAY - timedelta(days=1)),)), Moment()),
    "promise-due": (known(9, 5, 2, owed=(Owed(*OPEN, due=TODAY),)), Moment()),
    "first-time-late": (kept(0, 0, 0, 0, 0), LATE),
    "often-a-bit-late": (kept(10, 10, 10), GONE_BY),
    "missed-once": (kept(0, 0, 0, every=30, missed=((TODAY - timedelta(days=4), ""),)), Moment()),
    "quiet": (known(told=told(quiet=3)), Moment()),
    "quick": (known(told=told(quick=3)), Moment()),
    "we-run-late": (known(9, 5, 2, behind=Written(1, "15", "Ana", TODAY)), Moment(now=590, booked=600)),
    "usual-is-out": (known(9, 5, usual="Rye roll", out=(Written(1, "rye", "Ana", TODAY),)), Moment()),
    "birthday": (known(9, 5, 2, fields=field("birthday", "11-24")), Moment()),
    "their-question": (known(9, 5, 2, questions=(Asking(*OPEN, theirs=True, reply="Until half three"),)), Moment()),
    "still-fine": (known(9, 5, 2, questions=(Asking(*OPEN, solved=WEEK_AGO, due=TODAY),)), Moment()),
    "question": (known(9, 5, 2, questions=(Asking(*OPEN),)), Moment()),
    "ask-if-arrived": (known(9, 5, 2, owed=(Owed(*OPEN, kept=WEEK_AGO, channel="email"),)), Moment()),
    "sent-on": (known(9, 5, 2, sent_on=(Written(*OPEN),)), Moment()),
    "fault-mended": (known(9, 5, 2, troubles=(Trouble(*OPEN, ours=True, solved=WEEK_AGO),)), Moment()),
    "extra-step": (known(9, 5, 2, steps=(Written(*OPEN),)), Moment()),
    "first-booking": (known(), Moment(booked=600)),
    "second-visit": (known(3), Moment()),
    "name-learned": (known(9, 4, name="Rosa", told=told(name=4)), Moment()),
    "say-as": (known(9, 4, say_as="shi-VAWN", told=told(say_as=4)), Moment()),
    "call": (known(9, 4, call="Mrs Adeyemi", told=told(call=4)), Moment()),
    "not-met": (known(9, 5, 2, met={SAM}, names=TEAM), Moment(staff=ANA)),
    "brought-someone": (known(9, 5, 2, notes=chips("2: friend")), Moment()),
    "dogs": (known(9, 5, 2, fields=field("dogs", "Otto and Pim")), Moment()),
    "sent-us": (known(9, 5, 2, sent_us=(Written(*OPEN),)), Moment()),
    "back-after-a-while": (known(35, 28, 21), Moment()),
    "a-year": (since("2025-11-24", "2026-11-24"), Moment()),
    "about-a-hundred": (counted(99), Moment()),
    "coming-more-often": (weeks(2, 2, 2, 2, *ONCE), Moment()),
    "third-weekday": (known(14, 7), Moment()),
    "all-week": (week(448, 452, 450, 459), Moment()),
    "always-early": (kept(-10, -10, -10, -10, -10, every=6), Moment(booked=600)),
    "since-long": (for_years(800, 500, 200), Moment()),
    "favourite-off": (known(9, 5, 2, marked=marked(1, 1, 1), team=TEAM), Moment(staff=ANA)),
    "promise-next": (known(9, 5, 2, owed=(Owed(*OPEN),)), Moment()),
    "order-changed": (known(9, 5, 2, notes=chips("2: new"), **USUAL), Moment()),
    "steady-order": (known(9, 5, 2, notes=chips("9: usual", "5: usual", "2: usual"), **USUAL), Moment()),
    "the-usual": (known(9, 5, 2, usual="Flat white", usual_by="Ana", usual_since=TODAY), Moment()),
}


class TestTheOrder:
    def test_is_the_one_designed(self):
        assert list(RULES) == list(EVERYTHING)

    @pytest.mark.parametrize("name", EVERYTHING)
    def test_every_rule_wins_where_nothing_more_important_holds(self, name):
        who, moment = EVERYTHING[name]
        assert best(who, moment) == name

    @pytest.mark.parametrize("name", EVERYTHING)
    def test_every_rule_hands_over_the_days_it_rests_on(self, name):
        who, moment = EVERYTHING[name]
        prompt: Any = offered(candidates(who), moment)
        assert prompt["dates"]
        assert all(date.fromisoformat(day) <= who.today for day in prompt["dates"])
        assert json.loads(json.dumps(prompt)) == prompt

    def test_is_the_same_in_the_docs(self):
        told = re.findall(r"^\| \d+ \| `([a-z-]+)` \|", DOCS.read_text(encoding="utf-8"), re.M)
        assert told == list(RULES)

    def test_the_first_that_holds_wins(self):
        away = known(35, 28, 21, usual="Flat white", visits=99)
        assert [prompt["id"] for prompt in candidates(away)] == ["back-after-a-while", "about-a-hundred", "the-usual"]
        assert best(away) == "back-after-a-while"

    def test_what_was_said_lately_leaves_the_word_to_the_next(self):
        recent = frozenset({"back-after-a-while", "about-a-hundred"})
        assert best(known(35, 28, 21, usual="Flat white", visits=99, recent=recent)) == "the-usual"

    def test_what_does_not_fit_the_moment_leaves_the_word_to_the_next(self):
        assert best(known(9, 5, 2, met={SAM}, names=TEAM, usual="Tea"), Moment(staff=SAM)) == "the-usual"

    def test_a_second_visit_may_be_said_again(self):
        assert best(known(3, recent=frozenset({"second-visit"}))) == "second-visit"

    def test_often_there_is_nothing_to_say(self):
        assert best(known(9, 5, 2)) is None


class TestSilences:
    @pytest.mark.parametrize("name", EVERYTHING)
    def test_rest_lets_only_the_exempt_repeat(self, name):
        who, moment = EVERYTHING[name]
        assert (best(replace(who, recent={name}), moment) == name) is (name in EXEMPT)

    @pytest.mark.parametrize("wish", ["quiet", "no_notes"])
    @pytest.mark.parametrize("name", EVERYTHING)
    def test_a_wish_for_quiet_or_no_notes_lets_only_the_exempt_speak(self, name, wish):
        who, _moment = EVERYTHING[name]
        ids = [p["id"] for p in candidates(replace(who, told={**who.told, **told(**{wish: 9})}))]
        assert (name in ids) is (name in EXEMPT)

    @pytest.mark.parametrize("name", EVERYTHING)
    def test_nothing_is_said_to_a_child(self, name):
        who, _moment = EVERYTHING[name]
        assert candidates(replace(who, child=True)) == []

    @pytest.mark.parametrize("name", EVERYTHING)
    def test_a_crowd_leaves_time_for_the_exempt_only(self, name):
        who, moment = EVERYTHING[name]
        assert (best(who, replace(moment, crowd=True)) == name) is (name in EXEMPT)

    @pytest.mark.parametrize("name", EVERYTHING)
    def test_how_often_patients_come_is_not_talked_about(self, name):
        who, moment = EVERYTHING[name]
        assert (best(replace(who, patients=True), moment) == name) is (name not in HOW_OFTEN)

    def test_the_exempt_are_those_designed(self):
        silence = {"our-silence", "late-our-silence", "not-arrived"}
        ours = {"our-mistake", "same-trouble", "promise-overdue", "promise-due", "promise-next"} | silence
        assert {"first-booking", "second-visit", "quick", "quiet"} | ours == EXEMPT

    @pytest.mark.parametrize("name", EVERYTHING)
    def test_while_their_trouble_is_open_nothing_cheerful_is_said(self, name):
        who, moment = EVERYTHING[name]
        once = Trouble(9, "The door sticks", "Ana", WEEK_AGO, times=(WEEK_AGO,))
        assert (best(replace(who, troubles=(*who.troubles, once)), moment) == name) is (name in GRAVE)

    @pytest.mark.parametrize("day", [WEEK_AGO, TODAY], ids=["a week ago", "written down today"])
    @pytest.mark.parametrize("name", EVERYTHING)
    def test_nor_while_a_mistake_of_ours_is_not_made_good(self, name, day):
        who, moment = EVERYTHING[name]
        owned = OurMistake(9, "We lost her order", "Ana", day, said_sorry=True)
        assert (best(replace(who, mistakes=(*who.mistakes, owned)), moment) == name) is (name in GRAVE)
        good = replace(owned, made_good=True)
        assert best(replace(who, mistakes=(*who.mistakes, good)), moment) == name

    def test_what_may_be_said_then_is_about_them_and_us(self):
        between = {
            "first-time-late",
            "often-a-bit-late",
            "missed-once",
            "quiet",
            "quick",
            "we-run-late",
            "their-question",
        }
        assert EXEMPT - {"first-booking", "second-visit"} | between == GRAVE

    @pytest.mark.parametrize("said", ["the-usual", "steady-order"])
    def test_two_that_ask_alike_rest_together(self, said):
        who, moment = EVERYTHING["steady-order"]
        assert best(replace(who, recent={said}), moment) is None


def shown(customer, shop, day, prompt="the-usual", outcome="shown", **facts):
    """Record a visit with the words that were offered with it."""
    Visit.create(
        customer=customer, shop=shop, day=day, at=shop.at(day, 480), prompt={"id": prompt, **facts}, outcome=outcome
    )


def ids_for(shop, customer, day=TODAY) -> list[str]:
    found = prompts_for(shop, histories(shop, [customer.id], day), day)
    return [prompt["id"] for prompt in found.get(customer.id, [])]


def what_is_known(shop, customer, day=TODAY) -> Known:
    return known_of(shop, histories(shop, [customer.id], day), day, RESTS)[customer.id]


@pytest.fixture
def regular(shop, rosa):
    """Rosa has come three times, and her usual is known: there is one thing to say."""
    came(rosa, shop, *days_before(TODAY, 90, 50, 40))
    Usual.create(customer=rosa, shop=shop, text="Flat white", day=TODAY - timedelta(days=5))
    return rosa


class TestRest:
    @pytest.mark.parametrize("ended", [False, True], ids=["with a visit", "without one"])
    @pytest.mark.parametrize(
        ("back", "said"),
        [
            pytest.param(1, NO, id="yesterday"),
            pytest.param(SILENT_DAYS - 1, NO, id="27 days ago"),
            pytest.param(SILENT_DAYS, YES, id="28 days ago"),
            pytest.param(0, YES, id="today itself is no repeat"),
        ],
    )
    def test_the_same_words_rest_for_four_weeks(self, shop, regular, back, said, ended):
        day = TODAY - timedelta(days=back)
        if ended:
            PromptEnded.create(
                customer=regular,
                shop=shop,
                day=day,
                prompt={"id": "the-usual"},
                outcome="skipped",
                at=shop.at(day, 480),
            )
        else:
            shown(regular, shop, day)
        assert ("the-usual" in ids_for(shop, regular)) is said

    @pytest.mark.parametrize(("back", "said"), [(29, NO), (LONG_SILENT_DAYS - 1, NO), (LONG_SILENT_DAYS, YES)])
    def test_thanks_for_long_years_rest_for_one(self, shop, rosa, back, said):
        came(someone(shop, "Earlier than she"), shop, TODAY - timedelta(days=900))
        came(rosa, shop, *days_before(TODAY, 800, 600, *range(366, 377), 300, 200, 100))
        shown(rosa, shop, TODAY - timedelta(days=back), "since-long")
        assert ("since-long" in ids_for(shop, rosa)) is said

    def test_other_words_and_other_shops_do_not_rest(self, shop, regular):
        second = Shop.create(business=shop.business, name="Second Street")
        shown(regular, shop, TODAY - timedelta(days=3), "third-weekday")
        shown(regular, second, TODAY - timedelta(days=3))
        assert "the-usual" in ids_for(shop, regular)

    def test_words_no_rule_has_any_more_do_no_harm(self, shop, regular):
        shown(regular, shop, TODAY - timedelta(days=3), "of-an-earlier-version")
        assert "the-usual" in ids_for(shop, regular)

    @pytest.mark.parametrize(("outcome", "again"), [("said", NO), ("skipped", YES), ("shown", YES)])
    def test_how_a_name_is_said_is_offered_until_it_was_tried(self, shop, rosa, outcome, again):
        rosa.say_as = "ROH-za"
        rosa.save()
        Told.create(customer=rosa, what="say_as", day=TODAY - timedelta(days=400))
        shown(rosa, shop, TODAY - timedelta(days=380), "say-as", outcome, say_as="ROH-za")
        assert ("say-as" in ids_for(shop, rosa)) is again
        rosa.say_as = "ROO-za"
        rosa.save()
        assert "say-as" in ids_for(shop, rosa)

    def test_an_undone_arrival_leaves_the_words_for_next_time(self, phone, shop, regular, at):
        visit = phone.act("visit.create", customer=str(regular.id))["result"]["visit"]
        assert Visit.select().where(Visit.prompt.is_null(False)).count() == 1
        phone.act("visit.undo", visit=visit)
        assert Visit.select().where(Visit.prompt.is_null(False)).count() == 0


class TestACrowd:
    def crowd(self, shop, sam, count, minutes_ago=2):
        for i in range(count):
            at = TUESDAY - timedelta(minutes=minutes_ago, seconds=i)
            Visit.create(customer=someone(shop, f"Guest {i}"), shop=shop, day=TODAY, at=at, staff=sam)

    @pytest.mark.parametrize(
        ("arrivals", "minutes_ago", "said"),
        [
            pytest.param(0, 2, True, id="nobody else"),
            pytest.param(CROWD, 2, True, id="six within five minutes"),
            pytest.param(CROWD + 1, 2, False, id="seven within five minutes"),
            pytest.param(CROWD + 1, 6, True, id="seven, but a while ago"),
        ],
    )
    def test_leaves_no_time_for_words(self, shop, sam, regular, arrivals, minutes_ago, said):
        self.crowd(shop, sam, arrivals, minutes_ago)
        listed = expected.day_list(shop, TODAY)
        Expected.delete().execute()
        Expected.create(
            day_list=listed,
            customer=regular,
            probability=0.5,
            reason={},
            prompts=[{"id": "the-usual", "usual": "Flat white"}],
        )
        on_the_list = {line.customer.id: line for line in lines.lines(shop, TODAY, TUESDAY)}[regular.id]
        assert bool(on_the_list.prompt) is said
        assert bool(said_to(regular, shop)) is said

    def test_still_greets_somebody_for_the_second_time(self, shop, sam, rosa):
        came(rosa, shop, TODAY - timedelta(days=3))
        self.crowd(shop, sam, CROWD + 1)
        assert said_to(rosa, shop)["id"] == "second-visit"

    def test_does_not_use_up_the_words(self, shop, phone, sam, regular):
        self.crowd(shop, sam, CROWD + 1)
        phone.act("visit.create", customer=str(regular.id))
        assert Visit.select().where(Visit.prompt.is_null(False)).count() == 0


class TestOneAtMost:
    def test_a_row_shows_one_prompt_though_three_hold(self, phone, shop, rosa):
        came(rosa, shop, *days_before(TODAY, 35, 28, 21))
        Usual.create(customer=rosa, shop=shop, text="Flat white", day=TODAY)
        for n in range(96):
            Visit.create(
                customer=rosa, shop=shop, day=TODAY - timedelta(days=21), at=clock.now() - timedelta(days=21, seconds=n)
            )
        row = phone.post(f"/customers/{rosa.id}/visits", htmx=True).text
        assert row.count('data-testid="prompt"') == 1
        assert "Back after a while." in row

    def test_two_arrivals_of_one_day_keep_one(self, phone, shop, regular, at):
        phone.act("visit.create", customer=str(regular.id))
        at(TUESDAY + timedelta(hours=3))
        phone.act("visit.create", customer=str(regular.id))
        kept = Visit.select().where(Visit.prompt.is_null(False))
        assert [visit.day for visit in kept] == [TODAY]


class TestWhenWhatWeKnowChanges:
    def test_a_new_usual_is_offered_at_once_on_the_list(self, phone, shop, rosa):
        came(rosa, shop, *days_before(TODAY, 9, 5, 2))
        listed = expected.day_list(shop, TODAY)
        Expected.delete().execute()
        Expected.create(
            day_list=listed, customer=rosa, probability=0.5, reason={"kind": "visits", "came": 3}, prompts=[]
        )
        phone.act("usual.set", customer=str(rosa.id), text="Cortado")
        assert Expected.get().prompts[0]["usual"] == "Cortado"
        phone.act("usual.set", customer=str(rosa.id), text="")
        assert Expected.get().prompts == []
        assert DayList.select().count() == 1


class TestWhatIsKnown:
    def test_comes_from_what_the_customer_told(self, shop, rosa, sam):
        rosa.say_as, rosa.call, rosa.child = "ROH-za", "Mrs Marchetti", True
        rosa.save()
        Told.create(customer=rosa, what="say_as", author=sam, day=TODAY - timedelta(days=3))
        Told.create(customer=rosa, what="quiet", day=TODAY)
        Told.create(customer=rosa, what="quick", day=TODAY + timedelta(days=1))
        found = what_is_known(shop, rosa)
        assert (found.name, found.say_as, found.call, found.child) == (
            "Rosa Marchetti",
            "ROH-za",
            "Mrs Marchetti",
            True,
        )
        assert found.told == {"say_as": Learned(TODAY - timedelta(days=3), "Sam"), "quiet": Learned(TODAY)}

    def test_has_the_chips_of_this_shop_that_are_not_private(self, shop, rosa, sam):
        second = Shop.create(business=shop.business, name="Second Street")
        day = TODAY - timedelta(days=3)
        for where, private, chip, on in [
            (shop, False, "usual hurry", day),
            (shop, True, "new", day),
            (second, False, "new", day),
            (None, False, "new", day),
            (shop, False, "", day),
            (shop, False, "new", TODAY),
        ]:
            Note.create(
                customer=rosa,
                shop=where,
                author=sam,
                text="x",
                chips=chip,
                private=private,
                day=on,
                at=shop.at(on, 480),
            )
        assert what_is_known(shop, rosa).notes == (Noted(day, frozenset({"usual", "hurry"}), "Sam"),)

    def test_matches_appointments_with_arrivals_in_the_shops_own_time(self, shop, rosa):
        winter, summer = date(2026, 1, 20), date(2026, 7, 21)
        cancelled, missed = date(2026, 8, 4), date(2026, 8, 11)
        for day, state in [
            (winter, "booked"),
            (summer, "booked"),
            (cancelled, "cancelled"),
            (missed, "missed"),
            (TODAY, "booked"),
        ]:
            Appointment.create(customer=rosa, shop=shop, day=day, starts_at=shop.at(day, 600), state=state)
            came(rosa, shop, day, minute=590)
        came(rosa, shop, summer, minute=900)
        assert what_is_known(shop, rosa).kept == (Kept(winter, 600, 590), Kept(summer, 600, 590))

    def test_names_who_marked_the_last_visits_and_those_who_joined(self, shop, rosa, sam, ana):
        first, second = days_before(TODAY, 9, 5)
        Visit.create(customer=rosa, shop=shop, day=first, at=shop.at(first, 480), staff=sam)
        visit = Visit.create(customer=rosa, shop=shop, day=second, at=shop.at(second, 481), staff=sam)
        Witness.create(visit=visit, staff=ana, at=visit.at)
        found = what_is_known(shop, rosa)
        assert found.marked == ((first, {sam.id}), (second, {sam.id, ana.id}))
        assert found.met == {sam.id, ana.id}
        assert found.arrivals == {first: 480, second: 481}

    def test_does_not_know_who_has_met_them_while_one_visit_has_no_name(self, shop, rosa, sam):
        day = TODAY - timedelta(days=9)
        visit = Visit.create(customer=rosa, shop=shop, day=day, at=shop.at(day, 480))
        assert what_is_known(shop, rosa).met is None
        Witness.create(visit=visit, staff=sam, at=visit.at)
        assert what_is_known(shop, rosa).met == {sam.id}

    def test_counts_as_met_who_wrote_anything_or_saw_them_elsewhere(self, shop, rosa, sam, ana):
        bea, cleo = hire(shop, "Bea"), hire(shop, "Cleo")
        second = Shop.create(business=shop.business, name="Second Street")
        day = TODAY - timedelta(days=9)
        Visit.create(customer=rosa, shop=second, day=day, at=shop.at(day, 480), staff=sam)
        Usual.create(customer=rosa, shop=shop, text="Tea", author=ana, day=day)
        Told.create(customer=rosa, what="call", author=bea, day=day)
        Note.create(customer=rosa, shop=second, author=cleo, text="Likes the window", private=True, day=day, at=TUESDAY)
        found = what_is_known(shop, rosa)
        assert found.met == {sam.id, ana.id, bea.id, cleo.id}
        assert found.elsewhere == day

    def test_knows_who_has_left(self, shop, rosa, sam, ana):
        Staff.update(left_at=clock.now()).where(Staff.id == ana.id).execute()
        found = what_is_known(shop, rosa)
        assert ana.id not in found.team
        assert found.names[ana.id] == "Ana"
        assert found.team[sam.id] == "Sam"

    def test_knows_where_our_records_begin_and_when_we_are_closed(self, shop, rosa, okafor):
        shop.hours = [["08:00", "18:00"]] * 5 + [None, None]
        shop.called = "patient"
        shop.save()
        came(okafor, shop, TODAY - timedelta(days=500))
        found = what_is_known(shop, rosa)
        assert (found.records, found.closed, found.patients) == (TODAY - timedelta(days=500), {5, 6}, True)

    def test_knows_nothing_of_this_day_or_later(self, shop, rosa, sam):
        for day in (TODAY, TODAY + timedelta(days=1)):
            Visit.create(customer=rosa, shop=shop, day=day, at=shop.at(day, 480), staff=sam, prompt={"id": "call"})
            Appointment.create(customer=rosa, shop=shop, day=day, starts_at=shop.at(day, 480))
        found = what_is_known(shop, rosa)
        assert (found.history.visits, found.kept, found.marked, found.met, found.recent) == (
            0,
            (),
            (),
            frozenset(),
            frozenset(),
        )

    def test_asks_as_many_questions_for_sixty_as_for_one(self, shop, sam):
        people = [someone(shop, f"Guest {n}") for n in range(60)]
        for n, one in enumerate(people):
            came(one, shop, *days_before(TODAY, 30 + n, 20, 10), minute=480 + n)
            Told.create(customer=one, what="call", author=sam, day=TODAY)
            Usual.create(customer=one, shop=shop, text="Tea", author=sam, day=TODAY)
            Appointment.create(customer=one, shop=shop, day=TODAY - timedelta(days=20), starts_at=TUESDAY)
        counts = []
        for some in (people[:1], people):
            past = histories(shop, [one.id for one in some], TODAY)
            with counted_queries() as seen:
                assert len(prompts_for(shop, past, TODAY)) == len(some)
            counts.append(len(seen))
        assert counts[0] == counts[1] <= 16

    def test_asks_nothing_for_nobody(self, shop):
        with counted_queries() as seen:
            assert prompts_for(shop, {}, TODAY) == {}
        assert seen == []


def silent(back: int, **more: Any) -> tuple[OurMistake, ...]:
    """Return a reminder of ours that failed so many days ago."""
    day = TODAY - timedelta(days=back)
    return (OurMistake(3, "Our reminder did not reach them.", "Ana", day, about="reminder:7", **more),)


class TestOurSilence:
    @pytest.mark.parametrize(
        ("who", "told"),
        rows(
            [
                ("yesterday, a Monday", known(9, mistakes=silent(1)), (0, False)),
                ("on Friday, which was last week", known(9, mistakes=silent(4)), (4, True)),
                ("on Tuesday a week ago", known(9, mistakes=silent(7)), (None, True)),
                ("on the Monday of last week", known(9, mistakes=silent(8)), (None, True)),
                ("the Sunday before", known(9, mistakes=silent(9)), (None, False)),
                ("today: it is told when they are late", known(9, mistakes=silent(0)), None),
                ("somebody said sorry", known(9, mistakes=silent(1, said_sorry=True)), None),
                ("another mistake", known(9, mistakes=(OurMistake(*OPEN),)), None),
            ]
        ),
    )
    def test_is_owned_up_to_until_somebody_said_sorry(self, who, told):
        facts = facts_of("our-silence", who)
        assert (facts and (facts["weekday"], facts["last_week"])) == told

    def test_is_no_other_mistake_as_well(self):
        assert facts_of("our-mistake", known(9, mistakes=silent(1))) is None

    def test_is_over_once_somebody_said_sorry(self):
        thanks: dict[str, Any] = {"usual": "Tea", "usual_since": TODAY}
        assert best(known(9, 5, 2, mistakes=silent(1, said_sorry=True), **thanks)) == "the-usual"
        assert best(known(9, 5, 2, mistakes=silent(1), **thanks)) == "our-silence"


class TestLateAfterOurSilence:
    @pytest.mark.parametrize(
        ("who", "visits"),
        rows(
            [
                ("in time for five", kept(0, -5, 0, 10, 0, lost=LOST), 5),
                ("in time for four: no first is claimed", kept(0, 0, 0, 0, lost=LOST), None),
                ("late once before", kept(0, 0, 20, 0, 0, 0, lost=LOST), None),
            ]
        ),
    )
    def test_claims_a_first_only_of_many(self, who, visits):
        facts = facts_of("late-our-silence", who)
        assert facts["visits"] == visits
        assert facts["dates"]

    @pytest.mark.parametrize(
        ("moment", "says"),
        [
            pytest.param(Moment(now=605, booked=600), NO, id="within the grace"),
            pytest.param(Moment(now=611, booked=600), YES, id="later than the grace"),
            pytest.param(Moment(now=700, booked=600, arrived=630), YES, id="came late"),
            pytest.param(Moment(now=700, booked=600, arrived=595), NO, id="came in time"),
            pytest.param(Moment(now=721, booked=600), NO, id="after two hours they have not come"),
        ],
    )
    def test_is_said_of_who_is_late(self, moment, says):
        prompt = offered(candidates(kept(0, 0, every=5, lost=LOST)), moment)
        assert bool(prompt) is says
        assert not prompt or prompt["here"] is (moment.arrived is not None)

    @pytest.mark.parametrize(
        ("unreminded", "arrived", "said"), [(True, 725, None), (False, 725, "the-usual"), (True, 600, "the-usual")]
    )
    def test_and_nothing_cheerful_however_late_they_come(self, unreminded, arrived, said):
        words = candidates(kept(0, 0, 0, every=5, lost=LOST, usual="Tea", usual_since=TODAY))
        prompt = offered(words, Moment(now=730, booked=600, arrived=arrived, unreminded=unreminded))
        assert (prompt and prompt["id"]) == said

    def test_is_not_said_again_once_somebody_said_sorry(self):
        assert facts_of("late-our-silence", kept(0, 0, lost=LOST, mistakes=silent(1, said_sorry=True))) is None
        assert facts_of("late-our-silence", kept(0, 0, lost=LOST, mistakes=silent(1))) is not None

    def test_of_a_child_it_is_for_whoever_brings_them(self):
        child = kept(0, 0, 0, 0, 0, lost=LOST, child=True, usual="Milk")
        assert candidates(child) == []
        told = candidates(replace(child, brings=("Rosa", "she")))
        assert [(one["id"], one["to"]) for one in told] == [("late-our-silence", "Rosa")]
