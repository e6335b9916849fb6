"""What mail servers tell of letters sent earlier: bounces, delays, proofs of delivery, and what only looks like one.

RFC 3464 says how such a report should be written. Many are not, so what is missing there is looked for in the words and in
the copy of our letter that most reports bring along. Everybody can write such a mail: what is found here is a claim,
worth believing where it names a message id that nobody else can know.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses
from html import unescape
from pathlib import Path
from quopri import decodestring
from typing import BinaryIO, Literal

from outside.answers import Report, one_line
from outside.refusals import any_of, reason, status_in

LONGEST = 300_000  # bytes of one report that are looked at; the copy of our letter begins long before
LONGEST_TEXT = 40_000
MOST_PARTS = 60
MOST_RECIPIENTS = 50

ADDRESS = re.compile(r"(?!['`])[^\s<>()\[\]\",;:@\\]{1,64}@(?:[^\W_](?:[\w-]{0,62})\.){1,8}[^\W\d_][\w-]{1,62}")
MESSAGE_ID = re.compile(r"<?([^\s<>@\"(),;]{1,250}@[^\s<>@\"(),;]{1,250})>?")
ID_IN_TEXT = re.compile(
    r"message.?id(?:entifi(?:er|cation))?[ \t]{0,4}[:=#]?\s{0,4}"
    r"<?([^\s<>@\"(),;]{3,250}@[^\s<>@\"(),;]{1,250}?)(?:>|[.,]?\s|$)",
    re.IGNORECASE,
)
QUOTING = re.compile(r"^[ \t>|]+", re.MULTILINE)
TO_IN_TEXT = re.compile(r"^To:[ \t]{0,4}([^\n]{3,300})", re.MULTILINE | re.IGNORECASE)

DAEMON = re.compile(
    r"mailer-?daemon|postmaster|mail ?delivery|maildaemon|mdaemon|mail system|bounce|microsoftexchange", re.I
)

# Subjects and words, in the languages that were met
BOUNCED = any_of(r"""
    undeliver|delivery (?:status notification|failure|failed|has failed|error|report)|mail delivery (?:failed|system)
    returned mail|returned to sender|failure notice|message not delivered|non.?delivery|could ?n.?t be delivered|^rejected:
    unzustellbar|nicht zugestellt|zustellung .{0,20}fehlgeschlagen
    non remis|non distribu|échec de (?:la )?(?:remise|distribution)
    no se (?:puede|pudo|ha podido) entregar|no entregado|sin entregar
    mancato recapito|mancata consegna|impossibile recapitare
    não (?:foi )?entregue|falha na entrega
    onbestelbaar|niet bezorgd|kan inte levereras|ikke leveres
    nie (?:można )?dostarcz|niedostarcz|не доставлен|недоставлен
    无法投递|退信|配信不能|配信できません
""")
AWAY = any_of(r"""
    ^out of (?:the )?office|^away from|^on (?:vacation|leave|holiday)|^vacation|^holiday
    ^automatic reply|^auto(?:matic)?[ -]?(?:response|reply)
    ^abwesen|^automatische antwort|^ich bin .{0,20}nicht
    ^réponse automatique|^absence|^absent|^je suis absent
    ^respuesta automática|^fuera de la oficina|^ausente
    ^risposta automatica|^fuori (?:sede|ufficio)|^assente
    ^resposta automática|^automatisch antwoord|^afwezig|^autosvar|^frånvaro|^automatyczna odpowied
    ^автоответ|^автоматический ответ|^自动回复|^自動返信|^自動応答
""")
DELAYED = any_of(r"""
    \bdelay(?:ed)?\b|not (?:yet )?(?:been )?delivered yet|not yet (?:been )?delivered
    (?:continue|keep) (?:to try|trying|retrying)|will (?:be |re)?tr(?:y|ied) again|still (?:being )?(?:retr|try)
    no action is required|need to resend|this is a warning
    verzögert|noch nicht zugestellt|weiterhin versucht
    retardé|pas encore (?:été )?(?:remis|distribu)
    retrasad|aplazad|ritardat|vertraagd
""")
GAVE_UP = any_of(r"""
    giv(?:en|ing) up|permanent(?:ly)? (?:error|fail)|could not be delivered|will not be retried|no longer
""")
ARRIVED = any_of(r"""
    (?:was|were|been) (?:successfully )?delivered to|successfully delivered
    wurde .{0,80}erfolgreich zugestellt
""")
ARRIVED_SUBJECT = any_of(r"""
    ^(?:delivered|zugestellt|remis|entregado|read|gelesen|lu)\s?:
    successful mail delivery
""")
COPY = any_of(r"""
    below this line is a copy|this is a copy of (?:the|your) message|unsent message below
    ^[->=* \t]{0,20}(?:the )?(?:undelivered|returned|original) message(?: headers?)?[:=* \t-]{0,20}$
    ^.{0,20}headers? (?:of|from|for) (?:the )?(?:original|failed|undelivered)|message headers? follow
    ^[->=* \t]{0,20}(?:ursprüngliche nachricht|message d'origine|mensaje original|messaggio originale)
""")

State = Literal["delivered", "bounced", "delayed", "unknown"]
OF_ACTION: dict[str, State] = {"failed": "bounced", "delayed": "delayed", "delivered": "delivered"}


def read(raw: bytes) -> tuple[Report, ...]:
    """Return what a mail tells of letters of ours: one report for each recipient it speaks of, and always at least one.

    Of a mail that tells nothing the one report is `unknown`, its code says what the mail is: auto-reply, reply,
    relayed, unreadable, or no-report. A complaint (RFC 5965) is `delivered`, with the code complained. Never raises.
    """
    try:
        return _read(_parse(raw), 0) or (Report("", "", "unknown", "no-report"),)
    except Exception as error:  # a report is untrusted, and the parser has its own mistakes
        return (Report("", "", "unknown", "unreadable", one_line(f"{type(error).__name__}: {error}")),)


def mailbox(path: Path) -> Iterator[bytes]:
    """Yield the raw messages of a Maildir (its new and cur), of an mbox file, or of a file that is one message.

    Of an overlong message the beginning. Raises OSError where nothing can be read.
    """
    if path.is_dir():
        for file in sorted([*path.glob("new/*"), *path.glob("cur/*")]):
            with file.open("rb") as one:
                yield one.read(LONGEST)
        return
    for raw, _read_to in _letters(path, 0):
        yield raw


def unread(path: Path, read_to: int) -> Iterator[tuple[bytes, int]]:
    """Yield the raw messages that have come into a mailbox since it was last read, each with how far it is read then.

    Of a Maildir, what is in new is moved to cur once the next is asked for; a file is left as it is and read on from
    `read_to`, or from its beginning where it has become shorter. Raises OSError where it cannot be read.
    """
    if not path.is_dir():
        yield from _letters(path, read_to if read_to <= path.stat().st_size else 0)
        return
    for file in sorted(path.glob("new/*")):
        with file.open("rb") as one:
            raw = one.read(LONGEST)
        yield raw, 0
        file.rename(path / "cur" / f"{file.name}:2,S")


def _letters(path: Path, read_to: int) -> Iterator[tuple[bytes, int]]:
    with path.open("rb") as lines:
        _lock(lines)
        lines.seek(read_to)
        message: list[bytes] = []
        size, after_blank = 0, True
        while line := lines.readline(LONGEST):
            if after_blank and line.startswith(b"From "):
                if message:
                    yield b"".join(message), lines.tell() - len(line)
                message, size = [], 0
            elif size < LONGEST:
                message.append(line)
                size += len(line)
            after_blank = not line.strip()
        if message:
            yield b"".join(message), lines.tell()


def _lock(file: BinaryIO) -> None:
    """Keep a mail server from writing while we read. Raises OSError while it writes."""
    try:
        import fcntl
    except ImportError:  # Windows: no mail server delivers into a file there
        return
    fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)


def _parse(raw: bytes) -> Message:
    """Return the mail in parts; one that consists of hardly anything else than parts is taken as one text."""
    raw = raw[:LONGEST]
    lower = raw.lower()
    if max(lower.count(b"multipart/") + lower.count(b"message/"), lower.count(b"boundary")) > MOST_PARTS:
        raw = b"\n" + raw
    return message_from_bytes(raw)


def _read(mail: Message, depth: int) -> tuple[Report, ...]:
    parts = list(mail.walk())[:MOST_PARTS]
    kinds = [part.get_content_type() for part in parts]
    for kind, reading in (
        ("message/feedback-report", _complaint),
        ("message/delivery-status", _by_the_book),
        ("message/global-delivery-status", _by_the_book),
        ("message/disposition-notification", _receipt),
    ):
        if kind in kinds:
            told = parts[kinds.index(kind)]
            around = next((part for part in parts if part.is_multipart() and told in part.get_payload()), mail)
            found = reading(mail, around, told)
            if found:
                return found
    within = [_inner(part) for part in parts if part.get_content_type() == "message/rfc822"]
    if depth < 3:  # somebody passed a report on, whole
        for inner in within:
            if inner is not None and (_is_report(inner) or inner.get_content_type() == "multipart/report"):
                return _read(inner, depth + 1)
    return _in_words(mail, within[0] if within else None)


# ---- written as RFC 3464, 5965 and 8098 have it


def _by_the_book(mail: Message, around: Message, told: Message) -> tuple[Report, ...]:
    """Return a report for each recipient of a delivery status; nothing where it names none."""
    blocks = _fields(told)
    recipients = [block for block in blocks if "action" in block or "final-recipient" in block][:MOST_RECIPIENTS]
    letter = _letter(around)
    text = _text(mail)
    message_id = _id_of(letter) or _envelope_id(blocks) or _id_in(text) or _answered(mail)
    to = _addresses(letter)
    found = []
    for block in recipients:
        named = _after_type(block.get("original-recipient", "")), _after_type(block.get("final-recipient", ""))
        recipient = named[0] or (to[0] if len(recipients) == 1 and to else named[1])
        action = block.get("action", "").split(" ")[0].strip().lower()
        said = block.get("diagnostic-code", "") or block.get("x-supplementary-info", "")
        status = status_in(block.get("status", ""))
        state = OF_ACTION.get(action) or ("unknown" if action else _state_of(status))
        found.append(_report(message_id, recipient, state, status, said, text if len(recipients) == 1 else "", action))
    return tuple(found)


def _state_of(status: str) -> State:
    by_class: dict[str, State] = {"5": "bounced", "4": "delayed", "2": "delivered"}
    return by_class.get(status[:1], "unknown")


def _report(
    message_id: str, recipient: str, state: State, status: str, said: str, text: str, action: str = ""
) -> Report:
    """Return a report with the reason that the numbers, what was said, or the text around gives."""
    if state == "delivered":
        return Report(message_id, recipient, state, "", one_line(said))
    if state == "unknown":
        return Report(
            message_id, recipient, state, action if action in ("relayed", "expanded") else "no-report", one_line(said)
        )
    usual = "later" if state == "delayed" else "refused"
    nearer = status_in(said)
    if nearer and (not status or status.endswith(".0") or status[2:] == "7.1"):
        status = nearer
    code = reason(status, said, "") or reason("", text, usual)
    return Report(
        message_id, recipient, state, code, one_line(" ".join(part for part in (status, said) if part) or text)
    )


def _complaint(mail: Message, around: Message, told: Message) -> tuple[Report, ...]:
    """Return the complaint of somebody who calls our letter unwanted: it did arrive."""
    fields: dict[str, str] = {}
    for block in _fields(told):
        fields |= block
    letter = _letter(around)
    to = _after_type(fields.get("original-rcpt-to", "")) or next(iter(_addresses(letter)), "")
    message_id = _id_of(letter) or _id_in(_text(mail))
    kind = fields.get("feedback-type", "abuse").strip().lower()
    if kind in ("auth-failure", "virus"):
        return (Report(message_id, to, "unknown", "no-report", one_line(kind)),)
    return (Report(message_id, to, "delivered", "" if kind == "not-spam" else "complained", one_line(kind)),)


def _receipt(mail: Message, around: Message, told: Message) -> tuple[Report, ...]:
    """Return what the mailbox of the recipient says happened there."""
    fields: dict[str, str] = {}
    for block in _fields(told):
        fields |= block
    message_id = _bare(fields.get("original-message-id", "")) or _id_of(_letter(around)) or _answered(mail)
    to = _after_type(fields.get("original-recipient", "")) or _after_type(fields.get("final-recipient", ""))
    what = fields.get("disposition", "").rpartition(";")[2].strip().lower()
    arrived = re.match(r"(displayed|deleted|processed|dispatched)\b(?!.*(error|fail))", what)
    return (
        Report(message_id, to, "delivered" if arrived else "unknown", "" if arrived else "no-report", one_line(what)),
    )


# ---- written as its program saw fit


def _in_words(mail: Message, letter: Message | None) -> tuple[Report, ...]:
    """Return what can be read from headers and words: which letter, whom to, and what became of it."""
    text = _text(mail)
    break_at = COPY.search(text)
    words, copy = (text[: break_at.start()], text[break_at.start() :]) if break_at else (text, "")
    letter = letter or _letter(mail)
    subject, sender = _subject(mail), next(iter(_all_addresses(mail, "from")), "")
    message_id = _id_of(letter) or _id_in(copy) or _id_in(words) or _answered(mail)
    failed = _all_addresses(mail, "x-failed-recipients")[:MOST_RECIPIENTS]

    if not failed and not _is_report(mail):
        automatic = AWAY.search(subject) or _says_it_is_automatic(mail)
        if automatic or message_id or _answered(mail):
            code = "auto-reply" if automatic else "reply"
            return (Report(_answered(mail) or message_id, sender, "unknown", code, one_line(subject)),)
        return (Report("", sender, "unknown", "no-report", one_line(subject)),)

    status = status_in(words)
    state: State = "bounced"
    if ARRIVED_SUBJECT.search(subject) or (ARRIVED.search(words) and not status.startswith(("4", "5"))):
        state = "delivered"
    elif DELAYED.search(subject) or (DELAYED.search(words) and not GAVE_UP.search(words)):
        state = "delayed"
    elif not (failed or BOUNCED.search(subject) or status or reason("", words, "")):
        state = "unknown"  # from a postmaster, but about something else
    ours = {address.lower() for address in _all_addresses(mail, "to")}
    to = failed or _addresses(letter) or _recipients_in(words, ours | {message_id.lower()}) or _recipients_in_copy(copy)
    return tuple(_report(message_id, one, state, status, "", words) for one in to or [""])


def _is_report(mail: Message) -> bool:
    """Say whether a mail comes from a machine that tells of mail, and not from a person or a person's holiday note."""
    if mail.get("x-failed-recipients"):
        return True
    if AWAY.search(_subject(mail)) or any(mail.get(name) for name in ("x-autoreply", "x-autorespond")):
        return False
    from_machine = DAEMON.search(_head(mail, "from")) or _head(mail, "return-path").strip() == "<>"
    return bool(from_machine or (BOUNCED.search(_subject(mail)) and not mail.get("in-reply-to")))


def _says_it_is_automatic(mail: Message) -> bool:
    said = {name: _head(mail, name).lower() for name in ("auto-submitted", "precedence")}
    return (
        any(mail.get(name) for name in ("x-autoreply", "x-autorespond", "x-auto-reply-from"))
        or said["auto-submitted"].startswith("auto-")
        or said["precedence"] in ("auto_reply", "auto-reply")
    )


def _recipients_in(words: str, ours: set[str]) -> list[str]:
    """Return the first address that a text speaks of, not counting those that are ours and those of daemons."""
    lines = [line.strip() for line in words.splitlines()]
    named = [
        line
        for line in lines
        if re.match(r"(?:final-recipient|recipient|to|rcpt to|address|<[^>]+@[^>]+>:)", line, re.I)
    ]
    alone = [line for line in lines if len(line) < 200 and ADDRESS.fullmatch(line.strip("<>:;.- "))]
    for line in [*named, *alone, *lines]:
        for found in ADDRESS.findall(line):
            if found.lower() not in ours and not DAEMON.search(found):
                return [found.rstrip(".")]
    return []


def _recipients_in_copy(copy: str) -> list[str]:
    found = TO_IN_TEXT.search(QUOTING.sub("", copy))
    return ADDRESS.findall(found[1])[:1] if found else []


# ---- parts of a mail


def _bytes_in(part: Message) -> bytes:
    """Return what a part holds, decoded, also where a part that holds a mail was encoded though it must not be."""
    held = part.get_payload()
    if isinstance(held, list):
        raw = b"\n".join(one.as_bytes() for one in held if isinstance(one, Message))
        encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
        try:
            if encoding == "base64":
                return b64decode(b"".join(raw.split()) + b"==")
            return decodestring(raw) if encoding == "quoted-printable" else raw
        except (binascii.Error, ValueError):
            return raw
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def _decoded(raw: bytes, charset: str | None) -> str:
    try:
        text = raw.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        text = raw.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _fields(part: Message) -> list[dict[str, str]]:
    """Return the blocks of `name: value` lines in a part, names in lower case."""
    blocks: list[dict[str, str]] = [{}]
    name = ""
    for line in _decoded(_bytes_in(part), None)[:LONGEST_TEXT].split("\n"):
        if not line.strip():
            blocks.append({})
            name = ""
        elif line[0] in " \t" and name:
            blocks[-1][name] += " " + line.strip()
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            blocks[-1][name] = value.strip()
    return [block for block in blocks if block]


def _inner(part: Message) -> Message | None:
    """Return the mail that a part holds."""
    held = part.get_payload()
    if isinstance(held, list) and held and isinstance(held[0], Message) and not part.get("content-transfer-encoding"):
        return held[0]
    return message_from_bytes(_bytes_in(part))


def _letter(around: Message) -> Message | None:
    """Return the copy of our letter, or of its head, that a report brings along."""
    held = around.get_payload()
    for part in held if isinstance(held, list) else []:
        if isinstance(part, Message) and part.get_content_type() in (
            "message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers", "message/rfc822-headers",
        ):  # fmt: skip
            letter = _inner(part)
            if letter is not None and (letter.get("message-id") or letter.get("to")):
                return letter
    return None


def _text(mail: Message) -> str:
    """Return the words of a mail, without those of a mail inside it."""
    found: list[str] = []
    waiting = [mail]
    for _ in range(MOST_PARTS):
        if not waiting:
            break
        part = waiting.pop(0)
        held = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(held, list):
            waiting[:0] = [one for one in held if isinstance(one, Message)]
        elif part.get_content_maintype() == "text" and part.get_content_type() != "text/rfc822-headers":
            text = _decoded(_bytes_in(part)[:LONGEST_TEXT], part.get_content_charset())
            if part.get_content_type() == "text/html":
                text = unescape(re.sub(r"<[^<>]*>", "\n", text))
            found.append(text)
    return "\n".join(found)[:LONGEST_TEXT]


def _head(mail: Message, name: str) -> str:
    """Return a header as it came, on one line; with bytes beyond ASCII read as UTF-8, and several joined by commas."""
    raw = [str(value) for key, value in mail.raw_items() if key.lower() == name][:5]
    return " ".join(", ".join(raw).encode("utf-8", "surrogateescape").decode("utf-8", "replace").split())[:5000]


def _subject(mail: Message) -> str:
    try:
        pieces = decode_header(_head(mail, "subject")[:1000])
        return "".join(_decoded(p, c) if isinstance(p, bytes) else p for p, c in pieces)
    except (ValueError, LookupError, binascii.Error):
        return _head(mail, "subject")


def _all_addresses(mail: Message, name: str) -> list[str]:
    found = getaddresses([_head(mail, name)])
    return [address for _, one in found if ADDRESS.fullmatch(address := one.strip())]


def _addresses(letter: Message | None) -> list[str]:
    """Return whom a letter of ours was to."""
    return [] if letter is None else _all_addresses(letter, "to")[:MOST_RECIPIENTS]


def _bare(value: str) -> str:
    found = MESSAGE_ID.search(value)
    return found[1] if found else ""


def _id_of(letter: Message | None) -> str:
    return "" if letter is None else _bare(_head(letter, "message-id"))


def _id_in(text: str) -> str:
    found = ID_IN_TEXT.search(QUOTING.sub("", text))
    return found[1].rstrip(".") if found else ""


def _answered(mail: Message) -> str:
    """Return the id of the message that a mail says it answers."""
    return _bare(_head(mail, "in-reply-to")) or _bare(_head(mail, "references").split(" ")[-1][-500:])


def _envelope_id(blocks: list[dict[str, str]]) -> str:
    """Return the id we gave for the envelope, which is the message id (RFC 3461's xtext undone)."""
    given = next((block["original-envelope-id"] for block in blocks if "original-envelope-id" in block), "")
    return _bare(re.sub(r"\+([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), given))


def _after_type(value: str) -> str:
    """Return the address of a field such as `rfc822; rosa@example.com`; some leave the xtext of the command in it."""
    found = ADDRESS.search(value.rpartition(";")[2].replace("+2B", "+").replace("+3D", "="))
    return found[0] if found else ""
