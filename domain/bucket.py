"""What the bucket of trust is made from, as columns of the card's one query (``domain.card.PARTS``)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from peewee import Case, fn

from domain.known import kept_on
from domain.promises import Owed
from domain.trust import Booking, Bucket, Debt, Facts, bucket
from models import Appointment, Customer, Introduction, Mistake, Shop, Visit, instant_of

LATELY = timedelta(days=730)


def came_rows() -> Any:
    """Return the query for the visit days of the customer of a query around it, counted: all, and since ``:lately``."""
    lately = Case(None, [(Visit.day >= ":lately", Visit.day)])
    return Visit.select(
        fn.COUNT(Visit.day.distinct()).alias("days"), fn.COUNT(lately.distinct()).alias("lately")
    ).where((Visit.customer == Customer.id) & (Visit.shop == ":shop") & (Visit.at <= ":now"))


def booked_rows() -> Any:
    """Return the query for their appointments that came due and were not cancelled."""
    return Appointment.select(Appointment.day, Appointment.starts_at, Appointment.state, Appointment.cause).where(
        _due() & (Appointment.state != "cancelled")
    )


def arrived_rows() -> Any:
    """Return the query for their visits on the days of these."""
    days = Appointment.select(Appointment.day).where(_due() & (Appointment.state == "booked"))
    return Visit.select(Visit.day, Visit.at).where(
        (Visit.customer == Customer.id) & (Visit.shop == ":shop") & Visit.day.in_(days) & (Visit.at <= ":now")
    )


def _due() -> Any:
    return (Appointment.customer == Customer.id) & (Appointment.shop == ":shop") & (Appointment.starts_at <= ":now")


def by_word_rows() -> Any:
    """Return the query for when people came on their word."""
    return Introduction.select(Introduction.day).where(Introduction.by_customer == Customer.id)


def mistaken_rows() -> Any:
    """Return the query for the mistakes of ours that nobody has made good."""
    return Mistake.select(Mistake.text, Mistake.day).where(
        (Mistake.customer == Customer.id) & (Mistake.shop == ":shop") & Mistake.made_good_at.is_null()
    )


# What each of these gathers, by the name it has among the card's parts.
FACTS = {
    "came": (came_rows, ("days", "lately")),
    "booked": (booked_rows, ("day", "starts_at", "state", "cause")),
    "arrived": (arrived_rows, ("day", "at")),
    "by_word": (by_word_rows, ("day",)),
    "mistaken": (mistaken_rows, ("text", "day")),
}


def bucket_of(rows: dict[str, list[Any]], owed: list[Owed], first: date | None, shop: Shop, today: date) -> Bucket:
    """Return somebody's bucket from the rows of `FACTS`, what is promised to them and the day they first came."""
    days, lately = rows["came"][0] if rows["came"] else (0, 0)
    debts = [
        Debt("promise", one.promise.text, one.promise.due)
        for one in owed
        if one.promise.state == "open" and one.is_overdue(today)
    ]
    debts += [Debt("mistake", text, date.fromisoformat(day)) for text, day in rows["mistaken"]]
    facts = Facts(
        days=days,
        first=first,
        lately=lately,
        bookings=_bookings(rows["booked"], rows["arrived"], shop),
        by_word=tuple(sorted(date.fromisoformat(day) for day in rows["by_word"])),
        debts=tuple(sorted(debts, key=lambda debt: debt.day)),
    )
    return bucket(facts, today)


def _bookings(booked: list[Any], arrived: list[Any], shop: Shop) -> tuple[Booking, ...]:
    """Return what became of each appointment; of one that nobody marked either way nothing is known."""
    came: dict[str, list[int]] = defaultdict(list)
    for day, at in arrived:
        came[day].append(_minute(at, shop))
    found: list[Booking] = []
    agreed: dict[str, dict[int, bool]] = defaultdict(dict)
    for day, starts_at, state, cause in booked:
        excused = cause in ("ours", "both")
        if state == "missed":
            found.append(Booking(date.fromisoformat(day), "missed", excused))
        else:
            agreed[day][_minute(starts_at, shop)] = excused
    for day, starts in agreed.items():
        for kept in kept_on(date.fromisoformat(day), starts, came[day]):
            late = kept.late > shop.grace_minutes
            found.append(Booking(kept.day, "late" if late else "", late and starts[kept.booked]))
    return tuple(sorted(found, key=lambda one: one.day))


def _minute(instant: str, shop: Shop) -> int:
    at = instant_of(instant)
    assert at is not None
    local = shop.local(at)
    return local.hour * 60 + local.minute
