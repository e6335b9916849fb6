"""S2: Dana comes a third time for the same thing: the card leads with that, until it is solved; a week later we ask once."""

import re
from datetime import UTC, datetime, timedelta

from tests.conftest import hire, signed_in, someone

FIRST = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)


def text_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_third_time_leads_and_solved_it_is_asked_about_once(server, shop, at):
    at(FIRST)
    tom, ana = hire(shop, "Tom"), hire(shop, "Ana")
    his, hers = signed_in(server, tom), signed_in(server, ana)
    dana = someone(shop, "Dana", pronoun="she")
    made = his.act("issue.open", customer=str(dana.id), text="The stereo cuts out")["result"]["issue"]
    his.post(f"/customers/{dana.id}/visits", htmx=True)
    for days in (7, 14):
        at(FIRST + timedelta(days=days))
        before = hers.get(f"/customers/{dana.id}").text
        assert "Second visit" not in before, "no milestone while it is open"
        assert "Third Tuesday" not in before, "no cheerful words either"
        assert ("“The stereo cuts out”: two times now." in before) is (days == 14)
        his.post(f"/customers/{dana.id}/visits", htmx=True)
        his.post(f"/issues/{made}/again", {"from": "card"}, htmx=True)

    card = hers.get(f"/customers/{dana.id}").text
    assert card.index("The third time: The stereo cuts out") < card.index("The usual"), "it leads"
    assert "3 November, Tom" in text_of(card)
    assert "10 November, Tom" in text_of(card)

    assert "Say sorry, and that we stay on it." in card

    solved = his.post(f"/issues/{made}/solve", {"from": "card"}, htmx=True).text
    assert "The third time" not in solved
    assert "In a week we ask whether it still is." in solved

    at(FIRST + timedelta(days=17))
    assert 'data-state="due"' not in hers.get(f"/customers/{dana.id}").text, "not yet"
    at(FIRST + timedelta(days=22))
    card = hers.get(f"/customers/{dana.id}").text
    assert "Is it still fine: The stereo cuts out?" in card
    assert "We solved her trouble." in card
    assert "Ask if all is still fine." in card
    assert 'data-state="due"' in card
    question = re.findall(r"/questions/(\d+)/answer", card)[0]
    hers.post(f"/questions/{question}/answer", {"from": "card", "outcome": "said", "answer": ""}, htmx=True)
    at(FIRST + timedelta(days=40))
    assert "Is it still fine" not in hers.get(f"/customers/{dana.id}").text, "once"

    again = hers.act("issue.open", customer=str(dana.id), text="The stereo cuts out")["result"]
    assert (again["issue"], again["times"]) == (made, 4), "counting goes on"
    assert "The fourth time: The stereo cuts out" in his.get(f"/customers/{dana.id}").text
