"""What the owner and the staff are told when what must go on by itself does not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import words
from words import reminders
from words.speaking import _, ngettext


def moment(at: datetime, now: datetime) -> str:
    """Return a time as it is told on the same day; with its day where that is another."""
    time = words.clock_time(at)
    if at.date() == now.date():
        return time
    return _("%(day)s, %(time)s", day=words.short_day(at.date(), now.date()), time=time)


def silence(since: datetime, now: datetime) -> str:
    """Return what staff read on every page; both times are the shop's."""
    return _(
        "Reminders have not gone out since %(time)s. Ring those who are due: nobody else will tell them.",
        time=moment(since, now),
    )


def silent(shop: str, since: datetime, now: datetime) -> tuple[str, str]:
    """Return subject and text for the owner: the sender is dead or hangs."""
    return _("%(shop)s: reminders are not going out", shop=shop), _(
        "%(shop)s: reminders have not gone out since %(time)s. The server runs, but what sends them hangs. Start Regulars again; "
        "what is still of use goes out then. Until that time the team has to ring those who are due.",
        shop=shop,
        time=moment(since, now),
    )


def unwatched(shop: str, since: datetime, now: datetime) -> tuple[str, str]:
    """Return subject and text for the owner: reminders go out, but nothing watches over them any more."""
    return _("%(shop)s: Regulars needs a new start", shop=shop), _(
        "%(shop)s: since %(time)s nothing watches over the reminders, though they still go out. Start Regulars again.",
        shop=shop,
        time=moment(since, now),
    )


def provider(shop: str, way: str, code: str, link: str = "") -> tuple[str, str]:
    """Return subject and text for the owner: a provider does not take what we send; `link` is where that is mended."""
    named = words.sentence_case(reminders.way(way))
    text = _(
        "%(shop)s: %(way)s does not work. %(reason)s Whoever was to be reminded that way stands on the team’s list to ring as "
        "soon as it is too late for a message.",
        shop=shop,
        way=named,
        reason=reminders.what_to_mend(way, code),
    )
    where = _("It is mended here: %(link)s", link=link) if link else _("It is mended under Reminders, in Regulars.")
    return _("%(shop)s: %(way)s does not work", shop=shop, way=named), f"{text} {where}"


def pin_shut(shop: str, name: str, phone: str) -> tuple[str, str]:
    """Return subject and text for the owner: somebody guesses at a colleague's PIN, or has forgotten their own."""
    return _("%(shop)s: too many wrong PINs", shop=shop), _(
        "%(shop)s: ten wrong PINs were typed for %(name)s on %(phone)s, so nobody gets in there as %(name)s any more. If that "
        "was %(name)s, give them a new PIN under Team. If nobody knows of it, shut that phone out.",
        shop=shop,
        name=name,
        phone=phone,
    )


def password_guessed(shop: str, name: str) -> tuple[str, str]:
    """Return subject and text for the owner: somebody guesses at their password, or they have forgotten it."""
    return _("%(shop)s: too many wrong passwords", shop=shop), _(
        "%(shop)s: ten wrong passwords or codes in a row were tried for %(name)s. It rests between tries, an hour at most. If "
        "that was not you, nothing is lost: a long password or a passkey holds. If you have forgotten it, whoever sits at "
        "the machine makes a new link with ./regulars reset-owner.",
        shop=shop,
        name=name,
    )


def lasted(time: timedelta) -> str:
    """Return how long something lasted, as people say it."""
    minutes = round(time.total_seconds() / 60)
    if minutes < 100:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes)
    hours = round(minutes / 60)
    if hours < 48:
        return ngettext("%(n)s hour", "%(n)s hours", hours)
    return ngettext("%(n)s day", "%(n)s days", round(hours / 24))


def missed(n: int) -> str:
    return ngettext("%(n)s reminder was due in that time", "%(n)s reminders were due in that time", n)


def outage(one: Any) -> str:
    """Return a time in which nothing ran, for the owner's page."""
    down = lasted(one.ended - one.began)
    if not one.missed:
        return _("Regulars was off for %(time)s. No reminder was due in that time.", time=down)
    return _("Regulars was off for %(time)s. %(missed)s.", time=down, missed=missed(one.missed))


def down(shop: str, one: Any, too_late: int) -> tuple[str, str]:
    """Return subject and text for the owner after a restart; `too_late` of the missed reminders are of no use any more."""
    rest = one.missed - too_late
    told = [outage(one)]
    if rest:
        told.append(ngettext("%(n)s of them goes out now.", "%(n)s of them go out now.", rest))
    if too_late:
        told.append(
            ngettext(
                "For %(n)s it is too late: it stands on the team’s list to ring.",
                "For %(n)s it is too late: they stand on the team’s list to ring.",
                too_late,
            )
        )
    return _("%(shop)s: Regulars was off", shop=shop), f"{shop}: {' '.join(told)}"
