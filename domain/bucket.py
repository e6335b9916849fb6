"""What the bucket of trust is made from, as columns of the card's one query (``domain.card.PARTS``)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from peewee import Case, fn

from domain.known import EXCUSED, Kept, kept_on
from domain.promises import Owed
from domain.punctuality import learned_grace
from domain.trust import Booking, Bucket, Debt, Facts, bucket
from models import Appointment, Customer, Introduction, Mistake, Shop, Visit, instant_of

LATELY = timedelta(days=730)


def came_rows() -> Any:
    """Return the query for how the customer of a query around it came: visit days in all and since ``:lately``, visits, the
    first of them, and whether they were greeted by name on any."""
    greeted = fn.MAX(Case(None, [(Visit.greeted_by_name, 1)], 0))
    days = (
        Visit.select(
            Visit.day, fn.COUNT(Visit.id).alias("visits"), fn.MIN(Visit.at).alias("first"), greeted.alias("greeted")
        )
        .where((Visit.customer == Customer.id) & (Visit.shop == ":shop") & (Visit.at <= ":now"))
        .group_by(Visit.day)
        .alias("days")
    )
    lately = fn.SUM(Case(None, [(days.c.day >= ":lately", 1)], 0))
    return Visit.select(
        fn.COUNT(days.c.day).alias("days"), lately.alias("lately"), fn.SUM(days.c.visits).alias("visits"),
        fn.MIN(days.c.first).alias("first"), fn.MAX(days.c.greeted).alias("greeted"),
    ).from_(days)  # fmt: skip


def booked_rows() -> Any:
    """Return the query for their appointments that came due and were not cancelled."""
    return Appointment.select(Appointment.day, Appointment.starts_at, Appointment.state, Appointment.cause).where(
        _due() & (Appointment.state != "cancelled")
    )


def arrived_rows() -> Any:
    """Return the query for their visits on the days of these; where there are none, no visit is read."""
    days = Appointment.select(Appointment.day).where(_due() & (Appointment.state == "booked"))
    until = Case(None, [(fn.EXISTS(days), ":now")], "")
    return Visit.select(Visit.day, Visit.at).where(
        (Visit.customer == Customer.id) & (Visit.shop == ":shop") & (Visit.at <= until) & Visit.day.in_(days)
    )


def _due() -> Any:
    return (Appointment.customer == Customer.id) & (Appointment.shop == ":shop") & (Appointment.starts_at <= ":now")


def by_word_rows() -> Any:
    """Return the query for when people came on their word."""
    return Introduction.select(Introduction.day).where(Introduction.by_customer == Customer.id)


def mistaken_rows() -> Any:
    """Return the query for the mistakes of ours that nobody has made good; a reminder that failed is, once we said sorry."""
    good = Mistake.made_good_at.is_null(False) | ((Mistake.about != "") & Mistake.said_sorry)
    return Mistake.select(Mistake.text, Mistake.day, Mistake.about).where(
        (Mistake.customer == Customer.id) & (Mistake.shop == ":shop") & ~good
    )


# What each of these gathers, by the name it has among the card's parts.
FACTS = {
    "came": (came_rows, ("days", "lately", "visits", "first", "greeted")),
    "booked": (booked_rows, ("day", "starts_at", "state", "cause")),
    "arrived": (arrived_rows, ("day", "at")),
    "by_word": (by_word_rows, ("day",)),
    "mistaken": (mistaken_rows, ("text", "day", "about")),
}


def bucket_of(rows: dict[str, list[Any]], owed: list[Owed], first: date | None, shop: Shop, today: date) -> Bucket:
    """Return somebody's bucket from the rows of `FACTS`, what is promised to them and the day they first came."""
    days, lately = rows["came"][0][:2]
    debts = [
        Debt("promise", one.promise.text, one.promise.due)
        for one in owed
        if one.promise.state == "open" and one.is_overdue(today)
    ]
    debts += [
        Debt("silence" if about else "mistake", text, date.fromisoformat(day)) for text, day, about in rows["mistaken"]
    ]
    facts = Facts(
        days=days,
        first=first,
        lately=lately or 0,
        bookings=_bookings(rows["booked"], rows["arrived"], shop),
        by_word=tuple(sorted(date.fromisoformat(day) for day in rows["by_word"])),
        debts=tuple(sorted(debts, key=lambda debt: debt.day)),
    )
    return bucket(facts, today)


def _bookings(booked: list[Any], arrived: list[Any], shop: Shop) -> tuple[Booking, ...]:
    """Return what became of each appointment; of one that nobody marked either way nothing is known. Where they are always a
    bit late, that is their way, and no lapse."""
    found = [
        Booking(date.fromisoformat(day), "missed", cause in EXCUSED)
        for day, _at, state, cause in booked
        if state == "missed"
    ]
    agreed = list(_kept(booked, arrived, shop))
    in_order = sorted((kept for kept, _cause in agreed), key=lambda one: (one.day, one.booked))
    grace = learned_grace(tuple(in_order), shop.grace_minutes) or shop.grace_minutes
    for kept, cause in agreed:
        late = kept.late > grace
        found.append(Booking(kept.day, "late" if late else "", late and cause in EXCUSED))
    return tuple(sorted(found, key=lambda one: one.day))


def agreed_arrivals(rows: dict[str, list[Any]], shop: Shop) -> dict[tuple[date, int], str]:
    """Return how somebody came to what was agreed, by day and minute of the arrival: "in_time", or "late", or, late too but
    by our failure, wholly or in part, "ours" or "both"."""
    return {
        (kept.day, kept.arrived): (cause if cause in EXCUSED else "late")
        if kept.late > shop.grace_minutes
        else "in_time"
        for kept, cause in _kept(rows["booked"], rows["arrived"], shop)
    }


def _kept(booked: list[Any], arrived: list[Any], shop: Shop) -> Iterator[tuple[Kept, str]]:
    """Yield the appointments that were come to, each with the cause of its lateness, where one is known."""
    came: dict[str, list[int]] = defaultdict(list)
    for day, at in arrived:
        came[day].append(_minute(at, shop))
    agreed: dict[str, dict[int, str]] = defaultdict(dict)
    for day, starts_at, state, cause in booked:
        if state != "missed":
            agreed[day][_minute(starts_at, shop)] = cause
    for day, starts in agreed.items():
        for kept in kept_on(date.fromisoformat(day), starts, came[day]):
            yield kept, starts[kept.booked]


def _minute(instant: str, shop: Shop) -> int:
    at = instant_of(instant)
    assert at is not None
    local = shop.local(at)
    return local.hour * 60 + local.minute
