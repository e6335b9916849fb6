"""Troubles: the same one again, counted until it is solved; and mistakes of ours, until somebody owned up and made good."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from peewee import JOIN

from domain.actions import Asked, Conflict, Refused, does, follows
from models import Customer, Issue, IssueTime, Mistake, Question, Staff, alike, gathered, instant_of, parsed
from words import _

STILL_FINE_AFTER = timedelta(days=7)


# -- the same trouble again


@does("issue.open", unsaid={"ours": False})
def open_issue(asked: Asked) -> dict[str, Any]:
    """Write down a trouble of a customer's, or (`ours`) a fault of ours they told us of; the same words again count once more."""
    customer, text, ours = asked.writable(begins=True), asked.text("text"), asked.flag("ours")
    customer.hold()  # of two phones with the same words one begins it, and the other counts once more
    known = Issue.select().where(
        (Issue.customer == customer.id) & (Issue.shop == asked.shop.id) & (Issue.ours == ours)
    ).order_by(Issue.id.desc())  # fmt: skip
    issue = next((one for one in known if alike(one.text) == alike(text)), None)
    if issue is None:
        issue = Issue.create(
            customer=customer,
            text=text,
            ours=ours,
            **asked.wrote(),
        )
    elif issue.solved_at is None and _counted_on(issue, asked.shop.day_of(asked.act.at)):  # two who saw it saw the same
        return asked.told(customer, {"issue": str(issue.id), "times": issue.times.count()})
    return asked.told(customer, _once_more(asked, issue))


@does("issue.again")
def issue_again(asked: Asked) -> dict[str, Any]:
    """Count a trouble that came up again, solved or not; once a day, for two who saw it saw the same."""
    issue = _issue(asked)
    issue.customer.hold()
    last = _counted_on(issue, asked.shop.day_of(asked.act.at))
    if last is not None:
        name = last.author.name if last.author else _("a colleague")
        told = _("Counted already by %(name)s, %(when)s.", name=name, when=asked.when(last.at))
        raise Conflict(told, already=True, **asked.done_by(last.author, last.at))
    return asked.told(issue.customer, _once_more(asked, issue))


@does("issue.solve")
def solve_issue(asked: Asked) -> dict[str, Any]:
    """Say that a trouble is solved: of theirs we ask once, a week later, whether it still is; of a fault of ours we know."""
    issue = _issue(asked)
    open_still = (Issue.id == issue.id) & Issue.solved_at.is_null()
    if Issue.update(solved_at=asked.act.at, solved_by=asked.staff).where(open_still).execute() != 1:
        stands = Issue.get_by_id(issue.id)
        name = stands.solved_by.name if stands.solved_by else _("a colleague")
        told = _("Solved already by %(name)s, %(when)s.", name=name, when=asked.when(stands.solved_at))
        raise Conflict(told, already=True, **asked.done_by(stands.solved_by, stands.solved_at))
    _ask_after(issue, **asked.wrote())
    return asked.told(issue.customer)


def _ask_after(issue: Issue, **wrote: Any) -> None:
    """Write down to ask whether it is still fine; of a fault of ours we know ourselves."""
    if issue.ours:
        return
    # Translators: asked a week after a customer's trouble was solved, which follows in the words of whoever wrote it
    text = _("Is it still fine: %(text)s?", text=issue.text.rstrip(" .?!"))
    after = wrote["day"] + STILL_FINE_AFTER
    Question.create(customer=issue.customer, text=text, issue=issue, not_before=after, **wrote)


@does("issue.reopen")
def reopen_issue(asked: Asked) -> dict[str, Any]:
    """Take back that a trouble was solved, and the question that follows from it."""
    issue = _issue(asked)
    if not _opened(issue):
        raise Conflict(_("This is open already."), already=True)
    return asked.told(issue.customer)


@does("issue.undo")
def undo_issue(asked: Asked) -> dict[str, Any]:
    """Take back the last time that was counted, on the same day, by whoever counted it; with the only one goes the issue.

    What was solved until then is solved again, with the question that follows from it.
    """
    issue = _issue(asked)
    times = list(issue.times.order_by(IssueTime.id.desc()).limit(2))
    if not times or not asked.is_writers(times[0]):
        raise Refused(_("Only who wrote it down can take it back, on the same day. It can be solved."))
    (times[0] if len(times) > 1 else issue).delete_instance()
    solved_at, solved_by = times[0].solved_at, times[0].solved_by
    still_open = (Issue.id == issue.id) & Issue.solved_at.is_null()
    again = solved_at is not None and Issue.update(solved_at=solved_at, solved_by=solved_by).where(still_open).execute()
    if again and not Question.select().where(Question.issue == issue.id).exists():
        _ask_after(issue, shop=issue.shop, author=solved_by, day=asked.shop.day_of(solved_at), at=solved_at)
    return asked.told(issue.customer)


def _counted_on(issue: Issue, day: date) -> IssueTime | None:
    return IssueTime.get_or_none((IssueTime.issue == issue.id) & (IssueTime.day == day))


def _once_more(asked: Asked, issue: Issue) -> dict[str, Any]:
    """Count one time, and begin a solved one again where it was left; return the act's result."""
    before = {"solved_at": issue.solved_at, "solved_by": issue.solved_by_id} if _opened(issue) else {}
    day = asked.shop.day_of(asked.act.at)
    IssueTime.create(issue=issue, author=asked.staff, day=day, at=asked.act.at, **before)
    return {"issue": str(issue.id), "times": issue.times.count()}


def _opened(issue: Issue) -> bool:
    """Have an issue open again, without the question whether it is still fine; return whether it was solved."""
    solved = (Issue.id == issue.id) & Issue.solved_at.is_null(False)
    if Issue.update(solved_at=None, solved_by=None).where(solved).execute() != 1:
        return False
    Question.delete().where((Question.issue == issue.id) & Question.ended_at.is_null()).execute()
    return True


def _issue(asked: Asked) -> Issue:
    found: Issue = asked.ours(Issue, "issue", _("There is no such trouble here. It may have been taken back."))
    return found


# -- mistakes of ours


@does("mistake.record")
def record_mistake(asked: Asked) -> dict[str, Any]:
    """Write down what went wrong on our side."""
    customer = asked.writable(begins=True)
    mistake = Mistake.create(
        customer=customer,
        text=asked.text("text"),
        **asked.wrote(),
    )
    return asked.told(customer, {"mistake": str(mistake.id)})


@does("mistake.acknowledge")
def acknowledge_mistake(asked: Asked) -> dict[str, Any]:
    """Say that we told them it was ours, and whether we said sorry."""
    if "said_sorry" not in asked.act.data:
        raise Refused(_("“%(name)s” is true or false.", name="said_sorry"))
    values = {"acknowledged_at": asked.act.at, "acknowledged_by": asked.staff, "said_sorry": asked.flag("said_sorry")}
    return _step(asked, Mistake.acknowledged_at.is_null(), **values)


@does("mistake.make_good")
def make_good(asked: Asked) -> dict[str, Any]:
    """Say how it was made good."""
    values = {"made_good": asked.text("text"), "made_good_at": asked.act.at, "made_good_by": asked.staff}
    return _step(asked, Mistake.made_good_at.is_null(), **values)


@does("mistake.reopen")
def reopen_mistake(asked: Asked) -> dict[str, Any]:
    """Take back the last step: that it was made good, else that it was acknowledged."""
    mistake = _mistake(asked)
    if mistake.made_good_at is not None:
        expects = Mistake.made_good_at == mistake.made_good_at
        return _step(asked, expects, made_good="", made_good_at=None, made_good_by=None)
    if mistake.acknowledged_at is not None:
        expects = Mistake.acknowledged_at == mistake.acknowledged_at
        return _step(asked, expects, acknowledged_at=None, acknowledged_by=None, said_sorry=False)
    raise Conflict(_("Nothing was done about this yet."))


@does("mistake.undo")
def undo_mistake(asked: Asked) -> dict[str, Any]:
    mistake = _mistake(asked)
    if not asked.is_writers(mistake):
        raise Refused(_("Only who wrote a mistake of ours down can take it back, on the same day."))
    mistake.delete_instance()
    return asked.told(mistake.customer)


def _mistake(asked: Asked) -> Mistake:
    found: Mistake = asked.ours(
        Mistake, "mistake", _("There is nothing of that number here. It may have been removed.")
    )
    return found


def _step(asked: Asked, expects: Any, **values: Any) -> dict[str, Any]:
    """Change a mistake that stands as `expects`. Raises Conflict where a colleague was quicker."""
    mistake = _mistake(asked)
    if Mistake.update(**values).where((Mistake.id == mistake.id) & expects).execute() != 1:
        now = Mistake.get_by_id(mistake.id)
        good = "made_good" in values
        by, at = (now.made_good_by, now.made_good_at) if good else (now.acknowledged_by, now.acknowledged_at)
        if at is None:
            raise Conflict(_("Somebody was quicker. Look again, nothing was lost."))
        told = _("Made good already by %(name)s, %(when)s.") if good else _("%(name)s owned up already, %(when)s.")
        told = told % {"name": by.name if by else _("a colleague"), "when": asked.when(at)}
        raise Conflict(told, already=True, **asked.done_by(by, at))
    return asked.told(mistake.customer)


@follows("our-mistake", "our-silence")
def after_words(asked: Asked, mistake: int, outcome: str, was: str) -> None:
    """Take it that we said sorry when the words to say so were said."""
    _after_sorry(asked, Mistake.id == mistake, outcome, was)


@follows("late-our-silence")
def after_words_at_arrival(asked: Asked, reminder: int, outcome: str, was: str) -> None:
    """The same of the reminder that failed: these words were offered before it was written down as a mistake."""
    _after_sorry(asked, Mistake.about == f"reminder:{reminder}", outcome, was)


def _after_sorry(asked: Asked, which: Any, outcome: str, was: str) -> None:
    this = which & (Mistake.shop == asked.shop.id)
    if outcome == "said":
        how = {"acknowledged_at": asked.act.at, "acknowledged_by": asked.staff.id, "said_sorry": True}
        Mistake.update(**how).where(this & ~Mistake.said_sorry).execute()
    elif was == "said":
        nobody = {"acknowledged_at": None, "acknowledged_by": None, "said_sorry": False}
        Mistake.update(**nobody).where(this & Mistake.made_good_at.is_null()).execute()


# -- on the card


@dataclass(frozen=True, slots=True)
class Trouble:
    """An open issue with each time it came up, oldest first, and who wrote it down."""

    issue: Issue
    times: list[tuple[date, str, int | None]] = field(default_factory=list)  # day, who, and their number

    @property
    def count(self) -> int:
        return len(self.times)


ISSUES = ("id", "text", "ours", "day", "author", "times")


def issue_rows() -> Any:
    """Return the query for the open issues of the customer of a query around it at ``:shop``, the latest first."""
    times = (
        IssueTime.select(IssueTime.day, Staff.name, IssueTime.author.alias("author"))
        .join(Staff, JOIN.LEFT_OUTER, on=IssueTime.author == Staff.id)
        .where(IssueTime.issue == Issue.id)
        .order_by(IssueTime.id)
    )
    return (
        Issue.select(
            Issue.id, Issue.text, Issue.ours, Issue.day, Issue.author.alias("author"),
            gathered(times, "day", "name", "author").alias("times"),
        )
        .where((Issue.customer == Customer.id) & (Issue.shop == ":shop") & Issue.solved_at.is_null())
        .order_by(Issue.id.desc())
    )  # fmt: skip


def issues_from(rows: list[list[Any]], customer: Customer) -> list[Trouble]:
    """Return the issues from the values that `issue_rows` gathered."""
    found = []
    for number, text, ours, day, author, gathered_times in rows:
        issue = Issue(
            id=number, customer=customer, text=text, ours=bool(ours), day=date.fromisoformat(day), author=author
        )
        times = [(date.fromisoformat(on), by or "", who) for on, by, who in parsed(gathered_times) or []]
        found.append(Trouble(issue, times))
    return found


MISTAKES = (
    "id", "text", "day", "author", "name", "acknowledged_at", "owned", "said_sorry", "made_good_at", "about",
)  # fmt: skip


def mistake_rows() -> Any:
    """Return the query for the mistakes of ours that are not over, the latest first: not acknowledged, or not made good; of a
    reminder that failed there is nothing to make good, so it is over the day after somebody said sorry."""
    owner = Staff.alias()
    return (
        Mistake.select(
            Mistake.id, Mistake.text, Mistake.day, Mistake.author.alias("author"), Staff.name, Mistake.acknowledged_at,
            owner.name.alias("owned"), Mistake.said_sorry, Mistake.made_good_at, Mistake.about,
        )
        .join(Staff, JOIN.LEFT_OUTER, on=Mistake.author == Staff.id)
        .join_from(Mistake, owner, JOIN.LEFT_OUTER, on=Mistake.acknowledged_by == owner.id)
        .where(
            (Mistake.customer == Customer.id)
            & (Mistake.shop == ":shop")
            & (Mistake.acknowledged_at.is_null() | Mistake.made_good_at.is_null())
            & ((Mistake.about == "") | ~Mistake.said_sorry | (Mistake.acknowledged_at >= ":dawn"))
        )
        .order_by(Mistake.id.desc())
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OurMistake:
    """A mistake of ours that is not over: who wrote it down, and who owned up."""

    mistake: Mistake
    by: str
    owned_by: str


def mistakes_from(rows: list[list[Any]], customer: Customer) -> list[OurMistake]:
    """Return the mistakes from the values that `mistake_rows` gathered."""
    found = []
    for number, text, day, author, by, acknowledged_at, owned, said_sorry, made_good_at, about in rows:
        mistake = Mistake(
            id=number, customer=customer, text=text, day=date.fromisoformat(day), author=author,
            acknowledged_at=instant_of(acknowledged_at), said_sorry=bool(said_sorry),
            made_good_at=instant_of(made_good_at), about=about,
        )  # fmt: skip
        found.append(OurMistake(mistake, by or "", owned or ""))
    return found
