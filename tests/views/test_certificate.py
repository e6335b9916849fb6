"""The page by which a phone comes to trust the shop's own certificate, and where plain http leads."""

import re
import shutil
import ssl

import pytest
from flask import render_template

import app as wiring
import models
from outside import certificates
from tests.conftest import ROOT

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15"
LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"


@pytest.fixture
def storage(migrated, tmp_path):
    """One engine is enough: nothing here is kept in it."""
    shutil.copy(migrated, tmp_path / "regulars.db")
    config = wiring.Config(data=tmp_path, database_url="")
    wiring.open_storage(config, migrate=False)
    yield config
    models.db.obj.close_all()


@pytest.fixture
def encrypted(server, storage, monkeypatch):
    """Return the app as `serve --https` wires it."""
    certificates.prepare(storage.data, ("shop.local", "192.168.1.20"))
    server.config["REGULARS"] = storage.but(https=True)
    monkeypatch.setattr(server, "https", True)
    return server


class TestThePage:
    @pytest.mark.parametrize(
        ("agent", "first"),
        [(IPHONE, "iphone"), (ANDROID, "android"), (WINDOWS, "windows"), (MAC, "mac"), (LINUX, "linux"), ("", "linux")],
        ids=["iPhone", "Android", "Windows", "Mac", "Linux", "nothing said"],
    )
    def test_shows_first_the_steps_of_the_system_it_is_read_on(self, encrypted, agent, first):
        page = encrypted.test_client().get("/certificate", headers={"User-Agent": agent}).text
        shown = re.findall(r'data-system="(\w+)"( open)?', page)
        assert shown[0] == (first, " open")
        assert sorted(system for system, _open in shown) == ["android", "iphone", "linux", "mac", "windows"]
        assert [is_open for _system, is_open in shown[1:]] == [""] * 4

    def test_says_how_to_remove_it_and_what_to_compare(self, encrypted, storage):
        page = encrypted.test_client().get("/certificate").text
        assert page.count("To remove it") == 5
        assert certificates.fingerprint_of(storage.data) in page.replace("<wbr>", "")

    def test_gives_the_certificate_as_phones_take_it_and_never_the_key(self, encrypted, storage):
        client = encrypted.test_client()
        binary, text = client.get("/certificate/regulars.crt"), client.get("/certificate/regulars.pem")
        assert (binary.mimetype, text.mimetype) == ("application/x-x509-ca-cert", "application/x-pem-file")
        assert binary.data == certificates.authority(storage.data) == ssl.PEM_cert_to_DER_cert(text.text)
        assert "PRIVATE" not in text.text

    def test_of_a_server_without_one_says_so(self, server):
        client = server.test_client()
        assert "This address has no certificate" in client.get("/certificate").text
        assert "There is nothing to do" in client.get("/certificate", base_url="https://regulars.example.org").text
        assert client.get("/certificate/regulars.crt").status_code == 404
        assert client.get("/certificate/regulars.pem").status_code == 404

    def test_tells_how_to_remove_the_one_of_former_days(self, server, storage):
        certificates.prepare(storage.data, ("localhost",))
        page = server.test_client().get("/certificate").text
        assert "To remove it" in page
        assert "Get the certificate" not in page


class TestPlainHttp:
    @pytest.mark.parametrize(
        ("path", "leads_to"),
        [
            ("/", "/certificate"),
            ("/today?shop=2", "https://shop.local:8000/today?shop=2"),
            ("/enrol/abc", "https://shop.local:8000/enrol/abc"),
        ],
    )
    def test_leads_to_https_on_the_same_host(self, encrypted, path, leads_to):
        answer = encrypted.test_client().get(path, base_url="http://shop.local:8000")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (307, "no-store")
        assert answer.headers["Location"] == leads_to
        assert "Set-Cookie" not in answer.headers

    @pytest.mark.parametrize("path", ["/sign-in", "/api/v1/actions", "/"])
    def test_takes_no_write(self, encrypted, path):
        answer = encrypted.test_client().post(path, base_url="http://shop.local:8000", data={"pin": "1234"})
        assert answer.status_code == 403
        assert "https://" in answer.text

    @pytest.mark.parametrize(
        "path", ["/certificate", "/certificate/regulars.crt", "/healthz", "/readyz", "/static/icon.svg"]
    )
    def test_still_serves_what_a_new_phone_needs(self, encrypted, path):
        assert encrypted.test_client().get(path, base_url="http://shop.local:8000").status_code == 200

    def test_leads_nowhere_behind_a_proxy_that_speaks_https(self, encrypted):
        assert encrypted.test_client().get("/sign-in", base_url="https://shop.local:8000").status_code == 200

    @pytest.mark.parametrize(
        ("host", "lasts"),
        [("shop.local:8000", "max-age=604800"), ("localhost:8000", None)],
        ids=["a name", "localhost"],
    )
    def test_is_kept_away_from_for_a_week_only(self, encrypted, host, lasts):
        """Whoever gives the own certificate up again has not shut the phones out for a year."""
        answer = encrypted.test_client().get("/sign-in", base_url=f"https://{host}")
        assert answer.headers.get("Strict-Transport-Security") == lasts


class TestTheOwnersSettings:
    @pytest.mark.parametrize(
        ("address", "kind", "says"),
        [
            ("http://192.168.1.20:8000", "http", "working without a signal"),
            ("http://localhost:8000", "here", "--https"),
            ("https://regulars.example.org", "real", "Nothing is left to do"),
        ],
    )
    def test_tell_truly_what_goes_without_https(self, server, address, kind, says):
        with server.test_request_context("/settings", base_url=address):
            told = render_template("settings/_https.html")
        assert f'data-testid="https-{kind}"' in told
        assert says in told

    def test_tell_of_an_own_certificate_what_phones_need(self, encrypted, storage):
        with encrypted.test_request_context("/settings", base_url="https://192.168.1.20:8000"):
            told = render_template("settings/_https.html")
        for word in ("http://192.168.1.20:8000/certificate", certificates.fingerprint_of(storage.data), "shop.local"):
            assert word in told.replace("<wbr>", "")

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
    def test_tell_whoever_sits_at_the_machine_where_phones_begin(self, encrypted, host):
        for port in ("", ":8000"):
            with encrypted.test_request_context("/settings", base_url=f"https://{host}{port}"):
                assert f"http://192.168.1.20{port}/certificate<" in render_template("settings/_https.html")

    def test_name_a_page_that_is_there(self):
        assert "docs/https.md" in (ROOT / "templates" / "settings" / "_https.html").read_text(encoding="utf-8")
        assert (ROOT / "docs" / "https.md").exists()
