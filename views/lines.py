"""A line as HTML, made once: rows are most of a page, and most of them are as they were when it was last asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import current_app, g
from markupsafe import Markup

import clock
import words.calls
import words.lateness
from domain import settings
from domain.lines import Line
from domain.today import is_past
from models import Customer, Shop


def lines_html(lines: list[Line], open: bool | None = None) -> Markup:
    """Return lines one after the other: all as rows, all as dockets, or (None) as dockets those just marked here."""
    shop, now = g.shop, clock.now()
    shown = _shown(shop)
    told = []
    for line in lines:
        docket = line.arrived if open is None else open
        key = _key(line, docket, False, _past(line, shop, now), shown)
        told.append(line.kept.get(key) or line_html(line, docket))
    return Markup("".join(told))


def list_name(customer: Customer) -> str:
    """Return a name as lists show it: whole, or where the owner wishes with the surname by its first letter."""
    shop = g.get("shop")
    return words.short_name(customer.name) if shop and settings.of(shop).short_surnames else customer.name


def _past(line: Line, shop: Shop, now: datetime) -> str:
    """Return whether somebody's time has gone by: "past", and "over" once an agreed time's grace has as well; else ""."""
    if line.arrived or not is_past(line, shop, now):
        return ""
    over = line.appointment and line.at and now > line.at + timedelta(minutes=line.grace(shop))
    return "over" if over else "past"


def _shown(shop: Shop) -> tuple[str, bool]:
    """Return how lines are shown to whoever asks: in which language, and whether with short surnames."""
    return words.language(), settings.of(shop).short_surnames


def _key(line: Line, open: bool, flat: bool, past: str, shown: tuple[str, bool]) -> tuple[Any, ...]:
    return open, flat, past, line.prompt["id"] if line.prompt else None, *shown


def line_html(line: Line, open: bool = False, flat: bool = False, fresh: bool = False) -> Markup:
    """Return one line as a row, or `open` as a docket; `flat` without its time; `fresh` has the stamp land.

    What is kept of a line goes with it: a change makes a new `Line`.
    """
    past = _past(line, g.shop, clock.now())
    key = _key(line, open, flat, past, _shown(g.shop))
    if not fresh and (kept := line.kept.get(key)):
        return kept
    template = current_app.jinja_env.get_template("today/_line.html")
    made = Markup(template.render(line=line, open=open, flat=flat, past=past, fresh=fresh, shop=g.shop))
    if not fresh:
        line.kept[key] = made
    return made
