"""A busy shop: three hundred phones that poll while people are checked in, and everybody else meanwhile."""

from __future__ import annotations

import json
import sys
import threading
import time
from bisect import bisect_left
from dataclasses import dataclass
from itertools import cycle
from statistics import median
from typing import Any

from benchmarks.phones import Phone
from benchmarks.processes import ROOT, Wrong, run, start_app
from benchmarks.shops import opened
from benchmarks.stand import Figure, Stand
from domain import access
from models import Staff

EVERY_S = 4.0
WRITES_A_SECOND = 20
WRITERS = 4
PHONES, SLOW = 300, 200


@dataclass(frozen=True)
class Busy:
    """What a while with many phones came to."""

    asked_for: int  # changes times phones
    delivered: int
    delays: list[float]  # seconds from a change's answer to its being seen
    writes_a_second: float
    cpu: float  # of one core, while it lasted
    refused: list[str]
    alone: float  # the middle waiting time of other requests, in seconds: with nobody else,
    meanwhile: float  # beside the many phones,
    beside_slow: float  # and beside slow connections


def seen_on_the_others(stand: Stand) -> Figure:
    """Return how many hundredths of the changes arrived, the middle delay in seconds, and the hundredths of a core."""
    busy = stand.once("busy", lambda: _busy(stand))
    note = f"{busy.writes_a_second:.1f} changes a second, each looked for on {_phones(stand)} phones"
    fault = "" if busy.writes_a_second > 0.9 * WRITES_A_SECOND else "The changes did not come as fast as they should."
    late = median(busy.delays) if busy.delays else float("inf")
    return Figure([100 * busy.delivered / max(1, busy.asked_for), late, 100 * busy.cpu], note, fault)


def meanwhile(stand: Stand) -> Figure:
    """Return the middle waiting time of other requests beside many phones, or slow ones, against that alone."""
    busy = stand.once("busy", lambda: _busy(stand))
    ratios = busy.meanwhile / busy.alone, busy.beside_slow / busy.alone
    note = (
        f"{busy.alone * 1e3:.1f} ms alone, {busy.meanwhile * 1e3:.1f} beside {_phones(stand)} phones, "
        f"{busy.beside_slow * 1e3:.1f} beside {_slow(stand)} slow connections; {len(busy.refused)} refused"
    )
    fault = f"Refused: {', '.join(sorted(set(busy.refused)))}." if busy.refused else ""
    return Figure(max(ratios), note, fault)


def _phones(stand: Stand) -> int:
    return 10 if stand.quick else PHONES


def _slow(stand: Stand) -> int:
    return 5 if stand.quick else SLOW


def _busy(stand: Stand) -> Busy:
    shop = stand.fresh_shop("large", phones=_phones(stand) + 1)
    with opened(shop.folder) as place:
        token = access.start_session(Staff.get(Staff.role == "staff"), "token", shop=place)
    server = stand.kept_up(start_app(shop.folder))
    others = _Others(Phone(server.url, shop.cookies[-1]), shop.well_known)
    told = {
        "url": server.url, "token": token, "cookies": shop.cookies[:-1], "people": shop.listed,
        "every_s": 1.0 if stand.quick else EVERY_S,
        "writes_a_second": WRITES_A_SECOND, "writers": WRITERS, "seconds": 4.0 if stand.quick else 32.0, "slow": 0,
    }  # fmt: skip
    alone = others.wait(0.5 if stand.quick else 3)
    before = server.cpu()
    spent, beside = _while(told, others)
    cpu = (server.cpu() - before) / spent.seconds
    slow = {**told, "cookies": [], "people": [], "slow": _slow(stand), "seconds": 2.0 if stand.quick else 10.0}
    more, beside_slow = _while(slow, others)
    answer = json.loads(spent.out)
    refused = answer["refused"] + json.loads(more.out)["refused"] + others.refused
    asked_for, delays = delivered(answer)
    lasted = answer["done"][-1][3] - answer["done"][0][2] if len(answer["done"]) > 1 else 1.0
    server.stop()
    return Busy(asked_for, len(delays), delays, len(answer["done"]) / lasted, cpu, refused, alone, beside, beside_slow)


def _while(told: dict[str, Any], others: _Others) -> tuple[Any, float]:
    """Return what the crowd took, and how long others waited in the middle of it."""
    found: list[float] = []
    beside = threading.Thread(target=lambda: found.append(others.wait(told["seconds"] / 2, after=told["seconds"] / 4)))
    beside.start()
    spent = run([sys.executable, str(ROOT / "benchmarks" / "crowd.py")], json.dumps(told))
    beside.join()
    return spent, found[0]


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
            time.sleep(0.02)
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
        for asked, answered, here in looks:
            shown.append((asked, answered, shown[-1][2] if here is None and shown else set(here or ())))
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
