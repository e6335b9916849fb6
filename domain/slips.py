"""Slips of a typing finger: a letter wrong, missing, one too many, or two swapped.

Words are folded (``models.words_in``), and what was typed is compared with the beginning of a word, since nobody types
a name to its end.
"""

from __future__ import annotations

from functools import lru_cache

from models import folded

ONE_FROM = 4  # letters; of fewer, a slip would make anybody of anybody
TWO_FROM = 8
HEAD = 3  # the first letters: they narrow down where to look
REACH = 40  # code points on either side of a letter that hold the others of its script


def forgiven(typed: str) -> int:
    """Return how many slips a typed word is forgiven."""
    return (len(typed) >= ONE_FROM) + (len(typed) >= TWO_FROM)


def slips(typed: str, word: str, most: int) -> tuple[int, int] | None:
    """Return the fewest slips by which `word` begins as `typed`, and how many of its letters (the most) those are.

    None where it would take more than `most`. Letters that agree are never better read as a slip, so only what
    follows the first that does not is tried in the four ways.
    """
    same = 0
    for one, other in zip(typed, word, strict=False):
        if one != other:
            break
        same += 1
    if same == len(typed):
        return 0, same
    if most == 0:
        return None
    rest, left = typed[same:], word[same:]
    ways = [(rest[1:], left, 0)]
    if left:
        ways += [(rest[1:], left[1:], 1), (rest, left[1:], 1)]
    if len(rest) > 1 and rest[1::-1] == left[:2]:
        ways.append((rest[2:], left[2:], 2))
    best = None
    for typed_on, word_on, taken in ways:
        further = slips(typed_on, word_on, most - 1)
        if further is not None:
            found = further[0] + 1, same + taken + further[1]
            if best is None or (found[0], -found[1]) < (best[0], -best[1]):
                best = found
    return best


@lru_cache(maxsize=512)
def letters_beside(letter: str) -> str:
    """Return the small letters of the same script as a letter, itself among them."""
    near = map(chr, range(max(ord(letter) - REACH, 0x30), ord(letter) + REACH + 1))
    return "".join(c for c in near if c.isalpha() and folded(c) == c)


def beginnings(typed: str, most: int) -> list[str]:
    """Return how words may begin that are within `most` slips of what was typed: where to look in an index.

    Complete for one slip. Of two, at most one is looked for in the first letters (HEAD, and the two behind them):
    whoever misses the start of a name twice has not typed that name.
    """
    found = {typed[:HEAD]: None}
    if most:
        upto = len(typed) if most == 1 else HEAD + 2
        for i in range(HEAD):
            before, at, after = typed[:i], typed[i], typed[i + 1 : upto]
            found[before + after] = None
            found[before + typed[i + 1 : i + 2] + at + typed[i + 2 : upto]] = None
            for letter in letters_beside(at):
                found[before + letter + after] = None
                found[before + letter + at + after] = None
    return list(found)
