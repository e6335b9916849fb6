"""Text messages through a gateway: Twilio, Vonage, or one that speaks the plain JSON told below.

The plain one gets a POST of `{"to", "from", "text", "reference", "callback"}` at the gateway's address, signed as signing.py
tells, with the account in `X-Regulars-Account`. It answers 2xx and `{"id": …}` when it takes the message; else a status and
`{"code": …}`, a code of the list at `send`. Later it posts `{"id", "reference", "to", "state": "sent"|"delivered"|"failed",
"code"}` to the callback address, signed with the same secret.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import clock
from outside.answers import Answer, Report, one_line
from outside.hooks import CODE, answered, unreachable
from outside.signing import headers_for, is_signed, json_object, same
from outside.web import Reply, Unreachable, fetch

NUMBER = re.compile(r"\+?[1-9][0-9]{6,14}")
OLDEST_JWT_S = 25 * 3600  # Vonage tries for a day

# What the owner can mend, or time: none of it is about the person, so the message may be sent again
OURS = {"sign-in-refused", "no-credit", "account-shut", "sender-refused", "later", "server-away"}

TWILIO = {
    "no-such-number": "21211 21214 21217 21421 21604 30005",
    "opted-out": "21610",
    "landline": "21614 21635 30006",
    "not-reachable": "21612 30003",
    "blocked": "21408 30004 30007",
    "too-large": "21605 21617 30019",
    "sender-refused": "21212 21603 21606 21659 21660 21661 30024 30032 30034",
    "sign-in-refused": "20003 20404",
    "account-shut": "20005 30002",
    "no-credit": "30010",
    "later": "14107 20429 21611 30001 30022 30023 63038",
}
VONAGE = {
    "later": "1000",
    "server-away": "1030 1100",
    "no-such-number": "1040 1170 1240",
    "blocked": "1050 1160 1210",
    "account-shut": "1060 1080 1140",
    "no-credit": "1070",
    "too-large": "1090",
    "sender-refused": "1120",
}
CODE_OF = {
    kind: {number: code for code, numbers in table.items() for number in numbers.split()}
    for kind, table in (("twilio", TWILIO), ("vonage", VONAGE))
}
IN_WORDS = [
    ("opted-out", re.compile(r"opt(ed)?[ -]?out|unsubscribed|not to receive", re.IGNORECASE)),
    ("no-credit", re.compile(r"balance|credit|insufficient funds", re.IGNORECASE)),
    ("no-such-number", re.compile(r"(illegal|invalid|unknown|missing).{0,30}(number|msisdn|subscriber|\bto\b)|unroutable", re.I)),
    ("not-reachable", re.compile(r"absent|un-?reachable|handset|busy|expired", re.IGNORECASE)),
    ("blocked", re.compile(r"spam|block|barred|restrict|not allowed|filter", re.IGNORECASE)),
]  # fmt: skip
STATES: dict[str, Literal["handed_over", "delivered", "failed"]] = {
    **dict.fromkeys("accepted scheduled queued sending sent submitted".split(), "handed_over"),
    **dict.fromkeys("delivered read".split(), "delivered"),
    **dict.fromkeys("undelivered failed canceled rejected undeliverable".split(), "failed"),
}


@dataclass(frozen=True, slots=True)
class Gateway:
    """An account with a gateway. `sender` is a number, a name, or a Twilio messaging service (MG…).

    `secret` is Twilio's auth token, Vonage's API secret, or the shared one. Vonage signs its callbacks with another,
    `signing_secret`. `url` replaces the gateway's own address, and is the address of a plain one.
    """

    kind: Literal["twilio", "vonage", "generic"]
    account: str
    secret: str = field(repr=False)
    sender: str
    url: str = ""
    signing_secret: str = field(default="", repr=False)


def send(
    gateway: Gateway, to: str, text: str, reference: str, callback: str, allowed: Collection[str] = frozenset()
) -> Answer:
    """Hand a message for a phone number to a gateway, and say what came of it. Never raises.

    `refused`, about this number or text: no-such-number, landline, opted-out, not-reachable, blocked, too-large,
    bad-address (no number at all), refused. `try_again`, about the moment or for the owner to mend: later, server-away,
    no-such-host, timeout, tls, cut-off, sign-in-refused, account-shut, no-credit, sender-refused. After a timeout or cut-off
    the gateway may have taken the message. `gateway_id` is what its callbacks call it.
    """
    number = re.sub(r"[\s()./-]", "", to)
    if not NUMBER.fullmatch(number):
        return Answer("refused", "bad-address", one_line(repr(to)))
    number = "+" + number.lstrip("+")
    how = {"twilio": _by_twilio, "vonage": _by_vonage, "generic": _by_plain_json}[gateway.kind]
    try:
        return how(gateway, number, text, reference, callback, allowed)
    except Unreachable as error:
        return unreachable(error)
    except Exception as error:  # a reply of another shape than was ever promised
        return Answer("try_again", "server-away", one_line(f"{type(error).__name__}: {error}"))


def read_callback(gateway: Gateway, url: str, headers: Mapping[str, str], body: bytes) -> Report | None:
    """Return what a gateway tells of a message; None when it is not shown to come from the gateway. Never raises.

    `url` is the whole address as the gateway asked for it, its query included. `message_id` is the gateway's id.
    """
    given = {name.lower(): value for name, value in headers.items()}
    reading = {"twilio": _from_twilio, "vonage": _from_vonage, "generic": _from_plain_json}[gateway.kind]
    try:
        return reading(gateway, url, given, body)
    except Exception:  # anybody can post anything here
        return None


# ---- Twilio: form fields there and back, Basic, HMAC-SHA1 over the address and the sorted fields


def _by_twilio(gateway: Gateway, to: str, text: str, reference: str, callback: str, allowed: Collection[str]) -> Answer:
    by = "MessagingServiceSid" if gateway.sender.startswith("MG") else "From"
    fields = {"To": to, by: gateway.sender, "Body": text}
    if callback:
        fields["StatusCallback"] = callback
    base = (gateway.url or "https://api.twilio.com").rstrip("/")
    reply = fetch(
        "POST",
        f"{base}/2010-04-01/Accounts/{quote(gateway.account, safe='')}/Messages.json",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=urlencode(fields).encode("ascii"),
        limit=100_000,
        allowed=allowed,
        user=gateway.account,
        password=gateway.secret,
    )
    told = json_object(reply.body)
    number = str(told.get("error_code") or told.get("code") or "")
    words = one_line(f"{number} {told.get('error_message') or told.get('message') or reply.status}")
    if 200 <= reply.status < 300 and STATES.get(str(told.get("status"))) != "failed":
        return Answer("handed_over", "", "", one_line(str(told["sid"])))
    return _no("twilio", reply, number, words)


def _from_twilio(gateway: Gateway, url: str, headers: dict[str, str], body: bytes) -> Report | None:
    fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=200)
    if not gateway.secret or not _signed_by_twilio(gateway.secret, url, fields, headers.get("x-twilio-signature", "")):
        return None
    told = dict(fields)
    state = STATES.get(told.get("MessageStatus") or told.get("SmsStatus") or "")
    number, words = told.get("ErrorCode", ""), told.get("ErrorMessage", "")
    code = _code("twilio", number, words) if state == "failed" else "" if state else "no-report"
    detail = one_line(f"{number} {words}".strip())
    return Report(
        told.get("MessageSid") or told.get("SmsSid", ""), told.get("To", ""), state or "unknown", code, detail
    )


def _signed_by_twilio(secret: str, url: str, fields: list[tuple[str, str]], signature: str) -> bool:
    """Say whether the signature is Twilio's; it may have been made with the usual port in the address, or without."""
    joined = "".join(name + value for name, value in sorted(set(fields)))
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = re.sub(r":\d+$", "", host)
    port = 443 if parts.scheme == "https" else 80
    for netloc in {host, bare, host if host != bare else f"{bare}:{port}"}:
        signed = parts._replace(netloc=netloc).geturl() + joined
        made = hmac.new(secret.encode("utf-8"), signed.encode("utf-8"), hashlib.sha1).digest()
        if same(b64encode(made).decode("ascii"), signature):
            return True
    return False


# ---- Vonage: JSON, Basic; its callbacks carry a JWT (HS256) that holds a digest of the body


def _by_vonage(gateway: Gateway, to: str, text: str, reference: str, callback: str, allowed: Collection[str]) -> Answer:
    message = {
        "channel": "sms",
        "message_type": "text",
        "to": to.lstrip("+"),
        "from": gateway.sender.lstrip("+"),
        "text": text,
        "client_ref": reference[:100],
    }
    if callback:
        message |= {"webhook_url": callback, "webhook_version": "v1"}
    reply = fetch(
        "POST",
        (gateway.url or "https://api.nexmo.com").rstrip("/") + "/v1/messages",
        headers={"Content-Type": "application/json", "Accept": "application/json"},
        body=json.dumps(message).encode("ascii"),
        limit=100_000,
        allowed=allowed,
        user=gateway.account,
        password=gateway.secret,
    )
    told = json_object(reply.body)
    if 200 <= reply.status < 300:
        return Answer("handed_over", "", "", one_line(str(told["message_uuid"])))
    number, words = _vonage_error(told)
    return _no("vonage", reply, number, words or str(reply.status))


def _vonage_error(told: dict[str, Any]) -> tuple[str, str]:
    """Return the number of an error, from the end of its type or from its title, and its words."""
    numbers = re.findall(r"(?:#|^)(\d{4})$", f"{told.get('type', '')}\n{told.get('title', '')}", re.MULTILINE)
    listed = told.get("invalid_parameters")
    of = " ".join(f"{each.get('name')}: {each.get('reason')}" for each in listed) if isinstance(listed, list) else ""
    return next(iter(numbers), ""), one_line(f"{told.get('title', '')}: {told.get('detail', '')} {of}")


def _from_vonage(gateway: Gateway, url: str, headers: dict[str, str], body: bytes) -> Report | None:
    claims = _claims(gateway.signing_secret or gateway.secret, headers.get("authorization", ""))
    if not claims or not same(str(claims.get("payload_hash", "")).lower(), hashlib.sha256(body).hexdigest()):
        return None
    if abs(clock.now().timestamp() - float(claims.get("iat", 0))) > OLDEST_JWT_S:
        return None
    if gateway.account and str(claims.get("api_key", gateway.account)) != gateway.account:
        return None
    told = json_object(body)
    state = STATES.get(str(told.get("status")))
    error = told.get("error")
    number, words = _vonage_error(error) if isinstance(error, dict) else ("", "")
    code = _code("vonage", number, words) if state == "failed" else "" if state else "no-report"
    return Report(
        one_line(str(told.get("message_uuid", ""))),
        one_line(str(told.get("to", ""))),
        state or "unknown",
        code,
        words,
        one_line(str(told.get("client_ref", ""))),
    )


def _claims(secret: str, authorization: str) -> dict[str, Any]:
    """Return what a JWT says, if it is signed with HS256 under the secret; else nothing."""
    kind, _, token = authorization.partition(" ")
    head, claims, signature = token.strip().split(".")
    made = hmac.new(secret.encode("utf-8"), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    if kind.lower() != "bearer" or not secret or not hmac.compare_digest(made, _unpadded(signature)):
        return {}
    return json_object(_unpadded(claims)) if json_object(_unpadded(head)).get("alg") == "HS256" else {}


def _unpadded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


# ---- the plain one


def _by_plain_json(
    gateway: Gateway, to: str, text: str, reference: str, callback: str, allowed: Collection[str]
) -> Answer:
    message = {"to": to, "from": gateway.sender, "text": text, "reference": reference, "callback": callback}
    body = json.dumps(message, ensure_ascii=False).encode("utf-8")
    headers = {"Content-Type": "application/json", "X-Regulars-Account": gateway.account, "Idempotency-Key": reference}
    headers = {name: value for name, value in headers.items() if value} | headers_for(gateway.secret, body)
    answer = answered(fetch("POST", gateway.url, headers=headers, body=body, limit=100_000, allowed=allowed))
    return Answer("try_again", answer.code, answer.detail) if answer.code in OURS else answer


def _from_plain_json(gateway: Gateway, url: str, headers: dict[str, str], body: bytes) -> Report | None:
    if not is_signed(gateway.secret, headers, body):
        return None
    told = json_object(body)
    words = {name: one_line(str(told.get(name, ""))) for name in ("id", "to", "code", "detail", "reference")}
    state = STATES.get(str(told.get("state")))
    code = words["code"] if CODE.fullmatch(words["code"]) else "refused" if state == "failed" else ""
    return Report(
        words["id"],
        words["to"],
        state or "unknown",
        code if state else "no-report",
        words["detail"],
        words["reference"],
    )


# ---- why not


def _code(kind: str, number: str, words: str) -> str:
    known = CODE_OF[kind].get(number)
    return known or next((code for code, pattern in IN_WORDS if pattern.search(words)), "refused")


def _no(kind: str, reply: Reply, number: str, words: str) -> Answer:
    """Return the answer for a message that was not taken: by the gateway's number, the status, the words, in this order."""
    by_status = {401: "sign-in-refused", 402: "no-credit", 403: "sign-in-refused", 404: "sign-in-refused", 429: "later"}
    status_says = "server-away" if reply.status >= 500 else by_status.get(reply.status)
    code = CODE_OF[kind].get(number) or (status_says if not number else None) or _code(kind, number, words)
    if code == "refused" and status_says:
        code = status_says
    return Answer("try_again" if code in OURS else "refused", code, one_line(words))
