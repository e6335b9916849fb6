"""The first run in the browser: from the link that works once to a colleague's phone that shows Today.

Opening the link shows a button, for a preview must not use it up. Each step is a page of its own, may be skipped, and is
kept: an owner who comes back goes on where they were.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
import words.first_run
from domain import access, first_run, owners, passwords, team
from domain.actions import Answer
from models import CALLED, Invitation, Phone, Staff
from views import owner
from views.asking import open_to, passkey_host, request_action, sign_in_owner
from views.phones import code_for, member
from views.shops import zones
from views.sign_in import used
from words import _, sentence_case, weekday

bp = Blueprint("first_run", __name__)
OPENS, CLOSES = "09:00", "17:00"  # until somebody says otherwise


@bp.get("/first-run/")
@open_to("anyone")
def go_on() -> Response:
    """Lead an owner to the step they were at."""
    if g.session is None:
        return redirect(url_for("sign_in.show"), 303)
    return redirect(_at(first_run.waits_for(g.staff)), 303)


def _at(step: str) -> str:
    return url_for("first_run.show", step=step) if step else url_for("today.show")


@bp.get("/first-run/<token>")
@open_to("anyone")
def link(token: str) -> Response:
    invitation = access.open_invitation("owner", token)
    if invitation is None:
        return go_on() if first_run.waits_for(g.staff) else used()
    page = render_template("first_run/link.html", name=invitation.staff.name, where=_shop_of(invitation))
    return make_response(page)


def _shop_of(invitation: Invitation) -> str:
    shop = invitation.staff.shops.first()
    return shop.name if shop else ""


@bp.post("/first-run/<token>")
@open_to("anyone")
def use_link(token: str) -> Response:
    """Sign the owner in, and lead them to where they were."""
    invitation = access.open_invitation("owner", token)
    begun = owners.invited(invitation, owner.browser(), owner.about()) if invitation else None
    if invitation is None or begun is None:
        return used()
    return sign_in_owner(begun, _at(first_run.step_of(invitation.staff.business_id)))


def waiting() -> str:
    """Return the step at which the first run waits for whoever asks, "" where it does not."""
    return first_run.waits_for(g.get("staff"))


# -- the steps


@bp.get("/setting-up/<step>")
@open_to("owners")
def show(step: str) -> Response:
    return _page(step)


def _page(step: str, told: str = "", code: int = 200, **more: Any) -> Response:
    if step not in first_run.STEPS:
        abort(404)
    number, shop = first_run.STEPS.index(step), g.shop
    page = render_template(
        f"first_run/{step}.html", step=step, number=number + 1, steps=len(first_run.STEPS) - 1, told=told,
        before=_at(first_run.STEPS[number - 1]) if number else "", say=words.first_run, toast=None,
        typed=request.form, **_needs(step, shop), **more,
    )  # fmt: skip
    return make_response(page, code)


def _needs(step: str, shop: Any) -> dict[str, Any]:
    """Return what a step's page needs besides what all do."""
    if step == "shop":
        return {"zones": zones(shop.zone), "local": shop.local(clock.now())}
    if step == "hours":
        open_days = [pair for pair in shop.hours or () if pair]
        days = [i for i, pair in enumerate(shop.hours) if pair] if shop.hours else [0, 1, 2, 3, 4, 5]
        opens, closes = open_days[0] if open_days else (OPENS, CLOSES)
        names = [(i, sentence_case(weekday(i))) for i in range(7)]
        vary = any(pair != open_days[0] for pair in open_days)
        return {"days": names, "open_on": days, "opens": opens, "closes": closes, "vary": vary}
    if step == "words":
        return {"called": CALLED}
    if step == "password":
        return {"has_password": bool(g.staff.password_hash)}
    if step in ("team", "phone"):
        mates = Staff.select().where(
            (Staff.business == shop.business_id) & Staff.left_at.is_null() & (Staff.id != g.staff.id)
        )
        return {"mates": list(mates.order_by(Staff.id))}
    phone = Phone.select().where((Phone.business == shop.business_id) & Phone.revoked_at.is_null()).first()
    return {"phone": phone.name if phone else ""}


def _changes_a_password() -> bool:
    """Say whether a form sets a password that is not an owner's first one, set while all begins."""
    return request.path == _at("password") and (owners.has_own_way(g.staff, passkey_host()) or not waiting())


@bp.post("/setting-up/<step>")
@open_to("owners", again=_changes_a_password)
def keep(step: str) -> Response:
    """Keep what was written on a step and go on; skipping it keeps nothing."""
    if step not in first_run.STEPS:
        abort(404)
    if step == "done":
        first_run.end(g.staff.business_id)
        return redirect(url_for("today.show"), 303)
    if "skip" not in request.form:
        kept = {"shop": _shop, "hours": _hours, "words": _words, "password": _password, "team": _mate, "phone": _code}
        answer = kept[step]()
        if isinstance(answer, Response):
            return answer
        if answer:
            return _page(step, answer, 422)
    return redirect(_at(first_run.passed(g.staff.business_id, step)), 303)


def _set(*changes: tuple[str, Any]) -> str:
    """Put some settings, each an act; return what is wrong with the first that was not taken."""
    for name, value in changes:
        answer: Answer = request_action("setting.change", then=name, name=name, value=value)
        if not answer.done:
            return answer.reason
    return ""


def _shop() -> str:
    form, name = request.form, request.form.get("owner", "").strip()
    if name and name != g.staff.name:
        answer = request_action("staff.rename", then="owner", staff=g.staff.id, name=name)
        if not answer.done:
            return answer.reason
    return _set(("name", form.get("name", "")), ("zone", form.get("zone", "")))


def _hours() -> str:
    form = request.form
    pair, days = [form.get("opens", ""), form.get("closes", "")], form.getlist("day")
    if not days:
        return _("Pick the days on which you are open, or skip this.")
    return _set(("hours", [pair if str(i) in days else None for i in range(7)]))


def _words() -> str:
    return _set(("called", request.form.get("called", "")), ("tone", request.form.get("tone", "")))


def _password() -> str:
    if not request.form.get("password", ""):
        return _("Write one, or do it later.")
    try:
        owner.keep_password()
    except access.Unfit as told:
        return str(told)
    except passwords.Busy:
        return _("That is busy just now. Try again in a moment.")
    return ""


def _mate() -> Response | str:
    """Take the first colleague on, and show the code for their phone at once."""
    pin = request.form.get("pin", "").strip()
    told = team.pin_problem(pin, g.shop) if pin else ""
    if told:
        return told
    answer = request_action("staff.add", name=request.form.get("name", ""), role="staff")
    if not answer.done:
        return answer.reason
    one = member(int((answer.result or {})["staff"]))
    if pin and answer.status == "applied":
        team.set_pin(one, pin, g.staff, g.shop)
        one = member(one.id)
    first_run.passed(g.staff.business_id, "team")
    return _code_page(one)


def _code() -> Response:
    return _code_page(member(request.form.get("staff", 0, type=int)))


def _code_page(one: Staff) -> Response:
    return _page("phone", code_page=True, **code_for(one, then="first-run"))
