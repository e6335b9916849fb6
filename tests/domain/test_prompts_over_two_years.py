"""Two years of a shop, day by day, with the acts a phone would send: every prompt that is offered is true of what happened.

What is true is told by other code, ``tests/oracles/prompt_truth.py``, from a plain record of these years and the English
sentence. The day's list is made by habit once in a while only (that is slow, and tested elsewhere); on other days those
who come are put on it. Missed appointments and what became of a message are set as rows.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

import clock
import words
from domain import expected, lines
from domain.actions import Act, perform
from domain.history import histories
from domain.prompts import RULES, told_for
from domain.punctuality import AT_MOST
from models import (
    TONES,
    Appointment,
    Customer,
    DayList,
    Expected,
    Message,
    Mistake,
    Note,
    Promise,
    Shop,
    Staff,
    Visit,
    db,
    insert_many,
    instant_text,
)
from tests.conftest import hire, someone
from tests.oracles.prompt_truth import (
    Asked,
    Life,
    Now,
    Promised,
    SentOn,
    Step,
    Trouble,
    Wrong,
    complaint,
    quoted,
    read,
)

FIRST, LAST = date(2024, 12, 2), date(2026, 11, 30)
RECORDS = date(2022, 11, 7)  # the first day the shop wrote anybody down
CLEO_LEAVES, DEE_STARTS = date(2025, 8, 1), date(2026, 7, 13)  # open days
LIVED = 84  # days of each quarter that are passed over in the short run
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
    introduced: bool = False
    plans: dict[str, Any] = field(default_factory=dict)


Acting = Callable[..., dict[str, Any]]  # an act of its kind, with its data, by somebody at some time
KINDS = {  # how many of a hundred
    "daily": 12, "weekly": 14, "fortnightly": 5, "moved": 5, "growing": 7, "holiday": 8, "early": 8, "late": 7, "punctual": 9,
    "new": 8, "new-booked": 4, "often": 7, "twice-a-day": 2, "two-shops": 4,
}  # fmt: skip


HAPPENS = {  # how often on a visit; on the telephone more
    "mistake": 0.012, "trouble": 0.008, "trouble_again": 0.2, "fault": 0.008, "promise": 0.04, "question": 0.025,
    "their_question": 0.012, "step": 0.012, "referral": 0.01, "introduction": 0.002,
}  # fmt: skip
TEXTS = {  # short enough to be quoted, and too long
    "mistake": ("Order {} mixed up", "The cake for table {} had the name of another child on it"),
    "trouble": ("Car stereo {}", "The stereo in car number {} crackles whenever it rains"),
    "fault": ("Door {} sticks", "The door to room {} cannot be opened from the inside"),
    "promise": ("The name of doctor {}", "A list of all doctors near stop {} who take new patients"),
    "question": ("Did file {} go through?", "Did the second half of file {} arrive at the bank in time?"),
    "their_question": ("Saturday hours, week {}?", "Are we open on the Saturday of week {} when it snows?"),
    "step": ("Checked {} reviews.", "Read {} reviews of the seller, and rang him up as well"),
    "referral": ("the key shop {}", "the man with the keys who has a stall at market number {}"),
    "reply": ("open until half {}", "we are open until half past {} unless it snows, then until noon"),
}
OUT = ["rye", "oat", "Tea", "cortado.", "Rye roll", "croissants", "no sugar at all today"]


class TwoYears:
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
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.visits = 0  # on days that were lived, each day's first
        self.complaints: list[str] = []
        self.number = self.texts = 0
        self.rows: dict[int, str] = {}  # the numbers that the app gave to things, by the thing
        self.luck = random.Random(seed + 1)  # of our reminders
        self.behind: int | None = None
        self.out: dict[str, str] = {}  # what has run out today: the number of what was said

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
            first = LIVED if kind == "new-booked" else LIVED - 8
            guest.begins = FIRST + timedelta(days=chance.randrange(8) * 91 + chance.randrange(first, 89))
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
        for what, every in {"named": 3, "say_as": 5, "call": 7, "quick": 19, "quiet": 17, "no_notes": 23}.items():
            if (n + every // 2) % every == 0:
                plans[what] = chance.randrange(1, 12)
        if "named" in plans:
            plans["named"] = chance.choice([1, 9, chance.randrange(20, 250)])
        plans["hurried"] = n % 11 == 3
        plans["grows"] = chance.randrange(2, 7) * 91 + LIVED - 35 + chance.randrange(6)
        plans["more"] = chance.choice([0, 0, 0.5])
        plans["steady"] = n % 2 == 0
        plans["favourite"] = chance.choice(self.team) if n % 3 == 0 else None
        if n % 3 == 1:  # in a week that is lived in the short run as well
            day = FIRST + timedelta(days=chance.randrange(8) * 91 + chance.randrange(LIVED, 91))
            year = chance.choice([None, None, 1980, day.year - 16, day.year - 9])
            plans["born"] = 3, (year, day.month, day.day) if n > 20 else (None, 2, 29)
        if n % 7 == 2:
            plans["dogs"] = (
                chance.randrange(2, 9),
                chance.choice(["Otto", "Otto and Pim", "Otto, Pim & Bo", "A big old dog"]),
            )
        if n % 12 == 9:
            parts = FIRST + timedelta(days=chance.randrange(200, 650))
            plans["state"] = parts, chance.choice(["moved", "leave_alone", "died"]), chance.random() < 0.6
            plans["back"] = parts + timedelta(days=chance.choice([30, 90, 1000]))
        return plans

    def remember(self, guest: Guest) -> None:
        """Give a guest visits of earlier years: from a file that names nobody, or marked by one of the team."""
        marked_by = self.chance.choice([None, *self.working(FIRST)])
        begun = RECORDS
        if self.chance.random() < 0.6:  # the day comes round in a week that is lived in the short run as well
            weeks = self.chance.randrange(5) * 91 + self.chance.randrange(LIVED - 12, 88)
            begun = FIRST - timedelta(days=730 - weeks)
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
                grown = since > guest.plans["grows"]
                also = grown and (day.weekday() == (guest.weekday + 3) % 6 or chance.random() < guest.plans["more"])
                return (same or also) and chance.random() < 0.97
            case "holiday":
                return since % 100 > 35 and chance.random() < 0.3
            case "early" | "late" | "punctual":
                return same and chance.random() < 0.9
            case "new" | "new-booked":
                again = 0.5 if (day - guest.begins).days < 10 else 0.12
                return guest.begins <= day <= guest.ends and (day == guest.begins or chance.random() < again)
        return chance.random() < 0.3  # "often"

    def arrives(self, guest: Guest, day: date) -> int:
        chance = self.chance
        if day in guest.life.lost and self.luck.random() < 0.6:
            return guest.minute + self.luck.randrange(12, 60)
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
        coming = []
        for guest in self.guests:
            if guest.life.state == "died" or guest.begins > day or not self.comes(guest, day):
                continue
            if guest.kind in ("early", "late", "punctual", "new-booked"):
                starts = self.shop.at(day, guest.minute)
                booked = Appointment.create(customer=guest.customer, shop=self.shop, day=day, starts_at=starts)
                often = 0.1 if (day - FIRST).days % 91 > LIVED - 8 and not guest.life.missed else 0.003
                if self.chance.random() < often:
                    self.miss(guest, day, booked)
                    continue
                guest.life.booked[day] = guest.minute
            coming.append(guest)
        return shift, coming

    def fail(self, guest: Guest, day: date) -> None:
        """Let our reminder of today's appointment fail, the day before, now and then."""
        booked = Appointment.get_or_none((Appointment.customer == guest.customer.id) & (Appointment.day == day))
        if booked is None or guest.kind == "late" or self.luck.random() > 0.2:
            return
        way = self.luck.choice(["email", "sms", "call"])
        at = self.shop.at(day - timedelta(days=1), 842)
        Message.create(
            shop=self.shop, kind="reminder", way=way, customer=guest.customer, appointment=booked, state="failed",
            code="no-answer", message_id=f"{booked.id}@example.org", due_at=at, next_at=at, deadline=at, at=at, ended_at=at,
        )  # fmt: skip
        guest.life.lost[day] = way

    def booked_on(self, guest: Guest, day: date) -> int:
        todays = (Appointment.customer == guest.customer.id) & (Appointment.day == day)
        return int(Appointment.select(Appointment.id).where(todays).scalar())

    def came_by_our_silence(self, guest: Guest, day: date, minute: int) -> None:
        """Put down what follows where they came late after it: that it was ours."""
        if day in guest.life.lost and minute - guest.life.booked[day] > 10:
            wrong = Wrong("Our reminder did not reach them.", day - timedelta(days=1), silence=True)
            lost = Message.get(Message.message_id == f"{self.booked_on(guest, day)}@example.org")
            number = Mistake.select(Mistake.id).where(Mistake.about == f"reminder:{lost.id}").scalar()
            if number is None:  # within what is usual for somebody who is always a bit late
                assert minute - guest.life.booked[day] <= AT_MOST, "a failure of ours was not put down"
                return
            self.rows[id(wrong)] = str(number)
            guest.life.wrongs.append(wrong)
            guest.life.excused.add(day)

    def miss(self, guest: Guest, day: date, booked: Appointment) -> None:
        cause = self.chance.choice(["", "", "", "", "theirs", "theirs", "ours", "both"])
        Appointment.update(state="missed", cause=cause).where(Appointment.id == booked.id).execute()
        guest.life.missed.append((day, cause))

    def pass_over(self, day: date) -> None:
        """Let a day go by of which little is known: who came, who marked them, here and there a chip or something else."""
        shift, coming = self.begin(day)
        rows, notes = [], []
        if day.weekday() % 3 == 1:
            self.carry_on(day, 400)
        for guest in coming:
            minute, by = self.arrives(guest, day), self.chance.choice(shift)
            if self.parts(guest, day):
                self.part(guest, day, minute - 10)
                if guest.life.state == "died":
                    continue
            self.happen(guest, day, minute, by, 0.15)
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
        for guest in coming:
            self.fail(guest, day)
        self.behind, self.out = None, {}
        early = self.chance.random() < 0.7
        if early:
            self.carry_on(day, 1)
        self.at(self.shop.at(day, 2))
        if really:
            expected.make_list(self.shop, day)
        else:
            self.put_on_the_list(coming, day)
        self.on_shift, self.lately = set[int](), list[int]()
        arrivals = [(self.arrives(guest, day), guest) for guest in coming]
        if self.chance.random() < 0.06:  # everybody at once
            arrivals = [
                (720 + n // 4 if guest.kind not in ("early", "late") else minute, guest)
                for n, (minute, guest) in enumerate(arrivals)
            ]
        if self.chance.random() < 0.1:
            arrivals += [(minute + 200, guest) for minute, guest in arrivals if guest.kind == "twice-a-day"]
        happens: list[tuple[int, int, int, Callable[[], None]]] = []
        for minute, guest in arrivals:
            number = guest.customer.id
            happens.append((minute, 2, number, partial(self.come, guest, day, minute, shift)))
            for look in self.looks(guest, day, minute):
                happens.append((look, 1, number, partial(self.look, guest, day, look)))
            if self.parts(guest, day) and guest.plans["state"][2]:
                happens.append((minute - 10, 0, number, partial(self.part, guest, day, minute - 10)))
        for guest in self.guests:
            if guest.life.state != "active":
                happens.append((700, 1, guest.customer.id, partial(self.look, guest, day, 700)))
            elif self.chance.random() < 0.03:
                minute = self.chance.randrange(420, 1000)
                happens.append((minute, 0, guest.customer.id, partial(self.telephone, guest, day, minute)))
        if not early:
            minute = self.chance.randrange(400, 1000)
            happens.append((minute, 0, 0, partial(self.carry_on, day, minute)))
        minute = self.chance.randrange(420, 800)
        happens.append((minute, 0, 0, partial(self.tell_the_shop, day, minute, self.chance.choice(shift))))
        if self.chance.random() < 0.2:
            minute += 60
            happens.append((minute, 0, 0, partial(self.tell_the_shop, day, minute, self.chance.choice(shift))))
        for *_, do in sorted(happens, key=lambda one: one[:3]):
            do()

    def come(self, guest: Guest, day: date, minute: int, shift: list[Staff]) -> None:
        if guest.life.state == "died":
            return
        liked = guest.plans["favourite"]
        by = liked if liked in shift and self.chance.random() < 0.9 else self.chance.choice(shift)
        self.visit(guest, day, minute, by)
        if self.parts(guest, day):
            self.part(guest, day, minute)
            told = lines.line_for(guest.customer, self.shop, clock.now(), by).prompt
            if told:
                self.check(guest, told, self.now(day, minute, by, minute), False)

    def looks(self, guest: Guest, day: date, minute: int) -> list[int]:
        """Return when somebody looks at the line before they come."""
        booked = guest.life.booked.get(day)
        looks = [minute - 30, minute] if booked is None else [booked - 40, booked + 5, booked + 12, minute]
        return [look for look in looks if 0 < look <= minute]

    def put_on_the_list(self, guests: list[Guest], day: date) -> None:
        DayList.create(shop=self.other, day=day, made_at=clock.now())
        made = DayList.create(shop=self.shop, day=day, made_at=clock.now())
        told = told_for(self.shop, histories(self.shop, [guest.customer.id for guest in guests], day), day)
        for guest in guests:
            Expected.create(
                day_list=made,
                customer=guest.customer,
                probability=0.5,
                reason={},
                prompts=told[guest.customer.id].prompts,
                punctual=told[guest.customer.id].punctual,
            )

    def visit(self, guest: Guest, day: date, minute: int, by: Staff) -> None:
        """Look a while before and at the time, mark them here, and keep a record of what was offered."""
        again = any(on == day for on, _, _ in guest.life.visits)
        if guest.kind == "two-shops" and self.chance.random() < (0.95 if day.toordinal() % 91 > 30 else 0.2):
            self.act("visit.create", by, day, minute, self.other, customer=guest.customer.id)
            guest.life.elsewhere.append(day)
            return
        self.act("visit.create", by, day, minute, customer=guest.customer.id)
        if not again:
            self.came_by_our_silence(guest, day, minute)
        before = sum(minute - 5 < earlier for earlier in self.lately)
        self.lately.append(minute)
        said: tuple[str, str, str] | None = None
        if not again:
            self.visits += 1
            stored = lines.line_for(guest.customer, self.shop, clock.now(), by)
            prompt = stored.prompt
            if prompt:
                self.check(guest, prompt, self.now(day, minute, by, minute), before > 6)
                outcome = self.chance.choice(["shown", "said", "said", "skipped"])
                self.offered[prompt["id"]] += 1
                self.outcomes[prompt["id"], outcome] += 1
                if outcome != "shown":
                    self.act(f"prompt.{outcome}", by, day, minute, customer=guest.customer.id, prompt=prompt["id"])
                fact, why = words.prompt(prompt, guest.customer, "warm").fact, words.prompt_why(prompt, day)
                said = fact, why, outcome
                guest.life.said.append((day, *said))
        self.on_shift.add(by.id)
        if not again:
            second = self.working(day)[(guest.customer.id + day.toordinal()) % len(self.working(day))]
            told = lines.line_for(guest.customer, self.shop, clock.now(), second).prompt
            if told:  # what a colleague reads once they are marked has to be true for that colleague
                self.check(guest, told, self.now(day, minute, second, minute), before > 6)
        if said:
            self.ends(guest.life, day, *said)
        guest.life.visits.append((day, minute, {by.name}))
        if self.chance.random() < 0.05:
            other = self.chance.choice(self.working(day))
            self.act("visit.create", other, day, minute + 1, customer=guest.customer.id)
            guest.life.visits[-1][2].add(other.name)
        if not again:
            self.learn(guest, day, minute, by)
            self.happen(guest, day, minute, by)
            if self.chance.random() < 0.04:
                self.note(guest, day, minute, by, "friend")

    def ends(self, life: Life, day: date, fact: str, why: str, outcome: str) -> None:
        """Put down what follows from words that were said or skipped."""
        kind, about = read(fact)[0], quoted(why)
        for wrong in life.wrongs:
            if kind == "mistake" and wrong.text == about and outcome == "said":
                wrong.sorry = wrong.owned = True
        silent = [wrong for wrong in life.wrongs if wrong.silence and not wrong.sorry]
        yesterday = day - timedelta(days=1)  # today's failure was known then; words for one before are not about it
        silent = [wrong for wrong in silent if (wrong.day == yesterday) == (kind == "silent and late")]
        if silent and kind in ("silence", "silent and late") and outcome == "said":
            silent[-1].sorry = silent[-1].owned = True
        for asked in life.asked:
            if kind in ("question", "theirs", "fine") and asked.is_meant(about) and asked.is_open:
                asked.over = outcome == "said"
                if outcome == "skipped":
                    asked.skips, asked.not_before = asked.skips + 1, day + timedelta(days=1)

    def learn(self, guest: Guest, day: date, minute: int, by: Staff) -> None:
        """Write down what this visit told."""
        life, plans, here = guest.life, guest.plans, sum(1 for on, _, _ in guest.life.visits if on >= FIRST)
        writes = "no_notes" not in life.wishes
        if guest.usual and here >= 2 and not life.usuals and writes:
            self.act("usual.set", by, day, minute, customer=guest.customer.id, text=guest.usual)
            life.usuals.append((day, guest.usual))
            life.wrote.add(by.name)
        elif guest.usual and here >= 30 and len(life.usuals) == 1 and writes:
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
        if "no_notes" in wishes:
            return
        if "born" in plans and here >= plans["born"][0]:
            _, life.born = plans.pop("born")
            year, month, on = life.born
            life.wrote.add(by.name)
            birthday = f"{year}-{month:02}-{on:02}" if year else f"{month:02}-{on:02}"
            self.act("customer.tell", by, day, minute, customer=customer.id, field="birthday", text=birthday)
        if "dogs" in plans and here >= plans["dogs"][0]:
            _, names = plans.pop("dogs")
            life.dogs = [name.strip() for name in names.replace(" and ", ",").replace("&", ",").split(",")]
            self.act("customer.tell", by, day, minute, customer=customer.id, field="dogs", text=names)
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

    # -- what comes to be open between them and the shop

    def happen(self, guest: Guest, day: date, minute: int, by: Staff, often: float = 1.0) -> None:
        """Write down what a visit or a call brought up, now and then something."""
        for what, chance in HAPPENS.items():
            if self.chance.random() < chance * often and "no_notes" not in guest.life.wishes:
                getattr(self, what)(guest, self.acting(by, day, minute), day, by)
        if guest.kind in ("new", "new-booked") and not guest.introduced and "no_notes" not in guest.life.wishes:
            self.introduction(guest, self.acting(by, day, minute), day, by)

    def telephone(self, guest: Guest, day: date, minute: int) -> None:
        self.happen(guest, day, minute, self.chance.choice(self.working(day)), 6)

    def text(self, kind: str) -> str:
        self.texts += 1
        return self.chance.choice(TEXTS[kind]).format(self.texts)

    def wrote(self, guest: Guest, by: Staff, thing: Any, number: str) -> None:
        guest.life.wrote.add(by.name)
        self.rows[id(thing)] = number

    def mistake(self, guest: Guest, act: Acting, day: date, by: Staff) -> None:
        wrong = Wrong(self.text("mistake"), day)
        made = act("mistake.record", customer=guest.customer.id, text=wrong.text)
        self.wrote(guest, by, wrong, made["mistake"])
        guest.life.wrongs.append(wrong)

    def trouble(self, guest: Guest, act: Acting, day: date, by: Staff, ours: bool = False) -> None:
        trouble = Trouble(self.text("fault" if ours else "trouble"), ours, [day])
        more = {"ours": True} if ours else {}
        made = act("issue.open", customer=guest.customer.id, text=trouble.text, **more)
        self.wrote(guest, by, trouble, made["issue"])
        guest.life.troubles.append(trouble)

    def fault(self, guest: Guest, act: Acting, day: date, by: Staff) -> None:
        self.trouble(guest, act, day, by, ours=True)

    def trouble_again(self, guest: Guest, act: Acting, day: date, by: Staff) -> None:
        """Let one come up again: an open one, now and then one that was solved; told by its number or in the same words."""
        troubles = [one for one in guest.life.troubles if not one.solved or self.chance.random() < 0.02]
        if not troubles:
            return
        trouble = troubles[-1]
        if day in trouble.times or self.chance.random() < 0.5:
            act("issue.open", customer=guest.customer.id, text=trouble.text.upper(), ours=trouble.ours)
        else:
            act("issue.again", issue=self.rows[id(trouble)])
        if trouble.solved or day not in trouble.times:  # two who saw it on one day saw the same
            trouble.times.append(day)
        guest.life.wrote.add(by.name)
        self.open_again(guest.life, trouble)

    def open_again(self, life: Life, trouble: Trouble) -> None:
        trouble.solved = None
        life.asked = [one for one in life.asked if one.after is not trouble or one.over]

    def promise(self, guest: Guest, act: Acting, day: date, by: Staff) -> None:
        due = self.chance.choice([None, *(day + timedelta(days=n) for n in (1, 2, 7, 7, self.chance.randrange(12)))])
        promised = Promised(self.text("promise"), day, due, self.chance.choice(["counter", "email", "sms", "phone"]))
        told = {"text": promised.text, "due": due and due.isoformat(), "channel": promised.channel}
        made = act("promise.create", customer=guest.customer.id, **told)
        self.wrote(guest, by, promised, made["promise"])
        guest.life.promised.append(promised)

    def question(self, guest: Guest, act: Acting, day: date, by: Staff) -> None:
        later = self.chance.choice([None, None, day + timedelta(days=self.chance.randrange(20))])
        asked = Asked(self.text("question"), by.name, day, not_before=later)
        told = {"text": asked.text, "not_before": later and later.isoformat()}
        made = act("question.create", customer=guest.customer.id, **told)
        self.wrote(guest, by, asked, made["question"])
        guest.life.asked.append(asked)

    def their_question(self, guest: Guest, act: Acting, day: date, by: Staff) -> None:
        reply = self.text("reply") if self.chance.random() < 0.5 else ""
        asked = Asked(self.text("their_question"), by.name, day, theirs=True, reply=reply)
        made = act("question.create", customer=guest.customer.id, text=asked.text, theirs=True, reply=reply)
        self.wrote(guest, by, asked, made["question"])
        guest.life.asked.append(asked)

    def step(self, guest: Guest, act: Acting, day: date, by: Staff) -> None:
        step = Step(self.text("step"), by.name, day)
        self.wrote(guest, by, step, act("step.create", customer=guest.customer.id, text=step.text)["step"])
        guest.life.steps.append(step)

    def referral(self, guest: Guest, act: Acting, day: date, by: Staff) -> None:
        check_on = day + timedelta(days=self.chance.choice([0, 3, 3, 14]))
        sent = SentOn(self.text("referral"), day, check_on)
        told = {"need": "A key", "to": sent.text, "check_on": check_on.isoformat()}
        made = act("referral.create", customer=guest.customer.id, **told)
        self.wrote(guest, by, sent, made["referral"])
        guest.life.sent_on.append(sent)

    def introduction(self, guest: Guest, act: Acting, day: date, by: Staff) -> None:
        first = guest.life.visits[0][0] if guest.life.visits else day
        often = [
            one
            for one in self.guests
            if one.kind in ("daily", "often", "weekly", "punctual")
            and one.life.visits
            and one.life.visits[0][0] < first
        ]
        if not guest.introduced and often:
            sender = self.chance.choice(often)
            guest.introduced = True
            act("introduction.set", customer=guest.customer.id, by=str(sender.customer.id))
            sender.life.brought.append((day, guest.life))
            sender.life.wrote.add(by.name)
            guest.life.wrote.add(by.name)

    # -- what becomes of it

    def carry_on(self, day: date, minute: int) -> None:
        """Go through what is open, as a shop does once a day; a little of it gets done."""
        for guest in self.guests:
            life, by = guest.life, self.chance.choice(self.working(day))
            act = self.acting(by, day, minute)
            for wrong in life.wrongs:
                self.own_up(wrong, act)
            for trouble in life.troubles:
                self.mend(guest, trouble, act, day)
            for promised in life.promised:
                self.keep(guest, promised, act, day)
            for asked in life.asked:
                if not asked.after:
                    self.answer(asked, act, day)
            for sent in life.sent_on:
                if sent.outcome in ("", "no_answer") and sent.check_on <= day and self.chance.random() < 0.1:
                    sent.outcome = self.chance.choice(["reached", "not_reached", "no_answer"])
                    act("referral.answer", referral=self.rows[id(sent)], outcome=sent.outcome)
                    if sent.outcome == "no_answer":
                        sent.check_on = day + timedelta(days=2)
            if life.state not in ("active", "died") and day >= guest.plans["back"]:
                life.state = "active"
                act("customer.state", customer=guest.customer.id, state="active")

    def own_up(self, wrong: Wrong, act: Acting) -> None:
        if not wrong.owned and self.chance.random() < 0.02:
            wrong.owned, wrong.sorry = True, self.chance.random() < 0.6
            act("mistake.acknowledge", mistake=self.rows[id(wrong)], said_sorry=wrong.sorry)
        elif not wrong.good and self.chance.random() < 0.05:  # until then nothing cheerful is said
            wrong.good = True
            act("mistake.make_good", mistake=self.rows[id(wrong)], text="A slice of cake")

    def mend(self, guest: Guest, trouble: Trouble, act: Acting, day: date) -> None:
        if not trouble.solved and self.chance.random() < 0.1:
            trouble.solved = day
            act("issue.solve", issue=self.rows[id(trouble)])
            after = day + timedelta(days=7)
            guest.life.asked.append(Asked(trouble.text, "", day, not_before=after, after=trouble))
        elif trouble.solved and (day - trouble.solved).days < 40 and self.chance.random() < 0.005:
            act("issue.reopen", issue=self.rows[id(trouble)])
            self.open_again(guest.life, trouble)

    def keep(self, guest: Guest, promised: Promised, act: Acting, day: date) -> None:
        """Keep a promise, close it, hear that they have it, or learn what became of the message; now and then reopen it."""
        chance, number = self.chance.random(), self.rows[id(promised)]
        if promised.is_open:
            if chance < 0.1:
                promised.kept = day
                act("promise.keep", promise=number)
            elif chance < 0.12:
                promised.closed = True
                act("promise.close", promise=number, reason="No need any more")
            elif chance < 0.14:
                promised.kept, promised.has_it = day, True
                act("promise.confirm", promise=number)
        elif promised.kept and not promised.has_it and not promised.closed:
            if chance < (0.15 if promised.on_its_way == "lost" else 0.02):  # then it is handed over
                promised.has_it = True
                act("promise.confirm", promise=number)
            elif chance < 0.3 and promised.channel in ("email", "sms") and promised.on_its_way in ("", "waiting"):
                sent, lost = ["handed_over", "delivered"], ["bounced", "failed", "expired"]
                became = self.chance.choice([*sent * 4, *lost, "due", "claimed", "suppressed"])
                Promise.update(delivery=became).where(Promise.id == int(number)).execute()
                promised.on_its_way = "sent" if became in sent else "lost" if became in lost else "waiting"
                expected.offer_again(guest.customer, self.shop, day)
            elif chance > 0.99 and not promised.on_its_way:
                promised.kept = None
                act("promise.reopen", promise=number)

    def answer(self, asked: Asked, act: Acting, day: date) -> None:
        """Write down what to tell them; ask on the card, skip or drop it there; now and then have it asked again."""
        chance, number = self.chance.random(), self.rows[id(asked)]
        if asked.over:
            if chance < 0.0005:
                asked.over, asked.anew = False, day
                asked.skips, asked.not_before = 0, None if asked.skips else asked.not_before
                act("question.keep", question=number)
        elif asked.theirs and not asked.reply and chance < 0.2:
            asked.reply = self.text("reply")
            act("question.reply", question=number, reply=asked.reply)
        elif chance < 0.01:
            asked.over = True
            act("question.drop", question=number)
        elif chance < 0.02:
            asked.over = True
            act("question.answer", question=number, outcome="said")
        elif chance < 0.04 and asked.is_open and asked.not_before != day + timedelta(days=1):
            asked.skips, asked.not_before = asked.skips + 1, day + timedelta(days=1)
            act("question.answer", question=number, outcome="skipped")

    def parts(self, guest: Guest, day: date) -> bool:
        """Say whether somebody who comes today has died by then, moved, or asks to be left alone."""
        return "state" in guest.plans and guest.plans["state"][0] <= day

    def part(self, guest: Guest, day: date, minute: int) -> None:
        _, guest.life.state, _ = guest.plans.pop("state")
        by = self.chance.choice(self.working(day))
        self.act("customer.state", by, day, minute, customer=guest.customer.id, state=guest.life.state)

    def tell_the_shop(self, day: date, minute: int, by: Staff) -> None:
        """Say what is so today: we fall behind, something runs out, or it is over."""
        chance = self.chance.random()
        if chance < 0.25:
            self.behind = self.chance.choice([5, 10, 15, 20, 30, 45, 60])
            self.late = self.act("day.behind", by, day, minute, minutes=self.behind)["word"]
        elif chance < 0.6:
            text = self.chance.choice(OUT)
            self.out[text] = self.act("day.out", by, day, minute, text=text)["word"]
        elif chance < 0.8 and self.behind:
            self.behind = None
            self.act("day.over", by, day, minute, word=self.late)
        elif chance < 0.8 and self.out:
            _, word = self.out.popitem()
            self.act("day.over", by, day, minute, word=word)

    # -- what is offered

    def look(self, guest: Guest, day: date, minute: int) -> None:
        """Read the line as somebody of the team would, before they come."""
        asker = self.chance.choice(self.working(day))
        if any(on == day for on, _, _ in guest.life.visits):
            return
        self.at(self.shop.at(day, minute))
        prompt = lines.line_for(guest.customer, self.shop, clock.now(), asker).prompt
        if prompt:
            now = self.now(day, minute, asker)
            self.check(guest, prompt, now, sum(minute - 5 < earlier for earlier in self.lately) > 6)

    def check(self, guest: Guest, prompt: dict[str, Any], now: Now, crowd: bool) -> None:
        why = words.prompt_why(prompt, now.day)
        for tone in TONES:
            said = words.prompt(prompt, guest.customer, tone)
            assert all(len(sentence.split()) <= 9 for sentence in said.fact.split(". "))
            assert len(said.ask.split()) <= 9
            wrong = complaint(said.fact, said.ask, why, guest.life, now, crowd)
            if wrong:
                self.complaints.append(f"{now}: {prompt} of {guest.kind} {guest.customer.id}: “{said.fact}” {wrong}")

    def now(self, day: date, minute: int, asker: Staff, arrived: int | None = None) -> Now:
        here = frozenset(self.names[one] for one in self.on_shift)
        team = frozenset(one.name for one in self.working(day))
        return Now(
            day, minute, asker.name, here, arrived, frozenset({SUNDAY}), team, self.behind, tuple(self.out)
        )  # fmt: skip

    def working(self, day: date) -> list[Staff]:
        """Return who works for the shop on a day."""
        sam, ana, bea, cleo, dee = self.team
        return [sam, ana, bea, *([cleo] if day < CLEO_LEAVES else []), *([dee] if day >= DEE_STARTS else [])]

    def acting(self, by: Staff, day: date, minute: int) -> Acting:
        return lambda kind, **data: self.act(kind, by, day, minute, **data)

    def act(
        self, kind: str, by: Staff, day: date, minute: int, shop: Shop | None = None, /, **data: Any
    ) -> dict[str, Any]:
        self.at(self.shop.at(day, minute))
        self.number += 1
        answer = perform(Act(str(UUID(int=self.number)), kind, clock.now(), data), by, shop or self.shop)
        assert answer.done, (kind, data, answer.reason)
        return answer.result or {}


def lived(years: TwoYears, days: Callable[[int], bool], lists: int) -> TwoYears:
    """Return the years, lived on those days that are wanted; every so many of these has a list by habit."""
    count = 0
    for n in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=n)
        if day.weekday() == SUNDAY:
            continue
        with db.atomic():  # one commit a day: what is tested is not the disk
            if days(n):
                count += 1
                years.live(day, really=count % lists == 0)
            else:
                years.pass_over(day)
    return years


def settle(years: TwoYears, people: int) -> None:
    assert years.complaints == []
    if people == 100:
        missing = set(RULES) - set(years.offered)
        assert not missing, "every rule had something to say in two years of a hundred people"
    for guest in years.guests:
        days = [day for day, *_ in guest.life.said]
        assert len(days) == len(set(days)), "one prompt a visit at most"
        stored = Visit.select(Visit.day).where(
            (Visit.customer == guest.customer.id) & (Visit.shop == years.shop.id) & Visit.prompt.is_null(False)
        )
        assert sorted(day for (day,) in stored.tuples()) == sorted(days)


def table(years: TwoYears) -> str:
    """Return how often each of the prompts was offered, said and skipped, in the order of docs/prompts.md."""
    rows = ["| prompt | offered | said | skipped |", "|---|---|---|---|"]
    for name in RULES:
        said, skipped = (years.outcomes[name, outcome] for outcome in ("said", "skipped"))
        rows.append(f"| `{name}` | {years.offered[name]} | {said} | {skipped} |")
    return "\n".join([*rows, f"{years.visits} visits, {sum(years.offered.values())} with words"])


class TestTwoYears:
    def test_with_a_hundred_customers_holds_no_untrue_sentence(self, shop, at, engine):
        """The end of each quarter is lived; on PostgreSQL with fewer customers."""
        people = 100 if engine == "sqlite" else 10
        settle(lived(TwoYears(shop, at, seed=20261124, people=people), lambda n: n % 91 >= LIVED, lists=30), people)

    @pytest.mark.full
    @pytest.mark.parametrize("seed", [1, 2])
    def test_lived_day_by_day_holds_none_either(self, shop, at, seed):
        years = lived(TwoYears(shop, at, seed=seed, people=100), lambda n: True, lists=20)
        print(f"\nSeed {seed}\n{table(years)}")
        settle(years, 100)
