"""Which browser and which system a session is in, read from what the browser says of itself."""

from __future__ import annotations

# The first that stands there: nearly all call themselves Safari and Chrome as well
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def about(user_agent: str) -> str:
    """Return a browser and its system as they are kept: "Firefox|Windows", either part empty where it is not known."""

    def first(of: tuple[tuple[str, str], ...]) -> str:
        return next((name for mark, name in of if mark in user_agent), "")

    return f"{first(BROWSERS)}|{first(SYSTEMS)}"
