"""What a phone keeps for when it has no signal: today's and tomorrow's list, and nothing else about anybody.

The fields are those of docs/offline.md; what is not in the template is not on the phone. The worker keeps the page under
whose it is and when it was made, and throws it away after twelve hours, at sign-out, and when somebody else signs in.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, current_app, g, make_response, render_template
from werkzeug import Response

import clock
import words
import words.kept
from domain.board import Board, board
from domain.expected import is_made
from domain.lines import Line, lines
from domain.today import line_time
from views.answers import kept, takes_packed
from views.asking import open_to

bp = Blueprint("kept", __name__)
HOURS = 12  # that a list is kept


@bp.get("/today/kept")
@open_to("work")
def show() -> Response:
    """Answer the two lists as one page that does without the server."""
    now = clock.now()
    day = board(g.shop, now)
    key = ("kept", g.staff.id, g.role, g.look, takes_packed())
    return kept(day, key, now, lambda: _page(day, now))


def _page(day: Board, now: datetime) -> Response:
    next_day = day.day + timedelta(days=1)
    days = [(day.day, in_order(day.lines(g.shop, now, g.staff), now))]
    if is_made(g.shop, next_day):  # by the background: in a large shop nobody can wait for it
        days.append((next_day, in_order(lines(g.shop, next_day, now, g.staff), now)))
    shown = max(len(listed) for _day, listed in days)
    page = render_template(
        "kept/show.html", days=days, made_at=g.shop.local(now), hours=HOURS, told=words.kept.on_the_list(shown)
    )
    answer = make_response(page)
    answer.headers["Kept-For"] = str(g.staff.id)
    answer.headers["Kept-With"] = " ".join(_built())
    return answer


def in_order(found: list[Line], now: datetime) -> list[Line]:
    """Return the lines by their time on the wall, those without one last."""
    local = g.shop.local(now)
    late = local.replace(hour=23, minute=59)
    return sorted(found, key=lambda line: line_time(line, local) or late)


def _built() -> list[str]:
    """Return the addresses of what the page is made with."""
    built: Any = current_app.jinja_env.globals["built"]
    assets = (built.stylesheet, built.kept_sheet, built.kept_script)
    return [f"/static/build/{asset.name}" for asset in assets]


@bp.get("/offline")
@open_to("anyone")
def offline() -> str:
    """Say that there is no signal, to whoever has no list: about nobody."""
    return render_template("kept/none.html")
