"""Why somebody is expected: every claim is true in the visit book."""

import json
import random
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

import pytest
from hypothesis import given, settings, strategies as st

import words
from domain.arrival import Arrival
from domain.forecast import Forecast, Habit, Outlook, Rhythm, learn_from, replay
from domain.reasons import GROUPS, reason_for, without_time
from tests.domain.test_forecast import small_histories
from tests.oracles.grocery import shops
from tests.scenarios.test_sixteen_grocers import claim_is_true

MONDAY = date(2024, 3, 4)
NAMES = tuple(name for names in GROUPS.values() for name in names)
NO_TIME = Arrival(600)
AT_NOON = Arrival(727, around=730, earliest=720, latest=740, part_of_day="midday")


def pulled_by(*groups):
    """Return a forecast in which these groups, strongest first, set the customer apart; the others pull away."""
    pull = {name: (len(groups) - i) / len(GROUPS[group]) for i, group in enumerate(groups) for name in GROUPS[group]}
    features = tuple(pull.get(name, -1.0) for name in NAMES)
    outlook = Outlook(NAMES, (1.0,) * len(NAMES), (0.0,) * len(NAMES), lambda _habit: features)
    return Forecast("rosa", 0.5, Habit(MONDAY.toordinal(), 600, 0, 0), outlook)


def habit_of(days, minute=730):
    rhythm = Rhythm[str]()
    for day in sorted(days):
        rhythm.night(day, {"rosa": minute}, learn=False)
    return rhythm.habits["rosa"]


def ago(*counts, day=MONDAY):
    return [day - timedelta(days=count) for count in counts]


def weekdays_before(day, count, skip=()):
    """Return the last so many Mondays to Fridays before a day, less those at the places skipped (1 is the latest)."""
    days = [each for each in ago(*range(1, 2 * count + 8), day=day) if each.weekday() < 5][:count]
    return [each for place, each in enumerate(days, start=1) if place not in skip]


LONG_AGO = ago(200, 150)
EVERY_DAY = ago(*range(1, 40))
FORTNIGHTLY_FIVE = [*LONG_AGO, *ago(30, 25, 20, 15, 10, 5)]

CLAIMS = [
    (
        "ten of the last ten working days, never at weekends",
        ("weekday", MONDAY, weekdays_before(MONDAY, 60), NO_TIME),
        ("weekdays", {"came": 10, "of": 10}),
    ),
    (
        "eight of the last ten working days will do",
        ("weekday", MONDAY, weekdays_before(MONDAY, 60, skip=(2, 5)), NO_TIME),
        ("weekdays", {"came": 8, "of": 10}),
    ),
    (
        "seven of the last ten will not: the weekday is claimed",
        ("weekday", MONDAY, weekdays_before(MONDAY, 60, skip=(2, 4, 8)), NO_TIME),
        ("weekday", {"came": 4, "of": 4, "weekday": 0}),
    ),
    (
        "one Saturday does no harm to working days",
        ("weekday", MONDAY, [*weekdays_before(MONDAY, 60), *ago(2)], NO_TIME),
        ("weekdays", {"came": 10}),
    ),
    (
        "nor does a Sunday more than two weeks ago",
        ("weekday", MONDAY, [*weekdays_before(MONDAY, 60), *ago(2, 15)], NO_TIME),
        ("weekdays", {"came": 10}),
    ),
    (
        "both days of a weekend are too many: every day, or eight of ten",
        ("weekday", MONDAY, [*weekdays_before(MONDAY, 60), *ago(1, 2)], NO_TIME),
        ("every-day", {"came": 8, "of": 10}),
    ),
    (
        "working days are not claimed for a Saturday",
        ("weekday", MONDAY + timedelta(days=5), weekdays_before(MONDAY + timedelta(days=5), 60), NO_TIME),
        ("every-day", {"came": 8, "of": 10}),
    ),
    ("came every day", ("weekday", MONDAY, EVERY_DAY, NO_TIME), ("every-day", {"came": 10, "of": 10})),
    (
        "three of the last four Mondays at noon",
        ("weekday", MONDAY, [*LONG_AGO, *ago(28, 21, 7)], AT_NOON),
        ("weekday-around", {"came": 3, "of": 4, "weekday": 0, "minute": 730}),
    ),
    (
        "three of the last four Mondays, at no honest time",
        ("weekday", MONDAY, [*LONG_AGO, *ago(28, 21, 7)], NO_TIME),
        ("weekday", {"came": 3, "of": 4, "weekday": 0}),
    ),
    (
        "two of the last four Mondays at noon: no time is claimed",
        ("weekday", MONDAY, [*LONG_AGO, *ago(21, 7)], AT_NOON),
        ("weekday", {"came": 2, "of": 4, "weekday": 0}),
    ),
    (
        "one of the last four Mondays: nothing of Mondays",
        ("weekday", MONDAY, [*LONG_AGO, *ago(35, 7)], AT_NOON),
        ("visits", {"came": 4, "since": "2023-08-17"}),
    ),
    (
        "three times in two weeks",
        ("often", MONDAY, [*LONG_AGO, *ago(14, 9, 3)], NO_TIME),
        ("two-weeks", {"came": 3}),
    ),
    (
        "the fifteenth day back is not in two weeks",
        ("often", MONDAY, [*LONG_AGO, *ago(15, 9, 3)], NO_TIME),
        ("four-weeks", {"came": 3}),
    ),
    (
        "the twenty-ninth day back is not in four weeks",
        ("often", MONDAY, [*LONG_AGO, *ago(29, 9, 3)], NO_TIME),
        ("visits", {"came": 5}),
    ),
    (
        "every five days, and due today",
        ("rhythm", MONDAY, FORTNIGHTLY_FIVE, NO_TIME),
        ("every-n-days", {"gap": 5, "gaps": [120, 5, 5, 5, 5, 5]}),
    ),
    (
        "every five days, and a day early",
        ("rhythm", MONDAY - timedelta(days=1), FORTNIGHTLY_FIVE, NO_TIME),
        ("every-n-days", {"gap": 5}),
    ),
    (
        "every five days, and came two days ago: too early to say so",
        ("rhythm", MONDAY - timedelta(days=3), FORTNIGHTLY_FIVE, NO_TIME),
        ("two-weeks", {"came": 3}),
    ),
    (
        "every five days, and long away: no longer said",
        ("rhythm", MONDAY + timedelta(days=6), FORTNIGHTLY_FIVE, NO_TIME),
        ("four-weeks", {"came": 4}),
    ),
    (
        "gaps of all lengths are no rhythm",
        ("rhythm", MONDAY, [*LONG_AGO, *ago(60, 58, 40, 36, 9)], NO_TIME),
        ("visits", {"came": 7}),
    ),
    (
        "daily is no gap of days",
        ("rhythm", MONDAY, [*LONG_AGO, *ago(*range(1, 8))], NO_TIME),
        ("two-weeks", {"came": 7}),
    ),
    (
        "a salon's six weeks",
        ("rhythm", MONDAY, ago(42 * 5 + 3, 42 * 4, 42 * 3, 42 * 2 + 4, 41), NO_TIME),
        ("every-n-days", {"gap": 44, "gaps": [45, 42, 38, 47]}),
    ),
    ("came yesterday", ("yesterday", MONDAY, [*LONG_AGO, *ago(1)], NO_TIME), ("yesterday", {})),
    (
        "came the day before yesterday: nothing of yesterday",
        ("yesterday", MONDAY, [*LONG_AGO, *ago(2)], NO_TIME),
        ("visits", {"came": 3, "since": "2023-08-17"}),
    ),
    (
        "first seen 27 days ago: a new face, whatever else holds",
        ("often", MONDAY, ago(*range(1, 28)), NO_TIME),
        ("new-face", {"came": 27, "since": "2024-02-06"}),
    ),
    (
        "first seen 28 days ago: no longer a new face",
        ("often", MONDAY, ago(*range(1, 29)), NO_TIME),
        ("every-day", {"came": 10, "timed": False}),
    ),
    (
        "more visits than are kept are still counted",
        ("often", MONDAY, ago(*range(40, 400, 3)), NO_TIME),
        ("visits", {"came": 120, "since": "2023-02-01"}),
    ),
]


class TestClaims:
    @pytest.mark.parametrize(("case", "expected"), [claim[1:] for claim in CLAIMS], ids=[claim[0] for claim in CLAIMS])
    def test_a_claim_is_made_where_it_holds(self, case, expected):
        group, day, days, arrival = case
        reason = reason_for(pulled_by(group), habit_of(days), arrival, day)
        assert reason.kind == expected[0]
        assert {fact: reason.facts[fact] for fact in expected[1]} == expected[1]
        assert_true(reason, dict.fromkeys(days, 730), day, arrival)

    def test_the_strongest_group_speaks_first_and_the_next_if_it_cannot(self):
        habit = habit_of([*LONG_AGO, *ago(21, 7, 2, 1)])
        assert reason_for(pulled_by("often", "weekday"), habit, NO_TIME, MONDAY).kind == "two-weeks"
        assert reason_for(pulled_by("weekday", "often"), habit, NO_TIME, MONDAY).kind == "weekday"
        assert reason_for(pulled_by("yesterday", "weekday"), habit, NO_TIME, MONDAY).kind == "yesterday"
        assert reason_for(pulled_by("rhythm", "yesterday", "often"), habit, NO_TIME, MONDAY).kind == "yesterday"

    def test_facts_are_fit_for_json_and_show_the_dates_they_count(self):
        facts = reason_for(pulled_by("weekday"), habit_of(EVERY_DAY), NO_TIME, MONDAY).facts
        assert json.loads(json.dumps(facts)) == facts
        assert facts["dates"] == [day.isoformat() for day in ago(*range(10, 0, -1))]


def assert_true(reason, book, day, arrival):
    """Check a reason against one customer's visit book, {day: minute}, without the code that made it."""
    facts = reason.facts
    came = {visit for visit in book if visit < day}
    back = [day - timedelta(days=count) for count in range(1, 57)]
    shown = [date.fromisoformat(each) for each in facts["dates"]]
    assert shown == sorted(set(shown))
    assert set(shown) <= came
    assert 1 <= len(shown) <= 14
    claimed = None  # the visit days that bear the claim out
    if reason.kind == "weekdays":
        claimed = [each for each in [d for d in back if d.weekday() < 5][: facts["of"]] if each in came]
        assert day.weekday() < 5
        assert len(claimed) >= 8
        assert facts["of"] == 10
        assert facts["days"] == [each.isoformat() for each in sorted(claimed)]
        assert len([each for each in back[:14] if each.weekday() >= 5 and each in came]) <= 1
    elif reason.kind == "every-day":
        claimed = [each for each in back[: facts["of"]] if each in came]
        assert len(claimed) >= 8
        assert facts["of"] == 10
    elif reason.kind in ("weekday", "weekday-around"):
        claimed = [each for each in [d for d in back if d.weekday() == day.weekday()][: facts["of"]] if each in came]
        assert facts["of"] == 4
        assert facts["weekday"] == day.weekday()
        assert len(claimed) >= (3 if reason.kind == "weekday-around" else 2)
        assert facts.get("minute") == (arrival.around if reason.kind == "weekday-around" else None)
    elif reason.kind in ("two-weeks", "four-weeks"):
        claimed = [each for each in back[: 14 if reason.kind == "two-weeks" else 28] if each in came]
        assert len(claimed) >= 3
    elif reason.kind == "every-n-days":
        latest = sorted(came)[-7:]
        gaps = [(b - a).days for a, b in pairwise(latest)]
        assert facts["gaps"] == gaps
        assert len(gaps) >= 3
        assert abs(facts["gap"] - median(gaps)) <= 0.5
        tolerance = max(1, median(gaps) * 0.2)
        assert len([gap for gap in gaps if abs(gap - median(gaps)) <= tolerance]) / len(gaps) >= 2 / 3
        assert facts["gap"] >= 2
        assert median(gaps) - tolerance <= (day - latest[-1]).days <= 2 * median(gaps)
        assert shown == latest[-14:]
    elif reason.kind == "yesterday":
        assert shown == [day - timedelta(days=1)]
    else:
        assert reason.kind in ("new-face", "visits")
        assert facts["came"] == len(came)
        assert facts["since"] == min(came).isoformat()
        assert ((day - min(came)).days < 28) is (reason.kind == "new-face")
        assert shown == sorted(came)[-14:]
    if claimed is not None:
        assert facts["came"] == len(claimed)
        assert shown == sorted(claimed)[-14:]


class TestGroceryStores:
    def test_every_reason_given_in_ten_november_days_of_sixteen_stores_is_true(self):
        given: Counter[str] = Counter()
        for days in shops().values():
            start = date(2017, 11, 14)
            rhythm = replay(days.items(), start, learn_from([day for day in days if day < start]))
            books: dict[str, dict[date, int]] = {}
            for day, came in days.items():
                for customer, minute in came.items():
                    books.setdefault(customer, {})[day] = minute
            for day in (start + timedelta(days=t) for t in range(10)):
                for forecast in rhythm.forecast(day):
                    who = forecast.customer
                    arrival = rhythm.arrival(who, day)
                    reason = reason_for(forecast, rhythm.habits[who], arrival, day)
                    assert_true(reason, books[who], day, arrival)
                    if reason.kind == "weekday-around" and arrival.around is not None:
                        past = [minute for visit, minute in books[who].items() if visit < day][-40:]
                        assert len([minute for minute in past if abs(minute - arrival.around) <= 20]) >= 2
                    given[reason.kind] += 1
                rhythm.night(day, days.get(day, {}), learn=True)
        assert given.total() > 10_000
        kinds = {"two-weeks", "four-weeks", "weekday", "weekday-around", "every-n-days", "yesterday", "new-face"}
        assert kinds | {"visits", "every-day"} <= given.keys()

    @pytest.mark.parametrize("seed", range(5))
    def test_every_reason_in_a_cafe_of_made_up_regulars_is_true(self, seed):
        chance = random.Random(seed)
        habits = [(chance.sample(range(7), chance.randint(1, 7)), chance.uniform(0.5, 1)) for _ in range(25)]
        days: dict[date, dict[str, int]] = {}
        books: dict[str, dict[date, int]] = {f"k{i}": {} for i in range(25)}
        for day in reversed(ago(*range(1, 80))):
            for i, (weekdays, share) in enumerate(habits):
                if day.weekday() in weekdays and chance.random() < share:
                    days.setdefault(day, {})[f"k{i}"] = books[f"k{i}"][day] = 420 + 20 * i + chance.randrange(40)
        rhythm = replay(days.items(), MONDAY, learn_from(list(days)))
        for forecast in rhythm.forecast(MONDAY):
            arrival = rhythm.arrival(forecast.customer, MONDAY)
            reason = reason_for(forecast, rhythm.habits[forecast.customer], arrival, MONDAY)
            assert_true(reason, books[forecast.customer], MONDAY, arrival)


@given(small_histories(), st.sampled_from([0, 3, 40]))
@settings(max_examples=120, deadline=None)
def test_every_sentence_about_a_generated_history_is_true(history, narrow):
    """`narrow`: everybody comes within so many minutes of eight, or at any time (0); then clock times are told as well."""
    days, day = history
    if narrow:
        days = {opened: {who: 480 + minute % narrow for who, minute in came.items()} for opened, came in days.items()}
    rhythm = replay(days.items(), day, learn_from(list(days)))
    for forecast in rhythm.forecast(day):
        book = {opened: came[forecast.customer] for opened, came in days.items() if forecast.customer in came}
        arrival = rhythm.arrival(forecast.customer, day)
        reason = reason_for(forecast, rhythm.habits[forecast.customer], arrival, day)
        assert_true(reason, book, day, arrival)
        window = None if arrival.earliest is None or arrival.latest is None else (arrival.earliest, arrival.latest)
        told = {"kind": reason.kind, **reason.facts}
        sentence = words.reason(told, window)
        assert claim_is_true(sentence, set(book), day, book), sentence
        for _from, _around, earliest, latest in rhythm.hours(forecast.customer, day, arrival).later:
            sentence = words.reason(without_time(told), (earliest, latest))
            assert claim_is_true(sentence, set(book), day, book), sentence


def test_most_tuesdays_around_a_time_is_said_only_of_tuesdays_at_that_time():
    """Who comes at ten past eight on other days and at five on Mondays does not come on Mondays at ten past eight."""
    mondays = dict.fromkeys(ago(28, 21, 14, 7), 17 * 60)
    others = {day: 490 for n in range(1, 12) for day in ago(7 * n - 2, 7 * n - 4)}
    days = {day: {"rosa": minute} for day, minute in sorted({**mondays, **others}.items())}
    rhythm = replay(days.items(), MONDAY, None)
    arrival = Arrival(490, around=490, earliest=480, latest=500)
    reason = reason_for(pulled_by("weekday"), rhythm.habits["rosa"], arrival, MONDAY)
    assert (reason.kind, reason.facts["came"]) == ("weekday", 4)
    tuesday = Arrival(1020, around=1020, earliest=1010, latest=1030)
    reason = reason_for(pulled_by("weekday"), rhythm.habits["rosa"], tuesday, MONDAY)
    assert (reason.kind, reason.facts["minutes"]) == ("weekday-around", [1020] * 4)
