"""Our own certificate in a real browser: a phone that trusts the authority sees no warning, and any other does."""

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, expect

from outside import certificates
from tests.browser.conftest import find_browser
from tests.conftest import ROOT

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[tuple[str, Path]]:
    """Return the address and the data directory of a server that speaks https."""
    data = tmp_path_factory.mktemp("encrypted")
    shutil.copy(migrated, data / "regulars.db")
    environment = {**os.environ, "DATABASE_URL": "", "REGULARS_DATA": str(data)}
    command = [sys.executable, "cli.py", "serve", "--https", "--json", "--port", "0"]
    with (data / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log)
        try:
            assert server.stdout
            line = server.stdout.readline()
            assert line, (data / "log").read_text()
            yield json.loads(line)["url"], data
        finally:
            server.terminate()
            server.wait(10)


@pytest.fixture
def phone_that_trusts(window: Browser, tmp_path: Path) -> Iterator[Callable[[Path], Page]]:
    """Return what opens a browser whose owner took the authority of a data directory in."""
    certutil = shutil.which("certutil")
    if not certutil:
        told = "NO CERTUTIL: no browser was told to trust an authority. Install libnss3-tools."
        print(f"\n{told}", file=sys.__stderr__, flush=True)
        pytest.skip(told)
    path = find_browser(window.browser_type)
    opened = []

    def open_one(data: Path) -> Page:
        (tmp_path / "authority.pem").write_text(ssl.DER_cert_to_PEM_cert(certificates.authority(data) or b""))
        for kept in (".pki/nssdb", ".local/share/pki/nssdb"):  # where browsers look, older and newer ones
            place = tmp_path / kept
            place.mkdir(parents=True)
            run = [certutil, "-d", f"sql:{place}"]
            subprocess.run([*run, "-N", "--empty-password"], check=True)
            subprocess.run([*run, "-A", "-t", "C,,", "-n", "Ours", "-i", str(tmp_path / "authority.pem")], check=True)
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        home: dict[str, str | float | bool] = {**os.environ, "HOME": str(tmp_path)}
        opened.append(window.browser_type.launch(executable_path=path, args=flags, env=home))
        return opened[-1].new_page()

    yield open_one
    for one in opened:
        one.close()


def test_a_phone_that_trusts_the_authority_sees_no_warning(encrypted, phone_that_trusts):
    url, data = encrypted
    page = phone_that_trusts(data)
    for address in (url, url.replace("127.0.0.1", "localhost")):
        answer = page.goto(f"{address}/sign-in")
        assert answer.ok
        assert page.evaluate("[isSecureContext, location.protocol]") == [True, "https:"]
    plain = page.goto(f"{url.replace('https', 'http')}/")
    assert plain.url.endswith("/certificate")
    page.get_by_test_id("onward").click()
    expect(page).to_have_url(re.compile(f"{url}/"))
    expect(page.get_by_test_id("sign-in")).to_be_visible()


def test_a_phone_that_trusts_another_authority_is_warned(encrypted, phone_that_trusts, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    certificates.prepare(other)
    page = phone_that_trusts(other)
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        page.goto(f"{encrypted[0]}/sign-in")


def test_the_steps_of_every_system_are_for_everyone(encrypted, window):
    context = window.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{encrypted[0].replace('https', 'http')}/certificate")
    for folded in page.locator("details:not([open])").all()[::-1]:
        folded.locator("summary").click()
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert min(one.bounding_box()["height"] for one in page.locator("main a, main summary").all()) >= 44
    context.close()


def test_the_steps_are_unfolded_and_fetched_without_a_script(encrypted, window):
    url, data = encrypted
    context = window.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{url.replace('https', 'http')}/certificate")
    expect(page.get_by_test_id("fingerprint")).to_have_text(certificates.fingerprint_of(data))
    page.get_by_text("iPhone and iPad", exact=True).click()
    with page.expect_download() as fetched:
        page.locator("[data-system=iphone]").get_by_test_id("get-certificate").click()
    assert Path(fetched.value.path()).read_bytes() == certificates.authority(data)
    assert fetched.value.suggested_filename == "regulars.crt"
    context.close()
