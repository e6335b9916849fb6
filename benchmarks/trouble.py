"""Pages while the mail server hangs: reminders wait for it, and nobody at the counter does."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Thread

import clock
from benchmarks import turns
from benchmarks.phones import Phone
from benchmarks.processes import start_app
from benchmarks.shops import opened
from benchmarks.stand import Figure, Stand
from models import Channel, Message, Shop

WAITING = 500  # messages


def beside_a_silent_server(stand: Stand) -> Figure:
    """Return how long a card takes while all that is sent hangs, against the same in a shop where nothing is sent."""
    calm, troubled = stand.fresh_shop("small"), stand.fresh_shop("small")
    with _hanging() as (port, met):
        with opened(troubled.folder):
            _due(port)
        here, there = (stand.kept_up(start_app(one.folder)) for one in (troubled, calm))
        path = f"/customers/{troubled.well_known}"
        asked, other = Phone(here.url, troubled.cookies[0]), Phone(there.url, calm.cookies[0])
        found = turns.by_p50(
            lambda: asked.get(path).seconds, lambda: other.get(path).seconds, stand.pairs, stand.times(100)
        )
    fault = "" if met else "Nobody spoke to the mail server."
    return Figure(found.ratio, f"{found.told()}; {len(met)} connections hung meanwhile", fault)


def _due(port: int) -> None:
    """Have some hundred messages due, to go through a mail server at a port."""
    shop, now = Shop.select().order_by(Shop.id).get(), clock.now()
    settings = {"host": "127.0.0.1", "port": port, "tls": "none", "sender": "desk@example.org"}
    Channel.create(shop=shop, way="email", settings=settings)
    for n in range(WAITING):
        Message.create(
            shop=shop, kind="test", way="email", address="somebody@example.org", subject="Test", text="Test", at=now,
            message_id=f"{n}@example.org", due_at=now, next_at=now, deadline=now + timedelta(hours=4),
        )  # fmt: skip


@contextmanager
def _hanging() -> Iterator[tuple[int, list[socket.socket]]]:
    """Give the port of a server that takes every connection and says nothing, and the connections it has met."""
    door, met = socket.create_server(("127.0.0.1", 0)), list[socket.socket]()

    def accept() -> None:
        with suppress(OSError):
            while True:
                met.append(door.accept()[0])

    Thread(target=accept, daemon=True).start()
    try:
        yield door.getsockname()[1], met
    finally:
        door.close()
        for one in met:
            one.close()
