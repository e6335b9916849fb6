"""The outbox in the terminal, and a real server that sends by itself, at the time that a file names."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import timedelta

import pytest

import models
from models import Message, StrayReport
from tests.conftest import ROOT
from tests.mailboxes import A_DAY_BEFORE, booked, states
from tests.test_cli import here  # noqa: F401
from tests.test_outbox_reports import letter
from tests.test_outbox_troubles import wait_for

KEYS = {
    "id", "kind", "channel", "to", "customer", "appointment", "state", "reason", "due_at", "deadline", "attempts",
    "message_id",
}  # fmt: skip


@pytest.fixture
def one(phone, rosa, mail):
    booked(phone, rosa, "rosa@example.org")
    return Message.get()


def be(tmp_path, moment) -> None:
    (tmp_path / "clock").write_text(moment.isoformat())


class TestTheTerminal:
    def test_tells_what_waits_sends_it_and_tells_what_became_of_it(self, one, here, mail, tmp_path):  # noqa: F811
        (told,) = json.loads(here("outbox", "--json").out)
        assert set(told) >= KEYS
        assert (told["state"], told["channel"], told["kind"], told["to"]) == ("due", "email", "reminder", "")
        assert told["due_at"] == "2026-11-25T10:00:00+00:00"
        assert json.loads(here("send-due", "--json").out) == {"tried": 0}
        be(tmp_path, A_DAY_BEFORE)
        assert json.loads(here("send-due", "--json").out) == {"tried": 1}
        (told,) = json.loads(here("outbox", "--state", "handed_over", "--json").out)
        assert (told["to"], told["attempts"], told["message_id"]) == ("rosa@example.org", 1, one.message_id)
        assert told["message_id"] in mail.taken[0].content.decode()
        assert json.loads(here("outbox", "--state", "due", "--json").out) == []
        assert "reminder  Rosa Marchetti  e-mail  sent, not confirmed" in here("outbox").out

    def test_takes_in_a_bounce(self, one, here, tmp_path):  # noqa: F811
        be(tmp_path, A_DAY_BEFORE)
        here("send-due")
        (tmp_path / "bounce.eml").write_bytes(letter("rosa@example.org", one.message_id))
        told = json.loads(here("bounce", tmp_path / "bounce.eml", "--json").out)
        assert (told["matched"], told["unmatched"], told["messages"][0]["state"]) == (1, 0, "bounced")
        (tmp_path / "stray.eml").write_bytes(letter("who@example.org", "not@ours.example.org"))
        assert here("bounce", tmp_path / "stray.eml").out == "0 matched, 1 not.\n"
        models.db.connect(reuse_if_open=True)
        assert StrayReport.select().count() == 1

    @pytest.mark.parametrize(
        ("words", "code"), [(("bounce", "nowhere.eml"), 1), (("outbox", "--state", "lost"), 2), (("bounce",), 2)]
    )
    def test_refuses_with_a_sentence(self, shop, here, words, code):  # noqa: F811
        told = here(*words)
        assert told.code == code
        assert told.err
        assert "Traceback" not in told.err

    def test_finds_nothing_in_an_empty_file(self, shop, here, tmp_path):  # noqa: F811
        (tmp_path / "empty.eml").touch()
        assert here("bounce", tmp_path / "empty.eml").code == 1


class Server:
    """A server of its own, on this test's database."""

    def __init__(self, storage, present) -> None:
        words = ["serve", "--json", "--test-mode", "--port", "0", "--data", str(storage.data), "--clock", str(present)]
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "cli.py"), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.url = json.loads(self.process.stdout.readline())["url"]

    def ready(self):
        with urllib.request.urlopen(f"{self.url}/readyz", timeout=10) as answer:
            return json.load(answer)

    def stop(self, how: int = signal.SIGTERM) -> float:
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(20)
        return time.monotonic() - began


class TestAServer:
    @pytest.fixture
    def serve(self, storage, tmp_path, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", storage.database_url)
        be(tmp_path, A_DAY_BEFORE - timedelta(minutes=1))
        running: list[Server] = []

        def begin() -> Server:
            running.append(Server(storage, tmp_path / "clock"))
            return running[-1]

        yield begin
        for one in running:
            one.process.kill()
            one.process.communicate()

    def test_sends_what_is_due_when_its_clock_comes_to_it(self, one, mail, serve, tmp_path):
        server = serve()
        wait_for(lambda: server.ready()["scheduler_age_s"] == 0)
        assert mail.taken == []
        be(tmp_path, A_DAY_BEFORE)
        wait_for(lambda: states() == {"handed_over": 1})
        assert (len(mail.taken), server.ready()["oldest_due_s"]) == (1, None)
        assert server.stop() < 10
        assert server.process.returncode == 0

    def test_that_is_stopped_first_marks_what_is_on_its_way(self, one, mail, serve, tmp_path):
        mail.waits_s = 1.5
        server = serve()
        be(tmp_path, A_DAY_BEFORE)
        wait_for(lambda: states() == {"claimed": 1})
        assert server.stop() < 10
        assert (states(), len(mail.taken)) == ({"handed_over": 1}, 1)

    def test_that_hangs_ends_all_the_same_and_the_next_one_goes_on_at_once(self, one, mail, serve, tmp_path):
        mail.waits_s = 60
        server = serve()
        be(tmp_path, A_DAY_BEFORE)
        wait_for(lambda: states() == {"claimed": 1})
        assert server.stop() < 10
        assert states() == {"claimed": 1}
        mail.waits_s = 0
        serve()
        wait_for(lambda: states() == {"handed_over": 1})
        assert len(mail.taken) == 1

    def test_two_of_them_share_the_work(self, phone, shop, mail, serve, tmp_path):
        from tests.conftest import someone

        for n in range(12):
            who = someone(shop, f"Guest {n}")
            booked(phone, who, f"guest-{n}@example.org", **{"with": f"Room {n}"})
        mail.waits_s = 0.1
        serve()
        serve()
        be(tmp_path, A_DAY_BEFORE)
        wait_for(lambda: states() == {"handed_over": 12}, 60)
        assert sorted(envelope.rcpt_tos[0] for envelope in mail.taken) == sorted(
            f"guest-{n}@example.org" for n in range(12)
        )
