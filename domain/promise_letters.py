"""Keeping a promise by sending something: by e-mail or text message, in words of whoever promised it.

It leaves by the outbox like everything else, half a minute later, so that whoever tapped too soon can still take it back. What
becomes of it is seen on the promise; where nobody can be reached that way, nothing is called sent.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain import contacts
from domain.actions import Asked, Conflict, Refused, does
from domain.promises import LOST, second
from domain.reminders import LAST_CHANCE, new_message_id
from models import Message, Promise
from words import _, promises as told, reminders

WAYS = ("email", "sms")
HELD = timedelta(seconds=30)
LONGEST = {"email": 2000, "sms": 600}


@does("promise.send")
def send(asked: Asked) -> dict[str, Any]:
    """Keep a promise by sending a `text` by a `way`, or send it anew where it did not arrive."""
    promise: Promise = asked.ours(Promise, "promise", _("There is no such promise. It may have been taken back."))
    way, text = asked.choice("way", WAYS, "email"), asked.text("text")
    if len(text) > LONGEST[way]:
        raise Refused(_("A text message is short: %(most)s letters fit.", most=LONGEST[way]))
    where = contacts.reach(promise.customer, way, asked.shop)
    if where.code:
        raise Refused(told.not_sendable(where.code, way, where.customer.called))
    at = asked.act.at
    values: dict[str, Any] = {"delivery": "due", "channel": way}
    if promise.state == "open":
        stands = Promise.kept_at.is_null() & Promise.closed_at.is_null()
        values |= {"kept_at": at, "kept_by": asked.staff.id, "promised_channel": Promise.channel}
    else:
        stands = Promise.kept_at.is_null(False) & Promise.delivery.in_(["", *LOST])
        stands &= Promise.confirmed_at.is_null() & Promise.closed_at.is_null()
    if not Promise.update(**values).where((Promise.id == promise.id) & stands).execute():
        now = Promise.get_by_id(promise.id)
        if now.state == "kept":
            raise Conflict(_("It is on its way already. Ask whether it arrived."))
        raise second(now, asked)
    leaves = at + HELD
    Message.create(
        shop=asked.shop, kind="promise", way=way, customer=promise.customer_id, promise=promise, text=text,
        subject=reminders.promise_subject(asked.shop.name), message_id=new_message_id(asked.shop), due_at=leaves,
        next_at=leaves, deadline=leaves + LAST_CHANCE, at=at,
    )  # fmt: skip
    return asked.told(promise.customer, {"state": "kept"})


def last_text(promise: Promise) -> str:
    """Return what was sent last to keep a promise, to be sent anew."""
    sent = (Message.promise == promise.id) & (Message.kind == "promise")
    last = Message.select(Message.text).where(sent).order_by(Message.id.desc()).first()
    return last.text if last is not None else ""
