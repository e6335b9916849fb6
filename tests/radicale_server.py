"""A real CalDAV server for the tests of whoever speaks to one."""

import io
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import waitress
from radicale.app import Application
from radicale.config import load

from outside import caldav


@dataclass
class Radicale:
    """A running server; `closed` are (method, part of the body) it answers as a server that knows no such thing."""

    port: int
    folder: Path
    closed: set[tuple[str, bytes]]
    status: str = "403 Forbidden"

    def account(self, user="desk", password="secret", path="/"):
        host = f"127.0.0.1:{self.port}"
        return caldav.Account(f"http://{host}{path}", user, password, frozenset({host}))


@pytest.fixture
def radicale(tmp_path):
    """Return a Radicale with a calendar "Chair 1" of desk's, in which sam may read."""
    (tmp_path / "users").write_text("desk:secret\nsam:other\n")
    (tmp_path / "rights").write_text(
        "[root]\nuser: .+\ncollection:\npermissions: R\n\n"
        "[own]\nuser: .+\ncollection: {user}(/.*)?\npermissions: RrWw\n\n"
        "[sam]\nuser: sam\ncollection: desk/.*\npermissions: r\n"
    )
    configuration = load()
    configuration.update(
        {
            "auth": {
                "type": "htpasswd",
                "htpasswd_filename": str(tmp_path / "users"),
                "htpasswd_encryption": "plain",
                "delay": "0",
            },
            "rights": {"type": "from_file", "file": str(tmp_path / "rights")},
            "storage": {"filesystem_folder": str(tmp_path / "kept")},
            "logging": {"level": "critical"},
        },
        "test",
        privileged=True,
    )
    app = Application(configuration)
    running = Radicale(0, tmp_path / "kept", set())

    def front(environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if any(environ["REQUEST_METHOD"] == method and part in body for method, part in running.closed):
            start_response(running.status, [("Content-Length", "0")])
            return [b""]
        environ["wsgi.input"] = io.BytesIO(body)
        return app(environ, start_response)

    server: Any = waitress.create_server(front, host="127.0.0.1", port=0, threads=4, asyncore_loop_timeout=0.05)
    running.port = server.effective_port

    def run() -> None:
        with suppress(OSError):
            server.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    for path, kind, name in (("chair", "VEVENT", "Chair 1"), ("tasks", "VTODO", "Tasks")):
        body = (
            '<c:mkcalendar xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:a="http://apple.com/ns/ical/"><set><prop>'
            f"<displayname>{name}</displayname><a:calendar-color>#336699ff</a:calendar-color>"
            f'<c:supported-calendar-component-set><c:comp name="{kind}"/></c:supported-calendar-component-set>'
            "</prop></set></c:mkcalendar>"
        )
        account = running.account()
        reply = caldav._Talk(account).ask("MKCALENDAR", f"{account.url}desk/{path}/", body.encode())
        assert reply.status == 201
    yield running
    server.close()
    thread.join(5)
