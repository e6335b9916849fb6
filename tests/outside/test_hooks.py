"""A web hook is signed, ends as one answer, and its outcome is believed when it is signed as well."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

import clock
from outside.hooks import OUTCOMES, ping, post, read_callback
from outside.signing import headers_for, is_signed

NOW = datetime(2026, 11, 24, 8, 12, tzinfo=UTC)
SECRET = "between us"
CALL = {"id": "r-812", "kind": "call", "to": "+447700900123", "say": "Tomorrow at ten, Grüße"}


@pytest.fixture(autouse=True)
def now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


class TestPost:
    def test_is_signed_and_named(self, web_server):
        server = web_server(lambda _: (200, {}, b'{"id": "call-1"}'))
        answer = post(server.url + "/calls?x=1", CALL, SECRET, {"localhost"})
        assert (answer.state, answer.code, answer.gateway_id) == ("handed_over", "", "call-1")
        (asked,) = server.asked
        assert (asked.method, asked.path, asked.headers["content-type"]) == ("POST", "/calls?x=1", "application/json")
        assert json.loads(asked.body) == CALL
        assert asked.headers["idempotency-key"] == "r-812"
        stamp = asked.headers["x-regulars-timestamp"]
        made = hmac.new(SECRET.encode(), f"{stamp}.".encode() + asked.body, hashlib.sha256).hexdigest()
        assert asked.headers["x-regulars-signature"] == f"sha256={made}"

    def test_without_a_secret_there_is_no_signature(self, web_server):
        server = web_server(lambda _: (204, {}, b""))
        assert post(server.url, CALL, "", {"localhost"}).state == "handed_over"
        assert "x-regulars-signature" not in server.asked[0].headers

    @pytest.mark.parametrize(
        ("status", "state", "code"),
        [
            (201, "handed_over", ""),
            (302, "refused", "redirected"),
            (400, "refused", "refused"),
            (401, "try_again", "sign-in-refused"),
            (404, "refused", "refused"),
            (410, "refused", "gone"),
            (429, "try_again", "later"),
            (500, "try_again", "server-away"),
        ],
    )
    def test_a_status_is_an_answer(self, web_server, status, state, code):
        answer = post(web_server(lambda _: (status, {}, b"")).url, CALL, SECRET, {"localhost"})
        assert (answer.state, answer.code) == (state, code)

    @pytest.mark.parametrize(
        ("url", "state", "code"),
        [
            ("http://localhost:1/", "try_again", "server-away"),
            ("http://nobody.invalid/", "try_again", "no-such-host"),
            ("http://127.0.0.1:1/", "refused", "not-allowed"),
            ("ftp://example.org/", "refused", "bad-address"),
            ("", "refused", "bad-address"),
        ],
    )
    def test_no_answer_is_an_answer(self, url, state, code):
        for answer in (post(url, CALL, SECRET, {"localhost"}), ping(url, {"localhost"})):
            assert (answer.state, answer.code) == (state, code)

    @pytest.mark.parametrize("payload", [{"a": object()}, {"id": "a\r\nX: y"}, {"a": "\ud800"}])
    def test_what_cannot_be_sent_is_refused(self, web_server, payload):
        server = web_server(lambda _: (200, {}, b""))
        assert post(server.url, payload, SECRET, {"localhost"}).state == "refused"
        assert server.asked == []

    def test_a_slow_one_is_over_in_time(self, listen):
        done = threading.Event()
        server = listen(lambda _: done.wait(10))
        assert post(f"http://localhost:{server.port}/", CALL, SECRET, {"localhost"}, timeout_s=0.3).code == "timeout"
        done.set()


def test_a_ping_is_a_plain_get(web_server):
    server = web_server(lambda _: (200, {}, b"OK"))
    assert ping(server.url + "/alive/1", {"localhost"}).state == "handed_over"
    assert [(asked.method, asked.path, asked.body) for asked in server.asked] == [("GET", "/alive/1", b"")]


class TestCallback:
    @pytest.mark.parametrize(
        ("outcome", "state", "code"),
        [
            ("reached", "delivered", "reached"),
            ("left-message", "delivered", "left-message"),
            ("no-message", "failed", "no-message"),
            ("no-answer", "failed", "no-answer"),
            ("wrong-number", "failed", "wrong-number"),
            ("something else", "unknown", "no-report"),
        ],
    )
    def test_tells_what_became_of_a_call(self, outcome, state, code):
        body = json.dumps({"id": "call-1", "reference": "r-812", "outcome": outcome, "detail": "40 s\r\nlong"}).encode()
        report = read_callback(SECRET, headers_for(SECRET, body), body)
        assert report
        assert (report.message_id, report.reference, report.state, report.code) == ("call-1", "r-812", state, code)
        assert report.detail == "40 s long"

    def test_a_call_that_left_no_message_is_a_failure(self):
        assert OUTCOMES["no-message"] == "failed"

    @pytest.mark.parametrize("change", ["body", "secret", "none", "no secret", "old", "ahead", "stamp"])
    def test_nobody_else_can_tell(self, monkeypatch, change):
        body = b'{"id": "call-1", "outcome": "reached"}'
        headers = headers_for("another" if change == "secret" else SECRET, body)
        if change == "body":
            body = body.replace(b"call-1", b"call-2")
        elif change == "none":
            headers = {}
        elif change == "stamp":
            headers["X-Regulars-Timestamp"] = str(int(headers["X-Regulars-Timestamp"]) + 1)
        elif change in ("old", "ahead"):
            step = timedelta(seconds=301 if change == "old" else -301)
            monkeypatch.setattr(clock, "now", lambda: NOW + step)
        assert read_callback("" if change == "no secret" else SECRET, headers, body) is None

    def test_names_of_headers_may_be_in_any_case(self):
        body = b"{}"
        for shape in (str.lower, str.upper):
            assert is_signed(SECRET, {shape(name): value for name, value in headers_for(SECRET, body).items()}, body)

    @given(
        st.recursive(
            st.none() | st.integers() | st.text(max_size=9),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_a_signed_body_of_any_shape_is_one_report(self, told):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda: NOW)
            body = json.dumps(told).encode()
            report = read_callback(SECRET, headers_for(SECRET, body), body)
        assert report
        assert report.state == "unknown"

    @given(st.text(), st.text(), st.binary())
    def test_unsigned_is_nothing(self, stamp, signature, body):
        headers = {"X-Regulars-Timestamp": stamp, "X-Regulars-Signature": signature}
        assert read_callback(SECRET, headers, body) is None
