"""Promises: what we owe, ticked off by whoever does it; written down on a note sheet, closed with a reason on the card."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
import words.promises
from domain.board import board
from domain.promises import LINK_LASTS, by_link, confirm_by_link, for_today, new_secret, promises
from domain.referrals import referrals
from models import Promise, Shop
from views.answers import done, is_partial, or_problem
from views.asking import STAFF, open_to, request_action
from views.customers import ON_CARDS, row
from words import _

bp = Blueprint("promises", __name__)


@bp.get("/promises")
@open_to(*STAFF)
def show() -> str:
    return render_template("promises/_list.html" if is_partial() else "promises/show.html", **_values())


def owed_today() -> int:
    """Return how many promises are for today, for the bar: no query where the day is at hand."""
    return for_today(g.shop, board(g.shop, clock.now()))


def _values(toast: dict[str, Any] | None = None) -> dict[str, Any]:
    now = clock.now()
    found = promises(g.shop, now, board(g.shop, now).lines(g.shop, now, g.staff))
    sent_on = referrals(g.shop, g.shop.day_of(now))
    return {"promises": found, "sent_on": sent_on, "say": words.promises, "toast": toast, "now": now}


def _after(promise_id: int, told: str, undoes: bool = False) -> Response | str:
    """Return the list, or the card the form stood on, as it is after an act; `undoes` offers the way back."""
    toast: dict[str, Any] = {"words": told}
    promise = Promise.get_or_none((Promise.id == promise_id) & (Promise.shop == g.shop.id)) or abort(404)
    on_card = request.form.get("from") in ON_CARDS
    if undoes:
        reopen = url_for("promises.reopen", promise_id=promise.id)
        toast["back"] = {"to": reopen, "into": "#card" if on_card else "#promises"}
    if on_card:
        return row(promise.customer, toast=toast)
    return list_after(toast, f"promise-{promise.id}")


def list_after(toast: dict[str, Any], anchor: str = "") -> Response | str:
    """Return the list as it is after an act, or lead a plain form back to it."""
    if is_partial():
        g.shop.revision = Shop.select(Shop.revision).where(Shop.id == g.shop.id).scalar()  # the act has raised it
        return done("promises/_list.html", "", **_values(toast))
    if request.form.get("from") == "shift":
        return redirect(url_for("shift.show"), 303)
    return redirect(url_for("promises.show", _anchor=anchor or None), 303)


@bp.post("/promises/<int:promise_id>/keep")
@open_to(*STAFF)
def keep(promise_id: int) -> Response | str:
    channel = request.form.get("channel", "")
    or_problem(request_action("promise.keep", promise=promise_id, **({"channel": channel} if channel else {})))
    return _after(promise_id, _("Kept. Thank you."), undoes=True)


@bp.post("/promises/<int:promise_id>/confirm")
@open_to(*STAFF)
def confirm(promise_id: int) -> Response | str:
    or_problem(request_action("promise.confirm", promise=promise_id))
    return _after(promise_id, _("Good: it reached them."), undoes=True)


@bp.post("/promises/<int:promise_id>/reopen")
@open_to(*STAFF)
def reopen(promise_id: int) -> Response | str:
    answer = or_problem(request_action("promise.reopen", promise=promise_id))
    kept = answer.result is not None and answer.result["state"] == "kept"
    return _after(promise_id, _("Undone. We wait to hear from them.") if kept else _("Undone. It is still promised."))


@bp.post("/promises/<int:promise_id>/close")
@open_to(*STAFF)
def close(promise_id: int) -> Response | str:
    or_problem(request_action("promise.close", promise=promise_id, reason=request.form.get("reason", "")))
    return _after(promise_id, _("Closed, with the reason."), undoes=True)


@bp.post("/promises/<int:promise_id>/link")
@open_to(*STAFF)
def link(promise_id: int) -> str:
    """Show a link by which they confirm; it is shown this once, for nobody keeps it."""
    promise = Promise.get_or_none((Promise.id == promise_id) & (Promise.shop == g.shop.id)) or abort(404)
    secret = new_secret(g.shop.today())
    or_problem(request_action("promise.link", promise=promise_id, secret=secret))
    address = url_for("promises.confirm_link", secret=secret, _external=True)
    return render_template("promises/link.html", promise=promise, address=address, days=LINK_LASTS.days)


@bp.route("/confirm/<secret>", methods=["GET", "POST"])
@open_to("public")
def confirm_link(secret: str) -> Response:
    """Let a customer say that they have what was promised. Reading changes nothing: mail programs open links by themselves."""
    promise = by_link(secret)
    if promise is not None and request.method == "POST":
        confirm_by_link(promise, clock.now())
        promise = by_link(secret)
    answer = make_response(render_template("promises/confirm.html", promise=promise), 200 if promise else 404)
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
