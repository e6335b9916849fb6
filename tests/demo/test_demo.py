"""The demo shop: alive whenever it is opened, the same for the same moment, and everybody in it somebody of their own."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest

import app as wiring
import clock
import words.together
from demo.cast import CAST, TEAM
from demo.shop import build, local_zone
from domain import access, export
from domain.lines import lines
from domain.people import people
from domain.today import arrange
from models import (
    Appointment,
    Business,
    Customer,
    Expected,
    ExtraStep,
    FieldValue,
    Introduction,
    Issue,
    IssueTime,
    Mistake,
    Note,
    Promise,
    Question,
    Shop,
    Staff,
    Tagged,
    Told,
    Usual,
    Visit,
    db,
)

MOMENTS = {
    "on a Tuesday at 8:12": datetime(2026, 11, 24, 8, 12, tzinfo=UTC),
    "at noon in summer": datetime(2026, 7, 15, 11, 0, tzinfo=UTC),
    "ten minutes before midnight": datetime(2026, 11, 24, 23, 50, tzinfo=UTC),
    "five minutes after midnight": datetime(2026, 11, 24, 0, 5, tzinfo=UTC),
    "on a Sunday": datetime(2026, 11, 22, 10, 30, tzinfo=UTC),
    "on 29 February": datetime(2028, 2, 29, 15, 0, tzinfo=UTC),
    "on the day the clocks go forward": datetime(2026, 3, 29, 9, 0, tzinfo=UTC),
}


@pytest.fixture(params=MOMENTS, ids=str)
def moment(request):
    return request.param


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return a function that gives the file of a moment's demo shop, built once a run."""

    @cache
    def build_once(moment):
        config = wiring.Config(data=tmp_path_factory.mktemp("demo"), database_url="")
        wiring.open_storage(config)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda: MOMENTS[moment])
            build(MOMENTS[moment], "Europe/London")
        db.obj.close_all()
        return config

    return build_once


@pytest.fixture
def demo(built, moment, at):
    """The demo shop of a moment, with its lines and the places they stand in."""
    now = at(MOMENTS[moment])
    wiring.open_storage(built(moment), migrate=False)
    yield (shop := Shop.get()), (found := lines(shop, shop.day_of(now), now)), arrange(found, shop, now)
    db.obj.close_all()


class TestTheDemoShop:
    def test_is_alive(self, demo, moment):
        _shop, lines, today = demo
        assert len(today.here) >= 3, "people are here"
        assert len(today.open) + len(today.later) >= 3, "people are to come"
        assert today.open, "somebody is next"
        assert any(line.appointment for line in lines), "somebody is booked"
        assert sum(bool(line.prompt) for line in lines if not line.arrived) >= 3, "there is something to say"
        if moment != "five minutes after midnight":
            assert today.past, "somebody is past their usual time"
        assert 20 <= len(lines) <= 60

    def test_has_about_sixty_regulars_and_half_a_year_of_visits(self, demo):
        shop, _lines, _today = demo
        assert 55 <= Customer.select().count() == len(CAST) <= 70
        span = (shop.today() - min(day for (day,) in Visit.select(Visit.day).tuples())).days
        assert 180 <= span <= 1000
        assert Visit.select().count() > 2000
        assert Visit.select().where(Visit.at > clock.now()).count() == 0, "nobody has come who is yet to come"
        assert all(visit.day == shop.day_of(visit.at) for visit in Visit.select())

    def test_has_a_quiet_regular_and_somebody_without_a_name(self, demo):
        _shop, lines, _today = demo
        assert next(line.prompt["id"] for line in lines if line.customer.name == "Margaret Holloway") == "quiet"
        away = next(line for line in lines if line.customer.name == "Henrik Dahl")
        assert away.prompt["id"] == "back-after-a-while"
        assert {"Red scarf", "Two terriers", "Green bicycle"} <= {c.name for c in Customer.select()}

    def test_lists_everybody_once_in_one_place(self, demo):
        _shop, lines, today = demo
        names = Counter(line.customer.name for line in lines)
        assert max(names.values()) == 1
        places = Counter(
            line.customer.name
            for place in (today.here, today.past, today.open, today.later, today.any_time)
            for line in place
        )
        assert places == names

    def test_offers_words_of_several_kinds(self, demo):
        kinds = Counter(line.prompt["id"] for line in demo[1] if line.prompt)
        assert {"the-usual", "back-after-a-while", "third-weekday", "call", "a-year", "steady-order"} <= set(kinds)
        assert len(kinds) >= 12
        assert kinds["the-usual"] <= 0.4 * kinds.total(), "and not the same for most"

    def test_lets_the_team_in_with_the_pin_it_prints(self, demo):
        assert {staff.name for staff in access.team(Business.get().id)} >= {name for name, _role in TEAM}
        assert all(access.pin_matches("1234", staff.pin_hash) for staff in Staff.select())

    def test_dates_whatever_is_written_to_a_visit(self, demo):
        """A toast that went to another table on a day he was not here, a usual from before the first visit: never."""
        came = defaultdict(set)
        for customer, day in Visit.select(Visit.customer, Visit.day).tuples():
            came[customer].add(day)
        written = [
            (table.__name__, row.customer.name, row.day)
            for table in (
                ExtraStep,
                FieldValue,
                Introduction,
                Issue,
                Mistake,
                Note,
                Promise,
                Question,
                Tagged,
                Told,
                Usual,
            )
            for row in table.select()
        ] + [("IssueTime", row.issue.customer.name, row.day) for row in IssueTime.select()]
        days = {customer.name: came[customer.id] for customer in Customer.select()}
        assert [one for one in written if one[2] not in days[one[1]]] == []
        assert len({table for table, _, _ in written}) == 12, "there is something of each kind"
        for one in Introduction.select():
            assert one.day == min(came[one.customer_id])
            assert one.by_customer_id is None or min(came[one.by_customer_id]) < one.day, "who sends came first"

    def test_gives_reasons_that_agree_with_the_visits(self, demo):
        for line in demo[1]:
            days = {visit.day.isoformat() for visit in line.customer.visits}
            days |= {line.appointment.day.isoformat()} if line.appointment else set()
            for prompt in Expected.get(Expected.customer == line.customer.id).prompts:
                failed = {prompt["at"][:10]} if prompt["id"] == "late-our-silence" else set()  # our reminder, that day
                assert set(prompt.get("dates", ())) <= days | failed, (line.customer.name, prompt)

    def test_keeps_what_happens_in_its_order(self, demo):
        shop, _lines, _today = demo
        for promise in Promise.select().where(Promise.kept_at.is_null(False)):
            came = Visit.get((Visit.customer == promise.customer) & (Visit.day == shop.today())).at
            assert promise.at < came <= promise.kept_at <= clock.now()
        for mistake in Mistake.select():
            assert mistake.acknowledged_at is None or mistake.at < mistake.acknowledged_at
        for one in Customer.select().where(Customer.state == "moved"):
            assert max(visit.day for visit in one.visits) == one.state_since < shop.today()
        for one in Appointment.select().where(Appointment.day < shop.today()):
            assert Visit.select().where((Visit.customer == one.customer) & (Visit.day == one.day)).exists()

    def test_has_somebody_of_each_kind_for_the_owner(self, demo):
        shop, _lines, _today = demo
        told = people(shop, clock.now())
        assert told.unknown.rows[0].firm == "Bright Books"
        assert 3 <= told.unknown.total <= 7
        assert 0 < told.week.greeted < told.week.regulars
        assert "Kiri Ngata" in {one.customers[0].name for one in told.growing}
        steps = [one.step for one in told.fading]
        assert steps[:2] == ["mistake", "owed"]
        assert "greet" in steps
        assert {one.stayed for one in told.senders} == {0, 1}
        assert {one.customer is None for one in told.senders} == {True, False}
        assert [one.reason for one in told.left] == ["A job in Leeds. The coffee was never the reason."]

    def test_shows_two_of_a_firm_together(self, demo):
        with_whom = {line.customer.name: words.together.with_whom(line.beside) for line in demo[1]}
        assert with_whom["Emeka Nwosu"] == "with Beatriz Sousa of Bright Books"
        assert with_whom["Beatriz Sousa"] == "with Emeka Nwosu of Bright Books"

    def test_calls_each_time_honest_that_it_shows(self, demo):
        for line in demo[1]:
            if line.source == "habit" and line.at:
                assert line.at <= line.until
                assert line.at.date() == line.until.date()


def test_it_is_alive_on_either_engine(storage, at):
    now = at(MOMENTS["on a Tuesday at 8:12"])
    shop = build(now, "Europe/London")
    today = arrange(lines(shop, shop.day_of(now), now), shop, now)
    assert next(line.customer.name for line in today.here) == "Tomás Ferreira"
    assert Visit.select().count() > 2000


def test_the_same_moment_gives_the_same_shop(built, tmp_path, at):
    now = at(MOMENTS["on a Tuesday at 8:12"])
    told = []
    for config in (built("on a Tuesday at 8:12"), wiring.Config(data=tmp_path, database_url="")):
        wiring.open_storage(config)
        if not Business.select().exists():
            build(now, "Europe/London")
        told.append(export.checksum())
        db.obj.close_all()
    assert told[0] == told[1]


def test_everybody_has_a_name_of_their_own():
    names = [person.name for person in CAST] + [name for name, _role in TEAM]
    assert max(Counter(names).values()) == 1
    assert all(person.name.strip() == person.name != "" for person in CAST)


def test_it_stands_in_the_machines_zone(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    assert local_zone() == "America/New_York"
    monkeypatch.setenv("TZ", "Nowhere/Atall")
    assert ZoneInfo(local_zone()).utcoffset(datetime(2026, 11, 24)) is not None
