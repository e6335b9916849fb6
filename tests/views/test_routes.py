"""Default deny: every route of the URL map, every role, every method; who is not named is turned away."""

import pytest

import clock
from domain import access, merging
from models import (
    Belonging,
    Business,
    Customer,
    CustomField,
    DayWord,
    ExtraStep,
    HandOver,
    HandOverSeen,
    Household,
    Issue,
    Membership,
    Mistake,
    Note,
    Promise,
    Question,
    Referral,
    Shop,
    Staff,
    Visit,
)
from tests.conftest import PIN_HASH, Phone, hire, signed_in, someone
from views.asking import roles_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ROLES = {"public", "staff", "manager", "owner"}
OPEN = (
    "/healthz", "/readyz", "/sign-in", "/static/", "/worker.js", "/manifest.webmanifest", "/offline", "/enrol/", "/first-run/",
    "/confirm/", "/unsubscribe/", "/calendar/", "/delivery/", "/certificate", "/api/v1/openapi.json", "/this-phone",
)  # fmt: skip
# Pages that one role alone may see. What is not here is for everybody who works here, or (OPEN) for everybody.
MANAGERS = ("/people",)
OWNERS = ("/settings", "/team", "/phones/", "/api/v1/export")


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
    firm = Household.create(business=shop.business, kind="firm", name="Bright Books")
    Belonging.create(household=firm, customer=rosa)
    return {
        "which": "came",
        "customer_id": rosa.id,
        "promise_id": promise.id,
        "visit_id": visit.id,
        "phone_id": phone.id,
        "staff_id": sam.id,
        "shop_id": shop.id,
        "hand_over_id": left.id,
        **{name: made(rosa, shop, sam) for name, made in OF_THE_TEAM.items()},
        "note_id": note.id,
        "field_id": CustomField.create(business=shop.business, name="Bus they take").id,
        "household_id": firm.id,
        "merge_id": merging.merge(rosa.id, someone(shop, "Rosa M.").id).id,
        "word_id": DayWord.create(shop=shop, day=shop.today(), kind="out", text="rye", at=clock.now()).id,
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


def everything() -> dict[str, list]:
    tables = (Shop, Staff, Customer, Visit, Note, HandOver, HandOverSeen)
    return {table.__name__: sorted(map(repr, table.select().order_by(table.id).dicts())) for table in tables}


class TestEveryRoute:
    def test_states_its_roles(self, server, rules):
        for rule in rules:
            roles = roles_of(server, rule.endpoint)
            assert roles, f"{rule.rule} says nobody"
            assert set(roles) <= ROLES
            assert roles == ("public",) or "public" not in roles

    def test_is_for_those_it_is_meant_for(self, server, rules):
        for rule in rules:
            roles = set(roles_of(server, rule.endpoint))
            if is_open(rule):
                assert roles == {"public"}, rule.rule
            elif rule.rule.startswith(OWNERS):
                assert roles == {"owner"}, rule.rule
            elif rule.rule.startswith(MANAGERS):
                assert roles == {"manager", "owner"}, rule.rule
            else:
                assert roles == {"staff", "manager", "owner"}, rule.rule

    def test_that_reads_changes_nothing(self, server, rules, theirs, phone, desk):
        before = everything()
        for rule in rules:
            if "GET" in rule.methods:
                for hand in (phone, desk):
                    ask(hand, "GET", path_of(rule, theirs))
        assert everything() == before


class TestTheWalk:
    def test_nobody_signed_out_gets_in_anywhere(self, server, rules, theirs):
        before, walked = everything(), 0
        for rule in rules:
            if is_open(rule):
                continue
            for method in METHODS:
                answer = ask(Phone(server.test_client()), method, path_of(rule, theirs))
                known = method in rule.methods or method in {m for r in rules if r.rule == rule.rule for m in r.methods}
                assert answer.status_code == (401 if known else 405), (method, rule.rule)
                assert "Rosa" not in answer.text
                assert "Sam" not in answer.text
                walked += 1
        assert walked > 100
        assert everything() == before

    def test_a_browser_signed_out_is_led_to_sign_in(self, server, rules, theirs):
        for rule in rules:
            if not is_open(rule) and "GET" in rule.methods and not rule.rule.startswith("/api/"):
                answer = server.test_client().get(path_of(rule, theirs))
                assert (answer.status_code, answer.location) == (303, "/sign-in"), rule.rule

    @pytest.mark.parametrize("role", ["staff", "manager", "owner by PIN"])
    def test_staff_meet_the_owners_pages_as_if_there_were_none(self, server, shop, rules, theirs, role):
        one = hire(shop, "Bo", role.split()[0])
        hand = signed_in(server, one)
        before = everything()
        nothing = ask(hand, "GET", "/no-such-page")
        assert nothing.status_code == 404
        for rule in rules:
            if rule.rule.startswith(OWNERS):
                for method in rule.methods:
                    answer = ask(hand, method, path_of(rule, theirs))
                    assert answer.status_code == 404, (method, rule.rule)
                    if method not in ("HEAD",) and not rule.rule.startswith("/api/"):
                        assert answer.text.replace(" ", "") == nothing.text.replace(" ", ""), (method, rule.rule)
        assert everything() == before

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
            if is_open(rule) or not rule.arguments - {"which"}:  # a list of one's own shop, by its name
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

    def test_a_phone_that_was_shut_out_gets_in_nowhere(self, server, rules, theirs, phone, sam):
        for known in sam.phones:
            access.shut_out(known)
        for rule in rules:
            if not is_open(rule):
                for method in rule.methods:
                    assert ask(phone, method, path_of(rule, theirs)).status_code == 401, (method, rule.rule)

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
