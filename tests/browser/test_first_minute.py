"""A newcomer opens the demo's address on a phone and, reading nothing else, does the four things of a shift."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Site, row, toast

pytestmark = pytest.mark.browser


class Thumb:
    """Counts what it taps."""

    def __init__(self) -> None:
        self.taps = 0

    def tap(self, *places: Locator) -> int:
        """Return how many taps it took."""
        for place in places:
            place.tap()
        self.taps += len(places)
        return len(places)


def test_the_first_minute(site: Site):
    page, thumb = site.phone(who=None), Thumb()
    page.goto("/")

    # signs in: one tap to say who, one for each digit
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    expect(page.get_by_test_id("demo-hint")).to_contain_text("1234")
    key = page.get_by_role("group", name="Digits").get_by_role("button", name="1", exact=True)
    keys = [page.get_by_role("button", name=digit, exact=True) for digit in "234"]
    assert thumb.tap(page.get_by_text("Maya", exact=True), key, *keys) == 5
    expect(page).to_have_url(re.compile("/today$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Eight to look up for")

    # marks somebody here, and takes it back
    priya = row(page, "Priya")
    assert thumb.tap(page.get_by_role("button", name="Priya Raghunathan is here")) == 1
    expect(priya).to_have_attribute("data-arrived", "true")
    expect(priya.locator(".stamp")).to_have_text(re.compile(r"HERE\s*8:12"))
    expect(toast(page)).to_contain_text("Priya is here.")
    assert thumb.tap(page.get_by_test_id("toast-undo")) == 1
    expect(priya).to_have_attribute("data-arrived", "false")
    expect(toast(page)).to_have_text(re.compile("Undone. Priya is expected again."))

    # writes a note: pencil, chip, Keep
    sheet = page.get_by_role("dialog", name="A note on Priya")
    assert thumb.tap(
        page.get_by_role("link", name="Note on Priya"), sheet.get_by_text("Liked a chat"), sheet.get_by_test_id("keep")
    ) == 3  # fmt: skip
    expect(sheet).to_be_hidden()
    expect(toast(page)).to_contain_text("Kept.")

    # it is on the card, with who wrote it and when
    thumb.tap(priya.get_by_role("link", name="Priya Raghunathan"))
    written = page.locator(".fact", has_text="Good to know")
    expect(written).to_contain_text("Liked a chat")
    expect(written).to_contain_text("Maya, today")
    thumb.tap(page.get_by_role("link", name="Back to today"))

    # says the words: she is here, and they were said
    expect(priya.get_by_test_id("prompt")).to_have_text(
        re.compile("Third Tuesday in a row. Thank her for coming back.")
    )
    assert thumb.tap(priya.get_by_test_id("here"), priya.get_by_test_id("said")) == 2
    expect(priya).to_contain_text("Said.")
    expect(priya.get_by_test_id("prompt")).to_have_count(0)

    assert thumb.taps == 5 + 1 + 1 + 3 + 2 + 2


def test_a_second_tap_on_the_same_place_is_not_meant_for_what_stands_there_now(site: Site):
    page = site.today()
    priya = row(page, "Priya")
    priya.get_by_test_id("here").dblclick()
    expect(priya).to_have_attribute("data-arrived", "true")
    expect(priya.get_by_test_id("said")).to_be_visible()
    expect(priya).to_have_attribute("data-arrived", "true")


def test_chips_alone_are_kept_when_the_sheet_closes(site: Site):
    page = site.today()
    page.get_by_role("link", name="Note on Priya").tap()
    page.get_by_text("In a hurry").tap()
    page.get_by_role("link", name="Close").tap()
    expect(toast(page)).to_contain_text("Kept.")
    page.goto(site.card("Priya"))
    expect(page.get_by_test_id("card")).to_contain_text("In a hurry")


def test_a_wrong_pin_is_told_and_forgotten(site: Site):
    page = site.phone(who=None)
    page.goto("/sign-in")
    page.get_by_text("Maya", exact=True).tap()
    expect(page.get_by_text("Maya’s PIN")).to_be_visible()
    for _ in range(4):
        page.get_by_role("button", name="9", exact=True).tap()
    expect(page.get_by_role("alert")).to_have_text("Not Maya’s PIN. 4 tries left.")
    expect(page.locator(".dots .on")).to_have_count(0)


def test_a_pin_of_six_digits_is_sent_at_the_sixth(site: Site):
    owner = site.phone("owner")
    owner.goto("/team")
    owner.get_by_role("link", name="Change: Sam").tap()
    owner.get_by_label("New PIN", exact=True).fill("123456")
    owner.get_by_test_id("pin").get_by_role("button").tap()
    expect(owner.get_by_role("status")).to_contain_text("Sam has a new PIN.")
    page = site.phone(who=None)
    page.goto("/sign-in")
    page.get_by_text("Sam", exact=True).tap()
    expect(page.locator(".dots i:visible")).to_have_count(6)
    for digit in "123456":
        page.get_by_role("button", name=digit, exact=True).tap()
    expect(page.get_by_test_id("day")).to_be_visible()
