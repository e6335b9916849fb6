"""What can be done for somebody who is late: keep their place, say whose slip it was, move them to not today; all of it can be
taken back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from werkzeug import Response

import words.lateness
from models import CAUSES, Appointment, Customer
from views.answers import is_partial, or_problem
from views.asking import open_to, request_action
from views.customers import ON_CARDS, row
from words import _

bp = Blueprint("late", __name__)


def _found(appointment_id: int) -> Appointment:
    found: Appointment | None = (
        Appointment.select(Appointment, Customer)
        .join(Customer)
        .where((Appointment.id == appointment_id) & (Appointment.shop == g.shop.id))
        .get_or_none()
    )
    return found or abort(404)


def _card(appointment: Appointment, told: str, back: dict[str, Any] | None = None) -> Response | str:
    return row(appointment.customer, toast={"words": told, **({"back": back} if back else {})})


@bp.post("/appointments/<int:appointment_id>/keep-place")
@open_to("work")
def keep_place(appointment_id: int) -> Response | str:
    """Keep their place for half an hour from now; `minutes` 0 gives it free again."""
    appointment = _found(appointment_id)
    free = request.form.get("minutes") == "0"
    how_long: dict[str, Any] = {"minutes": 0} if free else {}
    or_problem(request_action("appointment.keep_place", appointment=appointment_id, **how_long))
    to = url_for("late.keep_place", appointment_id=appointment_id)
    if free:
        return _card(appointment, words.lateness.freed())
    until = Appointment.select(Appointment.kept_until).where(Appointment.id == appointment_id).scalar()
    return _card(appointment, words.lateness.kept(g.shop.local(until)), {"to": to, "name": "minutes", "value": "0"})


@bp.post("/appointments/<int:appointment_id>/cause")
@open_to("work")
def cause(appointment_id: int) -> Response | str:
    """Say whose slip it was; said again of the same, nobody's is known."""
    appointment, which = _found(appointment_id), request.form.get("cause", "")
    if which not in CAUSES:
        abort(422)
    or_problem(request_action("appointment.cause", appointment=appointment_id, cause=which))
    to = url_for("late.cause", appointment_id=appointment_id)
    back = {"to": to, "name": "cause", "value": appointment.cause}
    return _card(appointment, words.lateness.cause_kept(which), back)


@bp.post("/appointments/<int:appointment_id>/missed")
@open_to("work")
def missed(appointment_id: int) -> Response | str:
    """Move somebody who has not come to not today: their row goes, and the card tells it fairly."""
    appointment = _found(appointment_id)
    or_problem(request_action("appointment.missed", appointment=appointment_id))
    to, told = url_for("late.not_missed", appointment_id=appointment_id), words.lateness.missed(appointment, g.shop)
    if request.form.get("from") in ON_CARDS:
        return _card(appointment, told, {"to": to})
    if is_partial():
        undo = {"to": to, "fields": {}, "says": _("Undo: %(told)s", told=told)}
        return render_template("_toast.html", toast={"words": told, "undo": undo}, oob=True)
    return redirect(url_for("today.show"), 303)


@bp.post("/appointments/<int:appointment_id>/came")
@open_to("work")
def came(appointment_id: int) -> Response | str:
    """Say that somebody came, on a day before, though nobody marked them."""
    appointment = _found(appointment_id)
    result = or_problem(request_action("appointment.came", appointment=appointment_id)).result or {}
    to = url_for("customers.undo_visit", visit_id=int(result["visit"]))
    return _card(
        appointment, words.lateness.came(), {"to": to, "name": "customer", "value": str(appointment.customer_id)}
    )


@bp.post("/appointments/<int:appointment_id>/not-missed")
@open_to("work")
def not_missed(appointment_id: int) -> Response | str:
    """Have somebody expected again who was moved to not today."""
    appointment = _found(appointment_id)
    or_problem(request_action("appointment.restore", appointment=appointment_id))
    if request.form.get("from") in ON_CARDS:
        return _card(appointment, words.lateness.expected_again(appointment, g.shop))
    return redirect(url_for("today.show", _anchor=f"p-{appointment.customer_id}"), 303)
