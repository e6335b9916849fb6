"""At about what time somebody comes, and how much of it may honestly be said.

All minutes are minutes after midnight on the shop's own clock. Thresholds and the density are those of docs/forecast.md,
section "Arrival time".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import accumulate
from math import exp
from operator import add
from statistics import median

from domain.hours import LEVELS, Hours

BIN_MINUTES = 15
BINS = 24 * 60 // BIN_MINUTES
HALF_LIFE_DAYS = 90
SAME_WEEKDAY = 3.0  # an arrival on this day of the week counts so much more,
SAME_KIND = 2.0  # and else one on a working day for a working day, on a weekend for a weekend; others so much less
SHOP_WEIGHT = 3.0
# How wide one arrival is smoothed, in minutes of deviation, follows how far one's own arrivals lie apart.
NARROWEST, WIDEST, WIDTH_STEP = 30, 105, 5
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
# A time is shown only where so much of all arrivals to be expected lies within it: so three of four prove right.
SURE = 0.65
SURE_LATER = 0.75  # of those still ahead, once another time has passed
HALF_HOUR = 30
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


@dataclass(slots=True)
class ShopTimes:
    """When people come to a shop on one day of the week: `counts` by quarter of an hour."""

    counts: Sequence[float]
    _smoothed: dict[int, list[float]] = field(default_factory=dict)

    def weighed(self) -> list[float]:
        """Return the histogram scaled to its weight; all zeros if nobody ever came."""
        total = sum(self.counts)
        return [SHOP_WEIGHT * count / total for count in self.counts] if total else [0.0] * BINS

    def smoothed(self, width: int) -> list[float]:
        """Return the same, smoothed so wide; made once."""
        if width not in self._smoothed:
            density = [0.0] * BINS
            for share, row in zip(self.weighed(), _kernel(width), strict=True):
                if share:
                    density = list(map(add, density, [share * k for k in row]))
            self._smoothed[width] = density
        return self._smoothed[width]


@dataclass(slots=True)
class _Own:
    """One customer's arrivals, weighed for a day: `weighed` (minute, weight), `slots` by quarter of an hour, and the
    `sample` that a time is told from."""

    weighed: list[tuple[int, float]]
    slots: dict[int, float]
    sample: list[int]

    def cumulated(self, shop: ShopTimes) -> list[float]:
        """Return the share of all arrivals to be expected, own and the shop's, before each edge of a bin."""
        density = shop.weighed()
        for slot, weight in self.slots.items():
            density[slot] += weight
        whole = sum(density)
        return [0.0, *(so_far / whole for so_far in accumulate(density))]


def arrival(visits: Sequence[tuple[date, int]], day: date, shop: ShopTimes) -> Arrival:
    """Return when to expect on `day` somebody who came at these (date, minute), oldest first, all before `day`.

    `shop` is of that weekday; it decides where the visits do not.
    """
    own = _own(visits, day)
    width = _width(own.weighed)
    density, kernel = list(shop.smoothed(width)), _kernel(width)
    for slot, weight in own.slots.items():
        density = list(map(add, density, [weight * k for k in kernel[slot]]))
    top = density.index(max(density)) * BIN_MINUTES + BIN_MINUTES // 2
    return _said(top, own, shop)


def hours_of(visits: Sequence[tuple[date, int]], day: date, shop: ShopTimes, shown: Arrival) -> Hours:
    """Return how the hours of `day` bear on somebody: by when they come, and the times that may be told once the one
    `shown` in the morning has passed. Arguments as of `arrival`."""
    own = _own(visits, day)
    cumulated = own.cumulated(shop)
    later: list[tuple[int, int, int, int]] = []
    for now in range(HALF_HOUR, 24 * 60, HALF_HOUR):
        if shown.around is not None and now <= shown.around + WINDOW_MINUTES:
            continue
        told = _told_later(own.sample, cumulated, now)
        if told and (not later or later[-1][1:] != told):
            later.append((now, *told))
    return Hours(_quantiles(cumulated), tuple(later))


def _own(visits: Sequence[tuple[date, int]], day: date) -> _Own:
    weekday = day.weekday()
    slots: dict[int, float] = {}
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
        slots[slot] = slots.get(slot, 0.0) + weight
    sample = on_weekday if len(on_weekday) >= ENOUGH_ON_WEEKDAY else [minute for _, minute in visits]
    return _Own(weighed, slots, sample[-SAMPLE:])


def part_of_day(minute: int) -> str:
    """Return the name of the part of the day that a minute after midnight lies in."""
    return next((name for end, name in PARTS_OF_DAY if minute < end), "evening")


def _said(top: int, own: _Own, shop: ShopTimes) -> Arrival:
    """Return what the sample allows to be shown, for a density that peaks at minute `top`."""
    sample = own.sample
    if len(sample) < ENOUGH_TO_SPEAK:
        return Arrival(top)
    # The density is broad, so its top is only a place to start: the middle is the median of the arrivals around it,
    # drawn in once more so that strays do not pull it off a narrow habit.
    middle = _middle(sample, _middle(sample, top, PART_MINUTES), WINDOW_MINUTES)
    around = min(5 * round(middle / 5), LAST_MINUTE)
    near = 2 * len(_near(sample, around, CLOCK_MINUTES)) >= len(sample)
    if not near and 2 * len(_near(sample, middle, PART_MINUTES)) < len(sample):
        return Arrival(top)
    cumulated = own.cumulated(shop)
    if near and _within(cumulated, around, WINDOW_MINUTES) >= SURE:
        return Arrival(around, around, *_window(sample, around), part_of_day(around))
    if _within(cumulated, middle, PART_MINUTES) >= SURE:
        return Arrival(top, part_of_day=part_of_day(round(middle)))
    return Arrival(top)


def _window(sample: Sequence[int], around: int) -> tuple[int, int]:
    """Return from when to when to speak of: the middle four fifths of the arrivals near `around`."""
    window = sorted(_near(sample, around, WINDOW_MINUTES))
    # Nobody speaks of a window narrower than twenty minutes: 12:00 to 12:20, not 12:06 to 12:14.
    earliest = min(int(_quantile(window, 0.1) // 5 * 5), around - NARROWEST_MINUTES)
    latest = max(int(-(-_quantile(window, 0.9) // 5) * 5), around + NARROWEST_MINUTES)
    return max(earliest, 0), min(latest, LAST_MINUTE)


def _told_later(sample: Sequence[int], cumulated: Sequence[float], now: int) -> tuple[int, int, int] | None:
    """Return what may be told of somebody who is not here by `now`: a time and its window; None where none is honest."""
    late = [minute for minute in sample if minute >= now]
    if len(late) < ENOUGH_TO_SPEAK:
        return None
    start = max(late, key=lambda minute: (len(_near(late, minute, WINDOW_MINUTES)), -minute))
    around = min(5 * round(_middle(late, start, WINDOW_MINUTES) / 5), LAST_MINUTE)
    if 2 * len(_near(late, around, CLOCK_MINUTES)) < len(late):
        return None
    share = _before(cumulated, around + WINDOW_MINUTES) - _before(cumulated, max(now, around - WINDOW_MINUTES))
    return (around, *_window(late, around)) if share >= SURE_LATER * (1 - _before(cumulated, now)) else None


def _within(cumulated: Sequence[float], middle: float, minutes: int) -> float:
    """Return the share of arrivals within so many minutes of the middle."""
    return _before(cumulated, middle + minutes) - _before(cumulated, middle - minutes)


def _before(cumulated: Sequence[float], minute: float) -> float:
    """Return the share of arrivals before a minute, even within a bin."""
    place = min(max(minute, 0), 24 * 60) / BIN_MINUTES
    slot = min(int(place), BINS - 1)
    return cumulated[slot] + (place - slot) * (cumulated[slot + 1] - cumulated[slot])


def _quantiles(cumulated: Sequence[float]) -> tuple[int, ...]:
    """Return the minutes by which the shares of `LEVELS` have come."""
    found = []
    slot = 1
    for level in LEVELS:
        while cumulated[slot] < level and slot < BINS:
            slot += 1
        before, share = cumulated[slot - 1], cumulated[slot] - cumulated[slot - 1]
        found.append(round(BIN_MINUTES * (slot - 1 + ((level - before) / share if share else 0.0))))
    return tuple(found)


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
