"""What was typed is marked in what it found, in the writing of whoever is called so."""

import pytest
from hypothesis import given, strategies as st

from domain.marks import _plainly, _span, marked
from models import typed_words


def brackets(text, typed, slipped=False):
    pieces = marked(text, tuple(typed_words(typed)), slipped)
    return "".join(f"[{piece}]" if found else piece for piece, found in pieces)


@pytest.mark.parametrize(
    ("text", "typed", "shown"),
    [
        pytest.param("Joan Whitlock", "jo", "[Jo]an Whitlock", id="the beginning of the first word"),
        pytest.param("Joan Whitlock", "whit", "Joan [Whit]lock", id="the beginning of another"),
        pytest.param("Joan Whitlock", "whi jo", "[Jo]an [Whi]tlock", id="two words, in any order"),
        pytest.param("Jo Mbeki-Larsson", "larss", "Jo Mbeki-[Larss]on", id="behind a hyphen"),
        pytest.param("Jo Mbeki-Larsson", "mbekilar", "Jo [Mbeki-Lar]sson", id="across a hyphen"),
        pytest.param("Siobhán Ní Dhomhnaill", "dhom", "Siobhán Ní [Dhom]hnaill", id="behind accents"),
        pytest.param("Nguyễn Thị Minh Khai", "nguyen", "[Nguyễn] Thị Minh Khai", id="with accents"),
        pytest.param("Élise", "eli", "[E\u0301li]se", id="with an accent written by itself"),
        pytest.param("Élise", "e", "[E\u0301]lise", id="an accent belongs to its letter"),
        pytest.param("Ahmet Yılmaz", "yilmaz", "Ahmet [Yılmaz]", id="a letter of its own"),
        pytest.param("Straße", "strass", "[Straß]e", id="half of a letter that is two"),
        pytest.param("רחל בן־דוד", "דוד", "רחל בן־[דוד]", id="Hebrew"),
        pytest.param("田中 弘", "中弘", "田[中 弘]", id="from any letter on, across a space"),
        pytest.param("김민수", "민", "김[민]수", id="a Korean syllable"),
        pytest.param("Marjorie Tan", "jorie", "Mar[jorie] Tan", id="inside, where nothing begins so"),
        pytest.param("Marjorie Jones", "jo", "Marjorie [Jo]nes", id="a beginning before an inside"),
        pytest.param("Joan", "xan", "Joan", id="not at all"),
        pytest.param("Joan", "", "Joan", id="nothing typed"),
        pytest.param("Jo Jones", "jo j", "[Jo] Jones", id="the same place is marked once"),
        pytest.param("<b>Jo</b>", "jo", "<b>[Jo]</b>", id="markup is text"),
    ],
)
def test_what_is_marked(text, typed, shown):
    if "e\u0301" in shown.lower():
        text = text.replace("É", "E\u0301")
    assert brackets(text, typed) == shown


@pytest.mark.parametrize(
    ("text", "typed", "shown"),
    [
        ("Priya Raghunathan", "pryia", "[Priya] Raghunathan"),
        ("Joan Whitlock", "whitlok", "Joan [Whitlock]"),
        ("Jo Mbeki-Larsson", "mbkei", "Jo [Mbeki]-Larsson"),
        ("Astrid Lindqvist", "lindkvist", "Astrid [Lindqvist]"),
        ("Siobhán", "shiob", "[Siob]hán"),
    ],
)
def test_where_somebody_slipped_what_they_meant_is_marked(text, typed, shown):
    assert brackets(text, typed, slipped=True) == shown


@given(st.text(max_size=30), st.text(min_size=1, max_size=8), st.booleans())
def test_the_text_stays_whole(text, typed, slipped):
    pieces = marked(text, tuple(typed_words(typed)), slipped)
    assert "".join(piece for piece, _ in pieces) == text
    assert all(piece for piece, _ in pieces)


@given(st.text("aAbB '-.", max_size=12), st.text("ab", min_size=1, max_size=3))
def test_the_short_way_for_plain_names_marks_what_the_long_way_does(text, typed):
    plain = _plainly(text.lower(), typed)
    if plain:
        first, end = _span(text.replace("a", "á").replace("A", "Á"), typed, 0) or (0, 0)
        marked_letters = "".join(letter for letter in text[first:end].lower() if letter.isalpha())
        assert marked_letters == text[slice(*plain)].lower() == typed
        assert first <= plain[0], "only a word begun across a dot or a hyphen comes before it"
