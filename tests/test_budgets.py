"""What a page may cost, counted rather than timed: bytes, requests, questions to the database, rows read.

Counts do not depend on the machine, so they are kept with every run; `./regulars benchmark` has the figures in time.
"""

import csv
import re
import sys
import tracemalloc
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

import models
from domain import importing
from models import Appointment, Business, Customer, DayList, Expected, Note, Usual, Visit, instant_text
from tests.conftest import ROOT, TUESDAY, came, counted_queries, days_before, someone

TODAY = date(2026, 11, 24)
PACKED = {"Accept-Encoding": "gzip, deflate"}  # what a phone's browser says on plain http
FIRST_FLIGHT = 14_600  # bytes: ten packets, what a server may send before it hears from the phone
FIRST_LOAD, FIRST_REQUESTS, FONTS = 45_000, 6, 70_000
VISIT = ("customer_id", "shop_id", "day", "at", "source_id")
SAY = {"id": "the-usual", "usual": "Flat white", "by": "Sam", "dates": []}


def expect(shop, customer, minute, **more):
    day_list = DayList.get_or_none(DayList.shop == shop.id) or DayList.create(shop=shop, day=TODAY, made_at=TUESDAY)
    reason = {"kind": "weekday", "weekday": 1, "came": 7, "of": 8, "dates": ["2026-11-10", "2026-11-17"]}
    window = {"around": minute, "earliest": minute - 10, "latest": minute + 10} if minute is not None else {}
    return Expected.create(day_list=day_list, customer=customer, probability=0.6, reason=reason, **window, **more)


@pytest.fixture
def full_day(shop, sam):
    """Sixty people listed: most at a time, each with a usual, some with a prompt, a warning, an arrival, a booking."""
    with models.db.atomic():
        return [listed(shop, sam, i) for i in range(60)]


GIVEN, FAMILY = "Ada Bao Chiara Diego Elif".split(), "Abara Bell Castro Dahl".split()


def listed(shop, sam, i):
    one = someone(shop, f"{GIVEN[i % 5]} {FAMILY[i // 15]} {i}")
    Usual.create(customer=one, shop=shop, text=("Flat white", "Tea, two sugars")[i % 2], author=sam, day=TODAY)
    if i % 6 == 0:
        Note.create(customer=one, shop=shop, author=sam, text="Nuts, never", safety=True, day=TODAY, at=TUESDAY)
    expect(shop, one, (7 * 60 + i * 9) if i % 4 else None, prompts=[SAY] if i % 2 else [])
    came(one, shop, *days_before(TODAY, 7, 14))
    if i % 12 == 5:
        one.check_in(shop, sam, TUESDAY - timedelta(minutes=i))
    if i % 20 == 3:
        Appointment.create(customer=one, shop=shop, day=TODAY, starts_at=TUESDAY + timedelta(minutes=i))
    return one


class TestWhatIsSent:
    @pytest.fixture
    def page(self, phone, full_day):
        answer = phone.get("/today", headers=PACKED)
        assert answer.status_code == 200
        assert phone.get("/today").text.count('data-testid="today-row"') == 60
        return answer

    def test_today_fits_into_the_first_flight(self, page):
        assert len(page.data) <= FIRST_FLIGHT

    def test_a_first_load_is_light(self, phone, page):
        sizes = {"/today": len(page.data)}
        for address in linked(phone.get("/today").text):
            answer = phone.get(address, headers=PACKED)
            assert answer.status_code == 200, address
            sizes[address] = len(answer.data)
        assert sum(sizes.values()) <= FIRST_LOAD, sizes

    def test_a_first_load_is_few_requests(self, phone, page):
        assert 1 + len(linked(phone.get("/today").text)) + len(latin_fonts()) <= FIRST_REQUESTS


def linked(html):
    """Return the addresses that a browser fetches with a page: styles, scripts, icons, pictures."""
    links = re.findall(r'<link\b[^>]*rel="(?:stylesheet|icon|manifest|preload)"[^>]*>', html)
    found = [address for link in links for address in re.findall(r'href="([^"]+)"', link)]
    found += re.findall(r'<(?:script|img|source)\b[^>]*\bsrc="([^"]+)"', html)
    return list(dict.fromkeys(address for address in found if address.startswith("/")))


def font_faces():
    text = (ROOT / "static/css/fonts.css").read_text(encoding="utf-8")
    return re.findall(r"@font-face\s*{(.*?)}", text, re.S)


def latin_fonts():
    """Return the font files that plain English needs: those whose range holds the letter A, or that name no range."""
    return [
        ROOT / "static/css" / file
        for face in font_faces()
        if "unicode-range" not in face or re.search(r"U\+0000-00FF", face, re.I)
        for file in re.findall(r'url\("?([^")]+)', face)[:1]
    ]


class TestFonts:
    def test_weigh_little(self):
        assert latin_fonts()
        assert sum(path.stat().st_size for path in latin_fonts()) <= FONTS

    def test_never_hold_text_back(self):
        for face in font_faces():
            assert re.search(r"font-display:\s*(swap|fallback|optional)", face), face


# -- questions to the database


@pytest.fixture
def well_known(shop, sam, rosa):
    """Rosa with two hundred visits and thirty notes, expected today."""
    came(rosa, shop, *days_before(TODAY, *range(1, 201)))
    with models.db.atomic():
        for i in range(30):
            Note.create(customer=rosa, shop=shop, author=sam, text=f"Note {i}", day=TODAY, at=TUESDAY)
    Usual.create(customer=rosa, shop=shop, text="Flat white", author=sam, day=TODAY)
    expect(shop, rosa, 8 * 60 + 20, prompts=[SAY])
    return rosa


class TestQuestions:
    """Of the first look after something changed: what may be kept from the look before is of no use then."""

    def test_of_today(self, phone, shop, full_day):
        phone.get("/today")
        shop.changed()
        with counted_queries() as seen:
            assert phone.get("/today").status_code == 200
        assert len(seen) <= 3, "\n".join(seen)

    def test_of_a_card(self, phone, shop, well_known):
        phone.get(f"/customers/{well_known.id}")
        shop.changed()
        with counted_queries() as seen:
            assert phone.get(f"/customers/{well_known.id}").status_code == 200
        assert len(seen) <= 5, "\n".join(seen)

    def test_of_a_check_in_that_returns_the_row(self, phone, well_known, engine):
        """PostgreSQL holds the customer's row besides, so that two phones cannot both be first; SQLite holds everything."""
        phone.get("/today")
        with counted_queries() as seen:
            answer = phone.post(f"/customers/{well_known.id}/visits", htmx=True)
        assert 'data-arrived="true"' in answer.text
        assert len(seen) <= (4 if engine == "sqlite" else 5), "\n".join(seen)


# -- growth


@pytest.fixture
def on_sqlite(engine):
    if engine != "sqlite":
        pytest.skip("SQLite counts its steps; PostgreSQL has no such count")


def steps(work):
    """Return how many steps of SQLite's own machine some work takes: what it reads and writes, without seconds."""
    count = 0

    def step():
        nonlocal count
        count += 1

    connection = models.db.connection()
    connection.set_progress_handler(step, 1)
    try:
        work()
    finally:
        connection.set_progress_handler(None, 1)
    return count


def crowd(shop, visits, first=0, people=50):
    """Add visits by many other people, spread over the last year and none of today."""
    chosen = [Customer.get_or_none(name=f"Passer-by {i}") or someone(shop, f"Passer-by {i}") for i in range(people)]
    days = [(TODAY - timedelta(days=back)).isoformat() for back in range(1, 366)]
    rows = [
        (
            chosen[i % people].id,
            shop.id,
            days[i % 365],
            f"{days[i % 365]}T{8 + i // 365 % 9:02}:{i % 60:02}:00.000Z",
            None,
        )
        for i in range(first, first + visits)
    ]
    with models.db.atomic():
        models.insert_many(Visit, VISIT, rows)


def looks_at(path):
    """Return the act of opening a page just after something changed."""

    def look(phone, shop, customer):
        shop.changed()
        answer = phone.get(path.format(customer=customer.id))
        assert answer.status_code == 200

    return look


def polls(phone, shop, _customer):
    tag = phone.get("/today").headers["HX-PTag"]
    assert phone.get("/today", headers={"HX-Request": "true", "HX-PTag": tag}).status_code == 304


def searches(phone, shop, _customer):
    shop.changed()
    assert phone.post("/find", {"q": "ad"}, htmx=True).status_code == 200


def arrives_and_goes(phone, _shop, customer):
    answer = phone.post(f"/customers/{customer.id}/visits", htmx=True)
    undo = re.findall(r'"(/visits/\d+/undo)"', answer.text)
    assert phone.post(undo[0], htmx=True).status_code == 200


HOT = [
    pytest.param(looks_at("/today"), id="today"),
    pytest.param(polls, id="the poll"),
    pytest.param(looks_at("/customers/{customer}"), id="a card"),
    pytest.param(searches, id="a search"),
    pytest.param(looks_at("/find"), id="those likely now"),
    pytest.param(arrives_and_goes, id="a check-in and its undo"),
]


@pytest.mark.usefixtures("on_sqlite", "full_day")
class TestGrowth:
    """Ten times the visits: what a shift does all day asks as much as before, and reads as much."""

    @pytest.fixture(autouse=True)
    def past(self, shop, well_known):
        crowd(shop, 2_000)

    @pytest.mark.parametrize("hot", HOT)
    def test_costs_no_steps(self, hot, phone, shop, well_known):
        def work():
            hot(phone, shop, well_known)

        work()
        before = steps(work)
        crowd(shop, 18_000, first=2_000)
        assert before > 100, "the counter counts"
        assert steps(work) <= 1.2 * before

    @pytest.mark.parametrize("hot", HOT)
    def test_never_reads_all_visits(self, hot, phone, shop, well_known):
        models.db.execute_sql("ANALYZE")
        statements = traced(lambda: hot(phone, shop, well_known))
        plans = [plan for statement in statements for plan in plan_of(statement)]
        assert plans, "something was asked"
        assert [plan for plan in plans if plan.startswith("SCAN visit")] == []


def test_a_plan_that_reads_all_visits_is_seen(storage, engine):
    if engine == "sqlite":
        assert plan_of("SELECT COUNT(t1.source_id) FROM visit AS t1") == ["SCAN visit"]
        assert plan_of('SELECT "t1"."at" FROM "visit" AS "t1" WHERE "t1"."source_id" = 7') == ["SCAN visit"]


def traced(work):
    """Return the statements that some work runs, whole, with their values in them."""
    seen: list[str] = []
    connection = models.db.connection()
    connection.set_trace_callback(seen.append)
    try:
        work()
    finally:
        connection.set_trace_callback(None)
    return seen


def plan_of(statement):
    """Return the steps by which SQLite reads for a statement, tables under their own names."""
    if not re.match(r"\s*(SELECT|UPDATE|DELETE|WITH)\b", statement, re.I):
        return []
    table_of = {alias: table for table, alias in re.findall(r'"?\b(\w+)"? AS "?(\w+)"?', statement)}
    told = [row[3] for row in models.db.execute_sql(f"EXPLAIN QUERY PLAN {statement}").fetchall()]
    return [re.sub(r"^(SCAN|SEARCH) (\w+)", lambda m: f"{m[1]} {table_of.get(m[2], m[2])}", step) for step in told]


# -- taking in a file


def visits_file(folder: Path, people: int, lines: int) -> Path:
    path = folder / f"{lines}.csv"
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["customer", "at"])
        for i in range(lines):
            out.writerow([f"h{i % people}", (TUESDAY - timedelta(hours=1 + i * 3)).isoformat()])
    return path


def taken_in(path):
    report = importing.import_visits(path, Business.get(), models.Shop.get())
    assert report.added == report.total > 0
    return report


class TestTakingInAFile:
    def test_asks_the_database_by_the_thousand_lines(self, shop, tmp_path):
        path = visits_file(tmp_path, 50, 6_000)
        with counted_queries() as seen:
            taken_in(path)
        asked = Counter(re.sub(r"\s+", " ", statement)[:40] for statement in seen)
        assert len(seen) <= 50 + 6_000 * 0.02, asked.most_common(5)

    @pytest.mark.usefixtures("on_sqlite")
    def test_makes_the_database_work_little_more_than_the_bare_rows_do(self, shop, tmp_path):
        path = visits_file(tmp_path, 50, 6_000)
        checked = steps(lambda: taken_in(path))
        rows = list(Visit.select(Visit.customer, Visit.shop, Visit.day, Visit.at, Visit.source_id).tuples())
        bare = [(c, s, day.isoformat(), instant_text(at), source) for c, s, day, at, source in rows]
        Visit.delete().execute()
        with models.db.atomic():
            assert checked <= 3 * steps(lambda: models.insert_many(Visit, VISIT, bare))

    def test_calls_few_functions_a_line(self, shop, tmp_path):
        taken_in(visits_file(tmp_path, 50, 500))
        path = visits_file(tmp_path, 50, 4_000)
        calls = 0

        def call(_frame, event, _argument):
            nonlocal calls
            calls += event in ("call", "c_call")

        sys.setprofile(call)
        try:
            importing.import_visits(path, Business.get(), models.Shop.get())
        finally:
            sys.setprofile(None)
        assert calls / 4_000 <= 100

    def test_needs_no_more_memory_for_a_longer_file(self, shop, tmp_path):
        peaks = []
        for lines in (8_000, 16_000):
            path = visits_file(tmp_path, 50, lines)
            Visit.delete().execute()
            tracemalloc.start()
            try:
                taken_in(path)
                peaks.append(tracemalloc.get_traced_memory()[1])
            finally:
                tracemalloc.stop()
        assert peaks[1] <= 1.25 * peaks[0], peaks
