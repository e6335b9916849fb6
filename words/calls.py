"""The words for whom to ring: whom, about whose appointment, why, and what came of it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import words
from words import appointments, reminders
from words.speaking import _, ngettext


def tel(number: str) -> str:
    """Return the address that a tap on a number opens."""
    return "tel:" + ("+" if number.strip().startswith("+") else "") + re.sub(r"\D", "", number)


def lead(one: Any) -> str:
    """Return whom to ring, and the short reason: Ring Rosa: our reminder failed."""
    name = one.person.called
    if one.change and one.here:
        if one.change == "cancelled":
            return _("%(name)s is here: tell them that it is cancelled", name=one.about.called)
        return _("%(name)s is here: tell them the new time", name=one.about.called)
    if one.change == "cancelled":
        return _("Ring %(name)s: tell them that it is cancelled", name=name)
    if one.change:
        return _("Ring %(name)s: tell them the new time", name=name)
    if one.way:
        return _("Ring %(name)s: our reminder failed", name=name)
    return _("Ring %(name)s", name=name) if one.task.reason else _("Ring %(name)s: a reminder by telephone", name=name)


def about(one: Any, shop: Any) -> str:
    """Return whose appointment it is about, and when that is: Leo, tomorrow at 10:00 with Nadia."""
    if one.appointment is None:
        return ""
    when = appointments.at(one.appointment, shop)
    if one.before:
        believed = appointments.at_wall(one.before, shop)
        if one.change == "cancelled":
            return _("They think it is %(before)s.", before=believed)
        return _("They think it is %(before)s. It is %(when)s.", before=believed, when=when)
    if one.appointment.with_whom:
        when = _("%(when)s with %(with)s", when=when, **{"with": one.appointment.with_whom})
    if one.is_for_another:
        return _("For %(name)s, %(when)s.", name=one.about.called, when=when)
    return _("For %(when)s.", when=when)


def by_when(one: Any) -> str:
    """Return until when it helps to ring, on the day itself."""
    if one.appointment is None:
        return ""
    return _("Their time is %(time)s.", time=words.at_time(one.appointment.shop.local(one.appointment.starts_at)))


def why(one: Any, shop: Any) -> str:
    """Return what failed and when, and what to do about it: E-mail, today at 8:12. There is no such mailbox. …"""
    if not one.task.reason:
        return ""
    told = reminders.reason(one.task.reason)
    if not one.way:
        return told
    return f"{words.sentence_case(reminders.way(one.way))}, {moment(one.failed_at, shop)}. {told}"


def moment(instant: datetime, shop: Any) -> str:
    """Return when something was, as it stands in a sentence: yesterday at 14:02."""
    local = shop.local(instant)
    return _("%(day)s at %(time)s", day=words.short_day(local.date(), shop.today()), time=words.at_time(local))


def no_number(one: Any) -> str:
    if one.number_is_bad:
        return _(
            "Nobody is reached at the number we have of %(name)s. Ask whoever may know another.", name=one.person.called
        )
    return _("No telephone number of %(name)s is known. Ask whoever may know it.", name=one.person.called)


def tried(one: Any) -> str:
    n = one.task.tries
    return ngettext("Tried once, no answer.", "Tried %(n)s times, no answer.", n) if n else ""


def outcomes() -> list[tuple[str, str]]:
    """Return what can come of ringing somebody, the best first."""
    return [("reached", _("Reached")), ("left_message", _("Left a message")), ("no_answer", _("No answer"))]


def came_of(one: Any, shop: Any) -> str:
    """Return what came of a call that is done: Reached by Ana, 9:20."""
    name = one.task.done_by.name if one.task.done_by else _("A colleague")
    who = {"name": name, "when": words.clock_time(shop.local(one.task.done_at))}
    if one.task.outcome == "reached":
        return _("%(name)s reached them, %(when)s.", **who)
    return _("%(name)s left a message, %(when)s.", **who)


def more(n: int) -> str:
    return ngettext("And %(count)s more.", "And %(count)s more.", n, count=words.number(n))


def rung(n: int) -> str:
    return ngettext("%(n)s rung today", "%(n)s rung today", n)


def toast(outcome: str, person: str) -> str:
    """Return what is said once it is written down."""
    if outcome == "reached":
        return _("Good: %(name)s knows.", name=person)
    if outcome == "left_message":
        return _("Kept: a message is left.")
    return _("Kept: no answer. %(name)s stays on the list.", name=person)


def undone() -> str:
    return _("Undone. The call is still to be made.")
