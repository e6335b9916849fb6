"""A mail server that says what a test tells it to, appointments that are reminded of by mail, and how messages stand."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from aiosmtpd.controller import Controller

from models import Message
from tests.conftest import TUESDAY

A_DAY_BEFORE = TUESDAY + timedelta(days=1, hours=1, minutes=48)  # of what `booked` books


class Mailboxes:
    """A mail server that takes everything but what it was told to refuse, to keep waiting, or to cut off."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.refuses: dict[str, str] = {}  # by recipient
        self.answers = ""  # to every letter, where not empty
        self.waits_s = 0.0
        self.cuts_off = False  # once the letter is there, without an answer

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.waits_s)
        if self.cuts_off:
            self.taken.append(envelope)
            server.transport.close()
            return "250 Nobody hears it"
        if self.answers:
            return self.answers
        self.taken.append(envelope)
        return "250 Taken"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(handler: Any, port: int) -> Iterator[Controller]:
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def booked(phone: Any, who: Any, address: str = "", at: str = "2026-11-26T10:00", **more: Any) -> str:
    if address:
        phone.act("contact.add", customer=str(who.id), kind="email", address=address)
    made = phone.act("appointment.create", customer=str(who.id), starts_at=at, minutes=30, **more)
    assert made["status"] == "applied", made
    return str(made["result"]["appointment"])


def states() -> dict[str, int]:
    """Return how many messages stand how, but for those to the owner."""
    found: dict[str, int] = {}
    for (state,) in Message.select(Message.state).where(Message.kind != "alert").tuples():
        found[state] = found.get(state, 0) + 1
    return found
