"""The words: everything a person reads that is made from facts, in their language.

Rules and views hand over facts; this module says them. Every visible string passes through ``_``, ``ngettext`` or
``pgettext`` (``words.speaking``), so that a catalogue can replace the English.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list
from babel.numbers import format_decimal

from words.prompts import Words as Words, prompt as prompt, prompt_why as prompt_why, them as them
from words.speaking import (
    WRITTEN_IN as WRITTEN_IN,
    _,
    cldr,
    code as code,
    direction as direction,
    in_language as in_language,
    language as language,
    languages as languages,
    locale,
    locale_for as locale_for,
    locale_of_terminal as locale_of_terminal,
    ngettext,
    own_name as own_name,
    pgettext,
    speak as speak,
    speak_again as speak_again,
)

SHORTLY = 2  # notes for their arrival that a row tells, the latest; the card has all


# -- numbers, times and days, as people say them


def number(n: int) -> str:
    """Return a whole number as a word up to twelve, then in digits."""
    small = [
        pgettext("number", "no"), pgettext("number", "one"), pgettext("number", "two"), pgettext("number", "three"),
        pgettext("number", "four"), pgettext("number", "five"), pgettext("number", "six"), pgettext("number", "seven"),
        pgettext("number", "eight"), pgettext("number", "nine"), pgettext("number", "ten"),
        pgettext("number", "eleven"), pgettext("number", "twelve"),
    ]  # fmt: skip
    return small[n] if 0 <= n < len(small) else str(n)


def figure(n: int) -> str:
    """Return a whole number in digits, as they are written here: 1,234."""
    return format_decimal(n, locale=locale())


def sentence_case(text: str) -> str:
    """Return text with its first letter raised, as a sentence begins."""
    return text[:1].upper() + text[1:]


def clock_time(at: datetime | int) -> str:
    """Return a wall time as it is written where the shop is: 8:05 or 8:05 AM. Takes a local time or minutes after midnight."""
    minutes = at if isinstance(at, int) else at.hour * 60 + at.minute
    return _clock_time(locale(), minutes // 60 % 24, minutes % 60)


@lru_cache(maxsize=4096)
def _clock_time(where: str, hour: int, minute: int) -> str:
    pattern = cldr().time_formats["short"].pattern.replace("HH", "H")  # 8:05, as it stands on a wall
    told = format_time(time(hour, minute), pattern, locale=where)
    return " ".join(told.split())  # an ordinary blank before AM, at which a narrow column may break


def at_time(at: datetime | int) -> str:
    """Return a wall time as it stands in a sentence, with its article where a language has one: "las 8:05", "la 1:05"."""
    hour = at // 60 if isinstance(at, int) else at.hour
    if hour % 24 == 1 or (hour % 24 == 13 and "h" in cldr().time_formats["short"].pattern):
        # Translators: a time between one and two o'clock within a sentence; put an article if your language needs one
        return pgettext("time after one o'clock", "%(time)s", time=clock_time(at))
    # Translators: any other time within a sentence; put an article if your language needs one
    return pgettext("time", "%(time)s", time=clock_time(at))


def weekday(index: int) -> str:
    """Return the name of a weekday, Monday = 0."""
    return cldr().days["stand-alone"]["wide"][index]


def weekdays_of(index: int) -> str:
    """Return the plural of a weekday's name: Tuesdays."""
    return [
        _("Mondays"), _("Tuesdays"), _("Wednesdays"), _("Thursdays"), _("Fridays"), _("Saturdays"), _("Sundays"),
    ][index]  # fmt: skip


def long_day(day: date) -> str:
    """Return a day with its weekday, to stand by itself: Tuesday 24 November."""
    return sentence_case(named_day(day))


def named_day(day: date, year: bool = False) -> str:
    """Return a day with its weekday, for a list or within a sentence; with its year where that is another one."""
    told = _day_and_year(locale(), day) if year else _day(locale(), day)
    # Translators: a day such as Tuesday 24 November
    return _("%(weekday)s %(day)s", weekday=weekday(day.weekday()), day=told)


def month_and_day(day: date) -> str:
    """Return a day without its weekday and year: 25 December."""
    return _day(locale(), day)


def short_day(day: date, today: date) -> str:
    """Return a day as people say it: today, yesterday, Thursday (this week), 2 October, 2 October 2016."""
    if day == today:
        return _("today")
    if day == today - timedelta(days=1):
        return _("yesterday")
    if timedelta(0) < today - day < timedelta(days=7):
        told = weekday(day.weekday())
    else:
        told = _day(locale(), day) if day.year == today.year else _day_and_year(locale(), day)
    # Translators: a weekday or a date within a sentence; put an article if your language needs one
    return pgettext("day", "%(day)s", day=told)


def day_ahead(day: date, today: date) -> str:
    """Return a day to come as people say it: today, tomorrow, Thursday, 2 October."""
    days = (day - today).days
    if days == 1:
        return _("tomorrow")
    return weekday(day.weekday()) if 1 < days < 7 else short_day(day, today)


@lru_cache(maxsize=4096)
def _day(where: str, day: date) -> str:
    return format_skeleton("MMMMd", day, locale=where)


@lru_cache(maxsize=4096)
def _day_and_year(where: str, day: date) -> str:
    return format_date(day, "long", locale=where)


def listed(items: list[str]) -> str:
    """Return items joined as a sentence joins them: a, b and c."""
    return format_list(items, locale=locale())


def called(word: str, n: int = 1) -> str:
    """Return the shop's own word for those who come, singular or plural."""
    one, many = {
        "customer": (_("customer"), _("customers")),
        "guest": (_("guest"), _("guests")),
        "client": (_("client"), _("clients")),
        "patient": (_("patient"), _("patients")),
        "member": (_("member"), _("members")),
        "reader": (_("reader"), _("readers")),
    }[word]
    return one if n == 1 else many


def find_whom(word: str) -> str:
    return _("Find a %(customer)s", customer=called(word))


def choose_whom(word: str) -> str:
    return _("Choose a %(customer)s to see their card.", customer=called(word))


def part_of_day(part: str) -> str:
    """Return the words for a part of the day that an arrival time allows."""
    return {
        "": "",
        "early-morning": _("early morning"),
        "morning": _("morning"),
        "late-morning": _("late morning"),
        "midday": _("around noon"),
        "afternoon": _("afternoon"),
        "evening": _("evening"),
    }[part]


# -- why somebody is listed


def reason(reason: dict[str, Any], window: tuple[int, int] | None = None) -> str:
    """Return why somebody is on today's list, in a few words that their history bears out.

    `reason` is ``{"kind": ..., **facts}`` as ``domain.reasons`` makes it; `window` is the honest time of arrival in
    minutes after midnight, where there is one.
    """
    kind = reason["kind"]
    if kind == "weekdays":
        if window and reason["timed"]:
            return _("usually %(from)s to %(until)s on weekdays", **_window(window))
        return _("came %(came)s of the last %(of)s weekdays", **_counts(reason))
    if kind == "every-day":
        if window and reason["timed"]:
            return _("usually %(from)s to %(until)s, most days", **_window(window))
        return _("came %(came)s of the last %(of)s days", **_counts(reason))
    if kind == "weekday-around":
        return _(
            "comes most %(weekdays)s around %(time)s",
            weekdays=weekdays_of(reason["weekday"]),
            time=at_time(reason["minute"]),
        )
    if kind == "weekday":
        if reason["came"] == reason["of"]:
            return _(
                "came the last %(of)s %(weekdays)s", of=number(reason["of"]), weekdays=weekdays_of(reason["weekday"])
            )
        return _(
            "came %(came)s of the last %(of)s %(weekdays)s", weekdays=weekdays_of(reason["weekday"]), **_counts(reason)
        )
    if kind == "two-weeks":
        return ngettext("came once in the last two weeks", "came %(n)s times in the last two weeks", reason["came"])
    if kind == "four-weeks":
        return ngettext("came once in the last four weeks", "came %(n)s times in the last four weeks", reason["came"])
    if kind == "every-n-days":
        return ngettext("comes every day or so", "comes every %(n)s days or so", reason["gap"])
    if kind == "yesterday":
        return _("came yesterday")
    if kind == "new-face":
        return ngettext("new face, came once", "new face, came %(n)s times", reason["came"])
    return ngettext("came once", "came %(n)s times so far", reason["came"])


def _window(window: tuple[int, int]) -> dict[str, str]:
    return {"from": clock_time(window[0]), "until": clock_time(window[1])}


def _counts(reason: dict[str, Any]) -> dict[str, int]:
    return {"came": reason["came"], "of": reason["of"]}


def reason_tag(reason: dict[str, Any]) -> str:
    """Return the one or two words under the time on a row: most Tuesdays, weekdays."""
    kind = reason["kind"]
    if kind in ("weekday-around", "weekday") and reason["came"] >= 3:
        return _("most %(weekday)s", weekday=_short_weekdays(reason["weekday"]))
    return {"weekdays": _("Mon–Fri"), "every-day": _("most days"), "new-face": _("new face")}.get(kind, "")


def _short_weekdays(index: int) -> str:
    return [_("Mons"), _("Tues"), _("Weds"), _("Thurs"), _("Fris"), _("Sats"), _("Suns")][index]


FEW = 4  # days are told of many


def dates(days: list[str], today: date) -> str:
    """Return ISO days as a list people can read: 3 October, 10 October and yesterday."""
    if len(days) > FEW + 1:
        days = sorted(days)
    return few([short_day(date.fromisoformat(day), today) for day in days])


def few(items: list[str]) -> str:
    """Return items joined; of many the last few, the latest first, and how many there were before these."""
    if len(items) <= FEW + 1:
        return listed(items)
    before = len(items) - FEW
    return listed([*items[: -FEW - 1 : -1], ngettext("%(n)s before", "%(n)s before", before)])


def why(reason_facts: dict[str, Any], today: date) -> list[str]:
    """Return the dated facts behind a reason, one sentence each."""
    told = []
    if reason_facts.get("dates"):
        told.append(_("Last visits: %(days)s.", days=dates(list(reversed(reason_facts["dates"])), today)))
    if reason_facts.get("minutes"):
        times = listed([at_time(minute) for minute in reversed(reason_facts["minutes"])])
        told.append(_("They came at %(times)s.", times=times))
    if reason_facts.get("gaps"):
        told.append(_("Days between the last visits: %(gaps)s.", gaps=", ".join(map(str, reason_facts["gaps"]))))
    if reason_facts.get("since"):
        told.append(_("First visit: %(day)s.", day=short_day(date.fromisoformat(reason_facts["since"]), today)))
    return told


# -- sentences of single pages


def greeting(now: datetime, name: str) -> str:
    if now.hour < 12:
        return _("Good morning, %(name)s", name=name)
    if now.hour < 18:
        return _("Good afternoon, %(name)s", name=name)
    return _("Good evening, %(name)s", name=name)


def who_is_on(now: datetime) -> str:
    """Return the question of the sign-in page."""
    if now.hour < 12:
        return _("Morning. Who is on?")
    return _("Afternoon. Who is on?") if now.hour < 18 else _("Evening. Who is on?")


def look_up_for(n: int) -> str:
    return sentence_case(ngettext("%(count)s to look up for", "%(count)s to look up for", n, count=number(n)))


def some_time(n: int) -> str:
    """Return the heading when nobody left on the list has an honest time."""
    return sentence_case(ngettext("%(count)s expected some time", "%(count)s expected some time", n, count=number(n)))


def past_their_time(n: int) -> str:
    """Return the heading when everybody left on the list is past their time."""
    return sentence_case(ngettext("%(count)s past their time", "%(count)s past their time", n, count=number(n)))


def later_today(n: int) -> str:
    """Return the heading of a quiet hour."""
    return sentence_case(ngettext("%(count)s later today", "%(count)s later today", n, count=number(n)))


def closed_today(name: str) -> str:
    """Return what stands on a day on which the shop is closed out of turn, which may have a name."""
    return _("Closed today: %(name)s.", name=name) if name else _("Closed today.")


def quiet(today: Any) -> str:
    """Return what a quiet hour says: how many come later, and after when."""
    due = [line for line in today.later if not line.arrived]
    before = today.next_time - timedelta(minutes=1)  # "after twelve" is nobody who comes at twelve
    hour = at_time(before.replace(minute=before.minute // 30 * 30))
    later = ngettext("%(count)s is due after %(time)s.", "%(count)s are due after %(time)s.", len(due),
                     count=sentence_case(number(len(due))), time=hour)  # fmt: skip
    return _("Nobody for a while. %(later)s", later=later)


def facts(line: Any) -> str:
    """Return the one line about somebody on a list: with whom they are booked, what they have, what the team wrote for it.

    What they are booked for is nobody's business at a counter.
    """
    whom = line.appointment.with_whom if line.appointment else ""
    booked = _("with %(name)s", name=whom) if whom else ""
    arrived = line.on_arrival[-SHORTLY:] if line.arrived else ()
    return " · ".join(text for text in (booked, line.usual, *line.notes, *arrived) if text)


def why_now(line: Any) -> str:
    """Return why somebody is on the list, with the part of the day where that is all that is honest."""
    told = sentence_case(reason(line.reason, line.window))
    return f"{told} · {part_of_day(line.part_of_day)}" if line.part_of_day and line.around is None else told


def met(one: Any, today: date) -> str:
    """Return when somebody we hardly know was seen: Seen once, yesterday about 8:30."""
    when = {
        "day": short_day(one.last.date(), today),
        "time": at_time(one.last.hour * 60 + one.last.minute // 10 * 10),
    }
    if one.days == 1:
        return _("Seen once, %(day)s about %(time)s", **when)
    return _("Seen twice, last %(day)s about %(time)s. One more and we will look out for them.", **when)


def still_here(line: Any) -> str:
    """Return what stands after one of several colleagues took back that they saw somebody."""
    return _(
        "Undone for you. %(others)s saw %(name)s too: still here.",
        others=listed(line.seen_by),
        name=line.customer.called,
    )


def call_them(customer: Any) -> str:
    return _("call %(them)s %(name)s", them=them(customer.pronoun), name=customer.call)


def note_hint(customer: Any) -> str:
    if customer.state == "died":
        return _("Write it as if those close to %(name)s will read it.", name=customer.called)
    ask = {"she": _("She may ask to."), "he": _("He may ask to.")}.get(customer.pronoun, _("They may ask to."))
    return _("Write it as if %(name)s will read it.", name=customer.called) + " " + ask


def pronouns() -> list[tuple[str, str]]:
    """Return what a customer can be spoken of as; the first stands for "not told"."""
    return [("", _("Not told")), ("she", _("she")), ("he", _("he")), ("they", _("they"))]


def signed(author: Any, day: date, today: date) -> str:
    """Return who wrote something and when."""
    name = author.name if author else _("someone who has left")
    return f"{name}, {short_day(day, today)}"


def dots(dots: Any) -> str:
    """Return the finding that twelve dots show."""
    if dots.weekday is None:
        return _("Last twelve weeks: came in %(n)s of them", n=dots.count)
    return _("Last twelve %(weekdays)s: came on %(n)s", weekdays=weekdays_of(dots.weekday), n=dots.count)


def themes() -> list[tuple[str, str]]:
    """Return what a phone can look like."""
    return [
        ("system", pgettext("theme", "As the phone")), ("light", pgettext("theme", "Light")),
        ("dark", pgettext("theme", "Dark")),
    ]  # fmt: skip


def hands() -> list[tuple[str, str]]:
    """Return the hands a phone can be held in, as they lie side by side."""
    return [("left", pgettext("hand", "Left")), ("right", pgettext("hand", "Right"))]


def screens() -> list[tuple[str, str]]:
    """Return what a screen may do that nobody touches, side by side."""
    return [("system", _("Turns off as usual")), ("on", _("Stays on with Today"))]


def tones() -> list[tuple[str, str, str]]:
    """Return the tones words to say can have, each with its name and one prompt as an example."""
    names = {"plain": _("Plain"), "warm": _("Warm"), "playful": _("Playful")}
    said = {tone: tone_example(tone) for tone in names}
    return [(tone, name, f"{said[tone].fact} {said[tone].ask}") for tone, name in names.items()]


def tone_example(tone: str) -> Words:
    """Return words in a tone, as of somebody invented."""
    return prompt({"id": "third-weekday", "weekday": 1}, SimpleNamespace(pronoun="she"), tone)


def short_name(name: str) -> str:
    """Return a name with its last word by its first letter: Rosa M. One word alone, and “Red scarf”, stay as they are."""
    first, _space, last = name.strip().rpartition(" ")
    return f"{first} {last[0]}." if first and last[0].isalpha() and not last[0].islower() else name


def role(word: str) -> str:
    return {"staff": _("Staff"), "manager": _("Manager"), "owner": _("Owner")}[word]


def it_is(local: datetime) -> str:
    return _("It is %(time)s on %(day)s there.", time=clock_time(local), day=weekday(local.weekday()))
