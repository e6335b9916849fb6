"""Agreed times: booked once, moved, cancelled, in series, right on the wall, and never promised to two."""

from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread, local
from uuid import uuid4

import pytest

import clock
import models
from domain import appointments
from domain.appointments import Rule
from models import Appointment, Message, Mistake, ReminderRule, Series, Shop
from tests.conftest import TUESDAY, signed_in, someone

TEN = "2026-11-25T10:00"


def book(phone, who, at=TEN, minutes=30, **more):
    return phone.act("appointment.create", customer=str(who.id), starts_at=at, minutes=minutes, **more)


class TestBooking:
    def test_keeps_what_the_wall_will_say(self, phone, shop, rosa):
        answer = book(phone, rosa, **{"with": "Nadia", "service": "cut"})
        one = Appointment.get_by_id(answer["result"]["appointment"])
        assert (one.wall, one.starts_at, one.day) == (TEN, datetime(2026, 11, 25, 10, tzinfo=UTC), date(2026, 11, 25))
        assert appointments.length_of(one) == 30

    def test_a_time_with_an_offset_is_that_instant(self, phone, shop, rosa):
        answer = book(phone, rosa, at="2026-11-25T12:00:00+02:00")
        assert Appointment.get_by_id(answer["result"]["appointment"]).wall == TEN

    @pytest.mark.parametrize("at", ["", "soon", None, 7, "2026-11-25T25:00", ["x"]])
    def test_what_is_no_time_is_refused_in_words(self, phone, shop, rosa, at):
        answer = book(phone, rosa, at=at)
        assert answer["status"] == "rejected"
        assert "2026-11-24T10:00" in answer["reason"]

    @pytest.mark.parametrize(
        ("at", "why"),
        [
            ("1901-01-01T10:00", "too long ago"),
            ("0001-01-01T00:00:00+14:00", "too long ago"),
            ("2926-11-25T10:00", "too far ahead"),
            ("9999-12-31T23:59:00-14:00", "too far ahead"),
        ],
    )
    def test_a_time_of_another_age_is_refused_for_that(self, phone, shop, rosa, at, why):
        answer = book(phone, rosa, at=at)
        assert answer["status"] == "rejected"
        assert why in answer["reason"]

    def test_somebody_who_died_is_not_booked(self, phone, shop, rosa):
        phone.act("customer.state", customer=str(rosa.id), state="died")
        assert book(phone, rosa)["status"] == "rejected"

    def test_the_same_act_twice_books_once(self, phone, shop, rosa):
        key = "00000000-0000-4000-8000-000000000001"
        first, again = (book(phone, rosa, key=key) for _ in range(2))
        assert (first["status"], again["status"]) == ("applied", "duplicate")
        assert Appointment.select().count() == 1


class TestTakingItBack:
    def test_leaves_nothing_to_be_sent(self, phone, shop, rosa):
        ReminderRule.create(shop=shop, way="email", minutes_before=20 * 60)
        one = book(phone, rosa)["result"]["appointment"]
        assert phone.act("appointment.undo", appointment=one)["status"] == "applied"
        assert (Appointment.select().count(), Message.select().count()) == (0, 0)

    def test_of_a_series_takes_all_of_it(self, phone, shop, rosa):
        series = book(phone, rosa, every_weeks=1, times=3)["result"]["series"]
        assert phone.act("series.undo", series=series)["status"] == "applied"
        assert (Appointment.select().count(), Series.select().count()) == (0, 0)

    def test_is_refused_once_they_were_told(self, phone, shop, rosa):
        ReminderRule.create(shop=shop, way="email", minutes_before=20 * 60)
        one = book(phone, rosa)["result"]["appointment"]
        Message.update(state="handed_over").execute()
        assert "They were told of it" in phone.act("appointment.undo", appointment=one)["reason"]

    def test_is_for_who_booked_it_alone(self, phone, other_phone, shop, rosa):
        one = book(phone, rosa)["result"]["appointment"]
        assert other_phone.act("appointment.undo", appointment=one)["status"] == "rejected"


class TestOneTimeOnePerson:
    def test_a_clash_names_who_and_what_is_free(self, phone, shop, rosa, okafor):
        book(phone, rosa, **{"with": "Nadia"})
        answer = book(phone, okafor, at="2026-11-25T10:15", **{"with": "nadia "})
        assert answer["status"] == "conflict"
        assert "Rosa Marchetti is booked with Nadia tomorrow at 10:00" in answer["reason"]
        assert "tomorrow at 10:30" in answer["reason"]

    def test_one_that_begins_as_another_ends_is_none(self, phone, shop, rosa, okafor):
        book(phone, rosa)
        assert book(phone, okafor, at="2026-11-25T10:30")["status"] == "applied"
        assert book(phone, okafor, at="2026-11-25T09:30")["status"] == "applied"

    def test_with_another_is_no_clash_and_squeezing_in_is_possible(self, phone, shop, rosa, okafor):
        book(phone, rosa, **{"with": "Nadia"})
        assert book(phone, okafor, **{"with": "Omar"})["status"] == "applied"
        assert book(phone, okafor, squeeze=True, **{"with": "Nadia"})["status"] == "applied"

    def test_a_cancelled_time_is_free_and_stands_again_only_while_it_is(self, phone, shop, rosa, okafor):
        first = book(phone, rosa)["result"]["appointment"]
        phone.act("appointment.cancel", appointment=first)
        assert book(phone, okafor)["status"] == "applied"
        assert phone.act("appointment.restore", appointment=first)["status"] == "conflict"
        assert phone.act("appointment.restore", appointment=first, squeeze=True)["status"] == "applied"

    def test_a_clash_offers_free_times_as_instants_too(self, phone, shop, rosa, okafor):
        book(phone, rosa)
        answer = book(phone, okafor, at="2026-11-25T10:15")
        assert answer["result"]["free"] == [f"2026-11-25T{at}:00+00:00" for at in ("10:30", "10:45", "11:00")]

    def test_whoever_is_squeezed_in_is_there_too(self, phone, shop, rosa, okafor):
        first = book(phone, rosa)["result"]["appointment"]
        second = book(phone, okafor, squeeze=True)["result"]["appointment"]
        phone.act("appointment.cancel", appointment=first)
        assert "Mr Okafor is booked" in book(phone, rosa)["reason"]
        phone.act("appointment.cancel", appointment=second)
        assert book(phone, rosa)["status"] == "applied"

    def test_squeezed_in_where_nobody_is_takes_the_time(self, phone, shop, rosa, okafor):
        book(phone, rosa, squeeze=True)
        assert Appointment.get().slot == ""
        assert book(phone, okafor)["status"] == "conflict"

    def test_of_a_series_the_days_taken_are_told_left_out_or_squeezed_in(self, phone, shop, rosa, okafor):
        book(phone, rosa, at="2026-12-02T10:00")
        series = {"every_weeks": 1, "times": 3}
        told = book(phone, okafor, **series)
        assert (told["status"], "Rosa Marchetti is booked Wednesday 2 December at 10:00" in told["reason"]) == (
            "conflict",
            True,
        )
        assert told["reason"].startswith("Of 3 days 1 is taken: Wednesday 2 December.")
        assert told["result"] == {"free": []}, "one free time helps no series"
        assert (Series.select().count(), Appointment.select().count()) == (0, 1)
        assert book(phone, okafor, leave_out=True, **series)["result"]["made"] == 2
        phone.act("series.end", series=str(Series.get().id))
        assert book(phone, okafor, squeeze=True, **series)["result"]["made"] == 3
        mine = Appointment.select().where((Appointment.customer == okafor.id) & (Appointment.state == "booked"))
        assert [one.slot for one in mine.order_by(Appointment.starts_at)] == ["", None, ""]

    def test_a_time_that_a_death_freed_can_be_given_away(self, phone, shop, rosa, okafor):
        book(phone, rosa)
        phone.act("customer.state", customer=str(rosa.id), state="died")
        assert book(phone, okafor)["status"] == "applied"
        phone.act("customer.state", customer=str(rosa.id), state="active")
        both = Appointment.select().order_by(Appointment.id)
        assert [(one.state, one.slot) for one in both] == [("booked", None), ("booked", "")], (
            "nothing is lost: it stands beside"
        )

    def test_the_database_itself_refuses_two_of_one_slot(self, shop, rosa, okafor):
        at = datetime(2026, 11, 25, 10, tzinfo=UTC)
        for who in (rosa, okafor):
            one = Appointment(customer=who, shop=shop, day=at.date(), starts_at=at, slot="nadia")
            if who is okafor:
                with pytest.raises(models.PeeweeException):
                    one.save()
            else:
                one.save()


def race(phones, people, at):
    """Return the answers to all who book at once: half of them at a time, half a quarter of an hour later."""
    start, answers = Barrier(len(phones)), list[dict]()

    def go(phone, who):
        wanted = at + timedelta(minutes=15 * (who.id % 2))
        start.wait()
        answers.append(book(phone, who, at=wanted.isoformat(), **{"with": "Nadia"}))

    running = [Thread(target=go, args=pair) for pair in zip(phones, people, strict=True)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    return answers


class TestManyAtOnce:
    SIZES = [pytest.param(16, 3, id="few"), pytest.param(64, 200, id="many", marks=pytest.mark.full)]

    @pytest.fixture
    def many(self, server, sam, shop):
        def begin(threads):
            return [signed_in(server, sam) for _ in range(threads)], [someone(shop, f"P{n}") for n in range(threads)]

        return begin

    @pytest.mark.parametrize(("threads", "rounds"), SIZES)
    def test_one_wins_and_the_others_get_names_and_a_choice(self, many, threads, rounds):
        phones, people = many(threads)
        names = {one.name for one in people}
        for turn in range(rounds):
            answers = race(phones, people, datetime(2026, 11, 25, 8 + turn % 8, tzinfo=UTC) + timedelta(days=turn // 8))
            won = [one for one in answers if one["status"] == "applied"]
            lost = [one for one in answers if one["status"] == "conflict"]
            assert (len(won), len(lost)) == (1, threads - 1), answers
            assert {one["reason"].split(" is booked with Nadia ")[0] for one in lost} < names
            assert all(one["result"]["free"] for one in lost)
        assert Appointment.select().count() == rounds

    def test_the_index_alone_knows_nothing_of_what_overlaps(self, many, monkeypatch):
        look, seen = appointments.clash, local()

        def only_afterwards(*args):
            looked, seen.before = getattr(seen, "before", False), True
            return look(*args) if looked else None

        monkeypatch.setattr(appointments, "clash", only_afterwards)
        phones, people = many(16)
        answers = race(phones, people, datetime(2026, 11, 25, 10, tzinfo=UTC))
        assert sum(one["status"] == "applied" for one in answers) == 2

    def test_without_look_and_index_all_win(self, many, monkeypatch):
        monkeypatch.setattr(appointments, "clash", lambda *_: None)
        monkeypatch.setattr(appointments, "folded", lambda _: None)
        phones, people = many(16)
        answers = race(phones, people, datetime(2026, 11, 25, 10, tzinfo=UTC))
        assert sum(one["status"] == "applied" for one in answers) == 16


class TestMoving:
    def test_takes_back_what_was_answered_and_counts_up(self, phone, shop, rosa):
        one = book(phone, rosa)["result"]["appointment"]
        phone.act("appointment.confirm", appointment=one)
        answer = phone.act("appointment.move", appointment=one, starts_at="2026-11-26T11:00")
        moved = Appointment.get_by_id(one)
        assert (moved.wall, moved.sequence, moved.confirmed_at) == ("2026-11-26T11:00", 1, None)
        assert answer["result"]["was"]["starts_at"].startswith("2026-11-25T10:00")

    def test_back_to_where_it_was_is_no_clash_with_itself(self, phone, shop, rosa):
        one = book(phone, rosa)["result"]["appointment"]
        assert phone.act("appointment.move", appointment=one, starts_at="2026-11-25T10:15")["status"] == "applied"

    def test_taken_back_brings_back_what_they_had_answered(self, phone, shop, rosa):
        one = book(phone, rosa, **{"with": "Nadia"})["result"]["appointment"]
        asked = {"reply": "move", "reply_text": "After work, please", "replied_at": clock.now(), "late_minutes": 5}
        Appointment.update(**asked).where(Appointment.id == one).execute()
        key = str(uuid4())
        phone.act("appointment.move", key=key, appointment=one, starts_at="2026-11-26T17:00", **{"with": "Omar"})
        assert Appointment.get_by_id(one).reply == ""
        assert phone.act("appointment.move_back", appointment=one, move=key)["status"] == "applied"
        back = Appointment.get_by_id(one)
        assert {name: getattr(back, name) for name in asked} == asked
        assert (back.wall, back.with_whom, back.sequence) == (TEN, "Nadia", 2)
        again = phone.act("appointment.move_back", appointment=one, move=key)
        assert (again["status"], "moved again since" in again["reason"]) == ("conflict", True)

    def test_of_a_cancelled_one_tells_what_stands(self, phone, shop, rosa):
        one = book(phone, rosa)["result"]["appointment"]
        phone.act("appointment.cancel", appointment=one)
        answer = phone.act("appointment.move", appointment=one, starts_at="2026-11-26T11:00")
        assert (answer["status"], "cancelled already" in answer["reason"]) == ("conflict", True)


class TestTheDaysOfASeries:
    @pytest.mark.parametrize(
        ("rule", "days"),
        [
            (Rule(date(2026, 11, 24), 1, frozenset({1}), times=3), [24, 31, 38]),
            (Rule(date(2026, 11, 24), 2, frozenset({0, 1}), times=3), [24, 37, 38]),
            (Rule(date(2026, 11, 24), 1, frozenset({1, 3}), until=date(2026, 12, 1)), [24, 26, 31]),
            (Rule(date(2026, 11, 25), 1, frozenset({1}), times=1), [31]),
        ],
        ids=["every-week", "every-other-week-from-its-first-monday", "until-and-including", "from-the-first-such-day"],
    )
    def test_are_these(self, rule, days):
        first = date(2026, 11, 1) - timedelta(days=1)
        assert list(rule.days(date(2027, 6, 1))) == [first + timedelta(days=day) for day in days]

    def test_are_at_the_same_time_on_the_wall_across_the_change(self, phone, shop, rosa, at):
        at(datetime(2026, 10, 1, 9, tzinfo=UTC))
        answer = book(phone, rosa, at="2026-10-20T10:00", every_weeks=1, times=2)
        assert answer["result"]["made"] == 2
        starts = [one.starts_at.hour for one in Appointment.select().order_by(Appointment.starts_at)]
        assert starts == [9, 10]  # UTC: summer time ended between them

    def test_go_on_every_night_and_an_ended_series_cancels_what_is_ahead(self, phone, shop, rosa, at):
        series = book(phone, rosa, every_weeks=4)["result"]["series"]
        made = Appointment.select().count()
        at(TUESDAY + timedelta(days=60))
        appointments.make_all_ahead(shop, clock.now())
        assert Appointment.select().count() == made + 2
        ahead = Appointment.select().where((Appointment.starts_at > clock.now()) & (Appointment.state == "booked"))
        booked = ahead.count()
        phone.act("series.end", series=series)
        assert not ahead.exists()
        phone.act("series.resume", series=series)
        assert ahead.count() == booked == 6
        assert Series.get().ended_on is None

    def test_one_day_cancelled_by_itself_stays_so_when_the_series_goes_on(self, phone, shop, rosa):
        made = book(phone, rosa, every_weeks=1, times=3)["result"]
        second = Appointment.get(Appointment.series_day == date(2026, 12, 2))
        phone.act("appointment.cancel", appointment=str(second.id))
        phone.act("series.end", series=made["series"])
        phone.act("series.resume", series=made["series"])
        states = [one.state for one in Appointment.select().order_by(Appointment.starts_at)]
        assert states == ["booked", "cancelled", "booked"]

    def test_of_somebody_who_died_are_made_no_more(self, phone, shop, rosa, at):
        book(phone, rosa, every_weeks=1)
        phone.act("customer.state", customer=str(rosa.id), state="died")
        made = Appointment.select().count()
        at(TUESDAY + timedelta(days=60))
        appointments.make_all_ahead(shop, clock.now())
        assert Appointment.select().count() == made


class TestTwoInADay:
    def test_a_second_arrival_is_to_the_second_of_them(self, phone, shop, rosa, at):
        first = book(phone, rosa, at="2026-11-24T10:00")["result"]["appointment"]
        book(phone, rosa, at="2026-11-24T15:00")
        Message.create(
            shop=shop, kind="reminder", way="sms", customer=rosa, appointment=first, message_id="1", state="failed",
            due_at=TUESDAY, deadline=TUESDAY, next_at=TUESDAY, at=TUESDAY,
        )  # fmt: skip
        for hour in (9, 15):
            at(datetime(2026, 11, 24, hour, 1, tzinfo=UTC))
            phone.act("visit.create", customer=str(rosa.id))
        assert not Mistake.select().exists()
        assert Appointment.get_by_id(first).cause == ""


class TestAnotherZone:
    def test_moves_those_too_that_stand_in_each_others_way(self, phone, shop, rosa, okafor):
        for who, hour in ((rosa, 10), (okafor, 15)):  # in New York the first begins where the second did
            book(phone, who, at=f"2026-11-25T{hour}:00")
        Shop.update(zone="America/New_York").execute()
        appointments.zone_changed(Shop.get())
        assert [(one.starts_at.hour, one.slot) for one in Appointment.select().order_by(Appointment.id)] == [
            (15, ""),
            (20, ""),
        ]

    def test_leaves_the_second_of_an_hour_that_comes_twice_where_it_is(self, phone, shop, rosa, at):
        at(datetime(2026, 10, 1, 9, tzinfo=UTC))
        one = book(phone, rosa, at="2026-10-25T01:30:00+00:00")["result"]["appointment"]
        appointments.zone_changed(shop)
        assert Appointment.get_by_id(one).starts_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)

    def test_leaves_what_was_agreed_on_the_wall(self, phone, shop, rosa):
        one = book(phone, rosa)["result"]["appointment"]
        Shop.update(zone="America/New_York").execute()
        appointments.zone_changed(Shop.get())
        moved = Appointment.get_by_id(one)
        assert (moved.wall, moved.starts_at) == (TEN, datetime(2026, 11, 25, 15, tzinfo=UTC))


class TestItsReminders:
    @pytest.fixture(autouse=True)
    def rules(self, shop):
        ReminderRule.create(shop=shop, way="email", minutes_before=20 * 60)
        ReminderRule.create(shop=shop, way="sms", minutes_before=120)

    def of(self, one):
        return [
            (m.way, m.state, m.sequence, shop_time(m.due_at))
            for m in Message.select().where(Message.appointment == one).order_by(Message.id)
        ]

    def test_are_made_with_it_and_moved_with_it(self, phone, shop, rosa):
        one = book(phone, rosa)["result"]["appointment"]
        assert self.of(one) == [("email", "due", 0, "24 14:00"), ("sms", "due", 0, "25 08:00")]
        phone.act("appointment.move", appointment=one, starts_at="2026-11-25T12:00")
        assert self.of(one) == [("email", "due", 1, "24 16:00"), ("sms", "due", 1, "25 10:00")]

    def test_those_that_left_are_followed_by_others(self, phone, shop, rosa):
        one = book(phone, rosa)["result"]["appointment"]
        Message.update(state="handed_over").where(Message.way == "email").execute()
        phone.act("appointment.move", appointment=one, starts_at="2026-11-25T12:00")
        assert self.of(one)[-1] == ("email", "due", 1, "24 16:00")

    def test_are_dropped_with_it_and_come_back_with_it(self, phone, shop, rosa):
        one = book(phone, rosa)["result"]["appointment"]
        phone.act("appointment.cancel", appointment=one)
        assert {state for _way, state, *_ in self.of(one)} == {"dropped"}
        phone.act("appointment.restore", appointment=one)
        assert sum(state == "due" for _way, state, *_ in self.of(one)) == 2

    def test_are_not_made_where_it_is_too_late_for_them(self, phone, shop, rosa):
        one = book(phone, rosa, at="2026-11-24T09:00")["result"]["appointment"]
        assert self.of(one) == []


def shop_time(instant):
    return f"{instant:%d %H:%M}"
