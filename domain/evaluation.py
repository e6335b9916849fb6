"""How good a forecast is: every day of a window is forecast from the days before it alone, then compared with who came.

A day is tested if the shop was open on it and knew a candidate, somebody with two or more visit days before it. Everybody
a method leaves out counts as probability 0. A method is never shown a day before it has forecast it. Minutes are minutes
after midnight.
"""

from __future__ import annotations

from array import array
from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, log
from operator import mul
from random import Random
from statistics import fmean, median, quantiles
from time import perf_counter
from typing import NamedTuple, Protocol

from domain import forecast
from domain.visits_file import Days

LEAST = 1e-4  # probabilities are kept this far from 0 and 1 before their logarithm is taken
BINS = 15
DRAWS, SEED = 300, 7
RIGHT_MINUTES = 30
# Ties are broken by place * 7919 mod 104729, two primes: an order that has nothing to do with who came.
TIE_STEP, TIE_TURN = 7919, 104_729

Figure = float | None  # None where there is nothing to tell it from
Figures = dict[str, Figure]


class Expected(NamedTuple):
    """At about what minute somebody comes, and the minute shown as a clock time, if one is shown."""

    minute: float
    shown: int | None = None


class Method(Protocol):
    """A way of forecasting one shop: days are folded in, in order, and any day after them can be asked for."""

    def forecast(self, day: date) -> Mapping[str, float]:
        """Return by customer how likely each candidate is to come on `day`, in 0..1."""

    def arrival(self, customer: str, day: date) -> Expected | None:
        """Return when this candidate would come on `day`."""

    def night(self, day: date, came: Mapping[str, int]) -> None:
        """Fold one open day in: the minute of first arrival of everyone who came."""


class Regulars:
    """The forecast of this product as a method: one Rhythm that learns from a day on, None: never."""

    def __init__(self, learn_from: date | None) -> None:
        self.rhythm: forecast.Rhythm[str] = forecast.Rhythm()
        self.learn_from = learn_from

    def forecast(self, day: date) -> dict[str, float]:
        return {told.customer: told.probability for told in self.rhythm.forecast(day)}

    def arrival(self, customer: str, day: date) -> Expected:
        told = self.rhythm.arrival(customer, day)
        return Expected(told.minute, told.around)

    def night(self, day: date, came: Mapping[str, int]) -> None:
        self.rhythm.night(day, came, learn=self.learn_from is not None and day >= self.learn_from)


def learn_from(days: Days, day: date) -> date | None:
    """Return the day from which a forecast of `day` learns: by the open days before it and the people who came on them."""
    before = [earlier for earlier in days if earlier < day]
    return forecast.learn_from(before, len({who for earlier in before for who in days[earlier]}))


# -- testing


@dataclass(frozen=True, slots=True)
class Outcome:
    """One day of one shop, forecast and compared: candidates in the order of their codes.

    `misses` holds the minutes between expected and actual arrival of each who came, `shown` the same between the clock
    time shown and the arrival where one was shown.
    """

    shop: str
    day: date
    probabilities: array[float]
    came: array[int]
    misses: tuple[float, ...]
    shown: tuple[float, ...]
    seconds: float


def days_to_test(days: Days, number: int, end: date | None) -> list[date]:
    """Return which of the `number` calendar days up to `end` (else the shop's last day) can be tested, in order."""
    if not days:
        return []
    last = (end or max(days)).toordinal()
    seen: set[str] = set()
    found: list[date] = []
    known = False
    for day, came in days.items():
        if known and last - number < day.toordinal() <= last:
            found.append(day)
        known = known or not seen.isdisjoint(came)
        seen.update(came)
    return found


def outcomes(
    shop: str, days: Days, make: Callable[[date | None], Method], number: int, end: date | None
) -> Iterator[Outcome]:
    """Yield the tested days of one shop, in order; `make` returns a new method that learns from the given day on.

    Learning begins where it would for a forecast of the first tested day. The seconds are those of forecasting a day
    and folding it in.
    """
    asked = days_to_test(days, number, end)
    if not asked:
        return
    method, wanted = make(learn_from(days, asked[0])), set(asked)
    visit_days: Counter[str] = Counter()
    candidates: list[str] = []
    for day, came in days.items():
        if day > asked[-1]:
            return
        start = perf_counter()
        if day in wanted:
            told = method.forecast(day)
            expected = {who: method.arrival(who, day) for who in came if visit_days[who] >= forecast.CANDIDATE_VISITS}
        method.night(day, came)
        if day in wanted:
            seconds = perf_counter() - start
            yield Outcome(
                shop,
                day,
                array("d", [min(max(told.get(who, 0.0), 0.0), 1.0) for who in candidates]),
                array("b", [who in came for who in candidates]),
                tuple(abs(e.minute - came[who]) for who, e in expected.items() if e),
                tuple(abs(e.shown - came[who]) for who, e in expected.items() if e and e.shown is not None),
                seconds,
            )
        for who in came:
            visit_days[who] += 1
            if visit_days[who] == forecast.CANDIDATE_VISITS:
                insort(candidates, who)


# -- scoring


class Order(NamedTuple):
    """How well one day was put in order, None where nobody came: see `order`."""

    average_precision: Figure
    auc: Figure
    r_precision: Figure


def order(probabilities: Sequence[float], came: Sequence[int]) -> Order:
    """Return average precision, area under the ROC curve, and the share of the k who came among the k most likely.

    The area is the chance that somebody who came was thought likelier than somebody who did not, ties counting half
    (Hanley & McNeil, Radiology 143, 1982); None as well if everybody came.
    """
    size, k = len(came), sum(came)
    if not k:
        return Order(None, None, None)
    places = sorted(range(size), key=lambda place: (-probabilities[place], place * TIE_STEP % TIE_TURN))
    hits, precisions, among_first = 0, 0.0, 0
    ahead, tied_hits, tied_others, others, level = 0.0, 0, 0, 0, -1.0
    for rank, place in enumerate(places, start=1):
        if probabilities[place] != level:
            ahead += tied_hits * (size - k - others - tied_others / 2)
            others += tied_others
            tied_hits = tied_others = 0
            level = probabilities[place]
        if came[place]:
            hits += 1
            tied_hits += 1
            precisions += hits / rank
        else:
            tied_others += 1
        if rank == k:
            among_first = hits
    ahead += tied_hits * (size - k - others - tied_others / 2)
    return Order(precisions / k, ahead / (k * (size - k)) if k < size else None, among_first / k)


def slope(probabilities: Sequence[float], came: Sequence[int]) -> Figure:
    """Return b of P(came) = logistic(a + b log-odds), fitted by damped Newton steps; 1 says neither too bold nor too timid
    (Cox, Biometrika 45, 1958). None where all probabilities are equal, or all or none came. Probabilities within 0..1,
    both excluded.
    """
    z = [log(p / (1 - p)) for p in probabilities]
    if not z or min(z) == max(z) or len(set(came)) < 2:
        return None
    a, b = 0.0, 1.0
    for _ in range(60):
        q = [1 / (1 + exp(-max(-30.0, min(30.0, a + b * one)))) for one in z]
        missed = [y - one for y, one in zip(came, q, strict=True)]
        weights = [one * (1 - one) + 1e-12 for one in q]
        weighted = list(map(mul, weights, z))
        top, right = sum(missed), sum(map(mul, missed, z))
        h, hz, hzz = sum(weights) + 1e-9, sum(weighted), sum(map(mul, weighted, z)) + 1e-9
        determinant = h * hzz - hz * hz
        if determinant <= 0:
            return None
        step_a, step_b = (top * hzz - right * hz) / determinant, (right * h - top * hz) / determinant
        largest = max(abs(step_a), abs(step_b))
        damped = 1 / largest if largest > 1 else 1.0  # probabilities near 0 and 1 would throw Newton off
        a, b = a + damped * step_a, b + damped * step_b
        if damped * largest < 1e-8:
            break
    return b


def calibration_error(probabilities: Sequence[float], came: Sequence[int]) -> float:
    """Return how far, on average over everybody, the share who came is from the mean probability in 15 bins of equal count.

    The bins follow the probabilities; where the count does not divide, the first bins hold one more.
    """
    places = sorted(range(len(came)), key=probabilities.__getitem__)
    small, over = divmod(len(places), BINS)
    start, apart = 0, 0.0
    for number in range(BINS):
        held = places[start : start + small + (number < over)]
        apart += abs(sum(came[place] - probabilities[place] for place in held))
        start += len(held)
    return apart / len(places)


# What a tested day adds to each figure: summed over days, they give the figures of all of them.
Sums = tuple[float, ...]


def _sums(one: Outcome) -> Sums:
    found = order(one.probabilities, one.came)
    k = sum(one.came)
    kept = [min(max(p, LEAST), 1 - LEAST) for p in one.probabilities]
    return (
        found.average_precision or 0.0,
        found.average_precision is not None,
        found.auc or 0.0,
        found.auc is not None,
        (found.r_precision or 0.0) * k,
        k,
        len(one.came),
        -sum(log(p if y else 1 - p) for p, y in zip(kept, one.came, strict=True)),
        sum((y - p) ** 2 for p, y in zip(kept, one.came, strict=True)),
    )


def _figures(sums: Iterable[float], base: float) -> Figures:
    """Return the figures that intervals are made for; skill is what is gained over saying `base` of everybody."""
    precisions, precise_days, aucs, auc_days, found, came, rows, loss, brier = sums
    sure = base in (0.0, 1.0)
    base_loss = 0.0 if sure else -came * log(base) - (rows - came) * log(1 - base)
    base_brier = 0.0 if sure else came * (1 - base) ** 2 + (rows - came) * base**2
    return {
        "ap": _over(precisions, precise_days),
        "auc": _over(aucs, auc_days),
        "rprec": _over(found, came),
        "logloss": _over(loss, rows),
        "brier_skill": 1 - brier / base_brier if base_brier else None,
        "ll_skill": 1 - loss / base_loss if base_loss else None,
    }


def _over(part: float, whole: float) -> Figure:
    return part / whole if whole else None


def intervals(days: Sequence[tuple[date, Sums]], base: float) -> Figures:
    """Return the 95 % intervals, as NAME_lo and NAME_hi: 300 times as many calendar days are drawn as there are, with all
    shops of a day together, and the outer fortieths are left off (Efron & Tibshirani, An Introduction to the Bootstrap,
    13.3). The seed is fixed.
    """
    by_day: dict[date, Sums] = {}
    for day, sums in days:
        by_day[day] = tuple(map(sum, zip(by_day[day], sums, strict=True))) if day in by_day else sums
    columns = list(zip(*(by_day[day] for day in sorted(by_day)), strict=True))
    random, places = Random(SEED), range(len(by_day))
    drawn: dict[str, list[float]] = {}
    for _ in range(DRAWS):
        chosen = random.choices(places, k=len(places))
        figures = _figures([sum([column[place] for place in chosen]) for column in columns], base)
        for name, value in figures.items():
            drawn.setdefault(name, []).extend([] if value is None else [value])
    found: Figures = {}
    for name, values in drawn.items():
        cuts = quantiles(values, n=40, method="inclusive") if len(values) > 1 else [None]
        found[f"{name}_lo"], found[f"{name}_hi"] = cuts[0], cuts[-1]
    return found


def summary(days: Sequence[Outcome]) -> Figures:
    """Return every figure of these tested days, at least one; docs/commands.md says what each means."""
    probabilities = array("d", [p for one in days for p in one.probabilities])
    kept = [min(max(p, LEAST), 1 - LEAST) for p in probabilities]
    came = array("b", [y for one in days for y in one.came])
    misses = [miss for one in days for miss in one.misses]
    shown = [miss for one in days for miss in one.shown]
    base = sum(came) / len(came)
    sums = [(one.day, _sums(one)) for one in days]
    total = list(map(sum, zip(*(values for _, values in sums), strict=True)))
    return {
        **_figures(total, base),
        **intervals(sums, base),
        "brier": total[-1] / len(came),
        "base_rate": base,
        "slope": slope(kept, came),
        "ece": calibration_error(kept, came),
        "rows": len(came),
        "shop_days": len(days),
        "came": sum(came),
        "expected_over_came": sum(probabilities) / max(1, sum(came)),
        "minute_mdae": float(median(misses)) if misses else None,
        "within30": _right(misses),
        "shown": _over(len(shown), sum(came)),
        "shown_within30": _right(shown),
        "seconds": fmean(one.seconds for one in days),
    }


def _right(misses: Sequence[float]) -> Figure:
    """Return the share of arrivals no more than 30 minutes from what was expected."""
    return _over(sum(miss <= RIGHT_MINUTES for miss in misses), len(misses))


class Evaluation(NamedTuple):
    """The figures of one method: of all shops together, and of each shop that could be tested."""

    pooled: Figures
    shops: dict[str, Figures]


def evaluated(
    shops: Mapping[str, Days], make: Callable[[date | None], Method], number: int, end: date | None
) -> Evaluation | None:
    """Return the figures of a method on `number` calendar days up to `end`, else up to each shop's last day; None where no
    day can be tested."""
    days = {shop: list(outcomes(shop, visits, make, number, end)) for shop, visits in shops.items()}
    days = {shop: found for shop, found in days.items() if found}
    if not days:
        return None
    return Evaluation(
        summary([one for found in days.values() for one in found]),
        {shop: summary(found) for shop, found in days.items()},
    )
