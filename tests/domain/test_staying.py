"""Who fades and who comes more often: true of the visits, nobody who died, and nobody because the shop was closed."""

import random
from datetime import date, timedelta
from functools import cache
from math import log

import pytest

from domain.forecast import Habit, Rhythm
from domain.staying import NAMES, SHIPPED, Closures, Morning, Relationships
from tests.oracles.grocery import shops
from tools.learn_staying import rows_of

MONDAY = date(2024, 1, 1)
WEEKS_40 = 280


def on(t):
    return MONDAY + timedelta(days=t)


def crowd(t):
    """Forty people who come about every ten days, so that a shop has a rate and is open."""
    return {f"someone {i}": 700 for i in range(40) if (t * 7 + i * 13) % 20 < 2}


def shop(*, until=WEEKS_40, closed=(), **people):
    """Return the days of a shop open daily but for `closed` days of it, with these people's days beside the crowd's."""
    days = {}
    for t in range(until):
        if t not in closed:
            days[on(t)] = crowd(t) | {who: 600 for who, visits in people.items() if t in visits}
    return days


def rhythm_of(days, before):
    rhythm = Rhythm[str]()
    for day, came in days.items():
        if day < before:
            rhythm.night(day, came, learn=False)
    return rhythm


def visits_in(days):
    found: dict[str, list] = {}
    for day, came in days.items():
        for who, minute in came.items():
            found.setdefault(who, []).append((day, minute))
    return found


def relationships(days, t=WEEKS_40, **more):
    visits = visits_in(days)
    return Relationships(rhythm_of(days, on(t)), on(t), lambda keys: {key: visits[key] for key in keys}, **more)


def named(changes):
    return [(change.firm or change.customers[0], change.kind) for change in changes]


def everything_of(habit):
    return {name: getattr(habit, name) for name in Habit.__slots__}


class TestHabitOf:
    def test_is_in_every_part_the_habit_that_streaming_made(self):
        days = shops()["s406"]
        rhythm, visits = rhythm_of(days, date.max), visits_in(days)
        for who, habit in rhythm.habits.items():
            assert everything_of(rhythm.habit_of(visits[who])) == everything_of(habit), who

    def test_of_several_is_that_of_one_who_came_on_all_their_days(self):
        days = shops()["s406"]
        pairs = [list(visits_in(days))[i : i + 2] for i in range(0, 40, 2)]
        for a, b in pairs:
            as_one = {day: {"both" if who in (a, b) else who: 600 for who in came} for day, came in days.items()}
            streamed = rhythm_of(as_one, date.max).habits["both"]
            merged = [(day, 600) for day in sorted({day for who in (a, b) for day, _ in visits_in(days)[who]})]
            assert everything_of(rhythm_of(days, date.max).habit_of(merged)) == everything_of(streamed)

    def test_of_days_the_shop_does_not_know_is_none(self):
        rhythm = rhythm_of(shop(until=10, closed=[4]), on(10))
        assert rhythm.habit_of([(on(4), 600), (on(10), 600), (on(-1), 600)]) is None
        assert rhythm.habit_of([]) is None


@cache
def november():
    """Return by store (features, came back) of the Wednesdays of 25 October to 29 November, and who is how overdue."""
    found = []
    for days in shops().values():
        rhythm, visits = Rhythm[str](), visits_in(days)
        rows = []
        for day, came in days.items():
            if day.weekday() == 2 and date(2017, 10, 23) <= day <= date(2017, 12, 3):
                morning, last = Morning(rhythm, day), day + timedelta(days=27)
                for who, habit in rhythm.habits.items():
                    if habit.n > 1:
                        back = any(day <= visit <= last for visit, _ in visits[who])
                        rows.append((morning.chance(habit), -morning.overdue(habit), back))
            rhythm.night(day, came, learn=False)
        found.append(rows)
    return found


def auc(scored):
    """Return how often one who came back was placed above one who did not, ties for half (Mann-Whitney)."""
    ordered = sorted(scored)
    rank, came, i = 0.0, 0, 0
    while i < len(ordered):
        j = i
        while j < len(ordered) and ordered[j][0] == ordered[i][0]:
            j += 1
        here = sum(back for _, back in ordered[i:j])
        rank, came, i = rank + here * (i + 1 + j) / 2, came + here, j
    return (rank - came * (came + 1) / 2) / (came * (len(ordered) - came))


class TestChance:
    def test_tells_on_later_days_of_sixteen_stores_who_comes_back_far_better_than_being_overdue_does(self):
        pooled = [row for rows in november() for row in rows]
        by_store = [auc([(p, back) for p, _, back in rows]) for rows in november()]
        assert auc([(p, back) for p, _, back in pooled]) > 0.87
        assert sum(by_store) / len(by_store) > 0.87
        assert auc([(late, back) for _, late, back in pooled]) < 0.76

    def test_means_what_it_says_there(self):
        pooled = [row for rows in november() for row in rows]
        assert sum(p for p, _, _ in pooled) == pytest.approx(sum(back for *_, back in pooled), rel=0.06)
        for low, high in ((0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1)):
            some = [(p, back) for p, _, back in pooled if low <= p < high]
            said, came = (sum(column) / len(some) for column in zip(*some, strict=True))
            assert said == pytest.approx(came, abs=0.12)

    @pytest.mark.parametrize(
        "visits",
        [
            range(0, 100),
            range(0, 100, 2),
            range(1, 100, 7),
            range(2, 100, 14),
            range(0, 100, 28),
            range(0, 92, 91),
            [3, 4],
            [0, 90, 91, 92, 93, 94, 95],
            [0, 3, 20, 22, 60, 61, 62, 95],
        ],
        ids=[
            "every day",
            "every other day",
            "weekly",
            "fortnightly",
            "every four weeks",
            "once a quarter",
            "two visits long ago",
            "back after a quarter and daily since",
            "now and then",
        ],
    )
    def test_never_rises_the_longer_somebody_is_away(self, visits):
        rhythm = rhythm_of(shop(until=100, sam=visits), on(100))
        chances = []
        for t in range(100, 500):
            chances.append(Morning(rhythm, on(t)).chance(rhythm.habits["sam"]))
            rhythm.night(on(t), crowd(t), learn=False)
        assert chances == sorted(chances, reverse=True)
        assert chances[-1] < chances[0] / 2

    def test_cannot_rise_by_absence_whatever_the_habit(self):
        assert NAMES == ("intercept", "rate28", "rate90", "known", "overdue")
        _, rate_28, rate_90, known, overdue = SHIPPED
        assert min(rate_28, rate_90, known) > 0 > overdue

    def test_is_what_the_formula_says(self):
        rhythm = rhythm_of(shop(until=60, sam=[0, 7, 14, 21]), on(60))
        sam, mu = rhythm.habits["sam"], rhythm.rate()
        features = Morning(rhythm, on(60)).features(sam)
        for place, half_life in ((1, 28), (2, 90)):
            visits = sum(0.5 ** ((59 - t) / half_life) for t in (7, 14, 21))
            chances = sum(0.5 ** ((59 - t) / half_life) for t in range(1, 60))
            assert features[place] == pytest.approx(log((visits + 4 * mu) / (chances + 4)))
        assert features[3] == pytest.approx(log(4 / 14))
        gap = (7 * (1 + 0.9 + 0.81) + 2 / mu) / (1 + 0.9 + 0.81 + 2)
        assert features[4] == pytest.approx(log(39.5 / (gap + 0.5)) * log(2))

    def test_of_a_quarterly_patient_hardly_falls_within_five_weeks(self):
        rhythm = rhythm_of(shop(until=WEEKS_40, rosa=range(6, WEEKS_40, 91)), on(WEEKS_40))
        rosa = rhythm.habits["rosa"]
        assert Morning(rhythm, on(279 + 35)).chance(rosa) > 0.75 * Morning(rhythm, on(280)).chance(rosa)


class TestClosures:
    @pytest.mark.parametrize(
        ("opened", "lost"),
        [
            (range(100), 0),
            ([t for t in range(100) if t % 7 < 5], 0),
            (range(0, 100, 7), 0),
            ([t for t in range(100) if t != 50], 1),
            ([t for t in range(100) if not 50 <= t < 64], 14),
            ([t for t in range(100) if t % 7 < 5 and not 49 <= t < 63], 14),
            ([t for t in range(0, 140, 7) if t != 70], 7),
            ([], 0),
        ],
        ids=[
            "open daily: none",
            "closed at weekends: none",
            "a weekly market: none",
            "one holiday: a day",
            "a closed fortnight: fourteen",
            "a fortnight between two weekends: all but one of these",
            "a market left out once: a week",
            "never open: none",
        ],
    )
    def test_only_days_beyond_the_ordinary_week_are_left_out(self, opened, lost):
        closures = Closures([on(t) for t in opened])
        assert closures.until(on(max(opened, default=0)).toordinal()) == lost

    def test_a_closure_that_still_lasts_counts_as_well(self):
        closures = Closures([on(t) for t in range(50)])
        assert [closures.until(on(t).toordinal()) for t in (49, 50, 59)] == [0, 1, 10]

    def test_after_a_closed_fortnight_nobody_is_further_away_than_before(self):
        days = shop(until=240, closed=range(200, 214), sam=range(0, 240, 3))
        before, after = rhythm_of(days, on(200)), rhythm_of(days, on(214))
        for who, habit in before.habits.items():
            assert Morning(after, on(214)).away(habit) == Morning(before, on(200)).away(habit), who
            assert Morning(after, on(214)).chance(habit) == Morning(before, on(200)).chance(habit), who

    def test_after_seven_closed_weeks_the_lists_are_empty(self):
        days = shop(closed=range(WEEKS_40 - 50, WEEKS_40 - 1), sam=range(0, WEEKS_40, 2), rosa=range(0, WEEKS_40, 7))
        for t in (WEEKS_40 - 1, WEEKS_40):
            found = relationships(days, t)
            assert (found.fading(), found.growing()) == ([], [])


class TestFading:
    @pytest.mark.parametrize(
        ("visits", "listed"),
        [
            (range(0, 280, 3), []),
            (range(0, 210, 3), ["quiet"]),
            (range(0, 255, 2), ["less"]),
            (range(0, 235, 2), ["quiet"]),
            ([*range(0, 224, 2), *range(224, 280, 9)], ["less"]),
            (range(0, 273, 7), []),
            (range(0, 112, 7), []),
            (range(180, 215, 9), []),
            ([*range(0, 280, 91)], []),
            (range(250, 280), []),
            ([0, 40, 80, 121, 160, 200, 225], []),
            ([0, 30, 61, 90, 120, 150, 180], ["quiet"]),
            ([0, 30, 61, 90, 120, 150], []),
        ],
        ids=[
            "as ever: not listed",
            "every third day, not for ten weeks: stays away",
            "every other day, not for 26 days: comes less",
            "every other day, not for 46 days: stays away",
            "every other day, then every nine days: comes less",
            "weekly, here last week: not listed",
            "weekly, not for 25 weeks: has left, is not fading",
            "four visits: too few to say",
            "every quarter: not listed",
            "new this month: not listed",
            "every forty days, 55 days ago: not listed yet",
            "monthly, not for three months: stays away",
            "monthly, not for more than four: has left",
        ],
    )
    def test_finds_those_who_leave_and_nobody_else(self, visits, listed):
        assert [kind for who, kind in named(relationships(shop(sam=visits)).fading()) if who == "sam"] == listed

    def test_never_lists_a_steady_quarterly_patient_on_any_day(self):
        days = shop(until=730, rosa=range(5, 730, 91))
        for t in range(560, 730, 3):
            assert "rosa" not in [who for who, _ in named(relationships(days, t).fading())], t

    def test_notices_sooner_who_came_more_often(self):
        weekdays = {"daily": range(7), "twice a week": (1, 4), "weekly": (6,)}
        noticed: dict[str, int] = {}
        for away in range(10, 60, 4):
            last = WEEKS_40 - away
            people = {who: {t for t in range(last) if t % 7 in of} for who, of in weekdays.items()}
            for who, _ in named(relationships(shop(**people)).fading()):
                noticed.setdefault(who, away)
        assert list(noticed) == ["daily", "twice a week", "weekly"]
        assert noticed["daily"] < 25 < noticed["twice a week"] < noticed["weekly"] < 56

    def test_takes_two_years_of_absence_for_having_left_however_seldom_they_came(self):
        days = shop(until=1940, sam=range(0, 1201, 200))
        assert named(relationships(days, 1200 + 729).fading()) == [("sam", "quiet")]
        assert relationships(days, 1200 + 731).fading() == []

    def test_tells_facts_that_can_be_counted_again(self):
        sam = [*range(0, 210, 3)]
        change = relationships(shop(sam=sam), contacts={"sam": on(212)}).fading()[0]
        assert (change.kind, change.customers, change.firm) == ("quiet", ("sam",), None)
        assert (change.usual_gap, change.since, change.last_visit) == (3, on(0), on(207))
        assert (change.contact, change.days_since) == (on(212), 280 - 212)
        assert (change.lately, change.before) == (0, len([t for t in sam if 168 <= t < 224]))

    def test_puts_those_first_whose_visits_are_missed_most(self):
        days = shop(monthly=range(1, 190, 28), weekly=range(0, 210, 7), daily=range(210), often=range(0, 210, 3))
        assert named(relationships(days).fading()) == [
            (who, "quiet") for who in ("daily", "often", "weekly", "monthly")
        ]

    @pytest.mark.parametrize(
        ("contact", "listed"),
        [(None, True), (on(120), True), (on(277), False), (on(280), False), (on(281), True)],
        ids=["no contact", "spoken to while they still came", "three days ago", "today", "not yet: tomorrow"],
    )
    @pytest.mark.parametrize("visits", [range(0, 210, 3), range(0, 255, 2)], ids=["stays away", "comes less"])
    def test_begins_anew_after_a_real_contact(self, visits, contact, listed):
        found = relationships(shop(sam=visits), contacts={"sam": contact} if contact else {}).fading()
        assert bool(found) is listed

    def test_counts_from_a_contact_within_a_closure_only_the_days_after_it(self):
        rhythm = rhythm_of(shop(until=230, closed=range(200, 214), sam=range(0, 100, 3)), on(230))
        assert Morning(rhythm, on(230)).away(rhythm.habits["sam"], on(207)) == 230 - 213
        assert Morning(rhythm, on(230)).away(rhythm.habits["sam"], on(220)) == 10

    def test_knows_nothing_of_a_contact_to_come_nor_of_one_before_the_last_visit(self):
        rhythm = rhythm_of(shop(until=230, sam=range(0, 200, 3)), on(230))
        away = [Morning(rhythm, on(230)).away(rhythm.habits["sam"], contact) for contact in (None, on(231), on(190))]
        assert away == [230 - 198] * 3


class TestGrowing:
    @pytest.mark.parametrize(
        ("visits", "listed"),
        [
            (range(0, 280, 3), False),
            ([*range(0, 224, 7), *range(224, 280, 3)], True),
            ([*range(0, 224, 7), *range(224, 260, 2)], True),
            ([0, *range(224, 280, 3)], True),
            (range(200, 280, 2), False),
            ([*range(0, 224, 7), 224, 230, 236, 243, 249, 250, 258, 263, 270, 277], False),
            (range(0, 280, 91), False),
        ],
        ids=[
            "as ever: not listed",
            "weekly, then every third day: listed",
            "the same, and not for three weeks now: listed while likely to stay",
            "back after many months and often: listed",
            "new: not listed",
            "ten visits instead of eight: chance, not listed",
            "every quarter: not listed",
        ],
    )
    def test_finds_those_who_come_clearly_more_often(self, visits, listed):
        found = relationships(shop(sam=visits)).growing()
        assert [named(found), [change.kind for change in found]] == (
            [[("sam", "more")], ["more"]] if listed else [[], []]
        )

    def test_asks_that_they_are_likely_to_stay(self):
        came = [*range(0, 224, 7), *range(224, 280, 3)]
        found = relationships(shop(sam=came))
        assert named(found.growing()) == [("sam", "more")]
        found.now.coef = (-30.0, 0.0, 0.0, 0.0, 0.0)
        assert found.growing() == []

    def test_puts_the_largest_gain_first(self):
        days = shop(
            little=[*range(0, 224, 7), *range(224, 280, 3)],
            much=[*range(0, 224, 7), *range(224, 280)],
            some=[*range(0, 224, 7), *range(224, 280, 2)],
        )
        assert [who for who, _ in named(relationships(days).growing())] == ["much", "some", "little"]

    def test_chance_alone_lists_next_to_nobody(self):
        """People who never change: by pure chance each day, on fixed days, days on end, or with gaps that vary a little."""
        dice = random.Random(5)
        people = {}
        for i in range(100):
            often = dice.choice([0.05, 0.1, 0.2, 0.4])
            people[f"chance {i}"] = {t for t in range(WEEKS_40) if dice.random() < often}
            fixed = dice.sample(range(7), 2)
            people[f"fixed {i}"] = {t for t in range(WEEKS_40) if t % 7 in fixed and dice.random() < 0.8}
            t, gap = dice.uniform(0, 9), dice.choice([2, 4, 7, 14])
            bursts = [dice.randrange(WEEKS_40) for _ in range(12)]
            people[f"bursts {i}"] = {start + k for start in bursts for k in range(dice.choice([4, 8]))}
            people[f"even {i}"] = {int(t := t + max(1, dice.gauss(gap, gap / 5))) for _ in range(WEEKS_40 // gap)}
        days = shop(**people)
        listed = [
            change.customers[0]
            for t in (WEEKS_40 - 84, WEEKS_40)
            for one in (relationships(days, t),)
            for change in (*one.growing(), *(c for c in one.fading() if c.kind == "less"))
        ]
        in_bursts = [who for who in listed if who.startswith("bursts")]
        assert len(in_bursts) <= 10, "of 100 on two days"
        assert len(listed) - len(in_bursts) <= 3, "of 300 on two days"


class TestFirms:
    """Ellen and Pat of Bright Books come in turn, three times a week together."""

    IN_TURN = {"ellen": {t for t in range(280) if t % 7 in (0, 4)}, "pat": {t for t in range(280) if t % 7 == 2}}
    FIRM = {"ellen": "Bright Books", "pat": "Bright Books"}

    def dealt(self, until=280):
        """Return the days of both, dealt between them so that neither has a rhythm alone."""
        dice = random.Random(3)
        days: dict[str, set] = {"ellen": set(), "pat": set()}
        for t in range(0, until, 2):
            days["ellen" if dice.random() < 0.5 else "pat"].add(t)
        return days

    def test_only_their_joint_rhythm_is_regular(self):
        days = shop(**self.dealt())
        rhythm, visits = rhythm_of(days, on(280)), visits_in(days)
        both = rhythm.habit_of(sorted(visits["ellen"] + visits["pat"]))

        def spread(habit):
            return habit.gap_squares / habit.gap_weight - (habit.gap_sum / habit.gap_weight) ** 2

        assert spread(both) == pytest.approx(0, abs=1e-9)
        assert min(spread(rhythm.habits[who]) for who in ("ellen", "pat")) > 2
        assert Morning(rhythm, on(280)).gap(both) < 3.5

    def test_who_leave_together_are_one_entry(self):
        visits = {who: {t for t in days if t < 205} for who, days in self.IN_TURN.items()}
        days = shop(**visits)
        [change] = relationships(days, firms=self.FIRM).fading()
        assert (change.firm, set(change.customers)) == ("Bright Books", {"ellen", "pat"})
        together = visits["ellen"] | visits["pat"]
        assert (change.before, change.usual_gap) == (len([t for t in together if t >= 168]), 2)
        assert len(relationships(days).fading()) == 2, "each alone, were they no firm"

    def test_where_one_takes_over_are_not_fading(self):
        both = self.IN_TURN["ellen"] | self.IN_TURN["pat"]
        days = shop(ellen={t for t in both if t < 200}, pat={t for t in both if t >= 200})
        assert named(relationships(days).fading()) == [("ellen", "quiet")]
        found = relationships(days, firms=self.FIRM)
        assert (found.fading(), found.growing()) == ([], [])

    def test_spoken_to_through_either_are_not_fading(self):
        days = shop(**{who: {t for t in visits if t < 205} for who, visits in self.IN_TURN.items()})
        assert relationships(days, firms=self.FIRM, contacts={"pat": on(275), "ellen": on(90)}).fading() == []

    def test_without_the_one_who_died_are_what_the_others_are(self):
        """Ellen came twice a week and is dead; Pat comes as ever."""
        days = shop(ellen={t for t in self.IN_TURN["ellen"] if t < 221}, pat=self.IN_TURN["pat"])
        assert named(relationships(days, firms=self.FIRM).fading()) == [("Bright Books", "less")]
        assert relationships(days, firms=self.FIRM, out={"ellen"}).fading() == []

    def test_of_whom_nobody_is_left_are_in_no_list(self):
        days = shop(**{who: {t for t in visits if t < 205} for who, visits in self.IN_TURN.items()})
        [alone] = relationships(days, firms=self.FIRM, out={"ellen"}).fading()
        assert (alone.firm, alone.customers) == ("Bright Books", ("pat",))
        assert relationships(days, firms=self.FIRM, out={"ellen", "pat"}).fading() == []


class TestStates:
    def test_those_who_are_out_are_in_no_list(self):
        days = shop(sam=range(0, 210, 3), rosa=[*range(0, 224, 7), *range(224, 280, 3)])
        found = relationships(days)
        assert (named(found.fading()), named(found.growing())) == ([("sam", "quiet")], [("rosa", "more")])
        found = relationships(days, out={"sam", "rosa"})
        assert (found.fading(), found.growing()) == ([], [])


def both_lists(days, day, **more):
    visits = visits_in(days)
    found = Relationships(rhythm_of(days, day), day, lambda keys: {key: visits[key] for key in keys}, **more)
    return found.fading(), found.growing()


class TestAnyShop:
    DAY = date(2017, 10, 9)

    def test_two_runs_say_the_same(self):
        firms = {who: i // 2 for i, who in enumerate(visits_in(shops()["s406"])) if i % 3}
        assert both_lists(shops()["s406"], self.DAY, firms=firms) == both_lists(shops()["s406"], self.DAY, firms=firms)

    def test_what_comes_later_changes_nothing(self):
        for name in ("s406", "s330"):
            known = {day: came for day, came in shops()[name].items() if day < self.DAY}
            everyone = dict.fromkeys(visits_in(known), 1)
            firms = {who: i // 2 for i, who in enumerate(everyone) if i % 3}
            poisoned = known | {self.DAY + timedelta(days=t): everyone for t in range(60)}
            later = dict.fromkeys(everyone, self.DAY + timedelta(days=1))
            expected = both_lists(known, self.DAY, firms=firms)
            assert expected[0]
            found = both_lists(poisoned, self.DAY, firms=firms, contacts=later)
            assert found == expected

    def test_a_rhythm_that_knows_the_day_is_refused(self):
        rhythm = rhythm_of(shop(until=10), on(10))
        with pytest.raises(ValueError, match="not after 2024-01-10"):
            Relationships[str, str](rhythm, on(9), lambda keys: {})

    @pytest.mark.parametrize("seed", range(6))
    def test_the_first_look_at_habits_leaves_out_nobody(self, seed, monkeypatch):
        """Many who have just left or changed, alone and in firms of two or three, against everybody looked at closely."""
        dice = random.Random(seed)
        people = {}
        for i in range(200):
            gap, later = dice.choice([1, 2, 4, 7, 12, 25, 40]), dice.choice([1, 2, 4, 7, 12, 25, 40])
            first, turn, last = dice.randrange(0, 250), dice.randrange(150, 400), dice.randrange(200, 600)
            t, visits = first, set()
            while t < min(last, 420):
                visits.add(t)
                t += max(1, round(dice.gauss(gap if t < turn else later, 0.2 * gap)))
            people[f"person {i}"] = visits
        days = shop(until=420, **people)
        firms = {who: i // dice.choice([2, 3]) for i, who in enumerate(people) if dice.random() < 0.6}
        contacts = {who: on(dice.randrange(250, 420)) for who in people if dice.random() < 0.1}
        listed = 0
        for t in (380, 420):
            found = both_lists(days, on(t), firms=firms, contacts=contacts)
            with monkeypatch.context() as patch:
                patch.setattr(Relationships, "_may_fade", lambda *_: True)
                patch.setattr(Relationships, "_may_grow", lambda *_: True)
                assert both_lists(days, on(t), firms=firms, contacts=contacts) == found
            listed += len(found[0]) + len(found[1])
        assert listed > 10

    def test_only_those_who_may_be_listed_are_asked_about_and_only_beyond_forty_visits(self):
        days = shop(sam=range(0, 255, 2), tina=range(0, 210, 7), rosa=range(280))
        visits = visits_in(days)
        asked: list[list[str]] = []

        def visits_of(keys):
            asked.append(keys)
            return {key: visits[key] for key in keys}

        found = Relationships[str, str](rhythm_of(days, on(280)), on(280), visits_of)
        assert named(found.fading()) == [("sam", "less"), ("tina", "quiet")]
        assert asked == [["sam"]]


class TestLearning:
    def test_takes_only_days_whose_next_28_are_known_and_counts_who_came_in_them(self):
        days = {on(t): {"sam": 600} | ({"rosa": 600} if t in (0, 1, 60) else {}) for t in range(70)}
        rows = list(rows_of(days))
        assert {day for day, *_ in rows} == {on(t) for t in range(30, 70 - 27)}
        assert {day: back for day, who, _, back in rows if who == "rosa"} == {
            on(t): 33 <= t <= 60 for t in range(30, 43)
        }
