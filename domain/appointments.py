"""Agreed times: booking, moving and cancelling them, several at once in a series, and that nobody is promised a time twice.

A time is what the clock on the shop's wall will say. Whose time it takes is its `slot`: whom it is with, or the shop
itself where nobody is named. Two cannot have one slot at one time: the database's index decides between two that begin
together, and for those that overlap the shop's row is held while they are looked for. Squeezing in is a decision of
whoever books, and takes no slot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from peewee import IntegrityError, fn

import clock
from domain import expected, lateness, reminders
from domain.actions import Asked, Conflict, Refused, Unknown, does
from domain.states import is_living, living
from models import (
    CAUSES,
    HELD,
    Action,
    Appointment,
    Customer,
    Membership,
    Message,
    Series,
    Shop,
    Staff,
    db,
    folded,
    instant_of,
    instant_text,
    is_postgres,
)
from words import _, appointments as told

MINUTES = 30  # an appointment's length where nobody says
LONGEST = 24 * 60
NOON = 12 * 60
AHEAD = timedelta(days=183)  # a series is made so far ahead, and on every night
STEP = timedelta(minutes=15)  # free times are looked for at these
OFFERED = 3
KEPT_MINUTES = 30  # a place is kept so long where nobody says


# -- the acts


@does(
    "appointment.create",
    unsaid={"minutes": MINUTES, "with": "", "service": "", "squeeze": False, "every_weeks": "", "leave_out": False},
)
def create(asked: Asked) -> dict[str, Any]:
    """Book a time, once or (`every_weeks`, `weekdays`, and `until` or `times`) again and again: of a series, `leave_out`
    leaves out the days on which its time is taken."""
    customer = _bookable(asked)
    shop = asked.place()
    starts, minutes = when(asked, "starts_at"), _minutes(asked, "minutes", MINUTES)
    with_whom, service = asked.text("with", required=False), asked.text("service", required=False)
    squeezed = asked.flag("squeeze")
    if asked.act.data.get("every_weeks") or asked.act.data.get("weekdays"):
        series = _series(asked, customer, starts, minutes, with_whom, service)
        made = make_ahead(series, clock.now(), "in" if squeezed else "out" if asked.flag("leave_out") else "")
        if not made:
            raise Refused(_("On none of these days is there an appointment. Look at the weekdays and the last day."))
        first = made[0]
        return asked.told(customer, {"appointment": str(first.id), "series": str(series.id), "made": len(made)})
    appointment = book(
        Appointment(
            customer=customer, shop=shop, service=service, with_whom=with_whom, author=asked.staff, at=asked.act.at
        ),
        shop,
        starts,
        minutes,
        squeezed,
    )
    return asked.told(customer, {"appointment": str(appointment.id)})


@does("appointment.move", unsaid={"squeeze": False})
def move(asked: Asked) -> dict[str, Any]:
    """Move a time, or change how long it takes, with whom, or what for; what they were told of it is told anew.

    The answer holds how it was (but not what it was for), so that `appointment.move_back` can take it back.
    """
    appointment, shop = _standing(asked)
    data = asked.act.data
    starts = when(asked, "starts_at") if data.get("starts_at") else appointment.starts_at
    minutes = _minutes(asked, "minutes", length_of(appointment))
    was = _as_it_is(appointment, shop)
    if "with" in data:
        appointment.with_whom = asked.text("with", required=False)
    if "service" in data:
        appointment.service = asked.text("service", required=False)
    if starts != appointment.starts_at:
        appointment.sequence += 1
        for name in ("confirmed_at", "replied_at", "kept_until", "late_minutes"):
            setattr(appointment, name, None)
        appointment.confirmed_how = appointment.reply = ""  # in which words they replied stays, for who moves it back
    book(appointment, shop, starts, minutes, asked.flag("squeeze"))
    was["since"] = appointment.sequence
    return asked.told(appointment.customer, {"appointment": str(appointment.id), "was": was})


@does("appointment.move_back")
def move_back(asked: Asked) -> dict[str, Any]:
    """Take a `move` back, by the id of that act: time, length, with whom, and what they had answered, are as before.

    What it is for is not kept with an act: `service` says it, where it was changed.
    """
    appointment, shop = _standing(asked)
    was = _was(asked, appointment)
    if was["since"] != appointment.sequence:
        raise Conflict(_("It was moved again since: %(when)s.", when=told.at(appointment, shop)))
    starts = datetime.fromisoformat(was["starts_at"]).astimezone(UTC)
    appointment.sequence += starts != appointment.starts_at
    appointment.with_whom, appointment.late_minutes = was["with"], was["late_minutes"]
    appointment.confirmed_how, appointment.reply = was["confirmed_how"], was["reply"]
    for name in ("confirmed_at", "replied_at", "kept_until"):
        setattr(appointment, name, instant_of(was[name]))
    if "service" in asked.act.data:
        appointment.service = asked.text("service", required=False)
    book(appointment, shop, starts, was["minutes"], was["squeezed"])
    return asked.told(appointment.customer, {"appointment": str(appointment.id)})


def _as_it_is(appointment: Appointment, shop: Shop) -> dict[str, Any]:
    """Return what a move may change, as it is kept with the act."""
    return {
        "starts_at": shop.local(appointment.starts_at).isoformat(), "minutes": length_of(appointment),
        "with": appointment.with_whom, "squeezed": appointment.slot is None, "reply": appointment.reply,
        "late_minutes": appointment.late_minutes, "confirmed_how": appointment.confirmed_how,
        **{
            name: instant_text(value) if (value := getattr(appointment, name)) else None
            for name in ("confirmed_at", "replied_at", "kept_until")
        },
    }  # fmt: skip


def _was(asked: Asked, appointment: Appointment) -> dict[str, Any]:
    """Return how an appointment was before a move, from the answer to that act."""
    was = _before(appointment, str(asked.act.data.get("move")))
    if was is None:
        raise Refused(_("There is no such move. It may have been taken back."))
    return was


def _before(appointment: Appointment, move: str) -> dict[str, Any] | None:
    try:
        key = str(UUID(move))
    except ValueError:
        return None
    moved = Action.get_or_none(Action.key == key)
    result = (moved.result if moved else None) or {}
    return result.get("was") if result.get("appointment") == str(appointment.id) else None


def is_moved(appointment: Appointment, move: str) -> bool:
    """Say whether a `move`, by the id of that act, changed when somebody is to come."""
    was = _before(appointment, move)
    return was is None or datetime.fromisoformat(was["starts_at"]) != appointment.starts_at


@does("appointment.cancel")
def cancel(asked: Asked) -> dict[str, Any]:
    """Cancel a time; nothing is sent for it any more, and its time is free."""
    appointment, shop = _found(asked)
    if appointment.state == "cancelled":
        raise Conflict(told.stands_no_more(appointment, shop), already=True)
    _change(asked, appointment, "booked", with_state=False)  # holds it: what a colleague just moved is as it is now
    call_off(Appointment.get_by_id(appointment.id))
    return asked.told(appointment.customer, {"appointment": str(appointment.id)})


@does("appointment.restore", unsaid={"squeeze": False})
def restore(asked: Asked) -> dict[str, Any]:
    """Let a cancelled time, or one marked as missed, stand again; where it was given away meanwhile, a clash is told."""
    appointment, shop = _found(asked)
    if appointment.state == "booked":
        raise Conflict(_("This appointment stands already."), already=True)
    if not is_living(appointment.customer.state):
        raise Refused(told.nothing_booked(appointment.customer.called))
    if appointment.state == "missed":
        _change(asked, appointment, "missed", state="booked", cause="")
        lateness.take_back(appointment)
        lateness.take_our_part(shop, clock.now())
        return asked.told(appointment.customer, {"appointment": str(appointment.id)})
    appointment.state, appointment.with_state, appointment.sequence = "booked", False, appointment.sequence + 1
    book(appointment, shop, appointment.starts_at, length_of(appointment), asked.flag("squeeze"))
    return asked.told(appointment.customer, {"appointment": str(appointment.id)})


@does("appointment.undo")
def undo(asked: Asked) -> dict[str, Any]:
    """Take back having booked, on the same day, by whoever did."""
    appointment, _shop = _found(asked)
    _take_back(asked, appointment, Appointment.id == appointment.id)
    return asked.told(appointment.customer)


def _take_back(asked: Asked, booked: Appointment | Series, which: Any) -> None:
    """Take back having booked what `which` names, with the reminders that wait: once one has left, it can only be cancelled."""
    on = asked.shop.day_of(booked.at) if booked.at else None
    if booked.author_id != asked.staff.id or on != asked.shop.today():
        raise Refused(_("Only who booked it can take that back, on the same day. It can be cancelled."))
    these = Appointment.select(Appointment.id).where(which)
    left = Message.appointment.in_(these) & Message.state.not_in(("due", "dropped"))
    if Message.select().where(left).exists():
        raise Refused(_("They were told of it already, so it cannot be as if it had never been. It can be cancelled."))
    Appointment.delete().where(which).execute()


@does("appointment.keep_place", unsaid={"minutes": KEPT_MINUTES})
def keep_place(asked: Asked) -> dict[str, Any]:
    """Keep the place of somebody who is late, for so many `minutes` from now; 0 gives it free again."""
    appointment, _shop = _standing(asked)
    minutes = asked.act.data.get("minutes", KEPT_MINUTES)
    if isinstance(minutes, bool) or not str(minutes).isdecimal() or not 0 <= int(minutes) <= 480:
        raise Refused(_("A place is kept for up to eight hours: say in minutes how long."))
    until = asked.act.at + timedelta(minutes=int(minutes)) if int(minutes) else None
    _change(asked, appointment, "booked", kept_until=until)
    return asked.told(appointment.customer, {"appointment": str(appointment.id)})


@does("appointment.late")
def late(asked: Asked) -> dict[str, Any]:
    """Write down that they told us they would be so many `minutes` late; 0 takes it back."""
    appointment, _shop = _standing(asked)
    minutes = _minutes(asked, "minutes", None, least=0)
    _change(asked, appointment, "booked", late_minutes=minutes or None)
    return asked.told(appointment.customer, {"appointment": str(appointment.id)})


@does("appointment.grace")
def set_grace(asked: Asked) -> dict[str, Any]:
    """Set how many `minutes` after this time are no lateness; without any, what is learned or the shop's holds."""
    appointment, _shop = _standing(asked)
    minutes = _minutes(asked, "minutes", None, least=0, most=240) if asked.act.data.get("minutes") is not None else None
    _change(asked, appointment, "booked", grace_minutes=minutes)
    return asked.told(appointment.customer, {"appointment": str(appointment.id)})


@does("appointment.confirm", unsaid={"how": "counter"})
def confirm(asked: Asked) -> dict[str, Any]:
    """Write down that they told us, at the counter or (`how`: phone) when rung, that they will be there."""
    appointment, _shop = _standing(asked)
    how = asked.choice("how", ("counter", "phone"), "counter")
    if appointment.confirmed_at:
        raise Conflict(_("This appointment is confirmed already."), already=True)
    _change(asked, appointment, "booked", confirmed_at=asked.act.at, confirmed_how=how)
    return asked.told(appointment.customer, {"appointment": str(appointment.id)})


@does("appointment.unconfirm")
def unconfirm(asked: Asked) -> dict[str, Any]:
    """Take back that they confirmed."""
    appointment, _shop = _standing(asked)
    if not appointment.confirmed_at:
        raise Conflict(_("This appointment is not confirmed."), already=True)
    _change(asked, appointment, "booked", confirmed_at=None, confirmed_how="")
    return asked.told(appointment.customer, {"appointment": str(appointment.id)})


@does("appointment.missed")
def missed(asked: Asked) -> dict[str, Any]:
    """Write down that they did not come; `appointment.restore` takes it back. After a reminder of ours that failed it is ours."""
    appointment, shop = _standing(asked)
    if appointment.starts_at > clock.now():
        raise Refused(_("Their time is still to come."))
    lost = reminders.failed_us(appointment)
    cause = _cause(asked, appointment) or ("ours" if lost else "")
    _change(asked, appointment, "booked", state="missed", cause=cause)
    if lost:
        lateness.record(appointment, lost, shop, asked.act.at, asked.staff)
    return asked.told(appointment.customer, {"appointment": str(appointment.id)})


@does("appointment.came")
def came(asked: Asked) -> dict[str, Any]:
    """Write down that they came to a time of a day that is over, though nobody marked them; `visit.undo` takes it back."""
    appointment, shop = _standing(asked)
    if appointment.day >= shop.today():
        raise Refused(_("Mark them here: the day is not over."))
    appointment.customer.hold()
    visit, _joined = appointment.customer.check_in(shop, asked.staff, appointment.starts_at)
    lateness.take_back(appointment)
    expected.history_changed(shop, visit.day, appointment.customer_id)
    return asked.told(appointment.customer, {"appointment": str(appointment.id), "visit": str(visit.id)})


@does("appointment.cause")
def set_cause(asked: Asked) -> dict[str, Any]:
    """Write down whose slip a lateness was: ours, theirs, both, or nobody's known."""
    appointment, _shop = _found(asked)
    Appointment.update(cause=_cause(asked, appointment)).where(Appointment.id == appointment.id).execute()
    return asked.told(appointment.customer, {"appointment": str(appointment.id)})


@does("series.end", unsaid={"from": ""})
def end_series(asked: Asked) -> dict[str, Any]:
    """End a series from a day on (`from`, else today): what is booked from then is cancelled."""
    series = _their_series(asked)
    if series.ended_on:
        raise Conflict(_("This series is ended already."), already=True)
    day = asked.day("from") or asked.shop.today()
    Series.update(ended_on=day).where(Series.id == series.id).execute()
    ahead = (Appointment.series == series.id) & (Appointment.day >= day) & (Appointment.starts_at > clock.now())
    for one in Appointment.select().where(ahead & (Appointment.state == "booked")):
        one.with_state = True
        call_off(one)
    return asked.told(series.customer)


@does("series.undo")
def undo_series(asked: Asked) -> dict[str, Any]:
    """Take back having booked a series, on the same day, by whoever did."""
    series = _their_series(asked)
    _take_back(asked, series, Appointment.series == series.id)
    Series.delete().where(Series.id == series.id).execute()
    return asked.told(series.customer)


@does("series.resume")
def resume_series(asked: Asked) -> dict[str, Any]:
    """Let an ended series go on: what was cancelled with it stands again where its time is still free."""
    series = _their_series(asked)
    if not series.ended_on:
        raise Conflict(_("This series goes on already."), already=True)
    day, series.ended_on = series.ended_on, None
    Series.update(ended_on=None).where(Series.id == series.id).execute()
    ahead = (Appointment.series == series.id) & (Appointment.day >= day) & (Appointment.starts_at > clock.now())
    for one in Appointment.select().where(ahead & Appointment.with_state):
        stand_again(one, series.shop)
    make_ahead(series, clock.now())
    return asked.told(series.customer)


# -- what an act says


def when(asked: Asked, name: str) -> datetime:
    """Return an instant of the act's data: with an offset, or the wall time of the shop (one that does not exist moves
    forward, of one that comes twice the first is meant). Raises Refused for anything else."""
    value = asked.act.data.get(name)
    try:
        found = datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise Refused(_("A time is written as 2026-11-24T10:00, in the shop’s own time.")) from None
    if found.year < 2000:
        raise Refused(_("That time is too long ago for an appointment. Look at the year."))
    if found.year > 2200:
        raise Refused(_("That time is too far ahead for an appointment. Look at the year."))
    found = found.replace(second=0, microsecond=0)
    if found.tzinfo is None:
        return asked.shop.at(found.date(), found.hour * 60 + found.minute)
    return found.astimezone(UTC)


def _minutes(asked: Asked, name: str, otherwise: int | None, least: int = 1, most: int = LONGEST) -> int:
    value = asked.act.data.get(name)
    value = otherwise if value in (None, "") else value
    text = str(value)
    if isinstance(value, (bool, float)) or not (text.isascii() and text.isdecimal() and least <= int(text[:6]) <= most):
        raise Refused(told.whole_number(name, least, most))
    return int(text)


def _bookable(asked: Asked) -> Customer:
    customer = asked.customer()
    customer.hold()
    if not is_living(Customer.get_by_id(customer.id).state):
        raise Refused(told.nothing_booked(customer.called))
    return customer


def _cause(asked: Asked, appointment: Appointment) -> str:
    """Return the cause that is said. That it was theirs alone can only be so where our own word reached them."""
    cause = asked.choice("cause", CAUSES, "")
    if cause == "theirs" and reminders.failed_us(appointment):
        raise Refused(_("Our reminder did not reach them, so part of it is ours. Choose “both”."))
    return cause


def _found(asked: Asked) -> tuple[Appointment, Shop]:
    missing = _("There is no such appointment. It may have been taken back.")
    appointment: Appointment = asked.ours(Appointment, "appointment", missing)
    return appointment, asked.shop


def _standing(asked: Asked) -> tuple[Appointment, Shop]:
    appointment, shop = _found(asked)
    if appointment.state != "booked":
        raise Conflict(told.stands_no_more(appointment, shop))
    return appointment, shop


def _their_series(asked: Asked) -> Series:
    series: Series = asked.ours(Series, "series", _("There is no such series. It may have been taken back."))
    return series


def _change(asked: Asked, appointment: Appointment, expects: str, **values: Any) -> None:
    """Change an appointment that is in the state it is expected in. Raises Conflict where a colleague was quicker."""
    expected = (Appointment.id == appointment.id) & (Appointment.state == expects)
    if Appointment.update(**values).where(expected).execute() != 1:
        now = Appointment.get_or_none(Appointment.id == appointment.id)
        if now is None:
            raise Unknown(_("There is no such appointment. It may have been taken back."))
        raise Conflict(told.stands_no_more(now, asked.shop))


# -- whose time it is


def length_of(appointment: Appointment) -> int:
    """Return how many minutes an appointment takes: by the clock that does not jump."""
    ends = appointment.ends_at
    return int((ends - appointment.starts_at).total_seconds() // 60) if ends else MINUTES


def book(appointment: Any, shop: Shop, starts: datetime, minutes: int, squeezed: bool = False) -> Appointment:
    """Keep an appointment at a time, new or moved, with its reminders. Raises Conflict, with who has it and what is free."""
    ends = starts + timedelta(minutes=minutes)
    appointment.starts_at, appointment.ends_at = starts, ends
    local = shop.local(starts)
    appointment.day, appointment.wall = local.date(), f"{local:%Y-%m-%dT%H:%M}"
    appointment.uid = appointment.uid or str(uuid4())
    slot = folded(appointment.with_whom)
    hold(shop)
    other = clash(shop, slot, starts, ends, appointment.id)
    if other is not None and not squeezed:
        raise _taken(other, shop, slot, starts, minutes, appointment.id)
    appointment.slot = slot if other is None else None
    try:
        with db.atomic():
            appointment.save()
    except IntegrityError:  # another process was first, and the index has said so
        other = clash(shop, slot, starts, ends, appointment.id)
        if other is None:
            raise
        raise _taken(other, shop, slot, starts, minutes, appointment.id) from None
    reminders.arm(appointment)
    return appointment


def _taken(other: Appointment, shop: Shop, slot: str, starts: datetime, minutes: int, but: int | None) -> Conflict:
    """Return what is raised of a time that somebody has: who, and as a choice the next free times, in the shop's own."""
    free = free_times(shop, slot, starts, minutes, but)
    return Conflict(told.taken(other, shop, free), free=[shop.local(one).isoformat() for one in free])


def call_off(appointment: Appointment) -> None:
    """Cancel an appointment that stands: its time is free, and nothing is sent for it any more."""
    appointment.state, appointment.slot, appointment.sequence = "cancelled", None, appointment.sequence + 1
    appointment.save()
    reminders.arm(appointment)


def unmake(appointment: Appointment) -> bool:
    """Take away an appointment that should not have been made, with all that waits to be sent for it; say whether it is gone.

    Where somebody was told of it, and its time is still to come, it is cancelled instead, and they hear that.
    """
    if appointment.starts_at > clock.now() and reminders.was_told(appointment):
        if appointment.state == "booked":
            call_off(appointment)
        return False
    lateness.take_back(appointment)
    appointment.delete_instance()  # and its messages with it, as the database has it
    return True


def stand_again(appointment: Appointment, shop: Shop, beside: bool = False) -> None:
    """Let an appointment stand again that was cancelled with something else, where its time is still free; or, where it
    has to stand whatever has come meanwhile, `beside` others."""
    appointment.state, appointment.with_state, appointment.sequence = "booked", False, appointment.sequence + 1
    if not with_room(appointment, shop) and beside:
        book(appointment, shop, appointment.starts_at, length_of(appointment), squeezed=True)


def with_room(appointment: Appointment, shop: Shop) -> bool:
    """Keep an appointment where its time is free; say whether it was."""
    try:
        with db.atomic():
            book(appointment, shop, appointment.starts_at, length_of(appointment))
    except Conflict:
        return False
    return True


def hold(shop: Shop) -> None:
    """Hold the shop's row until the transaction ends, so that two who book look one after the other; SQLite's transactions
    hold everything anyway. Whoever only names the shop, such as a visit, does not wait."""
    if is_postgres():
        list(Shop.select(Shop.id).where(Shop.id == shop.id).for_update(HELD).tuples())


def _overlapping(shop: Shop, slot: str, starts: datetime, ends: datetime, but: int | None) -> list[Appointment]:
    """Return the appointments that overlap a slot's time, earliest first: one that ends at its beginning does not.

    Whoever was squeezed in, or came from a calendar, is there as well, though they take no slot.
    """
    found = (
        Appointment.select(Appointment, Customer)
        .join(Customer)
        .where(
            (Appointment.shop == shop.id)
            & Appointment.day.between(shop.day_of(starts) - timedelta(days=2), shop.day_of(ends))  # the index's
            & (Appointment.state == "booked")
            & (Appointment.starts_at < ends)
            & (Appointment.starts_at > starts - timedelta(minutes=LONGEST))
        )
        .order_by(Appointment.starts_at)
    )
    return [one for one in found if one.id != but and _ends(one) > starts and folded(one.with_whom) == slot]


def _ends(appointment: Any) -> datetime:
    ends: datetime = appointment.ends_at or appointment.starts_at + timedelta(minutes=MINUTES)
    return ends


def clash(shop: Shop, slot: str, starts: datetime, ends: datetime, but: int | None = None) -> Appointment | None:
    """Return the first appointment that has a slot's time already."""
    return next(iter(_overlapping(shop, slot, starts, ends, but)), None)


def free_times(shop: Shop, slot: str, near: datetime, minutes: int, but: int | None = None) -> list[datetime]:
    """Return the next times, from one that is taken, at which a slot is free: within the shop's hours, and a week at most."""
    until = near + timedelta(days=7)
    taken = [(one.starts_at, _ends(one)) for one in _overlapping(shop, slot, near, until, but)]
    found: list[datetime] = []
    length, at = timedelta(minutes=minutes), max(near, clock.now())
    at += -(at - datetime.min.replace(tzinfo=UTC)) % STEP
    while at < until and len(found) < OFFERED:
        local = shop.local(at)
        open_hours = shop.hours_on(local.date())
        minute = local.hour * 60 + local.minute
        outside = open_hours and not open_hours[0] <= minute <= open_hours[1] - minutes
        if outside or shop.is_closed_on(local.date()):
            at += STEP
            continue
        other = next((pair for pair in taken if pair[0] < at + length and pair[1] > at), None)
        if other is None:
            found.append(at)
        at += STEP
    return found


def booked_when_closed(shop: Shop) -> dict[str, int]:
    """Return how many are booked on the shop's closed days, by that day as it is written. One query, none without such days."""
    closed = [one["day"] for one in (shop.preferences or {}).get("closed_days", ())]
    if not closed:
        return {}
    ahead = (Appointment.shop == shop.id) & (Appointment.day >= shop.today()) & (Appointment.state == "booked")
    days = list(
        Appointment.select(Appointment.day, fn.COUNT(Appointment.id)).where(ahead).group_by(Appointment.day).tuples()
    )
    return {one: sum(count for day, count in days if day.isoformat().endswith(one)) for one in closed}


def whom(shop: Shop) -> list[str]:
    """Return with whom one can be booked: the team, by name."""
    here = (Membership.shop == shop.id) & Staff.left_at.is_null()
    return [one.name for one in Staff.select(Staff.name).join(Membership).where(here).order_by(Staff.name)]


# -- series


def _series(asked: Asked, customer: Customer, starts: datetime, minutes: int, with_whom: str, service: str) -> Series:
    local = asked.shop.local(starts)
    days = asked.act.data.get("weekdays") or [local.weekday()]
    if not isinstance(days, list) or not all(type(day) is int and 0 <= day <= 6 for day in days):
        raise Refused(_("Weekdays are numbers from 0 for Monday to 6 for Sunday."))
    until = asked.day("until")
    times = _minutes(asked, "times", None, most=1000) if asked.act.data.get("times") else None
    if until and until < local.date():
        raise Refused(_("The last day of a series cannot be before its first."))
    return Series.create(
        customer=customer, shop=asked.shop, first=local.date(), minute=local.hour * 60 + local.minute, minutes=minutes,
        every_weeks=_minutes(asked, "every_weeks", 1, most=52), weekdays=" ".join(map(str, sorted(set(days)))),
        until=until, times=times, with_whom=with_whom, service=service, author=asked.staff, at=asked.act.at,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """On which days a series falls: these weekdays, every so many weeks counted from the week of its first day."""

    first: date
    every_weeks: int
    weekdays: frozenset[int]
    until: date | None = None
    times: int | None = None

    def days(self, through: date) -> Iterator[date]:
        """Yield the days of the series through a day, in order."""
        monday, made = self.first - timedelta(days=self.first.weekday()), 0
        end = min(through, self.until or through)
        while monday <= end and (self.times is None or made < self.times):
            for weekday in sorted(self.weekdays):
                day = monday + timedelta(days=weekday)
                if self.first <= day <= end and (self.times is None or made < self.times):
                    made += 1
                    yield day
            monday += timedelta(weeks=self.every_weeks)


def make_ahead(series: Series, now: datetime, taken: str = "out") -> list[Appointment]:
    """Return the appointments of a series made now, half a year ahead; what is made already stays as it is.

    `taken` says what becomes of a day on which its time is somebody else's: it is left "out", squeezed "in", or ("") the
    clash is raised as Conflict.
    """
    shop, through = series.shop, series.shop.day_of(now + AHEAD)
    rule = Rule(
        series.first, series.every_weeks, frozenset(map(int, series.weekdays.split())), series.until, series.times
    )
    made, gone = [], []
    for day in rule.days(through):
        if (series.made_until and day <= series.made_until) or (series.ended_on and day >= series.ended_on):
            continue
        starts = shop.at(day, series.minute)
        if starts <= now or shop.day_of(shop.at(day, NOON)) != day:  # a day that the calendar leaves out
            continue
        if (
            shop.closed_as(day) is not None and day != series.first
        ):  # of the first they were told, and took it all the same
            continue
        one = Appointment(
            customer=series.customer_id, shop=shop, service=series.service, with_whom=series.with_whom,
            author=series.author_id, at=now, series=series, series_day=day,
        )  # fmt: skip
        one.starts_at, one.ends_at = starts, starts + timedelta(minutes=series.minutes)
        if taken == "in":
            made.append(book(one, shop, starts, series.minutes, squeezed=True))
        elif with_room(one, shop):
            made.append(one)
        else:
            gone.append(one)
    if gone and not taken:
        other = clash(shop, folded(series.with_whom), gone[0].starts_at, _ends(gone[0]))
        days = [one.series_day for one in gone]
        raise Conflict(told.series_taken(other, shop, days, len(made) + len(gone)), free=[])
    Series.update(made_until=through).where(Series.id == series.id).execute()
    return made


def last_day(series: Series) -> date | None:
    """Return the last day of a series that has one."""
    if series.until or not series.times:
        return series.until
    days = Rule(series.first, series.every_weeks, frozenset(map(int, series.weekdays.split())), None, series.times)
    return max(days.days(series.first + timedelta(weeks=series.every_weeks * (series.times + 1))), default=None)


def left_out(series: Series) -> list[date]:
    """Return the days of a series, as far as it is made, on which nothing was booked: its time was taken."""
    if series.made_until is None:
        return []
    made = {
        day for (day,) in Appointment.select(Appointment.series_day).where(Appointment.series == series.id).tuples()
    }
    weekdays = frozenset(map(int, series.weekdays.split()))
    rule = Rule(series.first, series.every_weeks, weekdays, series.until, series.times)
    return [day for day in rule.days(series.made_until) if day not in made and day > series.shop.today()]


def make_all_ahead(shop: Shop, now: datetime) -> None:
    """Make the appointments of every series of a shop that goes on, as far ahead as they are to be. One query, where
    that is done already."""
    through = shop.day_of(now + AHEAD)
    going_on = Series.ended_on.is_null() & (Series.until.is_null() | (Series.until > Series.made_until))
    behind = going_on & (Series.made_until < through) & living()
    for series in Series.select(Series).join(Customer).where((Series.shop == shop.id) & behind):
        with db.atomic():
            make_ahead(series, now)


def zone_changed(shop: Shop) -> None:
    """Put every appointment ahead at the instant that its wall time now is: the shop's zone, or the zone's rules, changed."""
    ahead = (
        (Appointment.shop == shop.id) & (Appointment.wall != "") & (Appointment.day >= shop.today() - timedelta(days=1))
    )
    with db.atomic():
        moved = [one for one in Appointment.select().where(ahead) if not _is_as_agreed(one, shop)]
        # None may stand in the way of another that has not moved yet
        slots = {one.id: one.slot for one in moved}
        Appointment.update(slot=None).where(Appointment.id.in_(list(slots))).execute()
        for one in moved:
            starts, minutes = _agreed(one, shop), length_of(one)
            one.starts_at, one.ends_at, one.day = starts, starts + timedelta(minutes=minutes), shop.day_of(starts)
            one.slot = slots[one.id]
            try:
                with db.atomic():
                    one.save()
            except IntegrityError:  # the hour that is left out has put two at one time: both stand
                one.slot = None
                one.save()
            reminders.arm(one)


def _agreed(appointment: Appointment, shop: Shop) -> datetime:
    """Return the instant at which the shop's clock shows what was agreed."""
    wall = datetime.fromisoformat(appointment.wall)
    return shop.at(wall.date(), wall.hour * 60 + wall.minute)


def _is_as_agreed(appointment: Appointment, shop: Shop) -> bool:
    """Say whether the shop's clock shows what was agreed; of an hour that comes twice either is right."""
    shown = f"{shop.local(appointment.starts_at):%Y-%m-%dT%H:%M}"
    return shown == appointment.wall or _agreed(appointment, shop) == appointment.starts_at
