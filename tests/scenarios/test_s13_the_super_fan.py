"""S13: Linny stands outside every morning and buys nothing. He is the most faithful of all; he dies; somebody wants quiet."""

from datetime import UTC, datetime, timedelta

import pytest

from domain import importing, merging
from models import Business, Customer
from tests.conftest import came, days_before, hire, signed_in, someone

TUESDAY = datetime(2026, 11, 24, 8, 12, tzinfo=UTC)
TODAY = TUESDAY.date()
SOFT = "Linny died lately. Be gentle."


@pytest.fixture
def linny(shop):
    """Every morning at eight, two hundred days, without a sale: not one has a usual or a purchase."""
    one = someone(shop, "Linny", pronoun="he", source_id="h900")
    came(one, shop, *days_before(TODAY, *range(1, 201)))
    return one


def part(page, name):
    return page.split(f'data-testid="{name}"')[1].split("</section>")[0]


def test_presence_counts_and_not_what_was_bought(server, shop, owner, linny):
    buyer = someone(shop, "Mr Okafor", pronoun="he")
    came(buyer, shop, *days_before(TODAY, 2, 9, 16, 23, 30))
    faithful = part(signed_in(server, owner, "owner").get("/people").text, "faithful")
    assert faithful.index("Linny") < faithful.index("Mr Okafor")
    assert "200 days since 8 May, the last 200 open days without a gap" in faithful


def test_s13b_he_dies_and_from_that_second_nothing_is_asked(server, shop, owner, linny, tmp_path, at):
    sam, ana = (signed_in(server, hire(shop, name)) for name in ("Sam", "Ana"))
    vera, mate = someone(shop, "Vera", pronoun="she"), someone(shop, "Pat")
    for one in (vera, mate):
        came(one, shop, *days_before(TODAY, *range(1, 60)), minute=480)
    for one in (linny, vera):
        sam.act("customer.join", customer=str(one.id), name="Osei")
    for one in (linny, mate):
        sam.act("customer.join", customer=str(one.id), name="The choir", kind="firm")
    assert str(linny.id) in ana.rows()

    sam.post(
        f"/customers/{linny.id}/edit",
        {"name": "Linny", "was_name": "Linny", "state": "died", "was_state": "active", "state_since": "2026-11-20"},
    )
    card = ana.get(f"/customers/{linny.id}").text
    assert "Linny died on Friday. Nothing more is asked of us." in card
    assert 'data-testid="prompt"' not in card
    assert 'data-testid="here"' not in card
    assert "Linny died on Friday." in ana.get("/today").text
    ana.post(f"/customers/{linny.id}/state/seen")
    for phone in (sam, ana):  # once, quietly, whoever did not tell of it
        assert str(linny.id) not in phone.rows()
        assert 'data-testid="loss"' not in phone.get("/today").text
    assert SOFT in ana.rows()[str(vera.id)]
    assert SOFT not in ana.rows()[str(mate.id)], "a firm is no family"
    assert "Linny" not in signed_in(server, owner, "owner").get("/people").text

    file = tmp_path / "old.csv"
    file.write_text("customer,at\n" + "".join(f"h900,2026-11-{n:02}T12:40\n" for n in range(2, 24)), encoding="utf-8")
    importing.import_visits(file, Business.get(), shop)
    assert str(linny.id) not in ana.rows()
    assert 'data-testid="prompt"' not in ana.get(f"/customers/{linny.id}").text

    at(TUESDAY + timedelta(days=59))
    came(vera, shop, *days_before(TODAY + timedelta(days=59), *range(1, 59)), minute=480)
    assert SOFT not in ana.get(f"/customers/{vera.id}").text, "sixty days from the day he died"
    at(TUESDAY + timedelta(days=55))
    assert SOFT in ana.get(f"/customers/{vera.id}").text


@pytest.mark.parametrize("way", ["into the one who asked", "the one who asked into the other"])
def test_s13c_who_asked_to_be_left_alone_is_so_after_a_merge_either_way(server, shop, linny, way):
    sam = signed_in(server, hire(shop, "Sam"))
    twin = someone(shop, "Lin")
    came(twin, shop, *days_before(TODAY, *range(1, 60)), minute=700)
    sam.act("customer.name", customer=str(twin.id), wishes=["no_notes"])
    sam.act("customer.state", customer=str(twin.id), state="leave_alone")
    assert str(linny.id) in sam.rows()
    kept, gone = (twin, linny) if way == "into the one who asked" else (linny, twin)
    made = merging.merge(kept.id, gone.id)
    assert Customer.get_by_id(kept.id).state == "leave_alone"
    assert str(kept.id) not in sam.rows()
    assert sam.act("note.create", customer=str(kept.id), text="Early as ever")["status"] == "rejected"
    assert sam.act("visit.create", customer=str(gone.id))["status"] == "applied", "marked here all the same"
    assert 'data-testid="prompt"' not in sam.get(f"/customers/{kept.id}").text
    merging.undo(made.id)
    assert {one.name: one.state for one in Customer.select()} == {"Linny": "active", "Lin": "leave_alone"}
