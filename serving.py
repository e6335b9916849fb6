"""The server: waitress, with as many threads and connections as a busy shop's phones need, and TLS where it is wanted."""

from __future__ import annotations

import errno
import select
import socket
import ssl
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import waitress
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import MultiSocketServer, TcpWSGIServer
from waitress.task import WSGITask

BODILESS = ("204", "304")
BEGINS_TLS = b"\x16"  # the first byte of every handshake, and of no request
BIGGEST_RECORD = 16384  # read whole, nothing waits decrypted where select() would not see it
NOT_YET = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


class KeptOpen(WSGITask):
    """waitress closes a connection after any answer without a length, and a 304 has none: every poll would connect anew.

    An answer that has no body needs no length to be told from the next one (RFC 9110, 6.4.1).
    """

    def set_close_on_finish(self) -> None:
        asked = self.request.headers.get("CONNECTION", "").lower()
        if self.status[:3] in BODILESS and self.version == "1.1" and asked != "close":
            return
        super().set_close_on_finish()

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        if self.channel.secure:
            environ["wsgi.url_scheme"] = "https"
        return environ


class NothingYet(Exception):
    """Bytes came, but of the handshake alone, or half a record: nothing to read, and nothing wrong."""


class Encrypted(ssl.SSLSocket):
    """A TLS connection as waitress wants its sockets: the loop reads while a thread writes, and none of them waits.

    OpenSSL bears only one of them at a time. Whatever goes wrong in TLS is an end of the connection: a phone that does
    not trust the certificate hangs up, and that is no news for the log.
    """

    turn = threading.Lock()  # each has its own from `encrypt` on

    def recv(self, size: int = 1024, flags: int = 0) -> bytes:
        try:
            with self.turn:
                return super().recv(size, flags)
        except NOT_YET:
            raise NothingYet() from None
        except ssl.SSLError:
            raise ConnectionResetError(errno.ECONNRESET, "TLS ended") from None

    def send(self, data: Any, flags: int = 0) -> int:
        try:
            with self.turn:
                return super().send(data, flags)
        except NOT_YET:
            raise BlockingIOError(errno.EWOULDBLOCK, "not now") from None
        except ssl.SSLError:
            raise ConnectionResetError(errno.ECONNRESET, "TLS ended") from None

    def close(self) -> None:
        with self.turn, suppress(OSError, ValueError):
            self.unwrap()  # says that this is the end, and does not wait for an answer
        super().close()


class Certificate:
    """What new connections are shown: a file with a key and a certificate. `load` puts a renewed one in its place."""

    def __init__(self, path: Path):
        self.load(path)

    def load(self, path: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        context.sslsocket_class = Encrypted
        context.load_cert_chain(path)
        self.context = context

    def encrypt(self, connection: socket.socket) -> Encrypted:
        encrypted = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        assert isinstance(encrypted, Encrypted)
        encrypted.turn = threading.Lock()
        return encrypted


class Channel(HTTPChannel):
    """A connection, in TLS or not: where the server has a certificate, the first byte tells what the phone speaks.

    So one port serves both, and an address kept from the days of http still leads somewhere.
    """

    socket: Any
    task_class = KeptOpen
    secure = False
    is_new = True

    def __init__(self, server: Any, *args: Any, **more: Any):
        super().__init__(server, *args, **more)
        self.server = Desk(server, self)

    def handle_read(self) -> None:
        with suppress(NothingYet):
            try:
                self.listen_in()
            except OSError:
                self.handle_close()
                return
            super().handle_read()

    def listen_in(self) -> None:
        """Look at the first byte, once, and leave it there."""
        if self.is_new and self.server.certificate:
            if self.socket.recv(1, socket.MSG_PEEK) == BEGINS_TLS:
                self.socket = self.server.certificate.encrypt(self.socket)
                self.secure = True
            self.is_new = False


class Loop:
    """waitress's loop for many connections of which few have anything to say, where the system has epoll.

    Before every wait waitress asks each connection what it waits for, and hands all of that to select(): with 300 phones that is
    most of what the loop does. The answer changes only where something happens, so we ask those that a wait was ended by, until
    they are back to waiting for the next request, and all of them once in a while: some have been silent for too long.
    """

    EVERY = 1.0  # s
    READING = 1 | 2  # EPOLLIN and EPOLLPRI: all that a connection at rest waits for

    def __init__(self) -> None:
        self.waits: Any = None
        self.map: dict[int, Any] = {}
        self.asked: dict[int, tuple[Any, int]] = {}  # by file number: a connection, and what it said
        self.turn = threading.Lock()  # whose it is to ask a connection, and to wait for what it said

    def loop(self, timeout: float, map: dict[int, Any], use_poll: bool = False) -> None:
        """Serve while there is a connection, or a door for one, in `map` (by file number)."""
        if not hasattr(select, "epoll"):
            wasyncore.loop(timeout, use_poll, map)
            return
        ask, all_at, self.map = set[int](), 0.0, map
        with select.epoll() as waits:
            self.waits = waits
            while map:
                if (now := time.monotonic()) >= all_at:
                    ask, all_at = {*map, *self.asked}, now + self.EVERY
                ask = {number for number in ask if not self._is_at_rest(number, map.get(number))}
                for number, events in waits.poll(timeout):
                    one = map.get(number)
                    if one is None:
                        continue
                    ask.add(number)
                    wasyncore.readwrite(one, events)
                    if one.accepting:
                        ask.update(map.keys() - self.asked.keys())
            self.waits = None

    def _is_at_rest(self, number: int, one: Any) -> bool:
        """Ask a connection what it waits for, and wait for that; say whether only what comes next can change the answer."""
        with self.turn:
            was, waited = self.asked.pop(number, (None, 0))
            if one is not was:  # closed, which epoll has seen, and maybe another by the same number
                waited = 0
            if one is None:
                return True
            wanted = self.READING if one.readable() else 0
            if one.writable() and not one.accepting:
                wanted |= select.EPOLLOUT
            self.asked[number] = one, wanted
            if wanted != waited or one is not was:
                self._wait(number, wanted)
            return wanted == self.READING

    def _wait(self, number: int, wanted: int) -> None:
        """Wait for that from now on, whatever was waited for before. A connection that was closed meanwhile is none of ours any
        more; where another has come by its number, the loop asks it itself."""
        with suppress(OSError, ValueError, AttributeError):  # the last two: of a loop that has ended
            if not wanted:
                self.waits.unregister(number)
                return
            try:
                self.waits.modify(number, wanted)
            except FileNotFoundError:
                self.waits.register(number, wanted)

    def answered(self, one: Channel) -> bool:
        """Say whether a connection whose request was just answered is at rest again, and need not be looked at by the loop: the
        thread that answered has its next request waited for itself."""
        number = one._fileno
        if self.waits is None or self.map.get(number) is not one or not one.readable() or one.writable():
            return False
        return self._is_at_rest(number, one)


class Desk:
    """The server as the threads that answer a connection know it: they wake the loop only where it has something to do."""

    def __init__(self, server: Any, channel: Channel):
        self._server, self._channel = server, channel

    def pull_trigger(self) -> None:
        if not self._server.loop.answered(self._channel):
            self._server.pull_trigger()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)


TcpWSGIServer.channel_class = Channel
TcpWSGIServer.certificate, TcpWSGIServer.loop = (
    None,
    Loop(),
)  # until `create_server` gives it its own: a loop that does not run


def create_server(app: Any, host: str, port: int, certificate: Certificate | None = None, behind: int = 0) -> Any:
    """Return a server, bound but not yet running. Raises OSError where the port cannot be had.

    With a certificate it speaks TLS with whoever begins so, and http with the others. `behind` is how many proxies in front
    are trusted: their headers are left for the app, and without any taken away.
    """
    server = waitress.create_server(
        app,
        host=host,
        port=port,
        threads=32,
        connection_limit=1000,
        channel_timeout=60,
        recv_bytes=BIGGEST_RECORD,
        ident="Regulars",
        clear_untrusted_proxy_headers=not behind,
    )
    server.asyncore = loop = Loop()
    for one in list(server.map.values()) if isinstance(server, MultiSocketServer) else [server]:
        one.certificate, one.loop = certificate, loop
    return server


def port_of(server: Any) -> int:
    """Return the port that a server listens on."""
    return int(server.effective_listen[0][1] if isinstance(server, MultiSocketServer) else server.effective_port)
