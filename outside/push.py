"""Web push: a few words for a browser that may be closed, by way of the service of whoever made it.

Who sends is shown by a signed token (VAPID, RFC 8292); the words are sealed for that one browser (RFC 8291, in one record
of RFC 8188), all to the same length, so that the service that carries them learns neither what is told nor which kind it
is. Addresses come from browsers, so they are typed in by strangers: `outside.web` looks at each before it connects.

The mathematics is in the package `cryptography`, which is loaded when it is needed.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
import json
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import clock
from outside.answers import one_line
from outside.web import LONGEST_URL, Reply, Unreachable, fetch

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256: a key is below it
LENGTH = 1024  # bytes of the words with what fills them up; a service takes 4096 in all
TOKEN_LASTS = timedelta(hours=12)  # a service refuses more than a day
LONGEST_WAIT = 6 * 3600  # seconds; a service that says more is asked again then
GONE = {404, 410}
LATER = {408, 425, 429}
HOPELESS = {"bad-address", "not-allowed", "redirected"}  # of the codes of Unreachable: the same every time
TEXT = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a browser is told something: the address its service gave it, and what words for it are sealed with, both as the
    browser writes them (base64url)."""

    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: `sent`, or the place is `gone` for good, or it may be tried `again` (`wait_s`: not before, 0 where the
    service did not say), or it was `refused` and would be again. `code` and `detail` are for a log."""

    state: Literal["sent", "gone", "again", "refused"]
    code: str = ""
    detail: str = ""
    wait_s: int = 0


def is_installed() -> bool:
    """Say whether the library is there."""
    return importlib.util.find_spec("cryptography") is not None


def public_key(secret: bytes) -> str:
    """Return what a browser is given as `applicationServerKey`, of a secret of 32 bytes that is any number."""
    return _text(_point(_private(secret).public_key()))


def is_place(place: Place, plain: Collection[str] = frozenset()) -> bool:
    """Say whether a browser can have given this: an https address (for hosts of `plain` http as well) and two keys."""
    try:
        parts = urlsplit(place.endpoint)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.netloc in plain)
        fits = len(place.endpoint) <= LONGEST_URL and place.endpoint.isascii() and place.endpoint.isprintable()
        _their_key(place.p256dh)
        return bool(safe and fits and parts.hostname and "@" not in parts.netloc and len(_bytes(place.auth)) == 16)
    except ValueError:
        return False


def send(
    place: Place, secret: bytes, told: dict[str, Any], *, ttl: int, urgency: str, topic: str, contact: str = "",
    allowed: Collection[str] = frozenset(), timeout_s: float = 10.0,
) -> Outcome:  # fmt: skip
    """Hand a few words over to a browser's service. Never raises.

    `ttl` is for how many seconds they are of use; a newer one of the same `topic` takes the place of one that waits there;
    `contact` is an address by which its owners find whoever runs this server.
    """
    try:
        body = sealed(json.dumps(told, ensure_ascii=False).encode(), place)
        headers = {
            "Authorization": f"vapid t={token(place.endpoint, secret, contact)}, k={public_key(secret)}",
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(ttl),
            "Urgency": urgency,
            "Topic": topic,
        }
        reply = fetch(
            "POST", place.endpoint, headers=headers, body=body, timeout_s=timeout_s, limit=50_000, allowed=allowed
        )
    except Unreachable as error:
        return Outcome("refused" if error.code in HOPELESS else "again", error.code, error.detail)
    except ValueError as error:
        return Outcome("refused", "bad-place", one_line(str(error)))
    return _answered(reply)


def _answered(reply: Reply) -> Outcome:
    said = one_line(reply.body)
    if 200 <= reply.status < 300:
        return Outcome("sent")
    if reply.status in GONE:
        return Outcome("gone", str(reply.status), said)
    if reply.status in LATER or reply.status >= 500:
        return Outcome("again", str(reply.status), said, wait_s(reply.headers.get("retry-after", "")))
    return Outcome("refused", str(reply.status), said)


def wait_s(text: str) -> int:
    """Return the seconds that a Retry-After tells, as a number or as a time; 0 where it tells none."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return min(int(text[:9]), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(max(0, round((at - clock.now()).total_seconds())), LONGEST_WAIT)
    except (ValueError, TypeError, OverflowError):
        return 0


# -- who sends


def token(endpoint: str, secret: bytes, contact: str = "") -> str:
    """Return the signed token that says who sends, for the service of an address."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    parts = urlsplit(endpoint)
    claims: dict[str, Any] = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((clock.now() + TOKEN_LASTS).timestamp()),
    }
    if contact:
        claims["sub"] = contact
    head = _text(b'{"typ":"JWT","alg":"ES256"}')
    said = f"{head}.{_text(json.dumps(claims, separators=(',', ':')).encode())}"
    r, s = decode_dss_signature(_private(secret).sign(said.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{said}.{_text(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


# -- the words, sealed


def sealed(words: bytes, place: Place, salt: bytes = b"", own: bytes = b"", length: int = LENGTH) -> bytes:
    """Return words as only one browser can read them, filled up to `length` bytes. Raises ValueError where its keys are none,
    or the words too long. `salt` and `own` (the secret of a key for this once) are chance where none are given."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(words) >= length:
        raise ValueError("the words are too long")
    salt, once = salt or secrets.token_bytes(16), _private(own or secrets.token_bytes(32))
    theirs, auth, ours = _their_key(place.p256dh), _bytes(place.auth), _point(once.public_key())
    shared = once.exchange(ec.ECDH(), theirs)
    both = _derived(auth, shared, b"WebPush: info\0" + _point(theirs) + ours, 32)
    key = _derived(salt, both, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, both, b"Content-Encoding: nonce\0", 12)
    filled = words + b"\x02" + bytes(length - len(words) - 1)  # 2 ends the last record
    head = salt + (4096).to_bytes(4, "big") + bytes([len(ours)]) + ours
    return head + AESGCM(key).encrypt(nonce, filled, None)


def _derived(salt: bytes, secret: bytes, about: bytes, length: int) -> bytes:
    """Return as many bytes of HKDF (RFC 5869) with SHA-256; one round is enough for up to 32."""
    return hmac.digest(hmac.digest(salt, secret, hashlib.sha256), about + b"\1", hashlib.sha256)[:length]


def _private(secret: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.derive_private_key(int.from_bytes(secret, "big") % (ORDER - 1) + 1, ec.SECP256R1())


def _their_key(text: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(text))


def _point(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    point: bytes = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return point


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    """Return the bytes that base64url stands for. Raises ValueError where it is none."""
    text = text.rstrip("=")
    if not TEXT.fullmatch(text):
        raise ValueError("no base64url")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
