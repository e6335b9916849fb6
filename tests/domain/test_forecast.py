"""The forecast of a shop: equal to its oracle, untouched by closed days, and streaming."""

import math
from collections import defaultdict
from copy import copy
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from domain.forecast import OLDEST_COHORT, SHIPPED, Habit, Prior, Rhythm, learn_from, replay, solve
from tests.oracles.forecast_reference import probabilities
from tests.oracles.grocery import shops

MONDAY = date(2024, 1, 1)


SHARED = Prior.load(Path(__file__).parents[1] / "oracles" / "prior_shared.json")  # the formula that all share, alone


ORACLE_LEARNS = 150  # open days, the last ones


def replayed(days, day, learning=True, prior=SHIPPED):
    last = [opened for opened, came in days.items() if came and opened < day][-ORACLE_LEARNS:]
    return replay(days.items(), before=day, learn_from=last[0] if learning and last else None, prior=prior)


def forecast(days, day, prior=SHARED):
    return {f.customer: f.probability for f in replayed(days, day, prior=prior).forecast(day)}


def before(days, day):
    return {opened: came for opened, came in days.items() if opened < day}


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    assert all(math.isclose(found[who], expected[who], rel_tol=0, abs_tol=1e-6) for who in expected)


@st.composite
def small_histories(draw):
    """Up to 12 weeks of a shop with at most 7 customers, closed on some days and for a while."""
    customers = "abcdefg"[: draw(st.integers(2, 7))]
    length = draw(st.integers(2, 84))
    closed = draw(st.sets(st.integers(0, 6), max_size=4))
    away = draw(st.integers(0, length)), draw(st.integers(0, 20))
    days = {}
    for t in range(length):
        day = MONDAY + timedelta(days=t)
        if day.weekday() in closed or away[0] <= t < away[0] + away[1]:
            continue
        came = draw(st.sets(st.sampled_from(customers)))
        if came:
            days[day] = {who: draw(st.integers(0, 1439)) for who in sorted(came)}
    return days, MONDAY + timedelta(days=length + draw(st.integers(0, 40)))


class TestOracle:
    @pytest.mark.parametrize(
        ("shop", "day"),
        [("s330", date(2017, 11, 7)), ("s406", date(2017, 11, 19)), ("s319", date(2017, 11, 24))],
        ids=["a Tuesday", "a Sunday", "the day after Thanksgiving"],
    )
    def test_a_grocery_store_in_november_is_forecast_as_the_oracle_does(self, shop, day):
        days = before(shops()[shop], day)
        assert_same(forecast(days, day), probabilities(days, day))

    def test_every_store_is_forecast_as_the_oracle_does_after_ten_weeks(self):
        day = date(2017, 3, 14)
        for days in shops().values():
            known = before(days, day)
            assert_same(forecast(known, day), probabilities(known, day))

    def test_the_first_weeks_of_a_new_shop_are_too(self):
        days = shops()["s330"]
        first = min(days)
        for t in range(1, 21):
            day = first + timedelta(days=t)
            known = before(days, day)
            assert_same(forecast(known, day), probabilities(known, day))

    @settings(max_examples=60)
    @given(small_histories())
    def test_any_small_shop_with_closed_days_is_too(self, history):
        days, day = history
        if days:
            assert_same(forecast(days, day), probabilities(days, day))

    def test_somebody_back_after_months_and_a_very_long_gap_are_too(self):
        days = {MONDAY + timedelta(days=t): {"often": 500} for t in range(0, 200, 2)}
        for t in (0, 1, 36, 37, 38, 110, 198):
            days.setdefault(MONDAY + timedelta(days=t), {})["seldom"] = 600
        days = dict(sorted(days.items()))
        for day in (MONDAY + timedelta(days=t) for t in (199, 206, 235, 400)):
            assert_same(forecast(days, day), probabilities(days, day))

    def test_a_shop_open_longer_than_cohorts_are_told_apart_is_too(self):
        length = OLDEST_COHORT + 60
        days: dict[date, dict[str, int]] = {MONDAY + timedelta(days=t): {} for t in range(length)}
        for t, came in enumerate(days.values()):
            came.update({who: 600 for who, every in (("a", 2), ("b", 3), ("c", 7)) if t % every == 0 and t < 900})
            came.update({who: 600 for who, every in (("d", 1), ("e", 5)) if t % every == 0 and t >= 40})
        days = {day: came for day, came in days.items() if came}
        day = MONDAY + timedelta(days=length)
        assert_same(forecast(days, day), probabilities(days, day))


class TestWhatIsOnesOwn:
    """What the shared formula missed about one person, against the plain sums that docs/forecast.md states."""

    def plainly(self, days, day):
        """Return both numbers of every candidate on `day`, summed up day by day the long way."""
        shared = len(SHARED.names)
        rhythm = Rhythm[str]()
        pauses: dict = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))
        weekdays: dict = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))

        def places(who, on):
            pause = (on - rhythm.habits[who].latest).days
            return min(pause, 14), (on.weekday(), "short" if pause <= 2 else "middling" if pause <= 7 else "long")

        for on, came in before(days, day).items():
            told = [(f.customer, f.features, *places(f.customer, on)) for f in rhythm.forecast(on)]
            coef, learns = list(rhythm.coef), (on - min(days)).days >= 14
            for who, features, pause, weekday in told if learns else ():
                p = 1 / (1 + math.exp(-sum(b * x for b, x in zip(coef[:shared], features[:shared], strict=True))))
                for one in (pauses[who][pause], weekdays[who][weekday]):
                    one[0] += (who in came) - p
                    one[1] += p * (1 - p)
            rhythm.night(on, came, learn=True)
        own = {}
        for f in rhythm.forecast(day):
            pause, weekday = places(f.customer, day)
            near = [(1, pause)] + [(0.5, one) for one in (pause - 1, pause + 1) if 1 <= one <= 14]
            missed, spread = (sum(share * pauses[f.customer][one][k] for share, one in near) for k in (0, 1))
            on = weekdays[f.customer][weekday]
            own[f.customer] = (missed / (spread + 4), on[0] / (on[1] + 4))
        return own

    @pytest.mark.parametrize("shop", ["s330", "s406"])
    def test_is_what_the_long_way_sums_up(self, shop):
        day = date(2017, 6, 14)
        days = before(shops()[shop], day)
        start = min(days)
        rhythm = replay(days.items(), before=day, learn_from=start)
        found = {f.customer: f.features[-2:] for f in rhythm.forecast(day)}
        expected = self.plainly(days, day)
        assert found.keys() == expected.keys()
        for who, two in expected.items():
            assert found[who] == pytest.approx(two, abs=1e-4), "kept in single precision"

    def test_is_nothing_before_anything_was_learnt(self):
        days = before(shops()["s330"], date(2017, 1, 12))
        assert {f.features[-2:] for f in replayed(days, date(2017, 1, 12)).forecast(date(2017, 1, 12))} == {(0.0, 0.0)}

    def test_on_real_shops_is_closer_to_what_happened(self):
        """Rolling over the last week of November, on days that no coefficient was learnt from."""
        first, last = date(2017, 11, 20), date(2017, 11, 26)
        losses = {"shared": 0.0, "own": 0.0}
        for days in shops().values():
            for name, prior in (("shared", SHARED), ("own", SHIPPED)):
                rhythm = Rhythm[str](prior)
                for on, came in days.items():
                    if on > last:
                        break
                    for f in rhythm.forecast(on) if on >= first else ():
                        p = min(max(f.probability, 1e-4), 1 - 1e-4)
                        losses[name] -= math.log(p if f.customer in came else 1 - p)
                    rhythm.night(on, came, learn=True)
        assert losses["own"] < losses["shared"]


class TestRhythm:
    def test_folding_day_by_day_and_asking_every_morning_changes_nothing(self):
        days = before(shops()["s406"], date(2017, 4, 1))
        start = learn_from(list(days))
        rhythm = Rhythm[str]()
        for day, came in days.items():
            rhythm.forecast(day)
            rhythm.night(day, came, learn=day >= start)
        assert rhythm.forecast(date(2017, 4, 1)) == replayed(days, date(2017, 4, 1)).forecast(date(2017, 4, 1))

    def test_a_closed_day_changes_nothing(self):
        open_only, with_closed = Rhythm[str](), Rhythm[str]()
        for t in range(30):
            day = MONDAY + timedelta(days=t)
            came = {} if t % 7 == 6 else {"rosa": 500, "sam": 700} if t % 2 else {"sam": 690}
            with_closed.night(day, came, learn=True)
            if came:
                open_only.night(day, came, learn=True)
        day = MONDAY + timedelta(days=30)
        assert with_closed.forecast(day) == open_only.forecast(day)
        assert with_closed.days == open_only.days

    def test_only_those_with_two_visit_days_are_forecast(self):
        days = {MONDAY: {"rosa": 500, "sam": 600}, MONDAY + timedelta(days=1): {"sam": 600}}
        assert list(forecast(days, MONDAY + timedelta(days=2))) == ["sam"]

    def test_nobody_is_forecast_in_a_shop_without_history(self):
        assert Rhythm[str]().forecast(MONDAY) == []
        assert replayed({}, MONDAY).forecast(MONDAY) == []

    def test_a_day_cannot_be_folded_or_forecast_twice(self):
        rhythm = Rhythm[str]()
        rhythm.night(MONDAY, {"sam": 600}, learn=False)
        for again in (MONDAY, MONDAY - timedelta(days=1)):
            with pytest.raises(ValueError, match="not after 2024-01-01"):
                rhythm.night(again, {"sam": 600}, learn=False)
            with pytest.raises(ValueError, match="not after 2024-01-01"):
                rhythm.forecast(again)

    def test_nothing_is_learnt_before_the_fifteenth_day_nor_unasked(self):
        for last, learn, moved in ((13, True, False), (14, True, True), (30, False, False)):
            rhythm = Rhythm[str]()
            for t in range(last + 1):
                rhythm.night(MONDAY + timedelta(days=t), {"sam": 600}, learn=learn)
            assert (rhythm.coef != list(SHIPPED.coef)) is moved

    def test_what_was_learnt_can_be_put_back_into_a_rhythm_replayed_without_learning(self):
        day = date(2017, 4, 1)
        days = before(shops()["s406"], day)
        learning, plain = replayed(days, day), replayed(days, day, learning=False)
        assert plain.forecast(day) != learning.forecast(day)
        plain.coef, plain.learnt = learning.coef, learning.learnt
        for who, habit in plain.habits.items():
            habit.missed = copy(learning.habits[who].missed)
        assert plain.forecast(day) == learning.forecast(day)
        for rhythm in (learning, plain):
            rhythm.night(day, shops()["s406"][day], learn=True)
        assert plain.forecast(day + timedelta(days=1)) == learning.forecast(day + timedelta(days=1))

    def test_replay_reads_no_day_on_or_after_the_one_asked_for(self):
        def days():
            yield MONDAY, {"sam": 600}
            yield MONDAY + timedelta(days=1), {"sam": 600}
            raise AssertionError("read on")

        assert replay(days(), before=MONDAY + timedelta(days=1), learn_from=None).days == [MONDAY]

    def test_the_arrival_is_the_customers_own_with_a_little_of_the_shop(self):
        rhythm = Rhythm[str]()
        for t in range(21):
            rhythm.night(MONDAY + timedelta(days=t), {"rosa": 490, "sam": 1010} | {f"k{t}": 1010}, learn=False)
        tuesday = MONDAY + timedelta(days=22)
        assert rhythm.arrival("rosa", tuesday).around == 490
        assert rhythm.arrival("sam", tuesday).around == 1010
        assert 990 < rhythm.arrival("k3", tuesday).minute < 1030
        with pytest.raises(KeyError):
            rhythm.arrival("nobody", tuesday)

    def test_where_the_own_visits_are_old_the_shop_decides_and_follows_its_last_days(self):
        rhythm = Rhythm[str]()
        monday = MONDAY + timedelta(days=364)
        rhythm.night(MONDAY, {"sam": 480, "rosa": 480}, learn=False)
        assert rhythm.arrival("sam", monday).minute == 487
        rhythm.night(MONDAY + timedelta(days=350), dict.fromkeys("abcdefgh", 1200), learn=False)
        assert rhythm.arrival("sam", monday).minute == 1207
        assert rhythm.arrival("sam", monday + timedelta(days=1)).minute == 487


class TestForecast:
    def test_weights_tell_what_sets_a_customer_apart_and_cancel_out_over_the_day(self):
        day = date(2017, 4, 1)
        found = replayed(before(shops()["s406"], day), day).forecast(day)
        weights = [f.weights for f in found]
        assert list(weights[0]) == list(SHIPPED.names)
        for name in SHIPPED.names:
            assert sum(w[name] for w in weights) == pytest.approx(0, abs=1e-9)
        level = [math.log(f.probability / (1 - f.probability)) - sum(f.weights.values()) for f in found]
        assert level == pytest.approx([level[0]] * len(level))


class TestHabit:
    def test_the_last_forty_visit_days_are_kept_and_all_are_counted(self):
        rhythm = Rhythm[str]()
        for t in range(50):
            rhythm.night(MONDAY + timedelta(days=t), {"sam": 600 + t}, learn=False)
        sam = rhythm.habits["sam"]
        assert (sam.n, sam.since, sam.latest) == (50, MONDAY, MONDAY + timedelta(days=49))
        assert sam.visits == [(MONDAY + timedelta(days=t), 600 + t) for t in range(10, 50)]

    def test_a_lifetime_of_daily_visits_overflows_nothing(self):
        sam = Habit(MONDAY.toordinal(), 600, 0, 0)
        for t in range(1, 60 * 365):
            sam.visit(MONDAY.toordinal() + t, 600, t, t // 7)
        assert all(map(math.isfinite, (*sam.counts, sam.e90, sam.gap_sum)))


class TestLearnFrom:
    @pytest.mark.parametrize(
        ("people", "place"),
        [(0, 0), (200, 0), (1_666, 0), (2_000, 100), (10_000, 500), (200_000, 595), (10**7, 597)],
        ids=["nobody", "a few", "as many as can be", "more", "many", "very many: five days", "a town: three days"],
    )
    def test_learning_takes_all_days_or_a_million_of_people_and_days(self, people, place):
        days = [MONDAY + timedelta(days=t) for t in range(600)]
        assert learn_from(days, people) == days[place]

    def test_there_is_nothing_to_learn_from_without_days(self):
        assert learn_from([], 200) is None


def test_a_small_system_is_solved():
    matrix = [[4.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 2.0]]
    assert solve(matrix, [6.0, 4.0, 4.0]) == pytest.approx([1.0, 2.0, 3.0])
