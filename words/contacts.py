"""The words for where people can be reached, and by which ways they let us."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote

import words
from words.reminders import reason
from words.speaking import _


def known(addresses: list[Any]) -> str:
    """Return what is known, without an address: Telephone and e-mail."""
    kinds = list(dict.fromkeys(one.kind for one in addresses))
    return words.sentence_case(words.listed([{"phone": _("telephone"), "email": _("e-mail")}[kind] for kind in kinds]))


def hidden(addresses: list[Any]) -> str:
    """Return what is known, to whoever is not shown it."""
    return _("%(known)s: a manager sees it.", known=known(addresses))


def href(one: Any) -> str:
    """Return the address that a tap on it opens: to ring, or to write."""
    return f"mailto:{quote(one.text, safe='@')}" if one.kind == "email" else f"tel:{one.known}"


def tap(one: Any) -> str:
    """Return what a tap on an address does."""
    return _("Write to") if one.kind == "email" else _("Ring")


def broken(addresses: list[Any]) -> list[Any]:
    """Return the addresses at which nothing arrives and for which there is no good one of their kind; one of a kind."""
    good = {one.kind for one in addresses if not one.bad_at}
    found: dict[str, Any] = {}
    for one in addresses:
        if one.kind not in good:
            found.setdefault(one.kind, one)
    return list(found.values())


def bad(one: Any) -> str:
    """Return that nothing arrives at an address, and what to do about it."""
    told = reason(one.bad_code)
    if one.kind == "email":
        return _("Nothing arrives at the e-mail address. %(reason)s", reason=told)
    return _("Nothing arrives at the number. %(reason)s", reason=told)


def instead(person: str, called: str) -> str:
    """Return who is told in somebody's stead."""
    return _("What is for %(called)s goes to %(person)s.", called=called, person=person)


def neither() -> str:
    """Return what is said of an address that is neither a number nor one of e-mail."""
    return _("Write a telephone number, such as 020 7946 0018, or a mail address, such as name@example.org.")


def said(one: Any) -> str:
    """Return what they said of a way."""
    if one.given:
        return {
            "email": _("They said yes to e-mail."),
            "sms": _("They said yes to text messages."),
            "call": _("They said yes to automated calls."),
            "hook": _("They said yes to other ways."),
        }[one.way]
    return {
        "email": _("They asked not to be e-mailed."),
        "sms": _("They asked not to be sent text messages."),
        "call": _("They asked not to be rung by a machine."),
        "hook": _("They asked not to be told in other ways."),
    }[one.way]


def how(one: Any, shop: Any, today: date) -> str:
    """Return how and when we came to know it: by the link in our mail, 24 November."""
    told = {
        "counter": _("said to us"),
        "import": _("from a file"),
        "link": _("by the link in our mail"),
        "reply": _("through the provider"),
    }[one.how]
    return words.sentence_case(_("%(how)s, %(day)s.", how=told, day=words.short_day(shop.day_of(one.at), today)))


def ways() -> list[tuple[str, str]]:
    """Return the ways about which somebody may say something, with their names."""
    return [("email", _("E-mail")), ("sms", _("Text messages")), ("call", _("Automated calls"))]


def choices() -> list[tuple[str, str]]:
    """Return what they can have said of a way, as values of a form."""
    return [("yes", _("Yes")), ("", _("Nothing said")), ("no", _("Asked not to"))]


def kept(way: str, said: str) -> str:
    """Return what the toast says after it was written down."""
    return _("Kept. They are not told that way any more.") if said == "no" else _("Kept. Thank you.")
