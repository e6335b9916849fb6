"""Who belongs together and who comes together, on the day's list, on the card and in the rhythm of a firm."""

from datetime import timedelta

import pytest

from domain import nights
from domain.card import card_for
from domain.expected import make_list
from domain.lines import lines
from domain.telling import changes_as_json
from models import Appointment, Belonging, Customer, Expected, Household
from tests.conftest import TUESDAY, came, counted_queries, days_before, someone
from words.relationships import both

TODAY = TUESDAY.date()


@pytest.fixture
def bright_books(shop, phone):
    """Ellen and Pat of Bright Books come every day, five minutes apart."""
    ellen, pat = someone(shop, "Ellen Bright"), someone(shop, "Pat Moss")
    for one, minute in ((ellen, 500), (pat, 505)):
        came(one, shop, *days_before(TODAY, *range(1, 60)), minute=minute)
    for one, part in ((ellen, "owner"), (pat, "office manager")):
        told = phone.act("customer.join", customer=str(one.id), name="Bright Books", kind="firm", part=part)
        assert told["status"] == "applied", told
    return ellen, pat


def beside(shop, customer):
    return {one.customer.id: one.beside for one in lines(shop, TODAY, TUESDAY)}.get(customer.id)


def rows(table):
    return sorted(map(repr, table.select().order_by(table.id).dicts()))


class TestBelonging:
    def test_to_a_name_once_written_is_to_the_same_firm(self, phone, bright_books):
        assert [(one.kind, one.name) for one in Household.select()] == [("firm", "Bright Books")]
        assert {one.part for one in Belonging.select()} == {"owner", "office manager"}

    def test_is_found_by_its_name_in_any_case_but_not_in_another_kind(self, phone, rosa):
        for name, kind in (("Marchetti", "household"), ("MARCHETTI", "household"), ("Marchetti", "firm")):
            phone.act("customer.join", customer=str(rosa.id), name=name, kind=kind, part="x" if name.isupper() else "")
        assert Household.select().count() == 2

    def test_goes_back_by_its_reverse(self, phone, bright_books):
        ellen, _pat = bright_books
        held = Belonging.select().where(Belonging.customer == ellen.id).dicts().get()
        number = str(held["household"])
        was = phone.act("customer.leave", customer=str(ellen.id), household=number)["result"]["was"]
        assert ellen.belongings.count() == 0
        assert phone.act("customer.join", customer=str(ellen.id), household=number, **was)["status"] == "applied"
        again = Belonging.select().where(Belonging.customer == ellen.id).dicts().get()
        assert {**again, "id": 0} == {**held, "id": 0}

    def test_tells_the_second_of_two_phones_what_stands(self, phone, other_phone, bright_books):
        ellen, _pat = bright_books
        twice = other_phone.act("customer.join", customer=str(ellen.id), name="bright books", kind="firm", part="owner")
        assert (twice["status"], twice["reason"]) == ("conflict", "Ellen Bright belongs to Bright Books already.")
        number = str(Household.get().id)
        phone.act("customer.leave", customer=str(ellen.id), household=number)
        gone = other_phone.act("customer.leave", customer=str(ellen.id), household=number)
        assert (gone["status"], gone["reason"]) == (
            "conflict", "Ellen Bright does not belong to Bright Books any more.",
        )  # fmt: skip

    def test_changes_with_another_part(self, phone, bright_books):
        ellen, _pat = bright_books
        phone.act("customer.join", customer=str(ellen.id), name="Bright Books", kind="firm", part="partner")
        assert [one.part for one in ellen.belongings] == ["partner"]

    def test_to_another_businesss_firm_cannot_be(self, shop, phone, rosa):
        other = type(shop.business).create(name="Other", created_at=TUESDAY)
        firm = Household.create(business=other, kind="firm", name="Theirs")
        for kind, data in (("customer.join", {"customer": str(rosa.id)}), ("household.left", {"reason": "x"})):
            assert phone.act(kind, household=str(firm.id), **data)["status"] == "rejected"
        assert Belonging.select().count() == 0

    def test_is_not_written_down_of_those_who_asked_for_no_notes(self, phone, rosa):
        phone.act("customer.name", customer=str(rosa.id), wishes=["no_notes"])
        told = phone.act("customer.join", customer=str(rosa.id), name="Marchetti")
        assert (told["status"], Household.select().count()) == ("rejected", 0)


class TestAFirm:
    def test_leaves_with_a_reason_and_comes_back(self, phone, other_phone, bright_books):
        number, before = str(Household.get().id), rows(Household)
        assert phone.act("household.left", household=number, reason=" ")["status"] == "rejected"
        assert phone.act("household.left", household=number, reason="The bank closed at four")["status"] == "applied"
        stands = Household.get()
        assert (str(stands.left_on), stands.left_reason) == ("2026-11-24", "The bank closed at four")
        second = other_phone.act("household.left", household=number, reason="Mine")
        assert (second["status"], Household.get().left_reason) == ("conflict", "The bank closed at four")
        assert phone.act("household.back", household=number)["status"] == "applied"
        assert rows(Household) == before
        assert phone.act("household.back", household=number)["status"] == "conflict"

    def test_fades_as_one(self, shop, phone):
        """Each alone comes now and then; the firm came twice a week, and has not for seven weeks."""
        ellen, pat = someone(shop, "Ellen Bright"), someone(shop, "Pat Moss")
        steady = someone(shop, "Max")
        came(steady, shop, *days_before(TODAY, *range(1, 250)))
        came(ellen, shop, *days_before(TODAY, *range(50, 250, 7)))
        came(pat, shop, *days_before(TODAY, *range(53, 250, 7)))
        for one in (ellen, pat):
            phone.act("customer.join", customer=str(one.id), name="Bright Books", kind="firm")
        fading = changes_as_json(nights.relationships(shop, TODAY).fading())
        assert [one["firm"]["name"] for one in fading] == ["Bright Books"]
        assert {who["name"] for who in fading[0]["customers"]} == {"Ellen Bright", "Pat Moss"}
        assert "Bright Books stays away" in both({"fading": fading, "growing": []}, TODAY)
        phone.act("household.left", household=str(Household.get().id), reason="Moved to Leeds")
        assert all(one["firm"] is None for one in changes_as_json(nights.relationships(shop, TODAY).fading()))


class TestComingTogether:
    def test_stands_on_the_list_as_soon_as_it_is_known(self, shop, phone, bright_books):
        ellen, pat = bright_books
        phone.get("/today")
        assert beside(shop, pat) == {"with": [[ellen.id, "Ellen Bright"]], "of": "Bright Books", "soft": None}
        assert "with Ellen Bright of Bright Books" in phone.rows()[str(pat.id)]
        phone.act("customer.leave", customer=str(ellen.id), household=str(Household.get().id))
        assert beside(shop, pat) is None
        assert "Bright Books" not in phone.rows()[str(pat.id)]

    @pytest.mark.parametrize(
        ("backs", "minute", "together"),
        [
            (range(1, 60), 505, True),
            (range(1, 60, 2), 505, True),
            (range(1, 60, 3), 505, False),
            (range(1, 60), 500 + 89, True),
            (range(1, 60), 500 + 91, False),
            (range(80, 160), 505, False),
        ],
        ids=["every day", "every other day", "every third day", "within the window", "beyond the window", "long ago"],
    )
    def test_is_half_of_the_last_twelve_days_within_the_same_visit(self, shop, phone, backs, minute, together):
        ellen, pat = someone(shop, "Ellen"), someone(shop, "Pat")
        came(pat, shop, *days_before(TODAY, *range(1, 60)), minute=500)
        came(ellen, shop, *days_before(TODAY, *backs), minute=minute)
        for one in (ellen, pat):
            phone.act("customer.join", customer=str(one.id), name="Moss")
        for one in (ellen, pat):  # both are on the list, whatever their habit
            Appointment.create(customer=one, shop=shop, day=TODAY, starts_at=TUESDAY)
        make_list(shop, TODAY)
        told = beside(shop, pat)
        assert bool(told and told["with"]) is together

    def test_names_nobody_who_is_not_expected(self, shop, phone, bright_books):
        ellen, pat = bright_books
        phone.get("/today")
        phone.act("customer.state", customer=str(ellen.id), state="leave_alone")
        assert "Ellen" not in phone.rows()[str(pat.id)]

    def test_costs_no_more_for_many(self, shop, phone, bright_books):
        def questions():
            with counted_queries() as seen:
                make_list(shop, TODAY)
            return len(seen) - sum("INSERT" in one for one in seen)

        make_list(shop, TODAY)
        few = questions()
        for i in range(12):
            one = someone(shop, f"Guest {i}")
            came(one, shop, *days_before(TODAY, *range(1, 40)))
            phone.act("customer.join", customer=str(one.id), name=f"Firm {i // 2}", kind="firm")
        make_list(shop, TODAY)
        assert questions() == few


class TestALoss:
    @pytest.fixture
    def home(self, shop, phone):
        """Linny and Vera live together, and Vera works with Pat; all three come every day."""
        people = [someone(shop, name) for name in ("Linny", "Vera", "Pat")]
        for one in people:
            came(one, shop, *days_before(TODAY, *range(1, 60)), minute=500)
        linny, vera, _pat = people
        for one in (linny, vera):
            phone.act("customer.join", customer=str(one.id), name="Osei")
        for one in people:
            phone.act("customer.join", customer=str(one.id), name="Bright Books", kind="firm")
        phone.get("/today")
        return people

    def test_is_met_gently_at_home_and_not_at_work_for_sixty_days(self, shop, phone, home, at):
        linny, vera, pat = home
        phone.act("customer.state", customer=str(linny.id), state="died")
        soft = "Linny died lately. Be gentle."
        assert soft in phone.rows()[str(vera.id)]
        assert soft not in phone.rows()[str(pat.id)]
        assert soft in phone.get(f"/customers/{vera.id}").text
        assert soft not in phone.get(f"/customers/{pat.id}").text
        at(TUESDAY + timedelta(days=59))
        assert soft in phone.get(f"/customers/{vera.id}").text
        at(TUESDAY + timedelta(days=60))
        assert soft not in phone.get(f"/customers/{vera.id}").text
        assert soft not in phone.get("/today").text

    def test_is_met_gently_where_they_come_unexpected(self, shop, phone, home):
        linny, _vera, _pat = home
        ida, joe = someone(shop, "Ida"), someone(shop, "Joe")
        phone.act("customer.join", customer=str(ida.id), name="Osei")
        phone.act("customer.state", customer=str(linny.id), state="died")
        soft = "Linny died lately. Be gentle."
        for one in (ida, joe):
            phone.act("visit.create", customer=str(one.id))
        assert soft in self.walk_in(phone, ida)
        assert soft not in self.walk_in(phone, joe)
        phone.act("customer.state", customer=str(linny.id), state="active")
        assert soft not in self.walk_in(phone, ida)

    def walk_in(self, phone, customer):
        return phone.get("/today").text.split(f'<li id="p-{customer.id}"')[1].split("</li>")[0]

    def test_is_met_gently_where_they_are_booked_after_the_list_was_made(self, shop, phone, home):
        linny, _vera, _pat = home
        ida = someone(shop, "Ida")
        phone.act("customer.join", customer=str(ida.id), name="Osei")
        phone.act("customer.state", customer=str(linny.id), state="died")
        phone.rows()
        Appointment.create(customer=ida, shop=shop, day=TODAY, starts_at=shop.at(TODAY, 900))
        shop.changed()
        for _time in range(2):  # as it is put on the list, and from the list
            assert "Linny died lately. Be gentle." in phone.rows()[str(ida.id)]
            shop.changed()

    def test_that_was_none_is_taken_back_everywhere(self, shop, phone, home):
        linny, _vera, _pat = home
        before = {one.customer_id: one.beside for one in Expected.select()}
        phone.act("customer.state", customer=str(linny.id), state="died")
        phone.act("customer.state", customer=str(linny.id), state="active")
        assert {one.customer_id: one.beside for one in Expected.select()} == before

    def test_is_told_of_nobody_who_moved(self, phone, home):
        linny, vera, _pat = home
        phone.act("customer.state", customer=str(linny.id), state="moved")
        assert "Be gentle" not in phone.get("/today").text + phone.get(f"/customers/{vera.id}").text


class TestTheCard:
    def test_has_the_others_with_their_part_and_the_days_of_this_year(self, shop, phone, bright_books):
        ellen, pat = bright_books
        card = card_for(pat.id, shop, TUESDAY)
        assert card is not None
        (circle,) = card.around
        assert (circle.kind, circle.name, circle.part) == ("firm", "Bright Books", "office manager")
        assert [(one.customer, one.part, one.days) for one in circle.others] == [(ellen.id, "owner", 59)]
        page = phone.get(f"/customers/{pat.id}").text
        assert "owner of Bright Books" in page
        assert "Both came on about 60 days this year. Pat Moss was not yet greeted by name." in page
        assert "About 60" not in phone.get("/today").text, "numbers stand only behind Why"

    def test_knows_when_somebody_was_greeted(self, shop, phone, bright_books):
        _ellen, pat = bright_books
        visit = phone.act("visit.create", customer=str(pat.id))["result"]["visit"]
        phone.act("visit.greet", visit=visit, greeted_by_name=True)
        assert "not yet greeted" not in phone.get(f"/customers/{pat.id}").text

    def test_costs_no_more_questions(self, shop, phone, bright_books, rosa):
        def questions(customer):
            phone.get(f"/customers/{customer.id}")
            with counted_queries() as seen:
                phone.get(f"/customers/{customer.id}")
            return len(seen)

        assert questions(bright_books[0]) <= questions(rosa)

    def test_says_who_brings_the_children(self, shop, phone, rosa):
        leo = someone(shop, "Leo Marchetti", child=True)
        phone.act("customer.join", customer=str(rosa.id), name="Marchetti", part="mother", brings=True)
        phone.act("customer.join", customer=str(leo.id), name="Marchetti", part="son")
        page = phone.get(f"/customers/{leo.id}").text
        assert "brings the children" in page
        assert f"/customers/{rosa.id}" in page

    def test_of_a_firm_that_left_says_why(self, phone, bright_books):
        ellen, _pat = bright_books
        number = Household.get().id
        answer = phone.post(f"/households/{number}/left", {"reason": "Closed at four", "customer": ellen.id})
        assert answer.location == f"/customers/{ellen.id}"
        assert "Bright Books left us, today: Closed at four" in phone.get(answer.location).text
        phone.post(f"/households/{number}/back", {"customer": ellen.id})
        assert "left us" not in phone.get(f"/customers/{ellen.id}").text


class TestTheForms:
    def test_write_down_where_somebody_belongs_and_take_it_back(self, phone, rosa):
        fields = {"name": "Marchetti", "kind": "household", "part": "mother", "brings": "on"}
        answer = phone.post(f"/customers/{rosa.id}/together", fields)
        page = phone.get(answer.location).text
        assert "They belong together." in page
        number = Household.get().id
        assert f'action="/customers/{rosa.id}/together/{number}/leave"' in page
        assert "Marchetti" in phone.get(f"/customers/{rosa.id}/edit").text
        answer = phone.post(f"/customers/{rosa.id}/together/{number}/leave")
        assert Belonging.select().count() == 0
        key = answer.location.split("out-")[1]
        assert f'name="undoes" value="{key}"' in phone.get(answer.location).text
        phone.post(f"/customers/{rosa.id}/together", {"household": str(number), "undoes": key})
        held = Belonging.get()
        assert (held.part, held.brings, Customer.get_by_id(held.customer_id)) == ("mother", True, rosa)

    def test_the_state_is_kept_from_the_edit_page_and_undone_from_its_toast(self, phone, rosa):
        was = {"was_state": "active", "was_state_since": "", "was_state_reason": ""}
        fields = {**was, "state": "moved", "state_since": "", "state_reason": "A job in Leeds"}
        answer = phone.post(f"/customers/{rosa.id}/edit", {"name": rosa.name, "was_name": rosa.name, **fields})
        assert answer.status_code == 303
        now = Customer.get_by_id(rosa.id)
        assert (now.state, str(now.state_since), now.state_reason) == ("moved", "2026-11-24", "A job in Leeds")
        page = phone.get(answer.location).text
        assert "Rosa Marchetti left us today." in page
        assert "A job in Leeds" in page
        key = answer.location.split("state-")[1]
        phone.post(f"/customers/{rosa.id}/state", {"undoes": key})
        assert Customer.get_by_id(rosa.id).state == "active"
        phone.post(f"/customers/{rosa.id}/state", {"state": "moved"})
        assert "Back with us" in phone.get(f"/customers/{rosa.id}").text
        phone.post(f"/customers/{rosa.id}/state", {"state": "active"})
        assert "Back with us" not in phone.get(f"/customers/{rosa.id}").text
