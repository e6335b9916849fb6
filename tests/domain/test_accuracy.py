"""How good the lists are, from the tallies of the last four weeks."""

from datetime import timedelta

import pytest

from domain.accuracy import accuracy
from models import DayTally
from tests.conftest import TUESDAY

TODAY = TUESDAY.date()


def tally(shop, back, expected=4.5, came=4, first=3, bands=None):
    bands = bands or [[10, 0.5, 1], *([[0, 0.0, 0]] * 7), [5, 4.0, 3], [0, 0.0, 0]]
    DayTally.create(
        shop=shop, day=TODAY - timedelta(days=back), people=15, expected=expected, came=came, first=first,
        bands=bands,
    )  # fmt: skip


class TestAccuracy:
    def test_sums_the_days_of_four_weeks_and_no_more(self, shop):
        for back in (1, 5, 6, 7, 8, 9, 28):
            tally(shop, back)
        for back in (29, 60):
            tally(shop, back, expected=1000, came=1000, first=1000)
        told = accuracy(shop, TODAY)
        assert told is not None
        assert (told.days, told.expected, told.came, told.first, told.of_ten) == (7, 31.5, 28, 21, 8)
        assert [(band.low, band.times, band.came) for band in told.bands] == [(0, 70, 7), (80, 35, 21)]

    @pytest.mark.parametrize(
        ("days", "came"), [(6, 40), (7, 2), (0, 0)], ids=["a week less a day", "hardly anybody", "nothing"]
    )
    def test_says_nothing_of_too_little(self, shop, days, came):
        for back in range(1, days + 1):
            tally(shop, back, came=came, first=0)
        assert accuracy(shop, TODAY) is None

    def test_of_another_shop_is_not_ours(self, shop):
        other = type(shop).create(business=shop.business, name="Other")
        for back in range(1, 20):
            tally(other, back)
        assert accuracy(shop, TODAY) is None
