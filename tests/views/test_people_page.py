"""The owner's page of people: every figure is true, our own lapses come first, and nobody is scored."""

import re
from datetime import timedelta

import pytest

import background
from domain import people_kept
from domain.people import WHOLE, people
from models import Appointment, DayList, Introduction, Mistake, PeopleKept, Promise, Visit
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
        assert [one.customers[0].name for one in told.unknown] == ["Sam W"]
        assert told.unknown.rows[0].visits == sum(visit.day in lately for visit in shop_of_months["Sam W"].visits)
        for one in told.faithful:
            assert one.days == len({visit.day for visit in one.customers[0].visits})

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
        names = [one.customers[0].name for one in people(shop, TUESDAY).faithful]
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
            people_kept.keep(shop, TODAY)
            with counted_queries() as seen:
                people(shop, TUESDAY)
            return len(seen)

        few = questions()
        for i in range(30):
            came(someone(shop, f"Guest {i}"), shop, *days_before(TODAY, *range(1, 40)))
            came(someone(shop, f"Gone {i}"), shop, *days_before(TODAY, *range(50, 200, 2)))
        assert questions() == few <= 10


class TestTheKeptLists:
    def test_are_made_once_a_morning(self, shop, shop_of_months):
        first = people(shop, TUESDAY)
        with counted_queries() as seen:
            assert people(shop, TUESDAY) == first
        assert not [query for query in seen if "habit_kept" in query], "no habit is read again"

    def test_are_made_by_the_background_and_again_with_the_days_list(self, shop, shop_of_months):
        background.tick()
        kept = PeopleKept.get()
        background.tick()
        assert PeopleKept.get().day_list == kept.day_list, "nothing has changed"
        came(shop_of_months["Nia"], shop, *days_before(TODAY, *range(2, 30, 7)))
        DayList.update(stale=True).execute()
        background.rests_until.clear()
        background.tick()
        again = PeopleKept.get()
        assert again.day_list == DayList.get(DayList.day == TODAY).id != kept.day_list
        assert len(again.lists["regulars"]) == len(kept.lists["regulars"]) + 1

    def test_of_another_day_are_not_shown(self, shop, shop_of_months, at):
        people(shop, TUESDAY)
        later = at(TUESDAY + timedelta(days=60))
        told = people(shop, later)
        assert (told.week.regulars, told.unknown.total) == (0, 0)
        assert PeopleKept.get().day == later.date()

    def test_follow_within_the_day_what_is_booked_and_who_is_gone(self, shop, shop_of_months):
        def fading():
            return [one.customers[0].name for one in people(shop, TUESDAY).fading]

        assert fading() == ["Ida", "Gwen", "Rosa"]
        Appointment.create(
            customer=shop_of_months["Gwen"], shop=shop, day=TODAY + timedelta(days=3), starts_at=TUESDAY, service="Cut"
        )
        assert fading() == ["Ida", "Rosa"], "whoever is booked has just been in touch"
        shop_of_months["Rosa"].delete_instance()
        assert fading() == ["Ida"]


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
        assert "Of 2 regulars who came last week, 1 was greeted by name." in re.sub("<[^>]+>", "", page)
        assert f'href="/customers/{max_.id}"' in part(page, "senders")
        assert "1 came on their word" in part(page, "senders")
        fading = part(page, "fading")
        assert "We lost her umbrella. <b>" in fading, "a stop before what to do"
        assert "Make it good first." in fading
        assert "We still owe them, since" in fading

    def test_opens_the_list_of_each_number(self, desk, shop, shop_of_months):
        page = desk.get("/people").text
        opened = {
            name: re.findall(r'href="/customers/(\d+)"', part(desk.get(f"/people/{name}").text, name))
            for name in re.findall(r'href="/people/(\w+)"', page)
        }
        ids = {name: str(one.id) for name, one in shop_of_months.items()}
        assert opened == {"came": [ids["Max"], ids["Sam W"]], "greeted": [ids["Max"]], "unknown": [ids["Sam W"]]}
        assert "7 visits last week, greeted by name" in desk.get("/people/came").text

    def test_shows_the_whole_of_a_long_list_a_hundred_at_once(self, desk, shop):
        names = [f"Guest {i:03}" for i in range(123)]
        for i, name in enumerate(names):
            came(someone(shop, name), shop, *days_before(TODAY, *range(1, 40 if i < 10 else 20)))
        page = part(desk.get("/people").text, "unknown")
        assert page.count('class="person"') == 8
        assert '<a href="/people/unknown"' in page
        assert "All 123" in page
        first = desk.get("/people/unknown").text
        onward = re.search(r'href="(/people/unknown\?from=100)">And 23 more<', first)
        assert onward
        rest = desk.get(onward[1]).text
        assert "more<" not in part(rest, "unknown")
        assert re.findall(r"Guest \d+", first + rest) == names

    @pytest.mark.parametrize("query", ["?from=-5", "?from=many", "?from=999999"])
    def test_answers_whatever_place_is_asked_for(self, desk, shop_of_months, query):
        assert desk.get(f"/people/came{query}").status_code == 200

    def test_knows_no_other_list(self, desk, shop):
        assert desk.get("/people/score").status_code == 404
        for name in WHOLE:
            assert 'class="voice"' in desk.get(f"/people/{name}").text

    def test_is_for_owners_and_managers(self, server, shop, desk):
        assert signed_in(server, hire(shop, "Bo", "manager")).get("/people").status_code == 200
        staff = signed_in(server, hire(shop, "Cy"))
        assert staff.get("/people").status_code == 404
        assert staff.get("/people/came").status_code == 404
        assert "/people" not in staff.get("/today").text
        assert 'href="/people"' in desk.get("/today").text

    def test_says_nothing_in_red_and_ranks_nobody_of_the_team(self, desk, sam, shop_of_months):
        page = desk.get("/people").text
        for word in ("Sam</", "no-show", "score", "VIP", "spend"):
            assert word not in part(page, "fading") + part(page, "faithful")
