"""Serve the app on 127.0.0.1 and a port of its own, with an address that tells what reached it: `python behind_proxy.py DATA`.

The first line printed is the port. `REGULARS_TRUSTED_PROXIES` counts, as always.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from flask import jsonify, request  # noqa: E402
from werkzeug import Response  # noqa: E402

from app import Config, create_app  # noqa: E402
from serving import create_server, port_of  # noqa: E402
from views.asking import open_to  # noqa: E402

if __name__ == "__main__":
    config = Config(data=Path(sys.argv[1]), database_url="")
    app = create_app(config)

    @app.route("/healthz/asked", methods=["GET", "POST"])
    @open_to("anyone")
    def asked() -> Response:
        return jsonify(
            address=request.remote_addr, scheme=request.scheme, host=request.host, got=len(request.get_data())
        )

    server = create_server(app, "127.0.0.1", 0, behind=config.trusted_proxies)
    print(port_of(server), flush=True)
    server.run()
