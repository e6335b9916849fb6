"""People we have met but know no habit of yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from peewee import fn

from models import Customer, Shop, Visit


@dataclass(frozen=True, slots=True)
class Met:
    """Somebody seen once or twice: not yet a habit."""

    customer: Customer
    days: int
    last: datetime  # aware, in the shop's zone


def just_met(shop: Shop, before: date, most: int = 8) -> list[Met]:
    """Return those seen on one or two days of the last four weeks and never else, latest first. One query."""
    days, last = fn.COUNT(Visit.day.distinct()), fn.MAX(Visit.at)
    query = (
        Visit.select(Visit.customer, Customer, days.alias("days"), last.alias("last"))
        .join(Customer)
        .where((Visit.shop == shop.id) & (Visit.day < before) & (Customer.business == shop.business_id))
        .group_by(Visit.customer, Customer)
        .having((days <= 2) & (fn.MAX(Visit.day) >= before - timedelta(days=28)))
        .order_by(last.desc())
        .limit(most)
    )
    return [Met(row.customer, row.days, shop.local(_instant(row.last))) for row in query]


def _instant(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
