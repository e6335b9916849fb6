"""Whatever can go wrong with a calendar has words of its own, which say what helps."""

import ast
import re
from pathlib import Path

import pytest

from outside import caldav, web
from words import calendars

ROOT = Path(__file__).parent.parent.parent
OTHERWISE = calendars.trouble("a code nobody foresaw")


def texts_in(path, *calls):
    """Return the words with hyphens, or of one of these calls' arguments, that a module raises or returns as codes."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in calls:
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            for one in given:
                found |= {n.value for n in ast.walk(one) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found.add(node.value.value)
        if isinstance(node, ast.Dict):
            found |= {v.value for v in node.values if isinstance(v, ast.Constant) and isinstance(v.value, str)}
    return {text for text in found if re.fullmatch(r"[a-z]+(-[a-z]+)+", text)}


TROUBLE = sorted(
    set(re.findall(r"[a-z]+(?:-[a-z]+)+", (caldav.Trouble.__doc__ or "") + (web.Unreachable.__doc__ or "")))
    | texts_in("outside/web.py", "Unreachable")
    | (texts_in("outside/caldav.py", "Trouble") - set(caldav.REASONS.values()))
    | {"timeout", "tls", "moved", "redirected", "refused", "our-fault", "unreadable"}
)
REFUSED = sorted(
    texts_in("outside/ics_reading.py", "_Bad", "Refused")
    | texts_in("outside/caldav.py", "Put", "_not_done")
    | set(caldav.REASONS.values())
)


def test_the_codes_were_found():
    assert {"sign-in-refused", "no-such-host", "not-a-calendar"} <= set(TROUBLE)
    assert {"rule-too-often", "unknown-zone", "changed-meanwhile", "no-room"} <= set(REFUSED)
    assert len(TROUBLE) + len(REFUSED) > 40


@pytest.mark.parametrize("code", TROUBLE)
def test_every_trouble_says_what_helps(code):
    told = calendars.trouble(code)
    assert told != OTHERWISE, code
    assert told.count(".") >= 2
    assert "invalid" not in told.lower()
    assert "error" not in told.lower()


@pytest.mark.parametrize("code", REFUSED)
def test_every_refusal_says_what_helps(code):
    told = calendars.refused(code)
    assert told != OTHERWISE, code
    assert told.endswith(".")


def test_a_code_nobody_foresaw_is_a_sentence_too():
    assert OTHERWISE == calendars.refused("a code nobody foresaw") == "It could not be read. We try again by ourselves."
