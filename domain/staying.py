"""Who stays, who fades and who comes more often: the ground for an owner's lists, from the history of one shop.

docs/forecast.md, "Still a customer", tells how and how well. All is read as of the morning of a day: what came before it
is known. Days are the shop's own calendar days; a firm (or household) counts as one, by the visit days of all its people.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, pairwise
from math import exp, log, sqrt
from pathlib import Path
from statistics import median
from typing import Generic, TypeVar

from domain.forecast import FULL_28, FULL_90, KEPT_VISITS, LEFT_28, LEFT_90, Features, Habit, Rhythm

Key = TypeVar("Key", bound=Hashable)
Firm = TypeVar("Firm", bound=Hashable)
Visits = Sequence[tuple[date, int]]  # day and minute, in order

BACK_WITHIN_DAYS = 28
STRETCH_DAYS = 56  # the two stretches that are compared: the last eight weeks, and the eight before
NAMES = ("intercept", "rate28", "rate90", "known", "overdue")
HALF_KNOWN = 10  # visit days after which half of what can be known of a customer is

QUIET_VISITS = 6
LIKELY_THEN = 0.2  # below this they had left before: not fading, gone
QUIET_GAPS = 1.5  # nobody is quiet before so many of their own gaps have passed
SLOW_GAP_DAYS = 21  # whoever comes less often is measured against their own last visit; eight weeks are little to them
GONE_GAPS, GONE_DAYS = 4, 730  # after so many of these gaps they have left, as has anybody after so many days
CLEARLY = 3.0  # deviations between the two stretches; chance alone goes beyond for about 1 in 2,000
HALF_AS_OFTEN_AGAIN = 1.5
EVEN_GAPS = 8  # as many imagined gaps, as uneven as pure chance makes them, stand beside a customer's own
LIKELY_TO_STAY = 0.5
GAPS_FOR_USUAL = 10


def _shipped(path: Path = Path(__file__).with_name("staying.json")) -> tuple[float, ...]:
    kept = json.loads(path.read_text(encoding="utf-8"))
    if tuple(kept["names"]) != NAMES:
        raise ValueError(f"{path} is of other features: {kept['names']}")
    return tuple(kept["coef"])


SHIPPED = _shipped()


class Closures:
    """Days on which a shop was closed for longer than its ordinary week has it: they are nobody's absence.

    A stretch of closed days is ordinary if no longer than 19 of 20 in the last 300 open days; of a longer one the days
    beyond that are left out.
    """

    def __init__(self, days: Sequence[date]) -> None:
        self.opened = [day.toordinal() for day in days]
        stretches = [later - earlier - 1 for earlier, later in pairwise(self.opened)]
        recent = sorted(stretches[-300:])
        self.ordinary = recent[19 * (len(recent) - 1) // 20] if recent else 0
        beyond = (max(0, closed - self.ordinary) for closed in stretches)
        self.lost = list(accumulate(beyond, initial=0))

    def until(self, ordinal: int) -> int:
        """Return how many days up to this one, a date's ordinal, were closed beyond the ordinary."""
        place = bisect_right(self.opened, ordinal) - 1
        if place < 0:
            return 0
        return self.lost[place] + max(0, ordinal - self.opened[place] - self.ordinary)


class Morning:
    """How likely customers are to be back within 28 days, as of the morning of one day.

    Of the rhythm only open days before that day are read, and the shop's present rate; closures are judged by all it has.
    """

    def __init__(
        self,
        rhythm: Rhythm[Key],
        day: date,
        closures: Closures | None = None,
        coef: Sequence[float] = SHIPPED,
    ) -> None:
        self.ordinal = day.toordinal()
        self.latest = bisect_left(rhythm.days, day) - 1
        self.closures = closures or Closures(rhythm.days)
        self.lost = self.closures.until(self.ordinal - 1)
        self.coef = tuple(coef)
        mu = min(max(rhythm.rate(), 1e-4), 0.9)
        self.shrink, self.usual_gap = 4 * mu, 2 * min(1 / mu, 60)

    def away(self, habit: Habit, contact: date | None = None) -> int:
        """Return the days since the last visit, or since a later contact, less days the shop was closed out of turn.

        A contact after this day is not known yet.
        """
        if contact and habit.last < contact.toordinal() <= self.ordinal:
            since = contact.toordinal()
            return max(0, self.ordinal - since - (self.lost - self.closures.until(since)))
        return self.ordinal - habit.last - (self.lost - self.closures.lost[habit.last_open])

    def gap(self, habit: Habit) -> float:
        """Return g: the customer's own gap in days, drawn towards the shop's while little is known."""
        return (habit.gap_sum + self.usual_gap) / (habit.gap_weight + 2)

    def overdue(self, habit: Habit, contact: date | None = None) -> float:
        """Return the days away over the customer's own gap, each with half a day added."""
        return (self.away(habit, contact) + 0.5) / (self.gap(habit) + 0.5)

    def fresh(self, habit: Habit) -> float:
        """Return how likely they were to be back within 28 days on the morning after their last visit."""
        known = habit.last_open - habit.first_open
        return self.likely(self.read(habit.n, habit.e28, habit.e90, known, 0.0))

    def features(self, habit: Habit, contact: date | None = None) -> Features:
        """Return 1, log r28, log r90, log(n / (n + 10)) and max(0, log overdue) log(n / 2), of two visit days or more."""
        quiet = self.latest - habit.last_open
        visits_28, visits_90 = habit.e28 * LEFT_28**quiet, habit.e90 * LEFT_90**quiet
        late = max(0.0, log(self.overdue(habit, contact)))
        return self.read(habit.n, visits_28, visits_90, self.latest - habit.first_open, late)

    def read(self, n: int, visits_28: float, visits_90: float, known: int, late: float) -> Features:
        """Return the features of n visit days, these fading counts, so many open days known, and log overdue."""
        return (
            1.0,
            log((visits_28 + self.shrink) / ((1 - LEFT_28**known) * FULL_28 + 4)),
            log((visits_90 + self.shrink) / ((1 - LEFT_90**known) * FULL_90 + 4)),
            log(n / (n + HALF_KNOWN)),
            late * max(0.0, log(n / 2)),
        )

    def chance(self, habit: Habit, contact: date | None = None) -> float:
        """Return the probability of a visit on this day or one of the 27 after it, the longer away the lower."""
        return self.likely(self.features(habit, contact))

    def likely(self, features: Features) -> float:
        """Return the probability that features come to: logistic, with log-odds kept within -30 .. 30."""
        b0, b1, b2, b3, b4 = self.coef
        _, x1, x2, x3, x4 = features
        return 1 / (1 + exp(-max(-30.0, min(30.0, b0 + b1 * x1 + b2 * x2 + b3 * x3 + b4 * x4))))


@dataclass(frozen=True, slots=True)
class Change(Generic[Key, Firm]):
    """A relationship that fades or grows, in facts that can be counted again; nothing here is a score.

    `kind` is "quiet" (stays away), "less" or "more" (comes less, more often). `customers` are those it is about, the
    people of `firm` if there is one. `usual_gap` is the median of their last ten gaps in days, as of eight weeks ago, None
    without any; `days_since` counts all days since the last visit or a later contact; `lately` and `before` are visit days
    in the last eight weeks and in the eight before.
    """

    kind: str
    customers: tuple[Key, ...]
    firm: Firm | None
    usual_gap: float | None
    last_visit: date
    contact: date | None
    days_since: int
    lately: int
    before: int
    since: date


class Relationships(Generic[Key, Firm]):
    """Who fades and who grows in a shop, as of the morning of `day`.

    `visits_of` returns all visits of the customers it is given, at this shop; it is asked once for each list, only about
    those who may be in it and have more visits than their habit keeps. `contacts` has the day of the last real contact
    (they wrote, we spoke, they booked), `firms` whom a customer belongs to, `out` those who died, moved or want to be left
    alone: they are in no list, nor do their visits count for their firm. A rhythm that knows `day` raises ValueError.
    """

    def __init__(
        self,
        rhythm: Rhythm[Key],
        day: date,
        visits_of: Callable[[list[Key]], Mapping[Key, Visits]],
        contacts: Mapping[Key, date] | None = None,
        firms: Mapping[Key, Firm] | None = None,
        out: Collection[Key] = frozenset(),
    ) -> None:
        if rhythm.days and rhythm.days[-1] >= day:
            raise ValueError(f"{day} is not after {rhythm.days[-1]}, the last day folded in")
        self.rhythm, self.day, self.visits_of = rhythm, day, visits_of
        self.contacts, self.firms, self.out = contacts or {}, firms or {}, out
        self.middle = day - timedelta(days=STRETCH_DAYS)
        self.start = self.middle - timedelta(days=STRETCH_DAYS)
        self.now = Morning(rhythm, day)
        self.then = Morning(rhythm, self.middle, self.now.closures)
        first = bisect_left(rhythm.days, self.start)
        self.places = {opened: first + i for i, opened in enumerate(rhythm.days[first:])}
        self.open_before = self.then.latest + 1 - first
        self.open_lately = self.now.latest - self.then.latest

    def fading(self) -> list[Change[Key, Firm]]:
        """Return who stays away or comes less often, by the visits that are lost, most first.

        Quiet: six visits or more, away for one and a half of their own gaps but not for two years, and less than half as
        likely to be back within 28 days as eight weeks ago, when that was at least 0.2. Those with gaps of more than 21
        days are held against the morning after their last visit instead, if they were likelier then, until four of their
        gaps have passed. Less: known for 16 weeks, and in the last eight at most two thirds as often as in the eight
        before, beyond chance; after a contact these eight weeks begin anew. Lost are the visits an open day of eight weeks
        ago, times the fall of that probability, or of how often they come.
        """
        return self._changes(self._may_fade, self._fades)

    def growing(self) -> list[Change[Key, Firm]]:
        """Return who comes at least half as often again as in the eight weeks before the last eight, by the gain.

        It is beyond chance, they are known for 16 weeks, and more likely than not to be back within 28 days.
        """
        return self._changes(self._may_grow, self._grows)

    def _changes(
        self,
        may: Callable[[Sequence[Habit], date | None], bool],
        weighed: Callable[[_Known], tuple[str, float] | None],
    ) -> list[Change[Key, Firm]]:
        suspects = [party for party in self._parties() if may(party[2], party[3])]
        hidden = [
            key
            for _, keys, habits, _ in suspects
            for key, habit in zip(keys, habits, strict=True)
            if habit.n > KEPT_VISITS
        ]
        visits = self.visits_of(hidden) if hidden else {}
        found: list[tuple[float, Change[Key, Firm]]] = []
        for firm, keys, habits, contact in suspects:
            theirs = [
                visits.get(key, ()) if habit.n > KEPT_VISITS else habit.visits
                for key, habit in zip(keys, habits, strict=True)
            ]
            known = self._known(habits, theirs, contact)
            weight = weighed(known) if known else None
            if known and weight:
                kind, lost_or_gained = weight
                found.append((lost_or_gained, known.told(kind, keys, firm, self.day)))
        found.sort(key=lambda one: -one[0])
        return [change for _, change in found]

    def _parties(self) -> Iterator[tuple[Firm | None, tuple[Key, ...], list[Habit], date | None]]:
        """Yield everyone who is not out, alone or as a firm: the people, their habits, the last contact with any."""
        contacts, firms, out = self.contacts, self.firms, self.out
        together: dict[Firm, list[tuple[Key, Habit]]] = {}
        for key, habit in self.rhythm.habits.items():
            if key in out:
                continue
            if key in firms:
                together.setdefault(firms[key], []).append((key, habit))
            else:
                yield None, (key,), [habit], self._contact(contacts.get(key))
        for firm, people in together.items():
            spoken = [day for key, _ in people if (day := self._contact(contacts.get(key)))]
            yield firm, tuple(key for key, _ in people), [habit for _, habit in people], max(spoken, default=None)

    def _contact(self, contact: date | None) -> date | None:
        return contact if contact and contact <= self.day else None

    # Who can be in a list at all, from habits alone: nobody is left out who should be in

    def _may_fade(self, habits: Sequence[Habit], contact: date | None) -> bool:
        if sum(habit.n for habit in habits) < QUIET_VISITS or min(h.first_open for h in habits) > self.then.latest:
            return False
        if self.now.away(max(habits, key=lambda habit: habit.last), contact) > GONE_DAYS:
            return False
        return self._may_be_quiet(habits, contact) or self._may_differ(habits, fewer=True)

    def _may_grow(self, habits: Sequence[Habit], contact: date | None) -> bool:
        return self._may_differ(habits, fewer=False)

    def _may_be_quiet(self, habits: Sequence[Habit], contact: date | None) -> bool:
        """Say whether their chance can have halved, from the highest it can have been and the lowest it can be now."""
        then, now, one = self.then, self.now, habits[0]
        if len(habits) > 1:
            return True  # firms are few
        if one.last_open <= then.latest:
            return self._is_quiet(one, one, contact)
        # Eight weeks ago they had not made the last of these visits, nor perhaps others.
        back = then.latest - one.last_open
        visits_28, visits_90 = (one.e28 - 1) * LEFT_28**back, (one.e90 - 1) * LEFT_90**back
        likely = then.likely(then.read(one.n - 1, visits_28, visits_90, then.latest - one.first_open, 0.0))
        if self._is_slow(one):
            likely = max(likely, now.fresh(one))
        return likely >= LIKELY_THEN and now.chance(one, contact) < likely / 2

    def _may_differ(self, habits: Sequence[Habit], fewer: bool) -> bool:
        """Say whether they can come clearly less (or more) often than before, from the last forty days kept of each."""
        middle, start = self.middle.toordinal() * 1440, self.start.toordinal() * 1440
        if not any(habit.first_open < self.then.latest + 1 - self.open_before for habit in habits):
            return False
        lately, before = [0, 0], [0, 0]  # at least, at most
        for habit in habits:
            stamps = habit.stamps
            if stamps[-1] < start:
                continue
            cut = bisect_left(stamps, middle)
            a, b = len(stamps) - cut, cut - bisect_left(stamps, start)
            hidden = habit.n > KEPT_VISITS
            lately = [max(lately[0], a), lately[1] + (self.open_lately if hidden and not cut else a)]
            before = [max(before[0], b), before[1] + (self.open_before if hidden and stamps[0] >= start else b)]
        a, b = (lately[0], before[1]) if fewer else (lately[1], before[0])
        a, b = min(a, self.open_lately), min(b, self.open_before)
        evenest = EVEN_GAPS / (EVEN_GAPS + lately[1] + before[1])
        return self._differ(a, b, evenest, lately[0] + before[0], fewer)

    def _differ(self, lately: int, before: int, unevenness: float, visits: int, fewer: bool) -> bool:
        """Say whether so many visit days in the last eight weeks are clearly fewer (more) than those of the eight before.

        Of N visits at a constant rate a share s of about N s falls into the last stretch, with variance c^2 N s (1 - s),
        where c^2 is the squared coefficient of variation of the gaps (Cox, Renewal Theory, 1962, 3.3) and s follows the
        open days. Half a visit is taken off, as with any count.
        """
        if not self.open_lately or not self.open_before:
            return False
        rate, rate_before = lately / self.open_lately, before / self.open_before
        if fewer:
            rate, rate_before = rate_before, rate
        share = self.open_lately / (self.open_lately + self.open_before)
        off = abs(lately - (lately + before) * share) - 0.5
        spread = sqrt(unevenness * visits * share * (1 - share))
        return rate > 0 and rate >= HALF_AS_OFTEN_AGAIN * rate_before and off > CLEARLY * spread

    # Who is in a list, from all their visits

    def _known(self, habits: Sequence[Habit], visits: Iterable[Visits], contact: date | None) -> _Known | None:
        """Return what all visits of one, or of several who count as one, tell; None before eight weeks have passed.

        Visits of days that the rhythm does not know are passed over.
        """
        days = sorted({day for of_one in visits for day, _ in of_one})
        earlier = days[: bisect_left(days, self.middle)]
        alone = habits[0] if len(habits) == 1 else None
        habit = alone or self.rhythm.habit_of((day, 0) for day in days)  # at what minute is of no matter here
        habit_then = alone if alone and alone.last_open <= self.then.latest else None
        habit_then = habit_then or self.rhythm.habit_of((day, 0) for day in earlier)
        if habit is None or habit_then is None:
            return None
        places = [self.places[day] for day in days[bisect_left(days, self.start) :] if day in self.places]
        cut = bisect_right(places, self.then.latest)
        return _Known(habit, habit_then, earlier, places[:cut], places[cut:], contact)

    def _fades(self, known: _Known) -> tuple[str, float] | None:
        habit, before, contact = known.habit, known.habit_then, known.contact
        visits_a_day = exp(self.then.features(before)[2])
        if self._is_quiet(habit, before, contact):
            fall = self._likely_then(habit, before, contact) - self.now.chance(habit, contact)
            return "quiet", visits_a_day * fall
        if (contact is None or contact < self.middle) and self._is_clear(known, fewer=True):
            kept = len(known.lately) * self.open_before / (len(known.before) * self.open_lately)
            return "less", visits_a_day * (1 - kept)
        return None

    def _is_quiet(self, habit: Habit, before: Habit, contact: date | None) -> bool:
        """Say whether somebody stays away, from their habit and the one they had eight weeks ago."""
        if habit.n < QUIET_VISITS or before.n < 2 or self.now.away(habit, contact) > GONE_DAYS:
            return False
        if self.now.overdue(habit, contact) < QUIET_GAPS:
            return False
        likely = self._likely_then(habit, before, contact)
        return likely >= LIKELY_THEN and self.now.chance(habit, contact) < likely / 2

    def _likely_then(self, habit: Habit, before: Habit, contact: date | None) -> float:
        """Return the probability that today's is held against."""
        likely = self.then.chance(before, contact)
        if self._is_slow(habit) and self.now.away(habit, contact) <= GONE_GAPS * habit.gap_sum / habit.gap_weight:
            likely = max(likely, self.now.fresh(habit))
        return likely

    def _is_slow(self, habit: Habit) -> bool:
        return habit.gap_sum > SLOW_GAP_DAYS * habit.gap_weight

    def _grows(self, known: _Known) -> tuple[str, float] | None:
        if not self._is_clear(known, fewer=False) or self.now.chance(known.habit, known.contact) < LIKELY_TO_STAY:
            return None
        return "more", len(known.lately) / self.open_lately - len(known.before) / self.open_before

    def _is_clear(self, known: _Known, fewer: bool) -> bool:
        if known.habit.first >= self.start.toordinal():
            return False
        lately, before = len(known.lately), len(known.before)
        return self._differ(lately, before, known.unevenness, lately + before, fewer)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of one customer or firm: habits now and eight weeks ago, the visit days until then, and the places of
    later ones and of those in the eight weeks before among the shop's open days."""

    habit: Habit
    habit_then: Habit
    earlier: list[date]
    before: list[int]
    lately: list[int]
    contact: date | None

    @property
    def unevenness(self) -> float:
        """Return c^2 of the gaps, in open days, each against the mean of its own stretch, drawn towards 1 (pure chance)."""
        squares, count = float(EVEN_GAPS), EVEN_GAPS
        for places in (self.before, self.lately):
            gaps = [later - earlier for earlier, later in pairwise(places)]
            if len(gaps) > 1:
                mean = sum(gaps) / len(gaps)
                squares += sum((gap / mean - 1) ** 2 for gap in gaps)
                count += len(gaps) - 1
        return squares / count

    def told(self, kind: str, customers: tuple[Key, ...], firm: Firm | None, day: date) -> Change[Key, Firm]:
        """Return the facts of it, as of the morning of `day`."""
        gaps = [(later - earlier).days for earlier, later in pairwise(self.earlier[-GAPS_FOR_USUAL - 1 :])]
        last = self.habit.latest
        return Change(
            kind=kind,
            customers=customers,
            firm=firm,
            usual_gap=median(gaps) if gaps else None,
            last_visit=last,
            contact=self.contact,
            days_since=(day - max(last, self.contact or last)).days,
            lately=len(self.lately),
            before=len(self.before),
            since=self.habit.since,
        )
