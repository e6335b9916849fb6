"""What is said in the first run."""

from __future__ import annotations

from words import _


def title(step: str) -> str:
    return {
        "shop": _("Your shop"),
        "hours": _("When are you open?"),
        "words": _("How do you speak here?"),
        "password": _("A password for you"),
        "team": _("Who works with you?"),
        "phone": _("The first phone"),
        "done": _("That is all"),
    }[step]


def way(number: int, steps: int) -> str:
    """Return how far somebody is."""
    return _("Step %(n)s of %(steps)s", n=number, steps=steps)


def finished(phone: str, name: str) -> str:
    """Return the last page's sentence: what works now, and what comes by itself."""
    if phone:
        return _("%(phone)s shows Today. Whoever comes in is added there with one tap.", phone=phone)
    return _("%(name)s is ready. Phones and people can be added at any time, under Team.", name=name)
