"""Several shops of one business: people are shared, what happens in one stays there, and only members see it."""

import pytest

from models import Action, Audit, Membership, ReminderRule, Session, Shop
from tests.conftest import Phone as Hand, hire, signed_in


@pytest.fixture
def second(desk, shop):
    shop.hours, shop.called, shop.preferences = [["08:00", "15:00"]] * 7, "guest", {"closed_days": []}
    shop.save()
    answer = desk.post("/settings/shops", {"name": "Second Street", "zone": "Europe/Lisbon"})
    assert answer.status_code == 303, answer.text
    return Shop.get(Shop.name == "Second Street")


class TestAnotherShop:
    def test_begins_as_the_one_it_was_opened_from(self, second, shop):
        assert (second.business_id, second.zone, second.called) == (shop.business_id, "Europe/Lisbon", "guest")
        assert (second.hours, second.preferences) == (shop.hours, shop.preferences)
        assert ReminderRule.select().where(ReminderRule.shop == second.id).exists()
        assert [line.told for line in Audit.select().where(Audit.kind == "shop.opened")] == [{"place": second.id}]

    def test_has_settings_of_its_own_from_then_on(self, desk, second, shop):
        desk.post(f"/shops/{second.id}/enter")
        assert desk.act("setting.change", name="called", value="reader", shop=str(second.id))["status"] == "applied"
        assert (Shop.get_by_id(second.id).called, Shop.get_by_id(shop.id).called) == ("reader", "guest")

    @pytest.mark.parametrize(
        ("name", "zone", "told"),
        [
            ("", "Europe/London", "Write something first"),
            ("Fenwick Road Coffee", "Europe/London", "has this name"),
            ("Third", "Moon", "Pick a time zone"),
        ],
    )
    def test_says_what_is_wrong_with_it(self, desk, shop, name, zone, told):
        answer = desk.post("/settings/shops", {"name": name, "zone": zone})
        assert answer.status_code == 422
        assert told in answer.text
        assert Shop.select().count() == 1

    def test_is_taken_back_by_undo_while_nothing_happened_there(self, desk, second, shop):
        page = desk.get(f"/settings/shops?opened={second.id}").text
        assert f'action="/settings/shops/{second.id}/withdraw"' in page
        desk.post(f"/shops/{second.id}/enter")
        desk.post(f"/shops/{shop.id}/enter")
        assert desk.post(f"/settings/shops/{second.id}/withdraw").status_code == 303
        assert [one.id for one in Shop.select()] == [shop.id]
        assert Session.select().where(Session.ended_at.is_null()).count() == 1

    @pytest.mark.parametrize("what", ["an act", "a colleague"])
    def test_stays_once_something_happened_there(self, desk, second, shop, rosa, what):
        if what == "an act":
            desk.post(f"/shops/{second.id}/enter")
            desk.post(f"/customers/{rosa.id}/visits")
            desk.post(f"/shops/{shop.id}/enter")
            assert Action.select().where(Action.shop == second.id).exists()
        else:
            hire(second, "Eve")
        answer = desk.post(f"/settings/shops/{second.id}/withdraw")
        assert answer.status_code == 409
        assert "so it stays" in answer.text
        assert Shop.select().count() == 2

    def test_is_the_owners_to_open(self, server, shop, phone):
        for hand in (phone, signed_in(server, hire(shop, "Max", "manager"))):
            assert hand.get("/settings/shops").status_code == 404
            assert hand.post("/settings/shops", {"name": "Mine", "zone": "Europe/London"}).status_code == 404
            assert hand.act("shop.open", name="Mine")["status"] == "rejected"
        assert Shop.select().count() == 1


class TestGoingFromOneToAnother:
    def test_takes_one_tap_on_today_for_whoever_works_in_both(self, phone, second, sam):
        assert "shops__one" not in phone.get("/today").text
        Membership.create(staff=sam, shop=second)
        second.tell_the_others()
        page = phone.get("/today").text
        assert f'action="/shops/{second.id}/enter"' in page
        assert phone.post(f"/shops/{second.id}/enter").location == "/today"
        assert '<span class="shops__one" aria-current="true"><bdi>Second Street</bdi>' in phone.get("/today").text

    def test_is_offered_as_soon_as_the_team_page_says_so(self, server, desk, phone, second, shop, sam):
        phone.get("/today")
        desk.post(f"/team/{sam.id}/shops", {"shops": f"{shop.id},{second.id}"})
        assert "Second Street" in phone.get("/today").text
        desk.post(f"/team/{sam.id}/shops", {"shops": str(shop.id)})
        assert "Second Street" not in phone.get("/today").text
        assert phone.post(f"/shops/{second.id}/enter").status_code == 404


def test_people_are_shared_and_what_happened_in_one_shop_stays_there(server, shop, second, rosa, sam):
    eve = signed_in(server, hire(second, "Eve"))
    Hand(eve.client).post(f"/customers/{rosa.id}/visits")
    assert eve.act("note.create", customer=rosa.id, text="Likes the terrace")["status"] == "applied"
    everywhere = {"customer": rosa.id, "text": "Allergic to nuts", "everywhere": True}
    assert eve.act("note.create", **everywhere)["status"] == "applied"
    card = signed_in(server, sam).get(f"/customers/{rosa.id}").text
    assert "Allergic to nuts" in card
    assert "Likes the terrace" not in card
