"""A real server and a real browser: pages are opened as a phone would open them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Error, Locator, Page, expect, sync_playwright

from domain import access
from tests.browser.worlds import TUESDAY, World, build, copy_into

HERE = Path(__file__).resolve().parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SHELL = "chromium-headless-shell"  # the same without a window around it: a page is opened in a fifth of the time
PATIENCE = 30_000  # ms: the longest that anything may take to come true, on a machine busy with other tests
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


# -- the browser


def find_browser(chromium: BrowserType, *names: str) -> str | None:
    """Return the path of the first browser there is: REGULARS_BROWSER, the machine's own by `names` (else a whole one),
    Playwright's."""
    wanted = os.environ.get("REGULARS_BROWSER")
    for name in [wanted] if wanted else names or NAMES:
        path = shutil.which(name)
        if path:
            return path
    own = chromium.executable_path
    return own if Path(own).exists() else None


def install_browser() -> None:
    """Install Debian's chromium where that is ours to do."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print("\nInstalling Debian's chromium for the browser tests ...", file=sys.__stderr__, flush=True)
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
    quiet["env"] = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], **quiet)
    for package in ("chromium", SHELL):
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", package], **quiet)


@pytest.fixture(scope="session")
def started() -> Iterator[Callable[..., Browser]]:
    """Return what starts a browser by the names of programs, each once a run."""
    with sync_playwright() as playwright:
        running: dict[str, Browser] = {}

        def start(*names: str) -> Browser:
            path = find_browser(playwright.chromium, *names)
            if path is None:
                install_browser()
                path = find_browser(playwright.chromium, *names)
            if path is None:
                told = "NO BROWSER: the browser tests did not run. Install chromium, or name one in REGULARS_BROWSER."
                print(f"\n{told}", file=sys.__stderr__, flush=True)
                if os.environ.get("REGULARS_REQUIRE_BROWSER"):
                    pytest.fail(told)
                pytest.skip(told)
            if path not in running:
                flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
                running[path] = playwright.chromium.launch(executable_path=path, args=flags)
            return running[path]

        yield start
        for browser in running.values():
            browser.close()


@pytest.fixture
def window(request: pytest.FixtureRequest, started: Callable[..., Browser]) -> Browser:
    """The browser; the whole of it where a test says so: only that shows notices and keeps pages for the way back."""
    whole = request.node.get_closest_marker("whole_browser")
    return started() if whole else started(SHELL, *NAMES)


# -- the server


@dataclass
class Site:
    """A shop being served, and the phones that look at it."""

    url: str
    data: Path
    clock: Path
    browser: Browser
    world: World = field(default_factory=World)
    sqlite: bool = True
    opened: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)  # what a console said that it should not

    def at(self, instant: datetime) -> None:
        """Move the server's clock."""
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(instant.isoformat(), encoding="utf-8")
        fresh.replace(self.clock)

    def later(self, **by: float) -> None:
        self.at(TUESDAY + timedelta(**by))

    def phone(
        self, who: str | None = "Maya", width: int = 390, height: int = 844, touch: bool = True, **options: Any
    ) -> Page:
        """Return a fresh browser page; `who` is signed in ("owner": Ruth by her own link), None for nobody."""
        # Without the worker, where a test does not ask for it: what a test keeps back must not be answered by it.
        options.setdefault("service_workers", "block")
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, has_touch=touch, locale="en-GB", base_url=self.url, **options
        )
        context.set_default_timeout(PATIENCE)
        self.opened.append(context)
        if who:
            token = self.world.tokens[who]
            given = {"regulars": token, "regulars-acts": access.acts_secret(token)}
            context.add_cookies([{"name": name, "value": value, "url": self.url} for name, value in given.items()])
        page = context.new_page()
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        return page

    def today(self, who: str | None = "Maya", **options: Any) -> Page:
        page = self.phone(who, **options)
        page.goto("/today")
        return page

    def card(self, name: str) -> str:
        return f"/customers/{self.world.people[name]}"

    def act(self, kind: str, /, **data: Any) -> dict[str, Any]:
        """Return the result of an act that some other phone sends."""
        acts = [{"id": str(uuid4()), "type": kind, "at": TUESDAY.isoformat(), "data": data}]
        asked = urllib.request.Request(
            f"{self.url}/api/v1/actions",
            json.dumps({"actions": acts}).encode(),
            {"Authorization": f"Bearer {self.world.tokens['program']}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked) as answer:
            done = json.load(answer)["results"][0]
        assert done["status"] == "applied", done
        return done["result"]

    def person(self, name: str) -> str:
        return str(self.world.people[name])

    def _heard(self, kind: str, text: str) -> None:
        # A refused form is told in words on the page; the browser's own line about its status is no fault.
        if text == "Service Worker registration blocked by Playwright":
            return
        if kind in ("error", "warning") and not text.startswith("Failed to load resource: the server responded"):
            self.complaints.append(f"{kind}: {text}")

    def close_phones(self) -> None:
        for context in self.opened:
            context.close()
        self.opened.clear()


@contextmanager
def at_work(folder: Path, url: str = "", demo: bool = True, newer: bool = False) -> Iterator[str]:
    """Serve the database in `folder` (or at `url`) in a process of its own, as a `demo` or as any shop is; yield the address."""
    command = [sys.executable, str(HERE / "serve.py"), str(folder), str(folder / "clock")]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [*command, *([] if demo else ["shop"]), *(["newer"] if newer else [])],
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "DATABASE_URL": url},
        )
        try:
            assert server.stdout
            line = server.stdout.readline()
            assert line, f"The server did not start:\n{(folder / 'log').read_text()}"
            yield line.decode().strip()
        finally:
            server.terminate()
            server.wait(10)


@contextmanager
def serving(folder: Path, browser: Browser, url: str = "", demo: bool = True) -> Iterator[Site]:
    """Serve as `at_work` does, to be looked at with `browser`."""
    clock = folder / "clock"
    clock.write_text(TUESDAY.isoformat(), encoding="utf-8")
    with at_work(folder, url, demo) as address:
        yield Site(address, folder, clock, browser, sqlite=not url)


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, World]]:
    """Return a built database by the name of its world, each built once a run."""
    built: dict[str, tuple[Path, World]] = {}

    def world(name: str) -> tuple[Path, World]:
        if name not in built:
            path = tmp_path_factory.mktemp(name) / "regulars.db"
            built[name] = (path, build(name, f"sqlite:///{path}"))
        return built[name]

    return world


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, worlds: Any, started: Callable[..., Browser]) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("served")
    shutil.copy(worlds("demo")[0], folder / "regulars.db")
    with serving(folder, started(SHELL, *NAMES)) as site:
        yield site


@pytest.fixture
def world_name() -> str:
    """The world a test looks at; a test parametrizes it to see another."""
    return "demo"


@pytest.fixture
def site(served: Site, worlds: Any, world_name: str, window: Browser) -> Iterator[Site]:
    """The server with a fresh world at 8:12. No console may have complained when the test ends."""
    path, served.world = worlds(world_name)
    served.browser = window
    copy_into(path, served.data / "regulars.db")
    served.at(TUESDAY)
    served.complaints.clear()
    yield served
    served.close_phones()
    assert served.complaints == []


@pytest.fixture
def phone(site: Site) -> Page:
    """Maya's phone, on Today."""
    return site.today()


# -- what tests look for


def row(page: Page, name: str) -> Locator:
    """Return somebody's row on a list."""
    return page.locator("li[data-customer]", has=page.locator(".person", has_text=name))


def toast(page: Page) -> Locator:
    return page.locator("#toast")


def hold_time(page: Page) -> None:
    """Have the page's time, which `page.clock.install()` took in hand, pass by the test's hand alone from now on."""
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 10"))


def until(page: Page, so: str) -> None:
    """Wait until an async function of the page says yes."""
    for _ in range(PATIENCE // 50):
        with suppress(Error):  # of a page that goes on to the next
            if page.evaluate(so):
                return
        page.wait_for_timeout(50)
    raise AssertionError(f"it was never so: {so}")
