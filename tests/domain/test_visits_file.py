"""A file of visits as plain values; what is refused stands in tests/test_cli.py."""

from datetime import date

from domain.visits_file import visits_of

LINES = """at,customer,shop
2026-10-02T09:30,17,north
2026-10-01T18:59:59,17,north
2026-10-02T08:12+02:00,17,north
2026-10-02 08:40,17,north

2026-10-01,18,market
"""


class TestVisitsOf:
    def test_shops_and_days_come_in_order_with_the_first_arrival_on_the_wall_clock(self, tmp_path):
        (tmp_path / "v.csv").write_text(LINES)
        found = visits_of(tmp_path / "v.csv", apart=True)
        assert list(found) == ["market", "north"]
        assert list(found["north"].items()) == [
            (date(2026, 10, 1), {"17": 18 * 60 + 59}),
            (date(2026, 10, 2), {"17": 8 * 60 + 12}),
        ]
        assert found["market"] == {date(2026, 10, 1): {"18": 0}}

    def test_taken_as_one_shop_they_are_all_there(self, tmp_path):
        (tmp_path / "v.csv").write_text(LINES)
        found = visits_of(tmp_path / "v.csv", apart=False)
        assert list(found) == [""]
        assert found[""] == {date(2026, 10, 1): {"17": 1139, "18": 0}, date(2026, 10, 2): {"17": 492}}
