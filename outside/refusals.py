"""Why a mail server would not take, or could not deliver, a letter: its numbers and its words, as one short code."""

from __future__ import annotations

import re

STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")

# The enhanced status codes of RFC 3463 and its registry that say more than "no"
BY_STATUS = {
    "no-such-mailbox": "1.0 1.1 1.2 1.3 1.4 1.6 1.10 2.1 2.4 4.4",
    "mailbox-full": "2.2",
    "too-large": "2.3 3.4",
    "sign-in-refused": "7.8 7.9 7.11 7.12 7.13 7.14",
    "server-away": "3.2 4.1 4.2",
    "timeout": "4.7",
    "tls": "7.4 7.5 7.10",
}
CODE_OF = {numbers: code for code, listed in BY_STATUS.items() for numbers in listed.split()}

# Words come in many languages. Each line is a pattern; the first code of which one is found wins.
IN_WORDS = {
    "mailbox-full": r"""
        quota
        mailbox (?:is )?full
        over ?(?:the )?(?:disk )?limit
        (?:not enough|insufficient) (?:disk |system )?(?:space|storage) (?:for|in) (?:the )?(?:user|mailbox|recipient)
        postfach (?:ist )?voll|speicherplatz|kontingent
        bo[iî]te .{0,60}pleine|buz[oó]n .{0,60}lleno|casella .{0,60}piena|caixa .{0,60}cheia|postvak .{0,60}vol\b
        ящик переполнен|容量.{0,6}超|超.{0,6}容量
    """,
    "no-such-mailbox": r"""
        unknown (?:user|recipient|local|address|mailbox)
        (?:user|recipient|address) unknown
        no such (?:user|mailbox|recipient|person|address|account)
        (?:does ?n[o']t|not) (?:exist|found)
        no mailbox|invalid (?:recipient|mailbox|address)
        doesn'?t have an? .{0,30}account
        (?:couldn'?t|could not) be found|wasn'?t found
        (?:mailbox|account) (?:is |has been )?(?:unavailable|disabled|inactive|closed)
        host or domain name not found|name or service not known|unrouteable address
        existiert nicht|nicht gefunden|unbekannt
        n'existe pas|introuvable|inconnu
        no existe|desconocid|non esiste|sconosciut|n[aã]o existe
        bestaat niet|onbekend|finns inte|nie istnieje|nieznany
        не существует|не найден|不存在|存在しません
    """,
    "too-large": r"""
        too (?:large|big)
        size (?:limit|exceed)|exceeds? .{0,30}size
        zu gro(?:ß|ss)|trop (?:volumineux|gros)|demasiado grande
    """,
    "sign-in-refused": r"""
        authentication (?:required|failed|credentials)
        not authenticated|username and password not accepted
    """,
    "blocked": r"""
        spam|block(?:ed|ing|list)|blacklist|deny ?list|reputation|polic(?:y|ies)
        \b(?:spf|dkim|dmarc|rbl|dnsbl|virus|relay(?:ing)?|banned|unsolicited)\b
        denied|prohibited|not (?:allowed|authori[sz]ed|permitted)
        rejected (?:due|because|for)
        abgelehnt|refusé|rechazad|rifiutat
    """,
    "server-away": r"""
        connection (?:refused|reset)|lost connection|no route to host|network is unreachable
        unable to connect|host .{0,30}(?:unreachable|down)
    """,
    "timeout": r"""
        timed? ?out|too long in (?:the )?queue|expired|retry time|zeitüberschreitung
    """,
}


def any_of(lines: str) -> re.Pattern[str]:
    """Return one pattern out of many, one a line, without regard to case; `^` and `$` mean a line of the text."""
    each = [line.strip() for line in lines.splitlines() if line.strip()]
    return re.compile("|".join(f"(?:{one})" for one in each), re.IGNORECASE | re.MULTILINE)


WORDS = [(code, any_of(lines)) for code, lines in IN_WORDS.items()]


def status_in(text: str) -> str:
    """Return the first enhanced status code in a text, such as 5.1.1, or nothing."""
    found = STATUS.search(text)
    return found[0] if found else ""


def reason(status: str, text: str, otherwise: str) -> str:
    """Return the code for a refusal, from its enhanced status (may be empty) and from what was said besides.

    Where a server gives its reason both ways, the numbers win if they say something: 5.0.0 and 5.7.1 do not.
    """
    numbers = ".".join(status.split(".")[1:])
    if numbers in CODE_OF:
        return CODE_OF[numbers]
    for code, words in WORDS:
        if words.search(text):
            return code
    return "blocked" if numbers.startswith("7.") else otherwise
