"""Who is expected today: the day's list by habit, made once from the visits before it, with the words for the booked.

The list of a day depends only on visits of earlier days, so it is made once (by the background at midnight, by an
import, or by whoever asks first) and stored. An arrival today only marks a row (``domain.lines``). A visit added to or
taken from an earlier day marks the lists made after it as stale, in the same transaction, and the background makes
them again.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import date, timedelta
from heapq import nlargest
from itertools import islice
from typing import Any

from peewee import IntegrityError, fn

import clock
from domain import forecast, nights, reasons, silences, states, together
from domain.history import histories
from domain.prompts import NOTHING, Told, prompts_for, told_for
from models import Appointment, Customer, DayList, Expected, Prepared, Shop, Visit, db

AT_MOST = 60  # people listed by habit; more than that, nobody reads
MET, MET_DAYS = 8, 28  # as many are shown that we are getting to know, seen within so many days
_making = threading.Lock()


# -- making a day's list


def chosen(
    forecasts: list[forecast.Forecast[int]], listed_from: float, silent: Callable[[forecast.Forecast[int]], bool]
) -> list[forecast.Forecast[int]]:
    """Return those to list, most probable first: all at or above `listed_from`, and in any case as many as are expected
    to arrive (the sum of probabilities, rounded up); at most AT_MOST, and nobody for whom a row should be silent."""
    in_any_case = math.ceil(sum(f.probability for f in forecasts))
    likely = [f for f in forecasts if f.probability >= listed_from]
    if len(likely) < in_any_case:
        likely = nlargest(in_any_case, forecasts, key=lambda f: (f.probability, -f.customer))
    likely.sort(key=lambda f: (-f.probability, f.customer))
    return list(islice((f for f in likely if not silent(f)), AT_MOST))


def make_list(shop: Shop, day: date, progress: Callable[[date], None] | None = None) -> DayList:
    """Return the stored list of a day, made anew from the visits before it. Not per page view: it reads everybody's habit, and
    where these are not kept (`domain.nights`) every visit."""
    of_the_day = (DayList.shop == shop.id) & (DayList.day == day)
    DayList.update(stale=False).where(of_the_day).execute()
    visits = nights.visits_before(shop, day)
    rhythm = nights.rhythm_before(shop, day, progress)
    closed = shop.is_closed_on(day) or silences.rests_on(day, rhythm.days)
    out = states.out_of(shop.business_id)
    forecasts = [] if closed else [f for f in rhythm.forecast(day) if f.customer not in out]
    listed = chosen(forecasts, shop.listed_from, lambda f: silences.is_silent(f.habit, day, rhythm.days))
    by_habit = {f.customer for f in listed}
    booked = [a.customer_id for a in Appointment.on(shop, day) if a.customer_id not in by_habit | out]
    told = told_for(shop, histories(shop, [*by_habit, *booked], day), day)
    beside = together.beside(shop, day, by_habit | set(booked))
    try:
        with db.atomic():
            before = DayList.get_or_none(of_the_day)
            DayList.delete().where(of_the_day).execute()
            made = DayList.create(
                shop=shop,
                day=day,
                made_at=clock.now(),
                arrivals=sum(f.probability for f in forecasts),
                # a visit came while this was being made: once more, then
                stale=bool(before and before.stale) or nights.visits_before(shop, day) != visits,
                met=_just_met(rhythm, day, out),
                mean=forecasts[0].outlook.mean if forecasts else None,
                hours=_hours_of_others(rhythm, forecasts, by_habit, day),
            )
            for f in listed:
                Expected.create(
                    day_list=made,
                    **_row(rhythm, f, day),
                    **_words(told.get(f.customer)),
                    beside=beside.get(f.customer),
                )
            for customer in dict.fromkeys(booked):
                Expected.create(
                    day_list=made,
                    customer=customer,
                    by_habit=False,
                    probability=1,
                    **_words(told.get(customer)),
                    beside=beside.get(customer),
                )
            if before:
                shop.changed()
    except IntegrityError:  # another process has just stored its own: the same visits, the same list
        return DayList.get(of_the_day)
    return made


def _words(told: Told | None) -> dict[str, Any]:
    """Return the columns of a row for what may be said, and how they keep their times."""
    told = told or NOTHING
    return {"prompts": told.prompts, "punctual": told.punctual}


def _row(rhythm: forecast.Rhythm[int], f: forecast.Forecast[int], day: date) -> dict[str, Any]:
    arrival = rhythm.arrival(f.customer, day)
    hours = rhythm.hours(f.customer, day, arrival)
    reason = reasons.reason_for(f, f.habit, arrival, day)
    return {
        "customer": f.customer,
        "probability": f.probability,
        "around": arrival.around,
        "earliest": arrival.earliest,
        "latest": arrival.latest,
        "part_of_day": arrival.part_of_day or "",
        "times": {"by": hours.times, "later": hours.later},
        "reason": {"kind": reason.kind, **reason.facts},
    }


def _hours_of_others(
    rhythm: forecast.Rhythm[int], forecasts: list[forecast.Forecast[int]], listed: set[int], day: date
) -> list[float]:
    """Return how many of those who are not listed are expected in each hour, by when people come on that weekday."""
    expected = sum(f.probability for f in forecasts if f.customer not in listed)
    counts = rhythm.shop_times(day.weekday()).counts
    by_hour = [sum(counts[4 * hour : 4 * hour + 4]) for hour in range(24)]
    return [round(expected * count / (sum(by_hour) or 1), 4) for count in by_hour]


def _just_met(rhythm: forecast.Rhythm[int], day: date, out: set[int]) -> list[list[Any]]:
    """Return whom we are getting to know, ``[customer, days, last day, its minute]``: seen on one or two days in all, the
    last of them within four weeks; latest first, a few only, and nobody who is `out`."""
    seen = [
        (*habit.visits[-1], habit.n, customer)
        for customer, habit in rhythm.habits.items()
        if habit.n <= 2 and habit.latest >= day - timedelta(days=MET_DAYS) and customer not in out
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


def is_made(shop: Shop, day: date) -> bool:
    """Say whether somebody has made the list of a day, stale as it may be by now."""
    return _stored(shop, day, fresh=False) is not None


def _stored(shop: Shop, day: date, fresh: bool) -> DayList | None:
    stored = DayList.get_or_none((DayList.shop == shop.id) & (DayList.day == day))
    return None if stored and fresh and stored.stale else stored


def keep_words(shop: Shop, day: date, words: dict[int, Told]) -> None:
    """Put people on a day's list for being booked, who were not when it was made, with the words for them."""
    made = DayList.get_or_none((DayList.shop == shop.id) & (DayList.day == day))
    if made and words:
        rows = [
            {"day_list": made, "customer": customer, "by_habit": False, "probability": 1, **_words(told)}
            for customer, told in words.items()
        ]
        Expected.insert_many(rows).on_conflict_ignore().execute()
        beside_again(shop, day, together.mates(words))


def history_changed(shop: Shop, day: date, customer: int | None = None) -> None:
    """Mark the lists that were made from visits of `day`, now that one of these, of this `customer`, has come or gone.

    Their own place on today's list is put right at once; what it means for everybody else waits for the background.
    """
    marked = _STALE.change(shop=shop.id, day=day.isoformat())
    nights.history_changed(shop, day)
    today = shop.today()
    if marked and customer is not None and day < today:
        look_again(shop, customer, today)


_STALE = Prepared(lambda: DayList.update(stale=True).where((DayList.shop == ":shop") & (DayList.day > ":day")))


def look_again(shop: Shop, customer: int, day: date) -> None:
    """Put one customer where they now belong on a day's list, after a visit of theirs before it has come or gone.

    Nobody else is looked at; where the list is full, its last makes room. Where too little is kept to tell, the
    background makes it anew.
    """
    made = DayList.get_or_none((DayList.shop == shop.id) & (DayList.day == day))
    rhythm = nights.habit_now(shop, customer, day) if made else None
    if made is None or rhythm is None:
        return
    by_habit = (Expected.day_list == made.id) & Expected.by_habit
    row = _row_again(shop, made, rhythm, customer)
    if row is None:
        Expected.delete().where(by_habit & (Expected.customer == customer)).execute()
        beside_again(shop, day, together.mates([customer]))
        return
    if not Expected.update(row).where((Expected.day_list == made.id) & (Expected.customer == customer)).execute():
        Expected.create(day_list=made, **row)
    beyond = Expected.select(Expected.id).where(by_habit).order_by(Expected.probability.desc()).offset(AT_MOST)
    Expected.delete().where(Expected.id.in_([one for (one,) in beyond.limit(2 * AT_MOST).tuples()])).execute()
    beside_again(shop, day, together.mates([customer]))


def beside_again(shop: Shop, day: date, customers: set[int]) -> None:
    """Have a day's list that stands say anew with whom some people come, and whom they have lost."""
    made = DayList.get_or_none((DayList.shop == shop.id) & (DayList.day == day)) if customers else None
    if made is None:
        return
    listed = {number for (number,) in Expected.select(Expected.customer).where(Expected.day_list == made.id).tuples()}
    told = together.beside(shop, day, listed, only=customers)
    for customer in customers & listed:
        of_theirs = (Expected.day_list == made.id) & (Expected.customer == customer)
        Expected.update(beside=told.get(customer)).where(of_theirs).execute()


def _row_again(shop: Shop, made: DayList, rhythm: forecast.Rhythm[int], customer: int) -> dict[str, Any] | None:
    """Return a customer's row on a list that was made already, None where they do not belong there."""
    habit, day = rhythm.habits.get(customer), made.day
    if not Customer.select().where((Customer.id == customer) & states.sought()).exists():
        return None
    if habit is None or habit.n < forecast.CANDIDATE_VISITS or shop.is_closed_on(day):
        return None
    if silences.rests_on(day, rhythm.days) or silences.is_silent(habit, day, rhythm.days):
        return None
    looked = rhythm.forecast_of(customer, day, made.mean)
    least = Expected.select(fn.MIN(Expected.probability)).where(Expected.day_list == made.id).scalar()
    if looked.probability < min(shop.listed_from, shop.listed_from if least is None else least):
        return None
    told = told_for(shop, histories(shop, [customer], day), day).get(customer)
    return {**_row(rhythm, looked, day), "by_habit": True, **_words(told)}


def move_days(shop: Shop) -> None:
    """Put every visit and appointment on the calendar day that the shop's zone, now changed, gives its instant."""
    with db.atomic():
        for table, instant in ((Visit, Visit.at), (Appointment, Appointment.starts_at)):
            for row, at, day in table.select(table.id, instant, table.day).where(table.shop == shop.id).tuples():
                if shop.day_of(at) != day:
                    table.update(day=shop.day_of(at)).where(table.id == row).execute()
        DayList.delete().where(DayList.shop == shop.id).execute()
        nights.history_changed(shop, date.min)


def offer_again(customer: Customer, shop: Shop, day: date) -> None:
    """Choose the words for one listed customer anew, after what we know of them has changed."""
    _choose_again(shop, day, Expected.customer == customer.id)


def end_what_is_over(customer: Customer, shop: Shop, day: date) -> None:
    """End the words offered with a visit of the day where what they were about has been seen to; keep them as they are true."""
    whose = (Visit.customer == customer.id) & (Visit.shop == shop.id) & (Visit.day == day) & (Visit.outcome == "shown")
    for visit in Visit.select().where(whose):
        if visit.prompt and "about" in visit.prompt:
            holding = prompts_for(shop, histories(shop, [customer.id], day), day).get(customer.id, [])
            same = (
                one for one in holding if (one["id"], one.get("about")) == (visit.prompt["id"], visit.prompt["about"])
            )
            now = next(same, None)
            how = {"outcome": "skipped"} if now is None else {"prompt": now}
            Visit.update(how).where((Visit.id == visit.id) & (Visit.outcome == "shown")).execute()


def offer_all_again(shop: Shop, day: date) -> None:
    """Choose the words for everybody listed anew, after something in the shop has changed."""
    _choose_again(shop, day, Expected.customer.is_null(False))


def _choose_again(shop: Shop, day: date, whose: Any) -> None:
    rows = list(Expected.select().join(DayList).where((DayList.shop == shop.id) & (DayList.day == day) & whose))
    if rows:
        told = told_for(shop, histories(shop, [row.customer_id for row in rows], day), day)
        for row in rows:
            words = _words(told.get(row.customer_id))
            if words != {"prompts": row.prompts, "punctual": row.punctual}:
                Expected.update(**words).where(Expected.id == row.id).execute()
