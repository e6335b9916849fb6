"""What was done on a phone is delivered under the name of whoever did it, also after they have signed out."""

from peewee import TextField


def up(migrator, db):
    """Add the digest of the secret that delivers what was done during a session."""
    migrator.migrate(
        migrator.add_column("session", "acts_hash", TextField(null=True)),
        migrator.add_index("session", ("acts_hash",), True),
    )


def down(migrator, db):
    """Drop it again."""
    migrator.migrate(
        migrator.drop_index("session", "session_acts_hash"),
        migrator.drop_column("session", "acts_hash"),
    )
