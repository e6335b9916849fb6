"""The team: who works here and where, what each may change, and what ends at once when somebody leaves."""

from datetime import timedelta

import pytest

import clock
from domain import access, owners, team
from models import Audit, Business, Invitation, Membership, Note, Passkey, Phone, PinTries, Session, Shop, Staff
from tests.conftest import TUESDAY, Phone as Hand, hire, signed_in


@pytest.fixture
def bo(shop):
    return hire(shop, "Bo", "manager")


@pytest.fixture
def manager(server, bo):
    return signed_in(server, bo)


@pytest.fixture
def second(shop):
    return Shop.create(business=shop.business, name="Second Street")


def told(desk, path="/team", **form):
    answer = desk.post(path, form)
    return answer.status_code, desk.get(answer.location).text if answer.status_code == 303 else answer.text


class TestSomebodyNew:
    def test_is_on_the_team_and_can_be_taken_back(self, desk, shop):
        code, page = told(desk, name="Lee", role="staff", pin="2468")
        lee = Staff.get(Staff.name == "Lee")
        assert code == 303
        assert "Lee is on the team." in page
        assert access.pin_matches("2468", lee.pin_hash)
        assert [one.shop for one in lee.memberships] == [shop]
        assert f'action="/team/{lee.id}/leave"' in page
        assert told(desk, f"/team/{lee.id}/leave")[0] == 303
        assert Staff.get_by_id(lee.id).left_at == TUESDAY

    def test_needs_no_pin_at_once(self, desk):
        assert told(desk, name="Lee")[0] == 303
        assert Staff.get(Staff.name == "Lee").pin_hash == ""

    @pytest.mark.parametrize("pin", ["123", "12345", "1234567", "abcd", "１２３４"])
    def test_is_not_taken_on_with_a_pin_that_is_none(self, desk, pin):
        code, page = told(desk, name="Lee", pin=pin)
        assert (code, Staff.select().where(Staff.name == "Lee").count()) == (422, 0)
        assert "A PIN is four digits, or six." in page
        assert 'value="Lee"' in page

    def test_is_told_from_everybody_there(self, desk, sam):
        code, page = told(desk, name="sAm")
        assert (code, Staff.select().where(Staff.name == "sAm").count()) == (422, 0)
        assert "Somebody called sAm is on the team already." in page

    @pytest.mark.parametrize(
        "name",
        ["Sam\u200b", "\u200fS\u2060am", "Sa\u200dm", "Sam\ufe0f", "Sam \u3164", "S\u00e1m\u00ad", "\uff33am"],
        ids=ascii,
    )
    def test_is_told_from_everybody_by_what_is_seen_of_a_name(self, desk, sam, name):
        assert told(desk, name=name)[0] == 422
        ana = hire(Shop.get(), "Ana")
        assert desk.act("staff.rename", staff=str(ana.id), name=name)["status"] == "conflict"
        told(desk, f"/team/{sam.id}/leave")
        assert desk.act("staff.rename", staff=str(ana.id), name=name)["status"] == "applied"
        assert told(desk, f"/team/{sam.id}/back")[0] == 409

    @pytest.mark.parametrize(
        ("name", "kept"),
        [("\u202eLee\u200b", "Lee"), ("\u2067\u3164 ", None), ("\u0646\u06cc\u200c\u0646\u0627",) * 2],
        ids=ascii,
    )
    def test_has_a_name_of_what_is_seen(self, desk, name, kept):
        assert told(desk, name=name)[0] == (303 if kept else 422)
        assert [one.name for one in Staff.select().where(Staff.role == "staff")] == ([kept] if kept else [])

    def test_works_in_the_shops_they_are_for(self, desk, shop, second):
        assert told(desk, name="Lee", shops=[shop.id, second.id])[0] == 303
        assert {one.shop_id for one in Staff.get(Staff.name == "Lee").memberships} == {shop.id, second.id}

    def test_is_no_owner_by_a_managers_hand(self, manager, desk):
        assert told(manager, name="Lee", role="owner")[0] == 422
        assert "owner" not in manager.get("/team").text.split('data-testid="new-colleague"')[1].split("</fieldset>")[0]
        assert told(desk, name="Lee", role="owner")[0] == 303


class TestARole:
    def test_is_changed_and_changed_back(self, desk, sam, phone):
        code, page = told(desk, f"/team/{sam.id}/role", role="manager")
        assert (code, Staff.get_by_id(sam.id).role) == (303, "manager")
        assert "Sam is a manager now." in page
        assert phone.get("/people").status_code == 200
        told(desk, f"/team/{sam.id}/role", role="staff")
        assert phone.get("/people").status_code == 404

    def test_of_an_owner_may_be_had_by_two_but_never_by_nobody(self, desk, sam, owner):
        assert told(desk, f"/team/{owner.id}/role", role="staff")[0] == 422
        told(desk, f"/team/{sam.id}/role", role="owner")
        assert told(desk, f"/team/{owner.id}/role", role="staff")[0] == 303
        assert [one.name for one in Staff.select().where(Staff.role == "owner")] == ["Sam"]

    def test_that_is_taken_away_ends_the_owners_own_session(self, server, desk, owner):
        lena = hire(Shop.get(), "Lena", "owner")
        hers = signed_in(server, lena, "owner")
        assert hers.get("/api/v1/export").status_code == 200
        told(desk, f"/team/{lena.id}/role", role="manager")
        assert hers.get("/team").location == "/sign-in"

    def test_that_is_taken_away_takes_every_way_in_along_and_undo_brings_none_back(self, server, desk, shop):
        lena = hire(shop, "Lena", "owner")
        hers = signed_in(server, lena, "owner")
        link, program = access.invite(lena, "owner"), access.start_session(lena, "token")
        Staff.update(password_hash="x", second_factor="A" * 32).where(Staff.id == lena.id).execute()
        Passkey.create(staff=lena, credential="abcd", public_key="abcd", host="localhost", created_at=clock.now())
        owners.new_codes(lena)
        _token, browser = owners.enter(lena, "", "", "link")
        told(desk, f"/team/{lena.id}/role", role="staff")
        told(desk, f"/team/{lena.id}/role", role="owner")
        lena = Staff.get_by_id(lena.id)
        assert (lena.role, lena.password_hash, lena.second_factor) == ("owner", "", "")
        assert not Passkey.select().exists()
        assert not owners.codes_left(lena)
        assert owners.known_owner(browser) is None
        assert access.open_invitation("owner", link.token) is None
        assert access.session_for(program) is None
        assert hers.get("/team").location == "/sign-in"

    def test_is_what_an_owners_link_goes_by(self, server, sam):
        link = access.invite(sam, "owner")
        assert access.open_invitation("owner", link.token) is None
        for path in ("/sign-in/owner/", "/first-run/"):
            assert server.test_client().get(path + link.token).status_code == 410
            answer = server.test_client().post(path + link.token, headers={"Sec-Fetch-Site": "same-origin"})
            assert answer.status_code == 410
        assert Invitation.get().used_at is None

    @pytest.mark.parametrize("kind", ["owner", "phone", "token"])
    def test_of_an_owner_is_gained_by_no_session_of_before(self, desk, sam, kind):
        before = access.start_session(sam, kind)
        told(desk, f"/team/{sam.id}/role", role="owner")
        still = access.session_for(before)
        assert still is None or still.staff.acts_as == "staff"

    def test_of_an_owner_is_not_a_managers_to_touch(self, manager, owner):
        before = Staff.get_by_id(owner.id)
        for what in ("role", "pin", "leave", "open", "back", "shops", "link"):
            assert manager.post(f"/team/{owner.id}/{what}", {"role": "staff", "pin": "1234"}).status_code == 404, what
        assert manager.get(f"/team/{owner.id}").status_code == 404
        assert manager.act("staff.leave", staff=str(owner.id))["status"] == "rejected"
        assert Staff.get_by_id(owner.id).__data__ == before.__data__

    def test_of_staff_lets_nobody_change_the_team(self, phone, ana):
        assert (
            phone.act("staff.role", staff=str(ana.id), role="owner")["reason"]
            == "That is for a manager or the owner to do."
        )
        assert phone.post(f"/team/{ana.id}/role", {"role": "owner"}).status_code == 404
        assert Staff.get_by_id(ana.id).role == "staff"


class TestWhoLeaves:
    def test_is_out_at_once_on_every_phone_and_the_words_stay(self, desk, sam, phone, rosa):
        phone.act("note.create", customer=str(rosa.id), text="Left-handed")
        assert phone.get("/today").status_code == 200
        code, page = told(desk, f"/team/{sam.id}/leave")
        assert code == 303
        assert "Sam has left." in page
        assert phone.get("/today").status_code in (303, 401)
        assert phone.post("/api/v1/actions", json={"actions": []}).status_code == 401
        assert Note.get().author == sam
        assert "Sam" in desk.get(f"/customers/{rosa.id}").text
        assert Phone.select().where(Phone.revoked_at.is_null()).count() == 0

    def test_takes_the_phones_that_are_theirs_along_and_no_other(self, desk, sam, other_phone, server):
        hand = server.test_client()
        hand.set_cookie("regulars-phone", access.admit_phone(sam, "Counter")[1])
        told(desk, f"/team/{sam.id}/leave")
        assert hand.get("/sign-in").status_code == 401
        assert other_phone.get("/today").status_code == 200

    def test_is_back_with_everything_by_undo(self, desk, sam, phone):
        told(desk, f"/team/{sam.id}/leave")
        code, page = told(desk, f"/team/{sam.id}/back")
        assert code == 303
        assert "Sam is on the team again." in page
        assert phone.get("/today").status_code == 200
        assert Phone.select().where(Phone.revoked_at.is_null()).count() == 1

    def test_stays_signed_out_of_what_had_ended_before(self, desk, sam, server, at):
        early = signed_in(server, sam)
        access.shut_out(Phone.get())
        told(desk, f"/team/{sam.id}/leave")
        at(TUESDAY + timedelta(hours=1))
        told(desk, f"/team/{sam.id}/back")
        assert early.get("/today").status_code in (303, 401)

    def test_leaves_a_phone_that_others_use_to_whoever_used_it_last(self, desk, server, sam, ana, shop, at):
        counter, secret = access.admit_phone(sam, "Counter")
        own = access.admit_phone(sam, "Sam’s iPhone")[0]
        bo = hire(shop, "Bo")
        for days, one, phone in ((-40, ana, own), (-3, bo, counter), (-2, ana, counter)):
            at(TUESDAY + timedelta(days=days))
            access.enter_on_phone(one, phone, shop)
        at(TUESDAY)
        hand = server.test_client()
        hand.set_cookie("regulars-phone", secret)
        hand.set_cookie("regulars", access.enter_on_phone(sam, counter, shop))
        assert hand.get("/today").status_code == 200
        page = desk.get(f"/team/{sam.id}").text
        assert "Counter stays in use: others sign in on it. Ana’s from then on." in page
        assert "Sam’s iPhone is shut out and forgets everything." in page
        _code, page = told(desk, f"/team/{sam.id}/leave")
        assert "Sam has left. Phones that others use too stay in use." in page
        assert Phone.get_by_id(own.id).revoked_at == TUESDAY
        now = Phone.get_by_id(counter.id)
        assert (now.revoked_at, now.staff) == (None, ana)
        answer = hand.get("/today")
        assert (answer.status_code, "Clear-Site-Data" in answer.headers) == (303, False), "Sam is out, the phone is not"
        assert "Ana" in hand.get("/sign-in").text
        assert Hand(hand).post("/sign-in", {"staff": bo.id, "pin": "1234"}).status_code == 303
        told(desk, f"/team/{sam.id}/back")
        assert {Phone.get_by_id(phone.id).staff for phone in (counter, own)} == {sam}
        assert Phone.select().where(Phone.revoked_at.is_null(False)).count() == 0

    def test_is_never_the_only_owner(self, desk, owner):
        code, page = told(desk, f"/team/{owner.id}/leave")
        assert code == 422
        assert "Ruth is the only owner." in page

    def test_is_not_picked_at_sign_in_and_stands_below(self, desk, sam):
        told(desk, f"/team/{sam.id}/leave")
        assert sam not in access.team(sam.business_id)
        assert "Let Sam in again" in desk.get("/team").text


class TestAPinThatIsShut:
    @pytest.fixture
    def shut(self, sam):
        counter = access.admit_phone(sam, "Counter")[0]
        PinTries.create(staff=sam, phone=counter, wrong=5, wrong_in_all=10, rests_until=clock.now())
        return counter

    def test_is_told_and_opened(self, desk, sam, shut):
        assert "Too many wrong PINs for Sam on: Counter." in desk.get("/team").text
        code, page = told(desk, f"/team/{sam.id}/open")
        assert code == 303
        assert "Sam can try the PIN again." in page
        assert access.try_pin(sam, shut, "1234").right

    def test_is_opened_by_a_new_one(self, desk, sam, shut):
        assert told(desk, f"/team/{sam.id}/pin", pin="2468")[0] == 303
        assert access.try_pin(Staff.get_by_id(sam.id), shut, "2468").right

    def test_of_four_digits_is_too_short_where_six_are_asked_for(self, desk, shop, sam):
        Business.update(settings={"pin_digits": 6}).where(Business.id == shop.business_id).execute()
        code, page = told(desk, f"/team/{sam.id}/pin", pin="2468")
        assert code == 422
        assert "A PIN is six digits here." in page
        assert told(desk, f"/team/{sam.id}/pin", pin="246813")[0] == 303


class TestSeveralShops:
    def test_are_where_somebody_works_and_nothing_of_the_others_is_seen(self, desk, shop, second, sam, phone):
        code, page = told(desk, f"/team/{sam.id}/shops", shops=[second.id])
        assert code == 303
        assert "Sam works in: Second Street." in page
        assert f'name="shops" value="{shop.id}"' in page
        assert phone.get(f"/today?shop={shop.id}").status_code == 404
        assert {one.shop for one in Session.select().where(Session.staff == sam)} == {second}, "signed in, in the other"
        assert phone.get("/today").status_code == 200
        assert told(desk, f"/team/{sam.id}/shops", shops=f"{shop.id}")[0] == 303
        assert phone.get(f"/today?shop={second.id}").status_code == 404

    def test_are_one_at_least_and_ours(self, desk, sam, second):
        assert told(desk, f"/team/{sam.id}/shops")[0] == 422
        assert told(desk, f"/team/{sam.id}/shops", shops=[999])[0] == 422

    def test_hide_their_people_from_a_manager_of_another(self, manager, second, sam, shop):
        lee = Staff.create(business=shop.business, name="Lee", created_at=clock.now())
        Membership.create(staff=lee, shop=second)
        page = manager.get("/team").text
        assert "Sam" in page
        assert "Lee" not in page
        assert manager.get(f"/team/{lee.id}").status_code == 404
        assert manager.act("staff.leave", staff=str(lee.id))["status"] == "rejected"
        assert manager.act("staff.shops", staff=str(sam.id), shops=[str(second.id)])["status"] == "rejected"


def test_each_change_is_in_the_record_without_a_name(desk, sam):
    told(desk, name="Lee", pin="2468")
    told(desk, f"/team/{sam.id}/role", role="manager")
    told(desk, f"/team/{sam.id}/leave")
    kinds = [one.kind for one in Audit.select().order_by(Audit.number) if one.kind.startswith(("staff.", "pin."))]
    assert kinds == ["staff.added", "pin.set", "staff.role", "staff.left"]
    assert not any(name in repr(list(Audit.select().dicts())) for name in ("Lee", "Sam", "2468"))


def test_the_way_in_for_a_second_owner_is_an_owners_to_make(server, desk, shop, manager):
    lena = hire(shop, "Lena", "owner")
    assert manager.post(f"/team/{lena.id}/link").status_code == 404
    page = desk.post(f"/team/{lena.id}/link").text
    link = page.split("/sign-in/owner/")[1].split("<")[0]
    assert server.test_client().get(f"/sign-in/owner/{link}").status_code == 200
    assert Session.select().where(Session.staff == lena).count() == 0
    assert team.may_change(Staff.get(Staff.name == "Ruth"), lena)


class TestWhoAlsoWorksElsewhere:
    """A manager of one shop does not come into another by a colleague who works in both."""

    @pytest.fixture
    def cleo(self, shop, second):
        one = hire(shop, "Cleo")
        Membership.create(staff=one, shop=second)
        return one

    def test_is_an_owners_to_change(self, manager, desk, cleo):
        before = cleo.pin_hash
        for what in ("pin", "phone"):
            assert manager.post(f"/team/{cleo.id}/{what}", {"pin": "2468"}).status_code == 404, what
        counter = access.admit_phone(cleo, "Counter")[0]
        asked = {"staff": str(cleo.id), "role": "manager", "name": "Cleopatra", "phone": str(counter.id)}
        for kind in ("staff.role", "staff.leave", "staff.rename", "pin.open", "phone.rename", "phone.shut_out"):
            answer = manager.act(kind, **asked)
            assert answer["status"] == "rejected", kind
            assert "for an owner to change" in answer["reason"], kind
        now = Staff.get_by_id(cleo.id)
        assert (now.pin_hash, now.role, now.left_at, now.name) == (before, "staff", None, "Cleo")
        assert desk.act("staff.role", staff=str(cleo.id), role="manager")["status"] == "applied"

    def test_is_taken_out_of_the_managers_own_shop_alone(self, manager, cleo, second):
        page = manager.get(f"/team/{cleo.id}").text
        assert "Cleo works in another shop too, so name, role, PIN and phones are for an owner to change." in page
        assert 'data-testid="pin"' not in page
        assert 'data-testid="leave"' not in page
        signed_in_as = access.start_session(cleo, "phone", None, cleo.shops.where(Shop.id != second.id).get())
        code, page = told(manager, f"/team/{cleo.id}/shops")
        assert code == 303
        assert "They no longer work in a shop of yours. An owner can bring them back." in page
        assert [one.shop for one in cleo.memberships] == [second]
        assert Session.get(Session.token_hash == access.digest(signed_in_as)).shop == second

    def test_their_phone_has_no_buttons_for_the_manager(self, manager, desk, cleo, owner):
        for one in (cleo, owner):
            access.admit_phone(one, f"Of {one.name}")
        assert f"Of {owner.name}" in manager.get("/team").text
        assert manager.get("/team").text.count('data-testid="shut-out"') == 1, "the manager’s own"
        assert desk.get("/team").text.count('data-testid="shut-out"') == 3


def test_an_owners_phone_is_not_a_managers_to_shut_out(manager, desk, owner):
    counter = access.admit_phone(owner, "Desk")[0]
    for kind in ("phone.rename", "phone.shut_out"):
        assert manager.act(kind, phone=str(counter.id), name="Mine")["status"] == "rejected"
    now = Phone.get_by_id(counter.id)
    assert (now.name, now.revoked_at) == ("Desk", None)
    assert desk.act("phone.shut_out", phone=str(counter.id))["status"] == "applied"
