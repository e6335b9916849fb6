"""The question each phone asks every few seconds, and its most common answer: nothing new.

It is most of what a server hears, so it is answered in front of Flask: who asks is looked up as for any page, in the
database, and the answer says no more than that the tag sent still holds. Whatever is not plainly this goes on to Flask.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from peewee import OperationalError
from werkzeug.http import parse_cookie

import clock
import models
import sending
from domain import access
from models import Shop, Staff
from views.asking import SESSION_COOKIE, cookie_name

PATH = "/today"


def tag_of(shop: Shop, revision: int, staff: Staff, now: datetime) -> str:
    """Return what a day shown to somebody is known by: it changes with every act, with every minute, and when the sender
    falls silent or is there again."""
    silent = ".silent" if sending.silent_since(now) else ""
    return f"{shop.id}.{revision}.{int(now.timestamp()) // 60}.{staff.id}{silent}"


def is_unchanged(environ: dict[str, Any]) -> bool:
    """Say whether a WSGI request is a poll for today by somebody signed in, who has already seen what stands now."""
    tag, cookie = environ.get("HTTP_HX_PTAG"), environ.get("HTTP_COOKIE")
    if not (tag and cookie) or environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "GET":
        return False
    if environ.get("QUERY_STRING") or "HTTP_AUTHORIZATION" in environ:
        return False  # another shop, or a program: Flask knows
    token = parse_cookie(cookie).get(cookie_name(SESSION_COOKIE, environ["wsgi.url_scheme"] == "https"))
    try:
        opened = models.db.obj.connect(reuse_if_open=True)
        try:
            session = access.session_for(token, shared=True)
        finally:
            if opened:
                models.db.obj.close()
    except OperationalError:
        return False  # told in words by whoever meets it next
    if session is None or session.shop is None:
        return False
    return tag == tag_of(session.shop, session.shop.revision, session.staff, clock.now())
