"""A check-in: what it costs, that it is one durable commit, and how many fit into a second."""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from peewee import sqlite3 as driver

from benchmarks import turns
from benchmarks.phones import Phone
from benchmarks.processes import Wrong
from benchmarks.stand import Figure, Stand
from models import open_database

UNDO = re.compile(rb'"(/visits/\d+/undo)"')
FULL = 2  # what PRAGMA synchronous answers where every commit waits for the disk


@dataclass(frozen=True)
class Arrival:
    """One check-in: where it can be undone, and the seconds it took."""

    undo: str
    seconds: float


def arrive(phone: Phone, customer: int) -> Arrival:
    """Check somebody in as the button does. Raises Wrong when the row that comes back does not say that they are here."""
    answer = phone.post(f"/customers/{customer}/visits", {"from": "today"}, Accept_Encoding="identity")
    undo = UNDO.search(answer.body)
    if b'data-arrived="true"' not in answer.body or undo is None:
        raise Wrong("A check-in was not answered with the row of somebody who is here.")
    return Arrival(undo[1].decode(), answer.seconds)


def leave(phone: Phone, undo: str) -> None:
    phone.post(undo, {"from": "today"})


def cost(stand: Stand) -> Figure:
    """Return the CPU time of a check-in that returns its row, against hello; and whether it is one commit."""
    app, limit, phone, hello = stand.app("large"), stand.limit(), stand.phone("large"), stand.hello()
    pairs = []
    people = stand.shop("large").listed[: stand.times(60)]
    for _ in range(stand.pairs):
        ours, theirs = [], []
        for customer in people:
            kept: list[Arrival] = []
            ours.append(turns.cpu_of(app, partial(_keep, kept, phone, customer), 1))
            theirs.append(turns.cpu_of(limit, hello, 1))
            leave(phone, kept[0].undo)
        pairs.append((median(ours), median(theirs)))
    found = turns.compared(pairs)
    commits, level = commits_of_one(stand), synchronous(stand)
    fault = "" if (commits, level) == (1, FULL) else "A check-in has to be exactly one commit, with synchronous FULL."
    return Figure(found.ratio, f"{found.told()}; {commits} commit, synchronous {level}", fault)


def _keep(kept: list[Arrival], phone: Phone, customer: int) -> None:
    kept.append(arrive(phone, customer))


def commits_of_one(stand: Stand) -> int:
    """Return how many transactions one check-in commits, counted in SQLite's own log beside the file."""
    shop, phone = stand.shop("large"), stand.phone("large")
    log = shop.folder / "regulars.db-wal"
    for _ in range(5):
        leave(phone, arrive(phone, shop.listed[0]).undo)
        before = commits_in(log)
        undo = arrive(phone, shop.listed[0]).undo
        after = commits_in(log)
        leave(phone, undo)
        if len(after) > len(before) and after[: len(before)] == before:  # it did not begin anew in between
            return len(after) - len(before)
    raise Wrong("The log began anew at every check-in.")


def commits_in(log: Path) -> list[tuple[bytes, int]]:
    """Return the frames of a write-ahead log that end a transaction: their salt and place.

    The format is SQLite's (sqlite.org/fileformat2.html, "The Write-Ahead Log"): a header of 32 bytes, then frames of 24
    bytes and a page; the second number of a frame's head is the size of the database after a commit, else 0.
    """
    data = log.read_bytes()
    page, salt = struct.unpack(">I", data[8:12])[0], data[16:24]
    found = []
    for start in range(32, len(data) - 23, 24 + page):
        if data[start + 8 : start + 16] != salt:
            break
        if struct.unpack(">I", data[start + 4 : start + 8])[0]:
            found.append((salt, start))
    return found


def synchronous(stand: Stand) -> int:
    """Return how durable the connections are that the app opens, as SQLite numbers it."""
    database = open_database(f"sqlite:///{stand.shop('large').folder / 'regulars.db'}")
    database.connect()
    level = database.pragma("synchronous")
    database.close()
    return int(level)


def one_after_another(stand: Stand) -> Figure:
    """Return the rate of check-ins, one after another, in hundredths of the rate of bare durable inserts in the same file."""
    shop, phone = stand.shop("large"), stand.phone("large")
    pairs = []
    people = shop.listed[: stand.times(60)]
    raw = _raw_inserts(shop.folder / "regulars.db", stand.times(300))
    for _ in range(stand.pairs):
        seconds = []
        for customer in people:
            arrival = arrive(phone, customer)
            seconds.append(arrival.seconds)
            leave(phone, arrival.undo)
        pairs.append((next(raw), sum(seconds) / len(seconds)))
    found = turns.compared(pairs)
    note = f"{1 / found.limit:,.0f} a second against {1 / found.ours:,.0f}, {found.pairs} pairs"
    return Figure(100 * found.ratio, note)


def _raw_inserts(path: Path, count: int) -> Iterator[float]:
    """Yield again and again the seconds of one insert with its durable commit, by the bare driver; then take them back."""
    connection = driver.connect(str(path), isolation_level=None, timeout=5)
    connection.execute("PRAGMA synchronous=FULL")
    shop, customer = connection.execute("SELECT shop_id, customer_id FROM visit LIMIT 1").fetchone()
    insert = "INSERT INTO visit (customer_id, shop_id, day, at) VALUES (?, ?, ?, ?)"
    while True:
        started = time.perf_counter()
        for i in range(count):
            at = f"1999-12-31T{i // 60 % 24:02}:{i % 60:02}:00.{i // 1440:03}Z"
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(insert, (customer, shop, "1999-12-31", at))
            connection.execute("COMMIT")
        seconds = (time.perf_counter() - started) / count
        connection.execute("DELETE FROM visit WHERE shop_id = ? AND day = '1999-12-31'", (shop,))
        yield seconds
