"""Tags and fields of the shop's own: who may, what is the same, what comes back, and two phones at once."""

import re
from datetime import date

import pytest

from models import Business, Customer, CustomField, FieldValue, Staff, Tag, Tagged, Told
from tests.conftest import TUESDAY


def applied(answer):
    assert answer["status"] == "applied", answer
    return answer["result"]


@pytest.fixture
def manages(sam):
    Staff.update(role="manager").where(Staff.id == sam.id).execute()


class TestTags:
    def test_are_the_same_whatever_their_capitals(self, phone, rosa, okafor):
        for customer, tag in ((rosa, "Book Club"), (okafor, "#book club"), (rosa, "BOOK CLUB")):
            applied(phone.act("customer.tag", customer=str(customer.id), tag=tag))
        assert [tag.name for tag in Tag.select()] == ["Book Club"]
        assert Tagged.select().count() == 2

    def test_say_who_gave_them(self, phone, rosa, sam):
        applied(phone.act("customer.tag", customer=str(rosa.id), tag="terrace"))
        assert (Tagged.get().author, Tagged.get().day) == (sam, date(2026, 11, 24))

    def test_nobody_has_any_more_are_gone(self, phone, rosa, okafor):
        for customer in (rosa, okafor):
            applied(phone.act("customer.tag", customer=str(customer.id), tag="terrace"))
        applied(phone.act("customer.untag", customer=str(rosa.id), tag="terrace"))
        assert Tag.select().count() == 1
        applied(phone.act("customer.untag", customer=str(okafor.id), tag="terrace"))
        assert Tag.select().count() == 0

    def test_taken_by_two_are_taken_once(self, phone, other_phone, rosa):
        applied(phone.act("customer.tag", customer=str(rosa.id), tag="terrace"))
        applied(phone.act("customer.untag", customer=str(rosa.id), tag="terrace"))
        second = other_phone.act("customer.untag", customer=str(rosa.id), tag="terrace")
        assert (second["status"], second["reason"]) == ("conflict", "Rosa Marchetti has no tag “terrace” any more.")

    @pytest.mark.parametrize(("tag", "told"), [("#", "A tag needs a word."), ("x" * 41, "40 letters fit")])
    def test_have_to_be_a_word_or_two(self, phone, rosa, tag, told):
        assert told in phone.act("customer.tag", customer=str(rosa.id), tag=tag)["reason"]

    def test_are_not_given_to_whoever_wants_nothing_written(self, phone, rosa, sam):
        Told.create(customer=rosa, what="no_notes", author=sam, day=TUESDAY.date())
        assert phone.act("customer.tag", customer=str(rosa.id), tag="terrace")["status"] == "rejected"

    def test_of_another_business_are_not_ours(self, phone, rosa):
        others = Business.create(name="Others", created_at=TUESDAY)
        tag = Tag.create(business=others, name="terrace")
        mine = applied(phone.act("customer.tag", customer=str(rosa.id), tag="terrace"))["tag"]
        assert mine != str(tag.id)
        assert phone.get(f"/find?tag={tag.id}").status_code == 404

    def test_lead_to_whoever_has_them(self, phone, rosa, okafor):
        number = applied(phone.act("customer.tag", customer=str(rosa.id), tag="terrace"))["tag"]
        assert f'href="/find?tag={number}"' in phone.get(f"/customers/{rosa.id}").text
        page = phone.get(f"/find?tag={number}").text
        assert "Rosa Marchetti" in page
        assert "1 has it" in page
        assert "Mr Okafor" not in page

    @pytest.mark.parametrize("tag", ["", "x", "99", "-1", "9" * 30, "٣"])
    def test_that_are_none_are_not_found(self, phone, tag):
        assert phone.get("/find", query_string={"tag": tag}).status_code == 404


class TestFields:
    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("11-24", "11-24"),
            ("1990-11-24", "1990-11-24"),
            ("02-29", "02-29"),
            ("2012-02-29", "2012-02-29"),
            ("2026-11-24", "2026-11-24"),
        ],
    )
    def test_a_birthday_is_a_day_of_the_year(self, phone, rosa, text, kept):
        applied(phone.act("customer.tell", customer=str(rosa.id), field="birthday", text=text))
        assert (FieldValue.get().text, CustomField.get().kind) == (kept, "birthday")

    @pytest.mark.parametrize(
        "text", ["02-30", "2013-02-29", "24 November", "11", "1189-11-24", "20261124", "13-01", "2026-11-25"]
    )
    def test_what_is_no_day_is_no_birthday(self, phone, rosa, text):
        told = phone.act("customer.tell", customer=str(rosa.id), field="birthday", text=text)
        assert told["reason"] == "A birthday is a day and a month; the year may be left out."

    def test_dogs_have_one_field_whoever_tells_first(self, phone, other_phone, rosa, okafor):
        applied(phone.act("customer.tell", customer=str(rosa.id), field="dogs", text="Otto and Pim"))
        applied(other_phone.act("customer.tell", customer=str(okafor.id), field="dogs", text="Bella"))
        assert CustomField.select().count() == 1
        assert "Dogs that come along: Otto and Pim" in phone.get(f"/customers/{rosa.id}").text

    def test_an_empty_text_takes_it_away(self, phone, rosa):
        for text in ("Otto", ""):
            applied(phone.act("customer.tell", customer=str(rosa.id), field="dogs", text=text))
        assert FieldValue.select().count() == 0

    def test_of_two_who_change_it_the_second_is_told(self, phone, other_phone, rosa):
        applied(phone.act("customer.tell", customer=str(rosa.id), field="dogs", text="Otto", base=""))
        second = other_phone.act("customer.tell", customer=str(rosa.id), field="dogs", text="Pim", base="")
        assert second["status"] == "conflict"
        assert FieldValue.get().text == "Otto"

    def test_are_added_and_removed_by_who_manages(self, phone):
        assert "a manager or the owner" in phone.act("field.create", name="Bus they take")["reason"]

    @pytest.mark.usefixtures("manages")
    def test_that_come_back_have_all_that_was_told(self, phone, rosa):
        field = applied(phone.act("field.create", name="Bus they take"))["field"]
        applied(phone.act("customer.tell", customer=str(rosa.id), field=field, text="The 38"))
        applied(phone.act("field.remove", field=field))
        assert "The 38" not in phone.get(f"/customers/{rosa.id}").text
        assert phone.act("field.remove", field=field)["status"] == "conflict"
        assert phone.act("customer.tell", customer=str(rosa.id), field=field, text="The 73")["status"] == "conflict"
        assert applied(phone.act("field.create", name="bus they take")) == {"field": field}
        assert "Bus they take: The 38" in phone.get(f"/customers/{rosa.id}").text

    @pytest.mark.usefixtures("manages")
    @pytest.mark.parametrize("name", ["Birthday", "dogs"])
    def test_that_are_there_already_are_not_added(self, phone, name):
        assert phone.act("field.create", name=name)["status"] == "rejected"

    @pytest.mark.usefixtures("manages")
    def test_under_one_name_there_is_one(self, phone):
        applied(phone.act("field.create", name="Bus"))
        assert phone.act("field.create", name="BUS")["status"] == "conflict"

    def test_somebody_under_sixteen_is_a_child(self, phone, rosa):
        applied(phone.act("customer.tell", customer=str(rosa.id), field="birthday", text="2015-05-02"))
        assert "A child. Words to say" in phone.get(f"/customers/{rosa.id}").text
        assert 'name="child" checked' not in phone.get(f"/customers/{rosa.id}/edit").text  # nobody marked them so
        assert not Customer.get_by_id(rosa.id).child


class TestThePage:
    def form(self, phone, rosa, **changed):
        page = phone.get(f"/customers/{rosa.id}/edit").text
        fields: dict = {}
        for name, value in re.findall(r'<input type="hidden" name="(was_\w+)" value="([^"]*)"', page):
            fields.setdefault(name, []).append(value)
        for name in ("name", "say_as", "call", "pronoun", "usual"):
            fields[name] = fields[f"was_{name}"]
        fields["tag"] = fields.get("was_tag", [])
        for part in ("day", "year"):
            fields[f"born_{part}"] = re.findall(f'name="born_{part}" value="([^"]*)"', page)[0]
        fields["born_month"] = (re.findall(r'<option value="(\d\d)" selected', page) or [""])[0]
        return phone.post(f"/customers/{rosa.id}/edit", {**fields, **changed})

    def test_takes_tags_and_what_they_told(self, phone, rosa):
        form = {"new_tag": "terrace", "born_day": "2", "born_month": "05", "born_year": "", "field_dogs": "Otto"}
        assert self.form(phone, rosa, **form).status_code == 303
        assert (Tag.get().name, sorted(one.text for one in FieldValue.select())) == ("terrace", ["05-02", "Otto"])
        card = phone.get(f"/customers/{rosa.id}").text
        assert "#terrace" in card
        assert "Asked us to remember the birthday: 2 May" in card
        assert self.form(phone, rosa).status_code == 303  # sent as it stands
        assert FieldValue.select().count() == 2
        assert self.form(phone, rosa, tag=[], born_day="", born_month="").status_code == 303
        assert (Tag.select().count(), FieldValue.get().text) == (0, "Otto")

    def test_says_what_is_no_birthday_and_keeps_what_was_typed(self, phone, rosa):
        answer = self.form(phone, rosa, born_day="31", born_month="02", born_year="1990")
        assert answer.status_code == 422
        assert "A birthday is a day and a month" in answer.text
        assert 'name="born_day" value="31"' in answer.text

    def test_asks_about_a_tag_that_is_a_label_and_keeps_it_only_on_purpose(self, phone, rosa):
        answer = self.form(phone, rosa, new_tag="difficult")
        assert answer.status_code == 422
        assert "Say that instead." in answer.text
        assert Tag.select().count() == 0
        assert self.form(phone, rosa, new_tag="difficult", answer="keep").status_code == 303
        assert Tag.get().name == "difficult"


def test_the_owner_adds_removes_and_brings_back_fields(desk):
    assert desk.post("/settings/fields", {"name": "Bus they take"}).status_code == 303
    field = CustomField.get()
    assert "Bus they take" in desk.get("/settings").text
    assert desk.post(f"/settings/fields/{field.id}/remove").status_code == 303
    assert "Bring back" in desk.get("/settings").text
    assert desk.post("/settings/fields", {"name": "Bus they take"}).status_code == 303
    assert "Bring back" not in desk.get("/settings").text
    again = desk.post("/settings/fields", {"name": "Birthday"})
    assert again.status_code == 422
    assert "is on every card already" in again.text
