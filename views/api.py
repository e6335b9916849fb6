"""The API: the acts of phones and programs, in batches, each done once."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from typing import Any, NoReturn

from flask import Blueprint, abort, g, jsonify, request, send_file
from werkzeug import Response

import clock
import domain.households  # noqa: F401  for its acts
from domain import access, audit, epochs
from domain.actions import SKEW_TOLD, VOUCHED_FOR, Act, Answer, perform, taken_time, unless_done
from domain.export import lines
from models import Shop
from views.asking import SignedOut, open_to
from words import _

bp = Blueprint("api", __name__, url_prefix="/api/v1")
AT_MOST = 500
# What phones keep while they have no signal; the secret that delivers it is good for nothing else.
KEPT = {
    "visit.create", "visit.undo", "prompt.said", "prompt.skipped", "customer.create", "note.create", "promise.create",
    "promise.keep", "question.create", "step.create", "issue.open", "mistake.record",
}  # fmt: skip


@bp.post("/actions")
@open_to("work")
def actions() -> Response:
    """Answer each act in order: applied, duplicate, conflict or rejected with the reason."""
    try:
        body = request.get_json(silent=True)
    except RecursionError:  # nested beyond all measure
        body = None
    acts = body.get("actions") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(acts, list):
        _refuse(_("Send an object with a list of actions."))
    if len(acts) > AT_MOST:
        _refuse(_("Send at most %(most)s actions at once.", most=AT_MOST), 413)
    if body.get("who") is not None and str(body["who"]) != str(g.staff.id):  # done by another, who was signed in before
        raise SignedOut()
    now = clock.now()
    sent_at = _instant(body.get("sent_at"))
    if body.get("sent_at") is not None and sent_at is None:
        _refuse(_("“sent_at” has to be a time with its offset."))
    results = [_one(act, sent_at, now).as_json() for act in acts]
    answer: dict[str, Any] = {"results": results}
    if sent_at and abs(now - sent_at) > SKEW_TOLD:
        answer["clock_off_s"] = round((now - sent_at).total_seconds())
    return jsonify(answer)


def _one(told: Any, sent_at: datetime | None, now: datetime) -> Answer:
    if not isinstance(told, dict):
        return Answer("", "rejected", reason=_("An action is an object."))
    key, kind, data = str(told.get("id", "")), str(told.get("type", "")), told.get("data", {})
    if not isinstance(data, dict):
        return Answer(key, "rejected", reason=_("“data” has to be an object."))
    if g.delivers and kind not in KEPT:
        return Answer(key, "rejected", reason=_("Sign in first, then do it again."))
    at = _instant(told.get("at")) if told.get("at") is not None else (sent_at or now)
    if at is None:
        return Answer(key, "rejected", reason=_("“at” has to be a time with its offset."))
    if g.session.kind == "owner" and access.matters(kind, data) and not access.is_fresh(g.session):
        return Answer(key, "rejected", reason=_("Sign in once more first: this asks whether it is you."))
    shop = g.shop
    if told.get("shop") is not None:  # where it was done, which may be another shop than the one entered since
        number = str(told["shop"])
        known = number.isascii() and number.isdecimal() and len(number) < 10
        shop = g.staff.shops.where(Shop.id == int(number)).get_or_none() if known else None
        if shop is None:
            return Answer(key, "rejected", reason=_("There is no such shop."))
    taken, _skew = taken_time(at, sent_at, now)
    act = Act(key, kind, taken, data, tapped_at=at if at != taken else None)
    if refusal := _too_late((sent_at or now) - at, now):
        return unless_done(act, g.staff, shop, refusal)
    return perform(act, g.staff, shop, final=True)


def _too_late(age: timedelta, now: datetime) -> str:
    """Return why an act is not to be done any more, that was done so long before it was sent; "" where it is."""
    ended = g.session.ended_at
    put_back = (
        epochs.put_back_at(g.staff.business_id) if age > timedelta(0) else None
    )  # what is done now was done after it
    if ended is not None and age < now - ended - SKEW_TOLD:
        return _("This was done after %(name)s had signed out.", name=g.staff.name)
    if put_back is not None and age > now - put_back:
        return _("The shop’s data was put back to an earlier state since. See how it stands, then do it again.")
    if age > VOUCHED_FOR:  # its key may be gone
        told = _("This was done more than 90 days ago, and whether it came through nobody can tell any more.")
        return told + " " + _("See how it stands, then do it again.")
    return ""


def _instant(value: Any) -> datetime | None:
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    try:
        return instant.astimezone(clock.now().tzinfo) if instant.tzinfo else None
    except (OverflowError, ValueError):
        return None


def _refuse(words: str, code: int = 400) -> NoReturn:
    g.problem = words
    abort(code)


@bp.get("/export")
@open_to("export", again=True)
def export() -> Response:
    """Return everything of the business, one JSON object a line."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by the server once it is sent)
    file.writelines(line.encode() for line in lines())
    file.seek(0)
    audit.write("export.made", business=g.staff.business_id, shop=g.shop, staff=g.staff)
    answer = send_file(file, mimetype="application/x-ndjson")
    answer.headers["Cache-Control"] = "no-store"
    return answer
