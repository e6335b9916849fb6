"""The record of changes as it is read: in plain words, with names looked up when it is shown, newest first."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain import team
from models import Audit, Business, Customer, Merge, Phone, Shop, Staff, db, parsed
from words import record as words

AT_ONCE = 50
OF_STAFF, OF_CUSTOMERS, OF_PHONES, OF_SHOPS = ("person",), ("customer", "gone"), ("which",), ("place",)
NOBODY = "nobody"  # as a filter: what no one signed in has done


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; each part narrows it down."""

    who: int | str | None = None  # a colleague, or NOBODY
    what: str = ""  # a group; "" for all but what the record tells of itself
    since: date | None = None
    until: date | None = None
    shop: int | None = None
    before: int | None = None  # a line's number: those below it


@dataclass(frozen=True, slots=True)
class Line:
    """One line, ready to be read; `at` is the shop's wall time, None where that cannot be read."""

    number: int
    kind: str
    at: datetime | None
    who: str
    says: str
    phone: str = ""
    shop: str = ""


@dataclass(slots=True)
class Page:
    """A page of lines, and the number to go on from, where there are more."""

    lines: list[Line] = field(default_factory=list)
    go_on: int | None = None


COLUMNS = (Audit.number, Audit.at, Audit.kind, Audit.shop_id, Audit.staff_id, Audit.phone_id, Audit.told)


@dataclass(frozen=True, slots=True)
class _Stored:
    """A line as it is stored: one that was tampered with is to be seen as well, readable or not."""

    number: int
    at: datetime | None
    kind: str
    shop_id: int | None
    staff_id: int | None
    phone_id: int | None
    told: dict[str, Any]


def _read(query: Any) -> list[_Stored]:
    found = []
    for number, at, kind, shop, staff, phone, told in db.execute_sql(*query.sql()).fetchall():
        when, what = None, None
        with suppress(ValueError):
            when = datetime.fromisoformat(at).astimezone(UTC)
        with suppress(ValueError):
            what = parsed(told)
        found.append(_Stored(number, when, str(kind), shop, staff, phone, what if isinstance(what, dict) else {}))
    return found


class _Names(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def page(asker: Staff, shop: Shop, wanted: Wanted, several: bool = False) -> Page:
    """Return the lines that somebody may see and looks for, in at most six queries. `several` tells each line's shop."""
    mine = Audit.business == shop.business_id
    if asker.role != "owner":  # of a shop that is not theirs they see nothing
        mine &= Audit.shop_id.is_null() | Audit.shop_id.in_(asker.shops.select(Shop.id))
    if wanted.who is not None:
        mine &= Audit.staff_id.is_null() if wanted.who == NOBODY else Audit.staff_id == wanted.who
    known = [kind for kind in words.SAID if words.group_of(kind) == wanted.what]
    if wanted.what:
        mine &= Audit.kind.in_(known)
    else:
        mine &= Audit.kind.not_in([kind for kind in words.SAID if words.group_of(kind) == "itself"])
    if wanted.since:
        mine &= Audit.at >= shop.at(wanted.since, 0)
    if wanted.until:
        mine &= Audit.at < shop.at(wanted.until + timedelta(days=1), 0)
    if wanted.shop is not None:
        mine &= Audit.shop_id == wanted.shop
    if wanted.before is not None:
        mine &= Audit.number < wanted.before
    found = _read(Audit.select(*COLUMNS).where(mine).order_by(Audit.number.desc()).limit(AT_ONCE + 1))
    shown = found[:AT_ONCE]
    names = _names(shown, shop.business_id, several)
    return Page([_line(one, shop, names) for one in shown], shown[-1].number if len(found) > AT_ONCE else None)


def _line(one: _Stored, shop: Shop, names: dict[str, dict[int, str]]) -> Line:
    it = _Names()
    for name, value in one.told.items():
        of = next((of for of, under in UNDER.items() if name in under), "")
        it[name] = names[of].get(value, words.nobody(of)) if of and isinstance(value, int) else words.value(name, value)
    by = one.staff_id
    return Line(
        number=one.number,
        kind=one.kind,
        at=shop.local(one.at) if one.at else None,
        who=words.who(one.kind) if by is None else names["staff"].get(by, words.nobody("staff")),
        says=words.said(one.kind, it),
        phone="" if one.phone_id is None else names["phone"].get(one.phone_id, words.nobody("phone")),
        shop=names["shop"].get(one.shop_id, "") if one.shop_id is not None else "",
    )


UNDER = {"staff": OF_STAFF, "customer": OF_CUSTOMERS, "phone": OF_PHONES, "shop": OF_SHOPS}


def _names(lines: list[_Stored], business: int, several: bool) -> dict[str, dict[int, str]]:
    """Return the names of all that some lines are about: a query for each sort of thing, and of those who were merged."""
    ids: dict[str, set[int | None]] = {of: set() for of in UNDER}
    for one in lines:
        ids["staff"].add(one.staff_id)
        ids["phone"].add(one.phone_id)
        if several:
            ids["shop"].add(one.shop_id)
        for of, under in UNDER.items():
            ids[of] |= {one.told[name] for name in under if isinstance(one.told.get(name), int)}
    names: dict[str, dict[int, str]] = {}
    for of, table in (("staff", Staff), ("customer", Customer), ("phone", Phone), ("shop", Shop)):
        wanted = ids[of] - {None}
        ours = (table.business == business) & table.id.in_(wanted)
        names[of] = dict(table.select(table.id, table.name).where(ours).tuples()) if wanted else {}
    gone = ids["customer"] - set(names["customer"])
    if gone:  # whoever was made one with another: by the name they had
        for made in Merge.select(Merge.gone, Merge.rows).where(Merge.gone.in_(gone)):
            names["customer"][made.gone] = made.rows["gone"]["name"]
    return names


def everybody(asker: Staff) -> list[tuple[int, str, bool]]:
    """Return who may have done something: number, name, and whether they work here still; those who left come last."""
    rows = team.known_to(asker).select(Staff.id, Staff.name, Staff.left_at).tuples()
    return sorted(
        ((id, name, left is None) for id, name, left in rows), key=lambda one: (not one[2], one[1].casefold())
    )


def stands(business: int) -> tuple[list[dict[str, Any]], datetime | None]:
    """Return what the daily check found wrong, and when it last looked."""
    kept = Business.select(Business.settings).where(Business.id == business).scalar() or {}
    at = kept.get("record_checked_at")
    return kept.get("record_trouble") or [], datetime.fromisoformat(at) if at else None
