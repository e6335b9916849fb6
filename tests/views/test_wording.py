"""The owner's own words: kept, shown with an example, taken back; and never made untrue."""

import re
from types import SimpleNamespace

import pytest

import words
from domain.prompts import RULES
from models import TONES, Shop
from tests.conftest import came, days_before
from words import wording
from words.prompts import SAYS

THANK = "Thank %(them)s for coming back."
NO_BRACES = "Nothing can stand in braces here: what is filled in would not be known."
NINE = "At most 9 words can be said in one breath."
ONE_LINE = "One line of at most 120 letters is read in passing."


def number_of(sentence: str, prompt: str, tone: str = "warm") -> int:
    return wording.sentences(prompt, tone).index(sentence)


def change(desk, prompt, text, sentence=THANK, how="keep"):
    return desk.post(f"/settings/words/{prompt}", {f"sentence_{number_of(sentence, prompt)}": text, "how": how})


@pytest.fixture
def third(shop, rosa):
    """Rosa, for whom it would be the third Tuesday in a row."""
    came(rosa, shop, *days_before(shop.today(), 14, 7))
    return rosa


class TestEveryPrompt:
    def test_can_be_said_in_other_words(self):
        assert list(wording.situations()) == list(RULES)

    @pytest.mark.parametrize("tone", TONES)
    @pytest.mark.parametrize("prompt", SAYS)
    def test_has_sentences_that_may_stand_as_they_are(self, prompt, tone):
        found = wording.sentences(prompt, tone)
        assert found
        for message in found:
            assert wording.what_is_wrong(message, wording.ours(message)) == ""
            assert wording.kept(wording.told(message)) == message or "%%" in message

    @pytest.mark.parametrize("tone", TONES)
    @pytest.mark.parametrize("prompt", SAYS)
    def test_reads_well_with_an_example(self, prompt, tone):
        for message in wording.sentences(prompt, tone):
            assert not re.search(r"[{}%]", wording.example(message, wording.ours(message)))

    def test_of_several_has_the_catalogues_form_for_several(self):
        one, many = "%(names)s is the dog.", "%(names)s are the dogs."
        assert {one, many} <= set(wording.sentences("dogs", "warm"))
        with words.in_language("es_ES"):
            assert wording.ours(one) != wording.ours(many) != many
        assert wording.example(many, wording.ours(many)) == "Otto and Pim are the dogs."

    def test_lists_only_what_its_tone_says(self):
        assert wording.sentences("third-weekday", "warm") == ("Third %(weekday)s in a row.", THANK)
        assert wording.sentences("third-weekday", "plain") == ("Third %(weekday)s running.", "Thank %(them)s.")


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("message", "text", "wrong"),
        [
            pytest.param(THANK, "Thank {them} warmly.", "", id="other words"),
            pytest.param(THANK, "Thank {them}, {them} and {them}.", "", id="a placeholder twice"),
            pytest.param(THANK, "Thank everybody.", "It needs just {them}, once or more.", id="a placeholder less"),
            pytest.param(THANK, "Thank {them} for {usual}.", "It needs just {them}, once or more.", id="one more"),
            pytest.param(THANK, "Thank {them} and {Them}.", "It needs just {them}, once or more.", id="misspelt"),
            pytest.param(THANK, "Thank {them for it.", "It needs just {them}, once or more.", id="a brace left open"),
            pytest.param("Second visit.", "{n} visits.", NO_BRACES, id="none wanted"),
            pytest.param(THANK, "", "It is empty. Write something, or take ours again.", id="empty"),
            pytest.param(THANK, "Thank {them}!", "“!” is never said.", id="an exclamation mark"),
            pytest.param(THANK, "Thank {them}, our VIP.", "“vip” is never said.", id="a brand word"),
            pytest.param(THANK, "Thank {them} for ten years.", "“ten” would not be true of everybody.", id="a number"),
            pytest.param(THANK, "Thank {them} for 10 visits.", "“10” would not be true of everybody.", id="in digits"),
            pytest.param(THANK, "Thank {them} for Monday.", "“monday” would not be true of everybody.", id="a day"),
            pytest.param("Second visit.", "The second time.", "", id="a number that is ours"),
            pytest.param(THANK, "Thank {them} for May.", "“may” would not be true of everybody.", id="a month that is a word"),
            pytest.param(THANK, "Thank {them}, as in may.", "“may” would not be true of everybody.", id="in small"),
            pytest.param(THANK, "Thank {them} a dozen times.", "“dozen” would not be true of everybody.", id="a dozen"),
            pytest.param(THANK, "Thank {them} for a couple more.", "“couple” would not be true of everybody.", id="two"),
            pytest.param(THANK, "Thank {them} for a score of visits.", "“score” would not be true of everybody.", id="a score"),
            pytest.param(THANK, "Thank {them}: she came back.", "“she” would not be true of everybody.", id="a she"),
            pytest.param(THANK, "Thank {them} for his loyalty.", "“his” would not be true of everybody.", id="a his"),
            pytest.param(THANK, "Ask {them} what Her day was.", "“her” would not be true of everybody.", id="capital Her"),
            pytest.param(THANK, "May we thank {them}. You may smile.", "", id="what may be"),
            pytest.param("She asked us something.", "She wants to know.", "", id="a she that is ours"),
            pytest.param("She asked us something.", "He wants to know.", "“he” would not be true of everybody.", id="not ours"),
            pytest.param(THANK, "Sam thanks {them}.", "“Sam” is one of the team: it would not be true every time.", id="a name"),
            pytest.param(THANK, "Tell {them} noor.", "“noor” is one of the team: it would not be true every time.", id="small"),
            pytest.param(THANK, "Will you thank {them}.", "", id="a name that is a word"),
            pytest.param(THANK, "As Will, {them}.", "“Will” is one of the team: it would not be true every time.", id="name"),
            pytest.param(THANK, "Thank {them} for the same.", "", id="no name but one begins so"),
            pytest.param(THANK, "Thank {them} " + "so " * 9 + "much.", NINE, id="too long to say"),
            pytest.param(THANK, "{them}" + "x" * 120, ONE_LINE, id="too long to read"),
        ],
    )  # fmt: skip
    def test_is_told_in_a_sentence(self, message, text, wrong):
        assert wording.what_is_wrong(message, text, ["Sam", "Noor de Vries", "Will"]) == wrong


class TestThePage:
    def test_is_reached_from_the_settings(self, desk):
        assert 'href="/settings/words"' in desk.get("/settings").text
        page = desk.get("/settings/words").text
        assert page.count('data-testid="wording"') == len(RULES)
        assert "Thank {them} for coming back." in page

    def test_keeps_words_that_are_said_from_then_on(self, desk, phone, shop, third):
        assert "Thank her for coming back." in phone.get(f"/customers/{third.id}").text
        assert change(desk, "third-weekday", "Tell {them} it made our Tuesday.").status_code == 422, "a day of its own"
        assert change(desk, "third-weekday", "Tell {them} it made our morning.").status_code == 303
        card = phone.get(f"/customers/{third.id}").text
        assert "Third Tuesday in a row." in card
        assert "Tell her it made our morning." in card
        assert "Tell her it made our morning." in phone.get("/today").text

    def test_nobody_of_the_team_is_named(self, desk, sam):
        page = change(desk, "third-weekday", "Tell {them} Sam noticed.")
        assert (page.status_code, "“Sam” is one of the team" in page.text) == (422, True)

    def test_shows_an_example_and_keeps_nothing(self, desk, shop):
        page = change(desk, "third-weekday", "Tell {them} it made our morning.", how="preview")
        assert page.status_code == 200
        assert "Tell her it made our morning." in page.text
        assert Shop.get().wording is None

    def test_says_what_is_wrong_beside_what_was_typed(self, desk, shop):
        page = change(desk, "third-weekday", "Thank everybody & all.")
        assert page.status_code == 422
        assert "It needs just {them}, once or more." in page.text
        assert 'value="Thank everybody &amp; all."' in page.text
        assert Shop.get().wording is None

    def test_ours_come_back(self, desk, phone, third):
        change(desk, "third-weekday", "Tell {them} it made our morning.")
        assert "in your words" in desk.get("/settings/words").text
        change(desk, "third-weekday", "", how="ours")
        assert "Thank her for coming back." in phone.get(f"/customers/{third.id}").text
        assert "in your words" not in desk.get("/settings/words").text

    def test_words_of_another_tone_stay(self, desk, shop):
        change(desk, "third-weekday", "Tell {them} it made our morning.")
        Shop.update(tone="plain").execute()
        desk.post("/settings/words/third-weekday", {"sentence_0": "Number three on a {weekday}.", "how": "keep"})
        desk.post("/settings/words/third-weekday", {"sentence_0": "Third {weekday} now.", "how": "keep"})
        assert set(Shop.get().wording["en"]["third-weekday"]) == {THANK, "Third %(weekday)s running."}

    def test_a_percent_sign_does_no_harm(self, desk, phone, third):
        change(desk, "third-weekday", "Thank {them}, all of us, gladly %.")
        assert "Thank her, all of us, gladly %." in phone.get(f"/customers/{third.id}").text

    def test_is_the_owners(self, phone):
        assert phone.get("/settings/words").status_code == 404
        assert phone.post("/settings/words/third-weekday", {"how": "ours"}).status_code == 404

    def test_knows_no_other_prompts(self, desk):
        assert desk.post("/settings/words/of-an-earlier-version", {"how": "ours"}).status_code == 404


class TestSaying:
    HER = SimpleNamespace(pronoun="she")

    def said(self, own, language="en"):
        return words.prompt({"id": "third-weekday", "weekday": 1}, self.HER, "warm", {language: {"third-weekday": own}})

    def test_takes_the_owners_words(self):
        assert self.said({THANK: "Hug %(them)s."}).ask == "Hug her."

    def test_takes_ours_in_another_language(self):
        assert self.said({THANK: "Abraza a %(them)s."}, "es").ask == "Thank her for coming back."

    @pytest.mark.parametrize("text", ["Hug %(usual)s.", "Hug %(them)", "100 %", ""])
    def test_takes_ours_where_theirs_cannot_be_filled(self, text):
        assert self.said({THANK: text}).ask == "Thank her for coming back."

    def test_is_over_after_the_prompt(self):
        self.said({THANK: "Hug %(them)s."})
        assert words.prompt({"id": "third-weekday", "weekday": 1}, self.HER, "warm").ask == "Thank her for coming back."
