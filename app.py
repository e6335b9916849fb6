"""Configuration and wiring: one Flask app over one database."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask, g, redirect, request, url_for
from flask.templating import Environment
from htmx_flask import Htmx
from jinja2 import StrictUndefined
from peewee import OperationalError
from playhouse.migrations import Runner
from werkzeug import Response
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

import assets
import models
import words
from views import (
    answers,
    api,
    asking,
    customers,
    find,
    health,
    nothing_new,
    people,
    promises,
    questions,
    referrals,
    same_person,
    settings,
    shift,
    sign_in,
    states,
    team,
    this_phone,
    today,
    together,
    troubles,
    wording,
)
from views.answers import problem
from views.lines import line_html, lines_html

VERSION = "0.1.0"
ROOT = Path(__file__).parent
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
BIGGEST_BODY = 4 * 1024 * 1024


@dataclass(frozen=True)
class Config:
    """What an installation is told: where its state lies and how it is reached. `REGULARS_*` variables fill it."""

    data: Path = field(default_factory=lambda: Path(os.environ.get("REGULARS_DATA", "instance")))
    database_url: str = field(default_factory=lambda: os.environ.get("DATABASE_URL", ""))
    trusted_proxies: int = field(default_factory=lambda: int(os.environ.get("REGULARS_TRUSTED_PROXIES", "0")))
    test_mode: bool = False
    demo: bool = False

    @property
    def url(self) -> str:
        return self.database_url or f"sqlite:///{(self.data / 'regulars.db').resolve()}"

    def but(self, **changes: Any) -> Config:
        return replace(self, **changes)


@lru_cache(maxsize=100)
def every_answer(scheme: str, host: str) -> list[tuple[str, str]]:
    """Return the headers that every answer bears, whatever it is."""
    secure = scheme == "https"
    # Without any referrer a form's Origin would be "null", and on plain http in a LAN Origin is all we can check.
    local = secure or host.rsplit(":", 1)[0] in LOOPBACK
    headers = [
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
        ("Referrer-Policy", "no-referrer" if local else "same-origin"),
    ]
    return [*headers, ("Strict-Transport-Security", "max-age=31536000")] if secure else headers


class Templates(Environment):
    """Jinja with what all templates share in a plain dict: several times quicker to read than a chain of two."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **(d or {})}


class Regulars(Flask):
    """Flask for plain functions, which need not be looked at each time for being coroutines; addresses are made once.

    In front of it stand the headers of every answer and the shortest answer of all (`views/nothing_new.py`).
    """

    jinja_environment = Templates

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self.addresses: dict[Any, str] = {}

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Any:
        always = every_answer(environ["wsgi.url_scheme"], environ.get("HTTP_HOST", ""))

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, headers + always, exc_info)

        if nothing_new.is_unchanged(environ):
            start("304 NOT MODIFIED", [("Cache-Control", "no-store")])
            return ()
        return super().wsgi_app(environ, start)

    def ensure_sync(self, func: Any) -> Any:
        return func

    def url_for(self, endpoint: str, **values: Any) -> str:
        """Return the address of a view. Those of numbers are made once, with places for the numbers."""
        given = {name: value for name, value in values.items() if value is not None}
        if not all(type(value) is int for value in given.values()):
            return super().url_for(endpoint, **given)
        key = (request.environ.get("SCRIPT_NAME"), endpoint, *given)
        address = self.addresses.get(key)
        if address is None:
            places: dict[str, Any] = {name: 2_000_000_000 + place for place, name in enumerate(given)}
            address = super().url_for(endpoint, **places).replace("%", "%%")
            for name, place in places.items():
                address = address.replace(str(place), f"%({name})d")
            self.addresses[key] = address
        return address % given


def open_storage(config: Config, migrate: bool = True) -> None:
    """Connect `models` to the configured database and bring its schema up to date.

    Raises SystemExit with a sentence when the place or the address is unfit, or the schema newer than this version.
    """
    try:
        if not config.database_url:
            config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        database = models.open_database(config.url)
    except OSError as error:
        raise SystemExit(f"{config.data} cannot hold the data: {error.strerror}.") from None
    except ValueError as error:
        raise SystemExit(str(error)) from None
    models.db.initialize(database)
    models.db.connect(reuse_if_open=True)
    if migrate:
        runner = Runner(models.db.obj, str(models.MIGRATIONS))
        if [m for m in runner.status() if m.path is None]:
            raise SystemExit(
                "This data was written by a newer version of Regulars. Install that version or a later one."
            )
        runner.up()
        models.SearchWord.make_missing()


def create_app(config: Config | None = None) -> Flask:
    """Return the app, its storage open and its schema up to date."""
    config = config or Config()
    open_storage(config)
    app = Regulars(__name__, static_folder=None)
    app.config.update(REGULARS=config, VERSION=VERSION, MAX_CONTENT_LENGTH=BIGGEST_BODY)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Htmx(app)
    built = assets.build(ROOT / "static")
    app.jinja_env.globals.update(
        _=words._, ngettext=words.ngettext, pgettext=words.pgettext, words=words, built=built, config=config, nonce=answers.nonce,
        line_html=line_html, lines_html=lines_html, owed_today=promises.owed_today, new_key=lambda: str(uuid4()),
    )  # fmt: skip
    app.context_processor(_who)
    for area in (
        today,
        customers,
        find,
        promises,
        states,
        together,
        people,
        questions,
        troubles,
        referrals,
        same_person,
        shift,
        sign_in,
        this_phone,
        settings,
        wording,
        team,
        api,
        health,
    ):
        app.register_blueprint(area.bp)
    health.serve_assets(app, built)
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_end)
    app.register_error_handler(HTTPException, _tell)
    app.register_error_handler(OperationalError, _tell_busy)
    app.register_error_handler(Exception, _tell_unexpected)
    if config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, config.trusted_proxies, config.trusted_proxies)  # type: ignore[method-assign]
    return app


def _who() -> dict[str, Any]:
    """Return what every page may say of who is asking."""
    staff, shop = g.get("staff"), g.get("shop")
    return {
        "staff": staff,
        "shop": shop,
        "role": g.get("role", ""),
        "look": g.get("look") or this_phone.Look(),
        "toast": None,
        "several": lambda: bool(staff) and staff.shops.count() > 1,
        "asked_shop": request.args.get("shop"),
    }


def _begin() -> None:
    """Connect, and find out who asks; whoever is turned away is told so in their shop's language as well."""
    g.opened = models.db.obj.connect(reuse_if_open=True)
    try:
        asking.guard()
    finally:
        this_phone.begin()


def _end(error: BaseException | None) -> None:
    """Give the connection back to the pool."""
    this_phone.end(error)
    if g.pop("opened", False):
        models.db.obj.close()


def _finish(response: Response) -> Response:
    """Finish an answer, unless it is a kept one, which was finished when it first left."""
    if g.get("kept") is response:
        return response
    response.headers.setdefault("Cache-Control", "no-store")
    if response.mimetype == "text/html":
        answers.finish(response)
    if "keep" in g and response.status_code == 200:
        g.keep(response)
    return response


def _tell(error: HTTPException) -> Response | HTTPException:
    code = error.code or 500
    if code < 400:
        return error
    signed_out = isinstance(error, asking.SignedOut) or (code == 404 and g.get("session") is None and not _is_public())
    if (
        signed_out
        and request.method in asking.READING
        and not request.path.startswith("/api/")
        and not request.headers.get("HX-Request")
    ):
        return redirect(url_for("sign_in.show"), 303)
    response = problem(401 if signed_out else code, g.get("problem", ""))
    if signed_out and sign_in.is_shut_out():
        response.headers["Clear-Site-Data"] = asking.FORGET
    return response


def _is_public() -> bool:
    return request.endpoint is not None and asking.roles_of(_current(), request.endpoint) == asking.EVERYONE


def _current() -> Flask:
    from flask import current_app

    return current_app._get_current_object()  # type: ignore[attr-defined]


def _tell_busy(error: OperationalError) -> Response:
    _current().logger.exception("The database did not answer: %s", request.endpoint)
    return problem(503)


def _tell_unexpected(error: Exception) -> Response:
    _current().logger.exception("A request failed: %s", request.endpoint)
    return problem(500)
