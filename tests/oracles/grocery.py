"""The 16 grocery stores of `tests/data`, read the plain way and without the product's code."""

import csv
import gzip
from datetime import date, datetime
from functools import cache
from pathlib import Path


@cache
def shops() -> dict[str, dict[date, dict[str, int]]]:
    """Return by shop, in order of days, the minute of each customer's first arrival on each day."""
    found: dict[str, dict[date, dict[str, int]]] = {}
    with gzip.open(Path(__file__).parents[1] / "data" / "grocery_visits.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["at"])
            day = found.setdefault(row["shop"], {}).setdefault(at.date(), {})
            minute = at.hour * 60 + at.minute
            day[row["customer"]] = min(minute, day.get(row["customer"], minute))
    return {shop: dict(sorted(days.items())) for shop, days in sorted(found.items())}
