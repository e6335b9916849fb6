"""S1: Tom promises Dana a part by Thursday. It is seen when due and overdue, kept when he did it, confirmed when she has it."""

from datetime import UTC, datetime, timedelta

from models import Promise
from tests.conftest import hire, signed_in, someone

TUESDAY = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
THURSDAY, FRIDAY = TUESDAY + timedelta(days=2), TUESDAY + timedelta(days=3)


def test_the_promise_is_seen_kept_and_confirmed(server, shop, at):
    at(TUESDAY)
    tom, ana = hire(shop, "Tom"), hire(shop, "Ana")
    his, hers = signed_in(server, tom), signed_in(server, ana)
    dana = someone(shop, "Dana", pronoun="she")
    his.act("step.create", customer=str(dana.id), text="Checked the seller's reviews")
    assert "Checked the seller&#39;s reviews" in hers.get(f"/customers/{dana.id}").text, "the extra step is on her card"
    made = his.act("promise.create", customer=str(dana.id), text="Part ordered", due="2026-11-26")["result"]["promise"]
    assert "Part ordered" not in hers.get("/today").text, "not before its day"

    at(THURSDAY)
    today = hers.get("/today").text
    assert "Promised for today" in today
    assert "Part ordered" in today
    assert "for today\u00a0· Tom said it" in today

    at(FRIDAY)
    for phone in (his, hers):  # overdue, seen by all staff
        today = phone.get("/today").text
        assert "Still owed from before today" in today
        assert "Promised for today" not in today
        assert "was for yesterday" in today
        assert "Part ordered, was for yesterday." in phone.get("/shift/brief").text
        assert "was for yesterday" in phone.get("/promises").text

    assert his.act("promise.keep", promise=made)["result"] == {"state": "kept"}
    card = hers.get(f"/customers/{dana.id}").text
    assert "Kept by Tom, 16:00. Waiting to hear from Dana." in card
    assert "Part ordered" not in hers.get("/today").text

    refused = hers.act("promise.close", promise=made, reason="")
    assert refused["status"] == "rejected", "closing it otherwise needs a reason"
    assert hers.act("promise.confirm", promise=made)["result"] == {"state": "confirmed"}
    stands = Promise.get_by_id(int(made))
    assert (stands.author.name, stands.kept_by.name, stands.confirmed_by.name) == ("Tom", "Tom", "Ana")
    assert 'data-testid="owed"' not in hers.get(f"/customers/{dana.id}").text

    # Her next card: ask how the sound is.
    his.act("question.create", customer=str(dana.id), text="How is the sound?")
    assert 'data-state="due"' not in hers.get(f"/customers/{dana.id}").text, "not on the day itself"
    at(FRIDAY + timedelta(days=4))
    card = hers.get(f"/customers/{dana.id}").text
    assert 'data-state="due"' in card
    assert "How is the sound?" in card
