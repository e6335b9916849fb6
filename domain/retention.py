"""What is not kept for ever: notes, messages and visits of people who no longer come go by themselves, and are counted.

Somebody no longer comes once their last visit, to any shop of the business, lies further back than the owner lets things be
kept, and nothing is booked for them. What is younger than that stays, whoever it is about. A later visit brings nothing back.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Any

from peewee import fn

from domain import audit, nights, settings
from domain.audit_check import ACTS_KEPT
from models import Action, Appointment, Business, Customer, Message, Note, Shop, Visit, db

AT_ONCE = 200  # people in one transaction, so that a check-in never waits for more
KEYS_AT_ONCE = 1000
SLACK = timedelta(hours=1)  # by which a phone's clock may have gone wrong between an act and its sending


def forget(shop: Shop) -> dict[str, int]:
    """Forget what is due in a shop, and return how much of what was. Once a day is enough."""
    of_shop, found = settings.of(shop), {}
    for name, months in (
        ("notes", of_shop.keep_notes_months),
        ("messages", of_shop.keep_messages_months),
        ("visits", of_shop.keep_visits_months),
    ):
        if months is not None:
            found[name] = _forget(shop, name, shop.at(months_before(shop.today(), months), 0))
    return {name: count for name, count in found.items() if count}


def forget_keys(now: datetime) -> int:
    """Forget the keys of acts that no phone may send again, in parts, and return how many; none before its ninety days.

    What is sent later than that is not done blindly (`views/api.py`), so a key has to outlast every act it vouches for.
    """
    gone, past = 0, Action.done_at < now - ACTS_KEPT - SLACK
    while True:
        some = [
            one for (one,) in Action.select(Action.id).where(past).order_by(Action.done_at).limit(KEYS_AT_ONCE).tuples()
        ]
        if not some:
            return gone
        gone += Action.delete().where(Action.id.in_(some)).execute()


def told(shop: Shop) -> dict[str, Any]:
    """Return how much was forgotten in a shop so far: how many notes, messages and visits, visits of how many people, and the
    `last` day."""
    stored = Business.select(Business.settings).where(Business.id == shop.business_id).scalar() or {}
    found: dict[str, Any] = stored.get("forgotten", {}).get(str(shop.id), {})
    return found


def months_before(day: date, months: int) -> date:
    """Return the same day so many months earlier, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _forget(shop: Shop, name: str, since: datetime) -> int:
    """Delete what is of a kind, in parts, and return how much that was."""
    table, theirs = _kind(shop, name, since)
    gone = 0
    while True:
        with db.atomic():
            people = [one for (one,) in _left(shop, table, theirs, since).limit(AT_ONCE).tuples()]
            if not people:
                return gone
            mine = theirs & table.customer.in_(people)
            first = table.select(fn.MIN(table.day)).where(mine).scalar() if name == "visits" else None
            count = table.delete().where(mine).execute()
            if first is not None:
                nights.history_changed(shop, first)
            _count(shop, {name: count, **({"people": len(people)} if name == "visits" else {})})
            audit.write("data.forgotten", business=shop.business_id, shop=shop, what=name, count=count)
            gone += count


def _kind(shop: Shop, name: str, since: datetime) -> tuple[Any, Any]:
    """Return the table of what may be forgotten of a kind, and which of its rows may be."""
    if name == "notes":
        first = Shop.select(fn.MIN(Shop.id)).where(Shop.business == shop.business_id).scalar()
        here = (Note.shop == shop.id) | Note.shop.is_null() if shop.id == first else Note.shop == shop.id
        return Note, here & (Note.at < since)  # a note for all the shops goes with the first one's
    if name == "messages":
        return Message, (Message.shop == shop.id) & (Message.due_at < since) & Message.ended_at.is_null(False)
    return Visit, (Visit.shop == shop.id) & (Visit.at < since)


def _left(shop: Shop, table: Any, theirs: Any, since: datetime) -> Any:
    """Return the query for those of the business who no longer come, and of whom there is something."""
    came = Visit.select().where((Visit.customer == Customer.id) & (Visit.at >= since))
    booked = Appointment.select().where(
        (Appointment.customer == Customer.id) & (Appointment.day >= shop.today()) & (Appointment.state == "booked")
    )
    return (
        Customer.select(Customer.id)
        .where(
            (Customer.business == shop.business_id)
            & Customer.id.in_(table.select(table.customer).where(theirs))
            & ~fn.EXISTS(came)
            & ~fn.EXISTS(booked)
        )
        .order_by(Customer.id)
    )


def _count(shop: Shop, more: dict[str, int]) -> None:
    """Add to what was forgotten in a shop so far; only numbers stay."""
    Business.hold(shop.business_id)
    stored = Business.select(Business.settings).where(Business.id == shop.business_id).scalar() or {}
    shops = dict(stored.get("forgotten", {}))
    mine = dict(shops.get(str(shop.id), {}))
    mine |= {name: mine.get(name, 0) + count for name, count in more.items()}
    shops[str(shop.id)] = {**mine, "last": shop.today().isoformat()}
    Business.update(settings={**stored, "forgotten": shops}).where(Business.id == shop.business_id).execute()
