"""On the card and on the page of promises: questions, troubles, mistakes, referrals and what was sent, each with its way back."""

import re

import pytest

from domain.promises import NEXT, delivered
from models import DELIVERIES, Introduction, Promise, Referral
from tests.conftest import TUESDAY, counted_queries, someone

CARD = {"from": "card"}
TODAY = TUESDAY.date()


def made(phone, act, **data):
    answer = phone.act(act, **data)
    assert answer["status"] == "applied", answer
    return next(iter(answer["result"].values()))


def undo_of(html):
    """Return where the toast's Undo leads."""
    return re.findall(r'<form method="post" action="([^"]+)"[^>]*>(?=(?:(?!</form>).)*data-testid="toast-undo")', html)[
        0
    ]


class TestTheCard:
    def test_has_nothing_of_it_where_nothing_is_open(self, phone, rosa):
        card = phone.get(f"/customers/{rosa.id}").text
        for part in ("issue", "mistake", "question", "referred", "steps"):
            assert f'data-testid="{part}"' not in card

    def test_owns_up_and_makes_good_in_plain_forms(self, phone, rosa):
        number = made(phone, "mistake.record", customer=str(rosa.id), text="We lost her <b>order</b>")
        card = phone.get(f"/customers/{rosa.id}").text
        assert "We lost her &lt;b&gt;order&lt;/b&gt;" in card
        assert "Ours. Say so first, then make it good." in card
        answer = phone.post(f"/mistakes/{number}/acknowledge", {**CARD, "said_sorry": "yes"})
        assert (answer.status_code, answer.location) == (303, f"/customers/{rosa.id}")
        assert "Sam said sorry, today." in phone.get(f"/customers/{rosa.id}").text
        done = phone.post(f"/mistakes/{number}/made-good", {**CARD, "text": "A new one"}, htmx=True).text
        assert 'data-testid="mistake"' not in done
        back = phone.post(undo_of(done), CARD, htmx=True).text
        assert "Not made good yet." in back
        assert phone.post(f"/mistakes/{number}/made-good", {**CARD, "text": " "}, htmx=True).status_code == 422

    @pytest.mark.parametrize(
        ("kind", "act", "form"),
        [
            ("issue.open", "issues/{}/again", {}),
            ("issue.open", "issues/{}/solve", {}),
            ("question.create", "questions/{}/answer", {"outcome": "said"}),
            ("question.create", "questions/{}/answer", {"outcome": "skipped"}),
            ("question.create", "questions/{}/drop", {}),
        ],
    )
    def test_every_tap_offers_its_way_back(self, phone, other_phone, rosa, at, kind, act, form):
        number = made(phone, kind, customer=str(rosa.id), text="The stereo cuts out")
        at(TUESDAY.replace(day=27))
        before = re.sub(r'value="[0-9a-f-]{36}"|nonce="[^"]*"', "", phone.get(f"/customers/{rosa.id}").text)
        told = phone.post("/" + act.format(number), {**CARD, **form}, htmx=True).text
        hidden = dict(
            re.findall(r'name="(outcome)" value="([^"]*)"><button class="btn" data-testid="toast-undo"', told)
        )
        assert phone.post(undo_of(told), {**CARD, **hidden}).status_code == 303
        after = re.sub(r'value="[0-9a-f-]{36}"|nonce="[^"]*"', "", phone.get(f"/customers/{rosa.id}").text)
        assert after == before

    def test_costs_no_query_more_with_all_of_it(self, phone, shop, rosa):
        phone.get(f"/customers/{rosa.id}")
        shop.changed()
        with counted_queries() as bare:
            phone.get(f"/customers/{rosa.id}")
        for kind in ("issue.open", "mistake.record", "question.create", "step.create"):
            made(phone, kind, customer=str(rosa.id), text="x")
        made(phone, "referral.create", customer=str(rosa.id), name="Rosa", need="x", to="y")
        phone.get(f"/customers/{rosa.id}")
        with counted_queries() as full:
            phone.get(f"/customers/{rosa.id}")
        assert len(full) <= len(bare)


class TestSendingOn:
    def test_is_filled_in_for_a_customer_and_leads_back_to_the_card(self, phone, rosa):
        page = phone.get(f"/referrals/new?customer={rosa.id}").text
        assert 'value="Rosa Marchetti"' in page
        answer = phone.post(
            "/referrals", {"customer": rosa.id, "name": "Rosa", "need": "A key", "to": "Joe", "check": "1"}
        )
        assert answer.location == f"/customers/{rosa.id}"
        assert str(Referral.get().check_on) == "2026-11-25"
        assert "sent to Joe" in phone.get(f"/customers/{rosa.id}").text

    def test_refused_it_comes_back_as_it_was_typed(self, phone):
        answer = phone.post("/referrals", {"name": "Kris", "need": "", "to": "Dr C.", "check": "7"})
        assert answer.status_code == 422
        assert 'value="Kris"' in answer.text
        assert 'value="Dr C."' in answer.text
        assert "“What they need” is empty." in answer.text

    def test_is_not_of_another_shop(self, phone, shop):
        other = type(shop).create(business=shop.business, name="Second Street")
        theirs = Referral.create(
            shop=other, name="Kris", need="x", to_whom="y", check_on=TODAY, day=TODAY, at=TUESDAY
        )  # fmt: skip
        assert phone.get(f"/referrals/new?previous={theirs.id}").status_code == 404
        assert "Kris" not in phone.get("/promises").text

    def test_words_are_kept_where_nobody_is_called_so(self, phone, rosa):
        assert phone.post(f"/customers/{rosa.id}/sent-by", {"by_text": "the key shop"}).status_code == 303
        card = phone.get(f"/customers/{rosa.id}").text
        assert "Sent to us by the key shop." in card
        phone.post(f"/customers/{rosa.id}/sent-by/undo", CARD)
        assert Introduction.select().count() == 0

    def test_a_name_is_asked_about_and_may_still_be_words(self, phone, shop, rosa):
        someone(shop, "Ellen Bright")
        asked = phone.post(f"/customers/{rosa.id}/sent-by", {"by_text": "Ellen"}).text
        assert "Ellen Bright" in asked
        phone.post(f"/customers/{rosa.id}/sent-by", {"by_text": "Ellen", "by": "words"})
        assert (Introduction.get().by_text, Introduction.get().by_customer) == ("Ellen", None)


class TestWhatWasSent:
    @pytest.fixture
    def sent(self, shop, sam, rosa):
        return Promise.create(
            customer=rosa,
            shop=shop,
            author=sam,
            text="The article",
            channel="email",
            day=TODAY,
            at=TUESDAY,
            kept_at=TUESDAY,
        )

    @pytest.mark.one_engine
    @pytest.mark.parametrize("before", DELIVERIES)
    @pytest.mark.parametrize("after", DELIVERIES)
    def test_goes_only_the_way_it_can(self, sent, before, after):
        Promise.update(delivery=before).where(Promise.id == sent.id).execute()
        if after in NEXT[before]:
            delivered(sent, after)
            assert Promise.get().delivery == after
        else:
            with pytest.raises(ValueError):
                delivered(sent, after)
            assert Promise.get().delivery == before

    @pytest.mark.parametrize("state", DELIVERIES)
    def test_is_never_called_received(self, phone, sent, rosa, state):
        Promise.update(delivery=state).where(Promise.id == sent.id).execute()
        told = phone.get(f"/customers/{rosa.id}").text.split('data-testid="owed"')[1].split("</section>")[0]
        assert ("did not arrive" in told or "another way" in told) == (
            state in ("bounced", "failed", "expired", "suppressed")
        )
        assert "received" not in told

    def test_by_another_way_is_owed_again_without_its_old_fate(self, phone, sent):
        Promise.update(delivery="bounced").where(Promise.id == sent.id).execute()
        phone.post(f"/promises/{sent.id}/reopen", htmx=True)
        assert (Promise.get().state, Promise.get().delivery) == ("open", "")

    def test_a_secret_that_cannot_be_is_refused(self, phone, sent):
        for secret in ("", "x", "20270101", "20991231" + "a" * 32, "20261123" + "a" * 32, "99999999" + "a" * 32):
            assert phone.act("promise.link", promise=str(sent.id), secret=secret)["status"] == "rejected"
        assert Promise.get().token_hash is None
