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
from functools import partial
from typing import Any

from peewee import JOIN, fn

import clock
import words.alarms
from domain import alarms, audit, passwords
from models import (
    Business,
    Invitation,
    Membership,
    Phone,
    PinTries,
    Prepared,
    Session,
    Shop,
    SignInTries,
    Staff,
    Subscription,
    db,
    from_stored,
    instant_text,
    is_postgres,
)
from words import _

OWNER_LINK_LASTS = timedelta(hours=24)
PHONE_LINK_LASTS = timedelta(minutes=10)
SHIFT_LASTS = timedelta(hours=14)
AFTER_CLOSING = timedelta(hours=1)
TOKEN_LASTS = timedelta(days=365)
ACTS_LAST = timedelta(
    days=90
)  # what was done in a session is delivered so long after it began, as long as keys are kept
EVERY_KIND = ("owner", "phone", "token")
IDLE = {"phone": timedelta(hours=4), "owner": timedelta(hours=2)}  # after so long without being used a session is over
SEEN_EVERY = timedelta(minutes=5)  # a session's last use is noted so often at most
FRESH = timedelta(minutes=10)  # after proving who they are, an owner is not asked again
TRIES = 5  # wrong PINs before a rest
TRIES_IN_ALL = 10  # wrong PINs before the owner has to open it again
REST = timedelta(minutes=15)
ASKED_KEPT = 2000  # sessions held in memory: their objects, never the decision
_asked: dict[str, tuple[tuple[Any, ...], Session]] = {}
_shops: dict[int, tuple[list[Any], Shop]] = {}
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


def invite_owner_again(owner: Staff) -> Link:
    """Return a new link for an owner; those that nobody has used are good no more."""
    with db.atomic():
        Invitation.delete().where(unused_link(owner)).execute()
        return invite(owner, "owner")


def unused_link(owner: Staff) -> Any:
    """Return the condition of the links by which somebody may still sign in as an owner."""
    return (Invitation.staff == owner.id) & (Invitation.kind == "owner") & Invitation.used_at.is_null()


def any_invitation(kind: str, token: str) -> Invitation | None:
    """Return the invitation a token or typed code stands for, used or late as it may be, of somebody who works here; an
    owner's link is worth something to an owner alone."""
    secret = digest(token.strip())
    code = digest(token.strip().upper().replace("-", "").replace(" ", ""))
    return (
        Invitation.select(Invitation, Staff)
        .join(Staff)
        .where(
            (Invitation.kind == kind)
            & ((Invitation.token_hash == secret) | (Invitation.code_hash == code))
            & Staff.left_at.is_null()
            & ((Invitation.kind != "owner") | (Staff.role == "owner"))
        )
        .get_or_none()
    )


def open_invitation(kind: str, token: str) -> Invitation | None:
    """Return the invitation a token or typed code stands for, if it is unused and in time."""
    found = any_invitation(kind, token)
    return found if found and found.used_at is None and found.expires_at > clock.now() else None


def owner_of(business: int) -> str:
    """Return the name of whoever is to be asked for a new code: the first owner."""
    owners = (Staff.business == business) & (Staff.role == "owner") & Staff.left_at.is_null()
    return Staff.select(Staff.name).where(owners).order_by(Staff.id).limit(1).scalar() or _("the owner")


def use(invitation: Invitation) -> bool:
    """Mark an invitation as used; False if another was quicker."""
    unused = (Invitation.id == invitation.id) & Invitation.used_at.is_null()
    return Invitation.update(used_at=clock.now()).where(unused).execute() == 1


def enrol_phone(invitation: Invitation, name: str) -> tuple[Phone, str] | None:
    """Return the phone that is now let in and its secret, or None when the invitation has just been used."""
    with db.atomic():
        return admit_phone(invitation.staff, name) if use(invitation) else None


def admit_phone(staff: Staff, name: str) -> tuple[Phone, str]:
    """Return a new known phone and its secret, bound to the person it was made for."""
    secret = secrets.token_urlsafe(32)
    now = clock.now()
    phone = Phone.create(
        business=staff.business_id, staff=staff, name=name, secret_hash=digest(secret), enrolled_at=now, seen_at=now
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
        Subscription.delete().where(Subscription.phone == phone.id).execute()


# -- an owner's password


class Unfit(Exception):
    """A password that is not taken; the sentence says why."""


def password_problem(staff: Staff, password: str) -> str:
    """Return why a password will not do for somebody, "" where it will."""
    shops = Shop.select(Shop.name).where(Shop.business == staff.business_id).tuples()
    return passwords.problem(password, staff.name, staff.business.name, *(name for (name,) in shops))


def set_password(staff: Staff, password: str, here: Session | None = None) -> None:
    """Give an owner a password. No browser is known any more (see `owners.set_password`), and all their sessions but the one
    they are in (`here`) are over, programs' too.

    Raises Unfit where the password will not do, and passwords.Busy.
    """
    keep_password(staff, weighed(staff, password), here)


def weighed(staff: Staff, password: str) -> str:
    """Return what is kept of a password; that may have to wait, so it is done in no transaction. Raises as `set_password`."""
    if told := password_problem(staff, password):
        raise Unfit(told)
    return passwords.hashed(password)


def keep_password(staff: Staff, kept: str, here: Session | None = None) -> None:
    """Keep what was `weighed` as an owner's password."""
    with db.atomic():
        Staff.update(password_hash=kept).where(Staff.id == staff.id).execute()
        SignInTries.delete().where(SignInTries.staff == staff.id).execute()
        end_sessions(staff, but=here, kinds=EVERY_KIND)
        audit.write("password.set", business=staff.business_id, staff=staff)
    staff.password_hash = kept


# -- sessions


def start_session(
    staff: Staff, kind: str, phone: Phone | None = None, shop: Shop | None = None, about: str = ""
) -> str:
    """Return the token of a new session; a phone's ends with the shift, a token's after a year."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    place = shop or staff.shops.first()
    Session.create(
        token_hash=digest(token), kind=kind, staff=staff, phone=phone, shop=place, created_at=now,
        expires_at=now + TOKEN_LASTS if kind == "token" else shift_end(place, now),
        seen_at=now, proved_at=now if kind == "owner" else None, about=about, acts_hash=digest(acts_secret(token)),
    )  # fmt: skip
    return token


def acts_secret(token: str) -> str:
    """Return the secret by which a phone delivers what was done in a session, also after that is over. It opens nothing, and
    the session's own token does not follow from it."""
    return digest(f"acts of {token}")


def session_of_acts(secret: str) -> Session | None:
    """Return the session in which acts were done that come with its secret, over as it may be; None where whoever was in it has
    left the team, the phone was shut out, or it lies too far back."""
    found = (
        Session.select(Session, Staff, Shop, Phone)
        .join(Staff)
        .join_from(Session, Shop, JOIN.LEFT_OUTER)
        .join_from(Session, Phone, JOIN.LEFT_OUTER)
        .where(
            (Session.acts_hash == digest(secret))
            & (Session.created_at > clock.now() - ACTS_LAST)
            & Staff.left_at.is_null()
            & Phone.revoked_at.is_null()
        )
        .get_or_none()
    )
    if found is not None:
        found.staff.by_pin = found.kind == "phone"
    return found


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
        return None if is_idle(kept[1]) else kept[1]
    values = iter(row)
    session, staff = (from_stored(table, values) for table in (Session, Staff))
    session.staff, session.shop = staff, _shop_of(list(values)[: len(Shop._meta.sorted_fields)], shared)
    staff.by_pin = session.kind == "phone"
    staff.among = row[-1]
    session._dirty.clear()
    if is_idle(session):
        return None
    if shared:
        if len(_asked) >= ASKED_KEPT:
            _asked.clear()
        _asked[key] = (row, session)
    return session


def _shop_of(stored: list[Any], shared: bool) -> Shop | None:
    """Return a shop as it is stored, None where it is nobody's; for all who leave it as it is, one object."""
    kept = _shops.get(stored[0]) if shared else None
    if kept and kept[0] == stored:
        return kept[1]
    shop: Shop = from_stored(Shop, iter(stored))
    if shared and shop.id:
        if len(_shops) >= ASKED_KEPT:
            _shops.clear()
        _shops[stored[0]] = stored, shop
    return shop if shop.id else None


def _shops_of_the_business() -> Any:
    """Return the expression of how many shops there are, so that a business of one is never asked about others."""
    other = Shop.alias()
    return other.select(fn.COUNT(other.id)).where(other.business == Staff.business)


_ASKING = Prepared(
    lambda: (
        Session.select(Session, Staff, Shop, _shops_of_the_business())
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


def is_idle(session: Session) -> bool:
    """Say whether a session was left unused for so long that it is over; a program's token never is."""
    limit = IDLE.get(session.kind)
    return limit is not None and clock.now() - (session.seen_at or session.created_at) > limit


def seen(session: Session) -> None:
    """Note that a session is in use, and its phone with it; a query every few minutes."""
    now = clock.now()
    if session.seen_at is None or now - session.seen_at >= SEEN_EVERY:
        Session.update(seen_at=now).where(Session.id == session.id).execute()
        if session.phone_id:
            Phone.update(seen_at=now).where(Phone.id == session.phone_id).execute()


def enter_on_phone(staff: Staff, phone: Phone, shop: Shop | None, about: str = "", how: str = "pin") -> str:
    """Return the token of the session of somebody whose PIN was right on a phone, or whose link let it in, at one of their
    shops."""
    with db.atomic():
        token = start_session(staff, "phone", phone, shop, about)
        follow(token, Subscription.phone == phone.id)
        Phone.update(seen_at=clock.now()).where(Phone.id == phone.id).execute()
        audit.write("session.begun", business=staff.business_id, shop=shop, staff=staff, phone=phone, how=how)
    return token


def follow(token: str, here: Any) -> None:
    """Let what somebody asked to be told on a phone, or in a browser, go with the session they have begun there."""
    begun = Session.select(Session.id).where(Session.token_hash == digest(token))
    of_theirs = Session.select(Session.staff).where(Session.token_hash == digest(token))
    Subscription.update(session=begun).where(here & (Subscription.staff == of_theirs)).execute()


def leave(session: Session) -> None:
    """End a session by the hand of whoever is in it, or of the next on that phone."""
    by = session.staff
    with db.atomic():
        Session.update(ended_at=clock.now()).where(Session.id == session.id).execute()
        where = {"shop": session.shop_id, "staff": by, "phone": session.phone_id}
        audit.write("session.ended", business=by.business_id, **where, session=session.id)


def turned_away(token: str | None, secret: str | None) -> tuple[Session | None, Phone | None]:
    """Return the session and phone that whoever is turned away had: theirs until they left the team or the phone was shut
    out; none of a stranger, nor of somebody whose time was over."""
    session = phone = None
    if token:
        session = Session.select(Session, Staff, Phone).join(Staff).join_from(Session, Phone, JOIN.LEFT_OUTER)
        session = session.where(
            (Session.token_hash == digest(token)) | (Session.acts_hash == digest(token))
        ).get_or_none()
        if session and not (session.staff.left_at or (session.phone and session.phone.revoked_at)):
            session = None
    if secret:
        phone = Phone.get_or_none((Phone.secret_hash == digest(secret)) & Phone.revoked_at.is_null(False))
    return session, phone


def end_sessions(staff: Staff, but: Session | None = None, kinds: tuple[str, ...] = ("owner", "phone")) -> int:
    """End somebody's sessions of these kinds, all `but` one; return how many there were."""
    open_ones = (Session.staff == staff.id) & Session.ended_at.is_null() & Session.kind.in_(kinds)
    if but is not None:
        open_ones &= Session.id != but.id
    return Session.update(ended_at=clock.now()).where(open_ones).execute()


def open_sessions(staff: Staff) -> list[Session]:
    """Return the sessions in which somebody is signed in, the one seen last first."""
    now = clock.now()
    found = (
        Session.select(Session, Phone)
        .join(Phone, JOIN.LEFT_OUTER)
        .where((Session.staff == staff.id) & Session.ended_at.is_null() & (Session.expires_at > now))
        .order_by(Session.seen_at.desc(), Session.id.desc())
    )
    return [session for session in found if not is_idle(session)]


# -- asking again before what matters


def is_fresh(session: Session) -> bool:
    """Say whether somebody proved who they are a short while ago, so that what matters needs no further asking."""
    return session.proved_at is not None and session.proved_at > clock.now() - FRESH


def matters(kind: str, data: dict[str, Any]) -> bool:
    """Say whether an act is one of those that ask again before they are done."""
    return kind in ("staff.role", "calendar.renew") or (kind == "staff.add" and data.get("role") == "owner")


def proved(session: Session) -> None:
    """Note that whoever is in a session has just proved who they are."""
    session.proved_at = clock.now()  # type: ignore[assignment]
    Session.update(proved_at=session.proved_at).where(Session.id == session.id).execute()


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
    stands = PinTries.get_or_none((PinTries.staff == staff.id) & (PinTries.phone == phone.id))
    if stands is not None and (stopped := _stopped(stands, now)):
        return stopped  # nothing is written: whoever guesses on holds up nobody
    with db.atomic():
        tries, _created = PinTries.get_or_create(staff=staff, phone=phone)
        if is_postgres():
            tries = PinTries.select().where(PinTries.id == tries.id).for_update().get()
        if stopped := _stopped(tries, now):
            return stopped
        if tries.rests_until:
            tries.wrong, tries.rests_until = 0, None
        tries.wrong += 1
        tries.wrong_in_all += 1
        if tries.wrong >= TRIES or tries.wrong_in_all >= TRIES_IN_ALL:
            tries.rests_until = now + REST
        tries.save()
    if pin_matches(pin, staff.pin_hash):
        PinTries.delete().where(PinTries.id == tries.id).execute()
        return PinAnswer(True)
    _wrong_pin(staff, phone, tries, now)
    left = min(TRIES - tries.wrong, TRIES_IN_ALL - tries.wrong_in_all)
    return PinAnswer(False, tries_left=left, resting=left <= 0, shut=tries.wrong_in_all >= TRIES_IN_ALL)


def _stopped(tries: PinTries, now: datetime) -> PinAnswer | None:
    """Return the answer where no PIN is looked at just now: shut, or resting."""
    shut = tries.wrong_in_all >= TRIES_IN_ALL
    rests = tries.rests_until is not None and tries.rests_until > now
    return PinAnswer(False, resting=True, shut=shut) if shut or rests else None


def _wrong_pin(staff: Staff, phone: Phone, tries: PinTries, now: datetime) -> None:
    """Put a wrong PIN into the record; of the one that shuts it the owner is told at once, by the ways there are."""
    shop = staff.shops.first()
    with db.atomic():
        if shop is not None and tries.wrong_in_all >= TRIES_IN_ALL:
            worded = partial(words.alarms.pin_shut, name=staff.name, phone=phone.name)
            alarms.tell(shop, f"pin-{tries.id}-{int(now.timestamp())}", now, worded)
        about = {"business": staff.business_id, "shop": shop, "phone": phone, "person": staff}
        audit.write("pin.refused", **about)
        if tries.wrong_in_all >= TRIES_IN_ALL:
            audit.write("pin.shut", **about)


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
