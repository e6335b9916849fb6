"""The shop's phones, for whoever runs the team: letting one in by a picture or a code, names, and shutting one out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
import words.phones
from domain import phones, team
from domain.actions import Answer
from models import Invitation, Phone, Staff
from views import qr
from views.answers import or_problem
from views.asking import open_to, request_action
from words import _

bp = Blueprint("phones", __name__)
HERE_ONLY = ("127.0.0.1", "localhost", "[::1]")


def member(staff_id: int) -> Staff:
    """Return a colleague whose phones are the asker's to look after, or answer 404."""
    one = team.known_to(g.staff).where((Staff.id == staff_id) & Staff.left_at.is_null()).get_or_none()
    return one if one is not None and team.may_change(g.staff, one) else abort(404)


@bp.post("/team/<int:staff_id>/phone")
@open_to("team")
def invite(staff_id: int) -> Response:
    """Show, once, a picture and a code that let one phone in within ten minutes."""
    page = render_template("team/phone.html", **code_for(member(staff_id)), toast=None)
    return make_response(page)


def code_for(one: Staff, then: str = "") -> dict[str, Any]:
    """Return what the page of a new code needs; it stands instead of the one the form names. `then` is where it leads."""
    link, invitation = phones.new_code(one, request.form.get("instead", type=int))
    address = url_for("sign_in.phone_link", token=link.token, _external=True)
    size, path = qr.drawn(address)
    return {
        "link": link, "size": size, "path": path,
        "here_only": _is_here_only(), **_state(invitation, then),
    }  # fmt: skip


def _is_here_only() -> bool:
    """Say whether phones cannot open the address this page was opened by."""
    return request.host.rpartition(":")[0] in HERE_ONLY and not current_app.config["REGULARS"].test_mode


def _state(invitation: Invitation, then: str) -> dict[str, Any]:
    over = invitation.used_at is None and invitation.expires_at <= clock.now()
    return {
        "invitation": invitation, "arrived": phones.came_in(invitation), "over": over, "one": invitation.staff,
        "until": words.phones.until(g.shop.local(invitation.expires_at)), "of_phones": words.phones,
        "then": then,
        "done_to": url_for("first_run.show", step="done") if then == "first-run" else url_for("team.show"),
    }  # fmt: skip


@bp.get("/team/codes/<int:invitation_id>")
@open_to("team")
def waiting(invitation_id: int) -> str:
    """Say whether the phone came in that a code was made for."""
    invitation = Invitation.get_or_none((Invitation.id == invitation_id) & (Invitation.kind == "phone")) or abort(404)
    member(invitation.staff_id)
    return render_template("team/_waiting.html", **_state(invitation, request.args.get("then", "")))


@bp.post("/phones/<int:phone_id>/name")
@open_to("team")
def rename(phone_id: int) -> Response:
    answer = request_action("phone.rename", phone=phone_id, name=request.form.get("name", ""))
    return _back(answer, renamed=phone_id, called=(answer.result or {}).get("was"))


@bp.post("/phones/<int:phone_id>/shut-out")
@open_to("team")
def shut_out(phone_id: int) -> Response:
    return _back(request_action("phone.shut_out", phone=phone_id), out=phone_id)


def _back(answer: Answer, **done: Any) -> Response:
    or_problem(answer)
    return redirect(url_for("team.show", **done, _anchor="phones"), 303)


def just_done() -> dict[str, Any] | None:
    """Return the toast for what was just done to a phone, with the way back where there is one."""
    renamed, out = (request.args.get(name, 0, type=int) for name in ("renamed", "out"))
    if out:
        theirs = (Phone.id == out) & (Phone.business == g.staff.business_id) & Phone.revoked_at.is_null(False)
        gone = Phone.get_or_none(theirs & Phone.staff.in_(team.known_to(g.staff).select(Staff.id).order_by()))
        return {"words": words.phones.done("out", gone.name)} if gone else None
    phone = phones.known_to(g.staff).where(Phone.id == renamed).get_or_none() if renamed else None
    if phone is None:
        return None
    told, was = words.phones.done("renamed", phone.name), request.args.get("called", "")
    if not was or was == phone.name:
        return {"words": told}
    says = _("Undo: call it %(name)s again", name=was)
    to = url_for("phones.rename", phone_id=phone.id)
    return {"words": told, "undo": {"to": to, "fields": {"name": was}, "says": says}}
