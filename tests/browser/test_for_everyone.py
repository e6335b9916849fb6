"""Every page, light and dark, narrow and wide: axe finds nothing, a thumb hits everything, nothing runs off sideways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, row
from tests.browser.worlds import UNBROKEN

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
WIDTHS = (1280, 820, 390, 360, 320)
LEAST = 44  # px, as measured; what is tapped is drawn at 48


def _nothing(page: Page) -> None:
    pass


def _strip(page: Page) -> None:
    page.get_by_test_id("strip").click()


def _shown(page: Page) -> None:
    page.get_by_role("button", name="Notes hidden").click()
    expect(page.get_by_role("button", name="Notes shown")).to_be_visible()


def _here(page: Page) -> None:
    row(page, "Priya").get_by_test_id("here").click()
    expect(page.get_by_test_id("toast-undo")).to_be_visible()


def _arrived_card(page: Page) -> None:
    page.get_by_test_id("here").click()
    expect(page.get_by_test_id("said")).to_be_visible()
    for summary in page.locator(".whybox summary").all():
        summary.click()


def _greeted(page: Page) -> None:
    page.get_by_test_id("here").click()
    page.get_by_test_id("greeted").click()
    expect(page.get_by_role("button", name="Greeted by name", pressed=True)).to_be_visible()
    page.get_by_test_id("said").click()
    expect(page.get_by_text("Said today.")).to_be_visible()


def _private(page: Page) -> None:
    page.clock.install()  # it hides after five seconds
    page.locator(".hold").click()
    expect(page.locator("#held")).to_be_visible()


def _private_shown(page: Page) -> None:
    _shown(page)
    expect(page.locator("#held")).to_be_visible()


def _private_sheet(page: Page) -> None:
    page.locator(".hold").click()
    page.get_by_role("button", name="Change this private note").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _edit_sheet(page: Page) -> None:
    page.get_by_role("link", name="Change this note").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _refused_sheet(page: Page) -> None:
    page.get_by_test_id("note-add").click()
    page.get_by_test_id("keep").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    page.get_by_label("In your words").fill("Something")


def _no_notes(page: Page) -> None:
    page.get_by_text("Wants nothing written down").click()
    page.get_by_text("A child", exact=True).click()
    page.get_by_role("button", name="Keep").click()
    page.get_by_test_id("note-add").click()
    expect(page.get_by_test_id("no-notes")).to_be_visible()


def _wrong_edit(page: Page) -> None:
    page.get_by_label("Name, or a word you know them by").fill(" ")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("alert")).to_be_visible()


def _kept(page: Page) -> None:
    page.get_by_test_id("owed").get_by_test_id("promise-keep").click()
    expect(page.get_by_test_id("promise-confirm")).to_be_visible()


def _kept_one(page: Page) -> None:
    page.get_by_test_id("promise-keep").first.click()
    expect(page.get_by_test_id("promise-back")).to_have_count(2)


def _promised(page: Page) -> None:
    page.get_by_text("We promised").click()
    expect(page.get_by_label("By when")).to_be_visible()


def _visits(page: Page) -> None:
    page.get_by_test_id("last-visits").click()
    page.get_by_test_id("earlier").click()
    expect(page.get_by_test_id("earlier").or_(page.locator(".visits li:nth-child(21)")).first).to_be_visible()


def _sheet(page: Page) -> None:
    page.get_by_role("link", name="Note on Priya").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _wrong_way(page: Page) -> None:
    page.get_by_label("Encryption").select_option("none")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".told").first).to_be_visible()


def _wrong_settings(page: Page) -> None:
    for label, typed in (
        ("Name", " "),
        ("Monday to Sunday, from", "25:00"),
        ("One visit, if they come again within", "often"),
    ):
        page.get_by_label(label, exact=True).fill(typed)
        page.get_by_label(label, exact=True).press("Tab")
    expect(page.locator(".told")).to_have_count(3)


def _wrong_calendar(page: Page) -> None:
    page.get_by_label("Address", exact=True).fill("nowhere")
    page.get_by_role("button", name="Add and read it").click()
    expect(page.get_by_role("alert").first).to_be_visible()


def _add_phone(page: Page) -> None:
    page.get_by_role("button", name="Add a phone for Sam").click()
    expect(page.locator(".code")).to_be_visible()


def _wrong_team(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill("Sam")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()


def _one_of_the_team(page: Page) -> None:
    page.get_by_role("link", name="Change: Sam").click()
    expect(page.get_by_test_id("one-colleague")).to_be_visible()


def _left_the_team(page: Page) -> None:
    _one_of_the_team(page)
    page.get_by_role("button", name="Sam has left").click()
    expect(page.get_by_test_id("gone")).to_be_visible()


def _wrong_pin(page: Page) -> None:
    for _ in range(4):
        page.get_by_role("button", name="9", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()


@dataclass(frozen=True)
class View:
    """A page in a state: where it is, who looks, and what they did to get there."""

    path: str
    world: str = "demo"
    who: str | None = "Maya"
    after: Callable[[Page], None] = _nothing


VIEWS = {
    "sign-in": View("/sign-in", who=None),
    "sign-in after a wrong PIN": View("/sign-in", who=None, after=_wrong_pin),
    "unknown phone": View("/enrol/", who=None),
    "link for a phone": View("/enrol/{phone}", who=None),
    "link for the owner": View("/sign-in/owner/{owner}", who=None),
    "owner’s sign-in": View("/sign-in/owner", who=None),
    "owner’s own page": View("/settings/sign-in", who="owner"),
    "second factor": View("/settings/sign-in/second-factor", who="owner"),
    "link used up": View("/enrol/long-gone", who=None),
    "today": View("/today"),
    "today, strip open": View("/today", after=_strip),
    "today, notes shown": View("/today", after=_shown),
    "today, somebody marked": View("/today", after=_here),
    "today on the first day": View("/today", "first-day"),
    "today, all here": View("/today", "all-here"),
    "today, quiet": View("/today", "quiet"),
    "today, sixty with names of all kinds": View("/today", "busy"),
    "card": View("/customers/{Priya}"),
    "card of somebody here": View("/customers/{Priya}", after=_arrived_card),
    "card, greeted and said": View("/customers/{Priya}", after=_greeted),
    "card with all visits": View("/customers/{Callum}", after=_visits),
    "card with a private note": View("/customers/{Callum}", after=_private),
    "card with notes shown": View("/customers/{Callum}", after=_private_shown),
    "card of somebody who wants no notes, and its sheet": View("/customers/{Priya}/edit", after=_no_notes),
    "card with everything long": View("/customers/{long}", "busy"),
    "card of somebody owed a kept promise": View("/customers/{Priya}", after=_kept),
    "promises": View("/promises", after=_kept_one),
    "promises where nothing is owed": View("/promises", "first-day"),
    "note page": View("/customers/{Priya}/notes/new"),
    "note sheet with a promise": View("/customers/{Priya}/notes/new", after=_promised),
    "note sheet": View("/today", after=_sheet),
    "note sheet, refused": View("/customers/{Priya}", after=_refused_sheet),
    "note being changed": View("/customers/{Priya}", after=_edit_sheet),
    "private note being changed": View("/customers/{Callum}", after=_private_sheet),
    "earlier visits": View("/customers/{Callum}/visits"),
    "edit": View("/customers/{Priya}/edit"),
    "edit, refused": View("/customers/{Priya}/edit", after=_wrong_edit),
    "find": View("/find"),
    "find with results": View("/find?q=jo"),
    "find with long names": View("/find?q=an", "busy"),
    "find nobody": View("/find?q=xan"),
    "record of changes": View("/settings/changes?what=entry", who="owner"),
    "settings": View("/settings", who="owner"),
    "settings with errors": View("/settings", who="owner", after=_wrong_settings),
    "calendars": View("/settings/calendars", who="owner"),
    "calendars with an error": View("/settings/calendars", who="owner", after=_wrong_calendar),
    "whose is this": View("/calendars"),
    "reminders": View("/reminders", who="owner"),
    "reminders, a list": View("/reminders/list/lost", who="owner"),
    "reminders, a rule": View("/reminders/rules/new", who="owner"),
    "reminders, a way": View("/reminders/channels/sms", who="owner"),
    "reminders, a way refused": View("/reminders/channels/email", who="owner", after=_wrong_way),
    "team": View("/team", who="owner"),
    "team with a link": View("/team", who="owner", after=_add_phone),
    "team with an error": View("/team", who="owner", after=_wrong_team),
    "one of the team": View("/team", who="owner", after=_one_of_the_team),
    "team with somebody gone": View("/team", who="owner", after=_left_the_team),
    "problem": View("/customers/99999"),
    "no such page": View("/nothing"),
    "shops": View("/choose-shop", "busy"),
    "shops of the business": View("/settings/shops", who="owner"),
    "first link": View("/first-run/{owner}", who=None),
    "first run, the shop": View("/setting-up/shop", who="owner"),
    "first run, hours": View("/setting-up/hours", who="owner"),
    "first run, words": View("/setting-up/words", who="owner"),
    "first run, the password": View("/setting-up/password", who="owner"),
    "first run, the team": View("/setting-up/team", who="owner"),
    "first run, the first phone": View("/setting-up/phone", who="owner"),
}


@pytest.fixture
def view(request: pytest.FixtureRequest) -> View:
    return VIEWS[request.param]


@pytest.fixture
def world_name(view: View) -> str:
    return view.world


@pytest.fixture
def page(site: Site, view: View) -> Page:
    """The page in its state, opened wide, where most is on it."""
    page = site.phone(view.who, width=1280, height=860, touch=False, reduced_motion="reduce")
    people = {**site.world.people, "long": site.world.people.get(UNBROKEN, 0)}
    path = view.path
    for name in ("Priya", "Callum", "long"):
        path = path.replace(f"{{{name}}}", str(people.get(name, 0)))
    for kind, link in site.world.links.items():
        path = path.replace(f"{{{kind}}}", link.token)
    page.goto(path)
    if page.locator("[data-pane]").count() and page.locator(".docket").count():
        expect(page.get_by_test_id("card")).to_be_visible()
    view.after(page)
    return page


def tall(page: Page, width: int) -> None:
    """Make the window as high as the page, so that what sticks to its lower edge hides nothing."""
    page.set_viewport_size({"width": width, "height": 860})
    height = page.evaluate("""() => Math.max(document.documentElement.scrollHeight,
      ...[...document.querySelectorAll("main, aside, dialog")].map((e) => e.scrollHeight + 200))""")
    page.set_viewport_size({"width": width, "height": min(height, 12_000)})


SMALL = """(least) => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, label")]
  .filter((e) => e.checkVisibility({visibilityProperty: true}) && e.type !== "hidden" && !e.closest(".vh"))
  .filter((e) => !(e.matches("a") && e.closest("p")))
  .filter((e) => !(e.matches("input") && e.closest("label")) && !(e.matches("label") && !e.querySelector("input")))
  .map((e) => [e.getBoundingClientRect(), e])
  .filter(([box]) => box.width > 0 && (box.width < least || box.height < least))
  .map(([box, e]) => `${e.tagName} ${(e.getAttribute("aria-label") || e.textContent || e.name).trim()}: `
    + `${box.width.toFixed(1)} x ${box.height.toFixed(1)}`)"""

SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll("main, aside, dialog, .panel, .docket")]
  .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.checkVisibility())
  .map((e) => `${e.tagName}.${e.className}: ${e.scrollWidth} in ${e.clientWidth}`)"""


def axe_finds(page: Page, **options: Any) -> list[str]:
    results = Axe().run(page, options={"resultTypes": ["violations"], **options})
    return [results.generate_report()] if results.violations_count else []


def faults_of(page: Page) -> list[str]:
    """Return what keeps somebody from using a page, at every width, in both lights and with large text."""
    found: dict[str, list[str]] = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 760})
        found[f"{width} px"] = page.evaluate(SMALL, LEAST) + page.evaluate(SIDEWAYS)
    for width in (390, 1280):
        tall(page, width)
        page.emulate_media(color_scheme="light")
        found[f"axe at {width} px"] = axe_finds(page, runOnly={"type": "tag", "values": RULES})
        page.emulate_media(color_scheme="dark")  # only colours differ
        found[f"axe at {width} px, dark"] = axe_finds(page, runOnly=["color-contrast", "link-in-text-block"])
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("document.documentElement.style.fontSize = '32px'")
    found["text at 200 %"] = page.evaluate(SMALL, LEAST) + page.evaluate(SIDEWAYS)
    return [f"{at}: {what}" for at, faults in found.items() for what in faults]


@pytest.mark.parametrize("view", VIEWS, indirect=True)
def test_everybody_can_use_it(page: Page):
    assert "\n".join(faults_of(page)) == ""
