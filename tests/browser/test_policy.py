"""What somebody wrote is shown as they wrote it, and never runs. (Every browser test fails on a console complaint.)"""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.worlds import PAYLOAD

pytestmark = pytest.mark.browser


def requests_of(page: Page) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def test_a_name_and_a_note_that_look_like_code_ask_nothing(site: Site):
    made = site.act("customer.create", name=PAYLOAD, here=True)
    site.act("note.create", customer=made["customer"], text=PAYLOAD, moment="list")
    site.act("usual.set", customer=made["customer"], text=PAYLOAD)
    page = site.phone()
    asked = requests_of(page)
    for address in (
        "/today",
        f"/customers/{made['customer']}",
        f"/customers/{made['customer']}/notes/new",
        "/find?q=Bobby",
    ):
        page.goto(address)
        expect(page.locator("body")).to_contain_text("Bobby")
        page.wait_for_load_state("networkidle")
    page.goto("/today")
    page.get_by_test_id("strip").tap()
    expect(page.get_by_text(PAYLOAD).first).to_be_visible()
    assert not [url for url in asked if "stolen" in url]
    assert page.locator("img, [onerror]").count() == 0


def test_an_element_without_our_nonce_asks_nothing(site: Site):
    """Even where markup slipped through: htmx takes orders only from elements that carry the page's nonce."""
    page = site.today()
    asked = requests_of(page)
    page.evaluate("""() => {
      const bad = document.createElement("b");
      for (const [name, value] of [["hx-get", "/find?q=stolen"], ["hx-trigger", "click"]]) bad.setAttribute(name, value);
      document.querySelector("main").append(bad);
      htmx.process(bad);
      bad.click();
    }""")
    with page.expect_response("**/visits"):
        page.get_by_role("button", name="Priya Raghunathan is here").tap()
    assert not [url for url in asked if "stolen" in url]
    site.complaints[:] = [told for told in site.complaints if "nonce" not in told.lower()]
