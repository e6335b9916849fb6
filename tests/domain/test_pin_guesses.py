"""Guessing at a PIN: many at once, from ever new addresses, with the app started anew between; ten are looked at, no more."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

import pytest

import app as wiring
from domain import access
from models import Audit, Message, PinTries, db
from tests.conftest import TUESDAY, signed_in


@pytest.fixture
def looked_at(monkeypatch):
    """Count the PINs that are compared with the right one at all."""
    counted, compare = count(1), access.pin_matches
    seen = []

    def comparing(pin, stored):
        seen.append(next(counted))
        return compare(pin, stored)

    monkeypatch.setattr(access, "pin_matches", comparing)
    return seen


def guess(server, secret, staff, pins, at_once):
    """Type PINs for somebody on a phone, so many at a time, each from another address; return what was answered."""

    def one(pin):
        client = server.test_client()
        client.set_cookie("regulars-phone", secret)
        address = f"10.{int(pin) // 256}.{int(pin) % 256}.7"
        sent = {"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": address}
        form = {"staff": staff.id, "pin": pin}
        return client.post("/sign-in", data=form, headers=sent, environ_base={"REMOTE_ADDR": address}).status_code

    with ThreadPoolExecutor(at_once) as threads:
        return list(threads.map(one, pins))


def naive(staff, phone, pin):
    """Try a PIN as one would who looks first and counts after."""
    tries, _created = PinTries.get_or_create(staff=staff, phone=phone)
    if tries.wrong_in_all >= access.TRIES_IN_ALL:
        return access.PinAnswer(False, resting=True, shut=True)
    if access.pin_matches(pin, staff.pin_hash):
        return access.PinAnswer(True)
    PinTries.update(wrong_in_all=PinTries.wrong_in_all + 1).where(PinTries.id == tries.id).execute()
    return access.PinAnswer(False, tries_left=1)


@pytest.mark.parametrize(
    ("guesses", "at_once"),
    [pytest.param(60, 20, id="60"), pytest.param(10_000, 50, id="10,000", marks=pytest.mark.full)],
)
def test_ten_guesses_are_looked_at_and_the_owner_hears_of_it(
    server, storage, owner, sam, ana, looked_at, at, guesses, at_once
):
    counter, secret = access.admit_phone(sam, "Counter")
    kitchen = access.admit_phone(ana, "Kitchen")[0]
    pins = [f"{9999 - n:04}" for n in range(guesses) if 9999 - n != 1234]
    half = len(pins) // 2
    codes = guess(server, secret, sam, pins[:half], at_once)
    assert len(looked_at) == 5
    at(TUESDAY + timedelta(minutes=16))
    db.obj.close_all()
    again = wiring.create_app(storage)  # the app starts anew
    codes += guess(again, secret, sam, pins[half:], at_once)
    assert len(looked_at) == 10
    assert set(codes) == {422, 429}
    assert codes.count(422) == 8, "the fifth and the tenth are told to rest"
    assert not access.try_pin(sam, counter, "1234").right
    assert access.try_pin(sam, kitchen, "1234").right, "on another phone they get in"
    assert access.try_pin(ana, counter, "1234").right, "and so do the others on this one"
    kinds = [one.kind for one in Audit.select().where(Audit.kind.startswith("pin."))]
    assert (kinds.count("pin.refused"), kinds.count("pin.shut")) == (10, 1)
    told = Message.get(Message.kind == "alert")
    assert "ten wrong PINs were typed for Sam on Counter" in told.text
    assert "Too many wrong PINs for Sam on: Counter." in signed_in(server, owner, "owner").get("/team").text


def test_that_would_not_hold_if_they_were_counted_after(server, sam, looked_at, monkeypatch):
    monkeypatch.setattr(access, "try_pin", naive)
    guess(server, access.admit_phone(sam, "Counter")[1], sam, [f"{n:04}" for n in range(2000, 2030)], 30)
    assert len(looked_at) > 10
