"""Cards of people as address books write them (vCard 2.1, 3.0 and 4.0): who they are, and where they can be reached.

Pictures and all that we do not take are passed over unread. Whatever a card holds, reading it ends and raises nothing.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterable, Iterator
from typing import Any

LONGEST_LINE = 20_000  # letters, unfolded; a picture is longer and is nothing to us
LONGEST_HEAD = 2000  # letters before the value
LONGEST_CARD = 2000  # lines
READ = {"FN", "N", "NICKNAME", "TEL", "EMAIL", "UID", "ORG", "BDAY", "NOTE", "CATEGORIES", "DEATHDATE"}
NAME = re.compile(r"(?:[\w-]{1,60}\.)?([A-Za-z-]{1,40})")


def read(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, list[str]]]]:
    """Yield each card with the number of the line it begins on: property -> its values, in order; of a card that does not end,
    what there is."""
    card: dict[str, list[str]] = {}
    began, length = 0, 0
    for number, line in _unfolded(lines):
        bare = line.strip().upper()
        if bare == "BEGIN:VCARD":
            if began:
                yield began, card
            card, began, length = {}, number, 0
        elif bare == "END:VCARD" and began:
            yield began, card
            card, began = {}, 0
        elif began and (length := length + 1) <= LONGEST_CARD:
            _take(line, card)
    if began:
        yield began, card


def _unfolded(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield whole lines: one that begins with a space goes on with the last, and so does one after a soft line end."""
    whole, began = "", 0
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip("\r\n")
        soft = whole.endswith("=") and "QUOTED-PRINTABLE" in whole[:300].upper()
        if began and (line[:1] in (" ", "\t") or soft):
            whole = (whole[:-1] + line if soft else whole + line[1:])[:LONGEST_LINE]
            continue
        if began:
            yield began, whole
        whole, began = line[:LONGEST_LINE], number
    if began:
        yield began, whole


def _take(line: str, card: dict[str, list[str]]) -> None:
    before, value = _split(line)
    found = NAME.fullmatch(before.partition(";")[0])
    if found is None or found[1].upper() not in READ:
        return
    name, how = found[1].upper(), before.upper()
    if "QUOTED-PRINTABLE" in how:
        raw = quopri.decodestring(value.encode("utf-8", "replace"))
        value = raw.decode("latin-1" if "8859-1" in how else "utf-8", "replace")
    if name in ("N", "ORG"):
        parts = [_plain(part) for part in re.split(r"(?<!\\);", value)]
        value = " ".join(
            part for part in ([*parts[1:3], parts[0]] if name == "N" and len(parts) > 1 else parts[:1]) if part
        )
    else:
        value = _plain(value)
    if name == "TEL":
        value = re.sub(r"^tel:", "", value, flags=re.IGNORECASE)
    if name == "EMAIL":
        value = re.sub(r"^mailto:", "", value, flags=re.IGNORECASE)
    if value:
        card.setdefault(name, []).append(value)


def _split(line: str) -> tuple[str, str]:
    """Return what stands before and after the first colon that is in no quotes."""
    quoted = False
    for place, letter in enumerate(line[:LONGEST_HEAD]):
        if letter == '"':
            quoted = not quoted
        elif letter == ":" and not quoted:
            return line[:place], line[place + 1 :]
    return "", ""


def _plain(value: str) -> str:
    """Return a value without its escapes, on one line."""
    return " ".join(re.sub(r"\\([nN])|\\(.)", lambda found: " " if found[1] else found[2], value).split())


def as_row(card: dict[str, list[str]]) -> dict[str, Any]:
    """Return a card as a line of a file of customers."""
    first = {name: values[0] for name, values in card.items()}
    name = first.get("FN") or first.get("N", "")
    return {
        "id": first.get("UID", ""),
        "name": name or first.get("ORG", ""),
        "call": first.get("NICKNAME", ""),
        "phone": ";".join(card.get("TEL", [])[:10]),
        "email": ";".join(card.get("EMAIL", [])[:10]),
        "birthday": _birthday(first.get("BDAY", "")),
        "tags": ";".join(card.get("CATEGORIES", [])),
        "note": " ".join(card.get("NOTE", [])),
        "firm": first.get("ORG", "") if name else "",
        "state": "died" if "DEATHDATE" in card else "",
    }


BORN = re.compile(r"(\d{4}|--)-?(\d\d)-?(\d\d)(?:T.*)?")


def _birthday(text: str) -> str:
    """Return a birthday as YYYY-MM-DD, or MM-DD where the year was left out (some programs then write 1604); else as it is."""
    found = BORN.fullmatch(text)
    if found is None:
        return text
    return f"{found[2]}-{found[3]}" if found[1] in ("--", "1604") else f"{found[1]}-{found[2]}-{found[3]}"
