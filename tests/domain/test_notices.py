"""Whom a phone tells what while nobody looks: whoever is signed in there, on their shift, each thing once, and no name."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from domain import access, actions, alarms, notices, owners, phones
from domain.actions import Act
from models import (
    Appointment,
    Audit,
    CallTask,
    DayList,
    Expected,
    Message,
    Notice,
    Promise,
    Session,
    Shop,
    Staff,
    Subscription,
    Visit,
)
from tests.conftest import TUESDAY, counted_queries, hire, someone
from tests.push_service import Browser

NINE_TO_FIVE = [["09:00", "17:00"]] * 6 + [None]
ALL = ("late", "promise", "silence")


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def session_of(token: str) -> Session:
    found = access.session_for(token)
    assert found
    return found


def enter(staff: Staff, phone=None, shop=None) -> Session:
    """Sign somebody in on a phone, on a new one where none is named."""
    phone = phone or access.admit_phone(staff, "A phone")[0]
    return session_of(access.enter_on_phone(staff, phone, shop or staff.shops.first()))


def ask(session: Session, *kinds: str, browser: str = "", place=None) -> Subscription:
    wanted = kinds or notices.kinds_for(session)
    place = Browser().place if place is None else place
    assert notices.choose(session, browser, wanted, place, "", "https://shop.example.org")
    found = notices.here(session, browser)
    return found or Subscription()


def on_tuesday(at) -> None:
    """Let it be Tuesday, 8:12, and whoever signed in the day before be there as if they had today."""
    at(TUESDAY)
    Session.update(seen_at=TUESDAY, expires_at=TUESDAY + timedelta(hours=8)).where(Session.ended_at.is_null()).execute()


def due_now() -> list[tuple[str, str]]:
    """Return who is told what now."""
    import clock

    return [(one.subscription.staff.name, one.event.kind) for one in notices.due(clock.now())]


@pytest.fixture(autouse=True)
def earlier(at):
    """What was asked for was asked for the day before: what is so already is no news."""
    at(TUESDAY - timedelta(days=1))


@pytest.fixture
def late(shop, rosa, at):
    """Rosa was booked for 8:00, our reminder bounced, and it is 8:12."""
    Shop.update(grace_minutes=5).execute()
    starts = TUESDAY - minutes(12)
    one = Appointment.create(customer=rosa, shop=shop, day=TUESDAY.date(), starts_at=starts)
    Message.create(
        shop=shop, kind="reminder", way="email", customer=rosa, appointment=one, message_id="m", state="bounced",
        due_at=starts, deadline=starts, next_at=starts, at=starts, ended_at=starts,
    )  # fmt: skip
    return one


@pytest.fixture
def owed(shop, rosa):
    """Something was promised for today, the week before."""
    day = TUESDAY.date()
    return Promise.create(
        customer=rosa, shop=shop, text="A loaf", due=day, day=day - timedelta(days=7), at=TUESDAY - timedelta(days=7)
    )


@pytest.fixture
def silent(shop):
    """Nothing was sent for ten minutes, and the owner is being told."""

    def told(about="silence-1"):
        alarms.tell(shop, about, TUESDAY, lambda name: ("Not going out", name))

    return told


class TestSomebodyIsLate:
    def test_is_told_where_our_reminder_failed(self, sam, late, at):
        ask(enter(sam))
        on_tuesday(at)
        assert due_now() == [("Sam", "late")]

    @pytest.mark.parametrize(
        ("what", "told"),
        [
            ("nothing", True),
            ("came", False),
            ("came long before, and left", True),
            ("rung", False),
            ("confirmed", False),
            ("another reminder arrived", False),
            ("moved", False),
            ("cancelled", False),
            ("died", False),
            ("within the grace", False),
            ("within their own grace", False),
            ("an hour ago", False),
            ("reminded", False),
        ],
    )
    def test_is_told_only_while_it_is_so(self, sam, shop, rosa, late, at, what, told):
        ask(enter(sam))
        on_tuesday(at)
        day, mine = TUESDAY.date(), Appointment.id == late.id
        if what == "came":
            Visit.create(customer=rosa, shop=shop, day=day, at=TUESDAY - minutes(2))
        elif what.startswith("came long"):
            Visit.create(customer=rosa, shop=shop, day=day, at=TUESDAY - timedelta(hours=4))
        elif what == "rung":
            CallTask.create(shop=shop, customer=rosa, appointment=late, at=TUESDAY, outcome="reached")
        elif what == "confirmed":
            Appointment.update(confirmed_at=TUESDAY).where(mine).execute()
        elif what.startswith("another"):
            row = Message.get().__data__ | {"id": None, "message_id": "n", "state": "delivered", "way": "sms"}
            Message.create(**row)
        elif what == "moved":
            Appointment.update(sequence=1, starts_at=TUESDAY - minutes(8)).where(mine).execute()
        elif what == "cancelled":
            Appointment.update(state="cancelled").where(mine).execute()
        elif what == "died":
            type(rosa).update(state="died").execute()
        elif what == "within the grace":
            Shop.update(grace_minutes=15).execute()
        elif what == "within their own grace":
            listed = DayList.create(shop=shop, day=day, made_at=TUESDAY)
            Expected.create(day_list=listed, customer=rosa, probability=1, by_habit=False, punctual={"grace": 20})
        elif what == "an hour ago":
            Appointment.update(starts_at=TUESDAY - minutes(60)).where(mine).execute()
        elif what == "reminded":
            Message.update(state="handed_over").execute()
        assert (due_now() == [("Sam", "late")]) is told

    def test_is_told_once_until_it_is_another_time(self, sam, late, at):
        ask(enter(sam))
        on_tuesday(at)
        for _again in range(2):
            (one,) = notices.due(TUESDAY)
        assert notices.claim(one, TUESDAY)
        notices.settle(one, "sent", "", 0, TUESDAY)
        assert due_now() == []
        assert Notice.select().count() == 1
        Appointment.update(sequence=1, starts_at=TUESDAY - minutes(8)).execute()
        Message.update(sequence=1).execute()
        assert due_now() == [("Sam", "late")]

    def test_is_over_where_they_came_before_it_left(self, sam, rosa, shop, late, at):
        ask(enter(sam))
        on_tuesday(at)
        assert due_now() == [("Sam", "late")]
        Visit.create(customer=rosa, shop=shop, day=TUESDAY.date(), at=TUESDAY)
        assert due_now() == []
        Visit.delete().execute()  # it was somebody else
        (one,) = notices.due(TUESDAY)
        notices.claim(one, TUESDAY)
        Visit.create(customer=rosa, shop=shop, day=TUESDAY.date(), at=TUESDAY)
        assert due_now() == []
        assert [(one.ended, one.next_at) for one in Notice.select()] == [("over", None)], "it may have left"

    def test_of_before_somebody_asked_is_no_news(self, sam, late, at):
        at(TUESDAY)
        ask(enter(sam))
        assert due_now() == []


class TestAPromiseIsDue:
    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({}, True),
            ({"kept_at": TUESDAY}, False),
            ({"closed_at": TUESDAY, "closed_reason": "They moved"}, False),
            ({"due": TUESDAY.date() + timedelta(days=1)}, False),
            ({"day": TUESDAY.date()}, False),
        ],
        ids=["open", "kept", "closed", "due tomorrow", "made today"],
    )
    def test_is_told_once_a_day_however_many_there_are(self, sam, shop, owed, at, change, told):
        row = owed.__data__ | {"id": None}
        Promise.create(**row)
        Promise.update(**{"text": "Two loaves"} | change).execute()
        session = enter(sam)
        ask(session)
        on_tuesday(at)
        assert (due_now() == [("Sam", "promise")]) is told

    def test_of_another_shop_is_not_told_here(self, sam, shop, owed, at):
        second = Shop.create(business=shop.business, name="Second Street")
        Promise.update(shop=second).execute()
        ask(enter(sam))
        on_tuesday(at)
        assert due_now() == []


class TestRemindersAreNotGoingOut:
    @pytest.mark.parametrize(
        ("about", "told"),
        [
            ("silence-20261124T080000", True),
            ("email-sign-in-refused-20261124", True),
            ("sms-no-credit-20261124", True),
            ("unwatched-20261124T080000", False),
            ("down-20261124T080000", False),
            ("pin-1-17000000", False),
            ("password-1-17000000", False),
        ],
    )
    def test_is_told_to_the_owner_in_their_own_browser_whatever_the_hour(self, shop, owner, silent, at, about, told):
        Shop.update(hours=[["20:00", "21:00"]] * 7).execute()
        ask(session_of(owners.enter(owner, "", "", "password")[0]), browser="b")
        at(TUESDAY)  # their time there is over since the evening
        silent(about)
        assert (due_now() == [("Ruth", "silence")]) is told

    def test_is_told_to_managers_of_that_shop_alone(self, shop, silent, at):
        second = Shop.create(business=shop.business, name="Second Street")
        for place, name in ((shop, "Mo"), (second, "Nia")):
            ask(enter(hire(place, name, "manager")))
        on_tuesday(at)
        silent("email-sign-in-refused-1")
        assert due_now() == [("Mo", "silence")]
        silent("silence-1")  # this one is of all the shops
        assert due_now() == [("Mo", "silence")] * 2 + [("Nia", "silence")]

    def test_is_no_business_of_staff_nor_of_an_owner_by_pin(self, shop, sam, owner, silent, at):
        for staff in (sam, owner):
            session = enter(staff)
            assert "silence" not in notices.kinds_for(session)
            ask(session, *ALL)
        Subscription.update(kinds=list(ALL)).execute()
        on_tuesday(at)
        silent()
        assert due_now() == []

    def test_ends_for_who_is_a_manager_no_longer(self, shop, silent, at):
        mo = hire(shop, "Mo", "manager")
        ask(enter(mo))
        Staff.update(role="staff").where(Staff.id == mo.id).execute()
        on_tuesday(at)
        silent()
        assert due_now() == []

    def test_of_another_business_is_not_told_here(self, shop, owner, silent, at):
        _elsewhere, eve = access.open_shop("Elsewhere", "UTC", "Eve")
        ask(session_of(owners.enter(eve, "", "", "password")[0]), browser="b")
        at(TUESDAY)
        silent()
        assert due_now() == []


class TestTheShift:
    @pytest.mark.parametrize(
        ("hours", "told"),
        [
            (None, True),
            ([["08:00", "17:00"]] * 7, True),
            ([["09:12", "17:00"]] * 7, True),
            ([["09:13", "17:00"]] * 7, False),
            ([["06:00", "07:12"]] * 7, True),
            ([["06:00", "07:11"]] * 7, False),
            ([None] * 7, False),
        ],
        ids=["not told", "open", "an hour before", "earlier", "an hour after", "later", "closed"],
    )
    def test_bounds_what_staff_are_told(self, sam, shop, late, at, hours, told):
        Shop.update(hours=hours).execute()
        ask(enter(sam, shop=Shop.get_by_id(shop.id)))
        on_tuesday(at)
        assert (due_now() == [("Sam", "late")]) is told

    def test_is_over_with_the_session(self, sam, late, at):
        session = enter(sam)
        ask(session)
        at(TUESDAY)
        for change in (
            {"expires_at": TUESDAY - minutes(1)},
            {"seen_at": TUESDAY - timedelta(hours=5)},
            {"ended_at": TUESDAY},
        ):
            Session.update(seen_at=TUESDAY, expires_at=TUESDAY + timedelta(hours=8), ended_at=None).execute()
            assert due_now() == [("Sam", "late")], change
            Session.update(**change).execute()
            assert due_now() == [], change
            Notice.delete().execute()

    def test_goes_on_when_they_sign_in_again_on_that_phone(self, sam, late, at):
        first = enter(sam)
        ask(first)
        access.leave(first)
        at(TUESDAY)
        assert due_now() == []
        enter(sam, first.phone)
        assert due_now() == [("Sam", "late")]


class TestOnePhoneSeveralPeople:
    def test_whoever_is_signed_in_gets_what_they_asked_for(self, sam, ana, late, at):
        first = enter(sam)
        ask(first, "late")
        second = enter(ana, first.phone)  # Sam did not sign out
        on_tuesday(at)
        assert due_now() == []
        ask(second, "promise", place={**Browser("https://push.example.net/2").place})
        assert due_now() == []
        assert {one.endpoint for one in Subscription.select()} == {"https://push.example.net/2"}, "it is one browser"
        enter(sam, first.phone)
        assert due_now() == [("Sam", "late")]

    def test_an_owners_browser_forgets_when_somebody_else_signs_in(self, owner, ana, silent, at):
        token, browser = owners.enter(owner, "", "", "password")
        ask(session_of(token), browser=browser)
        at(TUESDAY)
        silent()
        notices.taken_over(browser, owner)
        assert due_now() == [("Ruth", "silence")]
        notices.taken_over(browser, ana)
        assert due_now() == []

    def test_an_owner_who_signs_out_is_told_nothing_until_they_are_back(self, owner, silent, at):
        token, browser = owners.enter(owner, "", "", "password")
        ask(session_of(token), browser=browser)
        access.leave(session_of(token))
        at(TUESDAY)
        silent()
        assert due_now() == []
        owners.enter(owner, browser, "", "password")
        assert due_now() == [("Ruth", "silence")]

    def test_a_program_cannot_ask(self, owner):
        assert notices.kinds_for(session_of(access.start_session(owner, "token"))) == ()


class TestTheEnd:
    @pytest.fixture
    def asked(self, sam, late, at):
        session = enter(sam)
        ask(session)
        on_tuesday(at)
        assert due_now() == [("Sam", "late")]
        return session

    def test_comes_with_the_phone_being_shut_out(self, asked):
        access.shut_out(asked.phone)
        assert due_now() == []
        assert (Subscription.select().count(), Notice.select().count()) == (0, 0)

    def test_comes_with_the_phone_being_let_in_anew(self, asked, sam):
        link, _invitation = phones.new_code(sam)
        invitation = access.open_invitation("phone", link.token)
        assert invitation
        assert phones.let_in(invitation, "Sam’s phone", before=asked.phone)
        assert due_now() == []

    def test_comes_with_its_person_leaving_and_can_be_taken_back_with_that(self, asked, sam, owner, shop, at):
        def act(kind):
            answer = actions.perform(Act(str(uuid4()), kind, TUESDAY, {"staff": sam.id}), owner, shop)
            assert answer.done, answer.reason

        act("staff.leave")
        assert due_now() == []
        act("staff.back")
        assert due_now() == [("Sam", "late")]
        act("staff.leave")
        notices.forget(TUESDAY + timedelta(hours=25))
        assert Subscription.select().count() == 0

    def test_comes_with_another_shop(self, asked, shop):
        second = Shop.create(business=shop.business, name="Second Street")
        Session.update(shop=second).execute()
        assert due_now() == []

    def test_comes_with_choosing_nothing(self, asked):
        assert notices.choose(asked, "", [], {}, "", "")
        assert (due_now(), Subscription.select().count()) == ([], 0)

    def test_comes_after_months_unused(self, asked):
        notices.forget(TUESDAY + timedelta(days=89))
        assert Subscription.select().count() == 1
        notices.forget(TUESDAY + timedelta(days=91))
        assert Subscription.select().count() == 0

    def test_of_what_was_told_comes_in_days(self, asked):
        notices.forget(TUESDAY + timedelta(days=2))
        assert Notice.select().count() == 1
        notices.forget(TUESDAY + timedelta(days=4))
        assert Notice.select().count() == 0

    @pytest.mark.parametrize(("states", "left"), [(["gone"], 0), (["refused"] * 2, 1), (["refused"] * 3, 0)])
    def test_comes_with_a_place_that_takes_nothing(self, asked, states, left):
        for state in states:
            (one,) = notices.due(TUESDAY)
            notices.claim(one, TUESDAY)
            notices.settle(one, state, "x", 0, TUESDAY)
            Notice.delete().execute()
        assert Subscription.select().count() == left

    def test_is_not_near_where_it_was_refused_now_and_then(self, asked):
        for state in ("refused", "refused", "sent", "refused", "refused"):
            (one,) = notices.due(TUESDAY)
            notices.claim(one, TUESDAY)
            notices.settle(one, state, "x", 0, TUESDAY)
            Notice.delete().execute()
        assert Subscription.select().count() == 1


class TestChoosing:
    def test_is_of_the_kinds_there_are_for_them(self, sam):
        session = enter(sam)
        assert notices.kinds_for(session) == ("late", "promise")
        assert ask(session, "promise", "silence", "gossip").kinds == ["promise"]

    def test_needs_to_know_where(self, sam):
        assert not notices.choose(enter(sam), "", ["late"], {}, "", "")
        assert Subscription.select().count() == 0

    def test_again_keeps_the_place(self, sam):
        session = enter(sam)
        first = ask(session, "late")
        second = ask(session, "promise", place={})
        assert (second.id, second.endpoint, second.kinds) == (first.id, first.endpoint, ["promise"])

    def test_stands_in_the_record_without_the_address(self, sam):
        session = enter(sam)
        ask(session, "late")
        ask(session, "late")
        (line,) = Audit.select().where(Audit.kind == "notices.set")
        assert (line.told, line.staff_id) == ({"kinds": ["late"]}, sam.id)

    def test_can_be_moved_by_whom_it_is_of(self, sam, ana):
        session, new = enter(sam), Browser("https://push.example.net/2").place
        was = ask(session, "late").endpoint
        assert not notices.moved(enter(ana), "", was, new)
        assert not notices.moved(session, "", "https://push.example.net/none", new)
        assert notices.moved(session, "", was, new)
        assert Subscription.get().endpoint == new["endpoint"]


class TestTwoServers:
    def test_send_one_notice_once(self, sam, late, at):
        ask(enter(sam))
        on_tuesday(at)
        (one,), (other,) = notices.due(TUESDAY), notices.due(TUESDAY)
        assert [notices.claim(one, TUESDAY), notices.claim(other, TUESDAY)] == [True, False]


def test_costs_the_same_for_one_as_for_thirty(shop, sam, rosa, late, owed, silent, at):
    def looked():
        with counted_queries() as seen:
            notices.due(TUESDAY)
        return len(seen)

    ask(enter(sam))
    ask(enter(hire(shop, "Mo", "manager")))
    on_tuesday(at)
    silent()
    one = looked(), looked()
    for n in range(15):
        at(TUESDAY - timedelta(days=1))
        ask(enter(hire(shop, f"Bo {n}", "manager")))
        customer = someone(shop, f"Customer {n}")
        row = late.__data__ | {"id": None, "customer": customer, "uid": None}
        appointment = Appointment.create(**row)
        Message.create(
            **Message.get(Message.kind == "reminder").__data__
            | {"id": None, "customer": customer, "appointment": appointment, "message_id": f"m{n}"}
        )
        at(TUESDAY)
    on_tuesday(at)
    Notice.delete().execute()
    assert (looked(), looked()) == one
    assert Notice.select().count() > 250


def test_nobody_who_asks_costs_one_query_and_no_more(shop, late, owed, silent, at):
    at(TUESDAY)
    silent()
    with counted_queries() as seen:
        assert notices.due(TUESDAY) == []
    assert len(seen) <= 2
