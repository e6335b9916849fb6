"""S14: Mrs K. needs ten more minutes; decaf; window. A label is questioned before it is kept, with a factual form offered."""

import pytest

from models import Customer, Note, Question, Usual, Visit
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
        assert "Say instead: needs …" in asked.text
        for htmx in (True, False):  # with scripts and without
            offered = write(phone, mrs_k, text="Decaf; difficult; window", answer="instead", htmx=htmx)
            assert " autofocus>Decaf; needs …; window</textarea>" in offered.text
            assert "Go on in your words" in offered.text
        as_offered = write(phone, mrs_k, text="Decaf; needs …; window")
        assert (as_offered.status_code, Note.select().count()) == (422, 0), "what it is only whoever knows her can say"
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

    @pytest.mark.parametrize("name", ["Difficult Dave", "Mean Dave", "the fat one"])
    def test_a_name_they_would_not_smile_at_is_questioned(self, phone, shop, name):
        asked = phone.post("/customers", {"name": name})
        assert (asked.status_code, Customer.select().count()) == (422, 0)
        assert "Would they smile at that name?" in asked.text
        assert f'name="name" value="{name}"' in asked.text
        assert phone.post("/customers", {"name": name, "answer": "keep"}).status_code == 303
        assert (Customer.get().name, Visit.select().count()) == (name, 1)

    @pytest.mark.parametrize("name", ["Red scarf", "Angela Moody", "Christian", "Gay Simmons"])
    def test_any_other_is_added_at_once(self, phone, shop, name):
        assert phone.post("/customers", {"name": name}).status_code == 303

    def test_kept_on_purpose_it_is_still_asked_whether_we_know_them(self, phone, shop):
        someone(shop, "Mad Max")
        asked = phone.post("/customers", {"name": "Mad Max", "answer": "keep"})
        assert "There is a Mad Max already. Same person?" in asked.text
        assert phone.post("/customers", {"name": "Mad Max", "someone_else": "yes"}).status_code == 303
        assert Customer.select().count() == 2

    @pytest.mark.parametrize(
        ("field", "text", "told"),
        [
            ("name", "Difficult Kat", "Would she smile at that name?"),
            ("call", "the rude one", "Would she smile at that name?"),
            ("say_as", "SNOB-bish snob", "Would she smile at that name?"),
            ("usual", "whatever, she is rude", "“rude” is what we think"),
        ],
    )
    def test_so_is_what_is_changed_on_the_page(self, phone, mrs_k, field, text, told):
        form = {"was_name": mrs_k.name, "name": mrs_k.name, "was_call": "Mrs K.", "call": "Mrs K.", field: text}
        asked = phone.post(f"/customers/{mrs_k.id}/edit", form)
        assert asked.status_code == 422
        assert told in asked.text
        assert 'value="instead"' not in asked.text
        assert phone.post(f"/customers/{mrs_k.id}/edit", {**form, "answer": "keep"}).status_code == 303
        kept = {"name": Customer.get().name, "call": Customer.get().call, "say_as": Customer.get().say_as}
        assert text in (*kept.values(), *(usual.text for usual in Usual.select()))

    def test_a_phone_without_signal_is_not_questioned_and_loses_nothing(self, phone, shop):
        assert phone.act("customer.create", name="Difficult Dave")["status"] == "applied"

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
