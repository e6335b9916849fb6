"""Getting in: pick yourself and type a PIN on a known phone; the owner and new phones by a link that works once."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, current_app, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
import words.phones
from domain import access, owners, phones, settings, team
from models import Invitation, Phone, Shop, Staff
from views import owner
from views.answers import problem
from views.asking import (
    ACTS_COOKIE,
    FORGET,
    PHONE_COOKIE,
    READING,
    SESSION_COOKIE,
    cookie_name,
    give_cookie,
    open_to,
    sign_in,
    sign_in_owner,
    turned_away,
)
from words import _

bp = Blueprint("sign_in", __name__)
PHONE_LASTS = timedelta(days=400)


def asking_phone() -> Phone | None:
    return access.known_phone(request.cookies.get(cookie_name(PHONE_COOKIE)))


@bp.get("/sign-in")
@open_to("anyone")
def show() -> Response | str:
    if g.session is not None:
        return redirect(url_for("today.show"))
    if is_shut_out():
        return shut_out()
    phone = asking_phone()
    demo = current_app.config["REGULARS"].demo  # there anybody may pick themselves
    if phone is None and not demo and owners.known_owner(owner.browser()):
        return owner.sign_in_page()
    number = request.args.get("next", "")  # whom a shift was handed over to
    return _page(phone, int(number) if number.isdecimal() and len(number) < 10 else None)


def is_shut_out() -> bool:
    """Say whether the asker holds the secret of a phone that is known no longer."""
    secret = request.cookies.get(cookie_name(PHONE_COOKIE))
    return bool(secret) and access.known_phone(secret) is None


def tell_signed_out() -> Response:
    """Return the answer to whoever is not signed in: a page leads to sign-in, and a phone that was let in no longer forgets."""
    page = not request.path.startswith("/api/") and not request.headers.get("HX-Request")
    if turned_away(401) or is_shut_out():
        return shut_out(page)
    if page and request.method in READING:
        return redirect(url_for("sign_in.show"), 303)
    return problem(401, g.get("problem", ""))


def shut_out(page: bool = True) -> Response:
    """Return the answer to a phone the owner has shut out: it forgets everything, whatever it asked for."""
    told = _("This phone has been signed out by the owner. Nothing is kept on it.")
    response = make_response(render_template("problem.html", told=told, bare=True), 401) if page else problem(401, told)
    response.headers["Clear-Site-Data"] = FORGET
    for name in (PHONE_COOKIE, SESSION_COOKIE, ACTS_COOKIE):
        response.delete_cookie(cookie_name(name), path="/", secure=request.is_secure)
    return response


def with_words(shared: str) -> Response:
    """Return the page to sign in on to whoever shared words from another app: they go along in its form."""
    return _page(asking_phone(), code=401, shared=shared)


def _page(
    phone: Phone | None, chosen: int | None = None, told: str = "", code: int = 200, shared: str | None = None
) -> Response:
    demo = current_app.config["REGULARS"].demo
    first = Staff.get_or_none((Staff.role == "owner") & Staff.left_at.is_null())
    business = phone.business_id if phone else (first.business_id if demo and first else None)
    people: list[Staff] = phones.who_may_pick(phone) if phone else access.team(business) if business else []
    shop = phone.staff.shops.first() if phone else None
    shop = shop or (Shop.select().where(Shop.business == business).order_by(Shop.id).first() if business else None)
    page = render_template(
        "sign_in/pin.html" if people else "sign_in/unknown.html",
        people=people,
        digits={one.id: access.pin_digits(one.pin_hash) for one in people},
        chosen=chosen or (phone.staff_id if phone else (people[0].id if people else None)),
        told=told,
        typed="",
        shop=shop,
        local=shop.local(clock.now()) if shop else None,
        owner=access.owner_of(business) if business else "",
        shared=request.form.get("shared", "") if shared is None else shared,
    )
    return make_response(page, code)


@bp.post("/sign-in")
@open_to("anyone")
def enter() -> Response:
    """Sign somebody in by PIN. In the demo, whose people are invented, an unknown browser becomes a phone of the shop."""
    phone, secret = asking_phone(), ""
    staff_id = request.form.get("staff", "")
    known = staff_id.isdecimal() and len(staff_id) < 10
    staff = Staff.get_or_none((Staff.id == int(staff_id)) & Staff.left_at.is_null()) if known else None
    if phone is None and current_app.config["REGULARS"].demo and staff is not None:
        phone, secret = access.admit_phone(staff, _("A browser"))
    if phone is None or staff is None or staff.id not in {one.id for one in phones.who_may_pick(phone)}:
        return _page(phone, told=_("Pick yourself first."), code=422)
    answer = access.try_pin(staff, phone, request.form.get("pin", "")[:12])
    if answer.right:
        response = sign_in(access.enter_on_phone(staff, phone, phones.place_of(phone, staff), owner.about()))
        if request.form.get("shared"):  # the browser sends the form on as it is, words and all
            response.location, response.status_code = url_for("shared.receive"), 307
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
@open_to("work")
def leave() -> Response:
    return sign_out()


def sign_out(then: str = "") -> Response:
    """End the session and show the PIN page, with whoever comes `then` picked already."""
    access.leave(g.session)
    response = redirect(url_for("sign_in.show", next=then or None), 303)
    response.delete_cookie(cookie_name(SESSION_COOKIE), path="/", secure=request.is_secure, httponly=True)
    response.delete_cookie(cookie_name(ACTS_COOKIE), path="/", secure=request.is_secure)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


# -- links that work once: opening one shows a button, for a preview must not use it up


@bp.get("/sign-in/owner/<token>")
@open_to("anyone")
def owner_link(token: str) -> Response:
    invitation = access.open_invitation("owner", token)
    return _owner_link_page(invitation) if invitation else used()


def _owner_link_page(invitation: Invitation, told: str = "") -> Response:
    wants = not invitation.staff.password_hash
    page = render_template(
        "sign_in/link.html", name=invitation.staff.name, wants_password=wants, told=told, optional=True
    )
    return make_response(page, 422 if told else 200)


@bp.post("/sign-in/owner/<token>")
@open_to("anyone")
def use_owner_link(token: str) -> Response:
    """Sign the owner in, with a password from now on where they wrote one."""
    invitation = access.open_invitation("owner", token)
    if invitation is None:
        return used()
    password = request.form.get("password", "")
    try:
        begun = owners.invited(invitation, owner.browser(), owner.about(), password)
    except access.Unfit as told:
        return _owner_link_page(invitation, str(told))
    return sign_in_owner(begun) if begun else used()


@bp.get("/enrol/")
@open_to("anyone")
def type_code() -> Response:
    return _code_page()


def _code_page(told: str = "", typed: str = "", code: int = 200) -> Response:
    page = render_template("sign_in/unknown.html", told=told, typed=typed[:12], owner="", people=[], shared="")
    return make_response(page, code)


@bp.post("/enrol/")
@open_to("anyone")
def use_code() -> Response:
    code = request.form.get("code", "")
    return _enrol(code, url_for("sign_in.use_code"), code) or _code_page(phones.refused(code), code, 410)


@bp.get("/enrol/<token>")
@open_to("anyone")
def phone_link(token: str) -> Response:
    invitation = access.open_invitation("phone", token)
    return _phone_page(invitation, url_for("sign_in.use_phone_link", token=token)) if invitation else _refused(token)


def _phone_page(invitation: Invitation, to: str, code: str = "", told: str = "", status: int = 200) -> Response:
    """Return the page on which a phone is let in; its person picks a PIN there, if they have none."""
    page = render_template(
        "sign_in/phone.html", name=invitation.staff.name, picks=not invitation.staff.pin_hash, to=to, code=code, told=told,
        digits=_pin_digits(invitation.staff),
    )  # fmt: skip
    return make_response(page, status)


def _pin_digits(staff: Staff) -> int:
    shop = staff.shops.first()
    return settings.of(shop).pin_digits if shop else 4


@bp.post("/enrol/<token>")
@open_to("anyone")
def use_phone_link(token: str) -> Response:
    return _enrol(token, url_for("sign_in.use_phone_link", token=token)) or _refused(token)


def _enrol(secret: str, to: str, code: str = "") -> Response | None:
    """Let a phone in, and its person with it: the code was made for them. None where the code is of no use (any more)."""
    invitation = access.open_invitation("phone", secret)
    if invitation is None:
        return None
    staff, pin = invitation.staff, request.form.get("pin", "").strip()[:12]
    if not staff.pin_hash:
        shop = staff.shops.first()
        told = team.pin_problem(pin, shop) if pin and shop else ""
        if told or not pin:
            return _phone_page(invitation, to, code, told, 422 if told else 200)
    let = phones.let_in(invitation, words.phones.name_for(staff.name, owner.about()), pin, asking_phone())
    if let is None:
        return None
    phone, phone_secret = let
    response = sign_in(access.enter_on_phone(staff, phone, phones.place_of(phone, staff), owner.about(), "link"))
    give_cookie(response, PHONE_COOKIE, phone_secret, PHONE_LASTS)
    return response


def _refused(token: str) -> Response:
    return make_response(render_template("problem.html", told=phones.refused(token), bare=True), 410)


def used() -> Response:
    """Return the answer to an owner's link that is of no use (any more)."""
    return make_response(
        render_template(
            "problem.html",
            told=_("This code has been used, or its time is over. Ask the owner for a new one."),
            bare=True,
        ),
        410,
    )
