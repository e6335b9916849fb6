"""How phones come to trust this shop's own certificate, and where plain http leads once there is one.

Both are met before anybody is signed in, on plain http as well: the certificate of our authority is no secret, and whoever
doubts that it came unchanged compares its fingerprint with what the shop's own machine says.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, abort, current_app, render_template, request
from werkzeug import Response
from werkzeug.wrappers import Request

import clock
import words
from outside import certificates
from views import qr
from views.asking import READING, open_to
from words import _

bp = Blueprint("certificate", __name__)
OPEN = ("/static/", "/healthz", "/readyz")  # on http too, once there is https
PORT = re.compile(r":\d+\Z")
A_NUMBER = re.compile(r"\d+\.\d+\.\d+\.\d+\Z")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
SYSTEMS = {  # what a browser says of itself -> the steps that are shown first; the first that fits counts
    "iPhone": "iphone",
    "iPad": "iphone",
    "Android": "android",
    "Windows": "windows",
    "Macintosh": "mac",
    "": "linux",
}


@dataclass(frozen=True, slots=True)
class State:
    """How this server is reached: `kind` is "http", "here" (http on this machine alone), "own" (https with a certificate of
    our own) or "real" (https that a proxy in front speaks)."""

    kind: str
    steps: str = ""  # the address of the steps for a new phone: on http, for it does not trust the certificate yet
    picture: tuple[int, str] = (0, "")  # of that address, for a camera
    fingerprint: str = ""
    names: str = ""
    until: str = ""


def is_open(path: str) -> bool:
    """Say whether an address is answered on plain http although there is https."""
    return path == "/certificate" or path.startswith(("/certificate/", *OPEN))


def lead(environ: dict[str, Any]) -> Response:
    """Return the answer to a request on plain http where there is https: a page is led there; a write is refused, for what it
    carries was readable on its way. Whoever types the bare address is new here and meets the steps first."""
    asked = Request(environ)
    if asked.method not in READING:
        told = _("This server takes nothing on plain http. Open it with https:// in front.")
        return Response(f"{told}\n", 403, {"Cache-Control": "no-store"}, content_type="text/plain; charset=utf-8")
    there = "/certificate" if asked.path == "/" else asked.url.replace("http:", "https:", 1)
    return Response("", 307, {"Location": there, "Cache-Control": "no-store"})


def state() -> State:
    """Return how this server is reached by whoever asks."""
    config = current_app.config["REGULARS"]
    if not config.https:
        here = PORT.sub("", request.host) in LOOPBACK
        return State("real" if request.is_secure else "here" if here else "http")
    found = certificates.told(config.data) if certificates.is_available() else None
    steps = f"http://{_for_phones(request.host, found.names if found else ())}/certificate"
    return State(
        "own",
        steps,
        qr.drawn(steps),
        certificates.fingerprint_of(config.data),
        words.listed(list(found.names)) if found else "",
        _day(found.until.date()) if found else "",
    )


def _for_phones(host: str, names: tuple[str, ...]) -> str:
    """Return how phones reach what is here asked at `host`: whoever asks on the machine itself calls it by a name of its own."""
    name, port = PORT.sub("", host), PORT.search(host)
    found = next((one for one in names if A_NUMBER.match(one) and not one.startswith("127.")), "")
    return host if name not in LOOPBACK or not found else f"{found}{port[0] if port else ''}"


def _day(day: date) -> str:
    return words.named_day(day, year=day.year != clock.now().year)


def system_of(agent: str) -> str:
    """Return which system's steps come first, by what a browser says of itself."""
    return next(system for word, system in SYSTEMS.items() if word in agent)


@bp.get("/certificate")
@open_to("anyone")
def show() -> str:
    config = current_app.config["REGULARS"]
    first = system_of(request.user_agent.string)
    return render_template(
        "certificate.html",
        systems=sorted(dict.fromkeys(SYSTEMS.values()), key=lambda system: system != first),
        own=config.https,
        secure=request.is_secure,
        fingerprint=certificates.fingerprint_of(config.data),
        onward=f"https://{request.host}/" if config.https else "/",
    )


@bp.get("/certificate/regulars.crt")
@open_to("anyone")
def crt() -> Response:
    """Return our authority's certificate as iPhones, Android and Windows take it."""
    return Response(_authority(), content_type="application/x-x509-ca-cert")


@bp.get("/certificate/regulars.pem")
@open_to("anyone")
def pem() -> Response:
    """Return it as Linux and Firefox take it."""
    return Response(ssl.DER_cert_to_PEM_cert(_authority()), content_type="application/x-pem-file")


def _authority() -> bytes:
    return certificates.authority(current_app.config["REGULARS"].data) or abort(404)
