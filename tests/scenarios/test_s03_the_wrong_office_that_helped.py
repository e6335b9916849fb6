"""S3: Kris called the wrong place and was sent to somebody who can help; on the third day we ask whether it did."""

import re
from datetime import UTC, datetime, timedelta

from domain.referrals import who_sends
from models import Customer, Introduction, Referral
from tests.conftest import hire, signed_in, someone

TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def test_the_wrong_office_helps(server, shop, at):
    at(TUESDAY)
    hers, his = signed_in(server, hire(shop, "Ana")), signed_in(server, hire(shop, "Tom"))
    hers.act("referral.create", name="Bo", need="A dentist", to="Dr D.")  # so that there is a place that is known
    form = {"name": "Kris", "need": "A doctor with an hour today", "to": "Dr C.", "check": "3"}
    assert hers.post("/referrals", form).status_code == 303, "a first name is enough, and no customer needed"
    assert Customer.select().count() == 0
    kris = Referral.get(Referral.name == "Kris")
    assert "Did Kris reach Dr C.?" not in his.get("/today").text

    at(TUESDAY + timedelta(days=3))
    for page in ("/today", "/promises", "/shift", "/shift/brief"):
        assert "Did Kris reach Dr C.?" in his.get(page).text, page

    # Not reached: one tap asks where else, with name and need filled in; the second sends them there.
    first = his.post(f"/referrals/{kris.id}/answer", {"outcome": "not_reached"})
    filled = his.get(first.headers["Location"]).text
    assert 'value="Kris"' in filled
    assert 'value="A doctor with an hour today"' in filled
    assert re.search(r'name="place" value="Dr D."', filled)
    his.post("/referrals", {**form, "to": "", "place": "Dr D.", "previous": str(kris.id)})
    second = Referral.get(Referral.previous == kris.id)
    assert (second.name, second.to_whom, second.author.name) == ("Kris", "Dr D.", "Tom")

    at(TUESDAY + timedelta(days=6))
    hers.post(f"/referrals/{second.id}/answer", {"outcome": "no_answer"}, htmx=True)
    assert "Did Kris reach" not in hers.get("/today").text
    at(TUESDAY + timedelta(days=8))
    heard = hers.post(f"/referrals/{second.id}/answer", {"outcome": "reached"}, htmx=True).text
    assert "Kris reached Dr D." in heard
    assert "Did Kris reach" not in hers.get("/today").text

    # At their wish the words go; that we sent somebody twice stays.
    hers.post(f"/referrals/{second.id}/forget", htmx=True)
    assert Referral.select().count() == 3
    assert [one.need for one in Referral.select() if one.need] == ["A dentist"]
    assert "Kris" not in hers.get("/promises").text


def test_the_receiving_shop_knows_who_sent_them(server, shop, at):
    at(TUESDAY)
    hers = signed_in(server, hire(shop, "Ana"))
    kris, ellen = someone(shop, "Kris"), someone(shop, "Ellen")
    hers.post(f"/customers/{kris.id}/visits", htmx=True)
    assert "Who sent them to us?" in hers.get(f"/customers/{kris.id}").text

    asked = hers.post(f"/customers/{kris.id}/sent-by", {"by_text": "Ellen"}).text
    assert "Is it one of these?" in asked
    hers.post(f"/customers/{kris.id}/sent-by", {"by_text": "Ellen", "by": str(ellen.id)})
    assert Introduction.get().by_customer == ellen
    assert "Sent to us by Ellen." in hers.get(f"/customers/{kris.id}").text
    senders = [(one.customer, one.came, one.stayed) for one in who_sends(shop, TUESDAY.date())]
    assert senders == [(ellen, 1, 0)]

    for day in (7, 14):
        at(TUESDAY + timedelta(days=day))
        hers.post(f"/customers/{kris.id}/visits", htmx=True)
    assert [one.stayed for one in who_sends(shop, TUESDAY.date())] == [1], "for good, perhaps"
