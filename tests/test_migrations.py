"""The steps of the schema: they lead to what models.py describes, keep what must never be out, and can be gone back."""

import ast
import re
from pathlib import Path

import pytest
from peewee import IntegrityError
from playhouse import schema_diff
from playhouse.migrations import Runner

import app as wiring
import clock
import models

STEPS = sorted(models.MIGRATIONS.glob("[0-9]*.py"))


@pytest.fixture
def empty(engine, tmp_path, request):
    """Return a connected database without any table; on PostgreSQL a schema of its own."""
    if engine == "sqlite":
        database = models.open_database(f"sqlite:///{tmp_path / 'empty.db'}")
        database.connect()
        yield database
        database.close()
        return
    database = models.open_database(request.getfixturevalue("postgres"))
    database.connect()
    database.execute_sql("DROP SCHEMA IF EXISTS steps CASCADE")
    database.execute_sql("CREATE SCHEMA steps")
    database.execute_sql("SET search_path TO steps")
    yield database
    database.execute_sql("DROP SCHEMA steps CASCADE")
    database.close_all()


def runner(database) -> Runner:
    return Runner(database, str(models.MIGRATIONS))


def shape(database) -> dict[str, object]:
    """Return tables with their columns, types, null-ness, keys and indexes, as the database itself tells them."""
    return {
        table: (
            sorted((c.name, c.data_type.lower(), c.null, c.primary_key) for c in database.get_columns(table)),
            sorted((tuple(i.columns), i.unique) for i in database.get_indexes(table)),
            sorted((k.column, k.dest_table) for k in database.get_foreign_keys(table)),
        )
        for table in sorted(database.get_tables())
        if table in {model._meta.table_name for model in models.TABLES}
    }


class TestTheSteps:
    def test_lead_to_what_the_models_describe(self, empty):
        runner(empty).up()
        with empty.bind_ctx(models.TABLES):
            found = schema_diff.diff_models(empty, list(models.TABLES))
        assert not found, str(found)

    def test_lead_to_the_same_tables_as_the_models_themselves_make(self, empty):
        runner(empty).up()
        stepped = shape(empty)
        for _step in STEPS:
            runner(empty).down()
        with empty.bind_ctx(models.TABLES):
            empty.create_tables(models.TABLES)
        assert len(stepped) == len(models.TABLES)
        assert stepped == shape(empty)

    def test_go_down_to_nothing_and_up_again(self, empty):
        runner(empty).up()
        before = shape(empty)
        for _step in STEPS:
            runner(empty).down()
        assert shape(empty) == {}
        runner(empty).up()
        assert shape(empty) == before

    def test_taken_twice_change_nothing(self, empty):
        runner(empty).up()
        before = shape(empty)
        assert not runner(empty).up()
        assert shape(empty) == before

    def test_are_numbered_without_a_gap(self):
        assert [int(path.name[:4]) for path in STEPS] == list(range(1, len(STEPS) + 1))

    @pytest.mark.parametrize("path", STEPS, ids=lambda path: path.stem)
    def test_describe_their_tables_by_themselves(self, path: Path):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert {name.split(".")[0] for name in imported if name} <= {"peewee", "playhouse"}


def written_checks(database, engine: str) -> dict[str, int]:
    """Return how many CHECK constraints the database itself holds for each table."""
    if engine == "sqlite":
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
        return {name: len(re.findall(r"\bCHECK\b", sql)) for name, sql in database.execute_sql(query).fetchall()}
    query = (
        "SELECT c.conrelid::regclass::text, count(*) FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace "
        "WHERE c.contype = 'c' AND n.nspname = 'steps' GROUP BY 1"
    )
    return {name.strip('"'): count for name, count in database.execute_sql(query).fetchall()}


class TestTheMigratedDatabase:
    def test_holds_every_check_that_the_models_hold(self, empty, engine):
        runner(empty).up()
        stepped = written_checks(empty, engine)
        expected = {
            model._meta.table_name: sum(len(field.constraints or []) for field in model._meta.sorted_fields)
            for model in models.TABLES
        }
        assert sum(expected.values()) >= 12
        assert {name: stepped.get(name, 0) for name in expected} == expected

    @pytest.mark.parametrize(
        ("column", "values"),
        [
            (
                "name, search_name, created_at, business_id, say_as, call, lang, pronoun",
                "'', '', 'x', 1, '', '', '', ''",
            ),
            (
                "name, search_name, created_at, business_id, say_as, call, lang, pronoun",
                "'R', 'r', 'x', 1, '', '', '', 'it'",
            ),
        ],
        ids=["a customer without a name", "a pronoun nobody chose"],
    )
    def test_refuses_what_must_never_be_without_pythons_help(self, storage, column, values):
        models.db.execute_sql("INSERT INTO business (name, created_at) VALUES ('B', 'x')")
        with pytest.raises(IntegrityError), models.db.atomic():
            models.db.execute_sql(f"INSERT INTO customer ({column}) VALUES ({values})")
        assert models.Customer.select().count() == 0


class TestANewerDatabase:
    @pytest.fixture
    def newer(self, storage):
        """A step of a later version was taken here."""
        step = runner(models.db.obj).History.create(name="9999_from_the_future")
        yield storage
        step.delete_instance()

    def test_is_refused_with_a_sentence_and_left_alone(self, newer):
        business = models.Business.create(name="kept", created_at=clock.now())
        with pytest.raises(SystemExit, match=r"written by a newer version of Regulars\. Install"):
            wiring.create_app(newer)
        assert models.Business.get_by_id(business.id).name == "kept"


class TestTheSecondStep:
    """What was kept before it stands after it, in its new place; and in its old place when it is gone back."""

    WRITTEN = """
    INSERT INTO business (id, name, created_at) VALUES (1, 'B', 'x');
    INSERT INTO shop (id, business_id, name, zone, called, same_visit_minutes, listed_from, grace_minutes, revision)
      VALUES (1, 1, 'S', 'Europe/London', 'guest', 90, 0.25, 10, 5);
    INSERT INTO staff (id, business_id, name, role, pin_hash, created_at) VALUES (1, 1, 'Sam', 'staff', '', 'x'),
      (2, 1, 'Ana', 'staff', '', 'x');
    INSERT INTO customer (id, business_id, name, search_name, say_as, call, lang, pronoun, created_at)
      VALUES (1, 1, 'Rosa', 'rosa', '', '', '', '', 'x'), (2, 1, 'Jo', 'jo', '', '', '', '', 'x');
    INSERT INTO visit (id, customer_id, shop_id, day, at) VALUES (1, 1, 1, '2026-11-23', '2026-11-23T08:00:00.000Z');
    INSERT INTO witness (id, visit_id, staff_id, at, tapped_at) VALUES (1, 1, 1, '2026-11-23T08:00:00.000Z', 'y'),
      (2, 1, 2, '2026-11-23T08:01:00.000Z', NULL);
    INSERT INTO prompt_shown (customer_id, shop_id, day, prompt, facts, outcome, at) VALUES
      (1, 1, '2026-11-23', 'second-visit', '{"dates": ["2026-11-20"]}', 'said', 'x'),
      (2, 1, '2026-11-23', 'a-year', '{"years": 1}', 'skipped', 'x'),
      (2, 1, '2026-11-22', 'a-year', '{"years": 1}', 'shown', 'x');
    """

    def test_keeps_words_and_who_saw_them(self, empty):
        runner(empty).up("0001_first_schema")
        for statement in self.WRITTEN.strip().split(";\n"):
            if statement.strip():
                empty.execute_sql(statement)
        runner(empty).up("0002_words_shifts_and_search")
        visit = empty.execute_sql("SELECT staff_id, tapped_at, outcome, prompt FROM visit").fetchall()
        assert [row[:3] for row in visit] == [(1, "y", "said")]
        assert models.parsed(visit[0][3]) == {"id": "second-visit", "dates": ["2026-11-20"]}
        assert empty.execute_sql("SELECT staff_id FROM witness").fetchall() == [(2,)]
        ended = empty.execute_sql("SELECT customer_id, outcome, prompt FROM prompt_ended").fetchall()
        assert [(row[0], row[1], models.parsed(row[2])["id"]) for row in ended] == [(2, "skipped", "a-year")]
        runner(empty).down()
        assert empty.execute_sql("SELECT staff_id FROM witness ORDER BY staff_id").fetchall() == [(1,), (2,)]
        shown = empty.execute_sql(
            "SELECT customer_id, prompt, outcome FROM prompt_shown ORDER BY customer_id"
        ).fetchall()
        assert shown == [(1, "second-visit", "said"), (2, "a-year", "skipped")]

    def test_lets_people_known_before_be_found(self, storage):
        business = models.Business.create(name="B", created_at=clock.now())
        models.Customer.create(business=business, name="Rosa Marchetti", created_at=clock.now())
        models.SearchWord.delete().execute()  # as that step leaves it
        wiring.open_storage(storage)
        assert [word.word for word in models.SearchWord.select().order_by(models.SearchWord.word)] == [
            "marchetti",
            "rosa",
        ]
