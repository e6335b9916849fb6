"""Who belongs together, and who comes together: households and firms, read from what the team wrote down and from visits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from peewee import JOIN, fn

from domain.states import died_lately
from models import Belonging, Customer, Household, Shop, Visit, instant_of

LAST_DAYS = 12  # visit days of somebody that are looked at, of the last year
LEAST = 3  # of these, to say anything
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody of the same household or firm, as a card shows them."""

    customer: int
    name: str
    part: str
    brings: bool
    state: str
    since: date | None
    told_at: datetime | None
    days: int  # on which both came, this year


@dataclass(frozen=True, slots=True)
class Circle:
    """A household or firm of a customer's, with their own part in it and the others."""

    household: int
    kind: str
    name: str
    left_on: date | None
    left_reason: str
    part: str
    brings: bool
    others: tuple[Other, ...]

    def lost(self, today: date) -> list[Other]:
        """Return those of one home who died within the last sixty days; a firm is no family."""
        if self.kind != "household":
            return []
        return [one for one in self.others if died_lately(one.state, one.since, one.told_at, today)]


def firms_of(business: int) -> dict[int, int]:
    """Return the firm of each customer who comes for one that has not left. One query."""
    rows = (
        Belonging.select(Belonging.customer, Belonging.household)
        .join(Household)
        .where((Household.business == business) & (Household.kind == "firm") & Household.left_on.is_null())
        .order_by(Belonging.id)
    )
    found: dict[int, int] = {}
    for customer, household in rows.tuples():
        found.setdefault(customer, household)
    return found


def mates(customers: Collection[int]) -> set[int]:
    """Return everybody of the households and firms of some customers, themselves included. One query."""
    mine, theirs = Belonging.alias(), Belonging.alias()
    rows = (
        theirs.select(theirs.customer)
        .join(mine, on=mine.household == theirs.household)
        .where(mine.customer.in_(list(customers)))
        .distinct()
    )
    return {number for (number,) in rows.tuples()}


# -- who comes with whom, for a day's list


def beside(shop: Shop, day: date, listed: Collection[int], only: Collection[int] | None = None) -> dict[int, Any]:
    """Return what a day's list says of people around those `listed` (or `only` some of them), for whom there is anything.

    ``{"with": [[customer, name], ...], "of": firm or "", "soft": {"name", "day"} or None}``: with them are those of the same
    household or firm, also listed, who came within the same-visit window on half of their last twelve visit days. Soft is
    whom their household has lost lately. Two queries, one where nobody belongs anywhere.
    """
    asked = list(listed if only is None else set(only) & set(listed))
    if not asked:
        return {}
    mine, theirs = Belonging.alias(), Belonging.alias()
    rows = list(
        mine.select(
            mine.customer, Household.kind, Household.name, Customer.id, Customer.name, Customer.call, Customer.state,
            Customer.state_since, Customer.state_at,
        )
        .join(Household, on=mine.household == Household.id)
        .join_from(mine, theirs, on=theirs.household == mine.household)
        .join_from(theirs, Customer, on=theirs.customer == Customer.id)
        .where(mine.customer.in_(asked) & (theirs.customer != mine.customer))
        .order_by(Household.kind, mine.id, theirs.id)
        .tuples()
    )  # fmt: skip
    if not rows:
        return {}
    both = {row[0] for row in rows} | {row[3] for row in rows if row[3] in listed}
    arrivals = _arrivals(shop, both, day)
    window = timedelta(minutes=shop.same_visit_minutes)
    found: dict[int, dict[str, Any]] = defaultdict(lambda: {"with": [], "of": "", "soft": None})
    for one, kind, household, other, name, call, state, since, told_at in rows:
        if kind == "household" and (lost := died_lately(state, since, told_at, day)):
            found[one]["soft"] = {"name": call or name, "day": lost.isoformat()}
        if other not in listed or not come_together(arrivals[one], arrivals[other], window):
            continue
        told = found[one]
        if [other, call or name] not in told["with"] and (not told["with"] or told["of"] == _firm(kind, household)):
            told["with"].append([other, call or name])
            told["of"] = _firm(kind, household)
    return dict(found)


def losses(day: date, customers: Collection[int]) -> dict[int, Any]:
    """Return what `beside` says of those of some customers whose household has lost somebody lately. One query."""
    mine, theirs = Belonging.alias(), Belonging.alias()
    rows = (
        mine.select(
            mine.customer, Customer.name, Customer.call, Customer.state, Customer.state_since, Customer.state_at
        )
        .join(Household, on=mine.household == Household.id)
        .join_from(mine, theirs, on=theirs.household == mine.household)
        .join_from(theirs, Customer, on=theirs.customer == Customer.id)
        .where(
            mine.customer.in_(list(customers))
            & (theirs.customer != mine.customer)
            & (Household.kind == "household")
            & (Customer.state == "died")
        )
        .order_by(mine.id, theirs.id)
    )
    found = {}
    for one, name, call, state, since, told_at in rows.tuples():
        if lost := died_lately(state, since, told_at, day):
            found[one] = {"with": [], "of": "", "soft": {"name": call or name, "day": lost.isoformat()}}
    return found


def _firm(kind: str, name: str) -> str:
    return name if kind == "firm" else ""


def come_together(one: dict[date, datetime], other: dict[date, datetime], window: timedelta) -> bool:
    """Say whether the other was there within the window on half of one's last twelve visit days, and on three at least.

    Both have the instant of the first arrival by day.
    """
    last = sorted(one)[-LAST_DAYS:]
    shared = sum(1 for day in last if day in other and abs(one[day] - other[day]) <= window)
    return shared >= LEAST and shared * 2 >= len(last)


def _arrivals(shop: Shop, customers: set[int], before: date) -> dict[int, dict[date, datetime]]:
    rows = (
        Visit.select(Visit.customer, Visit.day, Visit.at)
        .where(
            Visit.customer.in_(customers)
            & (Visit.shop == shop.id)
            & (Visit.at < shop.at(before, 0))
            & (Visit.at >= shop.at(before - YEAR, 0))
        )
        .order_by(Visit.at)
    )
    found: dict[int, dict[date, datetime]] = defaultdict(dict)
    for customer, day, at in rows.tuples():
        found[customer].setdefault(day, at)
    return found


# -- for the card: columns of its one query (domain.card.PARTS)

AROUND = (
    "household", "kind", "name", "left_on", "left_reason", "customer", "called", "lang", "part", "brings", "state", "since",
    "told_at", "days",
)  # fmt: skip


def around_rows() -> Any:
    """Return the query for everybody of the households and firms of the customer of a query around it, and for themselves,
    with the days on which both came here since ``:year`` began."""
    mine, theirs, person = Belonging.alias(), Belonging.alias(), Customer.alias()
    his, hers = Visit.alias(), Visit.alias()
    days = (
        his.select(fn.COUNT(his.day.distinct()))
        .join(hers, on=(hers.day == his.day))
        .where(
            (his.customer == mine.customer) & (his.shop == ":shop") & (his.at >= ":year") & (his.at <= ":now")
            & (hers.customer == person.id) & (hers.shop == ":shop") & (hers.at >= ":year") & (hers.at <= ":now")
        )
    )  # fmt: skip
    return (
        mine.select(
            Household.id.alias("household"), Household.kind, Household.name, Household.left_on, Household.left_reason,
            person.id.alias("customer"), person.name.alias("called"), person.lang, theirs.part, theirs.brings,
            person.state, person.state_since.alias("since"), person.state_at.alias("told_at"), days.alias("days"),
        )
        .join(Household, on=mine.household == Household.id)
        .join_from(mine, theirs, on=theirs.household == mine.household)
        .join_from(theirs, person, on=theirs.customer == person.id)
        .where(mine.customer == Customer.id)
        .order_by(mine.id, theirs.id)
    )  # fmt: skip


def around_from(rows: list[list[Any]], customer: Customer) -> list[Circle]:
    """Return a customer's households and firms, from the values that `around_rows` gathered."""
    circles: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        circles[row[0]].append(row)
    found = []
    for number, people in circles.items():
        _, kind, name, left_on, reason, *_rest = people[0]
        own = next(row for row in people if row[5] == customer.id)
        others = tuple(
            Other(row[5], row[6], row[8], bool(row[9]), row[10], _day(row[11]), instant_of(row[12]), row[13])
            for row in people
            if row[5] != customer.id
        )
        found.append(Circle(number, kind, name, _day(left_on), reason, own[8], bool(own[9]), others))
    return found


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


# -- what is offered on the page where it is changed


def known(business: int) -> list[Household]:
    """Return the households and firms that anybody belongs to and that have not left, by name. One query."""
    return list(
        Household.select()
        .join(Belonging, JOIN.INNER)
        .where((Household.business == business) & Household.left_on.is_null())
        .distinct()
        .order_by(Household.name, Household.id)
    )
