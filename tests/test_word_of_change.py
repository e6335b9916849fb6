"""What has left is followed by a word when it is true no longer: moved or cancelled, by the way that told them, and not
before whoever did it could take it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from icalendar import Calendar

import clock
import sending
from domain import outbox
from models import Appointment, CallTask, Channel, Message, Mistake, ReminderRule
from outside.answers import Answer
from tests.conftest import someone
from tests.mailboxes import A_DAY_BEFORE, booked

HALF_A_MINUTE = timedelta(seconds=31)
WAYS = sending.Ways("")


@pytest.fixture
def told(phone, rosa, mail, at):
    """Return the appointment of somebody who got the letter about it, a day before."""
    one = booked(phone, rosa, "rosa@example.org")
    at(A_DAY_BEFORE)
    assert sending.send_due(WAYS) == 1
    return one


def later(at, by=HALF_A_MINUTE):
    at(clock.now() + by)
    return sending.send_due(WAYS)


def letter(mail):
    """Return subject, words and calendar of the last letter."""
    from email import message_from_bytes, policy

    found: Any = message_from_bytes(mail.taken[-1].content, policy=policy.default)
    entry = next(part for part in found.walk() if part.get_content_type() == "text/calendar")
    calendar = Calendar.from_ical(entry.get_payload(decode=True))
    return found["subject"], found.get_body(("plain",)).get_content(), calendar


def event(calendar):
    return calendar.walk("VEVENT")[0]


class TestCancelled:
    def test_is_said_with_the_same_entry_after_half_a_minute(self, phone, told, mail, at):
        first = event(letter(mail)[2])
        assert phone.act("appointment.cancel", appointment=told)["status"] == "applied"
        assert sending.send_due(WAYS) == 0
        assert later(at) == 1
        subject, text, calendar = letter(mail)
        assert subject == "Cancelled: your appointment at Fenwick Road Coffee"
        assert "Your appointment on Thursday 26 November at 10:00 is cancelled." in text
        assert calendar["METHOD"] == "CANCEL"
        last = event(calendar)
        assert (last["UID"], last["STATUS"]) == (first["UID"], "CANCELLED")
        assert last["SEQUENCE"] > first["SEQUENCE"]
        assert not CallTask.select().exists()
        assert later(at, timedelta(minutes=10)) == 0

    def test_is_not_said_when_it_is_taken_back_in_time(self, phone, told, mail, at):
        phone.act("appointment.cancel", appointment=told)
        phone.act("appointment.restore", appointment=told)
        assert later(at) == 0
        assert later(at, timedelta(hours=5)) == 0
        assert len(mail.taken) == 1

    def test_and_standing_again_later_is_said_as_well(self, phone, told, mail, at):
        phone.act("appointment.cancel", appointment=told)
        later(at)
        phone.act("appointment.restore", appointment=told)
        assert later(at) == 1
        subject, text, calendar = letter(mail)
        assert subject.startswith("Changed: ")
        assert "stands after all" in text
        assert event(calendar)["STATUS"] == "CONFIRMED"
        assert later(at, timedelta(hours=2)) == 0

    def test_is_said_to_nobody_who_was_told_nothing(self, phone, rosa, mail, at):
        one = booked(phone, rosa, "rosa@example.org")
        phone.act("appointment.cancel", appointment=one)
        assert later(at) == 0
        assert not Message.select().where(Message.kind == "change").exists()

    def test_is_not_said_of_somebody_who_died_or_asked_not_to_be_told(self, phone, rosa, told, mail, at):
        phone.act("customer.state", customer=str(rosa.id), state="died")
        assert Appointment.get().state == "cancelled"
        assert later(at) == 0
        assert not CallTask.select().exists()

    def test_is_not_said_by_a_way_they_refused_since(self, phone, rosa, told, mail, at):
        phone.act("consent.set", customer=str(rosa.id), way="email", given=False)
        phone.act("appointment.cancel", appointment=told)
        assert later(at) == 0
        assert Message.select().where(Message.kind == "change").get().state == "suppressed"
        assert CallTask.get().done_at is None, "they would come for nothing: somebody rings"

    def test_names_the_time_they_were_told_last(self, phone, told, mail, at):
        phone.act("appointment.move", appointment=told, starts_at="2026-12-10T11:00")
        phone.act("appointment.cancel", appointment=told)
        assert later(at) == 1
        assert "Your appointment on Thursday 26 November at 10:00 is cancelled." in letter(mail)[1]

    @pytest.mark.parametrize(("refused", "told_so"), [(False, True), (True, False)])
    def test_the_toast_says_what_can_be_known_of_it(self, phone, rosa, told, refused, told_so):
        if refused:
            phone.act("consent.set", customer=str(rosa.id), way="email", given=False)
        page = phone.post(f"/appointments/{told}/cancel", {"from": "card"}, htmx=True).text
        assert ("They are told in half a minute." in page) is told_so
        assert ("Nothing reaches them: ring them." in page) is not told_so

    def test_is_a_call_where_the_letter_does_not_arrive_and_confirms_nothing(self, phone, rosa, told, mail, at):
        mail.refuses["rosa@example.org"] = "550 5.1.1 No such user here"
        phone.act("appointment.confirm", appointment=told)
        phone.act("appointment.cancel", appointment=told)
        later(at)
        task = CallTask.get()
        assert (task.customer_id, task.reason, task.done_at) == (rosa.id, "no-such-mailbox", None)
        assert "Ring Rosa Marchetti: tell them that it is cancelled" in phone.get("/today").text
        Appointment.update(confirmed_at=None, confirmed_how="").execute()
        assert phone.act("call.done", task=task.id, outcome="reached")["status"] == "applied"
        assert Appointment.get().confirmed_at is None

    def test_is_a_call_for_whoever_was_told_by_telephone(self, phone, shop, rosa, at):
        ReminderRule.create(shop=shop, way="hand", minutes_before=24 * 60)
        one = booked(phone, rosa, "")
        at(A_DAY_BEFORE)
        sending.send_due(WAYS)
        phone.act("call.done", task=CallTask.get().id, outcome="reached")
        phone.act("appointment.cancel", appointment=one)
        later(at)
        open_still = CallTask.get(CallTask.done_at.is_null())
        assert open_still.until == Appointment.get().starts_at
        assert "tell them that it is cancelled" in phone.get("/today").text
        phone.act("call.done", task=open_still.id, outcome="reached")
        assert Message.select().where(Message.kind == "change").get().state == "confirmed"

    def test_is_a_short_text_where_a_text_had_told_them(self, phone, shop, rosa, at, monkeypatch):
        from outside import texts

        sent = []

        def send(gateway, to, text, *rest):
            sent.append(text)
            return Answer("handed_over")

        monkeypatch.setattr(texts, "send", send)
        Channel.create(shop=shop, way="sms", settings={"kind": "generic", "url": "https://sms.example.org"})
        ReminderRule.create(shop=shop, way="sms", minutes_before=24 * 60)
        phone.act("contact.add", customer=str(rosa.id), kind="phone", address="020 7946 0018")
        one = booked(phone, rosa, "")
        at(A_DAY_BEFORE)
        sending.send_due(WAYS)
        phone.act("appointment.cancel", appointment=one)
        later(at)
        assert sent[-1] == ("Fenwick Road Coffee: Your appointment on Thursday 26 November at 10:00 is cancelled.")

    def test_of_a_child_it_says_whose(self, phone, shop, rosa, mail, at):
        leo = someone(shop, "Leo Marchetti", child=True)
        home = phone.act("customer.join", customer=str(leo.id), name="Marchetti", kind="household")
        phone.act("customer.join", customer=str(rosa.id), household=home["result"]["household"], brings=True)
        phone.act("contact.add", customer=str(rosa.id), kind="email", address="rosa@example.org")
        one = booked(phone, leo)
        at(A_DAY_BEFORE)
        sending.send_due(WAYS)
        phone.act("appointment.cancel", appointment=one)
        later(at)
        assert "Leo Marchetti’s appointment on Thursday 26 November at 10:00 is cancelled." in letter(mail)[1]


class TestMoved:
    def test_further_than_the_reminders_go_is_said_after_half_a_minute(self, phone, told, mail, at):
        first = event(letter(mail)[2])
        phone.act("appointment.move", appointment=told, starts_at="2026-12-10T11:00")
        assert sending.send_due(WAYS) == 0
        assert later(at) == 1
        subject, text, calendar = letter(mail)
        assert subject == "Changed: Your appointment at Fenwick Road Coffee"
        assert "The appointment has been moved. It was Thursday 26 November at 10:00 before." in text
        assert "Now: you have an appointment, Thursday 10 December at 11:00." in text
        last = event(calendar)
        assert last["UID"] == first["UID"]
        assert last["SEQUENCE"] > first["SEQUENCE"]
        assert last["DTSTART"].dt.hour == 11
        at(Appointment.get().starts_at - timedelta(hours=24))
        assert sending.send_due(WAYS) == 1
        assert "moved" not in letter(mail)[1], "they know, and are reminded as everybody is"

    def test_back_in_time_nothing_leaves_and_what_they_were_told_counts(self, phone, told, mail, at):
        moved = phone.act("appointment.move", appointment=told, starts_at="2026-12-10T11:00")
        phone.act("appointment.move_back", appointment=told, move=moved["id"])
        assert later(at) == 0
        assert later(at, timedelta(hours=2)) == 0
        one = Appointment.get()
        assert [m.state for m in Message.select().where(Message.sequence == one.sequence)] == ["handed_over"]

    def test_to_a_time_whose_reminder_is_due_it_is_one_letter_that_says_so(self, phone, told, mail, at):
        ReminderRule.update(subject="See you at {time}", text="Bring your card. {day}, {time}.").execute()
        phone.act("appointment.move", appointment=told, starts_at="2026-11-26T09:00")
        assert sending.send_due(WAYS) == 0, "a slip of the finger can be taken back"
        assert later(at) == 1
        subject, text, _calendar = letter(mail)
        assert subject == "Changed: See you at 9:00"
        assert text.startswith("The appointment has been moved. It was Thursday 26 November at 10:00 before.")
        assert "Bring your card. Thursday 26 November, 9:00." in text
        assert later(at, timedelta(hours=2)) == 0

    def test_of_whom_they_are_with_only_nothing_is_said(self, phone, told, mail, at):
        phone.act("appointment.move", appointment=told, **{"with": "Nadia"})
        assert later(at) == 0

    def test_where_it_cannot_arrive_somebody_is_to_tell_the_new_time(self, phone, rosa, told, mail, at):
        mail.refuses["rosa@example.org"] = "550 5.1.1 No such user here"
        phone.act("appointment.move", appointment=told, starts_at="2026-12-10T11:00")
        later(at)
        assert CallTask.get().done_at is None
        page = phone.get("/today").text
        assert "Ring Rosa Marchetti: tell them the new time" in page
        assert "They think it is tomorrow at 10:00. It is Thursday 10 December at 11:00." in page
        at(Appointment.get().starts_at.replace(year=2026, month=11, day=26, hour=12, minute=1))
        assert "Ring Rosa" not in phone.get("/today").text, "they know by now that it is not today"

    def test_who_comes_all_the_same_is_told_to_their_face_and_it_is_ours(self, phone, rosa, told, mail, at):
        mail.refuses["rosa@example.org"] = "550 5.1.1 No such user here"
        phone.act("appointment.move", appointment=told, starts_at="2026-12-10T11:00")
        later(at)
        at(A_DAY_BEFORE + timedelta(days=1, minutes=-5))
        visit = phone.act("visit.create", customer=str(rosa.id))["result"]["visit"]
        assert "Rosa Marchetti is here: tell them the new time" in phone.get("/today").text
        ours = "They came for a time that we had changed, and did not know."
        assert Mistake.get().text == ours
        assert ours in phone.get(f"/customers/{rosa.id}").text
        phone.act("visit.undo", visit=visit)
        assert not Mistake.select().exists()

    def test_who_comes_on_another_day_knows_nothing_of_it_yet(self, phone, rosa, told, mail, at):
        mail.refuses["rosa@example.org"] = "550 5.1.1 No such user here"
        phone.act("appointment.cancel", appointment=told)
        later(at)
        phone.act("visit.create", customer=str(rosa.id))
        assert "Rosa Marchetti is here: tell them that it is cancelled" in phone.get("/today").text
        assert not Mistake.select().exists()

    def test_of_whom_they_are_with_the_toast_says_that_nobody_is_told(self, phone, rosa, told):
        form = {
            "day": "2026-11-26",
            "time": "10:00",
            "minutes": "30",
            "with": "Omar",
            "service": "",
            "action": str(uuid4()),
        }
        page = phone.post(f"/appointments/{told}/move", form, htmx=True).text
        assert "They are not told of it." in page
        assert "Moved" not in page

    def test_a_zone_whose_rules_change_moves_no_agreed_time(self, phone, shop, told, mail, at):
        from domain import appointments

        shop.zone = "Europe/Madrid"
        shop.save()
        appointments.zone_changed(shop)
        assert later(at) == 0

    def test_what_may_have_left_is_followed_too(self, phone, told, mail, at):
        Message.update(state="expired").execute()
        phone.act("appointment.cancel", appointment=told)
        assert later(at) == 1

    def test_what_came_back_told_nobody_anything(self, phone, told, mail, at):
        outbox.report(Message.get(), "bounced", "mailbox-full")
        phone.act("appointment.cancel", appointment=told)
        assert later(at) == 0
        assert not CallTask.select().where(CallTask.done_at.is_null()).exists()

    def test_a_wish_to_move_is_met_by_the_word_and_where_it_fails_by_a_call(self, phone, rosa, told, mail, at):
        from domain import replies

        message = Message.get()
        one = Appointment.get()
        replies.answer(replies.Answering(one, message.shop, message), "move", "after five", one.sequence)
        assert CallTask.get().reason == "asked-to-move"
        mail.refuses["rosa@example.org"] = "550 5.1.1 No such user here"
        phone.act("appointment.move", appointment=told, starts_at="2026-12-10T17:30")
        assert not CallTask.select().where(CallTask.done_at.is_null()).exists()
        later(at)
        task = CallTask.get(CallTask.done_at.is_null())
        assert (task.reason, task.message.kind) == ("no-such-mailbox", "change")
