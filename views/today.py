"""Today: who is expected, who is here; the one page a shift lives on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug import Response

import clock
from domain.board import Board, board
from domain.calls import calls_of
from domain.learning import YOUNG, just_met
from domain.lines import Line, line_for
from domain.partings import deaths_for
from domain.promises import due_elsewhere, for_today
from domain.referrals import due_today
from domain.shift import left_for
from domain.today import arrange
from models import Customer, Shop, Visit
from views.answers import is_partial, kept, takes_packed
from views.asking import open_to
from views.polls import is_for_all, is_theirs, key_of, tag_of

bp = Blueprint("today", __name__)


@bp.get("/")
@open_to("work")
def home() -> Response:
    return redirect(url_for("today.show"))


@bp.get("/today")
@open_to("work")
def show() -> Response:
    """Answer from what was kept where nothing has changed: for this person or for all, in this language, within this minute."""
    now = clock.now()
    if is_theirs(request.headers.get("HX-PTag"), g.shop, g.staff, now, is_partial()):
        return Response(status=304)
    day = board(g.shop, now)
    key = key_of(day, g.staff, g.look, now, is_partial(), takes_packed(), request.args.get("shop"))
    toast = _toast_after_form() if request.args else None
    if toast is not None:
        return _answer(day, now, toast, key)
    return kept(day, key, now, lambda: _answer(day, now, None, key))


def _answer(day: Board, now: datetime, toast: dict[str, Line] | None, key: Any) -> Response:
    tag = tag_of(g.shop, day.revision, None if is_partial() and is_for_all(day) else g.staff, now)
    answer = make_response(_page(day, now, tag, toast, key))
    answer.headers["HX-PTag"] = tag
    return answer


SLOT = Markup("<!--the day-->")


def _page(day: Board, now: datetime, tag: str, toast: dict[str, Line] | None, key: Any) -> str:
    """Return the day, for htmx, or the whole page: the day in a frame that is kept while only acts happen."""
    lines = day.lines(g.shop, now, g.staff)
    today = arrange(lines, g.shop, now)
    met = just_met(g.shop, day.day, day.by_customer) if len(lines) < YOUNG else []
    left = left_for(g.shop, g.staff, now, day)
    owed = due_elsewhere(g.shop, day.day, day.by_customer) if for_today(g.shop, day) else []
    died = deaths_for(g.shop, g.staff, day)
    checks = due_today(g.shop, day)
    expected = any(line.is_expected for line in lines)
    inner = render_template(
        "today/_day.html",
        today=today,
        tag=tag,
        met=met,
        left=left,
        calls=calls_of(day, g.shop, now),
        expected=expected,
        owed=[one for one in owed if not one.is_overdue(day.day)],
        late=[one for one in owed if one.is_overdue(day.day)],
        checks=checks,
        died=died,
        aside=is_partial(),
    )
    if is_partial():
        return inner
    if toast:
        return render_template("today/show.html", day=Markup(inner), empty=today.is_empty, toast=toast)
    shown = (key, today.is_empty, for_today(g.shop, day))
    frame = day.frames.get(shown)
    if frame is None:
        frame = render_template("today/show.html", day=SLOT, empty=today.is_empty, toast=None)
        day.frames[shown] = frame
    return frame.replace(SLOT, inner, 1)


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
@open_to("work")
def choose_shop() -> str:
    return render_template("today/shops.html", shops=list(g.staff.shops))


@bp.post("/shops/<int:shop_id>/enter")
@open_to("work")
def enter_shop(shop_id: int) -> Response:
    shop = g.staff.shops.where(Shop.id == shop_id).get_or_none() or abort(404)
    g.session.shop = shop
    g.session.save(only=["shop"])
    return redirect(url_for("today.show"), 303)
