"""Everybody sees when reminders do not go out, on every page, at no cost to Today."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

import sending
from tests.conftest import TUESDAY, counted_queries

BANNER = 'data-testid="scheduler-banner"'
PAGES = ("/today", "/find", "/promises", "/shift")


@pytest.fixture
def silent(monkeypatch):
    """Return a function that lets the sender have been silent for so long."""
    monkeypatch.setattr(sending, "pulses", {})

    def since(**ago):
        felt = time.monotonic() - sending.SETTLED_S - 1
        for lane in sending.LANES:
            sending.pulses[lane] = sending.Pulse(TUESDAY - timedelta(**ago), felt)

    return since


class TestTheBanner:
    @pytest.mark.parametrize("path", PAGES)
    def test_stands_on_every_page_after_three_minutes(self, phone, silent, path):
        silent(seconds=179)
        assert BANNER not in phone.get(path).text
        silent(minutes=3)
        page = phone.get(path).text
        assert page.count(BANNER) == 1
        assert "Reminders have not gone out since 8:09. Ring those who are due" in page

    def test_names_the_day_where_it_was_another(self, phone, silent):
        silent(days=1)
        assert "since yesterday, 8:12" in phone.get("/find").text

    def test_comes_to_an_open_page_with_its_next_poll_and_goes_with_another(self, phone, silent):
        silent(minutes=1)
        tag = phone.get("/today").headers["HX-PTag"]
        assert phone.get("/today", headers={"HX-PTag": tag}).status_code == 304
        silent(minutes=4)
        polled = phone.get("/today", headers={"HX-PTag": tag, "HX-Request": "true"})
        assert BANNER in polled.text
        silent(minutes=0)
        back = phone.get("/today", headers={"HX-PTag": polled.headers["HX-PTag"], "HX-Request": "true"})
        assert (back.status_code, BANNER in back.text) == (200, False)

    def test_asks_the_database_nothing(self, phone, silent):
        silent(minutes=1)
        phone.get("/today")
        with counted_queries() as well:
            phone.get("/today")
        silent(minutes=5)
        phone.get("/today")
        with counted_queries() as ill:
            assert BANNER in phone.get("/today").text
        assert len(ill) == len(well)

    def test_is_not_for_those_who_are_not_signed_in(self, server, shop, silent):
        silent(hours=1)
        assert BANNER not in server.test_client().get("/sign-in").text

    def test_does_not_come_of_a_clock_that_jumps(self, phone, silent, monkeypatch):
        silent(hours=5)
        for lane in sending.LANES:
            sending.pulses[lane] = sending.Pulse(TUESDAY - timedelta(hours=5), time.monotonic())
        assert BANNER not in phone.get("/find").text

    def test_does_not_come_where_another_server_sends(self, phone, silent):
        silent(minutes=9)
        sending.pulses["elsewhere"] = sending.Pulse(TUESDAY - timedelta(seconds=10), time.monotonic())
        assert BANNER not in phone.get("/find").text
        sending.pulses["elsewhere"] = sending.Pulse(TUESDAY - timedelta(minutes=5), time.monotonic() - 60)
        assert BANNER in phone.get("/find").text

    def test_comes_where_one_lane_alone_hangs(self, phone, silent):
        silent(minutes=9)
        sending.feel("sms")
        assert "since 8:03" in phone.get("/find").text
