"""Appointments from another program's file: an honest count, nobody guessed, nothing twice, and all of it taken back."""

from datetime import UTC, datetime, timedelta

import pytest

import clock
from domain import contacts, importing_appointments, outbox
from domain.importing import Unreadable
from domain.importing_appointments import import_appointments
from domain.importing_undo import undo
from models import Appointment, Consent, Contact, Customer, Import, Message, ReminderRule
from sending import Ways, worded
from tests.conftest import someone

HEADER = "id,customer,name,phone,email,starts_at,ends_at,service,with,status\n"
GOOD = HEADER + (
    "1,c7,Rosa Marchetti,020 7946 0018,Rosa@example.org,2026-11-25T10:00,2026-11-25T10:45,cut,Nadia,booked\n"
    "2,c8,Kim Ng,,,2026-11-25T11:00+02:00,2026-11-25T12:00+02:00,,Omar,confirmed\n"
    "3,c7,Rosa Marchetti,,,2026-10-01T10:00,2026-10-01T10:45,cut,Nadia,no-show\n"
    "4,c7,Rosa Marchetti,,,2026-11-27T10:00,2026-11-27T10:45,cut,Nadia,cancelled\n"
)


@pytest.fixture
def take(shop, tmp_path):
    def take(text, **more):
        path = tmp_path / "a.csv"
        path.write_text(text, encoding="utf-8")
        return import_appointments(path, shop.business, shop, **more)

    return take


def counts(report):
    return report.total, report.added, report.updated, report.skipped, report.refused


def everything():
    return [list(table.select().order_by(table.id).dicts()) for table in (Customer, Contact, Appointment)]


class TestTakingIn:
    def test_keeps_each_as_it_was_agreed(self, shop, take):
        assert counts(take(GOOD)) == (4, 4, 0, 0, 0)
        found = {one.source_id: one for one in Appointment.select()}
        assert {n: (one.wall, one.state, one.customer.name) for n, one in found.items()} == {
            "1": ("2026-11-25T10:00", "booked", "Rosa Marchetti"),
            "2": ("2026-11-25T09:00", "booked", "Kim Ng"),
            "3": ("2026-10-01T10:00", "missed", "Rosa Marchetti"),
            "4": ("2026-11-27T10:00", "cancelled", "Rosa Marchetti"),
        }
        assert [one.slot for _n, one in sorted(found.items())] == ["nadia", "omar", None, None]
        assert (found["1"].service, found["1"].with_whom) == ("cut", "Nadia")
        assert {one.known for one in Contact.select()} == {"rosa@example.org", "+442079460018"}

    def test_a_refused_address_is_refused_of_whoever_comes_with_it(self, shop, take, rosa):
        Contact.create(customer=rosa, kind="email", address="k@example.org", known="k@example.org", at=clock.now())
        Consent.create(customer=rosa, way="email", given=False, how="import", at=clock.now())
        Customer.update(source_id="c1").execute()
        report = take(HEADER + "1,c8,Kim Ng,,K@example.org,2026-11-25T10:00,2026-11-25T11:00,,,\n")
        kim = Customer.get(Customer.name == "Kim Ng")
        assert contacts.reach(kim, "email", shop).code == "asked-not-to"
        undo(int(report.import_id or 0))
        assert (Consent.select().count(), Customer.select().count()) == (1, 1)

    def test_reminds_of_what_is_ahead(self, shop, take):
        ReminderRule.create(shop=shop, way="email", minutes_before=60)
        take(GOOD)
        assert sorted(one.due_at for one in Message.select()) == [
            datetime(2026, 11, 25, 8, tzinfo=UTC),
            datetime(2026, 11, 25, 9, tzinfo=UTC),
        ]

    def test_twice_adds_nothing_and_a_changed_line_changes(self, shop, take):
        take(GOOD)
        before = everything()
        assert counts(take(GOOD)) == (4, 0, 0, 4, 0)
        assert everything() == before
        moved = GOOD.replace("2026-11-25T10:00,2026-11-25T10:45", "2026-11-25T15:00,2026-11-25T15:45")
        assert counts(take(moved)) == (4, 0, 1, 3, 0)
        assert Appointment.get(Appointment.source_id == "1").sequence == 1

    def test_without_ids_it_is_the_person_and_the_time(self, shop, take):
        lines = "name,starts_at,minutes\nKim Ng,2026-11-25T10:00,20\n"
        take(lines)
        assert counts(take(lines)) == (1, 0, 0, 1, 0)
        assert Appointment.get().ends_at - Appointment.get().starts_at == timedelta(minutes=20)

    def test_only_looking_says_the_same_and_keeps_nothing(self, shop, take):
        before = everything()
        assert counts(take(GOOD, dry_run=True)) == (4, 4, 0, 0, 0)
        assert (everything(), Import.select().count()) == (before, 0)

    def test_their_own_names_of_columns(self, shop, take):
        report = take("Client,When\nKim,2026-11-25T10:00\n", mapping={"Client": "customer", "When": "starts_at"})
        assert report.added == 1

    def test_a_shop_that_is_new_is_added_and_told(self, shop, take):
        report = take("name,starts_at,shop\nKim,2026-11-25T10:00,Second Street\n")
        assert report.created_shops == ["Second Street"]
        assert Appointment.get().shop.name == "Second Street"

    def test_two_at_one_time_both_stand_and_that_is_told(self, shop, phone, rosa, take):
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-25T10:00")
        report = take("name,starts_at\nKim,2026-11-25T10:15\n")
        assert (report.added, [one["code"] for one in report.errors]) == (1, ["beside"])
        assert Appointment.select().count() == 2

    @pytest.mark.parametrize(
        ("wall", "instant"),
        [("2027-03-28T01:30", "2027-03-28T01:30:00+00:00"), ("2027-10-31T01:30", "2027-10-31T00:30:00+00:00")],
    )
    def test_a_time_that_is_not_there_or_comes_twice(self, shop, take, wall, instant):
        take(f"name,starts_at\nKim,{wall}\n")
        assert Appointment.get().starts_at == datetime.fromisoformat(instant)


class TestWhoseALineIs:
    def one(self, take, line):
        report = take(HEADER + line)
        return report, [one.customer.name for one in Appointment.select()]

    @pytest.mark.parametrize(
        "line",
        [
            "1,,Rosa Marchetti,,,2026-11-25T10:00,,,,",
            "1,,Somebody,,ROSA@example.org,2026-11-25T10:00,,,,",
            "1,c9,R. M.,,rosa@example.org,2026-11-25T10:00,,,,",
            "1,,,020 7946 0018,,2026-11-25T10:00,,,,",
        ],
        ids=["by name", "by mail", "by mail, with a code of theirs", "by number"],
    )
    def test_somebody_we_know_is_not_added_again(self, shop, rosa, take, line):
        for kind, known in (("email", "rosa@example.org"), ("phone", "+442079460018")):
            Contact.create(customer=rosa, kind=kind, address=known, known=known, at=clock.now())
        if ",,,020" in line:
            line = line.replace("1,,,020", "1,,x,020")
        report, names = self.one(take, line + "\n")
        assert (report.added, names, Customer.select().count()) == (1, ["Rosa Marchetti"], 1)

    def test_by_name_alone_only_who_has_no_other_code(self, shop, rosa, take):
        take(GOOD)
        assert Customer.select().count() == 2
        take(GOOD.replace("c7", "c70").replace("1,c70", "10,c70"))
        assert Customer.select().where(Customer.name == "Rosa Marchetti").count() == 2

    def test_the_same_code_is_one_person(self, shop, take):
        take(GOOD)
        assert Customer.select().count() == 2
        assert Customer.get(Customer.source_id == "c8").name == "Kim Ng"

    @pytest.mark.parametrize(
        "line", ["1,,Jo Lane,,,2026-11-25T10:00,,,,", "1,,J,,lane@example.org,2026-11-25T10:00,,,,"]
    )
    def test_of_several_nobody_is_guessed(self, shop, take, line):
        for _ in "ab":
            jo = someone(shop, "Jo Lane")
            Contact.create(customer=jo, kind="email", address="l", known="lane@example.org", at=clock.now())
        report, names = self.one(take, line + "\n")
        assert (counts(report), names) == ((1, 0, 0, 0, 1), [])
        assert report.errors[0]["code"] == "several"

    def test_nobody_who_died_is_booked(self, shop, rosa, take):
        Customer.update(state="died").execute()
        report, names = self.one(take, "1,,Rosa Marchetti,,,2026-11-25T10:00,,,,\n")
        assert (report.errors[0]["code"], names) == ("has_died", [])

    def test_an_address_that_is_none_is_told_and_loses_no_appointment(self, shop, take):
        report, names = self.one(take, "1,c7,Rosa,x,y,2026-11-25T10:00,,,,\n")
        assert (names, [one["code"] for one in report.errors]) == (["Rosa"], ["unfit_address"] * 2)
        assert Contact.select().count() == 0


class TestALineThatIsRefused:
    CASES = {
        ",,,,,2026-11-25T10:00,,,,": ("customer", "missing"),
        "1,c,n,,,soon,,,,": ("starts_at", "no_time"),
        "1,c,n,,,2026-11-25,,,,": ("starts_at", "no_hour"),
        "1,c,n,,,0001-01-01T00:00+14:00,,,,": ("starts_at", "out_of_range"),
        "1,c,n,,,1901-01-01T10:00,,,,": ("starts_at", "out_of_range"),
        "1,c,n,,,2201-01-01T10:00,,,,": ("starts_at", "out_of_range"),
        "1,c,n,,,2026-11-25T10:00,2026-11-25T09:00,,,": ("ends_at", "unfit"),
        "1,c,n,,,2026-11-25T10:00,2026-11-28T09:00,,,": ("ends_at", "unfit"),
        "1,c,n,,,2026-11-25T10:00,x,,,": ("ends_at", "no_time"),
        "1,c,n,,,2026-11-25T10:00,,,,maybe": ("status", "unknown"),
        "1,c," + "n" * 201 + ",,,2026-11-25T10:00,,,,": ("name", "unfit"),
        "1,c,n\x01,,,2026-11-25T10:00,,,,": ("name", "unfit"),
        "1": ("customer", "missing"),
    }

    @pytest.mark.parametrize("line", CASES)
    def test_names_its_line_column_and_reason_and_the_others_are_taken(self, shop, take, line):
        report = take(HEADER + line + "\n9,c,Kim,,,2026-11-26T10:00,,,,\n")
        (error,) = report.errors
        assert (error["line"], error["field"], error["code"]) == (2, *self.CASES[line])
        assert error["reason"].endswith(".")
        assert counts(report) == (2, 1, 0, 0, 1)

    @pytest.mark.parametrize("minutes", ["0", "-5", "x", "1441", "99999999999", "٣"])
    def test_minutes_that_are_none(self, shop, take, minutes):
        report = take(f"name,starts_at,minutes\nKim,2026-11-25T10:00,{minutes}\n")
        assert (report.refused, report.errors[0]["field"] in ("minutes", "ends_at")) == (1, True)

    @pytest.mark.parametrize("text", ["", "\x00", "who,when\n1,2\n", "name\nKim\n", '"'])
    def test_a_file_that_is_none_is_told_and_leaves_no_trace(self, shop, take, text):
        with pytest.raises(Unreadable):
            take(text)
        assert Import.select().count() == 0


class TestTakingBack:
    def test_leaves_everything_as_it_was(self, shop, phone, rosa, take):
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-28T10:00")
        before = everything()
        undo(int(take(GOOD).import_id or 0))
        assert everything() == before

    def test_puts_back_what_was_changed(self, shop, take):
        take(GOOD)
        moved = take(GOOD.replace("2026-11-25T10:00,2026-11-25T10:45", "2026-11-25T15:00,2026-11-25T15:45"))
        undo(int(moved.import_id or 0))
        one = Appointment.get(Appointment.source_id == "1")
        assert (one.wall, one.slot, one.state) == ("2026-11-25T10:00", "nadia", "booked")
        assert Appointment.select().count() == 4

    def test_keeps_whoever_came_meanwhile(self, shop, phone, take):
        report = take(GOOD)
        kim = Customer.get(Customer.name == "Kim Ng")
        phone.act("visit.create", customer=str(kim.id))
        undo(int(report.import_id or 0))
        assert Appointment.select().count() == 0
        assert [one.name for one in Customer.select()] == ["Kim Ng"]

    def test_takes_along_what_waits_to_be_sent(self, shop, take):
        ReminderRule.create(shop=shop, way="email", minutes_before=60)
        report = take(GOOD)
        assert Message.select().where(Message.state == "due").exists()
        undo(int(report.import_id or 0))
        assert Message.select().count() == 0

    def test_tells_whoever_was_told_that_it_is_cancelled(self, shop, take, at):
        ReminderRule.create(shop=shop, way="email", minutes_before=60)
        report = take(GOOD)
        ours = Appointment.get(Appointment.source_id == "1")
        told = {"state": "handed_over", "told": ours.wall, "address": "rosa@example.org", "handed_at": clock.now()}
        Message.update(**told).where(Message.appointment == ours.id).execute()
        undone = undo(int(report.import_id or 0))
        assert ([one.name for one in undone.stay], undone.cancelled) == (["Rosa Marchetti"], 1)
        word = Message.get(Message.kind == "change")
        assert (word.state, word.way, word.appointment.state) == ("due", "email", "cancelled")
        at(clock.now() + timedelta(minutes=1))
        claimed = outbox.claim("test", clock.now())
        assert claimed is not None
        subject, text = worded(claimed, Ways(public_url="", allowed=frozenset()))
        assert claimed.address == "Rosa@example.org", "where they are reached stays until they have heard"
        assert "cancelled" in subject + text

    def test_and_the_file_again_books_what_was_cancelled_so(self, shop, take):
        ReminderRule.create(shop=shop, way="email", minutes_before=60)
        report = take(GOOD)
        ours = Appointment.get(Appointment.source_id == "1")
        told = {"state": "delivered", "told": ours.wall, "handed_at": clock.now()}
        Message.update(**told).where(Message.appointment == ours.id).execute()
        undo(int(report.import_id or 0))
        take(GOOD)
        assert Appointment.get(Appointment.source_id == "1").state == "booked"
        assert not Message.select().where((Message.kind == "change") & (Message.state == "due")).exists()

    def test_twice_or_of_another_kind_is_told(self, shop, take):
        number = int(take(GOOD).import_id or 0)
        undo(number)
        visits = Import.create(business=shop.business, kind="visits", digest="", at=clock.now(), counts={})
        for wrong in (number, visits.id, 999):
            with pytest.raises(Unreadable):
                undo(wrong)

    def test_and_then_it_can_be_taken_in_again(self, shop, take):
        undo(int(take(GOOD).import_id or 0))
        assert take(GOOD).added == 4


def test_every_status_is_one_that_an_appointment_has():
    assert set(importing_appointments.STATUS.values()) == {"", "cancelled", "missed"}
