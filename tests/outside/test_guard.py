"""Nothing that goes out goes round the guard: each way out is led to the shop's own network, and none arrives.

Beside it a naive client (urllib, as anybody would use it), which does arrive: else the list would prove nothing.
"""

import ast
import re
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPException

import pytest

from outside import caldav, hooks, texts, web
from tests.conftest import ROOT
from tests.outside.test_web import HOSTILE

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"


class Canary:
    """A server on every loopback address of the machine, IPv4 and IPv6, under one port; it counts who comes."""

    def __init__(self) -> None:
        self.connections, self.over = 0, threading.Event()
        self.doors = [socket.create_server(("127.0.0.1", 0))]
        self.port = self.doors[0].getsockname()[1]
        for family, where in ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.8.9.10")):
            with suppress(OSError):  # a machine without IPv6, or one that has but one loopback address
                self.doors.append(socket.create_server((where, self.port), family=family))
        self.threads = [threading.Thread(target=self.serve, args=(door,), daemon=True) for door in self.doors]
        for thread in self.threads:
            thread.start()

    def serve(self, door: socket.socket) -> None:
        door.settimeout(0.05)
        while not self.over.is_set():
            with suppress(OSError):
                line, _ = door.accept()
                self.connections += 1
                with closing(line), suppress(OSError):
                    line.settimeout(2)
                    line.recv(65536)
                    line.sendall(ANSWER)

    def close(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()
        for door in self.doors:
            door.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    one = Canary()
    yield one
    one.close()


def account(url: str) -> caldav.Account:
    return caldav.Account(url, "me", "secret")


WAYS_OUT = {
    "the address of a calendar": lambda url: web.fetch("GET", url, timeout_s=2),
    "a calendar account": lambda url: caldav.calendars(account(url)),
    "changes of a calendar": lambda url: caldav.changes(account(url), url, ""),
    "an entry of a calendar": lambda url: caldav.get(account(url), url),
    "writing into a calendar": lambda url: caldav.put(account(url), url, b"BEGIN:VCALENDAR", None),
    "removing from a calendar": lambda url: caldav.delete(account(url), url, '"1"'),
    "a web hook": lambda url: hooks.post(url, {"id": "1"}, "secret", timeout_s=2),
    "the dead-man address": lambda url: hooks.ping(url, timeout_s=2),
    "a gateway of our own": lambda url: texts.send(
        texts.Gateway("generic", "me", "secret", "us", url), "+442079460018", "Hello", "r", ""
    ),
    "a look before it is kept": lambda url: web.why_not(url, timeout_s=2),
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_hostile_address_is_reached(canary, way):
    for address in HOSTILE:
        with suppress(web.Unreachable, caldav.Trouble):
            WAYS_OUT[way](address.format(port=canary.port))
    assert canary.connections == 0


def test_a_naive_client_reaches_it_by_many(canary):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    reached = 0
    for address in HOSTILE:
        if "{port}" not in address or not leads_here(address.format(port=canary.port)):
            continue
        before = canary.connections
        with suppress(OSError, ValueError, HTTPException):
            opener.open(address.format(port=canary.port), timeout=0.4).close()
        reached += canary.connections > before
    assert reached >= 12


def leads_here(url: str) -> bool:
    """Say whether this machine's resolver makes a loopback address of what urllib takes for the host: others would hang."""
    with suppress(ValueError, OSError, UnicodeError):
        host = (urllib.request.Request(url).host or "").rpartition("@")[2].rpartition(":")[0].strip("[]")
        found = socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)
        return all(str(one[4][0]).startswith(("127.", "0.0.0.0", "::1", "::ffff:127.")) for one in found)
    return False


class TestANameThatTurns:
    """A resolver that says a public address first, and the loopback from then on."""

    @pytest.fixture
    def turning(self, canary, monkeypatch):
        real, said = socket.getaddrinfo, []

        def resolve(host, port, *args, **more):
            if host != "turns.example.org":
                return real(host, port, *args, **more)
            said.append(host)
            address = "192.88.98.1" if len(said) == 1 else "127.0.0.1"  # the first leads nowhere from here
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        return f"http://turns.example.org:{canary.port}/"

    @pytest.mark.parametrize("way", ["the address of a calendar", "a web hook", "the dead-man address"])
    def test_is_not_followed_where_it_turns_to(self, canary, turning, monkeypatch, way):
        monkeypatch.setattr(socket.socket, "connect", refuse_public(socket.socket.connect))
        assert web.why_not(turning) == ""  # the look before it is kept, on the public day
        for _time in range(3):
            with suppress(web.Unreachable):
                WAYS_OUT[way](turning)
        assert canary.connections == 0

    def test_would_have_led_a_naive_client_here(self, canary, turning):
        socket.getaddrinfo("turns.example.org", 80)  # it looks first, as we do
        with suppress(OSError):
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(turning, timeout=0.4).close()
        assert canary.connections == 1


def refuse_public(connect):
    def refused(line, where):
        if not str(where[0]).startswith("127."):
            raise ConnectionRefusedError
        return connect(line, where)

    return refused


class TestTheHouse:
    """Sockets are opened in one place, and by two: what asks the web, guarded, and what hands letters to a mail server,
    which is often the shop's own."""

    MAY_CONNECT = {"outside/web.py", "outside/mail.py", "outside/lines.py"}
    NETWORK = ("socket", "http.client", "urllib.request", "smtplib", "ssl", "asyncio", "ftplib", "requests", "httpx")
    ASKS_NOBODY = {"cli.py", "serving.py", "assets.py", "app.py", "outside/certificates.py", "views/certificate.py"}

    def test_opens_connections_in_one_place(self):
        floors = [p for floor in ("outside", "domain", "views", "words") for p in (ROOT / floor).rglob("*.py")]
        line = re.compile(rf"^\s*(?:import|from) ({'|'.join(map(re.escape, self.NETWORK))})\b", re.MULTILINE)
        found = {
            path.relative_to(ROOT).as_posix()
            for path in [*ROOT.glob("*.py"), *floors]
            if line.search(path.read_text(encoding="utf-8"))
        }
        assert found - self.ASKS_NOBODY == self.MAY_CONNECT

    def test_connects_to_what_was_looked_at_and_to_nothing_by_name(self):
        callers = {
            path.name
            for path in (ROOT / "outside").rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("connect", "socket.create_connection")
        }
        assert callers == {"web.py", "mail.py"}
