"""What we owe: promises, until they are kept and the customer has what was promised.

A promise is open, then kept (we did it), then confirmed (they have it, or say so). Closing it otherwise needs a reason.
Each step can be taken back.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from peewee import JOIN, fn

from domain import expected
from domain.access import digest
from domain.actions import Asked, Conflict, Refused, does
from domain.board import Board
from domain.lines import Line
from domain.states import living
from models import CHANNELS, Customer, Message, Promise, Shop, Staff, db, instant_of, instant_text
from words import _

SILENT = timedelta(hours=24)  # after something was sent we ask whether it arrived
CONFIRMING = timedelta(days=28)  # a kept promise that nobody confirmed is old news after that


# -- the acts


@does("promise.create", unsaid={"due": "", "channel": "counter"})
def create_promise(asked: Asked) -> dict[str, Any]:
    customer = asked.writable(begins=True)
    promise = Promise.create(
        customer=customer,
        text=asked.text("text"),
        due=asked.day("due"),
        channel=asked.choice("channel", CHANNELS, "counter"),
        **asked.wrote(),
    )
    return asked.told(customer, {"promise": str(promise.id)})


@does("promise.keep", unsaid={"channel": ""})
def keep_promise(asked: Asked) -> dict[str, Any]:
    """Say that we did it, by which `channel` if not as promised. What was sent by e-mail stays unconfirmed until it arrived."""
    how: dict[str, Any] = {}
    if asked.act.data.get("channel"):
        how = {"channel": asked.choice("channel", CHANNELS, ""), "promised_channel": Promise.channel}
    return _step(asked, "open", None, kept_at=asked.act.at, kept_by=asked.staff.id, **how)


@does("promise.confirm")
def confirm_promise(asked: Asked) -> dict[str, Any]:
    """Say that they have it, or told us so; an open one is kept by that as well."""
    promise = _promise(asked)
    if promise.state == "open":
        promise = _change(asked, promise, "open", kept_at=asked.act.at, kept_by=asked.staff.id)
    return _step(
        asked, "kept", promise, confirmed_at=asked.act.at, confirmed_by=asked.staff.id, delivery=_confirmed(promise)
    )


@does("promise.close")
def close_promise(asked: Asked) -> dict[str, Any]:
    """End a promise that was not kept, or need not be; the reason stays with it."""
    promise = _promise(asked)
    reason = asked.text("reason", missing=_("Say why it is closed, in a word or two."))
    if promise.state in ("confirmed", "closed"):
        raise second(promise, asked)
    return _step(asked, promise.state, promise, closed_at=asked.act.at, closed_by=asked.staff.id, closed_reason=reason)


@does("promise.reopen")
def reopen_promise(asked: Asked) -> dict[str, Any]:
    """Take back the last step: that it was closed, else that it was confirmed, else that it was kept."""
    promise = _promise(asked)
    if promise.state == "open":
        raise Conflict(_("This promise is open already."), state="open", already=True)
    if promise.state == "closed":
        return _step(asked, "closed", promise, closed_at=None, closed_by=None, closed_reason="")
    back: dict[str, Any] = {"confirmed_at": None, "confirmed_by": None, "delivery": ""}
    if promise.confirmed_at in (None, promise.kept_at):  # one tap kept and confirmed it
        back |= {"kept_at": None, "kept_by": None, "promised_channel": None}
        back |= {"channel": promise.promised_channel} if promise.promised_channel else {}
    return _step(asked, promise.state, promise, **back)


@does("promise.undo")
def undo_promise(asked: Asked) -> dict[str, Any]:
    """Take back having promised, on the same day, by whoever wrote it down."""
    promise = _promise(asked)
    if not asked.is_writers(promise):
        raise Refused(
            _("Only who wrote a promise down can take it back, on the same day. It can be closed with a reason.")
        )
    still = Promise.kept_at.is_null() & Promise.closed_at.is_null()
    if Promise.delete().where((Promise.id == promise.id) & still).execute() != 1:  # with it would go what was done
        now = Promise.get_or_none(Promise.id == promise.id)
        stands = how_it_stands(now, asked) if now else _("There is no such promise. It may have been taken back.")
        raise second(now, asked, stands + " " + _("Take that back first.")) if now else Conflict(stands, already=True)
    return asked.told(promise.customer)


def _promise(asked: Asked) -> Promise:
    """Return the promise an act is about, in a shop of whoever asks."""
    found: Promise = asked.ours(Promise, "promise", _("There is no such promise. It may have been taken back."))
    return found


def _step(asked: Asked, expects: str, promise: Promise | None = None, **values: Any) -> dict[str, Any]:
    promise = _change(asked, promise or _promise(asked), expects, **values)
    return asked.told(promise.customer, {"state": promise.state})


def _change(asked: Asked, promise: Promise, expects: str, **values: Any) -> Promise:
    """Return a promise after a step from the state it is expected in. Raises Conflict where a colleague was quicker."""
    stands = {
        "open": Promise.kept_at.is_null() & Promise.closed_at.is_null(),
        "kept": Promise.kept_at.is_null(False) & Promise.confirmed_at.is_null() & Promise.closed_at.is_null(),
        "confirmed": Promise.confirmed_at.is_null(False) & Promise.closed_at.is_null(),
        "closed": Promise.closed_at.is_null(False),
    }
    won = Promise.update(**values).where((Promise.id == promise.id) & stands[expects]).execute() == 1
    if won and promise.delivery == "due":  # what has not left need not leave any more
        waits = (Message.promise == promise.id) & (Message.state == "due")
        Message.update(state="dropped", ended_at=asked.act.at).where(waits).execute()
    now = Promise.select(Promise, Customer).join(Customer).where(Promise.id == promise.id).get()
    if not won:
        raise second(now, asked)
    return now


# After these acts a promise may stand so: whoever is second then has nothing left to do.
LEADS_TO = {"promise.keep": ("kept", "confirmed"), "promise.confirm": ("confirmed",), "promise.close": ("closed",)}


def second(promise: Promise, asked: Asked, told: str = "") -> Conflict:
    """Return what whoever was second is answered: how the promise stands, by whom and since when."""
    by, at = _since(promise)
    already = {"already": True} if promise.state in LEADS_TO.get(asked.act.type, ()) else {}
    told = told or how_it_stands(promise, asked)
    return Conflict(told, state=promise.state, **already, **asked.done_by(by, at))


def _since(promise: Promise) -> tuple[Staff | None, datetime | None]:
    """Return who brought a promise to where it stands, and when; of an open one nobody."""
    return {
        "open": (None, None),
        "kept": (promise.kept_by, promise.kept_at),
        "confirmed": (promise.confirmed_by, promise.confirmed_at),
        "closed": (promise.closed_by, promise.closed_at),
    }[promise.state]


def how_it_stands(promise: Promise, asked: Asked) -> str:
    """Return in a sentence what has become of a promise, for whoever was second."""
    by, at = _since(promise)
    if at is None:
        return _("This promise is open again.")
    told = {
        "kept": _("Kept already by %(name)s, %(when)s."),
        "confirmed": _("Confirmed already, %(when)s."),
        "closed": _("Closed already by %(name)s, %(when)s."),
    }[promise.state]
    return told % {"name": by.name if by else _("a colleague"), "when": asked.when(at)}


# -- what was sent, and whether it arrived

# From each state of what is sent, those that can come next: a server's report may come late, a confirmation at any time.
NEXT = {
    "": {"due"},
    "due": {"claimed", "expired", "suppressed"},
    "claimed": {"due", "handed_over", "failed", "suppressed"},
    "handed_over": {"delivered", "bounced", "failed"},
    "delivered": {"bounced"},
    "failed": {"due"},
    "bounced": {"due"},
    "expired": {"due"},
    "suppressed": set(),
    "confirmed": set(),
}
LOST = ("bounced", "failed", "expired", "suppressed")
MONTH = timedelta(days=30)
SENT = ("email", "sms")  # channels by which nobody sees whether they have it


def delivered(promise: Promise, state: str) -> None:
    """Record what became of what was sent to keep a promise: a state of `models.DELIVERIES`.

    Raises ValueError for a step that cannot be: from where it stands, or once it is confirmed or closed. That they have
    it is no state of a message: it is confirmed by an act, or by their link.
    """
    allowed = [before for before, after in NEXT.items() if state in after]
    stands = Promise.delivery.in_(allowed) & Promise.confirmed_at.is_null() & Promise.closed_at.is_null()
    with db.atomic():
        if Promise.update(delivery=state).where((Promise.id == promise.id) & stands).execute() != 1:
            raise ValueError(f"What was sent cannot become {state!r} now.")
        expected.offer_again(promise.customer, promise.shop, promise.shop.today())
        promise.shop.changed()


def _confirmed(promise: Promise) -> str:
    return "confirmed" if promise.delivery or promise.channel != "counter" else ""


# -- the link by which they confirm: a secret that begins with the last day on which it is good

LINK_LASTS = timedelta(days=60)
SECRET = re.compile(r"\d{8}[\w-]{22,100}", re.ASCII)


def new_secret(today: date) -> str:
    """Return a new secret for a link. Nobody keeps it: what is stored is its digest."""
    return f"{today + LINK_LASTS:%Y%m%d}{secrets.token_urlsafe(24)}"


def _good_until(secret: str) -> date | None:
    try:
        return datetime.strptime(secret[:8], "%Y%m%d").date() if SECRET.fullmatch(secret) else None
    except ValueError:
        return None


@does("promise.link")
def link_promise(asked: Asked) -> dict[str, Any]:
    """Let them confirm by a link with a `secret` of whoever asks (`new_secret`); an earlier link ends with that."""
    promise = _promise(asked)
    secret = asked.text("secret")
    until, today = _good_until(secret), asked.shop.today()
    if until is None or not today <= until <= today + LINK_LASTS:
        raise Refused(_("A link’s secret is a day within sixty days and at least 22 letters."))
    if promise.state in ("confirmed", "closed"):
        raise second(promise, asked)
    Promise.update(token_hash=digest(secret)).where(Promise.id == promise.id).execute()
    return asked.told(promise.customer)


def by_link(secret: str) -> Promise | None:
    """Return the promise that a link leads to; None where it is not known, or its day is over, or there is nothing to
    confirm any more."""
    until = _good_until(secret)
    found = (
        Promise.select(Promise, Customer, Shop)
        .join(Customer)
        .join_from(Promise, Shop)
        .where((Promise.token_hash == digest(secret)) & Promise.closed_at.is_null() & living())
        .get_or_none()
        if until is not None
        else None
    )
    return found if found is not None and until is not None and found.shop.today() <= until else None


def confirm_by_link(promise: Promise, now: datetime) -> None:
    """Record that they told us themselves that they have it; a second time changes nothing."""
    still = (Promise.id == promise.id) & Promise.confirmed_at.is_null() & Promise.closed_at.is_null()
    values = {"confirmed_at": now, "kept_at": fn.COALESCE(Promise.kept_at, instant_text(now))}
    with db.atomic():
        if Promise.update(**values, delivery=_confirmed(promise)).where(still).execute() == 1:
            expected.offer_again(promise.customer, promise.shop, promise.shop.today())
            promise.shop.changed()


# -- what is owed


@dataclass(slots=True)
class Owed:
    """A promise as it is shown, with whom it is owed to and when they may come in."""

    promise: Promise
    customer: Customer
    by: str  # who said it; "" for somebody who has left
    kept_by: str = ""
    line: Line | None = None  # on today's list

    @property
    def is_sent(self) -> bool:
        return self.promise.kept_at is not None and self.promise.channel in SENT

    @property
    def is_lost(self) -> bool:
        """Say whether what was sent did not arrive."""
        return self.promise.state == "kept" and self.promise.delivery in LOST

    def is_silent(self, now: datetime) -> bool:
        """Say whether something was sent a day ago or longer, and nobody has heard whether they have it."""
        kept = self.promise.kept_at
        return self.promise.channel in SENT and kept is not None and now - kept >= SILENT

    def is_due(self, today: date) -> bool:
        return self.promise.due is not None and self.promise.due <= today

    def is_overdue(self, today: date) -> bool:
        return self.promise.due is not None and self.promise.due < today


@dataclass(slots=True)
class Promises:
    """A shop's promises: for those who are to come in today, all others that are open, those kept today, and those kept
    before that nobody has confirmed; of what was sent, what did not arrive and what to ask after stand apart."""

    coming: list[Owed] = field(default_factory=list)
    waiting: list[Owed] = field(default_factory=list)
    kept: list[Owed] = field(default_factory=list)
    unconfirmed: list[Owed] = field(default_factory=list)
    lost: list[Owed] = field(default_factory=list)
    silent: list[Owed] = field(default_factory=list)

    def for_today(self, today: date) -> int:
        """Return how many are for today: of those who come in, and what is due."""
        return len(self.coming) + sum(1 for owed in self.waiting if owed.is_due(today))


def promises(shop: Shop, now: datetime, lines: list[Line]) -> Promises:
    """Return a shop's promises; `lines` are those of today. One query."""
    today, found = shop.day_of(now), Promises()
    expected_today = {line.customer.id: line for line in lines if line.is_expected or line.arrived}
    for owed in _owed(shop, Promise.closed_at.is_null() & Promise.confirmed_at.is_null() | _kept_on(shop, today)):
        owed.line = expected_today.get(owed.customer.id)
        promise = owed.promise
        if promise.state == "open":
            for_now = promise.due is None or promise.due <= today
            (found.coming if owed.line and for_now else found.waiting).append(owed)
        elif owed.is_lost:
            found.lost.append(owed)
        elif promise.state == "kept" and owed.is_silent(now) and promise.kept_at and now - promise.kept_at < CONFIRMING:
            found.silent.append(owed)
        elif promise.kept_at is not None and shop.day_of(promise.kept_at) == today:
            found.kept.append(owed)
        elif promise.kept_at is not None and now - promise.kept_at < CONFIRMING:
            found.unconfirmed.append(owed)
    found.coming.sort(key=lambda owed: (owed.line.around is None, owed.line.around or 0) if owed.line else (True, 0))
    return found


def of_a_month(shop: Shop, now: datetime) -> dict[str, list[Owed]]:
    """Return what became of a shop's promises in the last thirty days, the latest first: those `kept`; those `late`, whether
    kept too late or still owed; and those sent and `unconfirmed`. One query."""
    today, since = shop.day_of(now), now - MONTH
    lately = Promise.kept_at.is_null(False) & (Promise.kept_at >= since)
    overdue = Promise.kept_at.is_null() & (Promise.due < today)
    found: dict[str, list[Owed]] = {"kept": [], "late": [], "unconfirmed": []}
    for owed in _owed(shop, Promise.closed_at.is_null() & (lately | overdue)):
        promise = owed.promise
        on = shop.day_of(promise.kept_at) if promise.kept_at else today
        if promise.kept_at:
            found["kept"].append(owed)
        if promise.due is not None and promise.due < on:
            found["late"].append(owed)
        if owed.is_sent and promise.confirmed_at is None:
            found["unconfirmed"].append(owed)
    for rows in found.values():
        rows.sort(key=lambda owed: (owed.promise.kept_at is not None, -(owed.promise.kept_at or now).timestamp()))
    return found


def due_by(shop: Shop, day: date) -> int:
    """Return how many open promises are due on a day or before. One query."""
    return int(Promise.open().join(Customer).where((Promise.shop == shop.id) & (Promise.due <= day) & living()).count())


def for_today(shop: Shop, day: Board) -> int:
    """Return how many promises are for the day of a board: it knows, unless nobody is on it; then it is asked once."""
    if day.around.made:
        return day.around.owed
    key, kept = ("owed", day.revision), day.frames
    if key not in kept:
        kept[key] = str(due_by(shop, day.day))
    return int(kept[key])


def due_elsewhere(shop: Shop, day: date, listed: Collection[int]) -> list[Owed]:
    """Return what is due on a day or before to people who are not `listed` on it. One query."""
    still = Promise.kept_at.is_null() & Promise.closed_at.is_null() & (Promise.due <= day)
    return [owed for owed in _owed(shop, still) if owed.customer.id not in listed]


OWED = ("id", "text", "due", "day", "author", "kept_at", "said", "done", "channel", "delivery")


def owed_rows() -> Any:
    """Return the query for what is open, or kept and not confirmed, of the customer of a query around it at ``:shop``,
    soonest due first: what `owed_from` reads."""
    author, keeper = Staff.alias(), Staff.alias()
    return (
        Promise.select(
            Promise.id, Promise.text, Promise.due, Promise.day, Promise.author.alias("author"), Promise.kept_at,
            author.name.alias("said"), keeper.name.alias("done"), Promise.channel, Promise.delivery,
        )
        .join(author, JOIN.LEFT_OUTER, on=Promise.author == author.id)
        .join_from(Promise, keeper, JOIN.LEFT_OUTER, on=Promise.kept_by == keeper.id)
        .where(
            (Promise.customer == Customer.id)
            & (Promise.shop == ":shop")
            & Promise.closed_at.is_null()
            & Promise.confirmed_at.is_null()
        )
        .order_by(Promise.due.asc(nulls="LAST"), Promise.id)
    )  # fmt: skip


def owed_from(rows: list[list[Any]], customer: Customer) -> list[Owed]:
    """Return what a customer is owed, from the values that `owed_rows` gathered."""
    found = []
    for number, text, due, day, author, kept_at, said, done, channel, delivery in rows:
        promise = Promise(
            id=number, customer=customer, text=text, due=due and date.fromisoformat(due), day=date.fromisoformat(day),
            author=author, kept_at=instant_of(kept_at), channel=channel, delivery=delivery,
        )  # fmt: skip
        found.append(Owed(promise, customer, said or "", done or ""))
    return found


def _kept_on(shop: Shop, today: date) -> Any:
    begin, end = shop.at(today, 0), shop.at(today + timedelta(days=1), 0)
    return (Promise.kept_at >= begin) & (Promise.kept_at < end) & Promise.closed_at.is_null()


def _owed(shop: Shop, where: Any) -> list[Owed]:
    author, keeper = Staff.alias(), Staff.alias()
    query = (
        Promise.select(Promise, Customer, author, keeper)
        .join(Customer)
        .join_from(Promise, author, JOIN.LEFT_OUTER, on=Promise.author == author.id, attr="said")
        .join_from(Promise, keeper, JOIN.LEFT_OUTER, on=Promise.kept_by == keeper.id, attr="done")
        .where((Promise.shop == shop.id) & where & living())
        .order_by(Promise.due.asc(nulls="LAST"), Promise.id)
    )
    return [Owed(one, one.customer, _name(one, "said"), _name(one, "done")) for one in query]


def _name(promise: Promise, of: str) -> str:
    staff = getattr(promise, of, None)
    return staff.name if staff and staff.name else ""
