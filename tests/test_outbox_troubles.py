"""Whatever goes wrong under way, every message ends in a true state, and what is wrong with one stays with that one."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest

import clock
import sending
from domain import outbox
from models import Appointment, CallTask, Channel, Contact, Customer, Message, ReminderRule, db
from outside.answers import Answer
from tests.conftest import someone
from tests.mailboxes import A_DAY_BEFORE, Mailboxes, booked, free_port, serving, states

WAYS = sending.Ways("")
TRUE = {"handed_over", "failed", "expired"}


def between(monkeypatch, happens):
    """Let something happen between the claiming of a message and its sending."""
    claim = outbox.claim

    def claimed(*given):
        found = claim(*given)
        if found is not None:
            happens()
        return found

    monkeypatch.setattr(outbox, "claim", claimed)


class TestBetweenClaimingAndSending:
    """What is true when the letter itself is about to leave is what counts."""

    def test_whoever_asks_not_to_be_told_is_not(self, phone, rosa, mail, at, monkeypatch):
        booked(phone, rosa, "rosa@example.org")
        at(A_DAY_BEFORE)
        between(monkeypatch, lambda: phone.act("consent.set", customer=str(rosa.id), way="email", given=False))
        sending.send_due(WAYS)
        assert (states(), mail.taken) == ({"suppressed": 1}, [])
        assert not CallTask.select().exists()

    @pytest.mark.parametrize("state", ["died", "leave_alone", "moved"])
    def test_whoever_is_no_longer_sought_is_told_nothing(self, phone, rosa, mail, at, monkeypatch, state):
        booked(phone, rosa, "rosa@example.org")
        at(A_DAY_BEFORE)
        between(monkeypatch, lambda: phone.act("customer.state", customer=str(rosa.id), state=state))
        sending.send_due(WAYS)
        assert mail.taken == []
        assert set(states()) <= {"suppressed", "dropped"}

    def test_an_appointment_that_moved_is_told_at_its_new_time_alone(self, phone, rosa, mail, at, monkeypatch):
        one = booked(phone, rosa, "rosa@example.org")
        at(A_DAY_BEFORE)
        moved: list[dict[str, Any]] = []

        def move():
            if not moved:
                moved.append(phone.act("appointment.move", appointment=one, starts_at="2026-11-27T10:00"))

        between(monkeypatch, move)
        sending.send_due(WAYS)
        assert moved[0]["status"] == "applied"
        at(A_DAY_BEFORE + timedelta(minutes=1))
        sending.send_due(WAYS)
        assert (states(), mail.taken) == ({"dropped": 2, "due": 1}, []), "nobody was told the time before"
        at(A_DAY_BEFORE + timedelta(days=1))
        sending.send_due(WAYS)
        assert b"27 November" in mail.taken[0].content

    def test_an_appointment_that_was_cancelled_is_told_of_no_more(self, phone, rosa, mail, at, monkeypatch):
        one = booked(phone, rosa, "rosa@example.org")
        at(A_DAY_BEFORE)
        between(monkeypatch, lambda: phone.act("appointment.cancel", appointment=one))
        sending.send_due(WAYS)
        at(A_DAY_BEFORE + timedelta(minutes=1))
        sending.send_due(WAYS)
        assert (states(), mail.taken) == ({"dropped": 2}, [])

    def test_a_changed_address_is_the_one_that_is_used(self, phone, rosa, mail, at, monkeypatch):
        booked(phone, rosa, "old@example.org")
        at(A_DAY_BEFORE)
        between(
            monkeypatch,
            lambda: phone.act("contact.add", customer=str(rosa.id), kind="email", address="new@example.org"),
        )
        sending.send_due(WAYS)
        assert [envelope.rcpt_tos for envelope in mail.taken] == [["new@example.org"]]

    def test_a_lost_lease_is_noticed_before_the_letter_leaves(self, phone, rosa, mail, at, monkeypatch):
        booked(phone, rosa, "rosa@example.org")
        at(A_DAY_BEFORE)
        between(monkeypatch, lambda: Message.update(claimed_by="somebody else").execute())
        sending.send_due(WAYS)
        assert (states(), mail.taken) == ({"claimed": 1}, [])


class TestTheLastStep:
    def test_is_taken_by_one_at_a_time_however_many_ways_there_are(self, phone, shop, rosa, mail, at, monkeypatch):
        """Else a kill could leave several messages of which nobody knows whether they left."""
        monkeypatch.setenv("REGULARS_SMS_URL", "https://gateway.example.org/texts")
        monkeypatch.setenv("REGULARS_SMS_KIND", "generic")
        monkeypatch.setenv("REGULARS_SMS_SENDER", "Fenwick")
        monkeypatch.setenv("REGULARS_SMS_SECRET", "of the gateway")
        ReminderRule.create(shop=shop, way="sms", minutes_before=24 * 60)
        phone.act("contact.add", customer=str(rosa.id), kind="phone", address="020 7946 0000")
        booked(phone, rosa, "rosa@example.org")
        at(A_DAY_BEFORE)
        begun, inside, most, first = 0, 0, 0, threading.Event()

        def takes_long(claimed, to, settings, ways, may_go):
            nonlocal begun, inside, most
            begun += 1
            first.wait(5) if begun == 1 else first.set()  # both are under way
            assert may_go()
            inside += 1
            most = max(most, inside)
            time.sleep(0.3)
            inside -= 1
            return Answer("handed_over")

        monkeypatch.setattr(sending, "_mail", takes_long)
        monkeypatch.setattr(sending, "_text", takes_long)

        def run(lane):
            with sending.connected():
                sending.send_due(WAYS, only=sending.LANES[lane])

        threads = [threading.Thread(target=run, args=(lane,)) for lane in ("email", "sms")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert (states(), begun, most) == ({"handed_over": 2}, 2, 1)


class TestOneBadMessage:
    @pytest.fixture
    def two(self, phone, rosa, okafor, mail, at):
        booked(phone, rosa, "rosa@example.org")
        booked(phone, okafor, "okafor@example.org", at="2026-11-26T11:00")
        at(A_DAY_BEFORE + timedelta(hours=1))

    def test_that_breaks_when_it_is_claimed_stops_nobody_else(self, two, rosa, mail, monkeypatch, caplog):
        reach = outbox.contacts.reach

        def breaks(customer, *rest):
            if customer.id == rosa.id:
                raise RuntimeError("rosa@example.org")
            return reach(customer, *rest)

        monkeypatch.setattr(outbox.contacts, "reach", breaks)
        sending.send_due(WAYS)
        assert [envelope.rcpt_tos for envelope in mail.taken] == [["okafor@example.org"]]
        assert states() == {"due": 1, "handed_over": 1}
        assert "RuntimeError" in caplog.text
        assert "rosa@" not in caplog.text, "what an error says may be about somebody"

    def test_that_breaks_for_good_ends_at_its_deadline_as_a_call(self, two, rosa, mail, monkeypatch, at):
        def breaks(*_):
            raise RuntimeError

        monkeypatch.setattr(sending, "_mail", breaks)
        moment = at(A_DAY_BEFORE)
        while "due" in states():
            sending.send_due(WAYS)
            moment = at(moment + timedelta(minutes=5))
            assert moment < A_DAY_BEFORE + timedelta(hours=7)
        assert set(states()) <= {"failed", "expired"}
        assert CallTask.select().count() == 2

    def test_what_follows_from_its_end_breaks_and_it_is_marked_all_the_same(self, two, mail, monkeypatch):
        """A letter that has left and could not be marked would leave again with every attempt."""

        def breaks(*_):
            raise RuntimeError

        mail.refuses["rosa@example.org"] = "550 5.1.1 No such user"
        monkeypatch.setattr(outbox.expected, "offer_again", breaks)
        monkeypatch.setattr(outbox.contacts, "went_bad", breaks)
        sending.send_due(WAYS)
        assert states() == {"failed": 1, "handed_over": 1}
        assert CallTask.select().count() == 1

    def test_that_its_senders_die_of_waits_in_the_end(self, two, monkeypatch):
        when = clock.now()
        for attempt in range(1, 8):
            claimed = outbox.claim(
                f"dead-{attempt}", when, Message.id == Message.select().order_by(Message.id).first().id
            )
            assert outbox.free_abandoned(when, lambda who: True) == bool(claimed)
        assert Message.select().where(Message.next_at > when).count() == 1


class TestTheSameAddressTwice:
    def test_two_people_are_each_told(self, phone, rosa, okafor, mail, at):
        booked(phone, rosa, "home@example.org")
        booked(phone, okafor, "home@example.org", at="2026-11-26T11:00")
        at(A_DAY_BEFORE + timedelta(hours=1))
        sending.send_due(WAYS)
        assert [envelope.rcpt_tos for envelope in mail.taken] == [["home@example.org"]] * 2
        assert len({line for e in mail.taken for line in e.content.splitlines() if line.startswith(b"Message-ID")}) == 2


class TestWhatIsInAName:
    @pytest.mark.parametrize(
        "name", ["Rosa\nBcc: all@example.org", "Rosa\r\n\r\nBuy now", "Ros\u2028a", '"Rosa" <x@y.z>', "{link}"]
    )
    def test_writes_no_header(self, phone, shop, mail, at, name):
        who = someone(shop, name.replace("\r", " "))
        Customer.update(call=name).where(Customer.id == who.id).execute()
        shop.name = name
        shop.save()
        booked(phone, who, "rosa@example.org", **{"with": "Nadia"})
        at(A_DAY_BEFORE)
        sending.send_due(WAYS)
        raw = mail.taken[0].content
        head = raw.partition(b"\r\n\r\n")[0].lower()
        assert b"\nbcc" not in head
        assert head.count(b"\nto:") + head.startswith(b"to:") == 1
        assert mail.taken[0].rcpt_tos == ["rosa@example.org"]


BEGAN = A_DAY_BEFORE + timedelta(hours=2)  # when all of them are due


class TestHalfAnHourOfTrouble:
    """The mail server is in trouble for thirty minutes by the shop's clock, and is well again after."""

    NUMBER = 8

    @pytest.fixture
    def many(self, phone, shop, mail):
        for n in range(self.NUMBER):
            who = someone(shop, f"Guest {n}")
            booked(
                phone,
                who,
                f"guest-{n}@example.org",
                at=f"2026-11-26T{10 + n // 4:02}:{n % 4 * 10:02}",
                **{"with": f"Room {n}"},
            )

    def live_through(self, at, trouble, well):
        moment, began = at(BEGAN), BEGAN
        trouble()
        while moment < began + timedelta(hours=5):
            if moment >= began + timedelta(minutes=30):
                well()
            sending.send_due(WAYS)
            if "due" not in states():
                break
            moment = at(moment + timedelta(minutes=1))
        return moment - began

    @pytest.mark.parametrize(
        ("answers", "lasting"),
        [("451 4.3.0 Try later", False), ("421 4.7.0 Too busy", False), ("554 5.7.1 Not today", True)],
    )
    def test_of_answers(self, many, mail, at, answers, lasting):
        lasted = self.live_through(at, lambda: setattr(mail, "answers", answers), lambda: setattr(mail, "answers", ""))
        if lasting:
            assert states() == {"failed": self.NUMBER}
            assert CallTask.select().count() == self.NUMBER
        else:
            assert states() == {"handed_over": self.NUMBER}
            assert timedelta(minutes=30) <= lasted <= timedelta(minutes=60)
            assert len(mail.taken) == self.NUMBER

    def test_in_which_it_is_not_there(self, many, shop, at, mail):
        port, handler = free_port(), Mailboxes()
        stored = Channel.get()
        stored.settings = {**stored.settings, "port": port}
        stored.save()
        began = BEGAN
        moment = at(began)
        while moment < began + timedelta(minutes=30):
            sending.send_due(WAYS)
            assert states() == {"due": self.NUMBER}, "nothing is called sent that was not"
            moment = at(moment + timedelta(minutes=1))
        with serving(handler, port):
            while "due" in states():
                sending.send_due(WAYS)
                moment = at(moment + timedelta(minutes=1))
        assert (states(), len(handler.taken)) == ({"handed_over": self.NUMBER}, self.NUMBER)
        assert moment - began < timedelta(minutes=60)

    def test_in_which_it_cuts_off_after_the_letter(self, many, mail, at):
        """It may have taken the letter: it comes again under the same id, and mail programs show it once."""
        self.live_through(at, lambda: setattr(mail, "cuts_off", True), lambda: setattr(mail, "cuts_off", False))
        assert states() == {"handed_over": self.NUMBER}
        ids = {line for e in mail.taken for line in e.content.splitlines() if line.lower().startswith(b"message-id")}
        assert len(ids) == self.NUMBER

    def test_in_which_it_is_too_slow(self, many, mail, at, monkeypatch):
        monkeypatch.setattr(sending, "SLOW", 0.3)

        at(BEGAN)
        mail.waits_s = 0.6
        sending.send_due(WAYS)
        assert states() == {"due": self.NUMBER}
        assert {code for (code,) in Message.select(Message.code).tuples()} == {"cut-off"}
        mail.waits_s = 0.0
        monkeypatch.setattr(sending, "SLOW", 30)  # now a busy machine may be slow as well
        at(BEGAN + timedelta(minutes=2))
        sending.send_due(WAYS)
        assert states() == {"handed_over": self.NUMBER}

    def test_after_which_it_is_too_late(self, many, mail, at):
        mail.answers = "451 4.3.0 Try later"
        moment = at(A_DAY_BEFORE)
        while "due" in states():
            sending.send_due(WAYS)
            moment = at(moment + timedelta(minutes=7))
        assert set(states()) <= TRUE
        assert "handed_over" not in states()
        assert CallTask.select().count() == self.NUMBER
        assert Appointment.select().where(Appointment.starts_at <= moment).count() == 0, "there is still time to ring"


class TestWhileASenderHangs:
    def test_pages_are_answered(self, phone, rosa, mail, at, monkeypatch):
        monkeypatch.setattr(sending, "SLOW", 4)
        booked(phone, rosa, "rosa@example.org")
        at(A_DAY_BEFORE)
        mail.waits_s = 30
        ended = threading.Event()
        threads = sending.start(ended, WAYS)
        try:
            wait_for(lambda: states() == {"claimed": 1})
            assert phone.get("/today").status_code == 200
            assert phone.act("visit.create", customer=str(rosa.id))["status"] == "applied"
            assert states() == {"claimed": 1}, "it still hangs"
        finally:
            mail.waits_s = 0
            ended.set()
            for thread in threads[1:]:
                thread.join(10)
                assert not thread.is_alive()
        threads[0].join(30)


def wait_for(true, patience=20.0):
    until = time.monotonic() + patience
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.01)


class TestWhileTheDatabaseIsAway:
    def test_for_a_moment_a_letter_that_left_is_marked_as_soon_as_it_is_back(self, phone, rosa, mail, at, monkeypatch):
        booked(phone, rosa, "rosa@example.org")
        at(A_DAY_BEFORE)
        settle, failed = outbox.settle, list[int]()

        def away(*given):
            if len(failed) < 2:
                failed.append(1)
                raise outbox.AWAY[0]("database is locked")
            settle(*given)

        monkeypatch.setattr(outbox, "settle", away)
        monkeypatch.setattr(sending.time, "sleep", lambda _: None)
        monkeypatch.setattr(type(db.obj), "close", lambda self: None)
        sending.send_due(WAYS)
        assert (states(), len(mail.taken), len(failed)) == ({"handed_over": 1}, 1, 2)


def test_a_bad_address_is_known_from_then_on(phone, rosa, mail, at):
    mail.refuses["rosa@example.org"] = "550 5.1.1 No such user"
    booked(phone, rosa, "rosa@example.org")
    booked(phone, rosa, at="2026-11-27T10:00")
    at(A_DAY_BEFORE)
    sending.send_due(WAYS)
    at(A_DAY_BEFORE + timedelta(days=1))
    sending.send_due(WAYS)
    assert sorted(code for (code,) in Message.select(Message.code).tuples()) == ["bad-address", "no-such-mailbox"]
    assert Contact.get().bad_at is not None
