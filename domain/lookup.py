"""The questions that finding somebody asks of the index of words, each bounded by what a screen shows.

They are the hottest of all (one with every letter typed), so their text is kept and rows stay tuples. One text serves
both engines: "begins with" is a range of the index, which sorts by code points on either.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from models import Shop, db, folded, instant_text, is_postgres

NAMES = 10  # words read of a range: as many as are shown, and some that belong to the same person
USUALS = 8
LATEST = 200  # visits looked back on
ALIKE = 200  # people compared, who share a word and the length of a name, or a tag
SLACK = 4  # letters that two names may differ in length and be the same: hyphens, dots, one slip
BEGUN = 3000  # words told of the beginnings asked for
END = "\U0010ffff"  # comes after whatever a word may go on with


class Person(NamedTuple):
    """A customer as a search shows them, as the database tells them."""

    id: int
    name: str
    say_as: str
    call: str
    lang: str
    usual: str
    seen: str | None  # the instant of the latest visit here, as stored: it sorts
    word: str = ""  # the one that found them
    of_usual: int = 0  # whether it is one of what they have
    state: str = "active"


@dataclass(frozen=True, slots=True)
class Condition:
    """What a word has to be: `text` says it of ``{word}``, with a question mark for each of the values."""

    text: str
    values: tuple[str, ...]


def begins(word: str) -> Condition:
    return Condition("{word} >= ? AND {word} < ?", (word, word + END))


def is_one_of(words: tuple[str, ...]) -> Condition:
    return Condition(f"{{word}} IN ({', '.join('?' * len(words))})", words)


_PERSON = "c.id, c.name, c.say_as, c.call, c.lang, COALESCE(u.text, '')"
_PEOPLE = f"""
SELECT {_PERSON}, (SELECT MAX(v.at) FROM visit v WHERE v.customer_id = c.id AND v.shop_id = ? AND v.at <= ?),
  s.word, s.of_usual, c.state
FROM ({{words}}) s JOIN customer c ON c.id = s.customer_id LEFT JOIN usual u ON u.customer_id = c.id AND u.shop_id = ?
"""
# ORDER BY begins with shop_id, which is but one value, so that PostgreSQL too takes the order of the index
_OF_NAMES = f"""
SELECT * FROM (SELECT s.customer_id, s.word, 0 AS of_usual FROM search_word s
WHERE s.business = ? AND s.shop_id IS NULL AND {{all}} ORDER BY s.shop_id, s.word LIMIT {NAMES}) names
"""
_OF_USUALS = f"""
SELECT * FROM (SELECT s.customer_id, s.word, 1 AS of_usual FROM search_word s
WHERE s.business = ? AND s.shop_id = ? AND {{all}} ORDER BY s.shop_id, s.word LIMIT {USUALS}) usuals
"""
_AS_WELL = """
EXISTS (SELECT 1 FROM search_word o WHERE o.customer_id = s.customer_id AND (o.shop_id IS NULL OR o.shop_id = ?) AND {one})
"""
_LATEST = f"""
SELECT {_PERSON}, v.at
FROM (SELECT customer_id, at FROM visit WHERE shop_id = ? AND day < ? ORDER BY shop_id DESC, day DESC LIMIT {LATEST}) v
JOIN customer c ON c.id = v.customer_id AND c.state = 'active'
LEFT JOIN usual u ON u.customer_id = c.id AND u.shop_id = ?
"""
_CALLED = f"""
SELECT {_PERSON}, (SELECT MAX(v.at) FROM visit v WHERE v.customer_id = c.id AND v.shop_id = ? AND v.at <= ?), c.state
FROM customer c LEFT JOIN usual u ON u.customer_id = c.id AND u.shop_id = ?
WHERE c.id IN (
  SELECT s.customer_id FROM search_word s JOIN customer o ON o.id = s.customer_id
  WHERE s.business = ? AND s.shop_id IS NULL AND s.word IN ({{marks}})
    AND (length(o.search_name) BETWEEN ? AND ? OR length(o.call) BETWEEN ? AND ?)
  LIMIT {ALIKE})
ORDER BY c.search_name, c.id
"""
_TAGGED = f"""
SELECT {_PERSON}, (SELECT MAX(v.at) FROM visit v WHERE v.customer_id = c.id AND v.shop_id = ? AND v.at <= ?), c.state
FROM customer c LEFT JOIN usual u ON u.customer_id = c.id AND u.shop_id = ?
WHERE c.id IN (SELECT t.customer_id FROM tagged t WHERE t.tag_id IN ({{marks}}))
ORDER BY c.search_name, c.id LIMIT {ALIKE}
"""
_REACHED = f"""
SELECT {_PERSON}, (SELECT MAX(v.at) FROM visit v WHERE v.customer_id = c.id AND v.shop_id = ? AND v.at <= ?), c.state
FROM customer c LEFT JOIN usual u ON u.customer_id = c.id AND u.shop_id = ?
WHERE c.business_id = ? AND c.id IN (SELECT a.customer_id FROM contact a WHERE {{address}})
ORDER BY c.search_name, c.id LIMIT {ALIKE}
"""
# Each word of a name that begins in one of the given ways: from one straight to the next other one, however many share it
_WORDS = f"""
WITH RECURSIVE begins(lo) AS (VALUES {{places}}),
onward(lo, word) AS (
  SELECT lo, (SELECT s.word FROM search_word s WHERE s.business = ? AND s.shop_id IS NULL AND s.word >= b.lo
    AND s.word < b.lo || ? ORDER BY s.shop_id, s.word LIMIT 1) FROM begins b
  UNION ALL
  SELECT lo, (SELECT s.word FROM search_word s WHERE s.business = ? AND s.shop_id IS NULL AND s.word > n.word
    AND s.word < n.lo || ? ORDER BY s.shop_id, s.word LIMIT 1) FROM onward n WHERE n.word IS NOT NULL
)
SELECT DISTINCT word FROM onward WHERE word IS NOT NULL LIMIT {BEGUN}
"""


def people(shop: Shop, conditions: list[Condition], now: datetime, usuals: bool = True) -> list[Person]:
    """Return who has a word for each condition, with the word for the first: by name before by `usuals`, in the order of
    the words; at most NAMES and USUALS of them, and somebody with several such words several times. One query."""
    first, *others = conditions
    asked = [*first.values, *(value for other in others for value in (shop.id, *other.values))]
    arms = [shop.business_id, *asked] + ([shop.business_id, shop.id, *asked] if usuals else [])
    sql = _people(tuple([condition.text for condition in conditions]), usuals)
    rows = _execute(sql, (shop.id, instant_text(now), *arms, shop.id))
    rows.sort(key=_in_order)  # few as they are, quicker here than there
    return list(map(Person._make, rows))


_in_order = itemgetter(8, 7, 1, 0)  # whether of a usual, word, name, id


@lru_cache(maxsize=256)
def _people(conditions: tuple[str, ...], usuals: bool) -> str:
    first, *others = conditions
    every = [first.format(word="s.word"), *(_AS_WELL.format(one=other.format(word="o.word")) for other in others)]
    arms = [_OF_NAMES, _OF_USUALS] if usuals else [_OF_NAMES]
    return _PEOPLE.format(words=" UNION ALL ".join(arm.format(all=" AND ".join(every)) for arm in arms))


def called_about(shop: Shop, words: tuple[str, ...], letters: int, now: datetime) -> list[Person]:
    """Return whose name has one of the words, and is (or what to call them is) about as long. One query."""
    marks = ", ".join("?" * len(words))
    long = (letters - SLACK, letters + SLACK)
    rows = _execute(
        _CALLED.format(marks=marks), (shop.id, instant_text(now), shop.id, shop.business_id, *words, *long, *long)
    )
    return [Person._make((*row[:-1], "", 0, row[-1])) for row in rows]


def tagged(shop: Shop, tags: list[int], now: datetime) -> list[Person]:
    """Return who has one of some tags, by name. One query."""
    marks = ", ".join("?" * len(tags))
    rows = _execute(_TAGGED.format(marks=marks), (shop.id, instant_text(now), shop.id, *tags))
    return [Person._make((*row[:-1], "", 0, row[-1])) for row in rows]


def reached(shop: Shop, mail: str, digits: str, now: datetime) -> list[Person]:
    """Return who is reached at a mail address, or whose number ends in some digits, by name. One query; only numbers are
    looked through one by one."""
    address, value = ("a.known = ?", mail) if mail else ("a.kind = 'phone' AND a.known LIKE ?", f"%{digits}")
    values = (shop.id, instant_text(now), shop.id, shop.business_id, value)
    return [Person._make((*row[:-1], "", 0, row[-1])) for row in _execute(_REACHED.format(address=address), values)]


def tags_begun(shop: Shop, begins: str) -> list[int]:
    """Return the tags that begin so, folded as the beginning is: a shop has few, so all are looked at. One query."""
    rows = _execute("SELECT id, name FROM tag WHERE business_id = ?", (shop.business_id,))
    return [number for number, name in rows if folded(name).startswith(begins)]


def latest(shop: Shop, before: date) -> list[Person]:
    """Return who of those we look out for (`domain.states`) came with the LATEST visits of the days before one, the last
    first, each once. One query."""
    rows = _execute(_LATEST, (shop.id, before.isoformat(), shop.id))
    rows.sort(key=itemgetter(6))
    found = {row[0]: Person._make((*row, "", 0, "active")) for row in rows}  # of one person the last counts
    return sorted(found.values(), key=itemgetter(6), reverse=True)


def words_begun(shop: Shop, beginnings: list[str]) -> list[str]:
    """Return the words of names that begin in one of the given ways, each once. One query."""
    if not beginnings:
        return []
    sql = _WORDS.format(places=", ".join(["(?)"] * len(beginnings)))
    rows = _execute(sql, (*beginnings, shop.business_id, END, shop.business_id, END))
    return [word for (word,) in rows]


def _execute(sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    return db.obj.execute_sql(sql.replace("?", "%s") if is_postgres() else sql, values).fetchall()
