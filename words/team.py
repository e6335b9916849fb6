"""What is said about colleagues: who they are here, when they were last seen, and what was just done."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from words import _, clock_time, ngettext, role, short_day


def who(one: Any, several: bool) -> str:
    """Return somebody's role, and their shops where there are several."""
    told = role(one.staff.role)
    return f"{told} · {', '.join(one.shops)}" if several and one.shops else told


def seen(one: Any, shop: Any, today: date) -> str:
    """Return when somebody was last signed in."""
    if one.seen_at is None:
        return _("Not signed in yet")
    local: datetime = shop.local(one.seen_at)
    if local.date() == today:
        return _("Last seen today at %(time)s", time=clock_time(local))
    return _("Last seen %(day)s", day=short_day(local.date(), today))


def shut(one: Any) -> str:
    """Return that too many wrong PINs were typed for somebody, and where."""
    return _("Too many wrong PINs for %(name)s on: %(phones)s.", name=one.staff.name, phones=", ".join(one.shut_on))


def left(one: Any, shop: Any, today: date) -> str:
    return _(
        "Left %(day)s. What they wrote stays, with their name.", day=short_day(shop.day_of(one.staff.left_at), today)
    )


def when_they_leave(phone: Any, heir: Any) -> str:
    """Return what becomes of a phone when its person leaves."""
    if heir is None:
        return _("%(phone)s is shut out and forgets everything.", phone=phone.name)
    return _("%(phone)s stays in use: others sign in on it. %(name)s’s from then on.", phone=phone.name, name=heir.name)


def headline(people: int, phones: int) -> str:
    """Return the page's first sentence."""
    here = ngettext("One person on the team", "%(n)s people on the team", people)
    return here + ", " + ngettext("one phone let in.", "%(n)s phones let in.", phones)


def about_role(word: str) -> str:
    """Return what a role may do, in one line."""
    return {
        "staff": _("The day: Today, Find, cards, promises, the shift"),
        "manager": _("And people, reminders, team and settings"),
        "owner": _("Everything, owners’ accounts and the export as well"),
    }[word]


def done(what: str, one: Any, shops: str, shared: bool = False) -> str:
    """Return what was just done to somebody; `shared` where a phone of theirs stays with those who use it too."""
    name = one.name
    if what == "left" and shared:
        return _("%(name)s has left. Phones that others use too stay in use.", name=name)
    if what == "role_of":
        return {
            "staff": _("%(name)s is staff now.", name=name),
            "manager": _("%(name)s is a manager now.", name=name),
            "owner": _("%(name)s is an owner now.", name=name),
        }[one.role]
    return {
        "added": _("%(name)s is on the team.", name=name),
        "left": _("%(name)s has left. Their phones are shut out.", name=name),
        "back": _("%(name)s is on the team again.", name=name),
        "pin_of": _("%(name)s has a new PIN.", name=name),
        "opened": _("%(name)s can try the PIN again.", name=name),
        "shops_of": _("%(name)s works in: %(shops)s.", name=name, shops=shops),
    }[what]
