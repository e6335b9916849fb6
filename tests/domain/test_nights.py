"""A rhythm kept from night to night: the same as one made of all visits, whatever happens in between."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from domain import expected, nights, silences
from domain.forecast import Rhythm, replay
from domain.lines import lines
from models import Appointment, Customer, DayTally, HabitKept, RhythmKept, Visit
from tests.conftest import TUESDAY, came, counted_queries, someone

TODAY = TUESDAY.date()
FIRST = TODAY - timedelta(days=70)


@pytest.fixture
def days(shop):
    """Return ten weeks of a shop closed on Sundays and for a week, that twelve come to: {day: {customer: minute}}."""
    chance = random.Random(7)
    people = [someone(shop, f"Guest {place}") for place in range(12)]
    told: dict[date, dict[int, int]] = {}
    for ahead in range(70 + 10):
        day = FIRST + timedelta(days=ahead)
        if day.weekday() == 6 or 30 <= ahead < 37:
            continue
        for place, one in enumerate(people):
            if chance.random() < 0.1 + 0.06 * place and ahead >= 3 * place:
                told.setdefault(day, {})[one.id] = 480 + chance.randrange(300)
    return told


@pytest.fixture
def stored(shop, days):
    """Let the visits before today be in the database."""
    for day, who in days.items():
        if day < TODAY:
            store(shop, day, who)
    return days


def store(shop, day, who):
    for customer, minute in who.items():
        Visit.create(customer=customer, shop=shop, day=day, at=shop.at(day, minute))


def straight(days, before):
    """Return the rhythm of those days, replayed at once and learned from all along."""
    return replay(sorted(days.items()), before=before, learn_from=FIRST)


def told(rhythm, day):
    return sorted((f.customer, f.probability, f.features) for f in rhythm.forecast(day))


def no_replay(*_asked):
    raise AssertionError("all visits were read again")


class TestKeptFromNightToNight:
    def test_it_is_what_a_replay_of_all_visits_gives_to_the_last_bit(self, shop, stored, at, monkeypatch):
        assert told(nights.rhythm_before(shop, TODAY), TODAY) == told(straight(stored, TODAY), TODAY)
        monkeypatch.setattr(nights, "_replayed", no_replay)
        for ahead in range(1, 10):
            day = TODAY + timedelta(days=ahead)
            store(shop, day - timedelta(days=1), stored.get(day - timedelta(days=1), {}))
            at(TUESDAY + (day - TODAY))
            kept = nights.rhythm_before(shop, day)
            assert told(kept, day) == told(straight(stored, day), day)
            assert kept.kept() == straight(stored, day).kept()

    def test_a_server_that_slept_some_nights_folds_them_in_when_it_wakes(self, shop, stored, at, monkeypatch):
        nights.rhythm_before(shop, TODAY)
        for day in (TODAY, TODAY + timedelta(days=2), TODAY + timedelta(days=5)):
            store(shop, day, stored.get(day, {}))
        days = {day: who for day, who in stored.items() if (day - TODAY).days in (0, 2, 5) or day < TODAY}
        woken = TODAY + timedelta(days=6)
        at(TUESDAY + (woken - TODAY))
        monkeypatch.setattr(nights, "_replayed", no_replay)
        assert told(nights.rhythm_before(shop, woken), woken) == told(straight(days, woken), woken)

    def test_the_same_day_asked_for_again_folds_nothing_twice(self, shop, stored, monkeypatch):
        first = told(nights.rhythm_before(shop, TODAY), TODAY)
        monkeypatch.setattr(nights, "_replayed", no_replay)
        assert told(nights.rhythm_before(shop, TODAY), TODAY) == first

    def test_today_is_not_over_and_is_not_kept(self, shop, stored):
        tomorrow = TODAY + timedelta(days=1)
        store(shop, TODAY, stored.get(TODAY, {}))
        so_far = nights.rhythm_before(shop, tomorrow)
        assert so_far.days[-1] == TODAY
        assert RhythmKept.get().through == TODAY - timedelta(days=1)
        assert told(so_far, tomorrow) == told(straight(stored, tomorrow), tomorrow)

    def test_a_day_long_past_is_made_of_the_visits_before_it_and_what_is_kept_stays(self, shop, stored):
        nights.rhythm_before(shop, TODAY)
        kept = RhythmKept.get()
        past = TODAY - timedelta(days=20)
        assert told(nights.rhythm_before(shop, past), past) == told(straight(stored, past), past)
        assert (RhythmKept.get().through, RhythmKept.get().version) == (kept.through, kept.version)

    def test_the_future_makes_no_difference(self, shop, stored):
        clean = told(nights.rhythm_before(shop, TODAY), TODAY)
        for customer in Customer.select():
            for ahead in range(0, 20):
                day = TODAY + timedelta(days=ahead)
                Visit.create(customer=customer, shop=shop, day=day, at=shop.at(day, 3))
        assert told(nights.rhythm_before(shop, TODAY), TODAY) == clean
        RhythmKept.delete().execute()
        assert told(nights.rhythm_before(shop, TODAY), TODAY) == clean


class TestMadeAgain:
    @pytest.fixture
    def kept(self, shop, stored):
        nights.rhythm_before(shop, TODAY)
        return stored

    def right(self, shop):
        """Say whether the rhythm is what the visits in the database make it, and kept as such."""
        days = dict(nights.visit_days(shop, TODAY))
        first, again = (told(nights.rhythm_before(shop, TODAY), TODAY) for _ in range(2))
        return first == again == told(straight(days, TODAY), TODAY) and not RhythmKept.get().stale

    def test_after_a_late_visit(self, shop, kept, phone):
        before = told(nights.rhythm_before(shop, TODAY), TODAY)
        day = max(day for day in kept if day < TODAY)
        away = next(c for c in Customer.select() if c.id not in kept[day])
        came(away, shop, day)
        expected.history_changed(shop, day)
        assert RhythmKept.get().stale
        assert self.right(shop)
        assert told(nights.rhythm_before(shop, TODAY), TODAY) != before

    def test_after_one_visit_was_exchanged_for_another(self, shop, kept):
        visit = Visit.select().where(Visit.day < TODAY).order_by(Visit.day.desc()).first()
        other = next(c for c in Customer.select() if c.id not in kept[visit.day])
        visit.delete_instance()
        expected.history_changed(shop, visit.day)
        came(other, shop, visit.day)
        expected.history_changed(shop, visit.day)
        assert self.right(shop)

    def test_when_somebody_wrote_past_us(self, shop, kept):
        came(Customer.get(), shop, FIRST - timedelta(days=3))
        assert self.right(shop)

    def test_by_another_model(self, shop, kept, monkeypatch):
        monkeypatch.setattr(nights, "MADE_BY", "another")
        RhythmKept.update(state="{}").execute()
        assert self.right(shop)

    def test_when_keeping_was_broken_off(self, shop, stored, monkeypatch):
        monkeypatch.setattr(nights, "AT_ONCE", 5)
        write, parts = nights._write_habits, []

        def and_the_power_fails(*asked):
            parts.append(asked)
            if len(parts) == 2:
                raise KeyboardInterrupt
            write(*asked)

        with monkeypatch.context() as failing:
            failing.setattr(nights, "_write_habits", and_the_power_fails)
            with pytest.raises(KeyboardInterrupt):
                nights.rhythm_before(shop, TODAY)
        assert HabitKept.select().count() == 5
        assert RhythmKept.get().stale
        assert self.right(shop)

    def test_what_was_read_before_a_late_visit_is_not_kept(self, shop, stored, monkeypatch):
        write, meanwhile = nights._write_habits, list[bool]()

        def while_a_late_visit_comes(*asked):
            if not meanwhile:
                meanwhile.append(True)
                nights.history_changed(shop, FIRST)
            write(*asked)

        monkeypatch.setattr(nights, "AT_ONCE", 5)
        monkeypatch.setattr(nights, "_write_habits", while_a_late_visit_comes)
        nights.rhythm_before(shop, TODAY)
        assert HabitKept.select().count() == 5, "the first part was under way; then it stopped"
        assert RhythmKept.get().stale
        assert self.right(shop)

    def test_a_late_visit_while_the_first_replay_reads_is_not_lost(self, shop, stored, monkeypatch):
        read, away = nights._replayed, Customer.get()
        day = max(day for day in stored if day < TODAY and away.id not in stored[day])

        def and_meanwhile(*asked):
            found = read(*asked)
            came(away, shop, day)
            expected.history_changed(shop, day)
            return found

        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(nights, "_replayed", and_meanwhile)
            expected.make_list(shop, TODAY)
        assert expected.day_list(shop, TODAY).stale, "the list was made without it, and will be made again"
        assert self.right(shop)

    def test_a_late_visit_of_the_day_that_is_being_folded_in_is_not_lost(self, shop, kept, at, monkeypatch):
        store(shop, TODAY, kept[TODAY])
        at(TUESDAY + timedelta(days=1))
        away = next(c for c in Customer.select() if c.id not in kept[TODAY])
        keep = nights._keep

        def and_meanwhile(*asked, **also):
            came(away, shop, TODAY)
            expected.history_changed(shop, TODAY)
            keep(*asked, **also)

        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(nights, "_keep", and_meanwhile)
            nights.rhythm_before(shop, TODAY + timedelta(days=1))
        tomorrow = TODAY + timedelta(days=1)
        days = dict(nights.visit_days(shop, tomorrow))
        assert away.id in days[TODAY]
        assert told(nights.rhythm_before(shop, tomorrow), tomorrow) == told(straight(days, tomorrow), tomorrow)

    def test_after_a_clock_that_was_far_ahead(self, shop, kept, at):
        at(TUESDAY + timedelta(days=3000))
        nights.rhythm_before(shop, TODAY + timedelta(days=3000))
        at(TUESDAY)
        assert self.right(shop)
        assert RhythmKept.get().through == TODAY - timedelta(days=1)

    def test_after_somebody_was_forgotten(self, shop, kept):
        Customer.get().delete_instance()
        assert self.right(shop)

    def test_when_the_zone_moves_visits_to_other_days(self, shop, kept):
        shop.zone = "Pacific/Auckland"
        shop.save()
        expected.move_days(shop)
        assert self.right(shop)


class TestReading:
    def test_gives_the_first_minute_of_each_in_the_shops_zone_when_the_clocks_change_too(self, shop, rosa, okafor):
        shop.zone = "America/New_York"
        shop.save()
        for at_utc in (
            "2026-03-07T13:10",
            "2026-03-07T15:00",
            "2026-03-08T06:30",
            "2026-03-08T12:10",
            "2026-03-09T12:10",
        ):
            instant = datetime.fromisoformat(at_utc).replace(tzinfo=UTC)
            Visit.create(customer=rosa, shop=shop, day=shop.day_of(instant), at=instant)
        Visit.create(customer=okafor, shop=shop, day=date(2026, 3, 8), at=datetime(2026, 3, 8, 7, 30, tzinfo=UTC))
        assert list(nights.visit_days(shop, date(2026, 3, 10))) == [
            (date(2026, 3, 7), {rosa.id: 8 * 60 + 10}),
            (date(2026, 3, 8), {rosa.id: 90, okafor.id: 3 * 60 + 30}),
            (date(2026, 3, 9), {rosa.id: 8 * 60 + 10}),
        ]

    def test_crosses_from_one_query_to_the_next_without_a_gap(self, shop, rosa, monkeypatch):
        came(rosa, shop, *(TODAY - timedelta(days=back) for back in range(1, 100)))
        whole = list(nights.visit_days(shop, TODAY))
        monkeypatch.setattr(nights, "READ_DAYS", 4)
        assert list(nights.visit_days(shop, TODAY)) == whole
        assert len(whole) == 99
        assert [day for day, _ in nights.visit_days(shop, TODAY, after=TODAY - timedelta(days=3))] == [
            TODAY - timedelta(days=2),
            TODAY - timedelta(days=1),
        ]


class TestTallies:
    def test_hold_what_was_forecast_each_morning_against_who_came(self, shop, stored):
        nights.rhythm_before(shop, TODAY)
        kept = {tally.day: tally for tally in nights.tallies(shop, FIRST)}
        assert len(kept) > 20
        for day, tally in kept.items():
            forecasts = straight(stored, day).forecast(day)
            ranked = [f.customer in stored[day] for f in sorted(forecasts, key=lambda f: -f.probability)]
            assert (tally.people, tally.came, tally.first) == (len(ranked), sum(ranked), sum(ranked[: sum(ranked)]))
            assert tally.expected == pytest.approx(sum(f.probability for f in forecasts))
            for tenth, (people, probability, came_of_them) in enumerate(tally.bands):
                band = [f for f in forecasts if int(f.probability * 10) == tenth]
                assert people == len(band)
                assert probability == pytest.approx(sum(f.probability for f in band))
                assert came_of_them == sum(f.customer in stored[day] for f in band)

    def test_are_the_same_whether_kept_night_by_night_or_made_again(self, shop, stored, at):
        nights.rhythm_before(shop, TODAY)
        store(shop, TODAY, stored[TODAY])
        at(TUESDAY + timedelta(days=1))
        nights.rhythm_before(shop, TODAY + timedelta(days=1))
        nightly = nights.tallies(shop, FIRST)
        assert nightly[-1].day == TODAY
        RhythmKept.update(stale=True).execute()
        nights.rhythm_before(shop, TODAY + timedelta(days=1))
        assert nights.tallies(shop, FIRST) == nightly

    def test_stay_as_they_were_recorded_whatever_is_learned_later(self, shop, stored):
        nights.rhythm_before(shop, TODAY)
        recorded = nights.tallies(shop, FIRST)
        day = max(day for day in stored if day < TODAY - timedelta(days=10))
        came(next(c for c in Customer.select() if c.id not in stored[day]), shop, day)
        expected.history_changed(shop, day)
        nights.rhythm_before(shop, TODAY)
        assert nights.tallies(shop, FIRST) == recorded

    def test_name_nobody(self, shop, stored):
        nights.rhythm_before(shop, TODAY)
        columns = set(DayTally._meta.fields)
        assert columns == {"id", "shop", "day", "people", "expected", "came", "first", "bands"}


def test_a_rhythm_without_habits_is_taken_up_as_it_was_kept():
    assert Rhythm.taken_up(Rhythm().kept()).kept() == Rhythm().kept()


class TestOneLateVisit:
    """A phone that was without a signal tells of yesterday: that customer's place is right at once."""

    @pytest.fixture
    def listed(self, shop, stored):
        expected.day_list(shop, TODAY)
        return stored

    @staticmethod
    def rows(shop):
        return {row.customer_id: row.probability for row in expected.day_list(shop, TODAY).expected}

    @staticmethod
    def late(phone, customer, day):
        assert phone.act("visit.create", at=TUESDAY - (TODAY - day), customer=str(customer))["status"] == "applied"

    def test_puts_this_customer_where_the_whole_list_made_again_has_them(self, shop, listed, phone):
        yesterday = TODAY - timedelta(days=1)
        before = self.rows(shop)
        away = max(before.keys() - listed[yesterday].keys(), key=lambda customer: before[customer])
        self.late(phone, away, yesterday)
        at_once = self.rows(shop)
        others = {who: p for who, p in before.items() if who != away}
        assert {who: p for who, p in at_once.items() if who != away} == others, "nobody else is looked at"
        assert abs(at_once[away] - before[away]) > 0.01
        expected.make_list(shop, TODAY)
        assert at_once[away] == pytest.approx(self.rows(shop)[away], abs=0.01)

    def test_taken_back_puts_them_back_where_they_were(self, shop, listed, phone):
        yesterday = TODAY - timedelta(days=1)
        customer = next(iter(listed[yesterday]))
        before = self.rows(shop)
        visit = Visit.get((Visit.customer == customer) & (Visit.day == yesterday))
        phone.act("visit.undo", visit=str(visit.id))
        assert self.rows(shop).get(customer) != before.get(customer)
        self.late(phone, customer, yesterday)
        assert self.rows(shop) == pytest.approx(before, abs=1e-9)

    def test_brings_somebody_onto_the_list(self, shop, listed, phone):
        on_list = set(self.rows(shop))
        new = someone(shop, "New")
        for back in (2, 1):
            self.late(phone, new.id, TODAY - timedelta(days=back))
        assert set(self.rows(shop)) in (on_list, on_list | {new.id})
        expected.make_list(shop, TODAY)
        assert new.id in self.rows(shop)

    def test_taken_back_leaves_nobody_on_the_list_who_was_never_here(self, shop, listed, phone):
        new = someone(shop, "New")
        for back in (3, 1):
            self.late(phone, new.id, TODAY - timedelta(days=back))
        expected.make_list(shop, TODAY)
        assert new.id in self.rows(shop)
        for visit in list(Visit.select().where(Visit.customer == new.id)):
            phone.act("visit.undo", visit=str(visit.id))
            assert new.id not in self.rows(shop)

    def test_never_makes_the_list_longer_than_it_may_be(self, shop, listed, phone, monkeypatch):
        monkeypatch.setattr(expected, "AT_MOST", 4)
        shop.listed_from = 0.01
        shop.save()
        expected.make_list(shop, TODAY)
        before = self.rows(shop)
        assert len(before) == 4
        yesterday = TODAY - timedelta(days=1)
        for customer in [c.id for c in Customer.select() if c.id not in listed[yesterday]]:
            self.late(phone, customer, yesterday)
            assert len(self.rows(shop)) == 4
        assert self.rows(shop) != before

    def test_of_somebody_the_list_is_silent_about_changes_nothing(self, shop, listed, phone, monkeypatch):
        monkeypatch.setattr(silences, "is_silent", lambda *_asked: True)
        yesterday = TODAY - timedelta(days=1)
        customer = max(self.rows(shop).keys() - listed[yesterday].keys())
        self.late(phone, customer, yesterday)
        assert customer not in self.rows(shop)

    def test_on_a_day_thought_closed_waits_for_the_whole_list(self, shop, listed, phone):
        sunday = TODAY - timedelta(days=2)
        assert sunday not in listed
        before = self.rows(shop)
        self.late(phone, Customer.get().id, sunday)
        assert self.rows(shop) == before
        assert expected.day_list(shop, TODAY).stale

    def test_of_somebody_booked_leaves_the_booking(self, shop, listed, phone):
        booked = someone(shop, "Booked")
        Appointment.create(customer=booked, shop=shop, day=TODAY, starts_at=shop.at(TODAY, 900))
        expected.make_list(shop, TODAY)
        self.late(phone, booked.id, TODAY - timedelta(days=1))
        lines_of_them = [line.source for line in lines(shop, TODAY, TUESDAY) if line.customer == booked]
        assert lines_of_them == ["appointment"]

    def test_costs_the_same_however_many_others_there_are(self, shop, listed, phone):
        yesterday = TODAY - timedelta(days=1)
        away = [c.id for c in Customer.select() if c.id not in listed[yesterday]]
        with counted_queries() as few:
            self.late(phone, away[0], yesterday)
        for place in range(30):
            came(someone(shop, f"Other {place}"), shop, *(day for day in listed if day < TODAY))
        expected.make_list(shop, TODAY)
        with counted_queries() as many:
            self.late(phone, away[1], yesterday)
        assert len(many) == len(few)
