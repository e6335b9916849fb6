"""Reproducible test data of any size: the same seed gives the same people and visits."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from domain import access, expected
from models import (
    Customer,
    Membership,
    Row,
    SearchWord,
    Shop,
    Staff,
    Visit,
    db,
    folded,
    insert_many,
    instant_text,
    is_postgres,
)

DAYS = 180
PERSON = (
    "id", "business_id", "name", "search_name", "say_as", "call", "lang", "pronoun", "source_id", "created_at", "state",
    "state_reason",
)  # fmt: skip
VISIT = ("customer_id", "shop_id", "day", "at", "source_id")
GIVEN = (
    "Ada Amara Anders Anouk Arjun Aylin Bao Bela Camille Carlos Chiara Dara Diego Edith Elif Emre Esi Farah Femi Frida "
    "Gabor Grace Hana Hugo Ines Isla Ivan Jana Jonas Kaia Kenji Lars Leila Liam Lin Mara Marek Mina Nadia Niamh Nils Noor "
    "Olga Omar Paula Pia Quinn Rania Rosa Said Selma Tariq Thea Uma Vera Wanda Xenia Yara Yusuf Zoe"
).split()
FAMILY = (
    "Abara Almeida Aydin Bakker Bauer Bell Berg Bianchi Brandt Castro Chen Costa Dahl Diallo Dolan Duarte Eklund Farkas "
    "Ferrari Fischer Garcia Gruber Haas Hansen Hill Horvat Ibrahim Ito Jansen Kaya Keller Khan Kim Kovacs Kumar Larsen "
    "Lopez Mbeki Meyer Moreau Moretti Nagy Nguyen Novak Okafor Olsen Osei Park Patel Popescu Quist Rossi Sato Silva Singh "
    "Soto Suzuki Toure Varga Weber Yilmaz"
).split()
USUALS = ("Flat white", "Tea, two sugars", "Cheese sandwich, no pickle", "Filter, black", "Chai", "Soup of the day", "")


def grow(shop: Shop, customers: int, visits: int, seed: int, now: datetime) -> dict[str, Any]:
    """Return what was added to a shop: bearer tokens by role, customer ids, staff with their PINs, and the shop.

    `visits` are spread over the 180 days before today, by habits drawn from `seed`.
    """
    if (
        Customer.select()
        .where((Customer.business == shop.business) & (Customer.source_id == f"seed-{seed}-0"))
        .exists()
    ):
        raise ValueError("This seed has been used here already. Take another.")
    if visits and not customers:
        raise ValueError("Visits need customers.")
    chance = random.Random(seed)
    today = shop.day_of(now)
    with db.atomic():
        staff, tokens = _team(shop, now)
        first = (Customer.select(Customer.id).order_by(Customer.id.desc()).scalar() or 0) + 1
        names = [f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}" for _ in range(customers)]
        _insert(Customer, PERSON, (
            (first + i, shop.business_id, name, folded(name), "", "", "", "", f"seed-{seed}-{i}", instant_text(now), "active", "")
            for i, name in enumerate(names)
        ))  # fmt: skip
        _insert(SearchWord, SearchWord.COLUMNS, (
            row for i, name in enumerate(names) for row in SearchWord.rows_of_name(shop.business_id, first + i, name)
        ))  # fmt: skip
        _insert(Visit, VISIT, _visits(shop, first, customers, visits, chance, today))
        _advance_ids()
    expected.history_changed(shop, today - timedelta(days=DAYS + 1))
    expected.make_list(shop, today)
    shop.changed()
    return {
        "tokens": tokens,
        "customers": [str(first + i) for i in range(customers)],
        "staff": staff,
        "shop": str(shop.id),
    }


def _team(shop: Shop, now: datetime) -> tuple[list[dict[str, str]], dict[str, str]]:
    staff, tokens = [], {}
    for role in ("staff", "manager"):
        pin = {"staff": "2580", "manager": "1470"}[role]
        one = Staff.create(
            business=shop.business, name=f"Seed {role}", role=role, pin_hash=access.hash_pin(pin), created_at=now
        )
        Membership.create(staff=one, shop=shop)
        staff.append({"id": str(one.id), "name": one.name, "pin": pin})
        tokens[role] = access.start_session(one, "token", shop=shop)
    owner = Staff.get((Staff.business == shop.business) & (Staff.role == "owner"))
    tokens["owner"] = access.start_session(owner, "token", shop=shop)
    return staff, tokens


def _visits(
    shop: Shop, first: int, customers: int, visits: int, chance: random.Random, today: Any
) -> Iterator[tuple[Any, ...]]:
    """Yield exactly `visits` rows; each person has weekdays and an hour of their own, and their share is drawn."""
    if not customers:
        return
    starts = {back: shop.at(today - timedelta(days=back), 0) for back in range(1, DAYS + 1)}
    for i, count in enumerate(_shares(customers, visits, chance)):
        yield from _of_one(shop, first + i, count, chance, today, starts)


def _shares(customers: int, visits: int, chance: random.Random) -> list[int]:
    """Return how many visits each person has: few have many, most have some, nobody more than one a day until all do."""
    weights = [chance.paretovariate(1.2) for _ in range(customers)]
    whole = sum(weights)
    shares = [min(DAYS, int(visits * weight / whole)) for weight in weights]
    left = visits - sum(shares)
    while left:
        room = [i for i, share in enumerate(shares) if share < DAYS] or list(range(customers))
        for i in room[:left]:
            shares[i] += 1
        left -= len(room[:left])
    return shares


def _of_one(
    shop: Shop, customer: int, count: int, chance: random.Random, today: date, starts: dict[int, datetime]
) -> Iterator[tuple[Any, ...]]:
    likes = {chance.randrange(7) for _ in range(3)}
    minute = chance.randint(7 * 60, 18 * 60)
    ranked = sorted(
        range(1, DAYS + 1),
        key=lambda back: chance.random() + ((today - timedelta(days=back)).weekday() in likes),
        reverse=True,
    )
    for n in range(count):
        back = ranked[n % DAYS]
        at = starts[back] + timedelta(minutes=max(0, min(1400, round(chance.gauss(minute, 15)))), seconds=n // DAYS)
        day = (today - timedelta(days=back)).isoformat()
        yield customer, shop.id, day, instant_text(at), None


def _insert(table: type[Row], columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
    while part := list(islice(rows, 5000)):
        insert_many(table, columns, part)


def _advance_ids() -> None:
    """Let PostgreSQL's sequence follow the ids that were given by hand."""
    if is_postgres():
        db.execute_sql(
            "SELECT setval(pg_get_serial_sequence('customer', 'id'), (SELECT COALESCE(MAX(id), 1) FROM customer))"
        )
