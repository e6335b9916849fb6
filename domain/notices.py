"""What a phone is told while nobody looks at it: whom, what, when, and each thing once.

A subscription is one person on one phone. It counts only while that person is signed in there, as nobody else is: whoever
signs in next gets what they themselves asked for. An owner's own browser is told that reminders are not going out for as
long as they have not signed out of it, whether or not their time there is over, for nobody looks at a page for hours.

What there is to tell is worked out anew each time (`due`); what waits and is true no longer is not sent.
Nothing here is an alarm's only way: lists, banners, mail and texts say the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

import clock
from domain import access, alarms, audit, reminders
from domain.known import SAME_APPOINTMENT
from domain.punctuality import grace_of
from domain.states import living
from models import (
    NOTICES,
    Appointment,
    CallTask,
    Customer,
    DayList,
    Expected,
    Message,
    Notice,
    Phone,
    Promise,
    Session,
    Shop,
    Staff,
    Subscription,
    Visit,
    db,
    insert_many,
    instant_text,
)

OPENS = {"late": "/today", "promise": "/promises", "silence": "/reminders"}  # what a tap on it leads to
BESIDE = timedelta(hours=1)  # before opening and after closing somebody is still on their shift
LATE_LASTS = timedelta(minutes=30)  # after that it is no news, and a phone that was off is not told
LATEST = timedelta(hours=5)  # no grace is longer
PROMISE_LASTS = timedelta(hours=4)  # where nobody told us when the shop closes
SILENCE_LASTS = timedelta(hours=4)
LEASE = timedelta(minutes=1)  # whoever sends it and is gone has let go of it after that
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))  # between attempts
REFUSED = 3  # in a row: then that subscription is of no use
KEPT = timedelta(days=3)  # what was told
UNUSED = timedelta(days=90)  # a subscription whose person was not signed in there for so long
IN_PLACE = timedelta(days=1)  # in which somebody who was let go, or a phone shut out, may be let in again

# -- who wants what


def kinds_for(session: Session) -> tuple[str, ...]:
    """Return the kinds of notices that somebody may ask for where they are signed in; none for a program."""
    if session.kind == "token":
        return ()
    return NOTICES if _is_over_reminders(session) else tuple(kind for kind in NOTICES if kind != "silence")


def _is_over_reminders(session: Session) -> bool:
    """Say whether somebody is told of trouble where they are signed in: an owner in their own browser, and a manager."""
    return session.staff.role == ("owner" if session.kind == "owner" else "manager")


def _here(session: Session, browser: str) -> Any:
    """Return the condition of the subscriptions of the phone, or the owner's browser, that somebody is signed in on."""
    if session.phone_id:
        return Subscription.phone == session.phone_id
    return Subscription.browser == _known_by(session, browser)


def _known_by(session: Session, browser: str) -> str:
    return access.digest(browser) if browser else f"session {session.id}"


def here(session: Session, browser: str) -> Subscription | None:
    """Return what somebody asked for where they are signed in; `browser` is what an owner's browser is known by."""
    mine = (Subscription.staff == session.staff_id) & _here(session, browser)
    found: Subscription | None = Subscription.select().where(mine).get_or_none()
    return found


def choose(
    session: Session, browser: str, kinds: Iterable[str], place: dict[str, str], language: str, site: str
) -> bool:
    """Tell somebody these kinds where they are signed in, from now on; none ends it. Return False where nothing is known of
    where to tell them.

    `place` holds endpoint, p256dh and auth; an empty one leaves those that are known. A browser has one of them, whoever is
    signed in: what others asked for there goes to the same.
    """
    wanted = [kind for kind in kinds_for(session) if kind in set(kinds)]
    with db.atomic():
        there = here(session, browser)
        before = list(there.kinds) if there else []
        if not wanted:
            if there:
                Subscription.delete().where(Subscription.id == there.id).execute()
        elif there is None and not place:
            return False
        else:
            if place:
                _move(_here(session, browser), place)
            kept = {"kinds": wanted, "session": session.id, "language": language, "site": site}
            if there:
                Subscription.update(refused=0, **kept).where(Subscription.id == there.id).execute()
            else:
                where: dict[str, Any] = (
                    {"phone": session.phone_id} if session.phone_id else {"browser": _known_by(session, browser)}
                )
                Subscription.create(staff=session.staff_id, made_at=clock.now(), **where, **kept, **place)
        if wanted != before:
            staff = session.staff
            audit.write("notices.set", business=staff.business_id, shop=session.shop_id, staff=staff, kinds=wanted)
    return True


def _move(which: Any, place: dict[str, str]) -> int:
    return int(Subscription.update(refused=0, **place).where(which).execute())


def moved(session: Session, browser: str, was: str, place: dict[str, str]) -> bool:
    """Note that a browser is told at another place from now on than it `was`; False where we told it nothing."""
    return _move(_here(session, browser) & (Subscription.endpoint == was), place) > 0


def speaks(session: Session, browser: str, language: str) -> None:
    """Tell a phone in the language it speaks now."""
    Subscription.update(language=language).where(_here(session, browser)).execute()


def taken_over(browser: str, staff: Staff) -> None:
    """Forget what others asked for in an owner's browser in which somebody else signs in."""
    theirs = (Subscription.browser == access.digest(browser)) & (Subscription.staff != staff.id)
    Subscription.delete().where(theirs).execute()


def forget(now: datetime) -> None:
    """Forget what was told days ago, and where to tell those who left, phones that were shut out, and whoever was not there
    for months."""
    Notice.delete().where(Notice.at < now - KEPT).execute()
    left = Staff.select(Staff.id).where(Staff.left_at < now - IN_PLACE)
    out = Phone.select(Phone.id).where(Phone.revoked_at < now - IN_PLACE)
    unused = Session.select(Session.id).where(
        fn.COALESCE(Session.seen_at, Session.created_at) < instant_text(now - UNUSED)
    )
    useless = Subscription.staff.in_(left) | Subscription.phone.in_(out) | Subscription.session.in_(unused)
    Subscription.delete().where(useless).execute()


# -- who is there


def listening(now: datetime) -> list[tuple[Subscription, tuple[str, ...]]]:
    """Return the subscriptions that count now, each with the kinds that may reach it: with its session, person and shop.
    One query.

    On a phone it is whoever signed in last, while their session goes on.
    """
    later = Session.alias()
    another = later.select(later.id).where((later.phone == Subscription.phone) & (later.id > Subscription.session))
    rows = (
        Subscription.select(Subscription, Session, Staff, Shop)
        .join(Session)
        .join_from(Session, Shop)
        .join_from(Subscription, Staff)
        .where(Session.ended_at.is_null() & Staff.left_at.is_null() & ~fn.EXISTS(another))
        .order_by(Subscription.id)
    )
    found = []
    for one in rows:
        one.session.staff = one.staff
        kinds = tuple(kind for kind in one.kinds if kind in _may_reach(one.session, now))
        if kinds:
            found.append((one, kinds))
    return found


def _may_reach(session: Session, now: datetime) -> tuple[str, ...]:
    """Return the kinds of notices that may reach somebody now where they are signed in."""
    goes_on = session.expires_at > now and not access.is_idle(session) and on_shift(session.shop, now)
    if goes_on:
        return kinds_for(session)
    own_browser = session.kind == "owner" and _is_over_reminders(session)
    return ("silence",) if own_browser else ()  # as alarms do: whatever the hour


def on_shift(shop: Shop, now: datetime) -> bool:
    """Say whether people work in a shop at an instant: while it is open, an hour before and an hour after; always, where
    nobody told us when."""
    day = shop.day_of(now)
    hours = shop.hours_on(day)
    if hours is None:
        return not shop.is_closed_on(day)
    return shop.at(day, hours[0]) - BESIDE <= now <= shop.at(day, hours[1]) + BESIDE


# -- what there is to tell


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is so now: since when, and until when it is of use to know. `about` is the same as long as it is the
    same thing."""

    kind: str
    about: str
    shop: Shop
    since: datetime
    until: datetime
    everywhere: bool = False  # it is about all the shops of the business


def events(now: datetime, shops: dict[str, dict[int, Shop]]) -> list[Event]:
    """Return what there is to tell of each kind in these `shops` (by kind and number). Seven queries at most."""
    return [*_late(now, shops["late"]), *_promises(now, shops["promise"]), *_silences(now, shops["silence"])]


def _late(now: datetime, shops: dict[int, Shop]) -> list[Event]:
    """Return who is booked, late beyond their grace, not here, and was not reached by our reminder."""
    if not shops:
        return []
    query = Appointment.select().join(Customer)
    failed = Message.select(Message.id).where(
        (Message.appointment == Appointment.id)
        & (Message.sequence == Appointment.sequence)
        & Message.state.in_(reminders.LOST)
    )
    found = list(
        query.where(
            Appointment.shop.in_(list(shops))
            & Appointment.day.in_({shop.day_of(now) for shop in shops.values()})
            & (Appointment.state == "booked")
            & (Appointment.starts_at < now)
            & (Appointment.starts_at > now - LATEST)
            & living()
            & fn.EXISTS(failed)
        ).order_by(Appointment.id)
    )
    if not found:
        return []
    numbers, people = [one.id for one in found], [one.customer_id for one in found]
    told = reminders.of(numbers)
    reached = CallTask.appointment.in_(numbers) & (CallTask.outcome == "reached")
    rung = {number for (number,) in CallTask.select(CallTask.appointment).where(reached).tuples()}
    came = defaultdict(list)
    since = now - LATEST - timedelta(minutes=SAME_APPOINTMENT)
    for visit in Visit.select(Visit.customer, Visit.shop, Visit.at).where(
        Visit.customer.in_(people) & (Visit.at > since)
    ):
        came[visit.customer_id, visit.shop_id].append(visit.at)
    habits = {
        (one.customer_id, one.day_list.shop_id, one.day_list.day): one.punctual
        for one in Expected.select(Expected.customer, Expected.punctual, DayList.shop, DayList.day)
        .join(DayList)
        .where(Expected.customer.in_(people) & DayList.day.in_({one.day for one in found}))
    }
    late = []
    for one in found:
        shop = shops[one.shop_id]
        grace = grace_of(one, habits.get((one.customer_id, one.shop_id, one.day)), shop)
        since = one.starts_at + timedelta(minutes=grace)
        near = one.starts_at - timedelta(minutes=SAME_APPOINTMENT)
        here = any(at >= near for at in came[one.customer_id, one.shop_id])
        lost = reminders.lost_of(one, told.get(one.id, ()), one.id in rung)
        if lost is not None and not here and since < now < since + LATE_LASTS:
            late.append(Event("late", f"late {one.id} {one.sequence}", shop, since, since + LATE_LASTS))
    return late


def _promises(now: datetime, shops: dict[int, Shop]) -> list[Event]:
    """Return the shops in which something is due today that was promised on an earlier day, and is open still."""
    if not shops:
        return []
    days = {number: shop.day_of(now) for number, shop in shops.items()}
    owed = Promise.kept_at.is_null() & Promise.closed_at.is_null() & (Promise.day < Promise.due)
    rows = (
        Promise.select(Promise.shop, Promise.due)
        .join(Customer)
        .where(owed & Promise.shop.in_(list(shops)) & Promise.due.in_(set(days.values())) & living())
        .distinct()
    )
    found = []
    for number in sorted({one.shop_id for one in rows if one.due == days[one.shop_id]}):
        shop, day = shops[number], days[number]
        hours = shop.hours_on(day)
        since = shop.at(day, hours[0]) - BESIDE if hours else shop.at(day, 0)
        until = shop.at(day, hours[1]) + BESIDE if hours else now + PROMISE_LASTS
        found.append(Event("promise", f"promise {number} {day}", shop, since, until))
    return found


def _silences(now: datetime, shops: dict[int, Shop]) -> list[Event]:
    """Return what owners are being told of reminders that do not go out."""
    if not shops:
        return []
    of_businesses = Shop.business.in_({shop.business_id for shop in shops.values()})
    rows = Message.select(Message, Shop).join(Shop).where(of_businesses & (Message.at > now - SILENCE_LASTS))
    return [
        Event("silence", f"silence {one.id}", one.shop, one.at, one.at + SILENCE_LASTS, alarms.is_of_all(one))
        for one in rows.where(alarms.not_going_out()).order_by(Message.id)
    ]


def _concerns(event: Event, subscription: Subscription) -> bool:
    """Say whether a subscription is of somebody whom an event concerns: what was so before they asked is no news."""
    shop = subscription.session.shop
    if event.since < subscription.made_at:
        return False
    if event.kind != "silence":
        return event.shop.id == shop.id
    whole = event.everywhere or subscription.staff.role == "owner"
    return event.shop.business_id == shop.business_id if whole else event.shop.id == shop.id


# -- what is to be sent


@dataclass(frozen=True, slots=True)
class Due:
    """A notice that is to leave now, of an event, to a subscription."""

    notice: Notice
    event: Event
    subscription: Subscription


def due(now: datetime) -> list[Due]:
    """Return the notices that are to leave now, the oldest first. A fixed number of queries: nine to read, two more where there
    is something new, and two where something is over."""
    there = listening(now)
    shops: dict[str, dict[int, Shop]] = {kind: {} for kind in NOTICES}
    for one, kinds in there:
        for kind in kinds:
            shops[kind][one.session.shop_id] = one.session.shop
    so = events(now, shops)
    wanted = {
        (one.id, event.about): (event, one)
        for one, kinds in there
        for event in so
        if event.kind in kinds and _concerns(event, one)
    }
    open_still = Notice.next_at.is_null(False)
    mine = Notice.subscription.in_({number for number, _about in wanted}) & (
        Notice.about.in_({about for _number, about in wanted})
    )
    made = _made(open_still | mine if wanted else open_still)
    new = [key for key in wanted if key not in made]
    if new:
        columns = ("subscription_id", "kind", "about", "at", "next_at", "attempts", "ended", "code")
        at = instant_text(now)
        rows = [(number, wanted[number, about][0].kind, about, at, at, 0, "", "") for number, about in new]
        insert_many(Notice, columns, rows)
        made |= _made(Notice.at == now)
    over = [one for key, one in made.items() if one.next_at is not None and key not in wanted]
    if over:
        begun = [one.id for one in over if one.attempts]  # these may have left: they are not told anew
        Notice.delete().where(Notice.id.in_([one.id for one in over if not one.attempts])).execute()
        Notice.update(next_at=None, ended="over").where(Notice.id.in_(begun)).execute()
    ready = [one for key, one in made.items() if key in wanted and one.next_at is not None and one.next_at <= now]
    ready.sort(key=lambda one: (one.next_at, one.id))
    return [Due(one, *wanted[one.subscription_id, one.about]) for one in ready]


def _made(which: Any) -> dict[tuple[int, str], Notice]:
    return {(one.subscription_id, one.about): one for one in Notice.select().where(which)}


def claim(one: Due, now: datetime) -> bool:
    """Take a notice to send it; False where somebody else has. Whoever is gone before it is settled lets go of it in a
    minute: then it is sent once more, and takes the place of the first."""
    notice = one.notice
    mine = (Notice.id == notice.id) & (Notice.attempts == notice.attempts) & (Notice.next_at == notice.next_at)
    notice.attempts += 1
    return Notice.update(attempts=notice.attempts, next_at=now + LEASE).where(mine).execute() == 1


def settle(one: Due, state: str, code: str, wait_s: int, now: datetime) -> None:
    """Keep what came of sending a notice: `sent`, `gone` (that place is no more), `again` (`wait_s` seconds from now at the
    earliest) or `refused`. A place that is gone, or refuses everything, is told nothing any more."""
    where, place = Notice.id == one.notice.id, Subscription.id == one.subscription.id
    if state == "gone":
        Subscription.delete().where(Subscription.endpoint == one.subscription.endpoint).execute()
        return
    if state == "again":
        tries = one.notice.attempts
        at = now + max(WAITS[min(tries, len(WAITS)) - 1], timedelta(seconds=wait_s))
        given_up = tries > len(WAITS) or at >= one.event.until
        kept = {"next_at": None, "ended": "given_up"} if given_up else {"next_at": at}
        Notice.update(code=code, **kept).where(where).execute()
        return
    with db.atomic():
        Notice.update(next_at=None, ended=state, code=code).where(where).execute()
        refused = Subscription.refused + 1 if state == "refused" else 0
        Subscription.update(refused=refused).where(place).execute()
        Subscription.delete().where(place & (Subscription.refused >= REFUSED)).execute()
