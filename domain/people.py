"""The owner's page of people: whom we greet and whom we do not, who grows, fades, is faithful, sends us others, and left.

It costs eight queries beside the shop's rhythm, however many customers there are. Nobody whom we do not look out for is
named, but for those who left, with why (`domain.states`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from peewee import JOIN, Case, fn

from domain import nights, states
from domain.card import Dots
from domain.forecast import Habit, Rhythm
from domain.referrals import Sender, who_sends
from domain.staying import Change
from models import Belonging, Customer, Household, Mistake, Promise, Shop, Visit

LATELY = timedelta(weeks=8)
REGULAR_DAYS = 6  # visit days within eight weeks: then somebody is called a regular here
YEAR = timedelta(days=365)
SHOWN = 8  # of each list; more than that, nobody acts on
FAITHFUL = 8
STILL_COMES = timedelta(days=56)  # somebody not seen for longer is no longer the most faithful
WEEKS = 12


@dataclass(slots=True)
class Regular:
    """Somebody, or a firm, of the last eight weeks."""

    customers: list[Customer]
    firm: str = ""
    visits: int = 0
    days: int = 0
    greeted: int = 0  # visits on which they were greeted by name
    here: int = 0  # visits last week
    greeted_here: int = 0  # of these, greeted by name


@dataclass(frozen=True, slots=True)
class Week:
    """Last week's regulars, Monday to Sunday, and how many of them were greeted by name."""

    regulars: int
    greeted: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody, or a firm, who grows or fades, with one kind next step: our own mistake or debt before all else."""

    change: Change[int, int]
    customers: list[Customer]
    firm: str
    step: str  # "mistake", "owed", "greet" or "hello"
    about: str = ""  # the mistake or promise, in our words
    since: date | None = None
    dots: Dots | None = None


@dataclass(frozen=True, slots=True)
class Faithful:
    """Somebody who has come on many days; `streak` are the open days in a row up to the last one."""

    customer: Customer
    days: int
    since: date
    streak: int


@dataclass(frozen=True, slots=True)
class Gone:
    """Somebody, or a firm, who left, and why, where they said."""

    name: str
    customer: int | None  # whose card there is
    on: date | None
    reason: str


@dataclass(slots=True)
class People:
    week: Week
    regulars: int
    unknown: list[Regular]  # firms first, then the most visits
    growing: list[Turn]
    fading: list[Turn]
    faithful: list[Faithful]
    senders: list[Sender]
    left: list[Gone]
    more: dict[str, int] = field(default_factory=dict)  # how many of a list are not shown


def people(shop: Shop, now: datetime) -> People:
    """Return what the page shows."""
    day = shop.day_of(now)
    circles = _circles(shop)
    regulars = _regulars(shop, day)
    found = nights.relationships(shop, day)
    fading = [one for one in found.fading() if one.firm is None or one.firm in circles]
    growing, best = found.growing(), _most_days(found.rhythm, found.out, day)
    named = {number for one in (*fading, *growing) for number in one.customers} | {number for number, _ in best}
    who = {one.id: one for one in Customer.select().where(Customer.id.in_(named))}
    owed, wrong = _owed(shop, fading), _wrong(shop, fading)
    greeted = {number for number, one in regulars.items() if one.greeted}
    known = {number: habit for number, habit in found.rhythm.habits.items() if number in named}

    def turn(change: Change[int, int]) -> Turn:
        firm = circles[change.firm].name if change.firm is not None else ""
        mistake = next((wrong[number] for number in change.customers if number in wrong), None)
        promise = next((owed[number] for number in change.customers if number in owed), None)
        step = "greet" if not greeted & set(change.customers) else "hello"
        about = mistake or promise
        if about:
            step = "mistake" if mistake else "owed"
        text, since = about or ("", None)
        dots = _dots((known[number] for number in change.customers if number in known), day)
        return Turn(change, [who[number] for number in change.customers], firm, step, text, since, dots)

    ours_first = {"mistake": 0, "owed": 1}
    fades = sorted(map(turn, fading), key=lambda one: ours_first.get(one.step, 2))
    unknown = _unknown(regulars, circles)
    lists = {"unknown": len(unknown), "growing": len(growing), "fading": len(fades)}
    return People(
        week=Week(
            sum(1 for one in regulars.values() if one.here), sum(1 for one in regulars.values() if one.greeted_here)
        ),
        regulars=len(regulars),
        unknown=unknown[:SHOWN],
        growing=[turn(one) for one in growing[:SHOWN]],
        fading=fades[:SHOWN],
        faithful=_faithful(shop, found.rhythm, best, who, day),
        senders=[one for one in who_sends(shop, day - YEAR) if _is_shown(one)],
        left=_left(shop, circles, day),
        more={name: n - SHOWN for name, n in lists.items() if n > SHOWN},
    )


def _is_shown(sender: Sender) -> bool:
    return sender.customer is None or states.is_sought(sender.customer.state)


# -- who is greeted


def _regulars(shop: Shop, day: date) -> dict[int, Regular]:
    """Return the regulars of the last eight weeks by number. One query."""
    monday = day - timedelta(days=day.weekday())
    last_week = (Visit.day >= monday - timedelta(weeks=1)) & (Visit.day < monday)
    greeted = Visit.greeted_by_name == True  # noqa: E712  null: nobody said
    days = fn.COUNT(Visit.day.distinct())
    query = (
        Customer.select(
            Customer,
            fn.COUNT(Visit.id).alias("visits_lately"),
            days.alias("days_lately"),
            fn.COUNT(Case(None, [(greeted, 1)])).alias("greeted_lately"),
            fn.COUNT(Case(None, [(last_week, 1)])).alias("here"),
            fn.COUNT(Case(None, [(last_week & greeted, 1)])).alias("greeted_here"),
        )
        .join(Visit)
        .where((Visit.shop == shop.id) & (Visit.day >= day - LATELY) & (Visit.day < day) & states.sought())
        .group_by(Customer.id)
        .having(days >= REGULAR_DAYS)
    )
    return {
        one.id: Regular(
            [one], "", one.visits_lately, one.days_lately, one.greeted_lately, one.here, one.greeted_here
        )
        for one in query
    }  # fmt: skip


@dataclass(slots=True)
class _Circle:
    name: str
    kind: str
    left_on: date | None
    reason: str
    customers: list[int] = field(default_factory=list)


def _circles(shop: Shop) -> dict[int, _Circle]:
    """Return the firms of a business, those that left as well. One query."""
    rows = (
        Household.select(Household.id, Household.name, Household.left_on, Household.left_reason, Belonging.customer)
        .join(Belonging, JOIN.LEFT_OUTER)
        .where((Household.business == shop.business_id) & (Household.kind == "firm"))
        .order_by(Household.id, Belonging.id)
    )
    found: dict[int, _Circle] = {}
    for number, name, left_on, reason, customer in rows.tuples():
        circle = found.setdefault(number, _Circle(name, "firm", left_on, reason))
        if customer is not None:
            circle.customers.append(customer)
    return found


def _unknown(regulars: dict[int, Regular], circles: dict[int, _Circle]) -> list[Regular]:
    """Return who was greeted by name on none of their visits of eight weeks: firms first, each as one."""
    left = dict(regulars)
    firms: list[Regular] = []
    for circle in circles.values():
        theirs = [left.pop(number) for number in circle.customers if number in left]
        if theirs and circle.left_on is None and not any(one.greeted for one in theirs):
            firms.append(
                Regular(
                    [one.customers[0] for one in theirs],
                    circle.name,
                    sum(one.visits for one in theirs),
                    max(one.days for one in theirs),
                )
            )
    alone = [one for one in left.values() if not one.greeted]
    return [
        *sorted(firms, key=lambda one: (-one.visits, one.firm)),
        *sorted(alone, key=lambda one: (-one.visits, one.customers[0].name)),
    ]


# -- who fades, and what is ours in it


def _owed(shop: Shop, fading: Iterable[Change[int, int]]) -> dict[int, tuple[str, date]]:
    """Return the oldest open promise to each of those who fade. One query."""
    numbers = [number for one in fading for number in one.customers]
    rows = (
        Promise.open()
        .where((Promise.shop == shop.id) & Promise.customer.in_(numbers))
        .order_by(Promise.day.desc(), Promise.id.desc())
    )
    return {one.customer_id: (one.text, one.day) for one in rows}


def _wrong(shop: Shop, fading: Iterable[Change[int, int]]) -> dict[int, tuple[str, date]]:
    """Return the oldest mistake of ours towards each of those who fade that nobody has made good. One query."""
    numbers = [number for one in fading for number in one.customers]
    rows = (
        Mistake.select(Mistake.customer, Mistake.text, Mistake.day)
        .where((Mistake.shop == shop.id) & Mistake.customer.in_(numbers) & Mistake.made_good_at.is_null())
        .order_by(Mistake.day.desc(), Mistake.id.desc())
    )
    return {customer: (text, day) for customer, text, day in rows.tuples()}


def _dots(habits: Iterable[Habit], day: date) -> Dots:
    """Return the last twelve whole weeks as dots: whether any of them came."""
    monday = day - timedelta(days=day.weekday())
    begins = monday - timedelta(weeks=WEEKS)
    weeks = {(came - begins).days // 7 for habit in habits for came, _minute in habit.visits}
    return Dots(None, tuple(week in weeks for week in range(WEEKS)), False)


# -- who is faithful


def _most_days(rhythm: Rhythm[int], out: Any, day: date) -> list[tuple[int, Habit]]:
    """Return those who have come on the most days and still come. Presence counts, not what was bought."""
    coming = [
        (number, habit)
        for number, habit in rhythm.habits.items()
        if number not in out and habit.latest >= day - STILL_COMES
    ]
    coming.sort(key=lambda pair: (-pair[1].n, pair[1].first, pair[0]))
    return coming[:FAITHFUL]


def _faithful(
    shop: Shop, rhythm: Rhythm[int], best: list[tuple[int, Habit]], who: dict[int, Customer], day: date
) -> list[Faithful]:
    """Return the most faithful with their streaks. One query."""
    came: dict[int, set[date]] = defaultdict(set)
    rows = (
        Visit.select(Visit.customer, Visit.day)
        .distinct()
        .where(Visit.customer.in_([number for number, _ in best]) & (Visit.shop == shop.id) & (Visit.day < day))
    )
    for number, visited in rows.tuples():
        came[number].add(visited)
    open_days = rhythm.days[: bisect_left(rhythm.days, day)]
    return [
        Faithful(who[number], habit.n, habit.since, _streak(came[number], open_days))
        for number, habit in best
        if number in who
    ]


def _streak(came: set[date], open_days: list[date]) -> int:
    """Return on how many open days in a row they came, up to the last one."""
    streak = 0
    for opened in reversed(open_days):
        if opened not in came:
            break
        streak += 1
    return streak


# -- who left


def _left(shop: Shop, circles: dict[int, _Circle], day: date) -> list[Gone]:
    """Return the firms and people who left within a year, the latest first. One query."""
    moved = (
        Customer.select(Customer.id, Customer.name, Customer.state_since, Customer.state_reason)
        .where(
            (Customer.business == shop.business_id) & (Customer.state == "moved") & (Customer.state_since >= day - YEAR)
        )
        .order_by(Customer.state_since.desc(), Customer.id)
        .limit(SHOWN)
    )
    found = [Gone(name, number, on, reason) for number, name, on, reason in moved.tuples()]
    found += [
        Gone(one.name, one.customers[0] if one.customers else None, one.left_on, one.reason)
        for one in circles.values()
        if one.left_on is not None and one.left_on >= day - YEAR
    ]
    return sorted(found, key=lambda one: one.on or date.min, reverse=True)
