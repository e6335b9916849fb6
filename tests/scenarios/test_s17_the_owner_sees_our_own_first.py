"""S17: the owner's page begins with what we let people down by: reminders sent, not arrived, caught in time, owned up to."""

import re
from datetime import UTC, datetime, timedelta

import pytest

import sending
from domain import outbox
from models import Appointment, CallTask, Channel, Message, ReminderRule
from tests.conftest import hire, signed_in, someone
from tests.mailboxes import booked
from tests.scenarios.test_s07_early_for_years_late_once import text_of

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SAID = {"ada": "Ada Lind", "ben": "Ben Okafor", "cleo": "Cleo Marsh", "dov": "Dov Stern"}


@pytest.fixture
def sam(server, shop):
    return signed_in(server, hire(shop, "Sam"))


@pytest.fixture
def people(shop, sam, mailboxes, at):
    """Four people with a time on Tuesday, and what a real mail server says of their reminders the day before."""
    handler, port = mailboxes
    handler.refuses = {f"{who}@example.org": "550 5.1.1 No such user here" for who in ("ben", "cleo")}
    settings = {"host": "127.0.0.1", "port": port, "tls": "none", "sender": "desk@example.org"}
    Channel.create(shop=shop, way="email", settings=settings)
    ReminderRule.create(shop=shop, way="email", minutes_before=20 * 60)
    at(MONDAY)
    found = {who: someone(shop, name) for who, name in SAID.items()}
    for n, (who, one) in enumerate(found.items()):
        booked(sam, one, f"{who}@example.org", at=f"2026-11-24T{10 + n}:00")
    for hour in range(9, 24):
        at(MONDAY.replace(hour=hour))
        sending.send_due(sending.Ways(""))
    return found


def month(desk, page="/people") -> dict[str, tuple[int, str]]:
    """Return the figures of the page's first line: the number and where it leads, by what it says."""
    return strip(desk.get(page).text, "ours")


def strip(page, which):
    line = re.search(rf'data-testid="{which}".*?</p>', page, re.S)
    assert line
    links = re.findall(r'<a href="([^"]+)">(\d+) ([^<]+)</a>', line[0])
    return {told: (int(number), where) for where, number, told in links}


def test_the_owner_sees_our_own_first(desk, sam, shop, people, at):
    ada = Message.get(Message.customer == people["ada"].id)
    outbox.report(ada, "delivered", "")
    ben = CallTask.get(CallTask.customer == people["ben"].id)
    assert sam.act("call.done", task=str(ben.id), outcome="reached")["status"] == "applied"
    cleo = Appointment.get(Appointment.customer == people["cleo"].id)
    at(cleo.starts_at + timedelta(minutes=25))
    sam.act("visit.create", customer=str(people["cleo"].id))
    card = sam.get(f"/customers/{people['cleo'].id}").text
    [mistake] = set(re.findall(r"/mistakes/(\d+)/", card))
    assert sam.act("mistake.acknowledge", mistake=mistake, said_sorry=True)["status"] == "applied"

    figures = month(desk)
    assert {told: number for told, (number, _where) in figures.items()} == {
        "sent": 2, "did not arrive": 2, "caught in time": 1, "owned up to": 1,
    }  # fmt: skip
    assert list(figures) == ["sent", "did not arrive", "caught in time", "owned up to"]
    behind = {"sent": "ada dov", "did not arrive": "ben cleo", "caught in time": "ben", "owned up to": "cleo"}
    for told, (number, where) in figures.items():
        listed = desk.get(where).text
        for who, one in people.items():
            stands = f'href="/customers/{one.id}"' in listed
            assert stands == (who in behind[told].split()), (told, who)
        assert number == len(behind[told].split())


def test_it_comes_before_everything_else_of_the_page(desk, people):
    page = desk.get("/people").text
    first = page.index('data-testid="ours"')
    assert first < page.index("<h1") < page.index('data-testid="unknown"') < page.index('data-testid="fading"')


def test_what_nobody_heard_of_is_not_called_arrived(desk, people, at):
    at(TEN + timedelta(days=1))
    page = text_of(desk.get("/reminders").text)
    assert re.search(r"\b2 sent 0 arrived 2 did not arrive\b.*\b2 unknown after a day\b", page)


def test_after_a_month_it_is_past(desk, people, at):
    at(datetime(2026, 12, 31, 12, tzinfo=UTC))
    assert 'data-testid="ours"' not in desk.get("/people").text


def test_promises_come_next_each_number_with_its_list(desk, sam, shop, people, at):
    """Ada's was kept in time, Ben's too late and by a letter nobody answered, Cleo's is owed still; Dov's is for next week."""
    days = {"ada": "2026-11-24", "ben": "2026-11-24", "cleo": "2026-11-25", "dov": "2026-12-08"}
    made = {
        who: sam.act("promise.create", customer=str(people[who].id), text=f"The form of {who}", due=day)["result"][
            "promise"
        ]
        for who, day in days.items()
    }
    sam.act("promise.keep", promise=made["ada"])
    at(TEN + timedelta(days=2))
    sam.act("promise.keep", promise=made["ben"], channel="email")
    figures = strip(desk.get("/people").text, "promised")
    assert {told: number for told, (number, _where) in figures.items()} == {"kept": 2, "late": 2, "not confirmed": 1}
    behind = {"kept": "ada ben", "late": "ben cleo", "not confirmed": "ben"}
    for told, (_number, where) in figures.items():
        listed = desk.get(where).text
        shown = [
            who for who in days if f"The form of {who}" in listed and f'href="/customers/{people[who].id}"' in listed
        ]
        assert shown == behind[told].split(), told
    page = desk.get("/people").text
    assert page.index('data-testid="ours"') < page.index('data-testid="promised"') < page.index("<h1")
