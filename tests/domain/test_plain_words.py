"""Words that are asked about before they are kept, and the many like them that are not."""

import pytest

from domain.plain_words import doubt, has_card_number, left_out

ASKED = {
    "label": [
        "Difficult", "She is difficult", "needs ten more minutes; difficult; decaf", "RUDE to Sam", "a bit lazy",
        "totally crazy",
        "Stingy.", "so bossy", "fussy about the foam", "She's mean", "is always mean to the staff", "Mean",
        "very awkward",
        "no-show", "a no show twice", "VIP", "liar", "tells lies", "thief", "is a thief", "drunk", "came in drunk", "impatient",
        "unfriendly", "nasty", "bad tempered", "bad-tempered", "a nightmare", "is a nightmare", "rudeness", "never pays",
        "owes us", "lies",
        "high maintenance", "time-waster", "She is a time waster", "grumpy before ten", "es muy difícil", "Maleducada",
        "un poco tacaño", "es pesado", "Muy pesada", "siempre vaga", "está loco", "what a snob",
    ],
    "insult": ["an idiot", "is fat", "fat", "stinks", "She is ugly", "stupid questions", "es tonto, idiota", "está gorda",
        "¡Gilipollas!"],
    "health": [
        "She has cancer", "diabetic, needs sugar", "is pregnant", "Had surgery in May", "early dementia",
        "is an alcoholic",
        "she is ill", "seems depressed", "heart attack in June", "her Alzheimer's", "está embarazada",
        "tiene depresión",
        "es diabético", "está enferma", "mental health day",
    ],
    "faith": ["Muslim", "is Jewish", "a Catholic", "He is Christian", "very religious", "católica", "es judía",
        "testigo de Jehová"],
    "origin": ["an immigrant", "is Turkish", "foreigners", "an asian lady", "inmigrante", "es rumana"],
    "money": ["is broke", "in debt", "unemployed since May", "on benefits", "está en paro"],
    "private": ["She is gay", "just divorced", "está divorciada", "is single"],
    "card": ["4111 1111 1111 1111", "card 5500-0000-0000-0004 exp 12/28", "her Amex 378282246310005"],
}  # fmt: skip

NOT_ASKED = [
    "decaf", "window seat", "needs ten more minutes; decaf; window", "Catholic school tie", "rude boy coffee",
    "Rude health granola",
    "Nuts, never", "no nuts", "No sesame, ever", "Allergic to penicillin? No: to nuts", "lazy Sunday papers",
    "crazy about her dog",
    "difficult to hear on the left", "finds the stairs difficult", "Stairs are difficult", "full-fat milk",
    "low fat yoghurt",
    "shoe polish", "needs a polish", "Polish rye on Fridays", "Turkish delight", "usual is Irish coffee",
    "her Chinese tea",
    "Christian Bauer sits with her", "Gay Simmons is her aunt", "single origin filter", "single shot", "means well",
    "did not mean it",
    "What does it mean", "cheap and cheerful lunch", "the broken mug", "poor signal at home",
    "mad about crosswords", "Never rude",
    "is not difficult", "non-alcoholic beer", "alcoholic drinks, none", "half past ten after church", "halal",
    "kosher", "vegan",
    "gluten free", "wheelchair: ramp", "reads our blind tasting notes", "sick of oat milk", "sickly sweet",
    "the old cow shed",
    "black coffee", "white coffee", "a strange order: tea in a bowl", "bolsa pesada", "el borde de la pizza",
    "judías verdes",
    "torta de vaca", "café solo", "la mesa del fondo", "sin gluten", "no es difícil", "difícil de oír",
    "Left-handed", "the mean time", "lies down after lunch", "nightmare before Christmas mug", "drunken noodles", "not impatient",
    "we owe her a coffee", "fat free",
    "Patient of Dr C.", "cancer research shop volunteer", "entitled to a free refill", "dumb waiter", "retail therapy",
    "ring +44 20 7946 0958", "order 1234 5678 9012 3456", "0000 0000 0000 0000", "IBAN GB29 6016 1331 9268 19",
    "9:30 to 10:45",
    "田中さん", "♥", "", " . ,, ",
]  # fmt: skip


class TestWordsThatAreAskedAbout:
    @pytest.mark.parametrize(
        ("kind", "text"),
        [pytest.param(kind, text, id=f"{text}: {kind}") for kind, texts in ASKED.items() for text in texts],
    )
    def test_are(self, kind, text):
        found = doubt(text)
        assert found is not None
        assert found.kind == kind

    @pytest.mark.parametrize("text", NOT_ASKED)
    def test_are_not_these(self, text):
        assert doubt(text) is None

    def test_come_with_the_part_they_stand_in(self):
        text = "Needs ten more minutes; difficult on Mondays; decaf"
        found = doubt(text)
        assert found
        assert text[found.begin : found.end].strip() == "difficult on Mondays"
        assert left_out(text, found) == "Needs ten more minutes; decaf"
        assert left_out(text, found, "wants a short answer.") == "Needs ten more minutes; wants a short answer; decaf"

    @pytest.mark.parametrize(
        ("text", "rest"),
        [
            ("Difficult", ""),
            ("Difficult. Decaf", "Decaf"),
            ("Decaf. Difficult!", "Decaf."),
            ("Difficult, decaf", "decaf"),
        ],
    )
    def test_leave_a_clean_rest(self, text, rest):
        found = doubt(text)
        assert found
        assert left_out(text, found) == rest

    def test_a_card_is_known_by_its_check_digit(self):
        assert has_card_number("4111111111111111")
        assert not has_card_number("4111111111111112")
