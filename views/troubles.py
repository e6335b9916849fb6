"""Troubles that come again, and mistakes of ours, on the card they lead."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from werkzeug import Response

import domain.troubles  # noqa: F401  for its acts
from models import Issue, Mistake
from views.answers import or_problem
from views.asking import open_to, request_action
from views.customers import row
from views.questions import customer_of
from words import _

bp = Blueprint("troubles", __name__)


@bp.post("/issues/<int:issue_id>/again")
@open_to("work")
def again(issue_id: int) -> Response | str:
    customer = customer_of(Issue, issue_id)
    or_problem(request_action("issue.again", issue=issue_id))
    back = {"to": url_for("troubles.undo_issue", issue_id=issue_id)}
    return row(customer, toast={"words": _("Counted once more."), "back": back})


@bp.post("/issues/<int:issue_id>/solve")
@open_to("work")
def solve(issue_id: int) -> Response | str:
    customer = customer_of(Issue, issue_id)
    or_problem(request_action("issue.solve", issue=issue_id))
    back = {"to": url_for("troubles.reopen_issue", issue_id=issue_id)}
    ours = Issue.select(Issue.ours).where(Issue.id == issue_id).scalar()
    told = _("Mended. They hear of it when they come.") if ours else _("Solved. In a week we ask whether it still is.")
    return row(customer, toast={"words": told, "back": back})


@bp.post("/issues/<int:issue_id>/reopen")
@open_to("work")
def reopen_issue(issue_id: int) -> Response | str:
    customer = customer_of(Issue, issue_id)
    or_problem(request_action("issue.reopen", issue=issue_id))
    return row(customer, toast={"words": _("It is open again.")})


@bp.post("/issues/<int:issue_id>/undo")
@open_to("work")
def undo_issue(issue_id: int) -> Response | str:
    customer = customer_of(Issue, issue_id)
    or_problem(request_action("issue.undo", issue=issue_id))
    return row(customer, toast={"words": _("Undone.")})


@bp.post("/mistakes/<int:mistake_id>/acknowledge")
@open_to("work")
def acknowledge(mistake_id: int) -> Response | str:
    customer = customer_of(Mistake, mistake_id)
    sorry = request.form.get("said_sorry") == "yes"
    or_problem(request_action("mistake.acknowledge", mistake=mistake_id, said_sorry=sorry))
    back = {"to": url_for("troubles.reopen_mistake", mistake_id=mistake_id)}
    return row(customer, toast={"words": _("Kept. Thank you."), "back": back})


@bp.post("/mistakes/<int:mistake_id>/made-good")
@open_to("work")
def make_good(mistake_id: int) -> Response | str:
    customer = customer_of(Mistake, mistake_id)
    or_problem(request_action("mistake.make_good", mistake=mistake_id, text=request.form.get("text", "")))
    back = {"to": url_for("troubles.reopen_mistake", mistake_id=mistake_id)}
    return row(customer, toast={"words": _("Made good. Thank you."), "back": back})


@bp.post("/mistakes/<int:mistake_id>/reopen")
@open_to("work")
def reopen_mistake(mistake_id: int) -> Response | str:
    customer = customer_of(Mistake, mistake_id)
    or_problem(request_action("mistake.reopen", mistake=mistake_id))
    return row(customer, toast={"words": _("Undone.")})


@bp.post("/mistakes/<int:mistake_id>/undo")
@open_to("work")
def undo_mistake(mistake_id: int) -> Response | str:
    customer = customer_of(Mistake, mistake_id)
    or_problem(request_action("mistake.undo", mistake=mistake_id))
    return row(customer, toast={"words": _("Undone.")})
