"""How many taps each act of a shift takes, counted as they are made. Reading and scrolling are none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Site, row, toast

pytestmark = pytest.mark.browser


class Thumb:
    """Taps, and counts what the page felt: a tap that hit nothing counts as well, and so does a second one."""

    def __init__(self, page: Page):
        self.page = page
        self.taps = 0
        page.expose_function("tapped", self._count)
        page.add_init_script("addEventListener('pointerup', (e) => { if (e.isTrusted) tapped(); }, true)")

    def _count(self) -> None:
        self.taps += 1

    def tap(self, place: Locator) -> None:
        place.tap()

    @contextmanager
    def takes(self, wanted: int) -> Iterator[None]:
        """Assert how many taps the block takes."""
        before = self.taps
        yield
        assert self.taps - before == wanted


@pytest.fixture
def thumb(site: Site) -> Thumb:
    """Maya's thumb, on Today."""
    page = site.phone()
    thumb = Thumb(page)
    page.goto("/today")
    return thumb


def test_to_know_what_to_say_takes_none(thumb: Thumb):
    with thumb.takes(0):
        said = row(thumb.page, "Priya").get_by_test_id("prompt")
        expect(said).to_be_in_viewport()
        expect(said).to_have_text(re.compile("Third Tuesday in a row. Thank her for coming back."))


def test_to_mark_somebody_here_takes_one(thumb: Thumb):
    with thumb.takes(1):
        thumb.tap(thumb.page.get_by_role("button", name="Priya Raghunathan is here"))
        expect(row(thumb.page, "Priya")).to_have_attribute("data-arrived", "true")


@pytest.mark.parametrize("where", ["the toast", "the row"])
def test_to_take_it_back_takes_one(thumb: Thumb, where: str):
    thumb.tap(thumb.page.get_by_role("button", name="Priya Raghunathan is here"))
    priya = row(thumb.page, "Priya")
    expect(priya).to_have_attribute("data-arrived", "true")
    place = toast(thumb.page).get_by_test_id("toast-undo") if where == "the toast" else priya.get_by_test_id("undo")
    with thumb.takes(1):
        thumb.tap(place)
        expect(priya).to_have_attribute("data-arrived", "false")


def test_a_note_after_a_visit_takes_three(thumb: Thumb):
    page = thumb.page
    thumb.tap(page.get_by_role("button", name="Priya Raghunathan is here"))
    expect(row(page, "Priya").get_by_test_id("undo")).to_be_visible()
    with thumb.takes(3):
        thumb.tap(page.get_by_role("link", name="Note on Priya"))
        thumb.tap(page.get_by_role("dialog").get_by_text("Liked a chat"))
        thumb.tap(page.get_by_role("dialog").get_by_test_id("keep"))
        expect(toast(page)).to_contain_text("Kept.")


def test_to_sign_in_takes_one_and_four_digits(site: Site):
    page = site.phone(who=None)
    thumb = Thumb(page)
    page.goto("/")
    with thumb.takes(1 + 4):
        thumb.tap(page.get_by_text("Maya", exact=True))
        for digit in "1234":
            thumb.tap(page.get_by_role("button", name=digit, exact=True))
        expect(page.get_by_test_id("day")).to_be_visible()


def test_greeted_by_name_takes_one_once_they_are_here(site: Site, thumb: Thumb):
    page = thumb.page
    page.goto(site.card("Priya"))
    thumb.tap(page.get_by_test_id("here"))
    expect(page.get_by_test_id("said")).to_be_visible()
    with thumb.takes(1):
        thumb.tap(page.get_by_role("button", name="Greeted by name"))
        expect(page.get_by_role("button", name="Greeted by name", pressed=True)).to_be_visible()
    thumb.tap(page.get_by_role("heading", level=1))  # a second tap on the same place would be a double tap
    with thumb.takes(1):  # and one takes it back
        thumb.tap(page.get_by_role("button", name="Greeted by name"))
        expect(page.get_by_role("button", name="Greeted by name", pressed=False)).to_be_visible()
    expect(page.get_by_test_id("said")).to_be_visible()
