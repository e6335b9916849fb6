"""Calendars written and read: the right instant in every zone, and no file that can stop us."""

import io
import random
import re
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import vobject
from dateutil.tz import tzical
from hypothesis import given, settings, strategies as st
from icalendar import Calendar

import clock
from outside import ics

LONDON = ZoneInfo("Europe/London")
ZONES = (
    "Europe/London America/New_York Africa/Cairo Asia/Beirut America/Santiago Pacific/Apia Australia/Lord_Howe"
    " Asia/Kolkata Africa/Casablanca Asia/Tehran America/St_Johns Pacific/Auckland".split()
)

# What a clock on the wall says, and the instant that is meant: gaps move forward, of two the first is meant
GOLDEN = [
    ("Europe/London", "2026-03-29T01:30", "2026-03-29T01:30Z", "an hour left out"),
    ("Europe/London", "2026-10-25T01:30", "2026-10-25T00:30Z", "an hour shown twice"),
    ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:30Z", "an hour left out"),
    ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30Z", "an hour shown twice"),
    ("Africa/Cairo", "2024-04-26T00:00", "2024-04-25T22:00Z", "no midnight"),
    ("Asia/Beirut", "2024-03-31T00:00", "2024-03-30T22:00Z", "no midnight"),
    ("America/Santiago", "2024-09-08T00:00", "2024-09-08T04:00Z", "no midnight"),
    ("Pacific/Apia", "2011-12-30T10:00", "2011-12-30T20:00Z", "no such day"),
    ("Pacific/Apia", "2011-12-31T10:00", "2011-12-30T20:00Z", "the day after it"),
    ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45Z", "half an hour left out"),
    ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45Z", "half an hour shown twice"),
    ("Asia/Kolkata", "2028-02-29T10:00", "2028-02-29T04:30Z", "29 February"),
    ("Africa/Casablanca", "2026-02-15T02:30", "2026-02-15T01:30Z", "Ramadan begins"),
    ("Africa/Casablanca", "2026-03-22T02:30", "2026-03-22T02:30Z", "Ramadan is over"),
    ("Asia/Tehran", "2022-03-22T00:30", "2022-03-21T21:00Z", "no midnight"),
    ("America/St_Johns", "2026-03-08T02:30", "2026-03-08T06:00Z", "an hour left out, half an hour off the others"),
    ("Pacific/Auckland", "2026-09-27T02:30", "2026-09-26T14:30Z", "an hour left out"),
    ("Pacific/Auckland", "2026-04-05T02:30", "2026-04-04T13:30Z", "an hour shown twice"),
]


def entry(starts_at, minutes=60, **more):
    said: Any = {"uid": "a-1@example.org", "sequence": 0, "summary": "Check-up"} | more
    ends_at = (starts_at.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(starts_at.tzinfo)
    return ics.Entry(starts_at=starts_at, ends_at=ends_at, **said)


def at(zone, wall):
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone))


def calendar(*events, head=""):
    blocks = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}{blocks}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def read(data, zone="Europe/London", since="2026-01-01", until="2026-12-31"):
    return ics.read(data, zone=ZoneInfo(zone), since=date.fromisoformat(since), until=date.fromisoformat(until))


def starts(result):
    return [f"{one.starts_at:%m-%dT%H:%M%z}" for one in result.entries]


def codes(result):
    return [(one.line, one.field, one.code) for one in result.refused]


def turning_points(zone, first, last):
    """Return instants every quarter of an hour around each change of the clocks, and one a week in between."""
    tz, instant = ZoneInfo(zone), datetime(first, 1, 1, tzinfo=UTC)
    while instant.year <= last:
        yield instant
        if instant.astimezone(tz).utcoffset() != (instant + timedelta(days=7)).astimezone(tz).utcoffset():
            for hour in range(7 * 24):
                here = instant + timedelta(hours=hour)
                if here.astimezone(tz).utcoffset() != (here + timedelta(hours=1)).astimezone(tz).utcoffset():
                    yield from (here + timedelta(minutes=15 * n) for n in range(-12, 16))
        instant += timedelta(days=7)


def reread(text):
    """Return the events another library finds, with the zone as it is described in this very file.

    It keeps zones by name for the whole process, Radicale's in other tests too, and takes one that was UTC from 2000 to
    2020 for UTC: so the zone is given to it, and what it knew before is put back.
    """
    described = re.findall(r"BEGIN:VTIMEZONE.*END:VTIMEZONE\r\n", text, re.DOTALL)
    known = vars(vobject.icalendar)["__tzidMap"]
    before = dict(known)
    try:
        zones = tzical(io.StringIO(described[0]))
        known |= {name: zones.get(name) for name in list(zones.keys())}
        return list(vobject.readOne(text).vevent_list)
    finally:
        known.clear()
        known |= before


class TestInstants:
    @pytest.mark.parametrize("zone", ZONES)
    @pytest.mark.parametrize("years", [(2011, 2012), (2022, 2024), (2026, 2028)], ids=str)
    def test_another_library_reads_the_same_instants(self, zone, years):
        tz = ZoneInfo(zone)
        instants = sorted(set(turning_points(zone, *years)))
        made = [entry(i.astimezone(tz), uid=f"{n}@example.org") for n, i in enumerate(instants)]
        data = ics.write(made, name="Shop", zone=tz)
        # under a name nobody knows, a reader has nothing to go by but the zone's description in the file
        ours = f"Ours-{zone.replace('/', '-')}-{years[0]}"
        stranger = data.decode().replace(f"TZID={zone}", f"TZID={ours}").replace(f"TZID:{zone}", f"TZID:{ours}")
        seen = [(e.dtstart.value.astimezone(UTC), e.dtend.value.astimezone(UTC)) for e in reread(stranger)]
        assert seen == [(i, i + timedelta(hours=1)) for i in instants]
        events: Any = Calendar.from_ical(stranger).walk("VEVENT")
        assert [e.start.astimezone(UTC) for e in events] == instants

    @pytest.mark.parametrize("zone", ZONES)
    def test_what_we_write_we_read_again(self, zone):
        tz = ZoneInfo(zone)
        instants = sorted(set(turning_points(zone, 2026, 2026)))
        made = [entry(i.astimezone(tz), uid=f"{n}@example.org") for n, i in enumerate(instants)]
        result = read(ics.write(made, name="Shop", zone=tz), zone, "2025-12-30", "2027-01-10")
        assert [e.starts_at.astimezone(UTC) for e in result.entries] == instants
        assert result.refused == ()

    @pytest.mark.parametrize(("zone", "wall", "instant", "_why"), GOLDEN, ids=lambda v: v)
    @pytest.mark.parametrize("how", ["with its zone", "without a zone", "in the zone of the calendar"])
    def test_a_wall_time_means_one_instant(self, zone, wall, instant, _why, how):
        digits = re.sub("[-:]", "", wall) + "00"
        head, shop = "", zone
        if how == "without a zone":
            line = f"DTSTART:{digits}"
        elif how == "with its zone":
            line, shop = f"DTSTART;TZID={zone}:{digits}", "Europe/London"
        else:
            line, shop, head = f"DTSTART:{digits}", "Europe/London", f"X-WR-TIMEZONE:{zone}\n"
        (one,) = read(calendar(f"UID:1\n{line}", head=head), shop, wall[:4] + "-01-01", wall[:4] + "-12-31").entries
        assert one.starts_at.astimezone(UTC) == datetime.fromisoformat(instant)
        assert one.starts_at.tzinfo == ZoneInfo(zone)
        assert one.starts_at.replace(tzinfo=None) == one.starts_at.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(
            tzinfo=None
        ), "a clock on the wall shows it"

    @pytest.mark.parametrize(("zone", "wall", "instant", "_why"), GOLDEN, ids=lambda v: v)
    def test_a_golden_instant_is_written_as_it_is(self, zone, wall, instant, _why):
        tz = ZoneInfo(zone)
        data = ics.write([entry(datetime.fromisoformat(instant).astimezone(tz))], name="Shop", zone=tz)
        (event,) = reread(data.decode())
        assert event.dtstart.value.astimezone(UTC) == datetime.fromisoformat(instant)

    def test_an_ordinary_time_is_the_wall_time_with_its_zone(self):
        data = ics.write([entry(at("Europe/London", "2026-07-01T10:00"))], name="Shop", zone=LONDON)
        assert b"DTSTART;TZID=Europe/London:20260701T100000\r\n" in data

    @pytest.mark.parametrize("fold", [0, 1])
    def test_a_wall_time_shown_twice_is_written_in_utc(self, fold):
        twice = datetime(2026, 10, 25, 1, 30, tzinfo=LONDON, fold=fold)
        data = ics.write([entry(twice)], name="Shop", zone=LONDON)
        assert f"DTSTART:20261025T0{fold}3000Z\r\n".encode() in data

    def test_regular_rules_are_rules_and_irregular_turns_are_listed(self):
        london = ics.write([entry(at("Europe/London", "2026-07-01T10:00"))], name="S", zone=LONDON)
        assert london.count(b"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n") == 1
        morocco = ZoneInfo("Africa/Casablanca")
        moving = ics.write([entry(at("Africa/Casablanca", "2026-07-01T10:00"))], name="S", zone=morocco)
        assert moving.count(b"BEGIN:STANDARD") + moving.count(b"BEGIN:DAYLIGHT") >= 7

    def test_a_series_keeps_its_wall_time_over_a_change_of_clocks(self):
        result = read(
            calendar("UID:1\nDTSTART;TZID=Europe/London:20260322T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2")
        )
        assert starts(result) == ["03-22T10:00+0000", "03-29T10:00+0100"]

    def test_an_occurrence_lasts_as_long_in_truth_when_the_clocks_change_within_it(self):
        result = read(calendar("UID:1\nDTSTART:20260328T003000\nDTEND:20260328T033000\nRRULE:FREQ=DAILY;COUNT=2"))
        assert [e.ends_at.astimezone(UTC) - e.starts_at.astimezone(UTC) for e in result.entries] == [
            timedelta(hours=3)
        ] * 2


class TestWrite:
    def test_all_of_it(self, monkeypatch):
        monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 1, 9, tzinfo=UTC))
        one = entry(
            at("Europe/London", "2026-03-10T10:00"),
            sequence=2,
            description="Bring the form; and\nthe card, please",
            location="3, High Street",
            url="https://shop.example.org/confirm/x?a=1,2;3",
            organizer=("Fenwick, Road", "desk@example.org"),
            attendee="rosa@example.com",
        )
        data = ics.write([one], name="Fenwick Road", zone=LONDON, method="REQUEST")
        event: Any = Calendar.from_ical(data).walk("VEVENT")[0]
        assert b"METHOD:REQUEST" in data
        assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == ("a-1@example.org", 2, "CONFIRMED")
        assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == datetime(2026, 3, 1, 9, tzinfo=UTC)
        assert event["DESCRIPTION"] == one.description
        assert (event["LOCATION"], event["URL"]) == (one.location, one.url)
        assert (event["ORGANIZER"], event["ORGANIZER"].params["CN"]) == ("mailto:desk@example.org", "Fenwick, Road")
        assert event["ATTENDEE"] == "mailto:rosa@example.com"

    def test_what_is_called_off_is_cancelled_whatever_the_entry_says(self):
        data = ics.write([entry(at("Europe/London", "2026-03-10T10:00"))], name="S", zone=LONDON, method="CANCEL")
        assert b"METHOD:CANCEL\r\n" in data
        assert b"STATUS:CANCELLED\r\n" in data

    def test_without_a_method_it_is_fit_for_a_server(self):
        data = ics.write([entry(at("Europe/London", "2026-03-10T10:00"))], name="S", zone=LONDON, method="")
        assert b"METHOD" not in data
        assert b"X-WR-" not in data

    def test_a_day_is_a_day_also_where_it_has_no_midnight(self):
        cairo = ZoneInfo("Africa/Cairo")
        (whole,) = read(
            calendar("UID:1\nDTSTART;VALUE=DATE:20240426"), "Africa/Cairo", "2024-04-20", "2024-04-30"
        ).entries
        assert whole.all_day
        assert whole.starts_at.isoformat() == "2024-04-26T01:00:00+03:00"
        data = ics.write([whole], name="S", zone=cairo)
        assert b"DTSTART;VALUE=DATE:20240426\r\nDTEND;VALUE=DATE:20240427\r\n" in data

    def test_an_occurrence_of_a_series_names_where_it_had_been(self):
        data = ics.write(
            [
                entry(at("Europe/London", "2026-07-01T10:00"), recurrence_id="20260630T090000Z"),
                entry(at("Europe/London", "2026-07-01T00:00"), recurrence_id="20260630", all_day=True),
            ],
            name="S",
            zone=LONDON,
        )
        assert b"RECURRENCE-ID;TZID=Europe/London:20260630T100000\r\n" in data
        assert b"RECURRENCE-ID;VALUE=DATE:20260630\r\n" in data

    @pytest.mark.parametrize(
        "breaks", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\\n", "\x00\r\n"]
    )
    def test_no_text_becomes_a_line_of_its_own(self, breaks):
        bad = f"x{breaks}ATTENDEE:mailto:thief@example.net{breaks}END:VEVENT"
        one = entry(
            at("Europe/London", "2026-03-10T10:00"), uid=bad, description=bad, location=bad, url=bad, attendee=bad
        )
        one = replace(one, summary=bad, organizer=(bad, bad))
        two = replace(one, organizer=(bad + '";X="', "desk@example.org"))
        data = ics.write([one, two], name=bad, zone=LONDON, method="PUBLISH")
        text = data.decode()
        assert all(re.match(r"[A-Z-]+[;:]| ", line) for line in text.splitlines())
        unfolded = text.replace("\r\n ", "").split("\r\n")
        assert not any(line.startswith(("ATTENDEE", "URL")) for line in unfolded)
        assert unfolded.count("END:VEVENT") == 2
        assert len(Calendar.from_ical(data).walk("VEVENT")) == 2

    @given(st.text(max_size=400))
    @settings(max_examples=200, deadline=None)
    def test_any_text_is_folded_by_octets_and_comes_back(self, text):
        one = entry(at("Europe/London", "2026-03-10T10:00"), description=text)
        data = ics.write([one], name="S", zone=LONDON)
        assert all(len(line) <= 75 and line.decode() for line in data.split(b"\r\n")[:-1])
        assert data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n")
        back = read(data)
        assert back.refused == ()
        shown = ics._escaped(text).replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
        if "\\" not in text:
            kept = "".join(c for c in shown.encode("utf-8", "replace").decode() if c.isprintable() or c in "\n\t")
            assert back.entries[0].description == kept.strip()

    def test_nothing_at_all_is_still_a_calendar(self):
        data = ics.write([], name="S", zone=LONDON)
        assert read(data) == ics.Read((), ())
        assert Calendar.from_ical(data).walk("VEVENT") == []


class TestSeries:
    def test_exceptions_moves_and_cancelled_ones(self):
        result = read(
            calendar(
                "UID:1\nSUMMARY:Leo\nDTSTART;TZID=Europe/London:20260302T100000\nDTEND;TZID=Europe/London:20260302T103000\n"
                "RRULE:FREQ=WEEKLY;UNTIL=20260330T235959Z\nEXDATE;TZID=Europe/London:20260309T100000\n"
                "RDATE;TZID=Europe/London:20260304T150000",
                "UID:1\nSUMMARY:Leo, later\nRECURRENCE-ID;TZID=Europe/London:20260316T100000\n"
                "DTSTART;TZID=Europe/London:20260317T110000\nDURATION:PT1H",
                "UID:1\nSUMMARY:Leo\nRECURRENCE-ID:20260323T100000Z\nDTSTART:20260323T100000Z\nSTATUS:CANCELLED",
            )
        )
        assert [(e.recurrence_id, f"{e.starts_at:%dT%H:%M}", e.summary, e.status) for e in result.entries] == [
            ("20260302T100000Z", "02T10:00", "Leo", "confirmed"),
            ("20260304T150000Z", "04T15:00", "Leo", "confirmed"),
            ("20260316T100000Z", "17T11:00", "Leo, later", "confirmed"),
            ("20260323T100000Z", "23T10:00", "Leo", "cancelled"),
            ("20260330T090000Z", "30T10:00", "Leo", "confirmed"),
        ]

    def test_this_and_all_that_follow(self):
        result = read(
            calendar(
                "UID:1\nDTSTART;TZID=Europe/London:20260302T100000\nRRULE:FREQ=WEEKLY;COUNT=4",
                "UID:1\nRECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/London:20260316T100000\n"
                "DTSTART;TZID=Europe/London:20260316T120000",
            )
        )
        assert [(e.recurrence_id, f"{e.starts_at:%dT%H:%M}") for e in result.entries] == [
            ("20260302T100000Z", "02T10:00"),
            ("20260309T100000Z", "09T10:00"),
            ("20260316T100000Z", "16T12:00"),
            ("20260323T100000Z", "23T12:00"),
        ]

    def test_an_exception_alone_stands_for_itself(self):
        result = read(calendar("UID:1\nRECURRENCE-ID:20260316T100000Z\nDTSTART:20260317T100000Z"))
        assert [(e.recurrence_id, f"{e.starts_at:%d}") for e in result.entries] == [("20260316T100000Z", "17")]

    def test_a_faulty_exception_leaves_the_series(self):
        result = read(
            calendar(
                "UID:1\nDTSTART:20260302T100000\nRRULE:FREQ=WEEKLY;COUNT=2",
                "UID:1\nRECURRENCE-ID:20260309T100000\nDTSTART:20260399T100000",
            )
        )
        assert starts(result) == ["03-02T10:00+0000", "03-09T10:00+0000"]
        assert codes(result) == [(11, "DTSTART", "bad-time")]

    def test_the_newest_version_counts(self):
        older, newer = "UID:1\nSEQUENCE:1\nDTSTART:20260302T100000", "UID:1\nSEQUENCE:3\nDTSTART:20260303T100000"
        for events in ((older, newer), (newer, older)):
            result = read(calendar(*events))
            assert starts(result) == ["03-03T10:00+0000"]
            assert [one.code for one in result.refused] == ["older-version"]

    def test_days_of_a_series(self):
        result = read(
            calendar("UID:1\nDTSTART;VALUE=DATE:20260330\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20260331")
        )
        assert [(e.recurrence_id, e.all_day, e.ends_at - e.starts_at) for e in result.entries] == [
            ("20260330", True, timedelta(days=1)),
            ("20260401", True, timedelta(days=1)),
        ]

    def test_29_february_comes_in_leap_years(self):
        rule = calendar("UID:1\nDTSTART:20240229T100000\nRRULE:FREQ=YEARLY")
        assert starts(read(rule, since="2024-01-01", until="2029-12-31")) == ["02-29T10:00+0000"] * 2

    def test_a_period_has_its_own_length(self):
        result = read(
            calendar("UID:1\nDTSTART:20260302T100000Z\nDURATION:PT1H\nRDATE;VALUE=PERIOD:20260303T100000Z/PT3H")
        )
        assert [e.ends_at - e.starts_at for e in result.entries] == [timedelta(hours=1), timedelta(hours=3)]

    def test_only_what_starts_in_the_window_comes(self):
        data = calendar(
            "UID:1\nDTSTART:20260301T235900\nRRULE:FREQ=DAILY",
            "UID:2\nDTSTART:20260305T235900Z",
            "UID:3\nDTSTART:20260301T1000",
        )
        result = read(data, since="2026-03-03", until="2026-03-05")
        assert starts(result) == ["03-03T23:59+0000", "03-04T23:59+0000", "03-05T23:59+0000", "03-05T23:59+0000"]

    def test_nothing_in_the_window_is_said_of_what_is_outside_it(self):
        assert read(calendar("UID:1\nDTSTART;TZID=Nowhere/At_All:20200305T100000")) == ics.Read((), ())


DESCRIBED = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


class TestZones:
    @pytest.mark.parametrize(
        ("tzid", "hour"),
        [
            ("W. Europe Standard Time", "08"),
            ("/mozilla.org/20050126_1/Europe/Berlin", "08"),
            ("/freeassociation.sourceforge.net/America/Argentina/Buenos_Aires", "13"),
            ('"Europe/Berlin"', "08"),
            ("UTC", "10"),
            ("Etc/GMT-2", "08"),
        ],
    )
    def test_other_names_for_known_zones(self, tzid, hour):
        (one,) = read(calendar(f"UID:1\nDTSTART;TZID={tzid}:20260701T100000")).entries
        assert f"{one.starts_at.astimezone(UTC):%H}" == hour

    @pytest.mark.parametrize("name", ["Customized Time Zone", "(UTC+01:00) Amsterdam, Berlin"])
    def test_a_zone_that_only_the_file_describes_comes_in_the_shop_s(self, name):
        data = calendar(
            f"UID:1\nDTSTART;TZID={name}:20260323T100000\nRRULE:FREQ=WEEKLY;COUNT=2",
            f"UID:2\nDTSTART;TZID={name}:20260701T100000",
            head=DESCRIBED.format(name=name),
        )
        assert starts(read(data)) == ["03-23T09:00+0000", "03-30T09:00+0100", "07-01T09:00+0100"]

    def test_a_place_named_in_a_description_is_believed(self):
        head = DESCRIBED.format(name="Ours").replace("TZID:Ours", "TZID:Ours\nX-LIC-LOCATION:Asia/Kolkata")
        (one,) = read(calendar("UID:1\nDTSTART;TZID=Ours:20260701T100000", head=head)).entries
        assert one.starts_at.tzinfo == ZoneInfo("Asia/Kolkata")

    def test_an_unknown_zone_refuses_that_event_by_its_line(self):
        result = read(calendar("UID:1\nDTSTART;TZID=Mars/Olympus:20260701T100000", "UID:2\nDTSTART:20260701T100000"))
        assert result.refused == (ics.Refused(5, "DTSTART", "unknown-zone", "Mars/Olympus", "1"),)
        assert [e.uid for e in result.entries] == ["2"]

    @pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "Europe", "posixrules/../x", "A" * 5000])
    def test_a_zone_is_no_path(self, name):
        assert [one.code for one in read(calendar(f"UID:1\nDTSTART;TZID={name}:20260701T100000")).refused] == [
            "unknown-zone"
        ]

    def test_utc_is_shown_in_the_zone_that_the_calendar_states(self):
        head = "X-WR-TIMEZONE:America/New_York\n"
        assert starts(read(calendar("UID:1\nDTSTART:20260701T100000Z", head=head))) == ["07-01T06:00-0400"]

    def test_two_calendars_in_one_file_keep_their_own_zones(self):
        one = calendar("UID:1\nDTSTART:20260701T100000", head="X-WR-TIMEZONE:America/New_York\n")
        assert starts(read(one + calendar("UID:2\nDTSTART:20260701T160000"))) == [
            "07-01T10:00-0400",
            "07-01T16:00+0100",
        ]


class TestPeople:
    def one(self, *lines):
        (found,) = read(calendar("UID:1\nDTSTART:20260701T100000\n" + "\n".join(lines))).entries
        return found

    def test_who_is_invited_and_who_invites(self):
        found = self.one(
            'ORGANIZER;CN="Desk, Fenwick":MAILTO:desk@example.org',
            "ATTENDEE;CN=Desk:mailto:Desk@example.org",
            'ATTENDEE;CN="Rosa: x";ROLE=REQ-PARTICIPANT:mailto:rosa@example.com',
            "ATTENDEE:urn:uuid:1",
            "DESCRIPTION:for leo.o'x <leo@example.com>\\, ROSA@example.com. Or desk@example.org",
        )
        assert found.emails == ("rosa@example.com", "leo@example.com")
        assert found.organizer == ("Desk, Fenwick", "desk@example.org")
        assert found.attendee == "rosa@example.com"

    @pytest.mark.parametrize(
        ("text", "phones"),
        [
            ("Rosa 07700 900123", ("07700 900123",)),
            ("Rosa (+44 7700 900123)\\, or 0161-496-0000.", ("+44 7700 900123", "0161-496-0000")),
            ("call (212) 555-0142", ("(212) 555-0142",)),
            ("tel:+442079460000 twice +44 20 7946 0000", ("+442079460000",)),
            ("2026-07-01 10:30-11:30\\, 01.07.2026 and 1/7/26", ()),
            ("room 12\\, 25.00\\, 3 for 2", ()),
            ("https://meet.example.com/j/07700900123?pwd=07700900123", ()),
        ],
    )
    def test_numbers_in_the_words(self, text, phones):
        assert self.one(f"DESCRIPTION:{text}").phones == phones

    def test_words_come_as_they_were_meant(self):
        found = self.one(
            "SUMMARY;LANGUAGE=en:Cut\\, wash\\; dry \\\\ \x07 a", " nd go", "DESCRIPTION:one\\ntwo\\N\\nthree"
        )
        assert found.summary == "Cut, wash; dry \\ and go"
        assert found.description == "one\ntwo\n\nthree"

    def test_folding_may_cut_a_character_in_two(self):
        data = calendar("UID:1\nDTSTART:20260701T100000\nSUMMARY:Zoë").replace("ë".encode(), b"\xc3\r\n \xab")
        assert read(data).entries[0].summary == "Zoë"

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
    def test_other_encodings(self, encoding):
        data = calendar("UID:1\nDTSTART:20260701T100000\nSUMMARY:Zoë").decode().encode(encoding)
        assert read(data).entries[0].summary == "Zoë"

    def test_an_event_without_a_name_gets_the_same_one_each_time(self):
        data = calendar("DTSTART:20260701T100000\nSUMMARY:a", "DTSTART:20260701T100000\nSUMMARY:b")
        names = [e.uid for e in read(data).entries]
        assert len(set(names)) == 2
        assert names == [e.uid for e in read(data).entries]

    def test_states(self):
        data = calendar("UID:1\nDTSTART:20260701T100000\nSTATUS:TENTATIVE", "UID:2\nDTSTART:20260701T110000")
        assert [e.status for e in read(data).entries] == ["tentative", "confirmed"]
        called_off = calendar("UID:1\nDTSTART:20260701T100000", head="METHOD:CANCEL\n")
        assert [e.status for e in read(called_off).entries] == ["cancelled"]


def many(event, times):
    return calendar(*(event.replace("UID:1", f"UID:{n}") for n in range(times)))


SERIES = "UID:1\nDTSTART:20200101T100000\nDURATION:PT1H\n"
DATES = ",".join(f"2020{n // 28 % 12 + 1:02}{n % 28 + 1:02}T{n % 24:02}{n % 60:02}00" for n in range(2100))
BOMBS = {
    "every second": (calendar(SERIES + "RRULE:FREQ=SECONDLY"), "rule-too-often"),
    "every minute": (calendar(SERIES + "RRULE:FREQ=MINUTELY;INTERVAL=1"), "rule-too-often"),
    "every hour": (calendar(SERIES + "RRULE:FREQ=HOURLY"), "rule-too-often"),
    "every second by another way": (
        calendar(
            SERIES + "RRULE:FREQ=DAILY;BYHOUR={};BYMINUTE={}".format(*[",".join(map(str, range(n))) for n in (24, 60)])
        ),
        "rule-too-often",
    ),
    "no interval": (calendar(SERIES + "RRULE:FREQ=DAILY;INTERVAL=0"), "bad-interval"),
    "less than none": (calendar(SERIES + "RRULE:FREQ=DAILY;INTERVAL=-1"), "bad-rule"),
    "a huge interval": (calendar(SERIES + "RRULE:FREQ=DAILY;INTERVAL=999999999"), "bad-interval"),
    "a huge count": (calendar(SERIES + "RRULE:FREQ=DAILY;COUNT=1000000000"), "bad-count"),
    "a count of many digits": (calendar(SERIES + f"RRULE:FREQ=DAILY;COUNT={'9' * 5000}"), "bad-rule"),
    "30 February": (calendar(SERIES + "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "never-happens"),
    "the fifth of one": (calendar(SERIES + "RRULE:FREQ=DAILY;BYSETPOS=5"), "never-happens"),
    "30 February a thousand times": (many(SERIES + "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", 1000), "out-of-time"),
    "a long rule from long ago": (calendar("UID:1\nDTSTART:16010101T000000\nRRULE:FREQ=DAILY"), "rule-too-long"),
    "thousands of long rules": (many("UID:1\nDTSTART:19000101T000000\nRRULE:FREQ=DAILY", 4000), "out-of-time"),
    "thousands of dates": (calendar(SERIES + "RDATE:" + DATES), "too-many-dates"),
    "dates in all events": (many(SERIES + "RDATE:" + DATES[: 16 * 1900 - 1], 150), "out-of-time"),
    "too many events": (many("UID:1\nDTSTART:20260101T100000", 5001), "too-many-events"),
    "too large": (calendar("UID:1\nDESCRIPTION:" + "x" * 5_000_000), "too-large"),
    "too many lines": (b"BEGIN:VCALENDAR\n" + b"\n" * 4_000_000, "too-many-lines"),
    "a huge line": (calendar("UID:1\nDTSTART:20260101T100000\nSUMMARY:" + "x" * 4_000_000), "line-too-long"),
    "a line of many folds": (calendar("UID:1\nDTSTART:20260101T100000\nSUMMARY:" + "x\n " * 390_000), "line-too-long"),
    "endless nesting": (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + b"BEGIN:VALARM\n" * 300_000, "too-deep"),
    "nesting of one kind": (b"BEGIN:X\n" * 300_000, "too-deep"),
    "events never ended": (b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\n" * 300_000, "too-many-events"),
    "several rules": (calendar(SERIES + "RRULE:FREQ=DAILY\n" * 500), "several-rules"),
    "left out by a rule": (calendar(SERIES + "RRULE:FREQ=DAILY\nEXRULE:FREQ=SECONDLY"), "left-out-by-rule"),
    "a zone that turns every second": (
        calendar(
            "UID:1\nDTSTART;TZID=Bomb:20260101T100000",
            head=DESCRIBED.format(name="Bomb").replace("FREQ=YEARLY", "FREQ=SECONDLY"),
        ),
        "unknown-zone",
    ),
    "a zone that never turns": (
        calendar(
            "UID:1\nDTSTART;TZID=Bomb:20260101T100000",
            head=DESCRIBED.format(name="Bomb").replace("BYDAY=-1SU;BYMONTH=3", "BYMONTHDAY=30;BYMONTH=2"),
        ),
        "unknown-zone",
    ),
    "a very long event": (calendar("UID:1\nDTSTART:20260101T100000\nDURATION:P99999D"), "too-long"),
    "an endless name": (calendar("UID:" + "1" * 5000 + "\nDTSTART:20260101T100000"), "uid-too-long"),
    "ends before it starts": (
        calendar("UID:1\nDTSTART:20260101T100000\nDTEND:20260101T090000"),
        "ends-before-it-starts",
    ),
    "no start": (calendar("UID:1\nSUMMARY:x"), "no-start"),
    "cut short": (calendar("UID:1\nDTSTART:20260101T100000")[:-20], "cut-short"),
    "cut short within an event": (calendar("UID:1\nDTSTART:20260101T100000")[:-35], "unfinished"),
    "a page instead": (b"<!doctype html><html><body>Sign in</body></html>", "not-a-calendar"),
    "nothing": (b"", "not-a-calendar"),
}


class TestBombs:
    @pytest.mark.parametrize("which", BOMBS)
    def test_it_is_refused_in_time(self, which):
        data, code = BOMBS[which]
        began = time.thread_time()
        result = read(data)
        assert time.thread_time() - began < 2
        assert code in [one.code for one in result.refused]
        assert result.whole == all(one.uid for one in result.refused)

    @pytest.mark.parametrize(
        "which", ["cut short", "too large", "too many events", "endless nesting", "a page instead", "nothing"]
    )
    def test_what_may_hide_others_says_so(self, which):
        assert not read(BOMBS[which][0]).whole

    def test_the_memory_it_takes_is_bounded(self):
        """In a process of its own, whose highest mark is then that of reading; the two that hold the most."""
        pytest.importorskip("resource", reason="Windows counts memory in another way")
        program = (
            "import resource, sys; from datetime import date; from zoneinfo import ZoneInfo; from outside import ics\n"
            "data, zone = sys.stdin.buffer.read(), ZoneInfo('Europe/London')\n"
            "ics.read(b'BEGIN:VCALENDAR', zone=zone, since=date(2026, 1, 1), until=date(2026, 12, 31))\n"
            "import icalendar, recurring_ical_events; before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            "ics.read(data, zone=zone, since=date(2026, 1, 1), until=date(2026, 12, 31))\n"
            "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
        )
        full = many("UID:1\nDTSTART:20260701T100000\nSUMMARY:Rosa\nDESCRIPTION:" + "07700 900123, " * 60, 5000)[
            :4_999_000
        ]
        root = Path(ics.__file__).parent.parent
        for data in (full, many(SERIES + "RRULE:FREQ=DAILY", 2000)):
            done = subprocess.run(
                [sys.executable, "-c", program], input=data, capture_output=True, check=True, cwd=root
            )
            assert int(done.stdout) < 100

    def test_who_only_writes_does_not_wait_for_the_readers_libraries(self):
        program = "import sys; from outside import caldav, ics; print(*{'icalendar', 'dateutil'} & set(sys.modules))"
        root = Path(ics.__file__).parent.parent
        assert (
            subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, cwd=root).stdout == b"\n"
        )

    def test_the_library_by_itself_would_hang(self):
        program = (
            "import icalendar, recurring_ical_events, sys; from datetime import date\n"
            "c = icalendar.Calendar.from_ical(sys.stdin.buffer.read())\n"
            "recurring_ical_events.of(c).between(date(2026, 1, 1), date(2026, 12, 31))\n"
        )
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run([sys.executable, "-c", program], input=BOMBS["every second"][0], timeout=4, check=False)

    def test_the_others_survive(self):
        parts = [
            data for data, code in BOMBS.values() if len(data) < 3000 and code not in ("too-deep", "not-a-calendar")
        ]
        events = [re.sub(rb"UID:1", b"UID:b%d" % n, part) for n, part in enumerate(parts)]
        good = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:good\nDTSTART:20260701T100000\nEND:VEVENT\nEND:VCALENDAR\n"
        result = read(good.join(event + b"\n" for event in events) + good.replace(b"UID:good", b"UID:last"))
        assert "good" in [e.uid for e in result.entries]

    def test_as_many_as_are_allowed_are_read(self):
        result = read(many("UID:1\nDTSTART:20260701T100000\nDTEND:20260701T110000\nSUMMARY:Rosa 07700 900123", 5000))
        assert (len(result.entries), result.refused) == (5000, ())

    def test_all_that_is_refused_names_its_line(self):
        data = calendar(
            "UID:1\nDTSTART:2026070T100000",
            "UID:2\nDTSTART:20260701T100000\nDURATION:soon",
            "UID:3\nDTSTART:20260701T100000\nRRULE:FREQ=NOW",
            "UID:4\nDTSTART:20260701T100000\nRRULE:FREQ=DAILY\nEXDATE:never",
        )
        assert codes(read(data)) == [
            (5, "DTSTART", "bad-time"),
            (10, "DURATION", "bad-duration"),
            (15, "RRULE", "bad-rule"),
            (21, "EXDATE", "bad-time"),
        ]


CORPUS = [
    calendar(
        "UID:1\nSUMMARY:Leo\nDTSTART;TZID=Europe/London:20260302T100000\nDTEND;TZID=Europe/London:20260302T103000\n"
        "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;INTERVAL=2;UNTIL=20260930T235959Z\nEXDATE;TZID=Europe/London:20260309T100000",
        "UID:1\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260316T100000Z\nDTSTART:20260317T110000\nDURATION:P1DT1H",
        "UID:1\nRECURRENCE-ID:20260323T100000Z\nDTSTART;VALUE=DATE:20260323\nSTATUS:CANCELLED",
        "UID:2\nDTSTART;VALUE=DATE:20200229\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1;COUNT=30",
        "UID:3\nDTSTART;TZID=Customized:20260401T090000\nRDATE;VALUE=PERIOD:20260403T090000Z/PT1H,20260405T090000Z/20260405T100000Z",
        'UID:4\nDTSTART:20260401T090000Z\nRRULE:FREQ=MONTHLY;BYDAY=2TU;BYSETPOS=1\nORGANIZER;CN="A":mailto:a@example.org',
        head=DESCRIBED.format(name="Customized") + "X-WR-TIMEZONE:America/New_York\n",
    ),
    ics.write(
        [entry(at("Europe/London", "2026-07-01T10:00"), description="a, b; c\n+44 7700 900123")], name="S", zone=LONDON
    ),
]
PIECES = [
    piece.encode("latin-1").decode("unicode_escape").encode("latin-1")
    for piece in (
        r"RRULE: FREQ= SECONDLY DAILY YEARLY ;INTERVAL= 0 -1 99999999 ;COUNT= ;BYDAY= 5SU ;BYMONTHDAY=31 ;BYSETPOS= BYYEARDAY=366"
        r" BEGIN:VEVENT\r\n END:VEVENT\r\n BEGIN:VCALENDAR\r\n END:VCALENDAR\r\n BEGIN:VTIMEZONE\r\n TZID= : ; , \" \\ \r\n"
        r" \r\n\x20 \x00 \xff P Z 00010101T000000 99991231 RECURRENCE-ID ;VALUE=DATE RANGE=THISANDFUTURE EXDATE: UID:1\r\n"
    ).split()
]


def mutated(rng):
    data = bytearray(rng.choice(CORPUS))
    for _ in range(rng.randint(1, 12)):
        at, end = sorted(rng.randint(0, len(data)) for _ in range(2))
        what = rng.randint(0, 4)
        if what == 0:
            data[at : min(end, at + 40)] = b""
        elif what == 1:
            data[at:at] = rng.choice(PIECES)
        elif what == 2:
            data[at : at + rng.randint(0, 12)] = rng.choice(PIECES)
        elif what == 3:
            data[at:at] = data[at : min(end, at + 300)]
        else:
            data[at : at + 1] = bytes([rng.randint(0, 255)])
    return bytes(data)


def is_sound(data):
    began = time.thread_time()
    result = read(data)
    assert time.thread_time() - began < 2, data
    assert all(one.code != "unreadable" or one.line for one in result.refused), (data, result.refused)
    for one in result.entries:
        assert one.starts_at.utcoffset() is not None
        assert one.ends_at >= one.starts_at
        assert one.uid
    ics.write(result.entries[:50], name="S", zone=LONDON)


class TestMutations:
    def test_no_change_to_a_file_stops_us(self):
        rng = random.Random(6)
        for _ in range(1500):
            is_sound(mutated(rng))

    @given(st.binary(max_size=2000))
    @settings(max_examples=200, deadline=None)
    def test_any_bytes_at_all(self, data):
        is_sound(data)
        is_sound(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + data)

    @pytest.mark.full
    def test_a_hundred_thousand_changes(self):
        rng = random.Random(66)
        for _ in range(100_000):
            is_sound(mutated(rng))
