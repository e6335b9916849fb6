"""The phone gets one stylesheet and one script, and they mean what the separate files mean."""

import gzip
import re
from pathlib import Path

import pytest

import assets
from assets import minify_css

STATIC = Path(__file__).resolve().parent.parent / "static"


@pytest.fixture
def static(tmp_path):
    """A static folder with the least that `build` asks for."""
    for name in ("css/components", "js/offline", "vendor"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("reset", "fonts", "tokens", "base", "layout", "utilities", "components/b", "components/a"):
        (tmp_path / f"css/{name}.css").write_text(f".{name.replace('/', '-')} {{ color: red; }}\n", encoding="utf-8")
    (tmp_path / "vendor/lock.json").write_text(
        '{"packages": [{"name": "z", "version": "1", "license": "0BSD",'
        ' "files": [{"file": "z.min.js"}, {"file": "a.min.js"}]}]}',
        encoding="utf-8",
    )
    (tmp_path / "vendor/z.min.js").write_text("var z=1", encoding="utf-8")
    (tmp_path / "vendor/a.min.js").write_text("var a=1", encoding="utf-8")
    (tmp_path / "js/toast.js").write_text("if (1)\n  here('//') // it's no semicolon, a comment last", encoding="utf-8")
    (tmp_path / "js/queue.js").write_text("const name = 2;", encoding="utf-8")
    (tmp_path / "js/offline/queue.js").write_text("const kept = 4;", encoding="utf-8")
    (tmp_path / "js/offline/told.js").write_text("const told = 5;", encoding="utf-8")
    return tmp_path


class TestBuild:
    def test_names_carry_the_hash_of_what_is_inside(self, static):
        before = assets.build(static)
        assert re.fullmatch(r"app\.[0-9a-f]{16}\.css", before.stylesheet.name)
        assert re.fullmatch(r"app\.[0-9a-f]{16}\.js", before.script.name)
        (static / "js/queue.js").write_text("const name = 3;", encoding="utf-8")
        after = assets.build(static)
        assert after.script.name != before.script.name
        assert after.stylesheet == before.stylesheet

    def test_pages_the_kept_list_and_the_worker_share_one_queue(self, static):
        built = assets.build(static)
        told = (built.offline.body.decode(), built.kept_script.body.decode(), built.worker)
        assert all("const kept = 4;" in text for text in told)
        assert "const kept = 4;" not in built.script.body.decode(), "it is not waited for"

    def test_the_packed_bytes_are_the_same_file(self, static):
        built = assets.build(static)
        for asset in (built.stylesheet, built.script):
            assert gzip.decompress(asset.gzip) == asset.body

    def test_the_owners_sheet_comes_with_their_pages_alone(self, desk, phone):
        for path, there in (("/team", True), ("/settings", True), ("/today", False), ("/shift", False)):
            hand = desk if there else phone
            assert ("/static/build/desk." in hand.get(path).text) is there, path

    def test_a_script_of_a_few_pages_stands_alone(self, static):
        (static / "js/alone").mkdir()
        (static / "js/alone/pin.js").write_text("// why\nconst name = 4;", encoding="utf-8")
        built = assets.build(static)
        alone = built.alone["pin"]
        assert re.fullmatch(r"pin\.[0-9a-f]{16}\.js", alone.name)
        assert b"const name = 4;" in alone.body
        assert b"why" not in alone.body
        assert b"name = 4" not in built.script.body

    def test_two_servers_build_the_same(self, static):
        assert assets.build(static) == assets.build(static)

    def test_a_missing_part_is_an_error_at_the_start(self, static):
        (static / "css/tokens.css").unlink()
        with pytest.raises(FileNotFoundError):
            assets.build(static)


class TestOrder:
    def test_sheets_come_in_the_order_of_their_layers_and_components_by_name(self, static):
        names = re.findall(r"\.([\w-]+)\{", assets.join_styles(static / "css"))
        assert names == ["reset", "fonts", "tokens", "base", "layout", "components-a", "components-b", "utilities"]

    def test_vendored_scripts_come_first_in_the_order_of_their_lock(self, static):
        joined = assets.join_scripts(static)
        positions = [joined.index(words) for words in ("var z=1", "var a=1", "queue.js", "toast.js")]
        assert positions == sorted(positions)

    def test_each_script_keeps_its_names_to_itself(self, static):
        joined = assets.join_scripts(static)
        assert joined.count("(() => {") == 2
        assert "a comment last\n})();" in joined

    def test_what_only_a_reader_needs_is_left_out_and_texts_stay(self, static):
        source = "// why\nconst a = 'b // c'; // and why\n  // why not\n  go(a, `http://x`); // it's odd\n"
        (static / "js/queue.js").write_text(source, encoding="utf-8")
        assert "\nconst a = 'b // c';\ngo(a, `http://x`); // it's odd\n})" in assets.join_scripts(static)


@pytest.mark.parametrize(
    ("css", "small"),
    [
        ("a { color: red; }\n\nb { color: blue; }", "a{color:red;}b{color:blue;}"),
        ("a /* one */ { /* two */ color: red }", "a{color:red}"),
        ("margin: 1px/**/2px", "margin:1px 2px"),
        (".list :hover { top: 0 }", ".list :hover{top:0}"),
        ("a > b ~ c + d { top: 0 }", "a > b ~ c + d{top:0}"),
        ("width: calc(100% - 1px + 2px)", "width:calc(100% - 1px + 2px)"),
        ("@media (width: 1px) and (hover: hover) { a { top: 0 } }", "@media (width:1px) and (hover:hover){a{top:0}}"),
        ("--dark: ; --light: initial;", "--dark: ;--light:initial;"),
        ("--dark: }", "--dark: }"),
        ('content: "a  /* b */ ; }"', 'content:"a  /* b */ ; }"'),
        ("content: 'it\\'s  {'", "content:'it\\'s  {'"),
        ("src: url(a/*b.png )", "src:url(a/*b.png )"),
        ("src: url( 'a  b.png' )", "src:url( 'a  b.png' )"),
        ("display: none !important;", "display:none !important;"),
        ("font: 1rem/1.2 a, b", "font:1rem/1.2 a,b"),
        ("", ""),
    ],
)
def test_minifying_takes_only_what_has_no_meaning(css, small):
    assert minify_css(css) == small
    assert minify_css(small) == small


class TestOurOwn:
    def test_every_sheet_is_joined(self):
        css = STATIC / "css"
        there = {file.relative_to(css).with_suffix("").as_posix() for file in css.rglob("*.css")}
        named = {name for name in assets.SHEETS if "*" not in name}
        assert {name for name in there if not name.startswith(("components/", "desk/", "kept/"))} == named

    def test_the_order_of_the_layers_is_stated_before_any_rule(self):
        order = "@layer reset,fonts,tokens,base,layout,components,owner,utilities;"
        assert assets.join_styles(STATIC / "css").startswith(order)

    def test_every_rule_is_in_a_layer_and_every_brace_has_its_pair(self):
        for file in (STATIC / "css").rglob("*.css"):
            text = minify_css(file.read_text(encoding="utf-8"))
            assert text.count("{") == text.count("}"), file.name
            outside, depth = "", 0
            for char in text:
                depth += {"{": 1, "}": -1}.get(char, 0)
                outside += char if depth == 0 else ""
            assert re.fullmatch(r"(@layer [a-z,]+[;}])+", outside), file.name

    def test_fonts_are_found_from_the_joined_sheet(self):
        addresses = re.findall(r'url\("([^"]+)"\)', assets.join_styles(STATIC / "css"))
        assert addresses
        for address in [one for one in addresses if not one.startswith("data:")]:
            # the sheet is served from /static/build/, a folder that does not exist
            assert address.startswith("../")
            assert (STATIC / address.removeprefix("../")).is_file()

    def test_lines_of_comment_are_not_sent_and_no_text_holds_any(self):
        joined = assets.join_scripts(STATIC).partition("/* double.js */")[2]
        assert joined
        assert not [line for line in joined.splitlines() if line.lstrip().startswith("//")]
        for file in (STATIC / "js").glob("*.js"):
            lines = file.read_text(encoding="utf-8").splitlines()
            assert all(line.count("`") % 2 == 0 for line in lines), f"{file.name}: a text of several lines may hold one"

    def test_they_stay_light(self):
        built = assets.build(STATIC)
        assert len(built.stylesheet.gzip) < 13_500
        assert len(built.script.gzip) < 40_000
