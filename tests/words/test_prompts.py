"""Words to say: short, sayable, kind, true before somebody comes and after, and the same facts in every tone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

import pytest

import words
from domain.prompts import LATE_AT_MOST, MILESTONES, RULES
from models import PRONOUNS, TONES
from words.prompts import spoken_time

TODAY = date(2026, 11, 24)  # a Tuesday
DAYS = ["2026-11-10", "2026-11-17"]


@dataclass
class Somebody:
    pronoun: str


# Facts as the rules give them: the longest that each allows, and every branch of the wording.
WROTE = {"about": 3, "text": "tea 100% rye and sugar", "by": "Ana", "dates": DAYS[1:]}
LONG = {**WROTE, "text": "one two three four five six seven eight nine ten", "by": ""}
FACTS: dict[str, list[dict[str, Any]]] = {
    "our-mistake": [{**wrote, "last_time": last} for wrote in (WROTE, LONG) for last in (True, False)],
    "our-silence": [
        {**WROTE, "text": "Our reminder did not reach them.", "weekday": weekday, "last_week": last_week}
        for weekday, last_week in [(0, False), (None, True), (None, False)]
    ]
    + [{**WROTE, "text": "Our reminder did not reach them.", "weekday": 0, "last_week": False, "to": "Rosa"}],
    "late-our-silence": [
        {"about": 7, "visits": visits, "way": "sms", "at": "2026-11-23T18:00:00-05:00", "dates": dates, "here": here, "to": to}
        for visits, dates, here, to in [
            (28, DAYS, False, ""), (9, DAYS, False, ""), (None, ["2026-11-23"], False, ""), (28, DAYS, True, ""),
            (28, DAYS, False, "Rosa"), (28, DAYS, True, "Rosa"),
        ]
    ],
    "not-arrived": [{**WROTE, "channel": channel} for channel in ("email", "sms", "counter")],
    "same-trouble": [{**wrote, "times": times, "dates": DAYS} for wrote in (WROTE, LONG) for times in (2, 3, 13)],
    "promise-overdue": [{**wrote, "due": "2026-11-20"} for wrote in (WROTE, LONG)],
    "promise-due": [{**wrote, "due": "2026-11-24"} for wrote in (WROTE, LONG)],
    "first-time-late": [
        {"visits": 12, "since": None, "today": "2026-11-24", "dates": DAYS},
        {"visits": 41, "since": None, "today": "2026-11-24", "dates": DAYS},
        {"visits": 5, "since": "2026-03-03", "today": "2026-11-24", "dates": DAYS},
        {"visits": 5, "since": "2024-09-03", "today": "2026-11-24", "dates": DAYS},
        {"visits": 5, "since": "2026-11-03", "today": "2026-11-24", "dates": DAYS},
    ],
    "often-a-bit-late": [
        {"minutes": minutes, "on_the_hour": hour, "each": [9, 12], "dates": DAYS}
        for minutes in range(5, LATE_AT_MOST + 1, 5)
        for hour in (True, False)
    ],
    "missed-once": [{"weekday": weekday, "visits": 4, "kept": DAYS[:1], "dates": DAYS[1:]} for weekday in (4, None)],
    "quiet": [{"usual": usual, "by": "Ana", "dates": DAYS[:1]} for usual in (True, False)],
    "quick": [{"told": True, "by": "", "dates": DAYS[:1]}, {"told": False, "by": ["Ana", "Sam"], "dates": DAYS}],
    "we-run-late": [{"minutes": minutes, "by": "Ana", "dates": DAYS[1:]} for minutes in (5, 15, 20, 30, 45, 50)],
    "usual-is-out": [{**WROTE, "text": "rye", "usual": "Rye roll"}],
    "birthday": [{**WROTE, "text": ""}],
    "their-question": [{**WROTE, "reply": "open until half three"}, {**LONG, "reply": "one two three four five six seven"}],
    "still-fine": [{**WROTE, "solved": DAYS[1]}],
    "question": [WROTE, {**WROTE, "text": "Did the file go through?"}, LONG],
    "ask-if-arrived": [
        {**WROTE, "channel": channel, "weekday": weekday} for channel in ("email", "sms", "counter") for weekday in (4, None)
    ],
    "sent-on": [{**WROTE, "text": "the key shop"}, LONG],
    "fault-mended": [{**WROTE, "solved": "2026-11-20"}],
    "extra-step": [{**wrote, "weekday": weekday} for wrote in (WROTE, LONG) for weekday in (0, None)],
    "first-booking": [{"dates": ["2026-11-24"]}],
    "second-visit": [{"dates": DAYS[:1]}],
    "name-learned": [{"weekday": 4, "by": "Ana", "dates": DAYS[:1]}, {"weekday": None, "by": "Ana", "dates": DAYS[:1]}],
    "say-as": [{"say_as": "a be ce de e EF", "by": "Ana", "dates": DAYS[:1]}],
    "call": [{"call": "Mrs Folake Adeyemi of Lagos", "by": "Ana", "dates": DAYS[:1]}],
    "not-met": [{"met": [1], "by": ["Sam"], "dates": DAYS}],
    "brought-someone": [{"by": ["Sam"], "dates": DAYS[1:]}],
    "dogs": [{**WROTE, "names": names} for names in (["Otto"], ["Otto", "Pim"])],
    "sent-us": [WROTE],
    "back-after-a-while": [{"dates": DAYS[:1]}],
    "a-year": [{"years": years, "dates": DAYS[:1]} for years in (1, 2, 12, 21)],
    "about-a-hundred": [{"about": about, "count": about + 2, "dates": DAYS[:1]} for about in MILESTONES],
    "coming-more-often": [{"times": times, "before": before, "dates": DAYS} for times, before in [(2, 3), (3, 1), (6, 9)]],
    "third-weekday": [{"weekday": weekday, "dates": DAYS} for weekday in range(7)],
    "all-week": [{"minute": minute, "each": [448, 452], "dates": DAYS} for minute in range(15, 1440, 15)],
    "always-early": [
        {"minutes": minutes, "here": here, "each": [9, 12], "dates": DAYS}
        for minutes in range(5, 31, 5)
        for here in (True, False)
    ],
    "since-long": [{"year": 2019, "visits": 300, "dates": ["2019-03-03"]}],
    "favourite-off": [{"staff": 1, "by": "Maria del Carmen", "dates": DAYS}],
    "promise-next": [{**wrote, "due": None} for wrote in (WROTE, LONG)],
    "order-changed": [{"usual": "Flat white, oat", "by": [], "dates": DAYS[1:]}],
    "steady-order": [{"usual": "tea 100% rye and two sugars", "times": 5, "by": ["Ana"], "dates": DAYS}],
    "the-usual": [{"usual": "tea 100% rye and two sugars", "by": "Ana", "dates": DAYS[:1]}],
}  # fmt: skip


def everything(name: str) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yield every wording of a prompt: its facts, the tone and the pronoun."""
    for facts, tone, pronoun in product(FACTS[name], TONES, PRONOUNS):
        yield {"id": name, **facts}, tone, pronoun


VERBS = {
    "Apologise", "Ask", "Ask:", "Ask,", "Call", "Hand", "Have", "Just", "Nod", "Nod,", "Say", "See", "Show", "Tell", "Thank",
    "Try", "Use", "Welcome", "Wish",
}  # fmt: skip
AS_DESIGNED = {"A nod and the usual."}  # a nod is all there is to do
NEVER = [
    "vip", "no-show", "no show", "loyalty score", "spend", "we noticed", "our records show", "valued customer",
    "you must", "!", "sir", "madam",
]  # fmt: skip
ABSENCE = re.compile(r"\b(\d+|two|three|four|five|six|ten) (days|weeks|months)( ago| away|$|\.)", re.I)


# Worry and our own failures are not played with, and a question is in the words of who wrote it
SAME_IN_ALL = {"first-time-late", "late-our-silence", "not-arrived", "same-trouble", "their-question", "question"}


def text_of(prompt, tone="warm", pronoun="she") -> str:
    said = words.prompt(prompt, Somebody(pronoun), tone)
    return f"{said.fact} {said.ask}"


class TestEveryPrompt:
    def test_is_in_this_table(self):
        assert list(FACTS) == list(RULES)

    @pytest.mark.parametrize("name", FACTS)
    def test_is_two_short_sentences_of_which_the_second_begins_with_what_to_do(self, name):
        for prompt, tone, pronoun in everything(name):
            said = words.prompt(prompt, Somebody(pronoun), tone)
            sentences = said.fact.split(". ") if name == "late-our-silence" else [said.fact]  # our own part is one more
            assert all(1 <= len(one.split()) <= 9 for one in sentences)
            assert 1 <= len(said.ask.split()) <= 9
            assert re.fullmatch(r"[^.]+\.( [A-Z][^.]+\.)?", said.fact)
            assert re.fullmatch(r"[^.?]+[.?]”?", said.ask)
            assert said.fact[0].isupper() or said.fact[0].isdigit()
            assert said.ask.split()[0] in VERBS or said.ask in AS_DESIGNED

    @pytest.mark.parametrize("name", FACTS)
    def test_says_nothing_that_is_never_said(self, name):
        for prompt, tone, pronoun in everything(name):
            told = text_of(prompt, tone, pronoun) + " " + words.prompt_why(prompt, TODAY)
            assert not [word for word in NEVER if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", told.lower())]
            assert not ABSENCE.search(told)
            assert "%(" not in told

    @pytest.mark.parametrize("name", FACTS)
    def test_guesses_no_pronoun(self, name):
        for prompt, tone, pronoun in everything(name):
            spoken = set(
                re.findall(
                    r"\b(she|her|hers|he|him|his|they|them|their|theirs)\b", text_of(prompt, tone, pronoun).lower()
                )
            )
            theirs = {"she": {"she", "her", "hers"}, "he": {"he", "him", "his"}}.get(
                pronoun, {"they", "them", "their", "theirs"}
            )
            others = {"they", "them"} if name in ("sent-on", "dogs") else set()  # the place, the dogs
            assert spoken <= theirs | others

    @pytest.mark.parametrize("name", FACTS)
    def test_has_dated_facts_behind_it(self, name):
        for facts in FACTS[name]:
            told = words.prompt_why({"id": name, **facts}, TODAY)
            assert told.endswith(".")
            last = words.short_day(date.fromisoformat(facts["dates"][-1]), TODAY)
            assert last in told

    @pytest.mark.parametrize("name", FACTS)
    def test_has_a_wording_for_each_tone(self, name):
        if name in SAME_IN_ALL:
            return
        assert len({text_of({"id": name, **FACTS[name][0]}, tone) for tone in TONES}) >= 2


# The designed words, in the warm tone, of whom, as the facts above have it.
WARM = [
    ("our-mistake", 0, "she", "Our mistake: “tea 100% rye and sugar”. Say sorry once, get it right."),
    ("our-mistake", 2, "she", "We got something wrong last time. Say sorry once, get it right."),
    ("our-mistake", 3, "she", "We got something wrong a while ago. Say sorry once, get it right."),
    ("our-silence", 0, "he", "Our reminder failed on Monday. Apologise for our silence first."),
    ("our-silence", 1, "he", "Our reminder failed last week. Apologise for our silence first."),
    ("our-silence", 2, "he", "Our reminder failed a while ago. Apologise for our silence first."),
    ("late-our-silence", 0, "he", "First time late in 28 visits. Our reminder did not reach him. Ask if all is well."),
    ("late-our-silence", 1, "", "First time late in nine visits. Our reminder did not reach them. Ask if all is well."),
    ("late-our-silence", 2, "she", "Our reminder did not reach her. Ask if all is well."),
    (
        "late-our-silence",
        3,
        "he",
        "First time late in 28 visits. Our reminder did not reach him. Ask if all is well, and say sorry.",
    ),
    (
        "late-our-silence",
        4,
        "he",
        "First time late in 28 visits. Our reminder did not reach Rosa. Ask Rosa if all is well.",
    ),
    ("our-silence", 3, "he", "Our reminder failed on Monday. Apologise to Rosa for our silence."),
    ("not-arrived", 0, "she", "Our email did not reach her. Hand it over, or ask for another way."),
    ("same-trouble", 4, "he", "The same trouble, three times now. Say sorry, and that we stay on it."),
    ("promise-overdue", 0, "he", "Still promised: “tea 100% rye and sugar”. Say we have not forgotten."),
    ("promise-overdue", 1, "he", "We still owe him something. Say we have not forgotten."),
    ("promise-due", 0, "she", "Promised: “tea 100% rye and sugar”. See to it before she asks."),
    ("promise-next", 0, "he", "Promised: “tea 100% rye and sugar”. See to it before he asks."),
    ("promise-next", 1, "", "We promised something for the next visit. See to it before they ask."),
    ("missed-once", 0, "he", "Missed Friday, a first. Say you are glad it is today."),
    ("we-run-late", 1, "he", "We are fifteen minutes behind. Tell him now, offer a seat."),
    ("usual-is-out", 0, "she", "No rye left today. Tell her before she orders."),
    ("birthday", 0, "she", "She asked us to remember today. Wish her a happy birthday."),
    ("their-question", 0, "he", "He asked: “tea 100% rye and sugar?”. Tell him: open until half three."),
    ("still-fine", 0, "she", "We solved her trouble. Ask if all is still fine."),
    ("question", 1, "he", "Ana left a question. Ask: “Did the file go through?”"),
    ("question", 2, "he", "There is a question to ask. Ask what stands on the card."),
    ("ask-if-arrived", 0, "she", "We emailed it on Friday. Ask if it arrived."),
    ("sent-on", 0, "she", "We sent her to the key shop. Ask if they could help."),
    ("fault-mended", 0, "he", "The fault he told us of is mended. Show him."),
    ("extra-step", 0, "she", "Ana: “tea 100% rye and sugar”. Ask how it went."),
    ("extra-step", 2, "she", "We went a step further on Monday. Ask how it went."),
    ("brought-someone", 0, "she", "Brought a friend last time. Welcome both, ask the friend’s name."),
    ("dogs", 0, "she", "Otto is the dog. Say hello to the dog first."),
    ("dogs", 1, "she", "Otto and Pim are the dogs. Say hello to them first."),
    ("sent-us", 0, "she", "Someone came on her word. Thank her for that."),
    ("third-weekday", 1, "she", "Third Tuesday in a row. Thank her for coming back."),
    ("all-week", 29, "she", "In at half past seven all week. Say good morning by name."),
    ("second-visit", 0, "she", "Second visit. Say it is good to see her again."),
    ("first-booking", 0, "he", "New to us. Say your name, then ask his."),
    ("name-learned", 0, "he", "We learned his name on Friday. Use it once."),
    ("name-learned", 1, "", "We learned their name last time. Use it once."),
    ("say-as", 0, "she", "It is said a be ce de e EF. Try it, and ask if it is right."),
    ("call", 0, "she", "She likes Mrs Folake Adeyemi of Lagos. Welcome her that way."),
    ("call", 0, "", "Likes to be called Mrs Folake Adeyemi of Lagos. Welcome them that way."),
    ("about-a-hundred", 0, "he", "About a hundred visits. Thank him for his loyalty."),
    ("about-a-hundred", 3, "she", "About a thousand visits. Thank her for her loyalty."),
    ("a-year", 0, "they", "A year since the first visit. Thank them for the year."),
    ("a-year", 2, "they", "Twelve years since the first visit. Thank them for the years."),
    ("since-long", 0, "he", "With us since 2019. Thank him for staying with us."),
    ("back-after-a-while", 0, "", "Back after a while. Say it is good to see them."),
    ("first-time-late", 0, "he", "First time late in twelve visits. Ask if all is well."),
    ("first-time-late", 1, "he", "First time late in 41 visits. Ask if all is well."),
    ("first-time-late", 2, "he", "First time late since March. Ask if all is well."),
    ("first-time-late", 3, "he", "First time late since September 2024. Ask if all is well."),
    ("first-time-late", 4, "he", "First time late since 3 November. Ask if all is well."),
    ("often-a-bit-late", 2, "she", "Ten past is her usual. Just welcome her."),
    ("often-a-bit-late", 3, "he", "Ten minutes after is his usual. Just welcome him."),
    ("always-early", 2, "he", "Ten minutes early, as ever. Thank him for being easy on us."),
    ("always-early", 3, "he", "Usually ten minutes early. Thank him for being easy on us."),
    ("quick", 0, "he", "Likes to be quick. Have it ready, skip the chat."),
    ("quick", 1, "he", "Often in a hurry. Have it ready, skip the chat."),
    ("quiet", 0, "she", "Likes it quiet. A nod and the usual."),
    ("quiet", 1, "she", "Likes it quiet. Nod and leave it there."),
    ("steady-order", 0, "she", "Tea 100% rye and two sugars, five times running. Ask: “The usual?”"),
    ("order-changed", 0, "she", "Something new last time. Ask which it is today."),
    ("the-usual", 0, "she", "Tea 100% rye and two sugars is the usual. Ask: “The usual?”"),
    ("not-met", 0, "he", "You have not met yet. Tell him your name."),
    (
        "favourite-off",
        0,
        "she",
        "Maria del Carmen usually serves her. Say hello from Maria del Carmen.",
    ),
    ("coming-more-often", 0, "he", "Twice a week now. Thank him for choosing us."),
    ("coming-more-often", 1, "he", "Three times a week now. Thank him for choosing us."),
]


class TestTheWords:
    @pytest.mark.parametrize(("name", "n", "pronoun", "told"), WARM, ids=[f"{name}-{n}-{p}" for name, n, p, _ in WARM])
    def test_are_those_designed(self, name, n, pronoun, told):
        assert text_of({"id": name, **FACTS[name][n]}, "warm", pronoun) == told

    @pytest.mark.parametrize(
        ("tone", "told"),
        [
            ("plain", "Third Tuesday running. Thank her."),
            ("warm", "Third Tuesday in a row. Thank her for coming back."),
            ("playful", "Three Tuesdays. She likes us. Thank her before we get smug."),
        ],
    )
    def test_have_three_tones(self, tone, told):
        assert text_of({"id": "third-weekday", "weekday": 1, "dates": DAYS}, tone) == told

    @pytest.mark.parametrize(
        ("minute", "told"),
        [
            (450, "half past seven"), (465, "a quarter to eight"), (480, "eight"), (495, "a quarter past eight"),
            (720, "noon"), (735, "a quarter past twelve"), (765, "a quarter to one"), (780, "one"), (30, "half past twelve"),
            (1125, "a quarter to seven"), (1425, "a quarter to twelve"),
        ],
    )  # fmt: skip
    def test_tell_the_time_as_people_do(self, minute, told):
        assert spoken_time(minute) == told

    @pytest.mark.parametrize(("minute", "hello"), [(480, "morning"), (720, "afternoon"), (1080, "evening")])
    def test_greet_by_the_time_of_day(self, minute, hello):
        assert f"good {hello}" in text_of({"id": "all-week", "minute": minute, "each": [], "dates": []})

    def test_say_who_and_when(self):
        why = {name: words.prompt_why({"id": name, **FACTS[name][-1]}, TODAY) for name in FACTS}
        assert why["often-a-bit-late"] == "Minutes after the booked time: 10 November 9 and 17 November 12."
        assert why["all-week"] == "Came 10 November 7:28 and 17 November 7:32."
        assert why["call"] == "Ana wrote down “Mrs Folake Adeyemi of Lagos”, 10 November."
        assert why["quick"] == "Ana and Sam noted “In a hurry”: 10 November and 17 November."
        assert words.prompt_why({"id": "quick", **FACTS["quick"][0]}, TODAY).startswith("Someone wrote down")

    @pytest.mark.parametrize("name", ["third-weekday", "about-a-hundred", "back-after-a-while"])
    def test_explain_themselves_so_that_it_holds_before_they_come(self, name):
        told = words.prompt_why({"id": name, **FACTS[name][0]}, TODAY)
        assert "and today" not in told
        assert "Today is" not in told

    def test_of_an_unknown_prompt_there_are_none(self):
        with pytest.raises(KeyError):
            words.prompt({"id": "of-an-earlier-version"}, Somebody(""), "warm")


def test_a_call_that_nobody_made_is_told_as_one():
    prompt: dict[str, Any] = {
        "id": "late-our-silence",
        "visits": None,
        "way": "hand",
        "at": "2026-11-24T10:00:00+00:00",
        "dates": [],
    }
    told = words.prompt_why(prompt, TODAY)
    assert told == "They were to be rung, and nobody had reached them today at 10:00."
