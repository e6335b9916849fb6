"""S16: two colleagues see the same person come in, within the same-visit window: one visit, both named."""

from datetime import timedelta

import clock
from models import Visit


class TestTwoColleaguesNotice:
    def test_two_taps_on_two_phones_are_one_visit_seen_by_both(self, phone, other_phone, rosa):
        first = phone.act("visit.create", customer=str(rosa.id))
        second = other_phone.act("visit.create", customer=str(rosa.id))
        assert first["result"]["joined"] is False
        told = {"by": "Sam", "at": "2026-11-24T08:12:00+00:00"}
        assert second["result"] == {"visit": first["result"]["visit"], "joined": True, **told}
        assert rosa.visits.count() == 1
        assert rosa.visits.get().seen_by == ["Sam", "Ana"]
        assert "Seen by Sam and Ana" in phone.get("/today").text

    def test_after_the_window_it_is_another_visit(self, phone, other_phone, rosa, at):
        phone.act("visit.create", customer=str(rosa.id))
        at(clock.now() + timedelta(minutes=91))
        other_phone.act("visit.create", customer=str(rosa.id))
        assert rosa.visits.count() == 2

    def test_the_window_is_a_setting(self, phone, other_phone, rosa, shop, at):
        shop.same_visit_minutes = 10
        shop.save()
        phone.act("visit.create", customer=str(rosa.id))
        at(clock.now() + timedelta(minutes=11))
        other_phone.act("visit.create", customer=str(rosa.id))
        assert rosa.visits.count() == 2

    def test_a_tap_that_reaches_us_late_but_came_first_gives_the_visit_its_time(self, phone, other_phone, rosa, at):
        earlier = clock.now() - timedelta(minutes=30)
        phone.act("visit.create", customer=str(rosa.id))
        told = other_phone.act("visit.create", at=earlier, customer=str(rosa.id))
        assert told["result"]["joined"] is True
        assert rosa.visits.get().at == earlier

    def test_taking_back_one_tap_leaves_the_colleagues(self, phone, other_phone, rosa):
        visit = phone.act("visit.create", customer=str(rosa.id))["result"]["visit"]
        other_phone.act("visit.create", customer=str(rosa.id))
        assert phone.act("visit.undo", visit=visit)["status"] == "applied"
        assert rosa.visits.get().seen_by == ["Ana"]
        other_phone.act("visit.undo", visit=visit)
        assert rosa.visits.count() == 0

    def test_midnight_parts_two_days_even_within_the_window(self, phone, rosa, shop, at):
        at(shop.at(shop.today(), 23 * 60 + 50))
        phone.act("visit.create", customer=str(rosa.id))
        at(clock.now() + timedelta(minutes=20))
        phone.act("visit.create", customer=str(rosa.id))
        assert Visit.select(Visit.day).distinct().count() == 2
