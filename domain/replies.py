"""What comes back from customers by the addresses in what we sent them: that they will be there, that it should be moved, that
their day is another, that they have what was promised, and that they want no more mail.

Such an address is signed and holds numbers only (`domain.links`); who has it may answer, again and again, until the time has
come. What they ask for becomes somebody to ring, for a colleague has to find the other time with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import clock
from domain import contacts, expected, links, outbox, promises
from domain.actions import Refused
from domain.contacts import permit
from domain.plain_words import has_card_number
from domain.reminders import ASKED
from models import Appointment, CallTask, Consent, Customer, Merge, Message, Promise, Shop, db, is_postgres
from words import _

REASON = dict(zip(("move", "wrong"), ASKED, strict=True))
LONGEST = 500  # letters of what they write to us
LINK_LASTS = timedelta(days=60)  # of something promised


# -- an appointment


@dataclass(frozen=True, slots=True)
class Answering:
    """An appointment as somebody comes to it by an address, and how it stands for them."""

    appointment: Appointment
    shop: Shop
    message: Message | None  # that brought them the address

    @property
    def is_over(self) -> bool:
        return self.appointment.starts_at <= clock.now()

    @property
    def is_moved(self) -> bool:
        """Say whether it was moved since they were told of it."""
        return self.message is not None and self.message.sequence != self.appointment.sequence

    @property
    def answer(self) -> str:
        """Return what they have told us, by whichever way: one of `models.REPLIES`."""
        if self.appointment.reply in REASON and not self.appointment.confirmed_at:
            return str(self.appointment.reply)
        return "coming" if self.appointment.confirmed_at else ""


def appointment_by(secret: str) -> Answering | None:
    """Return the appointment that an address leads to; None where it is none of ours, is too old, or leads nowhere any more."""
    numbers = links.read(secret, "visit", clock.now().date())
    if numbers is None or len(numbers) != 2:
        return None
    appointment = (
        Appointment.select(Appointment, Shop, Customer)
        .join(Shop)
        .join_from(Appointment, Customer)
        .where((Appointment.id == numbers[0]) & (Customer.state != "died"))
        .get_or_none()
    )
    if appointment is None:
        return None
    of_it = (Message.id == numbers[1]) & (Message.appointment == appointment.id)
    return Answering(appointment, appointment.shop, Message.get_or_none(of_it))


def written(text: str) -> str:
    """Return words of theirs as they are kept. Raises Refused where they are too many, or hold the number of a card."""
    text = "".join(c for c in text.replace("\r\n", "\n").replace("\x00", "") if not 0xD800 <= ord(c) < 0xE000).strip()
    if len(text) > LONGEST:
        raise Refused(_("That is too long: %(most)s letters fit.", most=LONGEST))
    if has_card_number(text):
        raise Refused(_("That looks like the number of a payment card. Such a number is never kept here."))
    return text


def answer(found: Answering, reply: str, text: str, seen: int, how: str = "link") -> bool:
    """Keep what they say of an appointment as they have `seen` it (its sequence); say whether it still stood so.

    `reply` is one of "coming", "move", "wrong". The same answer again changes nothing.
    """
    now, one = clock.now(), found.appointment
    text = written(text) if reply in REASON else ""
    with db.atomic():
        stands = Appointment.select().where(
            (Appointment.id == one.id)
            & (Appointment.state == "booked")
            & (Appointment.sequence == seen)
            & (Appointment.starts_at > now)
        )
        fresh = (stands.for_update() if is_postgres() else stands).get_or_none()
        if fresh is None:
            return False
        if found.message is not None:
            outbox.confirmed(found.message)
        if (fresh.reply, fresh.reply_text) == (reply, text) and bool(fresh.confirmed_at) == (reply == "coming"):
            return True
        values: dict[str, Any] = {"reply": reply, "reply_text": text, "replied_at": now}
        if reply in REASON:
            values |= {"confirmed_at": None, "confirmed_how": ""}
        elif fresh.confirmed_at is None:
            values |= {"confirmed_at": now, "confirmed_how": how}
        Appointment.update(**values).where(Appointment.id == one.id).execute()
        _to_ring(fresh, found.shop, REASON.get(reply, ""), now)
        _tell(fresh.customer, found.shop)
    return True


def _to_ring(appointment: Appointment, shop: Shop, reason: str, now: datetime) -> None:
    """Let somebody be rung about what they asked; whatever else they were to be rung about is answered by that."""
    theirs = CallTask.appointment == appointment.id
    CallTask.update(outcome="dropped", done_at=now).where(theirs & CallTask.done_at.is_null()).execute()
    if not reason:
        return
    to_do: dict[str, Any] = {"reason": reason, "at": now, "until": appointment.starts_at}
    earlier = CallTask.get_or_none(theirs & CallTask.reason.in_(ASKED) & (CallTask.outcome == "dropped"))
    if earlier is not None:
        CallTask.update(outcome="", done_at=None, **to_do).where(CallTask.id == earlier.id).execute()
        return
    person = contacts.addressee(appointment.customer, shop)
    CallTask.create(shop=shop, customer=person, appointment=appointment, **to_do)


def _tell(customer: Customer, shop: Shop) -> None:
    expected.offer_again(customer, shop, shop.today())
    shop.changed()


@dataclass(frozen=True, slots=True)
class Asks:
    """What somebody asks about an appointment still to come: to move it, or that their day is another."""

    id: int
    starts_at: datetime
    reply: str
    text: str
    at: datetime


ASKS = ("id", "starts_at", "reply", "reply_text", "replied_at")


def asks_rows() -> Any:
    """Return the query for what the customer of a query around it asks at ``:shop`` about what is to come after ``:now``."""
    columns = (getattr(Appointment, name) for name in ASKS)
    stands = (Appointment.state == "booked") & (Appointment.starts_at > ":now") & Appointment.confirmed_at.is_null()
    theirs = (Appointment.customer == Customer.id) & (Appointment.shop == ":shop") & Appointment.reply.in_(list(REASON))
    return Appointment.select(*columns).where(theirs & stands).order_by(Appointment.starts_at)


def asks_from(rows: list[list[Any]], _customer: Customer) -> list[Asks]:
    return [
        Asks(number, datetime.fromisoformat(starts), reply, text, datetime.fromisoformat(at))
        for number, starts, reply, text, at in rows
    ]


# -- what was promised


def promise_by(secret: str) -> tuple[Promise, Message | None] | None:
    """Return the promise that an address leads to, with the message that brought it, where it was one of ours."""
    numbers = links.read(secret, "owed", clock.now().date())
    if numbers is None or len(numbers) != 2:
        by_hand = promises.by_link(secret)
        return (by_hand, None) if by_hand is not None else None
    promise = (
        Promise.select(Promise, Customer, Shop)
        .join(Customer)
        .join_from(Promise, Shop)
        .where((Promise.id == numbers[0]) & Promise.closed_at.is_null() & (Customer.state != "died"))
        .get_or_none()
    )
    if promise is None:
        return None
    return promise, Message.get_or_none((Message.id == numbers[1]) & (Message.promise == promise.id))


def has_it(promise: Promise, message: Message | None) -> None:
    """Keep that they told us themselves that they have what was promised; a second time changes nothing."""
    with db.atomic():
        promises.confirm_by_link(promise, clock.now())
        if message is not None:
            outbox.confirmed(message)


# -- no more mail


@dataclass(frozen=True, slots=True)
class Mailed:
    """Somebody who gets mail from a shop, as they come to us by the address in it."""

    person: Customer
    shop: Shop

    @property
    def refused(self) -> bool:
        said = (Consent.customer == self.person.id) & (Consent.way == "email") & ~Consent.given
        return Consent.select().where(said).exists()


def mailed_by(secret: str) -> Mailed | None:
    """Return whom an address in a letter stands for; None where it is none of ours, or is too old."""
    numbers = links.read(secret, "mail", clock.now().date())
    if numbers is None or len(numbers) != 2:
        return None
    person = Customer.get_or_none(Customer.id == numbers[0])
    if person is None and (kept := Merge.into(numbers[0])):
        person = Customer.get_or_none(Customer.id == kept)
    shop = Shop.get_or_none(Shop.id == numbers[1])
    return Mailed(person, shop) if person is not None and shop is not None else None


def let_mail(found: Mailed, given: bool) -> None:
    """Keep that they want no more mail of ours, or do again; asked twice, nothing changes."""
    if found.refused != given:
        return
    with db.atomic():
        permit(found.person, "email", given, "link", clock.now())
        found.shop.changed()
        found.shop.tell_the_others()


# -- what a gateway, or whoever makes a call, tells of a message


def message_by(secret: str) -> int | None:
    """Return the number of the message that an address for reports is about; None where it is none of ours, or too old."""
    numbers = links.read(secret, "gone", clock.now().date())
    return numbers[0] if numbers is not None and len(numbers) == 1 else None


def take_in(message: Message, state: str, code: str, detail: str, via: str) -> None:
    """Take in a believed report about a message: "delivered", "bounced" or "failed" by what it says, and of a call also that
    they said they will be there. On its way still is no news; what nobody understands changes no state."""
    if state in ("delivered", "bounced", "failed"):
        outbox.report(message, state, "" if state == "delivered" else code, detail)
        if code == "confirmed" and message.appointment is not None:
            appointment = message.appointment
            answer(Answering(appointment, message.shop, message), "coming", "", message.sequence, how="call")
    elif state not in ("handed_over", "delayed"):
        outbox.not_understood(message, detail or via)
