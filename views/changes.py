"""The record of changes, for the owner and managers: who did what, and when, in plain words."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from flask import Blueprint, g, render_template, request

import clock
import words.alarms
import words.record
from domain import changes
from views.asking import open_to

bp = Blueprint("changes", __name__)


@bp.get("/settings/changes")
@open_to("record")
def show() -> str:
    """Show the lines that the address asks for; a part of it that cannot be is as if it were not there."""
    asked = request.args
    shops = list(g.staff.shops)
    places = {one.id: one.name for one in shops}
    wanted = changes.Wanted(
        who=changes.NOBODY if asked.get("who") == changes.NOBODY else _number("who"),
        what=asked.get("what", "") if asked.get("what") in words.record.GROUPS else "",
        since=_day("since"),
        until=_day("until"),
        shop=_number("at") if _number("at") in places else None,
        before=_number("before"),
    )
    troubles, checked = changes.stands(g.staff.business_id)
    now = clock.now()
    told = {"who": wanted.who, "what": wanted.what, "since": wanted.since, "until": wanted.until, "at": wanted.shop}
    return render_template(
        "settings/changes.html",
        page=changes.page(g.staff, g.shop, wanted, several=len(places) > 1),
        asked={name: value for name, value in told.items() if value},
        narrowed=any(told.values()),
        earlier=wanted.before is not None,
        everybody=changes.everybody(g.staff),
        places=places if len(places) > 1 else {},
        troubles=[words.record.trouble(one["code"], one["number"]) for one in troubles],
        checked=words.alarms.moment(g.shop.local(checked), g.shop.local(now)) if checked else "",
        now=now,
    )


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _day(name: str) -> date | None:
    with suppress(ValueError):
        found = date.fromisoformat(request.args.get(name, ""))
        return found if 2000 <= found.year <= 2200 else None
    return None
