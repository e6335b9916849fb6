"""The evaluation: figures worked out by hand, a real slice scored by other code, and no look at the future."""

import math
import random
from array import array
from datetime import date, timedelta

import pytest

from domain import evaluation
from domain.baselines import METHODS
from domain.evaluation import (
    Expected,
    Outcome,
    Regulars,
    calibration_error,
    days_to_test,
    evaluated,
    intervals,
    learn_from,
    order,
    outcomes,
    slope,
    summary,
)
from domain.forecast import Rhythm, replay
from tests.oracles.grocery import shops

MONDAY = date(2024, 1, 1)


def on(*numbers):
    """Return a shop to which rosa and sam come on these days, counted from Monday."""
    return {MONDAY + timedelta(days=number): {"rosa": 500, "sam": 600} for number in numbers}


def one_day(probabilities, came, day=MONDAY, shop="", misses=(), shown=(), seconds=0.0):
    return Outcome(shop, day, array("d", probabilities), array("b", came), misses, shown, seconds)


class Plain:
    """Days come over all open days, the first ones included, and the minute of the last visit; shown to rosa alone."""

    def __init__(self, _learn_from=None):
        self.days, self.last, self.open_days = {}, {}, 0

    def forecast(self, day):
        return {who: count / self.open_days for who, count in self.days.items()}

    def arrival(self, customer, day):
        return Expected(self.last[customer], self.last[customer] if customer == "rosa" else None)

    def night(self, day, came):
        self.open_days += 1
        for who, minute in came.items():
            self.days[who] = self.days.get(who, 0) + 1
            self.last[who] = minute


class TestOrder:
    @pytest.mark.parametrize(
        ("probabilities", "came", "expected"),
        [
            ([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0], (5 / 6, 3 / 4, 1 / 2)),
            ([0.6, 0.7, 0.8, 0.9], [1, 0, 1, 0], ((1 / 2 + 2 / 4) / 2, 1 / 4, 1 / 2)),
            ([0.1, 0.9], [0, 1], (1.0, 1.0, 1.0)),
            ([0.9, 0.5, 0.5, 0.1], [0, 1, 0, 0], (1 / 2, (1 + 1 / 2) / 3, 0.0)),
            ([0.4, 0.4], [0, 0], (None, None, None)),
            ([0.4, 0.3], [1, 1], (1.0, None, 1.0)),
            ([0.2, 0.0, 0.0], [1, 1, 0], (1.0, (1 + 1 / 2) / 2, 1.0)),
        ],
        ids=["one slip", "the wrong way round", "right", "a tie", "nobody came", "everybody came", "a tie at nothing"],
    )
    def test_is_scored_as_by_hand(self, probabilities, came, expected):
        assert order(probabilities, came) == pytest.approx(expected)

    def test_ties_are_broken_by_the_turn_of_two_primes(self):
        """Of 15 equals the last, 14 * 7919 mod 104729 = 6137, comes second, behind the first and before 7919."""
        came = [0] * 14 + [1]
        assert order([0.5] * 15, came) == pytest.approx((1 / 2, 1 / 2, 0.0))


class TestSlope:
    @pytest.mark.parametrize(
        ("low", "high", "came_low", "came_high"),
        [(0.2, 0.6, 1, 5), (0.2, 0.6, 2, 6), (0.0001, 0.9999, 3, 7), (0.0001, 0.0002, 1, 9)],
        ids=["too timid", "as it was", "far too bold", "much too timid"],
    )
    def test_of_two_levels_is_the_way_between_them_over_the_way_forecast(self, low, high, came_low, came_high):
        came = [1] * came_low + [0] * (10 - came_low) + [1] * came_high + [0] * (10 - came_high)
        odds = [math.log(p / (1 - p)) for p in (low, high, came_low / 10, came_high / 10)]
        expected = (odds[3] - odds[2]) / (odds[1] - odds[0])
        assert slope([low] * 10 + [high] * 10, came) == pytest.approx(expected, rel=1e-5)

    @pytest.mark.parametrize(
        ("probabilities", "came"),
        [([], []), ([0.3, 0.3], [0, 1]), ([0.3, 0.4], [0, 0]), ([0.3, 0.4], [1, 1])],
        ids=["nothing", "all alike", "nobody came", "everybody came"],
    )
    def test_is_unknown_where_nothing_tells_it(self, probabilities, came):
        assert slope(probabilities, came) is None


class TestCalibrationError:
    def test_looks_at_fifteen_bins_in_order_of_probability_the_first_ones_larger(self):
        # 16 people: the two least likely share a bin, in which one of two came against a mean of 0.15
        probabilities = [0.9] * 14 + [0.2, 0.1]
        came = [1] * 14 + [1, 0]
        assert calibration_error(probabilities, came) == pytest.approx((abs(1 - 0.3) + 14 * 0.1) / 16)

    def test_is_nothing_where_every_bin_came_as_often_as_told(self):
        assert calibration_error([0.5] * 30, [0, 1] * 15) == pytest.approx(0)

    def test_of_fewer_people_than_bins_takes_each_alone(self):
        assert calibration_error([0.5, 0.25], [1, 0]) == pytest.approx((0.5 + 0.25) / 2)


class TestSummary:
    def test_of_two_days_is_as_by_hand(self):
        found = summary(
            [
                one_day([0.8, 0.4], [1, 0], misses=(10,), shown=(30,), seconds=1.0),
                one_day([0.0, 0.5], [1, 0], MONDAY + timedelta(days=1), misses=(31,), seconds=2.0),
            ]
        )
        losses = [-math.log(0.8), -math.log(0.6), -math.log(1e-4), -math.log(0.5)]
        briers = [0.04, 0.16, 0.9999**2, 0.25]
        assert found["logloss"] == pytest.approx(sum(losses) / 4)
        assert found["brier"] == pytest.approx(sum(briers) / 4)
        assert found["ll_skill"] == pytest.approx(1 - sum(losses) / (4 * math.log(2)))
        assert found["brier_skill"] == pytest.approx(1 - sum(briers) / (4 * 0.25))
        assert found["expected_over_came"] == pytest.approx(1.7 / 2), "of the probabilities as they were told"
        assert (found["ap"], found["auc"], found["rprec"]) == (3 / 4, 1 / 2, 1 / 2)
        assert (found["rows"], found["shop_days"], found["came"], found["base_rate"]) == (4, 2, 2, 0.5)
        assert (found["minute_mdae"], found["within30"]) == (20.5, 0.5)
        assert (found["shown"], found["shown_within30"], found["seconds"]) == (0.5, 1.0, 1.5)

    def test_days_with_more_who_came_weigh_more_in_r_precision_but_not_in_average_precision(self):
        many = one_day([0.9, 0.8, 0.7, 0.1], [1, 1, 1, 0])
        none = one_day([0.9, 0.1, 0.1, 0.2], [0, 0, 0, 1], MONDAY + timedelta(days=1))
        found = summary([many, none])
        assert found["rprec"] == 3 / 4
        assert found["ap"] == (1 + 1 / 2) / 2

    def test_days_on_which_nobody_known_came_count_only_where_they_can(self):
        found = summary([one_day([0.9, 0.1], [1, 0]), one_day([0.5, 0.5], [0, 0], MONDAY + timedelta(days=1))])
        assert (found["ap"], found["auc"], found["rprec"], found["rows"]) == (1.0, 1.0, 1.0, 4)

    def test_what_cannot_be_told_is_none(self):
        found = summary([one_day([0.5, 0.25], [0, 0])])
        unknown = {name for name, value in found.items() if value is None and not name.endswith(("_lo", "_hi"))}
        assert unknown == {
            "ap", "auc", "rprec", "ll_skill", "brier_skill", "slope", "minute_mdae", "within30", "shown",
            "shown_within30",
        }  # fmt: skip
        assert found["expected_over_came"] == 0.75

    def test_of_a_real_slice_is_what_other_code_computed(self):
        """Two stores, ten days to 17 December 2017, by `Plain`. The numbers were computed once, from a method of the same
        rule, by a separate rolling-origin evaluation written with numpy and pandas; its intervals draw other days."""
        slice_ = {shop: shops()[shop] for shop in ("s330", "s406")}
        found = evaluated(slice_, Plain, 10, date(2017, 12, 17))
        assert found is not None
        pooled = {
            "ap": 0.5294153007858303, "auc": 0.8576086356016827, "rprec": 0.47107438016528924,
            "logloss": 0.2204394262511988, "brier_skill": 0.22733140732581225, "ll_skill": 0.27302397325347805,
            "brier": 0.06347061970976275, "base_rate": 0.09029850746268657, "slope": 1.0038499405682848,
            "ece": 0.016836359115122962, "rows": 1340, "shop_days": 20, "came": 121,
            "expected_over_came": 0.9690056781749287, "minute_mdae": 184.0, "within30": 0.12396694214876033,
        }  # fmt: skip
        assert {name: found.pooled[name] for name in pooled} == pytest.approx(pooled, abs=1e-9)
        ends = {"ap_lo": 0.470, "ap_hi": 0.577, "rprec_lo": 0.408, "rprec_hi": 0.526, "logloss_lo": 0.205,
                "logloss_hi": 0.234, "auc_lo": 0.825, "auc_hi": 0.884}  # fmt: skip
        assert {name: found.pooled[name] for name in ends} == pytest.approx(ends, abs=0.02)
        store = {
            "ap": 0.547028, "auc": 0.886276, "rprec": 0.488889, "logloss": 0.165076, "brier_skill": 0.256542,
            "ll_skill": 0.301025, "slope": 0.967603, "ece": 0.019636, "rows": 710, "came": 45, "minute_mdae": 159,
        }  # fmt: skip
        assert {name: found.shops["s330"][name] for name in store} == pytest.approx(store, abs=1e-6)


class TestIntervals:
    @staticmethod
    def sums(loss):
        return (0.5, 1, 0.5, 1, 0.5, 1, 2, loss, 0.1)

    def test_all_shops_of_a_calendar_day_are_drawn_together(self):
        """On each day one shop does well and the other badly: taken together no day differs from another."""
        days = []
        for t in range(20):
            for loss in (0.0, 1.0):
                days.append((MONDAY + timedelta(days=t), self.sums(loss)))
        found = intervals(days, 0.5)
        assert (found["logloss_lo"], found["logloss_hi"]) == (0.25, 0.25)

    def test_hold_nineteen_in_twenty_of_what_drawing_anew_gives(self):
        """Of 400 days half cost 1 and half nothing: the mean of as many drawn strays by 1 / 40, and twice that at most in
        95 of 100."""
        days = [(MONDAY + timedelta(days=t), self.sums(2.0 * (t % 2))) for t in range(400)]
        found = intervals(days, 0.5)
        assert found["logloss_lo"] == pytest.approx(0.5 - 1.96 / 40, abs=0.008)
        assert found["logloss_hi"] == pytest.approx(0.5 + 1.96 / 40, abs=0.008)
        assert intervals(days, 0.5) == found

    def test_of_a_single_day_are_that_day(self):
        found = intervals([(MONDAY, self.sums(1.0))], 0.5)
        assert (found["ap_lo"], found["ap_hi"], found["logloss_lo"]) == (0.5, 0.5, 0.5)


class TestDaysToTest:
    @pytest.mark.parametrize(
        ("opened", "number", "end", "expected"),
        [
            ((0, 1, 2, 5), 3, 5, [5]),
            ((0, 1, 2, 5), 4, 5, [2, 5]),
            ((0, 1, 2, 5), 99, None, [2, 5]),
            ((0, 1, 2, 5), 99, 4, [2]),
            ((0, 1, 2, 5), 2, 40, []),
            ((0, 1), 9, None, []),
            ((), 9, 3, []),
        ],
        ids=[
            "calendar days", "one more", "from the second visit day on", "up to an end", "an end long after", "all new",
            "no shop",
        ],
    )  # fmt: skip
    def test_are_the_open_days_of_the_window_with_somebody_known(self, opened, number, end, expected):
        end = None if end is None else MONDAY + timedelta(days=end)
        assert days_to_test(on(*opened), number, end) == [MONDAY + timedelta(days=t) for t in expected]

    def test_nobody_is_known_by_many_visits_of_different_people(self):
        days = {MONDAY + timedelta(days=t): {f"k{t}": 600} for t in range(9)}
        assert days_to_test(days, 9, None) == []


class TestOutcomes:
    def test_candidates_are_those_of_two_earlier_days_by_code_and_whoever_is_left_out_counts_as_nothing(self):
        class Forgetful(Plain):
            def forecast(self, day):
                return {"sam": 1.5, "nobody": 0.5}

        days = on(0, 1, 2) | {MONDAY + timedelta(days=3): {"sam": 610, "kim": 5}}
        last = next(outcomes("a", days, Forgetful, 1, None))
        assert (list(last.probabilities), list(last.came)) == ([0.0, 1.0], [0, 1])
        assert (last.misses, last.shown, last.shop, last.day) == ((10,), (), "a", MONDAY + timedelta(days=3))

    def test_a_clock_time_shown_is_scored_by_itself(self):
        class Bold(Plain):
            def arrival(self, customer, day):
                return Expected(500, 480) if customer == "rosa" else None

        found = next(outcomes("", on(0, 1, 2), Bold, 1, None))
        assert (found.misses, found.shown) == ((0,), (20,))

    def test_without_an_end_each_shop_is_tested_up_to_its_own_last_day(self):
        found = evaluated({"a": on(0, 1, 2), "b": on(0, 1, 2, 3, 4, 5, 6)}, Plain, 2, None)
        assert found is not None
        assert [figures["shop_days"] for figures in found.shops.values()] == [1, 2]
        assert found.pooled["shop_days"] == 3

    def test_a_shop_without_a_day_to_test_is_left_out_and_none_at_all_is_nothing(self):
        found = evaluated({"a": on(0, 1, 2), "new": on(0)}, Plain, 1, None)
        assert found is not None
        assert list(found.shops) == ["a"]
        assert evaluated({"new": on(0)}, Plain, 1, None) is None

    def test_regulars_says_of_the_first_day_what_a_forecast_of_that_day_says(self):
        for shop in ("s330", "s406"):
            days, day = shops()[shop], date(2017, 11, 7)
            first = next(outcomes(shop, days, Regulars, 5, day + timedelta(days=4)))
            rhythm = replay(days.items(), before=day, learn_from=learn_from(days, day))
            told = {f.customer: f.probability for f in rhythm.forecast(day)}
            assert list(first.probabilities) == [told[who] for who in sorted(told)]

    def test_regulars_learns_every_night_and_from_the_day_that_a_forecast_would(self):
        days, day = shops()["s330"], date(2017, 11, 7)
        *_, last = outcomes("s330", days, Regulars, 5, day + timedelta(days=4))
        start, rhythm = learn_from(days, day), Rhythm[str]()
        assert start is not None
        for opened, came in days.items():
            if opened == last.day:
                break
            rhythm.night(opened, came, learn=opened >= start)
        told = {f.customer: f.probability for f in rhythm.forecast(last.day)}
        assert list(last.probabilities) == [told[who] for who in sorted(told)]

    def test_regulars_shows_a_clock_time_for_the_punctual_alone(self):
        rng, days = random.Random(2), on(*range(40))
        for came in days.values():
            came["sam"] = rng.randrange(400, 1200)
        found = evaluated({"": days}, Regulars, 10, None)
        assert found is not None
        assert found.pooled["shown"] == 0.5
        assert found.pooled["shown_within30"] == 1.0
        assert found.pooled["within30"] != 1.0, "some of sam's are far off"

    def test_learning_begins_where_it_would_for_the_first_tested_day(self, monkeypatch):
        monkeypatch.setattr(evaluation, "learn_from", lambda days, day: day)
        begun = []

        class Learner(Plain):
            def __init__(self, learns_from):
                begun.append(learns_from)
                super().__init__()

        list(outcomes("", on(0, 1, 2, 4, 5), Learner, 3, None))
        assert begun == [MONDAY + timedelta(days=4)]

    def test_learning_is_told_the_people_of_the_days_before_only(self, monkeypatch):
        asked = []
        monkeypatch.setattr(evaluation.forecast, "learn_from", lambda days, people: asked.append((days, people)))
        days = on(0, 1) | {MONDAY + timedelta(days=2): {"kim": 1}}
        learn_from(days, MONDAY + timedelta(days=2))
        assert asked == [(list(days)[:2], 2)]


@pytest.mark.parametrize("name", METHODS)
class TestNoLookAtTheFuture:
    """Whatever is changed on a day and after it, the method says the same of that day and of those before."""

    def told(self, name, days, until):
        """Return by tested day what the method says of everyone it knows."""
        found = {}

        class Listener:
            def __init__(self, learns):
                self.method = METHODS[name](learns)

            def forecast(self, day):
                told = dict(self.method.forecast(day))
                found[day] = {who: (p, self.method.arrival(who, day)) for who, p in told.items()}
                return told

            def arrival(self, customer, day):
                return self.method.arrival(customer, day)

            def night(self, day, came):
                self.method.night(day, came)

        list(outcomes("", days, Listener, 9, until + timedelta(days=3)))  # the window reaches beyond the day
        return {day: told for day, told in found.items() if day <= until}

    @pytest.mark.parametrize("seed", range(3))
    def test_changes_no_forecast(self, name, seed, monkeypatch):
        monkeypatch.setattr(evaluation.forecast, "learn_from", lambda days, people: days[people % len(days)])
        rng, day = random.Random(seed), date(2017, 3, 14)
        days = {opened: came for opened, came in shops()["s406"].items() if opened < day + timedelta(days=10)}
        people = sorted({who for came in days.values() for who in came}) + ["stranger", "\x00", "zz"]
        poisoned = {opened: came for opened, came in days.items() if opened < day}
        for t in range(rng.randrange(3, 30)):
            someone = rng.sample(people, rng.randrange(1, len(people)))
            poisoned[day + timedelta(days=t)] = {who: rng.randrange(1440) for who in someone}
        told = self.told(name, days, day)
        assert len(told) > 3
        assert day in told
        assert self.told(name, poisoned, day) == told

    def test_the_past_does(self, name):
        day = date(2017, 3, 14)
        days = {opened: came for opened, came in shops()["s406"].items() if opened <= day}
        changed = {opened: dict(list(came.items())[:-1]) or came for opened, came in days.items()}
        assert self.told(name, changed, day)[day] != self.told(name, days, day)[day]
