"""People we have met but know no habit of yet."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime

from domain.states import sought
from models import Customer, DayList, Shop

YOUNG = 6  # with fewer people on a day than this, there is room to show whom we are getting to know


@dataclass(frozen=True, slots=True)
class Met:
    """Somebody seen once or twice: not yet a habit."""

    customer: Customer
    days: int
    last: datetime  # aware, in the shop's zone


def just_met(shop: Shop, day: date, known: Container[int]) -> list[Met]:
    """Return those seen on one or two days before `day` and lately, latest first, less those who are `known` already.

    Whom we have met is part of the day's list, made with it. Two queries.
    """
    stored = DayList.get_or_none((DayList.shop == shop.id) & (DayList.day == day))
    met = [one for one in (stored.met if stored else None) or [] if one[0] not in known]
    people = {c.id: c for c in Customer.select().where(Customer.id.in_([one[0] for one in met]) & sought())}
    return [
        Met(people[number], days, shop.local(shop.at(date.fromisoformat(last), minute)))
        for number, days, last, minute in met
        if number in people
    ]
