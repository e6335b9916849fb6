"""Somebody came late, or not yet: how they keep their times, what became of our reminder, and what is still possible.

Our own part comes first and is written down as ours by itself: who comes later than the grace after a reminder that did
not reach them is excused, and a mistake of ours stands until somebody has said sorry. Nothing of it is ever told against
them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from peewee import fn

import clock
from domain import reminders
from domain.known import SAME_APPOINTMENT, Lost
from domain.punctuality import grace_of
from models import (
    Appointment,
    Belonging,
    CallTask,
    Contact,
    Customer,
    Household,
    Message,
    Mistake,
    Prepared,
    Shop,
    Staff,
    Visit,
    db,
    from_stored,
    gathered,
    instant_of,
    parsed,
)
from words import _

if TYPE_CHECKING:
    from domain.lines import Line
    from domain.troubles import OurMistake

HALF_AN_HOUR = timedelta(minutes=30)

# -- at their arrival


def on_arrival(appointment: Appointment, shop: Shop, at: datetime, grace: int, staff: Staff) -> Mistake | None:
    """Excuse who comes later than the grace after our reminder failed, and keep that as a mistake of ours; once."""
    if at - appointment.starts_at <= timedelta(minutes=grace):
        return None
    appointment = _come_for(appointment, at)
    if at - appointment.starts_at <= timedelta(minutes=grace):
        return None
    lost = reminders.failed_us(appointment)
    if lost is None:
        return None
    Appointment.update(cause="ours").where((Appointment.id == appointment.id) & (Appointment.cause == "")).execute()
    return record(appointment, lost, shop, at, staff)


def on_untold_arrival(customer: int, shop: Shop, at: datetime, staff: Staff) -> None:
    """Take our part for who comes at the time they were told, which was moved or cancelled without a word that reached them."""
    day = f"{shop.day_of(at):%Y-%m-%d}"
    open_still = CallTask.select(CallTask.appointment).where((CallTask.shop == shop.id) & CallTask.done_at.is_null())
    untold = (Message.customer == customer) & (Message.kind == "change") & Message.before.startswith(day)
    untold &= Message.appointment.in_(open_still) & Message.state.in_((*reminders.LOST, "suppressed", "due"))
    for one in list(Message.select().where(untold).order_by(Message.id.desc()).limit(1)):
        about = f"{CHANGE}{one.id}"
        if not Mistake.select().where((Mistake.customer == customer) & (Mistake.about == about)).exists():
            Mistake.create(
                customer=customer, shop=shop, text=_("They came for a time that we had changed, and did not know."), author=staff,
                day=shop.day_of(at), at=at, about=about,
            )  # fmt: skip


def _come_for(appointment: Appointment, at: datetime) -> Appointment:
    """Return the appointment that an arrival is to: of several in a day, the nearest."""
    todays = Appointment.select().where(
        (Appointment.customer == appointment.customer_id)
        & (Appointment.shop == appointment.shop_id)
        & (Appointment.day == appointment.day)
        & (Appointment.state == "booked")
    )
    return min(todays, key=lambda one: abs(one.starts_at - at), default=appointment)


def on_late_news(message: Message, at: datetime) -> None:
    """Take our part for what is known only now: a reminder that failed after all, of somebody who came late or not at all.

    What was put down as theirs alone was so in part.
    """
    appointment = message.appointment
    if message.kind not in reminders.ABOUT or appointment is None or appointment.starts_at > at:
        return
    lost = reminders.failed_us(appointment)
    missed = appointment.state == "missed" or _never_came(appointment, at)
    if lost is None or not (missed or _came_late(appointment)):
        return
    cause = {"": "ours", "theirs": "both"}.get(appointment.cause, appointment.cause)
    Appointment.update(cause=cause).where(Appointment.id == appointment.id).execute()
    record(appointment, lost, appointment.shop, at, None)


CHANGE = "change:"  # begins what a mistake is about, where we changed a time and could not say so
UNSURE = timedelta(days=7)  # so long the card asks whether they came


def _unsure(shop: Any, first: Any, today: Any) -> Any:
    """Return the condition for the appointments from a day on, before today, of which nobody has said that they were missed,
    and no visit is written down."""
    came = Visit.select(Visit.id).where(
        (Visit.customer == Appointment.customer) & (Visit.shop == Appointment.shop) & (Visit.day == Appointment.day)
    )
    days = (Appointment.shop == shop) & (Appointment.day >= first) & (Appointment.day < today)
    return days & (Appointment.state == "booked") & ~fn.EXISTS(came)


def _never_came(appointment: Appointment, at: datetime) -> bool:
    shop = appointment.shop
    theirs = _unsure(shop.id, appointment.day, shop.day_of(at)) & (Appointment.id == appointment.id)
    return Appointment.select().where(theirs).exists()


def take_our_part(shop: Shop, now: datetime) -> None:
    """Keep as ours what nobody has seen to: a reminder that failed, and somebody who did not come, on a day that is over.
    That they missed it only a human says; the card asks."""
    today = shop.day_of(now)
    lost = Message.select(Message.id).where(
        (Message.appointment == Appointment.id)
        & Message.kind.in_(reminders.ABOUT)
        & Message.state.in_(reminders.LOST)
        & (Message.sequence == Appointment.sequence)
    )
    nobodys = _unsure(shop.id, today - UNSURE, today) & (Appointment.cause == "") & fn.EXISTS(lost)
    for one in list(Appointment.select().where(nobodys)):
        with db.atomic():
            failed = reminders.failed_us(one)
            if failed is not None:
                Appointment.update(cause="ours").where((Appointment.id == one.id) & (Appointment.cause == "")).execute()
                record(one, failed, shop, now, None)


def unsure_rows() -> Any:
    """Return the query for the appointments of the customer of a query around it of which we do not know whether they came,
    after a reminder of ours that failed; and those of which somebody has said that they did not."""
    theirs = (Appointment.customer == Customer.id) & (Appointment.cause == "ours")
    missed = (Appointment.shop == ":shop") & (Appointment.day >= ":week") & (Appointment.day < ":day")
    asked = theirs & (_unsure(":shop", ":week", ":day") | (missed & (Appointment.state == "missed")))
    rows = Appointment.select(Appointment.id, Appointment.starts_at, Appointment.state)
    return rows.where(asked).order_by(Appointment.starts_at)


def unsure_from(rows: list[list[Any]], customer: Customer) -> list[Appointment]:
    return [
        Appointment(id=number, starts_at=instant_of(at), customer=customer, state=state) for number, at, state in rows
    ]


def _came_late(appointment: Appointment) -> bool:
    starts, near = appointment.starts_at, timedelta(minutes=SAME_APPOINTMENT)
    came = [
        at
        for (at,) in Visit.select(Visit.at)
        .where(
            (Visit.customer == appointment.customer_id)
            & (Visit.shop == appointment.shop_id)
            & (Visit.at >= starts - near)
            & (Visit.at <= starts + near)
        )
        .tuples()
    ]
    if appointment.state != "booked" or not came:
        return False
    first: datetime = min(came)
    return first - starts > timedelta(minutes=grace_of(appointment, None, appointment.shop))


def record(appointment: Appointment, lost: Message, shop: Shop, at: datetime, staff: Staff | None) -> Mistake:
    """Return the mistake that a failed reminder is, of the day on which that was known; kept once."""
    about = f"reminder:{lost.id}"
    kept = Mistake.get_or_none((Mistake.customer == appointment.customer_id) & (Mistake.about == about))
    return kept or Mistake.create(
        customer=appointment.customer_id, shop=shop, text=_("Our reminder did not reach them."), author=staff,
        day=shop.day_of(lost.ended_at or lost.due_at), at=at, about=about,
    )  # fmt: skip


def on_undo(customer: int, shop: Shop, day: date) -> None:
    """Take back what an arrival that was none had written down; what somebody has seen to stays."""
    where = {"customer": customer, "shop": shop.id, "day": day.isoformat()}
    for row in _EXCUSED(**where):
        take_back(from_stored(Appointment, iter(row)))
    _UNTOLD.change(**where)
    if day < shop.today():
        take_our_part(shop, clock.now())


def _there(table: Any) -> Any:
    return (table.customer == ":customer") & (table.shop == ":shop") & (table.day == ":day")


_EXCUSED = Prepared(
    lambda: Appointment.select().where(
        _there(Appointment) & (Appointment.cause == "ours") & (Appointment.state == "booked")
    )
)
_UNTOLD = Prepared(
    lambda: Mistake.delete().where(
        _there(Mistake)
        & Mistake.about.startswith(CHANGE)
        & Mistake.acknowledged_at.is_null()
        & Mistake.made_good_at.is_null()
    )
)


def take_back(appointment: Appointment) -> None:
    """Take back the mistake that a failed reminder was, unless somebody has seen to it, and that it excused them."""
    about = [f"reminder:{one.id}" for one in reminders.of([appointment.id]).get(appointment.id, ())]
    Mistake.delete().where(
        (Mistake.customer == appointment.customer_id)
        & Mistake.about.in_(about)
        & Mistake.acknowledged_at.is_null()
        & Mistake.made_good_at.is_null()
    ).execute()
    Appointment.update(cause="").where((Appointment.id == appointment.id) & (Appointment.cause == "ours")).execute()


# -- the story, on the card of whoever is late


@dataclass(frozen=True, slots=True)
class Reached:
    """Whom to ring about an appointment, and at which numbers."""

    id: int
    name: str
    pronoun: str
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Booked:
    """An appointment of today with what became of it, as the card's query has it."""

    appointment: Appointment
    messages: tuple[Message, ...]  # reminders of the time as it is now, in the order in which they were due
    rung: bool  # somebody reached them by telephone
    next_at: datetime | None  # when the next one of the same slot begins
    brings: tuple[Reached, ...]  # who brings them, if they are a child
    own: Reached
    has_address: bool

    @property
    def lost(self) -> Lost | None:
        """Return the reminder by which we failed them, as `domain.reminders.failed_us` has it."""
        one = self.appointment
        heard = one.confirmed_at is not None or one.reply in ("coming", "move") or self.rung
        lost = [message for message in self.messages if message.state in reminders.LOST]
        if heard or not lost or any(message.state in reminders.ARRIVED for message in self.messages):
            return None
        last = lost[-1]
        return Lost(last.id, last.way, last.ended_at or last.due_at, last.why)

    @property
    def fate(self) -> str:
        """Return the state of the last reminder, "" where none was due."""
        return self.messages[-1].state if self.messages else ""

    def until(self) -> datetime | None:
        """Return until when somebody late can still be seen for half of their time at least; None: nothing is in the way."""
        one = self.appointment
        if one.kept_until is not None or self.next_at is None:
            return one.kept_until
        length = (one.ends_at or one.starts_at + HALF_AN_HOUR) - one.starts_at
        return self.next_at - length / 2

    def whom(self, child: bool) -> Reached:
        """Return whom to ring: for a child, or somebody who can be reached nowhere, whoever brings them."""
        person = self.brings[0] if self.brings and (child or not self.has_address) else self.own
        return replace(person, numbers=person.numbers or self.own.numbers)


@dataclass(frozen=True, slots=True)
class Story:
    """What happened: their record, our part, and what is still possible. Facts; `words.lateness` tells them."""

    appointment: Appointment
    came_at: datetime | None
    minutes: int  # past their time, when they came or by now
    punctual: dict[str, Any]  # as domain.punctuality has it
    lost: Lost | None  # our reminder that did not arrive
    silent: bool  # and no other one left us
    fate: str  # of our last reminder: a state of models.MESSAGE_STATES, "" where none was due
    until: datetime | None  # they can still be seen until then; None: nothing is in the way today
    next_at: datetime | None
    whom: Reached  # to ring
    mistake: OurMistake | None  # that our reminder failed, once it is written down

    @property
    def is_missed(self) -> bool:
        return self.appointment.state == "missed"

    @property
    def causes(self) -> tuple[str, ...]:
        """Return whose slip it can be: theirs alone only where our own word reached them."""
        return ("ours", "both") if self.lost else ("ours", "theirs", "both")


def story(
    booked: list[Booked], line: Line, child: bool, mistakes: list[OurMistake], shop: Shop, now: datetime
) -> Story | None:
    """Return the story of somebody who is past their time today, came late, or did not come; None of anybody else."""
    came_at = line.visit.at if line.visit else None
    standing = [one for one in booked if one.appointment.state == "booked"]
    if came_at is not None:
        standing.sort(key=lambda one: abs(one.appointment.starts_at - came_at))
    one = next(iter(standing), None)
    if one is None:
        one = next((one for one in booked if one.appointment.state == "missed"), None)
    if one is None:
        return None
    appointment, lost = one.appointment, one.lost
    late = (came_at or now) - appointment.starts_at
    grace = 0 if lost and came_at is None else grace_of(appointment, line.punctual, shop)
    if appointment.state != "missed" and late <= timedelta(minutes=grace):
        return None
    about = {f"reminder:{message.id}" for message in one.messages}
    return Story(
        appointment=appointment,
        came_at=came_at if appointment.state == "booked" else None,
        minutes=int(late.total_seconds() // 60),
        punctual=line.punctual or {},
        lost=lost,
        silent=all(message.state in reminders.LOST for message in one.messages),
        fate=one.fate,
        until=one.until(),
        next_at=one.next_at,
        whom=one.whom(child),
        mistake=next((known for known in mistakes if known.mistake.about in about), None),
    )


# -- as columns of the card's one query (domain.card.PARTS)

_APPOINTMENT = (
    "id", "starts_at", "ends_at", "state", "cause", "kept_until", "late_minutes", "grace_minutes", "confirmed_at",
    "confirmed_how", "reply", "with_whom",
)  # fmt: skip
_MESSAGE = ("id", "way", "state", "code", "due_at", "ended_at", "handed_at")
BOOKED = (*_APPOINTMENT, "next_at", "messages", "rung", "brings", "numbers", "addresses")


def booked_rows() -> Any:
    """Return the query for today's appointments of the customer of a query around it, standing or missed, in their order."""
    after = Appointment.alias()
    next_at = after.select(fn.MIN(after.starts_at)).where(
        (after.shop == ":shop")
        & (after.day == ":day")
        & (after.slot == Appointment.slot)
        & (after.state == "booked")
        & (after.starts_at > Appointment.starts_at)
    )
    messages = (
        Message.select(*(getattr(Message, name) for name in _MESSAGE))
        .where(
            (Message.appointment == Appointment.id)
            & Message.kind.in_(reminders.ABOUT)
            & (Message.sequence == Appointment.sequence)
            & (Message.state != "dropped")
        )
        .order_by(Message.due_at, Message.id)
    )
    reached = (CallTask.appointment == Appointment.id) & (CallTask.outcome == "reached")
    rung = CallTask.select(fn.COUNT(CallTask.id)).where(reached)
    mine, theirs, person = Belonging.alias(), Belonging.alias(), Customer.alias()
    brings = (
        theirs.select(person.id.alias("person"), person.name, person.call, person.pronoun)
        .join(person, on=theirs.customer == person.id)
        .join_from(theirs, mine, on=mine.household == theirs.household)
        .join_from(mine, Household, on=mine.household == Household.id)
        .where(
            (mine.customer == Appointment.customer)
            & (Household.kind == "household")
            & (person.id != Appointment.customer)
            & (person.state == "active")
            & theirs.brings
        )
        .order_by(person.id)
    )
    home, with_them = Belonging.alias(), Belonging.alias()
    at_home = (
        with_them.select(with_them.customer)
        .join(home, on=home.household == with_them.household)
        .where(home.customer == Appointment.customer)
    )
    numbers = (
        Contact.select(Contact.customer.alias("person"), Contact.address)
        .where(
            ((Contact.customer == Appointment.customer) | Contact.customer.in_(at_home))
            & (Contact.kind == "phone")
            & Contact.bad_at.is_null()
        )
        .order_by(Contact.id.desc())
    )
    addresses = Contact.select(fn.COUNT(Contact.id)).where(Contact.customer == Appointment.customer)
    return (
        Appointment.select(
            *(getattr(Appointment, name) for name in _APPOINTMENT), next_at.alias("next_at"),
            gathered(messages, *_MESSAGE).alias("messages"), rung.alias("rung"),
            gathered(brings, "person", "name", "call", "pronoun").alias("brings"),
            gathered(numbers, "person", "address").alias("numbers"), addresses.alias("addresses"),
        )
        .where(
            (Appointment.customer == Customer.id)
            & (Appointment.shop == ":shop")
            & (Appointment.day == ":day")
            & Appointment.state.in_(("booked", "missed"))
        )
        .order_by(Appointment.starts_at)
    )  # fmt: skip


def booked_from(rows: list[list[Any]], customer: Customer) -> list[Booked]:
    """Return today's appointments from the values that `booked_rows` gathered."""
    return [_booked(row, customer) for row in rows]


_INSTANTS = {"starts_at", "ends_at", "kept_until", "confirmed_at", "due_at", "ended_at", "handed_at"}


def _booked(row: list[Any], customer: Customer) -> Booked:
    next_at, messages, rung, brings, numbers, addresses = row[len(_APPOINTMENT) :]
    known: dict[int, list[str]] = {}
    for person, address in parsed(numbers) or ():
        known.setdefault(person, []).append(address)
    return Booked(
        appointment=Appointment(customer=customer, **_values(_APPOINTMENT, row)),
        messages=tuple(Message(**_values(_MESSAGE, one)) for one in parsed(messages) or ()),
        rung=bool(rung),
        next_at=instant_of(next_at),
        brings=tuple(
            Reached(number, call or name, pronoun, tuple(known.get(number, ())))
            for number, name, call, pronoun in parsed(brings) or ()
        ),
        own=Reached(customer.id, customer.called, customer.pronoun, tuple(known.get(customer.id, ()))),
        has_address=bool(addresses),
    )


def _values(names: tuple[str, ...], row: list[Any]) -> dict[str, Any]:
    return {name: instant_of(value) if name in _INSTANTS else value for name, value in zip(names, row, strict=False)}
