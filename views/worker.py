"""The service worker, told which files the shell of this build is made of."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from flask import Blueprint, Response, current_app, url_for

from views.asking import open_to
from views.health import STATIC

bp = Blueprint("worker", __name__)
SCRIPT = "text/javascript; charset=utf-8"


@bp.get("/worker.js")
@open_to("anyone")
def show() -> Response:
    """Answer the worker; a browser asks for it anew each time, and another build is another worker."""
    built: Any = current_app.jinja_env.globals["built"]
    assets = (built.stylesheet, built.script, built.offline, built.kept_sheet, built.kept_script)
    fonts = (f"/static/fonts/{file.name}" for file in sorted((STATIC / "fonts").glob("*-latin-wght-normal.woff2")))
    shell = [*(f"/static/build/{asset.name}" for asset in assets), *fonts, "/static/icon.svg", url_for("kept.offline")]
    build = hashlib.sha256(json.dumps([shell, built.worker]).encode()).hexdigest()[:16]
    text = f"const BUILD = {json.dumps(build)}, SHELL = {json.dumps(shell)};\n{built.worker}"
    return Response(text, mimetype=SCRIPT, headers={"Cache-Control": "no-cache"})
