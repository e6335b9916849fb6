"""What is known of a customer's visits to one shop, as plain days: what reasons and prompts are made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any

from models import Shop, Visit


@dataclass(frozen=True, slots=True)
class History:
    """One customer's visits before a day."""

    days: tuple[date, ...] = ()  # visit days, oldest first, no day twice
    visits: int = 0  # all visits, two on one day counted twice

    @property
    def usual_gap(self) -> float | None:
        """Return the median number of days between visit days, None before the third."""
        gaps = [(b - a).days for a, b in zip(self.days, self.days[1:], strict=False)]
        return median(gaps) if len(gaps) >= 2 else None

    def came_on(self, day: date) -> bool:
        return day in self.days[-60:]

    def came_weeks_before(self, day: date, weeks: int) -> bool:
        """Say whether they came on the same weekday, `weeks` weeks before `day`."""
        return self.came_on(day - timedelta(weeks=weeks))


def visits_before(shop: Shop, customers: Iterable[int], day: date) -> Any:
    """Return the condition for the visits of some customers to a shop before a day.

    By instants, and not by days: so SQLite goes by the customers, and not through all that the shop ever saw.
    """
    return Visit.customer.in_(customers) & (Visit.shop == shop.id) & (Visit.at < shop.at(day, 0))


def histories(shop: Shop, customers: Iterable[int], before: date) -> dict[int, History]:
    """Return the history of each of `customers` in a shop before a day. One query for all of them."""
    ids = list(customers)
    counts: dict[int, int] = defaultdict(int)
    days: dict[int, list[date]] = defaultdict(list)
    if ids:
        query = (
            Visit.select(Visit.customer, Visit.day)
            .where(visits_before(shop, ids, before))
            .order_by(Visit.customer, Visit.day)
        )
        for customer, day in query.tuples().iterator():
            counts[customer] += 1
            if not days[customer] or days[customer][-1] != day:
                days[customer].append(day)
    return {i: History(tuple(days[i]), counts[i]) for i in ids}
