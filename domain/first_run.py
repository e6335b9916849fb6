"""The first run: a new owner is led through what a shop needs, a small page at a time, and comes back where they were."""

from __future__ import annotations

from models import Business, Staff, db

STEPS = ("shop", "hours", "words", "password", "team", "phone", "done")
KEPT = "first_run"  # in Business.settings: the step that comes next, as long as it is not over


def begin(business: int) -> None:
    """Lead the owner through it from the first sign-in on."""
    _keep(business, STEPS[0])


def step_of(business: int) -> str:
    """Return the step a business is at, "" where its first run is over or never began. One query."""
    kept = (Business.select(Business.settings).where(Business.id == business).scalar() or {}).get(KEPT, "")
    return kept if kept in STEPS else ""


def waits_for(staff: Staff | None) -> str:
    """Return the step at which somebody's own first run waits for them, "" for everybody but owners."""
    return step_of(staff.business_id) if staff is not None and staff.acts_as == "owner" else ""


def passed(business: int, step: str) -> str:
    """Note that a step is done or skipped, and return the next; a step done again takes nobody back."""
    following = STEPS[min(STEPS.index(step) + 1, len(STEPS) - 1)]
    at = step_of(business)
    if at and STEPS.index(at) < STEPS.index(following):
        _keep(business, following)
    return following


def end(business: int) -> None:
    """Lead the owner no more."""
    _keep(business, None)


def _keep(business: int, step: str | None) -> None:
    with db.atomic():
        Business.hold(business)
        kept = Business.select(Business.settings).where(Business.id == business).scalar() or {}
        rest = {name: value for name, value in kept.items() if name != KEPT}
        Business.update(settings={**rest, KEPT: step} if step else rest).where(Business.id == business).execute()
