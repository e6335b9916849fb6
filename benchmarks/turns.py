"""Taking turns: the app and the limit do the same number of things one after the other, and the ratios are compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.processes import Server

SETTLE_S = 0.001  # after an answer a server still closes the request; that belongs to the one before
Ask = Callable[[], object]
Timed = Callable[[], float]


@dataclass(frozen=True)
class Compared:
    """The median of the ratios of all pairs, with the medians on both sides, in seconds."""

    ratio: float
    ours: float
    limit: float
    pairs: int

    def told(self, what: str = "") -> str:
        """Return the two figures behind the ratio, for the note."""
        return f"{_time(self.ours)} against {_time(self.limit)}{what}, {self.pairs} pairs"


def _time(seconds: float) -> str:
    return (
        f"{seconds * 1e6:,.0f} us"
        if seconds < 0.01
        else f"{seconds:,.2f} s"
        if seconds > 1
        else f"{seconds * 1e3:,.0f} ms"
    )


def compared(pairs: Sequence[tuple[float, float]]) -> Compared:
    """Return what the pairs (ours, the limit's) come to."""
    return Compared(
        ratio=median(ours / limit for ours, limit in pairs),
        ours=median(ours for ours, _ in pairs),
        limit=median(limit for _, limit in pairs),
        pairs=len(pairs),
    )


def by_cpu(server: Server, ask: Ask, limit: Server, ask_limit: Ask, pairs: int, times: int) -> Compared:
    """Return how the CPU time per request compares: some requests to one, then to the other, and so on.

    The turns are short, for a machine is faster in one second than in the next: five times the pairs, a fifth of `times`.
    """
    _warm(ask, ask_limit, times)
    each = max(2, times // 5)
    return compared([(cpu_of(server, ask, each), cpu_of(limit, ask_limit, each)) for _ in range(5 * pairs)])


def cpu_of(server: Server, ask: Ask, times: int) -> float:
    """Return the CPU time per request of a server over `times` requests, in seconds."""
    time.sleep(SETTLE_S)
    before = server.cpu()
    for _ in range(times):
        ask()
    time.sleep(SETTLE_S)
    return (server.cpu() - before) / times


def by_p50(ask: Timed, ask_limit: Timed, pairs: int, times: int) -> Compared:
    """Return how the middle waiting time compares: one request here, one there, `times` of each for a pair.

    Both functions return the seconds that count, so that one of them may do more than it is timed for.
    """
    _warm(ask, ask_limit, times)
    found = []
    for _ in range(pairs):
        turns = [(ask(), ask_limit()) for _ in range(times)]
        found.append((median(ours for ours, _ in turns), median(limit for _, limit in turns)))
    return compared(found)


def _warm(ask: Ask, ask_limit: Ask, times: int) -> None:
    for _ in range(min(times, 80)):  # more than the servers have threads: each opens the database once
        ask()
        ask_limit()
