"""Web hooks: a signed JSON message to an address of the shop's choosing, and what it tells us in return.

They carry reminders to whatever the shop has, ask a calling machine to ring somebody, and tell the owner that something
is wrong. How they are signed is told in signing.py. Any 2xx means that it was taken; its body may be JSON with an `id`.
The payload's own `id` goes along as Idempotency-Key: the same one again is the same message.

Whoever makes a call tells its outcome later, signed in the same way, by a POST to the callback address in the payload:
`{"id": …, "reference": …, "outcome": …, "detail": …}`, where `outcome` is one of OUTCOMES below.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Literal

from outside.answers import Answer, Report, one_line
from outside.signing import headers_for, is_signed, json_object
from outside.web import Reply, Unreachable, fetch

# A call that rang and left no message did not tell anybody anything: that is a failure
OUTCOMES: dict[str, Literal["handed_over", "delivered", "failed"]] = {
    "taken": "handed_over",
    "reached": "delivered",
    "left-message": "delivered",
    "confirmed": "delivered",  # reached, and they said that they will be there
    "delivered": "delivered",
    "no-message": "failed",
    "no-answer": "failed",
    "busy": "failed",
    "wrong-number": "failed",
    "failed": "failed",
}
LATER = {408, 409, 425, 429}
CODE = re.compile(r"[a-z][a-z-]{1,40}")
REFUSED = {"bad-address", "not-allowed", "redirected"}  # of the codes of Unreachable: the same every time


def post(
    url: str, payload: dict[str, Any], secret: str, allowed: Collection[str] = frozenset(), timeout_s: float = 10.0
) -> Answer:
    """Send a payload, signed, and say what came of it. Never raises.

    `refused`: bad-address, not-allowed (an address inside), redirected, gone, refused. `try_again`: no-such-host, timeout,
    tls, cut-off and server-away, later, too-large, sign-in-refused (401, 403).
    """
    try:
        body = json.dumps(payload, ensure_ascii=False, sort_keys=True).encode("utf-8")
        headers = {"Content-Type": "application/json"} | headers_for(secret, body)
        if payload.get("id"):
            headers["Idempotency-Key"] = str(payload["id"])
        reply = fetch("POST", url, headers=headers, body=body, timeout_s=timeout_s, limit=100_000, allowed=allowed)
    except Unreachable as error:
        return unreachable(error)
    except (TypeError, ValueError, RecursionError) as error:
        return Answer("refused", "refused", one_line(str(error)))
    return answered(reply)


def ping(url: str, allowed: Collection[str] = frozenset(), timeout_s: float = 10.0) -> Answer:
    """Ask for an address, so that whoever watches it knows that we are alive. Never raises; answers as `post` does."""
    try:
        return answered(fetch("GET", url, timeout_s=timeout_s, limit=100_000, allowed=allowed))
    except Unreachable as error:
        return unreachable(error)


def read_callback(secret: str, headers: Mapping[str, str], body: bytes) -> Report | None:
    """Return what became of a call or another hook's message; None when it is not signed by whoever knows the secret.

    `delivered` with the outcome as code (reached, left-message), or `failed` (no-message and the like); an outcome that is
    not in the list is `unknown`. Never raises.
    """
    if not is_signed(secret, headers, body):
        return None
    told = json_object(body)
    outcome = str(told.get("outcome", ""))
    state = OUTCOMES.get(outcome)
    words = {name: one_line(str(told.get(name, ""))) for name in ("id", "reference", "detail", "to")}
    return Report(
        words["id"],
        words["to"],
        state or "unknown",
        outcome if state else "no-report",
        words["detail"],
        words["reference"],
    )


def unreachable(error: Unreachable) -> Answer:
    """Return the answer for a server that gave none."""
    code = "server-away" if error.code == "refused" else error.code
    return Answer("refused" if code in REFUSED else "try_again", code, error.detail or error.location)


def answered(reply: Reply) -> Answer:
    """Return the answer that a status stands for, with the code and the id that the reply may name."""
    told = json_object(reply.body)
    named = str(told.get("code", ""))
    detail = one_line(f"{reply.status} {reply.body[:1000].decode('utf-8', 'replace')}")
    if 200 <= reply.status < 300:
        return Answer("handed_over", "", detail, one_line(str(told.get("id") or "")))
    if reply.status in LATER:
        return Answer("try_again", "later", detail)
    if reply.status >= 500:
        return Answer("try_again", "server-away", detail)
    if reply.status in (401, 403, 407):
        return Answer("try_again", "sign-in-refused", detail)
    return Answer("refused", "gone" if reply.status == 410 else named if CODE.fullmatch(named) else "refused", detail)
