"""People around a person: who belongs to which household or firm, and a firm that comes no more."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug import Response

import words.together
from models import Action
from views.answers import or_problem
from views.asking import open_to, request_action

bp = Blueprint("together", __name__)


@bp.post("/customers/<int:customer_id>/together")
@open_to("work")
def join(customer_id: int) -> Response:
    """Write down that somebody belongs to a household or firm, by its name or its number; or, with `undoes` (the id of the
    act that took them out), that they do after all."""
    form = request.form
    data: dict[str, Any] = {
        name: form[name] for name in ("household", "name", "kind", "part") if form.get(name, "").strip()
    }
    data["brings"] = "brings" in form
    undone = Action.get_or_none(Action.key == form.get("undoes", ""))
    if undone is not None and undone.result.get("was") and undone.result.get("household") == data.get("household"):
        data |= undone.result["was"]
    answer = or_problem(request_action("customer.join", customer=customer_id, **data))
    number = answer.result["household"] if answer.result else ""
    return redirect(url_for("customers.show", customer_id=customer_id, kept=f"joined-{number}"), 303)


@bp.post("/customers/<int:customer_id>/together/<int:household_id>/leave")
@open_to("work")
def leave(customer_id: int, household_id: int) -> Response:
    answer = or_problem(request_action("customer.leave", customer=customer_id, household=household_id))
    return redirect(url_for("customers.show", customer_id=customer_id, kept=f"out-{answer.id}"), 303)


@bp.post("/households/<int:household_id>/left")
@open_to("work")
def left(household_id: int) -> Response:
    or_problem(request_action("household.left", household=household_id, reason=request.form.get("reason", "")))
    return _back()


@bp.post("/households/<int:household_id>/back")
@open_to("work")
def back(household_id: int) -> Response:
    or_problem(request_action("household.back", household=household_id))
    return _back()


def _back() -> Response:
    customer = request.form.get("customer", 0, type=int)
    return redirect(url_for("customers.show", customer_id=customer) if customer else url_for("today.show"), 303)


def toast(kept: str, customer_id: int) -> dict[str, Any] | None:
    """Return the toast on a card after somebody was put into a household or firm, or taken out."""
    kind, _dash, key = kept.partition("-")
    if kind == "joined" and key.isdecimal() and len(key) < 10:
        to = url_for("together.leave", customer_id=customer_id, household_id=int(key))
        return {
            "words": words.together.joined(),
            "undo": {"to": to, "fields": {}, "says": words.together.undo_joined()},
        }
    earlier = Action.get_or_none(Action.key == key) if kind == "out" else None
    if earlier is None:
        return None
    to = url_for("together.join", customer_id=customer_id)
    fields = {"undoes": key, "household": earlier.result.get("household", "")}
    return {"words": words.together.gone_out(), "undo": {"to": to, "fields": fields, "says": words.together.undo_out()}}
