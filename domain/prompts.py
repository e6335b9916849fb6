"""Which words to offer when somebody comes: small rules, the first that holds wins, often none.

A rule takes what is known of a customer before today and says what is true if they come today: its facts, or None.
To add one, write the function, decorate it, give it words in ``words.py`` and a table of cases in
``tests/domain/test_prompts.py``. The order in this file is the order of importance.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from domain.history import History
from models import PromptEnded, Shop, Staff, Usual, Visit

SILENT_DAYS = 28  # the same prompt is not shown again within these days
CROWD = 6  # more arrivals than this in CROWD_MINUTES, and nobody has time to say anything
CROWD_MINUTES = 5
MILESTONES = (100, 200, 500, 1000)

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule may look at: one customer on one day, before they have come."""

    today: date
    history: History
    usual: str = ""
    usual_by: str = ""
    usual_since: date | None = None
    recent: frozenset[str] = field(default_factory=frozenset)  # prompts shown within SILENT_DAYS


Rule = Callable[[Known], Facts | None]
RULES: dict[str, Rule] = {}
EXEMPT: set[str] = set()  # from the silence of SILENT_DAYS and of the crowd


def rule(name: str, exempt: bool = False) -> Callable[[Rule], Rule]:
    """Return a decorator that adds a rule at the end of the order. An exempt one may repeat."""

    def add(function: Rule) -> Rule:
        RULES[name] = function
        if exempt:
            EXEMPT.add(name)
        return function

    return add


def iso(days: Iterable[date]) -> list[str]:
    return [day.isoformat() for day in days]


@rule("second-visit", exempt=True)
def second_visit(known: Known) -> Facts | None:
    """The moment a stranger becomes known."""
    if len(known.history.days) != 1:
        return None
    return {"dates": iso(known.history.days)}


@rule("back-after-a-while")
def back_after_a_while(known: Known) -> Facts | None:
    """They were away for ten days or more, and for three times their usual gap."""
    gap = known.history.usual_gap
    if gap is None:
        return None
    away = (known.today - known.history.days[-1]).days
    if away < 10 or away < 3 * gap:
        return None
    return {"dates": iso(known.history.days[-1:])}


@rule("a-year")
def a_year(known: Known) -> Facts | None:
    """The anniversary of the first visit fell within the last two weeks, and they came at least six times in all."""
    if known.history.visits < 6:
        return None
    first = known.history.days[0]
    years = known.today.year - first.year
    while years > 0:
        anniversary = _in_year(first, first.year + years)
        if anniversary <= known.today:
            break
        years -= 1
    if years == 0 or (known.today - anniversary) >= timedelta(days=14):
        return None
    return {"years": years, "dates": iso([first])}


def _in_year(day: date, year: int) -> date:
    """Return the same date in another year; 29 February is kept on the 28th where there is none."""
    leap = (day.month, day.day) == (2, 29) and not isleap(year)
    return day.replace(year=year, day=28 if leap else day.day)


@rule("about-a-hundred")
def about_a_hundred(known: Known) -> Facts | None:
    """Today's visit is one of the first five in a hundred past a round number."""
    count = known.history.visits + 1
    for milestone in MILESTONES:
        if milestone <= count < milestone * 1.05:
            return {"about": milestone, "count": count, "dates": iso(known.history.days[:1])}
    return None


@rule("third-weekday")
def third_weekday(known: Known) -> Facts | None:
    """Today is the third such weekday in a row, and that weekday is half of what they do lately."""
    came = known.history.came_weeks_before
    if not (came(known.today, 1) and came(known.today, 2)) or came(known.today, 3):
        return None
    lately = [day for day in known.history.days if day >= known.today - timedelta(days=21)]
    if sum(day.weekday() == known.today.weekday() for day in lately) * 2 < len(lately):
        return None
    weeks = (known.today - timedelta(weeks=2), known.today - timedelta(weeks=1))
    return {"weekday": known.today.weekday(), "dates": iso(weeks)}


@rule("the-usual")
def the_usual(known: Known) -> Facts | None:
    """Somebody wrote down what they have, it is short enough to say, and they have come three times before."""
    if not known.usual or len(known.usual.split()) > 6 or len(known.history.days) < 3:
        return None
    since = [known.usual_since] if known.usual_since else []
    return {"usual": known.usual, "by": known.usual_by, "dates": iso(since)}


@dataclass(frozen=True, slots=True)
class Moment:
    """What the list cannot know ahead: who asks, who works today, and how the day has gone for this customer so far."""

    staff: int | None = None  # who is asking
    on_shift: frozenset[int] = frozenset()  # staff who marked anybody here today
    now: int = 0  # minutes after midnight, as all times here
    arrived: int | None = None  # when they were marked here, if they were
    booked: int | None = None  # the time of their appointment today
    grace: int = 10  # minutes after it that are no lateness
    crowd: bool = False  # so many come in that nobody has time to say anything


def candidates(known: Known) -> list[dict[str, Any]]:
    """Return all prompts that hold, ``{"id": ..., **facts}``, most important first."""
    found = []
    for name, holds in RULES.items():
        if name in known.recent and name not in EXEMPT:
            continue
        facts = holds(known)
        if facts is not None:
            found.append({"id": name, **facts})
    return found


def offered(prompts: list[dict[str, Any]], moment: Moment) -> dict[str, Any] | None:
    """Return the first of a customer's prompts that fits the moment, or None: silence is a feature."""
    for prompt in prompts:
        if moment.crowd and prompt["id"] not in EXEMPT:
            continue
        return prompt
    return None


def prompts_for(shop: Shop, people: dict[int, History], today: date) -> dict[int, list[dict[str, Any]]]:
    """Return the prompts of each customer who has any, by customer id. A fixed number of queries, however many people."""
    ids = list(people)
    if not ids:
        return {}
    recent: dict[int, set[str]] = {}
    for table in (Visit, PromptEnded):
        shown = table.select(table.customer, table.prompt).where(
            (table.customer.in_(ids))
            & (table.shop == shop.id)
            & (table.day < today)
            & (table.day > today - timedelta(days=SILENT_DAYS))
            & table.prompt.is_null(False)
        )
        for customer, prompt in shown.tuples():
            recent.setdefault(customer, set()).add(prompt["id"])
    usuals = {
        usual.customer_id: usual
        for usual in Usual.select(Usual, Staff)
        .left_outer_join(Staff)
        .where((Usual.customer.in_(ids)) & (Usual.shop == shop.id))
    }
    found = {}
    for customer, history in people.items():
        usual = usuals.get(customer)
        known = Known(
            today=today,
            history=history,
            usual=usual.text if usual else "",
            usual_by=usual.author.name if usual and usual.author else "",
            usual_since=usual.day if usual else None,
            recent=frozenset(recent.get(customer, ())),
        )
        holding = candidates(known)
        if holding:
            found[customer] = holding
    return found
