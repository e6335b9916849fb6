"""How the ways by which people are told something are set up: server, sender, secrets; by the owner, or fixed by
`REGULARS_*` variables of the server, which win.

Secrets are written and never read back: not into a page, an export or a log.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import clock
import words.reminders
from domain import audit, contacts, reminders
from domain.actions import Asked, Refused, does
from domain.contacts import KIND_OF, MAIL, compared
from models import Appointment, Channel, Message, ReminderRule, Shop, Staff, db
from words import _

TLS = ("starttls", "tls", "none")
GATEWAYS = ("twilio", "vonage", "generic")
SET_UP = ("email", "sms", "call", "hook")  # by hand nothing is set up
PREFIX = {"email": "REGULARS_SMTP_", "sms": "REGULARS_SMS_", "call": "REGULARS_CALL_", "hook": "REGULARS_HOOK_"}
SECRETS = {"password", "secret", "signing_secret"}
FIELDS = {
    "email": ("host", "port", "tls", "user", "password", "sender", "sender_name", "reply_to"),
    "sms": ("kind", "account", "secret", "sender", "url", "signing_secret"),
    "call": ("url", "secret"),
    "hook": ("url", "secret"),
}
# What a secret was given for: written anew when one of these changes, or it would go to somebody else
GOES_TO = {"email": ("host",), "sms": ("kind", "url"), "call": ("url",), "hook": ("url",)}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
LONGEST = 300
TEST_LASTS = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Way:
    """How one way stands: its settings as they are used, which of them are fixed, and by which variable."""

    way: str
    settings: dict[str, str]
    written: dict[str, str]  # of them what somebody has written; the rest is the usual
    fixed: dict[str, str]  # field -> the variable that fixes it
    has_before: bool = False

    @property
    def is_set_up(self) -> bool:
        return is_set_up(self.way, self.settings)


def ways(shop: Shop) -> dict[str, Way]:
    """Return how each way of a shop stands. One query."""
    stored = {one.way: one for one in Channel.select().where(Channel.shop == shop.id)}
    return {way: _way(way, stored.get(way)) for way in SET_UP}


def cannot_reach(appointment: Appointment) -> bool:
    """Say whether no reminder that waits for an appointment can arrive, for we have no address for any of its ways."""
    shop = appointment.shop
    waits = (Message.appointment == appointment.id) & (Message.kind == "reminder") & (Message.state == "due")
    used = {way for (way,) in Message.select(Message.way).where(waits).tuples()}
    used = {way for way in used if way == "hand" or way_of(shop, way).is_set_up}
    if not used or appointment.starts_at <= clock.now():
        return False
    reached = [contacts.reach(appointment.customer, way, shop) for way in sorted(used)]
    return all(one.code in ("no-address", "bad-address") for one in reached)


def reaches(appointment: Appointment, ways: list[str]) -> bool:
    """Say whether something can arrive by one of some ways, as far as can be known before it is sent."""
    shop = appointment.shop
    usable = (way for way in ways if way_of(shop, way).is_set_up)
    return any(not contacts.reach(appointment.customer, way, shop).code for way in usable)


def way_of(shop: Shop, way: str) -> Way:
    """Return how one way of a shop stands."""
    return _way(way, Channel.get_or_none((Channel.shop == shop.id) & (Channel.way == way)))


def _way(way: str, stored: Channel | None) -> Way:
    held = dict(stored.settings) if stored else {}
    told = {name: str(held[name]) for name in FIELDS[way] if held.get(name) not in (None, "")}
    fixed = by_environment(way)
    told |= {name: value for name, (_variable, value) in fixed.items()}
    used = _completed(told) if way == "email" and told.get("host") else told
    return Way(way, used, told, {name: variable for name, (variable, _value) in fixed.items()}, "before" in held)


def by_environment(way: str, environment: Mapping[str, str] = os.environ) -> dict[str, tuple[str, str]]:
    """Return what variables fix of a way: field -> variable and value."""
    told = {}
    for name in FIELDS[way]:
        variable = PREFIX[way] + name.upper()
        if environment.get(variable):
            told[name] = (variable, environment[variable])
    if way == "email" and "tls" in told:
        said = told["tls"][1].strip().lower()
        off, plain = ("0", "no", "off", "false", "none"), ("ssl", "tls", "smtps", "implicit")
        told["tls"] = (told["tls"][0], "none" if said in off else "tls" if said in plain else "starttls")
    return told


def _completed(told: dict[str, str]) -> dict[str, str]:
    """Return the settings of a mail server with what nobody said of it: the usual."""
    host, user = told["host"], told.get("user", "")
    near = host.lower() in LOOPBACK
    tls = told.get("tls") or ("none" if near else "starttls")
    usual = {"starttls": "587", "tls": "465", "none": "25"}[tls if tls in TLS else "starttls"]
    sender = user if MAIL.fullmatch(user) else f"reminders@{'localhost' if near else host}"
    return {"sender": sender, "port": usual, **told, "tls": tls}


def is_set_up(way: str, settings: Mapping[str, Any]) -> bool:
    """Say whether the settings of a way suffice to send anything."""
    if way == "sms" and settings.get("kind") in ("twilio", "vonage"):
        return all(settings.get(name) for name in ("account", "secret", "sender"))
    return bool(settings.get("host" if way == "email" else "url"))


# -- setting up


def checked(
    stands: Way, form: Mapping[str, str], allowed: frozenset[str], why_not: Callable[[str], str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the settings that a form asks for, and what is wrong with it, by field.

    `why_not` says why a web address would not be asked: a code of `outside`, or nothing. A secret that is left empty stays.
    """
    way = stands.way
    told: dict[str, str] = {}
    settings: dict[str, str] = {}
    for name in FIELDS[way]:
        if name in stands.fixed:
            continue
        typed = form.get(name, "")
        value = typed if name in SECRETS else " ".join(typed.split())
        if len(value) > LONGEST and name != "url":
            told[name] = _("That is too long: %(most)s letters fit.", most=LONGEST)
        elif any(not letter.isprintable() for letter in value):
            told[name] = _("There is something in it that cannot be typed. Write it again.")
        settings[name] = value
    whole = {**settings, **{name: stands.settings[name] for name in stands.fixed}}
    _keep_secrets(stands, settings, whole, told)
    if way == "email":
        _check_mail(settings, whole, told, allowed)
    else:
        _check_web(way, settings, whole, told, why_not)
    return {name: value for name, value in settings.items() if value}, {
        name: what for name, what in told.items() if name not in stands.fixed
    }


def _keep_secrets(stands: Way, settings: dict[str, str], whole: dict[str, str], told: dict[str, str]) -> None:
    way = stands.way
    moved = any(whole.get(name, "") != stands.settings.get(name, "") for name in GOES_TO[way])
    for name in SECRETS & set(settings):
        if way == "email" and not whole.get("user"):
            settings[name] = whole[name] = ""  # without a user nobody signs in
        elif not settings[name] and stands.settings.get(name):
            if moved:
                told[name] = _("What is kept was for another address. Write it again for this one.")
            settings[name] = whole[name] = stands.settings[name]


def _check_mail(settings: dict[str, str], whole: dict[str, str], told: dict[str, str], allowed: frozenset[str]) -> None:
    host = whole.get("host", "")
    if not host:
        told["host"] = _("Write the name of the mail server. Your provider tells you.")
    elif not HOST.fullmatch(host):
        told["host"] = _("That is no name of a server. One looks like smtp.example.org.")
    port = whole.get("port", "")
    if port and not (port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65536):
        told["port"] = _("A port is a number from 1 to 65535. Left empty, it is the usual one.")
    if whole.get("tls", "") not in TLS:
        told["tls"] = _("Pick one of these.")
    elif whole["tls"] == "none" and host.lower() not in LOOPBACK and host not in allowed:
        told["tls"] = _(
            "Without encryption only a server on this very machine is asked: anybody between could read along."
        )
    for name in ("sender", "reply_to"):
        if whole.get(name) and not MAIL.fullmatch(whole[name]):
            told[name] = _("That is no mail address. It looks like name@example.org.")


def _check_web(
    way: str, settings: dict[str, str], whole: dict[str, str], told: dict[str, str], why_not: Callable[[str], str]
) -> None:
    kind = whole.get("kind", "generic") if way == "sms" else "generic"
    if kind not in GATEWAYS:
        told["kind"] = _("Pick one of these.")
        return
    needed = ("account", "secret", "sender") if kind != "generic" else ("url", "secret")
    for name in needed:
        if not whole.get(name):
            told[name] = _("This is needed. Your provider tells you.") if kind != "generic" else _("This is needed.")
    url = whole.get("url", "")
    if url and "url" in settings:
        code = why_not(url)
        if code:
            told["url"] = words.reminders.no_such_address(code)


def keep(shop: Shop, way: str, settings: dict[str, str], staff: Staff | None = None) -> None:
    """Keep the settings of a way, and how they were before; a shop without any rule begins with the usual ones. The record of
    changes says that `staff` changed them, not to what."""
    with db.atomic():
        stored = Channel.get_or_none((Channel.shop == shop.id) & (Channel.way == way))
        held = dict(stored.settings) if stored else {}
        held.pop("before", None)
        row = {"settings": {**settings, "before": held}}
        Channel.insert(shop=shop, way=way, **row).on_conflict(
            conflict_target=[Channel.shop, Channel.way], update=row
        ).execute()
        if settings and not ReminderRule.select().where(ReminderRule.shop == shop.id).exists():
            reminders.begin_with_defaults(shop)
            reminders.rearm_all(shop)
        shop.changed()
        audit.write("channel.changed", business=shop.business_id, shop=shop, staff=staff, way=way)


def undo(shop: Shop, way: str, staff: Staff | None = None) -> bool:
    """Take back the last change of a way's settings; say whether there was one."""
    stored = Channel.get_or_none((Channel.shop == shop.id) & (Channel.way == way))
    if stored is None or "before" not in stored.settings:
        return False
    keep(shop, way, stored.settings["before"], staff)
    return True


# -- a test


@does("reminder.test", "reminders")
def send_test(asked: Asked) -> dict[str, Any]:
    """Send a test by a `way`, `to` an address of whoever asks: along the same path as any reminder."""
    way = asked.choice("way", SET_UP, "")
    kind, to = KIND_OF.get(way), asked.text("to", required=way != "hook")
    if kind:
        try:
            known = compared(kind, to, asked.shop.zone)
        except ValueError:
            raise Refused(words.reminders.no_address(kind)) from None
        to = to if kind == "email" else known
    now, shop = clock.now(), asked.shop
    message = Message.create(
        shop=shop, kind="test", way=way, address=to or "test", subject=words.reminders.test_subject(shop.name),
        text=words.reminders.test_text(shop.name), message_id=reminders.new_message_id(shop.id), due_at=now, next_at=now,
        deadline=now + TEST_LASTS, at=now,
    )  # fmt: skip
    return {"message": str(message.id)}


def tests(shop: Shop) -> dict[str, Message]:
    """Return the last test of each way. One query."""
    found: dict[str, Message] = {}
    lately = (Message.shop == shop.id) & (Message.kind == "test")
    for one in Message.select().where(lately).order_by(Message.id.desc()).limit(100):
        found.setdefault(one.way, one)
    return found
