"""Two customers who are one: everything moves, nothing is lost, and taking it back leaves every row as it was."""

import random
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from domain import export, importing, lines, merging
from models import (
    TABLES,
    WISHES,
    Action,
    Appointment,
    Audit,
    Belonging,
    Business,
    Calendar,
    CalendarEntry,
    CallTask,
    Consent,
    Contact,
    Customer,
    CustomField,
    DayList,
    ExtraStep,
    FieldValue,
    Household,
    Introduction,
    Issue,
    IssueTime,
    Merge,
    Message,
    Mistake,
    Note,
    NoteReading,
    Promise,
    PromptEnded,
    Question,
    Referral,
    SearchWord,
    Seen,
    Series,
    Tag,
    Tagged,
    Told,
    Usual,
    Visit,
    Witness,
)
from tests.conftest import TUESDAY, came, days_before, someone

TODAY = TUESDAY.date()


def pointing():
    """Return the names of the tables that point at a customer and are not made again by themselves."""
    return {field.model.__name__ for field in merging._pointing_at(Customer)} - {
        table.__name__ for table in merging.MADE_AGAIN
    }


class Makers:
    """One row of each table that points at a customer, with chance values that may clash between two people."""

    def __init__(self, rng, shop, staff, people):
        self.rng, self.shop, self.staff, self.people = rng, shop, staff, people

    def some(self, owner):
        day = TODAY - timedelta(days=self.rng.randrange(4))
        at = TUESDAY - timedelta(days=self.rng.randrange(4), minutes=self.rng.randrange(3))
        common = {"customer": owner, "shop": self.shop, "author": self.staff, "day": day, "at": at}
        return common, day, at

    def Visit(self, owner):
        _common, day, at = self.some(owner)
        if not Visit.select().where((Visit.customer == owner) & (Visit.at == at)).exists():
            visit = Visit.create(customer=owner, shop=self.shop, day=day, at=at, prompt={"id": "x"}, outcome="said")
            if self.rng.random() < 0.5:
                Witness.create(visit=visit, staff=self.staff, at=at, action=str(uuid4()))

    def Promise(self, owner):
        Promise.create(text="x", **self.some(owner)[0])

    def Told(self, owner):
        what = self.rng.choice((*WISHES, "name", "say_as", "call"))
        if not Told.select().where((Told.customer == owner) & (Told.what == what)).exists():
            Told.create(customer=owner, what=what, was="Red scarf", author=self.staff, day=TODAY)

    def ExtraStep(self, owner):
        ExtraStep.create(text="x", **self.some(owner)[0])

    def Issue(self, owner):
        common, day, at = self.some(owner)
        issue = Issue.create(text="x", **common)
        IssueTime.create(issue=issue, day=day, at=at)

    def Mistake(self, owner):
        Mistake.create(text="x", **self.some(owner)[0])

    def Referral(self, owner):
        last = Referral.select().order_by(Referral.id.desc()).first()
        Referral.create(name="Kris", to_whom="Dr C.", check_on=TODAY, previous=last, **self.some(owner)[0])

    def Introduction(self, owner):
        if not Introduction.select().where(Introduction.customer == owner).exists():
            by = self.rng.choice([one for one in self.people if one != owner])
            Introduction.create(customer=owner, by_customer=by, shop=self.shop, day=TODAY)

    def Belonging(self, owner):
        home = self.rng.choice(list(Household.select()))
        if not Belonging.select().where((Belonging.customer == owner) & (Belonging.household == home)).exists():
            Belonging.create(customer=owner, household=home, part=self.rng.choice(("", "owner")))

    def Tagged(self, owner):
        Tagged.insert(tag=Tag.get(), customer=owner, day=TODAY).on_conflict_ignore().execute()

    def FieldValue(self, owner):
        FieldValue.insert(
            field=CustomField.get(), customer=owner, text=self.rng.choice("ab"), day=TODAY
        ).on_conflict_ignore().execute()

    def Note(self, owner):
        note = Note.create(text="x", private=True, **self.some(owner)[0])
        NoteReading.create(note=note, staff=self.staff, at=TUESDAY)

    def Question(self, owner):
        Question.create(text="x", **self.some(owner)[0])

    def Seen(self, owner):
        Seen.insert(
            staff=self.staff, customer=owner, what="state", number=self.rng.randrange(2), at=TUESDAY
        ).on_conflict_ignore().execute()

    def Merge(self, owner):
        pass  # made by merging: see TestSeveral

    def Contact(self, owner):
        Contact.insert(
            customer=owner, kind="email", address="A@example.org", known=self.rng.choice("ab"), at=TUESDAY
        ).on_conflict_ignore().execute()

    def Consent(self, owner):
        Consent.insert(
            customer=owner, way=self.rng.choice(("email", "sms")), given=self.rng.random() < 0.5, at=TUESDAY
        ).on_conflict_ignore().execute()

    def Series(self, owner):
        Series.create(customer=owner, shop=self.shop, first=TODAY, minute=600, minutes=30, weekdays="1", at=TUESDAY)

    def Message(self, owner):
        Message.create(
            customer=owner, shop=self.shop, kind="test", way="email", message_id=str(uuid4()), at=TUESDAY,
            due_at=TUESDAY, deadline=TUESDAY, next_at=TUESDAY,
        )  # fmt: skip

    def CallTask(self, owner):
        CallTask.create(customer=owner, shop=self.shop, message=Message.select().first(), at=TUESDAY) if (
            not CallTask.select().exists()
        ) else None

    def CalendarEntry(self, owner):
        calendar = Calendar.get_or_create(shop=self.shop, kind="file", name="Theirs")[0]
        CalendarEntry.create(
            calendar=calendar, uid=str(uuid4()), starts_at=TUESDAY, ends_at=TUESDAY, customer=owner, at=TUESDAY
        )

    def Usual(self, owner):
        if not Usual.select().where((Usual.customer == owner) & (Usual.shop == self.shop)).exists():
            Usual.create(customer=owner, shop=self.shop, text=self.rng.choice("ab"), author=self.staff, day=TODAY)

    def Appointment(self, owner):
        Appointment.create(customer=owner, shop=self.shop, day=TODAY, starts_at=TUESDAY)

    def PromptEnded(self, owner):
        _common, day, at = self.some(owner)
        PromptEnded.insert(
            customer=owner, shop=self.shop, day=day, prompt={"id": "x"}, outcome="said", at=at
        ).on_conflict_ignore().execute()

    def Action(self, owner):
        Action.create(
            key=str(uuid4()), digest="", result={}, done_at=TUESDAY, shop=self.shop, customer=owner
        )  # fmt: skip


@pytest.fixture
def circles(shop):
    for kind, name in (("household", "Marchetti"), ("firm", "Bright Books")):
        Household.create(business=shop.business, kind=kind, name=name)
    Tag.create(business=shop.business, name="Reads the paper")
    CustomField.create(business=shop.business, name="Dogs", kind="dogs")


class TestAnyTwo:
    def test_every_table_that_points_at_a_customer_is_here(self):
        assert pointing() == {name for name in vars(Makers) if name[0].isupper()}

    @settings(
        max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
    )
    @given(seed=st.integers(0, 10**6))
    def test_come_apart_as_they_were(self, shop, sam, circles, seed):
        rng = random.Random(seed)
        people = [self.person(rng, shop, name) for name in ("Rosa", "Rosa M", "Sam")]
        makers = Makers(rng, shop, sam, people)
        for _row in range(rng.randrange(60)):
            getattr(makers, rng.choice(sorted(pointing())))(rng.choice(people[:2]))
        makers.Introduction(people[2])
        before, counts = list(export.lines(canonical=True)), self.counted()
        words = self.words()
        one, other = rng.sample(people[:2], 2)
        made = merging.merge(one.id, other.id)
        assert Customer.get_or_none(Customer.id == other.id) is None
        for field in merging._pointing_at(Customer):
            assert not field.model.select().where(field == other.id).exists(), field
        dropped = made.rows["dropped"]
        assert sum(counts.values()) - sum(self.counted().values()) == len(dropped) + 1 - 1, (
            "the journal for the customer"
        )
        merging.undo(made.id)
        assert list(export.lines(canonical=True)) == before
        assert self.words() == words
        assert Merge.select().count() == 0

    def person(self, rng, shop, name):
        state = rng.choice(("active", "active", "leave_alone", "moved", "died"))
        known = {
            "say_as": rng.choice(("", "ROH-za")), "call": rng.choice(("", "Mrs M")), "pronoun": rng.choice(("", "she")),
            "child": rng.choice((None, False, True)), "source_id": rng.choice((None, str(uuid4()))),
            "state": state, "state_since": None if state == "active" else TODAY,
        }  # fmt: skip
        return someone(shop, name, **known)

    def counted(self):
        return {
            table.__name__: table.select().count()
            for table in TABLES
            if table in export.TOLD and table not in (Customer, Audit)
        } | {"people": Customer.select().count()}

    def words(self):
        return sorted(SearchWord.select(SearchWord.customer, SearchWord.shop, SearchWord.word).tuples(), key=repr)


class TestTheOneKept:
    @pytest.fixture
    def two(self, shop, sam):
        rosa, again = someone(shop, "Rosa Marchetti"), someone(shop, "Rose", say_as="ROH-za", source_id="h9")
        came(rosa, shop, *days_before(TODAY, *range(1, 20)))
        came(again, shop, *days_before(TODAY, *range(20, 40)))
        Usual.create(customer=again, shop=shop, text="Cortado", author=sam, day=TODAY)
        return rosa, again

    def test_has_all_that_is_known_and_their_own_name(self, shop, two):
        rosa, again = two
        merging.merge(rosa.id, again.id)
        now = Customer.get_by_id(rosa.id)
        assert (now.name, now.say_as, now.source_id) == ("Rosa Marchetti", "ROH-za", "h9")
        assert now.visits.count() == 39
        assert now.usuals.get().text == "Cortado"

    @pytest.mark.parametrize("way", [(0, 1), (1, 0)], ids=["into the strict", "the strict into"])
    @pytest.mark.parametrize(
        ("states", "wins"),
        [
            (("active", "leave_alone"), "leave_alone"),
            (("died", "leave_alone"), "died"),
            (("moved", "leave_alone"), "leave_alone"),
            (("moved", "active"), "moved"),
            (("died", "moved"), "died"),
        ],
    )
    def test_has_the_stricter_state_in_both_directions(self, shop, two, way, states, wins):
        for one, state in zip(two, states, strict=True):
            Customer.update(state=state, state_since=None if state == "active" else TODAY).where(
                Customer.id == one.id
            ).execute()
        lines.lines(shop, TODAY, TUESDAY)
        kept = two[way[0]]
        made = merging.merge(kept.id, two[way[1]].id)
        now = Customer.get_by_id(kept.id)
        assert (now.state, now.state_since) == (wins, TODAY)
        assert kept.id not in {line.customer.id for line in lines.lines(shop, TODAY, TUESDAY)}
        merging.undo(made.id)
        assert [Customer.get_by_id(one.id).state for one in two] == list(states)

    @pytest.mark.parametrize("way", [(0, 1), (1, 0)])
    def test_keeps_the_wish_for_no_notes_in_both_directions(self, phone, two, sam, way):
        Told.create(customer=two[1], what="no_notes", author=sam, day=TODAY)
        kept = two[way[0]]
        merging.merge(kept.id, two[way[1]].id)
        assert phone.act("note.create", customer=str(kept.id), text="Left-handed")["status"] == "rejected"

    def test_is_found_by_what_they_have_and_stands_on_the_list_at_once(self, phone, shop, two):
        rosa, again = two
        phone.get("/today")
        made = merging.merge(rosa.id, again.id)
        assert f'href="/customers/{rosa.id}"' in phone.get("/find?q=cortado").text
        assert str(rosa.id) in phone.rows()
        assert str(again.id) not in phone.rows()
        assert DayList.get().stale, "what it means for everybody else is worked out in the background"
        merging.undo(made.id)
        assert "Rose" in phone.get("/find?q=cortado").text

    def test_is_meant_by_a_phone_that_still_has_the_other(self, phone, two):
        rosa, again = two
        merging.merge(rosa.id, again.id)
        for kind, data in (("note.create", {"text": "Left-handed"}), ("visit.create", {})):
            assert phone.act(kind, customer=str(again.id), **data)["status"] == "applied"
        assert (rosa.notes.count(), rosa.visits.count()) == (1, 40)
        assert phone.get(f"/customers/{again.id}").location == f"/customers/{rosa.id}"

    def test_is_meant_by_an_old_file(self, shop, two, tmp_path):
        rosa, again = two
        Customer.update(source_id="h1").where(Customer.id == rosa.id).execute()
        merging.merge(rosa.id, again.id)
        file = tmp_path / "old.csv"
        file.write_text("customer,at\nh9,2026-01-05T12:00\nh1,2026-01-06T12:00\n", encoding="utf-8")
        importing.import_visits(file, Business.get(), shop)
        assert rosa.visits.count() == 41
        assert Customer.select().count() == 2 - 1

    def test_keeps_what_was_written_since_when_it_is_taken_back(self, phone, two):
        rosa, again = two
        made = merging.merge(rosa.id, again.id)
        phone.act("note.create", customer=str(rosa.id), text="Left-handed")
        phone.act("customer.name", customer=str(rosa.id), say_as="RO-sa")
        merging.undo(made.id)
        assert [note.text for note in rosa.notes] == ["Left-handed"]
        assert Customer.get_by_id(rosa.id).say_as == "RO-sa"
        assert Customer.get_by_id(again.id).say_as == "ROH-za"
        assert again.visits.count() == 20


class TestRefusals:
    def test_are_told_in_a_sentence_and_change_nothing(self, shop, rosa):
        other = Business.create(name="Other", created_at=TUESDAY)
        stranger = Customer.create(business=other, name="Eve", created_at=TUESDAY)
        before = export.checksum()
        for one, two in ((rosa.id, rosa.id), (rosa.id, stranger.id), (rosa.id, 999_999), (999_999, rosa.id)):
            with pytest.raises(merging.NotMerged, match=r"\.$"):
                merging.merge(one, two)
        with pytest.raises(merging.NotMerged, match=r"\.$"):
            merging.undo(999_999)
        assert export.checksum() == before


class TestSeveral:
    def test_are_taken_back_last_first(self, shop):
        people = [someone(shop, name) for name in ("Rosa", "Rose", "Rosie")]
        for one in people:
            came(one, shop, TODAY - timedelta(days=one.id))
        before = export.checksum()
        first = merging.merge(people[1].id, people[2].id)
        second = merging.merge(people[0].id, people[1].id)
        assert Merge.into(people[2].id) == people[0].id
        with pytest.raises(merging.NotMerged, match="Take that back first"):
            merging.undo(first.id)
        merging.undo(second.id)
        merging.undo(first.id)
        assert export.checksum() == before

    def test_into_one_are_taken_back_last_first(self, shop):
        people = [someone(shop, name) for name in ("Rosa", "Rose", "Rosie")]
        before = export.checksum()
        first, second = (merging.merge(people[0].id, one.id) for one in people[1:])
        with pytest.raises(merging.NotMerged, match="Take that back first"):
            merging.undo(first.id)
        for made in (second, first):
            merging.undo(made.id)
        assert export.checksum() == before
