"""The demo shop: six months of invented visits that lead up to the present hour, whatever hour that is."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import available_timezones

from demo.cast import CAST, OWNER, PIN, SHOP, TEAM, Person
from domain import access, expected
from models import (
    Appointment,
    Customer,
    Membership,
    Note,
    Shop,
    Staff,
    Usual,
    Visit,
    db,
    insert_many,
    instant_text,
)

MONTHS = 182  # days of visits
LAST_MINUTE = 24 * 60 - 6


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
    expected.make_list(shop, shop.day_of(now))
    return shop


def _add(person: Person, shop: Shop, team: list[Staff], now: datetime, chance: random.Random) -> None:
    local = shop.local(now)
    today = local.date()
    customer = Customer.create(
        business=shop.business, name=person.name, say_as=person.say_as, call=person.call, pronoun=person.pronoun,
        lang=person.lang, created_at=now - timedelta(days=MONTHS),
    )  # fmt: skip
    minute = _minute(local, person.minutes)
    visits = [
        (customer.id, shop.id, day.isoformat(), instant_text(shop.at(day, _about(minute, chance))))
        for day in comes(person.habit, today, chance)
    ]
    insert_many(Visit, ("customer_id", "shop_id", "day", "at"), visits)
    author = chance.choice(team)
    written = today - timedelta(days=chance.randint(4, 40))
    if person.usual:
        Usual.create(customer=customer, shop=shop, text=person.usual, author=author, day=written)
    if person.note:
        Note.create(
            customer=customer, shop=shop, author=author, text=person.note, private=person.kind == "private",
            safety=person.kind == "safety", moment="list" if person.kind == "list" else "arrival",
            day=written, at=shop.at(written, 600),
        )  # fmt: skip
    if person.here is not None:
        at = max(now - timedelta(minutes=person.here), shop.at(today, 0))
        Visit.create(customer=customer, shop=shop, day=today, at=at, staff=author)
    services = {"booked": "Cake pick-up, paid", "booked-later": "Table for two", "away": "Table by the window"}
    if person.habit in services and person.minutes is not None:
        starts = shop.at(today, min(local.hour * 60 + local.minute + person.minutes, LAST_MINUTE) // 5 * 5)
        Appointment.create(
            customer=customer, shop=shop, day=shop.day_of(starts), starts_at=starts, service=services[person.habit]
        )


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
    if habit == "year":
        yield today - timedelta(days=368)
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
    if habit in ("weekly", "year"):
        return 0.9 if same else 0.02
    if habit == "elsewhen":
        return 0.9 if day.weekday() in ((today.weekday() + 2) % 7, (today.weekday() + 4) % 7) else 0.0
    if habit == "five":
        return 0.95 if back % 5 == 0 else 0.02
    if habit == "away":
        return 0.8 if back > 24 else 0.0
    if habit.startswith("booked"):
        return 0.9 if back % 28 == 0 else 0.0
    return 0.3  # "often"
