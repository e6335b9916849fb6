"""How the hours of a day bear on who is still to come."""

import random
from datetime import date, timedelta
from itertools import pairwise

import pytest

from domain.arrival import BINS, ShopTimes, arrival, hours_of
from domain.hours import LEVELS, by_hour, came_by, still

TUESDAY = date(2026, 11, 24)
FLAT = ShopTimes([1.0] * BINS)


def clock(hour, minute=0):
    return 60 * hour + minute


def days(*minutes):
    """Return one visit a week on the same weekday, the last of them a week ago."""
    return [(TUESDAY - timedelta(weeks=len(minutes) - i), minute) for i, minute in enumerate(minutes)]


def hours(visits, shop=FLAT):
    return hours_of(visits, TUESDAY, shop, arrival(visits, TUESDAY, shop))


EIGHT = days(*[clock(8, off) for off in (2, 5, 0, 8, 4, 6, 1, 3, 7, 5, 2, 4)])
EIGHT_OR_FIVE = days(*[clock(8, 5), clock(17, 10)] * 6)
ANY_TIME = days(*[clock(hour) for hour in (8, 17, 11, 14, 20, 9, 7, 18, 15, 10, 19, 13)])


class TestBayes:
    @pytest.mark.parametrize(
        ("probability", "share_gone", "chance"),
        [(0.5, 0.0, 0.5), (0.5, 0.5, 25 / 77), (0.8, 0.75, 20 / 43), (1.0, 0.9, 0.1 / 0.136)],
        ids=[
            "before anybody comes",
            "half of their arrivals are gone",
            "three quarters",
            "sure to come, but not today",
        ],
    )
    def test_what_is_left_is_weighed_against_their_not_coming(self, probability, share_gone, chance):
        times = [round(1000 * level) for level in LEVELS]  # so that the share is the minute in thousandths
        assert still(probability, times, round(1000 * share_gone)) == pytest.approx(chance, abs=1e-9)

    def test_is_right_for_people_who_come_or_do_not(self):
        """Of many who were expected with 0.6 and are not here by ten, so many still come."""
        chance, times = random.Random(3), hours(ANY_TIME).times
        later = absent = 0
        for _ in range(40_000):
            comes = chance.random() < 0.6
            share = chance.random()  # comes when so much of their arrivals has come
            if comes and share < came_by(times, clock(13)):
                continue
            absent += 1
            later += comes
        assert later / absent == pytest.approx(still(0.6, times, clock(13)), abs=0.03)

    @pytest.mark.parametrize(
        "visits", [EIGHT, EIGHT_OR_FIVE, ANY_TIME, []], ids=["at eight", "eight or five", "any", "new"]
    )
    def test_it_only_falls_as_the_hours_pass(self, visits):
        told = [still(0.7, hours(visits).times, minute) for minute in range(0, 1440, 5)]
        assert told[0] == 0.7
        assert all(later <= earlier for earlier, later in pairwise(told))
        assert 0 <= told[-1] < 0.05

    def test_whoever_never_missed_a_day_is_not_expected_all_day_long(self):
        times = hours([(TUESDAY - timedelta(days=40 - i), clock(8, i % 20)) for i in range(40)]).times
        assert still(0.9999, times, clock(7)) > 0.99
        assert still(0.9999, times, clock(8, 10)) > 0.9
        assert still(0.9999, times, clock(10, 30)) < 0.6
        assert still(0.9999, times, clock(17)) < 0.35
        assert still(0.9999, times, clock(17, 59), clock(18)) < 0.2
        assert still(0.9999, times, clock(18), clock(18)) == 0

    def test_somebody_usual_at_eight_who_is_not_here_at_ten_sinks_below_somebody_of_any_time(self):
        at_eight, any_time = hours(EIGHT).times, hours(ANY_TIME).times
        assert still(0.8, at_eight, clock(7)) > still(0.4, any_time, clock(7))
        assert still(0.8, at_eight, clock(10)) < still(0.4, any_time, clock(10)) < 0.4


class TestWhatIsKept:
    def test_it_is_the_minutes_by_which_the_shares_have_come(self):
        times = hours(EIGHT).times
        assert len(times) == len(LEVELS)
        assert list(times) == sorted(times)
        assert came_by(times, clock(7, 45)) < 0.2
        assert came_by(times, clock(8, 16)) > 0.8

    def test_nobody_has_come_before_the_first_and_all_when_the_shop_closes(self):
        times = hours(EIGHT).times
        assert came_by(times, 0) == 0.0
        assert came_by(times, times[-1]) == LEVELS[-1]
        assert LEVELS[-1] < came_by(times, 1439) < 1
        assert came_by(times, clock(17, 59), closes=clock(18)) < 1
        assert came_by(times, clock(18), closes=clock(18)) == 1

    def test_of_somebody_new_the_shop_decides(self):
        noon = ShopTimes([1.0 if slot == clock(12) // 15 else 0.0 for slot in range(BINS)])
        times = hours([], noon).times
        assert all(clock(12) <= minute <= clock(12, 15) for minute in times)

    def test_of_a_shop_without_visits_too_there_is_something_to_keep(self):
        assert hours(EIGHT, ShopTimes([0.0] * BINS)).times[5] == pytest.approx(clock(8, 7), abs=8)


class TestAnotherTime:
    def test_who_comes_at_eight_or_five_is_told_for_five_once_eight_has_passed(self):
        later = hours(EIGHT_OR_FIVE).later
        assert [told[1:] for told in later] == [(clock(17, 10), clock(17), clock(17, 20))]
        assert clock(8, 30) <= later[0][0] <= clock(9)

    def test_who_only_comes_at_eight_is_not_told_for_later(self):
        assert hours(EIGHT).later == ()

    def test_two_late_visits_are_no_other_time(self):
        assert hours(days(*[clock(8, 5)] * 10, clock(17), clock(17))).later == ()

    def test_who_comes_at_any_time_is_told_for_none(self):
        assert hours(ANY_TIME).later == ()


class TestByHour:
    def test_the_hours_make_up_the_chance_that_is_left(self):
        for minute in (0, clock(8, 3), clock(12, 30), clock(23, 59)):
            shares = by_hour(0.6, hours(EIGHT_OR_FIVE).times, minute)
            assert len(shares) == 24
            assert sum(shares) == pytest.approx(still(0.6, hours(EIGHT_OR_FIVE).times, minute))
            assert not any(shares[: minute // 60])

    def test_most_of_it_lies_where_they_come(self):
        shares = by_hour(0.9, hours(EIGHT).times)
        assert shares[8] > 0.6
        after_eight = by_hour(0.9, hours(EIGHT_OR_FIVE).times, clock(10))
        assert max(range(24), key=lambda hour: after_eight[hour]) == 17
