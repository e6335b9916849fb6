"""A shop's rhythm, kept from night to night: each night folds in one day, and nothing older is read again.

What is kept (`RhythmKept`, `HabitKept`) can be made from the visits at any time, and is, whenever it may not be trusted:
when a visit of a day already folded in came or went (`history_changed`, or the number of visits tells), when the model
itself is another one, or when keeping was broken off half-way. Nothing here is part of an export.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from peewee import Case, IntegrityError, chunked, fn

from domain import history, states
from domain.forecast import NO_COUNTS, NO_MISSES, PACKED, SHIPPED, Habit, Rhythm, Tally, learn_from
from domain.staying import Relationships
from domain.together import firms_of
from models import Appointment, DayTally, HabitKept, Prepared, RhythmKept, Shop, Visit, db, is_postgres, snapshot

Progress = Callable[[date], None]
MADE_BY = hashlib.sha256(
    repr((1, SHIPPED, PACKED.format, len(NO_COUNTS), len(NO_MISSES), sys.byteorder)).encode()
).hexdigest()[:16]
AT_ONCE = 2000  # habits written in one transaction, so that a check-in never waits for more than these
READ_DAYS = 31  # days of visits read in one query, so that memory stays flat
DAY = timedelta(days=1)


def rhythm_before(shop: Shop, before: date, progress: Progress | None = None) -> Rhythm[int]:
    """Return the shop's rhythm as of the visits before a day.

    The kept one is taken up where it may be trusted, else all visits are replayed. What is over by now (the days before
    the shop's today) is kept for the next night. Slow where all is replayed; `progress` then hears of each day.
    """
    yesterday = shop.today() - DAY
    through = min(before - DAY, yesterday)  # the last day that is over
    RhythmKept.insert(shop=shop.id).on_conflict_ignore().execute()
    with snapshot():
        kept = RhythmKept.get(RhythmKept.shop == shop.id)
        visits = _visits_until(shop, kept.through) if kept.through else 0
        trusted = kept.through and not kept.stale and kept.made_by == MADE_BY and kept.visits == visits
        rhythm = _taken_up(shop, kept) if trusted and kept.through <= through else None
    if rhythm is None and trusted and through < kept.through <= yesterday:  # of the past: nothing to be kept
        return _replayed(shop, before, progress)[0]
    visits = _visits_until(shop, through)
    if rhythm is None:
        rhythm, told = _replayed(shop, through + DAY, progress)
        _keep(shop, kept, rhythm, through, visits, told, afresh=True)
    elif kept.through != through:
        since = visit_days(shop, through + DAY, after=rhythm.days[-1] if rhythm.days else None)
        told = [rhythm.night(day, came, learn=True) for day, came in since]
        _keep(shop, kept, rhythm, through, visits, told, afresh=False)
    for day, came in visit_days(shop, before, after=through):  # today so far, for a day to come
        rhythm.night(day, came, learn=True)
    return rhythm


def history_changed(shop: Shop, day: date) -> None:
    """Have the rhythm made again from all visits, if `day`, whose visits have changed, is folded in already.

    Whoever folds in days at this moment may have read the visits before this change, so that nothing of theirs is kept.
    """
    _CHANGED.change(shop=shop.id, day=day.isoformat())


_CHANGED = Prepared(
    lambda: RhythmKept.update(
        version=RhythmKept.version + 1, stale=Case(None, ((RhythmKept.through >= ":day", True),), RhythmKept.stale)
    ).where(RhythmKept.shop == ":shop")
)


def habit_now(shop: Shop, customer: int, day: date) -> Rhythm[int] | None:
    """Return the shop's rhythm with one customer's habit alone, made from all their visits before `day`, or with none where
    they have none left; None where it cannot be told from what is kept.

    Right for this customer as soon as a visit of theirs has come or gone on an earlier day; what all share (the shop's
    rate, its busy weekdays) is as of the night. A few queries, whatever the shop's size.
    """
    kept = RhythmKept.get_or_none(RhythmKept.shop == shop.id)
    if kept is None or not kept.state or kept.made_by != MADE_BY or kept.through != day - DAY:
        return None
    rhythm: Rhythm[int] = Rhythm.taken_up(json.loads(kept.state))
    visits = _visits_of(shop, customer, day)
    if not {came for came, _ in visits} <= set(rhythm.days):
        return None  # a day thought closed was open after all: everybody's counts change
    habit = rhythm.habit_of(visits)
    if habit is not None:
        state = HabitKept.get_or_none((HabitKept.shop == shop.id) & (HabitKept.customer == customer))
        if state:
            habit.missed = Habit.unpacked(bytes(state.state)).missed
        rhythm.habits[customer] = habit
    return rhythm


def relationships(shop: Shop, day: date) -> Relationships[int, int]:
    """Return who fades and who comes more often, as of the morning of a day; whoever is booked has just been in touch.

    Reads everybody's habit, and all visits of the few who may be in a list.
    """
    rhythm = rhythm_before(shop, day)

    def visits_of(customers: list[int]) -> dict[int, list[tuple[date, int]]]:
        found: dict[int, list[tuple[date, int]]] = {}
        for some in chunked(customers, AT_ONCE):
            query = (
                Visit.select(Visit.customer, Visit.day)
                .distinct()
                .where(history.visits_before(shop, some, day))
                .order_by(Visit.customer, Visit.day)
            )
            for customer, came in query.tuples().iterator():
                found.setdefault(customer, []).append((came, 0))  # at what minute is of no matter to the lists
        return found

    booked = Appointment.select(Appointment.customer).where(
        (Appointment.shop == shop.id) & (Appointment.day >= day) & (Appointment.state == "booked")
    )
    return Relationships(
        rhythm,
        day,
        visits_of,
        contacts={customer: day for (customer,) in booked.tuples()},
        firms=firms_of(shop.business_id),
        out=states.out_of(shop.business_id),
    )


def tallies(shop: Shop, since: date) -> list[Tally]:
    """Return what was forecast against what happened, a day each from `since` on, oldest first."""
    query = DayTally.select().where((DayTally.shop == shop.id) & (DayTally.day >= since)).order_by(DayTally.day)
    return [Tally(one.day, one.people, one.expected, one.came, one.first, one.bands) for one in query]


# -- reading


def visit_days(shop: Shop, before: date, after: date | None = None) -> Iterator[tuple[date, dict[int, int]]]:
    """Yield the open days before a day (and after another), oldest first, each with the minute of every customer's first
    arrival. Who came first is first."""
    begin = after + DAY if after else Visit.select(fn.MIN(Visit.day)).where(Visit.shop == shop.id).scalar()
    while begin and begin < before:
        end = min(begin + READ_DAYS * DAY, before)
        query = (
            Visit.select(Visit.day, Visit.customer, Visit.at)
            .where((Visit.shop == shop.id) & (Visit.day >= begin) & (Visit.day < end))
            .order_by(Visit.day, Visit.at, Visit.customer)
        )
        rows = db.execute_sql(*query.sql())  # past the fields: making a datetime of each would take most of the time
        for told, visits in groupby(rows, key=itemgetter(0)):
            day = date.fromisoformat(told) if isinstance(told, str) else told
            yield day, _first_minutes(shop, day, visits)
        begin = end


def _first_minutes(shop: Shop, day: date, visits: Iterable[tuple[Any, int, str]]) -> dict[int, int]:
    """Return the minute of each customer's first arrival; `visits` in order, with instants as they are stored."""
    came: dict[int, int] = {}
    midnight = datetime(day.year, day.month, day.day, tzinfo=shop.tz)
    ahead, later = midnight.utcoffset(), (midnight + DAY).utcoffset()
    if ahead is not None and ahead == later and not ahead.seconds % 60:
        minutes = _minutes(ahead // timedelta(minutes=1))
        for _, customer, at in visits:
            if customer not in came:
                came[customer] = minutes[at[11:16]]
    else:  # the clocks change on this day
        for _, customer, at in visits:
            if customer not in came:
                local = datetime.fromisoformat(at).astimezone(shop.tz)
                came[customer] = local.hour * 60 + local.minute
    return came


@cache
def _minutes(ahead: int) -> dict[str, int]:
    """Return the minute after midnight in a zone so many minutes ahead of UTC, by the time of day in UTC: "08:12"."""
    return {f"{minute // 60:02}:{minute % 60:02}": (minute + ahead) % 1440 for minute in range(1440)}


def _visits_of(shop: Shop, customer: int, before: date) -> list[tuple[date, int]]:
    """Return one customer's visit days before a day, each with its first minute, oldest first."""
    query = (
        Visit.select(Visit.day, Visit.at)
        .where((Visit.customer == customer) & (Visit.shop == shop.id) & (Visit.at < shop.at(before, 0)))
        .order_by(Visit.at)
    )
    first: dict[date, int] = {}
    for day, at in query.tuples():
        local = shop.local(at)
        first.setdefault(day, local.hour * 60 + local.minute)
    return sorted(first.items())


def visits_before(shop: Shop, day: date) -> int:
    """Return how many visits there are of the days before one."""
    return _visits_until(shop, day - DAY)


def _visits_until(shop: Shop, day: date) -> int:
    return int(Visit.select(fn.COUNT(Visit.id)).where((Visit.shop == shop.id) & (Visit.day <= day)).scalar())


# -- keeping


def _taken_up(shop: Shop, kept: RhythmKept) -> Rhythm[int]:
    rhythm: Rhythm[int] = Rhythm.taken_up(json.loads(kept.state))
    query = (
        HabitKept.select(HabitKept.customer, HabitKept.state).where(HabitKept.shop == shop.id).order_by(HabitKept.id)
    )
    for customer, state in db.execute_sql(*query.sql()):
        rhythm.habits[customer] = Habit.unpacked(state)
    return rhythm


def _replayed(shop: Shop, before: date, progress: Progress | None) -> tuple[Rhythm[int], list[Tally | None]]:
    """Return the rhythm made from all visits before a day, and a tally of each day that was learned from."""
    open_days = [
        day
        for (day,) in Visit.select(Visit.day)
        .distinct()
        .where((Visit.shop == shop.id) & (Visit.day < before))
        .order_by(Visit.day)
        .tuples()
    ]
    people = Visit.select(fn.COUNT(Visit.customer.distinct())).where((Visit.shop == shop.id) & (Visit.day < before))
    first = learn_from(open_days, people.scalar())
    rhythm: Rhythm[int] = Rhythm()
    told: list[Tally | None] = []
    for day, came in visit_days(shop, before):
        if progress:
            progress(day)
        told.append(rhythm.night(day, came, learn=first is not None and day >= first))
    return rhythm, told


def _keep(
    shop: Shop,
    kept: RhythmKept,
    rhythm: Rhythm[int],
    through: date,
    visits: int,
    told: Iterable[Tally | None],
    afresh: bool,
) -> None:
    """Keep the rhythm as of the end of a day, a part at a time; leave it to somebody else who has begun meanwhile, and to the
    next night if a visit of those days has come or gone. Until the last part is written the whole counts as stale."""
    mine = kept.version + 1
    ours = (RhythmKept.shop == shop.id) & (RhythmKept.version == mine)
    begun = RhythmKept.update(version=mine, stale=True).where(
        (RhythmKept.shop == shop.id) & (RhythmKept.version == kept.version)
    )
    habits = iter(rhythm.habits.items())
    try:
        with db.atomic():
            if not begun.execute():
                return
            if afresh:
                HabitKept.delete().where(HabitKept.shop == shop.id).execute()
            _write_tallies(shop, [tally for tally in told if tally])
        while part := list(islice(habits, AT_ONCE)):
            with db.atomic():
                if not RhythmKept.update(version=mine).where(ours).execute():
                    return
                _write_habits(shop, part)
        RhythmKept.update(
            through=through, stale=False, made_by=MADE_BY, state=json.dumps(rhythm.kept()),
            visits=visits,
        ).where(ours).execute()  # fmt: skip
    except IntegrityError:  # somebody was forgotten meanwhile: the next night begins from the visits that are left
        return


def _write_habits(shop: Shop, part: list[tuple[int, Habit]]) -> None:
    marks = "(%s, %s, %s)" if is_postgres() else "(?, ?, ?)"
    statement = (
        f"INSERT INTO habit_kept (shop_id, customer_id, state) VALUES {marks} "
        "ON CONFLICT (customer_id, shop_id) DO UPDATE SET state = excluded.state"
    )
    db.cursor().executemany(statement, [(shop.id, customer, habit.packed()) for customer, habit in part])


def _write_tallies(shop: Shop, tallies: Iterable[Tally]) -> None:
    """Record days that are not yet recorded; what was forecast of the others is not judged again with hindsight."""
    told = [
        {
            "shop": shop.id, "day": tally.day, "people": tally.people, "expected": tally.expected, "came": tally.came,
            "first": tally.first, "bands": tally.bands,
        }
        for tally in tallies
    ]  # fmt: skip
    for some in chunked(told, 100):
        DayTally.insert_many(some).on_conflict_ignore().execute()
