"""A picture that a phone's camera reads, as the path of an SVG: no style, no script, nothing to fetch."""

from __future__ import annotations

import segno

QUIET = 4  # squares of paper around it, without which cameras do not find it


def drawn(text: str) -> tuple[int, str]:
    """Return how many squares a picture of a text is wide, and the path of its dark ones."""
    rows = segno.make(text, error="m", micro=False).matrix
    runs = []
    for y, row in enumerate(rows):
        start = None
        for x, dark in enumerate([*row, 0]):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                runs.append(f"M{start + QUIET} {y + QUIET}h{x - start}v1h{start - x}z")
                start = None
    return len(rows) + 2 * QUIET, "".join(runs)
