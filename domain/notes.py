"""Notes: whether any may be written about somebody, and who reads those that are kept from sight."""

from __future__ import annotations

from datetime import date, datetime

from peewee import JOIN

from domain import audit
from models import Customer, Note, NoteReading, Seen, Shop, Staff, Told, db


def wants_none(customer: int) -> bool:
    """Say whether somebody asked us to write nothing down."""
    return Told.select().where((Told.customer == customer) & (Told.what == "no_notes")).exists()


def note_for(number: int, staff: Staff) -> Note | None:
    """Return a note with its customer and its author; None where it is another business's, or of a shop they do not work in."""
    return (
        Note.select(Note, Customer, Staff)
        .join(Customer)
        .join_from(Note, Staff, JOIN.LEFT_OUTER)
        .where(
            (Note.id == number)
            & (Customer.business == staff.business_id)
            & (Note.shop.is_null() | Note.shop.in_(staff.shops.select(Shop.id)))
        )
        .get_or_none()
    )


def seen_by_nobody(note: Note) -> None:
    """Have everybody read a note for safety again: its words are other ones."""
    Seen.delete().where((Seen.what == "note") & (Seen.number == note.id)).execute()


def read_private(customer: int, shop: Shop, reader: Staff, today: date, now: datetime) -> list[Note]:
    """Return the private notes that stand, with their authors, oldest first, and record that somebody read them."""
    theirs = (Note.customer == customer) & Note.private & Note.standing(shop.id, today)
    notes = list(Note.select(Note, Staff).join(Staff, JOIN.LEFT_OUTER).where(theirs).order_by(Note.id))
    for note in notes:
        record_reading(note, reader, now, shop)
    return notes


def record_reading(note: Note, reader: Staff, now: datetime, shop: Shop | None = None) -> None:
    """Record that somebody read a private note: beside the note, and in the record of changes, which outlives it."""
    with db.atomic():
        NoteReading.create(note=note, staff=reader, at=now)
        audit.write(
            "note.read", business=reader.business_id, shop=shop, staff=reader, note=note.id, customer=note.customer_id
        )


def for_booking(customer: int, shop: Shop, today: date) -> list[Note]:
    """Return the notes for when an appointment is made, private ones left out, with their authors, oldest first."""
    theirs = (Note.customer == customer) & ~Note.private & (Note.moment == "booking") & Note.standing(shop.id, today)
    return list(Note.select(Note, Staff).join(Staff, JOIN.LEFT_OUTER).where(theirs).order_by(Note.id))
