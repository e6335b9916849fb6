"""The team: who works here, in which shops and with which rights, their PINs, and which phones were let in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import words.phones
from domain import access, phones, rights, team
from domain.actions import Answer
from models import ROLES, Staff
from views.answers import or_problem
from views.asking import open_to, request_action
from views.phones import just_done
from words import _, listed, team as say

bp = Blueprint("team", __name__)


@bp.get("/team")
@open_to("team")
def show() -> str:
    return _page()


def _page(told: str = "", typed: dict[str, Any] | None = None) -> str:
    people = team.colleagues(g.staff)
    return render_template(
        "team/show.html", here_now=[one for one in people if not one.staff.left_at], told=told,
        gone=[one for one in people if one.staff.left_at], phones=list(phones.known_to(g.staff)),
        theirs={one.staff.id for one in people if one.may_change}, say=say, of_phones=words.phones,
        shop=g.shop, today=g.shop.today(),
        shops=list(g.staff.shops), roles=_roles(), typed=typed or {}, toast=_just_done() or just_done(),
    )  # fmt: skip


def _roles() -> list[str]:
    return [role for role in ROLES if role != "owner" or rights.may(g.staff, "owners")]


def _member(staff_id: int, may: Callable[[Staff, Staff], bool] = team.may_change) -> Staff:
    """Return somebody of the team whom the asker may change, or answer 404."""
    one = team.known_to(g.staff).where(Staff.id == staff_id).get_or_none()
    return one if one is not None and may(g.staff, one) else abort(404)


def _back(**done: Any) -> Response:
    return redirect(url_for("team.show", **done), 303)


@bp.post("/team")
@open_to("team", again=lambda: request.form.get("role") == "owner")
def add() -> Response:
    """Take somebody on; a PIN may be given at once, or is picked on their phone."""
    form = request.form
    pin, typed = form.get("pin", "").strip(), {"name": form.get("name", ""), "role": form.get("role", "staff")}
    told = team.pin_problem(pin, g.shop) if pin else ""
    if not told:
        named: dict[str, Any] = {"shops": form.getlist("shops")} if "shops" in form else {}
        answer = request_action("staff.add", **typed, **named)
        told = answer.reason
        if answer.done:
            number = int((answer.result or {})["staff"])
            if pin and answer.status == "applied":
                team.set_pin(_member(number), pin, g.staff, g.shop)
            return _back(added=number)
    return make_response(_page(told, typed=typed), 422)


@bp.get("/team/<int:staff_id>")
@open_to("team")
def one(staff_id: int) -> str:
    return _one_page(_member(staff_id, team.may_place))


def _one_page(member: Staff, told: str = "", link: access.Link | None = None) -> str:
    """Return the page of one colleague; a `link` by which an owner signs in is shown once."""
    found = next(one for one in team.colleagues(g.staff) if one.staff.id == member.id)
    return render_template(
        "team/one.html", one=found, member=member, told=told, link=link, say=say, shop=g.shop, today=g.shop.today(),
        shops=list(g.staff.shops), roles=_roles(), only_owners=team.only_owners(member),
        phones=team.when_they_leave(member), toast=None,
    )  # fmt: skip


def _of(staff_id: int, answer: Answer, **done: Any) -> Response:
    if answer.unknown:
        abort(404)
    if not answer.done:
        page = _one_page(_member(staff_id, team.may_place), answer.reason)
        return make_response(page, 409 if answer.status == "conflict" else 422)
    return _back(**done)


@bp.post("/team/<int:staff_id>/role")
@open_to("team", again=True)
def change_role(staff_id: int) -> Response:
    answer = request_action("staff.role", staff=staff_id, role=request.form.get("role", ""))
    return _of(staff_id, answer, role_of=staff_id, was=(answer.result or {}).get("was"))


@bp.post("/team/<int:staff_id>/shops")
@open_to("team")
def change_shops(staff_id: int) -> Response:
    shops = [one for told in request.form.getlist("shops") for one in told.split(",")]
    answer = request_action("staff.shops", staff=staff_id, shops=shops)
    return _of(staff_id, answer, shops_of=staff_id, was=",".join((answer.result or {}).get("was", [])))


@bp.post("/team/<int:staff_id>/pin")
@open_to("team")
def set_pin(staff_id: int) -> Response:
    """Give somebody a new PIN; it opens their phones again where too many wrong ones had shut them."""
    member, pin = _member(staff_id), request.form.get("pin", "").strip()
    told = team.pin_problem(pin, g.shop)
    if told:
        return make_response(_one_page(member, told), 422)
    team.set_pin(member, pin, g.staff, g.shop)
    return _back(pin_of=staff_id)


@bp.post("/team/<int:staff_id>/open")
@open_to("team")
def open_pin(staff_id: int) -> Response:
    return _of(staff_id, request_action("pin.open", staff=staff_id), opened=staff_id)


@bp.post("/team/<int:staff_id>/leave")
@open_to("team")
def leave(staff_id: int) -> Response:
    return _of(staff_id, request_action("staff.leave", staff=staff_id), left=staff_id)


@bp.post("/team/<int:staff_id>/back")
@open_to("team")
def come_back(staff_id: int) -> Response:
    answer = request_action("staff.back", staff=staff_id)
    if answer.status == "conflict":
        return make_response(_page(answer.reason), 409)
    or_problem(answer)
    return _back(back=staff_id)


@bp.post("/team/<int:staff_id>/link")
@open_to("owners", again=True)
def owner_link(staff_id: int) -> str:
    """Show, once, a link by which an owner signs in within a day; one made before is good no more."""
    member = _member(staff_id)
    if member.role != "owner" or member.left_at is not None:
        abort(404)
    return _one_page(member, link=access.invite_owner_again(member))


def _just_done() -> dict[str, Any] | None:
    """Return the toast for what was just done to somebody, with the way back; none once it stands otherwise."""
    names = ("added", "left", "back", "pin_of", "opened", "role_of", "shops_of")
    done = next((name for name in names if request.args.get(name, 0, type=int)), "")
    if not done:
        return None
    one = team.known_to(g.staff).where(Staff.id == request.args.get(done, 0, type=int)).get_or_none()
    if one is None and done == "shops_of":
        return {"words": _("They no longer work in a shop of yours. An owner can bring them back.")}
    if one is None or (one.left_at is not None) != (done == "left"):
        return None
    was = request.args.get("was", "")
    told = say.done(done, one, listed([shop.name for shop in one.shops]), done == "left" and bool(team.passed_on(one)))
    undo: dict[str, tuple[str, dict[str, Any]]] = {
        "added": ("team.leave", {}),
        "left": ("team.come_back", {}),
        "role_of": ("team.change_role", {"role": was}),
        "shops_of": ("team.change_shops", {"shops": was}),
    }
    if done not in undo or (done in ("role_of", "shops_of") and was in ("", one.role)):
        return {"words": told}
    to, fields = undo[done]
    says = _("Undo: %(told)s", told=told)
    return {"words": told, "undo": {"to": url_for(to, staff_id=one.id), "fields": fields, "says": says}}
