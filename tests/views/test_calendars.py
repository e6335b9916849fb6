"""Calendars on pages: the one that goes out by a secret address, those that are read, and the questions they leave."""

import io
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject

import clock
import reading
from domain import calendars, reminders
from models import Appointment, Calendar, CalendarEntry, Contact, Customer, Message, ReminderRule, Shop
from outside import ics, ics_reading
from tests.conftest import TUESDAY, Phone, came, someone
from tests.outside.conftest import web_server as web_server
from tests.radicale_server import radicale as radicale
from tests.test_reading import BOMBS, bomb

TEN = "2026-11-25T10:00"


def book(phone, who, at=TEN, **more):
    answer = phone.act("appointment.create", customer=str(who.id), starts_at=at, **more)
    assert answer["status"] == "applied", answer
    return answer["result"]["appointment"]


def address(shop, whom="", names=True):
    return f"/calendar/{calendars.feed_secret(Shop.get_by_id(shop.id), whom, names)}.ics"


@pytest.fixture
def anybody(server):
    return Phone(server.test_client())


def events(answer) -> Any:
    assert answer.status_code == 200
    return list(icalendar.Calendar.from_ical(answer.data).walk("VEVENT"))


def first(pattern, text):
    found = re.search(pattern, text)
    assert found, text
    return found[1]


class TestTheCalendarThatGoesOut:
    def test_needs_no_sign_in_and_names_people_as_staff_do(self, anybody, phone, shop, rosa):
        Customer.update(call="Mrs Marchetti").execute()
        book(phone, rosa, service="colour", **{"with": "Nadia"})
        (event,) = events(anybody.get(address(shop)))
        assert str(event["SUMMARY"]) == "Mrs Marchetti"
        text = anybody.get(address(shop)).text
        assert "colour" not in text
        assert "Rosa" not in text

    def test_with_times_only_names_nobody(self, anybody, phone, shop, rosa):
        book(phone, rosa, **{"with": "Nadia"})
        answer = anybody.get(address(shop, names=False))
        assert [str(event["SUMMARY"]) for event in events(answer)] == ["Booked"]
        assert "Rosa" not in answer.text

    def test_of_one_whom_has_theirs_alone(self, anybody, phone, shop, rosa, okafor):
        book(phone, rosa, **{"with": "Nadia"})
        book(phone, okafor, **{"with": "Omar"})
        assert [str(event["SUMMARY"]) for event in events(anybody.get(address(shop, "nadia")))] == ["Rosa Marchetti"]
        assert "nadia" not in address(shop, "nadia").lower()

    def test_the_answer_is_a_calendar_that_nobody_keeps(self, anybody, phone, shop, rosa):
        book(phone, rosa)
        answer = anybody.get(address(shop))
        assert answer.mimetype == "text/calendar"
        assert answer.headers["X-Robots-Tag"].startswith("noindex")
        assert answer.headers["Cache-Control"] == "private, no-cache"

    def test_what_is_unchanged_is_not_sent_again(self, anybody, phone, shop, rosa, at):
        number = book(phone, rosa)
        tag = anybody.get(address(shop)).headers["ETag"]
        at(TUESDAY + timedelta(hours=3))
        unchanged = anybody.get(address(shop), headers={"If-None-Match": tag})
        assert (unchanged.status_code, unchanged.data) == (304, b"")
        phone.act("appointment.move", appointment=number, starts_at="2026-11-25T11:00")
        assert anybody.get(address(shop), headers={"If-None-Match": tag}).status_code == 200

    def test_a_move_counts_up_and_what_is_cancelled_says_so_for_a_while(self, anybody, phone, shop, rosa, at):
        number = book(phone, rosa)
        phone.act("appointment.move", appointment=number, starts_at="2026-11-25T11:00")
        phone.act("appointment.cancel", appointment=number)
        (event,) = events(anybody.get(address(shop)))
        assert (str(event["STATUS"]), int(event["SEQUENCE"])) == ("CANCELLED", 2)
        at(TUESDAY + timedelta(days=9))
        assert events(anybody.get(address(shop))) == []

    def test_spans_a_month_back_and_a_year_ahead(self, anybody, phone, shop, rosa):
        for day in ("2026-10-20", "2026-10-30", "2027-11-20", "2027-12-20"):
            book(phone, rosa, at=f"{day}T10:00")
        days = [str(event["DTSTART"].dt.date()) for event in events(anybody.get(address(shop)))]
        assert days == ["2026-10-30", "2027-11-20"]

    def test_a_new_address_ends_the_old_at_once_and_can_be_taken_back(self, anybody, desk, shop):
        old = address(shop)
        answer = desk.post("/settings/calendars/renew")
        assert anybody.get(old).status_code == 404
        assert anybody.get(address(shop)).status_code == 200
        page = desk.get(answer.location).text
        back = first(r'name="back" value="(\d+)"', page)
        desk.post("/settings/calendars/renew", {"back": back})
        assert anybody.get(old).status_code == 200

    def test_any_wrong_address_is_as_if_there_were_none(self, anybody, shop, phone, rosa):
        book(phone, rosa, **{"with": "Nadia"})
        good = address(shop)
        wrong = [
            good[:-5] + ("a" if good[-5] != "a" else "b") + ".ics",
            good.replace("feed-", "busy-"),
            good.replace("/feed-1-1-", "/feed-1-2-"),
            address(shop, "Nobody"),
            "/calendar/x.ics",
            "/calendar/feed-1-1-0-0-99991231-" + "a" * 27 + ".ics",
            "/calendar/feed-99-1-0-0-99991231-" + "a" * 27 + ".ics",
            "/calendar/" + "9" * 3000 + ".ics",
        ]
        answers = {(a.status_code, a.data, a.headers["Cache-Control"]) for a in map(anybody.get, wrong)}
        assert answers == {(404, b"", "no-store")}

    def test_reading_it_changes_nothing(self, anybody, phone, shop, rosa):
        book(phone, rosa)
        where = address(shop)
        before = [list(table.select().dicts()) for table in (Shop, Appointment, Message)]
        anybody.get(where)
        assert [list(table.select().dicts()) for table in (Shop, Appointment, Message)] == before

    def test_the_owner_is_shown_the_addresses_only_when_asking(self, desk, phone, shop, rosa, anybody):
        book(phone, rosa, **{"with": "Nadia"})
        assert "/calendar/" not in desk.get("/settings/calendars").text
        shown = desk.post("/settings/calendars/addresses").text
        found = re.findall(r'value="http://[^/]+(/calendar/[^"]+)"', shown)
        assert len(found) == 4
        assert [anybody.get(where).status_code for where in found] == [200] * 4
        assert phone.post("/settings/calendars/addresses").status_code == 404


# What the wall says, and the instant that this is, on the days on which that is not plain (RELIABILITY: Time)
EDGES = [
    ("Europe/London", "2027-03-28T01:30", "2027-03-28T01:30:00+00:00", "does not exist: moves forward"),
    ("Europe/London", "2027-03-28T10:00", "2027-03-28T09:00:00+00:00", "the first summer morning"),
    ("Europe/London", "2027-10-31T01:30", "2027-10-31T00:30:00+00:00", "comes twice: the first"),
    ("America/New_York", "2027-03-14T02:15", "2027-03-14T07:15:00+00:00", "does not exist"),
    ("America/New_York", "2027-11-07T01:00", "2027-11-07T05:00:00+00:00", "comes twice"),
    ("America/Sao_Paulo", "2027-02-28T23:30", "2027-03-01T02:30:00+00:00", "the end of February"),
    ("America/Santiago", "2027-09-05T00:00", "2027-09-05T04:00:00+00:00", "a midnight that does not exist"),
    ("America/St_Johns", "2027-03-14T02:30", "2027-03-14T06:00:00+00:00", "half an hour off, does not exist"),
    ("Africa/Cairo", "2027-04-30T00:30", "2027-04-29T22:30:00+00:00", "a midnight that does not exist"),
    ("Africa/Casablanca", "2027-02-10T09:00", "2027-02-10T09:00:00+00:00", "in Ramadan"),
    ("Asia/Beirut", "2027-03-28T00:15", "2027-03-27T22:15:00+00:00", "a midnight that does not exist"),
    ("Asia/Kolkata", "2027-06-01T10:00", "2027-06-01T04:30:00+00:00", "half an hour off"),
    ("Asia/Kathmandu", "2027-06-01T10:00", "2027-06-01T04:15:00+00:00", "a quarter off"),
    ("Australia/Lord_Howe", "2027-10-03T02:10", "2027-10-02T15:40:00+00:00", "half an hour of summer time"),
    ("Australia/Lord_Howe", "2027-04-04T01:45", "2027-04-03T14:45:00+00:00", "half an hour that comes twice"),
    ("Pacific/Apia", "2027-02-28T10:00", "2027-02-27T21:00:00+00:00", "east of the line"),
    ("Pacific/Chatham", "2027-09-26T02:50", "2027-09-25T14:05:00+00:00", "three quarters off, does not exist"),
    ("UTC", "2027-02-28T10:00", "2027-02-28T10:00:00+00:00", "no zone at all"),
]
MINUTES = 90


class TestEdgeDates:
    @pytest.mark.parametrize(("zone", "wall", "instant", "why"), EDGES, ids=lambda value: str(value)[:40])
    def test_every_entry_is_at_the_right_instant_once_as_other_libraries_read_it(
        self, anybody, phone, shop, rosa, zone, wall, instant, why
    ):
        Shop.update(zone=zone).execute()
        book(phone, rosa, at=wall, minutes=MINUTES)
        ours = Appointment.get()
        assert ours.starts_at == datetime.fromisoformat(instant), why
        begins, ends = ours.starts_at, ours.starts_at + timedelta(minutes=MINUTES)
        assert ours.ends_at == ends, "a length is counted by the clock that does not jump"
        data = anybody.get(address(shop)).data
        (event,) = events(anybody.get(address(shop)))
        assert (event["DTSTART"].dt.astimezone(UTC), event["DTEND"].dt.astimezone(UTC)) == (begins, ends)
        other = vobject.readOne(data.decode())
        (one,) = other.vevent_list
        assert (one.dtstart.value.astimezone(UTC), one.dtend.value.astimezone(UTC)) == (begins, ends)
        shown = event["DTSTART"].dt.astimezone(ZoneInfo(zone))
        assert f"{shown:%Y-%m-%dT%H:%M}" == f"{begins.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"

    @pytest.mark.parametrize(("zone", "wall", "instant", "why"), EDGES, ids=lambda value: str(value)[:40])
    def test_every_reminder_is_due_so_long_before_it_once(self, phone, shop, rosa, zone, wall, instant, why):
        Shop.update(zone=zone).execute()
        ReminderRule.create(shop=shop, way="email", minutes_before=24 * 60)
        book(phone, rosa, at=wall)
        begins = datetime.fromisoformat(instant)
        assert [(one.due_at, one.deadline) for one in Message.select()] == [reminders.times_of(begins, 24 * 60)]
        assert Message.get().due_at == begins - timedelta(hours=24)

    @pytest.mark.parametrize(("zone", "wall", "instant", "why"), EDGES, ids=lambda value: str(value)[:40])
    def test_what_goes_out_and_comes_in_elsewhere_is_the_same_instant(
        self, anybody, phone, shop, rosa, zone, wall, instant, why
    ):
        Shop.update(zone=zone).execute()
        book(phone, rosa, at=wall)
        data = anybody.get(address(shop)).data
        Appointment.delete().execute()
        reading.import_file(Shop.get_by_id(shop.id), "feed.ics", data)
        assert [one.starts_at for one in Appointment.select()] == [datetime.fromisoformat(instant)]


class TestThePage:
    @pytest.fixture
    def there(self, web_server, monkeypatch):
        held = {"status": 200, "body": b""}
        server = web_server(lambda asked: (held["status"], {}, held["body"]))
        monkeypatch.setenv("REGULARS_ALLOWED_HOSTS", server.host)
        held["url"] = server.url + "/1.ics"
        return held

    def entry(self, summary="Rosa Marchetti", **more):
        starts = datetime(2026, 11, 25, 10, tzinfo=UTC)
        said = {"uid": "a", "sequence": 0, "summary": summary} | more
        return ics.Entry(starts_at=starts, ends_at=starts + timedelta(hours=1), **said)

    def written(self, *entries):
        return ics.write(entries, name="", zone=ZoneInfo("Europe/London"))

    def add(self, desk, url, **more):
        return desk.post("/settings/calendars", {"kind": "address", "url": url, "name": "Chair 1"} | more)

    def test_adds_reads_and_takes_it_back(self, desk, shop, rosa, there):
        there["body"] = self.written(self.entry())
        answer = self.add(desk, there["url"])
        page = desk.get(answer.location).text
        assert "Chair 1 is read from now on." in page
        assert "Read today at 8:12." in page
        assert Appointment.select().count() == 1
        number = Calendar.get().id
        assert "is not read any more" in desk.get(desk.post(f"/settings/calendars/{number}/remove").location).text
        assert calendars.of_shop(shop) == []
        desk.post(f"/settings/calendars/{number}/restore")
        assert len(calendars.of_shop(shop)) == 1

    def test_what_came_from_it_says_so_on_the_card_and_what_was_booked_here_does_not(
        self, desk, phone, shop, rosa, okafor, there
    ):
        there["body"] = self.written(self.entry())
        self.add(desk, there["url"])
        book(phone, okafor, at="2026-11-25T15:00")
        assert "From the calendar Chair 1" in phone.get(f"/customers/{rosa.id}").text
        assert "From the calendar" not in phone.get(f"/customers/{okafor.id}").text

    def test_says_why_it_cannot_be_read_and_what_helps_and_reads_again(self, desk, shop, there):
        there["status"] = 404
        page = desk.get(self.add(desk, there["url"]).location).text
        assert "There is no calendar at this address any more. Copy the address anew" in page
        there["status"], there["body"] = 200, self.written()
        page = desk.get(desk.post(f"/settings/calendars/{Calendar.get().id}/read").location).text
        assert 'data-testid="calendar-trouble"' not in page

    def test_never_shows_a_password(self, desk, shop, there):
        there["body"] = self.written()
        answer = self.add(desk, there["url"], account="desk", password="pear tree")
        assert "pear tree" not in desk.get(answer.location).text
        assert Calendar.get().password == "pear tree"
        bad = self.add(desk, "nowhere", password="pear tree")
        assert bad.status_code == 422
        assert "pear tree" not in bad.text

    def test_what_was_typed_stays_when_it_is_no_address(self, desk, shop):
        answer = self.add(desk, "nowhere", account="desk")
        assert answer.status_code == 422
        assert "An address begins with https://" in answer.text
        assert 'value="nowhere"' in answer.text
        assert 'value="desk"' in answer.text

    def test_a_line_that_was_refused_is_told_with_what_to_do(self, desk, shop, there):
        there["body"] = self.written(self.entry()).replace(b"SUMMARY", b"RRULE:FREQ=HOURLY\r\nSUMMARY")
        page = desk.get(self.add(desk, there["url"]).location).text
        assert "One line was not taken" in page
        assert "Change how it repeats there." in page

    @pytest.mark.parametrize("name", BOMBS)
    def test_a_bomb_is_refused_in_words_within_two_seconds(self, desk, shop, there, name):
        there["body"] = bomb(BOMBS[name], 200)
        began = time.thread_time()
        answer = self.add(desk, there["url"])
        assert time.thread_time() - began < 2
        assert "lines were not taken" in desk.get(answer.location).text
        assert Appointment.select().count() == 0

    def test_of_a_servers_calendars_one_is_chosen(self, desk, shop, radicale, monkeypatch):
        account = radicale.account()
        monkeypatch.setenv("REGULARS_ALLOWED_HOSTS", next(iter(account.allowed)))
        typed = {"kind": "caldav", "url": account.url, "account": "desk", "password": "secret", "two_way": "1"}
        page = desk.get(desk.post("/settings/calendars", typed).location).text
        assert "Chair 1 is read from now on." in page
        assert "Read today at 8:12." in page
        one = Calendar.get()
        assert (one.url, one.name, one.two_way, one.trouble) == (f"{account.url}desk/chair/", "Chair 1", True, "")

    def test_a_server_that_lets_nobody_in_is_told_before_anything_is_kept(self, desk, shop, radicale, monkeypatch):
        account = radicale.account()
        monkeypatch.setenv("REGULARS_ALLOWED_HOSTS", next(iter(account.allowed)))
        answer = desk.post(
            "/settings/calendars", {"kind": "caldav", "url": account.url, "account": "desk", "password": "wrong"}
        )
        assert answer.status_code == 422
        assert "The account or the password was not accepted." in answer.text
        assert Calendar.select().count() == 0

    def test_an_address_in_capitals_is_asked_as_well(self, desk, shop, radicale, monkeypatch):
        account = radicale.account()
        monkeypatch.setenv("REGULARS_ALLOWED_HOSTS", next(iter(account.allowed)))
        url = f" {account.url.replace('http', 'HTTP')}"
        typed = {"kind": "caldav", "url": url, "account": "desk", "password": "wrong"}
        assert "The account or the password was not accepted." in desk.post("/settings/calendars", typed).text
        assert Calendar.select().count() == 0

    def test_several_calendars_are_shown_to_choose_from(self, desk, shop, monkeypatch):
        from outside import caldav

        found = (
            caldav.Found("https://cal.example.org/a/", "Chair 1", True, ""),
            caldav.Found("https://cal.example.org/b/", "Holidays", False, ""),
        )
        monkeypatch.setattr(caldav, "calendars", lambda account: found)
        monkeypatch.setattr(reading, "read_now", lambda calendar: None)
        typed = {"kind": "caldav", "url": "https://cal.example.org/", "account": "d", "password": "p", "two_way": "1"}
        page = desk.post("/settings/calendars", typed).text
        assert page.count("This one") == 2
        assert 'name="name" value="Holidays"' in page
        Calendar.delete().execute()
        mine = desk.post("/settings/calendars", {**typed, "name": "My own name"}).text
        assert 'name="name" value="Holidays"' not in mine, "what the owner calls it stays"
        assert 'name="name" value="My own name"' in mine
        assert "may only be read" in page
        number = Calendar.get().id
        chosen = {"url": found[0].url, "name": "Chair 1", "account": "d", "two_way": "1"}
        desk.post(f"/settings/calendars/{number}/change", chosen)
        one = Calendar.get()
        assert (one.url, one.password, one.two_way) == (found[0].url, "p", True)

    def send(self, desk, data, name="old.ics", **more):
        sent = {"file": (io.BytesIO(data), name), **more}
        return desk.post("/settings/calendars/file", sent, content_type="multipart/form-data")

    def test_a_file_is_counted_and_taken_back(self, desk, shop, rosa):
        page = self.send(desk, self.written(self.entry(), self.entry("Lunch", uid="b"))).text
        assert "1 taken in, 0 changed, 1 passed over" in page
        assert "It waits for somebody to say so" in page
        undo = first(r'action="(/settings/calendars/imports/\d+/undo)"', page)
        assert "Undone." in desk.get(desk.post(undo).location).text
        assert Appointment.select().count() == 0
        assert desk.post(undo).status_code == 409

    def test_a_table_is_taken_in_as_well(self, desk, shop, rosa):
        page = self.send(desk, b"name,starts_at\nRosa Marchetti,2026-11-25T10:00\nKim,soon\n", "a.csv").text
        assert "1 taken in, 0 changed, 0 passed over, 1 that could not be read." in page
        assert "Line 3" in page

    @pytest.mark.parametrize(
        ("data", "name"),
        [(b"", "a.ics"), (b"Dear all,", "a.ics"), (b"\x00\xff", "x"), (b"a,b\n1,2\n", "a.csv"), (b"", "a.csv")],
    )
    def test_what_is_no_such_file_is_told_in_a_sentence(self, desk, shop, data, name):
        answer = self.send(desk, data, name)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert Calendar.select().count() == 0

    def test_a_file_that_is_no_calendar_is_not_told_of_an_address(self, desk, shop):
        page = self.send(desk, b"Dear all,").text
        assert "This file is no calendar." in page
        assert "address" not in first(r'<p class="banner" role="alert">([^<]*)', page)

    def test_a_file_of_as_much_as_is_said_is_taken_and_a_larger_one_told_of(self, desk, shop, rosa):
        written, (line, end) = self.written(self.entry()), (b"X-MORE:".ljust(998, b"x") + b"\r\n", b"END:VCALENDAR\r\n")
        most = written.replace(end, line * ((5_000_000 - len(written)) // 1000) + end)
        assert 4_999_000 <= len(most) <= 5_000_000
        assert "5 MB at most." in desk.get("/settings/calendars").text
        assert "1 taken in" in self.send(desk, most).text
        assert ics_reading.LARGEST_FILE == 5_000_000
        for size in (5_000_001, 6_000_000):
            for name in ("a.ics", "a.csv"):
                answer = self.send(desk, written.ljust(size, b"\n"), name)
                assert answer.status_code == 413
                assert "A file may have 5 MB at most." in answer.text

    @pytest.mark.parametrize("kind", ["address", "caldav"])
    @pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::1]", "10.0.0.1:8080"])
    def test_an_address_inside_the_own_network_is_refused_when_typed_and_when_read(self, desk, shop, there, host, kind):
        answer = self.add(desk, f"http://{host}/1.ics", kind=kind)
        assert answer.status_code == 422
        assert "This address leads into a private network" in answer.text
        assert f'value="http://{host}/1.ics"' in answer.text
        assert self.add(desk, f"webcal://{host}/1.ics", kind=kind).status_code == 422
        assert Calendar.select().count() == 0
        one = Calendar.create(shop=shop, kind=kind, name="Chair 1", url=f"http://{host}/1.ics")
        reading.read_now(one)
        assert Calendar.get().trouble == "not-allowed"
        assert desk.post(f"/settings/calendars/{one.id}/change", {"url": f"https://{host}/2.ics"}).status_code == 422
        assert Calendar.get().url == f"http://{host}/1.ics"

    def test_a_wrong_password_is_told_in_the_same_breath(self, desk, shop, there):
        there["status"] = 401
        page = desk.get(self.add(desk, f" {there['url']} ", account="desk", password="wrong").location).text
        assert "The account or the password was not accepted." in page
        assert "It could not be read yet." in page
        assert "Not read yet." not in page

    @pytest.mark.parametrize("name", BOMBS)
    def test_a_bomb_in_a_file_is_refused_within_two_seconds(self, desk, shop, name):
        began = time.thread_time()
        page = self.send(desk, bomb(BOMBS[name], 300)).text
        assert time.thread_time() - began < 2
        assert "300 that could not be read." in page

    def test_is_the_owners(self, phone, shop):
        assert phone.get("/settings/calendars").status_code == 404
        assert phone.post("/settings/calendars", {"url": "https://x.example.org/"}).status_code == 404

    def test_what_has_to_be_changed_there_by_hand_is_told(self, desk, phone, shop, rosa, there):
        there["body"] = self.written(self.entry())
        self.add(desk, there["url"])
        phone.act("appointment.move", appointment=str(Appointment.get().id), starts_at="2026-11-25T12:00")
        assert "Chair 1 still says tomorrow at 10:00. Move it there as well." in desk.get("/settings/calendars").text


class TestTheQuestions:
    @pytest.fixture
    def asked(self, shop, rosa):
        someone(shop, "Rosa Lane")
        calendar = Calendar.create(shop=shop, kind="address", name="Chair 1", url="https://cal.example.org/")
        starts = datetime(2026, 11, 25, 10, tzinfo=UTC)
        return CalendarEntry.create(
            calendar=calendar,
            uid="a",
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            summary="Rosa",
            at=TUESDAY,
        )

    def test_are_led_to_from_the_shift_and_the_settings(self, phone, desk, asked):
        assert 'href="/calendars"' in phone.get("/shift").text
        assert 'href="/calendars"' in desk.get("/settings/calendars").text

    def test_without_any_nothing_leads_there(self, phone, shop):
        assert 'href="/calendars"' not in phone.get("/shift").text
        assert "Nothing waits." in phone.get("/calendars").text

    def test_name_who_may_be_meant_and_take_an_answer_back(self, phone, asked, rosa):
        page = phone.get("/calendars").text
        assert "Rosa Marchetti" in page
        assert "Tomorrow at 10:00, from Chair 1" in page
        answer = phone.post(f"/calendars/entries/{asked.id}/whose", {"customer": rosa.id})
        page = phone.get(answer.location).text
        assert "Rosa Marchetti is booked." in page
        assert Appointment.get().customer == rosa
        assert f'action="/calendars/entries/{asked.id}/ask-again"' in page
        phone.post(f"/calendars/entries/{asked.id}/ask-again")
        assert Appointment.select().count() == 0
        assert 'data-testid="calendar-question"' in phone.get("/calendars").text

    @pytest.mark.parametrize(
        ("more", "told"), [(1, "and once more, from 50% off"), (2, "and 2 times more, from 50% off")]
    )
    def test_tell_how_often_a_series_comes_again(self, phone, shop, asked, more, told):
        Calendar.update(name="50% off").execute()
        for n in range(more):
            starts = asked.starts_at + timedelta(weeks=n + 1)
            CalendarEntry.create(
                calendar=asked.calendar, uid="a", recurrence=str(n), starts_at=starts, ends_at=starts, summary="Rosa",
                at=TUESDAY,
            )  # fmt: skip
        page = phone.get("/calendars").text
        assert told in page
        assert page.count('data-testid="calendar-question"') == 1

    def test_tell_two_of_one_name_apart(self, phone, shop, asked, rosa):
        other = someone(shop, "Rosa Marchetti")
        came(rosa, shop, TUESDAY.date() - timedelta(days=1))
        phone.act("usual.set", customer=str(rosa.id), text="flat white")
        Contact.create(customer=other, kind="phone", address="020 7946 0018", known="+442079460018", at=TUESDAY)
        page = phone.get("/calendars").text
        assert "flat white · last seen yesterday" in page
        assert "number ends in 0018" in page

    def test_more_than_a_week_ahead_name_the_weekday(self, phone, asked):
        starts = asked.starts_at + timedelta(days=16)
        CalendarEntry.update(starts_at=starts, ends_at=starts + timedelta(hours=1)).execute()
        assert "Friday 11 December at 10:00, from Chair 1" in phone.get("/calendars").text

    def test_somebody_new_and_nobody(self, phone, asked):
        answer = phone.post(f"/calendars/entries/{asked.id}/whose", {"name": "Rosa Silva"})
        page = phone.get(answer.location).text
        made = first(r'name="made" value="(\d+)"', page)
        phone.post(f"/calendars/entries/{asked.id}/ask-again", {"made": made})
        assert not Customer.select().where(Customer.name == "Rosa Silva").exists()
        answer = phone.post(f"/calendars/entries/{asked.id}/whose", {"customer": "nobody"})
        assert "Left out, with all that follow it." in phone.get(answer.location).text
        assert calendars.waiting(Shop.get(), clock.now()) == 0

    def test_what_stands_twice_is_told_and_settled(self, phone, shop, asked, rosa, okafor):
        book(phone, okafor, at="2026-11-25T10:30")
        phone.post(f"/calendars/entries/{asked.id}/whose", {"customer": rosa.id})
        page = phone.get("/calendars").text
        assert "Rosa Marchetti is booked tomorrow at 10:00 in Chair 1, and Mr Okafor here at 10:30. Both stand." in page
        answer = phone.post(f"/calendars/entries/{asked.id}/settle", {"how": "both"})
        page = phone.get(answer.location).text
        assert "Settled." in page
        assert 'data-testid="calendar-clash"' not in page
        was = first(r'name="was" value="([^"]+)"', page)
        phone.post(f"/calendars/entries/{asked.id}/unsettle", {"was": was})
        assert 'data-testid="calendar-clash"' in phone.get("/calendars").text

    def test_a_second_answer_is_a_sentence(self, phone, other_phone, asked, rosa):
        phone.post(f"/calendars/entries/{asked.id}/whose", {"customer": rosa.id})
        answer = other_phone.post(f"/calendars/entries/{asked.id}/whose", {"customer": "nobody"})
        assert answer.status_code == 409
        assert "That was answered already." in answer.text
