"""Changing a setting, and taking the change back: an act, written in the record of changes, from which all follows at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import words.reminders
from domain import appointments, audit, expected, reminders, rights
from domain.actions import Asked, Conflict, Refused, Unknown, does
from domain.reminder_rules import unwanted
from domain.settings import BUSINESS, PREFERENCES, SETTINGS, SHOP, Setting, Wrong
from models import HELD, Action, Business, PeopleKept, Shop, is_postgres
from words import _

After = Callable[[Shop], None]


@does("setting.change", "settings")
def change(asked: Asked) -> dict[str, Any]:
    """Put a setting, by its `name`, to a `value`. The answer holds how it was `before`; nothing else where it is so already."""
    setting = _setting(asked, asked.act.data.get("name"))
    try:
        value = setting.read(asked.act.data.get("value"), asked.shop)
        if setting.name == "words_never":
            _stands_in_no_reminder(asked.shop, value)
        base = asked.act.data.get("base")
        if base is not None and setting.stands(_held(asked.shop, setting)) != base:
            raise Conflict(_("Somebody else changed this at the same moment. Look again, then change it."))
        return _put(asked, setting, value)
    except Wrong as told:
        raise Refused(str(told)) from None


@does("setting.undo", "settings")
def undo(asked: Asked) -> dict[str, Any]:
    """Put a setting back to how it was before a `change`, an act's id, where it stands as that act left it."""
    made = changed_by(asked.act.data.get("change"), asked.shop)
    if made is None:
        raise Refused(_("There is no such change. It may have been long ago."))
    setting = _setting(asked, made["name"])
    if setting.stands(_held(asked.shop, setting)) != made["after"]:
        raise Conflict(_("This was changed again meanwhile. It stays as it stands now."))
    return _put(asked, setting, made["before"])


def changed_by(key: Any, shop: Shop) -> dict[str, Any] | None:
    """Return what the act with this id changed, ``{"name", "before", "after"}``; None where it was another act, or of another
    shop."""
    told = isinstance(key, str) and key.isascii() and "\x00" not in key
    act = Action.get_or_none((Action.key == key) & (Action.shop == shop.id)) if told else None
    found = act.result if act else {}
    return found if found.get("name") in SETTINGS and "after" in found else None


def _setting(asked: Asked, name: Any) -> Setting:
    setting = SETTINGS.get(name) if isinstance(name, str) else None
    if setting is None:
        raise Unknown(_("There is no such setting."))
    if not rights.may(asked.staff, setting.right):
        raise Refused(_("Only an owner changes this."))
    asked.place()
    return setting


def _held(shop: Shop, setting: Setting) -> Shop:
    """Return the shop as it is kept now, held until the transaction ends: another setting may be changed at the same moment."""
    if setting.kept == BUSINESS:
        Business.hold(shop.business_id)
    elif is_postgres():
        list(Shop.select(Shop.id).where(Shop.id == shop.id).for_update(HELD).tuples())
    found: Shop = Shop.get_by_id(shop.id)
    return found


def _put(asked: Asked, setting: Setting, value: Any) -> dict[str, Any]:
    shop = _held(asked.shop, setting)
    before = setting.stands(shop)
    if before == value:
        return {"name": setting.name}
    keep(shop, setting, value)
    told = {"before": before, "after": value} if setting.plain else {}
    audit.write("setting.changed", business=shop.business_id, shop=shop, staff=asked.staff, name=setting.name, **told)
    for part in (*AFTER.get(setting.name, ()), Shop.changed):
        part(shop)
    if setting.kept == BUSINESS:
        shop.tell_the_others()
    asked.shop = shop
    return {"name": setting.name, "before": before, "after": value}


def keep(shop: Shop, setting: Setting, value: Any) -> None:
    """Write a setting's value where it is kept, in the caller's transaction; `shop` has it from then on."""
    if setting.kept == SHOP:
        setattr(shop, setting.name, value)
        shop.save(only=[getattr(Shop, setting.name)])
    elif setting.kept == PREFERENCES:
        shop.preferences = {**(shop.preferences or {}), setting.name: value}
        shop.save(only=[Shop.preferences])
    else:
        kept = Business.select(Business.settings).where(Business.id == shop.business_id).scalar() or {}
        Business.update(settings={**kept, setting.name: value}).where(Business.id == shop.business_id).execute()


def _stands_in_no_reminder(shop: Shop, never: list[str]) -> None:
    for rule in reminders.rules_of(shop):
        if word := unwanted(shop, rule.way, rule.subject, rule.text, never):
            told = _("“%(word)s” stands in this reminder: %(rule)s. Write that one in other words first.")
            raise Wrong(told % {"word": word, "rule": words.reminders.rule(rule)})


# -- what follows from a change


def _lists_again(shop: Shop) -> None:
    expected.make_list(shop, shop.today())


def _words_again(shop: Shop) -> None:
    expected.offer_all_again(shop, shop.today())


def _people_again(shop: Shop) -> None:
    PeopleKept.delete().where(PeopleKept.shop == shop.id).execute()


AFTER: dict[str, tuple[After, ...]] = {
    "zone": (expected.move_days, appointments.zone_changed, _lists_again),
    "hours": (_lists_again, reminders.rearm_all),
    "closed_days": (_lists_again, reminders.rearm_all),
    "regular_visits": (_people_again,),
    "listed_from": (_lists_again,),
    "same_visit_minutes": (_lists_again,),
    "called": (_words_again,),
    "grace_minutes": (_words_again,),
    "rest_days": (_words_again,),
    "birthdays": (_words_again,),
}
