"""A customer's card: what to know about one person, from today's line, their notes and their last visits.

It costs four queries whatever the person's history: today's line (``domain.lines.look``), the notes, the visits, of which
the latest are read and the rest counted, and all else at once (`PARTS`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from peewee import JOIN, Case, fn

from domain import rights
from domain.agreed import AGREED, Agreed, agreed_from, agreed_rows
from domain.birthdays import is_child
from domain.bucket import FACTS, LATELY, agreed_arrivals, bucket_of
from domain.contacts import (
    ADDRESSES,
    SAID,
    Address,
    Said,
    address_rows,
    addresses_from,
    said_from,
    said_rows,
    told_instead,
)
from domain.fields import TOLD, ToldField, told_from, told_rows
from domain.lateness import BOOKED, UNSURE, Story, booked_from, booked_rows, story, unsure_from, unsure_rows
from domain.lines import Line, gathered, look, offer
from domain.promises import OWED, Owed, owed_from, owed_rows
from domain.punctuality import later_slot
from domain.questions import QUESTIONS, STEPS, Asking, Step, question_rows, questions_from, step_rows, steps_from
from domain.referrals import (
    INTRODUCED,
    REFERRED,
    Introduced,
    introduced_from,
    introduced_rows,
    referred_from,
    referred_rows,
)
from domain.replies import ASKS, Asks, asks_from, asks_rows
from domain.same_person import TWIN, Twin, twin_from, twin_rows
from domain.states import State
from domain.tags import TAGS, Given, tags_from, tags_rows
from domain.today import is_past
from domain.together import AROUND, Circle, Other, around_from, around_rows
from domain.troubles import (
    ISSUES,
    MISTAKES,
    OurMistake,
    Trouble,
    issue_rows,
    issues_from,
    mistake_rows,
    mistakes_from,
)
from domain.trust import Bucket
from models import (
    WISHES,
    Appointment,
    Customer,
    Note,
    Prepared,
    Referral,
    Seen,
    Shop,
    Staff,
    Told,
    Usual,
    Visit,
    instant_text,
    parsed,
)

WEEKS = LAST_VISITS = 12
VISITS_SHOWN = 20
MORE_VISITS = 100  # of a page of earlier ones
NOTED_VISITS = 7  # the latest, among which we say how often the usual was noted
NOTED_LEAST = 3  # on fewer than these it is no habit


@dataclass(frozen=True, slots=True)
class Fact:
    """Something written down about a customer, with who wrote it (empty: somebody who has left) and when."""

    text: str
    by: str
    day: date
    changed: date | None = None


@dataclass(frozen=True, slots=True)
class Written(Fact):
    """A note for the team: how long it stands, at which moment it is to be seen, for this shop or for all."""

    id: int = 0
    safety: bool = False
    lifetime: str = "always"
    moment: str = "arrival"
    everywhere: bool = False
    seen: bool = False  # for safety, and whoever asks has read it


@dataclass(frozen=True, slots=True)
class Dots:
    """Twelve weeks at a glance: on a weekday (0-6) they tend to come on, or any day of the week (None)."""

    weekday: int | None
    came: tuple[bool, ...]  # oldest first
    today: bool  # a thirteenth dot: expected or here today

    @property
    def count(self) -> int:
        return sum(self.came)


@dataclass(frozen=True, slots=True)
class LastVisits:
    """The last twelve visits at a glance, oldest first: the day of each, and how it was to what was agreed ("": nothing was)."""

    days: tuple[date, ...]
    how: tuple[str, ...]  # "", "in_time", "late"; and late by our failure, wholly or in part: "ours", "both"
    today: bool  # one dot more: expected, and not here yet

    @property
    def agreed(self) -> int:
        return sum(bool(how) for how in self.how)


@dataclass(frozen=True, slots=True)
class Visits:
    """The latest visits, in the shop's zone, newest first, and how many there are in all."""

    latest: tuple[datetime, ...]
    count: int
    first: date | None

    @property
    def has_more(self) -> bool:
        return self.count > len(self.latest)


@dataclass(frozen=True, slots=True)
class Card:
    line: Line
    child: bool  # marked so, or by the birthday
    marked_child: bool
    notes: list[
        Written
    ]  # for safety first, then for the moment that is now, newest first; what only chips say comes last
    private: int  # how many private notes there are; their text is fetched only when asked for
    noted: tuple[int, int] | None  # on how many of how many latest visits somebody noted that they had the usual
    dots: Dots | LastVisits
    visits: Visits
    owed_today: int | None  # to anybody, where that is at hand
    usual: Fact | None
    wishes: dict[str, Fact]
    owed: list[Owed]  # promises open, or kept and not confirmed
    questions: list[Asking]  # those that stand, and those asked today
    steps: list[Step]  # the latest first
    issues: list[Trouble]  # open
    mistakes: list[OurMistake]  # not over
    referred: list[Referral]  # still to be asked about
    introduced: Introduced | None
    bucket: Bucket
    tags: list[Given]
    fields: list[ToldField]
    stands: State
    around: list[Circle]
    twin: Twin | None  # whom they may be
    addresses: list[Address]
    said: list[Said]  # whether we may tell them things, by which ways
    told_instead: Other | None  # who is told for them
    asks: list[Asks]  # about what is booked
    agreed: Agreed
    greeted: bool  # ever, by name
    late: Story | None  # of whoever is past their time today, or came late
    unsure: list[
        Appointment
    ]  # of this week, our reminder failed: not known whether they came, or known that they did not
    later: datetime | None  # what to offer instead of today's time to somebody who is always a bit late


def card_for(
    customer: int, shop: Shop, now: datetime, asker: Staff | None = None, line: Line | None = None
) -> Card | None:
    """Return what the card of one customer shows, None where the shop's business has nobody by that number.

    `line`, if it is at hand already, spares asking for it again.
    """
    owed_today = None
    if line is None:
        line, around = look(customer, shop, now)
        owed_today = around.owed if around.made else None
        if line is None:
            return None
        offer(line, shop, now, around, asker)
    today = shop.day_of(now)
    since = _monday(today) - timedelta(weeks=WEEKS)
    asked = {
        "customer": customer, "shop": shop.id, "day": today.isoformat(), "since": since.isoformat(),
        "now": instant_text(now), "lately": (today - LATELY).isoformat(),
        "year": instant_text(shop.at(today.replace(month=1, day=1), 0)),
        "dawn": instant_text(shop.at(today, 0)), "week": (today - UNSURE).isoformat(),
    }  # fmt: skip
    marked, *about = _ABOUT(**asked)[0]
    parts = _parts(about, line.customer)
    if asker is not None and not parts["asks"] and not rights.may(asker, "contacts", shop):
        parts["addresses"] = [one.hidden() for one in parts["addresses"]]
    birthday = next((told.text for told in parts["fields"] if told.kind == "birthday"), "")
    notes, private, chips = _notes(_NOTES(**asked, asker=asker.id if asker else 0), shop, _moment(line, shop, now))
    gathered_facts = {name: parts.pop(name) for name in FACTS}
    child, booked = is_child(marked, birthday, today), parts.pop("booked_today")
    came = gathered_facts["came"][0]
    days, visits = _visits(_VISITS(**asked, begins=instant_text(shop.at(since, 0))), shop, *came[2:4])
    return Card(
        line=line,
        child=child,
        marked_child=bool(marked),
        notes=notes,
        private=private,
        noted=_noted(parts["usual"], days, chips),
        dots=_dots(line, set(days), visits, agreed_arrivals(gathered_facts, shop), today),
        visits=visits,
        owed_today=owed_today,
        greeted=bool(came[-1]),
        told_instead=told_instead(child, parts["addresses"], parts["around"]),
        later=later_slot(line.at, line.punctual) if line.appointment and line.at and not line.arrived else None,
        late=story(booked, line, child, parts["mistakes"], shop, now) if line.lives else None,
        bucket=bucket_of(gathered_facts, parts["owed"], visits.first, shop, today),
        **parts,
    )


def earlier_visits(customer: int, shop: Shop, before: datetime) -> list[datetime]:
    """Return visits before an instant, in the shop's zone, newest first: a page of them, and one more where there is one."""
    rows = _EARLIER(customer=customer, shop=shop.id, before=instant_text(before))
    return [shop.local(datetime.fromisoformat(at)) for (at,) in rows]


def _day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _moment(line: Line, shop: Shop, now: datetime) -> str:
    """Return which of the moments that notes are for is now: they are here, late for what is booked, or on the list."""
    if line.arrived:
        return "arrival"
    return "late" if line.appointment and is_past(line, shop, now) else "list"


def _notes(rows: list[tuple[Any, ...]], shop: Shop, moment: str) -> tuple[list[Written], int, dict[str, set[str]]]:
    """Return the notes to show, the number of private ones, and the chips tapped by day (ISO)."""
    shown: list[tuple[bool, Written]] = []
    private = 0
    chips: dict[str, set[str]] = {}
    for number, text, day, by, safety, is_private, tapped, lifetime, when, stands, edited_at, everywhere, seen in rows:
        if tapped and not is_private:
            chips.setdefault(str(day), set()).update(tapped.split())
        if not stands:
            continue
        if is_private:
            private += 1
            continue
        changed = shop.day_of(datetime.fromisoformat(edited_at)) if edited_at else None
        note = Written(
            text, by or "", _day(day), changed, number, bool(safety), lifetime, when, bool(everywhere), bool(seen)
        )  # fmt: skip
        shown.append((bool(tapped and lifetime == "next_visit"), note))
    shown.sort(key=lambda pair: (not pair[1].safety, pair[0], pair[1].moment != moment))
    return [note for _, note in shown], private, chips


def _visits(rows: list[tuple[Any, ...]], shop: Shop, count: int, first: str) -> tuple[list[str], Visits]:
    """Return the days (ISO) of the latest visits, newest first, each once, and what is shown of all visits, of which there are
    `count` since the `first`."""
    if not rows:
        return [], Visits((), 0, None)
    days = list(dict.fromkeys([str(row[1]) for row in rows]))
    latest = tuple(shop.local(datetime.fromisoformat(row[0])) for row in rows[:VISITS_SHOWN])
    return days, Visits(latest, count, shop.day_of(datetime.fromisoformat(first)))


def _noted(usual: Fact | None, days: list[str], chips: dict[str, set[str]]) -> tuple[int, int] | None:
    """Return on how many of the latest visits “The usual” was noted, since it was written down what that is."""
    if usual is None or not chips:
        return None
    written = usual.day.isoformat()
    since = [day for day in days if day > written][:NOTED_VISITS]
    noted = sum("usual" in chips.get(day, ()) for day in since)
    return (noted, len(since)) if noted >= NOTED_LEAST else None


def _dots(
    line: Line, visited: set[str], visits: Visits, agreed: dict[tuple[date, int], str], today: date
) -> Dots | LastVisits:
    """Return the weeks of somebody who comes by habit on a weekday; of all others, and where at least half of the last visits
    were agreed, these visits."""
    last = _last_visits(line, visits, agreed, today)
    weekday = line.reason.get("weekday") if line.reason else None
    if weekday is None or line.appointment is not None or last.agreed * 2 >= len(last.how) > 0:
        return last
    latest = today - timedelta(days=(today.weekday() - weekday) % 7 or 7)
    weeks = [latest - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
    return Dots(weekday, tuple(day.isoformat() in visited for day in weeks), line.arrived or line.is_expected)


def _last_visits(line: Line, visits: Visits, agreed: dict[tuple[date, int], str], today: date) -> LastVisits:
    latest = visits.latest[LAST_VISITS - 1 :: -1]
    days = tuple(at.date() for at in latest)
    how = [agreed.get((at.date(), at.hour * 60 + at.minute), "") for at in latest]
    if line.appointment and latest and days[-1] == today and not how[-1] and latest[-1] <= line.appointment.starts_at:
        how[-1] = "in_time"  # early, and what is agreed is still to begin
    return LastVisits(days, tuple(how), line.is_expected and not line.arrived)


# -- the queries


def _written() -> Any:
    """Return the query for the notes that stand, without a word of the private ones, and for the chips of late."""
    stands, tapped = Note.standing(":shop", ":day"), Note.chips != ""
    read = Seen.select(Seen.id).where((Seen.staff == ":asker") & (Seen.what == "note") & (Seen.number == Note.id))
    return (
        Note.select(
            Note.id, Case(None, [(Note.private, "")], Note.text), Note.day, Staff.name, Note.safety, Note.private,
            Note.chips, Note.lifetime, Note.moment, Case(None, [(stands, 1)], 0), Note.edited_at, Note.shop.is_null(),
            fn.EXISTS(read),
        )
        .join(Staff, JOIN.LEFT_OUTER)
        .where((Note.customer == ":customer") & (stands | (tapped & (Note.shop == ":shop") & (Note.day >= ":since"))))
        .order_by(Note.id.desc())
    )  # fmt: skip


def _came() -> Any:
    """Return the query for the visits since a day, and for as many as are shown."""
    nth = Visit.alias()
    last_shown = (
        nth.select(nth.at)
        .where((nth.customer == ":customer") & (nth.shop == ":shop") & (nth.at <= ":now"))
        .order_by(nth.at.desc())
        .limit(1)
        .offset(VISITS_SHOWN - 1)
    )
    return (
        Visit.select(Visit.at, Visit.day)
        .where(
            (Visit.customer == ":customer")
            & (Visit.shop == ":shop")
            & (Visit.at <= ":now")
            & ((Visit.at >= ":begins") | (Visit.at >= fn.COALESCE(last_shown, "")))
        )
        .order_by(Visit.at.desc())
    )


def _before() -> Any:
    return (
        Visit.select(Visit.at)
        .where((Visit.customer == ":customer") & (Visit.shop == ":shop") & (Visit.at < ":before"))
        .order_by(Visit.at.desc())
        .limit(MORE_VISITS + 1)
    )


def _usual() -> Any:
    return (
        Usual.select(Usual.text, Usual.day, Staff.name)
        .join(Staff, JOIN.LEFT_OUTER)
        .where((Usual.customer == Customer.id) & (Usual.shop == ":shop"))
    )


def _usual_from(rows: list[Any], _customer: Customer) -> Fact | None:
    return next((Fact(text, by or "", _day(day)) for text, day, by in rows), None)


def _wishes() -> Any:
    return (
        Told.select(Told.what, Told.day, Staff.name)
        .join(Staff, JOIN.LEFT_OUTER)
        .where((Told.customer == Customer.id) & Told.what.in_(WISHES))
        .order_by(Told.id)
    )


def _wishes_from(rows: list[Any], _customer: Customer) -> dict[str, Fact]:
    return {what: Fact("", by or "", _day(day)) for what, day, by in rows}


def _stands() -> Any:
    theirs = Customer.alias()
    return theirs.select(theirs.state, theirs.state_since, theirs.state_reason).where(theirs.id == Customer.id)


def _stands_from(rows: list[Any], _customer: Customer) -> State:
    state, since, reason = rows[0]
    return State(state, since and _day(since), reason)


# What else a card shows, each as one column of one query: the rows about the customer (a query at ``:shop`` and ``:day``),
# their columns, and what makes of these rows, and the customer, what the card has under this name.
PARTS: dict[str, tuple[Callable[[], Any], tuple[str, ...], Callable[[list[Any], Customer], Any]]] = {
    "usual": (_usual, ("text", "day", "name"), _usual_from),
    "wishes": (_wishes, ("what", "day", "name"), _wishes_from),
    "owed": (owed_rows, OWED, owed_from),
    "tags": (tags_rows, TAGS, tags_from),
    "fields": (told_rows, TOLD, told_from),
    "questions": (question_rows, QUESTIONS, questions_from),
    "steps": (step_rows, STEPS, steps_from),
    "issues": (issue_rows, ISSUES, issues_from),
    "mistakes": (mistake_rows, MISTAKES, mistakes_from),
    "booked_today": (booked_rows, BOOKED, booked_from),
    "unsure": (unsure_rows, ("id", "starts_at", "state"), unsure_from),
    "referred": (referred_rows, REFERRED, referred_from),
    "introduced": (introduced_rows, INTRODUCED, introduced_from),
    **{name: (rows, columns, lambda found, _customer: found) for name, (rows, columns) in FACTS.items()},
    "stands": (_stands, ("state", "state_since", "state_reason"), _stands_from),
    "around": (around_rows, AROUND, around_from),
    "twin": (twin_rows, TWIN, twin_from),
    "addresses": (address_rows, ADDRESSES, addresses_from),
    "said": (said_rows, SAID, said_from),
    "asks": (asks_rows, ASKS, asks_from),
    "agreed": (agreed_rows, AGREED, agreed_from),
}


def _parts(values: list[Any], customer: Customer) -> dict[str, Any]:
    """Return the `PARTS` of a card by name."""
    return {
        name: made_of(parsed(value) or [], customer)
        for (name, (_rows, _columns, made_of)), value in zip(PARTS.items(), values, strict=True)
    }


def _about() -> Any:
    """Return the query for whether they are a child and for all `PARTS`: one row, a column each."""
    parts = (gathered(rows(), *columns) for rows, columns, _made_of in PARTS.values())
    return Customer.select(Customer.child, *parts).where(Customer.id == ":customer")


_ABOUT = Prepared(_about)
_NOTES = Prepared(_written)
_VISITS = Prepared(_came)
_EARLIER = Prepared(_before)
