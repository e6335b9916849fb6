"""S6: at most one question a visit, from an open fact; the answer becomes a note in one tap plus words."""

import re
from datetime import UTC, datetime, timedelta

from models import Note
from tests.conftest import hire, signed_in, someone

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def asked(html):
    """Return the question that a card asks now: in the words to say, or in a section of its own."""
    slip = re.findall(r'data-prompt="(?:their-)?question".*?“([^”]+)”', html, re.S)
    return slip + re.findall(r'data-state="due"(?:(?!</section>).)*?<p class="strong"><bdi>(.*?)</bdi>', html, re.S)


def test_one_question_a_visit_and_the_answer_is_a_note(server, shop, at):
    at(MONDAY)
    hers = signed_in(server, hire(shop, "Ana"))
    bea = someone(shop, "Bea", pronoun="she")
    for text in ("How is the new oven?", "Did the key fit?"):
        hers.act("question.create", customer=str(bea.id), text=text)
    theirs = hers.act("question.create", customer=str(bea.id), text="Saturday hours", theirs=True)["result"]["question"]

    at(MONDAY + timedelta(days=1))
    hers.act("visit.create", customer=str(bea.id))
    card = hers.get(f"/customers/{bea.id}").text
    assert asked(card) == ["How is the new oven?"], "the oldest, and no second"
    number = re.findall(r"/questions/(\d+)/answer", card)[0]
    form = {"from": "card", "outcome": "said", "answer": "Runs hot at the back."}
    card = hers.post(f"/questions/{number}/answer", form, htmx=True).text
    assert "How is the new oven? Runs hot at the back." in card
    note = Note.get()
    assert (note.author.name, note.day) == ("Ana", MONDAY.date() + timedelta(days=1))
    assert asked(card) == [], "one is enough a visit"

    at(MONDAY + timedelta(days=2))
    assert asked(hers.get(f"/customers/{bea.id}").text) == ["Did the key fit?"]
    hers.post(f"/questions/{int(number) + 1}/answer", {"from": "card", "outcome": "said"}, htmx=True)

    hers.post(f"/questions/{theirs}/reply", {"from": "card", "reply": "Open until half three"}, htmx=True)
    at(MONDAY + timedelta(days=3))
    card = hers.get(f"/customers/{bea.id}").text
    assert asked(card) == ["Saturday hours?"]
    assert "Tell her: Open until half three" in card
