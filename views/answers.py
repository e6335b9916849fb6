"""How views answer: a page or its partial, a toast, a problem in words."""

from __future__ import annotations

import gzip
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import abort, g, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug import Response

from domain.actions import Answer
from domain.board import Board
from words import _

MARK = secrets.token_urlsafe(24)  # stands for the nonce in everything rendered; no page ever shows it
WORTH_PACKING = 1300  # bytes; less goes in one packet anyway
PACKED = 3  # zlib's level: half the work of the next one, for a tenth more bytes


def nonce() -> str:
    """Return what a template writes for the nonce. Each answer gets its own at the end, so what is kept holds none."""
    return MARK


def takes_packed() -> bool:
    """Say whether whoever asks can unpack gzip."""
    return "gzip" in request.environ.get("HTTP_ACCEPT_ENCODING", "")


def finish(response: Response) -> None:
    """Give an HTML answer its nonce, in its text and in its header, and pack it."""
    nonce = secrets.token_urlsafe(16)
    body = response.get_data().replace(MARK.encode(), nonce.encode())
    if len(body) >= WORTH_PACKING and takes_packed():
        body = gzip.compress(body, PACKED, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    response.set_data(body)
    response.headers["Vary"] = "HX-Request, Accept-Encoding, Cookie"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types htmx worker"
    )


def kept(day: Board, key: Any, now: datetime, make: Callable[[], Response]) -> Response:
    """Return an answer that shows a day, made once within a minute for all who ask alike; who asks meanwhile waits for it."""
    minute = int(now.timestamp()) // 60
    found = day.pages.get(key)
    if found is None or found[0] != minute:
        with day.turn:
            found = day.pages.get(key)
            if found is None or found[0] != minute:
                answer = make()
                answer.headers.setdefault("Cache-Control", "no-store")
                finish(answer)
                found = day.pages[key] = (minute, answer)
    g.kept = found[1]
    return g.kept


def is_partial() -> bool:
    """Say whether htmx asks for a piece of a page."""
    return bool(request.htmx) and not request.htmx.history_restore_request  # type: ignore[attr-defined]


def page_or_partial(page: str, partial: str, **values: Any) -> str:
    """Return a whole page, or for htmx only the part that it swaps; both from the same files."""
    return render_template(partial if is_partial() else page, **values)


def done(partial: str, back_to: str, toast: dict[str, Any] | None = None, **values: Any) -> Response | str:
    """Return what follows a finished act: htmx gets the changed part with a toast beside it, a plain form goes back."""
    if is_partial():
        return render_template(partial, toast=toast, **values)
    return redirect(back_to, 303)


def or_problem(answer: Answer) -> Answer:
    """Return an answer that went well; any other is told as a problem and ends the request."""
    if not answer.done:
        if answer.unknown:
            abort(404)
        g.problem = answer.reason
        abort(409 if answer.status == "conflict" else 422)
    return answer


WORDS = {
    400: lambda: _("That could not be read. Go back and try again."),
    401: lambda: _("You are signed out. Sign in and try again."),
    403: lambda: _("That came from another page than ours, so nothing was done."),
    404: lambda: _("It may have been removed. Go back to today’s list."),
    405: lambda: _("That cannot be done here. Go back to today’s list."),
    409: lambda: _("Somebody was quicker. Look again, nothing was lost."),
    413: lambda: _("That is too much at once. Send less."),
    422: lambda: _("Something is missing. Look at what you wrote."),
    503: lambda: _("The shop’s server is busy. Try again in a moment."),
}


def problem(code: int, words: str = "") -> Response:
    """Return an error as a sentence: a toast for htmx, problem JSON (RFC 9457) for the API, else a page."""
    told = words or WORDS.get(code, lambda: _("That did not save, and nothing was lost. Try again."))()
    if request.path.startswith("/api/"):
        response = jsonify({"type": "about:blank", "title": told, "status": code})
        response.mimetype = "application/problem+json"
    elif is_partial():
        response = make_response(render_template("_toast.html", toast={"words": told}))
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#toast", "outerHTML"
        if code == 401:
            response.headers["HX-Redirect"] = url_for("sign_in.show")
    else:
        response = make_response(render_template("problem.html", told=told))
    response.status_code = code
    return response
