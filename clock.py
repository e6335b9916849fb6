"""The present instant. The only place that asks the machine what time it is.

Code calls ``clock.now()`` and never imports ``now``, so that a test, or a server in test mode, can set the time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path


def system_now() -> datetime:
    """Return the machine's present instant, aware, in UTC."""
    return datetime.now(UTC)


now: Callable[[], datetime] = system_now


def read_instant(path: Path) -> datetime:
    """Return the ISO 8601 instant written in `path`, aware, in UTC.

    Raises ValueError when the file holds no instant with an offset, OSError when it cannot be read.
    """
    text = path.read_text(encoding="utf-8").strip()
    instant = datetime.fromisoformat(text)
    if not 1900 <= instant.year < 4000:
        raise ValueError(f"The clock file needs an instant between the years 1900 and 4000; it says {text!r}.")
    if instant.tzinfo is None:
        raise ValueError(
            f"The clock file needs an instant with an offset, such as 2026-11-24T08:12:00+00:00; it says {text!r}."
        )
    return instant.astimezone(UTC)


def follow(path: Path) -> None:
    """Make the instant in `path` the present for the whole process; time moves only when the file changes."""
    global now
    last = read_instant(path)

    def followed() -> datetime:
        nonlocal last
        with suppress(OSError, ValueError):  # caught in the middle of being written: the former instant still holds
            last = read_instant(path)
        return last

    now = followed
