"""The owner's page of people: every figure is true, our own lapses come first, and nobody is scored."""

from datetime import timedelta

import pytest

from domain import nights
from domain.people import people
from models import Introduction, Mistake, Promise, Visit
from tests.conftest import TUESDAY, came, counted_queries, days_before, hire, signed_in, someone

TODAY = TUESDAY.date()


@pytest.fixture
def shop_of_months(shop, sam):
    """Max steady and greeted; Gwen, Ida and Rosa gone quiet: towards Ida we made a mistake, and Gwen is owed something."""
    cast = {name: someone(shop, name) for name in ("Max", "Gwen", "Ida", "Rosa", "Sam W", "Nia")}
    came(cast["Max"], shop, *days_before(TODAY, *range(1, 250)))
    for name in ("Gwen", "Ida", "Rosa"):
        came(cast[name], shop, *days_before(TODAY, *range(50, 250, 2 + len(name) % 2)))
    came(cast["Sam W"], shop, *days_before(TODAY, *range(1, 56, 2)), *days_before(TODAY, *range(57, 250, 14)))
    came(cast["Nia"], shop, *days_before(TODAY, *range(1, 30, 7)))
    Visit.update(greeted_by_name=True).where(
        (Visit.customer == cast["Max"]) & (Visit.day >= TODAY - timedelta(9))
    ).execute()
    common = {"shop": shop, "author": sam, "day": TODAY - timedelta(days=60), "at": TUESDAY - timedelta(days=60)}
    Mistake.create(customer=cast["Ida"], text="We lost her umbrella", **common)
    Promise.create(customer=cast["Gwen"], text="The recipe", **common)
    return cast


def part(page, name):
    return page.split(f'data-testid="{name}"')[1].split("</section>")[0]


class TestTheFigures:
    def test_can_be_counted_again(self, shop, shop_of_months):
        told = people(shop, TUESDAY)
        monday = TODAY - timedelta(days=TODAY.weekday())
        week = [monday - timedelta(days=n) for n in range(1, 8)]
        lately = [TODAY - timedelta(days=n) for n in range(1, 57)]
        regulars = {
            name: one
            for name, one in shop_of_months.items()
            if len({visit.day for visit in one.visits if visit.day in lately}) >= 6
        }
        here = [one for one in regulars.values() if any(visit.day in week for visit in one.visits)]
        greeted = [one for one in here if any(v.day in week and v.greeted_by_name for v in one.visits)]
        assert (told.week.regulars, told.week.greeted) == (len(here), len(greeted)) == (2, 1)
        assert told.regulars == len(regulars)
        assert [one.customers[0].name for one in told.unknown] == ["Sam W"]
        assert told.unknown[0].visits == sum(visit.day in lately for visit in shop_of_months["Sam W"].visits)
        for one in told.faithful:
            assert one.days == len({visit.day for visit in one.customer.visits})

    def test_fading_puts_what_is_ours_first_with_one_kind_step(self, shop, shop_of_months):
        fading = people(shop, TUESDAY).fading
        assert [(one.customers[0].name, one.step) for one in fading] == [
            ("Ida", "mistake"), ("Gwen", "owed"), ("Rosa", "greet"),
        ]  # fmt: skip

    def test_a_mistake_made_good_and_a_promise_kept_are_no_lapse_of_ours(self, shop, shop_of_months):
        Mistake.update(made_good="A new one", made_good_at=TUESDAY).execute()
        Promise.update(kept_at=TUESDAY).execute()
        assert {one.step for one in people(shop, TUESDAY).fading} == {"greet"}

    def test_most_faithful_is_by_days_and_by_who_still_comes(self, shop, shop_of_months):
        names = [one.customer.name for one in people(shop, TUESDAY).faithful]
        assert names[0] == "Max"
        assert names.index("Sam W") < names.index("Nia")

    @pytest.mark.parametrize("state", ["leave_alone", "moved", "died"])
    def test_names_nobody_whom_we_do_not_look_out_for_but_those_who_left(self, phone, desk, shop_of_months, state):
        for one in shop_of_months.values():
            phone.act("customer.state", customer=str(one.id), state=state)
        page = desk.get("/people").text
        for name in shop_of_months:
            assert (f">{name}<" in page) == (state == "moved")
        if state == "moved":
            assert "Left today. We do not know why." in part(page, "left")

    def test_costs_the_same_for_many(self, shop, shop_of_months):
        def questions():
            nights.rhythm_before(shop, TODAY)
            with counted_queries() as rhythm:
                nights.relationships(shop, TODAY)
            with counted_queries() as seen:
                people(shop, TUESDAY)
            return len(seen) - len(rhythm)

        few = questions()
        for i in range(30):
            came(someone(shop, f"Guest {i}"), shop, *days_before(TODAY, *range(1, 40)))
            came(someone(shop, f"Gone {i}"), shop, *days_before(TODAY, *range(50, 200, 2)))
        from models import RhythmKept

        RhythmKept.delete().execute()
        assert questions() <= few <= 8 + 2, "eight, and the visits behind each of the two lists"


class TestThePage:
    def test_of_a_new_shop_is_calm(self, desk):
        page = desk.get("/people").text
        assert "No regulars came last week." in page
        assert "That is how every first day looks." in page

    def test_has_its_sections_in_order_with_links_to_cards(self, desk, shop, shop_of_months):
        max_ = shop_of_months["Max"]
        Introduction.create(customer=shop_of_months["Nia"], by_customer=max_, shop=shop, day=TODAY)
        page = desk.get("/people").text
        places = [
            page.index(f'data-testid="{name}"')
            for name in ("unknown", "growing", "fading", "faithful", "senders", "left")
        ]
        assert places == sorted(places)
        assert "Of 2 regulars who came last week, 1 was greeted by name." in page
        assert f'href="/customers/{max_.id}"' in part(page, "senders")
        assert "1 came on their word" in part(page, "senders")
        fading = part(page, "fading")
        assert "We lost her umbrella" in fading
        assert "Make it good first." in fading
        assert "We still owe them, since" in fading

    def test_is_for_owners_and_managers(self, server, shop, desk):
        assert signed_in(server, hire(shop, "Bo", "manager")).get("/people").status_code == 200
        staff = signed_in(server, hire(shop, "Cy"))
        assert staff.get("/people").status_code == 404
        assert "/people" not in staff.get("/today").text
        assert 'href="/people"' in desk.get("/today").text

    def test_says_nothing_in_red_and_ranks_nobody_of_the_team(self, desk, sam, shop_of_months):
        page = desk.get("/people").text
        for word in ("Sam</", "no-show", "score", "VIP", "spend"):
            assert word not in part(page, "fading") + part(page, "faithful")
