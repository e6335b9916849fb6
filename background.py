"""What ticks while the server runs: tonight's lists are made before anybody asks for them, reports of delivery are read, and
somebody watches over the sender."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import clock
import pushing
import reading
import sending
from domain import (
    alarms,
    appointments,
    audit_check,
    calls,
    expected,
    lateness,
    notices,
    outbox,
    people_kept,
    retention,
)
from models import Business, DayList, Message, Shop
from outside import reports

AHEAD_STANDS = timedelta(hours=3)
TICK_S = 20.0
WATCH_S = 3.0
LISTS_KEPT = timedelta(days=7)  # of past days; what came of them is kept without names
RESTS = 20  # times as long as making a list took: so a large shop's is not made over and over while late visits come in
rests_until: dict[int, float] = {}  # by shop, on the monotonic clock
zones_told: dict[int, date] = {}  # by shop, on which day its appointments were last held against the zone's rules
log = logging.getLogger("regulars.background")


def tick() -> None:
    """Do what is due now: make each shop's lists of the day where they are missing or stale, forget those of past days and
    the keys of old actions, take in what came back by mail, and end what is over."""
    for shop in Shop.select():
        _make_lists(shop)
        _agree_ahead(shop)
        DayList.delete().where((DayList.shop == shop.id) & (DayList.day < shop.today() - LISTS_KEPT)).execute()
    audit_check.keep_whole(clock.now())
    retention.forget_keys(clock.now())
    calls.close_those_past(clock.now())
    outbox.forget_strays(clock.now())
    notices.forget(clock.now())
    read_reports()


def read_reports() -> None:
    """Take in the reports of delivery that have come into the mailbox `REGULARS_BOUNCES` names since it was last read."""
    named = os.environ.get("REGULARS_BOUNCES")
    business = Business.select().order_by(Business.id).first() if named else None
    if named is None or business is None:
        return
    kept = (business.settings or {}).get("bounces") or ["", 0]
    read_to = began = kept[1] if kept[0] == named else 0
    try:
        for raw, until in reports.unread(Path(named), began):
            take_in(raw)
            read_to = until
    except OSError as error:
        log.warning("The mailbox of delivery reports cannot be read now: %s", error.strerror)
    finally:
        if read_to != began:
            alarms.keep(business.id, bounces=[named, read_to])


def take_in(raw: bytes) -> list[Message | None]:
    """Take in one mail, whatever it tells; return the message that each report in it is about, None for a stray."""
    return [
        outbox.take_in("mail", one.message_id, one.recipient, one.state, one.code, one.detail)
        for one in reports.read(raw)
    ]


def _make_lists(shop: Shop) -> None:
    """Make the list of a shop's day, at once where there is none, and a stale one after a rest; then the owner's of people and,
    for phones to keep, the list of tomorrow: anew while it is still to come, but seldom, for each arrival changes it a little."""
    today = shop.today()
    stored = DayList.get_or_none((DayList.shop == shop.id) & (DayList.day == today))
    began = time.monotonic()
    stands = stored and (not stored.stale or began < rests_until.get(shop.id, 0))
    made = stored if stands else expected.day_list(shop, today, fresh=True)
    people_kept.keep_again(shop, today, made.id)
    if not stands:
        ended = time.monotonic()
        rests_until[shop.id] = ended + RESTS * (ended - began)
    tomorrow = today + timedelta(days=1)
    ahead = DayList.get_or_none((DayList.shop == shop.id) & (DayList.day == tomorrow))
    if ahead is None or (ahead.stale and ahead.made_at < clock.now() - AHEAD_STANDS):
        expected.day_list(shop, tomorrow, fresh=True)


def _agree_ahead(shop: Shop) -> None:
    """Make what is agreed again and again far enough ahead; once a day, put all where a zone's rules have changed, and take
    our part in what was missed, and forget what is not to be kept longer."""
    appointments.make_all_ahead(shop, clock.now())
    today = shop.today()
    if zones_told.get(shop.id) != today:
        appointments.zone_changed(shop)
        lateness.take_our_part(shop, clock.now())
        retention.forget(shop)
        zones_told[shop.id] = today


def start() -> tuple[threading.Event, list[threading.Thread]]:
    """Begin sending, watching over it, reading calendars, telling phones, and ticking, each in threads; return what ends them,
    and them."""
    ended = threading.Event()
    threads = sending.start(ended) + reading.start(ended)
    for name, every, task in (
        ("tick", TICK_S, tick),
        ("watch", WATCH_S, sending.watch),
        ("push", pushing.LOOKS_S, pushing.push_due),
    ):
        threads.append(
            threading.Thread(target=_run, args=(name, every, task, ended), name=f"regulars-{name}", daemon=True)
        )
        sending.feel(name)
        threads[-1].start()
    return ended, threads


def _run(name: str, every: float, task: Callable[[], None], ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            with sending.connected():
                task()
            sending.feel(name)
        except Exception as error:  # one bad tick must not be the last one
            log.error("The background's %s failed; the next one tries again. %s", name, outbox.place_of(error))
        ended.wait(every)
