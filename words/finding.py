"""What Find says besides the rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from words import _, clock_time, ngettext, number, reason_tag, sentence_case, short_day


def found_so_many(n: int, first: str, query: str, more: bool) -> str:
    """Return how many were found and who comes first, for those who do not see it; nothing before anybody typed."""
    if not query:
        return ""
    if not n:
        return _("Nobody called “%(query)s”. Add them?", query=query)
    if more:
        return _("More than %(n)s found. First: %(name)s.", n=n, name=first)
    return ngettext("One found: %(name)s.", "%(n)s found. First: %(name)s.", n, name=first)


def last_seen(day: date, today: date) -> str:
    return _("last seen %(day)s", day=short_day(day, today))


def expected_when(line: Any) -> str:
    """Return when somebody of the day's list is expected, where there is a time and nothing else tells it."""
    if line.arrived or line.around is None:
        return ""
    if line.appointment:
        return _("Booked %(time)s today", time=clock_time(line.around))
    tag = reason_tag(line.reason) if line.reason else ""
    return f"{clock_time(line.around)} · {tag}" if tag else ""


def already(called: list[str], told: str) -> str:
    """Return the question whether somebody new is one we know: `called` are the names of those alike, `told` says more of
    the one, where there is but one."""
    if len(called) > 1:
        return _("%(n)s people are called so already. Is it one of them?", n=sentence_case(number(len(called))))
    name = called[0]
    with_an = name[:1].lower() in tuple("aeiouáéíóúàèìòùäöü")  # English alone tells the two apart
    if told and with_an:
        return _("There is an %(name)s already: %(told)s. Same person?", name=name, told=told)
    if told:
        return _("There is a %(name)s already: %(told)s. Same person?", name=name, told=told)
    if with_an:
        return _("There is an %(name)s already. Same person?", name=name)
    return _("There is a %(name)s already. Same person?", name=name)


def tagged(n: int, most: int) -> str:
    """Return how many people have a tag; of more than are shown, that these are the first."""
    if n >= most:
        return _("The first %(n)s, by name", n=n)
    return ngettext("%(n)s has it", "%(n)s have it", n)
