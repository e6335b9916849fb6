"""How an owner gets in: name and password, tries that rest but never shut, a second factor, and beginning anew."""

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

import app as wiring
import clock
from domain import access, one_time_codes, owners, passwords
from models import Audit, Business, Invitation, Message, Passkey, RecoveryCode, Shop, SignInTries, Staff, db
from tests.conftest import TUESDAY, hire, signed_in

GOOD = "rye crust under lamplight"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Weigh passwords at a cost that tests can bear."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def ruth(owner):
    access.set_password(owner, GOOD)
    return owner


def tried(name="Ruth", password=GOOD, browser=""):
    return owners.try_password(name, password, browser).staff


def wrong(times, browser=""):
    for _ in range(times):
        assert tried(password="not this one at all", browser=browser) is None


def session(token):
    found = access.session_for(token)
    assert found
    return found


def opened(link):
    found = access.open_invitation("owner", link.token)
    assert found
    return found


def code_of(staff, at=None):
    key = base64.b32decode(Staff.get_by_id(staff.id).second_factor)
    return one_time_codes.code_at(key, int((at or clock.now()).timestamp()) // 30)


class TestNameAndPassword:
    @pytest.mark.parametrize("name", ["Ruth", " ruth ", "RUTH", "Fenwick Road Coffee", "fenwick road coffee"])
    def test_open_by_name_or_by_the_shops(self, ruth, name):
        assert tried(name) == ruth

    @pytest.mark.parametrize("name", ["", "Sam", "Nobody", "%", "Ruth\x00"])
    def test_of_anybody_else_do_not(self, ruth, sam, name):
        assert tried(name) is None

    def test_are_an_owners_alone(self, ruth, sam):
        Staff.update(password_hash=ruth.password_hash).where(Staff.id == sam.id).execute()
        assert tried("Sam") is None

    def test_do_not_open_once_they_have_left(self, ruth):
        Staff.update(left_at=clock.now()).where(Staff.id == ruth.id).execute()
        assert tried() is None

    def test_of_an_owner_who_has_none_never_open(self, owner):
        assert tried("Ruth", "nobody’s password") is None
        assert tried("Ruth", "") is None

    def test_by_the_shops_name_want_one_owner(self, ruth, shop):
        hire(shop, "Bea", "owner")
        assert tried("Fenwick Road Coffee") is None
        assert tried("Ruth") == ruth

    def test_of_two_owners_of_one_name_each_has_their_own(self, ruth, shop):
        other = hire(shop, "Ruth", "owner")
        access.set_password(other, "four wet dogs at noon")
        assert tried("Ruth") == ruth
        assert tried("Ruth", "four wet dogs at noon") == other

    def test_an_unknown_name_is_weighed_as_long_as_a_known_one(self, ruth, monkeypatch):
        weighed = []
        verify = PasswordHasher.verify

        def counting(*given):
            weighed.append(given[1].startswith("$argon2id$"))
            return verify(*given)

        monkeypatch.setattr(PasswordHasher, "verify", counting)
        tried("Nobody", "not this one at all")
        assert weighed == [True]
        tried("Ruth", "not this one at all")
        assert weighed == [True] * 2
        wrong(4)
        weighed.clear()
        wrong(1)
        assert weighed == [True], "nor does a rest show in the time"

    def test_made_at_another_cost_are_hashed_anew(self, ruth, monkeypatch):
        monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
        assert tried() == ruth
        assert ",t=2," in Staff.get_by_id(ruth.id).password_hash
        assert tried() == ruth


class TestWrongTries:
    def test_rest_after_five_for_a_minute_then_twice_as_long_up_to_an_hour(self, ruth, at):
        wrong(5)
        assert tried() is None, "not even the right one"
        now, rests = TUESDAY, []
        for _ in range(9):
            rests.append(SignInTries.get().rests_until - now)
            now = at(SignInTries.get().rests_until)
            wrong(1)
        assert [rest.total_seconds() // 60 for rest in rests] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        at(SignInTries.get().rests_until - timedelta(seconds=1))
        assert tried() is None
        at(SignInTries.get().rests_until)
        assert tried() == ruth

    def test_never_shut_anybody_out_for_good(self, ruth, at):
        for hour in range(24 * 30):
            at(TUESDAY + timedelta(hours=hour))
            tried(password="not this one at all")
        at(TUESDAY + timedelta(days=30, hours=1))
        assert tried() == ruth

    def test_of_strangers_do_not_count_against_a_browser_that_was_signed_in_on(self, ruth):
        _token, browser = owners.enter(ruth, "", "Firefox|Linux", "password")
        wrong(20)
        assert tried() is None
        assert tried(browser=browser) == ruth

    def test_while_it_rests_write_nothing(self, ruth, shop):
        wrong(5)
        rows, lines = list(SignInTries.select().dicts()), Audit.select().count()
        wrong(5)
        assert (list(SignInTries.select().dicts()), Audit.select().count()) == (rows, lines)

    def test_on_a_known_browser_are_counted_there(self, ruth):
        _token, browser = owners.enter(ruth, "", "", "password")
        wrong(5, browser)
        assert tried(browser=browser) is None
        assert tried() == ruth, "and strangers' are not"

    def test_a_made_up_browser_is_a_stranger(self, ruth):
        wrong(5)
        assert tried(browser="x" * 43) is None
        assert SignInTries.select().count() == 1

    def test_are_forgotten_when_it_was_right(self, ruth):
        wrong(4)
        owners.enter(tried(), "", "", "password")
        wrong(4)
        assert tried() == ruth

    def test_are_forgotten_a_day_after_the_rest(self, ruth, at):
        wrong(8)
        at(TUESDAY + timedelta(days=2))
        wrong(4)
        assert tried() == ruth

    def test_outlive_a_restart(self, storage, ruth):
        wrong(5)
        wiring.create_app(storage)
        assert tried() is None

    def test_fifty_at_once_are_looked_at_five_times(self, ruth, monkeypatch):
        looked, lock = [], threading.Lock()
        verify = PasswordHasher.verify

        def seen(self, kept, password):
            with lock:
                looked.append(kept == ruth.password_hash)
            return verify(self, kept, password)

        monkeypatch.setattr(PasswordHasher, "verify", seen)
        monkeypatch.setattr(passwords, "turn", lambda known: nullcontext())  # as several servers would

        def one(_n):
            with db.connection_context():
                return tried(password="not this one at all")

        with ThreadPoolExecutor(10) as pool:
            assert not any(pool.map(one, range(50)))
        assert looked.count(True) == 5

    def test_are_in_the_record_without_name_or_text(self, ruth):
        wrong(2)
        lines = [line.told for line in Audit.select().where(Audit.kind == "session.refused")]
        assert lines == [{"person": ruth.id, "how": "password"}] * 2

    def test_of_ten_in_a_row_the_owner_hears_once(self, ruth, shop, at):
        wrong(9)
        for hours in range(1, 40):
            assert Message.select().count() == (1 if hours > 5 else 0)
            at(TUESDAY + timedelta(hours=hours))
            wrong(1)
        told = Message.get()
        assert (told.kind, told.subject) == ("alert", "Fenwick Road Coffee: too many wrong passwords")
        assert "for Ruth" in told.text

    def test_a_try_for_which_there_was_no_turn_is_not_counted(self, ruth, monkeypatch):
        monkeypatch.setattr(passwords, "WAITS", 0.001)
        for _ in range(7):
            with passwords.turn(False), pytest.raises(passwords.Busy):
                tried()
        assert tried() == ruth


class TestTheSecondFactor:
    @pytest.fixture
    def codes(self, ruth, at):
        secret = one_time_codes.new_secret()
        key = base64.b32decode(secret)
        codes = owners.turn_on(ruth, secret, one_time_codes.code_at(key, int(TUESDAY.timestamp()) // 30))
        assert codes
        at(TUESDAY + timedelta(minutes=2))
        return codes

    def half(self):
        found = owners.try_password("Ruth", GOOD, "")
        assert found.staff is None, "the password alone does not do"
        return found.half

    def test_is_turned_on_by_a_right_code_only(self, ruth):
        assert owners.turn_on(ruth, one_time_codes.new_secret(), "000000") is None
        assert owners.turn_on(ruth, "nonsense", "000000") is None
        assert Staff.get_by_id(ruth.id).second_factor == ""

    def test_is_asked_for_after_the_password(self, ruth, codes):
        assert owners.half_way(self.half()) == ruth
        assert owners.try_code(Staff.get_by_id(ruth.id), code_of(ruth), "")

    def test_takes_each_code_once(self, ruth, codes, at):
        one = Staff.get_by_id(ruth.id)
        code = code_of(ruth)
        assert owners.try_code(one, code, "")
        assert not owners.try_code(one, code, "")
        at(clock.now() + timedelta(seconds=30))
        assert not owners.try_code(one, code, ""), "nor while it would still count"
        assert owners.try_code(one, code_of(ruth), "")
        assert not owners.try_code(one, code_of(ruth, clock.now() - timedelta(seconds=30)), ""), "nor one from before"

    def test_the_code_that_turned_it_on_is_used(self, ruth, codes, at):
        at(TUESDAY)
        assert not owners.try_code(Staff.get_by_id(ruth.id), code_of(ruth), "")

    def test_takes_each_recovery_code_once(self, ruth, codes):
        one = Staff.get_by_id(ruth.id)
        assert len(set(codes)) == 10
        assert owners.try_code(one, codes[3].upper().replace(" ", "-"), "")
        assert not owners.try_code(one, codes[3], "")
        assert owners.try_code(one, codes[4], "")
        assert owners.codes_left(one) == 8
        assert [line.told for line in Audit.select().where(Audit.kind == "second_factor.recovery")] == [
            {"left": 9},
            {"left": 8},
        ]

    def test_keeps_recovery_codes_hashed(self, ruth, codes):
        kept = " ".join(row.code_hash for row in RecoveryCode.select())
        assert not any(code.replace(" ", "") in kept for code in codes)

    def test_new_recovery_codes_end_the_old(self, ruth, codes):
        new = owners.new_codes(ruth)
        one = Staff.get_by_id(ruth.id)
        assert not owners.try_code(one, codes[0], "")
        assert owners.try_code(one, new[0], "")

    def test_is_guessed_five_times_and_then_rests(self, ruth, codes):
        one = Staff.get_by_id(ruth.id)
        half = self.half()
        for guess in range(5):
            assert not owners.try_code(one, f"{guess:06}", "")
        assert not owners.try_code(one, code_of(ruth), "")
        assert owners.half_way(half) == ruth
        assert owners.try_password("Ruth", GOOD, "").half == "", "nor does the right password end the rest"

    def test_the_right_password_gives_no_new_guesses(self, ruth, codes):
        one = Staff.get_by_id(ruth.id)
        for guess in range(4):
            self.half()
            assert not owners.try_code(one, f"{guess:06}", "")
        assert SignInTries.get(SignInTries.browser == "").wrong == 4

    @pytest.mark.parametrize("spoil", ["", "1", "1.2.3", "x.y.z", "1." + "9" * 11 + ".00", "-1.1.1", "1.1.é"])
    def test_half_of_it_cannot_be_made_up(self, ruth, codes, spoil):
        assert owners.half_way(spoil) is None

    def test_half_of_it_lasts_five_minutes_and_is_one_persons(self, ruth, shop, codes, at):
        half = self.half()
        bea = hire(shop, "Bea", "owner")
        assert owners.half_way(half.replace(f"{ruth.id}.", f"{bea.id}.", 1)) is None
        at(clock.now() + timedelta(minutes=5, seconds=1))
        assert owners.half_way(half) is None

    def test_half_of_it_ends_with_the_password(self, ruth, codes):
        half = self.half()
        access.set_password(ruth, "four wet dogs at noon")
        assert owners.half_way(half) is None

    def test_is_turned_off_with_its_codes(self, ruth, codes):
        owners.turn_off(ruth)
        assert tried() == ruth
        assert not RecoveryCode.select().exists()


class TestSessions:
    def test_begin_in_the_record_and_are_told_apart(self, ruth, at):
        owners.enter(ruth, "", "Firefox|Windows", "password")
        at(TUESDAY + timedelta(minutes=1))
        owners.enter(ruth, "", "Safari|iPhone", "passkey")
        assert [one.about for one in access.open_sessions(ruth)] == ["Safari|iPhone", "Firefox|Windows"]
        assert [line.told["how"] for line in Audit.select().where(Audit.kind == "session.begun")] == [
            "password",
            "passkey",
        ]

    def test_are_new_each_time(self, ruth):
        assert len({owners.enter(ruth, "", "", "password")[0] for _ in range(3)}) == 3

    def test_end_one_by_one_and_only_ones_own(self, ruth, sam, shop):
        token, _browser = owners.enter(ruth, "", "", "password")
        other = session(access.start_session(sam, "token"))
        assert owners.end_one(ruth, session(token).id)
        assert access.session_for(token) is None
        assert not owners.end_one(ruth, other.id)

    def test_all_others_end_at_once_and_other_browsers_are_strangers(self, ruth, sam):
        token, here = owners.enter(ruth, "", "", "password")
        other, there = owners.enter(ruth, "", "", "password")
        program, sams = access.start_session(ruth, "token"), access.start_session(sam, "token")
        assert owners.end_others(ruth, session(token), here) == 2
        assert access.session_for(token)
        assert access.session_for(sams)
        assert access.session_for(other) is access.session_for(program) is None
        assert owners.known_owner(here) == ruth
        assert owners.known_owner(there) is None

    def test_a_browser_is_known_with_whoever_signed_in_last(self, ruth, shop):
        bea = hire(shop, "Bea", "owner")
        _token, browser = owners.enter(ruth, "", "", "password")
        assert owners.enter(bea, browser, "", "password")[1] == browser
        assert owners.known_owner(browser) == bea
        assert owners.known_owner("") is None

    def test_no_more_than_fifty_browsers_are_known(self, ruth):
        first = owners.enter(ruth, "", "", "password")[1]
        for _ in range(50):
            last = owners.enter(ruth, "", "", "password")[1]
        assert owners.known_owner(first) is None
        assert owners.known_owner(last) == ruth


class TestReset:
    def test_takes_away_every_way_in_and_ends_sessions(self, server, ruth, shop):
        desk = signed_in(server, ruth, "owner")
        counter = signed_in(server, ruth)
        program = access.start_session(ruth, "token")
        owners.new_codes(ruth)
        Passkey.create(staff=ruth, credential="abcd", public_key="abcd", host="localhost", created_at=clock.now())
        Staff.update(second_factor="A" * 32).where(Staff.id == ruth.id).execute()
        old = access.invite(ruth, "owner")
        link = owners.reset(ruth)
        one = Staff.get_by_id(ruth.id)
        assert (one.password_hash, one.second_factor) == ("", "")
        assert not Passkey.select().exists()
        assert not RecoveryCode.select().exists()
        assert desk.get("/settings").status_code == counter.get("/today").status_code == 303
        assert access.session_for(program), "programs go on"
        assert access.open_invitation("owner", old.token) is None
        assert access.open_invitation("owner", link.token)
        assert Audit.select().where(Audit.kind == "owner.reset").count() == 1

    def test_leaves_everybody_else_as_they_are(self, server, ruth, shop):
        bea = hire(shop, "Bea", "owner")
        access.set_password(bea, "four wet dogs at noon")
        desk = signed_in(server, bea, "owner")
        owners.reset(ruth)
        assert desk.get("/settings").status_code == 200
        assert tried("Bea", "four wet dogs at noon") == bea

    def test_its_link_sets_a_password_once(self, owner):
        link = owners.reset(owner)
        with pytest.raises(access.Unfit):
            owners.invited(opened(link), "", "", "password123")
        assert Invitation.get().used_at is None, "a password that will not do does not use it up"
        assert owners.invited(opened(link), "", "", GOOD)
        assert tried() == owner
        assert access.open_invitation("owner", link.token) is None


def test_another_businesss_owner_has_no_part_in_it(ruth):
    business = Business.create(name="Others", created_at=clock.now())
    Shop.create(business=business, name="Elsewhere")
    eve = Staff.create(business=business, name="Eve", role="owner", created_at=clock.now())
    access.set_password(eve, "four wet dogs at noon")
    wrong(20)
    assert tried("Elsewhere", "four wet dogs at noon") == eve
