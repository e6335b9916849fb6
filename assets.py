"""One stylesheet and one script, joined from static/ when the app starts and kept in memory.

A name carries the hash of what is in it, so a phone may keep it for ever. The files stay small and separate for the
reader; the phone fetches two things. No Flask here: `build` takes a folder and returns bytes.
"""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

# The order matters twice: reset.css states the order of the layers, and within a layer the later rule wins.
# "components/*" stands for every file in that folder, by name: components must not depend on each other's order.
SHEETS = ("reset", "fonts", "tokens", "base", "layout", "components/*", "utilities")
SCRIPT = "text/javascript; charset=utf-8"
STYLE = "text/css; charset=utf-8"


@dataclass(frozen=True)
class Asset:
    """A file to serve: its name with the hash in it, the bytes plain and packed, and its content type."""

    name: str
    body: bytes
    gzip: bytes
    type: str


@dataclass(frozen=True)
class Assets:
    stylesheet: Asset
    desk: Asset  # the sheet of the owner's pages, which a phone at the counter is quicker without
    script: Asset
    alone: dict[
        str, Asset
    ]  # scripts of js/alone by their name: a few pages ask for one, all others are quicker without
    offline: Asset  # what a page needs once the signal goes; it comes when the page stands
    kept_sheet: Asset  # with the next, of the list that a phone keeps for when it has no signal
    kept_script: Asset
    worker: str  # the service worker, but for what it is told of this build (views/worker.py)


def build(static_dir: Path) -> Assets:
    """Return the joined stylesheet and script of a static folder; raises FileNotFoundError for a missing part."""
    queue, told = (
        static_dir / f"js/offline/{name}.js" for name in ("queue", "told")
    )  # the kept list shares both, the worker one
    return Assets(
        stylesheet=_asset("css", join_styles(static_dir / "css"), STYLE),
        desk=_asset("css", _minified(sorted((static_dir / "css/desk").glob("*.css"))), STYLE, "desk"),
        script=_asset("js", join_scripts(static_dir), SCRIPT),
        alone={
            file.stem: _asset("js", closed_in(file) + "\n", SCRIPT, file.stem)
            for file in sorted((static_dir / "js/alone").glob("*.js"))
        },
        offline=_asset("js", _joined(sorted((static_dir / "js/offline").glob("*.js"))), SCRIPT, "offline"),
        kept_sheet=_asset("css", _minified(sorted((static_dir / "css/kept").glob("*.css"))), STYLE, "kept"),
        kept_script=_asset(
            "js", _joined([queue, told, *sorted((static_dir / "js/kept").glob("*.js"))]), SCRIPT, "kept"
        ),
        worker=_joined([queue, *sorted((static_dir / "worker").glob("*.js"))]),
    )


def join_styles(folder: Path) -> str:
    """Return all sheets of the folder in the order of SHEETS, minified."""
    files: list[Path] = []
    for name in SHEETS:
        files += sorted(folder.glob(f"{name}.css")) if "*" in name else [folder / f"{name}.css"]
    return _minified(files)


def _minified(files: list[Path]) -> str:
    return "\n".join(minify_css(file.read_text(encoding="utf-8")) for file in files)


def join_scripts(static_dir: Path) -> str:
    """Return the vendored scripts in the order of their lock file, then our own by name.

    Each of ours is closed in: its names stay its own, and when it breaks at the start (a browser lacks something)
    the others still run and the fault is reported as if it had been a script by itself.
    Comments and indentation are left out: a phone has no use for them.
    """
    vendor = static_dir / "vendor"
    packages = json.loads((vendor / "lock.json").read_text(encoding="utf-8"))["packages"]
    parts = [
        f"/* {package['name']} {package['version']}, {package['license']} */\n"
        + (vendor / file["file"]).read_text(encoding="utf-8").rstrip()
        + "\n;"
        for package in packages
        for file in package["files"]
    ]
    return "\n".join(parts) + "\n" + _joined(sorted((static_dir / "js").glob("*.js")))


def _joined(files: list[Path]) -> str:
    return "\n".join(f"/* {file.name} */\n{closed_in(file)}" for file in files) + "\n"


def closed_in(file: Path) -> str:
    """Return one of our scripts, its names its own."""
    source = _UNREAD.sub("", file.read_text(encoding="utf-8")).rstrip()
    return f'try {{(() => {{ "use strict";\n{source}\n}})();}} catch (e) {{ reportError(e); }}'


# What tells why, and how lines stand, is for whoever reads the files. None of ours holds a text of several lines (a
# template literal would). Behind code only what no quote follows is sure to be no part of a text, so the rest stays.
_UNREAD = re.compile(r"""^[ \t]*//.*\n|^[ \t]+|[ \t]+//[^"'`\n]*$""", re.MULTILINE)

# What must be copied as it stands (strings, url() without quotes), what goes (comments), and white space.
_CSS_PIECE = re.compile(
    r"""(?P<keep>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|url\(\s*(?!["'\s])[^)]*\))|(?P<gap>(?:/\*.*?\*/|\s)+)""", re.DOTALL
)


def minify_css(text: str) -> str:
    """Return the CSS without comments and needless white space; everything that has a meaning stays.

    White space goes only beside { } ; and , and after a colon. Before a colon it is a descendant (`a :hover`), beside
    + and - it belongs to calc(), before ! and ( it separates words. An empty custom property keeps its one space.
    """
    out = ""
    at = 0
    for piece in _CSS_PIECE.finditer(text):
        out += text[at : piece.start()]
        at = piece.end()
        if piece["keep"]:
            out += piece["keep"]
            continue
        before, after = out[-1:], text[at : at + 1]
        empty_value = before == ":" and after in (";", "}")
        if empty_value or not (before in ("", "{", "}", ";", ",", ":") or after in ("", "{", "}", ";", ",")):
            out += " "
    return out + text[at:]


def _asset(kind: str, text: str, content_type: str, called: str = "app") -> Asset:
    body = text.encode()
    name = f"{called}.{hashlib.sha256(body).hexdigest()[:16]}.{kind}"
    return Asset(name=name, body=body, gzip=gzip.compress(body, 9, mtime=0), type=content_type)
