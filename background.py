"""What ticks while the server runs: tonight's lists are made before anybody asks for them."""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timedelta

import clock
from domain import expected, people_kept
from models import Action, DayList, Shop, db

TICK_S = 20.0
KEPT = timedelta(days=90)  # action keys; a phone may lie in a drawer for long
LISTS_KEPT = timedelta(days=7)  # of past days; what came of them is kept without names
RESTS = 20  # times as long as making a list took: so a large shop's is not made over and over while late visits come in
ticked_at: datetime | None = None
rests_until: dict[int, float] = {}  # by shop, on the monotonic clock
log = logging.getLogger("regulars.background")


def tick() -> None:
    """Do what is due now: make each shop's lists of the day where they are missing or stale, forget those of past days and
    the keys of old actions."""
    global ticked_at
    for shop in Shop.select():
        _make_lists(shop)
        DayList.delete().where((DayList.shop == shop.id) & (DayList.day < shop.today() - LISTS_KEPT)).execute()
    Action.delete().where(Action.done_at < clock.now() - KEPT).execute()
    ticked_at = clock.now()


def _make_lists(shop: Shop) -> None:
    """Make the list of a shop's day, at once where there is none, and a stale one after a rest; then the owner's of people."""
    today = shop.today()
    stored = DayList.get_or_none((DayList.shop == shop.id) & (DayList.day == today))
    began = time.monotonic()
    stands = stored and (not stored.stale or began < rests_until.get(shop.id, 0))
    made = stored if stands else expected.day_list(shop, today, fresh=True)
    people_kept.keep_again(shop, today, made.id)
    if not stands:
        ended = time.monotonic()
        rests_until[shop.id] = ended + RESTS * (ended - began)


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
