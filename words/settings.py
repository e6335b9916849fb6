"""What each setting is called, and what it does, in words; and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import words
from words.speaking import _, ngettext

SHORT = 40  # letters of two values that can be read beside each other
# name -> (what it is called, what it does)
SAID: dict[str, Callable[[], tuple[str, str]]] = {
    "tone": lambda: (_("How should prompts sound?"), _("Only the wording changes, never the facts.")),
    "prompts_a_visit": lambda: (
        _("Offer words to say"),
        _(
            "At most one prompt a visit, often none. Off: none at all; what is promised and what is safe to eat stays on the row."
        ),
    ),
    "prompts_a_day": lambda: (
        _("Prompts a day, at most"),
        _("Once so many were offered, only promises, our own mistakes and first visits are. Empty: no limit."),
    ),
    "rest_days": lambda: (
        _("The same prompt rests for"),
        _("It is not shown to the same person again within these days."),
    ),
    "birthdays": lambda: (_("Mention birthdays"), _("Only where the date was given to us to be wished well.")),
    "words_never": lambda: (
        _("Words never used here"),
        _("One a line. No prompt with them is shown, and no words of your own or reminder with them is taken."),
    ),
    "name": lambda: (_("Name"), _("It stands on every page, in reminders and in calendars.")),
    "zone": lambda: (_("Time zone"), _("What a day is, and when somebody is late, goes by the shop’s own clock.")),
    "called": lambda: (
        _("What do you call the people who come?"),
        _("In a practice nobody’s visits are counted aloud."),
    ),
    "language": lambda: (
        _("Language"),
        _("Whoever would rather read another language chooses it under This phone."),
    ),
    "hours": lambda: (
        _("Open"),
        _("Leave a day empty when you are closed, and all of them if you would rather not say."),
    ),
    "closed_days": lambda: (
        _("Closed days and public holidays"),
        _("Nobody is expected on them by habit, no free time is offered, and a series leaves them out."),
    ),
    "grace_minutes": lambda: (
        _("Late, after"),
        _("Until then after an agreed time, nobody is late. Whoever is often a little later gets more by themselves."),
    ),
    "same_visit_minutes": lambda: (
        _("One visit, if they come again within"),
        _("Two taps by two colleagues, or out for the phone and in again, count once."),
    ),
    "regular_visits": lambda: (
        _("A regular comes at least"),
        _("On so many days in eight weeks. Used on the page of people."),
    ),
    "listed_from": lambda: (
        _("Expected today, if the chance is at least"),
        _("Lower lists more people, and more who do not come; whoever is booked is always listed."),
    ),
    "hide_on_wake": lambda: (
        _("Counter-safe when a phone wakes"),
        _("Private notes are hidden again as soon as a phone sleeps or is put away."),
    ),
    "short_surnames": lambda: (
        _("Shorten surnames"),
        _("While notes are hidden, the list shows other people’s surnames by their first letter."),
    ),
    "staff_see_contacts": lambda: (
        _("Staff see telephone numbers and addresses"),
        _("Otherwise only managers and owners do; whoever is to ring somebody sees that one number."),
    ),
    "pin_digits": lambda: (
        _("Digits of a PIN"),
        _("Six are harder to guess, and slower. Who has four keeps them until their PIN is set anew."),
    ),
    "keep_notes_months": lambda: (_("Forget notes after"), _("So many months without a visit. Empty: never.")),
    "keep_messages_months": lambda: (
        _("Forget messages after"),
        _("What was sent to people, and what became of it, so many months after their last visit. Empty: never."),
    ),
    "keep_visits_months": lambda: (
        _("Forget visits after"),
        _("So many months without a visit, the days go and only how many people there were stays. Empty: never."),
    ),
}


def name(setting: str) -> str:
    """Return what a setting is called."""
    return SAID[setting]()[0]


def does(setting: str) -> str:
    """Return what a setting does."""
    return SAID[setting]()[1]


def unit(setting: str) -> str:
    """Return what a number is of; "" where it is of nothing."""
    return {
        "rest_days": _("days"), "grace_minutes": _("minutes"), "same_visit_minutes": _("minutes"), "regular_visits": _("days"),
        "listed_from": _("in 100"), "keep_notes_months": _("months"), "keep_messages_months": _("months"),
        "keep_visits_months": _("months"),
    }.get(setting, "")  # fmt: skip


def as_today(customer: Any) -> str:
    """Return of whom an example is: as on today's list."""
    return _("As it is said of %(name)s today.", name=customer.called)


def kept(settings: list[str]) -> str:
    """Return that some settings are kept as they were just made."""
    if len(settings) == 1:
        return _("Kept: %(setting)s.", setting=name(settings[0]).rstrip("?"))
    return ngettext("%(n)s change is kept.", "%(n)s changes are kept.", len(settings))


def day(closed: dict[str, str], today: date) -> str:
    """Return a closed day as it is said: 25 December, every year; or 24 November 2026."""
    if len(closed["day"]) > len("MM-DD"):
        found = date.fromisoformat(closed["day"])
        return words.named_day(found, year=found.year != today.year)
    found = date.fromisoformat(f"2000-{closed['day']}")
    return _("%(day)s, every year", day=words.month_and_day(found))


def booked(n: int) -> str:
    """Return how many are booked on a day on which the shop is closed."""
    return ngettext("%(n)s person is booked then.", "%(n)s people are booked then.", n)


def hours_of(days: list[int]) -> str:
    """Return which days of the week share their hours: Mon to Fri, or Saturday."""
    if len(days) == 1:
        return words.sentence_case(words.weekday(days[0]))
    first, last = (words.sentence_case(words.weekday(one)) for one in (days[0], days[-1]))
    return _("%(first)s to %(last)s", first=first, last=last)


def changed(it: Mapping[str, str]) -> str:
    """Return a change of a setting, as the record of changes tells it."""
    what = name(it["name"]).rstrip("?") if it["name"] in SAID else it["name"]
    if it["after"] == "–" or len(it["before"]) + len(it["after"]) > SHORT:
        return _("Changed a setting: %(what)s", what=what)
    return _(
        "Changed a setting: %(what)s, from %(before)s to %(after)s",
        what=what, before=value(it["before"]), after=value(it["after"]),
    )  # fmt: skip


def value(told: str) -> str:
    """Return a value as the record of changes has it."""
    return {"True": _("on"), "False": _("off"), "None": _("none"), "": _("none")}.get(told, told)


def forgotten(it: Mapping[str, str]) -> str:
    """Return what was forgotten by itself, as the record of changes tells it."""
    say, told = {"notes": notes, "messages": messages, "visits": visits}.get(it["what"]), it["count"]
    count = say(int(told)) if say and told.isdecimal() else told
    return _("Forgot what is not kept longer: %(count)s", count=count)


def notes(n: int) -> str:
    return ngettext("%(n)s note", "%(n)s notes", n)


def messages(n: int) -> str:
    return ngettext("%(n)s message", "%(n)s messages", n)


def visits(n: int) -> str:
    return ngettext("%(n)s visit", "%(n)s visits", n)


def gone(told: Mapping[str, Any], today: date) -> str:
    """Return what went by itself so far; that nothing did, where it is so."""
    if not told:
        return _("Nothing had to go so far. It is looked at every night.")
    counts = [say(told[kind]) for kind, say in (("notes", notes), ("messages", messages)) if told.get(kind)]
    if told.get("visits"):
        people = ngettext("of %(n)s person", "of %(n)s people", told.get("people", 0))
        counts.append(f"{visits(told['visits'])} {people}")
    last = words.short_day(date.fromisoformat(told["last"]), today)
    return _("Gone so far: %(what)s; the last %(day)s.", what=words.listed(counts), day=last)
