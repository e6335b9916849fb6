"""Whom we send on to somebody who can help, whether it helped, and who sends people to us."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
import words.referrals
from domain.finding import found
from domain.referrals import places
from models import Customer, Referral
from views.answers import is_partial, or_problem
from views.asking import open_to, request_action
from views.customers import ON_CARDS, row, wanted
from views.promises import list_after
from words import _

bp = Blueprint("referrals", __name__)
CHECK_IN = ("1", "3", "7")  # days
CANDIDATES = 5


def _ours(referral_id: int) -> Referral:
    found = Referral.get_or_none((Referral.id == referral_id) & (Referral.shop == g.shop.id)) if referral_id else None
    return found or abort(404)


@bp.get("/referrals/new")
@open_to("work")
def new() -> str:
    """Show the form: for anybody, for a `customer`, or again for whom the `previous` place could not help."""
    number = request.args.get("previous", 0, type=int)
    previous = _ours(number) if 0 < number < 2**31 else None
    whom = request.args.get("customer", 0, type=int)
    customer = previous.customer if previous else wanted(whom) if whom > 0 else None
    name = previous.name if previous else customer.called if customer else ""
    values = {"name": name, "need": previous.need if previous else "", "to": "", "check": "3"}
    return _page(values, customer, previous)


def _page(values: dict[str, str], customer: Customer | None, previous: Referral | None, told: str = "") -> str:
    return render_template(
        "referrals/new.html",
        values=values,
        customer=customer,
        previous=previous,
        places=places(g.shop, but=previous.to_whom if previous else ""),
        told=told,
        back=_back(customer),
    )


def _back(customer: Customer | None) -> str:
    return url_for("customers.show", customer_id=customer.id) if customer else url_for("promises.show")


@bp.post("/referrals")
@open_to("work")
def create() -> Response:
    form = request.form
    previous = _ours(form.get("previous", 0, type=int)) if form.get("previous") else None
    customer = wanted(form.get("customer", 0, type=int)) if form.get("customer") else None
    check = form.get("check", "3")
    days = int(check) if check in CHECK_IN else 3
    values = {name: form.get(name, "") for name in ("name", "need", "to")} | {"check": check}
    data: dict[str, Any] = {"name": values["name"], "need": values["need"], "to": form.get("place") or values["to"]}
    if customer:
        data["customer"] = customer.id
    if previous:
        data["previous"] = previous.id
    check_on = g.shop.today() + timedelta(days=days)
    answer = request_action("referral.create", check_on=check_on.isoformat(), **data)
    if answer.unknown:
        abort(404)
    if not answer.done:
        return make_response(_page(values, customer, previous, answer.reason), 422)
    number = answer.result["referral"] if answer.result else ""
    back = _back(customer)
    return redirect(back if customer else f"{back}#referral-{number}", 303)


@bp.post("/referrals/<int:referral_id>/answer")
@open_to("work")
def answer(referral_id: int) -> Response | str:
    """Keep what became of it. Where the place was not reached, the form for another one follows at once."""
    outcome = request.form.get("outcome", "")
    or_problem(request_action("referral.answer", referral=referral_id, outcome=outcome))
    if outcome == "not_reached":
        to = url_for("referrals.new", previous=referral_id)
        if not is_partial():
            return redirect(to, 303)
        response = make_response("")
        response.headers["HX-Redirect"] = to
        return response
    back = {"to": url_for("referrals.reopen", referral_id=referral_id)}
    return _after(_ours(referral_id), {"words": words.referrals.toast(outcome), "back": back})


def _after(referral: Referral, toast: dict[str, Any]) -> Response | str:
    """Return the card the form stood on, or the list, as it is after an act."""
    if request.form.get("from") in ON_CARDS and referral.customer_id:
        return row(referral.customer, toast=toast)
    if "back" in toast:
        toast["back"]["into"] = "#promises"
    return list_after(toast, f"referral-{referral.id}")


@bp.post("/referrals/<int:referral_id>/reopen")
@open_to("work")
def reopen(referral_id: int) -> Response | str:
    or_problem(request_action("referral.reopen", referral=referral_id))
    return _after(_ours(referral_id), {"words": _("Undone. We ask as before.")})


@bp.post("/referrals/<int:referral_id>/forget")
@open_to("work")
def forget(referral_id: int) -> Response | str:
    or_problem(request_action("referral.forget", referral=referral_id))
    return list_after({"words": words.referrals.forgotten()})


@bp.post("/referrals/<int:referral_id>/undo")
@open_to("work")
def undo(referral_id: int) -> Response | str:
    or_problem(request_action("referral.undo", referral=referral_id))
    return list_after({"words": _("Undone.")})


# -- who sent them to us


@bp.route("/customers/<int:customer_id>/sent-by", methods=["GET", "POST"])
@open_to("work")
def sent_by(customer_id: int) -> Response | str:
    """Ask who sent somebody to us: where customers are called so, which of them; else the words are kept."""
    customer, form = wanted(customer_id), request.form
    if request.method == "GET":
        return render_template("referrals/sent_by.html", customer=customer, by_text="", candidates=[], told="")
    typed, by = form.get("by_text", "").strip(), form.get("by", "")
    candidates = []
    if typed and not by:
        hits = found(g.shop, typed[:80], clock.now()).hits
        candidates = [hit.person for hit in hits if hit.by_name and hit.person.id != customer.id][:CANDIDATES]
    told, code = "", 200
    if not candidates:
        by_whom = {"by": by} if by and by != "words" else {"by_text": typed}
        answer = request_action("introduction.set", customer=customer.id, **by_whom)
        if answer.done:
            return redirect(url_for("customers.show", customer_id=customer.id), 303)
        told, code = answer.reason, 409 if answer.status == "conflict" else 422
    page = render_template("referrals/sent_by.html", customer=customer, by_text=typed, candidates=candidates, told=told)
    return make_response(page, code)


@bp.post("/customers/<int:customer_id>/sent-by/undo")
@open_to("work")
def undo_sent_by(customer_id: int) -> Response | str:
    customer = wanted(customer_id)
    or_problem(request_action("introduction.undo", customer=customer.id))
    return row(customer, toast={"words": _("Undone.")})
