"""A shop's own authority: made once, kept to itself, and able to vouch for nothing outside its network."""

import os
import socket
import ssl
import stat
import threading
from datetime import timedelta

import pytest
from cryptography import x509

import clock
from outside import certificates

NAMES = ("localhost", "shop.local", "127.0.0.1", "192.168.1.20")
NOW = clock.system_now()


@pytest.fixture
def data(tmp_path):
    assert certificates.prepare(tmp_path, NAMES, NOW)
    return tmp_path


def told(data):
    found = certificates.told(data)
    assert found
    return found


def served(data, name, trusted=None):
    """Return what a phone that trusts our authority makes of the certificate, under a name; raises as it would."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificates.path(data))
    phone = ssl.create_default_context(cafile=str(trusted or data / "https" / "authority.pem"))
    here, there = socket.socketpair()

    def answer():
        try:
            server.wrap_socket(there, server_side=True).close()
        except OSError:
            there.close()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with phone.wrap_socket(here, server_hostname=name) as one:
            return one.getpeercert()
    finally:
        here.close()
        thread.join(5)


class TestACertificate:
    @pytest.mark.parametrize("name", NAMES)
    def test_is_taken_for_each_of_its_names(self, data, name):
        assert served(data, name)

    def test_is_refused_for_another_name_and_by_whoever_trusts_another_authority(self, data, tmp_path_factory):
        other = tmp_path_factory.mktemp("other")
        certificates.prepare(other, NAMES, NOW)
        with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
            served(data, "other.local")
        with pytest.raises(ssl.SSLCertVerificationError):
            served(data, "shop.local", other / "https" / "authority.pem")

    def test_lasts_no_longer_than_apples_phones_take(self, data):
        _key, one = certificates._read(certificates.path(data))
        assert one.not_valid_before_utc < NOW
        assert one.not_valid_after_utc - one.not_valid_before_utc < timedelta(days=397)

    def test_lies_there_for_its_owner_alone(self, data):
        for file in (data / "https").iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        assert stat.S_IMODE((data / "https").stat().st_mode) == 0o700


class TestTheAuthority:
    def test_is_made_once(self, data):
        before = certificates.authority(data)
        assert certificates.prepare(data, ("localhost", "10.0.0.5"), NOW + timedelta(days=390))
        assert certificates.authority(data) == before

    def test_is_the_same_for_all_who_begin_at_once(self, tmp_path):
        threads = [threading.Thread(target=certificates.prepare, args=(tmp_path, NAMES)) for _ in range(6)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sorted(os.listdir(tmp_path / "https")) == ["authority.pem", "server.pem"]
        assert served(tmp_path, "shop.local")

    def test_of_whoever_comes_first_stays(self, data):
        before = certificates.authority(data)
        certificates._make_authority(data / "https" / "authority.pem", NOW)  # by one who had seen none
        assert certificates.authority(data) == before

    def test_cannot_vouch_for_the_world(self, data):
        """Whoever had its key could still not play a bank on the phones that trust it."""
        signer = certificates._read(data / "https" / "authority.pem")
        for name in ("bank.example.org", "203.0.113.80"):
            certificates._sign(certificates.path(data), signer, (name,), NOW)
            with pytest.raises(ssl.SSLCertVerificationError, match="subtree"):
                served(data, name)

    def test_gives_away_its_certificate_alone(self, data):
        der = certificates.authority(data)
        assert der
        assert x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert len(certificates.fingerprint(der).split(":")) == 32

    @pytest.mark.parametrize("damage", [b"", b"nonsense", b"half"])
    def test_that_is_damaged_is_not_made_anew_over_the_shops_head(self, data, damage):
        file = data / "https" / "authority.pem"
        file.write_bytes(damage if damage != b"half" else file.read_bytes()[:300])
        kept = file.read_bytes()
        with pytest.raises(certificates.Unusable):
            certificates.prepare(data, NAMES, NOW)
        assert file.read_bytes() == kept

    def test_that_ends_before_what_it_would_sign_says_so(self, data):
        with pytest.raises(certificates.Unusable):
            certificates.prepare(data, NAMES, NOW + timedelta(days=3300))


class TestARenewal:
    @pytest.mark.parametrize(
        ("names", "days", "is_due"),
        [
            (NAMES, 0, False),
            (NAMES, 270, False),
            (NAMES, 280, True),
            (NAMES[:2], 0, False),
            ((*NAMES, "10.0.0.9"), 0, True),
            ((*NAMES, "203.0.113.9", "shop.example.org"), 0, False),
        ],
        ids=["new", "months left", "four months left", "a name less", "an address more", "what it cannot vouch for"],
    )
    def test_comes_months_before_the_end_and_with_a_new_address(self, data, names, days, is_due):
        before = told(data)
        assert certificates.prepare(data, names, NOW + timedelta(days=days)) is is_due
        after = told(data)
        assert (after.fingerprint != before.fingerprint) is is_due
        if is_due:
            assert set(names) <= set(after.names)
            assert after.until > NOW + timedelta(days=days + 390)

    @pytest.mark.parametrize("damage", ["missing", "cut off", "of another authority"])
    def test_mends_what_is_no_good(self, data, damage, tmp_path_factory):
        file = certificates.path(data)
        if damage == "missing":
            file.unlink()
        elif damage == "cut off":
            file.write_bytes(file.read_bytes()[:400])
        else:
            other = tmp_path_factory.mktemp("other")
            certificates.prepare(other, NAMES, NOW)
            file.write_bytes(certificates.path(other).read_bytes())
        assert certificates.prepare(data, NAMES, NOW)
        assert served(data, "shop.local")


class TestTheNamesOfThisMachine:
    def test_are_those_that_phones_may_use(self, monkeypatch):
        monkeypatch.setattr(socket, "gethostname", lambda: "Counter.example.org")
        monkeypatch.setenv("REGULARS_PUBLIC_URL", "https://regulars.lan:8000")
        monkeypatch.setattr(certificates, "addresses", lambda: {"192.168.1.20"})
        assert certificates.wanted() == (
            "localhost", "counter.local", "counter", "counter.example.org", "regulars.lan", "127.0.0.1", "::1", "192.168.1.20",
        )  # fmt: skip

    @pytest.mark.parametrize("name", ["", "a b", "-", "x" * 70, "10.0.0.1"])
    def test_are_names_whatever_the_machine_is_called(self, monkeypatch, tmp_path, name):
        monkeypatch.setattr(socket, "gethostname", lambda: name)
        assert certificates.prepare(tmp_path)
        assert "localhost" in told(tmp_path).names
