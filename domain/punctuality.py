"""How somebody keeps their agreed times: praised where they do, planned for where they are always a bit late, never scored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from domain.known import EXCUSED, Kept, Known
from models import Appointment, Shop

QUARTER = timedelta(minutes=15)
OF_THE_LAST = 9  # appointments they kept
USUALLY = 0.6  # as many of these they came late to: that is their way, and no lateness
OFTEN = 5
MISSED_DAYS = 365  # after that a missed appointment says nothing
AT_MOST = 45  # minutes; who comes later than that is not early for the next one


def punctuality(known: Known) -> dict[str, Any] | None:
    """Return how somebody keeps their times, as it is kept on a day's list: ``{"kept", "in_time", "early", "late",
    "grace", "usually", "since", "missed", "lost"}``: counts (`missed`: within a year, and not by our failure), minutes
    (`early`: the usual, where most were), days, and the reminder of today that did not reach them; None where there is
    nothing to tell.

    `late` are those beyond the grace; a learned `grace`, and how late they `usually` are, stand only where being a bit late
    is their way.
    """
    if not known.kept and known.lost is None:
        return None
    late = [one for one in known.kept if one.late > known.grace]
    early = sorted(-one.late for one in known.kept if one.late < 0)
    learned = learned_grace(known.kept, known.grace)
    lately = [day for day, cause in known.missed if (known.today - day).days <= MISSED_DAYS and cause not in EXCUSED]
    return {
        "kept": len(known.kept),
        "late": len(late),
        "early": early[len(early) // 2] if len(early) * 2 > len(known.kept) else None,
        "grace": learned,
        "usually": usual_lateness(known.kept) if learned else None,
        "since": known.kept[0].day.isoformat() if known.kept else None,
        "missed": len(lately),
        "lost": {"way": known.lost.way, "at": known.lost.at.isoformat()} if known.lost else None,
    }


def learned_grace(kept: tuple[Kept, ...], grace: int) -> int | None:
    """Return the minutes after which somebody who is always a bit late would be late by their own measure: five more than
    the latest but one of their last times, to the next five; None where they are not. What was far beyond their usual, more
    than twice the median, was no part of it: it does not make up for an hour that they were once late by."""
    last = [one.late for one in kept[-OF_THE_LAST:]]
    late = sorted(minutes for minutes in last if minutes > 0)
    if len(late) < OFTEN or len(late) < USUALLY * len(last):
        return None
    usual = min(late[-2] if len(late) > 5 else late[-1], 2 * median(late))
    learned = -int(-(usual + 5) // 5) * 5
    return learned if grace < learned <= AT_MOST else None


def usual_lateness(kept: tuple[Kept, ...]) -> dict[str, Any]:
    """Return how late somebody usually is who is always a bit late: minutes, to the next five, and whether their times were
    full hours, so that it can be told as ten past."""
    late = [one for one in kept[-OF_THE_LAST:] if one.late > 0]
    minutes = max(5, 5 * round(median(one.late for one in late) / 5))
    return {"minutes": minutes, "on_the_hour": all(one.booked % 60 == 0 for one in late)}


def later_slot(starts: datetime, punctual: Mapping[str, Any] | None) -> datetime | None:
    """Return the time to offer instead of another to somebody who is always a bit late: the next quarter of an hour after which
    they come; None for anybody else."""
    usually = (punctual or {}).get("usually")
    return starts + QUARTER * -(-usually["minutes"] // 15) if usually else None


def grace_of(appointment: Appointment, punctual: Mapping[str, Any] | None, shop: Shop) -> int:
    """Return the minutes after an agreed time that are no lateness: set for this one, else learned or told, else the shop's."""
    return grace_and_whence(appointment, punctual, shop)[0]


def grace_and_whence(appointment: Appointment, punctual: Mapping[str, Any] | None, shop: Shop) -> tuple[int, str]:
    """Return the minutes that are no lateness, and whence we have them: "set", "shop", "learned" or "told"."""
    if appointment.grace_minutes is not None:
        return appointment.grace_minutes, "set"
    learned = (punctual or {}).get("grace") or 0
    known = ((shop.grace_minutes, "shop"), (learned, "learned"), (appointment.late_minutes or 0, "told"))
    return max(known, key=lambda one: one[0])
