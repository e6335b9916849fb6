"""Whose visits fade and who comes more often, from the visits that are stored."""

from datetime import timedelta

import pytest

from domain import nights
from domain.telling import changes_as_json
from models import RhythmKept
from tests.conftest import TUESDAY, came, counted_queries, days_before, someone
from words.relationships import both

TODAY = TUESDAY.date()


@pytest.fixture
def people(shop):
    """Rosa has stayed away for seven weeks, Sam comes twice a week and once every week before, Max is as he was."""
    rosa, sam, max_ = (someone(shop, name) for name in ("Rosa", "Sam", "Max"))
    came(max_, shop, *days_before(TODAY, *range(1, 250)))
    came(rosa, shop, *days_before(TODAY, *range(50, 250, 2)))
    came(sam, shop, *days_before(TODAY, *range(1, 56, 2)), *days_before(TODAY, *range(57, 250, 14)))
    return rosa, sam


def told(shop):
    found = nights.relationships(shop, TODAY)
    return {"fading": changes_as_json(found.fading()), "growing": changes_as_json(found.growing())}


class TestRelationships:
    def test_are_told_with_counts_that_the_visits_bear_out(self, shop, people):
        rosa, sam = people
        lists = told(shop)
        (fading,), (growing,) = lists["fading"], lists["growing"]
        assert fading["customers"] == [{"customer": str(rosa.id), "name": "Rosa"}]
        assert growing["customers"] == [{"customer": str(sam.id), "name": "Sam"}]
        for one, customer in ((fading, rosa), (growing, sam)):
            days = sorted(visit.day for visit in customer.visits)
            weeks_ago = [(TODAY - day).days for day in days]
            assert one["lately"] == sum(1 for ago in weeks_ago if ago <= 56)
            assert one["before"] == sum(1 for ago in weeks_ago if 56 < ago <= 112)
            assert (one["last_visit"], one["since"]) == (days[-1].isoformat(), days[0].isoformat())

    def test_stand_in_words_without_a_judgement(self, shop, people):
        text = both(told(shop), TODAY)
        assert text == (
            "Fading\n  Rosa stays away: last here 5 October; before that, every 2 days or so.\n\n"
            "Coming more often\n  Sam: 28 visits in the last eight weeks, 4 in the eight before; last here yesterday."
        )
        assert both({"fading": [], "growing": []}, TODAY) == "Nobody fades.\n\nNobody comes more often than before."

    def test_cost_the_same_number_of_questions_for_many(self, shop, people):
        nights.rhythm_before(shop, TODAY)
        with counted_queries() as few:
            told(shop)
        for place in range(20):
            came(someone(shop, f"Guest {place}"), shop, *days_before(TODAY, *range(60 + place, 200, 2)))
        RhythmKept.delete().execute()
        nights.rhythm_before(shop, TODAY)
        with counted_queries() as many:
            assert len(told(shop)["fading"]) > 10
        assert len(many) == len(few)

    def test_of_a_new_shop_nothing_is_told(self, shop, rosa):
        came(rosa, shop, TODAY - timedelta(days=1))
        assert told(shop) == {"fading": [], "growing": []}
