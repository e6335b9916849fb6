"""How many questions pages ask the database, counted where it answers them."""

from __future__ import annotations

import re
from typing import Any

from app import Config, create_app
from benchmarks.stand import Figure, Stand
from models import Shop, db

WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)  # told again for each step of a trigger
BETWEEN = re.compile(
    r"\s*(BEGIN|COMMIT|SAVEPOINT|RELEASE|PRAGMA|--)", re.IGNORECASE
)  # no questions: they only frame them


def questions(stand: Stand) -> Figure:
    """Return how many questions today, a card and a check-in ask, each as the first look after something changed."""
    shop = stand.fresh_shop("small")
    app = create_app(Config(data=shop.folder, database_url=""))
    client = app.test_client()
    client.set_cookie("regulars", shop.cookies[0])
    told = {"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
    card = f"/customers/{shop.well_known}"
    try:
        counts = []
        for ask in (lambda: client.get("/today"), lambda: client.get(card)):
            ask()
            Shop.update(revision=Shop.revision + 1).execute()
            counts.append(_count(ask))
        client.post(
            f"/customers/{shop.listed[0]}/visits", headers=told
        )  # the first since tomorrow's list was made says so to it
        counts.append(_count(lambda: client.post(f"{card}/visits", headers=told)))
        client.get("/today")
        again = _count(lambda: client.get("/today"))
    finally:
        db.close()
    return Figure([float(n) for n in counts], f"today asked for again, nothing new: {again}")


def _count(ask: Any) -> int:
    seen: list[str] = []
    connection = db.connection()
    connection.set_trace_callback(seen.append)
    try:
        answer = ask()
    finally:
        connection.set_trace_callback(None)
    assert answer.status_code == 200, answer.status
    asked = [one for one, former in zip(seen, ["", *seen], strict=False) if one != former or not WRITES.match(one)]
    return sum(not BETWEEN.match(statement) for statement in asked)
