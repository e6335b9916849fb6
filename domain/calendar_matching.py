"""Whose an entry in somebody's calendar is: by mail address, by number, by name. Where that does not say it for sure, nobody
guesses: a person is asked.

A name counts where it is the whole of what stands between two signs, as in "Cut: Rosa Marchetti (new)"; one word alone
only where nobody else has it in theirs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from domain import contacts
from models import Belonging, Contact, Customer, Household, SearchWord, Shop, folded, words_in

PARTS = re.compile(r"[:;,|/()\[\]·•–—+&]|\s-\s|-\s|\s-")
COMPARED = 500  # people who share a word with an entry
LONGEST_PARTS = 12


@dataclass(frozen=True, slots=True)
class Whose:
    """Whom an entry names: for `sure`, or as the first to ask about; None where there is nobody to begin with."""

    customer: Customer | None
    sure: bool


def whose(shop: Shop, entry: Any) -> Whose:
    """Return whose an entry is. Up to five queries, two of an entry without addresses.

    A mail address or number says it where it is one person's alone and they bring nobody along; a name where one person
    has it. Where both say something they have to agree, or the one who is named belongs to the home of the other.
    """
    reached = _by_address(shop, entry.emails, entry.phones)
    named = by_name(shop, entry.summary)
    both = named.keys() & reached.keys()
    if len(both) == 1:
        return Whose(named[both.pop()], True)
    if named and reached:
        at_home = [one for one in named.values() if _household_of([one.id]) & reached.keys()]
        if len(named) == len(at_home) == 1:
            return Whose(at_home[0], True)
        return Whose(next(iter(named.values())), False)
    if named:
        return Whose(next(iter(named.values())), len(named) == 1)
    if reached:
        first = next(iter(reached.values()))
        return Whose(first, len(reached) == 1 and not _brings(first))
    return Whose(None, False)


def _by_address(shop: Shop, emails: Any, phones: Any) -> dict[int, Customer]:
    """Return the customers who can be reached at one of these. No query without any."""
    known = []
    for kind, addresses in (("email", emails), ("phone", phones)):
        for address in addresses:
            try:
                known.append((kind, contacts.compared(kind, address, shop.zone)))
            except ValueError:
                continue
    if not known:
        return {}
    theirs = Contact.known.in_([address for _kind, address in known]) & (Customer.business == shop.business_id)
    found = Customer.select(Customer, Contact.kind, Contact.known).join(Contact).where(theirs).order_by(Customer.id)
    return {one.id: one for one in found.objects() if (one.kind, one.known) in known}


def by_name(shop: Shop, summary: str) -> dict[int, Customer]:
    """Return the customers whose name, or what to call them, is a part of a summary by itself. One query."""
    parts = [part for part in (folded(part) for part in PARTS.split(summary)) if part][:LONGEST_PARTS]
    parts = list(dict.fromkeys([folded(summary), *parts]))
    longest = {max(words, key=len) for part in parts if (words := words_in(part))}
    if not longest:
        return {}
    of_these = (
        (SearchWord.business == shop.business_id) & SearchWord.shop.is_null() & SearchWord.word.in_(sorted(longest))
    )
    rows = Customer.select().join(SearchWord).where(of_these).order_by(Customer.id).distinct().limit(COMPARED)
    sharing = list(rows)
    found: dict[int, Customer] = {}
    for one in sharing:
        for part in parts:
            if part not in (folded(one.name), folded(one.call)):
                continue
            alone = " " in part or sum(part in words_in(f"{other.name} {other.call}") for other in sharing) == 1
            if alone:
                found[one.id] = one
    return found


def _brings(customer: Customer) -> bool:
    """Say whether somebody comes along with others: what is booked under their address may be for one of these."""
    return Belonging.select().where((Belonging.customer == customer.id) & Belonging.brings).exists()


def _household_of(numbers: list[int]) -> set[int]:
    homes = Belonging.select(Belonging.household).join(Household).where(
        Belonging.customer.in_(numbers) & (Household.kind == "household")
    )  # fmt: skip
    return {number for (number,) in Belonging.select(Belonging.customer).where(Belonging.household.in_(homes)).tuples()}


def candidates(shop: Shop, summary: str, guess: Customer | None) -> list[Customer]:
    """Return who may be meant by an entry that nobody is sure of, the likeliest first, four at most."""
    first = {guess.id: guess} if guess else {}
    for one in by_name(shop, summary).values():
        first.setdefault(one.id, one)
    if first:
        home = _household_of(list(first)) - first.keys()
        first |= {one.id: one for one in Customer.select().where(Customer.id.in_(sorted(home))).order_by(Customer.id)}
    words = sorted({word for word in words_in(summary) if len(word) > 2}, key=len, reverse=True)[:6]
    if words and len(first) < 4:
        of_these = (SearchWord.business == shop.business_id) & SearchWord.shop.is_null() & SearchWord.word.in_(words)
        sharing = Customer.select().join(SearchWord).where(of_these).order_by(Customer.id).distinct().limit(50)
        by_words = sorted(sharing, key=lambda one: -len(set(words_in(one.name)) & set(words)))
        for one in by_words:
            first.setdefault(one.id, one)
    return [one for one in first.values() if one.state != "died"][:4]
