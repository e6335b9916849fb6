"""The record of changes, as the owner reads it: plain words, names of people who left or were merged, filters, pages."""

import ast
import re
from datetime import timedelta

import pytest

import clock
from domain import access, audit, audit_check, merging
from domain.actions import DOERS, RECORDED
from models import Audit, Business, Membership, Phone, Shop, Staff
from tests.conftest import ROOT, TUESDAY, behind_its_back, counted_queries, hire, signed_in, someone
from words import record as words


def shown(page) -> list[tuple[str, str]]:
    """Return (kind, text) of the lines on a page."""
    rows = re.findall(r'<li data-number="\d+" data-kind="([\w.]+)">(.*?)</li>', page.text, re.S)
    return [(kind, " ".join(re.sub(r"<[^>]+>", " ", html).split())) for kind, html in rows]


@pytest.fixture
def written(shop, owner, sam, rosa):
    """Lines of several sorts, without those that the signing in of a test writes."""
    phone, _secret = access.admit_phone(sam, "Sam’s phone")
    of = {"business": shop.business, "shop": shop}
    audit.write("pin.set", **of, staff=owner, person=sam)
    audit.write("note.read", **of, staff=sam, phone=phone, note=5, customer=rosa)
    audit.write("session.refused", **of)
    audit.write("acts.sealed", **of, count=9, last=0)
    return shop


class TestThePage:
    def test_says_in_plain_words_who_did_what_and_when_newest_first(self, desk, written):
        lines = dict(shown(desk.get("/settings/changes")))
        assert lines["pin.set"] == "Set a new PIN for Sam Ruth · Tuesday 24 November 2026, 8:12"
        assert lines["note.read"].startswith("Read a private note about Rosa Marchetti Sam · ")
        assert lines["note.read"].endswith("· Sam’s phone")
        assert lines["session.refused"].startswith("Turned away at sign-in Somebody who was not signed in")
        kinds = [kind for kind, _text in shown(desk.get("/settings/changes"))]
        assert kinds.index("session.refused") < kinds.index("note.read") < kinds.index("pin.set")

    def test_leaves_out_what_the_record_tells_of_itself_unless_asked(self, desk, written):
        assert "acts.sealed" not in dict(shown(desk.get("/settings/changes")))
        assert dict(shown(desk.get("/settings/changes?what=itself"))).keys() == {"acts.sealed"}

    def test_knows_who_left_and_who_was_made_one_with_another(self, desk, written, sam, rosa, shop):
        Staff.update(left_at=clock.now()).where(Staff.id == sam.id).execute()
        again = someone(shop, "Rosa M")
        merging.merge(again.id, rosa.id, sam)
        lines = dict(shown(desk.get("/settings/changes")))
        assert "Rosa Marchetti Sam ·" in lines["note.read"]
        assert lines["customer.merge"].startswith("Made Rosa Marchetti and Rosa M one person Sam ·")

    def test_has_words_for_those_of_whom_nothing_is_left(self, desk, shop):
        audit.write("note.read", business=shop.business, staff=99, phone=98, note=1, customer=97)
        line = dict(shown(desk.get("/settings/changes")))["note.read"]
        assert line.startswith("Read a private note about somebody who is known no longer somebody who left · ")

    @pytest.mark.parametrize(
        ("query", "kinds"),
        [
            ("who={sam}", {"note.read"}),
            ("who=nobody", {"session.refused"}),
            ("what=team&who={ruth}", {"pin.set"}),
            ("what=people", {"note.read"}),
            ("what=refused", {"session.refused"}),
            ("since=2026-11-25", set()),
            ("until=2026-11-23", set()),
            ("since=2026-11-24&until=2026-11-24&who={sam}", {"note.read"}),
            ("at={shop}&what=refused", {"session.refused"}),
            ("who=x&what=x&since=x&until=2026-02-31&at=x&before=x&what=people", None),
            ("before=1", set()),
        ],
    )
    def test_shows_what_is_asked_for(self, desk, written, sam, owner, query, kinds):
        answer = desk.get("/settings/changes?" + query.format(sam=sam.id, ruth=owner.id, shop=written.id))
        assert answer.status_code == 200
        assert kinds is None or {kind for kind, _text in shown(answer)} == kinds

    def test_goes_on_page_by_page_and_shows_each_line_once(self, desk, shop):
        for n in range(120):
            audit.write("pin.set", business=shop.business, person=n)
        seen, path = [], "/settings/changes?who=nobody"
        while path:
            page = desk.get(path)
            seen += re.findall(r'data-number="(\d+)"', page.text)
            more = re.search(r'href="([^"]+)" data-testid="earlier"', page.text)
            path = more[1].replace("&amp;", "&") if more else ""
            assert "who=nobody" in path or not path
        assert len(seen) == len(set(seen)) == 120

    def test_costs_as_many_queries_for_many_lines_as_for_few(self, desk, shop, sam, rosa, owner):
        counts = []
        for _times in range(2):
            for _line in range(10):
                audit.write("note.read", business=shop.business, shop=shop, staff=sam, phone=1, note=1, customer=rosa)
            with counted_queries() as queries:
                desk.get("/settings/changes")
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 16

    def test_says_when_it_was_checked_and_when_it_is_not_whole(self, desk, written):
        audit_check.keep_whole(TUESDAY)
        assert (
            "No line was changed or removed since it was written. Checked 8:12." in desk.get("/settings/changes").text
        )
        number = audit.write("acts.sealed", business=written.business_id, last=0)
        behind_its_back(f"UPDATE audit SET at = 'never', told = '[1]' WHERE number IN (2, {number})")
        audit_check.keep_whole(TUESDAY + timedelta(days=1))
        page = desk.get("/settings/changes?what=itself").text
        page += desk.get("/settings/changes").text
        assert 'data-testid="not-whole"' in page
        assert "Line 2 is not as it was written." in page

    def test_shows_a_manager_nothing_of_a_shop_that_is_not_theirs(self, server, written, shop):
        other = Shop.create(business=shop.business, name="Second Street")
        audit.write("pin.shut", business=shop.business, shop=other)
        mia = hire(shop, "Mia", "manager")
        desk = signed_in(server, mia, "owner")
        assert "pin.shut" not in dict(shown(desk.get("/settings/changes")))
        assert "pin.set" in dict(shown(desk.get("/settings/changes")))
        Membership.create(staff=mia, shop=other)
        assert "pin.shut" in dict(shown(desk.get("/settings/changes")))

    def test_shows_nothing_of_another_business(self, desk, written):
        other = Business.create(name="Others", created_at=clock.now())
        audit.write("pin.shut", business=other)
        assert "pin.shut" not in dict(shown(desk.get("/settings/changes")))


def words_in(path) -> tuple[set[str], set[str]]:
    """Return the kinds that `audit.write` names in a file, and where it is given one by name, all that it could be."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    found: set[str] = set()
    by_name = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.write":
            named = {str(one.value) for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)}
            found |= named
            by_name = by_name or not named
    return found, {text for text in texts if audit.KIND.fullmatch(text)} if by_name else set()


def kinds_written() -> tuple[set[str], set[str]]:
    """Return the kinds of lines that are written anywhere in the code, and those that may be."""
    written, may_be = {*RECORDED, audit_check.SEALED, audit_check.SHORTENED}, set[str]()
    for path in [*ROOT.glob("*.py"), *(ROOT / "domain").rglob("*.py"), *(ROOT / "views").rglob("*.py")]:
        named, by_name = words_in(path)
        written, may_be = written | named, may_be | by_name
    return written, may_be


class TestTheTableOfWords:
    def test_has_a_sentence_for_each_kind_that_is_written_and_no_other(self):
        written, may_be = kinds_written()
        assert len(written) > 30
        assert written - set(words.SAID) == set(), "give words/record.py a line for each"
        assert set(words.SAID) - written - may_be == set(), "nothing writes these"

    def test_puts_each_in_a_group(self):
        assert {kind for kind in words.SAID if words.group_of(kind) not in words.GROUPS} == set()
        assert {words.group_of(kind) for kind in words.SAID} == set(words.GROUPS)

    @pytest.mark.parametrize("kind", sorted(words.SAID))
    def test_says_something_of_a_line_that_tells_nothing(self, kind):
        from domain.changes import _Names

        said = words.said(kind, _Names())
        assert said
        assert "%" not in said

    def test_records_only_acts_that_there_are(self):
        assert set(RECORDED) <= set(DOERS)

    def test_shows_a_kind_it_does_not_know_as_it_is(self):
        assert words.said("moon.landed", {}) == "moon.landed"


class TestSigningIn:
    def test_by_pin_and_out_again_is_written_down_with_the_phone(self, server, shop, sam):
        phone, secret = access.admit_phone(sam, "Counter")
        client = server.test_client()
        client.set_cookie("regulars-phone", secret)
        here = {"headers": {"Sec-Fetch-Site": "same-origin"}}
        assert client.post("/sign-in", data={"staff": sam.id, "pin": "1234"}, **here).status_code == 303
        client.post("/sign-out", **here)
        lines = [(one.kind, one.staff_id, one.phone_id) for one in Audit.select().order_by(Audit.number)]
        assert lines == [("session.begun", sam.id, phone.id), ("session.ended", sam.id, phone.id)]

    def test_an_act_says_on_which_phone_it_was(self, phone, sam, rosa):
        phone.act("contact.add", customer=str(rosa.id), kind="email", address="rosa@example.org")
        line = Audit.get(Audit.kind == "contact.add")
        assert line.phone_id == Phone.get(Phone.staff == sam.id).id

    def test_what_the_server_does_by_itself_is_on_no_phone(self, phone, shop):
        phone.get("/today")
        signed_out = phone.client.application.test_client()
        signed_out.get("/sign-in")
        audit.write("pin.set", business=shop.business)
        assert Audit.get(Audit.kind == "pin.set").phone_id is None
