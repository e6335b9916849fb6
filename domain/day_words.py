"""What is so in a shop today, said once by one of the team: something has run out, or we are some minutes behind.

It stands until it is taken back or the day is over, and words are made from it for those it is about.
"""

from __future__ import annotations

from typing import Any

from domain import expected
from domain.actions import Asked, Conflict, Refused, Unknown, does
from models import DayWord, Shop
from words import _

MINUTES = (5, 10, 15, 20, 30, 45, 60)  # that we can say we are behind
OUT_AT_MOST = 20  # things that can be out on a day; more, and the shop is closed


def standing(shop: Shop) -> list[DayWord]:
    """Return what is so in a shop today, oldest first. One query."""
    return list(
        DayWord.select()
        .where((DayWord.shop == shop.id) & (DayWord.day == shop.today()) & DayWord.ended_at.is_null())
        .order_by(DayWord.id)
    )


@does("day.out")
def run_out(asked: Asked) -> dict[str, Any]:
    """Say that something has run out; said twice, it is said once."""
    shop, text = asked.place(), asked.text("text").rstrip(".")
    stands = [one for one in standing(shop) if one.kind == "out"]
    for one in stands:
        if one.text.casefold() == text.casefold():
            return {"word": str(one.id)}
    if len(stands) >= OUT_AT_MOST:
        raise Refused(_("That is a lot to have run out. Take something back first."))
    return _said(asked, shop, "out", text=text)


@does("day.behind")
def fall_behind(asked: Asked) -> dict[str, Any]:
    """Say by how many minutes we are behind; what was said before is over by that."""
    shop, minutes = asked.place(), asked.act.data.get("minutes")
    if isinstance(minutes, bool) or minutes not in MINUTES:
        raise Refused(_("“%(name)s” is one of: %(words)s.", name="minutes", words=", ".join(map(str, MINUTES))))
    before = (DayWord.shop == shop.id) & (DayWord.day == shop.today()) & (DayWord.kind == "behind")
    DayWord.update(ended_at=asked.act.at).where(before & DayWord.ended_at.is_null()).execute()
    return _said(asked, shop, "behind", minutes=minutes)


@does("day.over")
def end(asked: Asked) -> dict[str, Any]:
    """Say that it is so no longer."""
    word = (
        DayWord.select()
        .where((DayWord.id == asked.id_of("word")) & DayWord.shop.in_(asked.staff.shops.select(Shop.id)))
        .get_or_none()
    )
    if word is None:
        raise Unknown(_("There is nothing of that number here. It may have been removed."))
    asked.shop = Shop.get_by_id(word.shop_id)
    ended = DayWord.update(ended_at=asked.act.at).where((DayWord.id == word.id) & DayWord.ended_at.is_null())
    if not ended.execute():
        raise Conflict(_("That is over already."), already=True)
    expected.offer_all_again(asked.shop, asked.shop.today())
    return {}


def _said(asked: Asked, shop: Shop, kind: str, **what: Any) -> dict[str, Any]:
    made = DayWord.create(shop=shop, day=shop.today(), kind=kind, author=asked.staff, at=asked.act.at, **what)
    expected.offer_all_again(shop, shop.today())
    return {"word": str(made.id)}
