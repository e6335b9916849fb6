"""How it feels under a thumb: an answer at once, nothing that moves, and the same place after a swap and after Back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Site, row, toast, until

pytestmark = pytest.mark.browser
AT_ONCE = 100  # ms, on a phone six times slower than this machine
BUSY = (
    5  # times as long it may take on a machine that runs other tests beside: the server's answer is kept back meanwhile
)

# How long after the finger is lifted the first frame stands that shows the button as done, or a stamp beside it.
STAMPED = """(selector) => new Promise((done) => {
  const button = document.querySelector(selector), row = button.closest("li");
  const look = () => getComputedStyle(button).backgroundColor + Boolean(row?.querySelector(".stamp"));
  const before = look();
  addEventListener("pointerup", () => {
    const lifted = performance.now();
    setTimeout(() => done(Infinity), 5000);
    const frame = () => {
      if (look() === before) requestAnimationFrame(frame);
      else setTimeout(() => done(performance.now() - lifted));  // painted
    };
    requestAnimationFrame(frame);
  }, {capture: true, once: true});
})"""


LEAST = """() => {
  const button = document.getElementById("least") ?? document.body.appendChild(document.createElement("button"));
  button.id = "least";
  button.style.cssText = "position: fixed; inset: 0 auto auto 0; width: 60px; height: 48px; z-index: 99; background: #eee";
  button.onpointerup = () => { button.style.background = "#333"; };
}"""
BOX = "(e) => [e.offsetLeft, e.offsetTop, e.offsetWidth, e.offsetHeight]"


@contextmanager
def slowed(page: Page, times: int = 6) -> Iterator[None]:
    """Let the page run as on a phone so many times slower, inside the block."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": times})
    yield
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})


def answered(page: Page, selector: str) -> float:
    """Return the milliseconds from the finger being lifted to the frame that shows it."""
    times = page.evaluate_handle(f"() => ({{answer: ({STAMPED})({selector!r})}})")
    page.locator(selector).tap()
    return times.evaluate("(times) => times.answer")


def kept_back(page: Page, address: str) -> list[Route]:
    """Keep back what is asked of an address until the test lets it go."""
    kept: list[Route] = []
    page.route(address, lambda route: kept.append(route))
    return kept


def here_selector(site: Site, name: str) -> str:
    return f"#p-{site.person(name)} [data-testid=here]"


class TestHere:
    @pytest.mark.parametrize("place", ["row", "slim row", "card"])
    def test_answers_at_once_before_the_server_does(self, site: Site, place: str):
        """Three times, each beside the least there is: a button that only changes its colour. On a machine busy with other
        things even that may take longer than we have; then ours may take a few times as long."""
        names = {"row": ("Priya", "Joan", "Bilal"), "slim row": ("Siobhán", "Hiroshi", "Ewa"), "card": ("Priya",) * 3}
        page = site.today()
        kept = kept_back(page, "**/visits")
        took, least = [], []
        for name in names[place]:
            selector = here_selector(site, name)
            if place == "card":
                page.goto(site.card(name))
                selector = "#card [data-testid=here]"
            page.evaluate(LEAST)
            box = page.locator(selector).evaluate(BOX)
            with slowed(page):
                least.append(answered(page, "#least"))
                took.append(answered(page, selector))
            assert page.locator(selector).evaluate(BOX) == box, "nothing moves"
            expect(page.locator(selector)).to_have_attribute("data-sent", "")
        assert min(took) <= max(BUSY * AT_ONCE, 6 * min(least)), (took, least)
        assert len(kept) == 3, "the server has answered none of them"

    @pytest.mark.parametrize("fault", ["no answer", "an error"])
    def test_waits_on_the_phone_when_it_is_not_heard_and_goes_by_itself(self, site: Site, fault: str):
        page = site.today()
        kept = kept_back(page, "**/visits")
        page.route("**/api/v1/actions", lambda route: route.abort())
        until(page, "() => Boolean(self.keepAct)")
        here = page.locator(here_selector(site, "Priya"))
        with page.expect_request("**/visits"):
            here.tap()
        expect(here).to_have_attribute("data-sent", "")
        if fault == "no answer":
            kept.pop().abort()
        else:
            kept.pop().fulfill(status=502, body="<h1>Bad gateway</h1>", headers={"Content-Type": "text/html"})
        expect(row(page, "Priya")).to_contain_text("Here, waiting to send")
        expect(page.get_by_test_id("pending-count")).to_have_attribute("data-n", "1")
        expect(toast(page).locator("p")).to_have_text("Priya Raghunathan is here. Kept on this phone.")
        page.unroute("**/visits")
        page.unroute("**/api/v1/actions")
        page.evaluate("acts.flush()")
        expect(row(page, "Priya")).to_have_attribute("data-arrived", "true")
        expect(row(page, "Priya")).not_to_contain_text("waiting")
        expect(page.get_by_test_id("offline-banner")).to_have_count(0)
        site.complaints[:] = [told for told in site.complaints if "fetch" not in told and "ERR_" not in told]

    def test_tapped_again_while_it_is_on_its_way_is_sent_once(self, site: Site):
        page = site.today()
        kept = kept_back(page, "**/visits")
        here = page.locator(here_selector(site, "Priya"))
        for _ in range(2):
            here.tap()
            page.evaluate("() => new Promise((done) => setTimeout(done, 600))")  # no double tap, but an impatient one
        assert len(kept) == 1
        kept.pop().continue_()
        expect(row(page, "Priya")).to_have_attribute("data-arrived", "true")

    def test_stays_stamped_over_a_poll(self, site: Site):
        page = site.today()
        kept = kept_back(page, "**/visits")
        here = page.locator(here_selector(site, "Priya"))
        here.tap()
        site.act("visit.create", customer=site.person("Daniel"))
        page.evaluate("document.getElementById('day').dispatchEvent(new CustomEvent('tick'))")
        expect(row(page, "Daniel")).to_have_attribute("data-arrived", "true")
        expect(here).to_have_attribute("data-sent", "")
        kept.pop().continue_()
        expect(row(page, "Priya")).to_have_attribute("data-arrived", "true")


SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) for (const source of entry.sources) {
      const row = source.node?.closest?.("li[data-customer]");
      if (row) window.shifts.push(row.id);
    }
  }).observe({type: "layout-shift", buffered: false});
}"""


class TestNothingMovesUnderAFinger:
    def touch(self, page: Page, kind: str, selector: str = "") -> None:
        points: list[dict[str, Any]] = []
        if selector:
            box = page.locator(selector).bounding_box()
            assert box
            points = [{"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}]
        self.cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    @pytest.fixture
    def page(self, site: Site) -> Page:
        page = site.today()
        self.cdp = page.context.new_cdp_session(page)
        return page

    def test_an_answer_waits_until_the_finger_is_lifted(self, site: Site, page: Page):
        """Daniel's row grows when his answer comes; the finger is on Priya's Here, below it."""
        kept = kept_back(page, "**/visits")
        row(page, "Daniel").get_by_test_id("here").tap()
        priya = here_selector(site, "Priya")
        page.locator(priya).scroll_into_view_if_needed()
        before = page.locator(priya).bounding_box()
        self.touch(page, "touchStart", priya)
        with page.expect_response("**/visits"):
            kept.pop().continue_()
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 200)))")
        assert page.locator(priya).bounding_box() == before
        expect(row(page, "Daniel")).to_have_attribute("data-arrived", "false")
        with page.expect_request("**/visits"):
            self.touch(page, "touchEnd")
        expect(row(page, "Daniel")).to_have_attribute("data-arrived", "true")
        kept.pop().continue_()
        expect(row(page, "Priya")).to_have_attribute("data-arrived", "true")

    def test_the_row_that_was_tapped_stays_where_it_is(self, site: Site, page: Page):
        priya = row(page, "Priya")
        before = priya.bounding_box()
        page.evaluate(f"({SHIFTS})()")
        page.locator(here_selector(site, "Priya")).tap()
        expect(priya).to_have_attribute("data-arrived", "true")
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        after = priya.bounding_box()
        assert before
        assert after
        assert (after["x"], after["y"]) == (before["x"], before["y"])
        assert f"p-{site.person('Priya')}" not in page.evaluate("window.shifts")

    def test_a_line_without_words_stays_as_high_as_it_was(self, site: Site, page: Page):
        name = "Wolfgang"
        before = row(page, name).bounding_box()
        row(page, name).get_by_test_id("here").tap()
        expect(row(page, name)).to_have_attribute("data-arrived", "true")
        after = row(page, name).bounding_box()
        assert before
        assert after
        assert after["height"] <= before["height"] + 1

    def test_a_line_with_words_has_them_and_its_acts_and_none_lies_where_the_next_here_was(
        self, site: Site, page: Page
    ):
        siobhan, henrik = row(page, "Siobhán"), row(page, "Henrik").get_by_test_id("here")
        siobhan.get_by_test_id("here").scroll_into_view_if_needed()
        siobhan.evaluate("(row) => row.scrollIntoView({block: 'center'})")
        was, height = henrik.bounding_box(), siobhan.bounding_box()
        siobhan.get_by_test_id("here").tap()
        expect(siobhan).to_have_attribute("data-arrived", "true")
        for part in ("prompt", "said", "undo"):
            expect(siobhan.get_by_test_id(part)).to_be_in_viewport(ratio=1)
        now = siobhan.bounding_box()
        assert was
        assert height
        assert now
        assert now["height"] - height["height"] < 90
        at = {"x": was["x"] + was["width"] / 2, "y": was["y"] + was["height"] / 2}
        assert page.evaluate("({x, y}) => document.elementFromPoint(x, y).closest('button')", at) is None

    def test_the_acts_of_a_card_stay_where_they_are(self, site: Site, page: Page):
        page.goto(site.card("Priya"))
        note = page.get_by_role("link", name="Note", exact=True)
        before = note.bounding_box()
        page.get_by_test_id("here").tap()
        expect(page.get_by_test_id("undo")).to_be_visible()
        assert note.bounding_box() == before


class TestTheSamePlace:
    @pytest.mark.parametrize("way", ["Back", "the card's button"])
    @pytest.mark.parametrize("name", ["Ewa", "Priya"])
    def test_after_a_card(self, site: Site, way: str, name: str):
        page = site.today()
        link = row(page, name).get_by_role("link").first
        link.scroll_into_view_if_needed()
        before = row(page, name).bounding_box()
        link.tap()
        expect(page.get_by_test_id("card")).to_be_visible()
        if way == "Back":
            page.go_back()
        else:
            page.get_by_role("link", name="Back to today").tap()
        expect(link).to_be_focused()
        after = row(page, name).bounding_box()
        assert before
        assert after
        assert abs(after["y"] - before["y"]) <= 2
        assert "#" not in page.url

    def test_after_a_card_and_what_was_done_on_it(self, site: Site):
        page = site.today()
        link = row(page, "Ewa").get_by_role("link").first
        link.tap()
        page.get_by_test_id("here").tap()
        expect(page.get_by_test_id("undo")).to_be_visible()
        page.get_by_test_id("edit").tap()
        page.get_by_role("button", name="Keep").tap()
        page.get_by_role("link", name="Back to today").tap()
        expect(link).to_be_focused()
        expect(link).to_be_in_viewport()
        expect(row(page, "Ewa")).to_have_attribute("data-arrived", "true")

    @pytest.mark.parametrize(
        ("who", "place", "told"),
        [
            ("owner", "/people", "Back to people"),
            ("Maya", "/promises", "Back to promises"),
            ("Maya", "/shift", "Back to the shift"),
        ],
    )
    def test_a_card_leads_back_to_where_it_was_opened(self, site: Site, who: str, place: str, told: str):
        page = site.phone(who, width=1280)
        page.goto(place)
        page.locator("main a[href^='/customers/']").first.click()
        page.get_by_role("link", name=told).click()
        expect(page).to_have_url(re.compile(f"{place}$"))
        page.goto("/today")
        page.goto(site.card("Callum"))
        expect(page.get_by_role("link", name="Back to today")).to_be_visible()

    def test_a_first_look_opens_at_the_now_line(self, site: Site):
        page = site.phone(height=400)
        page.goto(site.card("Callum"))
        page.get_by_role("link", name="Back to today").tap()
        expect(page.get_by_role("separator", name="Now, 8:12")).to_be_in_viewport()

    def test_after_a_swap_by_keyboard(self, site: Site):
        page = site.phone()
        page.goto(site.card("Priya"))
        page.get_by_test_id("here").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("said")).to_be_focused()
        page.get_by_test_id("greeted").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("greeted")).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_test_id("greeted")).to_be_focused()


class TestTheToastOfACard:
    @pytest.mark.parametrize("size", ["16px", "32px"])
    @pytest.mark.parametrize("width", [320, 390])
    def test_covers_none_of_its_acts(self, site: Site, size: str, width: int):
        page = site.phone(width=width)
        page.goto(site.card("Priya"))
        page.evaluate("(size) => { document.documentElement.style.fontSize = size; }", size)
        page.get_by_test_id("here").tap()
        expect(page.get_by_test_id("toast-undo")).to_be_visible()
        boxes = {place: page.locator(place).bounding_box() for place in ("#toast", ".acts")}
        assert boxes["#toast"]
        assert boxes[".acts"]
        assert boxes["#toast"]["y"] + boxes["#toast"]["height"] <= boxes[".acts"]["y"]
        for act in page.locator(".acts a, .acts button").all():
            expect(act).to_be_in_viewport(ratio=1)
        page.get_by_test_id("toast-undo").tap()
        expect(page.get_by_test_id("here")).to_be_visible()
        expect(toast(page)).to_contain_text("Undone.")

    def test_beside_the_list_takes_it_back_in_both(self, site: Site):
        page = site.today(width=1280, height=860, touch=False)
        row(page, "Siobhán").get_by_role("link").first.click()
        page.locator(".aside").get_by_role("button", name="Siobhán Ní Dhomhnaill is here").click()
        expect(row(page, "Siobhán")).to_have_attribute("data-arrived", "true")
        page.get_by_test_id("toast-undo").click()
        expect(row(page, "Siobhán")).to_have_attribute("data-arrived", "false")
        expect(page.locator(".aside").get_by_test_id("here")).to_be_visible()

    def test_in_find_takes_it_back_in_its_row(self, site: Site):
        page = site.phone()
        page.goto("/find?q=siobh")
        row(page, "Siobhán").get_by_test_id("here").tap()
        expect(row(page, "Siobhán")).to_have_attribute("data-arrived", "true")
        page.get_by_test_id("toast-undo").tap()
        expect(row(page, "Siobhán")).to_have_attribute("data-arrived", "false")
        expect(row(page, "Siobhán").locator(".row__time")).to_have_count(0)


def test_a_card_beside_the_list_is_the_one_asked_for_last(site: Site):
    """Three rows tapped quickly: an earlier answer that comes later does not take the place of the last."""
    page = site.today(width=1280, height=860, touch=False)
    expect(page.locator(".aside h1")).to_be_visible()
    kept = kept_back(page, re.compile(r"/customers/\d+$"))  # type: ignore[arg-type]
    for name in ("Siobhán", "Hiroshi", "Ewa"):
        row(page, name).get_by_role("link").first.click()
    while len(kept) < 3:
        page.wait_for_timeout(20)
    for route in reversed(kept):
        with page.expect_response(route.request.url):
            route.continue_()
    expect(page.locator(".aside h1")).to_have_text("Ewa Kowalczyk")
    expect(page.locator("[data-card][aria-current]")).to_contain_text("Ewa")


@pytest.mark.parametrize("size", ["100%", "200%"])
@pytest.mark.parametrize("width", [320, 390, 820, 1280])
@pytest.mark.parametrize("told", ["10:25", "12:45 pm"])
def test_the_clock_of_the_now_line_stands_on_one_line(site: Site, told: str, width: int, size: str):
    page = site.today(width=width)
    page.evaluate("(size) => { document.documentElement.style.fontSize = size; }", size)
    page.locator("#now time").evaluate("(time, told) => { time.textContent = told; }", told)
    lines = (
        "(time) => { const r = document.createRange(); r.selectNodeContents(time); return r.getClientRects().length; }"
    )
    assert page.locator("#now time").evaluate(lines) == 1
    assert page.locator("#now").evaluate("(line) => line.scrollWidth <= line.clientWidth")


class TestTheActsOfACard:
    @pytest.mark.parametrize("text", [100, 200], ids=["", "text at 200 percent"])
    @pytest.mark.parametrize("width", [390, 360, 320])
    def test_stay_in_one_row_whoever_is_here(self, site: Site, width: int, text: int):
        page = site.phone(width=width)
        page.goto(site.card("Priya"))
        page.evaluate("size => { document.documentElement.style.fontSize = `${size}%`; }", text)
        for act in ("here", "undo"):
            boxes = [box for one in page.locator(".acts :is(a, button)").all() if (box := one.bounding_box())]
            assert len({round(box["y"] + box["height"] / 2) for box in boxes}) == 1, act
            assert min(min(box["width"], box["height"]) for box in boxes) >= 44
            assert max(box["x"] + box["width"] for box in boxes) <= width
            words = page.get_by_test_id(act).evaluate("one => one.scrollWidth <= one.clientWidth + 1")
            assert words, act
            if act == "here":
                page.get_by_test_id("here").tap()
                expect(page.get_by_test_id("undo")).to_be_visible()


def test_nothing_of_a_card_shows_below_its_acts_beside_the_list(site: Site):
    page = site.phone(width=1280, height=500)
    page.goto("/today")
    row(page, "Priya").locator("[data-card]").click()
    expect(page.locator(".aside .card__name")).to_contain_text("Priya")
    page.wait_for_function(
        """() => { const bottom = (one) => document.querySelector(one)?.getBoundingClientRect().bottom;
        const foot = bottom(".aside .card__foot"); return foot && foot === bottom(".aside"); }"""
    )
