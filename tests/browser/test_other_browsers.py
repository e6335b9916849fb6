"""A shift without a signal in Firefox and in WebKitGTK, Safari's next of kin: nothing is lost there, and all arrives once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.wire import Wire
from models import instant_text
from tests.browser.conftest import at_work
from tests.browser.others import Firefox, Other, WebKit
from tests.browser.worlds import build

pytestmark = pytest.mark.browser
DELIVERED_WITHIN = 30.0  # seconds after the signal is back
NOTE, NEWCOMER, OF_THEIRS = "Her driving test is on Friday", "Green umbrella", "Lives above the bakery"


@pytest.fixture(params=[Firefox, WebKit])
def phone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Other]:
    """A browser that is not Chromium, started; skipped loudly where it is not installed."""
    kind: type[Other] = request.param
    missing = kind.missing()
    if missing:
        pytest.skip(f"NO {kind.__name__.upper()}: nothing was tried in it. Install {missing}.")
    browser = kind(tmp_path / "profile")
    try:
        browser.start()
        yield browser
    finally:
        browser.kill()


def sign_in(phone: Other, who: str) -> None:
    phone.click(f".who:has([data-label^={who}])")
    for digit in "1234":
        phone.click(f"[data-key='{digit}']")
    phone.sees("h1", "to look up for")


def note(phone: Other, row: str, text: str) -> None:
    phone.click(f"{row} .docket__who")
    phone.type("#sheet[open] [name=text]", text)
    phone.click("#sheet[open] [data-testid=keep]")
    phone.sees(row, "1 note")


def told(data: Path, since: datetime) -> dict[str, int]:
    """Return how often each thing was done since then, as the server knows it."""
    with closing(sqlite3.connect(data)) as database:
        came = "SELECT name, count(*) FROM visit JOIN customer ON customer.id = customer_id WHERE at > ? GROUP BY name"
        noted = "SELECT text, count(*) FROM note GROUP BY text"
        people = "SELECT 'people', count(*) FROM customer"
        return dict(
            [*database.execute(came, [instant_text(since)]), *database.execute(noted), *database.execute(people)]
        )


def test_a_shift_without_a_signal_arrives_once(phone: Other, tmp_path: Path):
    now, data = datetime.now(UTC), tmp_path / "regulars.db"
    an_hour_ago = now - timedelta(hours=1)
    world = build("present", f"sqlite:///{data}", now)
    (tmp_path / "clock").write_text(now.isoformat(), encoding="utf-8")
    rosa, okafor = (f"#p-{world.people[name]}" for name in ("Rosa", "Mr Okafor"))
    newcomer = "[data-testid=walk-in-row]"
    with at_work(tmp_path) as address:
        wire = Wire(address)
        phone.open(wire.url)
        sign_in(phone, "Maya")
        phone.until("return Boolean(await caches.match('/today/kept'))")

        wire.cut()
        phone.click(f"{rosa} [data-testid=here]")  # on the page that was open
        phone.sees(rosa, "waiting to send")
        phone.reload()
        phone.sees("[data-testid=offline-banner]", "No signal")
        phone.sees(rosa, "Here, waiting to send")
        phone.click(f"{okafor} [data-testid=here]")  # on the list that was kept
        phone.sees(okafor, "Here, waiting to send")
        note(phone, okafor, NOTE)
        phone.open(f"{wire.url}/find")
        phone.type("#q", NEWCOMER)
        phone.click("[data-testid=add]")
        phone.sees(newcomer, NEWCOMER)
        note(phone, newcomer, OF_THEIRS)

        phone.kill()
        phone.start()
        phone.open(f"{wire.url}/today")
        phone.sees(rosa, "Here, waiting to send")
        phone.sees(okafor, "Here, 1 note, waiting to send")
        phone.sees(newcomer, "Here, 1 note, waiting to send")
        assert told(data, an_hour_ago) == {"people": 3}

        wire.loses_answers = True  # what the server does at first, no phone hears of
        wire.mend()
        back = time.monotonic()
        once = {"Rosa Marchetti": 1, "Mr Okafor": 1, NEWCOMER: 1, NOTE: 1, OF_THEIRS: 1, "people": 4}
        while told(data, an_hour_ago) != once and time.monotonic() < back + DELIVERED_WITHIN:
            time.sleep(0.1)
        assert told(data, an_hour_ago) == once
        phone.sees(rosa, "Here, waiting to send")

        wire.loses_answers = False
        phone.until(  # the server's own page again, without a tap
            "return document.getElementById('day') && !document.body.innerText.includes('waiting to send')"
        )
        phone.sees(rosa, "HERE")
        assert told(data, an_hour_ago) == once
