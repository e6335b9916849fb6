"""Why somebody is expected, as facts a person can check against the visit book; words are made elsewhere.

A claim is made only where the visit days kept with a habit bear it out literally. All windows are calendar days and
shorter than the 40 visit days kept, so what is kept always decides them. The forecast only says which claim to try
first: the one that set this customer apart that day (docs/forecast.md, "The reason").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from domain.arrival import CLOCK_MINUTES, SAMPLE, Arrival
from domain.forecast import Forecast, Habit

GROUPS = {
    "weekday": ("wd_fast", "wd_slow", "streak_wk", "lag7", "shop_wd", "own_weekday"),
    "often": ("rate7", "rate28", "rate_all", "log_n", "shop_now"),
    "rhythm": ("log_r", "overdue_pos", "haz_near", "cv", "lastgap", "own_pause"),
    "yesterday": ("lag1",),
}
NEW_FACE_DAYS = 28
DATES_SHOWN = 14
GAPS_LOOKED_AT = 6
SATURDAY = 5

Days = Sequence[date]


@dataclass(frozen=True, slots=True)
class Reason:
    """One claim: its `kind` and the numbers in it, all fit for JSON (days as ISO dates, oldest first).

    `facts["dates"]` holds up to 14 of the latest visit days that bear the claim out. The kinds and their other facts:

    - `new-face`, `visits`: `came` visit days in all, the first included, `since` that day
    - `weekdays`: `came` of the last `of` Mondays to Fridays, on `days`, and hardly ever at weekends
    - `every-day`: `came` of the last `of` days; both with `timed`, whether half of such arrivals lie in the window shown
    - `weekday`: `came` of the last `of` such days of the week, `weekday` 0 (Monday) to 6
    - `weekday-around`: the same, and at about `minute` after midnight, three of these at least; `minutes` of each
    - `two-weeks`, `four-weeks`: `came` days in that time
    - `every-n-days`: the middle `gap` and the last `gaps`, in days
    - `yesterday`: nothing more
    """

    kind: str
    facts: dict[str, Any]


def reason_for(forecast: Forecast[Any], habit: Habit, arrival: Arrival, day: date) -> Reason:
    """Return the best true reason to expect this customer on `day`, on which they have not yet come.

    `habit` is as of the days before `day`, and the others are of that habit and day.
    """
    days = [came for came, _ in habit.visits]
    in_all = {"came": habit.n, "since": habit.since.isoformat()}
    if (day - habit.since).days < NEW_FACE_DAYS:
        return _reason("new-face", days, **in_all)
    if most := _most_days_claim(habit, days, day, arrival):
        return most  # nothing tells more of a person than coming nearly every day
    weights = forecast.weights
    pull = {group: sum(max(0.0, weights[name]) for name in names) for group, names in GROUPS.items()}
    for group in sorted(GROUPS, key=lambda group: -pull[group]):
        if reason := _CLAIMS[group](habit, days, day, arrival):
            return reason
    return _reason("visits", days, **in_all)


def without_time(reason: dict[str, Any]) -> dict[str, Any]:
    """Return a reason, as it is stored, without its time of day: for when another time is told than the morning's."""
    if reason["kind"] == "weekday-around":
        return {name: fact for name, fact in reason.items() if name not in ("minute", "minutes")} | {"kind": "weekday"}
    return {**reason, "timed": False} if "timed" in reason else reason


def _reason(kind: str, dates: Days, **facts: Any) -> Reason:
    return Reason(kind, {**facts, "dates": _iso(dates[-DATES_SHOWN:])})


def _iso(days: Days) -> list[str]:
    return [day.isoformat() for day in days]


def same_weekdays(end: date, came: Days | set[date]) -> list[date]:
    """Return those visit days that are one of the 4 same days of the week up to and including `end`, oldest first."""
    return [same for same in (end - timedelta(weeks=back) for back in (3, 2, 1, 0)) if same in came]


def _most_days_claim(habit: Habit, days: Days, day: date, arrival: Arrival) -> Reason | None:
    """Every working day, or every day; `timed` where half of the last 12 such arrivals lie in the window to be shown."""
    fortnight = _within(days, day, 14)
    working = [came for came in fortnight if came.weekday() < SATURDAY]  # 14 days hold 10 of these
    if day.weekday() < SATURDAY and len(working) >= 8 and len(fortnight) - len(working) <= 1:
        timed = _timed([visit for visit in habit.visits if visit[0].weekday() < SATURDAY], arrival)
        return _reason("weekdays", working, came=len(working), of=10, days=_iso(working), timed=timed)
    lately = _within(days, day, 10)
    if len(lately) >= 8:
        return _reason("every-day", lately, came=len(lately), of=10, timed=_timed(habit.visits, arrival))
    return None


def _timed(visits: Sequence[tuple[date, int]], arrival: Arrival) -> bool:
    last = visits[-SAMPLE:]
    if arrival.earliest is None or arrival.latest is None:
        return False
    return 2 * sum(arrival.earliest <= minute <= arrival.latest for _, minute in last) >= len(last)


def _within(days: Days, day: date, count: int) -> list[date]:
    """Return the visit days among so many calendar days before a day."""
    return [came for came in days if day - timedelta(days=count) <= came < day]


def _weekday_claim(habit: Habit, days: Days, day: date, arrival: Arrival) -> Reason | None:
    """This day of the week, with a time where one is honest and these very visits were at that time."""
    same = same_weekdays(day - timedelta(weeks=1), days)
    if len(same) >= 3 and arrival.around is not None:
        minutes = [minute for came, minute in habit.visits if came in same]
        if sum(abs(minute - arrival.around) <= CLOCK_MINUTES for minute in minutes) >= 3:
            return _reason(
                "weekday-around",
                same,
                came=len(same),
                of=4,
                weekday=day.weekday(),
                minute=arrival.around,
                minutes=minutes,
            )
    if len(same) >= 2:
        return _reason("weekday", same, came=len(same), of=4, weekday=day.weekday())
    return None


def _often_claim(_habit: Habit, days: Days, day: date, _: Arrival) -> Reason | None:
    """At least 3 days in the last 14, or else in the last 28."""
    for kind, length in (("two-weeks", 14), ("four-weeks", 28)):
        lately = _within(days, day, length)
        if len(lately) >= 3:
            return _reason(kind, lately, came=len(lately))
    return None


def _rhythm_claim(_habit: Habit, days: Days, day: date, _: Arrival) -> Reason | None:
    """A steady gap of 3 days or more that comes round about now."""
    recent = days[-GAPS_LOOKED_AT - 1 :]
    gaps = [(later - earlier).days for earlier, later in pairwise(recent)]
    if len(gaps) < 3:
        return None
    gap = median(gaps)
    slack = max(1, 0.2 * gap)
    steady = sum(1 for g in gaps if abs(g - gap) <= slack)
    away = (day - recent[-1]).days
    if gap < 3 or 4 * steady < 3 * len(gaps) or not gap - slack <= away <= 2 * gap:
        return None
    return _reason("every-n-days", recent, gap=int(gap + 0.5), gaps=gaps)


def _yesterday_claim(_habit: Habit, days: Days, day: date, _: Arrival) -> Reason | None:
    """Came the day before."""
    return _reason("yesterday", days[-1:]) if days[-1] == day - timedelta(days=1) else None


_CLAIMS: dict[str, Callable[[Habit, Days, date, Arrival], Reason | None]] = {
    "weekday": _weekday_claim,
    "often": _often_claim,
    "rhythm": _rhythm_claim,
    "yesterday": _yesterday_claim,
}
