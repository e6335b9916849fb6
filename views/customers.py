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
import words.plain
import words.questions
import words.referrals
import words.states
import words.troubles
import words.trust
from domain import notes
from domain.actions import Answer
from domain.card import MORE_VISITS, Card, Dots, LastVisits, Visits, Written, card_for, earlier_visits
from domain.lines import Line, line_for
from domain.plain_words import CARD, SENSITIVE, Doubt, doubt, left_out, name_doubt, unkind
from domain.questions import PROMPTS, due_first
from domain.states import is_living, is_sought
from domain.together import known
from domain.trust import Bucket
from models import WISHES, Action, Customer, Household, Merge, Note, Question, Visit
from views import agreed, edit_known, together
from views.answers import done, or_problem, page_or_partial
from views.asking import open_to, request_action
from views.find import asked_about, asked_first
from words import _

bp = Blueprint("customers", __name__)
DUE_IN = ("0", "1", "7")  # days, of a promise
OF_STATE = ("state", "state_since", "state_reason")
NAMES = ("name", "say_as", "call")
TEXTS = (*NAMES, "pronoun", "usual", *OF_STATE)
MADE: dict[
    str, tuple[str, str, dict[str, Any]]
] = {  # what the words on a sheet can be: what is made of them, by which act
    "note": ("note", "note.create", {}),
    "promise": ("promise", "promise.create", {}),
    "question": ("question", "question.create", {}),
    "step": ("step", "step.create", {}),
    "issue": ("issue", "issue.open", {}),
    "fault": ("issue", "issue.open", {"ours": True}),
    "mistake": ("mistake", "mistake.record", {}),
}
ON_CARDS = ("card", "pane")  # where a form stood: on a card's own page, or on a card beside a list


def wanted(customer_id: int) -> Customer:
    """Return a customer, looked up through the person asking, or answer 404. Of one who was merged since, whoever is kept."""
    known = None
    if customer_id < 2**31:
        known = g.staff.customers.where(Customer.id == customer_id).get_or_none()
        if known is None and request.method == "POST" and (kept := Merge.into(customer_id)):
            known = g.staff.customers.where(Customer.id == kept).get_or_none()
    return known or abort(404)


def acted_on() -> Customer:
    """Return whom the act of this very form was about, where it was done before: what it names may be gone. Else answer 404."""
    done_before = Action.get_or_none(Action.key == request.form.get("action", ""))
    return wanted(done_before.customer_id) if done_before and done_before.customer_id else abort(404)


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
        card = card_for(customer.id, g.shop, clock.now(), g.staff, line) or abort(404)
        return done("customers/_card.html", back, toast, alone=place == "card", fresh=told == "line", **of_card(card))
    marked = line.visit.id if told == "line" and line.visit else None
    undone = customer.id if told == "undone" else None
    back = f"{url_for('today.show', marked=marked, undone=undone)}#p-{customer.id}"
    flat = place == "find"
    return done("today/_answer.html", back, toast, line=line, flat=flat, open=line.arrived or request.form.get("open"))


def of_card(card: Card) -> dict[str, Any]:
    """Return what the template of a card is given."""
    today, language = g.shop.today(), words.language()
    written: list[Markup] = []
    for_booking: list[Markup] = []
    for note in card.notes:
        of_booking = note.moment == "booking" and not note.safety
        (for_booking if of_booking else written).append(_written(note, today, language))
    asks = [asking.question for asking in card.questions] if is_sought(card.stands.state) else []
    on_slip = _on_slip(card.line, asks)
    due = on_slip or due_first(asks, g.shop, today)
    bucket = _bucket(
        card.line.customer.id, card.line.customer.pronoun, card.bucket, card.dots, card.visits, today, language
    )
    return {
        "card": card, "written": written, "for_booking": for_booking, "now": clock.now(), "due": due,
        "on_slip": on_slip, "bucket": bucket, "agreed": agreed.on_card(card),
    }  # fmt: skip


def _on_slip(line: Line, asks: list[Question]) -> Question | None:
    """Return the question that the words to say ask, until they are said or skipped: it is asked there alone."""
    if line.prompt is None or line.prompt["id"] not in PROMPTS or line.prompt_outcome in ("said", "skipped"):
        return None
    return next((one for one in asks if one.id == line.prompt["about"]), None)


@lru_cache(maxsize=512)
def _bucket(
    customer: int, pronoun: str, bucket: Bucket, dots: Dots | LastVisits, visits: Visits, today: date, _language: str
) -> Markup:
    """Return the bucket of trust with its visits as HTML, made once as long as it is the same."""
    template = current_app.jinja_env.get_template("customers/_bucket.html")
    return Markup(
        template.render(
            c=Customer(id=customer, pronoun=pronoun), bucket=bucket, dots=dots, visits=visits, today=today, shop=g.shop
        )
    )


@lru_cache(maxsize=2048)
def _written(note: Written, today: date, _language: str) -> Markup:
    """Return a note as HTML, made once a day: a card may have many, and most are as they were."""
    return Markup(current_app.jinja_env.get_template("customers/_written.html").render(note=note, today=today))


def card_page(customer: Customer, toast: dict[str, Any]) -> str:
    """Return the page of a card after an act of another page, where the way back holds what may stand in no address."""
    card = card_for(customer.id, g.shop, clock.now(), g.staff) or abort(404)
    return render_template("customers/show.html", alone=True, fresh=False, toast=toast, **of_card(card))


@bp.get("/customers/<int:customer_id>")
@open_to("work")
def show(customer_id: int) -> Response | str:
    card = card_for(customer_id, g.shop, clock.now(), asker=g.staff)
    if card is None:  # they may be known by another number since two were found to be one
        return redirect(url_for("customers.show", customer_id=wanted(Merge.into(customer_id) or 0).id))
    toast = _told(request.args.get("kept", ""), customer_id)
    alone = "alone" in request.args  # asked for by a card's own page, which is made anew
    values = {"alone": alone, "fresh": False, "toast": toast, **of_card(card)}
    return page_or_partial("customers/show.html", "customers/_card.html", **values)


@bp.get("/customers/<int:customer_id>/visits")
@open_to("work")
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
@open_to("work", shares=True)
def create_visit(customer_id: int) -> Response | str:
    answer = or_problem(request_action("visit.create", customer=customer_id))
    line = answer.line or line_for(wanted(customer_id), g.shop, clock.now(), g.staff)
    return row(line.customer, told="line", line=line)


@bp.post("/visits/<int:visit_id>/undo")
@open_to("work", shares=True)
def undo_visit(visit_id: int) -> Response | str:
    visit = Visit.get_or_none((Visit.id == visit_id) & (Visit.shop == g.shop.id))
    or_problem(request_action("visit.undo", visit=visit_id))
    named = request.form.get("customer", 0, type=int)
    customer = visit.customer if visit else wanted(named) if named else acted_on()
    return row(customer, told="undone")


@bp.post("/customers/<int:customer_id>/prompts")
@open_to("work")
def end_prompt(customer_id: int) -> Response | str:
    customer = wanted(customer_id)
    outcome = request.form.get("outcome")
    if outcome == "undo":
        or_problem(request_action("prompt.undo", customer=customer_id))
        return row(customer)
    kind = "prompt.skipped" if outcome == "skipped" else "prompt.said"
    or_problem(request_action(kind, customer=customer_id, prompt=request.form.get("prompt", "")))
    told = _("Skipped.") if outcome == "skipped" else _("Said.")
    return row(customer, toast={"words": told, "ended": customer.id})


@bp.post("/visits/<int:visit_id>/greeted")
@open_to("work")
def greet(visit_id: int) -> Response | str:
    """Keep that they were greeted by name, or take it back."""
    visit = Visit.get_or_none((Visit.id == visit_id) & (Visit.shop == g.shop.id))
    or_problem(request_action("visit.greet", visit=visit_id, greeted_by_name=request.form.get("greeted") != "no"))
    return row(visit.customer if visit else abort(404))


@bp.post("/customers")
@open_to("work")
def create() -> Response | str:
    """Add somebody new, who is here. Where the name is unkind, or one is called alike, ask first, unless that was answered."""
    name, someone_else = request.form.get("name", ""), "someone_else" in request.form
    if not someone_else and request.form.get("answer") != "keep" and name_doubt(name):
        return make_response(asked_about(name), 422)
    answer = request_action("customer.create", name=name, here=True, alike="new" if someone_else else "ask")
    if answer.status == "conflict" and (question := asked_first(name)):
        return question
    or_problem(answer)
    assert answer.result is not None
    return redirect(url_for("today.show", marked=answer.result["visit"]), 303)


# -- notes


@bp.get("/customers/<int:customer_id>/notes/new")
@open_to("work")
def new_note(customer_id: int) -> str:
    return note_sheet(wanted(customer_id))


@bp.post("/customers/<int:customer_id>/notes")
@open_to("work")
def create_note(customer_id: int) -> Response | str:
    """Keep the words as what they are said to be, and the chips as a note: with the words, where these are one.

    Chips alone are enough, and stand until the next visit is over.
    """
    customer, form = wanted(customer_id), request.form
    known = words.card.chips()
    chips = [name for name in form.getlist("chip") if name in known]
    text, what = form.get("text", "").strip(), _this_is()
    if not chips and not text:
        return _again(note_sheet(customer, _("Nothing to keep yet. Tap one of these, or write something first.")))
    asks = doubt(text)
    if asks and asks.kind != CARD and form.get("answer") != "keep" and not notes.wants_none(customer.id):
        return _again(note_sheet(customer, **_answered(asks, text)))
    if words.plain.is_begun(text):
        return _again(note_sheet(customer, words.plain.put_right()))
    private = form.get("seen_by") == "private" or bool(asks and asks.kind in SENSITIVE and not form.get("safety"))
    made: Answer | None = None
    if text and what != "note":
        due = form.get("due", "")
        day = g.shop.today() + timedelta(days=int(due)) if what == "promise" and due in DUE_IN else None
        more = {"due": str(day)} if day else {}
        made = request_action(MADE[what][1], then=what, customer=customer_id, text=text, **MADE[what][2], **more)
        if made.unknown:
            abort(404)
        if not made.done:
            return _again(note_sheet(customer, made.reason))
        text = ""
    if chips or text:
        answer = request_action(
            "note.create",
            customer=customer_id,
            text=text,
            chips=chips,
            lifetime=form.get("lifetime", "always"),
            moment=form.get("moment", "arrival"),
            private=private if text else form.get("seen_by") == "private",
            safety=bool(form.get("safety")),
            everywhere=bool(form.get("everywhere")),
        )
        if answer.unknown:
            abort(404)
        if not answer.done:
            return _again(note_sheet(customer, answer.reason))
        made, what = made or answer, what if made else "note"
    assert made is not None
    assert made.result is not None
    if what == "note":
        return _kept(customer, words.card.kept("note"), note=str(made.result["note"]))
    number = str(made.result[MADE[what][0]])
    back = url_for("customers.show", customer_id=customer.id, kept=f"{what}-{number}")
    return done("_toast.html", back, toast=_made_toast(what, number, customer.id))


def _made_toast(what: str, number: str, customer: int) -> dict[str, Any]:
    """Return the toast that says what became of the words on a sheet, with the way back."""
    to, says = url_for("customers.take_back", customer_id=customer), _("Undo: take it back")
    undo = {"to": to, "fields": {"what": what, "number": number}, "says": says}
    return {"words": words.card.kept(what), "undo": undo}


def _this_is() -> str:
    """Return what the words on the sheet are said to be."""
    what = request.form.get("this_is", "note")
    return what if what in MADE else "note"


def _answered(asks: Doubt, text: str) -> dict[str, Any]:
    """Return what the sheet shows of words that are asked about: the question, or what was answered to it."""
    answer = request.form.get("answer")
    if answer == "leave":
        rest = left_out(text, asks)
        return {"text": rest, "told": words.plain.left_out() if rest else words.plain.nothing_left()}
    if answer == "instead":
        return {"text": left_out(text, asks, words.plain.begun()), "told": words.plain.put_right()}
    return {"text": text, "asks": asks}


@bp.post("/customers/<int:customer_id>/take-back")
@open_to("work")
def take_back(customer_id: int) -> Response:
    """Take back what the sheet just made."""
    customer, what = wanted(customer_id), request.form.get("what", "")
    if what not in MADE:
        abort(404)
    thing = MADE[what][0]
    or_problem(request_action(f"{thing}.undo", **{thing: request.form.get("number", "")}))
    return redirect(url_for("customers.show", customer_id=customer.id, kept="taken-back"), 303)


def note_sheet(
    customer: Customer, told: str = "", text: str | None = None, asks: Doubt | None = None, shared: bool = False
) -> str:
    """Return the sheet, with what was chosen and typed in it; `told` is what was wrong, `asks` what is to be asked first,
    `shared` whether the text comes from another app."""
    form = request.form
    return page_or_partial(
        "customers/note.html",
        "customers/_note.html",
        customer=customer,
        none_wanted=notes.wants_none(customer.id),
        told=told,
        doubt=asks,
        shared=shared,
        shops=g.staff.shops.count(),
        lives=is_living(customer.state),
        tapped=form.getlist("chip"),
        text=form.get("text", "") if text is None else text,
        this_is=_this_is(),
        due=form.get("due", ""),
        lifetime=form.get("lifetime", "always"),
        moment=form.get("moment", "arrival"),
        seen_by=form.get("seen_by", "team"),
        safety=form.get("safety", ""),
        everywhere=form.get("everywhere", ""),
    )


@bp.get("/notes/<int:note_id>/edit")
@open_to("work")
def edit_note(note_id: int) -> str:
    """Show the sheet of a note for the team; a private one is shown only to whoever asks for it by an act."""
    note = wanted_note(note_id)
    return _edit_sheet(note) if not note.private else abort(404)


@bp.post("/notes/<int:note_id>/open")
@open_to("work")
def open_private_note(note_id: int) -> str:
    """Show the sheet of a private note, and record who read it."""
    note = wanted_note(note_id)
    if note.private:
        notes.record_reading(note, g.staff, clock.now(), g.shop)
    return _edit_sheet(note)


@bp.post("/notes/<int:note_id>")
@open_to("work")
def change_note(note_id: int) -> Response | str:
    """Change a note's text. Where somebody else was quicker, both texts are kept."""
    note, form = wanted_note(note_id), request.form
    text, base = form.get("text", ""), form.get("base", "")
    asks = doubt(text)
    if asks and asks.kind != CARD and form.get("answer") != "keep" and not notes.wants_none(note.customer_id):
        return _again(_edit_sheet(note, base=base, **_answered(asks, text)))
    if words.plain.is_begun(text):
        return _again(_edit_sheet(note, text, base, words.plain.put_right()))
    answer = request_action("note.edit", note=note.id, text=text, base=base)
    if not answer.done:
        return _again(_edit_sheet(note, text, base, answer.reason))
    beside = bool(answer.result and "kept_beside" in answer.result)
    return _kept(note.customer, words.card.kept_beside() if beside else _("Changed. Thank you."), beside=beside)


def wanted_note(note_id: int) -> Note:
    return notes.note_for(note_id, g.staff) or abort(404)


def _edit_sheet(
    note: Note, text: str | None = None, base: str | None = None, told: str = "", asks: Doubt | None = None
) -> str:
    """Return the sheet of a note; `text` and `base` are what was typed, and what it was typed over."""
    text, base = (note.text if text is None else text), (note.text if base is None else base)
    return page_or_partial(
        "customers/note_edit.html", "customers/_note_edit.html", note=note, text=text, base=base, told=told, doubt=asks
    )


def _again(sheet: str) -> Response:
    """Return a sheet that was not kept, to stand where it stood."""
    answer = make_response(sheet, 422)
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#sheet", "innerHTML"
    return answer


@bp.post("/notes/<int:note_id>/undo")
@open_to("work")
def undo_note(note_id: int) -> Response:
    note = notes.note_for(note_id, g.staff)
    customer = note.customer if note else acted_on()
    or_problem(request_action("note.undo", note=note_id))
    return redirect(url_for("customers.show", customer_id=customer.id, kept="taken-back"), 303)


def _kept(customer: Customer, told: str, beside: bool = False, note: str | None = None) -> Response | str:
    kept = f"note-{note}" if note else "beside" if beside else "changed"
    back = url_for("customers.show", customer_id=customer.id, kept=kept)
    return done("_toast.html", back, toast={"words": told, **({"note": int(note)} if note else {})})


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
    if kind in ("two", "one") and number.isdecimal() and len(number) < 10:
        return _one_or_two(kind, number, customer)
    if kind in agreed.BACK:
        return agreed.toast(kept)
    if kind in ("joined", "out"):
        return together.toast(kept, customer)
    if kind in MADE and number.isdecimal() and len(number) < 10:
        return _made_toast(kind, number, customer)
    if kept == "taken-back":
        return {"words": _("Undone. It is gone.")}
    return {"words": told()} if told else None


def _one_or_two(kind: str, number: str, customer: int) -> dict[str, Any]:
    """Return the toast of what was answered to "same person?"; `number` is of the merge, or of whom they might have been."""
    if kind == "one":
        undo = {"to": url_for("same_person.undo", merge_id=int(number)), "fields": {}, "says": _("Undo: they are two")}
        return {"words": _("They are one person now."), "undo": undo}
    to = url_for("same_person.may_be", customer_id=customer)
    return {
        "words": _("Someone else, then."),
        "undo": {"to": to, "fields": {"other": number}, "says": _("Undo: ask again")},
    }


@bp.post("/notes/<int:note_id>/seen")
@open_to("work")
def see_note(note_id: int) -> Response | str:
    """Keep that whoever asks has read a note for safety, or (`not` in the form) that they have not."""
    note, takes_back = wanted_note(note_id), "not" in request.form
    or_problem(request_action("note.unseen" if takes_back else "note.seen", note=note.id))
    if takes_back:
        return row(note.customer, toast={"words": _("Undone. It is to be read.")})
    undo = {
        "to": url_for("customers.see_note", note_id=note.id),
        "fields": {"not": "yes", "from": request.form.get("from", "card")},
        "says": _("Undo: I have not read it"),
    }
    return row(note.customer, toast={"words": _("Read. It is asked for again when it changes."), "undo": undo})


@bp.post("/customers/<int:customer_id>/private-notes")
@open_to("work")
def read_private_notes(customer_id: int) -> str:
    """Show private notes to whoever asks for them, and record that they did."""
    customer = wanted(customer_id)
    read = notes.read_private(customer.id, g.shop, g.staff, g.shop.today(), clock.now())
    return page_or_partial("customers/private.html", "customers/_private.html", notes=read, customer=customer)


# -- what somebody is called, has and wants


@bp.route("/customers/<int:customer_id>/edit", methods=["GET", "POST"])
@open_to("work")
def edit(customer_id: int) -> Response | str:
    """Change the name, how it is said, what to call them, the pronoun if given, the usual and what they asked of us.

    Only what was changed on this page is changed: what somebody else wrote meanwhile into another field stays.
    """
    card = card_for(customer_id, g.shop, clock.now()) or abort(404)
    stands, besides, asks = _as_it_stands(card), edit_known.besides(card), None
    if request.method == "GET":
        page = {"card": card, "values": stands, "was": stands, "told": "", "doubt": None, "besides": besides}
        return render_template("customers/edit.html", **page, known=_circles())
    typed, was = _typed(""), _typed("was_")
    changed = {name: value for name, value in typed.items() if value != was[name]}
    of_state = {name: value for name, value in changed.items() if name in OF_STATE}
    meanwhile = [name for name in changed if stands[name] not in (was[name], changed[name])]
    if request.form.get("answer") != "keep":
        asks = _asked_about(changed, edit_known.new_words(besides))
    if meanwhile:  # both are to be seen before one goes
        told, was, asks = words.card.changed_meanwhile([stands[name] for name in meanwhile]), stands, None
    elif asks and asks.kind != CARD:
        told = ""
    else:
        others = {name: value for name, value in changed.items() if name not in OF_STATE}
        asks = None
        answer = request_action("customer.name", customer=customer_id, **others)
        if answer.done:
            answer = edit_known.keep(customer_id, besides) or answer
        if answer.done and of_state:
            answer = request_action("customer.state", then="state", customer=customer_id, **_state(typed, of_state))
        if answer.done:
            kept = f"state-{answer.id}" if of_state else None
            return redirect(url_for("customers.show", customer_id=customer_id, kept=kept), 303)
        told = answer.reason
    page = {"card": card, "values": typed, "was": was, "told": told, "doubt": asks, "besides": besides}
    return make_response(render_template("customers/edit.html", **page, known=_circles()), 422)


def _asked_about(changed: dict[str, Any], besides: list[str]) -> Doubt | None:
    """Return the first thing to ask about what was changed on the page: names, the usual, then tags and fields."""
    named = (name_doubt(changed[name]) for name in NAMES if name in changed)
    asks = [*named, unkind(changed.get("usual", "")), *map(doubt, besides)]
    return next((found for found in asks if found), None)


def _circles() -> list[Household]:
    """Return the households and firms that are offered."""
    return known(g.shop.business_id)


def _state(typed: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """Return what the form says of their state: why they left, of those who did; since when, if that was written anew."""
    told = {"state": typed["state"], "since": changed.get("state_since")}  # None: as it stands, "": not known
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
        "child": card.marked_child,
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
