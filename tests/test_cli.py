"""The terminal, as a program would use it: answers in JSON, exit codes, sentences instead of tracebacks."""

import csv
import gzip
import io
import json
import math
import os
import random
import re
import signal
import ssl
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

import app as wiring
import cli
import clock
import models
from domain import access, forecast
from domain.baselines import METHODS
from models import Appointment, Calendar, Customer, Shop, Staff, Usual, Visit
from outside import certificates
from tests.conftest import ROOT, TUESDAY, Phone

NOW = TUESDAY.isoformat()
STORES = ROOT / "tests" / "data" / "grocery_visits.csv.gz"
BEGIN = ("init", "--shop", "Fenwick Road Coffee", "--timezone", "Europe/London", "--owner", "Ruth")


@pytest.fixture
def here(tmp_path, storage, monkeypatch):
    """Return a function that runs a command on this engine's empty database, at Tuesday 8:12."""
    present = tmp_path / "clock"
    present.write_text(NOW)

    def run(*args, data=None, url=storage.database_url, stopped=True):
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("REGULARS_DATA", str(data or storage.data))
        monkeypatch.setenv("REGULARS_CLOCK", str(present)) if stopped else monkeypatch.delenv("REGULARS_CLOCK", False)
        monkeypatch.setattr(sys, "argv", ["regulars", *map(str, args)])
        models.db.obj.close_all()  # each command opens its own
        with pytest.MonkeyPatch.context() as patch:
            out, err = _captured(patch)
            try:
                cli.run()
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
                err.write("" if isinstance(ended.code, int | None) else ended.code)
        return SimpleNamespace(code=code, out=out.getvalue(), err=err.getvalue())

    yield run
    if not models.db.is_closed():
        models.db.obj.close_all()
    wiring.open_storage(storage, migrate=False)


def _captured(patch):
    out, err = io.StringIO(), io.StringIO()
    patch.setattr(sys, "stdout", out)
    patch.setattr(sys, "stderr", err)
    return out, err


@pytest.fixture
def told(here):
    """Return a function that runs a command with --json and returns its answer."""

    def run(*args, **where):
        answer = here(*args, "--json", **where)
        assert answer.code == 0, answer.err
        return json.loads(answer.out)

    return run


@pytest.fixture
def begun(here):
    assert here(*BEGIN).code == 0


@pytest.fixture
def grown(told, begun):
    """A shop of thirty people and two thousand visits."""
    return told("seed", "--customers", 30, "--visits", 2000, "--seed", 7)


@pytest.fixture
def hands(server, begun):
    return lambda token: Phone(_bearing(server.test_client(), token))


def _bearing(client, token):
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


class TestInit:
    def test_makes_a_shop_with_an_owner_whose_link_works_once(self, told, server):
        answer = told(*BEGIN)
        assert set(answer) == {"shop", "owner", "owner_link"}
        assert Shop.get_by_id(int(answer["shop"])).zone == "Europe/London"
        assert Staff.get_by_id(int(answer["owner"])).name == "Ruth"
        hand = Phone(server.test_client())
        assert hand.post(answer["owner_link"]).location == "/setting-up/shop"
        assert Phone(server.test_client()).post(answer["owner_link"]).status_code == 410

    def test_says_in_words_how_to_go_on(self, here):
        assert "Fenwick Road Coffee is ready." in here(*BEGIN).out

    def test_leaves_a_shop_that_is_there_alone(self, here, begun):
        again = here("init", "--shop", "Other", "--timezone", "Europe/London")
        assert (again.code, again.out) == (1, "")
        assert "This directory holds a shop already." in again.err
        assert Shop.select().count() == 1


class TestAnOwnerWhoseLinkIsLost:
    def test_gets_another_and_the_one_before_is_good_no_more(self, told, server):
        begun = told(*BEGIN)
        first, second = told("reset-owner"), told("reset-owner")
        assert first["owner"] == second["owner"] == begun["owner"]
        for link in (begun["owner_link"], first["owner_link"]):
            assert Phone(server.test_client()).post(link).status_code == 410
        assert Phone(server.test_client()).post(second["owner_link"]).location == "/today"
        assert told("reset-owner", "--staff", begun["owner"])["owner"] == begun["owner"]

    def test_is_rid_of_what_got_them_in_before_and_sets_a_new_password(self, told, server):
        begun = told(*BEGIN)
        hand = Phone(server.test_client())
        hand.post(begun["owner_link"])
        hand.post("/setting-up/password", {"password": "rye crust under lamplight"})
        assert Staff.get_by_id(int(begun["owner"])).password_hash
        link = told("reset-owner")["owner_link"]
        assert Staff.get_by_id(int(begun["owner"])).password_hash == ""
        assert hand.get("/settings").status_code == 303
        assert hand.post(link, {"password": "four wet dogs at noon"}).location == "/today"
        assert Staff.get_by_id(int(begun["owner"])).password_hash

    def test_that_is_none_is_said(self, here, begun):
        Staff.update(left_at=TUESDAY).execute()
        assert "There is no owner here." in here("reset-owner").err
        assert "There is no owner of that number here." in here("reset-owner", "--staff", "77").err


@pytest.mark.skipif(os.name != "posix", reason="other systems have other rights")
class TestWhoMayReadTheFiles:
    def test_is_the_owner_of_the_server_alone(self, told, begun, tmp_path):
        data = tmp_path / "own"
        told(*BEGIN, data=data, url="")
        (data / "regulars.db").chmod(0o644)
        told("export", tmp_path / "all.jsonl", data=data, url="")
        for file in (*data.glob("regulars.db*"), tmp_path / "all.jsonl"):
            assert file.stat().st_mode & 0o077 == 0, file.name


class TestSeed:
    def test_adds_exactly_what_was_asked_for_within_180_days(self, grown, shop_of_grown):
        shop = shop_of_grown
        assert Customer.select().count() == len(grown["customers"]) == 30
        assert Visit.select().count() == 2000
        today = shop.day_of(TUESDAY)
        days = [day for (day,) in Visit.select(Visit.day).tuples()]
        assert today - timedelta(days=180) <= min(days)
        assert max(days) < today
        assert all(visit.day == shop.day_of(visit.at) for visit in Visit.select())

    @pytest.fixture
    def shop_of_grown(self, grown):
        return Shop.get_by_id(int(grown["shop"]))

    @pytest.mark.parametrize(("customers", "visits"), [(1, 1), (1, 500), (7, 3), (3, 1)])
    def test_adds_exactly_as_many_of_any_size(self, told, begun, customers, visits):
        told("seed", "--customers", customers, "--visits", visits)
        assert (Customer.select().count(), Visit.select().count()) == (customers, visits)

    def test_of_visits_by_nobody_is_refused(self, here, begun):
        answer = here("seed", "--customers", 0, "--visits", 5)
        assert (answer.code, answer.out) == (1, "")
        assert "Visits need customers" in answer.err

    def test_gives_what_tests_need(self, grown):
        assert set(grown) == {"tokens", "customers", "staff", "shop"}
        assert set(grown["tokens"]) == {"staff", "manager", "owner"}
        assert all(isinstance(one, str) for one in grown["customers"])
        assert all(set(one) == {"id", "name", "pin"} for one in grown["staff"])

    def test_gives_tokens_that_open_api_and_pages(self, grown, hands):
        for role, token in grown["tokens"].items():
            hand = hands(token)
            assert hand.get("/today").status_code == 200
            assert hand.act("visit.create", key=str(uuid4()), customer=grown["customers"][0])["status"] == "applied"
            assert hand.get("/settings").status_code == (404 if role == "staff" else 200)
            assert hand.get("/api/v1/export").status_code == (200 if role == "owner" else 404)

    def test_gives_pins_that_are_right(self, grown):
        for one in grown["staff"]:
            assert access.pin_matches(one["pin"], Staff.get_by_id(int(one["id"])).pin_hash)

    def test_is_the_same_for_the_same_seed_and_another_for_another(self, told, here, tmp_path):
        files = []
        for n, seed in enumerate((7, 7, 8)):
            data, file = tmp_path / f"d{n}", tmp_path / f"e{n}"
            for args in (BEGIN, ("seed", "--customers", 12, "--visits", 300, "--seed", seed), ("export", file)):
                told(*args, data=data, url="")
            files.append(file.read_text())
        assert files[0] == files[1]
        assert files[0] != files[2]
        assert files[0].count('"table":"Visit"') == 300


class TestImportVisits:
    FILE = (
        "customer,at,shop,name\n17,2026-11-23T08:12,,Rosa\n17,2026-11-23T08:30,,\n"
        "18,never,,\n18,2026-11-22T09:00,Second Street,\n"
    )

    @pytest.fixture
    def file(self, tmp_path):
        path = tmp_path / "visits.csv"
        path.write_text(self.FILE)
        return path

    def test_answers_with_an_honest_count(self, told, begun, file):
        answer = told("import", "visits", file)
        assert set(answer) == {
            "total",
            "added",
            "updated",
            "skipped",
            "refused",
            "created_shops",
            "errors",
            "import_id",
        }
        counts = {name: answer[name] for name in ("total", "added", "updated", "skipped", "refused")}
        assert counts == {"total": 4, "added": 2, "updated": 0, "skipped": 1, "refused": 1}
        assert answer["created_shops"] == ["Second Street"]
        assert {(e["line"], e["field"], e["code"]) for e in answer["errors"]} == {
            (3, "at", "same_visit"),
            (4, "at", "no_time"),
        }
        assert all(e["reason"].endswith(".") for e in answer["errors"])
        assert isinstance(answer["import_id"], str)

    def test_tells_people_the_lines_that_were_not_taken(self, here, begun, file):
        answer = here("import", "visits", file)
        assert answer.out.startswith("4 lines: 2 added, 1 skipped, 1 refused.")
        assert "Line 4: “never” is no time" in answer.out

    def test_of_the_same_file_twice_adds_nothing(self, told, begun, file):
        told("import", "visits", file)
        again = told("import", "visits", file)
        assert (again["added"], again["skipped"]) == (0, 3)
        assert Visit.select().count() == 2

    def test_only_looks_when_asked_to(self, told, begun, file):
        assert told("import", "visits", file, "--dry-run")["added"] == 2
        assert (Visit.select().count(), Shop.select().count()) == (0, 1)

    def test_takes_their_names_for_our_columns_and_a_shop_for_all(self, told, begun, tmp_path):
        theirs = tmp_path / "theirs.csv"
        theirs.write_text("Card No,When\n17,2026-11-23T08:12\n")
        told(
            "import", "visits", theirs, "--map", "Card No=customer", "--map", "When=at", "--shop", "Fenwick Road Coffee"
        )
        assert Visit.get().customer.source_id == "17"


class TestImportAppointments:
    CSV = "id,customer,name,starts_at,minutes,with\n1,c7,Rosa,2026-11-25T10:00,45,Nadia\n2,c8,Kim,soon,,\n"
    ICS = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:20261125T100000\r\nDTEND:20261125T104500\r\n"
        "SUMMARY:Red scarf\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )

    @pytest.fixture
    def files(self, tmp_path):
        for name, text in (("a.csv", self.CSV), ("a.ics", self.ICS)):
            (tmp_path / name).write_text(text)
        return tmp_path

    @pytest.mark.parametrize(("name", "counted"), [("a.csv", (2, 1, 0, 0, 1)), ("a.ics", (1, 1, 0, 0, 0))])
    def test_counts_looks_takes_in_once_and_takes_back(self, told, here, begun, files, name, counted):
        Customer.create(business=Shop.get().business, name="Red scarf", created_at=TUESDAY)
        names = ("total", "added", "updated", "skipped", "refused")

        def take(*more):
            answer = told("import", "appointments", files / name, *more)
            assert set(answer) == {*names, "created_shops", "errors", "import_id"}
            return answer, tuple(answer[one] for one in names)

        assert take("--dry-run")[1] == counted
        assert (Appointment.select().count(), take("--dry-run")[0]["import_id"]) == (0, None)
        first, count = take()
        assert count == counted
        assert take()[1][1] == 0
        assert Appointment.select().count() == 1
        undone = told("import", "undo", first["import_id"])
        assert (undone["import_id"], undone["added"]) == (first["import_id"], 1)
        assert Appointment.select().count() == 0
        again = here("import", "undo", first["import_id"])
        assert (again.code, again.out) == (1, "")
        assert "This import was taken back already." in again.err

    def test_tells_people_what_was_not_taken(self, here, begun, files):
        answer = here("import", "appointments", files / "a.csv")
        assert answer.out.startswith("2 appointments: 1 added, 0 changed, 0 skipped, 1 refused. To take it back: ")
        assert "Line 3: “soon” is no time such as" in answer.out
        unsure = here("import", "appointments", files / "a.ics")
        assert "Nobody is sure whose “Red scarf” is." in unsure.out

    @pytest.mark.parametrize(
        ("name", "content", "sentence"),
        [
            ("x.csv", "", "The file is empty."),
            ("x.csv", "who,when\n1,2\n", "starts_at"),
            ("x.csv", "\xff\xfe\n", "starts_at"),
            ("x.ics", "Dear all,", "no calendar"),
            ("x.csv", None, "cannot be read"),
        ],
    )
    def test_what_is_no_such_file_is_told_in_a_sentence(self, here, begun, tmp_path, name, content, sentence):
        if content is not None:
            (tmp_path / name).write_bytes(content.encode("latin-1"))
        answer = here("import", "appointments", tmp_path / name)
        assert (answer.code, answer.out) == (1, "")
        assert sentence in answer.err


class TestExpected:
    KEYS = {
        "customer": str, "source_id": str | None, "name": str, "source": str, "probability": float,
        "at": str | None, "until": str | None, "part_of_day": str | None, "reason": str, "why": list,
        "usual": str | None, "prompt": dict | None, "arrived_at": str | None,
    }  # fmt: skip

    @pytest.mark.parametrize(
        ("day", "code", "sentence"),
        [
            ("9999-12-31", 2, "is no day such as"),
            ("0001-01-01", 2, "is no day such as"),
            ("3999-12-31", 1, "that far ahead"),
            ("2027-11-27", 1, "that far ahead"),
            ("2027-11-20", 0, ""),
            ("1900-01-01", 0, ""),
        ],
    )
    def test_of_a_day_nobody_can_speak_of_is_refused_in_a_sentence(self, here, begun, day, code, sentence):
        answer = here("expected", "--day", day)
        assert answer.code == code
        assert sentence in answer.err
        assert "Traceback" not in answer.err

    def test_as_text_marks_who_is_here(self, here, told, grown):
        first = Customer.get_by_id(int(told("expected")[0]["customer"]))
        Visit.create(
            customer=first, shop=Shop.get(), day=date(2026, 11, 24), at=datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
        )
        line = next(line for line in here("expected").out.splitlines() if first.name in line)
        assert line.endswith("(here, 07:30)")

    def test_answers_with_the_keys_and_kinds_of_the_contract(self, told, grown):
        one = Customer.get_by_id(int(grown["customers"][0]))
        Usual.create(customer=one, shop=Shop.get(), text="Flat white", day=date(2026, 11, 1))
        rows = told("expected")
        assert len(rows) > 3
        for row in rows:
            assert set(row) >= set(self.KEYS)
            for key, kind in self.KEYS.items():
                assert isinstance(row[key], kind), (key, row[key])
            assert 0 <= row["probability"] <= 1
            assert row["source"] in ("habit", "appointment")
            assert (row["at"] is None) == (row["until"] is None)
            if row["prompt"]:
                assert set(row["prompt"]) >= {"id", "fact", "ask"}
        assert [row["probability"] for row in rows] == sorted((row["probability"] for row in rows), reverse=True)
        assert any(row["at"] for row in rows)

    def test_is_the_same_set_as_today(self, told, grown, hands):
        rows = told("expected")
        assert {row["customer"] for row in rows} == set(hands(grown["tokens"]["staff"]).rows())

    def test_times_carry_the_shops_offset(self, told, begun, tmp_path):
        Shop.update(zone="America/New_York").execute()
        file = tmp_path / "v.csv"
        file.write_text(
            "customer,at\n" + "".join(f"17,{date(2026, 11, 23) - timedelta(days=n)}T08:10\n" for n in range(60))
        )
        told("import", "visits", file)
        row = told("expected", "--day", "2026-11-24")[0]
        assert row["at"].startswith("2026-11-24T08:")
        assert row["at"].endswith("-05:00")
        assert row["source_id"] == "17"

    def test_of_a_past_day_knows_only_what_was_before_it(self, told, grown):
        day = "2026-10-01"
        before = told("expected", "--day", day)
        Visit.delete().where(Visit.day >= date(2026, 10, 1)).execute()
        models.DayList.delete().execute()
        assert [row["customer"] for row in told("expected", "--day", day)] == [row["customer"] for row in before] != []

    def test_says_so_in_words(self, here, begun):
        assert here("expected").out == "Nobody is expected.\n"

    def test_marks_who_has_come(self, told, grown, hands):
        first = told("expected")[0]
        hands(grown["tokens"]["staff"]).act("visit.create", customer=first["customer"])
        row = next(row for row in told("expected") if row["customer"] == first["customer"])
        assert row["arrived_at"] == "2026-11-24T08:12:00+00:00"


class TestForecast:
    def test_of_a_file_alone_gives_the_probabilities_of_the_list(self, told, here, grown, tmp_path):
        file, out = tmp_path / "visits.csv", tmp_path / "out.csv"
        shop = Shop.get()
        with file.open("w", newline="") as target:
            writer = csv.writer(target)
            writer.writerow(["customer", "at"])
            for code, at in (
                Visit.select(Customer.source_id, Visit.at).join(Customer).order_by(Visit.at.desc()).tuples()
            ):
                writer.writerow([code, shop.local(at).replace(tzinfo=None).isoformat()])
        expected = {row["source_id"]: row for row in told("expected", "--day", "2026-11-20")}
        assert here("forecast", "--visits", file, "--day", "2026-11-20", "--out", out).code == 0
        rows = {row["customer"]: row for row in csv.DictReader(out.open())}
        assert list(next(iter(rows.values()))) == ["customer", "probability", "expected_minute", "shown"]
        assert len(expected) > 3
        for code, row in expected.items():
            assert float(rows[code]["probability"]) == pytest.approx(row["probability"], abs=1e-6)
            assert rows[code]["shown"] == str(int(row["at"] is not None))
            assert 0 <= int(rows[code]["expected_minute"]) < 1440

    def test_uses_only_what_was_before_the_day(self, here, storage, tmp_path):
        file, outs = tmp_path / "v.csv", [tmp_path / "1", tmp_path / "2"]
        past = "".join(f"17,2026-10-{n:02d}T08:00\n18,2026-10-{n:02d}T09:00\n" for n in range(1, 28))
        for more, out in zip(("", "17,2026-10-28T08:00\n19,2026-10-29T08:00\n"), outs, strict=True):
            file.write_text("customer,at\n" + past + more)
            assert here("forecast", "--visits", file, "--day", "2026-10-28", "--out", out).code == 0
        assert outs[0].read_text() == outs[1].read_text()

    @pytest.mark.parametrize("seed", range(3))
    def test_says_the_same_whatever_stands_in_the_file_of_that_day_and_later(
        self, here, storage, tmp_path, monkeypatch, seed
    ):
        # where learning begins is chosen so that one more person or day would be seen
        monkeypatch.setattr(forecast, "learn_from", lambda days, people: days[people % len(days)])
        rng, file, outs = random.Random(seed), tmp_path / "v.csv", [tmp_path / "1", tmp_path / "2"]
        with gzip.open(STORES, "rt") as source:
            past = [line for line in source if line.startswith("s330,") and line[-20:-10] < "2017-03-14"]
        later = [f"s330,h{rng.randrange(9000)},2017-{rng.randrange(4, 13):02d}-11T0{n % 10}:30\n" for n in range(200)]
        later += [f"s330,{line.split(',')[1]},2017-03-14T12:00\n" for line in past if rng.random() < 0.3]
        for more, out in zip(([], later), outs, strict=True):
            lines = list(past)
            for line in more:
                lines.insert(rng.randrange(len(lines) + 1), line)
            file.write_text("shop,customer,at\n" + "".join(lines))
            assert here("forecast", "--visits", file, "--day", "2017-03-14", "--out", out).code == 0
        assert len(outs[0].read_text().splitlines()) > 20
        assert outs[0].read_text() == outs[1].read_text()

    def test_of_a_packed_file_of_two_shops_takes_it_as_one(self, here, storage, tmp_path):
        rows = [(shop, f"2026-10-{n:02d}T08:00") for n in range(1, 9) for shop in "ab"]
        plain, packed, outs = tmp_path / "v.csv", tmp_path / "v.csv.gz", [tmp_path / "1", tmp_path / "2"]
        plain.write_text("customer,at\n" + "".join(f"17,{at}\n18,{at}\n" for _shop, at in rows))
        text = "\ufeffat,shop,customer\n\n" + "".join(f" {at},{shop},17\n{at},{shop},18\n" for shop, at in rows)
        packed.write_bytes(gzip.compress(text.encode()))
        for file, out in zip((plain, packed), outs, strict=True):
            assert here("forecast", "--visits", file, "--day", "2026-10-28", "--out", out).code == 0
        assert outs[0].read_text().count("\n") == 3
        assert outs[0].read_text() == outs[1].read_text()

    @pytest.mark.parametrize(
        ("args", "sentence"),
        [
            ((), "Missing option '--visits'."),
            (("--visits", "v.csv"), "Missing option '--day'."),
            (("--visits", "v.csv", "--day", "2026-11-24"), "Missing option '--out'."),
            (("--day", "soon"), "“soon” is no day"),
            (("--visits", "v.csv", "evaluate", "v.csv"), "go with forecast alone"),
            (("v.csv",), "v.csv"),
            (("evaluate",), "FILE"),
            (("evaluate", "v.csv", "--days", "0"), "0"),
            (("evaluate", "v.csv", "--days", "some"), "some"),
            (("evaluate", "v.csv", "--end", "2017-02-30"), "“2017-02-30” is no day"),
            (("evaluate", "v.csv", "--method", "stars"), "stars"),
        ],
        ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
    )
    def test_asked_wrongly_is_wrong_usage(self, here, storage, args, sentence):
        answer = here("forecast", *args)
        assert (answer.code, answer.out) == (2, "")
        assert sentence in answer.err


class TestForecastEvaluate:
    @pytest.fixture
    def two_shops(self, tmp_path):
        """A file with ten weeks of two stores."""
        file = tmp_path / "two.csv"
        with gzip.open(STORES, "rt") as source:
            head, *lines = source
        wanted = [line for line in lines if line[:4] in ("s330", "s406") and line[-20:-10] < "2017-03-12"]
        file.write_text(head + "".join(wanted))
        return file

    def test_scores_the_very_probabilities_that_forecast_writes(self, here, told, two_shops, tmp_path):
        """Of the last day alone, whose learning begins where that of a forecast does; log-loss, time and clock."""
        out, day = tmp_path / "out", "2017-03-11"
        answer = told("forecast", "evaluate", two_shops, "--days", "1", "--end", day)
        assert (answer["file"], answer["days"], answer["end"]) == (str(two_shops), 1, day)
        rows = [row.split(",") for row in two_shops.read_text().splitlines()[1:]]
        for shop, figures in answer["methods"]["regulars"]["shops"].items():
            came: dict[str, int] = {}
            for _shop, who, at in (row for row in rows if row[0] == shop and row[2].startswith(day)):
                minute = int(at[11:13]) * 60 + int(at[14:16])
                came[who] = min(minute, came.get(who, minute))
            alone = tmp_path / "alone.csv"
            alone.write_text("shop,customer,at\n" + "".join(",".join(row) + "\n" for row in rows if row[0] == shop))
            assert here("forecast", "--visits", alone, "--day", day, "--out", out).code == 0
            found = list(csv.DictReader(out.open()))
            chances = {row["customer"]: min(max(float(row["probability"]), 1e-4), 1 - 1e-4) for row in found}
            loss = -sum(math.log(p if who in came else 1 - p) for who, p in chances.items()) / len(chances)
            assert figures["logloss"] == pytest.approx(loss, abs=1e-6)
            arrived = [row for row in found if row["customer"] in came]
            off = [abs(int(row["expected_minute"]) - came[row["customer"]]) for row in arrived]
            assert len(off) > 1
            assert figures["minute_mdae"] == statistics.median(off)
            assert figures["shown"] == sum(row["shown"] == "1" for row in arrived) / len(arrived)

    def test_says_the_same_twice_but_for_the_seconds(self, here, two_shops):
        methods = [word for name in METHODS for word in ("--method", name)]
        answers = [here("forecast", "evaluate", two_shops, "--days", "14", "--json", *methods) for _ in range(2)]
        assert [answer.code for answer in answers] == [0, 0]
        first, second = (re.sub(r'"seconds": [0-9.e-]+', '"seconds": 0', answer.out) for answer in answers)
        assert first == second
        assert first != answers[0].out
        assert list(json.loads(first)["methods"]) == list(METHODS)

    def test_tells_every_figure_of_all_and_of_each_shop(self, told, two_shops):
        answer = told("forecast", "evaluate", two_shops, "--days", "14")["methods"]
        assert list(answer) == ["regulars"]
        assert list(answer["regulars"]["shops"]) == ["s330", "s406"]
        names = {"ap", "auc", "rprec", "logloss", "brier_skill", "ll_skill"}
        names |= {f"{name}_{end}" for name in names for end in ("lo", "hi")}
        names |= {
            "brier", "base_rate", "slope", "ece", "rows", "shop_days", "came", "expected_over_came", "minute_mdae",
            "within30", "shown", "shown_within30", "seconds",
        }  # fmt: skip
        for figures in (answer["regulars"]["pooled"], *answer["regulars"]["shops"].values()):
            assert figures.keys() == names
            assert figures["ap_lo"] < figures["ap"] < figures["ap_hi"]

    def test_is_a_table_for_people(self, here, told, two_shops):
        ask = ("forecast", "evaluate", two_shops, "--days", "14", "--method", "weekday", "--method", "bg-nbd")
        text, figures = here(*ask).out, told(*ask)["methods"]
        lines = text.splitlines()
        pooled = figures["weekday"]["pooled"]
        assert lines[0] == (
            f"All visits: {pooled['rows']} forecasts on {pooled['shop_days']} shop days; {pooled['came']} came."
        )
        assert lines[1].split()[:3] == ["AP", "R-prec", "AUC"]
        rows = [line.split() for line in lines if line.startswith(("weekday", "bg-nbd"))]
        told_rows = [figures[name] for name in ("weekday", "bg-nbd")]
        expected = [row["pooled"] for row in told_rows]
        expected += [row["shops"][shop] for shop in ("s330", "s406") for row in told_rows]
        assert [row[1:5] for row in rows] == [
            [f"{one['ap']:.3f}", f"{one['rprec']:.3f}", f"{one['auc']:.3f}", f"{one['logloss']:.4f}"]
            for one in expected
        ]
        assert all(row[-2] == "–" for row in rows), "no clock time is shown by these"
        assert lines[3].split()[2] == f"{pooled['ap_lo']:.3f}"
        assert max(map(len, lines)) < 140

    def test_of_a_packed_file_is_that_of_the_file(self, told, two_shops, tmp_path):
        packed = tmp_path / "two.csv.gz"
        packed.write_bytes(gzip.compress(two_shops.read_bytes()))
        answers = [
            told("forecast", "evaluate", file, "--days", "3", "--method", "weekday") for file in (two_shops, packed)
        ]
        for answer in answers:
            del answer["methods"]["weekday"]["pooled"]["seconds"]
        assert answers[0]["methods"]["weekday"]["pooled"] == answers[1]["methods"]["weekday"]["pooled"]

    def test_of_a_file_without_shops_is_that_of_one_shop_and_stands_alone(self, here, told, tmp_path):
        file = tmp_path / "v.csv"
        file.write_text("customer,at\n" + "".join(f"17,2026-10-{n:02d}T08:00\n" for n in range(1, 9)))
        answer = told("forecast", "evaluate", file)["methods"]["regulars"]
        assert list(answer["shops"]) == [""]
        assert (answer["pooled"]["shop_days"], answer["pooled"]["auc"]) == (6, None)
        assert here("forecast", "evaluate", file).out.count("forecasts on") == 1

    def test_speaks_the_language_of_the_terminal(self, here, two_shops, monkeypatch):
        monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
        assert "pronósticos en 4 días de local" in here("forecast", "evaluate", two_shops, "--days", "2").out

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            ("customer,at\n", "No day can be tested: in these 56 days"),
            ("customer,at\n17,2026-10-01\n17,2026-10-02\n", "No day can be tested"),
            ("customer,at,shop\n17,2026-10-01,a\n17,2026-10-01\n", "Line 3: no shop on this line."),
        ],
        ids=["nobody", "a second visit day", "a line without a shop"],
    )
    def test_of_a_file_that_tells_too_little_is_a_sentence(self, here, storage, tmp_path, content, sentence):
        file = tmp_path / "v.csv"
        file.write_text(content)
        answer = here("forecast", "evaluate", file)
        assert (answer.code, answer.out) == (1, "")
        assert sentence in answer.err

    def test_of_a_window_without_an_open_day_is_a_sentence(self, here, storage, two_shops):
        for window in (("--end", "2020-01-01"), ("--end", "1900-01-01", "--days", "100000"), ("--end", "3999-12-31")):
            answer = here("forecast", "evaluate", two_shops, *window)
            assert (answer.code, answer.out) == (1, "")
            assert "No day can be tested" in answer.err

    def test_of_a_file_cut_off_while_packed_is_a_sentence(self, here, two_shops, tmp_path):
        packed, whole = tmp_path / "two.csv.gz", gzip.compress(two_shops.read_bytes())
        for content in (whole[: len(whole) // 2], b"customer,at\n", whole[:20] + b"\0\0\0\0" + whole[24:]):
            packed.write_bytes(content)
            answer = here("forecast", "evaluate", packed)
            assert (answer.code, answer.out) == (1, "")
            assert "two.csv.gz cannot be read" in answer.err


class TestExportAndBack:
    @pytest.fixture
    def full(self, told, grown, hands, tmp_path):
        """A shop with something in every table that is told, exported."""
        hand = hands(grown["tokens"]["owner"])
        who = grown["customers"][3]
        hand.act("visit.create", customer=who)
        hand.act("note.create", customer=who, text='=1+1 „quoted“, "twice"\nand ünïcode نور', private=True)
        hand.act("usual.set", customer=who, text="Flat white")
        Shop.update(hours=[["08:00", "18:00"], None, *[["09:00", "17:30"]] * 5]).execute()
        told("device", "enrol", "--staff", grown["staff"][0]["id"])
        file = tmp_path / "visits.csv"
        file.write_text("customer,at,shop\n17,2026-11-23T08:12,Second Street\n")
        told("import", "visits", file)
        secret = {"url": "https://calendar.example/private-7f3a/basic.ics", "password": "correct-horse"}
        Calendar.create(shop=Shop.get(), kind="address", name="Dr Lee", **secret)
        return told("export", tmp_path / "export.jsonl")["file"]

    def test_tells_nobody_where_another_calendar_can_be_read(self, full):
        text = Path(full).read_text()
        assert '"name":"Dr Lee"' in text.replace(": ", ":")
        assert "private-7f3a" not in text
        assert "correct-horse" not in text

    def test_gives_the_same_checksum_in_an_empty_database(self, told, full, tmp_path):
        before = told("checksum")["checksum"]
        count = told("import", "everything", full, data=tmp_path / "second", url="")["total"]
        after = told("checksum", data=tmp_path / "second", url="")["checksum"]
        assert after == before
        assert re.fullmatch(r"[0-9a-f]{64}", after)
        assert count > 2030
        told("export", tmp_path / "again.jsonl", data=tmp_path / "second", url="")
        assert (tmp_path / "again.jsonl").read_text() == (tmp_path / "export.jsonl").read_text()

    def test_moves_from_sqlite_to_this_engine_and_goes_on(self, told, here, tmp_path, server):
        small = {"data": tmp_path / "small", "url": ""}
        told(*BEGIN, **small)
        told("seed", "--customers", 9, "--visits", 200, **small)
        told("export", tmp_path / "small.jsonl", **small)
        told("import", "everything", tmp_path / "small.jsonl")
        assert told("checksum") == told("checksum", **small)
        grown = told("seed", "--customers", 2, "--visits", 3, "--seed", 2)
        assert Customer.select().count() == 11, "ids go on where they were"
        assert set(grown["customers"]) == {"10", "11"}
        shop = Shop.get()
        assert Visit.create(customer=1, shop=shop, day=date(2026, 11, 24), at=TUESDAY).id > 200

    def test_holds_no_secret_and_a_notes_text_once(self, full, grown):
        text = Path(full).read_text(encoding="utf-8")
        assert "pin_hash" not in text
        assert "secret_hash" not in text
        assert "token_hash" not in text
        assert not any(token in text for token in grown["tokens"].values())
        assert text.count("and ünïcode") == 1
        assert [json.loads(line)["table"] for line in text.splitlines()[1:2]] == ["Business"]

    def test_goes_into_an_empty_database_only(self, here, full):
        answer = here("import", "everything", full)
        assert answer.code == 1
        assert "An export goes only into an empty one." in answer.err

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param("", id="nothing"),
            pytest.param("{}\n", id="another thing"),
            pytest.param('{"regulars":"export","version":99}\n', id="a newer export"),
            pytest.param('{"regulars":"export","version":1}\n{"table":"Secrets"}\n', id="a table we do not have"),
            pytest.param(
                '{"regulars":"export","version":1}\n{"table":"Business","colour":"red"}\n', id="a column we do not have"
            ),
            pytest.param(
                '{"regulars":"export","version":1}\n{"table":"Business","id":1,"name":"B","created_at":"x"}\n[1]\n',
                id="a line of something else",
            ),
            pytest.param('{"regulars":"export","version":1}\n{"table":"Business","id":1,"na', id="a file cut off"),
            pytest.param(
                '{"regulars":"export","version":1}\n{"table":"Visit","id":1,"customer":5,"shop":5,"day":"2026-11-24","at":"x"}\n',
                id="a visit of nobody",
            ),
            pytest.param("\x00\xff\xfe", id="binary junk"),
        ],
    )
    def test_of_a_damaged_file_is_refused_and_nothing_is_kept(self, here, tmp_path, content):
        file = tmp_path / "damaged"
        file.write_bytes(content.encode("latin-1"))
        answer = here("import", "everything", file)
        assert (answer.code, answer.out) == (1, "")
        assert answer.err.strip()
        assert models.Business.select().count() == 0


class TestDevices:
    def test_are_let_in_listed_and_shut_out(self, told, grown, server):
        staff = grown["staff"][0]["id"]
        invited = told("device", "enrol", "--staff", staff)
        assert set(invited) == {"link", "code", "expires_at"}
        assert datetime.fromisoformat(invited["expires_at"]) == TUESDAY + timedelta(minutes=10)
        hand = Phone(server.test_client())
        assert hand.post("/enrol/", {"code": invited["code"]}).location == "/today"
        assert Phone(server.test_client()).post(invited["link"]).status_code == 410
        listed = told("device", "list")
        assert [(one["staff"], one["revoked_at"]) for one in listed] == [(staff, None)]
        told("device", "revoke", listed[0]["id"])
        assert hand.get("/sign-in").status_code == 401
        assert told("device", "list")[0]["revoked_at"] is not None
        line = models.Audit.get(models.Audit.kind == "phone.shut_out")
        assert str(line.told["which"]) == listed[0]["id"]


class TestRoutes:
    def test_are_complete_and_each_names_its_roles(self, told, server):
        listed = told("routes")
        assert all(set(one) == {"path", "methods", "roles", "endpoint"} and one["roles"] for one in listed)
        there = {(rule.rule, tuple(sorted(rule.methods)), rule.endpoint) for rule in server.url_map.iter_rules()}
        assert {(one["path"], tuple(one["methods"]), one["endpoint"]) for one in listed} == there
        assert len(listed) == len(there)
        assert {role for one in listed for role in one["roles"]} == {"public", "staff", "manager", "owner"}


class TestDoctor:
    def test_says_how_it_stands_with_the_certificate(self, told, here, begun, storage):
        def of_certificate():
            return next(one for one in told("doctor") if one["what"] == "certificate")

        assert (of_certificate()["ok"], of_certificate()["until"]) == (True, None)
        certificates.prepare(storage.data, ("localhost", "192.168.1.20"))
        stands = of_certificate()
        assert (stands["ok"], stands["names"]) == (True, ["localhost", "192.168.1.20"])
        assert stands["fingerprint"] == certificates.fingerprint_of(storage.data)
        assert datetime.fromisoformat(stands["until"]) > clock.system_now() + timedelta(days=390)
        assert "Good until" in here("doctor").out

        certificates.prepare(storage.data, ("localhost", "10.0.0.7"), clock.system_now() - timedelta(days=380))
        assert not of_certificate()["ok"]
        assert "start it again" in here("doctor").out
        certificates.path(storage.data).unlink()
        assert not of_certificate()["ok"]
        (storage.data / "https" / "authority.pem").write_text("nonsense")
        assert not of_certificate()["ok"]

    def test_of_a_directory_without_a_shop_is_told(self, here, tmp_path):
        assert here("doctor", data=tmp_path / "nowhere", url="").code == 1


class TestHttps:
    def test_without_its_libraries_says_how_to_get_them(self, here, begun, monkeypatch):
        monkeypatch.setattr(certificates, "is_available", lambda: False)
        answer = here("serve", "--https", "--port", "0", stopped=False)
        assert answer.code == 1
        assert "requirements-https.lock" in answer.err

    def test_with_a_damaged_authority_says_what_to_do(self, here, begun, storage):
        (storage.data / "https").mkdir()
        (storage.data / "https" / "authority.pem").write_text("nonsense")
        answer = here("serve", "--https", "--port", "0", stopped=False)
        assert answer.code == 1
        assert "authority.pem" in answer.err
        assert "Traceback" not in answer.err

    def test_is_renewed_while_it_serves_and_outlives_what_goes_wrong(self, storage, monkeypatch, caplog):
        """Each look is one of a minute: nothing is due, an address is new, the disk is gone, another address is new."""
        minutes: list[Any] = [("10.0.0.1",), ("10.0.0.2",), OSError("gone"), ("10.0.0.3",)]
        monkeypatch.setattr(certificates, "wanted", lambda: ("10.0.0.1",))
        certificate, shown = cli.certificate_of(storage), []
        ended = threading.Event()

        def wait(_seconds):
            if not minutes:
                return True
            minute = minutes.pop(0)

            def wanted():
                if isinstance(minute, OSError):
                    raise minute
                return minute

            monkeypatch.setattr(certificates, "wanted", wanted)
            return False

        monkeypatch.setattr(ended, "wait", wait)
        monkeypatch.setattr(certificate, "load", lambda _path: shown.append(certificates.told(storage.data)))
        cli.keep_certificate(storage, certificate, ended)
        assert [one.names for one in shown if one] == [("10.0.0.2",), ("10.0.0.3",)]
        assert "OSError" in caplog.text
        assert "Traceback" not in caplog.text

    def test_leaves_its_keys_out_of_an_export(self, told, begun, storage, tmp_path):
        certificates.prepare(storage.data, ("localhost",))
        told("export", tmp_path / "all")
        kept = [(storage.data / "https" / name).read_text() for name in ("authority.pem", "server.pem")]
        exported = (tmp_path / "all").read_text()
        assert not [line for text in kept for line in text.splitlines() if line in exported]


class TestMigrate:
    def test_shows_and_takes_the_steps(self, told, tmp_path):
        new = {"data": tmp_path / "new", "url": ""}
        steps = sorted(path.stem for path in models.MIGRATIONS.glob("0*.py"))
        assert told("migrate", "--plan", **new)["pending"] == steps
        assert told("migrate", **new)["applied"] == steps
        assert told("migrate", "--plan", **new)["pending"] == []


class TestWhatCannotBeDone:
    @pytest.mark.parametrize(
        ("args", "code", "sentence"),
        [
            (("init", "--shop", " ", "--timezone", "Europe/London"), 1, "A shop needs a name."),
            (("init", "--shop", "A", "--timezone", "Mars/Base"), 1, "is no time zone"),
            (("init", "--shop", "A"), 2, "--timezone"),
            (("expected",), 1, "There is no shop yet."),
            (("seed", "--customers", "5", "--visits", "5"), 1, "There is no shop yet."),
            (("seed", "--customers", "many", "--visits", "5"), 2, "many"),
            (("seed", "--customers", "-1", "--visits", "5"), 2, "-1"),
            (("import", "visits", "nowhere.csv"), 1, "There is no shop yet."),
            (("import", "everything", "nowhere.jsonl"), 1, "cannot be read"),
            (("import", "everything", "."), 1, "cannot be read"),
            (("export", "no/such/place"), 1, "cannot be written"),
            (("device", "enrol", "--staff", "99"), 1, "Nobody on the team has this number."),
            (("device", "enrol", "--staff", "9" * 30), 2, "999"),
            (("device", "revoke", "99"), 1, "There is no phone of this number."),
            (("device", "revoke", "9" * 30), 2, "999"),
            (("device", "revoke", "x"), 2, "x"),
            (("expected", "--day", "tomorrow"), 2, "“tomorrow” is no day"),
            (("forecast", "--visits", "nowhere.csv", "--day", "2026-11-24", "--out", "x"), 1, "cannot be read"),
            (("forecast", "--day", "2026-11-24", "--out", "x"), 2, "--visits"),
            (("dance",), 2, "dance"),
            (("checksum", "--loud"), 2, "--loud"),
            (("serve", "--test-mode", "--host", "0.0.0.0"), 1, "Test mode serves only this very machine"),
            (("serve", "--test-mode", "--host", "192.168.1.20"), 1, "Test mode serves only this very machine"),
            (("serve", "--test-mode", "--lan"), 1, "Test mode serves only this very machine"),
            (("serve", "--clock", "x"), 2, "--clock goes with --test-mode."),
            (("serve", "--port", "70000"), 2, "70000"),
            (("checksum", "--clock", "nowhere"), 1, "The clock file cannot be used"),
        ],
        ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
    )
    def test_is_told_in_a_sentence(self, here, args, code, sentence):
        answer = here(*args)
        assert (answer.code, answer.out) == (code, "")
        assert sentence in answer.err
        assert "Traceback" not in answer.err

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            ("", "The first line should name the columns"),
            ("who,when\n", "The first line should name the columns"),
            ("customer,at\n17,never\n", "Line 2: “never” is no time"),
            ("customer,at\n17,2026-11-01\n17,5026-11-01\n", "Line 3: “5026-11-01” is too far ahead."),
            ("customer,at\n17,0001-01-01\n", "Line 2: “0001-01-01” is too long ago."),
            ("customer,at\n17\n", "Line 2"),
            ("at,customer\n2026-11-01T08:00\n", "Line 2"),
            ("customer,at\n\xff\xfe\n", "cannot be read"),
            ("customer,at\n" + "x" * 200_000 + ",2026-11-01\n", "cannot be read"),
        ],
        ids=["empty", "other columns", "no time", "far ahead", "long ago", "cut off", "nobody", "binary", "endless"],
    )
    def test_with_a_visits_file_is_told_by_forecast(self, here, storage, tmp_path, content, sentence):
        file = tmp_path / "v.csv"
        file.write_bytes(content.encode("latin-1"))
        answer = here("forecast", "--visits", file, "--day", "2026-11-24", "--out", tmp_path / "out")
        assert answer.code == 1
        assert sentence in answer.err
        evaluated = here("forecast", "evaluate", file)
        assert (evaluated.code, evaluated.out, evaluated.err) == (1, "", answer.err)

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [("", "The file is empty."), ("who,when\n1,2\n", "customer and at"), (None, "cannot be read")],
    )
    def test_with_a_visits_file_is_told_by_import(self, here, begun, tmp_path, content, sentence):
        file = tmp_path / "v.csv"
        if content is not None:
            file.write_text(content)
        answer = here("import", "visits", file)
        assert (answer.code, answer.out) == (1, "")
        assert sentence in answer.err

    @pytest.mark.parametrize(
        "args",
        [("--map", "customer"), ("--shop", "Nowhere")],
        ids=["a map without an equals sign", "a shop that is not there"],
    )
    def test_with_an_option_is_told(self, here, begun, tmp_path, args):
        (tmp_path / "v.csv").write_text("customer,at\n")
        answer = here("import", "visits", tmp_path / "v.csv", *args)
        assert answer.code in (1, 2)
        assert answer.err

    def test_with_an_address_of_no_database_is_told(self, here):
        answer = here("checksum", url="mysql://somewhere/x")
        assert (answer.code, answer.out) == (1, "")
        assert "sqlite:///" in answer.err

    def test_in_a_place_that_is_a_file_is_told(self, here, tmp_path):
        (tmp_path / "file").write_text("x")
        answer = here("checksum", data=tmp_path / "file", url="")
        assert answer.code == 1
        assert answer.err

    def test_with_a_database_that_is_none_is_told_and_leaves_it(self, here, tmp_path):
        broken = tmp_path / "broken"
        broken.mkdir()
        (broken / "regulars.db").write_bytes(b"not a database, " * 100)
        answer = here("checksum", data=broken, url="")
        assert answer.code == 1
        assert "The database refused" in answer.err
        assert (broken / "regulars.db").read_bytes() == b"not a database, " * 100

    @pytest.mark.parametrize("instant", ["", "noon", "2026-11-24T08:12"])
    def test_with_a_clock_that_says_nothing_is_told(self, here, tmp_path, instant):
        (tmp_path / "bad").write_text(instant)
        answer = here("checksum", "--clock", tmp_path / "bad")
        assert answer.code == 1
        assert "The clock file cannot be used" in answer.err


class TestAServerOfItsOwn:
    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_says_where_it_is_answers_and_ends_within_ten_seconds(self, tmp_path, scheme):
        (tmp_path / "clock").write_text(NOW)
        environment = {**os.environ, "DATABASE_URL": "", "REGULARS_DATA": str(tmp_path / "data")}
        command = [
            sys.executable,
            "cli.py",
            "serve",
            "--json",
            "--port",
            "0",
            "--test-mode",
            "--clock",
            str(tmp_path / "clock"),
            *(["--https"] if scheme == "https" else []),
        ]
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout
            assert process.stderr
            told = json.loads(process.stdout.readline())
            assert told["pid"] == process.pid
            assert told["url"].startswith(f"{scheme}://127.0.0.1:")
            authority = tmp_path / "data" / "https" / "authority.pem"
            phone: Any = {
                "timeout": 10,
                "context": ssl.create_default_context(cafile=authority if scheme == "https" else None),
            }
            with urllib.request.urlopen(f"{told['url']}/readyz", **phone) as answer:
                ready = json.load(answer)
            assert (ready["ok"], ready["database"], ready["test_mode"]) == (True, "sqlite", True)
            assert set(ready) >= {
                "ok",
                "database",
                "schema",
                "sqlite_version",
                "scheduler_age_s",
                "oldest_due_s",
                "last_backup_at",
                "version",
                "test_mode",
            }
            with urllib.request.urlopen(f"{told['url']}/today", **phone) as answer:
                assert 'data-testid="sign-in"' in answer.read().decode()
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"{told['url']}/api/v1/export", **phone)
            assert refused.value.code == 401
            if scheme == "https":  # http leads there, on the same port
                with urllib.request.urlopen(f"{told['url'].replace('https', 'http')}/today", **phone) as answer:
                    assert answer.url == f"{told['url']}/sign-in"
                with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
                    urllib.request.urlopen(f"{told['url']}/readyz", timeout=10)
            beating = None  # the background's threads run as well
            for _ in range(200):
                with urllib.request.urlopen(f"{told['url']}/readyz", **phone) as answer:
                    beating = json.load(answer)["scheduler_age_s"]
                if beating is not None:
                    break
                time.sleep(0.1)
            assert beating is not None
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
            assert time.monotonic() - began < 10
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()
            process.communicate()


def test_a_clock_file_is_the_present_until_it_changes(tmp_path, monkeypatch):
    file = tmp_path / "clock"
    file.write_text("2026-11-24T09:12:00+01:00\n")
    clock.follow(file)
    assert clock.now() == TUESDAY == clock.now()
    file.write_text("2027-01-01T00:00:00Z")
    assert clock.now() == datetime(2027, 1, 1, tzinfo=UTC)


class TestMerging:
    def test_two_customers_become_one_and_come_apart_again(self, here, storage):
        assert here(*BEGIN).code == 0
        with models.db.connection_context():
            business = Shop.get().business
            one, other = (
                Customer.create(business=business, name=name, created_at=TUESDAY) for name in ("Rosa", "Rose")
            )
            Visit.create(customer=other, shop=Shop.get(), day=TUESDAY.date(), at=TUESDAY)
        before = json.loads(here("checksum", "--json").out)
        merged = json.loads(here("merge", one.id, other.id, "--json").out)
        assert merged == {"merge": "1", "customer": str(one.id), "gone": str(other.id), "moved": 1, "dropped": 0}
        assert json.loads(here("checksum", "--json").out) != before
        assert json.loads(here("merge", "undo", merged["merge"], "--json").out) == {
            "merge": "1", "customer": str(one.id), "back": str(other.id),
        }  # fmt: skip
        assert json.loads(here("checksum", "--json").out) == before

    @pytest.mark.parametrize(
        ("args", "code"), [(("1", "1"), 1), (("1", "99"), 1), (("undo", "7"), 1), (("rosa", "1"), 2), (("1",), 2)]
    )
    def test_what_cannot_be_is_refused_in_a_sentence(self, here, storage, args, code):
        assert here(*BEGIN).code == 0
        told = here("merge", *args)
        assert (told.code, "Traceback" in told.err) == (code, False)
        assert told.err.strip()


class TestAudit:
    def test_verify_tells_that_the_record_is_whole_and_its_head(self, told, here):
        told(*BEGIN)
        told("export", "/dev/null")
        looked = told("audit", "verify")
        assert (looked["ok"], looked["lines"], looked["problems"]) == (True, 1, [])
        assert re.fullmatch(r"1:1:[0-9a-f]{64}", looked["heads"][0])
        assert here("audit", "verify", "--head", looked["heads"][0]).code == 0

    def test_verify_refuses_one_that_is_not(self, told, here):
        told(*BEGIN)
        told("export", "/dev/null")
        head = "1:7:" + "0" * 64
        answer = here("audit", "verify", "--json", "--head", head)
        assert answer.code == 1
        assert json.loads(answer.out)["problems"] == [
            {
                "business": "1",
                "number": 7,
                "code": "cut",
                "reason": "The record ends before line 7, which there once was.",
            }
        ]
        assert "The record ends before line 7" in answer.err

    @pytest.mark.parametrize("head", ["", "7", "1:7:abc", "1:x:" + "0" * 64, "1:7:" + "0" * 64 + ":1"])
    def test_verify_says_what_a_head_looks_like(self, told, here, head):
        told(*BEGIN)
        assert here("audit", "verify", "--head", head).code == 2
