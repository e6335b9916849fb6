"""The other side of web push, played on the loopback: a browser with keys of its own, and the service that carries to it.

What arrives is opened by what RFC 8291, 8188 and 8292 say, with other parts than those that sealed it.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

P256 = ec.SECP256R1()
UNCOMPRESSED = (Encoding.X962, PublicFormat.UncompressedPoint)


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def data(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Browser:
    """What a browser keeps of a subscription."""

    endpoint: str = "https://push.example.net/1"
    private: Any = field(default_factory=lambda: ec.generate_private_key(P256))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def point(self) -> bytes:
        return self.private.public_key().public_bytes(*UNCOMPRESSED)

    @property
    def place(self) -> dict[str, str]:
        return {"endpoint": self.endpoint, "p256dh": text(self.point), "auth": text(self.auth)}

    def opened(self, body: bytes) -> bytes:
        """Return what was sealed for this browser in one record. Raises InvalidTag for anybody else's."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, record = body[21 : 21 + length], body[21 + length :]
        assert len(record) <= size
        shared = self.private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(P256, theirs))
        both = HKDF(hashes.SHA256(), 32, self.auth, b"WebPush: info\0" + self.point + theirs).derive(shared)
        key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(both)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(both)
        words, _mark, filling = AESGCM(key).decrypt(nonce, record, None).rpartition(b"\x02")
        assert not filling.strip(b"\0")
        return words


def claims(authorization: str) -> tuple[dict[str, Any], str]:
    """Return what a VAPID header says, and the key it is signed with. Raises InvalidSignature where it is not."""
    scheme, _space, rest = authorization.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid"
    head, body, signature = parts["t"].split(".")
    assert json.loads(data(head)) == {"typ": "JWT", "alg": "ES256"}
    r, s = (int.from_bytes(data(signature)[i : i + 32], "big") for i in (0, 32))
    key = ec.EllipticCurvePublicKey.from_encoded_point(P256, data(parts["k"]))
    key.verify(encode_dss_signature(r, s), f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(data(body)), parts["k"]


@dataclass
class Service:
    """A push service on the loopback. `says` are its next answers (status and headers); then it takes everything."""

    url: str
    host: str
    asked: list[Any]
    says: list[tuple[int, dict[str, str]]]
    browsers: dict[str, Browser] = field(default_factory=dict)

    def browser(self, name: str = "1") -> Browser:
        self.browsers[f"/{name}"] = found = Browser(f"{self.url}/{name}")
        return found

    def told(self) -> list[dict[str, Any]]:
        """Return what its browsers were told, in order."""
        return [json.loads(self.browsers[asked.path].opened(asked.body)) for asked in self.asked]


def playing(web_server: Callable[..., Any]) -> Service:
    """Start a service with what `tests.outside.conftest.web_server` gives."""
    says: list[tuple[int, dict[str, str]]] = []

    def answer(_asked: Any) -> tuple[int, dict[str, str], bytes]:
        status, headers = says.pop(0) if says else (201, {})
        return status, headers, b""

    server = web_server(answer)
    return Service(server.url, server.host, server.asked, says)


def served(web_server: Callable[..., Any], allow: Callable[[str, str], None]) -> Iterator[Service]:
    """Give a service that this server may reach though it lies on the loopback."""
    service = playing(web_server)
    allow("REGULARS_ALLOWED_HOSTS", service.host)
    yield service
