"""What a phone tells while nobody looks at it: chosen where one is signed in, on the page This phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, g, redirect, request, url_for
from werkzeug import Response

import pushing
from domain import notices
from outside import push
from views.asking import BROWSER_COOKIE, cookie_name, open_to

bp = Blueprint("notices", __name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody may be told where they are signed in: the kinds, those they asked for, the key that their browser
    is to know us by ("" where the server cannot tell anybody), and what went wrong."""

    kinds: tuple[str, ...]
    chosen: tuple[str, ...]
    key: str
    wrong: str = ""

    @property
    def is_on(self) -> bool:
        return bool(self.chosen)


def browser() -> str:
    """Return what an owner's browser is known by."""
    return request.cookies.get(cookie_name(BROWSER_COOKIE), "")


def choice() -> Choice | None:
    """Return what there is to choose for whoever is signed in; None for nobody."""
    kinds = notices.kinds_for(g.session) if g.session is not None else ()
    if not kinds:
        return None
    stands = notices.here(g.session, browser())
    chosen = tuple(kind for kind in stands.kinds if kind in kinds) if stands else ()
    key = push.public_key(pushing.secret_of(g.staff.business_id)) if push.is_installed() else ""
    return Choice(kinds, chosen, key, "failed" if request.args.get("wrong") else "")


def follow_language(language: str) -> None:
    """Tell the phone in the language it has just chosen."""
    if g.session is not None:
        notices.speaks(g.session, browser(), language)


@bp.post("/notices")
@open_to("work")
def choose() -> Response:
    """Tell these kinds here from now on; none at all ends it."""
    if not notices.kinds_for(g.session):
        abort(404)
    form = request.form
    place = _place() if form.get("endpoint") else {}
    chosen = {"kinds": form.getlist("kind"), "language": g.chosen.language, "site": request.host_url.rstrip("/")}
    done = place is not None and notices.choose(g.session, browser(), place=place, **chosen)
    told: Any = {"kept": 1 if done else None, "wrong": None if done else 1}
    return redirect(url_for("this_phone.show", _anchor="notices", **told), 303)


@bp.post("/notices/moved")
@open_to("work")
def move() -> Response:
    """Take in from the worker that its browser is told at another place from now on."""
    place = _place()
    if not place or not notices.moved(g.session, browser(), request.form.get("was", ""), place):
        abort(404)
    return Response(status=204)


def _place() -> dict[str, Any] | None:
    """Return where a browser says that it is told; None where that cannot be."""
    named = {name: request.form.get(name, "") for name in ("endpoint", "p256dh", "auth")}
    fits = push.is_installed() and push.is_place(push.Place(**named), pushing.allowed_hosts())
    return named if fits else None
