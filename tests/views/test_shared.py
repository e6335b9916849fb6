"""Words from another app: they reach the note sheet of whomever they are about, and are kept by nobody but a person."""

import re
from html import unescape

import pytest

import clock
import models
from domain import access
from models import Customer, Note
from tests.conftest import someone

pytestmark = pytest.mark.one_engine
FROM_AN_APP = {"Sec-Fetch-Site": "none", "Origin": "null"}  # as Chromium opens what another app shares
WORDS = "Rosa asks whether we open on Sunday"


def field(answer, name="shared") -> str:
    found = re.findall(rf'<input type="hidden" name="{name}" value="(.*?)">', answer.text, re.S)
    assert found, answer.text[:2000]
    return unescape(found[0])


def rows_of_every_table():
    return {table: table.select().count() for table in models.TABLES}


@pytest.fixture
def known_phone(server, shop, sam):
    """A phone of the shop on which nobody is signed in."""
    _phone, secret = access.admit_phone(sam, "Counter")
    client = server.test_client()
    client.set_cookie("regulars-phone", secret)
    return client


class TestWhom:
    def test_is_asked_and_nothing_is_kept(self, phone, rosa):
        phone.get("/today")  # the day's list is made when it is first looked at
        before = rows_of_every_table()
        answer = phone.post("/share", {"text": WORDS}, headers=FROM_AN_APP)
        assert answer.status_code == 200
        assert "Whom is it about?" in answer.text
        assert WORDS in answer.text
        assert rows_of_every_table() == before

    def test_begins_with_those_here_then_those_expected(self, phone, shop, sam, rosa, okafor):
        models.Appointment.create(customer=okafor, shop=shop, day=shop.today(), starts_at=clock.now())
        rosa.check_in(shop, sam, clock.now())
        someone(shop, "Nobody Expected")
        answer = phone.post("/share", {"text": WORDS}, headers=FROM_AN_APP)
        assert re.findall(r'formaction="/share/(\d+)"', answer.text) == [str(rosa.id), str(okafor.id)]

    def test_is_looked_for_by_name_as_in_find(self, phone, shop, rosa):
        kept_on = field(phone.post("/share", {"text": WORDS}, headers=FROM_AN_APP))
        for htmx in (True, False):
            answer = phone.post("/share", {"shared": kept_on, "q": "mar"}, htmx=htmx)
            assert f'formaction="/share/{rosa.id}"' in answer.text
            assert field(answer) == WORDS
        assert "Nobody called" in phone.post("/share", {"shared": kept_on, "q": "xan"}).text

    @pytest.mark.parametrize(
        ("parts", "words"),
        [
            ({"text": "Only this"}, "Only this"),
            ({"title": "Bread", "text": "Rye is back", "url": "https://shop.example/rye"}, "Bread\nRye is back\nhttps://shop.example/rye"),
            ({"title": "Rye", "text": "Rye is back https://shop.example", "url": "https://shop.example"}, "Rye is back https://shop.example"),
            ({"url": " https://shop.example "}, "https://shop.example"),
            ({"text": "<b>bold</b> & co"}, "<b>bold</b> & co"),
            ({"text": "x" * 3000}, "x" * 2000),
            ({}, ""),
        ],
    )  # fmt: skip
    def test_is_asked_about_what_systems_tell_without_saying_it_twice(self, phone, parts, words):
        assert field(phone.post("/share", parts, headers=FROM_AN_APP)) == words


class TestTheSheet:
    def test_has_the_words_in_it_and_keeps_none(self, phone, rosa):
        answer = phone.post(f"/share/{rosa.id}", {"shared": WORDS})
        assert re.search(rf"<textarea [^>]*>{WORDS}</textarea>", answer.text)
        assert "/static/build/shared." in answer.text
        assert Note.select().count() == 0
        assert "/static/build/shared." not in phone.get(f"/customers/{rosa.id}/notes/new").text

    def test_is_kept_as_any_note_is(self, phone, rosa):
        phone.post(f"/customers/{rosa.id}/notes", {"text": WORDS})
        assert [note.text for note in rosa.notes] == [WORDS]

    def test_of_a_person_who_is_not_there_is_not(self, phone, rosa):
        assert phone.post("/share/99999", {"shared": WORDS}).status_code == 404


class TestWhereItComesFrom:
    @pytest.mark.parametrize(
        ("headers", "code"),
        [
            (FROM_AN_APP, 200),
            ({"Sec-Fetch-Site": "same-origin"}, 200),
            ({"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}, 403),
            ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Origin": "null"}, 403),
        ],
        ids=["another app", "our own page", "another site", "a neighbour", "a browser that does not say"],
    )
    def test_decides(self, phone, headers, code):
        sent = {"Sec-Fetch-Site": None, "Origin": None, **headers}
        answer = phone.client.post("/share", data={"text": WORDS}, headers={k: v for k, v in sent.items() if v})
        assert answer.status_code == code

    def test_lets_no_other_form_in(self, phone, rosa):
        """What only shows a page may come from anywhere but a site; what writes may not."""
        for path in (
            f"/share/{rosa.id}",
            f"/customers/{rosa.id}/notes",
            f"/customers/{rosa.id}/visits",
            "/find",
            "/shift",
        ):
            assert phone.client.post(path, data={"text": WORDS}, headers=FROM_AN_APP).status_code == 403, path
        assert Customer.get_by_id(rosa.id).visits.count() == 0


class TestSignedOut:
    def test_the_words_go_along_through_the_pin(self, known_phone, sam):
        page = known_phone.post("/share", data={"text": WORDS}, headers=FROM_AN_APP)
        assert (page.status_code, field(page)) == (401, WORDS)
        own = {"Sec-Fetch-Site": "same-origin"}
        wrong = known_phone.post("/sign-in", data={"staff": sam.id, "pin": "9999", "shared": WORDS}, headers=own)
        assert field(wrong) == WORDS
        right = known_phone.post("/sign-in", data={"staff": sam.id, "pin": "1234", "shared": WORDS}, headers=own)
        assert (right.status_code, right.location) == (307, "/share")
        whom = known_phone.post("/share", data={"staff": sam.id, "pin": "1234", "shared": WORDS}, headers=own)
        assert field(whom) == WORDS
        assert 'value="1234"' not in whom.text

    def test_signing_in_without_words_leads_to_today(self, known_phone, sam):
        own = {"Sec-Fetch-Site": "same-origin"}
        right = known_phone.post("/sign-in", data={"staff": sam.id, "pin": "1234"}, headers=own)
        assert (right.status_code, right.location) == (303, "/today")

    def test_an_unknown_phone_shows_them_to_be_copied_and_nobodys_name(self, server, shop, rosa):
        page = server.test_client().post("/share", data={"text": WORDS}, headers=FROM_AN_APP)
        assert page.status_code == 401
        assert re.search(rf"<textarea [^>]*readonly>{WORDS}</textarea>", page.text)
        assert "Marchetti" not in page.text

    def test_a_phone_that_was_shut_out_forgets_them_too(self, known_phone, sam):
        models.Phone.update(revoked_at=models.Phone.enrolled_at).execute()
        page = known_phone.post("/share", data={"text": WORDS}, headers=FROM_AN_APP)
        assert "storage" in page.headers["Clear-Site-Data"]
        assert WORDS not in page.text

    def test_words_stand_in_no_address(self, known_phone, sam):
        page = known_phone.post("/share", data={"text": "Sunday"}, headers=FROM_AN_APP)
        assert not re.findall(r'(?:href|action)="[^"]*Sunday', page.text)
