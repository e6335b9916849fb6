"""The card, notes and the page where a customer is changed: what is told, what is kept back, and that nothing typed is lost."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest

from models import Appointment, Customer, DayList, Expected, Note, NoteReading, Told, Usual, Visit
from tests.conftest import TUESDAY, came, counted_queries, days_before, someone

TODAY = date(2026, 11, 24)
SECRET = "He told us the door sticks"


def text_of(answer) -> str:
    """Return what a person reads of a page."""
    return text_of_html(answer.text)


def text_of_html(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def listed(shop, customer, minute=None, reason=None, **more):
    day_list = DayList.get_or_none(DayList.shop == shop.id) or DayList.create(shop=shop, day=TODAY, made_at=TUESDAY)
    window = {} if minute is None else {"around": minute, "earliest": minute - 10, "latest": minute + 10}
    return Expected.create(day_list=day_list, customer=customer, probability=0.5, reason=reason, **window, **more)


def weekday(came=7, of=8):
    dates = [day.isoformat() for day in days_before(TODAY, 21, 14, 7)]
    return {"kind": "weekday", "weekday": 1, "came": came, "of": of, "dates": dates}


@pytest.fixture
def secret(shop, rosa, sam):
    return Note.create(
        customer=rosa, shop=shop, author=sam, text=SECRET, private=True, day=TODAY - timedelta(days=7), at=TUESDAY
    )


@pytest.fixture
def note(shop, rosa, sam):
    return Note.create(
        customer=rosa, shop=shop, author=sam, text="Left-handed", day=TODAY - timedelta(days=7), at=TUESDAY
    )


class TestTheFirstLine:
    @pytest.mark.parametrize(
        ("minute", "reason", "told"),
        [
            pytest.param(8 * 60 + 15, weekday(), "Expected 8:15 · most Tuesdays", id="a time and a weekday"),
            pytest.param(None, weekday(), "Expected today · most Tuesdays", id="no honest time"),
            pytest.param(
                12 * 60 + 10,
                {"kind": "weekdays", "came": 10, "of": 10, "timed": True, "dates": []},
                "Expected 12:10 · usually 12:00 to 12:20 on weekdays",
                id="weekdays",
            ),
            pytest.param(
                None,
                {"kind": "four-weeks", "came": 3, "dates": []},
                "Expected today · came 3 times in the last four weeks",
                id="now and then",
            ),
        ],
    )
    def test_says_when_and_why(self, phone, shop, rosa, minute, reason, told):
        listed(shop, rosa, minute, reason)
        assert told in text_of(phone.get(f"/customers/{rosa.id}"))

    def test_unfolds_the_days_it_rests_on(self, phone, shop, rosa):
        listed(shop, rosa, 8 * 60 + 15, weekday())
        told = text_of(phone.get(f"/customers/{rosa.id}"))
        assert "Came 7 of the last 8 Tuesdays." in told
        assert "3 November" in told

    def test_says_who_saw_them(self, phone, other_phone, rosa):
        phone.post(f"/customers/{rosa.id}/visits")
        other_phone.post(f"/customers/{rosa.id}/visits")
        assert "Here since 8:12 · seen by Sam and Ana" in text_of(phone.get(f"/customers/{rosa.id}"))

    def test_says_when_nobody_expects_them(self, phone, rosa):
        assert "Not expected today" in text_of(phone.get(f"/customers/{rosa.id}"))


class TestTheUsual:
    def noted(self, shop, rosa, backs, chips="usual", **more):
        for back in backs:
            day = TODAY - timedelta(days=back)
            Note.create(
                customer=rosa, shop=shop, text="x", chips=chips, lifetime="next_visit", day=day, at=TUESDAY, **more
            )

    @pytest.fixture
    def seven(self, shop, rosa, sam):
        came(rosa, shop, *days_before(TODAY, *range(1, 11)))
        Usual.create(customer=rosa, shop=shop, text="Flat white", author=sam, day=TODAY - timedelta(days=8))

    def test_tells_how_often_it_was_noted_of_late(self, phone, shop, rosa, seven):
        self.noted(shop, rosa, (1, 2, 4, 5, 7))
        assert "Noted on 5 of the last 7 visits. Worth asking: “The usual?”" in text_of(
            phone.get(f"/customers/{rosa.id}")
        )

    def test_is_not_worth_asking_for_where_it_was_noted_on_fewer_than_half(self, phone, shop, rosa, seven):
        self.noted(shop, rosa, (1, 2, 4))
        told = text_of(phone.get(f"/customers/{rosa.id}"))
        assert "Noted on 3 of the last 7 visits." in told
        assert "Worth asking" not in told

    @pytest.mark.parametrize(
        ("backs", "more"),
        [
            pytest.param((1, 2), {}, id="noted twice"),
            pytest.param((8, 9, 10), {}, id="noted before it was written down what it is"),
            pytest.param((1, 2, 3), {"chips": "new"}, id="something else was noted"),
            pytest.param((1, 2, 3), {"private": True}, id="noted in private"),
        ],
    )
    def test_has_its_author_where_there_is_no_more_to_tell(self, phone, shop, rosa, seven, backs, more):
        self.noted(shop, rosa, backs, **more)
        told = text_of(phone.get(f"/customers/{rosa.id}"))
        assert "Noted on" not in told
        assert "Flat white Sam, 16 November" in told


class TestVisits:
    def test_are_counted_and_the_last_twenty_shown(self, phone, shop, rosa):
        came(rosa, shop, *days_before(TODAY, *range(1, 201)))
        told = text_of(phone.get(f"/customers/{rosa.id}"))
        assert "200 visits since May" in told
        assert "The last 20 visits" in told
        assert "Yesterday, 8:00" in told
        assert told.count(", 8:00") == 20

    def test_further_back_are_there_on_request(self, phone, shop, rosa):
        came(rosa, shop, *days_before(TODAY, *range(1, 201)))
        seen, address = 20, phone.get(f"/customers/{rosa.id}").text
        while link := re.search(r'href="(/customers/\d+/visits\?before=[^"]+)"', address):
            page = phone.get(link[1].replace("&amp;", "&"))
            assert "<h1" in page.text
            part = phone.get(link[1].replace("&amp;", "&"), headers={"HX-Request": "true"})
            assert part.text.lstrip().startswith("<li>")
            seen += part.text.count(", 8:00")
            address = part.text
        assert seen == 200

    @pytest.mark.parametrize("before", ["", "yesterday", "0001-01-01T00:00:00+14:00", "2026-11-24"])
    def test_before_any_time_at_all_are_a_page(self, phone, shop, rosa, before):
        came(rosa, shop, TODAY - timedelta(days=1))
        assert phone.get(f"/customers/{rosa.id}/visits", query_string={"before": before}).status_code == 200

    def test_in_the_future_are_not_told(self, phone, shop, rosa):
        came(rosa, shop, TODAY, minute=20 * 60)
        assert "No visit yet." in phone.get(f"/customers/{rosa.id}").text

    def test_of_somebody_who_comes_twice_a_day_are_all_in_the_dots(self, phone, shop, rosa):
        listed(shop, rosa, 8 * 60 + 20, weekday())
        for minute in (8 * 60, 15 * 60):
            came(rosa, shop, *days_before(TODAY, *range(1, 90)), minute=minute)
        card = phone.get(f"/customers/{rosa.id}")
        assert 'aria-label="Last twelve Tuesdays: came on 12"' in card.text
        assert "Last twelve Tuesdays" in text_of(card)


class TestDots:
    """Of somebody without a weekday of their own, or who has an appointment: the last twelve visits."""

    def booked(self, shop, customer, backs, minute=600, **more):
        for back in backs:
            day = TODAY - timedelta(days=back)
            Appointment.create(customer=customer, shop=shop, day=day, starts_at=shop.at(day, minute), **more)

    def finding(self, phone, customer):
        """Return what the dots say, how many there are and how many diamonds, and the line below."""
        card = phone.get(f"/customers/{customer.id}").text
        svg = re.search(r'<svg class="weeks".*?aria-label="([^"]+)">(.*?)</svg>\s*<p class="by">(.*?)</p>', card, re.S)
        assert svg
        return svg[1], svg[2].count("dot-came"), re.findall(r'dot-late".*?<title>(.*?)</title>', svg[2]), svg[3]

    def test_of_walk_ins_tell_since_when(self, phone, shop, rosa):
        listed(shop, rosa)
        came(rosa, shop, *days_before(TODAY, *range(1, 100, 3)))
        told = "Last twelve visits, the first of them 21 October"
        assert self.finding(phone, rosa) == (told, 12, [], "Last twelve visits.")

    def test_of_fewer_are_as_many_as_there_were(self, phone, shop, rosa):
        came(rosa, shop, *days_before(TODAY, 20, 40))
        assert self.finding(phone, rosa)[1:] == (2, [], "Two visits so far.")

    def test_a_diamond_is_late_and_told(self, phone, shop, rosa, at):
        listed(shop, rosa, 8 * 60 + 20, weekday())
        self.booked(shop, rosa, range(0, 84, 7))
        came(rosa, shop, *days_before(TODAY, *range(7, 84, 7)), minute=590)
        at(shop.at(TODAY, 645))
        came(rosa, shop, TODAY, minute=640)
        told = "Last twelve visits: eleven on time or early, today late"
        assert self.finding(phone, rosa) == (told, 11, ["Today late"], "Last twelve visits. A diamond is late.")

    def test_an_excused_diamond_is_told_as_ours(self, phone, shop, rosa):
        self.booked(shop, rosa, range(7, 84, 7))
        came(rosa, shop, *days_before(TODAY, *range(14, 84, 7)), minute=590)
        came(rosa, shop, TODAY - timedelta(days=7), minute=640)
        Appointment.update(cause="ours").where(Appointment.day == TODAY - timedelta(days=7)).execute()
        assert self.finding(phone, rosa)[3].endswith("A diamond is late, and that was ours.")

    def test_early_today_is_in_time_before_what_is_agreed_begins(self, phone, shop, rosa, at):
        self.booked(shop, rosa, (0, 7))
        at(shop.at(TODAY, 595))
        came(rosa, shop, *days_before(TODAY, 0, 7), minute=590)
        assert self.finding(phone, rosa)[0] == "Two visits so far: all on time or early"

    @pytest.mark.parametrize(
        ("cause", "told"),
        [
            ("", "17 November late"),
            ("theirs", "17 November late"),
            ("ours", "17 November late by our failure"),
            ("both", "17 November late, in part by our failure"),
        ],
    )
    def test_a_lateness_that_was_ours_says_so(self, phone, shop, rosa, cause, told):
        self.booked(shop, rosa, (7,), cause=cause)
        came(rosa, shop, *days_before(TODAY, 7), minute=640)
        came(rosa, shop, *days_before(TODAY, 3))
        finding = f"Two visits so far: one with no time agreed, {told}"
        assert self.finding(phone, rosa)[:3] == (finding, 1, [told])

    def test_of_many_late_are_counted(self, phone, shop, rosa):
        self.booked(shop, rosa, range(7, 42, 7))
        came(rosa, shop, *days_before(TODAY, *range(7, 42, 7)), minute=640)
        assert self.finding(phone, rosa)[0] == "Five visits so far: five late"


class TestALongNote:
    def folded(self, phone, rosa):
        return re.findall(
            r'<details class="long">.*?long__begins">(.*?)</span>', phone.get(f"/customers/{rosa.id}").text, re.S
        )

    @pytest.mark.parametrize("text", ["a " * 140, "one line\n" * 6, "Short"], ids=["280 letters", "six lines", "short"])
    def test_that_is_not_very_long_stands_whole(self, phone, rosa, text):
        phone.act("note.create", customer=str(rosa.id), text=text)
        assert self.folded(phone, rosa) == []

    @pytest.mark.parametrize("text", ["word " * 60, "one line\n" * 7, "x" * 400], ids=["letters", "lines", "one word"])
    def test_is_folded_and_whole_behind_it(self, phone, rosa, text):
        phone.act("note.create", customer=str(rosa.id), text=text)
        (begins,) = self.folded(phone, rosa)
        assert text.startswith(begins.strip().removesuffix("…").strip())
        assert len(begins) < 220
        assert text.strip() in phone.get(f"/customers/{rosa.id}").text

    def test_for_safety_never_folds(self, phone, rosa):
        phone.act("note.create", customer=str(rosa.id), text="No nuts. " * 60, safety=True)
        assert self.folded(phone, rosa) == []


class TestAQuestionOnTheSlip:
    """Words to say that ask a question: the section below does not ask it again."""

    @pytest.fixture
    def asks(self, shop, phone, rosa, at):
        def one(text, **more):
            made = phone.act("question.create", customer=str(rosa.id), text=text, **more)["result"]["question"]
            prompt = {
                "id": "their-question" if more else "question", "about": int(made), "text": text, "by": "Sam",
                "dates": ["2026-11-24"], "weekday": None, **more,
            }  # fmt: skip
            at(TUESDAY + timedelta(days=1))
            day_list = DayList.create(shop=shop, day=TODAY + timedelta(days=1), made_at=TUESDAY)
            Expected.create(day_list=day_list, customer=rosa, probability=0.5, prompts=[prompt])
            phone.act("visit.create", customer=str(rosa.id))
            return phone.get(f"/customers/{rosa.id}").text

        return one

    def test_is_asked_once_and_what_they_said_can_be_written(self, asks, phone, rosa):
        card = asks("Did the key fit?")
        assert 'data-testid="said"' in card
        assert text_of_html(card).count("id the key fit?") == 2, "the slip, and to undo"
        assert not re.search('data-testid="question-skip"|Ask today', card)
        (address,) = set(re.findall(r'action="(/questions/\d+/answer)"', card))
        card = phone.post(address, {"from": "card", "outcome": "said", "answer": "Yes, at once"}, htmx=True).text
        assert "Did the key fit? Yes, at once" in card
        assert 'data-testid="said"' not in card

    def test_that_is_too_long_for_it_is_read_below(self, asks):
        long = "Did the shoes fit in the end, or shall we look for the other pair?"
        card = asks(long)
        assert f"<bdi>{long}</bdi>" in card
        assert 'data-testid="question-skip"' not in card

    def test_of_theirs_needs_no_section(self, asks):
        card = asks("Saturday hours", theirs=True, reply="Open until three")
        assert "Open until three" in card
        assert 'data-testid="question"' not in card

    def test_that_was_skipped_on_the_slip_is_there_with_its_way_back(self, asks, phone, rosa):
        card = asks("Did the key fit?")
        (name,) = re.findall(r'name="prompt" value="([^"]+)"', card)
        form = {"from": "card", "prompt": name, "outcome": "skipped"}
        assert 'data-testid="question-unskip"' in phone.post(f"/customers/{rosa.id}/prompts", form, htmx=True).text


class TestWhatItCosts:
    @pytest.fixture
    def well_known(self, shop, rosa, sam, note, secret):
        came(rosa, shop, *days_before(TODAY, *range(1, 201)))
        for what in ("quick", "quiet"):
            Told.create(customer=rosa, what=what, author=sam, day=TODAY)
        Usual.create(customer=rosa, shop=shop, text="Flat white", author=sam, day=TODAY)
        listed(shop, rosa, 8 * 60 + 20, weekday())
        return rosa

    def test_five_questions_in_all(self, phone, shop, well_known):
        phone.get(f"/customers/{well_known.id}")
        with counted_queries() as seen:
            assert phone.get(f"/customers/{well_known.id}").status_code == 200
        assert len(seen) <= 5, "\n".join(seen)

    def test_no_more_beside_the_list(self, phone, well_known):
        phone.get(f"/customers/{well_known.id}")
        with counted_queries() as seen:
            assert phone.get(f"/customers/{well_known.id}", headers={"HX-Request": "true"}).status_code == 200
        assert len(seen) <= 5, "\n".join(seen)


class TestGreetedByName:
    def test_is_one_tap_once_they_are_here(self, phone, rosa):
        assert 'data-testid="greeted"' not in phone.get(f"/customers/{rosa.id}").text
        card = phone.post(f"/customers/{rosa.id}/visits", {"from": "card"}, htmx=True).text
        assert re.search(r'value="yes" aria-pressed="false" data-testid="greeted"', card)
        visit = Visit.get()
        card = phone.post(f"/visits/{visit.id}/greeted", {"from": "card", "greeted": "yes"}, htmx=True).text
        assert Visit.get().greeted_by_name is True
        assert re.search(r'value="no" aria-pressed="true" data-testid="greeted"', card)
        phone.post(f"/visits/{visit.id}/greeted", {"from": "card", "greeted": "no"})
        assert Visit.get().greeted_by_name is None


class TestPrivateNotes:
    def test_stand_on_no_page(self, server, phone, desk, rosa, secret, shop):
        listed(shop, rosa, 8 * 60 + 20, weekday())
        phone.post(f"/customers/{rosa.id}/visits")
        walked = 0
        for rule in server.url_map.iter_rules():
            if "GET" not in rule.methods or rule.rule.startswith(("/api/", "/static/")):
                continue
            ids = {"customer_id": rosa.id, "note_id": secret.id}
            path = rule.build({name: ids.get(name, 1) for name in rule.arguments})[1]
            for hand in (phone, desk):
                for headers in ({}, {"HX-Request": "true"}):
                    assert "door sticks" not in hand.get(path, headers=headers).text, path
                    walked += 1
        assert walked > 40
        for answer in (
            phone.post("/find", {"q": "rosa"}, htmx=True),
            phone.post(f"/customers/{rosa.id}/visits", {"from": "card"}, htmx=True),
            phone.post(f"/customers/{rosa.id}/notes", {"text": "Tall"}, htmx=True),
        ):
            assert "door sticks" not in answer.text
        assert NoteReading.select().count() == 0

    def test_are_counted_on_the_card(self, phone, rosa, secret):
        assert "1 private note: press and hold" in phone.get(f"/customers/{rosa.id}").text

    def test_read_are_recorded_with_who_and_when(self, phone, other_phone, rosa, secret, sam, ana):
        for hand in (phone, other_phone):
            assert SECRET in hand.post(f"/customers/{rosa.id}/private-notes", htmx=True).text
        read = [(reading.note, reading.staff, reading.at) for reading in NoteReading.select().order_by(NoteReading.id)]
        assert read == [(secret, sam, TUESDAY), (secret, ana, TUESDAY)]

    def test_opened_to_be_changed_are_recorded_too(self, phone, secret, sam):
        assert phone.get(f"/notes/{secret.id}/edit").status_code == 404
        sheet = phone.post(f"/notes/{secret.id}/open", htmx=True).text
        assert SECRET in sheet
        assert "data-veil" in sheet
        assert "data-draft" not in sheet
        assert NoteReading.get().staff == sam

    def test_changed_stay_private(self, phone, rosa, secret):
        answer = phone.post(f"/notes/{secret.id}", {"text": "The door is mended", "base": SECRET}, htmx=True)
        assert "mended" not in answer.text
        assert Note.get().private
        assert "mended" not in phone.get(f"/customers/{rosa.id}").text


class TestChangingANote:
    def test_keeps_who_wrote_it_and_tells_that_it_was_changed(self, phone, rosa, note):
        page = phone.get(f"/notes/{note.id}/edit").text
        assert "Left-handed</textarea>" in page
        answer = phone.post(f"/notes/{note.id}", {"text": "Right-handed", "base": "Left-handed"})
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, f"/customers/{rosa.id}")
        assert "Right-handed Sam, 17 November · changed today" in text_of(phone.get(answer.location))

    def test_that_somebody_else_changed_keeps_both_and_says_so_kindly(self, phone, other_phone, rosa, note):
        phone.post(f"/notes/{note.id}", {"text": "Right-handed", "base": "Left-handed"})
        late = {"text": "Left-handed, likes the window", "base": "Left-handed"}
        told = "Somebody changed this note while you wrote. Both are kept, side by side."
        assert told in other_phone.post(f"/notes/{note.id}", late, htmx=True).text
        answer = other_phone.post(f"/notes/{note.id}", late)
        card = text_of(other_phone.get(answer.location))
        assert told in card
        assert "Right-handed Sam" in card
        assert "Left-handed, likes the window Ana, today" in card

    @pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
    def test_that_cannot_be_kept_stands_as_it_was_typed(self, phone, note, text):
        answer = phone.post(f"/notes/{note.id}", {"text": text, "base": "Left-handed"}, htmx=True)
        assert (answer.status_code, answer.headers["HX-Retarget"]) == (422, "#sheet")
        assert f"{text}</textarea>" in answer.text
        assert 'name="base" value="Left-handed"' in answer.text
        assert Note.get().text == "Left-handed"


class TestWritingANote:
    def kept(self, phone, rosa, **fields):
        assert phone.post(f"/customers/{rosa.id}/notes", fields).status_code == 303
        return Note.select().order_by(Note.id.desc()).get()

    def test_of_chips_stands_until_the_next_visit_is_over(self, phone, rosa):
        kept = self.kept(phone, rosa, chip=["usual", "chat"], lifetime="always")
        assert (kept.text, kept.chips, kept.lifetime) == ("The usual. Liked a chat", "usual chat", "next_visit")

    def test_in_words_stands_as_long_as_was_chosen(self, phone, rosa):
        assert self.kept(phone, rosa, text="Test on Friday", lifetime="next_visit").lifetime == "next_visit"
        assert self.kept(phone, rosa, text="Left-handed").lifetime == "always"

    def test_that_is_refused_stands_as_it_was_chosen_and_typed(self, phone, rosa):
        fields = {"chip": ["usual", "chat"], "text": "Window " * 300, "lifetime": "this_visit", "seen_by": "private"}
        answer = phone.post(f"/customers/{rosa.id}/notes", fields, htmx=True)
        assert (answer.status_code, answer.headers["HX-Retarget"]) == (422, "#sheet")
        assert "Window Window" in answer.text
        checked = re.findall(r'value="(\w+)" (?:checked|selected)', answer.text)
        assert checked == ["usual", "chat", "note", "this_visit", "arrival", "private"]

    def test_on_somebody_who_wants_none_is_kindly_declined(self, phone, rosa, sam):
        Told.create(customer=rosa, what="no_notes", author=sam, day=TODAY)
        sheet = phone.get(f"/customers/{rosa.id}/notes/new").text
        assert "Rosa Marchetti asked us to write nothing down." in sheet
        assert "<textarea" not in sheet
        answer = phone.post(f"/customers/{rosa.id}/notes", {"text": "Left-handed"}, htmx=True)
        assert answer.status_code == 422
        assert "asked us to write nothing down, so nothing was kept." in answer.text
        assert Note.select().count() == 0

    def test_older_ones_are_folded_and_all_there(self, phone, rosa):
        for i in range(9):
            self.kept(phone, rosa, text=f"Fact {i}.")
        card = phone.get(f"/customers/{rosa.id}").text
        assert "3 older notes" in card
        assert [f"Fact {i}." in card for i in range(9)] == [True] * 9


class TestTheEditPage:
    FIELDS = ("name", "say_as", "call", "pronoun", "usual")

    def form(self, phone, customer):
        """Return the form as a browser without scripts would send it, unchanged."""
        page = phone.get(f"/customers/{customer.id}/edit").text
        fields: dict = {"wishes": re.findall(r'name="wishes" value="(\w+)" checked', page)}
        for name, value in re.findall(r'<input type="hidden" name="(was_\w+)" value="([^"]*)"', page):
            fields.setdefault(name, []).append(value)
        for name in self.FIELDS:
            fields[name] = fields[f"was_{name}"]
        if 'name="child" checked' in page:
            fields["child"] = "on"
        return fields

    def test_keeps_wishes_and_that_they_are_a_child(self, phone, rosa, sam):
        fields = self.form(phone, rosa)
        phone.post(f"/customers/{rosa.id}/edit", {**fields, "wishes": ["quick", "no_notes"], "child": "on"})
        assert {told.what: told.author for told in Told.select()} == {"quick": sam, "no_notes": sam}
        assert Customer.get_by_id(rosa.id).child
        card = text_of(phone.get(f"/customers/{rosa.id}"))
        assert "Likes to be quick. Sam, today" in card
        assert "Asked us to write nothing down. Sam, today" in card
        assert "A child. Words to say are for whoever comes along." in card
        fields = self.form(phone, rosa)
        assert fields["wishes"] == ["quick", "no_notes"]
        phone.post(f"/customers/{rosa.id}/edit", {**{k: v for k, v in fields.items() if k != "child"}, "wishes": []})
        assert Told.select().count() == 0
        assert not Customer.get_by_id(rosa.id).child

    def test_after_an_error_shows_what_was_typed(self, phone, rosa):
        typed = {
            "name": " ", "say_as": "ROH-za", "call": "Mrs M", "pronoun": "they", "usual": "Cortado",
            "wishes": ["quiet"], "child": "on",
        }  # fmt: skip
        answer = phone.post(f"/customers/{rosa.id}/edit", {**self.form(phone, rosa), **typed})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        for value in ("ROH-za", "Mrs M", "Cortado"):
            assert f'value="{value}"' in answer.text
        assert re.findall(r'value="(\w+)" checked', answer.text) == ["they", "quiet", "active", "household"]
        assert 'name="child" checked' in answer.text
        assert 'name="was_name" value="Rosa Marchetti"' in answer.text
        assert Customer.get_by_id(rosa.id).say_as == ""

    def test_leaves_alone_what_somebody_else_changed_meanwhile(self, phone, other_phone, rosa):
        fields = self.form(phone, rosa)
        phone.post(f"/customers/{rosa.id}/edit", {**fields, "usual": "Cortado", "wishes": ["quiet"]})
        other_phone.post(f"/customers/{rosa.id}/edit", {**fields, "say_as": "ROH-za"})
        assert Usual.get().text == "Cortado"
        assert Customer.get_by_id(rosa.id).say_as == "ROH-za"
        assert [told.what for told in Told.select().order_by(Told.id)] == ["quiet", "say_as"]

    def test_shows_what_somebody_else_wrote_meanwhile_before_it_goes(self, phone, other_phone, rosa):
        to, fields = f"/customers/{rosa.id}/edit", self.form(phone, rosa)
        other_phone.post(to, {**self.form(other_phone, rosa), "usual": "Long black"})
        answer = phone.post(to, {**fields, "usual": "Cortado"})
        assert answer.status_code == 422
        assert "Somebody changed this while you wrote: it is “Long black” now." in answer.text
        assert 'value="Cortado"' in answer.text
        again = {**fields, "was_usual": "Long black", "usual": "Cortado", "action": str(uuid4())}
        assert 'name="was_usual" value="Long black"' in answer.text
        assert phone.post(to, again).status_code == 303
        assert Usual.get().text == "Cortado"

    def test_of_another_business_is_not_there(self, phone, shop):
        assert someone(shop, "Ours").id
        assert phone.get("/customers/999/edit").status_code == 404
