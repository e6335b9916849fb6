"""Addresses that only we can have made: a few numbers, a last day, and a signature. Nothing is stored for them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from datetime import date

from models import Business, db

SHAPE = re.compile(r"([a-z]{1,12})((?:-\d{1,10}){1,5})-(\d{8})-([A-Za-z0-9_-]{27})", re.ASCII)


def secret_of(business: int, name: str = "link_secret") -> bytes:
    """Return a secret of a business, made when it is first asked for: the one that its links are signed with, or another."""
    settings = _settings(business)
    if name not in settings:  # only then is anything locked: links are read by whoever comes along
        with db.atomic():
            Business.hold(business)
            settings = _settings(business)
            if name not in settings:
                settings[name] = secrets.token_hex(32)
                Business.update(settings=settings).where(Business.id == business).execute()
    return bytes.fromhex(settings[name])


def _settings(business: int) -> dict[str, str]:
    return dict(Business.get_by_id(business).settings or {})


def public_url() -> str:
    """Return where this server is reached from outside; "" while nobody has said."""
    return os.environ.get("REGULARS_PUBLIC_URL", "").rstrip("/")


def sign(business: int, kind: str, *numbers: int, until: date) -> str:
    """Return the secret part of an address: what it is about, good through a day."""
    told = "-".join([kind, str(business), *map(str, numbers), f"{until:%Y%m%d}"])
    return f"{told}-{_signature(business, told)}"


def read(secret: str, kind: str, today: date) -> tuple[int, ...] | None:
    """Return the numbers that an address is about; None where it is not ours, of another kind, or its last day is past."""
    found = SHAPE.fullmatch(secret)
    if found is None or found[1] != kind:
        return None
    business, *numbers = map(int, found[2].split("-")[1:])
    told, signature = secret[: -len(found[4]) - 1], found[4]
    if not Business.select().where(Business.id == business).exists():
        return None
    if not hmac.compare_digest(_signature(business, told), signature) or found[3] < f"{today:%Y%m%d}":
        return None
    return tuple(numbers)


def _signature(business: int, told: str) -> str:
    digest = hmac.new(secret_of(business), told.encode(), hashlib.sha256).digest()[:20]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
