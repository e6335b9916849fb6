"""The first schema: business, shops, staff, phones, customers, visits, notes, usuals, appointments, prompts."""

from peewee import (
    SQL,
    AutoField,
    BooleanField,
    Check,
    DateField,
    FloatField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    NodeList,
    SqliteDatabase,
    TextField,
)


def tables(db):
    """Return the tables of this schema, parents first."""

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
        name = TextField()
        created_at = TextField()

    class Shop(Row):
        business = ForeignKeyField(Business, backref="shops", on_delete="CASCADE")
        name = TextField()
        zone = TextField(default="Europe/London")
        hours = JSONField(null=True)
        called = TextField(
            default="customer",
            constraints=[Check("called IN ('customer', 'guest', 'client', 'patient', 'member', 'reader')")],
        )
        same_visit_minutes = IntegerField(default=90, constraints=[Check("same_visit_minutes BETWEEN 0 AND 720")])
        listed_from = FloatField(default=0.25, constraints=[Check("listed_from BETWEEN 0 AND 1")])
        grace_minutes = IntegerField(default=10, constraints=[Check("grace_minutes BETWEEN 0 AND 240")])
        revision = IntegerField(default=0)

        class Meta:
            indexes = ((("business", "name"), True),)

    class Staff(Row):
        business = ForeignKeyField(Business, backref="staff", on_delete="CASCADE")
        name = TextField()
        role = TextField(default="staff", constraints=[Check("role IN ('staff', 'manager', 'owner')")])
        pin_hash = TextField(default="")
        created_at = TextField()
        left_at = TextField(null=True)

    class Membership(Row):
        staff = ForeignKeyField(Staff, backref="memberships", on_delete="CASCADE")
        shop = ForeignKeyField(Shop, backref="memberships", on_delete="CASCADE")

        class Meta:
            indexes = ((("staff", "shop"), True),)

    class Phone(Row):
        business = ForeignKeyField(Business, backref="phones", on_delete="CASCADE")
        staff = ForeignKeyField(Staff, backref="phones", on_delete="CASCADE")
        name = TextField()
        secret_hash = TextField(unique=True, null=True)
        enrolled_at = TextField()
        seen_at = TextField(null=True)
        revoked_at = TextField(null=True)

    class Invitation(Row):
        staff = ForeignKeyField(Staff, backref="invitations", on_delete="CASCADE")
        kind = TextField(constraints=[Check("kind IN ('owner', 'phone')")])
        token_hash = TextField(unique=True)
        code_hash = TextField(unique=True, null=True)
        expires_at = TextField()
        used_at = TextField(null=True)

    class Session(Row):
        token_hash = TextField(unique=True)
        kind = TextField(constraints=[Check("kind IN ('phone', 'owner', 'token')")])
        staff = ForeignKeyField(Staff, backref="sessions", on_delete="CASCADE")
        phone = ForeignKeyField(Phone, backref="sessions", null=True, on_delete="CASCADE")
        shop = ForeignKeyField(Shop, null=True, on_delete="CASCADE")
        created_at = TextField()
        expires_at = TextField()
        ended_at = TextField(null=True)

    class PinTries(Row):
        staff = ForeignKeyField(Staff, on_delete="CASCADE")
        phone = ForeignKeyField(Phone, on_delete="CASCADE")
        wrong = IntegerField(default=0)
        wrong_in_all = IntegerField(default=0)
        rests_until = TextField(null=True)

        class Meta:
            indexes = ((("staff", "phone"), True),)

    class Customer(Row):
        business = ForeignKeyField(Business, backref="customers", on_delete="CASCADE")
        name = TextField(constraints=[Check("name <> ''")])
        search_name = TextField(index=True)
        say_as = TextField(default="")
        call = TextField(default="")
        lang = TextField(default="")
        pronoun = TextField(default="", constraints=[Check("pronoun IN ('', 'she', 'he', 'they')")])
        source_id = TextField(null=True)
        created_at = TextField()

        class Meta:
            indexes = ((("business", "source_id"), True),)

    class Import(Row):
        business = ForeignKeyField(Business, backref="imports", on_delete="CASCADE")
        kind = TextField()
        digest = TextField()
        at = TextField()
        counts = JSONField()

    class Visit(Row):
        customer = ForeignKeyField(Customer, backref="visits", on_delete="CASCADE", index=False)
        shop = ForeignKeyField(Shop, backref="visits", on_delete="CASCADE", index=False)
        day = DateField()
        at = TextField()
        source_id = TextField(null=True)
        imported = ForeignKeyField(Import, backref="visits", null=True, on_delete="SET NULL")

        class Meta:
            indexes = (
                (("customer", "shop", "at"), True),
                (("shop", "day"), False),
            )

    class Witness(Row):
        visit = ForeignKeyField(Visit, backref="witnesses", on_delete="CASCADE")
        staff = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
        at = TextField()
        tapped_at = TextField(null=True)
        action = TextField(null=True, unique=True)

    class Note(Row):
        customer = ForeignKeyField(Customer, backref="notes", on_delete="CASCADE")
        shop = ForeignKeyField(Shop, null=True, on_delete="CASCADE")
        author = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
        text = TextField(constraints=[Check("text <> ''")])
        lifetime = TextField(
            default="always", constraints=[Check("lifetime IN ('always', 'next_visit', 'this_visit')")]
        )
        moment = TextField(default="arrival", constraints=[Check("moment IN ('list', 'arrival', 'booking', 'late')")])
        private = BooleanField(default=False)
        safety = BooleanField(default=False)
        day = DateField()
        at = TextField()
        edited_at = TextField(null=True)

    class NoteReading(Row):
        note = ForeignKeyField(Note, backref="readings", on_delete="CASCADE")
        staff = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
        at = TextField()

    class Usual(Row):
        customer = ForeignKeyField(Customer, backref="usuals", on_delete="CASCADE", index=False)
        shop = ForeignKeyField(Shop, on_delete="CASCADE")
        text = TextField(constraints=[Check("text <> ''")])
        author = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
        day = DateField()

        class Meta:
            indexes = ((("customer", "shop"), True),)

    class Appointment(Row):
        customer = ForeignKeyField(Customer, backref="appointments", on_delete="CASCADE")
        shop = ForeignKeyField(Shop, on_delete="CASCADE", index=False)
        day = DateField()
        starts_at = TextField()
        ends_at = TextField(null=True)
        service = TextField(default="")
        with_whom = TextField(default="")
        state = TextField(default="booked", constraints=[Check("state IN ('booked', 'cancelled', 'missed')")])

        class Meta:
            indexes = ((("shop", "day"), False),)

    class DayList(Row):
        shop = ForeignKeyField(Shop, backref="day_lists", on_delete="CASCADE", index=False)
        day = DateField()
        made_at = TextField()
        arrivals = FloatField(default=0)
        stale = BooleanField(default=False)

        class Meta:
            indexes = ((("shop", "day"), True),)

    class Expected(Row):
        day_list = ForeignKeyField(DayList, backref="expected", on_delete="CASCADE", index=False)
        customer = ForeignKeyField(Customer, on_delete="CASCADE")
        probability = FloatField()
        around = IntegerField(null=True)
        earliest = IntegerField(null=True)
        latest = IntegerField(null=True)
        part_of_day = TextField(default="")
        reason = JSONField()
        prompt = JSONField(null=True)

        class Meta:
            indexes = ((("day_list", "customer"), True),)

    class PromptShown(Row):
        customer = ForeignKeyField(Customer, backref="prompts", on_delete="CASCADE", index=False)
        shop = ForeignKeyField(Shop, on_delete="CASCADE")
        day = DateField()
        prompt = TextField()
        facts = JSONField()
        outcome = TextField(default="shown", constraints=[Check("outcome IN ('shown', 'said', 'skipped')")])
        greeted_by_name = BooleanField(null=True)
        at = TextField()

        class Meta:
            indexes = ((("customer", "shop", "day"), True),)

    class Action(Row):
        key = TextField(unique=True)
        digest = TextField()
        result = JSONField()
        done_at = TextField(index=True)

    return [
        Business,
        Shop,
        Staff,
        Membership,
        Phone,
        Invitation,
        Session,
        PinTries,
        Customer,
        Import,
        Visit,
        Witness,
        Note,
        NoteReading,
        Usual,
        Appointment,
        DayList,
        Expected,
        PromptShown,
        Action,
    ]


def up(migrator, db):
    db.create_tables(tables(db), safe=False)


def down(migrator, db):
    db.drop_tables(tables(db)[::-1])
