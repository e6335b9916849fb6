"""Referrals in a browser: S3's staff side from the wrong call to the next place, with scripts and without."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, toast

pytestmark = pytest.mark.browser


def send_on(page, name, need, to):
    page.goto("/find")
    page.get_by_test_id("send-on").click()
    page.get_by_label("Who is it?").fill(name)
    page.get_by_label("What do they need?").fill(need)
    page.get_by_label("Where do we send them?").fill(to)
    page.get_by_test_id("send").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_one_is_sent_on_and_another_sent_on_again_in_two_taps(site: Site, scripts: bool):
    sam = site.phone("Sam", java_script_enabled=scripts)
    send_on(sam, "Bo", "A doctor with an hour", "Dr D.")
    expect(sam).to_have_url(re.compile(r"/promises#referral-\d+$"))

    maya = site.phone("Maya", java_script_enabled=scripts)  # Kris was sent to Dr Costa three days ago
    maya.goto("/today")
    expect(maya.get_by_test_id("checks")).to_contain_text("Did Kris reach Dr Costa")
    maya.goto("/promises")
    asked = maya.get_by_test_id("did-it-help").get_by_test_id("referral").filter(has_text="Did Kris reach")
    asked.get_by_test_id("check-not_reached").click()
    expect(maya.get_by_label("Who is it?")).to_have_value("Kris")
    expect(maya.get_by_label("What do they need?")).to_have_value("A doctor with an hour today")
    maya.get_by_test_id("send-to").filter(has_text="Dr D.").click()
    expect(maya).to_have_url(re.compile(r"/promises#referral-\d+$"))
    # the address names it, and a browser unfolds the list it stands in
    expect(maya.get_by_test_id("referral").filter(has_text="Kris, sent to Dr D.")).to_have_attribute(
        "data-state", "later"
    )
    expect(maya.get_by_test_id("did-it-help")).to_have_count(0)


def test_an_answer_is_taken_back_and_the_words_are_forgotten(site: Site):
    page = site.phone("Maya")
    page.goto("/promises")
    asked = page.get_by_test_id("referral").filter(has_text="Did Kris reach")
    asked.get_by_test_id("check-reached").click()
    expect(page.get_by_test_id("referral").filter(has_text="Kris reached")).to_be_visible()
    toast(page).get_by_test_id("toast-undo").click()
    expect(asked).to_have_attribute("data-state", "due")
    asked.get_by_text("Take it away").click()
    asked.get_by_test_id("referral-forget").click()
    expect(toast(page)).to_contain_text("stays counted")
    expect(page.get_by_test_id("referral").filter(has_text="Kris")).to_have_count(0)


def test_enter_in_a_field_sends_nobody_to_a_place_that_was_not_chosen(site: Site):
    page = site.phone("Maya")
    page.goto("/referrals/new")
    page.get_by_label("Who is it?").fill("Bo")
    page.get_by_label("What do they need?").fill("A key")
    page.get_by_label("What do they need?").press("Enter")
    expect(page).to_have_url(re.compile("/referrals/new$"))
    expect(page.get_by_label("Where do we send them?")).to_be_visible()


def test_a_trouble_leads_is_counted_and_solved(site: Site):
    page = site.phone("Maya")
    page.goto(site.card("Anjali Deshmukh"))
    issue = page.get_by_test_id("issue")
    expect(issue).to_contain_text("The third time")
    issue.get_by_test_id("issue-again").click()
    expect(issue).to_contain_text("The fourth time")
    toast(page).get_by_test_id("toast-undo").click()
    expect(issue).to_contain_text("The third time")
    issue.get_by_test_id("issue-solve").click()
    expect(issue).to_have_count(0)
    expect(page.get_by_test_id("question")).to_contain_text("Is it still fine")
