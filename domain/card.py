"""A customer's card: what to know about one person, from today's line, their notes and their last visits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from peewee import JOIN

from domain.lines import Line, line_for
from models import Customer, Note, Shop, Staff, Usual, Visit

WEEKS = 12
LAST_VISITS = 12


@dataclass(frozen=True, slots=True)
class Dots:
    """Twelve weeks at a glance: on a weekday (0-6) they tend to come on, or any day of the week (None)."""

    weekday: int | None
    came: tuple[bool, ...]  # oldest first
    today: bool  # a thirteenth dot: expected or here today

    @property
    def count(self) -> int:
        return sum(self.came)


@dataclass(frozen=True, slots=True)
class Card:
    line: Line
    notes: list[Note]
    private: int  # how many private notes there are; their text is fetched only when asked for
    usual: Usual | None
    dots: Dots
    visits: list[datetime]  # the latest, in the shop's zone, newest first
    count: int
    first: date | None


def card_for(
    customer: Customer, shop: Shop, now: datetime, line: Line | None = None, asker: Staff | None = None
) -> Card:
    """Return what the card of one customer shows; `line`, if it is at hand already, spares asking for it again."""
    line = line or line_for(customer, shop, now, asker)
    theirs = (Note.customer == customer.id) & Note.standing(shop.id, shop.day_of(now))
    notes = list(
        Note.select(Note, Staff)
        .join(Staff, JOIN.LEFT_OUTER)
        .where(theirs & ~Note.private)
        .order_by(Note.safety.desc(), Note.id.desc())
    )
    usual = (
        Usual.select(Usual, Staff)
        .join(Staff, JOIN.LEFT_OUTER)
        .where((Usual.customer == customer.id) & (Usual.shop == shop.id))
        .get_or_none()
    )
    came = list(
        Visit.select(Visit.day, Visit.at)
        .where((Visit.customer == customer.id) & (Visit.shop == shop.id) & (Visit.at <= now))
        .order_by(Visit.at.desc())
        .tuples()
    )
    return Card(
        line=line,
        notes=notes,
        private=Note.select().where(theirs & Note.private).count(),
        usual=usual,
        dots=_dots(line, [day for day, _at in came], shop.day_of(now)),
        visits=[shop.local(at) for _day, at in came[:LAST_VISITS]],
        count=len(came),
        first=came[-1][0] if came else None,
    )


def _dots(line: Line, days: list[date], today: date) -> Dots:
    visited = set(days)
    weekday = line.reason.get("weekday") if line.reason else None
    expected = line.arrived or line.source != "walk-in"
    if weekday is not None:
        came = tuple(today - timedelta(weeks=weeks) in visited for weeks in range(WEEKS, 0, -1))
        return Dots(weekday, came, expected)
    monday = today - timedelta(days=today.weekday())
    came = tuple(
        any(monday - timedelta(weeks=weeks) + timedelta(days=d) in visited for d in range(7))
        for weeks in range(WEEKS, 0, -1)
    )
    return Dots(None, came, expected)
