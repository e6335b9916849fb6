"""Reminders, for the owner: what became of them, by which ways and rules they go, and a test along the same path."""

from __future__ import annotations

import os
from typing import Any

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
import words.alarms
import words.reminders
from domain import alarms, channels, reminder_rules, reminders_told, rights
from domain.actions import Answer
from domain.reminders import rules_of
from models import WAYS, Message, Outage, ReminderRule, StrayReport
from outside.web import why_not
from sending import Ways
from views.answers import is_partial, or_problem
from views.asking import open_to, request_action
from words import _, in_language, locale_for

bp = Blueprint("reminders", __name__)


@bp.get("/reminders")
@open_to("reminders")
def show() -> str:
    return _page({})


def _page(typed: dict[str, str], told: dict[str, str] | None = None) -> str:
    """Return the page; `typed` is what was written of where the owner is told, `told` what is wrong with it, by field."""
    now = clock.now()
    return render_template(
        "reminders/show.html",
        page=reminders_told.page(g.shop, now),
        ways=channels.ways(g.shop),
        tests=channels.tests(g.shop),
        rules=rules_of(g.shop),
        told=reminders_told,
        every_way=WAYS,
        public_url=Ways().public_url,
        alarms=words.alarms,
        deaf=_is_deaf(),
        own=_own(typed, told or {}) if rights.may(g.staff, "alarms") else [],
        now=now,
        toast=_just_done(),
    )


def _is_deaf() -> bool:
    """Say whether the owner could be told of trouble only by ways that are in trouble themselves."""
    there = Ways().owner_ways(g.shop)
    return bool(there) and set(there) <= alarms.failing(g.shop, clock.now())


def _own(typed: dict[str, str], told: dict[str, str]) -> list[dict[str, str]]:
    kept = alarms.kept(g.shop.business_id) | typed
    named = {name: f"REGULARS_{name.upper()}" for name in alarms.OWN}
    return [
        {
            "name": name,
            "value": os.environ.get(named[name]) or kept[name],
            "variable": named[name] if os.environ.get(named[name]) else "",
            "wrong": told.get(name, ""),
        }
        for name in alarms.OWN
    ]


@bp.post("/reminders/alarms")
@open_to("alarms", again=True)
def set_alarms() -> Response:
    """Keep where the owner is told that something is wrong, or say what cannot be such an address."""
    typed = {name: " ".join(request.form.get(name, "").split()) for name in alarms.OWN if name in request.form}
    told = {}
    for name, text in typed.items():
        if name == "deadman_url":
            code = why_not(text, Ways().allowed) if text else ""
            if code or alarms.wrong(name, text):
                told[name] = words.reminders.no_such_address(code)
        elif alarms.wrong(name, text, g.shop.zone):
            told[name] = words.reminders.no_address("email" if name == "alert_email" else "phone")
    if told:
        return make_response(_page(typed, told), 422)
    before = {name: text for name, text in alarms.kept(g.shop.business_id).items() if name in typed}
    alarms.set_where(g.shop, g.staff, typed, before)
    return _back("alarms", alarms=1)


@bp.post("/reminders/alarms/undo")
@open_to("alarms", again=True)
def undo_alarms() -> Response:
    """Take back the last change of where the owner is told."""
    before = alarms.before(g.shop.business_id)
    if before:
        alarms.set_where(g.shop, g.staff, before, {})
    return _back("alarms")


def need_owner() -> int:
    """Return how many things about reminders somebody has to look at, for the bar. One query."""
    return reminders_told.needs(g.shop, clock.now()).count


@bp.get("/reminders/list/<listed>")
@open_to("reminders")
def whole_list(listed: str) -> str:
    """Show one of the lists from a place on, so that each number on the page opens what it counts."""
    part = reminders_told.listed(g.shop, clock.now(), listed, max(0, request.args.get("from", 0, type=int)))
    if part is None:
        abort(404)
    return render_template("reminders/list.html", name=listed, part=part)


# -- what was put away


@bp.post("/reminders/strays/<int:stray_id>/seen")
@open_to("reminders")
def stray_seen(stray_id: int) -> Response:
    or_problem(request_action("stray.seen", stray=stray_id))
    return _back("strays", stray=stray_id)


@bp.post("/reminders/strays/<int:stray_id>/undo")
@open_to("reminders")
def stray_unseen(stray_id: int) -> Response:
    or_problem(request_action("stray.unseen", stray=stray_id))
    return _back("strays")


@bp.post("/reminders/outages/<int:outage_id>/seen")
@open_to("reminders")
def outage_seen(outage_id: int) -> Response:
    or_problem(request_action("outage.seen", outage=outage_id))
    return _back("outages", outage=outage_id)


@bp.post("/reminders/outages/<int:outage_id>/undo")
@open_to("reminders")
def outage_unseen(outage_id: int) -> Response:
    or_problem(request_action("outage.unseen", outage=outage_id))
    return _back("outages")


def _back(anchor: str, **done: Any) -> Response:
    return redirect(url_for("reminders.show", _anchor=anchor, **done), 303)


def _just_done() -> dict[str, Any] | None:
    """Return the toast for what was just done, with the way back; none once it stands otherwise."""
    asked = {name: request.args.get(name, 0, type=int) for name in ("stray", "outage", "ended", "added", "changed")}
    if asked["stray"] and StrayReport.select().where(_put_away(StrayReport, asked["stray"])).exists():
        to = url_for("reminders.stray_unseen", stray_id=asked["stray"])
        return _toast(_("Put away."), to)
    if asked["outage"] and Outage.select().where(_put_away(Outage, asked["outage"])).exists():
        return _toast(_("Put away."), url_for("reminders.outage_unseen", outage_id=asked["outage"]))
    if rights.may(g.staff, "alarms") and request.args.get("alarms") and alarms.before(g.shop.business_id):
        return _toast(_("Kept."), url_for("reminders.undo_alarms"))
    rule = reminder_rules.rule_of(g.shop, asked["ended"] or asked["added"] or asked["changed"])
    if rule is None:
        return None
    said = words.reminders.rule(rule)
    if asked["ended"] and rule.ended_at is not None:
        return _toast(_("Ended: %(rule)s.", rule=said), url_for("reminders.reopen_rule", rule_id=rule.id))
    if asked["added"] and rule.ended_at is None:
        return _toast(_also(_("Added: %(rule)s.", rule=said), rule), url_for("reminders.end_rule", rule_id=rule.id))
    before = reminder_rules.before(request.args.get("act", ""), rule) if asked["changed"] else None
    if before is not None and rule.ended_at is None:
        fields = {
            "way": before["way"], "amount": str(before["minutes_before"]), "unit": "minutes",
            "subject": before["subject"], "text": before["text"],
        }  # fmt: skip
        to = url_for("reminders.change_rule", rule_id=rule.id)
        return _toast(_also(_("Changed: %(rule)s.", rule=said), rule), to, fields)
    return None


def _also(told: str, rule: ReminderRule) -> str:
    """Return what was done to a rule, and whom it reaches at once."""
    count = reminder_rules.leaving(rule)
    return f"{told} {words.reminders.leaving(rule.way, count)}" if count else told


def _put_away(table: Any, number: int) -> Any:
    return (table.id == number) & table.seen_at.is_null(False)


def _toast(told: str, to: str, fields: dict[str, str] | None = None) -> dict[str, Any]:
    says = _("Undo: %(told)s", told=told)
    return {"words": told, "undo": {"to": to, "fields": fields or {}, "says": says}}


# -- rules


@bp.get("/reminders/rules/new")
@open_to("reminders")
def new_rule() -> str:
    return _rule_page(None, {"way": "email", "amount": "1", "unit": "days"})


@bp.get("/reminders/rules/<int:rule_id>")
@open_to("reminders")
def edit_rule(rule_id: int) -> str:
    rule = reminder_rules.rule_of(g.shop, rule_id) or abort(404)
    return _rule_page(rule, _as_typed(rule))


def _as_typed(rule: ReminderRule) -> dict[str, str]:
    unit, minutes = next(
        (name, each) for name, each, _word in reversed(words.reminders.units()) if rule.minutes_before % each == 0
    )
    typed = {"way": rule.way, "amount": str(rule.minutes_before // minutes), "unit": unit}
    return {**typed, "subject": rule.subject, "text": rule.text}


def _rule_page(rule: ReminderRule | None, typed: dict[str, str], told: str = "") -> str:
    """Return the page of one rule; `typed` is what stands in its fields, as it was written."""
    return render_template(
        "reminders/rule.html",
        rule=rule,
        typed=typed,
        told=told,
        every_way=WAYS,
        units=words.reminders.units(),
        public_url=Ways().public_url,
        **_example(typed),
    )


def _example(typed: dict[str, str]) -> dict[str, Any]:
    """Return a rule's words as somebody invented would read them, in the shop's language, and what is wrong with them."""
    way = typed.get("way") if typed.get("way") in WAYS else "email"
    subject, text = (typed.get(name, "").strip() for name in ("subject", "text"))
    wrong = words.reminders.wrong_places(subject) + words.reminders.wrong_places(text)
    told = words.reminders.not_filled_in(wrong) if wrong else ""
    subject, text = _own_words(subject), _own_words(text)
    with in_language(locale_for(g.shop.language)):
        ours = words.reminders.ours(str(way))
        example = words.reminders.example(str(way), subject, text, g.shop, Ways().public_url)
    return {"example": example, "ours": ours, "example_way": way, "wrong": told}


@bp.post("/reminders/rules/preview")
@open_to("reminders")
def preview_rule() -> str:
    """Show the words as they are typed; nothing is kept."""
    return render_template("reminders/_example.html", **_example(_typed()))


@bp.post("/reminders/rules")
@open_to("reminders")
def create_rule() -> Response | str:
    if request.form.get("how") == "preview":
        return _rule_page(None, _typed())
    return _after_rule(request_action("rule.create", **_told()), None, "added")


@bp.post("/reminders/rules/<int:rule_id>")
@open_to("reminders")
def change_rule(rule_id: int) -> Response | str:
    rule = reminder_rules.rule_of(g.shop, rule_id) or abort(404)
    if request.form.get("how") == "preview":
        return _rule_page(rule, _typed())
    return _after_rule(request_action("rule.change", rule=rule_id, **_told()), rule, "changed")


@bp.post("/reminders/rules/<int:rule_id>/end")
@open_to("reminders")
def end_rule(rule_id: int) -> Response:
    or_problem(request_action("rule.end", rule=rule_id))
    return _back("rules", ended=rule_id)


@bp.post("/reminders/rules/<int:rule_id>/undo")
@open_to("reminders")
def reopen_rule(rule_id: int) -> Response:
    or_problem(request_action("rule.reopen", rule=rule_id))
    return _back("rules")


def _typed() -> dict[str, str]:
    names = ("way", "amount", "unit", "subject", "text")
    return {name: request.form.get(name, "") for name in names}


def _told() -> dict[str, Any]:
    """Return a rule's form as an act tells it: the time in minutes; our own words, sent back unchanged, are none of theirs."""
    typed = _typed()
    each = {name: minutes for name, minutes, _word in words.reminders.units()}.get(typed["unit"], 0)
    amount = typed["amount"].strip()
    number = int(amount) if amount.isascii() and amount.isdecimal() and len(amount) < 6 else 0
    own = {name: _own_words(typed[name]) for name in ("subject", "text")}
    return {"way": typed["way"], "minutes_before": number * each, **own}


def _own_words(typed: str) -> str:
    """Return what was written, or nothing where that is our own words for one way or another, sent back unchanged."""
    with in_language(locale_for(g.shop.language)):
        ours = [part.split() for way in WAYS for part in words.reminders.ours(way)]
    return "" if typed.split() in ours else typed.strip()


def _after_rule(answer: Answer, rule: ReminderRule | None, done: str) -> Response:
    if answer.unknown:
        abort(404)
    if not answer.done:
        return make_response(_rule_page(rule, _typed(), answer.reason), 409 if answer.status == "conflict" else 422)
    number = (answer.result or {})["rule"]
    act = {"act": answer.id} if done == "changed" else {}
    return _back("rules", **{done: number}, **act)


# -- ways


@bp.get("/reminders/channels/<way>")
@open_to("channels")
def channel(way: str) -> str:
    stands = _stands(way)
    toast = None
    if request.args.get("kept") and stands.has_before:
        toast = _toast(_("Kept."), url_for("reminders.undo_channel", way=way))
    return _channel_page(stands, stands.written, toast=toast)


def _stands(way: str) -> channels.Way:
    if way not in channels.SET_UP:
        abort(404)
    return channels.way_of(g.shop, way)


def _channel_page(
    stands: channels.Way,
    typed: dict[str, str],
    told: dict[str, str] | None = None,
    test_told: str = "",
    toast: dict[str, Any] | None = None,
) -> str:
    """Return the page of one way; what is secret is never among what it is given."""
    test = channels.tests(g.shop).get(stands.way)
    typed_to = request.form.get("to", "")
    return render_template(
        "reminders/channel.html",
        way=stands.way,
        fields=channels.FIELDS[stands.way],
        choices={"tls": channels.TLS, "kind": channels.GATEWAYS},
        typed={name: value for name, value in typed.items() if name not in channels.SECRETS},
        has={name for name in channels.SECRETS if stands.settings.get(name)},
        secrets=channels.SECRETS,
        fixed=stands.fixed,
        is_set_up=stands.is_set_up,
        told=told or {},
        test=test,
        test_told=test_told,
        to=typed_to if test_told else test.address if test else "",
        public_url=Ways().public_url,
        toast=toast,
    )


@bp.post("/reminders/channels/<way>")
@open_to("channels", again=True)
def set_channel(way: str) -> Response:
    """Keep what was written, or say what is wrong beside the field and keep the rest as it was typed, but for secrets."""
    stands = _stands(way)
    if request.form.get("how") == "stop":
        channels.keep(g.shop, way, {}, g.staff)
        return _back_to(way)
    allowed = Ways().allowed
    settings, told = channels.checked(stands, request.form, allowed, lambda url: why_not(url, allowed))
    if told:
        typed = {name: request.form.get(name, "") for name in channels.FIELDS[way]}
        fixed = {name: stands.settings[name] for name in stands.fixed}
        return make_response(_channel_page(stands, {**typed, **fixed}, told), 422)
    channels.keep(g.shop, way, settings, g.staff)
    return _back_to(way)


@bp.post("/reminders/channels/<way>/undo")
@open_to("channels")
def undo_channel(way: str) -> Response:
    _stands(way)
    channels.undo(g.shop, way, g.staff)
    return redirect(url_for("reminders.channel", way=way), 303)


def _back_to(way: str) -> Response:
    return redirect(url_for("reminders.channel", way=way, kept=1), 303)


# -- a test


@bp.post("/reminders/channels/<way>/test")
@open_to("channels")
def test(way: str) -> Response:
    stands = _stands(way)
    answer = request_action("reminder.test", way=way, to=request.form.get("to", ""))
    if not answer.done:
        return make_response(_channel_page(stands, stands.written, test_told=answer.reason), 422)
    return redirect(url_for("reminders.channel", way=way, _anchor="test"), 303)


@bp.get("/reminders/tests/<int:message_id>")
@open_to("channels")
def test_fate(message_id: int) -> Response | str:
    """Show what has become of a test; the page of its way asks for this while it is under way."""
    ours = (Message.id == message_id) & (Message.shop == g.shop.id) & (Message.kind == "test")
    message = Message.get_or_none(ours) or abort(404)
    if not is_partial():
        return redirect(url_for("reminders.channel", way=message.way, _anchor="test"))
    return render_template("reminders/_test.html", test=message)
