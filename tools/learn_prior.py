"""Learn what the forecast believes before it has seen a shop (`domain/prior.json`), from any files of visits.

python tools/learn_prior.py FILE... [--before DAY] [--out FILE]

A file has the columns customer, at (ISO local time) and, of several shops, shop. Each shop is replayed day by day; what
was known of each candidate each morning and whether they came are fitted by one ridge regression over all shops: first
what all share, then, twice, with what that missed about each person beside it. The same files give the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from math import exp, log, sqrt
from operator import mul
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from domain.forecast import PERSONAL, SHIPPED, Features, Prior, Rhythm, solve

Days = dict[date, dict[str, int]]
SETTLED = 30  # days of a shop before its rows are used
RIDGE = 1e-4  # times rows times variance
FIRST_GUESS, ROUNDS = (0.5, 0.5), 2
STEPS, CLOSE = 30, 1e-6


def read(path: Path) -> Iterator[Days]:
    """Yield the days of each shop of a file, in order: the minute of each customer's first arrival."""
    shops: dict[str, Days] = {}
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["at"])
            day = shops.setdefault(row.get("shop") or "", {}).setdefault(at.date(), {})
            minute = at.hour * 60 + at.minute
            day[row["customer"]] = min(minute, day.get(row["customer"], minute))
    for _name, days in sorted(shops.items()):
        yield dict(sorted(days.items()))


def rows_of(days: Days, prior: Prior, learn: bool) -> Iterator[tuple[Features, bool]]:
    """Yield what was known each morning of each candidate, and whether they came."""
    rhythm = Rhythm[str](prior)
    first = min(days)
    for day, came in days.items():
        if (day - first).days >= SETTLED:
            for forecast in rhythm.forecast(day):
                yield forecast.features, forecast.customer in came
        rhythm.night(day, came, learn)


def fitted(rows: Sequence[Features], came: Sequence[bool]) -> tuple[list[float], list[float]]:
    """Return the coefficients and the spread of each feature, by Newton's method with ever smaller steps where one is too
    long (Nocedal & Wright, Numerical Optimization, 3.1)."""
    count, columns = len(rows), list(zip(*rows, strict=True))
    means = [sum(column) / count for column in columns]
    spread = [
        sqrt(max(0.0, sum(map(mul, column, column)) / count - mean * mean))
        for column, mean in zip(columns, means, strict=True)
    ]
    ridge = [1e-9] + [RIDGE * count * sd * sd for sd in spread[1:]]
    share = sum(came) / count
    coef = [log(share / (1 - share))] + [0.0] * (len(columns) - 1)
    loss = _loss(rows, came, coef, ridge)
    for _step in range(STEPS):
        chance = [1 / (1 + exp(-_bounded(sum(map(mul, coef, row))))) for row in rows]
        wrong = [y - p for y, p in zip(came, chance, strict=True)]
        weight = [p * (1 - p) for p in chance]
        gradient = [sum(map(mul, wrong, c)) - r * b for c, r, b in zip(columns, ridge, coef, strict=True)]
        matrix = [[0.0] * len(columns) for _ in columns]
        for i, column in enumerate(columns):
            weighted = list(map(mul, weight, column))
            for j in range(i, len(columns)):
                matrix[i][j] = matrix[j][i] = sum(map(mul, weighted, columns[j]))
            matrix[i][i] += ridge[i]
        step, size = solve(matrix, gradient), 1.0
        while size > 1e-4 and _loss(rows, came, [b + size * s for b, s in zip(coef, step, strict=True)], ridge) > loss:
            size /= 2
        coef = [b + size * s for b, s in zip(coef, step, strict=True)]
        loss = _loss(rows, came, coef, ridge)
        if max(abs(size * s) for s in step) < CLOSE:
            break
    return coef, [0.0, *spread[1:]]


def _bounded(z: float) -> float:
    return max(-30.0, min(30.0, z))


def _loss(rows: Sequence[Features], came: Sequence[bool], coef: Sequence[float], ridge: Sequence[float]) -> float:
    total = sum(r * b * b for r, b in zip(ridge, coef, strict=True)) / 2
    for row, y in zip(rows, came, strict=True):
        z = _bounded(sum(map(mul, coef, row)))
        total += log(1 + exp(-z if y else z))
    return total


def learned(shops: Sequence[Days]) -> tuple[Prior, int]:
    """Return the prior that these shops teach, and how many rows it was learned from."""
    names = tuple(name for name in SHIPPED.names if name not in PERSONAL)
    prior, learn = Prior(names, (0.0,) * len(names), (1.0,) * len(names)), False
    count = 0
    for last in range(ROUNDS + 1):
        told = [one for days in shops for one in rows_of(days, prior, learn)]
        rows, came = [row for row, _ in told], [y for _, y in told]
        coef, spread = fitted(rows, came)
        count, learn = len(rows), True
        if last == 0:
            coef, spread, names = [*coef, *FIRST_GUESS], [*spread, *FIRST_GUESS], (*names, *PERSONAL)
        prior = Prior(names, tuple(coef), tuple(spread))
    return prior, count


def main() -> None:
    parser = argparse.ArgumentParser(description="Learn the forecast's prior from files of visits.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--before", type=date.fromisoformat, default=date.max, help="use only days before this one")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "domain" / "prior.json")
    asked = parser.parse_args()
    shops = [{d: c for d, c in days.items() if d < asked.before} for path in asked.files for days in read(path)]
    prior, rows = learned([days for days in shops if days])
    kept = {"names": prior.names, "coef": prior.coef, "sd": prior.sd, "rows": rows}
    asked.out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(f"{rows} rows of {len(shops)} shops -> {asked.out}")


if __name__ == "__main__":
    main()
