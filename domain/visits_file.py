"""A file of visits as plain values: who came on which day, at what minute, in which shop.

The first line names the columns: customer, at (ISO 8601, the shop's wall time) and optionally shop. A file whose name
ends in .gz is unpacked while it is read.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from datetime import date, datetime
from pathlib import Path
from typing import IO

from words.speaking import _

YEARS = range(1900, 4000)  # a visit outside is a slip of whoever wrote the file

Days = dict[date, dict[str, int]]  # the minute after midnight of each customer's first arrival, days in order


class Unreadable(Exception):
    """The file cannot be read as visits; the sentence says why."""


def visits_of(file: Path, apart: bool) -> dict[str, Days]:
    """Return the days of the shops in a file, both in order. Without `apart`, and where no column names a shop, all visits
    are those of one shop called "".

    Raises Unreadable for a file, or a line of it, that cannot be understood.
    """
    try:
        with _opened(file) as source:
            found = _read(source, apart)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(_("%(file)s cannot be read: %(error)s", file=file, error=error)) from None
    return {shop: dict(sorted(found[shop].items())) for shop in sorted(found)}


def _opened(file: Path) -> IO[str]:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", newline="", encoding="utf-8-sig")
    return file.open(newline="", encoding="utf-8-sig")


def _read(source: IO[str], apart: bool) -> dict[str, Days]:
    """Return the days by shop, neither in order."""
    reader = csv.reader(source)
    columns = {name: place for place, name in enumerate(next(reader, []))}
    if not {"customer", "at"} <= columns.keys():
        raise Unreadable(_("The first line should name the columns customer and at."))
    who, when, where = columns["customer"], columns["at"], columns.get("shop") if apart else None
    longest = max(who, when, where or 0) + 1

    found: dict[str, Days] = {}
    days: Days = found.setdefault("", {}) if where is None else {}
    for row in reader:
        if len(row) < longest:
            if not row:
                continue
            row += [""] * (longest - len(row))
        text, customer = row[when], row[who]
        try:
            at = datetime.fromisoformat(text.strip())
        except ValueError:
            told = _("Line %(line)s: “%(text)s” is no time such as 2026-11-24T08:12.", line=reader.line_num, text=text)
            raise Unreadable(told) from None
        if at.year not in YEARS:
            line = reader.line_num
            raise Unreadable(
                _("Line %(line)s: “%(text)s” is too long ago.", line=line, text=text)
                if at.year < YEARS.start
                else _("Line %(line)s: “%(text)s” is too far ahead.", line=line, text=text)
            )
        if not customer:
            raise Unreadable(_("Line %(line)s: no customer on this line.", line=reader.line_num))
        if where is not None:
            if not row[where]:
                raise Unreadable(_("Line %(line)s: no shop on this line.", line=reader.line_num))
            days = found.setdefault(row[where], {})
        came = days.setdefault(at.date(), {})
        minute = at.hour * 60 + at.minute
        earliest = came.get(customer)
        if earliest is None or minute < earliest:
            came[customer] = minute
    return found
