"""How good a shop's lists are: what was forecast over the last weeks against who came, told to the owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from domain import nights
from models import Shop

WEEKS = 4
ENOUGH_DAYS, ENOUGH_CAME = 7, 20  # less than that tells nothing


@dataclass(frozen=True, slots=True)
class Band:
    """Those with a probability from `low` to ten more, in hundredths: so many times, and how often they came."""

    low: int
    times: int
    came: int


@dataclass(frozen=True, slots=True)
class Accuracy:
    """So many days; how many known people were expected and how many came; `first` of these stood, each day, among as
    many first names as people came (the R-precision of information retrieval, weighed by days)."""

    days: int
    expected: float
    came: int
    first: int
    bands: list[Band]

    @property
    def of_ten(self) -> int:
        """Return how many of ten who came stood among the first names."""
        return round(10 * self.first / self.came)


def accuracy(shop: Shop, today: date) -> Accuracy | None:
    """Return how the lists of the last four weeks did; None where too few days or people tell of it. One query."""
    told = nights.tallies(shop, today - timedelta(weeks=WEEKS))
    came = sum(day.came for day in told)
    if len(told) < ENOUGH_DAYS or came < ENOUGH_CAME:
        return None
    bands = [
        Band(10 * tenth, int(sum(one[0] for one in days)), int(sum(one[2] for one in days)))
        for tenth, days in enumerate(zip(*(day.bands for day in told), strict=True))
    ]
    return Accuracy(
        days=len(told),
        expected=sum(day.expected for day in told),
        came=came,
        first=sum(day.first for day in told),
        bands=[band for band in bands if band.times],
    )
