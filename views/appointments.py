"""Agreed times on pages: booking, moving and cancelling them, and what they told us about being there."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
from domain import appointments, calls as calls, contacts as contacts, notes
from domain.actions import Answer
from domain.agreed import agreed_with
from domain.appointments import MINUTES, length_of
from domain.finding import found
from domain.states import is_living
from models import Appointment, Customer, Series, db
from views import agreed
from views.answers import done, is_partial, or_problem, page_or_partial
from views.asking import open_to, request_action
from views.customers import ON_CARDS, acted_on, row, wanted
from words import appointments as told
from words.reminders import ago

bp = Blueprint("appointments", __name__)
CANDIDATES = 5
SHEET = ("day", "time", "minutes", "with", "service", "every_weeks", "until", "times", "who")


def _theirs(appointment_id: int) -> Appointment:
    found = Appointment.get_or_none((Appointment.id == appointment_id) & (Appointment.shop == g.shop.id))
    return found or abort(404)


# -- the sheet


@bp.get("/customers/<int:customer_id>/appointments/new")
@open_to("work")
def new(customer_id: int) -> str:
    return _sheet(wanted(customer_id), _begun())


@bp.route("/appointments/new", methods=["GET", "POST"])
@open_to("work")
def new_for() -> str:
    """Show the sheet for somebody still to be named; Find sends along what was typed, in the body as all names."""
    values = _begun() | {"who": request.form.get("name", "")}
    return _sheet(None, values, candidates=_called(values["who"]))


@bp.post("/appointments")
@open_to("work")
def create() -> Response | str:
    """Book, or show the sheet again as it was filled in, with what stands in the way and what can be chosen instead."""
    values = _typed()
    number = request.form.get("customer", "")
    customer = None if number in ("", "new") else wanted(int(number) if number.isdecimal() and len(number) < 10 else 0)
    wrong = _wrong(values)
    if wrong:
        return _again(_sheet(customer, values, wrong))
    doubt = _doubt(values)
    if customer is None:
        if not values["who"].strip():
            return _again(_sheet(None, values, told.no_name()))
        candidates = _called(values["who"])
        if candidates and number != "new":
            return _again(_sheet(None, values, candidates=candidates))
    if doubt:
        return _again(_sheet(customer, values, doubt, doubted=True))
    with db.atomic() as both:  # nobody is added for a time that cannot be had
        added, person = None, customer
        if person is None:
            added = request_action("customer.create", then="customer", name=values["who"], alike="new")
            person = wanted(int((added.result or {})["customer"])) if added.done else None
        answer = added
        if person is not None:
            answer = request_action("appointment.create", customer=person.id, **_data(values), **_series(values))
        assert answer is not None
        if not answer.done:
            both.rollback()
    if not answer.done or person is None:
        return _refused(_sheet(customer, values, answer.reason, answer=answer), answer)
    customer = person
    made = answer.result or {}
    return _kept(customer, f"series-{made['series']}" if "series" in made else f"booked-{made['appointment']}")


@bp.get("/appointments/<int:appointment_id>/move")
@open_to("work")
def moving(appointment_id: int) -> str:
    one = _theirs(appointment_id)
    local = g.shop.local(one.starts_at)
    values = {
        "day": local.date().isoformat(), "time": f"{local:%H:%M}", "minutes": str(length_of(one)),
        "with": one.with_whom, "service": one.service,
    }  # fmt: skip
    return _sheet(one.customer, values, moved=one)


@bp.post("/appointments/<int:appointment_id>/move")
@open_to("work")
def move(appointment_id: int) -> Response | str:
    one, values = _theirs(appointment_id), _typed()
    wrong = _wrong(values)
    if wrong:
        return _again(_sheet(one.customer, values, wrong, moved=one))
    doubt = _doubt(values)
    if doubt:
        return _again(_sheet(one.customer, values, doubt, moved=one, doubted=True))
    answer = request_action("appointment.move", appointment=one.id, **_data(values))
    if not answer.done:
        return _refused(_sheet(one.customer, values, answer.reason, moved=one, answer=answer), answer)
    was = {"service": one.service} if one.service != values["service"].strip() else {}
    return _kept(one.customer, f"moved-{one.id}-{answer.id}", **was)


def _begun() -> dict[str, Any]:
    return {"day": g.shop.today().isoformat(), "minutes": str(MINUTES)}


def _typed() -> dict[str, Any]:
    values: dict[str, Any] = {name: request.form.get(name, "") for name in SHEET}
    return {**values, "weekdays": [day for day in "0123456" if day in request.form.getlist("weekdays")]}


def _wrong(values: dict[str, Any]) -> str:
    """Return what is missing of a day and a time, or that it is over, in words; "" where nothing is."""
    if request.form.get("at"):
        return ""
    try:
        datetime.fromisoformat(f"{values['day']}T{values['time']}")
    except ValueError:
        return told.no_day()
    return told.day_over() if date.fromisoformat(values["day"]) < g.shop.today() else ""


JUST_NOW = timedelta(minutes=5)
A_YEAR = timedelta(days=366)


def _doubt(values: dict[str, Any]) -> str:
    """Return what speaks against a time that can be had all the same, in words; "" where nothing does, or they know."""
    if request.form.get("at") or request.form.get("anyway") == "yes":
        return ""
    wall, shop, now = datetime.fromisoformat(f"{values['day']}T{values['time']}"), g.shop, clock.now()
    starts = shop.at(wall.date(), wall.hour * 60 + wall.minute)
    shown, doubts = shop.local(starts), []
    if (shown.hour, shown.minute) != (wall.hour, wall.minute):
        doubts.append(told.no_such_time(wall, shown))
    if now - starts > JUST_NOW:
        doubts.append(told.over(ago(now - starts)))
    if starts - now > A_YEAR:
        doubts.append(told.far_ahead(wall.date(), shop.today()))
    hours = shop.hours_on(wall.date())
    if shop.is_closed_on(wall.date()):
        doubts.append(told.not_open(wall.date(), None))
    elif hours and not hours[0] <= wall.hour * 60 + wall.minute < hours[1]:
        opens, closes = (shop.local(shop.at(wall.date(), minute)) for minute in hours)
        doubts.append(told.not_open(wall.date(), (opens, closes)))
    return " ".join(doubts)


def _data(values: dict[str, Any]) -> dict[str, Any]:
    """Return what the form says of one appointment; a free time that was tapped (`at`) goes before what was typed."""
    at = request.form.get("at") or f"{values['day']}T{values['time']}"
    squeeze = request.form.get("squeeze") == "yes"
    return {"starts_at": at, "squeeze": squeeze, **{name: values[name] for name in ("minutes", "with", "service")}}


def _series(values: dict[str, Any]) -> dict[str, Any]:
    if not values["every_weeks"]:
        return {}
    leave_out = request.form.get("leave_out") == "yes"
    days = [int(day) for day in values["weekdays"]]
    more = {name: values[name] for name in ("until", "times") if values[name]}
    return {"every_weeks": values["every_weeks"], "weekdays": days, "leave_out": leave_out, **more}


def _called(who: str) -> list[Any]:
    """Return who is called as somebody typed, best first."""
    hits = found(g.shop, who.strip()[:80], clock.now()).hits if who.strip() else []
    return [hit.person for hit in hits if hit.by_name and is_living(hit.person.state)][:CANDIDATES]


def _sheet(
    customer: Customer | None,
    values: dict[str, Any],
    wrong: str = "",
    moved: Appointment | None = None,
    candidates: list[Any] | None = None,
    answer: Answer | None = None,
    doubted: bool = False,
) -> str:
    """Return the sheet with what was filled in; `wrong` is what stands in the way, `answer` holds what to choose instead."""
    today, again = g.shop.today(), bool(values.get("every_weeks"))
    offers = ((answer.result or {}) if answer and answer.status == "conflict" else {}).get("free")
    free = [(at, told.moment(datetime.fromisoformat(at), g.shop)) for at in offers or () if not again]
    shown = {name: values.get(name, "") for name in SHEET} | {"weekdays": values.get("weekdays", [])}
    return page_or_partial(
        "appointments/sheet.html",
        "appointments/_sheet.html",
        customer=customer,
        values=shown,
        told=wrong,
        moved=moved,
        candidates=candidates or [],
        is_new=request.form.get("customer") == "new",
        taken=offers is not None,
        doubted=doubted,
        anyway=request.form.get("anyway") == "yes",
        again=again,
        free=free,
        notes=notes.for_booking(customer.id, g.shop, today) if customer else [],
        whom=appointments.whom(g.shop),
        say=told,
    )  # fmt: skip


def _again(sheet: str) -> Response:
    """Return a sheet that was not kept, to stand where it stood."""
    answer = make_response(sheet, 422)
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#sheet", "innerHTML"
    return answer


def _refused(sheet: str, answer: Answer) -> Response:
    if answer.unknown:
        abort(404)
    return _again(sheet)


def _kept(customer: Customer, kept: str, **more: str) -> Response | str:
    """Return what follows a sheet that was kept: a toast, or the card."""
    toast = agreed.toast(kept)
    if toast:
        toast["undo"]["fields"] |= more
    return done("_toast.html", url_for("customers.show", customer_id=customer.id, kept=kept), toast=toast)


# -- on the card, and on the page of all that is agreed with somebody


@bp.get("/customers/<int:customer_id>/appointments")
@open_to("work")
def show(customer_id: int) -> str:
    customer = wanted(customer_id)
    toast = agreed.toast(request.args.get("kept", ""))
    return render_template(
        "appointments/list.html", customer=customer, agreed=agreed_with(customer, g.shop), toast=toast
    )


def _after(customer: Customer, kept: str) -> Response | str:
    """Return the card, or the page, that a form stood on, as it is after an act, with the way back."""
    if is_partial() and request.form.get("from") in ON_CARDS:
        return row(customer, toast=agreed.toast(kept, on_card=True))
    page = "appointments.show" if request.form.get("from") == "list" else "customers.show"
    return redirect(url_for(page, customer_id=customer.id, kept=kept), 303)


@bp.post("/appointments/<int:appointment_id>/cancel")
@open_to("work")
def cancel(appointment_id: int) -> Response | str:
    one = _theirs(appointment_id)
    or_problem(request_action("appointment.cancel", appointment=one.id))
    return _after(one.customer, f"cancelled-{one.id}-{'' if one.slot is not None else 'yes'}")


@bp.post("/appointments/<int:appointment_id>/restore")
@open_to("work")
def restore(appointment_id: int) -> Response | str:
    one, squeeze = _theirs(appointment_id), request.form.get("squeeze") == "yes"
    or_problem(request_action("appointment.restore", appointment=one.id, squeeze=squeeze))
    return _after(one.customer, f"stands-{one.id}")


@bp.post("/appointments/<int:appointment_id>/undo")
@open_to("work")
def undo(appointment_id: int) -> Response | str:
    one = Appointment.get_or_none((Appointment.id == appointment_id) & (Appointment.shop == g.shop.id))
    customer = one.customer if one else acted_on()
    or_problem(request_action("appointment.undo", appointment=appointment_id))
    return _after(customer, "taken-back")


@bp.post("/appointments/<int:appointment_id>/move-back")
@open_to("work")
def move_back(appointment_id: int) -> Response | str:
    one, form = _theirs(appointment_id), request.form
    service = {"service": form["service"]} if "service" in form else {}
    or_problem(request_action("appointment.move_back", appointment=one.id, move=form.get("move", ""), **service))
    return _after(one.customer, f"stands-{one.id}")


@bp.post("/appointments/<int:appointment_id>/late")
@open_to("work")
def late(appointment_id: int) -> Response | str:
    one = _theirs(appointment_id)
    or_problem(request_action("appointment.late", appointment=one.id, minutes=request.form.get("minutes", "")))
    return _after(one.customer, f"late-{one.id}-{one.late_minutes or 0}")


@bp.post("/appointments/<int:appointment_id>/grace")
@open_to("work")
def grace(appointment_id: int) -> Response | str:
    one, minutes = _theirs(appointment_id), request.form.get("minutes", "").strip()
    or_problem(request_action("appointment.grace", appointment=one.id, minutes=minutes or None))
    return _after(one.customer, f"grace-{one.id}-{'' if one.grace_minutes is None else one.grace_minutes}")


@bp.post("/appointments/<int:appointment_id>/confirm")
@open_to("work")
def confirm(appointment_id: int) -> Response | str:
    one, how = _theirs(appointment_id), request.form.get("how", "counter")
    or_problem(request_action("appointment.confirm", appointment=one.id, how=how))
    return _after(one.customer, f"confirmed-{one.id}")


@bp.post("/appointments/<int:appointment_id>/unconfirm")
@open_to("work")
def unconfirm(appointment_id: int) -> Response | str:
    one = _theirs(appointment_id)
    or_problem(request_action("appointment.unconfirm", appointment=one.id))
    return _after(one.customer, f"unconfirmed-{one.id}-{'phone' if one.confirmed_how == 'phone' else 'counter'}")


def _their_series(series_id: int) -> Series:
    return Series.get_or_none((Series.id == series_id) & (Series.shop == g.shop.id)) or abort(404)


@bp.post("/series/<int:series_id>/end")
@open_to("work")
def end_series(series_id: int) -> Response | str:
    series = _their_series(series_id)
    or_problem(request_action("series.end", series=series.id, **{"from": request.form.get("from_day", "")}))
    return _after(series.customer, f"ended-{series.id}")


@bp.post("/series/<int:series_id>/resume")
@open_to("work")
def resume_series(series_id: int) -> Response | str:
    series = _their_series(series_id)
    or_problem(request_action("series.resume", series=series.id))
    return _after(series.customer, f"resumed-{series.id}-{series.ended_on or ''}")


@bp.post("/series/<int:series_id>/undo")
@open_to("work")
def undo_series(series_id: int) -> Response | str:
    series = Series.get_or_none((Series.id == series_id) & (Series.shop == g.shop.id))
    customer = series.customer if series else acted_on()
    or_problem(request_action("series.undo", series=series_id))
    return _after(customer, "taken-back")
