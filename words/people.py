"""The words of the owner's page of people. Counts are of visits and days, never of worth, and never of a colleague."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from markupsafe import Markup, escape

import words
from words import promises
from words.speaking import _, ngettext

CAME, GREETED, END = "\ue000", "\ue001", "\ue002"  # around a number that opens its list


def headline(week: Any, came: str, greeted: str) -> Markup:
    """Return the finding of last week in one sentence, each number a link to its list: the addresses of the two."""
    said = escape(_headline(week)).replace(END, Markup("</a>"))
    for mark, address in ((CAME, came), (GREETED, greeted)):
        said = said.replace(mark, Markup('<a href="%s">') % address)
    return said


def _headline(week: Any) -> str:
    if not week.regulars:
        return _("No regulars came last week.")
    of = CAME + ngettext("%(n)s regular", "%(n)s regulars", week.regulars) + END
    if not week.greeted:
        return _("Of %(regulars)s who came last week, nobody was greeted by name yet.", regulars=of)
    if week.greeted == week.regulars:
        return _("Of %(regulars)s who came last week, all were greeted by name.", regulars=of)
    return ngettext(
        "Of %(regulars)s who came last week, %(count)s was greeted by name.",
        "Of %(regulars)s who came last week, %(count)s were greeted by name.",
        week.greeted,
        count=f"{GREETED}{words.figure(week.greeted)}{END}",
        regulars=of,
    )


def title(name: str) -> str:
    """Return the heading of a list."""
    return {
        "came": _("Regulars who came last week"),
        "greeted": _("Greeted by name last week"),
        "unknown": _("Regular, but unknown"),
        "growing": _("Growing"),
        "fading": _("Fading"),
        "faithful": _("Most faithful"),
        "senders": _("Who sends us people"),
        "left": _("Left, and why"),
        "kept": _("Promises kept"),
        "late": _("Promises late"),
        "unconfirmed": _("Sent, and not confirmed"),
    }[name]


def about(name: str) -> str:
    """Return what a list holds, where its heading does not say it all."""
    return {
        "came": _("Who comes on six days or more in eight weeks, and was here from Monday to Sunday."),
        "greeted": _("Regulars whose name was said last week, from Monday to Sunday."),
        "unknown": _("They come on six days or more in eight weeks, and nobody has greeted them by name."),
        "growing": _("Coming more often than in the weeks before."),
        "fading": _("Quieter than their own habit. People move, and get busy: it is not always us."),
        "faithful": _("By the days they came, whatever they bought."),
        "kept": _("In the last 30 days."),
        "late": _("Kept after the day we had named, or still owed."),
        "unconfirmed": _("Nobody has heard yet whether they have it."),
    }.get(name, "")


def nobody(name: str) -> str:
    """Return what an empty list says."""
    return {
        "unknown": _("Every regular has heard their name."),
        "faithful": _("Nobody yet. That is how every first day looks."),
        "senders": _("Nobody told us yet who sent them."),
        "left": _("Nobody left that we know of."),
    }.get(name, _("Nobody just now."))


def promised(name: str, n: int) -> str:
    """Return a figure of the month's promises: 12 kept."""
    return {
        "kept": ngettext("%(n)s kept", "%(n)s kept", n),
        "late": ngettext("%(n)s late", "%(n)s late", n),
        "unconfirmed": ngettext("%(n)s not confirmed", "%(n)s not confirmed", n),
    }[name]


def owed(one: Any, shop: Any, now: datetime) -> str:
    """Return what became of a promise, in one line: For 2 November · kept by Tom, 4 November."""
    today = shop.day_of(now)
    parts = [promises.due(one.promise.due, today)] if one.promise.due else []
    parts.append(promises.kept(one, shop, now) if one.promise.kept_at else _("still owed"))
    return words.sentence_case("\u00a0· ".join(parts))


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


def came(one: Any) -> str:
    """Return how often a regular came last week, and whether they heard their name."""
    visits = words.sentence_case(ngettext("%(n)s visit last week", "%(n)s visits last week", one.here))
    return _("%(visits)s, greeted by name", visits=visits) if one.greeted_here else visits


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
            day=words.short_day(turn.last_visit, today),
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
    text = turn.about if turn.about.endswith((".", "!", "?", "…", "。", "؟")) else f"{turn.about}."
    if turn.step == "mistake":
        day = words.short_day(turn.since, today)
        return _("Our mistake, %(day)s: %(text)s", day=day, text=text), _("Make it good first.")
    if turn.step == "owed":
        day = words.short_day(turn.since, today)
        return _("We still owe them, since %(day)s: %(text)s", day=day, text=text), _(
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


def weeks(one: Any) -> str:
    """Return the finding that the dots of twelve weeks show."""
    half = len(one.weeks) // 2
    return _(
        "%(now)s in the last six weeks, %(before)s in the six before",
        now=ngettext("%(n)s day", "%(n)s days", sum(one.weeks[half:])),
        before=words.figure(sum(one.weeks[:half])),
    )


def gone(one: Any, today: date) -> str:
    """Return since when somebody left, and why."""
    day = words.short_day(one.on, today) if one.on else ""
    if not one.reason:
        return _("Left %(day)s. We do not know why.", day=day)
    return _("Left %(day)s: %(reason)s", day=day, reason=one.reason)


def all_of(n: int) -> str:
    """Return what opens the whole of a list of so many."""
    return ngettext("All %(n)s", "All %(n)s", n)


def further(n: int) -> str:
    """Return what opens what follows in a list: so many more."""
    return ngettext("And one more", "And %(n)s more", n)
