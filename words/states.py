"""The words for what a customer's state is: quiet ones, without a judgement."""

from __future__ import annotations

from datetime import date
from typing import Any

import words
from words.speaking import _


def on_day(day: date, today: date) -> str:
    """Return a day as a sentence ends with it: today, yesterday, on Thursday, on 20 November."""
    told = words.short_day(day, today)
    return told if (today - day).days in (0, 1) else _("on %(day)s", day=told)


def told(name: str, stands: Any, today: date) -> str:
    """Return what a card says of somebody's state; nothing of those who come."""
    if stands.state == "active":
        return ""
    day = on_day(stands.since, today) if stands.since else ""
    if stands.state == "died":
        died = _("%(name)s died %(day)s.", name=name, day=day) if day else _("%(name)s has died.", name=name)
        return died + " " + _("Nothing more is asked of us.")
    if stands.state == "leave_alone":
        return _("%(name)s asked to be left alone. No list expects them, and no words are offered.", name=name)
    moved = _("%(name)s left us %(day)s.", name=name, day=day) if day else _("%(name)s has left us.", name=name)
    return moved + " " + _("No list expects them; they are welcome any day.")


def is_marked_so(name: str, stands: Any, today: date) -> str:
    """Return what to tell whoever was second to mark somebody."""
    if stands.state == "active":
        return _("%(name)s is with us already, so nothing has changed.", name=name)
    return _("That is kept already: %(told)s", told=told(name, stands, today))


def beside_name(state: str) -> str:
    """Return the quiet word beside a name on a list; none for those who come."""
    if state == "active":
        return ""
    return {"leave_alone": _("likes to be left alone"), "moved": _("has left us"), "died": _("has died")}[state]


def news(customer: Any, today: date) -> str:
    """Return how the team hears once that somebody has died."""
    since = customer.state_since
    if since is None:
        return _("%(name)s has died.", name=customer.name)
    return _("%(name)s died %(day)s.", name=customer.name, day=on_day(since, today))


def choices() -> list[tuple[str, str, str]]:
    """Return the states to choose from, each with what it does."""
    return [
        ("active", _("Comes to us"), ""),
        (
            "leave_alone",
            _("Wants to be left alone"),
            _("May be booked and marked here. No list, no words, no questions."),
        ),
        ("moved", _("Moved, or goes elsewhere"), _("As above. If they walk in one day, they are back with one tap.")),
        (
            "died",
            _("Has died"),
            _("Everything stops at once, and what was booked is cancelled. The team is told once."),
        ),
    ]


def way_back(state: str) -> str:
    """Return what takes a state back."""
    return _("Back with us") if state == "moved" else _("Take this back")


def undo() -> str:
    return _("Undo: as it stood before")


def kept() -> str:
    """Return what the toast says after a state was changed."""
    return _("Kept. Every list and every phone knows.")
