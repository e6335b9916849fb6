"""The owner's settings: each field kept when it is good, and told in words, as it was typed, when it is not."""

import re
from datetime import date, timedelta

import pytest

import clock
from domain import expected
from domain.lines import lines
from models import Appointment, CustomField, DayList, Shop, Visit
from tests.conftest import TUESDAY, came, someone

GOOD = {"name": "Fenwick Road Coffee", "zone": "Europe/London", "called": "guest", "same_visit_minutes": "90"}


def hours(**changes):
    """Return a form's hours: 8 to 18 every day, but for changes such as opens_1."""
    every = {f"{end}_{day}": time for day in range(7) for end, time in (("opens", "08:00"), ("closes", "18:00"))}
    rows = {f"{name}_{name[-1]}": time for name, time in {**every, **changes}.items()}
    return {"hours": [f"{day}_{day}" for day in range(7)], **rows}


def only(**changes):
    """Return a form's hours of which nothing but the changes is written."""
    return hours(**{f"{end}_{day}": "" for day in range(7) for end in ("opens", "closes")} | changes)


TODAY = date(2026, 11, 24)


def keep(desk, **changes):
    return desk.post("/settings", {**GOOD, **changes})


class TestEachField:
    @pytest.mark.parametrize(
        ("changes", "field", "kept"),
        [
            pytest.param({"name": "  Corner Café "}, "name", "Corner Café", id="a name"),
            pytest.param({"name": "قهوة الزاوية"}, "name", "قهوة الزاوية", id="a name in another script"),
            pytest.param({"zone": "America/New_York"}, "zone", "America/New_York", id="a zone"),
            pytest.param({"called": "patient"}, "called", "patient", id="what they are called"),
            pytest.param({"same_visit_minutes": " 0 "}, "same_visit_minutes", 0, id="no window"),
            pytest.param({"same_visit_minutes": "720"}, "same_visit_minutes", 720, id="the longest window"),
            pytest.param(hours(), "hours", [["08:00", "18:00"]] * 7, id="hours every day"),
            pytest.param(
                only(opens_1="08:30", closes_1="24:00"),
                "hours",
                [None, ["08:30", "24:00"], *[None] * 5],
                id="open on Tuesdays only",
            ),
            pytest.param(only(opens_1="  ", closes_1=""), "hours", None, id="hours left empty are not told"),
        ],
    )
    def test_is_kept(self, desk, shop, changes, field, kept):
        answer = keep(desk, **changes)
        assert answer.status_code == 303
        assert getattr(Shop.get_by_id(shop.id), field) == kept
        assert re.search("Kept|changes are kept", desk.get(answer.location).text)

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            pytest.param({"name": ""}, "A shop needs a name.", id="no name"),
            pytest.param({"name": "   "}, "A shop needs a name.", id="a name of spaces"),
            pytest.param({"name": "Second Street"}, "Another of your shops has this name.", id="a name that is taken"),
            pytest.param({"zone": "Europe/Nowhere"}, "Pick a time zone from the list.", id="no such zone"),
            pytest.param({"zone": "../../etc/passwd"}, "Pick a time zone from the list.", id="a zone that is a path"),
            pytest.param({"zone": ""}, "Pick a time zone from the list.", id="no zone"),
            pytest.param({"called": "punter"}, "Pick one of the words.", id="another word"),
            pytest.param(
                {"same_visit_minutes": "721"}, "Write a number of minutes from 0 to 720.", id="a window too long"
            ),
            pytest.param(
                {"same_visit_minutes": "-1"}, "Write a number of minutes from 0 to 720.", id="a window below nothing"
            ),
            pytest.param(
                {"same_visit_minutes": "ninety"}, "Write a number of minutes from 0 to 720.", id="a window in words"
            ),
            pytest.param(
                {"same_visit_minutes": "9" * 400}, "Write a number of minutes from 0 to 720.", id="an endless window"
            ),
            pytest.param(
                only(opens_1="08:00"), "Write both times as 08:30, the earlier one first.", id="opening without closing"
            ),
            pytest.param(
                only(opens_1="18:00", closes_1="08:00"),
                "Write both times as 08:30, the earlier one first.",
                id="hours backwards",
            ),
            pytest.param(
                only(opens_1="08:00", closes_1="08:00"),
                "Write both times as 08:30, the earlier one first.",
                id="open for no time",
            ),
            pytest.param(
                only(opens_1="8 am", closes_1="6 pm"),
                "Write both times as 08:30, the earlier one first.",
                id="hours in words",
            ),
            pytest.param(
                only(opens_6="08:00", closes_6="25:00"),
                "Write both times as 08:30, the earlier one first.",
                id="an hour too many",
            ),
        ],
    )
    def test_that_is_not_good_is_told_and_nothing_is_kept(self, desk, shop, changes, sentence):
        Shop.create(business=shop.business, name="Second Street")
        before = Shop.select().order_by(Shop.id).dicts()[0]
        answer = keep(desk, **{"called": "client", **changes})
        assert answer.status_code == 422
        assert answer.text.count(sentence) == 1
        assert "Nothing was kept yet: one thing below needs another look." in answer.text
        assert Shop.select().order_by(Shop.id).dicts()[0] == before

    @pytest.mark.parametrize(
        "changes",
        [{"name": "Corner Café"}, {"zone": "America/New_York"}, {"called": "patient"}, {"same_visit_minutes": "45"},
         {"same_visit_minutes": "ninety"}, only(opens_1="8 am", closes_1="6 pm"), only(opens_3="09:15", closes_3="17:45")],
        ids=lambda changes: ", ".join(value for value in changes.values() if isinstance(value, str) and value),
    )  # fmt: skip
    def test_stays_as_it_was_typed_when_another_is_not_good(self, desk, changes):
        page = keep(desk, **{"grace_minutes": "never", **changes}).text
        for value in (*(one for one in changes.values() if isinstance(one, str)), "never"):
            assert f'value="{value}"' in page
        if "zone" in changes:
            assert '<option value="America/New_York" selected>' in page
        if "called" in changes:
            assert 'value="patient" checked' in page

    def test_left_out_stays_as_it_is(self, desk, shop):
        before = Shop.select().dicts()[0]
        assert desk.post("/settings", {}).status_code == 303
        assert Shop.select().dicts()[0] == before

    def test_we_do_not_know_is_ignored(self, desk, shop):
        assert keep(desk, role="owner", revision="0", business_id="7", preferences="{}").status_code == 303
        assert (Shop.get_by_id(shop.id).preferences, Shop.get_by_id(shop.id).business_id) == (None, shop.business_id)

    def test_of_a_name_too_long_is_cut_to_a_hundred_letters(self, desk, shop):
        keep(desk, name="é" * 130)
        assert Shop.get_by_id(shop.id).name == "é" * 100


class TestThePage:
    def test_shows_what_is_kept(self, desk, shop):
        keep(desk, **hours(opens_2="", closes_2=""), same_visit_minutes="45", zone="Asia/Kathmandu")
        page = desk.get("/settings").text
        assert 'name="opens_0_1" value="08:00"' in page
        assert 'name="opens_2_2" value=""' in page
        assert 'name="opens_3_6" value="08:00"' in page
        assert '<option value="Asia/Kathmandu" selected>' in page
        assert 'value="45"' in page
        assert "It is 13:57 on Tuesday there." in page

    def test_keeps_a_zone_it_would_not_offer(self, desk, shop):
        Shop.update(zone="UTC").execute()
        assert '<option value="UTC" selected>' in desk.get("/settings").text
        assert keep(desk, zone="UTC").status_code == 303

    def test_tells_the_other_phones(self, desk, shop):
        before = Shop.get_by_id(shop.id).revision
        keep(desk)
        assert Shop.get_by_id(shop.id).revision > before

    def test_does_not_count_back_what_another_phone_counted_up(self, desk, shop, monkeypatch):
        monkeypatch.setattr(
            Shop, "save", lambda self, *a, save=Shop.save, **k: (shop.changed(), save(self, *a, **k))[1]
        )
        before = Shop.get_by_id(shop.id).revision
        keep(desk)
        assert Shop.get_by_id(shop.id).revision >= before + 2


class TestAnotherZone:
    def test_moves_visits_and_appointments_to_their_right_day(self, desk, shop, rosa):
        at = shop.at(TODAY, 23 * 60 + 30)
        Visit.create(customer=rosa, shop=shop, day=TODAY, at=at)
        Appointment.create(customer=rosa, shop=shop, day=TODAY, starts_at=at)
        keep(desk, zone="Pacific/Auckland")
        assert (Visit.get().day, Visit.get().at) == (TODAY + timedelta(days=1), at)
        assert (Appointment.get().day, Appointment.get().starts_at) == (TODAY + timedelta(days=1), at)
        keep(desk, zone="Europe/London")
        assert Visit.get().day == Appointment.get().day == TODAY

    def test_leaves_another_shops_days_alone(self, desk, shop, rosa):
        second = Shop.create(business=shop.business, name="Second Street", zone="Europe/London")
        Visit.create(customer=rosa, shop=second, day=TODAY, at=shop.at(TODAY, 23 * 60 + 30))
        keep(desk, zone="Pacific/Auckland")
        assert Visit.get().day == TODAY

    def test_makes_the_lists_anew(self, desk, shop, rosa):
        came(rosa, shop, *[TODAY - timedelta(days=back) for back in range(1, 60)], minute=8 * 60 + 30)
        expected.day_list(shop, TODAY)
        keep(desk, zone="America/New_York")
        fresh = Shop.get_by_id(shop.id)
        line = next(line for line in lines(fresh, fresh.today(), clock.now()) if line.customer == rosa)
        assert line.around == 3 * 60 + 30


class TestHours:
    def test_of_a_closed_weekday_list_nobody_by_habit(self, desk, shop, rosa):
        came(rosa, shop, *[TODAY - timedelta(days=back) for back in range(1, 60)])
        keep(desk, **hours())
        assert str(rosa.id) in desk.rows()
        keep(desk, **hours(opens_1="", closes_1=""))
        assert desk.rows() == {}
        assert DayList.get(DayList.day == TODAY).expected.count() == 0

    def test_of_a_closed_weekday_keep_those_who_are_booked_and_those_who_came(self, desk, phone, shop, rosa, okafor):
        keep(desk, **hours(opens_1="", closes_1=""))
        Appointment.create(customer=rosa, shop=shop, day=TODAY, starts_at=TUESDAY + timedelta(hours=1))
        phone.act("visit.create", customer=str(okafor.id))
        assert list(desk.rows()) == [str(rosa.id)]
        assert "Mr Okafor" in desk.get("/today").text


class TestTheWord:
    @pytest.mark.parametrize("window", ["0", "30"])
    def test_and_the_window_hold_from_the_next_arrival(self, desk, phone, shop, rosa, at, window):
        keep(desk, same_visit_minutes=window)
        phone.act("visit.create", customer=str(rosa.id))
        at(TUESDAY + timedelta(minutes=31))
        phone.act("visit.create", customer=str(rosa.id))
        assert rosa.visits.count() == 2

    def test_names_one_of_the_shop_asked_for(self, desk, shop):
        second = Shop.create(business=shop.business, name="Second Street", zone="Europe/London")
        desk.post(f"/settings?shop={second.id}", {**GOOD, "name": "Third Street"})
        assert [s.name for s in Shop.select().order_by(Shop.id)] == ["Fenwick Road Coffee", "Third Street"]

    def test_is_changed_by_nobody_else(self, phone, shop):
        assert keep(phone, name="Mine now").status_code == 404
        assert Shop.get_by_id(1).name == "Fenwick Road Coffee"


def test_a_visit_of_a_shop_that_moved_zone_and_back_is_listed_once(desk, phone, shop):
    one = someone(shop, "Ada")
    phone.act("visit.create", customer=str(one.id))
    for zone in ("Pacific/Kiritimati", "Europe/London"):
        keep(desk, zone=zone)
    assert desk.get("/today").text.count(f'id="p-{one.id}"') == 1


class TestLanguageAndTone:
    @pytest.mark.parametrize("tone", ["plain", "warm", "playful"])
    @pytest.mark.parametrize("language", ["en", "es"])
    def test_are_kept(self, desk, shop, language, tone):
        assert keep(desk, language=language, tone=tone).status_code == 303
        kept = Shop.get_by_id(shop.id)
        assert (kept.language, kept.tone) == (language, tone)
        page = desk.get("/settings").text
        assert f'name="language" value="{language}" checked' in page
        assert f'name="tone" value="{tone}" checked' in page

    def test_are_warm_english_until_chosen(self, desk):
        page = desk.get("/settings").text
        assert 'name="language" value="en" checked' in page
        assert 'name="tone" value="warm" checked' in page

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"language": "tlh"}, "Pick one of the languages."),
            ({"language": ""}, "Pick one of the languages."),
            ({"tone": "stern"}, "Pick one of the tones."),
            ({"tone": ""}, "Pick one of the tones."),
        ],
    )
    def test_we_do_not_have_are_told_and_nothing_is_kept(self, desk, shop, changes, sentence):
        answer = keep(desk, name="Corner Café", **changes)
        assert answer.status_code == 422
        assert answer.text.count(sentence) == 1
        kept = Shop.get_by_id(shop.id)
        assert (kept.name, kept.language, kept.tone) == ("Fenwick Road Coffee", "en", "warm")

    def test_stay_where_a_form_does_not_ask_for_them(self, desk, shop):
        keep(desk, language="es", tone="playful")
        keep(desk, name="Corner Café")
        kept = Shop.get_by_id(shop.id)
        assert (kept.name, kept.language, kept.tone) == ("Corner Café", "es", "playful")

    def test_show_a_sentence_in_the_tone(self, desk):
        page = desk.get("/settings").text
        assert "Third Tuesday in a row. <b>Thank her for coming back.</b>" in page
        keep(desk, tone="playful")
        assert "Thank her before we get smug." in desk.get("/settings").text

    def test_are_seen_on_every_phone_at_once(self, desk, phone, shop, rosa):
        came(rosa, shop, *[TODAY - timedelta(days=back) for back in (7, 14)])
        keep(desk, tone="warm")
        assert "Thank her for coming back." in phone.get("/today").text
        keep(desk, tone="playful")
        assert "Thank her before we get smug." in phone.get("/today").text
        keep(desk, language="es")
        page = phone.get("/today").text
        assert "Dale las gracias antes de que nos lo creamos." in page
        assert "Thank her" not in page

    def test_of_a_language_we_no_longer_have_can_be_left(self, desk, shop):
        Shop.update(language="tlh").execute()
        assert keep(desk, name="Corner Café").status_code == 303
        assert keep(desk, language="es").status_code == 303


class TestAFieldOfTheShopsOwn:
    def told(self, desk, answer):
        assert answer.status_code == 303
        return desk.get(answer.location.partition("#")[0]).text

    def test_removed_is_brought_back_from_the_toast_with_all_that_was_told(self, desk, rosa):
        added = self.told(desk, desk.post("/settings/fields", {"name": "Bus they take"}))
        assert "Bus they take is on every card." in added
        field = CustomField.get(CustomField.kind == "text")
        desk.act("customer.tell", customer=str(rosa.id), field=str(field.id), text="The 38")
        page = self.told(desk, desk.post(f"/settings/fields/{field.id}/remove"))
        assert "Bus they take is removed. What was told is kept." in page
        toast = page.partition('id="toast"')[2].partition("</div>")[0]
        [to], [name] = re.findall(r'action="([^"]+)"', toast), re.findall(r'name="name" value="([^"]+)"', toast)
        assert desk.post(to, {"name": name}).status_code == 303
        assert CustomField.get_by_id(field.id).removed_at is None
        assert "The 38" in desk.get(f"/customers/{rosa.id}").text

    def test_just_added_is_taken_off_again_from_the_toast(self, desk):
        page = self.told(desk, desk.post("/settings/fields", {"name": "Bus they take"}))
        toast = page.partition('id="toast"')[2].partition("</div>")[0]
        [to] = re.findall(r'action="([^"]+)"', toast)
        assert desk.post(to).status_code == 303
        assert CustomField.get().removed_at is not None

    @pytest.mark.parametrize(
        "name", ["Religion", "Diagnosis", "Food, for medical reasons", "Orientation", "Estado civil", "Pregnant"]
    )
    def test_that_asks_everybody_for_what_is_theirs_to_tell_is_asked_about_first(self, desk, name):
        asked = desk.post("/settings/fields", {"name": name})
        assert asked.status_code == 422
        assert "is theirs to tell" in asked.text
        assert f'value="{name}"' in asked.text
        assert not CustomField.select().exists()
        assert desk.post("/settings/fields", {"name": f"{name} ", "keep": "Bus they take"}).status_code == 422
        assert desk.post("/settings/fields", {"name": name, "keep": name}).status_code == 303
        assert CustomField.get().name == name

    @pytest.mark.parametrize("name", ["Bus they take", "Shoe size", "Favourite mug", "Car"])
    def test_that_helps_is_added_at_once(self, desk, name):
        assert desk.post("/settings/fields", {"name": name}).status_code == 303

    @pytest.mark.parametrize("what", ["removed=99", "removed=x", "added=", "removed=1"])
    def test_that_is_none_or_stands_otherwise_tells_nothing(self, desk, shop, what):
        CustomField.create(business=shop.business, name="Bus they take")
        page = desk.get(f"/settings?{what}").text
        assert 'data-testid="toast-undo"' not in page


def test_what_is_agreed_stays_where_it_is_on_the_wall_when_the_zone_changes(desk, phone, shop, rosa):
    phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-24T15:00")
    keep(desk, zone="America/New_York")
    assert "<time>3:00 PM</time>" in phone.rows()[str(rosa.id)]
    assert Appointment.get().starts_at.hour == 20
