"""The words for agreed times: what stands, what is taken by whom, and what is still free."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import words
from words.speaking import _, ngettext, pgettext


def at(appointment: Any, shop: Any) -> str:
    """Return when an appointment is, as it stands in a sentence: tomorrow at 10:00."""
    return moment(appointment.starts_at, shop)


def moment(instant: datetime, shop: Any) -> str:
    return at_wall(shop.local(instant), shop)


def at_wall(local: datetime, shop: Any) -> str:
    """Return a time on the shop's clock as it stands in a sentence: tomorrow at 10:00."""
    return _("%(day)s at %(time)s", day=day_told(local.date(), shop.today()), time=words.at_time(local))


def day_told(day: date, today: date) -> str:
    """Return a day as it is told to somebody who is to come: with its weekday as well, where the date alone would stand."""
    if 0 <= (day - today).days < 7:
        return words.day_ahead(day, today)
    # Translators: a weekday or a date within a sentence; put an article if your language needs one
    return pgettext("day", "%(day)s", day=words.named_day(day, day.year != today.year))


def nothing_booked(name: str) -> str:
    return _("%(name)s has died. Nothing is booked any more.", name=name)


def whole_number(name: str, least: int, most: int) -> str:
    """Return what is said of a number that is none, by the name of its field."""
    between = {"least": least, "most": most}
    if name == "times":
        return _("How many times is a whole number between %(least)s and %(most)s.", **between)
    if name == "every_weeks":
        return _("How many weeks lie between is a whole number between %(least)s and %(most)s.", **between)
    return _("Minutes are a whole number between %(least)s and %(most)s.", **between)


def stands_no_more(appointment: Any, shop: Any) -> str:
    """Return what to tell whoever was second about an appointment that does not stand."""
    if appointment.state == "missed":
        return _("They did not come, so somebody marked it. It can be taken back.")
    return _("This appointment, %(when)s, is cancelled already.", when=at(appointment, shop))


def taken(other: Any, shop: Any, free: list[datetime]) -> str:
    """Return who has a time already, and what is free next."""
    return _has_it(other, shop) + " " + _free(free, shop)


SHOWN = 5


def series_taken(other: Any, shop: Any, days: list[date], n: int) -> str:
    """Return which days of a series are taken, of how many, and the first of those who have them."""
    shown = [words.named_day(day) for day in days[:SHOWN]]
    if len(days) > SHOWN:
        shown.append(ngettext("%(n)s more", "%(n)s more", len(days) - SHOWN))
    told = ngettext(
        "Of %(all)s days %(n)s is taken: %(days)s.",
        "Of %(all)s days %(n)s are taken: %(days)s.",
        len(days),
        all=n,
        days=words.listed(shown),
    )
    return told + (" " + _has_it(other, shop) if other is not None else "")


def left_out(days: list[date]) -> str:
    """Return which days were left out of a series, as their time is somebody else's."""
    return _("Left out: %(days)s.", days=words.listed([words.named_day(day) for day in days[:SHOWN]])) if days else ""


def _has_it(other: Any, shop: Any) -> str:
    when = moment(other.starts_at, shop)
    if other.with_whom:
        told = _(
            "%(name)s is booked with %(with)s %(when)s.",
            name=other.customer.name,
            when=when,
            **{"with": other.with_whom},
        )
    else:
        told = _("%(name)s is booked %(when)s.", name=other.customer.name, when=when)
    return told


def _free(free: list[datetime], shop: Any) -> str:
    if not free:
        return _("Nothing else is free within a week; squeezing in is possible.")
    times = words.listed([moment(one, shop) for one in free])
    return _("Free next: %(times)s. Squeezing in is possible.", times=times)


# -- on the card


def line(one: Any, shop: Any) -> str:
    """Return when an appointment is, to stand by itself: Tomorrow at 10:00."""
    return words.sentence_case(at(one, shop))


def length(minutes: int) -> str:
    return ngettext("%(n)s minute", "%(n)s minutes", minutes)


def details(one: Any, minutes: int) -> str:
    """Return with whom it is and how long it takes: with Nadia · 45 minutes."""
    whom = [_("with %(name)s", name=one.with_whom)] if one.with_whom else []
    return "\u00a0· ".join([*whom, length(minutes)])


def again(series: Any, today: date) -> str:
    """Return how often it comes again: Every two weeks on Tuesday and Thursday, until 26 February."""
    if series.until:
        return _("%(often)s, until %(day)s", often=_often(series), day=words.day_ahead(series.until, today))
    return _often(series)


def _often(series: Any) -> str:
    days = words.listed([words.weekday(int(day)) for day in series.weekdays.split()])
    n = series.every_weeks
    return ngettext("Every week on %(days)s", "Every %(n)s weeks on %(days)s", n, days=days)


def answered(one: Any, shop: Any, today: date) -> str:
    """Return that they said they will be there, how and when; "" where they did not."""
    if one.confirmed_at is None:
        return ""
    when = {"day": words.short_day(shop.day_of(one.confirmed_at), today)}
    if one.confirmed_how == "phone":
        return _("They will be there, they said on the phone, %(day)s.", **when)
    if one.confirmed_how == "counter":
        return _("They will be there, they told us, %(day)s.", **when)
    return _("They will be there, they answered, %(day)s.", **when)


def running_late(minutes: int) -> str:
    return ngettext("They said they will be %(n)s minute late.", "They said they will be %(n)s minutes late.", minutes)


def grace(minutes: int, whence: str) -> str:
    """Return from when on they are late, and `whence` we take that: set, told, learned, or the shop's."""
    told = ngettext(
        "Up to %(n)s minute after it is no lateness", "Up to %(n)s minutes after it is no lateness", minutes
    )
    why = {
        "set": _("set for this one"),
        "told": _("they told us"),
        "learned": _("learned from how they come"),
        "shop": _("as for everybody here"),
    }[whence]
    return f"{told}: {why}."


def more(n: int, until: str) -> str:
    return ngettext(
        "And one more, %(until)s", "And %(count)s more, until %(until)s", n, count=words.number(n), until=until
    )


def ended(series: Any, today: date) -> str:
    """Return that a series is over: Every week on Tuesday: ended from 2 December on."""
    day = words.day_ahead(series.ended_on, today)
    return _("%(often)s: ended from %(day)s on.", often=_often(series), day=day)


def every() -> list[tuple[str, str]]:
    """Return how often an appointment can come again."""
    weeks = [ngettext("Every week", "Every %(n)s weeks", n) for n in (1, 2, 3, 4, 6, 8, 12)]
    return [("", _("Just once")), *zip(("1", "2", "3", "4", "6", "8", "12"), weeks, strict=True)]


# -- the sheet


def no_day() -> str:
    return _("Pick a day and a time.")


def over(ago: str) -> str:
    return _("That was %(ago)s.", ago=ago)


def no_such_time(wall: datetime, instead: datetime) -> str:
    """Return that the shop's clock leaves a time out, and which one is meant instead."""
    when = {"day": words.named_day(wall.date()), "time": words.at_time(wall), "instead": words.at_time(instead)}
    return _("The clock goes forward on %(day)s: there is no %(time)s, it would be %(instead)s.", **when)


def not_open(day: date, hours: tuple[datetime, datetime] | None) -> str:
    """Return that the shop is not open then."""
    if hours is None:
        return _("The shop is closed on %(day)s.", day=words.named_day(day))
    opens, closes = (words.at_time(one) for one in hours)
    return _(
        "On %(day)s the shop is open from %(opens)s to %(closes)s.",
        day=words.named_day(day),
        opens=opens,
        closes=closes,
    )


def far_ahead(day: date, today: date) -> str:
    return _("That is more than a year ahead: %(day)s.", day=day_told(day, today))


def unreachable() -> str:
    return _("No reminder can reach them yet: ask for an address.")


def told_soon() -> str:
    return _("They are told in half a minute.")


def told_by_nobody() -> str:
    return _("Nothing reaches them: ring them.")


def day_over() -> str:
    return _("That day is over. Pick another one.")


def no_name() -> str:
    return _("Say who it is for: a name, or a word you know them by.")


# -- toasts, each with what Undo is read out as


def booked(when: str) -> str:
    return _("Booked: %(when)s.", when=when)


def booked_all(made: int, when: str) -> str:
    return ngettext("Booked: %(when)s.", "Booked %(n)s times, first %(when)s.", made, when=when)


def moved(when: str) -> str:
    return _("Moved: %(when)s.", when=when)


def changed(when: str) -> str:
    """Return what is said when all but the time was changed: of that nobody is told."""
    return _("Changed: %(when)s. They are not told of it.", when=when)


def cancelled(when: str) -> str:
    return _("Cancelled: %(when)s.", when=when)


def stands(when: str) -> str:
    return _("It stands: %(when)s.", when=when)


def kept(kind: str) -> str:
    return {
        "late": _("Kept. They are not late before that."),
        "grace": _("Kept. Thank you."),
        "confirmed": _("Good: they will be there."),
        "unconfirmed": _("Taken back. They have not said yet."),
        "ended": _("The series ends there. What is before stands."),
        "resumed": _("The series goes on."),
    }[kind]
