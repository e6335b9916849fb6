"""Somebody has died, moved, or wants to be left alone: taking it back, and having read it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, request, url_for
from werkzeug import Response

import clock
from domain.board import board
from domain.partings import deaths_for
from models import Action, Customer
from views.answers import or_problem
from views.asking import open_to, request_action
from views.customers import wanted

bp = Blueprint("states", __name__)


@bp.post("/customers/<int:customer_id>/state")
@open_to("work")
def change(customer_id: int) -> Response:
    """Say how it stands with somebody; or, with `undoes` (the id of an act that said so), as it stood before."""
    customer, form = wanted(customer_id), request.form
    stands: dict[str, Any] = {"state": form.get("state", ""), "since": form.get("since") or None}
    undone = Action.get_or_none(Action.key == form.get("undoes", ""))
    if undone is not None and undone.result.get("was") and undone.result.get("customer") == str(customer.id):
        stands = undone.result["was"]
    or_problem(request_action("customer.state", customer=customer.id, **stands))
    return redirect(url_for("customers.show", customer_id=customer.id, kept="state"), 303)


@bp.post("/customers/<int:customer_id>/state/seen")
@open_to("work")
def seen(customer_id: int) -> Response:
    customer = wanted(customer_id)
    or_problem(request_action("state.seen", customer=customer.id))
    return redirect(url_for("today.show"), 303)


def news() -> list[Customer]:
    """Return whose death whoever asks has not read of yet."""
    return deaths_for(g.shop, g.staff, board(g.shop, clock.now()))
