"""Getting in: pick yourself and type a PIN on a known phone; the owner and new phones by a link that works once."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, current_app, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
from domain import access
from models import Phone, Shop, Staff
from views.asking import (
    EVERYONE,
    FORGET,
    PHONE_COOKIE,
    SESSION_COOKIE,
    STAFF,
    cookie_name,
    give_cookie,
    open_to,
    sign_in,
)
from words import _

bp = Blueprint("sign_in", __name__)
PHONE_LASTS = timedelta(days=400)


def asking_phone() -> Phone | None:
    return access.known_phone(request.cookies.get(cookie_name(PHONE_COOKIE)))


@bp.get("/sign-in")
@open_to(*EVERYONE)
def show() -> Response | str:
    if g.session is not None:
        return redirect(url_for("today.show"))
    if is_shut_out():
        return shut_out()
    number = request.args.get("next", "")  # whom a shift was handed over to
    return _page(asking_phone(), int(number) if number.isdecimal() and len(number) < 10 else None)


def is_shut_out() -> bool:
    """Say whether the asker holds the secret of a phone that is known no longer."""
    secret = request.cookies.get(cookie_name(PHONE_COOKIE))
    return bool(secret) and access.known_phone(secret) is None


def shut_out() -> Response:
    """Return the answer to a phone the owner has shut out: it forgets everything."""
    told = _("This phone has been signed out by the owner. Nothing is kept on it.")
    response = make_response(render_template("problem.html", told=told, bare=True), 401)
    response.headers["Clear-Site-Data"] = FORGET
    response.delete_cookie(cookie_name(PHONE_COOKIE), path="/", secure=request.is_secure, httponly=True)
    return response


def _page(phone: Phone | None, chosen: int | None = None, told: str = "", code: int = 200) -> Response:
    demo = current_app.config["REGULARS"].demo
    owner = Staff.get_or_none((Staff.role == "owner") & Staff.left_at.is_null())
    business = phone.business_id if phone else (owner.business_id if demo and owner else None)
    people: list[Staff] = access.team(business) if business else []
    shop = Shop.select().where(Shop.business == business).order_by(Shop.id).first() if business else None
    page = render_template(
        "sign_in/pin.html" if people else "sign_in/unknown.html",
        people=people,
        digits={one.id: access.pin_digits(one.pin_hash) for one in people},
        chosen=chosen or (phone.staff_id if phone else (people[0].id if people else None)),
        told=told,
        shop=shop,
        local=shop.local(clock.now()) if shop else None,
        owner=owner.name if owner else "",
    )
    return make_response(page, code)


@bp.post("/sign-in")
@open_to(*EVERYONE)
def enter() -> Response:
    """Sign somebody in by PIN. In the demo, whose people are invented, an unknown browser becomes a phone of the shop."""
    phone, secret = asking_phone(), ""
    staff_id = request.form.get("staff", "")
    known = staff_id.isdecimal() and len(staff_id) < 10
    staff = Staff.get_or_none((Staff.id == int(staff_id)) & Staff.left_at.is_null()) if known else None
    if phone is None and current_app.config["REGULARS"].demo and staff is not None:
        phone, secret = access.admit_phone(staff, _("A browser"))
    if phone is None or staff is None or staff.business_id != phone.business_id:
        return _page(phone, told=_("Pick yourself first."), code=422)
    answer = access.try_pin(staff, phone, request.form.get("pin", "")[:12])
    if answer.right:
        response = sign_in(access.start_session(staff, "phone", phone))
    elif answer.shut:
        told = _("Too many wrong PINs. Ask the owner to set a new one for %(name)s.", name=staff.name)
        response = _page(phone, staff.id, told, 429)
    elif answer.resting:
        told = _("Let it rest for a quarter of an hour, or ask the owner for a new one.")
        response = _page(phone, staff.id, told, 429)
    else:
        told = _("Not %(name)s’s PIN. %(n)s tries left.", name=staff.name, n=answer.tries_left)
        if answer.tries_left == 1:
            told = _("Not %(name)s’s PIN. One try left.", name=staff.name)
        response = _page(phone, staff.id, told, 422)
    if secret:
        give_cookie(response, PHONE_COOKIE, secret, PHONE_LASTS)
    return response


@bp.post("/sign-out")
@open_to(*STAFF)
def leave() -> Response:
    return sign_out()


def sign_out(then: str = "") -> Response:
    """End the session and show the PIN page, with whoever comes `then` picked already."""
    access.end_session(g.session)
    response = redirect(url_for("sign_in.show", next=then or None), 303)
    response.delete_cookie(cookie_name(SESSION_COOKIE), path="/", secure=request.is_secure, httponly=True)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


# -- links that work once: opening one shows a button, for a preview must not use it up


@bp.get("/sign-in/owner/<token>")
@open_to(*EVERYONE)
def owner_link(token: str) -> Response:
    invitation = access.open_invitation("owner", token)
    if invitation is None:
        return _used()
    return make_response(render_template("sign_in/link.html", name=invitation.staff.name, kind="owner"))


@bp.post("/sign-in/owner/<token>")
@open_to(*EVERYONE)
def use_owner_link(token: str) -> Response:
    invitation = access.open_invitation("owner", token)
    session = access.enter_as_owner(invitation) if invitation else None
    return sign_in(session) if session else _used()


@bp.get("/enrol/")
@open_to(*EVERYONE)
def type_code() -> Response:
    return make_response(render_template("sign_in/unknown.html", told="", owner="", people=[]))


@bp.post("/enrol/")
@open_to(*EVERYONE)
def use_code() -> Response:
    return _enrol(request.form.get("code", ""))


@bp.get("/enrol/<token>")
@open_to(*EVERYONE)
def phone_link(token: str) -> Response:
    invitation = access.open_invitation("phone", token)
    if invitation is None:
        return _used()
    return make_response(render_template("sign_in/link.html", name=invitation.staff.name, kind="phone"))


@bp.post("/enrol/<token>")
@open_to(*EVERYONE)
def use_phone_link(token: str) -> Response:
    return _enrol(token)


def _enrol(secret: str) -> Response:
    """Let a phone in, and its person with it: the link was made for them."""
    invitation = access.open_invitation("phone", secret)
    enrolled = access.enrol_phone(invitation, _("%(name)s’s phone", name=invitation.staff.name)) if invitation else None
    if invitation is None or enrolled is None:
        return _used()
    phone, phone_secret = enrolled
    response = sign_in(access.start_session(invitation.staff, "phone", phone))
    give_cookie(response, PHONE_COOKIE, phone_secret, PHONE_LASTS)
    return response


def _used() -> Response:
    return make_response(
        render_template(
            "problem.html",
            told=_("This code has been used, or its time is over. Ask the owner for a new one."),
            bare=True,
        ),
        410,
    )
