"""Calendar files (iCalendar, RFC 5545): written for a customer's or a colleague's calendar, and read from anybody's.

Written times are local wall times with their zone, so that 10:00 stays 10:00 when a clock changes. How anybody's file is
read stands in ics_reading.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import clock

Status = Literal["confirmed", "cancelled", "tentative"]

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One occurrence in a calendar, `uid` and `recurrence_id` naming it.

    `starts_at` and `ends_at` are aware, in the entry's own zone; an entry of `all_day` starts with its first day and
    ends where the last one ends. `recurrence_id` is where a series had put the occurrence, in UTC (20260310T090000Z) or
    as a day (20260310), and empty outside a series. `emails` and `phones` are other people's, as they stand there.
    `organizer` is (name, address); `attendee` an address; `stamp` is when it was last changed.
    """

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str = ""
    location: str = ""
    url: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    status: Status = "confirmed"
    recurrence_id: str = ""
    all_day: bool = False
    stamp: datetime = field(default_factory=lambda: clock.now())
    organizer: tuple[str, str] = ("", "")
    attendee: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """What could not be taken, and why: `line` counts from 1 and is 0 for the whole file; `detail` is the file's own word.

    `uid` is the event's name where it is known.
    """

    line: int
    field: str
    code: str
    detail: str = ""
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """What was found in a file, by time, and what was refused, by line."""

    entries: tuple[Entry, ...]
    refused: tuple[Refused, ...]

    @property
    def whole(self) -> bool:
        """Say whether an event that is neither among the entries nor named by what was refused is not in the file."""
        return all(one.uid for one in self.refused)


LINE_OCTETS = 75
BREAKS = str.maketrans(dict.fromkeys("\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", "\n"))
ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"\\\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\],;:\"\\\x00-\x1f\x7f]{1,253}")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def write(
    entries: Iterable[Entry],
    *,
    name: str,
    zone: ZoneInfo,
    method: Literal["PUBLISH", "REQUEST", "CANCEL", ""] = "PUBLISH",
) -> bytes:
    """Return one calendar with these entries, in local time of their zone, the shop's `zone` described with them.

    A wall time that a clock shows twice, or never, is written in UTC: readers differ in which one they take it for. An
    entry in a zone other than the shop's is written in the shop's. Without a `method` it is fit for a CalDAV server,
    and without a `name` to go along with a letter.
    """
    entries = tuple(entries)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Regulars//Appointments//EN", "CALSCALE:GREGORIAN"]
    if method:
        lines.append(f"METHOD:{method}")
    if method == "PUBLISH" and name:  # a calendar to subscribe to, and no single entry
        lines += [f"X-WR-CALNAME:{_escaped(name)}", f"X-WR-TIMEZONE:{zone.key}"]
        lines += ["REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"]
    years = [when.astimezone(zone).year for e in entries for when in (e.starts_at, e.ends_at)]
    years += [int(e.recurrence_id[:4]) for e in entries if e.recurrence_id]
    present = clock.now().astimezone(zone).year
    lines += _described(zone, min(years, default=present) - 1, max(years, default=present) + 1)
    for entry in entries:
        lines += _event(entry, zone, cancelled=method == "CANCEL")
    lines.append("END:VCALENDAR")
    return b"".join(map(_folded, lines))


def _event(entry: Entry, zone: ZoneInfo, cancelled: bool) -> list[str]:
    stamp = entry.stamp.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VEVENT", f"UID:{_escaped(entry.uid)}", f"SEQUENCE:{entry.sequence}"]
    lines += [f"DTSTAMP:{stamp}", f"LAST-MODIFIED:{stamp}"]
    if entry.recurrence_id:
        lines.append("RECURRENCE-ID" + _original(entry, zone))
    if entry.all_day:
        first = entry.starts_at.date()
        after = max(entry.ends_at.date(), first + DAY)
        lines += [f"DTSTART;VALUE=DATE:{first:%Y%m%d}", f"DTEND;VALUE=DATE:{after:%Y%m%d}"]
    else:
        lines += ["DTSTART" + _wall(entry.starts_at, zone), "DTEND" + _wall(entry.ends_at, zone)]
    lines.append(f"SUMMARY:{_escaped(entry.summary)}")
    if entry.description:
        lines.append(f"DESCRIPTION:{_escaped(entry.description)}")
    if entry.location:
        lines.append(f"LOCATION:{_escaped(entry.location)}")
    if is_link(entry.url):
        lines.append(f"URL:{entry.url}")
    lines.append(f"STATUS:{'CANCELLED' if cancelled else entry.status.upper()}")
    called, address = entry.organizer
    if ADDRESS.fullmatch(address):
        lines.append(f'ORGANIZER;CN="{_quotable(called or address)}":mailto:{address}')
        if ADDRESS.fullmatch(entry.attendee):
            lines.append(f"ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=FALSE:mailto:{entry.attendee}")
    return [*lines, "END:VEVENT"]


def _original(entry: Entry, zone: ZoneInfo) -> str:
    """Return where the series had put an entry, written as the series writes its times."""
    if len(entry.recurrence_id) == 8:
        return f";VALUE=DATE:{datetime.strptime(entry.recurrence_id, '%Y%m%d'):%Y%m%d}"
    return _wall(datetime.strptime(entry.recurrence_id, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), zone)


def _wall(instant: datetime, zone: ZoneInfo) -> str:
    """Return what follows a property's name: the wall time with its zone, or UTC where that would not be one instant."""
    local = instant.astimezone(zone)
    if zone.key == "UTC" or local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        return f":{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f";TZID={zone.key}:{local:%Y%m%dT%H%M%S}"


def _escaped(text: str) -> str:
    text = text.replace("\r\n", "\n").translate(BREAKS)
    text = "".join(c for c in text if c in "\n\t" or not (c < " " or "\x7f" <= c < "\xa0"))
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _quotable(text: str) -> str:
    return "".join(c for c in text.translate(BREAKS) if c.isprintable()).replace('"', "'")


def is_link(url: str) -> bool:
    return bool(re.fullmatch(r"https?://[!-~]{1,2000}", url))


def _folded(line: str) -> bytes:
    """Return a line in pieces of 75 octets at most, no character cut in two."""
    data = line.encode("utf-8", "replace")
    pieces = []
    while len(data) > LINE_OCTETS:
        end = LINE_OCTETS
        while data[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(data[:end])
        data = b" " + data[end:]
    return b"\r\n".join([*pieces, data]) + b"\r\n"


@dataclass(frozen=True, slots=True)
class _Turn:
    """A moment at which a zone's clocks change: `wall` is what they showed then, offsets are from UTC."""

    wall: datetime
    before: timedelta
    after: timedelta
    name: str
    summer: bool

    @property
    def kind(self) -> tuple[Any, ...]:
        return (self.before, self.after, self.name, self.summer, self.wall.month, self.wall.time())

    @property
    def weekdays(self) -> set[str]:
        """Return the ways to call its day within the month, such as 2SU, or -1SU for the last Sunday."""
        day, names = WEEKDAYS[self.wall.weekday()], set()
        if self.wall.day <= 28:
            names.add(f"{(self.wall.day + 6) // 7}{day}")
        if (self.wall + timedelta(days=7)).month != self.wall.month:
            names.add(f"-1{day}")
        return names


def _described(zone: ZoneInfo, first: int, last: int) -> list[str]:
    """Return the VTIMEZONE of a zone, right from the start of one year to the end of another.

    Turns that come by one rule in following years become one rule, because some calendars know nothing but rules; it is
    left open where it still holds in the last year.
    """
    if zone.key == "UTC":
        return []
    first, last = max(first, 1902), min(max(last, first), 2199)
    at = datetime(first, 1, 1, tzinfo=UTC)
    known = at.astimezone(zone)
    offset = known.utcoffset() or timedelta()
    start = _Turn(datetime(first, 1, 1), offset, offset, known.tzname() or "", bool(known.dst()))
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone.key}", *_observance([start], None, False)]
    groups: list[tuple[list[_Turn], set[str]]] = []
    for turn in _turns(zone, at, datetime(last + 1, 1, 1, tzinfo=UTC)):
        for number, (group, names) in enumerate(groups):
            follows = group[-1].kind == turn.kind and group[-1].wall.year == turn.wall.year - 1
            if follows and names & turn.weekdays:
                groups[number] = ([*group, turn], names & turn.weekdays)
                break
        else:
            groups.append(([turn], turn.weekdays))
    for group, names in groups:
        lines += _observance(group, min(names, default=None), group[-1].wall.year == last)
    return [*lines, "END:VTIMEZONE"]


def _observance(turns: list[_Turn], weekday: str | None, goes_on: bool) -> list[str]:
    turn = turns[0]
    kind = "DAYLIGHT" if turn.summer else "STANDARD"
    lines = [f"BEGIN:{kind}", f"DTSTART:{turn.wall:%Y%m%dT%H%M%S}"]
    lines += [f"TZOFFSETFROM:{_offset(turn.before)}", f"TZOFFSETTO:{_offset(turn.after)}"]
    if re.search("[A-Za-z]", turn.name):
        lines.append(f"TZNAME:{turn.name}")
    if len(turns) > 1:
        until = "" if goes_on else f";UNTIL={turns[-1].wall - turns[-1].before:%Y%m%dT%H%M%SZ}"
        lines.append(f"RRULE:FREQ=YEARLY;BYMONTH={turn.wall.month};BYDAY={weekday}{until}")
    return [*lines, f"END:{kind}"]


def _turns(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[_Turn]:
    """Yield the changes of a zone's clocks between two instants, in order; looked for day by day, found to the second."""
    local = since.astimezone(zone)
    while since < until:
        after = since + DAY
        if _mark(after.astimezone(zone)) != _mark(local):
            early, late = since, after
            while late - early > timedelta(seconds=1):
                middle = early + (late - early) // 2
                middle = middle.replace(microsecond=0)
                if _mark(middle.astimezone(zone)) == _mark(local):
                    early = middle
                else:
                    late = middle
            turned = late.astimezone(zone)
            before, now = local.utcoffset() or timedelta(), turned.utcoffset() or timedelta()
            yield _Turn(late.replace(tzinfo=None) + before, before, now, turned.tzname() or "", bool(turned.dst()))
            after, local = late, turned
        since = after


def _mark(local: datetime) -> tuple[Any, ...]:
    return local.utcoffset(), local.tzname(), bool(local.dst())


def _offset(offset: timedelta) -> str:
    seconds = int(offset.total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    return f"{'-' if seconds < 0 else '+'}{hours:02}{rest // 60:02}" + (f"{rest % 60:02}" if rest % 60 else "")


def read(data: bytes, *, zone: ZoneInfo, since: date, until: date) -> Read:
    """Return what starts on the days from `since` to `until`, both included and the shop's own, each occurrence by itself.

    Times without a zone are in the zone that the calendar states, else in the shop's; those in a zone that only the file
    itself describes come in the shop's zone. Tasks, journals and alarms are passed over. Never raises.
    """
    from outside import ics_reading  # and the libraries behind it, which only who reads has to wait for

    return ics_reading.read(data, zone=zone, since=since, until=until)
