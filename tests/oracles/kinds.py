"""Shops of kinds that the development data do not have: invented people with a habit each, always the same for a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

MONDAY = date(2024, 1, 1)
LENGTH = 320  # days
CLOSED = range(230, 244)  # for a holiday
Days = dict[date, dict[str, int]]
Comes = Callable[[int, random.Random], bool]


def cafe(chance: random.Random) -> Comes:
    """Return a daily: on days of the week of their own, nearly always, and elsewise hardly ever."""
    days, often = set(chance.sample(range(7), chance.randrange(2, 6))), chance.uniform(0.4, 0.97)
    return lambda t, luck: luck.random() < (often if t % 7 in days else 0.03)


def gym(chance: random.Random) -> Comes:
    """Return somebody of Monday, Wednesday and Friday, or of Tuesday and Thursday."""
    days, often = chance.choice([(0, 2, 4), (1, 3), (0, 1, 2, 3, 4)]), chance.uniform(0.5, 0.95)
    return lambda t, luck: luck.random() < (often if t % 7 in days else 0.02)


def every(low: int, high: int, spread: float) -> Callable[[random.Random], Comes]:
    """Return somebody who comes every so many days, on working days: of a salon, of a clinic."""

    def one(chance: random.Random) -> Comes:
        period = chance.randrange(low, high + 1)
        due = [chance.uniform(0, period)]

        def comes(t: int, luck: random.Random) -> bool:
            if t < due[0] or t % 7 > 4:
                return False
            due[0] = t + max(7, luck.gauss(period, spread))
            return True

        return comes

    return one


KINDS: dict[str, tuple[Callable[[random.Random], Comes], int]] = {
    "cafe": (cafe, 50),
    "gym": (gym, 50),
    "salon": (every(28, 56, 4), 100),
    "clinic": (every(84, 98, 5), 150),
}


def shop(kind: str, seed: int, length: int = LENGTH) -> Days:
    """Return the days of a shop of a kind: who came, and at what minute; closed for two weeks in its eighth month."""
    chance = random.Random(f"{kind} {seed}")
    make, count = KINDS[kind]
    people = [(f"g{i}", make(chance), chance.randrange(0, 120), chance.randrange(420, 1140)) for i in range(count)]
    days: Days = {}
    for t in range(length):
        if t in CLOSED:
            continue
        came = {
            name: minute + chance.randrange(-20, 20)
            for name, comes, begins, minute in people
            if t >= begins and comes(t, chance)
        }
        if came:
            days[MONDAY + timedelta(days=t)] = came
    return days
