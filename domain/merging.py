"""Two customers found to be one: what is known of the one who is gone moves to the one who is kept, and back again.

It goes by the foreign keys of `models.TABLES`, so a new table needs nothing here. The journal (`Merge.rows`) holds which
rows were moved and, whole, those that could not stand twice; taking a merge back leaves every row as it was, and the
journal goes. What is worked out from visits and names (lists, habits, words to be found by) is made again instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from peewee import Field, ForeignKeyField, IntegrityError, chunked

import clock
from domain import audit, expected, states
from models import (
    TABLES,
    Business,
    Consent,
    Customer,
    Expected,
    HabitKept,
    Introduction,
    Merge,
    Row,
    SearchWord,
    Shop,
    Staff,
    Told,
    Usual,
    Visit,
    db,
    folded,
    instant_text,
    is_postgres,
)
from words import _

MADE_AGAIN = (SearchWord, Expected, HabitKept)
FILLED = ("say_as", "call", "lang", "pronoun", "source_id", "child")  # where the one who is kept has nothing
OF_ROW = ("say_as", "call")  # what somebody told us that stands in the customer's own row
STRICTNESS = ("active", "moved", "leave_alone", "died")
AT_ONCE = 500


class NotMerged(Exception):
    """It cannot be done; the sentence says why."""


def merge(kept: int, gone: int, by: Staff | None = None) -> Merge:
    """Move all that is known of the customer `gone` to the customer `kept`, and return the journal.

    The one who is kept keeps their name; where they have nothing, the other's is taken. The stricter state wins whichever
    way round it is, and so does the wish that nothing be written down. Raises NotMerged.
    """
    if kept == gone:
        raise NotMerged(_("That is one and the same person."))
    with db.atomic():
        _hold_business(kept)
        one, other = _held(kept), _held(gone)
        if one.business_id != other.business_id:
            raise NotMerged(_("They are customers of two businesses."))
        visits = _first_days([gone])
        filled = _filled(one, other)
        journal: dict[str, Any] = {
            "gone": _plain_row(other), "kept": kept, "filled": {}, "moved": [], "dropped": [], "emptied": [],
        }  # fmt: skip
        both = [kept, gone]  # nobody sends themselves
        _drop(Introduction, [Introduction.customer.in_(both), Introduction.by_customer.in_(both)], journal)
        for field in _pointing_at(Customer):
            if field.model not in MADE_AGAIN:
                _move(field, one, other, set(filled), journal)
        Customer.delete().where(Customer.id == gone).execute()
        before = _plain_row(one)
        for name, value in filled.items():
            journal["filled"][name] = [before[name], _plain(value)]
        if filled:
            Customer.update(**filled).where(Customer.id == kept).execute()
        made = Merge.create(kept=kept, gone=gone, by=by, at=clock.now(), rows=journal)
        _make_again([kept], visits, one.business_id)
        audit.write("customer.merge", business=one.business_id, staff=by, customer=kept, gone=gone, merge=made.id)
    return made


def undo(number: int, by: Staff | None = None) -> tuple[int, int]:
    """Take a merge back: every row stands as it stood. Return who was kept, and who is there again. Raises NotMerged.

    What was written down about the one who was kept since then stays with them.
    """
    with db.atomic():
        made = Merge.get_or_none(Merge.id == number)
        if made is None:
            raise NotMerged(_("There is no such merge. It may have been taken back."))
        kept, gone, journal = made.kept_id, made.gone, made.rows
        if kept != journal["kept"]:
            raise NotMerged(_("One of them was merged once more since then. Take that back first."))
        later = Merge.select().where((Merge.kept == kept) & (Merge.id > number))
        if later.exists():
            raise NotMerged(_("One of them was merged once more since then. Take that back first."))
        _hold_business(kept)
        one = _held(kept)
        made.delete_instance()
        stands = _plain_row(one)
        back = {name: was for name, (was, value) in journal["filled"].items() if stands[name] == value}
        if back:
            Customer.update(**back).where(Customer.id == kept).execute()
        try:
            Customer.insert(**journal["gone"], search_name=folded(journal["gone"]["name"])).execute()
            for table, field, numbers in journal["moved"]:
                _point(_table(table), field, numbers, kept, gone)
            for table, values in journal["dropped"]:  # each before what pointed at it
                _table(table).insert(**values).execute()
            for table, field, number, value in journal["emptied"]:
                place = _table(table)
                place.update({field: value}).where(place.id == number).execute()
        except IntegrityError:
            raise NotMerged(
                _("Something has been added since then that stands in the way. Nothing was changed.")
            ) from None
        _make_again([kept, gone], _first_days([gone]), one.business_id)
        audit.write("customer.unmerge", business=one.business_id, staff=by, customer=kept, gone=gone, merge=number)
    return kept, gone


def _hold_business(customer: int) -> None:
    """Hold the business first, as whoever adds a customer does: its shops come after, and nobody waits for each other."""
    business = Customer.select(Customer.business).where(Customer.id == customer).scalar()
    if business is not None:
        Business.hold(business)


def _held(number: int) -> Customer:
    customer = Customer.get_or_none(Customer.id == number)
    if customer is None:
        raise NotMerged(_("There is nobody of the number %(number)s.", number=number))
    if is_postgres():  # against rows that would refer to them, too: those are to find the one who is kept
        list(Customer.select(Customer.id).where(Customer.id == number).for_update().tuples())
    return Customer.get_by_id(number)


def _filled(one: Customer, other: Customer) -> dict[str, Any]:
    """Return what the one who is kept takes from the other's own row."""
    taken = {name: getattr(other, name) for name in FILLED if getattr(one, name) in (None, "")}
    taken = {name: value for name, value in taken.items() if value not in (None, "")}
    if STRICTNESS.index(other.state) > STRICTNESS.index(one.state):
        taken |= {"state": other.state, "state_since": other.state_since, "state_at": other.state_at}
        if other.state_reason and not one.state_reason:
            taken["state_reason"] = other.state_reason
    return taken


# -- rows


def _pointing_at(table: type[Row]) -> list[ForeignKeyField]:
    """Return the foreign keys that point at a table, in the order of the tables."""
    return [
        field
        for model in TABLES
        for field in model._meta.sorted_fields
        if isinstance(field, ForeignKeyField) and field.rel_model is table
    ]


def _move(field: ForeignKeyField, one: Customer, other: Customer, filled: set[str], journal: dict[str, Any]) -> None:
    """Point the rows of one foreign key at the one who is kept; those that would stand twice are dropped, and journalled."""
    table = field.model
    clashing: set[int] = set()
    if table is Told:  # what stands in the row of the one who is gone says nothing of the other's
        unfit = [what for what in ("name", *OF_ROW) if what not in filled]
        clashing |= {number for (number,) in _ids(Told, (Told.customer == other.id) & Told.what.in_(unfit))}
    if table is Consent:  # whoever refused a way has refused it, whichever of the two they were
        refused = Consent.select(Consent.way).where((Consent.customer == other.id) & ~Consent.given)
        _drop(Consent, [Consent.customer == one.id, Consent.given, Consent.way.in_(refused)], journal)
    for index in _unique_with(field):
        others = [part for part in index if part is not field]
        theirs = table.select(table.id, *others).where(field == other.id).tuples()
        held = {tuple(row) for row in table.select(*others).where(field == one.id).tuples()} if others else None
        for number, *values in theirs:
            if (held is None and table.select().where(field == one.id).exists()) or (held and tuple(values) in held):
                clashing.add(number)
    for part in chunked(sorted(clashing), AT_ONCE):
        _drop(table, [table.id.in_(part)], journal)
    numbers = [number for (number,) in _ids(table, field == other.id)]
    if numbers:
        _point(table, field.name, numbers, other.id, one.id)
        journal["moved"].append([table.__name__, field.name, numbers])


def _ids(table: type[Row], where: Any) -> Any:
    return table.select(table.id).where(where).order_by(table.id).tuples()


def _point(table: type[Row], name: str, numbers: Iterable[int], at: int, to: int) -> None:
    """Point some rows at another customer: those that still point where they did."""
    field = table._meta.fields[name]
    for part in chunked(numbers, AT_ONCE):
        table.update({field: to}).where(table.id.in_(part) & (field == at)).execute()


def _unique_with(field: ForeignKeyField) -> list[list[Field]]:
    """Return the unique indexes of a foreign key's table that it is part of, as fields."""
    meta = field.model._meta
    found = [[field]] if field.unique else []
    for parts, is_unique in meta.indexes:
        fields = [meta.fields[name] for name in parts]
        if is_unique and field in fields:
            found.append(fields)
    return found


def _drop(table: type[Row], where: list[Any], journal: dict[str, Any]) -> None:
    """Delete some rows, and keep them whole in the journal, with all that goes with them or points at them."""
    rows = list(table.select().where(*where).order_by(table.id))
    if not rows:
        return
    numbers = [row.id for row in rows]
    journal["dropped"].extend([table.__name__, _plain_row(row)] for row in rows)
    for field in _pointing_at(table):
        if field.on_delete == "CASCADE":
            _drop(field.model, [field.in_(numbers)], journal)
        else:
            pointing = field.model.select(field.model.id, field).where(field.in_(numbers)).order_by(field.model.id)
            journal["emptied"].extend([field.model.__name__, field.name, *values] for values in pointing.tuples())
    table.delete().where(table.id.in_(numbers)).execute()


def _plain_row(row: Row) -> dict[str, Any]:
    """Return a row's values as JSON has them; but for the words it is found by, which are made again."""
    return {name: _plain(value) for name, value in row.__data__.items() if name != "search_name"}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else value


def _table(name: str) -> type[Row]:
    return next(table for table in TABLES if table.__name__ == name)


# -- what is made again


def _first_days(customers: list[int]) -> dict[int, date]:
    """Return the first day of some customers' visits, by shop."""
    found: dict[int, date] = defaultdict(lambda: date.max)
    for shop, day in Visit.select(Visit.shop, Visit.day).where(Visit.customer.in_(customers)).distinct().tuples():
        found[shop] = min(found[shop], day)
    return found


def _make_again(customers: list[int], visits: dict[int, date], business: int) -> None:
    """Have words, lists and habits follow: the lists that stand at once for these people, all else in the background."""
    SearchWord.delete().where(SearchWord.customer.in_(customers)).execute()
    for customer in Customer.select().where(Customer.id.in_(customers)):
        SearchWord.set_name(customer)
        for usual in Usual.select().where(Usual.customer == customer.id):
            SearchWord.set_usual(customer, usual.shop, usual.text)
    for shop in Shop.select().where(Shop.business == business):
        day = visits.get(shop.id)
        if day is not None:
            expected.history_changed(shop, day)
        for customer in Customer.select().where(Customer.id.in_(customers)):
            if day is not None and states.is_sought(customer.state):
                expected.look_again(shop, customer.id, shop.today())
            if not states.is_sought(customer.state):
                Expected.delete().where(Expected.customer == customer.id).execute()
            expected.offer_again(customer, shop, shop.today())
        shop.changed()
