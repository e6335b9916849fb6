"""Who gets in: the owner by a link that works once, staff by a PIN on a phone that was let in, programs by a token.

Secrets are random and stored only as digests. A PIN is four digits, so it is worth something only on a known phone
and only for a few tries, counted per person and phone in the database.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN

import clock
from models import (
    Business,
    Invitation,
    Membership,
    Phone,
    PinTries,
    Prepared,
    Session,
    Shop,
    Staff,
    db,
    from_stored,
    instant_text,
    is_postgres,
)

OWNER_LINK_LASTS = timedelta(hours=24)
PHONE_LINK_LASTS = timedelta(minutes=10)
SHIFT_LASTS = timedelta(hours=14)
AFTER_CLOSING = timedelta(hours=1)
TOKEN_LASTS = timedelta(days=365)
TRIES = 5  # wrong PINs before a rest
TRIES_IN_ALL = 10  # wrong PINs before the owner has to open it again
REST = timedelta(minutes=15)
ASKED_KEPT = 2000  # sessions held in memory: their objects, never the decision
_asked: dict[str, tuple[tuple[Any, ...], Session]] = {}
CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that look alike


def digest(secret: str) -> str:
    """Return the digest under which a random secret is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_pin(pin: str) -> str:
    """Return a salted scrypt hash of a PIN (16 MiB and some 40 ms a try), with its number of digits beside it."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_scrypt(pin, salt)}${len(pin)}"


def pin_matches(pin: str, stored: str) -> bool:
    """Say whether a PIN is the one that was hashed; False where none was set."""
    if not stored:
        return False
    salt, hashed, _digits = stored.split("$")
    return hmac.compare_digest(_scrypt(pin, bytes.fromhex(salt)), hashed)


def pin_digits(stored: str) -> int:
    """Return how many digits the PIN has that was hashed: the keys sign in at the last one."""
    return int(stored.rpartition("$")[2])


def _scrypt(pin: str, salt: bytes) -> str:
    return hashlib.scrypt(pin.encode(), salt=salt, n=2**14, r=8, p=1).hex()


# -- links that work once


@dataclass(frozen=True, slots=True)
class Link:
    """A fresh invitation: what to open, what to type instead, and until when."""

    token: str
    code: str
    expires_at: datetime


def invite(staff: Staff, kind: str) -> Link:
    """Return a new one-time link for an owner ("owner", 24 h) or a phone ("phone", 10 min, with a typed code)."""
    token = secrets.token_urlsafe(24)
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(8)) if kind == "phone" else ""
    expires_at = clock.now() + (OWNER_LINK_LASTS if kind == "owner" else PHONE_LINK_LASTS)
    Invitation.create(
        staff=staff,
        kind=kind,
        token_hash=digest(token),
        code_hash=digest(code) if code else None,
        expires_at=expires_at,
    )
    return Link(token, code, expires_at)


def open_invitation(kind: str, token: str) -> Invitation | None:
    """Return the invitation a token or typed code stands for, if it is unused and in time."""
    secret = digest(token.strip())
    code = digest(token.strip().upper().replace("-", "").replace(" ", ""))
    return (
        Invitation.select(Invitation, Staff)
        .join(Staff)
        .where(
            (Invitation.kind == kind)
            & ((Invitation.token_hash == secret) | (Invitation.code_hash == code))
            & Invitation.used_at.is_null()
            & (Invitation.expires_at > clock.now())
            & Staff.left_at.is_null()
        )
        .get_or_none()
    )


def _use(invitation: Invitation) -> bool:
    """Mark an invitation as used; False if another was quicker."""
    unused = (Invitation.id == invitation.id) & Invitation.used_at.is_null()
    return Invitation.update(used_at=clock.now()).where(unused).execute() == 1


def enter_as_owner(invitation: Invitation) -> str | None:
    """Return a session token for the owner's link, or None when it has just been used."""
    with db.atomic():
        return start_session(invitation.staff, "owner") if _use(invitation) else None


def enrol_phone(invitation: Invitation, name: str) -> tuple[Phone, str] | None:
    """Return the phone that is now let in and its secret, or None when the invitation has just been used."""
    with db.atomic():
        return admit_phone(invitation.staff, name) if _use(invitation) else None


def admit_phone(staff: Staff, name: str) -> tuple[Phone, str]:
    """Return a new known phone and its secret, bound to the person it was made for."""
    secret = secrets.token_urlsafe(32)
    phone = Phone.create(
        business=staff.business_id, staff=staff, name=name, secret_hash=digest(secret), enrolled_at=clock.now()
    )
    return phone, secret


def known_phone(secret: str | None) -> Phone | None:
    """Return the phone a secret belongs to, unless it was shut out."""
    if not secret:
        return None
    return Phone.get_or_none((Phone.secret_hash == digest(secret)) & Phone.revoked_at.is_null())


def shut_out(phone: Phone) -> None:
    """End a phone: its secret is forgotten, and every session on it ends now."""
    now = clock.now()
    with db.atomic():
        Phone.update(secret_hash=None, revoked_at=now).where(Phone.id == phone.id).execute()
        Session.update(ended_at=now).where((Session.phone == phone.id) & Session.ended_at.is_null()).execute()


# -- sessions


def start_session(staff: Staff, kind: str, phone: Phone | None = None, shop: Shop | None = None) -> str:
    """Return the token of a new session; a phone's ends with the shift, a token's after a year."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    place = shop or staff.shops.first()
    Session.create(
        token_hash=digest(token), kind=kind, staff=staff, phone=phone, shop=place, created_at=now,
        expires_at=now + TOKEN_LASTS if kind == "token" else shift_end(place, now),
    )  # fmt: skip
    return token


def shift_end(shop: Shop | None, now: datetime) -> datetime:
    """Return when a session begun now ends: an hour after today's closing time, if that is known and ahead, else 14 h."""
    latest = now + SHIFT_LASTS
    hours = shop.hours_on(shop.day_of(now)) if shop else None
    if shop is None or hours is None:
        return latest
    closing = shop.at(shop.day_of(now), hours[1]) + AFTER_CLOSING
    return min(latest, closing) if closing > now + AFTER_CLOSING else latest


def session_for(token: str | None, shared: bool = False) -> Session | None:
    """Return the session a token opens, with its person and shop. One query.

    Whoever leaves them as they are (`shared`) is given the same objects as last time while their rows have not changed.
    """
    if not token:
        return None
    key = digest(token)
    rows = _ASKING(token=key, now=instant_text(clock.now()))
    if not rows:
        return None
    row = rows[0]
    if shared and (kept := _asked.get(key)) and kept[0] == row:
        return kept[1]
    values = iter(row)
    session, staff, shop = (from_stored(table, values) for table in (Session, Staff, Shop))
    session.staff, session.shop = staff, shop if shop.id else None
    session._dirty.clear()
    if shared:
        if len(_asked) >= ASKED_KEPT:
            _asked.clear()
        _asked[key] = (row, session)
    return session


_ASKING = Prepared(
    lambda: (
        Session.select(Session, Staff, Shop)
        .join(Staff)
        .join_from(Session, Shop, JOIN.LEFT_OUTER)
        .where(
            (Session.token_hash == ":token")
            & Session.ended_at.is_null()
            & (Session.expires_at > ":now")
            & Staff.left_at.is_null()
        )
    )
)


def end_session(session: Session) -> None:
    Session.update(ended_at=clock.now()).where(Session.id == session.id).execute()


# -- the PIN


@dataclass(frozen=True, slots=True)
class PinAnswer:
    """What came of a PIN: right, or the tries left, or resting for a quarter of an hour, or shut until a new PIN is set."""

    right: bool
    tries_left: int = 0
    resting: bool = False
    shut: bool = False


def try_pin(staff: Staff, phone: Phone, pin: str) -> PinAnswer:
    """Return whether a PIN is right, counting each try before it is looked at, so that a race gains nothing."""
    now = clock.now()
    with db.atomic():
        tries, _created = PinTries.get_or_create(staff=staff, phone=phone)
        if is_postgres():
            tries = PinTries.select().where(PinTries.id == tries.id).for_update().get()
        if tries.rests_until and tries.rests_until <= now and tries.wrong_in_all < TRIES_IN_ALL:
            tries.wrong, tries.rests_until = 0, None
        if tries.rests_until or tries.wrong_in_all >= TRIES_IN_ALL:
            return PinAnswer(False, resting=True, shut=tries.wrong_in_all >= TRIES_IN_ALL)
        tries.wrong += 1
        tries.wrong_in_all += 1
        if tries.wrong >= TRIES or tries.wrong_in_all >= TRIES_IN_ALL:
            tries.rests_until = now + REST
        tries.save()
    if pin_matches(pin, staff.pin_hash):
        PinTries.delete().where(PinTries.id == tries.id).execute()
        return PinAnswer(True)
    left = min(TRIES - tries.wrong, TRIES_IN_ALL - tries.wrong_in_all)
    return PinAnswer(False, tries_left=left, resting=left <= 0, shut=tries.wrong_in_all >= TRIES_IN_ALL)


def team(business: int) -> list[Staff]:
    """Return who may pick themselves on a phone: everybody of the business who works here and has a PIN, by name."""
    return list(
        Staff.select()
        .where((Staff.business == business) & Staff.left_at.is_null() & (Staff.pin_hash != ""))
        .order_by(Staff.name)
    )


def open_shop(name: str, zone: str, owner_name: str) -> tuple[Shop, Staff]:
    """Return a new business's first shop and its owner."""
    with db.atomic():
        business = Business.create(name=name, created_at=clock.now())
        shop = Shop.create(business=business, name=name, zone=zone)
        owner = Staff.create(business=business, name=owner_name, role="owner", created_at=clock.now())
        Membership.create(staff=owner, shop=shop)
    return shop, owner
