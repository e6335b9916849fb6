"""S15: any second visit, a new cashier, nothing known: "Second visit. Say it is good to see her again."."""

import re

from tests.conftest import came, days_before, someone


def form_in(html: str, to: str) -> str:
    """Return the id of the act that the form leading to an address carries."""
    found = re.search(rf'action="{to}".*?name="action" value="([^"]+)"', html, re.S)
    assert found, f"no form leads to {to}"
    return found[1]


class TestTheLeastWeCanDo:
    def test_a_second_visit_is_met_with_one_true_sentence(self, phone, shop, rosa):
        came(rosa, shop, *days_before(shop.today(), 3))
        card = phone.get(f"/customers/{rosa.id}").text
        assert "Second visit." in card
        assert "Say it is good to see her again." in card
        assert "The first visit was Saturday." in card  # "Why this?"

    def test_from_the_pin_it_takes_three_taps(self, phone, shop, rosa):
        came(rosa, shop, *days_before(shop.today(), 1))
        today = phone.get("/today").text  # signed in: she stands under Learning
        here = form_in(today, f"/customers/{rosa.id}/visits")
        row = phone.post(f"/customers/{rosa.id}/visits", {"action": here}, htmx=True).text  # tap one: Here
        assert "Second visit." in row
        said = form_in(row, f"/customers/{rosa.id}/prompts")
        after = phone.post(
            f"/customers/{rosa.id}/prompts", {"action": said, "prompt": "second-visit", "outcome": "said"}, htmx=True
        )  # tap two
        assert after.status_code == 200
        assert "Said." in after.text

    def test_without_a_pronoun_nobody_guesses_one(self, phone, shop):
        scarf = someone(shop, "Red scarf")
        came(scarf, shop, *days_before(shop.today(), 3))
        assert "Say it is good to see them again." in phone.get(f"/customers/{scarf.id}").text

    def test_a_first_and_a_third_visit_do_not_say_it(self, phone, shop, rosa):
        assert "Second visit." not in phone.get(f"/customers/{rosa.id}").text
        came(rosa, shop, *days_before(shop.today(), 3, 9))
        assert "Second visit." not in phone.get(f"/customers/{rosa.id}").text
