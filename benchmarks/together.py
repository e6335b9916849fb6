"""A busy shop: three hundred phones that poll while people are checked in, and everybody else meanwhile."""

from __future__ import annotations

import json
import sys
import time
from bisect import bisect_left
from dataclasses import dataclass
from itertools import cycle
from statistics import median
from threading import Thread
from typing import Any

from benchmarks.phones import Phone
from benchmarks.processes import ROOT, Server, Spent, Wrong, run, start_app
from benchmarks.shops import Stocked, opened
from benchmarks.stand import Figure, Stand
from domain import access
from models import Staff

EVERY_S = 4.0
WRITES_A_SECOND = 20
WRITERS = 4
PHONES, SLOW = 300, 200


@dataclass(frozen=True)
class Crowded:
    """A shop with many phones signed in, being served, and what `crowd.py` is told of it."""

    server: Server
    shop: Stocked
    told: dict[str, Any]


def seen_on_the_others(stand: Stand) -> Figure:
    """Return how many hundredths of the changes arrived, the middle delay in seconds, and the hundredths of a core."""
    crowded = _crowded(stand)
    before = crowded.server.cpu()
    spent = _crowd(crowded.told)
    cpu = (crowded.server.cpu() - before) / spent.seconds
    answer = json.loads(spent.out)
    asked_for, delays = delivered(answer)
    done = answer["done"]
    rate = len(done) / (done[-1][3] - done[0][2]) if len(done) > 1 else 0.0
    note = f"{rate:.1f} changes a second, each looked for on {len(answer['seen'])} phones"
    slow = "The changes did not come as fast as they should. " if rate < 0.9 * WRITES_A_SECOND else ""
    late = median(delays) if delays else float("inf")
    return Figure([100 * len(delays) / max(1, asked_for), late, 100 * cpu], note, slow + _told(answer["refused"]))


def meanwhile(stand: Stand) -> Figure:
    """Return the middle waiting time of other requests beside many phones, or slow ones, against that alone."""
    crowded = _crowded(stand)
    others = _Others(Phone(crowded.server.url, crowded.shop.cookies[-1]), crowded.shop.well_known)
    slow = {**crowded.told, "cookies": [], "people": [], "slow": 5 if stand.quick else SLOW}
    alone = others.wait(crowded.told["seconds"] / 4)
    beside_phones, first = _beside(crowded.told, others)
    beside_slow, second = _beside(slow, others)
    refused = [*first, *second, *others.refused]
    note = (
        f"{alone * 1e3:.1f} ms alone, {beside_phones * 1e3:.1f} beside {len(crowded.told['cookies'])} phones, "
        f"{beside_slow * 1e3:.1f} beside {slow['slow']} slow connections; {len(refused)} refused"
    )
    return Figure(max(beside_phones, beside_slow) / alone, note, _told(refused))


def _told(refused: list[str]) -> str:
    return f"Refused: {', '.join(sorted(set(refused)))}." if refused else ""


def _crowded(stand: Stand) -> Crowded:
    """Return a shop of its own: what the crowd does to it is in nobody's way."""
    shop = stand.fresh_shop("large", phones=11 if stand.quick else PHONES + 1)
    with opened(shop.folder) as place:
        token = access.start_session(Staff.get(Staff.role == "staff"), "token", shop=place)
    server = stand.kept_up(start_app(shop.folder))
    told = {
        "url": server.url, "token": token, "cookies": shop.cookies[:-1], "people": shop.listed, "slow": 0,
        "every_s": 1.0 if stand.quick else EVERY_S, "seconds": 4.0 if stand.quick else 30.0,
        "writes_a_second": WRITES_A_SECOND, "writers": WRITERS,
    }  # fmt: skip
    return Crowded(server, shop, told)


def _crowd(told: dict[str, Any]) -> Spent:
    return run([sys.executable, str(ROOT / "benchmarks" / "crowd.py")], json.dumps(told))


def _beside(told: dict[str, Any], others: _Others) -> tuple[float, list[str]]:
    """Return how long others waited in the middle of a crowd's time, and what the crowd was refused."""
    found: list[float] = []
    beside = Thread(target=lambda: found.append(others.wait(told["seconds"] / 2, after=told["seconds"] / 4)))
    beside.start()
    spent = _crowd(told)
    beside.join()
    return found[0], json.loads(spent.out)["refused"]


class _Others:
    """Somebody at the counter who looks at a card, searches, and looks at today, in turn and without haste."""

    def __init__(self, phone: Phone, customer: int):
        self.phone, self.refused = phone, list[str]()
        self.asks = (
            lambda: phone.get(f"/customers/{customer}"),
            lambda: phone.post("/find", {"q": "ad"}),
            lambda: phone.get("/today"),
        )
        for ask in self.asks * 40:
            ask()

    def wait(self, seconds: float, after: float = 0) -> float:
        """Return the middle waiting time over some seconds: the mean of the medians of the three."""
        time.sleep(after)
        waited: list[list[float]] = [[], [], []]
        ends = time.perf_counter() + seconds
        for i in cycle(range(3)):
            if time.perf_counter() > ends:
                break
            try:
                waited[i].append(self.asks[i]().seconds)
            except (OSError, Wrong) as error:
                self.refused.append(f"other {error}")
                self.phone.close()
            time.sleep(0.05)
        return sum(median(times) for times in waited) / 3


def delivered(answer: dict[str, Any]) -> tuple[int, list[float]]:
    """Return how many times a change should have been seen, and for each time it was, after how many seconds.

    A phone has seen a change when an answer asked for after it shows its state, or that of a later change of the same
    person: two quick taps may both lie between two looks.
    """
    changes: dict[int, list[tuple[bool, float, float]]] = {}
    for customer, here, sent, acknowledged in answer["done"]:
        changes.setdefault(customer, []).append((here, sent, acknowledged))
    asked_for, delays = 0, []
    for looks in answer["seen"]:
        shown: list[tuple[float, float, set[int]]] = []
        present: set[int] = set()
        for asked, answered, here, gone in looks:
            present = (present | set(here)) - set(gone)  # an answer may hold all rows, or only those that changed
            shown.append((asked, answered, present))
        starts = [asked for asked, _, _ in shown]
        for customer, states in changes.items():
            for i, (_here, _sent, acknowledged) in enumerate(states):
                asked_for += 1
                look = bisect_left(starts, acknowledged)
                if look == len(shown):
                    continue
                _asked, answered, present = shown[look]
                known = {here for here, sent, _ in states[i:] if sent <= answered}
                if (customer in present) in known:
                    delays.append(answered - acknowledged)
    return asked_for, delays
