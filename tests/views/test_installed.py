"""The manifest says what it should, to everybody and of nobody; its pictures are what it says they are."""

import json
import struct
import zlib
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.views.test_this_phone import SPANISH

ICONS = ROOT / "static/icons"
LEAST, MOST = 8_000, 60_000  # bytes of a picture at most: of an icon, of a screen


@pytest.fixture
def manifest(server, shop):
    answer = server.test_client().get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    return json.loads(answer.text)


@pytest.fixture
def pictures(manifest):
    """Every picture that the manifest names, with what it says of it."""
    short = [icon for one in manifest["shortcuts"] for icon in one["icons"]]
    return manifest["icons"] + short + manifest["screenshots"]


def read_png(path: Path):
    """Return a picture's width, height and its pixels in RGBA, row by row: of those that tools/icons.py writes."""
    data, parts, at = path.read_bytes(), {}, 8
    while at < len(data):
        (length,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        parts[kind] = data[at + 8 : at + 8 + length]
        at += 12 + length
    width, height, *how = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert how == [8, 3, 0, 0, 0], "a palette, one byte a pixel"
    clear = parts.get(b"tRNS", b"").ljust(256, b"\xff")
    colours = [(*parts[b"PLTE"][i * 3 : i * 3 + 3], clear[i]) for i in range(len(parts[b"PLTE"]) // 3)]
    rows = zlib.decompress(parts[b"IDAT"])
    return (
        width,
        height,
        [[colours[n] for n in rows[y * (width + 1) + 1 : (y + 1) * (width + 1)]] for y in range(height)],
    )


@pytest.mark.one_engine
class TestTheManifest:
    def test_opens_today_as_an_app_of_its_own(self, manifest):
        named = {name: manifest[name] for name in ("id", "start_url", "scope", "display", "orientation", "name")}
        assert named == {
            "id": "/today", "start_url": "/today", "scope": "/", "display": "standalone", "orientation": "any",
            "name": "Regulars",
        }  # fmt: skip
        assert [one["url"] for one in manifest["shortcuts"]] == ["/today", "/find"]

    def test_names_neither_the_shop_nor_anybody(self, server, shop, phone, rosa):
        for one in (server.test_client(), phone.client):
            text = one.get("/manifest.webmanifest").text
            assert [name for name in (shop.name, "Ruth", "Rosa") if name in text] == []

    def test_has_the_colours_of_the_paper(self, manifest):
        tokens = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")
        assert f"--paper: var(--light, {manifest['background_color']})" in tokens
        assert manifest["theme_color"] == manifest["background_color"]

    def test_speaks_the_browsers_language_and_may_be_kept_for_a_day(self, server, shop):
        answer = server.test_client().get("/manifest.webmanifest", headers=SPANISH)
        assert json.loads(answer.text)["lang"] == "es"
        assert "Accept-Language" in answer.headers["Vary"]
        assert answer.headers["Cache-Control"] == "public, max-age=86400"

    def test_takes_shared_words_in_a_body_alone(self, manifest):
        target = manifest["share_target"]
        assert (target["action"], target["method"]) == ("/share", "POST")
        assert target["enctype"] == "application/x-www-form-urlencoded"
        assert set(target["params"].values()) == {"title", "text", "url"}

    def test_is_linked_from_every_page_with_the_icon_of_ios(self, server, shop, phone):
        for answer in (server.test_client().get("/sign-in"), phone.get("/today"), phone.get("/shift")):
            assert '<link rel="manifest" href="/manifest.webmanifest">' in answer.text
            assert '<link rel="apple-touch-icon" href="/static/icons/apple-touch-icon.png">' in answer.text


@pytest.mark.one_engine
class TestPictures:
    def test_have_the_size_they_are_said_to_have_and_weigh_little(self, phone, pictures):
        assert {"192x192", "512x512"} <= {one["sizes"] for one in pictures}
        for one in [*pictures, {"src": "/static/icons/apple-touch-icon.png", "sizes": "180x180"}]:
            answer = phone.get(one["src"])
            width, height, _rows = read_png(ROOT / one["src"].lstrip("/"))
            assert (answer.status_code, answer.mimetype, f"{width}x{height}") == (200, "image/png", one["sizes"])
            assert len(answer.data) < (MOST if "screen" in one["src"] else LEAST), one["src"]

    def test_are_there_for_every_shape_a_system_cuts(self, manifest):
        purposes = [(one.get("purpose", "any"), one["sizes"]) for one in manifest["icons"]]
        assert {(purpose, size) for purpose in ("any", "maskable") for size in ("192x192", "512x512")} <= set(purposes)
        assert {one["form_factor"] for one in manifest["screenshots"]} == {"narrow", "wide"}

    @pytest.mark.parametrize("name", ["maskable-192", "maskable-512", "apple-touch-icon"])
    def test_hold_their_drawing_where_no_system_cuts(self, name):
        """The safe zone of a maskable icon is a circle, four fifths as wide as the icon; outside of it is nothing but ground."""
        width, height, rows = read_png(ICONS / f"{name}.png")
        ground, middle = rows[0][0], (width - 1) / 2
        drawn = [
            ((x - middle) ** 2 + (y - middle) ** 2) ** 0.5
            for y in range(height)
            for x in range(width)
            if rows[y][x] != ground
        ]
        assert ground[3] == 255
        assert len(drawn) > width * height / 20, "something is drawn"
        assert max(drawn) < width * 0.4

    def test_of_one_colour_show_their_shape_by_what_is_clear(self):
        _width, _height, rows = read_png(ICONS / "monochrome-192.png")
        assert {pixel[:3] for row in rows for pixel in row if pixel[3] == 255} == {(255, 255, 255)}
        assert rows[0][0][3] == 0

    def test_the_icon_in_a_tab_is_the_file(self, phone):
        """It stands in the page itself, which spares a request."""
        drawn = (ROOT / "static/icon.svg").read_text(encoding="utf-8").strip()
        assert (
            f'href="data:image/svg+xml,{drawn.replace(chr(34), chr(39)).replace("#", "%23")}"'
            in phone.get("/today").text
        )


@pytest.mark.one_engine
class TestHints:
    def test_are_all_hidden_until_a_script_knows_better(self, server, shop):
        text = server.test_client().get("/this-phone/hints").text
        assert text.count("data-hint=") == text.count("hidden>") == 3

    def test_cost_today_an_empty_place_below_everybody(self, phone):
        day = phone.get("/today").text
        place = day.index('id="hints"')
        assert "data-hint" not in day
        assert place > max(day.rindex("</ol>") if "</ol>" in day else 0, day.rindex('class="btn btn--main'))
