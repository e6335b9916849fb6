"""The sheet: what words can be, and notes that live the right time, at the right moment, for the right shops."""

from datetime import timedelta

import pytest

from models import (
    Appointment,
    ExtraStep,
    Issue,
    Membership,
    Mistake,
    Note,
    Promise,
    Question,
    Seen,
    Shop,
    Visit,
)
from tests.conftest import TUESDAY, signed_in

KINDS = {
    "promise": Promise, "question": Question, "step": ExtraStep, "issue": Issue, "fault": Issue, "mistake": Mistake,
}  # fmt: skip


def write(phone, customer, htmx=True, **form):
    return phone.post(f"/customers/{customer.id}/notes", form, htmx=htmx)


class TestWordsBecome:
    @pytest.mark.parametrize("what", KINDS)
    def test_what_they_are_said_to_be_and_are_taken_back(self, phone, rosa, what):
        kept = write(phone, rosa, htmx=False, text="Ask about the key", this_is=what)
        assert kept.status_code == 303
        assert KINDS[what].get().text == "Ask about the key"
        assert Note.select().count() == 0
        assert "Undo: take it back" in phone.get(kept.headers["Location"]).text
        number = KINDS[what].get().id
        back = phone.post(f"/customers/{rosa.id}/take-back", {"what": what, "number": number})
        assert back.status_code == 303
        assert KINDS[what].select().count() == 0

    def test_a_fault_they_told_us_of_leads_the_card_and_is_told_once_mended(self, phone, shop, rosa, at):
        write(phone, rosa, text="The door sticks", this_is="fault")
        assert Issue.get().ours
        card = phone.get(f"/customers/{rosa.id}").text
        assert "Told us: The door sticks" in card
        phone.act("issue.solve", issue=str(Issue.get().id))
        at(TUESDAY + timedelta(days=1))
        words = phone.post(f"/customers/{rosa.id}/visits", htmx=True).text
        assert "The fault she told us of is mended." in words

    def test_with_chips_these_go_along_as_a_note(self, phone, rosa):
        assert write(phone, rosa, text="Ask about the key", this_is="question", chip="chat").status_code == 200
        assert (Question.get().text, Note.get().text, Note.get().lifetime) == (
            "Ask about the key",
            "Liked a chat",
            "next_visit",
        )

    def test_a_note_where_nothing_is_said(self, phone, rosa):
        write(phone, rosa, text="Likes the window", this_is="nonsense")
        assert Note.get().text == "Likes the window"

    def test_nothing_where_there_are_none(self, phone, rosa):
        assert write(phone, rosa, text=" ", this_is="promise").status_code == 422


class TestAtTheirMoment:
    def note(self, shop, rosa, moment, **more):
        more = {"day": TUESDAY.date() - timedelta(days=1), "at": TUESDAY - timedelta(days=1), **more}
        return Note.create(customer=rosa, shop=shop, text=f"For {moment}", moment=moment, **more)

    def book(self, shop, rosa, minutes):
        Appointment.create(customer=rosa, shop=shop, day=shop.today(), starts_at=TUESDAY + timedelta(minutes=minutes))

    def test_a_row_says_what_is_for_the_list_then_what_is_for_late_then_for_arrival(self, phone, shop, rosa, at):
        for moment in ("list", "arrival", "late", "booking"):
            self.note(shop, rosa, moment)
        self.book(shop, rosa, 0)
        row = phone.rows()[str(rosa.id)]
        assert "For list" in row
        assert "For late" not in row
        assert "For arrival" not in row
        at(TUESDAY + timedelta(minutes=11))
        assert "For late" in phone.rows()[str(rosa.id)]
        here = phone.post(f"/customers/{rosa.id}/visits", htmx=True).text
        assert "For arrival" in here
        assert "For late" not in here
        assert "For arrival" in phone.rows()[str(rosa.id)]
        assert "For booking" not in phone.rows()[str(rosa.id)]

    def test_the_card_has_all_with_the_moment_that_is_now_first(self, phone, shop, rosa):
        for moment in ("list", "arrival", "late", "booking"):
            self.note(shop, rosa, moment)
        self.note(shop, rosa, "arrival", safety=True)
        self.book(shop, rosa, -30)

        def told():
            known = phone.get(f"/customers/{rosa.id}").text.split('data-testid="known"')[1]
            return sorted(("list", "arrival", "late", "booking"), key=lambda one: known.rfind(f"For {one}<"))

        assert told()[0] == "late"
        assert told()[-1] == "booking"
        phone.post(f"/customers/{rosa.id}/visits")
        assert told()[0] == "arrival"

    def test_for_all_our_shops_or_for_this_one(self, server, shop, sam, rosa):
        second = Shop.create(business=shop.business, name="Second Street")
        Membership.create(staff=sam, shop=second)
        phone = signed_in(server, sam)
        assert "All our shops" in phone.get(f"/customers/{rosa.id}/notes/new").text
        write(phone, rosa, text="Likes the window", shop=str(shop.id))
        write(phone, rosa, text="Left-handed", everywhere="yes", shop=str(shop.id))
        there = phone.get(f"/customers/{rosa.id}?shop={second.id}").text
        assert "Left-handed" in there
        assert "for all our shops" in there
        assert "Likes the window" not in there

    def test_one_shop_is_not_asked_which(self, phone, rosa):
        assert "All our shops" not in phone.get(f"/customers/{rosa.id}/notes/new").text


class TestForSafety:
    @pytest.fixture
    def note(self, phone, rosa):
        write(phone, rosa, text="No sesame, ever", safety="yes")
        return Note.get()

    def test_it_leads_the_card_until_everybody_has_read_it(self, phone, other_phone, rosa, note):
        for hand in (phone, other_phone):
            card = hand.get(f"/customers/{rosa.id}").text
            assert card.index("No sesame, ever") < card.index("The usual")
            assert "I have read it" in card
        read = phone.post(f"/notes/{note.id}/seen", {"from": "card"}, htmx=True).text
        assert 'data-testid="note-seen"' not in read
        assert "No sesame, ever" in read
        assert 'data-testid="note-seen"' in other_phone.get(f"/customers/{rosa.id}").text

    def test_reading_it_is_taken_back(self, phone, rosa, note):
        phone.post(f"/notes/{note.id}/seen", {"from": "card"}, htmx=True)
        back = phone.post(f"/notes/{note.id}/seen", {"from": "card", "not": "yes"}, htmx=True).text
        assert 'data-testid="note-seen"' in back
        assert Seen.select().count() == 0

    def test_it_is_asked_anew_once_its_words_are_others(self, phone, rosa, note):
        phone.post(f"/notes/{note.id}/seen", {"from": "card"}, htmx=True)
        phone.post(f"/notes/{note.id}", {"text": "No sesame, no nuts", "base": note.text})
        assert 'data-testid="note-seen"' in phone.get(f"/customers/{rosa.id}").text

    def test_it_is_not_private_as_well(self, phone, rosa):
        answer = write(phone, rosa, text="No sesame, ever", safety="yes", seen_by="private")
        assert "A note for safety is for everybody&#39;s eyes: it is for safety or private, not both." in answer.text
        assert ">No sesame, ever</textarea>" in answer.text
        assert Note.select().count() == 0

    def test_what_is_not_for_safety_is_not_to_be_read_by_all(self, phone, rosa):
        write(phone, rosa, text="Left-handed")
        assert phone.act("note.seen", note=str(Note.get().id))["status"] == "rejected"


def test_one_for_the_next_visit_stands_until_a_day_they_came_on_is_over(phone, shop, rosa, at):
    write(phone, rosa, text="Ask for her umbrella", lifetime="next_visit")
    for days, came, stands in ((1, True, True), (2, False, False)):
        at(TUESDAY + timedelta(days=days))
        if came:
            Visit.create(customer=rosa, shop=shop, day=shop.today(), at=TUESDAY + timedelta(days=days))
        shop.changed()
        assert ("Ask for her umbrella" in phone.get(f"/customers/{rosa.id}").text) is stands
