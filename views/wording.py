"""Every sentence of the words to say, for the owner to say in words of the shop's own, with an example before it is kept."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug import Response

import words.wording
from domain import audit, settings
from models import Shop, Staff, db
from views.asking import open_to
from words import code

bp = Blueprint("wording", __name__)


@bp.get("/settings/words")
@open_to("settings")
def show() -> str:
    return _page()


def _page(prompt: str = "", typed: dict[str, str] | None = None, told: dict[str, str] | None = None) -> str:
    """Return the page; `typed` is what was written for one prompt, `told` what is wrong with it, both by sentence."""
    own = (g.shop.wording or {}).get(code(), {})
    said = []
    for name, situation in words.wording.situations().items():
        sentences = words.wording.sentences(name, g.shop.tone)
        mine = {message: words.wording.told(text) for message, text in own.get(name, {}).items()}
        values = [(typed or {}).get(m, "") if name == prompt and typed else mine.get(m, "") for m in sentences]
        said.append((name, situation, list(zip(sentences, values, strict=True)), bool(mine)))
    return render_template(
        "settings/words.html",
        said=said,
        prompt=prompt,
        told=told or {},
        say=words.wording,
        kept=request.args.get("kept", ""),
    )


@bp.post("/settings/words/<prompt>")
@open_to("settings")
def change(prompt: str) -> Response | str:
    """Keep a prompt's sentences, show them with an example, or take ours again."""
    if prompt not in words.wording.situations():
        abort(404)
    sentences = words.wording.sentences(prompt, g.shop.tone)
    typed = {message: request.form.get(f"sentence_{n}", "").strip() for n, message in enumerate(sentences)}
    if request.form.get("how") == "ours":
        return _keep(prompt, sentences, {})
    own = {message: text for message, text in typed.items() if text and text != words.wording.ours(message)}
    team = [staff.name for staff in Staff.select(Staff.name).where(Staff.business == g.shop.business_id)]
    never = settings.of(g.shop).words_never
    wrong = {message: words.wording.what_is_wrong(message, text, team, never) for message, text in own.items()}
    told = {message: what for message, what in wrong.items() if what}
    if told or request.form.get("how") == "preview":
        return make_response(_page(prompt, typed, told), 422 if told else 200)
    return _keep(prompt, sentences, {message: words.wording.kept(text) for message, text in own.items()})


def _keep(prompt: str, sentences: tuple[str, ...], own: dict[str, str]) -> Response:
    """Keep the owner's words for the sentences of this tone; those of the other tones stay."""
    with db.atomic():
        shop = Shop.get_by_id(g.shop.id)
        wording: dict[str, Any] = shop.wording or {}
        of_prompts = wording.setdefault(code(), {})
        others = {message: text for message, text in of_prompts.get(prompt, {}).items() if message not in sentences}
        of_prompts[prompt] = {**others, **own}
        if not of_prompts[prompt]:
            del of_prompts[prompt]
        Shop.update(wording=wording).where(Shop.id == shop.id).execute()
        shop.changed()
        audit.write("wording.changed", business=shop.business_id, shop=shop, staff=g.staff, prompt=prompt)
    return redirect(url_for("wording.show", kept=prompt, _anchor=prompt), 303)
