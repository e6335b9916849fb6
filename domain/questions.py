"""Questions: what we want to ask a customer at a next visit, when one is due, and how it ends.

Apart from the acts (`domain.question_acts`), for the acts of words to say end questions as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from peewee import JOIN

from domain.states import sought
from models import Customer, ExtraStep, Question, Shop, Staff, instant_of

PROMPTS = ("question", "their-question", "still-fine")  # words to say that ask a question
PATIENCE = 2  # skipped so often, a question is asked no more: the card offers to drop it


# -- when one is due


def is_due(question: Question, today: date) -> bool:
    """Say whether a question may be asked on a day: at a visit after the day it was written, and not before its time.

    What they asked us waits until we know what to tell them; what was skipped twice waits for a word of the team.
    """
    return (
        question.ended_at is None
        and question.skips < PATIENCE
        and question.day < today
        and (question.not_before is None or question.not_before <= today)
        and not (question.theirs and not question.reply)
    )


def due_first(questions: Iterable[Question], shop: Shop, today: date) -> Question | None:
    """Return the one of a customer's questions to ask today: the oldest due, none where one was asked today already."""
    found = sorted(questions, key=lambda one: one.id)
    if any(was_asked_on(one, shop, today) for one in found):
        return None
    return next((one for one in found if is_due(one, today)), None)


def was_asked_on(question: Question, shop: Shop, day: date) -> bool:
    """Say whether a question was asked, or skipped, on a day."""
    said = question.outcome == "said" and question.ended_at is not None and shop.day_of(question.ended_at) == day
    return said or (question.skips > 0 and question.not_before == day + timedelta(days=1))


# -- how it ends


def ended(question_id: int, staff: Staff | None, shop: Shop, outcome: str, at: datetime) -> bool:
    """Record that a question was "said" or "skipped"; return whether it still stood. One statement.

    Skipped, it waits for a later day.
    """
    stands = (Question.id == question_id) & (Question.shop == shop.id) & Question.ended_at.is_null()
    if outcome == "said":
        how = {"outcome": "said", "ended_at": at, "ended_by": staff.id if staff else None}
    else:
        tomorrow = shop.day_of(at) + timedelta(days=1)  # a colleague's skip of the same visit is none
        stands &= (Question.skips == 0) | Question.not_before.is_null() | (Question.not_before != tomorrow)
        how = {"skips": Question.skips + 1, "not_before": tomorrow}
    return bool(Question.update(**how).where(stands).execute() == 1)


def reopened(question_id: int, shop: Shop, outcome: str, at: datetime) -> bool:
    """Take back that a question was "said" or "skipped" (or dropped); return whether there was anything to take back."""
    stands = (Question.id == question_id) & (Question.shop == shop.id)
    if outcome == "skipped":
        stands &= Question.ended_at.is_null() & (Question.skips > 0)
        how: dict[str, Any] = {"skips": Question.skips - 1, "not_before": shop.day_of(at)}
    else:
        stands &= Question.ended_at.is_null(False)
        how = {"outcome": "", "ended_at": None, "ended_by": None}
    return bool(Question.update(**how).where(stands).execute() == 1)


# -- on the card


@dataclass(frozen=True, slots=True)
class Asking:
    """A question as it is shown, with who wrote it down ("": somebody who has left)."""

    question: Question
    by: str

    @property
    def is_tired(self) -> bool:
        """Say whether it was skipped so often that the team decides."""
        return self.question.skips >= PATIENCE


QUESTIONS = (
    "id", "text", "theirs", "reply", "day", "not_before", "skips", "ended_at", "outcome", "author", "name", "issue",
)  # fmt: skip


def question_rows() -> Any:
    """Return the query for the questions of the customer of a query around it at ``:shop``: those that stand, and those
    that ended since ``:dawn`` (for one a visit is enough); oldest first."""
    return (
        Question.select(
            Question.id, Question.text, Question.theirs, Question.reply, Question.day, Question.not_before, Question.skips,
            Question.ended_at, Question.outcome, Question.author.alias("author"), Staff.name, Question.issue.alias("issue"),
        )
        .join(Staff, JOIN.LEFT_OUTER, on=Question.author == Staff.id)
        .where(
            (Question.customer == Customer.id)
            & (Question.shop == ":shop")
            & (Question.ended_at.is_null() | (Question.ended_at >= ":dawn"))
        )
        .order_by(Question.id)
    )  # fmt: skip


def questions_from(rows: list[list[Any]], customer: Customer) -> list[Asking]:
    """Return the questions from the values that `question_rows` gathered."""
    found = []
    for number, text, theirs, reply, day, not_before, skips, ended_at, outcome, author, by, issue in rows:
        question = Question(
            id=number, customer=customer, text=text, theirs=bool(theirs), reply=reply, day=date.fromisoformat(day),
            not_before=not_before and date.fromisoformat(not_before), skips=skips, ended_at=instant_of(ended_at),
            outcome=outcome, author=author, issue=issue,
        )  # fmt: skip
        found.append(Asking(question, by or ""))
    return found


# -- extra steps


@dataclass(frozen=True, slots=True)
class Step:
    """A small step that somebody of the team took for a customer."""

    id: int
    text: str
    day: date
    by: str
    author: int | None
    changed: date | None = None


STEPS = ("id", "text", "day", "name", "author")


def step_rows() -> Any:
    """Return the query for the extra steps for the customer of a query around it at ``:shop``, the latest first."""
    return (
        ExtraStep.select(
            ExtraStep.id, ExtraStep.text, ExtraStep.day, Staff.name, ExtraStep.author.alias("author")
        )
        .join(Staff, JOIN.LEFT_OUTER, on=ExtraStep.author == Staff.id)
        .where((ExtraStep.customer == Customer.id) & (ExtraStep.shop == ":shop"))
        .order_by(ExtraStep.id.desc())
    )  # fmt: skip


def steps_from(rows: list[list[Any]], _customer: Customer) -> list[Step]:
    """Return the steps from the values that `step_rows` gathered."""
    return [Step(number, text, date.fromisoformat(day), by or "", author) for number, text, day, by, author in rows]


# -- for a whole day


def due_for(shop: Shop, day: date, customers: Iterable[int]) -> dict[int, Question]:
    """Return the question to ask each of some customers on a day, where there is one. One query, or none for nobody."""
    customers = list(customers)
    if not customers:
        return {}
    lately = Question.ended_at.is_null() | (Question.ended_at >= shop.at(day, 0))
    asked = (Question.shop == shop.id) & lately & Question.customer.in_(customers) & sought()
    rows = Question.select().join(Customer).where(asked)
    by_customer: dict[int, list[Question]] = defaultdict(list)
    for one in rows:
        by_customer[one.customer_id].append(one)
    due = {number: due_first(theirs, shop, day) for number, theirs in by_customer.items()}
    return {number: one for number, one in due.items() if one is not None}
