"""A new owner, who reads nothing but the pages, gets from the first link to a colleague's phone that shows Today."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Site, serving
from tests.browser.test_for_everyone import axe_finds
from tests.conftest import ROOT, TUESDAY

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("REGULARS_SHOTS")  # a folder: pictures of each step are put there
MINUTES = 3


class Hand:
    """Taps and types, and reckons how long that takes: 0.8 s to find the first thing, 0.6 s a tap, 0.7 s to settle and find
    the next, 0.28 s a letter."""

    def __init__(self) -> None:
        self.taps = self.letters = self.fields = 0

    def tap(self, place: Locator) -> None:
        place.click()
        self.taps += 1

    def write(self, place: Locator, text: str) -> None:
        self.tap(place)
        place.fill(text)
        self.letters += len(text)
        self.fields += 1

    @property
    def seconds(self) -> float:
        return 0.8 + 0.6 * self.taps + 0.7 * (self.taps - 1) + 0.28 * self.letters


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        before = page.viewport_size
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
        if before:
            page.set_viewport_size(before)


@pytest.fixture
def new(tmp_path: Path, window: Browser):
    """A shop that was just begun on the machine, and the link that this gave out."""
    (tmp_path / "clock").write_text(TUESDAY.isoformat(), encoding="utf-8")
    told = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "init", "--data", str(tmp_path), "--json", "--shop", "Corner Cup"]
        + ["--timezone", "UTC"],
        env={**os.environ, "DATABASE_URL": "", "REGULARS_CLOCK": str(tmp_path / "clock")},
        capture_output=True,
        check=True,
    )
    with serving(tmp_path, window, demo=False) as site:
        yield site, json.loads(told.stdout)["owner_link"]
        site.close_phones()
        assert site.complaints == []


def test_from_the_first_link_to_a_colleagues_phone(new: tuple[Site, str]):
    site, link = new
    ruth, hand = site.phone(who=None, timezone_id="America/Lima"), Hand()
    ruth.goto(link)
    shoot(ruth, "1-link")
    hand.tap(ruth.get_by_test_id("begin"))

    expect(ruth.get_by_test_id("step-shop")).to_be_visible()
    expect(ruth.get_by_label("Time zone")).to_have_value("America/Lima")  # the browser's own
    expect(ruth.locator("#zone-hint")).to_contain_text("there now")
    shoot(ruth, "2-shop")
    hand.write(ruth.get_by_label("Your name"), "Ruth")
    hand.tap(ruth.get_by_test_id("next"))

    shoot(ruth, "3-hours")
    hand.tap(ruth.get_by_test_id("next"))

    shoot(ruth, "4-words")
    hand.tap(ruth.get_by_text("Guests"))
    hand.tap(ruth.get_by_test_id("next"))

    shoot(ruth, "5-password")
    ruth.goto("/first-run/")  # comes back, and is where she was
    hand.write(ruth.get_by_label("A password of your own"), "three boats under glass")
    hand.tap(ruth.get_by_test_id("next"))

    shoot(ruth, "6-team")
    hand.write(ruth.get_by_label("Name of the first one"), "Sam")
    hand.tap(ruth.get_by_test_id("next"))

    expect(ruth.get_by_role("heading", level=1)).to_have_text("Let Sam’s phone in")
    expect(ruth.get_by_test_id("waiting")).to_have_attribute("data-state", "waiting")
    shoot(ruth, "7-code")
    code = ruth.get_by_test_id("code").inner_text()

    # Sam has the phone in hand: types the code, as on an iPhone's Home Screen, and picks a PIN
    sam = site.phone(
        who=None, user_agent="Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"
    )
    sam.goto("/")
    shoot(sam, "8-code-typed")
    hand.write(sam.get_by_label("Code of eight letters and digits"), code.replace("-", "").lower())
    hand.tap(sam.get_by_role("button", name="Let this phone in"))
    shoot(sam, "9-pin")
    assert axe_finds(sam) == []
    hand.write(sam.get_by_label("Pick a PIN of four digits"), "4821")
    hand.tap(sam.get_by_role("button", name="Let this phone in"))
    expect(sam).to_have_url(re.compile("/today$"))
    expect(sam.get_by_role("heading", level=1)).to_be_visible()
    shoot(sam, "10-today")

    # Ruth's page notices by itself
    expect(ruth.get_by_test_id("waiting")).to_contain_text("Sam’s phone is in")
    expect(ruth.get_by_test_id("waiting")).to_contain_text("Sam’s Android phone")
    shoot(ruth, "11-in")
    hand.tap(ruth.get_by_test_id("phone-done"))
    shoot(ruth, "12-done")
    hand.tap(ruth.get_by_test_id("next"))
    expect(ruth).to_have_url(re.compile("/today$"))

    print(f"\n{hand.taps} taps, {hand.fields} fields, {hand.letters} letters: {hand.seconds:.0f} s")
    assert hand.seconds < MINUTES * 60


def test_without_scripts_the_zone_is_picked_and_the_team_page_tells_of_the_phone(new: tuple[Site, str]):
    site, link = new
    ruth = site.phone(who=None, java_script_enabled=False)
    ruth.goto(link)
    ruth.get_by_test_id("begin").click()
    ruth.get_by_label("Time zone").select_option("Asia/Tokyo")
    ruth.get_by_label("Your name").fill("Ruth")
    ruth.get_by_test_id("next").click()
    for _step in ("hours", "words", "password"):
        ruth.get_by_test_id("skip").click()
    ruth.get_by_label("Name of the first one").fill("Sam")
    ruth.get_by_label("PIN").fill("4821")
    ruth.get_by_test_id("next").click()
    code = ruth.get_by_test_id("code").inner_text()
    sam = site.phone(who=None, java_script_enabled=False)
    sam.goto("/enrol/")
    sam.get_by_label("Code of eight letters and digits").fill(code)
    sam.get_by_role("button", name="Let this phone in").click()
    expect(sam).to_have_url(re.compile("/today$"))
    ruth.goto("/team")
    expect(ruth.get_by_test_id("phone")).to_contain_text("Sam’s")
