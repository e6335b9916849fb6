"""Every setting an owner may change, declared once: where it is kept, what it is until changed, and what may be put there.

``of(shop).grace_minutes`` reads one. What somebody wrote is read by the setting's `read`, which raises Wrong with a sentence.
Changing one is an act (``domain.setting_acts``). To add a setting, add a line to SETTINGS and one to ``docs/settings.md``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from models import CALLED, TONES, Business, Shop, folded, minutes_of, one_line
from words import _, languages

SHOP, PREFERENCES, BUSINESS = "shop", "preferences", "business"  # a column, Shop.preferences, or Business.settings
NEVER_AT_MOST, NEVER_LONGEST = 50, 40  # words that are never used
CLOSED_AT_MOST = 100  # closed days
DAY_YEARLY = re.compile(r"\d\d-\d\d")


class Wrong(ValueError):
    """What was written cannot be that setting's value; the sentence says why."""


Read = Callable[[Any, Shop], Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that is set. `plain` where its value is no text of somebody's own, and may stand in the record; `owners` where
    only an owner sets it, as all that holds for the whole business."""

    name: str
    kept: str
    default: Any
    read: Read
    plain: bool = True
    owners: bool = False

    @property
    def right(self) -> str:
        """The right whoever sets it has to have (domain.rights)."""
        return "business" if self.owners or self.kept == BUSINESS else "settings"

    def stands(self, shop: Shop) -> Any:
        """Return its value as it is kept, or what it is until changed. One query where it is the whole business's."""
        if self.kept == SHOP:
            return getattr(shop, self.name)
        if self.kept == PREFERENCES:
            return (shop.preferences or {}).get(self.name, self.default)
        kept = Business.select(Business.settings).where(Business.id == shop.business_id).scalar() or {}
        return kept.get(self.name, self.default)


class Of:
    """The settings of one shop, by name."""

    __slots__ = ("shop",)

    def __init__(self, shop: Shop):
        self.shop = shop

    def __getattr__(self, name: str) -> Any:
        if name not in SETTINGS:
            raise AttributeError(name)
        return SETTINGS[name].stands(self.shop)


def of(shop: Shop) -> Of:
    """Return the settings of a shop: ``of(shop).name``."""
    return Of(shop)


# -- reading what was written


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return one_line(text.replace("\x00", "").encode("utf-8", "ignore").decode()).strip()


def number(least: int, most: int, told: Callable[[int, int], str], none: bool = False) -> Read:
    """Return a reader of whole numbers; where `none` may be, an empty one is None: no limit."""

    def read(value: Any, _shop: Shop) -> int | None:
        text = _text(value)
        if none and not text:
            return None
        if text.isascii() and text.isdecimal() and len(text) < 6 and least <= int(text) <= most:
            return int(text)
        raise Wrong(told(least, most))

    return read


def choice(of: Callable[[], Any], told: Callable[[], str]) -> Read:
    """Return a reader of one of some words."""

    def read(value: Any, _shop: Shop) -> str:
        if isinstance(value, str) and value in of():
            return value
        raise Wrong(told())

    return read


def switch(value: Any, _shop: Shop) -> bool:
    """Read on or off."""
    if isinstance(value, bool):
        return value
    if _text(value) in ("", "off", "on"):
        return _text(value) == "on"
    raise Wrong(_("It is either on or off."))


def _one_or_none(value: Any, shop: Shop) -> int:
    """Read how many prompts there are a visit at most: one, or none."""
    return int(switch({"0": "off", "1": "on"}.get(_text(value), value), shop))


def _name(value: Any, shop: Shop) -> str:
    name = _text(value)[:100].strip()
    if not name:
        raise Wrong(_("A shop needs a name."))
    if Shop.select().where((Shop.business == shop.business_id) & (Shop.name == name) & (Shop.id != shop.id)).exists():
        raise Wrong(_("Another of your shops has this name."))
    return name


def _zone(value: Any, _shop: Shop) -> str:
    if isinstance(value, str) and value in available_timezones():
        return value
    raise Wrong(_("Pick a time zone from the list."))


def _hours(value: Any, _shop: Shop) -> list[list[str] | None] | None:
    """Read seven pairs of times; an empty pair is a closed day, and nothing but empty ones is: not told."""
    if value is None:
        return None
    told = _("Write both times as 08:30, the earlier one first.")
    if not isinstance(value, list) or len(value) != 7:
        raise Wrong(told)
    hours: list[list[str] | None] = []
    for pair in value:
        ends = [_text(end) for end in pair] if isinstance(pair, list) else [] if pair is None else ["", "?"]
        if not any(ends):
            hours.append(None)
            continue
        try:
            opens, closes = (minutes_of(end) for end in ends)
        except ValueError:
            raise Wrong(told) from None
        if opens >= closes:
            raise Wrong(told)
        hours.append([f"{at // 60:02}:{at % 60:02}" for at in (opens, closes)])
    return hours if any(hours) else None


def _closed_days(value: Any, _shop: Shop) -> list[dict[str, str]]:
    """Read days on which the shop is closed, each with a name: MM-DD every year, YYYY-MM-DD once. In order, each once."""
    if not isinstance(value, list):
        raise Wrong(_("A closed day is a day such as 25 December, with a name."))
    found: dict[str, str] = {}
    for one in value:
        day, name = (_text(one.get(part)) for part in ("day", "name")) if isinstance(one, dict) else ("", "")
        try:
            date.fromisoformat(f"2000-{day}" if DAY_YEARLY.fullmatch(day) else day)
        except ValueError:
            raise Wrong(_("A closed day is a day such as 25 December, with a name.")) from None
        if day in found:
            raise Wrong(_("That day is in the list already."))
        found[day] = name[:60]
    if len(found) > CLOSED_AT_MOST:
        raise Wrong(_("So many closed days do not fit: %(most)s at most.", most=CLOSED_AT_MOST))
    return [{"day": day, "name": found[day]} for day in sorted(found, key=lambda day: (day[-5:], day))]


def _words_never(value: Any, _shop: Shop) -> list[str]:
    """Read words and phrases, from a list or from lines and commas; each once, however it is written."""
    parts = value if isinstance(value, list) else re.split(r"[,;\n]", value if isinstance(value, str) else "")
    found: dict[str, str] = {}
    for part in map(_text, parts):
        if not part:
            continue
        if len(part) > NEVER_LONGEST or not any(letter.isalnum() for letter in part):
            raise Wrong(
                _("“%(word)s” is no word or short phrase: %(most)s letters fit.", word=part[:60], most=NEVER_LONGEST)
            )
        found.setdefault(folded(part), part)
    if len(found) > NEVER_AT_MOST:
        raise Wrong(_("So many words do not fit: %(most)s at most.", most=NEVER_AT_MOST))
    return list(found.values())


def _minutes(least: int, most: int) -> str:
    return _("Write a number of minutes from %(least)s to %(most)s.", least=least, most=most)


def _days(least: int, most: int) -> str:
    return _("Write a number of days from %(least)s to %(most)s.", least=least, most=most)


def _times(least: int, most: int) -> str:
    return _("Write a number from %(least)s to %(most)s.", least=least, most=most)


def _times_or_none(least: int, most: int) -> str:
    return _("Write a number from %(least)s to %(most)s, or leave it empty for no limit.", least=least, most=most)


def _months(least: int, most: int) -> str:
    told = _("Write a number of months from %(least)s to %(most)s, or leave it empty to keep them.")
    return told % {"least": least, "most": most}


def _percent(value: Any, _shop: Shop) -> float:
    """Read a share as it is kept (0.25), or as so many in a hundred (25)."""
    text = _text(value)
    if re.fullmatch(r"0\.\d{1,3}", text) and 0.05 <= float(text) <= 0.9:
        return float(text)
    if text.isascii() and text.isdecimal() and len(text) < 3 and 5 <= int(text) <= 90:
        return int(text) / 100
    raise Wrong(_times(5, 90))


def _pin_digits(value: Any, _shop: Shop) -> int:
    if _text(value) in ("4", "6"):
        return int(_text(value))
    raise Wrong(_("A PIN has four digits, or six."))


KEEP_MONTHS = (6, 120)  # what people who no longer come leave behind is kept for so many months, or for good

_ALL = (
    # words to say
    Setting("tone", SHOP, "warm", choice(lambda: TONES, lambda: _("Pick one of the tones."))),
    Setting("prompts_a_visit", PREFERENCES, 1, _one_or_none),
    Setting("prompts_a_day", PREFERENCES, None, number(1, 500, _times_or_none, none=True)),
    Setting("rest_days", PREFERENCES, 28, number(7, 365, _days)),
    Setting("birthdays", PREFERENCES, True, switch),
    Setting("words_never", PREFERENCES, [], _words_never, plain=False),
    # the shop
    Setting("name", SHOP, "", _name, plain=False),
    Setting("zone", SHOP, "Europe/London", _zone),
    Setting("called", SHOP, "customer", choice(lambda: CALLED, lambda: _("Pick one of the words."))),
    Setting("language", SHOP, "en", choice(languages, lambda: _("Pick one of the languages."))),
    Setting("hours", SHOP, None, _hours),
    Setting("closed_days", PREFERENCES, [], _closed_days, plain=False),
    Setting("grace_minutes", SHOP, 10, number(0, 240, _minutes)),
    Setting("same_visit_minutes", SHOP, 90, number(0, 720, _minutes)),
    Setting("regular_visits", PREFERENCES, 6, number(2, 40, _times)),
    Setting("listed_from", SHOP, 0.25, _percent),
    # privacy at the counter
    Setting("hide_on_wake", PREFERENCES, True, switch),
    Setting("short_surnames", PREFERENCES, False, switch),
    Setting("staff_see_contacts", PREFERENCES, False, switch, owners=True),
    Setting("pin_digits", BUSINESS, 4, _pin_digits),
    # what is kept of people who no longer come
    Setting("keep_notes_months", PREFERENCES, 24, number(*KEEP_MONTHS, _months, none=True)),
    Setting("keep_messages_months", PREFERENCES, 24, number(*KEEP_MONTHS, _months, none=True)),
    Setting("keep_visits_months", PREFERENCES, None, number(*KEEP_MONTHS, _months, none=True)),
)
SETTINGS: dict[str, Setting] = {setting.name: setting for setting in _ALL}
