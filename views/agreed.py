"""What an act about an agreed time is answered with: a toast with the way back, on the card or where a plain form leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g, url_for

import clock
from domain import channels, reminders
from domain.agreed import Agreed
from domain.appointments import is_moved, left_out, length_of
from domain.card import Card
from domain.punctuality import grace_and_whence
from models import Appointment, Series
from words import _, appointments as told

# By what was done: the act that takes it back, and the name of the field that says how it was before ("": none)
BACK = {
    "booked": ("appointments.undo", ""),
    "moved": ("appointments.move_back", "move"),
    "cancelled": ("appointments.restore", "squeeze"),
    "stands": ("appointments.cancel", ""),
    "late": ("appointments.late", "minutes"),
    "grace": ("appointments.grace", "minutes"),
    "confirmed": ("appointments.unconfirm", ""),
    "unconfirmed": ("appointments.confirm", "how"),
    "series": ("appointments.undo_series", ""),
    "ended": ("appointments.resume_series", ""),
    "resumed": ("appointments.end_series", "from_day"),
}
OF_SERIES = ("series", "ended", "resumed")


def toast(kept: str, on_card: bool = False) -> dict[str, Any] | None:
    """Return the toast of what was done: `kept` is the deed, the number of what it was done to, and how that was before,
    joined by dashes. None for anything else. `on_card` swaps the card by Undo, else the page is made anew."""
    deed, _dash, rest = kept.partition("-")
    number, _dash, before = rest.partition("-")
    if deed not in BACK or not number.isdecimal() or len(number) > 9:
        return None
    table: type[Appointment] | type[Series] = Series if deed in OF_SERIES else Appointment
    found = table.get_or_none((table.id == int(number)) & (table.shop == g.shop.id))
    if found is None:
        return None
    words, (endpoint, field) = _words(deed, found, before), BACK[deed]
    to = url_for(endpoint, **{"series_id" if table is Series else "appointment_id": found.id})
    fields = {field: before} if field else {}
    if on_card:
        return {"words": words, "back": {"to": to, "fields": fields}}
    return {"words": words, "undo": {"to": to, "fields": fields, "says": _("Undo: %(told)s", told=words)}}


def _words(deed: str, found: Any, before: str) -> str:
    if deed == "series":
        ahead = Appointment.select().where((Appointment.series == found.id) & (Appointment.state == "booked"))
        first = ahead.order_by(Appointment.starts_at).first()
        if first is None:
            return told.kept("resumed")
        gone = told.left_out(left_out(found))
        return " ".join(
            filter(None, [told.booked_all(ahead.count(), told.at(first, g.shop)), gone, _besides(deed, first)])
        )
    if deed == "moved" and not is_moved(found, before):
        return told.changed(told.at(found, g.shop))
    says = {"booked": told.booked, "moved": told.moved, "cancelled": told.cancelled, "stands": told.stands}
    if deed not in says:
        return told.kept(deed)
    return " ".join(filter(None, [says[deed](told.at(found, g.shop)), _besides(deed, found)]))


def _besides(deed: str, one: Appointment) -> str:
    """Return what whoever is at the telephone with them ought to know: that they are told soon, or that no reminder can be."""
    if ways := reminders.said_soon(one):
        return told.told_soon() if channels.reaches(one, ways) else told.told_by_nobody()
    return told.unreachable() if deed in ("booked", "series", "moved") and channels.cannot_reach(one) else ""


SHOWN = 2


@dataclass(frozen=True, slots=True)
class OnCard:
    """What is agreed as a card shows it: the next ones, each with its minutes, its grace and whence that is known."""

    next: list[tuple[Appointment, int, int, str]]
    more: int
    rest: Agreed


def on_card(card: Card) -> OnCard:
    """Return what a card shows of what is agreed; what somebody who is here has come for is ahead no more."""
    line, now = card.line, clock.now()
    ahead = [one for one in card.agreed.ahead if not (line.arrived and one.starts_at <= now)]
    shown = [(one, length_of(one), *grace_and_whence(one, line.punctual, g.shop)) for one in ahead[:SHOWN]]
    return OnCard(shown, len(ahead) - len(shown), card.agreed)
