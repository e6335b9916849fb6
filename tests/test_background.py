"""What ticks: lists are made before anybody asks, not over and over, and not kept for ever."""

from datetime import timedelta

import pytest

import background
from domain import appointments, expected
from models import Action, Appointment, DayList, Series
from tests.conftest import TUESDAY, came, days_before

TODAY = TUESDAY.date()
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def made(monkeypatch):
    """Return the days whose lists were made, as it goes on."""
    make, days = expected.make_list, []

    def counted(shop, day, *rest):
        days.append(day)
        return make(shop, day, *rest)

    monkeypatch.setattr(expected, "make_list", counted)
    monkeypatch.setattr(background, "rests_until", {})
    return days


@pytest.fixture
def hands(monkeypatch):
    """Return a clock whose hands are put by the test; each look at it lets a second pass."""
    shown = [1000.0]

    def monotonic():
        shown[0] += 1
        return shown[0]

    monkeypatch.setattr(background.time, "monotonic", monotonic)
    return shown


class TestTheListOfTheDay:
    def test_is_made_once(self, shop, made):
        background.tick()
        background.tick()
        assert made == [TODAY, TOMORROW]

    def test_is_made_for_the_next_day_before_it_begins_and_anew_when_it_was_changed(self, shop, rosa, made, at):
        background.tick()
        came(rosa, shop, TODAY)
        expected.history_changed(shop, TODAY)
        background.tick()
        assert made == [TODAY, TOMORROW], "not at each arrival"
        at(TUESDAY + timedelta(hours=4))
        background.tick()
        assert made == [TODAY, TOMORROW, TOMORROW]
        expected.history_changed(shop, TODAY)
        background.rests_until.clear()
        at(TUESDAY + timedelta(days=1))
        background.tick()
        assert made[3:] == [TOMORROW, TOMORROW + timedelta(days=1)]

    def test_made_stale_again_and_again_rests_for_twenty_times_as_long_as_it_took(self, shop, rosa, made, hands):
        came(rosa, shop, *days_before(TODAY, 2, 3))
        background.tick()  # a second's work, by these hands
        expected.history_changed(shop, TODAY - timedelta(days=2))
        background.tick()
        assert made == [TODAY, TOMORROW], "not yet"
        hands[0] += background.RESTS
        background.tick()
        assert made == [TODAY, TOMORROW, TODAY]
        assert not DayList.get(DayList.day == TODAY).stale


def test_lists_of_past_days_go_after_a_week_and_no_sooner(shop, rosa, made):
    for back in (0, 1, 7, 8, 30):
        DayList.create(shop=shop, day=TODAY - timedelta(days=back), made_at=TUESDAY)
    background.tick()
    assert sorted((TODAY - one.day).days for one in DayList.select()) == [-1, 0, 1, 7]


def test_keys_of_acts_go_after_ninety_days(shop):
    for days in (89, 91):
        Action.create(key=str(days), digest="", result={}, done_at=TUESDAY - timedelta(days=days))
    background.tick()
    assert [action.key for action in Action.select()] == ["89"]


class TestWhatIsAgreed:
    @pytest.fixture(autouse=True)
    def untold(self, monkeypatch):
        monkeypatch.setattr(background, "zones_told", {})

    def series(self, shop, rosa):
        return Series.create(customer=rosa, shop=shop, first=TODAY, minute=600, minutes=30, weekdays="1", at=TUESDAY)

    def test_again_and_again_is_made_ahead_each_night(self, shop, rosa, at):
        appointments.make_ahead(self.series(shop, rosa), TUESDAY)
        made = Appointment.select().count()
        at(TUESDAY + timedelta(days=7))
        background.tick()
        assert Appointment.select().count() == made + 1
        background.tick()
        assert Appointment.select().count() == made + 1

    def test_follows_the_wall_when_a_zones_rules_have_changed(self, shop, rosa, at):
        appointments.make_ahead(self.series(shop, rosa), TUESDAY)
        background.tick()
        wrong = TUESDAY + timedelta(days=7)
        Appointment.update(starts_at=wrong).where(Appointment.day == wrong.date()).execute()
        background.tick()  # once a day
        assert Appointment.select().where(Appointment.starts_at == wrong).count() == 1
        at(TUESDAY + timedelta(days=1))
        background.tick()
        assert {f"{shop.local(one.starts_at):%H:%M}" for one in Appointment.select()} == {"10:00"}
