"""What the measures share: the shops, the servers, and how often to ask."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar

from benchmarks import shops
from benchmarks.phones import Phone
from benchmarks.processes import Server, start_app, start_limit
from benchmarks.shops import Stocked

T = TypeVar("T")


def _stop(_signal: int, _frame: Any) -> None:
    raise SystemExit(1)


@dataclass(frozen=True)
class Figure:
    """What was measured: one figure or several, what there is to say, and what else was not as it should be."""

    value: float | list[float] | None
    note: str = ""
    fault: str = ""


@dataclass
class Stand:
    """Where measures are taken. Shops are copies, thrown away at the end; servers start when first asked for."""

    kept: Path  # where made shops lie from one run to the next
    quick: bool = False
    at_hand: dict[str, Any] = field(default_factory=dict)

    def __enter__(self) -> Stand:
        self.at_the_end = ExitStack()
        # ended from outside, the servers end as well
        self.at_the_end.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, _stop))
        self.scratch = Path(mkdtemp(prefix="regulars-benchmark-"))
        self.at_the_end.callback(shutil.rmtree, self.scratch, ignore_errors=True)
        return self

    def __exit__(self, *_error: object) -> None:
        self.at_the_end.close()

    @property
    def pairs(self) -> int:
        return 2 if self.quick else 7

    def times(self, count: int) -> int:
        """Return how often to ask in one turn."""
        return max(2, count // 20) if self.quick else count

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Return what `make` gave the first time it was asked for under this name."""
        if name not in self.at_hand:
            self.at_hand[name] = make()
        return self.at_hand[name]

    def shop(self, size: str) -> Stocked:
        """Return the shop "small", "large" or "wide" of this run."""
        return self.once(f"shop {size}", lambda: self.fresh_shop(size))

    def fresh_shop(self, size: str, phones: int = 3) -> Stocked:
        """Return one more copy of a shop."""
        sizes = shops.QUICK if self.quick else shops.FULL
        return shops.stocked(self.kept, sizes[size], Path(mkdtemp(dir=self.scratch)) / size, phones)

    def app(self, size: str) -> Server:
        """Return the app, serving the shop of a size."""
        return self.once(f"app {size}", lambda: self.kept_up(start_app(self.shop(size).folder)))

    def limit(self) -> Server:
        """Return the limit, serving."""
        return self.once("limit", lambda: self.kept_up(start_limit()))

    def kept_up(self, server: Server) -> Server:
        """Return a server that ends with the stand."""
        self.at_the_end.callback(server.stop)
        return server

    def phone(self, size: str, number: int = 0) -> Phone:
        """Return a phone of the shop of a size, with somebody of the staff signed in."""
        cookies = self.shop(size).cookies
        return self.once(f"phone {size} {number}", lambda: Phone(self.app(size).url, cookies[number]))

    def hello(self) -> Callable[[], float]:
        """Return the request that everything is compared with; it answers how long it took in seconds."""
        phone = self.once("hello", lambda: Phone(self.limit().url))
        return lambda: phone.get("/").seconds
