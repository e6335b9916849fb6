"""What is to be sent, and its true state: claimed for a while, sent, and marked; nothing is lost, and nothing is called
received that was only handed over.

A message is claimed by one sender with a lease, in the transaction that looks whether it may be sent at all; then it is
sent, outside of any transaction; then it is marked. A sender that is killed leaves its lease behind, and when it is known
to be gone, or the lease is over, another sends the message again, under the same Message-ID: at most one double a kill,
and none lost. Marking before sending would lose one a kill.

    due -> claimed -> handed_over -> delivered -> confirmed
                   -> due (tried again) or failed           handed_over, delivered -> bounced
    by hand: due -> due (somebody is to ring) -> confirmed (reached), delivered (left a message), or failed (neither in time)
    due -> expired (its deadline passed), suppressed (they asked not to), dropped (the appointment stands no more)

Whatever one message has wrong with it stays with that message. What follows from its end (somebody to ring, words on a
phone) is done step by step in the same transaction, and a step that breaks takes neither the mark nor the others along:
a message that was sent and could not be marked would be sent again and again.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from peewee import InterfaceError, InternalError, OperationalError, fn

import clock
from domain import alarms, contacts, expected, lateness, promises, reminders
from domain.known import SAME_APPOINTMENT
from domain.reminders import ABOUT, ARRIVED, ASKED, LOST
from models import (
    Appointment,
    CallTask,
    Customer,
    Message,
    Promise,
    ReminderRule,
    Shop,
    StrayReport,
    db,
    is_postgres,
)

LEASE = timedelta(minutes=2)  # longer than any sending takes; by the machine's own clock, as sending takes real time
RETRIES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 30))  # after that, every half hour until the deadline
OUR_FAULT = "our-fault"  # an exception of ours
ABANDONED = "abandoned"  # its sender was gone
NOBODY_RANG = "not-rung"
OPTED_OUT = "opted-out"  # they told the gateway, and not us
NOT_UNDERSTOOD = "no-report"
# By the codes of an attempt of which nobody knows whether it left; of what is not named here, after a time-out as well
MAY_HAVE_GONE = {"email": ("cut-off",)}
AWAY = (OperationalError, InterfaceError, InternalError)  # the database itself, and not what one message asked of it

log = logging.getLogger("regulars.outbox")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to send now: to whom, where, and about what."""

    message: Message
    shop: Shop
    customer: Customer | None
    appointment: Appointment | None
    rule: ReminderRule | None
    person: Customer | None  # who is told, in the customer's stead
    address: str


# -- claiming


def free_abandoned(now: datetime, is_gone: Callable[[str], bool] = lambda who: False) -> int:
    """Let messages be due again whose sender has not come back within its lease, or `is_gone`; return how many.

    One that was abandoned again and again waits: it may be what its senders die of.
    """
    count, over = 0, clock.system_now()
    claimed = Message.select(
        Message.id, Message.claimed_by, Message.leased_until, Message.code, Message.attempts, Message.next_at
    ).where(Message.state == "claimed")
    for one in list(claimed):
        if one.leased_until is not None and one.leased_until >= over and not is_gone(one.claimed_by):
            continue
        again_and_again = one.code == ABANDONED and one.attempts > len(RETRIES)
        again = now + _wait(one.attempts) if again_and_again else one.next_at
        theirs = (Message.id == one.id) & (Message.state == "claimed") & (Message.claimed_by == one.claimed_by)
        freed = Message.update(
            state="due", claimed_by="", leased_until=None, code=ABANDONED, next_at=again, handed_at=now
        )
        count += int(freed.where(theirs).execute())
    return count


def _wait(attempts: int) -> timedelta:
    """Return how long a message waits after so many attempts."""
    return RETRIES[max(0, min(attempts, len(RETRIES)) - 1)]


def expire(now: datetime) -> int:
    """End what is too late to send; return how many. Each becomes a task to ring, where ringing still helps."""
    count = 0
    while True:
        late = (Message.state == "due") & (Message.deadline < now)
        numbers = [number for (number,) in Message.select(Message.id).where(late).limit(500).tuples()]
        for number in numbers:
            with db.atomic():
                one = Message.get_by_id(number)
                state, code = _end_of(one)
                ended = one.deadline if one.way == "hand" else now  # their time, whenever we look
                won = Message.update(state=state, code=code, ended_at=ended).where(late & (Message.id == number))
                if won.execute():
                    count += 1
                    if state != "dropped":
                        _fell(Message.get_by_id(number), now)
        if len(numbers) < 500:
            return count


def _end_of(message: Message) -> tuple[str, str]:
    """Return how a message ends whose deadline has passed, and why."""
    if message.way != "hand" or not message.attempts:
        return "expired", message.code or "too-late"
    one = message.appointment
    if one is not None and (one.confirmed_at is not None or one.reply in ("coming", "move")):
        return "dropped", ""  # they had answered before anybody rang
    tried = CallTask.select().where((CallTask.appointment == message.appointment_id) & (CallTask.tries > 0))
    return "failed", "no-answer" if tried.exists() else NOBODY_RANG


def claim(who: str, now: datetime, only: Any = None) -> Claimed | None:
    """Return the next message that is due, of those that `only` names, claimed for `who`; None where there is none.

    Whether it may be sent is looked up in this very transaction: what may not is ended here, with the reason.
    """
    due = (Message.state == "due") & (Message.next_at <= now) & (Message.deadline >= now)
    if only is not None:
        due &= only
    while Message.select().where(due).exists():  # without holding up whoever writes
        with db.atomic():
            first = Message.select(Message.id).where(due).order_by(Message.next_at, Message.id).limit(1)
            if is_postgres():
                first = first.for_update("FOR UPDATE SKIP LOCKED")
            number = next((number for (number,) in first.tuples()), None)
            if number is None:
                return None
            found = _try(partial(_claimed, Message.get_by_id(number), who, now))
            if found is None:
                _put_off(number, now)
            elif found[0] is not None:
                return found[0]
    return None


def _claimed(message: Message, who: str, now: datetime) -> tuple[Claimed | None]:
    if message.way == "hand" and message.kind == "promise" and not _over(message, now):
        _end(message, "handed_over", "", now, handed_at=now)
        _tell(message)
        return (None,)
    told = reminders.named(message.appointment) if message.appointment else ""
    if message.way == "hand" and message.kind in ABOUT and not _over(message, now):
        after = message.deadline + timedelta(seconds=1)  # so it is not claimed again
        Message.update(attempts=message.attempts + 1, next_at=after, told=told).where(
            Message.id == message.id
        ).execute()
        _ring(message, now, "")
        _tell(message)
        return (None,)
    where, end, code = _fate(message, now)
    if end:
        _end_unsent(message, end, code, now)
        return (None,)
    address = where.address if where else message.address
    lease = {"claimed_by": who, "leased_until": clock.system_now() + LEASE, "attempts": message.attempts + 1}
    Message.update(state="claimed", **lease, address=address, told=told).where(Message.id == message.id).execute()
    message.state, message.claimed_by, message.attempts, message.address = "claimed", who, message.attempts + 1, address
    person = where.customer if where else None
    return (Claimed(message, message.shop, message.customer, message.appointment, message.rule, person, address),)


def _over(message: Message, now: datetime) -> bool:
    """Say whether a message is about an appointment that stands no more as it was, or a promise that is no longer kept by it."""
    promise, one = message.promise, message.appointment
    if promise is not None:
        return promise.state != "kept"
    if one is None or message.customer_id is None:
        return message.kind in ABOUT  # about nothing, or for nobody: there is nothing to say
    if message.kind == "change":
        before = reminders.said_before(message)  # None where what had been claimed was held back in time
        stands = one.state in ("booked", "cancelled") and before is not None and before.told != reminders.named(one)
    else:
        stands = one.state == "booked"
    return not stands or one.sequence != message.sequence or one.starts_at <= now


def _fate(message: Message, now: datetime) -> tuple[contacts.Reach | None, str, str]:
    """Return who is told where, where that is looked up; or how a message must end unsent, and why."""
    if _over(message, now):
        return None, "dropped", "moved"
    if message.kind not in (*ABOUT, "promise") or message.customer is None:
        return None, "", ""
    where = contacts.reach(message.customer, message.way, message.shop)
    if where.code in ("asked-not-to", "has-died"):
        return where, "suppressed", where.code
    if where.code == "no-address" and _is_told_otherwise(message, now):
        return where, "dropped", where.code  # that they have none for this way is no failure of ours
    return where, "failed" if where.code else "", where.code


def _is_told_otherwise(message: Message, now: datetime) -> bool:
    """Say whether another message tells somebody the same of their appointment: it has left, or waits and can reach them."""
    same = (Message.appointment == message.appointment_id) & (Message.sequence == message.sequence)
    others = Message.select().where(
        same & (Message.id != message.id) & Message.appointment.is_null(False) & Message.kind.in_(ABOUT)
    )
    return any(
        one.state in ("handed_over", *ARRIVED)
        or (one.state in reminders.WAITING and one.deadline > now and not contacts.reach(*_told_by(one)).code)
        for one in others
    )


def _told_by(message: Message) -> tuple[Customer, str, Shop]:
    return message.customer, message.way, message.shop


def _end_unsent(message: Message, end: str, code: str, now: datetime) -> None:
    if end == "failed" and message.handed_at is not None:
        end = "expired"  # an earlier attempt may have reached them
    _end(message, end, code, now)
    if end in LOST:
        _fell(Message.get_by_id(message.id), now)
    elif end == "suppressed":
        if message.kind == "change":  # they would come for nothing: what they asked not to be sent is told by telephone
            _follow(lambda: _ring(message, now, code))
        _tell(message)


def _end(message: Message, state: str, code: str, now: datetime, **values: Any) -> None:
    ended = {"state": state, "code": code, "ended_at": now, "claimed_by": "", "leased_until": None, **values}
    Message.update(ended).where(Message.id == message.id).execute()
    message.state, message.code = state, code


def _put_off(number: int, now: datetime) -> None:
    """Let a message wait that breaks already when it is claimed; at its deadline it ends as any other."""
    message = Message.select(Message.attempts).where(Message.id == number).get()
    attempts = message.attempts + 1
    Message.update(attempts=attempts, code=OUR_FAULT, next_at=now + _wait(attempts)).where(
        Message.id == number
    ).execute()


def may_go(claimed: Claimed) -> bool:
    """Say whether a claimed message may still go, asked right before it does; what may not ends here, with the reason.

    Between claiming and this moment a server may have kept us waiting, and somebody may have asked not to be told, have
    died, or have moved the appointment.
    """
    now, who = clock.now(), claimed.message.claimed_by
    with db.atomic():
        message = Message.get_or_none(
            (Message.id == claimed.message.id) & (Message.state == "claimed") & (Message.claimed_by == who)
        )
        if message is None:
            return False  # it is another's
        where, end, code = _fate(message, now)
        if not end and where is not None and where.address != claimed.address:
            Message.update(state="due", claimed_by="", leased_until=None).where(Message.id == message.id).execute()
            return False  # their address has changed: at once again, to the new one
        if end:
            _end_unsent(message, end, code, now)
        return not end


# -- marking what became of it


def settle(claimed: Claimed, state: str, code: str, detail: str, gateway_id: str | None = None) -> None:
    """Mark what became of an attempt: "handed_over", "try_again", "refused", or for a call "delivered".

    Whoever lost the lease meanwhile marks nothing: another sender has the message, and its word counts.
    """
    now = clock.now()
    message = claimed.message
    ours = (
        (Message.id == message.id) & (Message.state == "claimed") & (Message.claimed_by == claimed.message.claimed_by)
    )
    told: dict[str, Any] = {"code": code, "detail": detail[:300], "leased_until": None, "claimed_by": ""}
    if gateway_id:
        told["gateway_id"] = gateway_id
    if code in MAY_HAVE_GONE.get(message.way, ("timeout", "cut-off")):
        told["handed_at"] = now
    may_have_gone = message.handed_at is not None or "handed_at" in told
    if state == "refused" and message.kind == "alert":
        state = "try_again"  # by another way
    with db.atomic():
        if state == "try_again":
            again = now + _wait(message.attempts)
            if again <= message.deadline:
                if Message.update(state="due", next_at=again, **told).where(ours).execute():
                    _follow(lambda: alarms.provider(message, code, now))
                return
            state = "refused"
        if state == "refused" and may_have_gone and code != OPTED_OUT:
            state = "expired"  # whatever was said at last: an earlier attempt may have reached them
        final = {"handed_over": "handed_over", "delivered": "delivered", "refused": "failed", "expired": "expired"}[
            state
        ]
        if final == "failed" and code == OPTED_OUT and message.customer_id is not None:
            final = "suppressed"
        told["ended_at"] = now
        if final != "expired":
            told["handed_at"] = None if final in ("failed", "suppressed") else now
        if not Message.update(state=final, **told).where(ours).execute():
            return
        now_stands = Message.get_by_id(message.id)
        if final in LOST:
            _follow(lambda: _went_bad(now_stands, now), lambda: alarms.provider(now_stands, code, now))
            _fell(now_stands, now)
        elif final == "suppressed":
            _follow(lambda: _opted_out(now_stands, now))
            _tell(now_stands)
        elif final == "delivered" or not _is_quiet(now_stands):
            _tell(now_stands)


def _is_quiet(message: Message) -> bool:
    """Say whether no phone shows what became of a message that went out as it should: six thousand in one morning would
    have every phone fetch its day six thousand times."""
    one = message.appointment
    return message.promise_id is None and (one is None or one.day != message.shop.today())


def _follow(*steps: Callable[[], Any]) -> None:
    """Do what follows from what became of a message, each step for itself: one that breaks undoes only its own."""
    for step in steps:
        _try(step)


def _try(step: Callable[[], Any]) -> Any:
    """Return what a step returns; None where it broke, and then nothing of it is kept."""
    try:
        with db.atomic():
            return step()
    except AWAY:
        raise
    except Exception as error:
        log.error("A message broke: %s", place_of(error))
        return None


def place_of(error: BaseException) -> str:
    """Return what went wrong and where, without its words: they may hold an address or a name."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


# From which states each report leads on. What a gateway says was delivered was so, whether or not its answer to us got lost.
NEXT = {
    "delivered": ("handed_over", "claimed", "due", "expired"),
    "bounced": ("handed_over", "delivered"),
    "failed": (
        "handed_over",
        "claimed",
    ),  # a gateway's proof of arrival stands; a mail may still come back from behind it
}


def report(message: Message, state: str, code: str, detail: str = "") -> bool:
    """Take in what a mailbox or a gateway says of a message: "delivered", "bounced" or "failed"; say whether it changed
    anything. A report that comes late, twice, or after they confirmed changes nothing."""
    now = clock.now()
    with db.atomic():
        can = (Message.id == message.id) & Message.state.in_(NEXT[state])
        told: dict[str, Any] = {"state": state, "code": code, "detail": detail[:300], "ended_at": now}
        if state == "failed" and code == OPTED_OUT and message.kind in ABOUT:
            told |= {"state": "suppressed", "handed_at": None}
        if not Message.update(**told).where(can).execute():
            return False
        stands = Message.get_by_id(message.id)
        if code == OPTED_OUT:
            _follow(lambda: _opted_out(stands, now))
        if stands.state in LOST:
            _follow(lambda: _went_bad(stands, now))
            _fell(stands, now)
        else:
            if state == "delivered":
                _follow(lambda: _arrived(stands, now))
            _tell(stands)
    return True


def confirmed(message: Message) -> None:
    """Mark that whoever was told has answered: by what it brought them, so it need not be sent again either."""
    stands = Message.state.in_(("due", "claimed", "handed_over", "delivered", "bounced", "failed", "expired"))
    Message.update(state="confirmed", ended_at=clock.now()).where((Message.id == message.id) & stands).execute()


def not_understood(message: Message, detail: str) -> None:
    """Keep with a message that something came back about it from which nothing can be concluded."""
    still = (Message.id == message.id) & (Message.state == "handed_over")
    Message.update(code=NOT_UNDERSTOOD, detail=detail[:300]).where(still).execute()


def stray(via: str, code: str, about: str) -> None:
    """Keep a report that is about nothing we know, or says nothing we understand, for the owner to see; once."""
    told = {"via": via[:40], "code": code[:40], "about": about[:250]}
    if not StrayReport.select().where(*(getattr(StrayReport, name) == value for name, value in told.items())).exists():
        StrayReport.create(at=clock.now(), **told)


BAD_FOR_GOOD = ("no-such-mailbox", "bad-address", "no-such-number", "wrong-number", "blocked-by-them")


def _went_bad(message: Message, now: datetime) -> None:
    """Mark an address where nothing will ever arrive."""
    if message.code in BAD_FOR_GOOD and message.address:
        contacts.went_bad(contacts.KIND_OF.get(message.way, "phone"), message.address, message.code, now)


def _opted_out(message: Message, now: datetime) -> None:
    """Keep that whoever has that number told the gateway that they want nothing more by this way."""
    if message.customer is not None and message.way in contacts.CONSENTED:
        contacts.refused_by(message.customer, message.shop, message.way, message.address, now)


def _fell(message: Message, now: datetime) -> None:
    """Let what did not arrive be seen at once: as a task to ring before the appointment, and wherever it is told."""
    one = message.appointment
    if one is not None and one.starts_at > now and _is_untold(message, one):
        last = reminders.failed_us(one) if message.kind == "reminder" else None  # which is also what their row tells
        fell = last or message
        _follow(lambda: _ring(fell, now, fell.why or "unknown"))
    _follow(lambda: lateness.on_late_news(message, now))
    _tell(message)


def _is_untold(message: Message, appointment: Appointment) -> bool:
    """Say whether somebody does not know what a message would have told them."""
    if message.kind == "reminder":
        return reminders.failed_us(appointment) is not None
    by_another = (Message.appointment == appointment.id) & (Message.sequence == message.sequence)
    return message.kind == "change" and not Message.select().where(by_another & Message.state.in_(ARRIVED)).exists()


def _arrived(message: Message, now: datetime) -> None:
    """Let nobody be rung about what did not arrive, now that another way has reached them."""
    if message.kind in ABOUT and message.appointment_id is not None:
        about = (CallTask.appointment == message.appointment_id) & (CallTask.reason != "")
        open_still = about & CallTask.reason.not_in(ASKED) & CallTask.done_at.is_null()
        CallTask.update(outcome="dropped", done_at=now).where(open_still).execute()


def _ring(message: Message, now: datetime, reason: str) -> None:
    """Make the task of ringing whoever was to be told, unless one for this appointment is open."""
    appointment = message.appointment
    if appointment is None or message.customer is None:
        return
    still_open = (CallTask.appointment == appointment.id) & CallTask.done_at.is_null()
    if CallTask.select().where(still_open).exists():
        if reason and not CallTask.select().where(CallTask.message == message.id).exists():
            failed = still_open & (CallTask.reason != "") & CallTask.reason.not_in(ASKED)
            CallTask.update(message=message.id, reason=reason).where(failed).execute()
        return
    until = appointment.starts_at
    if before := reminders.instant_told(message.before, appointment):  # so long they may come for nothing
        until = min(until, before + timedelta(minutes=SAME_APPOINTMENT)) if before > now else until
    # One of this message that was dropped when the appointment was cancelled, which stands again
    again = CallTask.update(outcome="", done_at=None, until=until, reason=reason)
    if again.where((CallTask.message == message.id) & (CallTask.outcome == "dropped")).execute():
        return
    CallTask.insert(
        shop=message.shop_id, customer=contacts.addressee(message.customer, message.shop).id, appointment=appointment.id,
        message=message.id, reason=reason, at=now, until=until,
    ).on_conflict_ignore().execute()  # fmt: skip


def _tell(message: Message) -> None:
    """Let phones and words know what has become of a message."""
    steps: list[Callable[[], Any]] = [message.shop.changed]
    if message.customer is not None:
        # The list of a day to come may have been made already
        days = {message.shop.today(), *([message.appointment.day] if message.appointment else [])}
        steps[:0] = [partial(expected.offer_again, message.customer, message.shop, day) for day in days]
    if message.promise_id is not None:
        steps.insert(0, lambda: _tell_promise(message))
    _follow(*steps)


def _tell_promise(message: Message) -> None:
    """Bring what a promise says of its sending in line with the message: step by step, as `domain.promises` knows them."""
    promise = Promise.get_by_id(message.promise_id)
    steps = (
        ["due", "claimed", "handed_over"]
        if message.state in ARRIVED + ("bounced", "handed_over")
        else ["due", "claimed"]
    )
    for state in [*steps, message.state]:
        if promise.confirmed_at is not None or promise.closed_at is not None:
            return  # they have it, or it is over: how it travelled changes nothing
        if state != promise.delivery and state in promises.NEXT.get(promise.delivery, ()):
            promises.delivered(promise, state)
            promise = Promise.get_by_id(promise.id)


# -- what others say of it

HEARD_OF = timedelta(days=5)  # so long other servers keep trying


def take_in(
    via: str, message_id: str, recipient: str, state: str, code: str = "", detail: str = "", reference: str = ""
) -> Message | None:
    """Take in a report of delivery and return the message that it is about; None where it is kept as a stray.

    A message is found by its id, ours or the gateway's. Where a report names none, one that says that something did not
    arrive is believed of the last message to that address; a proof of arrival is not, for anybody can write one.
    """
    found = _by_id(message_id) or _by_id(reference) or (_last_to(recipient) if state in ("bounced", "failed") else None)
    if found is None or state == "unknown":
        stray(via, code or state, recipient or message_id or reference)
        return None
    if state in NEXT:
        _follow(partial(report, found, state, code, detail))
    else:  # delayed, or handed over as we know already
        Message.update(detail=detail[:300]).where((Message.id == found.id) & (Message.state == "handed_over")).execute()
    return found


def _by_id(message_id: str) -> Message | None:
    if not message_id:
        return None
    return Message.get_or_none((Message.message_id == message_id) | (Message.gateway_id == message_id))


def _last_to(recipient: str) -> Message | None:
    if not recipient:
        return None
    lately = Message.state.in_(("handed_over", "bounced")) & (Message.handed_at > clock.now() - HEARD_OF)
    to_them = (Message.way == "email") & (fn.LOWER(Message.address) == recipient.lower())
    return Message.select().where(lately & to_them).order_by(Message.handed_at.desc(), Message.id.desc()).first()


STRAYS_KEPT = timedelta(days=31)


def forget_strays(now: datetime) -> None:
    """Drop the reports about nothing that we know, after a month."""
    StrayReport.delete().where(StrayReport.at < now - STRAYS_KEPT).execute()


# -- how it stands


def waiting(now: datetime) -> int:
    """Return how many messages are due and not yet sent."""
    return int(Message.select().where((Message.state == "due") & (Message.next_at <= now)).count())


def told_of(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Return messages as the command line and the API tell them."""
    return [
        {
            "id": str(one.id),
            "kind": one.kind,
            "channel": one.way,
            "to": one.address,
            "customer": str(one.customer_id) if one.customer_id else None,
            "appointment": str(one.appointment_id) if one.appointment_id else None,
            "state": one.state,
            "reason": one.code,
            "due_at": one.shop.local(one.due_at).isoformat(),
            "deadline": one.shop.local(one.deadline).isoformat(),
            "attempts": one.attempts,
            "message_id": one.message_id,
        }
        for one in messages
    ]
