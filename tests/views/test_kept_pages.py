"""Pages are kept as they left: for whom they were made, in their words, and for nobody else."""

import gzip
import re
from datetime import timedelta
from weakref import WeakKeyDictionary

import pytest

from domain import board
from models import (
    CallTask,
    Customer,
    DayList,
    Expected,
    HandOver,
    Note,
    Promise,
    Referral,
    Session,
    Shop,
    Staff,
    Usual,
    Visit,
)
from tests.conftest import TUESDAY, Phone, signed_in

PLAIN = {"Accept-Encoding": "identity"}


def nonce_in(answer) -> str:
    found = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
    assert found
    return found[1]


@pytest.fixture
def listed(shop, rosa):
    day_list = DayList.create(shop=shop, day=TUESDAY.date(), made_at=TUESDAY)
    Expected.create(day_list=day_list, customer=rosa, probability=0.9, around=500, earliest=490, latest=510,
                    reason={"kind": "visits", "came": 3, "dates": ["2026-11-17"], "since": "2026-11-01"})  # fmt: skip
    return rosa


class TestAPageAskedForAgain:
    def test_is_the_same_to_the_byte_with_the_nonce_its_header_names(self, phone, listed):
        first, second = phone.get("/today"), phone.get("/today")
        assert first.data == second.data
        assert nonce_in(first) == nonce_in(second)
        assert f'nonce="{nonce_in(second)}"' in second.text

    def test_packed_is_the_same_as_plain(self, phone, listed):
        packed = phone.get("/today", headers={"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        plain = phone.get("/today", headers=PLAIN)
        unpacked = gzip.decompress(packed.data).decode()
        assert unpacked.replace(nonce_in(packed), nonce_in(plain)) == plain.text

    def test_is_new_after_an_act(self, phone, other_phone, listed):
        before = phone.get("/today").text
        other_phone.act("visit.create", customer=str(listed.id))
        assert 'data-arrived="true"' not in before
        assert 'data-arrived="true"' in phone.get("/today").text

    def test_has_another_nonce_after_a_minute(self, phone, listed, at):
        first = phone.get("/today")
        at(TUESDAY + timedelta(minutes=1))
        assert nonce_in(phone.get("/today")) != nonce_in(first)

    def test_never_shows_what_stands_for_the_nonce(self, phone, listed):
        from views.answers import MARK

        for path in ("/today", "/find", f"/customers/{listed.id}", "/nowhere"):
            assert MARK not in phone.get(path).text

    def test_a_note_cannot_guess_the_nonce(self, phone, listed, shop):
        """What somebody typed is in the page before the nonce is: it must not be able to ask for it."""
        text = '<b hx-get="/settings" hx-nonce="MARK">'
        Note.create(customer=listed, shop=shop, text=text, moment="list", day=TUESDAY.date(), at=TUESDAY)
        page = phone.get("/today").text
        assert "&lt;b hx-get" in page
        assert "<b hx-get" not in page

    def test_is_never_sent_packed_to_whoever_cannot_unpack_it(self, phone, listed):
        for _again in range(2):
            assert "Content-Encoding" in phone.get("/today", headers={"Accept-Encoding": "gzip"}).headers
            assert "Content-Encoding" not in phone.get("/today", headers=PLAIN).headers


class TestAPageOfSomebodyElse:
    def test_is_made_for_them(self, phone, other_phone, listed):
        assert nonce_in(phone.get("/today")) != nonce_in(other_phone.get("/today"))

    def test_shows_the_words_that_are_theirs(self, phone, other_phone, listed, sam, ana, shop):
        Expected.update(prompts=[{"id": "not-met", "met": [sam.id], "by": ["Sam"], "dates": ["2026-11-17"]}]).execute()
        for n in range(3):
            day = TUESDAY.date() - timedelta(days=7 * (n + 1))
            Visit.create(customer=listed, shop=shop, day=day, at=TUESDAY - timedelta(days=7 * (n + 1)), staff=sam)
        mine, theirs = phone.get("/today").text, other_phone.get("/today").text
        assert 'data-prompt="not-met"' not in mine
        assert 'data-prompt="not-met"' in theirs
        assert 'data-prompt="not-met"' not in phone.get("/today").text, "asked again, it is still their own"

    def test_has_the_places_of_their_role(self, server, phone, desk, listed):
        assert "/settings" not in phone.get("/today").text
        assert "/settings" in desk.get("/today").text
        assert "/settings" not in phone.get("/today").text

    def test_an_owner_by_pin_is_not_the_owner_at_the_desk(self, server, owner, desk, listed):
        assert "/settings" in desk.get("/today").text
        assert "/settings" not in signed_in(server, owner).get("/today").text

    def test_is_in_their_phones_language(self, server, sam, phone, listed):
        spanish = signed_in(server, sam)
        spanish.client.set_cookie("regulars-look", "es.system.right")
        assert 'lang="en' in phone.get("/today").text
        assert 'lang="es' in spanish.get("/today").text
        assert 'lang="en' in phone.get("/today").text

    def test_is_of_their_shop(self, server, owner, desk, listed, shop):
        second = Shop.create(business=shop.business, name="Second Street", zone=shop.zone)
        assert "Rosa" in desk.get("/today").text
        assert "Rosa" not in desk.get(f"/today?shop={second.id}").text
        assert "Rosa" in desk.get("/today").text

    def test_whoever_was_shut_out_gets_nothing_kept(self, phone: Phone, listed, sam: Staff):
        assert phone.get("/today").status_code == 200
        Staff.update(left_at=TUESDAY).where(Staff.id == sam.id).execute()
        answer = phone.get("/today")
        assert (answer.status_code, "Rosa" in answer.text) == (401, False)


@pytest.fixture
def crowd(shop, listed):
    """Six people, so that nobody we are just getting to know is shown beside them."""
    day_list = DayList.get()
    for n in range(5):
        customer = Customer.create(business=shop.business, name=f"Guest {n}", created_at=TUESDAY)
        Expected.create(day_list=day_list, customer=customer, probability=0.5, around=600 + n, earliest=590, latest=640)
    return listed


def poll(phone: Phone, tag: str = "none", **headers: str):
    return phone.get("/today", headers={"HX-Request": "true", "HX-PTag": tag, **PLAIN, **headers})


def about_one(kind: str, customer: Customer, staff: Staff) -> None:
    """Put something on the day that is not the same for everybody."""
    shop, day = Shop.get_by_id(1), TUESDAY.date()
    if kind == "words":
        Expected.update(
            prompts=[{"id": "not-met", "met": [staff.id], "by": ["Sam"], "dates": ["2026-11-17"]}]
        ).execute()
    elif kind == "a line left":
        HandOver.create(shop=shop, author=staff, text="The till sticks.", day=day, at=TUESDAY)
    elif kind == "a promise":
        Promise.create(customer=customer, shop=shop, text="Bring the book", due=day, author=staff, day=day, at=TUESDAY)
    elif kind == "a call":
        CallTask.create(shop=shop, customer=customer, at=TUESDAY)
    elif kind == "whom we sent on":
        Referral.create(
            shop=shop, name="Jo", to_whom="The advice desk", check_on=day, author=staff, day=day, at=TUESDAY
        )
    elif kind == "a death":
        gone = Customer.create(business=shop.business, name="Nils", created_at=TUESDAY)
        Customer.update(state="died", state_at=TUESDAY).where(Customer.id == gone.id).execute()
    elif kind == "nobody expected":
        Expected.delete().execute()
    shop.changed()


class TestADayThatReadsAlike:
    def test_is_made_once_for_all_who_ask(self, phone, other_phone, crowd):
        from tests.conftest import counted_queries

        made = poll(phone)
        with counted_queries() as seen:
            given = poll(other_phone)
        assert given.data == made.data
        assert given.headers["HX-PTag"] == made.headers["HX-PTag"]
        assert nonce_in(given) == nonce_in(made)
        assert len(seen) == 1, "who asks, and nothing else"
        assert poll(other_phone, made.headers["HX-PTag"]).status_code == 304

    def test_is_word_for_word_what_each_would_have_been_given(self, phone, other_phone, crowd, monkeypatch):
        mine = poll(phone)
        monkeypatch.setattr(board, "_boards", WeakKeyDictionary())
        theirs = poll(other_phone)
        assert nonce_in(mine) != nonce_in(theirs), "made anew"
        assert mine.text.replace(nonce_in(mine), "") == theirs.text.replace(nonce_in(theirs), "")

    def test_is_a_piece_for_a_poll_and_whole_for_whoever_opens_the_page(self, phone, other_phone, crowd):
        for one in (phone, other_phone, phone, other_phone):
            piece, whole = poll(one).text, one.get("/today", headers=PLAIN).text
            assert "<!doctype html>" not in piece
            assert whole.startswith("<!doctype html>")
            assert whole.count("<main") == 1

    def test_as_a_whole_page_bears_its_readers_name(self, phone, other_phone, crowd, sam, ana):
        for one, staff in ((phone, sam), (other_phone, ana), (phone, sam), (other_phone, ana)):
            assert f'data-who="{staff.id}"' in one.get("/today", headers=PLAIN).text
        for tag in (phone.get("/today").headers["HX-PTag"], poll(phone).headers["HX-PTag"]):
            answer = other_phone.get("/today", headers={"HX-PTag": tag, **PLAIN})
            assert f'data-who="{ana.id}"' in answer.text, "a phone that kept a colleague's page is given their own"

    def test_has_the_same_headers_in_front_of_flask_and_behind_it(self, phone, other_phone, crowd):
        made, given = poll(phone), poll(other_phone)
        assert sorted(made.headers) == sorted(given.headers)

    @pytest.mark.parametrize(
        "kind", ["words", "a line left", "a promise", "a call", "whom we sent on", "a death", "nobody expected"]
    )
    def test_is_none_where_anything_on_it_is_one_persons(self, phone, other_phone, crowd, sam, kind):
        assert poll(phone).headers["HX-PTag"] == poll(other_phone).headers["HX-PTag"]
        about_one(kind, crowd, sam)
        mine, theirs = poll(phone), poll(other_phone)
        assert mine.headers["HX-PTag"] != theirs.headers["HX-PTag"]
        assert nonce_in(mine) != nonce_in(theirs)
        assert poll(other_phone, mine.headers["HX-PTag"]).status_code == 200

    def test_is_in_the_language_of_the_phone(self, phone, other_phone, crowd):
        other_phone.client.set_cookie("regulars-look", "es.system.right")
        mine, theirs = poll(phone), poll(other_phone)
        assert ("Here" in mine.text, "Here</button>" in theirs.text) == (True, False)
        assert poll(phone).data == mine.data

    def test_is_refused_to_whoever_was_shut_out(self, phone, other_phone, crowd, sam):
        poll(other_phone)
        Staff.update(left_at=TUESDAY).where(Staff.id == sam.id).execute()
        answer = poll(phone)
        assert (answer.status_code, "Rosa" in answer.text) == (401, False)

    def test_is_of_the_minute(self, phone, other_phone, crowd, at):
        before = poll(phone)
        at(TUESDAY + timedelta(minutes=1))
        after = poll(other_phone, before.headers["HX-PTag"])
        assert after.status_code == 200
        assert nonce_in(after) != nonce_in(before)

    def test_keeps_the_session_of_whoever_is_given_it(self, phone, other_phone, crowd, ana, at):
        Session.update(seen_at=TUESDAY).execute()
        later = at(TUESDAY + timedelta(minutes=6))
        poll(phone)
        poll(other_phone)
        assert Session.get(Session.staff == ana.id).seen_at == later


class TestThePoll:
    def test_that_brings_nothing_is_304_and_of_one_query(self, phone, listed):
        from tests.conftest import counted_queries

        tag = phone.get("/today").headers["HX-PTag"]
        with counted_queries() as seen:
            answer = phone.get("/today", headers={"HX-Request": "true", "HX-PTag": tag})
        assert (answer.status_code, answer.data) == (304, b"")
        assert len(seen) == 1

    def test_with_the_tag_of_another_person_brings_the_day(self, phone, other_phone, listed):
        theirs = other_phone.get("/today").headers["HX-PTag"]
        answer = phone.get("/today", headers={"HX-Request": "true", "HX-PTag": theirs})
        assert answer.status_code == 200

    def test_of_whoever_was_shut_out_is_refused(self, phone, listed, sam):
        tag = phone.get("/today").headers["HX-PTag"]
        Staff.update(left_at=TUESDAY).where(Staff.id == sam.id).execute()
        answer = phone.get("/today", headers={"HX-Request": "true", "HX-PTag": tag})
        assert (answer.status_code, "HX-Redirect" in answer.headers) == (401, True)

    def test_bears_the_headers_of_every_answer(self, phone, listed):
        page = phone.get("/today")
        answer = phone.get("/today", headers={"HX-Request": "true", "HX-PTag": page.headers["HX-PTag"]})
        same = ("X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy", "Cache-Control")
        assert [answer.headers[name] for name in same] == [page.headers[name] for name in same]

    def test_a_usual_written_down_elsewhere_arrives(self, phone, other_phone, listed):
        phone.get("/today")
        other_phone.act("usual.set", customer=str(listed.id), text="Cortado")
        assert "Cortado" in phone.get("/today").text
        assert Usual.select().count() == 1
