"""S14: Mrs K. needs ten more minutes; decaf; window. A label is questioned before it is kept, with a factual form offered."""

import pytest

from models import Note, Question
from tests.conftest import someone


@pytest.fixture
def mrs_k(shop):
    return someone(shop, "Katarzyna Kowalczyk", call="Mrs K.", pronoun="she")


def write(phone, customer, htmx=True, **form):
    return phone.post(f"/customers/{customer.id}/notes", form, htmx=htmx)


class TestNeedsNotLabels:
    def test_a_need_is_kept_at_once(self, phone, mrs_k):
        assert write(phone, mrs_k, text="needs ten more minutes; decaf; window").status_code == 200
        assert Note.get().text == "needs ten more minutes; decaf; window"

    @pytest.mark.parametrize("text", ["Difficult; decaf", "She was rude"])
    def test_a_label_is_questioned_and_nothing_is_lost(self, phone, mrs_k, text):
        asked = write(phone, mrs_k, text=text, chip="chat", lifetime="next_visit")
        assert (asked.status_code, asked.headers["HX-Retarget"]) == (422, "#sheet")
        assert "What does she need, or what happened? Say that instead." in asked.text
        assert text in asked.text
        assert 'value="chat" checked' in asked.text
        assert 'value="next_visit" selected' in asked.text
        assert Note.select().count() == 0
        assert write(phone, mrs_k, text=text).status_code == 422  # the same button asks the same again

    def test_a_factual_form_is_offered_to_be_put_right(self, phone, mrs_k):
        asked = write(phone, mrs_k, text="Decaf; difficult; window")
        assert "Say instead: needs ten more minutes" in asked.text
        offered = write(phone, mrs_k, text="Decaf; difficult; window", answer="instead")
        assert "Decaf; needs ten more minutes; window</textarea>" in offered.text
        assert Note.select().count() == 0  # whoever knows her decides whether it is so
        write(phone, mrs_k, text="Decaf; needs ten more minutes; window")
        assert Note.get().text == "Decaf; needs ten more minutes; window"

    def test_it_is_left_out(self, phone, mrs_k):
        assert "Decaf</textarea>" in write(phone, mrs_k, text="Difficult. Decaf", answer="leave").text
        assert "Left out. Nothing else was written." in write(phone, mrs_k, text="Difficult", answer="leave").text

    def test_it_is_kept_on_purpose_by_a_second_button(self, phone, mrs_k):
        assert write(phone, mrs_k, text="Rude", answer="keep").status_code == 200
        assert (Note.get().text, Note.get().private) == ("Rude", False)

    def test_health_is_hers_to_tell_and_kept_in_private(self, phone, mrs_k):
        asked = write(phone, mrs_k, text="She is diabetic")
        assert "That sounds like health. Would she want it written here?" in asked.text
        assert ">Leave it out<" in asked.text
        assert ">Keep, private<" in asked.text
        write(phone, mrs_k, text="She is diabetic", answer="keep")
        assert Note.get().private

    def test_for_safety_it_is_kept_for_all_to_see(self, phone, mrs_k):
        assert ">Keep it<" in write(phone, mrs_k, text="Diabetic", safety="yes").text
        write(phone, mrs_k, text="Diabetic", safety="yes", answer="keep")
        assert (Note.get().private, Note.get().safety) == (False, True)

    def test_a_question_to_ask_is_questioned_as_well(self, phone, mrs_k):
        assert write(phone, mrs_k, text="How is her cancer?", this_is="question").status_code == 422
        assert Question.select().count() == 0

    def test_a_change_of_a_note_is_questioned_as_well(self, phone, mrs_k):
        write(phone, mrs_k, text="Decaf")
        form = {"text": "Difficult", "base": "Decaf"}
        asked = phone.post(f"/notes/{Note.get().id}", form, htmx=True)
        assert asked.status_code == 422
        assert 'name="base" value="Decaf"' in asked.text
        assert Note.get().text == "Decaf"
        assert phone.post(f"/notes/{Note.get().id}", {**form, "answer": "keep"}, htmx=True).status_code == 200
        assert Note.get().text == "Difficult"

    def test_a_cards_number_is_never_kept(self, phone, mrs_k):
        for form in ({}, {"answer": "keep"}):
            told = write(phone, mrs_k, text="Her card 4111 1111 1111 1111", **form)
            assert told.status_code == 422
            assert "Such a number is never kept here." in told.text
        answer = phone.act("note.create", customer=str(mrs_k.id), text="Her card 4111 1111 1111 1111")
        assert (answer["status"], "never kept" in answer["reason"]) == ("rejected", True)
        assert Note.select().count() == 0

    def test_programs_are_not_questioned(self, phone, mrs_k):
        assert phone.act("note.create", customer=str(mrs_k.id), text="Difficult")["status"] == "applied"
