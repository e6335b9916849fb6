"""The words of a customer's card, of the note sheet and of the page where what we know of them is changed."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from babel.dates import format_skeleton

import words
from words.speaking import _, cldr, ngettext


def by(fact: Any, today: date) -> str:
    """Return who wrote something down and when, and when it was changed since; without a name: who has left."""
    signed = _("%(name)s, %(day)s", name=fact.by or _("someone who has left"), day=words.short_day(fact.day, today))
    return _joined(signed, _("changed %(day)s", day=words.short_day(fact.changed, today)) if fact.changed else "")


# -- the card


def when(line: Any, shop: Any) -> str:
    """Return since when they are here, or for when and why they are expected: Expected 8:15 · most Tuesdays."""
    if line.arrived:
        since = _("Here since %(time)s", time=words.at_time(shop.local(line.visit.at)))
        seen = _("seen by %(names)s", names=words.listed(line.seen_by)) if line.seen_by else ""
        return _joined(since, seen)
    if line.appointment:
        whom = line.appointment.with_whom
        return _joined(
            _("Booked for %(time)s", time=words.at_time(line.at)), _("with %(name)s", name=whom) if whom else ""
        )
    if line.source == "walk-in":
        return _("Not expected today")
    if line.around is not None:
        return _joined(_("Expected %(time)s", time=words.at_time(line.around)), _habit(line))
    return _joined(_("Expected today"), _habit(line), words.part_of_day(line.part_of_day))


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _habit(line: Any) -> str:
    reason = line.reason
    if reason is None:
        return ""
    if reason["kind"] in ("weekday", "weekday-around") and reason["came"] >= 3:
        return _("most %(weekdays)s", weekdays=words.weekdays_of(reason["weekday"]))
    return words.reason(reason, line.window)


def why_expected(line: Any, today: date) -> list[str]:
    """Return what a habit rests on, one sentence each, with the days."""
    if line.reason is None:
        return []
    habit = words.reason(line.reason, line.window)
    told = _("Their habit: %(habit)s.", habit=habit) if line.appointment else words.sentence_case(habit) + "."
    return [told, *words.why(line.reason, today)]


def noted(noted: tuple[int, int]) -> str:
    """Return how often the usual was noted of late, and whether that is worth a question."""
    times, of = noted
    told = _("Noted on %(times)s of the last %(of)s visits.", times=times, of=of)
    return told + " " + _("Worth asking: “The usual?”") if times * 2 > of else told


def private(n: int) -> str:
    return ngettext("%(n)s private note: press and hold", "%(n)s private notes: press and hold", n)


def stands(note: Any) -> str:
    """Return what sets a note apart from most: that it is for safety, for how long it stands, when it is to be seen."""
    lifetime = {
        "always": "", "next_visit": _("until the next visit is over"), "this_visit": _("for today only"),
    }[note.lifetime]  # fmt: skip
    moment = {"list": _("on the list"), "arrival": "", "booking": "", "late": _("for when they are late")}[note.moment]
    if note.safety:
        moment = _("for safety")
    return _joined(moment, lifetime, _("for all our shops") if note.everywhere else "")


LONG, LINES, BEGINNING = 280, 6, 200  # letters and lines of a note; longer ones are folded to about so many letters


def beginning(note: Any) -> str:
    """Return how a very long note begins, as it stands folded; "" for most, and for what is to be seen for safety."""
    text, lines = note.text, note.text.split("\n")
    if note.safety or (len(text) <= LONG and len(lines) <= LINES):
        return ""
    begins = "\n".join(lines[: LINES - 2])
    if len(begins) > BEGINNING:
        cut = begins[: BEGINNING + 1]
        begins = cut[: cut.rfind(" ")] if " " in cut[BEGINNING // 2 :] else cut
    return begins.rstrip(" .,;:!?\n") + " …"


def tagged_by(tags: list[Any], today: date) -> str:
    """Return who gave somebody their tags, and when, each once."""
    return words.listed(list(dict.fromkeys(by(tag, today) for tag in tags)))


def field(told: Any) -> str:
    """Return what somebody told us for a field: Birthday: 24 November."""
    if told.kind == "birthday":
        return _("Asked us to remember the birthday: %(day)s", day=birthday(told.text))
    if told.kind == "dogs":
        return _("Dogs that come along: %(names)s", names=told.text)
    return _("%(field)s: %(told)s", field=told.name, told=told.text)


def birthday(text: str) -> str:
    """Return a birthday as people say it, with its year where they told it."""
    day = date.fromisoformat(text if len(text) == 10 else f"2000-{text}")
    skeleton = "yMMMMd" if len(text) == 10 else "MMMMd"
    return format_skeleton(skeleton, day, locale=words.locale())


def months() -> list[tuple[str, str]]:
    """Return the months as two digits, with their names."""
    return [(f"{month:02}", words.sentence_case(cldr().months["stand-alone"]["wide"][month])) for month in range(1, 13)]


def more_notes(n: int) -> str:
    return ngettext("%(n)s older note", "%(n)s older notes", n)


def visited(visits: list[datetime], today: date) -> list[str]:
    """Return when each of some visits was: Thursday, 8:05."""
    where = words.locale()
    return [_visited(where, at.date(), at.hour * 60 + at.minute, today) for at in visits]


@lru_cache(maxsize=4096)
def _visited(_where: str, day: date, minute: int, today: date) -> str:
    when = {"day": words.short_day(day, today), "time": words.at_time(minute)}
    return words.sentence_case(_("%(day)s, %(time)s", **when))


def last_visits(n: int) -> str:
    return ngettext("The last visit", "The last %(n)s visits", n)


LATE = ("late", "ours", "both")
NAMED = 3  # of those that were late; more are counted


def last_twelve(dots: Any) -> str:
    """Return what stands below the dots of visits: Last twelve visits. A diamond is late."""
    told = _visits_told(len(dots.how)) + "."
    if "late" in dots.how:
        return told + " " + _("A diamond is late.")
    return told + " " + _("A diamond is late, and that was ours.") if any(how in LATE for how in dots.how) else told


def _visits_told(n: int) -> str:
    if n == 12:
        return _("Last twelve visits")
    return ngettext("%(count)s visit so far", "%(count)s visits so far", n, count=words.sentence_case(words.number(n)))


def finding(dots: Any, today: date) -> str:
    """Return what the dots of visits show: Last twelve visits: eleven on time or early, today late."""
    visits, n = _visits_told(len(dots.how)), len(dots.how)
    late = [(day, how) for day, how in zip(dots.days, dots.how, strict=True) if how in LATE]
    in_time = sum(how == "in_time" for how in dots.how)
    if not late and not in_time:
        return _("%(visits)s, the first of them %(day)s", visits=visits, day=words.short_day(dots.days[0], today))
    parts = []
    if in_time:
        parts.append(
            _("all on time or early") if in_time == n else _("%(count)s on time or early", count=words.number(in_time))
        )
    if n > in_time + len(late):
        parts.append(_("%(count)s with no time agreed", count=words.number(n - in_time - len(late))))
    if len(late) > NAMED:
        parts.append(_("%(count)s late", count=words.number(len(late))))
    else:
        parts += [late_on(day, how, today) for day, how in late]
    return f"{visits}: {', '.join(parts)}"


def late(day: date, how: str, today: date) -> str:
    """Return what one diamond says: 3 November late."""
    return words.sentence_case(late_on(day, how, today))


def late_on(day: date, how: str, today: date) -> str:
    told = {
        "late": _("%(day)s late"), "ours": _("%(day)s late by our failure"), "both": _("%(day)s late, in part by our failure"),
    }[how]  # fmt: skip
    return told % {"day": words.short_day(day, today)}


def wish(what: str) -> str:
    """Return what somebody asked of us, as it stands on their card."""
    return {
        "quick": _("Likes to be quick."),
        "quiet": _("Likes it quiet."),
        "no_notes": _("Asked us to write nothing down."),
    }[what]


# -- the note sheet


def chips() -> dict[str, str]:
    """Return what can be noted in one tap."""
    return {
        "usual": _("The usual"),
        "new": _("Something new"),
        "hurry": _("In a hurry"),
        "chat": _("Liked a chat"),
        "friend": _("Brought a friend"),
    }


def this_is() -> list[tuple[str, str]]:
    """Return what words on the sheet can be, the commonest first."""
    return [
        ("note", _("Good to know")), ("promise", _("We promised")), ("question", _("Ask next time")),
        ("step", _("Extra step")), ("issue", _("A trouble of theirs")), ("fault", _("A fault they told us of")),
        ("mistake", _("Our mistake")),
    ]  # fmt: skip


def kept(what: str) -> str:
    """Return what became of words on the sheet."""
    return {
        "note": _("Kept. Thank you."),
        "promise": _("Promised. It stands under Promises until they have it."),
        "question": _("Kept. It is asked at the next visit."),
        "step": _("Kept. A good step."),
        "issue": _("Kept. It leads the card until it is solved."),
        "fault": _("Kept. It leads the card until it is mended."),
        "mistake": _("Kept. It is ours to make good."),
    }[what]


def moments() -> list[tuple[str, str]]:
    """Return when a note can be seen besides on the card."""
    return [
        ("arrival", _("When they are here")),
        ("list", _("On today’s list already")),
        ("booking", _("When an appointment is made")),
        ("late", _("When they are late")),
    ]


def lifetimes() -> list[tuple[str, str]]:
    """Return how long a note can stand."""
    return [
        ("always", _("Keep it always")),
        ("next_visit", _("Until the next visit is over")),
        ("this_visit", _("For today only")),
    ]


def no_notes(customer: Any) -> str:
    """Return why nothing can be written down about somebody."""
    return _("%(name)s asked us to write nothing down. What you remember is welcome.", name=customer.called)


def kept_beside() -> str:
    """Return what became of a change to a note that somebody else had changed meanwhile."""
    return _("Somebody changed this note while you wrote. Both are kept, side by side.")


# -- the page where it is changed


def changed_meanwhile(stands: list[Any]) -> str:
    """Return what to say when somebody else changed the same while it was being written."""
    now = [f"“{value}”" for value in stands if isinstance(value, str) and value]
    if not now:
        return _("Somebody changed this while you wrote. Look again, then keep yours or theirs.")
    return _(
        "Somebody changed this while you wrote: it is %(now)s now. Keep again to put yours there.",
        now=words.listed(now),
    )


def wishes() -> list[tuple[str, str, str]]:
    """Return what a customer can ask of us, each with a word on what it does."""
    return [
        ("quick", _("Likes to be quick"), _("The words to say are: have it ready, skip the chat.")),
        ("quiet", _("Likes it quiet"), _("No words to say but a nod and the usual.")),
        ("no_notes", _("Wants nothing written down"), _("No notes can be written, and hardly any words are offered.")),
    ]
