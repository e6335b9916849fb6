"""The owner's settings in a browser: kept as they are made, taken back by a tap, nothing typed lost; and without scripts."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, toast

pytestmark = pytest.mark.browser


@pytest.fixture
def settings(site: Site) -> Page:
    page = site.phone("owner")
    page.goto("/settings")
    return page


def test_a_switch_is_kept_at_once_and_taken_back_from_the_toast(settings: Page):
    birthdays = settings.get_by_role("switch", name="Mention birthdays")
    expect(birthdays).to_be_checked()
    birthdays.click()
    expect(toast(settings)).to_contain_text("Kept: Mention birthdays.")
    settings.reload()
    expect(birthdays).not_to_be_checked()
    birthdays.click()
    expect(toast(settings)).to_contain_text("Kept: Mention birthdays.")
    toast(settings).get_by_test_id("toast-undo").click()
    expect(toast(settings)).to_contain_text("Undone.")
    expect(birthdays).not_to_be_checked()


def test_what_cannot_be_is_told_beside_it_and_stays_as_typed(settings: Page):
    late = settings.get_by_label("Late, after")
    late.fill("soon")
    late.press("Tab")
    row = settings.locator("#set-grace_minutes")
    expect(row.get_by_role("alert")).to_have_text("Write a number of minutes from 0 to 240.")
    expect(late).to_have_value("soon")
    late.fill("15")
    late.press("Tab")
    expect(toast(settings)).to_contain_text("Kept: Late, after.")
    expect(row.get_by_role("alert")).to_have_count(0)


def test_the_tone_shows_what_it_does_to_a_sentence_of_today(settings: Page):
    slip = settings.get_by_test_id("tone-example")
    warm = slip.inner_text()
    settings.locator("#set-tone label", has_text="Playful").click()
    expect(slip).not_to_have_text(warm)
    expect(settings.locator("#set-tone")).to_contain_text("As it is said of")
    assert settings.locator("[data-testid=tone-example]").count() == 1


def test_a_day_by_itself_leaves_the_others_as_they_are(settings: Page):
    whole = settings.get_by_label("Monday to Sunday, from")
    whole.fill("08:00")
    settings.get_by_label("Monday to Sunday, until").fill("18:00")
    settings.get_by_label("Monday to Sunday, until").press("Tab")
    expect(toast(settings)).to_contain_text("Kept: Open.")
    settings.get_by_role("link", name="Each day by itself").click()
    settings.get_by_label("Sunday, from").fill("")
    settings.get_by_label("Sunday, until").fill("")
    with settings.expect_response(lambda answer: answer.url.endswith("/settings/one/hours") and answer.status == 200):
        settings.get_by_label("Sunday, until").press("Tab")
    settings.goto("/settings")
    expect(settings.get_by_label("Monday to Saturday, from")).to_have_value("08:00")
    expect(settings.get_by_label("Sunday, from", exact=True)).to_have_value("")


def test_a_closed_day_is_added_and_opened_again(settings: Page):
    settings.get_by_label("Another day").fill("2026-12-25")
    settings.get_by_label("What it is called").fill("Christmas")
    settings.get_by_label("Every year").check()
    settings.get_by_role("button", name="Close on it").click()
    expect(settings.get_by_test_id("closed-day")).to_contain_text("25 December, every year")
    settings.get_by_role("button", name="Open again: 25 December, every year").click()
    expect(settings.get_by_test_id("closed-day")).to_have_count(0)
    toast(settings).get_by_test_id("toast-undo").click()
    expect(settings.get_by_test_id("closed-day")).to_contain_text("Christmas")


def test_without_scripts_a_button_keeps_all_or_says_what_is_wrong(site: Site):
    page = site.phone("owner", java_script_enabled=False)
    page.goto("/settings")
    page.get_by_label("Name", exact=True).fill("Corner Café")
    page.get_by_label("Late, after").fill("never")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("Nothing was kept yet")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Corner Café")
    expect(page.get_by_label("Late, after")).to_have_value("never")
    page.get_by_label("Late, after").fill("12")
    page.get_by_role("switch", name="Mention birthdays").uncheck()
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(toast(page)).to_contain_text("3 changes are kept.")
    toast(page).get_by_test_id("toast-undo").click()
    expect(page.get_by_label("Name", exact=True)).not_to_have_value("Corner Café")
    expect(page.get_by_role("switch", name="Mention birthdays")).to_be_checked()
