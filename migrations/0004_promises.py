"""What we promised a customer, until they confirm that it reached them."""

from peewee import (
    SQL,
    AutoField,
    Check,
    DateField,
    ForeignKeyField,
    Model,
    NodeList,
    SqliteDatabase,
    TextField,
)


def tables(db):
    """Return the tables this step makes; the first three of the classes stand in for those they point at."""

    class NumberField(AutoField):
        def ddl(self, ctx):
            column = super().ddl(ctx)
            return NodeList((column, SQL("AUTOINCREMENT"))) if isinstance(db, SqliteDatabase) else column

    class Row(Model):
        id = NumberField()

        class Meta:
            database = db
            legacy_table_names = False

    class Shop(Row):
        pass

    class Staff(Row):
        pass

    class Customer(Row):
        pass

    class Promise(Row):
        customer = ForeignKeyField(Customer, backref="promises", on_delete="CASCADE")
        shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
        text = TextField(constraints=[Check("text <> ''")])
        due = DateField(null=True)
        channel = TextField(default="counter", constraints=[Check("channel IN ('counter', 'email', 'sms', 'phone')")])
        author = ForeignKeyField(Staff, null=True, on_delete="SET NULL", index=False)
        day = DateField()
        at = TextField()
        kept_at = TextField(null=True)
        kept_by = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        confirmed_at = TextField(null=True, constraints=[Check("confirmed_at IS NULL OR kept_at IS NOT NULL")])
        confirmed_by = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        closed_at = TextField(null=True)
        closed_by = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        closed_reason = TextField(default="", constraints=[Check("closed_at IS NULL OR closed_reason <> ''")])
        delivery = TextField(
            default="",
            constraints=[
                Check(
                    "delivery IN ('', 'due', 'claimed', 'handed_over', 'delivered', 'confirmed', 'bounced', 'failed', "
                    "'expired', 'suppressed')"
                )
            ],
        )
        token_hash = TextField(null=True, unique=True)

        class Meta:
            indexes = ((("shop", "kept_at", "closed_at"), False),)

    return [Promise]


def up(migrator, db):
    """Add the tables."""
    db.create_tables(tables(db), safe=False)


def down(migrator, db):
    """Drop them again; what was promised is forgotten."""
    db.drop_tables(tables(db)[::-1])
