"""The owner's settings of one shop: each kept as it is made, with the way back; without scripts, all by one button."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
import words.accuracy
import words.reminders
import words.settings
from domain import appointments, channels, reminders_told, retention, rights, setting_acts
from domain.accuracy import accuracy
from domain.actions import Answer
from domain.board import board
from domain.fields import every_field
from domain.plain_words import asks_too_much
from domain.settings import SETTINGS, Wrong
from models import CALLED, TONES, WAYS, CustomField, db
from views.answers import is_partial
from views.asking import open_to, request_action
from words import _, languages, sentence_case

bp = Blueprint("settings", __name__)

# How each is set on the page, in its order there
CONTROLS = {
    "tone": "tone", "prompts_a_visit": "switch", "rest_days": "number", "prompts_a_day": "number", "birthdays": "switch",
    "words_never": "lines",
    "name": "text", "zone": "zone", "called": "chips", "language": "chips", "hours": "hours", "grace_minutes": "number",
    "same_visit_minutes": "number", "regular_visits": "number", "listed_from": "number",
    "hide_on_wake": "switch", "short_surnames": "switch", "staff_see_contacts": "switch", "pin_digits": "seg",
    "keep_notes_months": "number", "keep_messages_months": "number", "keep_visits_months": "number",
}  # fmt: skip
GROUPS = {
    "words": ("tone", "prompts_a_visit", "rest_days", "prompts_a_day", "birthdays", "words_never"),
    "shop": ("name", "zone", "called", "language", "hours", "grace_minutes", "same_visit_minutes"),
    "regular": ("regular_visits", "listed_from"),
    "privacy": ("hide_on_wake", "short_surnames", "staff_see_contacts", "pin_digits"),
    "kept": ("keep_notes_months", "keep_messages_months", "keep_visits_months"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting on the page: what stands in its control, what is wrong with that, and what else it shows; `fixed` is how
    it stands, in words, where it is not the asker's to change."""

    name: str
    control: str
    typed: Any
    told: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    fixed: str = ""


@bp.get("/settings")
@open_to("settings")
def show() -> str:
    return _page()


def _page(
    typed: dict[str, Any] | None = None,
    told: dict[str, str] | None = None,
    closed: dict[str, str] | None = None,
    field_told: str = "",
    field_asked: str = "",
) -> str:
    """Return the page; `typed` is what was written and not kept, by setting, `told` what is wrong with it; `closed` is a closed
    day as it was written, with what is wrong with it."""
    shop, now = g.shop, clock.now()
    fields = every_field(g.staff)
    shown = {name: _shown(name, typed or {}, (told or {}).get(name, "")) for name in CONTROLS}
    ways = channels.ways(shop)
    return render_template(
        "settings/show.html",
        shown=shown,
        groups=GROUPS,
        say=words.settings,
        wrong=bool(told),
        stays=(told or {}).get("", ""),
        closed=closed,
        closed_days=_closed_days(),
        ways=[(way, ways[way], way in reminders_told.faults(shop, now)) for way in WAYS if way in ways],
        tests=channels.tests(shop),
        forgotten=retention.told(shop),
        shops=list(g.staff.shops),
        accuracy=accuracy(shop, shop.today()),
        say_accuracy=words.accuracy,
        fields=fields,
        toast=_told_of_changes() or _told_of_fields(fields),
        field_told=field_told,
        field_asked=field_asked,
    )


def _shown(name: str, typed: dict[str, Any], told: str = "") -> Shown:
    setting, control = SETTINGS[name], CONTROLS[name]
    value = typed[name] if name in typed else setting.stands(g.shop)
    if name == "listed_from" and isinstance(value, float):
        value = round(value * 100)
    more = MORE.get(name, lambda value: {})(value)
    fixed = "" if rights.may(g.staff, setting.right) else _in_words(control, setting.stands(g.shop), more)
    return Shown(name, control, "" if value is None else value, told, more, fixed)


def _in_words(control: str, value: Any, more: dict[str, Any]) -> str:
    if control == "switch":
        return _("On") if value else _("Off")
    return str(dict(more.get("options", ())).get(str(value), value))


def _tones(tone: Any) -> dict[str, Any]:
    """Return the tones, and a sentence in the chosen one: of somebody who is on today's list, else of somebody invented."""
    names = [(value, name) for value, name, _example in words.tones()]
    tone = tone if tone in TONES else g.shop.tone
    for line in board(g.shop, clock.now()).lines(g.shop, clock.now(), g.staff):
        if line.prompt:
            said = {each: words.prompt(line.prompt, line.customer, each, g.shop.wording) for each in TONES}
            if len({(one.fact, one.ask) for one in said.values()}) > 1:
                return {"options": names, "said": said[tone], "of": line.customer}
    return {"options": names, "said": words.tone_example(tone), "of": None}


def _zones(zone: Any) -> dict[str, Any]:
    zones = sorted(
        one for one in available_timezones() if "/" in one and not one.startswith(("Etc/", "posix/", "right/"))
    )
    return {"options": zones if zone in zones else [g.shop.zone, *zones], "now": g.shop.local(clock.now())}


def _hours(hours: Any) -> dict[str, Any]:
    """Return the week's hours: days in a row that share them together, unless each is wanted by itself."""
    each = request.values.get("hours_each") == "yes"
    week = [(day, tuple(pair or ("", ""))) for day, pair in enumerate(hours or [None] * 7)]
    rows = []
    for pair, days in groupby(week, key=lambda one: (one[1], one[0] if each else 0)):
        rows.append(([day for day, _pair in days], *pair[0]))
    return {"rows": rows, "each": each, "told": bool(hours)}


MORE: dict[str, Any] = {
    "tone": _tones,
    "zone": _zones,
    "called": lambda value: {"options": [(one, sentence_case(words.called(one, 2))) for one in CALLED]},
    "language": lambda value: {"options": list(languages().items())},
    "hours": _hours,
    "pin_digits": lambda value: {"options": [("4", _("Four")), ("6", _("Six"))]},
}


def _closed_days() -> list[tuple[dict[str, str], str, int]]:
    """Return the closed days, each as it is said, with how many are booked when it comes next."""
    today = g.shop.today()
    booked = appointments.booked_when_closed(g.shop)
    stands = SETTINGS["closed_days"].stands(g.shop)
    return [(one, words.settings.day(one, today), booked.get(one["day"], 0)) for one in stands]


# -- keeping


def _written(name: str) -> Any:
    """Return what a form has for a setting, as the setting reads it; None where the form does not ask for it."""
    form = request.form
    if CONTROLS[name] == "switch":
        return ("on" if name in form else "off") if name in form.getlist("has") else None
    if CONTROLS[name] == "hours":
        return _written_hours()
    return form.get(name)


def _written_hours() -> list[list[str]] | None:
    """Return the hours of a form, of whose rows each is of some days: hours_0_4 is Monday to Friday's."""
    week: list[list[str]] = [["", ""] for _day in range(7)]
    rows = [row for row in request.form.getlist("hours") if row.isascii() and row.replace("_", "").isdecimal()]
    for row in rows:
        first, _to, last = row.partition("_")
        pair = [request.form.get(f"{end}_{row}", "").strip() for end in ("opens", "closes")]
        if request.form.get("open") == row:
            pair = ["09:00", "17:00"]
        for day in range(int(first[:1]), min(int(last[:1] or 0), 6) + 1):
            week[day] = pair
    return week if rows else None


def _change(name: str, value: Any, **more: Any) -> Answer:
    return request_action("setting.change", f"act_{name}", name=name, value=value, **more)


@bp.post("/settings")
@open_to("settings")
def change() -> Response:
    """Keep all that was written, or, where one thing is wrong, nothing: it is told beside it, and the page stays as typed."""
    typed = {name: value for name in CONTROLS if (value := _written(name)) is not None}
    told = {}
    for name, value in typed.items():
        try:
            SETTINGS[name].read(value, g.shop)
        except Wrong as wrong:
            told[name] = str(wrong)
    with db.atomic() as whole:
        answers = {} if told else {name: _change(name, value) for name, value in typed.items()}
        told |= {name: answer.reason for name, answer in answers.items() if not answer.done}
        if told:
            whole.rollback()
    if told:
        g.shop = type(g.shop).get_by_id(g.shop.id)
        return make_response(_page(typed, told), 422)
    changed = [answer.id for answer in answers.values() if "after" in (answer.result or {})]
    values: dict[str, Any] = {"changed": changed} if changed else {"saved": 1}
    return redirect(url_for("settings.show", **values), 303)


@bp.post("/settings/one/<setting>")
@open_to("settings")
def change_one(setting: str) -> Response:
    """Keep one setting as it was just made, or say beside it what is wrong."""
    name = setting
    if name not in CONTROLS:
        abort(404)
    value = _written(name)
    answer = _change(name, value)
    if answer.unknown:
        abort(404)
    if not is_partial():
        if answer.done:
            return redirect(url_for("settings.show", changed=_changed(answer), _anchor=f"set-{name}"), 303)
        return make_response(_page({name: value}, {name: answer.reason}), 422)
    if answer.done and name == "language":
        response = make_response("")
        response.headers["HX-Redirect"] = url_for("settings.show", changed=_changed(answer), _anchor=f"set-{name}")
        return response
    g.shop = type(g.shop).get_by_id(g.shop.id)
    shown = _shown(name, {} if answer.done else {name: value}, "" if answer.done else answer.reason)
    toast = _toast_of([answer.id]) if _changed(answer) else None
    page = render_template("settings/_changed.html", one=shown, say=words.settings, toast=toast, oob=True)
    response = make_response(page, 200 if answer.done else 422)
    if not answer.done:
        response.headers["HX-Retarget"] = f"#set-{name}"
    return response


@bp.post("/settings/undo")
@open_to("settings")
def undo() -> Response:
    """Put back what some changes, by their acts' ids, have changed."""
    for key in request.form.getlist("change")[: len(CONTROLS)]:
        answer = request_action("setting.undo", then=key, change=key)
        if answer.unknown:
            abort(404)
        if not answer.done:
            return make_response(_page(told={"": answer.reason}), 409)
    return redirect(url_for("settings.show", undone=1), 303)


def _changed(answer: Answer) -> list[str]:
    return [answer.id] if "after" in (answer.result or {}) else []


def _told_of_changes() -> dict[str, Any] | None:
    """Return the toast for what was just kept, or put back."""
    if request.args.get("undone"):
        return {"words": _("Undone. It stands as before.")}
    if request.args.get("saved"):
        return {"words": _("Kept.")}
    return _toast_of(request.args.getlist("changed")[: len(CONTROLS)])


def _toast_of(keys: list[str]) -> dict[str, Any] | None:
    """Return the toast for some changes, with the way back; none once they stand otherwise."""
    made = {key: change for key in keys if (change := setting_acts.changed_by(key, g.shop))}
    stand = {key: one for key, one in made.items() if SETTINGS[one["name"]].stands(g.shop) == one["after"]}
    if not stand:
        return None
    told = words.settings.kept([one["name"] for one in stand.values()])
    return {
        "words": told,
        "undo": {
            "to": url_for("settings.undo"),
            "fields": {"change": list(stand)},
            "says": _("Undo: %(told)s", told=told),
        },
    }


# -- closed days


@bp.post("/settings/closed-days")
@open_to("settings")
def add_closed_day() -> Response:
    """Add a day on which the shop is closed: every year, or once."""
    day, name = request.form.get("day", "").strip(), request.form.get("named", "")
    stands = SETTINGS["closed_days"].stands(g.shop)
    one = {"day": day[5:] if request.form.get("yearly") and len(day) == 10 else day, "name": name}
    answer = _change("closed_days", [*stands, one], base=stands)
    if not answer.done:
        typed = {"day": day, "named": name, "yearly": request.form.get("yearly", ""), "told": answer.reason}
        return make_response(_page(closed=typed), 422)
    return redirect(url_for("settings.show", changed=_changed(answer), _anchor="closed-days"), 303)


@bp.post("/settings/closed-days/remove")
@open_to("settings")
def remove_closed_day() -> Response:
    stands = SETTINGS["closed_days"].stands(g.shop)
    left = [one for one in stands if one["day"] != request.form.get("day")]
    answer = _change("closed_days", left, base=stands)
    if not answer.done:
        return make_response(_page(told={"": answer.reason}), 409)
    return redirect(url_for("settings.show", changed=_changed(answer), _anchor="closed-days"), 303)


# -- what to know of people


@bp.post("/settings/fields")
@open_to("settings")
def add_field() -> Response:
    """Add a field; one that would ask everybody for what is theirs to tell is asked about first."""
    name = request.form.get("name", "").strip()
    if asks_too_much(name) and request.form.get("keep") != name:
        return make_response(_page(field_asked=name), 422)
    return _of_fields(request_action("field.create", name=request.form.get("name", "")), "added")


@bp.post("/settings/fields/<int:field_id>/remove")
@open_to("settings")
def remove_field(field_id: int) -> Response:
    return _of_fields(request_action("field.remove", field=field_id), "removed", field_id)


def _of_fields(answer: Answer, done: str, field: int = 0) -> Response:
    if answer.unknown:
        abort(404)
    if not answer.done:
        return make_response(_page(field_told=answer.reason), 422)
    values: dict[str, Any] = {done: field or (answer.result or {}).get("field")}
    return redirect(url_for("settings.show", _anchor="fields", **values), 303)


def _told_of_fields(fields: list[CustomField]) -> dict[str, Any] | None:
    """Return the toast for a field just added or removed, with the way back; none once it stands otherwise."""
    known = {str(field.id): field for field in fields if field.kind == "text"}
    removed, added = (known.get(request.args.get(done, "")) for done in ("removed", "added"))
    if removed and removed.removed_at:
        says = _("Undo: bring %(field)s back, with all that was told", field=removed.name)
        undo = {
            "to": url_for("settings.add_field"),
            "fields": {"name": removed.name, "keep": removed.name},
            "says": says,
        }
        return {"words": _("%(field)s is removed. What was told is kept.", field=removed.name), "undo": undo}
    if added and not added.removed_at:
        says = _("Undo: remove %(field)s", field=added.name)
        undo = {"to": url_for("settings.remove_field", field_id=added.id), "fields": {}, "says": says}
        return {"words": _("%(field)s is on every card.", field=added.name), "undo": undo}
    return None
