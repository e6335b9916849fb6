"""What the forecast is measured against: each method against values worked out by hand or the long way."""

import math
import random
from datetime import date, timedelta
from statistics import median

import pytest

from domain import baselines
from domain.baselines import (
    METHODS,
    BgNbd,
    Frequency,
    Life,
    Parameters,
    SameWeekday,
    Weekday,
    alive,
    comes_next,
    fitted,
    log_likelihood,
    lowest,
)
from tests.oracles.grocery import shops

MONDAY = date(2024, 1, 1)


def told(method, days, day):
    """Return what a new method says of `day` after these days, given by their number from Monday."""
    known = method(None)
    for number, came in days.items():
        known.night(MONDAY + timedelta(days=number), dict.fromkeys(came.split(), 600))
    return known.forecast(MONDAY + timedelta(days=day))


class TestEveryMethod:
    @pytest.mark.parametrize("name", METHODS)
    def test_speaks_of_the_candidates_and_in_chances(self, name):
        days = {opened: came for opened, came in shops()["s330"].items() if opened < date(2017, 2, 1)}
        method = METHODS[name](None)
        for opened, came in days.items():
            method.night(opened, came)
        told = method.forecast(date(2017, 2, 1))
        seen = [who for came in days.values() for who in came]
        assert set(told) == {who for who in seen if seen.count(who) >= 2}
        assert all(0 < p < 1 for p in told.values())
        assert len(set(told.values())) > 1

    @pytest.mark.parametrize("name", [name for name in METHODS if name != "regulars"])
    def test_but_ours_expects_the_median_minute_and_shows_none(self, name):
        method = METHODS[name](None)
        minutes = [600, 480, 490, 720]
        for t, minute in enumerate(minutes):
            method.night(MONDAY + timedelta(days=t), {"sam": minute})
        assert method.arrival("sam", MONDAY + timedelta(days=9)) == (median(minutes), None)


class TestFrequency:
    def test_is_days_come_over_open_days_drawn_to_the_rate_of_all(self):
        # after their first day sam came on 3 of 3 days, rosa on 1 of 3, kim on none of 2; of candidates 4 of 6
        days = {0: "sam rosa", 1: "sam kim", 3: "sam rosa", 8: "sam"}
        rate = 4 / 6
        assert told(Frequency, days, 9) == pytest.approx({"sam": (3 + 4 * rate) / 7, "rosa": (1 + 4 * rate) / 7})


class TestSameWeekday:
    def test_is_the_share_of_those_who_had_come_a_week_before_and_that_of_the_others(self, monkeypatch):
        monkeypatch.setattr(baselines, "CASE_LEFT", 1.0)
        days = {0: "sam rosa kim", 1: "sam rosa kim", 7: "sam", 8: "sam kim"}
        # cases: day 7, all three had come a week before and one came; day 8, the same and two came. Nobody had not.
        found = told(SameWeekday, days, 15)
        overall = (3 + 1) / (6 + 2)
        again, others = (3 + 4 * overall) / (6 + 4), (0 + 4 * overall) / 4
        assert found == pytest.approx({"sam": again, "kim": again, "rosa": others})

    def test_those_who_did_not_come_a_week_before_are_counted_too(self, monkeypatch):
        monkeypatch.setattr(baselines, "CASE_LEFT", 1.0)
        days = {0: "sam rosa", 1: "sam rosa", 2: "sam"}
        overall = (1 + 1) / (2 + 2)
        assert told(SameWeekday, days, 3) == pytest.approx(dict.fromkeys(("sam", "rosa"), (1 + 4 * overall) / (2 + 4)))

    def test_a_case_counts_for_half_after_28_open_days(self):
        method = SameWeekday(None)
        for t in range(2):
            method.night(MONDAY + timedelta(days=t), {"sam": 600})
        method.night(MONDAY + timedelta(days=3), {"sam": 600})
        assert (method.cases[False], method.came[False]) == (1, 1)
        for t in range(28):
            method.night(MONDAY + timedelta(days=30 + 7 * t), {"kim": 600})
        cases = sum(0.5 ** (t / 28) for t in range(29))  # sam on 29 days, none of them a week after a visit
        kims = sum(0.5 ** (t / 28) for t in range(26))  # kim is a candidate on the last 26, each a week after a visit
        assert method.cases == pytest.approx([cases, kims])
        assert method.came == pytest.approx([0.5, kims])

    def test_a_week_before_a_closed_day_nobody_came(self):
        days = {0: "sam", 1: "sam", 2: "sam rosa", 3: "rosa"}
        assert len(set(told(SameWeekday, days, 8).values())) == 2
        assert len(set(told(SameWeekday, days, 12).values())) == 1


class TestWeekday:
    @pytest.mark.parametrize("day", [date(2017, 5, 16), date(2017, 5, 20)], ids=["a Tuesday", "a Saturday"])
    def test_is_what_the_long_way_sums_up(self, day):
        days = {opened: came for opened, came in shops()["s406"].items() if opened < day}
        method = Weekday(None)
        for opened, came in days.items():
            method.night(opened, came)
        found = method.forecast(day)

        visits = {who: [opened for opened, came in days.items() if who in came] for who in method.people}
        candidates = {who: on for who, on in visits.items() if len(on) >= 2}
        after = {who: [opened for opened in days if opened > on[0]] for who, on in candidates.items()}
        rate = sum(len(on) - 1 for on in candidates.values()) / sum(map(len, after.values()))
        assert found.keys() == candidates.keys()
        for who, chances in after.items():
            chances = chances[::-1]
            same = [opened for opened in chances if opened.weekday() == day.weekday()]
            usual = (sum(0.5 ** (t / 28) * (who in days[on]) for t, on in enumerate(chances)) + 4 * rate) / (
                sum(0.5 ** (t / 28) for t in range(len(chances))) + 4
            )
            came = sum(0.5 ** (t / 8) * (who in days[on]) for t, on in enumerate(same))
            assert found[who] == pytest.approx((came + 6 * usual) / (sum(0.5 ** (t / 8) for t in range(len(same))) + 6))

    def test_a_lifetime_of_days_overflows_nothing(self):
        method = Weekday(None)
        for t in range(100 * 365):
            method.night(MONDAY + timedelta(days=t), {"sam": 600})
        assert method.forecast(MONDAY + timedelta(days=100 * 365))["sam"] == pytest.approx(1)


P = Parameters(0.243, 4.414, 0.793, 2.426)  # the CD buyers of the paper of 2005, table 2; time in weeks


class TestBgNbd:
    def test_whoever_stays_away_for_long_is_less_likely_to_be_alive(self):
        # 1 / (1 + 0.793 / 3.426 * (43.414 / 34.414) ** 2.243) = 1 / (1 + 0.23147 * 1.68385)
        assert alive(P, Life(2, 30, 39)) == pytest.approx(0.71956, abs=2e-5)
        assert alive(P, Life(2, 39, 39)) == pytest.approx(1 / (1 + 0.793 / 3.426))
        assert alive(P, Life(0, 0, 39)) == 1
        assert alive(P, Life(400, 10, 900)) < 1e-9
        assert alive(P, Life(9, 30, 39)) < alive(P, Life(2, 30, 39)), "who came often is missed sooner"

    def test_the_chance_of_the_next_day_is_being_alive_times_a_visit_in_it(self):
        # 1 - (43.414 / 44.414) ** 2.243 = 0.049803
        assert comes_next(P, Life(2, 30, 39)) == pytest.approx(0.71956 * 0.049803, abs=2e-5)

    @pytest.mark.parametrize("life", [Life(0, 0, 5), Life(1, 2, 5), Life(3, 4, 5)], ids=str)
    def test_the_likelihood_is_that_of_the_story_it_tells(self, life):
        """Summed over a fine grid of rates and chances to stay away, without the formula."""
        p = Parameters(1.5, 3.0, 2.0, 3.0)
        steps, total = 400, 0.0
        gone = [
            ((i + 0.5) / steps, 12 * (i + 0.5) / steps * (1 - (i + 0.5) / steps) ** 2 / steps) for i in range(steps)
        ]
        for j in range(steps):
            root = (j + 0.5) * 3 / steps  # slow rates are told apart more finely
            rate, wide = root**2, 6 * root / steps
            weight = wide * p.alpha**p.r * rate ** (p.r - 1) * math.exp(-p.alpha * rate) / math.gamma(p.r)
            stays = rate**life.again * math.exp(-rate * life.age)
            left = rate**life.again * math.exp(-rate * life.last) if life.again else 0.0
            for leaves, share in gone:
                chance = (1 - leaves) ** life.again * stays
                if life.again:
                    chance += leaves * (1 - leaves) ** (life.again - 1) * left
                total += weight * share * chance
        assert log_likelihood(p, [life]) == pytest.approx(math.log(total), abs=1e-4)

    def test_many_lives_are_as_likely_as_all_of_them(self):
        lives = [Life(0, 0, 5), Life(3, 4, 5), Life(3, 5, 5), Life(900, 20, 4000)]
        assert log_likelihood(P, lives) == pytest.approx(sum(log_likelihood(P, [life]) for life in lives))

    def test_the_parameters_people_were_made_with_are_found_again(self):
        rng, truth, lives = random.Random(5), Parameters(0.8, 12.0, 1.0, 4.0), []
        for _ in range(4000):
            rate, leaves = rng.gammavariate(truth.r, 1 / truth.alpha), rng.betavariate(truth.a, truth.b)
            age, at, again, last = rng.uniform(100, 300), 0.0, 0, 0.0
            while (at := at + rng.expovariate(rate)) < age:
                again, last = again + 1, at
                if rng.random() < leaves:
                    break
            lives.append(Life(again, last, age))
        found = fitted(lives)
        assert log_likelihood(found, lives) >= log_likelihood(truth, lives)
        assert found.r == pytest.approx(truth.r, rel=0.15)
        assert found.alpha == pytest.approx(truth.alpha, rel=0.2)
        assert found.a / (found.a + found.b) == pytest.approx(0.2, rel=0.15)
        assert found.a == pytest.approx(truth.a, rel=0.35)

    def test_where_ever_larger_parameters_would_be_likelier_the_search_ends(self):
        for lives in ([Life(0, 0, 5)] * 3, [Life(9, 9, 9)] * 3):
            assert all(1e-6 < value < 1e6 for value in fitted(lives))

    def test_time_is_counted_in_open_days(self):
        method = BgNbd(None)
        for t in (0, 1, 7, 30, 365):
            method.night(MONDAY + timedelta(days=t), {"sam": 600} if t in (1, 30) else {"rosa": 600})
        assert method.life(method.people["sam"]) == (1, 2, 3)
        assert method.life(method.people["rosa"]) == (2, 4, 4)

    def test_the_parameters_are_fitted_anew_every_seven_days(self, monkeypatch):
        fits = []

        def fit(lives, start):
            fits.append(len(lives))
            return start

        monkeypatch.setattr(baselines, "fitted", fit)
        method = BgNbd(None)
        for t in range(20):
            day = MONDAY + timedelta(days=t)
            if t >= 2:
                method.forecast(day)
            method.night(day, {"sam": 600, f"k{t}": 600})
        assert fits == [3, 10, 17]

    @pytest.mark.parametrize("came", ["sam", "sam rosa"], ids=["one person", "two who never miss"])
    def test_a_shop_too_small_to_fit_is_still_forecast(self, came):
        found = told(BgNbd, dict.fromkeys(range(3), came), 3)
        assert all(0 < p < 1 for p in found.values())


class TestLowest:
    def test_a_bent_valley_is_walked_to_its_end(self):
        found = lowest(lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, [-1.2, 1.0], apart=1e-12)
        assert found == pytest.approx([1, 1], abs=1e-4)

    def test_what_is_infinite_is_kept_away_from(self):
        found = lowest(lambda x: math.inf if x[0] > 1 else (x[0] - 5) ** 2, [0.0], apart=1e-9)
        assert found == pytest.approx([1], abs=1e-3)

    def test_a_slope_without_an_end_is_left_after_enough_calls(self):
        calls = []

        def ever_lower(x):
            calls.append(x)
            return -sum(x)

        lowest(ever_lower, [0.0, 0.0], most=100)
        assert len(calls) <= 105
