"""Tags and fields on the page where what we know of somebody is changed: as they stand, as typed, and the acts between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g, request

from domain.actions import Answer
from domain.card import Card
from domain.fields import ALWAYS, fields
from domain.tags import tags
from views.asking import request_action


@dataclass(slots=True)
class Field:
    """One field on the page: `key` is its number, or its kind for the two that are always there."""

    key: str
    kind: str
    name: str
    was: str
    text: str
    day: str = ""
    month: str = ""
    year: str = ""


@dataclass(slots=True)
class Besides:
    tags: list[str]
    was_tags: list[str]
    new_tag: str
    offered: list[str]
    fields: list[Field]


def besides(card: Card) -> Besides:
    """Return what the page shows: as it stands, or, of a form that was sent, as it was typed. Two queries."""
    form, sent = request.form, request.method == "POST"
    told = {(one.kind if one.kind in ALWAYS else str(one.field)): one.text for one in card.fields}
    found = []
    for key, kind, name in (
        *((kind, kind, kind) for kind in ALWAYS),
        *((str(one.id), "text", one.name) for one in fields(g.staff)),
    ):
        stands = told.get(key, "")
        was = form.get(f"was_field_{key}", stands) if sent else stands
        one = Field(key, kind, name, was, form.get(f"field_{key}", was).strip() if sent else stands)
        if kind == "birthday":
            _born(one, sent)
        found.append(one)
    stand = [tag.name for tag in card.tags]
    was_tags = form.getlist("was_tag") if sent else stand
    return Besides(
        tags=[tag for tag in form.getlist("tag") if tag in was_tags] if sent else stand,
        was_tags=was_tags,
        new_tag=form.get("new_tag", "").strip(),
        offered=[tag.name for tag in tags(g.staff) if tag.name not in stand],
        fields=found,
    )


def _born(one: Field, sent: bool) -> None:
    """Fill in the three parts of a birthday, and, of a form, make the birthday of them."""
    if not sent or "born_day" not in request.form:
        one.year, one.month, one.day = (one.text[:-6], one.text[-5:-3], one.text[-2:].lstrip("0"))
        return
    one.day, one.month, one.year = (request.form.get(f"born_{part}", "").strip() for part in ("day", "month", "year"))
    told = [part for part in (one.year, one.month, one.day and one.day.zfill(2)) if part]
    one.text = "-".join(told)  # what is no day is refused by the act, in a sentence


def new_words(of: Besides) -> list[str]:
    """Return what was written anew, to be asked about before it is kept."""
    changed = [one.text for one in of.fields if one.text != one.was and one.kind != "birthday"]
    return [text for text in (of.new_tag, *changed) if text]


def keep(customer: int, of: Besides) -> Answer | None:
    """Return the first act that was refused, None where all that was changed is kept."""
    acts: list[tuple[str, dict[str, Any]]] = [
        ("customer.untag", {"tag": tag}) for tag in of.was_tags if tag not in of.tags
    ]
    if of.new_tag:
        acts.append(("customer.tag", {"tag": of.new_tag}))
    for one in of.fields:
        if one.text != one.was:
            acts.append(("customer.tell", {"field": one.key, "text": one.text, "base": one.was}))
    for kind, data in acts:
        answer = request_action(kind, then=f"{kind} {data.get('field', data.get('tag'))}", customer=customer, **data)
        if not answer.done:
            return answer
    return None
