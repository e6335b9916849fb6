"""When a likely person is not listed all the same: a row that nags, or that nothing they ever did bears out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, timedelta

from domain.forecast import Habit
from domain.reasons import same_weekdays

SILENT_AFTER = 3  # misses in a row of a weekday habit; then a row says nothing until they come again
IN_A_ROW = 10  # open days, or Mondays to Fridays, without a gap: somebody of every day
NEVER_IN = 4  # open such weekdays without a visit, for somebody of every working day
RESTS_AFTER = 20  # open days in a row of which none was such a weekday: then the shop rests on it


def is_silent(habit: Habit, day: date, open_days: Sequence[date]) -> bool:
    """Say whether listing this person on `day` would nag, or claim a weekday they never come on."""
    return missed_in_a_row(habit, day, open_days) >= SILENT_AFTER or never_comes_on(habit, day, open_days)


def rests_on(day: date, open_days: Sequence[date]) -> bool:
    """Say whether the shop does not open on this day of the week, as far as its last open days tell."""
    before = open_days[max(0, bisect_left(open_days, day) - RESTS_AFTER) : bisect_left(open_days, day)]
    return len(before) == RESTS_AFTER and all(open_day.weekday() != day.weekday() for open_day in before)


def comes_daily(habit: Habit, open_days: Sequence[date]) -> bool:
    """Say whether somebody came, up to their last visit, on ten open Mondays to Fridays in a row, or on ten open days."""
    came = {visit for visit, _ in habit.visits}
    until = open_days[: bisect_right(open_days, habit.latest)]
    working = [day for day in until[-30:] if day.weekday() < 5][-IN_A_ROW:]
    return any(len(days) == IN_A_ROW and came.issuperset(days) for days in (working, until[-IN_A_ROW:]))


def never_comes_on(habit: Habit, day: date, open_days: Sequence[date]) -> bool:
    """Say whether `day` is a Saturday (or Sunday) and somebody of every working day was on none of the last open ones.

    At least NEVER_IN such open days are needed to say so.
    """
    if day.weekday() < 5 or not comes_daily(habit, open_days):
        return False
    came = {visit for visit, _ in habit.visits}
    known = open_days[bisect_right(open_days, habit.since) : bisect_left(open_days, day)]
    same = [d for d in known if d.weekday() == day.weekday()][-NEVER_IN:]
    return len(same) == NEVER_IN and not any(d in came for d in same)


def missed_in_a_row(habit: Habit, day: date, open_days: Sequence[date]) -> int:
    """Return on how many open days since the last visit, and before `day`, a person of every day did not come.

    A day is a miss where it is a day of the week they came on 3 of 4 times. `open_days` are ordered. 0 for everybody
    else: who comes once a week is not looked for daily, and so not nagged about.
    """
    if not comes_daily(habit, open_days):
        return 0
    came, last = {visit for visit, _ in habit.visits}, habit.latest
    habitual = {
        end.weekday() for end in (last - timedelta(days=n) for n in range(7)) if len(same_weekdays(end, came)) >= 3
    }
    since = open_days[bisect_right(open_days, last) : bisect_left(open_days, day)]
    return sum(1 for missed in since if missed.weekday() in habitual)
