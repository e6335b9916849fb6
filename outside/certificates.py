"""A local authority for https in the shop's own network: made once, it signs this server's certificate, and renews it.

Two files lie in `https/` in the data directory, each a key with its certificate: `authority.pem`, which phones come to
trust, and `server.pem`, which they are shown. Both are for their owner alone. No backup and no export holds them.

The authority can vouch for private addresses, for those this machine had when it was made, and for names of a local network:
stolen, it opens no bank. Certificates live in the machine's own time, whatever a test calls the present: phones look at
their own clocks.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import socket
import ssl
import struct
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import clock

FOLDER, AUTHORITY, SERVER = "https", "authority.pem", "server.pem"
AUTHORITY_LASTS = timedelta(days=3650)
LASTS = timedelta(days=397)  # the most that Apple's phones accept
EARLIER = timedelta(days=1)  # a phone's clock may be behind
RENEWED = timedelta(days=120)  # before the end
SOON = timedelta(days=30)  # before it: nobody has renewed it, and somebody should know
NETWORKS = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
            "::1/128", "fc00::/7", "fe80::/10")  # fmt: skip
DOMAINS = ("localhost", "local", "lan", "home.arpa", "internal", "home")
A_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\Z")
CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)

SIOCGIFADDR = 0x8915


class Unusable(Exception):
    """The authority's file is there and cannot be used; a new one would be made only over the shop's head."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a certificate says of itself."""

    names: tuple[str, ...]
    until: datetime
    fingerprint: str


def is_available() -> bool:
    """Say whether the library that makes certificates is installed."""
    from importlib.util import find_spec

    return find_spec("cryptography") is not None


# -- what is there


def authority(data: Path) -> bytes | None:
    """Return the authority's certificate (DER), never its key; None where none was made."""
    try:
        found = CERTIFICATE.search((data / FOLDER / AUTHORITY).read_bytes())
        return ssl.PEM_cert_to_DER_cert(found[0].decode("ascii")) if found else None
    except (FileNotFoundError, ValueError):
        return None


def fingerprint_of(data: Path) -> str:
    """Return the authority's fingerprint; "" where there is no authority."""
    der = authority(data)
    return fingerprint(der) if der else ""


def fingerprint(der: bytes) -> str:
    """Return a certificate's SHA-256 fingerprint in the way that phones show it."""
    return hashlib.sha256(der).digest().hex(":").upper()


def told(data: Path, file: str = SERVER) -> Told | None:
    """Return what the server's certificate says; None where there is none that can be read."""
    from cryptography import x509

    try:
        _key, certificate = _read(data / FOLDER / file)
    except (OSError, ValueError):
        return None
    names: tuple[str, ...] = ()
    with suppress(x509.ExtensionNotFound):
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = tuple(str(one.value) for one in alternative)
    return Told(names, certificate.not_valid_after_utc, fingerprint(_der(certificate)))


# -- which names


def wanted() -> tuple[str, ...]:
    """Return what phones may call this machine."""
    name = socket.gethostname().lower().rstrip(".")
    short = name.partition(".")[0]
    public = urlsplit(os.environ.get("REGULARS_PUBLIC_URL", "")).hostname or ""
    names = [one for one in ("localhost", f"{short}.local", short, name, public) if _is_name(one)]
    return tuple(dict.fromkeys([*names, "127.0.0.1", "::1", *sorted(addresses())]))


def _is_name(text: str) -> bool:
    return bool(A_NAME.match(text)) and not _is_address(text)


def _within(names: tuple[str, ...], authority: Any) -> tuple[str, ...]:
    """Return the names that an authority may vouch for: with a single one besides, phones would refuse the certificate."""
    from cryptography import x509

    permitted = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or ()
    domains = [one.value for one in permitted if isinstance(one, x509.DNSName)]
    networks = [ipaddress.ip_network(str(one.value)) for one in permitted if isinstance(one, x509.IPAddress)]

    def may(name: str) -> bool:
        if _is_address(name):
            return any(ipaddress.ip_address(name) in network for network in networks)
        return any(name == domain or name.endswith(f".{domain}") for domain in domains)

    return tuple(name for name in names if may(name))


def addresses() -> set[str]:
    """Return this machine's IPv4 addresses."""
    found = set()
    with suppress(OSError, UnicodeError):  # a machine may be called anything
        found |= {str(one[4][0]) for one in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing: it asks only by which of our addresses that would go
        found.add(probe.getsockname()[0])
    if sys.platform == "linux":
        found |= _of_interfaces()
    return found


def _of_interfaces() -> set[str]:
    import fcntl

    found = set()
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _index, name in socket.if_nameindex():
            with suppress(OSError):  # it has none
                asked = struct.pack("256s", name.encode()[:15])
                found.add(socket.inet_ntoa(fcntl.ioctl(probe.fileno(), SIOCGIFADDR, asked)[20:24]))
    return found


# -- making


def prepare(data: Path, names: tuple[str, ...] | None = None, now: datetime | None = None) -> bool:
    """Make the authority where there is none, and a certificate where the present one ends soon, lacks a name or was signed by
    another authority; say whether there is a new one. Raises Unusable, OSError."""
    now = now or clock.system_now()
    folder = data / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    signer = _authority(folder / AUTHORITY, now)
    names = _within(names or wanted(), signer[1])
    try:
        key, stands = _read(folder / SERVER)
        stands.verify_directly_issued_by(signer[1])
        fits = key.public_key() == stands.public_key()
    except Exception:  # missing, cut off, of another authority: whatever it is, a new one mends it
        fits = False
    have = told(data)
    if fits and have and set(names) <= set(have.names) and now + RENEWED < have.until:
        return False
    _sign(folder / SERVER, signer, names, now)
    return True


def path(data: Path) -> Path:
    return data / FOLDER / SERVER


def _authority(file: Path, now: datetime) -> Any:
    if not file.exists():
        _make_authority(file, now)
    try:
        key, certificate = _read(file)
    except ValueError:
        raise Unusable(str(file)) from None
    if certificate.not_valid_after_utc <= now + LASTS or key.public_key() != certificate.public_key():
        raise Unusable(str(file))
    return key, certificate


def _make_authority(file: Path, now: datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    own = socket.gethostname().lower().partition(".")[0]
    domains = [*DOMAINS, own] if _is_name(own) else [*DOMAINS]
    within: list[x509.GeneralName] = [x509.DNSName(one) for one in domains]
    within += [x509.IPAddress(ipaddress.ip_network(one)) for one in dict.fromkeys([*NETWORKS, *_elsewhere()])]
    # The day tells this authority from a later one of the same shop, in a phone's list.
    subject = _name(
        x509, (NameOID.ORGANIZATION_NAME, "Regulars"), (NameOID.COMMON_NAME, f"Regulars here, {now:%Y-%m-%d}")
    )
    usage = _usage(x509, key_cert_sign=True, crl_sign=True)
    certificate = (
        _begun(x509, subject, subject, key.public_key(), now, AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints(within, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    _keep(file, key, _signed(certificate, key), anew=False)


def _elsewhere() -> list[str]:
    """Return this machine's addresses outside the private networks: some networks use others for themselves."""
    private = [ipaddress.ip_network(one) for one in NETWORKS]
    return sorted(one for one in addresses() if not any(ipaddress.ip_address(one) in network for network in private))


def _sign(file: Path, signer: Any, names: tuple[str, ...], now: datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    signing, authority_ = signer
    key = ec.generate_private_key(ec.SECP256R1())
    told = [x509.IPAddress(ipaddress.ip_address(one)) if _is_address(one) else x509.DNSName(one) for one in names]
    subject = _name(x509, (NameOID.ORGANIZATION_NAME, "Regulars"), (NameOID.COMMON_NAME, "This shop’s server"))
    certificate = (
        _begun(x509, subject, authority_.subject, key.public_key(), now, LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(x509, digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(told), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    _keep(file, key, _signed(certificate, signing), anew=True)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _name(x509: Any, *parts: tuple[Any, str]) -> Any:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def _usage(x509: Any, **yes: bool) -> Any:
    uses = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
            "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    return x509.KeyUsage(**{use: yes.get(use, False) for use in uses})


def _begun(x509: Any, subject: Any, issuer: Any, public: Any, now: datetime, lasts: timedelta) -> Any:
    begins = now.astimezone(UTC).replace(microsecond=0) - EARLIER
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + lasts - timedelta(seconds=1))  # both its first and its last second count
    )


def _signed(builder: Any, key: Any) -> Any:
    from cryptography.hazmat.primitives import hashes

    return builder.sign(key, hashes.SHA256())


def _der(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return bytes(certificate.public_bytes(Encoding.DER))


def _read(file: Path) -> tuple[Any, Any]:
    """Return the key and the certificate in a file. Raises OSError, ValueError."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    both = file.read_bytes()
    return load_pem_private_key(both, None), x509.load_pem_x509_certificate(both)


def _keep(file: Path, key: Any, certificate: Any, anew: bool) -> None:
    """Write both at once and whole, for their owner alone; unless `anew`, the first to come wins."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    written += certificate.public_bytes(Encoding.PEM)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".new-")  # with mode 600
    try:
        with open(handle, "wb") as opened:
            opened.write(written)
            opened.flush()
            os.fsync(opened.fileno())
        if anew:
            os.replace(name, file)
        else:
            try:
                os.link(name, file)
            except FileExistsError:
                pass
            except OSError:  # a file system without links
                os.replace(name, file)
    finally:
        Path(name).unlink(missing_ok=True)
