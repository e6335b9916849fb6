"""Days, clocks and numbers as each language has them; nobody's gender guessed; the terminal understood."""

import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

import words
from words import prompts, speaking

ROOT = Path(__file__).parent.parent.parent
TODAY = date(2026, 11, 24)  # a Tuesday


@pytest.fixture
def spanish():
    with words.in_language("es"):
        yield


class TestALocale:
    @pytest.mark.parametrize(
        ("language", "zone", "locale"),
        [
            ("en", "Europe/London", "en_GB"),
            ("en", "America/New_York", "en_US"),
            ("en", "Australia/Sydney", "en_AU"),
            ("en", "Asia/Kathmandu", "en_GB"),
            ("en", "UTC", "en_GB"),
            ("en", "", "en_GB"),
            ("es", "Europe/Madrid", "es_ES"),
            ("es", "America/Mexico_City", "es_MX"),
            ("es", "Europe/London", "es"),
            ("tlh", "Europe/London", "en_GB"),
        ],
    )
    def test_is_the_language_as_the_place_speaks_it(self, language, zone, locale):
        assert words.locale_for(language, zone) == locale

    @pytest.mark.parametrize("locale", ["es", "es_ES", "es_MX", "es_AR", "es_US"])
    def test_finds_its_languages_words_everywhere(self, locale):
        with words.in_language(locale):
            assert words._("Here") == "Aquí"
            assert words.language() == locale.replace("_", "-")

    def test_names_itself(self):
        assert words.languages() == {"en": "English", "es": "Español"}

    @pytest.mark.parametrize(("locale", "direction"), [("en_GB", "ltr"), ("es", "ltr"), ("ar", "rtl"), ("he", "rtl")])
    def test_has_a_direction(self, locale, direction):
        with words.in_language(locale):
            assert words.direction() == direction

    def test_ends_with_its_block(self):
        with words.in_language("es"), words.in_language("en_US"):
            assert words.language() == "en-US"
        assert words.language() == "en-GB"


class TestAClock:
    @pytest.mark.parametrize(
        ("locale", "at", "told"),
        [
            ("en_GB", 8 * 60 + 5, "8:05"),
            ("en_GB", 13 * 60, "13:00"),
            ("en_GB", 0, "0:00"),
            ("en_GB", 24 * 60, "0:00"),
            ("en_GB", datetime(2026, 11, 24, 20, 30), "20:30"),
            ("en_US", 8 * 60 + 5, "8:05 AM"),
            ("en_US", 12 * 60 + 30, "12:30 PM"),
            ("en_US", 0, "12:00 AM"),
            ("es", 8 * 60 + 5, "8:05"),
            ("es_ES", 20 * 60 + 5, "20:05"),
            ("es_MX", 20 * 60 + 5, "8:05 p.m."),
        ],
    )
    def test_tells_the_time_as_people_there_do(self, locale, at, told):
        with words.in_language(locale):
            assert words.clock_time(at) == told

    @pytest.mark.parametrize(
        ("locale", "minute", "told"),
        [
            ("en_GB", 65, "1:05"),
            ("es", 65, "la 1:05"),
            ("es", 125, "las 2:05"),
            ("es", 13 * 60, "las 13:00"),
            ("es_MX", 13 * 60, "la 1:00 p.m."),
            ("es", 25 * 60, "la 1:00"),
        ],
    )
    def test_has_its_article_in_a_sentence(self, locale, minute, told):
        with words.in_language(locale):
            assert words.at_time(minute) == told


class TestADay:
    @pytest.mark.parametrize(
        ("locale", "day", "told"),
        [
            ("en_GB", TODAY, "today"),
            ("en_GB", date(2026, 11, 23), "yesterday"),
            ("en_GB", date(2026, 11, 19), "Thursday"),
            ("en_GB", date(2026, 10, 2), "2 October"),
            ("en_GB", date(2016, 10, 2), "2 October 2016"),
            ("en_US", date(2016, 10, 2), "October 2, 2016"),
            ("es", TODAY, "hoy"),
            ("es", date(2026, 11, 23), "ayer"),
            ("es", date(2026, 11, 19), "el jueves"),
            ("es", date(2026, 10, 2), "el 2 de octubre"),
            ("es", date(2016, 10, 2), "el 2 de octubre de 2016"),
        ],
    )
    def test_is_told_as_people_say_it(self, locale, day, told):
        with words.in_language(locale):
            assert words.short_day(day, TODAY) == told

    @pytest.mark.parametrize(("locale", "told"), [("en_GB", "Tuesday 24 November"), ("es", "Martes 24 de noviembre")])
    def test_heads_a_page(self, locale, told):
        with words.in_language(locale):
            assert words.long_day(TODAY) == told

    @pytest.mark.parametrize(
        ("locale", "told"),
        [
            ("en_GB", ["Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"]),
            ("es", ["lunes", "martes", "miércoles", "jueves", "viernes", "sábados", "domingos"]),
        ],
    )
    def test_has_its_plural(self, locale, told):
        with words.in_language(locale):
            assert [words.weekdays_of(day) for day in range(7)] == told


@pytest.mark.usefixtures("spanish")
class TestSpanish:
    @pytest.mark.parametrize(
        ("reason", "window", "told"),
        [
            ({"kind": "weekdays", "timed": True, "came": 5, "of": 6}, (720, 740), "entre semana suele venir de 12:00 a 12:20"),
            (
                {"kind": "weekday-around", "weekday": 5, "minute": 495, "came": 4}, None,
                "viene casi todos los sábados hacia las 8:15",
            ),
            ({"kind": "weekday", "weekday": 1, "came": 3, "of": 3}, None, "vino los últimos tres martes"),
            ({"kind": "weekday", "weekday": 6, "came": 3, "of": 4}, None, "vino 3 de los últimos 4 domingos"),
            ({"kind": "every-n-days", "gap": 3}, None, "viene cada 3 días más o menos"),
            ({"kind": "new-face", "came": 1}, None, "cara nueva, vino una vez"),
            ({"kind": "new-face", "came": 2}, None, "cara nueva, vino 2 veces"),
        ],
    )  # fmt: skip
    def test_says_why_somebody_is_listed(self, reason, window, told):
        assert words.reason(reason, window) == told

    @pytest.mark.parametrize(
        ("n", "told"), [(1, "Una persona por saludar"), (2, "Dos por saludar"), (13, "13 por saludar")]
    )
    def test_counts_people(self, n, told):
        assert words.look_up_for(n) == told

    @pytest.mark.parametrize(
        ("pronoun", "told"),
        [
            ("she", "Di que te alegra verla de nuevo."),
            ("he", "Di que te alegra verlo de nuevo."),
            ("they", "Di que te alegra verle de nuevo."),
            ("", "Di que te alegra verle de nuevo."),
        ],
    )
    def test_guesses_nobodys_gender(self, pronoun, told):
        assert words.prompt({"id": "second-visit"}, SimpleNamespace(pronoun=pronoun), "warm").ask == told

    @pytest.mark.parametrize(
        ("minute", "told"),
        [
            (450, "Toda la semana ha venido a las siete y media."),
            (465, "Toda la semana ha venido a las ocho menos cuarto."),
            (720, "Toda la semana ha venido a mediodía."),
            (780, "Toda la semana ha venido a la una."),
            (765, "Toda la semana ha venido a la una menos cuarto."),
        ],
    )
    def test_tells_the_hour_as_it_is_spoken(self, minute, told):
        said = words.prompt({"id": "all-week", "minute": minute}, SimpleNamespace(pronoun=""), "plain")
        assert said.fact == told

    @pytest.mark.parametrize("word", ["customer", "guest", "client", "patient", "member", "reader"])
    def test_has_the_shops_word_for_those_who_come(self, word):
        one, many = words.called(word), words.called(word, 2)
        assert one != word
        assert many not in (one, f"{word}s")
        assert one in words.find_whom(word)
        assert one in words.choose_whom(word)

    def test_has_a_word_of_its_own_for_each(self):
        each = {words.called(word, 2) for word in ("customer", "guest", "client", "patient", "member", "reader")}
        assert len(each) == 6


class TestTones:
    @pytest.mark.parametrize("locale", ["en_GB", "es"])
    def test_differ_and_show_how(self, locale):
        with words.in_language(locale):
            shown = words.tones()
        assert [tone for tone, _name, _example in shown] == ["plain", "warm", "playful"]
        assert len({name for _tone, name, _example in shown}) == len({example for _t, _n, example in shown}) == 3


class TestTheTerminal:
    @pytest.mark.parametrize(
        ("environment", "locale"),
        [
            ({"LANG": "es_ES.UTF-8"}, "es"),
            ({"LANG": "en_US.UTF-8", "LC_ALL": "es"}, "es"),
            ({"LANG": "es_ES", "LC_MESSAGES": "C"}, "en_GB"),
            ({"LANG": "C.UTF-8"}, "en_GB"),
            ({"LANG": "de_DE.UTF-8"}, "en_GB"),
            ({"LANG": ""}, "en_GB"),
            ({}, "en_GB"),
        ],
    )
    def test_asks_for_a_language(self, environment, locale):
        assert speaking.locale_of_terminal(environment) == locale

    def test_is_answered_in_it(self, tmp_path):
        command = [sys.executable, str(ROOT / "cli.py"), "checksum", "--data", str(tmp_path / "none")]
        environment = {**os.environ, "LC_ALL": "es_ES.UTF-8", "PYTHONUTF8": "1"}
        run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert run.returncode == 1
        assert "Aún no hay ningún local" in run.stderr


def test_every_prompt_has_its_words():
    assert set(prompts.SAYS) == set(prompts.EXPLAINS)
