"""The launcher: it prepares what a command needs, once, and says a plain sentence where it cannot."""

import importlib.machinery
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def launcher(tmp_path, monkeypatch):
    """Return the launcher as a module that believes it lives in an empty folder with the real locks."""
    loader = importlib.machinery.SourceFileLoader("launcher", str(ROOT / "regulars"))
    spec = importlib.util.spec_from_loader("launcher", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    for lock in ROOT.glob("requirements*.lock"):
        (tmp_path / lock.name).write_bytes(lock.read_bytes())
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "regulars-stamp")
    return module


class TestWhatACommandNeeds:
    @pytest.mark.parametrize(
        ("arguments", "database", "lock"),
        [
            pytest.param(["demo"], "", "requirements.lock", id="the demo: the base"),
            pytest.param(["serve"], "postgresql://x", "requirements-postgres.lock", id="PostgreSQL: its driver too"),
            pytest.param(["test", "--full"], "", "requirements-test.lock", id="the tests: their tools"),
            pytest.param([], "", "requirements.lock", id="nothing asked: the base"),
        ],
    )
    def test_is_the_smallest_lock_that_is_enough(self, launcher, monkeypatch, arguments, database, lock):
        monkeypatch.setenv("DATABASE_URL", database)
        assert launcher.wanted_lock(arguments) == lock

    def test_an_empty_folder_is_not_ready(self, launcher):
        assert not launcher.is_ready("requirements.lock")


class TestTheLocks:
    @pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements*.lock")), ids=lambda path: path.name)
    def test_pin_every_package_with_hashes_and_name_no_address(self, lock):
        text = lock.read_text(encoding="utf-8")
        pins = [line for line in text.splitlines() if "==" in line and not line.startswith(("#", " "))]
        assert pins
        assert text.count("--hash=sha256:") >= len(pins)
        assert "://" not in text
        assert "--index-url" not in text

    def test_the_base_stays_light(self):
        text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
        assert sum("==" in line and not line.startswith((" ", "#")) for line in text.splitlines()) < 30


def test_an_unknown_command_is_wrong_usage_and_no_traceback():
    run = subprocess.run([sys.executable, str(ROOT / "cli.py"), "dance"], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "No such command" in run.stderr
    assert "Traceback" not in run.stderr
