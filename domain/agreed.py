"""What is agreed with somebody from today on: what stands, what was called off and could stand again, what ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import JOIN, fn

from domain.appointments import last_day
from domain.lines import gathered
from models import Appointment, Calendar, CalendarEntry, Customer, Prepared, Series, Shop, instant_of, parsed


@dataclass(frozen=True, slots=True)
class Agreed:
    """Appointments from today on, earliest first, each with its series and the calendar it `came_from`; and the series that
    ended and could go on."""

    ahead: tuple[Appointment, ...]
    cancelled: tuple[Appointment, ...]
    ended: tuple[Series, ...]

    def __bool__(self) -> bool:
        return bool(self.ahead or self.cancelled or self.ended)


OF_SERIES = ("first", "every_weeks", "weekdays", "until", "times", "ended_on")
OF_ONE = (
    "starts_at", "ends_at", "with_whom", "service", "state", "with_state", "slot", "grace_minutes", "late_minutes",
    "confirmed_at", "confirmed_how", "reply",
)  # fmt: skip
AGREED = ("id", *OF_ONE, "series_number", *OF_SERIES, "came_from")
INSTANTS = ("starts_at", "ends_at", "confirmed_at")


def agreed_rows() -> Any:
    """Return the query for what is agreed with the customer of a query around it at ``:shop``, from ``:day`` on."""
    one = (getattr(Appointment, name) for name in OF_ONE)
    theirs = (Appointment.customer == Customer.id) & (Appointment.shop == ":shop") & (Appointment.day >= ":day")
    whence = (
        CalendarEntry.select(fn.MAX(Calendar.name))
        .join(Calendar)
        .where((CalendarEntry.appointment == Appointment.id) & Appointment.author.is_null())
    )
    return (
        Appointment.select(
            Appointment.id,
            *one,
            Series.id.alias("series_number"),
            *(getattr(Series, name) for name in OF_SERIES),
            whence.alias("came_from"),
        )
        .join(Series, JOIN.LEFT_OUTER)
        .where(theirs & Appointment.state.in_(("booked", "cancelled")))
        .order_by(Appointment.starts_at)
    )


def agreed_from(rows: list[list[Any]], customer: Customer) -> Agreed:
    """Return what is agreed from the values that `agreed_rows` gathered."""
    ahead, cancelled, ended = [], [], dict[int, Series]()
    for row in rows:
        number, *values, came_from = row
        told = dict(zip(OF_ONE, values, strict=False))
        told |= {name: instant_of(told[name]) for name in INSTANTS}
        series = _series(dict(zip(AGREED[-len(OF_SERIES) - 2 : -1], values[len(OF_ONE) :], strict=True)), customer)
        one = Appointment(id=number, customer=customer, series=series, **told)
        one.came_from = came_from or ""  # the name of a calendar of somebody's
        if one.state == "booked":
            ahead.append(one)
        elif series is not None and series.ended_on and one.with_state:
            ended[series.id] = series
        elif not one.with_state:
            cancelled.append(one)
    return Agreed(tuple(ahead), tuple(cancelled), tuple(ended.values()))


def _series(told: dict[str, Any], customer: Customer) -> Series | None:
    number = told.pop("series_number")
    days = {name: told[name] and date.fromisoformat(str(told[name])) for name in ("first", "until", "ended_on")}
    if not number:
        return None
    series = Series(id=number, customer=customer, **{**told, **days})
    series.until = last_day(series)  # so many times is told as the day on which that ends: one may have been left out
    return series


def agreed_with(customer: Customer, shop: Shop) -> Agreed:
    """Return what is agreed with one customer. One query."""
    rows = _ALONE(customer=customer.id, shop=shop.id, day=shop.today().isoformat())
    return agreed_from(parsed(rows[0][0]) or [], customer)


_ALONE = Prepared(lambda: Customer.select(gathered(agreed_rows(), *AGREED)).where(Customer.id == ":customer"))
