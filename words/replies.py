"""The words that customers see on the pages behind our addresses: plain, for whoever comes to them once, and with no name
that the letter did not hold."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import words
from words.reminders import PLACE, facts, letter, subject, text
from words.speaking import _


def when(local: datetime) -> str:
    """Return when an appointment is, to stand by itself: Thursday 26 November at 10:00."""
    # Translators: a day and a time standing alone: Thursday 26 November at 10:00
    return _("%(day)s at %(time)s", day=words.long_day(local.date()), time=words.at_time(local))


def whose(person: str, customer: str, with_whom: str, shop: str, local: datetime, told: str) -> str:
    """Return whose appointment it is and with whom, as far as the words of the letter (`told`) said so: You have an
    appointment with Nadia."""
    places = set(PLACE.findall(told))
    if "whose" not in places:
        person = customer  # the name was not told
        with_whom = with_whom if "with" in places else ""
    return words.sentence_case(facts(person, customer, with_whom, shop, local, "")["whose"])


def ours(way: str) -> str:
    """Return our own words for a reminder by a way, subject and text, with their places."""
    return f"{subject()}\n{letter() if way == 'email' else text()}"


def answered(answer: str) -> str:
    """Return what stands on top once they have answered."""
    return {
        "coming": _("Thank you. We look forward to seeing you."),
        "move": _("Thank you for telling us. We will be in touch to find another time."),
        "wrong": _("Thank you for telling us. We will look into it and be in touch."),
    }[answer]


def on_card(answer: str) -> str:
    """Return what somebody answered by the link, for staff."""
    return {
        "coming": _("They will be there, they say."),
        "move": _("They ask to move it."),
        "wrong": _("They have another day or time."),
    }[answer]


def asks(one: Any, shop: Any) -> str:
    """Return what somebody asks about something booked: They ask to move it: Thursday 26 November at 10:00."""
    told = on_card(one.reply).rstrip(".")
    return _("%(asks)s: %(when)s", asks=told, when=when(shop.local(one.starts_at)))


def asked(one: Any, shop: Any, today: date) -> str:
    """Return how and when we came to know it."""
    return _("by the link in our reminder, %(day)s", day=words.short_day(shop.day_of(one.at), today))
