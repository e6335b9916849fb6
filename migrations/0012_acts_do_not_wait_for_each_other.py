"""On PostgreSQL two acts in one shop never wait for each other for ever: what an act writes down holds its shop's row as a
thing that refers to it does, and the shop's revision is raised without asking for more than that."""

from peewee import SqliteDatabase

FUNCTION = """
CREATE OR REPLACE FUNCTION action_tells_the_others() RETURNS trigger AS $$ DECLARE before bigint; BEGIN
  SELECT revision INTO before FROM shop WHERE id = NEW.shop_id FOR {};
  NEW.revision := GREATEST(before + 1, (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint);
  NEW.step := NEW.revision - before;
  UPDATE shop SET revision = NEW.revision WHERE id = NEW.shop_id;
  RETURN NEW;
END $$ LANGUAGE plpgsql
"""


def up(migrator, db):
    """Hold a shop's row against others who raise its revision, and not against those who refer to it."""
    if not isinstance(db, SqliteDatabase):
        db.execute_sql(FUNCTION.format("NO KEY UPDATE"))


def down(migrator, db):
    """Hold it against all, as before."""
    if not isinstance(db, SqliteDatabase):
        db.execute_sql(FUNCTION.format("UPDATE"))
