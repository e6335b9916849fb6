"""S4: Mo stayed ten minutes for Lee. Next visit, once: did the file go through? Skipped twice, it is offered to be dropped."""

from datetime import UTC, datetime, timedelta

from models import Question
from tests.conftest import hire, signed_in, someone

MONDAY = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def test_the_question_is_asked_once_a_visit_and_never_nags(server, shop, at):
    at(MONDAY)
    his, hers = signed_in(server, hire(shop, "Mo")), signed_in(server, hire(shop, "Ana"))
    lee = someone(shop, "Lee")
    his.act("step.create", customer=str(lee.id), text="Stayed ten minutes until the file was attached")
    made = his.act("question.create", customer=str(lee.id), text="Did the file go through?")["result"]["question"]
    card = his.get(f"/customers/{lee.id}").text
    assert "Stayed ten minutes until the file was attached" in card
    assert 'data-state="due"' not in card, "not on the day itself"

    for days in (1, 2):
        at(MONDAY + timedelta(days=days))
        assert 'data-state="due"' in hers.get(f"/customers/{lee.id}").text
        after = hers.post(f"/questions/{made}/answer", {"from": "card", "outcome": "skipped"}, htmx=True).text
        assert 'data-state="due"' not in after, "once a visit"

    at(MONDAY + timedelta(days=3))
    card = hers.get(f"/customers/{lee.id}").text
    assert 'data-state="due"' not in card
    assert "Asked twice without an answer. Drop it?" in card

    again = hers.post(f"/questions/{made}/keep", {"from": "card"}, htmx=True).text
    assert 'data-state="due"' in again
    hers.post(f"/questions/{made}/drop", {"from": "card"}, htmx=True)
    assert Question.get().outcome == "dropped"
    assert "Did the file go through?" not in his.get(f"/customers/{lee.id}").text


def test_said_it_is_over(server, shop, at):
    at(MONDAY)
    his = signed_in(server, hire(shop, "Mo"))
    lee = someone(shop, "Lee")
    made = his.act("question.create", customer=str(lee.id), text="Did the file go through?")["result"]["question"]
    at(MONDAY + timedelta(days=1))
    card = his.post(f"/questions/{made}/answer", {"from": "card", "outcome": "said", "answer": ""}, htmx=True).text
    assert "Asked today." in card
    at(MONDAY + timedelta(days=2))
    assert "Did the file go through?" not in his.get(f"/customers/{lee.id}").text
