"""What a good colleague remembers: troubles, mistakes of ours, questions, referrals, people who belong together, states."""

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

STATES = [Check("state IN ('active', 'leave_alone', 'moved', 'died')")]
CAUSES = [Check("cause IN ('', 'ours', 'theirs', 'both')")]


def tables(db):
    """Return the tables this step makes; the first five of the classes stand in for those they point at."""

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

    class Note(Row):
        pass

    class ExtraStep(Row):
        customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE")
        shop = ForeignKeyField(Shop, backref="+", on_delete="CASCADE", index=False)
        text = TextField(constraints=[Check("text <> ''")])
        author = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        day = DateField()
        at = TextField()

    class Issue(Row):
        customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE")
        shop = ForeignKeyField(Shop, backref="+", on_delete="CASCADE", index=False)
        text = TextField(constraints=[Check("text <> ''")])
        ours = BooleanField(default=False)
        author = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        day = DateField()
        at = TextField()
        solved_at = TextField(null=True)
        solved_by = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)

    class IssueTime(Row):
        issue = ForeignKeyField(Issue, backref="+", on_delete="CASCADE")
        author = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        day = DateField()
        at = TextField()

    class Mistake(Row):
        customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE")
        shop = ForeignKeyField(Shop, backref="+", on_delete="CASCADE", index=False)
        text = TextField(constraints=[Check("text <> ''")])
        author = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        day = DateField()
        at = TextField()
        acknowledged_at = TextField(null=True)
        acknowledged_by = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        said_sorry = BooleanField(default=False)
        made_good = TextField(default="")
        made_good_at = TextField(null=True, constraints=[Check("made_good_at IS NULL OR made_good <> ''")])
        made_good_by = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)

    class Referral(Row):
        shop = ForeignKeyField(Shop, backref="+", on_delete="CASCADE", index=False)
        customer = ForeignKeyField(Customer, backref="+", null=True, on_delete="SET NULL")
        name = TextField()
        need = TextField(default="")
        to_whom = TextField(constraints=[Check("to_whom <> ''")])
        check_on = DateField()
        author = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        day = DateField()
        at = TextField()
        outcome = TextField(default="", constraints=[Check("outcome IN ('', 'reached', 'not_reached', 'no_answer')")])
        answered_at = TextField(null=True)
        answered_by = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        previous = ForeignKeyField("self", backref="+", null=True, on_delete="SET NULL", index=False)

        class Meta:
            indexes = ((("shop", "outcome", "check_on"), False),)

    class Introduction(Row):
        customer = ForeignKeyField(Customer, backref="+", unique=True, on_delete="CASCADE")
        by_customer = ForeignKeyField(Customer, backref="+", null=True, on_delete="SET NULL")
        by_text = TextField(default="")
        shop = ForeignKeyField(Shop, backref="+", on_delete="CASCADE", index=False)
        author = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        day = DateField()

    class Household(Row):
        business = ForeignKeyField(Business, backref="+", on_delete="CASCADE")
        kind = TextField(default="household", constraints=[Check("kind IN ('household', 'firm')")])
        name = TextField(constraints=[Check("name <> ''")])
        left_on = DateField(null=True)
        left_reason = TextField(default="")

    class Belonging(Row):
        household = ForeignKeyField(Household, backref="+", on_delete="CASCADE", index=False)
        customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE")
        part = TextField(default="")
        brings = BooleanField(default=False)

        class Meta:
            indexes = ((("household", "customer"), True),)

    class Tag(Row):
        business = ForeignKeyField(Business, backref="+", on_delete="CASCADE", index=False)
        name = TextField(constraints=[Check("name <> ''")])

        class Meta:
            indexes = ((("business", "name"), True),)

    class Tagged(Row):
        tag = ForeignKeyField(Tag, backref="+", on_delete="CASCADE", index=False)
        customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE")
        author = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        day = DateField()

        class Meta:
            indexes = ((("tag", "customer"), True),)

    class CustomField(Row):
        business = ForeignKeyField(Business, backref="+", on_delete="CASCADE", index=False)
        name = TextField(constraints=[Check("name <> ''")])
        kind = TextField(default="text", constraints=[Check("kind IN ('text', 'birthday', 'dogs')")])
        removed_at = TextField(null=True)

        class Meta:
            indexes = ((("business", "name"), True),)

    class FieldValue(Row):
        field = ForeignKeyField(CustomField, backref="+", on_delete="CASCADE", index=False)
        customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE")
        text = TextField(constraints=[Check("text <> ''")])
        author = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        day = DateField()

        class Meta:
            indexes = ((("field", "customer"), True),)

    class Question(Row):
        customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE")
        shop = ForeignKeyField(Shop, backref="+", on_delete="CASCADE", index=False)
        text = TextField(constraints=[Check("text <> ''")])
        theirs = BooleanField(default=False)
        reply = TextField(default="")
        issue = ForeignKeyField(Issue, backref="+", null=True, on_delete="CASCADE")
        author = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        day = DateField()
        at = TextField()
        not_before = DateField(null=True)
        skips = IntegerField(default=0)
        ended_at = TextField(null=True)
        ended_by = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        outcome = TextField(default="", constraints=[Check("outcome IN ('', 'said', 'dropped')")])
        note = ForeignKeyField(Note, backref="+", null=True, on_delete="SET NULL", index=False)

    class Seen(Row):
        staff = ForeignKeyField(Staff, backref="+", on_delete="CASCADE", index=False)
        customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE")
        what = TextField(constraints=[Check("what IN ('note', 'state')")])
        number = IntegerField(default=0)
        at = TextField()

        class Meta:
            indexes = ((("staff", "customer", "what", "number"), True),)

    class DayWord(Row):
        shop = ForeignKeyField(Shop, backref="+", on_delete="CASCADE", index=False)
        day = DateField()
        kind = TextField(constraints=[Check("kind IN ('out', 'behind')")])
        text = TextField(default="")
        minutes = IntegerField(null=True)
        author = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        at = TextField()
        ended_at = TextField(null=True)

        class Meta:
            indexes = ((("shop", "day"), False),)

    class Merge(Row):
        kept = ForeignKeyField(Customer, backref="+", on_delete="CASCADE")
        gone = IntegerField()
        by = ForeignKeyField(Staff, backref="+", null=True, on_delete="SET NULL", index=False)
        at = TextField()
        rows = JSONField()

    return [
        ExtraStep, Issue, IssueTime, Mistake, Referral, Introduction, Household, Belonging, Tag, Tagged, CustomField,
        FieldValue, Question, Seen, DayWord, Merge,
    ]  # fmt: skip


def up(migrator, db):
    """Add the tables, the state of a customer, the cause of a lateness, and whom somebody on a list comes with."""
    db.create_tables(tables(db), safe=False)
    migrator.migrate(
        migrator.add_column("customer", "state", TextField(default="active", constraints=STATES)),
        migrator.add_column("customer", "state_since", DateField(null=True)),
        migrator.add_column("customer", "state_reason", TextField(default="")),
        migrator.add_index("customer", ("business_id", "state", "state_since")),
        migrator.add_column("appointment", "cause", TextField(default="", constraints=CAUSES)),
        migrator.add_column("appointment", "with_state", BooleanField(default=False)),
        migrator.add_column("expected", "beside", JSONField(null=True)),
        migrator.add_column("shop", "wording", JSONField(null=True)),
    )


def down(migrator, db):
    """Drop them again; what they held is forgotten."""
    db.drop_tables(tables(db)[::-1])
    migrator.migrate(
        migrator.drop_index("customer", "customer_business_id_state_state_since"),
        migrator.drop_column("customer", "state_since"),
        migrator.drop_column("customer", "state"),
        migrator.drop_column("customer", "state_reason"),
        migrator.drop_column("appointment", "cause"),
        migrator.drop_column("appointment", "with_state"),
        migrator.drop_column("expected", "beside"),
        migrator.drop_column("shop", "wording"),
    )
