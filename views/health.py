"""Health checks, and the files every page needs."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, current_app, jsonify, request, send_from_directory
from peewee import PeeweeException, sqlite3 as peewee_sqlite3
from werkzeug import Response

import background
import clock
from models import MIGRATIONS, db, is_postgres
from views.asking import EVERYONE, open_to

bp = Blueprint("health", __name__)
STATIC = Path(__file__).parent.parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"


@bp.get("/healthz")
@open_to(*EVERYONE)
def healthz() -> Response:
    return jsonify({"ok": True})


@bp.get("/readyz")
@open_to(*EVERYONE)
def readyz() -> tuple[Response, int]:
    """Say whether this server can serve, without a word about anybody."""
    schema = sorted(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))[-1]
    try:
        db.execute_sql("SELECT 1")
        reachable = True
    except PeeweeException:
        reachable = False
    ticked = background.ticked_at
    told: dict[str, Any] = {
        "ok": reachable,
        "database": "postgresql" if is_postgres() else "sqlite",
        "schema": schema,
        "sqlite_version": None if is_postgres() else (peewee_sqlite3 or sqlite3).sqlite_version,
        "scheduler_age_s": round((clock.now() - ticked).total_seconds()) if ticked else None,
        "oldest_due_s": None,
        "last_backup_at": None,
        "version": current_app.config["VERSION"],
        "test_mode": current_app.config["REGULARS"].test_mode,
    }
    return jsonify(told), 200 if reachable else 503


def serve_assets(app: Flask, built: Any) -> None:
    """Add the joined stylesheet and script under their hashed names, compressed for those who take it."""
    by_name = {asset.name: asset for asset in (built.stylesheet, built.script)}

    @app.get("/static/build/<name>")
    @open_to(*EVERYONE)
    def built_asset(name: str) -> Response:
        asset = by_name.get(name)
        if asset is None:
            return Response(status=404)
        zipped = "gzip" in request.headers.get("Accept-Encoding", "")
        response = Response(asset.gzip if zipped else asset.body, mimetype=asset.type)
        if zipped:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = FOR_EVER
        return response

    @app.get("/static/<path:name>")
    @open_to(*EVERYONE)
    def static(name: str) -> Response:
        return send_from_directory(STATIC, name, max_age=86400)
