"""A notice, from what is so in the shop to the browser that opens it: by a real service on the loopback."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

import pushing
from domain import access, notices
from models import Business, Notice, Shop, Subscription
from outside import push
from tests.conftest import TUESDAY, counted_queries
from tests.domain.test_notices import ask, enter, late as late, minutes, on_tuesday, owed as owed, silent as silent
from tests.outside.conftest import web_server as web_server
from tests.push_service import claims, served


@pytest.fixture
def service(web_server, monkeypatch):
    yield from served(web_server, monkeypatch.setenv)


@pytest.fixture
def asked(service, sam, late, at):
    """Sam asked the day before to be told when somebody is late, and it is so now."""
    at(TUESDAY - timedelta(days=1))
    session = enter(sam)
    ask(session, "late", "promise", place=service.browser().place)
    on_tuesday(at)
    return session


def test_is_told_in_words_that_name_nobody(asked, service, rosa, shop):
    assert pushing.push_due() == 1
    (told,) = service.told()
    assert told == {
        "kind": "late",
        "title": "Regulars",
        "text": "Somebody booked is late, and our reminder did not reach them. Open Today.",
        "path": "/today",
        "lang": "en-GB",
        "dir": "ltr",
    }
    (request,) = service.asked
    assert (request.headers["topic"], request.headers["urgency"]) == ("late", "high")
    assert request.headers["ttl"] == str(23 * 60)  # late since 8:05, and no news after 8:35
    said, key = claims(request.headers["authorization"])
    assert said["sub"] == "https://shop.example.org"
    assert key == push.public_key(pushing.secret_of(shop.business_id))


@pytest.mark.parametrize("kind", ["late", "promise", "silence"])
def test_holds_no_name_number_or_text_of_anybody(service, shop, owner, rosa, late, owed, silent, at, kind):
    at(TUESDAY - timedelta(days=1))
    session = access.session_for(access.start_session(owner, "owner"))
    assert session
    ask(session, kind, place=service.browser().place)
    on_tuesday(at)
    silent()
    pushing.push_due()
    (told,) = service.told()
    assert told["kind"] == kind
    for name in (rosa.name, "Rosa", "Marchetti", owner.name, shop.name, "Fenwick", "A loaf", "loaf"):
        assert name.casefold() not in repr(told).casefold()
    assert not any(letter.isdigit() for letter in repr(told))


def test_is_told_in_the_language_of_the_phone(asked, service):
    Shop.update(language="es").execute()
    pushing.push_due()
    Notice.delete().execute()
    Subscription.update(language="en").execute()
    pushing.push_due()
    assert [told["lang"] for told in service.told()] == ["es", "en-GB"]


def test_leads_to_pages_that_there_are(server):
    paths = {rule.rule for rule in server.url_map.iter_rules() if "GET" in rule.methods}
    assert set(notices.OPENS.values()) <= paths


def test_is_told_once(asked, service):
    assert [pushing.push_due(), pushing.push_due()] == [1, 0]
    assert len(service.asked) == 1


def test_that_was_cut_off_before_it_was_marked_is_told_once_more_in_the_same_place(asked, service, monkeypatch, at):
    class Killed(BaseException):
        """What no `except` of ours catches: as if the process were gone."""

    def killed(*_args):
        raise Killed

    with monkeypatch.context() as cut:
        cut.setattr(notices, "settle", killed)
        with pytest.raises(Killed):
            pushing.push_due()
    assert pushing.push_due() == 0, "somebody may be at it"
    at(TUESDAY + minutes(2))
    assert [pushing.push_due(), pushing.push_due()] == [1, 0]
    assert [asked.headers["topic"] for asked in service.asked] == ["late", "late"]


@pytest.mark.parametrize("status", [404, 410])
def test_of_a_browser_that_let_go_of_it_ends(asked, service, status):
    service.says.append((status, {}))
    pushing.push_due()
    assert (Subscription.select().count(), pushing.push_due()) == (0, 0)


def test_is_tried_again_when_the_service_says(asked, service, at):
    service.says += [(429, {"Retry-After": "300"}), (503, {})]
    assert pushing.push_due() == 1
    at(TUESDAY + timedelta(seconds=299))
    assert pushing.push_due() == 0
    at(TUESDAY + timedelta(seconds=300))
    assert pushing.push_due() == 1
    at(TUESDAY + timedelta(seconds=600))
    assert pushing.push_due() == 1
    assert [one.ended for one in Notice.select()] == ["sent"]
    assert len(service.asked) == 3


def test_is_given_up_after_a_few_times(asked, service, shop, at):
    service.says += [(500, {})] * 9
    for minute in range(30):
        at(TUESDAY + minutes(minute))
        pushing.push_due()
    assert len(service.asked) == 4
    assert [(one.ended, one.code) for one in Notice.select()] == [("given_up", "500")]
    assert Subscription.select().count() == 1


def test_is_not_waited_for_past_its_use(asked, service, at):
    service.says.append((429, {"Retry-After": "3600"}))
    pushing.push_due()
    assert [one.ended for one in Notice.select()] == ["given_up"]


def test_of_one_service_that_is_away_holds_up_no_other(service, sam, ana, late, at, monkeypatch):
    """Of three on a dead service one is waited for; the one on another is told in the same pass."""
    monkeypatch.setenv("REGULARS_ALLOWED_HOSTS", f"localhost:1 {service.host}")
    at(TUESDAY - timedelta(days=1))
    for n in range(3):
        ask(enter(sam), "late", place=service.browser().place | {"endpoint": f"http://localhost:1/{n}"})
    ask(enter(ana), "late", place=service.browser("ana").place)
    on_tuesday(at)
    assert pushing.push_due() == 2
    assert [asked.path for asked in service.asked] == ["/ana"]
    assert pushing.push_due() == 1  # the next of them


def test_that_breaks_breaks_no_other(asked, service, ana, at, monkeypatch, caplog):
    at(TUESDAY - timedelta(days=1))
    ask(enter(ana), "late", place=service.browser("ana").place)
    on_tuesday(at)
    send = push.send

    def breaks(place, *rest, **options):
        if place.endpoint.endswith("/1"):
            raise RuntimeError(f"Rosa at {place.endpoint}")
        return send(place, *rest, **options)

    monkeypatch.setattr(push, "send", breaks)
    Subscription.update(endpoint=Subscription.endpoint).execute()
    with caplog.at_level(logging.WARNING):
        pushing.push_due()
    pushing.push_due()
    assert len(service.asked) == 1
    assert "Rosa" not in caplog.text
    assert service.url not in caplog.text


def test_into_the_shops_own_network_never_leaves(asked, service, monkeypatch, caplog):
    monkeypatch.delenv("REGULARS_ALLOWED_HOSTS")
    with caplog.at_level(logging.WARNING):
        pushing.push_due()
    assert service.asked == []
    assert [(one.ended, one.code) for one in Notice.select()] == [("refused", "not-allowed")]
    assert service.host not in caplog.text


def test_costs_the_same_to_look_whoever_is_there(asked, service):
    pushing.push_due()
    with counted_queries() as first:
        pushing.push_due()
    with counted_queries() as second:
        pushing.push_due()
    assert len(first) == len(second) <= 10


class TestTheKey:
    def test_is_made_once_and_is_not_that_of_links(self, shop):
        from domain import links

        first = pushing.secret_of(shop.business_id)
        assert pushing.secret_of(shop.business_id) == first
        assert links.secret_of(shop.business_id) != first

    def test_is_in_no_export(self, asked, shop):
        from domain import export

        pushing.push_due()
        kept = Business.get_by_id(shop.business_id).settings["push_secret"]
        told = "".join(export.lines())
        assert kept not in told
        assert Subscription.get().endpoint not in told
        assert Subscription.get().auth not in told


def test_without_the_library_nothing_is_tried(asked, service, monkeypatch):
    monkeypatch.setattr(push, "is_installed", lambda: False)
    assert pushing.push_due() == 0
    assert Notice.select().count() == 0
