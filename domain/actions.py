"""What a phone can do, each act once: the same act sent again changes nothing and gets the same answer.

Forms, htmx and the API all come through ``perform``. An act carries an id made by whoever asked; the id and its
effect are committed together. What an act creates may be referred to afterwards by that act's id.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from peewee import JOIN, IntegrityError

import clock
from domain import audit, expected, lateness, notes, rights
from domain.audit_check import ACTS_KEPT
from domain.likeness import alike
from domain.lines import Line, look, offer
from domain.plain_words import has_card_number
from domain.states import had_died, is_living
from models import (
    LIFETIMES,
    MOMENTS,
    PRONOUNS,
    WISHES,
    Action,
    Business,
    Customer,
    Membership,
    Merge,
    Note,
    Prepared,
    PromptEnded,
    Row,
    SearchWord,
    Seen,
    Shop,
    Staff,
    Told,
    Usual,
    Visit,
    Witness,
    db,
    folded,
    from_stored,
    insert,
    instant_text,
    is_postgres,
    one_line,
)
from words import _, clock_time, short_day
from words.card import chips as chip_words

OLDEST = timedelta(days=3)  # an older act is taken at the time it reaches us
VOUCHED_FOR = ACTS_KEPT  # of an older act nobody can say any more whether it was done
SKEW_TOLD = timedelta(minutes=5)
REFUSALS_KEPT = 2000
_refusals_told: dict[tuple[int, int | None, str], int] = {}  # by whom and what -> the hour in which it was written down
LONGEST = {"name": 200, "say_as": 200, "call": 200, "usual": 200, "text": 2000, "to": 200, "by_text": 200, "part": 100}
ONE_LINE = {"name", "say_as", "call", "usual", "to", "by_text", "part"}


def called(name: str) -> str:
    """Return what a field of an act is called on the page, or its own name where no page has it."""
    labels = {
        "text": _("In your words"), "name": _("Name, or a word you know them by"), "say_as": _("Say it so"),
        "call": _("What to call them"), "usual": _("The usual"), "due": _("By when"), "reason": _("Why"),
        "need": _("What they need"), "to": _("Where we sent them"), "check_on": _("Ask on"), "reply": _("What to tell them"),
        "answer": _("What they said"), "by_text": _("Sent to us by"),
    }  # fmt: skip
    return labels.get(name, name)


def is_seen(text: str) -> bool:
    """Say whether a text has anything to be seen: some of Unicode's letters have neither ink nor width."""
    return any(unicodedata.category(letter)[0] in "LNPS" for letter in text)


def as_kept(name: str, value: str) -> str:
    """Return a text as it is kept under a name, whichever way it was sent."""
    # neither a NUL nor half a letter (a lone surrogate) can be stored
    value = value.replace("\x00", "").encode("utf-8", "ignore").decode()
    value = value.replace("\r\n", "\n").replace("\r", "\n").strip()  # plain forms send the first, scripts neither
    return one_line(value) if name in ONE_LINE else value


def nobody() -> str:
    return _("There is nobody here by that number. They may have been removed.")


class Refused(Exception):
    """The act cannot be done; the sentence says why, for a person behind a counter."""


class Unknown(Refused):
    """What the act is about is not there, or not theirs to see."""


class NotTheirs(Refused):
    """Whoever asks has no right to it."""


class Conflict(Refused):
    """Somebody else was first; the sentence says what stands now, `offers` what can be chosen instead.

    With `already` what was asked for is so, by whoever did it: nothing is left to do for whoever was second.
    """

    def __init__(self, told: str, **offers: Any):
        super().__init__(told)
        self.offers = offers or None


@dataclass(frozen=True, slots=True)
class Act:
    """One thing somebody did: `at` is the time taken for it, `tapped_at` what the phone's own clock said, if it differs."""

    id: str
    type: str
    at: datetime
    data: dict[str, Any]
    tapped_at: datetime | None = None


@dataclass(slots=True)
class Asked:
    """An act with who did it and where: what a doer receives. It says whom it changed, and how they stand now."""

    act: Act
    staff: Staff
    shop: Shop
    changed: int | None = None  # the customer the act changed, where it is one
    line: Line | None = None  # their line after it, where the doer knows it without asking again

    def text(self, name: str, required: bool = True, missing: str = "") -> str:
        """Return a text of the act's data, stripped. Raises Refused when it is missing (the sentence `missing` says so, where
        the field's name would not), no text, or too long."""
        value = self.act.data.get(name, "")
        if value is None or isinstance(value, (dict, list, bool)):
            raise Refused(_("“%(name)s” has to be a text.", name=name))
        value = as_kept(name, str(value))
        if required and not is_seen(value):
            raise Refused(missing or _("“%(name)s” is empty. Write something first.", name=called(name)))
        most = LONGEST.get(name, 2000)
        if len(value) > most:
            raise Refused(_("“%(name)s” is too long: %(most)s letters fit.", name=called(name), most=most))
        if has_card_number(value):
            raise Refused(_("That looks like the number of a payment card. Such a number is never kept here."))
        return value

    def choice(self, name: str, of: tuple[str, ...], otherwise: str) -> str:
        """Return one of the words `of`. Raises Refused for any other."""
        value = self.act.data.get(name, otherwise)
        if value not in of:
            raise Refused(_("“%(name)s” is one of: %(words)s.", name=name, words=", ".join(of)))
        return value

    def words(self, name: str) -> list[str]:
        """Return a list of short words of the act's data. Raises Refused for anything else."""
        value = self.act.data.get(name) or []
        if not isinstance(value, list) or not all(isinstance(w, str) and w.isidentifier() for w in value[:20]):
            raise Refused(_("“%(name)s” is a list of words.", name=name))
        return value[:20]

    def day(self, name: str) -> date | None:
        """Return a day of the act's data, None where there is none. Raises Refused for anything else."""
        value = self.act.data.get(name)
        if value in (None, ""):
            return None
        try:
            found = date.fromisoformat(value)
        except (TypeError, ValueError):
            raise Refused(_("“%(name)s” is a day such as 2026-11-24.", name=called(name))) from None
        if not 2000 <= found.year <= 2200:
            raise Refused(_("“%(name)s” is a day such as 2026-11-24.", name=called(name)))
        return found

    def instant(self, name: str) -> datetime | None:
        """Return an instant of the act's data, None where there is none. Raises Refused for anything else."""
        value = self.act.data.get(name)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(value)
            if found.tzinfo is not None:
                return found.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            pass
        raise Refused(_("“%(name)s” has to be a time with its offset.", name=name))

    def flag(self, name: str) -> bool:
        value = self.act.data.get(name, False)
        if not isinstance(value, bool):
            raise Refused(_("“%(name)s” is true or false.", name=name))
        return value

    def id_of(self, name: str, of: str = "") -> int:
        """Return a row's id from the act's data, where an earlier act's id stands for what that act created: a thing
        called `name`, or `of`."""
        value = self.act.data.get(name)
        if isinstance(value, str) and len(value) == 36:
            value = _made_by(value, of or name)
        text = str(value)
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else 0
        if not 0 < number < 2**31:
            raise Refused(_("There is nothing of that number here. It may have been removed."))
        return number

    def customer(self) -> Customer:
        """Return the customer the act is about, looked up through the person who asks."""
        number = self.id_of("customer")
        customer = self.staff.customers.where(Customer.id == number).get_or_none()
        if customer is None and (kept := Merge.into(number)):  # a phone may not know yet that two were merged
            customer = self.staff.customers.where(Customer.id == kept).get_or_none()
        if customer is None:
            raise Unknown(nobody())
        self.changed = customer.id
        return customer

    def writable(self, begins: bool = False) -> Customer:
        """Return the customer the act is about, where words may be written about them. Raises Refused where they asked us
        to write nothing down, and, of something that `begins` with the words, where they had died."""
        customer = self.customer()
        if begins:
            self.while_they_lived(customer)
        if notes.wants_none(customer.id):
            raise Refused(_("%(name)s asked us to write nothing down, so nothing was kept.", name=customer.called))
        return customer

    def while_they_lived(self, customer: Customer) -> None:
        """Raise Refused where somebody had died before the act. Costs a query of those who died alone."""
        if not is_living(customer.state) and had_died(Customer.get_by_id(customer.id), self.act.at, self.shop):
            told = _("%(name)s has died, so nothing was kept. If that is not so, it can be taken back on the card.")
            raise Refused(told % {"name": customer.called})

    def ours(self, table: type[Row], name: str, missing: str) -> Any:
        """Return the row the act is about, with its customer, in a shop of whoever asks; the act is that shop's.

        Raises Unknown with the sentence `missing`.
        """
        found = (
            table.select(table, Customer)
            .join(Customer, JOIN.LEFT_OUTER, on=table.customer == Customer.id)
            .where((table.id == self.id_of(name)) & table.shop.in_(self.staff.shops.select(Shop.id)))
            .get_or_none()
        )
        if found is None:
            raise Unknown(missing)
        self.shop = found.shop
        return found

    def wrote(self) -> dict[str, Any]:
        """Return what every row that is written down says of its writing: in which shop, by whom, on which day and when."""
        at = self.act.at
        return {"shop": self.shop, "author": self.staff, "day": self.shop.day_of(at), "at": at}

    def is_writers(self, row: Any) -> bool:
        """Say whether whoever asks wrote a row down today, and so may take it back."""
        return row.author_id == self.staff.id and row.day == self.shop.day_of(clock.now())

    def when(self, at: datetime) -> str:
        """Return when something was done, as it is told to whoever was second: 8:12, or Thursday."""
        local, today = self.shop.local(at), self.shop.today()
        return clock_time(local) if local.date() == today else short_day(local.date(), today)

    def done_by(self, staff: Staff | None, at: datetime | None) -> dict[str, Any]:
        """Return who did something and when, for the phone of whoever was second; what is not known is left out."""
        by = {"by": staff.name} if staff and staff.name else {}
        return {**by, "at": self.shop.local(at).isoformat()} if at else by

    def told(self, customer: Customer, result: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of an act that changes what is said of a customer: their words are chosen anew."""
        self.changed = customer.id
        expected.offer_again(customer, self.shop, self.shop.today())
        expected.end_what_is_over(customer, self.shop, self.shop.today())
        return result or {}

    def place(self) -> Shop:
        """Return the shop named in the data, which from now on is the act's, or the one the person is in."""
        if self.act.data.get("shop") and self.act.type not in ABOUT_SHOPS:
            shop = self.staff.shops.where(Shop.id == self.id_of("shop")).get_or_none()
            if shop is None:
                raise Refused(_("There is no such shop."))
            self.shop = shop
        return self.shop


Doer = Callable[[Asked], dict[str, Any]]
DOERS: dict[str, Doer] = {}
RIGHTS_TO: dict[str, str] = {}
UNSAID: dict[str, dict[str, Any]] = {}  # what is meant where a field of an act is left out
ABOUT_SHOPS = ("shop.withdraw",)  # whose `shop` is what they are about, and not where they are done
RECORDED: dict[str, tuple[str, ...]] = {}  # what a line of the record of changes tells of an act, where there is one


def does(
    kind: str, right: str = "work", recorded: tuple[str, ...] | None = None, unsaid: dict[str, Any] | None = None
) -> Callable[[Doer], Doer]:
    """Return a decorator that registers the doer of an act type, for those who have a right of `domain/rights.py`.

    `unsaid` says what the doer takes for fields that are left out: with them or without, it is the same act (`_meant`).

    One that is `recorded` gets a line of its kind in the record of changes, with whom it changed and what it names of the
    act's result and data: ids and words of ours, never a name or a text.
    """

    def add(function: Doer) -> Doer:
        DOERS[kind], RIGHTS_TO[kind], UNSAID[kind] = function, right, unsaid or {}
        if recorded is not None:
            RECORDED[kind] = recorded
        return function

    return add


Follows = Callable[[Asked, int, str, str], None]
FOLLOWS: dict[str, Follows] = {}


def follows(*prompts: str) -> Callable[[Follows], Follows]:
    """Return a decorator that registers what becomes of the thing that some prompts are about (its number) when their words
    were "said" or "skipped"; or, the outcome being "", when what they `were` was taken back."""

    def add(function: Follows) -> Follows:
        FOLLOWS.update(dict.fromkeys(prompts, function))
        return function

    return add


def _follow(asked: Asked, prompt: dict[str, Any], outcome: str, was: str = "") -> None:
    if "about" in prompt and prompt["id"] in FOLLOWS:
        FOLLOWS[prompt["id"]](asked, prompt["about"], outcome, was)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an act: "applied", "duplicate" (done before), "conflict" or "rejected", with its result or reason."""

    id: str
    status: str
    result: dict[str, Any] | None = None
    reason: str = ""
    line: Line | None = None  # the customer's line after the act, where it is at hand
    unknown: bool = False  # rejected because there is nobody by that number

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


def _record(asked: Asked, result: dict[str, Any]) -> None:
    """Write an act into the record of changes."""
    told: dict[str, Any] = {"customer": asked.changed} if asked.changed else {}
    for name in ("customer",) * ("customer" in result and not told) + RECORDED[asked.act.type]:
        value = result.get(name, asked.act.data.get(name))
        told[name] = int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value
    audit.write(asked.act.type, business=asked.staff.business_id, shop=asked.shop, staff=asked.staff, **told)


def _record_refusal(kind: str, staff: Staff, shop: Shop) -> None:
    """Write into the record that somebody was refused an act that is not theirs: the same once an hour, however often."""
    key, hour = (staff.id, audit.from_phone.get(), kind), int(clock.now().timestamp()) // 3600
    if _refusals_told.get(key) == hour:
        return
    if len(_refusals_told) >= REFUSALS_KEPT:
        _refusals_told.clear()
    _refusals_told[key] = hour
    audit.write("act.refused", business=staff.business_id, shop=shop, staff=staff, act=kind)


def perform(act: Act, staff: Staff, shop: Shop, final: bool = False, again: bool = False) -> Answer:
    """Return what became of an act, done at most once; its key and its effect are one transaction.

    `final` says that a conflict is kept too, as forms' are not: a phone was told so, and a repeat that comes later, when
    nothing stands in the way any more, is not to do it behind their back. `again` says that it is tried once more, for what it
    is about went in the middle of it.
    """
    try:
        key = _key(act.id)
    except ValueError:
        return Answer(str(act.id), "rejected", reason=_("An act needs an id of its own, a UUID."))
    doer = DOERS.get(act.type)
    if doer is None:
        return Answer(act.id, "rejected", reason=_("This app does not know how to do “%(type)s”.", type=act.type))
    # Done first and looked up after: a repeat is rare, and what it did is taken back when its key is found to be taken.
    try:
        with db.atomic():
            asked = Asked(act, staff, shop)
            place = asked.place()
            if not rights.may(staff, RIGHTS_TO[act.type], place):
                raise NotTheirs(_for_whom(RIGHTS_TO[act.type]))
            if (
                act.type in RECORDED
            ):  # a business is held before its shops: two that hold them the other way round wait for ever
                audit.hold(staff.business_id)
            result = doer(asked)
            insert(
                Action,
                key=key,
                digest=_digest(act, staff, place.id if asked.shop.id == place.id else None),
                result=json.dumps(result),
                done_at=instant_text(clock.now()),
                shop_id=asked.shop.id,
                customer_id=asked.changed,
                revision=0,
                step=0,
                staff_id=staff.id,
            )
            if act.type in RECORDED:
                _record(asked, result)
            return Answer(act.id, "applied", result, line=asked.line)
    except Refused as told:
        earlier = Action.get_or_none(Action.key == key)
        if earlier is None and final and isinstance(told, Conflict):
            earlier = _keep_refusal(key, act, staff)
        if earlier is None or earlier.result == REFUSED:
            if isinstance(told, NotTheirs):
                _record_refusal(act.type, staff, shop)
            return _refused(act, told)
    except IntegrityError:
        earlier = Action.get_or_none(Action.key == key)
        if earlier is None:
            if again:
                raise
            return perform(act, staff, shop, final, again=True)
    return _repeated(act, staff, shop, earlier, final)


REFUSED = {"refused": True}  # the result of a conflict that is kept


def unless_done(act: Act, staff: Staff, shop: Shop, told: str) -> Answer:
    """Return what is answered to an act that is not to be done any more, for the reason `told`: what was answered before where
    it was done, for that its key still tells."""
    earlier = _act_named(act.id)
    if earlier is None or earlier.result == REFUSED:
        return Answer(act.id, "conflict", reason=told)
    return _repeated(act, staff, shop, earlier, True)


def _repeated(act: Act, staff: Staff, shop: Shop, earlier: Action, final: bool) -> Answer:
    """Return the answer to an act whose key is taken: the same as before, if it is the same act."""
    same = earlier.digest in _digests(act, staff, earlier.shop_id)
    if earlier.result == REFUSED:
        if same:
            told = _("This was refused before, so nothing was done. If it is still to be done, do it once more.")
            return Answer(act.id, "conflict", reason=told)
        Action.delete().where(Action.id == earlier.id).execute()  # mended since then: nothing was done under this key
        return perform(act, staff, shop, final)
    if not same:
        return Answer(act.id, "rejected", reason=_("This id was used before, for something else."))
    return Answer(act.id, "duplicate", earlier.result)


def _refused(act: Act, told: Refused) -> Answer:
    is_gone = isinstance(told, Unknown)
    if isinstance(told, Conflict):
        return Answer(act.id, "conflict", told.offers, reason=str(told))
    if is_gone and act.type.endswith(".undo") and "customer" not in act.data:  # the thing is gone, as they wish
        return Answer(act.id, "conflict", {"already": True}, reason=str(told), unknown=True)
    return Answer(act.id, "rejected", reason=str(told), unknown=is_gone)


def _keep_refusal(key: str, act: Act, staff: Staff) -> Action | None:
    """Keep that an act was refused, without a word of why: names stand in that. Return what stands under its key then."""
    kept = {"key": key, "digest": _digest(act, staff, None), "result": REFUSED, "done_at": clock.now()}
    Action.insert(**kept, revision=0, step=0, staff_id=staff.id).on_conflict_ignore().execute()
    found: Action | None = Action.get_or_none(Action.key == key)
    return found


# -- whether two acts under one id are the same

AS_TYPED = ("password", "secret")
MADE_AS = {
    "gone": "customer",
    "other": "customer",
    "by": "customer",
    "previous": "referral",
}  # fields that name a thing of this
HOW = ("alike", "shop")  # how or where an act is done, and not what; where is told beside


def _meant(act: Act) -> dict[str, Any]:
    """Return an act's data as it is meant, however it was sent: a form and a phone say the same in two ways."""
    unsaid, found = UNSAID.get(act.type, {}), {}
    for name, value in act.data.items():
        plain = _plain(name, value)
        about = name not in HOW or act.type in ABOUT_SHOPS
        if about and plain is not None and not (name in unsaid and plain == _plain(name, unsaid[name])):
            found[name] = plain
    return found


def _plain(name: str, value: Any) -> Any:
    """Return a value of an act's data as it is compared: numbers as text, texts as they are kept, and what an act made by its
    number, for a form knows no other."""
    if (
        isinstance(value, str)
        and len(value) == 36
        and name not in LONGEST
        and (made := _made_by(value, MADE_AS.get(name, name)))
    ):
        return str(made)
    if isinstance(value, str):
        return value if name in AS_TYPED else as_kept(name, value)
    if isinstance(value, list):
        return [_plain(name, one) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(name, one) for key, one in value.items()}
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _digest(act: Act, staff: Staff, place: int | None) -> str:
    """Return what is kept of an act to know it by; `place` is the shop it is done in, where that is not the thing's own."""
    return _of([act.type, _meant(act), staff.business_id, place])


def _digests(act: Act, staff: Staff, shop: int | None) -> list[str]:
    """Return what may be kept of an act that was done before in a shop: whoever names none means the one they were in."""
    named = None if act.type in ABOUT_SHOPS else act.data.get("shop")
    text = str(named or "")
    place = int(text) if text.isascii() and text.isdecimal() else (_made_by(text, "shop") if named else shop)
    before = _of([act.type, act.data, staff.business_id])  # as it was sent, which is how it was kept at first
    return [_digest(act, staff, place and int(place)), _digest(act, staff, None), before]


def _of(values: list[Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def _for_whom(right: str) -> str:
    if rights.roles_with(right) == rights.OWNERS:
        return _("That is for an owner to do.")
    return _("That is for a manager or the owner to do.")


def _key(text: str) -> str:
    return str(UUID(str(text)))


def _made_by(text: str, name: str) -> Any:
    """Return the id of the thing called `name` that an earlier act made; None where there is no such act or thing."""
    earlier = _act_named(text)
    return earlier.result.get(name) if earlier else None


def _act_named(text: Any) -> Action | None:
    """Return the act that a text is the id of, None where it is none or there is no such act."""
    try:
        found: Action | None = Action.get_or_none(Action.key == _key(text))
    except ValueError:
        return None
    return found


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
    """Mark somebody here, with the words that are offered for it: on the list already, two statements in all."""
    shop, act, now = asked.place(), asked.act, clock.now()
    number = asked.id_of("customer")
    Customer(id=number).hold()
    line, around = look(number, shop, now)
    if line is None:
        number = asked.customer().id  # of one who was merged since
        Customer(id=number).hold()
        line, around = look(number, shop, now)
    assert line is not None
    asked.changed, customer = line.customer.id, line.customer
    asked.while_they_lived(customer)
    today = shop.day_of(act.at) == shop.day_of(now)
    first = today and line.came == 0
    seen: dict[str, Any] = {"tapped_at": act.tapped_at, "action": _key(act.id)}
    if today and not line.arrived:
        line.visit = Visit(at=act.at)
        offer(line, shop, now, around, asked.staff)
        if line.prompt:
            line.prompt_outcome = line.prompt_outcome or "shown"
            seen.update(prompt=line.prompt, outcome=line.prompt_outcome, greeted_by_name=line.greeted_by_name)
    visit, joined = customer.check_in(shop, asked.staff, act.at, first, **seen)
    if today and line.appointment is not None and joined is None:
        lateness.on_arrival(line.appointment, shop, visit.at, line.grace(shop), asked.staff)
    if first and around.calls:
        lateness.on_untold_arrival(customer.id, shop, visit.at, asked.staff)
    if first:
        line.visit, line.seen_by, asked.line = visit, [asked.staff.name], line
    if line.ended:
        _ended_before(customer, shop, visit.day).execute()
    if around.later_lists or not today:
        expected.history_changed(shop, visit.day, customer.id)
    result = {"visit": str(visit.id), "joined": joined is not None}
    return {**result, **asked.done_by(*joined)} if joined else result


def _ended_before(customer: Customer, shop: Shop, day: date) -> Any:
    """Return the statement that removes the words ended before they were marked here, which the visit took over."""
    return PromptEnded.delete().where(
        (PromptEnded.customer == customer.id) & (PromptEnded.shop == shop.id) & (PromptEnded.day == day)
    )


@does("visit.undo")
def undo_visit(asked: Asked) -> dict[str, Any]:
    """Take back a visit. Of one that two colleagues saw, only the asker's sight of it goes (else the latest)."""
    number = asked.id_of("visit")
    visit = _visit_for(asked.staff, number)
    if visit is not None and is_postgres():  # two who take it back at once do so one after the other
        Customer(id=visit.customer_id).hold()
        visit = _visit_for(asked.staff, number)
    if visit is None:
        raise Conflict(_("That visit was already taken back."), already=True)
    asked.changed, asked.shop = visit.customer_id, visit.shop
    joined = [from_stored(Witness, iter(row)) for row in _WITNESSES(visit=visit.id)]
    told = asked.act.data.get("visit")
    # by the act that saw it: then that one's sight goes, and no other
    named = _act_named(told) if isinstance(told, str) and len(told) == 36 else None
    whose = named.staff_id if named and named.staff_id else asked.staff.id
    own = [w for w in joined if w.staff_id == whose]
    if named and not own and visit.staff_id != whose:
        raise Conflict(_("That visit was already taken back."), already=True)
    if joined and (own or visit.staff_id != whose):
        that = next((w for w in own if named and w.action == named.key), (own or joined)[-1])
        that.delete_instance()
    elif joined:  # who saw them first takes it back: the next who saw them stands in
        first = min(joined, key=lambda w: (w.at, w.id))
        visit.staff, visit.at, visit.tapped_at = first.staff_id, first.at, first.tapped_at
        visit.save(only=[Visit.staff, Visit.at, Visit.tapped_at])
        first.delete_instance()
    else:
        if visit.outcome in ("said", "skipped"):  # what was said stays said
            _keep_ended(visit.customer_id, visit.shop, visit.day, visit.prompt, visit.outcome, visit.greeted_by_name)
        _TAKEN_BACK.change(visit=visit.id)
        lateness.on_undo(visit.customer_id, visit.shop, visit.day)
    expected.history_changed(visit.shop, visit.day, visit.customer_id)
    return {}


def _visits_of(everywhere: bool) -> Any:
    """Return the query for a visit and its shop, of those at the asker's shops, or `everywhere` in the business."""
    shops = Shop.select(Shop.id).where(Shop.business == ":business")
    if not everywhere:
        shops = shops.join(Membership).where(Membership.staff == ":staff")
    return Visit.select(Visit, Shop).join(Shop).where((Visit.id == ":visit") & Visit.shop.in_(shops))


_VISIT = {everywhere: Prepared(partial(_visits_of, everywhere)) for everywhere in (False, True)}
_TAKEN_BACK = Prepared(lambda: Visit.delete().where(Visit.id == ":visit"))
_WITNESSES = Prepared(lambda: Witness.select().where(Witness.visit == ":visit").order_by(Witness.id))


def _visit_for(staff: Staff, number: int) -> Visit | None:
    """Return a visit, with its shop, by its number: None where there is none, or none at a shop that is theirs."""
    rows = _VISIT[staff.role == "owner"](visit=number, business=staff.business_id, staff=staff.id)
    if not rows:
        return None
    values = iter(rows[0])
    visit: Visit = from_stored(Visit, values)
    visit.shop = from_stored(Shop, values)
    visit._dirty.clear()
    return visit


@does("visit.greet", unsaid={"greeted_by_name": True})
def greet_visit(asked: Asked) -> dict[str, Any]:
    """Record that whoever came was greeted by name, or (`greeted_by_name` false) that they were not after all."""
    of_ours = Visit.shop.in_(asked.staff.shops.select(Shop.id))
    visit = Visit.select(Visit, Shop).join(Shop).where((Visit.id == asked.id_of("visit")) & of_ours).get_or_none()
    if visit is None:
        raise Conflict(_("That visit was already taken back."))
    asked.changed, asked.shop = visit.customer_id, visit.shop
    greeted = "greeted_by_name" not in asked.act.data or asked.flag("greeted_by_name")
    Visit.update(greeted_by_name=greeted or None).where(Visit.id == visit.id).execute()
    return {}


# -- customers, notes, the usual


@does("customer.create", unsaid={"here": False})
def create_customer(asked: Asked) -> dict[str, Any]:
    """Add somebody by a name or a word; with `here` they are marked here at once.

    Where somebody is called alike, `alike` tells what is known of it: "ask" (nothing, so it is a conflict until somebody
    has answered), "new" (that was answered, they are another). Whoever could not ask, as a phone without signal, says
    neither: they are added, and whom they may be is asked on their card.
    """
    name, known = asked.text("name"), asked.choice("alike", ("", "ask", "new"), "")
    business, may_be = asked.staff.business_id, None
    if known != "new":
        Business.hold(business)  # of two phones with one name the second is to find the first
        may_be = next((one.person.id for one in alike(asked.shop, name, clock.now())), None)
    if may_be is not None and known == "ask":
        raise Conflict(_("Somebody is called so already. Is it the same person?"))
    customer = Customer.create(business=business, name=name, may_be=may_be, created_at=asked.act.at)
    result = {"customer": str(customer.id)}
    if may_be is not None:
        result["may_be"] = str(may_be)
    if asked.flag("here"):
        act = asked.act
        visit, _joined = customer.check_in(
            asked.shop, asked.staff, act.at, tapped_at=act.tapped_at, action=_key(act.id)
        )
        result["visit"] = str(visit.id)
        expected.history_changed(asked.shop, visit.day)
    asked.changed = customer.id
    return result


PLAINLY = {"text": "", "chips": [], "lifetime": "always", "moment": "arrival", "private": False, "safety": False}


@does("note.create", unsaid={**PLAINLY, "everywhere": False})
def create_note(asked: Asked) -> dict[str, Any]:
    """Write down something good to know: for this shop, or (`everywhere`) for all shops of the business.

    What the `chips` say stands before the words. Chips alone are enough, and stand until the next visit is over.
    """
    customer, chips, words = asked.writable(), asked.words("chips"), chip_words()
    said = ". ".join(words[chip] for chip in chips if chip in words)
    text = asked.text("text", required=not said)
    private, safety, everywhere = asked.flag("private"), asked.flag("safety"), asked.flag("everywhere")
    lifetime, moment = asked.choice("lifetime", LIFETIMES, "always"), asked.choice("moment", MOMENTS, "arrival")
    if not text:
        lifetime, moment, safety, everywhere = "next_visit", "arrival", False, False
    if private and safety:  # it would be hidden from those who are to read it
        raise Refused(_("A note for safety is for everybody's eyes: it is for safety or private, not both."))
    note = Note.create(
        customer=customer,
        shop=None if everywhere else asked.shop,
        author=asked.staff,
        text=text if text.startswith(said) else ". ".join(part for part in (said, text) if part),
        chips=" ".join(chips),
        lifetime=lifetime,
        moment=moment,
        private=private,
        safety=safety,
        day=asked.shop.day_of(asked.act.at),
        at=asked.act.at,
    )
    if everywhere:
        asked.shop.tell_the_others()
    return asked.told(customer, {"note": str(note.id)})  # whoever wrote it has met them


@does("note.edit", unsaid={"base": ""})
def edit_note(asked: Asked) -> dict[str, Any]:
    """Change a note. If it changed since it was read (`base`), both texts are kept, side by side."""
    note = notes.note_for(asked.id_of("note"), asked.staff)
    if note is None:
        raise Unknown(_("There is no such note. It may have been removed."))
    if notes.wants_none(note.customer_id):
        raise Refused(_("%(name)s asked us to write nothing down, so nothing was kept.", name=note.customer.called))
    text = asked.text("text")
    result = {"note": str(note.id)}
    as_read = (Note.id == note.id) & (Note.text == note.text)  # of two at the same moment one is second
    changed = {"text": text, "edited_at": asked.act.at}
    if note.text == asked.text("base", required=False) and Note.update(changed).where(as_read).execute() == 1:
        notes.seen_by_nobody(note)
    else:
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
    return result


@does("note.seen")
def see_note(asked: Asked) -> dict[str, Any]:
    """Say that whoever asks has read a note for safety; once is enough until its words change."""
    note = _note(asked)
    if not note.safety:
        raise Refused(_("Only a note for safety is to be read by everybody."))
    asked.changed = note.customer_id
    seen = Seen.insert(staff=asked.staff, customer=note.customer_id, what="note", number=note.id, at=asked.act.at)
    seen.on_conflict_ignore().execute()
    return {}


@does("note.unseen")
def unsee_note(asked: Asked) -> dict[str, Any]:
    """Take back having read a note for safety."""
    note = _note(asked)
    asked.changed = note.customer_id
    theirs = (Seen.staff == asked.staff.id) & (Seen.what == "note") & (Seen.number == note.id)
    if not Seen.delete().where(theirs).execute():
        raise Conflict(_("That note is unread already."), already=True)
    return {}


def _note(asked: Asked) -> Note:
    note = notes.note_for(asked.id_of("note"), asked.staff)
    if note is None:
        raise Unknown(_("There is no such note. It may have been removed."))
    return note


@does("note.undo", recorded=("note",))
def undo_note(asked: Asked) -> dict[str, Any]:
    """Take back a note, on the day it was written, by whoever wrote it."""
    note = notes.note_for(asked.id_of("note"), asked.staff)
    if note is None:
        raise Conflict(_("There is no such note. It may have been removed."), already=True)
    if note.author_id != asked.staff.id or note.day != asked.shop.day_of(clock.now()):
        raise Refused(_("Only who wrote a note can take it back, on the same day."))
    asked.changed = note.customer_id
    notes.seen_by_nobody(note)
    note.delete_instance(recursive=True)
    return {}


@does("usual.set", unsaid={"text": ""})
def set_usual(asked: Asked) -> dict[str, Any]:
    """Write down what they usually have here; an empty text takes it away."""
    text = asked.text("text", required=False)
    customer = asked.writable() if text else asked.customer()
    Usual.delete().where((Usual.customer == customer.id) & (Usual.shop == asked.shop.id)).execute()
    if text:
        day = asked.shop.day_of(asked.act.at)
        Usual.create(customer=customer, shop=asked.shop, text=text, author=asked.staff, day=day)
    else:
        SearchWord.set_usual(customer, asked.shop, "")
    expected.offer_again(customer, asked.shop, asked.shop.today())
    return {}


# -- words to say


@does("prompt.said")
def prompt_said(asked: Asked) -> dict[str, Any]:
    return _prompt_ended(asked, "said")


@does("prompt.skipped")
def prompt_skipped(asked: Asked) -> dict[str, Any]:
    return _prompt_ended(asked, "skipped")


@does("prompt.undo")
def undo_prompt(asked: Asked) -> dict[str, Any]:
    """Offer words again that were said or skipped today."""
    customer, shop = asked.customer(), asked.place()
    today = shop.day_of(clock.now())
    ended = Visit.outcome.in_(("said", "skipped"))
    visits = (Visit.customer == customer.id) & (Visit.shop == shop.id) & (Visit.day == today) & ended
    kept = (PromptEnded.customer == customer.id) & (PromptEnded.shop == shop.id) & (PromptEnded.day == today)
    said = [*Visit.select().where(visits), *PromptEnded.select().where(kept)]
    if not said:
        raise Conflict(_("Those words are offered already."), already=True)
    Visit.update(outcome="shown").where(visits).execute()
    PromptEnded.delete().where(kept).execute()
    for one in said:
        _follow(asked, one.prompt, "", one.outcome)
    return {}


def _prompt_ended(asked: Asked, outcome: str) -> dict[str, Any]:
    name, now = asked.text("prompt"), clock.now()
    line, around = look(asked.id_of("customer"), asked.shop, now)
    if line is None:
        line, around = look(asked.customer().id, asked.shop, now)
    assert line is not None
    customer = line.customer
    asked.changed = customer.id
    offer(line, asked.shop, now, around, asked.staff)
    if line.prompt is None or line.prompt["id"] != name:
        raise Conflict(_("Those words are not offered for %(name)s today.", name=customer.name))
    greeted = asked.flag("greeted_by_name") if "greeted_by_name" in asked.act.data else line.greeted_by_name
    line.prompt_outcome, line.greeted_by_name = outcome, greeted
    if line.visit:
        Visit.update(prompt=line.prompt, outcome=outcome, greeted_by_name=greeted).where(
            Visit.id == line.visit.id
        ).execute()
    else:
        _keep_ended(customer.id, asked.shop, asked.shop.day_of(now), line.prompt, outcome, greeted)
    _follow(asked, line.prompt, outcome)
    asked.line = line
    return {}


def _keep_ended(
    customer: int, shop: Shop, day: date, prompt: dict[str, Any], outcome: str, greeted: bool | None
) -> None:
    """Record what became of words while no visit stands that could carry them."""
    PromptEnded.delete().where(
        (PromptEnded.customer == customer) & (PromptEnded.shop == shop.id) & (PromptEnded.day == day)
    ).execute()
    PromptEnded.create(
        customer=customer, shop=shop, day=day, prompt=prompt, outcome=outcome, greeted_by_name=greeted, at=clock.now()
    )


@does("customer.name")
def name_customer(asked: Asked) -> dict[str, Any]:
    """Change what somebody is called, their usual, their wishes and whether they are a child: what is sent along, and no more.

    Who told us what, and when, is kept beside it. A name counts as learned when it shares no word with what stood there.
    """
    customer = asked.customer()
    before = {name: getattr(customer, name) for name in ("name", "say_as", "call")}
    for name in ("name", "say_as", "call"):
        if name in asked.act.data:
            setattr(customer, name, asked.text(name, required=name == "name"))
    customer.pronoun = asked.choice("pronoun", PRONOUNS, customer.pronoun)
    if "child" in asked.act.data:
        customer.child = asked.flag("child")
    customer.save()
    if not set(folded(before["name"]).split()) & set(folded(customer.name).split()):
        _keep_told(asked, customer, "name", before["name"])
    for what in ("say_as", "call"):
        if getattr(customer, what) != before[what]:
            _keep_told(asked, customer, what, before[what], holds=bool(getattr(customer, what)))
    if "wishes" in asked.act.data:
        wishes = asked.words("wishes")
        held = {told.what for told in Told.select().where((Told.customer == customer.id) & Told.what.in_(WISHES))}
        for wish in WISHES:
            if (wish in wishes) != (wish in held):
                _keep_told(asked, customer, wish, "", holds=wish in wishes)
    if "usual" in asked.act.data:
        usual = Usual.get_or_none((Usual.customer == customer.id) & (Usual.shop == asked.shop.id))
        if asked.text("usual", required=False) != (usual.text if usual else ""):
            act = Act(asked.act.id, "usual.set", asked.act.at, {**asked.act.data, "text": asked.act.data["usual"]})
            set_usual(Asked(act, asked.staff, asked.shop))
    expected.offer_again(customer, asked.shop, asked.shop.today())
    asked.shop.tell_the_others()
    return {}


def _keep_told(asked: Asked, customer: Customer, what: str, was: str, holds: bool = True) -> None:
    """Record that somebody told us something, or (not `holds`) that it holds no longer."""
    Told.delete().where((Told.customer == customer.id) & (Told.what == what)).execute()
    if holds:
        day = asked.shop.day_of(asked.act.at)
        Told.create(customer=customer, what=what, was=was, author=asked.staff, day=day)
