"""What comes from a calendar: whose it is, what is booked by it, and that nothing is booked, moved or cancelled by guess."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import clock
from domain import calendar_entries, calendars, contacts
from domain.actions import DOERS
from domain.calendar_entries import Found, Superseded, take_in
from domain.calendar_matching import candidates, whose
from models import (
    Appointment,
    Belonging,
    Calendar,
    CalendarEntry,
    Consent,
    Contact,
    Customer,
    Household,
    Message,
    ReminderRule,
    Shop,
)
from outside.ics import Entry
from tests.conftest import TUESDAY, someone

TEN = datetime(2026, 11, 25, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def entry(summary="Rosa Marchetti", starts=TEN, lasts=HOUR, **more):
    said: Any = {"uid": "a-1@example.org", "sequence": 0} | more
    return Entry(starts_at=starts, ends_at=starts + lasts, summary=summary, **said)


@pytest.fixture
def chair(shop):
    return Calendar.create(
        shop=shop, kind="address", name="Chair 1", url="https://cal.example.org/1.ics", with_whom="Nadia"
    )


def read(calendar, *entries, whole=True):
    """Take a whole reading in, as the calendar stands in the database."""
    calendar = Calendar.get_by_id(calendar.id)
    return take_in(calendar, [Found(one) for one in entries], lambda row: whole)


def booked():
    return [
        (one.customer.name, one.starts_at, one.state) for one in Appointment.select().order_by(Appointment.starts_at)
    ]


def states():
    return [row.state for row in CalendarEntry.select().order_by(CalendarEntry.id)]


def reached(customer, kind, address):
    Contact.create(customer=customer, kind=kind, address=address, known=address, at=clock.now())


class TestWhose:
    CASES = {
        "the whole name": ("Rosa Marchetti", (), (), "Rosa Marchetti", True),
        "in other letters": ("ROSA  MARCHETTI", (), (), "Rosa Marchetti", True),
        "what to call her": ("Mrs M.", (), (), "Rosa Marchetti", True),
        "behind what it is for": ("Cut and colour: Rosa Marchetti (new)", (), (), "Rosa Marchetti", True),
        "with a dash": ("Rosa Marchetti - cut", (), (), "Rosa Marchetti", True),
        "in the middle of a sentence": ("call Rosa Marchetti about Friday", (), (), None, False),
        "half of a name": ("Rosa", (), (), None, False),
        "two who are called so": ("Jo Lane", (), (), "Jo Lane", False),
        "two people": ("Rosa Marchetti / Mr Okafor", (), (), None, False),
        "her mail": ("Cut", ("ROSA@example.org",), (), "Rosa Marchetti", True),
        "her number": ("Cut", (), ("020 7946 0018",), "Rosa Marchetti", True),
        "somebody else's mail": ("Cut", ("nobody@example.org",), (), None, False),
        "a mail that two have": ("Cut", ("lane@example.org",), (), None, False),
        "a mail that two have and a name": ("Jo Lane", ("lane@example.org",), (), None, False),
        "his name and her mail": ("Mr Okafor", ("rosa@example.org",), (), None, False),
        "nothing": ("Lunch", (), (), None, False),
        "no words": ("", (), (), None, False),
        "signs": (":;/", ("x",), ("1",), None, False),
    }

    @pytest.fixture
    def people(self, shop, rosa, okafor):
        Customer.update(call="Mrs M.").where(Customer.id == rosa.id).execute()
        rosa = Customer.get_by_id(rosa.id)
        rosa.call = "Mrs M."
        rosa.save()
        reached(rosa, "email", "rosa@example.org")
        reached(rosa, "phone", "+442079460018")
        for _ in "ab":
            reached(someone(shop, "Jo Lane"), "email", "lane@example.org")

    @pytest.mark.parametrize("case", CASES)
    def test_is_sure_only_of_one(self, shop, people, case):
        summary, emails, phones, name, sure = self.CASES[case]
        found = whose(shop, entry(summary, emails=emails, phones=phones))
        assert found.sure is sure
        if name is not None:
            assert found.customer
            assert found.customer.name == name

    def test_one_word_is_enough_where_nobody_else_has_it(self, shop):
        ana = someone(shop, "Ana")
        assert whose(shop, entry("Ana")) == calendars.calendar_matching.Whose(ana, True)
        someone(shop, "Ana Silva")
        assert not whose(shop, entry("Ana")).sure

    def test_a_childs_name_under_the_mail_of_whoever_brings_them_is_the_childs(self, shop, rosa):
        reached(rosa, "email", "rosa@example.org")
        leo = someone(shop, "Leo Marchetti", child=True)
        home = Household.create(business=shop.business, name="Marchetti")
        Belonging.create(household=home, customer=rosa, brings=True)
        Belonging.create(household=home, customer=leo)
        assert whose(shop, entry("Leo Marchetti", emails=("rosa@example.org",))).customer == leo
        unnamed = whose(shop, entry("Cut", emails=("rosa@example.org",)))
        assert (unnamed.customer, unnamed.sure) == (rosa, False), "it may be for him"
        assert candidates(shop, "Cut", rosa) == [rosa, leo]

    def test_another_businesss_people_are_nobody(self, shop, rosa):
        from models import Business

        other = Shop.create(business=Business.create(name="Others", created_at=clock.now()), name="Elsewhere")
        reached(rosa, "email", "rosa@example.org")
        found = whose(other, entry(emails=("rosa@example.org",)))
        assert found.customer is None
        assert candidates(other, "Rosa", None) == []


class TestTakingIn:
    def test_books_with_reminders_and_says_where_it_came_from(self, shop, rosa, chair):
        ReminderRule.create(shop=shop, way="email", minutes_before=60)
        taken = read(chair, entry())
        one = Appointment.get()
        assert (taken.total, taken.added, taken.updated, taken.skipped) == (1, 1, 0, 0)
        assert (one.wall, one.with_whom, one.slot, one.uid) == ("2026-11-25T10:00", "Nadia", "nadia", "a-1@example.org")
        assert Message.get().due_at == TEN - HOUR
        assert calendars.came_from([one.id]) == {one.id: "Chair 1"}

    def test_twice_adds_nothing(self, shop, rosa, chair):
        read(chair, entry())
        before = Shop.get_by_id(shop.id).revision
        taken = read(chair, entry())
        assert (taken.added, taken.updated, taken.skipped) == (0, 0, 1)
        assert len(booked()) == 1
        assert Shop.get_by_id(shop.id).revision == before, "no phone has anything new to fetch"

    def test_a_move_moves_and_asks_to_confirm_anew(self, shop, rosa, chair):
        read(chair, entry())
        Appointment.update(confirmed_at=clock.now(), confirmed_how="phone").execute()
        assert read(chair, entry(starts=TEN + HOUR)).updated == 1
        one = Appointment.get()
        assert (one.starts_at, one.sequence, one.confirmed_at) == (TEN + HOUR, 1, None)

    @pytest.mark.parametrize("how", ["cancelled", "gone"])
    def test_what_is_cancelled_or_gone_there_is_cancelled_here(self, shop, rosa, chair, how):
        read(chair, entry())
        read(chair, *([entry(status="cancelled")] if how == "cancelled" else []))
        assert booked() == [("Rosa Marchetti", TEN, "cancelled")]
        assert states() == ["gone"]
        assert read(chair).updated == 0, "once"

    def test_what_is_back_stands_again(self, shop, rosa, chair):
        read(chair, entry())
        read(chair)
        read(chair, entry(starts=TEN + HOUR))
        assert booked() == [("Rosa Marchetti", TEN + HOUR, "booked")]

    def test_a_reading_that_was_not_whole_takes_nothing_for_gone(self, shop, rosa, chair):
        read(chair, entry())
        read(chair, whole=False)
        assert booked() == [("Rosa Marchetti", TEN, "booked")]

    def test_what_is_over_is_not_gone(self, shop, rosa, chair, at):
        read(chair, entry())
        at(TEN + 2 * HOUR)
        read(chair)
        assert booked() == [("Rosa Marchetti", TEN, "booked")]

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"status": "cancelled"}, "cancelled"),
            ({"all_day": True}, "whole-day"),
            ({"lasts": timedelta(days=3)}, "whole-day"),
            ({"starts": TUESDAY - 3 * HOUR}, "past"),
            ({"summary": "Lunch"}, "whose"),
        ],
    )
    def test_what_is_no_appointment_is_passed_over_and_said(self, shop, rosa, chair, more, code):
        taken = read(chair, entry(**more))
        assert [one for one, _summary in taken.left] == [code]
        assert booked() == []

    def test_nobody_who_died_is_booked(self, shop, rosa, chair):
        Customer.update(state="died").execute()
        assert read(chair, entry()).left == [("has-died", "Rosa Marchetti")]
        assert booked() == []
        assert calendars.waiting(shop, clock.now()) == 0, "and nobody is asked"

    def test_an_erased_person_does_not_come_back(self, shop, rosa, chair):
        read(chair, entry())
        rosa.delete_instance(recursive=True)
        read(chair, entry(starts=TEN + HOUR))
        assert booked() == []

    def test_a_series_is_a_row_each_and_its_exceptions_are_theirs(self, shop, rosa, chair):
        days = [TEN + timedelta(weeks=n) for n in range(3)]
        series = [entry(starts=day, recurrence_id=f"{day:%Y%m%dT%H%M%SZ}") for day in days]
        read(chair, *series)
        assert [starts for _name, starts, _state in booked()] == days
        assert len({one.uid for one in Appointment.select()}) == 3
        read(chair, series[0], replace(series[1], starts_at=days[1] + HOUR, ends_at=days[1] + 2 * HOUR))
        assert [(starts, state) for _n, starts, state in booked()] == [
            (days[0], "booked"),
            (days[1] + HOUR, "booked"),
            (days[2], "cancelled"),
        ]

    def test_a_calendar_removed_and_added_anew_books_nothing_twice(self, shop, rosa, chair):
        days = [TEN + timedelta(weeks=n) for n in range(3)]
        series = [entry(starts=day, recurrence_id=f"{day:%Y%m%dT%H%M%SZ}") for day in days]
        read(chair, *series, entry(uid="b", starts=TEN + 2 * HOUR))
        Calendar.update(ended_at=clock.now()).execute()
        again = Calendar.create(shop=shop, kind="address", name="Chair 1", url=chair.url, with_whom="Nadia")
        read(again, *series, entry(uid="b", starts=TEN + 2 * HOUR))
        assert len(booked()) == 4
        read(again, *series[:2])
        assert [state for _n, _s, state in booked()] == ["booked", "cancelled", "booked", "cancelled"]

    def test_what_stands_in_two_calendars_is_one_and_stays_while_it_is_in_either(self, shop, rosa, chair):
        other = Calendar.create(shop=shop, kind="address", name="Desk", url="https://desk.example.org/")
        read(chair, entry())
        read(other, entry())
        assert len(booked()) == 1
        read(chair)
        assert booked() == [("Rosa Marchetti", TEN, "booked")]
        read(other)
        assert booked() == [("Rosa Marchetti", TEN, "cancelled")]

    def test_one_booked_here_and_there_is_one(self, phone, shop, rosa, chair):
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-25T10:00", **{"with": "Nadia"})
        read(chair, entry())
        assert len(booked()) == 1

    def test_our_own_feed_read_again_adds_nothing(self, phone, shop, rosa, chair):
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-25T10:00")
        one = Appointment.get()
        taken = read(chair, entry("Booked", uid=one.uid, starts=TEN + 3 * HOUR))
        assert (taken.added, taken.updated) == (0, 0)
        assert booked() == [("Rosa Marchetti", TEN, "booked")], "and moves nothing of ours"

    def test_a_name_of_another_businesss_appointment_is_no_claim_to_it(self, shop, rosa, chair):
        from models import Business

        other = Shop.create(business=Business.create(name="Others", created_at=clock.now()), name="Elsewhere")
        theirs = Customer.create(business=other.business, name="Not ours", created_at=clock.now())
        Appointment.create(customer=theirs, shop=other, day=TEN.date(), starts_at=TEN, uid="a-1@example.org")
        read(chair, entry())
        read(chair)
        assert booked() == [("Not ours", TEN, "booked"), ("Rosa Marchetti", TEN, "cancelled")]

    def test_an_older_reading_changes_nothing(self, shop, rosa, chair):
        older = Calendar.get_by_id(chair.id)
        Calendar.update(token="newer").execute()
        with pytest.raises(Superseded):
            take_in(older, [Found(entry())], lambda row: True)
        assert booked() == []

    def test_more_than_is_taken_in_is_left_and_nothing_of_it_taken_for_gone(self, shop, rosa, chair):
        many = [entry(uid=f"{n}", starts=TEN + n * HOUR) for n in range(4)]
        read(chair, *many)
        taken = take_in(Calendar.get_by_id(chair.id), [Found(one) for one in many], lambda row: True, at_most=2)
        assert [code for code, _summary in taken.left] == ["too-many-entries"] * 2
        assert {state for _n, _s, state in booked()} == {"booked"}


class TestAClash:
    @pytest.fixture
    def ours(self, phone, shop, okafor):
        phone.act("appointment.create", customer=str(okafor.id), starts_at="2026-11-25T10:30", **{"with": "Nadia"})

    def test_is_told_and_nothing_of_ours_is_changed(self, ours, shop, rosa, chair):
        read(chair, entry())
        assert booked() == [("Rosa Marchetti", TEN, "booked"), ("Mr Okafor", TEN + HOUR / 2, "booked")]
        assert [one.other and one.other.customer.name for one in calendars.clashes(shop, clock.now())] == ["Mr Okafor"]

    def test_ends_by_itself_when_one_of_them_goes(self, ours, phone, shop, rosa, chair):
        read(chair, entry())
        number = Appointment.get(Appointment.slot == "nadia").id
        phone.act("appointment.move", appointment=str(number), starts_at="2026-11-25T15:00")
        read(chair, entry())
        assert calendars.clashes(shop, clock.now()) == []
        assert Appointment.select().where(Appointment.slot == "nadia").count() == 2

    def test_two_at_one_time_of_one_calendar_are_its_own_doing(self, shop, rosa, okafor, chair):
        read(chair, entry(), entry("Mr Okafor", uid="b"))
        assert len(booked()) == 2
        assert calendars.clashes(shop, clock.now()) == []

    def test_what_was_moved_here_and_there_waits_for_somebody(self, phone, desk, shop, rosa, chair):
        read(chair, entry())
        number = str(Appointment.get().id)
        phone.act("appointment.move", appointment=number, starts_at="2026-11-25T12:00")
        read(chair, entry(starts=TEN + HOUR))
        assert booked() == [("Rosa Marchetti", TEN + 2 * HOUR, "booked")]
        (one,) = calendars.clashes(shop, clock.now())
        settled = phone.act("calendar.settle", entry=str(one.entry.id), how="theirs")
        assert booked() == [("Rosa Marchetti", TEN + HOUR, "booked")]
        back = settled["result"]["was"]["starts_at"]
        assert phone.act("calendar.unsettle", entry=str(one.entry.id), starts_at=back)["status"] == "applied"
        assert booked() == [("Rosa Marchetti", TEN + 2 * HOUR, "booked")]
        assert len(calendars.clashes(shop, clock.now())) == 1

    def test_what_was_moved_here_and_is_gone_there_stands_and_is_told(self, phone, shop, rosa, chair):
        read(chair, entry())
        phone.act("appointment.move", appointment=str(Appointment.get().id), starts_at="2026-11-25T12:00")
        assert [row.state for row in calendars.left_to_do(shop, clock.now())] == ["matched"], "their calendar is behind"
        read(chair)
        assert booked() == [("Rosa Marchetti", TEN + 2 * HOUR, "booked")]
        assert [row.state for row in calendars.left_to_do(shop, clock.now())] == ["gone"]


class TestTheQuestion:
    def asked(self, shop):
        return calendars.questions(shop, clock.now())

    @pytest.fixture
    def series(self):
        days = [TEN + timedelta(weeks=n) for n in range(3)]
        return [entry("Rosa", starts=day, recurrence_id=f"{day:%Y%m%dT%H%M%SZ}") for day in days]

    def test_is_asked_once_a_series_and_holds_for_what_follows(self, phone, shop, rosa, chair, series):
        someone(shop, "Rosa Lane")
        read(chair, *series[:2])
        (one,) = self.asked(shop)
        assert {who.name for who in one.candidates} == {"Rosa Marchetti", "Rosa Lane"}
        assert one.more == 1
        phone.act("calendar.whose", entry=str(one.entry.id), customer=str(rosa.id))
        assert len(booked()) == 2
        read(chair, *series)
        assert [name for name, _s, _state in booked()] == ["Rosa Marchetti"] * 3
        assert self.asked(shop) == []

    def test_nobodys_is_left_out_for_good(self, phone, shop, rosa, chair, series):
        read(chair, *series[:2])
        number = str(self.asked(shop)[0].entry.id)
        phone.act("calendar.whose", entry=number, nobody=True)
        taken = read(chair, *series)
        assert {code for code, _s in taken.left} == {"left-out"}
        assert (booked(), self.asked(shop)) == ([], [])
        phone.act("calendar.ask_again", entry=number)
        assert len(self.asked(shop)) == 1

    def test_somebody_new_is_added_and_goes_again_with_the_answer(self, phone, shop, chair):
        read(chair, entry("Kim Ng"))
        number = str(self.asked(shop)[0].entry.id)
        result = phone.act("calendar.whose", entry=number, name="Kim Ng")["result"]
        assert booked() == [("Kim Ng", TEN, "booked")]
        phone.act("calendar.ask_again", entry=number, made=result["made"])
        assert (booked(), Customer.select().count(), len(self.asked(shop))) == ([], 0, 1)

    def test_somebody_new_is_reached_where_the_entry_says(self, phone, shop, chair, rosa):
        """As when a colleague writes it down: and a refusal there stands, whoever is written down with the address."""
        reached(rosa, "email", "kim@example.org")
        Consent.create(customer=rosa, way="email", given=False, how="import", at=TUESDAY)
        Belonging.create(household=Household.create(business=shop.business, name="M"), customer=rosa, brings=True)
        read(chair, entry("Kim Ng", emails=("Kim@example.org",), phones=("020 7946 0018", "020 7946 0019")))
        (one,) = self.asked(shop)
        assert one.addresses == ["Kim@example.org", "020 7946 0018", "020 7946 0019"]
        result = phone.act("calendar.whose", entry=str(one.entry.id), name="Kim Ng")["result"]
        kim = Customer.get_by_id(result["made"])
        assert [(c.kind, c.address, c.author.name) for c in kim.contacts] == [("email", "Kim@example.org", "Sam")]
        assert contacts.reach(kim, "email", shop).code == "asked-not-to"
        phone.act("calendar.ask_again", entry=str(one.entry.id), made=result["made"])
        assert not Customer.select().where(Customer.id == kim.id).exists()
        phone.act("calendar.whose", entry=str(one.entry.id), nobody=True)
        assert CalendarEntry.get().reached == "", "of nobody's nothing is kept"

    def test_what_waited_to_be_sent_goes_with_the_answer(self, phone, shop, chair):
        read(chair, entry("Kim Ng"))
        number = str(self.asked(shop)[0].entry.id)
        ReminderRule.create(shop=shop, way="email", minutes_before=60)
        result = phone.act("calendar.whose", entry=number, name="Kim Ng")["result"]
        assert Message.select().count() == 1
        phone.act("calendar.ask_again", entry=number, made=result["made"])
        assert (Message.select().count(), Customer.select().count()) == (0, 0)

    def test_somebody_new_who_is_known_by_more_since_stays(self, phone, shop, chair):
        read(chair, entry("Kim Ng"))
        number = str(self.asked(shop)[0].entry.id)
        result = phone.act("calendar.whose", entry=number, name="Kim Ng")["result"]
        phone.act("visit.create", customer=result["customer"])
        phone.act("calendar.ask_again", entry=number, made=result["made"])
        assert Customer.get().name == "Kim Ng"

    def test_a_second_answer_is_told(self, phone, other_phone, shop, rosa, chair):
        read(chair, entry("Rosa"))
        number = str(self.asked(shop)[0].entry.id)
        assert phone.act("calendar.whose", entry=number, customer=str(rosa.id))["status"] == "applied"
        assert other_phone.act("calendar.whose", entry=number, nobody=True)["status"] == "conflict"

    def test_whom_it_might_have_been_is_no_answer(self, shop, rosa, chair):
        reached(rosa, "email", "rosa@example.org")
        unsure = entry("Mr Okafor", emails=("rosa@example.org",))
        someone(shop, "Mr Okafor")
        read(chair, unsure)
        read(chair)
        read(chair, unsure)
        assert (booked(), states()) == ([], ["unsure"])

    def test_of_a_removed_calendar_is_asked_no_more(self, desk, shop, chair):
        read(chair, entry("Lunch"))
        desk.act("calendar.remove", calendar=str(chair.id))
        assert (calendars.waiting(shop, clock.now()), self.asked(shop)) == (0, [])
        desk.act("calendar.restore", calendar=str(chair.id))
        assert calendars.waiting(shop, clock.now()) == 1

    def test_of_what_is_over_is_asked_no_more(self, shop, chair, at):
        read(chair, entry("Lunch"))
        at(TEN + 2 * HOUR)
        assert calendars.waiting(shop, clock.now()) == 0


class TestAddingOne:
    def add(self, phone, **more):
        return phone.act("calendar.add", **({"kind": "address", "url": "https://cal.example.org/1.ics"} | more))

    def test_keeps_what_was_typed_and_no_act_keeps_the_password(self, desk, shop):
        answer = self.add(desk, account="desk", password="pear tree", name="Chair 1", **{"with": "Nadia"})
        one = Calendar.get_by_id(answer["result"]["calendar"])
        assert (one.name, one.password, one.with_whom) == ("Chair 1", "pear tree", "Nadia")
        from domain.export import lines
        from models import Action

        assert "pear tree" not in "".join(lines()) + repr(list(Action.select().dicts()))

    def test_is_called_as_its_server_where_nobody_says(self, desk, shop):
        self.add(desk, url="webcal://cal.example.org/1.ics")
        assert (Calendar.get().name, Calendar.get().url) == ("cal.example.org", "https://cal.example.org/1.ics")

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "cal",
            "ftp://x.example",
            "https://",
            "https://a b",
            "https://u:p@x.example/",
            "http://[",
            "http://x.example:99999/",
            7,
            None,
        ],
    )
    def test_what_is_no_address_is_refused_in_words(self, desk, shop, url):
        assert self.add(desk, url=url)["status"] == "rejected"
        assert Calendar.select().count() == 0

    def test_twice_is_told(self, desk, shop):
        self.add(desk)
        assert self.add(desk)["status"] == "conflict"

    def test_is_the_owners(self, phone, shop):
        assert self.add(phone)["status"] == "rejected"

    def test_the_password_stays_where_none_is_typed_and_goes_to_no_other_server(self, desk, shop):
        number = self.add(desk, account="desk", password="pear")["result"]["calendar"]
        desk.act("calendar.change", calendar=number, url="https://cal.example.org/2.ics", account="desk")
        assert Calendar.get().password == "pear"
        desk.act("calendar.change", calendar=number, url="https://other.example.org/2.ics", account="desk")
        assert (Calendar.get().password, Calendar.get().account) == ("", "")

    def test_a_removed_ones_password_is_forgotten_after_a_day(self, desk, shop, at):
        number = self.add(desk, password="pear")["result"]["calendar"]
        desk.act("calendar.remove", calendar=number)
        calendars.forget_secrets(clock.now())
        assert Calendar.get().password == "pear"
        at(TUESDAY + timedelta(hours=25))
        calendars.forget_secrets(clock.now())
        assert Calendar.get().password == ""


class TestOfTwoWhoRead:
    def test_one_is_first(self, shop, chair):
        seen = [Calendar.get_by_id(chair.id) for _ in "ab"]
        assert [calendar_entries.claim(one, clock.now()) for one in seen] == [True, False]

    def test_each_is_due_every_ten_minutes_and_files_never(self, shop, chair, at):
        Calendar.create(shop=shop, kind="file", name="old.ics")
        due = lambda: [one.id for one in calendar_entries.due(clock.now(), timedelta(minutes=10))]  # noqa: E731
        assert due() == [chair.id]
        calendar_entries.claim(Calendar.get_by_id(chair.id), clock.now())
        assert due() == []
        at(TUESDAY + timedelta(minutes=10))
        assert due() == [chair.id]


def test_every_act_of_calendars_has_a_doer():
    assert {name for name in DOERS if name.startswith("calendar.")} == {
        f"calendar.{verb}"
        for verb in ("add", "change", "remove", "restore", "renew", "whose", "ask_again", "settle", "unsettle")
    }


def test_nothing_known_counts_whatever_is_written_down(shop, rosa, okafor):
    kim = someone(shop, "Kim")
    assert calendars.nothing_known(kim)
    reached(kim, "email", "kim@example.org")
    assert not calendars.nothing_known(kim)
    assert not calendars.nothing_known(rosa), "how we speak of her was told to us"
