"""Which words are offered when somebody comes: a table a rule, the order among them, and when nothing is said."""

from datetime import date, timedelta
from typing import Any

import pytest
from peewee import IntegrityError

import clock
import words
from domain import expected
from domain.history import History
from domain.prompts import CROWD, EXEMPT, MILESTONES, RULES, SILENT_DAYS, Known, best, prompts_for
from models import DayList, Expected, PromptShown, Shop, Usual, Visit, Witness, db
from tests.conftest import TUESDAY, came, days_before, someone

TODAY = date(2026, 11, 24)  # a Tuesday


def known(*backs: int, today: date = TODAY, visits: int | None = None, **more) -> Known:
    """Return somebody who came on these days before today; `visits` where they came twice on some."""
    days = tuple(sorted(today - timedelta(days=back) for back in backs))
    return Known(today, History(days, len(days) if visits is None else visits), **more)


def since(first: str, today: str, visits: int = 6) -> Known:
    """Return somebody whose first visit was on one day, with `visits` in all."""
    day = date.fromisoformat(today)
    later = [day - timedelta(days=back) for back in range(visits - 1, 0, -1)]
    return Known(day, History((date.fromisoformat(first), *later), visits))


def counted(visits: int) -> Known:
    return known(3, 2, 1, visits=visits)


def best_of(who: Known) -> Any:
    return best(who)


def said_to(customer, shop) -> Any:
    """Return the words offered for somebody at Tuesday 8:12."""
    return expected.line_for(customer, shop, TUESDAY).prompt


YES, NO = True, False


def rows(table):
    return [pytest.param(who, holds, id=told) for told, who, holds in table]


class TestSecondVisit:
    @pytest.mark.parametrize(
        ("who", "holds"),
        rows(
            [
                ("nobody has seen them", known(), NO),
                ("they came once, yesterday", known(1), YES),
                ("they came once, two years ago", known(730), YES),
                ("they came twice", known(9, 2), NO),
            ]
        ),
    )
    def test_is_said_the_second_time_only(self, who, holds):
        assert bool(RULES["second-visit"](who)) is holds

    def test_names_the_first_visit(self):
        assert RULES["second-visit"](known(3)) == {"dates": ["2026-11-21"]}


class TestBackAfterAWhile:
    @pytest.mark.parametrize(
        ("who", "holds"),
        rows(
            [
                ("nobody has seen them", known(), NO),
                ("two visits tell no rhythm", known(40, 33), NO),
                ("daily, away nine days", known(12, 11, 10, 9), NO),
                ("daily, away ten days", known(13, 12, 11, 10), YES),
                ("every four days, away eleven", known(19, 15, 11), NO),
                ("every four days, away twelve", known(20, 16, 12), YES),
                ("weekly, away twenty days", known(34, 27, 20), NO),
                ("weekly, away three weeks", known(35, 28, 21), YES),
                ("here yesterday", known(3, 2, 1), NO),
                ("one long holiday does not change a rhythm", known(100, 13, 12, 11, 10), YES),
            ]
        ),
    )
    def test_is_said_after_ten_days_and_three_usual_gaps(self, who, holds):
        assert bool(RULES["back-after-a-while"](who)) is holds

    def test_names_the_last_visit(self):
        assert RULES["back-after-a-while"](known(35, 28, 21)) == {"dates": ["2026-11-03"]}


class TestAYear:
    @pytest.mark.parametrize(
        ("who", "years"),
        rows(
            [
                ("nobody has seen them", known(), None),
                ("the day before the anniversary", since("2025-11-25", "2026-11-24"), None),
                ("the anniversary itself", since("2025-11-24", "2026-11-24"), 1),
                ("thirteen days after", since("2025-11-11", "2026-11-24"), 1),
                ("fourteen days after", since("2025-11-10", "2026-11-24"), None),
                ("the second", since("2024-11-20", "2026-11-24"), 2),
                ("the tenth", since("2016-11-24", "2026-11-24"), 10),
                ("over New Year", since("2025-12-28", "2027-01-05"), 1),
                ("five visits are too few", since("2025-11-24", "2026-11-24", visits=5), None),
                ("a leap day, next year on the 28th", since("2024-02-29", "2025-02-28"), 1),
                ("a leap day, next year on the 27th", since("2024-02-29", "2025-02-27"), None),
                ("a leap day, next year in March", since("2024-02-29", "2025-03-01"), 1),
                ("a leap day, four years later a day early", since("2024-02-29", "2028-02-28"), None),
                ("a leap day, four years later to the day", since("2024-02-29", "2028-02-29"), 4),
                ("first seen today a year ago, today a leap day", since("2027-02-28", "2028-02-29"), 1),
            ]
        ),
    )
    def test_is_said_within_two_weeks_of_the_day(self, who, years):
        facts = RULES["a-year"](who)
        assert (facts and facts["years"]) == years


class TestAboutAHundred:
    @pytest.mark.parametrize(
        ("before", "about"),
        [
            pytest.param(0, None, id="the first visit"),
            pytest.param(98, None, id="today is the 99th"),
            pytest.param(99, 100, id="today is the 100th"),
            pytest.param(103, 100, id="today is the 104th"),
            pytest.param(104, None, id="today is the 105th"),
            pytest.param(199, 200, id="today is the 200th"),
            pytest.param(208, 200, id="today is the 209th"),
            pytest.param(209, None, id="today is the 210th"),
            pytest.param(499, 500, id="today is the 500th"),
            pytest.param(524, None, id="today is the 525th"),
            pytest.param(999, 1000, id="today is the 1000th"),
            pytest.param(1049, None, id="today is the 1050th"),
        ],
    )
    def test_is_said_from_the_round_number_for_five_in_a_hundred(self, before, about):
        facts = RULES["about-a-hundred"](counted(before))
        assert (facts and facts["about"]) == about

    def test_counts_today(self):
        assert best_of(counted(101))["count"] == 102


class TestThirdWeekday:
    @pytest.mark.parametrize(
        ("who", "holds"),
        rows(
            [
                ("nobody has seen them", known(), NO),
                ("the last two Tuesdays", known(14, 7), YES),
                ("only last Tuesday", known(7), NO),
                ("Tuesdays with a gap", known(21, 7), NO),
                ("the last three: today would be the fourth", known(21, 14, 7), NO),
                ("two Tuesdays, a gap, and more before", known(35, 28, 14, 7), YES),
                ("two Tuesdays and two other days lately", known(14, 10, 7, 3), YES),
                ("two Tuesdays among five days lately", known(14, 10, 7, 3, 1), NO),
                ("other days three weeks back do not count", known(25, 24, 23, 22, 14, 7), YES),
            ]
        ),
    )
    def test_is_said_the_third_time_running_where_the_weekday_is_theirs(self, who, holds):
        assert bool(RULES["third-weekday"](who)) is holds

    def test_names_the_two_before(self):
        assert RULES["third-weekday"](known(14, 7)) == {"weekday": 1, "dates": ["2026-11-10", "2026-11-17"]}


class TestTheUsual:
    @pytest.mark.parametrize(
        ("who", "holds"),
        rows(
            [
                ("nothing was written down", known(9, 5, 2), NO),
                ("written down, three visits", known(9, 5, 2, usual="Flat white"), YES),
                ("written down, two visits", known(9, 5, usual="Flat white"), NO),
                ("the first visit", known(usual="Flat white"), NO),
                ("six words", known(9, 5, 2, usual="one two three four five six"), YES),
                ("seven words are too many to say", known(9, 5, 2, usual="one two three four five six seven"), NO),
            ]
        ),
    )
    def test_is_asked_of_those_who_come(self, who, holds):
        assert bool(RULES["the-usual"](who)) is holds


class TestTheOrder:
    def test_is_the_one_designed(self):
        assert list(RULES) == [
            "second-visit",
            "back-after-a-while",
            "a-year",
            "about-a-hundred",
            "third-weekday",
            "the-usual",
        ]

    def test_the_first_that_holds_wins(self):
        away = known(35, 28, 21, usual="Flat white", visits=99)
        holding = [name for name, holds in RULES.items() if holds(away)]
        assert holding == ["back-after-a-while", "about-a-hundred", "the-usual"]
        assert best_of(away)["id"] == "back-after-a-while"

    def test_what_was_said_lately_leaves_the_word_to_the_next(self):
        away = known(
            35, 28, 21, usual="Flat white", visits=99, recent=frozenset({"back-after-a-while", "about-a-hundred"})
        )
        assert best_of(away)["id"] == "the-usual"

    def test_a_second_visit_may_be_said_again(self):
        assert best_of(known(3, recent=frozenset({"second-visit"})))["id"] == "second-visit"

    def test_often_there_is_nothing_to_say(self):
        assert best(known(9, 5, 2)) is None

    @pytest.mark.parametrize("name", RULES)
    def test_every_rule_has_words_and_a_why(self, name):
        cases = {
            "second-visit": known(3),
            "back-after-a-while": known(35, 28, 21),
            "a-year": since("2025-11-24", "2026-11-24"),
            "about-a-hundred": counted(99),
            "third-weekday": known(14, 7),
            "the-usual": known(9, 5, 2, usual="flat white", usual_by="Ana", usual_since=TODAY - timedelta(days=9)),
        }
        facts = RULES[name](cases[name])
        assert facts is not None
        prompt = {"id": name, **facts}
        said = words.prompt(prompt, "she")
        assert said.fact.endswith(".")
        assert said.ask.rstrip("”").endswith((".", "?"))
        assert words.prompt_why(prompt, TODAY).endswith(".")

    @pytest.mark.parametrize("milestone", MILESTONES)
    def test_every_round_number_has_a_word(self, milestone):
        fact = words.prompt({"id": "about-a-hundred", "about": milestone}, "").fact
        assert {100: "a hundred", 200: "two hundred", 500: "five hundred", 1000: "a thousand"}[milestone] in fact


def shown(customer, shop, day, prompt="the-usual"):
    PromptShown.create(customer=customer, shop=shop, day=day, prompt=prompt, facts={}, at=TUESDAY)


@pytest.fixture
def regular(shop, rosa):
    """Rosa has come three times, and her usual is known: there is one thing to say."""
    came(rosa, shop, *days_before(TODAY, 9, 5, 2))
    Usual.create(customer=rosa, shop=shop, text="Flat white", day=TODAY - timedelta(days=5))
    return rosa


class TestSilence:
    @pytest.mark.parametrize(
        ("back", "said"),
        [
            pytest.param(1, None, id="yesterday"),
            pytest.param(SILENT_DAYS - 1, None, id="27 days ago"),
            pytest.param(SILENT_DAYS, "the-usual", id="28 days ago"),
            pytest.param(0, "the-usual", id="today itself is no repeat"),
        ],
    )
    def test_the_same_words_rest_for_four_weeks(self, shop, regular, back, said):
        shown(regular, shop, TODAY - timedelta(days=back))
        history = History(tuple(days_before(TODAY, 9, 5, 2)), 3)
        prompt = prompts_for(shop, {regular.id: history}, TODAY).get(regular.id)
        assert (prompt and prompt["id"]) == said

    def test_other_words_and_other_shops_do_not_rest(self, shop, regular):
        second = Shop.create(business=shop.business, name="Second Street")
        shown(regular, shop, TODAY - timedelta(days=3), "third-weekday")
        shown(regular, second, TODAY - timedelta(days=3))
        assert said_to(regular, shop)["id"] == "the-usual"

    def test_an_undone_arrival_leaves_the_words_for_next_time(self, phone, shop, regular, at):
        visit = phone.act("visit.create", customer=str(regular.id))["result"]["visit"]
        assert PromptShown.select().count() == 1
        phone.act("visit.undo", visit=visit)
        assert PromptShown.select().count() == 0


class TestACrowd:
    def crowd(self, shop, sam, count, minutes_ago=2):
        for i in range(count):
            at = TUESDAY - timedelta(minutes=minutes_ago, seconds=i)
            visit = Visit.create(customer=someone(shop, f"Guest {i}"), shop=shop, day=TODAY, at=at)
            Witness.create(visit=visit, staff=sam, at=at)

    @pytest.mark.parametrize(
        ("arrivals", "minutes_ago", "said"),
        [
            pytest.param(0, 2, True, id="nobody else"),
            pytest.param(CROWD, 2, True, id="six within five minutes"),
            pytest.param(CROWD + 1, 2, False, id="seven within five minutes"),
            pytest.param(CROWD + 1, 6, True, id="seven, but a while ago"),
        ],
    )
    def test_leaves_no_time_for_words(self, shop, sam, regular, arrivals, minutes_ago, said):
        self.crowd(shop, sam, arrivals, minutes_ago)
        listed = expected.day_list(shop, TODAY)
        Expected.delete().execute()
        Expected.create(
            day_list=listed,
            customer=regular,
            probability=0.5,
            reason={},
            prompt={"id": "the-usual", "usual": "Flat white"},
        )
        on_the_list = {line.customer.id: line for line in expected.lines(shop, TODAY, TUESDAY)}[regular.id]
        assert bool(on_the_list.prompt) is said
        assert bool(said_to(regular, shop)) is said

    def test_still_greets_somebody_for_the_second_time(self, shop, sam, rosa):
        came(rosa, shop, TODAY - timedelta(days=3))
        self.crowd(shop, sam, CROWD + 1)
        assert "second-visit" in EXEMPT
        assert said_to(rosa, shop)["id"] == "second-visit"

    def test_does_not_use_up_the_words(self, shop, phone, sam, regular):
        self.crowd(shop, sam, CROWD + 1)
        phone.act("visit.create", customer=str(regular.id))
        assert PromptShown.select().count() == 0


class TestOneAtMost:
    def test_a_row_shows_one_prompt_though_three_hold(self, phone, shop, rosa):
        came(rosa, shop, *days_before(TODAY, 35, 28, 21))
        Usual.create(customer=rosa, shop=shop, text="Flat white", day=TODAY)
        for n in range(96):
            Visit.create(
                customer=rosa, shop=shop, day=TODAY - timedelta(days=21), at=clock.now() - timedelta(days=21, seconds=n)
            )
        row = phone.post(f"/customers/{rosa.id}/visits", htmx=True).text
        assert row.count('data-testid="prompt"') == 1
        assert "Back after a while." in row

    def test_two_arrivals_of_one_day_keep_one(self, phone, shop, regular, at):
        phone.act("visit.create", customer=str(regular.id))
        at(TUESDAY + timedelta(hours=3))
        phone.act("visit.create", customer=str(regular.id))
        assert [(p.prompt, p.day) for p in PromptShown.select()] == [("the-usual", TODAY)]

    def test_the_database_refuses_a_second(self, shop, rosa):
        shown(rosa, shop, TODAY)
        with pytest.raises(IntegrityError), db.atomic():
            shown(rosa, shop, TODAY, "a-year")


class TestWhenWhatWeKnowChanges:
    def test_a_new_usual_is_offered_at_once_on_the_list(self, phone, shop, rosa):
        came(rosa, shop, *days_before(TODAY, 9, 5, 2))
        listed = expected.day_list(shop, TODAY)
        Expected.delete().execute()
        Expected.create(day_list=listed, customer=rosa, probability=0.5, reason={"kind": "visits", "came": 3})
        phone.act("usual.set", customer=str(rosa.id), text="Cortado")
        assert Expected.get().prompt["usual"] == "Cortado"
        phone.act("usual.set", customer=str(rosa.id), text="")
        assert Expected.get().prompt is None
        assert DayList.select().count() == 1
