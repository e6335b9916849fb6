"""Phones: let in once, by the one a code was made for; named; shut out; and who may pick themselves on one."""

import re
import threading
from datetime import timedelta

import pytest

import clock
import models
from domain import access, phones
from models import Audit, Membership, Phone, Shop, Staff
from tests.conftest import TUESDAY, Phone as Hand, hire, signed_in
from views import qr

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1"


@pytest.fixture
def bo(shop):
    """Somebody new, who has no PIN yet."""
    one = Staff.create(business=shop.business, name="Bo", role="staff", created_at=clock.now())
    Membership.create(staff=one, shop=shop)
    return one


@pytest.fixture
def page(desk, sam):
    """What the owner sees after asking for a code for Sam."""
    return desk.post(f"/team/{sam.id}/phone").text


def found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    assert match, pattern
    return match[1]


def code_in(page: str) -> str:
    return found(r'data-testid="code">([^<]+)<', page)


def state_in(page: str) -> str:
    return found(r'data-testid="waiting" data-state="(\w+)"', page)


class TestTheOwnersPage:
    def test_shows_a_picture_that_leads_to_the_very_link_and_a_code_in_two_groups(self, desk, sam, monkeypatch):
        drawn: list[str] = []

        def draw(text):
            drawn.append(text)
            return 29, "M0 0h1v1h-1z"

        monkeypatch.setattr(qr, "drawn", draw)
        page = desk.post(f"/team/{sam.id}/phone").text
        assert 'd="M0 0h1v1h-1z"' in page
        assert re.fullmatch(r"[A-Z2-9]{4}-[A-Z2-9]{4}", code_in(page))
        path = drawn[0].removeprefix("http://localhost")
        assert desk.get(path).status_code == 200
        assert path.removeprefix("/enrol/") not in page

    def test_notices_that_the_phone_came_in(self, server, desk, page):
        ask = found(r'hx-get="(/team/codes/\d+)"', page)
        assert state_in(page) == state_in(desk.get(ask, headers={"HX-Request": "true"}).text) == "waiting"
        Hand(server.test_client()).post("/enrol/", {"code": code_in(page)}, headers={"User-Agent": IPHONE})
        told = desk.get(ask, headers={"HX-Request": "true"}).text
        assert state_in(told) == "in"
        assert "Sam’s phone is in" in told
        assert "Sam’s iPhone" in told
        assert "data-polls" not in told

    def test_says_when_the_time_is_over(self, desk, page, at):
        at(TUESDAY + timedelta(minutes=10))
        assert state_in(desk.get(found(r'hx-get="(/team/codes/\d+)"', page)).text) == "over"

    def test_makes_a_new_code_that_ends_the_one_before(self, server, desk, sam, page):
        old = found(r'name="instead" value="(\d+)"', page)
        newer = desk.post(f"/team/{sam.id}/phone", {"instead": old}).text
        refused = Hand(server.test_client()).post("/enrol/", {"code": code_in(page)})
        assert refused.status_code == 410
        assert "The time of this code is over. Ask Ruth for a new one." in refused.text
        assert Hand(server.test_client()).post("/enrol/", {"code": code_in(newer)}).status_code == 303

    def test_is_not_made_for_who_has_left(self, desk, sam):
        Staff.update(left_at=TUESDAY).where(Staff.id == sam.id).execute()
        assert desk.post(f"/team/{sam.id}/phone").status_code == 404


class TestACode:
    def test_that_has_been_used_says_whom_to_ask_and_keeps_what_was_typed(self, server, page):
        code = code_in(page)
        Hand(server.test_client()).post("/enrol/", {"code": code})
        again = Hand(server.test_client()).post("/enrol/", {"code": code})
        assert again.status_code == 410
        assert "This code has been used. Ask Ruth for a new one." in again.text
        assert f'value="{code}"' in again.text

    def test_lets_in_one_of_two_phones_that_use_it_at_once(self, server, sam):
        link = access.invite(sam, "phone")
        start, answers = threading.Barrier(4), []

        def use():
            hand = Hand(server.test_client())
            start.wait()
            answers.append(hand.post(f"/enrol/{link.token}").status_code)
            models.db.obj.close()

        threads = [threading.Thread(target=use) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sorted(answers) == [303, 410, 410, 410]
        assert Phone.select().count() == 1

    def test_shows_nothing_until_a_pin_is_picked(self, server, bo):
        link = access.invite(bo, "phone")
        hand = Hand(server.test_client())
        assert "Pick a PIN of four digits" in hand.get(f"/enrol/{link.token}").text
        for pin, code in (("", 200), ("12", 422), ("abcd", 422)):
            assert hand.post(f"/enrol/{link.token}", {"pin": pin}).status_code == code
            assert hand.get("/today").status_code == 303
        assert hand.post("/enrol/", {"code": link.code}).status_code == 200  # typed: the PIN is asked for next
        assert hand.post("/enrol/", {"code": link.code, "pin": "4821"}).location == "/today"
        assert hand.get("/today").status_code == 200
        assert access.pin_matches("4821", Staff.get_by_id(bo.id).pin_hash)

    def test_changes_no_pin_that_there_is(self, server, sam):
        Hand(server.test_client()).post(f"/enrol/{access.invite(sam, 'phone').token}", {"pin": "9999"})
        assert access.pin_matches("1234", Staff.get_by_id(sam.id).pin_hash)

    def test_used_on_a_phone_of_the_shop_makes_it_no_second_phone(self, server, sam, ana):
        hand = Hand(server.test_client())
        for one in (sam, ana):
            assert hand.post(f"/enrol/{access.invite(one, 'phone').token}").status_code == 303
        assert [phone.staff for phone in Phone.select().where(Phone.revoked_at.is_null())] == [ana]
        assert hand.get("/today").status_code == 200
        line = Audit.get(Audit.kind == "phone.shut_out")
        assert (line.staff_id, line.told) == (ana.id, {"which": Phone.get(Phone.staff == sam).id, "person": sam.id})

    def test_stands_in_the_record_of_changes(self, server, bo):
        Hand(server.test_client()).post(f"/enrol/{access.invite(bo, 'phone').token}", {"pin": "4821"})
        lines = {line.kind: line for line in Audit.select()}
        assert lines["phone.enrolled"].told == {"which": Phone.get().id, "person": bo.id}
        assert "4821" not in repr([line.told for line in lines.values()])


class TestAPhone:
    def test_is_given_a_name_and_its_old_one_back(self, desk, sam):
        phone = access.admit_phone(sam, "Sam’s phone")[0]
        answer = desk.post(f"/phones/{phone.id}/name", {"name": "Counter, left"})
        page = desk.get(answer.location).text
        assert "It is called Counter, left now." in page
        assert f'action="/phones/{phone.id}/name"' in page.split('id="toast"')[1]
        assert 'name="name" value="Sam’s phone"' in page.split('id="toast"')[1]

    def test_shows_when_it_was_last_seen(self, server, desk, sam, at):
        hand = Hand(server.test_client())
        hand.post(f"/enrol/{access.invite(sam, 'phone').token}")
        at(TUESDAY + timedelta(minutes=6))
        hand.get("/today")
        assert "Last seen today at 8:18" in desk.get("/team").text

    def test_is_seen_from_the_moment_it_is_let_in_and_at_each_sign_in(self, server, desk, sam, at):
        hand = Hand(server.test_client())
        hand.post(f"/enrol/{access.invite(sam, 'phone').token}")
        assert "Last seen today at 8:12" in desk.get("/team").text
        at(TUESDAY + timedelta(minutes=2))
        hand.post("/sign-in", {"staff": sam.id, "pin": "1234"})
        assert Phone.get().seen_at == TUESDAY + timedelta(minutes=2)

    def test_is_told_from_the_others_of_its_person_by_a_number(self, server, sam):
        hands = [Hand(server.test_client()) for _n in range(3)]
        for hand in [*hands, hands[0]]:  # the first once more, by a new code
            agent = {"User-Agent": IPHONE}
            hand.post(f"/enrol/{access.invite(sam, 'phone').token}", headers=agent)
        names = [phone.name for phone in Phone.select().where(Phone.revoked_at.is_null()).order_by(Phone.id)]
        assert names == ["Sam’s iPhone 2", "Sam’s iPhone 3", "Sam’s iPhone"]

    def test_that_is_shut_out_forgets_everything(self, server, desk, sam):
        hand = Hand(server.test_client())
        hand.post(f"/enrol/{access.invite(sam, 'phone').token}")
        out = desk.post(f"/phones/{Phone.get(Phone.secret_hash.is_null(False)).id}/shut-out")
        told = hand.get("/today")
        assert (told.status_code, told.headers["Clear-Site-Data"]) == (401, '"cache","cookies","storage"')
        assert "It forgets everything." in desk.get(out.location).text
        assert "phone.shut_out" in [line.kind for line in Audit.select()]


class TestWhoPicksThemselves:
    @pytest.fixture
    def second(self, shop):
        return Shop.create(business=shop.business, name="Second Street")

    def test_are_those_who_work_in_a_shop_of_the_phones_person(self, server, sam, ana, second):
        hire(second, "Eve")
        client = server.test_client()
        client.set_cookie("regulars-phone", access.admit_phone(sam, "Counter")[1])
        page = client.get("/sign-in").text
        assert "Ana" in page
        assert "Eve" not in page

    def test_and_nobody_else_gets_in_by_a_pin(self, server, sam, second):
        eve = hire(second, "Eve")
        client = server.test_client()
        client.set_cookie("regulars-phone", access.admit_phone(sam, "Counter")[1])
        assert Hand(client).post("/sign-in", {"staff": eve.id, "pin": "1234"}).status_code == 422
        assert client.get("/today").status_code == 303

    def test_start_in_the_shop_where_the_phone_was_used_last(self, server, shop, sam, second):
        Membership.create(staff=sam, shop=second)
        phone, _secret = access.admit_phone(sam, "Counter")
        access.start_session(sam, "phone", phone, second)
        assert phones.place_of(phone, sam) == second
        assert phones.place_of(phone, hire(shop, "Bo")) == shop


def test_a_manager_sees_the_phones_of_their_own_shops_only(server, shop, sam):
    second = Shop.create(business=shop.business, name="Second Street")
    eve = hire(second, "Eve")
    hers = access.admit_phone(eve, "Eve’s tablet")[0]
    access.admit_phone(sam, "Sam’s phone")
    hand = signed_in(server, hire(shop, "Max", "manager"))
    page = hand.get("/team").text
    assert "Sam’s phone" in page
    assert "Eve" not in page
    for path in (f"/phones/{hers.id}/shut-out", f"/phones/{hers.id}/name", f"/team/{eve.id}/phone"):
        assert hand.post(path, {"name": "Mine"}).status_code == 404
    code = phones.new_code(eve)[1]
    assert hand.get(f"/team/codes/{code.id}").status_code == 404
