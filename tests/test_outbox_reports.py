"""What comes back by mail finds its message, whatever shape it has; what finds none is shown, and nothing is dropped."""

from __future__ import annotations

import mailbox
import re
from datetime import timedelta
from pathlib import Path

import pytest

import background
import clock
from domain import outbox
from models import CallTask, Contact, Message, StrayReport
from outside.reports import read
from tests.conftest import TUESDAY, someone
from tests.mailboxes import states

REPORTS = Path(__file__).parent / "data" / "reports"
SHAPES = sorted(REPORTS.glob("*.eml"))
OURS = re.compile(rb"r-\d+\.a7@reminders\.example\.org")


@pytest.fixture
def sent(shop):
    """Return a function that makes a message as it stands once a mail server has taken it."""

    def make(message_id: str, to: str, **more) -> Message:
        hours = timedelta(hours=4)
        return Message.create(
            **{"shop": shop, "kind": "test", "way": "email", "address": to, "message_id": message_id, "at": TUESDAY,
               "state": "handed_over", "due_at": TUESDAY, "next_at": TUESDAY, "deadline": TUESDAY + hours,
               "handed_at": TUESDAY, **more},
        )  # fmt: skip

    return make


@pytest.fixture
def box(monkeypatch, tmp_path):
    """Return the path of the mailbox that is read, as a file that is not there yet."""
    monkeypatch.setenv("REGULARS_BOUNCES", str(tmp_path / "bounces"))
    return tmp_path / "bounces"


def letter(to: str, about: str) -> bytes:
    """Return a report that something for `to` did not arrive."""
    return (
        f"From: MAILER-DAEMON@mail.example.net\nTo: desk@example.org\nSubject: Undelivered Mail Returned to Sender\n"
        f"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nNot delivered.\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mail.example.net\n\n"
        f"Final-Recipient: rfc822; {to}\nAction: failed\nStatus: 5.1.1\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{about}>\nTo: {to}\n\n--b--\n"
    ).encode()


class TestFortyShapes:
    def test_of_which_nearly_all_that_tell_something_find_their_message(self, shop, sent):
        """Each names a letter of ours by its own id, as it would; those that tell nothing are shown."""
        told = found = 0
        for shape in SHAPES:
            raw = shape.read_bytes()
            for report in read(raw):
                if report.message_id and not Message.select().where(Message.message_id == report.message_id).exists():
                    sent(report.message_id, report.recipient or "somebody@example.com")
                elif not report.message_id and report.recipient:
                    sent(f"lone-{shape.stem}@example.org", report.recipient)
            said = [one.state != "unknown" for one in read(raw)]
            matched = background.take_in(raw)
            told += sum(said)
            found += sum(one is not None for one in matched)
            assert [one is not None for one in matched] <= said, "what says nothing changes nothing"
        assert told >= 30
        assert found >= 28
        unmatched = sum(len(read(shape.read_bytes())) for shape in SHAPES) - found
        assert 0 < StrayReport.select().count() <= unmatched

    @pytest.mark.parametrize("shape", SHAPES, ids=[shape.stem for shape in SHAPES])
    def test_about_nothing_of_ours_are_kept_as_strays(self, shop, shape):
        assert background.take_in(shape.read_bytes()) == [None] * len(read(shape.read_bytes()))
        assert StrayReport.select().exists()


class TestAReport:
    def test_that_names_nobody_but_a_recipient_is_believed_of_a_failure_only(self, shop, sent):
        one = sent("a@example.org", "rosa@example.com")
        assert outbox.take_in("mail", "", "ROSA@example.com", "delivered") is None
        assert states() == {"handed_over": 1}
        assert outbox.take_in("mail", "", "ROSA@example.com", "bounced", "mailbox-full") == one
        assert states() == {"bounced": 1}

    def test_that_names_a_recipient_is_about_the_last_message_to_them(self, shop, sent):
        sent("old@example.org", "rosa@example.com", handed_at=TUESDAY - timedelta(days=6))
        assert outbox.take_in("mail", "", "rosa@example.com", "bounced") is None
        sent("a@example.org", "rosa@example.com", handed_at=TUESDAY - timedelta(hours=2))
        last = sent("b@example.org", "rosa@example.com")
        assert outbox.take_in("mail", "", "rosa@example.com", "bounced") == last

    def test_of_a_delay_changes_no_state(self, shop, sent):
        one = sent("a@example.org", "rosa@example.com")
        assert outbox.take_in("mail", "a@example.org", "", "delayed", "later", "451 busy") == one
        assert (states(), Message.get().detail) == ({"handed_over": 1}, "451 busy")

    def test_makes_an_address_bad_where_nothing_will_ever_arrive(self, shop, sent, rosa):
        Contact.create(customer=rosa, kind="email", address="Rosa@example.com", known="rosa@example.com", at=TUESDAY)
        sent("a@example.org", "rosa@example.com")
        background.take_in(letter("rosa@example.com", "a@example.org"))
        assert (Contact.get().bad_code, states()) == ("no-such-mailbox", {"bounced": 1})

    def test_of_a_reminder_becomes_a_call(self, phone, shop, rosa, mail):
        phone.act("contact.add", customer=str(rosa.id), kind="email", address="rosa@example.com")
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-26T10:00", minutes=30)
        Message.update(state="handed_over", handed_at=TUESDAY).execute()
        background.take_in(letter("rosa@example.com", Message.get().message_id))
        assert (states(), CallTask.get().reason) == ({"bounced": 1}, "no-such-mailbox")


class TestTheMailbox:
    def test_of_one_file_is_read_on_from_where_it_was_read_to(self, shop, sent, box):
        sent("a@example.org", "rosa@example.com")
        sent("b@example.org", "sam@example.com")
        background.read_reports()  # it is not there yet
        file = mailbox.mbox(box)
        file.add(letter("rosa@example.com", "a@example.org"))
        file.add(letter("nobody@example.com", "of-somebody-else@example.net"))
        file.flush()
        background.read_reports()
        assert (states(), StrayReport.select().count()) == ({"handed_over": 1, "bounced": 1}, 1)
        StrayReport.delete().execute()
        background.read_reports()
        assert not StrayReport.select().exists(), "each is read once"
        file.add(letter("sam@example.com", "b@example.org"))
        file.flush()
        background.read_reports()
        assert states() == {"bounced": 2}

    def test_that_was_emptied_is_read_from_its_beginning(self, shop, sent, box):
        sent("a@example.org", "rosa@example.com")
        box.write_bytes(b"From x\n" + letter("n@example.com", "x@example.net") + b"\n" + b"x" * 500)
        background.read_reports()
        box.write_bytes(b"From x\n" + letter("rosa@example.com", "a@example.org"))
        background.read_reports()
        assert states() == {"bounced": 1}

    def test_of_many_files_has_each_moved_once_it_is_read(self, shop, sent, box):
        sent("a@example.org", "rosa@example.com")
        folder = mailbox.Maildir(box)
        folder.add(letter("rosa@example.com", "a@example.org"))
        background.read_reports()
        assert states() == {"bounced": 1}
        assert list((box / "new").iterdir()) == []
        assert len(list((box / "cur").iterdir())) == 1


def test_strays_go_after_a_month_and_no_sooner(shop):
    for days in (30, 32):
        StrayReport.create(at=TUESDAY - timedelta(days=days), via="mail", about=str(days))
    outbox.forget_strays(clock.now())
    assert [one.about for one in StrayReport.select()] == ["30"]


def test_a_name_that_is_told_in_no_report_is_never_logged(shop, sent, caplog):
    someone(shop, "Rosa Marchetti")
    sent("a@example.org", "rosa@example.com")
    background.take_in(letter("rosa@example.com", "a@example.org"))
    assert "rosa" not in caplog.text.lower()
