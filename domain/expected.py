"""Who is expected today: the day's list by habit, made once from the visits before it, with the words for the booked.

The list of a day depends only on visits of earlier days, so it is made once (by the background at midnight, by an
import, or by whoever asks first) and stored. An arrival today only marks a row (``domain.lines``). A visit added to or
taken from an earlier day marks the lists made after it as stale, in the same transaction, and the background makes
them again.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from peewee import IntegrityError

import clock
from domain import forecast, reasons, silences
from domain.history import histories
from domain.prompts import prompts_for
from models import Appointment, Customer, DayList, Expected, Shop, Visit, db

AT_MOST = 60  # people listed by habit; more than that, nobody reads
MET, MET_DAYS = 8, 28  # as many are shown that we are getting to know, seen within so many days
_making = threading.Lock()


# -- making a day's list


def visit_days(shop: Shop, before: date) -> Iterator[tuple[date, dict[int, int]]]:
    """Yield the open days before a day, oldest first, each with the minute of every customer's first arrival."""
    tz = shop.tz
    query = (
        Visit.select(Visit.day, Visit.customer, Visit.at)
        .where((Visit.shop == shop.id) & (Visit.day < before))
        .order_by(Visit.day, Visit.at)
    )
    for day, visits in groupby(query.tuples().iterator(), key=itemgetter(0)):
        came: dict[int, int] = {}
        for _, customer, at in visits:
            if customer not in came:
                local = at.astimezone(tz)
                came[customer] = local.hour * 60 + local.minute
        yield day, came


def open_days(shop: Shop, before: date) -> list[date]:
    """Return the days before a day on which anybody came, oldest first."""
    query = Visit.select(Visit.day).distinct().where((Visit.shop == shop.id) & (Visit.day < before)).order_by(Visit.day)
    return [day for (day,) in query.tuples()]


def learned(shop: Shop, before: date, progress: Callable[[date], None] | None = None) -> forecast.Rhythm[int]:
    """Return the shop's rhythm as learned from its visits before a day."""
    days = open_days(shop, before)
    people = Customer.select().where(Customer.business == shop.business_id).count()

    def told() -> Iterator[tuple[date, dict[int, int]]]:
        for day, came in visit_days(shop, before):
            if progress:
                progress(day)
            yield day, came

    return forecast.replay(told(), before=before, learn_from=forecast.learn_from(days, people))


def chosen(
    forecasts: list[forecast.Forecast[int]], listed_from: float, silent: Callable[[forecast.Forecast[int]], bool]
) -> list[forecast.Forecast[int]]:
    """Return those to list, most probable first: all at or above `listed_from`, and in any case as many as are expected
    to arrive (the sum of probabilities, rounded up); at most AT_MOST, and nobody for whom a row should be silent."""
    ranked = sorted(forecasts, key=lambda f: (-f.probability, f.customer))
    in_any_case = math.ceil(sum(f.probability for f in ranked))
    likely = (f for i, f in enumerate(ranked) if i < in_any_case or f.probability >= listed_from)
    return list(islice((f for f in likely if not silent(f)), AT_MOST))


def make_list(shop: Shop, day: date, progress: Callable[[date], None] | None = None) -> DayList:
    """Return the stored list of a day, made anew from the visits before it. Slow for a large shop; never per page view."""
    of_the_day = (DayList.shop == shop.id) & (DayList.day == day)
    DayList.update(stale=False).where(of_the_day).execute()
    rhythm = learned(shop, day, progress)
    closed = shop.is_closed_on(day) or silences.rests_on(day, rhythm.days)
    forecasts = [] if closed else rhythm.forecast(day)
    listed = chosen(
        forecasts, shop.listed_from, lambda f: silences.is_silent(rhythm.habits[f.customer], day, rhythm.days)
    )
    by_habit = {f.customer for f in listed}
    booked = [a.customer_id for a in Appointment.on(shop, day) if a.customer_id not in by_habit]
    prompts = prompts_for(shop, histories(shop, [*by_habit, *booked], day), day)
    try:
        with db.atomic():
            before = DayList.get_or_none(of_the_day)
            DayList.delete().where(of_the_day).execute()
            made = DayList.create(
                shop=shop,
                day=day,
                made_at=clock.now(),
                arrivals=sum(f.probability for f in forecasts),
                stale=bool(before and before.stale),  # a visit came while this was being made: once more, then
                met=_just_met(rhythm, day),
            )
            for f in listed:
                Expected.create(day_list=made, **_row(rhythm, f, day), prompts=prompts.get(f.customer, []))
            for customer in dict.fromkeys(booked):
                Expected.create(
                    day_list=made,
                    customer=customer,
                    by_habit=False,
                    probability=1,
                    prompts=prompts.get(customer, []),
                )
            if before:
                shop.changed()
    except IntegrityError:  # another process has just stored its own: the same visits, the same list
        return DayList.get(of_the_day)
    return made


def _row(rhythm: forecast.Rhythm[int], f: forecast.Forecast[int], day: date) -> dict[str, Any]:
    arrival = rhythm.arrival(f.customer, day)
    reason = reasons.reason_for(f, rhythm.habits[f.customer], arrival, day)
    return {
        "customer": f.customer,
        "probability": f.probability,
        "around": arrival.around,
        "earliest": arrival.earliest,
        "latest": arrival.latest,
        "part_of_day": arrival.part_of_day or "",
        "reason": {"kind": reason.kind, **reason.facts},
    }


def _just_met(rhythm: forecast.Rhythm[int], day: date) -> list[list[Any]]:
    """Return whom we are getting to know, ``[customer, days, last day, its minute]``: seen on one or two days in all, the
    last of them within four weeks; latest first, a few only."""
    seen = [
        (*habit.visits[-1], habit.n, customer)
        for customer, habit in rhythm.habits.items()
        if habit.n <= 2 and habit.latest >= day - timedelta(days=MET_DAYS)
    ]
    return [[customer, n, last.isoformat(), minute] for last, minute, n, customer in sorted(seen, reverse=True)[:MET]]


def day_list(shop: Shop, day: date, fresh: bool = False) -> DayList:
    """Return the list of a day, made now if nobody has yet.

    A stale one will do for a page; whoever asks for a `fresh` one (the background, the command line) makes it again.
    """
    stored = _stored(shop, day, fresh)
    if stored:
        return stored
    with _making:  # one thread makes it, the others wait for it
        return _stored(shop, day, fresh) or make_list(shop, day)


def _stored(shop: Shop, day: date, fresh: bool) -> DayList | None:
    stored = DayList.get_or_none((DayList.shop == shop.id) & (DayList.day == day))
    return None if stored and fresh and stored.stale else stored


def keep_words(shop: Shop, day: date, words: dict[int, list[dict[str, Any]]]) -> None:
    """Put people on a day's list for being booked, who were not when it was made, with the words for them."""
    made = DayList.get_or_none((DayList.shop == shop.id) & (DayList.day == day))
    if made and words:
        rows = [
            {"day_list": made, "customer": customer, "by_habit": False, "probability": 1, "prompts": prompts}
            for customer, prompts in words.items()
        ]
        Expected.insert_many(rows).on_conflict_ignore().execute()


def history_changed(shop: Shop, day: date) -> None:
    """Mark the lists that were made from visits of `day`, now that one of these has come or gone."""
    DayList.update(stale=True).where((DayList.shop == shop.id) & (DayList.day > day)).execute()


def move_days(shop: Shop) -> None:
    """Put every visit and appointment on the calendar day that the shop's zone, now changed, gives its instant."""
    with db.atomic():
        for table, instant in ((Visit, Visit.at), (Appointment, Appointment.starts_at)):
            for row, at, day in table.select(table.id, instant, table.day).where(table.shop == shop.id).tuples():
                if shop.day_of(at) != day:
                    table.update(day=shop.day_of(at)).where(table.id == row).execute()
        DayList.delete().where(DayList.shop == shop.id).execute()


def offer_again(customer: Customer, shop: Shop, day: date) -> None:
    """Choose the words for one listed customer anew, after what we know of them has changed."""
    row = (
        Expected.select()
        .join(DayList)
        .where((DayList.shop == shop.id) & (DayList.day == day) & (Expected.customer == customer.id))
        .first()
    )
    if row:
        row.prompts = prompts_for(shop, histories(shop, [customer.id], day), day).get(customer.id, [])
        row.save(only=[Expected.prompts])
