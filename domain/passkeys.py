"""Passkeys (WebAuthn): a key that an owner's phone or computer holds and opens by finger, face or its own code.

It is bound to one host name and of no use anywhere else, so there is nothing to guess and nothing to give away on a page
that only looks like ours. Browsers offer it on https, and on localhost; never on an IP address. Its mathematics is in the
package `webauthn`, which is loaded when it is needed.

Challenges are not stored: each is signed by us and tells when it was made, and a key answers only ones made after the last
one that it answered.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
import json
import secrets
import time
from ipaddress import ip_address
from typing import Any

import clock
from domain import audit
from domain.links import secret_of
from models import Business, Passkey, Staff, db, one_line

LASTS = 5 * 60 * 1_000_000  # µs from a challenge to its answer
AT_MOST = 20  # passkeys of one owner
NAME_LONGEST = 60


class NotProven(Exception):
    """An answer that proves nothing: not ours, too old, used before, or of another place."""


def is_installed() -> bool:
    """Say whether the library is there."""
    return importlib.util.find_spec("webauthn") is not None


def host_for(url_root: str) -> str:
    """Return the host name that passkeys can be bound to at an address such as "https://shop.example.org/"; "" where they
    cannot be used: on an IP address, or on plain http elsewhere than on this very machine."""
    scheme, _sep, rest = url_root.partition("://")
    host = rest.partition("/")[0]
    host = host if host.endswith("]") else host.rsplit(":", 1)[0] if ":" in host else host
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return host if scheme == "https" or host == "localhost" else ""
    return ""


def of(staff: Staff) -> list[Passkey]:
    return list(Passkey.select().where(Passkey.staff == staff.id).order_by(Passkey.id))


# -- challenges


def _now() -> int:
    return time.time_ns() // 1000  # the machine's own: a test's clock may stand still, and no two may be alike


def _secret() -> bytes:
    return secret_of(Business.select(Business.id).order_by(Business.id).scalar())


def challenge(purpose: str, host: str) -> bytes:
    """Return a new challenge, good for five minutes, for one purpose at one host."""
    told = _now().to_bytes(8, "big") + secrets.token_bytes(8)
    return told + _seal(told, purpose, host)


def _seal(told: bytes, purpose: str, host: str) -> bytes:
    return hmac.digest(_secret(), told + f" {purpose} {host}".encode(), hashlib.sha256)[:16]


def _made_at(answer: dict[str, Any], purpose: str, host: str) -> tuple[bytes, int]:
    """Return the challenge that an answer is for, and when it was made. Raises NotProven where it is none of ours."""
    try:
        client = json.loads(_bytes(answer["response"]["clientDataJSON"]))
        given = _bytes(client["challenge"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NotProven() from None
    told, seal = given[:16], given[16:]
    made = int.from_bytes(told[:8], "big")
    if not hmac.compare_digest(seal, _seal(told, purpose, host)) or not 0 <= _now() - made < LASTS:
        raise NotProven()
    return given, made


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _read(answer: str) -> dict[str, Any]:
    try:
        read = json.loads(answer) if len(answer) < 20_000 else None
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise NotProven()
    return read


# -- adding one


def to_add(staff: Staff, place: str, host: str) -> str:
    """Return, as JSON, what a browser needs to make a key."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=host,
        rp_name=place,
        user_id=hmac.digest(_secret(), f"owner {staff.id}".encode(), hashlib.sha256)[:16],
        user_name=staff.name,
        challenge=challenge(f"add {staff.id}", host),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=_bytes(k.credential)) for k in of(staff) if k.host == host
        ],
    )
    return options_to_json(options)


def add(staff: Staff, answer: str, name: str, host: str, origin: str) -> Passkey:
    """Keep the key that a browser made. Raises NotProven."""
    from webauthn import verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    read = _read(answer)
    given, made = _made_at(read, f"add {staff.id}", host)
    try:
        key = verify_registration_response(
            credential=read,
            expected_challenge=given,
            expected_rp_id=host,
            expected_origin=origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise NotProven() from None
    credential = _text(key.credential_id)
    with db.atomic():
        known = Passkey.select().where(Passkey.credential == credential).exists()
        if known or Passkey.select().where(Passkey.staff == staff.id).count() >= AT_MOST:
            raise NotProven()
        kept = Passkey.create(
            staff=staff, credential=credential, public_key=_text(key.credential_public_key), host=host, answered=made,
            sign_count=key.sign_count, name=one_line(name)[:NAME_LONGEST], created_at=clock.now(),
        )  # fmt: skip
        audit.write("passkey.added", business=staff.business_id, staff=staff, passkey=kept.id)
    return kept


def remove(staff: Staff, number: int) -> bool:
    """Take a key away from its owner; False where they have none of that number."""
    with db.atomic():
        done = Passkey.delete().where((Passkey.id == number) & (Passkey.staff == staff.id)).execute() == 1
        if done:
            audit.write("passkey.removed", business=staff.business_id, staff=staff, passkey=number)
    return done


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


# -- proving by one


def to_prove(host: str) -> str:
    """Return, as JSON, what a browser needs to ask for any key of this host."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    return options_to_json(
        generate_authentication_options(
            rp_id=host,
            challenge=challenge("prove", host),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def proven(answer: str, host: str, origin: str) -> Staff:
    """Return the owner whose key answered. Raises NotProven."""
    from webauthn import verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    read = _read(answer)
    given, made = _made_at(read, "prove", host)
    key = (
        Passkey.select(Passkey, Staff)
        .join(Staff)
        .where(
            (Passkey.credential == str(read.get("id"))[:2000])
            & (Passkey.host == host)
            & (Staff.role == "owner")
            & Staff.left_at.is_null()
        )
        .get_or_none()
    )
    if key is None:
        raise NotProven()
    try:
        seen = verify_authentication_response(
            credential=read,
            expected_challenge=given,
            expected_rp_id=host,
            expected_origin=origin,
            credential_public_key=_bytes(key.public_key),
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise NotProven() from None
    unused = (Passkey.id == key.id) & (Passkey.answered < made)
    used = {"answered": made, "sign_count": seen.new_sign_count, "used_at": clock.now()}
    if Passkey.update(**used).where(unused).execute() != 1:
        raise NotProven()
    return key.staff
