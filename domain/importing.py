"""Taking in a file of visits: streamed, counted, every refused line named with its reason; twice adds nothing.

Memory stays flat: lines are read in chunks, each chunk is one transaction, and what it needs to know of the past is
asked for by customer and day. A file that stops in the middle keeps what was read, and can simply be read again.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from peewee import SQL

import clock
from domain import audit, expected, reminders
from models import (
    Business,
    Customer,
    Import,
    Merge,
    SearchWord,
    Shop,
    Visit,
    db,
    folded,
    insert_many,
    instant_text,
    is_postgres,
)
from words import _, listed

CHUNK = 4000
LISTED = 1000  # skipped lines are counted all, and listed up to this many
REFUSALS = 100_000  # refused lines are listed up to this many
LONGEST_NAME = 200
VISIT_COLUMNS = ("customer_id", "shop_id", "day", "at", "source_id", "imported_id")


class Unreadable(Exception):
    """The file as a whole cannot be taken in; the sentence says why."""


class Refusal(Exception):
    """One line cannot be taken in: which column, a code for programs, and the reason as a sentence."""

    def __init__(self, column: str, code: str, reason: str):
        super().__init__(reason)
        self.column, self.code = column, code


@dataclass(slots=True)
class Report:
    """An honest count: total = added + updated + skipped + refused."""

    total: int = 0
    added: int = 0
    updated: int = 0
    skipped: int = 0
    refused: int = 0
    created_shops: list[str] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    errors_left_out: int = 0
    import_id: str | None = None
    days: dict[int, date] = field(default_factory=dict)  # earliest day touched, by shop id

    def refuse(self, line: int, refusal: Refusal) -> None:
        self.refused += 1
        self._list(line, refusal.column, refusal.code, str(refusal), REFUSALS)

    def skip(self, line: int, code: str, reason: str, column: str = "at") -> None:
        self.skipped += 1
        self.note(line, column, code, reason)

    def note(self, line: int, column: str, code: str, reason: str) -> None:
        """List what should be known of a line that was counted."""
        self._list(line, column, code, reason, LISTED)

    def _list(self, line: int, column: str, code: str, reason: str, most: int) -> None:
        if len(self.errors) < most:
            self.errors.append({"line": line, "field": column, "code": code, "reason": reason})
        else:
            self.errors_left_out += 1

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            name: getattr(self, name) for name in ("total", "added", "updated", "skipped", "refused")
        }
        told |= {"created_shops": self.created_shops, "errors": self.errors, "import_id": self.import_id}
        if self.errors_left_out:
            told["errors_left_out"] = self.errors_left_out
        return told


@dataclass(slots=True)
class Told:
    """One good line of a visits file."""

    line: int
    customer: str
    name: str
    shop: Shop
    at: datetime
    day: date
    source_id: str | None


def import_visits(
    path: Path,
    business: Business,
    shop: Shop | None = None,
    mapping: dict[str, str] | None = None,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Return the count of a CSV of visits taken in: columns ``customer,at``, optional ``shop,name,source_id``.

    `mapping` gives our column for each of theirs. Lines without a shop go to `shop`. Raises Unreadable when the file is
    no such file. `at` is ISO 8601; without an offset it is the shop's wall time, and one that does not exist (clocks
    going forward) moves forward.
    """
    report = Report()
    record = None
    if not dry_run:
        with db.atomic():
            record = Import.create(business=business, kind="visits", digest=_digest(path), at=clock.now(), counts={})
            audit.write("import.taken", business=business, kind_of="visits", file=record.id)
        report.import_id = str(record.id)
    shops = _Shops(business, shop, report, dry_run)
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        good = _read(file, shops, mapping or {}, report)
        try:
            while chunk := list(islice(good, CHUNK)):
                with db.atomic():
                    _take_in(chunk, business, record, report, dry_run)
                if progress:
                    progress(report.total)
        except Unreadable:  # known before the first line: nothing was taken in
            if record is not None:
                record.delete_instance()
                audit.write("import.undone", business=business, kind_of="visits", file=report.import_id)
            raise
    if record is not None:
        record.counts = {k: v for k, v in report.as_json().items() if k not in ("errors", "import_id")}
        record.save()
        for shop_id, day in report.days.items():
            touched = Shop.get_by_id(shop_id)
            expected.history_changed(touched, day)
            touched.changed()
    return report


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Shops:
    """The shops a file may name: those there are, and those it brings."""

    def __init__(self, business: Business, default: Shop | None, report: Report, dry_run: bool):
        self.business, self.default, self.report, self.dry_run = business, default, report, dry_run
        self.known = {shop.name: shop for shop in Shop.select().where(Shop.business == business.id)}
        self.zones: dict[int, ZoneInfo] = {}

    def named(self, name: str) -> Shop | None:
        if not name:
            return self.default
        if name not in self.known:
            model = self.default or next(iter(self.known.values()), None)
            shop = Shop(business=self.business, name=name, zone=model.zone if model else "UTC")
            if not self.dry_run:
                shop.save(force_insert=True)
                reminders.begin_with_defaults(shop)
            self.known[name] = shop
            self.report.created_shops.append(name)
        return self.known[name]


def _read(file: Iterable[str], shops: _Shops, mapping: dict[str, str], report: Report) -> Iterator[Told]:
    """Yield the good lines; refuse the others by line number and reason."""
    reader = csv.reader(file)
    try:
        header = [mapping.get(name.strip(), name.strip().lower()) for name in next(reader)]
    except StopIteration:
        raise Unreadable(_("The file is empty. Its first line should name the columns: customer,at.")) from None
    except csv.Error as error:
        raise Unreadable(_("The file is no CSV: %(error)s.", error=error)) from None
    missing = [name for name in ("customer", "at") if name not in header]
    if missing:
        raise Unreadable(
            _(
                "The first line should name the columns customer and at. Missing: %(missing)s. "
                "If your file calls it something else, say --map THEIRS=OURS.",
                missing=listed(missing),
            )
        )
    known = ("customer", "at", "shop", "name", "source_id")
    where: dict[str, int] = {name: header.index(name) for name in known if name in header}
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            report.total += 1
            report.refuse(reader.line_num, Refusal("", "unreadable", _("This line is no CSV: %(error)s.", error=error)))
            continue
        if not fields:
            continue
        report.total += 1
        row: dict[str, str] = {name: fields[i].strip() for name, i in where.items() if i < len(fields)}
        try:
            told = _told(reader.line_num, row, shops)
        except Refusal as refusal:
            report.refuse(reader.line_num, refusal)
        else:
            yield told


def _told(line: int, row: dict[str, str], shops: _Shops) -> Told:
    """Return a line's values. Raises Refusal for the first column that is not as it should be."""
    customer = row.get("customer", "")
    if not customer:
        raise Refusal("customer", "missing", _("No customer on this line."))
    if len(customer) > LONGEST_NAME or "\x00" in customer or not customer.isprintable():
        raise Refusal("customer", "unfit", _("A customer's code is a short, readable text."))
    name = row.get("name", "")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise Refusal("name", "unfit", _("A name has at most %(most)s letters, on one line.", most=LONGEST_NAME))
    shop_name = row.get("shop", "")
    if len(shop_name) > 100 or not shop_name.isprintable():
        raise Refusal("shop", "unfit", _("A shop's name has at most 100 letters, on one line."))
    text = row.get("at", "")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal("at", "no_time", _("“%(text)s” is no time such as 2026-11-24T08:12.", text=text[:40])) from None
    if not re.search(r"[T ]\d", text):
        raise Refusal("at", "no_hour", _("“%(text)s” names a day but no hour; a visit needs both.", text=text[:40]))
    if not 1970 <= at.year < 9999:  # room for any offset on both sides
        raise Refusal("at", "out_of_range", _("“%(text)s” is out of range.", text=text[:40]))
    source_id = row.get("source_id", "")
    if len(source_id) > LONGEST_NAME or not source_id.isprintable():
        raise Refusal(
            "source_id", "unfit", _("A visit's number has at most %(most)s letters, on one line.", most=LONGEST_NAME)
        )
    shop = shops.named(shop_name)  # last, for it adds a shop that is new
    if shop is None:
        raise Refusal("shop", "missing", _("No shop on this line, and none was chosen."))
    zone = shops.zones.setdefault(id(shop), shop.tz)
    instant = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    instant = instant.replace(microsecond=instant.microsecond // 1000 * 1000)  # as it is stored, to be known again
    return Told(line, customer, name, shop, instant, instant.astimezone(zone).date(), source_id or None)


def _take_in(chunk: list[Told], business: Business, record: Import | None, report: Report, dry_run: bool) -> None:
    """Add the visits of one chunk that are no repeat of another within the same-visit window."""
    people = _people(chunk, business, report, dry_run)
    taken = _visits_of(chunk, people)
    rows = []
    for told in chunk:
        customer = people[told.customer]
        day = taken.setdefault((customer, told.shop.id if told.shop.id else told.shop.name, told.day), [])
        window = timedelta(minutes=told.shop.same_visit_minutes)
        if any(abs(told.at - at) <= window for at in day):
            report.skip(told.line, "same_visit", _("They were already here then: the same visit."))
            continue
        day.append(told.at)
        report.added += 1
        if record is not None:
            rows.append(
                (customer, told.shop.id, told.day.isoformat(), instant_text(told.at), told.source_id, record.id)
            )
            earliest = report.days.get(told.shop.id)
            if earliest is None or told.day < earliest:
                report.days[told.shop.id] = told.day
    insert_many(Visit, VISIT_COLUMNS, rows)


def _people(chunk: list[Told], business: Business, report: Report, dry_run: bool) -> dict[str, Any]:
    """Return the customer of each code in the chunk: the same code is one person in every shop. New ones are added."""
    codes = list(dict.fromkeys(told.customer for told in chunk))
    rows = _known(business, codes)
    merged = Merge.codes(business.id)
    known = {code: merged[code] for code in codes if code in merged}
    known |= {code: number for code, number, _name, _call in rows}
    if dry_run:
        return {code: known.get(code, code) for code in codes}
    named: dict[str, str] = {}
    for told in chunk:
        if told.name and told.name != told.customer:
            named.setdefault(told.customer, told.name)
    now = clock.now()
    new = [code for code in codes if code not in known]
    for part in _parts(new):
        Customer.insert_many(
            {
                "business": business, "name": (name := named.get(code, code)), "search_name": folded(name),
                "source_id": code, "created_at": now,
            }
            for code in part
        ).execute()  # fmt: skip
    added = _known(business, new)
    renamed = [(code, number, named[code], call) for code, number, name, call in rows if name == code and code in named]
    for _code, number, name, _call in renamed:
        Customer.update(name=name, search_name=folded(name)).where(Customer.id == number).execute()
    for part in _parts([number for _code, number, _name, _call in renamed]):
        SearchWord.delete().where(SearchWord.customer.in_(part) & SearchWord.shop.is_null()).execute()
    insert_many(
        SearchWord, SearchWord.COLUMNS,
        [row for _code, number, name, call in (*added, *renamed)
         for row in SearchWord.rows_of_name(business.id, number, name, call)],
    )  # fmt: skip
    return known | {code: number for code, number, _name, _call in added}


def _known(business: Business, codes: list[str]) -> list[tuple[str, int, str, str]]:
    """Return code, number, name and what to call them, of those there are."""
    found = []
    for part in _parts(codes):
        query = Customer.select(Customer.source_id, Customer.id, Customer.name, Customer.call).where(
            (Customer.business == business.id) & Customer.source_id.in_(part)
        )
        found += list(query.order_by(Customer.id).tuples())
    return found


def _parts(values: list[Any]) -> Iterator[list[Any]]:
    """Yield a list by the five hundred: a statement takes only so many values."""
    for start in range(0, len(values), 500):
        yield values[start : start + 500]


def _visits_of(chunk: list[Told], people: dict[str, Any]) -> dict[tuple[Any, Any, date], list[datetime]]:
    """Return the visits already stored on the days of the chunk, by customer, shop and day."""
    asked = {(people[t.customer], t.shop.id, t.day) for t in chunk if t.shop.id and isinstance(people[t.customer], int)}
    found: dict[tuple[Any, Any, date], list[datetime]] = {}
    listed = list(asked)
    for start in range(0, len(listed), 300):
        part = listed[start : start + 300]
        date_type = "DATE " if is_postgres() else ""
        marks = ", ".join(f"({a:d}, {b:d}, {date_type}'{c.isoformat()}')" for a, b, c in part)
        query = Visit.select(Visit.customer, Visit.shop, Visit.day, Visit.at).where(
            SQL(f"(customer_id, shop_id, day) IN (VALUES {marks})")
        )
        for customer, shop, day, at in query.tuples():
            found.setdefault((customer, shop, day), []).append(at)
    return found
