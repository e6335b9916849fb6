"""Where in a name, or in what somebody has, that is which was looked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from domain.slips import forgiven, slips
from models import NEEDLESS_SPACE, folded, letters_in

Pieces = tuple[tuple[str, bool], ...]  # a text in pieces, each with whether it is what was looked for


@lru_cache(maxsize=4096)
def marked(text: str, words: tuple[str, ...], slipped: bool = False) -> Pieces:
    """Return a text in pieces: what each of the typed `words` found in it, and what stands between.

    A word is marked where one of the text begins with it; where it was found by slips (`slipped`), what was meant is.
    """
    spans = [span for word in words if (span := _span(text, word, forgiven(word) if slipped else 0))]
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= at:
            pieces += [(text[at:start], False), (text[start:end], True)]
            at = end
    return tuple(piece for piece in [*pieces, (text[at:], False)] if piece[0])


def _span(text: str, typed: str, most: int) -> tuple[int, int] | None:
    """Return where in a text a typed word is: with the fewest slips where one begins so, else inside of one."""
    if not most and text.isascii() and (plain := _plainly(text.lower(), typed)):
        return plain
    best: tuple[int, int, int] | None = None
    for letters, origin, starts in _tokens(text):
        for start in starts:
            slip = slips(typed, letters[start:], most)
            if slip and slip[1] and (best is None or slip[0] < best[0]):
                best = (slip[0], origin[start], origin[start + slip[1] - 1] + 1)
        if best is None and not most and (start := letters.find(typed)) > 0:
            best = (1, origin[start], origin[start + len(typed) - 1] + 1)
    if best is None:
        return None
    _count, first, end = best
    while end < len(text) and not folded(text[end]) and not text[end].isspace():  # an accent by itself
        end += 1
    return first, end


def _plainly(text: str, typed: str) -> tuple[int, int] | None:
    """Return where a typed word begins one of a text, letter by letter: most names are as plain as that."""
    at = text.find(typed)
    while at > 0 and text[at - 1].isalnum():
        at = text.find(typed, at + 1)
    return (at, at + len(typed)) if at >= 0 else None


def _tokens(text: str) -> Iterator[tuple[str, list[int], list[int]]]:
    """Yield each token of a text as `letters_in` tells them, with the place in the text that each letter came from."""
    plain, origin = "", []
    for i, c in enumerate(text):
        fold = " " if c.isspace() else c.lower() if c.isascii() else folded(c)
        plain += fold
        origin += [i] * len(fold)
    for space in reversed(list(NEEDLESS_SPACE.finditer(plain))):
        plain = plain[: space.start()] + plain[space.end() :]
        del origin[space.start()]
    for token in re.finditer(r"\S+", plain):
        letters, places, starts = letters_in(token[0])
        yield letters, [origin[token.start() + place] for place in places], starts
