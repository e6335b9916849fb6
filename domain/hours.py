"""How the hours of a day bear on who is still to come, from what was kept of each in the morning.

Somebody expected with probability p, of whose arrivals a share F lies before the present minute, and who is not here:
P(comes later) = p (1 - F) / (p (1 - F) + 1 - p), by Bayes. All minutes are after midnight on the shop's own clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# Of the distribution of somebody's arrivals these quantiles are kept; between two of them it is a line. Its end never
# reaches 1: nobody is past coming before the shop closes.
LEVELS = (0.005, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.995)


@dataclass(frozen=True, slots=True)
class Hours:
    """By which minutes the shares of `LEVELS` have come, and `later`: (from, around, earliest, latest), times that may be
    told from a minute on of somebody who is not here by then, in order."""

    times: tuple[int, ...]
    later: tuple[tuple[int, int, int, int], ...]


def came_by(times: Sequence[int], minute: float) -> float:
    """Return the share of somebody's arrivals that lies before a minute: 0 before the first of LEVELS, at most the last."""
    place = bisect_right(times, minute)
    if place == 0:
        return 0.0
    if place == len(times):
        return LEVELS[-1]
    before, after = times[place - 1], times[place]
    return LEVELS[place - 1] + (minute - before) / (after - before) * (LEVELS[place] - LEVELS[place - 1])


def still(probability: float, times: Sequence[int], minute: int) -> float:
    """Return the probability that somebody still comes who is not here by a minute."""
    ahead = probability * (1 - came_by(times, minute))
    return ahead / (ahead + 1 - probability) if ahead else 0.0


def by_hour(probability: float, times: Sequence[int], minute: int = 0) -> list[float]:
    """Return with which probability somebody who is not here by a minute comes in each of the 24 hours."""
    edges = [came_by(times, max(60 * hour, minute)) for hour in range(25)]
    shares = [after - before for before, after in pairwise(edges)]
    if not (whole := sum(shares)):  # past nearly all of their arrivals: within this hour, if at all
        shares[min(minute // 60, 23)] = whole = 1.0
    chance = still(probability, times, minute)
    return [chance * share / whole for share in shares]
