"""Appointments that can be moved and repeated, how people can be reached, and what was sent to them, with its fate."""

from peewee import (
    SQL,
    AutoField,
    BooleanField,
    Check,
    DateField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    NodeList,
    SqliteDatabase,
    TextField,
)

WAYS = "'email', 'sms', 'call', 'hook', 'hand'"
MESSAGE_STATES = (
    "'due', 'claimed', 'handed_over', 'delivered', 'confirmed', 'bounced', 'failed', 'expired', 'suppressed', 'dropped'"
)


def tables(db):
    """Return the tables this step makes; the first of the classes stand in for those they point at."""

    class NumberField(AutoField):
        def ddl(self, ctx):
            column = super().ddl(ctx)
            return NodeList((column, SQL("AUTOINCREMENT"))) if isinstance(db, SqliteDatabase) else column

    class Row(Model):
        id = NumberField()

        class Meta:
            database = db
            legacy_table_names = False

    class Business(Row):
        pass

    class Shop(Row):
        pass

    class Staff(Row):
        pass

    class Customer(Row):
        pass

    class Promise(Row):
        pass

    class Appointment(Row):
        pass

    class Contact(Row):
        customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE")
        kind = TextField(constraints=[Check("kind IN ('email', 'phone')")])
        address = TextField(constraints=[Check("address <> ''")])
        known = TextField(index=True)
        author = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        at = TextField()
        bad_at = TextField(null=True)
        bad_code = TextField(default="")

        class Meta:
            indexes = ((("customer", "kind", "known"), True),)

    class Consent(Row):
        customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE", index=False)
        way = TextField(constraints=[Check("way IN ('email', 'sms', 'call', 'hook')")])
        given = BooleanField()
        how = TextField(default="counter", constraints=[Check("how IN ('counter', 'import', 'link', 'reply')")])
        at = TextField()

        class Meta:
            indexes = ((("customer", "way"), True),)

    class Series(Row):
        customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE")
        shop = ForeignKeyField(Shop, backref="+", on_delete="CASCADE", index=False)
        first = DateField()
        minute = IntegerField(constraints=[Check("minute BETWEEN 0 AND 1439")])
        minutes = IntegerField(constraints=[Check("minutes BETWEEN 1 AND 1440")])
        every_weeks = IntegerField(default=1, constraints=[Check("every_weeks BETWEEN 1 AND 52")])
        weekdays = TextField(constraints=[Check("weekdays <> ''")])
        until = DateField(null=True)
        times = IntegerField(null=True, constraints=[Check("times IS NULL OR times > 0")])
        with_whom = TextField(default="")
        service = TextField(default="")
        author = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        at = TextField()
        made_until = DateField(null=True)
        ended_on = DateField(null=True)

    class Channel(Row):
        shop = ForeignKeyField(Shop, backref="+", on_delete="CASCADE", index=False)
        way = TextField(constraints=[Check("way IN ('email', 'sms', 'call', 'hook')")])
        settings = JSONField()

        class Meta:
            indexes = ((("shop", "way"), True),)

    class ReminderRule(Row):
        shop = ForeignKeyField(Shop, backref="+", on_delete="CASCADE")
        way = TextField(constraints=[Check(f"way IN ({WAYS})")])
        minutes_before = IntegerField(constraints=[Check("minutes_before BETWEEN 5 AND 86400")])
        subject = TextField(default="")
        text = TextField(default="")
        ended_at = TextField(null=True)

    class Message(Row):
        shop = ForeignKeyField(Shop, backref="+", on_delete="CASCADE", index=False)
        kind = TextField(constraints=[Check("kind IN ('reminder', 'change', 'test', 'promise', 'alert')")])
        way = TextField(constraints=[Check(f"way IN ({WAYS})")])
        customer = ForeignKeyField(Customer, backref="+", null=True, on_delete="CASCADE")
        appointment = ForeignKeyField(Appointment, backref="+", null=True, on_delete="CASCADE", index=False)
        promise = ForeignKeyField(Promise, backref="+", null=True, on_delete="CASCADE")
        rule = ForeignKeyField(ReminderRule, backref="+", null=True, on_delete="SET NULL", index=False)
        sequence = IntegerField(default=0)
        told = TextField(default="")
        before = TextField(default="")
        address = TextField(default="")
        subject = TextField(default="")
        text = TextField(default="")
        message_id = TextField(unique=True)
        state = TextField(default="due", constraints=[Check(f"state IN ({MESSAGE_STATES})")])
        code = TextField(default="")
        detail = TextField(default="")
        due_at = TextField()
        deadline = TextField()
        next_at = TextField()
        attempts = IntegerField(default=0)
        claimed_by = TextField(default="")
        leased_until = TextField(null=True)
        gateway_id = TextField(null=True, index=True)
        at = TextField()
        handed_at = TextField(null=True)
        ended_at = TextField(null=True)

        class Meta:
            indexes = (
                (("appointment", "rule", "sequence"), True),
                (("state", "next_at"), False),
                (("shop", "due_at"), False),
            )

    class CallTask(Row):
        shop = ForeignKeyField(Shop, backref="+", on_delete="CASCADE", index=False)
        customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE")
        appointment = ForeignKeyField(Appointment, backref="+", null=True, on_delete="CASCADE")
        promise = ForeignKeyField(Promise, backref="+", null=True, on_delete="CASCADE", index=False)
        message = ForeignKeyField(Message, backref="+", null=True, unique=True, on_delete="SET NULL")
        reason = TextField(default="")
        at = TextField()
        until = TextField(null=True)
        outcome = TextField(
            default="", constraints=[Check("outcome IN ('', 'reached', 'no_answer', 'left_message', 'dropped')")]
        )
        tries = IntegerField(default=0)
        done_at = TextField(null=True)
        done_by = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)

        class Meta:
            indexes = ((("shop", "done_at"), False),)

    class StrayReport(Row):
        at = TextField()
        via = TextField()
        code = TextField(default="")
        about = TextField(default="")
        seen_at = TextField(null=True)

    class Beat(Row):
        name = TextField(unique=True)
        at = TextField()

    class Outage(Row):
        began = TextField()
        ended = TextField()
        missed = IntegerField(default=0)
        told_at = TextField(null=True)
        seen_at = TextField(null=True)

    class Calendar(Row):
        shop = ForeignKeyField(Shop, backref="+", on_delete="CASCADE")
        kind = TextField(constraints=[Check("kind IN ('file', 'address', 'caldav')")])
        name = TextField(constraints=[Check("name <> ''")])
        url = TextField(default="")
        account = TextField(default="")
        password = TextField(default="")
        two_way = BooleanField(default=False)
        with_whom = TextField(default="")
        token = TextField(default="")
        read_at = TextField(null=True)
        tried_at = TextField(null=True)
        trouble = TextField(default="")
        refused = JSONField(null=True)
        ended_at = TextField(null=True)

    class CalendarEntry(Row):
        calendar = ForeignKeyField(Calendar, backref="+", on_delete="CASCADE", index=False)
        uid = TextField()
        recurrence = TextField(default="")
        href = TextField(default="")
        etag = TextField(default="")
        sequence = IntegerField(default=0)
        starts_at = TextField()
        ends_at = TextField()
        summary = TextField(default="")
        reached = TextField(default="")
        state = TextField(
            default="unsure", constraints=[Check("state IN ('matched', 'unsure', 'ignored', 'gone', 'clash')")]
        )
        customer = ForeignKeyField(Customer, backref="+", null=True, on_delete="SET NULL")
        appointment = ForeignKeyField(Appointment, backref="+", null=True, on_delete="SET NULL")
        at = TextField()

        class Meta:
            indexes = ((("calendar", "uid", "recurrence"), True),)

    return [
        Contact, Consent, Series, Channel, ReminderRule, Message, CallTask, StrayReport, Beat, Outage, Calendar,
        CalendarEntry,
    ], Series, Staff  # fmt: skip


def pointing_at(table):
    return ForeignKeyField(table, table.id, backref="+", null=True, on_delete="SET NULL", index=False)


def up(migrator, db):
    """Add the tables, and what an appointment needs to be moved, repeated, confirmed and kept apart from others."""
    made, Series, Staff = tables(db)
    db.create_tables(made, safe=False)
    migrator.migrate(
        migrator.add_column("appointment", "uid", TextField(null=True, unique=True)),
        migrator.add_column("appointment", "wall", TextField(default="")),
        migrator.add_column("appointment", "slot", TextField(null=True)),
        migrator.add_column("appointment", "sequence", IntegerField(default=0)),
        migrator.add_column("appointment", "grace_minutes", IntegerField(null=True)),
        migrator.add_column("appointment", "series_id", pointing_at(Series)),
        migrator.add_column("appointment", "series_day", DateField(null=True)),
        migrator.add_column("appointment", "confirmed_at", TextField(null=True)),
        migrator.add_column("appointment", "confirmed_how", TextField(default="")),
        migrator.add_column("appointment", "reply", TextField(default="")),
        migrator.add_column("appointment", "reply_text", TextField(default="")),
        migrator.add_column("appointment", "replied_at", TextField(null=True)),
        migrator.add_column("appointment", "kept_until", TextField(null=True)),
        migrator.add_column("appointment", "late_minutes", IntegerField(null=True)),
        migrator.add_column("appointment", "author_id", pointing_at(Staff)),
        migrator.add_column("appointment", "at", TextField(null=True)),
        migrator.add_column("appointment", "source_id", TextField(null=True)),
        migrator.add_column("mistake", "about", TextField(default="")),
        migrator.add_column("expected", "punctual", JSONField(null=True)),
        migrator.add_column("shop", "calendar_version", IntegerField(default=0)),
        migrator.add_column("business", "settings", JSONField(null=True)),
        migrator.add_index("appointment", ("shop_id", "slot", "starts_at"), True),
        migrator.add_index("appointment", ("series_id", "series_day"), True),
    )  # fmt: skip


def down(migrator, db):
    """Drop them again; what they held is forgotten."""
    migrator.migrate(
        migrator.drop_index("appointment", "appointment_uid"),
        migrator.drop_index("appointment", "appointment_shop_id_slot_starts_at"),
        migrator.drop_index("appointment", "appointment_series_id_series_day"),
        *(
            migrator.drop_column("appointment", name)
            for name in (
                "uid", "wall", "slot", "sequence", "grace_minutes", "series_id", "series_day", "confirmed_at",
                "confirmed_how", "reply", "reply_text", "replied_at", "kept_until", "late_minutes", "author_id", "at",
                "source_id",
            )
        ),
        migrator.drop_column("mistake", "about"),
        migrator.drop_column("expected", "punctual"),
        migrator.drop_column("shop", "calendar_version"),
        migrator.drop_column("business", "settings"),
    )  # fmt: skip
    db.drop_tables(tables(db)[0][::-1])
