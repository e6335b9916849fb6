"""How an owner gets in: by name and password, with a second factor where they want one, or by a passkey.

Wrong tries are counted for each owner in the database: those from a browser that the owner had signed in on before by
themselves, all others together. Strangers can make the others rest; they can shut nobody out of a browser they know.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import clock
import words.alarms
from domain import access, alarms, audit, one_time_codes, passwords
from domain.links import secret_of
from models import (
    Invitation,
    Passkey,
    RecoveryCode,
    Session,
    Shop,
    SignInTries,
    Staff,
    Subscription,
    db,
    folded,
    is_postgres,
)

TRIES = 5  # wrong ones before the first rest
TOLD_AT = 10  # wrong ones of which the owner hears
FIRST_REST = timedelta(minutes=1)  # each further wrong one doubles it
LONGEST_REST = timedelta(hours=1)
FORGOTTEN = timedelta(days=1)  # after a rest, wrong tries of long ago count no more
KNOWN_AT_MOST = 50  # browsers of one owner
HALF_LASTS = timedelta(minutes=5)  # between the password and the code
CODES = 10  # recovery codes
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike
ALIKE = 3  # owners of one name on one server; more are not looked at


@dataclass(frozen=True, slots=True)
class Try:
    """What came of a try: who it was; or that their code is still wanted, and what proves the first half meanwhile."""

    staff: Staff | None = None
    half: str = ""


def owners_called(name: str) -> list[Staff]:
    """Return whom a name may mean: owners of that name, or the owner of a shop of that name where there is only one."""
    wanted = folded(name)
    if not wanted:
        return []
    owners = list(Staff.select().where((Staff.role == "owner") & Staff.left_at.is_null()).order_by(Staff.id))
    found = [owner for owner in owners if folded(owner.name) == wanted]
    if not found:
        places = {shop.business_id for shop in Shop.select(Shop.business, Shop.name) if folded(shop.name) == wanted}
        found = [owner for owner in owners if owner.business_id in places]
        found = found if len(found) == 1 else []
    return found[:ALIKE]


# -- browsers an owner has signed in on, and wrong tries


def known_owner(browser: str) -> Staff | None:
    """Return who signed in last on a browser, as far as it is known."""
    if not browser:
        return None
    return (
        Staff.select()
        .join(SignInTries)
        .where(
            (SignInTries.browser == access.digest(browser)) & (Staff.role == "owner") & Staff.left_at.is_null()
        )
        .order_by(SignInTries.id.desc())
        .first()
    )  # fmt: skip


def _count(staff: Staff, browser: str) -> bool:
    """Count a try before it is looked at, so that a race gains nothing; False where it is not to be looked at at all."""
    now, mine = clock.now(), access.digest(browser) if browser else ""
    rows = SignInTries.select().where((SignInTries.staff == staff.id) & SignInTries.browser.in_([mine, ""]))
    stands = rows.order_by(SignInTries.browser.desc()).first()
    mine = stands.browser if stands else ""
    if stands and stands.rests_until and stands.rests_until > now:
        return False  # nothing is written: whoever guesses on holds up nobody
    with db.atomic():
        tries, _created = SignInTries.get_or_create(staff=staff, browser=mine)
        if is_postgres():
            tries = SignInTries.select().where(SignInTries.id == tries.id).for_update().get()
        if tries.rests_until and tries.rests_until > now:
            return False
        if tries.rests_until and tries.rests_until <= now - FORGOTTEN:
            tries.wrong, tries.rests_until = 0, None
        tries.wrong += 1
        if tries.wrong == TOLD_AT:
            _tell(staff, f"password-{tries.id}-{int(now.timestamp())}", now)
        if tries.wrong >= TRIES:
            tries.rests_until = now + min(LONGEST_REST, FIRST_REST * 2 ** min(tries.wrong - TRIES, 10))
        tries.save()
    return True


def _tell(staff: Staff, about: str, now: datetime) -> None:
    """Have the owner told that somebody tries to get in as them."""
    shop = staff.shops.first()
    if shop is not None:
        alarms.tell(shop, about, now, partial(words.alarms.password_guessed, name=staff.name))


def _uncount(staff: Staff, browser: str, all_of_them: bool = False) -> None:
    """Take back the try that was just counted, or all of them: it was right."""
    mine = access.digest(browser) if browser else ""
    with db.atomic():
        rows = SignInTries.select().where((SignInTries.staff == staff.id) & SignInTries.browser.in_([mine, ""]))
        tries = rows.order_by(SignInTries.browser.desc()).first()
        if tries is not None:
            tries.wrong, tries.rests_until = 0 if all_of_them else max(0, tries.wrong - 1), None
            tries.save()


def rests_until(staff: Staff, browser: str) -> datetime | None:
    """Return until when a browser rests that an owner has signed in on; None where it does not."""
    row = SignInTries.get_or_none((SignInTries.staff == staff.id) & (SignInTries.browser == access.digest(browser)))
    return row.rests_until if row and row.rests_until and row.rests_until > clock.now() else None


def _remember(staff: Staff, browser: str) -> str:
    """Know a browser from now on; return what it is to hold."""
    browser = browser if len(browser) == 43 else secrets.token_urlsafe(32)
    SignInTries.get_or_create(staff=staff, browser=access.digest(browser))
    known = (SignInTries.staff == staff.id) & (SignInTries.browser != "")
    latest = SignInTries.select(SignInTries.id).where(known).order_by(SignInTries.id.desc()).limit(KNOWN_AT_MOST)
    SignInTries.delete().where(known & SignInTries.id.not_in([row.id for row in latest])).execute()
    return browser


def set_password(staff: Staff, password: str, here: Session, browser: str) -> str:
    """Give an owner a password and return what the browser they sit in is known by from now on: were it unknown, strangers'
    wrong tries would count there. Raises as `access.set_password`."""
    kept = access.weighed(staff, password)
    with db.atomic():
        access.keep_password(staff, kept, here)
        return _remember(staff, browser)


# -- signing in


def try_password(name: str, password: str, browser: str) -> Try:
    """Return what came of a name and a password. It takes as long for a name that nobody has. Raises passwords.Busy."""
    with passwords.turn(known_owner(browser) is not None):
        found = owners_called(name)
        if not found:
            passwords.matches(password, "")
        theirs = next((staff for staff in found if _is_theirs(staff, password, browser)), None)
    if theirs is None:
        return Try()
    _keep_at_todays_cost(theirs, password)
    return Try(half=_half(theirs)) if theirs.second_factor else Try(theirs)


def is_theirs(staff: Staff, password: str, browser: str) -> bool:
    """Say whether a password is that of an owner who is signed in, counting the try. Raises passwords.Busy."""
    with passwords.turn(known=True):
        right = _is_theirs(staff, password, browser)
    if right:
        _keep_at_todays_cost(staff, password)
    return right


def _keep_at_todays_cost(staff: Staff, password: str) -> None:
    if passwords.is_outdated(staff.password_hash):
        with suppress(passwords.Busy):  # then the next time
            staff.password_hash = passwords.hashed(password)
            Staff.update(password_hash=staff.password_hash).where(Staff.id == staff.id).execute()


def _is_theirs(staff: Staff, password: str, browser: str) -> bool:
    """Say in one's turn whether a password is an owner's own, counting the try."""
    counted = _count(staff, browser)
    right = passwords.matches(password, staff.password_hash if counted else "")
    if right:
        _uncount(staff, browser)
    elif counted:
        refused(staff, "password")
    return right


def refused(staff: Staff, how: str) -> None:
    """Write down that somebody tried to get in as an owner."""
    with db.atomic():
        audit.write("session.refused", business=staff.business_id, person=staff.id, how=how)


def enter(staff: Staff, browser: str, about: str, how: str) -> tuple[str, str]:
    """Return the token of an owner's new session, and what their browser is known by from now on."""
    with db.atomic():
        _uncount(staff, browser, all_of_them=True)
        browser = _remember(staff, browser)
        token = access.start_session(staff, "owner", about=about)
        access.follow(token, Subscription.browser == access.digest(browser))
        audit.write("session.begun", business=staff.business_id, staff=staff, how=how)
    return token, browser


# -- the second factor


def _half(staff: Staff) -> str:
    """Return what proves for a few minutes that somebody gave their password."""
    until = int((clock.now() + HALF_LASTS).timestamp())
    return f"{staff.id}.{until}.{_seal(staff, until)}"


def _seal(staff: Staff, until: int) -> str:
    told = f"half {staff.id} {until} {staff.password_hash} {staff.second_factor}"
    return hmac.new(secret_of(staff.business_id), told.encode(), hashlib.sha256).hexdigest()


def half_way(half: str) -> Staff | None:
    """Return who gave their password a few minutes ago; None where that is too long ago, or was never so."""
    number, _dot, rest = half.partition(".")
    until, _dot, seal = rest.partition(".")
    if not all(part.isascii() and part.isdecimal() and len(part) < 12 for part in (number, until)):
        return None
    staff = Staff.get_or_none((Staff.id == int(number)) & (Staff.role == "owner") & Staff.left_at.is_null())
    if staff is None or datetime.fromtimestamp(int(until), UTC) < clock.now():
        return None
    return staff if hmac.compare_digest(_seal(staff, int(until)).encode(), seal.encode()) else None


def try_code(staff: Staff, typed: str, browser: str) -> bool:
    """Say whether a code from the app, or a recovery code, is an owner's: each is good once. It counts the try."""
    if not _count(staff, browser):
        return False
    right = _use_code(staff, typed) or _use_recovery(staff, typed)
    if right:
        _uncount(staff, browser)
    else:
        refused(staff, "code")
    return right


def _use_code(staff: Staff, typed: str) -> bool:
    step = one_time_codes.step_of(staff.second_factor, typed, clock.now())
    unused = (Staff.id == staff.id) & (Staff.second_factor_step < step)
    return step is not None and Staff.update(second_factor_step=step).where(unused).execute() == 1


def _use_recovery(staff: Staff, typed: str) -> bool:
    code = "".join(letter for letter in typed.casefold() if letter.isalnum())
    mine = (RecoveryCode.staff == staff.id) & (RecoveryCode.code_hash == _code_hash(staff, code))
    with db.atomic():
        right = RecoveryCode.delete().where(mine).execute() == 1
        if right:
            audit.write("second_factor.recovery", business=staff.business_id, staff=staff, left=codes_left(staff))
    return right


def _code_hash(staff: Staff, code: str) -> str:
    return access.digest(f"{staff.id} {code}")


def codes_left(staff: Staff) -> int:
    return RecoveryCode.select().where(RecoveryCode.staff == staff.id).count()


def turn_on(staff: Staff, secret: str, code: str) -> list[str] | None:
    """Turn an owner's second factor on, where the code shows that their app has the secret; return the recovery codes."""
    step = one_time_codes.step_of(secret, code, clock.now())
    if step is None:
        return None
    with db.atomic():
        off = (Staff.id == staff.id) & (Staff.second_factor == "")
        if Staff.update(second_factor=secret, second_factor_step=step).where(off).execute() != 1:
            return None
        codes = new_codes(staff)
        audit.write("second_factor.on", business=staff.business_id, staff=staff)
    return codes


def turn_off(staff: Staff) -> None:
    """Turn an owner's second factor off; its recovery codes go with it."""
    with db.atomic():
        RecoveryCode.delete().where(RecoveryCode.staff == staff.id).execute()
        Staff.update(second_factor="", second_factor_step=0).where(Staff.id == staff.id).execute()
        audit.write("second_factor.off", business=staff.business_id, staff=staff)


def new_codes(staff: Staff) -> list[str]:
    """Return new recovery codes, to be seen this once; those of before are good no more."""
    with db.atomic():
        RecoveryCode.delete().where(RecoveryCode.staff == staff.id).execute()
        codes = ["".join(secrets.choice(LETTERS) for _ in range(12)) for _ in range(CODES)]
        for code in codes:
            RecoveryCode.create(staff=staff, code_hash=_code_hash(staff, code))
    return [f"{code[:4]} {code[4:8]} {code[8:]}" for code in codes]


# -- beginning anew


def reset(owner: Staff) -> access.Link:
    """Take away all by which an owner gets in, end their sessions, and return a new link: whoever sits at the machine itself
    may do that, when the owner has forgotten or lost something, or when somebody else got hold of it."""
    with db.atomic():
        take_away(owner)
        access.end_sessions(owner)
        link = access.invite_owner_again(owner)
        audit.write("owner.reset", business=owner.business_id, person=owner.id)
    return link


def take_away(owner: Staff) -> None:
    """Take away all by which an owner gets in; in the caller's transaction."""
    for table in (Passkey, RecoveryCode, SignInTries):
        table.delete().where(table.staff == owner.id).execute()
    Invitation.delete().where(access.unused_link(owner)).execute()
    blank = {"password_hash": "", "second_factor": "", "second_factor_step": 0}
    Staff.update(**blank).where(Staff.id == owner.id).execute()


def has_own_way(staff: Staff, host: str = "") -> bool:
    """Say whether an owner has anything to prove with who they are: a password, or a passkey of this host."""
    keys = Passkey.select().where((Passkey.staff == staff.id) & (Passkey.host == host))
    return bool(staff.password_hash) or (bool(host) and keys.exists())


def has_any_way(staff: Staff) -> bool:
    """Say whether an owner gets in by anything but links: a password, or a passkey, be it of another host."""
    return bool(staff.password_hash) or Passkey.select().where(Passkey.staff == staff.id).exists()


def end_one(staff: Staff, number: int) -> bool:
    """End one of somebody's own sessions; False where there is none of that number."""
    with db.atomic():
        open_one = (Session.id == number) & (Session.staff == staff.id) & Session.ended_at.is_null()
        done = Session.update(ended_at=clock.now()).where(open_one).execute() == 1
        if done:
            audit.write("session.ended", business=staff.business_id, staff=staff, session=number)
    return done


def end_others(staff: Staff, here: Session, browser: str) -> int:
    """End all of somebody's sessions but the one they are in, programs' too; no other browser is known any more."""
    with db.atomic():
        mine = access.digest(browser) if browser else ""
        SignInTries.delete().where((SignInTries.staff == staff.id) & (SignInTries.browser != mine)).execute()
        ended = access.end_sessions(staff, but=here, kinds=access.EVERY_KIND)
        audit.write("session.ended", business=staff.business_id, staff=staff, sessions=ended)
    return ended


def invited(invitation: Invitation, browser: str, about: str, password: str = "") -> tuple[str, str] | None:
    """Return a session and its browser for the owner's link, or None when it has just been used. A password is kept where
    the owner has none. Raises access.Unfit, and the link is not used."""
    owner = invitation.staff
    kept = access.weighed(owner, password) if password and not owner.password_hash else ""
    with db.atomic():
        if not access.use(invitation):
            return None
        if kept:
            access.keep_password(owner, kept)
        return enter(owner, browser, about, "link")
