"""Many phones at once, as a process of its own: they poll, others check people in, and some are very slow.

`python crowd.py` reads what to do as JSON from its standard input and prints what every phone saw, when. Plain asyncio
and nothing of the project, so that it takes little of the machine that it loads.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import re
import sys
import time
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

ROW = re.compile(rb'<li id="p-(\d+)"[^>]*?data-arrived="(true|false)"')
STATES = (b"true", b"false")
PATIENCE_S = 20.0


class Connection:
    """One connection that is kept open; a broken one is made anew and counted."""

    def __init__(self, address: str, head: str):
        self.host, self.head = urlsplit(address).netloc, head
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, head: str = "", body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body. Raises OSError, or asyncio's errors, when there is no answer."""
        try:
            return await asyncio.wait_for(self._ask(method, path, head, body), PATIENCE_S)
        except BaseException:
            self.close()
            raise

    async def _ask(self, method: str, path: str, head: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if self.streams is None:
            host, port = self.host.split(":")
            self.streams = await asyncio.open_connection(host, int(port))
        reader, writer = self.streams
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n{self.head}{head}{length}\r\n".encode() + body)
        raw = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in raw[1:] if line)}
        status = int(raw[0].split()[1])
        content = await reader.readexactly(int(headers.get("content-length", "0"))) if status != 304 else b""
        if headers.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        return status, headers, content

    async def act(self, act: dict[str, Any]) -> dict[str, Any]:
        """Return what became of one act."""
        body = json.dumps({"actions": [act]}).encode()
        status, _headers, answer = await self.ask("POST", "/api/v1/actions", "Content-Type: application/json\r\n", body)
        return json.loads(answer)["results"][0] if status == 200 else {"status": str(status)}

    def close(self) -> None:
        if self.streams:
            self.streams[1].close()
            self.streams = None


async def poll(told: dict[str, Any], cookie: str, ends: float, seen: list[Any], refused: list[str]) -> None:
    """Look at today every few seconds, as a phone does, and once more at the end; note what each answer showed."""
    head = f"Cookie: regulars={cookie}\r\nHX-Request: true\r\nAccept-Encoding: gzip, deflate\r\n"
    phone, tag = Connection(told["url"], head), ""
    await asyncio.sleep(random.random() * told["every_s"])
    asked = 0.0
    while asked < ends:
        asked = time.perf_counter()
        try:
            status, headers, body = await phone.ask("GET", "/today", f"HX-PTag: {tag}\r\n" if tag else "")
            if status not in (200, 304):
                refused.append(f"poll {status}")
            tag = headers.get("hx-ptag", tag)
            rows = [[int(number) for number, state in ROW.findall(body) if state == wanted] for wanted in STATES]
            seen.append([asked, time.perf_counter(), *rows])
        except (OSError, EOFError) as error:
            refused.append(f"poll {type(error).__name__}")
        await asyncio.sleep(max(0.0, asked + told["every_s"] - time.perf_counter()))
    phone.close()


def comes(customer: int) -> dict[str, Any]:
    return {"id": str(uuid4()), "type": "visit.create", "data": {"customer": str(customer)}}


def leaves(visit: str) -> dict[str, Any]:
    return {"id": str(uuid4()), "type": "visit.undo", "data": {"visit": visit}}


async def change(told: dict[str, Any], people: list[int], ends: float, done: list[Any], refused: list[str]) -> None:
    """Check people in, and out again in the next round, one every so often."""
    head = f"Authorization: Bearer {told['token']}\r\n"
    desk, visits, rhythm = Connection(told["url"], head), dict[int, str](), told["writers"] / told["writes_a_second"]
    due = time.perf_counter() + random.random() * rhythm
    for customer in cycle(people):
        if due > ends:
            break
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        undo = visits.pop(customer, None)
        act = leaves(undo) if undo else comes(customer)
        sent = time.perf_counter()
        due += rhythm
        try:
            result = await desk.act(act)
            if result["status"] != "applied":
                refused.append(f"act {result['status']}")
                continue
            if not undo:
                visits[customer] = result["result"]["visit"]
            done.append([customer, not undo, sent, time.perf_counter()])
        except (OSError, EOFError) as error:
            refused.append(f"act {type(error).__name__}")
    desk.close()


async def trickle(told: dict[str, Any], ends: float, refused: list[str]) -> None:
    """Send a form so slowly, a letter a second, that it does not end before everything else has."""
    host, port = urlsplit(told["url"]).netloc.split(":")
    try:
        _reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"POST /find HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 100000\r\n\r\nq=".encode())
        while time.perf_counter() < ends:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(1)
        writer.close()
    except OSError as error:
        refused.append(f"slow {type(error).__name__}")


async def main(told: dict[str, Any]) -> dict[str, Any]:
    """Return what was seen, what was done, and what was refused."""
    random.seed(7)
    began = time.perf_counter()
    ends = began + told["seconds"]
    seen: list[list[Any]] = [[] for _ in told["cookies"]]
    done: list[Any] = []
    refused: list[str] = []
    people = told["people"]
    shares = [people[i :: told["writers"]] for i in range(told["writers"])] if people else []
    await asyncio.gather(
        *(poll(told, cookie, ends, seen[i], refused) for i, cookie in enumerate(told["cookies"])),
        *(change(told, share, ends, done, refused) for share in shares),
        *(trickle(told, ends, refused) for _ in range(told["slow"])),
    )
    return {"seen": seen, "done": done, "refused": refused, "began": began}


if __name__ == "__main__":
    json.dump(asyncio.run(main(json.load(sys.stdin))), sys.stdout)
