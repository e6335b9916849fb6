"""How the hours of a day bear on who is still to come, from what was kept of each in the morning.

Somebody expected with probability p, of whose arrivals a share F lies before the present minute, and who is not here:
P(comes later) = p (1 - F) / (p (1 - F) + 1 - p + 0.04 F), by Bayes' rule; the last term is for days off that nothing
foretells. All minutes are after midnight on the shop's own clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# Of the distribution of somebody's arrivals these quantiles are kept; between two of them it is a line.
LEVELS = (0.005, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.96, 0.995)
DAYS_OFF = 0.04  # who comes daily is away now and then; else a p of 0.9999 would stand all day against the clock
MIDNIGHT = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """By which minutes the shares of `LEVELS` have come, and `later`: (from, around, earliest, latest), times that may be
    told from a minute on of somebody who is not here by then, in order."""

    times: tuple[int, ...]
    later: tuple[tuple[int, int, int, int], ...]


def came_by(times: Sequence[int], minute: float, closes: int = MIDNIGHT) -> float:
    """Return the share of somebody's arrivals that lies before a minute: 0 before the first of LEVELS, 1 once the shop
    `closes`, for all come before that."""
    if minute >= closes:
        return 1.0
    return _share(times, minute) / (_share(times, closes) or 1.0)


def _share(times: Sequence[int], minute: float) -> float:
    """Return the share before a minute of a day that ends at midnight; from the last of LEVELS on it rises in a line."""
    place = bisect_right(times, minute)
    if place == 0:
        return 0.0
    if minute >= MIDNIGHT:
        return 1.0
    if place == len(times):
        return LEVELS[-1] + (1 - LEVELS[-1]) * (minute - times[-1]) / (MIDNIGHT - times[-1])
    before, after = times[place - 1], times[place]
    return LEVELS[place - 1] + (minute - before) / (after - before) * (LEVELS[place] - LEVELS[place - 1])


def still(probability: float, times: Sequence[int], minute: int, closes: int = MIDNIGHT) -> float:
    """Return the probability that somebody still comes who is not here by a minute."""
    gone = came_by(times, minute, closes)
    ahead = probability * (1 - gone)
    return ahead / (ahead + 1 - probability + DAYS_OFF * gone) if ahead else 0.0


def by_hour(probability: float, times: Sequence[int], minute: int = 0, closes: int = MIDNIGHT) -> list[float]:
    """Return with which probability somebody who is not here by a minute comes in each of the 24 hours."""
    edges = [came_by(times, max(60 * hour, minute), closes) for hour in range(25)]
    chance, ahead = still(probability, times, minute, closes), edges[-1] - edges[0]
    return [chance * (after - before) / ahead if ahead else 0.0 for before, after in pairwise(edges)]
