"""Reading a calendar file that may have been made by anybody, or against us.

Each event is cut out by line, looked at before a library may expand it, and refused by itself, with its line and a code;
the others survive. Limits bound time and memory, because a rule of one line can ask for more than either.
"""

from __future__ import annotations

import hashlib
import re
import time as stopwatch
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from outside.ics import ADDRESS, DAY, Entry, Read, Refused, Status, is_link

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LARGEST_FILE = 5_000_000
MOST_LINES = 400_000
MOST_EVENTS = 5_000
MOST_ENTRIES = 20_000
DEEPEST = 8
LONGEST_LINE = 65_536  # octets of one unfolded line that matters; longer ones that do not matter are passed over
LONGEST_EVENT = timedelta(days=400)
HIGHEST_COUNT = 10_000
HIGHEST_INTERVAL = 1_000
MOST_DATES = 2_000  # extra and left-out dates of one event
MOST_STEPS = 60_000  # what a rule may give from its start to the end of the window
MOST_TIMES_A_DAY = 24
MOST_OBSERVANCES = 100
SECONDS = 1.2  # of the processor, for one file; looked at before each series, of which the worst takes half a second

WANTED = frozenset(
    "UID SEQUENCE DTSTAMP LAST-MODIFIED DTSTART DTEND DURATION RRULE RDATE EXDATE EXRULE RECURRENCE-ID SUMMARY"
    " DESCRIPTION LOCATION URL STATUS ATTENDEE ORGANIZER".split()
)
TIMES = frozenset(("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"))
MAILS = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
PHONES = re.compile(r"(?<![\w/.=&?#-])(?:\+|\(0|\(\+|0|\(?[2-9]\d)[\d ()/.\u2011-]{5,20}\d(?![\w/-])")
DAYS_OR_TIMES = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d\d)\b|\d\d?[:.]\d\d ?- ?\d")
SEARCHED = 20_000  # characters of a text in which mail addresses and numbers are looked for
WHEN = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")
DURATION = re.compile(r"([+-]?)P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?")
RULE_PARTS = frozenset(
    "FREQ UNTIL COUNT INTERVAL WKST BYDAY BYMONTH BYMONTHDAY BYYEARDAY BYWEEKNO BYSETPOS BYHOUR BYMINUTE BYSECOND".split()
)
PERIOD_DAYS = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 28, "YEARLY": 365}
NUMBERS = re.compile(r"[+-]?\d{1,3}(?:,[+-]?\d{1,3}){0,365}")
WEEKDAY = r"(?:[+-]?(?:[1-9]|[1-4]\d|5[0-3]))?(?:MO|TU|WE|TH|FR|SA|SU)"
BYDAY = re.compile(f"{WEEKDAY}(?:,{WEEKDAY}){{0,60}}")


class _Bad(Exception):
    """One event (or, with line 0, the whole file) cannot be taken."""

    def __init__(self, line: int, field: str, code: str, detail: object = "") -> None:
        super().__init__(code)
        shown = "".join(c if c.isprintable() else " " for c in str(detail)[:80])
        self.refused = Refused(line, field, code, shown)

    def of(self, uid: str) -> Refused:
        return replace(self.refused, uid=uid)


@dataclass(slots=True)
class _Row:
    """One unfolded line: its name and the names of its parameters are in upper case."""

    line: int
    name: str
    options: dict[str, str]
    value: str


@dataclass(slots=True)
class _Calendar:
    """One VCALENDAR as it stands in the file."""

    zones: dict[str, bytes] = field(default_factory=dict)
    known: dict[str, tzinfo] = field(default_factory=dict)
    stated: str = ""
    cancels: bool = False


@dataclass(slots=True)
class _Block:
    """The lines of one event that matter."""

    line: int
    calendar: _Calendar
    rows: list[_Row] = field(default_factory=list)
    uid: str = ""
    bad: _Bad | None = None

    def one(self, name: str) -> _Row | None:
        return next((row for row in self.rows if row.name == name), None)

    def text(self, name: str, longest: int) -> str:
        row = self.one(name)
        return _plain(row.value)[:longest].strip() if row else ""

    @property
    def repeats(self) -> bool:
        return any(row.name in ("RRULE", "RDATE", "RECURRENCE-ID", "EXRULE") for row in self.rows)


@dataclass(slots=True)
class _Event:
    """An event looked at: its times are days, or aware; `lasts` is how long it takes in truth (UTC)."""

    block: _Block
    sequence: int
    start: date
    end: date
    lasts: timedelta
    rule: str = ""
    rdates: list[Any] = field(default_factory=list)
    exdates: list[Any] = field(default_factory=list)
    original: date | None = None
    and_future: bool = False
    made: dict[str, Any] | None = None


@dataclass(slots=True)
class _Window:
    """What is asked for: the shop's zone, the days, their first and last instant, and when to stop."""

    zone: ZoneInfo
    since: date
    until: date
    first: datetime
    after: datetime
    stop_at: float


def read(data: bytes, *, zone: ZoneInfo, since: date, until: date) -> Read:
    """Do what `ics.read` says."""
    refused: list[Refused] = []
    found: list[Entry] = []
    try:
        first, after = _midnight(since, zone), _midnight(until + DAY, zone)
        window = _Window(zone, since, until, first, after, stopwatch.thread_time() + SECONDS)
        for group in _groups(data, refused):
            try:
                if any(block.repeats for block in group) and stopwatch.thread_time() > window.stop_at:
                    raise _Bad(group[0].line, "VEVENT", "out-of-time")
                if len(found) > MOST_ENTRIES:
                    raise _Bad(group[0].line, "VEVENT", "too-many-entries", MOST_ENTRIES)
                found += _occurrences(group, window, refused)
            except _Bad as bad:
                refused.append(bad.of(group[0].uid))
            except Exception as error:
                refused.append(_Bad(group[0].line, "VEVENT", "unreadable", type(error).__name__).of(group[0].uid))
    except _Bad as bad:
        refused.append(bad.refused)
    except Exception as error:
        refused.append(_Bad(0, "", "unreadable", type(error).__name__).refused)
    found.sort(key=lambda entry: (entry.starts_at.astimezone(UTC), entry.uid))
    refused.sort(key=lambda one: one.line)
    return Read(tuple(found), tuple(refused))


def _groups(data: bytes, refused: list[Refused]) -> Iterator[list[_Block]]:
    """Yield the events of a file, those of one series together; what cannot be one goes to `refused`."""
    series: dict[tuple[int, str], list[_Block]] = {}
    for block in _blocks(data, refused):
        row = block.one("UID")
        uid = _plain(row.value).strip() if row else ""
        if block.bad:
            refused.append(block.bad.of(uid))
            continue
        if len(uid) > 1000:
            refused.append(_Bad(row.line if row else block.line, "UID", "uid-too-long").of(uid))
            continue
        if not uid:  # made from what it says, so that the same file read twice gives the same
            told = "\n".join(f"{r.name}:{r.value}" for r in block.rows if r.name in ("DTSTART", "SUMMARY", "LOCATION"))
            uid = "made-" + hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]
        block.uid = uid
        series.setdefault((id(block.calendar), uid), []).append(block)
    yield from series.values()


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the unfolded lines with the number of their first; unfolded before decoding, as folding counts octets."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if data.count(b"\n") > MOST_LINES:
        raise _Bad(0, "", "too-many-lines", MOST_LINES)
    number, parts = 1, [b""]
    for at, line in enumerate(data.split(b"\n"), 1):
        if line[:1] in (b" ", b"\t"):
            parts.append(line[1:])
            continue
        if parts != [b""]:
            yield number, b"".join(parts)
        number, parts = at, [line]
    if parts != [b""]:
        yield number, b"".join(parts)


def _blocks(data: bytes, refused: list[Refused]) -> Iterator[_Block]:
    """Return the events of all calendars in a file, in order."""
    if len(data) > LARGEST_FILE:
        raise _Bad(0, "", "too-large", len(data))
    blocks: list[_Block] = []
    stack: list[str] = []
    calendar = _Calendar()
    block: _Block | None = None
    zone: list[bytes] | None = None
    number = 0
    for number, line in _lines(data):
        head, _, tail = line.partition(b":")
        if head in (b"BEGIN", b"END") or head.upper() in (b"BEGIN", b"END"):
            kind = tail.strip().upper().decode("ascii", "replace")
            if head.upper() == b"BEGIN":
                if kind == "VEVENT" and block and stack[:2] == ["VCALENDAR", "VEVENT"]:  # the last was never ended
                    block.bad = _Bad(block.line, "END", "unfinished")
                    stack = ["VCALENDAR"]
                stack.append(kind)
                if len(stack) > DEEPEST:
                    raise _Bad(0, "BEGIN", "too-deep", f"line {number}")
                if stack == ["VCALENDAR"]:
                    calendar = _Calendar()
                elif stack == ["VCALENDAR", "VEVENT"]:
                    block = _Block(number, calendar)
                    blocks.append(block)
                    if len(blocks) > MOST_EVENTS:
                        raise _Bad(0, "VEVENT", "too-many-events", MOST_EVENTS)
                elif stack == ["VCALENDAR", "VTIMEZONE"]:
                    zone = []
            elif kind in stack:
                if zone is not None and stack[1:2] == ["VTIMEZONE"] and kind == "VTIMEZONE":
                    _keep_zone(calendar, zone)
                    zone = None
                if block and kind in ("VCALENDAR", "VEVENT"):
                    if stack != ["VCALENDAR", "VEVENT"] or kind != "VEVENT":
                        block.bad = block.bad or _Bad(block.line, "END", "unfinished")
                    block = None
                if zone is not None:
                    zone.append(line)
                while stack.pop() != kind:
                    pass
                continue
        if zone is not None and stack[:2] == ["VCALENDAR", "VTIMEZONE"]:
            zone.append(line[:LONGEST_LINE])
        elif stack == ["VCALENDAR", "VEVENT"] and block and not block.bad:
            name = re.split(rb"[;:]", head, maxsplit=1)[0].strip().upper().decode("ascii", "replace")
            if name in WANTED:
                _keep_row(block, number, name, line)
        elif stack == ["VCALENDAR"]:
            upper = head.upper()
            if upper == b"METHOD":
                calendar.cancels = tail.strip().upper() == b"CANCEL"
            elif upper == b"X-WR-TIMEZONE":
                calendar.stated = tail.decode("utf-8", "replace").strip()[:200]
    if block:
        block.bad = _Bad(block.line, "END", "unfinished")
    if not number or (not blocks and b"BEGIN:VCALENDAR" not in data[:LONGEST_LINE].upper()):
        raise _Bad(0, "", "not-a-calendar")
    if stack:
        refused.append(Refused(number, "END", "cut-short"))
    yield from blocks


def _keep_row(block: _Block, number: int, name: str, line: bytes) -> None:
    if len(line) > LONGEST_LINE:
        block.bad = _Bad(number, name, "line-too-long", len(line))
        return
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("cp1252", "replace")
    row = _row(number, name, text)
    if row:
        block.rows.append(row)
    else:
        block.bad = _Bad(number, name, "bad-line", text)


def _row(number: int, name: str, text: str) -> _Row | None:
    """Return a line taken apart, or nothing when it has no value; a colon may stand inside quotes."""
    if name in TIMES:  # some write a zone such as (UTC+01:00) without them; no time has a colon
        head, colon, value = text.rpartition(":")
    else:
        found = re.match(r'[^":]*(?:"[^"]*"[^":]*)*(:)', text)
        head, colon, value = (text[: found.start(1)], ":", text[found.end(1) :]) if found else ("", "", "")
    if not colon:
        return None
    options = {}
    for option in re.findall(r';((?:[^";]|"[^"]*")*)', head):
        key, _, said = option.partition("=")
        options[key.strip().upper()] = said.strip().strip('"')
    return _Row(number, name, options, value.strip())


def _keep_zone(calendar: _Calendar, lines: list[bytes]) -> None:
    named = next((line.partition(b":")[2].strip() for line in lines if line.upper().startswith(b"TZID")), b"")
    calendar.zones[named.decode("utf-8", "replace")] = b"\r\n".join([*lines, b"END:VTIMEZONE", b""])


def _plain(value: str) -> str:
    """Return an escaped text as it was meant, without what cannot be shown."""
    if "\\" in value:
        value = re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)
    return "".join(c for c in value if c.isprintable() or c in "\n\t")


# Times


def _midnight(day: date, zone: tzinfo) -> datetime:
    """Return the first instant of a day in a zone, which where clocks jump at midnight is not 00:00."""
    return _settled(datetime.combine(day, time(), zone))


def _settled(local: datetime) -> datetime:
    """Return a wall time as clocks show it: one that does not exist moves forward by what is left out."""
    return local.astimezone(UTC).astimezone(local.tzinfo)


def _zone_of(name: str, calendar: _Calendar) -> tzinfo | None:
    """Return the zone a file means by a name: known by that name, by Windows' name, by its tail, or described in the file."""
    if name in calendar.known:
        return calendar.known[name]
    zone = _named_zone(name)
    if not zone and name in calendar.zones:
        described = calendar.zones[name]
        located = re.search(rb"^X-LIC-LOCATION:(.*)\r$", described, re.MULTILINE)
        zone = (located and _named_zone(located[1].decode("utf-8", "replace").strip())) or _made_zone(described)
    if zone:
        calendar.known[name] = zone
    return zone


def _named_zone(name: str) -> tzinfo | None:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    parts = name.strip("/ ").split("/")
    for tried in (name, WINDOWS_TO_OLSON.get(name, ""), "/".join(parts[-3:]), "/".join(parts[-2:])):
        if tried and re.fullmatch(r"[A-Za-z0-9_+/-]{1,60}", tried):
            try:
                return UTC if tried in ("UTC", "Z") else ZoneInfo(tried)
            except Exception:
                continue
    return None


def _made_zone(described: bytes) -> tzinfo | None:
    """Return the zone that a VTIMEZONE describes, or nothing when it is none or would take long to work out."""
    from icalendar import Timezone

    try:
        component: Any = Timezone.from_ical(described)
        if not 0 < len(component.subcomponents) <= MOST_OBSERVANCES:
            return None
        for part in component.subcomponents:
            start = part.DTSTART
            if start.year < 1600 or ("RDATE" in part and len(described) > LONGEST_LINE):
                return None
            if rule := part.get("RRULE"):
                text = rule.to_ical().decode()
                if not text.startswith("FREQ=YEARLY") or _rule_fault(_rule_parts(text), text, start, start.date()):
                    return None
        return component.to_tz(lookup_tzid=False)
    except Exception:
        return None


def _when(value: str, row: _Row, window: _Window, calendar: _Calendar) -> date:
    """Return one value of a row as a day or an aware instant."""
    found = WHEN.fullmatch(value.strip().upper())
    if not found:
        raise _Bad(row.line, row.name, "bad-time", value)
    digits, clock_digits, is_utc = found.groups()
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        if clock_digits is None or row.options.get("VALUE") == "DATE":
            return day
        at = time(int(clock_digits[:2]), int(clock_digits[2:4]), min(int(clock_digits[4:]), 59))
    except ValueError as error:
        raise _Bad(row.line, row.name, "bad-time", value) from error
    if not 1600 <= day.year <= 2400:
        raise _Bad(row.line, row.name, "bad-time", value)
    stated = calendar.stated and _zone_of(calendar.stated, calendar)
    if is_utc:
        instant = datetime.combine(day, at, UTC)
        return instant.astimezone(stated) if stated else instant
    named = row.options.get("TZID", "")
    zone = _zone_of(named, calendar) if named else stated or window.zone
    if not zone:
        raise _Bad(row.line, row.name, "unknown-zone", named)
    return datetime.combine(day, at, zone)


def _dates(rows: Iterable[_Row], window: _Window, calendar: _Calendar) -> list[Any]:
    """Return the values of RDATE or EXDATE rows; a period is a pair of a start and how long it lasts."""
    found: list[Any] = []
    for row in rows:
        for value in row.value.split(","):
            start, is_period, rest = value.partition("/")
            begun = _when(start, row, window, calendar)
            if not is_period:
                found.append(begun)
            elif rest[:1] in "P+-":
                found.append((begun, _duration(rest, row)))
            else:
                found.append((begun, _when(rest, row, window, calendar)))
            if len(found) > MOST_DATES:
                raise _Bad(row.line, row.name, "too-many-dates", MOST_DATES)
    return found


def _duration(value: str, row: _Row) -> timedelta:
    found = DURATION.fullmatch(value.strip().upper())
    if not found or not any(found.groups()[1:]):
        raise _Bad(row.line, row.name, "bad-duration", value)
    weeks, days, hours, minutes, seconds = (int(n or 0) for n in found.groups()[1:])
    lasts = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -lasts if found[1] == "-" else lasts


def _span(block: _Block, start: date, window: _Window) -> tuple[date, timedelta]:
    """Return the end of an event, and how long it takes in truth."""
    timed = isinstance(start, datetime)
    if row := block.one("DTEND"):
        end = _when(row.value, row, window, block.calendar)
        if isinstance(end, datetime) != timed:  # a day and a time mixed: the day counts from its start
            end = _midnight(end, start.tzinfo or UTC) if isinstance(start, datetime) else _day_of(end)
    elif row := block.one("DURATION"):
        lasts = _duration(row.value, row)
        if isinstance(start, datetime):
            days = timedelta(days=lasts.days)  # days are the calendar's, what is left over is exact
            end = ((start + days).astimezone(UTC) + (lasts - days)).astimezone(start.tzinfo)
        else:
            end = start + lasts
    else:
        end = start if timed else start + DAY
    if isinstance(start, datetime) and isinstance(end, datetime):
        lasts = end.astimezone(UTC) - start.astimezone(UTC)
    else:
        end = max(end, start + DAY) if end >= start else end
        lasts = end - start
    where = row or block.one("DTSTART") or block.rows[0]
    if lasts < timedelta():
        raise _Bad(where.line, where.name, "ends-before-it-starts", where.value)
    if lasts > LONGEST_EVENT:
        raise _Bad(where.line, where.name, "too-long", where.value)
    return end, lasts


def _day_of(when: date) -> date:
    return when.date() if isinstance(when, datetime) else when


# Rules


def _rule_parts(rule: str) -> dict[str, str]:
    return {key.strip(): value.strip() for key, _, value in (p.partition("=") for p in rule.upper().split(";") if p)}


def _rule_fault(parts: dict[str, str], rule: str, start: date, until: date) -> str:
    """Return a code when a rule is none, or when working it out would take long; empty when it may be expanded."""
    freq = parts.get("FREQ", "")
    if freq in ("SECONDLY", "MINUTELY", "HOURLY"):
        return "rule-too-often"
    if freq not in PERIOD_DAYS or set(parts) - RULE_PARTS or len(rule) > 2000:
        return "bad-rule"
    for key, value in parts.items():
        if key.startswith("BY") and not (BYDAY if key == "BYDAY" else NUMBERS).fullmatch(value):
            return "bad-rule"
        if key in ("INTERVAL", "COUNT") and not re.fullmatch(r"\d{1,12}", value):
            return "bad-rule"
    interval = int(parts.get("INTERVAL", "1"))
    if not 1 <= interval <= HIGHEST_INTERVAL:
        return "bad-interval"
    if not 1 <= int(parts.get("COUNT", "1")) <= HIGHEST_COUNT:
        return "bad-count"
    if "UNTIL" in parts and not WHEN.fullmatch(parts["UNTIL"]):
        return "bad-rule"
    lengths = {key: value.count(",") + 1 for key, value in parts.items() if key.startswith("BY")}
    times = lengths.get("BYHOUR", 1) * lengths.get("BYMINUTE", 1) * lengths.get("BYSECOND", 1)
    if times > MOST_TIMES_A_DAY:
        return "rule-too-often"
    days = max((until - _day_of(start)).days, 0) + 1
    a_period = PERIOD_DAYS[freq] if lengths.keys() - {"BYHOUR", "BYMINUTE", "BYSECOND"} else 1
    if lengths.keys() <= {"BYMONTH", "BYMONTHDAY"} and freq == "YEARLY":
        a_period = lengths.get("BYMONTH", 12 if "BYMONTHDAY" in lengths else 1) * lengths.get("BYMONTHDAY", 1)
    if min(days, (days // (PERIOD_DAYS[freq] * interval) + 1) * a_period) * times > MOST_STEPS:
        return "rule-too-long"
    if lengths.keys() - {"BYHOUR", "BYMINUTE", "BYSECOND"} and _never(parts, start):
        return "never-happens"
    return ""


def _never(parts: dict[str, str], start: date) -> bool:
    """Say whether a rule gives nothing in a century or more: dates like 30 February, for which the library seeks for ever.

    It seeks up to the year 9999, so it is asked as late as possible: the calendar repeats after 400 years, weekdays
    and all.
    """
    from dateutil.rrule import rrulestr

    years = (9999 - start.year) // 400 * 400
    if start.year + years > 9899:
        years -= 400
    late = datetime.combine(start.replace(year=start.year + years) if years > 0 else start, time())
    rule = ";".join(f"{key}={value}" for key, value in parts.items() if key not in ("UNTIL", "COUNT"))
    return next(iter(rrulestr(rule, dtstart=late)), None) is None


# Expansion


def _occurrences(group: list[_Block], window: _Window, refused: list[Refused]) -> list[Entry]:
    """Return the entries of one event or one series within the window; single faulty exceptions go to `refused`."""
    if len(group) == 1 and not group[0].repeats:
        block = group[0]
        row = block.one("DTSTART")
        early, late = (window.since - 2 * DAY).strftime("%Y%m%d"), (window.until + 2 * DAY).strftime("%Y%m%d")
        if row and WHEN.match(row.value) and not early <= row.value[:8] <= late:
            return []
        event = _looked_at(block, window)
        entry = _entry(event, event.start, event.end, "", window)
        return [entry] if window.first <= entry.starts_at < window.after else []
    events = []
    for block in group:
        try:
            events.append(_looked_at(block, window))
        except _Bad as bad:
            refused.append(bad.of(block.uid))
            if not block.one("RECURRENCE-ID"):  # without the series itself its exceptions stand alone
                continue
        except Exception as error:
            refused.append(_Bad(block.line, "VEVENT", "unreadable", type(error).__name__).of(block.uid))
    return _expanded(_newest(events, refused), window)


def _newest(events: list[_Event], refused: list[Refused]) -> list[_Event]:
    """Return the events of a series, each in its newest version; a stranger under the same name is refused."""
    kept: dict[object, _Event] = {}
    for event in events:
        other = kept.get(event.original)
        if other is None or event.sequence >= other.sequence:
            kept[event.original] = event
        if other:
            older = min(event, other, key=lambda e: (e.sequence, e is event))
            refused.append(_Bad(older.block.line, "UID", "older-version", older.block.uid).of(older.block.uid))
    return list(kept.values())


def _looked_at(block: _Block, window: _Window) -> _Event:
    calendar = block.calendar
    row = block.one("DTSTART")
    if not row:
        raise _Bad(block.line, "DTSTART", "no-start")
    start = _when(row.value, row, window, calendar)
    end, lasts = _span(block, start, window)
    number = block.one("SEQUENCE")
    sequence = int(number.value) if number and re.fullmatch(r"\d{1,9}", number.value) else 0
    event = _Event(block, sequence, start, end, lasts)
    if row := block.one("RECURRENCE-ID"):
        event.original = _when(row.value, row, window, calendar)
        event.and_future = row.options.get("RANGE", "").upper() == "THISANDFUTURE"
        return event
    if row := block.one("EXRULE"):
        raise _Bad(row.line, "EXRULE", "left-out-by-rule")
    rules = [row for row in block.rows if row.name == "RRULE"]
    if len(rules) > 1:
        raise _Bad(rules[1].line, "RRULE", "several-rules")
    for row in rules:
        parts = _rule_parts(row.value)
        if code := _rule_fault(parts, row.value, start, window.until):
            raise _Bad(row.line, "RRULE", code, row.value)
        event.rule = ";".join(f"{key}={value}" for key, value in parts.items())
    event.rdates = _dates((row for row in block.rows if row.name == "RDATE"), window, calendar)
    event.exdates = _dates((row for row in block.rows if row.name == "EXDATE"), window, calendar)
    return event


def _expanded(events: list[_Event], window: _Window) -> list[Entry]:
    """Return the entries of one series, worked out by the library; how long each lasts is counted in truth."""
    from icalendar import Calendar
    from recurring_ical_events import of

    if len(events) == 1 and _is_over(events[0], window):
        return []
    calendar = Calendar()
    for number, event in enumerate(events):
        calendar.add_component(_component(event, number))
    found = []
    for component in of(calendar).between(window.since - 2 * DAY, window.until + 3 * DAY):
        event = events[int(component["X-NUMBER"])]
        start, end = component["DTSTART"].dt, component["DTEND"].dt
        if event.original is not None and not event.and_future:
            original = event.original
        elif event.original is not None:
            alike = isinstance(event.start, datetime) == isinstance(event.original, datetime)
            original = start - (event.start - event.original) if alike else start
        elif event.rule or event.rdates:
            original = start
        else:
            original = None
        if end - start == event.end - event.start and isinstance(start, datetime):
            end = (start.astimezone(UTC) + event.lasts).astimezone(start.tzinfo)
        entry = _entry(event, start, end, _recurrence_id(original), window)
        if window.first <= entry.starts_at < window.after:
            found.append(entry)
    return found


def _is_over(event: _Event, window: _Window) -> bool:
    """Say whether a series ended before the window, which is so of most series in an old calendar."""
    until = _rule_parts(event.rule).get("UNTIL", "99990101")
    return not event.rdates and bool(event.rule) and until[:8] < (window.since - 3 * DAY).strftime("%Y%m%d")


def _component(event: _Event, number: int) -> Any:
    """Return what the library has to know about an event, and no more."""
    from icalendar import Event
    from icalendar.prop import vRecur

    component = Event()
    component.add("UID", event.block.uid)
    component.add("SEQUENCE", event.sequence)
    component.add("DTSTART", event.start)
    component.add("DTEND", event.end)
    component.add("X-NUMBER", str(number))
    if event.rule:
        component.add("RRULE", vRecur.from_ical(event.rule))
    for name, dates in (("RDATE", event.rdates), ("EXDATE", event.exdates)):
        for value in dates:
            component.add(name, [value])
    if event.original is not None:
        component.add("RECURRENCE-ID", event.original)
        if event.and_future:
            component["RECURRENCE-ID"].params["RANGE"] = "THISANDFUTURE"
    return component


def _recurrence_id(original: date | None) -> str:
    if original is None:
        return ""
    if isinstance(original, datetime):
        return f"{original.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"{original:%Y%m%d}"


def _entry(event: _Event, start: date, end: date, recurrence_id: str, window: _Window) -> Entry:
    if event.made is None:
        event.made = _said(event)
    return Entry(
        uid=event.block.uid,
        sequence=event.sequence,
        starts_at=_at(start, window.zone),
        ends_at=_at(end, window.zone),
        recurrence_id=recurrence_id,
        all_day=not isinstance(event.start, datetime),
        **event.made,
    )


def _at(when: date, zone: ZoneInfo) -> datetime:
    if not isinstance(when, datetime):
        return _midnight(when, zone)
    return _settled(when) if when.tzinfo is UTC or isinstance(when.tzinfo, ZoneInfo) else when.astimezone(zone)


def _said(event: _Event) -> dict[str, Any]:
    """Return what an event says besides its times."""
    block = event.block
    summary, location = block.text("SUMMARY", 500), block.text("LOCATION", 500)
    description, url = block.text("DESCRIPTION", 10_000), block.text("URL", 2000)
    organizer = block.one("ORGANIZER")
    by = (_plain(organizer.options.get("CN", ""))[:200], _address(organizer.value)) if organizer else ("", "")
    invited = [_address(row.value) for row in block.rows if row.name == "ATTENDEE"]
    text = "\n".join((summary, location, description))[:SEARCHED]
    mails = [mail for mail in [*invited, *MAILS.findall(text)] if mail and mail.lower() != by[1].lower()]
    status: Status = "confirmed"
    if block.calendar.cancels or block.text("STATUS", 20).upper() == "CANCELLED":
        status = "cancelled"
    elif block.text("STATUS", 20).upper() == "TENTATIVE":
        status = "tentative"
    return {
        "summary": " ".join(summary.split()),
        "description": description,
        "location": location,
        "url": url if is_link(url) else "",
        "emails": _once(mails, str.lower),
        "phones": _once(_phones(text), lambda number: re.sub(r"\D", "", number)),
        "status": status,
        "stamp": _stamp(block),
        "organizer": by,
        "attendee": next((mail for mail in invited if mail and mail.lower() != by[1].lower()), ""),
    }


def _address(value: str) -> str:
    address = value.strip()
    if address[:7].lower() == "mailto:":
        address = address[7:]
    return address if ADDRESS.fullmatch(address) else ""


def _phones(text: str) -> list[str]:
    text = DAYS_OR_TIMES.sub(" | ", text)
    found = [number for line in text.splitlines() for number in PHONES.findall(line)]
    found = [number if ")" in number else number.lstrip("(") for number in found]
    return [number for number in found if 7 <= len(re.sub(r"\D", "", number)) <= 15]


def _once(texts: Iterable[str], sameness: Callable[[str], str]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for text in texts:
        first.setdefault(sameness(text), text)
    return tuple(first.values())[:20]


def _stamp(block: _Block) -> datetime:
    for name in ("LAST-MODIFIED", "DTSTAMP"):
        row = block.one(name)
        found = WHEN.fullmatch(row.value.upper()) if row else None
        if found and found[2]:
            try:
                return datetime.strptime(found[1] + found[2], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            except ValueError:
                continue
    return EPOCH
