"""S10: Max is late seven times of nine, and well liked. It is planned for: no alarm before his own grace, and a later slot."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.lines import lines
from models import Appointment, Visit
from tests.conftest import hire, signed_in, someone
from tests.scenarios.test_s07_early_for_years_late_once import text_of

TUESDAY = date(2026, 11, 24)
TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
CAME = (8, 10, 0, 9, 10, 11, -3, 12, 15)  # minutes after the hour, the latest last


@pytest.fixture
def max_(shop, at):
    max_ = someone(shop, "Max Brandt", call="Max", pronoun="he")
    for n, minutes in enumerate(reversed(CAME), 1):
        day = TUESDAY - timedelta(days=7 * n)
        Appointment.create(customer=max_, shop=shop, day=day, starts_at=shop.at(day, 600))
        Visit.create(customer=max_, shop=shop, day=day, at=shop.at(day, 600 + minutes))
    Appointment.create(
        customer=max_, shop=shop, day=TUESDAY, starts_at=TEN, ends_at=TEN + timedelta(minutes=30), slot=""
    )
    at(TEN - timedelta(minutes=40))
    return max_


@pytest.fixture
def phone(server, shop):
    return signed_in(server, hire(shop, "Sam"))


def test_before_his_time_it_is_planned_for(phone, max_):
    assert "Ten past is his usual: plan for it" in text_of(phone.rows()[str(max_.id)])
    card = text_of(phone.get(f"/customers/{max_.id}").text)
    assert "Ten past is his usual: plan for it." in card
    assert "Next time offer 10:15 rather than 10:00: it suits him better." in card


def test_his_grace_is_learned_and_there_is_no_alarm_before_it(phone, shop, max_, at):
    line = next(line for line in lines(shop, TUESDAY, TEN) if line.customer.id == max_.id)
    assert line.grace(shop) == 20
    at(TEN + timedelta(minutes=19))
    row = phone.rows()[str(max_.id)]
    assert "shape--half" not in row
    assert "row--out" not in row
    assert "late-story" not in phone.get(f"/customers/{max_.id}").text
    at(TEN + timedelta(minutes=21))
    assert "shape--half" in phone.rows()[str(max_.id)]
    story = phone.get(f"/customers/{max_.id}").text
    assert "A bit late as usual: about 10 minutes. It is planned for." in text_of(story)
    assert "Keep his place" in text_of(story)


def test_he_is_just_welcomed(phone, max_, at):
    at(TEN + timedelta(minutes=10))
    assert "Ten past is his usual. Just welcome him." in text_of(phone.rows()[str(max_.id)] + _card(phone, max_))
    phone.post(f"/customers/{max_.id}/visits")
    assert Appointment.get((Appointment.customer == max_.id) & (Appointment.day == TUESDAY)).cause == ""


def _card(phone, customer) -> str:
    return phone.get(f"/customers/{customer.id}").text


def test_his_way_drains_no_trust(phone, max_, at):
    at(TEN + timedelta(minutes=10))
    phone.post(f"/customers/{max_.id}/visits")
    card = text_of(_card(phone, max_))
    assert re.search(r"Trust bucket Filling nicely\.", card)


def test_of_the_next_one_the_time_still_bounds_it(phone, shop, max_, at):
    other = someone(shop, "Ida Blom")
    Appointment.create(
        customer=other, shop=shop, day=TUESDAY, starts_at=TEN + timedelta(minutes=45), ends_at=TEN + timedelta(minutes=60),
        slot="",
    )  # fmt: skip
    at(TEN + timedelta(minutes=25))
    assert "There is still time until 10:30." in text_of(_card(phone, max_))
    at(TEN + timedelta(minutes=31))
    assert "The next one is booked at 10:45." in text_of(_card(phone, max_))
