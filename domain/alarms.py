"""Silence is an alarm: when the sender was last alive, what was missed while nothing ran, and what the owner is told.

An alert is a message like any other and goes the same way through the outbox; `sending` picks the way by which it leaves,
another one at each attempt. Its Message-ID says what it is about, so that the database keeps several servers from telling
the same thing twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial, reduce
from operator import or_
from typing import Any

from peewee import fn

from domain import audit, contacts, links
from models import WAYS, Beat, Business, Message, Outage, Shop, Staff, db
from words import alarms as words, in_language, locale_for

BANNER_AFTER = timedelta(minutes=3)
ALERT_AFTER = timedelta(minutes=10)
ALERT_LASTS = timedelta(days=1)
ONCE_IN = timedelta(days=1)  # a provider's fault is told
AGAIN_AFTER = timedelta(hours=1)  # where it comes and goes
FAULTS = ("sign-in-refused", "not-set-up", "no-credit", "account-shut", "sender-refused")  # the owner can mend them
STUCK = ("server-away", "timeout", "tls", "cut-off", "no-such-host", "not-allowed", "redirected", "our-fault")
NOT_GONE = ("due", "claimed", "expired")  # or nobody knows whether it did
STUCK_ATTEMPTS = 3  # seven minutes after the first

# -- the sender's last sign of life


def beat(at: datetime, now: datetime, name: str = "sender") -> None:
    """Say that the sender was alive at an instant; of several servers the latest word stands."""
    later = (Beat.at < at) | (Beat.at > now)  # a test's clock may have been put back
    if Beat.update(at=at).where((Beat.name == name) & later).execute():
        return
    Beat.insert(name=name, at=at).on_conflict_ignore().execute()


def last_beat(name: str = "sender") -> datetime | None:
    at: datetime | None = Beat.select(Beat.at).where(Beat.name == name).scalar()
    return at


def back_again(now: datetime) -> Outage | None:
    """Say that the sender is there, and return the time in which it was not, where that was long; told to one of several."""
    with db.atomic():
        last = last_beat()
        if last is None or now - last < BANNER_AFTER:
            beat(now, now)
            return None
        if not Beat.update(at=now).where((Beat.name == "sender") & (Beat.at == last)).execute():
            return None  # another server noticed
        due = (Message.kind == "reminder") & Message.state.in_(("due", "claimed"))
        due &= (Message.next_at > last) & (Message.next_at <= now)
        found: Outage = Outage.create(began=last, ended=now, missed=Message.select().where(due).count())
        for business in Business.select() if found.missed else ():
            shops = Shop.select(Shop.id).where(Shop.business == business.id)
            too_late = Message.select().where(due & Message.shop.in_(shops) & (Message.deadline < now)).count()
            theirs = Message.select().where(due & Message.shop.in_(shops)).count()
            if theirs:
                shop = Shop.select().where(Shop.business == business.id).order_by(Shop.id).first()
                of_ours = Outage(began=last, ended=now, missed=theirs)
                tell(shop, f"down-{_stamp(now)}", now, partial(words.down, one=of_ours, too_late=too_late))
                Outage.update(told_at=now).where(Outage.id == found.id).execute()
        return found


def oldest_due(now: datetime) -> datetime | None:
    """Return since when the oldest message that is due has been waiting."""
    overdue = (Message.state == "due") & (Message.next_at <= now) & (Message.kind != "alert")
    found: datetime | None = Message.select(fn.MIN(Message.next_at)).where(overdue).scalar()
    return found


# -- telling the owner


def tell(shop: Shop, about: str, now: datetime, worded: Callable[[str], tuple[str, str]]) -> bool:
    """Have the owner of a shop told something, once for the same `about`; say whether it is new."""
    with in_language(locale_for(shop.language)):
        subject, text = worded(shop.name)
    made = Message.insert(
        shop=shop.id, kind="alert", way="email", subject=subject, text=text, due_at=now, next_at=now,
        deadline=now + ALERT_LASTS, message_id=_alert_id(shop, about), at=now,
    )  # fmt: skip
    return made.on_conflict_ignore().as_rowcount().execute() == 1


def _alert_id(shop: Shop, about: str) -> str:
    return f"alert-{about}@regulars-{shop.id}.invalid"


def silence(since: datetime, now: datetime) -> None:
    """Have every owner told that nothing is sent."""
    for shop in _first_shops():
        worded = partial(words.silent, since=shop.local(since), now=shop.local(now))
        tell(shop, f"silence-{_stamp(since)}", now, worded)


def unwatched(since: datetime, now: datetime) -> None:
    """Have every owner told that nothing watches over the sender any more."""
    for shop in _first_shops():
        worded = partial(words.unwatched, since=shop.local(since), now=shop.local(now))
        tell(shop, f"unwatched-{_stamp(since)}", now, worded)


def provider(message: Message, code: str, now: datetime) -> None:
    """Have the owner told of a provider that does not take what we send: what only they can mend at once, one that cannot
    be reached after three attempts while nothing else gets through. Once a day for the same, unless something got through
    since: then it was mended, and this is new."""
    if message.kind == "alert" or message.way == "hand":
        return
    shop, about = message.shop, f"{message.way}-{code}"
    by_it = (Message.shop == message.shop_id) & (Message.way == message.way) & Message.state.not_in(NOT_GONE)
    went: datetime | None = Message.select(fn.MAX(Message.handed_at)).where(by_it).scalar()
    told: datetime | None = (
        Message.select(fn.MAX(Message.at))
        .where(
            (Message.shop == shop.id)
            & (Message.kind == "alert")
            & (Message.due_at > now - ONCE_IN)
            & Message.message_id.startswith(f"alert-{about}-")
        )
        .scalar()
    )
    if told is not None and (went is None or went < told or now - told < AGAIN_AFTER):
        return
    if code not in FAULTS:
        if code not in STUCK or message.attempts < STUCK_ATTEMPTS:
            return
        if went is not None and went > now - ALERT_AFTER:
            return
    own = links.public_url()
    link = f"{own}/reminders/channels/{message.way}" if own else ""
    since = f"-{_stamp(went)}" if went else ""
    tell(
        shop,
        f"{about}-{shop.day_of(now):%Y%m%d}{since}",
        now,
        partial(words.provider, way=message.way, code=code, link=link),
    )


def failing(shop: Shop, now: datetime) -> set[str]:
    """Return the ways that do not work in a shop at present: what went by them within the hour met a fault of theirs."""
    hour = now - timedelta(hours=1)
    lately = ((Message.state == "due") & (Message.next_at > hour)) | (
        (Message.state == "failed") & (Message.ended_at > hour)
    )
    query = Message.select(Message.way).where(
        (Message.shop == shop.id) & lately & Message.code.in_(FAULTS + STUCK) & (Message.kind != "alert")
    )
    return {way for (way,) in query.distinct().tuples()}


def not_going_out() -> Any:
    """Return the condition of the alerts that say that reminders are not going out: all of them, or those of one way."""
    begins = ["alert-silence-", *(f"alert-{way}-" for way in WAYS)]
    return (Message.kind == "alert") & reduce(or_, (Message.message_id.startswith(one) for one in begins))


def is_of_all(alert: Message) -> bool:
    """Say whether an alert is about all the shops of a business, and not about one."""
    return str(alert.message_id).startswith("alert-silence-")


def _first_shops() -> list[Shop]:
    """Return one shop of each business."""
    first = Shop.select(fn.MIN(Shop.id)).group_by(Shop.business)
    return list(Shop.select().where(Shop.id.in_(first)))


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%S}"


# -- where the owner is told, and who is told when the whole server is gone

OWN = ("alert_email", "alert_sms", "deadman_url")
URL = re.compile(r"https?://[^\s]{3,2000}")


def kept(business: int) -> dict[str, Any]:
    """Return what a business has set of OWN, each "" where it has not."""
    stored = Business.select(Business.settings).where(Business.id == business).scalar() or {}
    return {name: stored.get(name, "") for name in OWN}


def before(business: int) -> dict[str, str]:
    """Return how OWN was before the last change of it; empty where that is taken back already."""
    stored = Business.select(Business.settings).where(Business.id == business).scalar() or {}
    found: dict[str, str] = stored.get("alarms_before") or {}
    return found


def wrong(name: str, text: str, zone: str = "") -> bool:
    """Say whether a text cannot be one of OWN; none at all can."""
    if not text:
        return False
    if name == "deadman_url":
        return not URL.fullmatch(text)
    try:
        contacts.compared("email" if name == "alert_email" else "phone", text, zone)
    except ValueError:
        return True
    return False


def set_where(shop: Shop, staff: Staff, values: dict[str, str], before: dict[str, str]) -> None:
    """Keep where the owner is told that something is wrong, and how that was `before`; the record of changes says by whom."""
    with db.atomic():
        keep(shop.business_id, **values, alarms_before=before)
        audit.write("channel.alarms", business=shop.business_id, shop=shop, staff=staff)


def keep(business: int, **values: Any) -> None:
    """Keep some settings of a business beside those it has."""
    with db.atomic():
        Business.hold(business)
        stored = Business.select(Business.settings).where(Business.id == business).scalar() or {}
        Business.update(settings={**stored, **values}).where(Business.id == business).execute()
