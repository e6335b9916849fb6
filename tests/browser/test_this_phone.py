"""One phone's own look: dark, light or the system's from the first paint; the left hand finds what it taps on its side."""

from __future__ import annotations

import sqlite3

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Site, row, toast
from tests.browser.test_for_everyone import LEAST, RULES, SIDEWAYS, SMALL, axe_finds, tall

LIGHT, DARK = "rgb(243, 243, 241)", "rgb(18, 18, 27)"
WIDTHS = (360, 390, 820)


def choose(page: Page, look: str) -> None:
    """Give the phone its cookie, as the page This phone would."""
    site = page.context.cookies()[0]
    page.context.add_cookies(
        [{"name": "regulars-look", "value": look, "domain": site["domain"], "path": "/", "httpOnly": True}]
    )


def ground(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def middle(one: Locator) -> float:
    """Return how far right something stands: 0 at the left edge of the window, 1 at the right."""
    box = one.bounding_box()
    assert box
    return (box["x"] + box["width"] / 2) / one.page.viewport_size["width"]  # type: ignore[index]


def is_left_of(one: Locator, other: Locator) -> bool:
    a, b = one.bounding_box(), other.bounding_box()
    assert a
    assert b
    return a["x"] + a["width"] <= b["x"] + 1


def tap(page: Page, label: str) -> None:
    page.locator("label", has_text=label).click()


class TestLightAndDark:
    @pytest.mark.parametrize("system", ["light", "dark"])
    @pytest.mark.parametrize(("theme", "wanted"), [("light", LIGHT), ("dark", DARK), ("system", "")])
    def test_is_the_phones_whatever_the_system_says(self, site: Site, system, theme, wanted):
        page = site.phone(color_scheme=system)
        choose(page, f"-.{theme}.right")
        for path in ("/today", "/this-phone", "/nothing"):
            page.goto(path)
            assert ground(page) == (wanted or {"light": LIGHT, "dark": DARK}[system])
        scheme = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
        assert scheme == ("light dark" if theme == "system" else theme)

    def test_follows_the_system_while_it_is_open(self, phone: Page):
        phone.emulate_media(color_scheme="dark")
        assert ground(phone) == DARK
        phone.emulate_media(color_scheme="light")
        assert ground(phone) == LIGHT

    def test_holds_before_any_script_has_run(self, site: Site):
        page = site.phone(java_script_enabled=False, color_scheme="light")
        choose(page, "-.dark.right")
        page.goto("/today")
        expect(page.locator("body")).to_have_css("background-color", DARK)

    def test_colours_what_the_browser_draws_around_it(self, site: Site):
        page = site.phone(color_scheme="light")
        choose(page, "-.dark.right")
        page.goto("/today")
        assert page.locator("meta[name=theme-color]").get_attribute("content") == "#12121b"

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_turns_grey_to_ink_for_who_asks_for_contrast(self, site: Site, theme):
        page = site.phone(color_scheme=theme, contrast="more")
        page.goto("/today")
        ink = page.evaluate("getComputedStyle(document.body).color")
        for grey in (page.locator(".muted").first, page.locator(".top p").first):
            expect(grey).to_have_css("color", ink)


class TestTheLeftHand:
    @pytest.mark.parametrize("width", WIDTHS)
    @pytest.mark.parametrize("hand", ["left", "right"])
    def test_finds_here_on_its_side(self, site: Site, width, hand):
        page = site.phone(width=width)
        choose(page, f"-.system.{hand}")
        page.goto("/today")
        lines = page.locator(".row__line:visible", has=page.get_by_test_id("here"))
        assert lines.count() > 2
        for line in lines.all():
            here, who = line.get_by_test_id("here"), line.locator(".row__who")
            assert is_left_of(here, who) if hand == "left" else is_left_of(who, here)
        docket = page.locator(".docket", has=page.get_by_test_id("here")).first
        here, note = docket.get_by_test_id("here"), docket.get_by_test_id("note-add")
        assert is_left_of(note, here) if hand == "left" else is_left_of(here, note)

    @pytest.mark.parametrize("width", WIDTHS)
    def test_finds_undo_on_its_side(self, site: Site, width):
        page = site.phone(width=width)
        choose(page, "-.system.left")
        page.goto("/today")
        line = page.locator("li", has_text="Siobhán")
        line.get_by_test_id("here").click()
        undo = page.get_by_test_id("toast-undo")
        expect(undo).to_be_visible()
        assert is_left_of(undo, toast(page).locator("p"))
        assert is_left_of(line.get_by_test_id("undo"), line.locator(".person"))

    @pytest.mark.parametrize("width", [360, 390])
    def test_finds_the_acts_of_a_card_mirrored(self, site: Site, width):
        page = site.phone(width=width)
        choose(page, "-.system.left")
        page.goto(site.card("Priya"))
        acts = page.locator(".acts")
        assert is_left_of(acts.get_by_test_id("note-add"), acts.get_by_test_id("here"))
        assert is_left_of(acts.get_by_test_id("here"), acts.locator(".acts__back"))

    def test_finds_here_in_a_search(self, site: Site):
        page = site.phone()
        choose(page, "-.system.left")
        page.goto("/find?q=jo")
        line = page.locator(".row__line").first
        assert middle(line.get_by_test_id("here")) < 0.3
        assert is_left_of(line.get_by_test_id("here"), line.locator(".row__who"))
        assert middle(page.get_by_test_id("add")) < 0.5

    def test_reads_the_name_before_the_act_all_the_same(self, site: Site):
        page = site.phone()
        choose(page, "-.system.left")
        page.goto("/today")
        line = page.locator(".row__line:visible", has=page.get_by_test_id("here")).last
        line.locator(".row__who").focus()
        page.keyboard.press("Tab")
        expect(line.get_by_test_id("here")).to_be_focused()

    @pytest.mark.parametrize("hand", ["left", "right"])
    def test_finds_its_side_where_people_write_from_the_right(self, site: Site, hand):
        page = site.phone()
        choose(page, f"-.system.{hand}")
        page.goto("/today")
        page.evaluate("document.documentElement.dir = 'rtl'")
        line = page.locator(".row__line:visible", has=page.get_by_test_id("here")).last
        here, who = line.get_by_test_id("here"), line.locator(".row__who")
        assert is_left_of(here, who) if hand == "left" else is_left_of(who, here)
        assert page.evaluate(SIDEWAYS) == []

    @pytest.mark.parametrize("path", ["/today", "{card}", "/find?q=an"])
    @pytest.mark.parametrize("world_name", ["busy"])
    def test_loses_nothing_with_large_text_and_long_names(self, site: Site, path):
        page = site.phone()
        choose(page, "-.system.left")
        page.goto(path.replace("{card}", site.card("Wolfgang-Maximilian")))
        page.evaluate("document.documentElement.style.fontSize = '32px'")
        assert page.evaluate(SMALL, LEAST) + page.evaluate(SIDEWAYS) == []
        for here in page.locator(".row__line:visible").get_by_test_id("here").all()[:5]:
            assert middle(here) < 0.5


class TestThePage:
    def test_is_reached_from_the_shift_and_changes_what_is_seen(self, phone: Page):
        phone.get_by_role("link", name="Shift").click()
        phone.get_by_role("link", name="This phone").click()
        tap(phone, "Dark")
        tap(phone, "Left")
        tap(phone, "Español")
        phone.get_by_role("button", name="Keep", exact=True).click()
        expect(phone.locator("p[role=status]")).to_be_visible()
        expect(phone.locator("html")).to_have_attribute("lang", "es")
        assert ground(phone) == DARK
        phone.goto("/today")
        expect(phone.locator("html")).to_have_attribute("data-hand", "left")

    def test_works_without_scripts_and_before_signing_in(self, site: Site):
        page = site.phone(None, java_script_enabled=False)
        page.goto("/sign-in")
        page.locator("a[href='/this-phone']").click()
        page.locator("label", has_text="Español").click()
        page.locator("button.btn--main").click()
        expect(page.locator("html")).to_have_attribute("lang", "es")
        page.goto("/sign-in")
        expect(page.locator("html")).to_have_attribute("lang", "es")

    @pytest.mark.parametrize("look", ["en.system.right", "es.dark.left"])
    @pytest.mark.parametrize("path", ["/this-phone", "/this-phone?kept=1"])
    def test_everybody_can_use_it(self, site: Site, look, path):
        page = site.phone(width=1280)
        choose(page, look)
        page.goto(path)
        found: list[str] = []
        for width in (1280, 820, 390, 360, 320):
            page.set_viewport_size({"width": width, "height": 760})
            found += page.evaluate(SMALL, LEAST) + page.evaluate(SIDEWAYS)
        tall(page, 390)
        found += axe_finds(page, runOnly={"type": "tag", "values": RULES})
        page.evaluate("document.documentElement.style.fontSize = '32px'")
        found += page.evaluate(SMALL, LEAST) + page.evaluate(SIDEWAYS)
        assert found == []

    def test_is_walked_through_by_keyboard(self, site: Site):
        page = site.phone()
        page.goto("/this-phone")
        page.locator("input[name=theme]:checked").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("p[role=status]")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("data-theme", "light")


SPANISH = {
    "/sign-in": None, "/enrol/": None, "/today": "Maya", "/find": "Maya", "/find?q=jo": "Maya", "/find?q=xan": "Maya",
    "{card}": "Maya", "{card}/notes/new": "Maya", "{card}/edit": "Maya", "/settings": "owner", "/team": "owner",
    "/people": "owner", "/nothing": "Maya", "/shift": "Maya", "/shift/brief": "Maya", "/promises": "Maya",
    "/this-phone": "Maya",
}  # fmt: skip


class TestSpanish:
    @pytest.mark.parametrize("path", SPANISH)
    def test_runs_off_sideways_nowhere(self, site: Site, path):
        page = site.phone(SPANISH[path])
        page.goto("/sign-in")
        page.context.add_cookies([{"name": "regulars-look", "value": "es.system.right", "url": site.url}])
        page.goto(path.replace("{card}", site.card("Priya")))
        expect(page.locator("html")).to_have_attribute("lang", "es")
        found: list[str] = []
        for width in (1280, 820, 390, 360, 320):
            page.set_viewport_size({"width": width, "height": 760})
            found += page.evaluate(SMALL, LEAST) + page.evaluate(SIDEWAYS)
        page.set_viewport_size({"width": 390, "height": 844})
        page.evaluate("document.documentElement.style.fontSize = '32px'")
        found += page.evaluate(SMALL, LEAST) + page.evaluate(SIDEWAYS)
        assert found == []

    def test_is_the_shops_when_the_owner_says_so(self, site: Site):
        owner = site.phone("owner", width=820)
        owner.goto("/settings")
        tap(owner, "Playful")
        expect(toast(owner)).to_contain_text("Kept")
        tap(owner, "Español")
        expect(owner.locator("html")).to_have_attribute("lang", "es")
        with sqlite3.connect(site.data / "regulars.db") as database:
            assert database.execute("SELECT language, tone FROM shop").fetchone() == ("es", "playful")
        page = site.today()
        expect(page.locator("html")).to_have_attribute("lang", "es")
        row(page, "Priya").get_by_test_id("here").click()
        expect(toast(page)).to_contain_text("Priya")
