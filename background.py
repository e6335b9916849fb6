"""What ticks while the server runs: tonight's list is made before anybody asks for it."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

import clock
from domain import expected
from models import Action, Shop, db

TICK_S = 20.0
KEPT = timedelta(days=90)  # action keys; a phone may lie in a drawer for long
ticked_at: datetime | None = None
log = logging.getLogger("regulars.background")


def tick() -> None:
    """Do what is due now: make each shop's list of the day where it is missing, forget action keys after 90 days."""
    global ticked_at
    for shop in Shop.select():
        expected.day_list(shop, shop.today(), fresh=True)
    Action.delete().where(Action.done_at < clock.now() - KEPT).execute()
    ticked_at = clock.now()


def start() -> threading.Event:
    """Begin ticking in a thread of its own and return the event that ends it."""
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            try:
                db.connect(reuse_if_open=True)
                tick()
            except Exception:  # one bad tick must not be the last one
                log.exception("A tick failed; the next one tries again.")
            finally:
                if not db.is_closed():
                    db.close()
            ended.wait(TICK_S)

    threading.Thread(target=run, name="regulars-background", daemon=True).start()
    return ended
