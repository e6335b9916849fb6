"""Passkeys: only the key that was added opens, only here, and each answer once."""

import json

import pytest

import clock
from domain import passkeys
from models import Audit, Passkey, Staff
from tests.authenticator import Authenticator
from tests.conftest import hire

HOST, ORIGIN = "shop.example.org", "https://shop.example.org"
pytest.importorskip("webauthn")


@pytest.fixture
def device():
    return Authenticator(HOST, ORIGIN)


def add(staff, device, name="Phone", host=HOST):
    options = passkeys.to_add(staff, "Fenwick Road Coffee", host)
    return passkeys.add(staff, device.made(options), name, host, device.origin)


@pytest.fixture
def key(owner, device):
    return add(owner, device)


def proven(answer, host=HOST, origin=ORIGIN):
    return passkeys.proven(answer, host, origin)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://shop.example.org/", "shop.example.org"),
        ("https://shop.example.org:8443/", "shop.example.org"),
        ("https://shop.local/", "shop.local"),
        ("http://localhost:8000/", "localhost"),
        ("https://localhost/", "localhost"),
        ("http://shop.example.org/", ""),
        ("http://127.0.0.1:8000/", ""),
        ("https://192.168.1.4/", ""),
        ("https://192.168.1.4:8443/", ""),
        ("https://[::1]:8443/", ""),
        ("https://[fe80::1]/", ""),
        ("http://localhost.example.org/", ""),
    ],
)
def test_passkeys_want_a_host_name_and_https_or_this_machine(address, host):
    assert passkeys.host_for(address) == host


class TestAdding:
    def test_keeps_the_public_part_by_name(self, owner, key):
        assert (key.name, key.host, key.staff) == ("Phone", HOST, owner)
        assert Audit.select().where(Audit.kind == "passkey.added").get().told == {"passkey": key.id}

    def test_asks_for_one_that_the_device_finds_and_opens_by_itself(self, owner, key):
        wanted = json.loads(passkeys.to_add(owner, "Fenwick Road Coffee", HOST))
        assert wanted["authenticatorSelection"]["residentKey"] == "required"
        assert wanted["authenticatorSelection"]["userVerification"] == "required"
        assert [one["id"] for one in wanted["excludeCredentials"]] == [key.credential]

    def test_the_same_key_twice_is_refused(self, owner, shop, device, key):
        for one in (owner, hire(shop, "Bea", "owner")):
            with pytest.raises(passkeys.NotProven):
                add(one, device)

    def test_wants_our_challenge_to_the_same_owner_for_this(self, owner, shop, device):
        bea = hire(shop, "Bea", "owner")
        made_up = json.dumps({"challenge": "A" * 43})
        for options in (passkeys.to_add(bea, "Fenwick Road Coffee", HOST), passkeys.to_prove(HOST), made_up):
            with pytest.raises(passkeys.NotProven):
                passkeys.add(owner, device.made(options), "Phone", HOST, ORIGIN)

    @pytest.mark.parametrize(
        "wrong", [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"origin": "http://shop.example.org"}]
    )
    def test_wants_this_place(self, owner, device, wrong):
        options = passkeys.to_add(owner, "Fenwick Road Coffee", HOST)
        with pytest.raises(passkeys.NotProven):
            passkeys.add(owner, device.made(options, **wrong), "Phone", HOST, ORIGIN)

    def test_wants_somebody_to_have_shown_who_they_are(self, owner, device):
        device.flags = 0x01
        with pytest.raises(passkeys.NotProven):
            add(owner, device)

    def test_has_an_end(self, owner, device):
        for number in range(passkeys.AT_MOST):
            Passkey.create(staff=owner, credential=f"{number:04}", public_key="", host=HOST, created_at=clock.now())
        with pytest.raises(passkeys.NotProven):
            add(owner, device)

    def test_removing_is_for_ones_own(self, owner, shop, key, device):
        assert not passkeys.remove(hire(shop, "Bea", "owner"), key.id)
        assert passkeys.remove(owner, key.id)
        with pytest.raises(passkeys.NotProven):
            proven(device.proof(passkeys.to_prove(HOST)))


class TestProving:
    def test_says_whose_it_is_and_when_it_was_used(self, owner, device, key):
        assert proven(device.proof(passkeys.to_prove(HOST))) == owner
        assert Passkey.get().used_at == clock.now()

    def test_an_answer_is_good_once(self, device, key):
        answer = device.proof(passkeys.to_prove(HOST))
        proven(answer)
        with pytest.raises(passkeys.NotProven):
            proven(answer)

    def test_an_answer_to_an_older_challenge_is_too_late(self, device, key):
        before, after = passkeys.to_prove(HOST), passkeys.to_prove(HOST)
        proven(device.proof(after))
        with pytest.raises(passkeys.NotProven):
            proven(device.proof(before))

    def test_an_answer_is_good_once_where_the_device_does_not_count(self, owner, device, key):
        answer = device.proof(passkeys.to_prove(HOST))
        Passkey.update(sign_count=0).execute()
        proven(answer)
        Passkey.update(sign_count=0).execute()
        with pytest.raises(passkeys.NotProven):
            proven(answer)

    def test_a_challenge_lasts_five_minutes(self, device, key, monkeypatch):
        answer, now = device.proof(passkeys.to_prove(HOST)), passkeys._now()
        monkeypatch.setattr(passkeys, "_now", lambda: now + passkeys.LASTS)
        with pytest.raises(passkeys.NotProven):
            proven(answer)

    def test_a_challenge_is_for_one_host_and_purpose(self, owner, device, key):
        for options in (passkeys.to_prove("other.example.org"), passkeys.to_add(owner, "Fenwick Road Coffee", HOST)):
            with pytest.raises(passkeys.NotProven):
                proven(device.proof(options))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"origin": "https://evil.example"},
            {"origin": "https://shop.example.org.evil.example"},
            {"host": "evil.example"},
            {"kind": "webauthn.create"},
        ],
    )
    def test_a_false_page_gets_nowhere(self, device, key, wrong):
        with pytest.raises(passkeys.NotProven):
            proven(device.proof(passkeys.to_prove(HOST), **wrong))

    def test_another_devices_key_under_the_same_number_does_not_open(self, device, key):
        other = Authenticator(HOST, ORIGIN)
        other.id = device.id
        with pytest.raises(passkeys.NotProven):
            proven(other.proof(passkeys.to_prove(HOST)))

    def test_a_device_that_counts_backwards_is_a_copy(self, device, key):
        for _ in range(3):
            proven(device.proof(passkeys.to_prove(HOST)))
        device.used = 1
        with pytest.raises(passkeys.NotProven):
            proven(device.proof(passkeys.to_prove(HOST)))

    def test_somebody_has_to_show_who_they_are(self, device, key):
        device.flags = 0x01
        with pytest.raises(passkeys.NotProven):
            proven(device.proof(passkeys.to_prove(HOST)))

    @pytest.mark.parametrize(
        "changed", [{"left_at": "2026-11-24T08:00:00.000Z"}, {"role": "manager"}], ids=["left", "no owner"]
    )
    def test_it_is_an_owners_who_is_still_there(self, owner, device, key, changed):
        Staff.update(**changed).where(Staff.id == owner.id).execute()
        with pytest.raises(passkeys.NotProven):
            proven(device.proof(passkeys.to_prove(HOST)))

    @pytest.mark.parametrize(
        "answer",
        [
            "",
            "null",
            "[]",
            "{}",
            "{" * 3000,
            '{"response": 1}',
            '{"response": {"clientDataJSON": "e30"}}',
            "x" * 30_000,
        ],
        ids=["empty", "null", "a list", "an object", "deep", "a number", "no challenge", "long"],
    )
    def test_nonsense_proves_nothing(self, key, answer):
        with pytest.raises(passkeys.NotProven):
            proven(answer)

    def test_a_right_answer_with_anything_broken_proves_nothing(self, device, key):
        whole = json.loads(device.proof(passkeys.to_prove(HOST)))
        for name in ("clientDataJSON", "authenticatorData", "signature"):
            for value in ("", "!", "AAAA", None, 5, "é"):
                with pytest.raises(passkeys.NotProven):
                    proven(json.dumps({**whole, "response": {**whole["response"], name: value}}))
        for name in ("id", "rawId", "type"):
            for value in ("", "AAAA", None, 5):
                with pytest.raises(passkeys.NotProven):
                    proven(json.dumps({**whole, name: value}))
