"""The owner sets up e-mail and sends a test, in a browser, by a real mail server: its fate comes by itself, and so do words
as they are typed."""

import re
import socket
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site

pytestmark = pytest.mark.browser
SOON = 20_000  # ms: the sender looks every few seconds, the page as well


class Mailboxes:
    """A mail server that takes what is for Ruth, and knows nobody else."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if not address.startswith("ruth@"):
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(envelope.content.decode())
        return "250 Taken"


@pytest.fixture
def mailboxes() -> Iterator[tuple[Mailboxes, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    handler = Mailboxes()
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    yield handler, port
    server.stop()


def set_up(page: Page, port: int) -> None:
    page.goto("/reminders")
    page.get_by_role("link", name=re.compile("(Set up|Change or test): e-mail")).click()
    page.get_by_label("Mail server").fill("127.0.0.1")
    page.get_by_label("Port").fill(str(port))
    page.get_by_label("Encryption").select_option("none")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#toast")).to_contain_text("Kept.")


def send(page: Page, to: str) -> None:
    page.get_by_label("Your own mail address").fill(to)
    page.get_by_role("button", name="Send a test").click()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_test_tells_its_fate_by_itself(site: Site, mailboxes, width):
    handler, port = mailboxes
    page = site.phone("owner", width=width)
    set_up(page, port)
    send(page, "ruth@example.org")
    fate = page.get_by_test_id("test-fate")
    expect(fate).to_have_attribute("data-state", "handed_over", timeout=SOON)
    expect(fate).to_contain_text("sent, not confirmed")
    assert "This is a test from" in handler.taken[0]

    send(page, "nobody@example.org")
    expect(page.get_by_test_id("test-fate")).to_have_attribute("data-state", "failed", timeout=SOON)
    expect(page.get_by_test_id("test-fate")).to_contain_text("did not arrive")
    expect(page.get_by_test_id("test-fate")).to_contain_text("There is no such mailbox.")
    page.goto("/reminders")
    expect(page.locator('[data-way="email"]')).to_contain_text("Test did not arrive")


def test_words_are_shown_while_they_are_typed_and_kept(site: Site):
    page = site.phone("owner")
    page.goto("/reminders/rules/new")
    page.get_by_label("By which way").select_option("sms")
    page.get_by_label("How many").fill("3")
    page.get_by_label("Minutes, hours or days").select_option("hours")
    page.get_by_label("Words").fill("Dear {name}, {time}")
    expect(page.get_by_test_id("example")).to_have_text("Dear Alma, 10:00")
    page.get_by_label("Words").fill("Dear {nam}")
    expect(page.get_by_test_id("example")).to_contain_text("{nam} cannot be filled in.")
    page.get_by_label("Words").fill("Dear {name}")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#toast")).to_contain_text("Added: By text message, three hours before.")
    page.get_by_test_id("toast-undo").click()
    expect(page.get_by_test_id("rules")).not_to_contain_text("three hours before")


def test_without_scripts_a_rule_is_shown_and_kept(site: Site):
    page = site.phone("owner", java_script_enabled=False)
    page.goto("/reminders/rules/new")
    page.get_by_label("How many").fill("5")
    page.get_by_label("Words").fill("Dear {name}")
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_test_id("example")).to_contain_text("Dear Alma")
    expect(page.get_by_label("How many")).to_have_value("5")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_test_id("rules")).to_contain_text("By e-mail, five days before")
