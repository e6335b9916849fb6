"""Who works here: taking somebody on, their role, their shops, their PIN, and what ends when they leave."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

import clock
from domain import access, audit, owners, rights, settings
from domain.actions import Asked, Conflict, Refused, Unknown, does, is_seen
from models import ROLES, Audit, Business, Membership, Phone, PinTries, Session, Shop, Staff, db, folded
from words import _

IN_USE = timedelta(days=30)  # a phone on which others signed in so lately stays when its person leaves


@dataclass(slots=True)
class Colleague:
    """Somebody of the team, as its page shows them."""

    staff: Staff
    shops: list[str] = field(default_factory=list)
    seen_at: datetime | None = None
    shut_on: list[str] = field(default_factory=list)  # phones on which too many wrong PINs were typed
    may_change: bool = True  # by whoever looks
    may_place: bool = True  # by whoever looks: in shops of theirs

    @property
    def last_letters(self) -> str:
        return self.staff.name[:2]


def known_to(asker: Staff) -> Any:
    """Return the query for the colleagues somebody may see: an owner all, others those they share a shop with, and owners."""
    of_theirs = Staff.select().where(Staff.business == asker.business_id).order_by(Staff.id)
    if asker.role == "owner":
        return of_theirs
    here = Membership.select(Membership.staff).where(Membership.shop.in_(asker.shops.select(Shop.id)))
    return of_theirs.where((Staff.role == "owner") | Staff.id.in_(here))


def elsewhere(asker: Staff, *whose: int) -> set[int]:
    """Return who of some colleagues also works in a shop that is not the asker's. One query, of an owner none."""
    if asker.role == "owner":
        return set()
    others = Membership.shop.not_in(asker.shops.select(Shop.id).order_by())
    works = Membership.select(Membership.staff).where(Membership.staff.in_(whose) & others).distinct()
    return {number for (number,) in works.tuples()}


def may_place(asker: Staff, one: Staff) -> bool:
    """Say whether somebody may say in which of their own shops a colleague works."""
    return rights.may(asker, "owners" if one.role == "owner" else "team")


def may_change(asker: Staff, one: Staff, others: set[int] | None = None) -> bool:
    """Say whether somebody may set a colleague's name, role, PIN and phones, or let them go.

    An owner's account is for owners alone, and so is that of whoever works in a shop that is not the asker's: with their
    PIN or phone the asker would be in that shop. `others` is who does, where it is known already.
    """
    return may_place(asker, one) and one.id not in (elsewhere(asker, one.id) if others is None else others)


def colleagues(asker: Staff) -> list[Colleague]:
    """Return the team as somebody may see it, those who left last. Five queries, for an owner four."""
    people = list(known_to(asker))
    others = elsewhere(asker, *(one.id for one in people))
    found = {
        one.id: Colleague(one, may_change=may_change(asker, one, others), may_place=may_place(asker, one))
        for one in people
    }
    works = Membership.select(Membership.staff, Shop.name).join(Shop).order_by(Shop.name)
    for number, name in works.where(Shop.id.in_(asker.shops.select(Shop.id))).tuples():
        if number in found:
            found[number].shops.append(name)
    last = fn.MAX(fn.COALESCE(Session.seen_at, Session.created_at))
    sessions = Session.select(Session.staff, last).where((Session.kind != "token") & Session.staff.in_(list(found)))
    for number, at in sessions.group_by(Session.staff).tuples():
        found[number].seen_at = datetime.fromisoformat(at) if isinstance(at, str) else at
    stopped = (
        (PinTries.wrong_in_all >= access.TRIES_IN_ALL) & PinTries.staff.in_(list(found)) & Phone.revoked_at.is_null()
    )
    for number, name in (
        PinTries.select(PinTries.staff, Phone.name).join(Phone).where(stopped).order_by(Phone.id).tuples()
    ):
        found[number].shut_on.append(name)
    return sorted(found.values(), key=lambda one: (one.staff.left_at is not None, one.staff.id))


def pin_problem(pin: str, shop: Shop) -> str:
    """Return what is wrong with a PIN, "" where nothing is."""
    if settings.of(shop).pin_digits == 6:
        return "" if pin.isascii() and pin.isdecimal() and len(pin) == 6 else _("A PIN is six digits here.")
    return "" if pin.isascii() and pin.isdecimal() and len(pin) in (4, 6) else _("A PIN is four digits, or six.")


def set_pin(one: Staff, pin: str, by: Staff, shop: Shop) -> None:
    """Give somebody a new PIN; it opens their phones again where too many wrong ones had shut them.

    No act: an act's data leave a digest behind, from which four digits are guessed in no time.
    """
    with db.atomic():
        Staff.update(pin_hash=access.hash_pin(pin)).where(Staff.id == one.id).execute()
        PinTries.delete().where(PinTries.staff == one.id).execute()
        audit.write("pin.set", business=by.business_id, shop=shop, staff=by, person=one)


def when_they_leave(one: Staff) -> list[tuple[Phone, Staff | None]]:
    """Return somebody's phones, each with the colleague it passes to when they leave: of those who may pick themselves on it
    and signed in there these 30 days, whoever used it last. None where nobody did: it is shut out. Two queries."""
    mine = list(Phone.select().where((Phone.staff == one.id) & Phone.revoked_at.is_null()).order_by(Phone.id))
    here = Membership.select(Membership.staff).where(Membership.shop.in_(one.shops.select(Shop.id).order_by()))
    picked = (Staff.id != one.id) & Staff.left_at.is_null() & (Staff.pin_hash != "")
    picked &= (Staff.role == "owner") | Staff.id.in_(here)
    used = Session.phone.in_(mine) & (Session.kind == "phone") & (Session.created_at >= clock.now() - IN_USE)
    last = Session.select(Session, Staff).join(Staff).where(used & picked)
    heirs = {
        each.phone_id: each.staff
        for each in last.order_by(fn.COALESCE(Session.seen_at, Session.created_at), Session.id)
    }
    return [(phone, heirs.get(phone.id)) for phone in mine]


def passed_on(one: Staff) -> list[tuple[int, int]]:
    """Return the phones that passed to others when somebody left last, each with whom it passed to, by ids."""
    left = (Audit.business == one.business_id) & (Audit.kind == "staff.left")
    lines = Audit.select(Audit.told).where(left).order_by(Audit.number.desc()).tuples()
    told: dict[str, Any] = next((told for (told,) in lines if told and told.get("person") == one.id), {})
    return [(phone, heir) for phone, heir in told.get("passed", [])]


# -- names


JOINS = "\u200c\u200d"  # neither ink nor width, but Persian and others write with them
FILLERS = "\u034f\u115f\u1160\u3164\uffa0"  # Unicode counts them among letters and marks; nobody sees them
VARIANTS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def _seen_of(name: str) -> str:
    """Return a name without what has neither ink nor width or turns the writing's direction."""
    shown = (c for c in name if c in JOINS or (unicodedata.category(c) != "Cf" and c not in FILLERS))
    return " ".join("".join(shown).split())


def _looks(name: str) -> str:
    """Return how a name looks, so that two that cannot be told apart at sign-in are known to be one."""
    return folded(VARIANTS.sub("", _seen_of(name).translate(dict.fromkeys(map(ord, JOINS)))))


def _name(asked: Asked) -> str:
    name = _seen_of(asked.text("name"))
    if not is_seen(name):
        raise Refused(_("“%(name)s” is empty. Write something first.", name=_("Name")))
    return name


def _is_taken(name: str, business: int, but: int = 0) -> bool:
    """Say whether somebody of the team has a name that looks the same."""
    there = (Staff.business == business) & Staff.left_at.is_null() & (Staff.id != but)
    return _looks(name) in {_looks(one) for (one,) in Staff.select(Staff.name).where(there).tuples()}


# -- acts


def _colleague(asked: Asked, here: bool = True, may: Callable[[Staff, Staff], bool] = may_change) -> Staff:
    """Return whom an act is about, still or (not `here`) no longer of the team; held until the act is done, for of two owners
    who take each other's role away one has to stay. Raises Unknown where they are no colleague of the asker's, Refused where
    they work elsewhere too and what is asked is for an owner."""
    Business.hold(asked.staff.business_id)
    one = known_to(asked.staff).where(Staff.id == asked.id_of("staff")).get_or_none()
    if one is None or not may_place(asked.staff, one):
        raise Unknown(_("There is nobody of that number on the team."))
    if not may(asked.staff, one):
        raise Refused(only_owners(one))
    if here and one.left_at is not None:
        raise Conflict(_("%(name)s has left the team.", name=one.name))
    if not here and one.left_at is None:
        raise Conflict(_("%(name)s is on the team already.", name=one.name))
    return one


def only_owners(one: Staff) -> str:
    """Return why somebody who works elsewhere too is not the asker's to change."""
    return _(
        "%(name)s works in another shop too, so name, role, PIN and phones are for an owner to change.", name=one.name
    )


def _another_owner(one: Staff) -> None:
    others = (Staff.business == one.business_id) & (Staff.role == "owner") & Staff.left_at.is_null()
    if one.role == "owner" and not Staff.select().where(others & (Staff.id != one.id)).exists():
        raise Refused(_("%(name)s is the only owner. Make somebody else an owner first.", name=one.name))


def _role(asked: Asked, otherwise: str) -> str:
    role = asked.choice("role", ROLES, otherwise)
    if role == "owner" and not rights.may(asked.staff, "owners"):
        raise Refused(_("Only an owner makes somebody an owner."))
    return role


def _shops(asked: Asked, otherwise: list[int], none: bool = False) -> list[int]:
    """Return the shops an act names, among those of whoever asks. Raises Refused where it names none (unless there may be
    `none`), or another."""
    if "shops" not in asked.act.data:
        return otherwise
    told = asked.act.data["shops"]
    theirs = {str(shop.id): shop.id for shop in asked.staff.shops}
    if not isinstance(told, list) or any(str(one) not in theirs for one in told):
        raise Refused(_("There is no such shop."))
    if not told and not none:
        raise Refused(_("Everybody on the team works in one shop at least."))
    return sorted({theirs[str(one)] for one in told})


def _tell(asked: Asked, kind: str, one: Staff, **told: Any) -> None:
    audit.write(kind, business=one.business_id, shop=asked.shop, staff=asked.staff, person=one, **told)


@does("staff.add", "team")
def add(asked: Asked) -> dict[str, Any]:
    """Take somebody on, in this shop or those named; two of one name could not be told apart at sign-in."""
    name, role = _name(asked), _role(asked, "staff")
    Business.hold(asked.staff.business_id)
    if _is_taken(name, asked.staff.business_id):
        raise Conflict(_("Somebody called %(name)s is on the team already. Add a letter or a second name.", name=name))
    shops = _shops(asked, [asked.shop.id])
    one = Staff.create(business=asked.staff.business_id, name=name, role=role, created_at=clock.now())
    Membership.insert_many([{"staff": one.id, "shop": shop} for shop in shops]).execute()
    _tell(asked, "staff.added", one, role=role)
    return {"staff": str(one.id)}


@does("staff.rename", "team")
def rename(asked: Asked) -> dict[str, Any]:
    """Call a colleague something else: what they wrote bears the new name."""
    one, name = _colleague(asked), _name(asked)
    if _is_taken(name, one.business_id, one.id):
        raise Conflict(_("Somebody called %(name)s is on the team already. Add a letter or a second name.", name=name))
    was = one.name
    Staff.update(name=name).where(Staff.id == one.id).execute()
    return {"staff": str(one.id), "was": was}


@does("staff.role", "team")
def change_role(asked: Asked) -> dict[str, Any]:
    """Make somebody staff, manager or owner. Who is an owner no longer loses all by which owners get in; made one again, they
    begin anew. No session or token of before gains an owner's rights."""
    one = _colleague(asked)
    was, role = one.role, _role(asked, one.role)
    if role != was:
        _another_owner(one)
        Staff.update(role=role).where(Staff.id == one.id).execute()
        if "owner" in (was, role):
            access.end_sessions(one, kinds=("owner", "token"))
        if was == "owner":
            owners.take_away(one)
            if not one.shops.exists():
                Membership.insert(staff=one.id, shop=asked.shop.id).on_conflict_ignore().execute()
        _tell(asked, "staff.role", one, before=was, after=role)
    return {"staff": str(one.id), "was": was}


@does("staff.shops", "team")
def change_shops(asked: Asked) -> dict[str, Any]:
    """Say in which shops somebody works; of shops that are not the asker's nothing is changed."""
    one, mine = _colleague(asked, may=may_place), [shop.id for shop in asked.staff.shops]
    of_mine = (Membership.staff == one.id) & Membership.shop.in_(mine)
    was = sorted(number for (number,) in Membership.select(Membership.shop).where(of_mine).tuples())
    shops = _shops(asked, was, none=bool(elsewhere(asked.staff, one.id)))
    if shops != was:
        Membership.delete().where(of_mine).execute()
        if shops:
            Membership.insert_many([{"staff": one.id, "shop": shop} for shop in shops]).execute()
        gone = (Session.staff == one.id) & Session.shop.in_([shop for shop in was if shop not in shops])
        left = (
            shops[0]
            if shops
            else Membership.select(Membership.shop).where(Membership.staff == one.id).limit(1).scalar()
        )
        Session.update(shop=left).where(gone).execute()  # whoever is signed in there finds themselves in another
        for each in Shop.select().where(Shop.id.in_([*was, *shops])):
            each.changed()  # Today offers those who work in several the way from one to another
        _tell(asked, "staff.shops", one, before=was, after=shops)
    return {"staff": str(one.id), "was": [str(shop) for shop in was]}


@does("staff.leave", "team")
def leave(asked: Asked) -> dict[str, Any]:
    """Let somebody go: no session, phone or PIN of theirs is of use from now on. What they wrote keeps their name, and a phone
    that others use too passes to one of them."""
    one = _colleague(asked)
    _another_owner(one)
    now = clock.now()
    Staff.update(left_at=now).where(Staff.id == one.id).execute()
    Session.update(ended_at=now).where((Session.staff == one.id) & Session.ended_at.is_null()).execute()
    of_theirs = when_they_leave(one)
    phones = [phone.id for phone, heir in of_theirs if heir is None]
    passed = [[phone.id, heir.id] for phone, heir in of_theirs if heir is not None]
    for phone, heir in passed:
        Phone.update(staff=heir).where(Phone.id == phone).execute()
    # A phone's secret stays, so that the phone is known again when this is taken back
    Phone.update(revoked_at=now).where(Phone.id.in_(phones)).execute()
    Session.update(ended_at=now).where(Session.phone.in_(phones) & Session.ended_at.is_null()).execute()
    _tell(asked, "staff.left", one, phones=len(phones), **({"passed": passed} if passed else {}))
    return {"staff": str(one.id), "phones": len(phones)}


@does("staff.back", "team")
def come_back(asked: Asked) -> dict[str, Any]:
    """Let somebody in again who had left, with the phones that passed to others, or were shut out and have not forgotten
    everything since."""
    one = _colleague(asked, here=False)
    then = one.left_at
    if _is_taken(one.name, one.business_id):
        raise Conflict(_("Somebody called %(name)s is on the team already.", name=one.name))
    for phone, heir in passed_on(one):
        mine_before = (Phone.id == phone) & (Phone.staff == heir) & Phone.revoked_at.is_null()
        Phone.update(staff=one.id).where(mine_before).execute()
    Staff.update(left_at=None).where(Staff.id == one.id).execute()
    Phone.update(revoked_at=None).where(
        (Phone.staff == one.id) & (Phone.revoked_at == then) & Phone.secret_hash.is_null(False)
    ).execute()
    still_out = Phone.select(Phone.id).where(Phone.revoked_at.is_null(False))
    ended = (Session.staff == one.id) & (Session.ended_at == then)
    Session.update(ended_at=None).where(ended & (Session.phone.is_null() | Session.phone.not_in(still_out))).execute()
    _tell(asked, "staff.back", one)
    return {"staff": str(one.id)}


@does("pin.open", "team")
def open_pin(asked: Asked) -> dict[str, Any]:
    """Let somebody try their PIN again on phones where too many wrong ones had shut it."""
    one = _colleague(asked)
    if not PinTries.delete().where(PinTries.staff == one.id).execute():
        raise Conflict(_("%(name)s’s PIN is open already.", name=one.name))
    _tell(asked, "pin.opened", one)
    return {"staff": str(one.id)}
