"""What stood before, so that taking a step back leaves all as it was; and whom somebody new may be."""

from peewee import Check, DateField, ForeignKeyField, IntegerField, Model, TextField

CHANNELS = [Check("promised_channel IN ('counter', 'email', 'sms', 'phone')")]


class Staff(Model):
    pass


def up(migrator, db):
    """Add how a promise was to be kept, when a trouble that came again had been solved, since when a question is asked
    anew, when we were told how it stands with somebody, and whom somebody may be who was added without a question."""
    solver = ForeignKeyField(Staff, Staff.id, null=True, on_delete="SET NULL")
    solver.index = False
    migrator.migrate(
        migrator.add_column("customer", "state_at", TextField(null=True)),
        migrator.add_column("promise", "promised_channel", TextField(null=True, constraints=CHANNELS)),
        migrator.add_column("issue_time", "solved_at", TextField(null=True)),
        migrator.add_column("issue_time", "solved_by_id", solver),
        migrator.add_column("question", "anew_from", DateField(null=True)),
        migrator.add_column("customer", "may_be", IntegerField(null=True)),
    )
    db.execute_sql(
        "UPDATE customer SET state_at = CAST(state_since AS TEXT) || 'T12:00:00.000Z' WHERE state_since IS NOT NULL"
    )


def down(migrator, db):
    """Drop them again."""
    migrator.migrate(
        migrator.drop_column("customer", "state_at"),
        migrator.drop_column("promise", "promised_channel"),
        migrator.drop_column("issue_time", "solved_at"),
        migrator.drop_column("issue_time", "solved_by_id"),
        migrator.drop_column("question", "anew_from"),
        migrator.drop_column("customer", "may_be"),
    )
