"""One customer: the card, arrivals, notes, the usual, words said."""

from __future__ import annotations

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
from domain.card import card_for
from domain.lines import Line, line_for
from models import Customer, Note, NoteReading, Visit
from views.answers import done, or_problem, page_or_partial
from views.asking import STAFF, open_to, request_action
from views.find import asked_first
from words import _

bp = Blueprint("customers", __name__)

CHIPS = {
    "usual": lambda: _("The usual"),
    "new": lambda: _("Something new"),
    "hurry": lambda: _("In a hurry"),
    "chat": lambda: _("Liked a chat"),
    "friend": lambda: _("Brought a friend"),
}


def wanted(customer_id: int) -> Customer:
    """Return a customer, looked up through the person asking, or answer 404."""
    known = g.staff.customers.where(Customer.id == customer_id).get_or_none() if customer_id < 2**31 else None
    return known or abort(404)


def row(customer: Customer, told: str = "", line: Line | None = None) -> Response | str:
    """Return one customer's row as it stands now, or lead a plain form back to where it was sent from.

    `told` is what the toast says beside it: "line" (they are here), "undone", or nothing. `line` spares asking for it.
    """
    line = line or line_for(customer, g.shop, clock.now(), g.staff)
    toast = {told: line} if told else None
    if request.form.get("from") == "card":
        back = url_for("customers.show", customer_id=customer.id)
        return done("customers/_card.html", back, toast, card=card_for(customer, g.shop, clock.now(), line))
    marked = line.visit.id if told == "line" and line.visit else None
    undone = customer.id if told == "undone" else None
    back = url_for("today.show", marked=marked, undone=undone, _anchor=f"p-{customer.id}")
    flat = request.form.get("from") == "find"
    return done("today/_answer.html", back, toast, line=line, flat=flat, open=line.arrived or request.form.get("open"))


@bp.get("/customers/<int:customer_id>")
@open_to(*STAFF)
def show(customer_id: int) -> str:
    card = card_for(wanted(customer_id), g.shop, clock.now(), asker=g.staff)
    return page_or_partial("customers/show.html", "customers/_card.html", card=card, toast=None)


@bp.post("/customers/<int:customer_id>/visits")
@open_to(*STAFF)
def create_visit(customer_id: int) -> Response | str:
    answer = or_problem(request_action("visit.create", customer=customer_id))
    line = answer.line or line_for(wanted(customer_id), g.shop, clock.now(), g.staff)
    return row(line.customer, told="line", line=line)


@bp.post("/visits/<int:visit_id>/undo")
@open_to(*STAFF)
def undo_visit(visit_id: int) -> Response | str:
    visit = Visit.get_or_none((Visit.id == visit_id) & (Visit.shop == g.shop.id))
    or_problem(request_action("visit.undo", visit=visit_id))
    customer = visit.customer if visit else wanted(request.form.get("customer", 0, type=int))
    return row(customer, told="undone")


@bp.post("/customers/<int:customer_id>/prompts")
@open_to(*STAFF)
def end_prompt(customer_id: int) -> Response | str:
    customer = wanted(customer_id)
    kind = "prompt.skipped" if request.form.get("outcome") == "skipped" else "prompt.said"
    or_problem(request_action(kind, customer=customer.id, prompt=request.form.get("prompt", "")))
    return row(customer)


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


@bp.get("/customers/<int:customer_id>/notes/new")
@open_to(*STAFF)
def new_note(customer_id: int) -> str:
    chips = {name: words() for name, words in CHIPS.items()}
    return page_or_partial(
        "customers/note.html", "customers/_note.html", customer=wanted(customer_id), chips=chips, text="", told=""
    )


@bp.post("/customers/<int:customer_id>/notes")
@open_to(*STAFF)
def create_note(customer_id: int) -> Response | str:
    """Keep the chips and the words together as one note; chips alone are enough."""
    customer = wanted(customer_id)
    chips = [CHIPS[name]() for name in request.form.getlist("chip") if name in CHIPS]
    text = ". ".join([*chips, request.form.get("text", "").strip()]).strip(". ")
    answer = request_action(
        "note.create", customer=customer.id, text=text, private=request.form.get("seen_by") == "private"
    )
    if not answer.done and not request.headers.get("HX-Request"):
        told = {name: words() for name, words in CHIPS.items()}
        page = render_template(
            "customers/note.html", customer=customer, chips=told, text=request.form.get("text", ""), told=answer.reason
        )
        return make_response(page, 422)
    or_problem(answer)
    return done(
        "_toast.html", url_for("customers.show", customer_id=customer.id), toast={"words": _("Kept. Thank you.")}
    )


@bp.post("/customers/<int:customer_id>/private-notes")
@open_to(*STAFF)
def read_private_notes(customer_id: int) -> str:
    """Show private notes to whoever asks for them, and record that they did."""
    customer = wanted(customer_id)
    theirs = (Note.customer == customer.id) & Note.private & Note.standing(g.shop.id, g.shop.today())
    notes = list(Note.select().where(theirs).order_by(Note.id))
    for note in notes:
        NoteReading.create(note=note, staff=g.staff, at=clock.now())
    return page_or_partial("customers/private.html", "customers/_private.html", notes=notes, customer=customer)


@bp.route("/customers/<int:customer_id>/edit", methods=["GET", "POST"])
@open_to(*STAFF)
def edit(customer_id: int) -> Response | str:
    """Change the name, how it is said, what to call them, the pronoun if given, and the usual."""
    customer = wanted(customer_id)
    if request.method == "GET":
        return render_template("customers/edit.html", card=card_for(customer, g.shop, clock.now()), told="")
    form = request.form
    named = request_action("customer.name", customer=customer.id, name=form.get("name", ""), say_as=form.get("say_as", ""),
                           call=form.get("call", ""), pronoun=form.get("pronoun", ""), usual=form.get("usual", ""))  # fmt: skip
    if not named.done:
        page = render_template("customers/edit.html", card=card_for(customer, g.shop, clock.now()), told=named.reason)
        return make_response(page, 422)
    return redirect(url_for("customers.show", customer_id=customer.id), 303)
