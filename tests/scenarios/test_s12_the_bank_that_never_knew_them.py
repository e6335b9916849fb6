"""S12: Ellen and Pat of Bright Books come three times a week together, and nobody at the bank has learned their names."""

from datetime import UTC, date, datetime, timedelta

from models import Customer, Household, Visit
from tests.conftest import came, hire, signed_in, someone

TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TODAY = TUESDAY.date()


def three_a_week(since: date, until: date) -> list[date]:
    """Return the Mondays, Tuesdays and Thursdays from a day to the one before another."""
    days = [since + timedelta(days=n) for n in range((until - since).days)]
    return [day for day in days if day.weekday() in (0, 1, 3)]


def test_they_are_seen_together_and_as_one_firm(server, shop, at, owner):
    at(TUESDAY)
    teller, desk = signed_in(server, hire(shop, "Bea")), signed_in(server, owner, "owner")
    scarf = teller.act("customer.create", name="Red scarf")["result"]["customer"]
    ellen, pat = Customer.get_by_id(int(scarf)), someone(shop, "Pat")
    someone_steady = someone(shop, "Mr Okafor")
    came(
        someone_steady,
        shop,
        *[TODAY - timedelta(days=n) for n in range(1, 330) if (TODAY - timedelta(n)).weekday() < 5],
    )
    days = three_a_week(date(2026, 1, 1), TODAY)
    for one, minute in ((ellen, 560), (pat, 564)):
        came(one, shop, *days, minute=minute)
    assert 135 <= len(days) <= 145, "about 140"

    # The name is learned, and all that was known of the red scarf stays hers
    teller.act("note.create", customer=scarf, text="Pays in before noon")
    teller.act("promise.create", customer=scarf, text="Find out about the new account")
    teller.act("customer.name", customer=scarf, name="Ellen")
    card = teller.get(f"/customers/{scarf}").text
    assert "Pays in before noon" in card
    assert "Find out about the new account" in card
    assert Visit.select().where(Visit.customer == ellen.id).count() == len(days)

    for one, part in ((ellen, "owner"), (pat, "office manager")):
        teller.post(f"/customers/{one.id}/together", {"name": "Bright Books", "kind": "firm", "part": part})
    row = teller.rows()[str(pat.id)]
    assert "with Ellen of Bright Books" in row
    assert "140" not in row, "the counts only behind Why"
    card = teller.get(f"/customers/{pat.id}").text
    assert "Both came on about 140 days this year. Pat was not yet greeted by name." in card
    assert "owner of Bright Books" in card

    people = desk.get("/people").text
    unknown = people.split('data-testid="unknown"')[1].split("</section>")[0]
    assert unknown.index("Bright Books") < unknown.index("Mr Okafor")

    at(TUESDAY + timedelta(weeks=7))  # they have stayed away, both
    came(someone_steady, shop, *[TODAY + timedelta(days=n) for n in range(49) if (TODAY + timedelta(n)).weekday() < 5])
    fading = desk.get("/people").text.split('data-testid="fading"')[1].split("</section>")[0]
    assert "Bright Books" in fading

    firm = Household.get().id
    teller.post(f"/households/{firm}/left", {"reason": "Nobody ever knew us", "customer": pat.id})
    page = desk.get("/people").text
    left = page.split('data-testid="left"')[1].split("</section>")[0]
    assert "Bright Books" in left
    assert "Nobody ever knew us" in left
    assert "Bright Books" not in page.split('data-testid="fading"')[1].split("</section>")[0]
