"""The limit: the least a Flask app can do, under the same server with the same settings, as a process of its own.

`python limit.py` prints its address and number in one line of JSON, as `serve --json` does. It imports nothing of the
project: what it takes to start, to answer and to stay in memory is what everything else is compared with.
"""

import json
import os
import signal
from typing import Any

import waitress
from flask import Flask

SETTINGS: dict[str, Any] = {
    "threads": 32, "connection_limit": 1000, "channel_timeout": 60, "ident": "Regulars", "recv_bytes": 16384,
    "clear_untrusted_proxy_headers": True,
}  # fmt: skip

app = Flask(__name__, static_folder=None)


@app.get("/")
def hello() -> str:
    return "Hello"


def main() -> None:
    server = waitress.create_server(app, host="127.0.0.1", port=0, **SETTINGS)

    def stop(_signal: int, _frame: Any) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    print(json.dumps({"url": f"http://127.0.0.1:{server.effective_port}", "pid": os.getpid()}), flush=True)
    server.run()


if __name__ == "__main__":
    main()
