"""The words of the owner's page of people. Counts are of visits and days, never of worth, and never of a colleague."""

from __future__ import annotations

from datetime import date
from typing import Any

import words
from words.speaking import _, ngettext


def headline(week: Any) -> str:
    """Return the finding of last week in one sentence."""
    if not week.regulars:
        return _("No regulars came last week.")
    of = ngettext("%(n)s regular", "%(n)s regulars", week.regulars)
    if not week.greeted:
        return _("Of %(regulars)s who came last week, nobody was greeted by name yet.", regulars=of)
    if week.greeted == week.regulars:
        return _("Of %(regulars)s who came last week, all were greeted by name.", regulars=of)
    return ngettext(
        "Of %(regulars)s who came last week, %(n)s was greeted by name.",
        "Of %(regulars)s who came last week, %(n)s were greeted by name.",
        week.greeted,
        regulars=of,
    )


def to_be_known(n: int) -> str:
    """Return how many of the list of those whom nobody greets are waiting to be known."""
    return ngettext(
        "%(n)s regular has not been greeted by name in eight weeks.",
        "%(n)s regulars have not been greeted by name in eight weeks.",
        n,
    )


def who(one: Any) -> str:
    """Return whom a line is about: a firm, or the person."""
    return one.firm or one.customers[0].name


def visited(one: Any) -> str:
    """Return how often somebody, or a firm, came in eight weeks."""
    visits = ngettext("%(n)s visit in eight weeks", "%(n)s visits in eight weeks", one.visits)
    if one.firm:
        return _("%(names)s: %(visits)s", names=words.listed([c.name for c in one.customers]), visits=visits)
    return words.sentence_case(visits)


def change(turn: Any, today: date) -> str:
    """Return what has changed, in counts that can be counted again."""
    change = turn.change
    if change.kind == "quiet" and change.usual_gap:
        gap = max(1, round(change.usual_gap))
        return ngettext(
            "Every day or so, not since %(day)s",
            "Every %(n)s days or so, not since %(day)s",
            gap,
            day=words.short_day(change.last_visit, today),
        )
    visits = ngettext("%(n)s visit", "%(n)s visits", change.lately)
    return words.sentence_case(
        _(
            "%(visits)s in eight weeks, %(before)s in the eight before",
            visits=visits,
            before=words.figure(change.before),
        )
    )


def step(turn: Any, today: date) -> tuple[str, str]:
    """Return the kind next step: what is so, and what to do."""
    if turn.step == "mistake":
        day = words.short_day(turn.since, today)
        return _("Our mistake, %(day)s: %(text)s", day=day, text=turn.about), _("Make it good first.")
    if turn.step == "owed":
        day = words.short_day(turn.since, today)
        return _("We still owe them, since %(day)s: %(text)s", day=day, text=turn.about), _(
            "Keep it, or tell them how it stands."
        )
    if turn.step == "greet":
        return _("Not greeted by name of late."), _("Say the name when they come.")
    return "", _("Say hello yourself when they come.")


def faithful(one: Any, today: date) -> str:
    """Return how long and how often somebody has come; a streak from a week on."""
    since = words.short_day(one.since, today)
    days = ngettext("%(n)s day since %(since)s", "%(n)s days since %(since)s", one.days, since=since)
    if one.streak < 7:
        return words.sentence_case(days)
    return words.sentence_case(
        _("%(days)s, the last %(streak)s open days without a gap", days=days, streak=words.figure(one.streak))
    )


def sends(one: Any) -> str:
    """Return how many came on somebody's word, and how many stayed."""
    came = ngettext("%(n)s came on their word", "%(n)s came on their word", one.came)
    if not one.stayed:
        return words.sentence_case(came)
    return _("%(came)s, %(stayed)s stayed", came=words.sentence_case(came), stayed=words.figure(one.stayed))


def gone(one: Any, today: date) -> str:
    """Return since when somebody left, and why."""
    day = words.short_day(one.on, today) if one.on else ""
    if not one.reason:
        return _("Left %(day)s. We do not know why.", day=day)
    return _("Left %(day)s: %(reason)s", day=day, reason=one.reason)


def more(n: int) -> str:
    return ngettext("And one more.", "And %(n)s more.", n)
