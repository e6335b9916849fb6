"""What is due is sent by a real server and ends in a true state: refusals, delays, silence, one bad message among good."""

from __future__ import annotations

from datetime import timedelta

import pytest

import background
import clock
import models
import sending
from domain import outbox, reminders, reminders_told as told
from models import CallTask, Channel, Contact, Message, ReminderRule
from outside.answers import Answer
from tests.conftest import someone
from tests.mailboxes import A_DAY_BEFORE, booked, states


def _of(message):
    one = message.appointment
    return message.shop, one.customer, one, message.rule, one.customer, message.address


class TestWhatIsSent:
    def test_is_sent_once_when_it_is_due_and_is_not_called_received(self, phone, rosa, mail, at):
        booked(phone, rosa, "rosa@example.org")
        assert sending.send_due(sending.Ways("")) == 0
        at(A_DAY_BEFORE)
        assert sending.send_due(sending.Ways("")) == 1
        assert sending.send_due(sending.Ways("")) == 0
        assert states() == {"handed_over": 1}
        raw = mail.taken[0].content.decode()
        assert Message.get().message_id in raw
        assert "text/calendar" in raw
        assert Message.get().message_id.endswith("@example.org"), "at the sender's own domain"
        entry = sending._invitation(outbox.Claimed(Message.get(), *_of(Message.get())), {}) or b""
        assert b"BEGIN:VEVENT" in entry
        for wrong in (b"X-WR-CALNAME", b"REFRESH-INTERVAL", b"X-PUBLISHED-TTL"):
            assert wrong not in entry, "a letter's entry is no calendar to subscribe to"
        assert mail.taken[0].rcpt_tos == ["rosa@example.org"]

    @pytest.mark.parametrize("kind", ["reminder", "change"])
    def test_never_leaves_without_an_appointment_to_tell_of(self, phone, rosa, mail, at, kind):
        booked(phone, rosa, "rosa@example.org")
        Message.update(appointment=None, kind=kind).execute()
        at(A_DAY_BEFORE)
        sending.send_due(sending.Ways(""))
        assert (mail.taken, Message.get().state) == ([], "dropped")

    def test_says_day_time_and_with_whom_in_the_shops_words(self, phone, shop, rosa, mail, at):
        booked(phone, rosa, "rosa@example.org", **{"with": "Nadia"})
        at(A_DAY_BEFORE)
        claimed = outbox.claim("me", clock.now())
        assert claimed is not None
        subject, text = sending.worded(claimed, sending.Ways("https://shop.example.org"))
        assert subject == "Your appointment at Fenwick Road Coffee"
        assert "you have an appointment with Nadia, Thursday 26 November at 10:00." in text
        assert "https://shop.example.org/confirm/visit-" in text
        without = sending.worded(claimed, sending.Ways(""))[1]
        assert "tells us" not in without
        assert "Thursday 26 November at 10:00" in without

    def test_what_is_refused_for_good_becomes_a_call_before_the_appointment(self, phone, shop, rosa, mail, at):
        mail.refuses["rosa@example.org"] = "550 5.1.1 No such user here"
        booked(phone, rosa, "rosa@example.org")
        at(A_DAY_BEFORE)
        sending.send_due(sending.Ways(""))
        message = Message.get()
        assert (message.state, message.code) == ("failed", "no-such-mailbox")
        task = CallTask.get()
        assert (task.customer_id, task.reason, task.done_at) == (rosa.id, "no-such-mailbox", None)
        assert Contact.get().bad_code == "no-such-mailbox"

    def test_what_is_put_off_is_tried_again_until_its_deadline(self, phone, shop, rosa, mail, at):
        mail.refuses["rosa@example.org"] = "451 4.2.1 Try later"
        booked(phone, rosa, "rosa@example.org")
        moment, tries = at(A_DAY_BEFORE), 0
        while states() == {"due": 1} and tries < 50:
            tries += sending.send_due(sending.Ways(""))
            moment = at(moment + timedelta(minutes=1))
            assert moment < A_DAY_BEFORE + timedelta(hours=5)
        assert states() == {"failed": 1}
        assert tries == 5 + 6, "after 1, 5, 15 and 30 minutes, then every half hour for four hours"
        assert CallTask.select().count() == 1

    def test_one_bad_message_does_not_stop_the_rest(self, phone, shop, rosa, okafor, mail, at, monkeypatch):
        booked(phone, rosa, "rosa@example.org")
        booked(phone, okafor, "okafor@example.org", at="2026-11-26T11:00")
        at(A_DAY_BEFORE + timedelta(hours=1))
        mailing = sending._mail

        def breaks(claimed, *rest):
            if claimed.customer.id == rosa.id:
                raise RuntimeError("of this one only")
            return mailing(claimed, *rest)

        monkeypatch.setattr(sending, "_mail", breaks)
        assert sending.send_due(sending.Ways("")) == 2
        assert states() == {"due": 1, "handed_over": 1}

    def test_nothing_is_sent_to_whoever_asked_not_to(self, phone, shop, rosa, mail, at):
        booked(phone, rosa, "rosa@example.org")
        phone.act("consent.set", customer=str(rosa.id), way="email", given=False)
        at(A_DAY_BEFORE)
        sending.send_due(sending.Ways(""))
        assert (states(), mail.taken) == ({"suppressed": 1}, [])
        assert not CallTask.select().exists()

    def test_nothing_is_sent_for_what_was_cancelled(self, phone, shop, rosa, mail, at):
        one = booked(phone, rosa, "rosa@example.org")
        phone.act("appointment.cancel", appointment=one)
        at(A_DAY_BEFORE)
        sending.send_due(sending.Ways(""))
        assert (states(), mail.taken) == ({"dropped": 1}, [])

    def test_without_an_address_somebody_is_asked_to_ring(self, phone, shop, rosa, mail, at):
        booked(phone, rosa)
        at(A_DAY_BEFORE)
        sending.send_due(sending.Ways(""))
        assert (Message.get().code, CallTask.select().count()) == ("no-address", 1)

    @pytest.fixture
    def two_ways(self, phone, shop, rosa, mail):
        """She has a telephone and no mail address, in a shop that reminds by both."""
        ReminderRule.create(shop=shop, way="sms", minutes_before=120)
        phone.act("contact.add", customer=str(rosa.id), kind="phone", address="020 7946 0018")
        booked(phone, rosa)

    def test_without_an_address_for_a_way_another_that_reaches_them_is_enough(
        self, phone, shop, rosa, two_ways, mail, at
    ):
        at(A_DAY_BEFORE)
        sending.send_due(sending.Ways(""))
        assert (states(), CallTask.select().count()) == ({"dropped": 1, "due": 1}, 0)
        figures = told.figures(shop, clock.now())
        assert (figures["email"].lost, figures["sms"].lost) == (0, 0)
        assert "reminder" not in phone.get(f"/customers/{rosa.id}").text.lower()
        at(models.Appointment.get().starts_at - timedelta(hours=2))
        claimed = outbox.claim("me", clock.now())
        assert claimed is not None
        outbox.settle(claimed, "refused", "no-such-number", "")
        assert (states(), CallTask.get().reason) == ({"dropped": 1, "failed": 1}, "no-such-number")

    @pytest.mark.parametrize("how", ["asked-not-to", "bad-address", "failed"])
    def test_but_not_one_that_cannot_reach_them_either(self, phone, shop, rosa, two_ways, mail, at, how):
        if how == "asked-not-to":
            phone.act("consent.set", customer=str(rosa.id), way="sms", given=False)
        elif how == "bad-address":
            Contact.update(bad_at=clock.now(), bad_code="no-such-number").execute()
        else:
            Message.update(state="failed", code="no-such-number").where(Message.way == "sms").execute()
        at(A_DAY_BEFORE)
        sending.send_due(sending.Ways(""))
        assert Message.get(Message.way == "email").state == "failed"
        assert CallTask.select().count() == 1

    def test_of_several_failures_task_and_row_tell_the_last(self, phone, shop, rosa, mail, at):
        ReminderRule.create(shop=shop, way="email", minutes_before=120)
        booked(phone, rosa)
        at(A_DAY_BEFORE)
        sending.send_due(sending.Ways(""))
        assert CallTask.get().reason == "no-address"
        phone.act("contact.add", customer=str(rosa.id), kind="email", address="rosa@example.org")
        mail.refuses["rosa@example.org"] = "550 5.1.1 No such user here"
        at(models.Appointment.get().starts_at - timedelta(hours=2))
        sending.send_due(sending.Ways(""))
        last = reminders.failed_us(models.Appointment.get())
        task = CallTask.get()
        assert last is not None
        assert (task.message_id, task.reason, CallTask.select().count()) == (last.id, "no-such-mailbox", 1)

    def test_of_a_child_whoever_brings_them_is_told(self, phone, shop, rosa, mail, at):
        leo = someone(shop, "Leo Marchetti", child=True)
        home = phone.act("customer.join", customer=str(leo.id), name="Marchetti", kind="household")
        phone.act("customer.join", customer=str(rosa.id), household=home["result"]["household"], brings=True)
        phone.act("contact.add", customer=str(rosa.id), kind="email", address="rosa@example.org")
        booked(phone, leo)
        at(A_DAY_BEFORE)
        sending.send_due(sending.Ways(""))
        assert mail.taken[0].rcpt_tos == ["rosa@example.org"]

    @pytest.mark.parametrize("way", ["hook", "call"])
    def test_a_web_hook_is_told_which_time_and_whom_it_may_reach_how(self, phone, shop, rosa, at, monkeypatch, way):
        from outside import hooks

        sent = []

        def post(url, payload, *rest):
            sent.append(payload)
            return Answer("handed_over")

        monkeypatch.setattr(hooks, "post", post)
        Channel.create(shop=shop, way=way, settings={"url": "https://hooks.example.org/in", "secret": "s"})
        ReminderRule.delete().execute()
        ReminderRule.create(shop=shop, way=way, minutes_before=1440)
        phone.act("contact.add", customer=str(rosa.id), kind="phone", address="020 7946 0018")
        number = booked(phone, rosa, "rosa@example.org", **{"with": "Nadia"})
        phone.act("consent.set", customer=str(rosa.id), way="sms", given=False)
        at(A_DAY_BEFORE)
        sending.send_due(sending.Ways(""))
        told = sent[0]
        assert told["appointment"] == {
            "id": number, "starts_at": "2026-11-26T10:00+00:00", "minutes": 30, "with": "Nadia", "state": "booked",
        }  # fmt: skip
        assert (told["name"], told["language"]) == (rosa.called, "en")
        theirs = {"email": "rosa@example.org", "call": "+442079460018"}
        assert told.get("addresses") == (theirs if way == "hook" else None)
        assert told["to"] == (str(rosa.id) if way == "hook" else "+442079460018")


class TestACall:
    def test_is_given_no_address_to_read_out(self, phone, shop, rosa, at):
        models.ReminderRule.delete().execute()
        models.ReminderRule.create(shop=shop, way="call", minutes_before=24 * 60)
        phone.act("contact.add", customer=str(rosa.id), kind="phone", address="020 7946 0018")
        booked(phone, rosa)
        at(A_DAY_BEFORE)
        claimed = outbox.claim("me", clock.now())
        assert claimed is not None
        _subject, text = sending.worded(claimed, sending.Ways("https://shop.example.org"))
        assert "Thursday 26 November at 10:00" in text
        assert "http" not in text
        assert "Tell us" not in text

    def test_that_reached_somebody_else_marks_the_number(self, phone, shop, rosa, at):
        models.ReminderRule.delete().execute()
        models.ReminderRule.create(shop=shop, way="call", minutes_before=24 * 60)
        phone.act("contact.add", customer=str(rosa.id), kind="phone", address="020 7946 0018")
        booked(phone, rosa)
        at(A_DAY_BEFORE)
        claimed = outbox.claim("me", clock.now())
        assert claimed is not None
        outbox.settle(claimed, "refused", "wrong-number", "")
        assert Contact.get().bad_code == "wrong-number"
        page = phone.get("/today").text
        assert "Nobody is reached at the number we have of Rosa Marchetti." in page
        assert "No telephone number of Rosa" not in page


class TestWhoToldTheGatewayToStop:
    def test_was_sent_nothing_and_is_sent_nothing_more(self, phone, shop, rosa, at, monkeypatch):
        models.ReminderRule.delete().execute()
        for hours in (24, 20):
            models.ReminderRule.create(shop=shop, way="sms", minutes_before=hours * 60)
        phone.act("contact.add", customer=str(rosa.id), kind="phone", address="020 7946 0018")
        booked(phone, rosa)
        asked: list[outbox.Claimed] = []

        def refuses(claimed, *_):
            asked.append(claimed)
            return Answer("refused", "opted-out")

        monkeypatch.setattr(sending, "_hand_over", refuses)
        for hours in (0, 4):
            at(A_DAY_BEFORE + timedelta(hours=hours))
            sending.send_due(sending.Ways(""))
        assert (states(), len(asked), CallTask.select().count()) == ({"suppressed": 2}, 1, 0)
        assert [one.code for one in Message.select().order_by(Message.due_at)] == ["opted-out", "asked-not-to"]
        assert told.figures(shop, clock.now())["sms"].sent == 0
        card = phone.get(f"/customers/{rosa.id}").text
        assert "They asked not to be sent text messages.</p>" in card
        assert "Through the provider, yesterday." in card or "Through the provider, today." in card


class TestWhoWasKilled:
    def test_leaves_a_lease_and_another_sends_it_under_the_same_id(self, phone, shop, rosa, mail, at, monkeypatch):
        booked(phone, rosa, "rosa@example.org")
        at(A_DAY_BEFORE)
        claimed = outbox.claim("killed", clock.now())
        assert claimed is not None
        assert sending.send_due(sending.Ways("")) == 0, "it is another's"
        at(A_DAY_BEFORE + outbox.LEASE + timedelta(seconds=1))
        assert sending.send_due(sending.Ways("")) == 0, "a test's clock makes no sending take longer"
        later = clock.system_now() + outbox.LEASE + timedelta(seconds=1)
        monkeypatch.setattr(clock, "system_now", lambda: later)
        assert sending.send_due(sending.Ways("")) == 1
        assert claimed.message.message_id in mail.taken[0].content.decode()
        outbox.settle(claimed, "refused", "late-word", "")
        assert states() == {"handed_over": 1}, "whoever lost the lease marks nothing"


class TestWhatIsTooLate:
    def test_ends_as_expired_and_becomes_a_call(self, phone, shop, rosa, mail, at):
        booked(phone, rosa, "rosa@example.org")
        at(A_DAY_BEFORE + timedelta(hours=6))
        sending.send_due(sending.Ways(""))
        assert (states(), CallTask.select().count()) == ({"expired": 1}, 1)
        assert (Message.get().why, CallTask.get().reason) == ("too-late", "too-late")

    def test_says_what_was_in_the_way_before(self, phone, shop, rosa, mail, at, monkeypatch):
        booked(phone, rosa, "rosa@example.org")
        monkeypatch.setattr(sending, "_hand_over", lambda *_: Answer("try_again", "sign-in-refused", "535 no"))
        at(A_DAY_BEFORE)
        sending.send_due(sending.Ways(""))
        assert Message.get().state == "due"
        at(A_DAY_BEFORE + timedelta(hours=4, minutes=1))
        sending.send_due(sending.Ways(""))
        said = "It was too late to send it. Our provider did not let us in."
        assert (states(), Message.get().code) == ({"expired": 1}, "sign-in-refused")
        assert said in phone.get("/today").text
        at(models.Appointment.get().starts_at + timedelta(minutes=20))
        assert said in phone.get(f"/customers/{rosa.id}").text

    @pytest.mark.parametrize("by_claim", [True, False])
    def test_may_have_gone_where_the_line_broke_after_the_letter(
        self, phone, shop, rosa, mail, at, monkeypatch, by_claim
    ):
        """Nobody knows, and neither that it left nor that it did not is claimed."""
        booked(phone, rosa, "rosa@example.org")
        moment = at(A_DAY_BEFORE)
        mail.cuts_off = True
        sending.send_due(sending.Ways(""))
        assert (states(), told.figures(shop, clock.now())["email"].sent) == ({"due": 1}, 0)
        monkeypatch.setattr(sending, "_hand_over", lambda *_: Answer("try_again", "server-away"))
        while not by_claim and "due" in states():
            moment = at(moment + timedelta(minutes=1))
            sending.send_due(sending.Ways(""))
        at(A_DAY_BEFORE + timedelta(hours=4, minutes=1))
        sending.send_due(sending.Ways(""))
        last = "" if by_claim else " server-away"
        assert (states(), Message.get().why) == ({"expired": 1}, f"may-have-gone{last}")
        figures = told.figures(shop, clock.now())["email"]
        assert (figures.late, figures.unknown) == (0, 1)
        at(models.Appointment.get().starts_at + timedelta(minutes=20))
        card = phone.get(f"/customers/{rosa.id}").text
        assert "our reminder may not have arrived" in card
        assert "nothing went out" not in card
        assert outbox.report(Message.get(), "delivered", ""), "proof of arrival is believed"

    def test_may_have_gone_is_all_that_is_said_of_what_may_have_gone(self, rosa):
        assert Message(state="expired", code="too-late", handed_at=clock.now()).why == "may-have-gone"

    def test_may_have_gone_whatever_is_said_at_last(self, phone, shop, rosa, mail, at):
        booked(phone, rosa, "rosa@example.org")
        moment = at(A_DAY_BEFORE)
        mail.cuts_off = True
        sending.send_due(sending.Ways(""))
        mail.cuts_off = False
        mail.refuses["rosa@example.org"] = "550 5.1.1 No such user here"
        at(moment + timedelta(minutes=2))
        sending.send_due(sending.Ways(""))
        message = Message.get()
        assert (message.state, message.why) == ("expired", "may-have-gone no-such-mailbox")
        assert message.handed_at is not None
        assert (CallTask.get().reason, Contact.get().bad_code) == ("may-have-gone no-such-mailbox", "no-such-mailbox")
        figures = told.figures(shop, clock.now())["email"]
        assert (figures.lost, figures.late, figures.unknown) == (0, 0, 1)
        assert "it may have arrived, or not" in phone.get("/today").text


class TestAReport:
    @pytest.fixture
    def sent(self, phone, shop, rosa, mail, at):
        booked(phone, rosa, "rosa@example.org")
        at(A_DAY_BEFORE)
        sending.send_due(sending.Ways(""))
        return Message.get()

    def test_of_a_bounce_makes_it_not_arrived_once(self, sent):
        assert outbox.report(sent, "bounced", "no-such-mailbox")
        assert not outbox.report(sent, "bounced", "no-such-mailbox")
        assert states() == {"bounced": 1}
        assert CallTask.select().count() == 1

    def test_of_arrival_makes_it_arrived(self, sent):
        assert outbox.report(sent, "delivered", "")
        assert states() == {"delivered": 1}

    def test_reached_by_telephone_the_failure_was_caught(self, sent, phone):
        outbox.report(sent, "bounced", "no-such-mailbox")
        task = CallTask.get()
        assert phone.act("call.done", task=str(task.id), outcome="reached")["status"] == "applied"
        appointment = models.Appointment.get()
        assert (appointment.confirmed_how, CallTask.get().outcome) == ("phone", "reached")
        assert phone.act("call.reopen", task=str(task.id))["status"] == "applied"
        assert models.Appointment.get().confirmed_at is None


class TestByHand:
    """A call that somebody is to make is no reminder until it is made."""

    @pytest.fixture
    def rung(self, phone, shop, rosa, at):
        """Rosa, who is to be rung two hours before her time, and the task is there."""
        models.ReminderRule.delete().execute()
        models.ReminderRule.create(shop=shop, way="hand", minutes_before=120)
        phone.act("contact.add", customer=str(rosa.id), kind="phone", address="020 7946 0018")
        booked(phone, rosa)
        self.starts = models.Appointment.get().starts_at
        at(self.starts - timedelta(minutes=120))
        sending.send_due(sending.Ways(""))
        return CallTask.get()

    def figures(self, shop):
        return told.figures(shop, clock.now())["hand"]

    def test_waits_until_somebody_has_rung(self, rung, shop):
        assert (states(), rung.done_at, rung.reason) == ({"due": 1}, None, "")
        assert (self.figures(shop).sent, self.figures(shop).waiting) == (0, 1)
        assert sending.send_due(sending.Ways("")) == 0
        assert CallTask.select().count() == 1

    @pytest.mark.parametrize(("outcome", "state"), [("reached", "confirmed"), ("left_message", "delivered")])
    def test_ends_as_the_call_did(self, rung, phone, shop, at, outcome, state):
        assert phone.act("call.done", task=str(rung.id), outcome=outcome)["status"] == "applied"
        assert (states(), self.figures(shop).sent) == ({state: 1}, 1)
        assert phone.act("call.reopen", task=str(rung.id))["status"] == "applied"
        assert (states(), self.figures(shop).sent) == ({"due": 1}, 0)
        phone.act("call.done", task=str(rung.id), outcome=outcome)
        at(self.starts + timedelta(minutes=20))
        sending.send_due(sending.Ways(""))
        assert (states(), told.touched(shop, clock.now()).rows) == ({state: 1}, [])

    @pytest.mark.parametrize(("outcome", "code"), [("", "not-rung"), ("no_answer", "no-answer")])
    def test_that_reached_nobody_in_time_failed_them(self, rung, phone, shop, rosa, at, outcome, code):
        if outcome:
            phone.act("call.done", task=str(rung.id), outcome=outcome)
        at(self.starts + timedelta(minutes=20))
        background.tick()
        sending.send_due(sending.Ways(""))
        assert Message.get().ended_at == self.starts, "their time, whenever we look"
        assert (states(), Message.get().code) == ({"failed": 1}, code)
        assert [one.customer for one in told.touched(shop, clock.now()).rows] == [rosa]
        assert (self.figures(shop).sent, self.figures(shop).lost) == (0, 1)
        card = phone.get(f"/customers/{rosa.id}").text
        assert "Our reminder was sent" not in card
        assert "our reminder did not reach" in card

    def test_is_not_needed_once_they_answered(self, rung, phone, shop, at):
        models.Appointment.update(confirmed_at=clock.now(), confirmed_how="link").execute()
        at(self.starts + timedelta(minutes=20))
        sending.send_due(sending.Ways(""))
        assert states() == {"dropped": 1}

    def test_moved_is_rung_about_the_new_time(self, rung, phone, at):
        one = str(rung.appointment_id)
        assert phone.act("appointment.move", appointment=one, starts_at="2026-11-27T10:00")["status"] == "applied"
        assert states() == {"dropped": 1, "due": 1}
        at(models.Appointment.get().starts_at - timedelta(minutes=100))
        sending.send_due(sending.Ways(""))
        assert [task.until for task in CallTask.select().where(CallTask.done_at.is_null())] == [
            models.Appointment.get().starts_at
        ]

    def test_booked_at_short_notice_nobody_is_rung_about_it(self, phone, shop, rosa, at):
        models.ReminderRule.delete().execute()
        models.ReminderRule.create(shop=shop, way="hand", minutes_before=24 * 60)
        at(A_DAY_BEFORE + timedelta(hours=20))
        booked(phone, rosa)
        assert states() == {}
