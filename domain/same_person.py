"""Same person? Somebody who was added while nobody could be asked, and is called as one we know: one, or two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import JOIN

from domain import merging
from domain.actions import Asked, Conflict, Refused, Unknown, does, nobody
from models import Customer, Merge, Usual
from words import _


@dataclass(frozen=True, slots=True)
class Twin:
    """Whom somebody may be, and what they have."""

    id: int
    name: str
    usual: str


@does("customer.may_be", unsaid={"other": ""})
def may_be(asked: Asked) -> dict[str, Any]:
    """Say that somebody is nobody else we know; or (`other`) whom they may be: what `was` takes that back."""
    customer = asked.customer()
    was, other = customer.may_be, asked.act.data.get("other")
    number = asked.id_of("other", of="customer") if other else None
    if number is not None and not asked.staff.customers.where(Customer.id == number).exists():
        raise Unknown(nobody())
    if number == was:
        raise Conflict(_("That was answered already."), already=True)
    Customer.update(may_be=number).where(Customer.id == customer.id).execute()
    return {"was": str(was) if was is not None else ""}


@does("customer.merge")
def merge(asked: Asked) -> dict[str, Any]:
    """Have all that is known of somebody (`gone`) stand with the customer, for they are one person."""
    customer = asked.customer()
    gone = asked.staff.customers.where(Customer.id == asked.id_of("gone", of="customer")).get_or_none()
    if gone is None:
        raise Conflict(_("That was answered already."))
    try:
        made = merging.merge(customer.id, gone.id, asked.staff)
    except merging.NotMerged as told:
        raise Refused(str(told)) from None
    return {"merge": str(made.id), "customer": str(customer.id)}


@does("customer.unmerge")
def unmerge(asked: Asked) -> dict[str, Any]:
    """Take a merge back, row by row."""
    ours = Merge.kept.in_(asked.staff.customers.select(Customer.id))
    made = Merge.get_or_none((Merge.id == asked.id_of("merge")) & ours)
    if made is None:
        raise Conflict(_("There is no such merge. It may have been taken back."))
    try:
        kept, gone = merging.undo(made.id, asked.staff)
    except merging.NotMerged as told:
        raise Refused(str(told)) from None
    asked.changed = kept
    return {"customer": str(kept), "gone": str(gone)}


TWIN = ("id", "name", "usual")


def twin_rows() -> Any:
    """Return the query for whom the customer of a query around it may be, with what they have at ``:shop``."""
    other = Customer.alias()
    return (
        other.select(other.id, other.name, Usual.text.alias("usual"))
        .join(Usual, JOIN.LEFT_OUTER, on=(Usual.customer == other.id) & (Usual.shop == ":shop"))
        .where((other.id == Customer.may_be) & (other.business == Customer.business))
    )


def twin_from(rows: list[list[Any]], _customer: Customer) -> Twin | None:
    return next((Twin(number, name, usual or "") for number, name, usual in rows), None)
