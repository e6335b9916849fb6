"""The owner's own sign-in: by name and password, a code where they want one, or a passkey; and the page where all that is
set up, with the list of where they are signed in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    abort,
    after_this_request,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug import Response

import words.sign_in
from domain import access, browsers, one_time_codes, owners, passkeys
from models import Staff
from views import qr
from views.answers import is_partial, problem
from views.asking import (
    BROWSER_COOKIE,
    BROWSER_LASTS,
    PROOFS,
    READING,
    cookie_name,
    give_cookie,
    open_to,
    passkey_host,
    sign_in_owner,
)
from words import _, clock_time

bp = Blueprint("owner", __name__)


def browser() -> str:
    """Return what this browser holds if an owner has signed in on it before."""
    return request.cookies.get(cookie_name(BROWSER_COOKIE), "")


def about() -> str:
    return browsers.about(request.headers.get("User-Agent", ""))


def _origin() -> str:
    return request.host_url.rstrip("/")


# -- signing in


@bp.get("/sign-in/owner")
@open_to("anyone")
def show_sign_in() -> Response:
    return redirect(url_for("today.show")) if g.session is not None else sign_in_page()


def sign_in_page(told: str = "", name: str = "", code: int = 200) -> Response:
    known = owners.known_owner(browser())
    page = render_template(
        "sign_in/owner.html", told=told, name=name or (known.name if known else ""), passkeys=bool(passkey_host())
    )
    return make_response(page, code)


@bp.post("/sign-in/owner")
@open_to("anyone")
def enter() -> Response:
    name, password = request.form.get("name", "").strip()[:200], request.form.get("password", "")
    if not name or not password:
        return sign_in_page(_("Write your name, or the shop’s, and your password."), name, 422)
    tried = owners.try_password(name, password, browser())
    if tried.half:
        return _code_page(tried.half)
    if tried.staff:
        return sign_in_owner(owners.enter(tried.staff, browser(), about(), "password"))
    return sign_in_page(_refusal(), name, 422)


def _refusal() -> str:
    """Return what is told of a wrong try: to a browser we know, when it may try again; to others the same, whatever it was."""
    known = owners.known_owner(browser())
    until = owners.rests_until(known, browser()) if known else None
    if known and until:
        shop = known.shops.first()
        local = shop.local(until) if shop else until
        return _("Too many wrong tries on this browser. It rests until %(time)s.", time=clock_time(local))
    return _("That name and that password do not go together here, or there were too many wrong tries.")


def _code_page(half: str, told: str = "", code: int = 200) -> Response:
    return make_response(render_template("sign_in/code.html", half=half, told=told), code)


@bp.post("/sign-in/code")
@open_to("anyone")
def enter_code() -> Response:
    """Take the second factor of somebody whose password was right a few minutes ago."""
    half = request.form.get("half", "")[:200]
    staff = owners.half_way(half)
    if staff is None:
        return sign_in_page(_("That took too long. Begin again."), code=422)
    if not owners.try_code(staff, request.form.get("code", "")[:40], browser()):
        return _code_page(half, _("That code is not right, was used already, or there were too many wrong tries."), 422)
    return sign_in_owner(owners.enter(staff, browser(), about(), "code"))


@bp.post("/sign-in/passkey/options")
@open_to("anyone")
def passkey_options() -> Response:
    host = passkey_host() or abort(404)
    return current_app.response_class(passkeys.to_prove(host), mimetype="application/json")


@bp.post("/sign-in/passkey")
@open_to("anyone")
def enter_by_passkey() -> Response:
    host = passkey_host() or abort(404)
    try:
        staff = passkeys.proven(request.form.get("answer", ""), host, _origin())
    except passkeys.NotProven:
        return sign_in_page(_("That passkey does not open this shop. Try once more, or use your password."), code=422)
    return sign_in_owner(owners.enter(staff, browser(), about(), "passkey"))


# -- whether it is still the owner


def ask_again(told: str) -> Response:
    """Return the question before something that matters. Its form carries on what was sent."""
    by_program = request.path.startswith("/api/") and "text/html" not in request.headers.get("Accept", "")
    if (
        by_program or is_partial()
    ):  # forms that ask again are plain ones: a piece of a page has no room for the question
        return problem(403, _("Sign in once more first: this asks whether it is you."))
    staff: Staff = g.staff
    reads = request.method in READING
    kept = [] if reads else [(n, v) for n, v in request.form.items(multi=True) if n not in PROOFS]
    page = render_template(
        "sign_in/again.html",
        told=told,
        to=url_for("owner.prove") if reads else request.full_path.rstrip("?"),
        kept=[("to", request.full_path.rstrip("?"))] if reads else kept,
        password=bool(staff.password_hash),
        passkeys=bool(passkey_host()) and any(key.host == passkey_host() for key in passkeys.of(staff)),
    )
    return make_response(page, 403)


@bp.post("/again")
@open_to("owners", again=True)
def prove() -> Response:
    """Go on to the page that asked first."""
    to = request.form.get("to", "")
    parts = urlsplit(to)
    fit = to.startswith("/") and not to.startswith(("//", "/\\")) and not parts.netloc and "\n" not in to
    return redirect(to if fit else url_for("owner.show"), 303)


# -- the page


@bp.get("/settings/sign-in")
@open_to("owners")
def show() -> str:
    return _page()


def _page(**more: Any) -> str:
    staff, host = g.staff, passkey_host()
    return render_template(
        "owner/show.html",
        **{
            "password": bool(staff.password_hash),
            "keys": [
                (key, words.sign_in.passkey(key.name), _when(key.created_at), _when(key.used_at))
                for key in passkeys.of(staff)
            ],
            "can": bool(host),
            "installed": passkeys.is_installed(),
            "second": bool(staff.second_factor),
            "left": owners.codes_left(staff) if staff.second_factor else 0,
            "sessions": [_session(one) for one in access.open_sessions(staff)],
            "kept": request.args.get("kept", ""),
            "told": "",
            **more,
        },
    )


def _when(instant: Any) -> str:
    if instant is None:
        return ""
    local, today = g.shop.local(instant), g.shop.today()
    return words.sign_in.when(local, today)


def _session(one: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "where": words.sign_in.where(one.kind, one.about, one.phone.name if one.phone else ""),
        "since": _when(one.created_at),
        "seen": _when(one.seen_at),
        "here": one.id == g.session.id,
    }


def _back(kept: str) -> Response:
    return redirect(url_for("owner.show", kept=kept), 303)


def needs_password() -> bool:
    """Say whether whoever asks is an owner whom only a link lets in; invented ones need nothing else."""
    if g.staff is None or g.staff.acts_as != "owner" or current_app.config["REGULARS"].demo:
        return False
    return not owners.has_any_way(g.staff)


def keep_password() -> None:
    """Keep the password that was sent; this browser is known from now on. Raises access.Unfit and passwords.Busy."""
    known = owners.set_password(g.staff, request.form.get("password", ""), g.session, browser())

    @after_this_request
    def give(response: Response) -> Response:
        give_cookie(response, BROWSER_COOKIE, known, BROWSER_LASTS)
        return response


@bp.post("/settings/sign-in/password")
@open_to("owners", again=True)
def set_password() -> Response:
    try:
        keep_password()
    except access.Unfit as told:
        return make_response(_page(told=str(told)), 422)
    return _back("password")


@bp.get("/settings/sign-in/passkeys/new")
@open_to("owners", again=True)
def new_passkey() -> Response:
    return _passkey_page()


def _passkey_page(told: str = "", name: str = "", code: int = 200) -> Response:
    host = passkey_host() or abort(404)
    options = passkeys.to_add(g.staff, g.staff.business.name, host)
    page = render_template(
        "owner/passkey.html", told=told, name=name or words.sign_in.browser(about()), options=options, host=host
    )
    return make_response(page, code)


@bp.post("/settings/sign-in/passkeys")
@open_to("owners", again=True)
def add_passkey() -> Response:
    host, name = passkey_host() or abort(404), request.form.get("name", "").strip()
    try:
        passkeys.add(g.staff, request.form.get("answer", ""), name, host, _origin())
    except passkeys.NotProven:
        return _passkey_page(_("No passkey came of that. Try once more."), name, 422)
    return _back("passkey")


@bp.post("/settings/sign-in/passkeys/<int:passkey_id>/remove")
@open_to("owners", again=True)
def remove_passkey(passkey_id: int) -> Response:
    return _back("passkey-gone") if passkeys.remove(g.staff, passkey_id) else abort(404)


@bp.get("/settings/sign-in/second-factor")
@open_to("owners", again=True)
def second_factor() -> Response:
    return _back("") if g.staff.second_factor else _second_page(one_time_codes.new_secret())


def _second_page(secret: str, told: str = "", code: int = 200) -> Response:
    address = one_time_codes.address(secret, g.staff.business.name, g.staff.name)
    groups = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    size, path = qr.drawn(address)
    page = render_template("owner/second_factor.html", secret=secret, groups=groups, size=size, path=path, told=told)
    return make_response(page, code)


@bp.post("/settings/sign-in/second-factor")
@open_to("owners", again=True)
def turn_on_second_factor() -> Response | str:
    """Turn it on once the app shows the right code, and show the recovery codes this one time."""
    secret = request.form.get("secret", "")
    if g.staff.second_factor:
        return _back("")
    if not one_time_codes.is_secret(secret):
        return _second_page(one_time_codes.new_secret(), _("Begin again with this new picture."), 422)
    codes = owners.turn_on(g.staff, secret, request.form.get("code", ""))
    if codes is None:
        return _second_page(
            secret, _("That is not the code of this moment. Wait for the next one, and type that."), 422
        )
    return render_template("owner/codes.html", codes=codes)


@bp.post("/settings/sign-in/second-factor/off")
@open_to("owners", again=True)
def turn_off_second_factor() -> Response:
    owners.turn_off(g.staff)
    return _back("off")


@bp.post("/settings/sign-in/second-factor/codes")
@open_to("owners", again=True)
def new_codes() -> Response | str:
    return render_template("owner/codes.html", codes=owners.new_codes(g.staff)) if g.staff.second_factor else _back("")


# -- where they are signed in


@bp.post("/settings/sign-in/sessions/<int:session_id>/end")
@open_to("owners")
def end_session(session_id: int) -> Response:
    return _back("ended") if owners.end_one(g.staff, session_id) else abort(404)


@bp.post("/settings/sign-in/sessions/end-others")
@open_to("owners")
def end_others() -> Response:
    owners.end_others(g.staff, g.session, browser())
    return _back("others")
