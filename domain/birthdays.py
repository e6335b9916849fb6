"""A birthday as it is written down: MM-DD, or YYYY-MM-DD where the year was told."""

from __future__ import annotations

from calendar import isleap
from datetime import date

GROWN_UP = 16  # years: who is younger is a child


def is_birthday(birthday: str, day: date) -> bool:
    """Say whether a day is somebody's birthday; 29 February is kept on the 28th where there is none."""
    month_and_day = birthday[-5:]
    if month_and_day == "02-29" and not isleap(day.year):
        month_and_day = "02-28"
    return day.strftime("%m-%d") == month_and_day


def is_child(marked: bool | None, birthday: str, today: date) -> bool:
    """Say whether somebody is marked as a child, or is younger than sixteen as far as the birthday tells."""
    if marked or len(birthday) < len("YYYY-MM-DD"):
        return bool(marked)
    born = date.fromisoformat(birthday)
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return years < GROWN_UP
