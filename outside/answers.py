"""What comes of sending something: the answer at once, and the report that may follow hours later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DETAIL_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said when we handed something over.

    `handed_over` means it took the message on, not that anybody got it; `try_again` may be sent once more, with the same
    message id; `refused` will be refused again. `code` is empty when handed over. `detail` is the other side's own
    wording, on one line, for a log. `gateway_id` is the name under which it will report, where it has one.
    """

    state: Literal["handed_over", "try_again", "refused"]
    code: str = ""
    detail: str = ""
    gateway_id: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message that was handed over earlier, as somebody else tells it.

    It is found by `message_id` (ours, without angle brackets, or the gateway's) or, failing that, by `recipient`; either
    may be empty. `unknown` is a report from which nothing can be concluded about the message. `reference` is ours, as the
    gateway gave it back, where it does.
    """

    message_id: str
    recipient: str
    state: Literal["handed_over", "delivered", "bounced", "failed", "delayed", "unknown"]
    code: str = ""
    detail: str = ""
    reference: str = ""


def one_line(text: str | bytes) -> str:
    """Return somebody else's words fit for a log: one line, printable, not long."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return "".join(c if c.isprintable() else " " for c in " ".join(text[: DETAIL_LENGTH * 4].split()))[:DETAIL_LENGTH]
