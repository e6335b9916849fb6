"""When a likely person is not listed: after three misses in a row, on a weekend they never come, on a day of rest."""

from datetime import date, timedelta

import pytest

from domain.silences import is_silent, missed_in_a_row, never_comes_on, rests_on
from tests.domain.test_reasons import MONDAY, ago, habit_of, weekdays_before

WORKING = weekdays_before(MONDAY, 40)
OPEN = [MONDAY - timedelta(days=60) + timedelta(days=n) for n in range(120)]
SATURDAY = MONDAY + timedelta(days=5)


class TestMissedInARow:
    @pytest.mark.parametrize(
        ("days", "day", "missed"),
        [
            pytest.param(WORKING, MONDAY, 0, id="came on Friday: Monday is the first chance"),
            pytest.param(WORKING, MONDAY + timedelta(days=1), 1, id="missed Monday"),
            pytest.param(WORKING, MONDAY + timedelta(days=3), 3, id="missed Monday to Wednesday"),
            pytest.param(WORKING, MONDAY + timedelta(days=7), 5, id="a weekend is nobody's miss"),
            pytest.param(
                ago(*range(1, 60)), MONDAY + timedelta(days=7), 7, id="somebody of every day misses weekends too"
            ),
            pytest.param(ago(28, 21, 14, 7), MONDAY + timedelta(days=8), 0, id="once a week is not looked for daily"),
            pytest.param(
                weekdays_before(MONDAY, 40, skip=(4,)), MONDAY + timedelta(days=4), 0, id="nine of ten is not every day"
            ),
        ],
    )
    def test_only_open_days_of_a_daily_habit_are_misses(self, days, day, missed):
        assert missed_in_a_row(habit_of(days), day, OPEN) == missed

    def test_a_day_the_shop_was_closed_is_no_miss(self):
        closed = [day for day in OPEN if day != MONDAY]
        assert missed_in_a_row(habit_of(WORKING), MONDAY + timedelta(days=2), closed) == 1

    def test_a_visit_ends_the_row(self):
        habit = habit_of([*WORKING, MONDAY + timedelta(days=2)])
        assert missed_in_a_row(habit, MONDAY + timedelta(days=3), OPEN) == 0

    def test_three_misses_make_the_row_silent_and_two_do_not(self):
        assert not is_silent(habit_of(WORKING), MONDAY + timedelta(days=2), OPEN)
        assert is_silent(habit_of(WORKING), MONDAY + timedelta(days=3), OPEN)


class TestNeverOnThisDay:
    @pytest.mark.parametrize(
        ("days", "day", "never"),
        [
            pytest.param(WORKING, MONDAY - timedelta(days=2), True, id="every working day, never a Saturday"),
            pytest.param([*WORKING, *ago(9)], MONDAY - timedelta(days=2), False, id="was here last Saturday"),
            pytest.param(WORKING, MONDAY, False, id="Monday is a working day"),
            pytest.param(ago(28, 21, 14, 7), MONDAY - timedelta(days=2), False, id="too seldom to say never"),
            pytest.param(
                weekdays_before(MONDAY, 12), MONDAY - timedelta(days=2), False, id="known for too few Saturdays"
            ),
        ],
    )
    def test_who_comes_every_working_day_is_not_listed_on_a_weekend(self, days, day, never):
        before = [each for each in days if each < day]
        assert never_comes_on(habit_of(before), day, OPEN) is never


class TestRestsOn:
    OPEN_SIX = [day for day in OPEN if day.weekday() != 6]
    SUNDAY = date(2024, 3, 24)

    @pytest.mark.parametrize(
        ("open_days", "day", "rests"),
        [
            pytest.param(OPEN_SIX, SUNDAY, True, id="never opened on a Sunday"),
            pytest.param(OPEN_SIX, SUNDAY + timedelta(days=1), False, id="opens on Mondays"),
            pytest.param(OPEN, SUNDAY, False, id="opens every day"),
            pytest.param(OPEN_SIX[:15], SUNDAY, False, id="too new to tell"),
            pytest.param(
                [day for day in OPEN if day < MONDAY], SATURDAY + timedelta(weeks=5), False, id="shut for a month"
            ),
        ],
    )
    def test_a_day_the_shop_rests_on_is_told_by_its_open_days(self, open_days, day, rests):
        assert rests_on(day, open_days) is rests
