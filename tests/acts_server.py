"""Servers to be killed in the middle of an act: `python acts_server.py INSTANT`.

It prints its port, then reads commands as JSON, one a line: `{"go": ...}` begins a server in a process of its own and answers
with its number, `{"bury": PID}` waits for the end of one that was killed. All share the socket they listen on, so a phone that
connects while none runs waits for the next. A server kills itself at the `stage` of an act that it was told, once it has
begun so many; "" is never.

The variants show what the test can see: `no-key` does an act again whenever it comes again, `key-apart` commits the effect
before the key, `purged-early` forgets all keys but the last few.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import socket
import sys
import tempfile
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import waitress

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import app as wiring  # noqa: E402
import clock  # noqa: E402
import models  # noqa: E402
import serving  # noqa: E402, F401 — waitress as it really serves
from domain import actions  # noqa: E402
from domain.actions import Act, Answer, Asked  # noqa: E402
from models import Action, Shop, Staff  # noqa: E402
from views import api, asking  # noqa: E402

KEYS_LEFT = 20


class Death:
    """What waits for a server: at which stage of which act it kills itself."""

    def __init__(self, acts: int, stage: str):
        self.left, self.stage, self.lock = acts, stage, threading.Lock()

    def begin(self) -> None:
        with self.lock:
            self.left -= 1

    def meet(self, stage: str) -> None:
        if stage == self.stage and self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def no_key(act: Act, staff: Staff, shop: Shop, final: bool = False) -> Answer:
    Action.delete().where(Action.key == act.id).execute()
    return actions.perform(act, staff, shop, final)


def key_apart(act: Act, staff: Staff, shop: Shop, final: bool = False) -> Answer:
    earlier = Action.get_or_none(Action.key == act.id)
    if earlier is not None:
        return Answer(act.id, "duplicate", earlier.result)
    asked = Asked(act, staff, shop)
    try:
        with models.db.atomic():
            result = actions.DOERS[act.type](asked)
    except actions.Refused as told:
        return actions._refused(act, told)
    done_at = models.instant_text(clock.now())
    actions.insert(Action, key=act.id, digest="", result=json.dumps(result), done_at=done_at, revision=0, step=0)
    return Answer(act.id, "applied", result)


def purged_early(act: Act, staff: Staff, shop: Shop, final: bool = False) -> Answer:
    answer = actions.perform(act, staff, shop, final)
    last = Action.select(Action.id).order_by(Action.id.desc()).limit(1).scalar() or 0
    Action.delete().where(Action.id <= last - KEYS_LEFT).execute()
    return answer


VARIANTS = {"ours": actions.perform, "no-key": no_key, "key-apart": key_apart, "purged-early": purged_early}


def watch(death: Death, variant: str) -> None:
    """Have every act pass the stages of a death, in one of the variants."""
    insert, perform = actions.insert, VARIANTS[variant]

    def inserted(table: Any, **stored: Any) -> int:
        death.meet("effect")
        number = insert(table, **stored)
        death.meet("key")
        return number

    def performed(*given: Any, **how: Any) -> Answer:
        death.begin()
        death.meet("begun")
        answer = perform(*given, **how)
        death.meet("committed")
        return answer

    actions.insert = inserted
    api.perform = asking.perform = performed


def end_with_the_test() -> None:
    """Wait for the end of whoever gives the commands, and go with them."""
    theirs = select.poll()
    theirs.register(sys.stdin, 0)  # a hang-up is told without being asked for
    theirs.poll()
    os._exit(0)


def serve(app: Any, listening: socket.socket, told: dict[str, Any]) -> None:
    threading.Thread(target=end_with_the_test, daemon=True).start()
    config = wiring.Config(data=Path(told["data"]), database_url=told["database"])
    app.config["REGULARS"] = app.jinja_env.globals["config"] = config
    wiring.open_storage(config, migrate=False)
    watch(Death(told["acts"], told["stage"]), told["variant"])
    waitress.create_server(app, sockets=[listening], threads=8).run()


def main() -> None:
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    now = datetime.fromisoformat(sys.argv[1])
    clock.now = lambda: now
    with tempfile.TemporaryDirectory() as folder:
        app = wiring.create_app(wiring.Config(data=Path(folder), database_url=""))
        models.db.obj.close_all()
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listening.getsockname()[1], flush=True)
    for line in sys.stdin:
        told = json.loads(line)
        if "go" in told:
            born = os.fork()
            if not born:
                serve(app, listening, told["go"])
                os._exit(0)
            print(born, flush=True)
        else:
            os.waitpid(told["bury"], 0)
            print("buried", flush=True)


if __name__ == "__main__":
    main()
