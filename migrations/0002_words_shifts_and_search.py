"""What the whole staff app keeps: who told us what, words offered with the visit, chips, shifts, words to search by.

A visit now names who saw it and the words offered with it, so that the most common act writes two rows. An act names
its customer and the shop's revision it made; a trigger raises that revision, so that no act can forget to. A revision
is the time in milliseconds, or one more than the last: it never comes again, not even after an older copy was put back.
"""

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
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
    """Return the tables this step makes, parents first; the others stand in for those they point at."""

    class NumberField(AutoField):
        def ddl(self, ctx):
            column = super().ddl(ctx)
            return NodeList((column, SQL("AUTOINCREMENT"))) if isinstance(db, SqliteDatabase) else column

    class WordField(TextField):
        def ddl(self, ctx):
            column = super().ddl(ctx)
            return column if isinstance(db, SqliteDatabase) else NodeList((column, SQL('COLLATE "C"')))

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

    class DayList(Row):
        pass

    class Visit(Row):
        pass

    class Told(Row):
        customer = ForeignKeyField(Customer, backref="told", on_delete="CASCADE", index=False)
        what = TextField(constraints=[Check("what IN ('name', 'say_as', 'call', 'quick', 'quiet', 'no_notes')")])
        was = TextField(default="")
        author = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
        day = DateField()

        class Meta:
            indexes = ((("customer", "what"), True),)

    class SearchWord(Row):
        customer = ForeignKeyField(Customer, backref="search_words", on_delete="CASCADE")
        shop = ForeignKeyField(Shop, null=True, on_delete="CASCADE")
        business = IntegerField()
        word = WordField()

        class Meta:
            indexes = ((("business", "shop", "word"), False),)

    class Expected(Row):
        day_list = ForeignKeyField(DayList, backref="expected", on_delete="CASCADE", index=False)
        customer = ForeignKeyField(Customer, on_delete="CASCADE")
        by_habit = BooleanField(default=True)
        probability = FloatField()
        around = IntegerField(null=True)
        earliest = IntegerField(null=True)
        latest = IntegerField(null=True)
        part_of_day = TextField(default="")
        reason = JSONField(null=True)
        prompts = JSONField()

        class Meta:
            indexes = ((("day_list", "customer"), True),)

    class PromptEnded(Row):
        customer = ForeignKeyField(Customer, backref="prompts_ended", on_delete="CASCADE", index=False)
        shop = ForeignKeyField(Shop, on_delete="CASCADE")
        day = DateField()
        prompt = JSONField()
        outcome = TextField(constraints=[Check("outcome IN ('said', 'skipped')")])
        greeted_by_name = BooleanField(null=True)
        at = TextField()

        class Meta:
            indexes = ((("customer", "shop", "day"), True),)

    class HandOver(Row):
        shop = ForeignKeyField(Shop, backref="hand_overs", on_delete="CASCADE", index=False)
        author = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
        for_whom = ForeignKeyField(Staff, null=True, on_delete="SET NULL")
        text = TextField(default="")
        day = DateField()
        at = TextField()

        class Meta:
            indexes = ((("shop", "day"), False),)

    class HandOverSeen(Row):
        hand_over = ForeignKeyField(HandOver, backref="seen", on_delete="CASCADE", index=False)
        staff = ForeignKeyField(Staff, on_delete="CASCADE")
        at = TextField()

        class Meta:
            indexes = ((("hand_over", "staff"), True),)

    return {"made": [Told, SearchWord, Expected, PromptEnded, HandOver, HandOverSeen], "staff": Staff, "shop": Shop,
            "customer": Customer}  # fmt: skip


def former(db):
    """Return the two tables that this step took away, as they were."""

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

    class DayList(Row):
        pass

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

    return [Expected, PromptShown]


TONES = [Check("tone IN ('plain', 'warm', 'playful')")]
OUTCOMES = [Check("outcome IN ('shown', 'said', 'skipped')")]

# The words that were offered move into the visit they were offered at; those of a day without a visit stay apart.
WORDS_OF_VISITS = """
UPDATE visit SET prompt = (SELECT {prompt} FROM prompt_shown p WHERE {same}),
  outcome = (SELECT p.outcome FROM prompt_shown p WHERE {same}),
  greeted_by_name = (SELECT p.greeted_by_name FROM prompt_shown p WHERE {same})
WHERE EXISTS (SELECT 1 FROM prompt_shown p WHERE {same})
  AND NOT EXISTS (SELECT 1 FROM visit v WHERE v.customer_id = visit.customer_id AND v.shop_id = visit.shop_id
                  AND v.day = visit.day AND v.at < visit.at)
"""
SAME = "p.customer_id = visit.customer_id AND p.shop_id = visit.shop_id AND p.day = visit.day"
WORDS_APART = """
INSERT INTO prompt_ended (customer_id, shop_id, day, prompt, outcome, greeted_by_name, at)
SELECT customer_id, shop_id, day, {prompt}, outcome, greeted_by_name, at FROM prompt_shown p
WHERE outcome <> 'shown' AND NOT EXISTS (
  SELECT 1 FROM visit WHERE {same})
"""
FIRST_WITNESS = """
UPDATE visit SET
  staff_id = (SELECT w.staff_id FROM witness w WHERE w.visit_id = visit.id ORDER BY w.id LIMIT 1),
  tapped_at = (SELECT w.tapped_at FROM witness w WHERE w.visit_id = visit.id ORDER BY w.id LIMIT 1)
WHERE EXISTS (SELECT 1 FROM witness w WHERE w.visit_id = visit.id)
"""
ONLY_THOSE_WHO_JOINED = """
DELETE FROM witness WHERE id IN (
  SELECT w.id FROM witness w JOIN visit v ON v.id = w.visit_id
  WHERE v.imported_id IS NULL AND w.id = (SELECT MIN(x.id) FROM witness x WHERE x.visit_id = v.id))
"""

WORDS_BACK = """
INSERT INTO prompt_shown (customer_id, shop_id, day, prompt, facts, outcome, greeted_by_name, at)
SELECT v.customer_id, v.shop_id, v.day, {name}, {facts}, v.outcome, v.greeted_by_name, v.at FROM visit v
WHERE v.outcome IS NOT NULL AND v.at = (SELECT MIN(o.at) FROM visit o WHERE o.customer_id = v.customer_id
  AND o.shop_id = v.shop_id AND o.day = v.day AND o.outcome IS NOT NULL)
"""
ENDED_BACK = """
INSERT INTO prompt_shown (customer_id, shop_id, day, prompt, facts, outcome, greeted_by_name, at)
SELECT p.customer_id, p.shop_id, p.day, {name}, {facts}, p.outcome, p.greeted_by_name, p.at FROM prompt_ended p
WHERE true ON CONFLICT DO NOTHING
"""
WITNESSES_BACK = """
INSERT INTO witness (visit_id, staff_id, at, tapped_at) SELECT id, staff_id, at, tapped_at FROM visit
WHERE staff_id IS NOT NULL
"""

SQLITE_TRIGGER = """
CREATE TRIGGER action_tells_the_others AFTER INSERT ON action WHEN NEW.shop_id IS NOT NULL BEGIN
  UPDATE action SET step = (SELECT revision FROM shop WHERE id = NEW.shop_id) WHERE id = NEW.id;
  UPDATE shop SET revision = MAX(revision + 1, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))
    WHERE id = NEW.shop_id;
  UPDATE action SET revision = (SELECT revision FROM shop WHERE id = NEW.shop_id),
    step = (SELECT revision FROM shop WHERE id = NEW.shop_id) - step WHERE id = NEW.id;
END
"""
POSTGRES_FUNCTION = """
CREATE FUNCTION action_tells_the_others() RETURNS trigger AS $$ DECLARE before bigint; BEGIN
  SELECT revision INTO before FROM shop WHERE id = NEW.shop_id FOR UPDATE;
  NEW.revision := GREATEST(before + 1, (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint);
  NEW.step := NEW.revision - before;
  UPDATE shop SET revision = NEW.revision WHERE id = NEW.shop_id;
  RETURN NEW;
END $$ LANGUAGE plpgsql
"""
POSTGRES_TRIGGER = """
CREATE TRIGGER action_tells_the_others BEFORE INSERT ON action FOR EACH ROW
WHEN (NEW.shop_id IS NOT NULL) EXECUTE FUNCTION action_tells_the_others()
"""


def up(migrator, db):
    made = tables(db)
    db.execute_sql("DROP TABLE expected")  # made anew from the visits, whenever it is asked for
    db.execute_sql("DELETE FROM day_list")
    db.create_tables(made["made"], safe=False)
    migrator.migrate(
        migrator.add_column("shop", "tone", TextField(default="warm", constraints=TONES)),
        migrator.add_column("shop", "language", TextField(default="en")),
        migrator.add_column("customer", "child", BooleanField(null=True)),
        migrator.add_column("note", "chips", TextField(default="")),
        migrator.add_column("day_list", "met", JSONField(null=True)),
        migrator.add_column("visit", "staff_id", _to(made["staff"])),
        migrator.add_column("visit", "tapped_at", TextField(null=True)),
        migrator.add_column("visit", "prompt", JSONField(null=True)),
        migrator.add_column("visit", "outcome", TextField(null=True, constraints=OUTCOMES)),
        migrator.add_column("visit", "greeted_by_name", BooleanField(null=True)),
        migrator.add_column("action", "shop_id", _to(made["shop"])),
        migrator.add_column("action", "customer_id", _to(made["customer"], index=True)),
        migrator.add_column("action", "revision", BigIntegerField(default=0)),
        migrator.add_column("action", "step", BigIntegerField(default=0)),
        migrator.add_index("action", ("shop_id", "revision"), False),
    )
    if isinstance(db, SqliteDatabase):
        prompt = "json_patch(json_object('id', p.prompt), p.facts)"
        db.execute_sql(SQLITE_TRIGGER)
    else:
        db.execute_sql("ALTER TABLE shop ALTER COLUMN revision TYPE BIGINT")
        prompt = "jsonb_build_object('id', p.prompt) || p.facts::jsonb"
        db.execute_sql(POSTGRES_FUNCTION)
        db.execute_sql(POSTGRES_TRIGGER)
    db.execute_sql(WORDS_OF_VISITS.format(prompt=prompt, same=SAME))
    db.execute_sql(WORDS_APART.format(prompt=prompt, same=SAME))
    db.execute_sql(FIRST_WITNESS)
    db.execute_sql(ONLY_THOSE_WHO_JOINED)
    db.execute_sql("DROP TABLE prompt_shown")


def _to(table, index=False):
    return ForeignKeyField(table, field=table.id, null=True, on_delete="SET NULL", index=index)


def down(migrator, db):
    """Go back to words kept apart from visits. The lists of days are made anew; who told us what is forgotten."""
    db.execute_sql("DELETE FROM day_list")
    if isinstance(db, SqliteDatabase):
        db.execute_sql("DROP TRIGGER action_tells_the_others")
        name, facts = "json_extract(v.prompt, '$.id')", "json_remove(v.prompt, '$.id')"
    else:
        db.execute_sql("UPDATE shop SET revision = 0")
        db.execute_sql("ALTER TABLE shop ALTER COLUMN revision TYPE INTEGER")
        db.execute_sql("DROP TRIGGER action_tells_the_others ON action")
        db.execute_sql("DROP FUNCTION action_tells_the_others()")
        name, facts = "v.prompt ->> 'id'", "v.prompt - 'id'"
    db.execute_sql("DROP TABLE expected")
    db.create_tables(former(db), safe=False)
    db.execute_sql(WORDS_BACK.format(name=name, facts=facts))
    db.execute_sql(ENDED_BACK.format(name=name.replace("v.", "p."), facts=facts.replace("v.", "p.")))
    db.drop_tables([table for table in tables(db)["made"][::-1] if table._meta.table_name != "expected"])
    db.execute_sql(WITNESSES_BACK)
    migrator.migrate(
        migrator.drop_column("shop", "tone"),
        migrator.drop_column("shop", "language"),
        migrator.drop_column("customer", "child"),
        migrator.drop_column("note", "chips"),
        migrator.drop_column("day_list", "met"),
        migrator.drop_column("visit", "staff_id"),
        migrator.drop_column("visit", "tapped_at"),
        migrator.drop_column("visit", "prompt"),
        migrator.drop_column("visit", "outcome"),
        migrator.drop_column("visit", "greeted_by_name"),
        migrator.drop_index("action", "action_shop_id_revision"),
        migrator.drop_index("action", "action_customer_id"),
        migrator.drop_column("action", "shop_id"),
        migrator.drop_column("action", "customer_id"),
        migrator.drop_column("action", "revision"),
        migrator.drop_column("action", "step"),
    )
