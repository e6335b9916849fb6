"""The words for what is asked before words are kept: what sounds like a label, or like what is theirs to tell; unkind names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from words.speaking import _


@dataclass(frozen=True, slots=True)
class Ask:
    """A question with the answers to it, each as the value of a button with its label."""

    asks: str
    answers: list[tuple[str, str]]


def question(doubt: Any, customer: Any, privately: bool = False, among_others: bool = False) -> Ask:
    """Return what to ask about words that may not belong here; `privately` where they can be kept in private, `among_others`
    where they stand in one field of many, and whoever wrote them changes them there."""
    keep = ("keep", _("Keep it as it is"))
    if doubt.kind == "name":
        return Ask(smiles(customer.pronoun), [keep])
    if doubt.kind in ("label", "insult"):
        she_needs = {
            "she": _("What does she need, or what happened? Say that instead."),
            "he": _("What does he need, or what happened? Say that instead."),
        }.get(customer.pronoun, _("What do they need, or what happened? Say that instead."))
        sounds = _("“%(word)s” is what we think, not what helps.", word=doubt.word)
        begin = ("instead", _("Say instead: %(words)s", words=begun()))
        return Ask(f"{sounds} {she_needs}", [keep] if among_others else [begin, ("leave", _("Leave it out")), keep])
    sounds = {
        "health": _("That sounds like health."),
        "faith": _("That sounds like faith."),
        "origin": _("That sounds like where somebody comes from."),
        "money": _("That sounds like money."),
        "private": _("That sounds like private life."),
    }[doubt.kind]
    wanted = {
        "she": _("Would she want it written here?"), "he": _("Would he want it written here?"),
    }.get(customer.pronoun, _("Would they want it written here?"))  # fmt: skip
    keeps = ("keep", _("Keep, private") if privately else _("Keep it"))
    return Ask(f"{sounds} {wanted}", [keeps] if among_others else [("leave", _("Leave it out")), keeps])


def smiles(pronoun: str = "") -> str:
    """Return what to ask about a name that is none to smile at."""
    return {
        "she": _("Would she smile at that name?"), "he": _("Would he smile at that name?"),
    }.get(pronoun, _("Would they smile at that name?"))  # fmt: skip


def begun() -> str:
    """Return how a need begins, to be gone on with by whoever knows it: what it is we cannot know."""
    # Translators: the beginning of a note about a customer, who needs something; whoever writes goes on. Keep the dots.
    return _("needs …")


def is_begun(text: str) -> bool:
    """Say whether what was begun for whoever writes still waits for their words."""
    return begun() in text


def nothing_left() -> str:
    return _("Left out. Nothing else was written.")


def left_out() -> str:
    return _("Left out. Keep the rest when it is right.")


def put_right() -> str:
    return _("Go on in your words: only you know what it is.")
