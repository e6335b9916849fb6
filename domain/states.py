"""What follows from a customer's state. This is the one place that says it; every list, prompt, streak, forecast, finding,
relationship and message asks here, by a condition in its query or by a predicate on a value.

*active*: all that we do. *leave_alone* and *moved*: they may be booked and marked here, and what we owe them stands; but
nothing of ours begins with them: no list by habit, no words, no streak, no finding before anybody typed. *died*: neither
is anything booked, owed or asked. A name that is typed is always found: somebody may have been told a wrong thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from models import STATES, Customer, Shop

TOLD_FOR = timedelta(days=60)  # a death is told to each of the team, and those who lived with them are met gently


@dataclass(frozen=True, slots=True)
class State:
    """How it stands with somebody we do not look out for, since when, and why they left, where they said."""

    state: str
    since: date | None
    reason: str = ""


def sought(table: Any = Customer) -> Any:
    """Return the condition that we look out for somebody: whom lists, words, streaks, forecasts and suggestions may name."""
    return table.state == "active"


def is_sought(state: str) -> bool:
    """Say whether we look out for somebody in this state."""
    return state == "active"


def living(table: Any = Customer) -> Any:
    """Return the condition that somebody may be booked, owed and asked something."""
    return table.state != "died"


def is_living(state: str) -> bool:
    """Say whether somebody in this state may be booked, owed and asked something."""
    return state != "died"


def had_died(customer: Customer, at: datetime, shop: Shop) -> bool:
    """Say whether somebody had died before an instant: nothing begins with them after it. What a phone that was offline
    tells of before, or of that day before we knew, is history."""
    if is_living(customer.state):
        return False
    told, since = customer.state_at, customer.state_since
    return (told is not None and at >= told) or (since is not None and shop.day_of(at) > since)


def died_since(business: Any, day: str, table: Any = Customer) -> Any:
    """Return the condition for the customers of a business who died on a day (ISO) or after it; where nobody knows when, of
    whom we were told since."""
    lately = (table.state_since >= day) | (table.state_since.is_null() & (table.state_at >= day))
    return (table.business == business) & (table.state == "died") & lately


def died_lately(state: str, since: date | None, told_at: datetime | None, today: date) -> date | None:
    """Return from which day on it counts that somebody died, if that is within the last sixty days: the day they died, or
    on which we were told where nobody knows."""
    day = since or (told_at.date() if told_at else None)
    return day if state == "died" and day is not None and today - day < TOLD_FOR else None


def out_of(business: int) -> set[int]:
    """Return the customers of a business whom we do not look out for. One query."""
    others = Customer.state.in_([state for state in STATES if not is_sought(state)])  # as the index has them
    return {
        number for (number,) in Customer.select(Customer.id).where((Customer.business == business) & others).tuples()
    }
