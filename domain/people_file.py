"""Taking in people from a file: who they are, where they can be reached, what they let us, and what is known of them besides.
Twice adds nothing.

What the team wrote down stands: a file fills in what is not known, adds addresses, tags and notes, and never undoes a refusal
or a state. A refusal holds for the address, whoever has it.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import clock
from domain import audit, contacts, expected, fields, notes, partings, tags
from domain.actions import Refused
from domain.contacts import compared
from domain.importing import LONGEST_NAME, Refusal, Report, Unreadable
from domain.merging import STRICTNESS
from domain.plain_words import has_card_number
from models import (
    TOGETHER,
    Belonging,
    Business,
    Consent,
    Contact,
    Customer,
    CustomField,
    FieldValue,
    Household,
    Import,
    Merge,
    Note,
    Row as Table,
    Seen,
    Shop,
    Staff,
    Tag,
    Tagged,
    Usual,
    alike,
    db,
    folded,
    instant_text,
    one_line,
)
from words import _

COLUMNS = (
    "id", "name", "say_as", "call", "phone", "email", "usual", "birthday", "tags", "note", "since", "consent_email",
    "consent_sms", "state", "household", "firm",
)  # fmt: skip
MADE = "file:"  # begins a code of ours, for somebody to whom the source gives none
CHUNK = 500
MOST_ADDRESSES = 10  # of one person on one line
MOST_TAGS = 20
LONGEST_NOTE = 2000
YES = {"yes", "y", "true", "1", "on", "t", "accepted", "granted", "subscribed", "sí", "si"}
NO = {"no", "n", "false", "0", "off", "f", "declined", "denied", "unsubscribed"}
STATE = {
    "active": "active", "current": "active",
    "leave alone": "leave_alone", "left alone": "leave_alone", "do not contact": "leave_alone", "no contact": "leave_alone",
    "moved": "moved", "moved away": "moved", "left": "moved",
    "died": "died", "dead": "died", "deceased": "died",
}  # fmt: skip

Row = dict[str, str]


def rows_of_csv(lines: Iterable[str], mapping: dict[str, str]) -> tuple[list[str], Iterator[tuple[int, Row | Refusal]]]:
    """Return the columns of a file that we do not take in, and its lines: number and values by our names, or why it is none.

    Raises Unreadable where its first line names neither id nor name.
    """
    reader = csv.reader(lines)
    try:
        header = [mapping.get(name.strip(), name.strip().lower()) for name in next(reader)]
    except StopIteration:
        raise Unreadable(_("The file is empty. Its first line should name the columns: id,name,phone,email.")) from None
    except csv.Error as error:
        raise Unreadable(_("The file is no CSV: %(error)s.", error=error)) from None
    if "name" not in header and "id" not in header:
        raise Unreadable(
            _(
                "The first line should name the columns, name or id among them. "
                "If your file calls them something else, say --map THEIRS=OURS."
            )
        )
    where = {name: header.index(name) for name in COLUMNS if name in header}
    return [name for name in header if name and name not in COLUMNS], _lines(reader, where)


def _lines(reader: Any, where: dict[str, int]) -> Iterator[tuple[int, Row | Refusal]]:
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, Refusal("", "unreadable", _("This line is no CSV: %(error)s.", error=error))
            continue
        if fields:
            yield reader.line_num, {name: fields[i].strip() for name, i in where.items() if i < len(fields)}


def import_customers(
    rows: Iterable[tuple[int, Row | Refusal]],
    path: Path,
    shop: Shop,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Return the count of people taken in. A number without a country is taken for one of the shop's, and a usual is what they
    have there."""
    business, report, record = shop.business, Report(), None
    if not dry_run:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with db.atomic():
            record = Import.create(business=business, kind="customers", digest=digest, at=clock.now(), counts={})
            audit.write("import.taken", business=business, kind_of="customers", file=record.id)
        report.import_id = str(record.id)
    taking, left = _Taking(shop, report, dry_run), iter(rows)
    while chunk := list(islice(left, CHUNK)):
        with db.atomic():
            for line, row in chunk:
                report.total += 1
                try:
                    if isinstance(row, Refusal):
                        raise row
                    told = _told(row, shop)
                    taking.take(told)
                    for column, code, reason in told.left:
                        report.note(line, column, code, reason)
                except Refusal as refusal:
                    report.refuse(line, refusal)
            if record is not None:  # with what it is about: a file that stops in the middle can be taken back too
                counts = {name: n for name, n in report.as_json().items() if name not in ("errors", "import_id")}
                record.counts = {**counts, "journal": taking.journal}
                record.save()
        if progress:
            progress(report.total)
    if record is not None:
        for one in Shop.select().where(Shop.business == business.id):
            if taking.around:
                expected.beside_again(one, one.today(), taking.around)
            expected.offer_all_again(one, one.today())
            one.changed()
    return report


@dataclass(slots=True)
class _Told:
    """One good line: the person's code and names, addresses by kind as written and as compared, consents, what else is known
    of them, and what was left out of it, by column, code and reason."""

    code: str
    names: dict[str, str]
    addresses: list[tuple[str, str, str]]
    consents: dict[str, bool]
    more: dict[str, str]
    tags: list[str]
    left: list[tuple[str, str, str]]


def _told(row: Row, shop: Shop) -> _Told:
    """Return a line's values. Raises Refusal for the first column that is not as it should be."""
    names = {}
    for column in ("id", "name", "say_as", "call"):
        text = one_line(row.get(column, ""))
        if len(text) > LONGEST_NAME or not text.isprintable():
            told = _("“%(column)s” has at most %(most)s letters, on one line.", column=column, most=LONGEST_NAME)
            raise Refusal(column, "unfit", told)
        names[column] = text
    if not names["id"] and not names["name"]:
        raise Refusal("name", "missing", _("No name on this line."))
    left: list[tuple[str, str, str]] = []
    more = {"state": _state(row)}  # who died must not come in as somebody to be written to: rather not at all
    addresses = [found for kind in ("phone", "email") for found in _addresses(row, kind, shop, left)]
    said = {"email": _said(row, "consent_email"), "sms": _said(row, "consent_sms")}
    consents = {way: given for way, given in said.items() if given is not None}
    code = names["id"] or _made_code(names["name"], addresses)
    more |= _more(row, shop, left)
    return _Told(code, names, addresses, consents, more, list(_tags(row, left)), left)


def _state(row: Row) -> str:
    text = " ".join(folded(row.get("state", "")).replace("_", " ").replace("-", " ").split())
    if text and text not in STATE:
        told = _("“%(text)s” is none of: active, leave_alone, moved, died.", text=row["state"][:40])
        raise Refusal("state", "unknown", told)
    return STATE.get(text, "active")


def _more(row: Row, shop: Shop, left: list[tuple[str, str, str]]) -> dict[str, str]:
    """Return what a line tells of somebody besides; what is not as it should be is `left` out, and keeps nobody out."""
    found = {}
    for column, most in (("usual", LONGEST_NAME), ("note", LONGEST_NOTE), ("household", 200), ("firm", 200)):
        text = row.get(column, "").replace("\x00", "").strip()
        text = text if column == "note" else one_line(text)
        if len(text) > most:
            told = _(
                "They were taken in without “%(column)s”: it has more than %(most)s letters.", column=column, most=most
            )
            left.append((column, "too_long", told))
        elif has_card_number(text):
            told = _(
                "They were taken in without “%(column)s”: it looks like the number of a payment card.", column=column
            )
            left.append((column, "card_number", told))
        elif text:
            found[column] = text
    today = shop.today()
    for column, as_kept in (("birthday", fields.birthday), ("since", _day)):
        text = one_line(row.get(column, ""))
        if text:
            try:
                found[column] = as_kept(text, today)
            except (Refused, ValueError):
                told = _("They were taken in without “%(text)s”: it is no such day.", text=text[:40])
                left.append((column, "no_day", told))
    return found


def _day(text: str, today: date) -> str:
    """Return a day, a month or a year as it is kept. Raises ValueError for what is none, or is still to come."""
    if not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", text) or text[:4] < "1800":
        raise ValueError(text)
    if date.fromisoformat(f"{text}-01-01"[:10]) > today:
        raise ValueError(text)
    return text


def _tags(row: Row, left: list[tuple[str, str, str]]) -> Iterator[str]:
    for text in re.split("[;,]", row.get("tags", ""))[:MOST_TAGS]:
        if text := one_line(text):
            try:
                yield tags.tag_name(text)
            except Refused as refused:
                left.append(("tags", "unfit", str(refused)))


def _made_code(name: str, addresses: list[tuple[str, str, str]]) -> str:
    """Return a code for somebody to whom the source gives none, by which the same line is known again."""
    told = repr([alike(name), sorted(known for _kind, _text, known in addresses)])
    return MADE + hashlib.sha256(told.encode()).hexdigest()[:24]


def _addresses(row: Row, kind: str, shop: Shop, left: list[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    """Yield the addresses of a kind; one that is none is `left` out, and keeps nobody from being taken in."""
    for text in row.get(kind, "").split(";")[:MOST_ADDRESSES]:
        if not (text := one_line(text)):
            continue
        try:
            yield kind, text, compared(kind, text, shop.zone)
        except ValueError:
            if kind == "email":
                told = _("They were taken in without “%(text)s”: it is no mail address.", text=text[:60])
                left.append((kind, "no_address", told))
            else:
                told = _("They were taken in without “%(text)s”: it is no telephone number.", text=text[:60])
                left.append((kind, "no_number", told))


def _said(row: Row, column: str) -> bool | None:
    text = row.get(column, "").casefold()
    if not text:
        return None
    if text not in YES | NO:
        raise Refusal(column, "unclear", _("“%(text)s” is neither yes nor no.", text=text[:40]))
    return text in YES


class _Taking:
    """Taking a file in: what is new of each of its people, and what is needed to take that back."""

    def __init__(self, shop: Shop, report: Report, dry: bool) -> None:
        self.shop, self.business, self.report, self.dry = shop, shop.business, report, dry
        self.merged = Merge.codes(self.business.id)
        self.seen: set[str] = set()  # of a dry run: who would have been added
        self.around: set[int] = set()  # who belongs somewhere now
        self.now = clock.now()
        self.day = shop.day_of(self.now)
        # Who was added; the rows made by table; of others, column values as they were and as they are now; consents as they were
        self.journal: dict[str, Any] = {"people": [], "rows": {}, "was": [], "consents": []}
        ours = self.business.id
        every = Household.select().where(Household.business == ours).order_by(Household.id.desc())
        self.together = {(one.kind, folded(one.name)): one for one in every}
        self.tags = {folded(one.name): one for one in Tag.select().where(Tag.business == ours).order_by(Tag.id.desc())}

    def take(self, told: _Told) -> None:
        """Add somebody, or what is new about them."""
        customer = _known(told, self.business, self.merged)
        if customer is None:
            if told.code in self.seen:
                self.report.skipped += 1
                return
            self.report.added += 1
            if self.dry:
                self.seen.add(told.code)
                return
            customer = self._added(told)
            for do in self.changes(customer, told):
                do()
            return
        todo = list(self.changes(customer, told))
        if todo:
            self.report.updated += 1
        else:
            self.report.skipped += 1
        for do in () if self.dry else todo:
            do()

    def _added(self, told: _Told) -> Customer:
        state = told.more["state"]
        customer = Customer.create(
            business=self.business, name=told.names["name"] or told.code, source_id=told.code, created_at=self.now,
            say_as=told.names["say_as"], call=told.names["call"], state=state,
            state_since=self.day if state in ("leave_alone", "moved") else None,
            state_at=None if state == "active" else self.now,
        )  # fmt: skip
        self.journal["people"].append(customer.id)
        if state == "died":  # nobody here knew them: it is no news to anybody
            for one in Staff.select().where((Staff.business == self.business.id) & Staff.left_at.is_null()):
                self._make(Seen, staff=one, customer=customer, what="state", at=self.now)
        return customer

    def changes(self, customer: Customer, told: _Told) -> Iterator[Callable[[], None]]:
        """Yield what is to be done so that all that a line tells of somebody is known."""
        fresh = _fills(customer, told, self.merged)
        if fresh:
            yield lambda: self._fill(customer, fresh)
        if STRICTNESS.index(told.more["state"]) > STRICTNESS.index(customer.state):
            yield lambda: self._state(customer, told.more["state"])
        missing = _missing(customer, told)
        refused: set[str] = set()
        for kind, text, known in reversed(missing):  # the first on the line is the one that is used: the latest
            refused |= set(contacts.refused_at(self.business.id, kind, known))
            yield self._doing(Contact, customer=customer, kind=kind, address=text, known=known, at=self.now)
        yield from self._consents(customer, told, refused)
        if not notes.wants_none(customer.id):
            yield from self._more(customer, told)

    def _consents(self, customer: Customer, told: _Told, refused: set[str]) -> Iterator[Callable[[], None]]:
        """Yield what a file may say of consents: a refusal always, and of whoever has the address too; a yes where nothing was
        said. `refused` are ways that others refused for addresses which are theirs as well now."""
        held = dict(Consent.select(Consent.way, Consent.given).where(Consent.customer == customer.id).tuples())
        said = told.consents | dict.fromkeys(refused, False)
        for way, given in said.items():
            if way not in held if given else held.get(way, True):
                yield self._permitting(customer.id, way, given)
        theirs = {(kind, known) for kind, _text, known in told.addresses}
        theirs |= set(Contact.select(Contact.kind, Contact.known).where(Contact.customer == customer.id).tuples())
        for way in [way for way, given in told.consents.items() if not given]:
            others = {
                number
                for kind, known in theirs if kind == contacts.KIND_OF[way]
                for number in contacts.who_has(self.business.id, kind, known)
            } - {customer.id}  # fmt: skip
            refusing = Consent.customer.in_(others) & (Consent.way == way) & ~Consent.given
            others -= {number for (number,) in Consent.select(Consent.customer).where(refusing).tuples()}
            for number in sorted(others):
                yield self._permitting(number, way, False)

    def _more(self, customer: Customer, told: _Told) -> Iterator[Callable[[], None]]:
        more, whose = told.more, {"customer": customer}
        if "usual" in more:
            theirs = (Usual.customer == customer.id) & (Usual.shop == self.shop.id)
            if not Usual.select().where(theirs).exists():
                yield self._doing(Usual, **whose, shop=self.shop, text=more["usual"], day=self.day)
        for column, kind, name in (("birthday", "birthday", fields.ALWAYS["birthday"]), ("since", "text", _("Since"))):
            if column in more:
                field = self._field(kind, name)
                held = (FieldValue.field == (field.id if field else 0)) & (FieldValue.customer == customer.id)
                if not FieldValue.select().where(held).exists():
                    yield self._telling(customer, kind, name, more[column])
        given = {folded(one.name) for one in Tag.select().join(Tagged).where(Tagged.customer == customer.id)}
        for name in {folded(name): name for name in reversed(told.tags) if folded(name) not in given}.values():
            yield self._tagging(customer, name)
        if "note" in more:
            held = {alike(text) for (text,) in Note.select(Note.text).where(Note.customer == customer.id).tuples()}
            if alike(more["note"]) not in held:
                yield self._doing(Note, **whose, text=more["note"], day=self.day, at=self.now)
        for kind in TOGETHER:
            if kind in more:
                theirs = (Belonging.customer == customer.id) & (Household.kind == kind)
                if not Belonging.select().join(Household).where(theirs).exists():
                    yield self._joining(customer, kind, more[kind])

    # -- one step each, kept so that it can be taken back

    def _make(self, table: type[Table], **values: Any) -> Any:
        row = table.create(**values)
        self.journal["rows"].setdefault(table.__name__, []).append(row.id)
        return row

    def _doing(self, table: type[Table], **values: Any) -> Callable[[], None]:
        def do() -> None:
            self._make(table, **values)

        return do

    def _fill(self, customer: Customer, fresh: dict[str, str]) -> None:
        was = {column: getattr(customer, column) for column in fresh}
        for column, text in fresh.items():
            setattr(customer, column, text)
        customer.save()
        self.journal["was"].append([customer.id, was, fresh])

    def _state(self, customer: Customer, state: str) -> None:
        told_at = instant_text(customer.state_at) if customer.state_at else None
        since = customer.state_since.isoformat() if customer.state_since else None
        was = {"state": customer.state, "since": since, "told_at": told_at, "reason": customer.state_reason}
        partings.enter(customer, state, None if state == "died" else self.day, self.now)
        self.journal["was"].append([customer.id, was, {"state": state, "told_at": instant_text(self.now)}])

    def _permitting(self, customer: int, way: str, given: bool) -> Callable[[], None]:
        def do() -> None:
            held = Consent.get_or_none((Consent.customer == customer) & (Consent.way == way))
            if held is None:
                self._make(Consent, customer=customer, way=way, given=given, how="import", at=self.now)
            elif held.given and not given:
                self.journal["consents"].append([held.id, held.how, instant_text(held.at)])
                held.given, held.how, held.at = given, "import", self.now
                held.save()

        return do

    def _field(self, kind: str, name: str) -> CustomField | None:
        every = CustomField.select().where((CustomField.business == self.business.id) & (CustomField.kind == kind))
        return next((one for one in every if kind != "text" or folded(one.name) == folded(name)), None)

    def _telling(self, customer: Customer, kind: str, name: str, text: str) -> Callable[[], None]:
        def do() -> None:
            field = self._field(kind, name) or self._make(CustomField, business=self.business, name=name, kind=kind)
            self._make(FieldValue, field=field, customer=customer, text=text, day=self.day)

        return do

    def _tagging(self, customer: Customer, name: str) -> Callable[[], None]:
        def do() -> None:
            tag = self.tags.get(folded(name))
            if tag is None:
                tag = self.tags[folded(name)] = self._make(Tag, business=self.business, name=name)
            self._make(Tagged, tag=tag, customer=customer, day=self.day)

        return do

    def _joining(self, customer: Customer, kind: str, name: str) -> Callable[[], None]:
        def do() -> None:
            there = self.together.get((kind, folded(name)))
            if there is None:
                there = self._make(Household, business=self.business, kind=kind, name=name)
                self.together[kind, folded(name)] = there
            self._make(Belonging, household=there, customer=customer)
            self.around.add(customer.id)

        return do


def _known(told: _Told, business: Business, merged: dict[str, int]) -> Customer | None:
    """Return whose a line is: by the source's code, else who has both its name and one of its addresses and no other code."""
    ours = Customer.business == business.id
    if told.code in merged:
        found = Customer.get_or_none(ours & (Customer.id == merged[told.code]))
        if found is not None:
            return found
    found = Customer.get_or_none(ours & (Customer.source_id == told.code))
    if found is not None or not told.addresses:
        return found
    if told.names["id"]:
        ours &= Customer.source_id.is_null() | Customer.source_id.startswith(MADE)
    reached = Contact.known.in_([known for _kind, _text, known in told.addresses])
    same = Customer.select().join(Contact).where(ours & reached).distinct().order_by(Customer.id)
    return next((one for one in same if alike(one.name) == alike(told.names["name"])), None)


def _fills(customer: Customer, told: _Told, merged: dict[str, int]) -> dict[str, str]:
    """Return what a file tells of somebody that nobody has written down."""
    fresh = {name: told.names[name] for name in ("say_as", "call") if told.names[name] and not getattr(customer, name)}
    if told.names["name"] and customer.name == customer.source_id != told.names["name"]:
        fresh["name"] = told.names["name"]
    if (
        told.names["id"]
        and told.code not in merged
        and (customer.source_id is None or customer.source_id.startswith(MADE))
    ):
        fresh["source_id"] = told.names["id"]
    return fresh


def _missing(customer: Customer, told: _Told) -> list[tuple[str, str, str]]:
    held = set(Contact.select(Contact.kind, Contact.known).where(Contact.customer == customer.id).tuples())
    each = {(kind, known): (kind, text, known) for kind, text, known in reversed(told.addresses)}
    return [one for address, one in reversed(each.items()) if address not in held]
