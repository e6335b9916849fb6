"""Firefox and WebKitGTK, each with a profile that outlives a kill. Both speak WebDriver's own commands: Firefox over a
socket of its own (Marionette), WebKitGTK over HTTP (WebKitWebDriver), so that neither needs a package.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PATIENCE = 30.0  # seconds: the longest that anything may take to come true, on a machine busy with other tests
SYSTEM_PYTHON = "/usr/bin/python3"  # the one Debian's GTK bindings are for
WINDOW = Path(__file__).with_name("webkit_window.py")


class Refused(Exception):
    """The browser said no, or nothing at all."""


class Other:
    """A browser and what is done with it. Of elements the first that a CSS selector finds is meant."""

    def __init__(self, profile: Path):
        self.profile = profile
        self.running: list[subprocess.Popen[bytes]] = []

    @classmethod
    def missing(cls) -> str:
        """Return which Debian packages to install; empty where the browser is there."""
        raise NotImplementedError

    def start(self) -> None:
        raise NotImplementedError

    def ask(self, command: str, path: str, body: dict[str, Any]) -> Any:
        """Return the answer to one of WebDriver's commands: its name for Firefox, its path for WebKit."""
        raise NotImplementedError

    def kill(self) -> None:
        """End all of its processes at once, as a system does that needs the memory."""
        for process in self.running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.running.clear()

    def open(self, url: str) -> None:
        self.ask("Navigate", "url", {"url": url})

    def reload(self) -> None:
        """Reload as a hand would: WebDriver's own command goes past the worker in Firefox, as with the shift key."""
        self.run("document.documentElement.dataset.before = ''; setTimeout(() => location.reload())")
        self.until("return !('before' in document.documentElement.dataset) && document.readyState === 'complete'")

    def run(self, script: str, *given: Any) -> Any:
        """Return what the body of an async function returns in the page; it finds `given` in `arguments`."""
        wrapped = (
            "const done = arguments[arguments.length - 1];"
            f"(async function () {{ {script} }})(...arguments)"
            ".then((value) => done([value]), (error) => done(String(error)));"
        )
        answer = self.ask("ExecuteAsyncScript", "execute/async", {"script": wrapped, "args": list(given)})
        if not isinstance(answer, list):  # what went wrong; from Firefox nothing where the page went away meanwhile
            raise Refused(str(answer))
        return answer[0]

    def click(self, selector: str) -> None:
        """Tap what a finger would meet there, once it is there."""
        self._do(selector, "ElementClick", "element/{}/click", {})

    def type(self, selector: str, text: str) -> None:
        self._do(selector, "ElementSendKeys", "element/{}/value", {"text": text})

    def until(self, script: str, *given: Any) -> Any:
        """Return the first true answer of `run`, which may have to wait for another page."""
        return self._soon(lambda: self.run(script, *given), " ".join([script, *map(str, given)]))

    def sees(self, selector: str, text: str = "") -> None:
        """Wait until an element is shown, and has `text` in it."""
        self.until(
            "return [...document.querySelectorAll(arguments[0])].some((one) => one.getClientRects().length"
            " && one.innerText.includes(arguments[1]))",
            selector,
            text,
        )

    def _do(self, selector: str, command: str, path: str, body: dict[str, Any]) -> None:
        def act() -> bool:
            self.run("document.querySelector(arguments[0])?.scrollIntoView({block: 'center'})", selector)  # off the bar
            found = self.ask("FindElement", "element", {"using": "css selector", "value": selector})
            one = next(iter(found.get("value", found).values()))
            self.ask(command, path.format(one), {"id": one, **body})
            return True

        self._soon(act, selector)

    def _soon(self, tried: Any, what: str) -> Any:
        last, until = "it was never so", time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                answer = tried()
                if answer:
                    return answer
            except Refused as said:  # not there yet, or the page has just changed
                last = str(said)
            time.sleep(0.05)
        raise AssertionError(f"{type(self).__name__} waited {PATIENCE:.0f} s for {what}: {last}{self._page()}")

    def _page(self) -> str:
        try:
            return f" at {self.run('return location + String.fromCharCode(10) + document.body.innerText')}"
        except (Refused, OSError, AttributeError):  # it has not come so far, or is gone
            return ""

    def _spawn(self, *command: str, **options: Any) -> subprocess.Popen[bytes]:
        self.profile.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "HOME": str(self.profile), "NO_AT_BRIDGE": "1", **options.pop("env", {})}
        log = (self.profile / "log").open("ab")
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
            **options,
        )
        log.close()
        self.running.append(process)
        return process


class Firefox(Other):
    line: socket.socket | None = None
    SET = {
        "marionette.port": 0,  # any free one, told in the profile
        "browser.sessionstore.resume_from_crash": False,
        "toolkit.startup.max_resumed_crashes": -1,  # a kill is no reason to ask for safe mode
    }

    @classmethod
    def program(cls) -> str | None:
        return shutil.which("firefox-esr") or shutil.which("firefox")

    @classmethod
    def missing(cls) -> str:
        return "" if cls.program() else "firefox-esr"

    def start(self) -> None:
        self.profile.mkdir(parents=True, exist_ok=True)
        settings = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in self.SET.items()]
        (self.profile / "user.js").write_text("".join(settings), encoding="utf-8")
        port = self.profile / "MarionetteActivePort"
        port.unlink(missing_ok=True)
        self._spawn(str(self.program()), "--headless", "--marionette", "--no-remote", "--profile", str(self.profile))
        number = self._soon(lambda: port.exists() and port.read_text(), "its port")
        self.line = socket.create_connection(("127.0.0.1", int(number)), PATIENCE)
        self.replies = self.line.makefile("rb")
        self.asked = 0
        self._reply()  # it says who it is
        self.ask("NewSession", "", {})

    def kill(self) -> None:
        super().kill()
        if self.line:
            self.replies.close()
            self.line.close()
            self.line = None

    def ask(self, command: str, path: str, body: dict[str, Any]) -> Any:
        self.asked += 1
        text = json.dumps([0, self.asked, f"WebDriver:{command}", body]).encode()
        assert self.line
        self.line.sendall(b"%d:%b" % (len(text), text))
        _type, _number, error, answer = self._reply()
        if error:
            raise Refused(f"{error['error']}: {error['message']}")
        return answer.get("value", answer)

    def _reply(self) -> Any:
        size = b""
        while not size.endswith(b":"):
            one = self.replies.read(1)
            if not one:
                raise Refused("Firefox has hung up")
            size += one
        return json.loads(self.replies.read(int(size[:-1])))


class WebKit(Other):
    @classmethod
    def missing(cls) -> str:
        asks = "import gi; gi.require_version('Gtk', '3.0'); gi.require_version('WebKit2', '4.1')"
        bound = (
            Path(SYSTEM_PYTHON).exists()
            and not subprocess.run([SYSTEM_PYTHON, "-c", asks], stderr=subprocess.DEVNULL, check=False).returncode
        )
        absent = [
            "" if shutil.which("WebKitWebDriver") else "webkit2gtk-driver",
            "" if shutil.which("Xvfb") else "xvfb",
            "" if bound else "python3-gi gir1.2-webkit2-4.1",
        ]
        return " ".join(filter(None, absent))

    def start(self) -> None:
        reading, writing = os.pipe()
        self._spawn("Xvfb", "-displayfd", str(writing), "-screen", "0", "800x1000x24", pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading) as told:
            display = f":{told.readline().strip()}"
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        # Debian's Xvfb has no graphics card to share memory with; and what a desktop is set to is none of ours
        environment = {"DISPLAY": display, "GDK_BACKEND": "x11", "GSETTINGS_BACKEND": "memory"}
        self._spawn("WebKitWebDriver", f"--port={port}", env=environment)
        self.address = f"http://127.0.0.1:{port}/session"
        options = {"binary": SYSTEM_PYTHON, "args": [str(WINDOW), str(self.profile)]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        begun = self._soon(lambda: self._post(self.address, wanted), "its driver")
        self.address += f"/{begun['sessionId']}"

    def kill(self) -> None:
        if self.running:
            screen = self.running.pop(0)
            super().kill()
            screen.terminate()  # it takes its socket away
            screen.wait()

    def ask(self, command: str, path: str, body: dict[str, Any]) -> Any:
        return self._post(f"{self.address}/{path}", body)

    def _post(self, address: str, body: dict[str, Any]) -> Any:
        asked = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as said:
            told = json.load(said)["value"]
            raise Refused(f"{told['error']}: {told['message']}") from None
        except OSError as said:
            raise Refused(str(said)) from None
