"""The one table of who may see and do what: the same in code and docs, for pages and for acts."""

import re
from datetime import timedelta

import pytest

import clock
from domain.actions import DOERS, RIGHTS_TO
from domain.contacts import compared
from domain.rights import RIGHTS, may
from models import ROLES, CallTask, Contact, Promise, Shop, Staff
from tests.conftest import ROOT, hire, signed_in


def _told(right, role):
    if right.roles == ("public",) or role in right.roles:
        return "yes"
    return "if allowed" if right.allowed else ""


def test_the_table_in_the_docs_is_the_one_in_the_code():
    told = re.findall(
        r"^\| `(\w+)` \| (.+?) \| ([\w ]*?) ?\| (\w*) ?\| (\w*) ?\|$", (ROOT / "docs/rights.md").read_text(), re.M
    )
    meant = [(name, right.covers, *(_told(right, role) for role in ROLES)) for name, right in RIGHTS.items()]
    assert told == meant


def test_every_act_is_for_those_with_a_right():
    assert set(RIGHTS_TO) == set(DOERS)
    assert set(RIGHTS_TO.values()) <= set(RIGHTS) - {"anyone"}


@pytest.mark.parametrize(
    ("role", "has"),
    [
        ("staff", {"work"}),
        (
            "manager",
            set(RIGHTS) - {"anyone", "alarms", "owners", "shops", "business", "export", "erase", "restore", "tokens"},
        ),
        ("owner", set(RIGHTS) - {"anyone"}),
    ],
)
def test_managers_may_do_all_but_what_is_the_owners(role, has):
    assert {name for name in RIGHTS if may(Staff(role=role), name)} == has


def test_an_owners_pin_gives_the_rights_of_staff_in_acts_too(server, shop):
    ruth = signed_in(server, hire(shop, "Ruth B", "owner"))
    assert ruth.act("field.create", name="Bus they take")["status"] == "rejected"
    assert (
        signed_in(server, hire(shop, "Bo", "manager")).act("field.create", name="Bus they take")["status"] == "applied"
    )


class TestWhereSomebodyCanBeReached:
    """Staff are not shown it unless the owner allows it; managers are."""

    NUMBER, MAIL = "020 7946 0018", "rosa@example.org"
    PAGES = ("/today", "/customers/{}", "/customers/{}?alone=1", "/customers/{}/contacts", "/customers/{}/edit", "/find",
             "/promises/{}/send", "/promises", "/shift", "/shift/brief")  # fmt: skip

    @pytest.fixture
    def pages(self, shop, rosa, sam, phone):
        for kind, text in (("phone", self.NUMBER), ("email", self.MAIL)):
            Contact.create(
                customer=rosa,
                kind=kind,
                address=text,
                known=compared(kind, text, shop.zone),
                at=clock.now(),
                author=None,
            )
        promise = Promise.create(
            customer=rosa, shop=shop, author=sam, text="A list", day=shop.today(), due=shop.today(), at=clock.now()
        )
        return [page.format(promise.id if "promises" in page else rosa.id) for page in self.PAGES]

    def shown(self, hand, pages):
        return {
            part for page in pages for part in (self.NUMBER, self.MAIL, "442079460018") if part in hand.get(page).text
        }

    def test_is_for_managers_to_see(self, server, shop, pages, phone):
        assert self.shown(phone, pages) == set()
        assert self.shown(signed_in(server, hire(shop, "Bo", "manager")), pages) == {
            self.NUMBER,
            self.MAIL,
            "442079460018",
        }

    def test_is_told_to_staff_without_the_number(self, phone, rosa, pages):
        assert "Telephone and e-mail: a manager sees it." in phone.get(f"/customers/{rosa.id}").text

    def test_is_shown_to_staff_where_the_owner_allows_it(self, shop, phone, pages):
        Shop.update(preferences={"staff_see_contacts": True}).where(Shop.id == shop.id).execute()
        assert self.shown(phone, pages) == {self.NUMBER, self.MAIL, "442079460018"}

    def test_is_for_an_owner_too_only_by_their_own_sign_in(self, server, shop, pages, desk):
        assert self.shown(signed_in(server, hire(shop, "Ruth B", "owner")), pages) == set()
        assert self.shown(desk, pages) == {self.NUMBER, self.MAIL, "442079460018"}

    def test_can_be_written_down_by_staff_and_taken_back_but_not_another_one(self, phone, rosa, pages):
        page = phone.post(f"/customers/{rosa.id}/contacts", {"address": "020 7946 0999"})
        new = Contact.get(Contact.address == "020 7946 0999")
        assert f'action="/contacts/{new.id}/remove"' in page.text
        gone = phone.post(f"/contacts/{new.id}/remove", {"customer": rosa.id})
        assert "020 7946 0999" not in gone.text
        assert phone.act("contact.remove", contact=str(Contact.get(Contact.kind == "email").id))["status"] == "conflict"
        assert Contact.select().count() == 2

    def test_is_shown_to_staff_of_whom_they_are_asked_to_ring(self, shop, phone, rosa, pages):
        task = CallTask.create(shop=shop, customer=rosa, at=clock.now(), until=clock.now() + timedelta(hours=2))
        assert self.NUMBER in phone.get("/today").text
        CallTask.update(done_at=clock.now(), outcome="reached").where(CallTask.id == task.id).execute()
        Shop.get().changed()
        assert self.NUMBER not in phone.get("/today").text
