"""Silence is an alarm: whoever can mend it is told, by a way that works, once; and what is past is told as well."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import background
import clock
import sending
from domain import alarms, outbox
from models import Beat, CallTask, Channel, Message, Outage, Shop
from tests.conftest import TUESDAY
from tests.mailboxes import A_DAY_BEFORE, booked, states
from tests.test_outbox_troubles import wait_for


class Web:
    """A gateway for text messages, and an address that is asked for: it answers all, and keeps what it was sent."""

    def __init__(self) -> None:
        self.texts: list[dict[str, Any]] = []
        self.pings = 0
        self.answers = 200


@pytest.fixture
def web(monkeypatch) -> Iterator[Web]:
    kept = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept.pings += 1
            self.answer(200)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if kept.answers == 200:
                kept.texts.append(json.loads(body))
            self.answer(kept.answers)

        def answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("REGULARS_SMS_URL", f"{url}/texts")
    monkeypatch.setenv("REGULARS_SMS_KIND", "generic")
    monkeypatch.setenv("REGULARS_SMS_SECRET", "of the gateway")
    monkeypatch.setenv("REGULARS_SMS_SENDER", "Fenwick")
    monkeypatch.setenv("REGULARS_ALERT_SMS", "+442079460000")
    monkeypatch.setenv("REGULARS_DEADMAN_URL", f"{url}/alive")
    yield kept
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def nothing_felt(monkeypatch):
    """Forget what other tests felt."""
    monkeypatch.setattr(sending, "pulses", {})
    monkeypatch.setattr(sending, "_pinged", {})
    monkeypatch.setattr(sending, "_awake_at", None)
    monkeypatch.setattr(sending, "_written_at", None)


def silent(name: str = "", **ago: int) -> None:
    """Let the lanes, or one of what this process does, have been silent for so long."""
    for one in [name] if name else sending.LANES:
        sending.pulses[one] = sending.Pulse(clock.now() - timedelta(**ago), time.monotonic() - sending.SETTLED_S - 1)


class TestASenderThatIsSilent:
    def test_for_ten_minutes_is_told_to_the_owner_by_whoever_watches(self, shop, web):
        silent(minutes=9)
        sending.watch()
        assert web.texts == []
        silent(minutes=10)
        sending.watch()
        sending.watch()
        assert [one["to"] for one in web.texts] == ["+442079460000"]
        assert "reminders have not gone out since 8:02" in web.texts[0]["text"]

    def test_is_told_though_it_holds_what_the_last_step_needs(self, shop, web):
        silent(minutes=11)
        assert sending._last_step.acquire()
        try:
            sending.watch()
        finally:
            sending._last_step.release()
        assert len(web.texts) == 1

    def test_is_told_by_another_way_when_the_first_does_not_work(self, shop, web, mail, monkeypatch, at):
        monkeypatch.setenv("REGULARS_ALERT_EMAIL", "ruth@example.org")
        web.answers = 500
        silent(minutes=10)
        sending.watch()
        assert mail.taken == []
        at(TUESDAY + timedelta(minutes=1))
        sending.watch()
        assert [envelope.rcpt_tos for envelope in mail.taken] == [["ruth@example.org"]]
        assert (Message.get().state, Message.get().way) == ("handed_over", "email")

    def test_again_later_is_told_again(self, shop, web, at):
        silent(minutes=10)
        sending.watch()
        at(TUESDAY + timedelta(hours=3))
        silent(minutes=10)
        sending.watch()
        assert len(web.texts) == 2

    def test_is_noticed_by_running_threads_and_no_longer_pinged(self, shop, web, at, monkeypatch):
        """A lane hangs: the others go on, and so does the one who watches."""
        monkeypatch.setattr(sending, "TURN_S", 0.02)
        monkeypatch.setattr(sending, "SETTLED_S", 0.2)
        monkeypatch.setattr(background, "WATCH_S", 0.02)
        monkeypatch.setattr(background, "TICK_S", 0.5)
        let_go, turn = threading.Event(), sending._turn

        def hangs(lane, *rest):
            if lane == "email":
                let_go.wait(60)
            turn(lane, *rest)

        monkeypatch.setattr(sending, "_turn", hangs)
        ended, threads = background.start()
        try:
            wait_for(lambda: web.pings == 1)
            at(TUESDAY + timedelta(minutes=4))
            wait_for(lambda: sending.silent_since() == TUESDAY)
            assert web.texts == []
            at(TUESDAY + timedelta(minutes=11))
            wait_for(lambda: web.texts)
            pings = web.pings
            at(TUESDAY + timedelta(minutes=20))
            for looked in (sending.pulses["watch"].felt, time.monotonic()):
                wait_for(lambda before=looked: sending.pulses["watch"].felt > before)
            assert web.pings == pings, "all is not well"
            let_go.set()
            wait_for(lambda: web.pings == pings + 1)
            assert sending.silent_since() is None
        finally:
            let_go.set()
            ended.set()
            for thread in threads:
                thread.join(10)
        assert not any(thread.is_alive() for thread in threads)

    def test_a_clock_that_jumps_is_no_silence(self, shop, web, at, monkeypatch):
        monkeypatch.setattr(sending, "TURN_S", 0.02)
        ended = threading.Event()
        threads = sending.start(ended)
        try:
            at(TUESDAY + timedelta(hours=5))
            for _ in range(3):
                sending.watch()
            wait_for(lambda: alarms.last_beat() == TUESDAY + timedelta(hours=5))
        finally:
            ended.set()
            for thread in threads:
                thread.join(10)
        assert (web.texts, Outage.select().count()) == ([], 0)


class TestWhoWatches:
    def test_is_watched_by_the_sender(self, shop, web, monkeypatch):
        silent("watch", minutes=10)
        sending._turn("email", sending.Ways(), lambda: True)
        assert "nothing watches over the reminders" in web.texts[0]["text"]

    def test_pings_every_few_minutes_while_all_is_well(self, shop, web, at):
        for seconds, pings in ((0, 1), (60, 1), (119, 1), (120, 2), (200, 2), (240, 3)):
            at(TUESDAY + timedelta(seconds=seconds))
            sending.watch()
            assert web.pings == pings

    @pytest.mark.parametrize("what", ["email", "tick"])
    def test_does_not_ping_while_something_is_silent(self, shop, web, what):
        silent(what, minutes=3)
        sending.watch()
        assert web.pings == 0

    def test_does_not_ping_while_reminders_wait_too_long(self, shop, web, phone, rosa, mail, at):
        booked(phone, rosa, "rosa@example.org")
        at(A_DAY_BEFORE + timedelta(minutes=11))
        sending.watch()
        assert web.pings == 0

    def test_never_asks_inside_the_own_network_for_what_was_typed_into_a_page(self, shop, web, monkeypatch):
        url = sending.Ways().own(shop.business_id)["deadman_url"]
        monkeypatch.delenv("REGULARS_DEADMAN_URL")
        monkeypatch.delenv("REGULARS_SMS_URL")
        alarms.keep(shop.business_id, deadman_url=url)
        sending.watch()
        assert web.pings == 0


class TestAProvidersFault:
    def test_is_told_at_its_first_occurrence_and_once_a_day(self, phone, shop, rosa, okafor, web, at):
        settings = {"host": "127.0.0.1", "port": 1, "tls": "none", "sender": "desk@example.org"}
        Channel.create(shop=shop, way="email", settings=settings)
        alarms.provider(_message(shop), "sign-in-refused", clock.now())
        alarms.provider(_message(shop), "sign-in-refused", clock.now())
        sending.watch()
        assert len(web.texts) == 1
        assert (
            "E-mail does not work. Our provider did not let us in. Look at user and password." in web.texts[0]["text"]
        )
        assert "The owner has to" not in web.texts[0]["text"]
        at(TUESDAY + timedelta(hours=23))
        alarms.provider(_message(shop), "sign-in-refused", clock.now())
        sending.watch()
        assert len(web.texts) == 1
        at(TUESDAY + timedelta(hours=25))
        alarms.provider(_message(shop), "sign-in-refused", clock.now())
        sending.watch()
        assert len(web.texts) == 2

    def test_is_told_again_the_same_day_where_it_was_mended_meanwhile(self, shop, web, at):
        def alerts():
            return Message.select().where(Message.kind == "alert").count()

        for minutes in (0, 30, 61):
            at(TUESDAY + timedelta(minutes=minutes))
            alarms.provider(_message(shop), "no-credit", clock.now())
        assert alerts() == 1, "nothing got through: it is the same"
        one = _message(shop)
        Message.update(state="handed_over", handed_at=clock.now()).where(Message.id == one.id).execute()
        for minutes, told in ((90, 2), (95, 2), (200, 2)):
            at(TUESDAY + timedelta(minutes=minutes))
            alarms.provider(_message(shop), "no-credit", clock.now())
            assert alerts() == told

    @pytest.mark.parametrize("public", ["", "https://shop.example.org/"])
    def test_says_where_it_is_mended(self, shop, monkeypatch, public):
        monkeypatch.setenv("REGULARS_PUBLIC_URL", public)
        alarms.provider(_message(shop), "no-credit", clock.now())
        text = Message.get(Message.kind == "alert").text
        there = "It is mended here: https://shop.example.org/reminders/channels/email"
        assert text.endswith(there if public else "It is mended under Reminders, in Regulars.")

    def test_of_a_way_that_nobody_set_up_is_told(self, phone, shop, rosa, web, at):
        from models import ReminderRule

        ReminderRule.create(shop=shop, way="email", minutes_before=24 * 60)
        booked(phone, rosa, "rosa@example.org")
        at(A_DAY_BEFORE)
        sending.send_due(only=sending.LANES["email"])
        sending.watch()
        assert (states(), len(web.texts)) == ({"due": 1}, 1)
        assert "not set up" in web.texts[0]["text"]

    def test_that_it_cannot_be_reached_is_told_after_three_attempts(self, phone, shop, rosa, web, mail, at):
        booked(phone, rosa, "rosa@example.org")
        mail.answers = "421 4.7.0 Too busy"
        for minutes, texts in ((0, 0), (1, 0), (6, 1), (21, 1)):
            at(A_DAY_BEFORE + timedelta(minutes=minutes))
            sending.send_due(only=sending.LANES["email"])
            sending.watch()
            assert len(web.texts) == texts

    def test_of_the_way_of_an_alert_is_no_alert(self, shop, web):
        alarms.provider(_message(shop, kind="alert"), "no-credit", clock.now())
        assert not Message.select().where(Message.kind == "alert").where(Message.subject != "").exists()


def _message(shop: Shop, **more: Any) -> Message:
    number = Message.select().count()
    return Message.create(
        **{"shop": shop, "kind": "test", "way": "email", "message_id": f"{number}@example.org", "state": "failed",
           "due_at": TUESDAY, "next_at": TUESDAY, "deadline": TUESDAY, "at": TUESDAY, **more},
    )  # fmt: skip


class TestAfterARestart:
    @pytest.fixture
    def down(self, phone, shop, rosa, okafor, mail, web, at):
        """Be off from 9:45 to 15:00 on the day before: what was due at 10:00 is too late then, what at 11:20 is not."""
        booked(phone, rosa, "rosa@example.org")
        booked(phone, okafor, "okafor@example.org", at="2026-11-26T11:20")
        at(A_DAY_BEFORE - timedelta(minutes=15))
        alarms.beat(clock.now(), clock.now())
        return at(A_DAY_BEFORE + timedelta(hours=5))

    def test_what_was_missed_is_told_and_ends_in_a_true_state(self, down, web, mail, rosa):
        ended = threading.Event()
        ended.set()
        for thread in sending.start(ended):
            thread.join(10)
        outage = Outage.get()
        assert (outage.began, outage.ended, outage.missed) == (A_DAY_BEFORE - timedelta(minutes=15), down, 2)
        assert outage.told_at == down
        sending.send_due()
        assert states() == {"expired": 1, "handed_over": 1}
        assert CallTask.get().customer_id == rosa.id
        (text,) = (one["text"] for one in web.texts)
        assert "Regulars was off for 5 hours. 2 reminders were due in that time. 1 of them goes out now." in text
        assert "For 1 it is too late: it stands on the team’s list to ring." in text

    def test_it_is_told_once_by_however_many_servers(self, down):
        assert [bool(alarms.back_again(clock.now())) for _ in range(3)] == [True, False, False]
        assert Message.select().where(Message.kind == "alert").count() == 1

    def test_it_is_told_once_though_two_begin_at_the_same_moment(self, down, monkeypatch):
        last = alarms.last_beat()
        monkeypatch.setattr(alarms, "last_beat", lambda: last)
        assert [bool(alarms.back_again(clock.now())) for _ in range(2)] == [True, False]

    def test_of_a_minute_nothing_is_told(self, shop, at):
        alarms.beat(clock.now(), clock.now())
        at(TUESDAY + timedelta(minutes=2))
        assert alarms.back_again(clock.now()) is None
        assert not Outage.select().exists()

    def test_in_which_nothing_was_due_the_owner_is_not_woken(self, shop, at):
        alarms.beat(clock.now(), clock.now())
        at(TUESDAY + timedelta(hours=9))
        outage = alarms.back_again(clock.now())
        assert outage is not None
        assert (outage.missed, Message.select().count()) == (0, 0)

    def test_a_machine_that_slept_is_as_one_that_was_off(self, down, monkeypatch):
        asleep = clock.system_now()
        monkeypatch.setattr(sending, "_awake_at", asleep)
        monkeypatch.setattr(clock, "system_now", lambda: asleep + timedelta(hours=5))
        sending._alive("sms")
        assert Outage.get().missed == 2


class TestTheBeat:
    def test_is_that_of_the_lane_that_has_been_silent_longest(self, shop, at):
        for lane in sending.LANES:
            sending.feel(lane)
        at(TUESDAY + timedelta(minutes=2))
        sending._alive("sms")
        assert alarms.last_beat() == TUESDAY
        for lane in sending.LANES:
            sending.feel(lane)
        at(TUESDAY + timedelta(minutes=3))
        sending._alive("sms")
        assert alarms.last_beat() == TUESDAY + timedelta(minutes=2)

    def test_of_another_server_that_is_later_stands(self, shop):
        later = TUESDAY + timedelta(seconds=30)
        alarms.beat(later, later)
        alarms.beat(TUESDAY, later)
        assert Beat.get().at == later

    def test_is_told_by_readyz(self, server, phone, rosa, mail, at):
        ask = server.test_client()
        told = ask.get("/readyz").json
        assert (told["scheduler_age_s"], told["oldest_due_s"]) == (None, None)
        booked(phone, rosa, "rosa@example.org")
        alarms.beat(A_DAY_BEFORE, A_DAY_BEFORE)
        at(A_DAY_BEFORE + timedelta(seconds=90))
        told = ask.get("/readyz").json
        assert (told["scheduler_age_s"], told["oldest_due_s"]) == (90, 90)
        sending.send_due()
        assert ask.get("/readyz").json["oldest_due_s"] is None


class TestAnAlert:
    def test_takes_the_path_of_every_message(self, shop, web):
        alarms.silence(TUESDAY - timedelta(minutes=10), clock.now())
        sending.send_due()
        alert = Message.get()
        assert (alert.kind, alert.way, alert.state, alert.address) == ("alert", "sms", "handed_over", "+442079460000")

    def test_that_nobody_can_be_told_fails_in_the_end(self, shop, at):
        alarms.silence(TUESDAY - timedelta(minutes=10), clock.now())
        moment = TUESDAY
        while Message.get().state == "due":
            sending.send_due()
            moment = at(moment + timedelta(minutes=31))
        assert (Message.get().state, Message.get().code) == ("failed", "not-set-up")

    def test_is_no_reason_to_ring_anybody(self, shop, at):
        alarms.silence(TUESDAY - timedelta(minutes=10), clock.now())
        at(TUESDAY + timedelta(days=2))
        outbox.expire(clock.now())
        assert (Message.get().state, CallTask.select().count()) == ("expired", 0)
