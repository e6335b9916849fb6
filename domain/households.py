"""The acts about households and firms: somebody belongs to one, a firm comes no more. Each goes back by its reverse."""

from __future__ import annotations

from typing import Any

from domain import expected, together
from domain.actions import Asked, Conflict, Refused, Unknown, does
from models import TOGETHER, Belonging, Customer, Household, Shop, folded
from words import _


@does("customer.join", unsaid={"part": "", "brings": False, "household": ""})
def join(asked: Asked) -> dict[str, Any]:
    """Write down that somebody belongs to a household or firm, the one of that number or of that name, and the part they play.

    Once more with another part, it is changed.
    """
    customer = asked.writable()
    household = _household(asked) if asked.act.data.get("household") else _named(asked)
    part, brings = asked.text("part", required=False), asked.flag("brings")
    held = Belonging.get_or_none((Belonging.household == household.id) & (Belonging.customer == customer.id))
    if held is not None and (held.part, held.brings) == (part, brings):
        told = _("%(name)s belongs to %(household)s already.", name=customer.called, household=household.name)
        raise Conflict(told, already=True)
    if held is None:
        Belonging.create(household=household, customer=customer, part=part, brings=brings)
    else:
        Belonging.update(part=part, brings=brings).where(Belonging.id == held.id).execute()
    _tell(asked, customer)
    return {"household": str(household.id)}


@does("customer.leave")
def leave(asked: Asked) -> dict[str, Any]:
    """Take somebody out of a household or firm; the result says which part they had, for taking it back."""
    customer, household = asked.customer(), _household(asked)
    held = Belonging.get_or_none((Belonging.household == household.id) & (Belonging.customer == customer.id))
    if held is None:
        told = _("%(name)s does not belong to %(household)s any more.", name=customer.called, household=household.name)
        raise Conflict(told, already=True)
    around = together.mates([customer.id])
    held.delete_instance()
    _tell(asked, customer, around)
    return {"household": str(household.id), "was": {"part": held.part, "brings": held.brings}}


@does("household.left")
def left(asked: Asked) -> dict[str, Any]:
    """Keep that a firm comes no more, and why: the reason is what we can learn from."""
    household = _household(asked)
    reason = asked.text("reason", missing=_("Say why they come no more, in a word or two."))
    day = asked.day("on") or asked.shop.day_of(asked.act.at)
    if day > asked.shop.today():
        raise Refused(_("That day is still to come. Choose today or a day before."))
    won = (
        Household.update(left_on=day, left_reason=reason)
        .where((Household.id == household.id) & Household.left_on.is_null())
        .execute()
    )
    if not won:
        raise Conflict(_("It is kept already that %(household)s left us.", household=household.name))
    return {}


@does("household.back")
def back(asked: Asked) -> dict[str, Any]:
    """Take back that a firm left, or welcome it again."""
    household = _household(asked)
    gone = Household.left_on.is_null(False)
    won = Household.update(left_on=None, left_reason="").where((Household.id == household.id) & gone).execute()
    if not won:
        raise Conflict(_("%(household)s is with us already.", household=household.name))
    return {}


def _household(asked: Asked) -> Household:
    found = Household.get_or_none(
        (Household.id == asked.id_of("household")) & (Household.business == asked.staff.business_id)
    )
    if found is None:
        raise Unknown(_("There is no such household or firm. It may have been removed."))
    return found


def _named(asked: Asked) -> Household:
    """Return the household or firm of a name, whatever its case and accents; a new one where there is none."""
    name, kind = asked.text("name"), asked.choice("kind", TOGETHER, "household")
    for known in Household.select().where((Household.business == asked.staff.business_id) & (Household.kind == kind)):
        if folded(known.name) == folded(name):
            return known
    return Household.create(business=asked.staff.business_id, kind=kind, name=name)


def _tell(asked: Asked, customer: Customer, around: set[int] | None = None) -> None:
    """Have the lists that stand say with whom they come, in every shop."""
    people = {customer.id} | (around or together.mates([customer.id]))
    for shop in Shop.select().where(Shop.business == customer.business_id):
        expected.beside_again(shop, shop.today(), people)
    asked.changed = None  # more than one line may have changed
    asked.shop.tell_the_others()
