"""One name from two phones: asked about where somebody can answer, never lost where nobody can, and asked on the card then."""

from uuid import uuid4

import pytest

from models import Customer, Merge, Note, Visit
from tests.conftest import someone


def add(phone, name="Jo Berg", **more):
    return phone.act("customer.create", name=name, here=True, **more)


class TestTwoPhonesWithOneName:
    @pytest.mark.parametrize("name", ["Jo Berg", "jo  BERG", "Berg, Jo"])
    def test_who_can_ask_is_to_ask_first(self, phone, other_phone, shop, name):
        assert add(phone, alike="ask")["status"] == "applied"
        second = add(other_phone, name, alike="ask")
        assert (second["status"], second["reason"]) == (
            "conflict", "Somebody is called so already. Is it the same person?",
        )  # fmt: skip
        assert add(other_phone, name, alike="new")["result"].keys() == {"customer", "visit"}
        assert [one.may_be for one in Customer.select()] == [None, None]

    def test_sent_twice_is_no_second_person(self, phone, shop):
        key = str(uuid4())
        first, second = (phone.act("customer.create", key=key, name="Jo Berg", alike="ask") for _ in range(2))
        assert (first["status"], second["status"], first["result"]) == ("applied", "duplicate", second["result"])

    def test_on_the_page_the_second_is_asked(self, phone, other_phone, shop):
        assert phone.post("/customers", {"name": "Jo Berg"}).status_code == 303
        asked = other_phone.post("/customers", {"name": "jo berg"})
        assert "There is a Jo Berg already" in asked.text
        assert Customer.select().count() == 1

    def test_who_cannot_ask_is_not_refused_and_whom_they_may_be_is_told(self, phone, other_phone, shop):
        first = add(phone)["result"]["customer"]
        second = add(other_phone, "jo berg")
        assert (second["status"], second["result"]["may_be"]) == ("applied", first)


class TestOnTheCard:
    @pytest.fixture
    def pair(self, phone, shop):
        known = someone(shop, "Jo Berg")
        added = Customer.get_by_id(int(add(phone, "jo berg")["result"]["customer"]))
        return known, added

    def card(self, phone, customer):
        return phone.get(f"/customers/{customer.id}").text

    def test_it_is_asked_whether_they_are_one(self, phone, pair):
        known, added = pair
        assert "There is a Jo Berg already. Same person?" in self.card(phone, added)
        assert 'data-testid="twin"' not in self.card(phone, known)

    def test_two_they_are_and_that_is_taken_back(self, phone, pair):
        known, added = pair
        kept = phone.post(f"/customers/{added.id}/may-be")
        assert 'data-testid="twin"' not in (page := phone.get(kept.location).text)
        assert "Undo: ask again" in page
        assert phone.post(f"/customers/{added.id}/may-be", {"other": known.id}).status_code == 303
        assert 'data-testid="twin"' in self.card(phone, added)

    def test_one_they_are_with_all_that_is_known_and_that_is_taken_back(self, phone, pair):
        known, added = pair
        phone.act("note.create", customer=str(added.id), text="Likes the window")
        kept = phone.post(f"/customers/{known.id}/same", {"gone": added.id})
        page = phone.get(kept.location).text
        assert "Likes the window" in page
        assert "Undo: they are two" in page
        assert (Customer.select().count(), Visit.get().customer_id, Note.get().customer_id) == (1, known.id, known.id)
        assert phone.post(f"/merges/{Merge.get().id}/undo").status_code == 303
        assert (Customer.select().count(), Visit.get().customer_id, Note.get().customer_id) == (2, added.id, added.id)
        assert 'data-testid="twin"' in self.card(phone, added)

    def test_answered_by_a_colleague_it_is_a_conflict(self, phone, other_phone, pair):
        known, added = pair
        phone.act("customer.merge", customer=str(known.id), gone=str(added.id))
        second = other_phone.act("customer.merge", customer=str(known.id), gone=str(added.id))
        assert (second["status"], second["reason"]) == ("conflict", "That was answered already.")

    def test_once_the_other_is_gone_nothing_is_asked(self, phone, pair):
        known, added = pair
        Customer.delete().where(Customer.id == known.id).execute()
        assert 'data-testid="twin"' not in self.card(phone, added)
