"""The note sheet: chips in a tap, words that are never lost, and a change by two that keeps both."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Site, row, toast
from tests.browser.test_for_everyone import RULES, axe_finds, tall
from tests.browser.worlds import TUESDAY

pytestmark = pytest.mark.browser
WORDS = "Her driving test is on Friday"


def opened(page: Page, name: str = "Priya") -> Locator:
    page.get_by_role("link", name=f"Note on {name}").tap()
    sheet = page.get_by_role("dialog", name=f"A note on {name}")
    expect(sheet).to_be_visible()
    return sheet


def enter(site: Site, page: Page, who: str) -> None:
    """Sign somebody in, in the same tab."""
    page.context.add_cookies([{"name": "regulars", "value": site.world.tokens[who], "url": site.url}])
    page.goto("/today")


def drafts(page: Page) -> list[str]:
    return page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft'))")


def close(page: Page, how: str) -> None:
    sheet = page.get_by_role("dialog")
    if how == "Close":
        sheet.get_by_role("link", name="Close").tap()
    elif how == "Escape":
        page.keyboard.press("Escape")
    elif how == "a tap beside it":
        page.touchscreen.tap(195, 20)
    elif how == "a reload":
        page.reload()
    else:
        page.goto("/find")
        page.go_back()
    expect(sheet).to_be_hidden()


class TestWords:
    @pytest.mark.parametrize("how", ["Close", "Escape", "a tap beside it", "a reload", "another page"])
    def test_wait_in_the_note_whatever_closes_it(self, phone: Page, how: str):
        sheet = opened(phone)
        sheet.get_by_label("In your words").fill(WORDS)
        sheet.get_by_text("Liked a chat").tap()
        sheet.get_by_text("Ask next time").tap()
        sheet.get_by_text("Good to know").tap()
        sheet.get_by_text("How long, when, who").tap()
        sheet.get_by_label("How long your words stand").select_option("next_visit")
        sheet.get_by_label("When they are seen").select_option("late")
        sheet.get_by_label("For safety").check()
        sheet.get_by_text("Private", exact=True).tap()
        close(phone, how)
        if how in ("Close", "Escape", "a tap beside it"):
            expect(toast(phone)).to_have_text(
                re.compile("Not kept yet. Your words wait in the note until you keep them.")
            )
        sheet = opened(phone)
        expect(sheet.get_by_text("Your words from before are still here.")).to_be_visible()
        expect(sheet.get_by_label("In your words")).to_have_value(WORDS)
        expect(sheet.get_by_label("Liked a chat")).to_be_checked()
        expect(sheet.get_by_label("Good to know")).to_be_checked()
        expect(sheet.get_by_label("How long your words stand")).to_have_value("next_visit")
        expect(sheet.get_by_label("How long your words stand")).to_be_visible()
        expect(sheet.get_by_label("When they are seen")).to_have_value("late")
        expect(sheet.get_by_label("For safety")).to_be_checked()
        expect(sheet.get_by_label("Private")).to_be_checked()
        expect(sheet.get_by_label("In your words")).to_have_css("color", "rgba(0, 0, 0, 0)")  # private: veiled

    def test_once_kept_wait_no_longer(self, phone: Page):
        sheet = opened(phone)
        sheet.get_by_label("In your words").fill(WORDS)
        close(phone, "Close")
        sheet = opened(phone)
        sheet.get_by_test_id("keep").tap()
        expect(toast(phone)).to_contain_text("Kept.")
        sheet = opened(phone)
        expect(sheet.get_by_label("In your words")).to_have_value("")
        assert drafts(phone) == []

    def test_taken_back_by_hand_wait_no_longer(self, phone: Page):
        sheet = opened(phone)
        sheet.get_by_label("In your words").fill(WORDS)
        sheet.get_by_label("In your words").fill(" ")
        close(phone, "Close")
        expect(toast(phone)).to_be_hidden()
        expect(opened(phone).get_by_label("In your words")).to_have_value("")

    def test_wait_for_the_one_they_are_about(self, phone: Page):
        opened(phone).get_by_label("In your words").fill(WORDS)
        close(phone, "Close")
        expect(opened(phone, "Joan").get_by_label("In your words")).to_have_value("")

    def test_are_there_for_whoever_typed_them_and_for_nobody_else(self, site: Site, phone: Page):
        opened(phone).get_by_label("In your words").fill(WORDS)
        close(phone, "Close")
        for who, stands in (("Sam", ""), ("Maya", WORDS)):
            phone.context.clear_cookies(name="regulars")
            phone.goto("/sign-in")
            expect(phone.get_by_test_id("sign-in")).to_be_visible()
            enter(site, phone, who)
            sheet = opened(phone)
            expect(sheet.get_by_label("In your words")).to_have_value(stands)
            expect(sheet.get_by_text("Your words from before are still here.")).to_be_visible(visible=bool(stands))
            close(phone, "Escape")

    @pytest.mark.parametrize("where", ["sheet", "page"])
    def test_sent_when_signed_out_are_there_after_signing_in(self, site: Site, where: str):
        page = site.phone()
        address = f"{site.card('Priya')}/notes/new"
        page.goto(address if where == "page" else site.card("Priya"))
        if where == "sheet":
            page.get_by_role("link", name="Note", exact=True).tap()
        page.get_by_label("In your words").fill(WORDS)
        page.context.clear_cookies(name="regulars")
        page.get_by_test_id("keep").tap()
        if where == "sheet":
            expect(page.get_by_test_id("sign-in")).to_be_visible()
        else:
            expect(page.get_by_text("You are signed out.")).to_be_visible()
            page.goto("/sign-in")
        enter(site, page, "Maya")
        page.goto(address)
        expect(page.get_by_label("In your words")).to_have_value(WORDS)
        page.get_by_test_id("keep").tap()
        expect(page.get_by_test_id("card")).to_contain_text(WORDS)
        assert drafts(page) == []

    def test_sent_without_network_from_a_page_of_their_own_wait_on(self, site: Site):
        page = site.phone()
        address = f"{site.card('Priya')}/notes/new"
        page.goto(address)
        page.get_by_label("In your words").fill(WORDS)
        page.context.set_offline(True)
        with page.expect_event("requestfailed"):
            page.get_by_test_id("keep").tap()
        page.context.set_offline(False)
        page.goto(site.card("Priya"))
        expect(page.get_by_test_id("card")).not_to_contain_text(WORDS)
        page.goto(address)
        expect(page.get_by_label("In your words")).to_have_value(WORDS)
        site.complaints[:] = [told for told in site.complaints if "ERR_" not in told]

    def test_that_were_refused_wait_on_whatever_is_tapped_next(self, site: Site):
        page = site.phone()
        page.goto(site.card("Priya"))
        page.get_by_role("link", name="Note", exact=True).tap()
        page.get_by_label("In your words").fill("Her test is on Friday. " * 80)
        page.get_by_label("In your words").evaluate("(words) => { words.value += words.value; }")
        page.get_by_test_id("keep").tap()
        expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("too long")
        page.get_by_text("In a hurry").tap()
        page.reload()
        page.get_by_role("link", name="Note", exact=True).tap()
        expect(page.get_by_label("In your words")).to_have_value(re.compile("^Her test is on Friday"))

    def test_wait_no_longer_than_a_shift(self, site: Site):
        page = site.phone()
        page.clock.install(time=TUESDAY)
        page.goto("/today")
        opened(page).get_by_label("In your words").fill(WORDS)
        close(page, "Close")
        page.clock.set_system_time(TUESDAY + timedelta(hours=13, minutes=55))
        assert len(drafts(page)) == 1
        expect(opened(page).get_by_label("In your words")).to_have_value(WORDS)
        close(page, "Escape")
        page.clock.set_system_time(TUESDAY + timedelta(hours=14, minutes=5))
        expect(opened(page).get_by_label("In your words")).to_have_value("")
        assert drafts(page) == []

    def test_that_no_answer_came_to_stand_where_they_are_and_the_sheet_says_so(self, site: Site, phone: Page):
        sheet = opened(phone)
        sheet.get_by_label("In your words").fill(WORDS)
        phone.context.set_offline(True)
        sheet.get_by_test_id("keep").tap()
        expect(sheet.get_by_role("alert")).to_have_text("That did not save, and nothing was lost. Try again.")
        expect(sheet.get_by_label("In your words")).to_have_value(WORDS)
        phone.context.set_offline(False)
        sheet.get_by_test_id("keep").tap()
        expect(toast(phone)).to_contain_text("Kept.")
        site.complaints[:] = [told for told in site.complaints if "Failed to fetch" not in told and "ERR_" not in told]

    def test_that_were_refused_stand_where_they_are_and_the_sheet_says_why(self, site: Site, phone: Page):
        sheet = opened(phone)
        sheet.get_by_label("In your words").fill(WORDS)
        site.act("customer.name", customer=site.person("Priya"), name="Priya Raghunathan", wishes=["no_notes"])
        sheet.get_by_test_id("keep").tap()
        expect(sheet.get_by_role("alert")).to_contain_text("asked us to write nothing down, so nothing was kept.")

    def test_that_were_refused_in_a_field_drawn_larger_write_no_style_into_the_page(self, phone: Page):
        """The site's own check: no console may have complained. A corner that was dragged leaves a style on the field."""
        sheet = opened(phone)
        words = sheet.get_by_label("In your words")
        words.fill("Her card 4111 1111 1111 1111")
        words.evaluate("(words) => { words.style.blockSize = '12rem'; }")
        with phone.expect_response(lambda answer: answer.status == 422):
            sheet.get_by_test_id("keep").tap()
        expect(sheet.get_by_role("alert")).to_contain_text("Such a number is never kept here.")
        expect(words).not_to_have_attribute("style", re.compile("."))

    def test_that_are_a_fault_they_told_us_of_lead_the_card(self, site: Site, phone: Page):
        sheet = opened(phone)
        sheet.get_by_label("In your words").fill("The door sticks")
        sheet.get_by_text("A fault they told us of").tap()
        expect(sheet.get_by_text("How long, when, who")).to_be_hidden()
        sheet.get_by_test_id("keep").tap()
        expect(toast(phone)).to_contain_text("It leads the card until it is mended.")
        phone.goto(site.card("Priya"))
        expect(phone.get_by_test_id("issue")).to_contain_text("Told us: The door sticks")

    def test_that_are_a_promise_are_asked_by_when_and_not_how_long(self, phone: Page):
        sheet = opened(phone)
        expect(sheet.get_by_label("By when")).to_be_hidden()
        expect(sheet.get_by_text("How long, when, who")).to_be_visible()
        sheet.get_by_text("We promised").tap()
        expect(sheet.get_by_label("By when")).to_be_visible()
        expect(sheet.get_by_text("How long, when, who")).to_be_hidden()

    def test_that_are_a_label_are_questioned_and_put_right(self, site: Site, phone: Page):
        sheet = opened(phone)
        sheet.get_by_label("In your words").fill("Decaf; difficult; window")
        sheet.get_by_test_id("keep").tap()
        expect(sheet.get_by_test_id("doubt")).to_contain_text("What does she need, or what happened?")
        expect(sheet.get_by_label("In your words")).to_have_value("Decaf; difficult; window")
        assert axe_finds(phone, runOnly={"type": "tag", "values": RULES}) == []
        sheet.get_by_role("button", name="Say instead: needs …").tap()
        words = sheet.get_by_label("In your words")
        expect(words).to_have_value("Decaf; needs …; window")
        expect(words).to_be_focused()
        phone.keyboard.type("ten more minutes")  # over the dots, which are chosen
        expect(words).to_have_value("Decaf; needs ten more minutes; window")
        sheet.get_by_test_id("keep").tap()
        expect(toast(phone)).to_contain_text("Kept.")
        phone.goto(site.card("Priya"))
        expect(phone.get_by_test_id("known")).to_contain_text("Decaf; needs ten more minutes; window")
        site.complaints[:] = [told for told in site.complaints if "422" not in told]

    def test_are_kept_with_a_keyboard_in_the_way(self, site: Site):
        page = site.phone(width=360, height=380)  # what a keyboard leaves of 640
        page.goto(site.card("Priya"))
        page.get_by_role("link", name="Note", exact=True).tap()
        sheet = page.get_by_role("dialog")
        sheet.get_by_label("In your words").fill(WORDS)
        expect(sheet.get_by_test_id("keep")).to_be_in_viewport(ratio=1)
        sheet.get_by_text("We promised").tap()
        expect(sheet.get_by_test_id("keep")).to_be_in_viewport(ratio=1)
        sheet.get_by_test_id("keep").tap()
        expect(toast(page)).to_contain_text("It stands under Promises")
        expect(page.get_by_test_id("owed").filter(has_text=WORDS)).to_be_visible()

    def test_on_a_page_of_their_own_wait_as_well(self, site: Site):
        page = site.phone()
        address = f"{site.card('Priya')}/notes/new"
        page.goto(address)
        page.get_by_label("In your words").fill(WORDS)
        page.get_by_role("link", name="Close").tap()
        expect(page.get_by_test_id("card")).to_be_visible()
        page.goto(address)
        expect(page.get_by_label("In your words")).to_have_value(WORDS)
        page.get_by_test_id("keep").tap()
        expect(page.get_by_test_id("card")).to_contain_text(WORDS)
        page.goto(address)
        expect(page.get_by_label("In your words")).to_have_value("")


class TestChips:
    def test_alone_are_kept_when_the_sheet_closes(self, site: Site, phone: Page):
        opened(phone).get_by_text("In a hurry").tap()
        close(phone, "Close")
        expect(toast(phone)).to_contain_text("Kept.")
        phone.goto(site.card("Priya"))
        expect(phone.get_by_test_id("card")).to_contain_text("In a hurry")

    def test_untouched_keep_nothing(self, phone: Page):
        opened(phone)
        close(phone, "Close")
        expect(toast(phone)).to_be_hidden()

    def test_on_a_page_of_their_own_are_kept_as_well(self, site: Site):
        page = site.phone()
        page.goto(f"{site.card('Priya')}/notes/new")
        page.get_by_text("In a hurry").tap()
        page.get_by_role("link", name="Close").tap()
        expect(page.get_by_test_id("card")).to_contain_text("In a hurry")


def test_a_note_for_safety_leads_the_card_until_it_is_read_and_axe_finds_nothing(site: Site):
    page = site.phone()
    page.goto(site.card("Priya"))
    page.get_by_role("link", name="Note", exact=True).tap()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("In your words").fill("No sesame, ever")
    sheet.get_by_text("How long, when, who").tap()
    sheet.get_by_label("For safety").check()
    assert axe_finds(page, runOnly={"type": "tag", "values": RULES}) == []
    sheet.get_by_test_id("keep").tap()
    read = page.get_by_role("button", name="I have read it: No sesame, ever")
    expect(read).to_be_visible()
    page.get_by_test_id("why-bucket").tap()
    expect(page.get_by_test_id("bucket")).to_contain_text("First visit:")
    tall(page, 390)
    assert axe_finds(page, runOnly={"type": "tag", "values": RULES}) == []
    read.tap()
    expect(read).to_be_hidden()
    expect(page.get_by_test_id("safety")).to_contain_text("No sesame, ever")
    toast(page).get_by_test_id("toast-undo").tap()
    expect(read).to_be_visible()


class TestOnTheCard:
    @pytest.fixture
    def card(self, site: Site) -> Page:
        page = site.phone()
        page.goto(site.card("Priya"))
        return page

    def test_a_kept_note_stands_there_at_once_and_focus_is_where_it_was(self, card: Page):
        card.get_by_role("link", name="Note", exact=True).tap()
        sheet = card.get_by_role("dialog")
        sheet.get_by_label("In your words").fill(WORDS)
        sheet.get_by_test_id("keep").tap()
        expect(card.locator(".notes")).to_contain_text(WORDS)
        expect(card.locator(".notes")).to_contain_text("Maya, today")
        expect(toast(card)).to_contain_text("Kept.")
        expect(card.get_by_role("link", name="Note", exact=True)).to_be_focused()

    def test_a_note_is_changed_by_its_pencil(self, card: Page):
        pencil = card.get_by_role("link", name="Change this note")
        pencil.tap()
        sheet = card.get_by_role("dialog", name="Change a note on Priya")
        words = sheet.get_by_role("textbox")
        expect(words).to_have_value("Left-handed. Likes the window stool.")
        words.fill("Right-handed.")
        sheet.get_by_role("link", name="Close").tap()
        expect(sheet).to_be_hidden()
        pencil.tap()
        expect(words).to_have_value("Right-handed.")
        sheet.get_by_test_id("keep").tap()
        expect(card.locator(".notes")).to_contain_text("Right-handed.")
        expect(card.locator(".notes")).to_contain_text("changed today")
        expect(pencil).to_be_focused()

    def test_a_note_changed_by_two_keeps_both_and_says_so(self, site: Site, card: Page):
        pencil = card.get_by_role("link", name="Change this note")
        number = str(pencil.get_attribute("href")).split("/")[2]
        pencil.tap()
        site.act("note.edit", note=number, text="Sits at the bar.", base="Left-handed. Likes the window stool.")
        sheet = card.get_by_role("dialog")
        sheet.get_by_role("textbox").fill("Right-handed.")
        sheet.get_by_test_id("keep").tap()
        expect(toast(card)).to_contain_text("Both are kept, side by side.")
        expect(card.locator(".notes")).to_contain_text("Sits at the bar.")
        expect(card.locator(".notes")).to_contain_text("Right-handed.")

    def test_somebody_who_wants_no_notes_is_left_in_peace(self, card: Page):
        card.get_by_test_id("edit").tap()
        card.get_by_text("Wants nothing written down").tap()
        card.get_by_role("button", name="Keep").tap()
        expect(card.get_by_test_id("card")).to_contain_text("Asked us to write nothing down.")
        card.get_by_role("link", name="Note", exact=True).tap()
        sheet = card.get_by_role("dialog")
        expect(sheet.get_by_test_id("no-notes")).to_contain_text("asked us to write nothing down.")
        expect(sheet.get_by_role("textbox")).to_have_count(0)
        sheet.get_by_role("link", name="Close").tap()
        expect(sheet).to_be_hidden()


def test_a_tablets_card_shows_the_note_that_was_written_from_its_row(site: Site):
    page = site.today(width=1280, height=860, touch=False)
    row(page, "Priya").get_by_role("link").first.click()
    expect(page.locator(".aside h1")).to_have_text("Priya Raghunathan")
    page.get_by_role("link", name="Note on Priya").click()
    page.get_by_text("Liked a chat").click()
    page.get_by_test_id("keep").click()
    expect(page.locator(".aside .notes")).to_contain_text("Liked a chat")
