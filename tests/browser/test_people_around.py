"""People around a person in a browser: S12 and S13b as staff walk them, and the owner's page of people."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, hold_time, row, toast
from tests.browser.test_for_everyone import faults_of

pytestmark = pytest.mark.browser


def belongs(page: Page, path: str, name: str, part: str, firm: bool) -> None:
    page.goto(f"{path}/edit")
    page.get_by_label("Name of the home or firm").fill(name)
    if firm:
        page.get_by_text("At a firm").click()
    page.get_by_label("Their part in it").fill(part)
    page.get_by_role("button", name="They belong there").click()
    expect(toast(page)).to_contain_text("They belong together.")


def test_two_of_a_firm_are_seen_as_two_of_a_firm(site: Site):
    """S12, the staff side: who belongs to which firm is written down, read on the card, undone and done again."""
    maya = site.phone("Maya")
    belongs(maya, site.card("Joan"), "Mill Lane Books", "owner", firm=True)
    belongs(maya, site.card("Daniel"), "Mill Lane Books", "office manager", firm=True)
    around = maya.get_by_test_id("around")
    expect(around).to_contain_text("owner of Mill Lane Books")
    toast(maya).get_by_role("button", name="Undo").click()
    expect(maya.get_by_test_id("around")).to_have_count(0)
    toast(maya).get_by_role("button", name="Undo").click()
    expect(maya.get_by_test_id("around")).to_contain_text("office manager")
    maya.get_by_test_id("around").get_by_role("link", name="Joan").click()
    expect(maya.locator("h1")).to_contain_text("Joan")
    maya.get_by_test_id("firm-left").click()
    maya.get_by_label("Why they left, in their words").fill("The branch closed at four")
    maya.get_by_test_id("around").get_by_role("button", name="Keep").click()
    expect(maya.get_by_test_id("around")).to_contain_text("left us, today: The branch closed at four")
    maya.get_by_test_id("firm-back").click()
    expect(maya.get_by_test_id("around")).not_to_contain_text("left us")


def test_who_has_died_is_asked_for_nothing_and_told_of_once(site: Site):
    """S13b, the staff side."""
    maya, sam = site.phone("Maya"), site.today("Sam")
    maya.clock.install()
    belongs(maya, site.card("Joan"), "Whitlock", "", firm=False)
    belongs(maya, site.card("Priya"), "Whitlock", "", firm=False)
    expect(row(sam, "Joan")).to_be_visible()
    maya.goto(f"{site.card('Joan')}/edit")
    hold_time(maya)  # the way back stands until it is taken, however long the other phone looks around
    maya.get_by_text("Has died").click()
    maya.get_by_label("Since").fill("2026-11-20")
    maya.get_by_role("button", name="Keep", exact=True).click()
    expect(maya.get_by_test_id("state")).to_contain_text("died on Friday. Nothing more is asked of us.")
    expect(maya.get_by_test_id("prompt")).to_have_count(0)
    expect(maya.get_by_test_id("here")).to_have_count(0)

    sam.goto("/today")
    expect(row(sam, "Joan")).to_have_count(0)
    expect(row(sam, "Priya")).to_contain_text("Be gentle.")
    loss = sam.get_by_test_id("loss")
    expect(loss).to_contain_text("Joan Whitlock died on Friday.")
    assert faults_of(sam) == []
    loss.get_by_role("button", name="Thank you for telling me").click()
    expect(sam.get_by_test_id("loss")).to_have_count(0)

    maya.clock.resume()
    toast(maya).get_by_role("button", name="Undo").click()  # a mistake: all is as it was
    expect(maya.get_by_test_id("state")).to_have_count(0)
    sam.goto("/today")
    expect(row(sam, "Joan")).to_be_visible()
    expect(row(sam, "Priya")).not_to_contain_text("Be gentle.")


def test_who_moved_and_walks_in_is_back_with_one_tap(site: Site):
    page = site.phone("Maya", java_script_enabled=False)
    page.goto(f"{site.card('Joan')}/edit")
    page.get_by_label("Moved, or goes elsewhere").check(force=True)
    page.get_by_label("Why they left").fill("A job in Leeds")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_test_id("state")).to_contain_text("A job in Leeds")
    page.goto("/find?q=joan")
    expect(row(page, "Joan Whitlock")).to_contain_text("has left us")
    page.goto(site.card("Joan"))
    page.get_by_test_id("here").click()
    page.goto(site.card("Joan"))
    page.get_by_test_id("back-with-us").click()
    expect(page.get_by_test_id("state")).to_have_count(0)


def test_the_owners_page_leads_to_cards_and_is_for_everybody(site: Site):
    owner = site.phone("owner", width=1280, height=860, touch=False)
    owner.goto("/today")
    owner.get_by_role("link", name="People").click()
    expect(owner.locator("h1")).to_have_text(
        re.compile(r"^Of \d+ regulars who came last week, \d+ were greeted by name\.$")
    )
    assert faults_of(owner) == []
    owner.get_by_test_id("unknown").get_by_role("link").first.click()
    expect(owner.get_by_test_id("card")).to_contain_text("Bright Books")


@pytest.mark.parametrize("name", ["Beatriz", "Jean-Baptiste"])
def test_a_card_with_people_around_and_one_of_somebody_who_left_are_for_everybody(site: Site, name):
    page = site.phone("Maya", width=1280, height=860, touch=False)
    page.goto(site.card(name))
    expect(page.get_by_test_id("card")).to_be_visible()
    assert faults_of(page) == []
