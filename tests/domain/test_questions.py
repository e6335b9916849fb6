"""Questions: due at a visit after the day they were written, one a visit, ended by an answer, and dropped rather than nagging."""

from datetime import timedelta

import pytest

from domain.questions import due_first, due_for, ended, reopened
from models import Note, Question, Told
from tests.conftest import TUESDAY

TODAY = TUESDAY.date()
TOMORROW = TODAY + timedelta(days=1)


def ask(phone, customer, text="Did the file go through?", **more):
    return phone.act("question.create", customer=str(customer.id), text=text, **more)["result"]["question"]


def due(shop, day=TOMORROW):
    found = due_first(list(Question.select()), shop, day)
    return found.text if found else None


class TestWhenOneIsDue:
    @pytest.mark.parametrize(
        ("more", "day", "is_due"),
        [
            ({}, TODAY, False),
            ({}, TOMORROW, True),
            ({"not_before": "2026-11-27"}, TOMORROW, False),
            ({"not_before": "2026-11-27"}, TODAY + timedelta(days=3), True),
            ({"theirs": True}, TOMORROW, False),
            ({"theirs": True, "reply": "Open until half three"}, TOMORROW, True),
        ],
        ids=["on its day", "the day after", "before its day", "from its day on", "theirs, unknown", "theirs, known"],
    )
    def test_is_after_its_day_when_there_is_something_to_say(self, shop, phone, rosa, more, day, is_due):
        ask(phone, rosa, **more)
        assert (due(shop, day) is not None) == is_due

    def test_the_oldest_comes_first_and_one_a_visit_is_enough(self, shop, phone, rosa, at):
        first, _second = ask(phone, rosa, "First?"), ask(phone, rosa, "Second?")
        at(TUESDAY + timedelta(days=1))
        assert due(shop) == "First?"
        phone.act("question.answer", question=first, outcome="said")
        assert due(shop) is None
        assert due(shop, TOMORROW + timedelta(days=1)) == "Second?"

    def test_after_two_skips_nothing_nags(self, shop, phone, rosa, at):
        one = ask(phone, rosa)
        for days in (1, 2):
            at(TUESDAY + timedelta(days=days))
            day = TODAY + timedelta(days=days)
            assert due(shop, day)
            assert phone.act("question.answer", question=one, outcome="skipped")["status"] == "applied"
            assert due(shop, day) is None
        assert due(shop, TODAY + timedelta(days=3)) is None
        phone.act("question.keep", question=one)
        assert due(shop, TODAY + timedelta(days=3)), "asked again on the team's word"

    def test_nobody_is_asked_who_wants_to_be_left_alone(self, shop, phone, rosa):
        ask(phone, rosa)
        assert [one.text for one in due_for(shop, TOMORROW, [rosa.id]).values()] == ["Did the file go through?"]
        rosa.state = "leave_alone"
        rosa.save()
        assert due_for(shop, TOMORROW, [rosa.id]) == {}


class TestTheSameWords:
    def test_are_one_question_while_it_is_open(self, phone, other_phone, rosa, okafor):
        one = ask(phone, rosa)
        assert ask(other_phone, rosa, "did the  FILE go through") == one
        assert ask(phone, okafor) != one
        assert ask(phone, rosa, theirs=True) != one
        phone.act("question.answer", question=one, outcome="said")
        assert ask(phone, rosa) != one, "asked, and asked once more by the team's word"

    def test_of_theirs_take_the_reply_and_lose_none(self, phone, rosa):
        one = ask(phone, rosa, theirs=True)
        assert ask(phone, rosa, theirs=True, reply="It did") == ask(phone, rosa, theirs=True) == one
        assert Question.get().reply == "It did"
        assert ask(phone, rosa, theirs=True, reply="Not yet") != one


class TestAnAnswer:
    def test_becomes_a_note_of_whoever_asked_and_ends_the_question(self, phone, other_phone, rosa):
        one = ask(phone, rosa)
        other_phone.act("question.answer", question=one, outcome="said", answer="At once, from home.")
        note, question = Note.get(), Question.get()
        assert (note.text, note.author.name, note.day) == (
            "Did the file go through? At once, from home.", "Ana", TODAY,
        )  # fmt: skip
        assert (question.note_id, question.outcome, question.ended_by.name) == (note.id, "said", "Ana")

    def test_is_taken_back_with_its_note(self, phone, rosa):
        one = ask(phone, rosa)
        before = Question.select().dicts().get()
        phone.act("question.answer", question=one, outcome="said", answer="Yes")
        assert phone.act("question.keep", question=one)["status"] == "applied"
        assert Question.select().dicts().get() == before
        assert Note.select().count() == 0

    def test_of_yesterday_keeps_its_note_when_the_question_is_asked_again(self, phone, rosa, at):
        one = ask(phone, rosa)
        phone.act("question.answer", question=one, outcome="said", answer="Yes")
        at(TUESDAY + timedelta(days=1))
        phone.act("question.keep", question=one)
        assert (Note.select().count(), Question.get().note_id, Question.get().outcome) == (1, None, "")

    def test_is_not_written_down_of_who_wants_no_notes(self, phone, rosa, sam):
        one = ask(phone, rosa)
        Told.create(customer=rosa, what="no_notes", author=sam, day=TODAY)
        assert phone.act("question.answer", question=one, outcome="said", answer="Yes")["status"] == "rejected"
        assert phone.act("question.answer", question=one, outcome="said")["status"] == "applied"
        assert Note.select().count() == 0
        assert phone.act("question.create", customer=str(rosa.id), text="And?")["status"] == "rejected"


class TestTwoColleagues:
    def test_who_is_second_hears_who_was_first(self, phone, other_phone, rosa):
        one = ask(phone, rosa)
        phone.act("question.answer", question=one, outcome="said")
        for outcome in ("said", "skipped"):
            second = other_phone.act("question.answer", question=one, outcome=outcome)
            assert (second["status"], second["reason"]) == ("conflict", "Asked already by Sam, 8:12.")
        phone.act("question.keep", question=one)
        phone.act("question.drop", question=one)
        second = other_phone.act("question.drop", question=one)
        assert (second["status"], second["reason"]) == ("conflict", "Dropped by Sam, 8:12.")

    def test_two_skips_of_one_visit_are_one(self, phone, other_phone, rosa):
        one = ask(phone, rosa)
        phone.act("question.answer", question=one, outcome="skipped")
        second = other_phone.act("question.answer", question=one, outcome="skipped")
        assert (second["status"], second["reason"], Question.get().skips) == ("conflict", "Skipped already today.", 1)

    def test_only_who_wrote_it_takes_it_back_on_its_day(self, phone, other_phone, rosa, at):
        one = ask(phone, rosa)
        assert other_phone.act("question.undo", question=one)["status"] == "rejected"
        at(TUESDAY + timedelta(days=1))
        assert phone.act("question.undo", question=one)["status"] == "rejected"
        at(TUESDAY)
        assert phone.act("question.undo", question=one)["status"] == "applied"


class TestForTheWordsToSay:
    """What the acts of prompts use."""

    @pytest.mark.parametrize("outcome", ["said", "skipped"])
    def test_it_ends_once_and_is_taken_back(self, shop, sam, phone, rosa, outcome):
        one = int(ask(phone, rosa))
        assert ended(one, sam, shop, outcome, TUESDAY)
        assert not ended(one, sam, shop, outcome, TUESDAY), "a second time changes nothing"
        assert reopened(one, shop, outcome, TUESDAY)
        assert not reopened(one, shop, outcome, TUESDAY)
        assert (Question.get().skips, Question.get().ended_at) == (0, None)
        assert due(shop) is not None

    def test_of_another_shop_is_left_as_it_is(self, shop, sam, phone, rosa):
        one = int(ask(phone, rosa))
        elsewhere = type(shop).create(business=shop.business, name="Second Street")
        assert not ended(one, sam, elsewhere, "said", TUESDAY)
