"""Keep the catalogues of words in step with the source: `python tools/catalogue.py [check | new LANGUAGE]`.

Every visible string is read from code and templates into translations/regulars.pot; what is new goes into each
language's regulars.po untranslated, what is gone leaves it, and what is translated is compiled into the regulars.mo that
the app reads. `check` only says what is out of step or missing; the tests ask the same.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "translations"
DOMAIN = "regulars"
TEMPLATE = TRANSLATIONS / f"{DOMAIN}.pot"
FLOORS = ("outside", "domain", "views", "words", "demo")  # these speak, with the templates and the files beside them
KEYWORDS = {"_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3)}
NOTE = "Translators:"  # a comment that begins so, above a message, is shown to whoever translates it
# Where English fills in a pronoun, another language may have none; and one o'clock may be a word of its own
MAY_BE_LEFT_OUT = {"them", "their", "hour"}

Key = tuple[str | None, str]


def sources() -> list[Path]:
    """Return the files that messages are read from, in a stable order."""
    files = [*ROOT.glob("*.py"), *(ROOT / "templates").rglob("*.*")]
    for floor in FLOORS:
        files += (ROOT / floor).rglob("*.py")
    return sorted(files)


def extracted() -> Catalog:
    """Return every message of the source, with the files that say it."""
    catalog = Catalog(project="Regulars", copyright_holder="the Regulars contributors", charset="utf-8")
    catalog.header_comment = (
        "# The words of Regulars.\n# This file is distributed under the licence of Regulars (AGPL-3.0-or-later)."
    )
    for path in sources():
        if path.suffix not in (".py", ".html", ".txt", ".xml", ".ics"):
            continue
        method = "python" if path.suffix == ".py" else "jinja2"
        options = {} if method == "python" else {"silent": "false", "trimmed": "true"}
        with path.open("rb") as file:
            for _line, message, comments, context in extract(method, file, KEYWORDS, (NOTE,), options, True):
                name = path.relative_to(ROOT).as_posix()
                catalog.add(message, None, [(name, 0)], auto_comments=comments, context=context)
    for one in catalog:  # one mention a file is enough
        one.locations = sorted(set(one.locations))
    return catalog


def unreadable() -> list[str]:
    """Return the calls whose message is not written out, so that nobody could translate it."""
    found = []
    for path in sources():
        name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        lines: Iterator[int]
        if path.suffix == ".py":
            lines = (
                call.lineno
                for call in ast.walk(ast.parse(text))
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in KEYWORDS
                if not all(isinstance(a, ast.Constant) for a in call.args[: _messages(call.func.id)])
            )
        elif path.suffix == ".html":
            lines = (
                call.lineno
                for call in Environment().parse(text).find_all(nodes.Call)
                if isinstance(call.node, nodes.Name) and call.node.name in KEYWORDS
                if not all(isinstance(a, nodes.Const) for a in call.args[: _messages(call.node.name)])
            )
        else:
            continue
        found += [f"{name}:{line}: write the message out, so that it can be translated" for line in lines]
    return found


def _messages(keyword: str) -> int:
    """Return how many of a call's first arguments have to be text."""
    return len(KEYWORDS[keyword] or (1,))


# -- the files


def languages() -> list[str]:
    """Return the languages there are translations for."""
    return sorted(path.parent.parent.name for path in TRANSLATIONS.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def po_of(language: str) -> Path:
    return TRANSLATIONS / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(path: Path, language: str | None = None) -> Catalog:
    with path.open("rb") as file:
        return read_mo(file) if path.suffix == ".mo" else read_po(file, locale=language)


# Header lines that change with every run and every version, or tell nobody anything
_CHURN = re.compile(
    rb'^"(?:Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team'
    rb"|Generated-By): .*\n",
    re.MULTILINE,
)


def write(catalog: Catalog, path: Path) -> None:
    """Write a catalogue: a .mo for the app, else text in which the same messages always look the same."""
    buffer = BytesIO()
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".mo":
        for key, message in said(catalog).items():
            if not is_sure(message):  # a plural with nothing in it would be compiled as silence
                catalog.delete(message.id, key[0])
        catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)  # equal words, equal bytes
        write_mo(buffer, catalog)
        path.write_bytes(buffer.getvalue())
        return
    write_po(buffer, catalog, width=120, sort_output=False, ignore_obsolete=True, include_lineno=False)
    path.write_bytes(_CHURN.sub(b"", buffer.getvalue()))


def update() -> None:
    """Bring the template, every language and what is compiled of them up to date."""
    template = extracted()
    write(template, TEMPLATE)
    for language in languages():
        catalog = read(po_of(language), language)
        catalog.update(template)
        write(catalog, po_of(language))
        write(read(po_of(language), language), po_of(language).with_suffix(".mo"))


def begin(language: str) -> None:
    """Begin the translation into a language; raises ValueError for one that is unknown or begun."""
    if language in languages():
        raise ValueError(f"{language} has been begun already.")
    catalog = Catalog(locale=Locale.parse(language), project="Regulars", charset="utf-8", fuzzy=False)
    catalog.header_comment = extracted().header_comment
    write(catalog, po_of(language))
    update()


# -- what is wrong


def said(catalog: Catalog) -> dict[Key, Message]:
    """Return the messages of a catalogue by context and text, without its header."""
    return {key_of(message): message for message in catalog if message.id}


def key_of(message: Message) -> Key:
    context = message.context.decode() if isinstance(message.context, bytes) else message.context  # a .mo gives bytes
    return (context, texts(message.id)[0])


def texts(value: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """Return the forms of a message: one, or one for each kind of number."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value or "",)


def is_sure(message: Message) -> bool:
    """Say whether a message is translated in all its forms, and looked at."""
    return all(texts(message.string)) and not message.fuzzy


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)[sd]", text))


def faults(message: Message) -> list[str]:
    """Return what is wrong with one translated message: missing, unsure, or not fitting its source."""
    forms = texts(message.string)
    if not all(forms):
        return ["is not translated"]
    if message.fuzzy:
        return ["is marked fuzzy: look at it and take the mark away"]
    wanted = placeholders(texts(message.id)[-1])
    found = []
    for index, form in enumerate(forms):
        has = placeholders(form)
        # the form for one may say "once" instead of the number
        missing = wanted - has - MAY_BE_LEFT_OUT
        if missing and not (len(forms) > 1 and index == 0):
            found.append(f"leaves out {', '.join(sorted(missing))}: {form}")
        if has - wanted:
            found.append(f"asks for {', '.join(sorted(has - wanted))}, which is not there: {form}")
        for edge in (str.lstrip, str.rstrip):
            if (edge(form) == form) != (edge(texts(message.id)[0]) == texts(message.id)[0]):
                found.append(f"begins or ends with another blank: {form!r}")
        try:
            if wanted:
                form % dict.fromkeys(wanted | has, "1")
        except (ValueError, TypeError) as error:
            found.append(f"cannot be filled in ({error}): {form}")
    return found


def problems() -> list[str]:
    """Return everything that is out of step or missing, a sentence each."""
    found = unreadable()
    template = said(extracted())
    if not TEMPLATE.exists() or shape(said(read(TEMPLATE))) != shape(template):
        found.append("translations/regulars.pot is out of step with the source.")
    for language in languages():
        name = po_of(language).relative_to(ROOT).as_posix()
        catalog = read(po_of(language), language)
        here = said(catalog)
        if shape(here) != shape(template):
            found.append(f"{name} is out of step with the source.")
        for (_context, text), message in here.items():
            found += [f"{name}: “{text}” {fault}" for fault in faults(message)]
        compiled = po_of(language).with_suffix(".mo")
        sure = {key: texts(message.string) for key, message in here.items() if is_sure(message)}
        if not compiled.exists() or {k: texts(m.string) for k, m in said(read(compiled)).items()} != sure:
            found.append(f"{compiled.relative_to(ROOT).as_posix()} was not compiled from what stands beside it.")
    return found


def shape(messages: dict[Key, Message]) -> dict[Key, tuple[str, ...]]:
    """Return what has to be equal in source, template and language: each message, in all its forms."""
    return {key: texts(message.id) for key, message in messages.items()}


def main(arguments: list[str]) -> int:
    match arguments:
        case []:
            update()
        case ["new", language]:
            try:
                begin(language)
            except ValueError as error:
                print(error, file=sys.stderr)
                return 1
        case ["check"]:
            pass
        case _:
            print("Usage: python tools/catalogue.py [check | new LANGUAGE]", file=sys.stderr)
            return 2
    found = problems()
    print("\n".join(found) or f"{len(said(extracted()))} messages, all in step: {', '.join(['en', *languages()])}.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
