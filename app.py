"""Configuration and wiring: one Flask app over one database."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask, g, request
from flask.templating import Environment
from htmx_flask import Htmx
from jinja2 import StrictUndefined
from peewee import OperationalError
from playhouse.migrations import Runner
from werkzeug import Response
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

import assets
import clock
import models
import sending
import words.alarms
from domain import passwords, rights
from domain.settings import of
from views import (
    answers,
    api,
    appointments,
    asking,
    calendars,
    calls,
    certificate,
    changes,
    contacts,
    customers,
    find,
    first_run,
    health,
    installed,
    kept,
    late,
    notices,
    owner,
    people,
    phones,
    polls,
    promises,
    questions,
    referrals,
    reminders,
    replies,
    same_person,
    settings,
    shared,
    shift,
    shops,
    sign_in,
    states,
    team,
    this_phone,
    today,
    together,
    troubles,
    wording,
    worker,
)
from views.answers import problem
from views.lines import line_html, lines_html, list_name

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
    https: bool = False  # with a certificate of our own
    test_mode: bool = False
    demo: bool = False

    @property
    def url(self) -> str:
        return self.database_url or f"sqlite:///{(self.data / 'regulars.db').resolve()}"

    def but(self, **changes: Any) -> Config:
        return replace(self, **changes)


@lru_cache(maxsize=100)
def every_answer(scheme: str, host: str, own: bool = False) -> list[tuple[str, str]]:
    """Return the headers that every answer bears, whatever it is; `own` says that the certificate is of our own making."""
    secure = scheme == "https"
    # Without any referrer a form's Origin would be "null", and on plain http in a LAN Origin is all we can check.
    local = secure or host.rsplit(":", 1)[0] in LOOPBACK
    headers = [
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
        ("Referrer-Policy", "no-referrer" if local else "same-origin"),
    ]
    # Not for localhost, a name that other programs here bear as well; and a shop that gives its own certificate up
    # again must not have shut its phones out for a year.
    age = 604_800 if own else 31_536_000
    return (
        [*headers, ("Strict-Transport-Security", f"max-age={age}")]
        if secure and not host.startswith("localhost")
        else headers
    )


class Templates(Environment):
    """Jinja with what all templates share in a plain dict: several times quicker to read than a chain of two."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **(d or {})}


class Regulars(Flask):
    """Flask for plain functions, which need not be looked at each time for being coroutines; addresses are made once.

    In front of it stand the headers of every answer and the two most common answers of all (`views/polls.py`).
    """

    jinja_environment = Templates

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self.addresses: dict[Any, str] = {}
        self.https = False  # with a certificate of our own: then http only leads there

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Any:
        always = every_answer(environ["wsgi.url_scheme"], environ.get("HTTP_HOST", ""), self.https)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, headers + always, exc_info)

        if self.https and environ["wsgi.url_scheme"] == "http" and not certificate.is_open(environ["PATH_INFO"]):
            return certificate.lead(environ)(environ, start)
        if (answered := polls.answer(environ)) is not None:
            status, headers, body = answered
            start(status, headers)
            return body
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
            _for_its_owner_alone(Path(config.url.removeprefix("sqlite:///")))
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


def _for_its_owner_alone(path: Path) -> None:
    """Let nobody else on the machine read a database: passwords of providers stand in it. Its log follows its mode."""
    if os.name == "posix" and path.parent.is_dir():
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
        for one in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            if one.exists() and one.stat().st_mode & 0o077 and os.access(one, os.W_OK):
                one.chmod(0o600)


def create_app(config: Config | None = None) -> Flask:
    """Return the app, its storage open and its schema up to date."""
    config = config or Config()
    open_storage(config)
    app = Regulars(__name__, static_folder=None)
    app.https = config.https
    app.config.update(REGULARS=config, VERSION=VERSION, MAX_CONTENT_LENGTH=BIGGEST_BODY)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Htmx(app)
    built = assets.build(ROOT / "static")
    app.jinja_env.globals.update(
        _=words._, ngettext=words.ngettext, pgettext=words.pgettext, words=words, built=built, config=config, nonce=answers.nonce,
        line_html=line_html, lines_html=lines_html, list_name=list_name, owed_today=promises.owed_today,
        need_owner=reminders.need_owner, setting_up=first_run.waiting, needs_password=owner.needs_password,
        https_state=certificate.state, calendars_waiting=calendars.waiting, new_key=lambda: str(uuid4()),
    )  # fmt: skip
    app.context_processor(_who)
    for area in (
        today,
        customers,
        contacts,
        find,
        promises,
        states,
        together,
        people,
        questions,
        troubles,
        referrals,
        replies,
        same_person,
        shift,
        sign_in,
        owner,
        this_phone,
        notices,
        certificate,
        settings,
        changes,
        wording,
        team,
        phones,
        first_run,
        shops,
        appointments,
        reminders,
        calls,
        calendars,
        api,
        health,
        installed,
        kept,
        late,
        shared,
        worker,
    ):
        app.register_blueprint(area.bp)
    health.serve_assets(app, built)
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_end)
    app.register_error_handler(HTTPException, _tell)
    app.register_error_handler(OperationalError, _tell_busy)
    app.register_error_handler(passwords.Busy, _tell_crowded)
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
        "may": lambda right: rights.may(staff, right, shop),
        "look": g.get("look") or this_phone.Look(),
        "silence": _silence,
        "hides_on_wake": lambda: of(shop).hide_on_wake,
        "toast": None,
        "several": lambda: bool(staff) and staff.among > 1 and staff.shops.count() > 1,
        "my_shops": lambda: list(staff.shops) if staff and staff.among > 1 else [],
        "asked_shop": request.args.get("shop"),
        "at_desk": _is_at_desk,
    }


def _is_at_desk() -> bool:
    """Say whether the page is one of the owner's, and not of the counter."""
    view = _current().view_functions.get(request.endpoint or "")
    return getattr(view, "right", "anyone") not in ("anyone", "work")


def _silence() -> str:
    """Return what everybody signed in reads while nothing is sent; empty while all is well."""
    shop, now = g.get("shop"), clock.now()
    since = sending.silent_since(now) if shop else None
    return words.alarms.silence(shop.local(since), shop.local(now)) if since else ""


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
    return response


def _tell(error: HTTPException) -> Response | HTTPException:
    code = error.code or 500
    if code < 400:
        return error
    if isinstance(error, asking.AskAgain):
        return owner.ask_again(error.told)
    signed_out = isinstance(error, asking.SignedOut) or (code == 404 and g.get("session") is None and not _is_public())
    if signed_out:
        return sign_in.tell_signed_out()
    asking.turned_away(code)
    return problem(code, g.get("problem", ""))


def _is_public() -> bool:
    return request.endpoint is not None and asking.roles_of(_current(), request.endpoint) == rights.ANYONE


def _current() -> Flask:
    from flask import current_app

    return current_app._get_current_object()  # type: ignore[attr-defined]


def _tell_busy(error: OperationalError) -> Response:
    _current().logger.exception("The database did not answer: %s", request.endpoint)
    return problem(503)


def _tell_crowded(_error: passwords.Busy) -> Response:
    return problem(503)


def _tell_unexpected(error: Exception) -> Response:
    _current().logger.exception("A request failed: %s", request.endpoint)
    return problem(500)
