"""One phone's own choices: its language, light or dark, the hand that holds it, and whether its screen stays on.

They lie in one small cookie, for they belong to the phone and not to whoever is signed in on it. Every request finds
them in ``g.look``, and speaks the language in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug import Response

import words
import words.notices
from models import Shop
from views import notices
from views.asking import cookie_name, give_cookie, open_to

bp = Blueprint("this_phone", __name__)
COOKIE = "regulars-look"
LASTS = timedelta(days=400)
THEMES = ("system", "light", "dark")
HANDS = ("right", "left")
SCREENS = ("system", "on")  # "on": it stays on while Today is open (static/js/alone/installed.js)
GROUND = {"light": "#f3f3f1", "dark": "#12121b"}  # --paper, for the browser's own edges


@dataclass(frozen=True, slots=True)
class Look:
    """How pages speak and look on one phone. In ``g.look`` the language is the one in force, whoever chose it."""

    language: str = ""  # as chosen for the phone: empty for the shop's
    theme: str = "system"
    hand: str = "right"
    screen: str = "system"

    @property
    def grounds(self) -> dict[str, str]:
        """Return the colour of the paper in each theme that this phone may show."""
        return GROUND if self.theme == "system" else {self.theme: GROUND[self.theme]}

    def __str__(self) -> str:
        look = f"{self.language or '-'}.{self.theme}.{self.hand}"
        return look if self.screen == "system" else f"{look}.{self.screen}"


def look_of(language: str = "", theme: str = "", hand: str = "", screen: str = "") -> Look:
    """Return a look; what is not among those there are is as if it had not been chosen."""
    return Look(
        language=language if language in words.languages() else "",
        theme=theme if theme in THEMES else "system",
        hand=hand if hand in HANDS else "right",
        screen=screen if screen in SCREENS else "system",
    )


@lru_cache(maxsize=500)
def looked(text: str | None) -> Look:
    """Return the look that a cookie tells."""
    parts = (text or "").split(".")
    return look_of(*parts) if len(parts) == 3 or parts[3:] in [[one] for one in SCREENS] else Look()


# -- every request


def begin() -> None:
    """Look and speak as the phone has chosen; else as the shop does, or, while nobody is signed in, as the browser asks."""
    mine = g._get_current_object()
    cookie = request.cookies.get(cookie_name(COOKIE))
    mine.chosen = looked(cookie)
    mine.look, locale = look_in(cookie, mine.get("shop"), asked_for)
    mine.spoke = words.speak(locale)


def look_in(cookie: str | None, shop: Shop | None, asked_for: Callable[[], str] = str) -> tuple[Look, str]:
    """Return the look that a cookie tells, with the language in force at a shop, and its locale; where neither phone nor shop has
    chosen one, it is `asked_for`."""
    chosen = looked(cookie)
    wanted = chosen.language or (shop.language if shop else "") or asked_for()
    return spoken(chosen, wanted, shop.zone if shop else "")


def asked_for() -> str:
    """Return the first of the browser's languages that we have, wherever it is spoken; empty where there is none."""
    asked = (tag.replace("_", "-").partition("-")[0].lower() for tag in request.accept_languages.values())
    return next((language for language in asked if language in words.languages()), "")


@lru_cache(maxsize=500)
def spoken(chosen: Look, language: str, zone: str) -> tuple[Look, str]:
    """Return the look with the language in force, and its locale: English where we have no such language."""
    language = language if language in words.languages() else words.WRITTEN_IN
    return replace(chosen, language=language), words.locale_for(language, zone)


def end(_error: BaseException | None) -> None:
    """Leave the thread as it was."""
    if "spoke" in g:
        words.speak_again(g.pop("spoke"))


# -- the page


@bp.get("/this-phone")
@open_to("anyone")
def show() -> str:
    return render_template(
        "this_phone.html",
        chosen=g.chosen,
        languages=words.languages(),
        kept=request.args.get("kept"),
        notices=notices.choice(),
    )


@bp.post("/this-phone")
@open_to("anyone")
def choose() -> Response:
    """Keep what was chosen on this phone; what the form leaves out stays as it was."""
    form, was = request.form, g.chosen
    wanted = look_of(
        form.get("language", was.language),
        form.get("theme", was.theme),
        form.get("hand", was.hand),
        form.get("screen", was.screen),
    )
    response = redirect(url_for("this_phone.show", kept=1), 303)
    give_cookie(response, COOKIE, str(wanted), LASTS)
    if wanted.language != was.language:
        notices.follow_language(wanted.language)
    return response
