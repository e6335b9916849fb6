"""The owner's page of people: relationships that grow and fade, our own lapses first; about the shop, never about staff."""

from __future__ import annotations

from flask import Blueprint, abort, g, render_template, request

import clock
import words.people  # noqa: F401  for the template
from domain.people import WHOLE, people, whole
from views.asking import open_to

bp = Blueprint("people", __name__)


@bp.get("/people")
@open_to("manager", "owner")
def show() -> str:
    return render_template("people/show.html", people=people(g.shop, clock.now()), today=g.shop.today())


@bp.get("/people/<which>")
@open_to("manager", "owner")
def whole_list(which: str) -> str:
    """Show one of the lists from a place on, so that each number on the page opens what it counts."""
    if which not in WHOLE:
        abort(404)
    part = whole(g.shop, clock.now(), which, request.args.get("from", 0, type=int))
    return render_template("people/list.html", name=which, part=part, today=g.shop.today())
