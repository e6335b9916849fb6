"""The words for what we ask at a next visit, and for the extra steps of the team."""

from __future__ import annotations

from datetime import date
from typing import Any

import words
from words.speaking import _, ngettext


def heading(asking: Any, due: bool) -> str:
    """Return what stands above a question on the card."""
    if asking.question.theirs:
        return _("They asked us")
    return _("Ask today") if due else _("To ask")


def is_said(question: Any, said: Any) -> bool:
    """Say whether words to say have a question in them whole, with what to tell whoever asked it."""
    slip = f"{said.fact} {said.ask}".casefold()
    return all(
        part.rstrip("?. ").casefold() in slip for part in (question.text, question.reply if question.theirs else "")
    )


def by(asking: Any, today: date) -> str:
    """Return who wrote a question down and when, and from when it may be asked: Tom, yesterday · from Thursday on."""
    day = words.short_day(asking.question.day, today)
    told = _("%(name)s, %(day)s", name=asking.by or _("someone who has left"), day=day)
    begins = asking.question.not_before
    if begins is not None and begins > today:
        return f"{told} · " + _("from %(day)s on", day=words.day_ahead(begins, today))
    return told


def tell(question: Any, customer: Any) -> str:
    """Return what to tell somebody who asked us."""
    them = {"she": _("Tell her"), "he": _("Tell him")}.get(customer.pronoun, _("Tell them"))
    # Translators: whom to tell and what: Tell him: Open until half three
    return _("%(them)s: %(text)s", them=them, text=question.reply)


def tired() -> str:
    return _("Asked twice without an answer. Drop it?")


def answered() -> str:
    return _("Kept as a note. Thank you.")


def asked_today(question: Any) -> str:
    """Return what became of a question today."""
    return _("Asked today.") if question.ended_at is not None else _("Skipped today.")


def on_shift(question: Any) -> str:
    """Return a question as it stands beside somebody still to come: Ask: How is the sound?"""
    if question.theirs:
        return _("Tell them: %(text)s", text=question.reply)
    return _("Ask: %(text)s", text=question.text)


def more_steps(n: int) -> str:
    return ngettext("%(n)s earlier step", "%(n)s earlier steps", n)
