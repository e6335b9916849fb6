"""Who is expected today: the day's list by habit, made once from the visits before it, and joined with what is booked.

The list of a day depends only on visits of earlier days, so it is made once (by the background at midnight, by an
import, or by whoever asks first) and stored. An arrival today only marks a row. A visit added to or taken from an
earlier day marks the lists made after it as stale, in the same transaction, and the background makes them again.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from peewee import JOIN, IntegrityError

import clock
from domain import forecast, reasons, silences
from domain.history import histories
from domain.prompts import CROWD, CROWD_MINUTES, EXEMPT, prompts_for
from models import Appointment, Customer, DayList, Expected, Note, PromptShown, Shop, Staff, Usual, Visit, Witness, db

AT_MOST = 60  # people listed by habit; more than that, nobody reads
_making = threading.Lock()


@dataclass(slots=True)
class Line:
    """One person on a day: why and when they are expected, what to know, and whether they have come."""

    customer: Customer
    source: str  # "habit", "appointment", or "walk-in" for somebody who came unexpected
    probability: float = 0.0
    at: datetime | None = None  # aware, in the shop's zone; None where no time is honest
    until: datetime | None = None
    around: int | None = None  # minutes after midnight
    part_of_day: str = ""
    reason: dict[str, Any] | None = None
    prompt: dict[str, Any] | None = None
    prompt_outcome: str = ""  # "", "shown", "said" or "skipped" today
    usual: str = ""
    appointment: Appointment | None = None
    safety: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # those the author meant for the list
    visit: Visit | None = None
    seen_by: list[str] = field(default_factory=list)

    @property
    def arrived(self) -> bool:
        return self.visit is not None

    @property
    def window(self) -> tuple[int, int] | None:
        """Return the honest time of arrival by habit, in minutes after midnight."""
        if self.appointment is not None or self.at is None or self.until is None:
            return None
        return self.at.hour * 60 + self.at.minute, self.until.hour * 60 + self.until.minute


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

    def told() -> Iterator[tuple[date, dict[int, int]]]:
        for day, came in visit_days(shop, before):
            if progress:
                progress(day)
            yield day, came

    return forecast.replay(told(), before=before, learn_from=forecast.learn_from(days))


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
    prompts = prompts_for(shop, histories(shop, [f.customer for f in listed], day), day)
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
            )
            for f in listed:
                Expected.create(day_list=made, **_row(rhythm, f, day), prompt=prompts.get(f.customer))
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
    """Choose the prompt of one listed customer anew, after what we know of them has changed."""
    row = (
        Expected.select()
        .join(DayList)
        .where((DayList.shop == shop.id) & (DayList.day == day) & (Expected.customer == customer.id))
        .first()
    )
    if row:
        row.prompt = prompts_for(shop, histories(shop, [customer.id], day), day).get(customer.id)
        row.save(only=[Expected.prompt])


# -- the day as it stands


def lines(shop: Shop, day: date, now: datetime, only: Customer | None = None) -> list[Line]:
    """Return everybody expected or arrived on a day, best first; a fixed number of queries.

    `now` bounds what has happened: a visit after it is not known yet. `only` narrows to one customer, who is then
    always in the answer: expected, arrived, or (with neither) as a plain walk-in.
    """
    found: dict[int, Line] = {}
    by_habit = (
        Expected.select(Expected, Customer)
        .join(Customer)
        .where((Expected.day_list == day_list(shop, day).id) & _one(Expected.customer, only))
        .order_by(Expected.probability.desc(), Expected.id)
    )
    for row in by_habit:
        found[row.customer_id] = Line(
            customer=row.customer,
            source="habit",
            probability=row.probability,
            at=_local(shop, day, row.earliest),
            until=_local(shop, day, row.latest),
            around=row.around,
            part_of_day=row.part_of_day,
            reason=row.reason,
            prompt=row.prompt,
        )
    booked = Appointment.on(shop, day).where(_one(Appointment.customer, only)).join_from(Appointment, Customer)
    for appointment in booked.select_extend(Customer):
        line = found.get(appointment.customer_id)
        if line is None or line.source != "appointment":
            starts = shop.local(appointment.starts_at)
            line = found.setdefault(appointment.customer_id, Line(appointment.customer, "appointment"))
            line.source, line.probability, line.appointment = "appointment", 1.0, appointment
            line.at, line.around, line.part_of_day = starts, starts.hour * 60 + starts.minute, ""
            line.until = shop.local(appointment.ends_at or appointment.starts_at)
    if only is None:
        _offer_to_booked(shop, day, found)
    _mark_arrivals(shop, day, now, found, only)
    if only and only.id not in found:
        found[only.id] = Line(only, "walk-in")
    _add_what_to_know(shop, day, found)
    if only is None and _is_crowd([line.visit.at for line in found.values() if line.visit], now):
        for line in found.values():
            if line.prompt and line.prompt["id"] not in EXEMPT and not line.prompt_outcome:
                line.prompt = None
    return sorted(found.values(), key=lambda line: (line.source == "walk-in", -line.probability))


def _offer_to_booked(shop: Shop, day: date, found: dict[int, Line]) -> None:
    """Add the words for those who are only booked: the day's list knows none for them. Three queries at most."""
    booked = [customer for customer, line in found.items() if line.reason is None]
    for customer, prompt in prompts_for(shop, histories(shop, booked, day), day).items():
        found[customer].prompt = prompt


def line_for(customer: Customer, shop: Shop, now: datetime) -> Line:
    """Return one customer as they stand today, expected or not."""
    day = shop.day_of(now)
    line = lines(shop, day, now, only=customer)[0]
    if line.prompt is None and line.source != "habit" and not line.prompt_outcome:
        line.prompt = prompts_for(shop, histories(shop, [customer.id], day), day).get(customer.id)
    if line.prompt and line.prompt["id"] not in EXEMPT and not line.prompt_outcome:
        arrivals = [visit.at for visit in Visit.on(shop, day, now)]
        if _is_crowd(arrivals, now):
            line.prompt = None
    return line


def _mark_arrivals(shop: Shop, day: date, now: datetime, found: dict[int, Line], only: Customer | None) -> None:
    visits = (
        Visit.select(Visit, Customer, Witness, Staff)
        .join(Customer)
        .join_from(Visit, Witness, JOIN.LEFT_OUTER)
        .join(Staff, JOIN.LEFT_OUTER)
        .where((Visit.shop == shop.id) & (Visit.day == day) & (Visit.at <= now) & _one(Visit.customer, only))
        .order_by(Visit.at, Witness.id)
    )
    for row in visits:
        line = found.setdefault(row.customer_id, Line(row.customer, "walk-in"))
        line.visit = line.visit or row
        witness = getattr(row, "witness", None)
        if witness and witness.staff and line.visit.id == row.id:
            line.seen_by.append(witness.staff.name)


def _add_what_to_know(shop: Shop, day: date, found: dict[int, Line]) -> None:
    ids = list(found)
    if not ids:
        return
    usuals = Usual.select(Usual.customer, Usual.text).where((Usual.customer.in_(ids)) & (Usual.shop == shop.id))
    for customer, text in usuals.tuples():
        found[customer].usual = text
    notes = (
        Note.select(Note.customer, Note.text, Note.safety)
        .where(
            (Note.customer.in_(ids))
            & Note.standing(shop, day)
            & (Note.safety | (Note.moment == "list"))
            & ~Note.private
        )
        .order_by(Note.id)
    )
    for customer, text, safety in notes.tuples():
        (found[customer].safety if safety else found[customer].notes).append(text)
    shown = PromptShown.select().where(
        (PromptShown.customer.in_(ids)) & (PromptShown.shop == shop.id) & (PromptShown.day == day)
    )
    for row in shown:
        line = found[row.customer_id]
        line.prompt, line.prompt_outcome = {"id": row.prompt, **row.facts}, row.outcome


def _one(column: Any, only: Customer | None) -> Any:
    return (column == only.id) if only else True


def _local(shop: Shop, day: date, minute: int | None) -> datetime | None:
    return None if minute is None else shop.local(shop.at(day, minute))


def _is_crowd(arrivals: list[datetime], now: datetime) -> bool:
    """Say whether so many have just come in that nobody has time to say anything."""
    return sum(at > now - timedelta(minutes=CROWD_MINUTES) for at in arrivals) > CROWD
