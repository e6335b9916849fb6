"""Two shops of one business: marks planted all over the other shop are met on no page and by no act of ours.

People are shared, so whatever is about somebody can be asked for here; what the other shop knows of them cannot.
"""

from datetime import timedelta
from uuid import uuid4

import pytest

import clock
from domain.actions import DOERS
from models import (
    Appointment,
    Calendar,
    CalendarEntry,
    CallTask,
    Channel,
    DayWord,
    ExtraStep,
    HandOver,
    Issue,
    Message,
    Mistake,
    Note,
    Promise,
    Question,
    Referral,
    ReminderRule,
    Series,
    Shop,
    Usual,
    Visit,
)
from tests.conftest import TUESDAY, came, days_before, hire, signed_in
from views.asking import roles_of

MARK = "Quince"
OF_A_SHOP = (
    Appointment, Calendar, CallTask, Channel, DayWord, ExtraStep, HandOver, Issue, Message, Mistake, Note, Promise, Question,
    Referral, ReminderRule, Series, Usual, Visit,
)  # fmt: skip
TABLE_OF = {
    "appointment": Appointment, "calendar": Calendar, "task": CallTask, "step": ExtraStep, "hand_over": HandOver, "issue": Issue,
    "mistake": Mistake, "note": Note, "promise": Promise, "question": Question, "referral": Referral, "previous": Referral,
    "rule": ReminderRule, "series": Series, "visit": Visit, "word": DayWord, "entry": CalendarEntry, "message": Message,
}  # fmt: skip


@pytest.fixture
def other(shop, rosa):
    """The other shop, where Rosa is a regular, with a mark in each thing that a shop keeps."""
    other = Shop.create(business=shop.business, name=f"{MARK} Street", grace_minutes=13, tone="playful")
    eve = hire(other, f"Eve {MARK}")
    now, today, soon = clock.now(), shop.today(), clock.now() + timedelta(hours=2)
    came(rosa, other, *days_before(today, *range(1, 60)), minute=9 * 60)
    row = {"customer": rosa, "shop": other, "author": eve, "day": today, "at": now}
    text = {**row, "text": f"{MARK} jam"}
    for more in ({}, {"private": True}, {"safety": True, "moment": "list"}, {"lifetime": "next_visit"}):
        Note.create(**text, **more)
    for more in ({}, {"due": today}, {"due": today - timedelta(days=2)}, {"kept_at": now, "kept_by": eve}):
        Promise.create(**text, **more)
    for table in (Question, ExtraStep, Issue, Mistake):
        table.create(**text)
    Referral.create(**row, name=f"{MARK} Kris", need=f"{MARK} jelly", to_whom=f"Dr {MARK}", check_on=today)
    Usual.create(customer=rosa, shop=other, author=eve, day=today, text=f"{MARK} tea")
    DayWord.create(shop=other, day=today, kind="out", text=f"{MARK} cake", author=eve, at=now)
    HandOver.create(shop=other, author=eve, text=f"{MARK} crates by the door", day=today, at=now)
    series = Series.create(
        customer=rosa, shop=other, first=today, minute=600, minutes=30, weekdays="1", service=f"{MARK} peel", at=now
    )
    booked = Appointment.create(
        customer=rosa,
        shop=other,
        day=today,
        starts_at=soon,
        service=f"{MARK} trim",
        with_whom=f"Eve {MARK}",
        series=series,
    )
    CallTask.create(shop=other, customer=rosa, appointment=booked, at=now, until=soon, reason="no-address")
    calendar = Calendar.create(shop=other, kind="address", name=f"{MARK} bookings", url="https://quince.example.org/")
    CalendarEntry.create(calendar=calendar, uid="q", starts_at=soon, ends_at=soon, summary=f"{MARK} visit", at=now)
    ReminderRule.create(shop=other, way="email", minutes_before=77, text=f"{MARK} reminds you")
    Channel.create(shop=other, way="email", settings={"host": f"{MARK}.example.org", "from": f"{MARK}@example.org"})
    times = {"due_at": now, "deadline": now, "next_at": now, "at": now}
    Message.create(shop=other, kind="reminder", way="email", message_id=f"1@{MARK}.example.org", customer=rosa, **times)
    Visit.create(customer=rosa, shop=other, day=today, at=now)
    return other


@pytest.fixture(params=["staff", "manager"])
def ours(request, server, shop, other):
    """Somebody who works in our shop alone."""
    return signed_in(server, hire(shop, "Max", request.param)), request.param


def kept_there(other) -> dict[str, list]:
    return {
        table.__name__: list(table.select().where(table.shop == other.id).order_by(table.id).dicts())
        for table in OF_A_SHOP
    }


def test_no_page_shows_a_mark(server, ours, other, rosa, okafor):
    hand, role = ours
    before, met, walked = kept_there(other), [], 0
    theirs = {f"{name}_id": table.get().id for name, table in TABLE_OF.items() if table.select().exists()}
    names = {"which": "came", "listed": "touched", "way": "email", "setting": "name", "shop_id": other.id}
    for rule in server.url_map.iter_rules():
        if "GET" not in rule.methods or role not in roles_of(server, rule.endpoint):
            continue
        values = {name: {**theirs, **names, "customer_id": rosa.id}.get(name, 1) for name in rule.arguments}
        for query in ("", "?q=ros", "?day=2026-11-23"):
            answer = hand.get(rule.build(values)[1] + query)
            walked += 1
            if MARK.lower() in answer.text.lower():
                at = answer.text.lower().index(MARK.lower())
                met.append((rule.rule, query, answer.text[max(0, at - 80) : at + 40]))
    assert not met, "\n".join(map(str, met))
    assert walked > 60
    assert kept_there(other) == before


def test_no_act_reaches_a_mark(ours, other, rosa):
    hand, _role = ours
    before, answers = kept_there(other), {}
    numbers = {
        name: str(table.get(table.shop == other.id).id) for name, table in TABLE_OF.items() if table in OF_A_SHOP
    }
    numbers["entry"] = str(CalendarEntry.get().id)
    for kind in sorted(DOERS):
        if kind.startswith(("customer.", "household.", "shop.", "staff.")):
            continue  # what is so of somebody everywhere, and the team, which has its own tests
        data = {
            **numbers, "customer": str(rosa.id), "text": "Ours", "base": f"{MARK} jam", "outcome": "reached", "reason": "Done",
            "starts_at": (TUESDAY + timedelta(days=3)).isoformat(), "state": "active", "minutes": 15, "name": "tone",
            "value": "plain", "to": "Dr C.", "said_sorry": True, "shop": str(other.id),
        }  # fmt: skip
        for more in ({}, {"shop": None}):
            wanted = {name: value for name, value in {**data, **more}.items() if value is not None}
            answers[kind, bool(more)] = hand.act(kind, key=str(uuid4()), **wanted)
    assert MARK.lower() not in repr(answers).lower()
    assert kept_there(other) == before
    assert sum(answer["status"] == "applied" for answer in answers.values()) > 5  # those that are about Rosa alone


def test_looking_for_a_mark_finds_nothing(ours, other):
    hand, _role = ours
    assert f"{MARK} tea" not in hand.post("/find", {"q": MARK}, htmx=True).text
    assert "Rosa" not in hand.post("/find", {"q": f"{MARK} tea"}, htmx=True).text


def test_the_control_whoever_works_there_meets_them(server, other, rosa):
    hand = signed_in(server, hire(other, "Bo"))
    assert MARK in hand.get("/today").text
    assert MARK in hand.get(f"/customers/{rosa.id}").text
