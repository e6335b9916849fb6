"""What staff see of a reminder that failed: somebody to ring on Today, and the late card of who came to no harm by it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, row, toast

pytestmark = pytest.mark.browser


def test_somebody_is_rung_and_it_is_taken_back(site: Site):
    page = site.phone("Sam")
    page.goto("/today")
    strip = page.get_by_test_id("calls").locator("summary")
    expect(strip).to_be_in_viewport()
    expect(strip).to_contain_text("Ring Nell Okoro: our reminder failed")
    expect(strip).to_contain_text("For today at 9:10.")
    strip.click()
    task = page.get_by_test_id("call-task")
    expect(task).to_contain_text("There is no such mailbox. Ask how it is spelled.")
    number = task.get_by_test_id("call-number")
    expect(number).to_have_attribute("href", "tel:02079460137")
    for control in [number, *task.get_by_role("button").all()]:
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    task.get_by_test_id("call-no_answer").click()
    expect(page.get_by_test_id("call-task")).to_contain_text("Tried once, no answer.")
    page.get_by_test_id("call-reached").click()
    expect(toast(page)).to_contain_text("Good: Nell Okoro knows.")
    expect(page.get_by_test_id("call-task")).to_have_count(0)
    expect(page.get_by_test_id("calls")).to_contain_text("1 rung today")
    toast(page).get_by_test_id("toast-undo").click()
    expect(page.get_by_test_id("calls").locator("summary")).to_contain_text("Ring Nell Okoro")


def test_who_is_late_is_told_of_fairly(site: Site):
    page = site.phone("Maya")
    page.goto("/today")
    told = row(page, "Desmond").get_by_test_id("not-reached")
    expect(told).to_contain_text("Never late in 12 visits · our reminder failed yesterday at 7:57")
    page.goto(site.card("Desmond"))
    story = page.get_by_test_id("late-story")
    expect(story.locator(".account li")).to_have_count(3)
    expect(story).to_contain_text("Ours: our reminder by text message did not reach him.")
    expect(page.get_by_test_id("late-call")).to_have_attribute("href", "tel:02079460018")
    ink = page.evaluate("getComputedStyle(document.querySelector('.account li')).color")
    red, green, blue = map(int, re.findall(r"\d+", ink)[:3])
    assert not (red > green + 40 and red > blue + 40), "never red"
    page.get_by_test_id("keep-place").click()
    expect(page.get_by_test_id("late-story")).to_contain_text("The place is kept until 8:42.")
    acts = page.locator(".account__acts .btn").last
    expect(toast(page)).to_be_visible()
    covers = toast(page).bounding_box()
    assert covers is not None
    page.wait_for_function(
        "top => [...document.querySelectorAll('.account__acts .btn')].at(-1).getBoundingClientRect().bottom <= top",
        arg=covers["y"],
    )
    expect(acts).to_be_in_viewport()
    toast(page).get_by_test_id("toast-undo").click()
    expect(page.get_by_test_id("keep-place")).to_have_text(re.compile("^Keep "))
    page.get_by_test_id("here").click()
    expect(page.get_by_test_id("late-story")).to_contain_text("It counts as ours, not as theirs.")
    expect(page.get_by_test_id("prompt")).to_contain_text("Ask if all is well, and say sorry.")
    expect(page.get_by_test_id("cause-theirs")).to_have_count(0)
    page.get_by_test_id("cause-both").click()
    expect(page.get_by_test_id("cause-both")).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("late-sorry").click()
    expect(page.get_by_test_id("sorry-said")).to_contain_text("Maya said sorry, today.")


def test_not_today_is_one_tap_and_its_undo_another(site: Site):
    page = site.phone("Sam")
    page.goto("/today")
    row(page, "Desmond").get_by_test_id("move-to-not-today").click()
    expect(toast(page)).to_contain_text("Desmond Fairweather is moved to not today.")
    expect(row(page, "Desmond")).to_have_count(0)
    toast(page).get_by_test_id("toast-undo").click()
    expect(row(page, "Desmond")).to_have_count(1)
