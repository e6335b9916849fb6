"""Everything that is known, one JSON object a line, in a stable order; and back into an empty database.

Secrets stay behind: PINs, phones' secrets, sessions, links, addresses and passwords of calendars (whoever has such an
address reads it), and how reminders are sent. So do the day's lists, which are made again, and the acts' results; of an
act only its key and digest go along.

The record of changes goes along as well, but not into the canonical export, nor its checksum: those say what stands, and
whoever merges two people and takes that back has what stood before, and two lines more in the record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from models import (
    Action,
    Appointment,
    Audit,
    Belonging,
    Business,
    Calendar,
    CalendarEntry,
    CallTask,
    Consent,
    Contact,
    Customer,
    CustomField,
    DayWord,
    ExtraStep,
    FieldValue,
    HandOver,
    HandOverSeen,
    Household,
    Import,
    Introduction,
    Issue,
    IssueTime,
    Membership,
    Merge,
    Message,
    Mistake,
    Note,
    NoteReading,
    Phone,
    Promise,
    PromptEnded,
    Question,
    Referral,
    ReminderRule,
    Row,
    SearchWord,
    Seen,
    Series,
    Shop,
    Staff,
    Tag,
    Tagged,
    Told,
    Usual,
    Visit,
    Witness,
    db,
    folded,
    instant_text,
    is_postgres,
    snapshot,
)  # fmt: skip
from words import _

FORMAT = {"regulars": "export", "version": 1}
TOLD: tuple[type[Row], ...] = (
    Business, Shop, Staff, Membership, Phone, Customer, Import, Visit, Witness, Promise, Told, ExtraStep, Issue,
    IssueTime, Mistake, Referral, Introduction, Household, Belonging, Tag, Tagged, CustomField, FieldValue, Note,
    NoteReading, Question, Seen, DayWord, Merge, Usual, Contact, Consent, Series,
    Appointment, ReminderRule, Message, CallTask, Calendar, CalendarEntry, PromptEnded, HandOver, HandOverSeen, Action,
    Audit,
)  # fmt: skip
KEPT_BACK = {
    "pin_hash",
    "password_hash",
    "second_factor",
    "second_factor_step",
    "secret_hash",
    "token_hash",
    "password",
    "url",
    "settings",
    "search_name",
    "revision",
    "step",
}  # the last two tell of this very copy


def records(canonical: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the export's objects: the format first, then every table by id, parents before children."""
    yield FORMAT
    for table in TOLD:
        if canonical and table is Audit:
            continue
        fields = [field for field in table._meta.sorted_fields if field.name not in KEPT_BACK]
        if table is Action:
            fields = [field for field in fields if field.name != "result"]
        names = [field.name for field in fields]
        for values in table.select(*fields).order_by(table.id).tuples().iterator():
            yield {"table": table.__name__, **{n: _plain(v) for n, v in zip(names, values, strict=True)}}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else value


def lines(canonical: bool = False) -> Iterator[str]:
    """Yield the export as text, one line an object, keys in order: one moment's state, whoever writes meanwhile."""
    with snapshot():
        for record in records(canonical):
            yield json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"


def checksum() -> str:
    """Return the digest of the canonical export: equal for equal contents, whatever the engine."""
    digest = hashlib.sha256()
    for line in lines(canonical=True):
        digest.update(line.encode())
    return digest.hexdigest()


def take_back(path: Path) -> int:
    """Return how many objects of an export were put into an empty database. Raises ValueError with a sentence."""
    if Business.select().exists():
        raise ValueError(_("There is something in this database already. An export goes only into an empty one."))
    tables = {table.__name__: table for table in TOLD}
    count = number = 0
    with path.open(encoding="utf-8") as file, db.atomic():
        for number, text in enumerate(file, 1):
            try:
                record = json.loads(text)
                if number == 1:
                    if record != FORMAT:
                        raise ValueError(_("it does not begin as an export does"))
                    continue
                table = tables[record.pop("table")]
                if table is Action:
                    record["result"] = {}
                if table is Customer:
                    record["search_name"] = folded(record["name"])
                table.insert(**{_column(table, name): value for name, value in record.items()}).execute()
                count += 1
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ValueError(
                    _(
                        "Line %(number)s is not of an export: %(error)s. Nothing was taken in.",
                        number=number,
                        error=error,
                    )
                ) from None
        if not number:
            raise ValueError(_("The file is empty."))
        SearchWord.make_all()
        if is_postgres():
            for table in TOLD:
                name = table._meta.table_name
                db.execute_sql(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), GREATEST((SELECT MAX(id) FROM \"{name}\"), 1))"
                )
    return count


def _column(table: type[Row], name: str) -> str:
    if name not in table._meta.fields:
        raise ValueError(_("there is no %(name)s in %(table)s", name=name, table=table.__name__))
    return name
