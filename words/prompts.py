"""Words to say: a true sentence and a thing to do, for each rule of ``domain.prompts``, in the three tones a shop may choose.

A tone changes the wording, never the facts; worry is not played with, so some words are the same in all three. A fact has
nine words at most, an ask too, and an ask begins with what to do. To add one, write a function for its id here, and what it
is for in ``words/wording.py``, where an owner finds it to say it in words of the shop's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Protocol

import words
from words import reminders, speaking
from words.speaking import cldr, pgettext

Prompt = dict[str, Any]  # {"id": ..., **facts}, as domain.prompts offers it
Wording = Mapping[str, Mapping[str, Mapping[str, str]]]  # the owner's: {language: {prompt: {our sentence: theirs}}}

NONE: Mapping[str, str] = MappingProxyType({})
_own: ContextVar[Mapping[str, str]] = ContextVar("own", default=NONE)  # of the prompt that is being said


def _(message: str, **values: Any) -> str:
    """Return a sentence as the owner has it, else as the catalogue does."""
    own = _own.get()
    return (own and _in_own_words(own, message, values)) or speaking._(message, **values)


def ngettext(one: str, many: str, n: int, **values: Any) -> str:
    """Return the form of a sentence that suits `n`, as the owner has it, else as the catalogue does."""
    own = _own.get()
    return (own and _in_own_words(own, one if n == 1 else many, {"n": n, **values})) or speaking.ngettext(
        one, many, n, **values
    )


def _in_own_words(own: Mapping[str, str], message: str, values: dict[str, Any]) -> str:
    try:
        return own.get(message, "") % values
    except (KeyError, ValueError, TypeError):  # written for a sentence that has changed since
        return ""


@dataclass(frozen=True, slots=True)
class Words:
    """Words offered to staff: what is true, then what to do."""

    fact: str
    ask: str


class Person(Protocol):
    """Whoever is spoken of: a customer, or anything with a pronoun as given ("" where none was)."""

    pronoun: str


@dataclass(frozen=True, slots=True)
class Voice:
    """How it is said: in which tone, and of whom."""

    tone: str
    pronoun: str

    @property
    def them(self) -> str:
        return them(self.pronoun)

    @property
    def their(self) -> str:
        """Return "her", "his" or "their", as whose something is."""
        return {"she": pgettext("possessive", "her"), "he": pgettext("possessive", "his")}.get(
            self.pronoun, pgettext("possessive", "their")
        )

    def of(self, plain: str, warm: str, playful: str) -> str:
        """Return the one of three wordings that is in this tone."""
        return {"plain": plain, "warm": warm, "playful": playful}[self.tone]

    def thanks(self, warm: str, playful: str) -> str:
        return self.of(_("Thank %(them)s.", them=self.them), warm, playful)

    def about(self, she: str, he: str, they: str) -> str:
        """Return the one of three wordings that has this pronoun; where none was given, the third."""
        return {"she": she, "he": he}.get(self.pronoun, they)


def them(pronoun: str) -> str:
    """Return "her", "him" or "them": the pronoun as given, never guessed."""
    return {"she": pgettext("object pronoun", "her"), "he": pgettext("object pronoun", "him")}.get(
        pronoun, pgettext("object pronoun", "them")
    )


Says = Callable[[Prompt, Voice], Words]
Explains = Callable[[Prompt, date], str]
SAYS: dict[str, Says] = {}
EXPLAINS: dict[str, Explains] = {}


def says(name: str) -> Callable[[Says], Says]:
    """Return a decorator that registers the words of a prompt."""

    def add(function: Says) -> Says:
        SAYS[name] = function
        return function

    return add


def explains(name: str) -> Callable[[Explains], Explains]:
    """Return a decorator that registers the dated facts behind a prompt, told in a sentence or two."""

    def add(function: Explains) -> Explains:
        EXPLAINS[name] = function
        return function

    return add


def prompt(prompt: Prompt, whom: Person, tone: str, wording: Wording | None = None) -> Words:
    """Return the fact and the ask of a prompt, of whom, in a tone of ``models.TONES``; where the shop has a `wording` of its
    own for it, in that. Raises KeyError for an unknown one."""
    own = wording and wording.get(speaking.code(), {}).get(prompt["id"])
    if not own:
        return SAYS[prompt["id"]](prompt, Voice(tone, whom.pronoun))
    before = _own.set(own)
    try:
        return SAYS[prompt["id"]](prompt, Voice(tone, whom.pronoun))
    finally:
        _own.reset(before)


def prompt_why(prompt: Prompt, today: date) -> str:
    """Return the dated facts a prompt rests on: true before they come and after. Raises KeyError for an unknown one."""
    return EXPLAINS[prompt["id"]](prompt, today)


def _days(prompt: Prompt, today: date) -> str:
    return words.dates(prompt["dates"], today)


def _by(prompt: Prompt) -> str:
    """Return who wrote it down, one or more, as a sentence begins."""
    by = prompt.get("by") or []
    names = [by] if isinstance(by, str) else by
    return words.listed(names) if names else _("Someone")


def _count(n: int) -> str:
    return words.sentence_case(words.number(n))


def _quoted(text: str, longest: int) -> str:
    """Return what somebody wrote, where it is short enough to stand in a sentence: so many words, on one line; else nothing."""
    return text.rstrip(".") if 0 < len(text.split()) <= longest and "\n" not in text else ""


def _on(prompt: Prompt) -> str:
    """Return the weekday of something that happened within the last week, else nothing."""
    return "" if prompt["weekday"] is None else words.weekday(prompt["weekday"])


def _wrote(prompt: Prompt, today: date) -> str:
    """Return who wrote it down, what, and when: Sam wrote down “Order mixed up”, 17 November."""
    return _("%(by)s wrote down “%(text)s”, %(days)s.", by=_by(prompt), text=prompt["text"], days=_days(prompt, today))


# -- our own failures


@says("our-mistake")
def _our_mistake(prompt: Prompt, voice: Voice) -> Words:
    fact = _("We got something wrong last time.") if prompt["last_time"] else _("We got something wrong a while ago.")
    text = _quoted(prompt["text"], 5)
    if text:
        fact = _("Our mistake: “%(text)s”.", text=text)
    return Words(
        fact, voice.of(_("Say sorry once."), _("Say sorry once, get it right."), _("Say sorry once, get it right."))
    )


@explains("our-mistake")
def _why_our_mistake(prompt: Prompt, today: date) -> str:
    return _wrote(prompt, today)


@says("our-silence")
def _our_silence(prompt: Prompt, voice: Voice) -> Words:
    day = _on(prompt)
    if day:
        fact = _("Our reminder failed on %(weekday)s.", weekday=day)
    else:
        fact = _("Our reminder failed last week.") if prompt["last_week"] else _("Our reminder failed a while ago.")
    if prompt.get("to"):
        return Words(fact, _("Apologise to %(name)s for our silence.", name=prompt["to"]))
    ask = _("Apologise for our silence first.")
    return Words(fact, voice.of(_("Say sorry for our silence."), ask, ask))


@explains("our-silence")
def _why_our_silence(prompt: Prompt, today: date) -> str:
    return _(
        "“%(text)s” It is written down as a mistake of ours, %(days)s.", text=prompt["text"], days=_days(prompt, today)
    )


@says("late-our-silence")
def _late_our_silence(prompt: Prompt, voice: Voice) -> Words:
    n, name, sorry = prompt["visits"], prompt.get("to"), prompt.get("here")
    if name:  # a child’s: it is told to whoever brings them
        ours = _("Our reminder did not reach %(name)s.", name=name)
        plain, here = _("Ask %(name)s if all is well.", name=name), _("Ask if all is well, and say sorry.")
    else:
        ours = _("Our reminder did not reach %(them)s.", them=voice.them)
        plain, here = _("Ask if all is well."), _("Ask if all is well, and say sorry.")
    ask = here if sorry else plain
    if n is None:
        return Words(ours, ask)
    first = ngettext(
        "First time late in %(count)s visit.", "First time late in %(count)s visits.", n, count=words.number(n)
    )
    return Words(f"{first} {ours}", ask)


@explains("late-our-silence")
def _why_late_our_silence(prompt: Prompt, today: date) -> str:
    at = datetime.fromisoformat(prompt["at"])
    when = {"day": words.short_day(at.date(), today), "time": words.at_time(at)}
    if prompt["way"] == "hand":
        told = _("They were to be rung, and nobody had reached them %(day)s at %(time)s.", **when)
    else:
        told = _(
            "Our reminder by %(way)s did not arrive: known %(day)s at %(time)s.",
            way=reminders.way(prompt["way"]),
            **when,
        )
    n = prompt["visits"]
    if n is None:
        return told
    return f"{told} " + ngettext(
        "Came in time to %(n)s appointment, last %(days)s.",
        "Came in time to %(n)s appointments, the last of them %(days)s.",
        n,
        days=_days(prompt, today),
    )


@says("not-arrived")
def _not_arrived(prompt: Prompt, voice: Voice) -> Words:
    who = voice.them
    fact = {
        "email": _("Our email did not reach %(them)s.", them=who),
        "sms": _("Our text did not reach %(them)s.", them=who),
    }.get(prompt["channel"], _("What we sent did not reach %(them)s.", them=who))
    return Words(fact, _("Hand it over, or ask for another way."))


@explains("not-arrived")
def _why_not_arrived(prompt: Prompt, today: date) -> str:
    return _(
        "We promised “%(text)s” and sent it, %(days)s; it came back.", text=prompt["text"], days=_days(prompt, today)
    )


@says("same-trouble")
def _same_trouble(prompt: Prompt, voice: Voice) -> Words:
    n = prompt["times"]
    text = _quoted(prompt["text"], 4)
    if text:
        fact = ngettext(
            "“%(text)s”: %(count)s time now.", "“%(text)s”: %(count)s times now.", n, text=text, count=words.number(n)
        )
    else:
        fact = ngettext(
            "The same trouble, %(count)s time now.", "The same trouble, %(count)s times now.", n, count=words.number(n)
        )
    return Words(fact, _("Say sorry, and that we stay on it."))


@explains("same-trouble")
def _why_same_trouble(prompt: Prompt, today: date) -> str:
    return _("“%(text)s” came up %(days)s, and is not solved.", text=prompt["text"], days=_days(prompt, today))


# -- promises


@says("promise-overdue")
def _promise_overdue(prompt: Prompt, voice: Voice) -> Words:
    text, who = _quoted(prompt["text"], 5), voice.them
    fact = _("Still promised: “%(text)s”.", text=text) if text else _("We still owe %(them)s something.", them=who)
    return Words(
        fact, voice.of(_("Say it is not forgotten."), _("Say we have not forgotten."), _("Say we have not forgotten."))
    )


@explains("promise-overdue")
def _why_promise_overdue(prompt: Prompt, today: date) -> str:
    due = words.short_day(date.fromisoformat(prompt["due"]), today)
    return _wrote(prompt, today) + " " + _("It was for %(day)s.", day=due)


@says("promise-due")
def _promise_due(prompt: Prompt, voice: Voice) -> Words:
    text = _quoted(prompt["text"], 7)
    fact = _("Promised: “%(text)s”.", text=text) if text else _("We promised something for today.")
    return Words(fact, _ask_to_see_to_it(voice))


def _ask_to_see_to_it(voice: Voice) -> str:
    ask = voice.about(_("See to it before she asks."), _("See to it before he asks."), _("See to it before they ask."))
    return voice.of(_("See to it."), ask, ask)


@explains("promise-due")
def _why_promise_due(prompt: Prompt, today: date) -> str:
    day = words.day_ahead(date.fromisoformat(prompt["due"]), today)
    return _wrote(prompt, today) + " " + _("It was for %(day)s.", day=day)


# -- lateness


@says("first-time-late")
def _first_time_late(prompt: Prompt, voice: Voice) -> Words:
    ask = _("Ask if all is well.")
    if prompt["since"] is None:
        n = prompt["visits"]
        return Words(
            ngettext(
                "First time late in %(count)s visit.", "First time late in %(count)s visits.", n, count=words.number(n)
            ),
            ask,
        )
    since, today = date.fromisoformat(prompt["since"]), date.fromisoformat(prompt["today"])
    return Words(_("First time late since %(when)s.", when=_since(since, today)), ask)


def _since(day: date, today: date) -> str:
    """Return a day some time ago as people name it: March, March 2024, or 3 November within this month."""
    if (day.year, day.month) == (today.year, today.month):
        return words.short_day(day, today)
    month = cldr().months["format"]["wide"][day.month]
    if (today.year - day.year) * 12 + today.month - day.month < 12:
        return month
    return _("%(month)s %(year)s", month=month, year=day.year)


@explains("first-time-late")
def _why_first_time_late(prompt: Prompt, today: date) -> str:
    n = prompt["visits"]
    told = ngettext(
        "Came in time to %(n)s appointment, last %(days)s.",
        "Came in time to %(n)s appointments, the last of them %(days)s.",
        n,
        days=_days(prompt, today),
    )
    if prompt["since"]:
        late = words.short_day(date.fromisoformat(prompt["since"]), today)
        told += " " + _("Before these, late on %(day)s.", day=late)
    return told


@says("often-a-bit-late")
def _often_a_bit_late(prompt: Prompt, voice: Voice) -> Words:
    their, minutes = voice.their, prompt["minutes"]
    if prompt["on_the_hour"]:
        fact = {
            5: _("Five past is %(their)s usual.", their=their),
            10: _("Ten past is %(their)s usual.", their=their),
            15: _("Quarter past is %(their)s usual.", their=their),
            20: _("Twenty past is %(their)s usual.", their=their),
            25: _("Twenty-five past is %(their)s usual.", their=their),
        }[minutes]
    else:
        fact = {
            5: _("Five minutes after is %(their)s usual.", their=their),
            10: _("Ten minutes after is %(their)s usual.", their=their),
            15: _("Fifteen minutes after is %(their)s usual.", their=their),
            20: _("Twenty minutes after is %(their)s usual.", their=their),
            25: _("Twenty-five minutes after is %(their)s usual.", their=their),
        }[minutes]
    ask = voice.of(
        _("Welcome %(them)s.", them=voice.them),
        _("Just welcome %(them)s.", them=voice.them),
        _("Just welcome %(them)s, right on time.", them=voice.them),
    )
    return Words(fact, ask)


@explains("often-a-bit-late")
def _why_often_a_bit_late(prompt: Prompt, today: date) -> str:
    return _("Minutes after the booked time: %(each)s.", each=_each(prompt, today, [str(n) for n in prompt["each"]]))


def _each(prompt: Prompt, today: date, values: list[str]) -> str:
    """Return each day of a prompt with what it was: 10 November 12, 17 November 9 and yesterday 11."""
    days = [words.short_day(date.fromisoformat(day), today) for day in prompt["dates"]]
    # Translators: one of several days with a number or a time: Tuesday 7:28
    return words.few([_("%(day)s %(value)s", day=d, value=v) for d, v in zip(days, values, strict=True)])


@says("missed-once")
def _missed_once(prompt: Prompt, voice: Voice) -> Words:
    day = _on(prompt)
    fact = _("Missed %(weekday)s, a first.", weekday=day) if day else _("Missed the last one, a first.")
    return Words(
        fact,
        voice.of(
            _("Say it is good to see %(them)s.", them=voice.them),
            _("Say you are glad it is today."),
            _("Say you are glad it is today."),
        ),
    )


@explains("missed-once")
def _why_missed_once(prompt: Prompt, today: date) -> str:
    n = prompt["visits"]
    return ngettext(
        "Booked for %(days)s and not here; %(n)s appointment was kept, last %(kept)s.",
        "Booked for %(days)s and not here; %(n)s appointments were kept, last %(kept)s.",
        n,
        days=_days(prompt, today),
        kept=words.dates(prompt["kept"][-1:], today),
    )


# -- what they asked of us


@says("quiet")
def _quiet(prompt: Prompt, voice: Voice) -> Words:
    if prompt["usual"]:
        ask = voice.of(
            _("Nod, bring the usual."), _("A nod and the usual."), _("Nod like a librarian, bring the usual.")
        )
    else:
        ask = voice.of(_("Nod, no chat."), _("Nod and leave it there."), _("Nod like a librarian."))
    return Words(_("Likes it quiet."), ask)


@explains("quiet")
def _why_quiet(prompt: Prompt, today: date) -> str:
    return _("%(by)s wrote down the wish for quiet, %(days)s.", by=_by(prompt), days=_days(prompt, today))


@says("quick")
def _quick(prompt: Prompt, voice: Voice) -> Words:
    fact = _("Likes to be quick.") if prompt["told"] else _("Often in a hurry.")
    ask = voice.of(
        _("Have it ready."), _("Have it ready, skip the chat."), _("Have it ready, keep the weather for later.")
    )
    return Words(fact, ask)


@explains("quick")
def _why_quick(prompt: Prompt, today: date) -> str:
    by, days = _by(prompt), _days(prompt, today)
    if prompt["told"]:
        return _("%(by)s wrote down the wish to be quick, %(days)s.", by=by, days=days)
    return _("%(by)s noted “In a hurry”: %(days)s.", by=by, days=days)


# -- what is so today


@says("we-run-late")
def _we_run_late(prompt: Prompt, voice: Voice) -> Words:
    n, who = prompt["minutes"], voice.them
    minutes = {15: _("fifteen"), 20: _("twenty"), 30: _("thirty"), 45: _("forty-five")}.get(n, words.number(n))
    fact = ngettext("We are %(count)s minute behind.", "We are %(count)s minutes behind.", n, count=minutes)
    warm = _("Tell %(them)s now, offer a seat.", them=who)
    return Words(fact, voice.of(_("Tell %(them)s now.", them=who), warm, warm))


@explains("we-run-late")
def _why_we_run_late(prompt: Prompt, today: date) -> str:
    return _("%(by)s wrote it down for the shop, %(days)s.", by=_by(prompt), days=_days(prompt, today))


@says("usual-is-out")
def _usual_is_out(prompt: Prompt, voice: Voice) -> Words:
    ask = voice.about(
        _("Tell her before she orders."), _("Tell him before he orders."), _("Tell them before they order.")
    )
    fact = _("No %(what)s left today.", what=prompt["text"])
    return Words(fact, voice.of(_("Tell %(them)s.", them=voice.them), ask, ask))


@explains("usual-is-out")
def _why_usual_is_out(prompt: Prompt, today: date) -> str:
    return _(
        "%(by)s wrote down that “%(text)s” is out, %(days)s; the usual is “%(usual)s”.",
        by=_by(prompt),
        text=prompt["text"],
        days=_days(prompt, today),
        usual=prompt["usual"],
    )


@says("birthday")
def _birthday(prompt: Prompt, voice: Voice) -> Words:
    who = voice.them
    fact = voice.about(
        _("She asked us to remember today."), _("He asked us to remember today."), _("They asked us to remember today.")
    )
    warm = _("Wish %(them)s a happy birthday.", them=who)
    return Words(fact, voice.of(warm, warm, _("Wish %(them)s a happy birthday, singing optional.", them=who)))


@explains("birthday")
def _why_birthday(prompt: Prompt, today: date) -> str:
    return _(
        "%(by)s wrote down the birthday they asked us to remember, %(days)s.", by=_by(prompt), days=_days(prompt, today)
    )


# -- what is open between us


@says("their-question")
def _their_question(prompt: Prompt, voice: Voice) -> Words:
    text, reply = _quoted(prompt["text"].rstrip("?"), 6), _quoted(prompt["reply"], 6)
    if text:
        fact = voice.about(
            _("She asked: “%(text)s?”.", text=text),
            _("He asked: “%(text)s?”.", text=text),
            _("They asked: “%(text)s?”.", text=text),
        )
    else:
        fact = voice.about(_("She asked us something."), _("He asked us something."), _("They asked us something."))
    who = voice.them
    if reply:
        return Words(fact, _("Tell %(them)s: %(reply)s.", them=who, reply=reply))
    return Words(fact, _("Tell %(them)s what stands on the card.", them=who))


@explains("their-question")
def _why_their_question(prompt: Prompt, today: date) -> str:
    return _wrote(prompt, today) + " " + _("What to tell: “%(reply)s”.", reply=prompt["reply"])


@says("still-fine")
def _still_fine(prompt: Prompt, voice: Voice) -> Words:
    fact = voice.about(_("We solved her trouble."), _("We solved his trouble."), _("We solved their trouble."))
    return Words(fact, voice.of(_("Ask if it holds."), _("Ask if all is still fine."), _("Ask if all is still fine.")))


@explains("still-fine")
def _why_still_fine(prompt: Prompt, today: date) -> str:
    return _("Solved %(days)s. The question is: “%(text)s”.", days=_days(prompt, today), text=prompt["text"])


@says("question")
def _question(prompt: Prompt, voice: Voice) -> Words:
    name = prompt["by"]
    fact = _("%(name)s left a question.", name=name) if _quoted(name, 4) else _("There is a question to ask.")
    text = _quoted(prompt["text"].rstrip("?"), 8)
    if text:
        return Words(fact, _("Ask: “%(text)s?”", text=words.sentence_case(text)))
    return Words(fact, _("Ask what stands on the card."))


@explains("question")
def _why_question(prompt: Prompt, today: date) -> str:
    return _wrote(prompt, today)


@says("ask-if-arrived")
def _ask_if_arrived(prompt: Prompt, voice: Voice) -> Words:
    day = _on(prompt)
    if prompt["channel"] == "email":
        fact = _("We emailed it on %(weekday)s.", weekday=day) if day else _("We emailed what was promised.")
    elif prompt["channel"] == "sms":
        fact = _("We texted it on %(weekday)s.", weekday=day) if day else _("We texted what was promised.")
    else:
        fact = _("We kept a promise on %(weekday)s.", weekday=day) if day else _("We kept a promise lately.")
    return Words(fact, voice.of(_("Ask if it is there."), _("Ask if it arrived."), _("Ask if it arrived.")))


@explains("ask-if-arrived")
def _why_ask_if_arrived(prompt: Prompt, today: date) -> str:
    return _("“%(text)s” was promised, and kept %(days)s.", text=prompt["text"], days=_days(prompt, today))


@says("sent-on")
def _sent_on(prompt: Prompt, voice: Voice) -> Words:
    place, who = _quoted(prompt["text"], 5), voice.them
    if place:
        fact = _("We sent %(them)s to %(place)s.", them=who, place=place)
    else:
        fact = _("We sent %(them)s on to somebody.", them=who)
    return Words(fact, voice.of(_("Ask if that helped."), _("Ask if they could help."), _("Ask if they could help.")))


@explains("sent-on")
def _why_sent_on(prompt: Prompt, today: date) -> str:
    return _(
        "%(by)s sent them to “%(text)s”, %(days)s.", by=_by(prompt), text=prompt["text"], days=_days(prompt, today)
    )


@says("fault-mended")
def _fault_mended(prompt: Prompt, voice: Voice) -> Words:
    fact = voice.about(
        _("The fault she told us of is mended."),
        _("The fault he told us of is mended."),
        _("The fault they told us of is mended."),
    )
    who = voice.them
    return Words(
        fact,
        voice.of(
            _("Tell %(them)s.", them=who), _("Show %(them)s.", them=who), _("Show %(them)s, with a bow.", them=who)
        ),
    )


@explains("fault-mended")
def _why_fault_mended(prompt: Prompt, today: date) -> str:
    solved = words.short_day(date.fromisoformat(prompt["solved"]), today)
    return _wrote(prompt, today) + " " + _("Mended %(day)s.", day=solved)


@says("extra-step")
def _extra_step(prompt: Prompt, voice: Voice) -> Words:
    day = _on(prompt)
    name = _quoted(prompt["by"], 4)
    text = _quoted(prompt["text"], 5)
    if text and name:
        fact = _("%(name)s: “%(text)s”.", name=name, text=text)
    elif day:
        fact = _("We went a step further on %(weekday)s.", weekday=day)
    else:
        fact = _("We went a step further lately.")
    return Words(fact, voice.of(_("Ask how it is."), _("Ask how it went."), _("Ask how it went.")))


@explains("extra-step")
def _why_extra_step(prompt: Prompt, today: date) -> str:
    return _wrote(prompt, today)


# -- becoming known


@says("first-booking")
def _first_booking(prompt: Prompt, voice: Voice) -> Words:
    plain = voice.about(_("Say your name, ask hers."), _("Say your name, ask his."), _("Say your name, ask theirs."))
    warm = voice.about(
        _("Say your name, then ask hers."), _("Say your name, then ask his."), _("Say your name, then ask theirs.")
    )
    fact = voice.of(_("New to us."), _("New to us."), _("New to us, and we to %(them)s.", them=voice.them))
    return Words(fact, voice.of(plain, warm, warm))


@explains("first-booking")
def _why_first_booking(prompt: Prompt, today: date) -> str:
    return _("Booked for %(days)s, and no visit is written down before.", days=_days(prompt, today))


@says("second-visit")
def _second_visit(prompt: Prompt, voice: Voice) -> Words:
    who = voice.them
    ask = voice.of(
        _("Welcome %(them)s back.", them=who),
        _("Say it is good to see %(them)s again.", them=who),
        _("Tell %(them)s sequels can be better.", them=who),
    )
    return Words(_("Second visit."), ask)


@explains("second-visit")
def _why_second_visit(prompt: Prompt, today: date) -> str:
    return _("The first visit was %(days)s.", days=_days(prompt, today))


@says("name-learned")
def _name_learned(prompt: Prompt, voice: Voice) -> Words:
    if prompt["weekday"] is None:
        fact = _("We learned %(their)s name last time.", their=voice.their)
    else:
        day = words.weekday(prompt["weekday"])
        fact = _("We learned %(their)s name on %(weekday)s.", their=voice.their, weekday=day)
    return Words(fact, voice.of(_("Use it."), _("Use it once."), _("Use it once, as if you always had.")))


@explains("name-learned")
def _why_name_learned(prompt: Prompt, today: date) -> str:
    return _("%(by)s wrote down the name on the last visit, %(days)s.", by=_by(prompt), days=_days(prompt, today))


@says("say-as")
def _say_as(prompt: Prompt, voice: Voice) -> Words:
    ask = voice.of(
        _("Ask if that is right."),
        _("Try it, and ask if it is right."),
        _("Try it, and ask for marks out of ten."),
    )
    return Words(_("It is said %(say_as)s.", say_as=prompt["say_as"]), ask)


@explains("say-as")
def _why_say_as(prompt: Prompt, today: date) -> str:
    return _("%(by)s wrote down how the name is said, %(days)s.", by=_by(prompt), days=_days(prompt, today))


@says("call")
def _call(prompt: Prompt, voice: Voice) -> Words:
    name, who = prompt["call"], voice.them
    fact = {
        "she": _("She likes %(name)s.", name=name),
        "he": _("He likes %(name)s.", name=name),
        "they": _("They like %(name)s.", name=name),
    }.get(voice.pronoun, _("Likes to be called %(name)s.", name=name))
    ask = voice.of(
        _("Call %(them)s that.", them=who),
        _("Welcome %(them)s that way.", them=who),
        _("Welcome %(them)s that way, with a small bow.", them=who),
    )
    return Words(fact, ask)


@explains("call")
def _why_call(prompt: Prompt, today: date) -> str:
    return _("%(by)s wrote down “%(name)s”, %(days)s.", by=_by(prompt), name=prompt["call"], days=_days(prompt, today))


@says("not-met")
def _not_met(prompt: Prompt, voice: Voice) -> Words:
    who = voice.them
    ask = voice.of(
        _("Say your name."),
        _("Tell %(them)s your name.", them=who),
        _("Tell %(them)s your name, no charge.", them=who),
    )
    return Words(_("You have not met yet."), ask)


@explains("not-met")
def _why_not_met(prompt: Prompt, today: date) -> str:
    last = {**prompt, "dates": prompt["dates"][-3:]}
    return _("Others marked each visit so far (%(by)s), last %(days)s.", by=_by(prompt), days=_days(last, today))


@says("brought-someone")
def _brought_someone(prompt: Prompt, voice: Voice) -> Words:
    ask = voice.of(
        _("Welcome both."), _("Welcome both, ask the friend’s name."), _("Welcome both, ask who brought whom.")
    )
    return Words(_("Brought a friend last time."), ask)


@explains("brought-someone")
def _why_brought_someone(prompt: Prompt, today: date) -> str:
    return _("%(by)s noted “Brought a friend”, %(days)s.", by=_by(prompt), days=_days(prompt, today))


@says("dogs")
def _dogs(prompt: Prompt, voice: Voice) -> Words:
    n, names = len(prompt["names"]), words.listed(prompt["names"])
    fact = ngettext("%(names)s is the dog.", "%(names)s are the dogs.", n, names=names)
    ask = ngettext("Say hello to the dog first.", "Say hello to them first.", n)
    return Words(fact, voice.of(_("Say hello to the dogs.") if n > 1 else _("Say hello to the dog."), ask, ask))


@explains("dogs")
def _why_dogs(prompt: Prompt, today: date) -> str:
    return _wrote(prompt, today)


# -- thanks


@says("sent-us")
def _sent_us(prompt: Prompt, voice: Voice) -> Words:
    fact = voice.about(_("Someone came on her word."), _("Someone came on his word."), _("Someone came on their word."))
    warm = _("Thank %(them)s for that.", them=voice.them)
    return Words(fact, voice.thanks(warm, _("Thank %(them)s, and ask for the secret.", them=voice.them)))


@explains("sent-us")
def _why_sent_us(prompt: Prompt, today: date) -> str:
    return _(
        "%(by)s wrote down that somebody new came on their word, %(days)s.", by=_by(prompt), days=_days(prompt, today)
    )


@says("back-after-a-while")
def _back_after_a_while(prompt: Prompt, voice: Voice) -> Words:
    who = voice.them
    ask = voice.of(
        _("Welcome %(them)s back.", them=who),
        _("Say it is good to see %(them)s.", them=who),
        _("Say we kept the place warm."),
    )
    return Words(_("Back after a while."), ask)


@explains("back-after-a-while")
def _why_back_after_a_while(prompt: Prompt, today: date) -> str:
    return _("The last visit before today was %(days)s.", days=_days(prompt, today))


@says("a-year")
def _a_year(prompt: Prompt, voice: Voice) -> Words:
    who, n = voice.them, prompt["years"]
    fact = ngettext("A year since the first visit.", "%(count)s years since the first visit.", n, count=_count(n))
    warm = ngettext("Thank %(them)s for the year.", "Thank %(them)s for the years.", n, them=who)
    return Words(fact, voice.thanks(warm, _("Thank %(them)s for putting up with us.", them=who)))


@explains("a-year")
def _why_a_year(prompt: Prompt, today: date) -> str:
    return _("The first visit was %(days)s.", days=_days(prompt, today))


@says("about-a-hundred")
def _about_a_hundred(prompt: Prompt, voice: Voice) -> Words:
    who, their = voice.them, voice.their
    fact = {
        100: _("About a hundred visits."),
        200: _("About two hundred visits."),
        500: _("About five hundred visits."),
        1000: _("About a thousand visits."),
    }[prompt["about"]]
    warm = _("Thank %(them)s for %(their)s loyalty.", them=who, their=their)
    return Words(fact, voice.thanks(warm, _("Thank %(them)s for wearing out the doormat.", them=who)))


@explains("about-a-hundred")
def _why_about_a_hundred(prompt: Prompt, today: date) -> str:
    n = prompt["count"] - 1
    return ngettext(
        "%(n)s visit before today, the first %(days)s.",
        "%(n)s visits before today, the first %(days)s.",
        n,
        days=_days(prompt, today),
    )


@says("coming-more-often")
def _coming_more_often(prompt: Prompt, voice: Voice) -> Words:
    who, times = voice.them, prompt["times"]
    if times == 2:
        fact = _("Twice a week now.")
    else:
        fact = ngettext("%(count)s time a week now.", "%(count)s times a week now.", times, count=_count(times))
    warm = _("Thank %(them)s for choosing us.", them=who)
    return Words(fact, voice.thanks(warm, _("Thank %(them)s, and try to deserve it.", them=who)))


@explains("coming-more-often")
def _why_coming_more_often(prompt: Prompt, today: date) -> str:
    n = prompt["before"]
    days = _days(prompt, today)
    return ngettext(
        "Came %(days)s; in the eight weeks before, %(n)s time.",
        "Came %(days)s; in the eight weeks before, %(n)s times.",
        n,
        days=days,
    )


@says("third-weekday")
def _third_weekday(prompt: Prompt, voice: Voice) -> Words:
    who, day, days = voice.them, words.weekday(prompt["weekday"]), words.weekdays_of(prompt["weekday"])
    fact = voice.of(
        _("Third %(weekday)s running.", weekday=day),
        _("Third %(weekday)s in a row.", weekday=day),
        voice.about(
            _("Three %(weekdays)s. She likes us.", weekdays=days),
            _("Three %(weekdays)s. He likes us.", weekdays=days),
            _("Three %(weekdays)s. They like us.", weekdays=days),
        ),
    )
    warm = _("Thank %(them)s for coming back.", them=who)
    return Words(fact, voice.thanks(warm, _("Thank %(them)s before we get smug.", them=who)))


@explains("third-weekday")
def _why_third_weekday(prompt: Prompt, today: date) -> str:
    return _("Came %(days)s; coming today makes three.", days=_days(prompt, today))


@says("all-week")
def _all_week(prompt: Prompt, voice: Voice) -> Words:
    fact = _("In at %(time)s all week.", time=spoken_time(prompt["minute"]))
    hour = prompt["minute"] // 60
    if hour < 12:
        ask = voice.of(
            _("Say good morning."), _("Say good morning by name."), _("Say good morning by name, like clockwork.")
        )
    elif hour < 18:
        ask = voice.of(
            _("Say good afternoon."), _("Say good afternoon by name."), _("Say good afternoon by name, like clockwork.")
        )
    else:
        ask = voice.of(
            _("Say good evening."), _("Say good evening by name."), _("Say good evening by name, like clockwork.")
        )
    return Words(fact, ask)


def spoken_time(minute: int) -> str:
    """Return a quarter of an hour as it is spoken: half past seven, a quarter to eight, eight; noon."""
    hour, past = divmod(minute, 60)
    if (hour, past) == (12, 0):
        return _("noon")
    named = (hour + (past == 45)) % 12 or 12
    count = words.number(named)
    if named == 1:  # a language may have another article for one o'clock than for the others
        return {
            0: pgettext("time, one o'clock", "%(hour)s", hour=count),
            15: pgettext("time, one o'clock", "a quarter past %(hour)s", hour=count),
            30: pgettext("time, one o'clock", "half past %(hour)s", hour=count),
            45: pgettext("time, one o'clock", "a quarter to %(hour)s", hour=count),
        }[past]
    return {
        0: pgettext("time of day", "%(hour)s", hour=count),
        15: pgettext("time of day", "a quarter past %(hour)s", hour=count),
        30: pgettext("time of day", "half past %(hour)s", hour=count),
        45: pgettext("time of day", "a quarter to %(hour)s", hour=count),
    }[past]


@explains("all-week")
def _why_all_week(prompt: Prompt, today: date) -> str:
    return _("Came %(each)s.", each=_each(prompt, today, [words.clock_time(minute) for minute in prompt["each"]]))


@says("always-early")
def _always_early(prompt: Prompt, voice: Voice) -> Words:
    who, here = voice.them, prompt["here"]
    fact = {
        5: _("Five minutes early, as ever.") if here else _("Usually five minutes early."),
        10: _("Ten minutes early, as ever.") if here else _("Usually ten minutes early."),
        15: _("Fifteen minutes early, as ever.") if here else _("Usually fifteen minutes early."),
        20: _("Twenty minutes early, as ever.") if here else _("Usually twenty minutes early."),
        25: _("Twenty-five minutes early, as ever.") if here else _("Usually twenty-five minutes early."),
        30: _("Half an hour early, as ever.") if here else _("Usually half an hour early."),
    }[prompt["minutes"]]
    warm = _("Thank %(them)s for being easy on us.", them=who)
    return Words(fact, voice.thanks(warm, _("Thank %(them)s for making us look punctual.", them=who)))


@explains("always-early")
def _why_always_early(prompt: Prompt, today: date) -> str:
    return _("Minutes before the booked time: %(each)s.", each=_each(prompt, today, [str(n) for n in prompt["each"]]))


@says("since-long")
def _since_long(prompt: Prompt, voice: Voice) -> Words:
    who = voice.them
    warm = _("Thank %(them)s for staying with us.", them=who)
    return Words(
        _("With us since %(year)s.", year=prompt["year"]),
        voice.thanks(warm, _("Thank %(them)s for not minding our jokes.", them=who)),
    )


@explains("since-long")
def _why_since_long(prompt: Prompt, today: date) -> str:
    n = prompt["visits"]
    return ngettext(
        "The first visit was %(days)s, and there was %(n)s in all.",
        "The first visit was %(days)s, and there were %(n)s in all.",
        n,
        days=_days(prompt, today),
    )


@says("favourite-off")
def _favourite_off(prompt: Prompt, voice: Voice) -> Words:
    name = prompt["by"]
    ask = voice.of(
        _("Say hello from %(name)s.", name=name),
        _("Say hello from %(name)s.", name=name),
        _("Say hello from %(name)s, with a wink.", name=name),
    )
    return Words(_("%(name)s usually serves %(them)s.", name=name, them=voice.them), ask)


@explains("favourite-off")
def _why_favourite_off(prompt: Prompt, today: date) -> str:
    return _("Of the last five visits, %(by)s marked those of %(days)s.", by=prompt["by"], days=_days(prompt, today))


# -- what was promised for any visit


@says("promise-next")
def _promise_next(prompt: Prompt, voice: Voice) -> Words:
    text = _quoted(prompt["text"], 7)
    fact = _("Promised: “%(text)s”.", text=text) if text else _("We promised something for the next visit.")
    return Words(fact, _ask_to_see_to_it(voice))


@explains("promise-next")
def _why_promise_next(prompt: Prompt, today: date) -> str:
    return _wrote(prompt, today) + " " + _("It was for the next visit.")


# -- the usual


@says("order-changed")
def _order_changed(prompt: Prompt, voice: Voice) -> Words:
    ask = voice.of(_("Ask which today."), _("Ask which it is today."), _("Ask which it is today, old friend or new."))
    return Words(_("Something new last time."), ask)


@explains("order-changed")
def _why_order_changed(prompt: Prompt, today: date) -> str:
    return _(
        "%(by)s noted “Something new”, %(days)s; before that, the usual was “%(usual)s”.",
        by=_by(prompt),
        days=_days(prompt, today),
        usual=prompt["usual"],
    )


@says("steady-order")
def _steady_order(prompt: Prompt, voice: Voice) -> Words:
    n, usual = prompt["times"], words.sentence_case(prompt["usual"])
    fact = ngettext(
        "%(usual)s, %(count)s time running.",
        "%(usual)s, %(count)s times running.",
        n,
        usual=usual,
        count=words.number(n),
    )
    return Words(fact, _ask_the_usual(voice))


def _ask_the_usual(voice: Voice) -> str:
    return voice.of(_("Ask: “The usual?”"), _("Ask: “The usual?”"), _("Ask, with one eyebrow: “The usual?”"))


@explains("steady-order")
def _why_steady_order(prompt: Prompt, today: date) -> str:
    return _(
        "%(by)s noted “The usual”, last %(days)s; that is “%(usual)s”.",
        by=_by(prompt),
        days=_days(prompt, today),
        usual=prompt["usual"],
    )


@says("the-usual")
def _the_usual(prompt: Prompt, voice: Voice) -> Words:
    return Words(_("%(usual)s is the usual.", usual=words.sentence_case(prompt["usual"])), _ask_the_usual(voice))


@explains("the-usual")
def _why_the_usual(prompt: Prompt, today: date) -> str:
    return _(
        "%(by)s wrote down “%(usual)s”, %(days)s.", by=_by(prompt), usual=prompt["usual"], days=_days(prompt, today)
    )
