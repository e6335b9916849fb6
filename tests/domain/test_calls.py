"""Whom to ring: in which order, at which numbers, until when; at no more than one question to the database."""

from datetime import timedelta

import pytest

import clock
from domain import calls
from models import Appointment, CallTask, Contact, Message
from tests.conftest import TUESDAY, counted_queries, someone


@pytest.fixture
def task(shop):
    """Return a function that makes a task to ring somebody before their time, so many hours from now."""

    def make(customer, hours=2.0, reason="no-such-mailbox", **more):
        starts = TUESDAY + timedelta(hours=hours)
        booked = Appointment.create(customer=customer, shop=shop, day=shop.day_of(starts), starts_at=starts, **more)
        message = Message.create(
            shop=shop, kind="reminder", way="email", customer=customer, appointment=booked, state="failed", code=reason,
            message_id=f"{booked.id}@example.org", due_at=TUESDAY, next_at=TUESDAY, deadline=TUESDAY, at=TUESDAY,
            ended_at=TUESDAY,
        )  # fmt: skip
        return CallTask.create(
            shop=shop, customer=customer, appointment=booked, message=message, reason=reason, at=TUESDAY, until=starts
        )

    return make


def names(found) -> list[str]:
    return [one.person.name for one in found]


def test_the_most_urgent_comes_first_and_whoever_is_met_is_not_rung(shop, rosa, okafor, task):
    task(rosa, 3)
    task(okafor, 1)
    assert names(calls.to_ring(shop, clock.now())) == ["Mr Okafor", "Rosa Marchetti"]
    assert names(calls.to_ring(shop, TUESDAY + timedelta(hours=2))) == ["Rosa Marchetti"]


def test_numbers_that_work_are_offered_the_latest_first(shop, rosa, task):
    task(rosa)
    for number, bad in (("020 7946 0001", None), ("020 7946 0002", TUESDAY), ("020 7946 0003", None)):
        Contact.create(customer=rosa, kind="phone", address=number, known=number, at=TUESDAY, bad_at=bad)
    Contact.create(customer=rosa, kind="email", address="rosa@example.org", known="rosa@example.org", at=TUESDAY)
    assert calls.to_ring(shop, clock.now())[0].numbers == ["020 7946 0003", "020 7946 0001"]


def test_who_has_died_is_not_rung(shop, rosa, task):
    task(rosa)
    rosa.state = "died"
    rosa.save()
    assert calls.to_ring(shop, clock.now()) == []


def test_costs_one_question_however_many(shop, task):
    for n in range(12):
        task(someone(shop, f"Guest {n}"), 1 + n / 10)
    with counted_queries() as asked:
        assert len(calls.calls(shop, clock.now()).open) == 12
    assert len(asked) == 1


def test_today_asks_three_questions_with_somebody_to_ring_and_none_more_then(shop, phone, rosa, task):
    task(rosa)
    for n in range(6):
        task(someone(shop, f"Guest {n}"), 3)
    shop.changed()
    phone.get("/today")
    phone.act("usual.set", customer=str(rosa.id), text="Tea")
    with counted_queries() as asked:
        assert "Ring Rosa Marchetti: our reminder failed" in phone.get("/today").text
    assert len(asked) <= 3
    with counted_queries() as asked:
        phone.get("/today")
    assert len(asked) <= 1


@pytest.mark.parametrize(("outcome", "stays"), [("reached", False), ("left_message", False), ("no_answer", True)])
def test_each_outcome_is_kept_and_taken_back(shop, phone, rosa, task, outcome, stays):
    one = task(rosa)
    assert phone.act("call.done", task=str(one.id), outcome=outcome)["status"] == "applied"
    assert bool(calls.to_ring(shop, clock.now())) is stays
    assert phone.act("call.reopen", task=str(one.id))["status"] == "applied"
    found = calls.to_ring(shop, clock.now())
    assert (names(found), found[0].task.tries) == (["Rosa Marchetti"], 0)


def test_the_shift_and_the_brief_tell_whom_to_ring(phone, rosa, task):
    task(rosa)
    assert "Ring Rosa Marchetti: our reminder failed" in phone.get("/shift").text
    brief = phone.get("/shift/brief").text
    assert "Ring Rosa Marchetti: our reminder failed. Their time is 10:12." in brief


def test_another_shops_task_is_nobodys_business_here(server, phone, shop, rosa, task):
    from models import Shop

    one = task(rosa)
    CallTask.update(shop=Shop.create(business=shop.business, name="Second Street")).where(
        CallTask.id == one.id
    ).execute()
    assert phone.post(f"/calls/{one.id}/done", {"outcome": "reached"}).status_code == 404
    assert CallTask.get_by_id(one.id).done_at is None


def test_a_word_that_is_no_outcome_is_refused_in_words(phone, rosa, task):
    one = task(rosa)
    answer = phone.post(f"/calls/{one.id}/done", {"outcome": "shouted"})
    assert answer.status_code == 422
    assert "Traceback" not in answer.text
