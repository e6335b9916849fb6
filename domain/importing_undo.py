"""Taking a file back that was taken in: what it made goes, what it changed stands as before.

What has left cannot be taken back: whoever was told of an appointment hears that it is cancelled. Somebody whom a file added
goes, unless anything else is known of them: then they stay, with where they can be reached, and are named.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import clock
from domain import appointments, audit, expected, partings, reminders
from domain.calendars import known_besides
from domain.importing import Unreadable, _parts
from models import (
    TABLES,
    Appointment,
    Belonging,
    Calendar,
    CalendarEntry,
    Consent,
    Contact,
    Customer,
    CustomField,
    FieldValue,
    Household,
    Import,
    Note,
    SearchWord,
    Shop,
    Tag,
    Tagged,
    Usual,
    db,
    instant_text,
)
from words import _


@dataclass(slots=True)
class Undone:
    """A file that was taken back: who stays of those it had added, and how many appointments are cancelled, and not gone,
    because somebody was told of them."""

    record: Import
    stay: list[Customer]
    cancelled: int = 0


def undo(number: int) -> Undone:
    """Take an import back. Raises Unreadable."""
    with db.atomic():
        kept = Import.get_or_none(Import.id == number)
        if kept is None:
            raise Unreadable(_("There is no import of that number."))
        journal = (kept.counts or {}).get("journal")
        if kept.kind not in TAKES_BACK or journal is None:
            raise Unreadable(_("Only an import of appointments or of people can be taken back."))
        if "undone_at" in kept.counts:
            raise Unreadable(_("This import was taken back already."))
        undone = Undone(kept, [])
        TAKES_BACK[kept.kind](journal, undone)
        kept.counts = {**kept.counts, "undone_at": clock.now().isoformat()}
        kept.save()
        audit.write("import.undone", business=kept.business_id, kind_of=kept.kind, file=kept.id)
    return undone


# -- of appointments


def _appointments(journal: dict[str, Any], undone: Undone) -> None:
    shops: dict[int, Shop] = {}
    hear: set[int] = set()  # of these people somebody is yet to be told something
    for ours in Appointment.select().where(Appointment.id.in_(journal["made"])):
        shops.setdefault(ours.shop_id, ours.shop)
        if not appointments.unmake(ours):
            hear.add(ours.customer_id)
            undone.cancelled += 1
    for one, was in reversed(journal["was"]):
        _put_back(one, was, shops)
    CalendarEntry.delete().where(CalendarEntry.id.in_(journal.get("rows", []))).execute()
    if journal.get("calendar"):
        Calendar.update(ended_at=clock.now()).where(Calendar.id == journal["calendar"]).execute()
    made = set(journal.get("contacts", []))
    refused = set(journal.get("consents", []))
    undone.stay = _take_away(journal.get("people", []), {Contact: made, Consent: refused})
    hear |= {one.id for one in undone.stay}
    Contact.delete().where(Contact.id.in_(made) & Contact.customer.not_in(hear)).execute()
    Consent.delete().where(
        Consent.id.in_(refused) & Consent.customer.not_in(hear) & (Consent.how == "import")
    ).execute()
    Customer.update(source_id=None).where(Customer.id.in_(journal.get("codes", []))).execute()
    for shop in shops.values():
        expected.offer_all_again(shop, shop.today())
        shop.changed()


def _put_back(number: int, was: dict[str, Any], shops: dict[int, Shop]) -> None:
    ours = Appointment.get_or_none(Appointment.id == number)
    if ours is None:
        return
    shops.setdefault(ours.shop_id, ours.shop)
    values = {name: getattr(Appointment, name).python_value(value) for name, value in was.items()}
    values["day"] = date.fromisoformat(was["day"])
    slot, sequence = values.pop("slot"), ours.sequence + 1
    for name, value in {**values, "sequence": sequence, "slot": None}.items():
        setattr(ours, name, value)
    ours.save()
    free = ours.state == "booked" and slot is not None
    if free and appointments.clash(ours.shop, slot, ours.starts_at, ours.ends_at, ours.id) is None:
        ours.slot = slot
        ours.save()
    reminders.arm(ours)


# -- people


def _take_away(numbers: list[int], but: dict[Any, set[int]]) -> list[Customer]:
    """Take away people whom a file had added; return those who stay, for more is known of them than the rows it made."""
    stay = known_besides(numbers, but)
    for part in _parts(numbers):
        told_since = Customer.id.in_(part) & (Customer.state_at > Customer.created_at)
        stay |= {one for (one,) in Customer.select(Customer.id).where(told_since).tuples()}
        Customer.delete().where(Customer.id.in_([one for one in part if one not in stay])).execute()
    found = [one for part in _parts(sorted(stay)) for one in Customer.select().where(Customer.id.in_(part))]
    return sorted(found, key=lambda one: (one.search_name, one.id))


def _people(journal: dict[str, Any], undone: Undone) -> None:
    made = {table: journal["rows"].get(table.__name__, []) for table in TABLES}
    people = set(journal["people"])
    undone.stay = _take_away(journal["people"], {table: set(numbers) for table, numbers in made.items()})
    for table in OF_SOMEBODY:  # of those who were here before; who was added has gone with all of it, or stays with it
        for part in _parts(made[table]):
            rows = [row for row in table.select().where(table.id.in_(part)) if row.customer_id not in people]
            numbers = [row.id for row in rows if _as_brought(row)]
            table.delete().where(table.id.in_(numbers)).execute()
            for row in rows if table is Usual else ():
                SearchWord.set_usual(row.customer, row.shop, "")
    for table, held in ((Tag, Tagged.tag), (Household, Belonging.household), (CustomField, FieldValue.field)):
        for part in _parts(made[table]):
            table.delete().where(table.id.in_(part) & table.id.not_in(held.model.select(held))).execute()
    for number, how, at in journal["consents"]:
        still = (Consent.id == number) & ~Consent.given & (Consent.how == "import")
        Consent.update(given=True, how=how, at=datetime.fromisoformat(at)).where(still).execute()
    for number, was, brought in reversed(journal["was"]):
        customer = Customer.get_or_none(Customer.id == number)
        if customer is not None:
            _as_before(customer, was, brought)
    for shop in Shop.select().where(Shop.business == undone.record.business_id):
        expected.offer_all_again(shop, shop.today())
        shop.changed()


def _as_brought(row: Any) -> bool:
    """Say whether a row stands as the file brought it."""
    if isinstance(row, Consent):
        return bool(row.how == "import")
    return not (isinstance(row, Note) and row.edited_at is not None)


def _as_before(customer: Customer, was: dict[str, Any], brought: dict[str, Any]) -> None:
    """Put back what a file changed of somebody's own, where nobody has changed it since."""
    if "state" not in brought:
        for column, value in was.items():
            if getattr(customer, column) == brought[column]:
                setattr(customer, column, value)
        customer.save()
    elif (customer.state, _iso(customer.state_at)) == (brought["state"], brought["told_at"]):
        since = date.fromisoformat(was["since"]) if was["since"] else None
        told_at = datetime.fromisoformat(was["told_at"]) if was["told_at"] else None
        partings.enter(customer, was["state"], since, told_at, was["reason"])


def _iso(at: datetime | None) -> str | None:
    return instant_text(at) if at else None


OF_SOMEBODY: tuple[Any, ...] = (Contact, Consent, Usual, FieldValue, Tagged, Note, Belonging)
TAKES_BACK = {"appointments": _appointments, "customers": _people}
