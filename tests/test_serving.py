"""The server as phones meet it: one connection, many questions."""

import http.client
import threading
from collections.abc import Iterator

import pytest

from serving import create_server


@pytest.fixture
def connection() -> Iterator[http.client.HTTPConnection]:
    """Return a connection to a server that answers each path with the status it names."""

    def app(environ, start_response):
        status = environ["PATH_INFO"].strip("/")
        body = b"" if status in ("204", "304") else b"here"
        start_response(f"{status} Words", [("Content-Length", "4")] if body else [])
        return [body] if body else []

    server = create_server(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.effective_port)
    yield connection
    connection.close()
    server.close()
    thread.join(5)


def ask(connection: http.client.HTTPConnection, path: str, **headers: str) -> tuple[int, bytes, object]:
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read(), connection.sock


class TestAConnection:
    def test_stays_open_over_answers_without_a_body(self, connection):
        asked = [ask(connection, path) for path in ("/200", "/304", "/304", "/204", "/200")]
        assert [(status, body) for status, body, _socket in asked] == [
            (200, b"here"), (304, b""), (304, b""), (204, b""), (200, b"here"),
        ]  # fmt: skip
        assert len({id(socket) for _status, _body, socket in asked}) == 1
        assert asked[-1][2] is not None

    def test_is_closed_when_the_phone_asks_for_it(self, connection):
        assert ask(connection, "/304", Connection="close")[2] is None
