"""One letter to one person, handed to a mail server (SMTP: RFC 5321, 3461, 6531; one-click unsubscribing: RFC 8058)."""

from __future__ import annotations

import re
import smtplib
import ssl
import time
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any, Literal, cast

import clock
from outside.answers import Answer, one_line
from outside.lines import Line, NoSuchHost, connect, resolve
from outside.refusals import reason, status_in

LOCAL = re.compile(r"[^\s\x00-\x20\x7f()<>@,;:\\\"\[\]\x80-\xa0\u2028\u2029]{1,64}")
DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
ID = re.compile(r"[!-;=?A-~]+@[!-;=?A-~]+")  # printable ASCII without angle brackets and a second @
LINK = re.compile(r"https?://[!-;=?-~]+")
FILE_NAME = re.compile(r"[\w .-]{1,80}")


@dataclass(frozen=True, slots=True)
class Server:
    """The mail server of the shop, or of its provider; without a user there is no signing in. The time is for all."""

    host: str
    port: int = 587
    tls: Literal["none", "starttls", "tls"] = "starttls"
    user: str = ""
    password: str = ""
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one address. `message_id` stays the same however often it is sent; no angle brackets.

    `calendar` is a whole iCalendar file and goes along as an attachment, `calendar_method` is the METHOD inside it.
    `unsubscribe` is a web address that takes a one-click POST.
    """

    message_id: str
    sender: str
    sender_name: str
    to: str
    subject: str
    text: str
    reply_to: str = ""
    calendar: bytes | None = None
    calendar_method: Literal["REQUEST", "PUBLISH", "CANCEL"] = "PUBLISH"
    calendar_name: str = "appointment.ics"
    unsubscribe: str = ""


class _NotFit(ValueError):
    """A value that no header and no command may carry."""


class _Verbatim(EmailPolicy):
    """Write addresses and ids as they are: the usual folding turns a long one into encoded words that nobody reads."""

    AS_IS = {"message-id", "list-unsubscribe", "to", "reply-to"}

    def fold(self, name: str, value: Any) -> str:
        return f"{name}: {value}\r\n" if name.lower() in self.AS_IS else super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        return f"{name}: {value}\r\n".encode() if name.lower() in self.AS_IS else super().fold_binary(name, value)


def send(server: Server, letter: Letter, may_go: Callable[[], bool] = lambda: True) -> Answer:
    """Hand a letter over, and say what came of it. Never raises. `may_go` is asked once, right before the letter itself.

    `refused` is about this letter: no-such-mailbox, mailbox-full, blocked, too-large, bad-address, refused. `try_again` is
    about the present moment, or about something the owner can mend: later, mailbox-full, server-away, timeout, tls,
    sign-in-refused, and cut-off: the whole letter was sent and nothing came back, so it may have been taken.
    `refused` with withdrawn: it may not go.
    """
    try:
        sender, to = _address(letter.sender), _address(letter.to)
        raw = write(letter)
    except ValueError as error:
        return Answer("refused", "bad-address", one_line(str(error)))
    except Exception as error:
        return Answer("refused", "refused", one_line(f"{type(error).__name__}: {error}"))
    step = _Step(time.monotonic() + server.timeout_s)
    try:
        with _talk(server, step) as talk:
            step.now = "mail"
            return _hand_over(talk, step, letter.message_id, sender, to, raw, may_go)
    except smtplib.SMTPResponseException as error:
        return _answer(error.smtp_code, error.smtp_error, step.now)
    except Exception as error:
        return _without_answer(error, step)


@dataclass
class _Step:
    """How far the talk has come: connect, tls, sign in, mail, rcpt, data."""

    ends_at: float
    now: str = "connect"


def write(letter: Letter) -> bytes:
    """Return the letter as it travels, with CRLF lines. Raises ValueError for what cannot be written.

    Line ends in a name or a subject become spaces; in an address, an id or a link they are refused.
    """
    addresses = [_address(letter.sender), _address(letter.to)] + [_address(a) for a in [letter.reply_to] if a]
    beyond_ascii = not all(address.isascii() for address in addresses)
    message = EmailMessage(_Verbatim(linesep="\r\n", cte_type="7bit", utf8=beyond_ascii))
    message["From"] = Address(_plain(letter.sender_name), *addresses[0].rsplit("@", 1))
    message["To"] = addresses[1]
    if letter.reply_to:
        message["Reply-To"] = addresses[2]
    message["Subject"] = _plain(letter.subject)
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{_fit(ID, letter.message_id)}>"
    message["Auto-Submitted"] = "auto-generated"  # holiday notes need not answer
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{_fit(LINK, letter.unsubscribe)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text.encode("utf-8", "replace").decode("utf-8").replace("\0", ""))
    if letter.calendar is not None:
        if letter.calendar_method not in ("REQUEST", "PUBLISH", "CANCEL"):
            raise _NotFit(letter.calendar_method)
        message.add_attachment(
            letter.calendar,
            maintype="text",
            subtype="calendar",
            params={"charset": "utf-8", "method": letter.calendar_method},
            filename=_fit(FILE_NAME, letter.calendar_name),
        )
    return message.as_bytes()


def _fit(shape: re.Pattern[str], value: str) -> str:
    if not shape.fullmatch(value) or "\n" in value:
        raise _NotFit(repr(value))
    return value


def _plain(value: str) -> str:
    """Return words for a header: one line, without control characters."""
    return "".join(c for c in " ".join(value.split()) if unicodedata.category(c) not in ("Cc", "Cs"))[:500]


def _address(value: str) -> str:
    """Return an address as it is written on the envelope: the domain in ASCII."""
    local, at, domain = value.strip(" ").rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise _NotFit(repr(value)) from error
    if not at or local.startswith(".") or local.endswith(".") or ".." in local or len(value) > 254:
        raise _NotFit(repr(value))
    return _fit(LOCAL, local) + "@" + _fit(DOMAIN, domain)


class _Talk(smtplib.SMTP):
    """smtplib over a connection of ours, so that a server that drips its words is over in time as well."""

    def __init__(self, line: Line, host: str) -> None:
        here = line.socket.getsockname()[0].split("%")[0]  # asking for our own name could take long
        super().__init__(local_hostname=f"[IPv6:{here}]" if ":" in here else f"[{here}]")
        self.sock = line  # type: ignore[assignment]  # all it uses of it are sendall, makefile and close
        self._host = host
        code, words = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)

    def secure(self) -> None:
        """Go on with TLS; smtplib forgets all that was said before. Raises SMTPNotSupportedError where it is not offered."""
        self.starttls(context=cast(Any, self))
        self.ehlo_or_helo_if_needed()

    def wrap_socket(self, line: Line, server_hostname: str) -> Line:
        """Return the connection with TLS; this is what smtplib asks of its context."""
        line.socket.settimeout(max(0.01, line.ends_at - time.monotonic()))
        secured = ssl.create_default_context().wrap_socket(line.socket, server_hostname=server_hostname)
        line.socket = secured
        return Line(secured, line.ends_at)

    def sign_in(self, user: str, password: str) -> None:
        if (user + password).isascii():
            self.login(user, password)
            return
        self.ehlo_or_helo_if_needed()
        code, words = self.docmd("AUTH", "PLAIN " + b64encode(f"\0{user}\0{password}".encode()).decode("ascii"))
        if code not in (235, 503):
            raise smtplib.SMTPAuthenticationError(code, words)


@contextmanager
def _talk(server: Server, step: _Step) -> Iterator[_Talk]:
    """Give a talk with the server that has come as far as it must before the first letter."""
    found = resolve(server.host, server.port, step.ends_at)
    line = Line(connect(found, server.host if server.tls == "tls" else "", step.ends_at), step.ends_at)
    try:
        talk = _Talk(line, server.host)
        talk.ehlo_or_helo_if_needed()
        if server.tls == "starttls":
            step.now = "tls"
            talk.secure()
        if server.user:
            step.now = "sign in"
            talk.sign_in(server.user, server.password)
        yield talk
    finally:
        line.socket.close()


def _hand_over(
    talk: _Talk, step: _Step, message_id: str, sender: str, to: str, raw: bytes, may_go: Callable[[], bool]
) -> Answer:
    options = [f"SIZE={len(raw)}"] if talk.has_extn("size") else []
    at_most = talk.esmtp_features.get("size", "")
    if at_most.isdigit() and 0 < int(at_most) < len(raw):
        return Answer("refused", "too-large", f"{len(raw)} bytes, the server takes {at_most}")
    if not (sender + to).isascii():
        if not talk.has_extn("smtputf8"):
            return Answer("refused", "bad-address", "the server takes no address beyond ASCII")
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    wanted = []
    if talk.has_extn("dsn"):
        options += ["RET=HDRS", f"ENVID={_xtext(message_id)[:100]}"]
        wanted = ["NOTIFY=SUCCESS,FAILURE,DELAY"] + ([f"ORCPT=rfc822;{_xtext(to)}"] if to.isascii() else [])
    code, words = talk.mail(sender, options)
    if code == 250:
        step.now = "rcpt"
        code, words = talk.rcpt(to, wanted)
        if code in (250, 251):
            if not may_go():
                _leave(talk)
                return Answer("refused", "withdrawn")
            step.now = "data"
            code, words = talk.data(raw)
    if code in (250, 251) and step.now == "data":
        _leave(talk)
        return Answer("handed_over", "", one_line(words))
    _leave(talk)
    return _answer(code, words, step.now)


def _leave(talk: _Talk) -> None:
    """Say good-bye without waiting for an answer: what was said before stands."""
    with suppress(OSError, smtplib.SMTPException):
        talk.putcmd("quit")


def _xtext(value: str) -> str:
    return "".join(c if "!" <= c <= "~" and c not in "+=" else f"+{ord(c):02X}" for c in value)


def _answer(number: int, words: bytes | str, step: str) -> Answer:
    """Return what a reply of the server means at a step of the talk."""
    said = one_line(words)
    status, detail = status_in(said), f"{number} {said}"
    if number == 421 or number <= 0 or (step in ("connect", "sign in") and number < 500):
        return Answer("try_again", "server-away", detail)
    if step == "sign in" or number in (530, 534, 535, 538):
        return Answer("try_again", "sign-in-refused", detail)
    if step == "tls":
        return Answer("try_again", "tls", detail)
    if number < 500:
        return Answer("try_again", "mailbox-full" if reason(status, said, "") == "mailbox-full" else "later", detail)
    usual = {(550, "rcpt"): "no-such-mailbox", (551, "rcpt"): "no-such-mailbox", (553, "rcpt"): "no-such-mailbox"}
    usual |= {(552, "rcpt"): "mailbox-full", (552, "data"): "too-large", (552, "mail"): "too-large"}
    usual |= {(554, "connect"): "blocked", (554, "data"): "blocked"}
    code = reason(status, said, usual.get((number, step), "refused"))
    if step == "connect":  # not about this letter: it may be welcome later, or by another way
        return Answer("try_again", code if code in ("blocked", "server-away") else "server-away", detail)
    if step == "mail" and code in ("no-such-mailbox", "mailbox-full"):
        code = "refused"  # that was about the sender
    if code in ("server-away", "timeout", "tls"):
        code = "refused"  # a server that answers 5xx is there
    if code == "sign-in-refused":
        return Answer("try_again", code, detail)
    return Answer("refused", code, detail)


def _without_answer(error: Exception, step: _Step) -> Answer:
    """Return what it means that a talk ended without a reply."""
    detail = one_line(f"{type(error).__name__}: {error} ({step.now})")
    if step.now == "data":
        return Answer("try_again", "cut-off", detail)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Answer("try_again", "tls" if step.now == "tls" else "sign-in-refused", detail)
    if isinstance(error, TimeoutError) or time.monotonic() >= step.ends_at:
        return Answer("try_again", "timeout", detail)
    if isinstance(error, ssl.SSLError):
        return Answer("try_again", "tls", detail)
    if isinstance(error, (NoSuchHost, OSError, smtplib.SMTPException)):
        return Answer("try_again", "server-away", detail)
    return Answer("try_again", "sign-in-refused" if step.now == "sign in" else "server-away", detail)
