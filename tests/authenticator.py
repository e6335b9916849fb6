"""A passkey without a browser: a key pair, and answers as a browser and its device would give them, right or wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any


def text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


class Authenticator:
    """One device with one key."""

    def __init__(self, host: str = "localhost", origin: str = "http://localhost"):
        from cryptography.hazmat.primitives.asymmetric import ec

        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.host, self.origin = host, origin
        self.used = 0
        self.flags = 0x05  # somebody was there, and showed who they are

    def _data(self, host: str, more: bytes = b"", flags: int | None = None) -> bytes:
        set_ = self.flags if flags is None else flags
        told = bytes([set_ | (0x40 if more else 0)])
        return hashlib.sha256(host.encode()).digest() + told + self.used.to_bytes(4, "big") + more

    def _client(self, kind: str, challenge: str, origin: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        told: dict[str, Any] = {"id": text(self.id), "rawId": text(self.id), "type": "public-key"}
        return json.dumps({**told, "response": response, "clientExtensionResults": {}})

    def made(self, options: str, host: str = "", origin: str = "") -> str:
        """Return what a browser sends when it made the key."""
        import cbor2

        public = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")}
        more = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        client = self._client("webauthn.create", json.loads(options)["challenge"], origin or self.origin)
        attested = {"fmt": "none", "attStmt": {}, "authData": self._data(host or self.host, more)}
        return self._answer({"clientDataJSON": text(client), "attestationObject": text(cbor2.dumps(attested))})

    def proof(self, options: str, host: str = "", origin: str = "", kind: str = "webauthn.get") -> str:
        """Return what a browser sends when the key proves who is there."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        self.used += 1
        data = self._data(host or self.host)
        client = self._client(kind, json.loads(options)["challenge"], origin or self.origin)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature)}
        )
