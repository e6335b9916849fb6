"""Who wants to be told what on which phone, and what was told there."""

from peewee import (
    SQL,
    AutoField,
    Check,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    NodeList,
    SqliteDatabase,
    TextField,
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

    class Staff(Row):
        pass

    class Phone(Row):
        pass

    class Session(Row):
        pass

    class Subscription(Row):
        staff = ForeignKeyField(Staff, backref="+", on_delete="CASCADE", index=False)
        phone = ForeignKeyField(Phone, backref="+", null=True, on_delete="CASCADE", index=False)
        browser = TextField(null=True, constraints=[Check("(browser IS NULL) <> (phone_id IS NULL)")])
        session = ForeignKeyField(Session, backref="+", on_delete="CASCADE")
        kinds = JSONField(default=list)
        endpoint = TextField()
        p256dh = TextField()
        auth = TextField()
        language = TextField(default="")
        site = TextField(default="")
        refused = IntegerField(default=0)
        made_at = TextField()

        class Meta:
            indexes = ((("phone", "staff"), True), (("browser", "staff"), True))

    class Notice(Row):
        subscription = ForeignKeyField(Subscription, backref="+", on_delete="CASCADE", index=False)
        kind = TextField(constraints=[Check("kind IN ('late', 'promise', 'silence')")])
        about = TextField()
        at = TextField()
        next_at = TextField(null=True)
        attempts = IntegerField(default=0)
        ended = TextField(default="", constraints=[Check("ended IN ('', 'sent', 'over', 'refused', 'given_up')")])
        code = TextField(default="")

        class Meta:
            indexes = ((("subscription", "about"), True),)

    return Subscription, Notice


def up(migrator, db):
    """Add the two tables."""
    db.create_tables(tables(db), safe=False)


def down(migrator, db):
    """Drop them again; what was wanted is forgotten."""
    db.drop_tables(tables(db)[::-1])
