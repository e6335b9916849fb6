"""Looking somebody up by the beginning of any word of a name or of what they have; before typing, who may well be there.

Every step is bounded by what a screen shows, however many customers and visits there are. `docs/finding.md` tells what
is found, in which order, and at what cost.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple
from weakref import WeakKeyDictionary

from domain import contacts, lookup
from domain.board import Board, board
from domain.lines import Line
from domain.lookup import END, Person
from domain.slips import beginnings, forgiven, slips
from domain.states import is_sought
from domain.today import line_time
from models import Database, Shop, db, folded, instant_text, typed_words, words_in

MOST = 8  # people shown: about what a phone has room for above the field
LIKELY = 6  # of whom before typing: without a finger's travel
AT_HAND = 12  # shown before typing, where there is a whole page for them
FEW = 3  # with fewer found, slips are forgiven
SIMILAR = 12  # words within a slip that are looked up
WORDS = 6  # typed words that count
LATELY = timedelta(days=14)
THIS_HOUR = timedelta(hours=1)
MINUTES_OFF = 60


class Hit(NamedTuple):
    """Somebody who was found, with their line where they are on the day, and by how many slips."""

    person: Person
    line: Line | None = None
    slips: int = 0

    @property
    def by_name(self) -> bool:
        """Whether it was their name that found them, or else what they have."""
        return not self.person.of_usual


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, best first; the words that found them; whether there are `more` than shown."""

    hits: list[Hit]
    words: tuple[str, ...] = ()
    more: bool = False
    by_tag: bool = False


# -- before typing


def likely(shop: Shop, now: datetime) -> Found:
    """Return who may be standing there: expected about now and not here yet, then those seen lately, at this hour
    before others, then who is here already, last come first. At most one query, where something has changed."""
    day, local = board(shop, now), shop.local(now)
    lines = {number: line for number, line in day.by_customer.items() if is_sought(line.customer.state)}
    due = [line for line in lines.values() if line.visit is None and _wait(line, local) <= THIS_HOUR]
    due.sort(key=lambda line: (_wait(line, local), -line.probability))
    here = sorted((line for line in lines.values() if line.visit), key=_arrival, reverse=True)
    known = _lately(shop, day)
    lately = [person for person in known.people.values() if person.id not in day.by_customer]
    minute = local.hour * 60 + local.minute
    lately.sort(key=lambda person: _minutes_off(known.minute_of(person, shop), minute) > MINUTES_OFF)
    for_here = min(len(here), 1)
    due = due[: max(LIKELY // 2, LIKELY - for_here - len(lately))]
    hits = [_hit(line) for line in due] + [Hit(person) for person in lately[: LIKELY - for_here - len(due)]]
    return Found((hits + [_hit(line) for line in here])[:LIKELY])


def at_hand(shop: Shop, now: datetime) -> list[Hit]:
    """Return those one may have something to note about: who is here, last come first, then who is expected, the nearest in
    time first."""
    local = shop.local(now)
    lines = [line for line in board(shop, now).by_customer.values() if is_sought(line.customer.state)]
    here = sorted((line for line in lines if line.visit), key=_arrival, reverse=True)
    due = sorted((line for line in lines if not line.visit), key=lambda line: (_wait(line, local), -line.probability))
    return [_hit(line) for line in (here + due)[:AT_HAND]]


def _wait(line: Line, local: datetime) -> timedelta:
    """Return how far off a line's time is; as good as an hour where no time is honest."""
    time = line_time(line, local)
    return THIS_HOUR if time is None else abs(time - local)


def _arrival(line: Line) -> datetime:
    assert line.visit
    return line.visit.at


def _minutes_off(one: int, other: int) -> int:
    """Return how far apart two minutes of the day are on the face of a clock."""
    apart = abs(one - other)
    return min(apart, 24 * 60 - apart)


# -- typing


def found(shop: Shop, typed: str, now: datetime) -> Found:
    """Return who is found by what was typed: each word of it begins a word of their name, of what to call them, or of
    their usual here. Where that finds fewer than FEW and no whole word, names within a slip follow (`domain.slips`).

    A name comes before a usual; then those expected today and not here yet, the next first; those here; those seen
    lately; the others in the order of their words. Asks once, twice more where slips are forgiven; and where something
    has changed, for those seen lately, and what the board asks. Behind a # stands a tag; where there is none that begins so,
    it is a name like any other, asked for once more.
    """
    if typed.startswith("#") and (tags := lookup.tags_begun(shop, folded(typed.lstrip("# ")))):
        return _all_of(shop, lookup.tagged(shop, tags, now), now, by_tag=True)
    mail, digits = contacts.sought(typed)
    if (mail or digits) and (reached := lookup.reached(shop, mail, digits, now)):
        return _all_of(shop, reached, now)
    words = tuple(sorted(typed_words(typed)[:WORDS], key=len, reverse=True))  # the longest says most
    if not words:
        return Found([])
    day = board(shop, now)
    people, cut = _begun(shop, day, words, now)
    slipped: dict[int, int] = {}
    inside: set[int] = set()
    if len(people) < FEW and not any(_is_called(person, words) for person in people.values()):
        for person, count in _within_slips(shop, words, now):
            if person.id not in people:
                people[person.id], slipped[person.id] = person, count
    if len(people) < MOST and len(words) == 1:
        for person in _inside(shop, day, words[0]):
            if person.id not in people:
                people[person.id] = person
                inside.add(person.id)
    ranked = _ranked(people, day.by_customer, shop, now)
    ranked.sort(key=lambda person: (person.id in inside, slipped.get(person.id, 0), person.of_usual))
    hits = [Hit(one, day.by_customer.get(one.id), slipped.get(one.id, 0)) for one in ranked[:MOST]]
    return Found(hits, words, cut or len(ranked) > MOST)


def _all_of(shop: Shop, people: list[Person], now: datetime, by_tag: bool = False) -> Found:
    lines = board(shop, now).by_customer
    have = _ranked({person.id: person for person in people}, lines, shop, now)
    return Found([Hit(one, lines.get(one.id)) for one in have[:MOST]], more=len(have) > MOST, by_tag=by_tag)


def _ranked(people: dict[int, Person], lines: dict[int, Line], shop: Shop, now: datetime) -> list[Person]:
    """Return people by how they stand today; those it does not tell apart stay as they came."""
    since = instant_text(now - LATELY)
    due: list[tuple[Line, Person]] = []
    here: list[tuple[Line, Person]] = []
    lately: list[Person] = []
    rest: list[Person] = []
    for person in people.values():
        line = lines.get(person.id)
        if line is not None:
            (here if line.visit else due).append((line, person))
        elif person.seen is not None and person.seen > since:
            lately.append(person)
        else:
            rest.append(person)
    lately.sort(key=_seen, reverse=True)
    if due or here:
        local = shop.local(now)
        due.sort(key=lambda pair: _wait(pair[0], local))
        here.sort(key=lambda pair: _arrival(pair[0]), reverse=True)
    return [person for _line, person in due + here] + lately + rest


_seen = attrgetter("seen")


def _begun(shop: Shop, day: Board, words: tuple[str, ...], now: datetime) -> tuple[dict[int, Person], bool]:
    """Return whom the words find as they were typed, and whether there may be more than were read."""
    rows = lookup.people(shop, [lookup.begins(word) for word in words], now)
    people: dict[int, Person] = {}
    usuals = 0
    for person in rows:  # of one person the first counts: by name
        people.setdefault(person.id, person)
        usuals += person.of_usual
    cut = len(rows) - usuals >= lookup.NAMES or usuals >= lookup.USUALS
    for known in (_lately(shop, day), _of_day(shop, day)) if cut else (_of_day(shop, day),):
        for number, of_usual in known.begun(words).items():
            person = known.people[number]
            people[number] = person._replace(of_usual=1) if of_usual else person
    return people, cut


def _inside(shop: Shop, day: Board, word: str) -> list[Person]:
    """Return whose name has a word inside it: only among those of the day and those seen lately, for the index knows
    beginnings."""
    if len(word) < 2:
        return []
    known = {**_of_day(shop, day).people, **_lately(shop, day).people}
    return [person for person in known.values() if word in _all_words(person.name)]


def _is_called(person: Person, words: tuple[str, ...]) -> bool:
    """Say whether what was typed are whole words of somebody's name: then nobody slipped."""
    return set(words) <= {*_words(person.name), *_words(person.call)}


def _within_slips(shop: Shop, words: tuple[str, ...], now: datetime) -> list[tuple[Person, int]]:
    """Return who has a name within the slips that the typed words are forgiven, and with how many. Two queries at most."""
    most = {word: forgiven(word) for word in words}
    places = dict.fromkeys(begin for word in words if most[word] for begin in beginnings(word, most[word]))
    if not places:
        return []
    near = lookup.words_begun(shop, list(places))
    conditions: list[lookup.Condition] = []
    counts: list[dict[str, int]] = []
    for word in words:
        counted = {other: slip[0] for other in near if (slip := slips(word, other, most[word]))}
        similar = sorted(counted, key=lambda other: (counted[other], other))[:SIMILAR]
        if most[word] and not similar:
            return []
        counts.append(counted)
        conditions.append(lookup.is_one_of(tuple(similar)) if most[word] else lookup.begins(word))
    further = sum(min(counted.values()) for counted in counts[1:] if counted)
    people = lookup.people(shop, conditions, now, usuals=False)
    return [(person, max(counts[0][person.word] + further, 1)) for person in people]


# -- whom we would rather find: those of the day and those seen lately, with their words, kept as long as a board


@dataclass(slots=True)
class _Known:
    board: Board
    people: dict[int, Person] = field(default_factory=dict)
    words: list[tuple[str, bool, int]] = field(default_factory=list)  # word, whether of a usual, customer; in order
    minutes: dict[int, int] = field(default_factory=dict)  # of the day at which somebody was seen

    def begun(self, typed: tuple[str, ...]) -> dict[int, bool]:
        """Return whom all of the words find, each with whether the first does so only by what they have."""
        found: dict[int, bool] | None = None
        for word in typed:
            first, end = bisect_left(self.words, (word,)), bisect_left(self.words, (word + END,))
            these: dict[int, bool] = {}
            for _word, of_usual, number in self.words[first:end]:
                these[number] = these.get(number, True) and of_usual
            found = these if found is None else {number: found[number] for number in found if number in these}
        return found or {}

    def minute_of(self, person: Person, shop: Shop) -> int:
        """Return the minute of the day at which somebody was seen last."""
        minute = self.minutes.get(person.id)
        if minute is None:
            local = shop.local(datetime.fromisoformat(person.seen or ""))
            minute = self.minutes[person.id] = local.hour * 60 + local.minute
        return minute


_words = lru_cache(maxsize=8192)(words_in)


@lru_cache(maxsize=8192)
def _all_words(name: str) -> str:
    """Return the words of a name in one line, to look inside them all at once: no word holds what parts them."""
    return "\n".join(_words(name))


_kept: WeakKeyDictionary[Database, dict[tuple[int, bool], _Known]] = WeakKeyDictionary()


def _of_day(shop: Shop, day: Board) -> _Known:
    return _known(shop, day, of_day=True)


def _lately(shop: Shop, day: Board) -> _Known:
    """Those who came with the latest visits of earlier days. One query, once for a board."""
    return _known(shop, day, of_day=False)


def _known(shop: Shop, day: Board, of_day: bool) -> _Known:
    kept = _kept.setdefault(db.obj, {})
    known = kept.get((shop.id, of_day))
    if known is None or known.board is not day:
        lines = day.by_customer.values()
        people = [_hit(line).person for line in lines] if of_day else lookup.latest(shop, day.day)
        known = _Known(day, {person.id: person for person in people})
        for person in people:
            known.words += [(word, False, person.id) for word in _words(person.name) + _words(person.call)]
            known.words += [(word, True, person.id) for word in _words(person.usual)]
        known.words.sort()
        kept[shop.id, of_day] = known
    return known


def _hit(line: Line) -> Hit:
    c = line.customer
    return Hit(Person(c.id, c.name, c.say_as, c.call, c.lang, line.usual, None, state=c.state), line)
