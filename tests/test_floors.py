"""The house has floors: whoever lives on one knows only those below (imports inside functions count as well)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OWN = {path.stem for path in ROOT.glob("*.py")} | {
    path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"
}

# What each floor may import of the house. words and assets stand beside the floors and lean on none of them.
MAY = {
    "clock": set(),
    "words": set(),
    "assets": set(),
    "outside": {"clock", "outside"},
    "models": {"clock"},
    "domain": {"clock", "models", "words", "domain"},
    "demo": {"clock", "models", "words", "domain", "demo"},
    "sending": {"clock", "outside", "models", "words", "domain"},
    "reading": {"clock", "outside", "models", "words", "domain"},
    "pushing": {"clock", "outside", "models", "words", "domain"},
    "background": {"clock", "outside", "models", "words", "domain", "sending", "reading", "pushing"},
    "views": {"clock", "outside", "models", "words", "domain", "sending", "reading", "pushing", "background", "views"},
    "app": {
        "clock",
        "outside",
        "models",
        "words",
        "domain",
        "sending",
        "reading",
        "pushing",
        "background",
        "views",
        "assets",
    },
    "cli": {
        "clock",
        "outside",
        "models",
        "words",
        "domain",
        "sending",
        "reading",
        "pushing",
        "background",
        "views",
        "assets",
        "app",
        "serving",
        "demo",
        "benchmarks",
    },
    "serving": set(),
    "migrations": set(),
    "tools": {"assets", "domain"},
    "benchmarks": {"clock", "models", "domain", "views", "app", "serving", "demo", "benchmarks"},
}
MAY_KNOW_THE_WEB = {"views", "app", "cli", "serving", "tools", "benchmarks"}
WEB = {"flask", "werkzeug", "jinja2", "htmx_flask", "waitress"}


def imports_of(source: str) -> set[str]:
    """Return the top names of all imports in a source, wherever they stand."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0] if node.level == 0 else "a relative import")
    return found


def files() -> list[Path]:
    top = list(ROOT.glob("*.py"))
    inside = [
        path
        for floor in ("outside", "domain", "views", "demo", "migrations", "tools", "benchmarks")
        for path in (ROOT / floor).rglob("*.py")
    ]
    return sorted(top + inside)


def floor_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
class TestEveryFile:
    def test_imports_only_from_the_floors_below(self, path):
        assert floor_of(path) in MAY, "a new place needs its floor named here"
        above = (imports_of(path.read_text(encoding="utf-8")) & OWN) - MAY[floor_of(path)]
        assert above == set()

    def test_knows_the_web_only_where_the_web_is_met(self, path):
        if floor_of(path) not in MAY_KNOW_THE_WEB:
            assert imports_of(path.read_text(encoding="utf-8")) & WEB == set()

    def test_imports_by_full_name(self, path):
        assert "a relative import" not in imports_of(path.read_text(encoding="utf-8"))


def test_an_import_hidden_in_a_function_is_found():
    source = "def later():\n    if True:\n        from views.today import show\n        import app.part\n"
    assert imports_of(source) == {"views", "app"}


def test_the_house_is_the_one_described():
    assert {"clock", "outside", "models", "words", "domain", "views", "app", "cli", "background"} <= OWN


def test_templates_never_reach_the_database():
    for template in (ROOT / "templates").rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        for word in (".select(", ".where(", ".get_or_none(", ".execute("):
            assert word not in text, f"{template.name} asks the database: {word}"
