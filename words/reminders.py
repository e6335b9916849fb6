"""The words of a reminder, and what is told of its fate: to staff and owner, so that they know what to do."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import words
from words.speaking import _, ngettext

PLACES = ("name", "whose", "shop", "day", "time", "with", "link")
PLACE = re.compile(r"\{([^{}]*)\}")


def wrong_places(text: str) -> list[str]:
    """Return what stands in braces in the owner's words and is nothing we can fill in; "{" for one that is not closed."""
    wrong = [f"{{{place}}}" for place in PLACE.findall(text) if place not in PLACES]
    rest = PLACE.sub("", text)
    return wrong + [brace for brace in "{}" if brace in rest]


def subject() -> str:
    return _("Your appointment at {shop}")


def letter() -> str:
    """Return our own words for a reminder by e-mail, with places to fill in."""
    return "\n\n".join(
        [
            _("Hello {name},"),
            _("this is to remind you: {whose}, {day} at {time}."),
            _("Will you be there, or shall we move it? One tap tells us: {link}"),
            _("See you then. {shop}"),
        ]
    )


def text() -> str:
    """Return our own words for a reminder by text message."""
    return _("{shop}: {whose}, {day} at {time}. Tell us if that does not suit: {link}")


def promise_subject(shop: str) -> str:
    return _("What we promised you: %(shop)s", shop=shop)


def promised(text: str, shop: str, link: str, by_letter: bool) -> str:
    """Return what somebody gets of a promise kept: what was written to them, and the question whether it reached them."""
    asks = _("Did it reach you? One tap tells us: %(link)s", link=link) if link else ""
    return "\n\n".join(part for part in (text, asks, shop if by_letter else "") if part)


def filled(text: str, facts: dict[str, str]) -> str:
    """Return words with their places filled in; a line whose place has nothing to hold is left out."""
    lines = []
    for line in text.splitlines():
        places = PLACE.findall(line)
        if "link" in places and not facts["link"]:
            if len(places) == 1:
                continue
            line = re.sub(r"[^.!?]*\{link\}[^\s]*", "", line).rstrip()  # the sentence that it stands in
        lines.append(PLACE.sub(lambda found: facts.get(found[1], ""), line))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def facts(person: str, customer: str, with_whom: str, shop: str, local: datetime, link: str) -> dict[str, str]:
    """Return what a reminder's places hold; the day and the time stand for themselves, whenever it is read."""
    if person != customer and with_whom:
        whose = _("%(name)s has an appointment with %(with)s", name=customer, **{"with": with_whom})
    elif person != customer:
        whose = _("%(name)s has an appointment", name=customer)
    elif with_whom:
        whose = _("you have an appointment with %(with)s", **{"with": with_whom})
    else:
        whose = _("you have an appointment")
    return {
        "name": person, "customer": customer, "whose": whose, "shop": shop, "day": words.named_day(local.date()),
        "time": words.at_time(local), "with": with_whom, "link": link,
    }  # fmt: skip


def moved(before: datetime | None) -> str:
    """Return that an appointment is not as they were told: when it was, or that it stands although it was cancelled."""
    if before is None:
        return _("The appointment stands after all.")
    when = {"day": words.named_day(before.date()), "time": words.at_time(before)}
    return _("The appointment has been moved. It was %(day)s at %(time)s before.", **when)


def as_moved(subject: str, text: str, moved: str) -> tuple[str, str]:
    """Return subject and text of what says first that an appointment is not as they were told; what says it in its text has
    nothing before it."""
    changed = _("Changed: %(subject)s", subject=subject) if subject else ""
    return changed, text if moved in text else moved + ("\n\n" if subject else " ") + text


def change(by_letter: bool) -> tuple[str, str]:
    """Return our own words for an appointment that is not as they were told."""
    if not by_letter:
        return "", text()
    now = _("Now: {whose}, {day} at {time}.")
    suits = _("Does that suit you? One tap tells us: {link}")
    return subject(), "\n\n".join([_("Hello {name},"), "{moved}", now, suits, "{shop}"])


def cancelled(by_letter: bool, person: str, customer: str, shop: str, local: datetime) -> tuple[str, str]:
    """Return subject and text of what tells somebody that an appointment is cancelled."""
    when = {"day": words.named_day(local.date()), "time": words.at_time(local)}
    if person == customer:
        told = _("Your appointment on %(day)s at %(time)s is cancelled.", **when)
    else:
        told = _("%(name)s’s appointment on %(day)s at %(time)s is cancelled.", name=customer, **when)
    if not by_letter:
        return "", f"{shop}: {told}"
    news = _("We are sorry if that is news to you. We will gladly find another time.")
    return _("Cancelled: your appointment at %(shop)s", shop=shop), "\n\n".join(
        [_("Hello %(name)s,", name=person), told, news, shop]
    )


def calendar_title(shop: str) -> str:
    return _("Appointment at %(shop)s", shop=shop)


# -- its fate


def state(message: Any) -> str:
    """Return what has become of a message, for staff and owner."""
    by_hand = {
        "due": _("waiting"),
        "delivered": _("message left"),
        "confirmed": _("reached"),
        "failed": _("not reached"),
    }
    if message.way == "hand" and message.state in by_hand:
        return by_hand[message.state]
    if message.state == "expired" and message.handed_at:
        return _("perhaps sent, not confirmed")
    return {
        "due": _("waiting"),
        "claimed": _("waiting"),
        "handed_over": _("sent, not confirmed"),
        "delivered": _("arrived"),
        "confirmed": _("confirmed"),
        "bounced": _("did not arrive"),
        "failed": _("did not arrive"),
        "expired": _("too late to send"),
        "suppressed": _("not sent: asked not to"),
        "dropped": _("not needed any more"),
    }[message.state]


def kind(name: str) -> str:
    """Return what a message is, of those in the outbox."""
    return {
        "reminder": _("reminder"), "change": _("a change"), "test": _("a test"), "promise": _("what was promised"),
        "alert": _("to the owner"),
    }[name]  # fmt: skip


def way(name: str) -> str:
    return {
        "email": _("e-mail"), "sms": _("text message"), "call": _("automated call"), "hook": _("web hook"),
        "hand": _("by hand"),
    }[name]  # fmt: skip


FOR_THE_OWNER = (
    "sign-in-refused",
    "no-credit",
    "account-shut",
    "not-set-up",
    "sender-refused",
    "tls",
    "no-such-host",
    "not-allowed",
    "redirected",
    "gone",
)  # to mend


def reason(code: str, by_owner: bool = False) -> str:
    """Return why something did not arrive, in words that whoever is at the counter can act on; `by_owner`: that the owner
    can. Of what was too late the code of what was in the way follows its own, after a blank."""
    late, _blank, before = code.partition(" ")
    if before:
        first = reason(late) if late == "may-have-gone" else _("It was too late to send it.")
        return f"{first} {reason(before, by_owner)}"
    told = {
        "no-such-mailbox": _("There is no such mailbox. Ask how it is spelled."),
        "mailbox-full": _("Their mailbox is full. Ask for another way."),
        "blocked": _("Their server does not take mail from ours. Another way may work."),
        "bad-address": _("The address is wrong. Ask for it again."),
        "no-such-number": _("There is no such number. Ask for it again."),
        "landline": _("That number takes no text messages. Ring it instead."),
        "opted-out": _("They asked the provider for no messages. Ring, and ask what suits."),
        "not-reachable": _("The phone could not be reached."),
        "no-address": _("We have no address for this. Ask for one."),
        "no-message": _("It rang, and no message was left."),
        "not-rung": _("They were to be rung, and nobody did."),
        "no-answer": _("It rang, and nobody answered."),
        "busy": _("The line was busy."),
        "wrong-number": _("It was somebody else's number. Ask for the right one."),
        "sign-in-refused": _("Our provider did not let us in."),
        "no-credit": _("Our account with the provider is empty."),
        "account-shut": _("Our account with the provider is shut."),
        "not-set-up": _("This way is not set up yet."),
        "server-away": _("The provider could not be reached."),
        "sender-refused": _("The provider does not let us send under this name."),
        "later": _("Their server asked us to try again later."),
        "timeout": _("The other side took too long to answer."),
        "cut-off": _("The line broke before an answer came."),
        "tls": _("No safe line to our provider could be had."),
        "no-such-host": _("There is no server of that name."),
        "not-allowed": _("The address lies inside our own network, so it was not asked."),
        "redirected": _("The address has moved."),
        "gone": _("There is nothing at that address any more."),
        "too-large": _("It was too long for their server."),
        "our-fault": _("Something went wrong on our side. The server’s log says more."),
        "no-report": _("Something came back about it that we do not understand."),
        "too-late": _("It was too late to send it: nothing went out in time."),
        "may-have-gone": _("The line broke while it was sent: it may have arrived, or not."),
        "has-died": _("They have died."),
        "asked-not-to": _("They asked not to be told this way."),
        "asked-to-move": _("They ask to move it. Find another time with them."),
        "wrong-day": _("They have another day or time. Look at it with them."),
    }
    why = told.get(code, _("It did not go through."))
    return f"{why} {_('The owner has to mend that.')}" if code in FOR_THE_OWNER and not by_owner else why


# -- for the owner: figures and lists


def figure(name: str, n: int) -> str:
    """Return a figure in words, which open the list behind it."""
    count = words.figure(n)
    return {
        "sent": ngettext("%(count)s sent", "%(count)s sent", n, count=count),
        "arrived": ngettext("%(count)s arrived", "%(count)s arrived", n, count=count),
        "lost": ngettext("%(count)s did not arrive", "%(count)s did not arrive", n, count=count),
        "late": ngettext("%(count)s too late to send", "%(count)s too late to send", n, count=count),
        "unknown": ngettext("%(count)s unknown after a day", "%(count)s unknown after a day", n, count=count),
        "suppressed": ngettext("%(count)s not sent: asked not to", "%(count)s not sent: asked not to", n, count=count),
        "waiting": ngettext("%(count)s waiting now", "%(count)s waiting now", n, count=count),
        "planned": ngettext("%(count)s in the next 24 hours", "%(count)s in the next 24 hours", n, count=count),
        "caught": ngettext("%(count)s caught in time", "%(count)s caught in time", n, count=count),
        "owned": ngettext("%(count)s owned up to", "%(count)s owned up to", n, count=count),
    }[name]


def title(name: str) -> str:
    """Return the heading of a list, by its name: of all ways, or of one ("lost-email")."""
    fate, _dash, way_name = name.partition("-")
    told = {
        "sent": _("Sent"),
        "arrived": _("Arrived"),
        "lost": _("Did not arrive"),
        "late": _("Too late to send"),
        "unknown": _("Unknown after a day"),
        "suppressed": _("Not sent: asked not to"),
        "waiting": _("Waiting now"),
        "planned": _("In the next 24 hours"),
        "caught": _("Caught in time"),
        "owned": _("Owned up to"),
        "touched": _("People our silence touched"),
        "addresses": _("Addresses where nothing arrives"),
    }[fate]
    # Translators: what became of reminders, and by which way they went: Did not arrive, by e-mail
    return _("%(fate)s, %(by_way)s", fate=told, by_way=by_way(way_name)) if way_name else told


def about(name: str) -> str:
    """Return what a list is of, where its heading does not say it all; empty where it does."""
    return {
        "unknown": _(
            "A server took them, and nothing was heard of them since. Most will have arrived; nobody can say which."
        ),
        "caught": _("Something of ours did not arrive, and one of us reached them by telephone before their time."),
        "owned": _("Somebody told them that it was ours."),
        "touched": _("They had a time with us, and no reminder of ours is known to have reached them."),
        "addresses": _("Ask for another the next time you see them. It is marked on their card."),
    }.get(name.partition("-")[0], "")


def nothing(name: str) -> str:
    """Return what an empty list says."""
    return {
        "touched": _("Nobody in the last 30 days."),
        "addresses": _("None. Every address we have is good, as far as we know."),
    }.get(name, _("Nothing in the last 30 days."))


def by_way(name: str) -> str:
    """Return by which way, within a sentence: by e-mail."""
    return {
        "email": _("by e-mail"), "sms": _("by text message"), "call": _("by automated call"), "hook": _("by web hook"),
        "hand": _("by hand"),
    }[name]  # fmt: skip


def way_title(name: str) -> str:
    return words.sentence_case(way(name))


def about_way(name: str) -> str:
    """Return what a way is, under its heading."""
    return {
        "email": _("A letter with the appointment as a calendar entry."),
        "sms": _("A text message through a gateway: Twilio, Vonage, or one of your own."),
        "call": _(
            "A machine of yours rings, and tells us whether it reached somebody. We ask it at an address of the web."
        ),
        "hook": _("A signed message to an address of the web, for whatever else you use."),
        "hand": _("Staff see whom to ring. Nothing has to be set up."),
    }[name]


def before(minutes: int) -> str:
    """Return how long before the appointment: a day before, 2 hours before."""
    if minutes % 1440 == 0:
        n = minutes // 1440
        return ngettext("%(count)s day before", "%(count)s days before", n, count=words.number(n))
    if minutes % 60 == 0:
        n = minutes // 60
        return ngettext("%(count)s hour before", "%(count)s hours before", n, count=words.number(n))
    return ngettext("%(count)s minute before", "%(count)s minutes before", minutes, count=words.figure(minutes))


def units() -> list[tuple[str, int, str]]:
    """Return in what a time before is written: name, minutes, word."""
    return [("minutes", 1, _("minutes")), ("hours", 60, _("hours")), ("days", 1440, _("days"))]


def rule(one: Any) -> str:
    """Return a rule in one line: by e-mail, one day before."""
    # Translators: a reminder, as in: by e-mail, one day before
    return words.sentence_case(_("%(by_way)s, %(before)s", by_way=by_way(one.way), before=before(one.minutes_before)))


def leaving(way_name: str, n: int) -> str:
    """Return how many people a rule concerns at once, where they have not been told yet."""
    if way_name == "hand":
        return ngettext(
            "One person is to be rung now.", "%(count)s people are to be rung now.", n, count=words.figure(n)
        )
    return ngettext(
        "It goes to one person in half a minute.",
        "It goes to %(count)s people in half a minute.",
        n,
        count=words.figure(n),
    )


def headline(lost: int, late: int, sent: int) -> str:
    """Return what there is to say of the last month: the same figures as the links below it have."""
    told = []
    if lost:
        told.append(
            ngettext(
                "%(count)s reminder did not arrive in the last 30 days.",
                "%(count)s reminders did not arrive in the last 30 days.",
                lost,
                count=words.sentence_case(words.number(lost)),
            )
        )
    if late:
        told.append(
            ngettext(
                "%(count)s reminder was too late to send.",
                "%(count)s reminders were too late to send.",
                late,
                count=words.sentence_case(words.number(late)),
            )
        )
    if told:
        return " ".join(told)
    if sent:
        return _("Every reminder of the last 30 days went out.")
    return _("No reminder has gone out yet.")


# -- one row of a list


def when(instant: datetime, shop: Any) -> str:
    """Return when something was, as it stands in a sentence: yesterday at 14:02."""
    local, today = shop.local(instant), shop.today()
    day = words.day_ahead(local.date(), today) if local.date() > today else words.short_day(local.date(), today)
    return _("%(day)s at %(time)s", day=day, time=words.at_time(local))


def fate(message: Any, shop: Any) -> str:
    """Return what became of a message and when: by e-mail, yesterday at 14:02: did not arrive."""
    at = message.ended_at or message.handed_at or message.next_at
    return words.sentence_case(
        _("%(by_way)s, %(when)s: %(state)s.", by_way=by_way(message.way), when=when(at, shop), state=state(message))
    )


def for_time(appointment: Any, shop: Any) -> str:
    return _("For %(when)s.", when=when(appointment.starts_at, shop))


def what_happened(one: Any, shop: Any) -> str:
    """Return what came of somebody whom our silence touched: they came, when, or they did not."""
    at = words.at_time(shop.local(one.appointment.starts_at))
    if one.came_at is not None:
        return _("Came at %(came)s for %(time)s.", came=words.at_time(shop.local(one.came_at)), time=at)
    if one.appointment.day == shop.today() and one.appointment.state == "booked":
        return _("Had %(time)s, and has not come yet.", time=at)
    return _("Did not come.")


def sorry(mistake: Any, came: bool) -> str:
    """Return whether somebody said sorry."""
    if mistake is not None and mistake.acknowledged_at is not None:
        name = mistake.by.name if getattr(mistake, "by", None) else _("One of us")
        if mistake.said_sorry:
            return _("%(name)s said sorry.", name=name)
        return _("%(name)s told them that it was ours.", name=name)
    return _("Nobody has said sorry yet.") if mistake is not None or not came else ""


def rung(task: Any, shop: Any) -> str:
    name = task.by.name if getattr(task, "by", None) else _("One of us")
    return _("%(name)s reached them %(when)s.", name=name, when=when(task.done_at, shop))


def sender(needs: Any, shop: Any, now: datetime) -> str:
    """Return whether what sends is alive."""
    if needs.sender_at is None:
        return _("Nothing has been sent from this server yet.")
    if needs.silent:
        return _("Nothing is being sent: what sends was last seen %(when)s.", when=when(needs.sender_at, shop))
    return _("What sends is at work, seen %(ago)s.", ago=ago(now - needs.sender_at))


def mend_sender() -> str:
    return _("Start the server again. If that does not help, its log says what is in the way.")


def ago(passed: timedelta) -> str:
    """Return how long ago, as people say it: a moment ago, 2 minutes ago."""
    minutes = int(passed.total_seconds()) // 60
    if minutes < 1:
        return _("a moment ago")
    if minutes < 120:
        return ngettext("%(count)s minute ago", "%(count)s minutes ago", minutes, count=words.figure(minutes))
    hours = minutes // 60
    return ngettext("%(count)s hour ago", "%(count)s hours ago", hours, count=words.figure(hours))


def stray(one: Any, shop: Any) -> str:
    """Return what came back that belongs to nothing we know."""
    return _("%(when)s, %(via)s.", when=words.sentence_case(when(one.at, shop)), via=via(one.via))


def stray_says(one: Any) -> str:
    """Return what it was that came back, and what is to be done about it."""
    if one.code == "auto-reply":
        return _("An automatic answer. Nothing has to be done.")
    if one.code == "reply":
        return _("An answer from %(address)s: read it in the mailbox.", address=one.about or _("somebody"))
    return reason(one.code) if one.code else ""


def via(name: str) -> str:
    """Return by which road a report came."""
    told = {
        "mail": _("by e-mail"), "mailbox": _("from the mailbox"), "callback": _("from a gateway"),
        "bounce": _("by the command line"),
    }  # fmt: skip
    return told.get(name) or told.get(name.partition(":")[0]) or _("from outside")


def to_mend(n: int) -> str:
    return ngettext(
        "%(count)s message could not go out for a reason that you can mend.",
        "%(count)s messages could not go out for a reason that you can mend.",
        n,
        count=words.sentence_case(words.number(n)),
    )


# -- setting up


def label(way_name: str, field: str) -> str:
    """Return what a setting of a way is called."""
    told = {
        "host": _("Mail server"), "port": _("Port"), "tls": _("Encryption"), "user": _("User"), "password": _("Password"),
        "sender": _("Sender’s address"), "sender_name": _("Sender’s name"), "reply_to": _("Answers go to"),
        "kind": _("Gateway"), "account": _("Account"), "secret": _("Secret"), "url": _("Address"),
        "signing_secret": _("Secret of its callbacks"),
    }  # fmt: skip
    if way_name == "sms" and field == "sender":
        return _("Sender: a number or a name")
    return told[field]


def hint(way_name: str, field: str) -> str:
    told = {
        "port": _("Left empty: the usual one."),
        "user": _("Left empty: nobody signs in."),
        "sender": _("Whoever gets a letter sees it. Left empty: the user, or one of the mail server’s own."),
        "sender_name": _("Left empty: the shop’s name."),
        "reply_to": _("Left empty: the sender."),
        "url": _("It begins with https://. What lies inside your own network is not asked, unless the server allows it."),
        "secret": _("We sign with it, so that the other side knows us, and they sign what they tell us."),
    }  # fmt: skip
    if way_name == "sms":
        told |= {
            "sender": _("As your provider lets you. Twilio’s messaging service begins with MG."),
            "secret": _("Twilio: auth token. Vonage: API secret. Of your own: what both sides know."),
            "account": _("Twilio: account SID. Vonage: API key."),
            "url": _("Only of a gateway of your own."),
            "signing_secret": _("Only Vonage has one."),
        }
    return told.get(field, "")


NAMES = {"twilio": "Twilio", "vonage": "Vonage"}  # of firms: the same in every language


def choice(field: str, value: str) -> str:
    return NAMES.get(value) or {
        "starttls": _("STARTTLS (usual)"), "tls": _("TLS from the start"), "none": _("none, on this machine only"),
        "generic": _("one of our own"),
    }[value]  # fmt: skip


def fixed_by(variable: str) -> str:
    return _("Fixed on the server by %(variable)s.", variable=variable)


def no_such_address(code: str) -> str:
    """Return why a web address is not taken."""
    if code == "not-allowed":
        return _(
            "This address lies inside your own network, so it is not asked. Whoever runs the server can allow it by its name "
            "in REGULARS_ALLOWED_HOSTS."
        )
    if code == "no-such-host":
        return _("There is no server of that name. Look how it is spelled.")
    return _("That is no address of the web. One looks like https://example.org/calls.")


def no_address(kind: str) -> str:
    if kind == "email":
        return _("That is no mail address. It looks like name@example.org.")
    return _("That is no telephone number. Write it with its digits, such as 020 7946 0018.")


def missing_address() -> list[str]:
    """Return what cannot be had while customers cannot reach this server."""
    return [
        _("Reminders carry no link to answer by."),
        _("Nobody can end e-mails with one click."),
        _("Gateways cannot tell us what arrived: sent stays “sent, not confirmed”."),
        _("Automated calls cannot tell us whether they reached somebody."),
    ]


def alarm_label(name: str) -> str:
    return {
        "alert_email": _("Your mail address"),
        "alert_sms": _("Your number, for a text message"),
        "deadman_url": _("An address to ask for while all is well"),
    }[name]


def alarm_hint(name: str) -> str:
    return {
        "alert_email": _("Best one with another provider than the shop’s."),
        "alert_sms": _("Used first, where text messages are set up."),
        "deadman_url": _(
            "Of a service that tells you when it is not asked for any more: then the whole server is gone."
        ),
    }[name]


# -- a test


def test_to(way_name: str) -> str:
    return {
        "email": _("Your own mail address"), "sms": _("Your own number"), "call": _("Your own number"), "hook": "",
    }[way_name]  # fmt: skip


def test_subject(shop: str) -> str:
    return _("A test from %(shop)s", shop=shop)


def test_text(shop: str) -> str:
    return _("This is a test from %(shop)s. If you can read it, reminders can reach people this way.", shop=shop)


def test_fate(message: Any, shop: Any) -> str:
    """Return what became of a test, and when."""
    at = message.ended_at or message.handed_at or message.due_at
    if message.state == "due" and message.attempts:
        return _("Waiting. It is tried again %(when)s.", when=when(message.next_at, shop))
    return _("Test %(when)s: %(state)s.", when=when(at, shop), state=state(message))


def is_over(message: Any) -> bool:
    """Say whether nothing more is to be expected soon of a test."""
    return message.state not in ("due", "claimed", "handed_over")


def mend(way_name: str, code: str) -> str:
    """Return how the owner mends what is in the way of a message; empty where there is nothing to mend here."""
    told = {
        "sign-in-refused": _("Look at user and password. Some providers want a password made for programs."),
        "tls": _("Try the other encryption: port 587 usually goes with STARTTLS, port 465 with TLS from the start."),
        "server-away": _("Look at the server’s name and port, and whether your network lets us out."),
        "timeout": _("Look at the server’s name and port, and whether your network lets us out."),
        "no-such-host": _("Look how the server’s name is spelled."),
        "not-allowed": no_such_address("not-allowed"),
        "blocked": _("Ask your provider why mail of yours is held back, or send through another."),
        "sender-refused": _("Use a sender that your provider has let you have."),
        "no-credit": _("Fill up the account with your provider."),
        "account-shut": _("Ask your provider to open the account again."),
        "redirected": _("Write the new address."),
        "gone": _("Ask whoever runs it for the new address."),
        "not-set-up": _("Fill in how it is sent, and keep it."),
        "bad-address": _("Look at the sender’s address and at your own."),
        "no-such-mailbox": _("Look at your own address: the server says there is no such mailbox."),
        "no-such-number": _("Look at your own number: the provider says there is none like it."),
    }
    if way_name != "email":
        told["sign-in-refused"] = (
            _("Look at account and secret.")
            if way_name == "sms"
            else _("Look whether both sides have the same secret.")
        )
        told["tls"] = _("The other side’s certificate is not good. Tell whoever runs it.")
    return told.get(code, "")


def what_to_mend(way_name: str, code: str) -> str:
    """Return why nothing goes out by a way, and what the owner has to look at."""
    return " ".join(part for part in (reason(code, by_owner=True), mend(way_name, code)) if part)


def look_for_it(way_name: str) -> str:
    """Return what to do once a test is on its way."""
    return {
        "email": _("Look whether it is there, also among the unwanted mail."),
        "sms": _("Look whether it is there."),
        "call": _("Your telephone should ring."),
        "hook": _("Look whether it came where it should."),
    }[way_name]


# -- wording


def not_filled_in(wrong: list[str]) -> str:
    """Return what to do about places that we cannot fill in."""
    if wrong == ["{"] or wrong == ["}"] or set(wrong) <= {"{", "}"}:
        return _(
            "A brace is not closed or not opened. What stands in braces is filled in: %(places)s.", places=places()
        )
    return _(
        "%(wrong)s cannot be filled in. What can: %(places)s.",
        wrong=words.listed([one for one in wrong if len(one) > 1]),
        places=places(),
    )


def places() -> str:
    return " ".join(f"{{{place}}}" for place in PLACES)


def what_places() -> list[tuple[str, str]]:
    """Return what each place holds."""
    return [
        ("{name}", _("whom we write to")),
        ("{whose}", _("whose appointment it is, and with whom")),
        ("{shop}", _("the shop’s name")),
        ("{day}", _("the day")),
        ("{time}", _("the time")),
        ("{with}", _("with whom, where that is known")),
        ("{link}", _("where they answer")),
    ]


def ours(way_name: str) -> tuple[str, str]:
    """Return our own words for a reminder by a way: subject and text."""
    return (subject(), letter()) if way_name == "email" else ("", text() if way_name != "hand" else "")


def example(way_name: str, own_subject: str, own_text: str, shop: Any, public_url: str) -> tuple[str, str]:
    """Return a reminder as somebody invented would read it."""
    tomorrow = shop.today() + timedelta(days=1)
    local = datetime(tomorrow.year, tomorrow.month, tomorrow.day, 10, 0, tzinfo=shop.tz)
    link = f"{public_url}/confirm/…" if public_url and way_name != "call" else ""
    told = facts("Alma", "Alma", "Nadia", shop.name, local, link)
    our_subject, our_text = ours(way_name)
    return filled(own_subject or our_subject, told), filled(own_text or our_text, told)
