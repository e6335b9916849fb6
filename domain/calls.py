"""People to ring because what we sent did not arrive: until somebody reached them, or their time has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, fn

import clock
from domain.actions import Asked, Conflict, does
from domain.board import Board
from domain.reminders import ASKED, RUNG
from domain.states import living
from models import Appointment, CallTask, Contact, Customer, Message, Shop, Staff, gathered, parsed
from words import _

OUTCOMES = ("reached", "no_answer", "left_message")


# -- the acts


@does("call.done")
def done(asked: Asked) -> dict[str, Any]:
    """Write down what came of ringing somebody. Reached, their appointment is confirmed by that, unless they had asked for
    another; without an answer the task stays, and says how often it was tried."""
    task = _task(asked)
    outcome = asked.choice("outcome", OUTCOMES, "")
    if task.done_at is not None:
        raise _second(task, asked)
    ends = {} if outcome == "no_answer" else {"done_at": asked.act.at, "done_by": asked.staff.id}
    open_still = (CallTask.id == task.id) & CallTask.done_at.is_null()
    if not CallTask.update(outcome=outcome, tries=CallTask.tries + 1, **ends).where(open_still).execute():
        raise _second(CallTask.get_by_id(task.id), asked)
    if outcome != "no_answer":  # what was to be told by ringing is told
        told = {"state": "confirmed" if outcome == "reached" else "delivered"}
        told |= {"ended_at": asked.act.at, "handed_at": asked.act.at}
        Message.update(told).where((Message.appointment == task.appointment_id) & RUNG).execute()
    if outcome == "reached" and task.appointment_id and task.reason not in ASKED:
        Appointment.update(confirmed_at=asked.act.at, confirmed_how="phone").where(
            (Appointment.id == task.appointment_id)
            & (Appointment.state == "booked")
            & Appointment.confirmed_at.is_null()
        ).execute()
    return asked.told(_about(task))


@does("call.reopen")
def reopen(asked: Asked) -> dict[str, Any]:
    """Take back what came of ringing somebody, and what followed from it."""
    task = _task(asked)
    if task.done_at is None and not task.outcome:
        raise Conflict(_("This call is still to be made."), already=True)
    if task.outcome == "reached" and task.appointment_id:
        Appointment.update(confirmed_at=None, confirmed_how="").where(
            (Appointment.id == task.appointment_id)
            & (Appointment.confirmed_how == "phone")
            & (Appointment.confirmed_at == task.done_at)
        ).execute()
    if task.done_at is not None:
        Message.update(state="due", ended_at=None, handed_at=None).where(
            (Message.appointment == task.appointment_id)
            & (Message.way == "hand")
            & (Message.state.in_(("confirmed", "delivered")))
            & (Message.ended_at == task.done_at)
        ).execute()
    CallTask.update(outcome="", done_at=None, done_by=None, tries=task.tries - 1).where(
        (CallTask.id == task.id) & (CallTask.tries > 0)
    ).execute()
    return asked.told(_about(task))


def _task(asked: Asked) -> CallTask:
    task: CallTask = asked.ours(CallTask, "task", _("There is nobody to ring by that number any more."))
    return task


def _about(task: CallTask) -> Customer:
    """Return the customer whose appointment it is about, who may be another than is rung."""
    return task.appointment.customer if task.appointment_id else task.customer


def _second(task: CallTask, asked: Asked) -> Conflict:
    already = task.outcome == asked.act.data.get("outcome")
    return Conflict(_already(task, asked), already=already, **asked.done_by(task.done_by, task.done_at))


def _already(task: CallTask, asked: Asked) -> str:
    if task.outcome == "dropped" or task.done_at is None:
        return _("There is nobody to ring by that number any more.")
    name = task.done_by.name if task.done_by else _("a colleague")
    return _("Done already by %(name)s, %(when)s.", name=name, when=asked.when(task.done_at))


# -- who is to be rung


@dataclass(slots=True)
class ToRing:
    """Somebody to ring: whom, at which numbers, about whose appointment, and why."""

    task: CallTask
    person: Customer
    about: Customer
    appointment: Appointment | None
    numbers: list[str]
    way: str  # of what failed; "" where ringing was the plan
    failed_at: datetime | None
    change: str = ""  # that is to be told: "moved" or "cancelled"
    before: datetime | None = None  # of a change: on the shop's clock, when they believe that it is
    number_is_bad: bool = False  # one is known, and nobody is reached at it
    here: bool = False  # they have come in today: it can be told to their face

    @property
    def is_for_another(self) -> bool:
        return self.person.id != self.about.id

    @property
    def asked(self) -> str:
        """Return what they wrote when they asked to move it, or had another day."""
        return self.appointment.reply_text if self.appointment and self.task.reason in ASKED else ""

    @property
    def is_done(self) -> bool:
        return self.task.done_at is not None


@dataclass(frozen=True, slots=True)
class Calls:
    """Who is to be rung, whose time comes first first, and who was rung today, the latest first."""

    open: list[ToRing]
    done: list[ToRing]

    def by(self, now: datetime) -> Calls:
        """Return them as they stand at a moment: whoever's time has come is met, and no longer rung."""
        return Calls([one for one in self.open if one.task.until is None or one.task.until > now], self.done)


NOBODY = Calls([], [])


def calls(shop: Shop, now: datetime) -> Calls:
    """Return who is to be rung and who was rung today. One query."""
    about, done_by = Customer.alias(), Staff.alias()
    dawn = shop.at(shop.day_of(now), 0)
    open_still = CallTask.done_at.is_null() & (CallTask.until.is_null() | (CallTask.until > now))
    of_today = (CallTask.done_at >= dawn) & CallTask.outcome.in_(OUTCOMES)
    rows = (
        CallTask.select(
            CallTask, Customer, Appointment, about, Message, done_by,
            gathered(_numbers(Customer), "address").alias("theirs"), gathered(_numbers(about), "address").alias("own"),
            _bad_numbers(Customer).alias("bad"),
        )
        .join(Customer)
        .join_from(CallTask, Appointment, JOIN.LEFT_OUTER)
        .join_from(Appointment, about, JOIN.LEFT_OUTER, on=Appointment.customer == about.id, attr="customer")
        .join_from(CallTask, Message, JOIN.LEFT_OUTER)
        .join_from(CallTask, done_by, JOIN.LEFT_OUTER, on=CallTask.done_by == done_by.id, attr="done_by")
        .where((CallTask.shop == shop.id) & (open_still | of_today) & living())
        .order_by(CallTask.until, CallTask.id)
    )  # fmt: skip
    found = [_to_ring(row, shop) for row in rows]
    done = sorted((one for one in found if one.is_done), key=lambda one: one.task.done_at, reverse=True)
    return Calls([one for one in found if not one.is_done], done)


def to_ring(shop: Shop, now: datetime) -> list[ToRing]:
    """Return who is to be rung, whose time comes first first. One query."""
    return calls(shop, now).open


def calls_of(day: Board, shop: Shop, now: datetime) -> Calls:
    """Return the calls of a board's day. The board knows where there are none, and keeps what there is until anything happens."""
    if not day.around.calls:
        return NOBODY
    kept: dict[Any, Any] = day.frames
    key = ("calls", day.revision)
    if key not in kept:
        kept[key] = calls(shop, now)
        for one in kept[key].open:
            line = day.by_customer.get(one.about.id)
            one.here = line is not None and line.arrived
    found: Calls = kept[key]
    return found.by(now)


def _numbers(person: Any) -> Any:
    """Return the query for the telephone numbers of somebody of a query around it, the latest first."""
    good = (Contact.customer == person.id) & (Contact.kind == "phone") & Contact.bad_at.is_null()
    return Contact.select(Contact.address).where(good).order_by(Contact.id.desc())


def _bad_numbers(person: Any) -> Any:
    """Return the query for how many numbers of somebody are known at which nobody is reached."""
    bad = (Contact.customer == person.id) & (Contact.kind == "phone") & Contact.bad_at.is_null(False)
    return Contact.select(fn.COUNT(Contact.id)).where(bad)


def _to_ring(row: Any, shop: Shop) -> ToRing:
    if row.appointment:
        row.appointment.shop = shop
    message = row.message if row.reason else None
    return ToRing(
        row,
        row.customer,
        row.appointment.customer if row.appointment else row.customer,
        row.appointment,
        parsed(row.theirs) or parsed(row.own) or [],
        message.way if message else "",
        (message.ended_at or message.due_at) if message else None,
        _change(row),
        datetime.fromisoformat(row.message.before) if _change(row) and row.message.before else None,
        number_is_bad=bool(row.bad),
    )


def _change(row: Any) -> str:
    if row.appointment is None or row.message is None or row.message.kind != "change":
        return ""
    return "cancelled" if row.appointment.state == "cancelled" else "moved"


def caught(shop: Shop, since: datetime) -> int:
    """Return how many failures of ours somebody caught by ringing, before the visit, since an instant."""
    found = (CallTask.shop == shop.id) & (CallTask.outcome == "reached") & (CallTask.done_at >= since)
    return int(CallTask.select().where(found & (CallTask.reason != "") & CallTask.reason.not_in(ASKED)).count())


def close_those_past(now: datetime) -> None:
    """Drop the tasks of those whose time has come: what was missed is told at their arrival."""
    past = CallTask.done_at.is_null() & (CallTask.until < now)
    CallTask.update(outcome="dropped", done_at=clock.now()).where(past).execute()
