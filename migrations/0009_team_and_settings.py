"""How an owner signs in, what a shop has set, and the record of changes."""

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
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

    class Business(Row):
        pass

    class Staff(Row):
        pass

    class Passkey(Row):
        staff = ForeignKeyField(Staff, backref="+", on_delete="CASCADE")
        credential = TextField(unique=True, constraints=[Check("credential <> ''")])
        public_key = TextField()
        host = TextField()
        sign_count = BigIntegerField(default=0)
        answered = BigIntegerField(default=0)
        name = TextField(default="")
        created_at = TextField()
        used_at = TextField(null=True)

    class RecoveryCode(Row):
        staff = ForeignKeyField(Staff, backref="+", on_delete="CASCADE")
        code_hash = TextField(unique=True)

    class SignInTries(Row):
        staff = ForeignKeyField(Staff, backref="+", on_delete="CASCADE")
        browser = TextField(default="")
        wrong = IntegerField(default=0)
        rests_until = TextField(null=True)

        class Meta:
            indexes = ((("staff", "browser"), True),)

    class Audit(Row):
        business = ForeignKeyField(Business, backref="+", on_delete="CASCADE", index=False)
        number = BigIntegerField()
        at = TextField()
        kind = TextField(constraints=[Check("kind <> ''")])
        shop_id = IntegerField(null=True)
        staff_id = IntegerField(null=True)
        phone_id = IntegerField(null=True)
        told = JSONField(null=True)
        digest = TextField()

        class Meta:
            indexes = ((("business", "number"), True), (("business", "kind", "number"), False))

    return Passkey, RecoveryCode, SignInTries, Audit


# The record of changes is only ever added to, in order. The one exception is the oldest of it: a line that says up to which
# number it ends (kind record.shortened) lets go of what is 24 months older than itself.
REFUSED = "the record of changes is only added to"
LET_GO = """EXISTS (SELECT 1 FROM audit a WHERE a.business_id = OLD.business_id AND a.kind = 'record.shortened'
  AND a.number > OLD.number AND {up_to} >= OLD.number AND OLD.at <= {before})"""
OUT_OF_ORDER = "NEW.number <> (SELECT MAX(number) + 1 FROM audit WHERE business_id = NEW.business_id)"
SQLITE_LETS_GO = LET_GO.format(
    up_to="json_extract(a.told, '$.up_to')", before="strftime('%Y-%m-%dT%H:%M:%fZ', a.at, '-24 months')"
)
SQLITE_TRIGGERS = (
    f"""CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, '{REFUSED}');
END""",
    f"""CREATE TRIGGER audit_is_never_removed BEFORE DELETE ON audit WHEN NOT {SQLITE_LETS_GO} BEGIN
  SELECT RAISE(ABORT, '{REFUSED}');
END""",
    # REPLACE would remove the line whose number it takes, and tells no trigger of it
    f"""CREATE TRIGGER audit_goes_on BEFORE INSERT ON audit
WHEN {OUT_OF_ORDER} OR EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) BEGIN
  SELECT RAISE(ABORT, '{REFUSED}');
END""",
)
POSTGRES_LETS_GO = LET_GO.format(
    up_to="(a.told ->> 'up_to')::bigint",
    before="""to_char(a.at::timestamptz AT TIME ZONE 'UTC' - interval '24 months', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')""",
)
POSTGRES_FUNCTION = f"""
CREATE FUNCTION audit_is_only_added_to() RETURNS trigger AS $$ BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NOT COALESCE({OUT_OF_ORDER}, false) THEN RETURN NEW; END IF;
  ELSIF TG_OP = 'DELETE' THEN
    IF {POSTGRES_LETS_GO} THEN RETURN OLD; END IF;
  END IF;
  RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
END $$ LANGUAGE plpgsql
"""
POSTGRES_TRIGGERS = (
    """CREATE TRIGGER audit_is_only_added_to BEFORE INSERT OR UPDATE OR DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION audit_is_only_added_to()""",
    """CREATE TRIGGER audit_is_never_emptied BEFORE TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to()""",
)


def up(migrator, db):
    """Add the tables, the owner's password and second factor, what sessions are listed by, a shop's settings, and who did an
    act."""
    db.create_tables(tables(db), safe=False)
    for step in SQLITE_TRIGGERS if isinstance(db, SqliteDatabase) else (POSTGRES_FUNCTION, *POSTGRES_TRIGGERS):
        db.execute_sql(step)
    migrator.migrate(
        migrator.add_column("staff", "password_hash", TextField(default="")),
        migrator.add_column("staff", "second_factor", TextField(default="")),
        migrator.add_column("staff", "second_factor_step", BigIntegerField(default=0)),
        migrator.add_column("session", "seen_at", TextField(null=True)),
        migrator.add_column("session", "proved_at", TextField(null=True)),
        migrator.add_column("session", "about", TextField(default="")),
        migrator.add_column("shop", "preferences", JSONField(null=True)),
        migrator.add_column("action", "staff_id", IntegerField(null=True)),
    )


def down(migrator, db):
    """Drop them again; what they held is forgotten."""
    migrator.migrate(
        migrator.drop_column("staff", "password_hash"),
        migrator.drop_column("staff", "second_factor"),
        migrator.drop_column("staff", "second_factor_step"),
        migrator.drop_column("session", "seen_at"),
        migrator.drop_column("session", "proved_at"),
        migrator.drop_column("session", "about"),
        migrator.drop_column("shop", "preferences"),
        migrator.drop_column("action", "staff_id"),
    )
    db.drop_tables(tables(db)[::-1])
    if not isinstance(db, SqliteDatabase):
        db.execute_sql("DROP FUNCTION audit_is_only_added_to()")
