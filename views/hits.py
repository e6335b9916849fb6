"""Somebody who was found, as a row: the same row as on any list, with what was typed marked in it.

A search answers with every letter typed, mostly with people it has not shown before. Rows of the day are kept with their
line; of all others only name, number and what they have differ, so that one row, made once, is filled in for each.
"""

from __future__ import annotations

import re
import secrets
from datetime import date
from functools import lru_cache

from flask import g
from markupsafe import Markup, escape

import clock
import words
from domain.finding import Hit
from domain.lines import Line
from domain.lookup import Person
from domain.marks import Pieces, marked
from models import Customer
from views.lines import line_html
from words import _

NUMBER = 2_000_000_011  # no customer's: it stands for theirs in the row that is filled in
NAME, SAID, LANG, TOLD = ("x" + secrets.token_hex(12) for _place in range(4))  # stand for theirs
PLACES = re.compile(f"({NUMBER}|{NAME}|{SAID}|{LANG}|{TOLD})")


def hit_html(hit: Hit, typed: tuple[str, ...]) -> Markup:
    """Return the row of somebody who was found by the words `typed`, if any were."""
    person = hit.person
    name = _shown(marked(person.name, typed, hit.slips > 0))
    usual = _shown(marked(person.usual, typed)) if not hit.by_name or len(typed) > 1 else escape(person.usual)
    if hit.line is None:
        return _filled(person, name, usual)
    row = line_html(hit.line, flat=True)
    if not typed:
        return row
    before, named, after = row.partition(f">{escape(person.name)}</bdi>")
    if hit.by_name or not person.usual:
        usual_shown = after
    elif escape(person.usual) in after:
        usual_shown = after.replace(escape(person.usual), usual, 1)
    else:
        usual_shown = after.replace("</a>", Markup('<span class="muted">{}</span></a>').format(usual), 1)
    return Markup(f"{before}>{name}</bdi>{usual_shown}") if named else row


def _shown(pieces: Pieces) -> Markup:
    return Markup("").join(Markup("<mark>{}</mark>").format(text) if found else escape(text) for text, found in pieces)


def _filled(person: Person, name: Markup, usual: Markup) -> Markup:
    """Return the row of somebody who is not on the day: what they have and when they were last seen."""
    seen = _last_seen(g.shop.day_of(person.seen), g.shop.day_of(clock.now()), words.language()) if person.seen else ""
    told = Markup(" · ").join(part for part in (usual, seen) if part)
    pieces = _row(bool(person.say_as), bool(person.lang), bool(told))
    places = {
        str(NUMBER): str(person.id), NAME: escape(person.name), SAID: escape(person.say_as),
        LANG: escape(person.lang), TOLD: told,
    }  # fmt: skip
    named = False
    filled = []
    for piece in pieces:
        if piece == NAME and not named:  # the first is the one that is read, the others are for the ear
            filled.append(name)
            named = True
        else:
            filled.append(places.get(piece, piece))
    return Markup("".join(filled))


@lru_cache(maxsize=64)
def _last_seen(day: date, today: date, _language: str) -> str:
    return _("last seen %(day)s", day=words.short_day(day, today))


def _row(said: bool, lang: bool, told: bool) -> list[str]:
    """Return a row for anybody, in pieces: as it stands, and what stands for a place to fill in, in turn."""
    kept = _rows.setdefault((g.shop.id, words.language(), said, lang, told), [])
    if not kept:
        anybody = Customer(id=NUMBER, name=NAME, say_as=SAID if said else "", lang=LANG if lang else "")
        html = line_html(Line(anybody, "walk-in", usual=TOLD if told else ""), flat=True)
        kept += PLACES.split(html)
    return kept


_rows: dict[tuple[int, str, bool, bool, bool], list[str]] = {}
