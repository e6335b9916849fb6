"""What is known of customers before a day, as plain values for the rules of ``domain.prompts``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from peewee import JOIN, fn

from domain.birthdays import is_child
from domain.history import History, visits_before
from domain.questions import PATIENCE
from models import (
    Appointment,
    Belonging,
    CallTask,
    Customer,
    CustomField,
    DayWord,
    ExtraStep,
    FieldValue,
    Household,
    Introduction,
    Issue,
    IssueTime,
    Message,
    Mistake,
    Note,
    Promise,
    PromptEnded,
    Question,
    Referral,
    Shop,
    Staff,
    Told,
    Usual,
    Visit,
    Witness,
    gathered,
    instant_text,
    parsed,
)

LATELY_DAYS = 90  # who marked whom, at what time, and with which chips, is looked at this far back
OWED_DAYS = 180  # a mistake of ours, an extra step, something solved or sent: after that it is old news
LAST_VISITS = 5
EXCUSED = ("ours", "both")  # causes of a lateness, or of not coming at all, that our own failure explains
QUESTIONS = ("their-question", "still-fine", "question")
ABOUT_ONE_THING = (
    *QUESTIONS,
    "fault-mended",
    "extra-step",
    "sent-us",
)  # counted for good
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
    """An appointment they came to. Minutes after midnight. A lateness that our failure explains is none of theirs, so it is
    not among what is `Known`."""

    day: date
    booked: int
    arrived: int

    @property
    def late(self) -> int:
        """Return the minutes after the booked time; below zero when early."""
        return self.arrived - self.booked


@dataclass(frozen=True, slots=True)
class Lost:
    """A reminder of ours that did not arrive: by which way, when that was known, and how."""

    id: int
    way: str
    at: datetime  # in the shop's zone
    code: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """Something of ours that was written down about a customer: its number, its words, who wrote it and when."""

    id: int
    text: str
    by: str
    day: date


@dataclass(frozen=True, slots=True)
class Trouble(Written):
    """The same trouble again, or a fault of ours that they told us of."""

    ours: bool = False
    times: tuple[date, ...] = ()
    solved: date | None = None


@dataclass(frozen=True, slots=True)
class OurMistake(Written):
    """Something that went wrong on our side."""

    said_sorry: bool = False
    made_good: bool = False
    about: str = ""  # names the reminder that failed, or the word of a change, where it was one

    @property
    def is_silence(self) -> bool:
        """Say whether it is a reminder of ours that did not arrive."""
        return self.about.startswith("reminder:")

    @property
    def is_over(self) -> bool:
        """Say whether it is made good; of our silence there is nothing to make good but to own up to it."""
        return self.made_good or (self.about != "" and self.said_sorry)


@dataclass(frozen=True, slots=True)
class Owed(Written):
    """A promise that is open, or kept and not confirmed."""

    due: date | None = None
    kept: date | None = None
    channel: str = "counter"
    delivery: str = ""


@dataclass(frozen=True, slots=True)
class Asking(Written):
    """A question to ask them, or one of theirs with our reply."""

    theirs: bool = False
    reply: str = ""
    due: date | None = None
    solved: date | None = None  # of the trouble it asks after


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
    state: str = "active"
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
    closed: Set[int] = frozenset()  # weekdays of this week on which the shop does not open
    patients: bool = False  # how often they come is their health's business
    troubles: tuple[Trouble, ...] = ()  # oldest first, as all of these
    mistakes: tuple[OurMistake, ...] = ()  # not made good, or for which nobody has said sorry yet
    owed: tuple[Owed, ...] = ()
    questions: tuple[Asking, ...] = ()  # those still open
    steps: tuple[Written, ...] = ()  # nobody had to take
    sent_on: tuple[Written, ...] = ()  # to whom, where it is time to ask whether that helped
    sent_us: tuple[Written, ...] = ()  # who came on their word, without a name
    fields: Mapping[str, Written] = field(default_factory=dict)  # "birthday" ("born" where it is put away) and "dogs"
    lost: Lost | None = None  # our reminder of today's appointment, where it did not arrive
    brings: tuple[str, str] | None = (
        None  # who brings them, where our reminder failed: what to call them, and their pronoun
    )
    missed: tuple[tuple[date, str], ...] = ()  # appointments not come to, with the cause
    out: tuple[Written, ...] = ()  # what the shop has run out of today
    behind: Written | None = None  # so many minutes behind today, as its text
    asked: Mapping[tuple[str, int], int] = field(
        default_factory=dict
    )  # on how many visits words about something were offered

    @property
    def is_child(self) -> bool:
        birthday = self.fields.get("birthday") or self.fields.get("born")
        return is_child(self.child, birthday.text if birthday else "", self.today)

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
    """Return what is known of each customer, by id. At most eighteen queries, however many people.

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
    gathering.add_what_did_not_reach_them()
    gathering.add_what_we_wrote()
    gathering.add_who_brings_them()
    gathering.add_who_met_them()
    shared: dict[str, Any] = {
        "today": today,
        "grace": shop.grace_minutes,
        "team": gathering.team,
        "names": gathering.names,
        "records": Visit.select(fn.MIN(Visit.day)).where(Visit.shop == shop.id).scalar(),
        "closed": frozenset(day.weekday() for day in week_of(today) if shop.is_closed_on(day)),
        "patients": shop.called == "patient",
        **gathering.of_the_day(),
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
        self.offers: dict[int, dict[tuple[str, int], list[date]]] = defaultdict(lambda: defaultdict(list))

    def add_what_they_told(self) -> None:
        rows = (
            Customer.select(
                Customer.id, Customer.name, Customer.say_as, Customer.call, Customer.child, Customer.state,
                Told.what, Told.was, Told.author, Told.day,
            )
            .join(Told, JOIN.LEFT_OUTER, on=(Told.customer == Customer.id) & (Told.day <= self.today))
            .where(Customer.id.in_(self.ids))
        )  # fmt: skip
        for customer, name, say_as, call, child, state, what, was, author, day in rows.tuples():
            values = self.values[customer]
            values.update(name=name, say_as=say_as, call=call, child=child, state=state)
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
                self._count_about(customer, prompt, day)
        for customer, visits in marks.items():
            last = list(visits.values())[-LAST_VISITS:]
            self.values[customer]["marked"] = tuple((day, frozenset(staff)) for day, staff in last)

    def add_earlier_words(self, rests: Mapping[str, int]) -> None:
        """Add words that rest longer, those about one thing, those said or skipped without a visit, and which spellings
        somebody tried."""
        name = Visit.prompt["id"].as_text()
        longer = [prompt for prompt, days in rests.items() if days > LATELY_DAYS]
        since = self.today - timedelta(days=max(rests.values(), default=0))
        visits = Visit.select(Visit.customer, Visit.day, Visit.prompt, Visit.outcome).where(
            self._visits
            & Visit.prompt.is_null(False)
            & (
                (name.in_(longer) & (Visit.day > since))
                | ((Visit.outcome == "said") & (name == "say-as"))
                | (name.in_(ABOUT_ONE_THING) & (Visit.at < self.shop.at(self._lately, 0)))
            )
        )
        ended = PromptEnded.select(
            PromptEnded.customer, PromptEnded.day, PromptEnded.prompt, PromptEnded.outcome
        ).where(
            PromptEnded.customer.in_(self.ids) & (PromptEnded.shop == self.shop.id) & (PromptEnded.day < self.today)
        )
        for rows in (visits, ended):
            for customer, day, prompt, outcome in rows.tuples():
                self._rest(customer, prompt["id"], day, rests)
                if rows is ended or prompt["id"] in ABOUT_ONE_THING:
                    self._count_about(customer, prompt, day)
                if prompt["id"] == "say-as" and outcome == "said":
                    self.values[customer].setdefault("tried", set()).add(prompt["say_as"])

    def _count_about(self, customer: int, prompt: dict[str, Any], day: date) -> None:
        """Keep the days of the visits on which words about one thing, such as a question, were offered."""
        if "about" in prompt:
            self.offers[customer][prompt["id"], prompt["about"]].append(day)

    def _asked(self, customer: int, anew: Mapping[int, date]) -> dict[tuple[str, int], int]:
        """Return on how many visits words about each thing were offered; of a question asked anew, those since that day."""
        return {
            (prompt, number): sum(day >= anew[number] for day in days)
            if prompt in QUESTIONS and number in anew
            else len(days)
            for (prompt, number), days in self.offers[customer].items()
        }

    def add_appointments(self) -> None:
        """Add the appointments they came to, each with the arrival that was for it, and those they missed."""
        missed = Appointment.select(Appointment.customer, Appointment.day, Appointment.cause).where(
            Appointment.customer.in_(self.ids)
            & (Appointment.shop == self.shop.id)
            & (Appointment.day < self.today)
            & (Appointment.state == "missed")
        )
        for customer, day, cause in missed.order_by(Appointment.day).tuples():
            values = self.values[customer]
            values["missed"] = (*values.get("missed", ()), (day, cause))
        booked = Appointment.select(
            Appointment.customer, Appointment.day, Appointment.starts_at, Appointment.cause
        ).where(
            Appointment.customer.in_(self.ids)
            & (Appointment.shop == self.shop.id)
            & (Appointment.day < self.today)
            & (Appointment.state == "booked")
        )
        starts: dict[tuple[int, date], list[int]] = defaultdict(list)
        excused = set()
        for customer, day, at, cause in booked.tuples():
            starts[customer, day].append(self._minute(at))
            if cause in EXCUSED:
                excused.add((customer, day, self._minute(at)))
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
            kept[customer] += [
                one
                for one in kept_on(day, minutes, arrivals[customer, day])
                if one.late <= self.shop.grace_minutes or (customer, day, one.booked) not in excused
            ]
        for customer, appointments in kept.items():
            self.values[customer]["kept"] = tuple(appointments)

    def add_what_did_not_reach_them(self) -> None:
        """Add the reminder by which we failed those who are booked today, where we have not reached them since."""
        rung = CallTask.select(CallTask.appointment).where(
            (CallTask.shop == self.shop.id) & (CallTask.outcome == "reached") & CallTask.appointment.is_null(False)
        )
        rows = (
            Message.select()
            .join(Appointment)
            .where(
                Message.customer.in_(self.ids)
                & Message.kind.in_(("reminder", "change"))
                & (Message.sequence == Appointment.sequence)
                & (Appointment.shop == self.shop.id)
                & (Appointment.day == self.today)
                & (Appointment.state == "booked")
                & Appointment.confirmed_at.is_null()
                & ~Appointment.reply.in_(("coming", "move"))
                & Appointment.id.not_in(rung)
            )
            .order_by(Message.due_at, Message.id)
        )
        by_appointment: dict[int, list[Message]] = defaultdict(list)
        for one in rows:
            by_appointment[one.appointment_id].append(one)
        for messages in by_appointment.values():  # as domain.reminders.failed_us has it
            lost = [one for one in messages if one.state in ("bounced", "failed", "expired")]
            if not lost or any(one.state in ("delivered", "confirmed") for one in messages):
                continue
            last = lost[-1]
            at = self.shop.local(last.ended_at or last.due_at)
            self.values[last.customer_id]["lost"] = Lost(last.id, last.way, at, last.why)

    def add_who_brings_them(self) -> None:
        """Add whom we failed with a reminder, where it was for a child: whoever of the household brings them."""
        failed = [
            customer
            for customer, known in self.values.items()
            if "lost" in known or any(one.is_silence for one in known.get("mistakes", ()))
        ]
        if not failed:
            return
        mine, theirs = Belonging.alias(), Belonging.alias()
        rows = (
            mine.select(mine.customer, Customer.name, Customer.call, Customer.pronoun)
            .join(Household, on=mine.household == Household.id)
            .join_from(mine, theirs, on=theirs.household == mine.household)
            .join_from(theirs, Customer, on=theirs.customer == Customer.id)
            .where(
                mine.customer.in_(failed)
                & (Household.kind == "household")
                & (theirs.customer != mine.customer)
                & (Customer.state == "active")
                & theirs.brings
            )
            .order_by(Customer.id)
        )
        for customer, name, call, pronoun in rows.tuples():
            self.values[customer].setdefault("brings", (call or name, pronoun))

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
        for customer, author in self._wrote_anything().tuples():
            if author:
                self.writers[customer].add(author)
        for customer, values in self.values.items():
            values["met"] = None if customer in unnamed else frozenset(self.writers[customer])

    def _wrote_anything(self) -> Any:
        """Return the query for who wrote anything about them, today as well, whatever has become of it."""
        again = IssueTime.select(Issue.customer, IssueTime.author).join(Issue)
        written = again.where(Issue.customer.in_(self.ids) & (IssueTime.day <= self.today))
        for table in (Note, Issue, Mistake, Promise, Question, ExtraStep, Referral, Introduction):
            of_theirs = table.customer.in_(self.ids) & (table.day <= self.today)
            written |= table.select(table.customer, table.author).where(of_theirs)
        sent = Introduction.select(Introduction.by_customer, Introduction.author)
        return written | sent.where(Introduction.by_customer.in_(self.ids) & (Introduction.day <= self.today))

    def add_what_we_wrote(self) -> None:
        """Add troubles, mistakes of ours, promises, questions, extra steps, referrals, and what their fields hold. One query."""
        since = self.today - timedelta(days=OWED_DAYS)
        here = Customer.select(Customer.id, *(gathered(rows, *columns) for rows, columns in self._written(since)))
        for customer, *subjects in here.where(Customer.id.in_(self.ids)).tuples():
            troubles, mistakes, owed, questions, steps, sent_on, sent_us, fields = (
                parsed(one) or [] for one in subjects
            )
            told = partial(self._wrote, customer)
            self.values[customer].update(
                troubles=tuple(
                    told(Trouble, *row[:4], ours=bool(ours), times=tuple(_days(times)), solved=self._day(solved))
                    for *row, ours, solved, times in troubles
                ),
                mistakes=tuple(
                    told(OurMistake, *row, said_sorry=bool(sorry), made_good=good is not None, about=about)
                    for *row, sorry, good, about in mistakes
                ),
                owed=tuple(
                    told(Owed, *row, due=_day(due), kept=self._day(kept), channel=channel, delivery=delivery)
                    for *row, due, kept, channel, delivery in owed
                ),
                questions=tuple(
                    told(Asking, *row, theirs=bool(theirs), reply=reply, due=_day(due), solved=self._day(solved))
                    for *row, theirs, reply, due, _anew, solved in questions
                ),
                asked=self._asked(customer, {row[0]: day for row in questions if (day := _day(row[-2]))}),
                steps=tuple(told(Written, *row) for row in steps),
                sent_on=tuple(told(Written, *row) for row in sent_on),
                sent_us=tuple(told(Written, number, "", author, day) for number, author, day in sent_us),
                fields={kind: told(Written, *row) for *row, kind in _standing(fields)},
            )

    def _written(self, since: date) -> Iterator[tuple[Any, tuple[str, ...]]]:
        """Yield each subject's query about the customer of a query around it, with its columns: written before today, for what
        is written at a visit is for the next; but a trouble and a mistake of ours count at once."""
        wrote = ("id", "text", "author", "day")

        def of(table: Any, *more: Any) -> Any:
            here = (table.customer == Customer.id) & (table.shop == self.shop.id)
            if table not in (Issue, Mistake):
                here &= table.day < self.today
            columns = (table.id, table.text, table.author.alias("author"), table.day, *more)
            return table.select(*columns).where(here).order_by(table.id)

        begin = instant_text(self.shop.at(since, 0))
        times = IssueTime.select(IssueTime.day).where(IssueTime.issue == Issue.id).order_by(IssueTime.id)
        standing = Issue.solved_at.is_null() | (Issue.solved_at >= begin)
        troubles = of(Issue, Issue.ours, Issue.solved_at, gathered(times, "day").alias("times")).where(standing)
        yield troubles, (*wrote, "ours", "solved_at", "times")
        not_over = (~Mistake.said_sorry | Mistake.made_good_at.is_null()) & (Mistake.day >= since)
        yield (
            of(Mistake, Mistake.said_sorry, Mistake.made_good_at, Mistake.about).where(not_over),
            (*wrote, "said_sorry", "made_good_at", "about"),
        )
        owed = of(Promise, Promise.due, Promise.kept_at, Promise.channel, Promise.delivery).where(
            Promise.closed_at.is_null()
            & Promise.confirmed_at.is_null()
            & (Promise.kept_at.is_null() | (Promise.kept_at >= begin))
        )
        yield owed, (*wrote, "due", "kept_at", "channel", "delivery")
        asked = of(Question, Question.theirs, Question.reply, Question.not_before, Question.anew_from, Issue.solved_at)
        asked = asked.join(Issue, JOIN.LEFT_OUTER, on=Question.issue == Issue.id).where(
            Question.ended_at.is_null() & (Question.skips < PATIENCE) & (Issue.ours.is_null() | ~Issue.ours)
        )  # whether a fault of ours is still mended is for us to see
        yield asked, (*wrote, "theirs", "reply", "not_before", "anew_from", "solved_at")
        yield of(ExtraStep).where(ExtraStep.day >= since), wrote
        sent_on = (
            Referral.select(Referral.id, Referral.to_whom, Referral.author.alias("author"), Referral.day)
            .where(
                (Referral.customer == Customer.id)
                & (Referral.shop == self.shop.id)
                & Referral.outcome.in_(("", "no_answer"))
                & (Referral.check_on <= self.today)
                & (Referral.day >= since)
            )
            .order_by(Referral.id)
        )
        yield sent_on, ("id", "to_whom", "author", "day")
        newcomer = Visit.alias()
        came = newcomer.select(newcomer.id).where(
            (newcomer.customer == Introduction.customer) & (newcomer.day < self.today)
        )
        sent_us = (
            Introduction.select(Introduction.id, Introduction.author.alias("author"), Introduction.day)
            .where(
                (Introduction.by_customer == Customer.id)
                & (Introduction.day < self.today)
                & (Introduction.day >= since)
                & fn.EXISTS(came)
            )
            .order_by(Introduction.id)
        )
        yield sent_us, ("id", "author", "day")
        fields = (
            FieldValue.select(
                FieldValue.id,
                FieldValue.text,
                FieldValue.author.alias("author"),
                FieldValue.day,
                CustomField.kind,
                CustomField.removed_at,
            )
            .join(CustomField)
            .where((FieldValue.customer == Customer.id) & (CustomField.kind != "text"))
            .order_by(FieldValue.id)
        )
        yield fields, (*wrote, "kind", "removed_at")

    def of_the_day(self) -> dict[str, Any]:
        """Return what is so in the shop today, whoever comes. One query."""
        said = DayWord.select().where(
            (DayWord.shop == self.shop.id) & (DayWord.day == self.today) & DayWord.ended_at.is_null()
        )
        told = [
            (
                one.kind,
                Written(
                    one.id,
                    one.text if one.kind == "out" else str(one.minutes),
                    self.names.get(one.author_id, ""),
                    one.day,
                ),
            )
            for one in said.order_by(DayWord.id)
        ]
        behind = [one for kind, one in told if kind == "behind"]
        return {"out": tuple(one for kind, one in told if kind == "out"), "behind": behind[-1] if behind else None}

    def _wrote(
        self, customer: int, kind: type[Any], number: int, text: str, author: int | None, day: Any, **more: Any
    ) -> Any:
        return kind(number, text, self._by(customer, author), _day(day), **more)

    def _day(self, instant: str | None) -> date | None:
        return self.shop.day_of(datetime.fromisoformat(instant)) if instant else None

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


def week_of(day: date) -> list[date]:
    """Return the days of a day's week, from Monday."""
    return [day + timedelta(days=n - day.weekday()) for n in range(7)]


def _standing(fields: Iterable[list[Any]]) -> Iterator[list[Any]]:
    """Yield the values of fields that are not put away, each with its kind; of a birthday, "born" is left to tell a child by."""
    for *row, kind, removed in fields:
        if not removed or kind == "birthday":
            yield [*row, "born" if removed else kind]


def _day(value: str | date | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _days(values: Any) -> Iterator[date]:
    for value in parsed(values) or []:
        yield date.fromisoformat(value)


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
