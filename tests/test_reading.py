"""Calendars read and written: from an address, from a real CalDAV server, from a file; what hangs holds up nobody."""

import threading
import time
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import background
import clock
import models
import reading
from domain import calendar_entries, calendars, importing_undo
from models import Appointment, Calendar, CalendarEntry, Customer, DayList, Import, Message
from outside import caldav, ics
from tests.conftest import TUESDAY, signed_in, someone
from tests.outside.conftest import listen as listen, web_server as web_server
from tests.radicale_server import radicale as radicale

LONDON = ZoneInfo("Europe/London")
TEN = datetime(2026, 11, 25, 10, tzinfo=LONDON)
HOUR = timedelta(hours=1)
BOMBS = {
    "every second": "RRULE:FREQ=SECONDLY",
    "30 February": "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "no interval": "RRULE:FREQ=DAILY;INTERVAL=0",
    "a count without end": "RRULE:FREQ=DAILY;COUNT=999999999",
    "every minute of every day": "RRULE:FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE="
    + ",".join(map(str, range(60))),
}  # fmt: skip


def entry(starts=TEN, **more):
    said: Any = {"uid": "a-1@example.org", "sequence": 0, "summary": "Rosa Marchetti"} | more
    return ics.Entry(starts_at=starts, ends_at=starts + HOUR, **said)


def written(*entries):
    return ics.write(entries, name="", zone=LONDON, method="")


def bomb(rule, times=1):
    event = "BEGIN:VEVENT\r\nUID:{}\r\nDTSTART:16010101T100000\r\nDTEND:16010101T110000\r\nSUMMARY:x\r\n{}\r\nEND:VEVENT\r\n"
    events = "".join(event.format(n, rule) for n in range(times))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n".encode()


def booked():
    found = Appointment.select().join(Customer).order_by(Appointment.starts_at, Appointment.id)
    return [(one.customer.name, one.wall, one.state) for one in found]


def fresh(calendar):
    return Calendar.get_by_id(calendar.id)


class TestAnAddress:
    @pytest.fixture
    def there(self, shop, rosa, web_server):
        """A server that holds one calendar, and ours that reads it."""
        held: Any = {"status": 200, "body": written(entry()), "headers": {}}
        server = web_server(lambda asked: (held["status"], held["headers"], held["body"]))
        calendar = Calendar.create(shop=shop, kind="address", name="Chair 1", url=server.url + "/1.ics")
        held["read"] = lambda: reading.read(fresh(calendar), frozenset({server.host}))
        held["calendar"], held["asked"] = calendar, server.asked
        return held

    def test_is_read_and_read_again(self, there):
        there["read"]()
        assert booked() == [("Rosa Marchetti", "2026-11-25T10:00", "booked")]
        there["body"] = written(entry(TEN + HOUR, sequence=1))
        there["read"]()
        assert booked() == [("Rosa Marchetti", "2026-11-25T11:00", "booked")]
        there["body"] = written()
        there["read"]()
        assert booked() == [("Rosa Marchetti", "2026-11-25T11:00", "cancelled")]
        one = fresh(there["calendar"])
        assert (one.trouble, one.read_at) == ("", TUESDAY)

    def test_what_is_unchanged_is_not_sent_again_until_the_next_day(self, there, at):
        there["headers"] = {"ETag": '"1"'}
        there["read"]()
        there["status"], there["body"] = 304, b""
        there["read"]()
        assert there["asked"][-1].headers["if-none-match"] == '"1"'
        assert booked()[0][2] == "booked"
        at(TUESDAY + timedelta(days=1))
        there["read"]()
        assert "if-none-match" not in there["asked"][-1].headers

    @pytest.mark.parametrize(
        ("status", "code"),
        [(401, "sign-in-refused"), (403, "no-rights"), (404, "not-found"), (410, "not-found"), (302, "redirected"),
         (500, "server-away"), (429, "server-away"), (418, "bad-answer")],
    )  # fmt: skip
    def test_a_refusal_is_kept_as_a_code_and_cancels_nothing(self, there, status, code):
        there["read"]()
        there["status"], there["body"] = status, b""
        there["read"]()
        assert fresh(there["calendar"]).trouble == code
        assert booked()[0][2] == "booked"
        there["status"], there["body"] = 200, written(entry())
        there["read"]()
        assert fresh(there["calendar"]).trouble == ""

    @pytest.mark.parametrize("body", [b"", b"<html>Sign in</html>", b"x" * 5_000_001, b"BEGIN:VCALENDAR\n" * 400_002])
    def test_what_is_no_calendar_cancels_nothing(self, there, body):
        there["read"]()
        there["body"] = body
        there["read"]()
        assert fresh(there["calendar"]).trouble in ("not-a-calendar", "too-large", "too-many-lines")
        assert booked()[0][2] == "booked"

    def test_a_file_cut_short_cancels_nothing(self, there):
        there["read"]()
        there["body"] = written(entry(uid="b"))[:-20]
        there["read"]()
        assert booked()[0][2] == "booked"
        assert fresh(there["calendar"]).refused

    def test_what_is_refused_is_not_gone(self, there):
        there["read"]()
        there["body"] = written(entry()).replace(b"DTSTART;TZID=Europe/London:2026", b"DTSTART;TZID=Europe/London:x")
        there["read"]()
        assert booked()[0][2] == "booked"
        assert [one[2] for one in fresh(there["calendar"]).refused] == ["bad-time"]

    def test_a_private_address_is_not_asked(self, there):
        reading.read(fresh(there["calendar"]), frozenset())
        assert fresh(there["calendar"]).trouble == "not-allowed"
        assert there["asked"] == []

    @pytest.mark.parametrize("name", BOMBS)
    def test_a_bomb_is_refused_within_two_seconds(self, there, name):
        there["body"] = bomb(BOMBS[name], times=200)
        began = time.thread_time()  # on a machine that has nothing else to do it is what the clock says
        there["read"]()
        assert time.thread_time() - began < 2
        one = fresh(there["calendar"])
        assert (one.trouble, booked()) == ("", [])
        assert one.refused

    def test_words_for_a_person_are_not_kept_of_what_was_refused(self, there):
        there["body"] = bomb("RRULE:FREQ=Rosa Marchetti")
        there["read"]()
        assert "Rosa" not in str(fresh(there["calendar"]).refused)

    def test_one_that_is_broken_does_not_keep_the_others_from_being_read(self, shop, there, monkeypatch):
        Calendar.create(shop=shop, kind="address", name="Broken", url="https://[", id=None)
        monkeypatch.setattr(reading, "allowed_hosts", lambda: frozenset({there["calendar"].url.split("/")[2]}))
        assert reading.read_due() == 2
        assert {one.name: one.trouble for one in Calendar.select()} == {"Chair 1": "", "Broken": "bad-address"}
        assert reading.read_due() == 0, "not due again for ten minutes"


class TestAServerThatHangs:
    def test_holds_up_neither_lists_nor_itself(self, shop, rosa, listen, monkeypatch, at):
        over = threading.Event()
        server = listen(lambda line: over.wait(20))
        url = f"http://127.0.0.1:{server.port}/1.ics"
        Calendar.create(shop=shop, kind="address", name="Hangs", url=url)
        monkeypatch.setattr(reading, "allowed_hosts", lambda: frozenset({f"127.0.0.1:{server.port}"}))
        ended = threading.Event()
        threads = reading.start(ended)
        while not server.connections:
            time.sleep(0.01)
        began = time.monotonic()
        background.tick()
        someone(shop, "Kim")  # nor whoever writes
        assert time.monotonic() - began < 5
        assert DayList.select().exists()
        ended.set()
        over.set()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
        assert Calendar.get().trouble in ("cut-off", "timeout")


@pytest.fixture
def chair(shop, radicale):
    account = radicale.account()
    return Calendar.create(
        shop=shop, kind="caldav", name="Chair 1", url=f"{account.url}desk/chair/", account="desk", password="secret",
        two_way=True,
    )  # fmt: skip


class TestAServer:
    @pytest.fixture
    def account(self, radicale):
        return radicale.account()

    @pytest.fixture
    def read(self, chair, account):
        return lambda: reading.read(fresh(chair), account.allowed)

    def put(self, chair, account, *entries, name="a"):
        href = f"{chair.url}{name}.ics"
        there = caldav.get(account, href)
        put = caldav.put(account, href, written(*entries), there[0] if there else None)
        assert put.state == "kept", put

    def there(self, chair, account):
        """Return what stands on the server now, as another program reads it."""
        found: list[Any] = []
        for _href, _tag, data in caldav.changes(account, chair.url, "").changed:
            found += ics.read(data, zone=LONDON, since=date(2026, 1, 1), until=date(2027, 12, 31)).entries
        return sorted((one.summary, f"{one.starts_at.astimezone(LONDON):%m-%dT%H:%M}") for one in found)

    def test_create_move_and_cancel_come_to_us(self, chair, account, read, shop, rosa, at):
        self.put(chair, account, entry())
        read()
        assert booked() == [("Rosa Marchetti", "2026-11-25T10:00", "booked")]
        self.put(chair, account, entry(TEN + HOUR, sequence=1))
        read()
        assert booked() == [("Rosa Marchetti", "2026-11-25T11:00", "booked")]
        caldav.delete(account, f"{chair.url}a.ics", "")
        read()  # at the very instant at which it was read first
        assert booked() == [("Rosa Marchetti", "2026-11-25T11:00", "cancelled")]
        assert fresh(chair).trouble == ""

    def test_what_was_written_while_the_server_was_asked_is_looked_at_again(
        self, chair, account, read, shop, rosa, monkeypatch
    ):
        self.put(chair, account, entry())
        changes = caldav.changes

        def slow(*given):
            answer = changes(*given)
            ours = Appointment.create(
                customer=rosa, shop=shop, day=TEN.date(), starts_at=TEN + 3 * HOUR, ends_at=TEN + 4 * HOUR, uid="late",
                wall="2026-11-25T13:00",
            )  # fmt: skip
            CalendarEntry.create(
                calendar=chair, uid="late", href=f"{chair.url}late.ics", starts_at=ours.starts_at, ends_at=ours.ends_at,
                state="matched", customer=rosa, appointment=ours, at=clock.now(),
            )  # fmt: skip
            return answer

        monkeypatch.setattr(caldav, "changes", slow)
        read()
        monkeypatch.undo()
        assert {state for _n, _w, state in booked()} == {"booked"}, "what the server said was older"
        read()
        assert [state for _n, _w, state in booked()] == ["booked", "cancelled"], "and is asked again"

    def test_a_series_comes_within_sight_day_by_day(self, chair, account, read, shop, rosa, at):
        series = written(entry()).replace(b"SUMMARY", b"RRULE:FREQ=WEEKLY\r\nSUMMARY")
        caldav.put(account, f"{chair.url}s.ics", series, None)
        read()
        before = len(booked())
        at(TUESDAY + timedelta(days=14))
        read()
        assert len(booked()) == before + 2
        assert {state for _n, _w, state in booked()} == {"booked"}

    def test_ours_is_written_moved_and_taken_out_there(self, phone, chair, account, read, shop, rosa, at):
        made = phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-25T10:00", service="cut")
        read()
        assert self.there(chair, account) == [("Rosa Marchetti", "11-25T10:00")]
        assert b"cut" not in caldav.changes(account, chair.url, "").changed[0][2], "never what it is for"
        at(TUESDAY + HOUR)
        read()
        assert booked() == [("Rosa Marchetti", "2026-11-25T10:00", "booked")], "read back, it is still one"
        number = made["result"]["appointment"]
        phone.act("appointment.move", appointment=number, starts_at="2026-11-25T14:00")
        read()
        assert self.there(chair, account) == [("Rosa Marchetti", "11-25T14:00")]
        phone.act("appointment.cancel", appointment=number)
        read()
        assert self.there(chair, account) == []
        phone.act("appointment.restore", appointment=number)
        read()
        assert self.there(chair, account) == [("Rosa Marchetti", "11-25T14:00")]
        at(TUESDAY + 2 * HOUR)
        read()
        assert booked() == [("Rosa Marchetti", "2026-11-25T14:00", "booked")]

    def test_moving_ours_there_moves_it_here(self, phone, chair, account, read, shop, rosa):
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-25T10:00")
        read()
        ((href, tag, data),) = caldav.changes(account, chair.url, "").changed
        caldav.put(account, href, data.replace(b":20261125T1", b":20261126T1"), tag)
        read()
        assert booked() == [("Rosa Marchetti", "2026-11-26T10:00", "booked")]

    def test_a_move_leaves_their_words_guests_and_alarms(self, phone, chair, account, read, shop, rosa):
        told = written(entry(description="Bring the blue one")).replace(
            b"END:VEVENT",
            b"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:x\r\nEND:VALARM\r\nEND:VEVENT",
        )
        caldav.put(account, f"{chair.url}a.ics", told, None)
        read()
        phone.act("appointment.move", appointment=str(Appointment.get().id), starts_at="2026-11-27T09:00")
        read()
        assert self.there(chair, account) == [("Rosa Marchetti", "11-27T09:00")]
        _tag, data = caldav.get(account, f"{chair.url}a.ics") or ("", b"")
        assert b"Bring the blue one" in data
        assert b"VALARM" in data

    def test_one_of_a_series_is_moved_and_taken_out_by_itself(self, phone, chair, account, read, shop, rosa):
        series = written(entry()).replace(b"SUMMARY", b"RRULE:FREQ=WEEKLY;COUNT=4\r\nSUMMARY")
        caldav.put(account, f"{chair.url}s.ics", series, None)
        read()
        second, third = Appointment.select().order_by(Appointment.starts_at).offset(1).limit(2)
        phone.act("appointment.move", appointment=str(second.id), starts_at="2026-12-03T15:00")
        phone.act("appointment.cancel", appointment=str(third.id))
        read()
        wanted = ["11-25T10:00", "12-03T15:00", "12-16T10:00"]
        assert [when for _name, when in self.there(chair, account)] == wanted
        read()
        assert [wall[5:] for _n, wall, state in booked() if state == "booked"] == wanted
        phone.act("appointment.move", appointment=str(second.id), starts_at="2026-12-03T16:00")
        read()
        assert [when for _name, when in self.there(chair, account)] == ["11-25T10:00", "12-03T16:00", "12-16T10:00"]

    def test_of_both_changed_at_once_nobody_wins_unasked(self, phone, chair, account, read, shop, rosa):
        self.put(chair, account, entry())
        read()
        number = str(Appointment.get().id)
        phone.act("appointment.move", appointment=number, starts_at="2026-11-25T12:00")
        self.put(chair, account, entry(TEN + 4 * HOUR, sequence=1))
        read()
        assert booked() == [("Rosa Marchetti", "2026-11-25T12:00", "booked")]
        assert self.there(chair, account) == [("Rosa Marchetti", "11-25T14:00")]
        (one,) = calendars.clashes(shop, clock.now())
        phone.act("calendar.settle", entry=str(one.entry.id), how="ours")
        read()
        assert self.there(chair, account) == [("Rosa Marchetti", "11-25T12:00")]
        assert calendars.clashes(shop, clock.now()) == []

    def test_changed_between_our_reading_and_our_writing_is_read_again(
        self, phone, chair, account, read, shop, rosa, monkeypatch
    ):
        self.put(chair, account, entry())
        read()
        phone.act("appointment.move", appointment=str(Appointment.get().id), starts_at="2026-11-25T12:00")
        put, own = caldav.put, list[int]()

        def late(*given):
            if not own:  # somebody else, between our look and our change
                own.append(1)
                self.put(chair, account, entry(TEN + 5 * HOUR, sequence=3))
            return put(*given)

        monkeypatch.setattr(caldav, "put", late)
        read()
        monkeypatch.undo()
        assert self.there(chair, account) == [("Rosa Marchetti", "11-25T15:00")], "theirs is not overwritten"
        assert len(calendars.clashes(shop, clock.now())) == 1
        assert booked() == [("Rosa Marchetti", "2026-11-25T12:00", "booked")]

    def test_changed_between_our_reading_and_our_look_is_read_again(
        self, phone, chair, account, read, shop, rosa, monkeypatch
    ):
        self.put(chair, account, entry())
        read()
        phone.act("appointment.move", appointment=str(Appointment.get().id), starts_at="2026-11-25T12:00")
        get, own = caldav.get, list[int]()

        def late(*given):
            if not own:
                own.append(1)
                self.put(chair, account, entry(TEN + 5 * HOUR, sequence=3))
            return get(*given)

        monkeypatch.setattr(caldav, "get", late)
        read()
        assert self.there(chair, account) == [("Rosa Marchetti", "11-25T15:00")], "theirs is not overwritten"
        assert len(calendars.clashes(shop, clock.now())) == 1

    def test_stopped_between_writing_and_remembering_it_writes_no_second(
        self, phone, chair, account, read, shop, rosa, monkeypatch
    ):
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-25T10:00")
        with monkeypatch.context() as patch:
            patch.setattr(calendar_entries, "written", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
            read()
        assert fresh(chair).trouble == "our-fault"
        read()
        assert self.there(chair, account) == [("Rosa Marchetti", "11-25T10:00")]
        assert len(booked()) == 1
        assert CalendarEntry.select().count() == 1

    def test_a_calendar_we_may_only_read_is_told_once_in_words(self, phone, chair, account, read, radicale, shop, rosa):
        Calendar.update(account="sam", password="other").execute()
        for at in ("10", "11", "12"):
            phone.act("appointment.create", customer=str(rosa.id), starts_at=f"2026-11-25T{at}:00")
        read()
        assert fresh(chair).refused == [[0, "PUT", "read-only"]]
        assert fresh(chair).trouble == ""

    def test_without_writing_nothing_is_written(self, phone, chair, account, read, shop, rosa):
        Calendar.update(two_way=False).execute()
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-25T10:00")
        read()
        assert self.there(chair, account) == []

    def test_each_chair_gets_its_own(self, phone, chair, account, read, shop, rosa):
        Calendar.update(with_whom="Nadia").execute()
        for whom, at in (("Omar", "10"), ("nadia", "11"), ("", "12")):
            phone.act("appointment.create", customer=str(rosa.id), starts_at=f"2026-11-25T{at}:00", **{"with": whom})
        read()
        assert self.there(chair, account) == [("Rosa Marchetti", "11-25T11:00")]

    def test_a_wrong_password_is_told(self, chair, read):
        Calendar.update(password="wrong").execute()
        read()
        assert fresh(chair).trouble == "sign-in-refused"

    def test_a_server_without_tokens_tells_by_tags(self, chair, account, read, radicale, shop, rosa, at):
        radicale.closed.add(("REPORT", b"sync-collection"))
        self.put(chair, account, entry())
        self.put(chair, account, entry(uid="b", starts=TEN + HOUR), name="b")
        read()
        at(TUESDAY + HOUR)
        caldav.delete(account, f"{chair.url}b.ics", "")
        self.put(chair, account, entry(TEN + 3 * HOUR, sequence=1))
        read()
        assert booked() == [
            ("Rosa Marchetti", "2026-11-25T11:00", "cancelled"),
            ("Rosa Marchetti", "2026-11-25T13:00", "booked"),
        ]

    def test_what_is_refused_there_is_kept_in_sight(self, chair, account, read, shop, rosa):
        self.put(chair, account, entry())
        read()
        radicale_takes = written(entry(uid="b")).replace(b"SUMMARY", b"RRULE:FREQ=HOURLY\r\nSUMMARY")
        caldav.put(account, f"{chair.url}b.ics", radicale_takes, None)
        read()
        read()
        assert [one[2] for one in fresh(chair).refused] == ["rule-too-often"]
        assert len(booked()) == 1


class TestAFile:
    def test_is_taken_in_once_and_taken_back(self, shop, rosa, okafor):
        data = written(entry(), entry(uid="b", starts=TEN + HOUR, summary="Mr Okafor"), entry(uid="c", summary="Lunch"))
        first, again = (reading.import_file(shop, "old.ics", data) for _ in "ab")
        assert (first.total, first.added, first.skipped, first.refused) == (3, 2, 1, 0)
        assert (again.total, again.added, again.updated, again.skipped) == (3, 0, 0, 3)
        assert [one["code"] for one in first.errors] == ["whose"]
        importing_undo.undo(int(first.import_id or 0))
        assert (booked(), CalendarEntry.select().count()) == ([], 0)
        assert calendars.of_shop(shop) == []
        assert reading.import_file(shop, "old.ics", data).added == 2

    def test_taken_back_after_they_were_told_it_is_cancelled_and_stands_with_the_file_again(self, shop, rosa):
        first = reading.import_file(shop, "old.ics", written(entry()))
        wall = Appointment.get().wall
        Message.create(
            shop=shop, kind="reminder", way="email", customer=rosa, appointment=Appointment.get(), told=wall,
            message_id="a@b", state="delivered", due_at=TUESDAY, deadline=TUESDAY, next_at=TUESDAY, at=TUESDAY,
        )  # fmt: skip
        importing_undo.undo(int(first.import_id or 0))
        assert [state for _n, _w, state in booked()] == ["cancelled"]
        assert Message.select().where((Message.kind == "change") & (Message.state == "due")).count() == 1
        again = reading.import_file(shop, "old.ics", written(entry()))
        assert (again.updated, [state for _n, _w, state in booked()]) == (1, ["booked"])
        assert not Message.select().where((Message.kind == "change") & (Message.state == "due")).exists()

    def test_a_newer_one_changes_and_takes_nothing_for_gone(self, shop, rosa, okafor):
        reading.import_file(shop, "old.ics", written(entry(), entry(uid="b", summary="Mr Okafor")))
        newer = reading.import_file(shop, "old.ics", written(entry(TEN + HOUR, sequence=1)))
        assert (newer.added, newer.updated) == (0, 1)
        assert {state for _n, _w, state in booked()} == {"booked"}
        importing_undo.undo(int(newer.import_id or 0))
        assert ("Rosa Marchetti", "2026-11-25T10:00", "booked") in booked()

    def test_the_past_is_taken_in_of_those_who_are_known(self, shop, rosa):
        told = written(entry(TEN - timedelta(days=60)), entry(TEN - timedelta(days=61), uid="b", summary="Kim"))
        report = reading.import_file(shop, "old.ics", told)
        assert (report.added, [one["code"] for one in report.errors]) == (1, ["past"])

    def test_only_looking_keeps_nothing(self, shop, rosa):
        report = reading.look_at_file(shop, "old.ics", written(entry()))
        assert (report.added, report.import_id) == (1, None)
        assert [table.select().count() for table in (Appointment, Calendar, CalendarEntry, Import)] == [0] * 4

    @pytest.mark.parametrize("name", BOMBS)
    def test_a_bomb_is_refused_within_two_seconds(self, shop, name):
        began = time.thread_time()
        report = reading.import_file(shop, "bomb.ics", bomb(BOMBS[name], 300))
        assert time.thread_time() - began < 2
        assert (report.added, report.refused) == (0, 300)
        assert report.total == report.refused

    def test_what_is_no_calendar_leaves_no_trace(self, shop):
        with pytest.raises(reading.NotRead) as raised:
            reading.import_file(shop, "x.ics", b"Dear all,")
        assert raised.value.code == "not-a-calendar"
        assert Calendar.select().count() == 0


@contextmanager
def connected():
    models.db.connect(reuse_if_open=True)
    try:
        yield
    finally:
        models.db.close()


def test_two_who_read_at_once_book_once(shop, rosa, web_server):
    server = web_server(lambda asked: (200, {}, written(entry(), entry(uid="b", starts=TEN + HOUR))))
    calendar = Calendar.create(shop=shop, kind="address", name="Chair 1", url=server.url + "/1.ics")
    together = threading.Barrier(4)

    def read():
        with connected():
            mine = fresh(calendar)
            together.wait()
            reading.read(mine, frozenset({server.host}))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [wall[11:] for _n, wall, _s in booked()] == ["10:00", "11:00"]
    assert fresh(calendar).trouble == ""


def test_reading_and_booking_at_once_do_not_wait_for_each_other_for_ever(server, shop, sam, rosa, okafor):
    """Who books holds the person and then the shop; a reading that did it the other way round would be a deadlock."""
    failed: list[BaseException] = []
    together = threading.Barrier(4)

    def read(number):
        calendar = Calendar.create(shop=shop, kind="file", name=f"{number}.ics", with_whom=f"Chair {number}")
        names = ["Rosa Marchetti", "Mr Okafor"]
        entries = [
            entry(TEN + n * HOUR, uid=f"{number}-{n}", summary=names[(n + number) % 2]) for n in range(12)
        ]  # fmt: skip
        together.wait()
        reading.read_file(calendar, written(*entries))

    def book(number):
        phone = signed_in(server, sam)
        together.wait()
        for n in range(12):
            who = (rosa, okafor)[(n + number) % 2]
            at = f"2026-11-26T{8 + n:02}:00"
            said: Any = {"with": f"Desk {number}"}
            answer = phone.act("appointment.create", customer=str(who.id), starts_at=at, **said)
            assert answer["status"] == "applied", answer

    def run(work, number):
        try:
            with connected():
                work(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work, n)) for work in (read, book) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert Appointment.select().count() == 48
