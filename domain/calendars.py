"""The calendars of a shop: those from which appointments come, the questions they leave, and the one that goes out.

How entries become appointments stands in `calendar_entries.py`, and whose they are in `calendar_matching.py`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from peewee import JOIN, fn

import clock
from domain import appointments, calendar_entries, calendar_matching, contacts, links
from domain.actions import Asked, Conflict, Refused, Unknown, does
from domain.calendar_entries import HELD, as_it_stands, differs, is_both, moved
from domain.states import is_living
from models import (
    CALENDARS,
    CONTACTS,
    TABLES,
    Action,
    Appointment,
    Calendar,
    CalendarEntry,
    Consent,
    Contact,
    Customer,
    SearchWord,
    Shop,
    Usual,
    Visit,
    folded,
    one_line,
)
from words import _, calendars as told

FOREVER = date(9999, 12, 31)  # an address of a feed ends when the owner asks for a new one
FEED_BACK, FEED_AHEAD = timedelta(days=30), timedelta(days=366)
CANCELLED_KEPT = timedelta(days=7)  # a cancelled time is told so long after it would have been
ASKED_AT_ONCE = 20
LONGEST = 2000


# -- the acts


@does("calendar.add", "calendars", recorded=("calendar",))
def add(asked: Asked) -> dict[str, Any]:
    """Add a calendar: its `kind` (address or caldav), `url`, `account`, `password`, `with`, `two_way` and a `name`."""
    kind = asked.choice("kind", CALENDARS[1:], "address")
    calendar = Calendar(shop=asked.shop, kind=kind, name="", **_typed(asked, kind, None))
    calendar.name = named(asked.text("name", required=False), calendar.url)
    same = (Calendar.shop == asked.shop.id) & (Calendar.url == calendar.url) & Calendar.ended_at.is_null()
    if Calendar.select().where(same).exists():
        raise Conflict(_("This calendar is read already."))
    calendar.save()
    return {"calendar": str(calendar.id)}


@does("calendar.change", "calendars", recorded=("calendar",))
def change(asked: Asked) -> dict[str, Any]:
    """Change how a calendar is reached, or whose it is; a password that is left out stays, unless the address is another."""
    calendar = _theirs(asked)
    was = {"name": calendar.name, "url": calendar.url, "account": calendar.account}
    was |= {"with": calendar.with_whom, "two_way": calendar.two_way}
    typed = _typed(asked, calendar.kind, calendar)
    if typed["url"] != calendar.url:
        calendar.token = ""
        if _server(typed["url"]) != _server(calendar.url) and not typed["password"]:
            typed["account"] = ""  # what was for one server is not sent to another
        else:
            typed["password"] = typed["password"] or calendar.password
    else:
        typed["password"] = typed["password"] or calendar.password
    typed["name"] = named(asked.text("name", required=False), typed["url"])
    for name, value in {**typed, "trouble": "", "tried_at": None}.items():
        setattr(calendar, name, value)
    calendar.save()
    return {"calendar": str(calendar.id), "was": was}


@does("calendar.remove", "calendars", recorded=("calendar",))
def remove(asked: Asked) -> dict[str, Any]:
    """Read a calendar no more. What it brought stays booked."""
    calendar = _theirs(asked)
    if calendar.ended_at is not None:
        raise Conflict(_("This calendar is removed already."))
    Calendar.update(ended_at=asked.act.at).where(Calendar.id == calendar.id).execute()
    return {"calendar": str(calendar.id)}


@does("calendar.restore", "calendars", recorded=("calendar",))
def restore(asked: Asked) -> dict[str, Any]:
    """Read a calendar again that was removed, all of it anew."""
    calendar = _theirs(asked)
    if calendar.ended_at is None:
        raise Conflict(_("This calendar is read already."))
    Calendar.update(ended_at=None, token="", tried_at=None).where(Calendar.id == calendar.id).execute()
    return {"calendar": str(calendar.id)}


@does("calendar.renew", "calendars", recorded=())
def renew(asked: Asked) -> dict[str, Any]:
    """Give the shop's calendar new addresses; those given out before end at once. `back` (what was) takes that back."""
    was = Shop.select(Shop.calendar_version).where(Shop.id == asked.shop.id).scalar()
    back = asked.act.data.get("back")
    if back in (None, ""):
        version = was + 1
    elif str(back).isascii() and str(back).isdecimal() and int(str(back)[:9]) == was - 1:
        version = was - 1
    else:
        raise Conflict(_("There is a newer address since then. It stays."))
    Shop.update(calendar_version=version).where(Shop.id == asked.shop.id).execute()
    return {"was": was}


@does("calendar.whose")
def whose(asked: Asked) -> dict[str, Any]:
    """Say whose an entry is: a `customer`, somebody new of a `name`, or (`nobody`) nobody's. It holds for its whole series,
    what is still to come in it as well."""
    entry, calendar = _entry(asked)
    asked_about = _same_series(entry).where(CalendarEntry.state == "unsure")
    rows = list(asked_about.order_by(CalendarEntry.starts_at))
    if not rows:
        raise Conflict(_("That was answered already."))
    made = ""
    if asked.flag("nobody"):
        numbers = [row.id for row in rows]
        CalendarEntry.update(state="ignored", customer=None, reached="").where(CalendarEntry.id.in_(numbers)).execute()
        return {"entry": str(entry.id)}
    if asked.act.data.get("customer"):
        customer = asked.customer()
    else:
        customer = Customer.create(business=calendar.shop.business_id, name=asked.text("name"), created_at=asked.act.at)
        made = str(customer.id)
        _write_down(asked, customer, rows)
    if not is_living(customer.state):
        raise Refused(told.has_died(customer.called))
    customer.hold()  # before the shop, as whoever books does
    taken = calendar_entries.Taken()
    here = calendar_entries._Here(calendar, taken, past=False)
    for row in rows:
        here.book(row, customer, row.uid)
    here.tell()
    return asked.told(customer, {"entry": str(entry.id), "customer": str(customer.id), "made": made})


@does("calendar.ask_again")
def ask_again(asked: Asked) -> dict[str, Any]:
    """Take back whose an entry is: what was booked by that answer goes, and the question stands again. Somebody whom the
    answer had `made` goes too, while nothing else is known of them."""
    entry, _calendar = _entry(asked)
    answered = (CalendarEntry.state == "ignored") & CalendarEntry.customer.is_null() | CalendarEntry.state.in_(HELD)
    rows = list(_same_series(entry).where(answered))
    if not rows:
        raise Conflict(_("This question stands already."))
    numbers = [row.appointment_id for row in rows if row.appointment_id]
    whom = next((row.customer for row in rows if row.customer_id), None)
    of_these = CalendarEntry.id.in_([row.id for row in rows])
    CalendarEntry.update(state="unsure", customer=None, appointment=None).where(of_these).execute()
    of_it = (Appointment.id.in_(numbers)) & Appointment.author.is_null()  # one that was booked here by somebody stays
    for ours in Appointment.select().where(of_it):
        appointments.unmake(ours)
    given = {(kind, known) for row in rows for kind, _text, known in _one_of_each(row, entry.calendar.shop)}
    came = {one.id for one in whom.contacts if (one.kind, one.known) in given} if whom is not None else set()
    if (
        whom is not None
        and str(asked.act.data.get("made", "")) == str(whom.id)
        and not known_besides(
            [whom.id], {Contact: came, Consent: {one.id for one in whom.consents if one.how == "import"}}
        )
    ):
        whom.delete_instance()
    elif whom is not None:
        asked.told(whom)
    return {"entry": str(entry.id)}


@does("calendar.settle")
def settle(asked: Asked) -> dict[str, Any]:
    """End a clash: `how` is theirs (ours goes where it is in their calendar), ours (it stays where it is here) or both (two at
    one time, and that is right)."""
    entry, calendar = _entry(asked)
    row = (
        CalendarEntry.select(CalendarEntry, Appointment)
        .join(Appointment)
        .where(CalendarEntry.id == entry.id)
        .get_or_none()
    )
    if row is None or row.state != "clash":
        raise Conflict(_("That is settled already."))
    how = asked.choice("how", ("theirs", "ours", "both"), "")
    ours, was = row.appointment, as_it_stands(row.appointment)
    ours.customer.hold()
    if how == "theirs" and is_both(row):
        if not is_living(ours.customer.state):
            raise Refused(told.has_died(ours.customer.called))
        ours.state = "booked"
        moved(ours)
        length = int((row.ends_at - row.starts_at).total_seconds() // 60)
        appointments.book(ours, calendar.shop, row.starts_at, length, squeezed=True)
    CalendarEntry.update(state="matched").where(CalendarEntry.id == row.id).execute()
    return asked.told(ours.customer, {"entry": str(row.id), "was": was})


@does("calendar.unsettle")
def unsettle(asked: Asked) -> dict[str, Any]:
    """Let a clash stand again that was settled, with the appointment where it `was`."""
    entry, calendar = _entry(asked)
    row = (
        CalendarEntry.select(CalendarEntry, Appointment)
        .join(Appointment)
        .where(CalendarEntry.id == entry.id)
        .get_or_none()
    )
    if row is None or row.state != "matched":
        raise Conflict(_("That is not settled."))
    ours = row.appointment
    ours.customer.hold()
    starts = asked.instant("starts_at")
    if starts is not None and starts != ours.starts_at:
        moved(ours)
        appointments.book(ours, calendar.shop, starts, appointments.length_of(ours), squeezed=True)
    CalendarEntry.update(state="clash").where(CalendarEntry.id == row.id).execute()
    return asked.told(ours.customer, {"entry": str(row.id)})


def addresses(entry: CalendarEntry) -> list[tuple[str, str]]:
    """Return the addresses that stand in an entry of which nobody knows whose it is: kind and text."""
    return [(kind, text) for kind, _space, text in (line.partition(" ") for line in entry.reached.splitlines())]


def _one_of_each(entry: CalendarEntry, shop: Shop) -> list[tuple[str, str, str]]:
    """Return the address of each kind that an entry has but one of: of several nobody can say whose they are."""
    found = []
    for kind in CONTACTS:
        texts = [text for one, text in addresses(entry) if one == kind]
        if len(texts) == 1:
            with suppress(ValueError):
                found.append((kind, texts[0], contacts.compared(kind, texts[0], shop.zone)))
    return found


def _write_down(asked: Asked, customer: Customer, rows: list[CalendarEntry]) -> None:
    """Write down for somebody new where their entries say that they are reached, with what was refused there."""
    given = {(kind, known): text for row in rows for kind, text, known in _one_of_each(row, asked.shop)}
    for (kind, known), text in given.items():
        refused = contacts.refused_at(customer.business_id, kind, known)
        Contact.create(customer=customer, kind=kind, address=text, known=known, author=asked.staff, at=asked.act.at)
        contacts.refuse(customer, refused, asked.act.at)


def nothing_known(customer: Customer) -> bool:
    """Say whether nothing is written down about somebody but their name."""
    return not known_besides([customer.id], {})


def known_besides(numbers: Iterable[int], but: dict[Any, set[int]]) -> set[int]:
    """Return those of whom anything is written down besides their name and some rows, by table."""
    people, found = list(numbers), set()
    for start in range(0, len(people), 500):
        part = people[start : start + 500]
        for model in TABLES:
            if model in (SearchWord, CalendarEntry, Action):
                continue
            for column in model._meta.refs:
                if column.rel_model is Customer:
                    rows = model.select(column, model.id).where(column.in_(part)).tuples()
                    found |= {whom for whom, row in rows if row not in but.get(model, ())}
        touched = (Customer.pronoun != "") | Customer.child.is_null(False)
        found |= {one for (one,) in Customer.select(Customer.id).where(Customer.id.in_(part) & touched).tuples()}
    return found


# -- what an act says


def _theirs(asked: Asked) -> Calendar:
    number = asked.id_of("calendar")
    calendar: Calendar | None = Calendar.get_or_none((Calendar.id == number) & (Calendar.shop == asked.shop.id))
    if calendar is None:
        raise Unknown(_("There is no such calendar. It may have been removed."))
    return calendar


def _entry(asked: Asked) -> tuple[CalendarEntry, Calendar]:
    found = (
        CalendarEntry.select(CalendarEntry, Calendar, Shop)
        .join(Calendar)
        .join(Shop)
        .where((CalendarEntry.id == asked.id_of("entry")) & Calendar.shop.in_(asked.staff.shops.select(Shop.id)))
        .get_or_none()
    )
    if found is None:
        raise Unknown(_("There is no such entry. It may have been removed."))
    asked.shop = found.calendar.shop
    return found, found.calendar


def _same_series(entry: CalendarEntry) -> Any:
    return CalendarEntry.select().where(
        (CalendarEntry.calendar == entry.calendar_id) & (CalendarEntry.uid == entry.uid)
    )


def _typed(asked: Asked, kind: str, known: Calendar | None) -> dict[str, Any]:
    """Return what was typed about a calendar. Raises Refused."""
    url = plain(asked.text("url", required=False))
    if kind == "file" and known is not None:
        url = known.url
    else:
        parts = _server(url)
        if not parts or len(url) > LONGEST or any(c.isspace() for c in url) or "@" in urlsplit(url).netloc:
            raise Refused(
                _("An address begins with https:// and has no spaces. Copy it whole from the other calendar.")
            )
    return {
        "url": url,
        "account": one_line(asked.text("account", required=False)),
        "password": asked.text("password", required=False)[:500],
        "with_whom": one_line(asked.text("with", required=False))[:100],
        "two_way": asked.flag("two_way") and kind == "caldav",
    }


def plain(url: str) -> str:
    """Return an address as it is asked for: what calendars call a subscription is one of the web."""
    return "https://" + url.split("://", 1)[1] if url.lower().startswith(("webcal://", "webcals://")) else url


def _server(url: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(url)
        _valid = parts.port  # raises for one that there cannot be
        return (parts.scheme, parts.netloc.lower()) if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


def named(name: str, url: str) -> str:
    """Return what a calendar is called: as somebody says, else as its server."""
    return one_line(name)[:100] or urlsplit(url).hostname or _("Calendar")


# -- the page


@dataclass(frozen=True, slots=True)
class KnownBy:
    """What tells somebody from others of their name: what they have here, when they were here last, and their number's end."""

    usual: str
    seen: date | None
    digits: str


def known_by(shop: Shop, people: list[int]) -> dict[int, KnownBy]:
    """Return what tells each of these people from others. Three queries."""
    usuals = Usual.select(Usual.customer, Usual.text).where((Usual.shop == shop.id) & Usual.customer.in_(people))
    came = (Visit.shop == shop.id) & Visit.customer.in_(people)
    seen = Visit.select(Visit.customer, fn.MAX(Visit.day)).where(came).group_by(Visit.customer)
    has = Contact.customer.in_(people) & (Contact.kind == "phone")
    numbers = Contact.select(Contact.customer, Contact.known).where(has).order_by(Contact.id)
    usual, day, number = dict(usuals.tuples()), dict(seen.tuples()), dict(numbers.tuples())
    return {one: KnownBy(usual.get(one, ""), day.get(one), number.get(one, "")[-4:]) for one in people}


@dataclass(frozen=True, slots=True)
class Asking:
    """An entry of which nobody knows whose it is: who may be meant, and how many more there are of its series."""

    entry: CalendarEntry
    candidates: list[Customer]
    more: int
    known: dict[int, KnownBy] = field(default_factory=dict)  # of the candidates

    @property
    def addresses(self) -> list[str]:
        return [text for _kind, text in addresses(self.entry)]


def of_shop(shop: Shop) -> list[Calendar]:
    """Return the calendars that are read for a shop, in the order they were added. One query."""
    return list(Calendar.select().where((Calendar.shop == shop.id) & Calendar.ended_at.is_null()).order_by(Calendar.id))


def _waiting(shop: Shop, now: datetime) -> Any:
    standing = (Calendar.shop == shop.id) & Calendar.ended_at.is_null()
    return standing & (CalendarEntry.state == "unsure") & (CalendarEntry.ends_at > now)


def waiting(shop: Shop, now: datetime) -> int:
    """Return how many entries, each series once, wait for somebody to say whose they are. One query."""
    asked = CalendarEntry.select(CalendarEntry.calendar, CalendarEntry.uid).join(Calendar).where(_waiting(shop, now))
    return len(set(asked.tuples()))


def questions(shop: Shop, now: datetime) -> list[Asking]:
    """Return the entries of which somebody has to say whose they are, the next first, each series once."""
    rows = (
        CalendarEntry.select(CalendarEntry, Calendar)
        .join(Calendar)
        .where(_waiting(shop, now))
        .order_by(CalendarEntry.starts_at, CalendarEntry.id)
    )
    first: dict[tuple[int, str], list[CalendarEntry]] = {}
    for row in rows:
        first.setdefault((row.calendar_id, row.uid), []).append(row)
    asked = [
        Asking(of_it[0], calendar_matching.candidates(shop, of_it[0].summary, of_it[0].customer), len(of_it) - 1)
        for of_it in list(first.values())[:ASKED_AT_ONCE]
    ]
    known = known_by(shop, sorted({who.id for one in asked for who in one.candidates}))
    return [replace(one, known={who.id: known[who.id] for who in one.candidates}) for one in asked]


@dataclass(frozen=True, slots=True)
class Clash:
    """An entry that stands beside one of ours (`other`), or whose appointment was changed here and there (`other` is None)."""

    entry: CalendarEntry
    other: Appointment | None


def clashes(shop: Shop, now: datetime) -> list[Clash]:
    """Return what stands against something of ours and is still to come."""
    found = []
    for row in _held(shop, now, ("clash",)):
        other = None
        ours = row.appointment
        if not is_both(row):
            slot = folded(ours.with_whom)
            other = appointments.clash(shop, slot, ours.starts_at, ours.ends_at, ours.id)
        found.append(Clash(row, other))
    return found


def left_to_do(shop: Shop, now: datetime) -> list[CalendarEntry]:
    """Return what was changed here and stands otherwise in a calendar that we cannot write, or is there no more."""
    found = []
    for row in _held(shop, now, ("matched", "gone")):
        if row.calendar.kind == "file":
            continue
        if row.state == "gone":
            if row.appointment.state == "booked" and not _stands_elsewhere(row):
                found.append(row)
        elif differs(row) and not row.calendar.two_way:
            found.append(row)
    return found


def _stands_elsewhere(row: CalendarEntry) -> bool:
    other = (CalendarEntry.appointment == row.appointment_id) & CalendarEntry.state.in_(HELD)
    return CalendarEntry.select().where(other).exists()


def _held(shop: Shop, now: datetime, states: tuple[str, ...]) -> list[CalendarEntry]:
    return list(
        CalendarEntry.select(CalendarEntry, Calendar, Appointment, Customer)
        .join(Calendar)
        .switch(CalendarEntry)
        .join(Appointment)
        .join(Customer)
        .where(
            (Calendar.shop == shop.id)
            & Calendar.ended_at.is_null()
            & CalendarEntry.state.in_(states)
            & ((CalendarEntry.starts_at > now) | (Appointment.starts_at > now))
        )
        .order_by(Appointment.starts_at)
        .limit(100)
    )


def came_from(numbers: Iterable[int]) -> dict[int, str]:
    """Return from which calendar appointments came, by appointment; those that were booked here are not among them. One query."""
    rows = (
        CalendarEntry.select(CalendarEntry.appointment, Calendar.name)
        .join(Calendar)
        .switch(CalendarEntry)
        .join(Appointment, JOIN.INNER)
        .where(CalendarEntry.appointment.in_(list(numbers)) & Appointment.author.is_null())
        .order_by(CalendarEntry.id.desc())
    )
    return dict(rows.tuples())


def forget_secrets(now: datetime) -> None:
    """Forget the passwords of calendars that were removed a day ago: until then that can be undone."""
    over = (Calendar.ended_at < now - timedelta(days=1)) & (Calendar.password != "")
    Calendar.update(password="", token="").where(over).execute()


# -- the calendar that goes out


@dataclass(frozen=True, slots=True)
class Feed:
    """What an address of ours stands for: a shop's appointments, or of those the ones with somebody; with `names` or without."""

    shop: Shop
    whom: str
    names: bool


@dataclass(frozen=True, slots=True)
class Out:
    """One appointment as others may read it: never what it is for."""

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    name: str
    cancelled: bool
    stamp: datetime


def people_named(shop: Shop, now: datetime) -> list[str]:
    """Return with whom appointments are in a shop these days, by name. One query."""
    lately = (Appointment.shop == shop.id) & (Appointment.starts_at > now - FEED_BACK) & (Appointment.with_whom != "")
    rows = Appointment.select(Appointment.with_whom).where(lately).distinct().tuples()
    named: dict[str, str] = {}
    for (whom,) in sorted(rows):
        named.setdefault(folded(whom), whom)
    return list(named.values())


def feed_secret(shop: Shop, whom: str, names: bool) -> str:
    """Return the secret part of the address of a feed. It tells nobody's name."""
    version = Shop.select(Shop.calendar_version).where(Shop.id == shop.id).scalar()
    kind = "feed" if names else "busy"
    return links.sign(shop.business_id, kind, shop.id, version, _number(whom), until=FOREVER)


def _number(whom: str) -> int:
    return zlib.crc32(folded(whom).encode()) if whom else 0


def feed_by_secret(secret: str) -> Feed | None:
    """Return what an address is for; None where it is not ours or a newer one has been given out. Up to four queries."""
    kind = secret.partition("-")[0]
    numbers = links.read(secret, kind, clock.now().date()) if kind in ("feed", "busy") else None
    if numbers is None or len(numbers) != 3:
        return None
    number, version, whom = numbers
    shop = Shop.get_or_none((Shop.id == number) & (Shop.calendar_version == version))
    if shop is None:
        return None
    if not whom:
        return Feed(shop, "", kind == "feed")
    rows = Appointment.select(Appointment.with_whom).where(Appointment.shop == shop.id).distinct().tuples()
    name = next((name for (name,) in rows if name and _number(name) == whom), None)
    return Feed(shop, name, kind == "feed") if name else None


def outgoing(feed: Feed, now: datetime) -> list[Out]:
    """Return the appointments of a feed from a month ago to a year ahead, cancelled ones until a week after their time."""
    shop = feed.shop
    span = Appointment.starts_at.between(now - FEED_BACK, now + FEED_AHEAD)
    stands = (Appointment.state != "cancelled") | (Appointment.starts_at > now - CANCELLED_KEPT)
    rows = (
        Appointment.select(Appointment, Customer)
        .join(Customer)
        .where((Appointment.shop == shop.id) & span & stands)
        .order_by(Appointment.starts_at, Appointment.id)
    )
    whom = folded(feed.whom)
    return [
        Out(
            one.uid or f"appointment-{one.id}",
            one.sequence,
            one.starts_at,
            one.ends_at or one.starts_at + timedelta(minutes=appointments.MINUTES),
            one.customer.called if feed.names else "",
            one.state == "cancelled",
            one.at or one.starts_at,
        )
        for one in rows
        if not whom or folded(one.with_whom) == whom
    ]
