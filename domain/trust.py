"""The bucket of trust: how full it is in a word, from what somebody did here and what we owe them; never a score.

Plain values in, a plain answer out (docs/trust.md has the rule for people). What is spent has no place in it, nor has
staying away: the bucket only drains by a lapse that nothing excuses, slowly, and that is forgotten within half a year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

KNOWN_DAYS = 3  # visit days; before these somebody is new here
NICELY, FULL = 7, 40  # points: a point is a visit day, so forty visits and nothing else fill it
VISITS_MOST = 40
IN_TIME, IN_TIME_MOST = Fraction(1, 2), Fraction(10)
A_YEAR, YEARS_MOST = 3, 20  # but no more than there were visit days: years are nothing without visits
CAME_BY_WORD, CAME_BY_WORD_MOST = 3, 6
OWING = 3  # the benefit of the doubt, as long as we owe them anything
LAPSE, FORGOTTEN_AFTER = 4, 180  # points, and days
ONE_FORGIVEN_PER = 10  # kept appointments, or visit days

NEW, FILLING, FILLING_NICELY, BRIMFUL = LEVELS = ("new", "filling", "nicely", "full")


@dataclass(frozen=True, slots=True)
class Booking:
    """An appointment that came due: kept in time, or a lapse: late beyond the shop's grace, or missed. What our own
    failure explains, wholly or in part, is `excused`."""

    day: date
    lapse: str = ""  # "", "late" or "missed"
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Debt:
    """What we owe: a promise that is overdue, or a mistake of ours that nobody has made good."""

    kind: str  # "promise", "mistake", or "silence": a reminder that failed
    text: str
    day: date  # for when it was promised, or when it happened


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the bucket rests on."""

    days: int = 0  # visit days
    first: date | None = None  # of them
    lately: int = 0  # visit days of the last two years: told, and not weighed, for staying away drains nothing
    bookings: tuple[Booking, ...] = ()
    by_word: tuple[date, ...] = ()  # when somebody came on their word
    debts: tuple[Debt, ...] = ()

    @property
    def due(self) -> list[Booking]:
        """Return the appointments that tell anything: all but the excused."""
        return [one for one in self.bookings if not one.excused]

    @property
    def in_time(self) -> int:
        return sum(1 for one in self.bookings if not one.lapse)


@dataclass(frozen=True, slots=True)
class Bucket:
    level: str  # one of LEVELS
    facts: Facts
    counting: tuple[Booking, ...] = ()  # lapses that still drain it, oldest first


def bucket(facts: Facts, today: date) -> Bucket:
    """Return how full somebody's bucket is."""
    counting = lapses_that_count(facts, today)
    points = filled(facts, today) - sum(weight(one, today) for one in counting)
    if facts.days < KNOWN_DAYS:
        level = NEW
    else:
        level = BRIMFUL if points >= FULL else FILLING_NICELY if points >= NICELY else FILLING
    return Bucket(level, facts, tuple(sorted(counting, key=lambda one: one.day)))


def filled(facts: Facts, today: date) -> Fraction:
    """Return the points of what fills it: each part by itself, each with a most."""
    years = (today - facts.first).days // 365 if facts.first else 0
    return (
        Fraction(min(VISITS_MOST, facts.days))
        + min(IN_TIME_MOST, IN_TIME * facts.in_time)
        + min(YEARS_MOST, facts.days, A_YEAR * years)
        + min(CAME_BY_WORD_MOST, CAME_BY_WORD * len(facts.by_word))
        + (OWING if facts.debts else 0)
    )


def lapses_that_count(facts: Facts, today: date) -> list[Booking]:
    """Return the lapses that drain it today: not the excused, the forgotten, or (the latest first) the forgiven."""
    lapses = [one for one in facts.due if one.lapse and weight(one, today) > 0]
    lapses.sort(key=lambda one: (one.day, one.lapse), reverse=True)
    return lapses[max(facts.in_time, facts.days) // ONE_FORGIVEN_PER :]


def weight(lapse: Booking, today: date) -> Fraction:
    """Return the points that a lapse takes: fewer each day, none once it is forgotten."""
    age = max(0, (today - lapse.day).days)
    return max(Fraction(0), LAPSE * (1 - Fraction(age, FORGOTTEN_AFTER)))


def forgotten_on(lapse: Booking) -> date:
    return lapse.day + timedelta(days=FORGOTTEN_AFTER)
