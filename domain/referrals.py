"""Referrals: whom we sent on to a place that can help them, whether it did, and who sends people to us."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from peewee import JOIN, fn

from domain.actions import Asked, Conflict, Refused, Unknown, does
from domain.board import Board
from domain.states import sought
from models import REACHED, Customer, Introduction, Referral, Shop, Staff, Visit, folded
from words import _

CHECK_AFTER = timedelta(days=3)
ASK_AGAIN_AFTER = timedelta(days=2)
FURTHEST = timedelta(days=366)
STAYED = 3  # visits, of somebody who was sent to us
OPEN = ("", "no_answer")
PLACES_SHOWN = 3


# -- the acts


@does("referral.create", unsaid={"customer": "", "previous": ""})
def create_referral(asked: Asked) -> dict[str, Any]:
    """Write down whom we sent where, and when to ask whether it helped. A first name is enough."""
    customer = asked.writable(begins=True) if asked.act.data.get("customer") else None
    today = asked.shop.day_of(asked.act.at)
    check_on = asked.day("check_on") or today + CHECK_AFTER
    if not today <= check_on <= today + FURTHEST:
        raise Refused(_("Choose a day to ask on from today to a year ahead."))
    referral = Referral.create(
        shop=asked.shop,
        customer=customer,
        name=asked.text("name", required=customer is None) or (customer.called if customer else ""),
        need=asked.text("need"),
        to_whom=asked.text("to"),
        check_on=check_on,
        author=asked.staff,
        day=today,
        at=asked.act.at,
        previous=_previous(asked),
    )
    return _told(asked, referral, {"referral": str(referral.id)})


def _previous(asked: Asked) -> int | None:
    """Return the number of the referral that had not helped, which this one follows."""
    if not asked.act.data.get("previous"):
        return None
    ours = Referral.shop.in_(asked.staff.shops.select(Shop.id))
    number = asked.id_of("previous", of="referral")
    if not Referral.select().where((Referral.id == number) & ours).exists():
        raise Unknown(_gone())
    return number


@does("referral.answer")
def answer_referral(asked: Asked) -> dict[str, Any]:
    """Say what became of it: they reached the place, they did not, or we have no answer yet and ask again in two days."""
    referral = _referral(asked)
    outcome = asked.choice("outcome", REACHED[1:], "")
    today = asked.shop.day_of(asked.act.at)
    values: dict[str, Any] = {"outcome": outcome, "answered_at": asked.act.at, "answered_by": asked.staff}
    stands = Referral.outcome.in_(OPEN) & (Referral.name != "")
    if outcome == "no_answer":
        stands &= (Referral.outcome == "") | (Referral.check_on <= today)  # two who had no answer today ask again once
        values["check_on"] = max(today + ASK_AGAIN_AFTER, referral.check_on)
    if Referral.update(values).where((Referral.id == referral.id) & stands).execute() != 1:
        raise _second(asked, Referral.get_by_id(referral.id))
    return _told(asked, referral)


@does("referral.reopen")
def reopen_referral(asked: Asked) -> dict[str, Any]:
    """Take back what was said to have become of it: it is asked as before."""
    referral = _referral(asked)
    today = asked.shop.today()
    values: dict[str, Any] = {"outcome": "", "answered_at": None, "answered_by": None}
    if referral.outcome == "no_answer":  # the day had been put off
        values["check_on"] = min(today, referral.check_on)
    as_read = (Referral.outcome == referral.outcome) & (Referral.outcome != "") & (Referral.name != "")
    if Referral.update(values).where((Referral.id == referral.id) & as_read).execute() != 1:
        raise _second(asked, Referral.get_by_id(referral.id))
    return _told(asked, referral)


@does("referral.forget")
def forget_referral(asked: Asked) -> dict[str, Any]:
    """Forget at their wish who it was and what they needed, with the referrals before and after it; the count stays."""
    referral = _referral(asked)
    if not referral.name:
        raise Conflict(_("The words are forgotten already."), already=True)
    forget([referral.id])
    return _told(asked, referral)


def forget(numbers: Iterable[int]) -> None:
    """Take the words and the customer out of some referrals, and of those before and after them."""
    found: set[int] = set()
    fresh = set(numbers)
    while fresh:
        found |= fresh
        next_to = Referral.select(Referral.id, Referral.previous).where(
            Referral.previous.in_(fresh) | Referral.id.in_(fresh)
        )
        fresh = {number for pair in next_to.tuples() for number in pair if number} - found
    Referral.update(name="", need="", customer=None).where(Referral.id.in_(found)).execute()


@does("referral.undo")
def undo_referral(asked: Asked) -> dict[str, Any]:
    referral = _referral(asked)
    if not asked.is_writers(referral):
        raise Refused(_("Only who wrote a referral down can take it back, on the same day. It can be forgotten."))
    referral.delete_instance()
    return _told(asked, referral)


def _referral(asked: Asked) -> Referral:
    found: Referral = asked.ours(Referral, "referral", _gone())
    return found


def _gone() -> str:
    return _("There is no such referral. It may have been taken back.")


def _told(asked: Asked, referral: Referral, result: dict[str, Any] | None = None) -> dict[str, Any]:
    return asked.told(referral.customer, result) if referral.customer_id else result or {}


def _second(asked: Asked, now: Referral) -> Conflict:
    """Return what whoever was second is answered: how it stands, who heard so, and when."""
    already = now.outcome == asked.act.data.get("outcome", "")
    by = asked.done_by(now.answered_by, now.answered_at) if now.outcome else {}
    return Conflict(_how_it_stands(asked, now), already=already, **by)


def _how_it_stands(asked: Asked, now: Referral) -> str:
    if not now.name:
        return _("The words are forgotten already.")
    if not now.outcome:
        return _("This is open already.")
    told = {
        "reached": _("%(name)s heard already, %(when)s: it helped."),
        "not_reached": _("%(name)s heard already, %(when)s: it did not work out."),
        "no_answer": _("%(name)s asked already, %(when)s, and had no answer yet."),
    }[now.outcome]
    return told % {
        "name": now.answered_by.name if now.answered_by else _("A colleague"),
        "when": asked.when(now.answered_at),
    }


# -- who sent them to us


@does("introduction.set", unsaid={"by": "", "by_text": ""})
def set_introduction(asked: Asked) -> dict[str, Any]:
    """Write down who sent a newcomer to us: a customer (`by`), or a place or person in words."""
    customer = asked.writable()
    customer.hold()
    known = Introduction.get_or_none(Introduction.customer == customer.id)
    if known is not None:
        raise Conflict(_("It stands here already: sent to us by %(name)s.", name=sender(known)))
    by = None
    if asked.act.data.get("by"):
        number = asked.id_of("by", of="customer")
        by = asked.staff.customers.where((Customer.id == number) & (Customer.id != customer.id)).get_or_none()
        if by is None:
            raise Unknown(_("There is nobody here by that number. They may have been removed."))
        _can_have_sent(by, customer)
    Introduction.create(
        customer=customer,
        by_customer=by,
        by_text="" if by else asked.text("by_text"),
        shop=asked.shop,
        author=asked.staff,
        day=asked.shop.day_of(asked.act.at),
    )
    if by:
        asked.told(by)
    return asked.told(customer)


def _can_have_sent(by: Customer, customer: Customer) -> None:
    """Raise Refused where somebody cannot have sent a customer: they came later, or were themselves sent by them."""
    first = dict(
        Visit.select(Visit.customer, fn.MIN(Visit.at))
        .where(Visit.customer.in_([by.id, customer.id]))
        .group_by(Visit.customer)
        .tuples()
    )
    if {customer.id, by.id} <= set(first) and first[customer.id] < first[by.id]:
        raise Refused(
            _("%(name)s came to us before %(by)s, so it was somebody else.", name=customer.called, by=by.called)
        )
    above: int | None = by.id
    seen: set[int] = set()
    while above and above not in seen:
        seen.add(above)
        known = Introduction.get_or_none(Introduction.customer == above)
        above = known.by_customer_id if known else None
        if above == customer.id:
            raise Refused(_("%(by)s was sent to us by %(name)s.", name=customer.called, by=by.called))


@does("introduction.undo")
def undo_introduction(asked: Asked) -> dict[str, Any]:
    customer = asked.customer()
    known = Introduction.get_or_none(Introduction.customer == customer.id)
    if known is None:
        raise Conflict(_("Nothing stands here about who sent them."))
    by = known.by_customer
    known.delete_instance()
    if by:
        asked.told(by)
    return asked.told(customer)


def sender(known: Introduction) -> str:
    """Return who sent somebody: the customer's name, or the words."""
    return known.by_customer.name if known.by_customer else known.by_text or _("somebody")


@dataclass(slots=True)
class Sender:
    """A customer, or a place in words, who sent us people: how many came, and how many of them stayed."""

    customer: Customer | None
    text: str
    came: int = 0
    stayed: int = 0
    latest: date = date.min
    newcomers: list[Customer] = field(default_factory=list)


def who_sends(shop: Shop, since: date) -> list[Sender]:
    """Return who sent people to a shop since a day, the latest first; "stayed" are three visits or more. One query.

    Only who came counts; somebody who sent and was removed since is left out, for a name is all there was of them.
    """
    by = Customer.alias()
    visits = Visit.select(fn.COUNT(Visit.id)).where((Visit.customer == Introduction.customer) & (Visit.shop == shop.id))
    rows = (
        Introduction.select(Introduction, Customer, by, visits.alias("visits"))
        .join(Customer, on=Introduction.customer == Customer.id)
        .join_from(Introduction, by, JOIN.LEFT_OUTER, on=Introduction.by_customer == by.id, attr="sent_by")
        .where((Introduction.shop == shop.id) & (Introduction.day >= since))
        .order_by(Introduction.day.desc(), Introduction.id.desc())
    )
    found: dict[Any, Sender] = {}
    for one in rows:
        sent_by = one.sent_by if one.by_customer_id else None
        if not one.visits or not (sent_by or one.by_text):
            continue
        key = one.by_customer_id or folded(one.by_text)
        known = found.setdefault(key, Sender(sent_by, one.by_text, latest=one.day))
        known.came += 1
        known.stayed += one.visits >= STAYED
        known.newcomers.append(one.customer)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Introduced:
    """Who sent a customer to us."""

    name: str
    customer: int | None


INTRODUCED = ("by", "name", "by_text")


def introduced_rows() -> Any:
    """Return the query for who sent the customer of a query around it."""
    by = Customer.alias()
    return (
        Introduction.select(Introduction.by_customer.alias("by"), by.name.alias("name"), Introduction.by_text)
        .join(by, JOIN.LEFT_OUTER, on=Introduction.by_customer == by.id)
        .where(Introduction.customer == Customer.id)
    )


def introduced_from(rows: list[list[Any]], _customer: Customer) -> Introduced | None:
    return next((Introduced(name or text or _("somebody"), by) for by, name, text in rows), None)


REFERRED = ("id", "name", "need", "to_whom", "check_on", "day", "outcome", "author", "said")


def referred_rows() -> Any:
    """Return the query for the referrals of the customer of a query around it at ``:shop`` that we still ask about."""
    author = Staff.alias()
    return (
        Referral.select(
            Referral.id, Referral.name, Referral.need, Referral.to_whom, Referral.check_on, Referral.day, Referral.outcome,
            Referral.author.alias("author"), author.name.alias("said"),
        )
        .join(author, JOIN.LEFT_OUTER, on=Referral.author == author.id)
        .where((Referral.customer == Customer.id) & (Referral.shop == ":shop") & Referral.outcome.in_(OPEN))
        .order_by(Referral.check_on, Referral.id)
    )  # fmt: skip


def referred_from(rows: list[list[Any]], customer: Customer) -> list[Referral]:
    """Return the referrals from the values that `referred_rows` gathered."""
    found = []
    for number, name, need, to_whom, check_on, day, outcome, author, said in rows:
        one = Referral(
            id=number, customer=customer, name=name, need=need, to_whom=to_whom, check_on=date.fromisoformat(check_on),
            day=date.fromisoformat(day), outcome=outcome, author=author,
        )  # fmt: skip
        one.said = Staff(name=said or "")
        found.append(one)
    return found


# -- what is to be asked


@dataclass(slots=True)
class Referrals:
    """A shop's referrals: to be asked about now, later, and those heard of today."""

    due: list[Referral] = field(default_factory=list)
    later: list[Referral] = field(default_factory=list)
    heard: list[Referral] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.due or self.later or self.heard)


def referrals(shop: Shop, day: date) -> Referrals:
    """Return a shop's referrals that are open, or were heard of on a day. One query."""
    found = Referrals()
    open_still = Referral.outcome.in_(OPEN) | _heard_on(shop, day)
    for one in _with_people((Referral.shop == shop.id) & (Referral.name != "") & _may_ask() & open_still):
        if one.outcome in OPEN:
            (found.due if one.check_on <= day else found.later).append(one)
        else:
            found.heard.append(one)
    return found


def due_checks(shop: Shop, day: date) -> list[Referral]:
    """Return the referrals to ask about on a day, the longest waiting first, with customer and author. One query."""
    return list(_with_people(_due(shop, day)))


def due_today(shop: Shop, day: Board) -> list[Referral]:
    """Return the referrals to ask about on the day of a board, which knows where there are none, and keeps what there is
    until anything happens."""
    if not day.around.checks:
        return []
    kept: dict[Any, Any] = day.frames
    key = ("checks", day.revision)
    if key not in kept:
        kept[key] = due_checks(shop, day.day)
    return list(kept[key])


def places(shop: Shop, but: str = "") -> list[str]:
    """Return the places we sent people to, the latest first, each once, without one. One query."""
    rows = Referral.select(Referral.to_whom).where(Referral.shop == shop.id).order_by(Referral.id.desc()).limit(200)
    found: dict[str, str] = {}
    for (place,) in rows.tuples():
        found.setdefault(folded(place), place)
    found.pop(folded(but), None)
    return list(found.values())[:PLACES_SHOWN]


def _heard_on(shop: Shop, day: date) -> Any:
    begin, end = shop.at(day, 0), shop.at(day + timedelta(days=1), 0)
    return (Referral.answered_at >= begin) & (Referral.answered_at < end)


def _may_ask() -> Any:
    return Referral.customer.is_null() | sought()


def _due(shop: Shop, day: date) -> Any:
    open_still = Referral.outcome.in_(OPEN) & (Referral.name != "") & _may_ask()
    return (Referral.shop == shop.id) & open_still & (Referral.check_on <= day)


def _with_people(where: Any) -> Any:
    author = Staff.alias()
    return (
        Referral.select(Referral, Customer, author)
        .join(Customer, JOIN.LEFT_OUTER)
        .join_from(Referral, author, JOIN.LEFT_OUTER, on=Referral.author == author.id, attr="said")
        .where(where)
        .order_by(Referral.check_on, Referral.id)
    )
