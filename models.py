"""Tables, what one row guarantees, named queries and one-step verbs, in the order a customer meets them.

The database refuses what must never be; Python explains. Instants are stored in UTC, a ``day`` is the shop's own
calendar day. Nothing here knows HTTP, and what weighs many rows against each other lives in ``domain/``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from peewee import (
    SQL,
    AutoField,
    BooleanField,
    Check,
    Database,
    DatabaseProxy,
    DateField,
    Field,
    FloatField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    NodeList,
    PeeweeException,
    Query,
    SqliteDatabase,
    TextField,
    fn,
    sqlite3 as peewee_sqlite3,
)

import clock

db = DatabaseProxy()

ROLES = ("staff", "manager", "owner")
PRONOUNS = ("", "she", "he", "they")
CALLED = ("customer", "guest", "client", "patient", "member", "reader")
LIFETIMES = ("always", "next_visit", "this_visit")
MOMENTS = ("list", "arrival", "booking", "late")
APPOINTMENT_STATES = ("booked", "cancelled", "missed")
OUTCOMES = ("shown", "said", "skipped")


def open_database(url: str) -> Database:
    """Return an unconnected database for `url`: ``sqlite:///PATH`` or ``postgresql://…``.

    SQLite runs with a write-ahead log, full synchronisation (an acknowledged write survives a power cut) and
    transactions that take the write lock at once, so that two phones queue instead of failing with "locked".
    PostgreSQL goes through a pool of at most 40 connections and prepares no statements, for pgbouncer's sake.
    Raises ValueError for any other scheme.
    """
    if url.startswith("sqlite:///"):
        return SqliteDatabase(
            url.removeprefix("sqlite:///"),
            lock_type="IMMEDIATE",
            timeout=5,
            pragmas={"journal_mode": "wal", "synchronous": "full", "foreign_keys": 1, "secure_delete": 1},
        )
    if url.startswith(("postgresql://", "postgres://")):
        from playhouse.pool import PooledPostgresqlDatabase

        return PooledPostgresqlDatabase(
            "postgresql://" + url.split("://", 1)[1],
            prefer_psycopg3=True,
            prepare_threshold=None,
            max_connections=40,
            stale_timeout=300,
            timeout=10,
        )
    raise ValueError("A database address begins with sqlite:/// or postgresql://.")


def _driver_errors() -> tuple[type[Exception], ...]:
    """Return what a refusal of the database can be: peewee's own errors, and those of a driver asked directly."""
    errors: list[type[Exception]] = [PeeweeException, peewee_sqlite3.Error]
    with suppress(ImportError):
        import psycopg

        errors.append(psycopg.Error)
    return tuple(errors)


DRIVER_ERRORS = _driver_errors()


def is_postgres() -> bool:
    """Say whether the database in use is PostgreSQL."""
    return not isinstance(db.obj, SqliteDatabase)


@contextmanager
def snapshot() -> Iterator[None]:
    """Read one moment's state inside the block, whoever writes meanwhile, and hold up nobody."""
    how = {"isolation_level": "REPEATABLE READ"} if is_postgres() else {"lock_type": "DEFERRED"}
    with db.atomic(**how):
        yield


def checked(field: str, words: tuple[str, ...]) -> Check:
    """Return the constraint that `field` holds one of `words`."""
    return Check(f"{field} IN ({', '.join(repr(word) for word in words)})")


class InstantField(Field):
    """An aware instant, stored as UTC text of one width: ``2026-11-24T08:12:00.000Z`` sorts, and reads alike on both engines."""

    field_type = "TEXT"

    def db_value(self, value: datetime | str | None) -> str | None:
        if value is None or isinstance(value, str):
            return value
        return instant_text(value)

    def python_value(self, value: str | None) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


def instant_text(instant: datetime) -> str:
    """Return an aware instant as it is stored. Raises ValueError for a naive time."""
    if instant.tzinfo is None:
        raise ValueError("An instant needs a zone.")
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


class NumberField(AutoField):
    """A row's number, never given twice: a stale Undo on some phone must not hit whoever came after.

    PostgreSQL's sequences keep that by themselves; SQLite has to be asked.
    """

    def ddl(self, ctx: Any) -> Any:
        column = super().ddl(ctx)
        return column if is_postgres() else NodeList((column, SQL("AUTOINCREMENT")))


class Row(Model):
    """What every table shares: the database in use and plain table names."""

    id = NumberField()

    class Meta:
        database = db
        legacy_table_names = False


def insert_many(table: type[Row], columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Insert rows of stored values (instants and days as text), passing over those that a unique index refuses.

    One statement prepared once: several times quicker than building SQL from fields, where rows come by the thousand.
    """
    if rows:
        mark = "%s" if is_postgres() else "?"
        values = ", ".join([mark] * len(columns))
        statement = (
            f"INSERT INTO {table._meta.table_name} ({', '.join(columns)}) VALUES ({values}) ON CONFLICT DO NOTHING"
        )
        db.cursor().executemany(statement, rows)


class Business(Row):
    """Whoever runs the shops: the owner of the customers' names."""

    name = TextField()
    created_at = InstantField()


class Shop(Row):
    """One place people come to, with its own zone, hours and habits."""

    business = ForeignKeyField(Business, backref="shops", on_delete="CASCADE")
    name = TextField()
    zone = TextField(default="Europe/London")
    hours: Any = JSONField(null=True)  # seven of [opens, closes] "HH:MM" or null for closed; null as a whole: not told
    called = TextField(default="customer", constraints=[checked("called", CALLED)])
    same_visit_minutes = IntegerField(default=90, constraints=[Check("same_visit_minutes BETWEEN 0 AND 720")])
    listed_from = FloatField(default=0.25, constraints=[Check("listed_from BETWEEN 0 AND 1")])
    grace_minutes = IntegerField(default=10, constraints=[Check("grace_minutes BETWEEN 0 AND 240")])
    revision = IntegerField(default=0)  # goes up with every change another phone should see

    class Meta:
        indexes = ((("business", "name"), True),)

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def local(self, instant: datetime) -> datetime:
        """Return the wall time in the shop at an aware instant."""
        return instant.astimezone(self.tz)

    def day_of(self, instant: datetime) -> date:
        """Return the shop's calendar day at an aware instant."""
        return self.local(instant).date()

    def today(self) -> date:
        return self.day_of(clock.now())

    def at(self, day: date, minute: int) -> datetime:
        """Return the instant of a wall time, `minute` minutes after midnight; a time that does not exist moves forward."""
        hour, minute = divmod(minute, 60)
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.tz).astimezone(UTC)

    def hours_on(self, day: date) -> tuple[int, int] | None:
        """Return opening and closing in minutes after midnight; None when closed or when no hours were told."""
        pair = self.hours[day.weekday()] if self.hours else None
        return (minutes_of(pair[0]), minutes_of(pair[1])) if pair else None

    def is_closed_on(self, day: date) -> bool:
        """Say whether the owner told us that the shop does not open on this weekday."""
        return bool(self.hours) and not self.hours[day.weekday()]

    def changed(self) -> None:
        """Let the other phones know that there is something new to fetch."""
        Shop.update(revision=Shop.revision + 1).where(Shop.id == self.id).execute()


def minutes_of(text: str) -> int:
    """Return the minutes after midnight of "HH:MM". Raises ValueError otherwise."""
    hour, minute = text.split(":")
    value = int(hour) * 60 + int(minute)
    if not (0 <= int(hour) <= 24 and 0 <= int(minute) < 60 and value <= 24 * 60):
        raise ValueError(text)
    return value


class Staff(Row):
    """Someone who works here. A PIN is only ever of use on a phone that was let in."""

    business = ForeignKeyField(Business, backref="staff", on_delete="CASCADE")
    name = TextField()
    role = TextField(default="staff", constraints=[checked("role", ROLES)])
    pin_hash = TextField(default="")
    created_at = InstantField()
    left_at = InstantField(null=True)

    @property
    def may_manage(self) -> bool:
        return self.role in ("manager", "owner")

    @property
    def shops(self) -> Query:
        """Return the query for the shops this person may see, by name: an owner all of the business, others their own."""
        shops = Shop.select().where(Shop.business == self.business_id).order_by(Shop.name)
        if self.role != "owner":
            shops = shops.join(Membership).where(Membership.staff == self.id)
        return shops

    @property
    def customers(self) -> Query:
        """Return the query for the customers this person may see."""
        return Customer.select().where(Customer.business == self.business_id)


class Membership(Row):
    """Staff work in a shop."""

    staff = ForeignKeyField(Staff, backref="memberships", on_delete="CASCADE")
    shop = ForeignKeyField(Shop, backref="memberships", on_delete="CASCADE")

    class Meta:
        indexes = ((("staff", "shop"), True),)


class Phone(Row):
    """An enrolled device. Its secret is stored hashed; shutting it out leaves the row, for the record."""

    business = ForeignKeyField(Business, backref="phones", on_delete="CASCADE")
    staff = ForeignKeyField(Staff, backref="phones", on_delete="CASCADE")
    name = TextField()
    secret_hash = TextField(unique=True, null=True)
    enrolled_at = InstantField()
    seen_at = InstantField(null=True)
    revoked_at = InstantField(null=True)


class Invitation(Row):
    """A way in that works once: the owner's link, or a phone's enrolment link with its typed code."""

    staff = ForeignKeyField(Staff, backref="invitations", on_delete="CASCADE")
    kind = TextField(constraints=[checked("kind", ("owner", "phone"))])
    token_hash = TextField(unique=True)
    code_hash = TextField(unique=True, null=True)
    expires_at = InstantField()
    used_at = InstantField(null=True)


class Session(Row):
    """Somebody signed in: from a phone, from the owner's browser, or by a bearer token."""

    token_hash = TextField(unique=True)
    kind = TextField(constraints=[checked("kind", ("phone", "owner", "token"))])
    staff = ForeignKeyField(Staff, backref="sessions", on_delete="CASCADE")
    phone = ForeignKeyField(Phone, backref="sessions", null=True, on_delete="CASCADE")
    shop = ForeignKeyField(Shop, null=True, on_delete="CASCADE")
    created_at = InstantField()
    expires_at = InstantField()
    ended_at = InstantField(null=True)


class PinTries(Row):
    """Wrong PINs of one person on one phone; it outlives restarts."""

    staff = ForeignKeyField(Staff, on_delete="CASCADE")
    phone = ForeignKeyField(Phone, on_delete="CASCADE")
    wrong = IntegerField(default=0)
    wrong_in_all = IntegerField(default=0)
    rests_until = InstantField(null=True)

    class Meta:
        indexes = ((("staff", "phone"), True),)


class Customer(Row):
    """Someone who comes. One name is enough, in any script, or a word they would smile at."""

    business = ForeignKeyField(Business, backref="customers", on_delete="CASCADE")
    name = TextField(constraints=[Check("name <> ''")])
    search_name = TextField(index=True)
    say_as = TextField(default="")
    call = TextField(default="")
    lang = TextField(default="")
    pronoun = TextField(default="", constraints=[checked("pronoun", PRONOUNS)])
    source_id = TextField(null=True)
    created_at = InstantField()

    class Meta:
        indexes = ((("business", "source_id"), True),)

    def save(self, *args: Any, **kwargs: Any) -> int:
        self.search_name = folded(self.name)
        return super().save(*args, **kwargs)

    @property
    def called(self) -> str:
        """Return what to call them: the form they like, else their name."""
        return self.call or self.name

    def check_in(self, shop: Shop, by: Staff | None, at: datetime, **witness: Any) -> tuple[Visit, bool]:
        """Return the visit and whether it joined an earlier one within the shop's same-visit window.

        Holds the customer's row, so that two phones cannot both be first. Runs inside the caller's transaction.
        A visit keeps its earliest witness's time, whichever phone told us first.
        """
        if is_postgres():
            list(Customer.select(Customer.id).where(Customer.id == self.id).for_update().tuples())
        day = shop.day_of(at)
        window = timedelta(minutes=shop.same_visit_minutes)
        same = (
            Visit.select()
            .where(
                (Visit.customer == self.id)
                & (Visit.shop == shop.id)
                & (Visit.day == day)
                & Visit.at.between(at - window, at + window)
            )
            .order_by(Visit.at)
            .first()
        )
        visit = same or Visit.create(customer=self, shop=shop, day=day, at=at)
        if at < visit.at:
            visit.at = at
            visit.save(only=[Visit.at])
        Witness.create(visit=visit, staff=by, at=at, **witness)
        return visit, same is not None


def one_line(text: str) -> str:
    """Return text fit to be a name: on one line, without control letters or those that turn the writing's direction."""
    turning = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text if c not in turning).split())


def folded(text: str) -> str:
    """Return text for searching: no case, no accents, single spaces."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().replace("đ", "d").replace("ø", "o").replace("ł", "l").replace("ı", "i").split())


class Import(Row):
    """One file taken in, with its honest count."""

    business = ForeignKeyField(Business, backref="imports", on_delete="CASCADE")
    kind = TextField()
    digest = TextField()
    at = InstantField()
    counts: Any = JSONField()


class Visit(Row):
    """They came. A second arrival within the same-visit window joins the first."""

    customer = ForeignKeyField(Customer, backref="visits", on_delete="CASCADE", index=False)
    shop = ForeignKeyField(Shop, backref="visits", on_delete="CASCADE", index=False)
    day = DateField()
    at = InstantField()
    source_id = TextField(null=True)
    imported = ForeignKeyField(Import, backref="visits", null=True, on_delete="SET NULL")

    class Meta:
        indexes = (
            (("customer", "shop", "at"), True),
            (("shop", "day"), False),
        )

    @classmethod
    def on(cls, shop: Shop, day: date, until: datetime) -> Query:
        """Return the query for a shop's visits of one day up to an instant, earliest first."""
        return cls.select().where((cls.shop == shop.id) & (cls.day == day) & (cls.at <= until)).order_by(cls.at)


class Witness(Row):
    """Who saw them come. Two colleagues may both have tapped; the visit goes only when the last of them takes it back."""

    visit = ForeignKeyField(Visit, backref="witnesses", on_delete="CASCADE")
    staff = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
    at = InstantField()  # what the server took as the time of the tap
    tapped_at = InstantField(null=True)  # what the phone's own clock said, when it differs
    action = TextField(null=True, unique=True)


class Note(Row):
    """Something good to know about a customer, with its author and day."""

    customer = ForeignKeyField(Customer, backref="notes", on_delete="CASCADE")
    shop = ForeignKeyField(Shop, null=True, on_delete="CASCADE")  # null: for every shop of the business
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
    text = TextField(constraints=[Check("text <> ''")])
    lifetime = TextField(default="always", constraints=[checked("lifetime", LIFETIMES)])
    moment = TextField(default="arrival", constraints=[checked("moment", MOMENTS)])
    private = BooleanField(default=False)
    safety = BooleanField(default=False)
    day = DateField()
    at = InstantField()
    edited_at = InstantField(null=True)

    @classmethod
    def standing(cls, shop: Shop, today: date) -> Any:
        """Return the condition that a note is still to be shown in a shop on a day.

        One for "this visit" stands on its own day; one for the "next visit" until a day on which they came is over.
        """
        came_since = Visit.select().where(
            (Visit.customer == cls.customer) & (Visit.shop == shop.id) & (Visit.day > cls.day) & (Visit.day < today)
        )
        lives = (
            (cls.lifetime == "always")
            | ((cls.lifetime == "this_visit") & (cls.day == today))
            | ((cls.lifetime == "next_visit") & ~fn.EXISTS(came_since))
        )
        return ((cls.shop == shop.id) | cls.shop.is_null()) & lives


class NoteReading(Row):
    """Somebody held a private note open."""

    note = ForeignKeyField(Note, backref="readings", on_delete="CASCADE")
    staff = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
    at = InstantField()


class Usual(Row):
    """What they usually have, at one shop, in the words of whoever wrote it down."""

    customer = ForeignKeyField(Customer, backref="usuals", on_delete="CASCADE", index=False)
    shop = ForeignKeyField(Shop, on_delete="CASCADE")
    text = TextField(constraints=[Check("text <> ''")])
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
    day = DateField()

    class Meta:
        indexes = ((("customer", "shop"), True),)


class Appointment(Row):
    """An agreed time."""

    customer = ForeignKeyField(Customer, backref="appointments", on_delete="CASCADE")
    shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
    day = DateField()
    starts_at = InstantField()
    ends_at = InstantField(null=True)
    service = TextField(default="")
    with_whom = TextField(default="")
    state = TextField(default="booked", constraints=[checked("state", APPOINTMENT_STATES)])

    class Meta:
        indexes = ((("shop", "day"), False),)

    @classmethod
    def on(cls, shop: Shop, day: date) -> Query:
        """Return the query for the appointments standing on a day, earliest first."""
        return (
            cls.select()
            .where((cls.shop == shop.id) & (cls.day == day) & (cls.state == "booked"))
            .order_by(cls.starts_at)
        )


class DayList(Row):
    """The people expected by habit on one day, made once from the visits before it."""

    shop = ForeignKeyField(Shop, backref="day_lists", on_delete="CASCADE", index=False)
    day = DateField()
    made_at = InstantField()
    arrivals = FloatField(default=0)  # how many of the known are expected in all
    stale = BooleanField(default=False)  # a visit of an earlier day has come or gone since

    class Meta:
        indexes = ((("shop", "day"), True),)


class Expected(Row):
    """One person on a day's list, with the facts behind it."""

    day_list = ForeignKeyField(DayList, backref="expected", on_delete="CASCADE", index=False)
    customer = ForeignKeyField(Customer, on_delete="CASCADE")
    probability = FloatField()
    around = IntegerField(null=True)  # minutes after midnight, only where a clock time is honest
    earliest = IntegerField(null=True)
    latest = IntegerField(null=True)
    part_of_day = TextField(default="")
    reason: Any = JSONField()
    prompt: Any = JSONField(null=True)

    class Meta:
        indexes = ((("day_list", "customer"), True),)


class PromptShown(Row):
    """Words offered to staff when somebody came, and what became of them. One a customer, shop and day."""

    customer = ForeignKeyField(Customer, backref="prompts", on_delete="CASCADE", index=False)
    shop = ForeignKeyField(Shop, on_delete="CASCADE")
    day = DateField()
    prompt = TextField()
    facts: Any = JSONField()
    outcome = TextField(default="shown", constraints=[checked("outcome", OUTCOMES)])
    greeted_by_name = BooleanField(null=True)
    at = InstantField()

    class Meta:
        indexes = ((("customer", "shop", "day"), True),)


class Action(Row):
    """One act of a phone, kept by its own id for 90 days, so that a repeat changes nothing.

    Only a digest of what was sent is kept: a note's text stands once, in the note.
    """

    key = TextField(unique=True)
    digest = TextField()
    result: Any = JSONField()
    done_at = InstantField(index=True)


TABLES: tuple[type[Row], ...] = (
    Business, Shop, Staff, Membership, Phone, Invitation, Session, PinTries, Customer, Import, Visit, Witness, Note,
    NoteReading, Usual, Appointment, DayList, Expected, PromptShown, Action,
)  # fmt: skip

MIGRATIONS = Path(__file__).parent / "migrations"
