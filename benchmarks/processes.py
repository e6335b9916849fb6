"""Processes to measure: the app and the limit as servers, what they cost in CPU time and memory, and commands run whole."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 60.0


class NotHere(Exception):
    """Something cannot be measured on this machine, or not yet; the sentence says why."""


class Wrong(Exception):
    """The app did not do what was to be measured; the sentence says what it did instead."""


def bare_environment() -> dict[str, str]:
    """Return the environment without what would lead the app to another database or another time."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("REGULARS_", "DATABASE_URL"))}


@dataclass
class Server:
    """A server in a process of its own."""

    url: str
    pid: int
    process: subprocess.Popen[str]

    def cpu(self) -> float:
        """Return the CPU time of all its threads so far, user and system, in seconds, finer than a microsecond."""
        if not sys.platform.startswith("linux"):
            raise NotHere("The CPU time of another process is read as Linux tells it.")
        return time.clock_gettime((~self.pid << 3) | 2)  # what clock_getcpuclockid(3) makes of a process number

    def memory(self) -> int:
        """Return the bytes of memory it holds now (its resident set)."""
        return _status(self.pid, "VmRSS")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def _status(pid: int, field: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        raise NotHere("The memory of another process is read from /proc.") from None
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def start_app(data: Path) -> Server:
    """Return the app, serving the data in a folder."""
    return _start([str(ROOT / "cli.py"), "serve", "--json", "--test-mode", "--port", "0", "--data", str(data)])


def start_limit() -> Server:
    """Return the limit, serving."""
    return _start([str(ROOT / "benchmarks" / "limit.py")])


def _start(command: list[str]) -> Server:
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=bare_environment()
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
    except BaseException:  # ended while it was starting
        process.kill()
        process.wait()
        raise
    if not line:
        process.wait(10)
        raise Wrong(f"{Path(command[0]).name} did not start: exit code {process.returncode}.")
    told = json.loads(line)
    return Server(told["url"], told["pid"], process)


@dataclass(frozen=True)
class Spent:
    """What a command took: seconds on the wall and of CPU, the most memory it held in bytes, and what it printed."""

    seconds: float
    cpu: float
    memory: int
    out: str


def run(command: list[str], told: str = "") -> Spent:
    """Return what a command took from start to end; `told` goes to its standard input. Raises Wrong when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=bare_environment(),
    )
    assert process.stdin
    assert process.stdout
    with process.stdin as into, process.stdout as out:
        into.write(told)
        into.close()
        answer = out.read()
    if hasattr(os, "wait4"):
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    else:
        raise NotHere("What a command has used is asked of the system by wait4, which is missing here.")
    if process.returncode:
        raise Wrong(f"{' '.join(command[:3])} ended with {process.returncode}.")
    return Spent(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, _largest(usage), answer)


def _largest(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def regulars(*arguments: str) -> list[str]:
    """Return the command line of one of the app's commands."""
    return [sys.executable, str(ROOT / "cli.py"), *arguments]
