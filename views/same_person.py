"""Same person? Asked on the card of somebody who was added without a question: answered, and taken back."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug import Response

import domain.same_person  # noqa: F401  for its acts
from views.answers import or_problem
from views.asking import open_to, request_action

bp = Blueprint("same_person", __name__)


@bp.post("/customers/<int:customer_id>/may-be")
@open_to("work")
def may_be(customer_id: int) -> Response:
    """Keep that they are somebody else; with `other`, that this is to be asked again."""
    other = request.form.get("other", "")
    answer = or_problem(request_action("customer.may_be", customer=customer_id, **({"other": other} if other else {})))
    was = answer.result["was"] if answer.result and not other else ""
    return redirect(url_for("customers.show", customer_id=customer_id, kept=f"two-{was}" if was else None), 303)


@bp.post("/customers/<int:customer_id>/same")
@open_to("work")
def same(customer_id: int) -> Response:
    """Make one of two: all of the one who is `gone` stands with the customer."""
    answer = or_problem(request_action("customer.merge", customer=customer_id, gone=request.form.get("gone", "")))
    assert answer.result is not None
    to = {"customer_id": answer.result["customer"], "kept": f"one-{answer.result['merge']}"}
    return redirect(url_for("customers.show", **to), 303)


@bp.post("/merges/<int:merge_id>/undo")
@open_to("work")
def undo(merge_id: int) -> Response:
    answer = or_problem(request_action("customer.unmerge", merge=merge_id))
    assert answer.result is not None
    return redirect(url_for("customers.show", customer_id=answer.result["gone"]), 303)
