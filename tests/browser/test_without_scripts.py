"""Every act works by plain forms: before the script has loaded, or where none runs."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, row

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(site: Site) -> Page:
    page = site.phone(java_script_enabled=False)
    page.goto("/today")
    return page


def test_signing_in(site: Site):
    page = site.phone(who=None, java_script_enabled=False)
    page.goto("/")
    page.get_by_text("Maya", exact=True).click()
    page.get_by_label("Your PIN").fill("1234")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_test_id("day")).to_be_visible()
    page.get_by_role("link", name="Shift").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_test_id("sign-in")).to_be_visible()


def test_here_and_back(plain: Page):
    row(plain, "Priya").get_by_test_id("here").click()
    expect(plain).to_have_url(re.compile(r"/today\?.*#p-\d+"))
    expect(row(plain, "Priya")).to_have_attribute("data-arrived", "true")
    plain.get_by_test_id("toast-undo").click()
    expect(row(plain, "Priya")).to_have_attribute("data-arrived", "false")
    row(plain, "Priya").get_by_test_id("here").click()
    row(plain, "Priya").get_by_test_id("undo").click()
    expect(row(plain, "Priya")).to_have_attribute("data-arrived", "false")


def test_said(plain: Page):
    row(plain, "Priya").get_by_test_id("here").click()
    row(plain, "Priya").get_by_test_id("said").click()
    expect(row(plain, "Priya")).to_contain_text("Said.")


def test_a_note(plain: Page):
    row(plain, "Priya").get_by_test_id("note-add").click()
    plain.get_by_text("Liked a chat").click()
    plain.get_by_label("In your words").fill("Her test is on Friday")
    plain.get_by_test_id("keep").click()
    expect(plain.get_by_test_id("card")).to_contain_text("Liked a chat. Her test is on Friday")
    expect(plain.get_by_test_id("card")).to_contain_text("Maya, today")


def test_an_empty_note_says_what_is_missing(plain: Page):
    row(plain, "Priya").get_by_test_id("note-add").click()
    plain.get_by_test_id("keep").click()
    expect(plain.get_by_role("alert")).to_contain_text("write something first.")


def test_a_private_note(site: Site, plain: Page):
    plain.goto(site.card("Callum"))
    expect(plain.locator("body")).not_to_contain_text("the door sticks")
    plain.get_by_role("button", name="1 private note").click()
    expect(plain.locator("body")).to_contain_text("He told us the door sticks.")


def test_someone_new(plain: Page):
    plain.get_by_role("link", name="Find").click()
    plain.get_by_role("searchbox").fill("Red umbrella")
    plain.get_by_role("searchbox").press("Enter")
    expect(plain.get_by_test_id("nobody")).to_be_visible()
    plain.get_by_test_id("add").click()
    expect(plain.get_by_test_id("strip")).to_contain_text("Red umbrella")


def test_what_they_have_is_changed(site: Site, plain: Page):
    plain.goto(site.card("Priya"))
    plain.get_by_role("link", name="Change what we know of Priya").click()
    plain.get_by_label("The usual", exact=True).fill("Mint tea")
    plain.get_by_role("button", name="Keep").click()
    expect(plain.get_by_test_id("card")).to_contain_text("Mint tea")
