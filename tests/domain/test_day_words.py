"""What is so in the shop today: said once, told to those it is about, over when somebody says so or the day is."""

from datetime import timedelta

import pytest

from domain import expected
from domain.day_words import MINUTES, OUT_AT_MOST, standing
from models import Appointment, Usual
from tests.conftest import TUESDAY, came, days_before, someone
from tests.domain.test_prompts import TODAY


@pytest.fixture
def listed(shop, rosa):
    """Rosa, who is on today's list; her usual has rye in it."""
    came(rosa, shop, *days_before(TODAY, *range(1, 15)))
    Usual.create(customer=rosa, shop=shop, text="Rye roll", day=TODAY - timedelta(days=9))
    expected.make_list(shop, TODAY)
    return rosa


def word(phone, kind, **data) -> str:
    answer = phone.act(kind, **data)
    assert answer["status"] == "applied", answer
    return answer["result"]["word"]


class TestRunOut:
    def test_is_told_to_those_whose_usual_it_is_in(self, phone, shop, listed):
        assert "No rye left today." not in phone.get(f"/customers/{listed.id}").text
        word(phone, "day.out", text="Rye")
        assert "No Rye left today." in phone.get(f"/customers/{listed.id}").text

    def test_is_over_when_somebody_says_so(self, phone, other_phone, shop, listed):
        made = word(phone, "day.out", text="rye")
        assert other_phone.act("day.over", word=made)["status"] == "applied"
        assert "No rye left today." not in phone.get(f"/customers/{listed.id}").text
        second = phone.act("day.over", word=made)
        assert (second["status"], second["reason"]) == ("conflict", "That is over already.")

    def test_is_over_with_the_day(self, phone, shop, listed, at):
        word(phone, "day.out", text="rye")
        at(TUESDAY + timedelta(days=1))
        assert standing(shop) == []
        assert "No rye left today." not in phone.get(f"/customers/{listed.id}").text

    def test_said_by_two_is_said_once(self, phone, other_phone, shop):
        assert word(phone, "day.out", text="rye") == word(other_phone, "day.out", text="Rye.")

    def test_has_an_end(self, phone, shop):
        for n in range(OUT_AT_MOST):
            word(phone, "day.out", text=f"rye {n}")
        assert phone.act("day.out", text="oats")["reason"].startswith("That is a lot")

    @pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
    def test_is_something(self, phone, shop, text):
        assert phone.act("day.out", text=text)["status"] == "rejected"


class TestBehind:
    @pytest.fixture
    def booked(self, shop, listed):
        Appointment.create(customer=listed, shop=shop, day=TODAY, starts_at=TUESDAY + timedelta(minutes=20))
        return listed

    def test_is_told_to_the_booked(self, phone, shop, booked):
        word(phone, "day.behind", minutes=15)
        card = phone.get(f"/customers/{booked.id}").text
        assert "We are fifteen minutes behind." in card
        assert "Tell her now, offer a seat." in card

    def test_the_last_word_counts(self, phone, shop, booked):
        word(phone, "day.behind", minutes=15)
        word(phone, "day.behind", minutes=30)
        assert [one.minutes for one in standing(shop)] == [30]
        assert "We are thirty minutes behind." in phone.get(f"/customers/{booked.id}").text

    def test_nobody_else_is_told(self, phone, shop, listed):
        word(phone, "day.behind", minutes=15)
        assert "minutes behind" not in phone.get(f"/customers/{listed.id}").text

    @pytest.mark.parametrize("minutes", [0, 7, -5, 600, "15", True, None, [15]])
    def test_takes_only_what_can_be_said(self, phone, shop, minutes):
        assert phone.act("day.behind", minutes=minutes)["status"] == "rejected"

    def test_can_be_said_in_words(self, phone, shop):
        for minutes in MINUTES:
            word(phone, "day.behind", minutes=minutes)


class TestTheShiftPage:
    def test_says_what_is_so_and_takes_it_back(self, phone, shop):
        phone.post("/shift/today", {"text": "rye"})
        phone.post("/shift/today", {"minutes": "15"})
        page = phone.get("/shift").text
        assert "No rye left" in page
        assert "We are 15 minutes behind" in page
        phone.post(f"/shift/today/{standing(shop)[0].id}/over")
        assert "No rye left" not in phone.get("/shift").text

    def test_passes_on_the_promises_that_are_for_today(self, phone, other_phone, shop, okafor):
        rosa = someone(shop, "Rosa")
        phone.act("promise.create", customer=str(rosa.id), text="Find the form", due="2026-11-24")
        phone.act("promise.create", customer=str(okafor.id), text="Not yet due", due="2026-11-27")
        page = other_phone.get("/shift").text
        assert "One promise to pass on" in page
        assert "Find the form" in page
        assert "Not yet due" not in page
        assert "One promise is for today." in page

    def test_a_promise_kept_there_leads_back_there(self, phone, shop, rosa):
        made = phone.act("promise.create", customer=str(rosa.id), text="Find the form", due="2026-11-24")["result"][
            "promise"
        ]
        answer = phone.post(f"/promises/{made}/keep", {"from": "shift"})
        assert answer.headers["Location"].endswith("/shift")
        assert "Find the form" not in phone.get("/shift").text
