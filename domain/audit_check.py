"""Whether the record of changes is whole; how everyday acts are sealed into it; and how its oldest lines are let go of.

``verify`` reckons every digest again. It finds a line that was changed, taken out, added or put in another's place, and an
act that is not as it was sealed. That the end was cut off it knows from three things that stand elsewhere: on SQLite from
the number the table gave out last, on both from the head that the background noted, and from a head somebody wrote down.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from domain import alarms, audit
from models import Action, Audit, Business, Shop, db, instant_text, is_postgres, parsed
from words import record as words

MONTHS_KEPT = 24
ACTS_KEPT = timedelta(days=90)  # action keys; a phone may lie in a drawer for long
SETTLED_AFTER = timedelta(minutes=5)  # by then no transaction is open that could put an act among earlier ones
SEALED_EVERY = timedelta(hours=1)
SEALED_AT_MOST = 5000  # acts in one line
SHORTENED_EVERY = timedelta(days=7)
CHECKED_EVERY = timedelta(days=1)
SEALED, SHORTENED = "acts.sealed", "record.shortened"

Head = tuple[int, str]  # a line's number and digest: whoever holds it knows the record up to there


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is not as it was written: the line's number, or for an act the act's."""

    business: int
    number: int
    code: str  # changed, missing, moved, cut, act-changed, act-missing, act-added

    def as_json(self) -> dict[str, Any]:
        reason = words.trouble(self.code, self.number)
        return {"business": str(self.business), "number": self.number, "code": self.code, "reason": reason}


@dataclass(slots=True)
class Checked:
    """What a look at the record came to."""

    lines: int = 0
    acts: int = 0
    heads: dict[int, Head] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)


# -- everyday acts


def seal(business: int, now: datetime) -> int:
    """Seal the acts since the last seal with one line; return how many. Once an hour at most, unless there are very many."""
    with db.atomic():
        audit.hold(business)
        last = _last(business, SEALED)
        after = last.told["last"] if last else 0
        if last and now - last.at < SEALED_EVERY and not _many_since(after):
            return 0
        young = Action.select(Action.id).where((Action.id > after) & (Action.done_at > now - SETTLED_AFTER))
        first_young = young.order_by(Action.id).limit(1).scalar()
        acts = list(_acts(business, after, (first_young or 2**62) - 1, SEALED_AT_MOST))
        if not acts:
            return 0
        since = min(act[3] for act in acts)
        ends = {"first": acts[0][0], "last": acts[-1][0]}
        audit.write(SEALED, business=business, since=since, count=len(acts), of=_digest_of_acts(acts), **ends)
        return len(acts)


def _many_since(after: int) -> bool:
    newest = Action.select(Action.id).order_by(Action.id.desc()).limit(1).scalar()
    return bool(newest and newest - after >= SEALED_AT_MOST)


def _acts(business: int, after: int, up_to: int, at_most: int = -1) -> list[tuple[Any, ...]]:
    """Return what is sealed of a business's acts: number, key, digest, when, and by whom; as they are stored."""
    mark = "%s" if is_postgres() else "?"
    limit = f" LIMIT {at_most}" if at_most > 0 else ""
    return db.execute_sql(
        "SELECT a.id, a.key, a.digest, a.done_at, a.staff_id FROM action a JOIN shop s ON s.id = a.shop_id "
        f"WHERE s.business_id = {mark} AND a.id > {mark} AND a.id <= {mark} ORDER BY a.id{limit}",
        (business, after, up_to),
    ).fetchall()


def _digest_of_acts(acts: Iterable[tuple[Any, ...]]) -> str:
    """Return the digest of acts: SHA-256 of one JSON list a line."""
    digest = hashlib.sha256()
    for act in acts:
        digest.update(json.dumps(list(act), separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()


# -- the oldest lines


def shorten(business: int, now: datetime) -> int:
    """Let go of the lines that are older than 24 months, leaving one that says which was the last of them and its digest;
    return how many went. Once a week at most."""
    border = _months_before(now, MONTHS_KEPT)
    mine = Audit.business == business
    with db.atomic():
        audit.hold(business)
        oldest = Audit.select(Audit.at).where(mine).order_by(Audit.number).limit(1).scalar()
        if oldest is None or oldest > border:
            return 0
        last = _last(business, SHORTENED)
        if last and now - last.at < SHORTENED_EVERY:
            return 0
        young = Audit.select(Audit.number).where(mine & (Audit.at > border)).order_by(Audit.number).limit(1).scalar()
        up_to = Audit.select(Audit.number, Audit.digest, Audit.at).where(mine)
        if young is not None:
            up_to = up_to.where(Audit.number < young)
        end = up_to.order_by(Audit.number.desc()).get()
        until = instant_text(end.at)
        audit.write(SHORTENED, business=business, up_to=end.number, digest=end.digest, until=until)
        return int(Audit.delete().where(mine & (Audit.number <= end.number)).execute())


def _months_before(at: datetime, months: int) -> datetime:
    """Return the same day and time so many months earlier; the month's last day where it has none such."""
    at = at.astimezone(UTC)
    year, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    for day in (at.day, 28):
        try:
            return at.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise AssertionError


def _last(business: int, kind: str) -> Audit | None:
    mine = (Audit.business == business) & (Audit.kind == kind)
    found: Audit | None = Audit.select().where(mine).order_by(Audit.number.desc()).first()
    return found


# -- is it whole?


def verify(now: datetime, heads: dict[int, Head] | None = None) -> Checked:
    """Return what reckoning all digests again came to, for every business. `heads` are heads that somebody noted down."""
    found = Checked()
    for business in Business.select().order_by(Business.id):
        kept = (business.settings or {}).get("record_head")
        known = [tuple(kept)] if kept else []
        if heads and business.id in heads:
            known.append(heads[business.id])
        _check(business.id, known, now, found)
    _check_numbers(found)
    return found


def _check(business: int, known: list[Head], now: datetime, found: Checked) -> None:
    """Check the record of one business, and the acts that are sealed in it."""
    before, expected, newest_id = "", 1, 0
    first, anchor, seals = None, None, []
    digests: dict[int, str] = dict.fromkeys((number for number, _digest in known), "")

    def wrong(number: int, code: str) -> None:
        found.troubles.append(Trouble(business, number, code))

    for id, number, at, kind, shop, staff, phone, told, digest in _lines(business):
        found.lines += 1
        fits = audit.digest_of(before, business, number, at, kind, shop, staff, phone, told) == digest
        if first is None:
            first = (number, at, kind, shop, staff, phone, told, digest)
        elif number != expected:
            wrong(expected, "missing")
        elif not fits:
            wrong(number, "changed")
        if id < newest_id:
            wrong(number, "moved")
        if number in digests:
            digests[number] = digest
        if isinstance(told, dict):
            if kind == SHORTENED:
                anchor = (at, told)
            elif kind == SEALED:
                seals.append((number, told))
        before, expected, newest_id = digest, number + 1, max(id, newest_id)
    if first is not None:
        start = _start(first[0], anchor)
        if start is None:
            wrong(1, "missing")
        elif audit.digest_of(start, business, *first[:-1]) != first[-1]:
            wrong(first[0], "changed")
        found.heads[business] = (expected - 1, before)
    for number, digest in known:
        gone = expected <= number or first is None
        if gone or (digests[number] != digest and number >= first[0]):  # type: ignore[index]
            wrong(number, "cut" if gone else "changed")
    for number, told in seals:
        _check_acts(business, number, told, now, found)


def _lines(business: int) -> Iterator[tuple[Any, ...]]:
    """Yield a business's lines by their numbers, as they are stored: one that was tampered with need not be readable."""
    cursor = db.execute_sql(
        "SELECT id, number, at, kind, shop_id, staff_id, phone_id, told, digest FROM audit WHERE business_id = "
        f"{'%s' if is_postgres() else '?'} ORDER BY number",
        (business,),
    )
    while rows := cursor.fetchmany(1000):
        for *line, told, digest in rows:
            try:
                yield (*line, parsed(told), digest)
            except ValueError:
                yield (*line, told, digest)


def _start(number: int, anchor: tuple[str, dict[str, Any]] | None) -> str | None:
    """Return the digest that the first line holds on to; None where lines before it are gone and nothing says so rightly."""
    if number == 1:
        return ""
    if anchor is None or anchor[1].get("up_to") != number - 1:
        return None
    try:
        young = str(anchor[1]["until"]) > instant_text(_months_before(datetime.fromisoformat(anchor[0]), MONTHS_KEPT))
    except (ValueError, KeyError):
        return None
    return None if young else str(anchor[1].get("digest"))


def _check_acts(business: int, number: int, told: dict[str, Any], now: datetime, found: Checked) -> None:
    """Check the acts that one line seals, unless some of them are so old that they are gone by rights."""
    try:
        since, first, last, count = datetime.fromisoformat(told["since"]), told["first"], told["last"], told["count"]
    except (KeyError, ValueError, TypeError):
        return  # the line itself was changed, and that was told
    if since < now - ACTS_KEPT:
        return
    acts = _acts(business, first - 1, last)
    found.acts += len(acts)
    if _digest_of_acts(acts) != told.get("of"):
        code = "act-missing" if len(acts) < count else "act-added" if len(acts) > count else "act-changed"
        found.troubles.append(Trouble(business, number, code))


def _check_numbers(found: Checked) -> None:
    """SQLite writes down the last number it gave to a line, with the line: a higher one than any line has says that the end
    is missing. PostgreSQL's sequences go on where a transaction is rolled back, so they say nothing."""
    if is_postgres():
        return
    given = db.execute_sql("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").fetchone()
    newest = db.execute_sql("SELECT MAX(id) FROM audit").fetchone()[0] or 0
    if given and given[0] > newest and not any(one.code == "cut" for one in found.troubles):
        for business in found.heads or {b.id: (0, "") for b in Business.select()}:
            found.troubles.append(Trouble(business, found.heads.get(business, (0, ""))[0] + 1, "cut"))


# -- by itself


def keep_whole(now: datetime) -> Checked | None:
    """Once a day check it all: what is wrong is told to the owner, and the page of changes says so. Then seal, and let go of
    what is too old. Return what the check came to, None where it was not yet time."""
    found = None
    kept = {one.id: one.settings or {} for one in Business.select(Business.id, Business.settings)}
    if not all(_checked_lately(settings.get("record_checked_at"), now) for settings in kept.values()):
        found = verify(now)
        for business in kept:
            _note(business, found, now)
    for business in kept:
        with suppress(ValueError, KeyError, TypeError):  # of a line that was tampered with, which the check tells
            seal(business, now)
            shorten(business, now)
        _note_end(business)
    return found


def _note_end(business: int) -> None:
    """Note where the record ends now, so that what is cut off later is missed; unless something is wrong with it."""
    settings = Business.select(Business.settings).where(Business.id == business).scalar() or {}
    noted = settings.get("record_head") or [0, ""]
    newest = Audit.select(Audit.number, Audit.digest).where(Audit.business == business).order_by(Audit.number.desc())
    for number, digest in newest.limit(1).tuples():
        if number > noted[0] and not settings.get("record_trouble"):
            alarms.keep(business, record_head=[number, digest])


def _note(business: int, found: Checked, now: datetime) -> None:
    """Keep what the check came to, and have the owner told of the first that is wrong, once for the same."""
    troubles = [one for one in found.troubles if one.business == business]
    noted: dict[str, Any] = {"record_checked_at": instant_text(now)}
    noted["record_trouble"] = [one.as_json() for one in troubles[:20]]
    if business in found.heads and not troubles:
        noted["record_head"] = list(found.heads[business])
    alarms.keep(business, **noted)
    shop = Shop.select().where(Shop.business == business).order_by(Shop.id).first()
    if troubles and shop is not None:
        first = troubles[0]
        about = f"record-{first.code}-{first.number}"
        alarms.tell(shop, about, now, lambda name: words.broken(name, first.code, first.number))


def _checked_lately(at: str | None, now: datetime) -> bool:
    return at is not None and instant_text(now - CHECKED_EVERY) < at <= instant_text(now)
