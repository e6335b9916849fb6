"""The words for what is asked before words are kept: what sounds like a label, or like what is theirs to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from words.speaking import _


@dataclass(frozen=True, slots=True)
class Ask:
    """A question with the answers to it, each as the value of a button with its label."""

    asks: str
    answers: list[tuple[str, str]]


def question(doubt: Any, customer: Any, privately: bool) -> Ask:
    """Return what to ask about words that may not belong in a note; `privately` where they can be kept in private."""
    if doubt.kind in ("label", "insult"):
        she_needs = {
            "she": _("What does she need, or what happened? Say that instead."),
            "he": _("What does he need, or what happened? Say that instead."),
        }.get(customer.pronoun, _("What do they need, or what happened? Say that instead."))
        sounds = _("“%(word)s” is what we think, not what helps.", word=doubt.word)
        return Ask(
            f"{sounds} {she_needs}",
            [
                ("instead", _("Say instead: %(words)s", words=instead(doubt.word))),
                ("leave", _("Leave it out")),
                ("keep", _("Keep it as it is")),
            ],
        )
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
    keeps = _("Keep, private") if privately else _("Keep it")
    return Ask(f"{sounds} {wanted}", [("leave", _("Leave it out")), ("keep", keeps)])


BRIEF = """rude maleducad groser unpleasant desagradable grumpy moody malhumorad arrogant snob antipatic prepotente annoying
    mean borde""".split()
EXACT = "fussy quisquillos nitpicker bossy mandon pushy know caprichos troublemaker conflictiv".split()
PRICE = "stingy cheap tacan rata agarrad cutre".split()
CALM = "crazy loc hysterical histeric weird strange mad rar".split()


def instead(word: str) -> str:
    """Return a need that may lie behind a label, to be put right by whoever knows."""
    for labels, need in (
        (BRIEF, _("likes it brief and to the point")),
        (EXACT, _("likes it exactly so: read the order back")),
        (PRICE, _("likes to hear the price first")),
        (CALM, _("needs a calm word")),
    ):
        if any(word.startswith(label) for label in labels):
            return need
    return _("needs ten more minutes")


def nothing_left() -> str:
    return _("Left out. Nothing else was written.")


def left_out() -> str:
    return _("Left out. Keep the rest when it is right.")


def put_right() -> str:
    return _("Make it true of them, then keep it.")
