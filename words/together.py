"""The words for who belongs and comes together."""

from __future__ import annotations

from datetime import date
from typing import Any

import words
from words.speaking import _, ngettext


def with_whom(beside: dict[str, Any] | None) -> str:
    """Return with whom somebody on a list comes: with Ellen of Bright Books."""
    if not beside or not beside["with"]:
        return ""
    names = words.listed([name for _number, name in beside["with"]])
    if beside["of"]:
        return _("with %(names)s of %(firm)s", names=names, firm=beside["of"])
    return _("with %(names)s", names=names)


def gently(beside: dict[str, Any] | None) -> str:
    """Return the soft line of those whose household has lost somebody lately."""
    return soft(beside["soft"]["name"]) if beside and beside["soft"] else ""


def soft(name: str) -> str:
    return _("%(name)s died lately. Be gentle.", name=name)


def part(circle: Any, one: Any) -> str:
    """Return the part somebody plays in a household or firm: owner of Bright Books."""
    if circle.kind == "firm":
        return (
            _("%(part)s of %(firm)s", part=one.part, firm=circle.name)
            if one.part
            else _("of %(firm)s", firm=circle.name)
        )
    return one.part


def of_whom(circle: Any) -> str:
    """Return what somebody's own place in it is, as the head of it."""
    if circle.kind == "firm":
        return _("%(firm)s (%(part)s)", firm=circle.name, part=circle.part) if circle.part else circle.name
    return _("At home: %(name)s", name=circle.name)


def about(n: int) -> int:
    """Return a count as one would say it: beyond twenty to the nearest ten."""
    return n if n < 20 else round(n, -1)


def why(one: Any, name: str, greeted: bool) -> str:
    """Return how often both came on the same day this year, and whether we have ever greeted them by name."""
    days = about(one.days)
    told = ngettext("Both came on %(n)s day this year.", "Both came on %(n)s days this year.", days)
    if days != one.days or days >= 20:
        told = ngettext("Both came on about %(n)s day this year.", "Both came on about %(n)s days this year.", days)
    if greeted:
        return told
    return told + " " + _("%(name)s was not yet greeted by name.", name=name)


def left(circle: Any, today: date) -> str:
    """Return since when a firm comes no more, and why."""
    return _(
        "%(firm)s left us, %(day)s: %(reason)s",
        firm=circle.name,
        day=words.short_day(circle.left_on, today),
        reason=circle.left_reason,
    )


def kinds() -> list[tuple[str, str]]:
    return [("household", _("At home")), ("firm", _("At a firm"))]


def joined() -> str:
    return _("Kept. They belong together.")


def undo_joined() -> str:
    return _("Undo: they do not belong there")


def gone_out() -> str:
    return _("Undone. They do not belong there any more.")


def undo_out() -> str:
    return _("Undo: they belong there after all")
