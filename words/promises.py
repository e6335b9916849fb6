"""The words for what we owe: how many are for today, who said it, by when, who kept it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import words
from words.speaking import _, ngettext


def how_many(n: int) -> str:
    """Return the line under the heading of the page."""
    if not n:
        return _("Small things said at the counter. None is for today.")
    count = words.sentence_case(words.number(n))
    return ngettext(
        "Small things said at the counter. %(count)s is for today.",
        "Small things said at the counter. %(count)s are for today.",
        n,
        count=count,
    )


def about(owed: Any, today: date, me: int) -> str:
    """Return what stands beside a name: about 8:15 · Sam said it; since Thursday · you; was for Monday · Sam said it."""
    promise, told = owed.promise, []
    if owed.line is not None and owed.line.around is not None and not owed.line.arrived:
        told.append(_("about %(time)s", time=words.at_time(owed.line.around)))
    if promise.due is not None:
        told.append(due(promise.due, today))
    elif owed.line is None:
        told.append(_("since %(day)s", day=words.short_day(promise.day, today)))
    told.append(said_by(owed.by, promise.author_id, me))
    return "\u00a0· ".join(told)  # no line begins with a dot


def due(day: date, today: date) -> str:
    """Return by when something was promised: for today, for Thursday, was for Monday."""
    if day < today:
        return _("was for %(day)s", day=words.short_day(day, today))
    # Translators: by when something was promised: for today, for Thursday
    return _("for %(day)s", day=words.day_ahead(day, today))


def said_by(name: str, author: int | None, me: int) -> str:
    if author == me:
        return _("you said it")
    return _("%(name)s said it", name=name) if name else _("one of us said it")


def said(owed: Any, today: date) -> str:
    """Return who promised it when, for the card: Sam said we would, 17 November."""
    name = owed.by or _("One of us")
    told = _("%(name)s said we would, %(day)s", name=name, day=words.short_day(owed.promise.day, today))
    return f"{told} · {due(owed.promise.due, today)}" if owed.promise.due else told


def kept(owed: Any, shop: Any, now: datetime) -> str:
    """Return who kept it and when: kept by Maya, 7:33."""
    local, today = shop.local(owed.promise.kept_at), shop.day_of(now)
    when = words.clock_time(local) if local.date() == today else words.short_day(local.date(), today)
    return _("kept by %(name)s, %(when)s", name=owed.kept_by or _("one of us"), when=when)


def stood(owed: Any, shop: Any, now: datetime) -> str:
    """Return what became of a promise to somebody who has died: who said it, or who kept it, and no more to be done."""
    if owed.promise.kept_at:
        return words.sentence_case(kept(owed, shop, now))
    return _(
        "%(name)s said we would, %(day)s",
        name=owed.by or _("One of us"),
        day=words.short_day(owed.promise.day, shop.day_of(now)),
    )


def waits(owed: Any, shop: Any, now: datetime) -> str:
    """Return that it was done and that we wait to hear: Kept by Tom, Thursday. Waiting to hear from Dana."""
    told = words.sentence_case(kept(owed, shop, now))
    if owed.is_sent:
        return f"{told}. {sent(owed)}"
    return _("%(kept)s. Waiting to hear from %(name)s.", kept=told, name=owed.customer.called)


def whens(today: date) -> list[tuple[str, str, str]]:
    """Return the days a promise is most often for, as values of a form, with their names and what day that is ("" if open)."""
    found = [("", _("When they come next")), ("0", _("Today")), ("1", _("Tomorrow")), ("7", _("In a week"))]
    return [(ahead, name, str(today + timedelta(days=int(ahead))) if ahead else "") for ahead, name in found]


def on_row(owed: dict[str, Any], today: date) -> str:
    """Return a promise on somebody's row: Part ordered, here by Thursday: for today (Tom)."""
    by = f" ({owed['by']})" if owed.get("by") else ""
    if not owed.get("due"):
        return owed["text"] + by
    return _("%(text)s: %(due)s", text=owed["text"], due=due(date.fromisoformat(owed["due"]), today)) + by


def sent(owed: Any) -> str:
    """Return what is known of something that was sent: never that it was received, before they said so."""
    return {
        "due": _("It waits to be sent."),
        "claimed": _("It is being sent."),
        "delivered": _("It is in their mailbox, not confirmed."),
        "confirmed": _("They have it."),
        "bounced": _("It did not arrive: hand it over or try another way."),
        "failed": _("It did not arrive: hand it over or try another way."),
        "expired": _("It was never sent: hand it over or try another way."),
        "suppressed": _("They asked not to be told that way: hand it over or try another."),
    }.get(owed.promise.delivery, _("Sent, not confirmed."))


def not_sendable(code: str, way: str, name: str) -> str:
    """Return why nothing can be sent to somebody by a way, and what to do instead."""
    if code == "asked-not-to":
        return _("%(name)s asked us not to write. Hand it over, or ring.", name=name)
    if code == "bad-address":
        if way == "email":
            return _("Nothing arrives at the e-mail address we have of %(name)s. Ask for the right one.", name=name)
        return _("Nothing arrives at the number we have of %(name)s. Ask for the right one.", name=name)
    if code == "has-died":
        return _("%(name)s has died.", name=name)
    if way == "email":
        return _("We have no e-mail address of %(name)s. Ask for one, or hand it over.", name=name)
    return _("We have no telephone number of %(name)s. Ask for one, or hand it over.", name=name)


def not_set_up(way: str) -> str:
    if way == "email":
        return _("E-mail is not set up here yet. The owner can do that.")
    return _("Text messages are not set up here yet. The owner can do that.")


def ask_if_arrived(owed: Any) -> str:
    """Return what to ask, once a day has gone by without a word."""
    return _("Ask: “Did you get it?”")
