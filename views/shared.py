"""Words that another app shares with us: whom they are about is asked, then they stand in the note sheet as a draft.

They come, and go on from page to page, in the body of a form: addresses end up in logs. Nothing is kept here; what a
person keeps, they keep on the sheet.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, request
from werkzeug import Response

import clock
from domain.finding import at_hand, found
from views import sign_in
from views.answers import page_or_partial
from views.asking import SignedOut, open_to, turned_away
from views.customers import note_sheet, wanted
from views.find import LONGEST as LONGEST_NAME, facts_of

bp = Blueprint("shared", __name__)
LONGEST = 2000  # letters of a note


@bp.post("/share")
@open_to("work", shows=True)
def receive() -> str:
    """Ask whom the words are about: first those at hand, then whoever is looked for."""
    query, now = request.form.get("q", "").strip()[:LONGEST_NAME], clock.now()
    hits = found(g.shop, query, now).hits if query else at_hand(g.shop, now)
    values: dict[str, Any] = {"shared": _words(), "query": query, "hits": hits}
    values["facts"] = {hit.person.id: facts_of(hit.person) for hit in hits}
    return page_or_partial("shared/whom.html", "shared/_whom.html", **values)


@bp.post("/share/<int:customer_id>")
@open_to("work")
def about(customer_id: int) -> str:
    """Show the note sheet with the words in it, as a page of its own."""
    return note_sheet(wanted(customer_id), text=_words(), shared=True)


def _words() -> str:
    """Return what was shared: as our own forms carry it on, or in a system's parts, of which one often holds another."""
    form, told = request.form, ""
    if "shared" in form:
        return form["shared"].strip()[:LONGEST]
    for part in (form.get("title", ""), form.get("text", ""), form.get("url", "")):
        part = part.strip()
        if part in told:
            continue
        told = part if told in part else f"{told}\n{part}"
    return told[:LONGEST]


@bp.errorhandler(SignedOut)
def tell_signed_out(_error: SignedOut) -> Response:
    """Let them sign in first; their words go along in that page's own form and wait nowhere else."""
    if turned_away(401) or sign_in.is_shut_out() or not _words():
        return sign_in.tell_signed_out()
    return sign_in.with_words(_words())
