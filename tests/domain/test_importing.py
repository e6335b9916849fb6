"""Taking in a file of visits: what is read, what is refused and why, and that the count is honest."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import clock
import models
from domain import expected, importing
from domain.importing import Report, Unreadable, import_visits
from domain.lines import line_for
from models import Customer, DayList, Import, Shop, Visit
from tests.conftest import came

TODAY = date(2026, 11, 24)


@pytest.fixture
def file(tmp_path):
    """Return a function that writes a file and returns its path."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "visits.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def take_in(shop, file):
    """Return a function that imports a text of lines into the shop and returns the report."""

    def run(content: str | bytes, **options) -> Report:
        return import_visits(file(content), shop.business, options.pop("shop", shop), **options)

    return run


def visits() -> list[tuple[str, str, str]]:
    """Return every visit as (code, shop, instant), in time."""
    query = Visit.select(Customer.source_id, Shop.name, Visit.at).join(Customer).join_from(Visit, Shop)
    return sorted((code, place, at.strftime("%m-%d %H:%M")) for code, place, at in query.tuples())


def adds_up(report: Report) -> bool:
    return report.total == report.added + report.updated + report.skipped + report.refused


class TestTheHeader:
    @pytest.mark.parametrize(
        ("header", "mapping"),
        [
            pytest.param("customer,at", {}, id="as we call it"),
            pytest.param("at,customer", {}, id="in another order"),
            pytest.param(" Customer , AT ", {}, id="with capitals and spaces"),
            pytest.param("\ufeffcustomer,at", {}, id="after a byte order mark"),
            pytest.param("till,customer,receipt,at", {}, id="among columns we do not know"),
            pytest.param("Card No,Time", {"Card No": "customer", "Time": "at"}, id="with their own words, mapped"),
        ],
    )
    def test_is_understood(self, take_in, header, mapping):
        fields = {
            "customer": "17",
            "at": "2026-11-23T08:00",
            **{theirs: {"customer": "17", "at": "2026-11-23T08:00"}[ours] for theirs, ours in mapping.items()},
        }
        line = ",".join(
            fields.get(name.strip(" \ufeff"), fields.get(name.strip(" \ufeff").lower(), "x"))
            for name in header.split(",")
        )
        report = take_in(f"{header}\n{line}\n", mapping=mapping)
        assert (report.added, report.errors) == (1, [])
        assert visits() == [("17", "Fenwick Road Coffee", "11-23 08:00")]

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            pytest.param("", "The file is empty", id="an empty file"),
            pytest.param("customer,time\n1,2026-11-23T08:00\n", "Missing: at", id="no time"),
            pytest.param("who,when\n1,2026-11-23T08:00\n", "Missing: customer and at", id="neither"),
            pytest.param("1,2026-11-23T08:00\n", "customer and at", id="no header at all"),
            pytest.param("\n\n", "customer and at", id="blank lines"),
            pytest.param(bytes(range(256)) * 20, "customer and at", id="binary junk"),
            pytest.param("customer,at\n".encode("utf-16"), "customer and at", id="another encoding"),
            pytest.param(b"PK\x03\x04\x14\x00\x06\x00", "customer and at", id="a spreadsheet by another name"),
            pytest.param("x" * 200_000, "no CSV", id="one endless word"),
        ],
    )
    def test_that_cannot_be_used_is_told_and_nothing_is_kept(self, take_in, content, sentence):
        with pytest.raises(Unreadable, match=sentence):
            take_in(content)
        assert (Visit.select().count(), Customer.select().count(), Import.select().count()) == (0, 0, 0)

    def test_alone_is_a_file_without_visits(self, take_in):
        report = take_in("customer,at\n")
        assert (report.total, report.errors) == (0, [])


class TestTheTime:
    @pytest.mark.parametrize(
        ("told", "instant", "day"),
        [
            pytest.param("2026-11-23T08:12", "2026-11-23T08:12:00Z", "2026-11-23", id="the shop's wall time in winter"),
            pytest.param(
                "2026-07-23 08:12:30",
                "2026-07-23T07:12:30Z",
                "2026-07-23",
                id="the shop's wall time in summer, with a blank",
            ),
            pytest.param(
                "2026-07-23T23:30:00Z", "2026-07-23T23:30:00Z", "2026-07-24", id="UTC, already tomorrow in the shop"
            ),
            pytest.param(
                "2026-11-23T03:30:00+05:45", "2026-11-22T21:45:00Z", "2026-11-22", id="an offset, yesterday in the shop"
            ),
            pytest.param(
                "2026-03-29T01:30", "2026-03-29T01:30:00Z", "2026-03-29", id="a time that does not exist: an hour later"
            ),
            pytest.param(
                "2026-10-25T01:30", "2026-10-25T00:30:00Z", "2026-10-25", id="a time that is twice: the first"
            ),
            pytest.param("2024-02-29T08:00", "2024-02-29T08:00:00Z", "2024-02-29", id="a leap day"),
        ],
    )
    def test_is_the_shops_unless_it_says_otherwise(self, take_in, told, instant, day):
        assert take_in(f"customer,at\n1,{told}\n").added == 1
        visit = Visit.get()
        assert (visit.at, visit.day) == (datetime.fromisoformat(instant), date.fromisoformat(day))


class TestALineThatCannotBeTakenIn:
    @pytest.mark.parametrize(
        ("line", "field", "code"),
        [
            pytest.param(",2026-11-23T08:00,,,", "customer", "missing", id="nobody came"),
            pytest.param("  ,2026-11-23T08:00,,,", "customer", "missing", id="nobody but spaces"),
            pytest.param("1,,,,", "at", "no_time", id="no time"),
            pytest.param("1,2026-11-23,,,", "at", "no_hour", id="a day without an hour"),
            pytest.param("1,2026-W48-1,,,", "at", "no_hour", id="a day of a week without an hour"),
            pytest.param("1", "at", "no_time", id="cut off after the customer"),
            pytest.param("1,yesterday,,,", "at", "no_time", id="a word for a time"),
            pytest.param("1,2026-02-30T08:00,,,", "at", "no_time", id="30 February"),
            pytest.param("1,2025-02-29T08:00,,,", "at", "no_time", id="29 February of a common year"),
            pytest.param("1,23/11/2026 08:00,,,", "at", "no_time", id="a time as people write it"),
            pytest.param("1,1969-12-31T08:00,,,", "at", "out_of_range", id="before there were tills"),
            pytest.param("1,0001-01-01T00:00:00+14:00,,,", "at", "out_of_range", id="before the calendar"),
            pytest.param("1,9999-12-31T23:59:59-14:00,,,", "at", "out_of_range", id="after the calendar"),
            pytest.param("x" * 201 + ",2026-11-23T08:00,,,", "customer", "unfit", id="an endless code"),
            pytest.param("a\x07b,2026-11-23T08:00,,,", "customer", "unfit", id="a code that rings"),
            pytest.param("a\x00b,2026-11-23T08:00,,,", "customer", "unfit", id="a code with a hole"),
            pytest.param("1,2026-11-23T08:00,," + "x" * 201 + ",", "name", "unfit", id="an endless name"),
            pytest.param('1,2026-11-23T08:00,,"two\nlines",', "name", "unfit", id="a name of two lines"),
            pytest.param("1,2026-11-23T08:00," + "x" * 101 + ",,", "shop", "unfit", id="an endless shop"),
            pytest.param("1,2026-11-23T08:00,a\x1bb,,", "shop", "unfit", id="a shop that escapes"),
            pytest.param("1,2026-11-23T08:00,,,a\x00b", "source_id", "unfit", id="a receipt with a hole"),
            pytest.param("1,2026-11-23T08:00,,," + "x" * 201, "source_id", "unfit", id="an endless receipt"),
            pytest.param("1,2026-11-23T08:00," + "x" * 140_000, "", "unreadable", id="a field beyond all measure"),
        ],
    )
    def test_is_named_with_its_reason_and_the_others_are_kept(self, take_in, line, field, code):
        report = take_in(f"customer,at,shop,name,source_id\n7,2026-11-23T07:00,,,\n{line}\n8,2026-11-23T09:00,,,\n")
        assert (report.total, report.added, report.refused) == (3, 2, 1)
        error = report.errors[0]
        assert (error["field"], error["code"]) == (field, code)
        assert error["line"] == 3 + line.count("\n")
        assert error["reason"].endswith(".")
        assert [row[0] for row in visits()] == ["7", "8"]

    def test_does_not_bring_a_shop_that_only_it_names(self, take_in):
        report = take_in(
            "customer,at,shop\n1,0001-01-01T00:00,Atlantis\n,2026-11-23T08:00,Atlantis\n1,never,Atlantis\n"
        )
        assert (report.refused, report.created_shops) == (3, [])
        assert not Shop.select().where(Shop.name == "Atlantis").exists()

    def test_without_any_shop_is_refused(self, shop, file):
        report = import_visits(file("customer,at\n1,2026-11-23T08:00\n"), shop.business, None)
        assert [(error["field"], error["code"]) for error in report.errors] == [("shop", "missing")]


class TestTheSameVisit:
    def test_is_skipped_with_its_code(self, take_in):
        report = take_in("customer,at\n1,2026-11-23T08:00\n1,2026-11-23T09:30\n1,2026-11-23T09:31\n")
        assert (report.added, report.skipped) == (2, 1)
        assert report.errors == [
            {"line": 3, "field": "at", "code": "same_visit", "reason": "They were already here then: the same visit."}
        ]

    def test_is_known_from_a_tap_as_well(self, take_in, shop, rosa, sam):
        rosa.source_id = "1"
        rosa.save()
        rosa.check_in(shop, sam, datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
        assert take_in("customer,at\n1,2026-11-23T08:05\n").skipped == 1

    def test_does_not_reach_over_midnight_nor_into_another_shop(self, take_in):
        report = take_in(
            "customer,at,shop\n1,2026-11-23T23:50,\n1,2026-11-24T00:10,\n1,2026-11-23T23:50,Second Street\n"
        )
        assert (report.added, report.skipped) == (3, 0)

    def test_follows_the_shops_own_window(self, take_in, shop):
        Shop.update(same_visit_minutes=0).execute()
        report = take_in("customer,at\n1,2026-11-23T08:00\n1,2026-11-23T08:00\n1,2026-11-23T08:01\n", shop=Shop.get())
        assert (report.added, report.skipped) == (2, 1)

    def test_is_found_in_a_file_that_is_in_no_order(self, take_in):
        report = take_in(
            "customer,at\n1,2026-11-23T12:00\n2,2026-11-20T08:00\n1,2026-11-23T08:00\n1,2026-11-23T11:00\n"
        )
        assert (report.added, report.skipped) == (3, 1)
        assert [row[2] for row in visits() if row[0] == "1"] == ["11-23 08:00", "11-23 12:00"]


class TestTheSameFileTwice:
    def test_adds_nothing(self, take_in):
        content = "customer,at,name,shop\n" + "".join(
            f"{n % 7},2026-11-{1 + n % 20:02d}T{7 + n % 12:02d}:{n % 60:02d}:00.123456,Guest {n % 7},Second Street\n"
            for n in range(60)
        )
        first = take_in(content)
        before = visits()
        second = take_in(content)
        assert first.added > 40
        assert (second.total, second.added, second.skipped) == (60, 0, 60)
        assert visits() == before
        assert (Customer.select().count(), second.created_shops) == (7, [])

    def test_adds_nothing_though_the_window_is_nothing(self, take_in):
        Shop.update(same_visit_minutes=0).execute()
        content = "customer,at\n1,2026-11-23T08:00:00.123456\n"
        assert take_in(content, shop=Shop.get()).added == 1
        assert take_in(content, shop=Shop.get()).added == 0


class TestPeople:
    def test_one_code_in_two_shops_is_one_person(self, take_in):
        report = take_in("customer,at,shop\n17,2026-11-23T08:00,\n17,2026-11-22T08:00,Second Street\n")
        assert report.created_shops == ["Second Street"]
        assert Customer.select().count() == 1
        assert visits() == [("17", "Fenwick Road Coffee", "11-23 08:00"), ("17", "Second Street", "11-22 08:00")]

    def test_a_code_stands_for_a_name_until_one_is_learned(self, take_in):
        take_in("customer,at\n17,2026-11-20T08:00\n")
        assert Customer.get().name == "17"
        take_in("customer,at,name\n17,2026-11-21T08:00,Rosa Marchetti\n")
        assert (Customer.get().name, Customer.get().search_name) == ("Rosa Marchetti", "rosa marchetti")

    def test_a_name_on_a_later_line_is_learned_too(self, take_in):
        take_in("customer,at,name\n17,2026-11-20T08:00,\n17,2026-11-21T08:00,Rosa\n")
        assert Customer.get().name == "Rosa"

    def test_a_name_somebody_gave_is_not_written_over(self, take_in, rosa):
        rosa.source_id = "17"
        rosa.save()
        take_in("customer,at,name\n17,2026-11-20T08:00,MARCHETTI R\n")
        assert Customer.get().name == "Rosa Marchetti"

    def test_the_same_code_in_another_business_is_somebody_else(self, take_in, file, shop):
        take_in("customer,at\n17,2026-11-20T08:00\n")
        other = models.Business.create(name="Others", created_at=clock.now())
        place = Shop.create(business=other, name="Elsewhere")
        import_visits(file("customer,at\n17,2026-11-20T08:00\n"), other, place)
        assert sorted(c.business_id for c in Customer.select()) == sorted([place.business_id, shop.business_id])

    def test_receipts_are_kept(self, take_in):
        take_in("customer,at,source_id\n17,2026-11-20T08:00,R-1\n")
        assert Visit.get().source_id == "R-1"


class TestShops:
    def test_that_do_not_exist_are_made_in_the_zone_of_the_one_there_is(self, take_in, shop):
        shop.zone = "America/New_York"
        shop.save()
        report = take_in("customer,at,shop\n1,2026-11-23T08:00,Second Street\n1,2026-11-22T08:00,Second Street\n")
        second = Shop.get(Shop.name == "Second Street")
        assert report.created_shops == ["Second Street"]
        assert second.zone == "America/New_York"
        assert min(v.at for v in second.visits).hour == 13

    def test_that_exist_are_used(self, take_in, shop):
        report = take_in(f"customer,at,shop\n1,2026-11-23T08:00,{shop.name}\n")
        assert (report.created_shops, Shop.select().count()) == ([], 1)


class TestADryRun:
    CONTENT = (
        "customer,at,shop,name\n1,2026-11-23T08:00,,Rosa\n1,2026-11-23T08:30,,\n"
        "2,2026-11-23T08:00,Second Street,\n2,2026-11-23T08:10,Second Street,\n,x,,\n"
    )

    def test_counts_as_the_real_one_would_and_keeps_nothing(self, take_in, shop):
        dry = take_in(self.CONTENT, dry_run=True)
        assert (Visit.select().count(), Customer.select().count(), Shop.select().count(), Import.select().count()) == (
            0,
            0,
            1,
            0,
        )
        assert dry.import_id is None
        wet = take_in(self.CONTENT)
        same = ("total", "added", "skipped", "refused", "created_shops", "errors")
        assert {name: getattr(dry, name) for name in same} == {name: getattr(wet, name) for name in same}
        assert (wet.total, wet.added, wet.skipped, wet.refused) == (5, 2, 2, 1)

    def test_knows_what_is_there_already(self, take_in):
        take_in(self.CONTENT)
        assert take_in(self.CONTENT, dry_run=True).added == 0


class TestTheChunks:
    LINES = "customer,at,name,shop\n" + "".join(
        f"{code},2026-11-23T{hour},{name},{place}\n"
        for code, hour, name, place in [
            ("1", "08:00", "", ""),
            ("1", "08:30", "Rosa", ""),
            ("2", "08:00", "", "Second Street"),
            ("2", "08:10", "", "Second Street"),
            ("", "08:00", "", ""),
            ("2", "12:00", "Okafor", "Second Street"),
            ("1", "08:59", "", ""),
        ]
    )

    @pytest.mark.parametrize("size", [1, 2, 3, 4000], ids=lambda size: f"{size} at a time")
    def test_make_no_difference(self, take_in, monkeypatch, size):
        monkeypatch.setattr(importing, "CHUNK", size)
        seen: list[int] = []
        report = take_in(self.LINES, progress=seen.append)
        assert (report.total, report.added, report.skipped, report.refused) == (7, 3, 3, 1)
        assert [error["line"] for error in sorted(report.errors, key=lambda e: e["line"])] == [3, 5, 6, 8]
        assert sorted(c.name for c in Customer.select()) == ["Okafor", "Rosa"]
        assert len(visits()) == 3
        assert seen == sorted(seen)
        assert seen[-1] == 7


class TestWhatAnImportLeaves:
    def test_is_an_honest_record(self, take_in):
        report = take_in("customer,at\n1,2026-11-23T08:00\n1,2026-11-23T08:01\n,\n")
        kept = Import.get()
        assert str(kept.id) == report.import_id
        assert {name: kept.counts[name] for name in ("total", "added", "updated", "skipped", "refused")} == {
            "total": 3, "added": 1, "updated": 0, "skipped": 1, "refused": 1,
        }  # fmt: skip
        assert kept.visits.count() == 1

    def test_lists_of_later_days_are_made_again_and_phones_are_told(self, take_in, shop):
        expected.day_list(shop, TODAY - timedelta(days=9))
        expected.day_list(shop, TODAY)
        before = Shop.get_by_id(shop.id).revision
        take_in(f"customer,at\n1,{TODAY - timedelta(days=5)}T08:00\n")
        assert {row.day: row.stale for row in DayList.select()} == {TODAY - timedelta(days=9): False, TODAY: True}
        expected.day_list(shop, TODAY, fresh=True)
        assert not DayList.get(DayList.day == TODAY).stale
        assert Shop.get_by_id(shop.id).revision > before

    def test_of_nothing_new_makes_no_list_stale(self, take_in, shop, rosa):
        take_in("customer,at\n1,2026-11-20T08:00\n")
        expected.day_list(shop, TODAY)
        take_in("customer,at\n1,2026-11-20T08:00\n")
        assert not DayList.get().stale

    def test_lets_today_know_somebody(self, phone, take_in, shop):
        lines = "".join(f"17,{TODAY - timedelta(days=back)}T08:20,Mr Iqbal\n" for back in range(1, 60))
        take_in("customer,at,name\n" + lines)
        assert "Mr Iqbal" in "".join(phone.rows().values())


class TestListedErrors:
    def test_are_all_counted_and_the_first_listed(self, take_in, monkeypatch):
        monkeypatch.setattr(importing, "LISTED", 2)
        report = take_in("customer,at\n" + "1,2026-11-23T08:00\n" * 6)
        assert (report.skipped, len(report.errors), report.as_json()["errors_left_out"]) == (5, 2, 3)


GOOD = b"customer,at,shop,name,source_id\n" + b"".join(
    b"%d,2026-11-%02dT%02d:%02d,%s,%s,R%d\n"
    % (n % 5, 1 + n % 20, 7 + n % 12, n % 60, (b"", b"Second Street")[n % 2], (b"", "Zoë".encode())[n % 3 == 0], n)
    for n in range(12)
)
PIECES = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [
            b'"',
            b",",
            b"\n",
            b"\r",
            b"\x00",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"9" * 30,
            b"=1+1",
            b"T24:00",
            b"+99:99",
            b"\xed\xa0\x80",
            b"'; --",
            "\u202e".encode(),
        ]
    ),
)


@given(
    edits=st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 9), PIECES), min_size=1, max_size=12),
    tail=st.integers(0, len(GOOD)),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_refused_or_counted_and_never_worse(shop, file, edits, tail):
    content = GOOD[: tail or None] if tail % 5 == 0 else GOOD
    for where, gone, piece in edits:
        content = content[:where] + piece + content[where + gone :]
    with models.db.atomic() as transaction:
        try:
            report = import_visits(file(content), shop.business, shop)
        except Unreadable:
            assert not Visit.select().exists()
        else:
            assert adds_up(report)
            assert report.added == Visit.select().count()
            assert len(report.errors) == report.refused + report.skipped
            assert all(error["line"] > 1 and error["reason"] for error in report.errors)
            assert import_visits(file(content), shop.business, shop).added == 0
        transaction.rollback()


def test_a_customer_who_came_by_import_has_a_past(take_in, shop, rosa):
    came(rosa, shop, TODAY - timedelta(days=3))
    rosa.source_id = "17"
    rosa.save()
    take_in("customer,at\n17,2026-11-20T08:00\n")
    assert line_for(rosa, shop, clock.now()).prompt is None
