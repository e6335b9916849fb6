"""A phone without a signal: it opens, shows the day, takes what is done and delivers it once, whatever breaks meanwhile."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, ViewportSize, expect

from benchmarks.wire import Wire
from domain import access
from tests.browser.conftest import PATIENCE, Site, at_work, row, serving, toast, until
from tests.browser.test_feel import AT_ONCE, BUSY, LEAST, answered, slowed
from tests.outside.conftest import web_server  # noqa: F401

pytestmark = pytest.mark.browser
OPENED = 1000  # ms from the tap on the icon to the first frame with people, on a phone six times slower
NEWER_SHEETS = """[...document.styleSheets].filter((sheet) =>
  [...sheet.cssRules].some((rule) => rule.cssText.includes("--newer"))).length"""
# ms from the start of opening to the first frame with people in it
SHOWN = """() => new Promise((done) => {
  const look = () => {
    const [mark] = performance.getEntriesByName("list");
    if (mark) done(mark.startTime); else setTimeout(look, 5);
  };
  look();
})"""
LISTED = """async () => new RegExp('data-customer="%s"[^>]* data-arrived="true"').test(
  await (await caches.match('/today/kept')).text())"""
HAS_LIST = "async () => Boolean(navigator.serviceWorker.controller && (await caches.match('/today/kept')))"
WAITING = "async () => (await acts.all()).filter((act) => !act.refused).length"


class Line:
    """A shop of its own, and a phone of Maya's with a wire between that a test cuts."""

    def __init__(self, site: Site):
        self.site = site
        self.wire = Wire(site.url)
        size: ViewportSize = {"width": 390, "height": 844}
        self.context = site.browser.new_context(viewport=size, has_touch=True, locale="en-GB", base_url=self.wire.url)
        self.context.set_default_timeout(PATIENCE)
        site.opened.append(self.context)
        self.signs_in("Maya")

    def signs_in(self, who: str) -> None:
        token = self.site.world.tokens[who]
        given = {"regulars": token, "regulars-acts": access.acts_secret(token)}
        self.context.add_cookies(
            [{"name": name, "value": value, "url": self.wire.url} for name, value in given.items()]
        )

    def page(self, real_time: bool = False) -> Page:
        """Return a page whose clock a test may move; it is not the shop's, which stands at a Tuesday."""
        page = self.context.new_page()
        if not real_time:
            page.clock.install()
        page.on("pageerror", lambda error: self.site.complaints.append(f"error: {error}"))
        return page

    def opened(self, real_time: bool = False) -> Page:
        """Return Today, its list kept on the phone."""
        page = self.page(real_time)
        page.goto("/today")
        until(page, HAS_LIST)
        return page

    def lost(self, page: Page) -> Page:
        """Return the page as it opens without a signal."""
        self.wire.cut()
        page.goto("/today")
        expect(page.get_by_test_id("offline-banner")).to_be_visible()
        return page

    def asked(self, question: str, *values: Any) -> Any:
        with closing(sqlite3.connect(self.site.data / "regulars.db")) as database:
            return database.execute(question, values).fetchall()

    def counts(self) -> dict[str, int]:
        kinds = ("visit", "witness", "note", "promise", "customer", "action")
        return {kind: self.asked(f"SELECT count(*) FROM {kind}")[0][0] for kind in kinds}


@pytest.fixture
def line(tmp_path: Path, worlds: Any, window: Browser) -> Iterator[Line]:
    path, world = worlds("demo")
    shutil.copy(path, tmp_path / "regulars.db")
    with serving(tmp_path, window) as site:
        site.world = world
        line = Line(site)
        yield line
        site.close_phones()
        line.wire.cut()
        assert site.complaints == []


def here(page: Page, name: str) -> None:
    row(page, name).get_by_test_id("here").click()


def sends(page: Page) -> None:
    """Have a phone send what waits at once. (The kept list may just be leading to the page itself, which does so too.)"""
    with suppress(Error):
        page.evaluate("acts.flush()")


def delivered(page: Page) -> None:
    until(page, "async () => self.acts && (await acts.all()).length === 0")


class TestAShift:
    def test_of_fifty_acts_arrives_once_whatever_breaks(self, line: Line, worlds: Any):
        before = line.counts()
        page = line.opened()
        line.wire.cut()
        expected = dict.fromkeys(before, 0)

        for name in ("Priya", "Joan", "Bilal"):  # on the page that was open
            here(page, name)  # taps at one place in so short a time would be a double tap, which marks nobody else
            expect(row(page, name)).to_contain_text("Here, waiting to send")
            expect(toast(page)).to_contain_text(name)
        expect(page.get_by_test_id("pending-count")).to_have_attribute("data-n", "3")

        page.reload()  # and on the list that was kept
        for name in ("Priya", "Joan", "Bilal"):
            expect(row(page, name)).to_contain_text("Here, waiting to send")
        people = page.locator("#day li[data-arrived=false]").evaluate_all("(rows) => rows.map((row) => row.id)")
        for number in people[:17]:
            page.locator(f"#{number} [data-testid=here]").click()
            expect(page.locator(f"#{number}")).to_have_attribute("data-arrived", "true")
        for number in people[:5]:  # taken back: five of those
            page.locator(f"#{number} [data-testid=undo]").click()
            expect(page.locator(f"#{number}")).to_have_attribute("data-arrived", "false")
        for i, number in enumerate(people[5:15]):
            self.writes(page, f"#{number}", f"Of the shift, {i}", "promise" if i < 4 else "note")
        page.goto("/find")
        for i in range(5):
            page.fill("#q", f"Green umbrella {i}")
            page.get_by_test_id("add").click()
            expect(row(page, f"Green umbrella {i}")).to_have_count(1)
        page.goto("/today")
        for i in range(5):
            self.writes(page, f"li:has(.person:text-is('Green umbrella {i}'))", f"Of a newcomer, {i}", "note")
        page.goto("/promises")
        owed = page.locator("[data-promise] [data-keep]:visible")
        expect(owed).not_to_have_count(0)
        owed.first.click()
        expect(owed.first).to_have_attribute("aria-pressed", "true")
        page.goto("/today")
        for number in people[17:21]:
            page.locator(f"#{number} [data-testid=here]").click()
            expect(page.locator(f"#{number}")).to_have_attribute("data-arrived", "true")
        expect(page.get_by_test_id("pending-count")).to_have_attribute("data-n", "50")

        page.close()  # the tab is killed, the worker too, and the phone is opened anew without a signal
        page = line.page()
        tools = page.context.new_cdp_session(page)
        tools.send("ServiceWorker.enable")
        tools.send("ServiceWorker.stopAllWorkers")
        page.goto("/today")
        expect(page.get_by_test_id("pending-count")).to_have_attribute("data-n", "50")
        expect(row(page, "Priya")).to_contain_text("Here, 1 promise kept, waiting to send")
        expect(row(page, "Green umbrella 4")).to_contain_text("Here, 1 note, waiting to send")

        line.wire.loses_answers = True  # the server does what it is sent, and dies before it answers
        line.wire.mend()
        sends(page)
        expected |= {"visit": 3 + 17 - 5 + 5 + 4, "note": 6 + 5, "promise": 4, "customer": 5, "action": 50}
        assert {kind: n - before[kind] for kind, n in line.counts().items()} == expected
        assert page.evaluate(WAITING) == 50, "nobody told the phone"

        line.wire.cut()
        line.wire.loses_answers = False
        with at_work(line.site.data, newer=True) as newer:  # the server comes back as a newer version
            line.wire.lead_to(newer)
            line.wire.mend()
            page.clock.run_for(5000)
            expect(page.locator("#day")).to_be_visible()  # the page itself, by itself
            delivered(page)
            until(page, "async () => Boolean((await navigator.serviceWorker.getRegistration()).waiting)")
        assert {kind: n - before[kind] for kind, n in line.counts().items()} == expected
        expect(page.get_by_text("waiting to send")).to_have_count(0)
        assert line.asked("SELECT count(*) FROM visit WHERE staff_id IS NULL AND day = '2026-11-24'") == [(0,)]

    def writes(self, page: Page, selector: str, text: str, what: str) -> None:
        page.locator(f"{selector} .docket__who").click()
        page.fill("#note-text", text)
        page.locator(f"#note [name=this_is][value={what}]").check(force=True)
        page.locator("#note [data-testid=keep]").click()
        expect(page.locator("#sheet")).not_to_be_visible()
        expect(page.locator(f"{selector} .wait")).to_contain_text("waiting to send")


class TestAnUpdate:
    def test_meanwhile_changes_nothing_for_whoever_has_no_signal(self, line: Line):
        page = line.opened()
        with at_work(line.site.data, newer=True) as newer:
            line.wire.cut()  # and no connection is kept to the one before
            line.wire.lead_to(newer)
            line.wire.mend()
            page.evaluate("navigator.serviceWorker.controller.postMessage({ forget: true })")
            until(page, "async () => !(await caches.match('/today/kept'))")
            page.goto("/today")  # of the newer version, with the worker of the one before
            until(page, "async () => Boolean((await navigator.serviceWorker.getRegistration()).waiting)")
            until(page, HAS_LIST)
            line.lost(page)
            here(page, "Priya")
            expect(row(page, "Priya")).to_contain_text("Here, waiting to send")
            assert page.evaluate(NEWER_SHEETS) == 2
            line.wire.mend()
            page.clock.run_for(5000)
            expect(page.locator("#day")).to_be_visible()
            page.evaluate(
                "navigator.serviceWorker.getRegistration().then((one) => one.waiting.postMessage({ take: true }))"
            )
            until(page, "async () => !(await navigator.serviceWorker.getRegistration()).waiting")
            delivered(page)
            until(page, LISTED % line.site.world.people["Priya"])
            line.lost(page)
            expect(row(page, "Priya")).to_have_attribute("data-arrived", "true")


class TestAPageThatIsOpen:
    """What is done on it while the signal goes is kept, wherever it is done."""

    def cut(self, line: Line, path: str) -> Page:
        page = line.opened()
        page.goto(path)
        until(page, "() => Boolean(self.keepAct)")
        line.wire.cut()
        return page

    def mended(self, line: Line, page: Page) -> None:
        line.wire.mend()
        sends(page)
        delivered(page)

    def test_a_card(self, line: Line):
        page = self.cut(line, f"/customers/{line.site.person('Priya')}")
        page.get_by_test_id("here").tap()
        expect(toast(page).locator("p")).to_have_text("Priya Raghunathan is here. Kept on this phone.")
        expect(page.get_by_test_id("offline-banner")).to_contain_text("1 thing is kept")
        card = page.get_by_test_id("card")
        expect(card).to_contain_text("Here, waiting to send")
        page.get_by_test_id("toast-undo").tap()
        expect(card).to_contain_text("Expected again, waiting to send")
        card.get_by_test_id("here").tap()
        expect(card).to_contain_text("Here, waiting to send")
        expect(card.locator(".acts .stamp")).to_be_visible()
        self.mended(line, page)
        expect(card.get_by_test_id("undo")).to_be_visible()
        expect(card).not_to_contain_text("waiting to send")
        line.wire.cut()
        card.get_by_test_id("undo").tap()
        expect(card).to_contain_text("Expected again, waiting to send")
        expect(card.get_by_test_id("undo")).to_have_count(1)
        expect(card.get_by_test_id("undo")).to_be_hidden()
        self.mended(line, page)
        expect(card.get_by_test_id("here")).to_be_visible()
        assert line.asked(
            "SELECT count(*) FROM visit JOIN customer c ON c.id = customer_id WHERE day = '2026-11-24' AND name LIKE 'Pri%'"
        ) == [(0,)]

    def test_a_card_whose_note_cannot_be_had_any_more(self, line: Line):
        """Somebody who was not expected, and stands on no list."""
        line.site.act("customer.create", name="Blue bicycle")
        ((number,),) = line.asked("SELECT id FROM customer WHERE name = 'Blue bicycle'")
        page = self.cut(line, f"/customers/{number}")
        page.get_by_test_id("note-add").tap()
        sheet = page.get_by_role("dialog", name="A note on Blue bicycle")
        sheet.get_by_label("In your words").fill("Left a glove")
        sheet.get_by_test_id("keep").tap()
        expect(row(page, "Blue bicycle")).to_contain_text("1 note, waiting to send")
        self.mended(line, page)
        assert line.asked("SELECT text FROM note WHERE text = 'Left a glove'") == [("Left a glove",)]

    @pytest.mark.parametrize(
        ("this_is", "heard", "asked"),
        [
            ("note", False, "SELECT count(*) FROM note WHERE text LIKE '%Two sugars%'"),
            ("promise", True, "SELECT count(*) FROM promise WHERE text = 'Two sugars' AND due = '2026-11-25'"),
            ("mistake", True, "SELECT count(*) FROM mistake WHERE text = 'Two sugars'"),
        ],
    )
    def test_a_note_sheet(self, line: Line, this_is: str, heard: bool, asked: str):
        page = line.opened()
        until(page, "() => Boolean(self.keepAct)")
        row(page, "Priya").get_by_test_id("note-add").tap()
        sheet = page.get_by_role("dialog")
        sheet.get_by_label("In your words").fill("Two sugars")
        sheet.locator(f"[name=this_is][value={this_is}]").check(force=True)
        if this_is == "promise":
            sheet.get_by_label("By when").select_option("1")
        sheet.locator("[name=chip]").first.check(force=True)
        if heard:  # the server does it, and nobody hears
            line.wire.loses_answers = True
        else:
            line.wire.cut()
        sheet.get_by_test_id("keep").tap()
        expect(sheet).to_be_hidden()
        expect(toast(page)).to_have_text("Kept on this phone. It goes by itself.")
        line.wire.cut()
        line.wire.loses_answers = False
        expect(row(page, "Priya")).to_contain_text("waiting to send")
        assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft:'))") == []
        assert line.asked(asked) == [(int(heard),)]
        self.mended(line, page)
        assert line.asked(asked) == [(1,)]
        expect(row(page, "Priya")).not_to_contain_text("waiting to send")

    def test_chips_alone_as_the_sheet_closes(self, line: Line):
        page = line.opened()
        until(page, "() => Boolean(self.keepAct)")
        row(page, "Priya").get_by_test_id("note-add").tap()
        sheet = page.get_by_role("dialog")
        sheet.locator("[name=chip]").first.check(force=True)
        line.wire.cut()
        sheet.get_by_role("link", name="Close").tap()
        expect(sheet).to_be_hidden()
        expect(row(page, "Priya")).to_contain_text("1 note, waiting to send")
        self.mended(line, page)

    def test_find(self, line: Line):
        page = self.cut(line, "/find")
        listed = page.locator("li[data-arrived=false]").first
        name = listed.locator(".person").inner_text()
        listed.get_by_test_id("here").tap()
        expect(row(page, name)).to_contain_text("Here, waiting to send")
        page.get_by_label("Someone new").fill("Green umbrella")
        page.get_by_test_id("add").tap()
        expect(page).to_have_url(re.compile("/today$"))
        expect(row(page, "Green umbrella")).to_contain_text("Here, waiting to send")
        expect(row(page, name)).to_contain_text("Here, waiting to send")
        self.mended(line, page)
        assert line.asked("SELECT count(*) FROM customer WHERE name = 'Green umbrella'") == [(1,)]

    def test_somebody_new_whom_the_server_asks_about_is_added_by_nobody_else(self, line: Line):
        """The form was heard: what it wrote down on the phone is not sent beside it."""
        page = line.opened()
        page.goto("/find")
        until(page, "() => Boolean(self.keepAct)")
        page.get_by_label("Someone new").fill("Priya")
        page.get_by_test_id("add").tap()
        expect(page.get_by_role("heading", name="Same person")).to_be_visible()
        assert (
            page.evaluate(
                "async () => { await import(document.documentElement.dataset.offline); return (await acts.all()).length; }"
            )
            == 0
        )

    def test_promises(self, line: Line):
        page = self.cut(line, "/promises")
        first = page.get_by_test_id("promise").filter(has=page.get_by_test_id("promise-keep")).first
        text = first.locator(".what").inner_text()
        first.get_by_test_id("promise-keep").tap()
        mine = page.get_by_test_id("promise").filter(has_text=text)
        expect(mine).to_contain_text("1 promise kept, waiting to send")
        box = mine.get_by_test_id("undo").bounding_box()
        assert box
        assert box["width"] > 48, "on one line"
        mine.get_by_test_id("undo").tap()
        expect(mine.get_by_test_id("promise-keep")).to_be_visible()
        mine.get_by_test_id("promise-keep").tap()
        expect(mine).to_contain_text("waiting to send")
        self.mended(line, page)
        expect(page.get_by_test_id("promise").filter(has_text=text).get_by_test_id("promise-back")).to_be_visible()


class TestWithASignal:
    def test_nothing_stays_in_the_queue(self, line: Line):
        page = line.opened()
        until(page, "() => Boolean(self.keepAct)")
        row(page, "Priya").get_by_test_id("here").tap()
        expect(row(page, "Priya")).to_have_attribute("data-arrived", "true")
        until(page, "async () => (await acts.all()).length === 0")
        row(page, "Priya").get_by_test_id("undo").tap()
        expect(row(page, "Priya")).to_have_attribute("data-arrived", "false")
        until(page, "async () => (await acts.all()).length === 0")


class TestAtOnce:
    """On a phone six times slower than this machine; beside the least there is, for a machine that is busy with other things."""

    def test_a_tap_is_answered_without_a_signal(self, line: Line):
        page = line.lost(line.opened(real_time=True))
        took, least = [], []
        rows = page.locator("#day li[data-arrived=false]").evaluate_all("(rows) => rows.map((row) => row.id)")
        with slowed(page):
            for number in rows[:3]:
                page.locator(f"#{number}").scroll_into_view_if_needed()
                page.evaluate(LEAST)
                least.append(answered(page, "#least"))
                page.evaluate("document.getElementById('least').remove()")
                took.append(answered(page, f"#{number} [data-testid=here]"))
        assert min(took) <= max(BUSY * AT_ONCE, 6 * min(least)), (took, least)

    @pytest.mark.parametrize("listed", ["past", "open", "later"])
    def test_the_lifted_finger_is_seen_before_anything_is_done(self, line: Line, listed: str):
        page = line.lost(line.opened())
        here = page.locator(f"#day [data-{listed}] [data-testid=here]").first
        look = "(button) => getComputedStyle(button).backgroundColor"
        before = here.evaluate(look)
        here.dispatch_event("pointerup")  # and no click
        assert here.evaluate(look) != before
        assert page.evaluate("acts.all()") == []

    def test_opening_shows_the_day_within_a_second(self, line: Line):
        page = line.lost(line.opened(real_time=True))
        took, least = [], []
        with slowed(page):
            for _ in range(3):
                page.goto("/offline")  # the least that can be opened
                least.append(page.evaluate("performance.now()"))
                page.goto("/today")
                expect(page.get_by_test_id("today-row").first).to_be_visible()
                took.append(page.evaluate(SHOWN))
        assert min(took) <= max(BUSY * OPENED, 4 * min(least)), (took, least)


class TestTheKeptList:
    def test_find_says_when_nobody_on_it_is_meant_and_a_slip_is_taken_back(self, line: Line):
        page = line.lost(line.opened())
        page.goto("/find")
        page.fill("#q", "pri")
        expect(page.locator("#not-here")).to_be_hidden()
        expect(row(page, "Priya")).to_be_visible()
        page.fill("#q", "Blue scarf")
        expect(page.locator("#not-here")).to_be_visible()
        page.locator("#add").get_by_role("button").tap()
        newcomer = row(page, "Blue scarf")
        expect(newcomer).to_contain_text("waiting to send")
        page.get_by_test_id("toast-undo").tap()
        expect(newcomer).to_have_attribute("data-arrived", "false")
        line.wire.mend()
        page.clock.run_for(5000)
        delivered(page)
        came = "SELECT visit.id FROM customer LEFT JOIN visit ON customer_id = customer.id WHERE name = 'Blue scarf'"
        assert line.asked(came) == [(None,)]

    def test_says_of_a_newcomer_that_they_may_be_known(self, line: Line):
        page = line.lost(line.opened())
        page.goto("/find")
        page.fill("#q", "Joan Whitlock")
        page.locator("#add").get_by_role("button").tap()
        expect(page.get_by_test_id("pending-count")).to_have_attribute("data-n", "1")
        line.wire.mend()
        page.clock.run_for(5000)
        expect(toast(page)).to_contain_text("may be somebody we know. Their card asks.")

    def test_goes_after_twelve_hours(self, line: Line):
        page = line.lost(line.opened())
        expect(row(page, "Priya")).to_be_visible()
        page.clock.fast_forward("12:01:00")
        expect(page).to_have_url(re.compile("/offline$"))
        expect(page.locator("body")).not_to_contain_text("Priya")
        assert page.evaluate("caches.match('/today/kept').then(Boolean)") is False

    def test_a_page_that_stayed_open_shows_nobody_after_twelve_hours(self, line: Line):
        page = line.opened()
        line.wire.cut()
        page.clock.fast_forward("12:01:00")
        expect(page).to_have_url(re.compile("/offline$"))
        expect(page.locator("body")).not_to_contain_text("Priya")

    def test_goes_with_whoever_signs_out_and_what_they_did_arrives_under_their_name(self, line: Line):
        page = line.lost(line.opened())
        here(page, "Priya")
        expect(row(page, "Priya")).to_contain_text("Here, waiting to send")
        page.goto("/shift")
        page.get_by_role("button", name="Take the list off this phone").click()
        expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()
        page.goto("/today")
        expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()
        expect(page.locator("body")).not_to_contain_text("Priya")
        line.wire.mend()
        page.clock.run_for(5000)
        expect(page).to_have_url(re.compile("/sign-in"))
        line.signs_in("Sam")  # the phone is Sam's now
        page.goto("/today")
        expect(row(page, "Joan")).to_be_visible()
        delivered(page)
        who = "SELECT staff.name FROM visit JOIN staff ON staff.id = staff_id WHERE customer_id = ? AND visit.day = '2026-11-24'"
        assert line.asked(who, line.site.world.people["Priya"]) == [("Maya",)]

    def test_is_empty_once_the_phone_was_shut_out_and_the_owner_sees_what_was_lost(self, line: Line):
        page = line.lost(line.opened())
        here(page, "Priya")
        expect(row(page, "Priya")).to_contain_text("Here, waiting to send")
        line.site.act("phone.shut_out", phone=self.phone_of(line))
        line.wire.mend()
        page.clock.run_for(5000)
        expect(page.locator("body")).not_to_contain_text("Priya")
        until(page, "async () => (await caches.keys()).every((name) => name !== 'kept')")
        told = line.asked("SELECT told FROM audit WHERE kind = 'phone.lost'")
        assert len(told) == 1
        assert '"count":1' in told[0][0].replace(" ", "")

    def phone_of(self, line: Line) -> str:
        return str(
            line.asked("SELECT phone.id FROM phone JOIN staff ON staff.id = staff_id WHERE staff.name = 'Maya'")[0][0]
        )


class TestTheNoteSheetOfTheKeptList:
    def note(self, line: Line) -> Page:
        page = line.lost(line.opened())
        row(page, "Joan").locator(".docket__who").click()
        return page

    def test_keeps_what_is_being_written(self, line: Line):
        page = self.note(line)
        page.fill("#note-text", "Her daughter is at sea")
        page.locator("#note").get_by_text("Private", exact=True).click()
        page.keyboard.press("Escape")
        row(page, "Priya").locator(".docket__who").click()
        expect(page.locator("#note-text")).to_have_value("")
        page.reload()
        row(page, "Joan").locator(".docket__who").click()
        expect(page.locator("#note-text")).to_have_value("Her daughter is at sea")
        expect(page.locator("#note [value=private]")).to_be_checked()
        page.locator("#note [data-testid=keep]").click()
        expect(row(page, "Joan")).to_contain_text("1 note, waiting to send")
        row(page, "Joan").locator(".docket__who").click()
        expect(page.locator("#note-text")).to_have_value("")

    def test_stays_open_with_its_words_where_the_phone_has_no_room(self, line: Line):
        page = self.note(line)
        page.evaluate(
            """() => { IDBObjectStore.prototype.add = () => { throw new DOMException("full", "QuotaExceededError"); } }"""
        )
        page.fill("#note-text", "Her daughter is at sea")
        page.locator("#note [data-testid=keep]").click()
        expect(toast(page)).to_contain_text("That did not save, and nothing was lost.")
        expect(page.locator("#sheet")).to_be_visible()
        expect(page.locator("#note-text")).to_have_value("Her daughter is at sea")

    def test_leaves_shared_words_for_whom_they_are_about(self, line: Line):
        page = line.opened()
        line.wire.cut()
        with page.expect_navigation():
            page.evaluate(TestWhatAnotherAppShares.SHARE, ["/share", "Loved the window stool"])
        row(page, "Joan").locator(".docket__who").click()
        page.fill("#note-text", "Rang about Friday")
        page.locator("#note [data-testid=keep]").click()
        expect(row(page, "Joan")).to_contain_text("1 note, waiting to send")
        expect(page.get_by_test_id("shared")).to_contain_text("Loved the window stool")

    def test_outlast_a_list_that_is_too_old(self, line: Line):
        page = line.lost(line.opened())
        page.evaluate("""async () => {
          const cache = await caches.open("kept"), list = await cache.match("/today/kept"), headers = new Headers(list.headers);
          headers.set("kept-at", String(Date.now() - 13 * 3600000));
          await cache.put("/today/kept", new Response(await list.text(), {headers}));
        }""")
        with page.expect_navigation():
            page.evaluate(TestWhatAnotherAppShares.SHARE, ["/share", "Loved the window stool"])
        expect(page).to_have_url(re.compile("/today$"))
        assert "stool" in page.evaluate("caches.match('/share').then((answer) => answer.text())")


class TestAPromptOnTheKeptList:
    def test_is_said_without_a_signal(self, line: Line):
        page = line.lost(line.opened())
        one = page.locator("#day [data-open] li:has(.say)").first
        customer = one.get_attribute("data-customer")
        expect(one.get_by_test_id("said")).to_be_hidden()
        one.get_by_test_id("here").click()
        mine = page.locator(f"#p-{customer}")
        mine.get_by_test_id("said").click()
        expect(mine.locator(".say")).to_be_hidden()
        expect(mine.get_by_test_id("said")).to_be_hidden()
        line.wire.mend()
        page.clock.run_for(5000)
        delivered(page)
        assert line.asked("SELECT outcome FROM visit WHERE customer_id = ? AND day = '2026-11-24'", customer) == [
            ("said",)
        ]


class TestWhatAnotherAppShares:
    SHARE = """([url, text]) => {
      const form = document.createElement("form");
      Object.assign(form, { method: "post", action: url, hidden: true });
      for (const [name, value] of Object.entries({ title: "Review", text })) {
        form.append(Object.assign(document.createElement("input"), { name, value }));
      }
      document.body.append(form);
      form.submit();
    }"""

    def test_waits_until_it_is_said_whom_it_is_about(self, line: Line):
        page = line.opened()
        line.wire.cut()
        with page.expect_navigation():
            page.evaluate(self.SHARE, ["/share", "Review: she loved the window stool"])
        shared = page.get_by_test_id("shared")
        expect(shared).to_contain_text("Whom is it about?")
        expect(shared.locator("bdi")).to_have_text("Review: she loved the window stool")
        row(page, "Joan").locator(".docket__who").click()
        expect(page.locator("#note-text")).to_have_value("Review: she loved the window stool")
        page.locator("#note [data-testid=keep]").click()
        expect(row(page, "Joan")).to_contain_text("1 note, waiting to send")
        expect(shared).to_be_hidden()
        page.reload()
        expect(row(page, "Joan")).to_contain_text("1 note, waiting to send")
        expect(shared).to_be_hidden()
        line.wire.mend()
        sends(page)
        delivered(page)
        assert line.asked("SELECT count(*) FROM note WHERE text LIKE '%she loved%'") == [(1,)]

    def test_and_is_shared_again_is_asked_about_as_soon_as_there_is_a_signal(self, line: Line):
        page = line.opened()
        line.wire.cut()
        for text in ("She loved the window stool", "And the rye"):
            with page.expect_navigation():
                page.evaluate(self.SHARE, ["/share", text])
        expect(page.get_by_test_id("shared").locator("bdi")).to_have_text(
            re.compile("She loved the window stool\\s+And the rye")
        )
        line.wire.mend()
        page.clock.run_for(5000)  # it looks for the server every few seconds
        expect(page).to_have_url(re.compile("/share$"))
        expect(page.locator("main")).to_contain_text("She loved the window stool")
        expect(page.locator("main")).to_contain_text("And the rye")
        page.goto("/today")
        expect(page.get_by_test_id("strip").or_(page.locator(".now")).first).to_be_visible()
        assert page.evaluate("async () => await caches.match('/share')") is None


class TestWhoLeaves:
    def test_without_a_signal_takes_the_list_along_and_is_signed_out_when_it_is_back(self, line: Line):
        page = line.opened()
        page.goto("/shift")
        line.wire.cut()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()
        expect(page.get_by_role("link", name="To today’s list")).to_be_hidden()
        page.goto("/today")
        expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()
        assert "Priya" not in page.content()
        line.wire.mend()
        page.clock.run_for(5000)
        expect(page).to_have_url(re.compile("/sign-in"))
        ended = line.asked("SELECT count(*) FROM session WHERE ended_at IS NOT NULL")
        assert ended == [(1,)]

    def test_and_whose_session_was_ended_meanwhile_is_not_led_in_a_circle(self, line: Line):
        page = line.opened()
        page.goto("/shift")
        line.wire.cut()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()
        with closing(sqlite3.connect(line.site.data / "regulars.db")) as database, database:
            database.execute("UPDATE session SET ended_at = created_at")
        line.wire.mend()
        page.clock.run_for(5000)
        expect(page).to_have_url(re.compile("/sign-in"))
        assert page.evaluate("caches.has('left')") is False

    def test_and_opens_the_app_again_with_a_signal_shows_nobody(self, line: Line):
        page = line.opened()
        page.goto("/shift")
        line.wire.cut()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()
        page.goto("about:blank")
        line.wire.mend()
        page.goto("/today")
        expect(page).to_have_url(re.compile("/sign-in"))
        assert line.asked("SELECT count(*) FROM session WHERE ended_at IS NOT NULL") == [(1,)]

    def test_is_signed_out_though_a_proxy_answers_for_the_server(self, line: Line, web_server):  # noqa: F811
        page = line.opened()
        page.goto("/shift")
        line.wire.cut()
        line.wire.lead_to(web_server(lambda _asked: (502, {}, b"Bad Gateway")).url)
        line.wire.mend()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()
        line.wire.cut()
        line.wire.lead_to(line.site.url)
        line.wire.mend()
        page.clock.run_for(5000)
        expect(page).to_have_url(re.compile("/sign-in"))
        assert line.asked("SELECT count(*) FROM session WHERE ended_at IS NOT NULL") == [(1,)]

    def test_is_not_followed_by_a_list_that_was_on_its_way(self, line: Line):
        page = line.opened()
        page.evaluate("caches.delete('kept')")
        line.wire.hold("/today/kept")
        page.evaluate("navigator.serviceWorker.controller.postMessage({keep: true, tag: ''})")
        assert line.wire.holding.wait(20)
        page.evaluate("fetch('/sign-out', {method: 'POST'}).then((answer) => answer.text())")
        assert line.wire.hung_up.wait(8), "it is not waited for any more"  # long before that takes too long anyway
        line.wire.let_go()
        assert page.evaluate("async () => Boolean(await caches.match('/today/kept'))") is False

    def test_hands_nothing_over_without_a_signal_and_what_was_typed_stays(self, line: Line):
        page = line.opened()
        page.goto("/shift")
        page.locator("#line").fill("Rye is out")
        line.wire.cut()
        page.get_by_test_id("hand-over").click()
        expect(page.locator("#shift")).to_contain_text("Handing over and switching the person need the signal.")
        line.wire.mend()
        page.clock.run_for(5000)
        expect(page.locator("#line")).to_have_value("Rye is out")


class TestACardThatCannotBeHad:
    def test_leads_to_the_row_where_the_router_says_nothing(self, line: Line):
        page = line.opened()
        joan = line.site.person("Joan")
        line.wire.hold(f"/customers/{joan}")
        page.goto(f"/customers/{joan}")
        expect(page).to_have_url(re.compile(f"/today#p-{joan}$"))
        line.wire.let_go()

    def test_leads_to_the_row(self, line: Line):
        page = line.opened()
        joan = line.site.person("Joan")
        line.wire.cut()
        page.goto(f"/customers/{joan}")
        expect(page).to_have_url(re.compile(f"/today#p-{joan}$"))
        expect(page.locator(f"#p-{joan} .docket__who")).to_be_focused()
        page.goto("/customers/999999")
        expect(page.get_by_test_id("offline-banner")).to_contain_text("this page is not kept")


class TestWhatCannotBeDone:
    def test_is_told_where_it_happened_and_not_dropped(self, line: Line):
        page = line.lost(line.opened())
        page.locator(f"#p-{line.site.world.people['Priya']} .docket__who").click()
        page.fill("#note-text", "4111 1111 1111 1111")  # a card number is never kept
        page.locator("#note [data-testid=keep]").click()
        line.wire.mend()
        sends(page)
        box = row(page, "Priya").locator("[data-refused]")
        expect(box).to_contain_text("Priya: 1 note, “4111 1111 1111 1111”")
        expect(box).to_contain_text("payment card")
        page.clock.run_for(5000)  # the page itself, and there it stands as well
        expect(page.locator("#kept")).to_have_count(0)
        expect(box).to_contain_text("payment card")
        page.goto("/find")  # and where she is not listed
        expect(page.locator("#refused, li").filter(has_text="payment card")).to_have_count(1)
        page.goto("/today")
        box.get_by_text("Change the words").click()
        box.get_by_role("textbox", name="Change the words").fill("Pays by card")
        box.get_by_role("button", name="Do it again").click()
        delivered(page)
        expect(box).to_have_count(0)
        assert line.asked("SELECT count(*) FROM note WHERE text = 'Pays by card'") == [(1,)]

    def test_can_be_let_go(self, line: Line):
        page = line.lost(line.opened())
        page.locator(f"#p-{line.site.world.people['Priya']} .docket__who").click()
        page.fill("#note-text", "4111 1111 1111 1111")
        page.locator("#note [name=seen_by][value=private]").check(force=True)
        page.locator("#note [data-testid=keep]").click()
        line.wire.mend()
        sends(page)
        box = row(page, "Priya").locator("[data-refused]")
        expect(box).to_contain_text("payment card")
        assert "4111" not in page.content(), "private words are not on the glass until somebody asks for them"
        box.get_by_role("button", name="Let it go").click()
        expect(box).to_have_count(0)
        assert page.evaluate("async () => (await acts.all()).length") == 0

    def test_stays_for_whoever_did_it_where_nothing_delivers_it_any_more(self, line: Line):
        page = line.lost(line.opened())
        here(page, "Priya")
        expect(row(page, "Priya")).to_contain_text("Here, waiting to send")
        ((secret,),) = line.asked("SELECT acts_hash FROM session JOIN staff s ON s.id = staff_id WHERE name = 'Maya'")
        self.known_by(line, secret, "of no use")
        line.wire.mend()
        sends(page)
        expect(row(page, "Priya").locator("[data-refused]")).to_contain_text("Priya: Here. You are signed out.")
        assert page.evaluate(WAITING) == 0
        self.known_by(line, "of no use", secret)
        row(page, "Priya").get_by_role("button", name="Do it again").click()
        delivered(page)
        assert line.asked(
            "SELECT count(*) FROM visit JOIN staff s ON s.id = staff_id WHERE name = 'Maya' AND day = '2026-11-24'"
        )

    def known_by(self, line: Line, before: str, after: str) -> None:
        with closing(sqlite3.connect(line.site.data / "regulars.db")) as database:
            database.execute("UPDATE session SET acts_hash = ? WHERE acts_hash = ?", (after, before))
            database.commit()

    def test_who_had_marked_them_already_is_told(self, line: Line):
        page = line.lost(line.opened())
        here(page, "Priya")
        line.site.act("visit.create", customer=line.site.person("Priya"))
        line.wire.mend()
        sends(page)
        expect(toast(page)).to_have_text(re.compile("already here at 8:12, by Ruth"))
