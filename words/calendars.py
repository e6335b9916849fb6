"""The words for calendars: what could not be read or written, and how it is mended; whose an entry is; what stands twice."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import words
from words.appointments import at_wall
from words.finding import last_seen
from words.speaking import _, ngettext

MOST_MEGABYTES = 5  # of a file


def trouble(code: str) -> str:
    """Return why a calendar cannot be read and what helps, in two sentences; one general one for a code nobody foresaw."""
    told = {
        "sign-in-refused": _(
            "The account or the password was not accepted. Enter them again; some servers want a "
            "password of its own for apps, made in their settings."
        ),
        "other-sign-in": _(
            "That server wants another way of signing in than a password. Make a password for apps "
            "there, or use the address for subscribing to the calendar."
        ),
        "not-found": _("There is no calendar at this address any more. Copy the address anew from the other calendar."),
        "no-rights": _(
            "The server does not let us read this calendar. Share it with the account that is entered "
            "here, or enter another one."
        ),
        "not-a-calendar": _(
            "What stands at this address is no calendar. Look for “iCal”, “ICS” or “CalDAV” in the other "
            "calendar’s settings, and copy that address."
        ),
        "server-away": _(
            "The other server does not answer properly just now. We try again by ourselves; if it stays "
            "so for a day, ask whoever runs it."
        ),
        "timeout": _("The other server took too long. We try again by ourselves."),
        "too-large": _("The calendar is too large to be read. Share a shorter part of it, such as the coming year."),
        "bad-answer": _(
            "The other server’s answer made no sense to us. Check that the address is the calendar’s own "
            "and no web page’s."
        ),
        "not-allowed": _(
            "This address leads into a private network, so it is not asked. If the calendar is in your "
            "own shop, whoever installed Regulars can allow its host: REGULARS_ALLOWED_HOSTS."
        ),
        "moved": _("The calendar has moved to another address. Copy the address anew from the other calendar."),
        "redirected": _("The calendar has moved to another address. Copy the address anew from the other calendar."),
        "bad-address": _("This is no address that can be asked. It begins with https:// and is copied whole."),
        "no-such-host": _("There is no server of that name. Check the address for a slip."),
        "refused": _(
            "No connection to the other server came about. We try again by ourselves; check the address if it stays so."
        ),
        "cut-off": _("The other server broke off in the middle. We try again by ourselves."),
        "tls": _(
            "The other server could not show that it is who it says: its certificate is not good. Tell whoever runs it."
        ),
        "too-many-lines": _("The file is too large for a calendar. Export a shorter time from the other program."),
        "too-many-events": _(
            "There are more entries than we read at once. Share a shorter part of it, such as the coming year."
        ),
        "too-deep": _("The file is put together in a way no calendar is, so nothing of it was taken."),
        "unreadable": _("The file cannot be read as a calendar. Export it once more from the other program."),
        "out-of-time": _("The file takes too long to work out. Export a shorter time from the other program."),
        "our-fault": _("Something went wrong on our side. We try again by ourselves."),
    }
    return told.get(code) or _("It could not be read. We try again by ourselves.")


def file_trouble(code: str) -> str:
    """Return why a file cannot be taken in: there is no address to look at, and nothing is tried again by itself."""
    told = {
        "not-a-calendar": _(
            "This file is no calendar. Choose one whose name ends in .ics, or a table that ends in .csv."
        ),
        "too-large": _(
            "A file may have %(most)s MB at most. Export a shorter time from the other program.", most=MOST_MEGABYTES
        ),
        "too-many-events": _(
            "There are more entries than we read at once. Export a shorter time from the other program."
        ),
        "our-fault": _("Something went wrong on our side, and nothing was taken in. The server’s log says more."),
    }
    return told.get(code) or trouble(code)


def most_of_a_file() -> str:
    return _("%(most)s MB at most.", most=MOST_MEGABYTES)


def refused(code: str) -> str:
    """Return why one entry was not taken in, or one of ours could not be written there, and what helps."""
    told = {
        "no-start": _("It has no time to begin at. Give it one there."),
        "bad-time": _("Its time cannot be read. Enter it anew there."),
        "bad-duration": _("How long it takes cannot be read. Enter it anew there."),
        "bad-line": _("A line of it is damaged. Enter it anew there."),
        "line-too-long": _("A line of it is longer than any entry needs. Shorten it there."),
        "ends-before-it-starts": _("It ends before it begins. Put that right there."),
        "too-long": _("It takes more than a year. Shorten it there."),
        "unknown-zone": _("Its time zone is one nobody knows. Choose another there."),
        "unfinished": _("It breaks off in the middle. Export or save it again there."),
        "cut-short": _("The file breaks off before its end. Export it once more."),
        "uid-too-long": _("Its name within the calendar is too long. Enter it anew there."),
        "rule-too-often": _("It comes again more often than once a day would allow for. Change how it repeats there."),
        "rule-too-long": _("It comes again more often than can be worked out. Give it a last day there."),
        "bad-rule": _("How it repeats cannot be read. Enter that anew there."),
        "bad-interval": _("How it repeats cannot be read. Enter that anew there."),
        "bad-count": _("How often it repeats is no sensible number. Enter that anew there."),
        "never-happens": _("It repeats on a day that never comes. Change that there."),
        "several-rules": _("It repeats in more than one way. Make two entries of it there."),
        "left-out-by-rule": _(
            "Days are left out of it by a rule, which we do not read. Leave them out one by one there."
        ),
        "too-many-dates": _("It names more days than we read. Make several entries of it there."),
        "too-many-entries": _("There are more entries than we take in at once; those after it were left."),
        "older-version": _("The same entry stands there twice; the newer one was taken."),
        "unreadable": _("It cannot be read. Enter it anew there."),
        "out-of-time": _("There was no time left to work it out. Share a shorter part of the calendar."),
        "too-large": _("It is too large. Take what is attached to it away there."),
        "read-only": _(
            "This account may only read that calendar, so what is booked here is not written there. Ask "
            "for the right to change it, or turn writing off."
        ),
        "no-rights": _(
            "This account may only read that calendar, so what is booked here is not written there. Ask "
            "for the right to change it, or turn writing off."
        ),
        "no-room": _("That calendar is full, so what is booked here is not written there. Make room on its server."),
        "locked": _("The entry was locked by somebody else there. We try again by ourselves."),
        "not-accepted": _(
            "That server did not take an entry of ours. Write it there by hand, and tell whoever runs the server."
        ),
        "out-of-its-dates": _("That server takes no entries so far ahead. Write it there by hand."),
        "not-found": _("The place for it was not there any more. We look again by ourselves."),
        "name-taken": _("There is another entry of the same name in that calendar. We look again by ourselves."),
        "changed-meanwhile": _("Somebody changed it there at the same moment. Both are shown under Calendars."),
        "exists-already": _("It stands there already. We look again by ourselves."),
        "not-editable": _("An entry there is put together so that we cannot change it. Change it there by hand."),
    }
    return told.get(code) or trouble(code)


def left(code: str, summary: str) -> str:
    """Return why an entry was passed over, which is no fault of it."""
    told = {
        "cancelled": _("“%(entry)s” is cancelled there.", entry=summary),
        "whole-day": _("“%(entry)s” is a whole day, and no appointment.", entry=summary),
        "past": _("“%(entry)s” is over.", entry=summary),
        "left-out": _("“%(entry)s” is nobody’s, as somebody said.", entry=summary),
        "has-died": _("“%(entry)s” is somebody’s who has died. Nothing was booked.", entry=summary),
        "whose": _("Nobody is sure whose “%(entry)s” is. It waits for somebody to say so, under Calendars.", entry=summary),
        "too-many-entries": _("“%(entry)s” and what follows it was left: there is too much at once.", entry=summary),
    }  # fmt: skip
    return told[code]


def place(line: int, field: str) -> str:
    """Return where in a file something stands; of what is written there is no line."""
    if field == "PUT":
        return _("Writing")
    return _("Line %(line)s", line=line) if line else _("The file")


def has_died(name: str) -> str:
    return _("%(name)s has died. Nothing is booked any more.", name=name)


def kind(calendar: Any) -> str:
    """Return how a calendar comes to us."""
    if calendar.kind == "file":
        return _("A file that was taken in once")
    if calendar.kind == "address":
        return _("Read every ten minutes")
    return (
        _("Read every ten minutes, and written to")
        if calendar.two_way
        else _("Read every ten minutes, never written to")
    )


def last_read(calendar: Any, shop: Any, now: datetime) -> str:
    """Return when a calendar was read last: Read today at 8:12."""
    if calendar.read_at is None:
        return _("It could not be read yet.") if calendar.trouble else _("Not read yet.")
    return _("Read %(when)s.", when=past(calendar.read_at, shop))


def past(instant: datetime, shop: Any) -> str:
    local = shop.local(instant)
    return _("%(day)s at %(time)s", day=words.short_day(local.date(), shop.today()), time=words.at_time(local))


def ahead(instant: datetime, shop: Any) -> str:
    local = shop.local(instant)
    return at_wall(local, shop)


def asked(entry: Any, more: int, shop: Any) -> str:
    """Return when an entry is of which nobody knows whose it is, and that more of it follow."""
    when = words.sentence_case(ahead(entry.starts_at, shop))
    if not more:
        return _("%(when)s, from %(calendar)s", when=when, calendar=entry.calendar.name)
    return ngettext(
        "%(when)s and once more, from %(calendar)s",
        "%(when)s and %(n)s times more, from %(calendar)s",
        more,
        when=when,
        calendar=entry.calendar.name,
    )


def known_by(one: Any, today: date) -> str:
    """Return what tells somebody from others of their name, as much as is known."""
    told = [one.usual] if one.usual else []
    if one.seen is not None:
        told.append(last_seen(one.seen, today))
    if one.digits:
        told.append(_("number ends in %(digits)s", digits=one.digits))
    return " · ".join(told)


def clash(one: Any, shop: Any) -> str:
    """Return what stands twice: two at one time, or one that was changed here and there."""
    row = one.entry
    ours, name, calendar = row.appointment, row.appointment.customer.name, row.calendar.name
    there = ahead(row.starts_at, shop)
    if one.other is not None:
        return _(
            "%(name)s is booked %(when)s in %(calendar)s, and %(other)s here at %(time)s. Both stand.",
            name=name, when=there, calendar=calendar, other=one.other.customer.name,
            time=words.at_time(shop.local(one.other.starts_at)),
        )  # fmt: skip
    if ours.state == "cancelled":
        return _(
            "%(name)s was cancelled here, and in %(calendar)s moved to %(when)s.",
            name=name, calendar=calendar, when=there,
        )  # fmt: skip
    if (ours.starts_at, ours.ends_at) == (row.starts_at, row.ends_at):
        return _("%(name)s stood beside somebody else %(when)s, who is gone meanwhile.", name=name, when=there)
    return _(
        "%(name)s was moved here to %(ours)s, and in %(calendar)s to %(theirs)s.",
        name=name, ours=ahead(ours.starts_at, shop), calendar=calendar, theirs=there,
    )  # fmt: skip


def to_do_there(row: Any, shop: Any) -> str:
    """Return what was changed here and has to be changed in the other calendar by hand, or the other way round."""
    ours, name, calendar = row.appointment, row.appointment.customer.name, row.calendar.name
    if row.state == "gone":
        return _(
            "%(name)s, %(when)s, is gone from %(calendar)s, and stands here since it was moved. Cancel it here if it is off.",
            name=name, when=ahead(ours.starts_at, shop), calendar=calendar,
        )  # fmt: skip
    if ours.state == "cancelled":
        return _(
            "%(name)s, %(when)s, is cancelled here and still stands in %(calendar)s. Take it out there as well.",
            name=name, when=ahead(row.starts_at, shop), calendar=calendar,
        )  # fmt: skip
    return _(
        "%(name)s was moved here to %(ours)s; %(calendar)s still says %(theirs)s. Move it there as well.",
        name=name, ours=ahead(ours.starts_at, shop), calendar=calendar, theirs=ahead(row.starts_at, shop),
    )  # fmt: skip


def came_from(name: str) -> str:
    """Return where an appointment is from, as the card tells it."""
    return _("From the calendar %(name)s", name=name)


def waiting(count: int) -> str:
    return ngettext(
        "One entry of a calendar waits: whose is it?", "%(n)s entries of a calendar wait: whose are they?", count
    )


def open_questions(count: int) -> str:
    return ngettext("One entry needs a word from you.", "%(n)s entries need a word from you.", count)


def not_taken(count: int) -> str:
    return ngettext("One line was not taken", "%(n)s lines were not taken", count)


def busy() -> str:
    """Return what an appointment is called in a feed without names."""
    return _("Booked")


def feed_name(shop: str, whom: str) -> str:
    return _("%(shop)s: %(with)s", shop=shop, **{"with": whom}) if whom else shop


def counted(told: Any) -> str:
    """Return what came of a file: 12 taken in, 2 changed, 3 passed over."""
    return _(
        "%(added)s taken in, %(updated)s changed, %(skipped)s passed over, %(refused)s that could not be read.",
        added=told.added, updated=told.updated, skipped=told.skipped, refused=told.refused,
    )  # fmt: skip
