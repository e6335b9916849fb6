"""Changing one occurrence in somebody's calendar file; all else is left as they wrote it: words, guests and alarms."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import clock

LARGEST = 1_000_000
GOES_WITH_THE_SERIES = ("RRULE", "RDATE", "EXDATE", "EXRULE", "DURATION")


def moved(
    data: bytes, uid: str, recurrence_id: str, starts_at: datetime, ends_at: datetime, zone: ZoneInfo
) -> bytes | None:
    """Return a file with one occurrence at another time; None where it is not in there, or the file cannot be taken apart.

    An occurrence of a series becomes an exception of it. Times are written in the zone they were in, else the shop's.
    """
    try:
        calendar, series, exception = _opened(data, uid, recurrence_id)
        event = exception
        if event is None and series is not None:
            event = series
            if recurrence_id:
                event = deepcopy(series)
                for name in GOES_WITH_THE_SERIES:
                    event.pop(name, None)
                event.add("RECURRENCE-ID", _as_in(series, _original(recurrence_id), zone))
                calendar.add_component(event)
            elif _repeats(event):
                return None
        if event is None:
            return None
        starts, ends = (_as_in(event, when, zone) for when in (starts_at, ends_at))
        for name in ("DTSTART", "DTEND", "DURATION"):
            event.pop(name, None)
        event.add("DTSTART", starts)
        event.add("DTEND", ends)
        _marked(event)
        return _written(calendar)
    except Exception:  # a file of somebody else's; whatever it is, it is not ours to mend
        return None


def without(data: bytes, uid: str, recurrence_id: str, zone: ZoneInfo) -> bytes | None:
    """Return a file of a series that leaves one occurrence out; None where that cannot be done."""
    try:
        calendar, series, exception = _opened(data, uid, recurrence_id)
        if series is None or not recurrence_id:
            return None
        if exception is not None:
            calendar.subcomponents.remove(exception)
        series.add("EXDATE", _as_in(series, _original(recurrence_id), zone))
        _marked(series)
        return _written(calendar)
    except Exception:
        return None


def _opened(data: bytes, uid: str, recurrence_id: str) -> tuple[Any, Any, Any]:
    """Return a calendar, its event of that name, and the exception for one occurrence."""
    from icalendar import Calendar

    if len(data) > LARGEST:
        raise ValueError("too large")
    calendar: Any = Calendar.from_ical(data)
    series = exception = None
    for event in calendar.walk("VEVENT"):
        if str(event.get("UID", "")).strip() != uid:
            continue
        original = event.get("RECURRENCE-ID")
        if original is None:
            series = event
        elif recurrence_id and _same(original.dt, recurrence_id):
            exception = event
    return calendar, series, exception


def _repeats(event: Any) -> bool:
    return "RRULE" in event or "RDATE" in event


def _original(recurrence_id: str) -> date:
    if len(recurrence_id) == 8:
        return datetime.strptime(recurrence_id, "%Y%m%d").date()
    return datetime.strptime(recurrence_id, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _same(found: date, recurrence_id: str) -> bool:
    wanted = _original(recurrence_id)
    if isinstance(found, datetime) and isinstance(wanted, datetime):
        if found.tzinfo is None:  # as it stands: whoever reads it takes it for the shop's, as we do
            return abs(found.replace(tzinfo=UTC) - wanted) < timedelta(hours=15)
        return found == wanted
    return found == wanted


def _as_in(event: Any, when: date, zone: ZoneInfo) -> date:
    """Return a time in the zone that an event is written in, where that is one that can be told by its name."""
    if not isinstance(when, datetime):
        return when
    start = event["DTSTART"].dt if "DTSTART" in event else None
    theirs = getattr(start, "tzinfo", None)
    if isinstance(theirs, ZoneInfo):
        return when.astimezone(theirs)
    if isinstance(start, datetime) and theirs is None:
        return when.astimezone(zone).replace(tzinfo=None)
    return when.astimezone(UTC)


def _marked(event: Any) -> None:
    sequence = int(event.get("SEQUENCE", 0))
    for name in ("SEQUENCE", "LAST-MODIFIED", "DTSTAMP"):
        event.pop(name, None)
    event.add("SEQUENCE", sequence + 1)
    event.add("DTSTAMP", clock.now().astimezone(UTC))
    event.add("LAST-MODIFIED", clock.now().astimezone(UTC))


def _written(calendar: Any) -> bytes:
    data: bytes = calendar.to_ical()
    return data
