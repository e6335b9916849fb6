"""Taking in appointments from another program's file.

Columns: ``id,customer,name,phone,email,starts_at`` and ``ends_at`` or ``minutes``, ``service,with,status``, and ``shop``. The
same ``id`` is the same appointment: a file read again adds nothing, and one that says otherwise changes it. Without ids it is
the person and the time.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import clock
from domain import appointments, audit, contacts, expected
from domain.calendar_entries import as_it_stands, moved
from domain.calendar_matching import by_name
from domain.importing import Refusal, Report, Unreadable, _digest, _Shops
from domain.states import is_living
from models import (
    Appointment,
    Business,
    Contact,
    Customer,
    Import,
    Merge,
    Shop,
    db,
    folded,
    one_line,
)
from words import _, listed

LONGEST_TEXT = 200
COLUMNS = (
    "id", "customer", "name", "phone", "email", "starts_at", "ends_at", "minutes", "service", "with", "status", "shop",
)  # fmt: skip
STATUS = {
    "booked": "", "confirmed": "", "scheduled": "", "accepted": "", "new": "", "arrived": "", "completed": "", "done": "",
    "attended": "", "tentative": "",
    "cancelled": "cancelled", "canceled": "cancelled", "declined": "cancelled", "deleted": "cancelled",
    "missed": "missed", "noshow": "missed", "no-show": "missed", "no show": "missed", "did not attend": "missed",
}  # fmt: skip


@dataclass(slots=True)
class Told:
    """One good line of a file of appointments."""

    line: int
    row: dict[str, str]
    shop: Shop
    starts: datetime
    ends: datetime
    state: str


def import_appointments(
    path: Path,
    business: Business,
    shop: Shop | None = None,
    mapping: dict[str, str] | None = None,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Return the count of a CSV of appointments taken in. Raises Unreadable when the file is no such file."""
    report = Report()
    shops = _Shops(business, shop, report, dry_run=False)
    journal: dict[str, Any] = {"made": [], "was": [], "people": [], "contacts": [], "consents": [], "codes": []}
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        good = _read(csv.reader(file), shops, mapping or {}, report)
        if dry_run:
            with db.atomic() as everything:
                _take_all(good, business, journal, report, progress)
                everything.rollback()
            return report
        _take_all(good, business, journal, report, progress)
    if shop is not None:
        record(shop, _digest(path), report, journal)
    for touched in {one.id: one for one in shops.known.values() if one.id}.values():
        expected.offer_all_again(touched, touched.today())
        touched.changed()
    return report


def _take_all(good: Iterator[Told], business: Business, journal: dict[str, Any], report: Report, progress: Any) -> None:
    for told in good:
        try:
            with db.atomic():
                _take_in(told, business, journal, report)
        except Refusal as refusal:
            report.refuse(told.line, refusal)
        if progress and report.total % 100 == 0:
            progress(report.total)


def record(shop: Shop, digest: str, report: Report, journal: dict[str, Any]) -> None:
    """Keep that a file was taken in, with what is needed to take that back."""
    counts = {k: v for k, v in report.as_json().items() if k not in ("errors", "import_id")}
    with db.atomic():
        kept = Import.create(
            business=shop.business_id,
            kind="appointments",
            digest=digest,
            at=clock.now(),
            counts={**counts, "journal": journal},
        )
        audit.write("import.taken", business=shop.business_id, shop=shop, kind_of="appointments", file=kept.id)
    report.import_id = str(kept.id)


# -- reading lines


def _read(reader: Any, shops: _Shops, mapping: dict[str, str], report: Report) -> Iterator[Told]:
    """Yield the good lines; refuse the others by line number and reason."""
    try:
        header = [mapping.get(name.strip(), name.strip().lower()) for name in next(reader)]
    except StopIteration:
        raise Unreadable(_("The file is empty. Its first line should name the columns: customer,starts_at.")) from None
    except csv.Error as error:
        raise Unreadable(_("The file is no CSV: %(error)s.", error=error)) from None
    missing = [] if "starts_at" in header else ["starts_at"]
    if not {"customer", "name"} & set(header):
        missing.append("customer")
    if missing:
        raise Unreadable(
            _(
                "The first line should name the columns customer (or name) and starts_at. Missing: %(missing)s. "
                "If your file calls it something else, say --map THEIRS=OURS.",
                missing=listed(missing),
            )
        )
    where = {name: header.index(name) for name in COLUMNS if name in header}
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
        row = {name: fields[i].strip() for name, i in where.items() if i < len(fields)}
        try:
            yield _told(reader.line_num, row, shops)
        except Refusal as refusal:
            report.refuse(reader.line_num, refusal)


def _told(line: int, row: dict[str, str], shops: _Shops) -> Told:
    """Return a line's values. Raises Refusal for the first column that is not as it should be."""
    for name, value in row.items():
        if len(value) > LONGEST_TEXT or not value.isprintable():
            told = _("“%(name)s” has at most %(most)s letters, on one line.", name=name, most=LONGEST_TEXT)
            raise Refusal(name, "unfit", told)
    if not (row.get("customer") or row.get("name")):
        raise Refusal("customer", "missing", _("Nobody is named on this line."))
    said = folded(row.get("status", "")).replace("_", " ")
    if said and said not in STATUS:
        told = _("“%(text)s” is none of: booked, cancelled, missed.", text=row["status"][:40])
        raise Refusal("status", "unknown", told)
    state = STATUS.get(said, "") or "booked"
    at = _time("starts_at", row.get("starts_at", ""))
    until = _time("ends_at", row["ends_at"]) if row.get("ends_at") else None
    shop = shops.named(row.get("shop", ""))  # last, for it adds a shop that is new
    if shop is None:
        raise Refusal("shop", "missing", _("No shop on this line, and none was chosen."))
    starts = _instant(at, shop)
    if until is not None:
        ends = _instant(until, shop)
    else:
        ends = starts + timedelta(minutes=_length(row.get("minutes", "")))
    minutes = (ends - starts).total_seconds() / 60
    if not 1 <= minutes <= appointments.LONGEST:
        raise Refusal("ends_at", "unfit", _("It ends before it begins, or takes more than a day."))
    return Told(line, row, shop, starts, ends, state)


def _length(text: str) -> int:
    if not text:
        return appointments.MINUTES
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= appointments.LONGEST):
        raise Refusal("minutes", "unfit", _("“%(text)s” is no number of minutes.", text=text[:40]))
    return int(text)


def _time(column: str, text: str) -> datetime:
    told = text[:40]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(column, "no_time", _("“%(text)s” is no time such as 2026-11-24T10:00.", text=told)) from None
    if len(text) < 12:
        raise Refusal(column, "no_hour", _("“%(text)s” names a day but no hour; a time needs both.", text=told))
    if at.year < 1970:
        raise Refusal(column, "out_of_range", _("“%(text)s” is too long ago to be taken in.", text=told))
    if at.year > 2200:
        raise Refusal(column, "out_of_range", _("“%(text)s” is too far ahead to be taken in.", text=told))
    return at.replace(second=0, microsecond=0)


def _instant(at: datetime, shop: Shop) -> datetime:
    """Return the instant of a time, without an offset on the shop's wall, where one that does not exist moves forward."""
    return at.astimezone(UTC) if at.tzinfo else shop.at(at.date(), at.hour * 60 + at.minute)


# -- taking in


def _take_in(told: Told, business: Business, journal: dict[str, Any], report: Report) -> None:
    customer = _person(told, business, journal, report)
    if not is_living(customer.state):
        raise Refusal("customer", "has_died", _("They have died. Nothing is booked any more."))
    customer.hold()  # before the shop, as whoever books does
    ours = _known(told, customer)
    if ours is None:
        ours = Appointment(
            customer=customer, shop=told.shop, service=one_line(told.row.get("service", "")),
            with_whom=one_line(told.row.get("with", "")), at=clock.now(), source_id=told.row.get("id") or None,
        )  # fmt: skip
        _place(told, ours, report)
        journal["made"].append(ours.id)
        report.added += 1
        return
    same = (ours.starts_at, ours.ends_at, ours.state) == (told.starts, told.ends, told.state)
    wanted = {"service": "service", "with_whom": "with"}
    same = same and all(
        column not in told.row or getattr(ours, name) == one_line(told.row[column]) for name, column in wanted.items()
    )
    if same and ours.customer_id == customer.id:
        report.skip(told.line, "known", _("This appointment is known already."), "id")
        return
    journal["was"].append([ours.id, as_it_stands(ours)])
    for name, column in wanted.items():
        if column in told.row:
            setattr(ours, name, one_line(told.row[column]))
    if ours.starts_at != told.starts or ours.state != told.state:
        moved(ours)
    ours.state = "booked"
    _place(told, ours, report)
    report.updated += 1


def _place(told: Told, ours: Appointment, report: Report) -> None:
    """Keep an appointment as a line has it, beside whoever has its time already; what is over or off takes nobody's."""
    minutes = int((told.ends - told.starts).total_seconds() // 60)
    ours.state = told.state
    appointments.book(ours, told.shop, told.starts, minutes, squeezed=True)
    ahead = told.state == "booked" and told.ends > clock.now()
    if ahead and ours.slot is None:
        report.note(told.line, "starts_at", "beside", _("Somebody else is booked then as well. Both stand."))
    elif not ahead and ours.slot is not None:
        ours.slot = None
        ours.save(only=[Appointment.slot])


def _known(told: Told, customer: Customer) -> Appointment | None:
    code = told.row.get("id")
    here = Appointment.shop == told.shop.id
    if code:
        found: Appointment | None = Appointment.get_or_none(here & (Appointment.source_id == code))
        return found
    same = (Appointment.customer == customer.id) & (Appointment.starts_at == told.starts)
    return Appointment.select().where(here & same).order_by(Appointment.id).first()


def _person(told: Told, business: Business, journal: dict[str, Any], report: Report) -> Customer:
    """Return whose a line is: by the source's own code, by mail address, by number, by name; else somebody new. Raises Refusal
    where several may be meant."""
    row, shop = told.row, told.shop
    addresses = _addresses(told, report)
    code, name = row.get("customer", ""), one_line(row.get("name", ""))
    found = _by_code(code, business) if code else None
    if found is None:
        reached = _reached(business, addresses)
        if len(reached) > 1 and (named := [one for one in reached if folded(one.name) == folded(name)]):
            reached = named
        if len(reached) > 1:
            raise Refusal(
                "email", "several", _("Several people here have this address or number, so nobody was guessed.")
            )
        found = reached[0] if reached and (not code or reached[0].source_id is None) else None
    if found is None:
        called = list(by_name(shop, name).values()) if " " in name else []
        called = [one for one in called if folded(name) in (folded(one.name), folded(one.call))]
        if code:  # by which the source tells people apart: who has another is another
            called = [one for one in called if one.source_id is None]
        if len(called) > 1:
            raise Refusal("name", "several", _("Several people here are called so, so nobody was guessed."))
        found = called[0] if called else None
    if found is None:
        found = Customer.create(
            business=business, name=name or code, source_id=code or None, created_at=clock.now()
        )  # fmt: skip
        journal["people"].append(found.id)
    elif code and found.source_id is None:
        Customer.update(source_id=code).where(Customer.id == found.id).execute()
        journal["codes"].append(found.id)
    for kind, (written, known) in addresses.items():
        same = (Contact.customer == found.id) & (Contact.kind == kind) & (Contact.known == known)
        if not Contact.select().where(same).exists():
            refused = contacts.refused_at(business.id, kind, known)
            made = Contact.create(customer=found, kind=kind, address=written, known=known, at=clock.now())
            journal["contacts"].append(made.id)
            journal["consents"] += contacts.refuse(found, refused, clock.now())
    return found


def _addresses(told: Told, report: Report) -> dict[str, tuple[str, str]]:
    found = {}
    for kind in ("email", "phone"):
        if written := told.row.get(kind):
            try:
                found[kind] = (written, contacts.compared(kind, written, told.shop.zone))
            except ValueError:
                report.note(
                    told.line, kind, "unfit_address",
                    _("The appointment was taken, without this: it is no mail address.") if kind == "email"
                    else _("The appointment was taken, without this: it is no telephone number."),
                )  # fmt: skip
    return found


def _by_code(code: str, business: Business) -> Customer | None:
    found: Customer | None = Customer.get_or_none((Customer.business == business.id) & (Customer.source_id == code))
    if found is None and (kept := Merge.codes(business.id).get(code)):
        found = Customer.get_or_none(Customer.id == kept)
    return found


def _reached(business: Business, addresses: dict[str, tuple[str, str]]) -> list[Customer]:
    if not addresses:
        return []
    known = [known for _written, known in addresses.values()]
    theirs = (Customer.business == business.id) & Contact.known.in_(known)
    return list(Customer.select().join(Contact).where(theirs).distinct().order_by(Customer.id))
