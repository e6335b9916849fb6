"""Tags: words of the shop's own for some of its customers. One nobody has any more is gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import JOIN

from domain.actions import Asked, Conflict, Refused, does
from models import Customer, Staff, Tag, Tagged, folded, one_line
from words import _

LONGEST = 40  # letters
SHOWN = 200  # people of one tag


@dataclass(frozen=True, slots=True)
class Given:
    """A tag of somebody's, with who gave it when."""

    id: int
    name: str
    by: str
    day: date
    changed: None = None


@does("customer.tag")
def tag_customer(asked: Asked) -> dict[str, Any]:
    """Give somebody a tag, which is made where nobody had it; capitals and accents make no other one."""
    customer, name = asked.writable(), tag_name(asked.text("tag"))
    tag = _known(asked, name)
    if tag is None:
        Tag.insert(business=asked.staff.business_id, name=name).on_conflict_ignore().execute()
        tag = Tag.get((Tag.business == asked.staff.business_id) & (Tag.name == name))
    given = Tagged.insert(tag=tag, customer=customer, author=asked.staff, day=asked.shop.day_of(asked.act.at))
    given.on_conflict_ignore().execute()  # two who mean the same are no trouble
    return {"tag": str(tag.id)}


@does("customer.untag")
def untag_customer(asked: Asked) -> dict[str, Any]:
    """Take a tag from somebody."""
    customer, name = asked.customer(), tag_name(asked.text("tag"))
    tag = _known(asked, name)
    if tag is None or not Tagged.delete().where((Tagged.tag == tag.id) & (Tagged.customer == customer.id)).execute():
        told = _("%(name)s has no tag “%(tag)s” any more.", name=customer.called, tag=name)
        raise Conflict(told, already=True)
    Tag.delete().where((Tag.id == tag.id) & Tag.id.not_in(Tagged.select(Tagged.tag))).execute()
    return {}


def tag_name(text: str) -> str:
    """Return a tag as it is kept. Raises Refused where there is none, or too long a one."""
    name = one_line(text).lstrip("#").strip()
    if not name:
        raise Refused(_("A tag needs a word."))
    if len(name) > LONGEST:
        raise Refused(_("A tag is a word or two: %(most)s letters fit.", most=LONGEST))
    return name


def _known(asked: Asked, name: str) -> Tag | None:
    tags = Tag.select().where(Tag.business == asked.staff.business_id).order_by(Tag.id)
    return next((tag for tag in tags if folded(tag.name) == folded(name)), None)


def tags(staff: Staff) -> list[Tag]:
    """Return all tags of a business, by name. One query."""
    return sorted(Tag.select().where(Tag.business == staff.business_id), key=lambda tag: folded(tag.name))


def tagged(number: int, staff: Staff) -> tuple[Tag | None, list[Customer]]:
    """Return a tag of the asker's business and who has it, by name, as many as are shown. Two queries."""
    tag = Tag.get_or_none((Tag.id == number) & (Tag.business == staff.business_id))
    if tag is None:
        return None, []
    people = staff.customers.join(Tagged).where(Tagged.tag == tag.id).order_by(Customer.search_name).limit(SHOWN)
    return tag, list(people)


TAGS = ("id", "name", "day", "by")


def tags_rows() -> Any:
    """Return the query for the tags of the customer of a query around it: what `tags_from` reads."""
    return (
        Tagged.select(Tag.id, Tag.name, Tagged.day, Staff.name.alias("by"))
        .join(Tag)
        .join_from(Tagged, Staff, JOIN.LEFT_OUTER, on=Tagged.author == Staff.id)
        .where(Tagged.customer == Customer.id)
        .order_by(Tagged.id)
    )


def tags_from(rows: list[list[Any]], _customer: Customer) -> list[Given]:
    return [Given(number, name, by or "", date.fromisoformat(day)) for number, name, day, by in rows]
