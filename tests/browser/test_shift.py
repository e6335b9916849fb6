"""A shift ends in two taps from Today, and whoever comes next reads what was left for them; the brief fits on one page."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, row
from tests.browser.test_for_everyone import faults_of
from tests.browser.worlds import TUESDAY

pytestmark = pytest.mark.browser


def to_shift(page: Page) -> None:
    page.get_by_role("link", name="Shift", exact=True).click()
    expect(page.get_by_test_id("hand-over")).to_be_visible()


def sign_in(page: Page, name: str) -> None:
    page.get_by_text(name, exact=True).click()
    for digit in "1234":
        page.get_by_role("button", name=digit, exact=True).click()
    expect(page.get_by_test_id("day")).to_be_visible()


def test_a_shift_is_handed_over_in_two_taps_from_today(site: Site):
    page = site.today()
    page.get_by_role("link", name="Shift", exact=True).tap()
    page.get_by_test_id("hand-over").tap()
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    page.goto("/today")
    expect(page).to_have_url(re.compile("/sign-in"))


def test_the_button_is_in_sight_when_nothing_was_left(site: Site):
    page = site.phone()
    page.goto("/shift")
    button, bar = page.get_by_test_id("hand-over").bounding_box(), page.locator(".bar").bounding_box()
    assert button
    assert bar
    assert button["y"] + button["height"] <= bar["y"]


def test_a_line_goes_from_maya_to_sam_and_back(site: Site):
    page = site.phone(who=None)
    page.goto("/sign-in")
    sign_in(page, "Maya")
    site.at(TUESDAY + timedelta(hours=3, minutes=48))
    to_shift(page)
    expect(page.locator(".top")).to_contain_text("Maya, 8:12 to 12:00")
    page.get_by_text("Sam", exact=True).tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hand over to Sam")
    page.get_by_label("Anything else Sam should know?").fill("Oven two runs hot.")
    page.get_by_role("button", name="Hand over to Sam").tap()

    # Sam is picked already: four digits are enough
    expect(page.get_by_text("Sam’s PIN")).to_be_visible()
    for digit in "1234":
        page.get_by_role("button", name=digit, exact=True).tap()
    expect(page.get_by_test_id("day")).to_be_visible()
    site.at(TUESDAY + timedelta(hours=3, minutes=52))
    to_shift(page)
    left = page.get_by_test_id("left-line")
    expect(left).to_contain_text("From Maya for Sam, 12:00")
    expect(left).to_contain_text("Oven two runs hot.")
    page.get_by_test_id("seen").tap()
    expect(left).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.reload()
    expect(left).to_have_count(0)
    expect(page.get_by_test_id("lately")).to_contain_text("Seen by Sam, 12:04")

    # and Maya is told
    maya = site.phone("Maya")
    maya.goto("/shift")
    expect(maya.get_by_test_id("lately")).to_contain_text("Seen by Sam, 12:04")
    maya.get_by_test_id("take-back").tap()
    expect(maya.get_by_test_id("lately")).to_have_count(0)


def test_a_line_too_long_is_shown_again(site: Site):
    page = site.phone()
    page.goto("/shift")
    page.get_by_role("textbox").fill("Oven two runs hot. " * 40)
    page.get_by_test_id("hand-over").tap()
    expect(page.get_by_role("alert")).to_contain_text("letters too many")
    expect(page.get_by_role("textbox")).to_have_value(re.compile("^(Oven two runs hot. ){40}$"))
    page.get_by_role("textbox").fill("Oven two runs hot.")
    page.get_by_test_id("hand-over").tap()
    expect(page.get_by_test_id("sign-in")).to_be_visible()


class TestTheLineBeingWritten:
    @pytest.fixture
    def page(self, site: Site) -> Page:
        page = site.today()
        to_shift(page)
        page.get_by_text("Sam", exact=True).tap()
        page.get_by_role("textbox").fill("Oven two runs hot.")
        return page

    def drafts(self, page: Page) -> list[str]:
        return page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft'))")

    def test_waits_while_its_writer_looks_at_today_and_goes_when_it_is_left(self, page: Page):
        page.get_by_role("link", name="Today", exact=True).tap()
        expect(page.get_by_test_id("day")).to_be_visible()
        to_shift(page)
        expect(page.get_by_text("Your words from before are still here.")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_text("Hand over to Sam")
        expect(page.get_by_label("Anything else Sam should know?")).to_have_value("Oven two runs hot.")
        page.get_by_test_id("hand-over").tap()
        expect(page.get_by_test_id("sign-in")).to_be_visible()
        assert self.drafts(page) == []

    def test_is_there_for_nobody_else(self, site: Site, page: Page):
        for who, stands in (("Sam", ""), ("Maya", "Oven two runs hot.")):
            page.context.clear_cookies(name="regulars")
            page.goto("/sign-in")
            expect(page.get_by_test_id("sign-in")).to_be_visible()
            page.context.add_cookies([{"name": "regulars", "value": site.world.tokens[who], "url": site.url}])
            page.goto("/shift")
            expect(page.get_by_role("textbox")).to_have_value(stands)

    def test_waits_on_when_it_is_sent_signed_out(self, site: Site, page: Page):
        page.context.clear_cookies(name="regulars")
        page.get_by_test_id("hand-over").tap()
        expect(page.get_by_label("Your line")).to_have_value("Oven two runs hot.")
        page.context.add_cookies([{"name": "regulars", "value": site.world.tokens["Maya"], "url": site.url}])
        page.goto("/shift")
        expect(page.get_by_role("textbox")).to_have_value("Oven two runs hot.")
        page.get_by_test_id("hand-over").tap()
        expect(page.get_by_test_id("sign-in")).to_be_visible()
        assert self.drafts(page) == []


def test_a_second_tap_on_the_button_ends_nothing_twice(site: Site):
    page = site.phone()
    page.goto("/shift")
    page.get_by_test_id("hand-over").dblclick()
    expect(page.get_by_test_id("sign-in")).to_be_visible()


def test_without_scripts(site: Site):
    site.act("shift.hand_over", text="Joan may ring.")
    page = site.phone(java_script_enabled=False)
    page.goto("/today")
    page.get_by_role("link", name="Shift", exact=True).click()
    page.get_by_test_id("seen").click()
    expect(page).to_have_url(re.compile("/shift$"))
    expect(page.get_by_test_id("left-line")).to_have_count(0)
    page.get_by_text("And ", exact=False).first.click()
    expect(page.get_by_role("link", name="Gwen Pritchard")).to_be_visible()
    page.get_by_test_id("to-brief").click()
    expect(page.get_by_test_id("brief")).to_contain_text("From Ruth, 8:12: Joan may ring.")
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    page.get_by_role("link", name="Back to the shift").click()
    page.get_by_label("Anything else the next person should know?").fill("All well.")
    page.get_by_test_id("hand-over").click()
    expect(page.get_by_test_id("sign-in")).to_be_visible()


def test_by_keyboard_alone(site: Site):
    site.act("shift.hand_over", text="First.")
    site.act("shift.hand_over", text="Second.")
    page = site.phone(touch=False)
    page.goto("/shift")
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        at = page.evaluate("() => document.activeElement.textContent.trim() || document.activeElement.name || 'BODY'")
        if page.evaluate("() => document.activeElement === document.body"):
            break
        seen.append(" ".join(at.split()))
    order = ["Seen, From Ruth, 8:12", "And ", "for", "text", "Hand over", "Sign out", "Today", "Shift"]
    places = [next(i for i, told in enumerate(seen) if told.startswith(word)) for word in order]
    assert places == sorted(places), seen
    page.get_by_test_id("seen").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("left-line")).to_have_count(1)
    expect(page.get_by_test_id("seen")).to_be_focused()


def test_the_way_out_is_on_the_page(site: Site):
    page = site.phone()
    page.goto("/shift")
    me = page.get_by_test_id("me")
    expect(me).to_contain_text("Maya · Fenwick Road Coffee")
    expect(me.get_by_role("link", name="Another shop")).to_have_count(0)
    me.get_by_role("link", name="This phone").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("This phone")
    page.go_back()
    me.get_by_role("button", name="Sign out").tap()
    expect(page.get_by_test_id("sign-in")).to_be_visible()


@pytest.mark.parametrize("world_name", ["busy"])
def test_another_shop_is_a_tap_away(site: Site):
    page = site.phone()
    page.goto("/shift")
    page.get_by_test_id("me").get_by_role("link", name="Another shop").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Which shop?")


@pytest.mark.parametrize("path", ["/shift", "/shift/brief"])
@pytest.mark.parametrize("world_name", ["demo", "busy", "first-day", "all-here"])
def test_everybody_can_use_it(site: Site, path: str):
    site.act("shift.hand_over", text="Oven two runs hot, and " + "Donaudampfschifffahrt" * 6)
    page = site.phone("owner" if path == "/shift" else "Maya", width=1280, height=860, touch=False)
    page.goto(path)
    for summary in page.locator("details summary").all():
        summary.click()
    assert "\n".join(faults_of(page)) == ""


@pytest.mark.parametrize("world_name", ["busy", "demo"])
@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_brief_is_one_page_of_ink_on_white(site: Site, paper: str, theme: str):
    site.act("shift.hand_over", text="Oven two runs hot. Joan may ring about the cake. " * 8)
    page = site.phone(color_scheme=theme)
    page.goto("/shift/brief")
    words = " ".join(page.get_by_test_id("brief").inner_text().split()).split()
    assert len(words) <= 150
    pdf = page.pdf(format=paper)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 1
    page.emulate_media(media="print")
    expect(page.locator(".bar")).to_be_hidden()
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    ground, ink = (page.evaluate(f"getComputedStyle(document.body).{what}") for what in ("backgroundColor", "color"))
    assert (ground, ink) == ("rgb(255, 255, 255)", "rgb(0, 0, 0)")


def test_the_brief_is_printed_by_its_button(site: Site):
    page = site.phone()
    page.goto("/shift/brief")
    page.evaluate("window.print = () => { document.title = 'printed'; }")
    page.get_by_role("button", name="Print").tap()
    expect(page).to_have_title("printed")


def test_a_person_still_to_come_opens_their_card(site: Site):
    page = site.phone()
    page.goto("/shift")
    page.get_by_test_id("to-come").first.tap()
    expect(page.get_by_test_id("card")).to_be_visible()


def test_from_768_px_their_card_has_the_places_beside_it(site: Site):
    page = site.phone(width=768, height=860)
    page.goto("/shift")
    page.get_by_test_id("to-come").first.tap()
    rail, card = page.locator(".bar").bounding_box(), page.get_by_test_id("card").bounding_box()
    assert rail
    assert card
    assert rail["height"] == 860
    assert rail["x"] + rail["width"] <= card["x"]
    page.get_by_test_id("here").tap()
    expect(page.get_by_test_id("undo")).to_be_visible()
    page.get_by_role("link", name="Find", exact=True).tap()
    expect(page).to_have_url(re.compile("/find$"))
    page.go_back()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_test_id("card")).to_be_visible()
    expect(page.locator(".bar")).to_be_hidden()


def test_the_row_of_people_fades_where_it_is_cut_and_not_at_its_end(site: Site):
    page = site.phone()
    page.goto("/shift")
    row_of_people = page.locator(".handing .chips")
    expect(row_of_people).to_have_css("mask-image", re.compile("linear-gradient"))
    row_of_people.evaluate("(row) => row.append(...[...row.children].slice(1).map((chip) => chip.cloneNode(true)))")
    gap = row_of_people.evaluate("""(row) => {
      row.scrollLeft = row.scrollWidth;
      return row.getBoundingClientRect().right - row.lastElementChild.getBoundingClientRect().right;
    }""")
    assert round(gap) >= 48, "the last one stands clear of the faded edge"


def test_counts_what_the_team_did_since_the_shift_began(site: Site):
    page = site.today()
    row(page, "Priya").get_by_test_id("here").tap()
    expect(row(page, "Priya")).to_have_attribute("data-arrived", "true")
    row(page, "Priya").get_by_test_id("said").tap()
    expect(row(page, "Priya")).to_contain_text("Said.")
    site.act("visit.create", customer=site.person("Joan"))
    to_shift(page)
    expect(page.get_by_test_id("went")).to_contain_text("We welcomed two people on this shift, one with a good word.")


def test_what_was_left_stands_on_today_until_it_is_seen(site: Site):
    page, other = site.today("Sam"), site.today("Maya")
    left = page.get_by_test_id("left-line")
    expect(left).to_have_count(0)
    site.act("shift.hand_over", text="Joan may ring.")
    expect(left).to_contain_text("From Ruth, 8:12")  # within the next poll
    expect(left).to_contain_text("Joan may ring.")
    page.get_by_test_id("seen").tap()
    expect(left).to_have_count(0)
    expect(other.get_by_test_id("left-line")).to_have_count(0)
    row(page, "Priya").get_by_test_id("here").tap()
    expect(row(page, "Priya")).to_have_attribute("data-arrived", "true")
    expect(left).to_have_count(0)
