"""The record of changes: only added to, each line holding on to the one before, numbered without a gap."""

import json
import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from peewee import DatabaseError

import clock
import models
from domain import audit
from models import Audit, db
from tests.conftest import TUESDAY


def numbers(shop) -> list[int]:
    return [line.number for line in Audit.select().where(Audit.business == shop.business_id).order_by(Audit.number)]


class TestALine:
    def test_says_who_did_what_where_and_when_by_ids(self, shop, sam):
        assert audit.write("pin.set", business=shop.business, shop=shop, staff=sam, person=sam, digits=4) == 1
        line = Audit.get()
        assert (line.number, line.at, line.kind) == (1, TUESDAY, "pin.set")
        assert (line.shop_id, line.staff_id, line.phone_id) == (shop.id, sam.id, None)
        assert line.told == {"person": sam.id, "digits": 4}

    def test_has_the_digest_that_the_documents_describe(self, shop):
        audit.write("pin.set", business=shop.business_id, person=7)
        audit.write("pin.set", business=shop.business_id, shop=shop.id, limit=0.25, words=["ß", "–"], none=None)
        first, second = Audit.select().order_by(Audit.number)
        text = f'["{first.digest}",{shop.business_id},2,"2026-11-24T08:12:00.000Z","pin.set",{shop.id},null,null,'
        text += '{"limit":0.25,"none":null,"words":["\\u00df","\\u2013"]}]'
        from hashlib import sha256

        assert second.digest == sha256(text.encode("ascii")).hexdigest()

    @pytest.mark.parametrize("value", [0.1, 1e22, 1e-9, 10**12, "\x00a\ud800", {"b": [1, {"a": None}]}, "x" * 999])
    def test_reads_back_as_it_was_digested_on_both_engines(self, shop, value):
        audit.write("setting.changed", business=shop.business, before=value)
        line = Audit.get()
        of = (line.shop_id, line.staff_id, line.phone_id)
        again = audit.digest_of("", shop.business_id, 1, models.instant_text(line.at), line.kind, *of, line.told)
        assert again == line.digest
        assert len(json.dumps(line.told)) < 400

    @pytest.mark.parametrize("kind", ["", "pin", "Pin.set", "pin set", "pin.set "])
    def test_is_of_a_kind_of_two_words(self, shop, kind):
        with pytest.raises(ValueError, match="two words"):
            audit.write(kind, business=shop.business)

    def test_of_what_is_rolled_back_is_not_there_and_leaves_no_gap(self, shop):
        audit.write("pin.set", business=shop.business)
        with db.atomic() as transaction:
            audit.write("pin.set", business=shop.business)
            audit.write("pin.set", business=shop.business)
            transaction.rollback()
        audit.write("pin.set", business=shop.business)
        assert numbers(shop) == [1, 2]

    def test_of_another_business_has_its_own_numbers(self, shop):
        other = models.Business.create(name="Another", created_at=clock.now())
        for of in (shop.business, other, shop.business):
            audit.write("pin.set", business=of)
        assert numbers(shop) == [1, 2]
        assert Audit.get(Audit.business == other).number == 1


class TestTheDatabaseItself:
    @pytest.fixture(autouse=True)
    def lines(self, shop, at):
        for back in (800, 740, 1):
            at(TUESDAY - timedelta(days=back))
            audit.write("pin.set", business=shop.business)
        at(TUESDAY)

    def refuses(self, statement: str) -> None:
        before = list(Audit.select().order_by(Audit.id).tuples())
        with pytest.raises(DatabaseError, match="only added to"), db.atomic():
            db.execute_sql(statement)
        assert list(Audit.select().order_by(Audit.id).tuples()) == before

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit SET kind = 'pin.shut' WHERE number = 2",
            "UPDATE audit SET digest = digest",
            "DELETE FROM audit WHERE number = 1",
            "DELETE FROM audit WHERE number = 3",
            "DELETE FROM audit",
            "DELETE FROM business",
        ],
    )
    def test_refuses_a_change_and_a_removal(self, statement):
        self.refuses(statement)

    @pytest.mark.parametrize("number", [2, 3, 5])
    def test_refuses_a_line_out_of_order(self, shop, number):
        columns = "business_id, number, at, kind, digest"
        self.refuses(f"INSERT INTO audit ({columns}) VALUES ({shop.business_id}, {number}, 'x', 'pin.set', '')")

    def test_refuses_a_line_in_the_place_of_another(self, shop, engine):
        if engine == "sqlite":
            columns = "id, business_id, number, at, kind, digest"
            self.refuses(f"REPLACE INTO audit ({columns}) VALUES (1, {shop.business_id}, 4, 'x', 'pin.set', '')")
        else:
            self.refuses("TRUNCATE audit")

    def test_lets_go_of_what_is_two_years_older_than_the_line_that_says_so(self, shop):
        audit.write("record.shortened", business=shop.business, up_to=1)
        self.refuses("DELETE FROM audit WHERE number = 2")
        db.execute_sql("DELETE FROM audit WHERE number = 1")
        assert numbers(shop) == [2, 3, 4]

    def test_does_not_let_go_of_what_is_younger_whatever_is_said(self, shop):
        audit.write("record.shortened", business=shop.business, up_to=3)
        self.refuses("DELETE FROM audit WHERE number = 3")
        db.execute_sql("DELETE FROM audit WHERE number <= 2")
        assert numbers(shop) == [3, 4]


def test_many_at_once_are_numbered_without_a_gap_and_in_a_chain(storage, shop):
    """Eight writers, some of whom give up: each number once."""
    begin, failed = threading.Barrier(8), []

    def write(who: int) -> None:
        with db.connection_context():
            begin.wait()
            for n in range(8):
                try:
                    with db.atomic():
                        audit.write("pin.set", business=shop.business_id, person=who)
                        if n % 3 == 2:
                            raise KeyError
                except KeyError:
                    pass
                except Exception as error:
                    failed.append(error)

    threads = [threading.Thread(target=write, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert numbers(shop) == list(range(1, 8 * 6 + 1))
    lines = list(Audit.select().order_by(Audit.number))
    for before, line in pairwise(lines):
        of = (line.shop_id, line.staff_id, line.phone_id)
        told = audit.digest_of(
            before.digest, shop.business_id, line.number, models.instant_text(line.at), line.kind, *of, line.told
        )
        assert told == line.digest
