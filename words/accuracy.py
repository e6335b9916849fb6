"""The words for how good the lists of a shop are."""

from __future__ import annotations

from typing import Any

import words
from words.speaking import _, ngettext


def held(accuracy: Any) -> str:
    """Return how many of those who came were among as many as we thought likeliest: six of ten."""
    n = accuracy.of_ten
    if n == 10:
        return _("Nearly all who came were among those we thought likeliest that day.")
    if n == 0:
        return _("Hardly anybody who came was among those we thought likeliest that day.")
    return ngettext(
        "Of ten who came, one was among those we thought likeliest that day.",
        "Of ten who came, %(count)s were among those we thought likeliest that day.",
        n,
        count=words.number(n),
    )


def balance(accuracy: Any) -> str:
    """Return how many visits were expected and how many there were."""
    return ngettext(
        "On one day we expected %(expected)s visits of people we know, and there were %(came)s.",
        "On the last %(days)s days we expected %(expected)s visits of people we know, and there were %(came)s.",
        accuracy.days,
        days=words.figure(accuracy.days),
        expected=words.figure(round(accuracy.expected)),
        came=words.figure(accuracy.came),
    )


def band(band: Any) -> list[str]:
    """Return a row of the table: how sure we were, how often, how many came, and which share that is."""
    return [
        # Translators: a range of percentages: 20 to 30 %
        _("%(low)s to %(high)s %%", low=band.low, high=band.low + 10),
        words.figure(band.times),
        words.figure(band.came),
        # Translators: a percentage
        _("%(share)s %%", share=round(100 * band.came / band.times)),
    ]
