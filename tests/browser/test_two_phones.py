"""What one phone does, the others see; and nothing moves under a finger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.conftest import Site, row, serving
from tests.browser.worlds import build

pytestmark = pytest.mark.browser
POLL = 4_000  # ms between two questions


@pytest.fixture
def either_site(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """The demo shop served from SQLite, and from a PostgreSQL database of its own."""
    if engine == "sqlite":
        yield request.getfixturevalue("site")
        return
    import psycopg

    window: Browser = request.getfixturevalue("window")
    url: str = request.getfixturevalue("postgres")
    before, _, options = url.partition("?")
    own = f"{before.rpartition('/')[0]}/regulars_browser" + (f"?{options}" if options else "")
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS regulars_browser WITH (FORCE)")
        server.execute("CREATE DATABASE regulars_browser")
    world = build("demo", own)
    with serving(tmp_path, window, own) as site:
        site.world = world
        yield site
        site.close_phones()
        assert site.complaints == []
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("DROP DATABASE regulars_browser WITH (FORCE)")


def test_here_on_one_phone_is_seen_on_another_with_its_next_question(either_site: Site):
    maya, sam = either_site.today("Maya"), either_site.today("Sam")
    sam.evaluate("window.same = true")
    expect(row(sam, "Priya")).to_have_attribute("data-arrived", "false")
    row(maya, "Priya").get_by_test_id("here").tap()
    expect(row(sam, "Priya")).to_have_attribute("data-arrived", "true")  # it asks every four seconds
    assert sam.evaluate("window.same") is True, "the page was loaded anew"


@pytest.fixture
def asked() -> list[str]:
    """The questions a page has put to the server since it was opened."""
    return []


@pytest.fixture
def page(site: Site, asked: list[str]) -> Page:
    """Today on a phone whose own clock the test can run ahead."""
    page = site.phone()
    page.clock.install()

    def note(request: Request) -> None:
        if request.headers.get("hx-request"):
            asked.append(request.url)

    page.on("request", note)
    page.goto("/today")
    return page


def poll(page: Page) -> None:
    """Let the page ask its question now, and wait for the answer."""
    with page.expect_response("**/today*"):
        page.clock.run_for(POLL)


def test_nothing_is_swapped_when_nothing_changed(page: Page):
    with page.expect_response("**/today*") as answer:
        page.clock.run_for(POLL)
    assert answer.value.status == 304
    page.evaluate("document.querySelector('.now').dataset.touched = 'yes'")
    poll(page)
    expect(page.locator(".now")).to_have_attribute("data-touched", "yes")


def test_an_open_strip_stays_open(page: Page, site: Site):
    page.get_by_test_id("strip").tap()
    expect(row(page, "Tomás")).to_be_visible()
    site.act("customer.create", name="Red umbrella", here=True)
    poll(page)
    expect(page.get_by_test_id("strip")).to_contain_text("5 here:")
    expect(row(page, "Red umbrella")).to_be_visible()


def test_what_was_unfolded_stays_open(page: Page, site: Site):
    page.get_by_test_id("strip").tap()
    site.act("customer.create", name="Red umbrella", here=True)
    poll(page)
    expect(page.get_by_test_id("strip")).to_contain_text("5 here:")
    expect(row(page, "Kwame Boateng")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_eyes_and_focus_stay_where_they_were_when_others_change_the_list(site: Site, width: int):
    page = site.phone(width=width, height=700)
    page.clock.install()
    page.goto("/today")
    button = row(page, "Ewa Kowalczyk").get_by_test_id("here")
    button.scroll_into_view_if_needed()
    button.focus()
    before = button.bounding_box()
    site.act("visit.create", customer=site.person("Daniel"))  # stands above, and grows
    site.act("visit.create", customer=site.person("Gwen"))  # stands below
    poll(page)
    expect(row(page, "Daniel Weiss")).to_have_attribute("data-arrived", "true")
    expect(button).to_be_focused()
    after = button.bounding_box()
    assert before
    assert after
    assert abs(before["y"] - after["y"]) <= 2


def test_eyes_stay_where_they_were_over_a_tap(page: Page):
    ewa = row(page, "Ewa Kowalczyk")
    ewa.scroll_into_view_if_needed()
    before = ewa.bounding_box()
    ewa.get_by_test_id("here").tap()
    expect(ewa).to_have_attribute("data-arrived", "true")
    after = ewa.bounding_box()
    assert before
    assert after
    assert abs(before["y"] - after["y"]) <= 2


def test_focus_stays_on_the_person_who_was_marked_by_key(page: Page):
    page.get_by_role("button", name="Priya Raghunathan is here").focus()
    page.keyboard.press("Enter")
    expect(row(page, "Priya")).to_have_attribute("data-arrived", "true")
    expect(row(page, "Priya").locator(":focus")).to_have_count(1)


def test_a_hidden_page_asks_nothing(page: Page, asked: list[str]):
    poll(page)
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    before = len(asked)
    page.clock.run_for(10 * POLL)
    assert len(asked) == before
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
    with page.expect_response("**/today*"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_nothing_is_swapped_under_a_finger(page: Page, site: Site, asked: list[str]):
    place = row(page, "Priya").get_by_test_id("here").bounding_box()
    assert place
    page.mouse.move(place["x"] + 5, place["y"] + 5)
    page.mouse.down()
    before = len(asked)
    site.act("visit.create", customer=site.person("Daniel"))
    page.clock.run_for(3 * POLL)
    assert len(asked) == before
    expect(row(page, "Daniel Weiss")).to_have_attribute("data-arrived", "false")
    page.mouse.move(place["x"] + 5, 5)
    page.mouse.up()
    poll(page)
    expect(row(page, "Daniel Weiss")).to_have_attribute("data-arrived", "true")


def test_an_answer_that_comes_under_a_finger_waits_until_it_is_lifted(page: Page, site: Site):
    waiting: list[Any] = []
    page.route("**/today", lambda route: waiting.append(route))
    site.act("visit.create", customer=site.person("Daniel"))
    with page.expect_request("**/today"):
        page.clock.run_for(POLL)
    place = row(page, "Priya").get_by_test_id("here").bounding_box()
    assert place
    page.mouse.move(place["x"] + 5, place["y"] + 5)
    page.mouse.down()
    with page.expect_response("**/today"):
        waiting.pop().continue_()
    page.unroute("**/today")
    page.clock.run_for(100)
    expect(row(page, "Daniel Weiss")).to_have_attribute("data-arrived", "false")
    page.mouse.move(place["x"] + 5, 5)
    page.mouse.up()
    page.clock.run_for(POLL)
    expect(row(page, "Daniel Weiss")).to_have_attribute("data-arrived", "true")


def test_the_card_beside_the_list_and_the_list_agree(site: Site):
    page = site.today(width=1280, height=860)
    card = page.get_by_test_id("card")
    expect(card).to_contain_text("Priya Raghunathan")
    row(page, "Priya").get_by_test_id("here").click()
    expect(card).to_contain_text("Here since 8:12")
    card.get_by_test_id("undo").click()
    expect(card).to_contain_text("Expected 8:20")
    expect(row(page, "Priya")).to_have_attribute("data-arrived", "false")


class TestTheCardBesideTheList:
    """It follows its row, whoever changed that."""

    @pytest.fixture
    def page(self, site: Site) -> Page:
        page = site.phone(width=1280, height=860, touch=False)
        page.clock.install()
        page.goto("/today")
        expect(page.get_by_test_id("card")).to_contain_text("Priya Raghunathan")
        return page

    def ask_later(self, page: Page) -> None:
        page.clock.run_for(1_500)

    def test_when_another_phone_marked_them(self, site: Site, page: Page):
        why = page.get_by_test_id("why-expected")
        why.click()
        site.act("visit.create", customer=site.person("Priya"))
        poll(page)
        self.ask_later(page)
        expect(page.get_by_test_id("card")).to_contain_text("Here since 8:12")
        expect(page.locator("#aside details[open]")).to_have_count(1)

    def test_when_what_they_have_was_changed(self, site: Site, page: Page):
        other = site.phone("Sam")
        other.goto(f"{site.card('Priya')}/edit")
        other.get_by_role("textbox", name="The usual").fill("Cortado")
        other.get_by_role("button", name="Keep").tap()
        poll(page)
        self.ask_later(page)
        expect(page.get_by_test_id("card").locator(".fact", has_text="The usual").first).to_contain_text("Cortado")

    def test_not_when_somebody_else_was_marked(self, site: Site, page: Page):
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        site.act("visit.create", customer=site.person("Gwen"))
        poll(page)
        expect(row(page, "Gwen")).to_have_attribute("data-arrived", "true")
        poll(page)
        self.ask_later(page)
        assert not any("/customers/" in url for url in asked)

    def test_not_while_somebody_is_at_one_of_its_forms(self, site: Site, page: Page):
        here = page.get_by_test_id("card").get_by_test_id("here")
        page.get_by_test_id("edit").focus()
        while not here.evaluate("(e) => e === document.activeElement"):
            page.keyboard.press("Tab")
        site.act("visit.create", customer=site.person("Priya"))
        poll(page)
        self.ask_later(page)
        expect(row(page, "Priya")).to_have_attribute("data-arrived", "true")
        expect(here).to_be_focused()
        page.keyboard.press("Tab")
        self.ask_later(page)
        expect(page.get_by_test_id("card")).to_contain_text("Here since 8:12")

    def test_not_while_a_private_note_is_read(self, site: Site, page: Page):
        page.goto("/today")
        page.evaluate("document.documentElement.dataset.notes = 'shown'")
        site.act("visit.create", customer=site.person("Priya"))
        poll(page)
        self.ask_later(page)
        expect(page.get_by_test_id("card")).to_contain_text("Expected 8:20")
        page.evaluate("document.documentElement.dataset.notes = 'hidden'")
        self.ask_later(page)
        expect(page.get_by_test_id("card")).to_contain_text("Here since 8:12")


@pytest.mark.parametrize("width", [390, 1280])
def test_rows_in_sight_stay_where_they_are_when_somebody_moves_to_the_strip(site: Site, width: int):
    page = site.phone(width=width, height=700)
    page.clock.install()
    page.goto("/today")
    row(page, "Lucía").get_by_test_id("here").tap()
    expect(row(page, "Lucía")).to_have_attribute("data-arrived", "true")
    row(page, "Ewa").evaluate("(row) => row.scrollIntoView({block: 'start'})")
    page.evaluate("document.activeElement.blur()")
    before = row(page, "Aoife").bounding_box()
    site.later(minutes=3)
    poll(page)
    expect(page.get_by_test_id("strip")).to_contain_text("5 here:")
    after = row(page, "Aoife").bounding_box()
    assert before
    assert after
    assert abs(before["y"] - after["y"]) <= 2
    page.wait_for_timeout(100)
    assert row(page, "Aoife").bounding_box() == after
