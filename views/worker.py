"""The service worker, told which files the shell of this build is made of."""

from __future__ import annotations

import gzip
import hashlib
import json
from functools import cache
from typing import Any

from flask import Blueprint, Response, current_app, request, url_for

from views.answers import takes_packed
from views.asking import open_to
from views.health import STATIC

bp = Blueprint("worker", __name__)
SCRIPT = "text/javascript; charset=utf-8"


@bp.get("/worker.js")
@open_to("anyone")
def show() -> Response:
    """Answer the worker. A browser asks at each opening whether it is still this one; another build is another worker."""
    built: Any = current_app.jinja_env.globals["built"]
    assets = (built.stylesheet, built.script, built.offline, built.kept_sheet, built.kept_script)
    fonts = (f"/static/fonts/{file.name}" for file in sorted((STATIC / "fonts").glob("*-latin-wght-normal.woff2")))
    shell = (*(f"/static/build/{asset.name}" for asset in assets), *fonts, "/static/icon.svg", url_for("kept.offline"))
    build, plain, packed = _made(shell, built.worker)
    response = Response(packed if takes_packed() else plain, mimetype=SCRIPT)
    if takes_packed():
        response.headers["Content-Encoding"] = "gzip"
    response.headers |= {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    response.set_etag(build + ("-gzip" if takes_packed() else ""))
    return response.make_conditional(request)  # type: ignore[return-value]


@cache
def _made(shell: tuple[str, ...], worker: str) -> tuple[str, bytes, bytes]:
    """Return what the build is known by, and its worker, plain and packed."""
    build = hashlib.sha256(json.dumps([shell, worker]).encode()).hexdigest()[:16]
    plain = f"const BUILD = {json.dumps(build)}, SHELL = {json.dumps(shell)};\n{worker}".encode()
    return build, plain, gzip.compress(plain, 9, mtime=0)
