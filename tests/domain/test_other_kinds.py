"""Shops of kinds that nothing was learned from: the forecast stays sane, and better than plainer ways."""

from datetime import date, timedelta
from functools import cache

import pytest

from domain import baselines
from domain.arrival import BINS, ShopTimes, arrival
from domain.evaluation import Regulars, evaluated
from domain.forecast import Rhythm
from tests.domain.test_forecast import SHARED
from tests.oracles.kinds import CLOSED, KINDS, LENGTH, MONDAY, shop

END = MONDAY + timedelta(days=LENGTH - 1)


class SharedFormula(Regulars):
    """The formula that all share, without what it missed about each."""

    def __init__(self, learn_from):
        super().__init__(learn_from)
        self.rhythm = Rhythm[str](SHARED)


@cache
def figures(kind, name):
    method = SharedFormula if name == "shared" else baselines.METHODS[name]
    found = evaluated({kind: shop(kind, seed=1)}, method, 56, END)
    assert found is not None
    return found.pooled


@pytest.mark.parametrize("kind", KINDS)
class TestAKindOfShop:
    def test_is_forecast_better_than_by_how_often_people_come(self, kind):
        assert figures(kind, "regulars")["logloss"] < figures(kind, "frequency")["logloss"]
        assert figures(kind, "regulars")["ap"] > figures(kind, "frequency")["ap"]

    def test_is_forecast_no_worse_than_by_the_days_of_the_week(self, kind):
        assert figures(kind, "regulars")["logloss"] < figures(kind, "weekday")["logloss"] + 0.001

    def test_is_forecast_no_worse_for_what_is_known_of_each(self, kind):
        assert figures(kind, "regulars")["logloss"] < figures(kind, "shared")["logloss"] + 0.0005

    def test_has_about_as_many_arrivals_as_were_expected(self, kind):
        most = {"cafe": 1.1, "gym": 1.1}.get(kind, 1.4)  # after two weeks closed, slow habits are thought due too soon
        assert 0.9 < figures(kind, "regulars")["expected_over_came"] < most

    def test_is_not_told_too_boldly(self, kind):
        slope = figures(kind, "regulars")["slope"]
        assert 0.95 < slope < (1.2 if kind in ("cafe", "gym") else 2.5)


@pytest.mark.parametrize("kind", ["cafe", "gym"])
def test_after_two_weeks_closed_people_are_expected_as_in_the_week_before(kind):
    """Nobody was absent: the sum of probabilities over a week is that of the last week before."""
    days = shop(kind, seed=2)
    closes, opens = (MONDAY + timedelta(days=t) for t in (CLOSED.start, CLOSED.stop))
    rhythm, expected = Rhythm[str](), dict[date, float]()
    for day, came in days.items():
        expected[day] = sum(f.probability for f in rhythm.forecast(day))
        rhythm.night(day, came, learn=True)
    week = [
        sum(expected.get(first + timedelta(days=t), 0.0) for t in range(7))
        for first in (closes - timedelta(days=7), opens)
    ]
    assert week[1] == pytest.approx(week[0], rel=0.1)


class TestSomebodyWhoMovesFromMorningsToEvenings:
    FLAT = ShopTimes([1.0] * BINS)

    def told(self, evenings):
        """Return what is told after so many evenings, daily, of somebody who came at eight before."""
        count = 60
        first = MONDAY - timedelta(days=count)
        visits = [
            (first + timedelta(days=i), 8 * 60 + i % 5 if i < count - evenings else 19 * 60 + i % 5)
            for i in range(count)
        ]
        return arrival(visits[-40:], MONDAY, self.FLAT)

    def test_is_expected_in_the_evening_within_a_month_and_in_between_no_clock_time_is_told(self):
        told = [self.told(evenings) for evenings in range(41)]
        around = [one.around for one in told]
        assert around[0] == 8 * 60
        assert around[-1] == 19 * 60
        assert None in around
        assert around == sorted(around, key=lambda time: (time is not None and time > 600, time is None or time > 600))
        assert around[28] == 19 * 60
        assert told[21].minute > 18 * 60
