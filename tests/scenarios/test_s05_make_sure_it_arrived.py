"""S5: Jo e-mails an article to Bea. Sent is not received: a bounce, a silence, her link and a yes at the desk each show."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from domain.promises import delivered
from models import Promise
from tests.conftest import Phone, hire, signed_in, someone

TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.fixture
def jo(server, shop, at):
    at(TUESDAY)
    return signed_in(server, hire(shop, "Jo"))


@pytest.fixture
def promise(jo, shop):
    """An article promised to Bea, sent by e-mail and taken by the mail server."""
    bea = someone(shop, "Bea", pronoun="she")
    made = jo.act("promise.create", customer=str(bea.id), text="The article on bees", channel="email")
    sent = Promise.get_by_id(int(made["result"]["promise"]))
    for state in ("due", "claimed"):
        delivered(sent, state)
    jo.act("promise.keep", promise=str(sent.id))
    delivered(sent, "handed_over")
    return sent


def seen(jo, promise):
    return jo.get(f"/customers/{promise.customer_id}").text, jo.get("/promises").text


def test_sent_is_not_confirmed(jo, promise):
    card, page = seen(jo, promise)
    for html in (card, page):
        assert "Sent, not confirmed." in html
    assert Promise.get().state == "kept"


def test_a_bounce_says_what_to_do(jo, promise):
    delivered(promise, "bounced")
    card, page = seen(jo, promise)
    for html in (card, page):
        assert "It did not arrive: hand it over or try another way." in html
    assert "Did not arrive" in page
    with pytest.raises(ValueError, match="delivered"):
        delivered(promise, "delivered")


def test_after_a_day_of_silence_we_ask(jo, promise, at):
    at(TUESDAY + timedelta(hours=23))
    assert "Ask if it arrived" not in jo.get("/promises").text
    at(TUESDAY + timedelta(hours=24))
    page = jo.get("/promises").text
    assert "Ask if it arrived" in page
    assert "Did you get it?" in page
    jo.post(f"/promises/{promise.id}/confirm", htmx=True)  # a yes at the desk
    assert (Promise.get().state, Promise.get().delivery) == ("confirmed", "confirmed")
    assert "The article on bees" not in jo.get("/promises").text


def test_her_link_confirms_and_reading_it_does_not(server, jo, promise, at):
    page = jo.post(f"/promises/{promise.id}/link").text
    address = re.findall(r'value="http://[^/"]+(/confirm/[^"]+)"', page)[0]
    assert address.removeprefix("/confirm/") not in (Promise.get().token_hash or ""), "only its digest is kept"
    bea = Phone(server.test_client())
    at(TUESDAY + timedelta(days=59))
    first = bea.get(address)
    assert (first.status_code, first.headers["X-Robots-Tag"]) == (200, "noindex, nofollow")
    assert "The article on bees" in first.text
    assert "Fenwick Road Coffee" in first.text
    assert "Bea" not in first.text
    assert "Jo" not in first.text
    assert Promise.get().state == "kept", "mail programs open links by themselves"
    assert "Good to know that you have it." in bea.post(address).text
    stands = Promise.get()
    assert (stands.state, stands.delivery, stands.confirmed_by) == ("confirmed", "confirmed", None)
    before = Promise.select().dicts().get()
    assert "Good to know that you have it." in bea.post(address).text
    assert Promise.select().dicts().get() == before, "a second tap changes nothing"


def test_a_link_too_old_or_unknown_is_answered_kindly(server, jo, promise, at):
    page = jo.post(f"/promises/{promise.id}/link").text
    address = re.findall(r'value="http://[^/"]+(/confirm/[^"]+)"', page)[0]
    longer = address.replace(address[9:17], "20991231")
    at(TUESDAY + timedelta(days=61))
    bea = Phone(server.test_client())
    for path in (address, longer, "/confirm/nonsense", "/confirm/20991231" + "x" * 32):
        for answer in (bea.get(path), bea.post(path)):
            assert answer.status_code == 404
            assert "This link is not good any more." in answer.text
            assert "bees" not in answer.text
    assert Promise.get().state == "kept"
