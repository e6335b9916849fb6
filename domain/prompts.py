"""Which words to offer when somebody comes: small rules, the first that holds and fits the moment wins, often none.

A rule takes what is known of a customer before today and says what is true if they come today: its facts, or None. The
facts are JSON; ``dates`` in them are the days a person can look up, ``by`` is who wrote it down. What holds is found once
a day (`candidates`); the moment of asking decides which of it is said (`offered`): who asks, who works today, and whether
the person is early, late or not yet here.

The order in this file is the order of importance, and has these reasons:

1. Our own failures: who was let down by us hears that first, or nothing we say rings true.
2. What we promised, when it is due.
3. Lateness, because an unlucky word does most harm there: concern for a first time, welcome where it is their way.
4. What they asked of us, to be quick or left quiet: it holds for every visit, so little may come before it.
5. What is so today: we run late, their usual is out, it is their birthday. Tomorrow it is not.
6. What is open between us: a question of theirs or ours, something sent, somebody sent on.
7. Becoming known: the first two visits, a name just learned, how to say it, who has not met whom. It happens once or
   twice and does not come back.
8. Thanks, what passes soonest first: being back holds today only, long years hold any day.
9. What was promised for whenever they come: it stands on the row as well.
10. The usual, which can be asked any day.

Safety comes before all of these: it stands on the row itself, and is never said. While somebody's trouble with us is open,
or a mistake of ours is not made good, nothing cheerful is said: of 5 to 10 only what is open between us (`grave`).
To add one, write the function, decorate it, give it words in ``words/prompts.py``, a line in ``docs/prompts.md`` and a
table of cases in ``tests/domain/test_prompts.py``.
"""

from __future__ import annotations

import re
from calendar import isleap
from collections import Counter
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import SequenceMatcher
from statistics import median
from typing import Any

from domain import settings
from domain.birthdays import is_birthday
from domain.history import History
from domain.known import EXCUSED, LAST_VISITS, OWED_DAYS, Asking, Kept, Known, Noted, Written, known_of
from domain.punctuality import punctuality
from domain.states import is_sought
from models import Shop, folded

SILENT_DAYS = 28  # the same prompt is not shown again within these days
LONG_SILENT_DAYS = 365  # what is true for very long is said once in this time
CROWD = 6  # more arrivals than this in CROWD_MINUTES, and nobody has time to say anything
CROWD_MINUTES = 5
MILESTONES = (100, 200, 500, 1000)
MATCHING = 3  # a habit is claimed on no fewer visits
ON_TIME = 5  # appointments in time, one after another, before a late one is remarkable
NEAR = 5  # minutes about a named number of minutes, of which it is half at least
SAME_TIME = 10  # minutes about a named time of day
LATE_AT_MOST, EARLY_AT_MOST = 25, 30  # minutes that anybody would call a habit
APPOINTMENT_MINUTES = 120  # after these minutes they are not late, they have not come
RECORDS_DAYS = 28  # who was seen so soon after our records begin may have come long before
BEFORE_THEIR_TIME = 30  # minutes before a booked time in which somebody can be told that we are behind
ASKED_AT_MOST = 2  # visits on which the same thing is asked
MENDED_DAYS = 60  # what we mended, or did for them, is asked after for so long
DATES_SHOWN = 12
SAYABLE_WORDS, NAME_WORDS = 6, 3

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """What the list cannot know ahead: who asks, who works today, and how the day has gone for this customer so far."""

    staff: int | None = None  # who is asking
    on_shift: frozenset[int] = frozenset()  # staff who marked anybody here today
    now: int = 0  # minutes after midnight, as all times here
    arrived: int | None = None  # when they were marked here, if they were
    booked: int | None = None  # the time of their appointment today
    grace: int = 10  # minutes after it that are no lateness
    unreminded: bool = False  # our reminder of it failed, and nobody reached them
    crowd: bool = (
        False  # so many come in that nobody has time to say anything, or it was said to as many as the shop likes
    )

    @property
    def late(self) -> int | None:
        """Return the minutes after the booked time at which they came, or at which they have not come yet."""
        if self.booked is None:
            return None
        return (self.now if self.arrived is None else self.arrived) - self.booked


Rule = Callable[[Known], Facts | None]
Fits = Callable[[Facts, Moment], Facts | None]
RULES: dict[str, Rule] = {}
FITS: dict[str, Fits] = {}  # what a prompt asks of the moment, and the facts that only the moment gives
RESTS: dict[str, int] = {}  # days before the same prompt may be shown again
EXEMPT: set[str] = set()  # from the silences: rest, crowd, the wish for quiet or for no notes
HOW_OFTEN: set[str] = set()  # about how often they come: of a patient, that is a matter of health
GRAVE: set[str] = set()  # fit to be said to somebody whose trouble with us is open, or whom we made no amends
SAME_ASK = ({"steady-order", "the-usual"},)  # said in the same words, so they rest together


def rule(
    name: str,
    *,
    fits: Fits | None = None,
    rests: int = SILENT_DAYS,
    exempt: bool = False,
    how_often: bool = False,
    grave: bool = False,
) -> Callable[[Rule], Rule]:
    """Return a decorator that adds a rule at the end of the order. An exempt one may repeat, and is never silenced."""

    def add(function: Rule) -> Rule:
        RULES[name], RESTS[name] = function, rests
        if fits:
            FITS[name] = fits
        if exempt:
            EXEMPT.add(name)
        if how_often:
            HOW_OFTEN.add(name)
        if grave:
            GRAVE.add(name)
        return function

    return add


def iso(days: Iterable[date]) -> list[str]:
    return [day.isoformat() for day in days]


def about(one: Written, **facts: Any) -> Facts:
    """Return the facts of words about one thing that was written down: its number, its words, who wrote it and when."""
    return {"about": one.id, "text": one.text, "by": one.by, "dates": iso([one.day]), **facts}


def late_now(facts: Facts, moment: Moment) -> Facts | None:
    """They are later than the grace today, here or not; after two hours they are not late any more, they have not come."""
    late = moment.late
    return facts if late is not None and moment.grace < late <= APPOINTMENT_MINUTES else None


# -- our own failures


@rule("our-mistake", exempt=True, grave=True)
def our_mistake(known: Known) -> Facts | None:
    """Something went wrong on our side within the last half year, and nobody has said sorry yet."""
    owing = [one for one in known.mistakes if not one.said_sorry and one.day < known.today and not one.is_silence]
    if not owing:
        return None
    mistake = owing[-1]
    days = known.history.days
    return about(mistake, last_time=bool(days) and days[-1] == mistake.day)


@rule("our-silence", exempt=True, grave=True)
def our_silence(known: Known) -> Facts | None:
    """They came late, or not at all, after a reminder of ours that never reached them, and nobody has said sorry yet."""
    silent = [one for one in known.mistakes if one.is_silence and not one.said_sorry and one.day < known.today]
    if not silent:
        return None
    day = silent[-1].day
    lately = (known.today - day).days < 7
    last_week = _monday(known.today) - _monday(day) == timedelta(weeks=1)
    return about(silent[-1], weekday=day.weekday() if lately else None, last_week=last_week)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def late_after_silence(facts: Facts, moment: Moment) -> Facts | None:
    return late_now({**facts, "here": moment.arrived is not None}, moment)


@rule("late-our-silence", fits=late_after_silence, exempt=True, grave=True)
def late_our_silence(known: Known) -> Facts | None:
    """They are late today, our reminder did not reach them, and nobody has said sorry for it yet; `visits` where they were in
    time for all of these before."""
    if known.lost is None:
        return None
    about = f"reminder:{known.lost.id}"
    if any(one.about == about and one.said_sorry for one in known.mistakes):
        return None
    kept = known.kept
    first = len(kept) >= ON_TIME and not any(one.late > known.grace for one in kept)
    return {
        "about": known.lost.id,
        "visits": len(kept) if first else None,
        "way": known.lost.way,
        "at": known.lost.at.isoformat(),
        "dates": iso([one.day for one in kept[-DATES_SHOWN:]] if first else [known.lost.at.date()]),
    }


@rule("not-arrived", exempt=True, grave=True)
def not_arrived(known: Known) -> Facts | None:
    """What we sent came back: they do not have it."""
    failed = [one for one in known.owed if one.kept and one.delivery in ("bounced", "failed", "expired")]
    if not failed:
        return None
    return about(failed[-1], channel=failed[-1].channel, dates=iso([failed[-1].kept or failed[-1].day]))


@rule("same-trouble", exempt=True, grave=True)
def same_trouble(known: Known) -> Facts | None:
    """The same trouble has come twice or more, and is not solved."""
    again = [one for one in known.troubles if not one.ours and not one.solved and len(one.times) > 1]
    if not again:
        return None
    worst = max(again, key=lambda one: (len(one.times), one.id))
    return about(worst, times=len(worst.times), dates=iso(worst.times[-DATES_SHOWN:]))


# -- promises


@rule("promise-overdue", exempt=True, grave=True)
def promise_overdue(known: Known) -> Facts | None:
    """The day for which something was promised is past."""
    late = [one for one in known.owed if not one.kept and one.due and one.due < known.today]
    if not late:
        return None
    oldest = min(late, key=lambda one: (one.due or one.day, one.id))
    return about(oldest, due=(oldest.due or oldest.day).isoformat())


@rule("promise-due", exempt=True, grave=True)
def promise_due(known: Known) -> Facts | None:
    """Something was promised for today."""
    due = [one for one in known.owed if not one.kept and one.due == known.today]
    return about(due[0], due=known.today.isoformat()) if due else None


# -- lateness


@rule("first-time-late", fits=late_now, grave=True)
def first_time_late(known: Known) -> Facts | None:
    """The last five appointments or more were all kept in time; `since` is the day of the last that was not."""
    late = [kept.day for kept in known.kept if kept.late > known.grace]
    since = late[-1] if late else None
    in_time = [kept.day for kept in known.kept if since is None or kept.day > since]
    if len(in_time) < ON_TIME:
        return None
    return {
        "visits": len(in_time),
        "since": since.isoformat() if since else None,
        "today": known.today.isoformat(),
        "dates": iso(in_time[-DATES_SHOWN:]),
    }


def late_as_usual(facts: Facts, moment: Moment) -> Facts | None:
    """Their time has gone by, and they came as late as they do, or may yet."""
    if moment.booked is None or moment.late is None or moment.late <= 0:
        return None
    still_to_come = moment.arrived is None and moment.late < facts["minutes"]
    if not still_to_come and not _near(moment.late, facts["minutes"]):
        return None
    return {**facts, "on_the_hour": facts["on_the_hour"] and moment.booked % 60 == 0}


@rule("often-a-bit-late", fits=late_as_usual, grave=True)
def often_a_bit_late(known: Known) -> Facts | None:
    """Of the last five appointments they kept, three or more were about the same five to twenty-five minutes late."""
    found = _same_minutes(known.kept[-LAST_VISITS:], lambda kept: kept.late, LATE_AT_MOST)
    if found is None:
        return None
    minutes, matching = found
    return {
        "minutes": minutes,
        "on_the_hour": all(kept.booked % 60 == 0 for kept in matching),
        "each": [kept.late for kept in matching],
        "dates": iso(kept.day for kept in matching),
    }


def _same_minutes(last: tuple[Kept, ...], count: Callable[[Kept], int], at_most: int) -> tuple[int, list[Kept]] | None:
    """Return the minutes, to the nearest five, that three or more of the last appointments share, and those; else None."""
    away = [count(kept) for kept in last if count(kept) > 0]
    if len(away) < MATCHING:
        return None
    minutes = 5 * round(median(away) / 5)
    matching = [kept for kept in last if _near(count(kept), minutes)]
    if not 5 <= minutes <= at_most or len(matching) < MATCHING:
        return None
    return minutes, matching


def _near(minutes: int, named: int) -> bool:
    """Say whether so many minutes can be called by a number of them that is named."""
    return abs(minutes - named) <= NEAR and minutes * 2 >= named


@rule("missed-once", rests=LONG_SILENT_DAYS, grave=True)
def missed_once(known: Known) -> Facts | None:
    """The last appointment was missed, the first ever, and they have not been here since; no fault of ours was found."""
    if len(known.missed) != 1 or len(known.kept) < MATCHING:
        return None
    day, cause = known.missed[0]
    been = [*known.history.days[-1:], *([known.elsewhere] if known.elsewhere else [])]
    if cause in EXCUSED or any(later >= day for later in been) or (known.today - day).days > OWED_DAYS:
        return None
    lately = (known.today - day).days < 7
    kept = iso(one.day for one in known.kept[-DATES_SHOWN:])
    return {"weekday": day.weekday() if lately else None, "visits": len(known.kept), "kept": kept, "dates": iso([day])}


# -- what they asked of us


@rule("quiet", exempt=True, grave=True)
def quiet(known: Known) -> Facts | None:
    """They told us that they like it quiet."""
    wish = known.told.get("quiet")
    return {"usual": bool(known.usual), "by": wish.by, "dates": iso([wish.day])} if wish else None


@rule("quick", exempt=True, grave=True)
def quick(known: Known) -> Facts | None:
    """They told us that they like to be quick, or “in a hurry” was noted on three of their last five visits."""
    wish = known.told.get("quick")
    if wish:
        return {"told": True, "by": wish.by, "dates": iso([wish.day])}
    noted = known.with_chip("hurry", known.last_days)
    days = sorted({note.day for note in noted})
    if len(days) < MATCHING or "no_notes" in known.told:
        return None
    return {"told": False, "by": _authors(noted), "dates": iso(days)}


def _authors(notes: Iterable[Noted]) -> list[str]:
    return sorted({note.by for note in notes if note.by})


# -- what is so today


def booked_and_waiting(facts: Facts, moment: Moment) -> Facts | None:
    """They are booked today and here, or due within half an hour, and not later than we are ourselves."""
    if moment.booked is None:
        return None
    waits = -BEFORE_THEIR_TIME <= (moment.late or 0) <= facts["minutes"]
    return facts if waits or moment.arrived is not None else None


@rule("we-run-late", fits=booked_and_waiting, rests=0, grave=True)
def we_run_late(known: Known) -> Facts | None:
    """The team said that the shop is some minutes behind today."""
    if known.behind is None:
        return None
    minutes = int(known.behind.text)
    return {"minutes": minutes, "by": known.behind.by, "dates": iso([known.today])}


@rule("usual-is-out", rests=0)
def usual_is_out(known: Known) -> Facts | None:
    """The team said that something has run out today which their usual names."""
    for gone in known.out:
        wanted = folded(gone.text).split()
        if wanted and len(wanted) <= NAME_WORDS and set(wanted) <= set(_plain(known.usual)):
            return about(gone, usual=known.usual, dates=iso([known.today]))
    return None


def _plain(text: str) -> list[str]:
    return re.findall(r"\w+", folded(text))


@rule("birthday")
def birthday(known: Known) -> Facts | None:
    """They asked us to remember their birthday, and it is today."""
    told = known.fields.get("birthday")
    return about(told, text="") if told and is_birthday(told.text, known.today) else None


# -- what is open between us


def _not_asked_twice(known: Known, rule: str, of: Iterable[Asking]) -> Asking | None:
    """Return what has waited longest of those whose day has come, and that words were offered about on fewer than two
    visits."""
    due = (one for one in of if one.due is None or one.due <= known.today)
    waiting = [one for one in due if known.asked.get((rule, one.id), 0) < ASKED_AT_MOST]
    return min(waiting, key=lambda one: (one.due or one.day, one.id), default=None)


@rule("their-question", rests=0, grave=True)
def their_question(known: Known) -> Facts | None:
    """They asked us something, and now we know."""
    answered = (one for one in known.questions if one.theirs and one.reply)
    one = _not_asked_twice(known, "their-question", answered)
    return about(one, reply=one.reply) if one else None


@rule("still-fine", rests=0)
def still_fine(known: Known) -> Facts | None:
    """A trouble of theirs was solved a week ago or more, and nobody has asked how it holds."""
    one = _not_asked_twice(known, "still-fine", (one for one in known.questions if one.solved))
    return about(one, solved=one.solved.isoformat(), dates=iso([one.solved])) if one and one.solved else None


@rule("question", rests=0)
def question(known: Known) -> Facts | None:
    """One of us wrote down something to ask them, and the day for it has come."""
    ours = (one for one in known.questions if not one.theirs and not one.solved)
    one = _not_asked_twice(known, "question", ours)
    return about(one) if one else None


@rule("ask-if-arrived")
def ask_if_arrived(known: Known) -> Facts | None:
    """We kept a promise before today, and have not heard whether it reached them."""
    sent = [
        one for one in known.owed
        if one.kept and one.kept < known.today and one.delivery in ("", "handed_over", "delivered")
    ]  # fmt: skip
    if not sent:
        return None
    one = sent[-1]
    lately = one.kept is not None and (known.today - one.kept).days < 7
    day = one.kept or one.day
    return about(one, channel=one.channel, weekday=day.weekday() if lately else None, dates=iso([day]))


@rule("sent-on")
def sent_on(known: Known) -> Facts | None:
    """We sent them to somebody who could help, and it is time to ask whether they did."""
    return about(known.sent_on[-1]) if known.sent_on else None


@rule("fault-mended")
def fault_mended(known: Known) -> Facts | None:
    """They told us of a fault of ours, and it is mended since their last visit or shortly before it."""
    mended = [
        one for one in known.troubles if one.ours and one.solved and (known.today - one.solved).days <= MENDED_DAYS
    ]
    told = [one for one in mended if not known.asked.get(("fault-mended", one.id))]
    if not told or not told[-1].solved:
        return None
    return about(told[-1], solved=told[-1].solved.isoformat())


@rule("extra-step")
def extra_step(known: Known) -> Facts | None:
    """One of us took a step for them that nobody had to take, and has not asked since how it went."""
    taken = [
        one for one in known.steps
        if (known.today - one.day).days <= MENDED_DAYS and not known.asked.get(("extra-step", one.id))
    ]  # fmt: skip
    if not taken:
        return None
    lately = (known.today - taken[-1].day).days < 7
    return about(taken[-1], weekday=taken[-1].day.weekday() if lately else None)


# -- becoming known


def booked_today(facts: Facts, moment: Moment) -> Facts | None:
    return facts if moment.booked is not None else None


@rule("first-booking", exempt=True, fits=booked_today)
def first_booking(known: Known) -> Facts | None:
    """They are booked, and have never been here or in another shop of ours."""
    if known.history.visits or known.elsewhere:
        return None
    return {"dates": iso([known.today])}


@rule("second-visit", exempt=True)
def second_visit(known: Known) -> Facts | None:
    """The moment a stranger becomes known: one visit so far, here and anywhere else."""
    if known.history.visits != 1 or known.elsewhere:
        return None
    return {"dates": iso(known.history.days)}


@rule("name-learned")
def name_learned(known: Known) -> Facts | None:
    """On the day of their last visit, a name took the place of another one or of a word; a mended spelling is no new name."""
    learned, days = known.told.get("name"), known.history.days
    if not learned or not days or learned.day != days[-1] or not learned.was or _is_spelling(learned.was, known.name):
        return None
    lately = (known.today - learned.day).days < 7
    return {"weekday": learned.day.weekday() if lately else None, "by": learned.by, "dates": iso([learned.day])}


def _is_spelling(was: str, name: str) -> bool:
    before, after = folded(was), folded(name)
    return bool(set(before.split()) & set(after.split())) or SequenceMatcher(None, before, after).ratio() >= 0.6


@rule("say-as")
def say_as(known: Known) -> Facts | None:
    """Somebody wrote down how the name is said, and nobody has tried it so far."""
    learned = known.told.get("say_as")
    if not learned or not 0 < len(known.say_as.split()) <= SAYABLE_WORDS or known.say_as in known.tried:
        return None
    return {"say_as": known.say_as, "by": learned.by, "dates": iso([learned.day])}


@rule("call")
def call(known: Known) -> Facts | None:
    """They told us what they like to be called, in five words or fewer."""
    learned = known.told.get("call")
    if not learned or not 0 < len(known.call.split()) < SAYABLE_WORDS:
        return None
    return {"call": known.call, "by": learned.by, "dates": iso([learned.day])}


def new_to_who_asks(facts: Facts, moment: Moment) -> Facts | None:
    return facts if moment.staff is not None and moment.staff not in facts["met"] else None


@rule("not-met", fits=new_to_who_asks)
def not_met(known: Known) -> Facts | None:
    """Every visit, and there were three, has the name of somebody who marked it; `met` are all these, and who wrote notes."""
    if known.met is None or known.history.visits < MATCHING:
        return None
    by = sorted(known.names[staff] for staff in known.met if staff in known.names)
    return {"met": sorted(known.met), "by": by, "dates": iso(known.history.days[-DATES_SHOWN:])}


@rule("brought-someone")
def brought_someone(known: Known) -> Facts | None:
    """“Brought a friend” was noted on the last visit."""
    noted = known.with_chip("friend", known.last_days[-1:])
    return {"by": _authors(noted), "dates": iso([noted[-1].day])} if noted else None


@rule("dogs")
def dogs(known: Known) -> Facts | None:
    """They told us the names of the dogs who come along, in a few words."""
    told = known.fields.get("dogs")
    names = [name.strip() for name in re.split(r",|&|\band\b|\by\b", told.text)] if told else []
    names = [name for name in names if name]
    if not told or not 0 < len(" ".join(names).split()) <= NAME_WORDS:
        return None
    return about(told, names=names)


# -- thanks


@rule("sent-us")
def sent_us(known: Known) -> Facts | None:
    """Somebody new came on their word, and nobody has thanked them for it."""
    new = [
        one for one in known.sent_us
        if (known.today - one.day).days <= MENDED_DAYS and not known.asked.get(("sent-us", one.id))
    ]  # fmt: skip
    return about(new[-1]) if new else None


@rule("back-after-a-while", how_often=True)
def back_after_a_while(known: Known) -> Facts | None:
    """They were away for ten days or more, and for three times their usual gap; from our other shops as well."""
    gap = known.history.usual_gap
    if gap is None or (known.elsewhere and known.elsewhere > known.history.days[-1]):
        return None
    away = (known.today - known.history.days[-1]).days
    if away < 10 or away < 3 * gap:
        return None
    return {"dates": iso(known.history.days[-1:])}


@rule("a-year")
def a_year(known: Known) -> Facts | None:
    """The anniversary of the first visit fell within the last two weeks, and they came at least six times in all."""
    if known.history.visits < 6 or not _first_is_known(known):
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


def _first_is_known(known: Known) -> bool:
    """Say whether their first visit that is written down was their first: our records began well before it."""
    if known.elsewhere:
        return False
    return known.records is None or (known.history.days[0] - known.records).days >= RECORDS_DAYS


@rule("about-a-hundred", rests=LONG_SILENT_DAYS, how_often=True)
def about_a_hundred(known: Known) -> Facts | None:
    """Today's visit is one of the first five in a hundred past a round number."""
    count = known.history.visits + 1
    for milestone in MILESTONES:
        if milestone <= count < milestone * 1.05:
            return {"about": milestone, "count": count, "dates": iso(known.history.days[:1])}
    return None


@rule("coming-more-often", how_often=True)
def coming_more_often(known: Known) -> Facts | None:
    """Each of the last four weeks had as many visit days, two or more, and that is twice what the eight before had.

    A week is seven days back from today. A day more now and then is no reason to name a higher number.
    """
    days, today = known.history.days, known.today
    weeks = Counter(((today - day).days - 1) // 7 for day in days)
    last = [weeks[week] for week in range(4)]
    before = sum(weeks[week] for week in range(4, 12))
    times = min(last)
    if times < 2 or sum(last) >= 4 * (times + 1) or (today - days[0]).days < 12 * 7:
        return None
    if before < MATCHING or before > 4 * times:
        return None
    return {"times": times, "before": before, "dates": iso(day for day in days if (today - day).days <= 28)}


@rule("third-weekday", how_often=True)
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


def at_that_time(facts: Facts, moment: Moment) -> Facts | None:
    """They came at that time today as well, or still can."""
    if moment.arrived is None:
        return facts if moment.now <= facts["minute"] + SAME_TIME else None
    return facts if abs(moment.arrived - facts["minute"]) <= SAME_TIME else None


@rule("all-week", fits=at_that_time, how_often=True)
def all_week(known: Known) -> Facts | None:
    """They came on each open day of this week so far, three or more, within ten minutes of the same quarter of an hour."""
    monday = known.today - timedelta(days=known.today.weekday())
    days = [monday + timedelta(days=n) for n in range(known.today.weekday())]
    days = [day for day in days if day.weekday() not in known.closed]
    minutes = [known.arrivals[day] for day in days if day in known.arrivals]
    if len(days) < MATCHING or len(minutes) < len(days):
        return None
    minute = 15 * round(median(minutes) / 15) % (24 * 60)
    if minute == 0 or any(abs(each - minute) > SAME_TIME for each in minutes):  # a file without times says midnight
        return None
    return {"minute": minute, "each": minutes, "dates": iso(days)}


def early_again(facts: Facts, moment: Moment) -> Facts | None:
    """They came as early today, or still can."""
    if moment.late is None:
        return None
    early, named = -moment.late, facts["minutes"]
    if moment.arrived is None:
        return {**facts, "here": False} if early > named or _near(early, named) else None
    return {**facts, "here": True} if _near(early, named) else None


@rule("always-early", fits=early_again)
def always_early(known: Known) -> Facts | None:
    """For each of the last five appointments they were about as early, five minutes or more."""
    found = _same_minutes(known.kept[-LAST_VISITS:], lambda kept: -kept.late, EARLY_AT_MOST)
    if found is None or len(found[1]) < LAST_VISITS:
        return None
    minutes, matching = found
    return {
        "minutes": minutes,
        "each": [-kept.late for kept in matching],
        "dates": iso(kept.day for kept in matching),
    }


@rule("since-long", rests=LONG_SILENT_DAYS)
def since_long(known: Known) -> Facts | None:
    """The first visit is two years ago or more, they came on twelve days, and never stayed away for a year."""
    days = known.history.days
    if len(days) < 12 or not _first_is_known(known) or _in_year(days[0], days[0].year + 2) > known.today:
        return None
    if any((later - day).days >= 365 for day, later in zip(days, (*days[1:], known.today), strict=True)):
        return None
    return {"year": days[0].year, "visits": known.history.visits, "dates": iso(days[:1])}


def favourite_is_off(facts: Facts, moment: Moment) -> Facts | None:
    """Somebody else asks, and the one they know has marked nobody here today."""
    if moment.staff is None or facts["staff"] in (moment.staff, *moment.on_shift):
        return None
    return facts


@rule("favourite-off", fits=favourite_is_off)
def favourite_off(known: Known) -> Facts | None:
    """The same colleague, one who still works here, marked three of their last five visits or more; nobody else as many.

    A name of four words or more is none to say in passing.
    """
    counts = Counter(staff for _day, staff_of_day in known.marked for staff in staff_of_day)
    first, second = (counts.most_common(2) + [(0, 0), (0, 0)])[:2]
    staff, most = first
    if most < MATCHING or most == second[1] or not 0 < len(known.team.get(staff, "").split()) <= NAME_WORDS:
        return None
    days = [day for day, staff_of_day in known.marked if staff in staff_of_day]
    return {"staff": staff, "by": known.team[staff], "dates": iso(days)}


# -- what was promised for any visit


@rule("promise-next", exempt=True, grave=True)
def promise_next(known: Known) -> Facts | None:
    """Something was promised for when they come next: it stands on the row, and so may wait for a better word."""
    waiting = [one for one in known.owed if not one.kept and one.due is None]
    return about(waiting[0], due=None) if waiting else None


# -- the usual


@rule("order-changed")
def order_changed(known: Known) -> Facts | None:
    """“Something new” was noted on the last visit, and what they usually have was written down before it."""
    if not known.usual or known.usual_since is None or len(known.history.days) < MATCHING:
        return None
    last = known.history.days[-1]
    noted = known.with_chip("new", [last])
    if not noted or "usual" in known.chips_on(last) or known.usual_since >= last:
        return None
    return {"usual": known.usual, "by": _authors(noted), "dates": iso([last])}


@rule("steady-order")
def steady_order(known: Known) -> Facts | None:
    """“The usual” was noted on each of the last three visit days or more, all after it was written down what that is."""
    if not _is_sayable(known.usual) or known.usual_since is None:
        return None
    run: list[date] = []
    for day in reversed(known.history.days):
        chips = known.chips_on(day)
        if "usual" not in chips or "new" in chips or day <= known.usual_since:
            break
        run.insert(0, day)
    if len(run) < MATCHING:
        return None
    return {
        "usual": known.usual,
        "times": len(run),
        "by": _authors(known.with_chip("usual", run)),
        "dates": iso(run[-DATES_SHOWN:]),
    }


@rule("the-usual")
def the_usual(known: Known) -> Facts | None:
    """Somebody wrote down what they have, it is short enough to say, and they have come three times before."""
    if not _is_sayable(known.usual) or len(known.history.days) < MATCHING:
        return None
    since = [known.usual_since] if known.usual_since else []
    return {"usual": known.usual, "by": known.usual_by, "dates": iso(since)}


def _is_sayable(usual: str) -> bool:
    return 0 < len(usual.split()) <= SAYABLE_WORDS


# -- which of them is said


TO_WHO_BRINGS_THEM = ("our-silence", "late-our-silence")


def candidates(known: Known, never: Set[str] = frozenset()) -> list[dict[str, Any]]:
    """Return all prompts that hold and are not silenced, ``{"id": ..., **facts}``, most important first; `never` are not said
    in this shop.

    None for a child, but what is said of our silence to whoever brings them; nor where their state forbids it.
    """
    if not is_sought(known.state):
        return []
    if known.is_child:
        told = {name: RULES[name](known) for name in TO_WHO_BRINGS_THEM} if known.brings else {}
        to = {"to": known.brings[0]} if known.brings else {}
        return [{"id": name, **facts, **to} for name, facts in told.items() if facts is not None]
    troubled = any(not one.ours and not one.solved for one in known.troubles)
    troubled |= any(not one.is_over for one in known.mistakes)
    left_alone = "quiet" in known.told or "no_notes" in known.told
    resting = known.recent | {name for pair in SAME_ASK if pair & known.recent for name in pair}
    found = []
    for name, holds in RULES.items():
        silent = left_alone or name in resting or (known.patients and name in HOW_OFTEN)
        if name in never or (silent and name not in EXEMPT) or (troubled and name not in GRAVE):
            continue
        facts = holds(known)
        if facts is not None:
            found.append({"id": name, **facts})
    return found


ABOUT_WHO_ASKS = ("not-met", "favourite-off")  # not true for everybody


def is_for(prompt: dict[str, Any], moment: Moment) -> bool:
    """Say whether words that were offered once are true for whoever asks now."""
    return prompt["id"] not in ABOUT_WHO_ASKS or FITS[prompt["id"]](prompt, moment) is not None


def offered(
    prompts: list[dict[str, Any]], moment: Moment, may_say: Callable[[dict[str, Any]], bool] = lambda prompt: True
) -> dict[str, Any] | None:
    """Return the first of a customer's prompts that fits the moment and that we `may_say`, or None: silence is a feature."""
    late_by_us = moment.unreminded and moment.late is not None and moment.late > moment.grace
    for prompt in prompts:
        if (moment.crowd and prompt["id"] not in EXEMPT) or (late_by_us and prompt["id"] not in GRAVE):
            continue
        fits = FITS.get(prompt["id"])
        fitting = fits(prompt, moment) if fits else prompt
        if fitting is not None and may_say(fitting):
            return fitting
    return None


def prompts_for(shop: Shop, people: dict[int, History], today: date) -> dict[int, list[dict[str, Any]]]:
    """Return the prompts of each customer who has any, by customer id. At most eighteen queries, however many people."""
    return {customer: told.prompts for customer, told in told_for(shop, people, today).items() if told.prompts}


@dataclass(frozen=True, slots=True)
class Told:
    """What a day's list keeps of somebody besides when they come: what may be said, and how they keep their times."""

    prompts: list[dict[str, Any]]
    punctual: dict[str, Any] | None = None


NOTHING = Told([])


def told_for(shop: Shop, people: dict[int, History], today: date) -> dict[int, Told]:
    """Return what a list keeps of each customer, by customer id. At most eighteen queries, however many people."""
    of_shop = settings.of(shop)
    known = known_of(shop, people, today, rests(of_shop.rest_days))
    never = frozenset() if of_shop.birthdays else frozenset({"birthday"})
    return {customer: Told(candidates(one, never), punctuality(one)) for customer, one in known.items()}


def rests(days: int) -> dict[str, int]:
    """Return for how many days each prompt rests, in a shop where most rest for so many."""
    return {name: days if ours == SILENT_DAYS else ours for name, ours in RESTS.items()}
