"""The end of a shift: whom a line is shown to and for how long, what is counted, who is still to come, and the brief."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest

import words.shift
from domain import shift
from domain.actions import Act, Answer, perform
from domain.board import board
from domain.lines import Line
from domain.promises import Owed
from domain.shift import Left, Seen, Welcomed, welcomed
from models import Appointment, Customer, HandOver, HandOverSeen, Membership, Promise, Shop, Staff, Visit
from tests.conftest import TUESDAY, counted_queries, hire

HOUR = timedelta(hours=1)
NOON = TUESDAY.replace(hour=12, minute=0)


@pytest.fixture
def maya(shop):
    return hire(shop, "Maya")


def done(who: Staff, shop: Shop, kind: str, at=NOON, **data) -> Answer:
    return perform(Act(str(uuid4()), kind, at, data), who, shop)


def leave(who: Staff, shop: Shop, text: str = "Oven two runs hot.", at=NOON, whom: Staff | None = None) -> str:
    answer = done(who, shop, "shift.hand_over", at, text=text, **({"for": str(whom.id)} if whom else {}))
    assert answer.result, answer.reason
    return answer.result["hand_over"]


def shown_to(staff: Staff, shop: Shop, now=NOON + HOUR) -> list[str]:
    return [line.text for line in shift.left_for(shop, staff, now)]


class TestTheLineLeft:
    def test_is_shown_to_everybody_but_its_author(self, shop, maya, sam, ana):
        leave(maya, shop)
        assert shown_to(sam, shop) == shown_to(ana, shop) == ["Oven two runs hot."]
        assert shown_to(maya, shop) == []

    def test_goes_for_all_when_anybody_has_seen_it(self, shop, maya, sam, ana):
        done(sam, shop, "shift.seen", hand_over=leave(maya, shop))
        assert shown_to(sam, shop) == shown_to(ana, shop) == []

    def test_that_names_somebody_stands_until_they_have_seen_it(self, shop, maya, sam, ana):
        number = leave(maya, shop, whom=sam)
        done(ana, shop, "shift.seen", hand_over=number)
        assert (shown_to(ana, shop), shown_to(sam, shop)) == ([], ["Oven two runs hot."])
        done(sam, shop, "shift.seen", hand_over=number)
        assert shown_to(sam, shop) == []

    def test_goes_after_seven_days(self, shop, maya, sam):
        leave(maya, shop, whom=sam)
        assert shown_to(sam, shop, NOON + timedelta(days=7) - HOUR)
        assert not shown_to(sam, shop, NOON + timedelta(days=7))

    def test_the_latest_comes_first_and_an_empty_one_not_at_all(self, shop, maya, sam, ana):
        leave(maya, shop, "First", at=NOON - HOUR)
        leave(ana, shop, "", at=NOON)
        leave(ana, shop, "Second", at=NOON)
        assert shown_to(sam, shop) == ["Second", "First"]
        assert HandOver.select().count() == 3

    def test_of_another_shop_is_not_shown(self, shop, maya, sam):
        other = Shop.create(business=shop.business, name="Harbour Kiosk")
        for one in (maya, sam):
            Membership.create(staff=one, shop=other)
        leave(maya, other)
        assert shown_to(sam, shop) == []
        assert shown_to(sam, other) == ["Oven two runs hot."]

    def test_tells_who_has_seen_it_and_when_the_first_time_stands(self, shop, maya, sam):
        number = leave(maya, shop)
        for minutes in (4, 30):
            done(sam, shop, "shift.seen", NOON + timedelta(minutes=minutes), hand_over=number)
        (line,) = shift.lately(shop, NOON + HOUR)
        assert [(one.name, one.at.strftime("%H:%M")) for one in line.seen] == [("Sam", "12:04")]

    def test_is_not_seen_by_its_own_author(self, shop, maya, sam):
        number = leave(maya, shop)
        assert done(maya, shop, "shift.seen", hand_over=number).status == "applied"
        assert shown_to(sam, shop) == ["Oven two runs hot."]
        assert not HandOverSeen.select().count()

    def test_outlives_an_author_who_has_gone(self, shop, maya, sam):
        leave(maya, shop)
        maya.delete_instance()
        (line,) = shift.left_for(shop, sam, NOON + HOUR)
        assert (line.author, line.by) == (None, "")

    def test_costs_today_nothing_where_there_is_none_and_once_where_there_is(self, shop, maya, sam, rosa):
        def cost() -> tuple[int, int]:
            fresh = Shop.get_by_id(shop.id)
            day = board(fresh, NOON)
            with counted_queries() as seen:
                found = shift.left_for(fresh, sam, NOON, day)
            return len(seen), len(found)

        rosa.check_in(shop, sam, TUESDAY)  # somebody is there, so the day can tell of the line
        assert cost() == (0, 0)
        number = leave(maya, shop)
        assert [cost(), cost()] == [(2, 1), (0, 1)]
        done(maya, shop, "visit.create", customer=str(rosa.id))
        assert cost() == (0, 1), "it is kept while only customers are acted on"
        done(sam, shop, "shift.seen", hand_over=number)
        assert cost() == (2, 0)

    @pytest.mark.parametrize("lines", [0, 1, 30])
    def test_costs_two_queries_at_most_however_many_there_are(self, shop, maya, sam, lines):
        for i in range(lines):
            leave(maya, shop, f"Line {i}")
        with counted_queries() as seen:
            assert len(shift.left_for(shop, sam, NOON + HOUR)) == lines
        assert len(seen) <= 2


class TestHandingOver:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            ({}, "“text” is missing; it may be empty."),
            ({"text": ["a"]}, "“text” has to be a text."),
            ({"text": "x" * 501}, "That is one letter too many for a line that is read in passing."),
            ({"text": "x" * 510}, "That is 10 letters too many for a line that is read in passing."),
            ({"text": "", "for": "999"}, "There is no such colleague in this shop. Pick who is next once more."),
            ({"text": "", "for": {"a": 1}}, "There is no such colleague in this shop. Pick who is next once more."),
        ],
    )
    def test_is_refused_in_words(self, shop, sam, data, reason):
        answer = done(sam, shop, "shift.hand_over", **data)
        assert (answer.status, answer.reason) == ("rejected", reason)
        assert not HandOver.select().count()

    def test_goes_to_nobody_who_does_not_work_here(self, shop, maya, sam):
        gone, away, idle = hire(shop, "Gone"), hire(shop, "Away"), hire(shop, "Idle")
        Staff.update(left_at=NOON).where(Staff.id == gone.id).execute()
        Membership.delete().where(Membership.staff == away.id).execute()
        Staff.update(pin_hash="").where(Staff.id == idle.id).execute()
        assert [one.name for one in shift.team(shop, sam)] == ["Maya"]
        for one in (gone, away, idle, sam):
            assert done(sam, shop, "shift.hand_over", text="", **{"for": str(one.id)}).status == "rejected"

    def test_raises_the_shops_revision_as_every_act_does(self, shop, maya, sam):
        revisions = [Shop.get_by_id(shop.id).revision]
        number = leave(maya, shop)
        revisions.append(Shop.get_by_id(shop.id).revision)
        done(sam, shop, "shift.seen", hand_over=number)
        revisions.append(Shop.get_by_id(shop.id).revision)
        assert revisions == sorted(set(revisions))


class TestTakingALineBack:
    def test_leaves_the_shift_over_and_nothing_to_read(self, shop, maya, sam):
        number = leave(maya, shop)
        assert done(maya, shop, "shift.undo", hand_over=number).status == "applied"
        assert (shown_to(sam, shop), shift.lately(shop, NOON), HandOver.select().count()) == ([], [], 1)
        answer = done(sam, shop, "shift.seen", hand_over=number)
        assert (answer.status, answer.reason) == ("rejected", "That line is not here any more. It was taken back.")

    def test_is_its_authors_alone(self, shop, maya, sam):
        number = leave(maya, shop)
        assert done(sam, shop, "shift.undo", hand_over=number).status == "rejected"
        assert shown_to(sam, shop) == ["Oven two runs hot."]


# -- how it went


def met(minutes: int, by: str = "Sam", said: str = "", by_name: bool | None = None) -> Line:
    """Return somebody marked here so many minutes after 8:12."""
    visit = Visit(at=TUESDAY + timedelta(minutes=minutes))
    seen = [by] if by else []
    return Line(Customer(), "habit", visit=visit, seen_by=seen, prompt_outcome=said, greeted_by_name=by_name)


def waited(**known) -> Line:
    return Line(Customer(), "habit", **known)


class TestHowItWent:
    def test_counts_whom_the_team_marked_since_the_shift_began(self):
        lines = [
            met(-30),
            met(0, by_name=True),
            met(5, "Maya", said="said"),
            met(9, said="skipped"),
            met(9, by=""),
            waited(),
        ]
        assert welcomed(lines, TUESDAY) == Welcomed(people=3, by_name=1, with_words=1)

    @pytest.mark.parametrize(
        ("counts", "still", "told"),
        [
            ((0, 0, 0), 0, ""),
            ((0, 0, 0), 1, "One is still to come."),
            ((1, 0, 0), 0, "We welcomed one person on this shift."),
            ((1, 1, 1), 0, "We welcomed one person on this shift, by name and with a good word."),
            ((23, 0, 0), 2, "We welcomed 23 people on this shift. Two are still to come."),
            ((23, 23, 0), 0, "We welcomed 23 people on this shift, all by name."),
            ((23, 9, 5), 0, "We welcomed 23 people on this shift, nine by name and five with a good word."),
            ((23, 0, 1), 14, "We welcomed 23 people on this shift, one with a good word. 14 are still to come."),
        ],
    )
    def test_is_told_plainly_and_only_what_happened(self, counts, still, told):
        assert words.shift.went(Welcomed(*counts), still) == told

    @pytest.mark.parametrize(
        ("promised", "told"), [(0, ""), (1, " One promise is for today."), (2, " Two promises are for today.")]
    )
    def test_ends_with_the_promises(self, promised, told):
        assert words.shift.went(Welcomed(0, 0, 0), 1, promised) == "One is still to come." + told

    @pytest.mark.parametrize(
        ("promised", "overdue", "told"),
        [
            (1, 1, "One promise is overdue."),
            (2, 1, "Two promises are for today, one of them overdue."),
            (3, 2, "Three promises are for today, two of them overdue."),
        ],
    )
    def test_tells_the_overdue_apart(self, promised, overdue, told):
        assert words.shift.went(Welcomed(0, 0, 0), 0, promised, overdue) == told


class TestStillToCome:
    def test_is_first_what_is_ahead_then_what_is_past_then_any_time(self, shop):
        local = shop.local(NOON)
        ahead = waited(around=15 * 60, until=local + 4 * HOUR)
        past = waited(around=11 * 60, until=local - HOUR)
        long_past = waited(around=8 * 60, until=local - 4 * HOUR)
        any_time = waited()
        booked = Line(Customer(), "appointment", at=local + HOUR / 2, appointment=Appointment())
        walked_in = Line(Customer(), "walk-in")
        lines = [any_time, walked_in, long_past, past, ahead, met(1), booked]
        assert shift.still_to_come(lines, shop, NOON) == [booked, ahead, past, any_time]

    @pytest.mark.parametrize(
        ("line", "past", "told"),
        [
            (waited(around=900, reason={"kind": "weekday-around", "weekday": 1, "came": 4, "of": 4, "minute": 900}), False,
             "About 15:00, most Tuesdays"),
            (waited(around=900, reason={"kind": "weekday", "weekday": 1, "came": 2, "of": 4}), False,
             "About 15:00, came 2 of the last 4 Tuesdays"),
            (waited(around=900, reason={"kind": "weekdays", "came": 9, "of": 10, "timed": True}), False,
             "About 15:00, Mon–Fri"),
            (waited(around=900, reason={"kind": "new-face", "came": 1}), False, "About 15:00, new face"),
            (waited(part_of_day="morning", reason={"kind": "yesterday"}), False, "Came yesterday · morning"),
            (waited(), False, "Expected today"),
            (waited(around=600), True, "Usually in by now"),
            (SimpleNamespace(appointment=SimpleNamespace(service="Table for two"), at=750), False, "12:30, booked"),
            (SimpleNamespace(appointment=SimpleNamespace(service=""), at=750), True, "Was booked for 12:30"),
        ],
    )  # fmt: skip
    def test_says_when_and_why_in_a_line(self, line, past, told):
        assert words.shift.to_come(line, past) == told


def test_a_shift_is_told_from_when_to_when():
    assert words.shift.span("Maya", NOON - 5 * HOUR, NOON) == "Maya, 7:00 to 12:00"
    assert words.shift.span("Maya", NOON, NOON) == "Maya, since 12:00"
    assert words.shift.span("Ruth", NOON - 20 * HOUR, NOON) == "Ruth, since yesterday, 16:00"


def test_a_line_says_who_left_it_for_whom_and_who_has_seen_it():
    line = Left(1, "Oven two runs hot.", NOON, 1, "Maya", None, "")
    day = NOON.date()
    assert words.shift.left_by(line, day) == "From Maya, 12:00"
    assert words.shift.left_by(line, day + timedelta(days=1)) == "From Maya, yesterday, 12:00"
    assert words.shift.seen_by(line, day) == "Not seen yet"
    line.for_whom, line.for_name = 2, "Sam"
    assert words.shift.left_by(line, day) == "From Maya for Sam, 12:00"
    assert words.shift.seen_by(line, day) == "Not seen by Sam yet"
    line.seen = [Seen(2, "Sam", NOON + timedelta(minutes=4)), Seen(3, "Ana", NOON + HOUR)]
    assert words.shift.seen_by(line, day) == "Seen by Sam, 12:04 · Ana, 13:00"
    line.by = ""
    assert words.shift.left_by(line, day) == "From someone who has left for Sam, 12:00"


# -- the brief


def someone(number: int, name: str, call: str = "", **known) -> Line:
    known.setdefault("source", "habit")
    return Line(Customer(id=number, name=name, call=call), **known)


def told(lines, shop, left=(), reader=None, now=TUESDAY, owed=()) -> dict[str, list[str]]:
    found = shift.brief(lines, list(left), reader or Staff(id=99), shop, now, owed=owed)
    parts = words.shift.brief(found, "warm", shop.day_of(now), ["The day in a minute"])
    return {part.name: [sentence.striptags() for sentence in part.sentences] for part in parts}


class TestTheBrief:
    def test_is_sentences_for_each_part_that_has_anything(self, shop):
        local = shop.local(TUESDAY)
        soon, late = local.hour * 60 + 40, 15 * 60
        booked = Appointment(service="Cake pick-up, paid.")
        lines = [
            someone(
                1, "Priya R", "Priya", around=soon, until=local + HOUR, prompt={"id": "third-weekday", "weekday": 1}
            ),
            someone(2, "Joan Whitlock", source="appointment", at=local + HOUR / 2, appointment=booked),
            someone(3, "Red scarf", around=late, until=local + 8 * HOUR, reason={"kind": "new-face"}),
            someone(4, "Minh Khai", around=late, until=local + 8 * HOUR, safety=["No chilli, ever."]),
            someone(5, "Bilal Iqbal", around=late, until=local + 8 * HOUR, prompt={"id": "the-usual", "usual": "Tea"}),
        ]
        left = Left(1, "Oven two\nruns hot.", NOON - 19 * HOUR, 1, "Maya", None, "")
        assert told(lines, shop, [left]) == {
            "people": ["Five people are expected today."],
            "booked": ["Joan Whitlock is booked for 8:42: Cake pick-up, paid."],
            "hour": ["Look up for Priya at about 8:40."],
            "new": ["Red scarf is a new face."],
            "words": ["Priya: Third Tuesday in a row. Thank them for coming back."],
            "safety": ["Minh Khai: No chilli, ever."],
            "left": ["From Maya, yesterday, 17:00: Oven two runs hot."],
        }

    def test_of_an_empty_day_says_so(self, shop):
        assert told([], shop) == {"people": ["Nobody is expected yet."]}
        assert told([met(0)], shop) == {"people": ["Everyone we hoped for has been."]}

    def test_begins_with_the_hour_after_opening(self, shop):
        shop.hours = [["09:00", "17:00"]] * 7
        local = shop.local(TUESDAY)
        lines = [someone(1, "Rosa", around=9 * 60 + 50, until=local + 2 * HOUR)]
        assert told(lines, shop)["hour"] == ["Look up for Rosa at about 9:50."]

    def test_names_in_full_those_who_are_called_the_same(self, shop):
        lines = [someone(1, "Jo Mbeki", "Jo", safety=["No nuts"]), someone(2, "Jo Larsson", "Jo", safety=["No milk"])]
        assert told(lines, shop)["safety"] == ["Jo Mbeki: No nuts", "Jo Larsson: No milk"]

    def test_does_not_read_out_lateness_nor_what_a_patient_comes_for(self, shop):
        shop.called = "patient"
        booked = {"source": "appointment", "appointment": Appointment(service="Blood test"), "at": shop.local(TUESDAY)}
        late = {"id": "first-time-late", "visits": 9, "since": None}
        assert told([someone(1, "Leo", prompt=late, **booked)], shop) == {
            "people": ["One person is expected today."],
            "booked": ["Leo is booked for 8:12."],
        }

    def test_a_reader_hears_no_line_of_their_own_and_none_that_is_old(self, shop, sam):
        own = Left(1, "Mine", NOON, sam.id, "Sam", None, "")
        old = Left(2, "Old", NOON - timedelta(days=3), 7, "Maya", None, "", [Seen(8, "Ana", NOON)])
        standing = Left(3, "Still stands", NOON - timedelta(days=3), 7, "Maya", None, "")
        assert "left" not in told([], shop, [own, old], sam)
        assert told([], shop, [own, old, standing], sam)["left"] == ["From Maya, Saturday, 12:00: Still stands"]

    def test_tells_what_was_promised_to_those_still_to_come(self, shop):
        local = shop.local(TUESDAY)
        lines = [
            someone(
                1,
                "Priya R",
                "Priya",
                around=local.hour * 60 + 40,
                until=local + HOUR,
                owed=[{"text": "Keep a croissant back"}],
            ),
            someone(2, "Jo", visit=Visit(at=TUESDAY), owed=[{"text": "Not any more"}]),
        ]
        assert told(lines, shop)["promised"] == ["Priya: Keep a croissant back."]

    def test_tells_what_is_due_to_others_the_longest_overdue_first_and_counts_the_rest(self, shop):
        today = shop.day_of(TUESDAY)

        def due(number, days):
            who = Customer(id=number, name=f"Jo {number}")
            return Owed(Promise(customer=who, text=f"Part {number}.", due=today - timedelta(days=days)), who, "")

        mine = {"text": "Keep a croissant back", "due": today.isoformat()}
        lines = [someone(1, "Priya", around=900, owed=[{"text": "A leaflet", "due": None}, mine])]
        owed = [due(1, 0), due(2, 0), due(3, 4), due(4, 1)]
        assert told(lines, shop, owed=owed)["promised"] == [
            "Jo 3: Part 3, was for Friday.",
            "Jo 4: Part 4, was for yesterday.",
            "Priya: Keep a croissant back.",
            "Jo 2: Part 2.",
            "Priya: A leaflet.",
        ]
        many = told(lines, shop, owed=[due(number, number) for number in range(2, 12)])["promised"]
        assert many[-1].endswith("more stand on Today.")
        assert many[0] == "Jo 11: Part 11, was for 13 November."

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("a b c d e f g h i j k l m", "a b c d e f g h i j k l…"),
            ("a long, long promise " * 5, "a long, long promise a long, long promise a long, long promise…"),
            ("antidisestablishment " * 12, ("antidisestablishment " * 6).strip() + "…"),
            ("長" * 200, "長" * 144 + "…"),
            ("Half. Then a b c d e f g h i j k l", "Half. …"),
        ],
    )
    def test_shortens_at_the_end_of_a_word(self, shop, text, shown):
        line = someone(1, "Priya", around=900, owed=[{"text": text, "due": None}])
        assert told([line], shop)["promised"] == [f"Priya: {shown}"]

    @pytest.mark.parametrize("wordy", [1, 6], ids=["short", "wordy"])
    def test_of_sixty_is_a_minute_and_tells_of_safety_first(self, shop, wordy):
        local = shop.local(TUESDAY)
        lines = [
            someone(
                i,
                f"Given{i} Middle Family" * (1 if i % 7 else wordy),
                source="appointment" if i % 6 == 0 else "habit",
                appointment=Appointment(service="Cake pick-up " * wordy) if i % 6 == 0 else None,
                at=local + timedelta(minutes=i),
                around=local.hour * 60 + local.minute + i,
                until=local + 2 * HOUR,
                reason={"kind": "new-face"} if i % 5 == 0 else None,
                prompt={"id": "third-weekday", "weekday": 1} if i % 3 == 0 else None,
                safety=["No nuts, never. " * wordy] if i % 10 == 0 else [],
            )
            for i in range(60)
        ]
        left = Left(1, "Oven two runs hot. " * 5 * wordy, NOON, 1, "Maya", None, "")
        found = told(lines, shop, [left])
        assert {"people", "booked", "words", "safety", "left"} <= set(found)
        headings = {
            "booked": "Booked", "hour": "The first hour", "new": "New faces", "words": "Worth saying", "safety": "Safety",
            "left": "From the last shift", "people": "", "promised": "Promised",
        }  # fmt: skip
        told_of = [headings[name] for name in found]
        text = " ".join(["The day in a minute", *told_of, *(one for part in found.values() for one in part)])
        assert 100 <= len(text.split()) <= 150
        if wordy == 1:
            assert list(found) == ["people", "safety", "booked", "hour", "new", "words", "left"]
            assert len([one for one in found["safety"] if "No nuts" in one]) == 6
        assert any("more" in one for one in found["booked"])
