"""Every text that is kept holds something hostile, and every page is opened: nothing runs, nothing is asked, nothing reports.

The texts are put into the database itself, into every column that holds a text of somebody's own, so that a field which is
added later is tried as well. A control page that shows the same texts as they are does run and does ask.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from html import escape
from typing import Any

import pytest
from peewee import TextField
from playwright.sync_api import Page

import models
from models import DayList, Shop
from tests.browser.conftest import Site
from tests.browser.payloads import payloads
from tests.browser.worlds import TUESDAY, database
from tests.conftest import ROOT
from tests.views.test_every_word import addresses

AT_ONCE = 24  # payloads in one text
# What no hand has written: our own words, names of things, digests and secrets
OURS = set(
    "zone language lang public_key second_factor kind digest search_name source_id chips part known wall slot confirmed_how code "
    "claimed_by gateway_id reason via token part_of_day made_by state word key recurrence etag href uid message_id "
    "weekdays trouble browser host".split()
)
OF_TABLES = {"Action", "Expected", "SearchWord", "Audit", "Import", "RhythmKept", "HabitKept", "Beat", "Invitation"}
ENDS = ("_hash", "_code")


def is_free(field: Any) -> bool:
    """Say whether a column holds a text of somebody's own."""
    chosen = any(
        " IN (" in str(getattr(check, "value", getattr(check, "sql", check))) for check in field.constraints or []
    )
    return (
        isinstance(field, TextField)
        and not field.unique
        and not chosen
        and field.name not in OURS
        and not field.name.endswith(ENDS)
    )


def fields() -> dict[Any, list[Any]]:
    found = {table: [one for one in table._meta.sorted_fields if is_free(one)] for table in models.TABLES}
    return {table: free for table, free in found.items() if free and table.__name__ not in OF_TABLES}


def one_of_each(shop: Shop) -> None:
    """Make one of what the world has none of, so that its texts are tried as well."""
    of: dict[str, Any] = {"shop": shop, "at": TUESDAY}
    today, ruth, customer = shop.day_of(TUESDAY), models.Staff.get(), models.Customer.get()
    signed_in = {"token_hash": "x", "kind": "owner", "created_at": TUESDAY, "expires_at": TUESDAY, "about": "x"}
    told = {"session": models.Session.create(staff=ruth, **signed_in), "endpoint": "x", "p256dh": "x", "auth": "x"}
    wants = models.Subscription.create(staff=ruth, browser="x", made_at=TUESDAY, **told)
    models.Notice.create(subscription=wants, kind=models.NOTICES[0], about="x", at=TUESDAY)
    models.Passkey.create(staff=ruth, credential="x", public_key="x", host="localhost", created_at=TUESDAY)
    models.DayWord.create(**of, day=today, kind="out", text="Rye bread", author=ruth)
    models.HandOver.create(**of, day=today, text="The oven runs hot", author=ruth)
    models.Series.create(**of, customer=customer, first=today, minute=600, minutes=30, weekdays="1", with_whom="Ruth")
    models.StrayReport.create(at=TUESDAY, via="mail", about="x")
    theirs = models.Calendar.create(shop=shop, kind="file", name="Dr Lee")
    entry = {"starts_at": TUESDAY, "ends_at": TUESDAY + timedelta(minutes=30), "at": TUESDAY}
    models.CalendarEntry.create(calendar=theirs, uid="1", summary="Somebody", **entry)


def poison(some: list[str], seed: int) -> int:
    """Write the payloads into every text there is, in another order in each; return into how many."""
    rng, written = random.Random(seed), 0

    def text() -> str:
        return " ".join(rng.sample(some, len(some)))

    with models.db.atomic():
        for table, free in fields().items():
            assert table.select().exists(), f"{table.__name__} has texts and no row: `one_of_each` makes one"
            for (number,) in table.select(table.id).tuples():
                table.update({one: text() for one in free}).where(table.id == number).execute()
                written += len(free)
        for shop in Shop.select():
            closed = [{"day": "12-25", "name": text()}]
            shop.preferences = {**(shop.preferences or {}), "words_never": [text()], "closed_days": closed}
            shop.wording = {"en": {"third-weekday": {text(): text()}}}
            shop.save(only=[Shop.preferences, Shop.wording])
        DayList.delete().execute()
        for shop in Shop.select():
            shop.changed()
    return written + 3


class Watch:
    """What a page does that it should not."""

    SCRIPT = """document.addEventListener("securitypolicyviolation",
      e => console.error("CSP " + e.violatedDirective + " " + e.blockedURI))"""

    def __init__(self, page: Page, own: str):
        self.ran: list[str] = []
        self.asked: list[str] = []
        self.said: list[str] = []
        page.on("dialog", self.alerted)
        page.on("request", lambda request: self.request(request.url, own))
        page.on("console", lambda message: self.said.append(message.text) if message.type == "error" else None)
        page.add_init_script(self.SCRIPT)

    def alerted(self, dialog: Any) -> None:
        self.ran.append(dialog.message)
        dialog.dismiss()

    def request(self, url: str, own: str) -> None:
        if "/stolen/" in url.partition("?")[0] or not url.startswith((own, "data:image/svg", "blob:", "about:")):
            self.asked.append(url)


FOUND = """() => [...document.querySelectorAll("[data-canary], base, object, embed, iframe, svg[onload], [srcdoc]")]
  .concat([...document.querySelectorAll("*")].filter(one => [...one.attributes].some(a => /^on/.test(a.name))))
  .concat([...document.scripts].filter(one => !one.nonce && !one.src))
  .map(one => one.outerHTML.slice(0, 120))"""


def opened(page: Page, paths: list[str]) -> Iterator[str]:
    """Open each address that answers with a page of ours."""
    for path in paths:
        answer = page.request.get(path, max_redirects=0)
        if "text/html" in answer.headers.get("content-type", "") and answer.status != 303 and answer.body():
            page.goto(path, wait_until="load")
            yield path


@dataclass
class Came:
    """What a round came to: into how many texts the payloads went, how many pages were opened, how many showed any, and what
    went wrong."""

    written: int = 0
    opened: int = 0
    showing: int = 0
    wrong: list[Any] = field(default_factory=list)


def tried(site: Site, wired: Any, some: list[str], every: int, seed: int) -> Came:
    with database(f"sqlite:///{site.data / 'regulars.db'}"):
        paths = list(dict.fromkeys(addresses(wired, Shop.get())))
        if not models.Calendar.select().exists():
            one_of_each(Shop.get())
        came = Came(poison(some, seed))
    worked_out = [str(7 * int(found[1])) for one in some if (found := re.search(r"7 \* (\d+)", one))]
    for who in ("owner", None):
        page = site.phone(who)
        watch = Watch(page, site.url)
        for path in opened(page, paths[seed % every :: every]):
            found = page.evaluate(FOUND)
            html = page.content()
            found += [number for number in worked_out if number in html]
            came.opened, came.showing = came.opened + 1, came.showing + ("/stolen/" in html)
            said = [told for told in watch.said if "CSP" in told or "Refused" in told]
            if found or watch.ran or watch.asked or said:
                came.wrong.append((who, path, found[:3], watch.ran[:3], watch.asked[:3], said[:3]))
                for what in (watch.ran, watch.asked, watch.said):
                    what.clear()
    site.close_phones()
    site.complaints[:] = [told for told in site.complaints if "status of" not in told]
    return came


def test_nothing_runs_and_nothing_is_asked(site: Site, wired: Any) -> None:
    """A sample; all of them go with --full."""
    every = payloads()
    came = tried(site, wired, every[:: len(every) // AT_ONCE], every=9, seed=3)
    assert came.wrong == []
    assert came.written > 500
    assert came.opened >= 10
    assert came.showing > came.opened / 3


@pytest.mark.full
def test_nothing_runs_and_nothing_is_asked_by_any(site: Site, wired: Any) -> None:
    every, in_all = payloads(), Came()
    assert len(every) >= 400
    random.Random(7).shuffle(every)
    for start in range(0, len(every), AT_ONCE):
        some = every[min(start, len(every) - AT_ONCE) :][
            :AT_ONCE
        ]  # always so many: what must differ is told apart by order
        came = tried(site, wired, some, every=1, seed=start)
        assert came.wrong == []
        in_all = Came(in_all.written + came.written, in_all.opened + came.opened, in_all.showing + came.showing)
    told = f"{len(every)} payloads into {in_all.written} texts; {in_all.opened} pages opened, {in_all.showing} showing some"
    print(f"\n{told}: 0 scripts, 0 requests, 0 reports")


def test_a_page_that_shows_them_as_they_are_does_run_and_does_ask(site: Site) -> None:
    """The control: were it quiet, the tests above would prove nothing."""
    htmx = (ROOT / "static" / "vendor" / "htmx-4.0.1.min.js").read_text(encoding="utf-8")
    some = [one for one in payloads()[::7] if "http-equiv" not in one]
    # each in a frame of its own: in one page the first comment or script that is left open would swallow the others
    naive = [f'<script src="/htmx.js"></script><p>{one}</p><p title="{one}">x</p>' for one in some]
    frames = "".join(f'<iframe srcdoc="{escape(one)}"></iframe>' for one in naive)
    page = site.phone(None)
    watch, ran = Watch(page, site.url), set()
    page.on("console", lambda message: ran.add(message.text) if message.text.startswith("ran ") else None)
    told = f"window.alert = n => console.log('ran ' + n);{htmx}"  # a box for each would have to be closed by hand
    page.route("**/htmx.js", lambda route: route.fulfill(content_type="text/javascript", body=told))
    page.route("**/control", lambda route: route.fulfill(content_type="text/html", body=f"<!doctype html>{frames}"))
    page.goto("/control", wait_until="commit")
    for _look in range(100):
        if len(ran) >= 10 and len({url for url in watch.asked if "/stolen/" in url}) >= 10:
            break
        page.wait_for_timeout(50)
    else:
        pytest.fail(f"{len(ran)} ran, {len(watch.asked)} asked")
    site.close_phones()
    site.complaints.clear()
