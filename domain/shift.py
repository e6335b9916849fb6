"""The end of a shift and the start of the next: the line left for whoever comes, who is next, and the day in a minute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import add
from typing import Any

from peewee import JOIN

from domain.actions import Asked, Refused, Unknown, does
from domain.board import Board
from domain.calls import ToRing
from domain.hours import by_hour
from domain.lines import LEFT_STANDS, Line, closing
from domain.promises import Owed
from domain.prompts import RULES
from domain.questions import due_for
from domain.today import LONG_PAST, is_past, line_time
from models import Customer, DayList, HandOver, HandOverSeen, Membership, Question, Referral, Shop, Staff, db
from words import _, ngettext

LONGEST_LINE = 500  # letters; it stands on Today above the people
KEPT_AT_MOST = 50  # lines of those days that are read at all
FIRST_HOUR = timedelta(hours=1)
LEAST_IN_AN_HOUR = 0.5  # arrivals
NEW = {"first-booking", "second-visit"}  # said of new faces, who have a place of their own in the brief
UNREAD = {
    "promise-overdue",
    "promise-due",
    "promise-next",  # these three are read with what is promised
    "question",
    "their-question",
    "still-fine",
    "sent-on",  # read with what is to be asked
    "late-our-silence",
    "first-time-late",
    "often-a-bit-late",
    "the-usual",
    "steady-order",
} | NEW  # not to be read out, or not worth it


# -- who is next


def team(shop: Shop, staff: Staff) -> list[Staff]:
    """Return the colleagues a shift can be handed over to, by name: who works in this shop and has a PIN. One query."""
    here = Membership.select(Membership.staff).where(Membership.shop == shop.id)
    return list(
        Staff.select()
        .where(
            (Staff.business == shop.business_id)
            & (Staff.id != staff.id)
            & Staff.left_at.is_null()
            & (Staff.pin_hash != "")
            & ((Staff.role == "owner") | Staff.id.in_(here))
        )
        .order_by(Staff.name)
    )


# -- the line left for them


@dataclass(frozen=True, slots=True)
class Seen:
    """Who has read a line, and when."""

    staff: int
    name: str
    at: datetime  # aware, in the shop's zone


@dataclass(slots=True)
class Left:
    """A line left at the end of a shift."""

    id: int
    text: str
    at: datetime  # aware, in the shop's zone
    author: int | None
    by: str  # the author's name
    for_whom: int | None  # None: for whoever comes next
    for_name: str
    seen: list[Seen] = field(default_factory=list)

    def stands(self, now: datetime) -> bool:
        """Say whether the one it is for (or, with nobody named, anybody) has yet to see it, and it is no old news."""
        seen = any(self.for_whom in (None, one.staff) for one in self.seen)
        return not seen and now - self.at < LEFT_STANDS

    def is_for(self, staff: Staff, now: datetime) -> bool:
        """Say whether somebody is still to be shown it: it stands, is not their own, and they have not seen it."""
        return self.stands(now) and self.author != staff.id and all(one.staff != staff.id for one in self.seen)


def lately(shop: Shop, now: datetime) -> list[Left]:
    """Return the lines of the last seven days, latest first, seen or not. Two queries, one where there is none."""
    author, whom = Staff.alias(), Staff.alias()
    rows = (
        HandOver.select(
            HandOver.id, HandOver.text, HandOver.at, HandOver.author, author.name, HandOver.for_whom, whom.name
        )
        .join(author, JOIN.LEFT_OUTER, on=HandOver.author == author.id)
        .join_from(HandOver, whom, JOIN.LEFT_OUTER, on=HandOver.for_whom == whom.id)
        .where((HandOver.shop == shop.id) & (HandOver.day >= shop.day_of(now - LEFT_STANDS)) & (HandOver.text != ""))
        .order_by(HandOver.at.desc(), HandOver.id.desc())
        .limit(KEPT_AT_MOST)
        .tuples()
    )
    lines = {
        number: Left(number, text, shop.local(at), by, name or "", for_whom, for_name or "")
        for number, text, at, by, name, for_whom, for_name in rows
    }
    if lines:
        seen = (
            HandOverSeen.select(HandOverSeen.hand_over, HandOverSeen.staff, Staff.name, HandOverSeen.at)
            .join(Staff)
            .where(HandOverSeen.hand_over.in_(list(lines)))
            .order_by(HandOverSeen.at, HandOverSeen.id)
        )
        for number, staff, name, at in seen.tuples():
            lines[number].seen.append(Seen(staff, name, shop.local(at)))
    return list(lines.values())


def left_for(shop: Shop, staff: Staff, now: datetime, day: Board | None = None) -> list[Left]:
    """Return the lines somebody is still to be shown, latest first.

    The board of the `day` knows where there is none, and keeps what there is until more than customers is acted on.
    """
    if day is None:
        found = lately(shop, now)
    elif not day.around.left:
        found = []
    else:
        kept: dict[str, Any] = day.frames
        if "left" not in kept:
            kept["left"] = lately(shop, now)
        found = kept["left"]
    return [line for line in found if line.is_for(staff, now)]


# -- the acts


def gone() -> str:
    return _("That line is not here any more. It was taken back.")


@does("shift.hand_over", unsaid={"for": ""})
def hand_over(asked: Asked) -> dict[str, Any]:
    """End a shift, with a line for a colleague (`for`) or for whoever comes next; the line may be empty."""
    if "text" not in asked.act.data:
        raise Refused(_("“%(name)s” is missing; it may be empty.", name="text"))
    text = asked.text("text", required=False).replace("\r\n", "\n")
    if len(text) > LONGEST_LINE:
        over = len(text) - LONGEST_LINE
        raise Refused(
            ngettext(
                "That is one letter too many for a line that is read in passing.",
                "That is %(n)s letters too many for a line that is read in passing.",
                over,
            )
        )
    shop = asked.place()
    whom = _colleague(asked, shop) if asked.act.data.get("for") else None
    made = HandOver.create(
        shop=shop, author=asked.staff, for_whom=whom, text=text, day=shop.day_of(asked.act.at), at=asked.act.at
    )
    return {"hand_over": str(made.id)}


def _colleague(asked: Asked, shop: Shop) -> Staff:
    told = str(asked.act.data["for"])
    found = [one for one in team(shop, asked.staff) if str(one.id) == told]
    if not found:
        raise Refused(_("There is no such colleague in this shop. Pick who is next once more."))
    return found[0]


@does("shift.seen")
def see(asked: Asked) -> dict[str, Any]:
    """Record that somebody has read a line left for them; the first time stands."""
    line = _line(asked)
    seen = (HandOverSeen.hand_over == line.id) & (HandOverSeen.staff == asked.staff.id)
    if line.author_id != asked.staff.id and not HandOverSeen.select().where(seen).exists():
        HandOverSeen.create(hand_over=line, staff=asked.staff, at=asked.act.at)
    return {}


@does("shift.undo")
def undo(asked: Asked) -> dict[str, Any]:
    """Take back a line one has left oneself; the shift stays over."""
    line = _line(asked)
    if line.author_id != asked.staff.id:
        raise Refused(_("Only whoever left a line can take it back."))
    with db.atomic():
        HandOverSeen.delete().where(HandOverSeen.hand_over == line.id).execute()
        HandOver.update(text="").where(HandOver.id == line.id).execute()
    return {}


def _line(asked: Asked) -> HandOver:
    """Return the line that an act is about, in a shop of whoever asks; the act is that shop's. Raises Unknown."""
    try:
        number = asked.id_of("hand_over")
    except Refused:
        raise Unknown(gone()) from None
    line = (
        HandOver.select(HandOver, Shop)
        .join(Shop)
        .where((HandOver.id == number) & (HandOver.text != "") & HandOver.shop.in_(asked.staff.shops.select(Shop.id)))
        .get_or_none()
    )
    if line is None:
        raise Unknown(gone())
    asked.shop = line.shop
    return line


# -- how the shift went, and who is still to come


@dataclass(frozen=True, slots=True)
class Welcomed:
    """What the team did since an instant: people, never who of the team."""

    people: int = 0  # marked here on a phone; somebody who came twice counts where they came first
    by_name: int = 0  # of these, greeted by name, where that was recorded
    with_words: int = 0  # of these, those to whom the words offered were said


def welcomed(lines: Iterable[Line], since: datetime) -> Welcomed:
    """Return what the team did since an aware instant, as far as today goes."""
    marked = [line for line in lines if line.visit and line.visit.at >= since and line.seen_by]
    return Welcomed(
        people=len(marked),
        by_name=sum(1 for line in marked if line.greeted_by_name),
        with_words=sum(1 for line in marked if line.prompt_outcome == "said"),
    )


def still_to_come(lines: Iterable[Line], shop: Shop, now: datetime) -> list[Line]:
    """Return who is expected and not here: with a time ahead, soonest first; then those past theirs; then of any time.

    A habit an hour and a half past its time is left out: it was not to be today.
    """
    local = shop.local(now)
    waited = [
        line
        for line in lines
        if not line.arrived
        and line.is_expected
        and not (line.source == "habit" and line.until and local - line.until > LONG_PAST)
    ]

    def place(line: Line) -> tuple[int, datetime]:
        time = line_time(line, local)
        return (2, local) if time is None else (int(is_past(line, shop, local)), time)

    return sorted(waited, key=place)


# -- the brief


@dataclass(frozen=True, slots=True)
class Promised:
    """What is owed to somebody, as the brief tells it."""

    customer: Customer
    text: str
    due: date | None


@dataclass(frozen=True, slots=True)
class Brief:
    """A day in a minute: who is still to come, each where it matters most, most important first in each."""

    people: int  # still to come
    began: bool  # somebody has come already
    booked: list[Line]
    first_hour: list[Line]  # by habit, with an honest time
    new_faces: list[Line]
    with_words: list[Line]
    safety: list[tuple[Line, str]]
    promised: list[Promised]  # to those still to come, and what is due to others; the most pressing first
    asks: list[tuple[Line, Question]]  # what to ask those still to come
    checks: list[Referral]  # whom we sent on: did it help?
    calls: list[ToRing]  # before their time
    left: Left | None  # by the last shift
    hours: list[tuple[int, float]]  # each hour still ahead and how many arrivals it may bring, where that is half a one
    called: dict[int, str]  # by customer: the short form where nobody else of the day has it
    tells_what: bool  # what somebody is booked for may be heard: of a patient it may not


def brief(
    lines: list[Line],
    left: list[Left],
    reader: Staff,
    shop: Shop,
    now: datetime,
    checks: Iterable[Referral] = (),
    owed: Iterable[Owed] = (),
    calls: Iterable[ToRing] = (),
) -> Brief:
    """Return the day in a minute. `lines` with the words that suit nobody in particular; `left` as `lately` has them,
    `checks` the referrals to ask about, `owed` what is due to anybody, expected or not, `calls` whom to ring.

    The first hour begins now, or when the shop opens.
    """
    local, day = shop.local(now), shop.day_of(now)
    hours = shop.hours_on(day)
    begins = max(local, shop.local(shop.at(day, hours[0]))) if hours else local
    still = still_to_come(lines, shop, now)
    coming = [line for line in still if not is_past(line, shop, local)]
    order = {name: place for place, name in enumerate(RULES)}
    worded = [line for line in coming if line.prompt and line.prompt["id"] not in UNREAD]
    new = [line for line in coming if _is_new(line)]
    others = [
        one for one in left if one.author != reader.id and (one.stands(now) or one.at.date() >= day - timedelta(days=1))
    ]
    asks = due_for(shop, day, [line.customer.id for line in still])
    promised = _promised(still, owed)
    return Brief(
        people=len(still),
        began=any(line.arrived for line in lines),
        booked=[line for line in coming if line.appointment],
        first_hour=[line for line in coming if not line.appointment and _within(line, begins)],
        new_faces=new,
        with_words=sorted(worded, key=lambda line: order.get(line.prompt["id"], 0) if line.prompt else 0),
        safety=[(line, text) for line in still for text in line.safety],
        promised=promised,
        asks=[(line, asks[line.customer.id]) for line in still if line.customer.id in asks],
        checks=list(checks),
        calls=list(calls),
        left=others[0] if others else None,
        hours=hours_ahead(still, shop, now),
        called=_called([*(line.customer for line in still), *(one.customer for one in promised)]),
        tells_what=shop.called != "patient",
    )


def hours_ahead(still: Iterable[Line], shop: Shop, now: datetime) -> list[tuple[int, float]]:
    """Return how many arrivals each hour still ahead may bring: of those `still` to come, each by their own times, and of all
    others we know as this day of the week usually goes. One query."""
    local = shop.local(now)
    minute, closes, arrivals = local.hour * 60 + local.minute, closing(shop, local.date()), [0.0] * 24
    stored = DayList.get_or_none((DayList.shop == shop.id) & (DayList.day == local.date()))
    for hour, expected in enumerate((stored.hours if stored else None) or []):
        arrivals[hour] += expected * min(max(60 * (hour + 1) - minute, 0), 60) / 60
    for line in still:
        if line.appointment is not None and line.at is not None:
            arrivals[max(line.at.hour, local.hour)] += 1
        elif line.by:
            arrivals = list(map(add, arrivals, by_hour(line.probability, line.by, minute, closes)))
    return [(hour, expected) for hour, expected in enumerate(arrivals) if expected >= LEAST_IN_AN_HOUR]


def _is_new(line: Line) -> bool:
    kind = line.reason["kind"] if line.reason else ""
    return kind == "new-face" or bool(line.prompt and line.prompt["id"] in NEW)


def _within(line: Line, begins: datetime) -> bool:
    time = line_time(line, begins)
    return time is not None and time - begins < FIRST_HOUR


def _promised(still: list[Line], due: Iterable[Owed]) -> list[Promised]:
    """Return what is owed to those still to come and what is due to anybody else: the longest overdue first, then what is for
    today, then what is for a visit."""
    found = [
        Promised(line.customer, one["text"], date.fromisoformat(one["due"]) if one.get("due") else None)
        for line in still
        for one in line.owed
    ]
    told = {line.customer.id for line in still}
    found += [Promised(o.customer, o.promise.text, o.promise.due) for o in due if o.customer.id not in told]
    return sorted(found, key=lambda one: one.due or date.max)


def _called(people: Iterable[Customer]) -> dict[int, str]:
    by_call = sorted({one.id: one for one in people}.values(), key=lambda one: one.called)
    told: dict[int, str] = {}
    for called, same in groupby(by_call, key=lambda one: one.called):
        alike = list(same)
        told.update({one.id: called if len(alike) == 1 else one.name for one in alike})
    return told
