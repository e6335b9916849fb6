"""The words for a trouble that came again, and for a mistake of ours; never a word against the customer."""

from __future__ import annotations

from datetime import date
from typing import Any

import words
from words.speaking import _


def lead(trouble: Any) -> str:
    """Return what the card leads with: The third time: the stereo cuts out."""
    text, n = trouble.issue.text, trouble.count
    if trouble.issue.ours:
        if n <= 1:
            return _("Told us: %(text)s", text=text)
        return _("%(nth)s they told us: %(text)s", nth=nth(n), text=text)
    if n <= 1:
        return _("A trouble of theirs: %(text)s", text=text)
    return _("%(nth)s: %(text)s", nth=nth(n), text=text)


def nth(n: int) -> str:
    """Return how often something came: The third time."""
    told = [
        _("The first time"), _("The second time"), _("The third time"), _("The fourth time"), _("The fifth time"),
        _("The sixth time"), _("The seventh time"), _("The eighth time"), _("The ninth time"), _("The tenth time"),
    ]  # fmt: skip
    return told[n - 1] if 0 < n <= len(told) else _("%(n)s times now", n=n)


def times(trouble: Any, today: date) -> list[str]:
    """Return when a trouble came up and who wrote it down, oldest first: 3 November, Tom."""
    return [
        # Translators: a day, then who wrote something down on it: 3 November, Tom
        words.sentence_case(_("%(day)s, %(name)s", day=words.short_day(day, today), name=name or _("one of us")))
        for day, name, _who in trouble.times
    ]


def ours(mistake: Any, today: date) -> str:
    """Return who wrote a mistake of ours down, and when; of what was kept by itself, when it was."""
    if mistake.mistake.author_id is None and mistake.mistake.about:
        return words.sentence_case(words.short_day(mistake.mistake.day, today))
    name = mistake.by or _("One of us")
    return _("%(name)s wrote it down, %(day)s", name=name, day=words.short_day(mistake.mistake.day, today))


def owned(mistake: Any, shop: Any, today: date) -> str:
    """Return who owned up to it and when: Sam said sorry, today."""
    day = words.short_day(shop.day_of(mistake.mistake.acknowledged_at), today)
    told = _("%(name)s said sorry, %(day)s.") if mistake.mistake.said_sorry else _("%(name)s owned up to it, %(day)s.")
    return told % {"name": mistake.owned_by or _("One of us"), "day": day}


def next_step(mistake: Any) -> str:
    """Return what is still ours to do."""
    one = mistake.mistake
    if one.about:  # a reminder that failed: there is nothing to make good but to own up to it
        return _("Ours. Say so to them.") if not one.said_sorry else _("Ours, and it is said.")
    if one.acknowledged_at is None and one.made_good_at is None:
        return _("Ours. Say so first, then make it good.")
    return _("Ours. Say so to them.") if one.acknowledged_at is None else _("Not made good yet.")
