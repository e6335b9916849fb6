"""What has become of reminders, for the owner: by each way, whom our silence touched, what came to nothing, what waits.

Each figure is the length of a list that can be opened. All of it is about the last thirty days.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from peewee import JOIN, SQL, Case, fn

from domain.actions import Asked, Conflict, Unknown, does
from domain.alarms import BANNER_AFTER
from domain.reminders import ABOUT, ARRIVED, ASKED, LOST, UNKNOWN_AFTER
from domain.states import living, sought
from models import (
    WAYS,
    Appointment,
    Beat,
    Business,
    CallTask,
    Contact,
    Customer,
    Message,
    Mistake,
    Outage,
    Shop,
    Staff,
    StrayReport,
    Visit,
)
from words import _

DAYS = timedelta(days=30)
AHEAD = timedelta(hours=24)
LISTED = 5  # of a list on the page itself
AT_ONCE = 50
TOLD = (*ABOUT, "promise")  # what people are told; tests and alerts are counted nowhere
# Ours to mend, or our provider's: nobody's address is at fault
OURS = (
    "sign-in-refused", "not-set-up", "no-credit", "account-shut", "sender-refused", "tls", "no-such-host", "not-allowed",
    "redirected", "gone", "our-fault",
)  # fmt: skip


# -- figures


@dataclass(frozen=True, slots=True)
class Figures:
    """What has become of what was to be told by one way."""

    sent: int = 0
    arrived: int = 0  # those confirmed among them
    lost: int = 0
    late: int = 0
    unknown: int = 0
    suppressed: int = 0
    waiting: int = 0
    planned: int = 0


def _fates(now: datetime) -> dict[str, Any]:
    """Return the condition for each figure of a way."""
    return {
        "sent": Message.handed_at.is_null(False) & Message.state.not_in(("due", "claimed")),
        "arrived": Message.state.in_(ARRIVED),
        "lost": Message.state.in_(("bounced", "failed")),
        "late": (Message.state == "expired") & Message.handed_at.is_null(),
        "unknown": (
            (Message.state == "handed_over") & (Message.handed_at < now - UNKNOWN_AFTER) & (Message.way != "hand")
        )
        | ((Message.state == "expired") & Message.handed_at.is_null(False)),
        "suppressed": Message.state == "suppressed",
        "waiting": (Message.state == "claimed")
        | ((Message.state == "due") & ((Message.next_at <= now) | (Message.attempts > 0))),
        "planned": (Message.state == "due") & (Message.next_at > now) & (Message.attempts == 0),
    }


def _lately(shop: Shop, now: datetime) -> Any:
    return (
        (Message.shop == shop.id)
        & (Message.due_at >= now - DAYS)
        & (Message.due_at < now + AHEAD)
        & Message.kind.in_(TOLD)
    )


def figures(shop: Shop, now: datetime) -> dict[str, Figures]:
    """Return the figures of each way by which anything was to be told. One query."""
    counts = [fn.COUNT(Case(None, [(condition, 1)])) for condition in _fates(now).values()]
    rows = Message.select(Message.way, *counts).where(_lately(shop, now)).group_by(Message.way)
    return {way: Figures(*numbers) for way, *numbers in rows.tuples()}


def in_all(figures: dict[str, Figures], name: str) -> int:
    return sum(getattr(one, name) for one in figures.values())


def ours(shop: Shop, now: datetime) -> dict[str, int]:
    """Return what the owner sees first of the last days: how many were sent, did not arrive, were too late, were caught in
    time, and owned up to; empty where nobody is reminded of anything. At most five queries."""
    found = figures(shop, now)
    if not found:
        return {}
    counted = {name: in_all(found, name) for name in ("sent", "lost", "late")}
    if not counted["late"]:
        del counted["late"]
    return counted | {"caught": caught(shop, now, 0, 1).total, "owned": _owned(shop, now, 0, 1).total}


# -- lists


@dataclass(frozen=True, slots=True)
class Some:
    """A part of a list, and how long the whole is."""

    rows: list[Any]
    total: int
    start: int = 0

    @property
    def more(self) -> int:
        return self.total - self.start - len(self.rows)

    @property
    def end(self) -> int:
        return self.start + len(self.rows)


def _part(rows: Any, start: int, most: int) -> Some:
    """Return a part of a query's rows: one query, and one more to count where there are others."""
    found = list(rows.limit(most).offset(start))
    total = start + len(found)
    return Some(found, rows.count() if start or len(found) == most else total, start)


def messages(shop: Shop, now: datetime, way: str, fate: str, start: int = 0, most: int = AT_ONCE) -> Some:
    """Return the messages behind a figure, of one way or ("") of all, latest first."""
    found = _lately(shop, now) & _fates(now)[fate]
    if way:
        found &= Message.way == way
    rows = (
        Message.select(Message, Customer, Appointment)
        .join(Customer, JOIN.LEFT_OUTER, on=Message.customer == Customer.id, attr="customer")
        .join_from(Message, Appointment, JOIN.LEFT_OUTER, on=Message.appointment == Appointment.id, attr="appointment")
        .where(found)
        .order_by(Message.due_at.desc(), Message.id.desc())
    )
    return _part(rows, start, most)


def bad_addresses(shop: Shop, now: datetime, start: int = 0, most: int = AT_ONCE) -> Some:
    """Return the addresses where nothing arrives, of the people we look out for, latest first."""
    ours = (Customer.business == shop.business_id) & Contact.bad_at.is_null(False) & sought()
    rows = Contact.select(Contact, Customer).join(Customer).where(ours)
    return _part(rows.order_by(Contact.bad_at.desc(), Contact.id.desc()), start, most)


def caught(shop: Shop, now: datetime, start: int = 0, most: int = AT_ONCE) -> Some:
    """Return the failures of ours that somebody caught by ringing, latest first: calls, with whoever made them."""
    reached = (CallTask.shop == shop.id) & (CallTask.outcome == "reached") & (CallTask.done_at >= now - DAYS)
    rows = (
        CallTask.select(CallTask, Customer, Staff, Appointment)
        .join(Customer)
        .join_from(CallTask, Staff, JOIN.LEFT_OUTER, on=CallTask.done_by == Staff.id, attr="by")
        .join_from(CallTask, Appointment, JOIN.LEFT_OUTER)
        .where(reached & (CallTask.reason != "") & CallTask.reason.not_in(ASKED) & living())
    )
    return _part(rows.order_by(CallTask.done_at.desc(), CallTask.id.desc()), start, most)


@dataclass(slots=True)
class Touched:
    """Somebody our silence touched: whose appointment it was, which reminder did not arrive, and what happened."""

    customer: Customer
    appointment: Appointment
    message: Message
    came_at: datetime | None = None
    mistake: Mistake | None = None


def touched(shop: Shop, now: datetime, start: int = 0, most: int = AT_ONCE) -> Some:
    """Return the people who had a time while nothing of ours had reached them, latest first. Four queries."""
    other, later = Message.alias(), Message.alias()
    same = (other.appointment == Message.appointment) & (other.sequence == Message.sequence)
    arrived = other.select(SQL("1")).where(same & other.state.in_(ARRIVED))
    after = later.select(SQL("1")).where(
        (later.appointment == Message.appointment)
        & (later.sequence == Message.sequence)
        & later.state.in_(LOST)
        & ((later.due_at > Message.due_at) | ((later.due_at == Message.due_at) & (later.id > Message.id)))
    )
    rung = CallTask.select(SQL("1")).where(
        (CallTask.appointment == Message.appointment) & (CallTask.outcome == "reached")
    )
    ours = (
        (Message.shop == shop.id)
        & Message.kind.in_(ABOUT)
        & Message.state.in_(LOST)
        & (Message.due_at >= now - 3 * DAYS)  # their index; what was due longer before is of an earlier month
        & (Appointment.starts_at >= now - DAYS)
        & (Appointment.starts_at <= now)
        & (Appointment.state != "cancelled")
        & (Appointment.sequence == Message.sequence)
        & Appointment.confirmed_at.is_null()
        & Appointment.reply.not_in(("coming", "move"))
        & living()
    )
    rows = (
        Message.select(Message, Appointment, Customer)
        .join(Appointment)
        .join(Customer)
        .where(ours & ~fn.EXISTS(arrived) & ~fn.EXISTS(after) & ~fn.EXISTS(rung))
        .order_by(Appointment.starts_at.desc(), Message.id.desc())
    )
    part = _part(rows, start, most)
    told = [Touched(one.appointment.customer, one.appointment, one) for one in part.rows]
    _what_happened(shop, told)
    return Some(told, part.total, part.start)


def _what_happened(shop: Shop, told: list[Touched]) -> None:
    if not told:
        return
    people, days = {one.customer.id for one in told}, {one.appointment.day for one in told}
    visits: dict[tuple[int, date], datetime] = {}
    there = (Visit.shop == shop.id) & Visit.customer.in_(people) & Visit.day.in_(days)
    for number, day, at in Visit.select(Visit.customer, Visit.day, fn.MIN(Visit.at)).where(there).group_by(
        Visit.customer, Visit.day
    ).tuples():  # fmt: skip
        visits[number, day] = at
    of_these = Mistake.customer.in_(people) & Mistake.about.in_([f"reminder:{one.message.id}" for one in told])
    mistakes = {
        one.about: one
        for one in Mistake.select(Mistake, Staff)
        .join(Staff, JOIN.LEFT_OUTER, on=Mistake.acknowledged_by == Staff.id, attr="by")
        .where(of_these)
    }
    for one in told:
        one.came_at = visits.get((one.customer.id, one.appointment.day))
        one.mistake = mistakes.get(f"reminder:{one.message.id}")


def _owned(shop: Shop, now: datetime, start: int = 0, most: int = AT_ONCE) -> Some:
    """Return the mistakes of ours by a reminder that somebody has owned up to, latest first."""
    ours = (Mistake.shop == shop.id) & Mistake.about.startswith("reminder:") & (Mistake.acknowledged_at >= now - DAYS)
    rows = (
        Mistake.select(Mistake, Customer, Staff)
        .join(Customer)
        .join_from(Mistake, Staff, JOIN.LEFT_OUTER, on=Mistake.acknowledged_by == Staff.id, attr="by")
        .where(ours & living())
    )
    return _part(rows.order_by(Mistake.acknowledged_at.desc(), Mistake.id.desc()), start, most)


OTHERS: dict[str, Callable[..., Some]] = {
    "touched": touched,
    "caught": caught,
    "owned": _owned,
    "addresses": bad_addresses,
}


def listed(shop: Shop, now: datetime, name: str, start: int = 0) -> Some | None:
    """Return a list by its name, from a place on: "caught", "lost", or of one way, "lost-email"; None where there is none."""
    if name in OTHERS:
        return OTHERS[name](shop, now, start)
    fate, dash, way = name.partition("-")
    if fate not in Figures.__slots__ or (dash and way not in WAYS):
        return None
    return messages(shop, now, way, fate, start)


# -- what needs the owner


@dataclass(frozen=True, slots=True)
class Needs:
    """What somebody has to look at: `silent_since` while nothing is sent, the codes of what is ours to mend."""

    sender_at: datetime | None  # when it was last alive
    silent: bool
    ours: int  # how many messages wait or fell for a reason that the owner can mend
    strays: int
    outages: int

    @property
    def count(self) -> int:
        return self.silent + bool(self.ours) + self.strays + self.outages


def needs(shop: Shop, now: datetime) -> Needs:
    """Return what needs the owner. One query."""
    runs = _runs_the_server(shop)
    overdue = Message.select(fn.COUNT(Message.id)).where(
        (Message.state == "due") & (Message.next_at < now - BANNER_AFTER)
    )
    ours = Message.select(fn.COUNT(Message.id)).where(_ours_to_mend(shop, now))
    found = Shop.select(
        Beat.select(fn.MAX(Beat.at)).where(Beat.name == "sender"),
        overdue,
        ours,
        StrayReport.select(fn.COUNT(StrayReport.id)).where(StrayReport.seen_at.is_null() & runs),
        Outage.select(fn.COUNT(Outage.id)).where(Outage.seen_at.is_null() & runs),
    ).where(Shop.id == shop.id)
    told, waits, mend, strays, outages = next(iter(found.tuples()))
    at = datetime.fromisoformat(told) if isinstance(told, str) else told
    silent = now - at > BANNER_AFTER if at else bool(waits)
    return Needs(at, silent, mend, strays, outages)


def _ours_to_mend(shop: Shop, now: datetime) -> Any:
    """Return the condition that a message waits or fell for a reason that the owner can mend."""
    lately = (Message.shop == shop.id) & (Message.due_at >= now - AHEAD) & Message.kind.in_(TOLD)
    return lately & Message.code.in_(OURS) & Message.state.in_(("due", "failed", "expired"))


def faults(shop: Shop, now: datetime) -> dict[str, str]:
    """Return the last such reason of each way that has one. One query."""
    rows = Message.select(Message.way, Message.code).where(_ours_to_mend(shop, now))
    return dict(rows.order_by(Message.next_at, Message.id).tuples())


def _runs_the_server(shop: Shop) -> Any:
    """Return the condition that a business has this server, and so is told what concerns it as a whole: the first one."""
    return shop.business_id == Business.select(fn.MIN(Business.id))


def strays(shop: Shop) -> list[StrayReport]:
    """Return the reports that belong to nothing we know and that nobody has put away yet, latest first."""
    unseen = StrayReport.seen_at.is_null() & _runs_the_server(shop)
    return list(
        StrayReport.select().where(unseen).order_by(StrayReport.at.desc(), StrayReport.id.desc()).limit(AT_ONCE)
    )


def outages(shop: Shop) -> list[Outage]:
    """Return the times in which nothing was sent and that nobody has put away yet, latest first."""
    unseen = Outage.seen_at.is_null() & _runs_the_server(shop)
    return list(Outage.select().where(unseen).order_by(Outage.ended.desc(), Outage.id.desc()).limit(AT_ONCE))


@does("stray.seen", "reminders")
def see_stray(asked: Asked) -> dict[str, Any]:
    """Put away a report that belongs to nothing."""
    return _seen(asked, StrayReport, "stray", asked.act.at)


@does("stray.unseen", "reminders")
def unsee_stray(asked: Asked) -> dict[str, Any]:
    return _seen(asked, StrayReport, "stray", None)


@does("outage.seen", "reminders")
def see_outage(asked: Asked) -> dict[str, Any]:
    """Put away a time in which nothing was sent."""
    return _seen(asked, Outage, "outage", asked.act.at)


@does("outage.unseen", "reminders")
def unsee_outage(asked: Asked) -> dict[str, Any]:
    return _seen(asked, Outage, "outage", None)


def _seen(asked: Asked, table: Any, name: str, at: datetime | None) -> dict[str, Any]:
    number = asked.id_of(name)
    there = (table.id == number) & _runs_the_server(asked.shop)
    if not table.select().where(there).exists():
        raise Unknown(_("There is nothing of that number here. It may have been removed."))
    stands = there & table.seen_at.is_null(at is not None)
    if not table.update(seen_at=at).where(stands).execute():
        raise Conflict(_("That was done already."))
    return {name: str(number)}


# -- the page


@dataclass(slots=True)
class Page:
    """All that the page of reminders shows, besides how each way is set up."""

    figures: dict[str, Figures]
    caught: int
    owned: int
    needs: Needs
    touched: Some
    addresses: Some
    strays: list[StrayReport] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)  # way -> the code of what is wrong with it


def page(shop: Shop, now: datetime) -> Page:
    """Return what the page shows. At most fifteen queries, however many reminders there are."""
    need = needs(shop, now)
    return Page(
        figures(shop, now), caught(shop, now, 0, 1).total, _owned(shop, now, 0, 1).total, need,
        touched(shop, now, 0, LISTED), bad_addresses(shop, now, 0, LISTED),
        strays(shop) if need.strays else [], outages(shop) if need.outages else [], faults(shop, now) if need.ours else {},
    )  # fmt: skip
