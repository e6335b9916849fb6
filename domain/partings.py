"""Somebody has died, moved, or wants to be left alone: the acts, and how the team hears of it.

What follows is said in `domain.states`. The act puts right at once what was made before it: the lists that stand.
"""

from __future__ import annotations

from typing import Any

import clock
from domain import appointments, expected
from domain.actions import Asked, Conflict, Refused, does
from domain.board import Board
from domain.states import TOLD_FOR, State, died_since, is_living, is_sought
from domain.together import mates
from models import STATES, Appointment, Customer, DayList, Expected, Seen, Shop, Staff, instant_text
from words import _
from words.states import is_marked_so

# -- the acts


@does("customer.state", recorded=("state",))
def set_state(asked: Asked) -> dict[str, Any]:
    """Say that somebody died, moved, wants to be left alone, or is with us after all; what was before goes back the same way.

    What was booked ahead is cancelled where they died, and stands again where that was not so.
    """
    customer = asked.customer()
    customer.hold()
    customer = Customer.get_by_id(customer.id)
    if "state" not in asked.act.data:
        raise Refused(_("“%(name)s” is one of: %(words)s.", name="state", words=", ".join(STATES)))
    state, was = asked.choice("state", STATES, "active"), customer.state
    since, today = asked.day("since"), asked.shop.day_of(asked.act.at)
    if since and since > asked.shop.today():
        raise Refused(_("That day is still to come. Choose today or a day before."))
    if state == "active":
        since = None
    elif since is None and state == was and asked.act.data.get("since") != "":
        since = customer.state_since
    elif since is None and state != "died":  # on which day somebody died nobody may know: then none is told
        since = today
    reason = asked.text("reason", required=False) if "reason" in asked.act.data else customer.state_reason
    if reason and reason != customer.state_reason and state != "moved":
        raise Refused(_("Why somebody left is kept of those who moved, or go elsewhere."))
    if (state, since, reason) == (was, customer.state_since, customer.state_reason):
        raise Conflict(is_marked_so(customer.called, State(state, since), asked.shop.today()), already=True)
    before = {
        "state": was,
        "since": customer.state_since.isoformat() if customer.state_since else None,
        "told_at": instant_text(customer.state_at) if customer.state_at else None,
    }
    told_at = customer.state_at
    if state != was:
        told_at = min(asked.instant("told_at") or asked.act.at, asked.act.at)
    enter(customer, state, since, told_at, reason)
    if not is_living(state):  # who told us need not be told
        _has_seen(asked, customer)
    asked.changed = (
        None  # more than one line has changed: who died is told, and those who lived with them are met gently
    )
    asked.shop.tell_the_others()
    return {"customer": str(customer.id), "was": before}


def enter(customer: Customer, state: str, since: Any, told_at: Any, reason: str = "") -> None:
    """Put somebody into a state, with all that follows from it for what is booked and for the lists that stand."""
    customer.state, customer.state_since, customer.state_reason = state, since, reason
    none: Any = None
    customer.state_at = none if state == "active" else told_at
    customer.save(only=[Customer.state, Customer.state_since, Customer.state_at, Customer.state_reason])
    if state == "active":
        Seen.delete().where((Seen.customer == customer.id) & (Seen.what == "state")).execute()
    _book(customer, is_living(state))
    _put_lists_right(customer)


def _book(customer: Customer, lives: bool) -> None:
    """Cancel what is booked ahead, or let stand again what was cancelled so."""
    ahead = (Appointment.customer == customer.id) & (Appointment.starts_at > clock.now())
    if lives:
        for one in Appointment.select().where(ahead & Appointment.with_state):
            if not (one.series and one.series.ended_on and one.series_day >= one.series.ended_on):
                appointments.stand_again(one, one.shop, beside=True)
    else:
        for one in Appointment.select().where(ahead & (Appointment.state == "booked")):
            one.with_state = True
            appointments.call_off(one)


def _put_lists_right(customer: Customer) -> None:
    """Put the lists that stand right for one customer, in every shop; the sums in them follow when they are made again."""
    for shop in Shop.select().where(Shop.business == customer.business_id):
        day = shop.today()
        standing = DayList.select(DayList.id).where((DayList.shop == shop.id) & (DayList.day >= day))
        if is_sought(customer.state):
            expected.look_again(shop, customer.id, day)
            expected.offer_again(customer, shop, day)
        else:
            Expected.delete().where(Expected.day_list.in_(standing) & (Expected.customer == customer.id)).execute()
        expected.beside_again(shop, day, mates([customer.id]))
        DayList.update(stale=True).where(DayList.id.in_(standing)).execute()


@does("state.seen")
def see_state(asked: Asked) -> dict[str, Any]:
    """Record that somebody of the team has read that a customer died; the first time stands."""
    customer = asked.customer()
    if is_living(customer.state):
        raise Conflict(_("That does not stand here any more."))
    _has_seen(asked, customer)
    asked.changed = None
    return {}


def _has_seen(asked: Asked, customer: Customer) -> None:
    Seen.insert(
        staff=asked.staff, customer=customer, what="state", number=0, at=asked.act.at
    ).on_conflict_ignore().execute()


# -- how the team hears of it


def deaths_for(shop: Shop, staff: Staff, day: Board) -> list[Customer]:
    """Return who died within the last sixty days and of whom somebody has not read yet, latest first.

    The board knows where there is nobody, and keeps what there is while only acts on customers happen. Two queries then.
    """
    if not day.around.died:
        return []
    kept: dict[str, Any] = day.frames
    if "died" not in kept:
        died = list(
            Customer.select()
            .where(died_since(shop.business_id, (day.day - TOLD_FOR).isoformat()))
            .order_by(Customer.state_at.desc(nulls="LAST"), Customer.id)
        )
        seen = Seen.select(Seen.staff, Seen.customer).where(
            (Seen.what == "state") & Seen.customer.in_([one.id for one in died])
        )
        kept["died"] = died, set(seen.tuples())
    died, seen = kept["died"]
    return [one for one in died if (staff.id, one.id) not in seen]
