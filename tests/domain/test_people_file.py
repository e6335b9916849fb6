"""Taking in people from a file: what is read, what is refused and why; that a refusal stands, and that twice adds nothing."""

import random

import pytest

from domain import merging
from domain.contacts import reach
from domain.importing import Unreadable
from domain.importing_undo import undo
from domain.people_file import import_customers, rows_of_csv
from models import (
    TABLES,
    Appointment,
    Audit,
    Belonging,
    Consent,
    Contact,
    Customer,
    CustomField,
    FieldValue,
    Household,
    Import,
    Note,
    Shop,
    Tag,
    Tagged,
    Told,
    Usual,
)  # fmt: skip
from outside import vcards
from tests.conftest import TUESDAY, someone


@pytest.fixture
def take_in(shop, tmp_path):
    def run(text, mapping=None, **options):
        path = tmp_path / "people.csv"
        path.write_text(text, encoding="utf-8")
        _ignored, rows = rows_of_csv(text.splitlines(keepends=True), mapping or {})
        return import_customers(rows, path, shop, **options)

    return run


@pytest.fixture
def cards(shop, tmp_path):
    def run(text):
        path = tmp_path / "people.vcf"
        path.write_text(text, encoding="utf-8")
        return import_customers(
            ((n, vcards.as_row(c)) for n, c in vcards.read(text.splitlines(keepends=True))), path, shop
        )

    return run


def counted(report):
    assert report.total == report.added + report.updated + report.skipped + report.refused
    return report.added, report.updated, report.skipped, report.refused


def contacts(customer):
    return sorted((one.kind, one.known) for one in Contact.select().where(Contact.customer == customer.id))


def consents(customer):
    return sorted((one.way, one.given, one.how) for one in Consent.select().where(Consent.customer == customer.id))


FILE = """id,name,say_as,call,phone,email,consent_email,consent_sms,Loyalty points
7,Rosa Marchetti,,Mrs Marchetti,020 7946 0018,Rosa@Example.org,yes,no,4000
8,Mr Okafor,,,+33 6 12 34 56 78;020 7946 0019,,,,1
"""


class TestAFile:
    def test_brings_people_with_their_addresses_and_what_they_let_us(self, take_in):
        assert counted(take_in(FILE)) == (2, 0, 0, 0)
        rosa, okafor = Customer.select().order_by(Customer.source_id)
        assert (rosa.source_id, rosa.name, rosa.call) == ("7", "Rosa Marchetti", "Mrs Marchetti")
        assert contacts(rosa) == [("email", "rosa@example.org"), ("phone", "+442079460018")]
        assert consents(rosa) == [("email", True, "import"), ("sms", False, "import")]
        assert contacts(okafor) == [("phone", "+33612345678"), ("phone", "+442079460019")]

    def test_twice_adds_nothing(self, take_in):
        take_in(FILE)
        before = [list(table.select().dicts()) for table in (Customer, Contact, Consent)]
        assert counted(take_in(FILE)) == (0, 0, 2, 0)
        assert [list(table.select().dicts()) for table in (Customer, Contact, Consent)] == before

    def test_names_the_columns_that_are_not_taken_in(self):
        assert rows_of_csv(FILE.splitlines(), {})[0] == ["loyalty points"]

    def test_without_codes_knows_people_again_by_name_and_address(self, take_in, shop):
        text = "First Name,Mobile\nJo,020 7946 0018\nJo,020 7946 0019\nKim,\n"
        mapping = {"First Name": "name", "Mobile": "phone"}
        assert counted(take_in(text, mapping)) == (3, 0, 0, 0)
        assert counted(take_in(text, mapping)) == (0, 0, 3, 0)
        noor = someone(shop, "Noor")
        Contact.create(customer=noor, kind="email", address="n@example.org", known="n@example.org", at=TUESDAY)
        assert counted(take_in("name,email,phone\nNoor,N@example.org,020 7946 0020\n")) == (0, 1, 0, 0)
        assert len(contacts(noor)) == 2

    def test_leaves_what_the_team_wrote(self, take_in, shop):
        someone(shop, "Rosa M.", call="Rosa", source_id="7")
        assert counted(take_in(FILE)) == (1, 1, 0, 0)
        rosa = Customer.get(Customer.source_id == "7")
        assert (rosa.name, rosa.call) == ("Rosa M.", "Rosa")

    @pytest.mark.parametrize("how", ["counter", "link", "import"])
    def test_never_undoes_a_refusal(self, take_in, shop, how):
        rosa = someone(shop, "Rosa", source_id="7")
        Consent.create(customer=rosa, way="email", given=False, how=how, at=TUESDAY)
        Consent.create(customer=rosa, way="sms", given=True, how="counter", at=TUESDAY)
        take_in(FILE)
        assert consents(rosa) == [("email", False, how), ("sms", False, "import")], (
            "a refusal counts, wherever it was said"
        )

    def test_brings_nobody_back_who_was_merged_away(self, take_in, shop):
        one, other = someone(shop, "Rosa"), someone(shop, "Rosa M.", source_id="7")
        merging.merge(one.id, other.id)
        assert counted(take_in(FILE)) == (1, 1, 0, 0)
        assert contacts(one) == [("email", "rosa@example.org"), ("phone", "+442079460018")]

    @pytest.mark.parametrize(
        ("row", "field", "code"),
        [
            ("9,Bea,,,,,perhaps,", "consent_email", "unclear"),
            (",,,,,b@example.org,,", "name", "missing"),
            (f"9,{'x' * 201},,,,,,", "name", "unfit"),
        ],
    )
    def test_refuses_a_line_with_its_reason_and_takes_nothing_of_it(self, take_in, row, field, code):
        report = take_in(FILE + row + "\n")
        assert counted(report) == (2, 0, 0, 1)
        assert [(one["line"], one["field"], one["code"]) for one in report.errors] == [(4, field, code)]
        assert report.errors[0]["reason"].endswith(".")
        assert Customer.select().count() == 2

    @pytest.mark.parametrize(
        ("row", "field", "code", "kept"),
        [
            ("9,Bea,,,020 7946 0020,bea@,,", "email", "no_address", [("phone", "+442079460020")]),
            ("9,Bea,,,twelve,bea@example.org,yes,", "phone", "no_number", [("email", "bea@example.org")]),
            ("9,Bea,,,twelve;020 7946 0020,,,", "phone", "no_number", [("phone", "+442079460020")]),
        ],
    )
    def test_takes_somebody_without_an_address_that_is_none_and_says_so(self, take_in, row, field, code, kept):
        for expected in ((3, 0, 0, 0), (0, 0, 3, 0)):
            report = take_in(FILE + row + "\n")
            assert counted(report) == expected
            assert [(one["line"], one["field"], one["code"]) for one in report.errors] == [(4, field, code)]
            assert "They were taken in without “" in report.errors[0]["reason"]
        assert contacts(Customer.get(Customer.source_id == "9")) == kept

    def test_a_refusal_holds_for_the_address_whoever_has_it(self, take_in, shop, rosa):
        """Also of the same person, written down here without the source's code, and of whoever comes with it later."""
        other = someone(shop, "Helen F.")
        for one in (rosa, other):
            Contact.create(customer=one, kind="email", address="H@example.org", known="h@example.org", at=TUESDAY)
        Consent.create(customer=rosa, way="email", given=True, how="counter", at=TUESDAY)
        text = "id,name,email,consent_email\nx2,Helen Frost,h@example.org,no\nx3,Jo,H@EXAMPLE.ORG,yes\n"
        for expected in ((2, 0, 0, 0), (0, 0, 2, 0)):
            assert counted(take_in(text)) == expected
            everybody = {one.name: consents(one) for one in Customer.select()}
            assert all(said == [("email", False, "import")] for said in everybody.values()), everybody
            assert {reach(one, "email", shop).code for one in Customer.select()} == {"asked-not-to"}

    def test_somebody_without_a_code_gets_that_of_the_source(self, take_in, shop):
        helen = someone(shop, "Helen Frost")
        Contact.create(customer=helen, kind="email", address="h@example.org", known="h@example.org", at=TUESDAY)
        assert counted(take_in("id,name,email,consent_email\nx2,helen frost,h@example.org,no\n")) == (0, 1, 0, 0)
        assert (Customer.get().source_id, consents(helen)) == ("x2", [("email", False, "import")])

    def test_looked_at_only_keeps_nothing(self, take_in):
        assert counted(take_in(FILE + "7,Rosa Marchetti,,,,,,\n", dry_run=True)) == (2, 0, 1, 0)
        assert Customer.select().count() == Contact.select().count() == Import.select().count() == 0

    @pytest.mark.parametrize("text", ["", "phone,email\n1,2\n"])
    def test_that_is_none_is_told(self, take_in, text):
        with pytest.raises(Unreadable):
            take_in(text)


MORE = """id,name,usual,birthday,tags,note,since,state,household,firm
1,Rosa Marchetti,flat white,03-12,"Book club; regular, #early","Sits by the window.
Asks for Ana.",2019-04,,The Marchettis,
2,Kim Ng,,1990-02-29,,,tomorrow,Leave alone,the marchettis,Fenwick Press
3,Old Mr Poole,,1931-05-06,,,,DIED,,
4,Bea,,,,,,gone fishing,,
"""


def told(customer):
    fields = FieldValue.select(CustomField.name, FieldValue.text).join(CustomField)
    return {
        "usual": [one.text for one in Usual.select().where(Usual.customer == customer.id)],
        "fields": sorted(fields.where(FieldValue.customer == customer.id).tuples()),
        "tags": sorted(t.name for t in Tag.select().join(Tagged).where(Tagged.customer == customer.id)),
        "notes": [
            (n.text, n.lifetime, n.author_id, n.shop_id) for n in Note.select().where(Note.customer == customer.id)
        ],
        "around": sorted(
            (h.kind, h.name) for h in Household.select().join(Belonging).where(Belonging.customer == customer.id)
        ),
        "state": Customer.get_by_id(customer.id).state,
    }


def everything():
    rows = {table.__name__: list(table.select().dicts()) for table in TABLES if table not in (Import, Shop, Audit)}
    return {name: sorted(map(repr, found)) for name, found in rows.items()}


class TestWhatElseIsKnown:
    def test_is_taken_in_and_what_cannot_be_is_named(self, take_in):
        report = take_in(MORE)
        assert counted(report) == (3, 0, 0, 1)
        named = [(one["line"], one["field"], one["code"]) for one in report.errors]
        assert named == [(4, "birthday", "no_day"), (4, "since", "no_day"), (6, "state", "unknown")]
        rosa, kim, poole = Customer.select().order_by(Customer.source_id)
        assert told(rosa) == {
            "usual": ["flat white"],
            "fields": [("Birthday", "03-12"), ("Since", "2019-04")],
            "tags": ["Book club", "early", "regular"],
            "notes": [("Sits by the window.\nAsks for Ana.", "always", None, None)],
            "around": [("household", "The Marchettis")],
            "state": "active",
        }
        assert told(kim)["around"] == [("firm", "Fenwick Press"), ("household", "The Marchettis")]
        assert (told(kim)["state"], told(kim)["fields"]) == ("leave_alone", [])
        assert (told(poole)["state"], told(poole)["fields"]) == ("died", [("Birthday", "1931-05-06")])

    def test_twice_adds_nothing(self, take_in):
        take_in(MORE)
        before = everything()
        assert counted(take_in(MORE)) == (0, 0, 3, 1)
        assert everything() == before

    def test_only_looking_says_the_same(self, take_in, shop):
        someone(shop, "Rosa", source_id="1")
        before = everything()
        assert counted(take_in(MORE, dry_run=True)) == (2, 1, 0, 1)
        assert everything() == before
        assert counted(take_in(MORE)) == (2, 1, 0, 1)

    def test_leaves_what_the_team_wrote(self, take_in, shop, phone):
        rosa = someone(shop, "Rosa", source_id="1")
        phone.act("usual.set", customer=str(rosa.id), text="tea")
        phone.act("customer.tell", customer=str(rosa.id), field="birthday", text="03-13")
        phone.act("customer.join", customer=str(rosa.id), name="Fenwick Road 3", kind="household")
        take_in(MORE)
        assert told(rosa)["usual"] == ["tea"]
        assert ("Birthday", "03-13") in told(rosa)["fields"]
        assert told(rosa)["around"] == [("household", "Fenwick Road 3")]

    def test_who_died_is_booked_no_more_and_a_file_brings_nobody_back(self, take_in, shop, phone):
        poole = someone(shop, "Mr Poole", source_id="3")
        phone.act("appointment.create", customer=str(poole.id), starts_at="2026-11-28T10:00")
        take_in(MORE)
        assert (told(poole)["state"], Appointment.get().state) == ("died", "cancelled")
        take_in("id,name,state\n3,Mr Poole,active\n")
        assert told(poole)["state"] == "died"

    def test_who_wants_nothing_written_down_gets_nothing(self, take_in, shop, phone):
        rosa = someone(shop, "Rosa", source_id="1")
        Told.create(customer=rosa, what="no_notes", day=TUESDAY.date())
        take_in(MORE)
        assert not any(told(rosa)[what] for what in ("usual", "fields", "tags", "notes", "around"))

    def test_a_dead_person_of_a_file_is_no_news(self, take_in, sam, phone):
        take_in(MORE)
        assert "Poole" not in phone.get("/today").text


class TestTakingBack:
    def test_leaves_everything_as_it_was(self, take_in, shop, rosa, phone):
        jo = someone(shop, "Jo", source_id="1")
        old = someone(shop, "Old", source_id="3")
        phone.act("appointment.create", customer=str(old.id), starts_at="2026-11-28T10:00")
        Contact.create(customer=jo, kind="email", address="j@example.org", known="j@example.org", at=TUESDAY)
        Consent.create(customer=jo, way="email", given=True, how="counter", at=TUESDAY)
        before = everything()
        report = take_in(MORE + "5,Zoe,,,,,,,,\n")
        no = take_in("id,name,say_as,email,phone,consent_email\n9,Kit,,j@example.org,,no\n1,Jo,Joh,,020 7946 0018,\n")
        assert everything() != before
        for one in (no, report):
            assert undo(int(one.import_id or 0)).stay == []
        after = everything()
        assert Appointment.get().state == "booked"
        for changed in ("Appointment", "Message", "CallTask"):  # it was cancelled, and stands again
            before.pop(changed), after.pop(changed)
        assert after == before

    def test_keeps_and_names_whoever_is_known_by_more_since(self, take_in, phone):
        report = take_in(MORE)
        rosa = Customer.get(Customer.source_id == "1")
        phone.act("visit.create", customer=str(rosa.id))
        undone = undo(int(report.import_id or 0))
        assert [one.name for one in undone.stay] == ["Rosa Marchetti"]
        assert [one.name for one in Customer.select()] == ["Rosa Marchetti"]
        assert told(rosa)["usual"] == ["flat white"], "who stays, stays whole"

    def test_leaves_what_somebody_wrote_since(self, take_in, shop, phone):
        jo = someone(shop, "Jo", source_id="1")
        report = take_in(MORE)
        phone.act("usual.set", customer=str(jo.id), text="tea")
        note = Note.get(Note.customer == jo.id)
        phone.act("note.edit", note=str(note.id), text="Sits at the back.", base=note.text)
        undo(int(report.import_id or 0))
        assert (told(jo)["usual"], [text for text, *_more in told(jo)["notes"]]) == (["tea"], ["Sits at the back."])

    def test_and_then_it_can_be_taken_in_again(self, take_in):
        undo(int(take_in(MORE).import_id or 0))
        assert counted(take_in(MORE)) == (3, 0, 0, 1)


CARD = """BEGIN:VCARD
VERSION:3.0
UID:urn:1
FN:Zoë O\\, Brien
NICKNAME:Zo
item1.TEL;TYPE="cell,voice":+44 20 7946 0018
EMAIL;TYPE=INTERNET:zoe@exam
 ple.org
PHOTO;ENCODING=b:AAAA
END:VCARD
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Garc=C3=ADa;Jos=C3=A9;;;
TEL;CELL:020 7946 0019
END:VCARD
begin:vcard
version:4.0
fn:Bea
tel;value=uri:tel:+442079460020
end:vcard
"""


JUNK = [";", ":", "\x00", "=", "\n", '"' * 9, "é", "\\"]
BOMBS = [
    "BEGIN:VCARD\n" * 5000,
    "BEGIN:VCARD\nTEL" + ";a" * 90_000 + ":1\nEND:VCARD",
    "BEGIN:VCARD\nTEL" + ';"' * 9000 + ":1",
    "BEGIN:VCARD\nFN;QUOTED-PRINTABLE:a=\n" + "b=\n" * 20_000,
    "BEGIN:VCARD\nFN:" + "\n a" * 50_000,
    "BEGIN:VCARD\nEMAIL:" + "a@" * 9000 + "\nTEL:" + "(" * 9000,
]


class TestCards:
    def test_of_three_versions_are_read(self, cards):
        assert counted(cards(CARD)) == (3, 0, 0, 0)
        names = {one.name: contacts(one) for one in Customer.select()}
        assert names == {
            "Zoë O, Brien": [("email", "zoe@example.org"), ("phone", "+442079460018")],
            "José García": [("phone", "+442079460019")],
            "Bea": [("phone", "+442079460020")],
        }
        assert counted(cards(CARD)) == (0, 0, 3, 0)

    def test_bring_what_else_they_tell(self, cards):
        text = """BEGIN:VCARD
FN:Bea
BDAY;VALUE=date:19900304
ORG:Fenwick Press;Sales
CATEGORIES:Early,Book club
NOTE:Sits by the\\nwindow
END:VCARD
BEGIN:VCARD
FN:Kim
BDAY:--0304
END:VCARD
BEGIN:VCARD
FN:Jo
BDAY;X-APPLE-OMIT-YEAR=1604:1604-03-04
END:VCARD
BEGIN:VCARD
ORG:Only a firm
DEATHDATE:20200101
END:VCARD
"""
        assert counted(cards(text)) == (4, 0, 0, 0)
        found = {one.name: told(one) for one in Customer.select()}
        assert found["Bea"] == {
            "usual": [], "fields": [("Birthday", "1990-03-04")], "tags": ["Book club", "Early"],
            "notes": [("Sits by the window", "always", None, None)], "around": [("firm", "Fenwick Press")],
            "state": "active",
        }  # fmt: skip
        assert found["Kim"]["fields"] == found["Jo"]["fields"] == [("Birthday", "03-04")]
        assert (found["Only a firm"]["around"], found["Only a firm"]["state"]) == ([], "died")
        assert counted(cards(text)) == (0, 0, 4, 0)

    def test_junk_ends_and_is_counted(self, cards):
        chance = random.Random(6)
        for _n in range(60):
            letters = list(CARD)
            for _i in range(chance.randrange(1, 40)):
                place = chance.randrange(len(letters))
                letters[place : place + chance.randrange(3)] = chance.choice(JUNK)
            counted(cards("".join(letters)))
        for bomb in BOMBS:
            counted(cards(bomb))
