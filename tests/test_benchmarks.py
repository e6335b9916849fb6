"""The command that measures: what it prints, that its shops are what it says, and that it compares like with like."""

import hashlib
import json
import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import pytest
import waitress

import cli
from app import Config
from benchmarks import arrivals, limit, table, together, turns
from benchmarks.phones import Phone
from benchmarks.processes import NotHere, Wrong, bare_environment
from benchmarks.stand import Figure
from tests.conftest import ROOT


def benchmark(data, *arguments):
    command = [sys.executable, str(ROOT / "cli.py"), "benchmark", "--data", str(data), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=bare_environment())


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("measured")


@pytest.fixture(scope="module")
def rows(data):
    """What a quick run of a few measures prints, by name."""
    done = benchmark(data, "P2", "P4", "P6", "P9", "P10", "P11", "P12", "P14", "P19", "--quick", "--json")
    assert done.returncode == 0, done.stderr
    return {row["id"]: row for row in json.loads(done.stdout)}


class TestWhatIsPrinted:
    def test_has_the_documented_shape(self, rows):
        assert list(rows) == ["P2", "P4", "P6", "P9", "P10", "P11", "P12", "P14", "P19"]
        for row in rows.values():
            assert list(row) == ["id", "value", "bar", "ok", "note"]
            assert row["note"]
            assert row["ok"] in (True, False, None)

    def test_holds_figures(self, rows):
        for name in ("P2", "P4", "P6", "P9", "P11", "P12"):
            assert rows[name]["value"], rows[name]
            assert 0 < rows[name]["value"] < 1000
        assert len(rows["P10"]["value"]) == len(rows["P19"]["value"]) == 3
        # How many of the changes every phone saw in time; a machine busy with other tests may be late with some
        assert 0 < rows["P10"]["value"][0] <= 100

    def test_says_of_a_check_in_that_it_is_one_durable_commit(self, rows):
        assert "1 commit, synchronous 2" in rows["P4"]["note"]

    @pytest.mark.browser
    def test_says_what_an_opened_app_asks_for(self, rows):
        kilobytes, asked = rows["P14"]["value"]
        assert asked >= 1
        assert 0 < kilobytes < 100
        assert "/today" in rows["P14"]["note"]

    def test_is_a_table_for_a_reader(self, data, rows):
        done = benchmark(data, "p19", "p12", "--quick")
        lines = done.stdout.splitlines()
        assert [line.split()[0] for line in lines] == ["P19", "P12"]
        assert all(line.split()[1] in ("met", "MISSED") for line in lines)

    def test_refuses_a_measure_there_is_not(self, data):
        done = benchmark(data, "P99")
        assert done.returncode == 2
        assert "p20" in done.stderr.lower()


def test_the_command_knows_every_measure():
    assert list(cli.MEASURES.choices) == list(table.ROWS)


class TestTheShops:
    @pytest.fixture
    def kept(self, data, rows):
        """The shops that a run has left for the next one."""
        return {path.parent.name.rpartition("-")[0]: path for path in (data / "benchmark").glob("*/regulars.db")}

    @staticmethod
    def asked(path, question):
        with sqlite3.connect(path) as connection:
            return connection.execute(question).fetchall()

    @pytest.mark.parametrize(("name", "visits"), [("quick-small", 6_000), ("quick-large", 20_000)])
    def test_have_the_people_and_visits_they_should(self, kept, name, visits):
        assert self.asked(kept[name], "SELECT COUNT(*) FROM customer") == [(400,)]
        assert self.asked(kept[name], "SELECT COUNT(*) FROM visit") == [(visits,)]

    def test_expect_sixty_today(self, kept):
        of_today = "FROM expected JOIN day_list d ON d.id = day_list_id WHERE d.day = (SELECT MIN(day) FROM day_list)"
        assert self.asked(kept["quick-large"], f"SELECT COUNT(*) {of_today}") == [(60,)]

    def test_know_somebody_well(self, kept):
        of = "FROM {} x JOIN customer c ON c.id = x.customer_id WHERE c.name = 'Well Known'"
        for thing, count in (("visit", 200), ("note", 30), ("expected", 2)):  # today and tomorrow
            assert self.asked(kept["quick-large"], f"SELECT COUNT(*) {of.format(thing)}") == [(count,)]

    def test_are_used_again(self, data, kept):
        before = kept["quick-small"].stat().st_mtime_ns
        assert benchmark(data, "P19", "--quick").returncode == 0
        assert kept["quick-small"].stat().st_mtime_ns == before

    def test_are_the_same_for_the_same_seed(self, kept, tmp_path):
        assert benchmark(tmp_path, "P19", "--quick").returncode == 0
        (again,) = (tmp_path / "benchmark").glob("quick-small-*/regulars.db")
        told = "SELECT c.name, v.day, v.at FROM visit v JOIN customer c ON c.id = v.customer_id ORDER BY v.id"
        digests = {
            hashlib.sha256(repr(self.asked(path, told)).encode()).hexdigest() for path in (again, kept["quick-small"])
        }
        assert len(digests) == 1


def test_the_limit_is_served_as_the_app_is(monkeypatch, tmp_path):
    given = []

    def create_server(_app, **settings):
        given.append({name: value for name, value in settings.items() if name not in ("host", "port")})
        raise SystemExit

    monkeypatch.setattr(waitress, "create_server", create_server)
    monkeypatch.setattr(cli, "create_app", lambda config: None)
    for serve in (lambda: cli.serve(Config(data=tmp_path), "127.0.0.1", 0, False, print), limit.main):
        with pytest.raises(SystemExit):
            serve()
    assert given[0] == given[1]


class TestARow:
    ROW = table.Row("today", table.at_most(2, 5), "x", lambda stand: Figure([1.0, 5.0]))

    @pytest.mark.parametrize(
        ("figure", "met"),
        [
            (Figure([1.0, 5.0]), True),
            (Figure([1.0, 5.1]), False),
            (Figure([1.0, 5.0], fault="It was not durable."), False),
            (Figure(None), None),
        ],
        ids=["at its bar", "beyond one of them", "with something else amiss", "not measured"],
    )
    def test_is_met(self, figure, met):
        assert self.ROW.is_met(figure) is met

    def test_tells_its_bars(self):
        assert self.ROW.bar == "<= 2 / <= 5 x"
        assert table.Row("speed", table.at_least(45), "%", lambda stand: Figure(1.0)).bar == ">= 45 %"

    @pytest.mark.parametrize(
        ("trouble", "ok"), [(NotHere("No browser."), None), (Wrong("Answered with 500."), False)], ids=repr
    )
    def test_that_cannot_be_measured_stops_no_other(self, monkeypatch, tmp_path, trouble, ok):
        def fail(stand):
            raise trouble

        other = table.Row("next", table.at_most(2), "x", lambda stand: Figure(1.234567, "measured"))
        monkeypatch.setattr(table, "ROWS", {"P1": table.Row("first", table.at_most(2), "x", fail), "P2": other})
        told = list(table.measured([], tmp_path))
        assert [(row["id"], row["value"], row["ok"]) for row in told] == [("P1", None, ok), ("P2", 1.23, True)]
        assert str(trouble).rstrip(".") in told[0]["note"]


def test_the_median_of_the_pairs_is_judged():
    found = turns.compared([(2.0, 1.0), (9.0, 1.0), (3.0, 2.0)])
    assert (found.ratio, found.ours, found.limit, found.pairs) == (2.0, 3.0, 1.0, 3)


def test_commits_are_counted_in_the_log(tmp_path):
    connection = sqlite3.connect(tmp_path / "some.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE visit (at TEXT)")
    before = len(arrivals.commits_in(tmp_path / "some.db-wal"))
    for _ in range(3):
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO visit VALUES (?)", [("x" * 3000,)] * 9)  # several pages each
        connection.execute("COMMIT")
    assert len(arrivals.commits_in(tmp_path / "some.db-wal")) == before + 3
    connection.close()


class TestSeenOnTheOthers:
    """Customer 7 is marked here at 1.0 (acknowledged 1.1) and taken back at 5.0 (5.1); a phone's looks follow."""

    DONE = [[7, True, 1.0, 1.1], [7, False, 5.0, 5.1]]

    @pytest.mark.parametrize(
        ("looks", "delays"),
        [
            ([[0.5, 0.6, [], [7]], [2.0, 2.1, [7], []], [6.0, 6.2, [], [7]]], [1.0, 1.1]),
            ([[2.0, 2.1, [7], [8]], [4.0, 4.1, [], []], [6.0, 6.1, [], [7]]], [1.0, 1.0]),
            ([[2.0, 2.1, [7], []], [4.0, 4.1, [], [8]], [6.0, 6.1, [8], [7]]], [1.0, 1.0]),
            ([[0.9, 1.05, [7], []], [1.2, 1.3, [], []], [6.0, 6.1, [], [7]]], [0.2, 1.0]),
            ([[5.5, 5.6, [], [7]]], [4.5, 0.5]),
            ([[2.0, 2.1, [], [7]], [6.0, 6.1, [], [7]]], [1.0]),
            ([[2.0, 2.1, [7], []]], [1.0]),
        ],
        ids=[
            "both",
            "nothing new between",
            "only others between",
            "already on its way",
            "two taps between two looks",
            "one was lost",
            "no look since",
        ],
    )
    def test_each_change_is_looked_for(self, looks, delays):
        asked_for, found = together.delivered({"done": self.DONE, "seen": [looks]})
        assert asked_for == 2
        assert found == pytest.approx(delays)


def test_a_row_of_somebody_who_is_not_here_is_no_arrival(monkeypatch):
    answer = SimpleNamespace(body=b'<li data-arrived="false">', seconds=0.1)
    monkeypatch.setattr(Phone, "post", lambda *path, **fields: answer)
    with pytest.raises(Wrong):
        arrivals.arrive(Phone("http://127.0.0.1"), 7)
