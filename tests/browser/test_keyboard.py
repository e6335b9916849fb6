"""By keyboard and by ear: an order that makes sense, names that say who, focus that comes back; and no motion unasked."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, row

pytestmark = pytest.mark.browser

WHERE = """() => {
  const at = document.activeElement;
  const place = ["#here", ".top", "li[data-customer]", ".group", ".aside", ".bar"].find((s) => at.closest(s));
  return [place || at.tagName, (at.getAttribute("aria-label") || at.textContent).trim().replace(/\\s+/g, " ")];
}"""


SEND_ON = "Send them on to somebody who can help"


def test_tab_goes_from_the_heading_through_strip_and_rows_to_the_bar(phone: Page):
    seen = []
    for _ in range(200):
        phone.keyboard.press("Tab")
        place, words = phone.evaluate(WHERE)
        if place == "BODY":
            break
        seen.append((place, words))
    places = [place for place, _ in seen]
    # whom to ring, and the number; the group: a question about whom we sent on; booking stands below those who are next
    order = [".top", "SUMMARY", "A", ".group", "#here", "li[data-customer]", "A", "li[data-customer]", ".bar"]
    assert [place for i, place in enumerate(places) if i == 0 or place != places[i - 1]] == order
    words = [words for _, words in seen]
    assert words[0] == "Notes hidden"
    assert words[places.index("#here")].startswith("4 here:")
    priya = next(i for i, said in enumerate(words) if said.startswith("Priya"))
    assert words[priya + 1 : priya + 3] == ["Priya Raghunathan is here", "Note on Priya"]
    assert [re.sub(r"\W.*", "", said) for said in words[-4:]] == ["Today", "Find", "Promises", "Shift"]


@pytest.mark.parametrize(
    ("name", "order"),
    [
        pytest.param(
            "Callum",
            ["Notes hidden", "Book Callum Fraser", "Change what we know of Callum Fraser", "1 private note: press and hold",
             "Change how to reach Callum Fraser", "Why this trust bucket?", "The last 20 visits", SEND_ON, "Back to today",
             "Callum Fraser is here", "Note"],
            id="not expected, with a private note",
        ),
        pytest.param(
            "Priya",
            ["Expected 8:20", "Notes hidden", "Why this?", "Book Priya", "Change what we know of Priya", "We e-mailed it",
             "Send it from here", "Close it otherwise", "Kept: Keep an almond croissant back", "#window seat", "Change this note",
             "Change how to reach Priya", "Why this trust bucket?", "The last 6 visits", SEND_ON, "Back to today",
             "Priya is here", "Note"],
            id="expected, with words",
        ),
    ],
)  # fmt: skip
def test_tab_goes_through_the_card_from_top_to_bottom(site: Site, name: str, order: list[str]):
    page = site.phone()
    page.goto(site.card(name))
    seen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        place, words = page.evaluate(WHERE)
        if place == "BODY":
            break
        seen.append(words.split(" · ")[0].split(" 1")[0])
    assert seen == order


def test_a_note_is_written_without_a_finger(site: Site):
    page = site.phone()
    page.goto(site.card("Callum"))
    page.get_by_test_id("note-add").press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    for key in ("Tab", "Space", "Tab", "Tab", "Tab", "Tab", "Tab"):
        page.keyboard.press(key)
    page.keyboard.type("Asked about rye.")
    for key in ("Tab", "Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".notes")).to_contain_text("The usual. Asked about rye.")
    expect(page.get_by_test_id("note-add")).to_be_focused()


def test_a_row_reads_who_how_when_what_and_what_to_say(phone: Page):
    read = " ".join(row(phone, "Priya").inner_text().split())
    expected = [
        "8:20",
        "Priya Raghunathan",
        "say PREE-ya",
        "Flat white, oat",
        "To say:",
        "Third Tuesday in a row.",
        "Here",
    ]
    places = [read.find(part) for part in expected]
    assert -1 not in places, read
    assert places == sorted(places), read


def test_enter_marks_somebody_here_and_takes_it_back(phone: Page):
    phone.get_by_role("button", name="Priya Raghunathan is here").focus()
    phone.keyboard.press("Enter")
    expect(row(phone, "Priya")).to_have_attribute("data-arrived", "true")
    row(phone, "Priya").get_by_role("button", name="Undo: Priya is not here").focus()
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("button", name="Priya Raghunathan is here")).to_be_visible()


def test_escape_closes_the_sheet_and_focus_returns_to_the_pencil(phone: Page):
    pencil = phone.get_by_role("link", name="Note on Priya")
    pencil.focus()
    phone.keyboard.press("Enter")
    sheet = phone.get_by_role("dialog", name="A note on Priya")
    expect(sheet).to_be_visible()
    expect(sheet.locator(":focus")).to_have_count(1)
    phone.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(pencil).to_be_focused()


def test_what_happened_is_said_aloud(phone: Page):
    expect(phone.locator("#toast")).to_have_attribute("role", "status")
    expect(phone.get_by_role("separator", name="Now, 8:12")).to_be_attached()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves_for_those_who_asked_for_stillness(site: Site, motion: str):
    page = site.today(reduced_motion=motion)
    page.evaluate("""() => {
      window.moved = [];
      for (const kind of ["animationstart", "transitionrun"]) addEventListener(kind, (e) => window.moved.push(e.type), true);
    }""")
    row(page, "Priya").get_by_test_id("here").click()
    expect(row(page, "Priya").locator(".stamp")).to_be_visible()
    page.wait_for_function("() => document.getAnimations().every((a) => a.playState === 'finished')")
    moved = page.evaluate("window.moved")
    assert moved == [] if motion == "reduce" else "animationstart" in moved


@pytest.mark.parametrize("place", ["row", "card"])
def test_a_key_that_is_held_is_one_press(site: Site, place: str):
    page = site.today()
    if place == "card":
        page.goto(site.card("Priya"))
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_role("button", name="Priya").get_by_text("Here").or_(
        page.locator("#card [data-testid=here]")
    ).first.focus()
    for _ in range(6):
        page.keyboard.down("Enter")
        page.wait_for_timeout(150)
    page.keyboard.up("Enter")
    assert len(sent) == 1


def in_focus(page: Page) -> str:
    return str(page.evaluate("document.activeElement.dataset.testid ?? document.activeElement.className"))


def test_focus_never_goes_to_the_act_that_takes_it_back(site: Site):
    page = site.today()
    priya = row(page, "Priya")
    for act, then in (("here", "said"), ("said", "docket__who"), ("undo", "row__who")):
        priya.get_by_test_id(act).press("Enter")
        expect(priya.get_by_test_id(act)).to_have_count(0)
        assert in_focus(page) == then
    other = row(page, "Wolfgang")  # there is nothing to say to him
    for act, then in (("here", "docket__who"), ("undo", "row__who")):
        other.get_by_test_id(act).press("Enter")
        expect(other.get_by_test_id(act)).to_have_count(0)
        assert in_focus(page) == then
    page.goto(site.card("Hiroshi"))
    for act, then in (("here", "said"), ("skip", "card__name"), ("undo", "note-add")):
        page.get_by_test_id(act).press("Enter")
        expect(page.get_by_test_id(act)).to_have_count(0)
        assert in_focus(page) == then
