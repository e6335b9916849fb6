"""What customers see behind our addresses, narrow and wide, without script and without a cookie; and what staff see of it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

import clock
from domain import links, reminders
from models import Appointment, Channel, Message, Promise, ReminderRule, Shop
from tests.browser.conftest import Site, toast
from tests.browser.test_for_everyone import faults_of
from tests.browser.worlds import UNBROKEN, database

pytestmark = pytest.mark.browser
PATH = {"visit": "confirm", "owed": "confirm", "mail": "unsubscribe"}


def booked(site: Site, name: str = "Priya") -> int:
    data = {"starts_at": "2026-11-26T10:00", "minutes": 30, "with": "Nadia"}
    return int(site.act("appointment.create", customer=site.person(name), **data)["appointment"])


def link(site: Site, kind: str, number: int) -> str:
    """Return the address that a letter about something held."""
    with database(f"sqlite:///{site.data / 'regulars.db'}"):
        shop = Shop.select().order_by(Shop.id).first()
        second = shop.id
        if kind != "mail":
            about = {"visit": "appointment", "owed": "promise"}[kind]
            row = (Appointment if kind == "visit" else Promise).get_by_id(number)
            second = Message.create(
                shop=shop, kind="reminder" if kind == "visit" else "promise", way="email", customer=row.customer_id,
                message_id=reminders.new_message_id(shop), state="handed_over", due_at=clock.now(), next_at=clock.now(),
                deadline=clock.now(), at=clock.now(), **{about: row},
            ).id  # fmt: skip
        until = shop.today() + timedelta(days=9)
        return f"/{PATH[kind]}/{links.sign(shop.business_id, kind, number, second, until=until)}"


@pytest.fixture
def hers(site: Site) -> Page:
    """A customer’s telephone, which runs no scripts for us."""
    return site.phone(None, width=360, java_script_enabled=False)


def test_she_asks_to_move_it_thinks_again_and_staff_see_both(site: Site, hers: Page):
    site.act("contact.add", customer=site.person("Priya"), kind="phone", address="020 7946 0018")
    address = link(site, "visit", booked(site))
    hers.goto(address)
    expect(hers.get_by_test_id("reply-when")).to_have_text("Thursday 26 November at 10:00")
    assert "Priya" not in hers.inner_text("body")
    hers.get_by_test_id("reply-move").click()
    hers.get_by_label("When would suit you?").fill("Friday after four?")
    hers.get_by_test_id("reply-move-send").click()
    expect(hers.get_by_test_id("reply-kept")).to_contain_text("We will be in touch to find another time.")

    card = site.phone("Maya")
    card.goto(site.card("Priya"))
    expect(card.get_by_test_id("asks")).to_contain_text("They ask to move it: Thursday 26 November at 10:00")
    expect(card.get_by_test_id("asks")).to_contain_text("Friday after four?")
    card.get_by_test_id("reach-show").click()
    expect(card.get_by_test_id("reach-phone")).to_have_attribute("href", "tel:+442079460018")

    hers.get_by_test_id("reply-coming").click()
    expect(hers.get_by_test_id("reply-kept")).to_contain_text("We look forward to seeing you.")
    assert hers.context.cookies() == []
    card.reload()
    expect(card.get_by_test_id("asks")).to_have_count(0)


def test_one_tap_refuses_mail_and_one_takes_it_back(site: Site, hers: Page):
    hers.goto(link(site, "mail", int(site.person("Priya"))))
    hers.get_by_test_id("mail-stop").click()
    expect(hers.get_by_role("heading")).to_have_text("You get no more e-mail from us.")
    card = site.phone("Maya")
    card.goto(site.card("Priya"))
    expect(card.get_by_test_id("refused")).to_have_text("They asked not to be e-mailed.")
    hers.get_by_test_id("mail-again").click()
    expect(hers.get_by_role("heading")).to_have_text("Do you want no more e-mail from us?")


def test_an_address_is_added_removed_and_brought_back(site: Site):
    page = site.phone("Ọláwálé")  # a manager: staff are not shown it
    page.goto(site.card("Priya"))
    page.get_by_test_id("reach-edit").click()
    page.get_by_label("Telephone number or e-mail address").fill("priya@")
    page.get_by_test_id("contact-add").click()
    expect(page.get_by_role("alert")).to_contain_text("That is no mail address.")
    page.get_by_label("Telephone number or e-mail address").fill("priya@example.org")
    page.get_by_test_id("contact-add").click()
    expect(toast(page)).to_contain_text("Kept. Thank you.")
    page.get_by_test_id("reach-edit").click()
    page.get_by_test_id("contact-remove").click()
    expect(page.get_by_test_id("reach")).to_contain_text("No address yet.")
    assert "priya@" not in page.url
    toast(page).get_by_test_id("toast-undo").click()
    page.get_by_test_id("reach-show").click()
    expect(page.get_by_test_id("reach-email")).to_have_attribute("href", "mailto:priya@example.org")
    page.get_by_test_id("reach-edit").click()
    page.get_by_test_id("consent-email-no").click()
    expect(page.get_by_test_id("refused")).to_have_text("They asked not to be e-mailed.")
    toast(page).get_by_test_id("toast-undo").click()
    expect(page.get_by_test_id("refused")).to_have_count(0)


def promised(site: Site) -> int:
    return int(site.act("promise.create", customer=site.person("Priya"), text="The article on bees")["promise"])


def test_what_was_promised_is_sent_from_the_card_and_taken_back(site: Site):
    site.act("contact.add", customer=site.person("Priya"), kind="email", address="priya@example.org")
    number = promised(site)
    with database(f"sqlite:///{site.data / 'regulars.db'}"):
        settings = {"host": "127.0.0.1", "port": "1", "sender": "desk@example.org"}
        Channel.create(shop=Shop.get(), way="email", settings=settings)
        ReminderRule.delete().execute()
    page = site.phone("Maya")
    page.goto(site.card("Priya"))
    owed = page.get_by_test_id("owed").filter(has_text="bees")
    owed.get_by_test_id("promise-send").click()
    assert urlsplit(page.url).path == f"/promises/{number}/send"
    page.get_by_label("What they read").fill("Here it is: https://bees.example.org")
    assert faults_of(page) == []
    page.get_by_test_id("send").click()
    expect(toast(page)).to_contain_text("It leaves in half a minute.")
    expect(page.get_by_test_id("owed").filter(has_text="bees")).to_contain_text("It waits to be sent.")
    toast(page).get_by_test_id("toast-undo").click()
    expect(page.get_by_test_id("owed").filter(has_text="bees")).to_have_attribute("data-state", "open")


STATES = [
    "open",
    "long",
    "coming",
    "move",
    "wrong words",
    "cancelled",
    "late",
    "owed",
    "has it",
    "mail",
    "no mail",
    "old",
]


@pytest.mark.parametrize("state", STATES)
def test_everybody_can_use_what_customers_see(site: Site, state: str):
    page = site.phone(None, width=1280, height=860, touch=False)
    number = booked(site) if state not in ("owed", "has it", "mail", "no mail", "old") else 0
    if state == "old":
        page.goto("/confirm/visit-1-1-1-20200101-" + "x" * 27)
    elif "mail" in state:
        page.goto(link(site, "mail", int(site.person("Priya"))))
    elif number:
        page.goto(link(site, "visit", number))
    else:
        page.goto(link(site, "owed", promised(site)))
    if state in ("coming", "has it", "no mail"):
        page.locator("form .btn--main").first.click()
    if state in ("move", "long"):
        page.get_by_test_id("reply-move").click()
        page.locator("#words-move").fill(UNBROKEN * 4 if state == "long" else "Friday?")
        page.get_by_test_id("reply-move-send").click()
    if state == "wrong words":
        page.get_by_test_id("reply-wrong").click()
        page.locator("#words-wrong").fill("4111 1111 1111 1111")
        page.get_by_test_id("reply-wrong-send").click()
        expect(page.get_by_role("alert")).to_be_visible()
    if state == "cancelled":
        site.act("appointment.cancel", appointment=str(number))
        page.reload()
    if state == "late":
        site.later(days=2, hours=3)
        page.reload()
    assert faults_of(page) == []


def test_everybody_can_use_the_page_of_addresses(site: Site):
    for address, kind in (("priya@example.org", "email"), ("020 7946 0018", "phone")):
        site.act("contact.add", customer=site.person("Priya"), kind=kind, address=address)
    site.act("consent.set", customer=site.person("Priya"), way="sms", given=False)
    page = site.phone("Maya", width=1280, height=860, touch=False)
    page.goto(site.card("Priya") + "/contacts")
    assert faults_of(page) == []
