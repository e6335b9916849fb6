"""The end of a shift as a page: what it tells, the line that is never lost, and who is let out and in; and the brief."""

import re
from datetime import timedelta

import pytest

from domain import access, shift
from models import (
    Action,
    Appointment,
    HandOver,
    HandOverSeen,
    Membership,
    Note,
    Phone as KnownPhone,
    Session,
    Shop,
    Staff,
)
from tests.conftest import TUESDAY, came, counted_queries, days_before, hire, signed_in, someone

KEY = "00000000-0000-4000-8000-000000000001"


def text_of(html: str) -> str:
    """Return what a page says, without tags and needless blanks."""
    return " ".join(re.sub(r"<[^>]*>", " ", html.partition("<body>")[2] or html).split())


def piece(html: str, testid: str) -> str:
    found = re.search(rf'<(\w+)[^>]*data-testid="{testid}".*?</\1>', html, re.S)
    return text_of(found[0]) if found else ""


def leave(phone, **form):
    return phone.post("/shift", {"text": "Oven two runs hot.", "action": KEY, **form})


@pytest.fixture
def left(shop, ana):
    """A line of Ana's, left at 8:00."""
    at = TUESDAY - timedelta(minutes=12)
    return HandOver.create(shop=shop, author=ana, text="Joan may ring.", day=shop.today(), at=at)


class TestThePage:
    def test_tells_who_is_on_and_since_when(self, phone, at):
        at(TUESDAY + timedelta(hours=3, minutes=48))
        page = phone.get("/shift").text
        assert ">Your shift</h1>" in page
        assert "Sam, 8:12 to 12:00" in page

    def test_says_nothing_of_what_did_not_happen(self, phone):
        page = phone.get("/shift").text
        assert 'data-testid="went"' not in page
        assert "Still to come" not in page
        assert "Left lately" not in page

    def test_counts_whom_the_team_welcomed_and_names_nobody_who_did(self, phone, other_phone, shop, rosa, okafor):
        phone.act("visit.create", customer=str(rosa.id))
        other_phone.act("visit.create", customer=str(okafor.id))
        for each in (phone, other_phone):
            told = piece(each.get("/shift").text, "went")
            assert told == "We welcomed two people on this shift."

    def test_lists_who_is_still_to_come_some_of_them_folded(self, phone, shop):
        for i in range(5):
            one = someone(shop, f"Guest {i}")
            Appointment.create(customer=one, shop=shop, day=shop.today(), starts_at=TUESDAY + timedelta(minutes=60 + i))
        page = phone.get("/shift").text
        assert page.count('data-testid="to-come"') == 5
        open_, folded, _so_today = page.split("<details")
        assert (open_.count('data-testid="to-come"'), folded.count('data-testid="to-come"')) == (3, 2)
        assert "Five are still to come." in text_of(page)
        assert "And two more" in folded
        assert "9:12, booked" in open_

    def test_names_whoever_is_picked_as_next(self, phone, ana):
        page = phone.get(f"/shift?for={ana.id}").text
        assert ">Hand over to Ana</h1>" in page
        assert "Anything else Ana should know?" in page
        assert re.search(rf'value="{ana.id}" checked', page)

    @pytest.mark.parametrize("wanted", ["999", "x", "-1", "²"])
    def test_of_a_next_who_is_not_there_names_nobody(self, phone, ana, wanted):
        assert ">Your shift</h1>" in phone.get("/shift", query_string={"for": wanted}).text

    def test_offers_the_way_out_and_the_phone(self, phone, shop, sam):
        page = phone.get("/shift").text
        assert 'action="/sign-out"' in page
        assert 'href="/this-phone"' in page
        assert "Another shop" not in page
        Membership.create(staff=sam, shop=Shop.create(business=shop.business, name="Harbour Kiosk"))
        assert 'href="/choose-shop"' in phone.get("/shift").text

    def test_is_a_place_of_everybody_and_the_owners_places_stay_the_owners(self, phone, desk):
        assert re.findall(r"</svg>(\w+)</a>", phone.get("/shift").text) == ["Today", "Find", "Shift"]
        assert re.findall(r"</svg>(\w+)</a>", desk.get("/shift").text) == [
            "Today",
            "Find",
            "Shift",
            "People",
            "Settings",
        ]

    def test_costs_as_many_queries_for_five_hundred_visits_as_for_none(self, phone, shop, rosa, left):
        def cost():
            phone.get("/shift")
            with counted_queries() as seen:
                phone.get("/shift")
            assert not any('FROM "visit"' in query and '"expected"' not in query for query in seen), seen
            return len(seen)

        few = cost()
        came(rosa, shop, *days_before(shop.today(), *range(1, 500)))
        shop.changed()
        assert cost() == few <= 8


class TestHandingOver:
    def test_leaves_the_line_signs_out_and_shows_the_pin_page(self, phone, sam):
        answer = leave(phone)
        assert (answer.status_code, answer.location) == (303, "/sign-in")
        line = HandOver.get()
        assert (line.author, line.for_whom, line.text) == (sam, None, "Oven two runs hot.")
        assert phone.get("/today").location == "/sign-in"
        assert Session.get(Session.staff == sam).ended_at is not None

    def test_has_whoever_is_next_picked_already(self, server, phone, sam, ana):
        known = KnownPhone.get(KnownPhone.staff == sam)
        answer = leave(phone, **{"for": str(ana.id)})
        assert answer.location == f"/sign-in?next={ana.id}"
        assert HandOver.get().for_whom == ana
        secret = "a secret of this phone"
        KnownPhone.update(secret_hash=access.digest(secret)).where(KnownPhone.id == known.id).execute()
        phone.client.set_cookie("regulars-phone", secret)
        page = phone.get(answer.location).text
        assert re.findall(r'value="(\d+)"[^>]* checked', page) == [str(ana.id)]
        assert re.findall(r'value="(\d+)"[^>]* checked', phone.get("/sign-in").text) == [str(sam.id)]

    def test_needs_no_line(self, phone):
        assert leave(phone, text="").status_code == 303
        assert shift.lately(Shop.get(), TUESDAY) == []

    def test_ends_only_the_session_of_this_phone(self, server, phone, sam):
        other = signed_in(server, sam)
        leave(phone)
        assert other.get("/today").status_code == 200

    def test_shows_a_line_again_that_was_refused(self, phone, ana):
        line = "<b>Oven two</b> " + "x" * 500
        answer = leave(phone, text=line, **{"for": str(ana.id)})
        assert answer.status_code == 422
        assert "&lt;b&gt;Oven two&lt;/b&gt; " + "x" * 500 in answer.text
        assert "That is 16 letters too many" in text_of(answer.text)
        assert ">Hand over to Ana</h1>" in answer.text
        assert not HandOver.select().count()
        assert phone.get("/today").status_code == 200, "still signed in"

    def test_sent_twice_is_done_once_and_says_so_by_the_pin_page(self, phone):
        leave(phone)
        again = leave(phone)
        assert (again.status_code, again.location) == (303, "/sign-in")
        assert HandOver.select().count() == 1

    def test_by_somebody_signed_out_meanwhile_shows_the_line_to_be_copied(self, phone, sam):
        Session.update(ended_at=TUESDAY).where(Session.staff == sam).execute()
        answer = leave(phone, text="Oven <two> runs hot.")
        assert answer.status_code == 401
        assert "Oven &lt;two&gt; runs hot.</textarea>" in answer.text
        assert not HandOver.select().count()
        assert leave(phone, text="").status_code == 401

    def test_is_for_nobody_of_another_site(self, phone):
        answer = phone.client.post("/shift", data={"text": ""}, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
        assert not HandOver.select().count()


class TestTheLine:
    def test_stands_on_the_page_until_it_is_seen(self, phone, left, shop):
        shown = piece(phone.get("/shift").text, "left-line")
        assert shown.startswith("From Ana, 8:00 Joan may ring.")
        answer = phone.post(f"/shift/lines/{left.id}/seen", {"shop": str(shop.id), "from": "shift"})
        assert (answer.status_code, answer.location) == (303, "/shift")
        page = phone.get("/shift").text
        assert not piece(page, "left-line")
        assert "Seen by Sam, 8:12" in piece(page, "lately")

    def test_seen_on_today_leads_back_there(self, phone, left):
        assert phone.post(f"/shift/lines/{left.id}/seen", {"from": "today"}).location == "/today"

    def test_is_swapped_for_those_that_are_left(self, phone, shop, left, ana):
        HandOver.create(shop=shop, author=ana, text="And the till sticks.", day=shop.today(), at=TUESDAY)
        answer = phone.post(f"/shift/lines/{left.id}/seen", {"from": "today"}, htmx=True)
        assert answer.status_code == 200
        assert answer.text.count('<div id="left"') == 1
        assert "And the till sticks." in answer.text
        assert "Joan may ring." not in answer.text
        assert 'name="from" value="today"' in answer.text

    def test_the_last_one_seen_leaves_an_empty_place(self, phone, left):
        answer = phone.post(f"/shift/lines/{left.id}/seen", {"from": "shift"}, htmx=True)
        assert re.search(r'<div id="left"[^>]* hidden>', answer.text)
        assert 'data-testid="left-line"' not in answer.text

    def test_of_more_than_three_the_latest_three_are_shown(self, phone, shop, ana):
        for i in range(5):
            at = TUESDAY + timedelta(minutes=i)
            HandOver.create(shop=shop, author=ana, text=f"Line {i}", day=shop.today(), at=at)
        page = phone.get("/shift").text
        assert [i for i in range(5) if f"Line {i}" in page] == [2, 3, 4]
        assert "And two more" in page

    def test_is_told_to_its_author_with_who_has_seen_it_and_can_be_taken_back(self, phone, other_phone, left, sam):
        assert "Not seen yet" in piece(other_phone.get("/shift").text, "lately")
        HandOverSeen.create(hand_over=left, staff=sam, at=TUESDAY)
        page = other_phone.get("/shift").text
        assert "Seen by Sam, 8:12" in piece(page, "lately")
        assert 'data-testid="take-back"' in page
        assert 'data-testid="take-back"' not in phone.get("/shift").text
        assert other_phone.post(f"/shift/lines/{left.id}/undo").location == "/shift"
        assert "Joan may ring." not in other_phone.get("/shift").text

    def test_taken_back_meanwhile_is_told(self, phone, left):
        HandOver.update(text="").execute()
        assert phone.post(f"/shift/lines/{left.id}/seen").status_code == 404

    def test_of_a_shop_one_does_not_work_in_is_not_there(self, server, shop, left):
        other = Shop.create(business=shop.business, name="Harbour Kiosk")
        bo = Staff.create(business=shop.business, name="Bo", role="staff", pin_hash="x", created_at=TUESDAY)
        Membership.create(staff=bo, shop=other)
        hand = signed_in(server, bo)
        assert "Joan may ring." not in hand.get("/shift").text
        assert hand.post(f"/shift/lines/{left.id}/seen").status_code == 404
        assert not HandOverSeen.select().count()

    def test_is_shown_as_it_was_written_and_no_more(self, phone, shop, ana):
        text = '<script>alert(1)</script>\nsecond <b onclick="x">row</b>'
        HandOver.create(shop=shop, author=ana, text=text, day=shop.today(), at=TUESDAY)
        page = phone.get("/shift").text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;\nsecond" in page


class TestThroughTheApi:
    def test_a_shift_is_handed_over_and_the_session_stays(self, phone, ana):
        made = phone.act("shift.hand_over", text="Oven two runs hot.", **{"for": str(ana.id)})
        assert made["status"] == "applied"
        assert phone.get("/today").status_code == 200
        assert Action.select().count() == 1

    def test_a_line_may_be_named_by_the_act_that_left_it(self, phone, other_phone, ana):
        phone.act("shift.hand_over", key=KEY, text="Oven two runs hot.")
        assert other_phone.act("shift.seen", hand_over=KEY)["status"] == "applied"
        assert HandOverSeen.get().staff == ana


def test_safety_stands_first_with_those_still_to_come(phone, shop, rosa, sam):
    Appointment.create(customer=rosa, shop=shop, day=shop.today(), starts_at=TUESDAY + timedelta(minutes=30))
    Note.create(text="No sesame, ever", safety=True, day=shop.today(), at=TUESDAY, author=sam, customer=rosa, shop=shop)
    row = phone.get("/shift").text.split('data-testid="to-come"')[1].split("</li>")[0]
    assert row.index("No sesame, ever") < row.index("8:42, booked")


class TestTheBrief:
    def test_is_safe_at_the_counter(self, phone, shop, rosa, sam):
        Appointment.create(customer=rosa, shop=shop, day=shop.today(), starts_at=TUESDAY + timedelta(minutes=30))
        day = {"day": shop.today(), "at": TUESDAY, "author": sam, "customer": rosa, "shop": shop}
        Note.create(text="Her test is on Friday", private=True, safety=True, **day)
        Note.create(text="No sesame, ever", safety=True, **day)
        page = text_of(phone.get("/shift/brief").text)
        assert "Rosa Marchetti is booked for 8:42." in page
        assert "No sesame, ever" in page
        assert "Her test" not in page

    def test_tells_the_line_the_last_shift_left(self, phone, left):
        assert (
            piece(phone.get("/shift/brief").text, "brief-left") == "From the last shift From Ana, 8:00: Joan may ring."
        )

    def test_sets_names_apart_and_lets_no_markup_through(self, phone, shop, ana):
        one = someone(shop, "<i>Bobby</i>")
        Appointment.create(customer=one, shop=shop, day=shop.today(), starts_at=TUESDAY + timedelta(minutes=30))
        HandOver.create(shop=shop, author=ana, text="\u2068<b>hot</b>", day=shop.today(), at=TUESDAY)
        page = phone.get("/shift/brief").text
        assert '<bdi class="person">&lt;i&gt;Bobby&lt;/i&gt;</bdi>' in page
        assert "<b>hot" not in page
        assert page.count("<bdi") == page.count("</bdi>")

    def test_costs_few_queries(self, phone, left, rosa):
        phone.get("/shift/brief")
        with counted_queries() as seen:
            phone.get("/shift/brief")
        assert len(seen) <= 4, seen


def test_a_manager_and_the_owner_hand_over_too(server, shop, desk):
    mo = signed_in(server, hire(shop, "Mo", "manager"))
    for hand in (mo, desk):
        assert hand.get("/shift").status_code == 200
        assert hand.post("/shift", {"text": "All well."}).status_code == 303
    assert [row.author.name for row in HandOver.select().order_by(HandOver.id)] == ["Mo", "Ruth"]
