"""Read every template and name what breaks the house rules: `python tools/lint_templates.py [FOLDER]`.

The rules keep words translatable and pages safe: nothing unescaped, every attribute quoted, no script or style in a
page (the content policy would refuse it anyhow), no address of another site, no hx-* attribute outside _macros.html
(its macro adds the nonce), and no visible word that does not go through _( ).
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError

SUFFIXES = {".html", ".txt", ".xml", ".ics", ".svg"}
MARKUP = {".html", ".xml", ".svg"}
WORDS = {".html", ".svg", ".txt"}  # files that people read; the others are for machines
MACROS = "_macros.html"
SPOKEN = {"aria-label", "aria-description", "aria-roledescription", "aria-valuetext", "title", "placeholder", "alt"}

GAP = "\ue000"  # stands where Jinja will write something: a character that no template holds and that is no letter

TAG = re.compile(r"""<(?P<name>[a-zA-Z][\w:.-]*)(?P<inside>(?:"[^"]*"|'[^']*'|[^'">])*)>""")
NOT_TEXT = re.compile(
    r"""<!--.*?-->|<\?.*?\?>|<!(?:"[^"]*"|[^>])*>|</?[a-zA-Z](?:"[^"]*"|'[^']*'|[^'">])*>""", re.DOTALL
)
ATTRIBUTE = re.compile(r"""([^\s"'<>/=\ue000]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
# Not for translation: what is typed as it stands, and what is marked translate="no" (a name, a code)
AS_IT_STANDS = re.compile(r"""<(code|kbd|samp)\b[^>]*>[^<]*</\1>|<(\w+)[^>]*\stranslate="no"[^>]*>[^<]*</\2>""")
# The macros write these outside of any tag; elsewhere they are a problem of their own
HTMX = re.compile(r"""(?<![\w-])(?:hx-[\w:\ue000-]*|data-(?:zone|locale|kept))(?:="[^"]*"|='[^']*')?""")
ENTITY = re.compile(r"&(?:#\d+|#[xX][\da-fA-F]+|\w+);")


@dataclass(frozen=True, order=True)
class Problem:
    line: int
    rule: str
    what: str


@dataclass(frozen=True)
class Parts:
    """A template taken apart, three times with the same lines: each string has blanks where it leaves something out."""

    code: str  # everything but Jinja comments
    markup: str  # what Jinja passes on as it stands, GAP where it writes something
    words: str  # the same without what stands between {% trans %} and {% endtrans %}


def problems(name: str, source: str) -> list[Problem]:
    """Return what is wrong with a template, by line; `name` is its path below templates/."""
    suffix = Path(name).suffix
    if suffix not in SUFFIXES:
        return [Problem(1, "suffix", f"only {', '.join(sorted(SUFFIXES))} files are escaped and expected here")]
    try:
        parts, found = take_apart(source)
    except TemplateSyntaxError as error:
        return [Problem(error.lineno, "syntax", error.message or "Jinja cannot read this")]
    found += addresses(parts.code)
    if name != MACROS:
        found += hand_written_htmx(parts.code)
    if suffix in MARKUP:
        found += tags(parts.markup)
        found += inline_scripts(parts.markup)
    if suffix in WORDS:
        found += bare_words(parts.words)
    return sorted(found)


def take_apart(source: str) -> tuple[Parts, list[Problem]]:
    """Return the parts, and the problems that only Jinja's own tokens show: unescaped output."""
    code: list[str] = []
    markup: list[str] = []
    words: list[str] = []
    found: list[Problem] = []
    line = 1
    translated = False
    before = ""
    for number, kind, value in Environment(keep_trailing_newline=True).lex(source):
        for text in (code, markup, words):  # white space that a {%- swallowed
            text.append("\n" * (number - line))
        newlines = value.count("\n")
        line = number + newlines
        blank = "\n" * newlines
        code.append(blank if kind.startswith("comment") else value)
        if kind == "data":
            markup.append(value)
            words.append(blank if translated else value)
            continue
        gap = blank if kind == "whitespace" or kind.startswith("comment") else GAP + blank
        markup.append(gap)
        words.append(gap)
        if kind in ("whitespace", "comment"):
            continue
        if kind == "name" and before in ("block_begin", "trans"):
            translated = {"trans": True, "endtrans": False}.get(value, translated)
        if kind == "name" and value == "safe" and before in ("|", "filter"):
            found.append(Problem(number, "safe", "|safe turns escaping off: build the markup in a template"))
        if kind == "name" and value == "autoescape":
            found.append(Problem(number, "safe", "escaping is never switched off or on by hand"))
        before = value if kind in ("operator", "name") else kind
    return Parts("".join(code), "".join(markup), "".join(words)), found


def tags(markup: str) -> list[Problem]:
    """Return the problems inside tags: unquoted values, handlers, styles, scripts that hide in addresses."""
    found = []
    for tag in TAG.finditer(blank_out(re.compile(r"<!--.*?-->", re.DOTALL), markup)):
        for attribute in ATTRIBUTE.finditer(tag["inside"]):
            line = line_at(markup, tag.start("inside") + attribute.start())
            name, value = attribute[1].lower(), attribute[2]
            if value is None and tag["inside"][attribute.end() :].lstrip().startswith("="):
                value = GAP  # name={{ value }}: the value is Jinja's alone
            if value is not None and value[0] not in "\"'":
                found.append(Problem(line, "quotes", f'{name}= needs quotes: {name}="..."'))
            plain = (value or "").strip("\"'").strip().lower()
            if name.startswith("on"):
                found.append(Problem(line, "inline", f"{name}: handlers belong into static/js"))
            if name == "style":
                found.append(Problem(line, "inline", "style: looks belong into static/css"))
            if plain.startswith("javascript:"):
                found.append(Problem(line, "inline", f"{name}: no javascript: addresses"))
            if name in ("src", "href", "action", "formaction", "poster", "srcset") and plain.startswith("//"):
                found.append(Problem(line, "address", f"{name} points to another site"))
    return found


def inline_scripts(markup: str) -> list[Problem]:
    blocks = re.finditer(r"<(script|style)\b[^>]*>(.*?)(?:</\1\s*>|$)", markup, re.DOTALL | re.IGNORECASE)
    return [
        Problem(line_at(markup, block.start()), "inline", f"<{block[1]}> with a body: it belongs into static/")
        for block in blocks
        if block[2].strip()
    ]


def addresses(code: str) -> list[Problem]:
    return [
        Problem(line_at(code, address.start()), "address", f"{address[0]}...: nothing is loaded from other sites")
        for address in re.finditer(r"https?://(?!www\.w3\.org/)[\w\[]+", code, re.IGNORECASE)
    ]


def hand_written_htmx(code: str) -> list[Problem]:
    return [
        Problem(line_at(code, attribute.start()), "htmx", f"{attribute[0]}: only {MACROS} writes these, with a nonce")
        for attribute in re.finditer(r"(?<![\w-])(?:data-)?hx-[a-z][\w:-]*", code)
    ]


def bare_words(words: str) -> list[Problem]:
    """Return the letters that a person would read and that no translation can reach."""
    found = []
    for tag in TAG.finditer(words):
        attributes = {a[1].lower(): (a[2] or "", a.start()) for a in ATTRIBUTE.finditer(tag["inside"])}
        spoken = set(SPOKEN)
        kind = attributes.get("type", ("", 0))[0].strip("\"'")
        if tag["name"].lower() == "input" and kind in ("submit", "button", "reset"):
            spoken.add("value")
        for name in spoken & attributes.keys():
            value, start = attributes[name]
            if any(c.isalpha() for c in ENTITY.sub("", value)):
                line = line_at(words, tag.start("inside") + start)
                found.append(Problem(line, "words", f"{name}={value.replace(GAP, '…')} is not translated: use _( )"))
    scripts = re.compile(r"<(script|style)\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
    text = words
    for pattern in (scripts, AS_IT_STANDS, NOT_TEXT, HTMX, ENTITY):
        text = blank_out(pattern, text)
    for number, row in enumerate(text.split("\n"), 1):
        for run in row.split(GAP):
            if any(c.isalpha() for c in run):
                found.append(Problem(number, "words", f'"{" ".join(run.split())}" is not translated: use _( )'))
    return found


def blank_out(pattern: re.Pattern[str], text: str) -> str:
    """Return the text with every match replaced by blanks, its line breaks kept."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def main(arguments: list[str]) -> int:
    """Print each problem as FILE:LINE and return 1 when there is one."""
    folder = Path(arguments[0] if arguments else Path(__file__).resolve().parent.parent / "templates")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    count = 0
    for file in files:
        name = file.relative_to(folder).as_posix()
        source = file.read_text(encoding="utf-8") if file.suffix in SUFFIXES else ""
        for problem in problems(name, source):
            print(f"{folder.name}/{name}:{problem.line}: {problem.rule}: {problem.what}")
            count += 1
    print(f"{len(files)} templates, {count} problems")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
