"""What comes from somebody's calendar, and what of ours goes back: one row remembers each occurrence, as it stood there last.

So both sides' changes are told apart: what differs from the row there was changed by them, what differs from it here was
changed by us. Theirs is taken in, ours is written back where the calendar lets us; where both were changed nobody wins
unasked. What is missing is only taken for gone where the reading was whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from peewee import JOIN

import clock
from domain import appointments, expected
from domain.appointments import LONGEST, MINUTES
from domain.calendar_matching import whose
from domain.states import is_living
from models import Appointment, Calendar, CalendarEntry, Customer, Shop, db, folded, is_postgres, one_line

CHUNK = 100  # entries of one transaction: others who write wait no longer than for these
AHEAD = timedelta(days=366)
SHOWN = 3  # addresses of a kind that a question shows
MOST = 2_000  # entries taken in from one calendar
HELD = ("matched", "clash")  # an appointment of ours stands for it


@dataclass(frozen=True, slots=True)
class Found:
    """An entry as it stands in a calendar (`outside.ics.Entry`), and on a server where and under which tag."""

    entry: Any
    href: str = ""
    etag: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.entry.uid, self.entry.recurrence_id


@dataclass(slots=True)
class Taken:
    """What came of taking entries in: total = added + updated + skipped. `left` says of those skipped why; the journal holds
    what is needed to take it all back."""

    total: int = 0
    added: int = 0
    updated: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)  # (code, summary)
    same: int = 0
    made: list[int] = field(default_factory=list)
    was: list[list[Any]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    customers: dict[int, Customer] = field(default_factory=dict)

    @property
    def skipped(self) -> int:
        return len(self.left) + self.same

    @property
    def changed(self) -> bool:
        return bool(self.added or self.updated or self.rows)


class Superseded(Exception):
    """Somebody else has read the calendar since this reading began: what we have is older."""


def take_in(
    calendar: Calendar,
    found: Iterable[Found],
    is_gone: Callable[[CalendarEntry], bool],
    at_most: int = MOST,
    past: bool = False,
) -> Taken:
    """Bring what is booked here in line with a calendar's entries, and return what came of it.

    `is_gone` says of a row whose entry was not among them whether it is in the calendar no more. With `past` what is over
    is taken in as well, of those who are known for sure. Raises Superseded.
    """
    taken, left = Taken(), iter(list(found))
    seen: set[tuple[str, str]] = set()
    while chunk := list(islice(left, CHUNK)):
        with db.atomic():
            here = _Here(calendar, taken, past)
            here.look_at(chunk)
            for one in chunk:
                taken.total += 1
                if taken.total > at_most:
                    taken.left.append(("too-many-entries", one.entry.summary))
                    seen.add(one.key)
                    continue
                if one.key in seen:
                    taken.same += 1
                    continue
                seen.add(one.key)
                here.take(one)
            here.tell()
    with db.atomic():
        here = _Here(calendar, taken, past)
        here.hold(row.customer_id for row in here.rows.values())
        for row in list(here.rows.values()):
            if (row.uid, row.recurrence) not in seen and row.starts_at > here.now and is_gone(row):
                here.take_away(row)
        here.tell()
    return taken


class _Here:
    """A calendar's rows, held for one transaction, and what is done about its entries."""

    def __init__(self, calendar: Calendar, taken: Taken, past: bool) -> None:
        if is_postgres():
            list(Calendar.select(Calendar.id).where(Calendar.id == calendar.id).for_update().tuples())
        if Calendar.select(Calendar.token).where(Calendar.id == calendar.id).scalar() != calendar.token:
            raise Superseded
        self.calendar, self.shop, self.taken, self.past = calendar, calendar.shop, taken, past
        self.now = clock.now()
        of_it = CalendarEntry.select(CalendarEntry, Appointment).join(Appointment, JOIN.LEFT_OUTER)
        self.rows = {(r.uid, r.recurrence): r for r in of_it.where(CalendarEntry.calendar == calendar.id)}
        self.of_uid: dict[str, list[CalendarEntry]] = {}
        for row in self.rows.values():
            self.of_uid.setdefault(row.uid, []).append(row)
        self.touched: dict[int, Customer] = {}
        self.said: dict[tuple[str, str], tuple[Customer | None, str]] = {}

    def look_at(self, chunk: list[Found]) -> None:
        """Find out whose entries are before any is booked: people are held first and the shop after them, as by all who book."""
        numbers = []
        for one in chunk:
            row = self.rows.get(one.key)
            if row is None or row.state not in HELD:
                customer, _state = self.said[one.key] = self._whose(one.entry, row)
                numbers.append(customer.id if customer else None)
            else:
                numbers.append(row.customer_id)
        self.hold(numbers)

    def hold(self, numbers: Iterable[int | None]) -> None:
        """Let nobody book for these people, or change them, until the transaction ends; SQLite's hold everything anyway."""
        some = sorted({number for number in numbers if number is not None})
        if is_postgres() and some:
            held = Customer.select(Customer.id).where(Customer.id.in_(some)).order_by(Customer.id)
            list(held.for_update("FOR KEY SHARE").tuples())

    # -- one entry

    def take(self, one: Found) -> None:
        entry, row = one.entry, self.rows.get(one.key)
        starts, ends = times_of(entry)
        if row is not None and row.state in HELD and row.appointment is not None:
            self._again(row, one, starts, ends)
            return
        if entry.status == "cancelled":
            self._leave("cancelled", entry)
            return
        if entry.all_day or ends - starts > timedelta(minutes=LONGEST):
            self._leave("whole-day", entry)
            return
        if row is not None and row.state in HELD:  # whoever it was has been erased: they do not come back by this
            self.taken.same += 1
            return
        if row is None:
            ours = self._ours(entry)
            if ours is not None:
                self._link(one, starts, ends, ours)
                return
        customer, state = self.said.get(one.key) or self._whose(entry, row)
        if ends <= self.now and (not self.past or state != "matched"):
            self._leave("past" if state != "ignored" else "left-out", entry)
            return
        known = row is not None
        row = self._row(row, one, starts, ends, state, customer)
        if state == "matched":
            assert customer is not None
            self.book(row, customer, entry.uid)
            self.taken.updated += known
            self.taken.added += not known
        elif state == "unsure":
            self._leave("whose", entry)
        else:
            self._leave("left-out" if customer is None else "has-died", entry)

    def _leave(self, code: str, entry: Any) -> None:
        self.taken.left.append((code, entry.summary))

    def _ours(self, entry: Any) -> Appointment | None:
        """Return the appointment that bears an entry's name: written there by us, read from our own feed, or in two calendars."""
        if entry.recurrence_id:
            return None
        theirs = (Appointment.uid == entry.uid) & (Appointment.shop == self.shop.id)
        ours: Appointment | None = Appointment.get_or_none(theirs)
        return ours

    def _link(self, one: Found, starts: datetime, ends: datetime, ours: Appointment) -> None:
        held = CalendarEntry.select().where(CalendarEntry.appointment == ours.id).exists()
        if ours.state == "cancelled" and ours.author_id is None and not held and ends > self.now:
            # A file was taken back after they had been told of it; here it is again
            row = self._row(None, one, starts, ends, "matched", None)
            row.appointment = ours
            self._keep(ours)
            self.book(row, Customer.get_by_id(ours.customer_id), one.entry.uid)
            self.taken.updated += 1
            return
        theirs_is_newer = self.calendar.two_way and one.entry.sequence > ours.sequence
        row = self._row(None, one, starts, ends, "matched", None)
        row.customer, row.appointment = ours.customer_id, ours
        row.save()
        if theirs_is_newer and ours.state == "booked" and (starts, ends) != (ours.starts_at, ours.ends_at):
            self._move(row, ours, starts, ends)
            self.taken.updated += 1
        else:
            self.taken.same += 1

    def _whose(self, entry: Any, row: CalendarEntry | None) -> tuple[Customer | None, str]:
        """Return whose an entry is and the state that follows: as somebody answered before, else as it says itself."""
        for other in self.of_uid.get(entry.uid, ()):
            if other.state == "ignored" and other.customer_id is None:
                return None, "ignored"
            if other.state in (*HELD, "gone") and other.customer_id is not None:
                return self._living(Customer.get_by_id(other.customer_id))
        found = whose(self.shop, entry)
        if found.customer is not None and found.sure:
            return self._living(found.customer)
        return found.customer, "unsure"

    def _living(self, customer: Customer) -> tuple[Customer, str]:
        return customer, "matched" if is_living(customer.state) else "ignored"

    def _row(
        self, row: CalendarEntry | None, one: Found, starts: datetime, ends: datetime, state: str, whom: Customer | None
    ) -> CalendarEntry:
        entry = one.entry
        new = row is None
        if row is None:
            row = CalendarEntry(calendar=self.calendar, uid=entry.uid, recurrence=entry.recurrence_id, at=self.now)
        said = {"href": one.href, "etag": one.etag, "sequence": entry.sequence, "starts_at": starts, "ends_at": ends}
        said |= {"reached": reached(entry) if state == "unsure" else ""}
        for name, value in {**said, "summary": entry.summary, "state": state, "customer": whom}.items():
            setattr(row, name, value)
        row.save()
        if new:
            self.rows[one.key] = row
            self.of_uid.setdefault(entry.uid, []).append(row)
            self.taken.rows.append(row.id)
        return row

    # -- what stands here for it

    def book(self, row: CalendarEntry, customer: Customer, uid: str) -> None:
        """Book what an entry says for somebody; beside what has its time already, and then that is told."""
        before = row.appointment
        if before is not None and before.state == "cancelled" and before.customer_id == customer.id:
            self._keep(before)
            before.state, before.with_state = "booked", False
            before.sequence += 1
            one = before
        else:
            same = self._the_same(row, customer)
            if same is not None:
                row.appointment, row.state, row.customer = same, "matched", customer
                row.save()
                return
            taken = row.recurrence or Appointment.select().where(Appointment.uid == uid).exists()
            one = Appointment(
                customer=customer, shop=self.shop, with_whom=self.calendar.with_whom, at=self.now,
                uid=None if taken else uid,
            )  # fmt: skip
        self._place(row, one, row.starts_at, row.ends_at)
        if one is not before:
            self.taken.made.append(one.id)
        row.appointment, row.customer = one, customer
        row.save()
        self._touch(customer)

    def _the_same(self, row: CalendarEntry, customer: Customer) -> Appointment | None:
        """Return an appointment of ours that somebody booked here as well as there: the same person, begin and with whom."""
        linked = (
            CalendarEntry.select(CalendarEntry.appointment)
            .join(Calendar)
            .where(CalendarEntry.appointment.is_null(False) & Calendar.ended_at.is_null())
        )
        alike = (
            (Appointment.customer == customer.id)
            & (Appointment.shop == self.shop.id)
            & (Appointment.starts_at == row.starts_at)
            & (Appointment.state == "booked")
            & Appointment.id.not_in(linked)
        )
        wanted = folded(self.calendar.with_whom)
        return next(
            (one for one in Appointment.select().where(alike) if folded(one.with_whom) in ("", wanted) or not wanted),
            None,
        )

    def _place(self, row: CalendarEntry, one: Appointment, starts: datetime, ends: datetime) -> None:
        """Put an appointment at a time: in its slot where that is free, else beside whatever is there."""
        row.state = "matched"
        appointments.hold(self.shop)
        other = appointments.clash(self.shop, folded(one.with_whom), starts, ends, one.id)
        appointments.book(one, self.shop, starts, _minutes(starts, ends), squeezed=True)
        if other is not None and not self._came_from_here(other):
            row.state = "clash"

    def _came_from_here(self, other: Appointment) -> bool:
        """Say whether an appointment is of this very calendar, which may well have two at one time."""
        of_it = (CalendarEntry.calendar == self.calendar.id) & (CalendarEntry.appointment == other.id)
        return other.author_id is None and CalendarEntry.select().where(of_it).exists()

    def _again(self, row: CalendarEntry, one: Found, starts: datetime, ends: datetime) -> None:
        """Take in an entry whose appointment stands here, as it is there now."""
        entry, ours = one.entry, row.appointment
        if entry.status == "cancelled":
            self._note(row, one)
            self.take_away(row)
            return
        if (starts, ends) == (row.starts_at, row.ends_at):
            self._note(row, one)
            if row.state == "clash" and not is_both(row) and self._is_free(ours):
                self._place(row, ours, ours.starts_at, ours.ends_at)
                row.save()
            self.taken.same += 1
            return
        changed_here = differs(row)
        for name, value in (("starts_at", starts), ("ends_at", ends)):
            setattr(row, name, value)
        self._note(row, one)
        if not changed_here:
            self._move(row, ours, starts, ends)
        elif ours.state == "booked" and (ours.starts_at, ours.ends_at) == (starts, ends):
            row.state = "matched"
            row.save()
        else:
            row.state = "clash"
            row.save()
        self.taken.updated += 1

    def _note(self, row: CalendarEntry, one: Found) -> None:
        said = (one.href, one.etag, one.entry.sequence, one.entry.summary, "")
        if (row.href, row.etag, row.sequence, row.summary, row.reached) != said:
            row.href, row.etag, row.sequence, row.summary, row.reached = said
            row.save()

    def _is_free(self, ours: Appointment) -> bool:
        if ours.slot is not None or ours.state != "booked":
            return ours.state == "booked"
        slot = folded(ours.with_whom)
        return appointments.clash(self.shop, slot, ours.starts_at, ours.ends_at, ours.id) is None

    def _move(self, row: CalendarEntry, ours: Appointment, starts: datetime, ends: datetime) -> None:
        self._keep(ours)
        if starts != ours.starts_at:
            moved(ours)
        self._place(row, ours, starts, ends)
        row.save()
        self._touch(Customer.get_by_id(ours.customer_id))

    def take_away(self, row: CalendarEntry) -> None:
        """Take in that an entry is in the calendar no more: its appointment is cancelled, unless it was changed here or another
        calendar has it too."""
        ours = row.appointment
        stands = row.state in HELD and ours is not None and ours.state == "booked"
        if row.state == "gone" or (row.state == "ignored" and row.customer_id is None):
            return
        elsewhere = ours is not None and CalendarEntry.select().join(Calendar).where(
            (CalendarEntry.appointment == ours.id) & (CalendarEntry.id != row.id)
            & CalendarEntry.state.in_(HELD) & Calendar.ended_at.is_null()
        ).exists()  # fmt: skip
        if stands and not differs(row) and not elsewhere:
            self._keep(ours)
            appointments.call_off(ours)
            self._touch(Customer.get_by_id(ours.customer_id))
        self.taken.updated += stands
        if row.state == "unsure":
            row.customer, row.reached = None, ""  # whom it might have been is nothing to go by later
        row.state = "gone"
        row.save()

    def _keep(self, ours: Appointment) -> None:
        """Remember how an appointment stood, so that it can be put back."""
        if ours.id not in self.taken.made and all(ours.id != number for number, _was in self.taken.was):
            self.taken.was.append([ours.id, as_it_stands(ours)])

    def _touch(self, customer: Customer) -> None:
        self.touched[customer.id] = customer

    def tell(self) -> None:
        """Let the phones know: words and lists go by what is booked."""
        for customer in self.touched.values():
            expected.offer_again(customer, self.shop, self.shop.today())
        if self.touched:
            self.shop.changed()
        self.taken.customers |= self.touched
        self.touched = {}


KEPT = ("starts_at", "ends_at", "day", "wall", "state", "slot", "sequence", "service", "with_whom")


def as_it_stands(ours: Appointment) -> dict[str, Any]:
    """Return an appointment's own columns as JSON can hold them."""
    stored = {name: getattr(Appointment, name).db_value(getattr(ours, name)) for name in KEPT}
    return {
        name: value if isinstance(value, (str, int, type(None))) else value.isoformat()
        for name, value in stored.items()
    }


def reached(entry: Any) -> str:
    """Return the addresses of an entry as a question keeps them: a few of each kind."""
    found = [("email", one) for one in entry.emails[:SHOWN]] + [("phone", one) for one in entry.phones[:SHOWN]]
    return "\n".join(f"{kind} {one_line(address)[:254]}" for kind, address in found)


def times_of(entry: Any) -> tuple[datetime, datetime]:
    """Return when an entry begins and ends, in whole minutes of UTC; one that takes no time takes our usual."""
    starts, ends = (when.astimezone(UTC).replace(second=0, microsecond=0) for when in (entry.starts_at, entry.ends_at))
    return starts, ends if ends > starts else starts + timedelta(minutes=MINUTES)


def _minutes(starts: datetime, ends: datetime) -> int:
    return int((ends - starts).total_seconds() // 60)


def moved(ours: Appointment) -> None:
    """Make an appointment fit to be kept at another time: what they said about the one before counts no more."""
    ours.sequence += 1
    for name in ("confirmed_at", "replied_at", "kept_until", "late_minutes"):
        setattr(ours, name, None)
    ours.confirmed_how = ours.reply = ""


def differs(row: CalendarEntry) -> bool:
    """Say whether an appointment was changed here since its calendar was last read or written."""
    ours = row.appointment
    if ours is None:
        return False
    return ours.state == "cancelled" or (ours.starts_at, ours.ends_at) != (row.starts_at, row.ends_at)


def is_both(row: CalendarEntry) -> bool:
    """Say whether a clash is of one appointment that was changed here and there; else it is of two at one time."""
    return row.state == "clash" and differs(row)


# -- what of ours goes back


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be written to a calendar: `kind` is new, move or cancel. `row` is the number of what we know of it there;
    `was` are its times there as we know them."""

    kind: str
    appointment: int
    uid: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    sequence: int
    row: int | None = None
    recurrence: str = ""
    href: str = ""
    etag: str = ""
    was: tuple[datetime, datetime] | None = None


def ours_to_write(calendar: Calendar) -> Iterator[Change]:
    """Yield what was booked, moved and cancelled here and does not stand in a calendar that we may write. Three queries."""
    if not calendar.two_way:
        return
    now, shop = clock.now(), calendar.shop
    held = (
        CalendarEntry.select(CalendarEntry, Appointment, Customer)
        .join(Appointment)
        .join(Customer)
        .where(
            (CalendarEntry.calendar == calendar.id)
            & (CalendarEntry.state == "matched")
            & ((CalendarEntry.starts_at > now) | (Appointment.starts_at > now))
        )
    )
    for row in list(held):
        ours = row.appointment
        if differs(row):
            kind = "cancel" if ours.state == "cancelled" else "move"
            yield Change(
                kind, ours.id, row.uid, ours.starts_at, ours.ends_at, ours.customer.called, ours.sequence, row.id,
                row.recurrence, row.href, row.etag, (row.starts_at, row.ends_at),
            )  # fmt: skip
    linked = (
        CalendarEntry.select(CalendarEntry.appointment)
        .join(Calendar)
        .where(CalendarEntry.appointment.is_null(False) & Calendar.ended_at.is_null())
    )
    ahead = (
        (Appointment.shop == shop.id)
        & (Appointment.state == "booked")
        & (Appointment.starts_at > now)
        & (Appointment.starts_at < now + AHEAD)
        & Appointment.id.not_in(linked)
    )
    others = Calendar.select(Calendar.with_whom).where(
        (Calendar.shop == shop.id) & Calendar.two_way & Calendar.ended_at.is_null() & (Calendar.id != calendar.id)
    )
    named = {folded(whom) for (whom,) in others.tuples()}
    whom = folded(calendar.with_whom)
    new = Appointment.select(Appointment, Customer).join(Customer).where(ahead).order_by(Appointment.starts_at)
    for ours in list(new):
        slot = folded(ours.with_whom)
        if slot != whom and (whom or slot in named):
            continue
        uid = ours.uid or f"appointment-{ours.id}"
        ends = ours.ends_at or ours.starts_at + timedelta(minutes=MINUTES)
        yield Change("new", ours.id, uid, ours.starts_at, ends, ours.customer.called, ours.sequence)


def written(calendar: Calendar, change: Change, href: str, etag: str) -> None:
    """Remember that a change stands in the calendar now; what was cancelled is there no more, and nothing is left to know."""
    with db.atomic():
        if change.kind == "cancel":
            CalendarEntry.delete().where(CalendarEntry.id == change.row).execute()
            return
        said = {"href": href, "etag": etag, "starts_at": change.starts_at, "ends_at": change.ends_at}
        if change.row is not None:
            CalendarEntry.update(**said).where(CalendarEntry.id == change.row).execute()
            return
        ours = Appointment.get_or_none(Appointment.id == change.appointment)
        if ours is None:
            return
        CalendarEntry.insert(
            calendar=calendar.id, uid=change.uid, recurrence="", sequence=change.sequence, summary=change.summary,
            state="matched", customer=ours.customer_id, appointment=ours.id, at=clock.now(), **said,
        ).on_conflict(
            conflict_target=[CalendarEntry.calendar, CalendarEntry.uid, CalendarEntry.recurrence],
            update={**said, "state": "matched", "appointment": ours.id, "customer": ours.customer_id},
        ).execute()  # fmt: skip


# -- what a reading ends with


def ended_well(calendar: Calendar, token: str, refused: list[list[Any]]) -> None:
    done = {"token": token, "read_at": clock.now(), "trouble": "", "refused": refused[:100] or None}
    Calendar.update(**done).where((Calendar.id == calendar.id) & (Calendar.token == calendar.token)).execute()
    calendar.token = token


def ended_badly(calendar: Calendar, code: str) -> None:
    Calendar.update(trouble=code).where(Calendar.id == calendar.id).execute()


def claim(calendar: Calendar, now: datetime) -> bool:
    """Say whether this reading is ours to do: of several that find a calendar due, one is first."""
    expected_ = (Calendar.id == calendar.id) & Calendar.ended_at.is_null()
    before = Calendar.tried_at.is_null() if calendar.tried_at is None else Calendar.tried_at == calendar.tried_at
    return Calendar.update(tried_at=now).where(expected_ & before).execute() == 1


def due(now: datetime, every: timedelta) -> list[Calendar]:
    """Return the calendars that were not tried for so long, longest first."""
    waits = Calendar.tried_at.is_null() | (Calendar.tried_at <= now - every)
    found = Calendar.select(Calendar, Shop).join(Shop).where(
        (Calendar.kind != "file") & Calendar.ended_at.is_null() & waits
    )  # fmt: skip
    return list(found.order_by(Calendar.tried_at.asc(nulls="FIRST")))
