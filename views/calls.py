"""Whom to ring: what came of it is kept with one tap, on Today or on a card."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, g, request, url_for
from werkzeug import Response

import clock
import words.calls
from domain.calls import calls
from models import CallTask, Customer
from views.answers import done, or_problem
from views.asking import open_to, request_action

bp = Blueprint("calls", __name__)


@bp.post("/calls/<int:task_id>/done")
@open_to("work")
def end(task_id: int) -> Response | str:
    outcome = request.form.get("outcome", "")
    task = _task(task_id)
    or_problem(request_action("call.done", task=task_id, outcome=outcome))
    back = {"to": url_for("calls.reopen", task_id=task_id), "into": "#calls"}
    return _after({"words": words.calls.toast(outcome, task.customer.called), "back": back})


@bp.post("/calls/<int:task_id>/reopen")
@open_to("work")
def reopen(task_id: int) -> Response | str:
    or_problem(request_action("call.reopen", task=task_id))
    return _after({"words": words.calls.undone()})


def _task(task_id: int) -> CallTask:
    found: CallTask | None = (
        CallTask.select(CallTask, Customer)
        .join(Customer)
        .where((CallTask.id == task_id) & (CallTask.shop == g.shop.id))
        .get_or_none()
    )
    return found or abort(404)


def _after(toast: dict[str, Any]) -> Response | str:
    back = url_for("today.show", _anchor="calls")
    return done("today/_called.html", back, toast, calls=calls(g.shop, clock.now()))
