"""The end of a shift: how it went, who is still to come, a line for the next person, and out; and the brief at its start."""

from __future__ import annotations

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
import words.calls
import words.promises
import words.questions
import words.referrals
import words.shift
from domain import day_words, shift
from domain.board import board
from domain.calls import calls_of
from domain.promises import due_elsewhere, for_today, promises
from domain.questions import due_for
from domain.referrals import due_today
from domain.today import is_past
from models import Action
from views.answers import done, or_problem
from views.asking import SignedOut, open_to, request_action, turned_away
from views.sign_in import is_shut_out, sign_out, tell_signed_out as tell_signed_out_anywhere
from words import _

bp = Blueprint("shift", __name__)
SHOWN = 3  # of those still to come; one less for calls, and for promises, to pass on: so the button stays in sight
TOLD = 5  # lines of the last days, with who has seen them


@bp.get("/shift")
@open_to("work")
def show() -> str:
    return _page(chosen=request.args.get("for", ""))


def _page(chosen: str = "", text: str = "", told: str = "") -> str:
    """Return the page; `chosen` is who is next, `text` what was written, `told` what was wrong with it."""
    now = clock.now()
    local, day = g.shop.local(now), board(g.shop, now)
    lines = day.lines(g.shop, now, g.staff)
    began = g.shop.local(g.session.created_at)
    coming = shift.still_to_come(lines, g.shop, now)
    team = shift.team(g.shop, g.staff)
    lately = shift.lately(g.shop, now)
    owed = promises(g.shop, now, lines)
    open_today = owed.coming + [one for one in owed.waiting if one.is_due(day.day)]
    calls = calls_of(day, g.shop, now).open
    return render_template(
        "shift/show.html",
        began=began,
        local=local,
        went=words.shift.went(
            shift.welcomed(lines, began),
            len(coming),
            len(open_today),
            sum(1 for one in open_today if one.is_overdue(day.day)),
        ),
        owed=open_today,
        checks=due_today(g.shop, day),
        calls=calls,
        asks=due_for(g.shop, day.day, [line.customer.id for line in coming]),
        say=words.promises,
        now=now,
        day_words=day_words.standing(g.shop),
        minutes=day_words.MINUTES,
        coming=[(line, is_past(line, g.shop, local)) for line in coming],
        shown=SHOWN - bool(open_today) - bool(calls),
        team=team,
        chosen=next((one for one in team if str(one.id) == chosen), None),
        text=text,
        told=told,
        left=[line for line in lately if line.is_for(g.staff, now)],
        lately=[line for line in lately if not line.is_for(g.staff, now)][:TOLD],
    )


@bp.post("/shift")
@open_to("work")
def hand_over() -> Response:
    """Leave the line, sign out on this phone and show who is next the PIN page; a line refused is shown again."""
    text, whom = request.form.get("text", ""), request.form.get("for", "")
    answer = request_action("shift.hand_over", text=text, **({"for": whom} if whom else {}))
    if not answer.done:
        return make_response(_page(whom, text, answer.reason), 422)
    return sign_out(then=whom)


@bp.post("/shift/lines/<int:hand_over_id>/seen")
@open_to("work")
def see(hand_over_id: int) -> Response | str:
    or_problem(request_action("shift.seen", hand_over=hand_over_id))
    back = url_for("today.show" if request.form.get("from") == "today" else "shift.show")
    left = shift.left_for(g.shop, g.staff, clock.now())
    return done("shift/_left.html", back, left=left, left_from=request.form.get("from", ""))


@bp.post("/shift/lines/<int:hand_over_id>/undo")
@open_to("work")
def undo(hand_over_id: int) -> Response:
    or_problem(request_action("shift.undo", hand_over=hand_over_id))
    return redirect(url_for("shift.show"), 303)


@bp.post("/shift/today")
@open_to("work")
def say_today() -> Response:
    """Say that something has run out, or by how many minutes we are behind."""
    minutes = request.form.get("minutes", "")
    if minutes.isdecimal() and len(minutes) < 4:
        or_problem(request_action("day.behind", minutes=int(minutes)))
    else:
        or_problem(request_action("day.out", text=request.form.get("text", "")))
    return redirect(url_for("shift.show", _anchor="so-today"), 303)


@bp.post("/shift/today/<int:word_id>/over")
@open_to("work")
def over_today(word_id: int) -> Response:
    or_problem(request_action("day.over", word=word_id))
    return redirect(url_for("shift.show", _anchor="so-today"), 303)


@bp.errorhandler(SignedOut)
def tell_signed_out(_error: SignedOut) -> Response:
    """Answer whoever was signed out while they wrote: sent twice, the line was left; else it is shown again, to be kept."""
    if request.endpoint != "shift.hand_over" or turned_away(401) or is_shut_out():
        return tell_signed_out_anywhere()
    text = request.form.get("text", "").strip()
    if Action.get_or_none(Action.key == request.form.get("action", "")) is not None:
        return redirect(url_for("sign_in.show", next=request.form.get("for")), 303)
    if not text:
        return tell_signed_out_anywhere()
    return make_response(render_template("shift/kept.html", text=text), 401)


@bp.get("/shift/brief")
@open_to("work")
def brief() -> str:
    """Show the day in a minute, to be read aloud or printed."""
    now = clock.now()
    day = board(g.shop, now)
    lines = day.lines(g.shop, now, None)
    owed = due_elsewhere(g.shop, day.day, ()) if for_today(g.shop, day) else []
    ringing = calls_of(day, g.shop, now).open
    found = shift.brief(lines, shift.lately(g.shop, now), g.staff, g.shop, now, due_today(g.shop, day), owed, ringing)
    title = [_("The day in a minute"), words.long_day(g.shop.day_of(now)), g.shop.name]
    return render_template(
        "shift/brief.html",
        title=title,
        parts=words.shift.brief(found, g.shop.tone, g.shop.day_of(now), title, g.shop.wording),
        hours=found.hours,
        most=max((arrivals for _hour, arrivals in found.hours), default=0),
    )
