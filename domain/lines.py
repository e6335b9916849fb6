"""The day as it stands: everybody expected or arrived, each with what to know, read in one query.

The query (``PEOPLE``) is the one place that joins a day's list with what is booked, who has come, what they have, what
the team wrote for the list, and the words that were offered. It is asked for a whole day, for one customer, or for
those whom acts have changed since a revision of the shop (``domain.board``).
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from peewee import JOIN, Query, Value, fn

import words
from domain import hours, prompts as prompting, settings, states
from domain.expected import day_list, keep_words
from domain.history import histories
from domain.prompts import CROWD, CROWD_MINUTES, Moment
from domain.punctuality import grace_of
from domain.reasons import without_time
from domain.together import losses
from models import (
    Action,
    Appointment,
    CallTask,
    Customer,
    DayList,
    Expected,
    HandOver,
    Note,
    Prepared,
    Promise,
    PromptEnded,
    Referral,
    Shop,
    Staff,
    Usual,
    Visit,
    Witness,
    gathered as gathered,
    instant_of,
    instant_text,
    parsed,
)
from words.wording import first_of

LEFT_STANDS = timedelta(days=7)  # what a shift left for the next and nobody has seen is old news after that


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
    by: list[int] = field(
        default_factory=list
    )  # by which minutes the shares of hours.LEVELS of their arrivals have come
    later: list[list[int]] = field(
        default_factory=list
    )  # [from, around, earliest, latest]: told once the usual time passed
    reason: dict[str, Any] | None = None
    beside: dict[str, Any] | None = None  # with whom they come, and whom their household has lost (domain.together)
    punctual: dict[str, Any] | None = None  # how they keep their times (domain.punctuality)
    prompts: list[dict[str, Any]] = field(default_factory=list)  # all that may be said, most important first
    prompt: dict[str, Any] | None = None  # the one to say: as it was offered when they came, else as the moment has it
    prompt_outcome: str = ""  # "", "shown", "said" or "skipped" today
    greeted_by_name: bool | None = None
    usual: str = ""
    appointment: Appointment | None = None
    safety: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # those the author meant for the list
    if_late: list[str] = field(default_factory=list)  # those for when their booked time has passed
    on_arrival: list[str] = field(default_factory=list)  # those for when they are here
    owed: list[dict[str, Any]] = field(
        default_factory=list
    )  # promises for this visit: id, text, due (ISO day or None), by
    visit: Visit | None = None
    seen_by: list[str] = field(default_factory=list)
    came: int = 0  # visits told for this day, later ones included
    ended: bool = False  # the words were said or skipped before anybody marked them here
    kept: dict[Any, Any] = field(default_factory=dict)  # this line as HTML, by how it was asked for (views/lines.py)
    variants: dict[str, Line] = field(default_factory=dict)  # this line with other words, by the prompt's id
    worded: dict[int | None, tuple[Moment, Line]] = field(
        default_factory=dict
    )  # as it was last shown, by who asked when

    @property
    def arrived(self) -> bool:
        return self.visit is not None

    @property
    def lives(self) -> bool:
        """Say whether anything is still to be done for them."""
        return states.is_living(self.customer.state)

    @property
    def window(self) -> tuple[int, int] | None:
        """Return the honest time of arrival by habit, in minutes after midnight."""
        if self.appointment is not None or self.at is None or self.until is None:
            return None
        return self.at.hour * 60 + self.at.minute, self.until.hour * 60 + self.until.minute

    def grace(self, shop: Shop) -> int:
        """Return the minutes after the agreed time that are no lateness of theirs; told beforehand, a delay is none."""
        if self.appointment is None:
            return shop.grace_minutes
        return grace_of(self.appointment, self.punctual, shop)

    @property
    def lost(self) -> dict[str, Any] | None:
        """Return by which way, and when, our reminder of today's appointment failed; None where it did not, or they were reached
        since."""
        if self.appointment is None or self.appointment.confirmed_at is not None:
            return None
        return (self.punctual or {}).get("lost")

    @property
    def is_expected(self) -> bool:
        return self.source != "walk-in"

    def chance(self, minute: int, closes: int = hours.MIDNIGHT) -> float:
        """Return the probability that they come, or, not here by a minute of the day, that they still do before it `closes`."""
        if self.visit is not None or self.source != "habit" or not self.by:
            return self.probability
        return hours.still(self.probability, self.by, minute, closes)

    def by_now(self, shop: Shop, local: datetime) -> Line:
        """Return this line as the hours have left it: with another time to be told, where the usual one has passed."""
        if self.visit is not None or not self.later or self.source != "habit":
            return self
        minute = _minute(local)
        told = [time for time in self.later if time[0] <= minute]
        if not told:
            return self
        start, around, earliest, latest = told[-1]
        line = self.variants.get(f"from {start}")
        if line is None:
            reason = without_time(self.reason) if self.reason else None
            line = replace(self, around=around, part_of_day="", reason=reason, kept={}, variants={}, worded={})
            line.at, line.until = (_local(shop, local.date(), one) for one in (earliest, latest))
            self.variants[f"from {start}"] = line
        return line

    def saying(self, prompt: dict[str, Any] | None) -> Line:
        """Return this line with the words for one moment: the same as last time, with all that is kept of it."""
        if prompt == self.prompt:
            return self
        key = prompt["id"] if prompt else ""
        line = self.variants.get(key)
        if line is None or line.prompt != prompt:
            line = copy(self)
            line.prompt = prompt
            self.variants[key] = line
        return line


@dataclass(frozen=True, slots=True)
class Around:
    """What the rest of the day has to do with one line."""

    made: bool = False  # somebody has made this day's list
    later_lists: bool = False  # lists of later days stand, made without what happens now
    on_shift: frozenset[int] = frozenset()  # staff who marked anybody here today
    lately: int = 0  # visits within the last CROWD_MINUTES
    next_at: datetime | None = None  # the first visit told for later today
    owed: int = 0  # promises that are for today
    left: bool = True  # a line for the next shift was left in the last days, or may have been
    died: bool = True  # somebody has died lately, or may have
    calls: bool = True  # somebody is to be rung, or was today; or may be
    checks: bool = True  # somebody we sent on is to be asked about, or may be
    told: int = 0  # visits of the day with which words were offered
    acts: int = 0  # by how much acts have raised the revision since the one asked for, each act of one customer


def lines(shop: Shop, day: date, now: datetime, asker: Staff | None = None) -> list[Line]:
    """Return everybody expected or arrived on a day, best first. One query.

    `now` bounds what has happened: a visit after it is not known yet. `asker` is who reads, for words that depend on it.
    """
    day_list(shop, day)
    found, around = read(shop, day, now)
    if day == shop.day_of(now):
        found = standing(found, shop, now)
    for line in found:
        offer(line, shop, now, around, asker)
    return found


def standing(lines: Iterable[Line], shop: Shop, now: datetime) -> list[Line]:
    """Return a day's lines as its hours have left them, most likely still to come first; walk-ins last."""
    local = shop.local(now)
    minute, closes = _minute(local), closing(shop, local.date())
    told = [line.by_now(shop, local) for line in lines]
    told.sort(key=lambda line: (not line.is_expected, -line.chance(minute, closes)))
    return told


def closing(shop: Shop, day: date) -> int:
    """Return the minute after midnight at which a shop closes on a day; midnight where nobody told us."""
    opened = shop.hours_on(day)
    return opened[1] if opened else hours.MIDNIGHT


def line_for(customer: Customer, shop: Shop, now: datetime, asker: Staff | None = None) -> Line:
    """Return one customer as they stand today, expected or not."""
    line, around = look(customer.id, shop, now)
    offer(line or Line(customer, "walk-in"), shop, now, around, asker)
    return line or Line(customer, "walk-in")


def look(customer: int, shop: Shop, now: datetime) -> tuple[Line | None, Around]:
    """Return one customer of the shop's business by number, None where there is none, and the day around them.

    One query where the day's list stands; somebody not on it gets their words from a few more.
    """
    day = shop.day_of(now)
    found, around = read(shop, day, now, only=customer)
    if found and not around.made:
        day_list(shop, day)
        found, around = read(shop, day, now, only=customer)
    return (found[0] if found else None), around


def offer(line: Line, shop: Shop, now: datetime, around: Around, asker: Staff | None) -> None:
    """Put the words for this moment on a line."""
    if line.prompt_outcome or line.prompts:
        line.prompt = words_for(line, moment_of(shop, now, around, asker), shop)


def words_for(line: Line, moment: Moment, shop: Shop) -> dict[str, Any] | None:
    """Return the words for a moment: those offered with today's visit, where they are true for whoever asks; else the
    first that fit, or none."""
    of_shop = settings.of(shop)
    if not of_shop.prompts_a_visit:
        return None
    never = of_shop.words_never

    def may_say(prompt: dict[str, Any]) -> bool:
        if not never:
            return True
        said = words.prompt(prompt, line.customer, shop.tone, shop.wording)
        return not first_of(never, f"{said.fact} {said.ask}")

    if line.prompt_outcome:
        return line.prompt if line.prompt and prompting.is_for(line.prompt, moment) and may_say(line.prompt) else None
    return prompting.offered(line.prompts, at_line(moment, line, shop), may_say)


def moment_of(shop: Shop, now: datetime, around: Around, asker: Staff | None) -> Moment:
    """Return what prompts are chosen by, of this moment; `at_line` adds what a line has to do with it."""
    at_most = settings.of(shop).prompts_a_day
    return Moment(
        staff=asker.id if asker else None,
        on_shift=around.on_shift,
        now=_minute(shop.local(now)),
        grace=shop.grace_minutes,
        crowd=around.lately > CROWD or (at_most is not None and around.told >= at_most),
    )


def at_line(moment: Moment, line: Line, shop: Shop) -> Moment:
    """Return a moment with the minutes at which somebody came and was booked."""
    if line.visit is None and line.appointment is None:
        return moment
    return replace(
        moment,
        arrived=_minute(shop.local(line.visit.at)) if line.visit else None,
        booked=_minute(line.at) if line.appointment and line.at else None,
        grace=line.grace(shop),
        unreminded=line.lost is not None,
    )


def _minute(local: datetime) -> int:
    return local.hour * 60 + local.minute


# -- the query


def read(
    shop: Shop, day: date, now: datetime, only: int | None = None, since: int | None = None
) -> tuple[list[Line], Around]:
    """Return the lines of a day, best first: all, only one customer's, or those that acts `since` a revision changed.

    The last two also give customers who are neither expected nor here: plain walk-ins.
    """
    query = _ONE if only is not None else _ALL if since is None else _CHANGED
    rows = query(
        shop=shop.id,
        business=shop.business_id,
        day=day.isoformat(),
        begins=instant_text(shop.at(day, 0)),
        now=instant_text(now),
        lately=instant_text(now - timedelta(minutes=CROWD_MINUTES)),
        left_since=(day - LEFT_STANDS).isoformat(),
        died_since=(day - states.TOLD_FOR).isoformat(),
        only=only,
        since=since,
        revision=shop.revision,
    )
    told: list[tuple[int, Line]] = []
    around = nothing = Around()
    unworded, strangers = [], []
    for row in rows:
        if around is nothing:
            made, later, shift, lately, next_at, acts, left = (*row[:5], *row[36:38])
            marked = frozenset(parsed(shift) or ())
            around = Around(
                made is not None, bool(later), marked, lately, instant_of(next_at), row[40], bool(left), bool(row[43]),
                bool(row[51]), bool(row[44]), row[53], acts,
            )  # fmt: skip
        line = _line(row, shop, day)
        if row[52] and query is _ALL and not (line.is_expected or line.arrived):
            continue
        told.append((row[12] or 0, line))
        if row[12] is None and states.is_sought(line.customer.state):
            strangers.append(line)
        wordless = row[12] is None and not line.prompt_outcome and states.is_sought(line.customer.state)
        if wordless and (line.appointment or only is not None):
            unworded.append(line)
    if unworded:  # booked after the list was made, or not listed at all
        people = histories(shop, [line.customer.id for line in unworded], day)
        words = prompting.told_for(shop, people, day)
        for line in unworded:
            told_of = words.get(line.customer.id, prompting.NOTHING)
            line.prompts, line.punctual = told_of.prompts, told_of.punctual
        keep_words(shop, day, {line.customer.id: words[line.customer.id] for line in unworded if line.appointment})
    unlisted = [line for line in strangers if line.arrived or line.appointment] if around.died else []
    if unlisted:  # the list says it of those on it; of others it is asked only where somebody has died
        lost = losses(day, [line.customer.id for line in unlisted])
        for line in unlisted:
            line.beside = lost.get(line.customer.id)
    told.sort(key=lambda pair: (not pair[1].is_expected, -pair[1].probability, pair[0]))
    return [line for _, line in told], around


def _line(row: tuple[Any, ...], shop: Shop, day: date) -> Line:
    number, name, say_as, call, lang, pronoun, source_id = row[5:12]
    expected, by_habit, probability, around, earliest, latest, part_of_day, reason, words = row[12:21]
    booked, starts_at, ends_at, service, with_whom = row[21:26]
    visit, at, said, outcome, greeted, staff, seen, usual, notes, came = row[26:36]
    state = row[41]
    sought = states.is_sought(state)
    customer = Customer(
        id=number, business=shop.business_id, name=name, say_as=say_as, call=call, lang=lang, pronoun=pronoun,
        source_id=source_id, state=state,
    )  # fmt: skip
    outcome = outcome if sought else None
    line = Line(customer, "walk-in", usual=usual or "", came=came, ended=visit is None and outcome is not None)
    if expected is not None and sought:
        line.prompts = parsed(words)
        line.reason = parsed(reason)
        line.beside = parsed(row[42])
        line.punctual = parsed(row[45])
    if by_habit and sought and not row[52]:
        line.source, line.probability, line.around = "habit", probability, around
        line.at, line.until = _local(shop, day, earliest), _local(shop, day, latest)
        line.part_of_day = part_of_day
        if times := parsed(row[38]):
            line.by, line.later = times["by"], times["later"]
    if booked is not None and states.is_living(state):
        starts, ends = instant_of(starts_at), instant_of(ends_at)
        assert starts is not None
        line.appointment = Appointment(
            id=booked, customer=number, shop=shop.id, day=day, starts_at=starts, ends_at=ends, service=service,
            with_whom=with_whom, grace_minutes=row[46], kept_until=instant_of(row[47]), late_minutes=row[48],
            confirmed_at=instant_of(row[49]), cause=row[50],
        )  # fmt: skip
        line.source, line.probability, line.part_of_day = "appointment", 1.0, ""
        line.at, line.until = shop.local(starts), shop.local(ends or starts)
        line.around = _minute(line.at)
    if visit is not None:
        line.visit = Visit(id=visit, customer=number, shop=shop.id, day=day, at=instant_of(at))
        line.seen_by = list(dict.fromkeys(name for name in (staff, *(parsed(seen) or ())) if name))
    line.greeted_by_name = _flag(greeted)
    if outcome:
        line.prompt, line.prompt_outcome = parsed(said), outcome
    for promise, text, due, by in parsed(row[39]) or ():
        line.owed.append({"id": promise, "text": text, "due": due, "by": by or ""})
    places = {"list": line.notes, "late": line.if_late, "arrival": line.on_arrival}
    for text, safety, moment in parsed(notes) or ():
        (line.safety if safety else places[moment]).append(text)
    return line


def _flag(value: Any) -> bool | None:
    return None if value is None else bool(value)


def _local(shop: Shop, day: date, minute: int | None) -> datetime | None:
    return None if minute is None else shop.local(shop.at(day, minute))


def _people(which: str) -> Query:
    """Return the query of `read` for "all", "one" or "changed" people."""
    this_list = DayList.select(DayList.id).where((DayList.shop == ":shop") & (DayList.day == ":day"))
    of_the_day = (Visit.shop == ":shop") & (Visit.day == ":day")
    later = DayList.select(Value(1)).where(
        (DayList.shop == ":shop") & (DayList.day > ":day") & ~DayList.stale
    ).limit(1)  # fmt: skip
    shift = Visit.alias()
    marked = (
        shift.select(shift.staff.alias("staff"))
        .where((shift.shop == ":shop") & (shift.day == ":day") & shift.staff.is_null(False))
        .distinct()
    )
    recent = Visit.select(fn.COUNT(Visit.id)).where(of_the_day & (Visit.at > ":lately") & (Visit.at <= ":now"))
    worded = Visit.select(fn.COUNT(Visit.id)).where(of_the_day & Visit.outcome.in_(("shown", "said", "skipped")))
    acts = Action.select(fn.COALESCE(fn.SUM(Action.step), 0)).where(
        (Action.shop == ":shop")
        & (Action.revision > ":since")
        & (Action.revision <= ":revision")
        & Action.customer.is_null(False)
    )
    left = HandOver.select(Value(1)).where(
        (HandOver.shop == ":shop") & (HandOver.day >= ":left_since") & (HandOver.text != "")
    ).limit(1)  # fmt: skip
    checks = Referral.select(Value(1)).where(
        (Referral.shop == ":shop")
        & Referral.outcome.in_(("", "no_answer"))
        & (Referral.check_on <= ":day")
        & (Referral.name != "")
    ).limit(1)  # fmt: skip
    waiting = CallTask.done_at.is_null() & (CallTask.until.is_null() | (CallTask.until > ":now"))
    calls = CallTask.select(Value(1)).where(
        (CallTask.shop == ":shop") & (waiting | (CallTask.done_at >= ":begins"))
    ).limit(1)  # fmt: skip
    ahead = Visit.select(fn.MIN(Visit.at)).where(of_the_day & (Visit.at > ":now"))
    first = Visit.alias()
    todays_visit = (
        first.select(first.id)
        .where(
            (first.customer == Customer.id)
            & (first.shop == ":shop")
            & first.at.between(":begins", ":now")
            & (first.day == ":day")
        )
        .order_by(first.at)
        .limit(1)
    )
    told = Visit.alias()
    their_visits = told.select(fn.COUNT(told.id)).where(
        (told.customer == Customer.id) & (told.shop == ":shop") & (told.at >= ":begins") & (told.day == ":day")
    )
    booking = Appointment.alias()
    todays_booking = (
        booking.select(booking.id)
        .where(
            (booking.customer == Customer.id)
            & (booking.shop == ":shop")
            & (booking.day == ":day")
            & (booking.state == "booked")
        )
        .order_by(booking.starts_at)
        .limit(1)
    )
    gone = Appointment.alias()
    missed = gone.select(Value(1)).where(  # moved to not today: their habit expects them no more either
        (gone.customer == Customer.id) & (gone.shop == ":shop") & (gone.day == ":day") & (gone.state == "missed")
    )
    joined = Witness.select(Staff.name).join(Staff).where(Witness.visit == Visit.id).order_by(Witness.id)
    # What is for their arrival is read for whoever is here, or looked at alone; what only chips say is not for a row.
    for_arrival = (Note.moment == "arrival") & (Note.chips == "")
    if which != "one":
        for_arrival &= Visit.id.is_null(False)
    for_the_list = (
        Note.select(Note.text, Note.safety, Note.moment)
        .where(
            (Note.customer == Customer.id)
            & Note.standing(":shop", ":day")
            & (Note.safety | Note.moment.in_(("list", "late")) | for_arrival)
            & ~Note.private
        )
        .order_by(Note.id)
    )
    still_owed = Promise.kept_at.is_null() & Promise.closed_at.is_null() & (Promise.shop == ":shop")
    owed = (
        Promise.select(Promise.id, Promise.text, Promise.due, Staff.name)
        .join(Staff, JOIN.LEFT_OUTER, on=Promise.author == Staff.id)
        .where((Promise.customer == Customer.id) & still_owed & (Promise.due.is_null() | (Promise.due <= ":day")))
        .order_by(Promise.id)
    )
    comes = Promise.customer.in_(
        Expected.select(Expected.customer).where(Expected.day_list == this_list)
        | Appointment.select(Appointment.customer).where(
            (Appointment.shop == ":shop") & (Appointment.day == ":day") & (Appointment.state == "booked")
        )
    )
    whose = Customer.alias()
    owing = (
        Promise.select(fn.COUNT(Promise.id))
        .join(whose, on=Promise.customer == whose.id)
        .where(still_owed & states.living(whose) & ((Promise.due <= ":day") | (Promise.due.is_null() & comes)))
    )
    dead = Customer.alias()
    died = dead.select(Value(1)).where(states.died_since(":business", ":died_since", dead)).limit(1)
    query = (
        Customer.select(
            this_list, later, gathered(marked, "staff"), recent, ahead,
            Customer.id, Customer.name, Customer.say_as, Customer.call, Customer.lang, Customer.pronoun,
            Customer.source_id,
            Expected.id, Expected.by_habit, Expected.probability, Expected.around, Expected.earliest, Expected.latest,
            Expected.part_of_day, Expected.reason, Expected.prompts,
            Appointment.id, Appointment.starts_at, Appointment.ends_at, Appointment.service, Appointment.with_whom,
            Visit.id, Visit.at, fn.COALESCE(Visit.prompt, PromptEnded.prompt),
            fn.COALESCE(Visit.outcome, PromptEnded.outcome),
            fn.COALESCE(Visit.greeted_by_name, PromptEnded.greeted_by_name),
            Staff.name, gathered(joined, "name"), Usual.text,
            gathered(for_the_list, "text", "safety", "moment"), their_visits, acts,
            left, Expected.times, gathered(owed, "id", "text", "due", "name"), owing, Customer.state, Expected.beside, died,
            checks, Expected.punctual, Appointment.grace_minutes, Appointment.kept_until, Appointment.late_minutes,
            Appointment.confirmed_at, Appointment.cause, calls, fn.EXISTS(missed), worded,
        )
        .join(Expected, JOIN.LEFT_OUTER, on=(Expected.customer == Customer.id) & (Expected.day_list == this_list))
        .join_from(Customer, Appointment, JOIN.LEFT_OUTER, on=Appointment.id == todays_booking)
        .join_from(Customer, Visit, JOIN.LEFT_OUTER, on=Visit.id == todays_visit)
        .join_from(Visit, Staff, JOIN.LEFT_OUTER, on=Visit.staff == Staff.id)
        .join_from(Customer, Usual, JOIN.LEFT_OUTER, on=(Usual.customer == Customer.id) & (Usual.shop == ":shop"))
        .join_from(
            Customer, PromptEnded, JOIN.LEFT_OUTER,
            on=(PromptEnded.customer == Customer.id) & (PromptEnded.shop == ":shop") & (PromptEnded.day == ":day"),
        )
    )  # fmt: skip
    if which == "one":
        return query.where((Customer.id == ":only") & (Customer.business == ":business"))
    if which == "changed":
        touched = Action.select(Action.customer).where((Action.shop == ":shop") & (Action.revision > ":since"))
        return query.where(Customer.id.in_(touched))
    listed = Expected.select(Expected.customer).where(Expected.day_list == this_list)
    appointed = Appointment.select(Appointment.customer).where(
        (Appointment.shop == ":shop") & (Appointment.day == ":day") & (Appointment.state == "booked")
    )
    came = Visit.select(Visit.customer).where(of_the_day & (Visit.at <= ":now"))
    return query.where(Customer.id.in_(listed | appointed | came) & states.living())


_ALL = Prepared(lambda: _people("all"))
_ONE = Prepared(lambda: _people("one"))
_CHANGED = Prepared(lambda: _people("changed"))
