"""A reminder of ours failed, they did not come, and nobody saw to it: at midnight it is kept as ours, and the card asks once."""

from __future__ import annotations

from datetime import timedelta

import pytest

import background
import clock
import sending
from domain import outbox
from models import Appointment, Message, Mistake, Visit
from tests.mailboxes import A_DAY_BEFORE, booked

WAYS = sending.Ways("")
TEN = A_DAY_BEFORE + timedelta(days=1)


def midnight(at, days=1):
    background.zones_told.clear()
    at(TEN.replace(hour=0, minute=1) + timedelta(days=days))
    background.tick()
    at(clock.now() + timedelta(hours=9))


@pytest.fixture
def failed(phone, rosa, mail, at):
    mail.refuses["rosa@example.org"] = "550 5.1.1 No such user here"
    one = booked(phone, rosa, "rosa@example.org")
    at(A_DAY_BEFORE)
    sending.send_due(WAYS)
    return one


def card(phone, rosa):
    return phone.get(f"/customers/{rosa.id}").text


def test_it_is_kept_as_ours_and_no_missed_one(phone, rosa, failed, at):
    at(TEN + timedelta(hours=5))
    background.tick()
    assert not Mistake.select().exists(), "the day is not over"
    midnight(at)
    one = Appointment.get()
    assert (one.state, one.cause) == ("booked", "ours")
    assert Mistake.get().text == "Our reminder did not reach them."
    assert "Did Rosa Marchetti come yesterday at 10:00?" in card(phone, rosa)
    assert "our reminder did not reach her" in card(phone, rosa).lower()
    assert "Did Rosa" not in phone.get("/today").text
    midnight(at, days=2)
    assert Mistake.select().count() == 1
    assert "Did Rosa Marchetti come Thursday at 10:00?" in card(phone, rosa)


def test_they_had_come_and_nobody_had_marked_them(phone, rosa, failed, at):
    midnight(at)
    one = Appointment.get()
    phone.post(f"/appointments/{one.id}/came", {"from": "card"}, htmx=True)
    assert Visit.get().day == one.day
    assert (Appointment.get().cause, Mistake.select().count()) == ("", 0)
    assert "Did Rosa" not in card(phone, rosa)
    midnight(at, days=2)
    assert not Mistake.select().exists()
    phone.act("visit.undo", visit=str(Visit.get().id))
    assert (Appointment.get().cause, Mistake.select().count()) == ("ours", 1)


def test_they_did_not_come_and_that_is_ours(phone, rosa, failed, at):
    midnight(at)
    page = phone.post(f"/appointments/{failed}/missed", {"from": "card"}, htmx=True).text
    assert 'data-testid="did-they-come"' not in page
    assert "Kept: Rosa Marchetti did not come yesterday." in page
    midnight(at, days=3)
    assert "Rosa Marchetti did not come Thursday at 10:00" in card(phone, rosa), "it can be taken back all week"
    assert (Appointment.get().state, Appointment.get().cause, Mistake.select().count()) == ("missed", "ours", 1)
    phone.post(f"/appointments/{failed}/not-missed", {"from": "card"}, htmx=True)
    assert (Appointment.get().state, Appointment.get().cause, Mistake.select().count()) == ("booked", "ours", 1)


def test_at_their_next_visit_somebody_is_to_say_sorry(phone, rosa, failed, at):
    midnight(at)
    phone.act("visit.create", customer=str(rosa.id))
    assert Visit.get().prompt["id"] == "our-silence"


def test_whoever_was_reached_or_came_is_asked_nothing(phone, rosa, failed, at):
    at(TEN)
    phone.act("visit.create", customer=str(rosa.id))
    midnight(at)
    assert not Mistake.select().exists()
    assert "Did Rosa" not in card(phone, rosa)


def test_a_failure_known_only_on_the_day_after_counts_at_once(phone, rosa, mail, at):
    booked(phone, rosa, "rosa@example.org")
    at(A_DAY_BEFORE)
    sending.send_due(WAYS)
    midnight(at)
    assert not Mistake.select().exists()
    outbox.report(Message.get(), "bounced", "mailbox-full")
    assert (Appointment.get().cause, Mistake.select().count()) == ("ours", 1)


def test_of_a_day_that_is_not_over_nobody_is_said_to_have_come(phone, failed, at):
    at(TEN + timedelta(hours=2))
    assert phone.act("appointment.came", appointment=failed)["status"] == "rejected"
