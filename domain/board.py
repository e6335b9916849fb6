"""Each shop's day, kept in memory between requests: what has not changed is not read again.

The shop's revision, read with every request's session, says whether anything has. Where only acts have happened since
(each names its customer and the revision it made), those customers alone are read anew; anything else, such as an
import or a changed setting, has the whole day read. A board is never changed once made, so a thread may go on with it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import RLock
from typing import Any, TypeGuard
from weakref import WeakKeyDictionary

from domain.expected import day_list
from domain.lines import Around, Line, moment_of, read, standing, words_for
from domain.prompts import ABOUT_WHO_ASKS, CROWD, CROWD_MINUTES, Moment
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
    asked: frozenset[int] = frozenset()  # customers of whom something may be said that is not true for whoever asks
    frames: dict[Any, str] = field(default_factory=dict)  # what stands around a day, kept on while only acts happen
    pages: dict[Any, Any] = field(default_factory=dict)  # finished answers of this board (views/answers.py), and
    turn: RLock = field(default_factory=RLock)  # whose turn it is to make one

    def lines(self, shop: Shop, now: datetime, asker: Staff | None) -> list[Line]:
        """Return the lines, best first, with the words for this moment; what is kept of them is shared, not copied."""
        mine, anyones = (moment_of(shop, now, self.around, one) for one in (asker, None))
        return [
            _saying(line, mine if line.customer.id in self.asked else anyones, shop)
            if line.prompts or line.prompt
            else line
            for line in standing(self.by_customer.values(), shop, now)
        ]


def _saying(line: Line, moment: Moment, shop: Shop) -> Line:
    """Return a line with the words for a moment; whoever looks again within it is shown the same."""
    last = line.worded.get(moment.staff)
    if last is None or last[0] != moment:
        last = line.worded[moment.staff] = (moment, line.saying(words_for(line, moment, shop)))
    return last[1]


BESIDE = timedelta(seconds=3)  # by how much a request may have been overtaken by another that began later

_boards: WeakKeyDictionary[Database, dict[int, Board]] = WeakKeyDictionary()
_turns: WeakKeyDictionary[Database, defaultdict[int, RLock]] = WeakKeyDictionary()


def board(shop: Shop, now: datetime) -> Board:
    """Return the shop's day as of `shop.revision` or, where another request was quicker, a later one. It is read as little as
    possible: no query, or one, or the day's list made; and once for all who ask meanwhile: they wait for whoever reads, so
    nobody asks from within a transaction."""
    boards, day = _boards.setdefault(db.obj, {}), shop.day_of(now)
    if _holds(last := boards.get(shop.id), shop, day, now):
        return last
    with _turns.setdefault(db.obj, defaultdict(RLock))[shop.id]:
        if _holds(last := boards.get(shop.id), shop, day, now):
            return last
        fresh = None
        if last is not None and last.day == day and last.revision < shop.revision and not _is_past(last, now):
            fresh = _renewed(last, shop, now)
        boards[shop.id] = fresh = fresh or _whole(shop, day, now)
        return fresh


def kept_board(shop: Shop, now: datetime) -> Board | None:
    """Return the shop's day where it is in memory and still holds; nothing is read for it."""
    last = _boards.get(db.obj, {}).get(shop.id)
    return last if _holds(last, shop, shop.day_of(now), now) else None


def _holds(last: Board | None, shop: Shop, day: date, now: datetime) -> TypeGuard[Board]:
    """Say whether a board still tells the day, or tells it newer than was asked for. (Where the shop itself is not that far, an
    older copy of the data was put back.)"""
    if last is None or last.day != day or last.revision < shop.revision or _is_past(last, now):
        return False
    return last.revision == shop.revision or last.revision <= Shop.get_by_id(shop.id).revision


def _is_past(last: Board, now: datetime) -> bool:
    return now < last.read_at - BESIDE or _has_come(last, now)


def _has_come(last: Board, now: datetime) -> bool:
    """Say whether a visit that was told for later has become the present, or a crowd has had time to go."""
    crowd = last.around.lately > CROWD and now - last.read_at >= timedelta(minutes=CROWD_MINUTES)
    return crowd or (last.around.next_at is not None and last.around.next_at <= now)


def _whole(shop: Shop, day: date, now: datetime) -> Board:
    lines, around = read(shop, day, now)
    if not around.made:
        day_list(shop, day)
        lines, around = read(shop, day, now)
    by_customer: dict[int, Line] = {line.customer.id: line for line in lines}
    return Board(day, shop.revision, now, around, by_customer, _asked(lines))


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
    asked = last.asked.difference(line.customer.id for line in lines) | _asked(lines)
    return Board(last.day, shop.revision, now, around, by_customer, asked, last.frames)


def _asked(lines: list[Line]) -> frozenset[int]:
    """Return the customers of whose words some are true for one of us and not for another."""
    worded = ((line.customer.id, [*line.prompts, *([line.prompt] if line.prompt else [])]) for line in lines)
    return frozenset(customer for customer, prompts in worded if any(one["id"] in ABOUT_WHO_ASKS for one in prompts))
