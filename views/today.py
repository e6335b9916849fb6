"""Today: who is expected, who is here; the one page a shift lives on."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
from domain.board import board
from domain.learning import Met, just_met
from domain.lines import Line, line_for
from domain.today import arrange
from models import Customer, Shop, Visit
from views.answers import page_or_partial
from views.asking import STAFF, open_to

bp = Blueprint("today", __name__)
YOUNG = 6  # with fewer people on a day than this, there is room to show whom we are getting to know


@bp.get("/")
@open_to(*STAFF)
def home() -> Response:
    return redirect(url_for("today.show"))


@bp.get("/today")
@open_to(*STAFF)
def show() -> Response | str:
    now = clock.now()
    tag = f"{g.shop.id}.{g.shop.revision}.{int(now.timestamp()) // 60}.{g.staff.id}"
    if request.headers.get("HX-PTag") == tag:
        return Response(status=304)
    day = g.shop.day_of(now)
    lines = board(g.shop, now).lines(g.shop, now, g.staff)
    arranged = arrange(lines, g.shop, now)
    answer = make_response(
        page_or_partial(
            "today/show.html",
            "today/_day.html",
            today=arranged,
            tag=tag,
            met=_met(day, {line.customer.id for line in lines}) if len(lines) < YOUNG else [],
            listed=bool(lines),
            toast=_toast_after_form(),
        )
    )
    answer.headers["HX-PTag"] = tag
    return answer


def _met(day: date, known: set[int]) -> list[Met]:
    """Return whom we are getting to know, less those who stand on the list already."""
    return [one for one in just_met(g.shop, day) if one.customer.id not in known]


def _toast_after_form() -> dict[str, Line] | None:
    """Return the toast for an act done by a plain form, which leads back here with the number of what it was about."""
    for told, found in (("marked", _marked), ("undone", _undone)):
        number = request.args.get(told, "")
        customer = found(int(number)) if number.isdecimal() and len(number) < 10 else None
        if customer is not None:
            line = line_for(customer, g.shop, clock.now(), g.staff)
            if line.arrived == (told == "marked"):
                return {"line" if line.arrived else "undone": line}
    return None


def _marked(visit: int) -> Customer | None:
    found = Visit.get_or_none((Visit.id == visit) & (Visit.shop == g.shop.id) & (Visit.day == g.shop.today()))
    return found.customer if found else None


def _undone(customer: int) -> Customer | None:
    return g.staff.customers.where(Customer.id == customer).get_or_none()


@bp.get("/choose-shop")
@open_to(*STAFF)
def choose_shop() -> str:
    return render_template("today/shops.html", shops=list(g.staff.shops))


@bp.post("/shops/<int:shop_id>/enter")
@open_to(*STAFF)
def enter_shop(shop_id: int) -> Response:
    shop = g.staff.shops.where(Shop.id == shop_id).get_or_none() or abort(404)
    g.session.shop = shop
    g.session.save(only=["shop"])
    return redirect(url_for("today.show"), 303)
