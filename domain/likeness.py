"""There is one already: whose name is so like another's that it may be the same person."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from domain import lookup
from domain.lookup import Person
from domain.slips import ONE_FROM, beginnings, slips
from domain.states import is_living
from models import Shop, folded, words_in

MOST = 3  # people asked about
SIMILAR = 12
UNHEARD = "'’`.\u02bb\u02bc"
END = "\n\n"  # two letters that no word has: a slip cannot do away with both, so words are compared to their ends


@dataclass(frozen=True, slots=True)
class Alike:
    """Somebody who may be meant, and the name they have in common: their own or what to call them."""

    person: Person
    name: str
    slips: int


def alike(shop: Shop, name: str, now: datetime) -> list[Alike]:
    """Return the customers called as `name`, most alike first: the same words in any order, or one slip in them all.

    Their whole name counts and what to call them, not a part: a shop may have many a Jo. Two queries at most.
    """
    words = _words(name)
    if not words:
        return []
    looked_for = {
        max(words, key=len),
        max(words_in(name), key=len),
    }  # Larsson-Mbeki is kept as one word, and by its parts
    near = lookup.words_begun(shop, [b for word in looked_for if len(word) >= ONE_FROM for b in beginnings(word, 1)])
    similar = [other for other in near if any(_is_slip(word, other) for word in looked_for)]
    found = lookup.called_about(shop, (*looked_for, "".join(words), *similar[:SIMILAR]), len(folded(name)), now)
    both = [
        min(
            (Alike(person, called, _unlike(words, _words(called))) for called in (person.name, person.call)), key=_slips
        )
        for person in found
        if is_living(person.state)  # as whoever is new and here does
    ]
    return sorted((one for one in both if one.slips < 2), key=_slips)[:MOST]


def _slips(alike: Alike) -> int:
    return alike.slips


def _words(name: str) -> list[str]:
    """Return the words of a name as they count here: a hyphen parts them, an apostrophe or a dot does not."""
    plain = (c for c in folded(name) if c not in UNHEARD)
    return "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in plain).split()


def _unlike(words: list[str], others: list[str]) -> int:
    """Return by how many slips two names differ: 0, 1, or 2 for more. Order and spaces do not count."""
    if sorted(words) == sorted(others) or "".join(words) == "".join(others):
        return 0
    left, right = _less(words, others), _less(others, words)
    if len(left) == len(right) == 1 and _is_slip(left[0], right[0]):
        return 1
    return 1 if _is_slip("".join(words), "".join(others)) else 2


def _less(words: list[str], others: list[str]) -> list[str]:
    """Return the words without those that the others have as well."""
    left = list(words)
    for other in others:
        if other in left:
            left.remove(other)
    return left


def _is_slip(word: str, other: str) -> bool:
    """Say whether two whole words are at most one slip apart; in short ones every letter counts."""
    if min(len(word), len(other)) < ONE_FROM:
        return word == other
    return slips(word + END, other + END, 1) is not None
