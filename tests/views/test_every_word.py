"""Every word a person can see, hear or be told goes through the catalogue.

The app is made to speak a language that does not exist: each message of translations/regulars.pot comes back as ⟦áççéñtéd⟧,
days and lists as Finnish has them. What stands on a page and is neither that, nor something people wrote, was never
given to a translator.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from babel.support import NullTranslations
from peewee import OperationalError, TextField
from werkzeug.exceptions import HTTPException

import app as wiring
import models
import words
from domain import access, first_run, links, phones
from domain.channels import SET_UP
from domain.people import WHOLE
from domain.promises import digest, new_secret
from domain.reminders_told import OTHERS, Figures
from models import Appointment, Customer, HandOver, Note, Promise, Session, Shop, Staff
from tests.browser import worlds
from tests.conftest import TUESDAY, Phone, signed_in
from tools import catalogue
from tools.lint_templates import SPOKEN
from views import answers, this_phone
from words import speaking

LANGUAGE = "fi"  # so that an English weekday that does not come from the locale is found out as well
ACCENTS = str.maketrans("aceinosuyACEINOSUY", "áçéíñóšúýÁÇÉÍÑÓŠÚÝ")
PIECES = re.compile(r"(%\(\w+\)[sd]|%%)")


def dressed(text: str) -> str:
    """Return a message as nobody writes it, its placeholders as they were."""
    return "⟦" + "".join(p if PIECES.fullmatch(p) else p.translate(ACCENTS) for p in PIECES.split(text)) + "⟧"


class Pseudo(NullTranslations):
    """A catalogue of everything the template holds, and of nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.known = set(catalogue.said(catalogue.read(catalogue.TEMPLATE)))

    def gettext(self, message: str) -> str:
        return dressed(message) if (None, message) in self.known else message

    def ngettext(self, one: str, many: str, n: int) -> str:
        return dressed(one if n == 1 else many) if (None, one) in self.known else many

    def pgettext(self, context: str, message: str) -> str:
        return dressed(message) if (context, message) in self.known else message


# -- what stands on a page

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "use", "path"}
UNREAD = {"script", "style", "template"}
AS_WRITTEN = {"bdi", "code", "kbd", "samp"}  # a name, or something to type
TOLD_BY_META = {"description", "application-name", "apple-mobile-web-app-title"}


class Read(HTMLParser):
    """Collect every text a page shows or speaks, with where it stands."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []  # tag, and whether what is inside needs no translation
        self.found: list[tuple[str, str]] = []
        # A name, or a link in a heading, stands in the middle of a sentence: what follows it goes on with the text
        self.goes_on = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.goes_on = tag == "a" and self._in_heading()
        given = {name: value or "" for name, value in attrs}
        written = tag in UNREAD | AS_WRITTEN or given.get("translate") == "no" or (bool(self.open) and self.open[-1][1])
        spoken = {name for name in given if name in SPOKEN or (name.startswith("data-") and " " in given[name])}
        if tag == "input" and given.get("type") in ("submit", "button", "reset"):
            spoken.add("value")
        if tag == "meta" and given.get("name") in TOLD_BY_META:
            spoken.add("content")
        for name in spoken if not written else ():
            self.found += [(f"<{tag} {name}>", text) for text in texts_of(given[name])]
        if tag not in VOID:
            self.open.append((tag, written))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass
        self.goes_on = tag == "bdi" or (tag == "a" and self._in_heading())

    def _in_heading(self) -> bool:
        return bool(self.open) and self.open[-1][0] == "h1"

    def handle_data(self, text: str) -> None:
        if not self.open or not self.open[-1][1]:
            place, before = self.found.pop() if self.goes_on and self.found else ("", "")
            place = place or (f"<{self.open[-1][0]}>" if self.open else "")
            self.found.append((place, f"{before} {text}"))
            self.goes_on = False


def texts_of(attribute: str) -> list[str]:
    """Return the texts of an attribute: several where it holds those that a script says."""
    if not attribute.startswith('{"'):
        return [attribute]
    told = json.loads(attribute)
    held = [
        (value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value])
        for value in told.values()
    ]
    return [text for texts in held for text in texts]


# Columns that programs write: what stands in them is no excuse for an English word on a page
OF_MACHINES = {"zone", "language", "lang", "source_id", "search_name", "word", "digest", "key", "action", "chips"}


def written_by_people() -> list[str]:
    """Return what people wrote, the longest first: names, notes, what somebody has."""
    found = set()
    for table in models.TABLES:
        for field in table._meta.sorted_fields:
            one_of_some = any(" IN (" in check.sql for check in field.constraints or [])
            of_machines = one_of_some or field.name in OF_MACHINES or field.name.endswith("_hash")
            if type(field) is TextField and not of_machines:
                found |= {value for (value,) in table.select(field).distinct().tuples() if value}
    found |= {staff.name[:2] for staff in Staff.select()}
    return sorted((text for text in found if any(c.isalpha() for c in text)), key=len, reverse=True)


def dates_of(locale: str) -> list[str]:
    """Return the words of days and lists in a locale, the longest first."""
    cldr = Locale.parse(locale)
    forms = [form for kind in (cldr.days, cldr.months) for form in kind.values()]
    found = [name for form in forms for width in ("wide", "abbreviated") for name in form[width].values()]
    found += [
        text.replace("{0}", "").replace("{1}", "").strip(" ,") for text in cldr.list_patterns["standard"].values()
    ]
    return sorted((text for text in found if text.strip(" ,.")), key=len, reverse=True)


def bare(html: str, data: list[str]) -> list[str]:
    """Return each text of a page, with its place, that no translator was given and no person wrote."""
    told, known = [], one_of(tuple(data))
    for place, text in Read(html).found:
        left = without_wrapped(text)
        if any(c.isalpha() for c in left) and any(c.isalpha() for c in known.sub(" ", left)):
            told.append(f"{place} {' '.join(text.split())!r}")
    return told


@lru_cache(maxsize=9)
def one_of(texts: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds each of the texts as whole words, the longest first."""
    found = "|".join(re.escape(text) for text in sorted(set(texts), key=len, reverse=True))
    return re.compile(rf"(?<![^\W\d_])(?:{found})(?![^\W\d_])", re.IGNORECASE)


def without_wrapped(text: str) -> str:
    """Return the text without what stands between ⟦ and ⟧, however deep; a lone bracket stays."""
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = shorter
    return text


# -- the pages


@pytest.fixture(autouse=True)
def pseudo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the language that does not exist in force, for shops and phones that ask for it."""
    there = Pseudo()
    names = {"en": "English", "es": "Español", LANGUAGE: "Suomi"}
    before = speaking.catalogue
    forget()
    monkeypatch.setattr(speaking, "catalogue", lambda locale: there if locale.startswith(LANGUAGE) else before(locale))
    for module in (speaking, words):
        monkeypatch.setattr(module, "languages", lambda: names)


def forget() -> None:
    """Let what is kept of which languages there are be found out anew."""
    for kept in (speaking.locale_for, this_phone.looked, this_phone.spoken):
        kept.cache_clear()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a world's database by its name, each built once a run: one engine is enough for words."""
    there: dict[str, Path] = {}

    def world(name: str) -> Path:
        if name not in there:
            there[name] = tmp_path_factory.mktemp(f"words-{name}") / "regulars.db"
            worlds.build(name, f"sqlite:///{there[name]}")
        return there[name]

    return world


@pytest.fixture
def world() -> str:
    return "demo"


@pytest.fixture
def storage(built: Callable[[str], Path], world: str, tmp_path: Path) -> Iterator[wiring.Config]:
    data = tmp_path / "data"
    data.mkdir()
    worlds.copy_into(built(world), data / "regulars.db")
    config = wiring.Config(data=data, database_url="")
    wiring.open_storage(config, migrate=False)
    yield config
    models.db.close()
    forget()


@pytest.fixture
def shop(storage: wiring.Config) -> Shop:
    """A shop whose people speak the language that does not exist."""
    Shop.update(language=LANGUAGE).execute()
    return Shop.select().order_by(Shop.id).first()


@pytest.fixture
def data(shop: Shop) -> list[str]:
    return written_by_people() + dates_of(LANGUAGE)


@pytest.fixture
def staff(server: Any, shop: Shop) -> Phone:
    return inside(server, Staff.get((Staff.role == "staff") & Staff.left_at.is_null()), shop)


@pytest.fixture
def owner(server: Any, shop: Shop) -> Phone:
    return inside(server, Staff.get(Staff.role == "owner"), shop, "owner")


def inside(server: Any, person: Staff, shop: Shop, kind: str = "phone") -> Phone:
    phone = signed_in(server, person, kind)
    Session.update(shop=shop).where(Session.staff == person).execute()
    return phone


@pytest.fixture
def nobody(server: Any, shop: Shop) -> Phone:
    """A browser nobody is signed in on, which asks for the language that does not exist."""
    client = server.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = LANGUAGE
    return Phone(client)


def arguments(shop: Shop) -> dict[str, list[Any]]:
    """Return what stands in addresses, by the name it has there."""
    known = Customer.select().join(Note).order_by(Customer.id).first() or Customer.get()
    plain = Customer.select().order_by(Customer.id.desc()).first()
    sam = Staff.get(Staff.role == "staff")
    return {
        "customer_id": [known.id, plain.id, 99999],
        "visit_id": [1],
        "staff_id": [sam.id],
        "shop_id": [shop.id],
        "phone_id": [1],
        "invitation_id": [phones.new_code(sam)[1].id],
        "token": [
            access.invite(sam, "phone").token,
            access.invite(Staff.get(Staff.role == "owner"), "owner").token,
            "x",
        ],
        "secret": [link_to_confirm(plain, shop), *signed_links(plain, shop), "x"],
        "prompt": ["third-weekday"],
        "which": [*WHOLE],
        "listed": [*OTHERS, *Figures.__slots__, "lost-email"],
        "way": [*SET_UP],
        "step": [*first_run.STEPS],
    }


def link_to_confirm(customer: Customer, shop: Shop) -> str:
    """Return the secret of a link by which something promised can be confirmed."""
    secret = new_secret(shop.today())
    Promise.create(
        customer=customer,
        shop=shop,
        text="Write to her",
        day=shop.today(),
        at=TUESDAY,
        kept_at=TUESDAY,
        token_hash=digest(secret),
    )
    return secret


def signed_links(customer: Customer, shop: Shop) -> list[str]:
    """Return the secrets of what a reminder leads to: an appointment to answer about, and no more mail."""
    until = shop.today() + timedelta(days=9)
    starts = TUESDAY + timedelta(days=2)
    one = Appointment.create(customer=customer, shop=shop, day=starts.date(), starts_at=starts)
    about = (("visit", one.id, 1), ("mail", customer.id, shop.id))
    return [links.sign(shop.business_id, kind, *numbers, until=until) for kind, *numbers in about]


SILENT = {
    "health.healthz",
    "health.readyz",
    "built_asset",
    "static",
    "api.export",
    "certificate.crt",
    "certificate.pem",
}  # nothing in them is for people


def addresses(server: Any, shop: Shop) -> Iterator[str]:
    """Yield every address that can be opened, its places filled in; a place nobody told us of is a mistake."""
    values = arguments(shop)
    with server.test_request_context():
        for rule in sorted(server.url_map.iter_rules(), key=str):
            if "GET" not in rule.methods or rule.endpoint in SILENT:
                continue
            urls = [""]
            filled: list[dict[str, Any]] = [{}]
            for name in sorted(rule.arguments):
                assert name in values or name.endswith("_id"), f"{rule}: tell `arguments` what {name} can be"
                filled = [{**one, name: value} for one in filled for value in values.get(name, [1])]
            urls = [server.url_for(rule.endpoint, _external=False, **one) for one in filled]
            yield from urls


def check(answer: Any, data: list[str], where: str) -> list[str]:
    """Return what is bare in an answer: of a page each text, of an API's answer each sentence."""
    if answer.mimetype == "text/html" and answer.status_code // 100 != 3:  # of that nobody sees the text
        return [f"{where}: {told}" for told in bare(answer.get_data(as_text=True), data)]
    if answer.mimetype == "application/problem+json":
        title = answer.json["title"]
        return [f"{where}: {title}"] if any(c.isalpha() for c in without_wrapped(title)) else []
    return []


def test_of_the_end_of_a_shift(server, shop, staff, owner, nobody, data):
    told = []
    data += ["Rye is out", "until Friday", *(one.name[:2] for one in Staff.select())]
    sam = Staff.get((Staff.role == "staff") & Staff.left_at.is_null())
    for text, whom in (("Rye is out", ""), ("until Friday", str(sam.id)), ("", "")):
        told += check(inside(server, sam, shop).post("/shift", {"text": text, "for": whom}), data, f"leave {text!r}")
    after = inside(server, sam, shop)
    for where in ("/today", "/shift", "/shift/brief", "/sign-in"):
        told += check(after.get(where), data, where)
    for line in HandOver.select():
        for act in ("seen", "undo"):
            for htmx in (True, False):
                told += check(after.post(f"/shift/lines/{line.id}/{act}", htmx=htmx), data, f"{act} of a line")
        told += check(after.get("/shift"), data, "the shift after")
    told += check(nobody.post("/shift", {"text": "Rye is out"}), data, "left after the end")
    assert HandOver.select().count()
    assert not told, "\n".join(told)


def test_of_every_page(server, shop, staff, owner, nobody, data):
    told, seen = [], 0
    data += ["xan", "jo"]
    for who, phone in {"staff": staff, "owner": owner, "nobody": nobody}.items():
        for address in [*addresses(server, shop), "/find?q=jo", "/find?q=xan", "/nothing", "/settings?saved=1"]:
            for headers in ({}, {"HX-Request": "true"}):
                answer = phone.get(address, headers=headers)
                told += check(answer, data, f"{who} at {address}{' (partial)' if headers else ''}")
                seen += answer.mimetype == "text/html" and answer.status_code == 200
    assert seen > 40  # else something else was read than pages
    assert not told, "\n".join(told)


@pytest.mark.parametrize("world", sorted(set(worlds.WORLDS) - {"demo", "present"}))
def test_of_the_day_in_every_state(server, staff, data):
    told = []
    for address in ("/today", "/find", *(f"/customers/{one.id}" for one in Customer.select().limit(4))):
        told += check(staff.get(address), data, address)
    assert not told, "\n".join(told)


def test_of_what_is_told_after_each_act(server, shop, staff, owner, nobody, data):
    one = Customer.get()
    note = Note.select().where(Note.customer == one.id).first() or Note.get()
    visits = f"/customers/{one.id}/visits"
    sam = Staff.get(Staff.role == "staff")
    acts = [
        (staff, visits, {}),
        (staff, visits, {"from": "card"}),
        (staff, f"/customers/{one.id}/prompts", {"prompt": "none"}),
        (staff, "/visits/1/undo", {}),
        (staff, f"/customers/{one.id}/notes", {"text": "Window seat.", "chip": "usual"}),
        (staff, f"/customers/{one.id}/notes", {"text": "By the door.", "seen_by": "private"}),
        (staff, f"/customers/{one.id}/notes", {}),
        (staff, f"/customers/{one.id}/private-notes", {}),
        (staff, f"/customers/{one.id}/edit", {"name": "", "pronoun": "it"}),
        (staff, f"/customers/{one.id}/edit", {"name": "Rosa", "usual": "Tea"}),
        (staff, "/customers", {"name": ""}),
        (staff, "/customers", {"name": "Red scarf"}),
        (staff, "/customers", {"name": one.name}),
        (staff, f"/notes/{note.id}", {"text": "By the wall", "base": note.text}),
        (staff, f"/notes/{note.id}", {"text": "By the hall", "base": "older"}),
        (staff, f"/notes/{note.id}", {"text": ""}),
        (staff, f"/notes/{note.id}/open", {}),
        (staff, f"/customers/{one.id}/edit", {"name": one.name, "wish": ["quick", "quiet", "no_notes"], "child": "on"}),
        (staff, f"/customers/{one.id}/notes", {"text": "Too late"}),
        (staff, "/find", {"q": "xan"}),
        (staff, "/shift", {"text": "x" * 2000}),
        (staff, "/shift", {"text": "Rye is out", "for": "99999"}),
        (staff, "/customers/99999/visits", {}),
        (staff, "/this-phone", {}),
        (staff, "/notices", {"kind": "late", "endpoint": "x"}),
        (owner, "/settings", {"name": "", "zone": "x", "called": "x", "same_visit_minutes": "x", "opens_1": "x"}),
        (owner, "/settings", {"name": shop.name, "language": "x", "tone": "x"}),
        (owner, "/team", {"name": "", "pin": "1"}),
        (owner, f"/team/{sam.id}/pin", {"pin": "1"}),
        (owner, f"/team/{sam.id}/phone", {}),
        (owner, "/phones/1/name", {"name": "Counter"}),
        (owner, "/phones/1/shut-out", {}),
        (nobody, "/sign-in", {"staff": "99"}),
        (nobody, "/enrol/", {"code": "NOPE"}),
        (nobody, visits, {}),
    ]
    told = []
    data += ["Window seat", "By the door", "By the wall", "By the hall", "Red scarf", "Rosa", "Tea", "xan", "x" * 2000]
    data += ["Rye is out", "Too late", "Counter"]
    for phone, path, form in acts:
        for htmx in (True, False):
            answer = phone.post(path, dict(form), htmx=htmx)
            told += check(answer, data, f"POST {path} {form}{' (partial)' if htmx else ''}")
            if answer.status_code == 303 and not htmx:
                told += check(phone.get(answer.location), data, f"POST {path} {form}, after it")
    assert not told, "\n".join(told)


def test_of_signing_in_on_a_known_phone(server, shop, data):
    sam = Staff.get(Staff.role == "staff")
    phone, secret = access.admit_phone(sam, "Sam’s phone")
    client = server.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = LANGUAGE
    client.set_cookie("regulars-phone", secret)
    asking = Phone(client)
    told = check(asking.get("/sign-in"), data, "sign in")
    for _ in range(12):
        told += check(asking.post("/sign-in", {"staff": sam.id, "pin": "9999"}), data, "a wrong PIN")
    access.shut_out(phone)
    told += check(asking.get("/sign-in"), data, "shut out")
    assert not told, "\n".join(told)


@pytest.mark.parametrize("path", ["/today", "/api/v1/actions"])
@pytest.mark.parametrize("htmx", [True, False])
def test_of_every_problem(server, shop, data, path, htmx):
    told = []
    for code in [*answers.WORDS, 500]:
        with server.test_request_context(path, headers={"HX-Request": "true"} if htmx else {}):
            with suppress(HTTPException):  # nobody is signed in
                server.preprocess_request()
            with words.in_language(LANGUAGE):
                told += check(answers.problem(code), data, f"problem {code}")
    assert not told, "\n".join(told)


@pytest.mark.parametrize("fault", [OperationalError("locked"), RuntimeError("broken")])
def test_of_a_page_that_breaks(server, staff, data, monkeypatch, fault):
    def broken(*_args, **_kwargs):
        raise fault

    monkeypatch.setattr("views.find.likely", broken)
    answer = staff.get("/find")
    assert answer.status_code in (500, 503)
    assert check(answer, data, "broken") == []


def test_of_a_day_hours_later(server, shop, staff, data, at):
    told = []
    for hours in (2, 4, 8, 11):
        at(TUESDAY + timedelta(hours=hours))
        told += check(staff.get("/today"), data, f"{hours} hours later")
    assert not told, "\n".join(told)


# -- the check itself


class TestTheCheck:
    @pytest.mark.parametrize(
        "html",
        [
            "<p>⟦Hére⟧</p>",
            "<p>⟦Tháñk ⟦hér⟧ fór it⟧ · 8:15, 3</p>",
            "<b>Sam, ⟦ýéštérdáý⟧</b>",
            "<bdi>Wolfgang</bdi><span translate='no'>Español</span>",
            '<input placeholder="⟦Náme⟧" value="Typed"><script>let it = "be"</script>',
            '<i data-testid="today-row" data-label="⟦PÍÑ óf Sam⟧"></i>',
            "<p>tiistai 24. marraskuuta</p>",
        ],
    )
    def test_lets_pass(self, html):
        assert bare(html, ["Sam", *dates_of("fi")]) == []

    @pytest.mark.parametrize(
        "html",
        [
            "<p>Here</p>",
            "<p>⟦Hére⟧ now</p>",
            "<p>Samson</p>",
            "<p>Tuesday</p>",
            '<input placeholder="Name">',
            '<i aria-label="Close"></i>',
            '<i data-label="Not saved yet"></i>',
            "<title>⟦Regúlars⟧ for you</title>",
            '<meta name="description" content="Know your regulars">',
            "<p>⟦Hére</p>",
            "<bdi>Sam</bdi> is here",
        ],
    )
    def test_finds(self, html):
        assert len(bare(html, ["Sam", *dates_of("fi")])) == 1


# -- scripts

SCRIPTS = sorted((Path(__file__).parent.parent.parent / "static").glob("*.js")) + sorted(
    (Path(__file__).parent.parent.parent / "static" / "js").glob("*.js")
)
SHOWN = re.compile(
    r"""(?:textContent|innerText|innerHTML|title|placeholder|alt|ariaLabel|ariaDescription)\s*\+?=\s*["'`][^"'`]*[A-Za-z]"""
    r"""|(?:alert|confirm|prompt|append|prepend|replaceChildren|createTextNode)\(\s*["'`][^"'`]*[A-Za-z]"""
    r"""|setAttribute\(\s*["'](?:aria-label|title|placeholder|alt)["']\s*,\s*["'`]"""
    r"""|insertAdjacent(?:HTML|Text)\(\s*["']\w+["']\s*,\s*["'`][^"'`]*[A-Za-z]"""
)
SENTENCE = re.compile(r"""["'`][A-Z][a-z’']+(?: [\w’']+)+[.…!?]?["'`]""")


def without_comments(source: str) -> str:
    return re.sub(r"(?m)^\s*//.*$|\s//\s.*$|/\*.*?\*/", "", source, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_speaks_for_itself(path):
    """What a script shows it takes from the page (a data- attribute), which is translated."""
    source = without_comments(path.read_text(encoding="utf-8"))
    assert [found[0] for found in SHOWN.finditer(source)] + [found[0] for found in SENTENCE.finditer(source)] == []


@pytest.mark.parametrize(
    "source",
    ['p.textContent = "Saved"', 'alert("No")', 'const told = "Nothing was lost"', 'e.setAttribute("title", "x")'],
)
def test_a_script_that_speaks_is_found(source):
    assert SHOWN.search(source) or SENTENCE.search(source)
