"""The demo shop: six months of invented visits that lead up to the present hour, whatever hour that is.

Whatever is written down about somebody is written on one of their visits: nothing is known before they came, or after.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from demo.cast import (
    CAST,
    GREETED,
    LEFT,
    LOST,
    MISTAKES,
    OWNER,
    PIN,
    PROMISED,
    QUESTIONS,
    REMINDED,
    SENT_BY,
    SENT_ON,
    SHOP,
    STEPS,
    TAGGED,
    TEAM,
    TOGETHER,
    TOLD,
    TROUBLES,
    UNGREETED,
    Person,
)
from domain import access, expected, reminders
from domain.contacts import compared
from domain.fields import ALWAYS
from models import (
    Appointment,
    Belonging,
    CallTask,
    Contact,
    Customer,
    CustomField,
    ExtraStep,
    FieldValue,
    Household,
    Introduction,
    Issue,
    IssueTime,
    Membership,
    Message,
    Mistake,
    Note,
    Promise,
    Question,
    Referral,
    Shop,
    Staff,
    Tag,
    Tagged,
    Told,
    Usual,
    Visit,
    db,
)

MONTHS = 182  # days of visits
LAST_MINUTE = 24 * 60 - 6
SERVICES = {
    "booked": "Cake pick-up, paid", "booked-later": "Table for two", "away": "Table by the window",
    "late": "Table for one", "first": "Table for two",
}  # fmt: skip
ARRIVES = {"booked": (-6, 6), "booked-later": (-12, -8), "away": (-5, 5), "late": (-4, 3), "first": (0, 0)}  # minutes
KEPT = ("booked-later", "late")  # their earlier visits were booked as well
CHIPS = {"usual": "The usual", "new": "Something new"}
ASKED = 0.55  # so many were asked for the usual the last time, and are not asked again so soon


def local_zone() -> str:
    """Return the machine's time zone by name, Europe/London where it has none."""
    named = os.environ.get("TZ", "").lstrip(":")
    if named in available_timezones():
        return named
    try:
        path = str(Path("/etc/localtime").resolve())
    except OSError:
        path = ""
    named = path.partition("/zoneinfo/")[2].removeprefix("posix/")
    return named if named in available_timezones() and "/" in named else "Europe/London"


def build(now: datetime, zone: str | None = None) -> Shop:
    """Return the demo shop, filled for the day and hour of `now` (aware). The same `now` gives the same shop."""
    chance = random.Random(20261124)
    with db.atomic():
        shop, owner = access.open_shop(SHOP, zone or local_zone(), OWNER)
        shop.called = "guest"
        shop.save()
        pin_hash = access.hash_pin(PIN)
        Staff.update(pin_hash=pin_hash).where(Staff.id == owner.id).execute()
        team = []
        for name, role in TEAM:
            one = Staff.create(business=shop.business, name=name, role=role, pin_hash=pin_hash, created_at=now)
            Membership.create(staff=one, shop=shop)
            team.append(one)
        for person in CAST:
            _add(person, shop, team, now, chance)
    _promise(shop, {one.name: one for one in team}, now)
    _remember(shop, {one.name: one for one in team}, shop.day_of(now))
    _tell_besides(shop, {one.name: one for one in team}, now)
    _gather(shop, now)
    _remind(shop, now)
    _remind_before(shop, {one.name: one for one in team}, now)
    expected.make_list(shop, shop.day_of(now))
    return shop


def _promise(shop: Shop, team: dict[str, Staff], now: datetime) -> None:
    """Write down what was promised, some visits back; what is kept was kept a while before now, by who promised it."""
    today = shop.day_of(now)
    for name, text, by, back, due, kept in PROMISED:
        Promise.create(
            text=text,
            due=None if due is None else today + timedelta(days=due),
            kept_at=max(now - timedelta(minutes=39), shop.at(today, 0)) if kept else None,
            kept_by=team[by] if kept else None,
            **_written(shop, name, team[by], back, today),
        )


def _written(shop: Shop, name: str, author: Staff, back: int, today: date) -> dict[str, Any]:
    """Return of whom, where, by whom and when something was written down, so many visits back (at most the first)."""
    customer = _called(shop, name)
    visit = _visits(customer, today)[-back:][0]
    return {"customer": customer, "shop": shop, "author": author, "day": visit.day, "at": visit.at}


def _visits(customer: Customer, today: date) -> list[Visit]:
    """Return somebody's visits before today, oldest first."""
    return list(Visit.select().where((Visit.customer == customer) & (Visit.day < today)).order_by(Visit.at))


def _remember(shop: Shop, team: dict[str, Staff], today: date) -> None:
    """Write down what the team asks next, did besides, heard again, got wrong, and whom it sent where."""

    def written(name: str, by: str, back: int) -> dict[str, Any]:
        return _written(shop, name, team[by], back, today)

    for name, text, by, back in QUESTIONS:
        Question.create(text=text, **written(name, by, back))
    for name, text, by, back in STEPS:
        ExtraStep.create(text=text, **written(name, by, back))
    for name, text, by, backs in TROUBLES:
        issue = Issue.create(text=text, **written(name, by, backs[0]))
        for back in backs:
            when = written(name, by, back)
            IssueTime.create(issue=issue, author=team[by], day=when["day"], at=when["at"])
    for name, text, by, back, sorry in MISTAKES:
        when = written(name, by, back)
        owned = {"acknowledged_at": when["at"] + timedelta(minutes=10), "acknowledged_by": team[by]} if sorry else {}
        Mistake.create(text=text, said_sorry=sorry, **owned, **when)
    for name, need, to, by, back, asks_in in SENT_ON:  # not of our own: nobody's visit
        day = today - timedelta(days=back)
        Referral.create(
            name=name, need=need, to_whom=to, check_on=day + timedelta(days=asks_in), shop=shop, author=team[by],
            day=day, at=shop.at(day, 600),
        )  # fmt: skip
    ours = {person.name for person in CAST}
    for name, sender, by in SENT_BY:
        customer = _called(shop, name)
        Introduction.create(
            customer=customer, shop=shop, author=team[by], day=_visits(customer, today)[0].day,
            by_customer=_called(shop, sender) if sender in ours else None, by_text="" if sender in ours else sender,
        )  # fmt: skip


def _tell_besides(shop: Shop, team: dict[str, Staff], now: datetime) -> None:
    """Give some people their tags, and write down what they told for fields, two visits back."""
    business, today = shop.business_id, shop.day_of(now)
    for name, tag, by in TAGGED:
        known, _made = Tag.get_or_create(business=business, name=tag)
        when = _written(shop, name, team[by], 2, today)
        Tagged.create(tag=known, customer=when["customer"], author=team[by], day=when["day"])
    for name, field, text, by in TOLD:
        kind = field if field in ALWAYS else "text"
        known, _made = CustomField.get_or_create(business=business, name=ALWAYS.get(field, field), kind=kind)
        when = _written(shop, name, team[by], 2, today)
        FieldValue.create(field=known, customer=when["customer"], text=text, author=team[by], day=when["day"])


def _called(shop: Shop, name: str) -> Customer:
    return Customer.get((Customer.name == name) & (Customer.business == shop.business_id))


def _gather(shop: Shop, now: datetime) -> None:
    """Write down who belongs together, who has left and why, and which visits of eight weeks began with a name."""
    today, ours = shop.day_of(now), Customer.business == shop.business_id
    for name, kind, people in TOGETHER:
        circle = Household.create(business=shop.business, kind=kind, name=name)
        for one, part in people:
            Belonging.create(household=circle, customer=_called(shop, one), part=part)
    for name, reason in LEFT:
        customer = _called(shop, name)
        last = _visits(customer, today)[-1].day
        Customer.update(state="moved", state_since=last, state_reason=reason).where(Customer.id == customer).execute()
    chance = random.Random(20261125)
    known = Customer.select(Customer.id).where(ours & Customer.name.not_in(UNGREETED))
    lately = Visit.select(Visit.id).where(Visit.customer.in_(known) & (Visit.day >= today - timedelta(weeks=8)))
    greeted = [number for (number,) in lately.order_by(Visit.id).tuples() if chance.random() < GREETED]
    Visit.update(greeted_by_name=True).where(Visit.id.in_(greeted) & (Visit.day < today)).execute()


def _remind(shop: Shop, now: datetime) -> None:
    """Write down whose reminder of today failed, the day before: each became somebody to ring until their time came."""
    for name, way, code, address, number in LOST:
        customer = _called(shop, name)
        booked = Appointment.get((Appointment.customer == customer) & (Appointment.day == shop.day_of(now)))
        due, failed = booked.starts_at - timedelta(days=1), booked.starts_at - timedelta(days=1, minutes=-2)
        for kind, one in dict.fromkeys((("phone" if way == "sms" else way, address), ("phone", number))):
            known = compared(kind, one, shop.zone)
            bad = {"bad_at": failed, "bad_code": code} if kind == "email" else {}
            Contact.create(customer=customer, kind=kind, address=one, known=known, at=due - timedelta(days=9), **bad)
        message = Message.create(
            shop=shop, kind="reminder", way=way, customer=customer, appointment=booked, address=address, state="failed",
            code=code, message_id=f"demo-{booked.id}@regulars-{shop.id}.invalid", due_at=due, next_at=due,
            deadline=due + reminders.LAST_CHANCE, attempts=1, at=due - timedelta(days=9), ended_at=failed,
        )  # fmt: skip
        over = {"outcome": "dropped", "done_at": booked.starts_at} if booked.starts_at <= now else {}
        CallTask.create(
            shop=shop, customer=customer, appointment=booked, message=message, reason=code, at=failed,
            until=booked.starts_at, **over,
        )  # fmt: skip


def _remind_before(shop: Shop, team: dict[str, Staff], now: datetime) -> None:
    """Write down what became of the reminders of a month, and that the last that did not arrive was caught in time."""
    reminders.begin_with_defaults(shop)
    lately = (Appointment.shop == shop.id) & (Appointment.starts_at < now) & (Appointment.day < shop.day_of(now))
    lately &= Appointment.starts_at > now - timedelta(days=29)
    booked = list(Appointment.select().where(lately).order_by(Appointment.starts_at.desc(), Appointment.id))
    for n, one in enumerate(booked):
        due, state = (
            one.starts_at - timedelta(days=1),
            "bounced" if n == 2 else ("delivered", "handed_over", "confirmed")[n % 3],
        )
        message = Message.create(
            shop=shop, kind="reminder", way="email", customer=one.customer, appointment=one, address=REMINDED, state=state,
            code="mailbox-full" if state == "bounced" else "", message_id=f"demo-{one.id}@regulars-{shop.id}.invalid",
            due_at=due, next_at=due, deadline=due + reminders.LAST_CHANCE, attempts=1, at=due - timedelta(days=6),
            handed_at=due, ended_at=due + timedelta(minutes=3),
        )  # fmt: skip
        if state == "bounced":
            CallTask.create(
                shop=shop, customer=one.customer, appointment=one, message=message, reason=message.code, at=due,
                until=one.starts_at, outcome="reached", tries=1, done_at=due + timedelta(hours=2), done_by=team["Maya"],
            )  # fmt: skip


def _add(person: Person, shop: Shop, team: list[Staff], now: datetime, chance: random.Random) -> None:
    local = shop.local(now)
    today = local.date()
    customer = Customer.create(
        business=shop.business, name=person.name, say_as=person.say_as, call=person.call, pronoun=person.pronoun,
        lang=person.lang, created_at=now - timedelta(days=MONTHS),
    )  # fmt: skip
    minute = _minute(local, person.minutes)
    if person.habit == "firm":
        chance = random.Random(person.habit)  # the same for each of them: they come together, to the minute
    days = list(comes(person.habit, today, chance))
    booked = _booked(person, shop, local)
    for day in days:
        came = _about(minute, chance) if booked is None else max(0, booked + chance.randint(*ARRIVES[person.habit]))
        at = shop.at(day, came)
        Visit.insert(customer=customer, shop=shop, day=day, at=at).execute()
        if booked is not None and person.habit in KEPT:
            _book(customer, shop, shop.at(day, booked), person)
    author = chance.choice(team)
    visits = _visits(customer, today)
    written = _visit_by(today - timedelta(days=chance.randint(4, 40)), visits)
    if person.usual and written:
        Usual.create(customer=customer, shop=shop, text=person.usual, author=author, day=written.day)
    if person.note and written:
        Note.create(
            customer=customer, shop=shop, author=author, text=person.note, private=person.kind == "private",
            safety=person.kind == "safety", moment=person.kind if person.kind in ("list", "late") else "arrival",
            day=written.day, at=written.at,
        )  # fmt: skip
    if person.here is not None:
        at = max(now - timedelta(minutes=person.here), shop.at(today, 0))
        Visit.create(customer=customer, shop=shop, day=today, at=at, staff=team[0])  # whose shift it is
    if booked is not None:
        _book(customer, shop, shop.at(today, booked), person)
    if person.story:
        tell(person.story, customer, shop, {one.name: one for one in team}, author, visits)
    elif person.usual and written and written is not visits[-1] and chance.random() < ASKED:
        words = {"id": "the-usual", "usual": person.usual, "by": author.name, "dates": [written.day.isoformat()]}
        Visit.update(prompt=words, outcome="said").where(Visit.id == visits[-1].id).execute()


def _visit_by(day: date, visits: list[Visit]) -> Visit | None:
    """Return the last of some visits, oldest first, on a day or before it; else the first, if there is any."""
    return next((visit for visit in reversed(visits) if visit.day <= day), visits[0] if visits else None)


def tell(
    story: str, customer: Customer, shop: Shop, team: dict[str, Staff], author: Staff, visits: list[Visit]
) -> None:
    """Write down what there is to say of somebody besides their visits.

    "call", "say", "quick", "quiet": they told us. "name X": we knew them as X until their last visit. "steady": the usual
    each time; "new": something else last time. "sam", "mostly-sam": who marked their visits.
    """
    kind, _space, was = story.partition(" ")
    if kind in ("call", "say", "quick", "quiet", "name"):
        what = {"say": "say_as"}.get(kind, kind)
        last = visits[-1]
        told = last if kind == "name" else _visit_by(last.day - timedelta(days=12), visits) or last
        Told.create(customer=customer, what=what, was=was, author=author, day=told.day)
    if kind in ("steady", "new"):
        Usual.update(day=visits[-30].day).where(Usual.customer == customer).execute()
        for visit in visits[-3:]:
            chip = "new" if kind == "new" and visit is visits[-1] else "usual"
            Note.create(
                customer=customer, shop=shop, author=author, text=CHIPS[chip], lifetime="this_visit", day=visit.day,
                at=visit.at, chips=chip,
            )  # fmt: skip
    if kind in ("sam", "mostly-sam"):
        Visit.update(staff=team["Sam"]).where(Visit.customer == customer).execute()
        Usual.update(author=team["Sam"]).where(Usual.customer == customer).execute()
    if kind == "mostly-sam":
        Visit.update(staff=team["Maya"]).where(Visit.id == visits[-5].id).execute()


def _booked(person: Person, shop: Shop, local: datetime) -> int | None:
    """Return the minute of today at which somebody is booked, None for a habit."""
    if person.habit not in SERVICES or person.minutes is None:
        return None
    return max(0, min(local.hour * 60 + local.minute + person.minutes, LAST_MINUTE)) // 5 * 5


def _book(customer: Customer, shop: Shop, at: datetime, person: Person) -> None:
    Appointment.create(customer=customer, shop=shop, day=shop.day_of(at), starts_at=at, service=SERVICES[person.habit])


def _minute(local: datetime, offset: int | None) -> int | None:
    """Return the minute of the day of a habit `offset` minutes from now, squeezed into the day that is left or gone."""
    if offset is None:
        return None
    now = local.hour * 60 + local.minute
    span = min(1.0, (LAST_MINUTE - now) / 300) if offset > 0 else min(1.0, now / 60)
    return max(5, min(LAST_MINUTE, round(now + offset * max(span, 0.0))))


def _about(minute: int | None, chance: random.Random) -> int:
    if minute is None:
        return chance.randint(8 * 60, 18 * 60)
    return max(0, min(24 * 60 - 1, round(chance.gauss(minute, 5))))


def comes(habit: str, today: date, chance: random.Random) -> Iterator[date]:
    """Yield the days before `today` on which somebody of a habit came, oldest first."""
    if habit == "third":
        yield from (today - timedelta(weeks=weeks) for weeks in (10, 7, 5, 4, 2, 1))
        return
    if habit in ("once", "twice"):
        yield from (
            [today - timedelta(days=1)] if habit == "once" else [today - timedelta(days=9), today - timedelta(days=2)]
        )
        return
    if habit == "hundred":
        days = (today - timedelta(days=back) for back in range(115, 0, -1))
        yield from [day for day in days if (today - day).days % 8][-100:]
        return
    if habit == "first":
        return
    if habit == "late":
        yield from (today - timedelta(weeks=2 * times) for times in range(12, 0, -1))
        return
    if habit == "more":
        yield from (today - timedelta(weeks=weeks) for weeks in (13, 11, 9, 7, 5))
        yield from (today - timedelta(days=back) for back in (28, 24, 21, 17, 14, 10, 7, 3))
        return
    if habit == "year":
        yield today - timedelta(days=368)
    if habit in ("since", "oldest"):
        months = 27 if habit == "since" else 30
        yield from (today - timedelta(days=30 * back) for back in range(months, MONTHS // 30, -1))
    for back in range(MONTHS, 0, -1):
        day = today - timedelta(days=back)
        if chance.random() < _likely(habit, day, today, back):
            yield day


def _likely(habit: str, day: date, today: date, back: int) -> float:
    same, ahead = day.weekday() == today.weekday(), (day - today).days % 7
    if habit == "daily":
        return 0.93
    if habit == "weekdays":
        return 0.96 if day.weekday() < 5 else 0.0
    if habit in ("weekly", "year", "since"):
        return 0.9 if same else 0.02
    if habit in ("elsewhen", "oldest"):
        return 0.9 if ahead in (2, 4) else 0.0
    if habit == "left":
        return 0.9 if ahead in (2, 4) and back > 12 else 0.0
    if habit == "firm":
        return 0.95 if ahead in (0, 2, 5) else 0.0
    if habit == "quiet":  # until six weeks ago
        return 0.95 if ahead in (1, 3, 4) and back > 42 else 0.0
    if habit == "less":  # in the last eight weeks
        return 0.95 if ahead == 3 or (ahead in (1, 4, 5) and back > 56) else 0.0
    if habit == "growing":  # in the last eight weeks
        return 0.95 if ahead == 3 or (ahead in (1, 4, 5) and back <= 56) else 0.0
    if habit == "five":
        return 0.95 if back % 5 == 0 else 0.02
    if habit == "away":
        return 0.8 if back > 24 else 0.0
    if habit.startswith("booked"):
        return 0.9 if back % 28 == 0 else 0.0
    return 0.3  # "often"
