"""The words for the bucket of trust: how full it is, and the dated facts behind it. Never a score, never a reproach."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import words
from words.speaking import _, cldr, ngettext

FORGOTTEN_AFTER = timedelta(days=180)
LATELY = timedelta(days=730)


def level(bucket: Any) -> str:
    return {
        "new": _("New here"), "filling": _("Filling"), "nicely": _("Filling nicely"), "full": _("Full to the brim"),
    }[bucket.level]  # fmt: skip


def told(bucket: Any, visits: Any, today: date) -> str:
    """Return the line beside the pail: Filling nicely. 7 visits since September."""
    if not visits.count:
        return _("%(level)s. No visit yet.", level=level(bucket))
    if visits.count == 1:
        return _("%(level)s. First here %(day)s.", level=level(bucket), day=words.short_day(visits.first, today))
    return ngettext(
        "%(level)s. %(count)s visit since %(when)s.",
        "%(level)s. %(count)s visits since %(when)s.",
        visits.count,
        level=level(bucket),
        count=words.figure(visits.count),
        when=_month(visits.first, today),
    )


def _month(day: date, today: date) -> str:
    """Return since when, as people name it: 3 November within this month, else September, else September 2024."""
    if (day.year, day.month) == (today.year, today.month):
        return words.short_day(day, today)
    month = cldr().months["format"]["wide"][day.month]
    if (today.year - day.year) * 12 + today.month - day.month < 12:
        return month
    return _("%(month)s %(year)s", month=month, year=day.year)


def why(bucket: Any, whom: Any, today: date) -> list[str]:
    """Return the facts behind a bucket, a sentence each: what we owe comes first, what counts against it last."""
    facts = bucket.facts
    sentences = [_debt(one, today) for one in facts.debts]
    if facts.first:
        sentences.append(_("First visit: %(day)s.", day=words.short_day(facts.first, today)))
    if facts.lately and facts.first < today - LATELY:
        sentences.append(
            ngettext(
                "Came on %(n)s day in the last two years.", "Came on %(n)s days in the last two years.", facts.lately
            )
        )
    elif facts.lately:
        sentences.append(
            ngettext(
                "Came on %(n)s day since %(day)s.",
                "Came on %(n)s days since %(day)s.",
                facts.lately,
                day=words.short_day(facts.first, today),
            )
        )
    if facts.due:
        sentences.append(
            ngettext(
                "Kept %(kept)s of %(n)s appointment in time since %(day)s.",
                "Kept %(kept)s of %(n)s appointments in time since %(day)s.",
                len(facts.due),
                kept=facts.in_time,
                day=words.short_day(facts.due[0].day, today),
            )
        )
    sentences += [_by_word(day, whom.pronoun, today) for day in facts.by_word]
    return sentences + [_lapse(one, today) for one in bucket.counting]


def _debt(debt: Any, today: date) -> str:
    told = {"text": debt.text, "day": words.short_day(debt.day, today)}
    if debt.kind == "promise":
        return _("We still owe “%(text)s”: it was for %(day)s.", **told)
    if debt.kind == "silence":
        return _("Our reminder did not reach them, %(day)s, and nobody has said sorry yet.", **told)
    return _("We got something wrong, %(day)s, and have not made it good yet: “%(text)s”.", **told)


def _by_word(day: date, pronoun: str, today: date) -> str:
    someone = {
        "she": _("Someone came on her word, %(day)s."),
        "he": _("Someone came on his word, %(day)s."),
    }.get(pronoun, _("Someone came on their word, %(day)s."))
    return someone % {"day": words.short_day(day, today)}


def _lapse(lapse: Any, today: date) -> str:
    days = {
        "day": words.sentence_case(words.short_day(lapse.day, today)),
        "until": words.short_day(lapse.day + FORGOTTEN_AFTER, today),
    }
    if lapse.lapse == "late":
        return _("%(day)s: later than agreed. It fades, and is gone by %(until)s.", **days)
    return _("%(day)s: could not come. It fades, and is gone by %(until)s.", **days)
