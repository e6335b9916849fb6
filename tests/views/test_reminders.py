"""The owner's page of reminders: true figures, each with its list; ways and rules that are set; a test by the same path."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

import clock
import sending
from domain import alarms, export, known, outbox, reminders, reminders_told
from domain.contacts import compared
from domain.history import History
from models import (
    Appointment,
    Beat,
    Business,
    CallTask,
    Channel,
    Contact,
    Message,
    Mistake,
    Outage,
    ReminderRule,
    Shop,
    StrayReport,
)
from outside import web
from tests.conftest import TUESDAY, counted_queries, hire, signed_in, someone

SECRET = "correct-horse-battery"
MAIL = {
    "host": "smtp.example.org", "port": "", "tls": "starttls", "user": "desk@example.org", "password": SECRET,
    "sender": "", "sender_name": "", "reply_to": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    import os

    for name in list(os.environ):
        if name.startswith(("REGULARS_SMTP", "REGULARS_SMS", "REGULARS_CALL", "REGULARS_HOOK", "REGULARS_PUBLIC")):
            monkeypatch.delenv(name)


@pytest.fixture
def public(monkeypatch):
    """Let every name lead to a public address, without asking anybody."""
    monkeypatch.setattr(web, "resolve", lambda host, port, ends_at: [(None, None, None, None, ("93.184.215.14", port))])


def keep(desk, way="email", **changes):
    return desk.post(f"/reminders/channels/{way}", {**(MAIL if way == "email" else {}), "how": "keep", **changes})


def settings(way="email"):
    stored = Channel.get_or_none(Channel.way == way)
    return {name: value for name, value in stored.settings.items() if name != "before"} if stored else None


def found(pattern, text):
    """Return what the pattern's group holds in a page."""
    match = re.search(pattern, text, re.S)
    assert match, pattern
    return match[1]


numbers = iter(range(1, 10_000))


def told(shop, who, state, way="email", hours=-2, starts=-1, code="", **more):
    """Return a reminder that is in a state: due `hours` from now, about a time `starts` hours from now."""
    now = clock.now()
    appointment = Appointment.create(
        customer=who, shop=shop, day=shop.day_of(now + timedelta(hours=starts)), starts_at=now + timedelta(hours=starts)
    )
    due = now + timedelta(hours=hours)
    out = state in ("handed_over", "delivered", "confirmed", "bounced")
    return Message.create(
        shop=shop, kind="reminder", way=way, customer=who, appointment=appointment, state=state, code=code,
        message_id=f"{next(numbers)}@shop.example", due_at=due, next_at=due, deadline=due + timedelta(hours=1), at=due,
        handed_at=due if out else None, ended_at=None if state in ("due", "claimed") else due, **more,
    )  # fmt: skip


class TestTheFigures:
    def test_each_way_tells_what_became_of_what_was_sent(self, shop, desk, rosa):
        told(shop, rosa, "delivered")
        told(shop, rosa, "confirmed", hours=-3)
        told(shop, rosa, "bounced", hours=-4, code="no-such-mailbox")
        told(shop, rosa, "failed", hours=-5, code="sign-in-refused")
        told(shop, rosa, "handed_over", hours=-25)
        told(shop, rosa, "handed_over", hours=-23)
        told(shop, rosa, "expired", way="sms", code="too-late")
        told(shop, rosa, "suppressed", way="sms", code="asked-not-to")
        told(shop, rosa, "due", hours=3, starts=27)
        told(shop, rosa, "delivered", hours=-24 * 31)  # of another month
        by_way = reminders_told.figures(shop, clock.now())
        assert by_way["email"] == reminders_told.Figures(5, 2, 2, 0, 1, 0, 0, 1)
        assert by_way["sms"] == reminders_told.Figures(0, 0, 0, 1, 0, 1, 0, 0)

    def test_every_number_opens_a_list_of_that_length(self, shop, desk, rosa):
        for state in ("delivered", "confirmed", "bounced", "failed", "handed_over", "expired", "suppressed", "claimed"):
            told(shop, rosa, state, hours=-26)
        told(shop, rosa, "due", hours=3, starts=27)
        page = desk.get("/reminders").text
        links = re.findall(r'href="(/reminders/list/[a-z-]+)">(\d+) ', page)
        assert len(links) > 10
        for path, number in links:
            listed = desk.get(path).text
            assert len(re.findall(r'class="person" href="/customers/', listed)) == int(number), path

    def test_a_number_and_its_list_are_of_this_shop_only(self, shop, desk, rosa):
        other = Shop.create(business=shop.business, name="Second Street")
        told(other, rosa, "failed", code="no-such-mailbox")
        assert "Rosa" not in desk.get("/reminders").text
        assert "Rosa" not in desk.get("/reminders/list/lost").text

    def test_a_long_list_goes_on(self, shop, desk):
        for n in range(60):
            told(shop, someone(shop, f"Guest {n}"), "delivered")
        first = desk.get("/reminders/list/arrived").text
        assert first.count('class="person" href') == 50
        assert "10 more" in first
        assert desk.get("/reminders/list/arrived?from=50").text.count('class="person" href') == 10

    @pytest.mark.parametrize("name", ["nothing", "lost-", "lost-pigeon", "__class__", "lost-email-x"])
    def test_there_is_no_other_list(self, desk, name):
        assert desk.get(f"/reminders/list/{name}").status_code == 404

    def test_the_states_are_told_in_their_words(self, shop, desk, rosa):
        told(shop, rosa, "handed_over")
        told(shop, rosa, "failed", code="mailbox-full")
        assert "sent, not confirmed" in desk.get("/reminders/list/sent").text
        lost = desk.get("/reminders/list/lost").text
        assert "did not arrive" in lost
        assert "Their mailbox is full. Ask for another way." in lost

    def test_costs_the_same_for_three_people_and_for_sixty(self, shop, desk):
        def cost():
            desk.get("/reminders")
            with counted_queries() as seen:
                desk.get("/reminders")
            return len(seen)

        def some(n):
            for i in range(n):
                one = someone(shop, f"Guest {i}")
                told(shop, one, "failed", code="no-such-mailbox")
                Contact.create(
                    customer=one, kind="email", address=f"a{i}@example.org", known=f"a{i}@example.org", at=TUESDAY,
                    bad_at=TUESDAY, bad_code="no-such-mailbox",
                )  # fmt: skip

        some(10)
        few = cost()
        some(50)
        assert cost() == few <= 24


class TestWhomOurSilenceTouched:
    def test_says_the_day_what_happened_and_whether_somebody_said_sorry(self, shop, desk, sam, rosa, okafor):
        lost = told(shop, rosa, "failed", code="no-message", way="call")
        rosa.check_in(shop, sam, TUESDAY - timedelta(minutes=30))
        Mistake.create(
            customer=rosa, shop=shop, text="x", day=shop.today(), at=TUESDAY, about=f"reminder:{lost.id}",
            acknowledged_at=TUESDAY, acknowledged_by=sam, said_sorry=True,
        )  # fmt: skip
        told(shop, okafor, "expired", code="too-late", starts=-25)
        page = desk.get("/reminders").text
        touched = page[page.index('data-testid="touched"') : page.index('data-testid="addresses"')]
        assert "Came at 7:42 for 7:12. Sam said sorry." in touched
        assert "It rang, and no message was left." in touched
        assert "Did not come. Nobody has said sorry yet." in touched
        assert f'href="/customers/{rosa.id}"' in touched
        assert "1 owned up to" in page

    @pytest.mark.parametrize("why_not", ["arrived", "rung", "confirmed", "answered", "cancelled", "ahead", "moved"])
    def test_is_nobody_who_was_reached_or_has_no_such_time(self, shop, desk, rosa, why_not):
        lost = told(shop, rosa, "failed", starts=2 if why_not == "ahead" else -1)
        every: dict[str, dict[str, Any]] = {
            "confirmed": {"confirmed_at": TUESDAY}, "answered": {"reply": "coming"}, "cancelled": {"state": "cancelled"},
            "moved": {"sequence": 1},
        }  # fmt: skip
        if why_not in every:
            Appointment.update(**every[why_not]).execute()
        if why_not == "arrived":
            Message.create(
                shop=shop, kind="reminder", way="sms", customer=rosa, appointment=lost.appointment, state="delivered",
                message_id="other@shop.example", due_at=TUESDAY, next_at=TUESDAY, deadline=TUESDAY, at=TUESDAY,
            )  # fmt: skip
        if why_not == "rung":
            CallTask.create(
                shop=shop, customer=rosa, appointment=lost.appointment, message=lost, reason="no-answer", at=TUESDAY,
                outcome="reached", done_at=TUESDAY,
            )  # fmt: skip
            assert "1 caught in time" in desk.get("/reminders").text
            assert "reached them" in desk.get("/reminders/list/caught").text
        assert reminders_told.touched(shop, clock.now()).total == 0

    def test_is_told_once_where_two_reminders_failed(self, shop, rosa):
        lost = told(shop, rosa, "failed")
        again = {"rule": None, "way": "sms", "message_id": "again@shop.example"}
        Message.create(
            shop=shop, kind="reminder", customer=rosa, appointment=lost.appointment, state="failed", due_at=TUESDAY,
            next_at=TUESDAY, deadline=TUESDAY, at=TUESDAY, **again,
        )  # fmt: skip
        assert reminders_told.touched(shop, clock.now()).total == 1

    def test_addresses_that_went_bad_say_whose_and_why(self, shop, desk, rosa):
        Contact.create(
            customer=rosa, kind="email", address="rosa@example.org", known="rosa@example.org", at=TUESDAY, bad_at=TUESDAY,
            bad_code="no-such-mailbox",
        )  # fmt: skip
        page = desk.get("/reminders").text
        assert "rosa@example.org" in page
        assert "There is no such mailbox. Ask how it is spelled." in page


class TestWhatNeedsTheOwner:
    def mark(self, desk):
        found = re.search(r'data-testid="reminders-need"><span class="vh">, </span>(\d+)', desk.get("/settings").text)
        return int(found[1]) if found else 0

    def test_nothing_does_in_a_new_shop(self, desk):
        assert self.mark(desk) == 0
        page = desk.get("/reminders").text
        assert "No reminder can leave yet." in page
        assert 'href="/reminders/channels/email"' in page
        assert "REGULARS_PUBLIC_URL" in page

    def test_a_sender_that_is_silent_for_three_minutes(self, desk, at):
        Beat.create(name="sender", at=TUESDAY)
        at(TUESDAY + timedelta(minutes=3))
        assert (self.mark(desk), "banner--alarm" in desk.get("/reminders").text) == (0, False)
        at(TUESDAY + timedelta(minutes=3, seconds=1))
        assert (self.mark(desk), "Nothing is being sent" in desk.get("/reminders").text) == (1, True)

    @pytest.mark.parametrize(
        ("code", "says"),
        [
            ("auto-reply", "by e-mail. An automatic answer. Nothing has to be done."),
            ("reply", "by e-mail. An answer from uma@example.org: read it in the mailbox."),
        ],
    )
    def test_what_customers_answer_by_mail_is_told_in_words(self, desk, code, says):
        outbox.take_in("mail", "", "uma@example.org", "unknown", code)
        page = desk.get("/reminders").text
        assert says in page

    def test_one_phrase_has_one_number(self, shop, desk, rosa):
        told(shop, rosa, "failed")
        told(shop, rosa, "expired", way="sms")
        page = desk.get("/reminders").text
        assert "One reminder did not arrive in the last 30 days. One reminder was too late to send." in page
        assert "1 did not arrive" in page

    def test_what_our_provider_refuses(self, shop, desk, rosa):
        Beat.create(name="sender", at=TUESDAY)
        told(shop, rosa, "due", code="sign-in-refused", hours=-1, starts=20)
        told(shop, rosa, "failed", code="no-such-mailbox")
        assert self.mark(desk) == 1
        page = desk.get("/reminders").text
        assert "One message could not go out for a reason that you can mend." in page
        assert re.findall(r'data-testid="fault">([^<]*)', page) == [
            "Our provider did not let us in. Look at user and password. Some providers want a password made for programs."
        ]

    @pytest.mark.parametrize("what", ["strays", "outages"])
    def test_a_report_that_matched_nothing_and_a_time_without_a_sender_are_put_away_and_back(self, desk, what):
        if what == "strays":
            one = StrayReport.create(at=TUESDAY, via="mailbox", code="no-such-mailbox", about="<x@example.org>")
        else:
            one = Outage.create(began=TUESDAY - timedelta(hours=2), ended=TUESDAY, missed=14)
        page = desk.get("/reminders").text
        assert ("x@example.org" if what == "strays" else "14 reminders were due") in page
        assert self.mark(desk) == 1
        gone = desk.post(f"/reminders/{what}/{one.id}/seen")
        assert gone.status_code == 303
        after = desk.get(gone.location).text
        assert "Put away." in after
        assert f'data-testid="{what}"' not in after
        assert self.mark(desk) == 0
        assert desk.post(f"/reminders/{what}/{one.id}/undo").status_code == 303
        assert self.mark(desk) == 1

    def test_what_concerns_the_server_is_for_its_own_business(self, server, desk):
        StrayReport.create(at=TUESDAY, via="mailbox", about="x@example.org")
        business = Business.create(name="Others", created_at=TUESDAY)
        shop = Shop.create(business=business, name="Elsewhere")
        eve = hire(shop, "Eve", "owner")
        page = signed_in(server, eve, "owner").get("/reminders").text
        assert "x@example.org" not in page
        assert 'data-testid="reminders-need"' not in page


class TestAWay:
    def test_is_set_up_and_undone(self, desk, shop):
        answer = keep(desk)
        assert answer.status_code == 303
        assert settings() == {
            "host": "smtp.example.org",
            "tls": "starttls",
            "user": "desk@example.org",
            "password": SECRET,
        }
        after = desk.get(answer.location).text
        assert "Kept." in after
        assert SECRET not in after
        keep(desk, host="mail.example.org")
        assert settings()["host"] == "mail.example.org"
        desk.post("/reminders/channels/email/undo")
        assert settings()["host"] == "smtp.example.org"

    def test_the_first_one_brings_the_usual_rule_and_arms_what_is_booked(self, desk, phone, shop, rosa):
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-27T10:00", minutes=30)
        assert Message.select().count() == 0
        keep(desk)
        assert [(one.way, one.minutes_before) for one in reminders.rules_of(shop)] == [("email", 1440)]
        assert Message.get().due_at == TUESDAY.replace(day=26, hour=10, minute=0)
        ReminderRule.update(ended_at=TUESDAY).execute()
        keep(desk, host="mail.example.org")
        assert reminders.rules_of(shop) == []  # whoever ended them meant it

    def test_a_secret_is_written_and_never_read_back(self, desk, shop, caplog):
        keep(desk)
        for path in ("/reminders", "/reminders/channels/email", "/settings"):
            assert SECRET not in desk.get(path).text
        assert SECRET not in keep(desk, port="x", password=SECRET + "2").text
        assert SECRET not in json.dumps(list(export.records()))
        assert SECRET not in desk.get("/api/v1/export").text
        assert SECRET not in caplog.text

    def test_a_secret_left_empty_stays_and_goes_nowhere_else(self, desk, shop):
        keep(desk)
        assert keep(desk, password="", sender="desk@example.org").status_code == 303
        assert settings()["password"] == SECRET
        moved = keep(desk, password="", host="mail.example.com")
        assert moved.status_code == 422
        assert "What is kept was for another address." in moved.text
        assert settings()["host"] == "smtp.example.org"
        assert keep(desk, password="", user="").status_code == 303
        assert "password" not in settings()

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            pytest.param({"host": ""}, "Write the name of the mail server.", id="no server"),
            pytest.param({"host": "smtp example"}, "That is no name of a server.", id="two words"),
            pytest.param({"port": "70000"}, "A port is a number from 1 to 65535.", id="a port too far"),
            pytest.param({"port": "٢٥"}, "A port is a number from 1 to 65535.", id="digits of another script"),
            pytest.param({"tls": "none"}, "Without encryption only a server on this very machine", id="in the clear"),
            pytest.param({"tls": "ssh"}, "Pick one of these.", id="another encryption"),
            pytest.param({"sender": "desk"}, "That is no mail address.", id="no address"),
            pytest.param({"reply_to": "a@b@c"}, "That is no mail address.", id="nowhere to answer"),
            pytest.param({"sender_name": "x" * 301}, "That is too long", id="a long name"),
            pytest.param({"user": "a\u0007b"}, "something in it that cannot be typed", id="a bell"),
        ],
    )
    def test_is_refused_in_words_and_what_was_typed_stays(self, desk, changes, sentence):
        answer = keep(desk, **{"sender_name": "Our desk", **changes})
        assert answer.status_code == 422
        assert sentence in answer.text
        assert ("Our desk" in answer.text) is ("sender_name" not in changes)
        assert settings() is None

    def test_without_encryption_on_this_machine_only(self, desk):
        assert keep(desk, host="127.0.0.1", tls="none").status_code == 303

    @pytest.mark.parametrize(
        "url",
        ["http://127.0.0.1/x", "http://[::ffff:10.0.0.1]/", "https://192.168.1.9/calls", "http://169.254.169.254/"],
    )
    def test_an_address_inside_the_own_network_is_refused_unless_it_is_allowed(self, desk, url, monkeypatch):
        answer = keep(desk, "hook", url=url, secret="shared")
        assert answer.status_code == 422
        assert "inside your own network" in answer.text
        assert settings("hook") is None
        host = web._parts(url)[1]
        monkeypatch.setenv("REGULARS_ALLOWED_HOSTS", host)
        assert keep(desk, "hook", url=url, secret="shared").status_code == 303

    @pytest.mark.parametrize("url", ["ftp://example.org", "example.org", "https://user:pw@example.org/"])
    def test_what_is_no_address_of_the_web_is_refused(self, desk, url):
        assert "That is no address of the web." in keep(desk, "call", url=url, secret="shared").text

    def test_gateways_ask_for_what_they_need(self, desk, public):
        assert keep(desk, "sms", kind="twilio", account="AC1").status_code == 422
        assert keep(desk, "sms", kind="twilio", account="AC1", secret=SECRET, sender="+15005550006").status_code == 303
        assert keep(desk, "sms", kind="vonage", account="AC1", sender="Shop").status_code == 422  # another one's secret
        assert keep(desk, "sms", kind="generic", url="https://sms.example.org", secret=SECRET).status_code == 303
        assert settings("sms")["kind"] == "generic"

    def test_what_the_environment_fixes_is_shown_so_and_cannot_be_changed(self, desk, shop, monkeypatch):
        monkeypatch.setenv("REGULARS_SMTP_HOST", "fixed.example.org")
        monkeypatch.setenv("REGULARS_SMTP_PASSWORD", SECRET)
        page = desk.get("/reminders/channels/email").text
        assert "REGULARS_SMTP_HOST" in page
        assert "fixed.example.org" in page
        assert 'name="host"' not in page
        assert SECRET not in page
        assert keep(desk, host="mine.example.org").status_code == 303
        assert "host" not in settings()
        assert sending.Ways().of(shop, "email")["host"] == "fixed.example.org"

    def test_is_a_managers_to_set_too_and_not_staffs(self, server, shop, phone):
        manager = signed_in(server, hire(shop, "Bo", "manager"))
        assert manager.get("/reminders/channels/email").status_code == 200
        assert keep(manager).status_code == 303
        assert phone.get("/reminders/channels/email").status_code == 404
        assert keep(phone).status_code == 404


class TestOneRule:
    """What the row of today, the list, the card and the task take for a failure of ours is the same."""

    @pytest.mark.parametrize("other", ["delivered", "handed_over", "suppressed"])
    def test_says_whom_a_reminder_failed(self, shop, rosa, other):
        lost = told(shop, rosa, "bounced", code="mailbox-full", starts=-1)
        of_another_time = told(shop, rosa, "delivered", starts=-0.5)
        second = told(shop, rosa, other, way="sms", starts=-1)
        Message.update(appointment=lost.appointment_id).where(Message.id == second.id).execute()
        failed = other != "delivered"
        assert (reminders.failed_us(lost.appointment) is not None) == failed
        assert reminders.failed_us(of_another_time.appointment) is None
        row = known.known_of(shop, {rosa.id: History()}, shop.today(), {})[rosa.id].lost
        assert (row is not None) == failed
        rows = reminders_told.touched(shop, clock.now()).rows
        assert [one.message.id for one in rows] == ([lost.id] if failed else [])


class TestWhoIsToBeTold:
    def test_the_page_says_when_the_owner_could_not_be_told(self, desk, shop, rosa):
        keep(desk)
        alarms.keep(shop.business_id, alert_email="ruth@example.org")
        assert 'data-testid="deaf"' not in desk.get("/reminders").text
        told(shop, rosa, "failed", code="sign-in-refused", hours=-0.5)
        assert 'data-testid="deaf"' in desk.get("/reminders").text


class TestATest:
    def test_takes_the_outbox_and_its_fate_is_told(self, desk, shop):
        keep(desk)
        sent = desk.post("/reminders/channels/email/test", {"to": "ruth@example.org"})
        assert sent.status_code == 303
        message = Message.get()
        assert (message.kind, message.way, message.address, message.state) == (
            "test",
            "email",
            "ruth@example.org",
            "due",
        )
        assert "data-polls" in desk.get("/reminders/channels/email").text
        told = desk.get(f"/reminders/tests/{message.id}", headers={"HX-Request": "true"}).text
        assert "waiting" in told
        Message.update(attempts=1, code="sign-in-refused", next_at=TUESDAY + timedelta(minutes=1)).execute()
        told = desk.get(f"/reminders/tests/{message.id}", headers={"HX-Request": "true"}).text
        assert "It is tried again today at 8:13." in told
        assert "Our provider did not let us in." in told
        assert "Look at user and password." in told
        Message.update(state="delivered", code="", ended_at=TUESDAY).execute()
        told = desk.get(f"/reminders/tests/{message.id}", headers={"HX-Request": "true"}).text
        assert "Test today at 8:12: arrived." in told
        assert "data-polls" not in told
        assert "Test today at 8:12: arrived." in desk.get("/reminders").text

    @pytest.mark.parametrize("to", ["", "ruth", "ruth@example", "a\nb@example.org"])
    def test_wants_an_address(self, desk, to):
        keep(desk)
        answer = desk.post("/reminders/channels/email/test", {"to": to})
        assert answer.status_code == 422
        assert Message.select().count() == 0

    def test_by_text_message_goes_to_a_number_with_its_country(self, desk, public):
        keep(desk, "sms", kind="generic", url="https://sms.example.org", secret=SECRET)
        desk.post("/reminders/channels/sms/test", {"to": "020 7946 0018"})
        assert Message.get().address == compared("phone", "020 7946 0018", "Europe/London") == "+442079460018"

    def test_sent_twice_by_one_form_is_one_message(self, desk):
        keep(desk)
        form = {"to": "ruth@example.org", "action": "8b0c0a2e-5b1a-4f0e-9d5c-1f2e3d4c5b6a"}
        for _ in range(2):
            desk.post("/reminders/channels/email/test", form)
        assert Message.select().count() == 1

    def test_that_cannot_be_sent_says_why_and_how_it_is_mended(self, desk, shop, monkeypatch, at):
        keep(desk, host="127.0.0.1", port="1", tls="none", user="", password="")
        desk.post("/reminders/channels/email/test", {"to": "ruth@example.org"})
        sending.send_due(sending.Ways(""))
        page = desk.get("/reminders/channels/email").text
        assert "The provider could not be reached." in page
        assert "name and port" in page


RULE = {"way": "email", "amount": "2", "unit": "hours", "subject": "", "text": "", "how": "keep"}


class TestARule:
    def test_is_added_changed_ended_and_each_is_taken_back(self, desk, phone, shop, rosa):
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-27T10:00", minutes=30)
        added = desk.post("/reminders/rules", RULE)
        assert added.status_code == 303
        rule = ReminderRule.get()
        assert (rule.way, rule.minutes_before, rule.subject, rule.text) == ("email", 120, "", "")
        assert "Added: By e-mail, two hours before." in desk.get(added.location).text
        message = Message.get()
        assert message.due_at == TUESDAY.replace(day=27, hour=8, minute=0)

        words = {"subject": "Soon", "text": "{name}: {day} at {time}"}
        changed = desk.post(
            f"/reminders/rules/{rule.id}", {**RULE, "way": "sms", "amount": "1", "unit": "days", **words}
        )
        page = desk.get(changed.location).text
        assert "Changed: By text message, one day before." in page
        message = Message.get()
        assert (message.way, message.due_at) == ("sms", TUESDAY.replace(day=26, hour=10, minute=0))
        form = found(r'<form method="post" action="/reminders/rules/\d+">(.*?)</form>', page)
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        assert desk.post(f"/reminders/rules/{rule.id}", fields).status_code == 303
        rule = ReminderRule.get()
        assert (rule.way, rule.minutes_before, rule.text) == ("email", 120, "")
        assert Message.get().way == "email"

        ended = desk.post(f"/reminders/rules/{rule.id}/end")
        assert "Ended: By e-mail" in desk.get(ended.location).text
        assert Message.get().state == "dropped"
        desk.post(f"/reminders/rules/{rule.id}/undo")
        assert (Message.get().state, Message.select().count()) == ("due", 1)

    def test_that_reaches_people_at_once_says_so_and_waits_for_the_undo(self, desk, phone, shop, rosa, okafor, at):
        for who, time in ((rosa, "9:00"), (okafor, "9:10")):
            phone.act("appointment.create", customer=str(who.id), starts_at=f"2026-11-24T0{time}", minutes=10)
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-27T10:00", minutes=30)
        page = desk.get(desk.post("/reminders/rules", {**RULE, "amount": "1"}).location).text
        assert "It goes to 2 people in half a minute." in page
        theirs = Message.customer == okafor.id

        def goes_by(seconds):
            at(TUESDAY + timedelta(seconds=seconds))
            outbox.claim("me", clock.now())
            return Message.get(theirs).state == "failed"  # since nobody knows where

        assert not goes_by(29)
        desk.post(f"/reminders/rules/{ReminderRule.get().id}/end")
        assert not goes_by(31)
        desk.post(f"/reminders/rules/{ReminderRule.get().id}/undo")
        assert not goes_by(60)
        assert goes_by(62)

    def test_that_reaches_nobody_at_once_says_nothing_of_it(self, desk, phone, rosa):
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-27T10:00", minutes=30)
        assert "half a minute" not in desk.get(desk.post("/reminders/rules", RULE).location).text

    def test_changed_after_it_was_sent_sends_nothing_again(self, desk, phone, shop, rosa):
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-27T10:00", minutes=30)
        desk.post("/reminders/rules", {**RULE, "amount": "3", "unit": "days"})
        Message.update(state="handed_over", handed_at=TUESDAY).execute()
        desk.post(f"/reminders/rules/{ReminderRule.get().id}", {**RULE, "amount": "1", "unit": "days"})
        assert [one.state for one in Message.select()] == ["handed_over"]

    def test_changed_too_late_for_somebody_goes_when_it_was_to_go(self, desk, phone, shop, rosa):
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-25T10:00", minutes=30)
        desk.post("/reminders/rules", RULE)
        desk.post(f"/reminders/rules/{ReminderRule.get().id}", {**RULE, "amount": "9", "unit": "days"})
        message = Message.get()
        assert (message.state, message.due_at) == ("due", TUESDAY.replace(day=25, hour=8, minute=0))

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            pytest.param({"amount": "soon"}, "between 5 minutes and 60 days", id="no number"),
            pytest.param({"amount": "4", "unit": "minutes"}, "between 5 minutes and 60 days", id="too soon"),
            pytest.param({"amount": "61", "unit": "days"}, "between 5 minutes and 60 days", id="too early"),
            pytest.param({"amount": "2", "unit": "weeks"}, "between 5 minutes and 60 days", id="another unit"),
            pytest.param({"way": "pigeon"}, "is one of", id="another way"),
            pytest.param({"text": "Hello {nam}"}, "{nam} cannot be filled in.", id="a place we do not know"),
            pytest.param({"subject": "At {time"}, "A brace is not closed", id="an open brace"),
            pytest.param({"text": "x" * 2001}, "is too long", id="a long letter"),
        ],
    )
    def test_is_refused_in_words_and_what_was_typed_stays(self, desk, changes, sentence):
        typed = {**RULE, "text": "Bring your glasses", **changes}
        answer = desk.post("/reminders/rules", typed)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert typed["text"] in answer.text
        assert typed["amount"] in answer.text
        assert ReminderRule.select().count() == 0

    def test_is_not_there_twice(self, desk):
        desk.post("/reminders/rules", RULE)
        assert desk.post("/reminders/rules", {**RULE, "text": "Mine"}).status_code == 409

    def test_is_shown_as_somebody_invented_would_read_it(self, desk, shop, monkeypatch):
        monkeypatch.setenv("REGULARS_PUBLIC_URL", "https://shop.example.org")
        typed = {**RULE, "subject": "Tomorrow", "text": "{name}, {whose} on {day} at {time}: {link}"}
        seen = desk.post("/reminders/rules/preview", typed, htmx=True).text
        assert (
            "Alma, you have an appointment with Nadia on Wednesday 25 November at 10:00: https://shop.example.org/"
            in seen
        )
        assert "<html" not in seen
        assert ReminderRule.select().count() == 0
        assert "{oops} cannot be filled in." in desk.post("/reminders/rules/preview", {**RULE, "text": "{oops}"}).text
        Shop.update(language="es").execute()
        assert "miércoles" in desk.post("/reminders/rules/preview", typed, htmx=True).text.lower()

    def test_our_own_words_sent_back_stay_ours(self, desk):
        page = desk.get("/reminders/rules/new").text
        ours = found(r"<textarea[^>]*>(.*?)</textarea>", page)
        assert "{whose}" in ours
        desk.post("/reminders/rules", {**RULE, "way": "sms", "text": ours.replace("\n", "\r\n")})
        assert ReminderRule.get().text == ""

    def test_of_another_shop_is_not_there(self, desk, shop):
        other = Shop.create(business=shop.business, name="Second Street")
        rule = ReminderRule.create(shop=other, way="email", minutes_before=60)
        assert desk.get(f"/reminders/rules/{rule.id}").status_code == 404
        assert desk.post(f"/reminders/rules/{rule.id}", RULE).status_code == 404
        assert desk.post(f"/reminders/rules/{rule.id}/end").status_code == 404

    def test_is_not_for_staff_to_set(self, phone):
        answer = phone.act("rule.create", way="email", minutes_before=60)
        assert (answer["status"], answer["reason"]) == ("rejected", "That is for a manager or the owner to do.")


class TestWhereTheOwnerIsTold:
    def test_is_kept_and_taken_back(self, desk, shop, public):
        form = {"alert_email": "ruth@example.org", "alert_sms": "", "deadman_url": "https://watch.example.org/1"}
        kept = desk.post("/reminders/alarms", form)
        assert kept.status_code == 303
        assert "ruth@example.org" in desk.get(kept.location).text
        desk.post("/reminders/alarms/undo")
        assert "ruth@example.org" not in desk.get("/reminders").text

    def test_is_the_owners_alone_to_change(self, server, shop, desk):
        manager = signed_in(server, hire(shop, "Bo", "manager"))
        assert 'data-testid="alarms"' in desk.get("/reminders").text
        assert 'data-testid="alarms"' not in manager.get("/reminders").text
        assert manager.post("/reminders/alarms", {"alert_email": "bo@example.org"}).status_code == 404
        assert alarms.kept(shop.business_id)["alert_email"] == ""

    @pytest.mark.parametrize(
        ("field", "text"),
        [
            ("alert_email", "ruth"),
            ("alert_sms", "ring me"),
            ("deadman_url", "ftp://x"),
            ("deadman_url", "http://["),
            ("deadman_url", "http://example.org:99999/"),
            ("alert_email", "2026-13-45"),
            ("deadman_url", "http://10.0.0.1/"),
            ("deadman_url", "http://169.254.169.254/"),
            ("deadman_url", "http://[::1]/"),
        ],
    )
    def test_is_refused_in_words_and_stays_as_typed(self, desk, field, text):
        answer = desk.post("/reminders/alarms", {field: text})
        assert answer.status_code == 422
        assert f'value="{text}"' in answer.text


def test_a_new_shop_by_the_command_line_begins_with_a_rule(storage):
    from click.testing import CliRunner

    import cli

    done = CliRunner().invoke(
        cli.main,
        ["init", "--shop", "Corner", "--timezone", "Europe/London", "--data", str(storage.data), "--json"],
        env={"DATABASE_URL": storage.database_url},
    )
    assert done.exit_code == 0, done.output
    assert [(one.way, one.minutes_before) for one in ReminderRule.select()] == [("email", 1440)]
