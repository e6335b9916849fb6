"""A connection to another machine that is over at a moment agreed on beforehand, whatever the other side does."""

from __future__ import annotations

import io
import socket
import ssl
import threading
import time
from typing import Any


class NoSuchHost(OSError):
    """No address belongs to the name."""


def resolve(host: str, port: int, ends_at: float) -> list[Any]:
    """Return what the system's resolver says of a host, asked once; it knows no time limit of its own, so a thread asks."""
    found: list[Any] = []

    def ask() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.append(error)

    asking = threading.Thread(target=ask, daemon=True, name="resolve")
    asking.start()
    asking.join(left(ends_at))
    if asking.is_alive():
        raise TimeoutError
    if not found or isinstance(found[0], Exception):
        raise NoSuchHost(host)
    return found


def left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def connect(found: list[Any], secure_as: str, ends_at: float) -> socket.socket:
    """Return a connection to the first of the addresses that takes one; each has its share of the time that is left.

    `secure_as` is the name its certificate must be for; empty means without one.
    """
    failed: Exception = TimeoutError()
    for tried, (family, kind, protocol, _, where) in enumerate(found):
        line = socket.socket(family, kind, protocol)
        try:
            line.settimeout(left(ends_at) / (len(found) - tried))
            line.connect(where)
            if not secure_as:
                return line
            line.settimeout(left(ends_at))
            return ssl.create_default_context().wrap_socket(line, server_hostname=secure_as)
        except OSError as error:
            line.close()
            failed = error
            if isinstance(error, ssl.SSLError):
                break
    raise failed


class Line(io.RawIOBase):
    """A connection as http.client and smtplib want it, on which all reading and writing together ends at one moment.

    A socket's own timeout begins anew with every byte: a server that sends one now and then would hold us for ever.
    """

    def __init__(self, connected: socket.socket, ends_at: float) -> None:
        self.socket = connected
        self.ends_at = ends_at

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        self.socket.settimeout(left(self.ends_at))
        return self.socket.recv_into(into)

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self.socket.settimeout(left(self.ends_at))
            rest = rest[self.socket.send(rest) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def close(self) -> None:
        """Leave it open: http.client closes what it asked with before it reads. Who connected closes `socket`."""
