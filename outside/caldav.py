"""A calendar on somebody's server (CalDAV, RFC 4791): which there are, what changed since, and put back what we changed.

Nothing is overwritten unseen: a change is sent with the tag under which we last saw the entry, and comes back as a
conflict when somebody else was first. Addresses that a server names are followed only where its own could lead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from html import escape
from typing import Any, Literal, ParamSpec, TypeVar
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from outside import web
from outside.answers import one_line

REQUEST_S = 10.0
SECONDS = 60.0  # for all requests of one call together
HOPS = 4
LARGEST_REPLY = 5_000_000
LARGEST_CALENDAR = 20_000_000
MOST_ITEMS = 20_000
AT_ONCE = 50
MOST_PAGES = 50
DEEPEST = 30
MOST_ELEMENTS = 200_000

DAV, CAL = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
APPLE, SERVER = "{http://apple.com/ns/ical/}", "{http://calendarserver.org/ns/}"
SPACES = (
    'xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:a="http://apple.com/ns/ical/"'
    ' xmlns:s="http://calendarserver.org/ns/"'
)
WRITING = {f"{DAV}{name}" for name in ("all", "write", "write-content", "bind")}
BY_TAGS = "tags:"  # begins our own token, where a server has none

# What a server may name as the reason (RFC 4791, 4918), and the code for it
REASONS = {
    f"{CAL}no-uid-conflict": "name-taken",
    f"{CAL}valid-calendar-data": "not-accepted",
    f"{CAL}valid-calendar-object-resource": "not-accepted",
    f"{CAL}supported-calendar-data": "not-accepted",
    f"{CAL}supported-calendar-component": "not-accepted",
    f"{CAL}max-resource-size": "too-large",
    f"{CAL}min-date-time": "out-of-its-dates",
    f"{CAL}max-date-time": "out-of-its-dates",
    f"{DAV}quota-not-exceeded": "no-room",
    f"{DAV}sufficient-disk-space": "no-room",
    f"{DAV}need-privileges": "read-only",
}


class Trouble(Exception):
    """No answer that can be used. `code` is one of sign-in-refused, other-sign-in (not by password in the usual way),
    not-found, no-rights, not-a-calendar, server-away, timeout, too-large, bad-answer, not-allowed, moved, bad-address,
    no-such-host, tls; `detail` is for a log."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = one_line(detail)


@dataclass(frozen=True, slots=True)
class Account:
    """Where to begin, which may be a server, a person's page on it or one calendar, and as whom.

    `allowed` are the hosts that may be in a private network, as `web.fetch` takes them.
    """

    url: str
    user: str
    password: str = field(repr=False)
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """A calendar that holds appointments; `colour` is as the server writes it, or empty."""

    url: str
    name: str
    writable: bool
    colour: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened in a calendar since `token` was given out last time; keep the new one, once all of it is taken in.

    `changed` holds (address, tag, calendar file); the file is empty where it alone is too large. `gone` are addresses.
    When `whole`, these are all there are: what is not among them is gone.
    """

    token: str
    changed: tuple[tuple[str, str, bytes], ...]
    gone: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Put:
    """What came of a change: in a conflict somebody else was first (`changed-meanwhile`, `exists-already`, `name-taken`).

    `etag` is the entry's new tag, empty where the server tells only with the next changes.
    """

    state: Literal["kept", "conflict", "refused"]
    etag: str = ""
    code: str = ""


P = ParamSpec("P")
R = TypeVar("R")


def _only_trouble(call: Callable[P, R]) -> Callable[P, R]:
    """Let a call raise Trouble and nothing else, whatever a server made up."""

    @wraps(call)
    def bounded(*given: P.args, **named: P.kwargs) -> R:
        try:
            return call(*given, **named)
        except Trouble:
            raise
        except Exception as error:
            raise Trouble("bad-answer", f"{type(error).__name__}: {error}") from error

    return bounded


@_only_trouble
def calendars(account: Account) -> tuple[Found, ...]:
    """Return the calendars of an account, found from any address of it. Raises Trouble."""
    talk = _Talk(account)
    here, homes = _begin(talk)
    found: dict[str, Found] = {}
    for home in homes:
        for response in talk.properties(home, 1, LISTED):
            if calendar := _found(response):
                found.setdefault(calendar.url, calendar)
    if here and here.url not in found:
        found[here.url] = here
    if not found:
        raise Trouble("not-a-calendar", account.url)
    return tuple(found.values())


@_only_trouble
def changes(account: Account, calendar_url: str, token: str, known: Mapping[str, str] | None = None) -> Changes:
    """Return what changed in a calendar since `token`, or all of it where that is empty or the server no longer knows it.

    `known` are the tags by address that were kept, with which less has to be fetched from a server without tokens of its
    own. Raises Trouble.
    """
    talk = _Talk(account)
    calendar_url = _plain_url(calendar_url)
    if not token.startswith(BY_TAGS):
        for since in dict.fromkeys((token, "")):
            try:
                new, tags, gone = _since(talk, calendar_url, since)
            except _NoSuchReport:
                continue
            return Changes(new, _contents(talk, calendar_url, tags), () if not since else tuple(gone), not since)
    new, tags = _all_tags(talk, calendar_url)
    if new == token and new != BY_TAGS:
        return Changes(token, (), (), False)
    if not known:
        return Changes(new, _contents(talk, calendar_url, tags), (), True)
    other = {url: tag for url, tag in tags.items() if not tag or known.get(url) != tag}
    return Changes(new, _contents(talk, calendar_url, other), tuple(url for url in known if url not in tags), False)


@_only_trouble
def get(account: Account, url: str) -> tuple[str, bytes] | None:
    """Return the tag and the file of one entry as it is now, or nothing when it is gone. Raises Trouble."""
    reply = _Talk(account).ask("GET", url)
    if reply.status in (404, 410):
        return None
    _expect(reply, 200)
    return reply.headers.get("etag", ""), reply.body


@_only_trouble
def put(account: Account, url: str, data: bytes, etag: str | None) -> Put:
    """Keep a calendar file under an address: in place of what has this `etag`, or with None as a new one. Raises Trouble."""
    condition = {"If-None-Match": "*"} if etag is None else {"If-Match": etag}
    headers = {"Content-Type": "text/calendar; charset=utf-8"} | condition
    reply = _Talk(account).ask("PUT", url, data, headers)
    if reply.status in (200, 201, 204):
        new = reply.headers.get("etag", "")
        return Put("kept", "" if new.startswith("W/") else new)
    return _not_done(reply, "exists-already" if etag is None else "changed-meanwhile")


@_only_trouble
def delete(account: Account, url: str, etag: str) -> Put:
    """Remove an entry that still has this `etag`; one already gone is `kept`, since that is what was wanted. Raises Trouble."""
    reply = _Talk(account).ask("DELETE", url, headers={"If-Match": etag} if etag else {})
    if reply.status in (200, 202, 204, 404, 410):
        return Put("kept")
    return _not_done(reply, "changed-meanwhile")


def _not_done(reply: web.Reply, conflict: str) -> Put:
    """Return why a change was not made. Raises Trouble where that says nothing about the change."""
    reason = _reason(reply)
    if reply.status == 412:
        return Put("conflict", code=conflict)
    if reason == "name-taken":
        return Put("conflict", code=reason)
    if reply.status in (403, 405):
        return Put("refused", code=reason or "read-only")
    plain = {400: "not-accepted", 404: "not-found", 409: "not-found", 413: "too-large", 415: "not-accepted"}
    plain |= {422: "not-accepted", 423: "locked", 507: "no-room"}
    if reply.status in plain:
        return Put("refused", code=reason or plain[reply.status])
    raise _trouble(reply)


# Where the calendars are

LISTED = (
    "<resourcetype/><displayname/><current-user-privilege-set/><c:supported-calendar-component-set/><a:calendar-color/>"
)


def _begin(talk: _Talk) -> tuple[Found | None, list[str]]:
    """Return the calendar that the account's address is, if it is one, and where the account's calendars are."""
    given = talk.account.url
    wanted = "<current-user-principal/><c:calendar-home-set/>" + LISTED
    here: Found | None = None
    for number, start in enumerate((given, urljoin(given, "/.well-known/caldav"), urljoin(given, "/"))):
        try:
            first = next(iter(talk.properties(start, 0, wanted)), None)
        except Trouble as trouble:
            if trouble.code not in ("not-found", "bad-answer", "no-rights", "not-a-calendar"):
                raise
            continue
        if first is None:
            continue
        here = here or (_found(first) if not number else None)
        homes = _hrefs(first, f"{CAL}calendar-home-set")
        if not homes:
            for principal in _hrefs(first, f"{DAV}current-user-principal"):
                for response in talk.properties(principal, 0, "<c:calendar-home-set/>"):
                    homes += _hrefs(response, f"{CAL}calendar-home-set")
        if homes:
            return here, list(dict.fromkeys(homes))
    return here, []


def _found(response: _Response) -> Found | None:
    """Return the calendar that an answer describes, when it is one and takes appointments."""
    kind = response.properties.get(f"{DAV}resourcetype")
    if kind is None or kind.find(f"{CAL}calendar") is None:
        return None
    holds = response.properties.get(f"{CAL}supported-calendar-component-set")
    if holds is not None and len(holds) and "VEVENT" not in [str(one.get("name")).upper() for one in holds]:
        return None
    may = response.properties.get(f"{DAV}current-user-privilege-set")
    writable = may is None or any(right.tag in WRITING for one in may for right in one)
    name = response.text(f"{DAV}displayname") or unquote(urlsplit(response.url).path.rstrip("/").rpartition("/")[2])
    return Found(response.url, one_line(name), writable, one_line(response.text(f"{APPLE}calendar-color"))[:20])


def _hrefs(response: _Response, tag: str) -> list[str]:
    named = response.properties.get(tag)
    return [
        response.join(one.text) for one in (named if named is not None else ()) if one.tag == f"{DAV}href" and one.text
    ]


# What changed


class _NoSuchReport(Exception):
    """The server does not tell changes since that token, or since any."""


def _since(talk: _Talk, url: str, token: str) -> tuple[str, dict[str, str], list[str]]:
    """Return a new token, the tags of what is there anew or changed, and what is gone (RFC 6578)."""
    tags: dict[str, str] = {}
    gone: dict[str, None] = {}
    for _ in range(MOST_PAGES):
        body = (
            f"<sync-collection {SPACES}><sync-token>{escape(token)}</sync-token><sync-level>1</sync-level>"
            "<prop><getetag/></prop></sync-collection>"
        )
        reply = talk.ask("REPORT", url, _document(body), {"Depth": "0"})
        if reply.status in (400, 403, 405, 409, 410, 412, 415, 422, 501):
            raise _NoSuchReport
        answer = _answer(reply, url)
        more = False
        for response in answer.responses:
            if response.status == 507:
                more = True
            elif response.status in (404, 410):
                gone[response.url] = None
                tags.pop(response.url, None)
            elif not _same(response.url, url) and not response.url.endswith("/"):
                gone.pop(response.url, None)
                tags[response.url] = response.text(f"{DAV}getetag")
        if not answer.token or len(tags) + len(gone) > MOST_ITEMS:
            raise Trouble("too-large" if answer.token else "bad-answer", f"{len(tags)} entries")
        if not more:
            return answer.token, tags, list(gone)
        if answer.token == token:
            break
        token = answer.token
    raise Trouble("bad-answer", "no end of changes")


def _all_tags(talk: _Talk, url: str) -> tuple[str, dict[str, str]]:
    """Return our own token, and the tags of all there is, from a server that tells no changes."""
    tags: dict[str, str] = {}
    token, is_calendar = BY_TAGS, False
    for response in talk.properties(url, 1, "<resourcetype/><getetag/><s:getctag/>"):
        if _same(response.url, url):
            kind = response.properties.get(f"{DAV}resourcetype")
            is_calendar = kind is not None and kind.find(f"{CAL}calendar") is not None
            token = BY_TAGS + response.text(f"{SERVER}getctag")
        elif not response.url.endswith("/") and response.status < 400:
            tags[response.url] = response.text(f"{DAV}getetag")
    if not is_calendar:
        raise Trouble("not-a-calendar", url)
    if len(tags) > MOST_ITEMS:
        raise Trouble("too-large", f"{len(tags)} entries")
    return token, tags


def _contents(talk: _Talk, url: str, tags: Mapping[str, str]) -> tuple[tuple[str, str, bytes], ...]:
    """Return address, tag and file of each of these that is still there."""
    found: list[tuple[str, str, bytes]] = []
    size = 0
    todo = [list(tags)[at : at + AT_ONCE] for at in range(0, len(tags), AT_ONCE)][::-1]
    while todo:
        batch = todo.pop()
        try:
            answered = list(_multiget(talk, url, batch))
        except Trouble as trouble:
            if trouble.code != "too-large":
                raise
            if len(batch) == 1:
                found.append((batch[0], tags[batch[0]], b""))
            else:
                todo += [batch[len(batch) // 2 :], batch[: len(batch) // 2]]
            continue
        size += sum(len(data) for _, _, data in answered)
        if size > LARGEST_CALENDAR:
            raise Trouble("too-large", f"over {LARGEST_CALENDAR} bytes")
        found += answered
    return tuple(found)


def _multiget(talk: _Talk, url: str, batch: Iterable[str]) -> Iterator[tuple[str, str, bytes]]:
    asked = dict.fromkeys(batch)
    hrefs = "".join(f"<href>{escape(urlsplit(one).path)}</href>" for one in asked)
    body = f"<c:calendar-multiget {SPACES}><prop><getetag/><c:calendar-data/></prop>{hrefs}</c:calendar-multiget>"
    reply = talk.ask("REPORT", url, _document(body), {"Depth": "1"})
    for response in _answer(reply, url).responses:
        data = response.properties.get(f"{CAL}calendar-data")
        if response.url in asked and data is not None and data.text:
            yield response.url, response.text(f"{DAV}getetag"), data.text.encode("utf-8", "replace")


# Asking


@dataclass(slots=True)
class _Talk:
    """The requests of one call: as one account, within one time."""

    account: Account
    ends_at: float = field(default_factory=lambda: time.monotonic() + SECONDS)

    def ask(self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> web.Reply:
        """Return a reply that is about the request, of whatever status. Raises Trouble when there is none."""
        sent = {"Content-Type": "application/xml; charset=utf-8"} if body else {}
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise Trouble("timeout")
        try:
            if not _may_lead(self.account.url, url):
                raise Trouble("not-allowed", url)
            reply = web.fetch(
                method,
                url,
                headers=sent | dict(headers or {}),
                body=body,
                timeout_s=min(left, REQUEST_S),
                limit=LARGEST_REPLY,
                allowed=self.account.allowed,
                user=self.account.user,
                password=self.account.password,
            )
        except web.Unreachable as error:
            if error.code == "redirected":
                raise _Moved(error.location) from error
            code = {"refused": "server-away", "cut-off": "server-away"}.get(error.code, error.code)
            raise Trouble(code, error.detail) from error
        except ValueError as error:
            raise Trouble("bad-address", str(error)) from error
        if reply.status in (401, 407):
            offered = reply.headers.get("www-authenticate", "basic").lower()
            raise Trouble("sign-in-refused" if "basic" in offered else "other-sign-in", offered)
        if reply.status == 429 or (reply.status >= 500 and reply.status not in (501, 507)):
            raise Trouble("server-away", str(reply.status))
        return reply

    def properties(self, url: str, depth: int, wanted: str) -> list[_Response]:
        """Return what a server says of an address, and with a depth of 1 of those within; it may send us elsewhere."""
        body = _document(f"<propfind {SPACES}><prop>{wanted}</prop></propfind>")
        for _ in range(HOPS):
            try:
                return _answer(self.ask("PROPFIND", url, body, {"Depth": str(depth)}), url).responses
            except _Moved as moved:
                if not _may_lead(url, moved.location):
                    raise Trouble("not-allowed", moved.location) from moved
                url = moved.location
        raise Trouble("bad-answer", "sent from one address to the next")


class _Moved(Trouble):
    """The server says that it is elsewhere."""

    def __init__(self, location: str) -> None:
        super().__init__("moved", location)
        self.location = location


def _may_lead(url: str, there: str) -> bool:
    """Say whether one address may send us, and the password, to another: within a server, or on to where it is safer."""
    one, two = urlsplit(url), urlsplit(there)
    if two.scheme == "https":
        return one.scheme == "https" or one.hostname == two.hostname
    return (one.scheme, one.netloc) == (two.scheme, two.netloc)


def _plain_url(url: str) -> str:
    """Return an address in its one spelling, since servers write an @ now as itself and now as %40."""
    parts = urlsplit(url)
    path = "/".join(quote(unquote(part), safe="!$&'()*+,;=:@~") for part in parts.path.split("/"))
    return parts._replace(path=path or "/", fragment="").geturl()


def _same(one: str, two: str) -> bool:
    return one.rstrip("/") == _plain_url(two).rstrip("/")


def _document(body: str) -> bytes:
    return b'<?xml version="1.0" encoding="utf-8"?>' + body.encode("utf-8", "replace")


# Answers


@dataclass(slots=True)
class _Response:
    """What a server says of one address: only the properties that it has are here."""

    asked: str
    url: str
    status: int
    properties: dict[str, Element]

    def text(self, tag: str) -> str:
        found = self.properties.get(tag)
        return (found.text or "").strip() if found is not None else ""

    def join(self, href: str) -> str:
        return _plain_url(urljoin(self.asked, href.strip()))


@dataclass(slots=True)
class _Answer:
    responses: list[_Response]
    token: str


def _answer(reply: web.Reply, asked: str) -> _Answer:
    """Return a multi-status answer taken apart. Raises Trouble when it is none."""
    _expect(reply, 207)
    try:
        root = _parsed(reply.body)
        if root.tag != f"{DAV}multistatus":
            raise ValueError(f"a {root.tag}")
        responses = []
        for one in root.iter(f"{DAV}response"):
            status = _status(one.find(f"{DAV}status"), 200)
            properties: dict[str, Element] = {}
            for part in one.findall(f"{DAV}propstat"):
                if _status(part.find(f"{DAV}status"), 200) == 200:
                    held = part.find(f"{DAV}prop")
                    properties |= {found.tag: found for found in (held if held is not None else ())}
            responses += [
                _Response(asked, _plain_url(urljoin(asked, (href.text or "").strip())), status, properties)
                for href in one.findall(f"{DAV}href")
            ]
        token = root.find(f"{DAV}sync-token")
        return _Answer(responses, (token.text or "").strip() if token is not None else "")
    except Trouble:
        raise
    except Exception as error:
        raise Trouble("bad-answer", f"{type(error).__name__}: {error}") from error


def _status(element: Element | None, otherwise: int) -> int:
    """Return the number in a status line such as HTTP/1.1 404 Not Found."""
    words = (element.text or "").split() if element is not None else []
    return int(words[1]) if len(words) > 1 else otherwise


def _expect(reply: web.Reply, status: int) -> None:
    if reply.status != status:
        raise _trouble(reply)


def _trouble(reply: web.Reply) -> Trouble:
    codes = {403: "no-rights", 404: "not-found", 405: "not-a-calendar", 410: "not-found", 413: "too-large"}
    return Trouble(codes.get(reply.status, "bad-answer"), str(reply.status))


def _reason(reply: web.Reply) -> str:
    """Return the code for the reason a server gives in its refusal, empty when it gives none we know."""
    try:
        return next((REASONS[one.tag] for one in _parsed(reply.body).iter() if one.tag in REASONS), "")
    except Exception:
        return ""


def _parsed(body: bytes) -> Element:
    """Return the root of an XML document. Raises ValueError for a document type, in which entities are made, or too much."""
    builder = TreeBuilder()
    depth = elements = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth, elements = depth + 1, elements + 1
        if depth > DEEPEST or elements > MOST_ELEMENTS:
            raise ValueError("too deep or too much")
        builder.start(_tag(name), {_tag(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_tag(name))

    def refuse(*_: Any) -> None:
        raise ValueError("a document type")

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.Parse(body, True)
    return builder.close()


def _tag(name: str) -> str:
    return "{" + name if "}" in name else name
