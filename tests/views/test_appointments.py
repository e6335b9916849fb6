"""Agreed times on pages: the sheet, the card, and the page of all that is agreed with somebody."""

import re
from datetime import timedelta

import pytest

import clock
from domain.appointments import length_of
from models import Appointment, Customer, Note, Series, Shop
from tests.conftest import TUESDAY, came, counted_queries, days_before

WEDNESDAY = {"day": "2026-11-25", "time": "10:00", "minutes": "30"}
TODAY = {**WEDNESDAY, "day": "2026-11-24", "time": "15:00"}


def book(phone, whom, htmx=True, **more):
    return phone.post("/appointments", {"customer": whom.id, **WEDNESDAY, **more}, htmx=htmx)


def card(phone, who):
    return phone.get(f"/customers/{who.id}").text


def undo(phone, answer):
    """Tap Undo in the toast of an answer, as a browser would."""
    form = re.search(r'<form method="post" action="([^"]+)"(?:(?!</form>).)*toast-undo', answer.text, re.S)
    assert form, "no way back is offered"
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[0]))
    return phone.post(form[1], fields, htmx="hx-post" in form[0])


def choices(answer):
    return re.findall(r'name="(at|squeeze|leave_out|customer)" value="([^"]+)"', answer.text)


class TestTheSheet:
    def test_books_what_is_filled_in(self, phone, shop, rosa):
        answer = book(phone, rosa, **{"with": "Nadia", "service": "Cut", "minutes": "45"})
        assert "Booked: tomorrow at 10:00." in answer.text
        one = Appointment.get()
        assert (one.wall, one.with_whom, one.service, length_of(one)) == ("2026-11-25T10:00", "Nadia", "Cut", 45)
        undo(phone, answer)
        assert not Appointment.select().exists()

    def test_without_scripts_leads_to_the_card_with_the_way_back(self, phone, rosa):
        answer = book(phone, rosa, htmx=False)
        assert answer.status_code == 303
        page = phone.get(answer.location)
        assert "Booked: tomorrow at 10:00." in page.text
        undo(phone, page)
        assert not Appointment.select().exists()

    def test_shows_the_notes_for_booking(self, phone, shop, rosa, sam):
        for moment in ("booking", "arrival"):
            Note.create(
                customer=rosa, shop=shop, author=sam, text=f"At {moment}", moment=moment, day=shop.today(), at=TUESDAY
            )
        sheet = phone.get(f"/customers/{rosa.id}/appointments/new").text
        assert "At booking" in sheet
        assert "At arrival" not in sheet

    @pytest.mark.parametrize(
        ("typed", "told"),
        [
            ({"time": ""}, "Pick a day and a time."),
            ({"day": "soon"}, "Pick a day and a time."),
            ({"day": "2026-11-23"}, "That day is over."),
            ({"minutes": "x"}, "Minutes are a whole number"),
            ({"every_weeks": "1", "times": "0"}, "How many times is a whole number between 1 and 1000."),
            ({"every_weeks": "1", "until": "2026-11-24"}, "The last day of a series cannot be before its first."),
        ],
    )
    def test_says_what_is_wrong_and_loses_nothing(self, phone, rosa, typed, told):
        answer = book(phone, rosa, **{"with": "Nadia", "service": "Cut", **typed})
        assert (answer.status_code, answer.headers["HX-Retarget"]) == (422, "#sheet")
        assert told in answer.text
        for kept in ("Nadia", "Cut", *[value for value in typed.values() if value not in ("x", "soon")]):
            assert f'value="{kept}"' in answer.text
        assert not Appointment.select().exists()

    def test_books_nobody_who_died(self, phone, rosa):
        phone.act("customer.state", customer=str(rosa.id), state="died")
        assert "has died. Nothing is booked any more." in book(phone, rosa).text
        assert 'data-testid="book"' not in card(phone, rosa)


class TestAClash:
    @pytest.fixture
    def clash(self, phone, rosa, okafor):
        book(phone, rosa, **{"with": "Nadia"})
        return book(phone, okafor, **{"with": "Nadia", "service": "Beard", "time": "10:15"})

    def test_tells_who_has_the_time_and_loses_nothing(self, clash):
        assert clash.status_code == 422
        assert "Rosa Marchetti is booked with Nadia tomorrow at 10:00." in clash.text
        for kept in ("Nadia", "Beard", "10:15", "2026-11-25"):
            assert f'value="{kept}"' in clash.text

    def test_a_free_time_is_one_tap(self, phone, okafor, clash):
        free = [value for name, value in choices(clash) if name == "at"]
        assert free[0] == "2026-11-25T10:30:00+00:00"
        answer = book(phone, okafor, **{"with": "Nadia", "service": "Beard", "time": "10:15", "at": free[0]})
        assert "Booked: tomorrow at 10:30." in answer.text
        assert Appointment.select().order_by(Appointment.id.desc()).get().service == "Beard"

    def test_squeezing_in_is_one_tap(self, phone, okafor, clash):
        assert ("squeeze", "yes") in choices(clash)
        book(phone, okafor, **{"with": "Nadia", "time": "10:15", "squeeze": "yes"})
        assert Appointment.select().count() == 2
        assert "Tomorrow at 10:15" in card(phone, okafor)

    def test_of_a_series_the_days_can_be_left_out(self, phone, rosa, okafor):
        book(phone, rosa, day="2026-12-02")
        series = {"every_weeks": "1", "times": "3"}
        answer = book(phone, okafor, **series)
        assert [name for name, _ in choices(answer)] == ["customer", "leave_out", "squeeze"]
        answer = book(phone, okafor, leave_out="yes", **series)
        assert "Booked 2 times, first tomorrow at 10:00. Left out: Wednesday 2 December." in answer.text
        undo(phone, answer)
        assert (Series.select().count(), Appointment.select().count()) == (0, 1)

    def test_of_moving_is_told_in_the_sheet_too(self, phone, rosa, okafor):
        book(phone, rosa)
        book(phone, okafor, time="12:00")
        one = Appointment.get(Appointment.customer == okafor.id)
        answer = phone.post(f"/appointments/{one.id}/move", WEDNESDAY, htmx=True)
        assert answer.status_code == 422
        assert [name for name, _ in choices(answer)] == ["at", "at", "at", "squeeze"]

    def test_leaves_nobody_behind_who_was_new(self, phone, rosa):
        book(phone, rosa)
        answer = phone.post("/appointments", {**WEDNESDAY, "who": "Pia", "customer": "new"}, htmx=True)
        assert "Rosa Marchetti is booked" in answer.text
        assert Customer.select().count() == 1, "nobody is added until their time is had"
        later = {**WEDNESDAY, "who": "Pia", "customer": "new", "squeeze": "yes"}
        assert "Booked: tomorrow at 10:00." in phone.post("/appointments", later, htmx=True).text
        assert Appointment.select().count() == Customer.select().count() == 2


class TestATimeToThinkTwiceOf:
    @pytest.mark.parametrize(
        ("typed", "told"),
        [
            ({"day": "2026-11-24", "time": "07:00"}, "That was 72 minutes ago."),
            (
                {"day": "2027-03-28", "time": "01:30"},
                "The clock goes forward on Sunday 28 March: there is no 1:30, it would be 2:30.",
            ),
            ({"time": "19:00"}, "On Wednesday 25 November the shop is open from 7:30 to 16:00."),
            ({"day": "2026-11-29"}, "The shop is closed on Sunday 29 November."),
            ({"day": "2028-01-12"}, "That is more than a year ahead: Wednesday 12 January 2028."),
        ],
    )
    def test_is_said_and_can_be_had(self, phone, shop, rosa, typed, told):
        if told.startswith(("On ", "The shop")):
            Shop.update(hours=[["07:30", "16:00"]] * 6 + [None]).execute()
        answer = book(phone, rosa, **typed)
        assert (answer.status_code, told in answer.text) == (422, True)
        assert 'name="anyway" value="yes"' in answer.text
        assert not Appointment.select().exists()
        assert "Booked: " in book(phone, rosa, anyway="yes", **typed).text
        one = Appointment.get()
        moved = phone.post(f"/appointments/{one.id}/move", {**WEDNESDAY, **typed}, htmx=True)
        assert told in moved.text
        assert "Move it all the same" in moved.text

    def test_is_asked_once_though_it_is_taken_as_well(self, phone, rosa, okafor):
        book(phone, rosa, anyway="yes", day="2026-11-24", time="07:00")
        answer = book(phone, okafor, anyway="yes", day="2026-11-24", time="07:00")
        assert "Rosa Marchetti is booked" in answer.text
        assert '<input type="hidden" name="anyway" value="yes">' in answer.text


class TestWhileTheyAreOnTheTelephone:
    def test_it_says_that_no_reminder_can_reach_them(self, phone, shop, rosa, mail):
        told = "No reminder can reach them yet: ask for an address."
        assert told in book(phone, rosa).text
        phone.act("contact.add", customer=str(rosa.id), kind="email", address="rosa@example.org")
        assert told not in book(phone, rosa, time="12:00").text

    def test_where_nothing_is_sent_it_says_nothing(self, phone, rosa):
        assert "No reminder" not in book(phone, rosa).text

    def test_a_day_a_week_off_has_its_weekday(self, phone, rosa):
        assert "Booked: Wednesday 2 December at 10:00." in book(phone, rosa, day="2026-12-02").text

    def test_it_says_that_they_are_told_of_a_change(self, phone, rosa, mail, at):
        from domain import outbox

        phone.act("contact.add", customer=str(rosa.id), kind="email", address="rosa@example.org")
        book(phone, rosa)
        claimed = outbox.claim("me", clock.now())
        assert claimed is None
        at(TUESDAY + timedelta(hours=2))
        left = outbox.claim("me", clock.now())
        assert left is not None
        outbox.settle(left, "handed_over", "", "")
        one = Appointment.get()
        answer = phone.post(f"/appointments/{one.id}/cancel", {"from": "card"}, htmx=True)
        assert "Cancelled: tomorrow at 10:00. They are told in half a minute." in answer.text
        assert "half a minute" not in undo(phone, answer).text


class TestForSomebodyToBeNamed:
    def test_asks_which_of_those_called_so(self, phone, rosa):
        answer = phone.post("/appointments", {**WEDNESDAY, "who": "rosa", "service": "Cut"}, htmx=True)
        assert choices(answer) == [("customer", str(rosa.id)), ("customer", "new")]
        assert 'value="Cut"' in answer.text
        book(phone, rosa, who="rosa")
        assert Appointment.get().customer == rosa

    def test_adds_somebody_new_who_is_not_here(self, phone, shop):
        phone.post("/appointments", {**WEDNESDAY, "who": "Red scarf"}, htmx=True)
        one = Customer.get()
        assert (one.name, one.visits.count(), one.appointments.count()) == ("Red scarf", 0, 1)

    def test_who_is_new_is_not_asked_about_again(self, phone, rosa):
        typed = {**WEDNESDAY, "time": "", "who": "Rosa", "customer": "new"}
        answer = phone.post("/appointments", typed, htmx=True)
        assert choices(answer) == [("customer", "new")]
        phone.post("/appointments", {**typed, "time": "10:00"}, htmx=True)
        assert [one.name for one in Customer.select().order_by(Customer.id)] == ["Rosa Marchetti", "Rosa"]

    def test_needs_a_name(self, phone, shop):
        assert "Say who it is for" in phone.post("/appointments", WEDNESDAY, htmx=True).text

    def test_from_find_brings_the_name_along_in_the_body(self, phone, rosa):
        sheet = phone.post("/appointments/new", {"name": "rosa"}).text
        assert 'name="who" value="rosa"' in sheet
        assert ("customer", str(rosa.id)) in re.findall(r'name="(customer)" value="([^"]+)"', sheet)
        assert 'formaction="/appointments/new"' in phone.get("/find").text

    def test_from_today(self, phone, rosa):
        assert 'href="/appointments/new"' in phone.get("/today").text


class TestOnToday:
    def test_a_time_is_there_at_once_and_what_it_is_for_is_not(self, phone, rosa):
        book(phone, rosa, **TODAY, service="Blood test")
        (row,) = phone.rows().values()
        assert "<time>15:00</time>" in row
        one = Appointment.get()
        phone.post(f"/appointments/{one.id}/move", {**TODAY, "time": "16:30", "service": "Blood test"})
        page = phone.get("/today").text
        assert "<time>16:30</time>" in page
        phone.post(f"/appointments/{one.id}/cancel")
        assert phone.rows() == {}
        for where in ("/today", "/shift", "/find"):
            assert "Blood test" not in page + phone.get(where).text

    def test_two_in_a_day_and_a_habit_are_one_row_at_the_first_that_stands(self, phone, shop, rosa):
        came(rosa, shop, *days_before(shop.today(), 7, 14, 21, 28), minute=9 * 60)
        for time in ("15:00", "11:00"):
            book(phone, rosa, **{**TODAY, "time": time})
        (row,) = phone.rows().values()
        assert "<time>11:00</time>" in row
        first = Appointment.get(Appointment.wall == "2026-11-24T11:00")
        phone.post(f"/appointments/{first.id}/cancel")
        (row,) = phone.rows().values()
        assert "<time>15:00</time>" in row


class TestTheCard:
    def test_shows_the_next_two_and_leads_to_the_rest(self, phone, rosa):
        book(phone, rosa, every_weeks="1", times="5", service="Cut")
        page = card(phone, rosa)
        assert page.count('data-testid="appointment"') == 2
        assert "And three more, until 23 December" in page
        assert "Every week on Wednesday, until 23 December" in page
        everything = phone.get(f"/customers/{rosa.id}/appointments").text
        assert everything.count('data-testid="appointment"') == 5
        assert "Cut" not in everything

    def test_holds_what_it_is_for_behind_a_fold(self, phone, rosa):
        book(phone, rosa, service="Blood test")
        page = card(phone, rosa)
        folded = re.findall(r"<details.*?</details>", page, re.S)
        assert sum("Blood test" in part for part in folded) == page.count("Blood test") == 1

    def test_costs_no_query_more(self, phone, shop, rosa):
        card(phone, rosa)
        with counted_queries() as before:
            card(phone, rosa)
        book(phone, rosa, every_weeks="1")
        card(phone, rosa)
        with counted_queries() as after:
            card(phone, rosa)
        assert len(after) == len(before)

    def test_what_somebody_who_is_here_has_come_for_is_ahead_no_more(self, phone, rosa, at):
        book(phone, rosa, **{**TODAY, "time": "08:30"})
        book(phone, rosa, **TODAY)
        at(TUESDAY + timedelta(minutes=20))
        phone.act("visit.create", customer=str(rosa.id))
        page = card(phone, rosa)
        assert page.count('data-testid="appointment"') == 1
        assert "Today at 15:00" in page


class TestEachActOnTheCard:
    """What was done is told in words, and Undo brings back what was before."""

    @pytest.fixture
    def one(self, phone, rosa):
        book(phone, rosa, **TODAY, every_weeks="1", times="4")
        return Appointment.select().order_by(Appointment.starts_at).get()

    def on(self, phone, path, **fields):
        return phone.post(path, {"from": "card", **fields}, htmx=True)

    def now(self):
        columns = (
            "wall", "state", "with_whom", "grace_minutes", "late_minutes", "confirmed_at", "confirmed_how", "service"
        )  # fmt: skip
        stand = Appointment.select().order_by(Appointment.series_day)
        return [{name: getattr(one, name) for name in columns} for one in stand]

    @pytest.mark.parametrize(
        ("path", "fields", "told"),
        [
            ("cancel", {}, "Cancelled: today at 15:00."),
            ("late", {"minutes": "10"}, "They said they will be 10 minutes late."),
            ("grace", {"minutes": "25"}, "Up to 25 minutes after it is no lateness: set for this one."),
            ("confirm", {}, "They will be there, they told us, today."),
            ("confirm", {"how": "phone"}, "They will be there, they said on the phone, today."),
        ],
        ids=["cancelled", "late", "grace", "confirmed", "by phone"],
    )
    def test_of_one(self, phone, one, path, fields, told):
        before = self.now()
        answer = self.on(phone, f"/appointments/{one.id}/{path}", **fields)
        assert told in answer.text
        assert self.now() != before
        undo(phone, answer)
        assert self.now() == before

    def test_of_its_series(self, phone, rosa, one):
        before = self.now()
        ended = self.on(phone, f"/series/{one.series_id}/end", from_day="2026-12-01")
        assert "Every week on Tuesday: ended from 1 December on." in ended.text
        assert [row["state"] for row in self.now()] == ["booked", *["cancelled"] * 3]
        assert 'data-testid="series-resume"' in card(phone, rosa)
        resumed = undo(phone, ended)
        assert self.now() == before
        undo(phone, resumed)
        assert [row["state"] for row in self.now()] == ["booked", *["cancelled"] * 3]

    def test_of_moving(self, phone, one):
        Appointment.update(service="Cut", with_whom="Nadia").where(Appointment.id == one.id).execute()
        before = self.now()
        moved = {**TODAY, "time": "17:00", "with": "Omar", "service": "Shave"}
        answer = phone.post(f"/appointments/{one.id}/move", moved, htmx=True)
        assert "Moved: today at 17:00." in answer.text
        undo(phone, answer)
        assert self.now() == before

    def test_of_one_squeezed_in_brings_it_back_beside_the_other(self, phone, okafor, one):
        book(phone, okafor, **TODAY, squeeze="yes")
        squeezed = Appointment.get(Appointment.customer == okafor.id)
        undo(phone, self.on(phone, f"/appointments/{squeezed.id}/cancel"))
        assert Appointment.get_by_id(squeezed.id).state == "booked"

    def test_on_the_page_of_all_leads_back_there_with_undo(self, phone, rosa, one):
        before = self.now()
        answer = phone.post(f"/appointments/{one.id}/cancel", {"from": "list"})
        page = phone.get(answer.location)
        assert "Cancelled: today at 15:00." in page.text
        assert 'data-testid="restore"' in page.text
        undo(phone, page)
        assert self.now() == before

    def test_of_another_shops_is_not_there(self, phone, rosa, shop, one):
        elsewhere = Shop.create(business=shop.business, name="Second Street")
        Appointment.update(shop=elsewhere).execute()
        for path in ("cancel", "late", "move"):
            assert phone.post(f"/appointments/{one.id}/{path}").status_code == 404

    def test_learned_grace_is_told_as_that(self, phone, shop, rosa):
        for day in days_before(shop.today(), 7, 14, 21, 28, 35, 42):
            Appointment.create(customer=rosa, shop=shop, day=day, starts_at=shop.at(day, 600))
            came(rosa, shop, day, minute=613)
        book(phone, rosa, **TODAY)
        assert "Up to 20 minutes after it is no lateness: learned from how they come." in card(phone, rosa)


class TestWhatTheyAsk:
    @pytest.mark.parametrize(("reply", "told"), [("move", "They ask to move it"), ("wrong", "They have another day")])
    def test_leads_the_card_with_move(self, phone, rosa, reply, told):
        book(phone, rosa)
        asked = {"reply": reply, "reply_text": "After five, please", "replied_at": clock.now()}
        Appointment.update(**asked).execute()
        page = card(phone, rosa)
        assert told in page
        assert "After five, please" in page
        assert page.index('data-testid="asks-move"') < page.index('data-testid="agreed"')
        phone.post(f"/appointments/{Appointment.get().id}/move", {**WEDNESDAY, "time": "17:30"})
        assert told not in card(phone, rosa)
