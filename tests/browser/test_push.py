"""A phone is asked for leave, told by our own sender, and shows what comes though nothing of ours is open."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from domain.access import digest
from outside import push
from tests.browser.conftest import PATIENCE, Site
from tests.browser.test_for_everyone import LEAST, SIDEWAYS, SMALL, axe_finds
from tests.outside.conftest import Asked, web_server as web_server
from tests.push_service import Browser, data, playing

pytestmark = pytest.mark.whole_browser
SOURCE = (Path(__file__).parent.parent.parent / "static/worker/push.js").read_text(encoding="utf-8")
TOLD = {
    "kind": "late",
    "title": "Regulars",
    "text": "Somebody booked is late.",
    "path": "/today",
    "lang": "en-GB",
    "dir": "ltr",
}

# A browser's own service is not to be had in a test: in its place stands one whose keys the test has
STANDS_IN = """([place, permission, mine, lacks]) => {
  let there = mine ? place : null;
  const given = () => ({
    endpoint: there.endpoint, options: { applicationServerKey: null }, unsubscribe: async () => { there = null; },
    toJSON: () => ({ endpoint: there.endpoint, keys: { p256dh: there.p256dh, auth: there.auth } }),
  });
  const pushManager = {
    getSubscription: async () => there && given(),
    subscribe: async (wanted) => {
      if (lacks === "service") throw new DOMException("no service", "AbortError");
      window.wanted = { only: wanted.userVisibleOnly, key: [...wanted.applicationServerKey] };
      there = place;
      return given();
    },
  };
  const ready = lacks === "worker" ? new Promise(() => {}) : Promise.resolve({ pushManager });
  Object.defineProperty(ServiceWorkerContainer.prototype, "ready", { get: () => ready });
  let stands = permission === "granted" ? "granted" : permission === "denied" ? "denied" : "default";
  Object.defineProperty(Notification, "permission", { get: () => stands });
  Notification.requestPermission = async () => (stands = permission === "asked" ? "granted" : stands);
  if (lacks === "browser" || lacks === "home") delete window.PushManager;
  if (lacks === "home") Object.defineProperty(navigator, "standalone", { value: false });
  if (lacks === "http") Object.defineProperty(window, "isSecureContext", { value: false });
}"""


def this_phone(
    site: Site, place: dict[str, str], permission: str = "asked", mine: bool = False, lacks: str = "", **options: Any
) -> Page:
    """Return a phone on its page, in whose browser a test stands in for the service."""
    page = site.phone(**options)
    page.add_init_script(f"({STANDS_IN})({json.dumps([place, permission, mine, lacks])})")
    page.goto("/this-phone")
    return page


def reasons(page: Page) -> Any:
    return page.locator("[data-why]:visible")


def kept(site: Site) -> list[tuple[Any, ...]]:
    with sqlite3.connect(site.data / "regulars.db") as database:
        return database.execute("SELECT kinds, endpoint, p256dh, auth FROM subscription").fetchall()


class TestThePage:
    def test_asks_for_leave_and_tells_us_where(self, site: Site):
        place = Browser().place
        page = this_phone(site, place)
        page.get_by_label("A promise is due").check()
        page.get_by_role("button", name="Keep these notices").click()
        expect(page.get_by_text("Kept on this phone.")).to_be_visible()
        expect(page.get_by_label("A promise is due")).to_be_checked()
        ((kinds, *where),) = kept(site)
        assert json.loads(kinds) == ["promise"]
        assert where == [place["endpoint"], place["p256dh"], place["auth"]]

    def test_is_known_to_the_service_by_our_key(self, site: Site):
        page = this_phone(site, Browser().place)
        page.evaluate("HTMLFormElement.prototype.submit = () => {}")
        page.get_by_label("A promise is due").check()
        page.get_by_role("button", name="Keep these notices").click()
        page.wait_for_function("window.wanted")
        wanted = page.evaluate("window.wanted")
        assert (wanted["only"], bytes(wanted["key"])) == (
            True,
            data(page.locator("[data-key]").get_attribute("data-key") or ""),
        )

    @pytest.mark.parametrize(
        ("permission", "lacks", "why"),
        [
            ("asked", "http", "http"),
            ("asked", "browser", "browser"),
            ("asked", "home", "home"),
            ("asked", "worker", "worker"),
            ("denied", "", "denied"),
        ],
    )
    def test_says_calmly_what_is_missing(self, site: Site, permission, lacks, why):
        page = this_phone(site, Browser().place, permission, lacks=lacks)
        expect(page.locator(f"[data-why={why}]")).to_be_visible()
        expect(reasons(page)).to_have_count(1)
        expect(page.get_by_role("button", name="Keep these notices")).to_be_hidden()

    @pytest.mark.parametrize(
        ("permission", "lacks", "why"), [("waved away", "", "asked"), ("asked", "service", "failed")]
    )
    def test_says_what_went_wrong_and_can_be_tried_again(self, site: Site, permission, lacks, why):
        page = this_phone(site, Browser().place, permission, lacks=lacks)
        page.get_by_label("A promise is due").check()
        page.get_by_role("button", name="Keep these notices").click()
        expect(page.locator(f"[data-why={why}]")).to_be_visible()
        expect(page.get_by_role("button", name="Keep these notices")).to_be_enabled()
        assert kept(site) == []

    def test_says_that_the_browser_has_let_go_of_it(self, site: Site):
        place = Browser().place
        page = this_phone(site, place)
        page.get_by_label("A promise is due").check()
        page.get_by_role("button", name="Keep these notices").click()
        expect(page.locator("[data-why=lost]")).to_be_visible()  # the stand-in forgets with the page

    def test_without_scripts_says_so_and_what_was_chosen_can_be_ended(self, site: Site):
        page = site.phone(java_script_enabled=False)
        page.goto("/this-phone")
        expect(reasons(page)).to_have_count(1)
        expect(page.locator("[data-why=scripts]")).to_be_visible()
        with sqlite3.connect(site.data / "regulars.db") as database:
            session, staff, phone = database.execute(
                "SELECT id, staff_id, phone_id FROM session WHERE token_hash = ?", (digest(site.world.tokens["Maya"]),)
            ).fetchone()
            row = (staff, phone, session, '["promise"]', "https://push.example.net/1", "", "", "", "", 0)
            database.execute(
                "INSERT INTO subscription (staff_id, phone_id, session_id, kinds, endpoint, p256dh, auth, language, site,"
                " refused, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '2026-11-23T08:00:00.000Z')",
                row,
            )
        page.reload()
        page.get_by_label("A promise is due").uncheck()
        page.get_by_role("button", name="Keep these notices").click()
        expect(page.get_by_text("Kept on this phone.")).to_be_visible()
        assert kept(site) == []

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_is_for_everyone(self, site: Site, scheme):
        page = this_phone(site, Browser().place, color_scheme=scheme, width=360)
        expect(page.get_by_role("button", name="Keep these notices")).to_be_visible()
        assert axe_finds(page) == []
        assert page.evaluate(SIDEWAYS) == []
        assert page.evaluate(SMALL, LEAST) == []


# -- the worker by itself: its listeners on a server that has nothing else


@pytest.fixture
def alone(web_server: Callable[..., Any], window: Any) -> Any:
    """Return a page of a site whose worker is static/worker/push.js alone, and the worker's address for a delivery."""

    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        script = asked.path == "/worker.js"
        kind = "text/javascript" if script else "text/html"
        body = SOURCE if script else "<!doctype html><title>Here</title>"
        return 200, {"Content-Type": kind}, body.encode()

    server = web_server(answer)
    context = window.new_context()
    context.set_default_timeout(PATIENCE)
    context.grant_permissions(["notifications"], origin=server.url)
    page = context.new_page()
    page.goto(server.url)
    page.evaluate("navigator.serviceWorker.register('/worker.js').then(() => true)")
    yield page
    context.close()


def deliver(page: Page, words: str, origin: str) -> list[dict[str, Any]]:
    """Hand words to a page's worker as its browser's service would, and return the notices that then stand."""
    cdp = page.context.new_cdp_session(page)
    found: list[str] = []
    cdp.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(one["registrationId"] for one in told["registrations"] if not one["isDeleted"]),
    )
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    cdp.send("ServiceWorker.enable")
    while not found:
        page.wait_for_timeout(20)
    cdp.send("ServiceWorker.deliverPushMessage", {"origin": origin, "registrationId": found[0], "data": words})
    page.wait_for_function(
        "async () => (await (await navigator.serviceWorker.ready).getNotifications()).length > 0", polling=50
    )
    return page.evaluate(
        "async () => (await (await navigator.serviceWorker.ready).getNotifications())"
        ".map(({ title, body, tag, lang, dir, data }) => ({ title, body, tag, lang, dir, data }))"
    )


class TestTheWorker:
    def test_shows_what_arrives(self, alone: Page):
        (shown,) = deliver(alone, json.dumps(TOLD), alone.url.rstrip("/"))
        assert shown == {
            "title": "Regulars", "body": "Somebody booked is late.", "tag": "late", "lang": "en-GB", "dir": "ltr",
            "data": {"path": "/today"},
        }  # fmt: skip

    def test_shows_a_newer_one_in_the_place_of_the_older(self, alone: Page):
        for text in ("first", "second"):
            shown = deliver(alone, json.dumps(TOLD | {"text": text}), alone.url.rstrip("/"))
        alone.wait_for_function(
            "async () => (await (await navigator.serviceWorker.ready).getNotifications())[0].body === 'second'",
            polling=50,
        )
        assert len(shown) == 1

    @pytest.mark.parametrize("words", ["", "no json", "[]", "null", "7", '{"path": "https://elsewhere.example/x"}'])
    def test_shows_something_whatever_arrives(self, alone: Page, words):
        (shown,) = deliver(alone, words, alone.url.rstrip("/"))
        assert (shown["title"], shown["tag"]) == ("Regulars", "notice")
        assert shown["data"] == {"path": "/"}


TAPPED = """async ([source, path, windows, canLead]) => {
  const did = [], listeners = {};
  const clients = windows.map((url) => ({
    url: location.origin + url,
    focus: async () => { did.push("focus " + url); },
    navigate: async (to) => {
      if (!canLead) throw new TypeError("not controlled");
      did.push("lead " + url + " to " + new URL(to).pathname);
      return { focus: async () => { did.push("focus it"); } };
    },
  }));
  const self = {
    location, addEventListener: (name, does) => { listeners[name] = does; },
    clients: { matchAll: async () => clients, openWindow: async (to) => { did.push("open " + new URL(to).pathname); } },
  };
  new Function("self", source)(self);
  let until;
  listeners.notificationclick({
    notification: { close: () => did.push("close"), data: { path } }, waitUntil: (promise) => { until = promise; },
  });
  await until;
  return did;
}"""


@pytest.mark.parametrize(
    ("path", "windows", "can_lead", "did"),
    [
        ("/today", [], True, ["close", "open /today"]),
        ("/today", ["/find", "/today"], True, ["close", "focus /today"]),
        ("/today", ["/find"], True, ["close", "lead /find to /today", "focus it"]),
        ("/today", ["/find"], False, ["close", "open /today"]),
        ("https://elsewhere.example/", [], True, ["close", "open /"]),
        ("//elsewhere.example/", [], True, ["close", "open /"]),
    ],
)
def test_a_tap_leads_to_a_window_that_is_open_or_opens_one(alone: Page, path, windows, can_lead, did):
    assert alone.evaluate(TAPPED, [SOURCE, path, windows, can_lead]) == did


MOVED = """async ([source, old, fresh]) => {
  const asked = [], listeners = {};
  const given = (one) => one && {
    endpoint: one.endpoint, options: { key: "ours" }, toJSON: () => ({ endpoint: one.endpoint, keys: one }),
  };
  const self = {
    location, addEventListener: (name, does) => { listeners[name] = does; },
    registration: { pushManager: { subscribe: async (options) => { asked.push(options.key); return given(fresh); } } },
  };
  const fetch = async (to, how) => { asked.push([to, how.method, Object.fromEntries(how.body)]); };
  new Function("self", "fetch", source)(self, fetch);
  let until;
  listeners.pushsubscriptionchange({ oldSubscription: given(old), waitUntil: (promise) => { until = promise; } });
  await until;
  return asked;
}"""


def test_a_browser_that_is_told_elsewhere_from_now_on_says_so(alone: Page):
    old, fresh = Browser("https://push.example.net/1").place, Browser("https://push.example.net/2").place
    asked = alone.evaluate(MOVED, [SOURCE, old, fresh])
    assert asked == ["ours", ["/notices/moved", "POST", {"was": old["endpoint"], **fresh}]]
    assert alone.evaluate(MOVED, [SOURCE, None, fresh]) == []


# -- all of it: our sender, a service that opens what it was handed, and the worker that every page has


def test_from_our_sender_to_what_comes_up(site: Site, web_server):
    service = playing(web_server)
    browser = service.browser()
    outcome = push.send(
        push.Place(**browser.place), os.urandom(32), TOLD, ttl=60, urgency="high", topic="late", allowed={service.host}
    )
    assert (outcome.state, service.told()) == ("sent", [TOLD])
    page = site.phone(service_workers="allow")
    page.context.grant_permissions(["notifications"], origin=site.url)
    page.goto("/this-phone")
    (shown,) = deliver(page, browser.opened(service.asked[0].body).decode(), site.url)
    assert (shown["title"], shown["body"], shown["tag"]) == ("Regulars", TOLD["text"], "late")
