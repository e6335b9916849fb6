"""The page a shift lives on: every act as a plain form and by htmx, the poll, its states, and a fixed number of queries."""

import re
from datetime import date, timedelta

import pytest

import words
from domain import expected
from models import Appointment, DayList, Expected, Note, Shop, Usual, Visit
from tests.conftest import TUESDAY, came, counted_queries, days_before, rows_in, someone

TODAY = date(2026, 11, 24)


def listed(shop, customer, minute=None, prompt=None):
    """Put somebody on today's list, at a minute after midnight or at any time."""
    day_list = DayList.get_or_none(DayList.shop == shop.id) or DayList.create(shop=shop, day=TODAY, made_at=TUESDAY)
    window = {} if minute is None else {"around": minute, "earliest": minute - 10, "latest": minute + 10}
    reason = {"kind": "visits", "came": 3, "dates": ["2026-11-17"], "since": "2026-11-01"}
    prompts = [prompt] if prompt else []
    shop.changed()  # this is no act, so it has to be told
    return Expected.create(
        day_list=day_list, customer=customer, probability=0.5, reason=reason, prompts=prompts, **window
    )


@pytest.fixture
def regular(shop, rosa):
    """Rosa, expected at 8:30, with something to say."""
    came(rosa, shop, *days_before(TODAY, 9, 5, 2))
    Usual.create(customer=rosa, shop=shop, text="Flat white", day=TODAY)
    listed(shop, rosa, 8 * 60 + 30, prompt={"id": "the-usual", "usual": "Flat white", "by": "", "dates": []})
    return rosa


def piece(pattern: str, page: str, group: int = 0) -> str:
    """Return the first piece of a page that matches."""
    match = re.search(pattern, page, re.S)
    assert match, pattern
    return match[group]


def heading(page: str) -> str:
    return re.sub(r"\s+", " ", piece(r"<h1[^>]*>(.*?)</h1>", page, 1)).strip()


def form_in(html: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form that posts to an address, as a browser without scripts would send them."""
    form = piece(rf'<form[^>]*action="{re.escape(action)}".*?</form>', html)
    assert 'method="post"' in form
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


class TestEveryActAsAPlainForm:
    def test_here(self, phone, regular):
        page = phone.get("/today").text
        answer = phone.post(f"/customers/{regular.id}/visits", form_in(page, f"/customers/{regular.id}/visits"))
        assert answer.status_code == 303
        after = phone.get(answer.location).text
        assert 'data-arrived="true"' in rows_in(after)[str(regular.id)]
        assert "Rosa Marchetti is here." in after, "the toast stands on the page that follows"

    def test_undo(self, phone, regular):
        phone.act("visit.create", customer=str(regular.id))
        to = f"/visits/{Visit.select().order_by(Visit.at.desc()).get().id}/undo"
        answer = phone.post(to, form_in(phone.get("/today").text, to))
        assert answer.status_code == 303
        assert 'data-arrived="false"' in rows_in(phone.get(answer.location).text)[str(regular.id)]

    def test_a_note(self, phone, rosa, sam):
        to = f"/customers/{rosa.id}/notes"
        fields = form_in(phone.get(f"{to}/new").text, to)
        answer = phone.post(
            to, {**fields, "chip": ["hurry", "chat"], "text": "Asked about oat milk", "seen_by": "team"}
        )
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, f"/customers/{rosa.id}")
        card = phone.get(answer.location).text
        assert "In a hurry. Liked a chat. Asked about oat milk" in card
        assert "Kept. Thank you." in card
        undo = f"/notes/{Note.get().id}/undo"
        again = phone.post(undo, form_in(card, undo))
        assert "Undone. It is gone." in phone.get(again.location).text
        assert Note.select().count() == 0

    def test_a_note_of_chips_alone(self, phone, rosa):
        assert phone.post(f"/customers/{rosa.id}/notes", {"chip": "friend"}).status_code == 303
        assert Note.get().text == "Brought a friend"

    def test_a_note_that_says_nothing_stays_on_its_page(self, phone, rosa):
        answer = phone.post(f"/customers/{rosa.id}/notes", {"text": "  ", "chip": "nonsense"})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert Note.select().count() == 0

    def test_a_note_too_long_comes_back_as_it_was_typed(self, phone, rosa):
        answer = phone.post(f"/customers/{rosa.id}/notes", {"text": "Window " * 300})
        assert answer.status_code == 422
        assert "Window Window" in answer.text
        assert "too long" in answer.text

    def test_words_said(self, phone, regular):
        phone.act("visit.create", customer=str(regular.id))
        to = f"/customers/{regular.id}/prompts"
        fields = form_in(phone.get("/today").text, to)
        answer = phone.post(to, {**fields, "outcome": "said"})
        assert answer.status_code == 303
        assert Visit.get(Visit.prompt.is_null(False)).outcome == "said"
        assert "Said today." in phone.get(f"/customers/{regular.id}").text

    def test_words_skipped(self, phone, regular):
        phone.act("visit.create", customer=str(regular.id))
        answer = phone.post(
            f"/customers/{regular.id}/prompts", {"prompt": "the-usual", "outcome": "skipped", "from": "card"}
        )
        assert (answer.status_code, answer.location) == (303, f"/customers/{regular.id}")
        assert 'data-testid="prompt"' not in phone.get(answer.location).text

    def test_somebody_new_by_a_word(self, phone, shop):
        fields = form_in(phone.get("/find?q=Red+scarf").text, "/customers")
        answer = phone.post("/customers", fields)
        assert answer.status_code == 303
        after = phone.get(answer.location).text
        assert "Red scarf is here." in after
        assert "<b>1 here:</b>" in after

    def test_a_name_and_the_usual(self, phone, rosa):
        to = f"/customers/{rosa.id}/edit"
        fields = form_in(phone.get(to).text, to)
        answer = phone.post(
            to,
            {
                **fields,
                "name": "Rosa M",
                "call": "Mrs Marchetti",
                "say_as": "ROH-za",
                "pronoun": "she",
                "usual": "Cortado",
            },
        )
        assert (answer.status_code, answer.location) == (303, f"/customers/{rosa.id}")
        card = phone.get(answer.location).text
        assert "Rosa M" in card
        assert "call her Mrs Marchetti" in card
        assert "ROH-za" in card
        assert "Cortado" in card

    def test_private_notes(self, phone, rosa):
        phone.act("note.create", customer=str(rosa.id), text="Moved out in May", private=True)
        assert "Moved out in May" not in phone.get(f"/customers/{rosa.id}").text
        assert "Moved out in May" in phone.post(f"/customers/{rosa.id}/private-notes").text

    def test_sent_twice_is_done_once(self, phone, regular):
        fields = form_in(phone.get("/today").text, f"/customers/{regular.id}/visits")
        before = regular.visits.count()
        first, second = [phone.post(f"/customers/{regular.id}/visits", fields) for _ in range(2)]
        assert (first.status_code, second.status_code) == (303, 303)
        assert regular.visits.count() == before + 1


class TestEveryActByHtmx:
    def test_here_answers_with_the_row_and_a_toast_beside_it(self, phone, regular):
        answer = phone.post(f"/customers/{regular.id}/visits", htmx=True)
        assert answer.status_code == 200
        assert answer.text.lstrip().startswith(f'<li id="p-{regular.id}"')
        assert answer.text.count("<li ") == 1
        assert re.search(r'<div id="toast"[^>]*hx-swap-oob="true"', answer.text)
        assert "Rosa Marchetti is here." in answer.text
        assert 'data-testid="prompt"' in answer.text, "the words are said when they come"
        assert "<html" not in answer.text

    def test_undo_answers_with_the_row_as_it_was(self, phone, regular):
        before = phone.rows()[str(regular.id)]
        visit = phone.act("visit.create", customer=str(regular.id))["result"]["visit"]
        answer = phone.post(f"/visits/{visit}/undo", {"customer": regular.id, "open": "1"}, htmx=True)
        assert "Undone. Rosa Marchetti is expected again." in answer.text
        bare = lambda row: re.sub(r'(nonce|value)="[^"]*"', "", row.split("</li>")[0])  # noqa: E731
        assert bare(answer.text.strip()) == bare(before)

    def test_undo_of_somebody_unexpected_does_not_expect_them(self, phone, okafor):
        visit = phone.act("visit.create", customer=str(okafor.id))["result"]["visit"]
        answer = phone.post(f"/visits/{visit}/undo", {"customer": okafor.id}, htmx=True)
        assert "Undone. Mr Okafor is not marked here." in answer.text

    def test_undone_by_a_colleague_is_told(self, phone, other_phone, rosa):
        visit = phone.act("visit.create", customer=str(rosa.id))["result"]["visit"]
        other_phone.act("visit.undo", visit=visit)
        answer = phone.post(f"/visits/{visit}/undo", {"customer": rosa.id}, htmx=True)
        assert answer.status_code == 409
        assert "That visit was already taken back." in answer.text

    @pytest.mark.parametrize(("customer", "code"), [("junk", 200), ("", 200), ("9" * 30, 404), ("-1", 404)])
    def test_undo_sent_twice_with_junk_beside_it_breaks_nothing(self, phone, rosa, customer, code):
        visit = phone.act("visit.create", customer=str(rosa.id))["result"]["visit"]
        key = "5f0cbb0e-9dd5-4b8e-b7ad-1c3f4a1d1f00"
        phone.post(f"/visits/{visit}/undo", {"customer": rosa.id, "action": key}, htmx=True)
        answer = phone.post(f"/visits/{visit}/undo", {"customer": customer, "action": key}, htmx=True)
        assert answer.status_code == code  # without a number it is known by the act whom it was about

    def test_from_the_card_answers_with_the_card(self, phone, regular):
        answer = phone.post(f"/customers/{regular.id}/visits", {"from": "card"}, htmx=True)
        assert 'data-testid="card"' in answer.text
        assert "Here since 8:12" in answer.text

    def test_a_note_answers_with_thanks(self, phone, rosa):
        answer = phone.post(f"/customers/{rosa.id}/notes", {"text": "Left-handed"}, htmx=True)
        assert answer.status_code == 200
        assert "Kept. Thank you." in answer.text

    def test_a_note_that_says_nothing_is_told_in_its_sheet(self, phone, rosa):
        answer = phone.post(f"/customers/{rosa.id}/notes", {"text": ""}, htmx=True)
        assert (answer.status_code, answer.headers["HX-Retarget"]) == (422, "#sheet")
        assert 'role="alert"' in answer.text

    def test_words_skipped_come_back_by_undo(self, phone, regular):
        phone.act("visit.create", customer=str(regular.id))
        to = f"/customers/{regular.id}/prompts"
        answer = phone.post(to, {"prompt": "the-usual", "outcome": "skipped"}, htmx=True)
        assert "Skipped." in answer.text
        assert 'data-testid="prompt"' not in answer.text
        again = phone.post(to, {"outcome": "undo"}, htmx=True)
        assert 'data-testid="prompt"' in again.text
        assert phone.post(to, {"outcome": "undo"}, htmx=True).status_code == 409

    def test_an_undo_of_one_of_two_who_saw_them_says_who_still_does(self, phone, other_phone, regular):
        visit = other_phone.act("visit.create", customer=str(regular.id))["result"]["visit"]
        phone.act("visit.create", customer=str(regular.id))
        answer = phone.post(f"/visits/{visit}/undo", {"customer": str(regular.id)}, htmx=True)
        assert f"Undone for you. Ana saw {regular.called} too: still here." in re.sub("<[^>]+>", "", answer.text)
        assert "expected again" not in answer.text

    def test_words_said_stay_said(self, phone, regular):
        phone.act("visit.create", customer=str(regular.id))
        answer = phone.post(f"/customers/{regular.id}/prompts", {"prompt": "the-usual", "outcome": "said"}, htmx=True)
        assert "Said." in answer.text
        assert 'data-testid="prompt"' not in answer.text

    def test_asking_for_the_day_answers_with_the_day_alone(self, phone, regular):
        answer = phone.get("/today", headers={"HX-Request": "true"})
        assert answer.text.lstrip().startswith('<div id="day"')
        assert "<html" not in answer.text

    def test_finding_answers_with_the_results_alone(self, phone, rosa):
        answer = phone.get("/find?q=marchetti", headers={"HX-Request": "true"})
        assert answer.text.lstrip().startswith('<div id="results"')
        assert "Rosa Marchetti" in answer.text


class TestThePoll:
    def asked_again(self, hand, tag):
        return hand.get("/today", headers={"HX-Request": "true", "HX-PTag": tag})

    def test_is_told_that_nothing_changed(self, phone, regular):
        tag = phone.get("/today").headers["HX-PTag"]
        answer = self.asked_again(phone, tag)
        assert (answer.status_code, answer.text) == (304, "")

    def test_costs_two_questions_at_most_when_nothing_changed(self, phone, regular):
        tag = phone.get("/today").headers["HX-PTag"]
        with counted_queries() as seen:
            self.asked_again(phone, tag)
        assert len(seen) <= 2

    @pytest.mark.parametrize(
        "act",
        [
            lambda one: ("visit.create", {"customer": str(one.id)}),
            lambda one: ("note.create", {"customer": str(one.id), "text": "Nuts, never", "safety": True}),
            lambda one: ("usual.set", {"customer": str(one.id), "text": "Cortado"}),
            lambda one: ("customer.create", {"name": "Red scarf", "here": True}),
            lambda one: ("prompt.said", {"customer": str(one.id), "prompt": "the-usual"}),
            lambda one: ("customer.name", {"customer": str(one.id), "name": "Rosa M"}),
        ],
        ids=["an arrival", "a note", "a usual", "somebody new", "words said", "a name"],
    )
    def test_brings_what_another_phone_changed(self, phone, other_phone, regular, act):
        tag = phone.get("/today").headers["HX-PTag"]
        kind, data = act(regular)
        assert other_phone.act(kind, **data)["status"] == "applied"
        answer = self.asked_again(phone, tag)
        assert answer.status_code == 200
        assert answer.headers["HX-PTag"] != tag
        assert self.asked_again(phone, answer.headers["HX-PTag"]).status_code == 304

    def test_shows_the_colleagues_tap(self, phone, other_phone, regular):
        tag = phone.get("/today").headers["HX-PTag"]
        other_phone.post(f"/customers/{regular.id}/visits", htmx=True)
        assert 'data-arrived="true"' in rows_in(self.asked_again(phone, tag).text)[str(regular.id)]

    def test_follows_the_clock_once_a_minute(self, phone, regular, at):
        tag = phone.get("/today").headers["HX-PTag"]
        at(TUESDAY + timedelta(seconds=59))
        assert self.asked_again(phone, tag).status_code == 304
        at(TUESDAY + timedelta(seconds=60))
        assert self.asked_again(phone, tag).status_code == 200

    def test_of_another_shops_tag_is_answered_in_full(self, desk, shop):
        second = Shop.create(business=shop.business, name="Second Street", zone=shop.zone)
        tag = desk.get("/today").headers["HX-PTag"]
        assert desk.get(f"/today?shop={second.id}", headers={"HX-PTag": tag}).status_code == 200


class TestTheNumberOfQueries:
    @staticmethod
    def people(shop, sam, count):
        for i in range(count):
            one = someone(shop, f"Guest {i:02d}")
            Usual.create(customer=one, shop=shop, text="Tea", author=sam, day=TODAY)
            Note.create(customer=one, shop=shop, author=sam, text="Quick", moment="list", day=TODAY, at=TUESDAY)
            listed(
                shop,
                one,
                (7 * 60 + i * 9) if i % 3 else None,
                prompt={"id": "the-usual", "usual": "Tea", "by": "", "dates": []},
            )
            if i % 2:
                one.check_in(shop, sam, TUESDAY - timedelta(minutes=i * 7))
            if i % 5 == 0:
                Appointment.create(customer=one, shop=shop, day=TODAY, starts_at=TUESDAY + timedelta(minutes=i * 3))

    def test_is_the_same_for_seven_and_for_sixty(self, phone, shop, sam):
        Appointment.create(customer=someone(shop, "Only booked"), shop=shop, day=TODAY, starts_at=TUESDAY)
        counts = []
        for count in (7, 60):
            Expected.delete().execute()
            self.people(shop, sam, count)
            phone.get("/today")  # words for those only booked are looked up once
            shop.changed()
            with counted_queries() as seen:
                page = phone.get("/today").text
            assert len(re.findall(r"<li id=", page)) >= count
            counts.append(len(seen))
        assert counts[0] == counts[1]
        assert counts[0] <= 3

    def test_of_a_search_is_the_same_for_one_and_for_twelve(self, phone, shop, sam):
        self.people(shop, sam, 12)
        counts = []
        for query in ("Guest 01", "Guest"):
            with counted_queries() as seen:
                phone.get("/find", query_string={"q": query})
            counts.append(len(seen))
        assert counts[0] == counts[1]


class TestItsStates:
    def test_the_first_day(self, phone, shop):
        page = phone.get("/today").text
        assert heading(page) == "Good morning, Sam"
        assert "Nobody is expected yet. That is how every first day looks." in page
        assert 'href="/find"' in page

    def test_people_we_are_learning(self, phone, shop, rosa, okafor):
        came(rosa, shop, TODAY - timedelta(days=1), minute=8 * 60 + 34)
        came(okafor, shop, TODAY - timedelta(days=2))
        page = phone.get("/today").text
        assert page.count('data-testid="met-row"') == 2
        assert "Seen once, yesterday about 8:30" in page

    def test_somebody_soon(self, phone, regular):
        page = phone.get("/today").text
        assert heading(page) == "One to look up for"
        assert "<time>8:30</time>" in phone.rows()[str(regular.id)]

    def test_two_soon(self, phone, shop, regular, okafor):
        listed(shop, okafor, 9 * 60)
        assert heading(phone.get("/today").text) == "Two to look up for"

    def test_a_quiet_hour(self, phone, shop, rosa):
        listed(shop, rosa, 15 * 60 + 40)
        page = phone.get("/today").text
        assert heading(page) == "One later today"
        assert "One is due after 15:30." in page

    def test_whoever_is_left_is_past_their_time(self, phone, shop, rosa):
        begins = shop.at(TODAY, 6 * 60)
        Appointment.create(customer=rosa, shop=shop, day=TODAY, starts_at=begins)
        assert heading(phone.get("/today").text) == "One past their time"

    def test_nobody_has_an_honest_time(self, phone, shop, rosa, okafor):
        listed(shop, rosa), listed(shop, okafor)
        page = phone.get("/today").text
        assert heading(page) == "Two expected some time"
        assert 'data-testid="any-time"' in page

    def test_all_here(self, phone, regular, at):
        phone.act("visit.create", customer=str(regular.id))
        at(TUESDAY + timedelta(minutes=5))
        page = phone.get("/today").text
        assert heading(page) == "All here"
        assert "Everyone we hoped for has been. Nicely done." in page
        assert "<b>1 here:</b>" in page

    def test_past_the_usual_time(self, phone, regular, at):
        at(TUESDAY + timedelta(minutes=30))
        row = phone.rows()[str(regular.id)]
        assert "Usually in by now" in row
        assert 'data-testid="prompt"' not in row

    def test_booked_and_past_the_grace(self, phone, shop, rosa, at):
        Appointment.create(
            customer=rosa, shop=shop, day=TODAY, starts_at=TUESDAY, service="Cake pick-up", with_whom="Nadia"
        )
        assert "with Nadia" in phone.rows()[str(rosa.id)]
        assert "Cake pick-up" not in phone.get("/today").text
        at(TUESDAY + timedelta(minutes=11))
        assert "Was booked for 8:12" in phone.rows()[str(rosa.id)]

    def test_booked_and_not_by_habit_has_words_too(self, phone, shop, rosa):
        came(rosa, shop, TODAY - timedelta(days=3))
        Appointment.create(customer=rosa, shop=shop, day=TODAY, starts_at=TUESDAY + timedelta(minutes=20))
        assert "Second visit." in phone.rows()[str(rosa.id)]

    def test_cancelled_is_not_expected(self, phone, shop, rosa):
        Appointment.create(customer=rosa, shop=shop, day=TODAY, starts_at=TUESDAY, state="cancelled")
        assert phone.rows() == {}

    def test_sixty_expected(self, phone, shop):
        for i in range(60):
            listed(shop, someone(shop, f"Guest {i:02d}"), 8 * 60 + 20 + i * 10)
        assert len(phone.rows()) == 60

    def test_evening(self, phone, at):
        at(TUESDAY + timedelta(hours=11))
        assert heading(phone.get("/today").text) == "Good evening, Sam"


class TestNames:
    @pytest.mark.parametrize(
        ("name", "lang"),
        [
            pytest.param("نور الهدى عبد الرحمن", "ar", id="right to left"),
            pytest.param("רחל בן־דוד", "he", id="Hebrew"),
            pytest.param("Wolfgang-Maximilian von Hohenlohe-Waldenburg-Schillingsfürst", "de", id="long"),
            pytest.param("Ọláwálé", "", id="marked vowels"),
            pytest.param("李", "zh", id="one letter"),
        ],
    )
    def test_stand_apart_from_the_text_around_them(self, phone, shop, name, lang):
        one = someone(shop, name, lang=lang)
        listed(shop, one, 8 * 60 + 30)
        attribute = f' lang="{lang}"' if lang else ""
        assert f'<bdi class="person"{attribute}>{name}</bdi>' in phone.rows()[str(one.id)]
        assert f"<bdi{attribute}>{name}</bdi>" in phone.get(f"/customers/{one.id}").text

    def test_of_those_here_stand_apart_in_the_strip(self, phone, shop, okafor):
        okafor.call = "نور"
        okafor.save()
        phone.act("visit.create", customer=str(okafor.id))
        strip = piece(r'data-testid="strip".*?</summary>', phone.get("/today").text)
        assert "<bdi>نور</bdi>" in strip

    @pytest.mark.parametrize("query", ["marchetti", "MARCH", "rosa m", "flat wh"])
    def test_are_found_by_any_part_and_by_the_usual(self, phone, regular, query):
        assert "Rosa Marchetti" in phone.get("/find", query_string={"q": query}).text

    @pytest.mark.parametrize("query", ["%", "_", "'", "\\", "zzz"])
    def test_are_not_found_by_a_sign_that_means_anything_to_a_database(self, phone, regular, query):
        page = phone.get("/find", query_string={"q": query}).text
        assert 'data-testid="nobody"' in page


class TestAnotherShop:
    def test_can_be_entered_and_stays(self, desk, shop):
        second = Shop.create(business=shop.business, name="Second Street", zone=shop.zone)
        assert "Second Street" in desk.get("/choose-shop").text
        assert desk.post(f"/shops/{second.id}/enter").location == "/today"
        desk.post("/customers", {"name": "Red scarf"})
        assert Visit.get().shop == second

    def test_in_a_form_holds_though_another_was_entered_since(self, desk, shop, rosa):
        second = Shop.create(business=shop.business, name="Second Street", zone=shop.zone)
        listed(shop, rosa, 8 * 60 + 30)
        fields = form_in(desk.get("/today").text, f"/customers/{rosa.id}/visits")
        desk.post(f"/shops/{second.id}/enter")
        desk.post(f"/customers/{rosa.id}/visits", fields)
        assert Visit.get().shop == shop


def test_the_list_is_made_once_and_not_on_every_view(phone, shop, rosa, monkeypatch):
    came(rosa, shop, *[TODAY - timedelta(days=back) for back in range(1, 40)])
    made, make = [], expected.make_list

    def counted(*given):
        made.append(given)
        return make(*given)

    monkeypatch.setattr(expected, "make_list", counted)
    for _ in range(3):
        phone.get("/today")
        phone.act("visit.create", customer=str(rosa.id))
        phone.post(f"/customers/{rosa.id}/visits", htmx=True)
    assert len(made) == 1


class TestTheWordAfterAPlainForm:
    def test_here_and_undo_are_both_told_and_not_the_day_after(self, phone, rosa, at):
        here = phone.post(f"/customers/{rosa.id}/visits")
        assert f"{rosa.name} is here." in phone.get(here.location).text
        undone = phone.post(f"/visits/{rosa.visits.get().id}/undo", {"customer": rosa.id})
        assert f"Undone. {rosa.name}" in phone.get(undone.location).text
        assert f"{rosa.name} is here." not in phone.get(here.location).text
        phone.post(f"/customers/{rosa.id}/visits")
        assert f"Undone. {rosa.name}" not in phone.get(undone.location).text
        at(TUESDAY + timedelta(days=1))
        assert phone.get(here.location).status_code == 200


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Rosa Marchetti", "Rosa M."),
        ("Jo Mbeki-Larsson", "Jo M."),
        ("Mr Okafor", "Mr O."),
        ("Priya", "Priya"),
        ("Red scarf", "Red scarf"),
        ("مريم حداد", "مريم ح."),
    ],
    ids=["two words", "a double name", "a form of address", "one word", "a word they are known by", "another script"],
)
def test_a_surname_is_shortened_to_its_first_letter(name, short):
    assert words.short_name(name) == short


def test_surnames_of_the_list_are_short_where_the_owner_wishes(shop, phone, rosa):
    phone.act("visit.create", customer=str(rosa.id))
    assert "Rosa Marchetti</bdi>" in phone.get("/today").text
    Shop.update(preferences={"short_surnames": True}).where(Shop.id == shop.id).execute()
    shop.changed()
    assert "Rosa M.</bdi>" in phone.get("/today").text
    assert "Rosa Marchetti</bdi>" not in phone.get("/today").text
    assert "Rosa Marchetti" in phone.get(f"/customers/{rosa.id}").text


def test_notes_that_were_shown_wake_with_the_phone_only_where_the_owner_wishes(phone, desk):
    assert "data-wakes" not in phone.get("/today").text
    assert desk.act("setting.change", name="hide_on_wake", value=False)["status"] == "applied"
    assert "data-wakes" in phone.get("/today").text


def test_a_day_on_which_the_shop_is_closed_says_so(phone, desk):
    closed = [{"day": "2026-11-24", "name": "Stocktaking"}]
    assert desk.act("setting.change", name="closed_days", value=closed)["status"] == "applied"
    page = phone.get("/today").text
    assert "Closed today: Stocktaking." in page
    assert "every first day" not in page
