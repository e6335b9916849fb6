"""Many days are told as the last few, with their year where it is not this one, and how many there were before."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest

import words
from domain.trust import Booking, Facts, bucket
from words.prompts import prompt_why
from words.trust import why

TODAY = date(2026, 3, 24)


def weekly(n):
    return [(TODAY - timedelta(weeks=back)).isoformat() for back in range(n, 0, -1)]


@pytest.mark.parametrize("turned", [False, True], ids=["oldest first", "latest first"])
def test_of_twelve_days_four_are_named(turned):
    days = weekly(12)[::-1] if turned else weekly(12)
    assert words.dates(days, TODAY) == "17 March, 10 March, 3 March, 24 February and 8 before"


def test_a_day_of_another_year_has_its_year():
    days = ["2025-10-07", "2025-10-14", "2025-10-21", "2025-12-30", "2026-01-06", "2026-03-23"]
    assert words.dates(days, TODAY) == "yesterday, 6 January, 30 December 2025, 21 October 2025 and 2 before"


def test_of_five_none_is_left_out():
    assert words.dates(weekly(5), TODAY) == "17 February, 24 February, 3 March, 10 March and 17 March"


def test_why_somebody_is_often_late_names_the_last_few():
    told = prompt_why({"id": "often-a-bit-late", "dates": weekly(12), "each": list(range(1, 13))}, TODAY)
    assert told == "Minutes after the booked time: 17 March 12, 10 March 11, 3 March 10, 24 February 9 and 8 before."


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (date(2022, 12, 1), "Came on 14 days in the last two years."),
        (date(2024, 6, 3), "Came on 14 days since 3 June 2024."),
    ],
    ids=["known for longer", "known for less"],
)
def test_the_bucket_says_over_which_time_it_counts(first, told):
    facts = Facts(days=40, first=first, lately=14, bookings=(Booking(first),))
    assert told in why(bucket(facts, TODAY), SimpleNamespace(pronoun="she"), TODAY)
