"""The words for whose visits fade and who comes more often."""

from __future__ import annotations

from datetime import date
from typing import Any

import words
from words.speaking import _, ngettext


def both(told: dict[str, list[dict[str, Any]]], today: date) -> str:
    """Return both lists as text: those who fade under a heading, then those who come more often."""
    return "\n".join(
        [
            *_list(_("Fading"), _("Nobody fades."), told["fading"], today),
            "",
            *_list(_("Coming more often"), _("Nobody comes more often than before."), told["growing"], today),
        ]
    )


def _list(heading: str, nobody: str, changes: list[dict[str, Any]], today: date) -> list[str]:
    return [heading, *(f"  {change(one, today)}" for one in changes)] if changes else [nobody]


def change(one: dict[str, Any], today: date) -> str:
    """Return who it is and what can be counted again: Rosa: 2 visits in the last eight weeks, 9 in the eight before."""
    name = one["firm"]["name"] if one.get("firm") else words.listed([who["name"] for who in one["customers"]])
    day = words.short_day(date.fromisoformat(one["last_visit"]), today)
    if one["kind"] == "quiet" and one["usual_gap"]:
        gap = max(1, round(one["usual_gap"]))
        return ngettext(
            "%(name)s stays away: last here %(day)s; before that, every day or so.",
            "%(name)s stays away: last here %(day)s; before that, every %(n)s days or so.",
            gap,
            name=name,
            day=day,
        )
    visits = ngettext("%(count)s visit", "%(count)s visits", one["lately"], count=words.figure(one["lately"]))
    return _(
        "%(name)s: %(visits)s in the last eight weeks, %(before)s in the eight before; last here %(day)s.",
        name=name,
        visits=visits,
        before=words.figure(one["before"]),
        day=day,
    )
