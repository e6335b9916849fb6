"""What Find says besides the rows."""

from __future__ import annotations

from datetime import date

from words import _, ngettext, short_day


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
