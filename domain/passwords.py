"""An owner's password: how it is kept, and which are refused because somebody would guess them.

It is kept as an argon2id hash. What a try costs (memory, rounds) stands in the hash itself: where that is not today's, the
password is hashed anew the next time it was right.
"""

from __future__ import annotations

import re
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from models import folded
from words import _

ADVISED = 15  # letters: enough even where somebody has a copy of the database and tries day and night
LEAST = 10  # enough while tries go through the sign-in page, which rests between them
MOST = 500
OWN_PART = 8  # letters that have to be left when the shop's and the owner's names are taken out
AT_ONCE = 2  # passwords weighed at the same time, so that many tries at once cannot take all memory
IN_LINE = 3  # weighed or waiting; of owners' own browsers and of all others each. More would take the server's threads
WAITS = 5.0  # seconds for one's turn

# 32 MiB and three rounds: 75 ms on the slow core it was measured on. With two at once a server of 512 MB bears it.
_hasher = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
_turns = threading.BoundedSemaphore(AT_ONCE)
_strangers = threading.BoundedSemaphore(
    AT_ONCE - 1
)  # the other turn is kept for browsers that an owner signed in on before
_lines = {known: threading.BoundedSemaphore(IN_LINE) for known in (True, False)}


class Busy(Exception):
    """Too many passwords are being weighed already."""


@contextmanager
def turn(known: bool) -> Iterator[None]:
    """Wait for one's turn to have a password weighed. Whoever comes while some wait already is told so at once: anybody may
    ask, and each that waits holds a thread of the server. Owners, and browsers `known` to them, have a line of their own
    and a turn that nobody else gets. Raises Busy."""
    wanted = [_turns] if known else [_strangers, _turns]
    with ExitStack() as held:
        _take(_lines[known], held, 0)
        until = time.monotonic() + WAITS
        for one in wanted:
            _take(one, held, max(0.0, until - time.monotonic()))
        yield


def _take(one: threading.Semaphore, held: ExitStack, waits: float) -> None:
    if not one.acquire(timeout=waits):
        raise Busy()
    held.callback(one.release)


def hashed(password: str) -> str:
    """Return the hash under which an owner's password is kept. Raises Busy."""
    with turn(known=True):
        return _hasher.hash(_plain(password))


def matches(password: str, kept: str) -> bool:
    """Say whether a password is the one that was hashed; where there is none it takes as long to say no. To be asked only in
    one's `turn`."""
    try:
        return _hasher.verify(kept or _nobodys(), _plain(password)) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Say whether a hash was made at another cost than today's."""
    return bool(kept) and _hasher.check_needs_rehash(kept)


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody’s password")


def _plain(password: str) -> str:
    """Return a password in the one form in which every keyboard's way of writing it is the same."""
    return unicodedata.normalize("NFKC", password)[:MOST]


# -- which are refused


def problem(password: str, *names: str) -> str:
    """Return why a password is refused, "" where it is fit; `names` are the shop's and the owner's."""
    plain = _plain(password)
    if len(plain) < LEAST:
        return _("Use ten characters at least. Fifteen are better: a few words in a row are easy to keep in mind.")
    if len(password) > MOST:
        return _("That is longer than %(most)s characters.", most=MOST)
    whole = own = re.sub(r"\W", "", folded(plain))
    spelt = {re.sub(r"\W", "", part) for name in names for part in (folded(name), *folded(name).split())}
    for name in sorted(spelt, key=lambda name: (-len(name), name)):
        if len(name) > 2:
            own = own.replace(name, "")
    if len(own) < min(OWN_PART, len(whole)):
        return _("That is little more than a name of yours or the shop’s. Use other words.")
    if is_common(plain):
        return _("That is among the first that anybody would try. A few words that do not belong together are better.")
    return ""


def is_common(password: str) -> bool:
    """Say whether somebody would try a password early: one of the list, with figures around it or written twice, or keys and
    figures in a row."""
    low = password.casefold().replace(" ", "")
    letters = re.sub(r"[^\w]|[\d_]", "", low)
    read = re.sub(r"[^\w]|[\d_]", "", _trimmed(low).translate(_READ_AS))
    shapes = {low, letters, read, once(low), once(letters), once(read)}
    return len(set(low)) < 5 or not letters or bool(shapes & _common()) or _in_a_row(low) > len(low) // 2


_READ_AS = str.maketrans("0134578@$!", "oleastbasi")  # figures and signs that stand for letters


def _trimmed(low: str) -> str:
    return low.strip("0123456789!?.,;:*#+-_@$")


def once(text: str) -> str:
    """Return what a text says once, where it says the same again and again."""
    return text[: (text + text).index(text, 1)] if text else ""


ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
)


def _in_a_row(low: str) -> int:
    """Return how many steps lead from one key or letter to the next one, forwards or backwards, or stay on it."""
    steps = {pair for row in ROWS for pair in pairwise(row)}
    return sum(a == b or (a, b) in steps or (b, a) in steps for a, b in pairwise(low))


@cache
def _common() -> frozenset[str]:
    lines = Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
