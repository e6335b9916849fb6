"""The terminal: every command of Regulars. Exit 0 done, 1 refused with a sentence, 2 wrong usage."""

from __future__ import annotations

import csv
import functools
import json
import logging
import os
import shutil
import signal
import socket
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import click
from peewee import JOIN, sqlite3 as peewee_sqlite3
from playhouse.migrations import Runner

import background
import clock
import domain.export
import reading
import sending
import words.calendars
import words.relationships
import words.reminders
from app import VERSION, Config, create_app, open_storage
from demo.cast import PIN
from demo.seed import grow
from demo.shop import build
from domain import (
    access,
    audit,
    audit_check,
    baselines,
    evaluation,
    expected,
    first_run,
    forecast,
    importing,
    importing_appointments,
    importing_undo,
    merging,
    nights,
    outbox,
    owners,
    people_file,
    reminders,
    visits_file,
)
from domain.lines import lines
from domain.telling import changes_as_json, line_as_json
from models import (
    DRIVER_ERRORS,
    MESSAGE_STATES,
    MIGRATIONS,
    Business,
    Customer,
    Message,
    Phone,
    Shop,
    Staff,
    db,
    is_postgres,
    one_line,
    open_database,
)
from outside import certificates, reports, vcards
from serving import Certificate, create_server, port_of
from views.asking import roles_of
from words import _, in_language, listed, locale_of_terminal, ngettext
from words.speaking import pgettext

DEMO_PORT = 8000
ENDS_WITHIN = 7  # seconds, of the ten that a stop may take
LOOKS_AGAIN = 60  # seconds: whether the certificate still has this machine's addresses and time enough
log = logging.getLogger("regulars")

Options = dict[str, Any]
NUMBER = click.IntRange(1, 2**31 - 1)  # of a row
FARTHEST = timedelta(days=366)  # ahead of today, for a list


class Sentence(click.ClickException):
    """Something was refused; the sentence goes to stderr and the exit code is 1. `told` is what --json answers even so."""

    def __init__(self, message: str, told: Options | None = None):
        super().__init__(message)
        self.told = told

    def format_message(self) -> str:
        return self.message


def command(group: click.Group, name: str, storage: bool = True) -> Callable[[Callable[..., Any]], click.Command]:
    """Return a decorator for a command that takes --data, --json and --clock and opens the storage."""

    def add(function: Callable[..., Any]) -> click.Command:
        @functools.wraps(function)
        def run(data: Path | None, as_json: bool, clock_file: Path | None, **options: Any) -> None:
            config = configured(data)
            follow_clock(clock_file)
            if storage:
                need_shop(config)
                open_storage(config)
            try:
                answer = function(config, **options)
            except Sentence as refused:
                if as_json and refused.told is not None:
                    click.echo(json.dumps(refused.told, ensure_ascii=False))
                raise
            if answer is not None:
                told, words = answer
                click.echo(json.dumps(told, ensure_ascii=False, indent=None) if as_json else words)

        for option in (
            click.option("--data", type=click.Path(path_type=Path), help="Where all state lies (or REGULARS_DATA)."),
            click.option("--json", "as_json", is_flag=True, help="Answer in JSON."),
            click.option(
                "--clock",
                "clock_file",
                type=click.Path(path_type=Path),
                help="For tests: a file with the present instant.",
            ),
        ):
            run = option(run)
        return group.command(name, help=function.__doc__)(run)

    return add


def configured(data: Path | None) -> Config:
    try:
        config = Config()
        open_database(config.url)
    except ValueError as error:
        raise Sentence(_("A setting in the environment cannot be used: %(error)s", error=error)) from None
    return config.but(data=data) if data else config


def need_shop(config: Config) -> None:
    """Refuse a directory without a shop, rather than make an empty one of a mistyped name."""
    if not config.database_url and not (config.data / "regulars.db").exists():
        raise Sentence(_("There is no shop in %(data)s yet. Begin with ./regulars init.", data=config.data))


def follow_clock(path: Path | None) -> None:
    chosen = path or (Path(os.environ["REGULARS_CLOCK"]) if os.environ.get("REGULARS_CLOCK") else None)
    if chosen is None:
        return
    try:
        clock.follow(chosen)
    except (OSError, ValueError) as error:
        raise Sentence(_("The clock file cannot be used: %(error)s", error=error)) from None


def shop_called(text: str | None) -> Shop:
    """Return a shop by id or name; without either the only shop, or the first."""
    if text is None:
        shop = Shop.select().order_by(Shop.id).first()
        if shop is None:
            raise Sentence(_("There is no shop yet. Begin with: ./regulars init --shop NAME --timezone ZONE"))
        return shop
    found = Shop.get_or_none(Shop.name == text)
    if found is None and text.isdecimal() and len(text) < 10:
        found = Shop.get_or_none(Shop.id == int(text))
    if found is None:
        raise Sentence(_("There is no shop called “%(text)s”.", text=text))
    return found


def day_from(_context: Any, _option: Any, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(_("“%(text)s” is no day such as 2026-11-24.", text=text)) from None
    if not 1900 <= day.year < 4000:  # as in a file of visits
        raise click.BadParameter(_("“%(text)s” is no day such as 2026-11-24.", text=text))
    return day


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="regulars")
def main() -> None:
    """Regulars: the memory of a good colleague, on the shop's phones."""


# -- beginning


@command(main, "init", storage=False)
@click.option("--shop", required=True)
@click.option("--timezone", required=True, help="Such as Europe/London.")
@click.option("--owner", default="Owner", show_default=True)
def init(config: Config, shop: str, timezone: str, owner: str) -> tuple[Options, str]:
    """Make a new database with one shop and its owner."""
    if not shop.strip():
        raise Sentence(_("A shop needs a name."))
    if timezone not in available_timezones():
        raise Sentence(_("“%(timezone)s” is no time zone. One looks like Europe/London.", timezone=timezone))
    open_storage(config)
    if Business.select().exists():
        raise Sentence(_("This directory holds a shop already."))
    place, person = access.open_shop(shop.strip()[:100], timezone, owner.strip()[:100] or "Owner")
    reminders.begin_with_defaults(place)
    first_run.begin(person.business_id)
    link = access.invite(person, "owner")
    told = {"shop": str(place.id), "owner": str(person.id), "owner_link": f"/first-run/{link.token}"}
    return told, _(
        "%(shop)s is ready. Start it with ./regulars serve, then open on the same address, once, within 24 hours:\n%(link)s",
        shop=shop,
        link=told["owner_link"],
    )


# -- serving


def port_taken(port: int, error: OSError) -> Sentence:
    told = _(
        "Port %(port)s cannot be used (%(why)s). Try another: --port %(next)s",
        port=port,
        why=error.strerror,
        next=port + 1,
    )
    return Sentence(told)


def serve(config: Config, host: str, port: int, lan: bool, announce: Callable[[str], None]) -> None:
    """Serve the app until SIGTERM or Ctrl-C; `announce` gets the address once it answers."""
    host = "0.0.0.0" if lan else host
    app = create_app(config)
    certificate = certificate_of(config) if config.https else None
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        server = create_server(app, host, port, certificate, config.trusted_proxies)
    except OSError as error:
        raise port_taken(port, error) from None
    ended, threads = background.start()
    if certificate:
        threading.Thread(target=keep_certificate, args=(config, certificate, ended), daemon=True).start()

    def stop(_signal: int, _frame: Any) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    announce(f"{'https' if certificate else 'http'}://{address_of(host)}:{port_of(server)}")
    sys.stdout.flush()
    try:
        server.run()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        ended.set()
        server.close()
        until = time.monotonic() + ENDS_WITHIN
        for thread in threads:  # a message that is on its way is marked: else it would leave again
            thread.join(max(0.0, until - time.monotonic()))


def address_of(host: str) -> str:
    """Return how a host to listen on is written in an address that this machine itself can open."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)


def certificate_of(config: Config) -> Certificate:
    """Return the certificate to serve with, made or renewed where that is due."""
    if not certificates.is_available():
        raise Sentence(
            _("For https two libraries more are needed. ./regulars serve --https brings them; elsewhere: %(line)s",
              line="pip install --require-hashes -r requirements-https.lock")
        )  # fmt: skip
    try:
        certificates.prepare(config.data)
        return Certificate(certificates.path(config.data))
    except certificates.Unusable as error:
        raise Sentence(
            _("The authority in %(file)s cannot be used: it is damaged, or about to end. Move it away, and the next start makes "
              "another, which every phone has to be told of anew.", file=error)
        ) from None  # fmt: skip


def keep_certificate(config: Config, certificate: Certificate, ended: threading.Event) -> None:
    """Renew the certificate long before it ends and when this machine has a new address; no connection notices."""
    while not ended.wait(LOOKS_AGAIN):
        try:
            if certificates.prepare(config.data):
                certificate.load(certificates.path(config.data))
        except Exception as error:  # the one there is still serves
            log.warning("The certificate could not be looked after: %s", type(error).__name__)


@main.command("serve")
@click.option("--data", type=click.Path(path_type=Path), help="Where all state lies (or REGULARS_DATA).")
@click.option(
    "--clock", "clock_file", type=click.Path(path_type=Path), help="For tests: a file with the present instant."
)
@click.option("--json", "as_json", is_flag=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--lan", is_flag=True, help="Serve the phones in this network.")
@click.option("--https", is_flag=True, help="Encrypted, with a certificate of this shop's own.")
@click.option("--test-mode", is_flag=True, help="For tests: shown by /readyz, only on this machine.")
def serve_command(
    data: Path | None,
    clock_file: Path | None,
    as_json: bool,
    host: str,
    port: int,
    lan: bool,
    https: bool,
    test_mode: bool,
) -> None:
    """Serve the app until SIGTERM or Ctrl-C."""
    config = configured(data)
    if clock_file and not test_mode:
        raise click.UsageError(_("--clock goes with --test-mode."))
    if test_mode:
        if lan or host not in ("127.0.0.1", "localhost", "::1"):
            raise Sentence(_("Test mode serves only this very machine: leave --host and --lan away."))
        follow_clock(clock_file)

    def announce(address: str) -> None:
        told = json.dumps({"url": address, "pid": os.getpid()})
        click.echo(told if as_json else _("Regulars is at %(address)s  (Ctrl-C ends it)", address=address))
        if https and not as_json:
            own = sorted(certificates.addresses() - {"127.0.0.1"}) if lan else []
            port_there = address.rpartition(":")[2]
            first = [f"http://{one}:{port_there}/certificate" for one in own] or [
                f"http{address.removeprefix('https')}/certificate"  # there https would greet it with a warning
            ]
            click.echo(_("Each phone begins once at %(pages)s", pages=listed(first)))
            click.echo(_("and compares: %(fingerprint)s", fingerprint=certificates.fingerprint_of(config.data)))

    serve(config.but(test_mode=test_mode, https=https), host, port, lan, announce)


@main.command("demo")
@click.option("--port", default=DEMO_PORT, show_default=True, type=click.IntRange(0, 65535))
@click.option("--lan", is_flag=True, help="Serve the phones in this network.")
@click.option("--keep", is_flag=True, help="Go on with the demo shop of last time.")
def demo_command(port: int, lan: bool, keep: bool) -> None:
    """Fill instance/demo with a living shop of invented people, and serve it."""
    with socket.socket() as probe:  # before the shop of last time goes: another demo may be running on it
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0" if lan else "127.0.0.1", port))
        except OSError as error:
            raise port_taken(port, error) from None
    folder = "demo" if port == DEMO_PORT else f"demo-{port}"  # each port has its own, so that two can run
    config = Config().but(data=Path(os.environ.get("REGULARS_DATA", "instance")) / folder, database_url="", demo=True)
    if not keep and config.data.exists():
        shutil.rmtree(config.data)
    open_storage(config)
    if not Business.select().exists():
        build(clock.now())
    owner = Staff.get(Staff.role == "owner")
    link = access.invite(owner, "owner")

    def announce(address: str) -> None:
        names = ", ".join(staff.name for staff in access.team(owner.business_id))
        click.echo("\n  " + _("%(shop)s, a shop of invented people.", shop=Shop.get().name) + "\n")
        click.echo("  " + _("Open            %(address)s   (in a window as narrow as a phone)", address=address))
        click.echo("  " + _("PIN             %(pin)s for everybody: %(names)s", pin=PIN, names=names))
        click.echo("  " + _("Owner's way in  %(address)s/sign-in/owner/%(token)s", address=address, token=link.token))
        click.echo("  " + _("Ctrl-C ends it.") + "\n")

    serve(config, "127.0.0.1", port, lan, announce)


# -- data in and out


@command(main, "seed")
@click.option("--customers", required=True, type=click.IntRange(0, 1_000_000))
@click.option("--visits", required=True, type=click.IntRange(0, 20_000_000))
@click.option("--seed", default=1, show_default=True, type=int)
def seed(config: Config, customers: int, visits: int, seed: int) -> tuple[Options, str]:
    """Add reproducible test data: people, and visits over the 180 days before now."""
    shop = shop_called(None)
    if visits and not customers:
        raise Sentence(_("Visits need customers who make them."))
    try:
        told = grow(shop, customers, visits, seed, clock.now())
    except ValueError as error:
        raise Sentence(str(error)) from None
    return told, json.dumps(told, indent=1)


@main.group("import")
def import_group() -> None:
    """Take in a file."""


@command(import_group, "visits")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--shop", help="The shop for lines that name none: its name or number.")
@click.option("--map", "mapping", multiple=True, metavar="THEIRS=OURS")
@click.option("--dry-run", is_flag=True, help="Only look; keep nothing.")
def import_visits(
    config: Config, file: Path, shop: str | None, mapping: tuple[str, ...], dry_run: bool
) -> tuple[Options, str]:
    """Take in a CSV of visits: customer,at and optionally shop,name,source_id."""
    business = Business.select().order_by(Business.id).first()
    if business is None:
        raise Sentence(_("There is no shop yet. Begin with: ./regulars init --shop NAME --timezone ZONE"))
    pairs = _pairs(mapping)
    with _readable(file):
        report = importing.import_visits(file, business, shop_called(shop), pairs, dry_run, _progress("lines read"))
    for shop_id in report.days:
        place = Shop.get_by_id(shop_id)
        expected.day_list(place, place.today(), fresh=True)
    words = _(
        "%(total)s lines: %(added)s added, %(skipped)s skipped, %(refused)s refused.",
        total=report.total, added=report.added, skipped=report.skipped, refused=report.refused,
    )  # fmt: skip
    return _counted(report, words, dry_run)


@command(import_group, "customers")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--shop", help="The shop whose country numbers without one are taken for: its name or number.")
@click.option("--map", "mapping", multiple=True, metavar="THEIRS=OURS")
@click.option("--dry-run", is_flag=True, help="Only look; keep nothing.")
def import_customers(
    config: Config, file: Path, shop: str | None, mapping: tuple[str, ...], dry_run: bool
) -> tuple[Options, str]:
    """Take in a CSV of people (id,name,say_as,call,phone,email,usual,birthday,tags,note,since,consent_email,consent_sms,
    state,household,firm), or vCards."""
    place, pairs = shop_called(shop), _pairs(mapping)
    ignored: list[str] = []
    with _readable(file), file.open(newline="", encoding="utf-8-sig", errors="replace") as lines:
        is_cards = lines.read(11).upper() == "BEGIN:VCARD"
        lines.seek(0)
        rows: Any = ((line, vcards.as_row(card)) for line, card in vcards.read(lines))
        if not is_cards:
            ignored, rows = people_file.rows_of_csv(lines, pairs)
        report = people_file.import_customers(rows, file, place, dry_run, _progress("lines read"))
    words = _(
        "%(total)s people: %(added)s added, %(updated)s changed, %(skipped)s skipped, %(refused)s refused.",
        total=report.total, added=report.added, updated=report.updated, skipped=report.skipped, refused=report.refused,
    )  # fmt: skip
    if ignored:
        words += " " + _("Not taken in: the columns %(columns)s.", columns=listed(ignored[:20]))
    words += _to_take_back(report)
    told, words = _counted(report, words, dry_run)
    return {**told, "ignored": ignored}, words


@command(import_group, "appointments")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--shop", help="The shop for lines that name none: its name or number.")
@click.option("--map", "mapping", multiple=True, metavar="THEIRS=OURS")
@click.option("--with", "whom", default="", help="Of a calendar: with whom its appointments are.")
@click.option("--dry-run", is_flag=True, help="Only look; keep nothing.")
def import_appointments(
    config: Config, file: Path, shop: str | None, mapping: tuple[str, ...], whom: str, dry_run: bool
) -> tuple[Options, str]:
    """Take in appointments: a calendar (.ics), or a CSV of id,customer,name,phone,email,starts_at,ends_at (or
    minutes),service,with,status."""
    place, pairs = shop_called(shop), _pairs(mapping)
    with _readable(file):
        with file.open("rb") as opened:
            is_calendar = b"BEGIN:VCALENDAR" in opened.read(4096).upper() or file.suffix.lower() == ".ics"
        if is_calendar:
            take = reading.look_at_file if dry_run else reading.import_file
            report = take(place, one_line(file.name)[:100], file.read_bytes(), one_line(whom)[:100])
        else:
            report = importing_appointments.import_appointments(
                file, place.business, place, pairs, dry_run, _progress("lines read")
            )
    words = _(
        "%(total)s appointments: %(added)s added, %(updated)s changed, %(skipped)s skipped, %(refused)s refused.",
        total=report.total, added=report.added, updated=report.updated, skipped=report.skipped, refused=report.refused,
    )  # fmt: skip
    return _counted(report, words + _to_take_back(report), dry_run)


@command(import_group, "undo")
@click.argument("number", type=NUMBER)
def import_undo(config: Config, number: int) -> tuple[Options, str]:
    """Take an import of appointments, or of people, back."""
    try:
        undone = importing_undo.undo(number)
    except importing.Unreadable as error:
        raise Sentence(str(error)) from None
    kept = undone.record
    told: Options = {name: kept.counts.get(name, 0) for name in ("total", "added", "updated")}
    told |= {"import_id": str(kept.id), "cancelled": undone.cancelled}
    told["stay"] = [{"id": str(one.id), "name": one.name} for one in undone.stay]
    words = _("Import %(number)s is taken back.", number=kept.id)
    if undone.cancelled:
        words += " " + ngettext(
            "%(num)s appointment is cancelled, and whoever was told of it hears that.",
            "%(num)s appointments are cancelled, and whoever was told of them hears that.",
            undone.cancelled,
        )
    if undone.stay:
        named = listed([one.name for one in undone.stay[:20]])
        words += " " + _("More is known of these, so they stay: %(names)s.", names=named)
    return told, words


def _to_take_back(report: importing.Report) -> str:
    if not report.import_id or not (report.added or report.updated):
        return ""
    return " " + _("To take it back: ./regulars import undo %(number)s", number=report.import_id)


def _pairs(mapping: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for pair in mapping:
        theirs, equals, ours = pair.partition("=")
        if not equals:
            raise click.UsageError(
                _("--map takes THEIRS=OURS, such as --map Client=customer, not “%(pair)s”.", pair=pair)
            )
        pairs[theirs.strip()] = ours.strip()
    return pairs


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """Tell in a sentence why a file cannot be taken in."""
    try:
        yield
    except reading.NotRead as error:
        raise Sentence(words.calendars.file_trouble(error.code)) from None
    except importing.Unreadable as error:
        raise Sentence(str(error)) from None
    except OSError as error:
        raise Sentence(_("%(file)s cannot be read: %(why)s.", file=file, why=error.strerror)) from None


def _counted(report: importing.Report, words: str, dry_run: bool) -> tuple[Options, str]:
    """Return an import's count for programs, and for people with the lines that were not taken."""
    _progress_ends()
    told = report.as_json()
    for refused in report.errors[:20]:
        told_of = _("Line %(line)s: %(reason)s", line=refused["line"], reason=refused["reason"])
        words += "\n" + (told_of if refused["line"] else refused["reason"])
    if len(report.errors) > 20:
        words += "\n" + _("All of them: --json")
    if dry_run:
        words = _("Only looked, nothing kept.") + " " + words
    return told, words


@command(import_group, "everything", storage=False)
@click.argument("file", type=click.Path(path_type=Path))
def import_everything(config: Config, file: Path) -> tuple[Options, str]:
    """Take an export back into an empty database."""
    open_storage(config)
    try:
        count = domain.export.take_back(file)
    except ValueError as error:
        raise Sentence(str(error)) from None
    except OSError as error:
        raise Sentence(_("%(file)s cannot be read: %(why)s.", file=file, why=error.strerror)) from None
    return {"total": count}, _(
        "%(count)s rows taken in. Staff need new PINs, phones need to be let in again.", count=count
    )


@command(main, "export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--canonical", is_flag=True, help="Without the record of changes: what the checksum is of.")
def export(config: Config, file: Path, canonical: bool) -> tuple[Options, str]:
    """Write everything to a file, one JSON object a line, in a stable order."""
    count = 0
    try:
        whole = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # all that is known of everybody
        with open(whole, "w", encoding="utf-8") as out:
            for line in domain.export.lines(canonical):
                out.write(line)
                count += 1
    except OSError as error:
        raise Sentence(_("%(file)s cannot be written: %(why)s.", file=file, why=error.strerror)) from None
    for business in Business.select(Business.id):
        audit.write("export.made", business=business)
    return {"lines": count, "file": str(file)}, _("%(count)s lines written to %(file)s.", count=count, file=file)


@command(main, "checksum")
def checksum(config: Config) -> tuple[Options, str]:
    """Print the digest of the canonical export."""
    value = domain.export.checksum()
    return {"checksum": value}, value


def _progress(what: str) -> Callable[[int], None]:
    """Return a function that shows how far a long command is, on a terminal only."""

    def show(count: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{count:,} {what}", nl=False, err=True)

    return show


def _progress_ends() -> None:
    if sys.stderr.isatty():
        click.echo(err=True)


# -- who comes


@command(main, "expected")
@click.option("--shop", help="A shop's name or number.")
@click.option("--day", callback=day_from)
def expected_command(config: Config, shop: str | None, day: date | None) -> tuple[Any, str]:
    """Print who is expected on a day, best first."""
    place = shop_called(shop)
    wanted = day or place.today()
    if wanted > place.today() + FARTHEST:
        raise Sentence(_("Nobody can say who comes that far ahead. Ask for a day within a year."))
    expected.day_list(place, wanted, fresh=True)
    now = clock.now()
    listed = [line for line in lines(place, wanted, now) if line.source != "walk-in"]
    told = [line_as_json(line, place, wanted, now) for line in listed]
    text = "\n".join(map(_as_text, told))
    return told, text or _("Nobody is expected.")


def _as_text(row: Options) -> str:
    here = _(" (here, %(time)s)", time=row["arrived_at"][11:16]) if row["arrived_at"] else ""
    return f"{row['probability']:.2f}  {row['name']}: {row['reason']}{here}"


@main.group("forecast", invoke_without_command=True, subcommand_metavar="[evaluate ...]")
@click.option("--visits", "file", type=click.Path(path_type=Path), help="A CSV with the columns customer,at.")
@click.option("--day", callback=day_from, help="The day to forecast, such as 2026-11-24.")
@click.option("--out", type=click.Path(path_type=Path), help="Where customer,probability,expected_minute,shown goes.")
@click.pass_context
def forecast_command(context: click.Context, file: Path | None, day: date | None, out: Path | None) -> None:
    """Forecast one day from a file alone, without a database: --visits, --day and --out, all three."""
    if context.invoked_subcommand:
        if file or day or out:
            raise click.UsageError(_("--visits, --day and --out go with forecast alone, not with evaluate."))
        return
    if file is None or day is None or out is None:
        missing = next(option for option in context.command.params if context.params[option.name or ""] is None)
        raise click.MissingParameter(ctx=context, param=missing)
    visits = _visits_of(file, apart=False).get("", {})
    rhythm = forecast.replay(visits.items(), before=day, learn_from=evaluation.learn_from(visits, day))
    try:
        with out.open("w", newline="", encoding="utf-8") as target:
            writer = csv.writer(target)
            writer.writerow(["customer", "probability", "expected_minute", "shown"])
            for f in rhythm.forecast(day):
                arrival = rhythm.arrival(f.customer, day)
                writer.writerow([f.customer, f"{f.probability:.9f}", arrival.minute, int(arrival.around is not None)])
    except OSError as error:
        raise Sentence(_("%(out)s cannot be written: %(why)s.", out=out, why=error.strerror)) from None


@forecast_command.command("evaluate")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--days", "number", default=56, show_default=True, type=click.IntRange(1, 100_000), help="How many calendar days."
)
@click.option("--end", callback=day_from, help="The last of them, else each shop's last day.")
@click.option(
    "--method",
    "methods",
    multiple=True,
    type=click.Choice(list(baselines.METHODS)),
    default=["regulars"],
    show_default=True,
    help="May be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def evaluate_command(file: Path, number: int, end: date | None, methods: tuple[str, ...], as_json: bool) -> None:
    """Forecast the last days of a file of visits, each from the days before it, and say how good that was."""
    shops = _visits_of(file, apart=True)
    found: dict[str, evaluation.Evaluation] = {}
    show, names = _progress("methods evaluated"), list(dict.fromkeys(methods))
    for name in names:
        one = evaluation.evaluated(shops, baselines.METHODS[name], number, end)
        if one is None:
            raise Sentence(
                _(
                    "No day can be tested: in these %(days)s days nobody came to a shop where somebody had been on two "
                    "days before.",
                    days=number,
                )
            )
        found[name] = one
        show(len(found))
    _progress_ends()
    last = end or max(day for days in shops.values() for day in days)
    if as_json:
        told_all = {name: {"pooled": one.pooled, "shops": one.shops} for name, one in found.items()}
        answer = {"file": str(file), "days": number, "end": last.isoformat(), "methods": told_all}
        click.echo(json.dumps(answer, ensure_ascii=False, allow_nan=False))
    else:
        click.echo(_evaluation_table(found))


def _visits_of(file: Path, apart: bool) -> dict[str, visits_file.Days]:
    try:
        return visits_file.visits_of(file, apart)
    except visits_file.Unreadable as error:
        raise Sentence(str(error)) from None


def _evaluation_table(found: dict[str, evaluation.Evaluation]) -> str:
    """Return the figures as lines of text: of all shops, with their intervals, then of each shop where there are several."""
    columns = (
        (pgettext("column", "AP"), "ap", 3),
        (pgettext("column", "R-prec"), "rprec", 3),
        (pgettext("column", "AUC"), "auc", 3),
        (pgettext("column", "log-loss"), "logloss", 4),
        (pgettext("column", "LL skill"), "ll_skill", 3),
        (pgettext("column", "Brier skill"), "brier_skill", 3),
        (pgettext("column", "slope"), "slope", 2),
        (pgettext("column", "ECE"), "ece", 4),
        (pgettext("column", "exp/came"), "expected_over_came", 2),
        (pgettext("column", "time"), "minute_mdae", 0),
        (pgettext("column", "in 30"), "within30", 2),
        (pgettext("column", "clock"), "shown", 2),
        (pgettext("column", "right"), "shown_within30", 2),
        (pgettext("column", "s/day"), "seconds", 3),
    )
    rows: list[list[str]] = []
    alone: dict[int, str] = {}  # lines that belong to no column, by the row they stand before

    def add(title: str, figures: evaluation.Figures, ending: str, unknown: str) -> None:
        cells = [(figures.get(name + ending), places) for _heading, name, places in columns]
        rows.append([title] + [unknown if value is None else f"{value:.{places}f}" for value, places in cells])

    shops = list(next(iter(found.values())).shops)
    for shop in [None, *shops] if len(shops) > 1 else [None]:
        figures = {name: one.pooled if shop is None else one.shops[shop] for name, one in found.items()}
        of = next(iter(figures.values()))
        alone[len(rows)] = _(
            "%(shop)s: %(rows)s forecasts on %(days)s shop days; %(came)s came.",
            shop=shop or _("All visits"), rows=of["rows"], days=of["shop_days"], came=of["came"],
        )  # fmt: skip
        rows.append(["", *(heading for heading, _name, _places in columns)])
        for name, one in figures.items():
            add(name, one, "", "–")
            if shop is None:
                add("  " + pgettext("interval", "from (95%)"), one, "_lo", "")
                add("  " + pgettext("interval", "to"), one, "_hi", "")
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for place, (title, *cells) in enumerate(rows):
        if place in alone:
            lines += ["", alone[place]] if place else [alone[place]]
        padded = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        lines.append("  ".join([title.ljust(widths[0]), *padded]).rstrip())
    legend = _(
        "time: median minutes between expected and actual arrival; in 30: share of arrivals within 30 minutes of it.\n"
        "clock: share of arrivals for which a clock time is shown; right: share of those within 30 minutes of it."
    )
    return "\n".join([*lines, "", legend])


@command(main, "relationships")
@click.option("--shop", help="A shop's name or number.")
def relationships_command(config: Config, shop: str | None) -> tuple[Any, str]:
    """Print whose visits fade and who comes more often, most visits lost or gained first."""
    place = shop_called(shop)
    today = place.today()
    found = nights.relationships(place, today)
    told = {"fading": changes_as_json(found.fading()), "growing": changes_as_json(found.growing())}
    return told, words.relationships.both(told, today)


@command(main, "merge")
@click.argument("first")
@click.argument("second", type=NUMBER)
def merge_command(config: Config, first: str, second: int) -> tuple[Any, str]:
    """Make one of two customers: FIRST is kept, SECOND is gone. "merge undo ID" takes it back, row by row."""
    if not (first == "undo" or (first.isascii() and first.isdecimal() and 0 < int(first) < 2**31)):
        raise click.BadParameter(_("It is a customer's number, or the word undo."), param_hint="FIRST")
    try:
        if first == "undo":
            kept, back = merging.undo(second)
            return {"merge": str(second), "customer": str(kept), "back": str(back)}, _(
                "%(back)s is there again, beside %(kept)s.", back=back, kept=kept
            )
        made = merging.merge(int(first), second)
    except merging.NotMerged as error:
        raise Sentence(str(error)) from None
    moved = sum(len(numbers) for _table, _field, numbers in made.rows["moved"])
    told: dict[str, Any] = {
        "merge": str(made.id), "customer": str(made.kept_id), "gone": str(made.gone), "moved": moved,
        "dropped": len(made.rows["dropped"]),
    }  # fmt: skip
    return told, _(
        "Merged: all of %(gone)s stands with %(kept)s. To take it back: ./regulars merge undo %(number)s",
        gone=made.gone,
        kept=made.kept_id,
        number=made.id,
    )


# -- the record of changes


@main.group("audit", subcommand_metavar="verify ...")
def audit_group() -> None:
    """The record of changes."""


def head_from(_context: click.Context, _parameter: click.Parameter, value: str | None) -> dict[int, audit_check.Head]:
    if value is None:
        return {}
    business, number, digest = (*value.split(":"), "", "")[:3]
    if not (is_number(business) and is_number(number) and len(digest) == 64 and value.count(":") == 2):
        raise click.BadParameter(_("It is BUSINESS:NUMBER:DIGEST, as an earlier “audit verify” told it."))
    return {int(business): (int(number), digest.lower())}


def is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 11


@command(audit_group, "verify")
@click.option("--head", callback=head_from, help="A head as an earlier verify told it: it must still stand there.")
def audit_verify(config: Config, head: dict[int, audit_check.Head]) -> tuple[Any, str]:
    """Reckon all digests of the record of changes again: a line that was changed, removed, moved or cut off is found."""
    found = audit_check.verify(clock.now(), head)
    heads = [f"{business}:{number}:{digest}" for business, (number, digest) in found.heads.items()]
    problems = [one.as_json() for one in found.troubles]
    told = {"ok": not problems, "lines": found.lines, "acts": found.acts, "heads": heads, "problems": problems}
    if problems:
        raise Sentence("\n".join(one["reason"] for one in problems[:50]), told)
    whole = _("The record of changes is whole: %(lines)s lines, %(acts)s acts.", lines=found.lines, acts=found.acts)
    note = [_("Its head, to be noted down elsewhere: %(head)s", head=head) for head in heads]
    return told, "\n".join([whole, *note])


# -- what is sent


@command(main, "outbox")
@click.option("--state", "wanted", type=click.Choice(MESSAGE_STATES), help="Only those that stand so.")
def outbox_command(config: Config, wanted: str | None) -> tuple[Any, str]:
    """Print the messages and what has become of them, first due first."""
    query = Message.select(Message, Shop, Customer).join(Shop).switch(Message).join(Customer, JOIN.LEFT_OUTER)
    query = query.order_by(Message.due_at, Message.id)
    if wanted:
        query = query.where(Message.state == wanted)
    rows = list(query)
    text = "\n".join(
        f"{one.id}  {one.shop.local(one.due_at):%Y-%m-%d %H:%M}  {words.reminders.kind(one.kind)}  "
        + (f"{one_line(one.customer.name)}  " if one.customer_id else "")
        + f"{words.reminders.way(one.way)}  "
        f"{words.reminders.state(one)}" + (f"  {words.reminders.reason(one.why)}" if one.code else "")
        for one in rows
    )
    return outbox.told_of(rows), text or _("There is no such message.")


@command(main, "send-due")
def send_due_command(config: Config) -> tuple[Options, str]:
    """Send what is due now, once, and end."""
    count = sending.send_due()
    return {"tried": count}, ngettext("%(n)s message was tried.", "%(n)s messages were tried.", count)


@command(main, "bounce")
@click.argument("file", type=click.Path(path_type=Path))
def bounce_command(config: Config, file: Path) -> tuple[Options, str]:
    """Take in a delivery report: a mail in a file, or a whole mailbox."""
    told: list[Message | None] = []
    try:
        for raw in reports.mailbox(file):
            told += background.take_in(raw)
    except OSError as error:
        raise Sentence(_("%(file)s cannot be read: %(why)s.", file=file, why=error.strerror)) from None
    if not told:
        raise Sentence(_("%(file)s holds no mail.", file=file))
    matched = [one.id for one in told if one is not None]
    rows = Message.select(Message, Shop).join(Shop).where(Message.id.in_(matched)).order_by(Message.id)
    answer = {"matched": len(matched), "unmatched": len(told) - len(matched), "messages": outbox.told_of(rows)}
    return answer, _("%(matched)s matched, %(unmatched)s not.", **answer)


# -- the installation


@command(main, "routes", storage=False)
def routes(config: Config) -> tuple[Any, str]:
    """Print every route with the roles that may use it."""
    with tempfile.TemporaryDirectory() as nowhere:  # the routes are the same without a shop, and none is made
        app = create_app(Config(data=Path(nowhere), database_url=""))
        db.close()
    told = [
        {
            "path": rule.rule,
            "methods": sorted(rule.methods or ()),
            "roles": list(roles_of(app, rule.endpoint)),
            "endpoint": rule.endpoint,
        }
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ())))
    ]
    return told, "\n".join(f"{'/'.join(r['methods']):28} {r['path']:40} {', '.join(r['roles'])}" for r in told)


@command(main, "migrate", storage=False)
@click.option("--plan", is_flag=True, help="Only show.")
def migrate(config: Config, plan: bool) -> tuple[Options, str]:
    """Bring the database's schema up to date, or show what that would do."""
    open_storage(config, migrate=False)
    runner = Runner(db.obj, str(MIGRATIONS))
    pending = [m.name for m in runner.status() if not m.applied]
    if not plan:
        open_storage(config)
    names = ", ".join(pending) or _("nothing")
    told = _("To do: %(names)s.", names=names) if plan else _("Done: %(names)s.", names=names)
    return {"pending" if plan else "applied": pending}, told


@command(main, "doctor", storage=False)
def doctor(config: Config) -> tuple[Any, str]:
    """Say how this installation stands: its database, its schema, and its certificate."""
    need_shop(config)
    open_storage(config, migrate=False)
    pending = [one.name for one in Runner(db.obj, str(MIGRATIONS)).status() if not one.applied]
    found = [
        {"what": "database", "ok": True, "told": _("PostgreSQL.") if is_postgres() else _(
            "SQLite, library version %(version)s.", version=(peewee_sqlite3 or sqlite3).sqlite_version)},
        {"what": "schema", "ok": not pending, "told": _("It is up to date.") if not pending else _(
            "It is older than this version. The next start brings it up to date, and so does ./regulars migrate.")},
        certificate_told(config),
    ]  # fmt: skip
    told = [f"{'  ' if one['ok'] else '! '}{one['what']:12} {one['told']}" for one in found]
    return found, "\n".join(told)


def certificate_told(config: Config) -> Options:
    """Return the state of this shop's own certificate: until when, for which names, and what is to be done."""
    one: Options = {"what": "certificate", "ok": True, "names": [], "until": None, "fingerprint": None}
    try:
        own = certificates.authority(config.data)
    except OSError as error:
        return one | {"ok": False, "told": _("It cannot be read: %(why)s.", why=error.strerror)}
    if own is None:
        if (config.data / certificates.FOLDER / certificates.AUTHORITY).exists():
            told = _("The authority is damaged. Move %(file)s away, and the next start with --https makes another.",
                     file=config.data / certificates.FOLDER / certificates.AUTHORITY)  # fmt: skip
            return one | {"ok": False, "told": told}
        return one | {
            "told": _("None of its own. ./regulars serve --https makes one; a real one is better (docs/https.md).")
        }
    one |= {"fingerprint": certificates.fingerprint(own)}
    if not certificates.is_available():
        told = _("There is one, fingerprint %(fingerprint)s; the libraries that read it come with ./regulars serve --https.",
                 fingerprint=one["fingerprint"])  # fmt: skip
        return one | {"told": told}
    found = certificates.told(config.data)
    if found is None:
        return one | {"ok": False, "told": _("The server’s part is missing. The next start with --https makes it.")}
    one |= {"names": list(found.names), "until": found.until.isoformat()}
    names = {"until": f"{found.until:%Y-%m-%d}", "names": listed(list(found.names)), "fingerprint": one["fingerprint"]}
    if found.until <= clock.system_now() + certificates.SOON:
        told = _("It ends on %(until)s. A server that runs with --https renews it: start it again.", **names)
        return one | {"ok": False, "told": told}
    return one | {
        "told": _("Good until %(until)s for %(names)s. The authority’s fingerprint: %(fingerprint)s", **names)
    }


@main.group("device")
def device_group() -> None:
    """Phones: let in, list, shut out."""


@command(device_group, "enrol")
@click.option("--staff", required=True, type=NUMBER)
def device_enrol(config: Config, staff: int) -> tuple[Options, str]:
    """Make a link and a code that let one phone in, once, within ten minutes."""
    person = Staff.get_or_none((Staff.id == staff) & Staff.left_at.is_null())
    if person is None:
        raise Sentence(_("Nobody on the team has this number."))
    link = access.invite(person, "phone")
    told = {"link": f"/enrol/{link.token}", "code": link.code, "expires_at": link.expires_at.isoformat()}
    return told, _(
        "On %(name)s's phone open %(link)s or type the code %(code)s, within ten minutes.",
        name=person.name,
        link=told["link"],
        code=link.code,
    )


@command(main, "reset-owner")
@click.option("--staff", type=NUMBER, help="Which owner, by number; without it the first one.")
def reset_owner(config: Config, staff: int | None) -> tuple[Options, str]:
    """Make a new link by which an owner signs in, once, within 24 hours. What got them in before is good no more: links,
    password, passkeys, second factor; where they are signed in, they are signed out."""
    every = Staff.select().where((Staff.role == "owner") & Staff.left_at.is_null()).order_by(Staff.id)
    person = every.where(Staff.id == staff).first() if staff is not None else every.first()
    if person is None:
        raise Sentence(
            _("There is no owner of that number here.") if staff is not None else _("There is no owner here.")
        )
    link = owners.reset(person)
    told = {"owner": str(person.id), "owner_link": f"/sign-in/owner/{link.token}"}
    return told, _(
        "%(name)s opens this on the shop's address, once, within 24 hours, and sets a new password there. Password, "
        "passkeys and second factor of before are gone:\n%(link)s",
        name=person.name,
        link=told["owner_link"],
    )


@command(device_group, "list")
def device_list(config: Config) -> tuple[Any, str]:
    """Print the phones that were let in."""
    told = [
        {
            "id": str(phone.id),
            "name": phone.name,
            "staff": str(phone.staff_id),
            "enrolled_at": phone.enrolled_at.isoformat(),
            "revoked_at": phone.revoked_at.isoformat() if phone.revoked_at else None,
        }
        for phone in Phone.select().order_by(Phone.id)
    ]
    return told, "\n".join(f"{p['id']}  {p['name']}  {'shut out' if p['revoked_at'] else ''}" for p in told)


@command(device_group, "revoke")
@click.argument("phone", type=NUMBER)
def device_revoke(config: Config, phone: int) -> tuple[Options, str]:
    """Shut a phone out, now."""
    found = Phone.get_or_none(Phone.id == phone)
    if found is None:
        raise Sentence(_("There is no phone of this number."))
    with db.atomic():
        access.shut_out(found)
        audit.write("phone.shut_out", business=found.business_id, which=found, person=found.staff_id)
    return {"revoked": str(found.id)}, _("%(name)s is shut out.", name=found.name)


MEASURES = click.Choice([f"P{n}" for n in range(1, 26)], case_sensitive=False)


@command(main, "benchmark", storage=False)
@click.argument("measures", nargs=-1, type=MEASURES, metavar="[ID ...]")
@click.option(
    "--quick", is_flag=True, help="Small shops and few requests: shows that it works, the figures mean little."
)
def benchmark(config: Config, measures: tuple[str, ...], quick: bool) -> tuple[Any, str]:
    """Measure now how fast and how light this is, against the least that is possible here (docs/performance.md)."""
    from benchmarks import table

    show, told = _progress("measures taken"), []
    for row in table.measured(measures, config.data / "benchmark", quick):
        told.append(row)
        show(len(told))
    _progress_ends()
    return told, "\n".join(table.as_text(row) for row in told)


LONGEST_TEST_S = 600


@main.command("test", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.option("--full", is_flag=True, help="The long sizes too.")
@click.pass_context
def test_command(context: click.Context, full: bool) -> None:
    """Run the tests, on SQLite and on PostgreSQL, with a real browser where there is one."""
    import pytest

    if full:
        os.environ["REGULARS_FULL"] = "1"
    root = Path(__file__).parent
    os.chdir(root)
    # All of them: in as many processes as there are processors. Each takes a stretch and helps the others with theirs.
    side_by_side = ["--numprocesses", str(min(os.cpu_count() or 1, 4)), "--dist", "worksteal"]
    # A test that hangs is ended with its process, says where it hung and counts as failed; the others go on in a new one.
    ended = [] if full else ["-o", f"faulthandler_timeout={LONGEST_TEST_S}", "-o", "faulthandler_exit_on_timeout=true"]
    with _files_in_memory():
        told = pytest.main([*ended, *(context.args or ["tests", *side_by_side])])
    sys.exit(told)


@contextmanager
def _files_in_memory() -> Iterator[None]:
    """Have temporary files made in memory, where the machine has room there: a database that is synced to a disk with each act
    takes the tests twice as long. Whoever named a place for them (TMPDIR) has it."""
    memory, roomy = Path("/dev/shm"), 4 << 30  # bytes
    if (
        os.environ.get("TMPDIR")
        or not (memory.is_dir() and os.access(memory, os.W_OK))
        or shutil.disk_usage(memory).free < roomy
    ):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="regulars-test-", dir=memory, ignore_cleanup_errors=True) as place:
        os.environ["TMPDIR"] = tempfile.tempdir = place
        yield


def run() -> None:
    """Run the command line; bad input never ends in a traceback."""
    try:
        with in_language(locale_of_terminal(os.environ)):
            main(prog_name="./regulars")
    except DRIVER_ERRORS as error:
        click.echo(_("The database refused: %(error)s. Nothing was lost.", error=error), err=True)
    except OSError as error:
        click.echo(
            _("%(file)s cannot be used: %(why)s.", file=error.filename or "", why=error.strerror or error), err=True
        )
    sys.exit(1)


if __name__ == "__main__":
    run()
