"""Somebody has come in: found by two letters, or added by a word, and here at once."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, row, toast
from tests.browser.test_for_everyone import LEAST, RULES, SIDEWAYS, SMALL, axe_finds, tall

pytestmark = pytest.mark.browser

# What a hand does is counted by the page itself, from one page to the next
COUNTER = """
  for (const [event, name] of [["click", "taps"], ["beforeinput", "letters"]])
    addEventListener(event, (e) => {
      if (e.isTrusted) sessionStorage.setItem(name, Number(sessionStorage.getItem(name)) + 1);
    }, true);
"""


@pytest.fixture
def find(site: Site) -> Page:
    page = site.phone()
    page.goto("/find")
    return page


@pytest.fixture
def hand(site: Site) -> Page:
    """A phone on Today that counts what is tapped and typed."""
    page = site.phone()
    page.add_init_script(COUNTER)
    page.goto("/today")
    return page


def done_with(page: Page) -> tuple[int, int]:
    """Return taps and letters so far."""
    return tuple(page.evaluate("['taps', 'letters'].map((name) => Number(sessionStorage.getItem(name)))"))


def type_in(page: Page, text: str) -> None:
    page.get_by_role("searchbox").press_sequentially(text)


class TestTaps:
    def test_somebody_known_is_here_by_two_taps_and_two_letters(self, hand: Page):
        hand.get_by_role("link", name="Find").tap()
        type_in(hand, "pa")
        row(hand, "Pavel Novák").get_by_test_id("here").tap()
        expect(toast(hand)).to_contain_text("Pavel Novák is here.")
        assert done_with(hand) == (2, 2)

    def test_somebody_likely_now_by_two_taps(self, hand: Page):
        hand.get_by_role("link", name="Find").tap()
        row(hand, "Priya Raghunathan").get_by_test_id("here").tap()
        expect(toast(hand)).to_contain_text("Priya is here.")
        assert done_with(hand) == (2, 0)

    def test_somebody_new_by_two_taps_and_a_name(self, hand: Page):
        hand.get_by_role("link", name="Find").tap()
        type_in(hand, "Red umbrella")
        hand.get_by_test_id("add").tap()
        expect(toast(hand)).to_contain_text("Red umbrella is here.")
        assert done_with(hand) == (2, len("Red umbrella"))

    def test_somebody_new_who_is_called_alike_by_one_tap_more(self, hand: Page):
        hand.get_by_role("link", name="Find").tap()
        type_in(hand, "Jo")
        hand.get_by_test_id("add").tap()
        hand.get_by_test_id("someone-else").tap()
        expect(toast(hand)).to_contain_text("Jo is here.")
        assert done_with(hand) == (3, 2)


class TestAdding:
    def test_a_walk_in_without_a_name_is_added_and_here(self, site: Site):
        find = site.today()
        find.get_by_role("link", name="Find").tap()
        type_in(find, "Red umbrella")
        expect(find.get_by_test_id("nobody")).to_have_text("Nobody called “Red umbrella”. Add them?")
        find.get_by_role("button", name="Add Red umbrella, who is here now").tap()
        expect(find).to_have_url(re.compile("/today"))
        expect(toast(find)).to_contain_text("Red umbrella is here.")
        expect(find.get_by_test_id("strip")).to_contain_text("5 here:")
        find.get_by_test_id("strip").tap()
        expect(row(find, "Red umbrella")).to_be_visible()

    def test_where_one_is_called_so_already_it_may_be_the_same_person(self, find: Page):
        type_in(find, "marjori tan")
        expect(row(find, "Marjorie Tan")).to_be_visible()
        find.get_by_test_id("add").tap()
        expect(find.get_by_role("heading")).to_have_text(
            "There is a Marjorie Tan already: Cheese toastie. Same person?"
        )
        find.get_by_role("button", name="Same person: mark them here").tap()
        expect(toast(find)).to_contain_text("Marjorie Tan is here.")

    def test_what_to_call_them_counts_as_well(self, find: Page):
        type_in(find, "Jo")
        find.get_by_test_id("add").tap()
        expect(find.get_by_role("heading")).to_have_text(
            "There is a Jo already: Jo Mbeki-Larsson, Chai, extra hot. Same person?"
        )
        find.get_by_role("link", name="Back").tap()
        expect(find.get_by_role("searchbox")).to_be_focused()
        expect(find.get_by_role("searchbox")).to_have_value("Jo")

    def test_back_after_the_question_is_no_dead_end(self, find: Page):
        """A browser asks whether to send again what it has sent to get a page; Back never leads to such a page."""
        type_in(find, "Jo")
        find.get_by_test_id("add").tap()
        find.get_by_test_id("someone-else").tap()
        expect(toast(find)).to_contain_text("Jo is here.")
        find.go_back()
        expect(find.get_by_role("searchbox")).to_be_visible()
        expect(find).to_have_url(re.compile("/find$"))

    @pytest.mark.parametrize("known", ["one", "two"])
    def test_everybody_can_answer(self, site: Site, known: str):
        if known == "two":
            site.act("customer.create", name="Jo")
        page = site.phone(touch=False, reduced_motion="reduce")
        page.goto("/find?q=Jo")
        page.get_by_test_id("add").click()
        expect(page.get_by_test_id("same-person")).to_have_count(1 if known == "one" else 2)
        for width in (1280, 390, 320):
            page.set_viewport_size({"width": width, "height": 760})
            assert page.evaluate(SMALL, LEAST) + page.evaluate(SIDEWAYS) == []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            tall(page, 390)
            assert axe_finds(page, runOnly={"type": "tag", "values": RULES}) == []

    def test_whoever_is_quicker_than_the_answer_adds_what_they_typed(self, site: Site):
        find = site.phone()
        find.route("**/find", lambda route: None if route.request.method == "POST" else route.continue_())  # no answer
        find.goto("/find")
        type_in(find, "Red umbrella")
        find.get_by_test_id("add").tap()
        expect(toast(find)).to_contain_text("Red umbrella is here.")


class TestResults:
    @pytest.mark.parametrize(
        ("typed", "name", "underlined"),
        [
            ("siob", "Siobhán Ní Dhomhnaill", ["Siob"]),
            ("dhom", "Siobhán Ní Dhomhnaill", ["Dhom"]),
            ("nguyen", "Nguyễn Thị Minh Khai", ["Nguyễn"]),
            ("jorie", "Marjorie Tan", ["jorie"]),
            ("zsof", "Zsófia Nagy", ["Zsóf"]),
            ("yilmaz", "Ahmet Yılmaz", ["Yılmaz"]),
            ("בן", "רחל בן־דוד", ["בן"]),
            ("larsson jo", "Jo Mbeki-Larsson", ["Jo", "Larsson"]),
            ("pryia", "Priya Raghunathan", ["Priya"]),
            ("lindkvist", "Astrid Lindqvist", ["Lindqvist"]),
            ("kefir", "Dmytro Shevchenko", ["kefir"]),
            ("espresso wat", "Pavel Novák", ["Espresso", "wat"]),
        ],
    )
    def test_show_what_was_looked_for(self, find: Page, typed: str, name: str, underlined: list[str]):
        type_in(find, typed)
        expect(row(find, name)).to_be_visible()
        expect(row(find, name).locator("mark")).to_have_text(underlined)
        expect(row(find, "Bilal Iqbal")).to_have_count(0)

    def test_garbage_finds_nobody(self, find: Page):
        type_in(find, "jbu")
        expect(find.get_by_test_id("nobody")).to_have_text("Nobody called “jbu”. Add them?")

    def test_who_is_due_comes_first_and_who_is_here_is_stamped(self, find: Page):
        type_in(find, "jo")
        expect(find.locator("#results li .person")).to_have_text(
            ["Joan Whitlock", "Joseph Achterberg", "Jo Mbeki-Larsson", "Marjorie Tan"]
        )
        expect(row(find, "Joan Whitlock")).to_contain_text("Booked 8:25 today")
        expect(row(find, "Marjorie Tan")).to_contain_text("Cheese toastie")
        expect(row(find, "Jo Mbeki-Larsson").locator(".stamp")).to_contain_text("7:58")

    def test_a_known_walk_in_is_here_with_one_more_tap(self, find: Page):
        type_in(find, "pavel")
        pavel = row(find, "Pavel Novák")
        pavel.get_by_test_id("here").tap()
        expect(pavel.locator(".stamp")).to_be_visible()
        expect(toast(find)).to_contain_text("Pavel Novák is here.")
        field = find.get_by_role("searchbox")
        expect(field).to_be_in_viewport(ratio=1)
        expect(field).to_have_value("pavel")
        box, at = toast(find).bounding_box(), field.bounding_box()
        assert box
        assert at
        assert box["y"] + box["height"] <= at["y"], "the toast lies on the field"
        find.get_by_test_id("toast-undo").tap()
        expect(pavel.get_by_test_id("here")).to_be_visible()

    def test_what_is_typed_never_stands_in_an_address(self, site: Site):
        find = site.phone()
        asked: list[str] = []
        find.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
        find.goto("/find")
        type_in(find, "marj")
        expect(row(find, "Marjorie Tan")).to_be_visible()
        find.get_by_test_id("add").click()
        assert any(request.startswith("POST") and request.endswith("/find") for request in asked)
        assert not any("marj" in request for request in asked)


class TestWhereTheyLie:
    """On a phone the list begins at the field, and only the list scrolls."""

    def test_directly_above_the_field_the_best_hit_nearest(self, find: Page):
        type_in(find, "jo")
        expect(find.locator("#results li .person").first).to_have_text("Joan Whitlock")
        expect(row(find, "Astrid")).to_have_count(0)
        boxes = [find.locator("#results li").nth(i).bounding_box() for i in range(4)]
        field, add = find.locator(".find").bounding_box(), find.locator(".add").bounding_box()
        assert field
        assert add
        tops = [box["y"] for box in boxes if box]
        assert tops == sorted(tops, reverse=True)
        assert 0 <= field["y"] - (add["y"] + add["height"]) < 40

    @pytest.mark.parametrize("height", [844, 470, 360])
    @pytest.mark.parametrize("typed", ["", "a", "ch", "xan"])
    def test_nothing_is_hidden_beneath_the_field(self, site: Site, typed: str, height: int):
        find = site.phone(height=height)
        find.goto("/find")
        type_in(find, typed)
        if typed:
            expect(find.locator(".strong-name")).to_contain_text(f"“{typed}”")
        field, bar = find.locator(".find").bounding_box(), find.locator(".bar").bounding_box()
        main = find.locator("main").bounding_box()
        assert field
        assert bar
        assert main
        assert main["y"] + main["height"] <= field["y"] + 1
        assert bar["y"] + bar["height"] <= height + 1
        assert find.evaluate("document.documentElement.scrollHeight <= innerHeight"), "the page itself does not scroll"
        expect(find.get_by_test_id("add")).to_be_in_viewport(ratio=1)
        for one in find.locator("#results li").all():
            one.scroll_into_view_if_needed()
            expect(one).to_be_in_viewport()

    def test_it_fits_above_the_keyboard(self, site: Site):
        find = site.phone()
        find.add_init_script("""
          const seen = Object.assign(new EventTarget(), {height: 844, offsetTop: 0, scale: 1});
          Object.defineProperty(window, "visualViewport", {value: seen});
        """)
        find.goto("/find")
        find.evaluate("visualViewport.height = 500; visualViewport.dispatchEvent(new Event('resize'))")
        type_in(find, "pa")
        expect(find.locator("#results li").first).to_contain_text("Pa")
        expect(find.locator("#results li").first).to_be_in_viewport(ratio=1)
        field = find.locator(".find").bounding_box()
        assert field
        assert 440 < field["y"] + field["height"] <= 501
        expect(find.locator(".bar")).to_be_hidden()
        find.evaluate("visualViewport.height = 844; visualViewport.dispatchEvent(new Event('resize'))")
        expect(find.locator(".bar")).to_be_visible()
        expect(find.get_by_role("searchbox")).to_have_value("pa")

    def test_from_768_px_below_the_field_the_best_hit_on_top(self, site: Site):
        find = site.phone(width=820, height=1180)
        find.goto("/find")
        type_in(find, "jo")
        expect(row(find, "Astrid")).to_have_count(0)
        field = find.locator(".find").bounding_box()
        tops = [box["y"] for i in range(4) if (box := find.locator("#results li").nth(i).bounding_box())]
        assert field
        assert tops == sorted(tops)
        assert field["y"] < tops[0]

    @pytest.mark.parametrize("way", ["html", "browser"])
    @pytest.mark.parametrize("width", [390, 320])
    @pytest.mark.parametrize("typed", ["", "ol"])
    def test_the_best_hit_is_in_sight_when_text_is_twice_as_large(self, site: Site, typed: str, width: int, way: str):
        find = site.phone(width=width)
        if way == "browser":
            sizes = {"fontSizes": {"standard": 32, "fixed": 26}}
            find.context.new_cdp_session(find).send("Page.setFontSizes", sizes)
        find.goto("/find")
        if way == "html":
            find.evaluate("document.documentElement.style.fontSize = '200%'")
        type_in(find, typed)
        expect(row(find, "Joan")).to_have_count(0 if typed else 1)
        best = find.locator("#results li").first
        for part in (best.locator(".person"), best.get_by_test_id("here")):
            expect(part).to_be_in_viewport(ratio=1)
        main, name = find.locator("main").bounding_box(), best.locator(".person").bounding_box()
        assert main
        assert name
        assert main["y"] <= name["y"], "it is not cut through by the heading"
        if not typed:
            new = find.get_by_label("Someone new").bounding_box()
            assert new
            assert new["width"] > 150

    @pytest.mark.parametrize("width", [320, 353, 360, 390, 768])
    @pytest.mark.parametrize("told", ["A name, or “Red scarf”", "Un nombre, o «Bufanda roja»"])
    def test_a_placeholder_is_shown_whole_or_not_at_all(self, site: Site, width: int, told: str):
        find = site.phone(width=width)
        find.goto("/find")
        assert find.get_by_label("Someone new").evaluate(
            """(field, told) => {
              const style = getComputedStyle(field), shown = getComputedStyle(field, "::placeholder");
              const pen = document.createElement("canvas").getContext("2d");
              pen.font = `${shown.fontSize} ${style.fontFamily}`;
              const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
              return pen.measureText(told).width <= room || shown.color === "rgba(0, 0, 0, 0)";
            }""",
            told,
        )

    def test_typing_goes_on_at_the_best_hits(self, find: Page):
        type_in(find, "a")
        expect(find.locator("#results mark").first).to_be_visible()
        find.locator("main").evaluate("(main) => main.scrollTo(0, -2000)")
        type_in(find, "n")
        expect(row(find, "Anjali")).to_be_in_viewport(ratio=1)


class TestByKeyboardAndEar:
    def test_the_field_is_ready_to_type_in_and_stays_so(self, find: Page):
        field = find.get_by_role("searchbox")
        expect(field).to_be_focused()
        type_in(find, "si")
        expect(row(find, "Siobhán")).to_be_visible()
        expect(field).to_be_focused()
        type_in(find, "ob")
        expect(row(find, "Siobhán").locator("mark")).to_have_text("Siob")
        expect(field).to_have_value("siob")

    def test_enter_goes_to_the_best_hit_and_marks_nobody(self, find: Page):
        type_in(find, "joan")
        find.keyboard.press("Enter")
        joan = row(find, "Joan Whitlock")
        expect(joan.get_by_test_id("here")).to_be_focused()
        expect(joan).to_have_attribute("data-arrived", "false")
        find.keyboard.press("Enter")
        expect(joan).to_have_attribute("data-arrived", "true")

    def test_enter_goes_to_adding_where_nobody_was_found(self, find: Page):
        type_in(find, "xan")
        find.keyboard.press("Enter")
        expect(find.get_by_test_id("add")).to_be_focused()

    def test_escape_clears(self, find: Page):
        type_in(find, "xan")
        expect(find.get_by_test_id("nobody")).to_be_visible()
        find.keyboard.press("Escape")
        expect(find.get_by_role("searchbox")).to_have_value("")
        expect(find.get_by_role("searchbox")).to_be_focused()
        expect(find.get_by_role("heading", name="Likely now")).to_be_visible()

    def test_how_many_were_found_is_said(self, find: Page):
        told = find.locator("#told")
        expect(told).to_have_attribute("role", "status")
        expect(told).to_be_empty()
        for typed, said in (
            ("jo", "4 found. First: Joan Whitlock."),
            ("xan", "Nobody called “xan”. Add them?"),
            ("siob", "One found: Siobhán Ní Dhomhnaill."),
            ("a", "More than 8 found. First:"),
        ):
            find.get_by_role("searchbox").fill(typed)
            expect(told).to_contain_text(said)
        find.get_by_role("searchbox").fill("")
        expect(told).to_be_empty()

    @pytest.mark.parametrize("way", ["Back", "the card's button"])
    @pytest.mark.parametrize("typed", ["siob", ""])
    def test_what_was_typed_and_found_is_there_after_a_card(self, find: Page, way: str, typed: str):
        name = "Siobhán" if typed else "Priya"
        type_in(find, typed)
        expect(row(find, "Xanthe")).to_have_count(0)
        link = row(find, name).locator("a").first
        link.tap()
        expect(find.get_by_test_id("card")).to_be_visible()
        assert typed not in find.url or not typed
        assert find.evaluate("localStorage.length") == 0
        if way == "Back":
            find.go_back()
        else:
            find.get_by_test_id("here").tap()
            expect(find.get_by_test_id("undo")).to_be_visible()
            find.get_by_role("link", name="Back to Find").tap()
        expect(find.get_by_role("searchbox")).to_have_value(typed)
        expect(link).to_be_focused()
        expect(row(find, "Joan")).to_have_count(0 if typed else 1)
        expect(find).to_have_url(re.compile("/find$"))

    def test_what_was_typed_is_forgotten_when_another_place_is_opened(self, find: Page):
        type_in(find, "siob")
        row(find, "Siobhán").locator("a").first.tap()
        expect(find.get_by_role("link", name="Back to Find")).to_be_visible()
        find.goto("/today")
        assert find.evaluate("Object.keys(sessionStorage)").count("left-find") == 0
        find.goto("/find")
        expect(find.get_by_role("searchbox")).to_have_value("")

    @pytest.mark.parametrize("typed", ["", "jo", "pryia", "xan"])
    def test_axe_finds_nothing_while_typing(self, site: Site, typed: str):
        page = site.phone(touch=False, reduced_motion="reduce")
        page.goto("/find")
        type_in(page, typed)
        if typed:
            expect(page.locator(".strong-name")).to_contain_text(f"“{typed}”")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert axe_finds(page, runOnly={"type": "tag", "values": RULES}) == []


class TestWithoutScripts:
    @pytest.fixture
    def plain(self, site: Site) -> Page:
        page = site.phone(java_script_enabled=False)
        page.goto("/find")
        return page

    def test_somebody_is_found_and_here(self, plain: Page):
        plain.get_by_role("searchbox").fill("pryia")
        plain.get_by_role("searchbox").press("Enter")
        expect(plain.get_by_role("searchbox")).to_have_value("pryia")
        expect(row(plain, "Priya").locator("mark")).to_have_text("Priya")
        row(plain, "Priya").get_by_test_id("here").click()
        expect(row(plain, "Priya")).to_have_attribute("data-arrived", "true")

    @pytest.mark.parametrize(("answer", "here"), [("same-person", "Viktor Petrov"), ("someone-else", "Petrov Viktor")])
    def test_the_same_person_or_someone_else_is_here(self, plain: Page, answer: str, here: str):
        plain.get_by_role("searchbox").fill("Petrov Viktor")
        plain.get_by_role("searchbox").press("Enter")
        plain.get_by_test_id("add").click()
        plain.get_by_test_id(answer).click()
        expect(plain.get_by_test_id("strip")).to_contain_text(here)
