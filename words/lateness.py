"""The words for somebody who is late: how they keep their times, what became of our reminder, what is still possible.

Our own part is said first and as ours; nothing is said against them, and no count of what they missed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import words
from words import calls, reminders
from words.prompts import them
from words.speaking import _, cldr, ngettext, pgettext

WORTH_SAYING = 5  # minutes early
ENOUGH = 3  # appointments kept, to say how somebody keeps them


def silence(about: str) -> str:
    """Return how it is called among our mistakes that a reminder failed, or the word that a time had changed."""
    if about.startswith("change:"):
        return _("They came for a time that we had changed, and did not know.")
    return _("Our reminder did not reach them.")


def their(pronoun: str) -> str:
    told = {"she": pgettext("possessive", "her"), "he": pgettext("possessive", "his")}
    return told.get(pronoun, pgettext("possessive", "their"))


# -- on a row


def on_row(line: Any, shop: Any, past: str) -> list[str]:
    """Return what a row says of an agreed time besides the time: our part first where it failed, in a few words each."""
    lost, punctual, booked = line.lost, line.punctual or {}, line.appointment
    told = [record(punctual)] if past else []
    if past and not lost:  # the time stands beside it
        told.insert(0, _("Was booked for %(time)s", time=words.clock_time(line.at)))
    if lost:
        told.append(_("our reminder failed %(when)s", when=calls.moment(datetime.fromisoformat(lost["at"]), shop)))
    elif not past:
        told.append(usual(line))
    if booked.late_minutes:
        told.append(_("told us: about %(n)s minutes late", n=booked.late_minutes))
    if booked.kept_until:
        told.append(_("place kept until %(time)s", time=words.at_time(shop.local(booked.kept_until))))
    return [words.sentence_case(one) if n == 0 else one for n, one in enumerate(filter(None, told))]


def record(punctual: dict[str, Any]) -> str:
    """Return how somebody keeps their times, as it stands on a row: never late in 28 visits; "" where it is not all in time."""
    n = punctual.get("kept", 0)
    if n < ENOUGH or punctual.get("late"):
        return ""
    return ngettext("never late in %(n)s visit", "never late in %(n)s visits", n)


def usual(line: Any) -> str:
    """Return what to plan for with somebody who is always a bit late: Ten past is his usual: plan for it."""
    usually = (line.punctual or {}).get("usually")
    if not usually or line.appointment is None or line.at is None:
        return ""
    minutes, who = usually["minutes"], their(line.customer.pronoun)
    past = {
        5: _("five past is %(their)s usual: plan for it", their=who),
        10: _("ten past is %(their)s usual: plan for it", their=who),
        15: _("quarter past is %(their)s usual: plan for it", their=who),
        20: _("twenty past is %(their)s usual: plan for it", their=who),
        25: _("twenty-five past is %(their)s usual: plan for it", their=who),
    }
    if usually["on_the_hour"] and line.at.minute == 0 and minutes in past:
        return past[minutes]
    return _("%(n)s minutes after is %(their)s usual: plan for it", n=minutes, their=who)


def plan(line: Any, later: datetime) -> str:
    """Return what to plan for with somebody who is always a bit late, and the `later` time to offer."""
    return f"{words.sentence_case(usual(line))}. " + _(
        "Next time offer %(later)s rather than %(booked)s: it suits %(them)s better.",
        later=words.at_time(later),
        booked=words.at_time(line.at),
        them=them(line.customer.pronoun),
    )


def not_today() -> str:
    return _("Move to not today?")


# -- on the card


def past(story: Any) -> str:
    """Return how late somebody is, or was: 22 minutes past his time."""
    who = their(story.appointment.customer.pronoun)
    if story.is_missed:
        return _("Has not come, and is moved to not today")
    if story.came_at:
        return ngettext(
            "Came %(n)s minute past %(their)s time", "Came %(n)s minutes past %(their)s time", story.minutes, their=who
        )
    return ngettext("%(n)s minute past %(their)s time", "%(n)s minutes past %(their)s time", story.minutes, their=who)


def lines(story: Any, shop: Any, now: datetime) -> list[dict[str, Any]]:
    """Return what happened in three lines, each ``{"when", "ours", "text"}``: their record, our reminder, what is possible."""
    return [_record(story), _fate(story, shop), _possible(story, shop, now)]


def _record(story: Any) -> dict[str, Any]:
    told, n = story.punctual, story.punctual.get("kept", 0)
    if n == 0:
        return _line(_("Before"), _("No other appointment came due here."))
    when = ngettext("%(n)s visit", "%(n)s visits", n)
    if not told.get("late"):
        since = datetime.fromisoformat(told["since"]).year if told.get("since") else None
        text = (
            _("On time or early every time, since %(year)s.", year=since)
            if since and since < story.appointment.starts_at.year
            else _("On time or early every time.")
        )
        early = told.get("early") or 0
        if early >= WORTH_SAYING:
            text += " " + ngettext("Usually %(n)s minute early.", "Usually %(n)s minutes early.", early)
        return _line(when, text)
    if told.get("usually"):
        minutes = told["usually"]["minutes"]
        return _line(when, _("A bit late as usual: about %(n)s minutes. It is planned for.", n=minutes))
    in_time = n - told["late"]
    return _line(when, ngettext("In time for %(n)s of them.", "In time for %(n)s of them.", in_time))


def _did_not_reach(way: str, whom: Any, himself: bool) -> str:
    """Return what did not reach them, or whoever is told in their stead: by name, for that is somebody else."""
    if himself:
        reached = {"them": them(whom.pronoun)}
        return {
            "email": _("our reminder by e-mail did not reach %(them)s.", **reached),
            "sms": _("our reminder by text message did not reach %(them)s.", **reached),
            "call": _("our reminder by automated call did not reach %(them)s.", **reached),
        }.get(way, _("our reminder did not reach %(them)s.", **reached))
    return {
        "email": _("our reminder by e-mail did not reach %(name)s.", name=whom.name),
        "sms": _("our reminder by text message did not reach %(name)s.", name=whom.name),
        "call": _("our reminder by automated call did not reach %(name)s.", name=whom.name),
    }.get(way, _("our reminder did not reach %(name)s.", name=whom.name))


def _fate(story: Any, shop: Any) -> dict[str, Any]:
    booked, lost = story.appointment, story.lost
    if lost:
        told = _did_not_reach(lost.way, story.whom, himself=story.whom.id == booked.customer_id)
        if lost.code.startswith("may-have-gone"):
            told = _("our reminder may not have arrived.")
        text = f"{told} {reminders.reason(lost.code)}"
        if story.silent:
            text += " " + _("There was no other word from us since it was booked.")
        return _line(_moment(lost.at, shop), text, ours=True)
    if booked.confirmed_at:
        told = {
            "phone": _("They said by telephone that they would be there."),
            "counter": _("They said at the counter that they would be there."),
        }.get(booked.confirmed_how, _("They answered that they would be there."))
        return _line(_moment(booked.confirmed_at, shop), told)
    text = {
        "": _("No reminder was due for this."),
        "due": _("Our reminder is still waiting to be sent."),
        "claimed": _("Our reminder is still waiting to be sent."),
        "handed_over": _("Our reminder was sent; whether it arrived we do not know."),
        "delivered": _("Our reminder arrived."),
        "confirmed": _("Our reminder arrived, and was answered."),
        "suppressed": _("No reminder was sent: they asked for none."),
    }.get(story.fate, _("Somebody reached them by telephone after our reminder failed."))
    return _line(_("Reminder"), text)


def _possible(story: Any, shop: Any, now: datetime) -> dict[str, Any]:
    booked = story.appointment
    if story.came_at:
        told = {
            "ours": _("It counts as ours, not as theirs."),
            "both": _("It counts as ours and theirs, and not against them."),
            "theirs": _("They say it was their own slip."),
        }.get(booked.cause, _("Here now. Ask if all is well."))
        return _line(_("Here %(time)s", time=words.clock_time(shop.local(story.came_at))), told)
    when = _("Now %(time)s", time=words.clock_time(shop.local(now)))
    if story.is_missed:
        return _line(when, _("It can be booked anew, or taken back if they come after all."))
    if booked.kept_until:
        return _line(when, _("The place is kept until %(time)s.", time=words.at_time(shop.local(booked.kept_until))))
    name, who = booked.with_whom, them(booked.customer.pronoun)
    if story.until is None:
        if name:
            return _line(when, _("Nothing is in the way: %(with)s can still see %(them)s.", them=who, **{"with": name}))
        return _line(when, _("Nothing is in the way: there is still time."))
    if story.until > now:
        until = words.at_time(shop.local(story.until))
        if name:
            return _line(
                when, _("%(with)s can still see %(them)s until %(time)s.", them=who, time=until, **{"with": name})
            )
        return _line(when, _("There is still time until %(time)s.", time=until))
    following = words.at_time(shop.local(story.next_at))
    return _line(
        when, _("The next one is booked at %(time)s. Another time can be found, or a squeeze.", time=following)
    )


def _line(when: str, text: str, ours: bool = False) -> dict[str, Any]:
    return {"when": when, "ours": ours, "text": text}


def _moment(instant: datetime, shop: Any) -> str:
    """Return when something was, in a narrow column: Mon 18:00, or 18:00 today."""
    local = shop.local(instant)
    time = words.clock_time(local)
    if local.date() == shop.today():
        return time
    if (shop.today() - local.date()).days < 7:
        return f"{cldr().days['stand-alone']['abbreviated'][local.weekday()]} {time}"
    return words.sentence_case(words.short_day(local.date(), shop.today()))


def ours() -> str:
    return _("Ours:")


def ring(whom: Any, customer: Any) -> str:
    """Return what the button to ring says: Call him, or by name where it is somebody else."""
    if whom.id == customer.id:
        return {"she": _("Call her"), "he": _("Call him")}.get(customer.pronoun, _("Call them"))
    return _("Call %(name)s", name=whom.name)


def keep_place(pronoun: str) -> str:
    return {"she": _("Keep her place"), "he": _("Keep his place")}.get(pronoun, _("Keep their place"))


def give_free(until: datetime) -> str:
    """Return that their place is kept, and what a tap does."""
    return _("Place kept until %(time)s. Give it free", time=words.at_time(until))


def did_they_come(appointment: Any, shop: Any) -> str:
    """Return the question about a day before: Did Pia come yesterday at 10:00?"""
    local = shop.local(appointment.starts_at)
    day, time = words.short_day(local.date(), shop.today()), words.at_time(local)
    return _("Did %(name)s come %(day)s at %(time)s?", name=appointment.customer.called, day=day, time=time)


def did_not_reach(customer: Any) -> str:
    return words.sentence_case(_("our reminder did not reach %(them)s.", them=them(customer.pronoun)))


def came() -> str:
    return _("Kept: they came.")


def cause(which: str) -> str:
    """Return whose slip it was."""
    return {"ours": _("Ours"), "theirs": _("Theirs"), "both": _("Both")}[which]


def only_in_part() -> str:
    return _("Our reminder failed, so it cannot be theirs alone.")


def sorry() -> str:
    return _("We said sorry")


def kept(until: datetime) -> str:
    return _("The place is kept until %(time)s.", time=words.at_time(until))


def freed() -> str:
    return _("Undone. The place is free again.")


def cause_kept(which: str) -> str:
    return {
        "ours": _("Kept: the slip was ours."),
        "theirs": _("Kept: the slip was theirs."),
        "both": _("Kept: the slip was ours and theirs."),
    }.get(which, _("Kept: nobody knows whose slip it was."))


def missed(appointment: Any, shop: Any) -> str:
    """Return what is said once somebody was marked as not come: today, or of a day before."""
    name, day = appointment.customer.called, shop.day_of(appointment.starts_at)
    if day >= shop.today():
        return _("%(name)s is moved to not today.", name=name)
    return _("Kept: %(name)s did not come %(day)s.", name=name, day=words.short_day(day, shop.today()))


def did_not_come(appointment: Any, shop: Any) -> str:
    """Return what somebody said of a day before: Pia did not come yesterday at 10:00."""
    local = shop.local(appointment.starts_at)
    day, time = words.short_day(local.date(), shop.today()), words.at_time(local)
    return _("%(name)s did not come %(day)s at %(time)s", name=appointment.customer.called, day=day, time=time)


def expected_again(appointment: Any, shop: Any) -> str:
    customer = appointment.customer
    if shop.day_of(appointment.starts_at) < shop.today():
        return _("Undone. We do not know whether %(name)s came.", name=customer.called)
    return _("Undone. %(name)s is expected again.", name=customer.called)
