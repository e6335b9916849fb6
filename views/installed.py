"""What a phone is told of the app itself: what it is on a home screen, and the hints that lead there.

Both are public, so neither names the shop.
"""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from typing import Any

from flask import Blueprint, render_template
from werkzeug import Response

import words
from views.answers import takes_packed
from views.asking import open_to
from views.this_phone import GROUND
from words import _

bp = Blueprint("installed", __name__)
START = "/today"
KEPT_FOR = "public, max-age=86400"  # of the manifest: every page asks for it


@bp.get("/manifest.webmanifest")
@open_to("anyone")
def manifest() -> Response:
    plain, packed = _manifest(words.language())
    response = Response(packed if takes_packed() else plain, mimetype="application/manifest+json")
    if takes_packed():
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = KEPT_FOR
    response.headers["Vary"] = "Accept-Encoding, Accept-Language, Cookie"
    return response


@lru_cache(maxsize=50)
def _manifest(_language: str) -> tuple[bytes, bytes]:
    """Return the manifest in the language that is spoken, plain and packed."""
    plain = json.dumps(described(), ensure_ascii=False, separators=(",", ":")).encode()
    return plain, gzip.compress(plain, 9, mtime=0)


def described() -> dict[str, Any]:
    """Return what systems show of the app, and how they open it (https://www.w3.org/TR/appmanifest/)."""
    return {
        "id": START,
        "start_url": START,
        "scope": "/",
        "name": _("Regulars"),
        "short_name": _("Regulars"),
        "description": _("Who comes today, what to say, and what was promised."),
        "lang": words.language(),
        "dir": words.direction(),
        "display": "standalone",
        "orientation": "any",
        "theme_color": GROUND["light"],
        "background_color": GROUND["light"],  # of the splash
        "categories": ["business", "productivity"],
        "icons": [
            *(_picture(f"app-{size}", size) for size in (192, 512)),
            *(_picture(f"maskable-{size}", size, purpose="maskable") for size in (192, 512)),
            _picture("monochrome-192", 192, purpose="monochrome"),
        ],
        "shortcuts": [
            {"name": _("Today"), "url": START, "icons": [_picture("today-96", 96)]},
            {"name": _("Find"), "url": "/find", "icons": [_picture("find-96", 96)]},
        ],
        "screenshots": [
            _picture("screen-narrow", 412, 892, form_factor="narrow", label=_("Today on a phone")),
            _picture("screen-wide", 1280, 800, form_factor="wide", label=_("Today on a tablet or a computer")),
        ],
        "share_target": {  # text from another app, for a note (views/shared.py); in a body, for addresses end up in logs
            "action": "/share",
            "method": "POST",
            "enctype": "application/x-www-form-urlencoded",
            "params": {"title": "title", "text": "text", "url": "url"},
        },
    }


def _picture(name: str, width: int, height: int = 0, **more: str) -> dict[str, str]:
    return {"src": f"/static/icons/{name}.png", "sizes": f"{width}x{height or width}", "type": "image/png", **more}


@bp.get("/this-phone/hints")
@open_to("anyone")
def hints() -> str:
    """Return every hint there is about the app, hidden: a script shows the one that fits (static/js/alone/installed.js)."""
    return render_template("_hints.html")
