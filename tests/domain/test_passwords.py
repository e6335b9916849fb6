"""An owner's password: which are refused, how it is kept, and that nobody learns from the time an answer takes."""

import threading

import pytest
from argon2 import PasswordHasher

from domain import access, passwords
from models import Session, SignInTries, Staff
from tests.conftest import signed_in

GOOD = "rye crust under lamplight"
NAMES = ("Fenwick Road Coffee", "Ruth Ng")


class TestAPassword:
    @pytest.mark.parametrize(
        "password",
        [
            GOOD,
            "zq7!mokt rain",
            "Tr0ub4dor&3",
            "Müllers Kühe fliegen",
            "пароль дождя зимой",
            "猫が雨の日に歩く道をゆく",
            "Ruth likes purple umbrellas",  # a name in it does no harm where enough is left
            "x" * 3 + " four wet dogs " * 30,
        ],
    )
    def test_is_taken(self, password):
        assert passwords.problem(password, *NAMES) == ""

    @pytest.mark.parametrize(
        ("password", "why"),
        [
            ("", "ten characters"),
            ("lamplight", "ten characters"),
            ("a" * 501, "longer than"),
            ("password123", "anybody would try"),
            ("Passw0rd!2026", "anybody would try"),
            ("p a s s w o r d 1 2", "anybody would try"),
            ("dragondragon", "anybody would try"),
            ("iloveyou2026!!", "anybody would try"),
            ("qwertyuiop12", "anybody would try"),
            ("abcdefghijklm", "anybody would try"),
            ("02081234567", "anybody would try"),
            ("abababababab", "anybody would try"),
            ("ｐａｓｓｗｏｒｄ１２３", "anybody would try"),
            ("Fenwick Road Coffee", "a name of yours"),
            ("FenwickRoad2026", "a name of yours"),
            ("coffee-fenwick-1", "a name of yours"),
            ("ruthruthruthruth", "a name of yours"),
        ],
    )
    def test_is_refused_with_a_sentence(self, password, why):
        assert why in passwords.problem(password, *NAMES)

    def test_a_name_of_two_letters_forbids_nothing(self):
        assert passwords.problem("singing kettles", "Ng") == ""

    def test_is_kept_as_argon2id_and_never_twice_alike(self):
        one, two = passwords.hashed(GOOD), passwords.hashed(GOOD)
        assert one != two
        assert one.startswith("$argon2id$v=19$m=32768,t=3,p=1$")
        assert passwords.matches(GOOD, one)
        assert not passwords.matches(GOOD + " ", one)
        assert not passwords.matches(GOOD, "")
        assert not passwords.matches("nobody’s password", "")
        assert not passwords.matches(GOOD, "nonsense")

    def test_written_on_another_keyboard_is_the_same(self):
        assert passwords.matches("cafe\u0301 au lait noir", passwords.hashed("caf\u00e9 au lait noir"))

    def test_made_at_another_cost_is_known_and_to_be_made_anew(self):
        old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(GOOD)
        assert passwords.matches(GOOD, old)
        assert passwords.is_outdated(old)
        assert not passwords.is_outdated(passwords.hashed(GOOD))
        assert not passwords.is_outdated("")

    def test_waits_for_its_turn_but_not_for_ever(self, monkeypatch):
        monkeypatch.setattr(passwords, "WAITS", 0.01)
        with passwords.turn(True), passwords.turn(True), pytest.raises(passwords.Busy):
            passwords.hashed(GOOD)
        assert passwords.hashed(GOOD), "and then it goes on"

    def test_of_a_crowd_of_strangers_all_but_three_are_told_at_once(self, monkeypatch):
        monkeypatch.setattr(passwords, "WAITS", 30)
        weighs, refused = threading.Event(), threading.Semaphore(0)

        def stranger():
            try:
                with passwords.turn(False):
                    weighs.wait(60)
            except passwords.Busy:
                refused.release()

        crowd = [threading.Thread(target=stranger) for _ in range(20)]
        for one in crowd:
            one.start()
        try:
            assert all(refused.acquire(timeout=10) for _ in range(17)), "while the three still hold their places"
            with passwords.turn(True):
                pass  # an owner's browser has its turn meanwhile
        finally:
            weighs.set()
            for one in crowd:
                one.join()
        with passwords.turn(False):
            pass


class TestSettingIt:
    def test_keeps_only_the_hash(self, owner):
        access.set_password(owner, GOOD)
        kept = Staff.get_by_id(owner.id).password_hash
        assert kept.startswith("$argon2id$")
        assert passwords.matches(GOOD, kept)

    def test_knows_the_names_of_the_shop_and_the_owner(self, owner):
        assert access.password_problem(owner, "fenwick road coffee")
        with pytest.raises(access.Unfit, match="a name of yours"):
            access.set_password(owner, "fenwick road coffee")
        assert Staff.get_by_id(owner.id).password_hash == ""

    @pytest.mark.parametrize("kind", ["owner", "phone", "token"])
    def test_signs_out_everywhere_else(self, owner, sam, kind):
        here, other, sams = (access.start_session(*who) for who in ((owner, "owner"), (owner, kind), (sam, kind)))
        access.set_password(owner, GOOD, access.session_for(here))
        assert access.session_for(here)
        assert access.session_for(other) is None
        assert access.session_for(sams)

    def test_signs_out_their_other_browsers(self, server, owner):
        desk, other = signed_in(server, owner, "owner"), signed_in(server, owner, "owner")
        SignInTries.create(staff=owner, browser="known")
        here = Session.select().order_by(Session.id).first()
        access.set_password(owner, GOOD, here)
        assert desk.get("/settings").status_code == 200
        assert other.get("/settings").status_code == 303
        assert not SignInTries.select().exists()
