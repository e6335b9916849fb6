"""Sending what is due: the outbox says what, `outside` does it, and the outbox is told what came of it.

Several threads and several processes may do this at once; each message is claimed by one of them. An exception in one
message is that message's fault and ends there: it is tried again until its deadline.

In a process each way has a thread of its own (a lane), so that a gateway that keeps us waiting holds up nothing else; but
the last step, from the moment a message may leave until it is marked, is taken by one at a time: a kill leaves at most one
message of which nobody knows whether it left.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

import clock
from domain import alarms, appointments, channels, contacts, links, outbox, reminders, replies
from domain.outbox import AWAY, Claimed, place_of
from models import Business, Message, Shop, db
from words import in_language, locale_for, reminders as told

log = logging.getLogger("regulars.sending")
SLOW = 20  # seconds that one message may take; far less than its lease
TO_OWNER = ("sms", "email", "hook")  # by which the owner is told what is wrong, the most noticed first


def _hosts_of_environment() -> frozenset[str]:
    """Return the hosts an address may lead to though they lie in a private network: those that are allowed by name, and
    those of addresses in the environment, which whoever installs this has written there."""
    urls = [os.environ.get(f"{prefix}URL", "") for prefix in channels.PREFIX.values()]
    parts = [urlsplit(url) for url in [*urls, os.environ.get("REGULARS_DEADMAN_URL", "")] if "//" in url]
    own = {f"{one.hostname}:{one.port or (443 if one.scheme == 'https' else 80)}" for one in parts if one.hostname}
    return frozenset(os.environ.get("REGULARS_ALLOWED_HOSTS", "").split()) | own


@dataclass(frozen=True, slots=True)
class Ways:
    """How messages leave: what the owner has set for each way, where `REGULARS_*` variables do not say otherwise.

    `public_url` is where customers reach this server; without it no link is sent. `allowed` are hosts in the shop's own
    network that an address may lead to.
    """

    public_url: str = field(default_factory=links.public_url)
    allowed: frozenset[str] = field(default_factory=_hosts_of_environment)

    def of(self, shop: Shop, way: str) -> dict[str, Any]:
        """Return the settings of one way for a shop; empty where nobody has set it up."""
        stands = channels.way_of(shop, way)
        return dict(stands.settings) if stands.is_set_up else {}

    def own(self, business: int) -> dict[str, str]:
        """Return where the owner is told what is wrong, and the address that is asked for while all is well."""
        kept = alarms.kept(business)
        return {name: os.environ.get(f"REGULARS_{name.upper()}") or str(kept[name]) for name in kept}

    def to_owner(self, shop: Shop, attempt: int) -> tuple[str, str] | None:
        """Return the way and the address by which the owner is told at an attempt, counted from 1; None where there is none.

        Ways that do not work at present come last; another one is taken each time.
        """
        there = self.owner_ways(shop)
        if not there:
            return None
        broken = alarms.failing(shop, clock.now())
        ways = sorted(there, key=lambda way: way in broken)
        way = ways[(attempt - 1) % len(ways)]
        return way, there[way]

    def owner_ways(self, shop: Shop) -> dict[str, str]:
        """Return the ways by which the owner can be told anything, each with its address, the most noticed first."""
        own = self.own(shop.business_id)
        addresses = {"sms": own["alert_sms"], "email": own["alert_email"], "hook": "owner"}
        return {way: addresses[way] for way in TO_OWNER if addresses[way] and self.of(shop, way)}


# -- who sends


def _here() -> str:
    """Return what this process is known by on this machine: where it runs, its number and when it began; "" where a process
    that is gone could not be told from one that runs."""
    pid = os.getpid()
    began = _began(pid)
    return f"{_machine()}.{pid}.{began}" if began else ""


@cache
def _machine() -> str:
    """Return what tells this machine, since it was switched on, and this set of processes from others."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        return hashlib.sha256(f"{boot}{os.readlink('/proc/self/ns/pid')}".encode()).hexdigest()[:12]
    except OSError:
        return ""


def _began(pid: int) -> str:
    """Return when a process began; "" where there is none, or it is dead and only not yet buried."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return "" if state in "ZX" else rest[18]


def is_gone(who: str) -> bool:
    """Say whether whoever claimed a message is known to be gone: a process of this machine that runs no more."""
    machine, _, rest = who.partition("/")[0].partition(".")
    pid, _, began = rest.partition(".")
    return bool(machine and machine == _machine() and pid.isdecimal() and _began(int(pid)) != began)


# -- sending

_last_step = threading.Lock()


def send_due(
    ways: Ways | None = None,
    at_most: int | None = None,
    only: Any = None,
    going_on: Callable[[], bool] = lambda: True,
) -> int:
    """Send what is due now, one after another, and return how many messages were tried.

    `only` names which messages; `going_on` is asked after each one.
    """
    ways, now, count = ways or Ways(), clock.now(), 0
    if only is None:
        tidy(now)
    who = f"{_here()}/{threading.get_ident()}-{uuid4().hex[:8]}"
    while at_most is None or count < at_most:
        claimed = outbox.claim(who, clock.now(), only)
        if claimed is None:
            break
        count += 1
        _send(claimed, ways)
        if not going_on():
            break
    return count


def tidy(now: datetime) -> None:
    """Let go of what its sender has left behind, and end what is too late."""
    outbox.free_abandoned(now, is_gone)
    outbox.expire(now)


def _send(claimed: Claimed, ways: Ways) -> None:
    from outside.answers import Answer

    with ExitStack() as held:

        def may_go() -> bool:
            is_alert = claimed.message.kind == "alert"  # which may be about whoever holds this: it goes anyway
            if _last_step.acquire(timeout=2 if is_alert else SLOW):
                held.callback(_last_step.release)
            elif not is_alert:
                raise TimeoutError("others have not finished")
            return outbox.may_go(claimed)

        try:
            answer = _hand_over(claimed, ways, may_go)
        except AWAY:
            raise
        except Exception as error:  # of this message only: the rest goes on
            log.error("Message %s could not be sent: %s", claimed.message.id, place_of(error))
            answer = Answer("try_again", outbox.OUR_FAULT, place_of(error))
        if answer.code != "withdrawn":
            _mark(claimed, answer)


MARKING = 60  # seconds; within the lease


def _mark(claimed: Claimed, answer: Any) -> None:
    """Mark what became of a message. Where the database is away for a moment that is waited for: a message that has left and
    is not marked leaves again."""
    until = time.monotonic() + MARKING
    while True:
        try:
            db.connect(reuse_if_open=True)
            outbox.settle(claimed, answer.state, answer.code, answer.detail, answer.gateway_id or None)
            return
        except AWAY:
            if time.monotonic() > until:
                raise
            db.close()
            time.sleep(0.5)


def _hand_over(claimed: Claimed, ways: Ways, may_go: Callable[[], bool]) -> Any:
    from outside.answers import Answer

    message, to = claimed.message, claimed.address
    if message.kind == "alert":
        found = ways.to_owner(claimed.shop, message.attempts)
        if found is None:
            return Answer("try_again", "not-set-up")
        message.way, to = found
        Message.update(way=message.way, address=to).where(Message.id == message.id).execute()
    settings = ways.of(claimed.shop, message.way)
    if not settings:
        return Answer("try_again", "not-set-up")
    with in_language(locale_for(claimed.shop.language)):
        if message.way == "email":
            return _mail(claimed, to, settings, ways, may_go)
        if message.way == "sms":
            return _text(claimed, to, settings, ways, may_go)
        return _hook(claimed, to, settings, ways, may_go)


def _mail(claimed: Claimed, to: str, settings: dict[str, Any], ways: Ways, may_go: Callable[[], bool]) -> Any:
    from outside import mail

    subject, text = worded(claimed, ways)
    letter = mail.Letter(
        message_id=claimed.message.message_id,
        sender=settings.get("sender", ""),
        sender_name=settings.get("sender_name") or claimed.shop.name,
        to=to,
        subject=subject,
        text=text,
        reply_to=settings.get("reply_to", ""),
        calendar=_invitation(claimed, settings),
        calendar_method=_method(claimed),
        unsubscribe=_unsubscribe(claimed, ways),
    )
    server = mail.Server(
        host=settings.get("host", ""),
        port=int(settings.get("port") or 587),
        tls=settings.get("tls") or "starttls",
        user=settings.get("user", ""),
        password=settings.get("password", ""),
        timeout_s=SLOW,
    )
    return mail.send(server, letter, may_go)


def _text(claimed: Claimed, to: str, settings: dict[str, Any], ways: Ways, may_go: Callable[[], bool]) -> Any:
    from outside import texts
    from outside.answers import Answer

    _subject, text = worded(claimed, ways)
    gateway = texts.Gateway(
        kind=settings.get("kind", "generic"),
        account=settings.get("account", ""),
        secret=settings.get("secret", ""),
        sender=settings.get("sender", ""),
        url=settings.get("url", ""),
        signing_secret=settings.get("signing_secret", ""),
    )
    reference = claimed.message.message_id
    if not may_go():
        return Answer("refused", "withdrawn")
    return texts.send(gateway, to, text, reference, _callback(claimed, ways), ways.allowed)


def _hook(claimed: Claimed, to: str, settings: dict[str, Any], ways: Ways, may_go: Callable[[], bool]) -> Any:
    from outside import hooks
    from outside.answers import Answer

    message, (subject, text) = claimed.message, worded(claimed, ways)
    payload = {
        "id": message.message_id, "kind": "call" if message.way == "call" else message.kind, "to": to,
        "subject": subject, "text": text, "callback": _callback(claimed, ways), **_about(claimed),
    }  # fmt: skip
    if not may_go():
        return Answer("refused", "withdrawn")
    return hooks.post(settings.get("url", ""), payload, settings.get("secret", ""), ways.allowed, SLOW)


def _about(claimed: Claimed) -> dict[str, Any]:
    """Return what a machine that gets a message may want to know beside its words: whom it is for, and which time.

    Of addresses a web hook gets those of the ways by which they let us tell them something; a call has the number it rings.
    """
    shop, person, one = claimed.shop, claimed.person, claimed.appointment
    told: dict[str, Any] = {"language": shop.language}
    if person is not None and claimed.customer is not None:
        told["name"] = person.called
        if claimed.message.way == "hook":
            found = {way: contacts.reach(claimed.customer, way, shop) for way in ("email", "sms", "call")}
            told["addresses"] = {way: reach.address for way, reach in found.items() if not reach.code}
    if one is not None:
        told["appointment"] = {
            "id": str(one.id), "starts_at": shop.local(one.starts_at).isoformat(timespec="minutes"),
            "minutes": appointments.length_of(one), "with": one.with_whom, "state": one.state,
        }  # fmt: skip
    return told


def worded(claimed: Claimed, ways: Ways) -> tuple[str, str]:
    """Return subject and text of a message: a reminder in the shop's words of this moment."""
    message, appointment = claimed.message, claimed.appointment
    if message.kind == "promise":
        by_letter, link = message.way == "email", confirm_address(claimed, ways)
        return message.subject, told.promised(message.text, claimed.shop.name, link, by_letter)
    if message.kind not in reminders.ABOUT:
        return message.subject, message.text
    if appointment is None or claimed.customer is None or claimed.person is None:
        raise ValueError("There is nothing to tell")  # rather nothing than an empty letter
    shop, rule = claimed.shop, claimed.rule
    link = "" if message.way == "call" else confirm_address(claimed, ways)  # nobody can tap on what is read out
    facts = told.facts(
        claimed.person.call or claimed.person.name, claimed.customer.call or claimed.customer.name,
        appointment.with_whom, shop.name, shop.local(appointment.starts_at), link,
    )  # fmt: skip
    by_letter = message.way == "email"
    if appointment.state == "cancelled":
        was = datetime.fromisoformat(message.before) if message.before else shop.local(appointment.starts_at)
        return told.cancelled(by_letter, facts["name"], facts["customer"], shop.name, was)
    facts["moved"], before = "", reminders.said_before(message)
    if before is not None and before.told != reminders.named(appointment):
        facts["moved"] = told.moved(datetime.fromisoformat(before.told) if before.told else None)
    if message.kind == "change":
        subject, text = told.change(by_letter)
    else:
        text = (rule.text if rule else "") or (told.letter() if by_letter else told.text())
        subject = (rule.subject if rule else "") or told.subject()
    subject, text = told.filled(subject, facts), told.filled(text, facts)
    if facts["moved"]:
        subject, text = told.as_moved(subject, text, facts["moved"])
    return subject, text


def confirm_address(claimed: Claimed, ways: Ways) -> str:
    """Return the address of the page where they answer, of an appointment good until the day after; empty where customers
    cannot reach us."""
    appointment, shop, message = claimed.appointment, claimed.shop, claimed.message
    if ways.public_url and message.promise_id is not None:
        until = clock.now().date() + replies.LINK_LASTS
        return f"{ways.public_url}/confirm/{links.sign(shop.business_id, 'owed', message.promise_id, message.id, until=until)}"
    if not ways.public_url or appointment is None:
        return ""
    until = shop.day_of(appointment.starts_at) + timedelta(days=1)
    secret = links.sign(shop.business_id, "visit", appointment.id, claimed.message.id, until=until)
    return f"{ways.public_url}/confirm/{secret}"


def _unsubscribe(claimed: Claimed, ways: Ways) -> str:
    if not ways.public_url or claimed.person is None:
        return ""
    until = clock.now().date() + timedelta(days=400)
    return (
        f"{ways.public_url}/unsubscribe/"
        f"{links.sign(claimed.shop.business_id, 'mail', claimed.person.id, claimed.shop.id, until=until)}"
    )


def _callback(claimed: Claimed, ways: Ways) -> str:
    if not ways.public_url:
        return ""
    until = clock.now().date() + timedelta(days=7)
    return f"{ways.public_url}/delivery/{links.sign(claimed.shop.business_id, 'gone', claimed.message.id, until=until)}"


def _invitation(claimed: Claimed, settings: dict[str, Any]) -> bytes | None:
    """Return the appointment as a calendar's entry, so that theirs is right as well; not of what is no reminder."""
    from outside import ics

    one, shop = claimed.appointment, claimed.shop
    if claimed.message.kind not in reminders.ABOUT or one is None:
        return None
    ends: Any = one.ends_at or one.starts_at + timedelta(minutes=30)
    entry = ics.Entry(
        uid=one.uid or f"appointment-{one.id}",
        sequence=one.sequence,
        starts_at=shop.local(one.starts_at),
        ends_at=shop.local(ends),
        summary=told.calendar_title(shop.name),
        stamp=clock.now(),
        organizer=(shop.name, settings.get("sender", "")),
    )
    return ics.write([entry], name="", zone=shop.tz, method=_method(claimed))


def _method(claimed: Claimed) -> Literal["PUBLISH", "CANCEL"]:
    one = claimed.appointment
    return "CANCEL" if one is not None and one.state == "cancelled" else "PUBLISH"


# -- going on by itself

TURN_S = 2.0  # between two looks at what is due
BEAT_S = 5.0  # between two of the signs of life that are stored, by the shop's clock
SETTLED_S = 10.0  # real seconds without a sign of life: when a clock jumps, the sender has had its turn by then
ALERTS = Message.kind == "alert"
LANES = {
    "email": (Message.way == "email") & ~ALERTS,
    "sms": (Message.way == "sms") & ~ALERTS,
    "others": Message.way.in_(("call", "hook", "hand")) & ~ALERTS,
}


@dataclass
class Pulse:
    """When something in this process was last alive: by the shop's clock, and on the monotonic one."""

    at: datetime
    felt: float

    def stopped(self, now: datetime) -> datetime | None:
        """Return since when it has been silent, where that is long enough to be told."""
        return self.at if now - self.at >= alarms.BANNER_AFTER and time.monotonic() - self.felt >= SETTLED_S else None


pulses: dict[str, Pulse] = {}  # by lane, "watch" for whoever watches the lanes, and "elsewhere" for other servers


def feel(name: str) -> None:
    """Note that something is alive."""
    pulses[name] = Pulse(clock.now(), time.monotonic())


def silent_since(now: datetime | None = None) -> datetime | None:
    """Return since when nothing is sent; None while all is well, or where this process is not meant to send.

    Asks nothing but memory, so that every page can say so. A lane that hangs counts as silence of all, unless another
    server sends.
    """
    now = now or clock.now()
    elsewhere = pulses.get("elsewhere")
    if elsewhere is not None and elsewhere.stopped(now) is None and now - elsewhere.at < alarms.BANNER_AFTER:
        return None
    stopped = [found for lane in LANES if lane in pulses and (found := pulses[lane].stopped(now)) is not None]
    return min(stopped, default=None)


def listen_elsewhere(mine: datetime | None) -> None:
    """Note what other servers that share the work have written: a sign of life that is later than `mine`."""
    last = alarms.last_beat()
    if last is None or (mine is not None and last <= mine):
        return
    known = pulses.get("elsewhere")
    if known is None or known.at != last:
        pulses["elsewhere"] = Pulse(last, time.monotonic())


@contextmanager
def connected() -> Iterator[None]:
    """Hold a connection to the database for a thread that goes on by itself."""
    db.connect(reuse_if_open=True)
    try:
        yield
    finally:
        if not db.is_closed():
            db.close()


def start(ended: threading.Event, ways: Ways | None = None) -> list[threading.Thread]:
    """Begin sending, a thread for each lane, until `ended` is set. Notes first how long nothing was sent before."""
    with connected():
        alarms.back_again(clock.now())
    threads = []
    for lane in LANES:
        feel(lane)
        threads.append(threading.Thread(target=_run, args=(lane, ended, ways), name=f"regulars-{lane}", daemon=True))
    for thread in threads:
        thread.start()
    return threads


def _run(lane: str, ended: threading.Event, ways: Ways | None) -> None:
    def going_on() -> bool:
        _alive(lane)
        return not ended.is_set()

    while not ended.is_set():
        try:
            with connected():
                _turn(lane, ways or Ways(), going_on)
                going_on()
        except Exception as error:  # one bad pass must not be the last one
            log.error("A pass of the sender failed; the next one tries again. %s", place_of(error))
        ended.wait(TURN_S)


def _turn(lane: str, ways: Ways, going_on: Callable[[], bool]) -> None:
    """Do once what a lane does; the first also tidies up, and sees to it that the one who watches is watched."""
    if lane == next(iter(LANES)):
        now = clock.now()
        tidy(now)
        watcher = pulses.get("watch")
        since = watcher.stopped(now) if watcher else None
        if since is not None and now - since >= alarms.ALERT_AFTER:
            alarms.unwatched(since, now)
            send_due(ways, only=ALERTS, going_on=going_on)
    send_due(ways, only=LANES[lane], going_on=going_on)


_living = threading.Lock()
_awake_at: datetime | None = None  # when any lane was last alive, by the machine's own clock
_written_at: datetime | None = None  # what was last stored of it, by the shop's


def _alive(lane: str) -> None:
    """Note that a lane is alive, and store it now and then: of all lanes the one that has been silent longest.

    Where all of them were silent for long the machine slept: nothing was sent meanwhile, as after a restart.
    """
    global _awake_at, _written_at
    with _living:
        feel(lane)
        now, present = clock.now(), clock.system_now()
        if _awake_at is not None and present - _awake_at >= alarms.BANNER_AFTER:
            alarms.back_again(now)
        _awake_at = present
        oldest = min(pulses[one].at for one in LANES if one in pulses)
        if _written_at is None or abs((oldest - _written_at).total_seconds()) >= BEAT_S:
            alarms.beat(oldest, now)
            _written_at = oldest


# -- watching over it

DEADMAN_EVERY = timedelta(minutes=2)
WAITS_TOO_LONG = timedelta(minutes=10)
_pinged: dict[int, datetime] = {}


def watch(ways: Ways | None = None) -> None:
    """Look whether the sender is alive, have the owner told where it is not for long, send what the owner is to be told,
    and ask for the address that stands for "all is well" while it is. Called every few seconds by a thread of its own."""
    ways, now = ways or Ways(), clock.now()
    mine = max((pulses[lane].at for lane in LANES if lane in pulses), default=None)
    listen_elsewhere(mine)
    since = silent_since(now)
    if since is not None and now - since >= alarms.ALERT_AFTER:
        alarms.silence(since, now)
    send_due(ways, only=ALERTS)
    oldest = alarms.oldest_due(now)
    ticks = pulses.get("tick")
    if ticks is not None and ticks.stopped(now):
        since = ticks.at
    if since is None and (oldest is None or now - oldest < WAITS_TOO_LONG):
        _ping(ways, now)


def _ping(ways: Ways, now: datetime) -> None:
    from outside import hooks

    for (business,) in list(Business.select(Business.id).tuples()):
        url, last = ways.own(business)["deadman_url"], _pinged.get(business)
        if url and (last is None or abs(now - last) >= DEADMAN_EVERY):
            _pinged[business] = now
            hooks.ping(url, ways.allowed)
