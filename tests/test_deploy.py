"""The files in deploy/, each read by the very program it is for: what a phone sends through it reaches the app as it should.

Where a program is missing its tests are skipped, loudly; `REGULARS_REQUIRE_PROXIES=1` makes that a failure.
"""

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
NAME = "regulars.example.org"
PHONE = "127.0.0.2"  # another address than the proxy's own, though all of it is this machine


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found:
        return found
    told = f"NO {name.upper()}: the test of deploy/ with it did not run. Install {name}."
    print(f"\n{told}", file=sys.__stderr__, flush=True)
    if os.environ.get("REGULARS_REQUIRE_PROXIES"):
        pytest.fail(told)
    pytest.skip(told)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def process(command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    one = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, **options)
    try:
        yield one
    finally:
        one.terminate()
        one.wait(10)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Return the port of the app, which trusts one proxy."""
    environment = {**os.environ, "DATABASE_URL": "", "REGULARS_TRUSTED_PROXIES": "1"}
    command = [sys.executable, "tests/behind_proxy.py", str(tmp_path_factory.mktemp("behind"))]
    with process(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as one:
        assert one.stdout
        yield int(one.stdout.readline())


@dataclass
class Proxy:
    plain: int
    secure: int
    trusting: ssl.SSLContext

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        """Ask as a phone would that looked the name up and came here."""
        sock = socket.create_connection(("127.0.0.1", self.secure), 10, source_address=(PHONE, 0))
        connection = http.client.HTTPSConnection(NAME, self.secure)
        connection.sock = self.trusting.wrap_socket(sock, server_hostname=NAME)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        return connection.getresponse()

    def until_up(self, one: subprocess.Popen[bytes], log: Path) -> "Proxy":
        for _ in range(200):
            if one.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.secure), 1).close()
                self.ask("/healthz")
                return self
            except OSError:  # Caddy listens before it has made its certificate
                time.sleep(0.05)
        raise AssertionError(log.read_text())


@contextmanager
def caddy(app: int, folder: Path) -> Iterator[Proxy]:
    """Run Caddy on our file as it stands; a name of the tests' own and an authority of Caddy's own are told from outside."""
    found, plain, secure, log = program("caddy"), free_port(), free_port(), folder / "log"
    (folder / "Caddyfile").write_text(
        f"{{\n admin off\n local_certs\n skip_install_trust\n http_port {plain}\n https_port {secure}\n"
        f" default_bind 127.0.0.1\n}}\nimport {DEPLOY / 'Caddyfile'}\n"
    )
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    environment |= {"REGULARS_DOMAIN": NAME, "REGULARS_PORT": str(app)}
    with log.open("wb") as told:
        command = [found, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
        with process(command, env=environment, stdout=told) as one:
            root = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
            for _ in range(200):
                if (root.exists() and root.stat().st_size) or one.poll() is not None:
                    break
                time.sleep(0.05)
            assert root.exists(), log.read_text()
            yield Proxy(plain, secure, ssl.create_default_context(cafile=str(root))).until_up(one, log)


@contextmanager
def nginx(app: int, folder: Path) -> Iterator[Proxy]:
    """Run nginx on our file; ports and the certificate's place are all that is changed in it."""
    found, plain, secure, log = program("nginx"), free_port(), free_port(), folder / "log"
    authority = trustme.CA()
    issued = authority.issue_cert(NAME)
    issued.private_key_pem.write_to_path(folder / "privkey.pem")
    for at, piece in enumerate(issued.cert_chain_pems):
        piece.write_to_path(folder / "fullchain.pem", append=bool(at))
    ours = (DEPLOY / "nginx.conf").read_text()
    for there, here in (
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{secure} ssl"),
        (f"/etc/letsencrypt/live/{NAME}/", f"{folder}/"),
        ("http://127.0.0.1:8000;", f"http://127.0.0.1:{app};"),
    ):
        assert there in ours
        ours = ours.replace(there, here)
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root; " if os.geteuid() == 0 else ""  # its workers write into a folder of the test's
    (folder / "nginx.conf").write_text(
        f"{user}daemon off; pid {folder}/pid; error_log stderr; events {{}}\nhttp {{ access_log off; {places}\n{ours}\n}}\n"
    )
    with log.open("wb") as told, process([found, "-c", str(folder / "nginx.conf")], stdout=told) as one:
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        yield Proxy(plain, secure, trusting).until_up(one, log)


@pytest.fixture(scope="module", params=[caddy, nginx], ids=["caddy", "nginx"])
def proxy(request: pytest.FixtureRequest, app: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with request.param(app, tmp_path_factory.mktemp("proxy")) as running:
        yield running


class TestThroughAProxy:
    def test_the_app_learns_who_asks_and_how(self, proxy):
        asked = json.load(proxy.ask("/healthz/asked"))
        assert (asked["address"], asked["scheme"], asked["host"]) == (PHONE, "https", f"{NAME}:{proxy.secure}")

    def test_a_forged_address_gains_nothing(self, proxy):
        asked = json.load(
            proxy.ask(
                "/healthz/asked",
                X_Forwarded_For="203.0.113.9, 198.51.100.7",
                X_Forwarded_Proto="http",
                X_Real_IP="203.0.113.9",
                Forwarded="for=203.0.113.9;proto=http",
            )
        )
        assert (asked["address"], asked["scheme"]) == (PHONE, "https")

    def test_answers_ask_phones_to_stay_with_https(self, proxy):
        assert proxy.ask("/sign-in").headers["Strict-Transport-Security"] == "max-age=31536000"

    def test_cookies_are_bound_to_the_name(self, proxy):
        form = {"Content_Type": "application/x-www-form-urlencoded", "Sec_Fetch_Site": "same-origin"}
        answer = proxy.ask("/this-phone", "POST", b"theme=dark", **form)
        assert answer.status == 303
        assert re.match(
            r"__Host-regulars-look=.*; Secure; HttpOnly; Path=/; SameSite=Lax", answer.headers["Set-Cookie"]
        )

    def test_what_is_larger_than_a_page_arrives(self, proxy):
        answer = proxy.ask("/healthz/asked", "POST", b"x" * 3_000_000, Sec_Fetch_Site="same-origin")
        assert json.load(answer)["got"] == 3_000_000

    def test_plain_http_leads_to_https(self, proxy):
        connection = http.client.HTTPConnection("127.0.0.1", proxy.plain, timeout=10)
        connection.request("GET", "/today", headers={"Host": NAME})
        answer = connection.getresponse()
        assert answer.status in (301, 308)
        assert re.fullmatch(rf"https://{NAME}(:\d+)?/today", answer.headers["Location"])
        connection.close()


def test_whoever_reaches_the_app_past_the_proxy_is_on_this_machine():
    """The app believes one proxy's headers, so nobody else may reach it: the service listens on this machine alone."""
    started = re.search(r"^ExecStart=(.+)$", (DEPLOY / "regulars.service").read_text(), re.MULTILINE)
    assert started
    command = started[1].split()
    assert command[0].endswith("/regulars")
    assert {"--lan", "--host"}.isdisjoint(command)
    import cli

    cli.serve_command.make_context("serve", command[2:])  # options that there are


def test_systemd_takes_the_service(tmp_path):
    found = program("systemd-analyze")
    text = (DEPLOY / "regulars.service").read_text().replace("/opt/regulars", str(ROOT)).replace("User=regulars\n", "")
    (tmp_path / "regulars.service").write_text(text)
    done = subprocess.run(
        [found, "verify", str(tmp_path / "regulars.service")], capture_output=True, text=True, timeout=30
    )
    assert "regulars.service" not in done.stderr, done.stderr
