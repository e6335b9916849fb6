"""S8: Rosa says that her own calendar was wrong. It is both, and our part still needs its tap; hers alone it can only be where
our word reached her."""

from datetime import timedelta

import pytest

from domain import outbox
from models import Appointment, Message, Mistake
from tests.scenarios.test_s07_early_for_years_late_once import (  # noqa: F401  the same people, reminder and machine
    TEN,
    ana,
    failed,
    leo,
    machine,
    rosa,
    sam,
    text_of,
    web_server,
)


@pytest.fixture
def here(failed, ana, leo, at):  # noqa: F811
    """Leo came at half past ten, and Ana has him marked."""
    at(TEN + timedelta(minutes=30))
    ana.get("/today")
    ana.post(f"/customers/{leo.id}/visits")
    return ana


def cause_of(appointment) -> str:
    return Appointment.get_by_id(appointment.id).cause


def say(phone, appointment, cause):
    return phone.post(f"/appointments/{appointment.id}/cause", {"cause": cause, "from": "card"}, htmx=True)


def test_both_is_one_tap_and_our_part_still_needs_its_own(here, failed, leo):  # noqa: F811
    assert cause_of(failed) == "ours"
    answer = say(here, failed, "both")
    assert cause_of(failed) == "both"
    assert "Kept: the slip was ours and theirs." in text_of(answer.text)
    assert "We said sorry" in text_of(answer.text)
    assert Mistake.get().acknowledged_at is None
    here.post(f"/mistakes/{Mistake.get().id}/acknowledge", {"said_sorry": "yes", "from": "card"})
    assert Mistake.get().acknowledged_by.name == "Ana"
    assert cause_of(failed) == "both"


def test_each_is_taken_back_by_the_toast(here, failed):  # noqa: F811
    answer = say(here, failed, "both")
    assert f'action="/appointments/{failed.id}/cause"' in answer.text.split('id="toast"')[1]
    assert 'name="cause" value="ours"' in answer.text.split('id="toast"')[1], "as it was before"
    say(here, failed, "ours")
    assert cause_of(failed) == "ours"


def test_theirs_alone_is_not_offered_and_not_taken_where_ours_failed(here, failed, leo):  # noqa: F811
    assert 'data-testid="cause-theirs"' not in here.get(f"/customers/{leo.id}").text
    refused = say(here, failed, "theirs")
    assert refused.status_code == 422
    assert "part of it is ours" in text_of(refused.text)
    assert cause_of(failed) == "ours"


def test_theirs_alone_where_the_reminder_was_delivered(failed, ana, leo, at):  # noqa: F811
    Message.update(state="handed_over").where(Message.way == "call").execute()
    outbox.report(Message.get(Message.way == "call"), "delivered", "reached")
    at(TEN + timedelta(minutes=30))
    ana.get("/today")
    ana.post(f"/customers/{leo.id}/visits")
    assert Mistake.select().count() == 0
    assert 'data-testid="cause-theirs"' in ana.get(f"/customers/{leo.id}").text
    assert say(ana, failed, "theirs").status_code == 200
    assert cause_of(failed) == "theirs"


class TestNotComing:
    """Nobody came at all: put fairly, asked for, and reversible."""

    def test_is_asked_after_the_grace_and_never_decided(self, failed, ana, leo, at):  # noqa: F811
        at(TEN + timedelta(minutes=5))
        assert "Move to not today?" not in ana.rows()[str(leo.id)], "the half-circle comes first"
        at(TEN + timedelta(minutes=11))
        assert "Move to not today?" in ana.rows()[str(leo.id)]
        at(TEN + timedelta(hours=5))
        assert Appointment.get_by_id(failed.id).state == "booked"

    def test_is_ours_where_our_reminder_failed_and_reversible(self, failed, ana, leo, at):  # noqa: F811
        at(TEN + timedelta(hours=1))
        answer = ana.post(f"/appointments/{failed.id}/missed", {"from": "today"}, htmx=True)
        assert "Leo is moved to not today." in text_of(answer.text)
        assert (Appointment.get_by_id(failed.id).state, cause_of(failed)) == ("missed", "ours")
        assert str(leo.id) not in ana.rows()
        card = text_of(ana.get(f"/customers/{leo.id}").text)
        assert "Has not come, and is moved to not today" in card
        assert "Ours: our reminder by automated call did not reach Rosa." in card
        assert "no-show" not in card.lower()
        ana.post(f"/appointments/{failed.id}/not-missed", {"from": "card"})
        assert (Appointment.get_by_id(failed.id).state, cause_of(failed)) == ("booked", "")
        assert Mistake.select().count() == 0
        assert str(leo.id) in ana.rows()

    def test_the_next_visit_begins_with_our_silence(self, failed, ana, leo, shop, at):  # noqa: F811
        at(TEN + timedelta(hours=1))
        ana.post(f"/appointments/{failed.id}/missed")
        later = failed.day + timedelta(days=7)
        Appointment.create(customer=leo, shop=shop, day=later, starts_at=shop.at(later, 600))
        at(TEN + timedelta(days=7, minutes=-5))
        card = text_of(ana.get(f"/customers/{leo.id}").text)
        assert "Our reminder failed last week. Apologise to Rosa for our silence." in card
        assert "never late in 28 visits" in text_of(_row_at(ana, leo, at, TEN + timedelta(days=7, minutes=11))).lower()


def _row_at(phone, customer, at, moment) -> str:
    at(moment)
    return phone.rows()[str(customer.id)]


def test_a_missed_one_of_more_than_a_year_ago_says_nothing(shop, sam, ana, leo, at):  # noqa: F811
    from domain.lines import lines

    for back, counted in ((400, 0), (100, 1)):
        day = TEN.date() - timedelta(days=back)
        Appointment.create(
            customer=leo, shop=shop, day=day, starts_at=shop.at(day, 700), state="missed", cause="theirs"
        )
        today = TEN.date() + timedelta(days=1 + (counted * 7))
        Appointment.create(customer=leo, shop=shop, day=today, starts_at=shop.at(today, 600))
        at(shop.at(today, 540))
        told = next(line for line in lines(shop, today, shop.at(today, 540)) if line.customer.id == leo.id)
        assert (told.punctual or {}).get("missed") == counted
