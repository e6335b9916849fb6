"""What is known of customers before a day, as plain values for the rules of ``domain.prompts``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from peewee import JOIN, fn

from domain.history import History, visits_before
from models import Appointment, Customer, Note, PromptEnded, Shop, Staff, Told, Usual, Visit, Witness

LATELY_DAYS = 90  # who marked whom, at what time, and with which chips, is looked at this far back
LAST_VISITS = 5
SAME_APPOINTMENT = 120  # minutes around a booked time within which an arrival is taken for it


@dataclass(frozen=True, slots=True)
class Learned:
    """Something a customer told us: who wrote it down, when, and what stood there before."""

    day: date
    by: str = ""
    was: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """The chips of one note on the day of a visit, and who tapped them."""

    day: date
    chips: frozenset[str]
    by: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """An appointment they came to. Minutes after midnight."""

    day: date
    booked: int
    arrived: int

    @property
    def late(self) -> int:
        """Return the minutes after the booked time; below zero when early."""
        return self.arrived - self.booked


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule may look at: one customer on one day, from all that was written down before that day's visit."""

    today: date
    history: History
    usual: str = ""
    usual_by: str = ""
    usual_since: date | None = None
    recent: Set[str] = frozenset()  # prompts that still rest
    name: str = ""
    say_as: str = ""
    call: str = ""
    child: bool = False
    told: Mapping[str, Learned] = field(default_factory=dict)
    tried: Set[str] = frozenset()  # spellings of the name that somebody has said
    notes: tuple[Noted, ...] = ()  # oldest first
    arrivals: Mapping[date, int] = field(default_factory=dict)  # minute of the first arrival, of the last days
    kept: tuple[Kept, ...] = ()  # oldest first
    grace: int = 10  # minutes after a booked time that are no lateness
    marked: tuple[tuple[date, Set[int]], ...] = ()  # who marked each of the last visits, oldest first
    met: Set[int] | None = None  # all who marked or wrote anything; None where a visit has no name to it
    team: Mapping[int, str] = field(default_factory=dict)  # who works here now
    names: Mapping[int, str] = field(default_factory=dict)  # the same with those who have left
    elsewhere: date | None = None  # the last visit to another shop of the business
    records: date | None = None  # the first day the shop knows any visit of
    closed: Set[int] = frozenset()  # weekdays on which the shop does not open
    patients: bool = False  # how often they come is their health's business

    @property
    def last_days(self) -> tuple[date, ...]:
        """Return the days of the last five visits, two on one day counted once, oldest first."""
        return self.history.days[-LAST_VISITS:]

    def chips_on(self, day: date) -> frozenset[str]:
        """Return all chips tapped on a day."""
        return frozenset().union(*(note.chips for note in self.notes if note.day == day))

    def with_chip(self, chip: str, days: Iterable[date]) -> list[Noted]:
        """Return the notes of some days that carry a chip, oldest first."""
        wanted = set(days)
        return [note for note in self.notes if note.day in wanted and chip in note.chips]


def known_of(shop: Shop, people: Mapping[int, History], today: date, rests: Mapping[str, int]) -> dict[int, Known]:
    """Return what is known of each customer, by id. At most thirteen queries, however many people.

    `people` have their visits before `today` with them; `rests` says how many days each prompt rests.
    """
    if not people:
        return {}
    gathering = Gathering(shop, list(people), today)
    gathering.add_what_they_told()
    gathering.add_usuals()
    gathering.add_notes()
    gathering.add_last_visits(rests)
    gathering.add_earlier_words(rests)
    gathering.add_appointments()
    gathering.add_who_met_them()
    shared: dict[str, Any] = {
        "today": today,
        "grace": shop.grace_minutes,
        "team": gathering.team,
        "names": gathering.names,
        "records": Visit.select(fn.MIN(Visit.day)).where(Visit.shop == shop.id).scalar(),
        "closed": frozenset(day for day in range(7) if shop.hours and not shop.hours[day]),
        "patients": shop.called == "patient",
    }
    return {number: Known(history=people[number], **shared, **gathering.values[number]) for number in people}


class Gathering:
    """Collects what is known of some customers, by id, as the values of `Known`: one method a subject."""

    def __init__(self, shop: Shop, ids: list[int], today: date):
        self.shop, self.ids, self.today, self.tz = shop, ids, today, shop.tz
        staff = list(
            Staff.select(Staff.id, Staff.name, Staff.left_at).where(Staff.business == shop.business_id).tuples()
        )
        self.names = {number: name for number, name, _left in staff}
        self.team = {number: name for number, name, left in staff if left is None}
        self.values: dict[int, dict[str, Any]] = {number: {} for number in ids}
        self.writers: dict[int, set[int]] = {number: set() for number in ids}

    def add_what_they_told(self) -> None:
        rows = (
            Customer.select(
                Customer.id, Customer.name, Customer.say_as, Customer.call, Customer.child,
                Told.what, Told.was, Told.author, Told.day,
            )
            .join(Told, JOIN.LEFT_OUTER, on=(Told.customer == Customer.id) & (Told.day <= self.today))
            .where(Customer.id.in_(self.ids))
        )  # fmt: skip
        for customer, name, say_as, call, child, what, was, author, day in rows.tuples():
            values = self.values[customer]
            values.update(name=name, say_as=say_as, call=call, child=child)
            if what:
                values.setdefault("told", {})[what] = Learned(day, self._by(customer, author), was)

    def add_usuals(self) -> None:
        rows = Usual.select(Usual.customer, Usual.text, Usual.author, Usual.day).where(
            Usual.customer.in_(self.ids) & (Usual.shop == self.shop.id)
        )
        for customer, text, author, day in rows.tuples():
            self.values[customer].update(usual=text, usual_by=self._by(customer, author), usual_since=day)

    def add_notes(self) -> None:
        """Add the chips tapped here in the last 90 days, but for those of private notes."""
        rows = (
            Note.select(Note.customer, Note.author, Note.day, Note.chips)
            .where(
                Note.customer.in_(self.ids)
                & (Note.shop == self.shop.id)
                & (Note.day < self.today)
                & (Note.day >= self._lately)
                & (Note.chips != "")
                & ~Note.private
            )
            .order_by(Note.day, Note.id)
        )
        notes: dict[int, list[Noted]] = defaultdict(list)
        for customer, author, day, chips in rows.tuples():
            notes[customer].append(Noted(day, frozenset(chips.split()), self.names.get(author, "")))
        for customer, told in notes.items():
            self.values[customer]["notes"] = tuple(told)

    def add_last_visits(self, rests: Mapping[str, int]) -> None:
        """Add what the visits of the last 90 days tell: when they came, who marked them, and which words were offered."""
        rows = (
            Visit.select(Visit.id, Visit.customer, Visit.day, Visit.at, Visit.staff, Visit.prompt, Witness.staff)
            .join(Witness, JOIN.LEFT_OUTER)
            .where(self._visits & (Visit.at >= self.shop.at(self._lately, 0)))
            .order_by(Visit.at)
        )
        marks: dict[int, dict[int, tuple[date, set[int]]]] = defaultdict(dict)
        for visit, customer, day, at, staff, prompt, witness in rows.tuples():
            values = self.values[customer]
            values.setdefault("arrivals", {}).setdefault(day, self._minute(at))
            marks[customer].setdefault(visit, (day, set()))[1].update(one for one in (staff, witness) if one)
            if prompt:
                self._rest(customer, prompt["id"], day, rests)
        for customer, visits in marks.items():
            last = list(visits.values())[-LAST_VISITS:]
            self.values[customer]["marked"] = tuple((day, frozenset(staff)) for day, staff in last)

    def add_earlier_words(self, rests: Mapping[str, int]) -> None:
        """Add words that rest longer, those said or skipped without a visit, and which spellings somebody tried."""
        name = Visit.prompt["id"].as_text()
        longer = [prompt for prompt, days in rests.items() if days > LATELY_DAYS]
        since = self.today - timedelta(days=max(rests.values(), default=0))
        visits = Visit.select(Visit.customer, Visit.day, Visit.prompt, Visit.outcome).where(
            self._visits
            & Visit.prompt.is_null(False)
            & ((name.in_(longer) & (Visit.day > since)) | ((Visit.outcome == "said") & (name == "say-as")))
        )
        ended = PromptEnded.select(
            PromptEnded.customer, PromptEnded.day, PromptEnded.prompt, PromptEnded.outcome
        ).where(
            PromptEnded.customer.in_(self.ids) & (PromptEnded.shop == self.shop.id) & (PromptEnded.day < self.today)
        )
        for rows in (visits, ended):
            for customer, day, prompt, outcome in rows.tuples():
                self._rest(customer, prompt["id"], day, rests)
                if prompt["id"] == "say-as" and outcome == "said":
                    self.values[customer].setdefault("tried", set()).add(prompt["say_as"])

    def add_appointments(self) -> None:
        """Add the appointments they came to, each with the arrival that was for it."""
        booked = Appointment.select(Appointment.customer, Appointment.day, Appointment.starts_at).where(
            Appointment.customer.in_(self.ids)
            & (Appointment.shop == self.shop.id)
            & (Appointment.day < self.today)
            & (Appointment.state == "booked")
        )
        starts: dict[tuple[int, date], list[int]] = defaultdict(list)
        for customer, day, at in booked.tuples():
            starts[customer, day].append(self._minute(at))
        if not starts:
            return
        came = Visit.select(Visit.customer, Visit.day, Visit.at).where(
            Visit.customer.in_({customer for customer, _ in starts})
            & (Visit.shop == self.shop.id)
            & Visit.day.in_({day for _, day in starts})
        )
        arrivals: dict[tuple[int, date], list[int]] = defaultdict(list)
        for customer, day, at in came.tuples():
            if (customer, day) in starts:
                arrivals[customer, day].append(self._minute(at))
        kept: dict[int, list[Kept]] = defaultdict(list)
        for (customer, day), minutes in sorted(starts.items()):
            kept[customer] += kept_on(day, minutes, arrivals[customer, day])
        for customer, appointments in kept.items():
            self.values[customer]["kept"] = tuple(appointments)

    def add_who_met_them(self) -> None:
        """Add who of the team marked them anywhere, or wrote anything about them, and whether they go to other shops."""
        rows = (
            Visit.select(Visit.customer, Visit.shop, Visit.staff, Witness.staff, fn.MAX(Visit.day))
            .join(Witness, JOIN.LEFT_OUTER)
            .where(Visit.customer.in_(self.ids) & (Visit.day < self.today))
            .group_by(Visit.customer, Visit.shop, Visit.staff, Witness.staff)
        )
        unnamed = set()
        for customer, shop, staff, witness, last in rows.tuples():
            if staff is None and witness is None:
                unnamed.add(customer)
            self.writers[customer].update(one for one in (staff, witness) if one)
            if shop != self.shop.id:
                values = self.values[customer]
                values["elsewhere"] = max(last, values.get("elsewhere") or last)
        notes = Note.select(Note.customer, Note.author).where(Note.customer.in_(self.ids) & (Note.day < self.today))
        for customer, author in notes.distinct().tuples():
            if author:
                self.writers[customer].add(author)
        for customer, values in self.values.items():
            values["met"] = None if customer in unnamed else frozenset(self.writers[customer])

    @property
    def _lately(self) -> date:
        return self.today - timedelta(days=LATELY_DAYS)

    @property
    def _visits(self) -> Any:
        return visits_before(self.shop, self.ids, self.today)

    def _by(self, customer: int, author: int | None) -> str:
        """Return the name of an author, who from now on counts as somebody who has met the customer."""
        if author is None:
            return ""
        self.writers[customer].add(author)
        return self.names.get(author, "")

    def _minute(self, at: datetime) -> int:
        local = at.astimezone(self.tz)
        return local.hour * 60 + local.minute

    def _rest(self, customer: int, prompt: str, day: date, rests: Mapping[str, int]) -> None:
        if prompt in rests and (self.today - day).days < rests[prompt]:
            self.values[customer].setdefault("recent", set()).add(prompt)


def kept_on(day: date, booked: Iterable[int], arrivals: Iterable[int]) -> list[Kept]:
    """Return a day's appointments that were come to: each takes the nearest arrival that no earlier one has taken.

    All are minutes after midnight. An arrival two hours before or after was for something else.
    """
    free = sorted(arrivals)
    kept = []
    for start in sorted(booked):
        near = [minute for minute in free if abs(minute - start) <= SAME_APPOINTMENT]
        if near:
            arrived = min(near, key=lambda minute: (abs(minute - start), minute))
            free.remove(arrived)
            kept.append(Kept(day, start, arrived))
    return kept
