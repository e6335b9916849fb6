"""The table: every measure with its bar, measured now. What each means stands in docs/performance.md."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import arrivals, browser, counting, nights, pages, running, searching, together, trouble
from benchmarks.processes import NotHere
from benchmarks.stand import Figure, Stand

Bar = tuple[str, float]
HOLDS: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True)
class Row:
    """One measure: what is looked at, the bar for each of its figures, their unit in words, and who measures it."""

    work: str
    bars: tuple[Bar, ...]
    unit: str
    measure: Callable[[Stand], Figure]
    long: bool = False  # takes so long that it is measured only when asked for by name

    @property
    def bar(self) -> str:
        return " / ".join(f"{sign} {number:g}" for sign, number in self.bars) + (f" {self.unit}" if self.unit else "")

    def is_met(self, figure: Figure) -> bool | None:
        """Say whether a figure reaches its bar; None where nothing was measured."""
        if figure.value is None:
            return None
        values = figure.value if isinstance(figure.value, list) else [figure.value]
        return not figure.fault and all(
            HOLDS[sign](value, number) for value, (sign, number) in zip(values, self.bars, strict=True)
        )


def at_most(*numbers: float) -> tuple[Bar, ...]:
    return tuple(("<=", number) for number in numbers)


def at_least(number: float) -> tuple[Bar, ...]:
    return ((">=", number),)


ROWS = {
    "P1": Row("today, nothing changed: CPU a request", at_most(1.8), "x hello", pages.unchanged),
    "P2": Row("today's poll, nothing new: CPU a request", at_most(1.5), "x hello", pages.poll),
    "P3": Row("today, first after a write: waiting time", at_most(3.5), "x hello", pages.after_a_write),
    "P4": Row("check-in returning its row: CPU a request", at_most(3.5), "x hello, one durable commit", arrivals.cost),
    "P5": Row("check-ins against bare durable inserts", at_least(4), "%", arrivals.one_after_another),
    "P6": Row("search, two or three letters: waiting time", at_most(2.5), "x hello", searching.as_you_type),
    "P7": Row("search, 100,000 people against 10,000", at_most(1.5), "x", searching.among_more),
    "P8": Row("a card with 200 visits and 30 notes: waiting time", at_most(6), "x hello", pages.card),
    "P9": Row("every page, 1,000,000 visits against 10,000", at_most(1.2), "x", pages.growth),
    "P10": Row(
        "300 phones, 20 changes a second: seen, delay, one core",
        ((">=", 100), ("<=", together.EVERY_S / 2 + 0.15), ("<=", 25)),
        "% / s / %",
        together.seen_on_the_others,
    ),
    "P11": Row("other requests meanwhile: waiting time", at_most(2), "x alone, none refused", together.meanwhile),
    "P12": Row("today's page as it is sent", at_most(14.6), "KB", pages.weight),
    "P13": Row(
        "first load: without fonts, requests, fonts", at_most(45, 6, 70), "KB / requests / KB", browser.first_load
    ),
    "P14": Row("the installed app opened again, unchanged", at_most(4, 2), "KB / requests", browser.opened_again),
    "P15": Row("a slow phone: LCP, TBT, CLS", at_most(1.2, 50, 0.02), "s / ms", browser.steadiness),
    "P16": Row("import of 1,000,000 visits against the shell's", at_least(45), "%", running.taking_in),
    "P17": Row("start to first page, 1,000,000 visits", at_most(4), "x hello", running.first_page),
    "P18": Row("memory after 1,000 mixed requests", at_most(1.6), "x hello", running.memory),
    "P19": Row("questions to the database: today, card, check-in", at_most(3, 5, 4), "", counting.questions),
    "P20": Row("a night with 1,000,000 visits: CPU", at_most(3), "x a bare read", nights.one_more_night),
    "P21": Row("a night with 10,000,000 visits: CPU, memory", at_most(60, 300), "s / MB", nights.night_of_many, True),
    "P22": Row("learning all of 10,000,000 visits anew", at_most(120, 300), "s / MB", nights.anew, True),
    "P23": Row("the list after one late visit, 10,000,000", at_most(50, 10), "ms / x 100,000", nights.late_visit, True),
    "P24": Row("a night, ten times as many people", at_most(12), "x", nights.growth, True),
    "P25": Row(
        "a card while the mail server hangs: waiting time",
        at_most(1.3),
        "x while nothing is sent",
        trouble.beside_a_silent_server,
    ),
}


def measured(names: Sequence[str], kept: Path, quick: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the rows of these names, measured one after the other; where none is named, all but the long ones."""
    with Stand(kept, quick) as stand:
        for name in names or [name for name, row in ROWS.items() if not row.long]:
            row = ROWS[name]
            try:
                figure, failed = row.measure(stand), False
            except NotHere as why:
                figure, failed = Figure(None, str(why)), False
            except Exception as error:  # one measure that breaks must not be the last one
                figure, failed = Figure(None, fault=f"{type(error).__name__}: {error}".splitlines()[0]), True
            told = _told(name, row, figure)
            yield {**told, "ok": False} if failed else told


def _told(name: str, row: Row, figure: Figure) -> dict[str, Any]:
    value = figure.value
    rounded = [_short(each) for each in value] if isinstance(value, list) else None if value is None else _short(value)
    note = ". ".join(
        filter(None, (figure.fault.rstrip("."), f"{row.work}: {figure.note}" if figure.note else row.work))
    )
    return {"id": name, "value": rounded, "bar": row.bar, "ok": row.is_met(figure), "note": note}


def _short(value: float) -> float:
    return float(f"{value:.3g}") if abs(value) < 1000 else round(value)


def as_text(row: dict[str, Any]) -> str:
    """Return one measured row as a line of the table."""
    value = row["value"]
    figures = (
        "-" if value is None else " / ".join(f"{each:g}" for each in (value if isinstance(value, list) else [value]))
    )
    word = {True: "met", False: "MISSED", None: "-"}[row["ok"]]
    return f"{row['id']:4} {word:7} {figures:>18}   {row['bar']:34} {row['note']}"
