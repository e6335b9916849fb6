"""Find: somebody has come in; by the beginning of any word of a name, or as someone new."""

from __future__ import annotations

from uuid import uuid4

from flask import Blueprint, abort, current_app, g, render_template, request
from markupsafe import Markup, escape

import clock
import words
import words.finding
from domain.finding import Found, found, likely
from domain.likeness import alike
from domain.lookup import Person
from domain.tags import SHOWN, tagged
from models import instant_of, one_line
from views.answers import is_partial
from views.asking import open_to
from views.hits import hits_html
from views.moulds import Mould, Places
from words.finding import already, found_so_many, last_seen
from words.states import beside_name

bp = Blueprint("find", __name__)
LONGEST = 80  # letters of what is typed
PLACES = Places("rows", "query", "key", "told")
_moulds: dict[tuple[int, str, bool, bool, bool, bool], Mould] = {}


@bp.get("/find")
@open_to("work")
def show() -> str:
    return _tagged(request.args["tag"]) if "tag" in request.args else _page(request.args.get("q", ""))


def _tagged(number: str) -> str:
    """Return the page of everybody who has a tag."""
    known = number.isascii() and number.isdecimal() and len(number) < 10
    tag, people = tagged(int(number), g.staff) if known else (None, [])
    return render_template("find/tag.html", tag=tag or abort(404), people=people, most=SHOWN)


@bp.post("/find")
@open_to("work", shares=True)
def search() -> str:
    """Answer a search. What is typed is mostly a name, so it is sent in the body: addresses end up in logs."""
    return _page(request.form.get("q", ""))


def _page(typed: str) -> str:
    query, now = typed.strip()[:LONGEST], clock.now()
    here = found(g.shop, query, now) if query else likely(g.shop, now)
    rows = hits_html(here.hits, here.words)
    told = found_so_many(len(here.hits), here.hits[0].person.name if here.hits else "", query, here.more)
    if is_partial():
        return _filled(here, rows, query, told)
    return render_template(
        "find/show.html",
        rows=rows,
        query=query,
        key=str(uuid4()),
        more=here.more,
        by_tag=here.by_tag,
        told=told,
        partial=False,
    )


def _filled(here: Found, rows: Markup, query: str, told: str) -> str:
    """Return the results alone, from the template as it was rendered the first time."""
    kind = (g.shop.id, words.language(), bool(query), bool(rows), here.more, here.by_tag)
    mould = _moulds.get(kind)
    if mould is None:
        template = current_app.jinja_env.get_template("find/_results.html")
        places = {
            **PLACES, "rows": Markup(PLACES["rows"]) if rows else "", "query": PLACES["query"] if query else "",
        }  # fmt: skip
        html = template.render(**places, more=here.more, by_tag=here.by_tag, partial=True, shop=g.shop)
        mould = _moulds[kind] = Mould(html, PLACES)
    return mould.filled({"rows": rows, "query": escape(query), "key": str(uuid4()), "told": escape(told)})


def asked_about(name: str) -> str:
    """Return the page that asks whether somebody new would smile at a name."""
    key = request.form.get("action", "")
    return render_template("find/unkind.html", name=one_line(name), key=key or str(uuid4()))


def asked_first(name: str) -> str | None:
    """Return the page that asks whether somebody new is one we know; None where nobody is called alike (any more)."""
    name, now = one_line(name), clock.now()
    people = alike(g.shop, name, now)
    key = request.form.get("action", "")
    if not people:
        return None
    facts = {one.person.id: facts_of(one.person) for one in people}
    first = people[0].person
    told = ", ".join(text for text in ("" if people[0].name == first.name else first.name, *facts[first.id]) if text)
    asks = already([one.name for one in people], told)
    return render_template(
        "find/already.html", people=people, facts=facts, asks=asks, name=name, key=key or str(uuid4())
    )


def facts_of(person: Person) -> list[str]:
    """Return what tells somebody from others: what they have, else when they were last seen."""
    if beside := beside_name(person.state):
        return [beside]
    if person.usual:
        return [person.usual]
    seen = instant_of(person.seen)
    return [last_seen(g.shop.day_of(seen), g.shop.today())] if seen else []
