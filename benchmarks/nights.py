"""What learning costs: one more night, everything anew, and one late visit, for ten thousand to ten million visits.

Each is measured in a process of its own (this file, run with a folder and the name of a work), for memory is told of a
process as a whole. A shop made here has a present of its own, so that it can be used again on another day.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from peewee import sqlite3 as driver

import clock
from benchmarks.processes import Spent, run
from benchmarks.shops import SEED, Size, named, of_others, opened
from benchmarks.stand import Figure, Stand
from demo.seed import VISIT, grow
from domain import access, expected, nights
from models import RhythmKept, Shop, Visit, db, insert_many

TODAY = date(2026, 11, 24)
NIGHTS = 7
LATE = 21
VISITS_EACH = 100
SIZES = (10**4, 10**5, 10**6, 10**7)
QUICK = 500  # times smaller


# -- the measures


def one_more_night(stand: Stand) -> Figure:
    """Return the CPU time of a night with a million visits, against reading these once with the bare driver."""
    told = _told(stand, SIZES[2], "nights")[0]
    pairs = list(zip(told["nights"], told["reads"], strict=True))
    ratio = median(night / read for night, read in pairs)
    note = f"{median(told['nights']):.2f} s against {median(told['reads']):.2f} s, the median of {len(pairs)} nights"
    return Figure(ratio, note)


def night_of_many(stand: Stand) -> Figure:
    """Return the CPU time of a night with ten million visits by a hundred thousand, in seconds, and its memory in MB."""
    told, spent = _told(stand, SIZES[3], "nights")
    read = median(told["reads"])
    note = f"{median(told['nights']) / read:.2g} x a bare read ({read:.2g} s)"
    return Figure([median(told["nights"]), spent.memory / 1e6], note)


def anew(stand: Stand) -> Figure:
    """Return the CPU time of learning everything from ten million visits, in seconds, and its memory in MB."""
    told, spent = _told(stand, SIZES[3], "anew")
    note = f"{told['anew'] / told['read']:.2g} x a bare read ({told['read']:.2g} s)"
    return Figure([told["anew"], spent.memory / 1e6], note)


def late_visit(stand: Stand) -> Figure:
    """Return how long it takes until the list is right after one more visit of an earlier day, in milliseconds, with ten
    million visits, and how many times as long that is as with a hundred thousand."""
    many, few = (_told(stand, size, "late")[0]["late"] for size in (SIZES[3], SIZES[1]))
    return Figure([median(many) * 1000, median(many) / median(few)], f"{median(few) * 1000:.2g} ms with {SIZES[1]:,}")


def growth(stand: Stand) -> Figure:
    """Return how much more ten times as many people and visits cost at most, in one night, from 10^4 to 10^7 visits."""
    taken = [median(_told(stand, size, "nights")[0]["nights"]) for size in SIZES]
    steps = [more / less for less, more in pairwise(taken)]
    return Figure(max(steps), " / ".join(f"{seconds:.3g}" for seconds in taken) + " s")


def _told(stand: Stand, visits: int, work: str) -> tuple[dict[str, Any], Spent]:
    """Return what a work told of itself, and what its process took; asked twice it is done once."""
    size = visits // QUICK if stand.quick else visits

    def done() -> tuple[dict[str, Any], Spent]:
        folder = stand.once(f"learned from {size}", lambda: _copy(stand, size))
        spent = run([sys.executable, __file__, str(folder), work])
        return json.loads(spent.out), spent

    return stand.once(f"{work} of {size}", done)


def _copy(stand: Stand, visits: int) -> Path:
    """Return a shop with so many visits, learned from until a week before its today: a copy of one that is kept."""
    kept = stand.kept / named(Size("nights", visits // VISITS_EACH, visits))
    if not (kept / "made").exists():
        shutil.rmtree(kept, ignore_errors=True)
        run([sys.executable, __file__, str(kept), "make", str(visits)])
        (kept / "made").touch()
    return Path(shutil.copytree(kept, stand.scratch / kept.name))


# -- the works, each in a process of its own


def _make(folder: Path, shop: Shop, visits: str) -> None:
    chance = random.Random(SEED)
    people = [int(one) for one in grow(shop, max(2, int(visits) // VISITS_EACH), 0, SEED, clock.now())["customers"]]
    with db.atomic():
        for rows in of_others(shop, TODAY, people, int(visits), chance):
            insert_many(Visit, VISIT, rows)
    RhythmKept.delete().execute()  # of a later day, without the visits
    at(folder, TODAY - timedelta(days=NIGHTS))
    nights.rhythm_before(shop, shop.today())
    db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _nights(folder: Path, shop: Shop) -> dict[str, Any]:
    """Let a week of nights pass, each followed by a bare read of all visits."""
    slept, read = [], []
    for ago in range(NIGHTS - 1, -1, -1):
        at(folder, TODAY - timedelta(days=ago))
        slept.append(_cpu(lambda: expected.make_list(shop, shop.today())))
        read.append(_cpu(lambda: _read(folder)))
    assert RhythmKept.get().through == TODAY - timedelta(days=1)
    return {"nights": slept, "reads": read}


def _anew(folder: Path, shop: Shop) -> dict[str, Any]:
    RhythmKept.update(stale=True).execute()
    return {"anew": _cpu(lambda: nights.rhythm_before(shop, shop.today())), "read": _cpu(lambda: _read(folder))}


def _late(folder: Path, shop: Shop) -> dict[str, Any]:
    """Tell of visits of the day before, of one customer after the other, and look how long it takes each."""
    expected.make_list(shop, shop.today())
    yesterday = shop.today() - timedelta(days=1)
    came = {one for (one,) in Visit.select(Visit.customer).where(Visit.day == yesterday).tuples()}
    known = {one for (one,) in Visit.select(Visit.customer).where(Visit.day < yesterday).limit(5000).tuples()}
    waited = []
    for customer in sorted(known - came)[:LATE]:
        Visit.create(customer=customer, shop=shop, day=yesterday, at=shop.at(yesterday, 600))
        began = time.perf_counter()
        with db.atomic():
            expected.history_changed(shop, yesterday, customer)
        waited.append(time.perf_counter() - began)
    return {"late": waited}


WORKS: dict[str, Callable[..., Any]] = {"make": _make, "nights": _nights, "anew": _anew, "late": _late}


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _read(folder: Path) -> None:
    bare = driver.connect(str(folder / "regulars.db"))
    for _row in bare.execute("SELECT day, customer_id, at FROM visit"):
        pass
    bare.close()


def at(folder: Path, day: date) -> None:
    """Let it be five past midnight, the beginning of a day, in the shop."""
    hands = folder / "clock"
    hands.write_text(datetime(day.year, day.month, day.day, 0, 5, tzinfo=UTC).isoformat(), encoding="utf-8")
    clock.follow(hands)


def main() -> None:
    folder, work, *rest = Path(sys.argv[1]), *sys.argv[2:]
    folder.mkdir(parents=True, exist_ok=True)
    if work == "make" or not (folder / "clock").exists():
        at(folder, TODAY)
    clock.follow(folder / "clock")
    with opened(folder) as shop:
        if shop is None:
            shop, _owner = access.open_shop("Fenwick Road Coffee", "Etc/UTC", "Ruth")
        print(json.dumps(WORKS[work](folder, shop, *rest)))


if __name__ == "__main__":
    main()
