"""The owner's sign-in in a real browser: the link, a passkey held by a device, and being asked again."""

from __future__ import annotations

import sqlite3

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site

pytestmark = pytest.mark.browser
GOOD = "rye crust under lamplight"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def at_a_name(site: Site, path: str) -> str:
    """Return an address under the one host name that needs no https."""
    return site.url.replace("127.0.0.1", "localhost") + path


def with_a_device(page: Page) -> None:
    """Give the browser a device that holds passkeys, with somebody at it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})


def is_a_while_ago(site: Site) -> None:
    """Make the owner's last proof so old that they are asked again."""
    with sqlite3.connect(site.data / "regulars.db") as database:
        database.execute("UPDATE session SET proved_at = '2026-11-24T07:00:00.000Z' WHERE kind = 'owner'")


def test_from_the_link_to_a_passkey_and_in_again_by_it(site: Site):
    page = site.phone(None)
    with_a_device(page)
    page.goto(at_a_name(site, f"/sign-in/owner/{site.world.links['owner'].token}"))
    page.get_by_label("A password of your own").fill(GOOD)
    page.get_by_role("button", name="Sign in").tap()
    page.wait_for_url("**/today")
    page.goto(at_a_name(site, "/settings/sign-in"))
    page.get_by_role("link", name="Add a passkey").tap()
    page.get_by_label("What to call it").fill("My phone")
    page.get_by_role("button", name="Add it").tap()
    expect(page.get_by_test_id("passkey")).to_contain_text("My phone")

    page.context.clear_cookies()
    page.goto(at_a_name(site, "/sign-in/owner"))
    page.get_by_role("button", name="Use a passkey").tap()
    page.wait_for_url("**/today")
    page.goto(at_a_name(site, "/settings/sign-in"))
    expect(page.get_by_test_id("passkey")).to_contain_text("last used today at 8:12")

    is_a_while_ago(site)
    page.get_by_role("link", name="Turn it on").tap()
    expect(page.get_by_test_id("again")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").tap()
    expect(page.get_by_role("heading", name="Turn on the second factor")).to_be_visible()


def test_at_an_address_of_numbers_no_passkey_is_offered_and_it_is_said_why(site: Site):
    page = site.phone("owner")
    page.goto("/settings/sign-in")
    expect(page.get_by_test_id("passkeys")).to_contain_text("Passkeys need the shop to have a name")
    expect(page.get_by_role("link", name="Add a passkey")).to_have_count(0)


def test_a_passkey_that_is_not_there_is_told_in_words(site: Site):
    page = site.phone(None)
    with_a_device(page)
    page.goto(at_a_name(site, "/sign-in/owner"))
    page.evaluate("() => { navigator.credentials.get = () => Promise.reject(new Error('cancelled')); }")
    page.get_by_role("button", name="Use a passkey").tap()
    expect(page.get_by_role("alert").filter(has_text="No passkey came of that")).to_be_visible()
    expect(page.get_by_role("button", name="Use a passkey")).to_be_enabled()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_being_asked_again_loses_nothing_that_was_typed(site: Site, scripts: bool):
    page = site.phone(None, java_script_enabled=scripts)
    page.goto(f"/sign-in/owner/{site.world.links['owner'].token}")
    page.get_by_label("A password of your own").fill(GOOD)
    page.get_by_role("button", name="Sign in").tap()
    page.wait_for_url("**/today")
    page.goto("/reminders/channels/email")
    page.get_by_label("Host").or_(page.locator("[name=host]")).first.fill("mail.example.org")
    page.locator("[name=sender]").fill("desk@example.org")
    is_a_while_ago(site)
    page.get_by_role("button", name="Keep").tap()
    page.get_by_label("Your password").fill("not this one at all")
    page.get_by_role("button", name="Go on").tap()
    expect(page.get_by_role("alert")).to_contain_text("not your password")
    page.get_by_label("Your password").fill(GOOD)
    page.get_by_role("button", name="Go on").tap()
    expect(page.locator("[name=host]")).to_have_value("mail.example.org")
    expect(page.locator("[name=sender]")).to_have_value("desk@example.org")
    assert "kept" in page.url
