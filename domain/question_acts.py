"""The acts of what the team writes down to ask at a next visit, and of the extra steps it took."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain import questions
from domain.actions import Asked, Conflict, Refused, does, follows
from domain.notes import wants_none
from models import Customer, ExtraStep, Note, Question, alike
from words import _

OUTCOMES = ("said", "skipped")


@does("question.create", unsaid={"theirs": False, "reply": "", "not_before": ""})
def create_question(asked: Asked) -> dict[str, Any]:
    """Write down what to ask at the next visit; or (`theirs`) what they asked us, and the `reply` if we know it.

    The same words while they are open are the same question, so that nobody asks twice.
    """
    customer, text, theirs = asked.writable(begins=True), asked.text("text"), asked.flag("theirs")
    reply = asked.text("reply", required=False)
    customer.hold()  # of two phones with the same words one writes it down
    known = _open_alike(asked, customer, text, theirs, reply)
    if known is not None:
        if reply:
            Question.update(reply=reply).where(Question.id == known.id).execute()
        return asked.told(customer, {"question": str(known.id)})
    question = Question.create(
        customer=customer,
        text=text,
        theirs=theirs,
        reply=reply,
        not_before=asked.day("not_before"),
        **asked.wrote(),
    )
    return asked.told(customer, {"question": str(question.id)})


@does("question.reply")
def reply_to_question(asked: Asked) -> dict[str, Any]:
    """Write down what to tell them, who asked us; an empty text takes it away."""
    question = _question(asked)
    if not question.theirs:
        raise Refused(_("That is a question of ours. What they answer is written down when it was asked."))
    if "reply" not in asked.act.data:
        raise Refused(_("“%(name)s” is missing; it may be empty.", name="reply"))
    reply = asked.text("reply", required=False)
    _change(asked, question, Question.reply == question.reply, reply=reply)
    return asked.told(question.customer)


@does("question.answer", unsaid={"answer": ""})
def answer_question(asked: Asked) -> dict[str, Any]:
    """Say that it was asked, with what they `answer`ed, which is kept as a note; or that it was skipped."""
    question = _question(asked)
    outcome = asked.choice("outcome", OUTCOMES, "")
    answer = asked.text("answer", required=False)
    if answer and outcome == "skipped":
        raise Refused(_("A question that was skipped has no answer."))
    if answer and wants_none(question.customer_id):
        told = _("%(name)s asked us to write nothing down, so nothing was kept.", name=question.customer.called)
        raise Refused(told)
    if not questions.ended(question.id, asked.staff, asked.shop, outcome, asked.act.at):
        raise _second(asked, question)
    if answer:
        join = " " if question.text.endswith("?") else ": "
        note = Note.create(
            customer=question.customer,
            text=question.text + join + answer,
            **asked.wrote(),
        )
        Question.update(note=note).where(Question.id == question.id).execute()
    return asked.told(question.customer)


@does("question.drop")
def drop_question(asked: Asked) -> dict[str, Any]:
    """End a question that is not to be asked any more."""
    question = _question(asked)
    still = Question.ended_at.is_null()
    _change(asked, question, still, outcome="dropped", ended_at=asked.act.at, ended_by=asked.staff)
    return asked.told(question.customer)


@does("question.keep", unsaid={"outcome": ""})
def keep_question(asked: Asked) -> dict[str, Any]:
    """Ask again: take back that it was asked (with today's note of the answer) or dropped, and forget its skips.

    With `outcome` "skipped" one skip alone is taken back.
    """
    question = _question(asked)
    if asked.choice("outcome", ("", "skipped"), "") == "skipped":
        if not questions.reopened(question.id, asked.shop, "skipped", asked.act.at):
            raise Conflict(_("That question is open already."), already=True)
        return asked.told(question.customer)
    if question.ended_at is None and not question.skips:
        raise Conflict(_("That question is open already."), already=True)
    note = Note.get_or_none(Note.id == question.note_id) if question.note_id else None
    before: dict[str, Any] = {}
    today = asked.shop.today()
    if question.skips:
        before = {"skips": 0, "not_before": None}
    if question.skips or (question.ended_at is not None and asked.shop.day_of(question.ended_at) != today):
        # what was offered until now is forgotten with it; but what is taken back on the same day is as it was
        asked_today = questions.was_asked_on(question, asked.shop, today)
        before["anew_from"] = today + timedelta(days=1) if asked_today else today
    as_read = (Question.outcome == question.outcome) & (Question.skips == question.skips)
    _change(asked, question, as_read, **before, outcome="", ended_at=None, ended_by=None, note=None)
    if note is not None and asked.is_writers(note) and note.edited_at is None:
        note.delete_instance(recursive=True)
    return asked.told(question.customer)


@does("question.undo")
def undo_question(asked: Asked) -> dict[str, Any]:
    """Take back having written a question, on the same day, by whoever wrote it."""
    question = _question(asked)
    if not asked.is_writers(question):
        raise Refused(_("Only who wrote a question down can take it back, on the same day. It can be dropped."))
    question.delete_instance()
    return asked.told(question.customer)


def _open_alike(asked: Asked, customer: Customer, text: str, theirs: bool, reply: str) -> Question | None:
    """Return the open question of the same words; one with another reply is another, for no words are lost."""
    still = Question.ended_at.is_null() & (Question.theirs == theirs)
    found = Question.select().where((Question.customer == customer.id) & (Question.shop == asked.shop.id) & still)
    same = (one for one in found.order_by(Question.id) if alike(one.text) == alike(text))
    return next((one for one in same if not reply or one.reply in ("", reply)), None)


def _question(asked: Asked) -> Question:
    found: Question = asked.ours(Question, "question", _("There is no such question. It may have been taken back."))
    return found


def _change(asked: Asked, question: Question, expects: Any, **values: Any) -> None:
    """Change a question that stands as `expects`. Raises Conflict where a colleague was quicker."""
    if Question.update(**values).where((Question.id == question.id) & expects).execute() != 1:
        raise _second(asked, question)


def _second(asked: Asked, question: Question) -> Conflict:
    """Return what whoever was second is answered; with nothing left to do, unless they have words to keep."""
    now, outcome = Question.get_or_none(Question.id == question.id), asked.act.data.get("outcome")
    if now is not None and now.skips and now.ended_at is None:
        return Conflict(_("Skipped already today."), already=outcome == "skipped")
    if now is None or now.ended_at is None:
        return Conflict(_("Somebody was quicker. Look again, nothing was lost."))
    name = now.ended_by.name if now.ended_by else _("a colleague")
    told = _("Asked already by %(name)s, %(when)s.") if now.outcome == "said" else _("Dropped by %(name)s, %(when)s.")
    wished = outcome if outcome is not None else "dropped"
    already = now.outcome == wished and not asked.act.data.get("answer")
    told = told % {"name": name, "when": asked.when(now.ended_at)}
    return Conflict(told, already=already, **asked.done_by(now.ended_by, now.ended_at))


# -- extra steps


@does("step.create")
def create_step(asked: Asked) -> dict[str, Any]:
    """Write down a small step for a customer that nobody had to take."""
    customer = asked.writable(begins=True)
    step = ExtraStep.create(
        customer=customer,
        text=asked.text("text"),
        **asked.wrote(),
    )
    return asked.told(customer, {"step": str(step.id)})


@does("step.undo")
def undo_step(asked: Asked) -> dict[str, Any]:
    step = asked.ours(ExtraStep, "step", _("There is no such step. It may have been taken back."))
    if not asked.is_writers(step):
        raise Refused(_("Only who wrote a step down can take it back, on the same day."))
    step.delete_instance()
    return asked.told(step.customer)


@follows(*questions.PROMPTS)
def after_words(asked: Asked, question: int, outcome: str, was: str) -> None:
    """Take the words on the slip, said or skipped, for the question's own."""
    if outcome:
        questions.ended(question, asked.staff, asked.shop, outcome, asked.act.at)
    else:
        questions.reopened(question, asked.shop, was, asked.act.at)
