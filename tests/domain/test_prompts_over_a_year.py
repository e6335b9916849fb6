"""A year of a shop, day by day, with the acts a phone would send: every prompt that is offered is true of what happened.

What is true is told by other code, ``tests/oracles/prompt_truth.py``, from a plain record of the year and the English
sentence. The day's list is made by habit once in a while only (that is slow, and tested elsewhere); on other days those
who come are put on it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

import clock
import words
from domain import expected, lines
from domain.actions import Act, perform
from domain.history import histories
from domain.prompts import RULES, prompts_for
from models import (
    TONES,
    Appointment,
    Customer,
    DayList,
    Expected,
    Note,
    Shop,
    Staff,
    Visit,
    db,
    insert_many,
    instant_text,
)
from tests.conftest import hire, someone
from tests.oracles.prompt_truth import Life, Now, complaint

FIRST, LAST = date(2025, 12, 1), date(2026, 11, 30)
RECORDS = date(2023, 11, 6)  # the first day the shop wrote anybody down
CLEO_LEAVES, DEE_STARTS = date(2026, 8, 1), date(2026, 7, 13)  # open days
SUNDAY = 6
HOURS = [*[["07:00", "19:00"]] * 6, None]


@dataclass
class Guest:
    """One simulated customer: who they are, how they come, and what happened with them."""

    customer: Customer
    kind: str
    minute: int
    weekday: int
    life: Life
    begins: date = FIRST
    ends: date = LAST
    usual: str = ""
    plans: dict[str, Any] = field(default_factory=dict)


KINDS = {  # how many of a hundred
    "daily": 12, "weekly": 14, "fortnightly": 5, "moved": 5, "growing": 7, "holiday": 8, "early": 8, "late": 7, "punctual": 9,
    "new": 8, "new-booked": 4, "often": 7, "twice-a-day": 2, "two-shops": 4,
}  # fmt: skip


class Year:
    """The simulation: `live` does a day, and checks every sentence that was offered on it."""

    def __init__(self, shop: Shop, at: Any, seed: int, people: int):
        self.shop, self.at, self.chance = shop, at, random.Random(seed)
        self.shop.hours = HOURS
        self.shop.save()
        self.other = Shop.create(business=shop.business, name="Second Street")
        self.team = [hire(shop, name) for name in ("Sam", "Ana", "Bea", "Cleo", "Dee")]
        self.names: dict[Any, str] = {one.id: one.name for one in self.team}
        self.guests = [self.guest(kind, n) for n, kind in enumerate(self.kinds(people))]
        self.offered: Counter[str] = Counter()
        self.complaints: list[str] = []
        self.number = 0

    def kinds(self, people: int) -> list[str]:
        all_kinds = [kind for kind, count in KINDS.items() for _ in range(count)]
        self.chance.shuffle(all_kinds)
        return all_kinds[:people]

    # -- who they are

    def guest(self, kind: str, n: int) -> Guest:
        chance = self.chance
        pronoun = chance.choice(["", "she", "he", "they"])
        child = n % 33 == 5
        customer = someone(self.shop, f"Guest {n} Abara", pronoun=pronoun, child=child)
        guest = Guest(
            customer,
            kind,
            chance.randrange(7, 18) * 60 + chance.choice([0, 0, 30]),
            chance.randrange(6),
            Life(pronoun, child),
        )
        if kind in ("new", "new-booked"):
            guest.begins = FIRST + timedelta(days=chance.randrange(4) * 91 + chance.randrange(60, 88))
            guest.ends = guest.begins + timedelta(days=chance.choice([40, 120]))
        elif kind in ("weekly", "daily", "often", "punctual") and n % 3:
            self.remember(guest)
        if chance.random() < 0.6:
            guest.usual = chance.choice(["Flat white, oat", "Rye roll", "Tea, two sugars"])
        guest.plans = self.plans(n)
        return guest

    def plans(self, n: int) -> dict[str, Any]:
        """Return what is to be learned of a guest, and on which of their visits."""
        chance = self.chance
        plans: dict[str, Any] = {}
        for what, every in {"named": 6, "say_as": 5, "call": 7, "quick": 19, "quiet": 17, "no_notes": 23}.items():
            if (n + every // 2) % every == 0:
                plans[what] = chance.randrange(1, 12)
        plans["hurried"] = n % 11 == 3
        plans["more"] = chance.choice([0, 0, 0.5])
        plans["steady"] = n % 2 == 0
        plans["favourite"] = chance.choice(self.team) if n % 3 == 0 else None
        return plans

    def remember(self, guest: Guest) -> None:
        """Give a guest visits of earlier years: from a file that names nobody, or marked by one of the team."""
        marked_by = self.chance.choice([None, *self.working(FIRST)])
        begun = RECORDS if self.chance.random() < 0.5 else RECORDS + timedelta(days=self.chance.randrange(60, 500))
        if begun == RECORDS:  # they had been coming long before
            guest.life.before_records = RECORDS - timedelta(days=700)
        day = begun
        rows: list[tuple[Any, ...]] = []
        while day < FIRST:
            if day.weekday() != SUNDAY and (not rows or self.comes(guest, day)):
                at = self.shop.at(day, guest.minute)
                rows.append(
                    (guest.customer.id, self.shop.id, day.isoformat(), instant_text(at), marked_by and marked_by.id)
                )
                guest.life.visits.append((day, guest.minute, {marked_by.name if marked_by else ""}))
            day += timedelta(days=1)
        insert_many(Visit, ("customer_id", "shop_id", "day", "at", "staff_id"), rows)

    # -- how they come

    def comes(self, guest: Guest, day: date) -> bool:
        chance, since = self.chance, (day - FIRST).days
        same = day.weekday() == guest.weekday
        match guest.kind:
            case "daily" | "twice-a-day":
                return day.weekday() < 5 and chance.random() < (0.97 if day >= FIRST else 0.3)
            case "weekly" | "two-shops":
                return same and chance.random() < 0.75
            case "fortnightly":
                return same and day.isocalendar().week % 2 == 0
            case "moved":
                return (
                    day.weekday() == (guest.weekday if since < 180 else (guest.weekday + 3) % 6)
                    and chance.random() < 0.85
                )
            case "growing":
                grown = since > 150 + guest.minute % 100
                also = grown and (day.weekday() == (guest.weekday + 3) % 6 or chance.random() < guest.plans["more"])
                return (same or also) and chance.random() < 0.97
            case "holiday":
                return since % 100 > 35 and chance.random() < 0.3
            case "early" | "late" | "punctual":
                return same and chance.random() < 0.9
            case "new" | "new-booked":
                return guest.begins <= day <= guest.ends and (day == guest.begins or chance.random() < 0.12)
        return chance.random() < 0.3  # "often"

    def arrives(self, guest: Guest) -> int:
        chance = self.chance
        if guest.kind == "early":
            return guest.minute - chance.choice([8, 9, 10, 11, 12, 15]) if chance.random() < 0.92 else guest.minute + 3
        if guest.kind == "late":
            return guest.minute + chance.choice([8, 10, 10, 11, 13, 14, 0, 30])
        if guest.kind in ("punctual", "new-booked"):
            return guest.minute + (chance.randrange(11, 45) if chance.random() < 0.09 else chance.randrange(-4, 11))
        if guest.kind == "daily":
            return guest.minute + chance.randrange(-7, 8) + (40 if chance.random() < 0.04 else 0)
        return max(1, guest.minute + chance.randrange(-50, 50))

    # -- a day

    def begin(self, day: date) -> tuple[list[Staff], list[Guest]]:
        """Return who works on a day and who will come; those who book are booked."""
        shift = self.chance.sample(self.working(day), 2)
        if day == CLEO_LEAVES:
            Staff.update(left_at=self.shop.at(day, 1)).where(Staff.id == self.team[3].id).execute()
        coming = [guest for guest in self.guests if guest.begins <= day and self.comes(guest, day)]
        for guest in coming:
            if guest.kind in ("early", "late", "punctual", "new-booked"):
                guest.life.booked[day] = guest.minute
                starts = self.shop.at(day, guest.minute)
                Appointment.create(customer=guest.customer, shop=self.shop, day=day, starts_at=starts)
        return shift, coming

    def pass_over(self, day: date) -> None:
        """Let a day go by of which little is known: who came, who marked them, and here and there a chip."""
        shift, coming = self.begin(day)
        rows, notes = [], []
        for guest in coming:
            minute, by = self.arrives(guest), self.chance.choice(shift)
            rows.append(
                (guest.customer.id, self.shop.id, day.isoformat(), instant_text(self.shop.at(day, minute)), by.id)
            )
            guest.life.visits.append((day, minute, {by.name}))
            if guest.life.usuals and "no_notes" not in guest.life.wishes and self.chance.random() < 0.8:
                chip = "new" if self.chance.random() < 0.1 else "usual"
                at = self.shop.at(day, minute)
                told = {"customer": guest.customer, "shop": self.shop, "author": by, "day": day, "at": at}
                notes.append({**told, "text": "A chip was tapped", "chips": chip})
                guest.life.chips.setdefault(day, set()).add(chip)
                guest.life.wrote.add(by.name)
        insert_many(Visit, ("customer_id", "shop_id", "day", "at", "staff_id"), rows)
        Note.insert_many(notes).execute() if notes else None

    def live(self, day: date, really: bool) -> None:
        """Live a day as the shop does; `really` makes its list by habit, else those who will come stand on it."""
        shift, coming = self.begin(day)
        self.at(self.shop.at(day, 2))
        if really:
            expected.make_list(self.shop, day)
        else:
            self.put_on_the_list(coming, day)
        self.on_shift, self.lately = set[int](), list[int]()
        arrivals = [(self.arrives(guest), guest) for guest in coming]
        if self.chance.random() < 0.06:  # everybody at once
            arrivals = [
                (720 + n // 4 if guest.kind not in ("early", "late") else minute, guest)
                for n, (minute, guest) in enumerate(arrivals)
            ]
        if self.chance.random() < 0.1:
            arrivals += [(minute + 200, guest) for minute, guest in arrivals if guest.kind == "twice-a-day"]
        looks = [(look, guest) for minute, guest in arrivals for look in self.looks(guest, day, minute)]
        happens = [*((minute, 1, guest) for minute, guest in arrivals), *((look, 0, guest) for look, guest in looks)]
        for minute, comes, guest in sorted(happens, key=lambda one: (*one[:2], one[2].customer.id)):
            liked = guest.plans["favourite"]
            by = liked if liked in shift and self.chance.random() < 0.9 else self.chance.choice(shift)
            if comes:
                self.visit(guest, day, minute, by)
            else:
                self.look(guest, day, minute, self.chance.choice(self.working(day)))

    def looks(self, guest: Guest, day: date, minute: int) -> list[int]:
        """Return when somebody looks at the line before they come."""
        booked = guest.life.booked.get(day)
        looks = [minute - 30, minute] if booked is None else [booked - 40, booked + 5, booked + 12, minute]
        return [look for look in looks if 0 < look <= minute]

    def put_on_the_list(self, guests: list[Guest], day: date) -> None:
        made = DayList.create(shop=self.shop, day=day, made_at=clock.now())
        prompts = prompts_for(self.shop, histories(self.shop, [guest.customer.id for guest in guests], day), day)
        for guest in guests:
            Expected.create(
                day_list=made,
                customer=guest.customer,
                probability=0.5,
                reason={},
                prompts=prompts.get(guest.customer.id, []),
            )

    def visit(self, guest: Guest, day: date, minute: int, by: Staff) -> None:
        """Look a while before and at the time, mark them here, and keep a record of what was offered."""
        again = any(on == day for on, _, _ in guest.life.visits)
        if guest.kind == "two-shops" and self.chance.random() < (0.95 if day.toordinal() % 91 > 30 else 0.2):
            self.act("visit.create", by, day, minute, shop=self.other, customer=guest.customer.id)
            guest.life.elsewhere.append(day)
            return
        self.act("visit.create", by, day, minute, customer=guest.customer.id)
        before = sum(minute - 5 < earlier for earlier in self.lately)
        self.lately.append(minute)
        if not again:
            stored = lines.line_for(guest.customer, self.shop, clock.now(), by)
            prompt = stored.prompt
            if prompt:
                self.check(
                    guest,
                    prompt,
                    self.now(day, minute, by, minute),
                    before > 6,
                )
                self.offered[prompt["id"]] += 1
                outcome = self.chance.choice(["shown", "said", "said", "skipped"])
                if outcome != "shown":
                    self.act(f"prompt.{outcome}", by, day, minute, customer=guest.customer.id, prompt=prompt["id"])
                guest.life.said.append((day, words.prompt(prompt, guest.customer, "warm").fact, outcome))
        self.on_shift.add(by.id)
        if not again:
            second = self.working(day)[(guest.customer.id + day.toordinal()) % len(self.working(day))]
            told = lines.line_for(guest.customer, self.shop, clock.now(), second).prompt
            if told:  # what a colleague reads once they are marked has to be true for that colleague
                self.check(guest, told, self.now(day, minute, second, minute), before > 6)
        guest.life.visits.append((day, minute, {by.name}))
        if self.chance.random() < 0.05:
            other = self.chance.choice(self.working(day))
            self.act("visit.create", other, day, minute + 1, customer=guest.customer.id)
            guest.life.visits[-1][2].add(other.name)
        if not again:
            self.learn(guest, day, minute, by)

    def learn(self, guest: Guest, day: date, minute: int, by: Staff) -> None:
        """Write down what this visit told."""
        life, plans, here = guest.life, guest.plans, sum(1 for on, _, _ in guest.life.visits if on >= FIRST)
        if guest.usual and here >= 2 and not life.usuals:
            self.act("usual.set", by, day, minute, customer=guest.customer.id, text=guest.usual)
            life.usuals.append((day, guest.usual))
            life.wrote.add(by.name)
        elif guest.usual and here >= 30 and len(life.usuals) == 1:
            self.act("usual.set", by, day, minute, customer=guest.customer.id, text="Cortado")
            life.usuals.append((day, "Cortado"))
            life.wrote.add(by.name)
        if here > 2 and guest.usual and self.chance.random() < (0.9 if plans["steady"] else 0.3):
            for chip in self.chance.choice([["usual"]] * 8 + [["new"], ["usual", "new"]]):
                self.note(guest, day, minute, by, chip)
        if plans["hurried"] and self.chance.random() < 0.6:
            self.note(guest, day, minute, by, "hurry")
        told: dict[str, Any] = {}
        customer = Customer.get_by_id(guest.customer.id)
        if self.is_time("named", guest, here):
            told["name"] = (
                f"Rosa Marchetti {guest.customer.id}" if self.chance.random() < 0.7 else f"{customer.name} junior"
            )
            life.named = (day, customer.name, told["name"])
        if self.is_time("say_as", guest, here):
            told["say_as"] = life.say_as = "shi-VAWN"
        if self.is_time("call", guest, here):
            told["call"] = life.call = "Mrs Adeyemi"
        wishes = {wish for wish in ("quick", "quiet", "no_notes") if 0 < plans.get(wish, 0) <= here <= plans[wish] + 40}
        if wishes != life.wishes:
            told["wishes"], life.wishes = sorted(wishes), wishes
        if told:
            self.act(
                "customer.name", by, day, minute, customer=customer.id,
                **{"name": customer.name, "say_as": customer.say_as, "call": customer.call, **told},
            )  # fmt: skip
            life.wrote.add(by.name)

    def is_time(self, what: str, guest: Guest, here: int) -> bool:
        """Say whether something that was to be learned on a visit so far has yet to be, and is now."""
        if here < guest.plans.get(what, 10_000):
            return False
        del guest.plans[what]
        return True

    def note(self, guest: Guest, day: date, minute: int, by: Staff, chip: str) -> None:
        if "no_notes" in guest.life.wishes:
            return
        self.act("note.create", by, day, minute, customer=guest.customer.id, text="A chip was tapped", chips=[chip])
        guest.life.chips.setdefault(day, set()).add(chip)
        guest.life.wrote.add(by.name)

    # -- what is offered

    def look(self, guest: Guest, day: date, minute: int, asker: Staff) -> None:
        """Read the line as somebody of the team would, before they come."""
        if any(on == day for on, _, _ in guest.life.visits):
            return
        self.at(self.shop.at(day, minute))
        prompt = lines.line_for(guest.customer, self.shop, clock.now(), asker).prompt
        if prompt:
            now = self.now(day, minute, asker)
            self.check(guest, prompt, now, sum(minute - 5 < earlier for earlier in self.lately) > 6)

    def check(self, guest: Guest, prompt: dict[str, Any], now: Now, crowd: bool) -> None:
        for tone in TONES:
            said = words.prompt(prompt, guest.customer, tone)
            assert len(said.fact.split()) <= 9
            assert len(said.ask.split()) <= 9
            wrong = complaint(said.fact, said.ask, guest.life, now, crowd)
            if wrong:
                self.complaints.append(f"{now}: {prompt} of {guest.kind} {guest.customer.id}: “{said.fact}” {wrong}")

    def now(self, day: date, minute: int, asker: Staff, arrived: int | None = None) -> Now:
        here = frozenset(self.names[one] for one in self.on_shift)
        team = frozenset(one.name for one in self.working(day))
        return Now(day, minute, asker.name, here, arrived, frozenset({SUNDAY}), team)

    def working(self, day: date) -> list[Staff]:
        """Return who works for the shop on a day."""
        sam, ana, bea, cleo, dee = self.team
        return [sam, ana, bea, *([cleo] if day < CLEO_LEAVES else []), *([dee] if day >= DEE_STARTS else [])]

    def act(self, kind: str, by: Staff, day: date, minute: int, shop: Shop | None = None, **data: Any) -> None:
        self.at(self.shop.at(day, minute))
        self.number += 1
        answer = perform(Act(str(UUID(int=self.number)), kind, clock.now(), data), by, shop or self.shop)
        assert answer.done, (kind, data, answer.reason)


def lived(year: Year, days: Callable[[int], bool], lists: int) -> Year:
    """Return the year, lived on those days that are wanted; every so many of these has a list by habit."""
    count = 0
    for n in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=n)
        if day.weekday() == SUNDAY:
            continue
        with db.atomic():  # one commit a day: what is tested is not the disk
            if days(n):
                count += 1
                year.live(day, really=count % lists == 0)
            else:
                year.pass_over(day)
    return year


def settle(year: Year, people: int) -> None:
    assert year.complaints == []
    if people == 100:
        assert set(year.offered) == set(RULES), "every rule had something to say in a year of a hundred people"
    for guest in year.guests:
        days = [day for day, _, _ in guest.life.said]
        assert len(days) == len(set(days)), "one prompt a visit at most"
        stored = Visit.select(Visit.day).where(
            (Visit.customer == guest.customer.id) & (Visit.shop == year.shop.id) & Visit.prompt.is_null(False)
        )
        assert sorted(day for (day,) in stored.tuples()) == sorted(days)


class TestAYear:
    def test_with_a_hundred_customers_holds_no_untrue_sentence(self, shop, at, engine):
        """The last three weeks of each quarter are lived; on PostgreSQL with fewer customers."""
        people = 100 if engine == "sqlite" else 15
        settle(lived(Year(shop, at, seed=20261124, people=people), lambda n: n % 91 >= 70, lists=20), people)

    @pytest.mark.full
    @pytest.mark.parametrize("seed", [1, 2])
    def test_lived_day_by_day_holds_none_either(self, shop, at, seed):
        settle(lived(Year(shop, at, seed=seed, people=100), lambda n: True, lists=20), 100)
