"""The owner's team: who works here, their PINs, and which phones were let in."""

from __future__ import annotations

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
from domain import access
from models import Membership, Phone, PinTries, Staff
from views.asking import OWNER, open_to
from words import _

bp = Blueprint("team", __name__)


@bp.get("/team")
@open_to(*OWNER)
def show() -> str:
    return _page()


def _page(told: str = "", link: access.Link | None = None, for_whom: Staff | None = None) -> str:
    people = Staff.select().where((Staff.business == g.staff.business_id) & Staff.left_at.is_null()).order_by(Staff.id)
    phones = (
        Phone.select().where((Phone.business == g.staff.business_id) & Phone.revoked_at.is_null()).order_by(Phone.id)
    )
    return render_template(
        "team/show.html", people=list(people), phones=list(phones), told=told, link=link, for_whom=for_whom,
        shop=g.shop, today=g.shop.today(),
    )  # fmt: skip


def _pin_problem(pin: str) -> str:
    return "" if pin.isdecimal() and len(pin) in (4, 6) else _("A PIN is four digits, or six.")


def _member(staff_id: int) -> Staff:
    return Staff.get_or_none((Staff.id == staff_id) & (Staff.business == g.staff.business_id)) or abort(404)


@bp.post("/team")
@open_to(*OWNER)
def add() -> Response:
    name, pin = request.form.get("name", "").strip()[:100], request.form.get("pin", "").strip()
    told = (_("Write a name first.") if not name else "") or _pin_problem(pin)
    if told:
        return make_response(_page(told), 422)
    role = "manager" if request.form.get("role") == "manager" else "staff"
    staff = Staff.create(
        business=g.staff.business_id, name=name, role=role, pin_hash=access.hash_pin(pin), created_at=clock.now()
    )
    Membership.create(staff=staff, shop=g.shop)
    return redirect(url_for("team.show"), 303)


@bp.post("/team/<int:staff_id>/pin")
@open_to(*OWNER)
def set_pin(staff_id: int) -> Response:
    """Give somebody a new PIN; it opens their phones again where too many wrong ones had shut them."""
    staff, pin = _member(staff_id), request.form.get("pin", "").strip()
    told = _pin_problem(pin)
    if told:
        return make_response(_page(told), 422)
    staff.pin_hash = access.hash_pin(pin)
    staff.save(only=[Staff.pin_hash])
    PinTries.delete().where(PinTries.staff == staff.id).execute()
    return redirect(url_for("team.show"), 303)


@bp.post("/team/<int:staff_id>/phone")
@open_to(*OWNER)
def invite(staff_id: int) -> str:
    """Show, once, a link and a code that let one phone in within ten minutes."""
    staff = _member(staff_id)
    return _page(link=access.invite(staff, "phone"), for_whom=staff)


@bp.post("/phones/<int:phone_id>/shut-out")
@open_to(*OWNER)
def shut_out(phone_id: int) -> Response:
    phone = Phone.get_or_none((Phone.id == phone_id) & (Phone.business == g.staff.business_id)) or abort(404)
    access.shut_out(phone)
    return redirect(url_for("team.show"), 303)
