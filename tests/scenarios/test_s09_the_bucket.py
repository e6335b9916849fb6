"""S9: the bucket is in words and a fill, never a number; full by presence alone; one lateness after 28 visits changes no word."""

import re
from datetime import timedelta

import pytest

from models import Appointment, Introduction, Mistake, Promise, Visit
from tests.conftest import TUESDAY, came, days_before, someone


def bucket_on(phone, customer) -> str:
    """Return the section of the card, tags and all."""
    found = re.search(
        r'<section[^>]*data-testid="bucket".*?</section>', phone.get(f"/customers/{customer.id}").text, re.S
    )
    assert found
    return found[0]


def read(section: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", section))


def book(shop, customer, day, minute=10 * 60, **more) -> Appointment:
    return Appointment.create(customer=customer, shop=shop, day=day, starts_at=shop.at(day, minute), **more)


@pytest.fixture
def leo(shop):
    """28 visits in four years, each ten minutes before his appointment."""
    leo = someone(shop, "Leo Marchetti", child=True, pronoun="he")
    for day in days_before(shop.today(), *range(50, 50 + 28 * 52, 52)):
        book(shop, leo, day)
        came(leo, shop, day, minute=9 * 60 + 50)
    return leo


def late_today(at, shop, leo, **more):
    at(TUESDAY + timedelta(hours=2, minutes=18))  # 10:30
    book(shop, leo, shop.today(), **more)
    Visit.create(customer=leo, shop=shop, day=shop.today(), at=TUESDAY + timedelta(hours=2, minutes=18))


class TestTheBucket:
    @pytest.mark.parametrize(
        ("visits", "words"),
        [(0, "New here"), (2, "New here"), (3, "Filling."), (7, "Filling nicely"), (200, "Full to the brim")],
    )
    def test_fills_by_coming_though_nothing_is_ever_bought(self, phone, shop, visits, words):
        linny = someone(shop, "Linny", pronoun="he")
        came(linny, shop, *days_before(shop.today(), *range(1, visits + 1)))
        assert words in read(bucket_on(phone, linny))

    def test_is_a_word_and_a_pail_and_never_a_score(self, phone, shop, rosa):
        came(rosa, shop, *days_before(shop.today(), *range(7, 50, 7)))
        section = bucket_on(phone, rosa)
        assert "Trust bucket" in section
        assert 'class="bucket"' in section
        told = re.sub(r"<details.*?</details>", "", section, flags=re.S)
        assert "Filling nicely. 7 visits since October." in read(told)
        assert not re.search(r"score|points|%|level|rank", re.sub(r'd="[^"]*"', "", section), re.I)

    def test_one_lateness_after_28_good_visits_changes_no_word(self, phone, shop, leo, at):
        before = read(bucket_on(phone, leo))
        assert "Full to the brim. 28 visits" in before
        late_today(at, shop, leo)
        after = read(bucket_on(phone, leo))
        assert "Full to the brim. 29 visits" in after
        assert "later than agreed" not in after
        assert "Kept 28 of 29 appointments in time" in after

    def test_an_excused_lateness_is_not_even_told(self, phone, shop, at):
        new = someone(shop, "Max Oduya", pronoun="he")
        came(new, shop, *days_before(shop.today(), *range(1, 7)))
        late_today(at, shop, new, cause="both")
        assert "Filling nicely" in read(bucket_on(phone, new))
        assert "later than agreed" not in read(bucket_on(phone, new))
        Appointment.update(cause="theirs").execute()
        shop.changed()
        told = read(bucket_on(phone, new))
        assert "Filling. 7 visits" in told
        assert "Today: later than agreed. It fades, and is gone by 23 May 2027." in told

    def test_why_lists_the_facts_with_their_days_our_debts_first(self, phone, shop, sam, leo, rosa):
        today = shop.today()
        theirs = {"customer": leo, "shop": shop, "author": sam, "at": TUESDAY}
        due = today - timedelta(days=3)
        silence = {"text": "Our reminder did not reach them.", "about": "reminder:1"}
        Mistake.create(**theirs, **silence, day=today - timedelta(days=21))
        Promise.create(**theirs, text="A bigger chair", due=due, day=today - timedelta(days=9))
        Mistake.create(**theirs, text="Called him Lee", day=today - timedelta(days=20))
        Introduction.create(customer=rosa, by_customer=leo, shop=shop, day=today - timedelta(days=30))
        book(shop, leo, today - timedelta(days=10), state="missed", cause="theirs")
        told = read(bucket_on(phone, leo))
        facts = [
            "Our reminder did not reach them, 3 November, and nobody has said sorry yet.",
            "We got something wrong, 4 November, and have not made it good yet: “Called him Lee”.",
            "We still owe “A bigger chair”: it was for Saturday.",
            "First visit: 1 December 2022.",
            "Came on 14 days in the last two years.",
            "Kept 28 of 29 appointments in time since 1 December 2022.",
            "Someone came on his word, 25 October.",
        ]
        places = [told.find(fact) for fact in facts]
        assert -1 not in places, [fact for fact in facts if fact not in told]
        assert places == sorted(places)
        assert "Rosa" not in told  # who came is nobody's business
        assert "could not come" not in told  # forgiven

    def test_staying_away_drains_nothing(self, phone, shop, leo, at):
        at(TUESDAY + timedelta(days=380))
        assert "Full to the brim" in read(bucket_on(phone, leo))

    def test_an_appointment_nobody_marked_counts_neither_way(self, phone, shop, rosa):
        came(rosa, shop, *days_before(shop.today(), *range(1, 8)))
        book(shop, rosa, shop.today() - timedelta(days=20))
        told = read(bucket_on(phone, rosa))
        assert "Filling nicely" in told
        assert "appointment" not in told
