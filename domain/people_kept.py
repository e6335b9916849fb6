"""What the owner's page of people lists, made at night: regulars, who grows, who fades, who is most faithful, as of a morning.

All of it is read from everybody's visits, which takes seconds in a large shop; so the background makes it once the day's
list stands, and again whenever that list was made again (a visit of an earlier day came or went). What may change within
the day (states, firms, bookings, promises, mistakes) is not in it: `domain.people` lays that over it when it is asked.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from heapq import nsmallest
from typing import Any

from peewee import Case, fn

from domain import history, nights, settings, states
from domain.expected import day_list
from domain.forecast import Habit, Rhythm
from domain.staying import Change
from models import Customer, PeopleKept, Shop, Visit

LATELY = timedelta(weeks=8)  # who came on so many days of these as the shop has set is called a regular
FAITHFUL = 24  # more than are shown: some may be gone by the time it is
STILL_COMES = timedelta(days=56)  # somebody not seen for longer is no longer the most faithful
WEEKS = 12
_making = threading.Lock()


@dataclass(frozen=True, slots=True)
class Counted:
    """A regular of the last eight weeks, in counts."""

    customer: int
    visits: int
    greeted: int  # visits on which they were greeted by name
    here: int  # visits last week
    greeted_here: int  # of these, greeted by name


@dataclass(frozen=True, slots=True)
class Turned:
    """Somebody, or a firm, who grows or fades: `domain.staying.Change`, as much of it as is told."""

    kind: str
    customers: list[int]
    firm: int | None
    usual_gap: float | None
    last_visit: str
    lately: int
    before: int
    weeks: list[int]  # on how many days any of them came, in each of the last twelve whole weeks


@dataclass(frozen=True, slots=True)
class Stayed:
    """Somebody who has come on many days; `streak` are the open days in a row up to the last one."""

    customer: int
    days: int
    since: str
    streak: int


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of a morning, each in the order it is shown in."""

    regulars: list[Counted]
    growing: list[Turned]
    fading: list[Turned]
    faithful: list[Stayed]


def lists(shop: Shop, day: date) -> Lists:
    """Return a day's lists, made now if nobody has yet. One query where they are kept."""
    kept = _kept(shop, day)
    if kept is None:
        with _making:  # one thread makes them, the others wait for it
            kept = _kept(shop, day) or keep(shop, day)
    told = kept.lists
    return Lists(
        [Counted(*one) for one in told["regulars"]],
        [Turned(**one) for one in told["growing"]],
        [Turned(**one) for one in told["fading"]],
        [Stayed(*one) for one in told["faithful"]],
    )


def keep_again(shop: Shop, day: date, number: int) -> None:
    """Make a day's lists where they are missing, or were made beside another list of the day than the one of this number."""
    if PeopleKept.select(PeopleKept.day_list).where(_of(shop, day)).scalar() != number:
        keep(shop, day)


def _of(shop: Shop, day: date) -> Any:
    return (PeopleKept.shop == shop.id) & (PeopleKept.day == day)


def _kept(shop: Shop, day: date) -> PeopleKept | None:
    return PeopleKept.get_or_none(_of(shop, day))


def keep(shop: Shop, day: date) -> PeopleKept:
    """Make the lists of a day and return them, kept. Not per page view: it reads everybody's habit and eight weeks of visits."""
    beside = day_list(shop, day).id  # first: if it is made again meanwhile, so are these
    found = nights.relationships(shop, day)
    told = {
        "regulars": _regulars(shop, day),
        "growing": [_turned(one, found.rhythm, day) for one in found.growing()],
        "fading": [_turned(one, found.rhythm, day) for one in found.fading()],
        "faithful": _faithful(shop, found.rhythm, found.out, day),
    }
    made = {"day": day, "day_list": beside, "lists": told}
    PeopleKept.insert(shop=shop.id, **made).on_conflict(conflict_target=[PeopleKept.shop], update=made).execute()
    return PeopleKept(shop=shop.id, **made)


def _regulars(shop: Shop, day: date) -> list[tuple[int, ...]]:
    """Return the regulars of the last eight weeks, who came most often first. One query."""
    monday = day - timedelta(days=day.weekday())
    last_week = (Visit.day >= monday - timedelta(weeks=1)) & (Visit.day < monday)
    greeted = Visit.greeted_by_name == True  # noqa: E712  null: nobody said
    days, visits = fn.COUNT(Visit.day.distinct()), fn.COUNT(Visit.id)
    query = (
        Visit.select(
            Visit.customer,
            visits,
            fn.COUNT(Case(None, [(greeted, 1)])),
            fn.COUNT(Case(None, [(last_week, 1)])),
            fn.COUNT(Case(None, [(last_week & greeted, 1)])),
        )
        .join(Customer)
        .where((Visit.shop == shop.id) & (Visit.day >= day - LATELY) & (Visit.day < day) & states.sought())
        .group_by(Visit.customer)
        .having(days >= settings.of(shop).regular_visits)
        .order_by(visits.desc(), Visit.customer)
    )
    return list(query.tuples())


def _turned(change: Change[int, int], rhythm: Rhythm[int], day: date) -> dict[str, Any]:
    begins = day - timedelta(days=day.weekday(), weeks=WEEKS)
    days = {came for one in change.customers for came, _ in rhythm.habits[one].visits}
    weeks = Counter((came - begins).days // 7 for came in days)
    return asdict(
        Turned(
            change.kind, list(change.customers), change.firm, change.usual_gap, change.last_visit.isoformat(), change.lately,
            change.before, [weeks[week] for week in range(WEEKS)],
        )
    )  # fmt: skip


def _faithful(shop: Shop, rhythm: Rhythm[int], out: Any, day: date) -> list[tuple[int, int, str, int]]:
    """Return who has come on the most days and still comes. Presence counts, not what was bought. One query."""

    def rank(one: tuple[int, Habit]) -> tuple[int, int, int]:
        return -one[1].n, one[1].first, one[0]

    coming = (
        (number, habit)
        for number, habit in rhythm.habits.items()
        if number not in out and habit.latest >= day - STILL_COMES
    )
    best = nsmallest(FAITHFUL, coming, key=rank)
    came: dict[int, set[date]] = defaultdict(set)
    rows = Visit.select(Visit.customer, Visit.day).where(
        history.visits_before(shop, [number for number, _ in best], day)
    )
    for number, visited in rows.tuples():
        came[number].add(visited)
    open_days = rhythm.days[: bisect_left(rhythm.days, day)]
    return [(number, habit.n, habit.since.isoformat(), _streak(came[number], open_days)) for number, habit in best]


def _streak(came: set[date], open_days: list[date]) -> int:
    """Return on how many open days in a row they came, up to the last one."""
    streak = 0
    for opened in reversed(open_days):
        if opened not in came:
            break
        streak += 1
    return streak
