"""What a phone's browser makes of today: how much it fetches, and how soon and how steadily the page stands."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.processes import NotHere, run
from benchmarks.stand import Figure, Stand
from benchmarks.wire import Wire

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PHONE = {"viewport": {"width": 412, "height": 823}, "device_scale_factor": 1.75, "is_mobile": True, "has_touch": True}
SLOW_CPU = 4
SLOW_NET = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}

# What the page itself notes of how it loads: the largest piece drawn, what moved, and how long it could not answer.
WATCH = """() => {
  const seen = window.seen = {lcp: 0, cls: 0, fcp: 0, tasks: []};
  const watch = (type, each) => new PerformanceObserver(l => l.getEntries().forEach(each)).observe({type, buffered: true});
  watch('largest-contentful-paint', e => { seen.lcp = e.startTime; });
  watch('layout-shift', e => { if (!e.hadRecentInput) seen.cls += e.value; });
  watch('paint', e => { if (e.name === 'first-contentful-paint') seen.fcp = e.startTime; });
  watch('longtask', e => seen.tasks.push([e.startTime, e.duration]));
}"""


def first_load(stand: Stand) -> Figure:
    """Return the thousands of bytes and the requests of a first look at today without fonts, and the bytes of fonts."""
    with _page(stand) as page:
        fetched: list[Any] = []
        page.on("requestfinished", lambda request: fetched.append(request))
        page.goto(f"{stand.app('large').url}/today", wait_until="networkidle")
        page.wait_for_timeout(300)
        sizes = [(request.resource_type == "font", _size(request), request.url) for request in fetched]
        late = page.evaluate(
            "() => [...document.fonts].filter(f => !['swap', 'fallback', 'optional'].includes(f.display)).length"
        )
    light = sum(size for is_font, size, _ in sizes if not is_font)
    fonts = sum(size for is_font, size, _ in sizes if is_font)
    count = sum(not is_font for is_font, _, _ in sizes)
    heaviest = max((size, url.rpartition("/")[2] or url) for is_font, size, url in sizes if not is_font)
    note = f"with headers; heaviest: {heaviest[1]}, {heaviest[0] / 1000:.1f} KB; {len(sizes) - count} fonts"
    return Figure([light / 1000, float(count), fonts / 1000], note, "A font holds text back." if late else "")


def opened_again(stand: Stand) -> Figure:
    """Return the thousands of bytes and the requests of today opened again, unchanged, on a phone that has the worker: counted on
    the wire, so that what the worker itself asks for is in it, headers included."""
    wire = Wire(stand.app("large").url)
    with _page(stand, wire.url) as page:
        page.goto("/today", wait_until="networkidle")
        page.wait_for_function(
            "async () => Boolean(navigator.serviceWorker.controller && (await caches.match('/today/kept')))"
        )
        page.goto("/today", wait_until="networkidle")  # the first that goes through the worker
        found: list[tuple[float, list[str]]] = []
        for _ in range(3):  # the least: a minute that ends in between is a change
            page.wait_for_timeout(SETTLES_MS)
            page.close()
            wire.asked.clear()
            wire.answered = 0
            page = page.context.new_page()
            page.goto("/today", wait_until="networkidle")
            page.wait_for_timeout(SETTLES_MS)
            found.append((wire.answered / 1000, list(wire.asked)))
        people = page.locator("li[data-customer]").count()
    wire.cut()
    weight, asked = min(found)
    fault = "" if people else "Nobody is on it."
    return Figure([weight, float(len(asked))], "with headers: " + ", ".join(sorted(asked)), fault)


SETTLES_MS = 1500  # less than until the next poll


def _size(request: Any) -> int:
    sizes = request.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]


def steadiness(stand: Stand) -> Figure:
    """Return the seconds to the largest piece, the ms without an answer, and how much moved: on a slow phone.

    By Lighthouse where it is installed (REGULARS_LIGHTHOUSE, or `lighthouse` on the path), else as we read them
    ourselves in the same conditions: a phone's window, a processor four times slower, 1.6 Mbit/s, 150 ms there and back.
    """
    lighthouse = os.environ.get("REGULARS_LIGHTHOUSE") or shutil.which("lighthouse")
    times = 1 if stand.quick else 5
    if lighthouse:
        found = [_by_lighthouse(stand, lighthouse) for _ in range(times)]
        scores = {name: median(one.scores[name] for one in found) for name in found[0].scores}
        short = [name for name, least in LEAST.items() if scores.get(name, 0) < least]
        note = "Lighthouse: " + ", ".join(f"{name} {score:g}" for name, score in scores.items())
        fault = f"Too low: {', '.join(short)}." if short else ""
    else:
        found = [_by_ourselves(stand) for _ in range(times)]
        note, fault = "our own reading; Lighthouse is not installed, so its scores are not judged", ""
    value = [median(one.lcp for one in found), median(one.tbt for one in found), median(one.cls for one in found)]
    return Figure(value, f"{note}; {times} loads", fault)


LEAST = {"performance": 98, "accessibility": 100, "best-practices": 100}


@dataclass(frozen=True)
class Load:
    """One load: largest piece drawn (s), time without an answer (ms), what moved, and Lighthouse's scores if it was asked."""

    lcp: float
    tbt: float
    cls: float
    scores: dict[str, float]


def _by_ourselves(stand: Stand) -> Load:
    with _page(stand) as page:
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_CPU})
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", SLOW_NET)
        page.add_init_script(f"({WATCH})()")
        page.goto(f"{stand.app('large').url}/today", wait_until="networkidle")
        page.wait_for_timeout(1500)
        seen = page.evaluate("() => window.seen")
    blocked = sum(max(0.0, length - 50) for start, length in seen["tasks"] if start + length > seen["fcp"])
    return Load(seen["lcp"] / 1000, blocked, seen["cls"], {})


def _by_lighthouse(stand: Stand, command: str) -> Load:
    cookie = json.dumps({"Cookie": f"regulars={stand.shop('large').cookies[0]}"})
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder) / "report.json"
        os.environ.setdefault("CHROME_PATH", _found() or "")
        run(
            [
                *command.split(), f"{stand.app('large').url}/today", "--quiet", "--output=json", f"--output-path={to}",
                f"--extra-headers={cookie}", "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
                f"--only-categories={','.join(LEAST)}",
            ]
        )  # fmt: skip
        told = json.loads(to.read_text(encoding="utf-8"))
    audits = told["audits"]
    return Load(
        lcp=audits["largest-contentful-paint"]["numericValue"] / 1000,
        tbt=audits["total-blocking-time"]["numericValue"],
        cls=audits["cumulative-layout-shift"]["numericValue"],
        scores={name: 100 * (each["score"] or 0) for name, each in told["categories"].items()},
    )


def _found() -> str | None:
    names = [os.environ["REGULARS_BROWSER"]] if os.environ.get("REGULARS_BROWSER") else NAMES
    return next(filter(None, map(shutil.which, names)), None)


@contextmanager
def _page(stand: Stand, address: str = "") -> Iterator[Any]:
    """Yield a fresh page of a phone's browser with somebody signed in. Raises NotHere where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise NotHere("Needs the browser tests' packages: run ./regulars test once.") from None
    with sync_playwright() as playwright:
        path = _found() or playwright.chromium.executable_path
        if not Path(path).exists():
            raise NotHere("There is no browser here. Install chromium, or name one in REGULARS_BROWSER.")
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        window = playwright.chromium.launch(executable_path=path, args=flags)
        try:
            url, cookie = address or stand.app("large").url, stand.shop("large").cookies[0]
            context = window.new_context(**PHONE, locale="en-GB", base_url=url)  # type: ignore[arg-type]
            context.add_cookies([{"name": "regulars", "value": cookie, "url": url}])
            yield context.new_page()
        finally:
            window.close()
