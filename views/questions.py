"""Questions and extra steps, on the card: asked, skipped, answered, dropped."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, request, url_for
from werkzeug import Response

import domain.question_acts  # noqa: F401  for its acts
import words.questions
from models import Customer, ExtraStep, Question, Shop
from views.answers import or_problem
from views.asking import open_to, request_action
from views.customers import acted_on, row
from words import _

bp = Blueprint("questions", __name__)


def customer_of(table: Any, number: int) -> Customer:
    """Return the customer of a row in the asker's shops, or answer 404; of one that this very form took back before, too."""
    theirs = (table.id == number) & table.shop.in_(g.staff.shops.select(Shop.id))
    found = Customer.select().join(table, on=table.customer == Customer.id).where(theirs).get_or_none()
    return found or acted_on()


@bp.post("/questions/<int:question_id>/answer")
@open_to("work")
def answer(question_id: int) -> Response | str:
    customer = customer_of(Question, question_id)
    outcome, said = request.form.get("outcome", ""), request.form.get("answer", "")
    if outcome == "skipped":
        said = ""
    or_problem(request_action("question.answer", question=question_id, outcome=outcome, answer=said))
    told = _("Skipped.") if outcome == "skipped" else words.questions.answered() if said.strip() else _("Asked.")
    back = {"to": url_for("questions.keep", question_id=question_id), "name": "outcome", "value": outcome}
    return row(customer, toast={"words": told, "back": back})


@bp.post("/questions/<int:question_id>/keep")
@open_to("work")
def keep(question_id: int) -> Response | str:
    """Ask again; or take back one skip, where that is what was just tapped."""
    customer = customer_of(Question, question_id)
    outcome = "skipped" if request.form.get("outcome") == "skipped" else ""
    or_problem(request_action("question.keep", question=question_id, outcome=outcome))
    return row(customer, toast={"words": _("We ask again.")})


@bp.post("/questions/<int:question_id>/drop")
@open_to("work")
def drop(question_id: int) -> Response | str:
    customer = customer_of(Question, question_id)
    or_problem(request_action("question.drop", question=question_id))
    back = {"to": url_for("questions.keep", question_id=question_id), "name": "", "value": ""}
    return row(customer, toast={"words": _("Dropped."), "back": back})


@bp.post("/questions/<int:question_id>/reply")
@open_to("work")
def reply(question_id: int) -> Response | str:
    customer = customer_of(Question, question_id)
    or_problem(request_action("question.reply", question=question_id, reply=request.form.get("reply", "")))
    return row(customer, toast={"words": _("Kept. It is said when they come next.")})


@bp.post("/questions/<int:question_id>/undo")
@open_to("work")
def undo(question_id: int) -> Response | str:
    customer = customer_of(Question, question_id)
    or_problem(request_action("question.undo", question=question_id))
    return row(customer, toast={"words": _("Undone.")})


@bp.post("/steps/<int:step_id>/undo")
@open_to("work")
def undo_step(step_id: int) -> Response | str:
    customer = customer_of(ExtraStep, step_id)
    or_problem(request_action("step.undo", step=step_id))
    return row(customer, toast={"words": _("Undone.")})
