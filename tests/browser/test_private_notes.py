"""Private notes: in no page until somebody asks, shown while they are held, gone when nobody looks; each reading is known."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import CDPSession, Page, Route, expect

from tests.browser.conftest import Site, hold_time, row

pytestmark = pytest.mark.browser
TEXT = "He told us the door sticks."
MINUTE = 60_000

# Notes every moment at which the words are in the page, and how the page was meant to be then.
WATCH = """() => {
  const look = () => {
    if (document.body?.textContent.includes("the door sticks")) window.seen.push(document.documentElement.dataset.notes);
  };
  window.seen = [];
  new MutationObserver(look).observe(document, {subtree: true, childList: true, characterData: true});
  addEventListener("pageshow", look);
}"""


def readings(site: Site) -> int:
    with sqlite3.connect(f"file:{site.data / 'regulars.db'}?mode=ro", uri=True) as database:
        return database.execute("SELECT COUNT(*) FROM note_reading").fetchone()[0]


class Finger:
    """One finger on the glass."""

    def __init__(self, page: Page):
        self.page = page
        self.cdp: CDPSession = page.context.new_cdp_session(page)

    def down(self, name: str = "1 private note") -> None:
        button = self.page.get_by_role("button", name=name)
        button.scroll_into_view_if_needed()
        box = button.bounding_box()
        assert box
        self.at = {"x": box["x"] + 40, "y": box["y"] + box["height"] / 2}
        self._send("touchStart", [self.at])

    def move(self, dy: float) -> None:
        self._send("touchMove", [{"x": self.at["x"], "y": self.at["y"] + dy}])

    def up(self) -> None:
        self._send("touchEnd", [])

    def _send(self, kind: str, points: list[dict[str, float]]) -> None:
        self.cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.fixture
def card(site: Site) -> Page:
    """Return Callum's card, on a phone whose clock the test moves."""
    page = site.phone()
    page.clock.install()
    page.add_init_script(f"({WATCH})()")
    page.goto(site.card("Callum"))
    return page


@pytest.fixture
def finger(card: Page) -> Finger:
    return Finger(card)


def do_on_card(page: Page, act: str) -> None:
    """Do something after which the card, or its body, is made anew; wait until it is."""
    if act == "a note":
        page.get_by_role("link", name="Note", exact=True).tap()
        sheet = page.get_by_role("dialog")
        sheet.get_by_label("In your words").fill("Left-handed")
        sheet.get_by_test_id("keep").tap()
        expect(page.locator(".notes").first).to_contain_text("Left-handed")
        return
    with made_anew(page):
        page.get_by_test_id(act).tap()


@contextmanager
def made_anew(page: Page) -> Iterator[None]:
    """Wait until what is done here has made the card's body anew."""
    page.locator("#card-body").evaluate("(body) => { body.dataset.before = ''; }")
    yield
    expect(page.locator("#card-body:not([data-before])")).to_be_visible()


def leave(page: Page, how: str) -> None:
    """Have nobody look at the page."""
    if how == "blur":
        page.evaluate("dispatchEvent(new Event('blur'))")
        return
    page.evaluate("""() => {
      Object.defineProperty(document, "hidden", {value: true, configurable: true});
      document.dispatchEvent(new Event("visibilitychange"));
    }""")


class TestTheNote:
    def test_is_not_in_the_page_until_it_is_asked_for(self, site: Site, card: Page):
        assert TEXT not in card.content()
        card.get_by_role("button", name="1 private note").tap()
        expect(card.get_by_text(TEXT)).to_be_visible()
        assert readings(site) == 1

    def test_is_read_while_it_is_held_and_gone_at_the_release(self, site: Site, card: Page, finger: Finger):
        finger.down()
        card.clock.run_for(200)
        expect(card.get_by_text(TEXT)).to_be_visible()
        card.clock.run_for(20_000)
        assert card.get_by_text(TEXT).is_visible()
        finger.up()
        assert TEXT not in card.content()
        assert readings(site) == 1

    def test_stands_over_the_page_so_that_nothing_moves(self, card: Page, finger: Finger):
        button = card.get_by_role("button", name="1 private note")
        button.scroll_into_view_if_needed()
        before = button.bounding_box()
        finger.down()
        card.clock.run_for(200)
        expect(card.get_by_text(TEXT)).to_be_visible()
        assert button.bounding_box() == before
        held = card.locator("#held").bounding_box()
        assert held
        assert before
        assert held["y"] + held["height"] <= before["y"] + 12, "the finger does not cover it"
        finger.up()

    def test_stands_below_where_there_is_no_room_above(self, card: Page):
        card.set_viewport_size({"width": 390, "height": 600})
        card.evaluate("document.querySelector('.fact').remove(); document.querySelector('.card__head').remove()")
        card.evaluate("document.querySelectorAll('.say, .say__acts, .card__top').forEach((e) => e.remove())")
        card.get_by_role("button", name="1 private note").tap()
        expect(card.get_by_text(TEXT)).to_be_visible()
        assert card.get_by_text(TEXT).bounding_box()["y"] > 0  # type: ignore[index]

    def test_hides_five_seconds_after_a_tap(self, card: Page):
        hold_time(card)
        card.get_by_role("button", name="1 private note").tap()
        expect(card.get_by_text(TEXT)).to_be_visible()
        card.clock.run_for(4900)
        assert card.get_by_text(TEXT).is_visible()
        card.clock.run_for(200)
        expect(card.get_by_text(TEXT)).to_have_count(0)

    @pytest.mark.parametrize("key", ["Enter", "Space"])
    def test_is_read_by_keyboard_and_said_aloud(self, card: Page, key: str):
        button = card.get_by_role("button", name="1 private note: press and hold")
        button.focus()
        card.keyboard.press(key)
        expect(card.locator("[aria-live=polite]").get_by_text(TEXT)).to_be_visible()
        expect(button).to_be_focused()
        card.clock.run_for(5100)
        expect(card.get_by_text(TEXT)).to_have_count(0)
        card.keyboard.press(key)
        expect(card.get_by_text(TEXT)).to_be_visible()
        card.keyboard.press("Escape")
        expect(card.get_by_text(TEXT)).to_have_count(0)

    @pytest.mark.parametrize("how", ["blur", "hidden"])
    def test_hides_when_nobody_looks(self, card: Page, how: str):
        card.get_by_role("button", name="1 private note").tap()
        expect(card.get_by_text(TEXT)).to_be_visible()
        leave(card, how)
        assert TEXT not in card.content()

    def test_is_not_asked_for_by_a_finger_that_scrolls(self, site: Site, card: Page, finger: Finger):
        hold_time(card)
        finger.down()
        for dy in range(-10, -120, -10):
            finger.move(dy)
        card.clock.run_for(1000)
        finger.up()
        card.clock.run_for(1000)
        assert readings(site) == 0
        assert card.evaluate("window.seen") == []

    def test_asks_the_browser_for_no_menu_and_no_selection(self, card: Page):
        button = card.get_by_role("button", name="1 private note")
        assert button.evaluate("(e) => getComputedStyle(e).userSelect") == "none"
        assert button.evaluate("(e) => !e.dispatchEvent(new Event('contextmenu', {bubbles: true, cancelable: true}))")

    def test_is_changed_by_a_tap_on_its_pencil(self, card: Page):
        hold_time(card)
        card.get_by_role("button", name="1 private note").tap()
        card.get_by_role("button", name="Change this private note").tap()
        sheet = card.get_by_role("dialog", name="Change a note on Callum")
        sheet.get_by_role("textbox").fill("The door is mended.")
        with made_anew(card):
            sheet.get_by_test_id("keep").tap()
        expect(sheet).to_be_hidden()
        expect(card.locator("#toast")).to_contain_text("Changed")
        assert "mended" not in card.content()
        card.get_by_role("button", name="1 private note").tap()
        expect(card.get_by_text("The door is mended.")).to_be_visible()

    def test_being_changed_is_veiled_while_nobody_looks(self, card: Page):
        card.get_by_role("button", name="1 private note").tap()
        card.get_by_role("button", name="Change this private note").tap()
        words = card.get_by_role("dialog").get_by_role("textbox")
        expect(words).to_have_css("color", re.compile(r"rgb\("))
        leave(card, "blur")
        expect(words).to_have_css("color", "rgba(0, 0, 0, 0)")
        words.tap()
        expect(words).not_to_have_css("color", "rgba(0, 0, 0, 0)")
        words.fill("Typed in private")
        assert card.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft:'))") == []


class TestNoFlash:
    """On a phone six times slower than this machine, and with an answer that takes its time."""

    @pytest.fixture
    def slow(self, card: Page) -> Page:
        card.context.new_cdp_session(card).send("Emulation.setCPUThrottlingRate", {"rate": 6})
        return card

    @pytest.fixture
    def waiting(self, slow: Page) -> list[Route]:
        """Keep back every answer with private notes until the test lets it go."""
        kept: list[Route] = []
        slow.route("**/private-notes", lambda route: kept.append(route))
        return kept

    def let_go(self, page: Page, kept: list[Route]) -> None:
        with page.expect_response("**/private-notes"):
            kept.pop().continue_()
        page.evaluate("() => new Promise((done) => queueMicrotask(done))")
        page.clock.run_for(100)

    @pytest.mark.parametrize("how", ["release", "blur", "hidden"])
    def test_an_answer_too_late_is_dropped(self, slow: Page, waiting: list[Route], how: str):
        finger = Finger(slow)
        finger.down()
        with slow.expect_request("**/private-notes"):
            slow.clock.run_for(500)
        if how != "release":
            leave(slow, how)
        finger.up()
        self.let_go(slow, waiting)
        expect(slow.locator("#held")).to_be_empty()
        assert slow.evaluate("window.seen") == []

    def test_the_words_are_only_ever_there_while_they_are_meant_to_be(self, site: Site, slow: Page):
        finger = Finger(slow)
        for _ in range(3):
            finger.down()
            slow.clock.run_for(500)
            expect(slow.get_by_text(TEXT)).to_be_visible()
            finger.up()
        slow.get_by_test_id("here").tap()
        expect(slow.get_by_test_id("undo")).to_be_visible()
        slow.get_by_role("button", name="1 private note").tap()
        expect(slow.get_by_text(TEXT)).to_be_visible()
        seen = slow.evaluate("window.seen")
        slow.goto("/today")
        slow.go_back()
        slow.wait_for_load_state()
        assert seen
        assert set(seen) <= {"held", "glimpse"}
        assert slow.evaluate("window.seen") in ([], seen), "not even for a moment when the page comes back"
        assert TEXT not in slow.content()


class TestThePill:
    def test_says_that_notes_are_hidden_on_every_page_that_leads_to_one(self, site: Site):
        page = site.today()
        for path in ("/today", "/find", site.card("Callum")):
            page.goto(path)
            expect(page.get_by_role("button", name="Notes hidden")).to_have_attribute("aria-pressed", "false")

    def test_shows_the_notes_of_the_open_card_until_it_is_pressed_again(self, site: Site, card: Page):
        card.get_by_role("button", name="Notes hidden").tap()
        expect(card.get_by_text(TEXT)).to_be_visible()
        pill = card.get_by_role("button", name="Notes shown")
        expect(pill).to_have_attribute("aria-pressed", "true")
        card.clock.run_for(30_000)
        assert card.get_by_text(TEXT).is_visible()
        assert readings(site) == 1
        pill.tap()
        assert TEXT not in card.content()
        expect(card.get_by_role("button", name="Notes hidden")).to_have_attribute("aria-pressed", "false")

    def test_ends_a_minute_after_the_last_touch(self, card: Page):
        card.get_by_role("button", name="Notes hidden").tap()
        expect(card.get_by_text(TEXT)).to_be_visible()
        card.clock.run_for(MINUTE - 1000)
        card.get_by_role("heading", level=1).tap()
        card.clock.run_for(MINUTE - 1000)
        assert card.get_by_text(TEXT).is_visible()
        card.clock.run_for(2000)
        assert TEXT not in card.content()
        expect(card.get_by_role("button", name="Notes hidden")).to_be_visible()

    @pytest.mark.parametrize("how", ["blur", "hidden"])
    def test_ends_when_nobody_looks(self, card: Page, how: str):
        card.get_by_role("button", name="Notes hidden").tap()
        expect(card.get_by_text(TEXT)).to_be_visible()
        leave(card, how)
        assert TEXT not in card.content()
        card.reload()
        expect(card.get_by_role("button", name="Notes hidden")).to_be_visible()

    def test_where_the_owner_wishes_stands_again_when_the_phone_wakes_within_the_minute(self, card: Page):
        card.locator("#safe").evaluate("(place) => { place.dataset.wakes = ''; }")
        card.get_by_role("button", name="Notes hidden").tap()
        expect(card.get_by_text(TEXT)).to_be_visible()
        leave(card, "hidden")
        assert TEXT not in card.content()
        card.evaluate("""() => {
          Object.defineProperty(document, "hidden", {value: false, configurable: true});
          document.dispatchEvent(new Event("visibilitychange"));
        }""")
        expect(card.get_by_text(TEXT)).to_be_visible()

    def test_pressed_on_the_list_holds_for_the_card_opened_from_it(self, site: Site):
        site.act("note.create", customer=site.person("Joan"), text=TEXT, private=True)
        page = site.today()
        page.get_by_role("button", name="Notes hidden").tap()
        expect(page.get_by_role("button", name="Notes shown")).to_be_visible()
        with page.expect_response(f"**{site.card('Joan')}") as card:
            row(page, "Joan").get_by_role("link").first.tap()
        assert TEXT not in card.value.text()
        expect(page.get_by_text(TEXT)).to_be_visible()
        expect(page.get_by_role("button", name="Notes shown")).to_be_visible()
        assert readings(site) == 1

    @pytest.mark.parametrize("act", ["here", "undo", "said", "skip", "greeted", "a note"])
    def test_stays_a_button_and_tells_the_truth_whatever_was_done_on_the_card(self, site: Site, act: str):
        page = site.phone()
        name = "Priya" if act in ("said", "skip") else "Callum"
        if act != "here":
            site.act("visit.create", customer=site.person(name))
        page.goto(site.card(name))
        shown, hidden = (page.get_by_role("button", name=f"Notes {how}") for how in ("shown", "hidden"))
        hidden.tap()
        expect(shown).to_be_visible()
        if name == "Callum":
            expect(page.get_by_text(TEXT)).to_be_visible()
        do_on_card(page, act)
        expect(shown).to_have_attribute("aria-pressed", "true")
        if name == "Callum":
            expect(page.get_by_text(TEXT)).to_be_visible()
        shown.tap()
        expect(page.get_by_text(TEXT)).to_have_count(0)
        expect(hidden).to_have_attribute("aria-pressed", "false")
        hidden.tap()
        expect(shown).to_be_visible()

    @pytest.mark.parametrize("act", ["here", "a note"])
    def test_hidden_stays_hidden_and_can_be_pressed_after_an_act(self, site: Site, card: Page, act: str):
        do_on_card(card, act)
        hidden = card.get_by_role("button", name="Notes hidden")
        expect(hidden).to_have_attribute("aria-pressed", "false")
        assert readings(site) == 0
        hidden.tap()
        expect(card.get_by_text(TEXT)).to_be_visible()

    def test_says_hidden_where_the_notes_could_not_be_read(self, site: Site, card: Page):
        card.route("**/private-notes", lambda route: route.abort())
        card.get_by_role("button", name="Notes hidden").tap()
        expect(card.locator("#toast")).to_contain_text("That did not save")
        expect(card.get_by_role("button", name="Notes hidden")).to_be_visible()
        site.complaints[:] = [told for told in site.complaints if "Failed to fetch" not in told and "ERR_" not in told]

    def test_keeps_the_focus_of_whoever_went_on_to_it_while_an_act_was_under_way(self, site: Site):
        page = site.phone(touch=False)
        page.goto(site.card("Callum"))
        kept: list[Route] = []
        page.route("**/visits", lambda route: kept.append(route))
        with page.expect_request("**/visits"):
            page.get_by_test_id("here").press("Enter")
        pill = page.get_by_role("button", name="Notes hidden")
        pill.focus()
        kept.pop().continue_()
        expect(page.get_by_test_id("undo")).to_be_visible()
        expect(pill).to_be_focused()

    def test_holds_in_this_tab_alone(self, site: Site):
        page = site.today()
        page.get_by_role("button", name="Notes hidden").tap()
        other = page.context.new_page()
        other.goto(site.card("Callum"))
        expect(other.get_by_role("button", name="Notes hidden")).to_be_visible()
        assert TEXT not in other.content()

    def test_is_over_when_somebody_else_signs_in(self, site: Site):
        page = site.today()
        page.get_by_role("button", name="Notes hidden").tap()
        page.context.clear_cookies(name="regulars")
        page.goto("/sign-in")
        expect(page.get_by_test_id("sign-in")).to_be_visible()
        page.context.add_cookies([{"name": "regulars", "value": site.world.tokens["Sam"], "url": site.url}])
        page.goto(site.card("Callum"))
        expect(page.get_by_role("button", name="Notes hidden")).to_be_visible()

    def test_shows_the_card_beside_the_list_and_each_that_is_opened_after_it(self, site: Site):
        site.act("note.create", customer=site.person("Joan"), text=TEXT, private=True)
        page = site.today(width=1280, height=860, touch=False)
        page.get_by_role("button", name="Notes hidden").click()
        row(page, "Joan").get_by_role("link").first.click()
        expect(page.locator(".aside").get_by_text(TEXT)).to_be_visible()
        assert readings(site) == 1
        row(page, "Priya").get_by_role("link").first.click()
        expect(page.locator(".aside").get_by_role("heading", level=1)).to_have_text("Priya Raghunathan")
        expect(page.get_by_text(TEXT)).to_have_count(0)

    def test_keeps_its_state_and_its_focus_over_a_poll(self, site: Site):
        page = site.today()
        pill = page.locator("#safe button")
        pill.tap()
        pill.focus()
        site.act("visit.create", customer=site.person("Daniel"))
        page.evaluate("document.getElementById('day').dispatchEvent(new CustomEvent('tick'))")
        expect(row(page, "Daniel")).to_have_attribute("data-arrived", "true")
        expect(pill).to_have_text(re.compile("Notes shown"))
        expect(pill).to_be_focused()

    def test_is_a_plain_statement_where_no_script_runs(self, site: Site):
        page = site.phone(java_script_enabled=False)
        for path in ("/today", "/find", site.card("Callum")):
            page.goto(path)
            expect(page.get_by_text("Notes hidden")).to_be_visible()
            expect(page.get_by_role("button", name="Notes hidden")).to_have_count(0)
