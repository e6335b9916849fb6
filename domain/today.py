"""How a day reads at one moment: who is here, who is past their usual time, who is next, who comes later or any time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.lines import Line
from models import Shop

SOON = timedelta(minutes=60)  # the heading counts these
OPEN = timedelta(minutes=20)  # rows this close are open, with their words and a large button
OPEN_AT_MOST = 3
STAYS = timedelta(minutes=3)  # somebody just marked keeps their place under the finger that marked them
LONG_PAST = timedelta(minutes=90)  # after that a habit's row slides to the end of the day


@dataclass(slots=True)
class Today:
    """A day's lines, each in the one place where it is shown."""

    now: datetime  # in the shop's zone
    here: list[Line] = field(default_factory=list)
    past: list[Line] = field(default_factory=list)
    open: list[Line] = field(default_factory=list)
    later: list[Line] = field(default_factory=list)
    any_time: list[Line] = field(default_factory=list)
    soon: int = 0  # still to come within the hour
    still: int = 0  # still to come at all

    @property
    def is_empty(self) -> bool:
        return not (self.here or self.past or self.open or self.later or self.any_time)

    @property
    def next_time(self) -> datetime | None:
        """Return the time of the next person still to come after this hour, None where no time is honest."""
        times = [line_time(line, self.now) for line in self.later if not line.arrived]
        return min((time for time in times if time), default=None)


def line_time(line: Line, now: datetime) -> datetime | None:
    """Return the wall time a line stands at on the day of `now`, None for "any time"."""
    if line.appointment is not None:
        return line.at
    if line.around is None:
        return None
    return now.replace(hour=line.around // 60, minute=line.around % 60, second=0, microsecond=0)


def is_past(line: Line, shop: Shop, now: datetime) -> bool:
    """Say whether a line's time has gone by: a habit's latest usual minute, an appointment's time and the grace; but where our
    reminder failed they may not know of it, so that is looked at as soon as their time has come."""
    if line.appointment is not None:
        grace = 0 if line.lost else line.grace(shop)
        return line.at is not None and now > line.at + timedelta(minutes=grace)
    return line.until is not None and now > line.until


def arrange(lines: list[Line], shop: Shop, now: datetime) -> Today:
    """Return the day's lines in their places. `lines` as ``domain.expected.lines`` gives them; `now` is aware."""
    today = Today(now=shop.local(now))
    ahead: list[tuple[datetime, Line]] = []
    slid: list[Line] = []
    for line in lines:
        fresh = line.visit is not None and now - line.visit.at < STAYS and line.source != "walk-in"
        if line.arrived and not fresh:
            today.here.append(line)
            continue
        if not line.arrived:
            today.still += 1
        time = line_time(line, today.now)
        if time is None:
            today.any_time.append(line)
        elif not is_past(line, shop, today.now):
            ahead.append((time, line))
        elif line.source == "habit" and line.until and today.now - line.until > LONG_PAST:
            slid.append(line)
        else:
            today.past.append(line)
    today.here.sort(key=lambda line: line.visit.at if line.visit else now)
    today.past.sort(key=lambda line: line_time(line, today.now) or today.now)
    ahead.sort(key=lambda pair: pair[0])
    for time, line in ahead:
        within = time - today.now <= (OPEN if today.open else SOON)
        if within and len(today.open) < OPEN_AT_MOST and not today.later:
            today.open.append(line)
        else:
            today.later.append(line)
        if time - today.now <= SOON and not line.arrived:
            today.soon += 1
    if not today.open:
        spoken = [line for line in today.any_time if line.prompt and not line.arrived][:OPEN_AT_MOST]
        today.open = spoken
        today.any_time = [line for line in today.any_time if line not in spoken]
    today.any_time += slid
    return today
