"""The server as phones meet it: one connection, many questions; plain or encrypted."""

import http.client
import logging
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from outside import certificates
from serving import Certificate, Loop, create_server, port_of

NAMES = ("localhost", "127.0.0.1")
BIG = 192 * 16384  # records of TLS that are full to the last: none of the rest may wait decrypted, unseen by the loop


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer each path with the status it names, and tell what was asked."""
    status = environ["PATH_INFO"].strip("/").partition("/")[0]
    body = b"" if status in ("204", "304") else b"here"
    if "big" in environ["PATH_INFO"]:
        body = b"x" * BIG
    told = [
        ("X-Scheme", environ["wsgi.url_scheme"]),
        ("X-Got", str(len(environ["wsgi.input"].read()))),
        ("X-For", environ.get("HTTP_X_FORWARDED_FOR", "")),
    ]
    start_response(f"{status} Words", told + ([("Content-Length", str(len(body)))] if body else []))
    return [body] if body else []


@contextmanager
def running(certificate: Certificate | None = None, behind: int = 0) -> Iterator[int]:
    server = create_server(app, "127.0.0.1", 0, certificate, behind)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield port_of(server)
    finally:
        server.trigger.pull_trigger(server.close)  # in the loop's own thread, which ends with its last connection
        thread.join(5)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data directory with an authority and a certificate for this machine."""
    folder = tmp_path_factory.mktemp("https")
    certificates.prepare(folder, NAMES)
    return folder


@pytest.fixture(scope="module")
def trusting(data: Path) -> ssl.SSLContext:
    """Return the TLS of a phone that was told to trust the authority."""
    return ssl.create_default_context(cafile=str(data / "https" / "authority.pem"))


@pytest.fixture(params=["http", "https"])
def connect(request: pytest.FixtureRequest, data: Path, trusting: ssl.SSLContext) -> Iterator[Callable[[], Any]]:
    """Return what opens a connection to a server, plain or encrypted."""
    secure = request.param == "https"
    opened: list[http.client.HTTPConnection] = []
    with running(Certificate(certificates.path(data)) if secure else None) as port:

        def open_one() -> http.client.HTTPConnection:
            if secure:
                one: Any = http.client.HTTPSConnection("127.0.0.1", port, context=trusting, timeout=10)
            else:
                one = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            opened.append(one)
            return one

        open_one.scheme = request.param  # type: ignore[attr-defined]
        yield open_one
        for one in opened:
            one.close()


def ask(connection: http.client.HTTPConnection, path: str, **headers: str) -> tuple[int, bytes, object]:
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read(), connection.sock


class TestAConnection:
    def test_stays_open_over_answers_without_a_body(self, connect):
        connection = connect()
        asked = [ask(connection, path) for path in ("/200", "/304", "/304", "/204", "/200")]
        assert [(status, body) for status, body, _socket in asked] == [
            (200, b"here"), (304, b""), (304, b""), (204, b""), (200, b"here"),
        ]  # fmt: skip
        assert len({id(socket) for _status, _body, socket in asked}) == 1
        assert asked[-1][2] is not None

    def test_is_closed_when_the_phone_asks_for_it(self, connect):
        assert ask(connect(), "/304", Connection="close")[2] is None

    def test_tells_the_app_how_it_is_spoken(self, connect):
        connection = connect()
        connection.request("GET", "/200")
        assert connection.getresponse().headers["X-Scheme"] == connect.scheme

    def test_carries_much_either_way(self, connect):
        connection = connect()
        connection.request("POST", "/200/big", body=b"y" * BIG)
        answer = connection.getresponse()
        assert answer.headers["X-Got"] == str(BIG)
        assert answer.read() == b"x" * BIG

    def test_carries_questions_sent_while_big_answers_are_on_their_way(self, connect):
        connection = connect()
        connection.connect()
        questions = b"".join(b"GET /200/big/%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in range(4))
        connection.sock.sendall(questions)
        read, wanted = 0, 4 * BIG
        while read < wanted:
            piece = connection.sock.recv(65536)
            assert piece
            read += len(piece)

    def test_is_never_forgotten_by_the_loop(self, connect, monkeypatch):
        """Which asks only those that something happens to, and here never looks at all of them: a wait would be for ever."""
        monkeypatch.setattr(Loop, "EVERY", 3600.0)
        answered: list[bool] = []

        def phone() -> None:
            connection = connect()
            for n in range(150):
                path = "/200/big" if n % 50 == 49 else ("/200", "/304")[n % 2]
                answered.append(str(ask(connection, path)[0]) == path[1:4])

        phones = [threading.Thread(target=phone) for _ in range(8)]
        for one in phones:
            one.start()
        for one in phones:
            one.join(60)
        assert (len(answered), all(answered)) == (8 * 150, True)

    def test_that_is_slow_keeps_nobody_waiting(self, connect):
        """More of them than there are threads, each in the middle of what it has to say."""
        slow = [connect() for _ in range(40)]
        for one in slow:
            one.putrequest("POST", "/200")
            one.putheader("Content-Length", "100")
            one.endheaders(b"a little")
        began = time.monotonic()
        assert [ask(connect(), "/200")[0] for _ in range(4)] == [200] * 4
        assert time.monotonic() - began < 5


class TestAnEncryptedServer:
    @pytest.fixture
    def certificate(self, data):
        return Certificate(certificates.path(data))

    @pytest.fixture
    def port(self, certificate):
        with running(certificate) as port:
            yield port

    def test_answers_plain_http_on_the_same_port(self, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/200")
        assert connection.getresponse().headers["X-Scheme"] == "http"
        connection.close()

    def test_waits_for_nobody_who_is_silent_or_stops_in_the_handshake(self, port, trusting):
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
        for one in silent[::2]:
            one.sendall(b"\x16\x03\x01")
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusting, timeout=5)
        assert ask(connection, "/200")[0] == 200
        connection.close()
        for one in silent:
            one.close()

    @pytest.mark.parametrize("sent", [b"\x16\x03\x01\x00\x05nonsense", b"\x16" * 500, b"\x00\x00\r\n\r\n"])
    def test_takes_nonsense_for_an_end(self, port, trusting, sent, caplog):
        with caplog.at_level(logging.INFO), socket.create_connection(("127.0.0.1", port), timeout=5) as one:
            one.sendall(sent)
            with suppress(OSError):  # it may have hung up before all was said
                one.shutdown(socket.SHUT_WR)
                while one.recv(1000):
                    pass
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusting, timeout=5)
        assert ask(connection, "/200")[0] == 200
        connection.close()
        assert "Traceback" not in caplog.text

    def test_says_nothing_of_a_phone_that_does_not_trust_it(self, port, caplog):
        with caplog.at_level(logging.INFO), pytest.raises(ssl.SSLCertVerificationError):
            ask(http.client.HTTPSConnection("127.0.0.1", port, timeout=5), "/200")
        assert caplog.text == ""

    def test_shows_a_renewed_certificate_to_new_connections_and_keeps_the_old_ones(
        self, port, certificate, trusting, data, tmp_path
    ):
        def shown(connection):
            assert ask(connection, "/200")[0] == 200
            return connection.sock.getpeercert()["serialNumber"]

        before, after = (http.client.HTTPSConnection("127.0.0.1", port, context=trusting) for _ in range(2))
        first = shown(before)
        assert certificates.prepare(data, (*NAMES, "192.168.7.7"))
        certificate.load(certificates.path(data))
        assert shown(after) != first
        assert shown(before) == first
        for one in (before, after):
            one.close()


def test_a_connection_that_was_silent_for_too_long_is_closed(monkeypatch):
    monkeypatch.setattr(Loop, "EVERY", 0.01)
    server = create_server(app, "127.0.0.1", 0)
    server.adj.channel_timeout = server.adj.cleanup_interval = server.adj.asyncore_loop_timeout = 0.02
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    with socket.create_connection(("127.0.0.1", port_of(server)), timeout=10) as silent:
        silent.sendall(b"GET /304 HTTP/1.1\r\nHost: x\r\n\r\n")
        while heard := silent.recv(4096):  # until the server has hung up
            assert heard.startswith(b"HTTP/1.1 304")
    server.trigger.pull_trigger(server.close)
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize("closed", ["closed", "closed, and another came by its number"])
def test_a_connection_that_is_closed_while_its_thread_is_answering_stops_nobody(closed):
    class One:
        accepting = False

        def readable(self) -> bool:
            return True

        def writable(self) -> bool:
            return False

    loop, (end, _other) = Loop(), socket.socketpair()
    one, two = One(), One()
    with select.epoll() as loop.waits:
        number = end.fileno()
        if closed == "closed":
            end.close()
        loop._is_at_rest(number, one)  # as its thread does, a moment too late
        assert loop._is_at_rest(number, None if closed == "closed" else two), "and then the loop"
        assert loop.asked == ({} if closed == "closed" else {number: (two, Loop.READING)})


@pytest.mark.parametrize(("behind", "told"), [(0, ""), (1, "203.0.113.9")], ids=["alone", "behind a proxy"])
def test_what_a_proxy_says_reaches_the_app_only_where_one_is_trusted(behind, told):
    with running(behind=behind) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/200", headers={"X-Forwarded-For": "203.0.113.9"})
        assert connection.getresponse().headers["X-For"] == told
        connection.close()
