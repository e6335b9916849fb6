"""Senders to be killed: `python outbox_sender.py DATABASE INSTANT VARIANT`.

Reads commands: `go` begins a sender in a process of its own and answers with its number, `bury PID` waits for the end of one
that was killed. The variants show what the tests can see: `marks-first` marks a message before it is sent, `claims-late`
claims it only afterwards.
"""

from __future__ import annotations

import os
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import clock  # noqa: E402
import models  # noqa: E402
import sending  # noqa: E402
from domain import outbox  # noqa: E402
from models import Message  # noqa: E402
from outside import mail  # noqa: E402, F401 — read once, before anybody is born


def mark_first() -> None:
    claim = outbox.claim

    def claimed(*given: Any) -> Any:
        found = claim(*given)
        if found is not None:
            Message.update(state="handed_over", claimed_by="").where(Message.id == found.message.id).execute()
        return found

    outbox.claim, outbox.may_go = claimed, lambda _: True  # type: ignore[assignment]


def claim_late() -> None:
    def unclaimed(_who: str, now: datetime, _only: Any = None) -> Any:
        due = (Message.state == "due") & (Message.next_at <= now)
        message = Message.select().where(due).order_by(Message.next_at, Message.id).first()
        if message is None:
            return None
        where, _end, _code = outbox._fate(message, now)
        assert where is not None
        return outbox.Claimed(
            message, message.shop, message.customer, message.appointment, message.rule, where.customer, where.address
        )

    def settle(claimed: Any, *_rest: Any) -> None:
        Message.update(state="handed_over").where(Message.id == claimed.message.id).execute()

    outbox.claim, outbox.settle, outbox.may_go = unclaimed, settle, lambda _: True  # type: ignore[assignment]


def send(url: str) -> None:
    models.db.initialize(models.open_database(url))
    sending.TURN_S = 0.05
    for thread in sending.start(threading.Event(), sending.Ways("")):
        thread.join()


if __name__ == "__main__":
    database, instant, variant = sys.argv[1:]
    now = datetime.fromisoformat(instant)
    clock.now = lambda: now
    {"ours": lambda: None, "marks-first": mark_first, "claims-late": claim_late}[variant]()
    for line in sys.stdin:
        command, _, number = line.strip().partition(" ")
        if command == "go":
            born = os.fork()
            if not born:
                send(database)
                os._exit(0)
            print(born, flush=True)
        else:
            os.waitpid(int(number), 0)
            print("buried", flush=True)
