"""The shops of a business, for its owner: which there are, going from one to another, and opening one more."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

from domain import shops
from domain.actions import Answer
from models import Shop
from views.answers import or_problem
from views.asking import open_to, request_action
from words import _

bp = Blueprint("shops", __name__)


@bp.get("/settings/shops")
@open_to("shops")
def show() -> Response:
    return _page()


def _page(told: str = "", code: int = 200) -> Response:
    mine = list(g.staff.shops)
    page = render_template(
        "settings/shops.html",
        shops=mine,
        zones=zones(g.shop.zone),
        told=told,
        typed=request.form,
        toast=_just_opened(mine),
    )
    return make_response(page, code)


def zones(stands: str) -> list[str]:
    """Return the time zones there are to pick from, with the one that stands."""
    found = sorted(
        zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/"))
    )
    return found if stands in found else [stands, *found]


def _just_opened(mine: list[Shop]) -> dict[str, Any] | None:
    opened = request.args.get("opened", 0, type=int)
    shop = next((one for one in mine if one.id == opened), None)
    if shop is None:
        return {"words": _("That is taken back.")} if request.args.get("withdrawn") else None
    told = _("%(name)s is open.", name=shop.name)
    if shop.id == g.shop.id or shops.is_used(shop):
        return {"words": told}
    to = url_for("shops.withdraw", shop_id=shop.id)
    return {"words": told, "undo": {"to": to, "fields": {}, "says": _("Undo: %(told)s", told=told)}}


@bp.post("/settings/shops")
@open_to("shops")
def open_another() -> Response:
    form = request.form
    answer: Answer = request_action("shop.open", name=form.get("name", ""), zone=form.get("zone", ""))
    if not answer.done:
        return _page(answer.reason, 422)
    return redirect(url_for("shops.show", opened=(answer.result or {})["shop"]), 303)


@bp.post("/settings/shops/<int:shop_id>/withdraw")
@open_to("shops")
def withdraw(shop_id: int) -> Response:
    or_problem(request_action("shop.withdraw", shop=shop_id))
    return redirect(url_for("shops.show", withdrawn=1), 303)
