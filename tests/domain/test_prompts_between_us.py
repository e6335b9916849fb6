"""Words about what is open between a customer and us: our failures, promises, questions, and what is so today."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain import expected
from domain.birthdays import is_birthday, is_child
from domain.known import Asking, OurMistake, Owed, Trouble, Written
from domain.prompts import Moment, candidates
from models import (
    Appointment,
    CustomField,
    DayWord,
    ExtraStep,
    FieldValue,
    Introduction,
    Issue,
    IssueTime,
    Mistake,
    Promise,
    Question,
    Referral,
    Shop,
    Usual,
    Visit,
)
from tests.conftest import TUESDAY, came, days_before
from tests.domain.test_prompts import TODAY, best, chips, facts_of, ids_for, kept, known, rows, what_is_known

YES, NO = True, False


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def wrote(number: int = 1, text: str = "Order mixed up", back: int = 7) -> tuple[int, str, str, date]:
    return number, text, "Ana", ago(back)


class TestOurMistake:
    @pytest.mark.parametrize(
        ("who", "last_time"),
        rows(
            [
                ("nothing went wrong", known(9, 2), None),
                ("on the last visit", known(9, 7, mistakes=(OurMistake(*wrote()),)), True),
                ("on the visit before", known(7, 2, mistakes=(OurMistake(*wrote()),)), False),
                ("on the telephone, before they ever came", known(mistakes=(OurMistake(*wrote()),)), False),
            ]
        ),
    )
    def test_is_named_until_somebody_has_said_sorry(self, who, last_time):
        facts = facts_of("our-mistake", who)
        assert (facts and facts["last_time"]) == last_time

    def test_the_latest_comes_first(self):
        two = (OurMistake(*wrote(1, "Order mixed up")), OurMistake(*wrote(2, "Cup was cracked", 3)))
        assert facts_of("our-mistake", known(9, mistakes=two))["text"] == "Cup was cracked"


class TestSameTrouble:
    @pytest.mark.parametrize(
        ("troubles", "times"),
        rows(
            [
                ("once is a trouble, not the same one again", (Trouble(*wrote(), times=(ago(7),)),), None),
                ("twice", (Trouble(*wrote(), times=(ago(7), ago(3))),), 2),
                ("three times", (Trouble(*wrote(), times=(ago(7), ago(5), ago(3))),), 3),
                ("solved", (Trouble(*wrote(), times=(ago(7), ago(3)), solved=ago(1)),), None),
                ("a fault of ours they told us of", (Trouble(*wrote(), ours=True, times=(ago(7), ago(3))),), None),
            ]
        ),
    )
    def test_leads_from_the_second_time_on(self, troubles, times):
        facts = facts_of("same-trouble", known(9, 2, troubles=troubles))
        assert (facts and facts["times"]) == times

    def test_a_fault_of_ours_silences_nothing(self):
        open_fault = Trouble(*wrote(), ours=True, times=(ago(7),))
        assert best(known(14, 7, troubles=(open_fault,))) == "third-weekday"

    def test_a_solved_one_silences_nothing(self):
        solved = Trouble(*wrote(), times=(ago(7),), solved=ago(2))
        assert best(known(14, 7, troubles=(solved,))) == "third-weekday"


class TestPromises:
    @pytest.mark.parametrize(
        ("owed", "said"),
        rows(
            [
                ("for tomorrow", Owed(*wrote(), due=ago(-1)), None),
                ("for today", Owed(*wrote(), due=TODAY), "promise-due"),
                ("for when they come", Owed(*wrote()), "promise-next"),
                ("for yesterday", Owed(*wrote(), due=ago(1)), "promise-overdue"),
                ("kept at the counter, yesterday", Owed(*wrote(), kept=ago(1)), "ask-if-arrived"),
                ("kept today: they have hardly had time", Owed(*wrote(), kept=TODAY, channel="email"), None),
                ("emailed", Owed(*wrote(), kept=ago(1), channel="email", delivery="handed_over"), "ask-if-arrived"),
                ("emailed, came back", Owed(*wrote(), kept=ago(1), channel="email", delivery="bounced"), "not-arrived"),
                ("emailed, given up", Owed(*wrote(), kept=ago(1), channel="email", delivery="failed"), "not-arrived"),
                ("emailed, confirmed by the link", Owed(*wrote(), kept=ago(1), delivery="confirmed"), None),
            ]
        ),
    )
    def test_are_said_when_due_overdue_or_sent(self, owed, said):
        assert best(known(9, 5, 2, owed=(owed,))) == said

    def test_one_for_any_visit_waits_for_a_better_word(self):
        assert best(known(14, 7, owed=(Owed(*wrote()),))) == "third-weekday"
        assert best(known(14, 7, owed=(Owed(*wrote(), due=TODAY),))) == "promise-due"

    def test_the_longest_overdue_comes_first(self):
        owed = (Owed(*wrote(1, "The form"), due=ago(1)), Owed(*wrote(2, "The part"), due=ago(5)))
        assert facts_of("promise-overdue", known(9, owed=owed))["text"] == "The part"


class TestMissedOnce:
    @pytest.mark.parametrize(
        ("who", "holds"),
        rows(
            [
                ("none missed", kept(0, 0, 0, every=30), NO),
                ("one missed since the last visit", kept(0, 0, 0, every=30, missed=((ago(4), ""),)), YES),
                ("theirs", kept(0, 0, 0, every=30, missed=((ago(4), "theirs"),)), YES),
                ("ours", kept(0, 0, 0, every=30, missed=((ago(4), "ours"),)), NO),
                ("of both", kept(0, 0, 0, every=30, missed=((ago(4), "both"),)), NO),
                ("a second one", kept(0, 0, 0, every=30, missed=((ago(40), ""), (ago(4), ""))), NO),
                ("they have been here since", kept(0, 0, 0, every=3, missed=((ago(4), ""),)), NO),
                ("two were kept", kept(0, 0, every=30, missed=((ago(4), ""),)), NO),
                ("half a year ago", kept(0, 0, 0, every=300, missed=((ago(181), ""),)), NO),
            ]
        ),
    )
    def test_is_a_first_with_no_ledger(self, who, holds):
        assert bool(facts_of("missed-once", who)) is holds

    @pytest.mark.parametrize(("back", "weekday"), [(4, 4), (6, 2), (7, None)])
    def test_names_the_day_of_the_week_within_a_week(self, back, weekday):
        assert facts_of("missed-once", kept(0, 0, 0, every=30, missed=((ago(back), ""),)))["weekday"] == weekday


class TestWeRunLate:
    @pytest.mark.parametrize(
        ("moment", "said"),
        rows(
            [
                ("not booked", Moment(now=590), NO),
                ("an hour before their time", Moment(now=540, booked=600), NO),
                ("half an hour before", Moment(now=570, booked=600), YES),
                ("at their time", Moment(now=600, booked=600), YES),
                ("as late as we are", Moment(now=615, booked=600), YES),
                ("later than we are", Moment(now=620, booked=600), NO),
                ("here", Moment(now=700, booked=600, arrived=598), YES),
            ]
        ),
    )
    def test_is_told_to_the_booked_about_their_time(self, moment, said):
        who = known(9, 5, 2, behind=Written(1, "15", "Ana", TODAY))
        assert (best(who, moment) == "we-run-late") is said


class TestUsualIsOut:
    @pytest.mark.parametrize(
        ("usual", "gone", "holds"),
        [
            pytest.param("Rye roll", "rye", YES, id="a word of it"),
            pytest.param("Flat white, oat", "Oat", YES, id="whatever its letters"),
            pytest.param("Açaí bowl", "acai", YES, id="whatever its accents"),
            pytest.param("Double espresso, rye", "rye roll", NO, id="something else that is rye"),
            pytest.param("Trye roll", "rye", NO, id="part of a word"),
            pytest.param("", "rye", NO, id="nothing known"),
            pytest.param("a b c d", "a b c d", NO, id="four words are too many to say"),
        ],
    )
    def test_is_told_to_those_who_would_ask_for_it(self, usual, gone, holds):
        who = known(9, 5, usual=usual, out=(Written(1, gone, "Ana", TODAY),))
        assert bool(facts_of("usual-is-out", who)) is holds


class TestBirthday:
    @pytest.mark.parametrize(
        ("told", "day", "holds"),
        [
            ("11-24", "2026-11-24", YES),
            ("1980-11-24", "2026-11-24", YES),
            ("11-25", "2026-11-24", NO),
            ("02-29", "2027-02-28", YES),
            ("02-29", "2028-02-28", NO),
            ("02-29", "2028-02-29", YES),
        ],
    )
    def test_is_wished_on_the_day(self, told, day, holds):
        assert is_birthday(told, date.fromisoformat(day)) is holds

    @pytest.mark.parametrize(
        ("marked", "told", "child"),
        [
            (None, "", NO),
            (True, "", YES),
            (None, "11-24", NO),
            (None, "2010-11-25", YES),
            (None, "2010-11-24", NO),
            (False, "2015-01-01", YES),
        ],
    )
    def test_tells_who_is_a_child(self, marked, told, child):
        assert is_child(marked, told, TODAY) is child

    def test_nothing_is_said_to_a_child_by_birth(self):
        born = {"birthday": Written(1, "2016-11-24", "Ana", ago(9))}
        assert candidates(known(14, 7, fields=born)) == []


class TestQuestions:
    @pytest.mark.parametrize(
        ("asking", "said"),
        rows(
            [
                ("ours", Asking(*wrote()), "question"),
                ("ours, for next week", Asking(*wrote(), due=ago(-7)), None),
                ("ours, for today", Asking(*wrote(), due=TODAY), "question"),
                ("theirs, without an answer", Asking(*wrote(), theirs=True), None),
                ("theirs, answered", Asking(*wrote(), theirs=True, reply="Until six"), "their-question"),
                ("theirs, skipped today", Asking(*wrote(), theirs=True, reply="Until six", due=ago(-1)), None),
                ("after a trouble, too early", Asking(*wrote(), solved=ago(6), due=ago(-1)), None),
                ("after a trouble, a week on", Asking(*wrote(), solved=ago(7), due=TODAY), "still-fine"),
            ]
        ),
    )
    def test_are_asked_when_their_day_has_come(self, asking, said):
        assert best(known(9, 5, 2, questions=(asking,))) == said

    @pytest.mark.parametrize(("times", "said"), [(0, "question"), (1, "question"), (2, None)])
    def test_are_offered_on_two_visits_at_most(self, times, said):
        who = known(9, 5, 2, questions=(Asking(*wrote()),))
        assert best(replace(who, asked={("question", 1): times})) == said

    def test_the_one_that_waited_longest_comes_first_and_only_one(self):
        two = (Asking(*wrote(1, "Did it fit?", 3)), Asking(*wrote(2, "Did the file go through?", 9)))
        found = [prompt for prompt in candidates(known(9, 5, 2, questions=two)) if prompt["id"] == "question"]
        assert [prompt["text"] for prompt in found] == ["Did the file go through?"]


class TestOnceEach:
    @pytest.mark.parametrize(
        ("name", "who"),
        [
            ("fault-mended", known(9, 5, 2, troubles=(Trouble(*wrote(), ours=True, solved=ago(3)),))),
            ("extra-step", known(9, 5, 2, steps=(Written(*wrote()),))),
            ("sent-us", known(9, 5, 2, sent_us=(Written(*wrote()),))),
        ],
    )
    def test_what_was_done_is_spoken_of_once(self, name, who):
        assert best(who) == name
        assert best(replace(who, asked={(name, 1): 1})) is None
        assert best(replace(who, asked={(name, 2): 1})) == name

    @pytest.mark.parametrize(
        "who",
        [
            known(9, 5, 2, troubles=(Trouble(*wrote(back=90), ours=True, solved=ago(61)),)),
            known(9, 5, 2, steps=(Written(*wrote(back=61)),)),
            known(9, 5, 2, sent_us=(Written(*wrote(back=61)),)),
        ],
        ids=["mended", "extra step", "sent us"],
    )
    def test_after_two_months_it_is_old_news(self, who):
        assert best(who) is None

    @pytest.mark.parametrize(
        ("told", "names"),
        [("Otto", ["Otto"]), ("Otto and Pim", ["Otto", "Pim"]), ("Otto, Pim & Bo", ["Otto", "Pim", "Bo"]),
         ("Otto y Pim", ["Otto", "Pim"]), ("Two very large and old dogs", None)],
    )  # fmt: skip
    def test_dogs_have_names(self, told, names):
        facts = facts_of("dogs", known(9, fields={"dogs": Written(1, told, "Ana", ago(9))}))
        assert (facts and facts["names"]) == names

    def test_a_friend_is_asked_after_the_next_time_only(self):
        assert facts_of("brought-someone", known(9, 2, notes=chips("2: friend")))
        assert not facts_of("brought-someone", known(9, 2, notes=chips("9: friend")))


class TestWhatIsKnown:
    """What the rules are given, from what the tables hold."""

    @pytest.fixture
    def regular(self, shop, rosa):
        came(rosa, shop, *days_before(TODAY, 90, 50, 40))
        return rosa

    def wrote(self, regular, shop, sam, **more):
        day = more.pop("day", ago(7))
        return {"customer": regular, "shop": shop, "author": sam, "day": day, "at": shop.at(day, 600), **more}

    def test_troubles_with_each_time(self, shop, regular, sam):
        issue = Issue.create(**self.wrote(regular, shop, sam, text="Car stereo"))
        for back in (7, 3, 0):
            IssueTime.create(issue=issue, author=sam, day=ago(back), at=shop.at(ago(back), 600))
        assert what_is_known(shop, regular).troubles == (
            Trouble(issue.id, "Car stereo", "Sam", ago(7), times=(ago(7), ago(3), TODAY)),
        )

    def test_a_trouble_told_this_morning_is_no_day_for_cheer(self, shop, regular, sam):
        Usual.create(customer=regular, shop=shop, text="Flat white", author=sam, day=ago(9))
        assert ids_for(shop, regular) == ["the-usual"]
        Issue.create(**self.wrote(regular, shop, sam, text="Car stereo", day=TODAY))
        assert ids_for(shop, regular) == []

    def test_mistakes_until_sorry_was_said_and_they_are_made_good(self, shop, regular, sam):
        good = {"made_good": "A new one", "made_good_at": TUESDAY}
        Mistake.create(**self.wrote(regular, shop, sam, text="Order mixed up"))
        Mistake.create(**self.wrote(regular, shop, sam, text="Cup cracked", said_sorry=True))
        Mistake.create(**self.wrote(regular, shop, sam, text="Too hot", **good))
        Mistake.create(**self.wrote(regular, shop, sam, text="Over", said_sorry=True, **good))
        Mistake.create(**self.wrote(regular, shop, sam, text="Long ago", day=ago(181)))
        assert [(one.text, one.said_sorry, one.made_good) for one in what_is_known(shop, regular).mistakes] == [
            ("Order mixed up", False, False), ("Cup cracked", True, False), ("Too hot", False, True),
        ]  # fmt: skip

    def test_promises_open_or_unconfirmed(self, shop, regular, sam):
        Promise.create(**self.wrote(regular, shop, sam, text="The part", due=ago(1)))
        Promise.create(
            **self.wrote(regular, shop, sam, text="The form", channel="email", kept_at=TUESDAY - timedelta(days=2))
        )
        Promise.create(**self.wrote(regular, shop, sam, text="Closed", closed_at=TUESDAY, closed_reason="No need"))
        found = what_is_known(shop, regular).owed
        assert [(one.text, one.due, one.kept, one.channel) for one in found] == [
            ("The part", ago(1), None, "counter"),
            ("The form", None, ago(2), "email"),
        ]

    def test_questions_while_they_are_open(self, shop, regular, sam):
        issue = Issue.create(**self.wrote(regular, shop, sam, text="Stereo", solved_at=TUESDAY - timedelta(days=7)))
        Question.create(**self.wrote(regular, shop, sam, text="Did it go through?"))
        Question.create(**self.wrote(regular, shop, sam, text="Still fine?", issue=issue, not_before=TODAY))
        Question.create(**self.wrote(regular, shop, sam, text="Ended", ended_at=TUESDAY))
        Question.create(**self.wrote(regular, shop, sam, text="Written today", day=TODAY))
        found = what_is_known(shop, regular).questions
        assert [(one.text, one.due, one.solved) for one in found] == [
            ("Did it go through?", None, None),
            ("Still fine?", TODAY, ago(7)),
        ]

    def test_no_question_that_was_skipped_twice_on_the_card(self, shop, regular, sam):
        Question.create(**self.wrote(regular, shop, sam, text="Skipped once", skips=1))
        Question.create(**self.wrote(regular, shop, sam, text="Skipped twice", skips=2))
        assert [one.text for one in what_is_known(shop, regular).questions] == ["Skipped once"]

    def test_nobody_is_asked_whether_our_own_fault_is_still_mended(self, shop, regular, sam):
        solved = TUESDAY - timedelta(days=7)
        issue = Issue.create(**self.wrote(regular, shop, sam, text="The door", ours=True, solved_at=solved))
        Question.create(**self.wrote(regular, shop, sam, text="Still fine?", issue=issue, not_before=TODAY))
        assert ids_for(shop, regular) == ["fault-mended"]

    @pytest.mark.parametrize(
        ("delivery", "said"),
        [("", YES), ("handed_over", YES), ("delivered", YES), ("due", NO), ("claimed", NO), ("suppressed", NO)],
    )
    def test_what_has_not_been_sent_is_not_asked_after(self, shop, regular, sam, delivery, said):
        more = {"channel": "email", "delivery": delivery, "kept_at": TUESDAY - timedelta(days=2)}
        Promise.create(**self.wrote(regular, shop, sam, text="The form", **more))
        assert ("ask-if-arrived" in ids_for(shop, regular)) is said

    def test_steps_referrals_and_who_came_on_their_word(self, shop, regular, sam, okafor):
        ExtraStep.create(**self.wrote(regular, shop, sam, text="Checked the reviews"))
        referral = {"name": "Rosa", "need": "A key", "to_whom": "the key shop", **self.wrote(regular, shop, sam)}
        Referral.create(**referral, check_on=TODAY)
        Referral.create(**referral, check_on=ago(-1))
        Referral.create(**referral, check_on=TODAY, outcome="reached")
        Introduction.create(customer=okafor, by_customer=regular, shop=shop, author=sam, day=ago(7))
        known = what_is_known(shop, regular)
        assert [one.text for one in known.steps] == ["Checked the reviews"]
        assert [one.text for one in known.sent_on] == ["the key shop"]
        Referral.update(outcome="no_answer").where(Referral.outcome == "").execute()
        assert len(what_is_known(shop, regular).sent_on) == 1, "no answer: asked again on the day that was put off"
        assert known.sent_us == (), "he has not come yet"
        came(okafor, shop, ago(6))
        assert len(what_is_known(shop, regular).sent_us) == 1

    def test_fields_that_words_are_made_from(self, shop, regular, sam):
        for name, kind, text in (
            ("Dogs", "dogs", "Otto"),
            ("Birthday", "birthday", "11-24"),
            ("Shoe size", "text", "41"),
        ):
            field = CustomField.create(business=shop.business, name=name, kind=kind)
            FieldValue.create(field=field, customer=regular, text=text, author=sam, day=ago(9))
        found = what_is_known(shop, regular).fields
        assert {kind: one.text for kind, one in found.items()} == {"dogs": "Otto", "birthday": "11-24"}

    def test_a_field_that_was_put_away_tells_a_child_and_nothing_else(self, shop, regular, sam):
        for kind, text in (("dogs", "Otto"), ("birthday", "2016-11-24")):
            field = CustomField.create(business=shop.business, name=kind, kind=kind, removed_at=TUESDAY)
            FieldValue.create(field=field, customer=regular, text=text, author=sam, day=ago(9))
        known = what_is_known(shop, regular)
        assert (known.is_child, set(known.fields)) == (True, {"born"})

    def test_missed_appointments_with_their_cause(self, shop, regular):
        for back, cause in ((20, "ours"), (4, "")):
            Appointment.create(
                customer=regular,
                shop=shop,
                day=ago(back),
                starts_at=shop.at(ago(back), 600),
                state="missed",
                cause=cause,
            )
        assert what_is_known(shop, regular).missed == ((ago(20), "ours"), (ago(4), ""))

    def test_what_is_so_today(self, shop, regular, sam):
        DayWord.create(shop=shop, day=TODAY, kind="out", text="rye", author=sam, at=TUESDAY)
        DayWord.create(shop=shop, day=TODAY, kind="out", text="oat", author=sam, at=TUESDAY, ended_at=TUESDAY)
        DayWord.create(shop=shop, day=ago(1), kind="behind", minutes=10, author=sam, at=TUESDAY)
        DayWord.create(shop=shop, day=TODAY, kind="behind", minutes=20, author=sam, at=TUESDAY)
        known = what_is_known(shop, regular)
        assert [one.text for one in known.out] == ["rye"]
        assert known.behind
        assert (known.behind.text, known.behind.by) == ("20", "Sam")

    def test_nothing_of_another_shop_or_another_customer(self, shop, regular, okafor, sam):
        second = Shop.create(business=shop.business, name="Second Street")
        for customer, where in ((regular, second), (okafor, shop)):
            Mistake.create(**self.wrote(customer, where, sam, text="Order mixed up"))
            ExtraStep.create(**self.wrote(customer, where, sam, text="Ran after her"))
            Promise.create(**self.wrote(customer, where, sam, text="The part"))
            Question.create(**self.wrote(customer, where, sam, text="Did it fit?"))
            Issue.create(**self.wrote(customer, where, sam, text="Stereo"))
        known = what_is_known(shop, regular)
        assert (known.mistakes, known.steps, known.owed, known.questions, known.troubles) == ((), (), (), (), ())

    def test_words_already_offered_about_a_thing_are_counted(self, shop, regular, sam):
        asked = Question.create(**self.wrote(regular, shop, sam, text="Did it go through?", day=ago(30)))
        words = {"id": "question", "about": asked.id, "dates": []}
        for back, outcome in ((9, "shown"), (2, "skipped")):
            day = ago(back)
            Visit.create(customer=regular, shop=shop, day=day, at=shop.at(day, 480), prompt=words, outcome=outcome)
        assert what_is_known(shop, regular).asked == {("question", asked.id): 2}
        assert "question" not in ids_for(shop, regular)

    def test_however_long_ago_they_were_offered(self, shop, regular, sam):
        asked = Question.create(**self.wrote(regular, shop, sam, text="Did it go through?", day=ago(300)))
        for back in (200, 120):
            day, words = ago(back), {"id": "question", "about": asked.id, "dates": []}
            Visit.create(customer=regular, shop=shop, day=day, at=shop.at(day, 480), prompt=words, outcome="shown")
        assert what_is_known(shop, regular).asked == {("question", asked.id): 2}

    def test_who_wrote_any_of_it_has_met_them(self, shop, regular, ana):
        ExtraStep.create(**self.wrote(regular, shop, ana, text="Ran after her"))
        Visit.update(staff=ana).execute()
        assert ana.id in (what_is_known(shop, regular).met or ())

    @pytest.mark.parametrize("what", ["the same trouble again", "a promise that is over", "whom they sent", "today"])
    def test_whatever_has_become_of_it(self, shop, regular, okafor, sam, ana, what):
        if what == "the same trouble again":
            issue = Issue.create(**self.wrote(regular, shop, sam, text="Car stereo", solved_at=TUESDAY))
            IssueTime.create(issue=issue, author=ana, day=ago(3), at=shop.at(ago(3), 600))
        elif what == "a promise that is over":
            over = {"kept_at": TUESDAY, "confirmed_at": TUESDAY}
            Promise.create(**self.wrote(regular, shop, ana, text="The part", **over))
        elif what == "today":
            ExtraStep.create(**self.wrote(regular, shop, ana, text="Ran after her", day=TODAY))
        else:
            Introduction.create(customer=okafor, by_customer=regular, shop=shop, author=ana, day=ago(300))
        Visit.update(staff=sam).execute()
        assert ana.id in (what_is_known(shop, regular).met or ())

    def test_the_days_list_carries_it(self, shop, regular, sam):
        Usual.create(customer=regular, shop=shop, text="Flat white", author=sam, day=ago(9))
        Mistake.create(**self.wrote(regular, shop, sam, text="Order mixed up"))
        expected.offer_again(regular, shop, TODAY)
        assert ids_for(shop, regular) == ["our-mistake"], "and nothing cheerful until it is made good"


class TestWhatFollows:
    """Said or skipped on the slip, a question and a mistake of ours are told so as well; taken back, they stand again."""

    @pytest.fixture
    def regular(self, shop, rosa):
        came(rosa, shop, *days_before(TODAY, 9, 5, 2))
        return rosa

    def question(self, regular, shop, sam, **more):
        day = ago(3)
        return Question.create(
            customer=regular,
            shop=shop,
            author=sam,
            day=day,
            at=shop.at(day, 600),
            text="Did the file go through?",
            **more,
        )

    def say(self, phone, regular, prompt, outcome="said"):
        answer = phone.act(f"prompt.{outcome}", customer=str(regular.id), prompt=prompt)
        assert answer["status"] == "applied", answer

    @pytest.mark.parametrize("here", [True, False], ids=["here", "before anybody marked them here"])
    @pytest.mark.parametrize(
        ("prompt", "more"),
        [("question", {}), ("their-question", {"theirs": True, "reply": "Until half three"})],
    )
    def test_a_question_said_is_over_until_that_is_taken_back(self, phone, regular, shop, sam, prompt, more, here):
        asked = self.question(regular, shop, sam, **more)
        if here:
            phone.act("visit.create", customer=str(regular.id))
        self.say(phone, regular, prompt)
        stands = Question.get_by_id(asked.id)
        assert (stands.outcome, stands.ended_by_id) == ("said", sam.id)
        assert phone.act("prompt.undo", customer=str(regular.id))["status"] == "applied"
        assert Question.get_by_id(asked.id).ended_at is None

    def test_skipped_twice_it_is_not_asked_again(self, phone, regular, shop, sam, at):
        asked = self.question(regular, shop, sam)
        for days in (0, 3):
            at(TUESDAY + timedelta(days=days))
            phone.act("visit.create", customer=str(regular.id))
            self.say(phone, regular, "question", "skipped")
        assert Question.get_by_id(asked.id).skips == 2
        at(TUESDAY + timedelta(days=6))
        assert "question" not in ids_for(shop, regular, TODAY + timedelta(days=6))

    def test_asked_again_on_the_teams_word_it_is_offered_on_two_visits_more(self, phone, regular, shop, sam, at):
        asked = self.question(regular, shop, sam)
        for days in (0, 3):
            at(TUESDAY + timedelta(days=days))
            phone.act("visit.create", customer=str(regular.id))
            self.say(phone, regular, "question", "skipped")
        assert phone.act("question.keep", question=str(asked.id))["status"] == "applied"
        for days, offered in ((5, True), (7, True), (9, False)):
            at(TUESDAY + timedelta(days=days))
            day = TODAY + timedelta(days=days)
            assert ("question" in ids_for(shop, regular, day)) is offered
            words = {"id": "question", "about": asked.id, "dates": []}
            Visit.create(customer=regular, shop=shop, day=day, at=shop.at(day, 480), prompt=words, outcome="shown")

    def test_taken_back_on_the_same_day_what_was_offered_still_counts(self, phone, regular, shop, sam):
        asked = self.question(regular, shop, sam)
        self.say(phone, regular, "question")
        assert phone.act("question.keep", question=str(asked.id))["status"] == "applied"
        assert Question.get_by_id(asked.id).anew_from is None

    def test_a_skip_is_taken_back(self, phone, regular, shop, sam):
        asked = self.question(regular, shop, sam)
        self.say(phone, regular, "question", "skipped")
        phone.act("prompt.undo", customer=str(regular.id))
        assert Question.get_by_id(asked.id).skips == 0
        assert "question" in ids_for(shop, regular)

    def test_sorry_said_is_kept_with_the_mistake(self, phone, regular, shop, sam):
        mistake = Mistake.create(
            customer=regular, shop=shop, day=ago(2), at=shop.at(ago(2), 600), text="Order mixed up"
        )
        phone.act("visit.create", customer=str(regular.id))
        self.say(phone, regular, "our-mistake")
        stands = Mistake.get_by_id(mistake.id)
        assert (stands.said_sorry, stands.acknowledged_by_id) == (True, sam.id)
        phone.act("prompt.undo", customer=str(regular.id))
        assert not Mistake.get_by_id(mistake.id).said_sorry

    def test_skipped_a_mistake_stands(self, phone, regular, shop, sam):
        mistake = Mistake.create(
            customer=regular, shop=shop, day=ago(2), at=shop.at(ago(2), 600), text="Order mixed up"
        )
        self.say(phone, regular, "our-mistake", "skipped")
        assert not Mistake.get_by_id(mistake.id).said_sorry
        assert "our-mistake" in ids_for(shop, regular, TODAY + timedelta(days=1))


class TestWhatIsOver:
    """Words offered with a visit end when what they were about is seen to in another way."""

    @pytest.fixture
    def regular(self, shop, rosa):
        came(rosa, shop, *days_before(TODAY, 9, 5, 2))
        return rosa

    def made(self, phone, at, regular, kind, **data) -> str:
        """Write something down a week ago; mark them here today, with the words for it."""
        at(TUESDAY - timedelta(days=7))
        made = next(iter(phone.act(kind, customer=str(regular.id), **data)["result"].values()))
        at(TUESDAY)
        phone.act("visit.create", customer=str(regular.id))
        return made

    def slip(self, phone, regular) -> bool:
        return 'data-testid="prompt"' in phone.get(f"/customers/{regular.id}").text

    @pytest.mark.parametrize(
        ("kind", "data", "ends", "more"),
        [
            ("question.create", {"text": "Did it fit?"}, "question.answer", {"outcome": "said"}),
            ("promise.create", {"text": "The part", "due": "2026-11-24"}, "promise.keep", {}),
            ("promise.create", {"text": "The part"}, "promise.close", {"reason": "Not needed"}),
            ("mistake.record", {"text": "Order mixed up"}, "mistake.acknowledge", {"said_sorry": True}),
        ],
    )
    def test_is_not_said_any_more(self, phone, regular, at, kind, data, ends, more):
        made = self.made(phone, at, regular, kind, **data)
        assert self.slip(phone, regular)
        assert phone.act(ends, **{kind.partition(".")[0]: made, **more})["status"] == "applied"
        assert not self.slip(phone, regular)
        assert Visit.select().where((Visit.day == TODAY) & Visit.prompt.is_null(False)).count() == 1, "one a visit"

    def test_what_is_about_something_else_stays(self, phone, regular, at):
        self.made(phone, at, regular, "question.create", text="Did it fit?")
        phone.act("step.create", customer=str(regular.id), text="Ran after her")
        assert self.slip(phone, regular)
