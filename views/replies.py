"""What customers see and answer: the pages behind the addresses in what we send them, and what gateways report to.

Nobody signs in here, and no cookie counts: who has the address may answer. Reading changes nothing, for mail programs and
those who look for viruses open every link; a form, or a program that says so by POST, does.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from contextlib import nullcontext
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Literal

from flask import Blueprint, make_response, render_template, request
from werkzeug import Response

import clock
import words.replies
from domain import channels, outbox, replies
from domain.actions import Refused
from domain.contacts import addressee
from models import Message, Shop
from outside import hooks, texts
from outside.answers import Report
from sending import Ways
from views.asking import open_to
from views.this_phone import asked_for
from words import _, in_language, locale_for

bp = Blueprint("replies", __name__)
ANSWERS = ("coming", "move", "wrong")
LONGEST_REPORT = 65_536  # bytes
KINDS: dict[str, Literal["twilio", "vonage", "generic"]] = {"twilio": "twilio", "vonage": "vonage"}
REPORTED = ("sms", "call", "hook")  # mail servers report by mail


# -- how often somebody may answer


class Often:
    """How often each address was written to of late: enough for anybody who changes their mind, too little to keep a counter
    busy. Of the latest few thousand addresses; each process counts its own."""

    MOST, WITHIN, ADDRESSES = 20, timedelta(hours=1), 5000

    def __init__(self) -> None:
        self.times: OrderedDict[str, deque[datetime]] = OrderedDict()
        self.lock = Lock()

    def is_too_often(self, secret: str) -> bool:
        """Count one more, and say whether that is too many."""
        now = clock.now()
        with self.lock:
            times = self.times.setdefault(secret, deque(maxlen=self.MOST + 1))
            self.times.move_to_end(secret)
            times.append(now)
            while len(self.times) > self.ADDRESSES:
                self.times.popitem(last=False)
            return len(times) > self.MOST and now - times[0] < self.WITHIN


often = Often()


def page(shop: Shop | None, template: str, status: int = 200, **values: Any) -> Response:
    """Return a page for a customer, in the shop's language, that no search engine keeps."""
    if shop is None:
        answer = make_response(render_template(template, **values), status)
    else:
        with in_language(locale_for(shop.language, shop.zone)):
            answer = make_response(render_template(template, place=shop, **values), status)
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def nothing_here() -> Response:
    """Return the page of a link that leads nowhere: in a language the browser asks for, else in that of the first shop here."""
    first = None if asked_for() else Shop.select().order_by(Shop.id).first()
    with in_language(locale_for(first.language, first.zone)) if first else nullcontext():
        return page(None, "replies/old.html", 404)


# -- will you be there, do you have it


@bp.route("/confirm/<secret>", methods=["GET", "POST"])
@open_to("anyone", by_secret=True)
def confirm(secret: str) -> Response:
    """Let a customer say what is to become of their appointment, or that they have what was promised."""
    found = replies.appointment_by(secret)
    if found is not None:
        return _of_appointment(secret, found)
    promised = replies.promise_by(secret)
    if promised is None:
        return nothing_here()
    promise, message = promised
    if request.method == "POST" and not often.is_too_often(secret):
        replies.has_it(promise, message)
        promise, message = replies.promise_by(secret) or promised
    letter = message.text if message else ""  # what they were sent: our own note of it is not for them
    return page(promise.shop, "replies/promise.html", promise=promise, letter=letter)


def _of_appointment(secret: str, found: replies.Answering) -> Response:
    """Return the page of an appointment, after what was answered on it, if anything was."""
    told, status, typed = "", 200, {"answer": "", "words": ""}
    reply = request.form.get("answer", "") if request.method == "POST" else ""
    with in_language(locale_for(found.shop.language, found.shop.zone)):
        if reply in ANSWERS:
            typed = {"answer": reply, "words": request.form.get("words", "")}
            if often.is_too_often(secret):
                told, status = _("That was often enough for now. Please ring us, and we sort it out."), 429
            else:
                told, status = _answered(found, reply, typed["words"])
        if not told:
            typed = {"answer": "", "words": ""}
            found = replies.appointment_by(secret) or found
        one, shop = found.appointment, found.shop
        local, message = shop.local(one.starts_at), found.message
        rule = message.rule if message else None
        said = (
            f"{rule.subject}\n{rule.text}" if rule and rule.text else words.replies.ours(message.way if message else "")
        )
        whose = words.replies.whose(
            addressee(one.customer, shop).called, one.customer.called, one.with_whom, shop.name, local, said
        )
        when = words.replies.when(local)
    return page(shop, "replies/appointment.html", status, found=found, told=told, typed=typed, when=when, whose=whose)


def _answered(found: replies.Answering, reply: str, text: str) -> tuple[str, int]:
    """Return what was wrong with an answer, in words, and the status; neither where it is kept."""
    seen = request.form.get("seen", "")
    number = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 9 else -1
    try:
        if replies.answer(found, reply, text, number):
            return "", 200
    except Refused as refused:
        return str(refused), 422
    return _("Something has changed meanwhile. This is how it stands now; please look again."), 409


# -- no more mail


@bp.route("/unsubscribe/<secret>", methods=["GET", "POST"])
@open_to("anyone", by_secret=True)
def unsubscribe(secret: str) -> Response:
    """Let somebody refuse our mail with one tap, or their mail program for them (RFC 8058), and take that back."""
    found = replies.mailed_by(secret)
    if found is None:
        return nothing_here()
    if request.method == "POST" and not often.is_too_often(secret):
        replies.let_mail(found, given="again" in request.form)
    return page(found.shop, "replies/mail.html", refused=found.refused)


# -- what became of a message


@bp.post("/delivery/<secret>")
@open_to("anyone", by_secret=True)
def delivery(secret: str) -> Response:
    """Take in what a gateway tells of a text message, or whoever makes calls of a call: signed, or it is not believed.

    A repeat changes nothing and is answered like the first, for they ask until they get a 2xx.
    """
    if (request.content_length or 0) > LONGEST_REPORT:
        return Response("", 413)
    number = replies.message_by(secret)
    if number is None:
        return Response("", 404)
    message = Message.get_or_none(Message.id == number)
    if message is None:
        outbox.stray("callback", "gone", f"message {number}")
        return Response("", 204)
    via, report = _read(message)
    if report is None:
        return Response("", 403)
    replies.take_in(message, report.state, report.code, report.detail, via)
    return Response("", 204)


def _read(message: Message) -> tuple[str, Report | None]:
    """Return by whom a message was sent, and what they tell of it; no report where they did not sign it."""
    ways, headers, body = Ways(), dict(request.headers), request.get_data(cache=False)
    settings = channels.way_of(message.shop, message.way).settings if message.way in REPORTED else {}
    if message.way != "sms":
        return message.way, hooks.read_callback(settings.get("secret", ""), headers, body)
    gateway = texts.Gateway(
        kind=KINDS.get(settings.get("kind", ""), "generic"),
        account=settings.get("account", ""),
        secret=settings.get("secret", ""),
        sender=settings.get("sender", ""),
        signing_secret=settings.get("signing_secret", ""),
    )
    query = request.query_string.decode("latin-1")
    asked_for = (ways.public_url or request.host_url.rstrip("/")) + request.path + (f"?{query}" if query else "")
    return gateway.kind, texts.read_callback(gateway, asked_for, headers, body)
