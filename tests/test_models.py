"""What one row guarantees: days and wall times in the shop's own zone, words the database refuses, instants as they were."""

import os
import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from peewee import IntegrityError

import models
from models import (
    Appointment,
    Customer,
    Invitation,
    Note,
    PromptEnded,
    Session,
    Shop,
    Staff,
    Usual,
    Visit,
    folded,
    instant_text,
)
from tests.conftest import TUESDAY, someone

MIDNIGHT = 0


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


class TestTheShopsDay:
    """The golden table: which calendar day an instant belongs to."""

    @pytest.mark.parametrize(
        ("zone", "at", "day"),
        [
            pytest.param(
                "Europe/London", "2026-03-29T00:59:59Z", "2026-03-29", id="London, the second before the spring gap"
            ),
            pytest.param(
                "Europe/London", "2026-03-28T23:59:59Z", "2026-03-28", id="London, the last second of a winter day"
            ),
            pytest.param(
                "Europe/London", "2026-03-29T22:59:59Z", "2026-03-29", id="London, the last second of the 23-hour day"
            ),
            pytest.param(
                "Europe/London", "2026-03-29T23:00:00Z", "2026-03-30", id="London, the day after the 23-hour day"
            ),
            pytest.param("Europe/London", "2026-10-24T23:00:00Z", "2026-10-25", id="London, the 25-hour day begins"),
            pytest.param("Europe/London", "2026-10-25T23:59:59Z", "2026-10-25", id="London, the 25-hour day ends"),
            pytest.param(
                "America/New_York", "2026-03-08T04:59:59Z", "2026-03-07", id="New York, the night before the gap"
            ),
            pytest.param("America/New_York", "2026-03-09T03:59:59Z", "2026-03-08", id="New York, the 23-hour day ends"),
            pytest.param("America/New_York", "2026-11-02T04:59:59Z", "2026-11-01", id="New York, the 25-hour day ends"),
            pytest.param(
                "Africa/Cairo",
                "2024-04-25T21:59:59Z",
                "2024-04-25",
                id="Cairo, the second before a midnight that is skipped",
            ),
            pytest.param("Africa/Cairo", "2024-04-25T22:00:00Z", "2024-04-26", id="Cairo, the day that begins at one"),
            pytest.param("Asia/Beirut", "2022-03-26T22:00:00Z", "2022-03-27", id="Beirut, the day that begins at one"),
            pytest.param(
                "America/Santiago",
                "2022-09-11T03:59:59Z",
                "2022-09-10",
                id="Santiago, the second before a midnight that is skipped",
            ),
            pytest.param(
                "America/Santiago", "2022-09-11T04:00:00Z", "2022-09-11", id="Santiago, the day that begins at one"
            ),
            pytest.param(
                "Pacific/Apia",
                "2011-12-30T09:59:59Z",
                "2011-12-29",
                id="Apia, the last second before a date that was left out",
            ),
            pytest.param("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31", id="Apia, straight to New Year's Eve"),
            pytest.param("Pacific/Apia", "2026-11-24T08:12:00Z", "2026-11-24", id="Apia, thirteen hours ahead"),
            pytest.param("Pacific/Auckland", "2026-11-24T11:00:00Z", "2026-11-25", id="Auckland, tomorrow already"),
            pytest.param("Europe/London", "2028-02-29T12:00:00Z", "2028-02-29", id="a leap day"),
            pytest.param("America/New_York", "2028-03-01T04:59:59Z", "2028-02-29", id="a leap day's last second"),
        ],
    )
    def test_is_that_of_the_wall_in_the_shop(self, zone, at, day):
        assert Shop(zone=zone).day_of(instant(at)) == date.fromisoformat(day)

    @pytest.mark.parametrize(
        ("zone", "day", "minute", "at"),
        [
            pytest.param(
                "Europe/London", "2026-03-29", 90, "2026-03-29T02:30:00+01:00", id="London 1:30 does not exist: 2:30"
            ),
            pytest.param(
                "Europe/London", "2026-03-29", 60, "2026-03-29T02:00:00+01:00", id="London 1:00 does not exist: 2:00"
            ),
            pytest.param(
                "Europe/London",
                "2026-03-29",
                59,
                "2026-03-29T00:59:00+00:00",
                id="London 0:59, the minute before the gap",
            ),
            pytest.param(
                "Europe/London", "2026-10-25", 90, "2026-10-25T01:30:00+01:00", id="London 1:30 twice: the first"
            ),
            pytest.param(
                "Europe/London", "2026-10-25", 120, "2026-10-25T02:00:00+00:00", id="London 2:00 after the fold"
            ),
            pytest.param(
                "America/New_York",
                "2026-03-08",
                150,
                "2026-03-08T03:30:00-04:00",
                id="New York 2:30 does not exist: 3:30",
            ),
            pytest.param(
                "America/New_York", "2026-11-01", 90, "2026-11-01T01:30:00-04:00", id="New York 1:30 twice: the first"
            ),
            pytest.param(
                "Africa/Cairo",
                "2024-04-26",
                MIDNIGHT,
                "2024-04-26T01:00:00+03:00",
                id="Cairo, no midnight: one o'clock",
            ),
            pytest.param(
                "Asia/Beirut",
                "2022-03-27",
                MIDNIGHT,
                "2022-03-27T01:00:00+03:00",
                id="Beirut, no midnight: one o'clock",
            ),
            pytest.param(
                "America/Santiago",
                "2022-09-11",
                MIDNIGHT,
                "2022-09-11T01:00:00-03:00",
                id="Santiago, no midnight: one o'clock",
            ),
            pytest.param(
                "Pacific/Apia", "2011-12-30", 600, "2011-12-31T10:00:00+14:00", id="Apia, a missing date: the next"
            ),
            pytest.param(
                "Pacific/Apia",
                "2011-12-31",
                MIDNIGHT,
                "2011-12-31T00:00:00+14:00",
                id="Apia, the day after the missing one",
            ),
            pytest.param("Europe/London", "2028-02-29", 8 * 60, "2028-02-29T08:00:00+00:00", id="a leap day"),
            pytest.param(
                "America/New_York", "2026-11-24", 8 * 60, "2026-11-24T13:00:00+00:00", id="an ordinary morning far away"
            ),
            pytest.param(
                "Asia/Kathmandu", "2026-11-24", 8 * 60 + 12, "2026-11-24T02:27:00+00:00", id="a zone of quarter hours"
            ),
        ],
    )
    def test_has_wall_times_and_those_that_do_not_exist_move_forward(self, zone, day, minute, at):
        assert Shop(zone=zone).at(date.fromisoformat(day), minute) == instant(at)

    @pytest.mark.parametrize("server", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
    def test_does_not_depend_on_the_servers_own_zone(self, server, monkeypatch):
        if not hasattr(time, "tzset"):
            pytest.skip("this system keeps one zone")
        before = os.environ.get("TZ")
        monkeypatch.setenv("TZ", server)
        time.tzset()
        try:
            cairo = Shop(zone="Africa/Cairo")
            assert cairo.day_of(instant("2026-11-24T21:59:00Z")) == date(2026, 11, 24)
            assert cairo.day_of(instant("2026-11-24T22:00:00Z")) == date(2026, 11, 25)
            assert cairo.at(date(2026, 11, 24), 8 * 60) == instant("2026-11-24T06:00:00Z")
        finally:
            monkeypatch.setenv("TZ", before) if before else monkeypatch.delenv("TZ")
            time.tzset()

    def test_is_kept_with_a_visit(self, shop, rosa, sam):
        shop.zone = "Pacific/Auckland"
        visit, _joined = rosa.check_in(shop, sam, instant("2026-11-24T11:00:00Z"))
        assert Visit.get_by_id(visit.id).day == date(2026, 11, 25)


class TestHours:
    WEEK = [["08:00", "18:00"], None, ["08:00", "24:00"], None, None, None, None]

    @pytest.mark.parametrize(
        ("hours", "day", "minutes", "closed"),
        [
            pytest.param(WEEK, date(2026, 11, 23), (480, 1080), False, id="an open Monday"),
            pytest.param(WEEK, date(2026, 11, 24), None, True, id="a closed Tuesday"),
            pytest.param(WEEK, date(2026, 11, 25), (480, 1440), False, id="open until midnight"),
            pytest.param(None, date(2026, 11, 24), None, False, id="hours nobody told us are no closed day"),
        ],
    )
    def test_say_when_the_shop_is_open(self, hours, day, minutes, closed):
        shop = Shop(hours=hours)
        assert (shop.hours_on(day), shop.is_closed_on(day)) == (minutes, closed)

    @pytest.mark.parametrize(("text", "minutes"), [("00:00", 0), ("8:05", 485), ("23:59", 1439), ("24:00", 1440)])
    def test_are_read_as_minutes(self, text, minutes):
        assert models.minutes_of(text) == minutes

    @pytest.mark.parametrize("text", ["", "8", "24:01", "25:00", "12:60", "-1:00", "noon", "8:00:00"])
    def test_that_are_none_are_refused(self, text):
        with pytest.raises(ValueError):
            models.minutes_of(text)


class TestInstants:
    @pytest.mark.parametrize(
        ("at", "stored"),
        [
            pytest.param(datetime(2026, 11, 24, 8, 12, tzinfo=UTC), "2026-11-24T08:12:00.000Z", id="in UTC"),
            pytest.param(
                datetime(2026, 11, 24, 8, 12, tzinfo=timezone(timedelta(hours=5, minutes=45))),
                "2026-11-24T02:27:00.000Z",
                id="from far away",
            ),
            pytest.param(
                datetime(1, 1, 1, 0, 0, tzinfo=UTC), "0001-01-01T00:00:00.000Z", id="a phone's clock gone mad"
            ),
            pytest.param(
                datetime(2026, 11, 24, 8, 12, 5, 999_999, tzinfo=UTC),
                "2026-11-24T08:12:05.999Z",
                id="milliseconds, not rounded up",
            ),
        ],
    )
    def test_are_stored_as_utc_text_of_one_width(self, at, stored):
        assert instant_text(at) == stored

    def test_that_are_naive_are_refused(self, shop, rosa):
        with pytest.raises(ValueError, match="needs a zone"):
            Visit.create(customer=rosa, shop=shop, day=date(2026, 11, 24), at=datetime(2026, 11, 24, 8, 12))

    def test_come_back_aware_and_equal(self, shop, rosa):
        at = datetime(2026, 11, 24, 8, 12, 30, 123_000, tzinfo=timezone(timedelta(hours=-5)))
        visit = Visit.create(customer=rosa, shop=shop, day=date(2026, 11, 24), at=at)
        kept = Visit.get_by_id(visit.id).at
        assert kept == at
        assert kept.utcoffset() == timedelta(0)

    def test_sort_as_text_as_they_sort_in_time(self, shop, rosa):
        instants = [TUESDAY + timedelta(milliseconds=step) for step in (-86_400_000, -1, 0, 1, 999, 1000, 3_600_000)]
        for at in reversed(instants):
            Visit.create(customer=rosa, shop=shop, day=date(2026, 11, 24), at=at)
        assert [visit.at for visit in Visit.select().order_by(Visit.at)] == instants
        assert Visit.select().where(Visit.at > TUESDAY).count() == 4


class TestTheDatabaseRefuses:
    @pytest.mark.parametrize(
        ("table", "words"),
        [
            pytest.param(Customer, {"name": ""}, id="a customer without any name"),
            pytest.param(Customer, {"pronoun": "it"}, id="a pronoun nobody chose"),
            pytest.param(Staff, {"role": "boss"}, id="a role we do not have"),
            pytest.param(Shop, {"called": "punter"}, id="a word for customers we do not have"),
            pytest.param(Shop, {"same_visit_minutes": -1}, id="a same-visit window below nothing"),
            pytest.param(Shop, {"same_visit_minutes": 721}, id="a same-visit window of more than half a day"),
            pytest.param(Shop, {"listed_from": 1.5}, id="a probability above one"),
            pytest.param(Shop, {"grace_minutes": 241}, id="a grace of more than four hours"),
            pytest.param(Note, {"text": ""}, id="a note that says nothing"),
            pytest.param(Note, {"lifetime": "for ever"}, id="a lifetime we do not have"),
            pytest.param(Note, {"moment": "never"}, id="a moment we do not have"),
            pytest.param(Usual, {"text": ""}, id="a usual that says nothing"),
            pytest.param(Appointment, {"state": "no-show"}, id="a word we do not use of people"),
            pytest.param(PromptEnded, {"outcome": "ignored"}, id="an outcome we do not have"),
            pytest.param(Session, {"kind": "magic"}, id="a kind of session we do not have"),
            pytest.param(Invitation, {"kind": "guest"}, id="an invitation for nobody"),
        ],
    )
    def test_words_and_numbers_that_must_never_be(self, shop, rosa, sam, table, words):
        day, at = date(2026, 11, 24), TUESDAY
        good = {
            Customer: {"business": shop.business, "name": "Sam", "created_at": at},
            Staff: {"business": shop.business, "name": "Sam", "created_at": at},
            Shop: {"business": shop.business, "name": "Second Street"},
            Note: {"customer": rosa, "shop": shop, "text": "window", "day": day, "at": at},
            Usual: {"customer": rosa, "shop": shop, "text": "tea", "day": day},
            Appointment: {"customer": rosa, "shop": shop, "day": day, "starts_at": at},
            PromptEnded: {"customer": rosa, "shop": shop, "day": day, "prompt": {}, "outcome": "said", "at": at},
            Session: {"token_hash": "a", "kind": "token", "staff": sam, "created_at": at, "expires_at": at},
            Invitation: {"staff": sam, "kind": "phone", "token_hash": "a", "expires_at": at},
        }[table]
        with pytest.raises(IntegrityError), models.db.atomic():
            table.create(**good | words)
        assert table.create(**good).id, "the same row with good words is taken"

    def test_the_same_visit_twice(self, shop, rosa):
        Visit.create(customer=rosa, shop=shop, day=date(2026, 11, 24), at=TUESDAY)
        with pytest.raises(IntegrityError), models.db.atomic():
            Visit.create(customer=rosa, shop=shop, day=date(2026, 11, 24), at=TUESDAY)

    def test_a_visit_of_nobody(self, shop):
        with pytest.raises(IntegrityError), models.db.atomic():
            Visit.create(customer=999, shop=shop, day=date(2026, 11, 24), at=TUESDAY)

    def test_two_shops_of_one_name_in_one_business(self, shop):
        with pytest.raises(IntegrityError), models.db.atomic():
            Shop.create(business=shop.business, name=shop.name)


class TestCheckIn:
    def test_a_colleague_who_saw_them_earlier_moves_the_visit_back(self, shop, rosa, sam, ana):
        rosa.check_in(shop, sam, TUESDAY)
        visit, joined = rosa.check_in(shop, ana, TUESDAY - timedelta(minutes=20))
        assert joined
        assert Visit.get_by_id(visit.id).at == TUESDAY - timedelta(minutes=20)

    @pytest.mark.parametrize(
        ("minutes", "visits"), [(0, 1), (90, 1), (91, 2)], ids=["at once", "at the window's end", "a minute later"]
    )
    def test_within_the_window_it_is_one_visit(self, shop, rosa, sam, minutes, visits):
        rosa.check_in(shop, sam, TUESDAY)
        rosa.check_in(shop, sam, TUESDAY + timedelta(minutes=minutes))
        assert rosa.visits.count() == visits

    def test_in_another_shop_it_is_another_visit(self, shop, rosa, sam):
        second = Shop.create(business=shop.business, name="Second Street", zone=shop.zone)
        rosa.check_in(shop, sam, TUESDAY)
        rosa.check_in(second, sam, TUESDAY)
        assert rosa.visits.count() == 2

    def test_someone_erased_takes_their_visits_and_notes_along(self, shop, rosa, sam):
        rosa.check_in(shop, sam, TUESDAY)
        Note.create(customer=rosa, shop=shop, author=sam, text="window", day=date(2026, 11, 24), at=TUESDAY)
        rosa.delete_instance()
        assert (Visit.select().count(), Note.select().count()) == (0, 0)


class TestFolding:
    @pytest.mark.parametrize(
        ("typed", "folds_to"),
        [
            pytest.param("Siobhán Ní Dhomhnaill", "siobhan ni dhomhnaill", id="accents go"),
            pytest.param("  Red   scarf ", "red scarf", id="spaces are single"),
            pytest.param("STRASSE Straße", "strasse strasse", id="sharp s"),
            pytest.param("Łukasz Đorđe Sørensen", "lukasz dorde sorensen", id="letters with a stroke"),
            pytest.param("Nguyễn", "nguyen", id="two marks on one letter"),
            pytest.param("ﬁne ＴＯＭ", "fine tom", id="ligatures and wide letters"),
            pytest.param("نُور", "نور", id="Arabic vowel signs"),
            pytest.param("", "", id="nothing"),
        ],
    )
    def test_finds_a_name_however_it_is_typed(self, typed, folds_to):
        assert folded(typed) == folds_to

    def test_follows_when_a_name_changes(self, shop):
        zoe = someone(shop, "Zoe")
        zoe.name = "Zoë Müller"
        zoe.save()
        assert Customer.get(Customer.search_name == "zoe muller").id == zoe.id


class TestWhoMaySeeWhat:
    def test_staff_see_their_shops_and_an_owner_all(self, shop, owner, sam):
        Shop.create(business=shop.business, name="Second Street")
        assert [place.name for place in sam.shops] == ["Fenwick Road Coffee"]
        assert [place.name for place in owner.shops] == ["Fenwick Road Coffee", "Second Street"]


@pytest.mark.parametrize("url", ["", "mysql://somewhere/x", "regulars.db"])
def test_an_address_of_no_database_we_know_is_refused(url):
    with pytest.raises(ValueError, match="sqlite:///"):
        models.open_database(url)
