"""The owner's settings of one shop."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
import words.accuracy
from domain import expected
from domain.accuracy import accuracy
from domain.actions import Answer
from domain.fields import every_field
from models import CALLED, TONES, CustomField, Shop, minutes_of
from views.asking import OWNER, open_to, request_action
from words import _, languages, sentence_case, weekday

bp = Blueprint("settings", __name__)


@bp.get("/settings")
@open_to(*OWNER)
def show() -> str:
    return _page(g.shop, g.shop.hours or [["", ""]] * 7)


def _page(shop: Shop, hours: list[Any], told: dict[str, str] | None = None, field_told: str = "") -> str:
    zones = sorted(
        zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/"))
    )
    fields = every_field(g.staff)
    return render_template(
        "settings/show.html",
        shop=shop,
        name=shop.name if field_told else request.form.get("name", shop.name),
        zones=zones if shop.zone in zones else [shop.zone, *zones],
        called=CALLED,
        languages=languages(),
        days=[(i, sentence_case(weekday(i)), *(hours[i] or ["", ""])) for i in range(7)],
        told=told or {},
        saved=request.args.get("saved"),
        local=clock.now(),
        accuracy=accuracy(shop, shop.today()),
        say=words.accuracy,
        fields=fields,
        toast=_told_of_fields(fields),
        field_told=field_told,
    )


@bp.post("/settings")
@open_to(*OWNER)
def change() -> Response:
    """Keep what was written, or say what is wrong beside the field and keep the rest of the page as it was typed."""
    form, shop, told = request.form, g.shop, {}
    zone_before = shop.zone
    name = form.get("name", "").strip()[:100]
    if not name:
        told["name"] = _("A shop needs a name.")
    elif Shop.select().where((Shop.business == shop.business_id) & (Shop.name == name) & (Shop.id != shop.id)).exists():
        told["name"] = _("Another of your shops has this name.")
    else:
        shop.name = name
    if form.get("zone", "") in available_timezones():
        shop.zone = form["zone"]
    else:
        told["zone"] = _("Pick a time zone from the list.")
    if form.get("called") in CALLED:
        shop.called = form["called"]
    else:
        told["called"] = _("Pick one of the words.")
    # A form from before these were asked for leaves them as they are
    if form.get("language", shop.language) in languages():
        shop.language = form.get("language", shop.language)
    elif "language" in form:
        told["language"] = _("Pick one of the languages.")
    if form.get("tone", shop.tone) in TONES:
        shop.tone = form.get("tone", shop.tone)
    else:
        told["tone"] = _("Pick one of the tones.")
    window = form.get("same_visit_minutes", "").strip()
    if window.isdecimal() and len(window) < 5 and int(window) <= 720:
        shop.same_visit_minutes = int(window)
    else:
        shop.same_visit_minutes = window[:20]  # as it was typed; a shop that is told something is not saved
        told["same_visit_minutes"] = _("Write a number of minutes from 0 to 720.")
    typed = [[form.get(f"opens_{i}", "").strip(), form.get(f"closes_{i}", "").strip()] for i in range(7)]
    hours = _hours(typed, told)
    if told:
        return make_response(_page(shop, typed, told), 422)
    shop.hours = hours
    # Only what the page holds: another phone may just have counted up the revision.
    shop.save(only=[Shop.name, Shop.zone, Shop.called, Shop.language, Shop.tone, Shop.same_visit_minutes, Shop.hours])
    if shop.zone != zone_before:
        expected.move_days(shop)
    expected.make_list(shop, shop.today())
    shop.changed()
    return redirect(url_for("settings.show", saved=1), 303)


def _hours(typed: list[list[str]], told: dict[str, str]) -> list[list[str] | None] | None:
    """Return seven pairs of opening hours, None for a closed day, None as a whole when nothing was written."""
    hours: list[list[str] | None] = []
    for i, pair in enumerate(typed):
        try:
            if not any(pair):
                hours.append(None)
                continue
            opens, closes = (minutes_of(text) for text in pair)
            if opens >= closes:
                raise ValueError
            hours.append(pair)
        except ValueError:
            told[f"hours_{i}"] = _("Write both times as 08:30, the earlier one first.")
    return hours if any(hours) or told else None


@bp.post("/settings/fields")
@open_to(*OWNER)
def add_field() -> Response:
    return _of_fields(request_action("field.create", name=request.form.get("name", "")), "added")


@bp.post("/settings/fields/<int:field_id>/remove")
@open_to(*OWNER)
def remove_field(field_id: int) -> Response:
    return _of_fields(request_action("field.remove", field=field_id), "removed", field_id)


def _of_fields(answer: Answer, done: str, field: int = 0) -> Response:
    if answer.unknown:
        abort(404)
    if not answer.done:
        return make_response(_page(g.shop, g.shop.hours or [["", ""]] * 7, field_told=answer.reason), 422)
    values: dict[str, Any] = {done: field or (answer.result or {}).get("field")}
    return redirect(url_for("settings.show", _anchor="fields", **values), 303)


def _told_of_fields(fields: list[CustomField]) -> dict[str, Any] | None:
    """Return the toast for a field just added or removed, with the way back; none once it stands otherwise."""
    known = {str(field.id): field for field in fields if field.kind == "text"}
    removed, added = (known.get(request.args.get(done, "")) for done in ("removed", "added"))
    if removed and removed.removed_at:
        says = _("Undo: bring %(field)s back, with all that was told", field=removed.name)
        undo = {"to": url_for("settings.add_field"), "fields": {"name": removed.name}, "says": says}
        return {"words": _("%(field)s is removed. What was told is kept.", field=removed.name), "undo": undo}
    if added and not added.removed_at:
        says = _("Undo: remove %(field)s", field=added.name)
        undo = {"to": url_for("settings.remove_field", field_id=added.id), "fields": {}, "says": says}
        return {"words": _("%(field)s is on every card.", field=added.name), "undo": undo}
    return None
