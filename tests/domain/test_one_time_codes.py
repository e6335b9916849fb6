"""The second factor's codes are those of RFC 6238, so every app shows the same ones."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from domain import one_time_codes as codes
from tests.conftest import TUESDAY

KEY = b"12345678901234567890"  # of the RFC's appendix B


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_a_code_is_the_rfcs(seconds, code):
    assert codes.code_at(KEY, seconds // codes.STEP, digits=8) == code
    secret, now = base64.b32encode(KEY).decode(), datetime.fromtimestamp(seconds, UTC)
    assert codes.step_of(secret, code[2:], now) == seconds // 30


@pytest.mark.parametrize(
    ("seconds", "counts"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)], ids=str
)
def test_a_phones_clock_may_be_half_a_minute_off(seconds, counts):
    secret = codes.new_secret()
    code = codes.code_at(base64.b32decode(secret), int(TUESDAY.timestamp() + seconds) // 30)
    assert (codes.step_of(secret, code, TUESDAY) is not None) == counts


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "١٢٣٤٥٦", "abcdef", "-12345", "1" * 500, "000000\x00"])
def test_what_is_no_code_is_none(typed):
    assert codes.step_of(codes.new_secret(), typed, TUESDAY) is None


def test_a_code_may_be_typed_with_a_gap():
    secret = codes.new_secret()
    code = codes.code_at(base64.b32decode(secret), int(TUESDAY.timestamp()) // 30)
    assert codes.step_of(secret, f" {code[:3]} {code[3:]} ", TUESDAY)


def test_nobody_without_a_secret_has_a_code():
    zero = codes.code_at(b"", int(TUESDAY.timestamp()) // 30)
    assert codes.step_of("", zero, TUESDAY + timedelta(0)) is None


def test_a_secret_has_160_bits_and_the_picture_names_shop_and_owner():
    assert len(base64.b32decode(codes.new_secret())) == 20
    assert codes.address("A" * 32, "Fenwick Road: Coffee", "Ruth & Jo") == (
        f"otpauth://totp/Fenwick%20Road%3A%20Coffee:Ruth%20%26%20Jo?secret={'A' * 32}&issuer=Fenwick%20Road%3A%20Coffee"
    )
