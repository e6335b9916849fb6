"""What is said of an owner's sign-ins: which browser, since when."""

from __future__ import annotations

from datetime import date, datetime

from words import _, at_time, short_day


def browser(about: str) -> str:
    """Return a browser with its system, as far as they are known."""
    name, _bar, system = about.partition("|")
    if name and system:
        return _("%(browser)s on %(system)s", browser=name, system=system)
    return name or system or _("A browser")


def where(kind: str, about: str, phone: str) -> str:
    """Return where a session is: in a browser, on a phone of the shop, or with a program."""
    if kind == "token":
        return _("A program, by its token")
    return phone or browser(about)


def passkey(name: str) -> str:
    return name or _("A passkey")


def when(local: datetime, today: date) -> str:
    """Return when something was: today at 8:12, Tuesday at 8:12."""
    return _("%(day)s at %(time)s", day=short_day(local.date(), today), time=at_time(local))


def done(what: str) -> str:
    """Return what has just been done to an owner's sign-in, "" for anything else."""
    told = {
        "password": _("Your password is set. You are signed out everywhere else."),
        "passkey": _("The passkey is kept."),
        "passkey-gone": _("The passkey is removed. Take it out of your phone or computer as well."),
        "off": _("The second factor is off."),
        "ended": _("Signed out there."),
        "others": _("Signed out everywhere else."),
    }
    return told.get(what, "")
