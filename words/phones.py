"""What is said about phones: what they are called, when they were last seen, and letting one in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from words import _, clock_time, short_day


def name_for(person: str, about: str) -> str:
    """Return what a phone is called until somebody gives it another name: whose it is, and its system."""
    system = about.rpartition("|")[2]
    if system in ("iPhone", "iPad"):
        return _("%(name)s’s %(system)s", name=person, system=system)
    if system == "Android":
        return _("%(name)s’s Android phone", name=person)
    if system in ("Windows", "Mac", "ChromeOS", "Linux"):
        return _("%(name)s’s computer (%(system)s)", name=person, system=system)
    return _("%(name)s’s phone", name=person)


def seen(phone: Any, shop: Any, today: date) -> str:
    """Return since when a phone is known, and when it was last used."""
    let_in = _("Let in %(day)s", day=short_day(shop.day_of(phone.enrolled_at), today))
    if phone.seen_at is None:
        return let_in
    local: datetime = shop.local(phone.seen_at)
    if local.date() == today:
        return _("Last seen today at %(time)s", time=clock_time(local)) + " · " + let_in
    return _("Last seen %(day)s", day=short_day(local.date(), today)) + " · " + let_in


def until(local: datetime) -> str:
    """Return how long a code is good for."""
    return _("Works once, until %(time)s", time=clock_time(local))


def is_in(name: str) -> str:
    return _("%(name)s’s phone is in", name=name)


def done(what: str, name: str) -> str:
    """Return what was just done to a phone."""
    return {
        "renamed": _("It is called %(name)s now.", name=name),
        "out": _("%(name)s is shut out. It forgets everything.", name=name),
    }[what]
