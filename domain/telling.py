"""A day's line, and a change in how often somebody comes, as plain values, for the command line and for programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import words
from domain.lines import Line, closing
from domain.staying import Change
from models import Customer, Household, Shop


def line_as_json(line: Line, shop: Shop, today: date, now: datetime) -> dict[str, Any]:
    """Return a line of the day `today` as JSON values: times with the shop's offset, None where no time is honest.

    `probability` is that of `now`, if this is that day; `probability_at_opening` that of the morning.
    """
    local = shop.local(now)
    chance = line.probability
    if local.date() == today:
        chance = line.chance(local.hour * 60 + local.minute, closing(shop, today))
    prompt = None
    if line.prompt:
        said = words.prompt(line.prompt, line.customer, shop.tone, shop.wording)
        prompt = {
            "id": line.prompt["id"],
            "fact": said.fact,
            "ask": said.ask,
            "why": words.prompt_why(line.prompt, today),
        }
    reason = words._("booked")
    if line.appointment is None and line.reason is not None:
        reason = words.reason(line.reason, line.window)
    return {
        "customer": str(line.customer.id),
        "source_id": line.customer.source_id,
        "name": line.customer.name,
        "source": line.source,
        "probability": round(chance, 9),
        "probability_at_opening": round(line.probability, 9),
        "at": line.at.isoformat() if line.at else None,
        "until": line.until.isoformat() if line.until else None,
        "part_of_day": line.part_of_day or None,
        "reason": reason,
        "why": words.why(line.reason, today) if line.reason else [],
        "facts": line.reason,
        "usual": line.usual or None,
        "prompt": prompt,
        "arrived_at": shop.local(line.visit.at).isoformat() if line.visit else None,
    }


def changes_as_json(changes: list[Change[int, int]]) -> list[dict[str, Any]]:
    """Return changes as JSON values, with the people's names. One query, two where firms are among them."""
    everybody = [customer for change in changes for customer in change.customers]
    names = dict(Customer.select(Customer.id, Customer.name).where(Customer.id.in_(everybody)).tuples())
    firms = [change.firm for change in changes if change.firm is not None]
    called = (
        dict(Household.select(Household.id, Household.name).where(Household.id.in_(firms)).tuples()) if firms else {}
    )
    return [
        {
            "kind": change.kind,
            "customers": [{"customer": str(customer), "name": names[customer]} for customer in change.customers],
            "firm": None if change.firm is None else {"household": str(change.firm), "name": called[change.firm]},
            "usual_gap": change.usual_gap,
            "last_visit": change.last_visit.isoformat(),
            "contact": change.contact.isoformat() if change.contact else None,
            "days_since": change.days_since,
            "lately": change.lately,
            "before": change.before,
            "since": change.since.isoformat(),
        }
        for change in changes
    ]
