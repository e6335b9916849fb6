"""States win: whoever died, moved or wants to be left alone is in no list, prompt, streak, forecast or suggestion of ours."""

import re
from datetime import timedelta

import pytest

from domain import export, finding, importing, lines, nights
from domain.expected import day_list, make_list
from domain.history import histories
from domain.learning import just_met
from domain.people import WHOLE
from domain.promises import due_elsewhere, promises
from domain.prompts import prompts_for
from models import (
    STATES,
    Appointment,
    Business,
    Customer,
    DayList,
    Expected,
    Promise,
    Seen,
    Shop,
    Usual,
    Visit,
)
from tests.conftest import TUESDAY, behind_its_back, came, counted_queries, days_before, hire, signed_in, someone

TODAY = TUESDAY.date()
OTHERS = [state for state in STATES if state != "active"]
NAME = "Linny Osei"


@pytest.fixture
def linny(shop, sam):
    """Linny came every morning, and once before seven weeks ago he came less; we owe him something today."""
    one = someone(shop, NAME, pronoun="he")
    came(one, shop, *days_before(TODAY, *range(1, 50)), *days_before(TODAY, *range(57, 250, 14)), minute=8 * 60 + 10)
    Usual.create(customer=one, shop=shop, text="Nothing, thank you", author=sam, day=TODAY - timedelta(days=40))
    Promise.create(customer=one, shop=shop, text="Save the paper", author=sam, day=TODAY, at=TUESDAY, due=TODAY)
    return one


@pytest.fixture
def gone_quiet(shop):
    """Gwen came every other day, and has stayed away for seven weeks."""
    one = someone(shop, "Gwen Petrie")
    came(one, shop, *days_before(TODAY, *range(50, 250, 2)))
    return one


@pytest.fixture
def newly_met(shop):
    one = someone(shop, "Ida Novak")
    came(one, shop, *days_before(TODAY, 3))
    return one


def names(customers):
    return {customer.name if hasattr(customer, "name") else customer for customer in customers}


def shown(phone, path):
    return phone.get(path).text


def fades(shop):
    found = nights.relationships(shop, TODAY)
    return {c for change in found.fading() for c in change.customers}


def grows(shop):
    found = nights.relationships(shop, TODAY)
    return {c for change in found.growing() for c in change.customers}


# Every place where somebody may be named who has not just been asked for: who is in it, and in which states that stands.
# A new list belongs into this table; `TestEveryPage` finds those that show a name and are forgotten here.
PLACES = {
    "the list of the day": (lambda shop, phone: {one.customer.id for one in lines.lines(shop, TODAY, TUESDAY)}, ()),
    "the stored list": (lambda shop, phone: {one.customer_id for one in Expected.select()}, ()),
    "a list made again": (
        lambda shop, phone: {one.customer_id for one in make_list(shop, TODAY).expected},
        (),
    ),
    "tomorrow's list": (
        lambda shop, phone: {one.customer_id for one in make_list(shop, TODAY + timedelta(days=1)).expected},
        (),
    ),
    "words to say": (
        lambda shop, phone: set(prompts_for(shop, histories(shop, everybody(), TODAY), TODAY)),
        (),
    ),
    "who fades": (lambda shop, phone: fades(shop), ()),
    "who comes more often": (lambda shop, phone: grows(shop), ()),
    "who was just met": (lambda shop, phone: {one.customer.id for one in just_met(shop, TODAY, ())}, ()),
    "whom the day's list has just met": (
        lambda shop, phone: {one[0] for one in make_list(shop, TODAY).met},
        (),
    ),
    "Find before typing": (
        lambda shop, phone: {hit.person.id for hit in finding.likely(Shop.get_by_id(shop.id), TUESDAY).hits},
        (),
    ),
    "what is due to people who are not expected": (
        lambda shop, phone: {owed.customer.id for owed in due_elsewhere(shop, TODAY, ())},
        ("leave_alone", "moved"),
    ),
    "the promises": (
        lambda shop, phone: {
            owed.customer.id
            for group in ("coming", "waiting", "kept", "unconfirmed")
            for owed in getattr(promises(shop, TUESDAY, lines.lines(shop, TODAY, TUESDAY)), group)
        },
        ("leave_alone", "moved"),
    ),
    "Find by typing": (
        lambda shop, phone: {
            hit.person.id
            for typed in ("linny", "gwen", "ida")
            for hit in finding.found(Shop.get_by_id(shop.id), typed, TUESDAY).hits
        },
        STATES,
    ),
}  # fmt: skip


def everybody():
    return [number for (number,) in Customer.select(Customer.id).tuples()]


def is_in(place, shop, phone):
    return PLACES[place][0](shop, phone)


class TestEveryPlace:
    @pytest.mark.parametrize("state", OTHERS)
    @pytest.mark.parametrize("place", PLACES)
    def test_forgets_them_at_once_and_takes_them_back(self, shop, phone, linny, gone_quiet, newly_met, place, state):
        phone.get("/today")
        before = is_in(place, shop, phone)
        assert before & {linny.id, gone_quiet.id, newly_met.id}, "a place nobody is in proves nothing"
        for one in (linny, gone_quiet, newly_met):
            assert phone.act("customer.state", customer=str(one.id), state=state)["status"] == "applied"
        assert is_in(place, shop, phone) == (before if state in PLACES[place][1] else set())
        for one in (linny, gone_quiet, newly_met):
            assert phone.act("customer.state", customer=str(one.id), state="active")["status"] == "applied"
        day_list(shop, TODAY, fresh=True)  # as the background does, for those who are listed only to make up a number
        assert is_in(place, shop, phone) == before

    @pytest.mark.parametrize("state", OTHERS)
    def test_that_a_visit_of_yesterday_or_an_old_file_touches_stays_without_them(
        self, shop, phone, linny, tmp_path, state
    ):
        Customer.update(source_id="h900").where(Customer.id == linny.id).execute()
        phone.get("/today")
        phone.act("customer.state", customer=str(linny.id), state=state)
        since = Customer.get_by_id(linny.id).state_since
        phone.act("visit.create", at=TUESDAY - timedelta(days=1, hours=3), customer=str(linny.id))
        file = tmp_path / "old.csv"
        file.write_text(
            "customer,at,name\n" + "".join(f"h900,2026-11-{day:02}T12:40,{NAME}\n" for day in range(2, 24)),
            encoding="utf-8",
        )
        report = importing.import_visits(file, Business.get(), shop)
        assert report.added > 10, "the visits are history, and kept"
        for place, (ask, stands) in PLACES.items():
            if state not in stands:
                assert linny.id not in ask(shop, phone), place
        now = Customer.get_by_id(linny.id)
        assert (now.state, now.state_since) == (state, since)


class TestEveryPage:
    """What is shown without asking for somebody by name: every page that needs no number, but for the record of changes."""

    @pytest.fixture
    def pages(self, server):
        return sorted(
            rule.rule
            for rule in server.url_map.iter_rules()
            if "GET" in rule.methods
            and not rule.arguments
            and not rule.rule.startswith(
                ("/static", "/api", "/healthz", "/readyz", "/sign-in", "/first-run", "/settings/changes")
            )
        ) + [f"/people/{name}" for name in WHOLE]

    def walk(self, pages, phone, desk):
        return {page for page in pages for hand in (phone, desk) if "Linny" in hand.get(page).text}

    @pytest.mark.parametrize("state", OTHERS)
    def test_is_silent_about_them(self, shop, server, phone, desk, ana, linny, pages, state):
        assert {"/today", "/find", "/promises"} <= self.walk(pages, phone, desk)
        phone.act("customer.state", customer=str(linny.id), state=state)
        owed = {"/today", "/promises", "/shift", "/shift/brief"} if state != "died" else set()
        once = {"/today"} if state == "died" else set()
        left = {"/people", "/people/left"} if state == "moved" else set()  # with why
        assert self.walk(pages, phone, desk) <= owed | once | left
        for hand in (phone, desk):
            if state == "died":
                hand.act("state.seen", customer=str(linny.id))
        assert self.walk(pages, phone, desk) <= owed | left


class TestWhatIsBooked:
    @pytest.fixture
    def booked(self, shop, linny):
        def on(days, state="booked"):
            at = TUESDAY + timedelta(days=days, hours=2)
            return Appointment.create(customer=linny, shop=shop, day=at.date(), starts_at=at, state=state)

        return {"past": on(-7), "today": on(0), "later": on(20), "cancelled before": on(21, "cancelled")}

    def rows(self):
        return {one["id"]: one["state"] for one in Appointment.select().dicts()}

    def test_is_cancelled_with_a_death_and_stands_again_where_it_was_none(self, shop, phone, linny, booked):
        before = self.rows()
        phone.act("customer.state", customer=str(linny.id), state="died")
        stands = self.rows()
        assert [stands[booked[name].id] for name in booked] == ["booked", "cancelled", "cancelled", "cancelled"]
        phone.act("customer.state", customer=str(linny.id), state="active")
        assert self.rows() == before

    @pytest.mark.parametrize("state", ["leave_alone", "moved"])
    def test_stands_on_the_day_without_a_word(self, shop, phone, linny, booked, state):
        phone.get("/today")
        phone.act("customer.state", customer=str(linny.id), state=state)
        (line,) = lines.lines(shop, TODAY, TUESDAY)
        assert (line.source, line.prompts, line.reason) == ("appointment", [], None)
        row = phone.rows()[str(linny.id)]
        assert {"leave_alone": "likes to be left alone", "moved": "has left us"}[state] in row
        assert 'data-testid="here"' in row

    def test_words_shown_this_morning_are_withdrawn(self, shop, phone, linny):
        phone.act("visit.create", customer=str(linny.id))
        assert 'data-testid="prompt"' in phone.get(f"/customers/{linny.id}").text
        phone.act("customer.state", customer=str(linny.id), state="leave_alone")
        assert 'data-testid="prompt"' not in phone.get(f"/customers/{linny.id}").text
        assert Visit.select().where(Visit.outcome == "shown").count() == 1, "what was said is history"


class TestTheAct:
    def test_keeps_since_when_and_why(self, phone, linny):
        phone.act("customer.state", customer=str(linny.id), state="moved", since="2026-11-20", reason="A job in Leeds")
        now = Customer.get_by_id(linny.id)
        assert (now.state, str(now.state_since), now.state_reason) == ("moved", "2026-11-20", "A job in Leeds")
        phone.act("customer.state", customer=str(linny.id), state="active")
        now = Customer.get_by_id(linny.id)
        assert (now.state, now.state_since) == ("active", None)

    def test_goes_back_to_what_was_before(self, phone, linny):
        phone.act("customer.state", customer=str(linny.id), state="moved", since="2026-11-02", reason="Too far")
        stood = Customer.select().where(Customer.id == linny.id).dicts().get()
        was = phone.act("customer.state", customer=str(linny.id), state="died")["result"]["was"]
        phone.act("customer.state", customer=str(linny.id), **was)
        assert Customer.select().where(Customer.id == linny.id).dicts().get() == stood

    @pytest.mark.parametrize(
        "given",
        [
            {},
            {"state": "asleep"},
            {"state": "died", "since": "2026-11-25"},
            {"state": "died", "since": "soon"},
            {"state": "died", "reason": "Ill for long"},
            {"state": "leave_alone", "reason": "Had a row"},
            {"state": "moved", "reason": ["a"]},
        ],
        ids=["none", "no such", "in the future", "no day", "why somebody died", "why they want quiet", "no text"],
    )
    def test_is_refused_in_words_where_it_makes_no_sense(self, phone, linny, given):
        told = phone.act("customer.state", customer=str(linny.id), **given)
        assert (told["status"], told["reason"][-1]) == ("rejected", ".")
        assert Customer.get_by_id(linny.id).state == "active"

    def test_tells_the_second_of_two_phones_what_stands(self, phone, other_phone, linny):
        phone.act("customer.state", customer=str(linny.id), state="died", since="2026-11-20")
        second = other_phone.act("customer.state", customer=str(linny.id), state="died", since="2026-11-20")
        assert (second["status"], second["reason"]) == (
            "conflict", "That is kept already: Linny Osei died on Friday. Nothing more is asked of us.",
        )  # fmt: skip

    def test_is_taken_in_from_a_phone_that_was_offline_and_so_is_a_visit_of_before(self, phone, other_phone, linny):
        phone.act("customer.state", customer=str(linny.id), state="died")
        told = other_phone.act("visit.create", customer=str(linny.id), at=TUESDAY - timedelta(minutes=20))
        assert told["status"] == "applied"
        assert str(linny.id) not in phone.rows()

    def test_of_one_shop_is_known_in_every_other(self, server, shop, owner, phone, linny):
        second = Shop.create(business=shop.business, name="Second Street", zone="Europe/London")
        came(linny, second, *days_before(TODAY, *range(1, 60)))
        there = signed_in(server, hire(second, "Bo"))
        assert str(linny.id) in there.rows()
        phone.act("customer.state", customer=str(linny.id), state="leave_alone")
        assert str(linny.id) not in there.rows()


# What begins with somebody: after a death nothing does.
BEGINS = {
    "visit.create": {},
    "promise.create": {"text": "Save the paper"},
    "question.create": {"text": "How was Leeds?"},
    "referral.create": {"need": "a doctor", "to": "Dr C."},
    "step.create": {"text": "Carried the bag"},
    "issue.open": {"text": "The door sticks"},
    "mistake.record": {"text": "Order mixed up"},
}


class TestSomebodyWhoDied:
    """Nobody acts for them any more; what was stays to be read, and all is as before where it was not so."""

    @pytest.fixture
    def remembered(self, phone, linny):
        """All that a card can ask of us."""
        for kind, data in BEGINS.items():
            assert phone.act(kind, customer=str(linny.id), **data)["status"] == "applied"
        phone.act("note.create", customer=str(linny.id), text="No sesame, ever", safety=True)
        sent = phone.act("promise.create", customer=str(linny.id), text="Mail the recipe")["result"]["promise"]
        phone.act("promise.keep", promise=sent, channel="email")
        return linny

    def card(self, phone, one):
        return re.sub(r'value="[0-9a-f-]{36}"|nonce="[^"]*"', "", phone.get(f"/customers/{one.id}").text)

    @pytest.mark.parametrize("kind", BEGINS)
    def test_nothing_begins_with_them(self, phone, linny, kind):
        phone.act("customer.state", customer=str(linny.id), state="died")
        told = phone.act(kind, customer=str(linny.id), **BEGINS[kind])
        assert (told["status"], told["reason"]) == (
            "rejected",
            "Linny Osei has died, so nothing was kept. If that is not so, it can be taken back on the card.",
        )
        phone.act("customer.state", customer=str(linny.id), state="active")
        assert phone.act(kind, customer=str(linny.id), **BEGINS[kind])["status"] == "applied"

    @pytest.mark.parametrize("state", ["leave_alone", "moved"])
    @pytest.mark.parametrize("kind", BEGINS)
    def test_all_may_begin_with_the_others(self, phone, linny, kind, state):
        phone.act("customer.state", customer=str(linny.id), state=state)
        assert phone.act(kind, customer=str(linny.id), **BEGINS[kind])["status"] == "applied"

    @pytest.mark.parametrize(
        ("since", "hours", "status"),
        [
            (None, 1, "applied"),
            (None, 0, "rejected"),
            ("2026-11-24", 1, "applied"),
            ("2026-11-22", 49, "applied"),
            ("2026-11-22", 25, "rejected"),
        ],
        ids=["before we knew", "when we knew", "that day, before we knew", "on the day itself", "on the day after it"],
    )
    def test_a_visit_of_before_is_history(self, phone, other_phone, linny, since, hours, status):
        phone.act("customer.state", customer=str(linny.id), state="died", since=since)
        told = other_phone.act("visit.create", customer=str(linny.id), at=TUESDAY - timedelta(hours=hours))
        assert told["status"] == status

    def test_the_card_is_read_and_asks_for_nothing(self, phone, remembered):
        before = self.card(phone, remembered)
        assert len(set(re.findall(r'<form[^>]*action="([^"]+)"', before))) > 10
        phone.act("customer.state", customer=str(remembered.id), state="died")
        card = self.card(phone, remembered)
        assert set(re.findall(r'<form[^>]*action="([^"]+)"', card)) == {f"/customers/{remembered.id}/state"}
        for text in (
            "Save the paper",
            "Mail the recipe",
            "Dr C.",
            "Carried the bag",
            "The door sticks",
            "No sesame, ever",
        ):
            assert text in card
        for asked in ("Ask today", "Not expected", "Ours. Say so", "not confirmed", "Did Linny"):
            assert asked not in card
        sheet = phone.get(f"/customers/{remembered.id}/notes/new").text
        assert 'value="promise"' not in sheet
        assert "Write it as if those close to Linny Osei will read it." in sheet
        phone.act("customer.state", customer=str(remembered.id), state="active")
        assert self.card(phone, remembered) == before

    @pytest.mark.parametrize("marked", [False, True], ids=["not here today", "here today"])
    def test_is_found_without_an_act(self, shop, phone, gone_quiet, marked):
        if marked:
            phone.act("visit.create", customer=str(gone_quiet.id))
        row = phone.get("/find?q=gwen").text
        assert re.search('data-testid="(here|undo)"', row)
        phone.act("customer.state", customer=str(gone_quiet.id), state="died")
        row = phone.get("/find?q=gwen").text
        assert "Gwen" in re.sub("</?mark>", "", row)
        assert row.count("has died") == 1
        assert not re.search('data-testid="(here|undo|note-add)"', row)

    def test_is_not_taken_for_somebody_new_of_that_name(self, phone, linny):
        assert 'data-testid="same-person"' in phone.post("/customers", data={"name": NAME}).text
        phone.act("customer.state", customer=str(linny.id), state="died")
        assert phone.post("/customers", data={"name": NAME}).status_code == 303

    def test_where_nobody_knows_the_day_none_is_told(self, phone, other_phone, linny, at):
        phone.act("customer.state", customer=str(linny.id), state="died")
        for path in ("/today", f"/customers/{linny.id}"):
            assert "Linny Osei has died." in other_phone.get(path).text
        at(TUESDAY + timedelta(days=59))
        assert 'data-testid="loss"' in other_phone.get("/today").text
        at(TUESDAY + timedelta(days=61))
        assert 'data-testid="loss"' not in other_phone.get("/today").text

    def test_a_day_can_be_told_later_and_be_put_right(self, phone, linny):
        for since, told in (("", "has died."), ("2026-11-23", "died yesterday."), ("", "has died.")):
            was = Customer.get_by_id(linny.id).state_since
            phone.post(
                f"/customers/{linny.id}/edit",
                data={
                    "name": NAME, "was_name": NAME, "pronoun": "he", "was_pronoun": "he", "usual": "Nothing, thank you",
                    "was_usual": "Nothing, thank you", "state": "died", "was_state": Customer.get_by_id(linny.id).state,
                    "state_since": since, "was_state_since": str(was or ""),
                },
            )  # fmt: skip
            assert f"Linny Osei {told}" in phone.get(f"/customers/{linny.id}").text

    def test_when_we_were_told_comes_back_with_an_undo(self, phone, linny, at):
        phone.act("customer.state", customer=str(linny.id), state="died")
        stood = Customer.select().where(Customer.id == linny.id).dicts().get()
        at(TUESDAY + timedelta(days=30))
        was = phone.act("customer.state", customer=str(linny.id), state="active")["result"]["was"]
        phone.act("customer.state", customer=str(linny.id), **was)
        assert Customer.select().where(Customer.id == linny.id).dicts().get() == stood


class TestTheTeam:
    def test_is_told_of_a_death_once_each_and_for_sixty_days(self, shop, phone, other_phone, desk, linny, at):
        desk.act("customer.state", customer=str(linny.id), state="died", since="2026-11-23")
        for hand in (phone, other_phone):
            assert "Linny Osei died yesterday." in hand.get("/today").text
        assert phone.post(f"/customers/{linny.id}/state/seen").status_code == 303
        assert "Linny" not in phone.get("/today").text
        assert "Linny Osei died" in other_phone.get("/today").text
        at(TUESDAY + timedelta(days=60))
        assert "Linny" not in other_phone.get("/today").text

    def test_is_not_told_of_those_who_moved_or_want_quiet(self, phone, linny):
        for state in ("leave_alone", "moved"):
            phone.act("customer.state", customer=str(linny.id), state=state)
            assert 'data-testid="loss"' not in phone.get("/today").text
            assert phone.act("state.seen", customer=str(linny.id))["status"] == "conflict"

    def test_hears_again_where_it_was_a_mistake_once(self, phone, other_phone, linny):
        for _time in "ab":
            phone.act("customer.state", customer=str(linny.id), state="died")
            assert 'data-testid="loss"' not in phone.get("/today").text, "whoever told us need not be told"
            assert 'data-testid="loss"' in other_phone.get("/today").text
            other_phone.act("state.seen", customer=str(linny.id))
            assert Seen.select().count() == 2
            phone.act("customer.state", customer=str(linny.id), state="active")
            assert Seen.select().count() == 0

    def test_is_asked_no_more_of_the_database_where_nobody_died(self, shop, phone, linny, rosa):
        def questions():
            phone.get("/today")
            shop.changed()
            with counted_queries() as seen:
                phone.get("/today")
            return len(seen)

        before = questions()
        phone.act("customer.state", customer=str(rosa.id), state="moved")
        assert questions() == before
        phone.act("customer.state", customer=str(rosa.id), state="died")
        assert questions() == before + 2


class TestAnExport:
    def test_keeps_the_state_whoever_takes_it_back(self, shop, phone, linny, tmp_path, engine):
        phone.act("customer.state", customer=str(linny.id), state="moved", since="2026-11-20", reason="A job in Leeds")
        file = tmp_path / "all.jsonl"
        file.write_text("".join(export.lines()), encoding="utf-8")
        before = export.checksum()
        behind_its_back("DELETE FROM audit")
        for table in reversed(export.TOLD):
            table.delete().execute()
        DayList.delete().execute()
        assert export.take_back(file) > 1
        assert export.checksum() == before
        stands = Customer.get(Customer.name == NAME)
        assert (stands.state, str(stands.state_since), stands.state_reason) == ("moved", "2026-11-20", "A job in Leeds")
        again = Shop.get()
        assert linny.id not in {one.customer.id for one in lines.lines(again, TODAY, TUESDAY)}
