"""What whoever was second is answered, and what becomes of acts that come late, again, or about what is no more."""

import hashlib
import json
import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from peewee import IntegrityError

import background
from domain import actions, audit_check, merging, retention
from models import Action, Customer, Membership, Note, Promise, Shop, Staff, Visit, Witness
from tests.conftest import TUESDAY, someone


def applied(answer):
    assert answer["status"] == "applied", answer
    return answer["result"]


@pytest.fixture
def second(shop, sam):
    """A second shop, where Sam works as well."""
    shop = Shop.create(business=shop.business, name="Second Street")
    Membership.create(staff=sam, shop=shop)
    return shop


@pytest.mark.one_engine
class TestWhoeverIsSecond:
    def test_to_mark_somebody_hears_who_had_and_when_also_when_it_is_sent_again(self, phone, other_phone, rosa, at):
        applied(phone.act("visit.create", customer=str(rosa.id)))
        at(TUESDAY + timedelta(minutes=20))
        key = str(uuid4())
        told = applied(other_phone.act("visit.create", key=key, customer=str(rosa.id)))
        assert (told["by"], told["at"]) == ("Sam", "2026-11-24T08:12:00+00:00")
        assert other_phone.act("visit.create", key=key, customer=str(rosa.id)) == {
            "id": key, "status": "duplicate", "result": told,
        }  # fmt: skip

    def test_hears_of_whoever_saw_them_first_though_their_phone_told_us_later(self, phone, other_phone, desk, rosa):
        applied(phone.act("visit.create", customer=str(rosa.id)))
        applied(other_phone.act("visit.create", at=TUESDAY - timedelta(minutes=7), customer=str(rosa.id)))
        told = applied(desk.act("visit.create", customer=str(rosa.id)))
        assert (told["by"], told["at"]) == ("Ana", "2026-11-24T08:05:00+00:00")

    # what is made, what both then do, and what is so already
    SECOND: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
        "promise.keep": ("promise.create", {"text": "Call"}, "promise", {}),
        "promise.confirm": ("promise.create", {"text": "Call"}, "promise", {}),
        "promise.close": ("promise.create", {"text": "Call"}, "promise", {"reason": "Found one"}),
        "question.answer": ("question.create", {"text": "Did it work?"}, "question", {"outcome": "said"}),
        "question.drop": ("question.create", {"text": "Did it work?"}, "question", {}),
        "issue.solve": ("issue.open", {"text": "Cuts out"}, "issue", {}),
        "issue.again": ("issue.open", {"text": "Cuts out"}, "issue", {}),
        "mistake.acknowledge": ("mistake.record", {"text": "Lost it"}, "mistake", {"said_sorry": True}),
        "mistake.make_good": ("mistake.record", {"text": "Lost it"}, "mistake", {"text": "A new one"}),
        "referral.answer": (
            "referral.create", {"name": "Kris", "need": "A doctor", "to": "Dr B."}, "referral", {"outcome": "reached"},
        ),
    }  # fmt: skip

    @pytest.mark.parametrize("kind", SECOND)
    def test_has_nothing_left_to_do_and_hears_by_whom_it_was_done(self, phone, other_phone, rosa, kind):
        makes, data, thing, more = self.SECOND[kind]
        number = applied(phone.act(makes, customer=str(rosa.id), **data))[thing]
        phone.act(kind, **{thing: number}, **more)
        told = other_phone.act(kind, **{thing: number}, **more)
        assert told["status"] == "conflict"
        assert told["reason"].endswith(".")
        by = {"already": True, "by": "Sam", "at": "2026-11-24T08:12:00+00:00"}
        assert {**by, **told["result"]} == told["result"]

    def test_to_keep_what_was_closed_hears_so_and_has_something_left(self, phone, other_phone, rosa):
        promise = applied(phone.act("promise.create", customer=str(rosa.id), text="Call"))["promise"]
        applied(phone.act("promise.close", promise=promise, reason="Found one"))
        told = other_phone.act("promise.keep", promise=promise)
        assert told["result"] == {"state": "closed", "by": "Sam", "at": "2026-11-24T08:12:00+00:00"}

    def test_with_an_answer_to_keep_has_something_left(self, phone, other_phone, rosa):
        question = applied(phone.act("question.create", customer=str(rosa.id), text="Did it work?"))["question"]
        applied(phone.act("question.answer", question=question, outcome="said"))
        told = other_phone.act("question.answer", question=question, outcome="said", answer="Only once.")
        assert (told["status"], told["result"]["already"]) == ("conflict", False)

    UNDONE = {
        "visit": ("visit.create", {}),
        "note": ("note.create", {"text": "Tall"}),
        "promise": ("promise.create", {"text": "Call"}),
        "question": ("question.create", {"text": "Did it work?"}),
        "step": ("step.create", {"text": "Rang"}),
        "issue": ("issue.open", {"text": "Cuts out"}),
        "mistake": ("mistake.record", {"text": "Lost it"}),
        "referral": ("referral.create", {"name": "Kris", "need": "A doctor", "to": "Dr B."}),
        "appointment": ("appointment.create", {"starts_at": "2026-11-26T10:00"}),
    }

    @pytest.mark.parametrize("thing", UNDONE)
    def test_to_undo_something_undone_has_nothing_left_to_do(self, phone, rosa, thing):
        makes, data = self.UNDONE[thing]
        made = str(uuid4())
        applied(phone.act(makes, key=made, customer=str(rosa.id), **data))
        applied(phone.act(f"{thing}.undo", **{thing: made}))
        told = phone.act(f"{thing}.undo", **{thing: made})
        assert (told["status"], told["result"]) == ("conflict", {"already": True})
        assert told["reason"].endswith(".")


@pytest.mark.one_engine
class TestAVisitOfTwo:
    def test_has_the_time_of_whoever_is_left(self, phone, other_phone, rosa):
        applied(phone.act("visit.create", customer=str(rosa.id)))
        early = str(uuid4())
        applied(other_phone.act("visit.create", key=early, at=TUESDAY - timedelta(minutes=7), customer=str(rosa.id)))
        assert rosa.visits.get().at == TUESDAY - timedelta(minutes=7)
        applied(other_phone.act("visit.undo", visit=early))
        assert (rosa.visits.get().at, rosa.visits.get().seen_by) == (TUESDAY, ["Sam"])

    def test_named_by_the_act_of_one_loses_that_ones_sight_and_no_other(self, phone, other_phone, rosa):
        sams, anas = str(uuid4()), str(uuid4())
        applied(phone.act("visit.create", key=sams, customer=str(rosa.id)))
        applied(other_phone.act("visit.create", key=anas, customer=str(rosa.id)))
        applied(other_phone.act("visit.undo", visit=sams))
        assert rosa.visits.get().seen_by == ["Ana"]
        assert phone.act("visit.undo", visit=sams)["result"] == {"already": True}
        assert rosa.visits.get().seen_by == ["Ana"]


@pytest.mark.one_engine
class TestWhatAPhoneMade:
    """Things are named by the acts that made them, by other phones as well, before anybody knows a number."""

    @pytest.mark.parametrize(
        ("makes", "data", "then"),
        [
            ("customer.create", {"name": "Red scarf", "here": True}, [
                ("visit.undo", "visit", {}), ("visit.create", "customer", {}), ("note.create", "customer", {"text": "Tall"}),
                ("usual.set", "customer", {"text": "Tea"}), ("promise.create", "customer", {"text": "Call"}),
                ("question.create", "customer", {"text": "Fine?"}), ("issue.open", "customer", {"text": "Cold tea"}),
                ("mistake.record", "customer", {"text": "Lost"}), ("step.create", "customer", {"text": "Rang"}),
                ("referral.create", "customer", {"need": "A doctor", "to": "Dr B."}),
                ("customer.tag", "customer", {"tag": "dogs"}),
                ("contact.add", "customer", {"kind": "email", "address": "a@example.org"}),
                ("appointment.create", "customer", {"starts_at": "2026-11-26T10:00"}),
                ("customer.name", "customer", {"name": "Rosa"}), ("customer.state", "customer", {"state": "moved"}),
            ]),
            ("visit.create", {"customer": "ROSA"}, [("visit.greet", "visit", {}), ("visit.undo", "visit", {})]),
            ("note.create", {"customer": "ROSA", "text": "No nuts", "safety": True}, [
                ("note.seen", "note", {}), ("note.edit", "note", {"text": "No sesame", "base": "No nuts"}),
            ]),
            ("promise.create", {"customer": "ROSA", "text": "Call"}, [
                ("promise.keep", "promise", {}), ("promise.reopen", "promise", {}), ("promise.confirm", "promise", {}),
                ("promise.reopen", "promise", {}), ("promise.close", "promise", {"reason": "Found one"}),
            ]),
            ("question.create", {"customer": "ROSA", "text": "Fine?"}, [
                ("question.answer", "question", {"outcome": "skipped"}), ("question.keep", "question", {}),
                ("question.drop", "question", {}),
            ]),
            ("issue.open", {"customer": "ROSA", "text": "Tea"}, [("issue.solve", "issue", {}), ("issue.reopen", "issue", {})]),
            ("mistake.record", {"customer": "ROSA", "text": "Lost"}, [
                ("mistake.acknowledge", "mistake", {"said_sorry": True}), ("mistake.make_good", "mistake", {"text": "Tea"}),
                ("mistake.reopen", "mistake", {}),
            ]),
            ("referral.create", {"name": "Kris", "need": "A doctor", "to": "Dr B."}, [
                ("referral.answer", "referral", {"outcome": "reached"}), ("referral.reopen", "referral", {}),
                ("referral.create", "previous", {"name": "Kris", "need": "A doctor", "to": "Dr C."}),
                ("referral.forget", "referral", {}),
            ]),
            ("appointment.create", {"customer": "ROSA", "starts_at": "2026-11-26T10:00"}, [
                ("appointment.move", "appointment", {"starts_at": "2026-11-26T11:00"}),
                ("appointment.confirm", "appointment", {}), ("appointment.cancel", "appointment", {}),
                ("appointment.restore", "appointment", {}),
            ]),
            ("day.out", {"text": "rye"}, [("day.over", "word", {})]),
            ("shift.hand_over", {"text": "Oven two runs hot."}, [("shift.seen", "hand_over", {})]),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )  # fmt: skip
    def test_is_known_to_every_phone_by_that_acts_id(self, phone, other_phone, rosa, makes, data, then):
        key = str(uuid4())
        data = {name: str(rosa.id) if value == "ROSA" else value for name, value in data.items()}
        made = {"id": key, "type": makes, "at": TUESDAY.isoformat(), "data": data}
        first, *rest = [
            {"id": str(uuid4()), "type": kind, "at": TUESDAY.isoformat(), "data": {name: key, **more}}
            for kind, name, more in then
        ]
        answers = phone.acts([made, first]) + other_phone.acts(rest)
        assert [answer["status"] for answer in answers] == ["applied"] * (1 + len(then)), answers

    @pytest.mark.parametrize("thing", TestWhoeverIsSecond.UNDONE)
    def test_is_taken_back_by_it_in_the_same_batch(self, phone, rosa, thing):
        makes, data = TestWhoeverIsSecond.UNDONE[thing]
        key = str(uuid4())
        answers = phone.acts(
            [
                {"id": key, "type": makes, "data": {"customer": str(rosa.id), **data}},
                {"id": str(uuid4()), "type": f"{thing}.undo", "data": {thing: key}},
            ]
        )
        assert [answer["status"] for answer in answers] == ["applied", "applied"]


@pytest.mark.one_engine
class TestAConflict:
    @pytest.fixture
    def refused(self, phone, other_phone, rosa):
        """Return a promise that Sam kept, and the id under which Ana was told so."""
        promise, key = applied(phone.act("promise.create", customer=str(rosa.id), text="Call"))["promise"], str(uuid4())
        applied(phone.act("promise.keep", promise=promise))
        assert other_phone.act("promise.keep", key=key, promise=promise)["status"] == "conflict"
        return promise, key

    def test_that_a_phone_was_told_of_is_not_done_behind_its_back(self, phone, other_phone, refused):
        promise, key = refused
        applied(phone.act("promise.reopen", promise=promise))
        late = other_phone.act("promise.keep", key=key, promise=promise)
        assert (late["status"], Promise.get().state) == ("conflict", "open")
        assert "do it once more" in late["reason"]
        applied(other_phone.act("promise.keep", promise=promise))

    def test_leaves_no_word_behind_and_no_change_to_see(self, refused, shop):
        _promise, key = refused
        kept = Action.get(Action.key == key)
        assert (kept.result, kept.shop_id, kept.customer_id, kept.revision) == (actions.REFUSED, None, None, 0)

    def test_may_be_mended_under_its_id_as_anything_that_was_refused(self, phone, other_phone, refused, rosa):
        _promise, key = refused
        another = applied(phone.act("promise.create", customer=str(rosa.id), text="Write"))["promise"]
        applied(other_phone.act("promise.keep", key=key, promise=another))
        assert other_phone.act("promise.keep", key=key, promise=another)["status"] == "duplicate"

    def test_that_a_form_met_may_go_away(self, phone, other_phone, rosa):
        promise, key = applied(phone.act("promise.create", customer=str(rosa.id), text="Call"))["promise"], str(uuid4())
        applied(phone.act("promise.keep", promise=promise))
        assert other_phone.post(f"/promises/{promise}/keep", {"action": key}).status_code == 409
        applied(phone.act("promise.reopen", promise=promise))
        assert other_phone.post(f"/promises/{promise}/keep", {"action": key}).status_code == 303


@pytest.mark.one_engine
class TestARepeat:
    def test_never_does_again_what_was_taken_back_since(self, phone, rosa):
        acts = [
            {"id": str(uuid4()), "type": kind, "at": TUESDAY.isoformat(), "data": {"customer": str(rosa.id), **more}}
            for kind, more in (
                ("visit.create", {}),
                ("note.create", {"text": "Tall"}),
                ("promise.create", {"text": "Call"}),
            )
        ]
        first = phone.acts(acts)
        for one, thing in zip(first, ("visit", "note", "promise"), strict=True):
            applied(phone.act(f"{thing}.undo", **{thing: one["result"][thing]}))
        assert phone.acts(acts) == [{**one, "status": "duplicate"} for one in first]  # a phone restored from a back-up
        assert [table.select().count() for table in (Visit, Note, Promise)] == [0, 0, 0]

    def test_of_an_act_from_before_an_update_is_known_by_what_was_kept_of_it_then(self, phone, rosa, shop, sam):
        key, data = str(uuid4()), {"customer": str(rosa.id), "private": False, "text": "Tall"}
        digest = hashlib.sha256(
            json.dumps(["note.create", data, shop.business_id], sort_keys=True).encode()
        ).hexdigest()
        Action.create(key=key, digest=digest, result={"note": "5"}, done_at=TUESDAY, shop=shop, staff_id=sam.id)
        assert phone.act("note.create", key=key, **data)["status"] == "duplicate"
        assert phone.act("note.create", key=key, **{**data, "text": "Small"})["status"] == "rejected"

    def test_in_another_shop_than_it_was_done_in_is_the_same_unless_it_names_one(self, phone, rosa, shop, second):
        key = str(uuid4())
        first = applied(phone.act("visit.create", key=key, customer=str(rosa.id)))
        phone.post(f"/shops/{second.id}/enter")
        for data, status in (
            ({}, "duplicate"),
            ({"shop": str(shop.id)}, "duplicate"),
            ({"shop": str(second.id)}, "rejected"),
        ):
            again = phone.act("visit.create", key=key, customer=str(rosa.id), **data)
            assert again["status"] == status
            assert status == "rejected" or again["result"] == first

    def test_by_who_may_no_longer_is_a_repeat_all_the_same(self, phone, sam):
        Staff.update(role="manager").where(Staff.id == sam.id).execute()
        key, change = str(uuid4()), {"name": "rest_days", "value": 14}
        applied(phone.act("setting.change", key=key, **change))
        Staff.update(role="staff").where(Staff.id == sam.id).execute()
        assert phone.act("setting.change", key=key, **change)["status"] == "duplicate"
        assert phone.act("setting.change", **change)["status"] == "rejected"


@pytest.mark.one_engine
class TestAnAct:
    def test_in_any_shop_of_theirs_may_be_named(self, phone, rosa, second):
        applied(phone.act("note.create", customer=str(rosa.id), text="Tall", shop=str(second.id)))
        assert Note.get().shop_id == second.id
        assert phone.act("note.create", customer=str(rosa.id), text="Tall", shop="999999")["status"] == "rejected"

    def test_about_whom_somebody_is_now_goes_to_the_one_who_is_kept(self, phone, shop, rosa):
        twin = someone(shop, "Rosa M")
        merging.merge(rosa.id, twin.id)
        for kind, more in (
            ("visit.create", {}),
            ("note.create", {"text": "Tall"}),
            ("promise.create", {"text": "Call"}),
        ):
            applied(phone.act(kind, customer=str(twin.id), **more))
        assert (rosa.visits.count(), rosa.notes.count(), rosa.promises.count()) == (1, 1, 1)

    def test_about_somebody_who_is_gone_is_refused_in_words(self, phone, shop):
        gone = someone(shop, "Rosa M")
        Customer.delete().where(Customer.id == gone.id).execute()
        for kind, more in (("visit.create", {}), ("note.create", {"text": "Tall"})):
            answer = phone.act(kind, customer=str(gone.id), **more)
            assert answer["status"] == "rejected"
            assert "may have been removed" in answer["reason"]

    def test_after_they_had_died_is_refused_and_one_from_before_is_not(self, phone, other_phone, rosa, at):
        at(TUESDAY + timedelta(hours=1))
        applied(other_phone.act("customer.state", customer=str(rosa.id), state="died"))
        at(TUESDAY + timedelta(hours=3))
        assert phone.act("promise.create", customer=str(rosa.id), text="Call")["status"] == "rejected"
        applied(phone.act("promise.create", customer=str(rosa.id), text="Call", at=TUESDAY - timedelta(days=1)))

    def test_whose_customer_went_in_the_middle_of_it_is_tried_once_more(self, phone, rosa, monkeypatch):
        doer, tries = actions.DOERS["note.create"], []

        def interrupted(asked):
            tries.append(asked)
            if len(tries) == 1:
                raise IntegrityError("a foreign key leads nowhere")
            return doer(asked)

        monkeypatch.setitem(actions.DOERS, "note.create", interrupted)
        applied(phone.act("note.create", customer=str(rosa.id), text="Tall"))
        assert (len(tries), Note.select().count()) == (2, 1)


@pytest.mark.one_engine
class TestAnOldAct:
    def visit(self, rosa, at):
        return {"id": str(uuid4()), "type": "visit.create", "at": at.isoformat(), "data": {"customer": str(rosa.id)}}

    def test_of_more_than_three_days_is_taken_as_now_and_both_times_are_kept(self, phone, other_phone, rosa, shop):
        four = TUESDAY - timedelta(days=4)
        phone.acts([self.visit(rosa, four)])
        other_phone.acts([self.visit(rosa, four)])
        visit, seen = Visit.get(), Witness.get()
        assert (visit.at, visit.day, visit.tapped_at) == (TUESDAY, shop.today(), four)
        assert (seen.at, seen.tapped_at) == (TUESDAY, four)

    @pytest.mark.parametrize("off", [0, -40, 200], ids=lambda days: f"a clock {days} days off")
    def test_is_answered_as_before_for_ninety_days_and_after_that_never_done_blindly(self, phone, rosa, at, off):
        off = timedelta(days=off)
        act = self.visit(rosa, TUESDAY + off)
        assert phone.acts([act], TUESDAY + off)[0]["status"] == "applied"
        for days, status in ((89, "duplicate"), (90, "duplicate"), (91, "conflict"), (400, "conflict")):
            now = at(TUESDAY + timedelta(days=days))
            background.tick()
            answer = phone.acts([act], now + off)[0]
            assert answer["status"] == status, days
        assert "nobody can tell any more" in answer["reason"]
        assert "do it again" in answer["reason"]
        assert rosa.visits.count() == 1

    def test_is_refused_though_its_key_never_was(self, phone, rosa):
        assert phone.acts([self.visit(rosa, TUESDAY - timedelta(days=91))])[0]["status"] == "conflict"
        assert rosa.visits.count() == 0

    def test_is_vouched_for_by_its_key_as_long_as_that_is_there(self, phone, rosa, at):
        act = self.visit(rosa, TUESDAY)
        phone.acts([act])
        now = at(TUESDAY + audit_check.ACTS_KEPT + retention.SLACK)
        background.tick()
        assert phone.acts([act], now)[0]["status"] == "duplicate"

    def test_keys_go_in_parts_and_none_before_its_time(self, shop, monkeypatch):
        monkeypatch.setattr(retention, "KEYS_AT_ONCE", 2)
        oldest = TUESDAY - audit_check.ACTS_KEPT - retention.SLACK
        for n in range(7):
            done_at = oldest - timedelta(seconds=n)  # the first is as old as can be, and no older
            Action.create(key=str(n), digest="", result={}, done_at=done_at)
        assert retention.forget_keys(TUESDAY) == 6
        assert [action.key for action in Action.select()] == ["0"]


class TestAtTheSameMoment:
    """Two phones, eight rounds: what one reads the other is about to change."""

    def both(self, *sends):
        """Let several send at once, and return what each was answered."""
        gate, found = threading.Barrier(len(sends)), {}

        def send(place, phone, kind, data):
            gate.wait(30)
            found[place] = phone.act(kind, **data)

        threads = [threading.Thread(target=send, args=(place, *one)) for place, one in enumerate(sends)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(30)
        return [found[place] for place in range(len(sends))]

    def test_both_texts_of_a_note_are_kept(self, phone, other_phone, rosa):
        for n in range(8):
            note = applied(phone.act("note.create", customer=str(rosa.id), text=f"Round {n}"))["note"]
            edits = [(one, "note.edit", {"note": note, "text": f"{who} {n}", "base": f"Round {n}"})
                     for who, one in (("Sam", phone), ("Ana", other_phone))]  # fmt: skip
            told = [applied(answer) for answer in self.both(*edits)]
            assert sorted(one.text for one in Note.select() if one.text.endswith(f" {n}")) == [f"Ana {n}", f"Sam {n}"]
            assert sorted("kept_beside" in result for result in told) == [False, True]

    def test_nobody_stays_marked_whom_both_took_back(self, phone, other_phone, rosa):
        for _round in range(8):
            keys = [str(uuid4()), str(uuid4())]
            for one, key in zip((phone, other_phone), keys, strict=True):
                applied(one.act("visit.create", key=key, customer=str(rosa.id)))
            back = zip((phone, other_phone), ("visit.undo",) * 2, ({"visit": key} for key in keys), strict=True)
            assert [answer["status"] for answer in self.both(*back)] == ["applied", "applied"]
            assert rosa.visits.count() == 0
