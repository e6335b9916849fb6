"""The app on a home screen: Chromium finds nothing that it lacks, and what an installed app does besides stays out of the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Site, find_browser, row, toast
from tests.browser.test_for_everyone import LEAST, RULES, SIDEWAYS, SMALL, axe_finds
from tests.browser.test_this_phone import choose

OFFER = """() => {
  const offer = new Event("beforeinstallprompt", { cancelable: true });
  offer.prompt = () => { window.prompted = (window.prompted ?? 0) + 1; };
  dispatchEvent(offer);
}"""
RECORDED = """
  window.badges = [];
  Navigator.prototype.setAppBadge = (count) => { badges.push(count); return Promise.resolve(); };
  window.locks = 0;
  const wakeLock = { request: () => { locks += 1; return Promise.resolve({}); } };
  Object.defineProperty(Navigator.prototype, "wakeLock", { value: wakeLock });
"""
WORDS = "Could you ask her about the big table on Sunday?"
SHARE = """(text) => {
  const form = Object.assign(document.createElement("form"), { method: "post", action: "/share" });
  form.append(Object.assign(document.createElement("textarea"), { name: "text", value: text }));
  document.body.append(form);
  form.submit();
}"""


AS_AN_APP = """
  const asked = window.matchMedia.bind(window);
  window.matchMedia = (media) => (media === "(display-mode: standalone)" ? { matches: true } : asked(media));
"""


def until(page: Page, truth: str) -> None:
    """Wait until something is so in the page, whose policy lets no text be run."""
    look = f"const look = () => ({truth}) ? done() : performance.now() > end ? failed(new Error('Never')) : setTimeout(look, 20)"
    page.evaluate(f"new Promise((done, failed) => {{ const end = performance.now() + {PATIENCE}; {look}; look(); }})")


def settle(page: Page) -> None:
    """Wait until what a script that is there by now would have asked the server for has been asked."""
    until(page, "performance.getEntriesByType('resource').some((one) => one.name.includes('/build/installed.'))")
    page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => setTimeout(done))).then(() => fetch('/healthz')).then(() => null)"
    )


def hint(page: Page, which: str = "offer") -> Any:
    return page.locator(f"[data-hint={which}]")


def test_chromium_finds_nothing_that_it_lacks(site: Site, tmp_path: Path):
    """In a window that keeps things: in one that does not, nothing can ever be installed."""
    chromium = site.browser.browser_type
    options: dict[str, Any] = {"executable_path": find_browser(chromium), "args": ["--no-sandbox", "--disable-gpu"]}
    context = chromium.launch_persistent_context(str(tmp_path), base_url=site.url, **options)
    try:
        page = context.new_page()
        page.goto("/sign-in")
        page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        asked = context.new_cdp_session(page)
        manifest = asked.send("Page.getAppManifest")
        assert manifest["url"] == f"{site.url}/manifest.webmanifest"
        assert manifest["errors"] == []
        assert asked.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    finally:
        context.close()


class TestTheHint:
    def test_is_below_everybody_once_and_waved_away_for_good(self, site: Site):
        page = site.phone()
        page.add_init_script(RECORDED)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url.removeprefix(site.url)))
        page.goto("/today")
        page.evaluate(OFFER)
        until(page, "badges.length")
        expect(page.locator("#hints > *")).to_have_count(0)  # not before somebody comes there
        page.mouse.wheel(0, 9000)
        expect(hint(page)).to_be_visible()
        assert page.evaluate("!document.querySelector('#hints').nextElementSibling")
        site.act("visit.create", customer=site.person("Priya"))
        page.evaluate("document.getElementById('day').dispatchEvent(new CustomEvent('tick'))")
        until(page, "badges.length > 1")
        expect(hint(page)).to_be_visible()
        page.reload()
        page.evaluate(OFFER)
        page.mouse.wheel(0, 9000)
        settle(page)
        assert asked.count("/this-phone/hints") == 1
        page.goto("/shift")
        page.evaluate(OFFER)
        expect(hint(page)).to_be_visible()
        assert axe_finds(page, runOnly={"type": "tag", "values": RULES}) + page.evaluate(SMALL, LEAST) == []
        hint(page).get_by_role("button", name="No, thank you").click()
        expect(hint(page)).to_be_hidden()
        expect(page.locator("h1")).to_be_focused()
        page.reload()
        page.evaluate(OFFER)
        settle(page)
        assert asked.count("/this-phone/hints") == 2
        page.goto("/this-phone")  # where one looks for it
        page.evaluate(OFFER)
        hint(page).get_by_role("button", name="Install").click()
        expect(hint(page)).to_be_hidden()
        assert page.evaluate("prompted") == 1

    def test_tells_an_iphone_how(self, site: Site):
        page = site.phone()
        page.add_init_script(
            "Object.defineProperty(Navigator.prototype, 'standalone', { get: () => window.name === 'app' })"
        )
        page.goto("/shift")
        expect(hint(page, "iphone")).to_contain_text("Add to Home Screen")
        expect(hint(page)).to_be_hidden()
        page.evaluate("window.name = 'app'")  # opened from there it has nothing to tell
        with page.expect_response("**/static/build/installed.*"):
            page.reload()
        expect(page.locator("#hints > *")).to_have_count(0)


@pytest.mark.whole_browser
class TestAsAnApp:
    def test_its_icon_counts_who_is_still_expected_until_somebody_signs_out(self, site: Site):
        page = site.phone()
        page.add_init_script(RECORDED + AS_AN_APP)
        page.goto("/today")
        expected = page.locator("[data-testid=today-row][data-arrived=false]").count()
        until(page, "badges.length")
        row(page, "Priya").get_by_test_id("here").click()
        until(page, "badges.length > 1")
        assert page.evaluate("badges") == [expected, expected - 1]
        page.goto("/shift")
        page.get_by_role("button", name="Sign out").click()
        until(page, "badges.length")
        assert page.evaluate("badges") == [0]

    def test_its_screen_stays_on_with_today_where_that_was_chosen(self, site: Site):
        page = site.phone()
        page.add_init_script(RECORDED)
        page.goto("/this-phone")
        page.get_by_text("Stays on with Today").click()
        page.get_by_role("button", name="Keep", exact=True).click()
        expect(page.get_by_role("status").first).to_be_visible()
        assert page.evaluate("locks") == 0
        page.goto("/today")
        until(page, "locks === 1")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # it is let go whenever nobody looks
        until(page, "locks === 2")
        choose(page, "-.system.right")
        page.goto("/today")
        page.evaluate(OFFER)
        until(page, "badges.length")
        assert page.evaluate("locks") == 0

    def test_where_a_screen_cannot_be_kept_on_nobody_is_asked(self, site: Site):
        page = site.phone()
        page.add_init_script("delete Navigator.prototype.wakeLock")
        with page.expect_response("**/static/build/installed.*"):
            page.goto("/this-phone")
        expect(page.get_by_text("Stays on with Today")).to_be_hidden()

    def test_a_newer_version_is_taken_by_a_tap_and_never_under_words(self, site: Site):
        page = site.today(service_workers="allow")
        page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        until(page, "navigator.serviceWorker.controller")
        page.goto("/shift")
        other = page.context.new_page()
        other.goto("/healthz")  # our own pages let no address be run that they did not make
        newer = "(n) => navigator.serviceWorker.register('/worker.js?' + n).then(() => null)"
        page.evaluate("window.before = true")
        other.evaluate(newer, 2)
        expect(hint(page, "newer")).to_be_visible()
        assert page.evaluate("before"), "nothing is taken by itself"
        with page.expect_navigation():
            hint(page, "newer").get_by_role("button").click()
        assert page.evaluate("navigator.serviceWorker.controller.scriptURL").endswith("?2")
        page.wait_for_load_state("load")
        page.locator("#line").fill("The oven is slow")
        page.evaluate("window.before = true")
        other.evaluate(newer, 3)
        hint(page, "newer").get_by_role("button").click()
        expect(hint(page, "newer")).to_be_hidden()
        assert page.evaluate("navigator.serviceWorker.controller.scriptURL").endswith("?3")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("before"), "the page with the words is the same one"
        expect(page.locator("#line")).to_have_value("The oven is slow")


class TestSharedWords:
    def test_wait_as_a_draft_until_they_are_kept(self, site: Site):
        page = site.today()
        page.evaluate(SHARE, WORDS)
        expect(page.get_by_role("heading", name="Whom is it about?")).to_be_visible()
        found = axe_finds(page, runOnly={"type": "tag", "values": RULES}) + page.evaluate(SMALL, LEAST)
        page.evaluate("document.documentElement.style.fontSize = '32px'")
        assert found + page.evaluate(SIDEWAYS) == []
        page.get_by_role("searchbox").fill("pri")
        expect(page.get_by_test_id("about")).to_have_count(2)
        page.get_by_test_id("about").filter(has_text="Priya").click()
        expect(page.get_by_label("In your words")).to_have_value(WORDS)
        page.get_by_text("Liked a chat").click()
        page.get_by_role("link", name="Close").click()  # leads away, and keeps nothing
        expect(page.locator(".card")).not_to_contain_text("Liked a chat")
        page.get_by_test_id("note-add").click()
        expect(page.get_by_label("In your words")).to_have_value(WORDS)
        page.evaluate(SHARE, "And the sister")
        page.get_by_test_id("about").filter(has_text="Priya").click()
        expect(page.get_by_label("In your words")).to_have_value(f"{WORDS}\nAnd the sister")
        page.get_by_test_id("keep").click()
        expect(toast(page)).to_be_visible()
        expect(page.locator(".card")).to_contain_text("And the sister")
        page.get_by_test_id("note-add").click()
        expect(page.get_by_label("In your words")).to_have_value("")

    def test_reach_a_note_without_scripts_through_the_pin(self, site: Site):
        page = site.phone(None, java_script_enabled=False)
        page.route(f"{site.url}/from-an-app", lambda route: route.fulfill(content_type="text/html", body=FORM))
        page.goto("/from-an-app")
        page.get_by_role("button").click()
        page.get_by_text("Maya", exact=True).click()
        page.get_by_label("Your PIN").fill("1234")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_test_id("about").filter(has_text="Priya").click()
        page.get_by_test_id("keep").click()
        expect(page.locator(".card")).to_contain_text(WORDS)
        page.goto("/today")
        expect(page.locator("#hints > *")).to_have_count(0)


FORM = f'<form method="post" action="/share"><textarea name="text">{WORDS}</textarea><button>Share</button></form>'
