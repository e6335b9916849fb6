"""Serve for the browser tests: as the demo does, but at the instant a file names: `python serve.py DATA CLOCK`; with `shop`
after it, as any shop is.

The first line printed is the address.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import assets  # noqa: E402
import cli  # noqa: E402
from app import Config  # noqa: E402


def announce(address: str) -> None:
    print(address, flush=True)


if __name__ == "__main__":
    if "newer" in sys.argv[3:]:
        closed_in, minified = assets.closed_in, assets.minify_css
        assets.closed_in = lambda file: f"/* newer */ {closed_in(file)}"
        assets.minify_css = lambda text: f"{minified(text)}:root{{--newer:1}}"
    cli.follow_clock(Path(sys.argv[2]))
    config = Config(data=Path(sys.argv[1])).but(test_mode=True, demo="shop" not in sys.argv[3:])
    cli.serve(config, "127.0.0.1", 0, False, announce)
