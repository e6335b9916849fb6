"""The day kept in memory: read as little as possible, and never other than what the database holds."""

import random
from dataclasses import fields
from datetime import timedelta
from threading import Event, Thread
from uuid import uuid4

import pytest

import clock
from domain import expected
from domain.actions import Act, perform
from domain.board import board
from domain.lines import line_for, lines, read
from models import Action, Appointment, Expected, Note, Shop, Usual, Visit, db
from tests.conftest import TUESDAY, came, counted_queries, days_before, someone

TODAY = TUESDAY.date()


def again(shop: Shop) -> Shop:
    """Return the shop as a new request reads it."""
    return Shop.get_by_id(shop.id)


def told(found) -> list:
    """Return lines as plain values, rows as their numbers."""
    plain = []
    for line in found:
        row = {
            f.name: getattr(line, f.name) for f in fields(line) if f.name not in ("kept", "variants", "worded", "came")
        }
        row["customer"] = (line.customer.id, line.customer.name, line.customer.call)
        row["visit"] = (line.visit.id, line.visit.at) if line.visit else None
        row["appointment"] = line.appointment.id if line.appointment else None
        plain.append(row)
    return sorted(plain, key=lambda row: row["customer"])


@pytest.fixture
def people(shop):
    """Eight who come often, two of them booked today."""
    people = [someone(shop, f"Guest {n}") for n in range(8)]
    for n, one in enumerate(people):
        came(one, shop, *days_before(TODAY, *range(1, 40, 1 + n % 3)), minute=480 + 20 * n)
    for one in people[:2]:
        Appointment.create(customer=one, shop=shop, day=TODAY, starts_at=TUESDAY + timedelta(minutes=40))
    expected.make_list(shop, TODAY)
    return people


class TestWhatIsKept:
    @pytest.mark.parametrize("seed", range(6))
    def test_is_what_the_database_holds_after_any_acts(self, shop, people, sam, ana, at, seed):
        chance = random.Random(seed)
        visits: list[str] = []
        now = TUESDAY
        for step in range(40):
            now = at(now + timedelta(minutes=chance.choice([0, 0, 1, 7, 45])))
            one, who = chance.choice(people), chance.choice([sam, ana])
            kind = chance.choice(["visit", "visit", "undo", "note", "usual", "name", "new", "said", "outside"])
            data: dict = {"customer": str(one.id)}
            if kind == "visit":
                type_ = "visit.create"
            elif kind == "undo":
                type_, data = "visit.undo", {"visit": chance.choice(visits) if visits else "1"}
            elif kind == "note":
                type_ = "note.create"
                data |= {"text": f"Note {step}", "moment": "list", "safety": chance.random() < 0.2}
            elif kind == "usual":
                type_ = "usual.set"
                data |= {"text": chance.choice(["", "Tea", "Flat white"])}
            elif kind == "name":
                type_ = "customer.name"
                data |= {"name": one.name, "call": f"Number {step}"}
            elif kind == "new":
                type_, data = "customer.create", {"name": f"New {step}", "here": True}
            elif kind == "said":
                type_ = "prompt.said"
                prompt = next((line.prompt for line in lines(shop, TODAY, now, who) if line.customer == one), None)
                data |= {"prompt": prompt["id"] if prompt else "nothing"}
            else:  # something that is no act
                Visit.create(customer=one, shop=shop, day=TODAY, at=now - timedelta(seconds=step))
                again(shop).changed()
                type_ = ""
            if type_:
                answer = perform(Act(f"00000000-0000-4000-8000-{seed:06d}{step:06d}", type_, now, data), who, shop)
                if answer.result and "visit" in answer.result:
                    visits.append(answer.result["visit"])
            fresh = again(shop)
            assert told(board(fresh, now).lines(fresh, now, who)) == told(lines(fresh, TODAY, now, who)), (step, kind)

    def test_costs_nothing_while_nothing_changes(self, shop, people):
        board(again(shop), clock.now())
        fresh = again(shop)
        with counted_queries() as seen:
            board(fresh, clock.now())
        assert seen == []

    def test_costs_one_query_after_an_act(self, shop, people, sam):
        board(again(shop), clock.now())
        perform(
            Act("00000000-0000-4000-8000-000000000001", "visit.create", TUESDAY, {"customer": people[3].id}), sam, shop
        )
        fresh = again(shop)
        with counted_queries() as seen:
            kept = board(fresh, clock.now())
        assert len(seen) == 1
        assert kept.by_customer[people[3].id].arrived

    def test_of_two_requests_that_overtake_each_other_the_later_act_is_shown_to_both(self, shop, people, sam):
        former, earlier = again(shop), TUESDAY - timedelta(milliseconds=40)
        board(former, TUESDAY)
        act = Act("00000000-0000-4000-8000-000000000001", "visit.create", TUESDAY, {"customer": people[3].id})
        perform(act, sam, shop)
        newest = board(again(shop), TUESDAY)
        with counted_queries() as seen:
            assert board(former, earlier) is newest
        assert len(seen) == 1, "whether the shop is that far"

    def test_is_read_once_for_all_who_ask_meanwhile(self, shop, people, monkeypatch):
        begun, twice, go, made = Event(), Event(), Event(), []

        def slow(*asked, **more):
            (twice if begun.is_set() else begun).set()
            assert go.wait(20)
            return read(*asked, **more)

        def ask() -> None:
            with db.obj.connection_context():
                made.append(board(fresh, TUESDAY))

        monkeypatch.setattr("domain.board.read", slow)
        fresh = again(shop)
        phones = [Thread(target=ask) for _ in range(3)]
        for phone in phones:
            phone.start()
        assert begun.wait(20)
        assert not twice.wait(0.3)
        go.set()
        for phone in phones:
            phone.join()
        assert len(made) == 3
        assert len({id(one) for one in made}) == 1

    def test_a_visit_told_for_later_comes_when_its_time_does(self, shop, people, at):
        came(people[5], shop, TODAY, minute=10 * 60)
        before = board(again(shop), clock.now()).by_customer.get(people[5].id)
        assert before is None or not before.arrived
        later = at(shop.at(TODAY, 10 * 60 + 1))
        assert board(again(shop), later).by_customer[people[5].id].arrived

    def test_the_next_day_is_another(self, shop, people, at):
        assert board(again(shop), clock.now()).day == TODAY
        tomorrow = at(TUESDAY + timedelta(days=1))
        assert board(again(shop), tomorrow).day == TODAY + timedelta(days=1)

    def test_lines_are_shared_by_those_who_ask_but_not_their_words(self, shop, people, sam, ana):
        facts = {"id": "not-met", "met": [sam.id], "by": ["Sam"], "dates": []}
        Expected.update(prompts=[facts]).where(Expected.customer == people[0].id).execute()
        shop.changed()
        kept = board(again(shop), clock.now())
        assert kept.asked == {people[0].id}
        mine = {line.customer.id: line.prompt for line in kept.lines(shop, TUESDAY, sam)}
        theirs = {line.customer.id: line.prompt for line in kept.lines(shop, TUESDAY, ana)}
        assert mine[people[0].id] is None
        assert (theirs[people[0].id] or {})["id"] == "not-met"
        assert kept.by_customer[people[0].id].prompt is None, "words for one are not left for the next"

    def test_words_true_of_one_colleague_alone_are_not_shown_to_another_after_the_tap(self, shop, people, sam, ana):
        facts = {"id": "not-met", "met": [sam.id], "by": ["Sam"], "dates": []}
        Expected.update(prompts=[facts]).where(Expected.customer == people[0].id).execute()
        shop.changed()
        perform(Act(str(uuid4()), "visit.create", clock.now(), {"customer": str(people[0].id)}), ana, again(shop))
        day = board(again(shop), clock.now())
        mine = next(line for line in day.lines(shop, TUESDAY, ana) if line.customer.id == people[0].id)
        theirs = next(line for line in day.lines(shop, TUESDAY, sam) if line.customer.id == people[0].id)
        assert (mine.prompt, mine.prompt_outcome) == (facts, "shown")
        assert (theirs.prompt, theirs.arrived) == (None, True)
        assert line_for(people[0], shop, TUESDAY, sam).prompt is None
        assert line_for(people[0], shop, TUESDAY, ana).prompt == facts


class TestTheRevision:
    def test_goes_up_with_every_act_by_the_database_itself(self, shop, people, sam):
        before = again(shop).revision
        for n in range(3):
            act = Act(
                f"00000000-0000-4000-8000-00000000010{n}",
                "note.create",
                TUESDAY,
                {"customer": people[0].id, "text": "x"},
            )
            assert perform(act, sam, shop).done
        acts = list(Action.select().order_by(Action.id))
        assert [act.revision for act in acts][-1] == again(shop).revision
        assert sum(act.step for act in acts) == again(shop).revision - before
        assert all(act.step > 0 for act in acts)

    def test_never_comes_again_though_an_older_copy_was_put_back(self, shop, people, sam):
        def act(n):
            data = {"customer": people[0].id, "text": "x"}
            asked = Act(f"00000000-0000-4000-8000-00000000040{n}", "note.create", TUESDAY, data)
            assert perform(asked, sam, shop).done
            return again(shop).revision

        act(0)
        kept = act(1)
        board(again(shop), TUESDAY)
        Action.delete().execute()  # as the older copy is
        Shop.update(revision=7).where(Shop.id == shop.id).execute()
        assert board(again(shop), TUESDAY).revision == 7
        assert act(2) >= kept

    def test_stays_when_an_act_is_refused(self, shop, people, sam):
        before = again(shop).revision
        act = Act(
            "00000000-0000-4000-8000-000000000200", "note.create", TUESDAY, {"customer": people[0].id, "text": ""}
        )
        assert not perform(act, sam, shop).done
        assert again(shop).revision == before

    def test_of_the_other_shops_goes_up_when_somebody_is_renamed(self, shop, people, sam):
        second = Shop.create(business=shop.business, name="Second Street", zone=shop.zone)
        act = Act(
            "00000000-0000-4000-8000-000000000300", "customer.name", TUESDAY, {"customer": people[0].id, "name": "Ada"}
        )
        assert perform(act, sam, shop).done
        assert again(second).revision > second.revision


def test_safety_and_usual_stand_on_the_line(shop, people, sam):
    Usual.create(customer=people[0], shop=shop, text="Tea", day=TODAY)
    Note.create(customer=people[0], shop=shop, text="No sesame", safety=True, day=TODAY, at=TUESDAY)
    again(shop).changed()
    line = board(again(shop), clock.now()).by_customer[people[0].id]
    assert (line.usual, line.safety) == ("Tea", ["No sesame"])
