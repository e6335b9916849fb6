"""Find: somebody has come in; by the beginning of any word of a name, or as someone new."""

from __future__ import annotations

from flask import Blueprint, g, request

import clock
from domain.finding import found, likely
from views.answers import page_or_partial
from views.asking import STAFF, open_to
from views.hits import hit_html

bp = Blueprint("find", __name__)
LONGEST = 80  # letters of what is typed


@bp.get("/find")
@open_to(*STAFF)
def show() -> str:
    return _page(request.args.get("q", ""))


@bp.post("/find")
@open_to(*STAFF)
def search() -> str:
    """Answer a search. What is typed is mostly a name, so it is sent in the body: addresses end up in logs."""
    return _page(request.form.get("q", ""))


def _page(typed: str) -> str:
    query = typed.strip()[:LONGEST]
    now = clock.now()
    found_now = found(g.shop, query, now) if query else likely(g.shop, now)
    return page_or_partial(
        "find/show.html",
        "find/_results.html",
        rows=[hit_html(hit, found_now.words) for hit in found_now.hits],
        found=found_now,
        query=query,
    )
