"""Whoever stands at the counter is found by two letters, in the order in which they may well be meant."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from domain import access, contacts, expected
from domain.actions import Act, perform
from domain.finding import FEW, LIKELY, MOST, found, likely
from models import Appointment, Contact, Shop, Usual, Visit
from tests.conftest import TUESDAY, came, counted_queries, days_before, someone

TODAY = date(2026, 11, 24)


def has(customer, shop, text):
    Usual.create(customer=customer, shop=shop, text=text, author=None, day=TODAY)
    return customer


def names(hits):
    return [hit.person.name for hit in hits.hits]


def find(shop, typed, now=TUESDAY):
    return names(found(Shop.get_by_id(shop.id), typed, now))


def book(customer, shop, minutes):
    return Appointment.create(
        customer=customer, shop=shop, day=TODAY, starts_at=TUESDAY + timedelta(minutes=minutes), service=""
    )


@pytest.fixture
def people(shop):
    """Six people who can be told apart by two letters."""
    return {
        name: someone(shop, name, **known)
        for name, known in {
            "Joan Whitlock": {},
            "Jo Mbeki-Larsson": {"call": "Jojo"},
            "Siobhán Ní Dhomhnaill": {},
            "Priya Raghunathan": {"call": "Ms Rao"},
            "田中 弘": {},
            "Red scarf": {},
        }.items()
    }


@pytest.mark.usefixtures("people")
class TestFound:
    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            pytest.param("jo", ["Jo Mbeki-Larsson", "Joan Whitlock"], id="the beginning of a first name"),
            pytest.param("WH", ["Joan Whitlock"], id="the beginning of a family name"),
            pytest.param("larss", ["Jo Mbeki-Larsson"], id="behind a hyphen"),
            pytest.param("mbeki-lar", ["Jo Mbeki-Larsson"], id="across a hyphen"),
            pytest.param("sio", ["Siobhán Ní Dhomhnaill"], id="without accents"),
            pytest.param("dhom síob", ["Siobhán Ní Dhomhnaill"], id="several words, in any order"),
            pytest.param("jo wh", ["Joan Whitlock"], id="all of the words have to match"),
            pytest.param("jojo", ["Jo Mbeki-Larsson"], id="what to call them"),
            pytest.param("rao", ["Priya Raghunathan"], id="a word of what to call them"),
            pytest.param("中", ["田中 弘"], id="a letter in the middle, in writing without spaces"),
            pytest.param("田中弘", ["田中 弘"], id="without the space"),
            pytest.param("田中 弘", ["田中 弘"], id="with the space"),
            pytest.param("scarf", ["Red scarf"], id="a word instead of a name"),
            pytest.param("xan", [], id="nobody"),
            pytest.param("jo xan", [], id="nobody by one of the words"),
            pytest.param("%", [], id="no wild card"),
            pytest.param("_", [], id="nor this one"),
            pytest.param("'; DROP TABLE customer; --", [], id="no statement"),
            pytest.param(" ", [], id="nothing"),
        ],
    )
    def test_by_the_beginning_of_any_word(self, shop, typed, expected):
        assert find(shop, typed) == expected

    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            pytest.param("pryia", ["Priya Raghunathan"], id="two letters swapped"),
            pytest.param("prixa", ["Priya Raghunathan"], id="a letter wrong"),
            pytest.param("riya", ["Priya Raghunathan"], id="the first letter missing"),
            pytest.param("wwhit", ["Joan Whitlock"], id="a letter too many"),
            pytest.param("raghunahtxn", ["Priya Raghunathan"], id="two slips in a long word"),
            pytest.param("joan whitlokc", ["Joan Whitlock"], id="a slip in one of two words"),
            pytest.param("jaon whitlcok", ["Joan Whitlock"], id="a slip in each"),
            pytest.param("jo whitlcok", ["Joan Whitlock"], id="a slip beside a word too short for one"),
            pytest.param("jbu", [], id="three letters of garbage"),
            pytest.param("jbux", [], id="four"),
            pytest.param("priya whitlokc", [], id="words of two people"),
        ],
    )
    def test_in_spite_of_a_slip(self, shop, typed, expected):
        assert find(shop, typed) == expected

    def test_who_was_typed_right_comes_before_a_slip(self, shop):
        someone(shop, "Maia Berg")
        someone(shop, "Maya Lind")
        someone(shop, "Mayb Corr")
        assert find(shop, "maya") == ["Maya Lind"]
        assert find(shop, "mayb c") == ["Mayb Corr"]
        assert find(shop, "maib")[:1] == ["Maia Berg"]

    def test_nobody_slipped_who_typed_a_whole_word(self, shop):
        someone(shop, "Jona Berg")
        assert find(shop, "joan") == ["Joan Whitlock"]
        assert find(shop, "jona") == ["Jona Berg"]
        assert find(shop, "joam") == ["Joan Whitlock"]

    def test_with_many_nobody_slipped(self, shop):
        for i in range(FEW):
            someone(shop, f"Annika {i}")
        someone(shop, "Anika Berg")
        assert "Anika Berg" not in find(shop, "annik")

    def test_people_of_another_business_are_not_found(self, shop):
        other, _owner = access.open_shop("Elsewhere", "Europe/London", "Eve")
        assert find(other, "joan") == find(other, "jaon") == []


class TestByWhatTheyHave:
    def test_at_this_shop(self, shop, rosa, okafor):
        other = Shop.create(business=shop.business, name="Second Street", zone="Europe/London")
        has(rosa, shop, "Flat white, oat")
        has(okafor, other, "Oat porridge")
        assert find(shop, "oat") == ["Rosa Marchetti"]
        assert find(other, "oat") == ["Mr Okafor"]

    def test_after_those_called_so(self, shop, rosa):
        has(rosa, shop, "Chai")
        someone(shop, "Chaim Levi")
        assert find(shop, "chai") == ["Chaim Levi", "Rosa Marchetti"]

    def test_with_a_name_beside_it(self, shop, rosa, okafor):
        has(rosa, shop, "Chai")
        has(okafor, shop, "Chai")
        assert find(shop, "chai ros") == ["Rosa Marchetti"]

    def test_however_many_have_the_same(self, shop):
        for i in range(30):
            has(someone(shop, f"Guest {i}"), shop, "Flat white")
        someone(shop, "Flavia Conti")
        assert find(shop, "fla")[0] == "Flavia Conti"
        assert found(shop, "fla", TUESDAY).more

    def test_no_longer_when_it_changed(self, shop, rosa):
        has(rosa, shop, "Chai")
        Usual.get().delete_instance()
        has(rosa, shop, "Mint tea")
        assert find(shop, "chai") == []
        assert find(shop, "mint") == ["Rosa Marchetti"]


class TestByAnAddress:
    @pytest.fixture
    def reached(self, shop, rosa, okafor):
        for customer, kind, address in (
            (rosa, "phone", "020 7946 0958"),
            (rosa, "email", "Rosa@example.org"),
            (okafor, "phone", "+1 202 555 0958"),
        ):
            known = contacts.compared(kind, address, shop.zone)
            Contact.create(customer=customer, kind=kind, address=address, known=known, at=TUESDAY)

    @pytest.mark.usefixtures("reached")
    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            pytest.param("020 7946 0958", ["Rosa Marchetti"], id="a number as it is dialled"),
            pytest.param("+44 (20) 7946-0958", ["Rosa Marchetti"], id="with its country"),
            pytest.param("0044 20 7946 0958", ["Rosa Marchetti"], id="as dialled from abroad"),
            pytest.param("0958", ["Mr Okafor", "Rosa Marchetti"], id="the last four"),
            pytest.param("958", [], id="three are too few"),
            pytest.param("020 7946", [], id="not its beginning"),
            pytest.param(" rosa@Example.org ", ["Rosa Marchetti"], id="a mail address"),
            pytest.param("rosa@example.or", [], id="half a mail address"),
        ],
    )
    def test_finds_whose_it_is(self, shop, typed, expected):
        assert find(shop, typed) == expected

    @pytest.mark.usefixtures("reached")
    def test_of_another_business_finds_nobody(self):
        other, _owner = access.open_shop("Elsewhere", "Europe/London", "Eve")
        assert find(other, "0958") == find(other, "rosa@example.org") == []

    def test_that_is_nobodys_may_be_a_name(self, shop):
        someone(shop, "Table 2040")
        assert find(shop, "2040") == ["Table 2040"]


class TestOrder:
    def test_expected_then_here_then_lately_then_by_name(self, shop, sam):
        aron, berta, celia, dora, emil, fred = (
            someone(shop, f"Jo {name}") for name in ("Aron", "Berta", "Celia", "Dora", "Emil", "Fred")
        )
        came(dora, shop, *days_before(TODAY, 2))
        came(emil, shop, *days_before(TODAY, 40))
        book(fred, shop, 90)
        book(celia, shop, 10)
        expected.day_list(shop, TODAY)
        berta.check_in(shop, sam, TUESDAY - timedelta(minutes=5))
        shop.changed()
        assert find(shop, "jo") == ["Jo Celia", "Jo Fred", "Jo Berta", "Jo Dora", "Jo Aron", "Jo Emil"]
        assert aron

    def test_who_is_expected_is_found_among_hundreds(self, shop, sam):
        for i in range(60):
            someone(shop, f"Joa {i:02}")
        zita, yara = someone(shop, "Joz Zita"), someone(shop, "Joy Yara")
        book(zita, shop, 20)
        came(yara, shop, *days_before(TODAY, 3))
        answer = found(shop, "jo", TUESDAY)
        assert names(answer)[:2] == ["Joz Zita", "Joy Yara"]
        assert all(name.startswith("Joa ") for name in names(answer)[2:])  # which of them is the index's to say
        assert len(answer.hits) == MOST
        assert answer.more

    def test_as_many_as_there_are(self, shop, rosa):
        assert not found(shop, "ro", TUESDAY).more


class TestLikely:
    def test_is_who_is_due_then_who_came_lately_at_this_hour_then_who_is_here(self, shop, sam):
        due, later, early, evening, here = (
            someone(shop, name) for name in ("Due", "Later", "At this hour", "In the evening", "Here")
        )
        book(due, shop, 20)
        book(later, shop, 300)
        came(early, shop, *days_before(TODAY, 3), minute=8 * 60 + 30)
        came(evening, shop, *days_before(TODAY, 1), minute=19 * 60)
        here.check_in(shop, sam, TUESDAY - timedelta(minutes=5))
        assert names(likely(shop, TUESDAY)) == ["Due", "At this hour", "In the evening", "Here"]

    def test_is_nobody_on_the_first_day(self, shop):
        assert likely(shop, TUESDAY).hits == []

    def test_is_as_many_as_a_screen_shows(self, shop, sam):
        for i in range(30):
            one = someone(shop, f"Guest {i}")
            came(one, shop, *days_before(TODAY, 1 + i % 9))
            if i < 5:
                one.check_in(shop, sam, TUESDAY - timedelta(minutes=i))
            elif i < 12:
                book(one, shop, i)
        told = likely(shop, TUESDAY)
        assert len(told.hits) == LIKELY
        assert [hit.line is not None and hit.line.arrived for hit in told.hits] == [False] * (LIKELY - 1) + [True]

    def test_tells_whom_no_list_tells(self, shop, rosa):
        came(rosa, shop, *days_before(TODAY, 60))
        assert names(likely(shop, TUESDAY)) == ["Rosa Marchetti"]


class TestItsQuestions:
    @pytest.fixture(autouse=True)
    def shopful(self, shop):
        for i in range(40):
            came(someone(shop, f"Guest {i:02} Person"), shop, *days_before(TODAY, 1, 8))
        shop.changed()
        expected.day_list(shop, TODAY)

    @pytest.mark.parametrize(
        ("typed", "most"),
        [
            pytest.param("", 0, id="nothing typed: all of it is kept"),
            pytest.param("gu", 1, id="two letters"),
            pytest.param("guest 07", 1, id="somebody's whole name"),
            pytest.param("gusets", 3, id="a slip"),
            pytest.param("gusets persno", 3, id="two slips"),
            pytest.param("xan", 1, id="nobody"),
        ],
    )
    def test_are_few(self, shop, typed, most):
        shop = Shop.get_by_id(shop.id)
        likely(shop, TUESDAY)
        with counted_queries() as seen:
            found(shop, typed, TUESDAY) if typed else likely(shop, TUESDAY)
        assert len(seen) <= most, "\n".join(seen)

    def test_are_one_more_after_an_act_for_those_seen_lately(self, shop, sam):
        likely(Shop.get_by_id(shop.id), TUESDAY)
        for typed, most in (("", 2), ("gu", 3)):
            act = Act(str(uuid4()), "customer.create", TUESDAY, {"name": "Red scarf"})
            assert perform(act, sam, shop).done
            fresh = Shop.get_by_id(shop.id)
            with counted_queries() as seen:
                found(fresh, typed, TUESDAY) if typed else likely(fresh, TUESDAY)
            assert len(seen) <= most, "\n".join(seen)

    def test_do_not_grow_with_the_visits(self, shop):
        answers = [names(found(shop, "gu", TUESDAY)), names(likely(shop, TUESDAY))]
        with counted_queries() as before:
            found(shop, "gu", TUESDAY)
        old = someone(shop, "Passer-by")
        came(old, shop, *days_before(TODAY, *range(400, 900)))
        assert Visit.select().count() > 500
        with counted_queries() as after:
            found(shop, "gu", TUESDAY)
        assert len(after) == len(before)
        assert [names(found(shop, "gu", TUESDAY)), names(likely(shop, TUESDAY))] == answers
