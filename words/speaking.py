"""Which language is spoken now, and the catalogue behind it.

Every visible string passes through ``_``, ``ngettext`` or ``pgettext``; a catalogue in
``translations/LANGUAGE/LC_MESSAGES/regulars.mo`` replaces the English. A *language* is what people choose (``es``); a
*locale* is the language as a place speaks it (``es_MX``), which is what numbers, days and clocks go by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.support import NullTranslations, Translations

TRANSLATIONS = Path(__file__).parent.parent / "translations"
WRITTEN_IN = "en"  # the language of the source
HOME = {"en": "en_GB"}  # where a language is at home when nothing says where it is spoken
_locale: ContextVar[str] = ContextVar("locale", default="en_GB")


# -- which there are


@cache
def languages() -> dict[str, str]:
    """Return the languages there are words in, by code, each under its own name: ``{"en": "English", "es": "Español"}``."""
    translated = sorted(path.parent.parent.name for path in TRANSLATIONS.glob("*/LC_MESSAGES/regulars.mo"))
    return {code: own_name(code) for code in (WRITTEN_IN, *translated)}


def own_name(language: str) -> str:
    """Return what a language calls itself, with its first letter raised."""
    name = Locale.parse(language).get_display_name() or language
    return name[:1].upper() + name[1:]


@cache
def locale_for(language: str, zone: str = "") -> str:
    """Return the locale of a language in a time zone: ``en`` in America/New_York is ``en_US``, which tells 8:05 AM.

    A language without words of its own is answered in English; a zone no such locale is known for, by the language alone.
    """
    language = language if language in languages() else WRITTEN_IN
    territory = get_global("zone_territories").get(zone)
    if territory:
        try:
            return str(Locale(language, territory))
        except UnknownLocaleError:
            pass
    return HOME.get(language, language)


def locale_of_terminal(environment: Mapping[str, str]) -> str:
    """Return the locale a terminal asks for (LC_ALL, LC_MESSAGES, LANG: the first that is set), as far as we have words."""
    asked = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return locale_for(asked.partition(".")[0].partition("_")[0].lower())


# -- the one in force


def speak(locale: str) -> Token[str]:
    """Speak `locale` (such as ``en_GB``) from now on; return what `speak_again` takes to speak as before."""
    return _locale.set(locale)


def speak_again(before: Token[str]) -> None:
    """Speak as before a `speak`."""
    _locale.reset(before)


@contextmanager
def in_language(locale: str) -> Iterator[None]:
    """Speak `locale` inside the block."""
    before = speak(locale)
    try:
        yield
    finally:
        speak_again(before)


def locale() -> str:
    """Return the locale in force."""
    return _locale.get()


def language() -> str:
    """Return the language in force as HTML's lang wants it: ``en-GB``."""
    return _locale.get().replace("_", "-")


def code() -> str:
    """Return the language in force as people choose it: ``en``."""
    return _locale.get().partition("_")[0]


def direction() -> str:
    """Return the direction the language in force is written in, ``ltr`` or ``rtl``, as HTML's dir wants it."""
    return _parsed(_locale.get()).text_direction


def cldr() -> Locale:
    """Return what Unicode's locale data says of the locale in force."""
    return _parsed(_locale.get())


@cache
def _parsed(locale: str) -> Locale:
    return Locale.parse(locale)


@cache
def catalogue(locale: str) -> NullTranslations:
    """Return the translations for a locale; English as written where there are none."""
    return Translations.load(TRANSLATIONS, [locale], domain="regulars")


def _(message: str, **values: Any) -> str:
    """Return a message in the language in force, with its placeholders filled."""
    text = str(catalogue(_locale.get()).gettext(message))
    return text % values if values else text


def ngettext(one: str, many: str, n: int, **values: Any) -> str:
    """Return the form of a message that suits `n`; ``%(n)s`` is filled with it."""
    return str(catalogue(_locale.get()).ngettext(one, many, n)) % {"n": n, **values}


def pgettext(context: str, message: str, **values: Any) -> str:
    """Return a message whose meaning depends on a context that translators see, with its placeholders filled."""
    text = str(catalogue(_locale.get()).pgettext(context, message))
    return text % values if values else text
