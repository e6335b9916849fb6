"""S5: Jo e-mails an article to Bea. Sent is not received: a bounce, a silence, her link and a yes at the desk each show."""

import re
from datetime import UTC, datetime, timedelta

import pytest

import sending
from domain import outbox, promise_letters
from domain.promises import delivered
from models import Action, Channel, Consent, Contact, Message, Promise
from outside import reports
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


# -- sent from here, by a real mail server

WAYS = sending.Ways("https://shop.example.org")
LETTER = "Here it is, Bea: https://bees.example.org/article"
BOUNCE = """From: MAILER-DAEMON@mail.example.org
To: desk@example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

This is the mail system. Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; bea@example.org
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

Message-ID: <{message_id}>
To: bea@example.org

--b--
"""


@pytest.fixture
def mail(mailboxes, shop):
    handler, port = mailboxes
    settings = {"host": "127.0.0.1", "port": port, "tls": "none", "sender": "desk@example.org"}
    Channel.create(shop=shop, way="email", settings=settings)
    return handler


@pytest.fixture
def bea(shop):
    return someone(shop, "Bea", pronoun="she")


@pytest.fixture
def known(jo, bea):
    """Where Bea gets her mail."""
    return jo.post(f"/customers/{bea.id}/contacts", {"address": "bea@example.org"})


@pytest.fixture
def owed(jo, bea):
    made = jo.act("promise.create", customer=str(bea.id), text="The article on bees", channel="email")
    return Promise.get_by_id(int(made["result"]["promise"]))


def send(jo, owed, way="email", text=LETTER):
    return jo.post(f"/promises/{owed.id}/send", {"way": way, "text": text})


def letters(mail):
    return [(envelope.rcpt_tos, reports.message_from_bytes(envelope.content)) for envelope in mail.taken]


def pass_of_sender(at, instant):
    at(instant)
    return sending.send_due(WAYS)


SENT = TUESDAY + promise_letters.HELD


def test_it_is_sent_from_here_and_her_tap_in_the_letter_confirms_it(server, jo, bea, known, owed, mail, at):
    assert "bea@example.org" not in jo.get(f"/promises/{owed.id}/send").text, "unless the owner allows it"
    after = send(jo, owed).text
    assert "It leaves in half a minute." in after
    assert "It waits to be sent." in after
    assert pass_of_sender(at, TUESDAY + timedelta(seconds=20)) == 0, "it can still be taken back"
    assert pass_of_sender(at, SENT) == 1
    ((to, letter),) = letters(mail)
    body = letter.get_payload(decode=True).decode()
    assert (to, letter["Subject"]) == (["bea@example.org"], "What we promised you: Fenwick Road Coffee")
    assert LETTER in body
    for html in seen(jo, owed):
        assert "Sent, not confirmed." in html

    path = re.findall(r"https://shop\.example\.org(/confirm/\S+)", body)[0]
    hers = server.test_client()
    shown = hers.get(path).text
    assert LETTER in shown.replace("&#39;", "'")
    assert Promise.get().text not in shown, "our own note of it is not for them"
    assert Promise.get().state == "kept", "mail programs open links by themselves"
    assert "Good to know that you have it." in hers.post(path).text
    assert (Promise.get().state, Promise.get().delivery, Message.get().state) == ("confirmed", "confirmed", "confirmed")
    assert hers.get(path.replace("owed-", "visit-")).status_code == 404

    stop = letter["List-Unsubscribe"].strip("<>").removeprefix("https://shop.example.org")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert hers.post(stop, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert [(one.customer_id, one.given, one.how) for one in Consent.select()] == [(bea.id, False, "link")]


def test_it_bounces_and_another_way_is_tried(jo, bea, known, owed, mail, at):
    send(jo, owed)
    pass_of_sender(at, SENT)
    (report,) = reports.read(BOUNCE.format(message_id=Message.get().message_id).encode())
    message = Message.get(Message.message_id == report.message_id)
    assert outbox.report(message, report.state, report.code, report.detail)
    assert not outbox.report(message, report.state, report.code), "told twice, it bounced once"
    card, page = seen(jo, owed)
    for html in (card, page):
        assert "It did not arrive: hand it over or try another way." in html
        assert f"/promises/{owed.id}/send" in html
    assert "Nothing arrives at the e-mail address. There is no such mailbox. Ask how it is spelled." in card

    refused = send(jo, owed)  # the same address would lose it again
    assert refused.status_code == 422
    assert "Nothing arrives at the e-mail address we have of Bea" in refused.text
    jo.post(f"/customers/{bea.id}/contacts", {"address": "bea.b@example.org"})
    assert LETTER in jo.get(f"/promises/{owed.id}/send").text, "nobody writes it twice"
    assert "It waits to be sent." in send(jo, owed).text
    pass_of_sender(at, SENT + timedelta(minutes=5))
    assert [to for to, _letter in letters(mail)] == [["bea@example.org"], ["bea.b@example.org"]]
    assert Promise.get().delivery == "handed_over"


def test_a_server_that_refuses_it_is_seen_at_once(jo, known, owed, mail, at):
    mail.refuses["bea@example.org"] = "550 5.1.1 No such user here"
    send(jo, owed)
    pass_of_sender(at, SENT)
    assert (Message.get().state, Promise.get().delivery) == ("failed", "failed")
    card, page = seen(jo, owed)
    assert "It did not arrive" in card
    assert "Did not arrive" in page


def test_a_server_that_is_away_is_tried_again_and_given_up_the_same_day(jo, known, owed, mail, at):
    mail.refuses["bea@example.org"] = "451 4.7.1 Later"
    send(jo, owed)
    for minutes in range(0, 300, 5):
        pass_of_sender(at, SENT + timedelta(minutes=minutes))
    assert (Message.get().state, Promise.get().delivery) == ("failed", "failed")


def test_silence_for_a_day_is_asked_after(jo, known, owed, mail, at):
    send(jo, owed)
    pass_of_sender(at, SENT)
    at(TUESDAY + timedelta(hours=25))
    assert "Ask if it arrived" in jo.get("/promises").text


def test_taken_back_in_time_nothing_is_sent(jo, known, owed, mail, at):
    undo = re.findall(r'action="(/promises/\d+/reopen)"', send(jo, owed).text)[0]
    jo.post(undo, {"from": "card"})
    assert pass_of_sender(at, SENT) == 0
    assert (Promise.get().state, Promise.get().delivery, mail.taken) == ("open", "", [])
    send(jo, owed)
    assert pass_of_sender(at, SENT + timedelta(minutes=1)) == 1


def test_taken_back_while_the_server_keeps_us_waiting_nothing_is_sent(jo, known, owed, mail, at):
    send(jo, owed)
    claimed = outbox.claim("me", at(SENT))
    assert claimed is not None
    assert outbox.may_go(claimed)
    jo.post(f"/promises/{owed.id}/reopen")
    assert not outbox.may_go(claimed)
    assert Message.get().state == "dropped"


def test_where_no_address_is_known_it_says_so_and_nothing_is_called_sent(jo, bea, owed, mail):
    assert "We have no e-mail address of Bea. Ask for one, or hand it over." in jo.get(f"/promises/{owed.id}/send").text
    refused = send(jo, owed)
    assert refused.status_code == 422
    assert (Promise.get().state, Message.select().count()) == ("open", 0)
    Consent.create(customer=bea, way="email", given=False, at=TUESDAY)
    Contact.create(customer=bea, kind="email", address="bea@example.org", known="bea@example.org", at=TUESDAY)
    assert "Bea asked us not to write." in send(jo, owed).text
    assert Promise.get().state == "open"


def test_where_no_server_is_set_up_it_says_so(jo, known, owed):
    assert "E-mail is not set up here yet." in jo.get(f"/promises/{owed.id}/send").text
    assert send(jo, owed).status_code == 422
    assert Promise.get().state == "open"


def test_sent_twice_at_once_it_goes_once(jo, known, owed, mail, at):
    first, second = send(jo, owed), send(jo, owed)
    assert (first.status_code, second.status_code) == (200, 422)
    assert "It is on its way already." in second.text
    assert LETTER in second.text
    assert pass_of_sender(at, SENT) == 1


def test_what_was_written_is_kept_in_no_record_of_acts(jo, known, owed, mail):
    send(jo, owed)
    for one in Action.select():
        assert "bees.example.org" not in str(one.__data__)
        assert "bea@example.org" not in str(one.__data__)


def test_taken_back_and_written_anew_at_once_only_the_new_one_goes(jo, known, owed, mail, at):
    send(jo, owed, text="Here it si")
    jo.post(f"/promises/{owed.id}/reopen")
    send(jo, owed)
    assert pass_of_sender(at, SENT) == 1
    assert LETTER in letters(mail)[0][1].get_payload(decode=True).decode()
