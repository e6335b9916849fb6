"""The lists of the owner's page of people are kept from night to night."""

from peewee import (
    SQL,
    AutoField,
    DateField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    NodeList,
    SqliteDatabase,
)


def tables(db):
    """Return the table this step makes; the first class stands in for the one it points at."""

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

    class PeopleKept(Row):
        shop = ForeignKeyField(Shop, unique=True, on_delete="CASCADE")
        day = DateField()
        day_list = IntegerField()
        lists = JSONField()

    return [PeopleKept]


def up(migrator, db):
    """Add the table."""
    db.create_tables(tables(db), safe=False)


def down(migrator, db):
    """Drop it; the next night makes the lists again."""
    db.drop_tables(tables(db))
