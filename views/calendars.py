"""Calendars: the one that goes out by a secret address, those that are read, and the questions they leave."""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
import reading
import words.calendars
from domain import calendars, importing, importing_appointments, importing_undo
from models import Calendar, CalendarEntry, Import, Shop, one_line
from outside import caldav, ics, web
from views.answers import or_problem
from views.asking import open_to, request_action
from words import _, in_language, locale_for

bp = Blueprint("calendars", __name__)
TYPED = ("kind", "name", "url", "account", "with")
LARGEST_FILE = words.calendars.MOST_MEGABYTES * 1_000_000
LARGEST_FORM = LARGEST_FILE + 20_000  # with what stands around it
LARGEST_FILE_MOST = 2_000  # entries of a file sent by a form, so that the answer comes in time


# -- the one that goes out


@bp.get("/calendar/<secret>.ics")
@open_to("anyone")
def feed(secret: str) -> Response:
    """Return a shop's appointments as a calendar to whoever has the address; any other address is as if there were none."""
    found = calendars.feed_by_secret(secret)
    if found is None:
        return make_response("", 404)
    shop = found.shop
    with in_language(locale_for(shop.language, shop.zone)):
        entries = [
            ics.Entry(
                uid=one.uid,
                sequence=one.sequence,
                starts_at=shop.local(one.starts_at),
                ends_at=shop.local(one.ends_at),
                summary=one.name or words.calendars.busy(),
                status="cancelled" if one.cancelled else "confirmed",
                stamp=one.stamp,
            )
            for one in calendars.outgoing(found, clock.now())
        ]
        body = ics.write(entries, name=words.calendars.feed_name(shop.name, found.whom), zone=shop.tz)
    answer = make_response(body)
    answer.mimetype = "text/calendar"
    answer.set_etag(hashlib.sha256(body).hexdigest()[:32])
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer.make_conditional(request)


@bp.post("/settings/calendars/addresses")
@open_to("calendars", again=True)
def addresses() -> str:
    """Show the addresses of the shop's calendar; they are shown only when asked for, since whoever has one can read it."""
    now = clock.now()
    shown = [
        (
            words.calendars.feed_name(g.shop.name, whom),
            *(
                url_for("calendars.feed", secret=calendars.feed_secret(g.shop, whom, names), _external=True)
                for names in (True, False)
            ),
        )
        for whom in ("", *calendars.people_named(g.shop, now))
    ]
    return render_template("calendars/addresses.html", shown=shown, toast=_toast())


@bp.post("/settings/calendars/renew")
@open_to("calendars", again=True)
def renew() -> Response:
    back = request.form.get("back", "")
    answer = or_problem(request_action("calendar.renew", **({"back": back} if back else {})))
    was = (answer.result or {})["was"]
    return redirect(url_for("calendars.show", renewed=None if back else was), 303)


# -- those that are read


@bp.get("/settings/calendars")
@open_to("calendars")
def show() -> str:
    return _page()


def _page(
    told: str = "", typed: dict[str, Any] | None = None, found: tuple[Calendar, Any] | None = None, report: Any = None
) -> str:
    now = clock.now()
    return render_template(
        "calendars/show.html",
        calendars=calendars.of_shop(g.shop),
        waiting=calendars.waiting(g.shop, now) + len(calendars.clashes(g.shop, now)),
        to_do=calendars.left_to_do(g.shop, now),
        told=told,
        typed=typed or dict.fromkeys(TYPED, ""),
        found=found,
        report=report,
        say=words.calendars,
        now=now,
        toast=_toast(),
    )


def _typed() -> dict[str, Any]:
    typed = {name: request.form.get(name, "").strip() for name in TYPED}
    return {**typed, "two_way": "two_way" in request.form}


def _wrong_address(url: str) -> str:
    """Return why an address is not asked at all, in a sentence; what may be otherwise tomorrow is found out by reading."""
    code = web.why_not(calendars.plain(url), reading.allowed_hosts())
    return words.calendars.trouble(code) if code == "not-allowed" else ""


@bp.post("/settings/calendars")
@open_to("calendars")
def add() -> Response:
    """Add a calendar and read it at once, so that what is wrong with it is seen while it is at hand."""
    typed = _typed()
    several: Any = None
    wanted = dict(typed)
    if wrong := _wrong_address(typed["url"]):
        return make_response(_page(wrong, typed), 422)
    if typed["kind"] == "caldav" and typed["url"].lower().startswith(("http://", "https://")):
        try:
            account = caldav.Account(
                typed["url"], typed["account"], request.form.get("password", ""), reading.allowed_hosts()
            )
            several = caldav.calendars(account)
        except caldav.Trouble as trouble:
            return make_response(_page(words.calendars.trouble(trouble.code), typed), 422)
        if len(several) == 1:
            wanted["url"], wanted["name"] = several[0].url, typed["name"] or several[0].name
            wanted["two_way"] = typed["two_way"] and several[0].writable
    answer = request_action("calendar.add", **wanted, password=request.form.get("password", ""))
    if not answer.done:
        return make_response(_page(answer.reason, typed), 422)
    calendar = Calendar.get_by_id((answer.result or {})["calendar"])
    if several is not None and len(several) > 1 and calendar.url not in {one.url for one in several}:
        return make_response(
            _page(found=(calendar, several), typed=dict.fromkeys(TYPED, "") | {"chosen": typed["name"]})
        )
    reading.read_now(calendar)
    return _back("added", calendar.id)


def _mine(calendar_id: int) -> Calendar:
    ours = (Calendar.id == calendar_id) & (Calendar.shop == g.shop.id)
    return Calendar.get_or_none(ours) or abort(404)


def _back(done: str = "", calendar: int = 0, **more: Any) -> Response:
    values: dict[str, Any] = {done: calendar} if done else {}
    return redirect(
        url_for("calendars.show", **values, **more, _anchor=f"calendar-{calendar}" if calendar else None), 303
    )


@bp.post("/settings/calendars/<int:calendar_id>/change")
@open_to("calendars")
def change(calendar_id: int) -> Response:
    calendar, typed = _mine(calendar_id), _typed()
    if wrong := _wrong_address(typed["url"]):
        return make_response(_page(wrong), 422)
    answer = request_action("calendar.change", calendar=calendar_id, **typed, password=request.form.get("password", ""))
    if answer.unknown:
        abort(404)
    if not answer.done:
        return make_response(_page(answer.reason), 422)
    if calendar.kind != "file":
        reading.read_now(_mine(calendar_id))
    return _back("changed", calendar_id)


@bp.post("/settings/calendars/<int:calendar_id>/read")
@open_to("calendars")
def read(calendar_id: int) -> Response:
    calendar = _mine(calendar_id)
    if calendar.kind != "file" and calendar.ended_at is None:
        reading.read_now(calendar)
    return _back("read", calendar_id)


@bp.post("/settings/calendars/<int:calendar_id>/remove")
@open_to("calendars")
def remove(calendar_id: int) -> Response:
    or_problem(request_action("calendar.remove", calendar=calendar_id))
    return redirect(url_for("calendars.show", removed=calendar_id), 303)


@bp.post("/settings/calendars/<int:calendar_id>/restore")
@open_to("calendars")
def restore(calendar_id: int) -> Response:
    or_problem(request_action("calendar.restore", calendar=calendar_id))
    return _back("", calendar_id)


@bp.post("/settings/calendars/file")
@open_to("calendars", takes=(LARGEST_FORM, lambda: words.calendars.file_trouble("too-large")))
def take_file() -> Response:
    """Take in a file of appointments, a calendar's or a table, and say what came of each line."""
    sent = request.files.get("file")
    data = sent.read() if sent else b""
    if len(data) > LARGEST_FILE:
        return make_response(_page(words.calendars.file_trouble("too-large")), 413)
    if not sent or not data:
        return make_response(_page(_("Choose a file first.")), 422)
    name, whom = one_line(Path(sent.filename or "").name)[:100], one_line(request.form.get("with", ""))[:100]
    try:
        if name.lower().endswith(".csv"):
            with TemporaryDirectory() as folder:
                path = Path(folder) / "file.csv"
                path.write_bytes(data)
                report = importing_appointments.import_appointments(path, g.shop.business, g.shop)
        else:
            report = reading.import_file(g.shop, name or _("A file"), data, whom, LARGEST_FILE_MOST)
    except importing.Unreadable as error:
        return make_response(_page(str(error)), 422)
    except reading.NotRead as error:
        return make_response(_page(words.calendars.file_trouble(error.code)), 422)
    return make_response(_page(report=report))


@bp.post("/settings/calendars/imports/<int:import_id>/undo")
@open_to("calendars")
def undo_file(import_id: int) -> Response:
    ours = (Import.id == import_id) & (Import.business == g.staff.business_id)
    if not Import.select().where(ours).exists():
        abort(404)
    try:
        importing_undo.undo(import_id)
    except importing.Unreadable as error:
        g.problem = str(error)
        abort(409)
    return redirect(url_for("calendars.show", undone=1), 303)


def _toast() -> dict[str, Any] | None:
    """Return the toast for what was just done, with the way back; none once it stands otherwise."""
    asked = request.args
    if asked.get("undone"):
        return {"words": _("Undone. What the file brought is gone again.")}
    if (was := asked.get("renewed", "")) and was.isdecimal():
        undo = {"to": url_for("calendars.renew"), "fields": {"back": was}, "says": _("Undo: the old addresses again")}
        return {"words": _("The old addresses have ended. Show the new ones and pass them on."), "undo": undo}
    number = next((asked[done] for done in ("added", "changed", "removed", "read") if done in asked), "")
    ours = (Calendar.id == int(number[:9])) & (Calendar.shop == g.shop.id) if number.isdecimal() else None
    one = Calendar.get_or_none(ours) if ours is not None else None
    if one is None:
        return None
    if "removed" in asked:
        if one.ended_at is None:
            return None
        to = url_for("calendars.restore", calendar_id=one.id)
        undo = {"to": to, "fields": {}, "says": _("Undo: read %(calendar)s again", calendar=one.name)}
        return {
            "words": _("%(calendar)s is not read any more. What it brought stays.", calendar=one.name),
            "undo": undo,
        }
    if one.trouble:
        return {"words": _("%(calendar)s could not be read. It says why.", calendar=one.name)}
    if "added" in asked:
        to = url_for("calendars.remove", calendar_id=one.id)
        undo = {"to": to, "fields": {}, "says": _("Undo: do not read %(calendar)s", calendar=one.name)}
        return {"words": _("%(calendar)s is read from now on.", calendar=one.name), "undo": undo}
    return {"words": _("Kept.") if "changed" in asked else _("%(calendar)s was read.", calendar=one.name)}


# -- the questions


@bp.get("/calendars")
@open_to("work")
def ask() -> str:
    """Show the entries of which nobody knows whose they are, and what stands twice."""
    now = clock.now()
    return render_template(
        "calendars/questions.html",
        questions=calendars.questions(g.shop, now),
        today=g.shop.today(),
        clashes=[(one, words.calendars.clash(one, g.shop)) for one in calendars.clashes(g.shop, now)],
        say=words.calendars,
        toast=_answered(),
    )


@bp.post("/calendars/entries/<int:entry_id>/whose")
@open_to("work")
def whose(entry_id: int) -> Response:
    form = request.form
    if form.get("customer") == "nobody":
        answer = request_action("calendar.whose", entry=entry_id, nobody=True)
    elif form.get("customer"):
        answer = request_action("calendar.whose", entry=entry_id, customer=form["customer"])
    else:
        answer = request_action("calendar.whose", entry=entry_id, name=form.get("name", ""))
    or_problem(answer)
    return redirect(url_for("calendars.ask", answered=entry_id, made=(answer.result or {}).get("made") or None), 303)


@bp.post("/calendars/entries/<int:entry_id>/ask-again")
@open_to("work")
def ask_again(entry_id: int) -> Response:
    or_problem(request_action("calendar.ask_again", entry=entry_id, made=request.form.get("made", "")))
    return redirect(url_for("calendars.ask"), 303)


@bp.post("/calendars/entries/<int:entry_id>/settle")
@open_to("work")
def settle(entry_id: int) -> Response:
    answer = or_problem(request_action("calendar.settle", entry=entry_id, how=request.form.get("how", "")))
    was = (answer.result or {})["was"]["starts_at"]
    return redirect(url_for("calendars.ask", settled=entry_id, was=was), 303)


@bp.post("/calendars/entries/<int:entry_id>/unsettle")
@open_to("work")
def unsettle(entry_id: int) -> Response:
    was = request.form.get("was", "")
    or_problem(request_action("calendar.unsettle", entry=entry_id, **({"starts_at": was} if was else {})))
    return redirect(url_for("calendars.ask"), 303)


def _answered() -> dict[str, Any] | None:
    asked = request.args
    number = asked.get("answered") or asked.get("settled") or ""
    row = _row(int(number[:9])) if number.isdecimal() else None
    if row is None:
        return None
    if asked.get("settled"):
        if row.state != "matched":
            return None
        undo = {"to": url_for("calendars.unsettle", entry_id=row.id), "fields": {"was": asked.get("was", "")}}
        return {"words": _("Settled."), "undo": undo | {"says": _("Undo: it is still open")}}
    if row.state not in ("ignored", "matched", "clash"):
        return None
    made = asked.get("made", "")
    undo = {"to": url_for("calendars.ask_again", entry_id=row.id), "fields": {"made": made} if made.isdecimal() else {}}
    undo["says"] = _("Undo: ask again whose it is")
    if row.state == "ignored":
        return {"words": _("Left out, with all that follow it."), "undo": undo}
    return {"words": _("%(name)s is booked.", name=row.customer.called if row.customer else ""), "undo": undo}


def _row(number: int) -> CalendarEntry | None:
    ours = (CalendarEntry.id == number) & Calendar.shop.in_(g.staff.shops.select(Shop.id))
    found: CalendarEntry | None = CalendarEntry.select(CalendarEntry, Calendar).join(Calendar).where(ours).get_or_none()
    return found


def waiting() -> int:
    """Return how many entries wait for staff to say whose they are, for whoever leads there."""
    return calendars.waiting(g.shop, clock.now()) if Calendar.select().where(Calendar.shop == g.shop.id).exists() else 0
