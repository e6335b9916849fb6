"""What a shop has learned is kept from night to night, with what came of its forecasts; a list knows its hours.

Lists of days are made anew: they now hold what the hours of a day need.
"""

from peewee import (
    SQL,
    AutoField,
    BlobField,
    BooleanField,
    DateField,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    NodeList,
    SqliteDatabase,
    TextField,
)


def tables(db):
    """Return the tables this step makes; the first two of the classes stand in for those they point at."""

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

    class Customer(Row):
        pass

    class RhythmKept(Row):
        shop = ForeignKeyField(Shop, unique=True, on_delete="CASCADE")
        through = DateField(null=True)
        stale = BooleanField(default=False)
        version = IntegerField(default=0)
        visits = IntegerField(default=0)
        made_by = TextField(default="")
        state = TextField(default="")

    class HabitKept(Row):
        shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
        customer = ForeignKeyField(Customer, on_delete="CASCADE", index=False)
        state = BlobField()

        class Meta:
            indexes = ((("customer", "shop"), True),)

    class DayTally(Row):
        shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
        day = DateField()
        people = IntegerField()
        expected = DoubleField()
        came = IntegerField()
        first = IntegerField()
        bands = JSONField()

        class Meta:
            indexes = ((("shop", "day"), True),)

    return [RhythmKept, HabitKept, DayTally]


def up(migrator, db):
    """Add the tables, and what lists and their rows hold besides."""
    db.execute_sql("DELETE FROM day_list")
    db.create_tables(tables(db), safe=False)
    migrator.migrate(
        migrator.add_column("day_list", "hours", JSONField(null=True)),
        migrator.add_column("day_list", "mean", JSONField(null=True)),
        migrator.add_column("expected", "times", JSONField(null=True)),
    )


def down(migrator, db):
    """Go back; what was learned is learned again from the visits by whoever needs it."""
    db.execute_sql("DELETE FROM day_list")
    db.drop_tables(tables(db)[::-1])
    migrator.migrate(
        migrator.drop_column("day_list", "hours"),
        migrator.drop_column("day_list", "mean"),
        migrator.drop_column("expected", "times"),
    )
