"""The methods that the forecast is measured against, and the names they are asked for by.

All of them know a shop as Method says: folded in day by day, one open day after the other; a closed day changes nothing
and is nobody's miss. As expected minute each gives the median of the customer's minutes so far. A chance is never taken
from few cases alone: it is drawn towards that of all candidates.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import exp, inf, lgamma, log, log1p
from statistics import median
from typing import NamedTuple

from domain.evaluation import Expected, Method, Regulars
from domain.forecast import CANDIDATE_VISITS

SHARED_DAYS = 4.0  # days that the shop's rate counts for beside a customer's own
WEEK = timedelta(days=7)
CASE_LEFT = 0.5 ** (1 / 28)


class Seen:
    """One customer: on how many days, the first and the last as places among the shop's open days, and the minutes."""

    __slots__ = ("days", "first", "last", "minutes")

    def __init__(self, first: int) -> None:
        self.days = 0
        self.first = self.last = first
        self.minutes = array("h")


class Baseline:
    """What every method here remembers of a shop."""

    def __init__(self, _learn_from: date | None = None) -> None:
        self.people: dict[str, Seen] = {}
        self.open_days = 0

    def candidates(self) -> Iterator[tuple[str, Seen]]:
        """Yield everybody with two or more visit days."""
        return ((who, seen) for who, seen in self.people.items() if seen.days >= CANDIDATE_VISITS)

    def age(self, seen: Seen) -> int:
        """Return how many open days there have been after somebody's first."""
        return self.open_days - 1 - seen.first

    def rate(self) -> float:
        """Return the share of the open days after their first on which candidates came; 0 without candidates."""
        came = sum(seen.days - 1 for _, seen in self.candidates())
        return came / max(1, sum(self.age(seen) for _, seen in self.candidates()))

    def arrival(self, customer: str, day: date) -> Expected:
        return Expected(median(self.people[customer].minutes))

    def night(self, day: date, came: Mapping[str, int]) -> None:
        for who, minute in came.items():
            seen = self.people.setdefault(who, Seen(self.open_days))
            seen.days += 1
            seen.last = self.open_days
            seen.minutes.append(minute)
        self.open_days += 1


class Frequency(Baseline):
    """Days come over open days, both after the first visit."""

    def forecast(self, day: date) -> dict[str, float]:
        drawn = SHARED_DAYS * self.rate()
        return {who: (seen.days - 1 + drawn) / (self.age(seen) + SHARED_DAYS) for who, seen in self.candidates()}


class SameWeekday(Baseline):
    """Whoever came a week before comes again: one chance for them, one for all others, both as they were in this shop, a
    day counting for half after 28 more open days."""

    def __init__(self, _learn_from: date | None = None) -> None:
        super().__init__()
        self.last_week: dict[date, frozenset[str]] = {}
        self.cases = [0.0, 0.0]  # candidates on past days: who had not come a week before, who had
        self.came = [0.0, 0.0]

    def chance(self, came_last_week: bool) -> float:
        """Return the share of such cases that came, drawn towards the share of all, which begins at one in two."""
        overall = (sum(self.came) + 1) / (sum(self.cases) + 2)
        return (self.came[came_last_week] + SHARED_DAYS * overall) / (self.cases[came_last_week] + SHARED_DAYS)

    def forecast(self, day: date) -> dict[str, float]:
        then, chance = self.last_week.get(day - WEEK, frozenset()), {kind: self.chance(kind) for kind in (False, True)}
        return {who: chance[who in then] for who, _ in self.candidates()}

    def night(self, day: date, came: Mapping[str, int]) -> None:
        then = self.last_week.get(day - WEEK, frozenset())
        self.cases, self.came = [n * CASE_LEFT for n in self.cases], [n * CASE_LEFT for n in self.came]
        for who, _ in self.candidates():
            self.cases[who in then] += 1
            self.came[who in then] += who in came
        self.last_week = {earlier: who for earlier, who in self.last_week.items() if day - earlier < WEEK}
        self.last_week[day] = frozenset(came)
        super().night(day, came)


# A visit counts for half after eight more open days of its weekday; of any day, after 28 open days. Of 18 choices
# tried on the sixteen stores, on the 56 days to 22 October 2017, these, with the six below, gave the least log-loss.
ALL_DAYS = 7
LEFT = [0.5 ** (1 / 8)] * 7 + [0.5 ** (1 / 28)]
SHARED_WEEKDAYS = 6.0  # such weekdays that a customer's rate of all days counts for


class Week:
    """How often one customer came after the first visit, by weekday and, in eighth place, on all days: each count as of its
    last visit, with the shop's turn of such a day then, and the turns there had been at the first visit."""

    __slots__ = ("counts", "turns", "turns_before")

    def __init__(self, turns: list[int]) -> None:
        self.counts = [0.0] * 8
        self.turns, self.turns_before = list(turns), tuple(turns)


class Weekday(Baseline):
    """The customer's rate on this day of the week, later visits counting more."""

    def __init__(self, _learn_from: date | None = None) -> None:
        super().__init__()
        self.turns = [0] * 8  # open days so far, by weekday and in all
        self.weeks: dict[str, Week] = {}

    def forecast(self, day: date) -> dict[str, float]:
        weekday, found = day.weekday(), {}
        drawn = SHARED_DAYS * self.rate()
        for who, _ in self.candidates():
            any_day, any_days = self._faded(self.weeks[who], ALL_DAYS)
            came, chances = self._faded(self.weeks[who], weekday)
            usual = (any_day + drawn) / (any_days + SHARED_DAYS)
            found[who] = (came + SHARED_WEEKDAYS * usual) / (chances + SHARED_WEEKDAYS)
        return found

    def _faded(self, week: Week, kind: int) -> tuple[float, float]:
        """Return how often somebody came after their first visit, and could have, the last such day counting 1."""
        left = LEFT[kind]
        chances = self.turns[kind] - week.turns_before[kind]
        return week.counts[kind] * left ** (self.turns[kind] - week.turns[kind]), (1 - left**chances) / (1 - left)

    def night(self, day: date, came: Mapping[str, int]) -> None:
        kinds = (day.weekday(), ALL_DAYS)
        for kind in kinds:
            self.turns[kind] += 1
        for who in came:
            week = self.weeks.get(who)
            if week is None:
                self.weeks[who] = Week(self.turns)
                continue
            for kind in kinds:
                week.counts[kind] = self._faded(week, kind)[0] + 1
                week.turns[kind] = self.turns[kind]
        super().night(day, came)


# -- counting people while they are alive


class Parameters(NamedTuple):
    """Of the BG/NBD model: rates differ as Gamma(r, alpha), the chance to stay away for good as Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float


class Life(NamedTuple):
    """How often somebody came after the first visit, when last, and for how long they are known, both since the first."""

    again: int
    last: float
    age: float


REFIT_DAYS = 7
FIRST_GUESS = Parameters(1.0, 5.0, 1.0, 5.0)
FURTHEST = 12.0  # of the parameters' logarithms from 0: beyond it a likelihood without a maximum has no end


class BgNbd(Baseline):
    """Beta-geometric/negative binomial (Fader, Hardie & Lee, "Counting your customers" the easy way, Marketing Science 24,
    2005): people come at random at a rate of their own and may, after any visit, never come again.

    Time is counted in the shop's open days. The parameters are fitted to everybody seen, and again every seven days.
    """

    def __init__(self, _learn_from: date | None = None) -> None:
        super().__init__()
        self.parameters = FIRST_GUESS
        self.fitted: date | None = None

    def forecast(self, day: date) -> dict[str, float]:
        if self.fitted is None or (day - self.fitted).days >= REFIT_DAYS:
            self.parameters = fitted([self.life(seen) for seen in self.people.values()], self.parameters)
            self.fitted = day
        return {who: comes_next(self.parameters, self.life(seen)) for who, seen in self.candidates()}

    def life(self, seen: Seen) -> Life:
        return Life(seen.days - 1, seen.last - seen.first, self.age(seen))


def comes_next(p: Parameters, life: Life) -> float:
    """Return the chance of a visit in the next unit of time: that they are alive, times that one of a rate drawn from
    Gamma(r + again, alpha + age) falls into it."""
    longer = (p.alpha + life.age) / (p.alpha + life.age + 1)
    none: float = longer ** (p.r + life.again)
    return alive(p, life) * (1 - none)


def alive(p: Parameters, life: Life) -> float:
    """Return the chance that somebody has not stayed away for good (Fader, Hardie & Lee, Computing P(alive) Using the
    BG/NBD Model, 2008); 1 for whoever came once."""
    if not life.again:
        return 1.0
    return 1 / (1 + exp(min(_gone(p, life), 700.0)))


def _gone(p: Parameters, life: Life) -> float:
    """Return the logarithm of how much likelier it is that the last visit was the last of all than that it was not."""
    quiet = log((p.alpha + life.age) / (p.alpha + life.last))
    return log(p.a / (p.b + life.again - 1)) + (p.r + life.again) * quiet


def log_likelihood(p: Parameters, lives: Sequence[Life]) -> float:
    """Return the logarithm of the likelihood of these lives: equation 6 of the paper of 2005, summed."""
    r, alpha, a, b = p
    total = len(lives) * (r * log(alpha) - lgamma(r) + lgamma(a + b) - lgamma(b))
    for again, count in Counter(life.again for life in lives).items():
        total += count * (lgamma(r + again) + lgamma(b + again) - lgamma(a + b + again))
    for life in lives:
        total -= (r + life.again) * log(alpha + life.age)
        if life.again:
            gone = _gone(p, life)
            total += gone if gone > 50 else log1p(exp(gone))
    return total


def fitted(lives: Sequence[Life], start: Parameters = FIRST_GUESS) -> Parameters:
    """Return the parameters under which these lives are likeliest, searched from `start`; `start` itself without any."""
    if not lives:
        return start

    def unlikely(logs: Sequence[float]) -> float:
        if max(map(abs, logs)) > FURTHEST:
            return inf
        return -log_likelihood(Parameters(*map(exp, logs)), lives)

    return Parameters(*map(exp, lowest(unlikely, [log(value) for value in start])))


def lowest(
    function: Callable[[Sequence[float]], float], start: Sequence[float], apart: float = 1e-5, most: int = 600
) -> list[float]:
    """Return where a function is lowest near `start`: the simplex search of Nelder & Mead (Computer Journal 7, 1965).

    It ends when the corners' values differ by no more than `apart`, or at the latest after about `most` calls.
    """
    corners = [list(start)] + [[x + 0.5 * (i == j) for j, x in enumerate(start)] for i in range(len(start))]
    simplex = sorted((function(corner), corner) for corner in corners)
    calls = len(simplex)
    while calls < most and simplex[-1][0] - simplex[0][0] > apart:
        worst, corner = simplex.pop()
        middle = [sum(column) / len(simplex) for column in zip(*(point for _, point in simplex), strict=True)]

        def along(far: float, middle: list[float] = middle, corner: list[float] = corner) -> tuple[float, list[float]]:
            point = [m + far * (m - x) for m, x in zip(middle, corner, strict=True)]
            return function(point), point

        tried, calls = along(1.0), calls + 1
        if tried[0] < simplex[0][0]:
            further, calls = along(2.0), calls + 1
            tried = min(tried, further)
        elif tried[0] >= simplex[-1][0]:
            nearer, calls = along(0.5 if tried[0] < worst else -0.5), calls + 1
            if nearer[0] > min(tried[0], worst):  # nothing gained on this line: draw all corners to the best
                best = simplex[0][1]
                points = [[(x + y) / 2 for x, y in zip(point, best, strict=True)] for _, point in simplex[1:]]
                points.append([(x + y) / 2 for x, y in zip(corner, best, strict=True)])
                simplex = [simplex[0]] + [(function(point), point) for point in points]
                simplex.sort()
                calls += len(points)
                continue
            tried = nearer
        simplex.append(tried)
        simplex.sort()
    return simplex[0][1]


METHODS: dict[str, Callable[[date | None], Method]] = {
    "regulars": Regulars,
    "same-weekday": SameWeekday,
    "frequency": Frequency,
    "weekday": Weekday,
    "bg-nbd": BgNbd,
}
