"""Several people on one phone: one tap and four digits, and of whoever was there before nothing is left."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Site, find_browser

pytestmark = pytest.mark.browser


@pytest.fixture
def kept(site: Site) -> Iterator[Page]:
    """A phone of the shop whose browser keeps pages whole for the way back, as phones do (Playwright turns that off)."""
    browser = site.browser.browser_type.launch(
        executable_path=find_browser(site.browser.browser_type),
        args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        ignore_default_args=["--disable-back-forward-cache"],
    )
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, base_url=site.url, locale="en-GB"
    )
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    browser.close()


def comes(page: Page, name: str) -> int:
    """Return how many taps it takes somebody to sign in on the PIN page."""
    page.get_by_text(name, exact=True).click()
    for digit in "1234":
        page.locator(f"[data-key='{digit}']").click()
    expect(page).to_have_url(re.compile("/today$"))
    return 1 + 4


MARK = "document.documentElement.dataset.mark = 'Maya was here'"
MARKED = "document.documentElement.dataset.mark ?? ''"


def test_a_switch_takes_one_tap_and_four_digits_and_the_way_back_shows_nothing_of_who_left(site: Site, kept: Page):
    page = kept
    page.goto("/sign-in")
    comes(page, "Maya")
    for path in ("/today", site.card("Priya"), "/find", "/promises"):
        page.goto(path)
        page.evaluate(MARK)
    page.goto("/find")
    page.get_by_role("searchbox").press_sequentially("kwa")
    expect(page.get_by_text("Kwame").first).to_be_visible()
    page.goto("/shift")
    page.evaluate(MARK)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_test_id("sign-in")).to_be_visible()

    for _back in range(6):  # nobody is signed in: every page behind leads to the PIN
        page.go_back(wait_until="commit")
        expect(page.get_by_test_id("sign-in")).to_be_visible()
        expect(page.get_by_text("Priya")).to_have_count(0)

    page.goto("/sign-in")
    assert comes(page, "Sam") == 5
    for path in ("/find", "/shift", "/find"):
        page.goto(path)
    expect(page.get_by_role("searchbox")).to_have_value("")
    for _back in range(10):  # Sam’s own pages may come from memory, and load nothing then
        page.go_back(wait_until="commit")
        if page.url == "about:blank":
            break
        assert page.evaluate(MARKED) == "", page.url
        assert page.get_by_label("Signed in as Maya").count() == 0, page.url


def test_the_control_a_page_that_may_be_kept_is_kept(kept: Page):
    """What the test above looks for is there to be seen: this browser does bring pages back from memory."""
    page = kept
    for name in ("one", "two"):
        page.route(f"**/{name}", lambda route: route.fulfill(content_type="text/html", body="<title>x</title><p>here"))
    page.goto("/one")
    page.evaluate(MARK)
    page.goto("/two")
    page.go_back(wait_until="commit")
    page.wait_for_function(f"({MARKED}) === 'Maya was here'")
