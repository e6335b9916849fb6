"""Find as a page and by htmx: rows that are like any other row, and somebody new who may be known already."""

import re
from uuid import uuid4

import pytest
from markupsafe import Markup, escape

from domain.finding import Hit
from domain.lines import Line
from domain.lookup import Person
from models import Action, Appointment, Customer, Shop, Usual, Visit
from tests.conftest import TUESDAY, came, counted_queries, days_before, someone
from views import hits
from views.lines import line_html
from views.moulds import Mould, Places

TODAY = TUESDAY.date()
HOSTILE = '<b>Jo</b> "%(name)s" & \' {{7*7}} %s 100%'


def search(phone, typed, htmx=True):
    answer = phone.post("/find", {"q": typed}, htmx=htmx)
    assert answer.status_code == 200
    return answer.text


def names(html):
    return re.findall(r'<bdi class="person"[^>]*>(.*?)</bdi>', html)


@pytest.fixture
def regular(shop, rosa, sam):
    came(rosa, shop, *days_before(TODAY, 3))
    Usual.create(customer=rosa, shop=shop, text="Chai", author=sam, day=TODAY)
    return rosa


class TestTheSearch:
    def test_htmx_gets_the_results_alone_with_their_number_beside_them(self, phone, regular):
        html = search(phone, "ros")
        assert html.startswith('<div id="results"')
        assert names(html) == ["<mark>Ros</mark>a Marchetti"]
        assert '<p id="told" hx-swap-oob="innerHTML">One found: Rosa Marchetti.</p>' in html

    def test_a_plain_form_gets_the_page(self, phone, regular):
        html = search(phone, "ros", htmx=False)
        assert "<!doctype html>" in html
        assert 'value="ros"' in html
        assert names(html) == ["<mark>Ros</mark>a Marchetti"]
        assert "hx-swap-oob" not in re.sub(r'<div id="toast".*?>', "", html)

    @pytest.mark.parametrize("htmx", [True, False])
    def test_both_say_the_same(self, phone, shop, regular, htmx):
        for typed in ("ros", "xan", ""):
            html = search(phone, typed, htmx)
            assert re.findall(r'data-testid="(nobody|add|here)"', html) == (
                ["nobody", "add"] if typed == "xan" else ["here", "add"]
            )
            assert ("Nobody called “xan”. Add them?" in html) == (typed == "xan")
            assert ("Likely now" in html) == (typed == "")

    def test_a_usual_says_why(self, phone, regular):
        html = search(phone, "cha")
        assert names(html) == ["Rosa Marchetti"]
        assert '<span class="muted"><mark>Cha</mark>i · last seen Saturday</span>' in html

    def test_what_is_typed_is_only_text(self, phone, regular):
        for htmx in (True, False):
            html = search(phone, HOSTILE, htmx)
            assert str(escape(HOSTILE)) in html
            assert "<b>Jo" not in html

    def test_a_name_is_only_text(self, phone, shop, sam):
        hostile = someone(shop, HOSTILE, say_as=HOSTILE, lang="en")
        Usual.create(customer=hostile, shop=shop, text=HOSTILE, author=sam, day=TODAY)
        for typed in ("7", "jo", "na"):
            html = search(phone, typed)
            assert f"/customers/{hostile.id}" in html
            assert "<b>Jo" not in html
            assert f'aria-label="{escape(HOSTILE)} is here"' in html

    def test_nothing_is_kept_from_one_answer_for_the_next(self, phone, shop, regular):
        okafor = someone(shop, "Rob Okafor", say_as="OH-ka-for")
        for typed, other in (("rosa", okafor), ("rob", regular)):
            html = search(phone, typed)
            assert f"/customers/{other.id}" not in html
            assert other.name not in html

    def test_each_answer_adds_by_an_act_of_its_own(self, phone):
        keys = [re.findall(r'name="action" value="([^"]+)"', search(phone, "xan")) for _ in range(3)]
        assert all(len(found) == 1 for found in keys)
        assert len({found[0] for found in keys}) == 3

    def test_of_a_shop_is_for_that_shop(self, phone, shop, sam, regular):
        other = Shop.create(business=shop.business, name="Second Street", zone="Europe/London")
        Usual.create(customer=regular, shop=other, text="Soup", author=sam, day=TODAY)
        sam.memberships.model.create(staff=sam, shop=other)
        html = phone.post(f"/find?shop={other.id}", {"q": "ros"}, htmx=True).text
        assert "Soup" in html
        assert "Chai" not in html
        assert set(re.findall(r'name="shop" value="(\d+)"', html)) == {str(other.id)}
        assert set(re.findall(r'name="shop" value="(\d+)"', search(phone, "ros"))) == {str(shop.id)}

    def test_behind_a_hash_is_a_tag(self, phone, regular, okafor):
        for customer, tag in ((regular, "Book club"), (okafor, "Terrace")):
            phone.act("customer.tag", customer=str(customer.id), tag=tag)
        for typed in ("#book", "#BOOK club", "# Bo"):
            html = search(phone, typed)
            assert names(html) == ["Rosa Marchetti"]
            assert "One found: Rosa Marchetti." in html
            assert "Someone new:" not in html, "a tag is no name to add"
            assert 'id="new-name"' in html
        assert len(names(search(phone, "#"))) == 2
        assert names(search(phone, "#ros")) == ["<mark>Ros</mark>a Marchetti"], "of no tag it is a name"
        with counted_queries() as seen:
            search(phone, "#boo")
        assert len(seen) <= 3, "\n".join(seen)

    def test_asks_little(self, phone, shop):
        for i in range(30):
            someone(shop, f"Guest {i:02}")
        search(phone, "")
        for typed, most in (("gu", 2), ("guest 07", 2), ("gusets", 4), ("", 1)):
            with counted_queries() as seen:
                search(phone, typed)
            assert len(seen) <= most, "\n".join(seen)


class TestARow:
    """Filled in, it is what its template makes of the same person."""

    @pytest.mark.parametrize(
        "known",
        [
            {},
            {"say_as": "ROH-za"},
            {"lang": "it"},
            {"usual": "Chai, extra hot"},
            {"say_as": "ROH-za", "lang": "it", "usual": "100 % “Earl” Grey & milk"},
        ],
        ids=lambda known: "with " + (", ".join(known) or "a name alone"),
    )
    def test_of_somebody_not_on_the_day(self, server, shop, sam, known):
        from flask import g

        usual = known.pop("usual", "")
        customer = Customer(id=7, name='Rosa "O\'Neill" <Marchetti>', **known)
        person = Person(7, customer.name, customer.say_as, "", customer.lang, usual, None)
        with server.test_request_context("/find"):
            g.shop, g.staff, g.role = shop, sam, "staff"
            plain = line_html(Line(customer, "walk-in", usual=usual), flat=True)
            assert hits.hits_html([Hit(person)], ()) == plain
            found = hits.hits_html([Hit(person)], ("rosa",))
            assert found == plain.replace("Rosa", Markup("<mark>Rosa</mark>"), 1)

    @pytest.mark.parametrize("usual", ["pan", "class", "muted", "span", "b", "Here", "amp"])
    def test_of_a_usual_that_reads_like_markup_stays_whole(self, phone, shop, okafor, usual):
        Usual.create(customer=okafor, shop=shop, text=usual, day=TODAY)
        Appointment.create(customer=okafor, shop=shop, day=TODAY, starts_at=TUESDAY)
        shop.changed()
        html = search(phone, usual)
        assert re.sub("</?mark>", "", html).count('class="muted"') == html.count('class="muted"')
        assert f"<mark>{usual}</mark>" in html
        assert "&gt;" not in html

    def test_of_somebody_on_the_day(self, phone, shop, okafor):
        Appointment.create(customer=okafor, shop=shop, day=TODAY, starts_at=TUESDAY, service="Table for two")
        shop.changed()
        html = search(phone, "oka")
        assert names(html) == ["Mr <mark>Oka</mark>for"]
        assert 'data-source="appointment"' in html
        assert "Booked 8:12 today" in html

    def test_of_a_mould_holds_a_percent_sign(self):
        places = Places("name")
        mould = Mould(f"100 % of <b>{places['name']}</b> and {places['name']}", places, once=["name"])
        assert mould.filled({"name": "%s", "name_": "<mark>%d</mark>"}) == "100 % of <b><mark>%d</mark></b> and %s"


class TestSomebodyNew:
    def add(self, phone, name, **more):
        return phone.post("/customers", {"action": str(uuid4()), "name": name, **more})

    def test_is_added_where_nobody_is_called_alike(self, phone, rosa):
        answer = self.add(phone, "Red scarf")
        assert answer.status_code == 303
        assert Customer.select().count() == 2
        assert Visit.get().customer.name == "Red scarf"

    @pytest.mark.parametrize("name", ["Rosa Marchetti", "marchetti rosa", "Rosa Marcheti", "  Rosa\nMarchetti "])
    def test_is_asked_about_where_somebody_is(self, phone, regular, name):
        html = self.add(phone, name).text
        assert "There is a Rosa Marchetti already: Chai. Same person?" in html
        assert "Same person: mark them here" in html
        assert "Someone else: add" in html
        assert Customer.select().count() == 1

    def test_is_asked_about_with_the_whole_name_where_it_is_what_to_call_them(self, phone, shop):
        someone(shop, "Jo Mbeki-Larsson", call="Jo")
        assert "There is a Jo already: Jo Mbeki-Larsson. Same person?" in self.add(phone, "Jo").text

    def test_is_asked_about_in_one_question_where_there_are_several(self, phone, shop):
        for name in ("Jo Berg", "Jo Bergh", "Berg Jo"):
            someone(shop, name)
        html = self.add(phone, "Jo Berg").text
        assert "Three people are called so already. Is it one of them?" in html
        assert html.count('data-testid="same-person"') == 3

    def test_may_be_the_same_person(self, phone, regular):
        html = self.add(phone, "Rosa Marchetti").text
        to = re.findall(r'action="(/customers/\d+/visits)"', html)
        assert to == [f"/customers/{regular.id}/visits"]
        assert phone.post(to[0], {"action": str(uuid4())}).status_code == 303
        assert Visit.select().where(Visit.day == TODAY).count() == 1

    def test_or_someone_else(self, phone, regular):
        html = self.add(phone, "Rosa Marchetti").text
        form = re.findall(r'<form method="post" action="/customers">(.*?)</form>', html, re.S)[0]
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        assert phone.post("/customers", fields).status_code == 303
        assert Customer.select().where(Customer.name == "Rosa Marchetti").count() == 2

    def test_sent_twice_is_added_once_and_not_asked_about(self, phone):
        key = str(uuid4())
        first, second = (phone.post("/customers", {"action": key, "name": "Red scarf"}) for _ in range(2))
        assert first.status_code == second.status_code == 303
        assert first.location == second.location
        assert Customer.select().count() == 1
        assert Action.select().count() == 1

    def test_without_a_name_is_refused_in_words(self, phone, rosa):
        answer = self.add(phone, "  ")
        assert answer.status_code == 422
        assert "Write something first." in answer.text

    def test_of_another_business_is_not_told(self, phone, shop):
        from domain import access

        other, _owner = access.open_shop("Elsewhere", "Europe/London", "Eve")
        someone(other, "Rosa Marchetti")
        assert self.add(phone, "Rosa Marchetti").status_code == 303

    def test_from_a_phone_without_signal_is_never_refused(self, phone, rosa):
        assert phone.act("customer.create", name="Rosa Marchetti")["status"] == "applied"

    def test_is_only_text_in_the_question(self, phone, shop):
        someone(shop, HOSTILE)
        html = self.add(phone, HOSTILE).text
        assert str(escape(HOSTILE)) in html
        assert "<b>Jo" not in html
