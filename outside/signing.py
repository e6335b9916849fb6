"""How a web hook shows that it is from us, and how we know who calls back: a shared secret over the time and the body.

Each request carries two headers. `X-Regulars-Timestamp` is the present in whole seconds since 1970, and
`X-Regulars-Signature` is `sha256=` and, in hexadecimal, the HMAC-SHA256 under the secret of the timestamp's digits, a full
stop, and the body's bytes. Whoever calls back does the same, with the same secret; what is older than five minutes, or
from as far ahead, is not believed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import clock

TOLERANCE_S = 300
LONGEST = 65_536


def headers_for(secret: str, body: bytes) -> dict[str, str]:
    """Return the two headers for a body that is sent now; none without a secret."""
    if not secret:
        return {}
    stamp = str(int(clock.now().timestamp()))
    return {"X-Regulars-Timestamp": stamp, "X-Regulars-Signature": "sha256=" + _digest(secret, stamp, body)}


def is_signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Say whether somebody who knows the secret sent this body in the last minutes. Without a secret, nobody did."""
    given = {name.lower(): value for name, value in headers.items()}
    stamp, signature = given.get("x-regulars-timestamp", ""), given.get("x-regulars-signature", "")
    if not (secret and stamp.isascii() and stamp.isdigit() and len(stamp) < 13):
        return False
    if abs(int(stamp) - clock.now().timestamp()) > TOLERANCE_S:
        return False
    return same(signature, "sha256=" + _digest(secret, stamp, body))


def same(one: str, other: str) -> bool:
    """Compare two secrets without telling by the time it takes how far they agree."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def json_object(body: bytes) -> dict[str, Any]:
    """Return the object that a body holds; an empty one when it is something else, or long."""
    try:
        found = json.loads(body) if len(body) <= LONGEST else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _digest(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode("utf-8"), stamp.encode("ascii") + b"." + body, hashlib.sha256).hexdigest()
