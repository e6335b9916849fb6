"""Shops to measure with: invented people and visits, the same for the same seed, kept for the next run of the same day."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import clock
import models
from app import Config, open_storage
from demo.seed import USUALS, VISIT, grow
from domain import access, expected, nights
from models import Customer, Membership, Note, Shop, Staff, Usual, Visit, db, insert_many, instant_text

SEED = 7
MADE = 3  # goes up when this module makes something else, so that what was kept is not used again
DAYS = 730  # visits reach this far back
REGULARS = 80  # enough of them that the day's list is full: sixty
WELL_KNOWN_VISITS, WELL_KNOWN_NOTES = 200, 30
WITH_USUAL = 1000
TEAM = 30
OPENS = 8  # the shop lies where it is about eight in the morning, so that the day's list is still ahead


@dataclass(frozen=True)
class Size:
    """How many people and visits a shop has."""

    name: str
    customers: int
    visits: int


FULL = {
    "small": Size("small", 10_000, 10_000),
    "large": Size("large", 10_000, 1_000_000),
    "wide": Size("wide", 100_000, 10_000),
}
QUICK = {
    "small": Size("quick-small", 400, 6_000),
    "large": Size("quick-large", 400, 20_000),
    "wide": Size("quick-wide", 2_000, 6_000),
}


@dataclass(frozen=True)
class Stocked:
    """A shop that is ready: where it lies, who is known well, who is listed today, and cookies of people signed in."""

    folder: Path
    well_known: int
    listed: list[int]
    cookies: list[str]  # of staff, one a phone
    owner: str


@contextmanager
def opened(folder: Path) -> Iterator[Shop | None]:
    """Let `models` speak to the shop in a folder, inside the block."""
    open_storage(Config(data=folder, database_url=""))
    try:
        yield Shop.get_or_none()
    finally:
        db.close()


def stocked(kept: Path, size: Size, into: Path, phones: int = 3) -> Stocked:
    """Return a shop of a size as a copy in `into`, from the one kept in `kept` or else made there now."""
    source = kept / named(size)
    if not _still_today(source):
        for former in kept.glob(f"{size.name}-*"):
            shutil.rmtree(former)
        _make(source, size)
    shutil.copytree(source, into)
    with opened(into) as shop:
        assert shop
        listed = [row.customer_id for row in expected.day_list(shop, shop.today()).expected]
        team = list(Staff.select().where(Staff.role == "staff").order_by(Staff.id))
        cookies = []
        with db.atomic():
            for i in range(phones):
                phone, _secret = access.admit_phone(team[i % len(team)], f"Phone {i}")
                cookies.append(access.start_session(team[i % len(team)], "phone", phone, shop))
            owner = access.start_session(Staff.get(Staff.role == "owner"), "owner", shop=shop)
        return Stocked(into, Customer.get(Customer.name == "Well Known").id, listed, cookies, owner)


def named(size: Size) -> str:
    """Return a folder's name: it tells of the size and of everything that the rows depend on but the day."""
    told = hashlib.sha256(json.dumps([size.customers, size.visits, SEED, MADE]).encode())
    for path in sorted(models.MIGRATIONS.glob("[0-9]*.py")):
        told.update(path.read_bytes())
    return f"{size.name}-{told.hexdigest()[:12]}"


def _still_today(folder: Path) -> bool:
    if not (folder / "made.json").exists():
        return False
    made = json.loads((folder / "made.json").read_text(encoding="utf-8"))
    with opened(folder) as shop:
        now = clock.now()
        return shop is not None and made["day"] == shop.today().isoformat() and shop.local(now).hour < 20


def _make(folder: Path, size: Size) -> None:
    """Make the people, the visits, and the lists of the day and the next from the habits of those who come often."""
    now = clock.now()
    chance = random.Random(SEED)
    folder.mkdir(parents=True)
    with opened(folder):
        shop, _owner = access.open_shop("Fenwick Road Coffee", _zone(now), "Ruth")
        people = [int(number) for number in grow(shop, size.customers, 0, SEED, now)["customers"]]
        team = _hire(shop, now)
        regulars, known, others = people[:REGULARS], people[REGULARS], people[REGULARS + 1 :]
        today = shop.today()
        with db.atomic():
            friend = Customer.get_by_id(known)
            friend.name = "Well Known"
            friend.save()
            insert_many(Visit, VISIT, list(_of_regulars(shop, today, regulars, chance)))
            insert_many(Visit, VISIT, list(_of_one(shop, today, known, chance)))
            _tell(shop, team, [*regulars, known], others, chance)
        for day in (
            today,
            today + timedelta(days=1),
        ):  # from those who come often; the others come too rarely to be on it
            expected.make_list(shop, day)
        with db.atomic():
            missing = size.visits - Visit.select().count()
            for rows in of_others(shop, today, others, missing, chance):
                insert_many(Visit, VISIT, rows)
        nights.rhythm_before(shop, today)  # kept, as after a night: else the server learns it beside what is measured
        shop.changed()
        db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    (folder / "made.json").write_text(json.dumps({"day": today.isoformat()}), encoding="utf-8")


def _zone(now: datetime) -> str:
    """Return a time zone in which it is between eight and nine in the morning."""
    ahead = (OPENS - now.hour + 11) % 24 - 11
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"  # the sign in these names is turned round


def _hire(shop: Shop, now: datetime) -> list[Staff]:
    pin = access.hash_pin("1234")
    team = []
    with db.atomic():
        for i in range(TEAM):
            one = Staff.create(business=shop.business, name=f"Staff {i}", role="staff", pin_hash=pin, created_at=now)
            Membership.create(staff=one, shop=shop)
            team.append(one)
    return team


def _row(shop: Shop, customer: int, day: date, minute: float) -> tuple[object, ...]:
    at = shop.at(day, 0) + timedelta(minutes=round(minute))
    return customer, shop.id, day.isoformat(), instant_text(at), None


def _of_regulars(shop: Shop, today: date, regulars: list[int], chance: random.Random) -> Iterator[tuple[object, ...]]:
    """Yield twelve weeks of visits: half come nearly every day, half once or twice a week, today among them."""
    for i, customer in enumerate(regulars):
        minute = chance.randint(OPENS * 60, 17 * 60)
        for back in range(84, 0, -1):
            often = i % 2 == 0 and chance.random() < 0.85
            weekly = i % 2 == 1 and back % 7 in (0, i % 5) and chance.random() < 0.9
            if often or weekly:
                yield _row(shop, customer, today - timedelta(days=back), chance.gauss(minute, 8))


def _of_one(shop: Shop, today: date, customer: int, chance: random.Random) -> Iterator[tuple[object, ...]]:
    for back in range(WELL_KNOWN_VISITS, 0, -1):
        yield _row(shop, customer, today - timedelta(days=back), chance.gauss(9 * 60 + 30, 8))


def of_others(
    shop: Shop, today: date, others: list[int], visits: int, chance: random.Random
) -> Iterator[list[tuple[object, ...]]]:
    """Yield, a day at a time, exactly `visits` rows of the others, who come now and then over two years."""
    came: list[list[int]] = [[] for _ in range(DAYS)]
    for i, customer in enumerate(others):
        count = visits // len(others) + (i < visits % len(others))
        for back in chance.sample(range(DAYS), count) if count <= DAYS else (n % DAYS for n in range(count)):
            came[back].append(customer)
    for back in range(DAYS, 0, -1):
        day = today - timedelta(days=back)
        yield [_row(shop, customer, day, chance.randint(OPENS * 60, 18 * 60)) for customer in came[back - 1]]


def _tell(shop: Shop, team: list[Staff], close: list[int], others: list[int], chance: random.Random) -> None:
    """Keep what was said of people: usuals, a few notes for the list, and thirty notes on the one known well."""
    now, today = clock.now(), shop.today()
    for customer in [*close, *others[:WITH_USUAL]]:
        Usual.create(customer=customer, shop=shop, text=chance.choice(USUALS[:-1]), author=team[0], day=today)
    for i, customer in enumerate(close[:12]):
        about = {"safety": True} if i % 3 == 0 else {"moment": "list"}
        Note.create(customer=customer, shop=shop, author=team[i], text="Nuts, never", day=today, at=now, **about)
    for i in range(WELL_KNOWN_NOTES):
        text = f"Asked about the window table, {i + 1}"
        Note.create(customer=close[-1], shop=shop, author=team[i % TEAM], text=text, day=today, at=now)
