"""Each shop's day, kept in memory between requests: what has not changed is not read again.

The shop's revision, read with every request's session, says whether anything has. Where only acts have happened since
(each names its customer and the revision it made), those customers alone are read anew; anything else, such as an
import or a changed setting, has the whole day read. A board is never changed once made, so a thread may go on with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from domain.expected import day_list
from domain.lines import Around, Line, moment_of, read, standing, words_for
from domain.prompts import CROWD, CROWD_MINUTES
from domain.states import is_living
from models import Database, Shop, Staff, db


@dataclass(frozen=True, slots=True)
class Board:
    """A day's lines at one revision of the shop, by customer."""

    day: date
    revision: int
    read_at: datetime
    around: Around
    by_customer: dict[int, Line]
    frames: dict[Any, str] = field(default_factory=dict)  # what stands around a day, kept on while only acts happen
    pages: dict[Any, Any] = field(
        default_factory=dict
    )  # finished pages of this board, by who asked when (views/today.py)

    def lines(self, shop: Shop, now: datetime, asker: Staff | None) -> list[Line]:
        """Return the lines, best first, with the words for this moment; what is kept of them is shared, not copied."""
        moment = moment_of(shop, now, self.around, asker)
        return [
            line.saying(words_for(line, moment, shop)) if line.prompts or line.prompt else line
            for line in standing(self.by_customer.values(), shop, now)
        ]


_boards: WeakKeyDictionary[Database, dict[int, Board]] = WeakKeyDictionary()


def board(shop: Shop, now: datetime) -> Board:
    """Return the shop's day as of `shop.revision`, read as little as possible: no query, or one, or the day's list made."""
    boards = _boards.setdefault(db.obj, {})
    day, last = shop.day_of(now), boards.get(shop.id)
    if last is None or last.day != day or now < last.read_at or _has_come(last, now):
        fresh = _whole(shop, day, now)
    elif last.revision == shop.revision:
        return last
    else:
        fresh = _renewed(last, shop, now) or _whole(shop, day, now)
    boards[shop.id] = fresh
    return fresh


def _has_come(last: Board, now: datetime) -> bool:
    """Say whether a visit that was told for later has become the present, or a crowd has had time to go."""
    crowd = last.around.lately > CROWD and now - last.read_at >= timedelta(minutes=CROWD_MINUTES)
    return crowd or (last.around.next_at is not None and last.around.next_at <= now)


def _whole(shop: Shop, day: date, now: datetime) -> Board:
    lines, around = read(shop, day, now)
    if not around.made:
        day_list(shop, day)
        lines, around = read(shop, day, now)
    return Board(day, shop.revision, now, around, {line.customer.id: line for line in lines})


def _renewed(last: Board, shop: Shop, now: datetime) -> Board | None:
    """Return the board with those lines read anew that acts have changed; None where more than acts has happened."""
    lines, around = read(shop, last.day, now, since=last.revision)
    if not around.made or around.acts != shop.revision - last.revision:
        return None
    by_customer = dict(last.by_customer)
    for line in lines:
        if (line.is_expected or line.arrived) and is_living(line.customer.state):
            by_customer[line.customer.id] = line
        else:
            by_customer.pop(line.customer.id, None)
    return Board(last.day, shop.revision, now, around, by_customer, frames=last.frames)
