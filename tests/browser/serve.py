"""Serve for the browser tests: as the demo does, but at the instant a file names: `python serve.py DATA CLOCK`."""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import cli  # noqa: E402
from app import Config  # noqa: E402

if __name__ == "__main__":
    cli.follow_clock(Path(sys.argv[2]))
    config = Config(data=Path(sys.argv[1]), test_mode=True, demo=True)
    told = lambda address: print(json.dumps({"url": address, "pid": os.getpid()}))  # noqa: E731
    cli.serve(config, "127.0.0.1", 0, lan=False, announce=told)
