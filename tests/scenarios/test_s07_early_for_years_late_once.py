"""S7: Rosa brings Leo, ten minutes early for years, and once late, after our reminder failed: our part is told first, as ours."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest

import sending
from domain import calls, outbox
from models import Appointment, Belonging, CallTask, Channel, Contact, Household, Message, Mistake, ReminderRule, Visit
from outside.signing import headers_for
from tests.conftest import Phone, hire, signed_in, someone
from tests.outside.conftest import web_server  # noqa: F401  a calling machine

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
YEARS = 28  # visits, in four years
OURS = ("never late in 28 visits", "our reminder failed yesterday at 14:02")


def on(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.fixture
def rosa(shop):
    rosa = someone(shop, "Rosa Marchetti", call="Rosa", pronoun="she")
    Contact.create(customer=rosa, kind="phone", address="020 7946 0018", known="+442079460018", at=on(MONDAY, 8))
    return rosa


@pytest.fixture
def leo(shop, rosa):
    """Leo is a child: the history is his, the contact and the words are for Rosa, who brings him."""
    leo = someone(shop, "Leo Marchetti", call="Leo", pronoun="he", child=True)
    home = Household.create(business=shop.business, kind="household", name="Marchetti")
    Belonging.create(household=home, customer=rosa, part="mother", brings=True)
    Belonging.create(household=home, customer=leo, part="son")
    for n in range(1, YEARS + 1):
        day = TUESDAY - timedelta(days=52 * n)
        Appointment.create(customer=leo, shop=shop, day=day, starts_at=shop.at(day, 600))
        Visit.create(customer=leo, shop=shop, day=day, at=shop.at(day, 600 - 10 - n % 6))
    return leo


@pytest.fixture
def ana(server, shop):
    return signed_in(server, hire(shop, "Ana"))


@pytest.fixture
def sam(server, shop):
    return signed_in(server, hire(shop, "Sam"))


@pytest.fixture
def machine(shop, web_server):  # noqa: F811
    """A machine that rings people for us, the day before at two o'clock; what comes of it, it tells later."""
    asked = web_server(lambda _asked: (200, {"Content-Type": "application/json"}, b'{"id": "call-1"}'))
    Channel.create(shop=shop, way="call", settings={"url": f"{asked.url}/ring", "secret": "s3cret"})
    ReminderRule.create(shop=shop, way="call", minutes_before=20 * 60)
    return asked


@pytest.fixture
def failed(server, shop, leo, sam, machine, at):
    """The reminder was an automated call that rang and left no message: known on Monday at 14:02. Leo is due on Tuesday."""
    at(on(MONDAY, 9))
    made = sam.act("appointment.create", customer=str(leo.id), starts_at="2026-11-24T10:00", minutes=30)
    assert made["status"] == "applied", made
    at(on(MONDAY, 14))
    ways = sending.Ways("https://shop.example.org", frozenset({machine.host}))
    sending.send_due(ways)
    assert Message.get(Message.way == "call").state == "handed_over"
    asked = json.loads(machine.asked[0].body)
    assert asked["to"] == "+442079460018", "it is for Rosa, who brings him"
    at(on(MONDAY, 14, 2))
    body = json.dumps({"id": "call-1", "reference": asked["id"], "outcome": "no-message"}).encode()
    told = server.test_client().post(
        asked["callback"].removeprefix("https://shop.example.org"),
        data=body,
        headers={"Content-Type": "application/json", **headers_for("s3cret", body)},
    )
    assert told.status_code == 204
    return Appointment.get(Appointment.day == TUESDAY)


def test_at_once_somebody_is_to_ring(failed, ana):
    assert Message.get(Message.way == "call").state == "failed"
    page = text_of(ana.get("/today").text)
    assert "Ring Rosa: our reminder failed" in page
    assert "For Leo, tomorrow at 10:00." in page
    assert "It rang, and no message was left." in page
    strip = ana.get("/today").text.partition("</details>\n<a")[2]
    assert 'href="tel:02079460018" data-testid="call-now"' in strip, "of one call the number stands in sight"


def test_a_phone_that_polls_hears_of_it(failed, ana, at):
    tag = ana.get("/today").headers["HX-PTag"]
    assert ana.get("/today", headers={"HX-PTag": tag}).status_code == 304
    ana.act("call.done", task=str(CallTask.get().id), outcome="no_answer")
    assert ana.get("/today", headers={"HX-PTag": tag}).status_code == 200
    assert "Tried once, no answer." in text_of(ana.get("/today").text)


def test_nobody_rings_and_at_five_past_the_row_says_why(failed, ana, leo, at):
    at(TEN + timedelta(minutes=5))
    row = ana.rows()[str(leo.id)]
    assert 'data-testid="not-reached"' in row
    assert "shape--half" in row
    assert "row--out" in row
    told = text_of(row).lower()
    for part in OURS:
        assert part in told
    assert "alarm" not in row
    assert "To ring" not in text_of(ana.get("/today").text), "their time has come"


def test_the_late_card_tells_it_in_three_lines(failed, ana, leo, at):
    at(TEN + timedelta(minutes=12))
    card = ana.get(f"/customers/{leo.id}").text
    story = card.split('data-testid="late-story"')[1].split("</section>")[0]
    lines = [text_of(line) for line in re.findall(r"<li.*?</li>", story.split("</ul>")[0], re.S)]
    assert lines[0] == "28 visits On time or early every time, since 2022. Usually 13 minutes early."
    assert lines[1].startswith(
        "Mon 14:02 Ours: our reminder by automated call did not reach Rosa. It rang, and no message"
    )
    assert lines[2] == "Now 10:12 Nothing is in the way: there is still time."
    assert "12 minutes past his time" in text_of(card)
    assert "Call Rosa 020 7946 0018" in text_of(story)
    assert 'href="tel:02079460018"' in story
    assert "Keep his place" in text_of(story)
    said = text_of(card)
    assert "First time late in 28 visits. Our reminder did not reach Rosa. Ask Rosa if all is well." in said


def test_here_at_half_past_ten_is_excused_and_ours(failed, ana, leo, at):
    at(TEN + timedelta(minutes=12))
    ana.get("/today")
    assert "Trust bucket Full to the brim." in text_of(ana.get(f"/customers/{leo.id}").text)
    at(TEN + timedelta(minutes=30))
    ana.post(f"/customers/{leo.id}/visits")
    appointment = Appointment.get_by_id(failed.id)
    assert appointment.cause == "ours"
    mistake = Mistake.get()
    assert (mistake.customer_id, mistake.text, mistake.acknowledged_at) == (
        leo.id,
        "Our reminder did not reach them.",
        None,
    )
    card = ana.get(f"/customers/{leo.id}").text
    assert "Came 30 minutes past his time" in text_of(card)
    assert "Our reminder did not reach Rosa. Ask if all is well, and say sorry." in text_of(card)
    assert 'data-testid="cause-theirs"' not in card, "ours failed, so it cannot be theirs alone"
    assert "Trust bucket Full to the brim." in text_of(card)
    at(TEN + timedelta(minutes=31))
    ana.post(f"/mistakes/{mistake.id}/acknowledge", {"said_sorry": "yes"})
    mistake = Mistake.get()
    assert (mistake.said_sorry, mistake.acknowledged_by.name, mistake.acknowledged_at) == (
        True, "Ana", TEN + timedelta(minutes=31),
    )  # fmt: skip
    assert "Ana said sorry, today." in text_of(ana.get(f"/customers/{leo.id}").text)
    ana.post(f"/mistakes/{mistake.id}/reopen")
    assert Mistake.get().acknowledged_at is None, "and all of it can be taken back"


def test_saying_the_words_is_saying_sorry(failed, ana, leo, at):
    at(TEN + timedelta(minutes=30))
    ana.get("/today")
    ana.post(f"/customers/{leo.id}/visits")
    ana.post(f"/customers/{leo.id}/prompts", {"prompt": "late-our-silence", "outcome": "said"})
    assert Mistake.get().said_sorry
    ana.post(f"/customers/{leo.id}/prompts", {"outcome": "undo"})
    assert not Mistake.get().said_sorry


def test_an_arrival_that_was_none_takes_it_back(failed, ana, leo, at):
    at(TEN + timedelta(minutes=30))
    ana.get("/today")
    ana.post(f"/customers/{leo.id}/visits")
    ana.post(f"/visits/{Visit.get(Visit.day == TUESDAY).id}/undo")
    assert Mistake.select().count() == 0
    assert Appointment.get_by_id(failed.id).cause == ""


def test_the_place_is_kept_and_given_free_again(failed, ana, leo, at):
    at(TEN + timedelta(minutes=12))
    to = f"/appointments/{failed.id}/keep-place"
    answer = ana.post(to, {"from": "card"}, htmx=True)
    assert "The place is kept until 10:42." in text_of(answer.text)
    assert "Place kept until 10:42. Give it free" in text_of(answer.text)
    assert "place kept until 10:42" in text_of(ana.rows()[str(leo.id)])
    ana.post(to, {"minutes": "0", "from": "card"})
    assert Appointment.get_by_id(failed.id).kept_until is None


def test_the_next_visit_is_not_told_that_he_was_late(failed, ana, leo, shop, at):
    at(TEN + timedelta(minutes=30))
    ana.get("/today")
    ana.post(f"/customers/{leo.id}/visits")
    later = TUESDAY + timedelta(days=14)
    Appointment.create(customer=leo, shop=shop, day=later, starts_at=shop.at(later, 600))
    at(on(later, 10, 15))
    told = text_of(ana.rows()[str(leo.id)])
    assert "never late in 28 visits" in told, "what our failure explains changes nothing"


class TestS7a:
    """Ana rings at 9:20: the failure is caught before the visit."""

    @pytest.fixture
    def rung(self, failed, ana, at) -> Phone:
        at(on(TUESDAY, 9, 20))
        task = CallTask.get()
        answer = ana.post(f"/calls/{task.id}/done", {"outcome": "reached"}, htmx=True)
        assert answer.status_code == 200
        assert "Good: Rosa knows." in text_of(answer.text)
        return ana

    def test_closes_the_task_and_confirms_by_phone(self, rung, failed, shop):
        assert CallTask.get().outcome == "reached"
        appointment = Appointment.get_by_id(failed.id)
        assert (appointment.confirmed_how, appointment.confirmed_at) == ("phone", on(TUESDAY, 9, 20))
        assert calls.caught(shop, on(TUESDAY, 0)) == 1
        assert "Ring Rosa" not in text_of(rung.get("/today").text)
        assert "Ana reached them, 9:20." in text_of(rung.get("/today").text)

    def test_a_late_arrival_is_no_mistake_of_ours_then(self, rung, leo, at):
        at(TEN + timedelta(minutes=5))
        assert "not-reached" not in rung.rows()[str(leo.id)]
        at(TEN + timedelta(minutes=30))
        rung.post(f"/customers/{leo.id}/visits")
        assert Mistake.select().count() == 0

    def test_can_be_taken_back(self, rung, failed, leo, shop, at):
        rung.post(f"/calls/{CallTask.get().id}/reopen", htmx=True)
        assert CallTask.get().done_at is None
        assert Appointment.get_by_id(failed.id).confirmed_at is None
        assert calls.caught(shop, on(TUESDAY, 0)) == 0
        assert "Ring Rosa: our reminder failed" in text_of(rung.get("/today").text)
        assert "not-reached" in rung.rows()[str(leo.id)]

    def test_a_message_left_is_kept_and_not_called_reached(self, failed, ana, shop, at):
        at(on(TUESDAY, 9, 20))
        ana.post(f"/calls/{CallTask.get().id}/done", {"outcome": "left_message"}, htmx=True)
        assert Appointment.get_by_id(failed.id).confirmed_at is None
        assert calls.caught(shop, on(TUESDAY, 0)) == 0
        assert "Ana left a message, 9:20." in text_of(ana.get("/today").text)


class TestByMail:
    """The same with a letter, handed to a real mail server: refused, put off until it is too late, bounced, and silent."""

    @pytest.fixture
    def mail(self, mailboxes, shop, rosa):
        handler, port = mailboxes
        Channel.create(
            shop=shop, way="email",
            settings={"host": "127.0.0.1", "port": port, "tls": "none", "sender": "desk@example.org"},
        )  # fmt: skip
        ReminderRule.create(shop=shop, way="email", minutes_before=20 * 60)
        Contact.create(
            customer=rosa, kind="email", address="rosa@example.org", known="rosa@example.org", at=on(MONDAY, 8)
        )
        return handler

    @pytest.fixture
    def booked(self, leo, mail, sam, at) -> Appointment:
        at(on(MONDAY, 9))
        made = sam.act("appointment.create", customer=str(leo.id), starts_at="2026-11-24T10:00", minutes=30)
        return Appointment.get_by_id(int(made["result"]["appointment"]))

    def sent(self, at, *hours: float) -> Message:
        for hour in (14, *hours):
            at(on(MONDAY, 0) + timedelta(hours=hour))
            sending.send_due(sending.Ways(""))
        return Message.get(Message.way == "email")

    def test_refused(self, booked, mail, ana, at):
        mail.refuses["rosa@example.org"] = "550 5.1.1 No such user here"
        assert self.sent(at).state == "failed"
        page = text_of(ana.get("/today").text)
        assert "Ring Rosa: our reminder failed" in page
        assert "There is no such mailbox. Ask how it is spelled." in page

    def test_put_off_until_it_is_too_late(self, booked, mail, ana, leo, at):
        mail.refuses["rosa@example.org"] = "451 4.2.1 Try later"
        hours = [14 + n / 4 for n in range(1, 40)]
        assert self.sent(at, *hours).state in ("expired", "failed")
        at(TEN + timedelta(minutes=5))
        assert "our reminder failed" in text_of(ana.rows()[str(leo.id)]).lower()

    def test_a_bounce_before_the_visit_becomes_a_call(self, booked, mail, ana, at):
        message = self.sent(at)
        assert message.state == "handed_over"
        assert "Ring Rosa" not in text_of(ana.get("/today").text)
        at(on(MONDAY, 15))
        outbox.report(message, "bounced", "mailbox-full")
        assert "Ring Rosa: our reminder failed" in text_of(ana.get("/today").text)

    def test_silence_is_told_as_what_it_is(self, booked, mail, ana, leo, at):
        self.sent(at)
        at(TEN + timedelta(minutes=12))
        assert "not-reached" not in ana.rows()[str(leo.id)]
        story = text_of(ana.get(f"/customers/{leo.id}").text)
        assert "Our reminder was sent; whether it arrived we do not know." in story
        at(TEN + timedelta(minutes=30))
        ana.post(f"/customers/{leo.id}/visits")
        assert Mistake.select().count() == 0
        assert 'data-testid="cause-theirs"' in ana.get(f"/customers/{leo.id}").text

    def test_a_bounce_after_they_came_is_told_afterwards(self, booked, mail, ana, leo, at):
        message = self.sent(at)
        at(TEN + timedelta(minutes=30))
        ana.get("/today")
        ana.post(f"/customers/{leo.id}/visits")
        ana.post(f"/appointments/{booked.id}/cause", {"cause": "theirs", "from": "card"})
        assert Appointment.get_by_id(booked.id).cause == "theirs"
        at(TEN + timedelta(hours=2))
        outbox.report(message, "bounced", "mailbox-full")
        assert Appointment.get_by_id(booked.id).cause == "both", "what was put down as theirs alone was ours as well"
        assert Mistake.get().about == f"reminder:{message.id}"
        card = text_of(ana.get(f"/customers/{leo.id}").text)
        assert "Ours: our reminder by e-mail did not reach Rosa." in card
        assert "We said sorry" in card

    def test_nobodys_number_is_known(self, booked, mail, ana, rosa, at):
        Contact.delete().where((Contact.customer == rosa.id) & (Contact.kind == "phone")).execute()
        mail.refuses["rosa@example.org"] = "550 5.1.1 No such user here"
        self.sent(at)
        page = ana.get("/today").text
        assert 'data-testid="no-number"' in page
        assert "No telephone number of Rosa is known." in text_of(page)
