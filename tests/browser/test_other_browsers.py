"""A shift in Firefox and in WebKitGTK, Safari's next of kin: what a phone keeps there outlives its browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import at_work
from tests.browser.others import Firefox, Other, WebKit
from tests.browser.worlds import TUESDAY

pytestmark = pytest.mark.browser


@pytest.fixture(params=[Firefox, WebKit])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Other]:
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


def test_a_phone_that_was_killed_is_still_signed_in(other: Other, worlds: Any, tmp_path: Path):
    built, world = worlds("demo")
    shutil.copy(built, tmp_path / "regulars.db")
    (tmp_path / "clock").write_text(TUESDAY.isoformat(), encoding="utf-8")
    priya = f"#p-{world.people['Priya']}"
    with at_work(tmp_path) as url:
        other.open(url)
        sign_in(other, "Maya")
        other.click(f"{priya} [data-testid=here]")
        other.sees(f"{priya} .stamp", "HERE")
        other.kill()
        other.start()
        other.open(f"{url}/today")
        other.sees(f"{priya} .stamp", "HERE")
