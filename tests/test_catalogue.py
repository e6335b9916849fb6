"""The catalogues hold every word the app says, each language has them all, and what the app reads was compiled from that."""

import re
import shutil
from io import BytesIO

import pytest
from babel.messages.pofile import read_po

from tools import catalogue
from tools.catalogue import faults, key_of, said

HEADER = (
    'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
)


def message(text: str):
    """Return the only message of a piece of a .po file."""
    (found,) = said(read_po(BytesIO((HEADER + text).encode()), locale="es")).values()
    return found


def test_nothing_is_missing_unsure_or_out_of_step():
    assert catalogue.problems() == []


def test_there_is_a_second_language():
    assert "es" in catalogue.languages()


def test_those_who_come_are_called_as_the_shop_calls_them():
    """What staff read never says customer (or guest, ...) outright: `words.called` fills in the shop's own word."""
    own = {"customer", "guest", "client", "patient", "member", "reader"}
    own |= {f"{word}s" for word in own}
    read_by_staff = ("templates/", "words/", "views/")
    told = [
        text
        for (_context, text), message in said(catalogue.extracted()).items()
        if any(place.startswith(read_by_staff) for place, _line in message.locations) and text not in own
        if own & set(re.findall(r"[a-z]+", re.sub(r"%\(\w+\)s", "", text).lower()))
    ]
    assert told == []


class TestExtraction:
    @pytest.fixture
    def house(self, tmp_path, monkeypatch):
        """A small house of its own: one view, one template, no translation."""
        (tmp_path / "views").mkdir()
        (tmp_path / "templates" / "today").mkdir(parents=True)
        monkeypatch.setattr(catalogue, "ROOT", tmp_path)
        monkeypatch.setattr(catalogue, "TRANSLATIONS", tmp_path / "translations")
        monkeypatch.setattr(catalogue, "TEMPLATE", tmp_path / "translations" / "regulars.pot")
        (tmp_path / "views" / "today.py").write_text(
            "# Translators: what a list says when it is empty\n"
            'told = _("Nobody is expected.")\n'
            'many = ngettext("%(n)s visit", "%(n)s visits", n)\n'
            'word = pgettext("object pronoun", "her")\n'
        )
        (tmp_path / "templates" / "today" / "show.html").write_text(
            """<p>{{ _("Here") }}</p><i aria-label="{{ _('%(name)s is here', name=c.name) }}"></i>\n"""
            """{{ ngettext("%(n)s here:", "%(n)s here:", 2) }}"""
        )
        return tmp_path

    def test_finds_what_code_and_templates_say(self, house):
        found = said(catalogue.extracted())
        assert set(found) == {
            (None, "Nobody is expected."),
            (None, "%(n)s visit"),
            ("object pronoun", "her"),
            (None, "Here"),
            (None, "%(name)s is here"),
            (None, "%(n)s here:"),
        }
        assert found[None, "Nobody is expected."].auto_comments == ["what a list says when it is empty"]

    @pytest.mark.parametrize(
        ("file", "text"),
        [
            ("views/today.py", 'told = _(f"{n} here")\n'),
            ("views/today.py", "told = _(name)\n"),
            ("views/today.py", 'told = ngettext("one", many, n)\n'),
            ("templates/today/show.html", "<p>{{ _(line.reason) }}</p>"),
        ],
    )
    def test_names_a_message_that_is_not_written_out(self, house, file, text):
        (house / file).write_text(text)
        assert catalogue.unreadable() == [f"{file}:1: write the message out, so that it can be translated"]

    def test_of_the_same_source_writes_the_same_bytes(self, house):
        catalogue.begin("es")
        files = [catalogue.TEMPLATE, catalogue.po_of("es"), catalogue.po_of("es").with_suffix(".mo")]
        before = [file.read_bytes() for file in files]
        catalogue.update()
        assert [file.read_bytes() for file in files] == before
        assert b"Creation-Date" not in before[0]
        header = catalogue.read(files[2]).header_comment + str(catalogue.read(files[2]).revision_date)
        assert "2026-01-01" in header  # not the moment it was compiled

    def test_keeps_what_was_translated_and_takes_in_what_is_new(self, house):
        catalogue.begin("es")
        po = catalogue.po_of("es")
        po.write_text(po.read_text().replace('msgid "Here"\nmsgstr ""', 'msgid "Here"\nmsgstr "Aquí"'))
        (house / "views" / "today.py").write_text('told = _("Which shop?")\n')
        catalogue.update()
        now = said(catalogue.read(po, "es"))
        assert now[None, "Here"].string == "Aquí"
        assert now[None, "Which shop?"].string == ""
        assert (None, "Nobody is expected.") not in now
        assert said(catalogue.read(po.with_suffix(".mo")))[None, "Here"].string == "Aquí"

    def test_keeps_the_translation_of_what_was_reworded_to_be_looked_at(self, house):
        catalogue.begin("es")
        po = catalogue.po_of("es")
        po.write_text(po.read_text().replace('expected."\nmsgstr ""', 'expected."\nmsgstr "No se espera a nadie."'))
        (house / "views" / "today.py").write_text('told = _("Nobody is expected yet.")\n')
        catalogue.update()
        reworded = said(catalogue.read(po, "es"))[None, "Nobody is expected yet."]
        assert (reworded.string, reworded.fuzzy) == ("No se espera a nadie.", True)
        assert (None, "Nobody is expected yet.") not in said(catalogue.read(po.with_suffix(".mo")))

    def test_says_what_is_out_of_step(self, house):
        catalogue.begin("es")
        assert all("is not translated" in problem for problem in catalogue.problems())
        (house / "views" / "today.py").write_text('told = _("All here")\n')
        assert "translations/regulars.pot is out of step with the source." in catalogue.problems()
        assert "translations/es/LC_MESSAGES/regulars.po is out of step with the source." in catalogue.problems()

    def test_says_when_what_the_app_reads_is_older(self, house):
        catalogue.begin("es")
        po = catalogue.po_of("es")
        po.write_text(po.read_text().replace('msgid "Here"\nmsgstr ""', 'msgid "Here"\nmsgstr "Aquí"'))
        told = "translations/es/LC_MESSAGES/regulars.mo was not compiled from what stands beside it."
        assert told in catalogue.problems()

    def test_begins_a_language_once(self, house, capsys):
        assert catalogue.main(["new", "fr"]) == 1  # for nothing is translated yet
        assert catalogue.languages() == ["fr"]
        assert catalogue.main(["new", "fr"]) == 1
        assert "begun already" in capsys.readouterr().err
        assert catalogue.main(["neu"]) == 2
        shutil.rmtree(house / "translations" / "fr")
        assert catalogue.main([]) == 0


class TestFaults:
    @pytest.mark.parametrize(
        "text",
        [
            'msgid "Here"\nmsgstr "Aquí"',
            'msgid "%(name)s is here"\nmsgstr "%(name)s está aquí"',
            'msgid "%(a)s and %(b)s"\nmsgstr "%(b)s y %(a)s"',
            'msgid "%(n)s visit"\nmsgid_plural "%(n)s visits"\nmsgstr[0] "una visita"\nmsgstr[1] "%(n)s visitas"',
            'msgid "Thank %(them)s for coming back."\nmsgstr "Dale las gracias por volver."',
        ],
        ids=["plain", "a placeholder", "in another order", "one without its number", "a pronoun left out"],
    )
    def test_none(self, text):
        assert faults(message(text)) == []

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ('msgid "Here"\nmsgstr ""', "is not translated"),
            ('msgid "%(n)s visit"\nmsgid_plural "%(n)s visits"\nmsgstr[0] "a"\nmsgstr[1] ""', "is not translated"),
            ('#, fuzzy\nmsgid "Here"\nmsgstr "Aquí"', "is marked fuzzy"),
            ('msgid "%(name)s is here"\nmsgstr "está aquí"', "leaves out name"),
            ('msgid "%(name)s is here"\nmsgstr "%(name)s está aquí, %(nombre)s"', "asks for nombre"),
            ('msgid "%(n)s visit"\nmsgid_plural "%(n)s visits"\nmsgstr[0] "a"\nmsgstr[1] "b"', "leaves out n"),
            ('msgid "%(name)s is here"\nmsgstr "%(name) está aquí"', "leaves out name"),
            ('msgid "%(n)s of it"\nmsgstr "%(n)s (100 %)"', "cannot be filled in"),
            ('msgid "Here: "\nmsgstr "Aquí:"', "begins or ends with another blank"),
        ],
    )
    def test_one(self, text, fault):
        found = faults(message(text))
        assert found
        assert found[0].startswith(fault)

    def test_a_context_makes_another_message(self):
        assert key_of(message('msgctxt "object pronoun"\nmsgid "her"\nmsgstr "la"')) == ("object pronoun", "her")
