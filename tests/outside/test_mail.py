"""A letter is handed to a mail server, and whatever that says ends as one true answer."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from hypothesis import given, strategies as st

import clock
from outside.mail import Letter, Server, send, write

LETTER = Letter(
    message_id="r-812.a7@reminders.example.org",
    sender="desk@shop.example.org",
    sender_name="Fenwick Road Dental",
    to="rosa@example.com",
    subject="Tomorrow at ten",
    text="We expect Leo tomorrow at 10:00.\n",
)


class Box:
    """What a real server does with a letter; `says` gives its reply at a step, where it is not yes."""

    def __init__(self, **says: str) -> None:
        self.says = says
        self.letters: list = []

    async def handle_MAIL(self, server, session, envelope, address, options):
        if "mail" not in self.says:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return self.says.get("mail", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):
        if "rcpt" not in self.says:
            envelope.rcpt_tos.append(address)
        return self.says.get("rcpt", "250 OK")

    async def handle_DATA(self, server, session, envelope):
        if "data" not in self.says:
            self.letters.append((envelope, session))
        return self.says.get("data", "250 2.0.0 taken as 4711")


@pytest.fixture
def post_office():
    """Return a function that starts a real SMTP server and gives our settings for it."""
    started = []

    def start(box, **how) -> Server:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        office = Controller(box, hostname="127.0.0.1", port=port, **how)
        office.start()
        started.append(office)
        return Server("127.0.0.1", port, "none")

    yield start
    for office in started:
        office.stop()


@pytest.fixture
def scripted(listen):
    """Return a function that starts a server which follows a script: reply by verb, None closes the connection."""

    def start(**script) -> tuple[Server, list[str]]:
        heard: list[str] = []
        replies = {"greeting": "220 mail.example.org ESMTP", "ehlo": "250 mail.example.org", "mail": "250 OK"}
        replies |= {"rcpt": "250 OK", "data": "354 go on", "end": "250 taken", "quit": "221 bye"} | script

        def talk(line):
            def say(step) -> bool:
                reply = replies.get(step, "502 what?")
                if reply is None:
                    line.shutdown(socket.SHUT_RDWR)
                    return False
                line.sendall(reply.encode() + b"\r\n")
                return True

            coming = line.makefile("rb")
            if not say("greeting"):
                return
            while got := coming.readline().decode():
                heard.append(got.strip())
                verb = got.split()[0].lower()
                if not say(verb):
                    return
                if verb == "data" and replies["data"].startswith("354"):
                    while (got := coming.readline().decode()) and got != ".\r\n":
                        heard.append(got.rstrip("\r\n"))
                    if not say("end"):
                        return

        return Server("127.0.0.1", listen(talk).port, "none", timeout_s=5), heard

    return start


def parsed(box):
    ((envelope, _),) = box.letters
    return message_from_bytes(envelope.original_content, policy=default)


class TestHandedOver:
    def test_a_letter_arrives_as_it_was_written(self, post_office, monkeypatch):
        monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 24, 8, 12, tzinfo=UTC))
        box = Box()
        letter = replace(LETTER, subject="Morgen um zehn – ließ’s dir gut gehen", reply_to="ana@shop.example.org",
                         text="Grüße\n.\n..punkt\n" + "lang " * 400)  # fmt: skip
        answer = send(post_office(box), letter)
        assert (answer.state, answer.code) == ("handed_over", "")
        came = parsed(box)
        assert came["Message-ID"] == "<r-812.a7@reminders.example.org>"
        assert came["Subject"] == letter.subject
        assert came["Reply-To"] == "ana@shop.example.org"
        assert came["Date"] == "Tue, 24 Nov 2026 08:12:00 +0000"
        assert came["Auto-Submitted"] == "auto-generated"
        assert came.get_content().replace("\r\n", "\n") == letter.text + "\n"
        envelope = box.letters[0][0]
        assert (envelope.mail_from, envelope.rcpt_tos) == ("desk@shop.example.org", ["rosa@example.com"])
        assert max(map(len, envelope.original_content.split(b"\r\n"))) <= 998

    def test_the_same_letter_keeps_its_message_id(self, post_office):
        box = Box()
        server = post_office(box)
        assert {send(server, LETTER).state for _ in range(2)} == {"handed_over"}
        ids = {message_from_bytes(envelope.original_content)["Message-ID"] for envelope, _ in box.letters}
        assert len(ids) == 1

    @pytest.mark.parametrize("method", ["REQUEST", "PUBLISH", "CANCEL"])
    def test_a_calendar_goes_along(self, post_office, method):
        box = Box()
        ics = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Gr\xc3\xbc\xc3\x9fe\r\nEND:VCALENDAR\r\n"
        send(post_office(box), replace(LETTER, calendar=ics, calendar_method=method, calendar_name="leo.ics"))
        (part,) = parsed(box).iter_attachments()
        assert part.get_content_type() == "text/calendar"
        assert part["Content-Type"].params == {"charset": "utf-8", "method": method}
        assert part.get_filename() == "leo.ics"
        assert part.get_payload(decode=True) == ics
        assert parsed(box).get_body().get_content().split() == LETTER.text.split()

    def test_a_long_link_for_unsubscribing_stays_one_link(self, post_office):
        box = Box()
        link = "https://shop.example.org/unsubscribe/" + "a1B2" * 60
        send(post_office(box), replace(LETTER, unsubscribe=link))
        assert f"List-Unsubscribe: <{link}>\r\n".encode() in box.letters[0][0].original_content
        assert parsed(box)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    def test_long_addresses_and_ids_are_not_folded_away(self, post_office):
        box = Box()
        long = replace(LETTER, to="a" * 64 + "@" + "b" * 60 + ".example.com", message_id="c" * 90 + "@example.org")
        assert send(post_office(box), long).state == "handed_over"
        assert (parsed(box)["To"], parsed(box)["Message-ID"]) == (long.to, f"<{long.message_id}>")

    def test_starttls_and_signing_in(self, post_office, certificate):
        box, asked = Box(), []

        def authenticator(server, session, envelope, mechanism, data):
            asked.append((data.login, data.password, session.ssl is not None))
            return AuthResult(success=data.password == b"right", handled=False)

        server = post_office(box, tls_context=certificate, require_starttls=True, authenticator=authenticator,
                             auth_required=True)  # fmt: skip
        secured = replace(server, host="localhost", tls="starttls", user="desk", password="right")
        assert send(secured, LETTER).state == "handed_over"
        assert asked == [(b"desk", b"right", True)]
        wrong = send(replace(secured, password="wrong"), LETTER)
        assert (wrong.state, wrong.code) == ("try_again", "sign-in-refused")
        without = send(replace(secured, user=""), LETTER)
        assert (without.state, without.code) == ("try_again", "sign-in-refused")

    def test_a_password_beyond_ascii(self, post_office, certificate):
        box = Box()
        server = post_office(box, tls_context=certificate, authenticator=lambda *a: AuthResult(
            success=a[4].password == "grüner Tee".encode(), handled=False))  # fmt: skip
        secured = replace(server, host="localhost", tls="starttls", user="büro", password="grüner Tee")
        assert send(secured, LETTER).state == "handed_over"
        assert send(replace(secured, password="roter Tee ö"), LETTER).code == "sign-in-refused"

    def test_tls_from_the_first_byte(self, post_office, certificate):
        box = Box()
        server = post_office(box, ssl_context=certificate)
        assert send(replace(server, host="localhost", tls="tls"), LETTER).state == "handed_over"

    def test_addresses_beyond_ascii(self, post_office):
        box = Box()
        letter = replace(LETTER, to="jörg@grün.example.com", sender_name="Zahnärzte, Nord")
        assert send(post_office(box, enable_SMTPUTF8=True), letter).state == "handed_over"
        assert box.letters[0][0].rcpt_tos == ["jörg@xn--grn-ioa.example.com"]
        refused = send(post_office(Box(), enable_SMTPUTF8=False), letter)
        assert (refused.state, refused.code) == ("refused", "bad-address")

    def test_a_domain_beyond_ascii_needs_nothing_of_the_server(self, post_office):
        box = Box()
        assert (
            send(post_office(box, enable_SMTPUTF8=False), replace(LETTER, to="rosa@grün.example.com")).state
            == "handed_over"
        )
        assert box.letters[0][0].rcpt_tos == ["rosa@xn--grn-ioa.example.com"]

    def test_a_report_is_asked_for_where_there_are_reports(self, scripted):
        server, heard = scripted(ehlo="250-mail.example.org\r\n250-DSN\r\n250 SIZE 1000000")
        send(server, replace(LETTER, to="rosa+leo=x@example.com"))
        mail = next(line for line in heard if line.startswith("mail"))
        assert "RET=HDRS ENVID=r-812.a7@reminders.example.org" in mail
        assert "SIZE=" in mail
        rcpt = "rcpt TO:<rosa+leo=x@example.com> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;rosa+2Bleo+3Dx@example.com"
        assert rcpt in heard

    def test_none_is_asked_for_where_there_are_none(self, scripted):
        server, heard = scripted()
        assert send(server, LETTER).state == "handed_over"
        assert "mail FROM:<desk@shop.example.org>" in heard
        assert "rcpt TO:<rosa@example.com>" in heard


class TestRefusals:
    @pytest.mark.parametrize(
        ("said", "state", "code"),
        [
            ({"rcpt": "550 5.1.1 no such user here"}, "refused", "no-such-mailbox"),
            ({"rcpt": "550 mailbox unavailable"}, "refused", "no-such-mailbox"),
            ({"rcpt": "550 Requested action not taken"}, "refused", "no-such-mailbox"),
            ({"rcpt": "550 5.7.1 Your IP is on our blocklist"}, "refused", "blocked"),
            ({"rcpt": "554 5.7.1 Relay access denied"}, "refused", "blocked"),
            ({"rcpt": "550 Relaying denied"}, "refused", "blocked"),
            ({"rcpt": "552 5.2.2 quota exceeded"}, "refused", "mailbox-full"),
            ({"rcpt": "552 storage allocation"}, "refused", "mailbox-full"),
            ({"rcpt": "452 4.2.2 The mailbox is over quota"}, "try_again", "mailbox-full"),
            ({"rcpt": "452 4.3.1 Insufficient system storage"}, "try_again", "later"),
            ({"rcpt": "451 4.7.1 Greylisted, come back in five minutes"}, "try_again", "later"),
            ({"rcpt": "450 4.2.0 busy"}, "try_again", "later"),
            ({"rcpt": "421 4.3.2 shutting down"}, "try_again", "server-away"),
            ({"rcpt": "501 5.1.3 bad address syntax"}, "refused", "no-such-mailbox"),
            ({"rcpt": "599 5.0.0 no"}, "refused", "refused"),
            ({"mail": "550 5.1.8 sender unknown"}, "refused", "refused"),
            ({"mail": "530 5.7.0 sign in first"}, "try_again", "sign-in-refused"),
            ({"mail": "452 4.3.1 later please"}, "try_again", "later"),
            ({"data": "552 5.3.4 message too big"}, "refused", "too-large"),
            ({"data": "554 5.7.1 looks like spam"}, "refused", "blocked"),
            ({"data": "554 no"}, "refused", "blocked"),
            ({"data": "451 4.3.0 later"}, "try_again", "later"),
        ],
    )  # fmt: skip
    def test_a_real_servers_no(self, post_office, said, state, code):
        answer = send(post_office(Box(**said)), LETTER)
        assert (answer.state, answer.code) == (state, code)
        assert answer.detail.split()[0] in next(iter(said.values()))

    def test_too_large_for_a_server_that_says_how_much_it_takes(self, post_office):
        box = Box()
        answer = send(post_office(box, data_size_limit=2000), replace(LETTER, text="x" * 3000))
        assert (answer.state, answer.code, box.letters) == ("refused", "too-large", [])

    @pytest.mark.parametrize(
        ("greeting", "code"),
        [("554 5.7.1 not from you", "blocked"), ("421 busy", "server-away"), ("hello", "server-away")],
    )
    def test_a_greeting_that_is_none(self, scripted, greeting, code):
        answer = send(scripted(greeting=greeting)[0], LETTER)
        assert (answer.state, answer.code) == ("try_again", code)


class TestFaults:
    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as door:
            port = door.getsockname()[1]
        answer = send(Server("127.0.0.1", port, "none"), LETTER)
        assert (answer.state, answer.code) == ("try_again", "server-away")

    def test_no_such_server(self):
        assert send(Server("mail.invalid", 25, "none"), LETTER).code == "server-away"

    @pytest.mark.parametrize("step", ["greeting", "ehlo", "mail", "rcpt"])
    def test_cut_before_the_letter(self, scripted, step):
        answer = send(scripted(**{step: None})[0], LETTER)
        assert (answer.state, answer.code) == ("try_again", "server-away")

    def test_cut_after_the_letter_may_mean_that_it_was_taken(self, scripted):
        server, heard = scripted(end=None)
        answer = send(server, LETTER)
        assert (answer.state, answer.code) == ("try_again", "cut-off")
        assert "Message-ID: <r-812.a7@reminders.example.org>" in heard

    def test_a_server_that_is_silent_after_the_letter(self, listen):
        def talk(line):
            line.sendall(b"220 hi\r\n")
            coming = line.makefile("rb")
            while verb := coming.readline()[:4].lower():
                if verb == b"data":
                    line.sendall(b"354 go\r\n")
                    break
                line.sendall(b"250 ok\r\n")
            coming.read()

        answer = send(Server("127.0.0.1", listen(talk).port, "none", timeout_s=0.6), LETTER)
        assert (answer.state, answer.code) == ("try_again", "cut-off")

    @pytest.mark.parametrize("first", [b"", b"220-", b"220 hello\r\n250-"])
    def test_a_byte_now_and_then_does_not_hold_us(self, listen, first):
        over = threading.Event()

        def drip(line):
            line.sendall(first)
            while not over.wait(0.05):
                line.sendall(b"x")

        server = listen(drip)
        began = time.monotonic()
        answer = send(Server("127.0.0.1", server.port, "none", timeout_s=0.6), LETTER)
        over.set()
        assert (answer.state, answer.code) == ("try_again", "timeout")
        assert time.monotonic() - began < 2

    def test_a_server_that_never_ends_a_line(self, listen):
        server = listen(lambda line: line.sendall(b"220 " + b"x" * 5_000_000))
        assert send(Server("127.0.0.1", server.port, "none"), LETTER).state == "try_again"

    @pytest.mark.parametrize("tls", ["starttls", "tls"])
    def test_a_certificate_nobody_vouches_for(self, post_office, certificate, monkeypatch, tls):
        how = {"tls_context": certificate} if tls == "starttls" else {"ssl_context": certificate}
        box = Box()
        if tls == "tls":  # the controller looks whether its own server answers, and must trust it for that
            monkeypatch.setattr(ssl, "_create_default_https_context", ssl._create_unverified_context)
        server = replace(post_office(box, **how), host="localhost", tls=tls)
        monkeypatch.delenv("SSL_CERT_FILE")
        answer = send(server, LETTER)
        assert (answer.state, answer.code, box.letters) == ("try_again", "tls", [])

    def test_a_certificate_for_another_name(self, post_office, certificate):
        server = replace(post_office(Box(), tls_context=certificate), tls="starttls")  # by its number
        assert send(server, LETTER).code == "tls"

    def test_no_tls_where_we_insist(self, scripted):
        server, heard = scripted()
        answer = send(replace(server, tls="starttls", user="desk", password="secret"), LETTER)
        assert (answer.state, answer.code) == ("try_again", "tls")
        assert not any("secret" in line or line.startswith(("mail", "AUTH")) for line in heard)

    def test_words_slipped_in_before_tls_are_forgotten(self, listen):
        def talk(line):
            line.sendall(b"220 hi\r\n")
            coming = line.makefile("rb")
            coming.readline()
            line.sendall(b"250-hi\r\n250 STARTTLS\r\n")
            coming.readline()
            line.sendall(b"220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n")
            coming.read()

        answer = send(Server("localhost", listen(talk).port, "starttls", "desk", "secret", 0.6), LETTER)
        assert answer.state == "try_again"

    def test_no_way_to_sign_in(self, scripted):
        answer = send(replace(scripted()[0], user="desk", password="x"), LETTER)
        assert (answer.state, answer.code) == ("try_again", "sign-in-refused")

    @pytest.mark.parametrize("port", [-1, 70000])
    def test_a_port_that_is_none(self, port):
        assert send(Server("127.0.0.1", port, "none"), LETTER).state == "try_again"


class TestNothingSlipsIn:
    @pytest.mark.parametrize("field", ["sender", "to", "reply_to", "message_id", "unsubscribe", "calendar_name"])
    @pytest.mark.parametrize("evil", ["\r\n", "\n", "\r", "\0", "\u2028", "\x0b", "\x85"])
    @pytest.mark.parametrize("where", ["after", "inside"])
    def test_a_line_end_in_an_address_is_refused(self, field, evil, where):
        good = {"unsubscribe": "https://shop.example.org/u/1", "calendar_name": "a.ics"}.get(field, "rosa@example.com")
        value = good + evil if where == "after" else good[:4] + evil + "Bcc: all@example.com" + good[4:]
        answer = send(Server("127.0.0.1", 1, "none"), replace(LETTER, calendar=b"x", **{field: value}))
        assert (answer.state, answer.code) == ("refused", "bad-address")

    @pytest.mark.parametrize("to", ["", "rosa", "@example.com", "rosa@", "a b@example.com", "a@b@example.com", "a@b..c", "<a@b>",
                                    "rosa@example.com> SIZE=1", "a,b@example.com", "rosa@-x.com"])  # fmt: skip
    def test_what_is_no_address(self, to):
        assert send(Server("127.0.0.1", 1, "none"), replace(LETTER, to=to)).code == "bad-address"

    @given(name=st.text(max_size=80), subject=st.text(max_size=200), text=st.text(max_size=400))
    def test_whatever_stands_in_words_stays_words(self, name, subject, text):
        raw = write(replace(LETTER, sender_name=name, subject=subject, text=text))
        came = message_from_bytes(raw, policy=default)
        assert sorted(key.lower() for key in came.keys()) == sorted(  # noqa: SIM118
            ["from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version", "content-type",
             "content-transfer-encoding"])  # fmt: skip
        assert came["From"].addresses[0].addr_spec == LETTER.sender
        assert len(came["From"].addresses) == 1
        assert raw.isascii()
        assert max(map(len, raw.split(b"\r\n"))) <= 998

    @given(st.binary(max_size=60), st.sampled_from(["rcpt", "end", "ehlo", "greeting"]))
    def test_whatever_a_server_says_is_one_answer(self, said, step):
        """Without a network: the talk is fed from memory."""
        replies = {
            "greeting": b"220 hi",
            "ehlo": b"250 hi",
            "mail": b"250 ok",
            "rcpt": b"250 ok",
            "data": b"354 go",
            "end": b"250 ok",
        }
        replies[step] = said
        ours, theirs = socket.socketpair()
        theirs.sendall(b"\r\n".join(replies.values()) + b"\r\n")
        theirs.shutdown(socket.SHUT_WR)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("outside.mail.resolve", lambda *_: [])
            patch.setattr("outside.mail.connect", lambda *_: ours)
            patch.setattr(ours.__class__, "getsockname", lambda _: ("127.0.0.1", 1))
            answer = send(Server("x", tls="none", timeout_s=2), LETTER)
        theirs.close()
        assert answer.state in ("handed_over", "try_again", "refused")
        assert "\n" not in answer.detail
