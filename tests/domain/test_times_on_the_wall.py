"""Agreed times where clocks change: every row at the right time on the wall, once, whatever zone the server is in."""

import re
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

import clock
from domain import appointments
from models import Appointment, Session, Shop
from tests.domain.test_appointments import book


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch):
    """Run the server in a zone that none of these shops is in."""
    monkeypatch.setenv("TZ", "Asia/Pyongyang")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def begin(shop, zone, at, day):
    """Open the shop in a zone, some days before a day."""
    Shop.update(zone=zone).where(Shop.id == shop.id).execute()
    Session.update(expires_at=datetime(2040, 1, 1, tzinfo=UTC)).execute()
    at(datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(days=3))
    return Shop.get_by_id(shop.id)


# zone, what is agreed, what the wall will show, and the instant that is
GOLDEN = [
    pytest.param("Europe/London", "2027-03-28T01:30", "2027-03-28T02:30", "2027-03-28T01:30", id="London, gap"),
    pytest.param("Europe/London", "2026-10-25T01:30", "2026-10-25T01:30", "2026-10-25T00:30", id="London, fold"),
    pytest.param("America/New_York", "2027-03-14T02:30", "2027-03-14T03:30", "2027-03-14T07:30", id="New York, gap"),
    pytest.param("America/New_York", "2026-11-01T01:30", "2026-11-01T01:30", "2026-11-01T05:30", id="New York, fold"),
    pytest.param("Africa/Cairo", "2027-04-30T00:30", "2027-04-30T01:30", "2027-04-29T22:30", id="Cairo, no midnight"),
    pytest.param("Asia/Beirut", "2027-03-28T00:00", "2027-03-28T01:00", "2027-03-27T22:00", id="Beirut, no midnight"),
    pytest.param(
        "America/Santiago", "2027-09-05T00:00", "2027-09-05T01:00", "2027-09-05T04:00", id="Santiago, no midnight"
    ),
    pytest.param("Pacific/Apia", "2011-12-30T10:00", "2011-12-31T10:00", "2011-12-30T20:00", id="Apia, no such day"),
    pytest.param("Asia/Kolkata", "2028-02-29T10:00", "2028-02-29T10:00", "2028-02-29T04:30", id="29 February"),
    pytest.param("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-04T02:45", "2026-10-03T15:45", id="half an hour"),
    pytest.param("Asia/Kathmandu", "2026-11-25T10:00", "2026-11-25T10:00", "2026-11-25T04:15", id="Kathmandu"),
    pytest.param("Pacific/Kiritimati", "2026-11-25T00:15", "2026-11-25T00:15", "2026-11-24T10:15", id="ahead of all"),
    pytest.param("Pacific/Pago_Pago", "2026-11-25T23:30", "2026-11-25T23:30", "2026-11-26T10:30", id="behind all"),
    pytest.param("America/St_Johns", "2026-11-01T00:30", "2026-11-01T00:30", "2026-11-01T03:00", id="Newfoundland"),
]


class TestOneTime:
    @pytest.mark.parametrize(("zone", "agreed", "wall", "instant"), GOLDEN)
    def test_is_on_its_row_at_what_the_wall_shows_once(self, phone, shop, rosa, at, zone, agreed, wall, instant):
        begin(shop, zone, at, date.fromisoformat(agreed[:10]))
        one = Appointment.get_by_id(book(phone, rosa, at=agreed)["result"]["appointment"])
        assert (one.wall, one.starts_at) == (wall, datetime.fromisoformat(instant).replace(tzinfo=UTC))
        assert one.day == date.fromisoformat(wall[:10])
        assert appointments.length_of(one) == 30
        for days, rows in ((-2, 0), (0, 1), (2, 0)):
            at(Shop.get().at(one.day + timedelta(days=days), 12 * 60))
            assert len(phone.rows()) == rows, days
        at(one.starts_at)
        (row,) = phone.rows().values()
        shown = re.search(r"<time>(\d+):(\d\d)", row)
        assert shown
        hour, minute = int(wall[11:13]), wall[14:]
        assert int(shown[1]) in (hour, hour % 12 or 12)
        assert shown[2] == minute

    @pytest.mark.parametrize(("zone", "agreed", "wall", "instant"), GOLDEN)
    def test_comes_back_when_the_shop_was_elsewhere_meanwhile(self, phone, shop, rosa, at, zone, agreed, wall, instant):
        begin(shop, zone, at, date.fromisoformat(agreed[:10]))
        one = book(phone, rosa, at=agreed)["result"]["appointment"]
        for where in ("Asia/Tehran", zone):
            Shop.update(zone=where).execute()
            appointments.zone_changed(Shop.get())
        assert Appointment.get_by_id(one).starts_at == datetime.fromisoformat(instant).replace(tzinfo=UTC)


# Twelve zones, each with a minute of the day that its clock leaves out, or shows twice, on some day of the year
ZONES = {
    "Europe/London": 90, "Europe/Berlin": 150, "America/New_York": 150, "America/Santiago": 30, "Africa/Cairo": 30,
    "Asia/Beirut": 30, "Australia/Lord_Howe": 135, "Pacific/Auckland": 150, "Asia/Kathmandu": 600,
    "Pacific/Kiritimati": 15, "America/St_Johns": 150, "Atlantic/Azores": 30,
}  # fmt: skip


class TestASeries:
    @pytest.mark.parametrize("zone", ZONES)
    @pytest.mark.parametrize("first", [date(2027, 3, 5), date(2027, 8, 27)], ids=["spring", "autumn"])
    def test_is_on_each_of_its_days_once_at_the_same_time_on_the_wall(self, phone, shop, rosa, at, zone, first):
        here, minute = begin(shop, zone, at, first), ZONES[zone]
        wall = f"{minute // 60:02}:{minute % 60:02}"
        book(phone, rosa, at=f"{first}T{wall}", every_weeks=1, weekdays=[4, 6], times=22)
        appointments.make_all_ahead(here, clock.now())
        made = list(Appointment.select().order_by(Appointment.starts_at))
        days = [first + timedelta(days=7 * week + more) for week in range(11) for more in (0, 2)]
        assert [one.day for one in made] == days
        for one, day in zip(made, days, strict=True):
            local = one.starts_at.astimezone(ZoneInfo(zone))
            left_out = _left_out(zone, day, minute)
            assert f"{local - left_out:%Y-%m-%d %H:%M}" == f"{day} {wall}", day
            assert one.wall == f"{local:%Y-%m-%dT%H:%M}"

    def test_leaves_out_the_day_that_never_was(self, phone, shop, rosa, at):
        begin(shop, "Pacific/Apia", at, date(2011, 12, 26))
        answer = book(phone, rosa, at="2011-12-26T10:00", every_weeks=1, weekdays=[0, 1, 2, 3, 4, 5, 6], times=8)
        assert answer["status"] == "applied"
        walls = [one.wall[8:] for one in Appointment.select().order_by(Appointment.starts_at)]
        assert walls == [f"{day:02}T10:00" for day in (26, 27, 28, 29, 31, 1, 2)]

    def test_is_on_the_29th_of_february(self, phone, shop, rosa, at):
        begin(shop, "Europe/London", at, date(2028, 2, 22))
        book(phone, rosa, at="2028-02-22T10:00", every_weeks=1, times=3)
        assert [one.day for one in Appointment.select().order_by(Appointment.day)] == [
            date(2028, 2, 22), date(2028, 2, 29), date(2028, 3, 7),
        ]  # fmt: skip


def _left_out(zone, day, minute):
    """Return by how much a time that the clock leaves out on a day is moved forward: told by the clock before and after."""
    naive = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
    before, after = (naive.replace(tzinfo=ZoneInfo(zone), fold=fold).utcoffset() or timedelta(0) for fold in (0, 1))
    return max(after - before, timedelta(0))
