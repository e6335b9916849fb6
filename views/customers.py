"""One customer: the card, arrivals, notes, the usual, words said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from flask import Blueprint, abort, current_app, g, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug import Response

import clock
import words.card
import words.questions
import words.referrals
import words.states
import words.troubles
import words.trust
from domain import notes
from domain.card import MORE_VISITS, Card, Written, card_for, earlier_visits
from domain.lines import Line, line_for
from domain.questions import due_first
from domain.states import is_sought
from domain.together import known
from models import WISHES, Customer, Household, Merge, Note, Visit
from views import together
from views.answers import done, or_problem, page_or_partial
from views.asking import STAFF, open_to, request_action
from views.find import asked_first
from words import _

bp = Blueprint("customers", __name__)
DUE_IN = ("0", "1", "7")  # days, of a promise
OF_STATE = ("state", "state_since", "state_reason")
TEXTS = ("name", "say_as", "call", "pronoun", "usual", *OF_STATE)
ON_CARDS = ("card", "pane")  # where a form stood: on a card's own page, or on a card beside a list


def wanted(customer_id: int) -> Customer:
    """Return a customer, looked up through the person asking, or answer 404."""
    known = g.staff.customers.where(Customer.id == customer_id).get_or_none() if customer_id < 2**31 else None
    return known or abort(404)


def row(
    customer: Customer, told: str = "", line: Line | None = None, toast: dict[str, Any] | None = None
) -> Response | str:
    """Return one customer's row or card as it stands now, or lead a plain form back to where it was sent from.

    `told` is what the toast says beside it: "line" (they are here), "undone", or `toast`. `line` spares asking for it.
    """
    line = line or line_for(customer, g.shop, clock.now(), g.staff)
    toast = {told: line} if told else toast
    place = request.form.get("from")
    if place in ON_CARDS:
        back = url_for("customers.show", customer_id=customer.id)
        card = card_for(customer.id, g.shop, clock.now(), line=line) or abort(404)
        return done("customers/_card.html", back, toast, alone=place == "card", fresh=told == "line", **of_card(card))
    marked = line.visit.id if told == "line" and line.visit else None
    undone = customer.id if told == "undone" else None
    back = f"{url_for('today.show', marked=marked, undone=undone)}#p-{customer.id}"
    flat = place == "find"
    return done("today/_answer.html", back, toast, line=line, flat=flat, open=line.arrived or request.form.get("open"))


def of_card(card: Card) -> dict[str, Any]:
    """Return what the template of a card is given."""
    today, language = g.shop.today(), words.language()
    written = [_written(note, today, language) for note in card.notes]
    asks = [asking.question for asking in card.questions] if is_sought(card.stands.state) else []
    return {"card": card, "written": written, "now": clock.now(), "due": due_first(asks, g.shop, today)}


@lru_cache(maxsize=2048)
def _written(note: Written, today: date, _language: str) -> Markup:
    """Return a note as HTML, made once a day: a card may have many, and most are as they were."""
    return Markup(current_app.jinja_env.get_template("customers/_written.html").render(note=note, today=today))


@bp.get("/customers/<int:customer_id>")
@open_to(*STAFF)
def show(customer_id: int) -> Response | str:
    card = card_for(customer_id, g.shop, clock.now(), asker=g.staff)
    if card is None:  # they may be known by another number since two were found to be one
        return redirect(url_for("customers.show", customer_id=wanted(Merge.into(customer_id) or 0).id))
    toast = _told(request.args.get("kept", ""), customer_id)
    alone = "alone" in request.args  # asked for by a card's own page, which is made anew
    values = {"alone": alone, "fresh": False, "toast": toast, **of_card(card)}
    return page_or_partial("customers/show.html", "customers/_card.html", **values)


@bp.get("/customers/<int:customer_id>/visits")
@open_to(*STAFF)
def earlier(customer_id: int) -> str:
    """Show the visits before an instant, which the link behind the last one shown names; none: before now."""
    customer = wanted(customer_id)
    try:
        before = datetime.fromisoformat(request.args.get("before", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        before = clock.now()
    visits = earlier_visits(customer.id, g.shop, before)
    return page_or_partial(
        "customers/visits.html",
        "customers/_visits.html",
        customer=customer,
        visits=visits[:MORE_VISITS],
        more=len(visits) > MORE_VISITS,
    )


@bp.post("/customers/<int:customer_id>/visits")
@open_to(*STAFF, shares=True)
def create_visit(customer_id: int) -> Response | str:
    answer = or_problem(request_action("visit.create", customer=customer_id))
    line = answer.line or line_for(wanted(customer_id), g.shop, clock.now(), g.staff)
    return row(line.customer, told="line", line=line)


@bp.post("/visits/<int:visit_id>/undo")
@open_to(*STAFF, shares=True)
def undo_visit(visit_id: int) -> Response | str:
    visit = Visit.get_or_none((Visit.id == visit_id) & (Visit.shop == g.shop.id))
    or_problem(request_action("visit.undo", visit=visit_id))
    customer = visit.customer if visit else wanted(request.form.get("customer", 0, type=int))
    return row(customer, told="undone")


@bp.post("/customers/<int:customer_id>/prompts")
@open_to(*STAFF)
def end_prompt(customer_id: int) -> Response | str:
    customer = wanted(customer_id)
    outcome = request.form.get("outcome")
    if outcome == "undo":
        or_problem(request_action("prompt.undo", customer=customer.id))
        return row(customer)
    kind = "prompt.skipped" if outcome == "skipped" else "prompt.said"
    or_problem(request_action(kind, customer=customer.id, prompt=request.form.get("prompt", "")))
    told = _("Skipped.") if outcome == "skipped" else _("Said.")
    return row(customer, toast={"words": told, "ended": customer.id})


@bp.post("/visits/<int:visit_id>/greeted")
@open_to(*STAFF)
def greet(visit_id: int) -> Response | str:
    """Keep that they were greeted by name, or take it back."""
    visit = Visit.get_or_none((Visit.id == visit_id) & (Visit.shop == g.shop.id))
    or_problem(request_action("visit.greet", visit=visit_id, greeted_by_name=request.form.get("greeted") != "no"))
    return row(visit.customer if visit else abort(404))


@bp.post("/customers")
@open_to(*STAFF)
def create() -> Response | str:
    """Add somebody new, who is here. Where one is called alike, ask first, unless that was answered."""
    name = request.form.get("name", "")
    question = None if request.form.get("someone_else") else asked_first(name)
    if question:
        return question
    answer = or_problem(request_action("customer.create", name=name, here=True))
    assert answer.result is not None
    return redirect(url_for("today.show", marked=answer.result["visit"]), 303)


# -- notes


@bp.get("/customers/<int:customer_id>/notes/new")
@open_to(*STAFF)
def new_note(customer_id: int) -> str:
    return _note_sheet(wanted(customer_id))


@bp.post("/customers/<int:customer_id>/notes")
@open_to(*STAFF)
def create_note(customer_id: int) -> Response | str:
    """Keep the chips and the words together as one note; chips alone are enough, and stand until the next visit is over."""
    customer, form = wanted(customer_id), request.form
    known = words.card.chips()
    chips = [name for name in form.getlist("chip") if name in known]
    text = form.get("text", "").strip()
    promise = form.get("promise", "").strip()
    if promise:
        due = form.get("due", "")
        day = g.shop.today() + timedelta(days=int(due)) if due in DUE_IN else None
        made = request_action(
            "promise.create", then="promise", customer=customer.id, text=promise, due=day and str(day)
        )
        if not made.done:
            return _again(_note_sheet(customer, made.reason))
        if not chips and not text:
            back = url_for("customers.show", customer_id=customer.id, kept="promised")
            return done("_toast.html", back, toast={"words": promised()})
    answer = request_action(
        "note.create",
        customer=customer.id,
        text=". ".join(part for part in (*(known[name] for name in chips), text) if part),
        chips=chips,
        lifetime=form.get("lifetime", "always") if text else "next_visit",
        private=form.get("seen_by") == "private",
    )
    if answer.unknown:
        abort(404)
    if not answer.done:
        nothing = _("Nothing to keep yet. Tap one of these, or write something first.")
        return _again(_note_sheet(customer, answer.reason if chips or text else nothing))
    return _kept(customer, _("Kept. Thank you."), note=str(answer.result["note"]) if answer.result else None)


def _note_sheet(customer: Customer, told: str = "") -> str:
    """Return the sheet, with what was chosen and typed in it; `told` is what was wrong."""
    return page_or_partial(
        "customers/note.html",
        "customers/_note.html",
        customer=customer,
        none_wanted=notes.wants_none(customer.id),
        told=told,
        tapped=request.form.getlist("chip"),
        text=request.form.get("text", ""),
        lifetime=request.form.get("lifetime", "always"),
        seen_by=request.form.get("seen_by", "team"),
        promise=request.form.get("promise", ""),
        due=request.form.get("due", ""),
    )


@bp.get("/notes/<int:note_id>/edit")
@open_to(*STAFF)
def edit_note(note_id: int) -> str:
    """Show the sheet of a note for the team; a private one is shown only to whoever asks for it by an act."""
    note = wanted_note(note_id)
    return _edit_sheet(note) if not note.private else abort(404)


@bp.post("/notes/<int:note_id>/open")
@open_to(*STAFF)
def open_private_note(note_id: int) -> str:
    """Show the sheet of a private note, and record who read it."""
    note = wanted_note(note_id)
    if note.private:
        notes.record_reading(note, g.staff, clock.now())
    return _edit_sheet(note)


@bp.post("/notes/<int:note_id>")
@open_to(*STAFF)
def change_note(note_id: int) -> Response | str:
    """Change a note's text. Where somebody else was quicker, both texts are kept."""
    note, form = wanted_note(note_id), request.form
    answer = request_action("note.edit", note=note.id, text=form.get("text", ""), base=form.get("base", ""))
    if not answer.done:
        return _again(_edit_sheet(note, form.get("text", ""), form.get("base", ""), answer.reason))
    beside = bool(answer.result and "kept_beside" in answer.result)
    return _kept(note.customer, words.card.kept_beside() if beside else _("Changed. Thank you."), beside=beside)


def wanted_note(note_id: int) -> Note:
    return notes.note_for(note_id, g.staff) or abort(404)


def _edit_sheet(note: Note, text: str | None = None, base: str | None = None, told: str = "") -> str:
    """Return the sheet of a note; `text` and `base` are what was typed, and what it was typed over."""
    text, base = (note.text if text is None else text), (note.text if base is None else base)
    return page_or_partial(
        "customers/note_edit.html", "customers/_note_edit.html", note=note, text=text, base=base, told=told
    )


def _again(sheet: str) -> Response:
    """Return a sheet that was not kept, to stand where it stood."""
    answer = make_response(sheet, 422)
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#sheet", "innerHTML"
    return answer


@bp.post("/notes/<int:note_id>/undo")
@open_to(*STAFF)
def undo_note(note_id: int) -> Response:
    customer = wanted_note(note_id).customer
    or_problem(request_action("note.undo", note=note_id))
    return redirect(url_for("customers.show", customer_id=customer.id, kept="taken-back"), 303)


def _kept(customer: Customer, told: str, beside: bool = False, note: str | None = None) -> Response | str:
    kept = f"note-{note}" if note else "beside" if beside else "changed"
    back = url_for("customers.show", customer_id=customer.id, kept=kept)
    return done("_toast.html", back, toast={"words": told, **({"note": int(note)} if note else {})})


def promised() -> str:
    return _("Promised. It stands under Promises until they have it.")


def _told(kept: str, customer: int) -> dict[str, Any] | None:
    """Return the toast on a card that a plain form about a note leads back to."""
    kind, _dash, number = kept.partition("-")
    if kind == "note" and number.isdecimal() and len(number) < 10:
        return {"words": _("Kept. Thank you."), "note": int(number)}
    told = {"beside": words.card.kept_beside, "changed": lambda: _("Changed. Thank you.")}.get(kept)
    if kind == "state":
        to, says = url_for("states.change", customer_id=customer), words.states.undo()
        undo = {"to": to, "fields": {"undoes": number}, "says": says}
        return {"words": words.states.kept(), **({"undo": undo} if number else {})}
    if kind in ("joined", "out"):
        return together.toast(kept, customer)
    if kept == "promised":
        return {"words": promised()}
    if kept == "taken-back":
        return {"words": _("Undone. The note is gone.")}
    return {"words": told()} if told else None


@bp.post("/customers/<int:customer_id>/private-notes")
@open_to(*STAFF)
def read_private_notes(customer_id: int) -> str:
    """Show private notes to whoever asks for them, and record that they did."""
    customer = wanted(customer_id)
    read = notes.read_private(customer.id, g.shop, g.staff, g.shop.today(), clock.now())
    return page_or_partial("customers/private.html", "customers/_private.html", notes=read, customer=customer)


# -- what somebody is called, has and wants


@bp.route("/customers/<int:customer_id>/edit", methods=["GET", "POST"])
@open_to(*STAFF)
def edit(customer_id: int) -> Response | str:
    """Change the name, how it is said, what to call them, the pronoun if given, the usual and what they asked of us.

    Only what was changed on this page is changed: what somebody else wrote meanwhile into another field stays.
    """
    card = card_for(customer_id, g.shop, clock.now()) or abort(404)
    stands = _as_it_stands(card)
    if request.method == "GET":
        return render_template("customers/edit.html", card=card, values=stands, was=stands, told="", known=_circles())
    typed, was = _typed(""), _typed("was_")
    changed = {name: value for name, value in typed.items() if value != was[name]}
    of_state = {name: value for name, value in changed.items() if name in OF_STATE}
    meanwhile = [name for name in changed if stands[name] not in (was[name], changed[name])]
    if meanwhile:  # both are to be seen before one goes
        told, was = words.card.changed_meanwhile([stands[name] for name in meanwhile]), stands
    else:
        others = {name: value for name, value in changed.items() if name not in OF_STATE}
        answer = request_action("customer.name", customer=customer_id, **others)
        if answer.done and of_state:
            answer = request_action("customer.state", then="state", customer=customer_id, **_state(typed, of_state))
        if answer.done:
            kept = f"state-{answer.id}" if of_state else None
            return redirect(url_for("customers.show", customer_id=customer_id, kept=kept), 303)
        told = answer.reason
    page = render_template("customers/edit.html", card=card, values=typed, was=was, told=told, known=_circles())
    return make_response(page, 422)


def _circles() -> list[Household]:
    """Return the households and firms that are offered."""
    return known(g.shop.business_id)


def _state(typed: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """Return what the form says of their state: why they left, of those who did; since when, if that was written anew."""
    told = {"state": typed["state"], "since": changed.get("state_since")}
    return {**told, "reason": typed["state_reason"]} if typed["state"] == "moved" else told


def _as_it_stands(card: Card) -> dict[str, Any]:
    customer = card.line.customer
    return {
        "name": customer.name,
        "say_as": customer.say_as,
        "call": customer.call,
        "pronoun": customer.pronoun,
        "usual": card.usual.text if card.usual else "",
        "wishes": [wish for wish in WISHES if wish in card.wishes],
        "child": card.child,
        "state": card.stands.state,
        "state_since": card.stands.since.isoformat() if card.stands.since else "",
        "state_reason": card.stands.reason,
    }


def _typed(prefix: str) -> dict[str, Any]:
    """Return what a form holds, or (`was_`) what it held when it was shown."""
    form = request.form
    return {
        **{name: form.get(prefix + name, form.get(f"was_{name}", "")) for name in TEXTS},
        "wishes": [wish for wish in WISHES if wish in form.getlist(prefix + "wishes")],
        "child": f"{prefix}child" in form,
    }
