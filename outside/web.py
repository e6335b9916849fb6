"""The one client for web addresses that somebody typed in: calendar feeds, gateways, web hooks, the dead-man address.

Such an address must not become a door into the shop's own network. So the name is resolved once, every address it
resolves to must be a public one, the connection goes to the very address that was looked at, and a redirect is not
followed. Names in `allowed` are exempt: whoever installs the app may have a calendar server in the shop.
"""

from __future__ import annotations

import http.client
import ipaddress
import ssl
import time
from base64 import b64encode
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from outside.answers import one_line
from outside.lines import Line, NoSuchHost, connect, resolve

REDIRECTS = {300, 301, 302, 303, 305, 307, 308}
PIECE = 65536
LONGEST_URL = 4000
PRINTABLE = {chr(n) for n in range(33, 127)}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Written out, since `is_global` says yes to some of these, and not to the same ones in every version of Python
NOT_PUBLIC_4 = [
    ipaddress.IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's own services, under an address that looks public
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # several receivers, reserved, everybody
    )
]
PUBLIC_6 = ipaddress.IPv6Network("2000::/3")  # loopback, link and site local, unique local, multicast: all outside
NOT_PUBLIC_6 = [ipaddress.IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "3fff::/20")]
MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
TEREDO = ipaddress.IPv6Network("2001::/32")
ISATAP = {0x00005EFE, 0x02005EFE}


class Unreachable(Exception):
    """No answer that can be used. `code` is one of bad-address, not-allowed, no-such-host, refused, timeout, tls, too-large,
    cut-off, redirected; with the last, `location` is where the other side points to, as a whole address."""

    def __init__(self, code: str, detail: str = "", location: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = one_line(detail)
        self.location = location


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered; the names of headers are in lower case, a repeated header is joined with commas."""

    status: int
    headers: dict[str, str]
    body: bytes


def fetch(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    timeout_s: float = 10.0,
    limit: int = 5_000_000,
    allowed: Collection[str] = frozenset(),
    user: str = "",
    password: str = "",
) -> Reply:
    """Return the reply to one request; any status that is no redirect is a reply, 404 and 500 as well.

    `timeout_s` bounds everything together, from the look-up of the name to the last byte; `limit` is for the reply's
    body, in bytes. `allowed` holds names, or name:port, that may be in a private network. `user` and `password` are sent
    as Basic. Raises Unreachable, and nothing else.
    """
    ends_at = time.monotonic() + timeout_s
    secure, host, port, target = _parts(url)
    exempt = host in allowed or _netloc(host, port) in allowed
    line = None
    try:
        found = resolve(host, port, ends_at)
        if not exempt and not all(is_public(where[4][0]) for where in found):
            raise Unreachable("not-allowed")
        line = Line(connect(found, host if secure else "", ends_at), ends_at)
        return _ask(line, method, target, url, _headers(host, port, secure, headers, user, password), body, limit)
    except Unreachable:
        raise
    except Exception as error:
        raise Unreachable(_code_of(error), f"{type(error).__name__}: {error}") from error
    finally:
        if line:
            line.socket.close()


def is_public(address: str) -> bool:
    """Say whether an address is one a stranger may have, with what is wrapped inside it unwrapped first.

    Of the private kind of NAT64 (64:ff9b:1::/48) nothing is public: what it stands for depends on the network.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:  # with a zone, say
        return False
    return all(_is_plain_public(inner) for inner in _unwrapped(ip))


def _unwrapped(ip: Address) -> list[Address]:
    """Return the addresses that a packet to this one may end at."""
    if isinstance(ip, ipaddress.IPv4Address):
        return [ip]
    number = int(ip)
    last = ipaddress.IPv4Address(number & 0xFFFFFFFF)
    if ip in MAPPED or ip in NAT64:
        return [last]
    if ip in SIX_TO_FOUR:
        return [ipaddress.IPv4Address(number >> 80 & 0xFFFFFFFF)]
    if ip in TEREDO:  # its server, and itself with every bit turned
        return [ipaddress.IPv4Address(number >> 64 & 0xFFFFFFFF), ipaddress.IPv4Address(~number & 0xFFFFFFFF)]
    if number >> 32 & 0xFFFFFFFF in ISATAP:
        return [ip, last]
    return [ip]


def _is_plain_public(ip: Address) -> bool:
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in net for net in NOT_PUBLIC_4)
    return ip in PUBLIC_6 and not ip.scope_id and not any(ip in net for net in NOT_PUBLIC_6)


def _parts(url: str) -> tuple[bool, str, int, str]:
    """Return whether the address is https, its host in ASCII and lower case, its port, and what to ask for there."""
    try:
        if len(url) > LONGEST_URL or any(c.isspace() or not c.isprintable() or c == "\\" for c in url):
            raise ValueError("characters that no address has")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or "@" in parts.netloc:
            raise ValueError("only http and https, without a name and password")
        host, port = parts.hostname or "", parts.port
        if ":" in host:
            ipaddress.IPv6Address(host)
        else:
            host = host.encode("idna").decode("ascii").lower().removesuffix(".")
        if not host or "%" in host or not set(host) <= PRINTABLE or port == 0:
            raise ValueError("no host")
        target = quote(parts.path or "/", safe="/%:=&!$'()*+,;@~-._") + (
            "?" + quote(parts.query, safe="/%?:=&!$'()*+,;@~-._[]") if parts.query else ""
        )
    except ValueError as error:
        raise Unreachable("bad-address", str(error)) from error
    return parts.scheme == "https", host, port or (443 if parts.scheme == "https" else 80), target


def _netloc(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _headers(
    host: str, port: int, secure: bool, given: Mapping[str, str] | None, user: str, password: str
) -> dict[str, str]:
    usual = port == (443 if secure else 80)
    named = _netloc(host, port)
    ours = {
        "Host": named.rpartition(":")[0] if usual else named,
        "User-Agent": "Regulars",
        "Accept-Encoding": "identity",
    }
    if user or password:
        ours["Authorization"] = "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")
    return ours | {"Connection": "close"} | dict(given or {})


def _ask(line: Line, method: str, target: str, url: str, headers: dict[str, str], body: bytes, limit: int) -> Reply:
    """Send the request over a connection that stands, and read the reply within the limit."""
    talk = http.client.HTTPConnection("unused")
    talk.sock = line  # all it uses of it are sendall, makefile and close
    talk.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        talk.putheader(name, value.encode("utf-8"))
    if body or method in ("POST", "PUT"):
        talk.putheader("Content-Length", str(len(body)))
    with suppress(BrokenPipeError, ConnectionResetError):  # some refuse a long body before they have read all of it
        talk.endheaders(body or None)
    came = talk.getresponse()
    if came.status in REDIRECTS:
        raise Unreachable("redirected", str(came.status), urljoin(url, came.headers.get("Location", "")))
    if came.length is not None and came.length > limit:
        raise Unreachable("too-large", f"{came.length} bytes")
    read = bytearray()
    while piece := came.read(min(PIECE, limit + 1 - len(read))):
        read += piece
        if len(read) > limit:
            raise Unreachable("too-large", f"over {limit} bytes")
    if came.length:
        raise http.client.IncompleteRead(b"", came.length)
    names = {name.lower() for name in came.headers}
    return Reply(came.status, {name: ", ".join(came.headers.get_all(name) or []) for name in names}, bytes(read))


def _code_of(error: Exception) -> str:
    """Return the code for what went wrong under way."""
    if isinstance(error, NoSuchHost):
        return "no-such-host"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionResetError, BrokenPipeError)):
        return "cut-off"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, ConnectionAbortedError | http.client.HTTPException):
        return "cut-off"
    if isinstance(error, OSError):
        return "refused"
    return "bad-address" if isinstance(error, ValueError) else "cut-off"


def why_not(url: str, allowed: Collection[str] = frozenset(), timeout_s: float = 3.0) -> str:
    """Return the code for which an address would not be asked: bad-address, not-allowed or no-such-host; empty where nothing
    speaks against it, or where that could not be found out in time."""
    try:
        _secure, host, port, _target = _parts(url)
        if host in allowed or _netloc(host, port) in allowed:
            return ""
        found = resolve(host, port, time.monotonic() + timeout_s)
        return "" if all(is_public(where[4][0]) for where in found) else "not-allowed"
    except Unreachable as error:
        return error.code
    except NoSuchHost:
        return "no-such-host"
    except Exception:
        return ""
