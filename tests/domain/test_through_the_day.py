"""Today at eight, at ten and at four: the same people, in another order and with other times."""

from datetime import timedelta

import pytest

import clock
from domain import expected, shift
from domain.board import board
from domain.lines import lines
from domain.telling import line_as_json
from domain.today import arrange
from models import DayList
from tests.conftest import TUESDAY, came, days_before, someone

TODAY = TUESDAY.date()


@pytest.fixture
def people(shop):
    """Ada comes daily at eight, Bao most days at any time, Chidi daily at eight or at five; Dora made the days open ones."""
    ada, bao, chidi, dora = (someone(shop, name) for name in ("Ada", "Bao", "Chidi", "Dora"))
    for back in range(1, 60):
        day = TODAY - timedelta(days=back)
        came(dora, shop, day, minute=480 + back * 37 % 600)
        if back % 12:
            came(ada, shop, day, minute=483 + back % 5)
        if back % 3:
            came(bao, shop, day, minute=480 + back * 53 % 600)
        if back % 9:
            came(chidi, shop, day, minute=(483 if back % 2 else 1028) + back % 5)
    return {one.name: one.id for one in (ada, bao, chidi, dora)}


def at_hour(hour, minute=0):
    return TUESDAY.replace(hour=hour, minute=minute)


def told(shop, now):
    """Return the day as the command line tells it, by name, best first."""
    return {row["name"]: row for row in (line_as_json(line, shop, TODAY, now) for line in lines(shop, TODAY, now))}


class TestTheOrder:
    def test_somebody_usual_at_eight_who_is_not_here_at_ten_sinks(self, shop, people):
        early, late = told(shop, at_hour(6)), told(shop, at_hour(10))
        assert set(early) == set(late), "the list is the same set all day"
        assert early["Ada"]["probability"] == pytest.approx(early["Ada"]["probability_at_opening"])
        assert early["Ada"]["probability"] > early["Bao"]["probability"]
        assert late["Ada"]["probability"] < early["Ada"]["probability"] / 2
        assert late["Ada"]["probability"] < late["Bao"]["probability"]
        assert list(late)[-1] == "Ada"
        assert late["Ada"]["probability_at_opening"] == early["Ada"]["probability_at_opening"]

    def test_whoever_has_come_keeps_what_was_said_of_them(self, shop, people, phone):
        phone.act("visit.create", customer=str(people["Ada"]))
        late = told(shop, at_hour(18))
        assert late["Ada"]["probability"] == late["Ada"]["probability_at_opening"] > 0.5
        assert late["Ada"]["arrived_at"]

    def test_of_another_day_the_hours_of_this_one_say_nothing(self, shop, people):
        yesterday = TODAY - timedelta(days=1)
        now = at_hour(23)
        for row in (line_as_json(line, shop, yesterday, now) for line in lines(shop, yesterday, now)):
            assert row["probability"] == row["probability_at_opening"]

    def test_the_page_moves_with_the_clock_though_nothing_has_happened(self, shop, people, at):
        at(at_hour(6))
        first = [line.customer.name for line in board(shop, clock.now()).lines(shop, clock.now(), None)]
        at(at_hour(10))
        later = [line.customer.name for line in board(shop, clock.now()).lines(shop, clock.now(), None)]
        assert first.index("Ada") < first.index("Bao")
        assert later.index("Bao") < later.index("Ada")


class TestTheTime:
    @staticmethod
    def places(shop, now):
        day = arrange(lines(shop, TODAY, now), shop, now)
        return {
            line.customer.name: (name, line.around)
            for name in ("past", "open", "later", "any_time")
            for line in getattr(day, name)
        }

    def test_of_somebody_at_eight_or_at_five_is_five_once_eight_has_gone(self, shop, people):
        assert self.places(shop, at_hour(10))["Chidi"] == ("later", 1030)
        assert self.places(shop, at_hour(16, 30))["Chidi"] == ("open", 1030)
        row = told(shop, at_hour(10))["Chidi"]
        assert (row["at"][11:16], row["part_of_day"]) == ("17:00", None)

    def test_told_anew_takes_the_morning_s_out_of_the_reason(self, shop, people):
        early, late = told(shop, at_hour(7))["Chidi"], told(shop, at_hour(10))["Chidi"]
        assert "8:05" in early["reason"] or early["at"] is None
        assert "17" not in late["reason"]
        assert late["reason"].startswith("came ")

    def test_that_has_gone_by_with_no_other_leaves_the_row_at_the_end(self, shop, people):
        assert self.places(shop, at_hour(8))["Ada"] == ("open", 485)
        assert self.places(shop, at_hour(9))["Ada"][0] == "past"
        assert self.places(shop, at_hour(10))["Ada"][0] == "any_time"

    def test_the_row_on_the_page_says_the_new_time(self, shop, people, phone, at):
        at(at_hour(7))
        phone.get("/today")
        at(at_hour(10))
        row = phone.rows()[str(people["Chidi"])]
        assert "17:10" in row
        assert "Usually in by now" not in row


class TestTheHoursAhead:
    def test_add_up_to_those_still_to_come(self, shop, people, monkeypatch):
        monkeypatch.setattr(shift, "LEAST_IN_AN_HOUR", 0)
        expected.day_list(shop, TODAY)
        stored = DayList.get()
        by_habit = sum(row.probability for row in stored.expected)
        assert by_habit + sum(stored.hours) == pytest.approx(stored.arrivals, abs=0.01)
        now = at_hour(5)
        coming = shift.still_to_come(lines(shop, TODAY, now), shop, now)
        ahead = shift.hours_ahead(coming, shop, now)
        assert sum(arrivals for _hour, arrivals in ahead) == pytest.approx(stored.arrivals, abs=0.01)
        assert max(ahead, key=lambda one: one[1])[0] == 8

    def test_leave_out_what_has_gone_by_and_who_is_here(self, shop, people, phone):
        now = at_hour(9, 30)
        before = dict(shift.hours_ahead(shift.still_to_come(lines(shop, TODAY, now), shop, now), shop, now))
        assert min(before) >= 9
        assert max(before, key=lambda hour: before[hour]) == 17
        phone.act("visit.create", customer=str(people["Chidi"]))
        after = dict(shift.hours_ahead(shift.still_to_come(lines(shop, TODAY, now), shop, now), shop, now))
        assert after.get(17, 0) < before[17] - 0.3

    def test_stand_in_the_brief(self, shop, at, phone):
        for place in range(8):
            came(someone(shop, f"Guest {place}"), shop, *days_before(TODAY, *range(1, 40)), minute=490 + place)
        at(at_hour(7))
        page = phone.get("/shift/brief").text
        assert "Most come between 8:00 and 9:00, about" in page
        assert 'data-testid="by-hour"' not in page, "of a single hour there is nothing to show"
        came(someone(shop, "Late"), shop, *days_before(TODAY, *range(1, 40)), minute=900)
        expected.make_list(shop, TODAY)
        at(at_hour(7, 1))
        assert 'data-testid="by-hour"' in phone.get("/shift/brief").text
