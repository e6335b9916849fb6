"""The wire between phones and the shop: a proxy on loopback that can be cut and mended, loses or holds answers, and counts what
passes."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

REQUEST = re.compile(rb"^(?:GET|HEAD|POST) (\S+) HTTP/1\.1\r\n", re.MULTILINE)


class Wire:
    """Forwards one port to the server's. Cut, it takes no connection, as where nobody listens.

    `asked` are the addresses that were asked for since it was last emptied, `answered` the bytes that came back since then.
    """

    def __init__(self, server: str):
        self.lead_to(server)
        self.loses_answers = False
        self.asked: list[str] = []
        self.answered = 0
        self.holding, self.hung_up, self._go = threading.Event(), threading.Event(), threading.Event()
        self._held_path = ""
        self._held: set[socket.socket] = set()
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._port = 0
        self.mend()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def lead_to(self, server: str) -> None:
        """Have what comes from now on go to the server at an address."""
        self.server = (urlsplit(server).hostname or "", urlsplit(server).port or 0)

    def cut(self) -> None:
        """Lose the signal: nothing is taken any more, and what was on its way is lost."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for one in list(self._open):
            self._close(one)

    def hold(self, path: str) -> None:
        """Have answers to an address wait from now on; `holding` is set once one does, `hung_up` once its phone has gone."""
        self._held_path = path
        self.holding.clear()
        self._go.clear()

    def let_go(self) -> None:
        """Let the answers come that were held."""
        self._held_path = ""
        self._held.clear()
        self._go.set()

    def mend(self) -> None:
        """Have the signal back, at the same address."""
        if self._listener is not None:
            return
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen(128)
        self._port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                phone, _address = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.server)
            except OSError:
                phone.close()
                continue
            self._open |= {phone, server}
            threading.Thread(target=self._pump, args=(phone, server, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, phone, True), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                if answers and self.loses_answers:
                    break
                if answers:
                    if target in self._held:
                        self.holding.set()
                        self._go.wait()
                    self.answered += len(piece)
                else:
                    asked = [path.decode() for path in REQUEST.findall(piece)]
                    self.asked += asked
                    if self._held_path in asked:
                        self._held.add(source)
                target.sendall(piece)
        if source in self._held:
            self.hung_up.set()
        self._close(source)
        self._close(target)

    def _close(self, one: socket.socket) -> None:
        self._open.discard(one)
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
