"""Looking somebody up by any part of a name, or what they have; before typing, those who may well be standing there."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import accumulate

from peewee import fn

from domain.lines import Line, lines
from domain.today import line_time
from models import Customer, Shop, Usual, Visit, folded

MOST = 12


def likely(shop: Shop, now: datetime) -> list[Line]:
    """Return who may be standing there: expected about now and not here yet, then those seen most recently."""
    local = shop.local(now)
    day = shop.day_of(now)
    today = lines(shop, day, now)
    due = [line for line in today if not line.arrived and _near(line, local)]
    known = {line.customer.id for line in today}
    last = fn.MAX(Visit.at)
    recent = (
        Visit.select(Visit.customer, Customer)
        .join(Customer)
        .where(
            (Visit.shop == shop.id) & (Visit.day >= day - timedelta(days=14)) & (Visit.day < day) & (Visit.at <= now)
        )
        .group_by(Visit.customer, Customer)
        .order_by(last.desc())
        .limit(MOST * 2)
    )
    met = [Line(row.customer, "walk-in") for row in recent if row.customer_id not in known]
    chosen = (due + met)[:MOST]
    return with_usuals(shop, chosen)


def _near(line: Line, local: datetime) -> bool:
    time = line_time(line, local)
    return time is None or abs(time - local) <= timedelta(hours=1)


def found(shop: Shop, query: str, now: datetime) -> list[Line]:
    """Return the customers whose name holds `query` (no case, no accents), or whose usual does; those due today first."""
    text = folded(query)
    having = Usual.select(Usual.customer).where((Usual.shop == shop.id) & Usual.text.contains(query))
    today = {line.customer.id: line for line in lines(shop, shop.day_of(now), now)}
    matches = list(
        Customer.select()
        .where(
            (Customer.business == shop.business_id) & (Customer.search_name.contains(text) | Customer.id.in_(having))
        )
        .order_by(Customer.id.in_(list(today)).desc(), Customer.search_name)
        .limit(200)
    )
    result = [today.get(c.id) or Line(c, "walk-in") for c in matches]
    result.sort(key=lambda line: (line.source == "walk-in", not folded(line.customer.name).startswith(text)))
    return with_usuals(shop, result[:MOST])


def with_usuals(shop: Shop, found: list[Line]) -> list[Line]:
    """Return the lines with each person's usual filled in. One query."""
    missing = {line.customer.id: line for line in found if not line.usual}
    usuals = Usual.select(Usual.customer, Usual.text).where(
        (Usual.customer.in_(list(missing))) & (Usual.shop == shop.id)
    )
    for customer, text in usuals.tuples():
        missing[customer].usual = text
    return found


def parted(name: str, query: str) -> tuple[str, str, str]:
    """Return a name as what stands before, within and after the first part that `query` finds; all before if none."""
    wanted = folded(query)
    folds = [" " if c.isspace() else folded(c) for c in name]
    start = "".join(folds).find(wanted)
    if not wanted or start < 0:
        return name, "", ""
    ends = list(accumulate(map(len, folds)))
    first = next(i for i, end in enumerate(ends) if end > start)
    last = next(i for i, end in enumerate(ends) if end >= start + len(wanted)) + 1
    while last < len(name) and not folds[last]:  # an accent written by itself belongs to the letter before it
        last += 1
    return name[:first], name[first:last], name[last:]
