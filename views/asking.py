"""Who is asking: every route states who may use it, and whoever is not named is turned away.

A view without a stated role answers nobody; a test walks the URL map. Unknown and forbidden look alike.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID, uuid4, uuid5

from flask import Flask, abort, current_app, g, redirect, request, url_for
from werkzeug import Response
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

import clock
from domain import access
from domain.actions import Act, Answer, perform
from models import ROLES, Shop

View = TypeVar("View", bound=Callable[..., Any])

EVERYONE = ("public",)
STAFF = ROLES
OWNER = ("owner",)
SESSION_COOKIE = "regulars"
PHONE_COOKIE = "regulars-phone"
FORGET = '"cache","cookies","storage"'  # Clear-Site-Data takes only quoted words
READING = {"GET", "HEAD", "OPTIONS"}


class SignedOut(HTTPException):
    """Nobody is signed in, or no longer."""

    code = 401
    description = "Sign in first."


def open_to(*roles: str, shares: bool = False) -> Callable[[View], View]:
    """Return a decorator that states who may use a view: roles, or "public" where no sign-in is needed.

    `shares` says of a form that its view changes nothing of session, person and shop: as a page may, it is given the
    objects of an earlier request.
    """

    def state(view: View) -> View:
        view.roles, view.shares = roles, shares  # type: ignore[attr-defined]
        return view

    return state


def roles_of(app: Flask, endpoint: str) -> tuple[str, ...]:
    """Return the roles that may use an endpoint; none where its view states none."""
    return getattr(app.view_functions[endpoint], "roles", ())


def guard() -> None:
    """Find out who asks before any view runs. Raises SignedOut, or 404 for what is not theirs."""
    mine, asked = g._get_current_object(), request._get_current_object()  # type: ignore[attr-defined]  # once, not forty times
    mine.session = mine.staff = mine.shop = None
    mine.role = ""
    reads, endpoint = asked.method in READING, asked.endpoint
    view = current_app.view_functions.get(endpoint) if endpoint else None
    shares = reads or getattr(view, "shares", False)
    authorization = asked.environ.get("HTTP_AUTHORIZATION", "")
    if authorization.startswith("Bearer "):
        session = access.session_for(authorization.removeprefix("Bearer ").strip(), shared=shares)
        if session and session.kind != "token":
            session = None
    else:
        session = access.session_for(asked.cookies.get(cookie_name(SESSION_COOKIE, asked.is_secure)), shared=shares)
        if not reads and (session or not asked.path.startswith("/api/")):
            refuse_cross_site()
    if session is not None:
        mine.session, mine.staff, mine.shop = session, session.staff, session.shop
        # An owner's PIN on a shared phone gives a staff member's rights; the settings want the owner's own sign-in.
        mine.role = "staff" if session.kind == "phone" and session.staff.role == "owner" else session.staff.role
    if view is None:
        return  # no such page: answered with 404, to whoever is signed in as a problem in words
    roles = getattr(view, "roles", ())
    if roles != EVERYONE and session is None:
        raise SignedOut()
    if roles != EVERYONE and mine.role not in roles:
        abort(404)
    sent = [asked.args] if asked.query_string else []
    if not reads:
        sent.append(asked.form)
    refuse_unfit(asked.view_args or {}, sent)
    if roles == EVERYONE:
        return
    assert session is not None
    wanted = next((values["shop"] for values in sent if values.get("shop")), "")
    if wanted and wanted != str(session.shop_id):
        mine.shop = shop_named(wanted)
    if mine.shop is None:
        mine.shop = mine.staff.shops.first() or abort(404)


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


def refuse_cross_site() -> None:
    """Answer 403 to a write that another site's page caused.

    Browsers say so in Sec-Fetch-Site; where that is missing (plain http in a LAN), Origin has to name this very host.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        allowed = site == "same-origin"
    else:
        allowed = urlsplit(request.headers.get("Origin", "")).netloc == request.host
    if not allowed:
        abort(403)


# -- cookies


def cookie_name(name: str, secure: bool | None = None) -> str:
    """Return a cookie's name: with the __Host- prefix on https, plain on http, where browsers differ on accepting it."""
    return f"__Host-{name}" if (request.is_secure if secure is None else secure) else name


def give_cookie(response: Response, name: str, value: str, lasts: timedelta) -> None:
    """Set a cookie that scripts cannot read and other sites' pages cannot use to write."""
    response.set_cookie(
        cookie_name(name),
        value,
        max_age=int(lasts.total_seconds()),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )


def sign_in(token: str) -> Response:
    """Return the answer that begins a session and leads to Today."""
    response = redirect(url_for("today.show"), 303)
    give_cookie(response, SESSION_COOKIE, token, timedelta(days=2))
    return response


# -- acts


def request_action(kind: str, /, then: str = "", **data: Any) -> Answer:
    """Return what became of an act asked for by a form, under the id the form carries; `then` names a second act of the same
    form, whose id follows from the first."""
    key = request.form.get("action") or str(uuid4())
    if then:
        with suppress(ValueError):  # no id of an act is refused where it is performed
            key = str(uuid5(UUID(key), then))
    return perform(Act(key, kind, clock.now(), data), g.staff, g.shop)
