"""The demo shop: six months of invented visits that lead up to the present hour, whatever hour that is."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from peewee import fn

from demo.cast import (
    CAST,
    GREETED,
    LEFT,
    MISTAKES,
    OWNER,
    PIN,
    PROMISED,
    QUESTIONS,
    SENT_BY,
    SENT_ON,
    SHOP,
    STEPS,
    TAGGED,
    TEAM,
    TOGETHER,
    TOLD,
    TROUBLES,
    Person,
)
from domain import access, expected
from domain.fields import ALWAYS
from models import (
    Appointment,
    Belonging,
    Customer,
    CustomField,
    ExtraStep,
    FieldValue,
    Household,
    Introduction,
    Issue,
    IssueTime,
    Membership,
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
    expected.make_list(shop, shop.day_of(now))
    return shop


def _promise(shop: Shop, team: dict[str, Staff], now: datetime) -> None:
    """Write down what was promised, some days ago; what is kept was kept a while before now, by who promised it."""
    today = shop.day_of(now)
    for name, text, by, back, due, kept in PROMISED:
        day = today - timedelta(days=back)
        Promise.create(
            customer=Customer.get((Customer.name == name) & (Customer.business == shop.business_id)), shop=shop, text=text,
            author=team[by], day=day, at=shop.at(day, 600), due=None if due is None else today + timedelta(days=due),
            kept_at=max(now - timedelta(minutes=39), shop.at(today, 0)) if kept else None,
            kept_by=team[by] if kept else None,
        )  # fmt: skip


def _remember(shop: Shop, team: dict[str, Staff], today: date) -> None:
    """Write down what the team asks next, did besides, heard again, got wrong, and whom it sent where."""

    def by_name(name: str) -> Customer:
        found: Customer = Customer.get((Customer.name == name) & (Customer.business == shop.business_id))
        return found

    def written(by: str, back: int) -> dict[str, Any]:
        day = today - timedelta(days=back)
        return {"shop": shop, "author": team[by], "day": day, "at": shop.at(day, 600)}

    for name, text, by, back in QUESTIONS:
        Question.create(customer=by_name(name), text=text, **written(by, back))
    for name, text, by, back in STEPS:
        ExtraStep.create(customer=by_name(name), text=text, **written(by, back))
    for name, text, by, backs in TROUBLES:
        issue = Issue.create(customer=by_name(name), text=text, **written(by, backs[0]))
        for back in backs:
            day = today - timedelta(days=back)
            IssueTime.create(issue=issue, author=team[by], day=day, at=shop.at(day, 600))
    for name, text, by, back, sorry in MISTAKES:
        owned = (
            {"acknowledged_at": shop.at(today - timedelta(days=back), 610), "acknowledged_by": team[by]}
            if sorry
            else {}
        )
        Mistake.create(customer=by_name(name), text=text, said_sorry=sorry, **owned, **written(by, back))
    for name, need, to, by, back, asks_in in SENT_ON:
        row = written(by, back)
        Referral.create(name=name, need=need, to_whom=to, check_on=row["day"] + timedelta(days=asks_in), **row)
    for name, sender in SENT_BY:
        Introduction.create(
            customer=by_name(name), by_customer=by_name(sender), shop=shop, day=today - timedelta(days=9)
        )


def _tell_besides(shop: Shop, team: dict[str, Staff], now: datetime) -> None:
    """Give some people their tags, and write down what they told for fields, nine days ago."""
    business, day = shop.business_id, shop.day_of(now) - timedelta(days=9)
    for name, tag, by in TAGGED:
        known, _made = Tag.get_or_create(business=business, name=tag)
        Tagged.create(tag=known, customer=_called(shop, name), author=team[by], day=day)
    for name, field, text, by in TOLD:
        kind = field if field in ALWAYS else "text"
        known, _made = CustomField.get_or_create(business=business, name=ALWAYS.get(field, field), kind=kind)
        FieldValue.create(field=known, customer=_called(shop, name), text=text, author=team[by], day=day)


def _called(shop: Shop, name: str) -> Customer:
    return Customer.get((Customer.name == name) & (Customer.business == shop.business_id))


def _gather(shop: Shop, now: datetime) -> None:
    """Write down who belongs together, who has left and why, and which visits of eight weeks began with a name."""
    today, ours = shop.day_of(now), Customer.business == shop.business_id
    for name, kind, people in TOGETHER:
        circle = Household.create(business=shop.business, kind=kind, name=name)
        for one, part in people:
            Belonging.create(household=circle, customer=Customer.get((Customer.name == one) & ours), part=part)
    for name, back, reason in LEFT:
        Customer.update(state="moved", state_since=today - timedelta(days=back), state_reason=reason).where(
            (Customer.name == name) & ours
        ).execute()
    chance = random.Random(20261125)
    of_firms = Belonging.select(Belonging.customer).join(Household).where(Household.kind == "firm")
    told = (Customer.call != "") | (Customer.say_as != "")
    known = Customer.select(Customer.id).where(ours & told & Customer.id.not_in(of_firms))
    lately = Visit.select(Visit.id).where(Visit.customer.in_(known) & (Visit.day >= today - timedelta(weeks=8)))
    greeted = [number for (number,) in lately.order_by(Visit.id).tuples() if chance.random() < GREETED]
    Visit.update(greeted_by_name=True).where(Visit.id.in_(greeted) & (Visit.day < today)).execute()


def _add(person: Person, shop: Shop, team: list[Staff], now: datetime, chance: random.Random) -> None:
    local = shop.local(now)
    today = local.date()
    customer = Customer.create(
        business=shop.business, name=person.name, say_as=person.say_as, call=person.call, pronoun=person.pronoun,
        lang=person.lang, created_at=now - timedelta(days=MONTHS),
    )  # fmt: skip
    minute = _minute(local, person.minutes)
    days = list(comes(person.habit, today, chance))
    booked = _booked(person, shop, local)
    for day in days:
        came = _about(minute, chance) if booked is None else max(0, booked + chance.randint(*ARRIVES[person.habit]))
        at = shop.at(day, came)
        Visit.insert(customer=customer, shop=shop, day=day, at=at).execute()
        if booked is not None and person.habit in KEPT:
            _book(customer, shop, shop.at(day, booked), person)
    author = chance.choice(team)
    written = today - timedelta(days=chance.randint(4, 40))
    if person.usual:
        Usual.create(customer=customer, shop=shop, text=person.usual, author=author, day=written)
    if person.note:
        Note.create(
            customer=customer, shop=shop, author=author, text=person.note, private=person.kind == "private",
            safety=person.kind == "safety", moment=person.kind if person.kind in ("list", "late") else "arrival",
            day=written, at=shop.at(written, 600),
        )  # fmt: skip
    if person.here is not None:
        at = max(now - timedelta(minutes=person.here), shop.at(today, 0))
        Visit.create(customer=customer, shop=shop, day=today, at=at, staff=team[0])  # whose shift it is
    if booked is not None:
        _book(customer, shop, shop.at(today, booked), person)
    if person.story:
        tell(person.story, customer, shop, {one.name: one for one in team}, author, days)
    elif person.usual and chance.random() < ASKED:
        words = {"id": "the-usual", "usual": person.usual, "by": author.name, "dates": [written.isoformat()]}
        last = Visit.select(fn.MAX(Visit.id)).where((Visit.customer == customer) & (Visit.day < today))
        Visit.update(prompt=words, outcome="said").where(Visit.id == last).execute()


def tell(story: str, customer: Customer, shop: Shop, team: dict[str, Staff], author: Staff, days: list[date]) -> None:
    """Write down what there is to say of somebody besides their visits.

    "call", "say", "quick", "quiet": they told us. "name X": we knew them as X until their last visit. "steady": the usual
    each time; "new": something else last time. "sam", "mostly-sam": who marked their visits.
    """
    kind, _space, was = story.partition(" ")
    if kind in ("call", "say", "quick", "quiet", "name"):
        what = {"say": "say_as"}.get(kind, kind)
        day = days[-1] if kind == "name" or not days else max(days[0], days[-1] - timedelta(days=12))
        Told.create(customer=customer, what=what, was=was, author=author, day=day)
    visits = list(Visit.select().where((Visit.customer == customer) & Visit.day.in_(days[-5:])).order_by(Visit.day))
    if kind in ("steady", "new"):
        Usual.update(day=days[-30]).where(Usual.customer == customer).execute()
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
        Visit.update(staff=team["Maya"]).where(Visit.id == visits[0].id).execute()


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
    same = day.weekday() == today.weekday()
    if habit == "daily":
        return 0.93
    if habit == "weekdays":
        return 0.96 if day.weekday() < 5 else 0.0
    if habit in ("weekly", "year", "since"):
        return 0.9 if same else 0.02
    if habit in ("elsewhen", "oldest"):
        return 0.9 if day.weekday() in ((today.weekday() + 2) % 7, (today.weekday() + 4) % 7) else 0.0
    if habit == "five":
        return 0.95 if back % 5 == 0 else 0.02
    if habit == "away":
        return 0.8 if back > 24 else 0.0
    if habit.startswith("booked"):
        return 0.9 if back % 28 == 0 else 0.0
    return 0.3  # "often"
