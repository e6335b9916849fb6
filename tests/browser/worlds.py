"""The shops the browser tests look at, each a database of its own, at Tuesday 24 November 2026, 8:12 in London; but one, where it
is the real present.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playhouse.migrations import Runner

import clock
import models
from demo import shop as demo_shop
from domain import access
from models import Appointment, Customer, Note, Shop, Staff, Usual, Visit, Witness

TUESDAY = datetime(2026, 11, 24, 8, 12, tzinfo=UTC)
LONG = "Wolfgang-Maximilian Freiherr von und zu Hohenlohe-Waldenburg-Schillingsfürst"
UNBROKEN = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"
PAYLOAD = '<img src=x onerror="alert(1)" hx-get="/find?q=stolen" hx-trigger="load"><b hx-on:load="alert(2)">Bobby</b>'


@dataclass
class World:
    """A built database, and what signs people in to it."""

    tokens: dict[str, str] = field(default_factory=dict)  # name -> session token; "owner" is Ruth's own sign-in
    links: dict[str, access.Link] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)  # the name or its first word -> customer id


@contextmanager
def database(url: str, now: datetime = TUESDAY) -> Iterator[None]:
    """Let `models` speak to a migrated database at a fixed instant, inside the block."""
    before = models.db.obj
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: now)
        models.db.initialize(models.open_database(url))
        models.db.connect()
        try:
            Runner(models.db.obj, str(models.MIGRATIONS)).up()
            yield
        finally:
            models.db.obj.close_all()
            if before is not None:
                models.db.initialize(before)


def build(name: str, url: str, now: datetime = TUESDAY) -> World:
    """Return a world, built in the database at `url`."""
    with database(url, now):
        shop = WORLDS[name]()
        world = World()
        team = {one.name: one for one in Staff.select().order_by(Staff.id)}
        for person in team.values():
            phone, _secret = access.admit_phone(person, f"{person.name}’s phone")
            world.tokens[person.name] = access.start_session(person, "phone", phone, shop)
        ruth = team["Ruth"]
        world.tokens["owner"] = access.start_session(ruth, "owner", shop=shop)
        world.tokens["program"] = access.start_session(ruth, "token", shop=shop)
        world.links = {"owner": access.invite(ruth, "owner"), "phone": access.invite(team["Sam"], "phone")}
        for customer in Customer.select():
            world.people[customer.name] = world.people[customer.name.split()[0]] = customer.id
        shop.changed()
        return world


def _team(name: str = "Fenwick Road Coffee", zone: str = "Europe/London") -> Shop:
    shop, owner = access.open_shop(name, zone, "Ruth")
    pin = access.hash_pin("1234")
    Staff.update(pin_hash=pin).where(Staff.id == owner.id).execute()
    for person in ("Maya", "Sam"):
        one = Staff.create(business=shop.business, name=person, role="staff", pin_hash=pin, created_at=clock.now())
        models.Membership.create(staff=one, shop=shop)
    return shop


def _someone(shop: Shop, name: str, **known: Any) -> Customer:
    return Customer.create(business=shop.business, name=name, created_at=clock.now(), **known)


def _came(customer: Customer, shop: Shop, *backs: int, minute: int) -> None:
    today = shop.today()
    for back in backs:
        day = today - timedelta(days=back)
        Visit.create(customer=customer, shop=shop, day=day, at=shop.at(day, minute))


def _mark_here(customer: Customer, shop: Shop, minutes_ago: int) -> None:
    at = TUESDAY - timedelta(minutes=minutes_ago)
    visit = Visit.create(customer=customer, shop=shop, day=shop.day_of(at), at=at)
    Witness.create(visit=visit, staff=Staff.get(Staff.name == "Sam"), at=at)


def demo() -> Shop:
    """The demo shop: the one a newcomer meets."""
    return demo_shop.build(TUESDAY, "Europe/London")


def first_day() -> Shop:
    """Nobody is expected yet (for the shop rests on Tuesdays); two were met before."""
    shop = _team()
    shop.hours = [["07:00", "17:00"], None, *[["07:00", "17:00"]] * 5]
    shop.save()
    _came(_someone(shop, "Red scarf"), shop, 1, minute=8 * 60 + 30)
    _came(_someone(shop, "Mrs Adeyemi", pronoun="she"), shop, 9, 2, minute=7 * 60 + 40)
    return shop


def all_here() -> Shop:
    """Everyone we hoped for has been."""
    shop = _team()
    for i, name in enumerate(("Rosa Marchetti", "Tomás Ferreira", "Jo Mbeki-Larsson")):
        customer = _someone(shop, name)
        _came(customer, shop, *range(1, 60), minute=7 * 60 + 30)
        _mark_here(customer, shop, 20 + i)
    return shop


def busy() -> Shop:
    """Sixty expected: names long, unbroken, in many scripts and hostile; a second shop to change to."""
    shop = _team("The Very Long-Named Bakery and Coffee House at the Corner of Fenwick Road")
    other = Shop.create(business=shop.business, name="Harbour Kiosk", zone="Europe/Lisbon")
    for person in Staff.select():
        models.Membership.create(staff=person, shop=other)
    names = [
        LONG,
        UNBROKEN,
        "نور الهدى عبد الرحمن",
        "רחל בן־דוד",
        "Nguyễn Thị Minh Khai",
        PAYLOAD[:190],
        "Ọláwálé Adébáyọ̀",
        "田中 弘",
    ]
    names += [f"Regular {i} Person" for i in range(len(names), 66)]
    sam = Staff.get(Staff.name == "Sam")
    for i, name in enumerate(names):
        lang = {"نور": "ar", "רחל": "he", "田中": "ja"}.get(name.split()[0], "")
        customer = _someone(
            shop,
            name,
            lang=lang,
            say_as="PREE-ya with a rather long explanation of it" if i < 3 else "",
            call=LONG if i == 1 else "",
        )
        _came(customer, shop, *range(1, 40), minute=8 * 60 + 15 + 5 * i)
        Usual.create(
            customer=customer,
            shop=shop,
            text=f"{'Black filter, extra large, with a very long story. ' * 3 if i < 2 else 'Tea'}",
            author=sam,
            day=shop.day_of(TUESDAY),
        )
        if i < 2:
            text = "No sesame, ever. " + "Check the bag yourself, twice, before it leaves the counter. " * 2
            Note.create(
                customer=customer,
                shop=shop,
                author=sam,
                text=text,
                safety=True,
                moment="arrival",
                day=shop.day_of(TUESDAY),
                at=TUESDAY,
            )
        if i == 1:
            for text in (PAYLOAD, UNBROKEN * 3):
                Note.create(
                    customer=customer,
                    shop=shop,
                    author=sam,
                    text=text,
                    moment="list",
                    day=shop.day_of(TUESDAY),
                    at=TUESDAY,
                )
            Note.create(
                customer=customer,
                shop=shop,
                author=sam,
                text=UNBROKEN,
                private=True,
                moment="arrival",
                day=shop.day_of(TUESDAY),
                at=TUESDAY,
            )
    Appointment.create(
        customer=customer,
        shop=shop,
        day=shop.day_of(TUESDAY),
        starts_at=TUESDAY - timedelta(minutes=20),
        service="Table by the window",
    )
    return shop


def quiet() -> Shop:
    """Nobody for a while, then two after four."""
    shop = _team()
    for name, minute in (("Rosa Marchetti", 16 * 60 + 10), ("Mr Okafor", 16 * 60 + 40)):
        _came(_someone(shop, name), shop, *range(1, 60), minute=minute)
    return shop


def present() -> Shop:
    """It is nine in the morning where this shop is, whenever that may be: for browsers whose clock cannot be set."""
    ahead = (9 - clock.now().hour + 11) % 24 - 11  # hours
    shop = _team(zone=f"Etc/GMT{-ahead:+d}")  # these are named by how far Greenwich is ahead of them
    for i, name in enumerate(("Rosa Marchetti", "Mr Okafor", "Tomás Ferreira")):
        _came(_someone(shop, name), shop, *range(1, 60), minute=10 * 60 + 5 * i)
    return shop


WORLDS: dict[str, Callable[[], Shop]] = {
    "demo": demo,
    "first-day": first_day,
    "all-here": all_here,
    "busy": busy,
    "quiet": quiet,
    "present": present,
}


def copy_into(source: Path, target: Path) -> None:
    """Make the database at `target` the same as that at `source`, while it is being served."""
    from models import open_database

    one, other = open_database(f"sqlite:///{source}"), open_database(f"sqlite:///{target}")
    one.connect()
    other.connect()
    one.connection().backup(other.connection())
    one.close()
    other.close()
