"""Who is asking: every route states who may use it, and whoever is not named is turned away.

A view without a stated role answers nobody; a test walks the URL map. Unknown and forbidden look alike.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4, uuid5

from flask import Flask, abort, current_app, g, redirect, request, url_for
from werkzeug import Response
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

import clock
from domain import access, audit, notices, owners, passkeys, rights
from domain.actions import Act, Answer, perform
from models import DRIVER_ERRORS, Shop, Staff
from words import _, clock_time

View = TypeVar("View", bound=Callable[..., Any])

SESSION_COOKIE = "regulars"
PHONE_COOKIE = "regulars-phone"
BROWSER_COOKIE = "regulars-owner"  # of a browser that an owner has signed in on
ACTS_COOKIE = "regulars-acts"  # scripts read it: it delivers what was done here, and opens nothing
BROWSER_LASTS = timedelta(days=400)
ASKED = "regulars.session"  # in a request's environment: the session that was found for it already (views/polls.py)
FORGET = '"cache","cookies","storage"'  # Clear-Site-Data takes only quoted words
READING = {"GET", "HEAD", "OPTIONS"}


class SignedOut(HTTPException):
    """Nobody is signed in, or no longer."""

    code = 401
    description = "Sign in first."


class AskAgain(HTTPException):
    """An owner has to show once more that it is them, before something that matters; `told` says why a try failed."""

    code = 403
    description = "Prove who you are first."

    def __init__(self, told: str = ""):
        super().__init__()
        self.told = told


def open_to(
    right: str,
    shares: bool = False,
    by_secret: bool = False,
    takes: tuple[int, Callable[[], str]] | None = None,
    again: bool | Callable[[], bool] = False,
    shows: bool = False,
) -> Callable[[View], View]:
    """Return a decorator that states who may use a view: those who have a right of `domain/rights.py`.

    `shares` says of a form that its view changes nothing of session, person and shop: as a page may, it is given the
    objects of an earlier request. `by_secret` says that knowing the address is all it takes: no cookie counts there, so no
    other site's page can borrow one, and programs may write as well; its body is left to the view. `takes` says of a form
    with a file how many bytes it may have, and what whoever sends more is told. `again` says (for some forms: when) an owner who
    proved who they are longer ago than a few minutes is asked first (docs/sign-in.md); what they sent is kept meanwhile, but for
    files: a page that asks for one asks again itself. `shows` says of a form that its view writes nothing and only shows a
    page: it may come from the system, which another app gave it to, as well as from a page of ours.
    """

    def state(view: View) -> View:
        view.right, view.roles = right, rights.roles_with(right)  # type: ignore[attr-defined]
        view.shares, view.by_secret = shares, by_secret  # type: ignore[attr-defined]
        view.takes, view.again, view.shows = takes, again, shows  # type: ignore[attr-defined]
        return view

    return state


def roles_of(app: Flask, endpoint: str) -> tuple[str, ...]:
    """Return the roles that may use an endpoint; none where its view states none."""
    return getattr(app.view_functions[endpoint], "roles", ())


def _form(takes: tuple[int, Callable[[], str]] | None) -> MultiDict[str, str]:
    if takes is None:
        return request.form
    request.max_content_length, too_much = takes
    try:
        return request.form
    except RequestEntityTooLarge:
        g.problem = too_much()
        raise


def guard() -> None:
    """Find out who asks before any view runs. Raises SignedOut, or 404 for what is not theirs."""
    mine, asked = g._get_current_object(), request._get_current_object()  # type: ignore[attr-defined]  # once, not forty times
    mine.session = mine.staff = mine.shop = None
    mine.role, mine.delivers = "", False
    audit.from_phone.set(None)
    reads, endpoint = asked.method in READING, asked.endpoint
    view = current_app.view_functions.get(endpoint) if endpoint else None
    if getattr(view, "by_secret", False):
        return
    shares, delivers = (
        reads or getattr(view, "shares", False),
        False,
    )  # delivers: what was done in a session, maybe over
    authorization = asked.environ.get("HTTP_AUTHORIZATION", "")
    if authorization.startswith("Bearer "):
        session = access.session_for(authorization.removeprefix("Bearer ").strip(), shared=shares)
        if session and session.kind != "token":
            session = None
        if delivers := session is None and endpoint == "api.actions":
            session = access.session_of_acts(authorization.removeprefix("Bearer ").strip())
            mine.delivers = True
    else:
        session = asked.environ.get(ASKED) or access.session_for(
            asked.cookies.get(cookie_name(SESSION_COOKIE, asked.is_secure)), shared=shares
        )
    if session is not None:
        mine.session, mine.staff, mine.shop = session, session.staff, session.shop
        mine.role = session.staff.acts_as
        audit.from_phone.set(session.phone_id)
    if not reads and not authorization.startswith("Bearer ") and (session or not asked.path.startswith("/api/")):
        refuse_cross_site(from_apps=getattr(view, "shows", False))
    if session is not None and not delivers:
        with suppress(*DRIVER_ERRORS):  # on a full disk one can still read
            access.seen(session)
    if view is None:
        return  # no such page: answered with 404, to whoever is signed in as a problem in words
    roles = getattr(view, "roles", ())
    if roles != rights.ANYONE and session is None:
        raise SignedOut()
    if roles != rights.ANYONE and mine.role not in roles:
        abort(404)
    sent = [asked.args] if asked.query_string else []
    if not reads and asked.mimetype != "application/json":  # an act's own data is looked at where it is done
        sent.append(_form(getattr(view, "takes", None)))
    refuse_unfit(asked.view_args or {}, sent)
    if roles == rights.ANYONE:
        return
    assert session is not None
    wanted = next((values["shop"] for values in sent if values.get("shop")), "")
    if wanted and wanted != str(session.shop_id):
        mine.shop = shop_named(wanted)
    if mine.shop is None:
        mine.shop = mine.staff.shops.first() or abort(404)
    again = getattr(view, "again", False)
    if again and session.kind == "owner" and not access.is_fresh(session) and (again is True or again()):
        ask_again()


# -- whether it is still the owner

PROOFS = ("again_password", "again_passkey")  # what the question adds to a form


def ask_again() -> None:
    """Take the proof that came along and let the request go on. Raises AskAgain where there is none, or it proves nothing."""
    staff, form = g.staff, request.form
    if current_app.config["REGULARS"].demo and not owners.has_own_way(staff, passkey_host()):
        return  # whoever looks around in a shop of invented people has nothing to be asked for
    if not any(form.get(name) for name in PROOFS):
        raise AskAgain()
    browser = request.cookies.get(cookie_name(BROWSER_COOKIE), "")
    if form.get("again_passkey") and passkey_host():
        if not is_by_passkey(form["again_passkey"], staff):
            raise AskAgain(_("That passkey did not prove it. Try once more, or use your password."))
    elif not owners.is_theirs(staff, form.get("again_password", ""), browser):
        if until := owners.rests_until(staff, browser):
            local = g.shop.local(until)
            raise AskAgain(_("Too many wrong passwords. It rests until %(time)s.", time=clock_time(local)))
        raise AskAgain(_("That is not your password. Nothing is lost, try again."))
    access.proved(g.session)


def is_by_passkey(answer: str, staff: Staff) -> bool:
    try:
        return passkeys.proven(answer, passkey_host(), request.host_url.rstrip("/")).id == staff.id
    except passkeys.NotProven:
        return False


def passkey_host() -> str:
    """Return the host name that passkeys are bound to at the address in use; "" where there can be none."""
    return passkeys.host_for(request.host_url) if passkeys.is_installed() else ""


def shop_named(text: str) -> Shop:
    """Return one of the asker's shops by id or name, or answer 404."""
    found = Shop.id == int(text) if text.isdecimal() and len(text) < 10 else Shop.name == text
    return g.staff.shops.where(found).get_or_none() or abort(404)


def refuse_unfit(numbers: dict[str, Any], sent: list[MultiDict[str, str]]) -> None:
    """Answer 404 to a number no row can have and 400 to a NUL, which no database takes."""
    if any(isinstance(value, int) and value >= 2**31 for value in numbers.values()):
        abort(404)
    if any("\x00" in value for values in sent for value in values.values()):
        abort(400)


def refuse_cross_site(from_apps: bool = False) -> None:
    """Answer 403 to a write that another site's page caused.

    Browsers say so in Sec-Fetch-Site; where that is missing (plain http in a LAN), Origin has to be this very one, its
    scheme too. What another app shares is opened by the browser itself, which says "none": no page can.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        allowed = site == "same-origin" or (from_apps and site == "none")
    else:
        allowed = request.headers.get("Origin", "") == f"{request.scheme}://{request.host}"
    if not allowed:
        abort(403)


# -- those who are turned away


TOLD_KEPT = 5000  # refusals remembered as told, so that a program that asks all day leaves one line an hour
_told: dict[tuple[Any, ...], int] = {}


def turned_away(code: int) -> bool:
    """Put into the record that somebody was refused whom we know, or knew, once an hour for the same; say whether they are
    somebody who was let in no longer, whose phone is to forget everything."""
    if code not in (401, 403, 404) or (code == 404 and request.endpoint is None and g.get("session") is not None):
        return False
    session, phone = g.get("session"), None
    if session is None:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        token, secret = (request.cookies.get(cookie_name(name)) for name in (SESSION_COOKIE, PHONE_COOKIE))
        session, phone = access.turned_away(bearer or token, secret)
    if session is not None:
        whose, shop, staff, device = session.staff.business_id, session.shop_id, session.staff_id, session.phone_id
    elif phone is not None:
        whose, shop, staff, device = phone.business_id, None, None, phone.id
    else:
        return False
    key, hour = (staff, device, request.endpoint, request.method, code), int(clock.now().timestamp()) // 3600
    if _told.get(key) != hour:
        if len(_told) >= TOLD_KEPT:
            _told.clear()
        _told[key] = hour
        asked = {"page": request.endpoint or "", "code": code}
        with suppress(*DRIVER_ERRORS):
            audit.write("page.refused", business=whose, shop=shop, staff=staff, phone=device, **asked)
    if device is not None and (lost := _acts_lost()) and _told.get((device,)) != hour:
        _told[(device,)] = hour
        with suppress(*DRIVER_ERRORS):
            audit.write("phone.lost", business=whose, phone=device, which=device, count=lost)
    if g.get("session") is not None:
        return False
    its = session.phone if session is not None and session.phone_id else None
    # whoever left may have been signed in on a phone that is a colleague's: that one stays as it is
    return its is None or its.revoked_at is not None or its.staff_id == staff


def _acts_lost() -> int:
    """Return how many acts are lost with a phone that was shut out: those it sends, or says are waiting."""
    told = request.headers.get("Acts-Waiting", "")
    if told.isascii() and told.isdecimal() and len(told) < 6:
        return int(told)
    body = request.get_json(silent=True) if request.endpoint == "api.actions" else None
    acts = body.get("actions") if isinstance(body, dict) else None
    return len(acts) if isinstance(acts, list) else 0


# -- cookies


def cookie_name(name: str, secure: bool | None = None) -> str:
    """Return a cookie's name: with the __Host- prefix on https, plain on http, where browsers differ on accepting it."""
    return f"__Host-{name}" if (request.is_secure if secure is None else secure) else name


def give_cookie(response: Response, name: str, value: str, lasts: timedelta, hidden: bool = True) -> None:
    """Set a cookie that other sites' pages cannot use to write, nor (`hidden`) scripts read."""
    response.set_cookie(
        cookie_name(name),
        value,
        max_age=int(lasts.total_seconds()),
        path="/",
        httponly=hidden,
        samesite="Lax",
        secure=request.is_secure,
    )


def sign_in(token: str, to: str = "") -> Response:
    """Return the answer that begins a session and leads to Today, or `to` another page; whichever there was in this browser
    is over."""
    if g.get("session") is not None and g.session.kind != "token":
        access.leave(g.session)
    browser, begun = request.cookies.get(cookie_name(BROWSER_COOKIE), ""), access.session_for(token)
    if browser and begun is not None:
        notices.taken_over(browser, begun.staff)
    response = redirect(to or url_for("today.show"), 303)
    give_cookie(response, SESSION_COOKIE, token, timedelta(days=2))
    give_cookie(response, ACTS_COOKIE, access.acts_secret(token), timedelta(days=2), hidden=False)
    return response


def sign_in_owner(begun: tuple[str, str], to: str = "") -> Response:
    """Return the answer that begins an owner's session: their browser is known from now on."""
    token, browser = begun
    response = sign_in(token, to)
    give_cookie(response, BROWSER_COOKIE, browser, BROWSER_LASTS)
    return response


# -- acts


def request_action(kind: str, _field: str = "action", /, then: str = "", **data: Any) -> Answer:
    """Return what became of an act asked for by a form, under the id the form carries in a field; `then` names a second act of
    the same form, whose id follows from the first."""
    key = request.form.get(_field) or str(uuid4())
    if then:
        with suppress(ValueError):  # no id of an act is refused where it is performed
            key = str(uuid5(UUID(key), then))
    return perform(Act(key, kind, clock.now(), data), g.staff, g.shop)
