"""Where people can be reached, by which way they let us, and who is told in somebody's stead.

An address that somebody gave is given to be used; a way they refused is refused for good, whatever is imported or merged
later, until they say otherwise. What is for a child, or for somebody who can be reached nowhere, goes to whoever of their
household brings them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain import rights
from domain.actions import Asked, Conflict, Refused, does
from domain.birthdays import is_child
from domain.together import Circle, Other
from models import (
    CONTACTS,
    Belonging,
    Consent,
    Contact,
    Customer,
    CustomField,
    FieldValue,
    Household,
    Shop,
    instant_of,
)
from words import _

KIND_OF = {"email": "email", "sms": "phone", "call": "phone", "hand": "phone"}
MAIL = re.compile(r"[^\s@<>(),;:\"\[\]\\]+@[^\s@<>(),;:\"\[\]\\.]+(\.[^\s@<>(),;:\"\[\]\\.]+)+")
NUMBER = re.compile(r"\+?[\d\s().\-/]{5,30}")
ENDING = re.compile(r"\+?[\d\s().\-/]{4,30}")
LEAST_DIGITS = 4  # of a number's end, by which people are looked for: "the last four, please"
SURELY_A_NUMBER = 6  # digits; longer, a 0 in front is dialled and not kept
CONSENTED = ("email", "sms", "call", "hook")


def compared(kind: str, address: str, zone: str = "") -> str:
    """Return an address as two of them are compared: mail in small letters, a number as E.164 where its country is known.

    A number without a country is taken for one of the country that a shop's `zone` lies in. Raises ValueError for what
    cannot be one.
    """
    text = " ".join(address.split())
    if kind == "email":
        if not MAIL.fullmatch(text) or len(text) > 254:
            raise ValueError(address)
        return text.casefold()
    if not NUMBER.fullmatch(text):
        raise ValueError(address)
    digits = re.sub(r"\D", "", text)
    if not 4 <= len(digits) <= 15:
        raise ValueError(address)
    import phonenumbers  # late: a quarter of a second that only this needs

    try:
        parsed = phonenumbers.parse(text, country_of(zone))
    except phonenumbers.NumberParseException:
        return digits
    if not phonenumbers.is_possible_number(parsed):
        return digits
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def sought(typed: str) -> tuple[str, str]:
    """Return the mail address and the last digits of a number that somebody may be looked for by; each "" where it is none.

    Of a number that begins with its country, or with the 0 that stands for it, what follows is enough.
    """
    text = " ".join(typed.split())
    if MAIL.fullmatch(text):
        return text.casefold(), ""
    digits = re.sub(r"\D", "", text)
    if not ENDING.fullmatch(text) or not LEAST_DIGITS <= len(digits) <= 15:
        return "", ""
    return "", digits.lstrip("0") if len(digits) > SURELY_A_NUMBER else digits


def country_of(zone: str) -> str | None:
    """Return the country, in two letters, that a time zone lies in; None where that cannot be said."""
    from babel.core import get_global

    return get_global("zone_territories").get(zone)


# -- the acts


@does("contact.add", recorded=("contact", "kind"))
def add(asked: Asked) -> dict[str, Any]:
    """Write down where somebody can be reached: `kind` email or phone, and the `address`."""
    customer = asked.customer()
    kind, address = asked.choice("kind", CONTACTS, ""), asked.text("address")
    try:
        known = compared(kind, address, asked.shop.zone)
    except ValueError:
        raise Refused(
            _("That is no mail address. It looks like name@example.org.")
            if kind == "email"
            else _("That is no telephone number. Write it with its digits, such as 020 7946 0018.")
        ) from None
    same = (Contact.customer == customer.id) & (Contact.kind == kind) & (Contact.known == known)
    found = Contact.get_or_none(same)
    if found is not None and found.bad_at is None:
        raise Conflict(_("That is written down already."), already=True)
    if found is not None:  # they say it is right after all
        Contact.update(bad_at=None, bad_code="", address=address).where(Contact.id == found.id).execute()
    else:
        found = Contact.create(
            customer=customer, kind=kind, address=address, known=known, author=asked.staff, at=asked.act.at
        )
    return asked.told(customer, {"contact": str(found.id)})


@does("contact.remove", recorded=("contact",))
def remove(asked: Asked) -> dict[str, Any]:
    """Forget where somebody can be reached. What it was is kept nowhere: whoever may want it back holds it on the page."""
    contact = (
        Contact.select(Contact, Customer)
        .join(Customer)
        .where((Contact.id == asked.id_of("contact")) & (Customer.business == asked.staff.business_id))
        .get_or_none()
    )
    if contact is None or not (rights.may(asked.staff, "contacts", asked.shop) or _just_written(asked, contact)):
        raise Conflict(_("That is forgotten already."), already=True)
    contact.delete_instance()
    return asked.told(contact.customer)


def _just_written(asked: Asked, contact: Contact) -> bool:
    """Say whether whoever asks wrote an address down today: theirs to take back, though they are not shown it again."""
    return contact.author_id == asked.staff.id and asked.shop.day_of(contact.at) == asked.shop.today()


@does("consent.set", recorded=("way",))
def set_consent(asked: Asked) -> dict[str, Any]:
    """Write down whether they let us tell them things by one `way`: email, sms, call or hook; `given` null: they said nothing."""
    customer, way = asked.customer(), asked.choice("way", CONSENTED, "")
    if "given" in asked.act.data and asked.act.data["given"] is None:
        Consent.delete().where((Consent.customer == customer.id) & (Consent.way == way)).execute()
    else:
        permit(customer, way, asked.flag("given"), "counter", asked.act.at)
    return asked.told(customer)


def permit(customer: Customer, way: str, given: bool, how: str, at: Any) -> None:
    """Keep whether somebody lets us use a way."""
    Consent.insert(customer=customer, way=way, given=given, how=how, at=at).on_conflict(
        conflict_target=[Consent.customer, Consent.way], update={"given": given, "how": how, "at": at}
    ).execute()


def who_has(business: int, kind: str, known: str) -> list[int]:
    """Return the customers of a business for whom an address is written down."""
    same = (Customer.business == business) & (Contact.kind == kind) & (Contact.known == known)
    return [number for (number,) in Contact.select(Contact.customer).join(Customer).where(same).distinct().tuples()]


def refused_at(business: int, kind: str, known: str) -> list[str]:
    """Return the ways that anybody refused for whom an address is written down."""
    ways = [way for way in CONSENTED if KIND_OF.get(way) == kind]
    refused = Consent.customer.in_(who_has(business, kind, known)) & Consent.way.in_(ways) & ~Consent.given
    return sorted({way for (way,) in Consent.select(Consent.way).where(refused).tuples()})


def refuse(customer: Customer, ways: list[str], at: Any) -> list[int]:
    """Keep of somebody to whom an address came without their doing that it was refused; return the rows that are new."""
    said = {way for (way,) in Consent.select(Consent.way).where(Consent.customer == customer.id).tuples()}
    Consent.update(given=False, how="import", at=at).where(
        (Consent.customer == customer.id) & Consent.way.in_(ways) & Consent.given
    ).execute()
    new = [way for way in ways if way not in said]
    return [Consent.create(customer=customer, way=way, given=False, how="import", at=at).id for way in new]


def refused_by(customer: Customer, shop: Shop, way: str, address: str, at: Any) -> None:
    """Keep that a way is refused at an address: for whoever is told what concerns a customer, and all who have it too."""
    same = who_has(shop.business_id, KIND_OF.get(way, "phone"), address) if address else []
    people = {one.id: one for one in Customer.select().where(Customer.id.in_(same))}
    person = addressee(customer, shop)
    for one in (people | {person.id: person}).values():
        permit(one, way, False, "reply", at)


# -- on the card


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody can be reached, as the card shows it."""

    id: int
    kind: str
    text: str
    known: str
    bad_at: datetime | None
    bad_code: str

    def hidden(self) -> Address:
        """Return what of it is for everybody to know: that there is one of its kind, and whether it works."""
        return replace(self, text="", known="")


@dataclass(frozen=True, slots=True)
class Said:
    """Whether somebody lets us use a way, how we know, and since when."""

    way: str
    given: bool
    how: str
    at: datetime


ADDRESSES = ("id", "kind", "address", "known", "bad_at", "bad_code")
SAID = ("way", "given", "how", "at")


def address_rows() -> Any:
    """Return the query for where the customer of a query around it can be reached, the newest first."""
    columns = (getattr(Contact, name) for name in ADDRESSES)
    return (
        Contact.select(*columns).where(Contact.customer == Customer.id).order_by(Contact.kind.desc(), Contact.id.desc())
    )


def addresses_from(rows: list[list[Any]], _customer: Customer) -> list[Address]:
    return [
        Address(number, kind, text, known, instant_of(bad_at), bad_code)
        for number, kind, text, known, bad_at, bad_code in rows
    ]


def said_rows() -> Any:
    """Return the query for the ways they let us use, or not."""
    columns = (getattr(Consent, name) for name in SAID)
    return Consent.select(*columns).where(Consent.customer == Customer.id).order_by(Consent.id)


def said_from(rows: list[list[Any]], _customer: Customer) -> list[Said]:
    return [Said(way, bool(given), how, datetime.fromisoformat(at)) for way, given, how, at in rows]


def told_instead(child: bool, addresses: list[Address], around: list[Circle]) -> Other | None:
    """Return who is told what concerns somebody, from what a card knows of them: as `addressee` does."""
    if addresses and not child:
        return None
    home = [one for circle in around if circle.kind == "household" for one in circle.others]
    brings = [one for one in home if one.brings and one.state == "active"]
    return min(brings, key=lambda one: one.customer) if brings else None


# -- whom to tell, and where


@dataclass(frozen=True, slots=True)
class Reach:
    """How somebody is told by one way: whom, and at which address; or why they cannot be."""

    customer: Customer
    address: str = ""
    code: str = ""  # "" where they can be: else "no-address", "asked-not-to", "bad-address" or "has-died"


def addressee(customer: Customer, shop: Shop) -> Customer:
    """Return who is told what concerns a customer: for a child, whoever of the household brings them. Up to three queries."""
    stands_in = (
        Customer.select()
        .join(Belonging, on=Belonging.customer == Customer.id)
        .where(
            Belonging.household.in_(
                Belonging.select(Belonging.household)
                .join(Household)
                .where((Belonging.customer == customer.id) & (Household.kind == "household"))
            )
            & (Customer.id != customer.id)
            & (Customer.state == "active")
            & Belonging.brings
        )
        .order_by(Customer.id)
        .first()
    )
    if stands_in is None:
        return customer
    reachable = Contact.select().where(Contact.customer == customer.id).exists()
    return stands_in if is_a_child(customer, shop) or not reachable else customer


def is_a_child(customer: Customer, shop: Shop) -> bool:
    """Say whether a customer is a child: marked so, or by the birthday they told us."""
    told = (
        FieldValue.select(FieldValue.text)
        .join(CustomField)
        .where((FieldValue.customer == customer.id) & (CustomField.kind == "birthday"))
        .order_by(FieldValue.id)
        .first()
    )
    return is_child(customer.child, told.text if told else "", shop.today())


def reach(customer: Customer, way: str, shop: Shop) -> Reach:
    """Return where somebody is told something by a way, or why they cannot be."""
    person = addressee(customer, shop)
    for one in {customer.id: customer, person.id: person}.values():
        if one.state == "died":
            return Reach(person, code="has-died")
    if person.state != "active" or customer.state != "active":
        return Reach(person, code="asked-not-to")
    refused = Consent.select().where((Consent.customer == person.id) & (Consent.way == way) & ~Consent.given)
    if refused.exists():
        return Reach(person, code="asked-not-to")
    if way == "hook":
        return Reach(person, address=str(person.id))
    theirs = list(
        Contact.select()
        .where((Contact.customer == person.id) & (Contact.kind == KIND_OF[way]))
        .order_by(Contact.id.desc())
    )
    good = [one for one in theirs if one.bad_at is None]
    if not good:
        return Reach(person, code="bad-address" if theirs else "no-address")
    return Reach(person, address=good[0].address if KIND_OF[way] == "email" else good[0].known)


def went_bad(kind: str, address: str, code: str, at: Any) -> None:
    """Mark an address, wherever it is written down, as one where nothing arrives."""
    Contact.update(bad_at=at, bad_code=code).where(
        (Contact.kind == kind) & (Contact.known == address.casefold())
    ).execute()
