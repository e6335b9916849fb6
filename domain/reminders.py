"""Which reminders an appointment has, and what has become of them: made with it, moved with it, ended with it.

A reminder is a message with a time at which it is due and a deadline after which it is of no use: half of what is left
until the appointment, and four hours at most. So a failure is known while there is still time to ring. What has left is
never changed. Each keeps what it told, and where that is no longer true a word follows by the same way, whatever the rules
say: that it was moved, or is cancelled. It waits for half a minute, so that whoever takes it back has told nobody anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import clock
from domain.states import is_sought, sought
from models import Appointment, CallTask, Customer, Message, ReminderRule, Shop, is_postgres

LAST_CHANCE = timedelta(hours=4)
UNKNOWN_AFTER = timedelta(hours=24)  # nothing was heard of what was handed over
WAITING = ("due", "claimed")
LOST = ("bounced", "failed", "expired")
ARRIVED = ("delivered", "confirmed")
ASKED = ("asked-to-move", "wrong-day")  # reasons to ring that are their own answer, and no failure of ours
# Somebody is to ring them, and has not yet: it waits until their time, and was sent only once they were rung
RUNG = (Message.way == "hand") & (Message.state == "due") & (Message.attempts > 0)
ABOUT = ("reminder", "change")  # kinds of messages by which somebody learns of their time
FARTHEST = 15  # days back at most, to find one on which somebody can ring
HELD = timedelta(seconds=30)  # a word that it changed waits so long for the Undo
DEFAULT = (("email", 24 * 60),)  # of a shop that has said nothing: a day before


def rules_of(shop: Shop) -> list[ReminderRule]:
    """Return the rules of a shop that hold, earliest reminder first."""
    of_ours = (ReminderRule.shop == shop.id) & ReminderRule.ended_at.is_null()
    return list(ReminderRule.select().where(of_ours).order_by(ReminderRule.minutes_before.desc(), ReminderRule.id))


def begin_with_defaults(shop: Shop) -> None:
    """Give a new shop the reminders that nearly every shop wants: one by e-mail, the day before."""
    for way, minutes in DEFAULT:
        ReminderRule.create(shop=shop, way=way, minutes_before=minutes)


def times_of(starts: datetime, minutes_before: int) -> tuple[datetime, datetime]:
    """Return when a reminder is due, and its deadline."""
    due = starts - timedelta(minutes=minutes_before)
    return due, due + min(LAST_CHANCE, (starts - due) / 2)


def new_message_id(shop: Any, domain: str = "") -> str:
    """Return a new Message-ID for a shop. It names no person, and every attempt bears the same. Without angle brackets."""
    return f"{uuid4()}@{domain or sender_domain(shop)}"


def sender_domain(shop: Any) -> str:
    """Return the domain that a shop's letters are sent from; where there is none, one that can be nobody's. One query.

    A letter whose Message-ID ends otherwise counts as less believable. What is waiting keeps its own when that changes.
    """
    from domain import channels  # late: it asks for new names here

    number = shop.id if isinstance(shop, Shop) else shop
    sender = str(channels.way_of(Shop(id=number), "email").settings.get("sender") or "")
    domain = sender.rpartition("@")[2].lower()
    fit = channels.MAIL.fullmatch(sender) and domain.isascii() and not domain[-1].isdigit()
    return domain if fit else f"regulars-{number}.invalid"


def arm(appointment: Appointment) -> None:
    """Bring the reminders of an appointment in line with it: call it, in the same transaction, after whatever changed it.

    What waits is moved or, where the appointment stands no more, dropped; what left for an earlier time is followed by
    another for this one, and by a word that it changed. A reminder whose deadline has passed when the appointment is made is
    not made.
    """
    now = clock.now()
    waiting = (Message.appointment == appointment.id) & (Message.state == "due")
    customer = Customer.get_by_id(appointment.customer_id)
    if appointment.state != "booked" or not is_sought(customer.state):
        Message.update(state="dropped", ended_at=now).where(waiting & (Message.kind != "change")).execute()
    if not is_sought(customer.state):
        Message.update(state="dropped", ended_at=now).where(waiting).execute()
    earlier = (Message.appointment == appointment.id) & (Message.sequence < appointment.sequence)
    Message.update(state="dropped", ended_at=now).where(
        earlier & (RUNG | (Message.state == "due") & (Message.kind == "change"))
    ).execute()  # it is about the time it had before; another follows
    if appointment.state != "booked":
        _drop_calls(CallTask.appointment == appointment.id, now)
        if is_sought(customer.state):
            _say_that_it_changed(appointment, _all_of(appointment), now)
        return
    if not is_sought(customer.state):
        return
    messages = _all_of(appointment)
    _true_again(appointment, messages, now)
    _keep_to(rules_of(appointment.shop), appointment, [one for one in messages if one.rule_id], now)
    _say_that_it_changed(appointment, messages, now)
    # They were about the time it had before
    _drop_calls(CallTask.message.in_(Message.select(Message.id).where(earlier)), now)
    if not appointment.reply:  # which moving has taken away: it is seen to
        _drop_calls((CallTask.appointment == appointment.id) & CallTask.reason.in_(ASKED), now)
    elif (
        appointment.confirmed_at is None and appointment.starts_at > now
    ):  # what they ask stands again with what was taken back
        CallTask.update(outcome="", done_at=None, until=appointment.starts_at).where(
            (CallTask.appointment == appointment.id) & CallTask.reason.in_(ASKED) & (CallTask.outcome == "dropped")
        ).execute()


def _keep_to(
    rules: list[ReminderRule], appointment: Appointment, messages: list[Message], now: datetime, domain: str = ""
) -> None:
    """Make and move what waits for an appointment as the rules have it; `messages` are those it has, by sequence."""
    made = {one.rule_id: one for one in messages}
    for rule in rules:
        due, deadline = times_of(appointment.starts_at, rule.minutes_before)
        if rule.way == "hand":
            due = _while_somebody_is_there(appointment.shop, due)
        last = made.get(rule.id)
        ends = appointment.starts_at if rule.way == "hand" else deadline  # one can ring until their time has come
        times = {"due_at": due, "next_at": due, "deadline": ends, "sequence": appointment.sequence}
        if last is not None and last.sequence == appointment.sequence:
            if last.way == "hand" and last.state == "due" and last.attempts:
                continue  # somebody is ringing them already
            if last.state not in ("due", "dropped") or (last.state, last.due_at, last.way) == ("due", due, rule.way):
                continue
            if deadline <= now and last.state == "dropped":
                continue
            if deadline <= now:
                times = {}  # the rule changed too late for this one: it goes when it was to go
        elif last is not None and last.state != "due":
            last = None  # it left for an earlier time: another follows, and not before a move can be taken back
            times["next_at"] = max(due, now + HELD)
        if last is not None:
            again = (Message.id == last.id) & (Message.state == last.state)
            anew = {"state": "due", "ended_at": None, "attempts": 0, "code": "", "way": rule.way}
            if Message.update(**anew, **times).where(again).execute():
                continue
        if deadline <= now:
            continue
        Message.insert(
            shop=appointment.shop_id, kind="reminder", way=rule.way, customer=appointment.customer_id,
            appointment=appointment.id, rule=rule.id, sequence=appointment.sequence,
            message_id=new_message_id(appointment.shop_id, domain), due_at=due, next_at=times["next_at"], deadline=ends, at=now,
        ).on_conflict_ignore().execute()  # fmt: skip


def _while_somebody_is_there(shop: Shop, due: datetime) -> datetime:
    """Return when somebody can ring who was to do so at a time: a day on which the shop is closed is too late, so on the last
    open one before it, at the same time of day."""
    local = shop.local(due)
    before = (local.date() - timedelta(days=n) for n in range(1, FARTHEST))
    if not shop.is_closed_on(local.date()):
        return due
    day = next((day for day in before if not shop.is_closed_on(day)), local.date())
    return shop.at(day, local.hour * 60 + local.minute)


# -- what has left, and is true no longer


def named(appointment: Appointment) -> str:
    """Return the time of an appointment as a message names it, on the shop's clock; "" of one that is cancelled."""
    if appointment.state == "cancelled":
        return ""
    return appointment.wall or f"{appointment.shop.local(appointment.starts_at):%Y-%m-%dT%H:%M}"


def _all_of(appointment: Appointment) -> list[Message]:
    return list(Message.select().where(Message.appointment == appointment.id).order_by(Message.sequence, Message.id))


def _said(messages: Iterable[Message]) -> dict[str, Message]:
    """Return, by way, the last message about an appointment that has left, or may have."""
    found = {}
    for one in messages:
        left = one.state in ("claimed", "handed_over", *ARRIVED)
        perhaps = one.handed_at is not None and one.state in ("due", "expired", "dropped")
        if (left or perhaps) and (one.told or one.kind == "change"):
            found[one.way] = one
    return found


def was_told(appointment: Appointment) -> bool:
    """Say whether anything about an appointment has left, or may have. Until the transaction ends nothing more of it does."""
    if is_postgres():
        of_it = Message.select(Message.id).where(Message.appointment == appointment.id).order_by(Message.id)
        list(of_it.for_update().tuples())
    return bool(_said(_all_of(appointment)))


def said_before(message: Message) -> Message | None:
    """Return the last message that somebody got by the same way about the same appointment; None where this is the first."""
    others = (Message.appointment == message.appointment_id) & (Message.id != message.id)
    earlier = Message.select().where(others & (Message.way == message.way)).order_by(Message.sequence, Message.id)
    return _said(earlier).get(message.way)


def _true_again(appointment: Appointment, messages: list[Message], now: datetime) -> None:
    """Let what they were told last count for the appointment as it is now, where that is what it says: it was moved, or
    cancelled, and that was taken back before anybody heard of it."""
    for last in _said(messages).values():
        if last.sequence == appointment.sequence or last.told != named(appointment):
            continue
        for one in messages:
            if one.state == "due" and one.rule_id == last.rule_id and one.id != last.id:
                one.state = "dropped"
                Message.update(state="dropped", ended_at=now).where(Message.id == one.id).execute()
        last.sequence = appointment.sequence
        Message.update(sequence=last.sequence).where(Message.id == last.id).execute()
    messages.sort(key=lambda one: (one.sequence, one.id))


def _say_that_it_changed(appointment: Appointment, messages: list[Message], now: datetime) -> None:
    """Have whoever was told what is true no longer told so, by each way that told them; by telephone only where no other did."""
    said = _said(messages)
    wrong = [last for last in said.values() if last.told != named(appointment)]
    for last in wrong if appointment.starts_at > now else ():
        if last.way == "hand" and len(said) > 1:
            continue
        on_its_way = (Message.appointment == appointment.id) & (Message.way == last.way) & (Message.state != "dropped")
        on_its_way &= (Message.sequence == appointment.sequence) & (Message.due_at <= now + HELD)
        if Message.select().where(on_its_way).exists():
            continue
        soonest = min([at for at in (instant_told(last.told, appointment), appointment.starts_at) if at and at > now])
        deadline = now + max(2 * HELD, min(LAST_CHANCE, (soonest - now) / 2))
        if last.way == "hand":
            deadline = appointment.starts_at
        Message.create(
            shop=appointment.shop_id, kind="change", way=last.way, customer=appointment.customer_id,
            appointment=appointment.id, sequence=appointment.sequence, message_id=new_message_id(appointment.shop_id),
            before=last.told, due_at=now, next_at=now + HELD, deadline=deadline, at=now,
        )  # fmt: skip


def said_soon(appointment: Appointment) -> list[str]:
    """Return the ways by which a word that it changed waits to be sent, or a reminder that says so."""
    waits = (Message.appointment == appointment.id) & (Message.state == "due") & (Message.way != "hand")
    soon = (Message.sequence > 0) & (Message.next_at <= clock.now() + HELD)
    found = Message.select(Message.way).where(waits & ((Message.kind == "change") | soon))
    return sorted({way for (way,) in found.tuples()})


def instant_told(wall: str, appointment: Appointment) -> datetime | None:
    if not wall:
        return None
    at = datetime.fromisoformat(wall)  # on the shop's clock
    return appointment.shop.at(at.date(), at.hour * 60 + at.minute)


def _drop_calls(which: Any, now: datetime) -> None:
    CallTask.update(outcome="dropped", done_at=now).where(which & CallTask.done_at.is_null()).execute()


def rearm_all(shop: Shop) -> None:
    """Bring the reminders of everything booked ahead in line with the rules, after these have changed. What was sent is not
    sent again. Five queries, and one for each reminder that changes."""
    ended = ReminderRule.select(ReminderRule.id).where(
        (ReminderRule.shop == shop.id) & ReminderRule.ended_at.is_null(False)
    )
    Message.update(state="dropped", ended_at=clock.now()).where(
        (Message.state == "due") & Message.rule.in_(ended) & ~RUNG
    ).execute()
    now, rules, domain = clock.now(), rules_of(shop), sender_domain(shop)
    ahead = (Appointment.shop == shop.id) & (Appointment.starts_at > now) & (Appointment.state == "booked") & sought()
    made: dict[int, list[Message]] = {}
    of_these = Message.rule.is_null(False) & ahead
    for one in Message.select().join(Appointment).join(Customer).where(of_these).order_by(Message.sequence):
        made.setdefault(one.appointment_id, []).append(one)
    for appointment in Appointment.select().join(Customer).where(ahead):
        _keep_to(rules, appointment, made.get(appointment.id, []), now, domain)


# -- what has become of them


def of(appointments: Iterable[int]) -> dict[int, list[Message]]:
    """Return the reminders of appointments, by appointment, in the order in which they were due. One query."""
    found: dict[int, list[Message]] = {}
    numbers = list(appointments)
    if numbers:
        of_these = Message.appointment.in_(numbers) & Message.kind.in_(ABOUT)
        for one in Message.select().where(of_these).order_by(Message.due_at, Message.id):
            found.setdefault(one.appointment_id, []).append(one)
    return found


def failed_us(appointment: Appointment) -> Message | None:
    """Return the reminder by which we failed somebody: the last that did not arrive for the time as it is now, where none
    arrived and nobody reached them by telephone or heard from them."""
    if lost_of(appointment, told := of([appointment.id]).get(appointment.id, ()), rung=False) is None:
        return None
    rung = (CallTask.appointment == appointment.id) & (CallTask.outcome == "reached")
    return lost_of(appointment, told, CallTask.select().where(rung).exists())


def lost_of(appointment: Appointment, told: Iterable[Message], rung: bool) -> Message | None:
    """Return the same from what is known: the reminders of an appointment, and whether somebody reached them by telephone."""
    if rung or appointment.confirmed_at is not None or appointment.reply in ("coming", "move"):
        return None
    theirs = [one for one in told if one.sequence == appointment.sequence and one.state != "dropped"]
    lost = [one for one in theirs if one.state in LOST]
    return None if not lost or any(one.state in ARRIVED for one in theirs) else lost[-1]
