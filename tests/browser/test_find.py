"""Somebody has come in: found by any part of a name, or added by a word, and here at once."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, row, toast

pytestmark = pytest.mark.browser


@pytest.fixture
def find(site: Site) -> Page:
    page = site.phone()
    page.goto("/find")
    return page


def test_a_walk_in_without_a_name_is_added_and_here(site: Site):
    find = site.today()
    find.get_by_role("link", name="Find").tap()
    find.get_by_role("searchbox").press_sequentially("Red umbrella")
    expect(find.get_by_test_id("nobody")).to_have_text("Nobody called “Red umbrella”. Add them?")
    find.get_by_role("button", name="Add Red umbrella, who is here now").tap()
    expect(find).to_have_url(re.compile("/today"))
    expect(toast(find)).to_contain_text("Red umbrella is here.")
    expect(find.get_by_test_id("strip")).to_contain_text("5 here:")
    find.get_by_test_id("strip").tap()
    expect(row(find, "Red umbrella")).to_be_visible()


@pytest.mark.parametrize(
    ("typed", "name", "underlined"),
    [
        ("siob", "Siobhán Ní Dhomhnaill", "Siob"),
        ("nguyen", "Nguyễn Thị Minh Khai", "Nguyễn"),
        ("jorie", "Marjorie Tan", "jorie"),
        ("zsof", "Zsófia Nagy", "Zsóf"),
        ("yilmaz", "Ahmet Yılmaz", "Yılmaz"),
        ("בן", "רחל בן־דוד", "בן"),
    ],
)
def test_part_of_a_name_without_its_accents_is_enough(find: Page, typed: str, name: str, underlined: str):
    find.get_by_role("searchbox").press_sequentially(typed)
    expect(row(find, name)).to_be_visible()
    expect(row(find, name).locator("mark")).to_have_text(underlined)
    expect(row(find, "Bilal Iqbal")).to_have_count(0)


def test_what_they_have_finds_them_too(find: Page):
    find.get_by_role("searchbox").press_sequentially("kefir")
    expect(row(find, "Dmytro Shevchenko")).to_be_visible()


def test_a_known_walk_in_is_here_with_one_more_tap(find: Page):
    find.get_by_role("searchbox").press_sequentially("pavel")
    pavel = row(find, "Pavel Novák")
    pavel.get_by_test_id("here").tap()
    expect(pavel.locator(".stamp")).to_be_visible()
    expect(toast(find)).to_contain_text("Pavel Novák is here.")
    expect(find.get_by_role("searchbox")).to_be_in_viewport(ratio=1)
    box, field = toast(find).bounding_box(), find.get_by_role("searchbox").bounding_box()
    assert box
    assert field
    assert box["y"] + box["height"] <= field["y"], "the toast lies on the field"
    find.get_by_test_id("toast-undo").tap()
    expect(pavel.get_by_test_id("here")).to_be_visible()


def test_results_lie_directly_above_the_field(find: Page):
    find.get_by_role("searchbox").press_sequentially("marj")
    expect(row(find, "Joan Whitlock")).to_have_count(0)
    last, field = find.locator(".add").bounding_box(), find.locator(".find").bounding_box()
    assert last
    assert field
    assert 0 <= field["y"] - (last["y"] + last["height"]) < 40


def test_what_is_typed_never_stands_in_an_address(site: Site):
    find = site.phone()
    asked: list[str] = []
    find.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    find.goto("/find")
    find.get_by_role("searchbox").press_sequentially("marj")
    expect(find.get_by_text("Marjorie Tan")).to_be_visible()
    assert any(request.startswith("POST") and request.endswith("/find") for request in asked)
    assert not any("marj" in request for request in asked)
    expect(find).to_have_url(re.compile("/find$"))


def test_the_field_is_ready_to_type_in(find: Page):
    expect(find.get_by_role("searchbox")).to_be_focused()
