"""A phone of the shop: one connection that is kept open, with the cookie of somebody signed in."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from benchmarks.processes import PATIENCE_S, Wrong

BROWSER = {"Accept": "text/html", "Accept-Encoding": "gzip, deflate", "Sec-Fetch-Site": "same-origin"}
HTMX = {"HX-Request": "true"}
IDLE_S = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, its body as it was sent (packed, where it was), and how long it took in seconds."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float


class Connection(http.client.HTTPConnection):
    """A connection that sends headers and form at once, as browsers do with small ones."""

    held: list[bytes] | None = None

    def send(self, data: Any) -> None:
        if self.held is None:
            super().send(data)
        else:
            self.held.append(data)

    def request(self, *asked: Any, **more: Any) -> None:
        self.held = []
        super().request(*asked, **more)
        whole, self.held = b"".join(self.held), None
        self.send(whole)


@dataclass
class Phone:
    """A client that asks as a browser does, one request after another."""

    url: str
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.used = time.perf_counter()
        self.connection = Connection(urlsplit(self.url).netloc, timeout=PATIENCE_S)
        self.headers = {**BROWSER, **({"Cookie": f"regulars={self.cookie}"} if self.cookie else {}), **self.headers}

    def get(self, path: str, expect: int = 200, **headers: str) -> Answer:
        """Return the answer to a page asked for. Raises Wrong when its status is another than expected."""
        return self._ask("GET", path, None, headers, expect)

    def post(self, path: str, fields: dict[str, str] | None = None, expect: int = 200, **headers: str) -> Answer:
        """Return the answer to a form sent by htmx, with the id that each act carries."""
        form = urlencode({"action": str(uuid4()), **(fields or {})}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, form, {**HTMX, **kind, **headers}, expect)

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str], expect: int) -> Answer:
        told = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if time.perf_counter() - self.used > IDLE_S:
            self.connection.close()  # it opens anew by itself; the servers close what is idle for a minute
        started = time.perf_counter()
        self.connection.request(method, path, body, told)
        response = self.connection.getresponse()
        content = response.read()
        self.used = time.perf_counter()
        seconds = self.used - started
        if expect and response.status != expect:
            raise Wrong(f"{method} {path.partition('?')[0]} was answered with {response.status}.")
        return Answer(response.status, response.headers, content, seconds)

    def close(self) -> None:
        self.connection.close()
