"""What a phone keeps for when it has no signal, what delivers what was done there, and the worker that sees to both."""

import gzip
import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest

import background
import clock
from domain import access, epochs
from models import (
    Appointment,
    Audit,
    Contact,
    Note,
    Promise,
    Session,
    Shop,
    Usual,
    Visit,
)
from tests.conftest import TUESDAY, signed_in
from views import asking

TOMORROW = TUESDAY + timedelta(days=1)


@pytest.fixture
def booked(shop, sam, rosa):
    """Rosa, booked for today and tomorrow, of whom much is known."""
    rosa.say_as, rosa.call = "ROH-za", "Mrs Marchetti"
    rosa.save()
    for at in (TUESDAY + timedelta(hours=1), TOMORROW):
        Appointment.create(customer=rosa, shop=shop, day=shop.day_of(at), starts_at=at, at=TUESDAY)
    wrote = {"customer": rosa, "shop": shop, "author": sam, "day": shop.today(), "at": TUESDAY}
    Note.create(**wrote, text="No nuts, ever", safety=True)
    Note.create(**wrote, text="Was in hospital", private=True)
    Note.create(**wrote, text="Paid for the cake", moment="list")
    Promise.create(**wrote, text="Keep a croissant", due=shop.today())
    Promise.create(**wrote, text="Find the other shoe")
    Promise.create(**wrote, text="Mend the strap", due=shop.today() + timedelta(days=4))
    Usual.create(customer=rosa, shop=shop, text="Flat white", author=sam, day=shop.today())
    Contact.create(customer=rosa, kind="phone", address="+442079460137", known="442079460137", at=TUESDAY)
    return rosa


class TestTheList:
    def test_holds_what_may_lie_on_a_phone_and_nothing_else(self, phone, booked):
        html = phone.get("/today/kept").text
        for told in (
            "Rosa Marchetti",
            "ROH-za",
            "Mrs Marchetti",
            "9:12",
            "booked",
            "Flat white",
            "No nuts, ever",
            "Keep a croissant",
            "Find the other shoe",
        ):
            assert told in html, told
        for held_back in ("hospital", "Paid for the cake", "7946", "the strap", "(Sam)", "Sam Okoro"):
            assert held_back not in html, held_back

    def test_is_of_today_and_tomorrow(self, phone, shop, booked):
        background.tick()
        html = phone.get("/today/kept").text
        days = re.findall(r'<template data-day="([^"]+)"(.*?)</template>', html, re.S)
        assert [day for day, _lines in days] == ["2026-11-24", "2026-11-25"]
        assert all("Rosa Marchetti" in lines for _day, lines in days)
        assert "8:12" in days[1][1]

    def test_says_who_is_here(self, phone, booked):
        phone.act("visit.create", customer=str(booked.id))
        row = re.search(rf'<li id="p-{booked.id}"[^>]*>', phone.get("/today/kept").text)
        assert row
        assert 'data-arrived="true"' in row[0]

    def test_says_whose_it_is_and_what_it_is_made_with(self, phone, sam, booked):
        answer = phone.get("/today/kept")
        assert answer.headers["Kept-For"] == str(sam.id)
        for address in answer.headers["Kept-With"].split():
            assert address in answer.text
            assert phone.get(address).status_code == 200

    def test_of_one_person_is_not_another_s(self, phone, other_phone, ana, sam, booked):
        assert phone.get("/today/kept").headers["Kept-For"] == str(sam.id)
        assert other_phone.get("/today/kept").headers["Kept-For"] == str(ana.id)

    def test_is_for_nobody_who_is_signed_out(self, server):
        assert server.test_client().get("/today/kept").status_code == 303


class TestTheWorker:
    def test_names_its_shell_which_is_all_there(self, server):
        client = server.test_client()
        answer = client.get("/worker.js")
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.mimetype == "text/javascript"
        shell = json.loads(re.findall(r"SHELL = (\[.*?\]);", answer.text)[0])
        assert "/offline" in shell
        for address in shell:
            assert client.get(address).status_code == 200, address

    def test_is_sent_once_for_as_long_as_it_is_the_same(self, server):
        client = server.test_client()
        tag = client.get("/worker.js").headers["ETag"]
        again = client.get("/worker.js", headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
        packed = client.get("/worker.js", headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(packed.data) == client.get("/worker.js").data

    def test_what_is_shown_without_a_list_is_about_nobody(self, server, booked):
        html = server.test_client().get("/offline").text
        assert "Rosa" not in html
        assert "Fenwick" not in html


# -- what delivers acts


def sent(server, secret, customer, at=None, **more):
    """Return the answer to one arrival that comes with the secret of a session."""
    act = {
        "id": str(uuid4()),
        "type": "visit.create",
        "at": (at or clock.now()).isoformat(),
        "data": {"customer": customer},
    }
    body = {"sent_at": clock.now().isoformat(), "actions": [act | more.pop("act", {})], **more}
    return server.test_client().post("/api/v1/actions", json=body, headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def session(server, sam):
    """Return a session of Sam's on a phone, and what delivers its acts."""
    known, _secret = access.admit_phone(sam, "Counter")
    token = access.start_session(sam, "phone", known)
    return Session.get(Session.token_hash == access.digest(token)), access.acts_secret(token)


class TestTheSecretOfActs:
    def test_delivers_under_the_name_of_whoever_did_them_after_they_signed_out(self, server, session, sam, rosa):
        done, secret = session
        at = clock.now() - timedelta(minutes=20)
        access.leave(Session.get_by_id(done.id))
        (result,) = sent(server, secret, rosa.id, at).json["results"]
        assert result["status"] == "applied"
        assert Visit.get().staff == sam

    def test_does_not_do_what_was_done_after_that(self, server, session, sam, rosa):
        done, secret = session
        Session.update(ended_at=clock.now() - timedelta(minutes=30)).where(Session.id == done.id).execute()
        (result,) = sent(server, secret, rosa.id).json["results"]
        assert (result["status"], result["reason"]) == ("conflict", "This was done after Sam had signed out.")
        assert Visit.select().count() == 0

    def test_opens_no_page_and_makes_no_session_younger(self, server, session):
        done, secret = session
        client = server.test_client()
        for path in ("/today", "/today/kept", "/api/v1/export"):
            assert client.get(path, headers={"Authorization": f"Bearer {secret}"}).status_code in (303, 401), path
        client.set_cookie("regulars", secret)
        assert client.get("/today").status_code == 303
        assert Session.get_by_id(done.id).seen_at == done.seen_at

    @pytest.mark.parametrize("why", ["the phone was shut out", "they left the team", "it was ninety days ago"])
    def test_is_worth_nothing_once(self, server, session, sam, rosa, at, why):
        done, secret = session
        if why == "the phone was shut out":
            access.shut_out(done.phone)
        elif why == "they left the team":
            sam.left_at = clock.now()
            sam.save()
        else:
            at(clock.now() + timedelta(days=91))
        assert sent(server, secret, rosa.id).status_code == 401
        assert Visit.select().count() == 0

    def test_with_a_phone_that_was_shut_out_the_lost_acts_are_counted(self, server, session, rosa, monkeypatch):
        monkeypatch.setattr(asking, "_told", {})  # what other tests were refused this hour
        done, secret = session
        access.shut_out(done.phone)
        answer = sent(server, secret, rosa.id)
        assert answer.headers["Clear-Site-Data"] == '"cache","cookies","storage"'
        lost = Audit.get(Audit.kind == "phone.lost")
        assert (lost.told["which"], lost.told["count"]) == (done.phone_id, 1)

    def test_of_an_owner_asks_for_more_where_it_matters(self, server, owner, shop):
        token = access.start_session(owner, "owner")
        Session.update(proved_at=clock.now() - timedelta(hours=1)).execute()
        act = {"type": "staff.role", "data": {"staff": "1", "role": "owner"}}
        (result,) = sent(server, access.acts_secret(token), "1", act=act).json["results"]
        assert result["status"] == "rejected"


class TestWhose:
    def test_acts_of_another_are_not_taken_under_ones_own_name(self, phone, ana, rosa):
        act = {"id": str(uuid4()), "type": "visit.create", "data": {"customer": str(rosa.id)}}
        answer = phone.post("/api/v1/actions", json={"who": str(ana.id), "actions": [act]})
        assert answer.status_code == 401
        assert Visit.select().count() == 0

    def test_an_act_is_the_shop_s_in_which_it_was_done(self, server, owner, shop, rosa):
        other = Shop.create(business=shop.business, name="Mill Lane")
        desk = signed_in(server, owner, "owner")
        Session.update(shop=shop).where(Session.staff == owner).execute()
        act = {"id": str(uuid4()), "type": "visit.create", "shop": str(other.id), "data": {"customer": str(rosa.id)}}
        (result,) = desk.acts([act])
        assert result["status"] == "applied"
        assert Visit.get().shop == other

    def test_no_shop_but_ones_own(self, phone, rosa):
        act = {"id": str(uuid4()), "type": "visit.create", "shop": "9999", "data": {"customer": str(rosa.id)}}
        (result,) = phone.acts([act])
        assert (result["status"], result["reason"]) == ("rejected", "There is no such shop.")


class TestDataThatWasPutBack:
    def test_what_was_done_before_is_looked_at_first(self, phone, shop, rosa, at):
        before = clock.now()
        at(before + timedelta(hours=1))
        epochs.begin()
        at(before + timedelta(hours=2))
        refused = phone.act("visit.create", customer=str(rosa.id), at=before)
        assert refused["status"] == "conflict"
        assert refused["reason"].startswith("The shop’s data was put back to an earlier state since.")
        assert phone.act("visit.create", customer=str(rosa.id))["status"] == "applied"

    def test_is_known_by_its_instant(self, shop):
        assert epochs.put_back_at(shop.business_id) is None
        epochs.begin()
        assert epochs.put_back_at(shop.business_id) == clock.now()
