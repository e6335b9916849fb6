"""What a phone says while it has no signal: by itself, so each sentence has places for what is not known yet."""

from __future__ import annotations

from typing import Any

from words.speaking import _, cldr, ngettext

PLACE = "{n}"


def on_the_phone() -> dict[str, Any]:
    """Return every sentence by its name: a text with {places}, or one for each plural form of the language."""
    return {
        "signal": _("No signal. Carry on as usual."),
        "kept": _forms(lambda n: ngettext(
            "%(count)s thing is kept on this phone and goes by itself when the signal is back.",
            "%(count)s things are kept on this phone and go by themselves when the signal is back.", n, count=PLACE)),
        "from": _("List from %(time)s.") % {"time": "{time}"},
        "stale": _("This list is from %(time)s. Times may have moved.") % {"time": "{time}"},
        "sent": _("All sent."),
        "here": _("Here"),
        "back": _("Expected again"),
        "note": _forms(lambda n: ngettext("%(count)s note", "%(count)s notes", n, count=PLACE)),
        "promise": _forms(lambda n: ngettext("%(count)s promise", "%(count)s promises", n, count=PLACE)),
        "question": _forms(lambda n: ngettext("%(count)s question", "%(count)s questions", n, count=PLACE)),
        "done": _("1 promise kept"),
        "said": _("Said"),
        "skipped": _("Skipped"),
        # Translators: {what} is a list such as "Here, 1 note"
        "waits": _("%(what)s, waiting to send") % {"what": "{what}"},
        "is_here": _("%(name)s is here. Kept on this phone.") % {"name": "{name}"},
        "undone": _("Undone. %(name)s is expected again.") % {"name": "{name}"},
        "noted": _("Kept on this phone. It goes by itself."),
        "mark": _("%(name)s is here") % {"name": "{name}"},
        "undo": _("Undo: %(name)s is not here") % {"name": "{name}"},
        "stamp": _("HERE"),
        "undo_button": _("Undo"),
        "already": _("%(name)s: already here at %(time)s, by %(by)s.") % {"name": "{name}", "time": "{time}", "by": "{by}"},
        "may_be": _("%(name)s may be somebody we know. Their card asks.") % {"name": "{name}"},
        "refused": _("This could not be done, and is still on this phone:"),
        "again": _("Do it again"),
        "drop": _("Let it go"),
        "change": _("Change the words"),
        "clock": _("This phone’s clock is off. What was done here stands under the right time all the same."),
    }  # fmt: skip


def on_the_list(shown: int) -> dict[str, Any]:
    """Return what the kept list says besides: the headings for up to so many people, and of the list's age."""
    import words

    return {
        **on_the_phone(),
        "soon": [words.look_up_for(n) for n in range(1, shown + 1)],
        "later": [words.later_today(n) for n in range(1, shown + 1)],
        "some": [words.some_time(n) for n in range(1, shown + 1)],
        "nobody": _("All here"),
        "find": _("Who has come in?"),
        "promises": _("Promised for today"),
        "shift": _("Shift"),
        "add": _("Add “%(name)s”, here now") % {"name": "{name}"},
        "note_on": _("A note on %(name)s") % {"name": "{name}"},
        "now": _("Now, %(time)s") % {"time": "{time}"},
        "new": _("new"),
    }


def _forms(counted: Any) -> dict[str, str]:
    """Return a counted sentence in each plural form of the language, by the name that browsers know the form by."""
    samples: dict[str, int] = {}
    for n in range(1, 201):
        samples.setdefault(cldr().plural_form(n), n)
    return {form: counted(n) for form, n in samples.items()}
