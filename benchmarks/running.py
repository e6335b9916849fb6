"""The installation: how soon it stands, what it keeps in memory, how fast it takes in a file, and how fast it learns."""

from __future__ import annotations

import csv
import random
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from peewee import sqlite3 as driver

from benchmarks import turns
from benchmarks.arrivals import arrive, leave
from benchmarks.phones import HTMX, Phone
from benchmarks.processes import NotHere, Spent, Wrong, regulars, run, start_app, start_limit
from benchmarks.shops import SEED, opened
from benchmarks.stand import Figure, Stand
from domain import access
from models import Staff

LONG_S = 150.0  # a measure whose pairs have taken this long makes no more of them
FLAT = 1.25  # how much more memory five times the lines may take


def first_page(stand: Stand) -> Figure:
    """Return how long it takes from the start of the process to the first page, against hello's."""
    shop = stand.fresh_shop("large")

    def ours() -> float:
        started = time.perf_counter()
        server = start_app(shop.folder)
        Phone(server.url, shop.cookies[0]).get("/today")
        took = time.perf_counter() - started
        server.stop()
        return took

    def limit() -> float:
        started = time.perf_counter()
        server = start_limit()
        Phone(server.url).get("/")
        took = time.perf_counter() - started
        server.stop()
        return took

    found = turns.compared([(ours(), limit()) for _ in range(stand.pairs)])
    return Figure(found.ratio, found.told())


def memory(stand: Stand) -> Figure:
    """Return the memory after a thousand mixed requests, against hello's after as many."""
    shop = stand.fresh_shop("large")
    app, limit = start_app(shop.folder), start_limit()
    try:
        phone, hello = Phone(app.url, shop.cookies[0]), Phone(limit.url)
        tag = phone.get("/today").headers.get("HX-PTag", "")
        mixed = (
            lambda i: phone.get("/today"),
            lambda i: phone.get("/today", expect=0, **{**HTMX, "HX-PTag": tag}),
            lambda i: phone.get(f"/customers/{shop.listed[i % len(shop.listed)]}"),
            lambda i: phone.post("/find", {"q": ("ad", "ba", "chi", "da")[i % 4]}),
            lambda i: leave(phone, arrive(phone, shop.listed[i % len(shop.listed)]).undo),
        )
        for i in range(stand.times(1000)):
            mixed[i % len(mixed)](i)
            hello.get("/")
        ours, theirs = app.memory(), limit.memory()
    finally:
        app.stop()
        limit.stop()
    driver_too = "; PostgreSQL's driver is installed here and loaded with it" if find_spec("psycopg") else ""
    return Figure(ours / theirs, f"{ours / 1e6:.0f} MB against {theirs / 1e6:.0f} MB{driver_too}")


# -- taking in a file


def taking_in(stand: Stand) -> Figure:
    """Return the speed of an import in hundredths of that of SQLite's shell, which checks nothing.

    Beside it: the most memory for the whole file and for a fifth of it, and whether a server on the same data goes on
    answering meanwhile.
    """
    shell = shutil.which("sqlite3")
    if shell is None:
        raise NotHere("SQLite's shell is not installed, so there is nothing to compare an import with.")
    people, lines = (300, 5_000) if stand.quick else (10_000, 1_000_000)
    whole = _file(stand.scratch / "visits.csv", people, lines)
    fifth = _file(stand.scratch / "fifth.csv", people, lines // 5)
    some, waited = _while_serving(stand, fifth)
    found: list[tuple[float, float]] = []
    most = 0
    began = time.perf_counter()
    while len(found) < min(stand.pairs, 5) and (not found or time.perf_counter() - began < LONG_S):
        data = _opened_shop(stand, f"import-{len(found)}")
        spent = _import(data, whole, lines)
        most = max(most, spent.memory)
        shutil.rmtree(data)
        found.append((_by_shell(shell, stand.scratch / "shell.db", whole), spent.seconds))
    result = turns.compared(found)
    note = (
        f"{lines / result.limit:,.0f} lines a second against {lines / result.ours:,.0f}, {result.pairs} pairs, the day's "
        f"list included; {most / 1e6:.0f} MB at most, {some.memory / 1e6:.0f} MB for a fifth; meanwhile the slowest of "
        f"{len(waited)} requests took {max(waited):.2f} s"
    )
    fault = "" if most <= FLAT * some.memory else "The memory grew with the file."
    return Figure(100 * result.ratio, note, fault)


def _file(path: Path, people: int, lines: int) -> Path:
    """Return a CSV as a till might write it: codes, names and local times over two years, in order of time."""
    chance = random.Random(SEED)
    start = date(2024, 1, 1)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["customer", "name", "at"])
        a_day = -(-lines // 720)
        for day in range(720):
            came = chance.sample(range(people), max(0, min(a_day, people, lines - day * a_day)))
            for minute, one in zip(sorted(chance.randrange(480, 1080) for _ in came), came, strict=True):
                out.writerow(
                    [f"c{one}", f"Guest {one}", f"{start + timedelta(days=day)}T{minute // 60:02}:{minute % 60:02}"]
                )
    return path


def _opened_shop(stand: Stand, name: str) -> Path:
    data = stand.scratch / name
    run(regulars("init", "--shop", "Fenwick Road Coffee", "--timezone", "Europe/London", "--data", str(data)))
    return data


def _import(data: Path, file: Path, lines: int) -> Spent:
    spent = run(regulars("import", "visits", str(file), "--data", str(data), "--json"))
    bare = driver.connect(str(data / "regulars.db"))
    stored = bare.execute("SELECT COUNT(*) FROM visit WHERE imported_id IS NOT NULL").fetchone()[0]
    bare.close()
    if not 0.99 * lines <= stored <= lines:
        raise Wrong(f"Of {lines} lines {stored} became visits.")
    return spent


def _while_serving(stand: Stand, file: Path) -> tuple[Spent, list[float]]:
    """Return what an import took beside a server on the same data, and how long each page, and each newcomer added, waited."""
    data = _opened_shop(stand, "import-served")
    with opened(data) as shop:
        cookie = access.start_session(Staff.get(), "owner", shop=shop)
    server = start_app(data)
    phone, waited, over = Phone(server.url, cookie), list[float](), threading.Event()

    def look() -> None:
        while not over.is_set():
            waited.append(phone.get("/today").seconds)
            waited.append(phone.post("/customers", {"name": uuid4().hex}, expect=303).seconds)  # like nobody else's
            time.sleep(0.02)

    with ThreadPoolExecutor(1) as beside:
        looking = beside.submit(look)
        try:
            with file.open(encoding="utf-8") as told:
                lines = sum(1 for _ in told) - 1
            spent = _import(data, file, lines)
        finally:
            over.set()
            wait([looking])
            server.stop()
            shutil.rmtree(data)
    looking.result()  # what went wrong beside the import is told
    return spent, waited


def _by_shell(shell: str, path: Path, file: Path) -> float:
    """Return the seconds that SQLite's shell takes for the same file and the indexes that our visits have."""
    path.unlink(missing_ok=True)
    script = f"""
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
CREATE TABLE visit (customer TEXT, name TEXT, at TEXT);
.mode csv
.import --skip 1 "{file}" visit
CREATE INDEX by_customer ON visit (customer, at);
CREATE INDEX by_day ON visit (at);
"""
    spent = run([shell, "-batch", str(path)], script)
    path.unlink()
    return spent.seconds
