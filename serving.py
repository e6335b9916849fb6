"""The server: waitress, with as many threads and connections as a busy shop's phones need."""

from __future__ import annotations

from typing import Any

import waitress
from waitress.channel import HTTPChannel
from waitress.task import WSGITask

BODILESS = ("204", "304")


class KeptOpen(WSGITask):
    """waitress closes a connection after any answer without a length, and a 304 has none: every poll would connect anew.

    An answer that has no body needs no length to be told from the next one (RFC 9110, 6.4.1).
    """

    def set_close_on_finish(self) -> None:
        asked = self.request.headers.get("CONNECTION", "").lower()
        if self.status[:3] in BODILESS and self.version == "1.1" and asked != "close":
            return
        super().set_close_on_finish()


HTTPChannel.task_class = KeptOpen


def create_server(app: Any, host: str, port: int) -> Any:
    """Return a server, bound but not yet running. Raises OSError where the port cannot be had."""
    return waitress.create_server(
        app, host=host, port=port, threads=32, connection_limit=1000, channel_timeout=60, ident="Regulars"
    )
