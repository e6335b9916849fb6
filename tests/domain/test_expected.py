"""The day's list: made once, marked stale by the past, and kept true by whoever asks for a fresh one."""

from datetime import timedelta

import pytest

import background
import clock
from domain import expected, nights
from domain.lines import line_for, lines
from models import Appointment, DayList, Expected, Note
from tests.conftest import TUESDAY, came, days_before, someone

TODAY = TUESDAY.date()


@pytest.fixture
def regulars(shop):
    """Three who came nearly every day for two months, so that every day is an open one."""
    people = [someone(shop, name) for name in ("Ada", "Bao", "Chidi")]
    for place, one in enumerate(people):
        came(one, shop, *[day for day in days_before(TODAY, *range(1, 60)) if day.day % 9 != place])
    return people


class TestTheStoredList:
    def test_is_made_once_however_often_it_is_asked_for(self, shop, regulars, monkeypatch):
        made = []
        make = expected.make_list

        def counted(*asked):
            made.append(asked)
            return make(*asked)

        monkeypatch.setattr(expected, "make_list", counted)
        for _ in range(3):
            lines(shop, TODAY, clock.now())
        assert len(made) == 1

    def test_an_arrival_today_leaves_it_as_it_is(self, shop, regulars, phone):
        before = expected.day_list(shop, TODAY).id
        phone.act("visit.create", customer=str(regulars[0].id))
        assert expected.day_list(shop, TODAY, fresh=True).id == before

    def test_a_visit_of_an_earlier_day_makes_it_stale_and_the_background_makes_it_again(self, shop, regulars, phone):
        stored = expected.day_list(shop, TODAY)
        revision = shop.select().get().revision
        phone.act("visit.create", at=clock.now() - timedelta(days=1), customer=str(regulars[0].id))
        assert expected.day_list(shop, TODAY).id == stored.id, "a page goes on with what there is"
        assert expected.day_list(shop, TODAY).stale
        background.tick()
        assert not expected.day_list(shop, TODAY).stale
        assert shop.select().get().revision > revision + 1, "the other phones hear of it"

    def test_what_goes_stale_while_it_is_made_is_made_once_more(self, shop, regulars, monkeypatch):
        expected.day_list(shop, TODAY)
        learned = nights.rhythm_before

        def and_meanwhile(*asked):
            expected.history_changed(shop, TODAY - timedelta(days=2))
            return learned(*asked)

        monkeypatch.setattr(nights, "rhythm_before", and_meanwhile)
        assert expected.make_list(shop, TODAY).stale

    def test_if_another_process_was_quicker_its_list_is_taken(self, shop, regulars, monkeypatch):
        monkeypatch.setattr(DayList, "get_or_none", classmethod(lambda cls, *a: None))
        monkeypatch.setattr(DayList, "delete", classmethod(lambda cls: cls.update(stale=False)))
        theirs = DayList.create(shop=shop, day=TODAY, made_at=clock.now())
        assert expected.make_list(shop, TODAY).id == theirs.id
        assert Expected.select().count() == 0


class TestWhoIsOnIt:
    def test_somebody_booked_and_usual_is_one_row_at_the_time_agreed(self, shop, regulars):
        at = shop.at(TODAY, 9 * 60 + 30)
        Appointment.create(customer=regulars[0], shop=shop, day=TODAY, starts_at=at, service="Cake")
        found = [line for line in lines(shop, TODAY, clock.now()) if line.customer == regulars[0]]
        assert [(line.source, line.probability, line.at, line.around) for line in found] == [
            ("appointment", 1.0, shop.local(at), 570)
        ]

    def test_a_cancelled_appointment_lists_nobody(self, shop, rosa):
        at = shop.at(TODAY, 600)
        Appointment.create(customer=rosa, shop=shop, day=TODAY, starts_at=at, state="cancelled")
        assert lines(shop, TODAY, clock.now()) == []

    def test_a_visit_later_than_now_has_not_happened(self, shop, regulars):
        came(regulars[0], shop, TODAY, minute=20 * 60)
        assert not any(line.arrived for line in lines(shop, TODAY, clock.now()))

    def test_as_many_as_are_expected_to_arrive_are_listed_in_any_case(self, shop):
        for place in range(12):
            seldom = someone(shop, f"Guest {place}")
            came(seldom, shop, *days_before(TODAY, *range(1 + place % 7, 120, 7 + place)))
        shop.listed_from = 1.0
        shop.save()
        listed = [line for line in lines(shop, TODAY, clock.now()) if line.source == "habit"]
        made = DayList.get()
        assert len(listed) == -(-made.arrivals // 1) > 0

    def test_never_more_than_sixty_by_habit(self, shop):
        for place in range(70):
            came(someone(shop, f"Guest {place}"), shop, *days_before(TODAY, *range(1, 30)))
        assert len(lines(shop, TODAY, clock.now())) == 60


class TestNotesLiveTheRightTime:
    @pytest.mark.parametrize(
        ("lifetime", "written", "visits", "stands"),
        [
            pytest.param("always", 40, (30, 10), True, id="always"),
            pytest.param("this_visit", 0, (), True, id="this visit, today"),
            pytest.param("this_visit", 1, (1,), False, id="this visit was yesterday"),
            pytest.param("next_visit", 5, (5,), True, id="next visit, not been since"),
            pytest.param("next_visit", 5, (5, 2), False, id="next visit was two days ago"),
            pytest.param("next_visit", 5, (5, 0), True, id="the next visit is today's"),
        ],
    )
    def test_a_note_is_shown_as_long_as_it_should(self, shop, rosa, lifetime, written, visits, stands):
        day = TODAY - timedelta(days=written)
        Note.create(
            customer=rosa, shop=shop, text="Bring the key", lifetime=lifetime, moment="list", day=day,
            at=TUESDAY - timedelta(days=written),
        )  # fmt: skip
        came(rosa, shop, *days_before(TODAY, *visits), minute=7 * 60)
        assert Note.select().where(Note.standing(shop, TODAY)).exists() is stands
        assert line_for(rosa, shop, clock.now()).notes == (["Bring the key"] if stands else [])
