"""Default deny: every route of the URL map, every role, every method; who is not named is turned away."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

import app as wiring
import clock
from domain import access, merging, phones
from models import (
    ROLES,
    Appointment,
    Audit,
    Belonging,
    Business,
    Calendar,
    CalendarEntry,
    CallTask,
    Contact,
    Customer,
    CustomField,
    DayWord,
    ExtraStep,
    HandOver,
    HandOverSeen,
    Household,
    Import,
    Issue,
    Membership,
    Message,
    Mistake,
    Note,
    Outage,
    Passkey,
    Promise,
    Question,
    Referral,
    ReminderRule,
    Series,
    Session,
    Shop,
    Staff,
    StrayReport,
    Visit,
)
from tests.conftest import PIN_HASH, Phone, hire, rows_of, signed_in, someone
from views import asking
from views.asking import roles_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OPEN = (
    "/healthz", "/readyz", "/sign-in", "/static/", "/worker.js", "/manifest.webmanifest", "/offline", "/enrol/", "/first-run/",
    "/confirm/", "/unsubscribe/", "/calendar/", "/delivery/", "/certificate", "/api/v1/openapi.json", "/this-phone",
)  # fmt: skip
# What an address begins with -> the right it wants; the first that fits. What is not here is "work", or (OPEN) "anyone".
WANTS = {
    "/people": "people",
    "/reminders/alarms": "alarms",
    "/reminders/channels": "channels",
    "/reminders/tests": "channels",
    "/reminders": "reminders",
    "/again": "owners",
    "/settings/calendars": "calendars",
    "/settings/changes": "record",
    "/settings/sign-in": "owners",
    "/settings/shops": "shops",
    "/settings": "settings",
    "/setting-up/": "owners",
    "/team/<int:staff_id>/link": "owners",
    "/team": "team",
    "/phones/": "team",
    "/api/v1/export": "export",
}


# What a business's shops share, of what addresses name; all else is one shop's.
OF_THE_BUSINESS = {
    "step",
    "customer_id",
    "contact_id",
    "household_id",
    "field_id",
    "merge_id",
    "which",
    "listed",
    "way",
    "import_id",
}
OURS_ALONE = (
    "Left-handed", "Keep a croissant", "Oven two runs hot", "rye loaf", "Did it work?", "Rang the supplier",
    "The stereo cuts out", "We lost her order", "Kris", "old.ics",
)  # fmt: skip


def _written(table, **more):
    """Return what makes a row of the team's about somebody, and gives its number."""

    def make(customer, shop, staff):
        row = {"customer": customer, "shop": shop, "author": staff, "day": shop.today(), "at": clock.now(), **more}
        return table.create(**row).id

    return make


OF_THE_TEAM = {
    "question_id": _written(Question, text="Did it work?"),
    "step_id": _written(ExtraStep, text="Rang the supplier"),
    "issue_id": _written(Issue, text="The stereo cuts out"),
    "mistake_id": _written(Mistake, text="We lost her order"),
    "referral_id": _written(Referral, name="Kris", need="A doctor", to_whom="Dr C.", check_on="2026-11-24"),
}


def _of_a_test(shop):
    now = clock.now()
    times = {"due_at": now, "deadline": now, "next_at": now, "at": now}
    return Message.create(shop=shop, kind="test", way="email", message_id="1@shop.example", **times).id


@pytest.fixture
def theirs(shop, sam, rosa):
    """One of each thing that an address may name."""
    visit = Visit.create(customer=rosa, shop=shop, day=shop.today(), at=clock.now())
    phone, _secret = access.admit_phone(sam, "Counter")
    note = Note.create(customer=rosa, shop=shop, author=sam, text="Left-handed", day=shop.today(), at=clock.now())
    left = HandOver.create(shop=shop, author=sam, text="Oven two runs hot.", day=shop.today(), at=clock.now())
    promise = Promise.create(
        customer=rosa, shop=shop, author=sam, text="Keep a croissant", day=shop.today(), at=clock.now()
    )
    series = Series.create(
        customer=rosa, shop=shop, first=shop.today(), minute=600, minutes=30, weekdays="1", at=clock.now()
    )
    firm = Household.create(business=shop.business, kind="firm", name="Bright Books")
    Belonging.create(household=firm, customer=rosa)
    calendar = Calendar.create(shop=shop, kind="file", name="old.ics")
    soon = clock.now() + timedelta(hours=1)
    asked = {
        "calendar": calendar,
        "uid": "a",
        "starts_at": soon,
        "ends_at": soon,
        "summary": "R. M.",
        "at": clock.now(),
    }
    taken = Import.create(business=shop.business, kind="appointments", digest="", at=clock.now(), counts={})
    return {
        "appointment_id": Appointment.create(
            customer=rosa, shop=shop, day=shop.today(), starts_at=soon, series=series
        ).id,
        "task_id": CallTask.create(shop=shop, customer=rosa, at=clock.now(), until=soon).id,
        "calendar_id": calendar.id,
        "entry_id": CalendarEntry.create(**asked).id,
        "import_id": taken.id,
        "which": "came",
        "step": "team",
        "listed": "touched",
        "way": "email",
        "rule_id": ReminderRule.create(shop=shop, way="email", minutes_before=90).id,
        "message_id": _of_a_test(shop),
        "stray_id": StrayReport.create(at=clock.now(), via="mailbox").id,
        "setting": "grace_minutes",
        "outage_id": Outage.create(began=clock.now(), ended=clock.now()).id,
        "customer_id": rosa.id,
        "promise_id": promise.id,
        "visit_id": visit.id,
        "phone_id": phone.id,
        "staff_id": sam.id,
        "shop_id": shop.id,
        "invitation_id": phones.new_code(sam)[1].id,
        "hand_over_id": left.id,
        **{name: made(rosa, shop, sam) for name, made in OF_THE_TEAM.items()},
        "note_id": note.id,
        "contact_id": Contact.create(
            customer=rosa, kind="email", address="rosa@example.org", known="rosa@example.org", at=clock.now()
        ).id,
        "series_id": series.id,
        "field_id": CustomField.create(business=shop.business, name="Bus they take").id,
        "household_id": firm.id,
        "merge_id": merging.merge(rosa.id, someone(shop, "Rosa M.").id).id,
        "passkey_id": Passkey.create(
            staff=shop.business.staff.first(),
            credential="abcd",
            public_key="abcd",
            host="localhost",
            created_at=clock.now(),
        ).id,
        "session_id": Session.create(
            staff=shop.business.staff.first(), token_hash="t", kind="owner", created_at=clock.now(), expires_at=soon
        ).id,
        "word_id": DayWord.create(shop=shop, day=shop.today(), kind="out", text="rye loaf", at=clock.now()).id,
    }


@pytest.fixture
def rules(server):
    return sorted(server.url_map.iter_rules(), key=lambda rule: rule.rule)


@pytest.fixture
def outsider(server, theirs):
    """The owner of another business on the same server."""
    business = Business.create(name="Others", created_at=clock.now())
    shop = Shop.create(business=business, name="Elsewhere")
    eve = Staff.create(business=business, name="Eve", role="owner", pin_hash=PIN_HASH, created_at=clock.now())
    Membership.create(staff=eve, shop=shop)
    return signed_in(server, eve, "owner")


def path_of(rule, theirs, other=None) -> str:
    """Return a rule's address, with the things it names filled in."""
    values = {name: (theirs.get(name, "nonsense") if other is None else other) for name in rule.arguments}
    return rule.build(values)[1]


def ask(hand: Phone, method: str, path: str, htmx: bool = True):
    headers = {"Sec-Fetch-Site": "same-origin", **({"HX-Request": "true"} if htmx else {})}
    return hand.client.open(path, method=method, headers=headers)


def is_open(rule) -> bool:
    return rule.rule.startswith(OPEN)


def everything() -> dict[str, list[tuple]]:
    return rows_of(Shop, Staff, Customer, Visit, Note, HandOver, HandOverSeen)


def right_to(rule) -> str:
    if is_open(rule):
        return "anyone"
    return next((right for begins, right in WANTS.items() if rule.rule.startswith(begins)), "work")


def check_rights(app) -> None:
    """Assert that every route states a right, and the one it is meant to."""
    for rule in app.url_map.iter_rules():
        stated = getattr(app.view_functions[rule.endpoint], "right", "nobody")
        assert stated == right_to(rule), f"{rule.rule} is for {right_to(rule)}, and states {stated}"


class TestEveryRoute:
    def test_states_its_right_and_means_it(self, server):
        check_rights(server)

    def test_that_reads_changes_nothing(self, server, rules, theirs, phone, desk):
        before = everything()
        for rule in rules:
            if "GET" in rule.methods:
                for hand in (phone, desk):
                    ask(hand, "GET", path_of(rule, theirs))
        assert everything() == before


@dataclass
class Somebody:
    """One of those who ask: the rights they have, and the cookies of their browser, which are there anew at each request."""

    acts_as: str  # "" of whoever is in no longer, or never was
    known: bool = True  # so that a refusal can stand in the record
    session: str = ""
    phone: str = ""

    def ask(self, server, method, path, **headers):
        client = server.test_client()
        for name, value in (("regulars", self.session), ("regulars-phone", self.phone)):
            if value:
                client.set_cookie(name, value)
        return client.open(
            path, method=method, headers={"Sec-Fetch-Site": "same-origin", "HX-Request": "true", **headers}
        )


WHO = (
    "signed out", "staff", "manager", "owner", "owner by PIN", "phone shut out", "left the team", "left unused", "another shop’s",
    "another business’s",
)  # fmt: skip


def somebody(who, shop, owner) -> Somebody:
    """Return one of WHO."""
    if who == "signed out":
        return Somebody("", known=False)
    if who == "owner":
        return Somebody("owner", session=access.start_session(owner, "owner"))
    if who == "another business’s":
        shop = Shop.create(business=Business.create(name="Others", created_at=clock.now()), name="Elsewhere")
        who = "owner by PIN"
    elif who == "another shop’s":
        shop = Shop.create(business=shop.business, name="Second Street")
    role = who.split()[0] if who.split()[0] in ROLES else "staff"
    one = hire(shop, "Bo", role)
    phone, secret = access.admit_phone(one, "Bo’s phone")
    found = Somebody(
        "staff" if role == "owner" else role, session=access.start_session(one, "phone", phone), phone=secret
    )
    if who == "phone shut out":
        access.shut_out(phone)
        found.acts_as = ""
    elif who == "left the team":
        Staff.update(left_at=clock.now()).where(Staff.id == one.id).execute()
        found.acts_as = ""
    elif who == "left unused":
        Session.update(seen_at=clock.now() - timedelta(hours=5)).where(Session.staff == one.id).execute()
        found.acts_as, found.known = "", False
    return found


def refused_to(server, rules, acts_as):
    """Return every route and method of the URL map that somebody has no right to, as the table of rights says."""
    return [
        (rule, method)
        for rule in rules
        for method in sorted(rule.methods)
        if not is_open(rule) and acts_as not in roles_of(server, rule.endpoint)
    ]


@pytest.mark.one_engine
class TestTheMatrix:
    """Every route and every method, for everybody who may ask."""

    @pytest.mark.parametrize("who", WHO)
    def test_whoever_has_no_right_meets_what_is_not_there(self, server, shop, owner, rules, theirs, who, monkeypatch):
        monkeypatch.setattr(asking, "_told", {})
        one = somebody(who, shop, owner)
        before, seen = everything(), set()
        nothing = {method: one.ask(server, method, "/no-such-page") for method in METHODS}
        for rule, method in refused_to(server, rules, one.acts_as):
            answer = one.ask(server, method, path_of(rule, theirs))
            assert answer.status_code == (404 if one.acts_as else 401), (method, rule.rule)
            if not rule.rule.startswith("/api/"):
                assert answer.text == nothing[method].text, (method, rule.rule)
            if who in ("phone shut out", "left the team"):
                assert answer.headers["Clear-Site-Data"] == asking.FORGET, (method, rule.rule)
            seen.add((rule.endpoint, answer.status_code))
        assert everything() == before
        if who not in ("owner", "manager"):
            assert len(seen) > 30
        told = (line.told for line in Audit.select().where(Audit.kind == "page.refused"))
        assert {(line["page"], line["code"]) for line in told if line["page"]} == (seen if one.known else set())

    def test_no_page_takes_a_method_that_it_does_not_state(self, server, desk, rules, theirs):
        stated: dict[str, set[str]] = {}
        for rule in rules:
            stated.setdefault(rule.rule, set()).update(rule.methods)
        for rule in rules:
            for method in set(METHODS) - stated[rule.rule]:
                answer = ask(desk, method, path_of(rule, theirs))
                assert answer.status_code in (404, 405), (method, rule.rule)  # 404: no such file beneath /static/

    def test_staff_of_another_shop_find_nothing_that_is_ours_alone(self, server, shop, owner, rules, theirs):
        one = somebody("another shop’s", shop, owner)
        told_apart: list[tuple[object, ...]] = []
        before, walked = everything(), 0
        for rule in rules:
            if is_open(rule) or "staff" not in roles_of(server, rule.endpoint):
                continue
            for method in sorted(rule.methods - {"OPTIONS"}):
                if rule.arguments - OF_THE_BUSINESS:
                    ours, none = (one.ask(server, method, path_of(rule, theirs, other)) for other in (None, 999_999))
                    alike = (ours.status_code, len(ours.text)) == (none.status_code, len(none.text))
                    if ours.status_code not in (404, 409) or not alike:
                        told_apart.append((method, rule.rule, ours.status_code, none.status_code))
                    walked += 1
                elif method == "GET":
                    text = one.ask(server, method, path_of(rule, theirs)).text
                    told_apart += [(rule.rule, words) for words in OURS_ALONE if words in text]
        assert not told_apart, "; ".join(map(str, told_apart))
        assert walked > 30
        assert everything() == before

    def test_a_route_that_states_nothing_answers_nobody_and_is_found(self, storage, owner):
        app = wiring.create_app(storage)
        app.add_url_rule("/forgotten", "forgotten", lambda: "all our secrets")
        with pytest.raises(AssertionError, match="/forgotten"):
            check_rights(app)
        for kind in ("owner", "phone"):
            answer = Somebody("", session=access.start_session(owner, kind)).ask(app, "GET", "/forgotten")
            assert (answer.status_code, "secrets" in answer.text) == (404, False)


class TestTheWalk:
    def test_a_browser_signed_out_is_led_to_sign_in(self, server, rules, theirs):
        for rule in rules:
            if not is_open(rule) and "GET" in rule.methods and not rule.rule.startswith("/api/"):
                answer = server.test_client().get(path_of(rule, theirs))
                assert (answer.status_code, answer.location) == (303, "/sign-in"), rule.rule

    @pytest.mark.parametrize("role", ["staff", "manager", "owner"])
    def test_each_role_gets_in_where_it_is_named(self, server, shop, owner, rules, theirs, role):
        one = owner if role == "owner" else hire(shop, "Bo", role)
        hand = signed_in(server, one, "owner" if role == "owner" else "phone")
        for rule in rules:
            if "GET" in rule.methods and role in roles_of(server, rule.endpoint):
                answer = hand.get(path_of(rule, theirs))
                assert answer.status_code in (200, 302), rule.rule

    @pytest.mark.parametrize("htmx", [True, False], ids=["by htmx", "by a page"])
    def test_another_businesss_owner_finds_nothing_of_ours(self, rules, theirs, outsider, htmx):
        before = everything()
        for rule in rules:
            if is_open(rule) or not rule.arguments - {
                "which",
                "listed",
                "way",
                "setting",
                "step",
            }:  # of one's own shop, by a name
                continue
            for method in rule.methods - {"OPTIONS"}:
                ours = ask(outsider, method, path_of(rule, theirs), htmx)
                nothing = ask(outsider, method, path_of(rule, theirs, other=999_999), htmx)
                assert ours.status_code in (404, 409), (method, rule.rule)
                assert (ours.status_code, len(ours.text)) == (nothing.status_code, len(nothing.text)), (
                    method,
                    rule.rule,
                )
        assert everything() == before

    def test_our_shop_cannot_be_asked_for_from_outside(self, shop, outsider):
        for wanted in (shop.id, shop.name, 999_999, "Nowhere", "\x00"):
            assert outsider.get("/today", query_string={"shop": wanted}).status_code in (404, 400)

    def test_staff_of_one_shop_do_not_reach_another(self, shop, phone):
        second = Shop.create(business=shop.business, name="Second Street")
        assert phone.get(f"/today?shop={second.id}").status_code == 404
        assert phone.post(f"/shops/{second.id}/enter").status_code == 404
        assert phone.get(f"/today?shop={shop.id}").status_code == 200

    @pytest.mark.parametrize("number", [0, 2**31 - 1, 2**31, 2**63, 10**30])
    def test_a_number_no_row_has_is_just_not_there(self, rules, theirs, desk, number):
        for rule in rules:
            if any(name.endswith("_id") for name in rule.arguments):
                for method in rule.methods & {"GET", "POST"}:
                    assert ask(desk, method, path_of(rule, theirs, other=number)).status_code in (404, 409, 422), (
                        method,
                        rule.rule,
                    )


class TestWhatDoesNotExist:
    @pytest.mark.parametrize(
        "path",
        [
            "/nowhere",
            "/customers/rosa",
            "/customers/-1",
            "/today/",
            "/static/nothing.css",
            "/static/../app.py",
            "/.git/config",
        ],
    )
    def test_is_told_in_words_to_those_signed_in(self, phone, path):
        answer = phone.get(path)
        assert answer.status_code == 404
        assert "secret" not in answer.text

    @pytest.mark.parametrize("path", ["/nowhere", "/customers/1", "/settings", "/api/v1/nothing"])
    def test_looks_to_others_like_what_does(self, server, rosa, path):
        answer = server.test_client().get(path)
        assert answer.status_code == (401 if path.startswith("/api/") else 303)
