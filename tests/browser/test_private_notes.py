"""Private notes: fetched only when asked for, shown for five seconds, gone when nobody looks."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site

pytestmark = pytest.mark.browser
TEXT = "He told us the door sticks."


@pytest.fixture
def card(site: Site) -> Page:
    """Return Callum's card, on a phone whose clock the test moves."""
    page = site.today()
    page.clock.install()
    page.goto(site.card("Callum"))
    return page


def test_the_text_is_not_in_the_page_until_it_is_asked_for(card: Page):
    assert TEXT not in card.content()
    card.get_by_role("button", name="1 private note").tap()
    expect(card.get_by_text(TEXT)).to_be_visible()


def test_it_hides_again_after_five_seconds(card: Page):
    card.get_by_role("button", name="1 private note").tap()
    expect(card.get_by_text(TEXT)).to_be_visible()
    card.clock.fast_forward(4900)
    assert card.get_by_text(TEXT).is_visible()
    card.clock.fast_forward(200)
    expect(card.get_by_text(TEXT)).to_have_count(0)


def test_it_hides_when_the_page_loses_the_eye(card: Page):
    card.get_by_role("button", name="1 private note").tap()
    expect(card.get_by_text(TEXT)).to_be_visible()
    card.evaluate("dispatchEvent(new Event('blur'))")
    expect(card.get_by_text(TEXT)).to_have_count(0)
