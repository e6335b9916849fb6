"""Find: somebody has come in; by any part of a name, or as someone new."""

from __future__ import annotations

from flask import Blueprint, g, request

import clock
from domain.finding import found, likely, parted
from views.answers import page_or_partial
from views.asking import STAFF, open_to

bp = Blueprint("find", __name__)


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
    query = typed.strip()[:80]
    now = clock.now()
    lines = found(g.shop, query, now) if query else likely(g.shop, now)
    return page_or_partial(
        "find/show.html",
        "find/_results.html",
        lines=lines,
        query=query,
        hits={line.customer.id: parted(line.customer.name, query) for line in lines if query},
        today=g.shop.today(),
    )
