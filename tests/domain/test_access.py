"""Who gets in: by PIN on a known phone, by a link that works once; and who is out again, at once."""

import re
from datetime import timedelta

import pytest

import app as wiring
import clock
from domain import access
from models import Audit, Invitation, Phone, PinTries, Session, Shop
from tests.conftest import TUESDAY, Phone as Hand, counted_queries, hire, signed_in


@pytest.fixture
def counter(sam):
    """The phone on the counter, known to the shop."""
    return access.admit_phone(sam, "Counter")[0]


def wrong(staff, phone, times):
    return [access.try_pin(staff, phone, "0000") for _ in range(times)][-1]


def right(staff, phone) -> bool:
    return access.try_pin(staff, phone, "1234").right


class TestThePin:
    def test_opens_when_it_is_right(self, sam, counter):
        assert right(sam, counter)

    @pytest.mark.parametrize(
        "pin", ["", "0000", "12345", "123", "１２３４", "1234 ", "\ud83d".encode("utf-8", "ignore").decode()]
    )
    def test_is_refused_when_it_is_not(self, sam, counter, pin):
        assert not access.try_pin(sam, counter, pin).right

    def test_counts_down_the_tries(self, sam, counter):
        assert [access.try_pin(sam, counter, "0000").tries_left for _ in range(5)] == [4, 3, 2, 1, 0]

    def test_rests_for_a_quarter_of_an_hour_after_five_wrong(self, sam, counter, at):
        assert wrong(sam, counter, 5).resting
        assert not right(sam, counter), "not even the right one while it rests"
        at(TUESDAY + timedelta(minutes=14, seconds=59))
        assert not right(sam, counter)
        at(TUESDAY + timedelta(minutes=15))
        assert right(sam, counter)

    def test_is_shut_after_ten_wrong_in_all_until_there_is_a_new_one(self, sam, counter, at):
        wrong(sam, counter, 5)
        at(TUESDAY + timedelta(minutes=15))
        assert wrong(sam, counter, 5).resting
        at(TUESDAY + timedelta(days=30))
        assert not right(sam, counter)
        PinTries.delete().where(PinTries.staff == sam.id).execute()  # what a new PIN does
        assert right(sam, counter)

    def test_counts_wrong_ones_between_rests_too(self, sam, counter, at):
        wrong(sam, counter, 5)
        at(TUESDAY + timedelta(minutes=15))
        assert wrong(sam, counter, 4).tries_left == 1

    def test_forgets_the_wrong_ones_when_it_was_right(self, sam, counter):
        wrong(sam, counter, 4)
        assert right(sam, counter)
        assert wrong(sam, counter, 1).tries_left == 4

    def test_is_counted_for_each_person_and_each_phone(self, sam, ana, counter):
        wrong(sam, counter, 5)
        other = access.admit_phone(ana, "Kitchen")[0]
        assert right(ana, counter)
        assert right(sam, other)
        assert not right(sam, counter)

    def test_stays_shut_when_the_app_starts_anew(self, storage, sam, counter):
        wrong(sam, counter, 5)
        wiring.create_app(storage)
        assert not right(sam, counter)

    def test_is_stored_so_that_two_alike_do_not_look_alike(self):
        first, second = access.hash_pin("1234"), access.hash_pin("1234")
        assert first != second
        assert "1234" not in first
        assert access.pin_matches("1234", first)
        assert access.pin_matches("1234", second)

    def test_that_was_never_set_matches_nothing(self):
        assert not access.pin_matches("", "")
        assert not access.pin_matches("1234", "")


class TestSigningInWithAPin:
    @pytest.fixture
    def client(self, server, sam):
        client = server.test_client()
        client.set_cookie("regulars-phone", access.admit_phone(sam, "Counter")[1])
        return client

    def enter(self, client, staff, pin="1234"):
        return client.post("/sign-in", data={"staff": staff, "pin": pin}, headers={"Sec-Fetch-Site": "same-origin"})

    def test_leads_to_today(self, client, sam):
        answer = self.enter(client, sam.id)
        assert (answer.status_code, answer.location) == (303, "/today")
        assert "HttpOnly" in answer.headers["Set-Cookie"]
        assert "SameSite=Lax" in answer.headers["Set-Cookie"]
        assert client.get("/today").status_code == 200

    def test_that_is_wrong_says_how_many_tries_are_left(self, client, sam):
        told = [self.enter(client, sam.id, "0000") for _ in range(5)]
        assert [answer.status_code for answer in told] == [422, 422, 422, 422, 429]
        assert "Not Sam’s PIN. 4 tries left." in told[0].text
        assert "Not Sam’s PIN. One try left." in told[3].text
        assert "Let it rest for a quarter of an hour" in told[4].text
        assert client.get("/today").status_code == 303

    def test_is_of_no_use_on_a_phone_nobody_knows(self, server, sam):
        stranger = server.test_client()
        assert self.enter(stranger, sam.id).status_code == 422
        assert stranger.get("/today").location == "/sign-in"
        assert Session.select().count() == 0

    @pytest.mark.parametrize("who", ["", "x", "0", "-1", "9" * 30, "٣", "1 OR 1=1"])
    def test_of_nobody_is_answered_in_words(self, client, who):
        answer = self.enter(client, who)
        assert answer.status_code == 422
        assert "Pick yourself first." in answer.text

    def test_of_somebody_who_has_left_is_of_no_use(self, client, ana):
        ana.left_at = clock.now()
        ana.save()
        assert self.enter(client, ana.id).status_code == 422

    def test_names_only_those_with_a_pin(self, client, sam, ana, owner):
        page = client.get("/sign-in").text
        assert "Sam" in page
        assert "Ana" in page
        assert f'value="{owner.id}"' not in page

    def test_gives_an_owner_the_rights_of_staff_only(self, server, shop):
        ruth = hire(shop, "Ruth B", "owner")
        hand = signed_in(server, ruth)
        assert hand.get("/today").status_code == 200
        assert [hand.get(page).status_code for page in ("/settings", "/team", "/api/v1/export")] == [404, 404, 404]
        assert "/settings" not in hand.get("/today").text


class TestTheOwnersLink:
    def test_works_once(self, server, owner):
        link = access.invite(owner, "owner")
        first, second = Hand(server.test_client()), Hand(server.test_client())
        assert first.post(f"/sign-in/owner/{link.token}").location == "/today"
        assert first.get("/settings").status_code == 200
        assert second.post(f"/sign-in/owner/{link.token}").status_code == 410
        assert second.get("/settings").location == "/sign-in"

    def test_is_not_used_up_by_a_preview(self, server, owner):
        link = access.invite(owner, "owner")
        hand = Hand(server.test_client())
        assert [hand.get(f"/sign-in/owner/{link.token}").status_code for _ in range(3)] == [200, 200, 200]
        assert hand.post(f"/sign-in/owner/{link.token}").status_code == 303

    @pytest.mark.parametrize(
        ("hours", "code"), [(23.99, 303), (24, 410)], ids=["just before a day is over", "after a day"]
    )
    def test_lasts_a_day(self, server, owner, at, hours, code):
        link = access.invite(owner, "owner")
        at(TUESDAY + timedelta(hours=hours))
        assert Hand(server.test_client()).post(f"/sign-in/owner/{link.token}").status_code == code

    def test_that_nobody_made_is_told_as_one_that_is_over(self, server, owner):
        hand = Hand(server.test_client())
        assert hand.get("/sign-in/owner/nonsense").status_code == 410
        assert "time is over" in hand.post("/sign-in/owner/nonsense").text

    def test_lets_no_phone_in(self, server, owner):
        link = access.invite(owner, "owner")
        assert Hand(server.test_client()).post(f"/enrol/{link.token}").status_code == 410
        assert Phone.select().count() == 0


class TestAPhonesLink:
    @pytest.mark.parametrize(
        "typed",
        [lambda code: code, str.lower, lambda code: f"{code[:4]} {code[4:]}", lambda code: f" {code[:4]}-{code[4:]} "],
        ids=["as shown", "in small letters", "with a gap", "with a dash"],
    )
    def test_or_its_code_lets_one_phone_in(self, server, sam, typed):
        link = access.invite(sam, "phone")
        hand = Hand(server.test_client())
        assert hand.post("/enrol/", {"code": typed(link.code)}).location == "/today"
        assert hand.get("/today").status_code == 200
        assert Phone.get().staff == sam

    def test_and_its_code_work_once_between_them(self, server, sam):
        link = access.invite(sam, "phone")
        assert Hand(server.test_client()).post(f"/enrol/{link.token}").status_code == 303
        assert Hand(server.test_client()).post("/enrol/", {"code": link.code}).status_code == 410
        assert Phone.select().count() == 1

    @pytest.mark.parametrize(("minutes", "code"), [(9.9, 303), (10, 410)])
    def test_lasts_ten_minutes(self, server, sam, at, minutes, code):
        link = access.invite(sam, "phone")
        at(TUESDAY + timedelta(minutes=minutes))
        assert Hand(server.test_client()).post(f"/enrol/{link.token}").status_code == code

    def test_is_of_no_use_once_they_have_left(self, server, sam):
        link = access.invite(sam, "phone")
        sam.left_at = clock.now()
        sam.save()
        assert Hand(server.test_client()).post(f"/enrol/{link.token}").status_code == 410

    def test_is_no_owners_link(self, server, sam):
        link = access.invite(sam, "phone")
        assert Hand(server.test_client()).post(f"/sign-in/owner/{link.token}").status_code == 410

    def test_is_hard_to_guess_and_stored_as_a_digest(self, sam):
        links = [access.invite(sam, "phone") for _ in range(20)]
        assert len({link.code for link in links}) == len({link.token for link in links}) == 20
        assert all(len(link.code) == 8 and len(link.token) == 32 for link in links)  # 24 bytes: 192 bits
        kept = {row.token_hash for row in Invitation.select()} | {row.code_hash for row in Invitation.select()}
        assert not kept & {link.token for link in links} | kept & {link.code for link in links}

    @pytest.mark.parametrize("code", ["", " ", "AAAAAAAA", "x" * 5000, "\x00"])
    def test_that_is_none_is_told_in_words(self, server, sam, code):
        access.invite(sam, "owner")
        answer = Hand(server.test_client()).post("/enrol/", {"code": code})
        assert answer.status_code in (400, 410)
        assert "That could not be read" in answer.text or "There is no such code" in answer.text


class TestAPhoneThatIsShutOut:
    @pytest.fixture
    def lost(self, server, sam):
        link = access.invite(sam, "phone")
        hand = Hand(server.test_client())
        hand.post(f"/enrol/{link.token}")
        return hand

    def test_is_out_at_once_and_forgets_everything(self, lost):
        assert lost.get("/today").status_code == 200
        access.shut_out(Phone.get())
        secret = lost.client.get_cookie("regulars-phone").value
        for path, how in (
            ("/today", {}),
            ("/today", {"HX-Request": "true"}),
            ("/sign-in", {}),
            ("/settings", {}),
            ("/api/v1/export", {}),
        ):
            lost.client.set_cookie("regulars-phone", secret)
            told = lost.get(path, headers=how)
            assert told.status_code == 401
            assert told.headers["Clear-Site-Data"] == '"cache","cookies","storage"'
            assert "has been signed out by the owner" in told.text

    def test_is_told_so_by_the_question_it_asks_every_few_seconds(self, lost):
        [tag] = re.findall(r'hx-ptag="([^"]+)"', lost.get("/today").text)[:1]
        assert lost.get("/today", headers={"HX-Request": "true", "HX-PTag": tag}).status_code == 304
        access.shut_out(Phone.get())
        told = lost.get("/today", headers={"HX-Request": "true", "HX-PTag": tag})
        assert (told.status_code, told.headers["Clear-Site-Data"]) == (401, '"cache","cookies","storage"')

    def test_cannot_act(self, lost, rosa):
        access.shut_out(Phone.get())
        act = {"id": "5f0cbb0e-9dd5-4b8e-b7ad-1c3f4a1d1f00", "type": "visit.create", "data": {"customer": str(rosa.id)}}
        assert lost.post("/api/v1/actions", json={"actions": [act]}).status_code == 401
        assert lost.post(f"/customers/{rosa.id}/visits", htmx=True).status_code == 401
        assert rosa.visits.count() == 0

    def test_cannot_come_back_with_its_old_secret(self, lost, sam):
        access.shut_out(Phone.get())
        answer = lost.post("/sign-in", {"staff": sam.id, "pin": "1234"})
        assert answer.status_code != 303
        assert lost.get("/today").status_code in (303, 401)

    def test_takes_no_other_phone_along(self, lost, other_phone):
        access.shut_out(Phone.select().order_by(Phone.id).first())
        assert other_phone.get("/today").status_code == 200

    def test_stays_on_record(self, lost):
        access.shut_out(Phone.get())
        assert (Phone.get().revoked_at, Phone.get().secret_hash) == (TUESDAY, None)


class TestASession:
    HOURS = [["08:00", "18:00"]] * 7

    @pytest.mark.parametrize(
        ("begun", "hours", "minutes"),
        [
            pytest.param(8 * 60, HOURS, 11 * 60, id="in the morning: until an hour after closing"),
            pytest.param(17 * 60 + 59, HOURS, 61, id="just before closing: an hour more"),
            pytest.param(18 * 60, HOURS, 14 * 60, id="at closing time: fourteen hours"),
            pytest.param(60, HOURS, 14 * 60, id="in the night: fourteen hours, for closing is further off"),
            pytest.param(8 * 60, None, 14 * 60, id="where no hours were told: fourteen hours"),
            pytest.param(8 * 60, [None] * 6 + [["08:00", "18:00"]], 14 * 60, id="on a closed day: fourteen hours"),
        ],
    )
    def test_ends_with_the_shift(self, shop, begun, hours, minutes):
        shop.hours = hours
        now = shop.at(shop.today(), begun)
        assert access.shift_end(shop, now) - now == timedelta(minutes=minutes)

    def test_that_is_over_opens_nothing(self, sam, at):
        token = access.start_session(sam, "phone")
        Session.update(seen_at=TUESDAY + timedelta(hours=13)).execute()
        at(TUESDAY + access.SHIFT_LASTS - timedelta(seconds=1))
        session = access.session_for(token)
        assert session
        assert session.staff == sam
        at(TUESDAY + access.SHIFT_LASTS)
        assert access.session_for(token) is None

    def test_ends_when_they_sign_out(self, phone):
        assert phone.post("/sign-out").location == "/sign-in"
        assert phone.get("/today").location == "/sign-in"

    def test_ends_though_the_cookie_was_kept(self, server, phone):
        kept = phone.client.get_cookie("regulars").value
        phone.post("/sign-out")
        again = server.test_client()
        again.set_cookie("regulars", kept)
        assert again.get("/today").location == "/sign-in"

    def test_ends_when_they_leave_the_team(self, phone, sam):
        sam.left_at = clock.now()
        sam.save()
        told = phone.get("/today")
        assert (told.status_code, told.headers["Clear-Site-Data"]) == (401, '"cache","cookies","storage"')

    @pytest.mark.parametrize(("kind", "hours"), [("phone", 4), ("owner", 2)])
    def test_is_over_when_it_was_left_unused(self, server, owner, at, kind, hours):
        hand = Hand(server.test_client())
        hand.client.set_cookie("regulars", access.start_session(owner, kind))
        for n in range(3):  # in use, it goes on
            at(TUESDAY + timedelta(hours=hours * n))
            assert hand.get("/today").status_code == 200
        at(TUESDAY + timedelta(hours=hours * 3, seconds=1))
        assert hand.get("/today").location == "/sign-in"

    def test_of_a_program_waits_as_long_as_it_lasts(self, sam, at):
        token = access.start_session(sam, "token")
        at(TUESDAY + timedelta(days=364))
        assert access.session_for(token)

    def test_says_when_it_was_last_used_at_no_query_a_request(self, server, sam, at):
        counter = access.admit_phone(sam, "Counter")[0]
        hand = Hand(server.test_client())
        hand.client.set_cookie("regulars", access.start_session(sam, "phone", counter))
        at(TUESDAY + timedelta(minutes=4))
        with counted_queries() as seen:
            hand.get("/today")
        assert not any('UPDATE "session"' in query for query in seen)
        later = at(TUESDAY + timedelta(minutes=6))
        hand.get("/today")
        assert (Session.get().seen_at, Phone.get().seen_at) == (later, later)

    def test_is_a_new_one_at_each_sign_in_and_the_one_before_is_over(self, server, sam, ana):
        client = server.test_client()
        client.set_cookie("regulars-phone", access.admit_phone(sam, "Counter")[1])
        client.set_cookie("regulars", "chosen-by-somebody-else")
        tokens = ["chosen-by-somebody-else"]
        for one in (sam, ana, ana):
            Hand(client).post("/sign-in", {"staff": one.id, "pin": "1234"})
            tokens.append(client.get_cookie("regulars").value)
        assert len(set(tokens)) == 4
        assert all(len(token) >= 43 and token.isascii() for token in tokens[1:])
        assert [access.session_for(token) is not None for token in tokens] == [False, False, False, True]
        link = access.invite(hire(Shop.get(), "Lena", "owner"), "owner").token
        client.post(f"/sign-in/owner/{link}", headers={"Sec-Fetch-Site": "same-origin"})
        assert access.session_for(tokens[-1]) is None

    def test_stands_in_the_record_when_it_begins_and_ends(self, server, sam, ana):
        client = server.test_client()
        client.set_cookie("regulars-phone", access.admit_phone(sam, "Counter")[1])
        for one in (sam, ana):
            Hand(client).post("/sign-in", {"staff": one.id, "pin": "1234"})
        Hand(client).post("/sign-out")
        told = [(line.kind, line.staff_id) for line in Audit.select().order_by(Audit.number)]
        assert told == [
            ("session.begun", sam.id), ("session.begun", ana.id), ("session.ended", sam.id), ("session.ended", ana.id),
        ]  # fmt: skip

    def test_is_stored_as_a_digest(self, sam):
        token = access.start_session(sam, "phone")
        assert Session.get().token_hash == access.digest(token) != token

    @pytest.mark.parametrize("token", [None, "", "nonsense", "x" * 10_000])
    def test_of_no_token_is_none(self, storage, token):
        assert access.session_for(token) is None
