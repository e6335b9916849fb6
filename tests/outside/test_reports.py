"""Whatever comes back by mail is read: thirty and more shapes, most of which no standard knows."""

from __future__ import annotations

import mailbox as boxes
import random
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings, strategies as st

from outside.reports import LONGEST, mailbox, read

REPORTS = Path(__file__).parent.parent / "data" / "reports"

# file: number of our letter, recipient, state, code
TOLD = """
abwesenheit             35  joerg@example.com      unknown    auto-reply
base64-status           22  rosa@example.com       bounced    mailbox-full
base64-text             21  rosa@example.com       bounced    mailbox-full
complaint               32  rosa@example.com       delivered  complained
complaint-redacted      33  -                      delivered  complained
delivery-expired        29  rosa@example.com       bounced    timeout
exchange-old            11  rosa@example.com       bounced    no-such-mailbox
exchange-online         12  rosa@example.com       bounced    blocked
exim                    9   rosa@example.com       bounced    blocked
exim-warning            10  rosa@example.com       delayed    server-away
failed-recipients-only  -   rosa@example.com       bounced    refused
forwarded-by-the-owner  19  rosa@example.com       bounced    blocked
forwarded-text-bounce   20  rosa@example.com       bounced    no-such-mailbox
french                  24  rosa@example.com       bounced    mailbox-full
german                  23  rosa@example.com       bounced    no-such-mailbox
global-dsn              30  jörg@example.com       bounced    no-such-mailbox
gmail-like              6   rosa@example.com       bounced    no-such-mailbox
gmail-old-text          7   rosa@example.com       bounced    mailbox-full
human-reply             37  rosa@example.com       unknown    reply
id-quoted-and-folded    18  rosa@example.com       bounced    no-such-mailbox
japanese                26  rosa@example.com       bounced    no-such-mailbox
newsletter              -   news@shopping.example.net  unknown  no-report
no-boundary-end         28  rosa@example.com       bounced    too-large
notes-like              40  rosa@example.com       bounced    server-away
only-headers            16  rosa@example.com       bounced    refused
only-id-in-text         17  -                      bounced    no-such-mailbox
out-of-office           34  rosa@example.com       unknown    auto-reply
postfix                 1   rosa@example.com       bounced    no-such-mailbox
postfix-delayed         2   rosa@example.com       delayed    server-away
postmaster-notice       -   -                      unknown    no-report
qmail                   8   rosa@example.com       bounced    no-such-mailbox
read-receipt            31  rosa@example.com       delivered  -
relayed-dsn             4   rosa@example.com       unknown    relayed
sendmail-transcript     13  rosa@example.com       bounced    no-such-mailbox
sendmail-warning        14  rosa@example.com       delayed    server-away
server-too-strict       27  rosa@example.com       bounced    no-such-mailbox
spanish-html            25  rosa@example.com       bounced    no-such-mailbox
success-dsn             3   rosa+leo@example.com   delivered  -
vacation-plain          36  max@example.com        unknown    auto-reply
"""
ROWS = [["" if word == "-" else word for word in line.split()] for line in TOLD.split("\n") if line]
ALL = [path.read_bytes() for path in sorted(REPORTS.glob("*.eml"))]


STATUS = b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n"


class TestEveryShape:
    @pytest.mark.parametrize(("name", "number", "to", "state", "code"), ROWS, ids=[row[0] for row in ROWS])
    def test_is_read(self, name, number, to, state, code):
        (report,) = read((REPORTS / f"{name}.eml").read_bytes())
        message_id = f"r-{number}.a7@reminders.example.org" if number else ""
        assert (report.message_id, report.recipient, report.state, report.code) == (message_id, to, state, code)

    def test_each_recipient_has_a_report_of_its_own(self):
        arrived, did_not = read((REPORTS / "two-recipients.eml").read_bytes())
        assert (arrived.recipient, arrived.state) == ("rosa@example.com", "delivered")
        assert (did_not.recipient, did_not.state, did_not.code) == ("max@example.com", "bounced", "mailbox-full")
        assert arrived.message_id == did_not.message_id == "r-5.a7@reminders.example.org"

    def test_none_is_left_out(self):
        assert {row[0] for row in ROWS} | {"two-recipients"} == {path.stem for path in REPORTS.glob("*.eml")}

    def test_bounces_delays_and_proofs_are_thirty_or_more_and_nearly_all_are_matched(self):
        found = [report for raw in ALL for report in read(raw) if report.state != "unknown"]
        assert len(found) >= 30
        assert sum(bool(report.message_id or report.recipient) for report in found) == len(found)

    @pytest.mark.parametrize("name", [row[0] for row in ROWS])
    def test_line_ends_of_the_wire_change_nothing(self, name):
        raw = (REPORTS / f"{name}.eml").read_bytes()
        wired = read(raw.replace(b"\n", b"\r\n"))
        assert [(r.message_id, r.recipient, r.state, r.code) for r in wired] == [
            (r.message_id, r.recipient, r.state, r.code) for r in read(raw)
        ]


class TestWhatIsNoBounce:
    @pytest.mark.parametrize("name", [row[0] for row in ROWS if row[3] == "unknown"])
    def test_a_persons_words_never_make_one(self, name):
        """The same mail, with the words of a bounce added below."""
        raw = (REPORTS / f"{name}.eml").read_bytes()
        if name not in ("relayed-dsn", "postmaster-notice"):
            raw += b"\n550 5.1.1 user unknown, mailbox full, delivery failed\n"
        assert {report.state for report in read(raw)} == {"unknown"}

    def test_an_auto_reply_with_the_null_sender_is_none_either(self):
        raw = b"Return-Path: <>\nFrom: rosa@example.com\nSubject: Abwesend\nIn-Reply-To: <a@b.example.org>\n\nunbekannt"
        assert read(raw)[0].code == "auto-reply"


class TestRubbish:
    @pytest.mark.parametrize(
        "raw", [b"", b"\0", b"\n\n", b"\xff" * 500, b"From ", b"Subject: \xff\xfe\n\n\xff", b":" * 1000]
    )
    def test_is_unknown(self, raw):
        (report,) = read(raw)
        assert report.state == "unknown"

    @given(st.sampled_from(ALL), st.data())
    @settings(max_examples=400)
    def test_a_damaged_report_is_still_one(self, raw, data):
        damaged = bytearray(raw)
        for _ in range(data.draw(st.integers(1, 8))):
            at = data.draw(st.integers(0, max(0, len(damaged) - 1)))
            length = data.draw(st.integers(0, 40))
            damaged[at : at + length] = data.draw(st.binary(max_size=40))
        reports = read(bytes(damaged))
        assert reports
        assert all(r.state in ("delivered", "bounced", "delayed", "unknown") for r in reports)
        assert not any("\n" in r.detail or "\n" in r.recipient or " " in r.message_id for r in reports)

    @given(st.binary(max_size=3000))
    @example(b"Content-Type: message/rfc822\n" * 400)
    def test_bytes_of_any_kind(self, raw):
        assert read(raw)

    def test_five_thousand_damaged_ones_raise_nothing(self):
        die = random.Random(6)
        unreadable = 0
        for _ in range(5000):
            raw = bytearray(die.choice(ALL))
            for _ in range(die.randint(1, 30)):
                raw[die.randrange(len(raw))] = die.randrange(256)
            reports = read(bytes(raw))
            unreadable += reports[0].code == "unreadable"
        assert unreadable < 50

    @pytest.mark.parametrize(
        "raw",
        [
            b"Subject: " + b"a" * 3_000_000,
            b"From: MAILER-DAEMON\n\n" + b"<" * 1_000_000,
            b"From: MAILER-DAEMON\n\n" + b"a@" * 500_000,
            b"From: MAILER-DAEMON\n\n" + b"a." * 500_000 + b"@",
            b"From: MAILER-DAEMON\n\n" + b"x@" + b"a." * 500_000,
            b"From: MAILER-DAEMON\n\n" + b"message-id " * 100_000,
            b"From: MAILER-DAEMON\n\n" + b"message-id:" + b" " * 500_000,
            b"From: MAILER-DAEMON\n\n" + b"no" + b" " * 500_000,
            b"From: MAILER-DAEMON\n\n" + b"user " * 200_000,
            b"From: MAILER-DAEMON\n\n" + b"> " * 500_000,
            b"From: MAILER-DAEMON\n\n" + b"\n" * 1_000_000,
            b"From: MAILER-DAEMON\n\n" + b"rosa@example.com\n" * 100_000,
            b"To: " + b"a@b.example.org, " * 100_000 + b"\n\n",
            b"To: " + b"(" * 300_000 + b"\n\n",
            b"To: " + b'"' * 300_000 + b"\n\n",
            b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\n\n",
            b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5000)),
            b"Content-Type: message/rfc822\n\n" * 20_000,
            STATUS + b"Action: failed\n\n--x\nContent-Type: message/delivery-status\n\n" * 3000,
            STATUS + b"Action: failed\n\n" * 50_000,
            STATUS + b" x\n" * 100_000,
            b"Content-Type: text/html\nFrom: MAILER-DAEMON\n\n" + b"&amp" * 200_000,
            b"X: y\n" * 500_000,
        ],
        ids=lambda raw: str(raw[:30]),
    )  # fmt: skip
    def test_a_bomb_takes_no_time(self, raw):
        began = time.process_time()
        assert len(read(raw)) <= 50
        assert time.process_time() - began < 2


class TestMailbox:
    def test_an_mbox(self, tmp_path):
        box = boxes.mbox(tmp_path / "box")
        for raw in ALL:
            box.add(raw)
        box.close()
        came = list(mailbox(tmp_path / "box"))
        assert len(came) == len(ALL)
        assert [read(raw)[0].state for raw in came] == [read(raw)[0].state for raw in ALL]

    def test_a_maildir(self, tmp_path):
        box = boxes.Maildir(tmp_path / "box")
        for raw in ALL[:3]:
            box.add(raw)
        (tmp_path / "box" / "cur" / "1.x:2,S").write_bytes(ALL[3])
        (tmp_path / "box" / "tmp" / "half").write_bytes(b"not yet")
        assert sorted(mailbox(tmp_path / "box")) == sorted(ALL[:4])

    def test_a_single_message(self, tmp_path):
        (tmp_path / "one.eml").write_bytes(ALL[0])
        assert list(mailbox(tmp_path / "one.eml")) == [ALL[0]]

    def test_an_empty_file_and_none(self, tmp_path):
        (tmp_path / "empty").touch()
        assert list(mailbox(tmp_path / "empty")) == []
        with pytest.raises(OSError):
            list(mailbox(tmp_path / "none"))

    def test_an_overlong_message_is_cut_and_the_next_is_whole(self, tmp_path):
        (tmp_path / "box").write_bytes(
            b"From a\nX: y\n\n" + b"x" * 70 + b"\n" * 1 + b"line\n" * 200_000 + b"\nFrom b\n" + ALL[0]
        )
        first, second = mailbox(tmp_path / "box")
        assert len(first) <= LONGEST + 100
        assert second == ALL[0]
