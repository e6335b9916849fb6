"""The words of a shift's end and of the next one's start: how it went, who is still to come, who left a line, the brief."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, cycle, repeat
from typing import Any

from markupsafe import Markup, escape

import words
from words import calls, promises, questions, referrals
from words.speaking import _, ngettext, pgettext

MOST_WORDS = 150  # of a brief, all in all: a minute, read aloud
LINE_WORDS = 40  # of the line left: the rest stands on Today
SAFETY_WORDS = 12
RANK = ("safety", "calls", "left", "promised", "asks", "booked", "words", "hour", "new")  # whose words come first
LETTERS = 12  # of a word at most, in writing that has no spaces
FROM, TO = "\u2068", "\u2069"  # around a name: its own direction, and where a page sets it in the letters of people


# -- the page


def span(name: str, began: datetime, now: datetime) -> str:
    """Return who is on and since when: Maya, 6:45 to 12:00. Takes local times."""
    if began.date() != now.date():
        day = words.short_day(began.date(), now.date())
        return _("%(name)s, since %(day)s, %(time)s", name=name, day=day, time=words.clock_time(began))
    if (now - began).total_seconds() < 60:
        return _("%(name)s, since %(time)s", name=name, time=words.at_time(began))
    return _(
        "%(name)s, %(from)s to %(until)s",
        name=name,
        **{"from": words.clock_time(began), "until": words.clock_time(now)},
    )


def went(welcomed: Any, still: int, promised: int = 0, overdue: int = 0) -> str:
    """Return what went well, how many are still to come, and how many promises are for today, `overdue` ones among them;
    nothing of what did not happen."""
    return " ".join(text for text in (_went_well(welcomed), _still(still), _promised(promised, overdue)) if text)


def _promised(n: int, overdue: int) -> str:
    if not n:
        return ""
    count = words.sentence_case(words.number(n))
    if overdue == n:
        return ngettext("%(count)s promise is overdue.", "%(count)s promises are overdue.", n, count=count)
    if overdue:
        return ngettext(
            "%(count)s promises are for today, one of them overdue.",
            "%(count)s promises are for today, %(overdue)s of them overdue.",
            overdue,
            count=count,
            overdue=words.number(overdue),
        )
    return ngettext("%(count)s promise is for today.", "%(count)s promises are for today.", n, count=count)


def pass_on(n: int, checks: int = 0) -> str:
    """Return how many promises there are to pass on, or, with referrals to ask about, how many things in all."""
    count = words.sentence_case(words.number(n + checks))
    if checks:
        return ngettext("%(count)s thing to pass on", "%(count)s things to pass on", n + checks, count=count)
    return ngettext("%(count)s promise to pass on", "%(count)s promises to pass on", n, count=count)


def day_word(word: Any) -> str:
    """Return what is so today: No rye left; We are fifteen minutes behind."""
    if word.kind == "out":
        return _("No %(what)s left", what=word.text)
    return ngettext("We are %(n)s minute behind", "We are %(n)s minutes behind", word.minutes)


def _went_well(welcomed: Any) -> str:
    if not welcomed.people:
        return ""
    people = ngettext("one person", "%(count)s people", welcomed.people, count=words.number(welcomed.people))
    how = []
    if welcomed.by_name:
        how.append(_share(welcomed.by_name, welcomed.people, _("by name"), _("all by name"), _by_name))
    if welcomed.with_words:
        said = _share(
            welcomed.with_words, welcomed.people, _("with a good word"), _("all with a good word"), _with_a_word
        )
        how.append(said)
    if not how:
        return _("We welcomed %(people)s on this shift.", people=people)
    # Translators: how is one of "by name", "nine by name", "five with a good word", or two of these joined
    return _("We welcomed %(people)s on this shift, %(how)s.", people=people, how=words.listed(how))


def _share(n: int, of: int, only: str, all_of: str, some: Callable[[int], str]) -> str:
    return only if of == 1 else all_of if n == of else some(n)


def _by_name(n: int) -> str:
    return ngettext("one by name", "%(count)s by name", n, count=words.number(n))


def _with_a_word(n: int) -> str:
    return ngettext("one with a good word", "%(count)s with a good word", n, count=words.number(n))


def _still(n: int) -> str:
    if not n:
        return ""
    count = words.sentence_case(words.number(n))
    return ngettext("%(count)s is still to come.", "%(count)s are still to come.", n, count=count)


def more(n: int) -> str:
    return ngettext("And one more", "And %(count)s more", n, count=words.number(n))


def to_come(line: Any, past: bool) -> str:
    """Return when and why somebody is still to come, in a line: About 15:00, most Tuesdays."""
    if line.appointment:
        time = words.clock_time(line.at)
        return _("Was booked for %(time)s", time=time) if past else _("%(time)s, booked", time=time)
    if past:
        return _("Usually in by now")
    if line.reason is None or line.around is None:
        return words.why_now(line) if line.reason else _("Expected today")
    if line.reason["kind"] in ("weekday-around", "weekday") and line.reason["came"] >= 3:
        why = _("most %(weekday)s", weekday=words.weekdays_of(line.reason["weekday"]))
    else:
        why = words.reason_tag(line.reason) or words.reason(line.reason)
    # Translators: a time, then why somebody is expected: About 15:00, most Tuesdays
    return _("About %(time)s, %(why)s", time=words.at_time(line.around), why=why)


# -- the line left


def heading(name: str = "") -> str:
    return _("Hand over to %(name)s", name=name) if name else _("Your shift")


def act(name: str = "") -> str:
    return _("Hand over to %(name)s", name=name) if name else _("Hand over")


def ask(name: str = "") -> str:
    return (
        _("Anything else %(name)s should know?", name=name) if name else _("Anything else the next person should know?")
    )


def left_by(line: Any, today: date) -> str:
    """Return who left a line, for whom and when: From Maya, 12:00."""
    name = line.by or _("someone who has left")
    when = _when(line.at, today)
    if line.for_name:
        return _("From %(name)s for %(whom)s, %(when)s", name=name, whom=line.for_name, when=when)
    # Translators: who left a line for the next shift, and when: From Maya, 12:00
    return _("From %(name)s, %(when)s", name=name, when=when)


def seen_by(line: Any, today: date) -> str:
    """Return who has read a line: Seen by Sam, 12:04."""
    if not line.seen:
        return _("Not seen by %(name)s yet", name=line.for_name) if line.for_name else _("Not seen yet")
    # Translators: who has read something, and when: Sam, 12:04
    people = [pgettext("seen by", "%(name)s, %(when)s", name=one.name, when=_when(one.at, today)) for one in line.seen]
    return _("Seen by %(people)s", people=" · ".join(people))


def _when(at: datetime, today: date) -> str:
    if at.date() == today:
        return words.clock_time(at)
    # Translators: a day, then a time: yesterday, 12:00
    return _("%(day)s, %(time)s", day=words.short_day(at.date(), today), time=words.clock_time(at))


# -- the brief


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a brief: its heading ("" for none) and its sentences."""

    name: str
    heading: str
    sentences: list[Markup]


@dataclass(slots=True)
class _Making:
    """One part while it is made: how many of its people are told, and what tells of so many."""

    name: str
    heading: str
    most: int
    tell: Callable[[int], list[str]]
    told: int = 0

    @property
    def sentences(self) -> list[str]:
        return self.tell(self.told)

    @property
    def length(self) -> int:
        """Return its words, with its heading's."""
        return _count([self.heading, *self.sentences]) if self.told else 0


def brief(
    brief: Any, tone: str, today: date, title: list[str], wording: words.prompts.Wording | None = None
) -> list[Part]:
    """Return a day as sentences to be read aloud, in at most MOST_WORDS words with its title and headings.

    Each part first tells of one, then safety of all it can, then each of one more in turn while there is room; what is
    left out is counted.
    """
    parts = _parts(brief, tone, today, wording)
    opening = [_expected(brief)]
    room = MOST_WORDS - _count([*title, *opening])
    ranked = sorted(parts, key=lambda part: RANK.index(part.name))
    full: set[str] = set()
    for part in chain(ranked, repeat(ranked[0], ranked[0].most), cycle(ranked)):
        if len(full) == len(parts):
            break
        if part.name in full:
            continue
        part.told += part.told < part.most
        if sum(each.length for each in parts) > room:
            part.told -= 1
            full.add(part.name)
        elif part.told == part.most:
            full.add(part.name)
    if _count([hour := busiest(brief.hours)]) <= room - sum(each.length for each in parts) and hour:
        opening.append(hour)
    found = [Part(part.name, part.heading, [_set(text) for text in part.sentences]) for part in parts]
    return [Part("people", "", [_set(text) for text in opening]), *(part for part in found if part.sentences)]


def _parts(brief: Any, tone: str, today: date, wording: words.prompts.Wording | None) -> list[_Making]:
    def named(line: Any) -> str:  # or what is promised to somebody
        return f"{FROM}{brief.called[line.customer.id]}{TO}"

    def booked(n: int) -> list[str]:
        told = [_booked(named(line), line, brief.tells_what) for line in brief.booked[:n]]
        rest = len(brief.booked) - n
        count = words.sentence_case(words.number(rest))
        others = ngettext("%(count)s more is booked.", "%(count)s more are booked.", rest, count=count)
        return told + ([others] if n and rest else [])

    def hour(n: int) -> list[str]:
        # Translators: somebody and when they are expected, in a list: Priya at about 8:15
        people = [
            _("%(name)s at about %(time)s", name=named(line), time=words.at_time(line.around))
            for line in brief.first_hour[:n]
        ]
        return [_("Look up for %(people)s.", people=_some(people, brief.first_hour))] if n else []

    def new(n: int) -> list[str]:
        people = [named(line) for line in brief.new_faces[:n]]
        said = ngettext(
            "%(people)s is a new face.",
            "%(people)s are new faces.",
            len(brief.new_faces),
            people=_some(people, brief.new_faces),
        )
        return [said] if n else []

    def with_words(n: int) -> list[str]:
        told = [(named(line), words.prompt(line.prompt, line.customer, tone, wording)) for line in brief.with_words[:n]]
        # Translators: words to say to somebody: Priya: Third Tuesday in a row. Thank her for coming back.
        return [_("%(name)s: %(fact)s %(ask)s", name=name, fact=said.fact, ask=said.ask) for name, said in told]

    def safety(n: int) -> list[str]:
        told = [
            _("%(name)s: %(text)s", name=named(line), text=_short(text, SAFETY_WORDS))
            for line, text in brief.safety[:n]
        ]
        rest = len(brief.safety) - n
        count = words.sentence_case(words.number(rest))
        others = ngettext("%(count)s more stands on Today.", "%(count)s more stand on Today.", rest, count=count)
        return told + ([others] if n and rest else [])

    def ring(n: int) -> list[str]:
        told = [f"{calls.lead(one)}. {calls.by_when(one)}" for one in brief.calls[:n]]
        rest = len(brief.calls) - n
        count = words.sentence_case(words.number(rest))
        others = ngettext("%(count)s more stands on Today.", "%(count)s more stand on Today.", rest, count=count)
        return told + ([others] if n and rest else [])

    def promised(n: int) -> list[str]:
        told = [_promise(named(owed), owed, today) for owed in brief.promised[:n]]
        rest = len(brief.promised) - n
        count = words.sentence_case(words.number(rest))
        others = ngettext("%(count)s more stands on Today.", "%(count)s more stand on Today.", rest, count=count)
        return told + ([others] if n and rest else [])

    def asks(n: int) -> list[str]:
        told = [referrals.question(one) for one in brief.checks]
        told += [
            _("%(name)s: %(text)s", name=named(line), text=_short(questions.on_shift(one), SAFETY_WORDS))
            for line, one in brief.asks
        ]
        return told[:n]

    def left(n: int) -> list[str]:
        text = _short(brief.left.text, LINE_WORDS) if brief.left else ""
        return [_("%(who)s: %(text)s", who=left_by(brief.left, today), text=text)] if n else []

    return [
        _Making("safety", _("Safety"), len(brief.safety), safety),
        _Making("calls", _("To ring"), min(5, len(brief.calls)), ring),
        _Making("booked", _("Booked"), min(8, len(brief.booked)), booked),
        _Making("hour", _("The first hour"), min(8, len(brief.first_hour)), hour),
        _Making("new", _("New faces"), min(5, len(brief.new_faces)), new),
        _Making("promised", _("Promised"), min(5, len(brief.promised)), promised),
        _Making("asks", _("To ask"), min(5, len(brief.checks) + len(brief.asks)), asks),
        _Making("words", _("Worth saying"), min(5, len(brief.with_words)), with_words),
        _Making("left", _("From the last shift"), 1 if brief.left else 0, left),
    ]


def _expected(brief: Any) -> str:
    if not brief.people:
        return _("Everyone we hoped for has been.") if brief.began else _("Nobody is expected yet.")
    count = words.sentence_case(words.number(brief.people))
    if brief.began:
        return _still(brief.people)
    return ngettext(
        "%(count)s person is expected today.", "%(count)s people are expected today.", brief.people, count=count
    )


def busiest(hours: list[tuple[int, float]]) -> str:
    """Return which hour brings most, of (hour, arrivals): Most come between 8:00 and 9:00, about six. Empty where none
    brings three, or none stands out."""
    if not hours:
        return ""
    hour, arrivals = max(hours, key=lambda one: one[1])
    others = sorted(one[1] for one in hours)[:-1]
    if arrivals < 3 or (others and arrivals < 1.25 * others[len(others) // 2]):
        return ""
    return _(
        "Most come between %(from)s and %(until)s, about %(count)s.",
        until=words.at_time(60 * (hour + 1)),
        count=words.number(round(arrivals)),
        **{"from": words.at_time(60 * hour)},
    )


def in_hour(arrivals: float) -> str:
    """Return about how many arrivals an hour may bring."""
    n = round(arrivals)
    return ngettext("about one", "about %(count)s", max(n, 1), count=words.number(max(n, 1)))


def _booked(name: str, line: Any, tells_what: bool) -> str:
    time, what = words.at_time(line.at), line.appointment.service.rstrip(" .")
    if what and tells_what:
        return _("%(name)s is booked for %(time)s: %(what)s.", name=name, time=time, what=_short(what, SAFETY_WORDS))
    return _("%(name)s is booked for %(time)s.", name=name, time=time)


def _promise(name: str, owed: Any, today: date) -> str:
    text = _short(owed.text, SAFETY_WORDS)
    if owed.due and owed.due < today:
        text = _("%(text)s, %(due)s", text=text.rstrip("."), due=promises.due(owed.due, today))
    told = _("%(name)s: %(text)s", name=name, text=text)
    return told if told.endswith("…") else told.rstrip(".") + "."


def _some(people: list[str], of: list[Any]) -> str:
    rest = len(of) - len(people)
    others = [ngettext("one more", "%(count)s more", rest, count=words.number(rest))] if rest else []
    return words.listed(people + others)


def _short(text: str, most: int) -> str:
    """Return a text without line breaks: whole where it has at most so many words, else its first sentences, or its beginning."""
    text = " ".join(text.replace(FROM, "").replace(TO, "").split())
    begin = " ".join(text.split()[:most])
    if len(begin) > most * LETTERS:
        cut = begin[: most * LETTERS + 1]
        begin = cut.rpartition(" ")[0] or cut[:-1]  # in writing without spaces there is no other end
    if begin == text:
        return text
    ends = [begin.rfind(mark) for mark in (". ", "! ", "? ", "。", "؟ ")]
    return begin[: max(ends) + 1] + " …" if max(ends) > 0 else begin.rstrip(" .,;:") + "…"


def _count(sentences: list[str]) -> int:
    return sum(len(text.split()) for text in sentences)


def _set(text: str) -> Markup:
    """Return a sentence as HTML, with each name set apart."""
    return escape(text).replace(FROM, Markup('<bdi class="person">')).replace(TO, Markup("</bdi>"))
