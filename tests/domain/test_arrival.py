"""At about what time somebody comes, and when the app keeps silent about it."""

import random
from datetime import date, timedelta

import pytest

from domain.arrival import BINS, Arrival, ShopTimes, arrival, part_of_day

MONDAY = date(2024, 3, 4)


QUIET = ShopTimes([0.0] * BINS)


def clock(hour, minute=0):
    return hour * 60 + minute


def daily(minutes, before=MONDAY):
    """Return one visit a day, the last of them on the day before."""
    return [(before - timedelta(days=len(minutes) - i), minute) for i, minute in enumerate(minutes)]


def weekly(minutes, before=MONDAY):
    """Return one visit a week on the same weekday, the last of them a week before."""
    return [(before - timedelta(weeks=len(minutes) - i), minute) for i, minute in enumerate(minutes)]


def said(visits, shop=QUIET):
    found = arrival(visits, MONDAY, shop)
    return found.around, found.earliest, found.latest, found.part_of_day


NOON = [clock(12, 10 + off) for off in (-7, 5, 2, -4, 7, 0, -2, 3, -6, 4, -1, 6)]
SCATTERED = [clock(hour) for hour in (8, 17, 11, 14, 20, 9, 7, 18, 15, 10, 19, 13)]


class TestWhatIsShown:
    @pytest.mark.parametrize(
        ("visits", "shown"),
        [
            (daily(NOON), (clock(12, 10), clock(12, 0), clock(12, 20), "midday")),
            (daily([clock(8, 10)] * 12), (clock(8, 10), clock(8), clock(8, 20), "morning")),
            (daily([clock(8, 10)] * 3), (clock(8, 10), clock(8), clock(8, 20), "morning")),
            (daily([clock(8, 10)] * 2), (None, None, None, None)),
            (daily([]), (None, None, None, None)),
            (daily(SCATTERED), (None, None, None, None)),
            (daily([clock(9), clock(9, 40), clock(10, 40), clock(11, 20)]), (None, None, None, "morning")),
            (daily(SCATTERED[:3] + NOON[:7]), (clock(12, 10), clock(12, 0), clock(12, 20), "midday")),
            (daily(SCATTERED[:7] + NOON[:6]), (None, None, None, None)),
            (daily(SCATTERED + NOON + NOON), (clock(12, 10), clock(12, 0), clock(12, 20), "midday")),
            (daily(NOON + NOON + SCATTERED), (None, None, None, None)),
            (daily([clock(9)] * 4 + [clock(10, 30)] * 4 + [clock(17)]), (None, None, None, "late-morning")),
        ],
        ids=[
            "always at ten past twelve, give or take seven minutes: around 12:10, 12:00 to 12:20",
            "always on the minute: ten minutes either side",
            "three visits are enough to speak",
            "two visits are not",
            "nobody knows a stranger's time",
            "at any hour: nothing",
            "within an hour and a half: a part of the day",
            "seven of ten at noon: a clock time",
            "half of the last twelve at noon is not enough to be right three times of four",
            "a habit found since, and kept for twice as long",
            "a habit lost since: the last twelve do not bear it out",
            "two times an hour and a half apart: a part of the day",
        ],
    )
    def test_a_time_is_said_only_where_it_is_honest(self, visits, shown):
        assert said(visits) == shown

    def test_six_mondays_speak_for_a_monday(self):
        mondays = weekly([clock(8)] * 6)
        saturdays = [(MONDAY - timedelta(days=2 + 7 * n), clock(16)) for n in range(9)]
        assert said(sorted(mondays + saturdays))[0] == clock(8)

    def test_five_mondays_do_not(self):
        mondays = weekly([clock(8)] * 5)
        saturdays = [(MONDAY - timedelta(days=2 + 7 * n), clock(16)) for n in range(9)]
        assert said(sorted(mondays + saturdays))[0] is None

    def test_what_the_rest_of_the_week_says_against_it_is_heard(self):
        mondays = weekly([clock(8)] * 6)
        others = [visit for visit in daily([clock(16)] * 34) if visit[0].weekday() != MONDAY.weekday()]
        assert said(sorted(mondays + others))[0] is None

    def test_somebody_little_known_is_taken_for_like_the_others_of_the_shop(self):
        busy_at_noon = ShopTimes([10.0 if slot == clock(12) // 15 else 0.0 for slot in range(BINS)])
        assert said(weekly([clock(8)] * 3), busy_at_noon)[0] == clock(8)
        assert said([(MONDAY - timedelta(days=n), clock(8)) for n in (8, 10, 12)], busy_at_noon)[0] is None

    def test_a_stray_visit_does_not_move_the_middle_of_a_narrow_habit(self):
        assert said(daily(NOON[:6] + [clock(13, 20)] * 3 + NOON[6:9]))[0] == clock(12, 10)

    @pytest.mark.parametrize("seed", range(20))
    def test_what_is_said_is_in_order_and_in_steps_of_five_minutes(self, seed):
        chance = random.Random(seed)
        middle, spread = chance.randrange(200, 1200), chance.choice([5, 15, 30, 60, 150])
        minutes = [round(min(max(chance.gauss(middle, spread), 0), 1439)) for _ in range(chance.randrange(41))]
        found = arrival(daily(minutes), MONDAY, ShopTimes([1.0] * BINS))
        assert 0 <= found.minute < 1440
        assert (found.around is None) is (found.earliest is None) is (found.latest is None)
        if found.around is not None and found.earliest is not None and found.latest is not None:
            assert found.earliest - 5 <= found.around <= found.latest + 5
            assert found.around % 5 == found.earliest % 5 == found.latest % 5 == 0
            assert found.part_of_day == part_of_day(found.around)
            near = [minute for minute in minutes if abs(minute - found.around) <= 20]
            assert len(near) >= 3 or len(minutes) < 6


class TestExpectedMinute:
    def test_it_is_the_shops_busiest_time_for_somebody_without_visits(self):
        counts = [0] * BINS
        counts[clock(12) // 15] = 30
        counts[clock(18) // 15] = 20
        assert arrival([], MONDAY, ShopTimes(counts)) == Arrival(clock(12, 7))

    def test_their_own_visits_outweigh_the_shop_from_the_second_on(self):
        counts = [0] * BINS
        counts[clock(18) // 15] = 500
        shop = ShopTimes(counts)
        weeks = [MONDAY - timedelta(days=14), MONDAY - timedelta(days=7)]
        assert arrival([(day, 600) for day in weeks], MONDAY, shop).minute == 607
        assert arrival([(MONDAY - timedelta(days=7 * 26), 600)], MONDAY, shop).minute == clock(18, 7)

    def test_the_same_weekday_counts_three_times_and_another_working_day_twice(self):
        same = (MONDAY - timedelta(days=7), clock(8))
        friday, thursday = ((MONDAY - timedelta(days=n), clock(18)) for n in (3, 4))
        assert arrival([same, friday], MONDAY, QUIET).minute == clock(8, 7)
        assert arrival([same, thursday, friday], MONDAY, QUIET).minute == clock(18, 7)

    def test_half_is_forgotten_in_ninety_days(self):
        old, recent = (MONDAY - timedelta(days=182), clock(8)), (MONDAY - timedelta(days=7), clock(18))
        assert arrival([old] * 3 + [recent], MONDAY, QUIET).minute == clock(18, 7)
        assert arrival([old] * 5 + [recent], MONDAY, QUIET).minute == clock(8, 7)

    def test_a_working_day_speaks_for_working_days(self):
        friday, saturday = (MONDAY - timedelta(days=3), clock(8)), (MONDAY - timedelta(days=2), clock(18))
        assert arrival([friday, saturday], MONDAY, QUIET).minute == clock(8, 7)
        assert arrival([friday, saturday], MONDAY + timedelta(days=6), QUIET).minute == clock(18, 7)

    def test_two_neighbouring_times_meet_in_the_middle(self):
        visits = daily([clock(10), clock(11)] * 6)
        assert abs(arrival(visits, MONDAY, QUIET).minute - clock(10, 30)) <= 15

    def test_a_narrow_habit_is_not_drawn_to_a_busy_hour_nearby(self):
        """Who is always in at eight is expected at eight, and not where the scattered ones would be."""
        counts = [0] * BINS
        counts[clock(10) // 15] = 500
        assert abs(arrival(daily([clock(8)] * 12), MONDAY, ShopTimes(counts)).minute - clock(8, 7)) <= 15

    def test_a_shop_nobody_came_to_is_flat(self):
        assert ShopTimes([0] * BINS).smoothed(75) == [0.0] * BINS


@pytest.mark.parametrize(
    ("minute", "name"),
    [
        (0, "early-morning"),
        (clock(7, 59), "early-morning"),
        (clock(8), "morning"),
        (clock(10, 30), "late-morning"),
        (clock(12), "midday"),
        (clock(14), "afternoon"),
        (clock(16, 59), "afternoon"),
        (clock(17), "evening"),
        (clock(23, 59), "evening"),
    ],
)
def test_every_minute_has_its_part_of_the_day(minute, name):
    assert part_of_day(minute) == name
