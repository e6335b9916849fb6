"""What customers see and answer without signing in: the page of an appointment, no more mail, and what gateways report."""

import hashlib
import hmac
import json
import re
from base64 import b64encode, urlsafe_b64encode
from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

import pytest

import clock
from domain import calls, contacts, links, merging, outbox, reminders
from models import (
    Appointment,
    Belonging,
    CallTask,
    Channel,
    Consent,
    Contact,
    Household,
    Message,
    ReminderRule,
    Shop,
    StrayReport,
)
from outside.signing import headers_for
from tests.conftest import TUESDAY, someone
from views.replies import often


@pytest.fixture(autouse=True)
def calm():
    often.times.clear()


@pytest.fixture
def theirs(server):
    """A browser that knows nothing of us: no cookie, no header that says where it comes from."""
    return server.test_client()


@pytest.fixture
def booked(phone, shop, rosa):
    """Rosa, booked for Thursday at ten with Nadia, and told of it by mail."""
    ReminderRule.create(shop=shop, way="email", minutes_before=24 * 60)
    phone.act("contact.add", customer=str(rosa.id), kind="email", address="rosa@example.org")
    data = {"starts_at": "2026-11-26T10:00", "minutes": 30, "with": "Nadia", "service": "A delicate matter"}
    made = phone.act("appointment.create", customer=str(rosa.id), **data)
    Message.update(state="handed_over").execute()
    return Appointment.get_by_id(int(made["result"]["appointment"]))


@pytest.fixture
def link(booked, shop):
    return link_to(booked, shop)


def link_to(appointment, shop):
    until = shop.day_of(appointment.starts_at) + timedelta(days=1)
    return f"/confirm/{links.sign(shop.business_id, 'visit', appointment.id, Message.get().id, until=until)}"


def now(appointment):
    return Appointment.get_by_id(appointment.id)


def say(theirs, link, answer, words="", seen=0):
    return theirs.post(link, data={"answer": answer, "words": words, "seen": str(seen)})


class TestTheirAppointment:
    def test_is_shown_without_a_name_that_the_letter_did_not_hold(self, theirs, link):
        page = theirs.get(link)
        assert page.status_code == 200
        assert "Thursday 26 November at 10:00" in page.text
        assert "You have an appointment with Nadia" in page.text
        for unsaid in ("Rosa", "Sam", "delicate"):
            assert unsaid not in page.text
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "Set-Cookie" not in page.headers
        assert "no-store" in page.headers["Cache-Control"]
        assert "<script" not in page.text

    def test_does_not_name_with_whom_where_the_owners_words_did_not(self, theirs, link):
        ReminderRule.update(subject="{shop}", text="See you {day} at {time}: {link}").execute()
        assert "Nadia" not in theirs.get(link).text

    def test_reading_it_changes_nothing(self, theirs, shop, booked, link):
        before = (now(booked).__data__, Message.get().state, Shop.get_by_id(shop.id).revision)
        for method in ("GET", "HEAD", "GET"):
            theirs.open(link, method=method, query_string={"answer": "coming", "seen": "0"})
        assert (now(booked).__data__, Message.get().state, Shop.get_by_id(shop.id).revision) == before

    def test_one_tap_confirms(self, theirs, shop, booked, link):
        before = Shop.get_by_id(shop.id).revision
        page = say(theirs, link, "coming")
        assert "We look forward to seeing you" in page.text
        one = now(booked)
        assert (one.reply, one.confirmed_at, one.confirmed_how) == ("coming", TUESDAY, "link")
        assert Message.get().state == "confirmed"
        assert Shop.get_by_id(shop.id).revision > before
        assert 'data-testid="reply-coming"' not in theirs.get(link).text
        after = Shop.get_by_id(shop.id).revision
        say(theirs, link, "coming")
        assert Shop.get_by_id(shop.id).revision == after, "a second tap changes nothing"

    def test_another_sites_page_and_a_browser_that_says_nothing_may_send_it_too(self, theirs, booked, link):
        data = {"answer": "coming", "seen": "0"}
        for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
            assert theirs.post(link, data=data, headers=headers).status_code == 200
        assert now(booked).confirmed_at

    @pytest.mark.parametrize(("answer", "reason"), [("move", "asked-to-move"), ("wrong", "wrong-day")])
    def test_what_they_ask_becomes_somebody_to_ring(self, phone, theirs, shop, rosa, booked, link, answer, reason):
        page = say(theirs, link, answer, "Friday after four?")
        assert "Thank you for telling us" in page.text
        one = now(booked)
        assert (one.reply, one.reply_text, one.confirmed_at) == (answer, "Friday after four?", None)
        found = calls.to_ring(shop, clock.now())
        assert [(each.task.reason, each.person.id) for each in found] == [(reason, rosa.id)]
        assert CallTask.get().until == one.starts_at
        card = phone.get(f"/customers/{rosa.id}").text
        assert "Friday after four?" in card
        assert (
            "Friday after four?"
            in phone.get("/today").text.partition('data-testid="call-task"')[2].partition("</li>")[0]
        )

    def test_may_be_changed_until_then(self, theirs, shop, booked, link):
        for answer in ("move", "coming", "wrong", "move", "coming"):
            assert say(theirs, link, answer).status_code == 200
        assert now(booked).confirmed_how == "link"
        assert calls.to_ring(shop, clock.now()) == []
        say(theirs, link, "move")
        assert now(booked).confirmed_at is None
        assert len(calls.to_ring(shop, clock.now())) == 1
        assert CallTask.select().count() == 1, "changing one’s mind piles nothing up"

    def test_an_answer_spares_ringing_about_a_failed_reminder(self, theirs, shop, rosa, booked, link):
        CallTask.create(shop=shop, customer=rosa, appointment=booked, reason="no-such-number", at=TUESDAY)
        say(theirs, link, "coming")
        assert calls.to_ring(shop, clock.now()) == []

    def test_rung_about_another_time_they_are_not_confirmed_for_this_one(self, phone, theirs, shop, booked, link):
        say(theirs, link, "move")
        assert phone.act("call.done", task=str(CallTask.get().id), outcome="reached")["status"] == "applied"
        assert now(booked).confirmed_at is None
        assert calls.caught(shop, TUESDAY - timedelta(days=1)) == 0, "that was no failure of ours"

    def test_moved_shows_the_new_time_and_what_was_asked_is_seen_to(self, phone, theirs, shop, booked, link):
        say(theirs, link, "move", "Friday?")
        phone.act("appointment.move", appointment=str(booked.id), starts_at="2026-11-27T16:00")
        assert calls.to_ring(shop, clock.now()) == []
        page = theirs.get(link)
        assert "It has been moved. This is the new time:" in page.text
        assert "Friday 27 November at 16:00" in page.text
        late = say(theirs, link, "coming", seen=0)  # from a page opened before
        assert (late.status_code, now(booked).confirmed_at) == (409, None)
        assert "Something has changed meanwhile" in late.text
        say(theirs, link, "coming", seen=1)
        assert now(booked).confirmed_at

    def test_moved_back_what_they_asked_is_to_be_seen_to_again(self, phone, theirs, shop, booked, link):
        say(theirs, link, "move", "Friday?")
        key = str(uuid4())
        phone.act("appointment.move", key=key, appointment=str(booked.id), starts_at="2026-11-27T16:00")
        assert calls.to_ring(shop, clock.now()) == []
        answer = phone.act("appointment.move_back", appointment=str(booked.id), move=key)
        assert answer["status"] == "applied", answer
        assert [one.task.reason for one in calls.to_ring(shop, clock.now())] == ["asked-to-move"]

    def test_cancelled_says_so(self, phone, theirs, booked, link):
        phone.act("appointment.cancel", appointment=str(booked.id))
        page = theirs.get(link)
        assert "This appointment is cancelled." in page.text
        assert "<form" not in page.text
        assert say(theirs, link, "coming", seen=1).status_code == 409
        assert now(booked).confirmed_at is None

    def test_too_late_says_so(self, theirs, booked, link, at):
        at(booked.starts_at)
        assert "It is too late to answer here." in theirs.get(link).text
        assert say(theirs, link, "coming").status_code == 409
        assert now(booked).confirmed_at is None

    def test_an_address_too_old_or_not_ours_is_answered_kindly(self, theirs, shop, booked, link, at):
        wrong = [
            link[:-1] + ("A" if link[-1] != "A" else "B"),
            link.replace(f"-{booked.id}-", f"-{booked.id + 1}-"),
            "/confirm/" + links.sign(shop.business_id, "gone", booked.id, 1, until=clock.now().date()),
            "/confirm/visit-9999999999-1-1-20991231-" + "x" * 27,
            "/confirm/" + "x" * 3000,
            "/confirm/%00%0d%0a",
        ]
        for path in wrong:
            for answer in (theirs.get(path), say(theirs, path, "coming")):
                assert answer.status_code == 404, path
                assert "This link is not good any more." in answer.text
        at(booked.starts_at + timedelta(days=2))
        assert theirs.get(link).status_code == 404
        assert now(booked).confirmed_at is None

    def test_of_somebody_who_died_is_not_shown(self, phone, theirs, rosa, link):
        phone.act("customer.state", customer=str(rosa.id), state="died")
        assert theirs.get(link).status_code == 404

    def test_a_childs_is_told_as_the_letter_told_it(self, phone, theirs, shop, rosa, link):
        leo = someone(shop, "Leo", child=True)
        home = Household.create(business=shop.business, name="Marchetti")
        Belonging.create(household=home, customer=leo)
        Belonging.create(household=home, customer=rosa, brings=True)
        Appointment.update(customer=leo).execute()
        page = say(theirs, link, "move")
        assert "Leo has an appointment with Nadia" in page.text
        assert "Rosa" not in page.text
        assert CallTask.get().customer_id == rosa.id

    def test_hostile_words_are_only_words(self, phone, theirs, rosa, booked, link):
        evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\x00{{7*7}}\u202e"
        page = say(theirs, link, "wrong", evil)
        for html in (page.text, phone.get(f"/customers/{rosa.id}").text):
            assert "<script>alert" not in html
            assert "<img src=x" not in html
            assert "&lt;script&gt;alert(1)" in html

    def test_too_many_words_are_kept_on_the_page_and_nothing_else(self, theirs, booked, link):
        page = say(theirs, link, "wrong", "long " * 200)
        assert page.status_code == 422
        assert "That is too long: 500 letters fit." in page.text
        assert "long long long" in page.text
        assert now(booked).reply == ""
        card = say(theirs, link, "move", "4111 1111 1111 1111")
        assert (card.status_code, now(booked).reply_text) == (422, "")

    @pytest.mark.parametrize(
        "junk", [{}, {"answer": "delete"}, {"answer": "coming"}, {"answer": "coming", "seen": "x" * 9999}]
    )
    def test_junk_changes_nothing(self, theirs, booked, link, junk):
        assert theirs.post(link, data=junk).status_code in (200, 409)
        assert theirs.post(link, json=[junk]).status_code in (200, 409)
        assert now(booked).reply == ""

    def test_too_often_is_enough(self, theirs, booked, link, at):
        for _n in range(often.MOST):
            assert say(theirs, link, "move", str(_n)).status_code == 200
        assert say(theirs, link, "coming").status_code == 429
        assert now(booked).confirmed_at is None
        at(TUESDAY + often.WITHIN)
        assert say(theirs, link, "coming").status_code == 200

    def test_speaks_the_shops_language_not_the_browsers(self, theirs, shop, link):
        Shop.update(language="es").where(Shop.id == shop.id).execute()
        page = theirs.get(link, headers={"Accept-Language": "en"})
        assert 'lang="es"' in page.text
        assert "26 de noviembre" in page.text

    def test_a_staff_phones_cookies_do_not_count(self, phone, booked, link):
        assert "Thursday 26 November" in phone.client.get(link).text


@pytest.fixture
def stop(shop, rosa):
    until = clock.now().date() + timedelta(days=400)
    return f"/unsubscribe/{links.sign(shop.business_id, 'mail', rosa.id, shop.id, until=until)}"


def says(rosa):
    one = Consent.get_or_none((Consent.customer == rosa.id) & (Consent.way == "email"))
    return (one.given, one.how) if one else None


class TestNoMoreMail:
    def test_reading_it_changes_nothing(self, theirs, rosa, stop):
        page = theirs.get(stop)
        assert "Do you want no more e-mail from us?" in page.text
        assert "Rosa" not in page.text
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert says(rosa) is None

    def test_their_mail_program_says_it_for_them(self, theirs, rosa, stop):
        answer = theirs.post(stop, data={"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, says(rosa)) == (200, (False, "link"))
        assert "Set-Cookie" not in answer.headers
        assert theirs.post(stop, data={"List-Unsubscribe": "One-Click"}).status_code == 200

    def test_one_tap_and_it_can_be_taken_back(self, phone, theirs, rosa, stop):
        assert "You get no more e-mail from us." in theirs.post(stop).text
        assert "asked not to be" in phone.get(f"/customers/{rosa.id}").text
        assert "Do you want no more" in theirs.post(stop, data={"again": "yes"}).text
        assert says(rosa) == (True, "link")

    def test_stops_what_is_due(self, theirs, booked, rosa, stop, at):
        Message.update(state="due").execute()
        theirs.post(stop)
        at(booked.starts_at - timedelta(hours=24))
        assert outbox.claim("me", clock.now()) is None
        assert (Message.get().state, Message.get().code) == ("suppressed", "asked-not-to")

    def test_holds_for_whom_they_are_known_as_now(self, theirs, shop, rosa, stop):
        other = someone(shop, "Rosa M.")
        merging.merge(other.id, rosa.id)
        theirs.post(stop)
        assert says(other) == (False, "link")

    def test_an_address_that_is_not_ours_does_nothing(self, theirs, shop, rosa, stop):
        for path in (stop[:-2] + "xx", stop.replace("mail-", "visit-"), "/unsubscribe/x"):
            assert theirs.post(path).status_code == 404
        assert says(rosa) is None


@pytest.fixture
def message(booked, shop):
    Message.update(way="sms", address="+442079460018", gateway_id="SM1").execute()
    return Message.get()


@pytest.fixture
def callback(message, shop):
    until = clock.now().date() + timedelta(days=7)
    return f"/delivery/{links.sign(shop.business_id, 'gone', message.id, until=until)}"


def signed(theirs, callback, told, secret="s3cret"):
    body = json.dumps(told).encode()
    return theirs.post(callback, data=body, headers={"Content-Type": "application/json", **headers_for(secret, body)})


def stands():
    return Message.get().state, Message.get().code


JUNK = [b"", b"\x00" * 100, b"[" * 50_000, b'{"state": {}}', b"\xff" * 60_000, b"a=%00&b=" + b"c" * 9999]


class TestWhatGatewaysTell:
    def set_up(self, shop, way, **settings):
        Channel.create(shop=shop, way=way, settings={"secret": "s3cret", **settings})

    def test_a_plain_gateway_is_believed_when_it_signs(self, theirs, shop, callback):
        self.set_up(shop, "sms", kind="generic")
        told = {"id": "SM1", "state": "delivered"}
        assert signed(theirs, callback, told, "other").status_code == 403
        assert theirs.post(callback, json=told).status_code == 403
        assert stands()[0] == "handed_over"
        assert signed(theirs, callback, told).status_code == 204
        assert stands() == ("delivered", "")
        assert signed(theirs, callback, told).status_code == 204, "they ask until they are answered"

    def test_a_failure_is_seen_at_once_and_a_repeat_changes_nothing(self, theirs, shop, rosa, callback):
        self.set_up(shop, "sms", kind="generic")
        Contact.create(customer=rosa, kind="phone", address="020 7946 0018", known="+442079460018", at=TUESDAY)
        told = {"id": "SM1", "state": "failed", "code": "no-such-number"}
        for _n in range(2):
            assert signed(theirs, callback, told).status_code == 204
        assert stands() == ("failed", "no-such-number")
        assert [one.reason for one in CallTask.select()] == ["no-such-number"]
        assert Contact.get(Contact.kind == "phone").bad_code == "no-such-number"

    @pytest.mark.parametrize(
        ("status", "error", "state"),
        [("delivered", "", "delivered"), ("undelivered", "30005", "failed"), ("sent", "", "handed_over")],
    )
    def test_twilio_signs_the_address_it_asked_for(self, theirs, shop, callback, monkeypatch, status, error, state):
        monkeypatch.setenv("REGULARS_PUBLIC_URL", "https://shop.example.org")
        self.set_up(shop, "sms", kind="twilio", account="AC1")
        fields = {"MessageSid": "SM1", "MessageStatus": status, "To": "+442079460018", "ErrorCode": error}
        joined = f"https://shop.example.org{callback}" + "".join(k + v for k, v in sorted(fields.items()))
        good = b64encode(hmac.new(b"s3cret", joined.encode(), hashlib.sha1).digest()).decode()
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for signature, code in (("wrong", 403), (good, 204), (good, 204)):
            answer = theirs.post(callback, data=urlencode(fields), headers={**form, "X-Twilio-Signature": signature})
            assert answer.status_code == code
        assert stands()[0] == state

    def test_vonage_signs_a_token(self, theirs, shop, callback):
        self.set_up(shop, "sms", kind="vonage", account="abc", signing_secret="t0ken")
        body = json.dumps({"message_uuid": "SM1", "to": "442079460018", "status": "delivered"}).encode()
        claims = {"iat": int(TUESDAY.timestamp()), "api_key": "abc", "payload_hash": hashlib.sha256(body).hexdigest()}
        parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256"}, claims)]
        made = urlsafe_b64encode(hmac.new(b"t0ken", b".".join(parts), hashlib.sha256).digest()).rstrip(b"=")
        token = b".".join([*parts, made]).decode()
        assert theirs.post(callback, data=body, headers={"Authorization": f"Bearer {token}x"}).status_code == 403
        assert theirs.post(callback, data=body, headers={"Authorization": f"Bearer {token}"}).status_code == 204
        assert stands() == ("delivered", "")

    @pytest.mark.parametrize(
        ("outcome", "state", "confirmed"),
        [("reached", "delivered", False), ("left-message", "delivered", False), ("confirmed", "confirmed", True),
         ("no-message", "failed", False), ("no-answer", "failed", False), ("taken", "handed_over", False)],
    )  # fmt: skip
    def test_a_call_ends_in_its_outcome(self, theirs, shop, booked, callback, outcome, state, confirmed):
        self.set_up(shop, "call")
        Message.update(way="call").execute()
        told = {"id": "x", "reference": Message.get().message_id, "outcome": outcome}
        for _n in range(2):
            assert signed(theirs, callback, told).status_code == 204
        assert stands()[0] == state
        assert bool(now(booked).confirmed_at) == confirmed
        failed = reminders.failed_us(now(booked))
        assert (failed is not None) == (state == "failed")
        assert CallTask.select().count() == (state == "failed"), "a call that left no message is a failure"

    def test_what_nobody_understands_belongs_to_its_message(self, theirs, shop, callback):
        self.set_up(shop, "sms", kind="generic")
        for _n in range(3):
            assert signed(theirs, callback, {"id": "SM1", "state": "quantum"}).status_code == 204
        assert not StrayReport.select().exists()
        assert stands() == ("handed_over", "no-report")
        signed(theirs, callback, {"id": "SM1", "state": "delivered"})
        assert stands() == ("delivered", "")

    @pytest.mark.parametrize("way", ["sms", "call"])
    def test_a_proof_of_arrival_beats_a_failure_that_comes_later(self, theirs, shop, rosa, callback, way):
        self.set_up(shop, way, kind="generic")
        Message.update(way=way, address="+442079460018").execute()
        Contact.create(customer=rosa, kind="phone", address="020 7946 0018", known="+442079460018", at=TUESDAY)
        field = "state" if way == "sms" else "outcome"
        signed(theirs, callback, {"id": "SM1", field: "delivered", "code": ""})
        signed(theirs, callback, {"id": "SM1", field: "failed", "code": "no-such-number"})
        assert (stands()[0], CallTask.select().count()) == ("delivered", 0)
        assert Contact.get(Contact.kind == "phone").bad_at is None

    def test_who_told_the_gateway_to_stop_is_told_nothing_more_by_that_way(self, theirs, shop, rosa, booked, callback):
        self.set_up(shop, "sms", kind="generic")
        Message.update(way="sms", address="+442079460018").execute()
        signed(theirs, callback, {"id": "SM1", "state": "failed", "code": "opted-out"})
        assert (stands(), CallTask.select().count()) == (("suppressed", "opted-out"), 0)
        said = [(one.customer_id, one.way, one.given, one.how) for one in Consent.select()]
        assert said == [(rosa.id, "sms", False, "reply")]
        assert contacts.reach(rosa, "sms", shop).code == "asked-not-to"
        assert contacts.reach(rosa, "email", shop).code == ""

    def test_reached_by_another_way_they_are_rung_no_more(self, phone, theirs, shop, rosa, booked, callback):
        self.set_up(shop, "call")
        mail = Message.get()
        other = Message.create(
            shop=shop, kind="reminder", way="call", customer=rosa, appointment=booked, state="handed_over",
            message_id="second@example.org", due_at=TUESDAY, next_at=TUESDAY, deadline=TUESDAY, at=TUESDAY,
        )  # fmt: skip
        outbox.report(mail, "bounced", "mailbox-full")
        assert [one.outcome for one in CallTask.select()] == [""]
        until = clock.now().date() + timedelta(days=7)
        there = f"/delivery/{links.sign(shop.business_id, 'gone', other.id, until=until)}"
        signed(theirs, there, {"id": "x", "outcome": "reached"})
        assert [one.outcome for one in CallTask.select()] == ["dropped"]
        assert calls.to_ring(shop, clock.now()) == []

    def test_once_reached_another_failure_makes_nobody_ring(self, shop, rosa, booked):
        mail = Message.get()
        Message.create(
            shop=shop, kind="reminder", way="call", customer=rosa, appointment=booked, state="delivered",
            message_id="second@example.org", due_at=TUESDAY, next_at=TUESDAY, deadline=TUESDAY, at=TUESDAY,
        )  # fmt: skip
        outbox.report(mail, "bounced", "mailbox-full")
        assert not CallTask.select().exists()

    def test_of_a_message_that_is_gone(self, theirs, callback):
        Message.delete().execute()
        for _n in range(2):
            assert theirs.post(callback, data=b"{}").status_code == 204
        assert StrayReport.select().count() == 1

    def test_a_report_quicker_than_the_gateways_own_answer_counts(self, theirs, shop, callback):
        self.set_up(shop, "sms", kind="generic")
        Message.update(state="claimed", claimed_by="me", leased_until=TUESDAY).execute()
        signed(theirs, callback, {"id": "SM1", "state": "delivered"})
        assert outbox.free_abandoned(TUESDAY + timedelta(hours=1)) == 0
        assert stands() == ("delivered", "")

    @pytest.mark.parametrize("body", JUNK, ids=range(len(JUNK)))
    @pytest.mark.parametrize("kind", ["twilio", "vonage", "generic"])
    def test_junk_is_refused_and_never_a_trace(self, theirs, shop, callback, kind, body):
        self.set_up(shop, "sms", kind=kind)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert theirs.post(callback, data=body, headers=form).status_code == 403
        assert stands()[0] == "handed_over"

    def test_too_much_or_for_nobody(self, theirs, callback):
        assert theirs.post(callback, data=b"x" * 70_000).status_code == 413
        assert theirs.post("/delivery/x", data=b"{}").status_code == 404
        assert theirs.get(callback).status_code in (404, 405)


def test_one_secret_a_business_and_reading_it_locks_nothing(shop):
    from tests.conftest import counted_queries

    secret = links.secret_of(shop.business_id)
    with counted_queries() as asked:
        assert links.secret_of(shop.business_id) == secret
    assert len(asked) == 1
    assert not [sql for sql in asked if re.search("UPDATE|BEGIN", sql)]
