"""Booking in a browser: the sheet, a clash, a free time, moving, and the way back, by thumb and without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, row, toast

pytestmark = pytest.mark.browser


def sheet(page: Page):
    return page.get_by_role("dialog")


def fill(where, day: str, time: str, **more: str):
    where.get_by_label("Day", exact=True).fill(day)
    where.get_by_label("Time", exact=True).fill(time)
    for label, text in more.items():
        where.get_by_label(label.replace("_", " ")).fill(text)


def test_booked_a_clash_a_free_time_moved_and_back(site: Site):
    joan = site.person("Joan")
    site.act("appointment.create", customer=joan, starts_at="2026-11-25T10:00", minutes=30, **{"with": "Nadia"})

    page = site.phone("Maya")
    page.goto(site.card("Priya"))
    page.get_by_test_id("agreed").get_by_test_id("book").click()
    fill(sheet(page), "2026-11-25", "10:15", With_whom="Nadia", What_for="A long talk")
    sheet(page).get_by_test_id("book-it").click()
    expect(sheet(page).get_by_role("alert")).to_contain_text("Joan Whitlock is booked with Nadia tomorrow at 10:00.")
    expect(sheet(page).get_by_label("What for")).to_have_value("A long talk")
    expect(sheet(page).get_by_test_id("squeeze")).to_be_visible()
    sheet(page).get_by_test_id("free-time").first.click()
    expect(sheet(page)).to_be_hidden()
    expect(toast(page)).to_contain_text("Booked: tomorrow at 10:30.")

    booked = page.get_by_test_id("appointment").filter(has_text="Tomorrow at 10:30")
    expect(booked).to_contain_text("with Nadia")
    expect(booked.get_by_test_id("what-for")).to_be_hidden()
    booked.get_by_test_id("appointment-more").click()
    expect(booked.get_by_test_id("what-for")).to_have_text("For: A long talk")

    booked.get_by_test_id("move").click()
    expect(sheet(page).get_by_label("Time", exact=True)).to_have_value("10:30")
    fill(sheet(page), "2026-11-26", "09:00")
    sheet(page).get_by_test_id("book-it").click()
    expect(toast(page)).to_contain_text("Moved: Thursday at 9:00.")
    expect(page.get_by_test_id("appointment").filter(has_text="Thursday at 9:00")).to_be_visible()
    toast(page).get_by_test_id("toast-undo").click()
    expect(page.get_by_test_id("appointment").filter(has_text="Tomorrow at 10:30")).to_be_visible()

    page.get_by_test_id("appointment").filter(has_text="Tomorrow at 10:30").get_by_test_id("cancel").click()
    expect(toast(page)).to_contain_text("Cancelled: tomorrow at 10:30.")
    expect(page.get_by_test_id("appointment").filter(has_text="Tomorrow at 10:30")).to_have_count(0)
    toast(page).get_by_test_id("toast-undo").click()
    expect(page.get_by_test_id("appointment").filter(has_text="Tomorrow at 10:30")).to_be_visible()


def test_from_today_for_today_is_on_the_list_at_once(site: Site):
    page = site.today()
    page.get_by_test_id("book").click()
    sheet(page).get_by_label("Who is it for?").fill("Red umbrella")
    fill(sheet(page), "2026-11-24", "11:40", What_for="A fitting")
    sheet(page).get_by_test_id("book-it").click()
    expect(toast(page)).to_contain_text("Booked: today at 11:40.")
    expect(row(page, "Red umbrella")).to_contain_text("11:40")
    expect(page.locator("body")).not_to_contain_text("A fitting")


def test_from_find_for_somebody_we_know(site: Site):
    page = site.phone("Maya")
    page.goto("/find")
    page.get_by_role("searchbox").fill("joan")
    expect(page.get_by_test_id("results")).to_contain_text("Joan")
    page.get_by_test_id("book").click()
    page.get_by_test_id("candidates").get_by_role("button", name="Joan Whitlock").click()
    expect(page.get_by_role("alert")).to_contain_text("Pick a day and a time.")
    fill(page, "2026-11-27", "14:00")
    page.get_by_test_id("book-it").click()
    expect(page).to_have_url(re.compile(r"/customers/\d+\?kept=booked-\d+"))
    expect(toast(page)).to_contain_text("Booked: Friday at 14:00.")


def test_works_without_scripts(site: Site):
    page = site.phone("Maya", java_script_enabled=False)
    page.goto(site.card("Priya"))
    page.get_by_test_id("agreed").get_by_test_id("book").click()
    fill(page, "2026-11-25", "10:15")
    page.get_by_test_id("book-it").click()
    expect(toast(page)).to_contain_text("Booked: tomorrow at 10:15.")
    toast(page).get_by_test_id("toast-undo").click()
    expect(page.get_by_test_id("appointment").filter(has_text="Tomorrow at 10:15")).to_have_count(0)
