"""Somebody who was found, as a row: the same row as on any list, with what was typed marked in it.

A search answers with every letter typed, mostly with people it has not shown before. Rows of the day are kept with their
line; of all others only name, number and what they have differ, so one row, made once, is filled in for each.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache

from flask import g
from markupsafe import Markup, escape

import clock
import words
from domain.finding import Hit
from domain.lines import Line
from domain.marks import marked
from domain.states import is_living
from domain.today import is_past
from models import Customer, Shop
from views.lines import line_html
from views.moulds import Mould, Places
from words.finding import expected_when, last_seen
from words.states import beside_name

NUMBER = 2_000_000_011  # no customer's: it stands for theirs
PLACES = Places("name", "said", "lang", "told") | {"number": str(NUMBER)}
_moulds: dict[tuple[int, str, bool, bool, bool, bool], Mould] = {}


def hits_html(hits: list[Hit], typed: tuple[str, ...]) -> Markup:
    """Return the rows of those who were found by the words `typed`, if any were."""
    others = _Others(g.shop, words.language(), typed)
    return Markup("".join([_of_line(hit, hit.line, typed) if hit.line else others.row(hit) for hit in hits]))


@lru_cache(maxsize=8192)
def shown(text: str, typed: tuple[str, ...], slipped: bool) -> str:
    """Return a text as HTML, with what was typed marked in it."""
    pieces = marked(text, typed, slipped)
    return "".join(f"<mark>{escape(piece)}</mark>" if found else escape(piece) for piece, found in pieces)


def _usual(hit: Hit, typed: tuple[str, ...]) -> str:
    """Return what they have, marked where it is why they were found."""
    return shown(hit.person.usual, () if hit.by_name and len(typed) < 2 else typed, False)


def _of_line(hit: Hit, line: Line, typed: tuple[str, ...]) -> str:
    """Return the row of somebody who is on the day, with the time they are expected at: such a row has no column for it."""
    row = line_html(line, flat=True)
    person = hit.person
    before, name, after = row.partition(f">{escape(person.name)}</bdi>")
    if not name:
        return row
    if not hit.by_name:
        has, has_shown = escape(person.usual), Markup(_usual(hit, typed))
        after = _in_text(after, has, has_shown) or _beside(after, has_shown)
    if (when := expected_when(line)) and not _is_told(line):
        after = _beside(after, escape(when))
    return f"{before}>{shown(person.name, typed, hit.slips > 0)}</bdi>{after}"


def _in_text(row: Markup, has: Markup, has_shown: Markup) -> Markup | None:
    """Return a row with what they have marked where it is read, never inside a tag; None where the row does not say it."""
    found = re.search(f">[^<>]*?(?<!&)({re.escape(has)})", row)
    return row[: found.start(1)] + has_shown + row[found.end(1) :] if found else None


def _is_told(line: Line) -> bool:
    """Say whether the row itself says when somebody was booked: it does once that is past."""
    return line.appointment is not None and not line.arrived and is_past(line, g.shop, clock.now())


def _beside(row: Markup, told: Markup) -> Markup:
    """Return a row with one thing more told below the name."""
    return row.replace("</a>", Markup('<span class="muted">{}</span></a>').format(told), 1)


class _Others:
    """The rows of people who are not on the day: with what they have, and when they were last seen."""

    def __init__(self, shop: Shop, language: str, typed: tuple[str, ...]):
        self.shop, self.language, self.typed = shop, language, typed
        self.zone = shop.tz
        self.today = clock.now().astimezone(self.zone).date()

    def row(self, hit: Hit) -> str:
        person = hit.person
        usual = _usual(hit, self.typed) if person.usual else ""
        lives = is_living(person.state)
        beside = escape(beside_name(person.state)) if person.state != "active" and lives else ""
        seen = self.last_seen(person.seen, begins=not usual and not beside) if person.seen else ""
        parts = [part for part in (usual, beside, seen) if part]
        mould = self.mould(bool(person.say_as), bool(person.lang), bool(parts), lives)
        return mould.filled(
            {
                "number": str(person.id),
                "name": escape(person.name),
                "name_": shown(person.name, self.typed, hit.slips > 0),
                "said": escape(person.say_as) if person.say_as else "",
                "lang": escape(person.lang) if person.lang else "",
                "told": " · ".join(parts),
            }
        )

    def last_seen(self, at: str, begins: bool) -> str:
        day = datetime.fromisoformat(at).astimezone(self.zone).date()
        return _last_seen(day, self.today, begins, self.language)

    def mould(self, said: bool, lang: bool, told: bool, lives: bool) -> Mould:
        key = (self.shop.id, self.language, said, lang, told, lives)
        mould = _moulds.get(key)
        if mould is None:
            anybody = Customer(id=NUMBER, name=PLACES["name"])
            anybody.say_as, anybody.lang = PLACES["said"] if said else "", PLACES["lang"] if lang else ""
            anybody.state = "active" if lives else "died"  # then the row itself says so, and has no act
            html = line_html(Line(anybody, "walk-in", usual=PLACES["told"] if told else ""), flat=True)
            mould = _moulds[key] = Mould(html, PLACES, once=["name"])
        return mould


@lru_cache(maxsize=256)
def _last_seen(day: date, today: date, begins: bool, _language: str) -> str:
    told = last_seen(day, today)
    return str(escape(words.sentence_case(told) if begins else told))
