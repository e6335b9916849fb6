"""Health checks, and the files every page needs."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, current_app, jsonify, request, send_from_directory
from peewee import PeeweeException, sqlite3 as peewee_sqlite3
from werkzeug import Response

import clock
from domain import alarms
from models import MIGRATIONS, is_postgres
from views.asking import open_to

bp = Blueprint("health", __name__)
STATIC = Path(__file__).parent.parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"


@bp.get("/healthz")
@open_to("anyone")
def healthz() -> Response:
    return jsonify({"ok": True})


@bp.get("/readyz")
@open_to("anyone")
def readyz() -> tuple[Response, int]:
    """Say whether this server can serve, without a word about anybody."""
    schema = sorted(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))[-1]
    now = clock.now()
    try:
        beat, oldest = alarms.last_beat(), alarms.oldest_due(now)
        reachable = True
    except PeeweeException:
        beat = oldest = None
        reachable = False
    told: dict[str, Any] = {
        "ok": reachable,
        "database": "postgresql" if is_postgres() else "sqlite",
        "schema": schema,
        "sqlite_version": None if is_postgres() else (peewee_sqlite3 or sqlite3).sqlite_version,
        "scheduler_age_s": _age(beat, now),
        "oldest_due_s": _age(oldest, now),
        "last_backup_at": None,
        "version": current_app.config["VERSION"],
        "test_mode": current_app.config["REGULARS"].test_mode,
    }
    return jsonify(told), 200 if reachable else 503


def _age(at: datetime | None, now: datetime) -> int | None:
    return max(0, round((now - at).total_seconds())) if at else None


def serve_assets(app: Flask, built: Any) -> None:
    """Add the joined stylesheet and script under their hashed names, compressed for those who take it."""
    by_name = {
        asset.name: asset
        for asset in (
            built.stylesheet,
            built.desk,
            built.script,
            built.offline,
            built.kept_sheet,
            built.kept_script,
            *built.alone.values(),
        )
    }

    @app.get("/static/build/<name>")
    @open_to("anyone")
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
    @open_to("anyone")
    def static(name: str) -> Response:
        return send_from_directory(STATIC, name, max_age=86400)
