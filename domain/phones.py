"""The phones that were let in: the code that lets one in, what it is called, and shutting it out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import clock
from domain import access, audit, team
from domain.actions import Asked, Refused, Unknown, does
from models import Invitation, Phone, Session, Shop, Staff, db
from words import _


def known_to(asker: Staff) -> Any:
    """Return the query for the phones somebody may see: those of the colleagues they may see."""
    theirs = Phone.staff.in_(team.known_to(asker).select(Staff.id).order_by())
    return (
        Phone.select(Phone, Staff)
        .join(Staff)
        .where((Phone.business == asker.business_id) & Phone.revoked_at.is_null() & theirs)
        .order_by(Phone.id)
    )


def who_may_pick(phone: Phone) -> list[Staff]:
    """Return who may pick themselves on a phone: whoever has a PIN and works in a shop of the one it was let in for."""
    theirs = {shop.id for shop in phone.staff.shops}
    return [one for one in access.team(phone.business_id) if theirs & {shop.id for shop in one.shops}]


def place_of(phone: Phone, staff: Staff) -> Shop | None:
    """Return the shop in which somebody starts on a phone: the one it was used in last, if that is theirs."""
    last = Session.select(Session.shop).where(Session.phone == phone.id).order_by(Session.id.desc()).limit(1).scalar()
    mine = list(staff.shops)
    shared = {shop.id for shop in phone.staff.shops}
    return next((shop for shop in mine if shop.id == last), next((shop for shop in mine if shop.id in shared), None))


# -- letting one in


def new_code(staff: Staff, instead: int | None = None) -> tuple[access.Link, Invitation]:
    """Return a new code for somebody's phone; the one it stands `instead` of is good no more."""
    with db.atomic():
        if instead:
            unused = (Invitation.id == instead) & (Invitation.staff == staff.id) & Invitation.used_at.is_null()
            Invitation.update(expires_at=clock.now()).where(unused & (Invitation.kind == "phone")).execute()
        link = access.invite(staff, "phone")
    return link, Invitation.get(Invitation.token_hash == access.digest(link.token))


def refused(secret: str) -> str:
    """Return why a code lets no phone in."""
    invitation = access.any_invitation("phone", secret)
    if invitation is None:
        return _("There is no such code, or its time is over. Ask the owner for a new one.")
    name = access.owner_of(invitation.staff.business_id)
    if invitation.used_at:
        return _("This code has been used. Ask %(name)s for a new one.", name=name)
    return _("The time of this code is over. Ask %(name)s for a new one.", name=name)


def let_in(invitation: Invitation, name: str, pin: str = "", before: Phone | None = None) -> tuple[Phone, str] | None:
    """Return the phone that is now let in and its secret, or None when the code has just been used.

    Its person has the `pin` they picked from now on, where they had none. A phone that was let in `before` is no other.
    """
    staff = invitation.staff
    hashed = access.hash_pin(pin) if pin and not staff.pin_hash else ""
    with db.atomic():
        let = access.enrol_phone(invitation, _told_apart(name, staff.business_id, before))
        if let is None:
            return None
        told: dict[str, Any] = {"business": staff.business_id, "staff": staff, "person": staff}
        if hashed and Staff.update(pin_hash=hashed).where((Staff.id == staff.id) & (Staff.pin_hash == "")).execute():
            audit.write("pin.set", phone=let[0], **told)
        if before is not None and before.business_id == staff.business_id:
            access.shut_out(before)
            audit.write("phone.shut_out", phone=let[0], which=before, **(told | {"person": before.staff_id}))
        audit.write("phone.enrolled", phone=let[0], which=let[0], **told)
    return let


def _told_apart(name: str, business: int, before: Phone | None) -> str:
    """Return a name that no other phone of a business has: with a number, from the second on."""
    others = (Phone.business == business) & Phone.revoked_at.is_null() & Phone.name.startswith(name)
    taken = {phone.name for phone in Phone.select(Phone.id, Phone.name).where(others) if phone != before}
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(each for each in numbered if each not in taken)


def came_in(invitation: Invitation) -> Phone | None:
    """Return the phone that a code let in, None as long as none came."""
    if invitation.used_at is None:
        return None
    since: datetime = invitation.used_at
    mine = (Phone.staff == invitation.staff_id) & (Phone.enrolled_at >= since)
    return Phone.select().where(mine).order_by(Phone.id).first()


# -- acts


def _phone(asked: Asked) -> Phone:
    found: Phone | None = known_to(asked.staff).where(Phone.id == asked.id_of("phone")).get_or_none()
    if found is None:
        raise Unknown(_("There is no such phone. It may have been shut out."))
    if not team.may_change(asked.staff, found.staff):
        raise Refused(_("%(name)s’s phones are for an owner to change.", name=found.staff.name))
    return found


@does("phone.rename", "team")
def rename(asked: Asked) -> dict[str, Any]:
    """Call a phone something that tells it from the others."""
    phone, name = _phone(asked), asked.text("name")
    was = phone.name
    Phone.update(name=name).where(Phone.id == phone.id).execute()
    return {"phone": str(phone.id), "was": was}


@does("phone.shut_out", "team")
def shut_out(asked: Asked) -> dict[str, Any]:
    """End a phone: it forgets everything at its next question. There is no way back but a new code."""
    phone = _phone(asked)
    access.shut_out(phone)
    audit.write(
        "phone.shut_out", business=asked.staff.business_id, shop=asked.shop, staff=asked.staff, which=phone, person=phone.staff_id
    )  # fmt: skip
    return {"phone": str(phone.id)}
