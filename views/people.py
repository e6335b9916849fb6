"""The owner's page of people: relationships that grow and fade, our own lapses first; about the shop, never about staff."""

from __future__ import annotations

from flask import Blueprint, abort, g, render_template, request

import clock
import words.people  # noqa: F401  for the template
from domain import settings
from domain.people import WHOLE, people, whole
from domain.reminders_told import ours
from views.asking import open_to

bp = Blueprint("people", __name__)


@bp.get("/people")
@open_to("people")
def show() -> str:
    now = clock.now()
    told = {"people": people(g.shop, now), "ours": ours(g.shop, now), "regular": settings.of(g.shop).regular_visits}
    return render_template("people/show.html", **told, today=g.shop.today(), now=now)


@bp.get("/people/<which>")
@open_to("people")
def whole_list(which: str) -> str:
    """Show one of the lists from a place on, so that each number on the page opens what it counts."""
    if which not in WHOLE:
        abort(404)
    now = clock.now()
    part = whole(g.shop, now, which, request.args.get("from", 0, type=int))
    told = {"name": which, "part": part, "regular": settings.of(g.shop).regular_visits}
    return render_template("people/list.html", **told, today=g.shop.today(), now=now)
