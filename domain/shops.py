"""Several shops of one business: people are shared; visits, habits, notes and settings are each shop's own."""

from __future__ import annotations

from typing import Any

import models
from domain import audit, reminders
from domain.actions import Asked, Conflict, Refused, Unknown, does
from domain.settings import SETTINGS, SHOP, Wrong
from models import Action, Membership, Session, Shop, Staff
from words import _

OF_ITS_OWN = ("name", "zone")  # what is asked of a new shop; its other settings are those of the shop it is opened from
# Rows that a shop has from its first moment, or that go with it
GO_ALONG = {
    "Membership",
    "Session",
    "ReminderRule",
    "DayList",
    "Expected",
    "PeopleKept",
    "RhythmKept",
    "HabitKept",
    "DayTally",
}


@does("shop.open", "shops")
def open_another(asked: Asked) -> dict[str, Any]:
    """Open another shop of the business: hours and other settings as here, until they are changed there."""
    here: Shop = Shop.get_by_id(asked.shop.id)
    name = asked.text("name")[:100].strip()
    if Shop.select().where((Shop.business == here.business_id) & (Shop.name == name)).exists():
        raise Refused(_("Another of your shops has this name."))
    try:
        zone = SETTINGS["zone"].read(asked.act.data.get("zone") or here.zone, here)
    except Wrong as told:
        raise Refused(str(told)) from None
    copied = {one: getattr(here, one) for one, how in SETTINGS.items() if how.kept == SHOP and one not in OF_ITS_OWN}
    shop = Shop.create(
        business=here.business_id, name=name, zone=zone, wording=here.wording, preferences=here.preferences, **copied
    )
    reminders.begin_with_defaults(shop)
    audit.write("shop.opened", business=here.business_id, shop=here, staff=asked.staff, place=shop)
    _tell_all(shop)
    return {"shop": str(shop.id)}


@does("shop.withdraw", "shops")
def withdraw(asked: Asked) -> dict[str, Any]:
    """Take back that a shop was opened, as long as nothing happened in it."""
    number = asked.id_of("shop")
    shop = asked.staff.shops.where(Shop.id == number).get_or_none()
    if shop is None:
        raise Unknown(_("There is no such shop."))
    if shop.id == asked.shop.id:
        raise Conflict(_("You are in this shop. Go to another one first."))
    if is_used(shop):
        raise Conflict(_("Something was done in %(name)s already, so it stays.", name=shop.name))
    Session.update(shop=asked.shop.id).where(Session.shop == shop.id).execute()
    audit.write("shop.withdrawn", business=shop.business_id, shop=asked.shop, staff=asked.staff, place=shop.id)
    shop.delete_instance()
    _tell_all(asked.shop)
    return {"shop": str(number)}


def is_used(shop: Shop) -> bool:
    """Say whether anything was done or kept in a shop, or anybody works there but owners."""
    works = Membership.select().join(Staff).where((Membership.shop == shop.id) & (Staff.role != "owner"))
    if works.exists() or Action.select().where(Action.shop == shop.id).exists():
        return True
    return any(
        table.select().where(field == shop.id).exists()
        for table in models.TABLES
        if table.__name__ not in GO_ALONG
        for field in table._meta.refs
        if field.rel_model is Shop
    )


def _tell_all(shop: Shop) -> None:
    """Let every phone know: whoever works in several shops sees them on Today."""
    shop.changed()
    shop.tell_the_others()
