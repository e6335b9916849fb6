"""The record of changes: who did what, and when, by ids alone; only ever added to, each line holding on to the one before.

``write`` adds a line in the transaction of whatever it tells of: what is rolled back leaves none. Lines count up by one
within a business, whoever writes at the same time. The digest of a line covers the line and the digest before it, so that
a line changed, taken out or moved is found by whoever reckons again (``audit_check``); docs/record.md says what cannot be.

What is done at the counter all day (visits, notes, words said) is kept in `action`, each act with who did it and when: at
no further query. The background seals those by the hour: one line with the digest of many.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextvars import ContextVar
from typing import Any

import clock
from models import Audit, Business, Phone, Row, Shop, Staff, db, instant_text, is_postgres

LOCK = 0x52454731  # of PostgreSQL's advisory locks, together with the business
LONGEST = 300  # letters of a plain value; a longer one is cut
KIND = re.compile(r"[a-z_]+(\.[a-z_]+)+")
from_phone: ContextVar[int | None] = ContextVar(
    "from_phone", default=None
)  # of whoever asks: a line's phone, if none is told


def write(
    kind: str,
    /,
    *,
    business: Business | int,
    shop: Shop | int | None = None,
    staff: Staff | int | None = None,
    phone: Phone | int | None = None,
    **told: Any,
) -> int:
    """Add a line to a business's record, in the caller's transaction; return its number. Two queries, on PostgreSQL three.

    `staff` is who did it, at `shop`, on `phone`. `told` holds ids and plain values, never a name or a text: `person` is the
    colleague it is about, `customer` and `gone` are customers, `which` is a phone, `place` a shop; they are looked up when
    the line is shown (words/record.py has the words for each kind). Write it last in the transaction: until its end,
    whoever else writes a line of this business waits.
    """
    if not KIND.fullmatch(kind):
        raise ValueError(f"The kind of a line is two words with a dot between, such as phone.enrolled: {kind}")
    of = _number(business)
    assert of is not None
    plain = _plain(told) or None
    with db.atomic():
        hold(of)
        last = (
            Audit.select(Audit.number, Audit.digest)
            .where(Audit.business == of)
            .order_by(Audit.number.desc())
            .limit(1)
            .tuples()
            .first()
        )
        number, before = (last[0] + 1, last[1]) if last else (1, "")
        line = (of, number, instant_text(clock.now()), kind)
        by = (_number(shop), _number(staff), from_phone.get() if phone is None else _number(phone))
        Audit.insert(
            business=of, number=number, at=line[2], kind=kind, shop_id=by[0], staff_id=by[1], phone_id=by[2], told=plain,
            digest=digest_of(before, *line, *by, plain),
        ).execute()  # fmt: skip
    return number


def hold(business: int) -> None:
    """Let nobody else write a line of a business until the transaction ends; SQLite's transactions hold everything anyway."""
    if is_postgres():
        db.execute_sql("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK, business))


def digest_of(
    before: str, business: int, number: int, at: str, kind: str, shop: int | None, staff: int | None, phone: int | None,
    told: Any,
) -> str:  # fmt: skip
    """Return a line's digest: SHA-256 of a JSON list of the digest before it and its own fields, in ASCII, keys in order,
    without spaces."""
    line = [before, business, number, at, kind, shop, staff, phone, told]
    return hashlib.sha256(json.dumps(line, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _number(row: Row | int | None) -> int | None:
    return row.id if isinstance(row, Row) else row


def _plain(value: Any) -> Any:
    """Return a value as both engines give it back: nothing but what JSON has, long texts cut."""
    if isinstance(value, Row):
        return value.id
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if re.fullmatch(r"-?\d+\.\d+", repr(value)) else str(value)  # 1e22 comes back as another
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    text = str(value).replace("\x00", "").encode("utf-8", "ignore").decode()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
