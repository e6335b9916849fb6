"""What stands in the record of changes, a sentence for each kind of line; and what is said when the record is not whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from words import settings
from words.speaking import _

GROUPS = ("entry", "refused", "team", "people", "data", "settings", "itself")
FIRST = {  # the first word of a kind -> its group; what ends in REFUSED is refused, whatever it begins with
    "session": "entry", "password": "entry", "passkey": "entry", "second_factor": "entry", "owner": "entry",
    "recovery": "entry", "staff": "team", "pin": "team", "phone": "team", "shop": "team",
    "customer": "people", "contact": "people", "consent": "people", "note": "people",
    "data": "data", "export": "data", "import": "data", "erase": "data", "backup": "data",
    "setting": "settings", "wording": "settings", "notices": "team",
    "field": "settings", "rule": "settings", "calendar": "settings", "channel": "settings",
    "acts": "itself", "record": "itself",
}  # fmt: skip
REFUSED = (".refused", ".shut")

# `it` holds what the line tells, with names in the place of ids: person (a colleague), customer, gone (a customer too),
# which (a phone), place (a shop). What a line has not got, or nobody knows any more, reads as "–".
Said = Callable[[Mapping[str, str]], str]
SAID: dict[str, Said] = {
    # who got in
    "session.begun": lambda it: _("Signed in"),
    "session.ended": lambda it: _("Signed out"),
    "session.refused": lambda it: _("Turned away at sign-in"),
    "password.set": lambda it: _("Set a password"),
    "passkey.added": lambda it: _("Added a passkey"),
    "passkey.removed": lambda it: _("Removed a passkey"),
    "second_factor.on": lambda it: _("Turned the second factor on"),
    "second_factor.off": lambda it: _("Turned the second factor off"),
    "second_factor.recovery": lambda it: _("Used a recovery code; left: %(left)s") % it,
    "owner.reset": lambda it: (
        _("Took away every way in of %(person)s, at the machine itself, and made a new link") % it
    ),
    "phone.enrolled": lambda it: _("Let a phone in for %(person)s: %(which)s") % it,
    "phone.shut_out": lambda it: _("Shut a phone out: %(which)s") % it,
    "phone.lost": lambda it: _("Lost with a phone that was shut out, %(which)s: acts not yet sent: %(count)s") % it,
    "notices.set": lambda it: _("Changed what a phone tells while nobody looks: %(kinds)s") % it,
    "shop.opened": lambda it: _("Opened another shop: %(place)s") % it,
    "shop.withdrawn": lambda it: _("Took back that another shop was opened"),
    "staff.added": lambda it: _("Took on %(person)s") % it,
    "staff.role": lambda it: _("Changed the role of %(person)s: %(before)s, now %(after)s") % it,
    "staff.shops": lambda it: _("Changed where %(person)s works") % it,
    "staff.left": lambda it: _("%(person)s left the team") % it,
    "staff.back": lambda it: _("Let %(person)s in again") % it,
    "pin.set": lambda it: _("Set a new PIN for %(person)s") % it,
    "pin.opened": lambda it: _("Let %(person)s try the PIN again") % it,
    "pin.refused": lambda it: _("A wrong PIN for %(person)s") % it,
    "pin.shut": lambda it: _("Too many wrong PINs: shut for %(person)s on that phone") % it,
    "page.refused": lambda it: _("Turned away from a page that is not theirs"),
    "act.refused": lambda it: _("Turned away from an act that is not theirs"),
    # what was read and what left the house
    "note.read": lambda it: _("Read a private note about %(customer)s") % it,
    "export.made": lambda it: _("Took out an export of everything"),
    "import.taken": lambda it: _("Took in a file: %(kind_of)s") % it,
    "import.undone": lambda it: _("Took the content of a file back out: %(kind_of)s") % it,
    # people
    "customer.merge": lambda it: _("Made %(gone)s and %(customer)s one person") % it,
    "customer.unmerge": lambda it: _("Made %(gone)s and %(customer)s two people again") % it,
    "customer.state": lambda it: _("Changed what is so of %(customer)s: %(state)s") % it,
    "contact.add": lambda it: _("Added a way to reach %(customer)s: %(kind)s") % it,
    "contact.remove": lambda it: _("Removed a way to reach %(customer)s") % it,
    "consent.set": lambda it: _("Wrote down whether %(customer)s may be written to: %(way)s") % it,
    "note.undo": lambda it: _("Took back a note about %(customer)s") % it,
    # how the shop is set up
    "setting.changed": settings.changed,
    "channel.changed": lambda it: _("Changed how messages leave: %(way)s") % it,
    "channel.alarms": lambda it: _("Changed where the owner is told of trouble"),
    "wording.changed": lambda it: _("Changed the words to say"),
    "data.forgotten": settings.forgotten,
    "field.create": lambda it: _("Added a field of people"),
    "field.remove": lambda it: _("Removed a field of people"),
    "rule.create": lambda it: _("Added a rule of reminders"),
    "rule.change": lambda it: _("Changed a rule of reminders"),
    "rule.end": lambda it: _("Ended a rule of reminders"),
    "rule.reopen": lambda it: _("Brought back a rule of reminders"),
    "calendar.add": lambda it: _("Added a calendar"),
    "calendar.change": lambda it: _("Changed a calendar"),
    "calendar.remove": lambda it: _("Removed a calendar"),
    "calendar.restore": lambda it: _("Brought back a calendar"),
    "calendar.renew": lambda it: _("Gave the shop’s calendar a new address"),
    # the record itself
    "acts.sealed": lambda it: _("Sealed %(count)s acts at the counter") % it,
    "record.shortened": lambda it: _("Let go of lines older than 24 months, up to number %(up_to)s") % it,
}


def group_of(kind: str) -> str:
    """Return the group of a kind of line; "" for one that this version does not know."""
    return "refused" if kind.endswith(REFUSED) else FIRST.get(kind.partition(".")[0], "")


def group(name: str) -> str:
    """Return what a group is called."""
    return {
        "entry": _("Signing in and out"),
        "refused": _("Who was turned away"),
        "team": _("Team and phones"),
        "people": _("People"),
        "data": _("What came in and went out"),
        "settings": _("Settings"),
        "itself": _("The record itself"),
    }[name]


def said(kind: str, it: Mapping[str, str]) -> str:
    """Return the sentence of a line; of a kind that this version does not know, the kind itself."""
    return SAID[kind](it) if kind in SAID else kind


def value(name: str, told: Any) -> str:
    """Return a plain value of a line in words."""
    words = {
        "state": {"active": _("comes here"), "leave_alone": _("likes to be left alone"), "moved": _("has left us"),
                  "died": _("has died")},
        "kind": {"email": _("e-mail"), "phone": _("telephone")},
        "way": {"email": _("e-mail"), "sms": _("text message"), "call": _("call"), "hook": _("web hook")},
        "kind_of": {"visits": _("visits"), "customers": _("people"), "appointments": _("appointments")},
        "role": {"staff": _("staff"), "manager": _("manager"), "owner": _("owner")},
        "kinds": {"late": _("late, and our reminder failed"), "promise": _("a promise is due"),
                  "silence": _("reminders are not going out")},
    }  # fmt: skip
    if isinstance(told, bool):
        return _("on") if told else _("off")
    if told is None or told in ("", [], {}):
        return "–"
    if isinstance(told, list):
        return ", ".join(value(name, one) for one in told)
    known = words.get(name) or words["role"] | words["way"]
    return known.get(told, told) if isinstance(told, str) else str(told)


def who(kind: str) -> str:
    """Return who did what nobody signed in has done."""
    if group_of(kind) == "refused":
        return _("Somebody who was not signed in")
    return _("By itself") if group_of(kind) == "itself" else _("On the server itself")


def nobody(what: str) -> str:
    """Return what stands for somebody or something that is known no longer."""
    return {
        "staff": _("somebody who left"),
        "customer": _("somebody who is known no longer"),
        "phone": _("a phone"),
        "shop": _("a shop"),
    }[what]


def stands(troubles: list[str], checked: str) -> str:
    """Return what the page says of the record as a whole: what is wrong, or when it was last found to be whole."""
    if troubles:
        return _("The record is not whole. Somebody changed the database itself, or it was damaged.")
    if not checked:
        return _("It is checked once a day that no line was changed or removed.")
    return _("No line was changed or removed since it was written. Checked %(when)s.", when=checked)


def trouble(code: str, number: int) -> str:
    """Return what is wrong with one line of the record, or with the acts that it seals."""
    told = {
        "changed": _("Line %(n)s is not as it was written."),
        "missing": _("Line %(n)s is missing."),
        "moved": _("Line %(n)s does not stand where it was written."),
        "cut": _("The record ends before line %(n)s, which there once was."),
        "act-changed": _("An act sealed by line %(n)s is not as it was."),
        "act-missing": _("An act sealed by line %(n)s is missing."),
        "act-added": _("There is an act more than line %(n)s sealed."),
    }
    return told[code] % {"n": number}


def broken(shop: str, code: str, number: int) -> tuple[str, str]:
    """Return subject and text for the owner: the record of changes is not whole."""
    return _("%(shop)s: the record of changes is not whole", shop=shop), _(
        "%(shop)s: %(what)s Somebody changed the database itself, or it was damaged. Keep a copy of it as it is, and compare "
        "it with an earlier back-up. “regulars audit verify” tells all that was found.",
        shop=shop,
        what=trouble(code, number),
    )
