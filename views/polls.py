"""The question each phone asks every few seconds, and its two most common answers: nothing new, and the day as it was just made,
for a colleague or, as a whole page, for the same person.

They are most of what a server hears, so they are given in front of Flask: who asks is looked up as for any page, in the
database, and only what was made at this revision, within this minute, is given again. Whatever is not plainly this goes on
to Flask.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from peewee import OperationalError
from werkzeug.http import parse_cookie

import clock
import models
import sending
from domain import access, rights
from domain.board import Board, kept_board
from domain.learning import YOUNG
from models import DRIVER_ERRORS, Session, Shop, Staff
from views import this_phone
from views.asking import ASKED, SESSION_COOKIE, cookie_name

PATH = "/today"

Answered = tuple[str, list[tuple[str, str]], tuple[bytes, ...]]


def tag_of(shop: Shop, revision: int, reader: Staff | None, now: datetime) -> str:
    """Return what a day is known by that was made for somebody, or for all (None), who then read it alike: it changes with every
    act, with every minute, and when the sender falls silent or is there again."""
    silent = ".silent" if sending.silent_since(now) else ""
    return f"{shop.id}.{revision}.{int(now.timestamp()) // 60}.{reader.id if reader else 0}{silent}"


def is_theirs(tag: str | None, shop: Shop, staff: Staff, now: datetime, partial: bool) -> bool:
    """Say whether a tag is that of the day as it stands, made for somebody or, as a `partial` page, for all. A whole page bears a
    name: a phone that has a colleague's must not be told that nothing is new."""
    readers = (None, staff) if partial else (staff,)
    return bool(tag) and tag in [tag_of(shop, shop.revision, reader, now) for reader in readers]


def is_for_all(day: Board) -> bool:
    """Say whether a day reads alike whoever of us asks: no words, lines or forms on it that are one person's."""
    around = day.around
    if around.left or around.died or around.calls or around.checks or around.owed or day.asked:
        return False
    return len(day.by_customer) >= YOUNG and any(line.is_expected for line in day.by_customer.values())


def key_of(
    day: Board, staff: Staff, look: this_phone.Look, now: datetime, partial: bool, packed: bool, shop: str | None = None
) -> Any:
    """Return what an answer that shows a day depends on besides the day: who reads it and how, the `shop` they asked for by name,
    and whether the sender is silent. A whole page has their name on it, a `partial` one only where the day is not for all."""
    whose = None if partial and is_for_all(day) else staff.id
    return whose, staff.acts_as, look, partial, packed, shop, sending.silent_since(now) is not None


def answer(environ: dict[str, Any]) -> Answered | None:
    """Return status, headers and body where somebody signed in asks for today and has already seen what stands now, or it has
    been made; else None, with the session that was found left in `environ`."""
    tag, cookie = environ.get("HTTP_HX_PTAG"), environ.get("HTTP_COOKIE")
    if not cookie or environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "GET":
        return None
    if environ.get("QUERY_STRING") or "HTTP_AUTHORIZATION" in environ:
        return None  # another shop, or a program: Flask knows
    cookies, https, now = parse_cookie(cookie), environ["wsgi.url_scheme"] == "https", clock.now()
    try:
        opened = models.db.obj.connect(reuse_if_open=True)
        try:
            session = access.session_for(cookies.get(cookie_name(SESSION_COOKIE, https)), shared=True)
            if session is None or session.shop is None:
                return None
            if is_theirs(tag, session.shop, session.staff, now, _is_partial(environ)):
                return "304 NOT MODIFIED", [("Cache-Control", "no-store")], ()
            environ[ASKED] = session
            return _made(environ, session, cookies.get(cookie_name(this_phone.COOKIE, https)), now)
        finally:
            if opened:
                models.db.obj.close()
    except OperationalError:
        return None  # told in words by whoever meets it next


def _is_partial(environ: dict[str, Any]) -> bool:
    return environ.get("HTTP_HX_REQUEST", "").lower() == "true" and "HTTP_HX_HISTORY_RESTORE_REQUEST" not in environ


def _made(environ: dict[str, Any], session: Session, look: str | None, now: datetime) -> Answered | None:
    """Return the day as it was made for this person, or for all, if it was."""
    if not session.shop.language or session.staff.acts_as not in rights.roles_with("work"):
        return None
    day = kept_board(session.shop, now)
    if day is None:
        return None
    looks, _locale = this_phone.look_in(look, session.shop)
    packed = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
    found = day.pages.get(key_of(day, session.staff, looks, now, _is_partial(environ), packed))
    if found is None or found[0] != int(now.timestamp()) // 60:
        return None
    with suppress(*DRIVER_ERRORS):
        access.seen(session)
    return found[1].status, found[1].headers.to_wsgi_list(), (found[1].get_data(),)
