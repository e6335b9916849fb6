"""A slip of the finger still finds them, and garbage finds nobody."""

import pytest
from hypothesis import given, strategies as st

from domain.slips import HEAD, beginnings, forgiven, letters_beside, slips

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("typed", "word", "most", "found"),
    [
        pytest.param("rosa", "rosalind", 1, (0, 4), id="a beginning is no slip"),
        pytest.param("rpsa", "rosa", 1, (1, 4), id="a letter wrong"),
        pytest.param("rsa", "rosa", 1, (1, 4), id="a letter missing"),
        pytest.param("roosa", "rosa", 1, (1, 4), id="a letter too many"),
        pytest.param("rsoa", "rosa", 1, (1, 4), id="two swapped"),
        pytest.param("orsa", "rosa", 1, (1, 4), id="the first two swapped"),
        pytest.param("tosa", "rosa", 1, (1, 4), id="the first wrong"),
        pytest.param("osa", "rosa", 1, (1, 4), id="the first missing"),
        pytest.param("trosa", "rosa", 1, (1, 4), id="one before the first"),
        pytest.param("rosap", "rosa", 1, (1, 4), id="one behind the last"),
        pytest.param("priaa", "priya", 1, (1, 5), id="wrong near the end"),
        pytest.param("wihtl", "whitlock", 1, (1, 5), id="swapped in the beginning of a longer word"),
        pytest.param("marchtti", "marchetti", 1, (1, 9), id="missing in a long word"),
        pytest.param("rpas", "rosa", 1, None, id="two slips where one is forgiven"),
        pytest.param("machtti", "marchetti", 2, (2, 9), id="two missing"),
        pytest.param("mrachteti", "marchetti", 2, (2, 9), id="swapped twice"),
        pytest.param("jbu", "jobina", 0, None, id="none is forgiven in three letters"),
        pytest.param("rosa", "ro", 1, None, id="a word that ends too early"),
        pytest.param("нгуен", "нгуэн", 1, (1, 5), id="another script"),
    ],
)
def test_slips(typed, word, most, found):
    assert slips(typed, word, most) == found


@pytest.mark.parametrize(("typed", "most"), [("xan", 0), ("rosa", 1), ("marchet", 1), ("marchett", 2)])
def test_a_longer_word_is_forgiven_more(typed, most):
    assert forgiven(typed) == most


def distance(typed: str, word: str) -> int:
    """The plain table of Damerau and Levenshtein: the fewest slips between a word and any beginning of the other."""
    rows = [list(range(len(word) + 1))]
    rows[0] = list(range(len(word) + 1))
    for i, one in enumerate(typed, 1):
        row = [i]
        for j, other in enumerate(word, 1):
            least = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (one != other))
            if i > 1 and j > 1 and one == word[j - 2] and typed[i - 2] == other:
                least = min(least, rows[i - 2][j - 2] + 1)
            row.append(least)
        rows.append(row)
    return min(rows[-1])


few = st.text("abc", min_size=1, max_size=9)


@given(few, few, st.integers(0, 3))
def test_the_short_way_counts_as_the_plain_table_does(typed, word, most):
    plain = distance(typed, word)
    found = slips(typed, word, most)
    assert (found[0] if found else None) == (plain if plain <= most else None)


@given(few, few, st.integers(1, 2))
def test_as_many_letters_are_meant_as_it_says(typed, word, most):
    found = slips(typed, word, most)
    if found:
        assert distance(typed, word[: found[1]]) == found[0]


def slipped(word: str, kind: str, place: int, letter: str) -> str:
    """Return a word typed with one slip at a place."""
    place %= len(word)
    match kind:
        case "wrong":
            return word[:place] + letter + word[place + 1 :]
        case "missing":
            return word[:place] + word[place + 1 :]
        case "too many":
            return word[:place] + letter + word[place:]
    return word[:place] + word[place : place + 2][::-1] + word[place + 2 :]


KINDS = st.sampled_from(["wrong", "missing", "too many", "swapped"])
NAMES = st.text(LETTERS, min_size=5, max_size=12)


def is_looked_for(typed: str, word: str, most: int) -> bool:
    return any(word.startswith(beginning) for beginning in beginnings(typed, most))


@given(NAMES, KINDS, st.integers(0, 11), st.sampled_from(LETTERS), st.text(LETTERS, max_size=3))
def test_whoever_is_one_slip_away_is_looked_for(name, kind, place, letter, rest):
    typed = slipped(name, kind, place, letter)
    assert is_looked_for(typed, name + rest, 1)
    found = slips(typed, name + rest, 1)
    assert found
    assert found[0] <= 1


@given(
    st.text(LETTERS, min_size=10, max_size=14), KINDS, KINDS, st.integers(0, HEAD + 1), st.integers(0, 99), st.data()
)  # fmt: skip
def test_of_two_slips_one_may_lie_in_the_first_letters(name, first, second, place, further, data):
    letters = st.sampled_from(LETTERS)
    later = HEAD + 3 + further % (len(name) - HEAD - 4)
    typed = slipped(slipped(name, second, later, data.draw(letters)), first, place, data.draw(letters))
    found = slips(typed, name, 2)
    assert found
    assert found[0] <= 2
    assert is_looked_for(typed, name, 2)


@pytest.mark.parametrize(
    ("letter", "has", "lacks"),
    [("a", "z", "Z"), ("z", "a", "é"), ("р", "я", "Я"), ("ש", "א", "a"), ("ω", "α", "Ω")],
)
def test_the_letters_beside_one_are_those_of_its_script(letter, has, lacks):
    assert letter in letters_beside(letter)
    assert has in letters_beside(letter)
    assert lacks not in letters_beside(letter)


def test_where_to_look_stays_a_short_list():
    assert len(beginnings("marchetti", 2)) < 200
    assert len(beginnings("rosa", 1)) < 200
