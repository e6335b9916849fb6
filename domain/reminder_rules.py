"""The rules by which people are reminded: when, by which way and in which words; and what has to be so for them to be kept.

A rule that is changed or ended takes along what waits; what was sent by it stays as it was.
"""

from __future__ import annotations

from typing import Any

from peewee import fn

import clock
import words
import words.reminders
from domain import reminders, settings
from domain.actions import Asked, Conflict, Refused, Unknown, does
from domain.promise_letters import HELD
from models import WAYS, Action, Message, ReminderRule, Shop
from words import _, in_language, locale_for
from words.wording import HOLE, first_of

SOONEST, EARLIEST = 5, 60 * 24 * 60  # minutes before the appointment
MOST = 20
LONGEST_SUBJECT = 150


@does("rule.create", "reminders", recorded=("rule",))
def create(asked: Asked) -> dict[str, Any]:
    """Add a rule: `way`, `minutes_before`, and, where the shop's own words are wanted, `subject` and `text`."""
    told = _told(asked)
    standing = reminders.rules_of(asked.shop)
    if len(standing) >= MOST:
        raise Refused(_("%(most)s reminders of one appointment are enough. End another one first.", most=MOST))
    _is_another(told, standing)
    rule = ReminderRule.create(shop=asked.shop, **told)
    _rearm(rule)
    return {"rule": str(rule.id)}


@does("rule.change", "reminders", recorded=("rule",))
def change(asked: Asked) -> dict[str, Any]:
    """Change a rule. The answer holds how it was `before`."""
    rule = _rule(asked)
    if rule.ended_at is not None:
        raise Conflict(_("This reminder was ended meanwhile. Bring it back first."))
    told = _told(asked)
    _is_another(told, [one for one in reminders.rules_of(asked.shop) if one.id != rule.id])
    before = {name: getattr(rule, name) for name in told}
    ReminderRule.update(**told).where(ReminderRule.id == rule.id).execute()
    _rearm(rule)
    return {"rule": str(rule.id), "before": before}


@does("rule.end", "reminders", recorded=("rule",))
def end(asked: Asked) -> dict[str, Any]:
    """End a rule: nothing more is sent by it, and what waits is dropped."""
    rule = _rule(asked)
    still = (ReminderRule.id == rule.id) & ReminderRule.ended_at.is_null()
    if not ReminderRule.update(ended_at=asked.act.at).where(still).execute():
        raise Conflict(_("This reminder was ended already."))
    reminders.rearm_all(asked.shop)
    return {"rule": str(rule.id)}


@does("rule.reopen", "reminders", recorded=("rule",))
def reopen(asked: Asked) -> dict[str, Any]:
    """Let a rule hold again that was ended, and what it dropped wait again."""
    rule = _rule(asked)
    if rule.ended_at is None:
        raise Conflict(_("This reminder stands already."))
    _is_another({"way": rule.way, "minutes_before": rule.minutes_before}, reminders.rules_of(asked.shop))
    ReminderRule.update(ended_at=None).where(ReminderRule.id == rule.id).execute()
    _rearm(rule)
    return {"rule": str(rule.id)}


def _rearm(rule: ReminderRule) -> None:
    """Bring what waits in line with a rule; what would go at once waits as long as it takes to read how many these are, and
    to take it back."""
    reminders.rearm_all(rule.shop)
    leaves = clock.now() + HELD
    at_once = (Message.next_at < leaves) & (Message.deadline > leaves) & (Message.attempts == 0)
    Message.update(next_at=leaves).where(_waiting(rule) & at_once).execute()


def _waiting(rule: ReminderRule) -> Any:
    return (Message.rule == rule.id) & (Message.state == "due")


def leaving(rule: ReminderRule) -> int:
    """Return how many people are told something by a rule within the time for which it is held back."""
    soon = _waiting(rule) & (Message.next_at <= clock.now() + HELD) & (Message.deadline > clock.now())
    count: int = Message.select(fn.COUNT(Message.customer.distinct())).where(soon).scalar()
    return count


def _rule(asked: Asked) -> ReminderRule:
    found = rule_of(asked.shop, asked.id_of("rule"))
    if found is None:
        raise Unknown(_("There is no such reminder. It may have been removed."))
    return found


def _told(asked: Asked) -> dict[str, Any]:
    """Return what an act says of a rule. Raises Refused, with a sentence about the first thing that is wrong."""
    way = asked.choice("way", WAYS, "email")
    minutes = asked.act.data.get("minutes_before")
    if type(minutes) is not int or not SOONEST <= minutes <= EARLIEST:
        raise Refused(_("A reminder goes out between 5 minutes and 60 days before."))
    subject = " ".join(asked.text("subject", required=False).split())
    text = asked.text("text", required=False)
    if len(subject) > LONGEST_SUBJECT:
        raise Refused(_("A subject has room for %(most)s letters.", most=LONGEST_SUBJECT))
    for written in (subject, text):
        wrong = words.reminders.wrong_places(written)
        if wrong:
            raise Refused(words.reminders.not_filled_in(wrong))
    if word := unwanted(asked.shop, way, subject, text, settings.of(asked.shop).words_never):
        raise Refused(_("“%(word)s” stands in these words, and is never said here. See the settings.", word=word))
    return {
        "way": way,
        "minutes_before": minutes,
        "subject": "" if way != "email" else subject,
        "text": "" if way == "hand" else text,
    }


def unwanted(shop: Shop, way: str, subject: str, text: str, never: list[str]) -> str:
    """Return the first of some words that would stand in a reminder: in the shop's own words, or in ours where it has none."""
    if not never or way == "hand":
        return ""
    with in_language(locale_for(shop.language)):
        our_subject, our_text = words.reminders.ours(way)
    return first_of(never, HOLE.sub("x", f"{subject or our_subject} {text or our_text}"))


def _is_another(told: dict[str, Any], standing: list[ReminderRule]) -> None:
    if any((one.way, one.minutes_before) == (told["way"], told["minutes_before"]) for one in standing):
        raise Conflict(_("There is a reminder like this already."))


def rule_of(shop: Shop, number: int) -> ReminderRule | None:
    """Return one of a shop's rules, also one that was ended."""
    found: ReminderRule | None = ReminderRule.get_or_none((ReminderRule.id == number) & (ReminderRule.shop == shop.id))
    return found


def before(key: str, rule: ReminderRule) -> dict[str, Any] | None:
    """Return how a rule was before the act with this id changed it; None where it was another act."""
    act = Action.get_or_none((Action.key == key) & (Action.shop == rule.shop_id))
    if act is None or act.result.get("rule") != str(rule.id):
        return None
    found: dict[str, Any] | None = act.result.get("before")
    return found
