"""Who comes on a day, from the history of one shop: the model of docs/forecast.md, streaming.

Every open day is folded in once (`Rhythm.night`). Folding touches only those who came; what fades with time is stored
as of the last visit and faded when it is read. Days are the shop's own calendar days, minutes are after midnight.
An open day is a day with any visit; a closed day changes nothing. Learning solves one small system a night.
"""

from __future__ import annotations

import json
import struct
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from heapq import nlargest
from itertools import islice
from math import exp, log, log1p, sqrt
from operator import itemgetter, mul
from pathlib import Path
from typing import Any, Generic, TypeVar

from domain.arrival import BIN_MINUTES, BINS, Arrival, ShopTimes, arrival, hours_of
from domain.hours import Hours

Key = TypeVar("Key", bound=Hashable)
Features = tuple[float, ...]

KEPT_VISITS = 40
LONGEST_GAP = 36
LEARN_AFTER_DAYS = 14
LEARN_ROWS = 1_000_000  # of people and days that a replay learns from at most; so many take about twenty seconds
LEARN_AT_LEAST_DAYS = 3
CANDIDATE_VISITS = 2

# What is left of a count after one open day (or one such weekday), by half-life, and the sum of that series.
LEFT_7, LEFT_28, LEFT_90 = 0.5 ** (1 / 7), 0.5 ** (1 / 28), 0.5 ** (1 / 90)
FULL_7, FULL_28, FULL_90 = 1 / (1 - LEFT_7), 1 / (1 - LEFT_28), 1 / (1 - LEFT_90)
LEFT_FAST, LEFT_SLOW, LEFT_SHOP = 0.5 ** (1 / 4), 0.5 ** (1 / 16), 0.5 ** (1 / 8)
FULL_FAST, FULL_SLOW = 1 / (1 - LEFT_FAST), 1 / (1 - LEFT_SLOW)
GAP_LEFT, GAP_BIN_LEFT = 0.9, 0.97
LEARNT_LEFT = 0.5 ** (1 / 90)
# The same for so many days at once, made once: a power costs more than looking it up.
FADED = [(LEFT_7**n, LEFT_28**n, LEFT_90**n) for n in range(512)]
FADED_WEEKS = [(LEFT_FAST**n, LEFT_SLOW**n) for n in range(128)]

# What the shared formula missed about one person: by days since the last visit up to a fortnight, between two empty
# places, and by weekday after a short, a middling and a long pause. Errors first, then what they could have been.
LONGEST_PAUSE = 14
PAUSES = LONGEST_PAUSE + 2
SHORT_PAUSE, MIDDLING_PAUSE = 2, 7  # days, the last ones of each
ON_WEEKDAY, SPREADS = PAUSES, PAUSES + 21
NO_MISSES = array("f", [0.0] * (2 * SPREADS))
PERSONAL = ("own_pause", "own_weekday")
OWN_WEIGHT = 4.0  # a person's own misses count for half once they could have varied by this much

# After so many open days an X28 no longer changes within a float's precision: older cohorts are counted as one.
OLDEST_COHORT = 1500
# Rows handled at a time: small enough to stay in the processor's cache, large enough to hide the loop around them.
CHUNK = 1024


@dataclass(frozen=True, slots=True)
class Prior:
    """What the model believes before it has seen a shop: names, coefficients and spreads of the features, in order."""

    names: tuple[str, ...]
    coef: tuple[float, ...]
    sd: tuple[float, ...]

    @classmethod
    def load(cls, path: Path) -> Prior:
        """Return the prior kept in a JSON file with `names`, `coef` and `sd`."""
        kept = json.loads(path.read_text())
        return cls(tuple(kept["names"]), tuple(kept["coef"]), tuple(kept["sd"]))

    @property
    def precision(self) -> list[float]:
        """Return how firmly each coefficient is held: 20 sd^2, and 1 for the intercept."""
        return [1.0] + [20 * sd * sd for sd in self.sd[1:]]


SHIPPED = Prior.load(Path(__file__).with_name("prior.json"))


# Where the counts of a habit lie in its one compact array: by weekday, fading fast and slow, the turn of the last visit
# and the streak; then 36 gap bins between a copy of the first and one of the last.
FAST, SLOW, TURN, STREAK, GAPS = 0, 7, 14, 21, 28
NO_COUNTS = array("f", [0.0] * 14 + [-1.0] * 7 + [0.0] * (7 + LONGEST_GAP + 2))
# Instead of fading 36 gap bins at every visit, the newest gap weighs ever more and readers scale it back; after so many
# visits all are scaled back at once, before the weights leave the range of a small float.
GAPS_SCALED = 1024
GROWN = [GAP_BIN_LEFT**-n for n in range(GAPS_SCALED)]

PACKED = struct.Struct("<7i6d?")  # the single numbers of a habit, and whether its misses follow
AT_COUNTS = PACKED.size
AT_MISSED = AT_COUNTS + len(NO_COUNTS) * NO_COUNTS.itemsize
AT_STAMPS = AT_MISSED + len(NO_MISSES) * NO_MISSES.itemsize  # where misses are kept


class Habit:
    """One customer's visit days at one shop, as counts that are faded when they are read.

    `n` counts visit days, the first included; the fading counts begin after the first. `first` and `last` are date
    ordinals, `first_open` and `last_open` the places of these days among the shop's open days.
    """

    __slots__ = (
        "counts", "e7", "e28", "e90", "first", "first_open", "gap", "gap_squares", "gap_sum", "gap_weight",
        "last", "last_open", "missed", "n", "stamps", "week",
    )  # fmt: skip

    def __init__(self, ordinal: int, minute: int, open_index: int, turn: int) -> None:
        self.n = 1
        self.first = self.last = ordinal
        self.first_open = self.last_open = open_index
        self.e7 = self.e28 = self.e90 = 0.0
        weekday = (ordinal - 1) % 7
        self.counts = array("f", NO_COUNTS)
        self.counts[TURN + weekday] = turn
        self.counts[STREAK + weekday] = 1
        self.gap = 0
        self.gap_sum = self.gap_squares = self.gap_weight = 0.0
        self.week = 1  # bit k: came k days before the last visit, k < 7
        self.missed: array[float] | None = None  # what the shared formula missed, since it is learnt from
        self.stamps = array("i", (ordinal * 1440 + minute,))

    def visit(self, ordinal: int, minute: int, open_index: int, turn: int) -> None:
        """Fold one later visit day in. `turn` counts the open days of this weekday before it."""
        passed = open_index - self.last_open
        left_7, left_28, left_90 = FADED[passed] if passed < 512 else (LEFT_7**passed, LEFT_28**passed, LEFT_90**passed)
        self.e7 = self.e7 * left_7 + 1
        self.e28 = self.e28 * left_28 + 1
        self.e90 = self.e90 * left_90 + 1
        self.last_open = open_index

        weekday = (ordinal - 1) % 7
        counts, fast, slow, streak = self.counts, FAST + weekday, SLOW + weekday, STREAK + weekday
        since = turn - int(counts[TURN + weekday])
        left_fast, left_slow = FADED_WEEKS[since] if since < 128 else (LEFT_FAST**since, LEFT_SLOW**since)
        counts[fast] = counts[fast] * left_fast + 1
        counts[slow] = counts[slow] * left_slow + 1
        counts[streak] = counts[streak] + 1 if since == 1 else 1
        counts[TURN + weekday] = turn

        gap = self.gap = ordinal - self.last
        self.gap_sum = self.gap_sum * GAP_LEFT + gap
        self.gap_squares = self.gap_squares * GAP_LEFT + gap * gap
        self.gap_weight = self.gap_weight * GAP_LEFT + 1
        since_scaled = self.n % GAPS_SCALED
        if since_scaled == 0:
            for place in range(GAPS, len(counts)):
                counts[place] *= GAP_BIN_LEFT**GAPS_SCALED
        weight = GROWN[since_scaled]
        if gap <= 1:
            counts[GAPS] += weight  # the ends of the histogram count twice in `haz_near`
        elif gap >= LONGEST_GAP:
            gap = LONGEST_GAP
            counts[GAPS + gap + 1] += weight
        counts[GAPS + gap] += weight

        self.week = (self.week << self.gap | 1) & 0x7F if self.gap < 7 else 1
        self.last = ordinal
        self.n += 1
        self.stamps.append(ordinal * 1440 + minute)
        if len(self.stamps) > KEPT_VISITS:
            del self.stamps[0]

    def own(self, ordinal: int) -> tuple[float, float]:
        """Return how much more than the shared formula says this customer comes after such a pause, and on such a weekday
        after one: errors over their spread, each drawn towards nothing while little is known. Of a day after the last visit."""
        missed = self.missed
        if missed is None:
            return 0.0, 0.0
        pause, weekday = _places(ordinal, ordinal - self.last)
        near = missed[pause] + 0.5 * (missed[pause - 1] + missed[pause + 1])
        spread = missed[SPREADS + pause] + 0.5 * (missed[SPREADS + pause - 1] + missed[SPREADS + pause + 1])
        return near / (spread + OWN_WEIGHT), missed[weekday] / (missed[SPREADS + weekday] + OWN_WEIGHT)

    def miss(self, ordinal: int, error: float, spread: float) -> None:
        """Count what the shared formula missed on a day: came (0 or 1) less its probability p, and p (1 - p)."""
        missed = self.missed
        if missed is None:
            missed = self.missed = array("f", NO_MISSES)
        for place in _places(ordinal, ordinal - self.last):
            missed[place] += error
            missed[SPREADS + place] += spread

    def packed(self) -> bytes:
        """Return all of it as bytes, for this kind of processor."""
        head = PACKED.pack(
            self.n, self.first, self.last, self.first_open, self.last_open, self.gap, self.week,
            self.e7, self.e28, self.e90, self.gap_sum, self.gap_squares, self.gap_weight, self.missed is not None,
        )  # fmt: skip
        return b"".join((head, self.counts, self.missed or b"", self.stamps))

    @classmethod
    def unpacked(cls, kept: bytes) -> Habit:
        """Return the habit that was `packed`."""
        habit = cls.__new__(cls)
        (
            habit.n, habit.first, habit.last, habit.first_open, habit.last_open, habit.gap, habit.week,
            habit.e7, habit.e28, habit.e90, habit.gap_sum, habit.gap_squares, habit.gap_weight, learned,
        ) = PACKED.unpack_from(kept)  # fmt: skip
        habit.counts = array("f", kept[AT_COUNTS:AT_MISSED])
        habit.missed = array("f", kept[AT_MISSED:AT_STAMPS]) if learned else None
        habit.stamps = array("i", kept[AT_STAMPS if learned else AT_MISSED :])
        return habit

    @property
    def since(self) -> date:
        """Return the day of the first visit."""
        return date.fromordinal(self.first)

    @property
    def latest(self) -> date:
        """Return the day of the last visit."""
        return date.fromordinal(self.last)

    @property
    def visits(self) -> list[tuple[date, int]]:
        """Return the last 40 visit days and the minute of arrival on each, oldest first."""
        return [(date.fromordinal(stamp // 1440), stamp % 1440) for stamp in self.stamps]


def _places(ordinal: int, pause: int) -> tuple[int, int]:
    """Return where the misses of a day lie: by the pause before it, and by its weekday after such a pause."""
    kind = (pause > SHORT_PAUSE) + (pause > MIDDLING_PAUSE)
    return min(pause, LONGEST_PAUSE), ON_WEEKDAY + (ordinal - 1) % 7 * 3 + kind


@dataclass(frozen=True, slots=True)
class Outlook:
    """What all forecasts of one day share: names and coefficients, and the candidates' mean of every feature."""

    names: tuple[str, ...]
    coef: tuple[float, ...]
    mean: tuple[float, ...]
    look: Callable[[Habit], Features] = field(compare=False, repr=False)


@dataclass(slots=True)
class Forecast(Generic[Key]):
    """How likely one customer is to come on a day: `probability` in 0..1. Its features are read when asked for, and only
    until the next night is folded in: a hundred thousand forecasts would else hold two million numbers."""

    customer: Key
    probability: float
    habit: Habit = field(compare=False, repr=False)
    outlook: Outlook

    @property
    def features(self) -> Features:
        """Return what was known of this customer that morning, in the order of the prior's names."""
        return self.outlook.look(self.habit)

    @property
    def weights(self) -> dict[str, float]:
        """Return by feature what sets this customer apart that day: b_j (x_j - mean of the day's candidates)."""
        o = self.outlook
        return {name: b * (x - mean) for name, b, x, mean in zip(o.names, o.coef, self.features, o.mean, strict=True)}


@dataclass(slots=True)
class Tally:
    """One day's forecasts against what happened, without anybody's name."""

    day: date
    people: int = 0  # who could have been expected: two or more visit days before
    expected: float = 0.0  # the sum of their probabilities
    came: int = 0  # of them
    first: int = 0  # of the `came` most probable, so many did come
    # By tenths of probability: people, the sum of their probabilities, and who came
    bands: list[list[float]] = field(default_factory=lambda: [[0, 0.0, 0] for _ in range(10)])

    def count(self, predicted: Sequence[float], came: Sequence[bool]) -> None:
        """Count some people in: the probability of each, and whether they came. `first` is not among what is counted."""
        self.people += len(predicted)
        self.expected += sum(predicted)
        self.came += sum(came)
        bands = self.bands
        for p, y in zip(predicted, came, strict=True):
            band = bands[int(p * 10)]  # never 1: the logistic function of at most 30
            band[0] += 1
            band[1] += p
            band[2] += y


class Rhythm(Generic[Key]):
    """What one shop has learnt about its customers' coming, as of the last open day folded in.

    `days` lists the open days, `habits` everyone ever seen. `coef` (b), `learnt` (A) and what each habit `missed` are
    plain numbers that may be kept and put back into a Rhythm replayed without learning.
    """

    def __init__(self, prior: Prior = SHIPPED) -> None:
        self.prior = prior
        self.shared = len([name for name in prior.names if name not in PERSONAL])  # features the shared formula reads
        self.habits: dict[Key, Habit] = {}
        self.days: list[date] = []
        self.coef: list[float] = list(prior.coef)
        self.learnt: list[list[float]] = [[0.0] * len(prior.coef) for _ in prior.coef]
        self.shop_came = [0.0] * 7
        self.shop_expected = [0.0] * 7
        self.shop_lately: deque[tuple[int, float]] = deque(maxlen=3)
        self.times = [[0] * BINS for _ in range(7)]
        # turns[w][i]: open days of weekday w among the first i open days.
        self.turns: list[list[int]] = [[0] for _ in range(7)]
        # Candidates and their E28 summed by the open day of their first visit, newest last; X28 by open days since.
        self._faces: list[int] = []
        self._visits: list[float] = []
        self._exposure_28: list[float] = []
        self._times_of: dict[int, ShopTimes] = {}

    def night(self, day: date, came: Mapping[Key, int], learn: bool) -> Tally | None:
        """Fold in one day: who came, and the minute of each one's first arrival. Nobody came: a closed day.

        With `learn` the coefficients are first moved by that day's forecast errors, from the 15th day on, and what was
        forecast is returned against what happened. Days must be folded in order: one not after the last raises ValueError.
        """
        self._must_follow(day)
        if not came:
            return None
        tally = None
        if learn and self.days and (day - self.days[0]).days >= LEARN_AFTER_DAYS:
            tally = self._learn(day, came)
        self._fold(day, came)
        return tally

    def forecast(self, day: date) -> list[Forecast[Key]]:
        """Return a forecast for everyone with 2 or more visit days, in no order; what came before `day` is known.

        Asking about a day that is already folded in raises ValueError.
        """
        self._must_follow(day)
        probabilities = array("d")
        sums = [0.0] * len(self.coef)
        for _, rows in self._rows(day):
            probabilities.extend(self._probabilities(rows))
            sums = [total + sum(column) for total, column in zip(sums, zip(*rows, strict=True), strict=True)]
        mean = tuple(total / len(probabilities) for total in sums) if probabilities else ()
        outlook = Outlook(self.prior.names, tuple(self.coef), mean, self._lens(day))
        return [
            Forecast(key, probability, habit, outlook)
            for (key, habit), probability in zip(self._candidates(), probabilities, strict=True)
        ]

    def forecast_of(self, key: Key, day: date, mean: Sequence[float] | None) -> Forecast[Key]:
        """Return the forecast for one customer alone; `mean` is that of the day's candidates, as an earlier forecast had it."""
        self._must_follow(day)
        habit, look = self.habits[key], self._lens(day)
        row = look(habit)
        outlook = Outlook(self.prior.names, tuple(self.coef), tuple(mean or row), look)
        return Forecast(key, self._probabilities([row])[0], habit, outlook)

    def arrival(self, key: Key, day: date) -> Arrival:
        """Return at about what time this customer would come on `day`; KeyError if never seen."""
        return arrival(self.habits[key].visits, day, self.shop_times(day.weekday()))

    def hours(self, key: Key, day: date, shown: Arrival) -> Hours:
        """Return how the hours of `day` bear on this customer, of whom `shown` is told in the morning."""
        return hours_of(self.habits[key].visits, day, self.shop_times(day.weekday()), shown)

    def habit_of(self, visits: Iterable[tuple[date, int]]) -> Habit | None:
        """Return the habit that these visits make, of one person or of several who count as one; None without any.

        They come in order, one a day, as day and minute; those of days that are not folded in are passed over.
        It is the habit that `night` would have made of them, without what learning adds.
        """
        habit = None
        for day, minute in visits:
            index = bisect_left(self.days, day)
            if index == len(self.days) or self.days[index] != day:
                continue
            turn = self.turns[day.weekday()][index]
            if habit is None:
                habit = Habit(day.toordinal(), minute, index, turn)
            else:
                habit.visit(day.toordinal(), minute, index, turn)
        return habit

    def shop_times(self, weekday: int) -> ShopTimes:
        """Return when people come on a weekday; kept until the next such day is folded in."""
        if weekday not in self._times_of:
            self._times_of[weekday] = ShopTimes(self.times[weekday])
        return self._times_of[weekday]

    def _must_follow(self, day: date) -> None:
        if self.days and day <= self.days[-1]:
            raise ValueError(f"{day} is not after {self.days[-1]}, the last day folded in")

    # The shop as a whole

    def rate(self) -> float:
        """Return mu before it is bounded: visits of all candidates over their exposure, both with half-life 28."""
        exposure: float = sum(map(mul, reversed(self._faces), self._exposure_28))
        return sum(self._visits) / max(1e-9, exposure)

    def _weekday_factor(self, weekday: int) -> float:
        """Return f_w: how busy this weekday is against what the candidates' rates lead to expect."""
        return (self.shop_came[weekday] + 1) / (self.shop_expected[weekday] + 1)

    def _lately(self) -> float:
        """Return c3: the log of came over expected on the last 3 open days, within log 0.2 .. log 5."""
        came = sum(k for k, _ in self.shop_lately)
        expected = sum(e for _, e in self.shop_lately)
        return log(min(max((came + 1) / (expected + 1), 0.2), 5))

    def _fold(self, day: date, came: Mapping[Key, int]) -> None:
        """Count the day for the shop, then for each visitor."""
        weekday, ordinal, index = day.weekday(), day.toordinal(), len(self.days)
        turn = self.turns[weekday][-1]
        shrink = 4 * max(1e-4, self.rate())
        expected = sum(
            (visits + shrink * faces) / (exposure + 4)
            for visits, faces, exposure in zip(
                reversed(self._visits), reversed(self._faces), self._exposure_28, strict=True
            )
        )
        factor = self._weekday_factor(weekday)

        self._age_cohorts()
        faces_of, visits_of, times, habits = self._faces, self._visits, self.times[weekday], self.habits
        candidates, before, oldest = 0, index + 1, -OLDEST_COHORT - 1
        for key, minute in came.items():
            times[minute // BIN_MINUTES] += 1
            habit = habits.get(key)
            if habit is None:
                habits[key] = Habit(ordinal, minute, index, turn)
                continue
            cohort = habit.first_open - before
            if cohort < oldest:
                cohort = oldest
            visits_of[cohort] += 1
            if habit.n >= CANDIDATE_VISITS:
                candidates += 1
            else:
                faces_of[cohort] += 1
            habit.visit(ordinal, minute, index, turn)

        self.shop_lately.append((candidates, expected * factor))
        self.shop_came[weekday] = self.shop_came[weekday] * LEFT_SHOP + candidates
        self.shop_expected[weekday] = self.shop_expected[weekday] * LEFT_SHOP + expected
        for w, counts in enumerate(self.turns):
            counts.append(counts[-1] + (w == weekday))
        self.days.append(day)
        self._times_of.pop(weekday, None)

    def _age_cohorts(self) -> None:
        """Let one more open day pass for every cohort and begin today's."""
        self._visits = [visits * LEFT_28 for visits in self._visits]
        self._visits.append(0.0)
        self._faces.append(0)
        if len(self._faces) > OLDEST_COHORT + 1:
            self._faces[:2] = [sum(self._faces[:2])]
            self._visits[:2] = [sum(self._visits[:2])]
        else:
            self._exposure_28.append((1 - LEFT_28 ** len(self._exposure_28)) * FULL_28)

    # Each candidate

    def _candidates(self) -> Iterator[tuple[Key, Habit]]:
        return ((key, habit) for key, habit in self.habits.items() if habit.n >= CANDIDATE_VISITS)

    def _rows(self, day: date) -> Iterator[tuple[list[tuple[Key, Habit]], list[Features]]]:
        """Yield the candidates of a day and their features, a chunk at a time."""
        look, candidates = self._lens(day), self._candidates()
        while chunk := list(islice(candidates, CHUNK)):
            yield chunk, [look(habit) for _, habit in chunk]

    def _lens(self, day: date) -> Callable[[Habit], Features]:
        """Return the function that reads the features of docs/forecast.md, in its order, from a candidate's habit."""
        look = self._shared_lens(day)
        if self.shared == len(self.coef):
            return look
        ordinal = day.toordinal()
        return lambda habit: look(habit) + habit.own(ordinal)

    def _shared_lens(self, day: date) -> Callable[[Habit], Features]:
        """Return the function that reads the 17 features that all share."""
        ordinal, weekday, latest = day.toordinal(), day.weekday(), len(self.days) - 1
        mu = min(max(self.rate(), 1e-4), 0.9)
        shrink, usual_gap = 4 * mu, 2 * min(1 / mu, 60)
        factor, lately = self._weekday_factor(weekday), self._lately()
        log_factor, half_factor = log(factor), factor / 2
        turns = self.turns[weekday]
        turn = turns[-1] - 1
        fast, slow, last_turn, streak = FAST + weekday, SLOW + weekday, TURN + weekday, STREAK + weekday

        def look(habit: Habit) -> Features:
            n, d = habit.n, ordinal - habit.last
            quiet, known = latest - habit.last_open, latest - habit.first_open
            r7 = (habit.e7 * LEFT_7**quiet + shrink) / ((1 - LEFT_7**known) * FULL_7 + 4)
            r28 = (habit.e28 * LEFT_28**quiet + shrink) / ((1 - LEFT_28**known) * FULL_28 + 4)
            r90 = (habit.e90 * LEFT_90**quiet + shrink) / ((1 - LEFT_90**known) * FULL_90 + 4)
            pull = 1.5 * min(max(half_factor * (r28 + r90), 1e-4), 0.98)

            counts = habit.counts
            since = turn - counts[last_turn]
            chances = turn + 1 - turns[habit.first_open + 1]
            quick = (counts[fast] * LEFT_FAST**since + pull) / ((1 - LEFT_FAST**chances) * FULL_FAST + 1.5)
            steady = (counts[slow] * LEFT_SLOW**since + pull) / ((1 - LEFT_SLOW**chances) * FULL_SLOW + 1.5)

            weight = habit.gap_weight
            g = (habit.gap_sum + usual_gap) / (weight + 2)
            variance = habit.gap_squares / weight - (habit.gap_sum / weight) ** 2
            i = GAPS + min(d, LONGEST_GAP)
            gaps = (counts[i - 1] + counts[i] + counts[i + 1]) / GROWN[(n - 1) % GAPS_SCALED]
            near = (gaps + 0.5) / ((1 - GAP_BIN_LEFT ** (n - 1)) / (1 - GAP_BIN_LEFT) + 2)

            return (
                1.0,
                log_odds(quick),
                log_odds(steady),
                log_odds(r7),
                log_odds(r28),
                log_odds((n + shrink) / (known + 4)),
                log(d),
                max(0.0, log((d + 0.5) / (g + 0.5))),
                log(n + 1),
                1.0 if d == 1 else 0.0,
                1.0 if d <= 7 and habit.week >> (7 - d) & 1 else 0.0,
                log_factor,
                lately,
                log_odds(near),
                log(sqrt(max(variance, 0.05)) / g + 0.05),
                counts[streak] if since == 0 else 0.0,
                log1p(habit.gap),
            )

        return look

    def _probabilities(self, rows: Sequence[Features], features: int | None = None) -> list[float]:
        """Return P(comes) for each row, by its first `features` (else all): the logistic function of b.x, with b.x kept
        within -30..30."""
        coef = self.coef[:features]
        return [1 / (1 + exp(-max(-30.0, min(30.0, sum(map(mul, coef, row)))))) for row in rows]

    # Learning

    def _learn(self, day: date, came: Mapping[Key, int]) -> Tally | None:
        """Move the coefficients by one day's errors (docs/forecast.md, "Learning") and return what was forecast against what
        happened; without candidates do nothing."""
        size = len(self.coef)
        errors = [0.0] * size
        seen = [[0.0] * size for _ in range(size)]
        ordinal, personal = day.toordinal(), self.shared < size
        tally, ranked = Tally(day), list[tuple[float, bool]]()
        for chunk, rows in self._rows(day):
            predicted = self._probabilities(rows)
            here = [key in came for key, _ in chunk]
            tally.count(predicted, here)
            ranked += zip(predicted, here, strict=True)
            missed = [y - p for y, p in zip(here, predicted, strict=True)]
            spread = [p * (1 - p) for p in predicted]
            columns = list(zip(*rows, strict=True))
            if personal:
                for (_, habit), p, y in zip(chunk, self._probabilities(rows, self.shared), here, strict=True):
                    habit.miss(ordinal, y - p, p * (1 - p))
            for i, column in enumerate(columns):
                errors[i] += sum(map(mul, missed, column))
                weighted = list(map(mul, spread, column))
                row = seen[i]
                for j in range(i, size):
                    row[j] += sum(map(mul, weighted, columns[j]))
        if not tally.people:
            return None
        tally.first = sum(y for _, y in nlargest(tally.came, ranked, key=itemgetter(0)))
        forgotten = 1 - LEARNT_LEFT
        precision = self.prior.precision
        self.learnt = [
            [LEARNT_LEFT * v + (seen[i][j] if i <= j else seen[j][i]) for j, v in enumerate(row)]
            for i, row in enumerate(self.learnt)
        ]
        pulls = zip(errors, precision, self.coef, self.prior.coef, strict=True)
        right = [error - forgotten * held * (b - b0) for error, held, b, b0 in pulls]
        matrix = [[v + precision[i] * (i == j) for j, v in enumerate(row)] for i, row in enumerate(self.learnt)]
        self.coef = [b + step for b, step in zip(self.coef, solve(matrix, right), strict=True)]
        return tally

    # From night to night

    def kept(self) -> dict[str, Any]:
        """Return everything but the habits, in numbers fit for JSON; `taken_up` makes the same rhythm of it again."""
        return {
            "days": [day.toordinal() for day in self.days],
            "coef": self.coef,
            "learnt": self.learnt,
            "came": self.shop_came,
            "expected": self.shop_expected,
            "lately": list(self.shop_lately),
            "times": self.times,
            "faces": self._faces,
            "visits": self._visits,
        }

    @classmethod
    def taken_up(cls, kept: Mapping[str, Any], prior: Prior = SHIPPED) -> Rhythm[Key]:
        """Return the rhythm that was `kept`, as yet without anybody's habits."""
        rhythm: Rhythm[Key] = cls(prior)
        rhythm.days = [date.fromordinal(ordinal) for ordinal in kept["days"]]
        rhythm.coef, rhythm.learnt = kept["coef"], kept["learnt"]
        rhythm.shop_came, rhythm.shop_expected = kept["came"], kept["expected"]
        rhythm.shop_lately.extend((came, expected) for came, expected in kept["lately"])
        rhythm.times, rhythm._faces, rhythm._visits = kept["times"], kept["faces"], kept["visits"]
        rhythm._exposure_28 = [(1 - LEFT_28**i) * FULL_28 for i in range(len(rhythm._faces))]
        for weekday, counts in enumerate(rhythm.turns):
            for day in rhythm.days:
                counts.append(counts[-1] + (day.weekday() == weekday))
        return rhythm


def log_odds(p: float) -> float:
    """Return log(p / (1 - p)), with p kept within 1e-5 .. 1 - 1e-5."""
    if p < 1e-5:
        p = 1e-5
    elif p > 1 - 1e-5:
        p = 1 - 1e-5
    return log(p / (1 - p))


def solve(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """Return x with matrix x = right, for a symmetric positive definite matrix, by elimination.

    Such a matrix needs no exchange of rows to stay accurate (Golub & Van Loan, Matrix Computations, 4.2).
    """
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for i, pivot in enumerate(rows):
        for r in range(i + 1, size):
            factor = rows[r][i] / pivot[i]
            if factor:
                rows[r][i:] = [v - factor * p for v, p in zip(rows[r][i:], pivot[i:], strict=True)]
    x = [0.0] * size
    for i in reversed(range(size)):
        x[i] = (rows[i][size] - sum(map(mul, rows[i][i + 1 : size], x[i + 1 :]))) / rows[i][i]
    return x


def learn_from(open_days: Sequence[date], people: int = 1) -> date | None:
    """Return from which of these ordered open days on a replay learns: all, or in a shop of many `people` as many of the
    last as make a million days of theirs, at least 3. None without any."""
    days = max(LEARN_AT_LEAST_DAYS, LEARN_ROWS // max(people, 1))
    return open_days[-days:][0] if open_days else None


def replay(
    days: Iterable[tuple[date, Mapping[Key, int]]], before: date, learn_from: date | None, prior: Prior = SHIPPED
) -> Rhythm[Key]:
    """Return the rhythm of a shop from its days in order, those before `before`, learning from `learn_from` on.

    Each day comes with the minute of first arrival of everyone who came. None: nothing is learnt.
    Days out of order raise ValueError; reading stops at `before`.
    """
    rhythm: Rhythm[Key] = Rhythm(prior)
    for day, came in days:
        if day >= before:
            break
        rhythm.night(day, came, learn=learn_from is not None and day >= learn_from)
    return rhythm
