"""The owner's own words: which sentences a prompt has, what may be changed of them, and how they read with an example.

What a prompt says is found in its function in ``words/prompts.py``, so that no list of sentences can fall behind it.
Placeholders stand in braces for the owner: ``{them}`` for ``%(them)s``.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable
from functools import cache

import words
from models import folded
from words import prompts, speaking
from words.prompts import SAYS
from words.speaking import _

LONGEST = 120  # letters
MANY = 3  # of whatever an example counts
MOST_WORDS = 9  # of a sentence, unless ours has more
HOLE = re.compile(r"\{([a-z_]+)\}")
NEVER = (
    "vip", "no-show", "no show", "loyalty score", "spend", "spent", "we noticed", "our records", "valued customer", "you must",
    "!",
)  # fmt: skip
# Numbers, days, months and a she or he that ours does not name could be untrue of somebody
COUNTS = (
    "one two three four five six seven eight nine ten eleven twelve twenty thirty hundred thousand once twice first second "
    "thirteen fourteen fifteen sixteen seventeen eighteen nineteen forty fifty sixty seventy eighty ninety hundreds thousands "
    "million dozen dozens couple score scores thrice "
    "third fourth fifth sixth seventh eighth ninth tenth monday tuesday wednesday thursday friday saturday sunday mondays "
    "tuesdays wednesdays thursdays fridays saturdays sundays january february march april june july august september "
    "october november december day days week weeks month months year years daily weekly yesterday tomorrow never always every "
    "uno una dos tres cuatro cinco seis siete ocho nueve diez once doce veinte treinta cien mil primera primer segunda "
    "segundo tercera tercer lunes martes miércoles jueves viernes sábado domingo enero febrero marzo abril mayo junio julio "
    "agosto septiembre octubre noviembre diciembre día días semana semanas mes meses año años ayer mañana nunca siempre "
    "trece catorce quince cincuenta docena docenas decena decenas par centenar "
    "she he her him his hers herself himself él ella"
).split()
# May is a month, but not where “May we …” begins a sentence; in small letters it is one after these words alone
_MAY = re.compile(
    r"\b(?:in|of|since|last|next|every|each|this|until|till|by|from|on|for|during|all|early|late) (may)\b"
    r"|(?<![^.?!:]) *\bMay\b(?= (?:i|we|you|the|a)\b)|\b(?-i:(May))\b",
    re.IGNORECASE,
)
# Names of people that are words as well: such a one is named where it is written as a name, within a sentence
ALSO_WORDS = frozenset(
    "april art august bill dawn faith frank gene glen grace grant guy heather hope iris ivy jack joy june lily mark may "
    "pat penny ray rich rob rose ruby sky sue summer will alba amparo consuelo dolores luz mar paz pilar rosa sol".split()
)


def situations() -> dict[str, str]:
    """Return when each prompt is said, in a few words, in the order of importance."""
    return {
        "our-mistake": _("Something went wrong on our side"),
        "our-silence": _("They came late or not at all after our reminder failed"),
        "late-our-silence": _("Late, and our reminder did not reach them"),
        "not-arrived": _("What we sent came back"),
        "same-trouble": _("The same trouble again"),
        "promise-overdue": _("A promise is overdue"),
        "promise-due": _("A promise is for today"),
        "first-time-late": _("Late for the first time"),
        "often-a-bit-late": _("A bit late as usual"),
        "missed-once": _("Missed once"),
        "quiet": _("Likes it quiet"),
        "quick": _("Likes to be quick"),
        "we-run-late": _("We run late"),
        "usual-is-out": _("The usual is out"),
        "birthday": _("A birthday we were asked to remember"),
        "their-question": _("They asked us something"),
        "still-fine": _("A week after a trouble was solved"),
        "question": _("One of us left a question"),
        "ask-if-arrived": _("A promise was kept, and we have not heard"),
        "sent-on": _("We sent them on to somebody"),
        "fault-mended": _("A fault they told us of is mended"),
        "extra-step": _("We went a step further"),
        "first-booking": _("A first booking"),
        "second-visit": _("A second visit"),
        "name-learned": _("A name just learned"),
        "say-as": _("A name that is hard to say"),
        "call": _("What they like to be called"),
        "not-met": _("You have not met"),
        "brought-someone": _("They brought a friend"),
        "dogs": _("Their dogs"),
        "sent-us": _("They sent us somebody"),
        "back-after-a-while": _("Back after a while"),
        "a-year": _("A year, or more of them"),
        "about-a-hundred": _("About a hundred visits"),
        "coming-more-often": _("Coming more often"),
        "third-weekday": _("The same weekday, a third time"),
        "all-week": _("Every day at the same time"),
        "always-early": _("Early as ever"),
        "since-long": _("With us for long"),
        "favourite-off": _("Whoever usually serves them is off"),
        "promise-next": _("A promise is for the next visit"),
        "order-changed": _("Something new last time"),
        "steady-order": _("The usual, again and again"),
        "the-usual": _("The usual"),
    }


SINGULAR: dict[str, str] = {}  # of each sentence about several: its form for one, under which a catalogue has it


@cache
def sentences(prompt: str, tone: str) -> tuple[str, ...]:
    """Return our sentences of a prompt that a tone may use, as they stand in the code, each once, in their order."""
    found: dict[str, None] = {}
    _walk(ast.parse(inspect.getsource(SAYS[prompt])), ("plain", "warm", "playful").index(tone), found, {})
    return tuple(message for message in found if re.search(r"[a-z]{3}", HOLE.sub("", told(message))))


def _walk(node: ast.AST, tone: int, found: dict[str, None], named: dict[str, list[ast.AST]]) -> None:
    """Collect messages in the order in which they are said: of the wordings by tone, only those of this one.

    What is `named` first is looked at where the name is used.
    """
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        named.setdefault(node.targets[0].id, []).append(node.value)
        children = []
    elif isinstance(node, ast.Name):
        children = named.pop(node.id, [])
    elif isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called == "of":
            children = [node.args[tone]]
        elif called == "thanks":
            found.update({"Thank %(them)s.": None} if tone == 0 else {})
            children = [node.args[tone - 1]] if tone else []
        elif called in ("_", "ngettext"):
            messages = [
                one.value for one in node.args[:2] if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            found.update(dict.fromkeys(messages))
            if called == "ngettext":
                SINGULAR[messages[1]] = messages[0]
            children = []
        elif called.startswith("_ask"):
            children = [ast.parse(inspect.getsource(getattr(prompts, called)))]
    for child in children:
        _walk(child, tone, found, named)


def told(message: str) -> str:
    """Return a sentence of the code as an owner reads it, with its placeholders in braces: Thank {them} for coming back."""
    return re.sub(r"%\((\w+)\)s", r"{\1}", message).replace("%%", "%")


def ours(message: str) -> str:
    """Return our sentence in the language in force, with its placeholders in braces."""
    one = SINGULAR.get(message)
    said = speaking.catalogue(speaking.locale())
    return told(str(said.ngettext(one, message, MANY) if one else said.gettext(message)))


def kept(text: str) -> str:
    """Return an owner's sentence as it is kept, with placeholders that can be filled."""
    return HOLE.sub(r"%(\1)s", text.replace("%", "%%"))


def example(message: str, text: str) -> str:
    """Return what stands for one of our sentences with its placeholders filled, as for somebody invented."""
    filled = {
        "them": prompts.them("she"),
        "their": speaking.pgettext("possessive", "her"),
        "count": words.number(MANY),
        "weekday": speaking.cldr().days["stand-alone"]["wide"][1],
        "weekdays": _("Tuesdays"),
        "when": speaking.cldr().months["format"]["wide"][3],
        "year": "2019",
        "name": "Sam",
        "names": words.listed(["Otto", "Pim"]) if message in SINGULAR else "Otto",
        "usual": "Flat white",
        "time": prompts.spoken_time(450),
        "say_as": "shi-VAWN",
        "text": "…",
        "reply": "…",
        "what": "…",
        "place": "…",
        "n": str(MANY),
    }
    return HOLE.sub(lambda hole: filled.get(hole[1], hole[0]), text)


def what_is_wrong(message: str, text: str, team: Iterable[str] = (), unwanted: Iterable[str] = ()) -> str:
    """Return in a sentence why a text cannot stand for one of ours, or nothing where it can.

    It names just what ours names, so that it stays true: the same placeholders, no number, day or month of its own, no she
    or he, and nobody of the `team`; and none of the words that are `unwanted` in this shop.
    """
    holes, wanted = sorted(set(HOLE.findall(text))), sorted(set(HOLE.findall(told(message))))
    if not text.strip():
        return _("It is empty. Write something, or take ours again.")
    if "\n" in text or len(text) > LONGEST:
        return _("One line of at most %(most)s letters is read in passing.", most=LONGEST)
    if holes != wanted or re.search(r"[{}]", HOLE.sub("", text)):
        if not wanted:
            return _("Nothing can stand in braces here: what is filled in would not be known.")
        return _("It needs just %(holes)s, once or more.", holes=" ".join(f"{{{hole}}}" for hole in wanted))
    plain = HOLE.sub("x", text).lower()
    never = [word for word in NEVER if re.search(rf"\b{word}\b", plain) or word == "!" in plain]
    never += [word for word in (first_of(unwanted, HOLE.sub("x", text)),) if word]
    if never:
        return _("“%(word)s” is never said.", word=never[0])
    mine = set(_counts(ours(message))) | set(_counts(told(message)))
    added = [word for word in _counts(text) if word not in mine]
    if added:
        return _("“%(word)s” would not be true of everybody.", word=added[0])
    if named := _named(text, team):
        return _("“%(name)s” is one of the team: it would not be true every time.", name=named)
    if len(text.split()) > max(MOST_WORDS, len(ours(message).split())):
        return _("At most %(most)s words can be said in one breath.", most=MOST_WORDS)
    return ""


def first_of(unwanted: Iterable[str], text: str) -> str:
    """Return the first of some words and phrases that stands in a text, whole and however it is written; "" where none does."""
    plain = folded(text)
    return next((word for word in unwanted if re.search(rf"(?<!\w){re.escape(folded(word))}(?!\w)", plain)), "")


def _counts(text: str) -> list[str]:
    """Return the words of a text that count or date something, or are true of her or him alone."""
    plain = HOLE.sub("", text)
    may = ["may" for found in _MAY.finditer(plain) if found[1] or found[2]]
    return may + [word for word in re.findall(r"\w+", plain.lower()) if word in COUNTS or re.search(r"\d", word)]


def _named(text: str, team: Iterable[str]) -> str:
    """Return a name of the team's that stands in a text, as it is written there."""
    names = {
        folded(part) for name in team for i, part in enumerate(re.findall(r"\w+", name)) if i == 0 or len(part) > 2
    }
    plain = HOLE.sub("x", text)
    for found in re.finditer(r"\w+", plain):
        word, before = found[0], plain[: found.start()].rstrip(" “\"'")
        as_a_name = word[0].isupper() and bool(before) and before[-1] not in ".?!:"
        if folded(word) in names and (folded(word) not in ALSO_WORDS or as_a_name):
            return word
    return ""
