"""The words somebody is found by follow their name, what to call them and their usual, whichever way these came in."""

import json
import unicodedata

import pytest
from hypothesis import given, strategies as st

from demo.seed import grow
from domain import export, importing
from models import Business, Customer, SearchWord, Shop, Usual, db, folded, letters_in, typed_words, words_in
from tests.conftest import TUESDAY, someone


def words_of(customer, shop=None):
    mine = SearchWord.customer == customer.id
    at = SearchWord.shop.is_null() if shop is None else SearchWord.shop == shop.id
    return sorted(row.word for row in SearchWord.select().where(mine & at))


class TestWords:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            pytest.param("Rosa Marchetti", ["rosa", "marchetti"], id="every word of a name"),
            pytest.param("Jo Mbeki-Larsson", ["jo", "mbekilarsson", "larsson"], id="each part behind a hyphen"),
            pytest.param("O’Brien, J.P.", ["obrien", "brien", "jp", "p"], id="with and without what marks part"),
            pytest.param("Nguyễn Thị Minh Khai", ["nguyen", "thi", "minh", "khai"], id="without accents"),
            pytest.param("Ahmet Yılmaz", ["ahmet", "yilmaz"], id="a letter of its own"),
            pytest.param("Straße", ["strasse"], id="folded into two letters"),
            pytest.param("רחל בן־דוד", ["רחל", "בןדוד", "דוד"], id="Hebrew"),
            pytest.param("نور الهدى", ["نور", "الهدى"], id="Arabic"),
            pytest.param("प्रिया शर्मा", ["परिया", "शरमा"], id="Hindi, whose vowels are no letters by themselves"),
            pytest.param("Kaʻahumanu", ["kaahumanu", "ahumanu"], id="a Hawaiian ʻokina"),
            pytest.param("田中 弘", ["田中弘", "中弘", "弘"], id="Chinese or Japanese: from each letter on"),
            pytest.param("สมชาย", ["สมชาย", "มชาย", "ชาย", "าย", "ย"], id="Thai: from each letter on"),
            pytest.param("Anna 田中", ["anna", "田中", "中"], id="two scripts"),
            pytest.param("Flat white, oat · 2 sugars", ["flat", "white", "oat", "2", "sugars"], id="what they have"),
            pytest.param("♥ ☂", ["♥", "☂"], id="marks alone"),
            pytest.param("ha ha", ["ha"], id="each word once"),
            pytest.param("Llanfairpwllgwyngyllgogerychwyrndrobwll", ["llanfairpwllgwyngyllgoge"], id="only so long"),
            pytest.param(" ", [], id="nothing"),
        ],
    )
    def test_of_a_text(self, text, words):
        assert words_in(text) == words

    def test_a_korean_name_is_found_by_each_of_its_syllables(self):
        assert [word for word in words_in("김민수") if word.startswith(folded("민수"))]
        assert [word for word in words_in("김 민수") if word.startswith(folded("김민"))]
        assert len(words_in("김민수")) == 3

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ("jo mb", ["jo", "mb"]),
            ("Mbeki-L", ["mbekil"]),
            ("O'B", ["ob"]),
            ("  ÉLISE  ", ["elise"]),
            ("jo, jo", ["jo"]),
            ("-", ["-"]),
            ("", []),
        ],
    )
    def test_typed(self, typed, words):
        assert typed_words(typed) == words

    @given(st.text(max_size=40))
    def test_every_text_is_found_by_the_beginning_of_each_of_its_tokens(self, text):
        words = words_in(text)
        assert all(word and word == word.strip() and len(word) <= 24 for word in words)
        for token in folded(text).split():
            letters = letters_in(token)[0]
            if letters and not unicodedata.category(letters[0]).startswith("M"):  # a mark alone begins no word
                assert any(word.startswith(letters[:3]) for word in words)

    @given(st.text(max_size=40))
    def test_letters_know_where_they_stand(self, text):
        for token in folded(text).split():
            letters, places, starts = letters_in(token)
            assert letters == "".join(token[place] for place in places)
            assert not letters or starts[0] == 0


@pytest.mark.usefixtures("storage")
class TestAreKept:
    def test_with_a_name_and_what_to_call_them(self, shop):
        rosa = someone(shop, "Rosa Marchetti", call="Mrs M.")
        assert words_of(rosa) == ["m", "marchetti", "mrs", "rosa"]

    def test_and_follow_a_new_name(self, rosa):
        rosa.name = "Rosa Bianchi"
        rosa.save()
        assert words_of(rosa) == ["bianchi", "rosa"]

    def test_and_follow_what_to_call_them_where_only_that_is_kept(self, rosa):
        rosa.call = "Signora"
        rosa.save(only=[Customer.call])
        assert "signora" in words_of(rosa)

    def test_and_stay_where_something_else_changes(self, rosa):
        before = [row.id for row in SearchWord.select()]
        Customer.get_by_id(rosa.id).save()
        fresh = Customer.get_by_id(rosa.id)
        fresh.pronoun = "they"
        fresh.save()
        assert [row.id for row in SearchWord.select()] == before

    def test_with_a_usual_at_its_shop(self, shop, sam, rosa):
        Usual.create(customer=rosa, shop=shop, text="Chai, extra hot", author=sam, day=shop.today())
        assert words_of(rosa, shop) == ["chai", "extra", "hot"]
        assert words_of(rosa) == ["marchetti", "rosa"]

    def test_and_follow_a_usual_that_changes_or_goes(self, phone, shop, rosa):
        assert phone.act("usual.set", customer=str(rosa.id), text="Chai")["status"] == "applied"
        assert phone.act("usual.set", customer=str(rosa.id), text="Mint tea")["status"] == "applied"
        assert words_of(rosa, shop) == ["mint", "tea"]
        SearchWord.set_usual(rosa, shop, "")
        assert words_of(rosa, shop) == []

    def test_and_go_with_the_customer(self, rosa):
        rosa.delete_instance()
        assert SearchWord.select().count() == 0

    def test_with_names_an_import_brings(self, shop, tmp_path):
        path = tmp_path / "visits.csv"
        path.write_text("customer,at,name\nc1,2026-11-20T09:00,\nc2,2026-11-20T09:00,Élise Noir\n", encoding="utf-8")
        importing.import_visits(path, Business.get(), shop)
        assert words_of(Customer.get(source_id="c1")) == ["c1"]
        assert words_of(Customer.get(source_id="c2")) == ["elise", "noir"]
        path.write_text("customer,at,name\nc1,2026-11-21T09:00,Jo Blom\nc2,2026-11-21T09:00,Eve\n", encoding="utf-8")
        importing.import_visits(path, Business.get(), shop)
        assert words_of(Customer.get(source_id="c1")) == ["blom", "jo"]
        assert words_of(Customer.get(source_id="c2")) == ["elise", "noir"]
        assert Customer.get(source_id="c2").name == "Élise Noir"

    def test_with_test_data(self, shop):
        grow(shop, customers=20, visits=0, seed=1, now=TUESDAY)
        one = Customer.get(source_id="seed-1-7")
        assert words_of(one) == sorted(words_in(one.name))

    def test_of_those_an_older_version_kept(self, shop, sam, rosa):
        Usual.create(customer=rosa, shop=shop, text="Chai", author=sam, day=shop.today())
        kept = [(row.customer_id, row.shop_id, row.business, row.word) for row in SearchWord.select()]
        SearchWord.delete().execute()
        SearchWord.make_missing()
        assert [(row.customer_id, row.shop_id, row.business, row.word) for row in SearchWord.select()] == kept
        SearchWord.make_missing()
        assert SearchWord.select().count() == len(kept)

    def test_when_an_export_is_taken_back(self, shop, sam, rosa, tmp_path):
        Usual.create(customer=rosa, shop=shop, text="Chai", author=sam, day=shop.today())
        kept = sorted((row.customer_id, row.shop_id or 0, row.word) for row in SearchWord.select())
        path = tmp_path / "export.jsonl"
        path.write_text("".join(export.lines()), encoding="utf-8")
        assert not any("SearchWord" in json.loads(line).get("table", "") for line in path.read_text().splitlines())
        Shop.delete().execute()
        Business.delete().execute()
        assert SearchWord.select().count() == 0
        export.take_back(path)
        assert sorted((row.customer_id, row.shop_id or 0, row.word) for row in SearchWord.select()) == kept


def test_words_sort_by_their_letters_on_both_engines(rosa):
    for word in ("zz", "Z", "é", "a-b", "ab", "a b"):
        SearchWord.create(customer=rosa, business=rosa.business_id, word=word)
    rows = db.execute_sql("SELECT word FROM search_word WHERE word >= 'a' AND word < 'b' ORDER BY word").fetchall()
    assert [word for (word,) in rows] == ["a b", "a-b", "ab"]
