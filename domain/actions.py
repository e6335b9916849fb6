"""What a phone can do, each act once: the same act sent again changes nothing and gets the same answer.

Forms, htmx and the API all come through ``perform``. An act carries an id made by whoever asked; the id and its
effect are committed together. What an act creates may be referred to afterwards by that act's id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from peewee import IntegrityError

import clock
from domain import expected
from models import (
    LIFETIMES,
    MOMENTS,
    PRONOUNS,
    Action,
    Customer,
    Note,
    PromptShown,
    Shop,
    Staff,
    Usual,
    Visit,
    Witness,
    db,
    one_line,
)
from words import _

OLDEST = timedelta(days=3)  # an older act is taken at the time it reaches us
SKEW_TOLD = timedelta(minutes=5)
LONGEST = {"name": 200, "say_as": 200, "call": 200, "usual": 200, "text": 2000}
ONE_LINE = {"name", "say_as", "call", "usual"}


class Refused(Exception):
    """The act cannot be done; the sentence says why, for a person behind a counter."""


class Conflict(Refused):
    """Somebody else was first; the sentence says what stands now."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing somebody did: `at` is the time taken for it, `tapped_at` what the phone's own clock said, if it differs."""

    id: str
    type: str
    at: datetime
    data: dict[str, Any]
    tapped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """An act with who did it and where: what a doer receives."""

    act: Act
    staff: Staff
    shop: Shop

    def text(self, name: str, required: bool = True) -> str:
        """Return a text of the act's data, stripped. Raises Refused when it is missing, no text, or too long."""
        value = self.act.data.get(name, "")
        if value is None or isinstance(value, (dict, list, bool)):
            raise Refused(_("“%(name)s” has to be a text.", name=name))
        # neither a NUL nor half a letter (a lone surrogate) can be stored
        value = str(value).replace("\x00", "").encode("utf-8", "ignore").decode().strip()
        if name in ONE_LINE:
            value = one_line(value)
        if required and not value:
            raise Refused(_("“%(name)s” is empty. Write something first.", name=name))
        if len(value) > LONGEST.get(name, 2000):
            raise Refused(_("“%(name)s” is too long: %(most)s letters fit.", name=name, most=LONGEST.get(name, 2000)))
        return value

    def choice(self, name: str, of: tuple[str, ...], otherwise: str) -> str:
        """Return one of the words `of`. Raises Refused for any other."""
        value = self.act.data.get(name, otherwise)
        if value not in of:
            raise Refused(_("“%(name)s” is one of: %(words)s.", name=name, words=", ".join(of)))
        return value

    def flag(self, name: str) -> bool:
        value = self.act.data.get(name, False)
        if not isinstance(value, bool):
            raise Refused(_("“%(name)s” is true or false.", name=name))
        return value

    def id_of(self, name: str) -> int:
        """Return a row's id from the act's data, where an earlier act's id stands for what that act created."""
        value = self.act.data.get(name)
        if isinstance(value, str) and len(value) == 36:
            value = _made_by(value, name)
        text = str(value)
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else 0
        if not 0 < number < 2**31:
            raise Refused(_("There is no such %(thing)s. It may have been removed.", thing=_(name)))
        return number

    def customer(self) -> Customer:
        """Return the customer the act is about, looked up through the person who asks."""
        customer = self.staff.customers.where(Customer.id == self.id_of("customer")).get_or_none()
        if customer is None:
            raise Refused(_("There is nobody here by that number. They may have been removed."))
        return customer

    def place(self) -> Shop:
        """Return the shop named in the data, or the one the person is in."""
        if not self.act.data.get("shop"):
            return self.shop
        shop = self.staff.shops.where(Shop.id == self.id_of("shop")).get_or_none()
        if shop is None:
            raise Refused(_("There is no such shop."))
        return shop


Doer = Callable[[Asked], dict[str, Any]]
DOERS: dict[str, Doer] = {}


def does(kind: str) -> Callable[[Doer], Doer]:
    """Return a decorator that registers the doer of an act type."""

    def add(function: Doer) -> Doer:
        DOERS[kind] = function
        return function

    return add


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an act: "applied", "duplicate" (done before), "conflict" or "rejected", with its result or reason."""

    id: str
    status: str
    result: dict[str, Any] | None = None
    reason: str = ""

    @property
    def done(self) -> bool:
        return self.status in ("applied", "duplicate")

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"id": self.id, "status": self.status}
        if self.result is not None:
            told["result"] = self.result
        if self.reason:
            told["reason"] = self.reason
        return told


def perform(act: Act, staff: Staff, shop: Shop) -> Answer:
    """Return what became of an act, done at most once; its key and its effect are one transaction."""
    digest = hashlib.sha256(
        json.dumps([act.type, act.data, staff.business_id], sort_keys=True, default=str).encode()
    ).hexdigest()
    try:
        key = _key(act.id)
    except ValueError:
        return Answer(str(act.id), "rejected", reason=_("An act needs an id of its own, a UUID."))
    doer = DOERS.get(act.type)
    if doer is None:
        return Answer(act.id, "rejected", reason=_("This app does not know how to do “%(type)s”.", type=act.type))
    try:
        with db.atomic():
            earlier = Action.get_or_none(Action.key == key)
            if earlier is None:
                result = doer(Asked(act, staff, shop))
                Action.create(key=key, digest=digest, result=result, done_at=clock.now())
                return Answer(act.id, "applied", result)
    except Conflict as told:
        return Answer(act.id, "conflict", reason=str(told))
    except Refused as told:
        return Answer(act.id, "rejected", reason=str(told))
    except IntegrityError:  # another process committed the same key in between: then it is a repeat
        earlier = Action.get_or_none(Action.key == key)
        if earlier is None:
            raise
    if earlier.digest != digest:
        return Answer(act.id, "rejected", reason=_("This id was used before, for something else."))
    return Answer(act.id, "duplicate", earlier.result)


def _key(text: str) -> str:
    return str(UUID(str(text)))


def _made_by(text: str, name: str) -> Any:
    """Return the id of the thing called `name` that an earlier act made; None where there is no such act or thing."""
    try:
        earlier = Action.get_or_none(Action.key == _key(text))
    except ValueError:
        return None
    return earlier.result.get(name) if earlier else None


def taken_time(at: datetime, sent_at: datetime | None, now: datetime) -> tuple[datetime, timedelta]:
    """Return the time to take for an act, and how far the phone's clock is off (positive: it is behind).

    The difference between `sent_at` and our clock corrects the act's own time; what would lie in the future, or more
    than three days back, is taken as now.
    """
    skew = now - sent_at if sent_at else timedelta(0)
    age = (sent_at or now) - at
    return (now - age if timedelta(0) <= age <= OLDEST else now), skew


# -- visits


@does("visit.create")
def create_visit(asked: Asked) -> dict[str, Any]:
    customer, shop, act = asked.customer(), asked.place(), asked.act
    visit, joined = customer.check_in(shop, asked.staff, act.at, tapped_at=act.tapped_at, action=_key(act.id))
    if not joined:
        _keep_prompt_shown(customer, shop, visit)
    _history_changed(shop, visit)
    return {"visit": str(visit.id), "joined": joined}


def _keep_prompt_shown(customer: Customer, shop: Shop, visit: Visit) -> None:
    """Record the words that were offered when they came; nothing while a crowd comes in."""
    if visit.day != shop.today():
        return
    prompt = expected.line_for(customer, shop, clock.now()).prompt
    if prompt is None:
        return
    PromptShown.insert(
        customer=customer,
        shop=shop,
        day=visit.day,
        prompt=prompt["id"],
        facts={k: v for k, v in prompt.items() if k != "id"},
        outcome="shown",
        at=visit.at,
    ).on_conflict_ignore().execute()


@does("visit.undo")
def undo_visit(asked: Asked) -> dict[str, Any]:
    """Take back a visit. Of one that two colleagues saw, only the asker's witness goes (else the latest)."""
    visit = (
        Visit.select(Visit, Shop)
        .join(Shop)
        .where((Visit.id == asked.id_of("visit")) & (Visit.shop.in_(asked.staff.shops.select(Shop.id))))
        .get_or_none()
    )
    if visit is None:
        raise Conflict(_("That visit was already taken back."))
    witnesses = list(visit.witnesses.order_by(Witness.id))
    own = [w for w in witnesses if w.staff_id == asked.staff.id]
    going = (own or witnesses or [None])[-1]
    left = [w for w in witnesses if going is None or w.id != going.id]
    if going is not None:
        going.delete_instance()
    if going is not None and not left and visit.imported_id:
        pass  # the tap had joined what a file had told: that stays, to be taken back by itself
    elif left:
        visit.at = min(w.at for w in left)
        visit.save(only=[Visit.at])
    else:
        PromptShown.delete().where(
            (PromptShown.customer == visit.customer_id)
            & (PromptShown.shop == visit.shop_id)
            & (PromptShown.day == visit.day)
            & (PromptShown.outcome == "shown")
        ).execute()
        visit.delete_instance()
    _history_changed(visit.shop, visit)
    return {}


def _history_changed(shop: Shop, visit: Visit) -> None:
    expected.history_changed(shop, visit.day)
    shop.changed()


# -- customers, notes, the usual


@does("customer.create")
def create_customer(asked: Asked) -> dict[str, Any]:
    """Add somebody by a name or a word; with `here` they are marked here at once."""
    customer = Customer.create(business=asked.staff.business_id, name=asked.text("name"), created_at=asked.act.at)
    result = {"customer": str(customer.id)}
    if asked.flag("here"):
        act = asked.act
        visit, _joined = customer.check_in(
            asked.shop, asked.staff, act.at, tapped_at=act.tapped_at, action=_key(act.id)
        )
        result["visit"] = str(visit.id)
        _history_changed(asked.shop, visit)
    asked.shop.changed()
    return result


@does("note.create")
def create_note(asked: Asked) -> dict[str, Any]:
    customer = asked.customer()
    note = Note.create(
        customer=customer,
        shop=asked.shop,
        author=asked.staff,
        text=asked.text("text"),
        lifetime=asked.choice("lifetime", LIFETIMES, "always"),
        moment=asked.choice("moment", MOMENTS, "arrival"),
        private=asked.flag("private"),
        safety=asked.flag("safety"),
        day=asked.shop.day_of(asked.act.at),
        at=asked.act.at,
    )
    asked.shop.changed()
    return {"note": str(note.id)}


@does("note.edit")
def edit_note(asked: Asked) -> dict[str, Any]:
    """Change a note. If it changed since it was read (`base`), both texts are kept, side by side."""
    note = (
        Note.select(Note, Customer)
        .join(Customer)
        .where((Note.id == asked.id_of("note")) & (Customer.business == asked.staff.business_id))
        .get_or_none()
    )
    if note is None:
        raise Refused(_("There is no such note. It may have been removed."))
    text = asked.text("text")
    result = {"note": str(note.id)}
    if note.text != asked.text("base", required=False):
        beside = Note.create(
            customer=note.customer,
            shop=note.shop,
            author=asked.staff,
            text=text,
            lifetime=note.lifetime,
            moment=note.moment,
            private=note.private,
            safety=note.safety,
            day=asked.shop.day_of(asked.act.at),
            at=asked.act.at,
        )
        result["kept_beside"] = str(beside.id)
    else:
        note.text, note.edited_at = text, asked.act.at
        note.save(only=[Note.text, Note.edited_at])
    asked.shop.changed()
    return result


@does("usual.set")
def set_usual(asked: Asked) -> dict[str, Any]:
    """Write down what they usually have here; an empty text takes it away."""
    customer, text = asked.customer(), asked.text("text", required=False)
    Usual.delete().where((Usual.customer == customer.id) & (Usual.shop == asked.shop.id)).execute()
    if text:
        day = asked.shop.day_of(asked.act.at)
        Usual.create(customer=customer, shop=asked.shop, text=text, author=asked.staff, day=day)
    expected.offer_again(customer, asked.shop, asked.shop.today())
    asked.shop.changed()
    return {}


# -- words to say


@does("prompt.said")
def prompt_said(asked: Asked) -> dict[str, Any]:
    return _prompt_ended(asked, "said")


@does("prompt.skipped")
def prompt_skipped(asked: Asked) -> dict[str, Any]:
    return _prompt_ended(asked, "skipped")


def _prompt_ended(asked: Asked, outcome: str) -> dict[str, Any]:
    customer, shop, name = asked.customer(), asked.shop, asked.text("prompt")
    line = expected.line_for(customer, shop, clock.now())
    if line.prompt is None or line.prompt["id"] != name:
        raise Conflict(_("Those words are not offered for %(name)s today.", name=customer.name))
    greeted = asked.flag("greeted_by_name") if "greeted_by_name" in asked.act.data else None
    row, _created = PromptShown.get_or_create(
        customer=customer,
        shop=shop,
        day=shop.today(),
        defaults={
            "prompt": name,
            "facts": {k: v for k, v in line.prompt.items() if k != "id"},
            "at": asked.act.at,
        },
    )
    row.outcome = outcome
    row.greeted_by_name = greeted if greeted is not None else row.greeted_by_name
    row.save(only=[PromptShown.outcome, PromptShown.greeted_by_name])
    shop.changed()
    return {}


@does("customer.name")
def name_customer(asked: Asked) -> dict[str, Any]:
    """Change what somebody is called and, when it was sent along, their usual."""
    customer = asked.customer()
    customer.name = asked.text("name")
    customer.say_as = asked.text("say_as", required=False)
    customer.call = asked.text("call", required=False)
    customer.pronoun = asked.choice("pronoun", PRONOUNS, "")
    customer.save()
    if "usual" in asked.act.data:
        usual = Usual.get_or_none((Usual.customer == customer.id) & (Usual.shop == asked.shop.id))
        if asked.text("usual", required=False) != (usual.text if usual else ""):
            set_usual(
                Asked(
                    Act(asked.act.id, "usual.set", asked.act.at, {**asked.act.data, "text": asked.act.data["usual"]}),
                    asked.staff,
                    asked.shop,
                )
            )
    asked.shop.changed()
    return {}
