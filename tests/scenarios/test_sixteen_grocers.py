"""Sixteen real shops and ten days of November 2017: Today and `expected` are one set, and every reason is true of the file.

The reasons are read as the sentences people see and counted again from the raw file, by other code.
"""

import gzip
import re
import shutil
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

import models
from domain import access, importing
from domain.lines import lines
from domain.telling import line_as_json
from models import Shop, Staff
from tests.conftest import Phone, rows_in
from tests.oracles.grocery import shops as grocery

DAYS = [date(2017, 11, day) for day in (1, 4, 7, 10, 13, 16, 19, 22, 25, 28)]
NAMES = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@pytest.fixture
def grocers(storage, tmp_path, at) -> Staff:
    """The owner of a business whose sixteen shops were imported from the file."""
    at(datetime(2018, 1, 1, tzinfo=UTC))
    _shop, owner = access.open_shop("Office", "America/New_York", "Ruth")
    path = tmp_path / "visits.csv"
    with gzip.open(Path(__file__).parents[1] / "data" / "grocery_visits.csv.gz") as packed, path.open("wb") as file:
        shutil.copyfileobj(packed, file)
    report = importing.import_visits(path, owner.business)
    assert (report.total, report.refused, len(report.created_shops)) == (31657, 0, 16)
    return owner


def claim_is_true(reason: str, came: set[date], day: date, minutes: dict[date, int]) -> bool:
    """Say whether a reason, as people read it, holds for somebody who came on these days before `day`."""
    back = [day - timedelta(days=n) for n in range(1, 400)]
    same = [d for d in back if d.weekday() == day.weekday()]
    if match := re.fullmatch(r"came (\d+) of the last (\d+) (\w+)", reason):
        n, of, unit = int(match[1]), int(match[2]), match[3]
        window = {"days": back, "weekdays": [d for d in back if d.weekday() < 5]}.get(unit)
        if window is None:
            assert unit == NAMES[day.weekday()] + "s"
            window = same
        return sum(d in came for d in window[:of]) == n
    if match := re.fullmatch(r"came the last four (\w+)s", reason):
        return match[1] == NAMES[day.weekday()] and all(d in came for d in same[:4])
    if match := re.fullmatch(r"comes most (\w+)s around (\d+):(\d\d)", reason):
        around = int(match[2]) * 60 + int(match[3])
        near = sum(abs(minutes[d] - around) <= 20 for d in same[:4] if d in came)
        return match[1] == NAMES[day.weekday()] and sum(d in came for d in same[:4]) >= 3 and near >= 3
    if match := re.fullmatch(r"usually (\d+):(\d\d) to (\d+):(\d\d)(, most days| on weekdays)", reason):
        start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
        days = sorted(d for d in came if d.weekday() < 5 or "days" in match[5].split()[-1:])[-12:]
        return 2 * sum(start <= minutes[d] <= end for d in days) >= len(days) and sum(d in came for d in back[:14]) >= 8
    if match := re.fullmatch(r"came (\d+) times in the last (two|four) weeks", reason):
        return sum(d in came for d in back[: {"two": 14, "four": 28}[match[2]]]) == int(match[1])
    if match := re.fullmatch(r"comes every (\d+) days or so", reason):
        days = sorted(came)[-7:]
        gaps = [(b - a).days for a, b in pairwise(days)]
        return len(gaps) >= 3 and abs(median(gaps) - int(match[1])) <= 0.5
    if reason == "came yesterday":
        return back[0] in came
    if match := re.fullmatch(r"new face, came (\d+) times", reason):
        return len(came) == int(match[1]) and (day - min(came)).days < 28
    if match := re.fullmatch(r"came (\d+) times so far", reason):
        return len(came) == int(match[1])
    raise AssertionError(f"nobody knows how to check “{reason}”")


class TestSixteenGrocers:
    def test_today_and_expected_are_one_set_and_every_reason_is_true(self, engine, grocers, server, at):
        client = server.test_client()
        client.set_cookie("regulars", access.start_session(grocers, "owner"))
        phone, checked = Phone(client), 0
        shops = list(Shop.select().where(Shop.name != "Office").order_by(Shop.name))
        for day in DAYS if engine == "sqlite" else DAYS[4:6]:
            for shop in shops:
                now = at(shop.at(day, 8 * 60 + 12))
                models.Session.update(expires_at=now + timedelta(days=1)).execute()
                told = [
                    line_as_json(line, shop, day, now) for line in lines(shop, day, now) if line.source != "walk-in"
                ]
                assert set(rows_in(phone.get(f"/today?shop={shop.id}").text)) == {row["customer"] for row in told}
                past = {d: came for d, came in grocery()[shop.name].items() if d < day}
                for row in told:
                    minutes = {d: came[row["source_id"]] for d, came in past.items() if row["source_id"] in came}
                    assert claim_is_true(row["reason"], set(minutes), day, minutes), (shop.name, day, row)
                    checked += 1
        assert checked > (800 if engine == "sqlite" else 100)

    def test_here_on_one_phone_changes_the_tag_the_other_polls_with(self, grocers, server, at):
        shop = Shop.get(Shop.name == "s330")
        at(shop.at(date(2017, 11, 14), 492))
        client = server.test_client()
        client.set_cookie("regulars", access.start_session(grocers, "owner", shop=shop))
        phone = Phone(client)
        page = phone.get("/today")
        tag, customer = page.headers["HX-PTag"], next(iter(rows_in(page.text)))
        poll = {"HX-Request": "true", "HX-PTag": tag}
        assert phone.get("/today", headers=poll).status_code == 304
        phone.act("visit.create", customer=customer)
        changed = phone.get("/today", headers=poll)
        assert changed.status_code == 200
        assert 'data-arrived="true"' in rows_in(changed.text)[customer]
