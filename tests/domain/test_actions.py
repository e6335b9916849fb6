"""What a phone can do, through the API: each act once, each answer in words, and junk of any kind is only junk."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import clock
from domain import access
from domain.actions import DOERS, OLDEST, taken_time
from models import (
    Action,
    Appointment,
    Belonging,
    Business,
    Calendar,
    CalendarEntry,
    CallTask,
    Consent,
    Contact,
    Customer,
    CustomField,
    DayWord,
    ExtraStep,
    FieldValue,
    HandOver,
    HandOverSeen,
    Household,
    Import,
    Introduction,
    Issue,
    IssueTime,
    Membership,
    Message,
    Mistake,
    Note,
    Outage,
    PinTries,
    Promise,
    PromptEnded,
    Question,
    Referral,
    ReminderRule,
    Seen,
    Series,
    Session,
    Shop,
    Staff,
    StrayReport,
    Tag,
    Tagged,
    Told,
    Usual,
    Visit,
    Witness,
)
from tests.conftest import ROOT, TUESDAY, came, days_before, hire, rows_of, signed_in, someone

NOBODY = "999999"


def applied(answer: dict) -> dict:
    assert answer["status"] == "applied", answer
    return answer["result"]


@pytest.fixture
def regular(shop, rosa):
    """Rosa, with one thing to say when she comes."""
    came(rosa, shop, *days_before(shop.today(), 9, 5, 2))
    Usual.create(customer=rosa, shop=shop, text="Flat white", day=shop.today())
    return rosa


@pytest.fixture
def note(phone, rosa):
    return applied(phone.act("note.create", customer=str(rosa.id), text="Likes the window"))["note"]


@pytest.fixture
def stranger(server):
    """A customer of another business, with a visit and a note there."""
    business = Business.create(name="Others", created_at=clock.now())
    shop = Shop.create(business=business, name="Elsewhere")
    customer = Customer.create(business=business, name="Not ours", created_at=clock.now())
    visit = Visit.create(customer=customer, shop=shop, day=shop.today(), at=clock.now())
    kept = Note.create(customer=customer, shop=shop, text="Not ours", day=shop.today(), at=clock.now())
    return {
        "customer": str(customer.id),
        "visit": str(visit.id),
        "note": str(kept.id),
        "shop": str(shop.id),
        "business": business,
    }


class TestEachAct:
    """What each type does, and that the same act again changes nothing and gets the same answer."""

    CASES: dict[str, dict[str, Any]] = {
        "visit.create": {"customer": "ROSA"},
        "visit.undo": {"visit": "VISIT"},
        "visit.greet": {"visit": "VISIT", "greeted_by_name": True},
        "customer.create": {"name": "Red scarf", "here": True},
        "note.create": {
            "customer": "ROSA",
            "text": "Left-handed",
            "lifetime": "next_visit",
            "moment": "list",
            "private": False,
            "safety": True,
        },
        "note.edit": {"note": "NOTE", "text": "Likes the door", "base": "Likes the window"},
        "note.undo": {"note": "NOTE"},
        "note.seen": {"note": "SAFETY"},
        "note.unseen": {"note": "READ"},
        "customer.tag": {"customer": "ROSA", "tag": "book club"},
        "customer.untag": {"customer": "ROSA", "tag": "Terrace"},
        "field.create": {"name": "Table they like"},
        "field.remove": {"field": "FIELD"},
        "customer.tell": {"customer": "ROSA", "field": "dogs", "text": "Otto and Pim", "base": ""},
        "usual.set": {"customer": "ROSA", "text": "Cortado"},
        "prompt.said": {"customer": "ROSA", "prompt": "the-usual", "greeted_by_name": True},
        "prompt.skipped": {"customer": "ROSA", "prompt": "the-usual"},
        "prompt.undo": {"customer": "ROSA"},
        "customer.name": {"customer": "ROSA", "name": "Rosa M", "call": "Mrs Marchetti", "pronoun": "she"},
        "promise.create": {"customer": "ROSA", "text": "Part ordered", "due": "2026-11-26", "channel": "email"},
        "promise.keep": {"promise": "OPEN"},
        "promise.confirm": {"promise": "OPEN"},
        "promise.close": {"promise": "OPEN", "reason": "She found one"},
        "promise.reopen": {"promise": "KEPT"},
        "promise.undo": {"promise": "OPEN"},
        "promise.link": {"promise": "OPEN", "secret": "20270101" + "a" * 32},
        "promise.send": {"promise": "OPEN", "way": "sms", "text": "It is here now, come by."},
        "question.create": {"customer": "ROSA", "text": "Did the file go through?", "not_before": "2026-11-26"},
        "question.reply": {"question": "THEIRS", "reply": "Open until half three"},
        "question.answer": {"question": "OPEN", "outcome": "said", "answer": "At once."},
        "question.drop": {"question": "OPEN"},
        "question.keep": {"question": "SKIPPED"},
        "question.undo": {"question": "OPEN"},
        "step.create": {"customer": "ROSA", "text": "Checked the seller's reviews"},
        "step.undo": {"step": "STEP"},
        "issue.open": {"customer": "ROSA", "text": "The stereo cuts out", "ours": True},
        "issue.again": {"issue": "EARLIER"},
        "issue.solve": {"issue": "OPEN"},
        "issue.reopen": {"issue": "SOLVED"},
        "issue.undo": {"issue": "OPEN"},
        "mistake.record": {"customer": "ROSA", "text": "We lost her order"},
        "mistake.acknowledge": {"mistake": "OPEN", "said_sorry": True},
        "mistake.make_good": {"mistake": "OPEN", "text": "A new one, on the house"},
        "mistake.reopen": {"mistake": "OWNED"},
        "mistake.undo": {"mistake": "OPEN"},
        "referral.create": {
            "customer": "ROSA",
            "name": "Kris",
            "need": "A doctor",
            "to": "Dr C.",
            "check_on": "2026-11-27",
            "previous": "REFERRAL",
        },
        "referral.answer": {"referral": "REFERRAL", "outcome": "no_answer"},
        "referral.reopen": {"referral": "ANSWERED"},
        "referral.forget": {"referral": "REFERRAL"},
        "referral.undo": {"referral": "REFERRAL"},
        "introduction.set": {"customer": "ROSA", "by_text": "the key shop"},
        "introduction.undo": {"customer": "SENT"},
        "customer.state": {
            "customer": "ROSA",
            "state": "moved",
            "since": "2026-11-20",
            "reason": "A job in Leeds",
            "told_at": "2026-11-20T10:00:00Z",
        },
        "state.seen": {"customer": "DEAD"},
        "customer.join": {"customer": "ROSA", "name": "Bright Books", "kind": "firm", "part": "owner", "brings": False},
        "customer.leave": {"customer": "ROSA", "household": "HERS"},
        "household.left": {"household": "HERS", "reason": "We closed at four", "on": "2026-11-20"},
        "household.back": {"household": "LEFT"},
        "customer.may_be": {"customer": "ROSA", "other": "OTHER"},
        "customer.merge": {"customer": "ROSA", "gone": "OTHER"},
        "customer.unmerge": {"merge": "MERGE"},
        "day.out": {"text": "rye"},
        "day.behind": {"minutes": 15},
        "day.over": {"word": "WORD"},
        "shift.hand_over": {"text": "Oven two runs hot."},
        "shift.seen": {"hand_over": "LINE"},
        "shift.undo": {"hand_over": "OWN LINE"},
        "appointment.create": {
            "customer": "ROSA",
            "starts_at": "2026-11-26T10:00",
            "minutes": 45,
            "with": "Nadia",
            "service": "Cut",
            "squeeze": False,
            "every_weeks": 2,
            "weekdays": [1, 3],
            "until": "2027-02-26",
            "times": 4,
        },
        "appointment.move": {
            "appointment": "BOOKED",
            "starts_at": "2026-11-26T11:00",
            "minutes": 45,
            "with": "Omar",
            "service": "Cut",
            "squeeze": True,
        },
        "appointment.move_back": {"appointment": "MOVED", "move": "THAT MOVE", "service": "Cut"},
        "appointment.cancel": {"appointment": "BOOKED"},
        "appointment.restore": {"appointment": "CANCELLED", "squeeze": False},
        "appointment.undo": {"appointment": "BOOKED"},
        "appointment.keep_place": {"appointment": "BOOKED", "minutes": 20},
        "appointment.late": {"appointment": "BOOKED", "minutes": 10},
        "appointment.grace": {"appointment": "BOOKED", "minutes": 20},
        "appointment.confirm": {"appointment": "BOOKED", "how": "phone"},
        "appointment.unconfirm": {"appointment": "CONFIRMED"},
        "appointment.missed": {"appointment": "PAST", "cause": "theirs"},
        "appointment.came": {"appointment": "PAST"},
        "appointment.cause": {"appointment": "PAST", "cause": "both"},
        "series.undo": {"series": "SERIES"},
        "series.end": {"series": "SERIES", "from": "2026-12-02"},
        "series.resume": {"series": "ENDED"},
        "contact.add": {"customer": "ROSA", "kind": "email", "address": "Rosa@example.org"},
        "contact.remove": {"contact": "CONTACT"},
        "consent.set": {"customer": "ROSA", "way": "sms", "given": False},
        "call.done": {"task": "TO RING", "outcome": "reached"},
        "call.reopen": {"task": "RUNG"},
        "rule.create": {"way": "sms", "minutes_before": 120, "subject": "", "text": "{shop}: {day} at {time}"},
        "rule.change": {"rule": "RULE", "way": "email", "minutes_before": 60, "subject": "Soon", "text": ""},
        "setting.change": {"name": "grace_minutes", "value": 15},
        "setting.undo": {"change": "CHANGE"},
        "rule.end": {"rule": "RULE"},
        "rule.reopen": {"rule": "ENDED"},
        "reminder.test": {"way": "email", "to": "ruth@example.org"},
        "stray.seen": {"stray": "STRAY"},
        "stray.unseen": {"stray": "SEEN STRAY"},
        "outage.seen": {"outage": "OUTAGE"},
        "outage.unseen": {"outage": "SEEN OUTAGE"},
        "calendar.add": {
            "kind": "caldav",
            "url": "https://cal.example.org/",
            "name": "Chair 1",
            "account": "desk",
            "password": "pear tree",
            "with": "Nadia",
            "two_way": True,
        },
        "calendar.change": {"calendar": "CALENDAR", "url": "https://cal.example.org/2.ics", "name": "Chair 2"},
        "calendar.remove": {"calendar": "CALENDAR"},
        "calendar.restore": {"calendar": "REMOVED"},
        "calendar.renew": {},
        "calendar.whose": {"entry": "ASKED", "customer": "ROSA"},
        "calendar.ask_again": {"entry": "ANSWERED"},
        "calendar.settle": {"entry": "CLASH", "how": "both"},
        "calendar.unsettle": {"entry": "SETTLED"},
        "staff.add": {"name": "Bo", "role": "manager"},
        "staff.rename": {"staff": "ANA", "name": "Anna"},
        "staff.role": {"staff": "ANA", "role": "manager"},
        "staff.shops": {"staff": "ANA", "shops": ["2"]},
        "staff.leave": {"staff": "ANA"},
        "staff.back": {"staff": "LEFT"},
        "pin.open": {"staff": "ANA"},
        "shop.open": {"name": "Third Street", "zone": "Europe/London"},
        "shop.withdraw": {"shop": "SECOND"},
        "phone.rename": {"phone": "PHONE", "name": "Counter"},
        "phone.shut_out": {"phone": "PHONE"},
    }

    def filled(self, phone, kind, regular, note):
        names = {"ROSA": str(regular.id), "NOTE": note}
        if kind in ("visit.undo", "visit.greet"):
            names["VISIT"] = applied(phone.act("visit.create", customer=str(regular.id)))["visit"]
        if kind == "prompt.undo":
            applied(phone.act("prompt.skipped", customer=str(regular.id), prompt="the-usual"))
        if kind.startswith("promise.") and kind != "promise.create":
            made = [
                applied(phone.act("promise.create", customer=str(regular.id), text="Call"))["promise"] for _ in "ab"
            ]
            applied(phone.act("promise.keep", promise=made[1]))
            names["OPEN"], names["KEPT"] = made
        if kind == "promise.send":
            number = {"customer": str(regular.id), "kind": "phone", "address": "020 7946 0018"}
            applied(phone.act("contact.add", **number))
        if kind == "day.over":
            names["WORD"] = applied(phone.act("day.out", text="rye"))["word"]
        names.update(self.troubles(phone, kind, str(regular.id)))
        names.update(self.agreed(phone, kind, str(regular.id)))
        if kind in ("note.seen", "note.unseen"):
            safe = {"customer": str(regular.id), "text": "No sesame, ever", "safety": True}
            names["SAFETY"], names["READ"] = (applied(phone.act("note.create", **safe))["note"] for _ in "ab")
            applied(phone.act("note.seen", note=names["READ"]))
        if kind == "customer.untag":
            applied(phone.act("customer.tag", customer=str(regular.id), tag="terrace"))
        if kind.startswith("field."):
            Staff.update(role="manager").where(Staff.name == "Sam").execute()
            names["FIELD"] = applied(phone.act("field.create", name="Bus they take"))["field"]
        if kind.startswith(("staff.", "pin.", "phone.")):
            names.update(self.team())
        if kind.startswith("shop."):
            Staff.update(role="owner").where(Staff.name == "Sam").execute()
            Session.update(kind="owner").execute()
            names["SECOND"] = str(Shop.create(business=Shop.get_by_id(1).business, name="Second Street").id)
        if kind.startswith("setting."):
            Staff.update(role="manager").where(Staff.name == "Sam").execute()
            names["CHANGE"] = str(uuid4())
            applied(phone.act("setting.change", key=names["CHANGE"], name="rest_days", value=14))
        if kind.startswith("calendar."):
            names.update(self.read(phone, str(regular.id)))
        if kind in ("customer.may_be", "customer.merge", "customer.unmerge"):
            names["OTHER"] = applied(phone.act("customer.create", name="Rosa Marcheti", alike="new"))["customer"]
        if kind == "customer.unmerge":
            one = {"customer": str(regular.id), "gone": names["OTHER"]}
            names["MERGE"] = applied(phone.act("customer.merge", **one))["merge"]
        if kind == "state.seen":
            lost = someone(Shop.get_by_id(1), "Linny", state="died", state_since=TUESDAY.date())
            names["DEAD"] = str(lost.id)
        if kind in ("customer.leave", "household.left", "household.back"):
            for name, key in (("Marchetti", "HERS"), ("Bright Books", "LEFT")):
                joins = {"customer": str(regular.id), "name": name, "kind": "firm"}
                names[key] = applied(phone.act("customer.join", **joins))["household"]
            applied(phone.act("household.left", household=names["LEFT"], reason="We closed at four"))
        if kind in ("shift.seen", "shift.undo"):
            sam, ana = Staff.get(Staff.name == "Sam"), hire(Shop.get_by_id(1), "Ana")
            line = {"shop": Shop.get_by_id(1), "text": "Joan may ring.", "day": TUESDAY.date(), "at": TUESDAY}
            names["LINE"] = str(HandOver.create(author=ana, **line).id)
            names["OWN LINE"] = str(HandOver.create(author=sam, **line).id)
        return {
            name: names.get(value, value) if isinstance(value, str) else value
            for name, value in self.CASES[kind].items()
        }

    def troubles(self, phone, kind, rosa):
        """Return what acts about questions, steps, issues, mistakes and referrals name, made by acts."""

        def made(act, **data):
            return next(iter(applied(phone.act(act, **data)).values()))

        if kind.startswith("question."):
            one, theirs, skipped = (
                made("question.create", customer=rosa, text=f"And {text}?", theirs=text == "b") for text in "abc"
            )
            applied(phone.act("question.answer", question=skipped, outcome="skipped"))
            return {"OPEN": one, "THEIRS": theirs, "SKIPPED": skipped}
        if kind.startswith("step."):
            return {"STEP": made("step.create", customer=rosa, text="Rang the supplier")}
        if kind.startswith("issue."):
            one, solved, earlier = (made("issue.open", customer=rosa, text=text) for text in "abc")
            applied(phone.act("issue.solve", issue=solved))
            IssueTime.update(day=TUESDAY.date() - timedelta(days=9)).where(IssueTime.issue == int(earlier)).execute()
            return {"OPEN": one, "SOLVED": solved, "EARLIER": earlier}
        if kind.startswith("mistake."):
            one, owned = (made("mistake.record", customer=rosa, text=text) for text in "ab")
            applied(phone.act("mistake.acknowledge", mistake=owned, said_sorry=False))
            return {"OPEN": one, "OWNED": owned}
        if kind.startswith("referral."):
            sent = {"name": "Kris", "need": "A doctor", "to": "Dr B."}
            one, answered = (made("referral.create", **sent) for _ in "ab")
            applied(phone.act("referral.answer", referral=answered, outcome="reached"))
            return {"REFERRAL": one, "ANSWERED": answered}
        if kind == "introduction.undo":
            applied(phone.act("introduction.set", customer=rosa, by_text="the key shop"))
            return {"SENT": rosa}
        return {}

    def agreed(self, phone, kind, rosa):
        """Return what acts about agreed times, addresses and calls name, made by acts."""

        def booked(at, **more):
            return applied(phone.act("appointment.create", customer=rosa, starts_at=at, **more))

        if kind.startswith("appointment.") and kind != "appointment.create":
            times = ("2026-11-25T10:00", "2026-11-25T11:00", "2026-11-25T12:00", "2026-11-24T08:00")
            one, cancelled, confirmed, past = (booked(at)["appointment"] for at in times)
            applied(phone.act("appointment.cancel", appointment=cancelled))
            applied(phone.act("appointment.confirm", appointment=confirmed))
            if kind == "appointment.came":
                before = TUESDAY - timedelta(days=1)
                Appointment.update(day=before.date(), starts_at=before).where(Appointment.id == past).execute()
            moved, move = booked("2026-11-27T10:00")["appointment"], str(uuid4())
            applied(phone.act("appointment.move", key=move, appointment=moved, starts_at="2026-11-27T11:00"))
            return {
                "BOOKED": one, "CANCELLED": cancelled, "CONFIRMED": confirmed, "PAST": past, "MOVED": moved, "THAT MOVE": move
            }  # fmt: skip
        if kind.startswith("series."):
            one, ended = (booked(f"2026-11-25T1{n}:00", every_weeks=1, times=3)["series"] for n in "01")
            applied(phone.act("series.end", series=ended))
            return {"SERIES": one, "ENDED": ended}
        if kind == "contact.remove":
            kept = {"customer": rosa, "kind": "phone", "address": "020 7946 0018"}
            return {"CONTACT": applied(phone.act("contact.add", **kept))["contact"]}
        if kind.startswith(("rule.", "reminder.", "stray.", "outage.")):
            Staff.update(role="manager").where(Staff.name == "Sam").execute()
            one, ended = (
                applied(phone.act("rule.create", way="email", minutes_before=n))["rule"] for n in (1440, 2880)
            )
            applied(phone.act("rule.end", rule=ended))
            strays = [StrayReport.create(at=TUESDAY, via="mailbox", seen_at=seen).id for seen in (None, TUESDAY)]
            outages = [Outage.create(began=TUESDAY, ended=TUESDAY, seen_at=seen).id for seen in (None, TUESDAY)]
            return {
                "RULE": one, "ENDED": ended, "STRAY": str(strays[0]), "SEEN STRAY": str(strays[1]),
                "OUTAGE": str(outages[0]), "SEEN OUTAGE": str(outages[1]),
            }  # fmt: skip
        if kind.startswith("call."):
            numbers = [booked(f"2026-11-25T1{n}:00")["appointment"] for n in "01"]
            one, rung = (
                CallTask.create(
                    shop=Shop.get_by_id(1), customer=rosa, appointment=number, reason="no-address", at=TUESDAY
                )
                for number in numbers
            )
            applied(phone.act("call.done", task=rung.id, outcome="no_answer"))
            return {"TO RING": str(one.id), "RUNG": str(rung.id)}
        return {}

    def team(self):
        """Return the colleagues that acts about the team name; Sam is their manager, in two shops."""
        Staff.update(role="manager").where(Staff.name == "Sam").execute()
        shop = Shop.get_by_id(1)
        second = Shop.create(business=shop.business, name="Second Street")
        Membership.create(staff=Staff.get(Staff.name == "Sam"), shop=second)
        one, left = hire(shop, "Ana"), hire(shop, "Lee")
        Staff.update(left_at=TUESDAY).where(Staff.id == left.id).execute()
        counter = access.admit_phone(one, "Ana's")[0]
        PinTries.create(staff=one, phone=counter, wrong=5, wrong_in_all=10)
        return {"ANA": str(one.id), "LEFT": str(left.id), "PHONE": str(counter.id)}

    def read(self, phone, rosa):
        """Return what acts about calendars name: two of them, and an entry in each state."""
        Staff.update(role="manager").where(Staff.name == "Sam").execute()
        shop, at = Shop.get_by_id(1), TUESDAY + timedelta(days=1)
        ended = {"REMOVED": TUESDAY, "CALENDAR": None}
        made = {
            name: Calendar.create(
                shop=shop, kind="address", name=name, url=f"https://{name}.example.org/", ended_at=end
            )
            for name, end in ended.items()
        }
        states = {"ASKED": "unsure", "ANSWERED": "ignored", "CLASH": "clash", "SETTLED": "matched"}
        for name, state in states.items():
            ours = None
            if state in ("clash", "matched"):
                ours = Appointment.create(customer=int(rosa), shop=shop, day=at.date(), starts_at=at, ends_at=at)
            made[name] = CalendarEntry.create(
                calendar=made["CALENDAR"], uid=name, starts_at=at, ends_at=at + timedelta(minutes=30), summary="Rosa",
                state=state, appointment=ours, customer=ours and int(rosa), at=TUESDAY,
            )  # fmt: skip
        return {name: str(row.id) for name, row in made.items()}

    def everything(self):
        return rows_of(
            Customer, Visit, Witness, Promise, Note, Usual, PromptEnded, HandOver, HandOverSeen, Question, ExtraStep, Issue,
            IssueTime, Mistake, Referral, Introduction, Seen, DayWord, Household, Belonging, Tag, Tagged,
            CustomField, FieldValue, Appointment, Series, Contact, Consent, CallTask, ReminderRule, Message, StrayReport,
            Outage, Calendar, CalendarEntry, Shop, Staff, Membership, PinTries,
        )  # fmt: skip

    def test_is_in_this_table(self):
        assert set(self.CASES) == set(DOERS)

    @pytest.mark.parametrize("kind", CASES)
    def test_is_applied_once_and_a_repeat_is_a_duplicate(self, phone, regular, note, kind):
        data, key = self.filled(phone, kind, regular, note), str(uuid4())
        before = self.everything()
        first = phone.act(kind, key=key, **data)
        after = self.everything()
        assert first["status"] == "applied", first
        assert after != before
        again = phone.act(kind, key=key, **data)
        assert again == {**first, "status": "duplicate"}
        assert self.everything() == after

    @pytest.mark.one_engine
    @pytest.mark.parametrize("kind", CASES)
    def test_under_the_id_of_another_is_rejected(self, phone, regular, note, kind):
        key = str(uuid4())
        phone.act("customer.create", key=key, name="First of this id")
        data = self.filled(phone, kind, regular, note)
        before = self.everything()
        answer = phone.act(kind, key=key, **data)
        assert (answer["status"], answer["reason"]) == ("rejected", "This id was used before, for something else.")
        assert self.everything() == before

    @pytest.mark.one_engine
    @pytest.mark.parametrize("kind", CASES)
    def test_with_nothing_to_go_by_is_refused_in_words_and_leaves_no_trace(self, phone, regular, note, kind):
        before = self.everything()
        answer = phone.act(kind)
        assert answer["status"] in ("rejected", "conflict")
        assert answer["reason"].endswith(".")
        assert self.everything() == before

    @pytest.mark.parametrize("kind", CASES)
    def test_with_a_field_of_another_kind_is_answered_and_never_an_error(self, phone, regular, note, kind):
        data = self.filled(phone, kind, regular, note)
        odd = [
            None,
            True,
            -1,
            10**12,
            1.5,
            "",
            "x" * 2001,
            "\x00",
            "\ud800",
            [],
            ["a"],
            {"a": 1},
            "2026-02-30",
            str(uuid4()),
        ]
        acts = [
            {"id": str(uuid4()), "type": kind, "at": TUESDAY.isoformat(), "data": {**data, name: value}}
            for name in data
            for value in odd
        ]
        for answer in phone.acts(acts):
            assert answer["status"] in ("applied", "rejected", "conflict")
            assert answer["status"] == "applied" or answer["reason"].strip()

    @pytest.mark.parametrize("kind", [kind for kind, data in CASES.items() if "customer" in data])
    def test_about_nobody_or_somebody_elses_customer_is_refused_alike(self, phone, regular, note, stranger, kind):
        data = self.filled(phone, kind, regular, note)
        answers = [phone.act(kind, **{**data, "customer": who}) for who in (NOBODY, stranger["customer"])]
        assert [answer["status"] for answer in answers] == ["rejected", "rejected"]
        assert answers[0]["reason"] == answers[1]["reason"]

    def test_a_refused_one_may_be_sent_again_when_it_is_mended(self, phone, rosa):
        key = str(uuid4())
        assert phone.act("note.create", key=key, customer=str(rosa.id), text=" ")["status"] == "rejected"
        assert phone.act("note.create", key=key, customer=str(rosa.id), text="Left-handed")["status"] == "applied"


class TestAnId:
    def test_of_an_act_stands_for_what_it_made(self, phone):
        person, visit, note = str(uuid4()), str(uuid4()), str(uuid4())
        answers = phone.acts(
            [
                {"id": person, "type": "customer.create", "data": {"name": "Red scarf"}},
                {"id": visit, "type": "visit.create", "data": {"customer": person}},
                {"id": note, "type": "note.create", "data": {"customer": person, "text": "Left-handed"}},
                {
                    "id": str(uuid4()),
                    "type": "note.edit",
                    "data": {"note": note, "text": "Right-handed", "base": "Left-handed"},
                },
                {"id": str(uuid4()), "type": "visit.undo", "data": {"visit": visit}},
            ]
        )
        assert [answer["status"] for answer in answers] == ["applied"] * 5
        assert Note.get().text == "Right-handed"
        assert Note.get().customer.name == "Red scarf"
        assert Visit.select().count() == 0

    @pytest.mark.parametrize(
        "written",
        [str.upper, lambda key: key.replace("-", ""), lambda key: f"{{{key}}}"],
        ids=["capitals", "no dashes", "braces"],
    )
    def test_is_the_same_however_it_is_written(self, phone, written):
        key = str(uuid4())
        phone.act("customer.create", key=key, name="Red scarf")
        assert phone.act("customer.create", key=written(key), name="Red scarf")["status"] == "duplicate"

    @pytest.mark.parametrize(
        "who",
        [
            "",
            "x",
            "-1",
            "0",
            "1.5",
            "9" * 30,
            "x" * 36,
            "00000000-0000-4000-8000-000000000000",  # nobody's; and the same in every process that collects the tests
            None,
            True,
            [],
            {},
            [1],
            1.5,
            2**31,
            "1 OR 1=1",
            "\x00",
        ],
        ids=lambda who: repr(who)[:12],
    )
    def test_of_nothing_there_is_refused_in_words(self, phone, rosa, who):
        answer = phone.act("visit.create", customer=who)
        assert answer["status"] == "rejected"
        assert answer["reason"].endswith(".")

    def test_may_be_a_number(self, phone, rosa):
        assert phone.act("visit.create", customer=rosa.id)["status"] == "applied"

    @pytest.mark.parametrize("key", ["", "1", "no uuid", "x" * 36, None, 17, [], {"a": 1}], ids=repr)
    def test_of_an_act_has_to_be_its_own(self, phone, rosa, key):
        answer = phone.acts([{"id": key, "type": "visit.create", "data": {"customer": str(rosa.id)}}])[0]
        assert answer["status"] == "rejected"
        assert rosa.visits.count() == 0

    def test_that_made_something_else_is_no_customer(self, phone, rosa):
        key = str(uuid4())
        phone.act("note.create", key=key, customer=str(rosa.id), text="Left-handed")
        assert phone.act("visit.create", customer=key)["status"] == "rejected"

    def test_of_another_business_cannot_be_guessed_at(self, server, phone, stranger):
        key = str(uuid4())
        boss = hire(Shop.get_by_id(stranger["shop"]), "Eve", "owner")
        eve = signed_in(server, boss)
        applied(eve.act("customer.create", key=key, name="Hers"))
        assert phone.act("visit.create", customer=key)["status"] == "rejected"
        assert phone.act("customer.create", key=key, name="Hers")["status"] == "rejected"


class TestACustomersName:
    def test_changes_nothing_that_was_not_sent(self, phone, rosa):
        applied(phone.act("customer.name", customer=str(rosa.id), name="Rosa M", say_as="ROH-za", call="Mrs Marchetti"))
        applied(phone.act("customer.name", customer=str(rosa.id), name="Rosa Marchetti"))
        now = Customer.get_by_id(rosa.id)
        assert (now.name, now.say_as, now.call) == ("Rosa Marchetti", "ROH-za", "Mrs Marchetti")
        assert {told.what for told in now.told} == {"say_as", "call"}

    @pytest.mark.parametrize("name", ["\u200b", "\u200b\u202e \u2060", "\ufeff", "\u00ad"])
    def test_that_nobody_can_see_is_none(self, phone, name):
        answer = phone.act("customer.create", name=name)
        assert (answer["status"], answer["reason"]) == (
            "rejected", "“Name, or a word you know them by” is empty. Write something first.",
        )  # fmt: skip

    @pytest.mark.parametrize("name", ["☕", "李", "7", "👩\u200d🍳", "…"])
    def test_may_be_a_sign_alone(self, phone, name):
        assert phone.act("customer.create", name=name)["status"] == "applied"


class TestVisits:
    def test_of_another_shop_of_ours_may_be_named(self, server, shop, owner, rosa):
        second = Shop.create(business=shop.business, name="Second Street")
        ruth = signed_in(server, owner, "owner")
        applied(ruth.act("visit.create", customer=str(rosa.id), shop=str(second.id)))
        assert rosa.visits.get().shop_id == second.id

    def test_in_a_shop_one_does_not_work_in_are_refused(self, phone, shop, rosa, stranger):
        second = Shop.create(business=shop.business, name="Second Street")
        answers = [
            phone.act("visit.create", customer=str(rosa.id), shop=place)
            for place in (str(second.id), stranger["shop"], NOBODY)
        ]
        assert {answer["status"] for answer in answers} == {"rejected"}
        assert len({answer["reason"] for answer in answers}) == 1

    def test_undone_twice_are_a_conflict(self, phone, rosa):
        visit = applied(phone.act("visit.create", customer=str(rosa.id)))["visit"]
        applied(phone.act("visit.undo", visit=visit))
        answer = phone.act("visit.undo", visit=visit)
        assert (answer["status"], answer["reason"]) == ("conflict", "That visit was already taken back.")

    def test_of_another_business_cannot_be_taken_back(self, phone, stranger):
        assert phone.act("visit.undo", visit=stranger["visit"])["status"] == "conflict"
        assert Visit.select().count() == 1

    def test_told_by_a_file_stay_when_a_tap_that_joined_them_is_taken_back(self, phone, shop, rosa):
        taken = Import.create(business=shop.business, kind="visits", digest="", at=clock.now(), counts={})
        Visit.create(customer=rosa, shop=shop, day=shop.today(), at=TUESDAY - timedelta(minutes=20), imported=taken)
        answer = applied(phone.act("visit.create", customer=str(rosa.id)))
        assert answer["joined"]
        applied(phone.act("visit.undo", visit=answer["visit"]))
        assert rosa.visits.count() == 1
        assert Witness.select().count() == 0
        applied(phone.act("visit.undo", visit=answer["visit"]))
        assert rosa.visits.count() == 0

    def test_are_at_the_earliest_tap_left(self, phone, other_phone, rosa):
        early = TUESDAY - timedelta(minutes=30)
        visit = applied(phone.act("visit.create", customer=str(rosa.id), at=early))["visit"]
        applied(other_phone.act("visit.create", customer=str(rosa.id)))
        applied(phone.act("visit.undo", visit=visit))
        assert rosa.visits.get().at == TUESDAY


class TestNotes:
    def test_are_kept_as_written_with_who_and_when(self, phone, rosa, sam, shop):
        applied(
            phone.act(
                "note.create",
                customer=str(rosa.id),
                text="  Left-handed ",
                moment="booking",
                lifetime="this_visit",
                private=True,
            )
        )
        kept = Note.get()
        assert (kept.text, kept.author, kept.shop, kept.moment, kept.lifetime, kept.private, kept.safety) == (
            "Left-handed", sam, shop, "booking", "this_visit", True, False,
        )  # fmt: skip
        assert (kept.at, kept.day) == (TUESDAY, shop.today())

    @pytest.mark.parametrize(
        "wrong",
        [
            {"text": ""},
            {"text": "   "},
            {"text": None},
            {"text": ["a"]},
            {"text": "x" * 2001},
            {"text": "\x00"},
            {"text": "\ud800"},
            {"lifetime": "for ever"},
            {"lifetime": ["always"]},
            {"moment": None},
            {"private": "yes"},
            {"private": 1},
            {"safety": None},
        ],
        ids=repr,
    )
    def test_with_something_unfit_are_refused(self, phone, rosa, wrong):
        answer = phone.act("note.create", **{"customer": str(rosa.id), "text": "Left-handed", **wrong})
        assert answer["status"] == "rejected"
        assert answer["reason"].endswith(".")
        assert Note.select().count() == 0

    def test_are_refused_where_somebody_asked_for_none(self, phone, rosa):
        applied(phone.act("customer.name", customer=str(rosa.id), name="Rosa Marchetti", wishes=["no_notes"]))
        answer = phone.act("note.create", customer=str(rosa.id), text="Left-handed")
        assert answer["status"] == "rejected"
        assert answer["reason"] == "Rosa Marchetti asked us to write nothing down, so nothing was kept."
        applied(phone.act("customer.name", customer=str(rosa.id), name="Rosa Marchetti", wishes=[]))
        applied(phone.act("note.create", customer=str(rosa.id), text="Left-handed"))

    def test_that_stand_are_not_changed_either_where_somebody_asked_for_none(self, phone, rosa, note):
        applied(phone.act("customer.name", customer=str(rosa.id), wishes=["no_notes"]))
        for base in ("Likes the window", "something else"):
            answer = phone.act("note.edit", note=note, text="Likes the door", base=base)
            assert answer["status"] == "rejected"
            assert "asked us to write nothing down" in answer["reason"]
        assert [one.text for one in Note.select()] == ["Likes the window"]

    @pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
    def test_of_two_lines_are_the_same_whichever_way_lines_end(self, phone, rosa, ends):
        text = f"Line one{ends}line two"
        note = applied(phone.act("note.create", customer=str(rosa.id), text=text))["note"]
        assert applied(phone.act("note.edit", note=note, text="One line", base="Line one\nline two")) == {"note": note}

    def test_are_taken_back_by_their_author_alone_on_the_same_day(self, phone, other_phone, note, at):
        told = "Only who wrote a note can take it back, on the same day."
        assert other_phone.act("note.undo", note=note)["reason"] == told
        at(TUESDAY + timedelta(days=1))
        assert phone.act("note.undo", note=note)["reason"] == told
        assert Note.select().count() == 1

    def test_edited_by_two_keep_both_texts(self, phone, other_phone, note, rosa):
        assert applied(phone.act("note.edit", note=note, text="Likes the door", base="Likes the window")) == {
            "note": note
        }
        beside = applied(other_phone.act("note.edit", note=note, text="Likes the bar", base="Likes the window"))
        assert beside["note"] == note
        assert {str(n.id): n.text for n in rosa.notes} == {
            note: "Likes the door",
            beside["kept_beside"]: "Likes the bar",
        }

    def test_kept_beside_stay_as_private_as_they_were(self, phone, other_phone, rosa, ana):
        note = applied(phone.act("note.create", customer=str(rosa.id), text="Moved out", private=True))["note"]
        beside = applied(other_phone.act("note.edit", note=note, text="Moved in", base="something else"))["kept_beside"]
        assert Note.get_by_id(int(beside)).private
        assert Note.get_by_id(int(beside)).author == ana

    def test_of_another_business_cannot_be_edited(self, phone, stranger):
        answers = [
            phone.act("note.edit", note=which, text="Ours now", base="Not ours") for which in (stranger["note"], NOBODY)
        ]
        assert answers[0]["reason"] == answers[1]["reason"]
        assert Note.get().text == "Not ours"


class TestTheUsual:
    def test_is_written_over_and_taken_away(self, phone, rosa, sam):
        applied(phone.act("usual.set", customer=str(rosa.id), text="Cortado"))
        applied(phone.act("usual.set", customer=str(rosa.id), text="Flat white"))
        assert [(u.text, u.author) for u in Usual.select()] == [("Flat white", sam)]
        applied(phone.act("usual.set", customer=str(rosa.id), text=""))
        assert Usual.select().count() == 0

    def test_of_who_wants_nothing_written_down_is_only_taken_away(self, phone, rosa, sam, shop):
        applied(phone.act("usual.set", customer=str(rosa.id), text="Cortado"))
        Told.create(customer=rosa, what="no_notes", author=sam, day=shop.today())
        refused = phone.act("usual.set", customer=str(rosa.id), text="Flat white")
        assert (refused["status"], Usual.get().text) == ("rejected", "Cortado")
        applied(phone.act("usual.set", customer=str(rosa.id), text=""))
        assert Usual.select().count() == 0


class TestPrompts:
    @pytest.mark.parametrize(("kind", "outcome"), [("prompt.said", "said"), ("prompt.skipped", "skipped")])
    def test_are_kept_with_what_became_of_them(self, phone, regular, shop, kind, outcome):
        applied(phone.act("visit.create", customer=str(regular.id)))
        assert Visit.select().where(Visit.prompt.is_null(False)).get().outcome == "shown"
        applied(phone.act(kind, customer=str(regular.id), prompt="the-usual", greeted_by_name=False))
        kept = Visit.select().where(Visit.prompt.is_null(False)).get()
        assert (kept.prompt["id"], kept.outcome, kept.greeted_by_name, kept.day) == (
            "the-usual",
            outcome,
            False,
            shop.today(),
        )
        assert kept.prompt["usual"] == "Flat white"

    @pytest.mark.parametrize("prompt", ["second-visit", "nonsense", "x" * 2000])
    def test_that_are_not_offered_are_a_conflict(self, phone, regular, prompt):
        assert phone.act("prompt.said", customer=str(regular.id), prompt=prompt)["status"] == "conflict"
        assert PromptEnded.select().count() == 0

    def test_once_said_can_be_corrected_to_skipped(self, phone, regular):
        applied(phone.act("prompt.said", customer=str(regular.id), prompt="the-usual", greeted_by_name=True))
        applied(phone.act("prompt.skipped", customer=str(regular.id), prompt="the-usual"))
        assert (PromptEnded.get().outcome, PromptEnded.get().greeted_by_name) == ("skipped", True)


class TestGreetedByName:
    def test_is_kept_with_the_visit_and_can_be_taken_back(self, phone, regular):
        visit = applied(phone.act("visit.create", customer=str(regular.id)))["visit"]
        applied(phone.act("visit.greet", visit=visit))
        assert Visit.get_by_id(int(visit)).greeted_by_name is True
        applied(phone.act("visit.greet", visit=visit, greeted_by_name=False))
        assert Visit.get_by_id(int(visit)).greeted_by_name is None

    def test_stays_when_the_words_are_said_after_it(self, phone, regular):
        visit = applied(phone.act("visit.create", customer=str(regular.id)))["visit"]
        applied(phone.act("visit.greet", visit=visit))
        applied(phone.act("prompt.said", customer=str(regular.id), prompt="the-usual"))
        assert Visit.get_by_id(int(visit)).greeted_by_name is True

    def test_of_a_visit_of_others_is_refused_like_one_that_is_gone(self, phone, regular, stranger):
        answers = [phone.act("visit.greet", visit=which) for which in (stranger["visit"], NOBODY)]
        assert answers[0]["reason"] == answers[1]["reason"]
        assert [answer["status"] for answer in answers] == ["conflict", "conflict"]


class TestTheTimeOfAnAct:
    @pytest.mark.parametrize(
        ("tapped", "sent", "taken"),
        [
            pytest.param(-5, 0, -5, id="five minutes ago: then"),
            pytest.param(5, 0, 0, id="in the future: now"),
            pytest.param(-3 * 1440, 0, -3 * 1440, id="three days ago: then"),
            pytest.param(-3 * 1440 - 1, 0, 0, id="older than three days: now"),
            pytest.param(3 * 1440 - 5, 3 * 1440, -5, id="a clock three days ahead: five minutes before it was sent"),
            pytest.param(-3 * 1440 - 5, -3 * 1440, -5, id="a clock three days behind: five minutes before it was sent"),
            pytest.param(10, 5, 0, id="later than it was sent: now"),
        ],
    )
    def test_is_corrected_by_how_far_the_phones_clock_is_off(self, tapped, sent, taken):
        minutes = lambda n: TUESDAY + timedelta(minutes=n)  # noqa: E731
        assert taken_time(minutes(tapped), minutes(sent), TUESDAY)[0] == minutes(taken)

    @pytest.mark.parametrize("days", [-3, 3])
    def test_puts_no_visit_on_a_wrong_day_though_the_clock_is_days_off_and_says_so(self, phone, shop, rosa, days):
        wrong = TUESDAY + timedelta(days=days)
        act = {
            "id": str(uuid4()),
            "type": "visit.create",
            "at": (wrong - timedelta(minutes=20)).isoformat(),
            "data": {"customer": str(rosa.id)},
        }
        answer = phone.post("/api/v1/actions", json={"sent_at": wrong.isoformat(), "actions": [act]}).json
        assert answer["clock_off_s"] == -days * 86_400
        visit = rosa.visits.get()
        assert (visit.at, visit.day) == (TUESDAY - timedelta(minutes=20), shop.today())
        assert visit.tapped_at == wrong - timedelta(minutes=20)

    @pytest.mark.parametrize(("minutes", "told"), [(0, False), (5, False), (6, True), (-6, True)])
    def test_a_clock_off_by_more_than_five_minutes_is_told(self, phone, minutes, told):
        sent = (TUESDAY + timedelta(minutes=minutes)).isoformat()
        answer = phone.post("/api/v1/actions", json={"sent_at": sent, "actions": []}).json
        assert ("clock_off_s" in answer) is told

    def test_is_now_where_none_is_given(self, phone, rosa):
        answer = phone.post(
            "/api/v1/actions",
            json={"actions": [{"id": str(uuid4()), "type": "visit.create", "data": {"customer": rosa.id}}]},
        )
        assert answer.json["results"][0]["status"] == "applied"
        assert rosa.visits.get().at == TUESDAY

    @pytest.mark.parametrize(
        ("sent", "told", "status"),
        [
            pytest.param(
                "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:01+00:00", "conflict", id="as long ago as can be"
            ),
            pytest.param(
                "0001-01-01T00:00:01+00:00", "9999-12-31T23:59:59+00:00", "applied", id="as far ahead, so now"
            ),
        ],
    )
    def test_that_is_beyond_all_measure_is_answered(self, phone, rosa, sent, told, status):
        act = {"id": str(uuid4()), "type": "visit.create", "at": told, "data": {"customer": str(rosa.id)}}
        answer = phone.post("/api/v1/actions", json={"sent_at": sent, "actions": [act]})
        assert [one["status"] for one in answer.json["results"]] == [status]
        assert [visit.at for visit in rosa.visits] == ([TUESDAY] if status == "applied" else [])

    @pytest.mark.parametrize(
        "told", ["", "yesterday", "2026-11-24T08:00", 17, [], {}, "0001-01-01T00:00:00+14:00"], ids=repr
    )
    def test_that_is_none_is_rejected(self, phone, rosa, told):
        answer = phone.acts(
            [{"id": str(uuid4()), "type": "visit.create", "at": told, "data": {"customer": str(rosa.id)}}]
        )[0]
        assert answer["status"] == "rejected"

    def test_three_days_is_the_limit_the_contract_names(self):
        assert timedelta(days=3) == OLDEST


class TestABatch:
    def test_is_answered_in_order_and_one_bad_act_spoils_no_other(self, phone, rosa, okafor):
        acts = [
            {"id": str(uuid4()), "type": "visit.create", "data": {"customer": str(rosa.id)}},
            {"id": str(uuid4()), "type": "visit.fly", "data": {}},
            "junk",
            {"id": str(uuid4()), "type": "visit.create", "data": []},
            {"id": str(uuid4()), "type": "visit.create", "data": {"customer": NOBODY}},
            {"id": str(uuid4()), "type": "visit.create", "data": {"customer": str(okafor.id)}},
        ]
        answers = phone.acts(acts)
        assert [answer["status"] for answer in answers] == ["applied", *["rejected"] * 4, "applied"]
        assert [answer["id"] for answer in answers if answer["id"]] == [
            act["id"] for act in acts if isinstance(act, dict)
        ]
        assert Visit.select().count() == 2

    @pytest.mark.parametrize(("count", "code"), [(0, 200), (500, 200), (501, 413)])
    def test_holds_at_most_five_hundred(self, phone, count, code):
        acts = [{"id": "no id", "type": "nothing"}] * count
        answer = phone.post("/api/v1/actions", json={"actions": acts})
        assert answer.status_code == code
        if code == 413:
            assert answer.mimetype == "application/problem+json"
            assert "500" in answer.json["title"]

    @pytest.mark.parametrize(
        "body",
        [b"", b"null", b"[]", b"17", b'"text"', b"{}", b'{"actions": {}}', b'{"actions": null}', b"{", b"\xff\xfe",
         b'{"actions": [], "sent_at": "noon"}',
         b'{"actions": [], "sent_at": 17}', b'{"actions":' * 100_000, b"[" * 200_000, b'{"actions": [' + b"9" * 5000 + b"]}"],
        ids=lambda body: repr(body[:24]),
    )  # fmt: skip
    def test_of_anything_else_is_a_problem_in_words(self, phone, body):
        answer = phone.post("/api/v1/actions", data=body, content_type="application/json")
        assert answer.status_code == 400
        assert answer.mimetype == "application/problem+json"
        assert answer.json["title"].endswith(".")

    def test_one_phones_change_is_seen_in_the_shops_revision(self, phone, shop, rosa):
        before = Shop.get_by_id(shop.id).revision
        phone.act("visit.create", customer=str(rosa.id))
        assert Shop.get_by_id(shop.id).revision > before


class TestWithABearerToken:
    @pytest.mark.parametrize("token", ["", "nonsense", "ж", "a b c"])
    def test_that_is_none_nobody_gets_in(self, server, rosa, token):
        answer = server.test_client().post(
            "/api/v1/actions",
            json={"actions": []},
            headers={"Authorization": f"Bearer {token}".encode().decode("latin-1")},
        )
        assert answer.status_code == 401

    def test_that_is_good_the_same_acts_are_done(self, server, shop, sam, rosa):
        token = access.start_session(sam, "token", shop=shop)
        act = {"id": str(uuid4()), "type": "visit.create", "data": {"customer": str(rosa.id)}}
        answer = server.test_client().post(
            "/api/v1/actions", json={"actions": [act]}, headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.json["results"][0]["status"] == "applied"

    def test_a_phones_session_is_no_bearer_token(self, server, phone):
        cookie = phone.client.get_cookie("regulars").value
        answer = server.test_client().post(
            "/api/v1/actions", json={"actions": []}, headers={"Authorization": f"Bearer {cookie}"}
        )
        assert answer.status_code == 401


def test_what_an_act_wrote_stands_once(phone, rosa):
    applied(phone.act("note.create", customer=str(rosa.id), text="Likes the window seat"))
    kept = Action.get()
    assert "window" not in kept.digest + repr(kept.result)
    assert kept.done_at == TUESDAY


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from(
        [
            "1",
            "2",
            "\ud83d",
            "\x00",
            "x" * 36,
            "2026-11-24T08:00:00+00:00",
            "0001-01-01T00:00:00+00:00",
            "always",
            "list",
            str(uuid4()),
            "9" * 40,
        ]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["customer", "visit", "note", "shop", "text", "name", "here", "lifetime", "moment", "private", "safety", "base",
          "prompt", "greeted_by_name", "pronoun", "call", "say_as", "usual", "appointment", "starts_at", "minutes", "with",
          "every_weeks", "weekdays", "until", "times", "cause", "series", "kind", "address", "task", "outcome"]  # fmt: skip
JUNK = st.fixed_dictionaries(
    {},
    optional={
        "id": st.builds(lambda: str(uuid4())) | ANYTHING,
        "type": st.sampled_from(sorted(DOERS)) | ANYTHING,
        "at": ANYTHING,
        "data": st.dictionaries(st.sampled_from(FIELDS), ANYTHING | st.just("1"), max_size=6) | ANYTHING,
    },
)


@given(acts=st.lists(JUNK | ANYTHING, max_size=6), sent_at=st.none() | st.just("2026-11-24T08:00:00+00:00") | ANYTHING)
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_junk_is_answered_in_words_and_never_with_a_breakdown(phone, rosa, acts, sent_at):
    if not Visit.select().exists():
        phone.act("visit.create", customer=str(rosa.id))
    answer = phone.post("/api/v1/actions", json={"actions": acts, "sent_at": sent_at})
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 200:
        results = answer.json["results"]
        assert len(results) == len(acts)
        assert all(r["status"] in ("applied", "duplicate", "conflict", "rejected") for r in results)
        assert all(r.get("reason", "").endswith(".") for r in results if r["status"] in ("conflict", "rejected"))


def test_every_act_there_is_stands_in_the_documents_table_and_no_other():
    lines = (ROOT / "docs" / "http.md").read_text(encoding="utf-8").splitlines()
    told = [
        act for line in lines if line.startswith("| `") for act in re.findall(r"`(\w+\.\w+)`", line.split(" | ")[0])
    ]
    assert sorted(told) == sorted(DOERS)
