"""Promises in a browser: S1's staff side from the pencil to They have it, by thumb, by keyboard and without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, row, toast

pytestmark = pytest.mark.browser


def promise(page: Page, text: str):
    return page.get_by_test_id("promise").filter(has_text=text)


def test_a_promise_is_written_seen_kept_and_confirmed(site: Site):
    sam = site.phone("Sam")
    sam.goto(site.card("Joan"))
    sam.get_by_test_id("note-add").click()
    sheet = sam.get_by_role("dialog")
    sheet.get_by_label("In your words").fill("Look for her umbrella")
    sheet.get_by_text("We promised").click()
    sheet.get_by_label("By when").select_option(label="Today")
    sheet.get_by_test_id("keep").click()
    expect(toast(sam)).to_contain_text("It stands under Promises")

    maya = site.phone("Maya")
    maya.goto("/today")
    expect(row(maya, "Joan")).to_contain_text("Look for her umbrella: for today (Sam)")
    maya.get_by_role("link", name=re.compile("Promises")).click()
    mine = promise(maya, "umbrella")
    before = int(re.sub(r"\D", "", maya.locator("#owed").inner_text()))
    mine.get_by_test_id("promise-keep").click()
    expect(promise(maya, "umbrella")).to_have_attribute("data-state", "kept")
    expect(promise(maya, "umbrella")).to_contain_text("kept by Maya")
    expect(maya.locator("#owed")).to_contain_text(f"{before - 1}")
    promise(maya, "umbrella").get_by_test_id("promise-back").click()
    expect(promise(maya, "umbrella")).to_have_attribute("data-state", "open")
    promise(maya, "umbrella").get_by_test_id("promise-keep").click()
    expect(promise(maya, "umbrella")).to_have_attribute("data-state", "kept")  # or leaving the page takes the tap along

    maya.goto(site.card("Joan"))
    owed = maya.get_by_test_id("owed")
    expect(owed).to_contain_text("Kept by Maya, 8:12. Waiting to hear from Joan")
    owed.get_by_test_id("promise-confirm").click()
    expect(maya.get_by_test_id("owed")).to_have_count(0)


def test_it_is_closed_otherwise_with_a_reason(site: Site):
    page = site.phone("Maya")
    page.goto(site.card("Priya"))
    page.get_by_text("Close it otherwise").click()
    page.get_by_label("Why", exact=True).fill("She moved")
    page.get_by_role("button", name="Close with this reason").click()
    expect(page.get_by_test_id("owed")).to_have_count(0)
    expect(toast(page)).to_contain_text("Closed, with the reason.")


def test_ticks_work_without_scripts(site: Site):
    page = site.phone(java_script_enabled=False)
    page.goto("/promises")
    promise(page, "rice-paper").get_by_test_id("promise-keep").click()
    expect(page).to_have_url(re.compile(r"/promises#promise-\d+$"))
    expect(promise(page, "rice-paper")).to_have_attribute("data-state", "kept")


def test_ticks_work_by_keyboard(site: Site):
    page = site.phone("Maya")
    page.goto("/promises")
    promise(page, "rice-paper").get_by_test_id("promise-keep").focus()
    page.keyboard.press("Space")
    expect(promise(page, "rice-paper")).to_have_attribute("data-state", "kept")


def test_focus_goes_on_to_the_next_open_promise_and_at_last_to_the_heading(site: Site):
    page = site.phone("Maya")
    page.goto("/promises")
    rows = page.locator('#promises [data-testid="promise"][data-state="open"]')
    left = rows.count()
    assert left > 1
    rows.first.get_by_test_id("promise-keep").focus()
    for following in range(left - 1):
        after = rows.nth(1).get_attribute("id")
        page.keyboard.press("Enter")
        expect(page.locator(f"#{after}").get_by_test_id("promise-keep")).to_be_focused()
        expect(rows).to_have_count(left - 1 - following)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Promises we made")).to_be_focused()
    toast(page).get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(1)
