"""A form and the API do the same: every form of the staff's has its act, and one of both under one id is done once."""

import inspect
import re
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from domain import merging, rights
from domain.actions import RIGHTS_TO
from models import (
    Action,
    Appointment,
    Customer,
    DayWord,
    ExtraStep,
    HandOver,
    Issue,
    Membership,
    Mistake,
    Note,
    Promise,
    PromptEnded,
    Question,
    Shop,
    Usual,
    Visit,
    Witness,
)
from tests.conftest import TUESDAY, came, days_before, someone
from views.asking import roles_of
from views.customers import MADE

pytestmark = pytest.mark.one_engine  # what is the same is said in plain values

# Each form a member of staff can post, and the acts that do the same over the API.
FORMS = {
    "appointments.cancel": "appointment.cancel",
    "appointments.confirm": "appointment.confirm",
    "appointments.create": "customer.create appointment.create",
    "appointments.end_series": "series.end",
    "appointments.grace": "appointment.grace",
    "appointments.late": "appointment.late",
    "appointments.move": "appointment.move",
    "appointments.move_back": "appointment.move_back",
    "appointments.restore": "appointment.restore",
    "appointments.resume_series": "series.resume",
    "appointments.unconfirm": "appointment.unconfirm",
    "appointments.undo": "appointment.undo",
    "appointments.undo_series": "series.undo",
    "calendars.ask_again": "calendar.ask_again",
    "calendars.settle": "calendar.settle",
    "calendars.unsettle": "calendar.unsettle",
    "calendars.whose": "calendar.whose",
    "calls.end": "call.done",
    "calls.reopen": "call.reopen",
    "contacts.add": "contact.add",
    "contacts.consent": "consent.set",
    "contacts.remove": "contact.remove",
    "customers.change_note": "note.edit",
    "customers.create": "customer.create",
    "customers.create_note": "note.create promise.create question.create step.create issue.open mistake.record",
    "customers.create_visit": "visit.create",
    "customers.edit": "customer.name customer.state customer.tag customer.untag customer.tell",
    "customers.end_prompt": "prompt.said prompt.skipped prompt.undo",
    "customers.greet": "visit.greet",
    "customers.see_note": "note.seen note.unseen",
    "customers.take_back": "note.undo promise.undo question.undo step.undo issue.undo mistake.undo",
    "customers.undo_note": "note.undo",
    "customers.undo_visit": "visit.undo",
    "late.came": "appointment.came",
    "late.cause": "appointment.cause",
    "late.keep_place": "appointment.keep_place",
    "late.missed": "appointment.missed",
    "late.not_missed": "appointment.restore",
    "promises.close": "promise.close",
    "promises.confirm": "promise.confirm",
    "promises.keep": "promise.keep",
    "promises.link": "promise.link",
    "promises.reopen": "promise.reopen",
    "promises.send": "promise.send",
    "questions.answer": "question.answer",
    "questions.drop": "question.drop",
    "questions.keep": "question.keep",
    "questions.reply": "question.reply",
    "questions.undo": "question.undo",
    "questions.undo_step": "step.undo",
    "referrals.answer": "referral.answer",
    "referrals.create": "referral.create",
    "referrals.forget": "referral.forget",
    "referrals.reopen": "referral.reopen",
    "referrals.sent_by": "introduction.set",
    "referrals.undo": "referral.undo",
    "referrals.undo_sent_by": "introduction.undo",
    "same_person.may_be": "customer.may_be",
    "same_person.same": "customer.merge",
    "same_person.undo": "customer.unmerge",
    "shift.hand_over": "shift.hand_over",
    "shift.over_today": "day.over",
    "shift.say_today": "day.out day.behind",
    "shift.see": "shift.seen",
    "shift.undo": "shift.undo",
    "states.change": "customer.state",
    "states.seen": "state.seen",
    "together.back": "household.back",
    "together.join": "customer.join",
    "together.leave": "customer.leave",
    "together.left": "household.left",
    "troubles.acknowledge": "mistake.acknowledge",
    "troubles.again": "issue.again",
    "troubles.make_good": "mistake.make_good",
    "troubles.reopen_issue": "issue.reopen",
    "troubles.reopen_mistake": "mistake.reopen",
    "troubles.solve": "issue.solve",
    "troubles.undo_issue": "issue.undo",
    "troubles.undo_mistake": "mistake.undo",
}
# What is posted and changes nothing about a shop or its people: what is asked for, and what is this phone's own.
NO_ACTS = {
    "api.actions", "appointments.new_for", "customers.open_private_note", "customers.read_private_notes", "find.search",
    "notices.choose", "notices.move", "shared.about", "shared.receive", "sign_in.leave", "today.enter_shop",
}  # fmt: skip
WRITTEN = re.compile(r'request_action\(\s*(?:"(\w+\.\w+)" if .*? else )?"(\w+\.\w+)"', re.DOTALL)


class TestEveryForm:
    def test_of_the_staffs_stands_in_this_table(self, wired):
        posted = {
            rule.endpoint
            for rule in wired.url_map.iter_rules()
            if "POST" in rule.methods
            and "staff" in roles_of(wired, rule.endpoint)
            and roles_of(wired, rule.endpoint) != rights.ANYONE
        }
        assert posted == set(FORMS) | NO_ACTS

    def test_does_what_acts_do_that_the_staff_may_send(self, wired):
        for endpoint, acts in FORMS.items():
            source = inspect.getsource(wired.view_functions[endpoint])
            asked = {kind for found in WRITTEN.findall(source) for kind in found if kind}
            assert asked <= set(acts.split()), endpoint
            for kind in acts.split():
                assert "staff" in rights.roles_with(RIGHTS_TO[kind]), kind

    def test_without_an_act_does_none(self, wired):
        for endpoint in NO_ACTS:
            assert "request_action(" not in inspect.getsource(wired.view_functions[endpoint]), endpoint

    def test_knows_what_the_words_on_a_sheet_can_be(self):
        acts = set(FORMS["customers.create_note"].split())
        assert acts == {act for _thing, act, _more in MADE.values()}
        assert set(FORMS["customers.take_back"].split()) == {f"{thing}.undo" for thing, _act, _more in MADE.values()}


@pytest.fixture
def things(phone, shop, sam, rosa):
    """Return the numbers of what forms are about, and what the same is called in an act's data."""
    came(rosa, shop, *days_before(shop.today(), 9, 5, 2))
    Usual.create(customer=rosa, shop=shop, text="Flat white", day=shop.today())
    wrote = {"customer": rosa, "shop": shop, "author": sam, "day": shop.today(), "at": TUESDAY}
    visit = phone.act("visit.create", customer=str(rosa.id))["result"]["visit"]
    return {
        "rosa": str(rosa.id),
        "visit": visit,
        "note": str(Note.create(text="Likes the window", **wrote).id),
        "promise": str(Promise.create(text="Call back", **wrote).id),
        "question": str(Question.create(text="Did it work?", **wrote).id),
        "issue": phone.act("issue.open", customer=str(rosa.id), text="The stereo cuts out")["result"]["issue"],
        "step": str(ExtraStep.create(text="Rang the supplier", **wrote).id),
        "mistake": str(Mistake.create(text="We lost her order", **wrote).id),
        "booked": phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-26T10:00")["result"][
            "appointment"
        ],
    }


# A form: where it is posted, with which fields; and the act: its type and data. {rosa} and the like are numbers.
SAME: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    "a visit": ("/customers/{rosa}/visits", {}, "visit.create", {"customer": "{rosa}"}),
    "a visit, in this very shop": ("/customers/{rosa}/visits", {}, "visit.create", {"customer": "{rosa}", "shop": "1"}),
    "a visit taken back": ("/visits/{visit}/undo", {"customer": "{rosa}"}, "visit.undo", {"visit": "{visit}"}),
    "greeted": ("/visits/{visit}/greeted", {}, "visit.greet", {"visit": "{visit}"}),
    "somebody new": ("/customers", {"name": "Red  scarf "}, "customer.create", {"name": "Red scarf", "here": True}),
    "words said": (
        "/customers/{rosa}/prompts",
        {"outcome": "said", "prompt": "the-usual"},
        "prompt.said",
        {"customer": "{rosa}", "prompt": "the-usual"},
    ),
    "a note": (
        "/customers/{rosa}/notes",
        {"text": " Left-handed\r\nand tall", "lifetime": "always", "moment": "arrival", "seen_by": "team"},
        "note.create",
        {"customer": "{rosa}", "text": "Left-handed\nand tall"},
    ),
    "a note of all sorts": (
        "/customers/{rosa}/notes",
        {"text": "No sesame", "lifetime": "next_visit", "moment": "list", "safety": "yes", "everywhere": "yes"},
        "note.create",
        {
            "customer": "{rosa}", "text": "No sesame", "lifetime": "next_visit", "moment": "list",
            "safety": True, "everywhere": True,
        },
    ),
    "a private note": (
        "/customers/{rosa}/notes",
        {"text": "Moved out", "seen_by": "private"},
        "note.create",
        {"customer": "{rosa}", "text": "Moved out", "private": True, "safety": False, "chips": []},
    ),
    "chips alone": (
        "/customers/{rosa}/notes",
        {"chip": ["hurry", "friend"], "text": "", "lifetime": "always"},
        "note.create",
        {"customer": "{rosa}", "chips": ["hurry", "friend"], "lifetime": "always"},
    ),
    "chips and words": (
        "/customers/{rosa}/notes",
        {"chip": "hurry", "text": "A train at nine"},
        "note.create",
        {"customer": "{rosa}", "chips": ["hurry"], "text": "A train at nine"},
    ),
    "a note changed": (
        "/notes/{note}",
        {"text": "Likes the door", "base": "Likes the window"},
        "note.edit",
        {"note": "{note}", "text": "Likes the door", "base": "Likes the window"},
    ),
    "a promise": (
        "/customers/{rosa}/notes",
        {"text": "Ring them", "this_is": "promise", "due": "1"},
        "promise.create",
        {"customer": "{rosa}", "text": "Ring them", "due": "2026-11-25"},
    ),
    "a promise of no day": (
        "/customers/{rosa}/notes",
        {"text": "Ring them", "this_is": "promise", "due": ""},
        "promise.create",
        {"customer": "{rosa}", "text": "Ring them", "due": None, "channel": "counter"},
    ),
    "a question": (
        "/customers/{rosa}/notes",
        {"text": "Is it fine?", "this_is": "question"},
        "question.create",
        {"customer": "{rosa}", "text": "Is it fine?", "theirs": False},
    ),
    "a step": (
        "/customers/{rosa}/notes",
        {"text": "Rang for them", "this_is": "step"},
        "step.create",
        {"customer": "{rosa}", "text": "Rang for them"},
    ),
    "a fault": (
        "/customers/{rosa}/notes",
        {"text": "Cold tea", "this_is": "fault"},
        "issue.open",
        {"customer": "{rosa}", "text": "Cold tea", "ours": True},
    ),
    "a mistake": (
        "/customers/{rosa}/notes",
        {"text": "Order lost", "this_is": "mistake"},
        "mistake.record",
        {"customer": "{rosa}", "text": "Order lost"},
    ),
    "a promise kept": ("/promises/{promise}/keep", {"channel": ""}, "promise.keep", {"promise": "{promise}"}),
    "a promise closed": (
        "/promises/{promise}/close",
        {"reason": "Found one"},
        "promise.close",
        {"promise": "{promise}", "reason": "Found one"},
    ),
    "an answer": (
        "/questions/{question}/answer",
        {"outcome": "said", "answer": ""},
        "question.answer",
        {"question": "{question}", "outcome": "said"},
    ),
    "a trouble solved": ("/issues/{issue}/solve", {}, "issue.solve", {"issue": "{issue}"}),
    "a note taken back": ("/notes/{note}/undo", {}, "note.undo", {"note": "{note}"}),
    "a promise taken back": (
        "/customers/{rosa}/take-back",
        {"what": "promise", "number": "{promise}"},
        "promise.undo",
        {"promise": "{promise}"},
    ),
    "a question taken back": ("/questions/{question}/undo", {}, "question.undo", {"question": "{question}"}),
    "a step taken back": ("/steps/{step}/undo", {}, "step.undo", {"step": "{step}"}),
    "a trouble taken back": ("/issues/{issue}/undo", {}, "issue.undo", {"issue": "{issue}"}),
    "a mistake taken back": ("/mistakes/{mistake}/undo", {}, "mistake.undo", {"mistake": "{mistake}"}),
    "a booking taken back": ("/appointments/{booked}/undo", {}, "appointment.undo", {"appointment": "{booked}"}),
    "something out": ("/shift/today", {"text": "rye"}, "day.out", {"text": "rye"}),
    "how far behind": ("/shift/today", {"minutes": "15"}, "day.behind", {"minutes": 15}),
}  # fmt: skip
SOME = (
    "a visit", "a visit taken back", "greeted", "somebody new", "words said", "a note of all sorts", "chips and words",
    "a note changed", "a promise", "a promise kept", "an answer", "how far behind",
)  # fmt: skip
TABLES = (
    Customer, Visit, Witness, Note, Promise, Question, ExtraStep, Issue, Mistake, DayWord, HandOver, PromptEnded, Appointment,
)  # fmt: skip


def everything():
    return {table.__name__: [sorted(map(repr, table.select().order_by(table.id).dicts()))] for table in TABLES}


class Both:
    """One thing done by a form and by an act under the same id."""

    def __init__(self, phone, things, what):
        path, fields, self.kind, data = SAME[what]
        self.phone, self.key = phone, str(uuid4())
        fields, self.data = (
            {name: value.format(**things) if isinstance(value, str) else value for name, value in given.items()}
            for given in (fields, data)
        )
        self.path, self.fields = path.format(**things), {**fields, "action": self.key}
        if fields.get("this_is"):  # the words on a sheet are kept as a second act, whose id follows from the sheet's
            self.key = str(uuid5(UUID(self.key), fields["this_is"]))

    def form(self):
        return self.phone.post(self.path, self.fields).status_code

    def act(self, **other):
        return self.phone.act(self.kind, key=self.key, **{**self.data, **other})


class TestAFormAndAnAct:
    @pytest.mark.parametrize("what", SAME)
    def test_under_one_id_are_one_whichever_comes_first(self, phone, things, what):
        both = Both(phone, things, what)
        before = everything()
        assert both.form() == 303
        after = everything()
        assert after != before
        assert both.form() == 303, "the same form, sent again"
        again = both.act()
        assert again["status"] == "duplicate", again
        assert again["result"] == Action.get(Action.key == both.key).result
        assert everything() == after

    @pytest.mark.parametrize("what", SOME)
    def test_are_one_too_where_the_act_comes_first(self, phone, things, what):
        both = Both(phone, things, what)
        assert both.act()["status"] == "applied"
        after = everything()
        assert both.form() == 303
        assert everything() == after

    @pytest.mark.parametrize("what", SOME)
    def test_that_are_not_the_same_are_not_taken_for_it(self, phone, things, shop, sam, okafor, what):
        second = Shop.create(business=shop.business, name="Second Street")
        Membership.create(staff=sam, shop=second)
        both = Both(phone, things, what)
        assert both.form() == 303
        others = [
            {name: value}
            for name, value in (
                ("customer", str(okafor.id)), ("text", "Other words"), ("name", "Blue scarf"), ("private", False),
                ("chips", ["chat"]), ("lifetime", "this_visit"), ("due", "2026-11-30"), ("channel", "email"),
                ("greeted_by_name", False), ("here", False), ("outcome", "skipped"), ("answer", "Yes"), ("minutes", 30),
                ("reason", "Other"), ("base", "Other"), ("prompt", "other"), ("note", "9"), ("visit", "9"),
                ("shop", str(second.id)), ("promise", "9"), ("question", "9"), ("step", "9"), ("issue", "9"), ("mistake", "9"),
                ("appointment", "9"),
            )
            if name in both.data or (name == "shop" and both.kind == "visit.create")
        ]  # fmt: skip
        stands = everything()
        for other in others:
            answer = both.act(**other)
            assert (answer["status"], answer["reason"]) == ("rejected", "This id was used before, for something else.")
        assert everything() == stands


class TestAFormAboutWhoeverIsSomebodyElseNow:
    @pytest.mark.parametrize("what", ["a visit", "a note", "a promise", "words said"])
    def test_goes_to_the_one_who_is_kept_before_and_after(self, phone, things, shop, rosa, what):
        """A page may be older than the day two were found to be one; so may an act that is sent once more."""
        twin = someone(shop, "Rosa M")
        came(twin, shop, *days_before(shop.today(), 9, 5, 2))
        Usual.create(customer=twin, shop=shop, text="Tea", day=shop.today())
        named, late = (Both(phone, {**things, "rosa": str(twin.id)}, what) for _ in "ab")
        assert named.form() == 303
        merging.merge(rosa.id, twin.id)
        stands = everything()
        assert named.form() == 303
        assert named.act()["status"] == "duplicate"
        assert everything() == stands
        if what != "words said":  # those were said to Rosa by that
            assert late.form() == 303
            assert late.act()["status"] == "duplicate"
            assert everything() != stands
