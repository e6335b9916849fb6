"""The Promises page, the card, the row and the bar: what we owe is seen where it matters, and ticked off where it is seen."""

import re
from datetime import timedelta

import pytest

from domain import expected
from models import Note, Promise
from tests.conftest import TUESDAY, came, counted_queries, days_before, someone

TODAY = TUESDAY.date()
HTMX = {"HX-Request": "true"}


@pytest.fixture
def dana(shop):
    return someone(shop, "Dana Whitlock", pronoun="she")


@pytest.fixture
def promise(shop, sam, dana):
    return Promise.create(
        customer=dana, shop=shop, text="Part ordered <b>here</b>", author=sam, day=TODAY - timedelta(days=1), at=TUESDAY,
        due=TODAY,
    )  # fmt: skip


def groups(html):
    """Return the texts of each group of the page, by its heading."""
    return {
        re.sub(r"<.*?>", "", part.split("</h2>")[0] if "</h2>" in part else part.split("</summary>")[0]): re.findall(
            r'class="what"><bdi>(.*?)</bdi>', part
        )
        for part in re.split(r"<h2>|<summary>", html)[1:]
    }


class TestThePage:
    def test_says_that_nothing_is_owed_where_nothing_is(self, phone):
        page = phone.get("/promises").text
        assert "Nothing is owed to anybody." in page
        assert 'id="owed" class="badge" hidden' in page

    def test_has_its_groups_and_its_count(self, shop, phone, promise, rosa, sam):
        came(rosa, shop, *days_before(TODAY, *range(1, 40)))
        Promise.create(customer=rosa, shop=shop, text="Keep a croissant", author=sam, day=TODAY, at=TUESDAY)
        page = phone.get("/promises").text
        assert groups(page) == {
            "When they come in today": ["Keep a croissant"],
            "Waiting on us": ["Part ordered &lt;b&gt;here&lt;/b&gt;"],
        }
        assert "Two are for today." in page
        assert re.search(r'id="owed" class="badge">.*?</span>2<', page)

    def test_a_tick_keeps_and_a_second_takes_it_back(self, phone, promise):
        kept = phone.post(f"/promises/{promise.id}/keep", htmx=True).text
        assert groups(kept) == {"Kept today": ["Part ordered &lt;b&gt;here&lt;/b&gt;"]}
        assert "kept by Sam, 8:12" in kept
        assert 'aria-pressed="true"' in kept
        assert "Kept. Thank you." in kept
        toast = kept.split('id="toast"')[1].split("</form>")[0]
        assert f'action="/promises/{promise.id}/reopen"' in toast
        assert 'hx-target="#promises"' in toast
        assert "Undo" in toast
        assert re.search(r'id="owed" class="badge" hx-swap-oob="true" hidden', kept), "none is for today any more"
        again = phone.post(f"/promises/{promise.id}/reopen", htmx=True).text
        assert list(groups(again)) == ["Waiting on us"]
        assert Promise.get().state == "open"

    def test_works_by_plain_forms(self, phone, promise):
        answer = phone.post(f"/promises/{promise.id}/keep")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/promises#promise-{promise.id}")

    def test_who_is_second_is_told_who_was_first(self, phone, other_phone, promise):
        phone.post(f"/promises/{promise.id}/keep", htmx=True)
        answer = other_phone.post(f"/promises/{promise.id}/keep", htmx=True)
        assert answer.status_code == 409
        assert "Kept already by Sam, 8:12." in answer.text

    def test_costs_the_same_for_three_and_for_thirty(self, shop, phone, promise, sam):
        phone.get("/promises")
        with counted_queries() as few:
            phone.get("/promises")
        for place in range(30):
            one = someone(shop, f"Guest {place}")
            Promise.create(customer=one, shop=shop, text="Call back", author=sam, day=TODAY, at=TUESDAY)
        with counted_queries() as many:
            phone.get("/promises")
        assert len(many) == len(few)


class TestOnTheCard:
    def test_it_stands_with_who_said_it_and_by_when(self, phone, promise, dana):
        card = phone.get(f"/customers/{dana.id}").text
        assert "Part ordered &lt;b&gt;here&lt;/b&gt;" in card
        assert "Sam said we would, yesterday · for today" in card

    def test_it_is_kept_then_confirmed_there(self, phone, promise, dana):
        kept = phone.post(f"/promises/{promise.id}/keep", {"from": "card"}, htmx=True).text
        assert 'id="card"' in kept
        assert "Kept by Sam, 8:12. Waiting to hear from Dana Whitlock." in kept
        confirmed = phone.post(f"/promises/{promise.id}/confirm", {"from": "card"}, htmx=True).text
        assert 'data-testid="owed"' not in confirmed
        assert Promise.get().state == "confirmed"

    def test_once_they_have_it_nobody_is_asked_whether_they_do(self, phone, promise, dana):
        phone.post(f"/promises/{promise.id}/keep", {"from": "card"}, htmx=True)
        Promise.update(delivery="confirmed", confirmed_at=TUESDAY, channel="email").execute()
        page = phone.get("/promises").text
        assert "They have it." in page
        assert 'data-testid="promise-confirm"' not in page

    def test_it_is_closed_there_with_a_reason_and_not_without(self, phone, promise, dana):
        assert (
            phone.post(f"/promises/{promise.id}/close", {"from": "card", "reason": " "}, htmx=True).status_code == 422
        )
        assert Promise.get().state == "open"
        phone.post(f"/promises/{promise.id}/close", {"from": "card", "reason": "She found one"}, htmx=True)
        assert Promise.get().closed_reason == "She found one"


class TestTheNoteSheet:
    @pytest.mark.parametrize(("due", "day"), [("", None), ("0", TODAY), ("1", TODAY + timedelta(days=1)), ("x", None)])
    def test_keeps_a_promise_by_when(self, phone, dana, due, day):
        answer = phone.post(
            f"/customers/{dana.id}/notes", {"this_is": "promise", "due": due, "text": "Call the key shop"}
        )
        assert answer.status_code == 303
        assert (Promise.get().text, Promise.get().due, Note.select().count()) == ("Call the key shop", day, 0)
        assert "Promised. It stands under Promises" in phone.get(answer.headers["Location"]).text

    def test_keeps_it_and_the_chips_each_once_however_often_it_is_sent(self, phone, dana):
        action = "6f2c9f0e-5a52-4f8e-9a55-5a7d1b6b0003"
        form = {"this_is": "promise", "text": "Call", "chip": "chat", "action": action}
        for _ in range(2):
            phone.post(f"/customers/{dana.id}/notes", form)
        assert (Promise.select().count(), Note.select().count()) == (1, 1)

    def test_refused_comes_back_as_it_was_typed(self, phone, dana):
        answer = phone.post(f"/customers/{dana.id}/notes", {"this_is": "promise", "text": "x" * 2001}, htmx=True)
        assert answer.status_code == 422
        assert "x" * 2001 in answer.text
        assert Promise.select().count() == 0


class TestOnToday:
    def test_a_row_says_what_is_owed(self, shop, phone, rosa, sam):
        came(rosa, shop, *days_before(TODAY, *range(1, 40)))
        for text, due in (("Keep a croissant", None), ("Bring the key", TODAY), ("Far off", TODAY + timedelta(days=3))):
            Promise.create(customer=rosa, shop=shop, text=text, author=sam, day=TODAY, at=TUESDAY, due=due)
        row = phone.rows()[str(rosa.id)]
        assert "Keep a croissant (Sam)" in row
        assert "Bring the key: for today (Sam)" in row
        assert "Far off" not in row

    def test_what_is_due_to_somebody_not_expected_stands_above(self, phone, promise, dana):
        page = phone.get("/today").text
        assert 'data-testid="owed-today"' in page
        assert "Part ordered &lt;b&gt;here&lt;/b&gt;" in page
        assert str(dana.id) not in phone.rows(), "nobody expects her"

    def test_another_phone_sees_it_kept(self, shop, phone, other_phone, rosa, sam):
        came(rosa, shop, *days_before(TODAY, *range(1, 40)))
        made = Promise.create(customer=rosa, shop=shop, text="Keep a croissant", author=sam, day=TODAY, at=TUESDAY)
        expected.make_list(shop, TODAY)
        page = other_phone.get("/today")
        assert "Keep a croissant" in other_phone.rows()[str(rosa.id)]
        phone.post(f"/promises/{made.id}/keep", htmx=True)
        poll = other_phone.get("/today", headers={**HTMX, "HX-PTag": page.headers["HX-PTag"]})
        assert poll.status_code == 200
        assert "Keep a croissant" not in poll.text
        assert re.search(r'id="owed" class="badge" hx-swap-oob="true" hidden', poll.text)
