"""A piece of HTML made once by its template and filled in many times: what an answer to every letter typed is made of.

The template stays the one place that says how it looks. It is rendered with words that stand for what differs, and these
are replaced; whoever fills them in escapes what they fill in.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable


class Places(dict[str, str]):
    """Words that stand for what is filled in, by name: no text of anybody's holds one."""

    def __init__(self, *names: str):
        super().__init__({name: f"x{secrets.token_hex(12)}" for name in names})


class Mould:
    """HTML with places to fill in. `once` are places of which only the first is filled under their own name with an
    underscore: a name is marked where it is read, and not where it is a label."""

    def __init__(self, html: str, places: dict[str, str], once: Iterable[str] = ()):
        text = str(html).replace("%", "%%")  # a plain text: Markup would escape what is filled in
        for name in once:
            text = text.replace(places[name], f"%({name}_)s", 1)
        for name, place in places.items():
            text = text.replace(place, f"%({name})s")
        self.text = text

    def filled(self, values: dict[str, str]) -> str:
        """Return the HTML with all of the places filled."""
        return self.text % values
