"""S11: Mr Iqbal, no booking, weekdays about 12:10, cheese, no pickle, 60 visits. (Offline comes with its own part.)"""

import random
from datetime import date, timedelta

import pytest

from domain.lines import lines
from models import Customer, Usual
from tests.conftest import came, someone

TUESDAY = date(2026, 11, 24)


def weekdays_before(day: date, count: int) -> list[date]:
    days = (day - timedelta(days=back) for back in range(1, 400))
    return sorted([d for d in days if d.weekday() < 5][:count])


@pytest.fixture
def iqbal(shop) -> Customer:
    """He comes on weekdays; the others of the shop on any day, so that every day is an open one."""
    chance = random.Random(11)
    iqbal = someone(shop, "Mr Iqbal", pronoun="he")
    for i, day in enumerate(weekdays_before(TUESDAY, 60)):
        came(iqbal, shop, day, minute=12 * 60 + 10 + (-6, 3, 0, -3, 6, 1, -1)[i % 7])
    Usual.create(customer=iqbal, shop=shop, text="cheese, no pickle", day=TUESDAY - timedelta(days=30))
    for i in range(8):
        other = someone(shop, f"Guest {i}")
        for back in range(-40, 100):
            if chance.random() < 0.4:
                came(other, shop, TUESDAY - timedelta(days=back), minute=chance.randint(480, 1000))
    return iqbal


def listed(shop, now):
    return {line.customer.id: line for line in lines(shop, shop.day_of(now), now) if line.source != "walk-in"}


class TestTheDailySandwich:
    def test_before_noon_his_row_says_when_and_what(self, phone, shop, iqbal, at):
        at(shop.at(TUESDAY, 11 * 60 + 30))
        row = phone.rows()[str(iqbal.id)]
        assert "Usually 12:00 to 12:20 on weekdays" in row
        assert "cheese, no pickle" in row
        assert "<time>12:10</time>" in row

    def test_on_saturday_he_is_not_listed(self, phone, shop, iqbal, at):
        at(shop.at(date(2026, 11, 28), 11 * 60 + 30))
        assert str(iqbal.id) not in phone.rows()

    def test_past_his_time_nobody_is_blamed(self, phone, shop, iqbal, at):
        at(shop.at(TUESDAY, 12 * 60 + 45))
        row = phone.rows()[str(iqbal.id)]
        assert "Usually in by now" in row
        assert 'data-testid="prompt"' not in row

    def test_he_is_not_nagged_about_daily_while_he_is_away(self, shop, iqbal, at):
        away = [TUESDAY + timedelta(days=n) for n in range(0, 17)]
        nagged = [day for day in away if iqbal.id in listed(shop, at(shop.at(day, 690)))]
        assert nagged == [d for d in away if d.weekday() < 5][:3], "silent after three misses in a row"

    def test_closed_days_are_no_misses(self, phone, shop, at):
        iqbal = someone(shop, "Mr Iqbal")
        came(iqbal, shop, *weekdays_before(TUESDAY, 60), minute=730)
        later = TUESDAY + timedelta(days=14)  # the shop was shut for two weeks: nobody came, so no day was open
        at(shop.at(later, 690))
        assert str(iqbal.id) in phone.rows()

    def test_after_two_weeks_away_it_is_good_to_see_him(self, phone, shop, iqbal, at):
        at(shop.at(TUESDAY + timedelta(days=14), 12 * 60 + 10))
        card = phone.get(f"/customers/{iqbal.id}").text
        assert "Back after a while." in card
        assert "Say it is good to see him." in card

    def test_the_day_after_he_is_back_he_is_looked_for_again(self, phone, shop, iqbal, at):
        back = TUESDAY + timedelta(days=14)
        at(shop.at(back, 730))
        phone.act("visit.create", customer=str(iqbal.id))
        at(shop.at(back + timedelta(days=1), 690))
        assert str(iqbal.id) in phone.rows()
