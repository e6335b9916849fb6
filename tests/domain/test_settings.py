"""What an owner sets: each thing changes what it says, is checked with a sentence, recorded, and can be taken back."""

import re
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest

import clock
from domain import appointments, expected, people_kept, retention, settings
from domain.lines import line_for, lines
from domain.settings import SETTINGS, Wrong
from models import (
    Appointment,
    Audit,
    Business,
    Message,
    Note,
    PromptEnded,
    ReminderRule,
    Series,
    Shop,
    Visit,
)
from tests.conftest import ROOT, TUESDAY, came, days_before, hire, signed_in, someone
from words import settings as said

TODAY = TUESDAY.date()
NOWHERE = Shop(id=0, business=0)  # a shop for what asks no database


@pytest.fixture
def put(desk, shop):
    """Set something, and return the shop as it then is."""

    def put(name, value):
        answer = desk.act("setting.change", name=name, value=value)
        assert answer["status"] == "applied", answer
        return Shop.get_by_id(shop.id)

    return put


def words_for(shop, customer):
    """Return the id of what is offered for somebody now."""
    prompt = line_for(customer, shop, clock.now()).prompt
    return prompt and prompt["id"]


@pytest.fixture
def third(shop, rosa):
    """Rosa, on her third Tuesday in a row."""
    came(rosa, shop, *days_before(TODAY, 7, 14))
    return rosa


# -- what each changes


class TestWordsToSay:
    def test_none_are_offered_where_the_owner_wants_none(self, put, shop, third):
        assert words_for(shop, third) == "third-weekday"
        assert words_for(put("prompts_a_visit", 0), third) is None
        assert words_for(put("prompts_a_visit", 1), third) == "third-weekday"

    def test_end_for_the_day_with_the_number_the_owner_set_but_for_what_matters(self, put, phone, shop, third, okafor):
        came(okafor, shop, *days_before(TODAY, 7, 14))
        ana = someone(shop, "Ana Belo")
        came(ana, shop, TODAY - timedelta(days=3))
        shop = put("prompts_a_day", 1)
        assert words_for(shop, okafor) == "third-weekday"
        phone.act("visit.create", customer=str(third.id))
        assert words_for(shop, okafor) is None
        assert words_for(shop, ana) == "second-visit"
        assert [line.prompt for line in lines(shop, TODAY, clock.now()) if line.customer == okafor] == [None]
        assert words_for(put("prompts_a_day", ""), okafor) == "third-weekday"

    @pytest.mark.parametrize(("days", "offered"), [(7, True), (10, True), (11, False), (28, False)])
    def test_rest_as_long_as_the_owner_set(self, put, shop, third, days, offered):
        prompt = {"id": "third-weekday", "weekday": 1, "dates": []}
        PromptEnded.create(
            shop=shop, customer=third, day=TODAY - timedelta(days=10), prompt=prompt, outcome="skipped", at=TUESDAY
        )
        expected.day_list(shop, TODAY)
        assert (words_for(put("rest_days", days), third) == "third-weekday") is offered

    def test_of_birthdays_only_where_the_owner_wants_them(self, put, phone, shop, rosa):
        came(rosa, shop, *days_before(TODAY, *range(1, 30)))
        phone.act("customer.tell", customer=str(rosa.id), field="birthday", text="11-24")
        expected.day_list(shop, TODAY)
        assert words_for(shop, rosa) == "birthday"
        assert words_for(put("birthdays", False), rosa) != "birthday"
        assert words_for(put("birthdays", True), rosa) == "birthday"

    @pytest.mark.parametrize("never", ["thank", "COMING  back", "Tuesday"])
    def test_that_are_never_used_here_are_never_offered(self, put, phone, shop, third, never):
        shop = put("words_never", [never])
        assert words_for(shop, third) is None
        phone.act("visit.create", customer=str(third.id))
        assert Visit.get(Visit.day == TODAY).prompt is None

    def test_that_were_offered_before_are_hidden(self, put, phone, shop, third):
        phone.act("visit.create", customer=str(third.id))
        assert words_for(shop, third) == "third-weekday"
        assert words_for(put("words_never", "thank"), third) is None

    def test_that_only_begin_like_one_that_is_never_used_are(self, put, third):
        assert words_for(put("words_never", ["than", "ow"]), third) == "third-weekday"

    def test_that_are_never_used_are_no_words_of_the_owners_own(self, put, desk):
        put("words_never", ["lovely"])
        told = desk.post("/settings/words/second-visit", {"sentence_0": "A lovely second visit."})
        assert told.status_code == 422
        assert "“lovely” is never said." in told.text

    def test_that_are_never_used_stand_in_no_reminder(self, put, desk, shop):
        put("words_never", ["darling"])
        rule = {"way": "sms", "minutes_before": 60, "subject": "", "text": "Darling, {day} at {time}"}
        told = desk.act("rule.create", **rule)
        assert (told["status"], "“darling” stands in these words" in told["reason"]) == ("rejected", True)

    @pytest.mark.parametrize(
        ("text", "never"), [("See you, sunshine: {day}", "sunshine"), ("", "tomorrow"), ("", "hello")]
    )
    def test_that_stand_in_a_reminder_have_to_leave_it_first(self, desk, shop, text, never):
        ReminderRule.create(shop=shop, way="sms", minutes_before=60, text=text)
        told = desk.act("setting.change", name="words_never", value=[never])
        from words.reminders import ours

        stands = never in f"{text} {ours('sms')[1]}".casefold()
        assert told["status"] == ("rejected" if stands else "applied")
        if stands:
            assert told["reason"].startswith(f"“{never}” stands in this reminder: By text message")


class TestADayTheShopIsClosed:
    YEARLY, ONCE = {"day": "11-24", "name": "Harvest"}, {"day": "2026-11-24", "name": "Stocktaking"}

    @pytest.mark.parametrize("day", [YEARLY, ONCE], ids=["yearly", "once"])
    def test_lists_nobody_by_habit_and_comes_again_when_it_is_opened(self, put, desk, shop, rosa, day):
        came(rosa, shop, *days_before(TODAY, *range(1, 60)))
        assert str(rosa.id) in desk.rows()
        put("closed_days", [day])
        assert desk.rows() == {}
        put("closed_days", [])
        assert str(rosa.id) in desk.rows()

    @pytest.mark.parametrize(
        ("day", "closed"),
        [
            (date(2026, 11, 24), True),
            (date(2027, 11, 24), True),
            (date(2026, 12, 25), True),
            (date(2027, 12, 25), False),
        ],
    )
    def test_is_every_year_or_once(self, day, closed):
        kept = [{"day": "11-24", "name": ""}, {"day": "2026-12-25", "name": "Christmas"}]
        shop = Shop(hours=[["08:00", "18:00"]] * 7, preferences={"closed_days": kept})
        assert (shop.is_closed_on(day), shop.hours_on(day)) == (closed, None if closed else (480, 1080))

    def test_has_no_free_times_with_hours_or_without(self, put, shop, rosa):
        near = shop.at(date(2026, 12, 25), 10 * 60)
        shop = put("closed_days", [{"day": "12-25", "name": "Christmas"}])
        for hours in (None, [["00:00", "24:00"]] * 7):
            found = appointments.free_times(put("hours", hours), "", near, 30)
            assert {shop.local(at).date() for at in found} == {date(2026, 12, 26)}

    def test_is_left_out_of_a_series(self, put, phone, shop, rosa):
        put("closed_days", [{"day": "12-08", "name": "Immaculate Conception"}])
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-12-01T10:00", every_weeks=1, times=3)
        assert [one.day for one in Appointment.select().order_by(Appointment.day)] == [
            date(2026, 12, 1),
            date(2026, 12, 15),
        ]
        assert appointments.left_out(Series.get()) == [date(2026, 12, 8)]

    def test_is_doubted_when_somebody_is_booked_on_it(self, put, phone, rosa):
        put("closed_days", [{"day": "12-25", "name": "Christmas"}])
        form = {"customer": rosa.id, "day": "2026-12-25", "time": "10:00", "minutes": "30"}
        page = phone.post("/appointments", form, htmx=True).text
        assert "The shop is closed on Friday 25 December." in page

    def test_is_no_day_to_ring_on(self, put, phone, shop, rosa):
        ReminderRule.create(shop=shop, way="hand", minutes_before=24 * 60)
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-12-02T10:00")
        due = lambda: Message.get(Message.way == "hand").due_at.date()  # noqa: E731
        assert due() == date(2026, 12, 1)
        put("closed_days", [{"day": "12-01", "name": ""}, {"day": "11-30", "name": ""}])
        assert due() == date(2026, 11, 29)

    def test_is_nobodys_missing_day_of_a_week(self):
        from domain.known import week_of

        assert week_of(TODAY)[0] == date(2026, 11, 23)


class TestTheShop:
    def test_calls_nobody_late_before_its_grace_is_over(self, put, phone, shop, rosa, at):
        phone.act("appointment.create", customer=str(rosa.id), starts_at="2026-11-24T08:30")
        at(TUESDAY + timedelta(minutes=26))  # 8:38
        assert "late-story" not in phone.get(f"/customers/{rosa.id}").text
        put("grace_minutes", 5)
        assert line_for(rosa, Shop.get_by_id(shop.id), clock.now()).grace(Shop.get_by_id(shop.id)) == 5
        assert "late-story" in phone.get(f"/customers/{rosa.id}").text

    def test_counts_one_visit_within_its_window(self, put, phone, rosa, at):
        put("same_visit_minutes", 30)
        phone.act("visit.create", customer=str(rosa.id))
        at(TUESDAY + timedelta(minutes=31))
        phone.act("visit.create", customer=str(rosa.id))
        assert rosa.visits.count() == 2

    @pytest.mark.parametrize(("least", "regulars"), [(3, 1), (4, 0)])
    def test_says_who_is_a_regular(self, put, shop, rosa, least, regulars):
        came(rosa, shop, *days_before(TODAY, 2, 9, 16))
        people_kept.lists(shop, TODAY)
        assert len(people_kept.lists(put("regular_visits", least), TODAY).regulars) == regulars

    def test_lists_whom_it_takes_to_be_likely_enough(self, put, shop):
        rolls = Random(3)
        for n in range(8):
            days = [back for back in range(1, 90) if rolls.random() < 0.2]
            came(someone(shop, f"Guest {n}"), shop, *days_before(TODAY, *days))
        few, many = (
            {line.customer.id for line in lines(put("listed_from", at), TODAY, clock.now())} for at in ("90", "5")
        )
        assert few < many

    def test_does_not_count_aloud_how_often_patients_come(self, put, shop, third):
        expected.day_list(shop, TODAY)
        assert words_for(put("called", "patient"), third) != "third-weekday"


class TestWhatIsForgotten:
    LONG_AGO = 800  # days: over two years

    @pytest.fixture
    def gone(self, shop, rosa):
        """Rosa, who came over two years ago, was noted, and was written to."""
        day, at = TODAY - timedelta(days=self.LONG_AGO), TUESDAY - timedelta(days=self.LONG_AGO)
        came(rosa, shop, day)
        Note.create(customer=rosa, shop=shop, text="Likes the window", day=day, at=at)
        self.wrote(shop, rosa, at)
        return rosa

    @staticmethod
    def wrote(shop, customer, at):
        Message.create(
            shop=shop, kind="reminder", way="email", customer=customer, address="rosa@example.org", state="delivered",
            message_id=f"{customer.id}-{at}", due_at=at, deadline=at, next_at=at, at=at, ended_at=at,
        )  # fmt: skip

    def test_goes_with_the_limits_we_begin_with(self, shop, gone):
        assert retention.forget(shop) == {"notes": 1, "messages": 1}
        assert (Note.select().count(), Message.select().count(), Visit.select().count()) == (0, 0, 1)

    @pytest.mark.parametrize(
        ("name", "months", "left"),
        [
            ("keep_notes_months", 27, (1, 0, 1)), ("keep_notes_months", "", (1, 0, 1)), ("keep_messages_months", 27, (0, 1, 1)),
            ("keep_visits_months", 26, (0, 0, 0)), ("keep_visits_months", 27, (0, 0, 1)),
        ],
    )  # fmt: skip
    def test_goes_when_the_owner_says(self, put, shop, gone, name, months, left):
        retention.forget(put(name, months))
        assert (Note.select().count(), Message.select().count(), Visit.select().count()) == left

    def test_stays_of_whoever_has_been_here_since_or_is_booked(self, put, phone, shop, gone, okafor):
        for table in (Note, Message):
            table.update(customer=okafor).execute()
        came(okafor, shop, TODAY - timedelta(days=700))
        phone.act("appointment.create", customer=str(gone.id), starts_at="2026-12-01T10:00")
        assert retention.forget(put("keep_visits_months", 26)) == {}

    def test_stays_where_they_go_to_another_shop_of_ours(self, shop, gone):
        other = Shop.create(business=shop.business, name="Second Street")
        came(gone, other, TODAY - timedelta(days=3))
        assert retention.forget(shop) == {}

    def test_stays_where_it_is_younger_than_that(self, shop, gone):
        Note.update(at=TUESDAY - timedelta(days=30)).execute()
        assert retention.forget(shop) == {"messages": 1}

    def test_is_of_one_shop_alone(self, shop, gone):
        other = Shop.create(business=shop.business, name="Second Street")
        assert retention.forget(other) == {}
        assert Note.select().count() == 1

    def test_is_counted_on_the_page_and_in_the_record(self, put, desk, shop, gone, okafor):
        came(okafor, shop, *days_before(TODAY, 900, 901))
        shop = put("keep_visits_months", 24)
        retention.forget(shop)
        assert retention.told(shop) == {"notes": 1, "messages": 1, "visits": 3, "people": 2, "last": "2026-11-24"}
        assert "Gone so far: 1 note, 1 message and 3 visits of 2 people; the last today." in desk.get("/settings").text
        lines = [one.told for one in Audit.select().where(Audit.kind == "data.forgotten").order_by(Audit.number)]
        assert lines == [{"what": what, "count": n} for what, n in (("notes", 1), ("messages", 1), ("visits", 3))]

    def test_goes_by_itself_once_a_day(self, shop, gone):
        import background

        background.zones_told.clear()
        background.tick()
        assert Note.select().count() == 0

    @pytest.mark.parametrize(
        ("day", "months", "before"),
        [
            (date(2026, 11, 24), 24, date(2024, 11, 24)), (date(2026, 1, 31), 11, date(2025, 2, 28)),
            (date(2024, 3, 31), 1, date(2024, 2, 29)), (date(2026, 12, 1), 12, date(2025, 12, 1)),
        ],
    )  # fmt: skip
    def test_is_reckoned_in_months_of_the_calendar(self, day, months, before):
        assert retention.months_before(day, months) == before


# -- how they are set


class TestAChange:
    def test_is_in_the_record_by_whoever_made_it_without_texts(self, put, shop, owner):
        put("grace_minutes", 15)
        put("name", "Corner Café")
        put("words_never", "honey")
        lines = list(Audit.select().where(Audit.kind == "setting.changed").order_by(Audit.number))
        assert [one.told for one in lines] == [
            {"name": "grace_minutes", "before": 10, "after": 15}, {"name": "name"}, {"name": "words_never"},
        ]  # fmt: skip
        assert {(one.staff_id, one.shop_id) for one in lines} == {(owner.id, shop.id)}

    def test_to_what_it_is_already_changes_nothing(self, desk, shop):
        answer = desk.act("setting.change", name="grace_minutes", value="10")
        assert answer["result"] == {"name": "grace_minutes"}
        assert not Audit.select().where(Audit.kind == "setting.changed").exists()

    @pytest.mark.parametrize(("name", "value"), [("grace_minutes", 15), ("rest_days", 14), ("pin_digits", 6)])
    def test_is_taken_back(self, put, desk, shop, name, value):
        key = str(uuid4())
        before = getattr(settings.of(shop), name)
        desk.act("setting.change", key=key, name=name, value=value)
        assert getattr(settings.of(Shop.get_by_id(shop.id)), name) == value
        assert desk.act("setting.undo", change=key)["status"] == "applied"
        assert getattr(settings.of(Shop.get_by_id(shop.id)), name) == before

    def test_is_not_taken_back_over_a_later_one(self, put, desk, shop):
        key = str(uuid4())
        desk.act("setting.change", key=key, name="grace_minutes", value=15)
        put("grace_minutes", 20)
        told = desk.act("setting.undo", change=key)
        assert told["status"] == "conflict"
        assert Shop.get_by_id(shop.id).grace_minutes == 20

    def test_from_what_stands_no_more_is_a_conflict(self, put, desk):
        put("closed_days", [{"day": "12-25", "name": "Christmas"}])
        new = [{"day": "12-26", "name": "Boxing Day"}]
        assert desk.act("setting.change", name="closed_days", value=new, base=[])["status"] == "conflict"

    def test_leaves_what_else_was_set(self, put, shop):
        put("rest_days", 14)
        put("birthdays", False)
        kept = Business.get_by_id(shop.business_id).settings
        put("pin_digits", 6)
        assert put("regular_visits", 4).preferences == {"rest_days": 14, "birthdays": False, "regular_visits": 4}
        assert Business.get_by_id(shop.business_id).settings == {**(kept or {}), "pin_digits": 6}

    def test_holds_for_its_own_shop(self, put, shop):
        other = Shop.create(business=shop.business, name="Second Street")
        put("rest_days", 14)
        assert settings.of(Shop.get_by_id(other.id)).rest_days == 28

    def test_is_not_made_by_staff(self, phone, shop):
        assert phone.act("setting.change", name="grace_minutes", value=15)["status"] == "rejected"
        assert Shop.get_by_id(shop.id).grace_minutes == 10

    @pytest.mark.parametrize(("name", "value", "stands"), [("staff_see_contacts", "on", False), ("pin_digits", "6", 4)])
    def test_that_is_an_owners_is_not_made_or_taken_back_by_a_manager(self, server, desk, shop, name, value, stands):
        bo = signed_in(server, hire(shop, "Bo", "manager"))
        answer = bo.act("setting.change", name=name, value=value)
        assert (answer["status"], answer["reason"]) == ("rejected", "Only an owner changes this.")
        assert bo.post(f"/settings/one/{name}", {"has": name, name: value}).status_code == 422
        assert getattr(settings.of(Shop.get_by_id(shop.id)), name) == stands
        key = str(uuid4())
        assert desk.act("setting.change", key=key, name=name, value=value)["status"] == "applied"
        assert bo.act("setting.undo", change=key)["status"] == "rejected"
        shown = bo.get("/settings").text.split(f'id="set-{name}"')[1].split('data-testid="setting"')[1]
        assert re.search(r'data-testid="fixed">(On|Six)<', shown)
        assert "<input" not in shown
        assert "<input" in desk.get("/settings").text.split(f'id="set-{name}"')[1].split('data-testid="setting"')[1]

    def test_of_the_whole_business_is_an_owners(self):
        assert {name for name, one in SETTINGS.items() if one.right == "business"} == {
            "staff_see_contacts",
            "pin_digits",
        }

    @pytest.mark.parametrize("name", ["listed", "revision", None, 7, ["tone"], "preferences"])
    def test_of_what_is_no_setting_is_refused(self, desk, name):
        assert desk.act("setting.change", name=name, value="1")["status"] == "rejected"

    @pytest.mark.parametrize("change", ["", None, 7, "nonsense", "\ud800", "6f3c1e5a-0000-4000-8000-000000000000"])
    def test_that_nobody_made_is_not_taken_back(self, desk, change):
        assert desk.act("setting.undo", change=change)["status"] == "rejected"


HOURS = [["08:00", "18:00"]] * 6
WRONG: dict[str, list[Any]] = {
    "tone": ["stern", "", None, 7], "prompts_a_visit": [2, "often"], "prompts_a_day": [0, 501, "-1", "few"],
    "rest_days": [6, 366, "", "28 days"], "birthdays": ["maybe", 3], "words_never": ["x" * 41, [f"w{n}" for n in range(51)], "–"],
    "name": [], "zone": ["Europe/Nowhere", "", None], "called": ["punter", ""], "language": ["tlh", ""],
    "hours": [HOURS, "8 to 6", [*HOURS, ["8 am", ""]], [*HOURS, ["18:00", "08:00"]], [*HOURS, ["08:00"]], [*HOURS, 7]],
    "closed_days": ["12-25", [{"day": "02-30"}], [{"day": "25 December"}], [{"day": "12-25"}] * 2, [7], [{"day": "2026-13-01"}],
                    [{"day": f"2{n:03}-01-01"} for n in range(101)]],
    "grace_minutes": [-1, 241, ""], "same_visit_minutes": [-1, 721, "", "²"], "regular_visits": [1, 41, ""],
    "listed_from": [0, 4, 91, "half"], "hide_on_wake": ["x"], "short_surnames": ["x"], "staff_see_contacts": ["x"],
    "pin_digits": [5, "", 44], "keep_notes_months": [5, 121, "for ever"], "keep_messages_months": [5, 121],
    "keep_visits_months": [5, 121],
}  # fmt: skip


class TestEverySetting:
    def test_has_what_cannot_be_it(self):
        assert set(WRONG) == set(SETTINGS)

    @pytest.mark.parametrize(
        ("name", "n"), [(name, n) for name, values in WRONG.items() for n in range(len(values))], ids=str
    )
    def test_says_in_a_sentence_what_cannot_be_it(self, name, n):
        with pytest.raises(Wrong, match=r"^[A-Z“].*[a-zé0-9.]\.$"):
            SETTINGS[name].read(WRONG[name][n], NOWHERE)

    @pytest.mark.parametrize("name", [name for name in SETTINGS if name != "name"])
    def test_can_be_what_it_is_until_changed(self, name):
        default = SETTINGS[name].default
        assert SETTINGS[name].read(default, NOWHERE) == default

    @pytest.mark.parametrize("name", SETTINGS)
    def test_is_named_and_explained_and_begins_as_it_is_declared(self, name):
        setting = SETTINGS[name]
        assert said.name(name)
        assert said.does(name).endswith(".")
        if setting.kept == settings.SHOP and name != "name":
            assert getattr(Shop, name).default == setting.default

    def test_of_words_is_read_from_lines_and_lists_alike_once_each(self):
        read = SETTINGS["words_never"].read
        assert (
            read("Honey\r\n dear ,HONEY;\n\n", NOWHERE)
            == read(["Honey", "dear", "hóney"], NOWHERE)
            == ["Honey", "dear"]
        )


def test_the_docs_have_every_setting_as_it_is():
    text = (ROOT / "docs/settings.md").read_text()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\| `.*\|$", text, re.MULTILINE)
    ]
    shown = {"True": "on", "False": "off", "None": "none", "[]": "none", "": "none", "0.25": "25"}
    kept = {"shop": "shop", "preferences": "shop", "business": "business"}
    declared = []
    for name, one in SETTINGS.items():
        begins = shown.get(str(one.default), str(one.default))
        declared.append([f"`{name}`", said.name(name), said.does(name), begins, kept[one.kept]])
    assert rows == declared


class TestWhatIsSetElsewhere:
    @pytest.mark.parametrize(
        ("path", "form", "kind", "told"),
        [
            (
                "/reminders/channels/email",
                {"host": "mail.example.org", "tls": "starttls", "port": "587", "sender": "desk@example.org"},
                "channel.changed",
                {"way": "email"},
            ),
            ("/reminders/alarms", {"alert_email": "ruth@example.org"}, "channel.alarms", None),
            (
                "/settings/words/second-visit",
                {"sentence_0": "Second time here."},
                "wording.changed",
                {"prompt": "second-visit"},
            ),
        ],
        ids=["a way", "where the owner is told", "own words"],
    )
    def test_is_in_the_record_too_without_what_was_written(self, desk, owner, path, form, kind, told):
        assert desk.post(path, form).status_code == 303
        line = Audit.select().order_by(Audit.number.desc()).first()
        assert (line.kind, line.staff_id, line.told) == (kind, owner.id, told)
