"""The other side, played on the loopback: servers that say exactly what a test tells them to, and a certificate."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Listener:
    """A server on the loopback, with how many connections it took."""

    port: int
    connections: int = 0
    over: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def listen() -> Iterator[Callable[[Callable[[socket.socket], None]], Listener]]:
    """Return a function that starts a server: each connection is given to `talk` in a thread of its own, then closed."""
    opened: list[tuple[socket.socket, Listener, threading.Thread]] = []

    def start(talk: Callable[[socket.socket], None]) -> Listener:
        door = socket.create_server(("127.0.0.1", 0))
        door.settimeout(0.1)
        listener = Listener(door.getsockname()[1])

        def one(line: socket.socket) -> None:
            with line:
                line.settimeout(10)
                with suppress(OSError):  # the client may go first
                    talk(line)

        def accept() -> None:
            while not listener.over.is_set():
                try:
                    line, _ = door.accept()
                except OSError:
                    continue
                listener.connections += 1
                threading.Thread(target=one, args=(line,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        opened.append((door, listener, thread))
        return listener

    yield start
    for door, listener, thread in opened:
        listener.over.set()
        thread.join()
        door.close()


@dataclass
class Asked:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Fake:
    """A web server on the loopback: `answer(asked)` gives (status, headers, body); `asked` keeps all requests."""

    url: str
    host: str
    asked: list[Asked]


@pytest.fixture
def web_server() -> Iterator[Callable[..., Fake]]:
    """Return a function that starts a web server; with `secure` (an ssl.SSLContext) it speaks https as `localhost`."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[Asked], tuple[int, dict[str, str], bytes]], secure: Any = None) -> Fake:
        asked: list[Asked] = []

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Asked(self.command, self.path, headers, body)
                asked.append(request)
                status, given, content = answer(request)
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(content))} | given).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_HEAD = do_REPORT = do_PROPFIND = do_DELETE = answer

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if secure:
            server.socket = secure.wrap_socket(server.socket, server_side=True)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        port = server.server_address[1]
        scheme = "https" if secure else "http"
        return Fake(f"{scheme}://localhost:{port}", f"localhost:{port}", asked)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a server's ssl context with a certificate for `localhost`, and make this process trust who signed it."""
    import ssl

    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context
