"""Words that do not belong in a note, or only if the customer would want them there: asked about before they are kept.

A label says what we think of somebody; a need or a fact helps whoever serves them next. Health, faith, origin, money and
private life are theirs to tell. Only words are looked at, English and Spanish ones, whole and without their accents: who
writes decides, and a second button keeps what was asked about. The number of a payment card alone is never kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from models import folded

CARD, INSULT, LABEL, HEALTH, FAITH, ORIGIN, MONEY, PRIVATE, NAME = (
    "card", "insult", "label", "health", "faith", "origin", "money", "private", "name"
)  # fmt: skip
UNKIND = (INSULT, LABEL)
SENSITIVE = (HEALTH, FAITH, ORIGIN, MONEY, PRIVATE)

# Whole words wherever they stand. [oa] and the like are as in regular expressions; the text is folded: no accents.
ANYWHERE = {
    INSULT: """idiots? morons? stupid dumb bitch(?:es)? bastards? arsehole asshole loser creep psycho retard(?:ed)? slut
        whore prick cretin imbecile scumbag stinks idiota imbecil estupid[oa] gilipollas cabron(?:a)? put[oa] subnormal
        retrasad[oa] capull[oa] zorra""",
    LABEL: """difficult rude lazy crazy stingy bossy fussy annoying grumpy moody needy clingy snob snobbish snooty
        arrogant pushy whiny whinger moaner complainer troublemaker timewaster time.wasters? high.maintenance
        unpleasant unfriendly impatient nasty rudeness liars? no.shows? noshow vip bad.tempered never.pays? owes.us
        is.lying tells.lies ungrateful entitled hysterical obnoxious unreasonable nitpicker know.it.all dificil
        maleducad[oa]
        groser[oa] perezos[oa] tacan[oa] mandon(?:a)? quisquillos[oa] antipatic[oa] insoportable prepotente
        caprichos[oa] exigente histeric[oa] quejica malhumorad[oa] desagradable conflictiv[oa] engreid[oa] ronica""",
    HEALTH: """cancer chemo chemotherapy diabetes diabetic depression depressed dementia alzheimers? autism autistic adhd
        bipolar schizophreni[ac] hiv pregnant pregnancy miscarriage surgery diagnos(?:is|ed) disease illness
        epilepsy epileptic seizures? asthma asthmatic arthritis parkinsons? medication antidepressants? insulin
        disabled disability rehab therapist psychiatrist mental.health obese infertile ivf abortion menopause
        tumou?r heart.attack had.a.stroke in.hospital quimio(?:terapia)? diabetic[oa] depresion deprimid[oa]
        embarazada embarazo enfermedad demencia autista autismo epilepsia epileptic[oa] infarto medicacion
        antidepresivos? discapacitad[oa] discapacidad aborto psiquiatra sida vih hospitalizad[oa]""",
    FAITH: """muslims? islam islamic jewish jews? judaism catholics? protestant hindu buddhist sikh mormon jehovahs?
        atheist religious religion ramadan musulman(?:a)? catolic[oa] protestante budista hinduista ate[oa]
        testigo.de.jehova religion religios[oa]""",
    ORIGIN: """immigrants? migrants? foreigners? refugees? asylum gypsy gypsies ethnic ethnicity inmigrantes?
        extranjer[oa]s? refugiad[oa]s? gitan[oa]s? sin.papeles
        (?:black|white|asian|brown).(?:man|woman|guy|lady|girl|boy)""",
    MONEY: """in.debt bankrupt(?:cy)? unemployed jobless on.benefits skint penniless arruinad[oa] desemplead[oa] en.paro
        en.bancarrota deudas""",
    PRIVATE: """lesbian queer transgender transsexual bisexual divorced? divorcing lesbiana transexual divorciad[oa]
        divorcio custody.battle""",
}  # fmt: skip
# Words that mean other things as well: only where somebody is said to be so.
SAID_OF_SOMEBODY = {
    LABEL: """mean cheap awkward weird strange impossible selfish boring pathetic mad hopeless demanding
        lies drunk nightmare thief vag[oa] pesad[oa]
        borde rar[oa] loc[oa] rata agarrad[oa] cutre""",
    INSULT: "fat ugly cow pig freak gord[oa] fe[oa] cerd[oa] vaca",
    HEALTH: "ill sick alcoholic addict addicted blind deaf anxious enferm[oa] alcoholic[oa] adict[oa] cieg[oa] sord[oa]",
    FAITH: "christian judi[oa] cristian[oa]",
    ORIGIN: """polish romanian turkish indian pakistani chinese nigerian moroccan mexican syrian ukrainian russian albanian
        arab african polac[oa] ruman[oa] turc[oa] marroqui chin[oa] rus[oa] african[oa] arabe""",
    MONEY: "broke poor pobre pelad[oa]",
    PRIVATE: "gay trans single solter[oa]",
}  # fmt: skip
# What a field could ask of everybody that is theirs to tell.
ASKED_OF_ALL = """health illness(?:es)? diagnos[ei]s diseases? conditions? disabilit(?:y|ies) medications? medical(?:s|ly)?
    weight bmi religions? faith church denomination confession beliefs? ethnicity ethnic race origin
    nationality citizenship skin.colou?r immigration visa income salary wages? debts? politics
    political(?:ly)? party orientation sexual(?:ity)? marital.status divorced salud enfermedad(?:es)?
    diagnostico discapacidad medicacion peso religion fe creencias? etnia raza origen nacionalidad ingresos
    sueldo deudas politica partido orientacion estado.civil"""
# Phrases in which such a word says something else: they are passed over.
MEANS_ELSE = r"""rude.(?:boy|health) lazy.(?:sunday|susan|river|morning) crazy.(?:about|for|golf) mad.(?:about|for) dumb.waiter
    entitled.to difficult.(?:to|for) (?:find|finds|found).(?:[a-z]+.){1,3}difficult
    (?:stairs|steps|doors?|parking|reading|hearing|walking|standing|writing).(?:is|are|get|gets).difficult
    catholic.(?:school|church) jewish.rye retail.therapy cancer.(?:research|charity) dificil.(?:de|para)
    (?:no.(?:es|esta|son)|no(?!.shows?\b)|not|never(?!.pays?\b)|non|isnt|wasnt|arent|nunca).[a-z]+""".split()
IS = "is are was were be been being becomes? seems? gets? got came.in comes.in es esta era son parece se.pone"
VERY = "so very really too always rather quite such pretty a.bit muy tan siempre algo bastante un.poco"


def _any(words: str) -> str:
    return "|".join(word.replace(".", " ") for word in words.split())


_ELSE = re.compile(rf"\b(?:{_any(' '.join(MEANS_ELSE))})\b")
_ANYWHERE = {kind: re.compile(rf"\b(?:{_any(words)})\b") for kind, words in ANYWHERE.items()}
_ASKED_OF_ALL = re.compile(rf"\b(?:{_any(ASKED_OF_ALL)})\b")
_BEFORE = rf"\b(?:(?:{_any(IS)}) (?:(?:{_any(VERY)}|an?|una?) )*|(?:{_any(VERY)}) )"
_AFTER = r"(?= (?:to|with|and|but|today|again|when|con|y|pero|hoy)\b|$)"
_OF_SOMEBODY = {
    kind: re.compile(rf"{_BEFORE}(?P<word>{_any(words)}){_AFTER}") for kind, words in SAID_OF_SOMEBODY.items()
}
_ALONE = {kind: re.compile(rf"^(?:an? )?(?P<word>{_any(SAID_OF_SOMEBODY[kind])})$") for kind in (LABEL,)}
_ALONE[INSULT] = re.compile(r"^fat$")  # a cow or a pig alone may be on a cup
# In a name such words stand before somebody: Mean Dave, the fat one. At its end one may be a name of its own: Angela Moody.
_BEFORE_A_NAME = re.compile(
    rf"^(?:(?:the|that|an?|el|la|ese|esa) )?(?:(?:{_any(VERY)}) )*"
    rf"(?P<word>{_any(' '.join(SAID_OF_SOMEBODY[kind] for kind in UNKIND))}) (?=\w)"
)
_SURNAME = re.compile(r"(?<=\w) moody$")
_CLAUSE = re.compile(r"[^.;:,!?\n]+")
_NUMBER = re.compile(r"(?<![\d+])\d(?:[ -]?\d){12,18}(?!\d)")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something to be asked before words are kept: of which kind, the word, and the part of the text it stands in."""

    kind: str
    word: str = ""
    begin: int = 0
    end: int = 0


def doubt(text: str) -> Doubt | None:
    """Return the first thing to be asked about a text, the gravest kind first; None where there is nothing."""
    if has_card_number(text):
        return Doubt(CARD)
    clauses = [(found.start(), found.end(), _plain(found[0])) for found in _CLAUSE.finditer(text)]
    for kind in _ANYWHERE:
        for begin, end, words in clauses:
            found = _ANYWHERE[kind].search(words) or _OF_SOMEBODY[kind].search(words)
            found = found or (_ALONE[kind].search(words) if kind in _ALONE else None)
            if found:
                word = found["word"] if "word" in found.re.groupindex else found[0]
                return Doubt(kind, word, begin, end)
    return None


def unkind(text: str) -> Doubt | None:
    """Return what to ask about an insult or a label in a text; nothing else is asked about."""
    found = doubt(text)
    return found if found and found.kind in UNKIND else None


def name_doubt(name: str) -> Doubt | None:
    """Return what to ask about a name, or a word to know somebody by: whether they would smile at it."""
    words = _SURNAME.sub("", _plain(name))
    if match := _BEFORE_A_NAME.search(words):
        return Doubt(NAME, match["word"])
    said = unkind(words)
    return Doubt(NAME, said.word) if said else None


def asks_too_much(field: str) -> bool:
    """Say whether a field of that name would ask everybody for what is theirs to tell."""
    found = doubt(field)
    return bool(_ASKED_OF_ALL.search(_plain(field)) or (found and found.kind in SENSITIVE))


def has_card_number(text: str) -> bool:
    """Say whether a payment card's number stands in a text: as many digits, and their check digit is right."""
    return any(_is_card(re.sub(r"\D", "", found[0])) for found in _NUMBER.finditer(text))


def left_out(text: str, doubt: Doubt, instead: str = "") -> str:
    """Return a text without the part that was asked about, or with something else `instead`."""
    before, after = text[: doubt.begin].rstrip(" ,;:"), text[doubt.end :].lstrip(" ,;:.!?")
    if before and not before.endswith((".", "!", "?", "\n")) and (instead or after):
        before += ";"
    if instead and after:
        instead = instead.rstrip(".") + ";"
    return " ".join(part for part in (before, instead, after) if part)


def _plain(clause: str) -> str:
    """Return a part of a text as its words: folded, "she's" as "she is", without what means something else."""
    words = re.sub(r"['’]s\b", " is", folded(clause)).replace("'", "").replace("’", "")
    return " ".join(_ELSE.sub(" ", " ".join(re.findall(r"\w+", words))).split())


def _is_card(digits: str) -> bool:
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return digits[0] in "23456" and len(set(digits)) > 1 and sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0
