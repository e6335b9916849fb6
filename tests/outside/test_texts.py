"""A text message is handed to a gateway in the gateway's own way, and what it reports is believed when it is signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, strategies as st

import clock
from outside.signing import headers_for, json_object
from outside.texts import Gateway, read_callback, send

NOW = datetime(2026, 11, 24, 8, 12, tzinfo=UTC)
CALLBACK = "https://shop.example.org/delivery/texts/r-812"
TWILIO = Gateway("twilio", "AC0123456789abcdef", "token of ours", "+15005550006")
VONAGE = Gateway("vonage", "abcd1234", "api secret", "Fenwick", signing_secret="another secret")
PLAIN = Gateway("generic", "shop", "shared secret", "Fenwick")


@pytest.fixture(autouse=True)
def now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


def basic(account: str, secret: str) -> str:
    return "Basic " + b64encode(f"{account}:{secret}".encode()).decode()


# ---- the gateways, as they answer


def twilio(error: tuple[int, int, str] | None = None):
    """Return a Twilio that takes messages for its one account, or fails with (status, code, message)."""

    def answer(asked):
        if asked.headers.get("authorization") != basic(TWILIO.account, TWILIO.secret):
            told = {"code": 20003, "message": "Authenticate", "more_info": "https://x.example.com/20003", "status": 401}
            return 401, {"Content-Type": "application/json"}, json.dumps(told).encode()
        if asked.path != f"/2010-04-01/Accounts/{TWILIO.account}/Messages.json" or asked.method != "POST":
            return 404, {}, b'{"code": 20404, "message": "The requested resource was not found", "status": 404}'
        if error:
            told = {"code": error[1], "message": error[2], "more_info": "https://x.example.com", "status": error[0]}
            return error[0], {"Content-Type": "application/json"}, json.dumps(told).encode()
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        fields = dict(parse_qsl(asked.body.decode(), strict_parsing=True))
        told = {
            "sid": "SM" + "0f" * 16,
            "status": "queued",
            "to": fields["To"],
            "error_code": None,
            "error_message": None,
        }
        return 201, {"Content-Type": "application/json"}, json.dumps(told).encode()

    return answer


def vonage(error: tuple[int, dict] | None = None):
    def answer(asked):
        if asked.headers.get("authorization") != basic(VONAGE.account, VONAGE.secret):
            told = {"type": "https://x.example.com/api-errors#unauthorized", "title": "Unauthorized",
                    "detail": "You did not provide correct credentials.", "instance": "1"}  # fmt: skip
            return 401, {"Content-Type": "application/problem+json"}, json.dumps(told).encode()
        if error:
            return error[0], {"Content-Type": "application/problem+json"}, json.dumps(error[1]).encode()
        assert (asked.method, asked.path, asked.headers["content-type"]) == ("POST", "/v1/messages", "application/json")
        return 202, {"Content-Type": "application/json"}, b'{"message_uuid": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"}'

    return answer


def sent(gateway: Gateway, server, to="+44 7700 900 123", text="Tomorrow at ten, Grüße"):
    return send(replace(gateway, url=server.url), to, text, "r-812", CALLBACK, {"localhost"})


class TestTwilio:
    def test_takes_a_message(self, web_server):
        server = web_server(twilio())
        answer = sent(TWILIO, server)
        assert (answer.state, answer.code, answer.gateway_id) == ("handed_over", "", "SM" + "0f" * 16)
        assert dict(parse_qsl(server.asked[0].body.decode())) == {
            "To": "+447700900123",
            "From": "+15005550006",
            "Body": "Tomorrow at ten, Grüße",
            "StatusCallback": CALLBACK,
        }

    def test_a_messaging_service_sends_for_us(self, web_server):
        server = web_server(twilio())
        sent(replace(TWILIO, sender="MG0123"), server)
        fields = dict(parse_qsl(server.asked[0].body.decode()))
        assert (fields["MessagingServiceSid"], "From" in fields) == ("MG0123", False)

    @pytest.mark.parametrize(
        ("error", "state", "code"),
        [
            ((400, 21211, "The 'To' number is not a valid phone number."), "refused", "no-such-number"),
            ((400, 21610, "Attempt to send to unsubscribed recipient"), "refused", "opted-out"),
            ((400, 21614, "'To' number is not a valid mobile number"), "refused", "landline"),
            ((400, 21408, "Permission to send an SMS has not been enabled for the region"), "refused", "blocked"),
            ((400, 21617, "The concatenated message body exceeds the limit"), "refused", "too-large"),
            ((400, 21606, "The 'From' phone number is not valid"), "try_again", "sender-refused"),
            ((401, 20003, "Authenticate"), "try_again", "sign-in-refused"),
            ((429, 20429, "Too Many Requests"), "try_again", "later"),
            ((400, 30002, "Account suspended"), "try_again", "account-shut"),
            ((500, 20500, "Internal Server Error"), "try_again", "server-away"),
            ((400, 99999, "Something new"), "refused", "refused"),
        ],
    )
    def test_says_no(self, web_server, error, state, code):
        answer = sent(TWILIO, web_server(twilio(error)))
        assert (answer.state, answer.code) == (state, code)
        assert str(error[1]) in answer.detail

    def test_a_wrong_token(self, web_server):
        answer = sent(replace(TWILIO, secret="wrong"), web_server(twilio()))
        assert (answer.state, answer.code) == ("try_again", "sign-in-refused")

    @pytest.mark.parametrize(
        ("status", "number", "state", "code"),
        [
            ("queued", "", "handed_over", ""),
            ("sent", "", "handed_over", ""),
            ("delivered", "", "delivered", ""),
            ("undelivered", "30003", "failed", "not-reachable"),
            ("undelivered", "30005", "failed", "no-such-number"),
            ("undelivered", "30006", "failed", "landline"),
            ("undelivered", "30007", "failed", "blocked"),
            ("undelivered", "30008", "failed", "refused"),
            ("failed", "21610", "failed", "opted-out"),
            ("failed", "", "failed", "refused"),
            ("received", "", "unknown", "no-report"),
        ],
    )
    def test_reports(self, status, number, state, code):
        report = read_callback(TWILIO, CALLBACK, *by_twilio(status, number))
        assert report
        assert (report.message_id, report.recipient, report.state, report.code) == ("SM1", "+447700900123", state, code)

    def test_the_signature_of_its_own_documentation(self):
        fields = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309",
                  "To": "+18005551212"}  # fmt: skip
        headers = {"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}
        url = "https://mycompany.com/myapp.php?foo=1&bar=2"
        assert read_callback(replace(TWILIO, secret="12345"), url, headers, urlencode(fields).encode())
        assert not read_callback(replace(TWILIO, secret="12346"), url, headers, urlencode(fields).encode())

    def test_the_usual_port_may_be_told_or_left_out(self):
        headers, body = by_twilio("delivered", "", url=CALLBACK.replace(".org/", ".org:443/"))
        assert read_callback(TWILIO, CALLBACK, headers, body)
        headers, body = by_twilio("delivered", "")
        assert read_callback(TWILIO, CALLBACK.replace(".org/", ".org:443/"), headers, body)

    @pytest.mark.parametrize("change", ["url", "body", "header", "no header", "secret"])
    def test_nobody_else_can_report(self, change):
        headers, body = by_twilio("delivered", "")
        url, gateway = CALLBACK, TWILIO
        if change == "url":
            url = CALLBACK.replace("812", "813")
        elif change == "body":
            body = body.replace(b"SM1", b"SM2")
        elif change == "header":
            headers = {"X-Twilio-Signature": "x" + headers["X-Twilio-Signature"][1:]}
        elif change == "no header":
            headers = {}
        else:
            gateway = replace(TWILIO, secret="")
            headers, body = by_twilio("delivered", "", secret="")
        assert read_callback(gateway, url, headers, body) is None


def by_twilio(status: str, number: str, url: str = CALLBACK, secret: str = TWILIO.secret):
    fields = {"MessageSid": "SM1", "SmsSid": "SM1", "MessageStatus": status, "To": "+447700900123", "From": "+15005550006",
              "AccountSid": TWILIO.account, "ApiVersion": "2010-04-01"} | ({"ErrorCode": number} if number else {})  # fmt: skip
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    made = hmac.new(secret.encode(), signed.encode(), hashlib.sha1).digest()
    return {"X-Twilio-Signature": b64encode(made).decode()}, urlencode(fields).encode()


class TestVonage:
    def test_takes_a_message(self, web_server):
        server = web_server(vonage())
        answer = sent(VONAGE, server)
        assert (answer.state, answer.code, answer.gateway_id) == (
            "handed_over",
            "",
            "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
        )
        assert json.loads(server.asked[0].body) == {
            "channel": "sms",
            "message_type": "text",
            "to": "447700900123",
            "from": "Fenwick",
            "text": "Tomorrow at ten, Grüße",
            "client_ref": "r-812",
            "webhook_url": CALLBACK,
            "webhook_version": "v1",
        }

    @pytest.mark.parametrize(
        ("status", "told", "state", "code"),
        [
            (422, {"type": "https://x.example.com/api-errors/messages#1170", "title": "Invalid or Missing Msisdn Param",
                   "detail": "The phone number is wrong"}, "refused", "no-such-number"),
            (422, {"type": "https://x.example.com/api-errors#1020", "title": "Invalid params", "detail": "The value is invalid.",
                   "invalid_parameters": [{"name": "to", "reason": "Invalid number"}]}, "refused", "no-such-number"),
            (422, {"type": "https://x.example.com/api-errors/messages#1120", "title": "Illegal Sender Address"},
             "try_again", "sender-refused"),
            (402, {"type": "https://x.example.com/api-errors/#low-balance", "title": "Low balance",
                   "detail": "The balance of the account is too low."}, "try_again", "no-credit"),
            (429, {"type": "https://x.example.com/api-errors/messages#1000", "title": "1000", "detail": "Throttled"},
             "try_again", "later"),
            (500, {"type": "https://x.example.com/api-errors/messages#1030", "title": "Internal"}, "try_again", "server-away"),
            (503, {}, "try_again", "server-away"),
        ],
    )  # fmt: skip
    def test_says_no(self, web_server, status, told, state, code):
        answer = sent(VONAGE, web_server(vonage((status, told))))
        assert (answer.state, answer.code) == (state, code)

    def test_a_wrong_secret(self, web_server):
        assert sent(replace(VONAGE, secret="wrong"), web_server(vonage())).code == "sign-in-refused"

    @pytest.mark.parametrize(
        ("status", "error", "state", "code"),
        [
            ("submitted", None, "handed_over", ""),
            ("delivered", None, "delivered", ""),
            ("rejected", {"type": "https://x/api-errors/messages#1240", "title": "1240", "detail": "Illegal Number"},
             "failed", "no-such-number"),
            ("rejected", {"title": "1432", "detail": "The recipient has opted out of receiving messages"}, "failed", "opted-out"),
            ("rejected", {"title": "1180", "detail": "Absent subscriber"}, "failed", "not-reachable"),
            ("undeliverable", {"title": "1100", "detail": "Communication failed"}, "failed", "server-away"),
            ("undeliverable", None, "failed", "refused"),
            ("something new", None, "unknown", "no-report"),
        ],
    )  # fmt: skip
    def test_reports(self, status, error, state, code):
        report = read_callback(VONAGE, CALLBACK, *by_vonage(status, error))
        assert report
        assert (report.message_id, report.reference, report.state, report.code) == ("uuid-1", "r-812", state, code)

    @pytest.mark.parametrize(
        "change",
        [
            "body",
            "secret",
            "none",
            "no secret",
            "unsigned kind",
            "other kind",
            "old",
            "ahead",
            "other account",
            "no digest",
        ],
    )
    def test_nobody_else_can_report(self, change):
        gateway = VONAGE
        ways: dict[str, dict[str, Any]] = {
            "secret": {"secret": "api secret"},
            "unsigned kind": {"head": {"alg": "none", "typ": "JWT"}},
            "other kind": {"head": {"alg": "HS512", "typ": "JWT"}},
            "old": {"iat": NOW - timedelta(days=2)},
            "ahead": {"iat": NOW + timedelta(days=2)},
            "other account": {"claims": {"api_key": "other"}},
            "no digest": {"claims": {"payload_hash": ""}},
            "no secret": {"secret": ""},
        }
        headers, body = by_vonage("delivered", None, **ways.get(change, {}))
        if change == "body":
            body = body.replace(b"uuid-1", b"uuid-2")
        elif change == "none":
            headers = {}
        elif change == "no secret":
            gateway = replace(VONAGE, secret="", signing_secret="")
        assert read_callback(gateway, CALLBACK, headers, body) is None

    def test_one_secret_may_serve_for_both(self):
        headers, body = by_vonage("delivered", None, secret="api secret")
        assert read_callback(replace(VONAGE, signing_secret=""), CALLBACK, headers, body)


def by_vonage(status, error, secret=VONAGE.signing_secret, head=None, iat=NOW, claims=None):
    told = {"message_uuid": "uuid-1", "to": "447700900123", "from": "Fenwick", "timestamp": "2026-11-24T08:12:00Z",
            "status": status, "client_ref": "r-812", "channel": "sms"} | ({"error": error} if error else {})  # fmt: skip
    body = json.dumps(told).encode()
    said = {"iat": int(iat.timestamp()), "jti": "1", "iss": "Vonage", "api_key": VONAGE.account,
            "payload_hash": hashlib.sha256(body).hexdigest()} | (claims or {})  # fmt: skip

    def part(value) -> str:
        return urlsafe_b64encode(value).decode().rstrip("=")

    signed = part(json.dumps(head or {"alg": "HS256", "typ": "JWT"}).encode()) + "." + part(json.dumps(said).encode())
    signature = part(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())
    return {"Authorization": f"Bearer {signed}.{signature}"}, body


class TestThePlainOne:
    def test_takes_a_message_that_is_signed(self, web_server):
        server = web_server(lambda _: (202, {}, b'{"id": "g-1"}'))
        answer = sent(PLAIN, server)
        assert (answer.state, answer.gateway_id) == ("handed_over", "g-1")
        (asked,) = server.asked
        assert json.loads(asked.body) == {"to": "+447700900123", "from": "Fenwick", "text": "Tomorrow at ten, Grüße",
                                          "reference": "r-812", "callback": CALLBACK}  # fmt: skip
        stamp = asked.headers["x-regulars-timestamp"]
        assert stamp == str(int(NOW.timestamp()))
        made = hmac.new(b"shared secret", stamp.encode() + b"." + asked.body, hashlib.sha256).hexdigest()
        assert asked.headers["x-regulars-signature"] == "sha256=" + made
        assert (asked.headers["x-regulars-account"], asked.headers["idempotency-key"]) == ("shop", "r-812")

    @pytest.mark.parametrize(
        ("status", "body", "state", "code"),
        [
            (400, b'{"code": "no-such-number"}', "refused", "no-such-number"),
            (400, b'{"code": "no-credit"}', "try_again", "no-credit"),
            (400, b'{"code": "<b>"}', "refused", "refused"),
            (400, b"[" * 5000, "refused", "refused"),
            (429, b"", "try_again", "later"),
            (503, b"", "try_again", "server-away"),
            (302, b"", "refused", "redirected"),
        ],
    )
    def test_says_no(self, web_server, status, body, state, code):
        answer = sent(PLAIN, web_server(lambda _: (status, {"Location": "http://127.0.0.1/"}, body)))
        assert (answer.state, answer.code) == (state, code)

    @pytest.mark.parametrize(
        ("told", "state", "code"),
        [
            ({"state": "sent"}, "handed_over", ""),
            ({"state": "delivered"}, "delivered", ""),
            ({"state": "failed", "code": "landline"}, "failed", "landline"),
            ({"state": "failed"}, "failed", "refused"),
            ({"state": "failed", "code": "Robert'); --"}, "failed", "refused"),
            ({}, "unknown", "no-report"),
        ],
    )
    def test_reports(self, told, state, code):
        body = json.dumps({"id": "g-1", "reference": "r-812"} | told).encode()
        report = read_callback(PLAIN, CALLBACK, headers_for(PLAIN.secret, body), body)
        assert report
        assert (report.message_id, report.reference, report.state, report.code) == ("g-1", "r-812", state, code)


class TestAllOfThem:
    @pytest.mark.parametrize("gateway", [TWILIO, VONAGE, PLAIN], ids=lambda g: g.kind)
    @pytest.mark.parametrize(
        "to", ["", "rosa", "0", "+0123456789", "+1" * 20, "07700 900123x", "+44\n7700900123\n&x", "٣٤٥٦٧٨٩٠"]
    )
    def test_what_is_no_number_goes_nowhere(self, web_server, gateway, to):
        server = web_server(lambda _: (200, {}, b"{}"))
        answer = sent(gateway, server, to=to)
        assert (answer.state, answer.code, server.asked) == ("refused", "bad-address", [])

    @pytest.mark.parametrize("gateway", [TWILIO, VONAGE, PLAIN], ids=lambda g: g.kind)
    @pytest.mark.parametrize("reply", [b"", b"[]", b"<html>", b"null", b'{"sid": null', b"\xff"])
    def test_a_reply_of_another_shape_is_no_exception(self, web_server, gateway, reply):
        answer = sent(gateway, web_server(lambda _: (200, {}, reply)))
        assert answer.state == ("handed_over" if gateway.kind == "generic" else "try_again")

    @pytest.mark.parametrize("gateway", [TWILIO, VONAGE, PLAIN], ids=lambda g: g.kind)
    def test_an_address_inside_is_refused(self, web_server, gateway):
        server = web_server(lambda _: (200, {}, b"{}"))
        answer = send(replace(gateway, url=server.url), "+447700900123", "x", "r", CALLBACK)
        assert (answer.state, answer.code, server.asked) == ("refused", "not-allowed", [])

    @pytest.mark.parametrize("gateway", [TWILIO, VONAGE, PLAIN], ids=lambda g: g.kind)
    def test_nobody_there(self, gateway):
        answer = send(replace(gateway, url="http://localhost:1"), "+447700900123", "x", "r", CALLBACK, {"localhost"})
        assert (answer.state, answer.code) == ("try_again", "server-away")

    @given(st.binary(max_size=200), st.text(max_size=60), st.sampled_from([TWILIO, VONAGE, PLAIN]))
    def test_whatever_is_posted_here_unsigned_is_nothing(self, body, header, gateway):
        names = ("Authorization", "X-Twilio-Signature", "X-Regulars-Signature", "X-Regulars-Timestamp")
        for value in (header, "Bearer " + header, "Bearer a.b." + header, header.replace(" ", ".")):
            assert read_callback(gateway, CALLBACK, dict.fromkeys(names, value), body) is None

    @pytest.mark.parametrize("gateway", [TWILIO, VONAGE, PLAIN], ids=lambda g: g.kind)
    def test_secrets_are_not_shown(self, gateway):
        assert gateway.secret not in repr(gateway)
        assert not gateway.signing_secret or gateway.signing_secret not in repr(gateway)

    def test_a_deep_body_is_no_object(self):
        assert json_object(b"[" * 60_000) == {}
