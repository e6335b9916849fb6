"""Where somebody can be reached, and by which ways they let us: a page of plain forms behind their card."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import clock
import words.contacts
from domain import rights
from domain.card import card_for
from domain.contacts import CONSENTED
from models import Consent, Contact, Customer
from views.answers import or_problem
from views.asking import open_to, request_action
from views.customers import card_page, wanted
from words import _

bp = Blueprint("contacts", __name__)
SAID: dict[str, bool | None] = {"yes": True, "no": False, "": None}


@bp.get("/customers/<int:customer_id>/contacts")
@open_to("work")
def show(customer_id: int) -> str:
    return _page(wanted(customer_id))


def _page(customer: Customer, typed: str = "", told: str = "") -> str:
    card = card_for(customer.id, g.shop, clock.now(), g.staff)
    assert card is not None
    said = {one.way: one for one in card.said}
    ways = [
        (
            way,
            label,
            _value(said.get(way)),
            words.contacts.how(said[way], g.shop, g.shop.today()) if way in said else "",
        )
        for way, label in words.contacts.ways()
    ]
    return render_template("customers/contacts.html", card=card, c=customer, typed=typed, told=told, ways=ways)


def _value(said: Any) -> str:
    return "" if said is None else "yes" if said.given else "no"


@bp.post("/customers/<int:customer_id>/contacts")
@open_to("work")
def add(customer_id: int) -> Response | str:
    """Add a number or an address: which it is shows by itself."""
    customer, text = wanted(customer_id), request.form.get("address", "")
    answer = request_action("contact.add", customer=customer.id, kind="email" if "@" in text else "phone", address=text)
    if not answer.done:
        neither = bool(text.strip()) and "@" not in text and not any(one.isdigit() for one in text)
        return make_response(_page(customer, text, words.contacts.neither() if neither else answer.reason), 422)
    assert answer.result is not None
    fields = {"customer": customer.id}
    undo = {"to": url_for("contacts.remove", contact_id=int(answer.result["contact"])), "fields": fields}
    return card_page(customer, {"words": _("Kept. Thank you."), "undo": {**undo, "says": _("Undo: remove it again")}})


@bp.post("/contacts/<int:contact_id>/remove")
@open_to("work")
def remove(contact_id: int) -> Response | str:
    ours = Customer.business == g.staff.business_id
    was = Contact.select(Contact, Customer).join(Customer).where((Contact.id == contact_id) & ours).get_or_none()
    or_problem(request_action("contact.remove", contact=contact_id))
    if was is None:  # the same form, sent again
        return redirect(
            url_for("customers.show", customer_id=wanted(request.form.get("customer", 0, type=int)).id), 303
        )
    toast: dict[str, Any] = {"words": _("Removed.")}
    if rights.may(g.staff, "contacts", g.shop):
        undo = {"to": url_for("contacts.add", customer_id=was.customer_id), "fields": {"address": was.address}}
        toast["undo"] = {**undo, "says": _("Undo: add it again")}
    return card_page(was.customer, toast)


@bp.post("/customers/<int:customer_id>/consents")
@open_to("work")
def consent(customer_id: int) -> Response | str:
    """Write down what they say of one way: yes, no, or that they said nothing."""
    customer, way, said = wanted(customer_id), request.form.get("way", ""), request.form.get("said", "")
    before = Consent.get_or_none((Consent.customer == customer.id) & (Consent.way == way)) if way in CONSENTED else None
    or_problem(request_action("consent.set", customer=customer.id, way=way, given=SAID.get(said)))
    undo = {"to": url_for("contacts.consent", customer_id=customer.id), "fields": {"way": way, "said": _value(before)}}
    told = words.contacts.kept(way, said)
    return card_page(customer, {"words": told, "undo": {**undo, "says": _("Undo: as it was before")}})
