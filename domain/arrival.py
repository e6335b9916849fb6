"""At about what time somebody comes, and how much of it may honestly be said.

All minutes are minutes after midnight on the shop's own clock. Thresholds and the density are those of docs/forecast.md,
section "Arrival time".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from math import exp
from operator import add
from statistics import median

BIN_MINUTES = 15
BINS = 24 * 60 // BIN_MINUTES
HALF_LIFE_DAYS = 90
SAME_WEEKDAY, SAME_KIND = (
    3.0,
    1.3,
)  # an arrival counts so much more on this weekday; on a working day, or a weekend, like it
SHOP_WEIGHT = 3.0
# How wide one arrival is smoothed, in minutes of deviation, follows how far one's own arrivals lie apart.
NARROWEST, WIDEST, WIDTH_STEP = 45, 120, 5
UNKNOWN_SPREAD, UNKNOWN_WEIGHT = 200, 3  # what is taken for the middle half of the arrivals of somebody hardly known
QUARTILES_APART = 1.35  # deviations, of a bell
SAMPLE = 12
ENOUGH_ON_WEEKDAY = 6
ENOUGH_TO_SPEAK = 3
CLOCK_MINUTES = 20
WINDOW_MINUTES = 30
NARROWEST_MINUTES = 10
LAST_MINUTE = 24 * 60 - 5
PART_MINUTES = 90
FRIDAY = 4
PARTS_OF_DAY = (
    (8 * 60, "early-morning"),
    (10 * 60 + 30, "morning"),
    (12 * 60, "late-morning"),
    (14 * 60, "midday"),
    (17 * 60, "afternoon"),
)


@cache
def _kernel(width: int) -> list[list[float]]:
    """Return, a row a bin, what one arrival in that bin adds to every bin of a density smoothed so wide."""
    bell = [exp(-0.5 * (k * BIN_MINUTES / width) ** 2) for k in range(BINS)]
    return [[bell[abs(i - j)] for j in range(BINS)] for i in range(BINS)]


@dataclass(frozen=True, slots=True)
class Arrival:
    """When to expect somebody: always a `minute` to sort by, and what may be shown, which is often nothing.

    `around`, `earliest` and `latest` are multiples of 5 and are set together, only where a clock time is honest.
    `part_of_day` is one of early-morning, morning, late-morning, midday, afternoon, evening, or None.
    """

    minute: int
    around: int | None = None
    earliest: int | None = None
    latest: int | None = None
    part_of_day: str | None = None


def smoothed(counts: Sequence[float], width: int) -> list[float]:
    """Return a shop's histogram scaled to its weight and smoothed so wide; all zeros if nobody ever came."""
    total = sum(counts)
    density = [0.0] * BINS
    for count, row in zip(counts, _kernel(width), strict=True):
        if count:
            share = SHOP_WEIGHT * count / total
            density = list(map(add, density, [share * k for k in row]))
    return density


def arrival(visits: Sequence[tuple[date, int]], day: date, shop: Callable[[int], Sequence[float]]) -> Arrival:
    """Return when to expect on `day` somebody who came at these (date, minute), oldest first, all before `day`.

    `shop` gives, smoothed so wide, the histogram of the shop's arrivals on that weekday; it decides where the visits do
    not.
    """
    weekday = day.weekday()
    weights: dict[int, float] = {}
    weighed: list[tuple[int, float]] = []
    on_weekday = []
    for came, minute in visits:
        weight = 0.5 ** ((day - came).days / HALF_LIFE_DAYS)
        if came.weekday() == weekday:
            weight *= SAME_WEEKDAY
            on_weekday.append(minute)
        else:
            weight *= SAME_KIND if (came.weekday() > FRIDAY) == (weekday > FRIDAY) else 1 / SAME_KIND
        weighed.append((minute, weight))
        slot = minute // BIN_MINUTES
        weights[slot] = weights.get(slot, 0.0) + weight
    width = _width(weighed)
    density, kernel = list(shop(width)), _kernel(width)
    for slot, weight in weights.items():
        density = list(map(add, density, [weight * k for k in kernel[slot]]))
    top = density.index(max(density)) * BIN_MINUTES + BIN_MINUTES // 2
    sample = on_weekday if len(on_weekday) >= ENOUGH_ON_WEEKDAY else [minute for _, minute in visits]
    return _said(top, sample[-SAMPLE:])


def part_of_day(minute: int) -> str:
    """Return the name of the part of the day that a minute after midnight lies in."""
    return next((name for end, name in PARTS_OF_DAY if minute < end), "evening")


def _said(top: int, sample: list[int]) -> Arrival:
    """Return what the sample allows to be shown, for a density that peaks at minute `top`."""
    if len(sample) < ENOUGH_TO_SPEAK:
        return Arrival(top)
    # The density is broad, so its top is only a place to start: the middle is the median of the arrivals around it,
    # drawn in once more so that strays do not pull it off a narrow habit.
    middle = _middle(sample, _middle(sample, top, PART_MINUTES), WINDOW_MINUTES)
    around = min(5 * round(middle / 5), LAST_MINUTE)
    if 2 * len(_near(sample, around, CLOCK_MINUTES)) >= len(sample):
        window = sorted(_near(sample, around, WINDOW_MINUTES))
        # Nobody speaks of a window narrower than twenty minutes: 12:00 to 12:20, not 12:06 to 12:14.
        earliest = min(int(_quantile(window, 0.1) // 5 * 5), around - NARROWEST_MINUTES)
        latest = max(int(-(-_quantile(window, 0.9) // 5) * 5), around + NARROWEST_MINUTES)
        return Arrival(top, around, max(earliest, 0), min(latest, LAST_MINUTE), part_of_day(around))
    if 2 * len(_near(sample, middle, PART_MINUTES)) >= len(sample):
        return Arrival(top, part_of_day=part_of_day(round(middle)))
    return Arrival(top)


def _width(weighed: list[tuple[int, float]]) -> int:
    """Return how wide to smooth arrivals (minute, weight): by the middle half of them, drawn towards what is taken for
    somebody hardly known."""
    if not weighed:
        return WIDEST
    weighed.sort()
    whole, so_far = sum(weight for _, weight in weighed), 0.0
    quartiles: list[int] = []
    for minute, weight in weighed:
        so_far += weight
        while len(quartiles) < 2 and so_far >= whole * (0.25, 0.75)[len(quartiles)]:
            quartiles.append(minute)
    unknown = UNKNOWN_WEIGHT / len(weighed)
    apart = (quartiles[1] - quartiles[0] + unknown * UNKNOWN_SPREAD) / (1 + unknown)
    width = WIDTH_STEP * round(apart / QUARTILES_APART / WIDTH_STEP)
    return max(NARROWEST, min(WIDEST, width))


def _near(sample: Sequence[int], middle: float, minutes: int) -> list[int]:
    """Return the arrivals within so many minutes of the middle, both ends included."""
    return [minute for minute in sample if abs(minute - middle) <= minutes]


def _middle(sample: Sequence[int], start: float, minutes: int) -> float:
    """Return the median of the arrivals near `start`, or of all of them where none is near."""
    return median(_near(sample, start, minutes) or sample)


def _quantile(ordered: Sequence[int], share: float) -> float:
    """Return the value below which this share of an ordered, non-empty sample lies, interpolated linearly."""
    place = share * (len(ordered) - 1)
    left = int(place)
    right = min(left + 1, len(ordered) - 1)
    return ordered[left] + (place - left) * (ordered[right] - ordered[left])
