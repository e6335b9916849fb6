"""There is one already: a name so like another's that it may be the same person; and one that is not is not held up."""

import pytest

from domain.likeness import alike
from tests.conftest import TUESDAY, counted_queries, someone


def names(shop, typed):
    return [one.person.name for one in alike(shop, typed, TUESDAY)]


@pytest.fixture
def known(shop):
    for name, call in (
        ("Jo Mbeki-Larsson", "Jo"),
        ("Rosa Marchetti", ""),
        ("Folake Adeyemi", "Mrs Adeyemi"),
        ("Nguyễn Thị Minh Khai", ""),
        ("Sean O’Brien", ""),
        ("Mia", ""),
        ("Red scarf", ""),
        ("田中 弘", ""),
        ("♥", ""),
    ):
        someone(shop, name, call=call)


@pytest.mark.usefixtures("known")
class TestAlike:
    @pytest.mark.parametrize(
        ("typed", "name"),
        [
            pytest.param("Rosa Marchetti", "Rosa Marchetti", id="the same"),
            pytest.param("rosa  marchetti ", "Rosa Marchetti", id="however written"),
            pytest.param("Marchetti Rosa", "Rosa Marchetti", id="in another order"),
            pytest.param("Rosa Marcheti", "Rosa Marchetti", id="a letter missing"),
            pytest.param("Roza Marchetti", "Rosa Marchetti", id="a letter wrong"),
            pytest.param("Rosa Marchtetti", "Rosa Marchetti", id="a letter too many"),
            pytest.param("Marhcetti, Rosa", "Rosa Marchetti", id="swapped, and in another order"),
            pytest.param("Jo", "Jo Mbeki-Larsson", id="what to call them"),
            pytest.param("Jo Mbeki Larsson", "Jo Mbeki-Larsson", id="without its hyphen"),
            pytest.param("Larsson-Mbeki Jo", "Jo Mbeki-Larsson", id="its halves swapped"),
            pytest.param("Mrs. Adeyemi", "Folake Adeyemi", id="a form of address"),
            pytest.param("Nguyen Thi Minh Khai", "Nguyễn Thị Minh Khai", id="without accents"),
            pytest.param("Sean O'Brien", "Sean O’Brien", id="another apostrophe"),
            pytest.param("Sean OBrien", "Sean O’Brien", id="no apostrophe"),
            pytest.param("red scarf", "Red scarf", id="a word instead of a name"),
            pytest.param("田中 弘", "田中 弘", id="another script"),
        ],
    )
    def test_is(self, shop, typed, name):
        assert names(shop, typed) == [name]

    @pytest.mark.parametrize(
        "typed",
        [
            pytest.param("Rosa", id="only a part of a name"),
            pytest.param("Rosa Bianchi", id="another family"),
            pytest.param("Roza Marcheti", id="two slips"),
            pytest.param("Mea", id="a short name is another name"),
            pytest.param("Mo", id="so is a shorter one"),
            pytest.param("Red umbrella", id="another word"),
            pytest.param("", id="nothing"),
            pytest.param("- -", id="only marks"),
        ],
    )
    def test_is_not(self, shop, typed):
        assert names(shop, typed) == []

    def test_the_most_alike_comes_first_and_three_are_asked_about(self, shop):
        for name in ("Rosa Marchetta", "Rosa Marchetto", "Marchetti Rosa"):
            someone(shop, name)
        assert names(shop, "Rosa Marchetti") == ["Marchetti Rosa", "Rosa Marchetti", "Rosa Marchetta"]

    def test_costs_two_queries(self, shop):
        with counted_queries() as seen:
            names(shop, "Rosa Marchetti")
        assert len(seen) == 2


def test_people_of_another_business_are_not_told(shop, known):
    from domain import access

    other, _owner = access.open_shop("Elsewhere", "Europe/London", "Eve")
    assert names(other, "Rosa Marchetti") == []
