"""What a shop wants to know of people besides: fields of its own, and the two that words are made from.

A birthday is kept as MM-DD, or YYYY-MM-DD where they told us the year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import JOIN

from domain import expected
from domain.actions import Asked, Conflict, Refused, Unknown, does
from models import FIELDS, Customer, CustomField, FieldValue, Staff, folded
from words import _

ALWAYS = {"birthday": "Birthday", "dogs": "Dogs"}  # kind -> the name of its row, made when it is first told


@dataclass(frozen=True, slots=True)
class ToldField:
    """What somebody told us for a field, with who wrote it down when."""

    field: int
    name: str
    kind: str
    text: str
    by: str
    day: date
    changed: None = None


@does("field.create", "settings", recorded=("field",))
def create_field(asked: Asked) -> dict[str, Any]:
    """Add a field, or bring back a removed one of that name with all that was told."""
    kind = asked.choice("kind", FIELDS, "text")
    name = ALWAYS.get(kind) or asked.text("name")
    if kind == "text" and folded(name) in map(folded, ALWAYS.values()):
        raise Refused(_("“%(name)s” is on every card already.", name=name))
    known = next((one for one in every_field(asked.staff) if folded(one.name) == folded(name)), None)
    if known is None:
        return {"field": str(_made(asked, name, kind).id)}
    back = CustomField.update(removed_at=None).where(
        (CustomField.id == known.id) & CustomField.removed_at.is_null(False)
    )
    if not back.execute():
        raise Conflict(_("There is a field “%(name)s” already.", name=known.name))
    return {"field": str(known.id)}


@does("field.remove", "settings", recorded=("field",))
def remove_field(asked: Asked) -> dict[str, Any]:
    """Put a field away: it is not asked for or shown any more. What was told comes back when it is added again."""
    field = _field(asked, asked.id_of("field"))
    away = CustomField.update(removed_at=asked.act.at).where(
        (CustomField.id == field.id) & CustomField.removed_at.is_null()
    )
    if not away.execute():
        raise Conflict(_("“%(name)s” is removed already.", name=field.name))
    expected.offer_all_again(asked.shop, asked.shop.today())
    return {}


@does("customer.tell")
def tell_field(asked: Asked) -> dict[str, Any]:
    """Write down what somebody told us for a field (its number, "birthday" or "dogs"); an empty text takes it away.

    With `base`, what stood there when it was read, a change of somebody else's meanwhile is a conflict.
    """
    text = asked.text("text", required=False)
    customer = asked.writable() if text else asked.customer()
    which = asked.act.data.get("field")
    named = which if isinstance(which, str) and which in ALWAYS else None
    field = _always(asked, named) if named else _field(asked, asked.id_of("field"))
    if field.removed_at is not None:
        raise Conflict(_("“%(name)s” is removed already.", name=field.name))
    if field.kind == "birthday" and text:
        text = birthday(text, asked.shop.today())
    theirs = (FieldValue.field == field.id) & (FieldValue.customer == customer.id)
    customer.hold()
    stands = FieldValue.get_or_none(theirs)
    if "base" in asked.act.data and asked.text("base", required=False) != (stands.text if stands else ""):
        raise Conflict(_("Somebody changed this while you wrote. Look again, then keep yours or theirs."))
    FieldValue.delete().where(theirs).execute()
    if text:
        day = asked.shop.day_of(asked.act.at)
        FieldValue.create(field=field, customer=customer, text=text, author=asked.staff, day=day)
    return asked.told(customer)


def birthday(text: str, today: date) -> str:
    """Return a birthday as it is kept. Raises Refused for what is no day of the year, or one that nobody here was born on."""
    try:
        if len(text) == 5:
            return date.fromisoformat(f"2000-{text}").isoformat()[5:]
        day = date.fromisoformat(text)
        if len(text) != 10 or day.year < 1900 or day > today:
            raise ValueError
        return text
    except ValueError:
        raise Refused(_("A birthday is a day and a month; the year may be left out.")) from None


def fields(staff: Staff) -> list[CustomField]:
    """Return the fields of a business's own, in the order they were added. One query."""
    return [one for one in every_field(staff) if one.kind == "text" and one.removed_at is None]


def every_field(staff: Staff) -> list[CustomField]:
    """Return all fields of a business, removed ones too. One query."""
    return list(CustomField.select().where(CustomField.business == staff.business_id).order_by(CustomField.id))


def _always(asked: Asked, kind: str) -> CustomField:
    known = next((one for one in every_field(asked.staff) if one.kind == kind), None)
    return known or _made(asked, ALWAYS[kind], kind)


def _made(asked: Asked, name: str, kind: str) -> CustomField:
    business = asked.staff.business_id
    CustomField.insert(business=business, name=name, kind=kind).on_conflict_ignore().execute()
    return CustomField.get((CustomField.business == business) & (CustomField.name == name))


def _field(asked: Asked, number: int) -> CustomField:
    found = CustomField.get_or_none((CustomField.id == number) & (CustomField.business == asked.staff.business_id))
    if found is None:
        raise Unknown(_("There is no such field. It may have been removed."))
    return found


TOLD = ("field", "name", "kind", "text", "day", "by")


def told_rows() -> Any:
    """Return the query for what the customer of a query around it told for fields: what `told_from` reads."""
    return (
        FieldValue.select(
            CustomField.id.alias("field"), CustomField.name, CustomField.kind, FieldValue.text, FieldValue.day,
            Staff.name.alias("by"),
        )
        .join(CustomField)
        .join_from(FieldValue, Staff, JOIN.LEFT_OUTER, on=FieldValue.author == Staff.id)
        .where((FieldValue.customer == Customer.id) & CustomField.removed_at.is_null())
        .order_by(CustomField.id)
    )  # fmt: skip


def told_from(rows: list[list[Any]], _customer: Customer) -> list[ToldField]:
    return [
        ToldField(field, name, kind, text, by or "", date.fromisoformat(day))
        for field, name, kind, text, day, by in rows
    ]
