"""Tables, what one row guarantees, named queries and one-step verbs, in the order a customer meets them.

The database refuses what must never be; Python explains. Instants are stored in UTC, a ``day`` is the shop's own
calendar day. Nothing here knows HTTP, and what weighs many rows against each other lives in ``domain/``.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    Check,
    Database,
    DatabaseProxy,
    DateField,
    DoubleField,
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
from playhouse.pool import PooledSqliteDatabase

import clock

db = DatabaseProxy()

ROLES = ("staff", "manager", "owner")
PRONOUNS = ("", "she", "he", "they")
CALLED = ("customer", "guest", "client", "patient", "member", "reader")
LIFETIMES = ("always", "next_visit", "this_visit")
MOMENTS = ("list", "arrival", "booking", "late")
APPOINTMENT_STATES = ("booked", "cancelled", "missed")
REPLIES = ("", "coming", "move", "wrong")  # of theirs to a reminder, by its link
OUTCOMES = ("shown", "said", "skipped")
CHANNELS = ("counter", "email", "sms", "phone")  # by which we keep a promise
CONTACTS = ("email", "phone")
WAYS = ("email", "sms", "call", "hook", "hand")  # by which we tell people something; by hand: somebody rings
MESSAGES = ("reminder", "change", "test", "promise", "alert")
MESSAGE_STATES = (
    "due", "claimed", "handed_over", "delivered", "confirmed", "bounced", "failed", "expired", "suppressed", "dropped",
)  # fmt: skip
CALLED_UP = ("", "reached", "no_answer", "left_message", "dropped")  # what became of a task to ring somebody
CALENDARS = ("file", "address", "caldav")
ENTRIES = ("matched", "unsure", "ignored", "gone", "clash")
DELIVERIES = (
    "", "due", "claimed", "handed_over", "delivered", "confirmed", "bounced", "failed", "expired", "suppressed",
)  # fmt: skip
TONES = ("plain", "warm", "playful")
NOTICES = ("late", "promise", "silence")  # what a phone can be told while nobody looks at it
NOTICE_ENDS = ("", "sent", "over", "refused", "given_up")
WISHES = ("quick", "quiet", "no_notes")
STATES = ("active", "leave_alone", "moved", "died")  # of a customer; any but the first stops words, lists and reminders
CAUSES = ("", "ours", "theirs", "both")  # of a lateness or a missed appointment, where it was found out
REACHED = ("", "reached", "not_reached", "no_answer")  # what became of a referral
TOGETHER = ("household", "firm")
FIELDS = ("text", "birthday", "dogs")
TELLABLE = ("name", "say_as", "call", *WISHES)


def open_database(url: str) -> Database:
    """Return an unconnected database for `url`: ``sqlite:///PATH`` or ``postgresql://…``.

    SQLite runs with a write-ahead log, full synchronisation (an acknowledged write survives a power cut) and
    transactions that take the write lock at once, so that two phones queue instead of failing with "locked". Both
    engines go through a pool of at most 40 connections: the one used last is warm (SQLite keeps its compiled queries and
    pages), and it stays open, for closing the last one would checkpoint and drop SQLite's log. PostgreSQL prepares no
    statements, for pgbouncer's sake.
    Raises ValueError for any other scheme.
    """
    if url.startswith("sqlite:///"):
        return PooledSqliteDatabase(  # SQLite's own wait for a lock is 5 s if nothing else is said
            url.removeprefix("sqlite:///"),
            lock_type="IMMEDIATE",
            check_same_thread=False,
            max_connections=40,
            timeout=10,
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
        return NodeList((column, SQL("AUTOINCREMENT"))) if isinstance(_database_of(self), SqliteDatabase) else column


def _database_of(field: Field) -> Database:
    """Return the database that a field's table is bound to, which while tables are made need not be the one in use."""
    database = field.model._meta.database
    return getattr(database, "obj", database)


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


class Prepared:
    """A query whose SQL is made once: half of what a small query costs is the making of its text.

    `make` builds it, with ``":name"`` wherever a value goes; a call gives the values and returns the rows as tuples of
    what the driver knows (instants and days as text, JSON as text or parsed: see `parsed`).
    """

    def __init__(self, make: Callable[[], Query]):
        self.make = make
        self.made: dict[bool, tuple[str, list[Any]]] = {}

    def __call__(self, **values: Any) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._executed(values).fetchall()
        return rows

    def change(self, **values: Any) -> int:
        """Carry out a statement that gives no rows; return how many it changed."""
        changed: int = self._executed(values).rowcount
        return changed

    def _executed(self, values: dict[str, Any]) -> Any:
        engine = is_postgres()
        if engine not in self.made:
            self.made[engine] = self.make().bind(db.obj).sql()
        sql, places = self.made[engine]
        filled = [values[place[1:]] if type(place) is str and place[:1] == ":" else place for place in places]
        return db.obj.execute_sql(sql, filled)


def parsed(value: Any) -> Any:
    """Return a JSON value of a `Prepared` row: SQLite gives text, PostgreSQL what it holds."""
    return json.loads(value) if isinstance(value, str) else value


def instant_of(value: str | None) -> datetime | None:
    """Return an instant of a `Prepared` row."""
    return None if value is None else datetime.fromisoformat(value)


def from_stored(table: type[Row], values: Iterator[Any]) -> Any:
    """Return a row of a table, taking as many of a `Prepared` row's values as it has columns."""
    row = table()
    for field in table._meta.sorted_fields:
        value = next(values)
        row.__data__[field.name] = parsed(value) if isinstance(field, JSONField) else field.python_value(value)
    row._dirty.clear()
    return row


def insert(table: type[Row], **stored: Any) -> int:
    """Insert one row of stored values (instants, days and JSON as text) by its columns; return its number.

    Its SQL is made once for the same columns: for the few rows that the most common acts write.
    """
    key = (table, is_postgres(), *stored)
    sql = _inserts.get(key)
    if sql is None:
        marks = ", ".join(["%s" if is_postgres() else "?"] * len(stored))
        columns = ", ".join(stored)
        sql = _inserts[key] = f"INSERT INTO {table._meta.table_name} ({columns}) VALUES ({marks}) RETURNING id"
    return db.obj.execute_sql(sql, list(stored.values())).fetchone()[0]


_inserts: dict[Any, str] = {}


# How PostgreSQL holds a row against whoever would hold or change it as well, and not against rows that refer to it: who has
# written such a row holds this one too, a little, and two who then ask for all of it would wait for each other for ever.
HELD = "FOR NO KEY UPDATE"


class Business(Row):
    """Whoever runs the shops: the owner of the customers' names."""

    name = TextField()
    created_at = InstantField()
    settings: Any = JSONField(null=True)  # what holds for all its shops; also the secret that links are signed with

    @classmethod
    def hold(cls, number: int) -> None:
        """Hold a business's row until the transaction ends; SQLite's transactions hold everything anyway."""
        if is_postgres():
            list(cls.select(cls.id).where(cls.id == number).for_update(HELD).tuples())


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
    revision = BigIntegerField(default=0)  # goes up with every act here (a trigger on Action sees to it) and `changed`
    tone = TextField(default="warm", constraints=[checked("tone", TONES)])
    language = TextField(default="en")
    wording: Any = JSONField(null=True)  # the owner's own words to say: {language: {prompt: {our sentence: theirs}}}
    calendar_version = IntegerField(default=0)  # one more ends every address of the calendar feed given out before
    preferences: Any = JSONField(null=True)  # what the owner set that has no column of its own, by name

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
        pair = self.hours[day.weekday()] if self.hours and self.closed_as(day) is None else None
        return (minutes_of(pair[0]), minutes_of(pair[1])) if pair else None

    def is_closed_on(self, day: date) -> bool:
        """Say whether the owner told us that the shop does not open on this weekday, or on this very day."""
        return (bool(self.hours) and not self.hours[day.weekday()]) or self.closed_as(day) is not None

    def closed_as(self, day: date) -> str | None:
        """Return what a day is called on which the shop is closed out of turn; None of any other day."""
        for closed in (self.preferences or {}).get("closed_days", ()):
            if day.isoformat().endswith(closed["day"]):  # "12-25" is every year's
                return str(closed["name"])
        return None

    def changed(self) -> None:
        """Let the phones know that there is something new to fetch; acts do that by themselves."""
        Shop.update(revision=_next_revision()).where(Shop.id == self.id).execute()

    def tell_the_others(self) -> None:
        """Let the phones of the business's other shops know: somebody known there was changed here."""
        others = (Shop.business == self.business_id) & (Shop.id != self.id)
        Shop.update(revision=_next_revision()).where(others).execute()


def _next_revision() -> Any:
    """Return the expression of a revision that this shop never had: the time in milliseconds, or one more than the last.

    A count would come again after an older copy was put back, and what is kept in memory would be taken for the new.
    """
    now = int(clock.system_now().timestamp() * 1000)
    return (fn.GREATEST if is_postgres() else fn.MAX)(Shop.revision + 1, now)


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
    password_hash = TextField(default="")  # an owner's; "" while only the link from the machine lets them in
    second_factor = TextField(default="")  # the shared secret of their one-time codes; "" without a second factor
    second_factor_step = BigIntegerField(default=0)  # the half minute whose code was used last: each is good once

    among = 2  # in memory alone: how many shops the business has, as far as it is known
    by_pin = False  # in memory alone: whether this is somebody who signed in by a PIN

    @property
    def acts_as(self) -> str:
        """Return the role whose rights somebody has at present: an owner's PIN, on a shared phone, gives those of staff."""
        return "staff" if self.by_pin and self.role == "owner" else self.role

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
    seen_at = InstantField(null=True)
    proved_at = InstantField(null=True)  # when its person last proved who they are, for acts that ask again
    about = TextField(default="")  # which browser and system, for the list of sessions
    acts_hash = TextField(unique=True, null=True)  # of the secret that delivers what was done in it, and nothing else


class Subscription(Row):
    """One person wants to be told something on one phone (or, of an owner, in one browser): where, and which kinds.

    It counts while that person is signed in there (`domain.notices` says when exactly): `session` is the one in which they
    were last. Where a browser is told is a secret between it and us.
    """

    staff = ForeignKeyField(Staff, backref="subscriptions", on_delete="CASCADE", index=False)
    phone = ForeignKeyField(Phone, backref="subscriptions", null=True, on_delete="CASCADE", index=False)
    browser = TextField(
        null=True, constraints=[Check("(browser IS NULL) <> (phone_id IS NULL)")]
    )  # an owner's, as it is known by
    session = ForeignKeyField(Session, on_delete="CASCADE")
    kinds: Any = JSONField(default=list)  # of NOTICES
    endpoint = TextField()
    p256dh = TextField()
    auth = TextField()
    language = TextField(default="")  # as chosen for that phone; empty: the shop's
    site = TextField(default="")  # under which address it knows us
    refused = IntegerField(default=0)  # times in a row that its service would not take what we sent
    made_at = InstantField()

    class Meta:
        indexes = ((("phone", "staff"), True), (("browser", "staff"), True))


class Notice(Row):
    """One thing that one subscription is told, once. It names nobody, and goes after a few days."""

    subscription = ForeignKeyField(Subscription, backref="notices", on_delete="CASCADE", index=False)
    kind = TextField(constraints=[checked("kind", NOTICES)])
    about = TextField()  # what it is, in numbers: the same thing is told once
    at = InstantField()
    next_at = InstantField(null=True)  # of the next attempt; null: it has ended
    attempts = IntegerField(default=0)
    ended = TextField(default="", constraints=[checked("ended", NOTICE_ENDS)])
    code = TextField(default="")  # why the last attempt did not get through

    class Meta:
        indexes = ((("subscription", "about"), True),)


class Passkey(Row):
    """A key that an owner's phone or computer holds instead of a password; it is of use at one host name only."""

    staff = ForeignKeyField(Staff, backref="passkeys", on_delete="CASCADE")
    credential = TextField(unique=True, constraints=[Check("credential <> ''")])
    public_key = TextField()
    host = TextField()
    sign_count = BigIntegerField(default=0)
    answered = BigIntegerField(default=0)  # when the challenge was made that it answered last: each is good once
    name = TextField(default="")
    created_at = InstantField()
    used_at = InstantField(null=True)


class RecoveryCode(Row):
    """A code that stands in for the second factor once; using it deletes it."""

    staff = ForeignKeyField(Staff, backref="recovery_codes", on_delete="CASCADE")
    code_hash = TextField(unique=True)


class SignInTries(Row):
    """An owner's wrong passwords and codes: from a browser they had signed in on before, or from all others together."""

    staff = ForeignKeyField(Staff, on_delete="CASCADE")
    browser = TextField(default="")  # digest of what a known browser holds; "" for all others
    wrong = IntegerField(default=0)
    rests_until = InstantField(null=True)

    class Meta:
        indexes = ((("staff", "browser"), True),)


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
    child = BooleanField(null=True)  # marked so: words to say are not for a child: they go to whoever brings them
    state = TextField(
        default="active", constraints=[checked("state", STATES)]
    )  # domain/states.py has what follows from it
    state_since = DateField(null=True)  # of any state but the first; of a death only where somebody told the day
    state_at = InstantField(null=True)  # when we were told of it
    state_reason = TextField(default="")  # why they left, in words, where they said
    may_be = IntegerField(
        null=True
    )  # whom they may be: somebody called alike, of whom nobody was asked when they were added

    class Meta:
        indexes = ((("business", "source_id"), True), (("business", "state", "state_since"), False))

    def save(self, *args: Any, **kwargs: Any) -> int:
        """Keep the row, and with it the words it is found by."""
        self.search_name = folded(self.name)
        named = {"name", "call"} & {field.name for field in self.dirty_fields}
        with db.atomic():
            rows = super().save(*args, **kwargs)
            if named:
                SearchWord.set_name(self)
        return rows

    @property
    def called(self) -> str:
        """Return what to call them: the form they like, else their name."""
        return self.call or self.name

    def check_in(
        self, shop: Shop, by: Staff | None, at: datetime, first: bool = False, **seen: Any
    ) -> tuple[Visit, tuple[Staff | None, datetime] | None]:
        """Return the visit; and, where it joined one that stood already within the shop's same-visit window, who had seen them
        come, and when.

        Runs inside the caller's transaction, which holds the customer (`hold`), so that two phones cannot both be first;
        `first` says that the caller has seen that there is none to join. A visit keeps its earliest witness's time,
        whichever phone told us first. `seen` is what a phone adds: `tapped_at`, `action`; for a new visit also the
        words offered, `prompt` with its `outcome`.
        """
        same = None if first else self.visit_near(shop, at)
        if same is None:
            return self._new_visit(shop, by, at, **seen), None
        before = same.staff, same.at
        tapped_at, action = seen.get("tapped_at"), seen.get("action")
        if at < same.at:  # whoever was first stands with the visit, with the time that they saw
            Witness.create(visit=same, staff=same.staff, at=same.at, tapped_at=same.tapped_at)
            Visit.update(at=at, staff=by, tapped_at=tapped_at).where(Visit.id == same.id).execute()
        else:
            Witness.create(visit=same, staff=by, at=at, tapped_at=tapped_at, action=action)
        return same, before

    def _new_visit(
        self,
        shop: Shop,
        by: Staff | None,
        at: datetime,
        tapped_at: datetime | None = None,
        action: str | None = None,
        prompt: dict[str, Any] | None = None,
        outcome: str | None = None,
        greeted_by_name: bool | None = None,
    ) -> Visit:
        day = shop.day_of(at)
        number = insert(
            Visit,
            customer_id=self.id,
            shop_id=shop.id,
            day=day.isoformat(),
            at=instant_text(at),
            staff_id=by.id if by else None,
            tapped_at=instant_text(tapped_at) if tapped_at else None,
            prompt=json.dumps(prompt) if prompt else None,
            outcome=outcome,
            greeted_by_name=greeted_by_name,
        )
        visit = Visit(id=number, customer=self.id, shop=shop.id, day=day, at=at)
        visit._dirty.clear()
        return visit

    def hold(self) -> None:
        """Hold the customer's row until the transaction ends; SQLite's transactions hold everything anyway."""
        if is_postgres():
            list(Customer.select(Customer.id).where(Customer.id == self.id).for_update(HELD).tuples())

    def visit_near(self, shop: Shop, at: datetime) -> Visit | None:
        """Return the visit of the same shop day within the shop's same-visit window."""
        window = timedelta(minutes=shop.same_visit_minutes)
        return (
            Visit.select()
            .where(
                (Visit.customer == self.id)
                & (Visit.shop == shop.id)
                & (Visit.day == shop.day_of(at))
                & Visit.at.between(at - window, at + window)
            )
            .order_by(Visit.at)
            .first()
        )


def one_line(text: str) -> str:
    """Return text fit to be a name: on one line, without control letters or those that turn the writing's direction."""
    turning = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text if c not in turning).split())


def folded(text: str) -> str:
    """Return text for searching: no case, no accents, single spaces."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().replace("đ", "d").replace("ø", "o").replace("ł", "l").replace("ı", "i").split())


def alike(text: str) -> str:
    """Return words so that two who wrote the same down are known to have."""
    return folded(text).rstrip(" .?!")


LONGEST_WORD = 24  # letters of a word that count for searching
# Writing that runs on without spaces, where a name may begin at any letter: Thai, Lao, Burmese, Khmer, Korean (which
# folds into its letters; a syllable begins with a lead), Japanese, Chinese.
RUNS_ON = "[\u0e01-\u0eff\u1000-\u109f\u1100-\u115f\u1780-\u17ff\u3041-\u31ff\u3400-\u9fff\U00020000-\U0003ffff]"
BEGINS_ANYWHERE = re.compile(RUNS_ON)
NEEDLESS_SPACE = re.compile(f"(?<={RUNS_ON[:-1]}\u1161-\u11ff]) (?={RUNS_ON})")
APOSTROPHES = "\u02b9\u02ba\u02bb\u02bc\u02bd\u02be\u02bf"  # those that Unicode counts among the letters


def letters_in(token: str) -> tuple[str, list[int], list[int]]:
    """Return the letters and digits of a folded token, the place of each in the token, and where a word may begin in them.

    A mark between letters (a hyphen, an apostrophe, a dot) vanishes, and a word may begin behind it: O'Brien is found
    as "obrien" and as "brien". In writing without spaces one may begin at any letter.
    """
    if token.isascii() and token.isalnum():
        return token, list(range(len(token))), [0]
    kinds = [unicodedata.category(c)[0] if c not in APOSTROPHES else "P" for c in token]
    places = [i for i, kind in enumerate(kinds) if kind in "LMN"]
    starts = [
        n
        for n, i in enumerate(places)
        if n == 0 or (kinds[i] != "M" and (places[n - 1] != i - 1 or BEGINS_ANYWHERE.match(token[i])))
    ]
    return "".join(token[i] for i in places), places, starts


def words_in(text: str) -> list[str]:
    """Return the words a text is found by, folded: of each token what runs from wherever a word may begin to its end.

    A search compares beginnings, so "mbekilarsson" and "larsson" will do for Mbeki-Larsson. A text of marks alone
    (a heart) is found by these.
    """
    plain = folded(text)
    if plain.isascii() and plain.replace(" ", "").isalnum():
        return list(dict.fromkeys(token[:LONGEST_WORD] for token in plain.split()))
    found: dict[str, None] = {}
    for token in (tokens := NEEDLESS_SPACE.sub("", plain).split()):
        letters, _places, starts = letters_in(token)
        found.update((letters[start : start + LONGEST_WORD], None) for start in starts)
    return list(found) or [token[:LONGEST_WORD] for token in tokens]


def typed_words(text: str) -> list[str]:
    """Return what somebody typed as the words to look for: folded, without marks, each as it begins."""
    tokens = folded(text).split()
    words = [letters_in(token)[0][:LONGEST_WORD] for token in tokens]
    return list(dict.fromkeys(word for word in words if word)) or [token[:LONGEST_WORD] for token in tokens]


def gathered(rows: Query, *columns: str) -> Any:
    """Return the rows of a small query as one JSON value: a list of values, or of lists where there are several columns."""
    inner = rows.alias("gathered")
    cells = [getattr(inner.c, column) for column in columns]
    if is_postgres():
        value = cells[0] if len(cells) == 1 else fn.json_build_array(*cells)
        return Customer.select(fn.json_agg(value)).from_(inner)
    value = cells[0] if len(cells) == 1 else fn.json_array(*cells)
    return Customer.select(fn.json_group_array(value)).from_(inner)


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
    staff = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)  # who saw them first
    tapped_at = InstantField(null=True)  # what that phone's own clock said, when it differs
    prompt: Any = JSONField(null=True)  # the words offered with this visit, {"id": ..., **facts}: one a visit at most
    outcome = TextField(null=True, constraints=[checked("outcome", OUTCOMES)])
    greeted_by_name = BooleanField(null=True)

    class Meta:
        indexes = (
            (("customer", "shop", "at"), True),
            (("shop", "day"), False),
        )

    @property
    def seen_by(self) -> list[str]:
        """Return the names of those who saw them come, who was first in front."""
        seen = [self.staff, *(witness.staff for witness in self.witnesses.order_by(Witness.id))]
        return [staff.name for staff in seen if staff]


class Witness(Row):
    """A colleague who saw them come as well; the visit goes only when the last of all who saw it takes it back."""

    visit = ForeignKeyField(Visit, backref="witnesses", on_delete="CASCADE")
    staff = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
    at = InstantField()  # what the server took as the time of the tap
    tapped_at = InstantField(null=True)  # what the phone's own clock said, when it differs
    action = TextField(null=True, unique=True)


class Promise(Row):
    """Something we said we would do for a customer: open until it is kept; kept until they confirm that it reached them."""

    customer = ForeignKeyField(Customer, backref="promises", on_delete="CASCADE")
    shop = ForeignKeyField(Shop, backref="promises", on_delete="CASCADE", index=False)
    text = TextField(constraints=[Check("text <> ''")])
    due = DateField(null=True)
    channel = TextField(default="counter", constraints=[checked("channel", CHANNELS)])
    promised_channel = TextField(
        null=True, constraints=[checked("promised_channel", CHANNELS)]
    )  # where kept by another
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    day = DateField()
    at = InstantField()
    kept_at = InstantField(null=True)
    kept_by = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    confirmed_at = InstantField(null=True, constraints=[Check("confirmed_at IS NULL OR kept_at IS NOT NULL")])
    confirmed_by = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)  # null: they did, themselves
    closed_at = InstantField(null=True)
    closed_by = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    closed_reason = TextField(default="", constraints=[Check("closed_at IS NULL OR closed_reason <> ''")])
    delivery = TextField(default="", constraints=[checked("delivery", DELIVERIES)])  # of what was sent, where it was
    token_hash = TextField(null=True, unique=True)  # of the link by which they confirm

    class Meta:
        indexes = ((("shop", "kept_at", "closed_at"), False),)

    @property
    def state(self) -> str:
        """Return "open", "kept", "confirmed" or "closed"."""
        if self.closed_at is not None:
            return "closed"
        return "confirmed" if self.confirmed_at is not None else "kept" if self.kept_at is not None else "open"

    @classmethod
    def open(cls) -> Query:
        """Return the query for promises still owed: soonest due first, undated last, then the oldest."""
        owed = cls.kept_at.is_null() & cls.closed_at.is_null()
        return cls.select().where(owed).order_by(cls.due.asc(nulls="LAST"), cls.id)


class Told(Row):
    """Something a customer told us about themselves, and who wrote it down when: what prompts are traced to.

    `name`, `say_as` and `call` stand in the customer's own row (`was` is what stood there before); a wish (to be quick,
    for quiet, for no notes) holds while its row stands.
    """

    customer = ForeignKeyField(Customer, backref="told", on_delete="CASCADE", index=False)
    what = TextField(constraints=[checked("what", TELLABLE)])
    was = TextField(default="")
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
    day = DateField()

    class Meta:
        indexes = ((("customer", "what"), True),)


class ExtraStep(Row):
    """A small step for a customer that nobody had to take."""

    customer = ForeignKeyField(Customer, backref="extra_steps", on_delete="CASCADE")
    shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
    text = TextField(constraints=[Check("text <> ''")])
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    day = DateField()
    at = InstantField()


class Issue(Row):
    """A trouble of a customer's, each time it came counted, until it is solved; or (`ours`) a fault of ours they told us of."""

    customer = ForeignKeyField(Customer, backref="issues", on_delete="CASCADE")
    shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
    text = TextField(constraints=[Check("text <> ''")])
    ours = BooleanField(default=False)
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    day = DateField()
    at = InstantField()
    solved_at = InstantField(null=True)
    solved_by = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)


class IssueTime(Row):
    """One time that an issue came up, the first included."""

    issue = ForeignKeyField(Issue, backref="times", on_delete="CASCADE")
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    day = DateField()
    at = InstantField()
    solved_at = InstantField(null=True)  # as it stood until then, of one that came again
    solved_by = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)


class Mistake(Row):
    """Something that went wrong on our side: who owned up to it, and how it was made good. Never a word against the customer."""

    customer = ForeignKeyField(Customer, backref="mistakes", on_delete="CASCADE")
    shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
    text = TextField(constraints=[Check("text <> ''")])
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    day = DateField()
    at = InstantField()
    acknowledged_at = InstantField(null=True)  # somebody told them that it was ours
    acknowledged_by = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    said_sorry = BooleanField(default=False)
    made_good = TextField(default="")  # how
    made_good_at = InstantField(null=True, constraints=[Check("made_good_at IS NULL OR made_good <> ''")])
    made_good_by = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    about = TextField(default="")  # "reminder:7" where one of ours failed: told in the words of today's language


class Referral(Row):
    """Somebody we sent on to a place that can help them, with the day on which we ask whether it did. A first name is enough."""

    shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
    customer = ForeignKeyField(Customer, backref="referrals", null=True, on_delete="SET NULL")
    name = TextField()  # empty, and `need` as well: forgotten at their wish, and only counted
    need = TextField(default="")
    to_whom = TextField(constraints=[Check("to_whom <> ''")])
    check_on = DateField()
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    day = DateField()
    at = InstantField()
    outcome = TextField(default="", constraints=[checked("outcome", REACHED)])
    answered_at = InstantField(null=True)
    answered_by = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    previous = ForeignKeyField("self", null=True, on_delete="SET NULL", index=False)  # that had not helped

    class Meta:
        indexes = ((("shop", "outcome", "check_on"), False),)


class Introduction(Row):
    """Who sent somebody to us: another customer, or a place or person in words."""

    customer = ForeignKeyField(Customer, unique=True, on_delete="CASCADE")  # the newcomer
    by_customer = ForeignKeyField(Customer, backref="introduced", null=True, on_delete="SET NULL")
    by_text = TextField(default="")
    shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    day = DateField()


class Household(Row):
    """People who belong together: those of one home, or those who come for one firm."""

    business = ForeignKeyField(Business, backref="households", on_delete="CASCADE")
    kind = TextField(default="household", constraints=[checked("kind", TOGETHER)])
    name = TextField(constraints=[Check("name <> ''")])
    left_on = DateField(null=True)  # a firm that comes no more
    left_reason = TextField(default="")


class Belonging(Row):
    """One person of a household or firm."""

    household = ForeignKeyField(Household, backref="belongings", on_delete="CASCADE", index=False)
    customer = ForeignKeyField(Customer, backref="belongings", on_delete="CASCADE")
    part = TextField(default="")  # owner, office manager, son: as they told us
    brings = BooleanField(default=False)  # comes along with the children: words about these go to them

    class Meta:
        indexes = ((("household", "customer"), True),)


class Tag(Row):
    """A word of the shop's own for some of its customers."""

    business = ForeignKeyField(Business, on_delete="CASCADE", index=False)
    name = TextField(constraints=[Check("name <> ''")])

    class Meta:
        indexes = ((("business", "name"), True),)


class Tagged(Row):
    """A customer has a tag."""

    tag = ForeignKeyField(Tag, on_delete="CASCADE", index=False)
    customer = ForeignKeyField(Customer, backref="tagged", on_delete="CASCADE")
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    day = DateField()

    class Meta:
        indexes = ((("tag", "customer"), True),)


class CustomField(Row):
    """Something the shop wants to know of people: a text; or a birthday, or the names of dogs, which words are made from."""

    business = ForeignKeyField(Business, on_delete="CASCADE", index=False)
    name = TextField(constraints=[Check("name <> ''")])
    kind = TextField(default="text", constraints=[checked("kind", FIELDS)])
    removed_at = InstantField(null=True)  # not asked for or shown any more; what was told comes back with it

    class Meta:
        indexes = ((("business", "name"), True),)


class FieldValue(Row):
    """What somebody told us for a field; a birthday as MM-DD or YYYY-MM-DD."""

    field = ForeignKeyField(CustomField, on_delete="CASCADE", index=False)
    customer = ForeignKeyField(Customer, backref="field_values", on_delete="CASCADE")
    text = TextField(constraints=[Check("text <> ''")])
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    day = DateField()

    class Meta:
        indexes = ((("field", "customer"), True),)


class WordField(TextField):
    """A text that sorts by its code points on both engines, so that "begins with" is a range of an index."""

    def ddl(self, ctx: Any) -> Any:
        column = super().ddl(ctx)
        return column if isinstance(_database_of(self), SqliteDatabase) else NodeList((column, SQL('COLLATE "C"')))


class SearchWord(Row):
    """One word somebody is found by, folded: of their name, of what to call them, or (at one shop) of their usual."""

    customer = ForeignKeyField(Customer, backref="search_words", on_delete="CASCADE")
    shop = ForeignKeyField(Shop, null=True, on_delete="CASCADE")  # null: a word of their name
    business = IntegerField()  # as the customer's: one index answers a search
    word = WordField()

    class Meta:
        indexes = ((("business", "shop", "word"), False),)

    COLUMNS = ("customer_id", "shop_id", "business", "word")

    @classmethod
    def rows_of_name(cls, business: int, customer: int, name: str, call: str = "") -> list[tuple[Any, ...]]:
        """Return the rows that a name and what to call them make, for `insert_many`."""
        return [(customer, None, business, word) for word in dict.fromkeys(words_in(name) + words_in(call))]

    @classmethod
    def rows_of_usual(cls, business: int, customer: int, shop: int, text: str) -> list[tuple[Any, ...]]:
        """Return the rows that a usual makes, for `insert_many`."""
        return [(customer, shop, business, word) for word in words_in(text)]

    @classmethod
    def set_name(cls, customer: Customer) -> None:
        """Let somebody be found by the words of their name and of what to call them, and no longer by earlier ones."""
        cls.delete().where((cls.customer == customer.id) & cls.shop.is_null()).execute()
        rows = cls.rows_of_name(customer.business_id, customer.id, customer.name, customer.call)
        insert_many(cls, cls.COLUMNS, rows)

    @classmethod
    def set_usual(cls, customer: Customer, shop: Shop, text: str) -> None:
        """Let somebody be found at a shop by what they usually have there; an empty text takes the words away."""
        cls.delete().where((cls.customer == customer.id) & (cls.shop == shop.id)).execute()
        insert_many(cls, cls.COLUMNS, cls.rows_of_usual(customer.business_id, customer.id, shop.id, text))

    @classmethod
    def make_all(cls) -> None:
        """Make every word anew from what is known: after rows came in past `save`."""
        people = Customer.select(Customer.business, Customer.id, Customer.name, Customer.call)
        usuals = Usual.select(Customer.business, Usual.customer, Usual.shop, Usual.text).join(Customer)
        with db.atomic():
            cls.delete().execute()
            for query, rows_of in ((people, cls.rows_of_name), (usuals, cls.rows_of_usual)):
                known = query.tuples().iterator()
                while part := list(islice(known, 2000)):
                    insert_many(cls, cls.COLUMNS, [row for one in part for row in rows_of(*one)])

    @classmethod
    def make_missing(cls) -> None:
        """Make the words of customers kept by a version that had none. Two queries where nothing is missing."""
        if Customer.select().exists() and not cls.select().exists():
            cls.make_all()


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
    chips = TextField(default="")  # the names of the chips tapped, spaced: what that visit was like

    @classmethod
    def standing(cls, shop: Any, today: Any) -> Any:
        """Return the condition that a note is still to be shown in a shop (its number) on a day.

        One for "this visit" stands on its own day; one for the "next visit" until a day on which they came is over.
        """
        came_since = Visit.select().where(
            (Visit.customer == cls.customer)
            & (Visit.shop == shop)
            & (Visit.at > cls.at)  # follows from the next line, and leads to this customer's visits alone
            & (Visit.day > cls.day)
            & (Visit.day < today)
        )
        lives = (
            (cls.lifetime == "always")
            | ((cls.lifetime == "this_visit") & (cls.day == today))
            | ((cls.lifetime == "next_visit") & ~fn.EXISTS(came_since))
        )
        return ((cls.shop == shop) | cls.shop.is_null()) & lives


class NoteReading(Row):
    """Somebody held a private note open."""

    note = ForeignKeyField(Note, backref="readings", on_delete="CASCADE")
    staff = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
    at = InstantField()


class Question(Row):
    """Something to ask a customer at their next visit; or (`theirs`) what they asked us, with our `reply` once we know it."""

    customer = ForeignKeyField(Customer, backref="questions", on_delete="CASCADE")
    shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
    text = TextField(constraints=[Check("text <> ''")])
    theirs = BooleanField(default=False)
    reply = TextField(default="")
    issue = ForeignKeyField(Issue, null=True, on_delete="CASCADE")  # "still fine?", after it was solved
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    day = DateField()
    at = InstantField()
    not_before = DateField(null=True)
    anew_from = DateField(null=True)  # words offered before that day do not count: we ask again
    skips = IntegerField(default=0)
    ended_at = InstantField(null=True)
    ended_by = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    outcome = TextField(default="", constraints=[checked("outcome", ("", "said", "dropped"))])
    note = ForeignKeyField(Note, null=True, on_delete="SET NULL", index=False)  # what they answered


class Seen(Row):
    """Somebody of the team has read what is to be read once: a safety note, or that somebody's state is another one."""

    staff = ForeignKeyField(Staff, on_delete="CASCADE", index=False)
    customer = ForeignKeyField(Customer, on_delete="CASCADE")
    what = TextField(constraints=[checked("what", ("note", "state"))])
    number = IntegerField(default=0)  # of the note
    at = InstantField()

    class Meta:
        indexes = ((("staff", "customer", "what", "number"), True),)


class DayWord(Row):
    """What is so in a shop today: something has run out, or we are so many minutes behind."""

    shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
    day = DateField()
    kind = TextField(constraints=[checked("kind", ("out", "behind"))])
    text = TextField(default="")
    minutes = IntegerField(null=True)
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    at = InstantField()
    ended_at = InstantField(null=True)

    class Meta:
        indexes = ((("shop", "day"), False),)


class Merge(Row):
    """Two customers found to be one: what was moved from the one who is gone, for taking it back."""

    kept = ForeignKeyField(Customer, backref="merges", on_delete="CASCADE")
    gone = IntegerField()
    by = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    at = InstantField()
    rows: Any = JSONField()

    @classmethod
    def into(cls, number: int) -> int | None:
        """Return the number of the customer who is kept instead of one who is gone, None where there was no such merge."""
        found = None
        while (made := cls.select(cls.kept).where(cls.gone == number).tuples().first()) is not None:
            found = number = made[0]
        return found

    @classmethod
    def codes(cls, business: int) -> dict[str, int]:
        """Return who is meant by the sources' own codes of those who are gone, so that an old file brings nobody back."""
        code = cls.rows["gone"]["source_id"].as_text()
        rows = cls.select(code, cls.kept).join(Customer).where((Customer.business == business) & code.is_null(False))
        return dict(rows.order_by(cls.id).tuples())


class Usual(Row):
    """What they usually have, at one shop, in the words of whoever wrote it down."""

    customer = ForeignKeyField(Customer, backref="usuals", on_delete="CASCADE", index=False)
    shop = ForeignKeyField(Shop, on_delete="CASCADE")
    text = TextField(constraints=[Check("text <> ''")])
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
    day = DateField()

    class Meta:
        indexes = ((("customer", "shop"), True),)

    def save(self, *args: Any, **kwargs: Any) -> int:
        """Keep the row, and with it the words it is found by."""
        with db.atomic():
            rows = super().save(*args, **kwargs)
            SearchWord.set_usual(self.customer, self.shop, self.text)
        return rows


class Contact(Row):
    """Where somebody can be reached: a mail address or a number, as it was written and as it is compared."""

    customer = ForeignKeyField(Customer, backref="contacts", on_delete="CASCADE")
    kind = TextField(constraints=[checked("kind", CONTACTS)])
    address = TextField(constraints=[Check("address <> ''")])
    known = TextField(index=True)  # in small letters; a number as E.164 where the shop's country lets us tell
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    at = InstantField()
    bad_at = InstantField(null=True)  # something sent there came back for good
    bad_code = TextField(default="")

    class Meta:
        indexes = ((("customer", "kind", "known"), True),)


class Consent(Row):
    """Whether somebody lets us tell them things by one way; where they said nothing, an address they gave is for it."""

    customer = ForeignKeyField(Customer, backref="consents", on_delete="CASCADE", index=False)
    way = TextField(constraints=[checked("way", WAYS[:4])])
    given = BooleanField()
    how = TextField(default="counter", constraints=[checked("how", ("counter", "import", "link", "reply"))])
    at = InstantField()

    class Meta:
        indexes = ((("customer", "way"), True),)


class Series(Row):
    """An appointment that comes again: on these weekdays, every so many weeks, until a day or so many times."""

    customer = ForeignKeyField(Customer, on_delete="CASCADE")
    shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
    first = DateField()
    minute = IntegerField(constraints=[Check("minute BETWEEN 0 AND 1439")])  # after midnight, on the wall
    minutes = IntegerField(constraints=[Check("minutes BETWEEN 1 AND 1440")])  # how long
    every_weeks = IntegerField(default=1, constraints=[Check("every_weeks BETWEEN 1 AND 52")])
    weekdays = TextField(constraints=[Check("weekdays <> ''")])  # "0 2" for Monday and Wednesday
    until = DateField(null=True)
    times = IntegerField(null=True, constraints=[Check("times IS NULL OR times > 0")])
    with_whom = TextField(default="")
    service = TextField(default="")
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    at = InstantField()
    made_until = DateField(null=True)  # through this day its appointments are made
    ended_on = DateField(null=True)  # no more from this day on


class Appointment(Row):
    """An agreed time: what the clock on the shop's wall will say, and the instant that this is."""

    customer = ForeignKeyField(Customer, backref="appointments", on_delete="CASCADE")
    shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
    day = DateField()
    starts_at = InstantField()
    ends_at = InstantField(null=True)
    service = TextField(default="")
    with_whom = TextField(default="")
    state = TextField(default="booked", constraints=[checked("state", APPOINTMENT_STATES)])
    cause = TextField(default="", constraints=[checked("cause", CAUSES)])  # of their coming late, or not at all
    with_state = BooleanField(default=False)  # cancelled because they died, or with its series: stands again with that
    uid = TextField(null=True, unique=True)  # in calendars, theirs and ours
    wall = TextField(
        default=""
    )  # "2026-11-24T10:00" in the shop's zone: what was agreed, whatever the zone's rules become
    slot = TextField(null=True)  # whose time it takes, folded; null: beside others (squeezed in, imported, cancelled)
    sequence = IntegerField(default=0)  # goes up with every move and cancelling: calendars and reminders go by it
    grace_minutes = IntegerField(null=True)  # set for this one; else learned, else the shop's
    series = ForeignKeyField(Series, null=True, on_delete="SET NULL", index=False)
    series_day = DateField(null=True)  # for which the series made it, wherever it was moved since
    confirmed_at = InstantField(null=True)  # they will be there
    confirmed_how = TextField(default="")
    reply = TextField(default="")  # one of REPLIES, by the link in a reminder
    reply_text = TextField(default="")
    replied_at = InstantField(null=True)
    kept_until = InstantField(null=True)  # their place is kept so long, though they are late
    late_minutes = IntegerField(null=True)  # they told us they would be late by so many
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
    at = InstantField(null=True)  # when it was agreed
    source_id = TextField(null=True)

    class Meta:
        indexes = (
            (("shop", "day"), False),
            (("shop", "slot", "starts_at"), True),
            (("series", "series_day"), True),
        )

    @classmethod
    def on(cls, shop: Shop, day: date) -> Query:
        """Return the query for the appointments standing on a day, earliest first."""
        return (
            cls.select()
            .where((cls.shop == shop.id) & (cls.day == day) & (cls.state == "booked"))
            .order_by(cls.starts_at)
        )


class Channel(Row):
    """How one way of telling people things is set up for a shop: server, sender, secrets."""

    shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
    way = TextField(constraints=[checked("way", WAYS[:4])])
    settings: Any = JSONField()

    class Meta:
        indexes = ((("shop", "way"), True),)


class ReminderRule(Row):
    """When and by which way people are reminded of their appointments in a shop, and in which words."""

    shop = ForeignKeyField(Shop, backref="reminder_rules", on_delete="CASCADE")
    way = TextField(constraints=[checked("way", WAYS)])
    minutes_before = IntegerField(constraints=[Check("minutes_before BETWEEN 5 AND 86400")])
    subject = TextField(default="")  # both empty: our own words
    text = TextField(default="")
    ended_at = InstantField(null=True)


class Message(Row):
    """Something to be told to somebody, once, by one way: it waits, is claimed, is handed over, and ends in a true state."""

    shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
    kind = TextField(constraints=[checked("kind", MESSAGES)])
    way = TextField(constraints=[checked("way", WAYS)])
    customer = ForeignKeyField(Customer, backref="messages", null=True, on_delete="CASCADE")  # to whom
    appointment = ForeignKeyField(Appointment, backref="messages", null=True, on_delete="CASCADE", index=False)
    promise = ForeignKeyField(Promise, backref="messages", null=True, on_delete="CASCADE")
    rule = ForeignKeyField(ReminderRule, null=True, on_delete="SET NULL", index=False)
    sequence = IntegerField(default=0)  # of the appointment
    told = TextField(
        default=""
    )  # the appointment's `wall` as it named it, once claimed; of a change "": it is cancelled
    before = TextField(default="")  # of a change: the `wall` that they were told before
    address = TextField(default="")  # where it went: known once it was claimed
    subject = TextField(default="")  # of what is no reminder; a reminder is worded when it leaves
    text = TextField(default="")
    message_id = TextField(unique=True)  # the same in every attempt
    state = TextField(default="due", constraints=[checked("state", MESSAGE_STATES)])
    code = TextField(default="")  # why it stands so: a code of `outside`, or of `domain.outbox`
    detail = TextField(default="")  # what the other server said
    due_at = InstantField()
    deadline = InstantField()  # later than this it is of no use
    next_at = InstantField()  # of the next attempt
    attempts = IntegerField(default=0)
    claimed_by = TextField(default="")
    leased_until = InstantField(null=True)
    gateway_id = TextField(null=True, index=True)
    at = InstantField()
    handed_at = InstantField(null=True)  # while it waits: of an attempt of which nobody knows whether it left
    ended_at = InstantField(null=True)

    class Meta:
        indexes = (
            (("appointment", "rule", "sequence"), True),
            (("state", "next_at"), False),
            (("shop", "due_at"), False),
        )

    @property
    def why(self) -> str:
        """Return the code of why it stands so; of what was too late, that and what was in the way before."""
        if self.state != "expired":
            return str(self.code)
        late = "may-have-gone" if self.handed_at else "too-late"  # an attempt was cut off: nobody knows whether it left
        said = self.handed_at and self.code in ("cut-off", "timeout", "abandoned")
        return late if said or self.code in ("", "too-late", late) else f"{late} {self.code}"


class CallTask(Row):
    """Somebody to ring: because what we sent did not arrive, or because that is how they are told."""

    shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
    customer = ForeignKeyField(Customer, backref="call_tasks", on_delete="CASCADE")  # whom to ring
    appointment = ForeignKeyField(Appointment, backref="call_tasks", null=True, on_delete="CASCADE")
    promise = ForeignKeyField(Promise, null=True, on_delete="CASCADE", index=False)
    message = ForeignKeyField(Message, null=True, unique=True, on_delete="SET NULL")  # that failed
    reason = TextField(default="")  # the code of its failure; empty: by hand from the start
    at = InstantField()
    until = InstantField(null=True)  # after that nobody needs to be rung
    outcome = TextField(default="", constraints=[checked("outcome", CALLED_UP)])
    tries = IntegerField(default=0)
    done_at = InstantField(null=True)
    done_by = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)

    class Meta:
        indexes = ((("shop", "done_at"), False),)


class StrayReport(Row):
    """A report of delivery about nothing that we know: shown to the owner, and dropped after a month."""

    at = InstantField()
    via = TextField()
    code = TextField(default="")
    about = TextField(default="")  # a Message-ID or an address, as far as it could be read
    seen_at = InstantField(null=True)


class Beat(Row):
    """When something that must go on by itself was last alive."""

    name = TextField(unique=True)
    at = InstantField()


class Outage(Row):
    """A time in which nothing was sent, because nothing ran."""

    began = InstantField()
    ended = InstantField()
    missed = IntegerField(default=0)  # reminders that were due then
    told_at = InstantField(null=True)
    seen_at = InstantField(null=True)


class Calendar(Row):
    """A calendar of somebody's from which appointments come to us, and where the server lets us, go back."""

    shop = ForeignKeyField(Shop, backref="calendars", on_delete="CASCADE")
    kind = TextField(constraints=[checked("kind", CALENDARS)])
    name = TextField(constraints=[Check("name <> ''")])
    url = TextField(default="")
    account = TextField(default="")
    password = TextField(default="")
    two_way = BooleanField(default=False)
    with_whom = TextField(default="")  # with whom its appointments are
    token = TextField(default="")  # of its server: what we have read already
    read_at = InstantField(null=True)
    tried_at = InstantField(null=True)
    trouble = TextField(default="")  # a code of `outside`, while it cannot be read
    refused: Any = JSONField(null=True)  # what could not be taken in: [[line, field, code]]
    ended_at = InstantField(null=True)


class CalendarEntry(Row):
    """One occurrence in a calendar, and which appointment it is here; whose it is may still be a question."""

    calendar = ForeignKeyField(Calendar, backref="entries", on_delete="CASCADE", index=False)
    uid = TextField()
    recurrence = TextField(default="")
    href = TextField(default="")
    etag = TextField(default="")
    sequence = IntegerField(default=0)
    starts_at = InstantField()
    ends_at = InstantField()
    summary = TextField(default="")
    reached = TextField(default="")  # while it is a question: "email a@example.org", "phone 020…", one a line
    state = TextField(default="unsure", constraints=[checked("state", ENTRIES)])
    customer = ForeignKeyField(Customer, null=True, on_delete="SET NULL")
    appointment = ForeignKeyField(Appointment, null=True, on_delete="SET NULL")
    at = InstantField()

    class Meta:
        indexes = ((("calendar", "uid", "recurrence"), True),)


class DayList(Row):
    """The people expected by habit on one day, made once from the visits before it."""

    shop = ForeignKeyField(Shop, backref="day_lists", on_delete="CASCADE", index=False)
    day = DateField()
    made_at = InstantField()
    arrivals = FloatField(default=0)  # how many of the known are expected in all
    stale = BooleanField(default=False)  # a visit of an earlier day has come or gone since
    met: Any = JSONField(null=True)  # whom we are getting to know: [customer, days, last instant], latest first
    hours: Any = JSONField(null=True)  # how many of those who are not listed are expected in each of the 24 hours
    mean: Any = JSONField(
        null=True
    )  # of every feature, over all who could come: what sets one apart is told against it

    class Meta:
        indexes = ((("shop", "day"), True),)


class Expected(Row):
    """One person on a day's list, with the facts behind it: by habit, or (not `by_habit`) for being booked."""

    day_list = ForeignKeyField(DayList, backref="expected", on_delete="CASCADE", index=False)
    customer = ForeignKeyField(Customer, on_delete="CASCADE")
    by_habit = BooleanField(default=True)
    probability = FloatField()
    around = IntegerField(null=True)  # minutes after midnight, only where a clock time is honest
    earliest = IntegerField(null=True)
    latest = IntegerField(null=True)
    part_of_day = TextField(default="")
    times: Any = JSONField(
        null=True
    )  # domain.hours.Hours: {"by": minutes, "later": [[from, around, earliest, latest]]}
    reason: Any = JSONField(null=True)
    prompts: Any = JSONField(default=list)  # all that may be said, most important first; the moment decides which
    beside: Any = JSONField(
        null=True
    )  # with whom they come: {"with": [[customer, name]...], "of": firm or "", "soft": ...}
    punctual: Any = JSONField(null=True)  # of the booked: how they keep their times (domain.punctuality)

    class Meta:
        indexes = ((("day_list", "customer"), True),)


class RhythmKept(Row):
    """What a shop has learned of its customers' coming by the end of a day, for the next night to go on from."""

    shop = ForeignKeyField(Shop, unique=True, on_delete="CASCADE")
    through = DateField(null=True)  # the last day folded in; null: nothing is kept yet
    stale = BooleanField(default=False)  # visits of those days have changed since, or the keeping was broken off
    version = IntegerField(default=0)  # goes up whenever either happens, so that of two who keep only one succeeds
    visits = IntegerField(default=0)  # as many there were of those days
    made_by = TextField(default="")  # which model: another one begins anew
    state = TextField(default="")  # domain.forecast.Rhythm.kept as JSON


class HabitKept(Row):
    """One customer's part of that: domain.forecast.Habit as bytes. In the order in which they first came."""

    shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)  # so that all are read in the order they lie in
    customer = ForeignKeyField(Customer, on_delete="CASCADE", index=False)
    state = BlobField()

    class Meta:
        indexes = ((("customer", "shop"), True),)


class PeopleKept(Row):
    """The lists of the owner's page of people, as of a morning: made again whenever the day's list is (`domain.people_kept`)."""

    shop = ForeignKeyField(Shop, unique=True, on_delete="CASCADE")
    day = DateField()
    day_list = IntegerField()  # the number of the list made from the same visits
    lists: Any = JSONField()  # numbers of customers and counts, no names


class DayTally(Row):
    """What was forecast of a day against what happened, without anybody's name: how good the list is."""

    shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
    day = DateField()
    people = IntegerField()  # who could have come: two or more visit days before
    expected = DoubleField()
    came = IntegerField()  # of them
    first = IntegerField()  # of the most probable, as many as came: who did come
    bands: Any = JSONField()  # by tenths of probability: people, the sum of theirs, who came

    class Meta:
        indexes = ((("shop", "day"), True),)


class PromptEnded(Row):
    """Words that were said or skipped before anybody marked the customer here. The visit, when it comes, takes them over."""

    customer = ForeignKeyField(Customer, backref="prompts_ended", on_delete="CASCADE", index=False)
    shop = ForeignKeyField(Shop, on_delete="CASCADE")
    day = DateField()
    prompt: Any = JSONField()
    outcome = TextField(constraints=[checked("outcome", OUTCOMES[1:])])
    greeted_by_name = BooleanField(null=True)
    at = InstantField()

    class Meta:
        indexes = ((("customer", "shop", "day"), True),)


class HandOver(Row):
    """The end of somebody's shift, with a line for whoever comes next."""

    shop = ForeignKeyField(Shop, backref="hand_overs", on_delete="CASCADE", index=False)
    author = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
    for_whom = ForeignKeyField(Staff, null=True, on_delete="SET NULL")  # null: for whoever it is
    text = TextField(default="")
    day = DateField()
    at = InstantField()

    class Meta:
        indexes = ((("shop", "day"), False),)


class HandOverSeen(Row):
    """Who has read the line left for them."""

    hand_over = ForeignKeyField(HandOver, backref="seen", on_delete="CASCADE", index=False)
    staff = ForeignKeyField(Staff, on_delete="CASCADE")
    at = InstantField()

    class Meta:
        indexes = ((("hand_over", "staff"), True),)


class Action(Row):
    """One act of a phone, kept by its own id for 90 days, so that a repeat changes nothing.

    Only a digest of what was sent is kept: a note's text stands once, in the note.
    """

    key = TextField(unique=True)
    digest = TextField()
    result: Any = JSONField()
    done_at = InstantField(index=True)
    shop = ForeignKeyField(Shop, null=True, on_delete="SET NULL", index=False)
    customer = ForeignKeyField(Customer, null=True, on_delete="SET NULL")  # whom it changed, where it is one
    revision = BigIntegerField(default=0)  # the shop's revision that this act made
    step = BigIntegerField(default=0)  # by how much it was raised: where these sum up, nothing but acts has happened
    staff_id = IntegerField(null=True)  # who did it; of acts before version 9 nobody knows

    class Meta:
        indexes = ((("shop", "revision"), False),)


class Audit(Row):
    """One line of the record of changes: who did what, by ids alone. Lines are only ever added (triggers refuse all else);
    each holds the digest of itself and of the one before it. `domain/audit.py` writes them, and knows what they mean."""

    business = ForeignKeyField(Business, backref="+", on_delete="CASCADE", index=False)
    number = BigIntegerField()  # counts up by one within a business
    at = InstantField()
    kind = TextField(constraints=[Check("kind <> ''")])
    shop_id = IntegerField(null=True)
    staff_id = IntegerField(null=True)
    phone_id = IntegerField(null=True)
    told: Any = JSONField(null=True)  # ids and plain values, never a name or a text
    digest = TextField()

    class Meta:
        indexes = ((("business", "number"), True), (("business", "kind", "number"), False))


TABLES: tuple[type[Row], ...] = (
    Business, Shop, Staff, Membership, Phone, Invitation, Session, Subscription, Notice, Passkey, RecoveryCode,
    SignInTries, PinTries, Customer, Import, Visit, Witness, Promise, Told, ExtraStep, Issue, IssueTime, Mistake,
    Referral, Introduction, Household, Belonging, Tag, Tagged, CustomField, FieldValue, SearchWord, Note, NoteReading,
    Question, Seen, DayWord, Merge, Usual, Contact, Consent, Series, Appointment, Channel, ReminderRule, Message,
    CallTask, StrayReport, Beat, Outage, Calendar, CalendarEntry, DayList, Expected, RhythmKept, HabitKept,
    PeopleKept, DayTally, PromptEnded, HandOver, HandOverSeen, Action, Audit,
)  # fmt: skip

MIGRATIONS = Path(__file__).parent / "migrations"
