"""What a browser is told is sealed for it alone and signed by us; whatever its service answers is one outcome."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

import clock
from outside import push
from outside.push import Place, is_place, public_key, sealed, send, wait_s
from tests.push_service import P256, Browser, claims, data, playing, text

NOW = datetime(2026, 11, 24, 8, 12, tzinfo=UTC)
SECRET = bytes(range(32))
TOLD = {"kind": "late", "text": "Somebody booked is late."}
HOW: Any = {"ttl": 1800, "urgency": "high", "topic": "late"}

# RFC 8291, section 5 and appendix A
WATERMELON = b"When I grow up, I want to be a watermelon"
THEIRS = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
OURS = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95b"
    "Qpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


@pytest.fixture(autouse=True)
def now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def service(web_server):
    return playing(web_server)


def place_of(browser: Browser) -> Place:
    return Place(**browser.place)


class TestSealing:
    @pytest.fixture
    def example(self):
        private = ec.derive_private_key(int.from_bytes(data(THEIRS), "big"), P256)
        return Browser(private=private, auth=data(AUTH))

    def test_is_what_the_standard_says(self, example):
        own = (int.from_bytes(data(OURS), "big") - 1).to_bytes(32, "big")  # any number is a key: the next one
        made = sealed(WATERMELON, place_of(example), data(SALT), own, len(WATERMELON) + 1)
        assert text(made) == SEALED

    def test_is_opened_as_the_standard_says(self, example):
        assert example.opened(data(SEALED)) == WATERMELON

    def test_is_for_one_browser_and_never_twice_the_same(self):
        one, other = Browser(), Browser()
        first, second = (sealed(b"{}", place_of(one)) for _ in range(2))
        assert one.opened(first) == one.opened(second) == b"{}"
        assert first != second
        with pytest.raises(InvalidTag):
            other.opened(first)

    def test_does_not_tell_by_its_length_what_it_says(self):
        place = place_of(Browser())
        assert len({len(sealed(words, place)) for words in (b"", b"a", b"a" * 900)}) == 1
        assert len(sealed(b"", place)) <= 4096
        with pytest.raises(ValueError):
            sealed(b"a" * push.LENGTH, place)


class TestSending:
    def test_says_who_we_are_how_urgent_it_is_and_what_it_replaces(self, service):
        browser = service.browser()
        outcome = send(
            place_of(browser), SECRET, TOLD, contact="https://shop.example.org", allowed={service.host}, **HOW
        )
        assert outcome.state == "sent"
        (asked,) = service.asked
        head = {name: asked.headers[name] for name in ("ttl", "urgency", "topic", "content-encoding")}
        assert head == {"ttl": "1800", "urgency": "high", "topic": "late", "content-encoding": "aes128gcm"}
        said, key = claims(asked.headers["authorization"])
        assert key == public_key(SECRET)
        assert said["aud"] == service.url
        assert said["sub"] == "https://shop.example.org"
        assert 0 < said["exp"] - NOW.timestamp() < 24 * 3600
        assert service.told() == [TOLD]

    def test_shows_nothing_of_what_it_says(self, service):
        send(place_of(service.browser()), SECRET, TOLD, allowed={service.host}, **HOW)
        (asked,) = service.asked
        assert not any(word in asked.body for word in (b"late", b"Somebody"))
        assert "sub" not in claims(asked.headers["authorization"])[0]

    @pytest.mark.parametrize(
        ("status", "headers", "state", "wait"),
        [
            (200, {}, "sent", 0),
            (201, {"Location": "https://push.example.net/m/1"}, "sent", 0),
            (404, {}, "gone", 0),
            (410, {}, "gone", 0),
            (400, {}, "refused", 0),
            (403, {}, "refused", 0),
            (413, {}, "refused", 0),
            (429, {"Retry-After": "120"}, "again", 120),
            (503, {"Retry-After": "Tue, 24 Nov 2026 08:17:00 GMT"}, "again", 300),
            (500, {}, "again", 0),
            (307, {"Location": "http://127.0.0.1/"}, "refused", 0),
        ],
    )
    def test_ends_in_one_outcome(self, service, status, headers, state, wait):
        service.says.append((status, headers))
        outcome = send(place_of(service.browser()), SECRET, TOLD, allowed={service.host}, **HOW)
        assert (outcome.state, outcome.wait_s) == (state, wait)

    @pytest.mark.parametrize(
        ("endpoint", "state", "code"),
        [
            ("https://127.0.0.1/1", "refused", "not-allowed"),
            ("https://[::ffff:10.0.0.1]/1", "refused", "not-allowed"),
            ("https://nobody.invalid/1", "again", "no-such-host"),
            ("http://localhost:1/1", "again", "refused"),
        ],
    )
    def test_leads_nowhere_inside(self, endpoint, state, code):
        outcome = send(place_of(Browser(endpoint)), SECRET, TOLD, allowed={"localhost:1"}, **HOW)
        assert (outcome.state, outcome.code) == (state, code)

    def test_is_over_in_time(self, listen):
        done = threading.Event()
        server = listen(lambda _: done.wait(10))
        browser = Browser(f"http://localhost:{server.port}/1")
        outcome = send(place_of(browser), SECRET, TOLD, allowed={"localhost"}, timeout_s=0.3, **HOW)
        assert (outcome.state, outcome.code) == ("again", "timeout")
        done.set()

    def test_of_keys_that_are_none_is_refused(self):
        broken = Place("https://push.example.net/1", "AAAA", "AAAA")
        assert send(broken, SECRET, TOLD, **HOW).state == "refused"


GOOD = Browser().place


class TestAPlace:
    def test_is_what_browsers_give(self):
        assert is_place(Place(**GOOD))
        assert is_place(Place(**GOOD | {"auth": GOOD["auth"] + "=="}))
        assert is_place(Place(**GOOD | {"endpoint": "http://localhost:9/1"}), {"localhost:9"})

    @pytest.mark.parametrize(
        "wrong",
        [
            {"endpoint": "http://push.example.net/1"},
            {"endpoint": "https://"},
            {"endpoint": "https://me:secret@push.example.net/1"},
            {"endpoint": "https://push.example.net/\r\nX: y"},
            {"endpoint": "javascript:alert(1)"},
            {"endpoint": "https://push.example.net/" + "x" * 5000},
            {"p256dh": GOOD["p256dh"][:-4]},
            {"p256dh": text(b"\4" + bytes(64))},
            {"p256dh": "?" * 87},
            {"auth": text(b"short")},
            {"auth": ""},
        ],
    )
    def test_is_nothing_else(self, wrong):
        assert not is_place(Place(**GOOD | wrong))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("", 0), ("0", 0), ("90", 90), (" 90 ", 90), ("9" * 40, push.LONGEST_WAIT), ("-5", 0), ("soon", 0), ("٣", 0),
        ("Tue, 24 Nov 2026 08:13:00 GMT", 60), ("Tue, 24 Nov 2026 08:00:00 GMT", 0),
        ("Fri, 24 Nov 2028 08:13:00 GMT", push.LONGEST_WAIT), ("Tue, 99 Nov 2026", 0),
    ],
)  # fmt: skip
def test_how_long_to_wait_is_read_and_bounded(said, seconds):
    assert wait_s(said) == seconds


def test_any_secret_is_a_key():
    keys = {public_key(secret) for secret in (bytes(32), b"\xff" * 32, SECRET)}
    assert len(keys) == 3
    assert all(len(data(key)) == 65 for key in keys)
    assert json.dumps(sorted(keys)).isascii()
