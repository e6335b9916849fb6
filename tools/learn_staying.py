"""Learn how likely customers are to be back within 28 days (`domain/staying.json`), from any files of visits.

python tools/learn_staying.py FILE... [--before DAY] [--out FILE]

The files are those of tools/learn_prior.py. Each shop is replayed day by day; what was known of each candidate each
morning and whether they came within 28 days are fitted by one ridge regression over all shops. A day counts only if the
file reaches 28 days on. The same files give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from domain.forecast import CANDIDATE_VISITS, Features, Rhythm
from domain.staying import BACK_WITHIN_DAYS, NAMES, Morning
from tools.learn_prior import SETTLED, Days, fitted, read


def rows_of(days: Days) -> Iterator[tuple[date, str, Features, bool]]:
    """Yield by day and candidate what was known that morning, and whether they came on that day or the 27 after it."""
    visits: dict[str, list[int]] = {}
    for day, came in days.items():
        for key in came:
            visits.setdefault(key, []).append(day.toordinal())
    rhythm = Rhythm[str]()
    first, last = min(days), max(days).toordinal()
    for day, came in days.items():
        ordinal = day.toordinal()
        if (day - first).days >= SETTLED and ordinal + BACK_WITHIN_DAYS <= last + 1:
            morning = Morning(rhythm, day)
            for key, habit in rhythm.habits.items():
                if habit.n >= CANDIDATE_VISITS:
                    own = visits[key]
                    place = bisect_left(own, ordinal)
                    back = place < len(own) and own[place] < ordinal + BACK_WITHIN_DAYS
                    yield day, key, morning.features(habit), back
        rhythm.night(day, came, learn=False)


def main() -> None:
    parser = argparse.ArgumentParser(description="Learn how likely customers are to be back, from files of visits.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--before", type=date.fromisoformat, default=date.max, help="use only days before this one")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "domain" / "staying.json")
    asked = parser.parse_args()
    shops = [{d: c for d, c in days.items() if d < asked.before} for path in asked.files for days in read(path)]
    told = [(features, back) for days in shops if days for _, _, features, back in rows_of(days)]
    coef, _spread = fitted([features for features, _ in told], [back for _, back in told])
    kept = {"names": NAMES, "coef": coef, "rows": len(told)}
    asked.out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(f"{len(told)} rows of {len(shops)} shops -> {asked.out}")


if __name__ == "__main__":
    main()
