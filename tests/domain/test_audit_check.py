"""Whether the record of changes is whole: what was done to it behind its back is found, and the owner hears of it."""

from datetime import timedelta

import pytest

from domain import actions, audit, audit_check, export
from domain.actions import Act, perform
from models import Action, Audit, Business, Message, NoteReading, Shop, db, is_postgres
from tests.conftest import TUESDAY, behind_its_back, someone


def found(now=TUESDAY, **heads) -> list[tuple[int, str]]:
    return [(one.number, one.code) for one in audit_check.verify(now, **heads).troubles]


def act(sam, shop, n: int, at=TUESDAY) -> str:
    customer = someone(shop, f"Person {n}")
    key = f"00000000-0000-4000-8000-{n:012}"
    answer = perform(Act(key, "note.create", at, {"customer": str(customer.id), "text": "Aisle seat"}), sam, shop)
    assert answer.status == "applied"
    return key


@pytest.fixture
def six(shop, sam):
    for n in range(6):
        audit.write("pin.set", business=shop.business, shop=shop, staff=sam, person=n)
    return shop.business_id


class TestWhatIsDoneBehindItsBack:
    def test_nothing_is_whole(self, six):
        looked = audit_check.verify(TUESDAY)
        assert (looked.troubles, looked.lines) == ([], 6)
        assert looked.heads[six][0] == 6

    @pytest.mark.parametrize(
        ("statements", "told"),
        [
            pytest.param(["UPDATE audit SET kind = 'pin.shut' WHERE number = 3"], [(3, "changed")], id="a kind"),
            pytest.param(["UPDATE audit SET staff_id = NULL WHERE number = 6"], [(6, "changed")], id="who"),
            pytest.param(["UPDATE audit SET at = 'never' WHERE number = 1"], [(1, "changed")], id="when"),
            pytest.param(["""UPDATE audit SET told = '{"person": 9}' WHERE number = 3"""], [(3, "changed")], id="what"),
            pytest.param(
                ["UPDATE audit SET digest = 'x' WHERE number = 3"], [(3, "changed"), (4, "changed")], id="a digest"
            ),
            pytest.param(["DELETE FROM audit WHERE number = 3"], [(3, "missing")], id="a line out"),
            pytest.param(["DELETE FROM audit WHERE number IN (3, 4)"], [(3, "missing")], id="two lines out"),
            pytest.param(["DELETE FROM audit WHERE number = 1"], [(1, "missing")], id="the first out"),
            pytest.param(
                [
                    "DELETE FROM audit WHERE number = 3",
                    "UPDATE audit SET number = 3 WHERE number = 4",
                    "UPDATE audit SET number = 4 WHERE number = 5",
                    "UPDATE audit SET number = 5 WHERE number = 6",
                ],
                [(3, "changed"), (4, "changed"), (5, "changed")],
                id="a line out and the rest moved up",
            ),
            pytest.param(
                [
                    "UPDATE audit SET number = 99 WHERE number = 3",
                    "UPDATE audit SET number = 3 WHERE number = 4",
                    "UPDATE audit SET number = 4 WHERE number = 99",
                ],
                [(3, "changed"), (4, "changed"), (4, "moved"), (5, "changed")],
                id="two lines swapped",
            ),
        ],
    )
    def test_is_found(self, six, statements, told):
        behind_its_back(*statements)
        on_sqlite = [one for one in found() if one[1] != "cut"]
        assert on_sqlite == told

    def test_a_line_changed_with_its_digest_is_found_by_the_next(self, six):
        line = Audit.get(Audit.number == 3)
        before = Audit.get(Audit.number == 2).digest
        by = (line.shop_id, line.staff_id, None)
        forged = audit.digest_of(before, six, 3, "2026-11-24T08:12:00.000Z", "pin.shut", *by, line.told)
        behind_its_back(f"UPDATE audit SET kind = 'pin.shut', digest = '{forged}' WHERE number = 3")
        assert found() == [(4, "changed")]

    def test_text_that_is_no_json_is_found(self, six):
        if not is_postgres():  # which does not take such
            behind_its_back("UPDATE audit SET told = '{' WHERE number = 3")
            assert found() == [(3, "changed")]


class TestACutEnd:
    CUT = "DELETE FROM audit WHERE number > 4"

    def test_is_found_where_the_table_knows_the_last_number_it_gave(self, six):
        behind_its_back(self.CUT)
        assert found() == ([] if is_postgres() else [(5, "cut")])

    def test_is_found_by_the_head_that_the_background_noted(self, six):
        audit_check.keep_whole(TUESDAY)
        behind_its_back(self.CUT)
        assert found() == [(6, "cut")]

    def test_is_found_where_nothing_is_left(self, six):
        audit_check.keep_whole(TUESDAY)
        behind_its_back("DELETE FROM audit")
        assert found() == [(6, "cut")]

    def test_is_found_by_a_head_that_somebody_wrote_down(self, six):
        head = audit_check.verify(TUESDAY).heads[six]
        assert found(heads={six: head}) == []
        behind_its_back(self.CUT)
        assert found(heads={six: head}) == [(6, "cut")]

    def test_and_written_anew_is_found_by_the_head(self, six, shop, engine):
        head = audit_check.verify(TUESDAY).heads[six]
        behind_its_back(
            "DELETE FROM audit", *["DELETE FROM sqlite_sequence WHERE name = 'audit'"] * (engine == "sqlite")
        )
        for n in range(6):
            audit.write("pin.set", business=six, shop=shop, person=n)
        assert found() == []  # this is what cannot be known from within
        assert found(heads={six: head}) == [(6, "changed")]


class TestEverydayActs:
    @pytest.fixture
    def sealed(self, sam, shop):
        for n in range(4):
            act(sam, shop, n)
        return audit_check.seal(shop.business_id, TUESDAY + timedelta(minutes=6))

    def test_cost_no_line_each_and_are_sealed_by_the_hour(self, sealed, sam, shop):
        assert sealed == 4
        assert [line.kind for line in Audit.select()] == ["acts.sealed"]
        act(sam, shop, 7)
        later = TUESDAY + timedelta(minutes=50)
        assert audit_check.seal(shop.business_id, later) == 0
        assert audit_check.seal(shop.business_id, later + timedelta(minutes=20)) == 1
        looked = audit_check.verify(later)
        assert (looked.troubles, looked.acts) == ([], 5)

    def test_wait_until_no_transaction_can_still_bring_an_earlier_one(self, sam, shop):
        act(sam, shop, 1)
        assert audit_check.seal(shop.business_id, TUESDAY + timedelta(minutes=4)) == 0

    @pytest.mark.parametrize(
        ("statement", "code"),
        [
            ("UPDATE action SET digest = 'x' WHERE id = 2", "act-changed"),
            ("UPDATE action SET done_at = '2026-11-24T08:11:00.000Z' WHERE id = 2", "act-changed"),
            ("UPDATE action SET staff_id = 99 WHERE id = 2", "act-changed"),
            ("UPDATE action SET key = 'x' WHERE id = 2", "act-changed"),
            ("DELETE FROM action WHERE id = 2", "act-missing"),
            ("DELETE FROM action WHERE id = 4", "act-missing"),
        ],
    )
    def test_that_are_changed_are_found(self, sealed, statement, code):
        db.execute_sql(statement)
        assert found() == [(1, code)]

    def test_that_come_later_by_a_lower_number_are_found(self, sam, shop):
        act(sam, shop, 1)
        act(sam, shop, 2)
        Action.delete_by_id(1)
        act(sam, shop, 3)
        audit_check.seal(shop.business_id, TUESDAY + timedelta(minutes=6))
        Action.update(id=1).where(Action.id == 3).execute()
        assert found() != []

    def test_that_are_gone_by_rights_are_not_missed(self, sealed):
        db.execute_sql("DELETE FROM action")
        assert found(TUESDAY + timedelta(days=91)) == []

    def test_of_another_business_are_not_among_ours(self, sealed, shop):
        other = Shop.create(business=Business.create(name="B", created_at=TUESDAY), name="B")
        Action.create(key="k", digest="d", result={}, done_at=TUESDAY, shop=other)
        assert found() == []


class TestTwentyFourMonths:
    @pytest.fixture
    def long(self, shop, at):
        for days in (900, 800, 732, 729, 3):
            at(TUESDAY - timedelta(days=days))
            audit.write("pin.set", business=shop.business)
        at(TUESDAY)
        return shop.business_id

    def test_are_kept_and_a_line_holds_on_to_those_that_went(self, long):
        assert audit_check.shorten(long, TUESDAY) == 3
        assert [(line.number, line.kind) for line in Audit.select().order_by(Audit.number)] == [
            (4, "pin.set"), (5, "pin.set"), (6, "record.shortened"),
        ]  # fmt: skip
        assert found() == []

    def test_are_let_go_of_again_after_a_week(self, long, at):
        audit_check.shorten(long, TUESDAY)
        assert audit_check.shorten(long, TUESDAY + timedelta(days=6)) == 0
        assert audit_check.shorten(long, at(TUESDAY + timedelta(days=7))) == 1
        assert found() == []

    def test_a_line_that_went_before_its_time_is_missing(self, long):
        audit_check.shorten(long, TUESDAY)
        behind_its_back("DELETE FROM audit WHERE number = 4")
        assert (1, "missing") in found()

    def test_of_nothing_old_nothing_is_said(self, six):
        assert audit_check.shorten(six, TUESDAY) == 0
        assert Audit.select().count() == 6

    @pytest.mark.parametrize(
        ("day", "before"), [("2026-11-24", "2024-11-24"), ("2028-02-29", "2026-02-28"), ("2026-02-28", "2024-02-28")]
    )
    def test_end_on_the_same_day(self, day, before):
        from datetime import UTC, datetime

        at = datetime.fromisoformat(day).replace(tzinfo=UTC)
        assert audit_check._months_before(at, 24).date().isoformat() == before


class TestByItself:
    def test_once_a_day_all_is_looked_at(self, six):
        assert audit_check.keep_whole(TUESDAY) is not None
        assert audit_check.keep_whole(TUESDAY + timedelta(hours=23)) is None
        assert audit_check.keep_whole(TUESDAY + timedelta(hours=24)) is not None

    def test_where_it_ends_is_noted_each_time_and_never_a_shorter_one(self, six):
        for _day in range(2):
            audit_check.keep_whole(TUESDAY)
        assert Business.get_by_id(six).settings["record_head"][0] == 6
        audit.write("pin.set", business=six)
        audit_check.keep_whole(TUESDAY + timedelta(minutes=1))
        assert Business.get_by_id(six).settings["record_head"][0] == 7
        behind_its_back("DELETE FROM audit WHERE number = 7")
        audit_check.keep_whole(TUESDAY + timedelta(minutes=2))
        assert Business.get_by_id(six).settings["record_head"][0] == 7

    def test_the_owner_hears_once_of_what_is_wrong(self, six, shop):
        behind_its_back("DELETE FROM audit WHERE number = 3")
        for days in range(3):
            audit_check.keep_whole(TUESDAY + timedelta(days=days))
        alert = Message.get()
        assert (alert.kind, alert.subject) == ("alert", "Fenwick Road Coffee: the record of changes is not whole")
        assert "Line 3 is missing." in alert.text
        assert Business.get_by_id(six).settings["record_trouble"][0]["code"] == "missing"

    def test_the_tick_does_it(self, six, monkeypatch):
        import background

        behind_its_back("DELETE FROM audit WHERE number = 3")
        background.tick()
        assert Message.get().kind == "alert"


class TestWhatIsWritten:
    def test_an_act_that_is_recorded_and_one_that_is_not(self, sam, shop, rosa):
        data = {"customer": str(rosa.id), "kind": "email", "address": "rosa@example.org"}
        answer = perform(Act("00000000-0000-4000-8000-000000000001", "contact.add", TUESDAY, data), sam, shop)
        again = perform(Act("00000000-0000-4000-8000-000000000001", "contact.add", TUESDAY, data), sam, shop)
        act(sam, shop, 5)
        line = Audit.get()
        assert (line.kind, line.staff_id, line.shop_id) == ("contact.add", sam.id, shop.id)
        assert line.told == {"customer": rosa.id, "contact": int((answer.result or {})["contact"]), "kind": "email"}
        assert again.status == "duplicate"

    def test_an_act_that_is_refused_leaves_none(self, sam, shop, rosa):
        data = {"customer": str(rosa.id), "kind": "email", "address": "nothing"}
        assert perform(Act("00000000-0000-4000-8000-000000000001", "contact.add", TUESDAY, data), sam, shop).reason
        assert Audit.select().count() == 0

    def test_an_act_that_is_not_theirs_once_an_hour(self, sam, shop, at, monkeypatch):
        monkeypatch.setattr(actions, "_refusals_told", {})
        for n in range(3):
            key = f"00000000-0000-4000-8000-{n:012}"
            assert perform(Act(key, "field.create", TUESDAY, {"name": "Dogs"}), sam, shop).status == "rejected"
        at(TUESDAY + timedelta(hours=2))
        perform(Act("00000000-0000-4000-8000-000000000009", "field.create", TUESDAY, {"name": "Dogs"}), sam, shop)
        told = [(one.kind, one.staff_id, one.told) for one in Audit.select()]
        assert told == [("act.refused", sam.id, {"act": "field.create"})] * 2

    def test_an_act_says_who_did_it(self, sam, shop):
        act(sam, shop, 1)
        assert Action.get().staff_id == sam.id

    def test_a_private_note_that_is_read(self, phone, sam, shop, rosa):
        phone.act("note.create", customer=str(rosa.id), text="Fears dogs", private=True)
        phone.post(f"/customers/{rosa.id}/private-notes")
        line = Audit.get(Audit.kind == "note.read")
        assert (line.staff_id, line.told["customer"]) == (sam.id, rosa.id)
        assert NoteReading.select().count() == 1

    def test_an_export_and_it_is_no_part_of_the_checksum(self, desk, shop, owner):
        before = export.checksum()
        assert desk.get("/api/v1/export").status_code == 200
        assert Audit.get(Audit.kind == "export.made").staff_id == owner.id
        assert export.checksum() == before

    def test_and_it_goes_along_in_an_export(self, six):
        assert sum('"table":"Audit"' in line for line in export.lines()) == 6
        assert not any('"table":"Audit"' in line for line in export.lines(canonical=True))
