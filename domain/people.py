"""The owner's page of people: whom we greet and whom we do not, who grows, fades, is faithful, sends us others, and left.

The lists are of the morning (`domain.people_kept`); over them lie the states, firms, bookings, promises and mistakes of this
moment. The page, or one whole list, costs at most ten queries, however many customers there are. Nobody whom we do not
look out for is named, but for those who left, with why (`domain.states`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from peewee import JOIN

from domain import people_kept, states
from domain.people_kept import Counted, Turned
from domain.promises import Owed, of_a_month
from domain.referrals import Sender, who_sends
from models import Appointment, Belonging, Customer, Household, Mistake, Promise, Shop

YEAR = timedelta(days=365)
SHOWN = 8  # of each list on the page; the whole of it is a page of its own
FAITHFUL = 8
AT_ONCE = 100  # of a whole list


@dataclass(slots=True)
class Regular:
    """Somebody, or a firm, of the last eight weeks."""

    numbers: list[int]
    firm: str
    visits: int
    here: int  # visits last week
    greeted_here: int  # of these, greeted by name
    customers: list[Customer] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Week:
    """Last week's regulars, Monday to Sunday, and how many of them were greeted by name."""

    regulars: int
    greeted: int


@dataclass(slots=True)
class Turn:
    """Somebody, or a firm, who grows or fades, with one kind next step: our own mistake or debt before all else."""

    numbers: list[int]
    firm: str
    change: Turned
    step: str  # "mistake", "owed", "greet" or "hello"
    about: str  # the mistake or promise, in our words
    since: date | None
    weeks: tuple[int, ...]  # on how many days they came in each of the last twelve, oldest first
    customers: list[Customer] = field(default_factory=list)

    @property
    def last_visit(self) -> date:
        return date.fromisoformat(self.change.last_visit)


@dataclass(slots=True)
class Faithful:
    """Somebody who has come on many days; `streak` are the open days in a row up to the last one."""

    numbers: list[int]
    days: int
    since: date
    streak: int
    customers: list[Customer] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gone:
    """Somebody, or a firm, who left, and why, where they said."""

    name: str
    customer: int | None  # whose card there is
    on: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class Some:
    """A part of a list: its rows, from which place on, and how many there are in all."""

    rows: Sequence[Any]
    start: int
    total: int

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    @property
    def more(self) -> int:
        """Return how many come after these."""
        return max(0, self.total - self.start - len(self.rows))

    @property
    def end(self) -> int:
        return self.start + len(self.rows)


@dataclass(frozen=True, slots=True)
class People:
    week: Week
    promises: dict[str, int]  # how many of the last thirty days were kept, late, unconfirmed
    unknown: Some  # of Regular: firms first, then the most visits
    growing: Some  # of Turn
    fading: Some  # of Turn
    faithful: Some  # of Faithful
    senders: Some  # of Sender
    left: Some  # of Gone


WHOLE: dict[str, Callable[[_Reading], Sequence[Any]]] = {  # the lists that can be opened, by name
    "came": lambda reading: reading.came(),
    "greeted": lambda reading: reading.greeted(),
    "unknown": lambda reading: reading.unknown(),
    "growing": lambda reading: reading.growing(),
    "fading": lambda reading: reading.fading(),
    "senders": lambda reading: reading.senders(),
    "left": lambda reading: reading.left(),
    "kept": lambda reading: reading.promises["kept"],
    "late": lambda reading: reading.promises["late"],
    "unconfirmed": lambda reading: reading.promises["unconfirmed"],
}


def people(shop: Shop, now: datetime) -> People:
    """Return what the page shows."""
    reading = _Reading(shop, now)
    names = ("unknown", "growing", "fading", "senders", "left")
    parts = [_part(WHOLE[name](reading), 0, SHOWN) for name in names]
    *shown, faithful = _named(*parts, _part(reading.faithful(), 0, FAITHFUL))
    week = Week(len(reading.came()), len(reading.greeted()))
    promises = {name: len(rows) for name, rows in reading.promises.items()}
    return People(week=week, promises=promises, faithful=faithful, **dict(zip(names, shown, strict=True)))


def whole(shop: Shop, now: datetime, name: str, start: int = 0) -> Some:
    """Return one of the lists from a place on, a hundred at once."""
    return _named(_part(WHOLE[name](_Reading(shop, now)), max(0, start), AT_ONCE))[0]


def _part(found: Sequence[Any], start: int, most: int) -> Some:
    return Some(found[start : start + most], start, len(found))


def _named(*parts: Some) -> list[Some]:
    """Return parts of lists with their customers. One query. Who is gone for good since the morning is passed over."""
    rows = [one for part in parts for one in part.rows if isinstance(one, (Regular, Turn, Faithful))]
    numbers = {number for one in rows for number in one.numbers}
    who = {one.id: one for one in Customer.select().where(Customer.id.in_(numbers))}
    for one in rows:
        one.customers = [who[number] for number in one.numbers if number in who]
    there = [[one for one in part.rows if getattr(one, "customers", True)] for part in parts]
    return [
        Some(rows, part.start, part.total - len(part.rows) + len(rows)) for part, rows in zip(parts, there, strict=True)
    ]


@dataclass(slots=True)
class _Circle:
    name: str
    left_on: date | None
    reason: str
    customers: list[int] = field(default_factory=list)


class _Reading:
    """The lists of a morning with what holds now; what a list does not need is not asked for."""

    def __init__(self, shop: Shop, now: datetime) -> None:
        self.shop, self.now, self.day = shop, now, shop.day_of(now)
        self.lists = people_kept.lists(shop, self.day)
        self.out = states.out_of(shop.business_id)

    # -- who is greeted

    @cached_property
    def regulars(self) -> list[Counted]:
        return [one for one in self.lists.regulars if one.customer not in self.out]

    def came(self) -> list[Regular]:
        """Return the regulars who came last week."""
        return [_alone(one) for one in self.regulars if one.here]

    def greeted(self) -> list[Regular]:
        """Return those of them who were greeted by name."""
        return [_alone(one) for one in self.regulars if one.greeted_here]

    def unknown(self) -> list[Regular]:
        """Return who was greeted by name on none of their visits of eight weeks: firms first, each as one."""
        left = {one.customer: one for one in self.regulars}
        firms: list[Regular] = []
        for circle in self.circles.values():
            theirs = [left.pop(number) for number in circle.customers if number in left]
            if theirs and circle.left_on is None and not any(one.greeted for one in theirs):
                numbers, visits = [one.customer for one in theirs], sum(one.visits for one in theirs)
                firms.append(Regular(numbers, circle.name, visits, sum(one.here for one in theirs), 0))
        firms.sort(key=lambda one: (-one.visits, one.firm))
        return [*firms, *(_alone(one) for one in left.values() if not one.greeted)]

    @cached_property
    def circles(self) -> dict[int, _Circle]:
        """Return the firms of a business, those that left as well. One query."""
        rows = (
            Household.select(Household.id, Household.name, Household.left_on, Household.left_reason, Belonging.customer)
            .join(Belonging, JOIN.LEFT_OUTER)
            .where((Household.business == self.shop.business_id) & (Household.kind == "firm"))
            .order_by(Household.id, Belonging.id)
        )
        found: dict[int, _Circle] = {}
        for number, name, left_on, reason, customer in rows.tuples():
            circle = found.setdefault(number, _Circle(name, left_on, reason))
            if customer is not None:
                circle.customers.append(customer)
        return found

    # -- what was promised

    @cached_property
    def promises(self) -> dict[str, list[Owed]]:
        return of_a_month(self.shop, self.now)

    # -- who grows and who fades, and what is ours in it

    def growing(self) -> list[Turn]:
        return [self._turn(one, None, None) for one in self.lists.growing if self._stands(one)]

    def fading(self) -> list[Turn]:
        """Return who fades, our own mistakes and debts first. Whoever is booked has just been in touch."""
        booked = self._booked()
        fading = [one for one in self.lists.fading if self._stands(one) and not booked & set(one.customers)]
        numbers = {number for one in fading for number in one.customers}
        owed, wrong = self._owed(numbers), self._wrong(numbers)

        def turn(one: Turned) -> Turn:
            mistake = next((wrong[number] for number in one.customers if number in wrong), None)
            return self._turn(one, mistake, next((owed[number] for number in one.customers if number in owed), None))

        ours_first = {"mistake": 0, "owed": 1}
        return sorted(map(turn, fading), key=lambda one: ours_first.get(one.step, 2))

    def _stands(self, one: Turned) -> bool:
        """Say whether there is still somebody to speak of: not all out since the morning, nor a firm that left."""
        circle = self.circles.get(one.firm) if one.firm is not None else None
        return not (set(one.customers) <= self.out or (circle and circle.left_on))

    def _turn(self, one: Turned, mistake: tuple[str, date] | None, promise: tuple[str, date] | None) -> Turn:
        step = "mistake" if mistake else "owed" if promise else "hello" if self._known & set(one.customers) else "greet"
        text, since = mistake or promise or ("", None)
        circle = self.circles.get(one.firm) if one.firm is not None else None
        numbers = [number for number in one.customers if number not in self.out]
        return Turn(numbers, circle.name if circle else "", one, step, text, since, tuple(map(int, one.weeks)))

    @cached_property
    def _known(self) -> set[int]:
        return {one.customer for one in self.lists.regulars if one.greeted}

    def _booked(self) -> set[int]:
        """Return who is booked from today on. One query."""
        rows = Appointment.select(Appointment.customer).where(
            (Appointment.shop == self.shop.id) & (Appointment.day >= self.day) & (Appointment.state == "booked")
        )
        return {customer for (customer,) in rows.tuples()}

    def _owed(self, numbers: set[int]) -> dict[int, tuple[str, date]]:
        """Return the oldest open promise to each of some. One query."""
        rows = (
            Promise.open()
            .where((Promise.shop == self.shop.id) & Promise.customer.in_(numbers))
            .order_by(Promise.day.desc(), Promise.id.desc())
        )
        return {one.customer_id: (one.text, one.day) for one in rows}

    def _wrong(self, numbers: set[int]) -> dict[int, tuple[str, date]]:
        """Return the oldest mistake of ours towards each of some that nobody has made good. One query."""
        rows = (
            Mistake.select(Mistake.customer, Mistake.text, Mistake.day)
            .where((Mistake.shop == self.shop.id) & Mistake.customer.in_(numbers) & Mistake.made_good_at.is_null())
            .order_by(Mistake.day.desc(), Mistake.id.desc())
        )
        return {customer: (text, day) for customer, text, day in rows.tuples()}

    # -- who is faithful, who sends others, who left

    def faithful(self) -> list[Faithful]:
        return [
            Faithful([one.customer], one.days, date.fromisoformat(one.since), one.streak)
            for one in self.lists.faithful
            if one.customer not in self.out
        ][:FAITHFUL]

    def senders(self) -> list[Sender]:
        found = who_sends(self.shop, self.day - YEAR)
        return [one for one in found if one.customer is None or states.is_sought(one.customer.state)]

    def left(self) -> list[Gone]:
        """Return the firms and people who left within a year, the latest first. One query."""
        moved = (
            Customer.select(Customer.id, Customer.name, Customer.state_since, Customer.state_reason)
            .where(
                (Customer.business == self.shop.business_id)
                & (Customer.state == "moved")
                & (Customer.state_since >= self.day - YEAR)
            )
            .order_by(Customer.state_since.desc(), Customer.id)
        )
        found = [Gone(name, number, on, reason) for number, name, on, reason in moved.tuples()]
        found += [
            Gone(one.name, one.customers[0] if one.customers else None, one.left_on, one.reason)
            for one in self.circles.values()
            if one.left_on is not None and one.left_on >= self.day - YEAR
        ]
        return sorted(found, key=lambda one: one.on or date.min, reverse=True)


def _alone(one: Counted) -> Regular:
    return Regular([one.customer], "", one.visits, one.here, one.greeted_here)
