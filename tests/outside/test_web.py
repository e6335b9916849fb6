"""An address that somebody typed in leads to the outside, and nowhere else."""

from __future__ import annotations

import socket
import ssl
import time

import pytest

from outside import web
from outside.web import Unreachable, fetch, is_public

# What the shop's own network may look like when it is written by somebody who wants in. {port} is the canary's.
HOSTILE = [
    "http://127.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://127.8.9.10:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://0x7f000001:{port}/",
    "http://2130706433:{port}/",
    "http://017700000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://localhost.:{port}/",
    "http://ｌｏｃａｌｈｏｓｔ:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://127。0。0。1:{port}/",
    "http://[::1]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[::ffff:0:127.0.0.1]:{port}/",
    "http://[64:ff9b::127.0.0.1]:{port}/",
    "http://[64:ff9b::10.0.0.1]:{port}/",
    "http://[64:ff9b:1::127.0.0.1]:{port}/",
    "http://[64:ff9b:1::8.8.8.8]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[2002:c0a8:101::1]:{port}/",
    "http://[2001:0:7f00:1::1]:{port}/",
    "http://[2001:0:808:808:0:0:80ff:fffe]:{port}/",
    "http://[2001:db8::1]:{port}/",
    "http://[3fff::1]:{port}/",
    "http://[2620:0:0:0:0:5efe:7f00:1]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://[::1%25lo]:{port}/",
    "http://[fec0::1]:{port}/",
    "http://[fc00::1]:{port}/",
    "http://[fd12:3456::1]:{port}/",
    "http://[ff02::1]:{port}/",
    "http://[ff0e::1]:{port}/",
    "http://[100::1]:{port}/",
    "http://[5f00::1]:{port}/",
    "http://10.0.0.1:{port}/",
    "http://100.64.0.1:{port}/",
    "http://100.100.100.200/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/",
    "http://172.16.0.1/",
    "http://192.0.0.8/",
    "http://192.0.0.192/",
    "http://192.0.2.1/",
    "http://192.88.99.1/",
    "http://192.168.1.1/",
    "http://198.18.0.1/",
    "http://203.0.113.5/",
    "http://224.0.0.1/",
    "http://239.1.2.3/",
    "http://255.255.255.255/",
    "http://user@127.0.0.1:{port}/",
    "http://example.org@127.0.0.1:{port}/",
    "http://example.org:80@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@example.org/",
    "http://127.0.0.1:{port}#@example.org/",
    "http://127.0.0.1:{port}\r\n.example.org/",
    "http://\t127.0.0.1:{port}/",
    "http://%31%32%37.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "HTTP:127.0.0.1:{port}/",
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/",
    "http://",
    "http:///x",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:x/",
    "http://[127.0.0.1/",
    "",
]
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def heard(line: socket.socket) -> bytes:
    """Read one request whole."""
    came = b""
    while b"\r\n\r\n" not in came:
        came += line.recv(4096)
    return came


def saying(*pieces: bytes):
    def talk(line: socket.socket) -> None:
        heard(line)
        for piece in pieces:
            line.sendall(piece)

    return talk


def failing(url: str, **more) -> str:
    with pytest.raises(Unreachable) as caught:
        fetch("GET", url, **more)
    return caught.value.code


class TestTheGuard:
    def test_nothing_hostile_reaches_the_canary(self, listen):
        canary = listen(saying(PLAIN))
        codes = {url: failing(url.format(port=canary.port), timeout_s=3) for url in HOSTILE}
        let_through = {
            url: code for url, code in codes.items() if code not in ("not-allowed", "bad-address", "no-such-host")
        }
        assert let_through == {}
        assert canary.connections == 0
        assert len(HOSTILE) >= 60

    def test_the_canary_would_have_been_reached(self, listen):
        canary = listen(saying(PLAIN))
        assert fetch("GET", f"http://127.0.0.1:{canary.port}/", allowed={"127.0.0.1"}).body == b"hi"
        assert canary.connections == 1

    @pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
    def test_a_redirect_is_told_and_not_followed(self, listen, status):
        canary = listen(saying(PLAIN))
        away = listen(saying(f"HTTP/1.1 {status} Go\r\nLocation: http://127.0.0.1:{canary.port}/x\r\n\r\n".encode()))
        with pytest.raises(Unreachable) as caught:
            fetch("GET", f"http://127.0.0.1:{away.port}/", allowed={f"127.0.0.1:{away.port}"})
        assert (caught.value.code, caught.value.location) == ("redirected", f"http://127.0.0.1:{canary.port}/x")
        assert (away.connections, canary.connections) == (1, 0)

    def test_a_name_is_looked_up_once_and_the_address_looked_at_is_the_one_used(self, monkeypatch):
        asked, reached = [], []
        answers = iter(["93.184.215.14", "127.0.0.1", "127.0.0.1"])

        def resolver(host, port, **_):
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

        def connect(_, where):
            reached.append(where)
            raise ConnectionRefusedError

        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        monkeypatch.setattr(socket.socket, "connect", connect)
        assert failing("http://turns.example.org/") == "refused"
        assert (asked, reached) == (["turns.example.org"], [("93.184.215.14", 80)])

    def test_one_private_address_among_public_ones_is_enough_to_refuse(self, monkeypatch):
        both = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 80)),
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::ffff:10.0.0.1", 80, 0, 0)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
        assert failing("http://both.example.org/") == "not-allowed"

    @pytest.mark.parametrize(
        "address",
        [
            "8.8.8.8",
            "192.0.1.1",
            "2606:4700::1111",
            "2a00:1450:4001::5",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ],
    )
    def test_public_addresses_are_public(self, address):
        assert is_public(address)

    def test_python_itself_would_have_let_some_through(self):
        """The reason why the networks are written out."""
        import ipaddress

        lies = [
            a
            for a in ("::7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "fec0::1", "ff0e::1")
            if ipaddress.ip_address(a).is_global
        ]
        assert lies
        assert not any(is_public(a) for a in lies)

    def test_an_exemption_is_for_one_name_or_one_port(self, listen):
        nas = listen(saying(PLAIN))
        url = f"http://localhost:{nas.port}/"
        assert fetch("GET", url, allowed={f"localhost:{nas.port}"}).status == 200
        assert failing(url, allowed={"localhost:1", "example.org", "local"}) == "not-allowed"

    def test_proxies_named_in_the_environment_are_not_used(self, listen, monkeypatch):
        proxy, server = listen(saying(PLAIN)), listen(saying(PLAIN))
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert fetch("GET", f"http://localhost:{server.port}/", allowed={"localhost"}).status == 200
        assert proxy.connections == 0


class TestLimits:
    @pytest.mark.parametrize(
        "first", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"]
    )
    def test_a_byte_now_and_then_does_not_hold_us(self, listen, first):
        over: list[bool] = []

        def drip(line):
            heard(line)
            line.sendall(first)
            while not over:
                line.sendall(b"a")
                time.sleep(0.05)  # the slowness itself, not a wait for something

        server = listen(drip)
        began = time.monotonic()
        assert failing(f"http://127.0.0.1:{server.port}/", allowed={"127.0.0.1"}, timeout_s=0.6) == "timeout"
        over.append(True)
        assert time.monotonic() - began < 2

    def test_a_resolver_that_hangs_does_not_hold_us(self, monkeypatch):
        import threading

        never = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [never.wait(20)])
        began = time.monotonic()
        assert failing("http://slow.example.org/", timeout_s=0.3) == "timeout"
        assert time.monotonic() - began < 2
        never.set()

    def test_a_server_that_reads_nothing_does_not_hold_us(self, listen):
        import threading

        done = threading.Event()
        server = listen(lambda _: done.wait(10))
        with pytest.raises(Unreachable) as caught:
            fetch(
                "PUT", f"http://127.0.0.1:{server.port}/", body=b"x" * 30_000_000, allowed={"127.0.0.1"}, timeout_s=0.6
            )
        done.set()
        assert caught.value.code == "timeout"

    @pytest.mark.parametrize(
        "reply",
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n",
        ],
        ids=["announced", "until closed", "chunked"],
    )
    def test_too_large(self, listen, reply):
        server = listen(saying(reply))
        assert failing(f"http://127.0.0.1:{server.port}/", allowed={"127.0.0.1"}, limit=1000) == "too-large"

    def test_exactly_the_limit_is_taken(self, listen):
        server = listen(saying(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000))
        assert len(fetch("GET", f"http://127.0.0.1:{server.port}/", allowed={"127.0.0.1"}, limit=1000).body) == 1000


class TestWhatGoesWrong:
    @pytest.mark.parametrize(
        "said",
        [
            b"",
            b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nonly this",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nonly this",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"220 mail.example.org ESMTP\r\n",
            b"HTTP/1.1 two hundred\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
            b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70000 + b"\r\n\r\n",
        ],
    )
    def test_a_reply_that_is_none(self, listen, said):
        server = listen(saying(said))
        assert failing(f"http://127.0.0.1:{server.port}/", allowed={"127.0.0.1"}) == "cut-off"

    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as door:
            port = door.getsockname()[1]
        assert failing(f"http://127.0.0.1:{port}/", allowed={"127.0.0.1"}) == "refused"

    def test_no_such_host(self):
        assert failing("http://nobody.invalid/") == "no-such-host"

    @pytest.mark.parametrize("headers", [{"X": "a\r\nHost: evil"}, {"X\r\nY": "a"}])
    def test_a_header_cannot_bring_another(self, listen, headers):
        server = listen(saying(PLAIN))
        url = f"http://127.0.0.1:{server.port}/"
        assert failing(url, headers=headers, allowed={"127.0.0.1"}) == "bad-address"

    def test_a_certificate_nobody_vouches_for(self, web_server, certificate, monkeypatch):
        server = web_server(lambda _: (200, {}, b"hi"), certificate)
        monkeypatch.delenv("SSL_CERT_FILE")
        assert failing(server.url, allowed={"localhost"}) == "tls"

    def test_a_certificate_for_another_name(self, web_server, certificate):
        server = web_server(lambda _: (200, {}, b"hi"), certificate)
        assert failing(server.url.replace("localhost", "127.0.0.1"), allowed={"127.0.0.1"}) == "tls"

    def test_https_on_a_plain_port(self, listen):
        server = listen(lambda line: line.sendall(b"HTTP/1.1 400 Bad\r\n\r\n"))
        assert failing(f"https://localhost:{server.port}/", allowed={"localhost"}) in ("tls", "cut-off")


class TestAsking:
    def test_what_is_sent(self, web_server):
        server = web_server(lambda asked: (201, {"ETag": '"7"', "X-Two": "a"}, b"made"))
        reply = fetch(
            "PUT",
            server.url + "/Kalender/Übung 1.ics?q=ä".replace(" ", "%20"),
            headers={"If-Match": '"6"', "Content-Type": "text/calendar"},
            body=b"BEGIN",
            allowed={"localhost"},
            user="ana",
            password="grün",
        )
        assert (reply.status, reply.body, reply.headers["etag"]) == (201, b"made", '"7"')
        (asked,) = server.asked
        assert (asked.method, asked.path) == ("PUT", "/Kalender/%C3%9Cbung%201.ics?q=%C3%A4")
        assert asked.headers["host"] == server.host
        assert asked.headers["if-match"] == '"6"'
        assert asked.headers["authorization"] == "Basic YW5hOmdyw7xu"
        assert asked.body == b"BEGIN"

    @pytest.mark.parametrize("status", [204, 304, 404, 412, 500])
    def test_any_other_status_is_a_reply(self, web_server, status):
        server = web_server(lambda _: (status, {}, b""))
        assert fetch("REPORT", server.url + "/x", allowed={"localhost"}).status == status

    def test_https_by_name(self, web_server, certificate):
        server = web_server(lambda _: (200, {}, b"hi"), certificate)
        assert fetch("GET", server.url, allowed={"localhost"}).body == b"hi"

    def test_the_name_is_shown_to_the_server_that_is_reached_by_its_address(self, web_server, certificate):
        named = []
        certificate.sni_callback = lambda _, name, __: named.append(name)
        server = web_server(lambda _: (200, {}, b"hi"), certificate)
        fetch("GET", server.url, allowed={"localhost"})
        assert named == ["localhost"]

    def test_the_next_address_is_tried_when_the_first_refuses(self, listen, monkeypatch):
        server = listen(saying(PLAIN))
        two = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in (1, server.port)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: two)
        assert fetch("GET", "http://two.example.org/", allowed={"two.example.org"}).body == b"hi"

    def test_an_early_refusal_of_a_long_body_is_read(self, listen):
        def talk(line):
            line.recv(100)
            line.sendall(b"HTTP/1.1 413 Too long\r\nContent-Length: 0\r\n\r\n")
            line.shutdown(socket.SHUT_WR)
            while line.recv(1 << 20):
                pass

        server = listen(talk)
        reply = fetch("PUT", f"http://127.0.0.1:{server.port}/", body=b"x" * 3_000_000, allowed={"127.0.0.1"})
        assert reply.status == 413


def test_old_tls_is_not_spoken():
    assert ssl.create_default_context().minimum_version >= ssl.TLSVersion.TLSv1_2
    assert web.REDIRECTS.isdisjoint({304})
