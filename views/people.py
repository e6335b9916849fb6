"""The owner's page of people: relationships that grow and fade, our own lapses first; about the shop, never about staff."""

from __future__ import annotations

from flask import Blueprint, g, render_template

import clock
import words.people  # noqa: F401  for the template
from domain.people import people
from views.asking import open_to

bp = Blueprint("people", __name__)


@bp.get("/people")
@open_to("manager", "owner")
def show() -> str:
    return render_template("people/show.html", people=people(g.shop, clock.now()), today=g.shop.today())
