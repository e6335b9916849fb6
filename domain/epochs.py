"""When a business's data was put back to an earlier state: what was done on phones before that is looked at by somebody first.

Numbers that were given out after the back-up are given again, to other people and things. An act that was made before the
data was put back may mean one of the first; so it is not done blindly.
"""

from __future__ import annotations

from datetime import datetime

import clock
from models import Business, instant_of, instant_text

KEPT_AS = "put_back_at"


def put_back_at(business: int) -> datetime | None:
    """Return when the data of a business was last put back from a back-up, None where it never was. One query."""
    stored = Business.select(Business.settings).where(Business.id == business).scalar() or {}
    return instant_of(stored[KEPT_AS]) if KEPT_AS in stored else None


def begin() -> None:
    """Begin a new epoch for every business, now: their data has just been put back."""
    for business in Business.select():
        business.settings = {**(business.settings or {}), KEPT_AS: instant_text(clock.now())}
        business.save(only=["settings"])
