"""The words for whom we sent on and who sends people to us."""

from __future__ import annotations

from datetime import date
from typing import Any

import words
from words.speaking import _, ngettext


def question(referral: Any) -> str:
    """Return what to find out: Did Kris reach Dr C.?"""
    return _("Did %(name)s reach %(place)s?", name=referral.name, place=referral.to_whom)


def sent(referral: Any) -> str:
    """Return what we did: Kris, sent to Dr C."""
    return _("%(name)s, sent to %(place)s", name=referral.name, place=referral.to_whom)


def about(referral: Any, today: date, me: int) -> str:
    """Return what they needed, who sent them on and when: a doctor today · Ana, Tuesday."""
    who = _("you") if referral.author_id == me else _name(referral)
    day = words.short_day(referral.day, today)
    return f"{referral.need} · " + _("%(name)s, %(day)s", name=who, day=day)


def _name(referral: Any) -> str:
    said = getattr(referral, "said", None)
    return said.name if said and said.name else _("one of us")


def asks_on(referral: Any, today: date) -> str:
    """Return when we ask: We ask on Friday; after no answer as well."""
    if referral.outcome == "no_answer":
        return _("No answer yet. We ask again %(day)s.", day=_on(referral.check_on, today))
    return _("We ask %(day)s.", day=_on(referral.check_on, today))


def _on(day: date, today: date) -> str:
    told = words.day_ahead(day, today)
    # Translators: a day to come, in a sentence such as We ask on Friday; today and tomorrow have no "on"
    return told if abs((day - today).days) < 2 else _("on %(day)s", day=told)


def outcomes() -> list[tuple[str, str]]:
    """Return what can have become of a referral."""
    return [("reached", _("Reached")), ("not_reached", _("Not reached")), ("no_answer", _("No answer yet"))]


def heard(referral: Any) -> str:
    """Return what became of it, as a heading of its line: Kris reached Dr C."""
    names = {"name": referral.name, "place": referral.to_whom}
    if referral.outcome == "reached":
        return _("%(name)s reached %(place)s", **names)
    if referral.outcome == "not_reached":
        return _("%(name)s did not reach %(place)s", **names)
    return _("%(name)s and %(place)s: no answer yet", **names)


def toast(outcome: str) -> str:
    return {
        "reached": _("Good: it helped."),
        "not_reached": _("Then let us find somebody else."),
        "no_answer": _("We ask again in two days."),
    }[outcome]


def checks(today: date) -> list[tuple[str, str]]:
    """Return the days on which to ask, as values of a form, with their names."""
    return [("1", _("Tomorrow")), ("3", _("In three days")), ("7", _("In a week"))]


def sends(one: Any) -> str:
    """Return how many somebody sent to us, and how many stayed: Two came, one stayed."""
    came = ngettext("%(count)s came", "%(count)s came", one.came, count=words.sentence_case(words.number(one.came)))
    if not one.stayed:
        return came
    return f"{came}, " + ngettext("%(count)s stayed", "%(count)s stayed", one.stayed, count=words.number(one.stayed))


def sent_by(name: str) -> str:
    return _("Sent to us by %(name)s.", name=name)


def after(referral: Any) -> str:
    """Return what came before, where one sends somebody on again: Dr C. did not work out. Who else can help?"""
    return _("%(place)s did not work out. Who else can help?", place=referral.to_whom)


def forgotten() -> str:
    return _("Forgotten. That we sent somebody stays counted.")
