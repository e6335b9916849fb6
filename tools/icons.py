"""Draw the icons of the installed app from the project's own mark: `python tools/icons.py [ADDRESS]`.

The drawings are those of static/icon.svg and templates/_icons.html in the colours of static/css/tokens.css; a headless
Chromium (as the tests have it) turns them into static/icons/*.png, small enough to be committed. With the address of a
running demo, Today of its invented people is pictured too, for the stores and dialogs that show what an app looks like.
"""

from __future__ import annotations

import base64
import re
import shutil
import struct
import sys
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
ICONS = ROOT / "static/icons"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCREENS = {"narrow": (412, 892), "wide": (1280, 800)}

# The pixels of a drawing, or of a picture: RGBA, row after row.
PIXELS = """async ([source, width, height]) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0, width, height);
  let text = "";
  for (const byte of pen.getImageData(0, 0, width, height).data) text += String.fromCharCode(byte);
  return btoa(text);
}"""


def drawings() -> dict[str, tuple[int, str]]:
    """Return what is drawn: the name of the file -> its width in pixels and the SVG."""
    tokens = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")
    ink, paper = (re.findall(rf"--{name}: var\(--light, (#\w+)\)", tokens)[0] for name in ("ink", "paper"))
    ground = f'<rect width="32" height="32" fill="{ink}"/>'
    rounded = ground.replace("/>", ' rx="8"/>')
    mark = "".join(re.findall(r"<path.*?/>", (ROOT / "static/icon.svg").read_text(encoding="utf-8")))
    # what a system cuts into a shape of its own: the cup with its steam stands in the middle, and well within
    inside = f'<g transform="translate(16 16) scale(.92) translate(-17.030 -15.250)">{mark}</g>'
    return {
        "app-192": (192, rounded + mark),
        "app-512": (512, rounded + mark),
        "maskable-192": (192, ground + inside),
        "maskable-512": (512, ground + inside),
        "monochrome-192": (192, inside.replace(paper, "#fff")),
        "apple-touch-icon": (180, ground + inside),
        "today-96": (96, rounded + _sign("clock", paper)),
        "find-96": (96, rounded + _sign("find", paper)),
    }


def _sign(name: str, colour: str) -> str:
    """Return one of the app's signs, drawn on a 24 grid, in the middle of an icon."""
    sprite = (ROOT / "templates/_icons.html").read_text(encoding="utf-8")
    lines = re.findall(rf'<symbol id="i-{name}"[^>]*>(.*?)</symbol>', sprite)[0]
    pen = f'fill="none" stroke="{colour}" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"'
    return f'<g transform="translate(6.400 6.400) scale(.8)" {pen}>{lines}</g>'


def png(width: int, height: int, pixels: bytes) -> bytes:
    """Return RGBA pixels as a PNG of at most 256 colours, by palette: of more, the rare ones become the nearest of the others."""
    all_of = [pixels[at : at + 4] for at in range(0, len(pixels), 4)]
    all_of = [one if one[3] else bytes(4) for one in all_of]
    common = [colour for colour, _count in Counter(all_of).most_common(256)]
    colours = sorted(common, key=lambda one: (one[3], one))  # those that shine through first: fewer are written
    place = {colour: number for number, colour in enumerate(colours)}
    for one in set(all_of) - set(place):
        place[one] = place[min(colours, key=lambda colour: sum((a - b) ** 2 for a, b in zip(one, colour, strict=True)))]
    numbers = bytes(place[one] for one in all_of)
    rows = b"".join(b"\0" + numbers[at : at + width] for at in range(0, len(numbers), width))
    clear = bytes(colour[3] for colour in colours if colour[3] < 255)
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", b"".join(colour[:3] for colour in colours)),
        *([(b"tRNS", clear)] if clear else []),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write(page: Page, name: str, source: str, width: int, height: int) -> None:
    pixels = base64.b64decode(page.evaluate(PIXELS, [source, width, height]))
    (ICONS / f"{name}.png").write_bytes(png(width, height, pixels))
    print(f"{name}.png {width} x {height}, {(ICONS / f'{name}.png').stat().st_size} bytes")


def photograph(browser: Any, page: Page, address: str) -> None:
    """Picture Today of a demo, which lets everybody in."""
    for name, (width, height) in SCREENS.items():
        context = browser.new_context(viewport={"width": width, "height": height}, base_url=address, locale="en-GB")
        screen = context.new_page()
        screen.goto("/sign-in")
        screen.locator("#pin").fill("1234")
        screen.wait_for_url("**/today")
        screen.wait_for_load_state("networkidle")
        screen.evaluate("scrollTo(0, 0)")
        picture = base64.b64encode(screen.screenshot()).decode()
        write(page, f"screen-{name}", f"data:image/png;base64,{picture}", width, height)
        context.close()


def main(arguments: list[str]) -> int:
    with sync_playwright() as playwright:
        path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-lcd-text"])
        page = browser.new_page()
        for name, (width, inside) in drawings().items():
            svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="{width}" height="{width}">{inside}</svg>'
            write(page, name, f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}", width, width)
        for address in arguments:
            photograph(browser, page, address)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
