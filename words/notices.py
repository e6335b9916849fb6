"""What a phone is told while nobody looks at it, and what is said of that where it is chosen. It names nobody."""

from __future__ import annotations

from words.speaking import _


def said(kind: str) -> str:
    """Return what comes up on a phone."""
    return {
        "late": _("Somebody booked is late, and our reminder did not reach them. Open Today."),
        "promise": _("A promise is due today. Open Promises."),
        "silence": _("Reminders are not going out. Open Reminders to see why."),
    }[kind]


def choice(kind: str) -> tuple[str, str]:
    """Return how a kind is chosen: its name, and when it comes."""
    return {
        "late": (
            _("Somebody booked is late, and our reminder did not reach them"),
            _("While you are signed in here, and during opening hours."),
        ),
        "promise": (
            _("A promise is due"),
            _("Once a day, while you are signed in here, and during opening hours."),
        ),
        "silence": (
            _("Reminders are not going out"),
            _("Besides the ways that are set under Reminders; a phone may be off or have no signal."),
        ),
    }[kind]


def why_not() -> dict[str, str]:
    """Return why a browser cannot be told anything, by what its script finds (static/js/alone/push.js)."""
    return {
        "scripts": _("To change this, scripts have to be on in this browser."),
        "http": _("This needs a secure connection (https); on plain http no browser takes part."),
        "home": _(
            "On an iPhone or iPad this works from the Home Screen: tap Share, Add to Home Screen, and open it from there."
        ),
        "browser": _("This browser cannot be told anything while it is closed."),
        "worker": _("Regulars is still getting ready on this phone. Give it a moment, or open this page again."),
        "denied": _("Notifications are blocked on this phone. Allow them for this page in the browser’s settings."),
        "asked": _("Without your permission nothing comes up here. Tap “Keep these notices” to be asked again."),
        "lost": _("This browser has let go of it. Tap “Keep these notices” to be told again."),
        "failed": _("The browser’s own service did not answer. Nothing was changed; try again in a moment."),
        "server": _(
            "The server lacks what this needs: the package cryptography. Whoever looks after it knows what to do."
        ),
    }
