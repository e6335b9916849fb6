"""Search as you type: how long an answer to two or three letters takes, and with ten times the people."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count

from benchmarks import turns
from benchmarks.phones import Phone
from benchmarks.shops import SEED, opened
from benchmarks.stand import Figure, Stand
from models import Customer


def as_you_type(stand: Stand) -> Figure:
    """Return how long an answer takes among ten thousand people, against hello."""
    phone, typed, hello = stand.phone("large"), _typed(stand, "large"), stand.hello()
    found = turns.by_p50(lambda: _search(phone, next(typed)), hello, stand.pairs, stand.times(40))
    return Figure(found.ratio, found.told())


def among_more(stand: Stand) -> Figure:
    """Return how much longer an answer takes among ten times the people."""
    wide, small = stand.phone("wide"), stand.phone("small")
    typed, as_well = _typed(stand, "small"), _typed(stand, "small")
    found = turns.by_p50(
        lambda: _search(wide, next(typed)), lambda: _search(small, next(as_well)), stand.pairs, stand.times(40)
    )
    return Figure(found.ratio, found.told())


def _search(phone: Phone, letters: str) -> float:
    return phone.post("/find", {"q": letters}).seconds


def _typed(stand: Stand, size: str) -> Iterator[str]:
    """Yield what is typed: the first two and three letters of given and family names, in a mixed order, again and again."""
    with opened(stand.shop(size).folder):
        names = [name for (name,) in Customer.select(Customer.name).limit(5000).tuples()]
    words = {word.lower() for name in names for word in name.split() if len(word) > 2}
    letters = sorted({word[:n] for word in words for n in (2, 3)})
    random.Random(SEED).shuffle(letters)
    return (letters[i % len(letters)] for i in count())
