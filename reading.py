"""Reading calendars, and writing back: `outside` speaks to their servers, `domain` says what follows from what they hold.

This runs in threads of its own: a server that keeps us waiting holds up neither lists nor reminders. Nothing is held in
the database while anybody is waited for.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import clock
from domain import calendar_entries, calendars, importing_appointments, outbox
from domain.calendar_entries import MOST, Change, Found, Superseded, Taken
from domain.importing import Refusal, Report
from models import Calendar, CalendarEntry, Shop, db
from words import calendars as told

log = logging.getLogger("regulars.reading")

EVERY = timedelta(minutes=10)
BACK, AHEAD = timedelta(days=1), timedelta(days=183)
FILE_BACK, FILE_AHEAD = timedelta(days=730), timedelta(days=366)
LOOKS_S = 15.0  # how often it is looked whether a calendar is due
THREADS = 2
GIVES_UP = ("read-only", "no-rights", "no-room", "not-found")  # said of one entry, it holds for the others as well
FILE_MOST = 20_000


def allowed_hosts() -> frozenset[str]:
    """Return the hosts in the shop's own network that an address may lead to."""
    return frozenset(os.environ.get("REGULARS_ALLOWED_HOSTS", "").split())


class NotRead(Exception):
    """A calendar could not be read; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_due(allowed: frozenset[str] | None = None) -> int:
    """Read the calendars that are due, one after another, and return how many were ours to read."""
    count = 0
    for calendar in calendar_entries.due(clock.now(), EVERY):
        if calendar_entries.claim(calendar, clock.now()):
            read(calendar, allowed)
            count += 1
    return count


def read_now(calendar: Calendar, allowed: frozenset[str] | None = None) -> None:
    """Read a calendar because somebody asks for it, due or not."""
    Calendar.update(tried_at=clock.now()).where(Calendar.id == calendar.id).execute()
    read(calendar, allowed)


def read(calendar: Calendar, allowed: frozenset[str] | None = None) -> None:
    """Read one calendar and write back what is to be written; what fails is kept with it as a code."""
    hosts = allowed_hosts() if allowed is None else allowed
    try:
        (_read_address if calendar.kind == "address" else _read_server)(calendar, hosts)
    except Superseded:
        return
    except NotRead as error:
        calendar_entries.ended_badly(calendar, error.code)
    except Exception as error:  # of this calendar only: the others are read
        log.error("A calendar could not be read: %s. %s", calendar.id, outbox.place_of(error))
        calendar_entries.ended_badly(calendar, getattr(error, "code", None) or "our-fault")


def _window(calendar: Calendar) -> tuple[date, date]:
    today = calendar.shop.today()
    return today - BACK, today + AHEAD


def _kept_token(calendar: Calendar) -> str:
    """Return what the other side gave us today. Once a day all is read anew: occurrences come within sight by themselves."""
    day, _space, token = calendar.token.partition(" ")
    return token if day == calendar.shop.today().isoformat() else ""


def _token(calendar: Calendar, given: str) -> str:
    return f"{calendar.shop.today().isoformat()} {given}"


# -- an address


def _read_address(calendar: Calendar, hosts: frozenset[str]) -> None:
    from outside import ics, web

    known = _kept_token(calendar)
    try:
        reply = web.fetch(
            "GET", calendar.url, headers={"If-None-Match": known} if known else {}, allowed=hosts,
            user=calendar.account, password=calendar.password,
        )  # fmt: skip
    except web.Unreachable as error:
        raise NotRead(error.code) from None
    if reply.status == 304 and known:
        calendar_entries.ended_well(calendar, calendar.token, calendar.refused or [])
        return
    if reply.status != 200:
        raise NotRead(_code_of(reply.status))
    since, until = _window(calendar)
    found = ics.read(reply.body, zone=calendar.shop.tz, since=since, until=until)
    _raise_for_whole_file(found)
    taken = calendar_entries.take_in(calendar, [Found(one) for one in found.entries], _missing_from(found))
    etag = reply.headers.get("etag", "")
    calendar_entries.ended_well(calendar, _token(calendar, etag), _refused(found) + _too_many(taken))


def _code_of(status: int) -> str:
    codes = {401: "sign-in-refused", 403: "no-rights", 404: "not-found", 410: "not-found", 413: "too-large"}
    return codes.get(status, "server-away" if status >= 500 or status == 429 else "bad-answer")


def _raise_for_whole_file(found: Any) -> None:
    whole = next((one for one in found.refused if not one.line and not one.uid), None)
    if whole is not None and not found.entries:
        raise NotRead(whole.code)


def _missing_from(found: Any) -> Callable[[CalendarEntry], bool]:
    """Return what says of a row that its entry is in a file no more: neither among its entries nor what was refused."""
    refused = {one.uid for one in found.refused}
    return lambda row: found.whole and row.uid not in refused


def _refused(found: Any) -> list[list[Any]]:
    return [[one.line, one.field, one.code] for one in found.refused]


def _too_many(taken: Taken) -> list[list[Any]]:
    return [[0, "VEVENT", "too-many-entries"]] if any(code == "too-many-entries" for code, _s in taken.left) else []


# -- a server


def _read_server(calendar: Calendar, hosts: frozenset[str]) -> None:
    from outside import caldav

    account = caldav.Account(calendar.url, calendar.account, calendar.password, hosts)
    try:
        refused = _take_changes(calendar, account)
        refused += _write(calendar, account)
    except caldav.Trouble as error:
        raise NotRead(error.code) from None
    calendar_entries.ended_well(calendar, calendar.token, refused)


def _take_changes(calendar: Calendar, account: Any) -> list[list[Any]]:
    """Take in what changed on a server since we looked; return what was refused of it."""
    from outside import caldav

    known = _kept_token(calendar)
    of_it = CalendarEntry.select(CalendarEntry.id, CalendarEntry.href, CalendarEntry.etag)
    held = list(of_it.where(CalendarEntry.calendar == calendar.id).tuples())
    before = {number for number, _href, _tag in held}
    tags = {href: etag for _number, href, etag in held if href and etag} if known else None
    got = caldav.changes(account, calendar.url, known, tags)
    refused: list[list[Any]] = [] if got.whole else list(calendar.refused or [])
    if not got.whole:  # what was refused stands until all is read anew, writing apart
        refused = [one for one in refused if one[1] != "PUT"]
    found, gone = _found_in(calendar, got.changed, refused)
    there = {href for href, _tag, _data in got.changed}
    passed_over = False

    def is_gone(row: CalendarEntry) -> bool:
        nonlocal passed_over
        if row.href in gone:
            missing = gone[row.href](row)
        else:
            missing = row.href in got.gone or (got.whole and bool(row.href) and row.href not in there)
        if missing and row.id not in before:  # written while the server was asked: what it says is older
            passed_over = True
            return False
        return missing

    taken = calendar_entries.take_in(calendar, found, is_gone)
    refused += _too_many(taken)
    token = calendar.token if passed_over else _token(calendar, got.token)  # so that it is told again
    calendar_entries.ended_well(calendar, token, refused)
    return refused


def _found_in(
    calendar: Calendar, changed: Any, refused: list[list[Any]]
) -> tuple[list[Found], dict[str, Callable[[CalendarEntry], bool]]]:
    """Return the entries of files on a server, and for each file what says that a row is in it no more."""
    from outside import ics

    since, until = _window(calendar)
    found: list[Found] = []
    gone: dict[str, Callable[[CalendarEntry], bool]] = {}
    for href, etag, data in changed:
        if not data:
            refused.append([0, "VEVENT", "too-large"])
            gone[href] = lambda row: False
            continue
        one = ics.read(data, zone=calendar.shop.tz, since=since, until=until)
        if any(r.code != "not-a-calendar" for r in one.refused):
            refused += _refused(one)
        found += [Found(entry, href, etag) for entry in one.entries]
        gone[href] = _missing_from(one)
    return found, gone


def _write(calendar: Calendar, account: Any) -> list[list[Any]]:
    """Write what was changed here; return what was refused. Of a conflict theirs is read again, and both are shown."""
    refused: list[list[Any]] = []
    for change in calendar_entries.ours_to_write(calendar):
        href = change.href or f"{calendar.url.rstrip('/')}/{quote(change.uid, safe='@')}.ics"
        code = _write_new(calendar, account, change, href) if change.kind == "new" else _edit(calendar, account, change)
        if code:
            refused.append([0, "PUT", code])
            if code in GIVES_UP:
                break
    return refused


def _write_new(calendar: Calendar, account: Any, change: Change, href: str) -> str:
    from outside import caldav, ics

    shop = calendar.shop
    entry = ics.Entry(
        uid=change.uid, sequence=change.sequence, starts_at=shop.local(change.starts_at),
        ends_at=shop.local(change.ends_at), summary=change.summary,
    )  # fmt: skip
    put = caldav.put(account, href, ics.write([entry], name="", zone=shop.tz, method=""), None)
    if put.state == "kept":
        calendar_entries.written(calendar, change, href, put.etag)
        return ""
    if put.code == "exists-already":  # as after we were stopped between writing and remembering it
        _read_again(calendar, account, href)
        return ""
    return put.code


def _edit(calendar: Calendar, account: Any, change: Change) -> str:
    """Move or cancel what stands in their calendar, unless it stands otherwise there than we know."""
    from outside import caldav, ics, ics_editing

    zone = calendar.shop.tz
    there = caldav.get(account, change.href)
    if there is None:
        _read_again(calendar, account, change.href)
        return ""
    etag, data = there
    since, until = _window(calendar)
    read = ics.read(data, zone=zone, since=since, until=until)
    now_there = {(one.uid, one.recurrence_id): calendar_entries.times_of(one) for one in read.entries}
    if now_there.get((change.uid, change.recurrence)) != change.was:
        _read_again(calendar, account, change.href)
        return ""
    tag = etag or change.etag or "*"
    if change.kind == "cancel" and not change.recurrence:
        put = caldav.delete(account, change.href, tag)
    else:
        if change.kind == "cancel":
            edited = ics_editing.without(data, change.uid, change.recurrence, zone)
        else:
            edited = ics_editing.moved(data, change.uid, change.recurrence, change.starts_at, change.ends_at, zone)
        if edited is None:
            return "not-editable"
        put = caldav.put(account, change.href, edited, tag)
    if put.state == "kept":
        calendar_entries.written(calendar, change, change.href, put.etag)
        return ""
    if put.state == "conflict":
        _read_again(calendar, account, change.href)
        return ""
    return put.code


def _read_again(calendar: Calendar, account: Any, href: str) -> None:
    """Take in one file as it stands now, since it is not as we knew it."""
    from outside import caldav

    there = caldav.get(account, href)
    files = [(href, *there)] if there is not None else []
    found, gone = _found_in(calendar, files, [])

    def is_gone(row: CalendarEntry) -> bool:
        return row.href == href and (gone[href](row) if href in gone else True)

    calendar_entries.take_in(calendar, found, is_gone)


# -- a file


def read_file(calendar: Calendar, data: bytes, at_most: int = MOST) -> tuple[Taken, list[Any]]:
    """Take in a file; return what came of it and what was refused. What is missing is not taken for gone. Raises NotRead."""
    from outside import ics

    today = calendar.shop.today()
    found = ics.read(data, zone=calendar.shop.tz, since=today - FILE_BACK, until=today + FILE_AHEAD)
    _raise_for_whole_file(found)
    entries = [Found(one) for one in found.entries]
    taken = calendar_entries.take_in(calendar, entries, lambda row: False, at_most, past=True)
    return taken, list(found.refused)


def import_file(shop: Shop, name: str, data: bytes, with_whom: str = "", at_most: int = FILE_MOST) -> Report:
    """Return the count of a calendar file taken in; one of the same name is known again. Raises NotRead."""
    report = Report()
    of_name = (Calendar.shop == shop.id) & (Calendar.kind == "file") & (Calendar.name == name)
    calendar = Calendar.get_or_none(of_name & (Calendar.with_whom == with_whom))
    new = calendar is None
    if calendar is None:
        calendar = Calendar.create(shop=shop, kind="file", name=name, with_whom=with_whom)
    try:
        taken, refused = read_file(calendar, data, at_most)
    except NotRead:
        if new:
            calendar.delete_instance(recursive=True)
        raise
    now = clock.now()
    said = [[one.line, one.field, one.code] for one in refused][:100]
    Calendar.update(read_at=now, tried_at=now, ended_at=None, refused=said or None).where(
        Calendar.id == calendar.id
    ).execute()
    report.total, report.added, report.updated = taken.total, taken.added, taken.updated
    report.skipped = taken.same
    for code, summary in taken.left:
        report.skip(0, code, told.left(code, summary), "VEVENT")
    for one in refused:
        report.total += 1
        report.refuse(one.line, Refusal(one.field, one.code, told.refused(one.code)))
    made = {"made": taken.made, "was": taken.was, "rows": taken.rows, "calendar": calendar.id if new else None}
    importing_appointments.record(shop, hashlib.sha256(data).hexdigest(), report, made)
    return report


def look_at_file(shop: Shop, name: str, data: bytes, with_whom: str = "", at_most: int = FILE_MOST) -> Report:
    """Return what `import_file` would, and keep nothing. Raises NotRead."""
    with db.atomic() as everything:
        report = import_file(shop, name, data, with_whom, at_most)
        everything.rollback()
    report.import_id = None
    return report


# -- going on by itself


def start(ended: threading.Event) -> list[threading.Thread]:
    """Begin reading in threads of their own until `ended` is set."""

    def run() -> None:
        while not ended.is_set():
            try:
                db.connect(reuse_if_open=True)
                read_due()
                calendars.forget_secrets(clock.now())
            except Exception as error:  # one bad pass must not be the last one
                log.error("A pass of reading calendars failed; the next one tries again. %s", outbox.place_of(error))
            finally:
                if not db.is_closed():
                    db.close()
            ended.wait(LOOKS_S)

    threads = [threading.Thread(target=run, name=f"regulars-calendars-{n}", daemon=True) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    return threads
