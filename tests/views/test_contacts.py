"""Where somebody can be reached, on their card and behind it: one tap to ring or write, what does not work, what they let us."""

import re
from uuid import uuid4

import pytest

from domain import contacts
from models import Action, Belonging, Consent, Contact, Household, Shop
from tests.conftest import TUESDAY, counted_queries, someone


@pytest.fixture(autouse=True)
def allowed(shop):
    """Here the owner lets staff see numbers and addresses; that they do else not: tests/domain/test_rights.py."""
    Shop.update(preferences={"staff_see_contacts": True}).where(Shop.id == shop.id).execute()


def card(phone, customer):
    return phone.get(f"/customers/{customer.id}").text


def reach(phone, customer):
    return re.findall(r'<section class="fact" data-testid="reach">.*?</section>', card(phone, customer), re.S)[0]


def add(phone, customer, address):
    return phone.post(f"/customers/{customer.id}/contacts", {"address": address})


def undo(phone, page):
    """Send the form of the toast's Undo."""
    pattern = r'<form method="post" action="([^"]+)">((?:<input[^>]*>)*)<button[^>]*data-testid="toast-undo"'
    to, fields = re.findall(pattern, page)[0]
    return phone.post(to, dict(re.findall(r'name="([^"]+)" value="([^"]*)"', fields)))


def kept(customer):
    return [
        (one.kind, one.address, one.known)
        for one in Contact.select().where(Contact.customer == customer.id).order_by(Contact.id)
    ]


class TestAnAddress:
    def test_that_is_neither_number_nor_mail_is_told_both(self, phone, rosa):
        answer = add(phone, rosa, "banana")
        assert answer.status_code == 422
        assert "Write a telephone number, such as 020 7946 0018, or a mail address" in answer.text

    def test_is_known_for_what_it_is(self, phone, rosa):
        for address in ("020 7946 0018", "Rosa@Example.org"):
            assert add(phone, rosa, address).status_code == 200
        assert kept(rosa) == [
            ("phone", "020 7946 0018", "+442079460018"),
            ("email", "Rosa@Example.org", "rosa@example.org"),
        ]
        html = reach(phone, rosa)
        assert 'href="tel:+442079460018"' in html
        assert 'href="mailto:Rosa@Example.org"' in html
        assert "Telephone and e-mail" in html

    def test_is_folded_for_a_screen_is_seen_by_others(self, phone, rosa):
        add(phone, rosa, "rosa@example.org")
        before, _folded, inside = reach(phone, rosa).partition("</summary>")
        assert "rosa@example.org" not in before
        assert "rosa@example.org" in inside

    def test_that_is_none_is_told_and_not_lost(self, phone, rosa):
        for text, says in (("rosa@", "That is no mail address."), ("12", "That is no telephone number.")):
            page = add(phone, rosa, text)
            assert page.status_code == 422
            assert says in page.text
            assert f'value="{text}"' in page.text
        assert kept(rosa) == []

    def test_is_only_text(self, phone, rosa):
        evil = '"><script>alert(1)</script>@example.org'
        assert "<script>alert" not in add(phone, rosa, evil).text
        odd = "o'brien&co+x@example.org"
        add(phone, rosa, odd)
        assert 'href="mailto:o%27brien%26co%2Bx@example.org"' in reach(phone, rosa)

    def test_is_removed_and_brought_back_and_stands_in_no_address_of_ours(self, phone, rosa):
        add(phone, rosa, "rosa@example.org")
        key, number = str(uuid4()), Contact.get().id
        gone = phone.post(f"/contacts/{number}/remove", {"action": key, "customer": str(rosa.id)})
        assert kept(rosa) == []
        again = phone.post(f"/contacts/{number}/remove", {"action": key, "customer": str(rosa.id)})
        assert (again.status_code, again.location) == (303, f"/customers/{rosa.id}"), "sent twice"
        assert "rosa@example.org" not in "".join(str(one.__data__) for one in Action.select())
        undo(phone, gone.text)
        assert kept(rosa) == [("email", "rosa@example.org", "rosa@example.org")]

    def test_added_is_taken_back(self, phone, rosa):
        undo(phone, add(phone, rosa, "rosa@example.org").text)
        assert kept(rosa) == []

    def test_where_nothing_arrives_says_why_and_is_mended_by_a_new_one(self, phone, shop, rosa):
        add(phone, rosa, "rosa@example.org")
        contacts.went_bad("email", "rosa@example.org", "no-such-mailbox", TUESDAY)
        html = reach(phone, rosa)
        assert "Nothing arrives at the e-mail address. There is no such mailbox. Ask how it is spelled." in html
        assert "mailto:" not in html
        assert contacts.reach(rosa, "email", shop).code == "bad-address"
        add(phone, rosa, "rosa.m@example.org")
        assert contacts.reach(rosa, "email", shop).address == "rosa.m@example.org"
        assert "mailto:rosa.m@example.org" in reach(phone, rosa)
        assert "Nothing arrives" not in reach(phone, rosa), "that is mended"

    def test_of_somebody_who_died_is_not_shown(self, phone, rosa):
        add(phone, rosa, "rosa@example.org")
        phone.act("customer.state", customer=str(rosa.id), state="died")
        assert "rosa@example.org" not in card(phone, rosa)

    def test_costs_the_card_no_query(self, phone, rosa):
        card(phone, rosa)
        with counted_queries() as before:
            card(phone, rosa)
        for n in range(5):
            add(phone, rosa, f"rosa{n}@example.org")
        Consent.create(customer=rosa, way="sms", given=False, at=TUESDAY)
        card(phone, rosa)
        with counted_queries() as after:
            card(phone, rosa)
        assert len(after) <= len(before)


class TestAChild:
    @pytest.fixture
    def leo(self, shop, rosa):
        leo = someone(shop, "Leo", child=True)
        home = Household.create(business=shop.business, name="Marchetti")
        Belonging.create(household=home, customer=leo)
        Belonging.create(household=home, customer=rosa, brings=True)
        return leo

    def test_is_told_by_whoever_brings_them_and_it_says_so(self, phone, shop, rosa, leo):
        html = reach(phone, leo)
        assert "What is for Leo goes to Rosa Marchetti." in html
        assert f'href="/customers/{rosa.id}"' in html
        assert contacts.addressee(leo, shop) == rosa
        assert "goes to" not in reach(phone, rosa)

    def test_what_the_card_says_is_what_is_done(self, phone, shop, rosa, leo):
        for child in (True, False):
            for address in (None, "leo@example.org"):
                type(leo).update(child=child).where(type(leo).id == leo.id).execute()
                Contact.delete().execute()
                if address:
                    add(phone, leo, address)
                told = contacts.addressee(type(leo).get_by_id(leo.id), shop)
                assert ("goes to Rosa" in reach(phone, leo)) == (told == rosa), (child, address)


class TestWhatTheyLetUs:
    def say(self, phone, customer, said, way="email"):
        return phone.post(f"/customers/{customer.id}/consents", {"way": way, "said": said})

    def stands(self, customer):
        return [(one.way, one.given, one.how) for one in Consent.select().where(Consent.customer == customer.id)]

    def test_is_said_way_by_way_and_seen_on_the_card(self, phone, shop, rosa):
        add(phone, rosa, "rosa@example.org")
        self.say(phone, rosa, "no")
        assert "They asked not to be e-mailed." in reach(phone, rosa)
        assert "Said to us, today." in reach(phone, rosa)
        assert contacts.reach(rosa, "email", shop).code == "asked-not-to"
        self.say(phone, rosa, "yes", "sms")
        assert self.stands(rosa) == [("email", False, "counter"), ("sms", True, "counter")]

    @pytest.mark.parametrize("before", ["yes", "no", ""])
    @pytest.mark.parametrize("said", ["yes", "no", ""])
    def test_can_be_taken_back_to_what_it_was(self, phone, rosa, before, said):
        self.say(phone, rosa, before)
        was = self.stands(rosa)
        undo(phone, self.say(phone, rosa, said).text)
        assert self.stands(rosa) == was

    def test_of_a_way_that_is_none_is_refused(self, phone, rosa):
        for way in ("pigeon", "", "hand"):
            assert self.say(phone, rosa, "no", way).status_code == 422
        assert self.stands(rosa) == []
