"""Telling phones while nobody looks at them: `domain.notices` says whom and what, `outside.push` does it.

It goes on in a thread of its own: a service that keeps us waiting holds up no reminder, and within a pass it is waited for
once. An exception in one notice is that notice's fault and ends there.
"""

from __future__ import annotations

import logging
import os
from typing import Any
from urllib.parse import urlsplit

import clock
from domain import links, notices
from domain.notices import OPENS, Due
from domain.outbox import AWAY, OUR_FAULT, place_of
from words import _, direction, in_language, language, locale_for, notices as words

log = logging.getLogger("regulars.pushing")
LOOKS_S = 10.0  # how often it is looked whether there is anything to tell
URGENCY = {"late": "high", "promise": "normal", "silence": "high"}


def allowed_hosts() -> frozenset[str]:
    """Return the hosts in the shop's own network that a browser's address may lead to."""
    return frozenset(os.environ.get("REGULARS_ALLOWED_HOSTS", "").split())


def secret_of(business: int) -> bytes:
    """Return the secret of the key by which services know this server, made when it is first asked for."""
    return links.secret_of(business, "push_secret")


def push_due() -> int:
    """Send the notices that are due now, one after another, and return how many were ours to send."""
    from outside import push

    if not push.is_installed():
        return 0
    count, silent = 0, set()  # hosts that gave no answer: what else is for them waits for the next pass
    for one in notices.due(clock.now()):
        host = urlsplit(one.subscription.endpoint).netloc
        if host in silent or not notices.claim(one, clock.now()):
            continue
        count += 1
        outcome = _send(one)
        notices.settle(one, outcome.state, outcome.code, outcome.wait_s, clock.now())
        if outcome.state == "again":
            silent.add(host)
        if outcome.state != "sent":
            log.warning(
                "Notice %s was not sent (%s): %s %s", one.notice.id, outcome.state, outcome.code, outcome.detail
            )
    return count


def _send(one: Due) -> Any:
    from outside import push

    there = one.subscription
    ttl = max(60, int((one.event.until - clock.now()).total_seconds()))
    try:
        return push.send(
            push.Place(there.endpoint, there.p256dh, there.auth), secret_of(there.staff.business_id), said(one), ttl=ttl,
            urgency=URGENCY[one.event.kind], topic=one.event.kind, allowed=allowed_hosts(),
            contact=there.site if there.site.startswith("https://") else "",
        )  # fmt: skip
    except AWAY:
        raise
    except Exception as error:  # of this notice only: the rest goes on
        log.error("Notice %s could not be sent: %s", one.notice.id, place_of(error))
        return push.Outcome("again", OUR_FAULT, place_of(error))


def said(one: Due) -> dict[str, str]:
    """Return what a phone's browser is told, in the phone's language: it names nobody, and no shop."""
    shop, kind = one.subscription.session.shop, one.event.kind
    with in_language(locale_for(one.subscription.language or shop.language, shop.zone)):
        return {
            "kind": kind, "title": _("Regulars"), "text": words.said(kind), "path": OPENS[kind], "lang": language(),
            "dir": direction(),
        }  # fmt: skip
