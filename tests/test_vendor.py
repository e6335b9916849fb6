"""What stands in static/vendor is what was reviewed, byte for byte, and nothing else."""

import base64
import hashlib
import json
from pathlib import Path

import pytest

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
PACKAGES = json.loads((VENDOR / "lock.json").read_text(encoding="utf-8"))["packages"]
FILES = [(package, file) for package in PACKAGES for file in package["files"]]


@pytest.mark.parametrize(("package", "file"), FILES, ids=[file["file"] for _, file in FILES])
class TestEachFile:
    def test_has_the_locked_digest(self, package, file):
        digest = hashlib.sha384((VENDOR / file["file"]).read_bytes()).digest()
        assert file["sha384"] == "sha384-" + base64.b64encode(digest).decode()

    def test_carries_its_version_in_its_name(self, package, file):
        assert f"-{package['version']}." in file["file"]

    def test_points_at_no_source_map(self, package, file):
        assert "sourceMappingURL" not in (VENDOR / file["file"]).read_text(encoding="utf-8")


def test_every_package_brings_its_licence_and_the_registry_digest():
    for package in PACKAGES:
        assert (VENDOR / package["license_file"]).read_text(encoding="utf-8").strip()
        kind, _, digest = package["integrity"].partition("-")
        assert (kind, len(base64.b64decode(digest))) == ("sha512", 64)


def test_nothing_stands_there_unlocked():
    known = {"lock.json"} | {package["license_file"] for package in PACKAGES} | {file["file"] for _, file in FILES}
    assert {path.name for path in VENDOR.iterdir()} == known
