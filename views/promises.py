"""Promises: what we owe, ticked off by whoever does it; written down on a note sheet, closed with a reason on the card."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
import words.promises
from domain import contacts, promise_letters, rights
from domain.board import board
from domain.promises import LINK_LASTS, for_today, new_secret, promises
from domain.referrals import referrals
from models import Customer, Promise, Shop
from sending import Ways
from views.answers import done, is_partial, or_problem
from views.asking import open_to, request_action
from views.customers import ON_CARDS, card_page, row
from words import _

bp = Blueprint("promises", __name__)


@bp.get("/promises")
@open_to("work")
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
@open_to("work")
def keep(promise_id: int) -> Response | str:
    channel = request.form.get("channel", "")
    or_problem(request_action("promise.keep", promise=promise_id, **({"channel": channel} if channel else {})))
    return _after(promise_id, _("Kept. Thank you."), undoes=True)


@bp.post("/promises/<int:promise_id>/confirm")
@open_to("work")
def confirm(promise_id: int) -> Response | str:
    or_problem(request_action("promise.confirm", promise=promise_id))
    return _after(promise_id, _("Good: it reached them."), undoes=True)


@bp.post("/promises/<int:promise_id>/reopen")
@open_to("work")
def reopen(promise_id: int) -> Response | str:
    answer = or_problem(request_action("promise.reopen", promise=promise_id))
    kept = answer.result is not None and answer.result["state"] == "kept"
    return _after(promise_id, _("Undone. We wait to hear from them.") if kept else _("Undone. It is still promised."))


@bp.post("/promises/<int:promise_id>/close")
@open_to("work")
def close(promise_id: int) -> Response | str:
    or_problem(request_action("promise.close", promise=promise_id, reason=request.form.get("reason", "")))
    return _after(promise_id, _("Closed, with the reason."), undoes=True)


@bp.post("/promises/<int:promise_id>/link")
@open_to("work")
def link(promise_id: int) -> str:
    """Show a link by which they confirm; it is shown this once, for nobody keeps it."""
    promise = Promise.get_or_none((Promise.id == promise_id) & (Promise.shop == g.shop.id)) or abort(404)
    secret = new_secret(g.shop.today())
    or_problem(request_action("promise.link", promise=promise_id, secret=secret))
    address = url_for("replies.confirm", secret=secret, _external=True)
    return render_template("promises/link.html", promise=promise, address=address, days=LINK_LASTS.days)


@bp.route("/promises/<int:promise_id>/send", methods=["GET", "POST"])
@open_to("work")
def send(promise_id: int) -> Response | str:
    """Write what they are sent, and where it goes; then send it, with half a minute to take it back."""
    found = (Promise.id == promise_id) & (Promise.shop == g.shop.id)
    promise = Promise.select(Promise, Customer).join(Customer).where(found).get_or_none() or abort(404)
    told = ""
    if request.method == "POST":
        way = request.form.get("way", "")
        told = _cannot(way)
        if not told:
            answer = request_action("promise.send", promise=promise.id, way=way, text=request.form.get("text", ""))
            if answer.done:
                undo = {"to": url_for("promises.reopen", promise_id=promise.id), "fields": {"from": "card"}}
                toast = {"words": _("It leaves in half a minute."), "undo": {**undo, "says": _("Undo: send nothing")}}
                return card_page(promise.customer, toast)
            told = answer.reason
    text = request.form.get("text") or promise_letters.last_text(promise)
    page = {"promise": promise, "told": told, "text": text, "way": request.form.get("way", promise.channel)}
    answer_page = render_template("promises/send.html", ways=_ways_to(promise), **page)
    return make_response(answer_page, 422) if told else answer_page


def _cannot(way: str) -> str:
    """Return why nothing can be sent by a way from here; empty where it can."""
    return "" if way in promise_letters.WAYS and Ways().of(g.shop, way) else words.promises.not_set_up(way)


def _ways_to(promise: Promise) -> list[dict[str, str]]:
    """Return for each way where something for a promise would go, or why it cannot."""
    found = []
    for way, label in (("email", _("E-mail")), ("sms", _("Text message"))):
        where = contacts.reach(promise.customer, way, g.shop)
        why = _cannot(way)
        if where.code and not why:
            why = words.promises.not_sendable(where.code, way, where.customer.called)
        to = where.address if rights.may(g.staff, "contacts", g.shop) else ""
        found.append({"way": way, "label": label, "to": to, "whom": where.customer.called, "why": why})
    return found
