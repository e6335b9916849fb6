"""Codes of six figures that an app on a phone shows anew every half minute (TOTP, RFC 6238): somebody's second factor.

App and server share a secret; a code is made of it and of the number of half minutes since 1970.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime
from urllib.parse import quote

STEP = 30  # seconds
DIGITS = 6
SLACK = 1  # steps that a phone's clock may be off, either way
SHAPE = re.compile(r"[A-Z2-7]{32}")


def new_secret() -> str:
    """Return a new secret of 160 bits, as it may be typed: base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def is_secret(text: str) -> bool:
    """Say whether a text is such a secret."""
    return bool(SHAPE.fullmatch(text))


def code_at(key: bytes, step: int, digits: int = DIGITS) -> str:
    """Return the code of one half minute."""
    mac = hmac.digest(key, step.to_bytes(8, "big"), hashlib.sha1)  # SHA-1 is what every app takes
    place = mac[-1] & 15
    number = int.from_bytes(mac[place : place + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the half minute whose code this is, of those that count at present; None where it is of none."""
    typed = re.sub(r"\s", "", code)
    if not (typed.isascii() and typed.isdecimal() and is_secret(secret)):
        return None
    key, present = base64.b32decode(secret), int(now.timestamp()) // STEP
    steps = range(present - SLACK, present + SLACK + 1)
    return next((step for step in steps if hmac.compare_digest(code_at(key, step), typed)), None)


def address(secret: str, place: str, name: str) -> str:
    """Return what the picture for the app says: whose codes these are, and the secret."""
    label = f"{quote(place, safe='')}:{quote(name, safe='')}"
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(place, safe='')}"
