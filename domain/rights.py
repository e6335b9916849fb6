"""Who may see and do what: the one table that pages, acts, tests and docs/rights.md share."""

from __future__ import annotations

from dataclasses import dataclass

from domain import settings
from models import ROLES, Shop, Staff

ANYONE = ("public",)
STAFF = ROLES
MANAGERS = ("manager", "owner")
OWNERS = ("owner",)


@dataclass(frozen=True, slots=True)
class Right:
    """Who has a right, and what it covers; `allowed` names the setting by which an owner gives it to staff as well."""

    roles: tuple[str, ...]
    covers: str
    allowed: str = ""


RIGHTS = {
    "anyone": Right(ANYONE, "Sign in, let a phone in, choose a phone’s language and look, follow a link we sent, health"),
    "work": Right(STAFF, "Today, Find, cards, notes, promises, referrals, appointments, calls and the shift"),
    "contacts": Right(MANAGERS, "Seeing telephone numbers and e-mail addresses", allowed="staff_see_contacts"),
    "people": Right(MANAGERS, "The page of people: who grows, who fades, our own lapses"),
    "reminders": Right(MANAGERS, "What became of reminders, when we remind, and tests of the ways they go"),
    "channels": Right(MANAGERS, "How e-mail, texts, calls and web hooks leave"),
    "alarms": Right(OWNERS, "Where the owner is told of trouble"),
    "calendars": Right(MANAGERS, "Calendars that come in and the one that goes out"),
    "settings": Right(MANAGERS, "Everything else on the settings page, the words to say and the fields of a card"),
    "team": Right(MANAGERS, "Staff and managers: who works where, roles, PINs, phones, who has left"),
    "record": Right(MANAGERS, "The record of changes"),
    "owners": Right(OWNERS, "Owners’ accounts: who is one, their PIN, password, passkeys, second factor and sessions"),
    "shops": Right(OWNERS, "Opening another shop of the business"),
    "business": Right(OWNERS, "Settings of the whole business, and whether staff see telephone numbers and addresses"),
    "export": Right(OWNERS, "The export of everything"),
    "erase": Right(OWNERS, "Erasing a person"),
    "restore": Right(OWNERS, "Putting a back-up in the place of what is there"),
    "tokens": Right(OWNERS, "Tokens for programs"),
}  # fmt: skip


def roles_with(right: str) -> tuple[str, ...]:
    """Return the roles that have a right, or may be given it."""
    return STAFF if RIGHTS[right].allowed else RIGHTS[right].roles


def may(staff: Staff | None, right: str, shop: Shop | None = None) -> bool:
    """Say whether somebody has a right; one that the owner may give to staff as well, whether they have it at this shop."""
    if staff is None:
        return False
    stands = RIGHTS[right]
    if staff.acts_as in stands.roles:
        return True
    return bool(stands.allowed and shop is not None and getattr(settings.of(shop), stands.allowed))
