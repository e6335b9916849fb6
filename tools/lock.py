"""Make requirements*.lock again from pyproject.toml: `python tools/lock.py [--upgrade]`.

Needs `uv` (`pip install uv`): it resolves for every system and Python at once, so one lock serves Linux, macOS and
Windows. Without --upgrade the versions already locked stay. The files name no address: each shop's own pip
configuration says where packages come from, and the hashes say that they are the right ones.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "requirements.lock": (),
    "requirements-https.lock": ("https",),
    "requirements-postgres.lock": ("https", "postgres"),
    "requirements-test.lock": ("test",),
}
HEADER = "# Made by tools/lock.py; do not edit. Install with: pip install --require-hashes -r {name}\n"


def main(arguments: list[str]) -> int:
    """Write the locks, or say what is missing; each is complete by itself and agrees with the first."""
    uv = shutil.which("uv")
    if not uv:
        print("tools/lock.py needs uv: pip install uv", file=sys.stderr)
        return 1
    for name, extras in LOCKS.items():
        command = [uv, "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11", "--quiet"]
        command += ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
        command += ["--output-file", name, *arguments]
        for extra in extras:
            command += ["--extra", extra]
        if extras:
            command += ["--constraint", "requirements.lock"]
        subprocess.run(command, cwd=ROOT, check=True)
        lock = ROOT / name
        text = lock.read_text(encoding="utf-8")
        lock.write_text(HEADER.format(name=name) + text, encoding="utf-8", newline="\n")
        print(f"{name}: {len(re.findall('^[a-z].*==', text, re.MULTILINE))} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
