"""The template lint lets good markup pass and names each kind of slip with its line."""

import pytest

from tools.lint_templates import main, problems

GOOD = {
    "a translated word": '<p>{{ _("Nobody is expected.") }}</p>',
    "a value": '<b class="person">{{ row.name }}</b>',
    "a word inside trans": "<p>{% trans %}Here since <b>{{ time }}</b>{% endtrans %}</p>",
    "trans with a count": "{% trans count=n %}one visit{% pluralize %}{{ count }} visits{% endtrans %}",
    "trans that swallows space": "{%- trans -%} Here {%- endtrans -%}\n<p>{{ x }}</p>",
    "punctuation and entities": "<p>{{ a }}, {{ b }}&nbsp;&middot; 3 &times; (…)</p>",
    "a comment with words": "{# Needs: row #}<!-- a note --><i></i>",
    "quotes inside an expression": '<a href="{{ url_for("today.show") }}">{{ _("Today") }}</a>',
    "a dict inside an expression": '<a data-x="{{ {"a": {"b": 1}}|tojson }}">{{ x }}</a>',
    "an attribute in a condition": '<a href="/x" {% if here %}aria-current="page"{% endif %}>{{ x }}</a>',
    "an attribute made by a macro": "<form {{ swaps('post', to) }} method=\"post\">{{ action_field() }}</form>",
    "an attribute without a value": '<input type="checkbox" checked name="a">',
    "a translated label": '<button aria-label="{{ _("Undo") }}" title="{% trans %}Undo{% endtrans %}">{{ x }}</button>',
    "an empty alt": '<img src="/static/a.svg" alt="">',
    "a drawing": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M12 4.5v3"/></svg>',
    "a script with an address": '<script src="{{ script }}" nonce="{{ nonce }}" defer></script>',
    "a page": '<!doctype html>\n<html lang="{{ lang }}"><head><title>{{ title }}</title></head></html>',
    "a command to type": "<p>{{ _('Type this:') }} <code>./regulars doctor</code></p>",
    "a name that stays": '<span translate="no">Regulars</span>',
    "a hidden value": '<input type="hidden" name="lifetime" value="always">',
    "a word that contains safe": "{{ row.is_safe }}{% if safe %}{% endif %}{{ x|safest }}",
    "a greater sign in an attribute": '<i data-rule="a > b"></i>',
    "a minus that swallows lines": "{%- if a -%}\n\n<i>{{ b }}</i>\n{%- endif -%}",
}

BAD = {
    "safe": ("{{ note|safe }}", "safe", 1),
    "safe with blanks": ("<p>\n{{ note | e\n | safe }}</p>", "safe", 3),
    "safe as a block": ("{% filter safe %}{{ x }}{% endfilter %}", "safe", 1),
    "escaping off": ("{% autoescape false %}{{ x }}{% endautoescape %}", "safe", 1),
    "an unquoted expression": ("<a href={{ url }}>{{ x }}</a>", "quotes", 1),
    "an unquoted word": ("<p>{{ x }}</p>\n<input\n type=text>", "quotes", 3),
    "unquoted after a blank": ('<a class = {{ x }} id="a">{{ x }}</a>', "quotes", 1),
    "a script": ("<script>go()</script>", "inline", 1),
    "a script with data": ('<script type="application/json">{{ x|tojson }}</script>', "inline", 1),
    "a style sheet": ("<style>p { top: 0 }</style>", "inline", 1),
    "a style": ('<p style="top: 0">{{ x }}</p>', "inline", 1),
    "a handler": ('<p onclick="go()">{{ x }}</p>', "inline", 1),
    "a script address": ('<a href=" javascript:go()">{{ x }}</a>', "inline", 1),
    "another site": ('<img src="https://example.org/a.png" alt="">', "address", 1),
    "another site in an expression": ('{% set a = "http://example.org" %}', "address", 1),
    "another site without a scheme": ('<img src="//example.org/a.png" alt="">', "address", 1),
    "htmx by hand": ('\n<a hx-get="/x">{{ x }}</a>', "htmx", 2),
    "htmx as data": ('<a data-hx-get="/x">{{ x }}</a>', "htmx", 1),
    "htmx in an expression": ("<a {{ {'hx-get': url}|xmlattr }}>{{ x }}</a>", "htmx", 1),
    "a bare word": ("<p>\n  Undo\n</p>", "words", 2),
    "a word between values": ("<p>{{ n }} visits</p>", "words", 1),
    "a word in a condition": ("{% if late %}Late{% endif %}", "words", 1),
    "a word after trans": ("{% trans %}Here{% endtrans %} now", "words", 1),
    "a word in another alphabet": ("<p>Сегодня</p>", "words", 1),
    "a word after swallowed lines": ("{% if a -%}\n\n\nLate{% endif %}", "words", 4),
    "a title": ("<title>Today</title>", "words", 1),
    "an option": ('<option value="a">Morning</option>', "words", 1),
    "a bare label": ('<button\n aria-label="Undo">{{ x }}</button>', "words", 2),
    "a label in a condition": ('<i title="{% if a %}Yes{% endif %}"></i>', "words", 1),
    "a bare placeholder": ('<input type="text" placeholder="Name">', "words", 1),
    "a button's value": ('<input type="submit" value="Save">', "words", 1),
    "a broken template": ("<p>\n{{ 'a }}</p>", "syntax", 2),
}


@pytest.mark.parametrize("source", GOOD.values(), ids=GOOD.keys())
def test_good_markup_passes(source):
    assert problems("today/show.html", source) == []


@pytest.mark.parametrize(("source", "rule", "line"), BAD.values(), ids=BAD.keys())
def test_a_slip_is_named_with_its_line(source, rule, line):
    assert [(problem.rule, problem.line) for problem in problems("today/show.html", source)] == [(rule, line)]


def test_only_the_macros_write_htmx_attributes():
    source = '{% macro swaps(how, to) %}hx-{{ how }}="{{ to }}" hx-target="this"{% endmacro %}'
    assert problems("_macros.html", source) == []
    assert {problem.rule for problem in problems("today/_macros.html", source)} == {"htmx"}


@pytest.mark.parametrize("name", ["row.htmx", "row.j2", "row.jinja", "row", "row.HTML"])
def test_files_that_flask_would_not_escape_are_refused(name):
    assert [problem.rule for problem in problems(name, "")] == ["suffix"]


def test_words_for_machines_are_left_alone():
    assert problems("calendar.ics", "BEGIN:VEVENT\nSUMMARY:{{ summary }}\nEND:VEVENT") == []
    assert [problem.rule for problem in problems("mail/reminder.txt", "Dear {{ name }}")] == ["words"]


def test_the_command_names_file_and_line(tmp_path, capsys):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "good.html").write_text("<p>{{ x }}</p>\n", encoding="utf-8")
    assert main([str(folder)]) == 0
    (folder / "bad.html").write_text("<p>{{ x }}</p>\nOops\n", encoding="utf-8")
    assert main([str(folder)]) == 1
    assert "templates/bad.html:2: words:" in capsys.readouterr().out
