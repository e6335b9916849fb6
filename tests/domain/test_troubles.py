"""Troubles are counted until they are solved; of a mistake of ours it is kept who owned up and how it was made good."""

from datetime import timedelta

import pytest

from domain.card import card_for
from models import Issue, IssueTime, Mistake, Question, Told
from tests.conftest import TUESDAY

TODAY = TUESDAY.date()


def open_(phone, customer, text="The stereo cuts out", **more):
    return phone.act("issue.open", customer=str(customer.id), text=text, **more)["result"]


def card(customer, shop):
    found = card_for(customer.id, shop, TUESDAY)
    assert found is not None
    return found


class TestTheSameAgain:
    def test_counts_once_more_on_another_day_and_is_the_same_issue(self, phone, other_phone, rosa, at):
        first = open_(phone, rosa)
        assert open_(other_phone, rosa) == first, "two who saw it saw the same"
        at(TUESDAY + timedelta(days=1))
        again = open_(other_phone, rosa, "the STEREO cuts out.")
        assert (first["issue"], first["times"], again["issue"], again["times"]) == (
            first["issue"],
            1,
            first["issue"],
            2,
        )
        assert open_(phone, rosa, "The heel is loose")["issue"] != first["issue"]

    def test_is_counted_once_a_day_by_a_tap(self, phone, other_phone, rosa, at):
        one = open_(phone, rosa)["issue"]
        same_day = other_phone.act("issue.again", issue=one)
        assert (same_day["status"], same_day["reason"]) == ("conflict", "Counted already by Sam, 8:12.")
        at(TUESDAY + timedelta(days=3))
        assert phone.act("issue.again", issue=one)["result"]["times"] == 2
        second = other_phone.act("issue.again", issue=one)
        assert (second["status"], IssueTime.select().count()) == ("conflict", 2)

    def test_after_it_was_solved_goes_on_counting_and_takes_the_question_away(self, phone, rosa):
        one = open_(phone, rosa)["issue"]
        phone.act("issue.solve", issue=one)
        assert Question.select().count() == 1
        assert open_(phone, rosa) == {"issue": one, "times": 2}
        assert (Issue.get().solved_at, Question.select().count()) == (None, 0)

    def test_taken_back_it_is_solved_again_as_it_was_with_its_question(self, phone, other_phone, rosa, at):
        one = open_(phone, rosa)["issue"]
        phone.act("issue.solve", issue=one)
        told = (Question.text, Question.not_before, Question.author, Question.day, Question.at)
        before = Issue.select().dicts().get(), Question.select(*told).tuples().get()
        at(TUESDAY + timedelta(days=2))
        other_phone.act("issue.again", issue=one)
        assert (Issue.get().solved_at, Question.select().count()) == (None, 0)
        assert other_phone.act("issue.undo", issue=one)["status"] == "applied"
        assert (Issue.select().dicts().get(), Question.select(*told).tuples().get()) == before
        assert IssueTime.select().count() == 1

    def test_taken_back_does_not_ask_again_what_was_asked(self, phone, rosa, at):
        one = open_(phone, rosa)["issue"]
        phone.act("issue.solve", issue=one)
        at(TUESDAY + timedelta(days=8))
        phone.act("question.answer", question=str(Question.get().id), outcome="said")
        phone.act("issue.again", issue=one)
        phone.act("issue.undo", issue=one)
        assert (Question.select().count(), Question.get().outcome) == (1, "said")

    def test_is_taken_back_by_who_counted_it_the_first_with_the_issue(self, phone, other_phone, rosa, at):
        one = open_(phone, rosa)["issue"]
        at(TUESDAY + timedelta(days=1))
        open_(other_phone, rosa)
        assert phone.act("issue.undo", issue=one)["status"] == "rejected", "Ana's stands last"
        assert other_phone.act("issue.undo", issue=one)["status"] == "applied"
        at(TUESDAY)
        assert phone.act("issue.undo", issue=one)["status"] == "applied"
        assert Issue.select().count() == IssueTime.select().count() == 0


class TestSolved:
    def test_asks_once_a_week_later_whether_it_still_is(self, phone, other_phone, rosa):
        one = open_(phone, rosa)["issue"]
        phone.act("issue.solve", issue=one)
        asked = Question.get()
        assert (asked.text, asked.not_before) == (
            "Is it still fine: The stereo cuts out?", TODAY + timedelta(days=7),
        )  # fmt: skip
        second = other_phone.act("issue.solve", issue=one)
        assert (second["status"], second["reason"]) == ("conflict", "Solved already by Sam, 8:12.")
        assert Question.select().count() == 1

    def test_is_taken_back_whole(self, phone, rosa):
        one = open_(phone, rosa)["issue"]
        before = Issue.select().dicts().get()
        phone.act("issue.solve", issue=one)
        assert phone.act("issue.reopen", issue=one)["status"] == "applied"
        assert (Issue.select().dicts().get(), Question.select().count()) == (before, 0)
        assert phone.act("issue.reopen", issue=one)["status"] == "conflict"

    def test_leaves_the_card(self, shop, phone, rosa, at):
        one = open_(phone, rosa)["issue"]
        at(TUESDAY + timedelta(days=1))
        open_(phone, rosa)
        assert [(trouble.issue.text, trouble.count) for trouble in card(rosa, shop).issues] == [
            ("The stereo cuts out", 2)
        ]
        phone.act("issue.solve", issue=one)
        assert card(rosa, shop).issues == []


class TestAMistakeOfOurs:
    @pytest.fixture
    def mistake(self, phone, rosa):
        return phone.act("mistake.record", customer=str(rosa.id), text="We lost her order")["result"]["mistake"]

    def test_says_who_owned_up_and_how_it_was_made_good(self, shop, phone, other_phone, rosa, mistake):
        phone.act("mistake.acknowledge", mistake=mistake, said_sorry=True)
        assert len(card(rosa, shop).mistakes) == 1, "it is not made good yet"
        other_phone.act("mistake.make_good", mistake=mistake, text="A new one, on the house")
        stands = Mistake.get()
        assert (stands.acknowledged_by.name, stands.said_sorry) == ("Sam", True)
        assert (stands.made_good, stands.made_good_by.name) == ("A new one, on the house", "Ana")
        assert card(rosa, shop).mistakes == []

    @pytest.mark.parametrize(
        ("act", "told"),
        [("acknowledge", "Sam owned up already, 8:12."), ("make_good", "Made good already by Sam, 8:12.")],
    )
    def test_who_is_second_hears_who_was_first(self, phone, other_phone, mistake, act, told):
        phone.act(f"mistake.{act}", mistake=mistake, said_sorry=True, text="A new one")
        before = Mistake.select().dicts().get()
        second = other_phone.act(f"mistake.{act}", mistake=mistake, said_sorry=False, text="Mine")
        assert (second["status"], second["reason"], Mistake.select().dicts().get()) == ("conflict", told, before)

    def test_each_step_is_taken_back(self, phone, mistake):
        written = Mistake.select().dicts().get()
        phone.act("mistake.acknowledge", mistake=mistake, said_sorry=True)
        owned = Mistake.select().dicts().get()
        phone.act("mistake.make_good", mistake=mistake, text="A new one")
        for before in (owned, written):
            assert phone.act("mistake.reopen", mistake=mistake)["status"] == "applied"
            assert Mistake.select().dicts().get() == before
        assert phone.act("mistake.reopen", mistake=mistake)["status"] == "conflict"

    def test_and_nothing_else_is_written_of_who_wants_no_notes(self, phone, rosa, sam):
        Told.create(customer=rosa, what="no_notes", author=sam, day=TODAY)
        for act in ("mistake.record", "issue.open", "step.create"):
            assert phone.act(act, customer=str(rosa.id), text="x")["status"] == "rejected"


class TestAFaultOfOurs:
    def test_mended_is_told_and_not_asked_about(self, phone, shop, rosa):
        made = phone.act("issue.open", customer=str(rosa.id), text="The door sticks", ours=True)["result"]["issue"]
        answer = phone.post(f"/issues/{made}/solve", {"from": "card"}, htmx=True)
        assert "Mended. They hear of it when they come." in answer.text
        assert Question.select().count() == 0
