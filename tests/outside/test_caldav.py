"""Calendars on a server: a real Radicale, and servers that misbehave."""

import re
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from outside import caldav, ics
from tests.radicale_server import radicale as radicale

LONDON = ZoneInfo("Europe/London")
TEN = datetime(2026, 3, 10, 10, tzinfo=LONDON)


@pytest.fixture
def account(radicale):
    return radicale.account()


@pytest.fixture
def chair(account):
    return f"{account.url}desk/chair/"


def entry(starts_at=TEN, **more):
    said: Any = {"uid": "a-1@example.org", "sequence": 0, "summary": "Rosa"} | more
    return ics.Entry(starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), **said)


def written(*entries):
    return ics.write(entries, name="", zone=LONDON, method="")


def seen(data):
    return ics.read(data, zone=LONDON, since=date(2026, 1, 1), until=date(2026, 12, 31))


def trouble(call, *given):
    with pytest.raises(caldav.Trouble) as raised:
        call(*given)
    return raised.value.code


class TestFinding:
    @pytest.mark.parametrize("path", ["/", "/desk/", "/desk/chair/", "/nowhere/at/all", "/.well-known/caldav"])
    def test_calendars_are_found_from_any_address_of_the_account(self, radicale, chair, path):
        found = caldav.calendars(radicale.account(path=path))
        assert found == (caldav.Found(chair, "Chair 1", True, "#336699ff"),), "and no list of tasks"

    def test_one_that_may_only_be_read_is_known_as_such(self, radicale, chair):
        found = caldav.calendars(radicale.account("sam", "other", "/desk/chair/"))
        assert [(one.url, one.writable) for one in found] == [(chair, False)]

    def test_an_account_without_a_calendar(self, radicale):
        assert trouble(caldav.calendars, radicale.account("sam", "other")) == "not-a-calendar"

    @pytest.mark.parametrize(("user", "password"), [("desk", "wrong"), ("nobody", "secret"), ("desk", "")])
    def test_a_wrong_password(self, radicale, chair, user, password):
        account = radicale.account(user, password)
        assert trouble(caldav.calendars, account) == "sign-in-refused"
        assert trouble(caldav.changes, account, chair, "") == "sign-in-refused"
        assert trouble(caldav.put, account, chair + "x.ics", written(entry()), None) == "sign-in-refused"

    def test_a_password_is_not_shown(self, account):
        assert "secret" not in repr(account)

    def test_a_private_address_needs_leave(self, account):
        assert trouble(caldav.calendars, replace(account, allowed=frozenset())) == "not-allowed"


class TestBothWays:
    def test_made_moved_called_off_and_removed(self, account, chair):
        url = chair + "a-1.ics"
        start = caldav.changes(account, chair, "")
        assert (start.changed, start.gone, start.whole) == ((), (), True)

        made = caldav.put(account, url, written(entry()), None)
        assert (made.state, bool(made.etag)) == ("kept", True)
        first = caldav.changes(account, chair, start.token)
        ((href, etag, data),) = first.changed
        assert (href, etag, first.whole) == (url, made.etag, False)
        assert [one.starts_at for one in seen(data).entries] == [TEN]

        moved = caldav.put(account, url, written(entry(TEN + timedelta(days=1), sequence=1)), made.etag)
        second = caldav.changes(account, chair, first.token)
        assert [(one.starts_at, one.sequence) for one in seen(second.changed[0][2]).entries] == [
            (TEN + timedelta(days=1), 1)
        ]

        off = caldav.put(account, url, written(entry(sequence=2, status="cancelled")), moved.etag)
        third = caldav.changes(account, chair, second.token)
        assert [one.status for one in seen(third.changed[0][2]).entries] == ["cancelled"]

        assert caldav.delete(account, url, off.etag).state == "kept"
        last = caldav.changes(account, chair, third.token)
        assert (last.changed, last.gone, last.whole) == ((), (url,), False)
        assert caldav.get(account, url) is None
        assert caldav.delete(account, url, off.etag).state == "kept", "what is gone is gone"
        assert caldav.changes(account, chair, last.token) == caldav.Changes(last.token, (), (), False)

    def test_a_series_with_exceptions_is_understood(self, account, chair):
        data = (
            b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\n"
            b"BEGIN:VEVENT\r\nUID:s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Europe/London:20260323T100000\r\nDURATION:PT1H\r\n"
            b"RRULE:FREQ=WEEKLY;COUNT=4\r\nEXDATE;TZID=Europe/London:20260330T100000\r\nSUMMARY:Leo\r\nEND:VEVENT\r\n"
            b"BEGIN:VEVENT\r\nUID:s\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID;TZID=Europe/London:20260406T100000\r\n"
            b"DTSTART;TZID=Europe/London:20260407T150000\r\nDURATION:PT1H\r\nSUMMARY:Leo\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        assert caldav.put(account, chair + "s.ics", data, None).state == "kept"
        ((_, _, back),) = caldav.changes(account, chair, "").changed
        found = [(one.recurrence_id, one.starts_at.astimezone(UTC)) for one in seen(back).entries]
        assert found == [
            ("20260323T100000Z", datetime(2026, 3, 23, 10, tzinfo=UTC)),
            ("20260406T090000Z", datetime(2026, 4, 7, 14, tzinfo=UTC)),
            ("20260413T090000Z", datetime(2026, 4, 13, 9, tzinfo=UTC)),
        ]

    def test_of_two_at_once_the_second_is_told(self, account, chair):
        url = chair + "a-1.ics"
        made = caldav.put(account, url, written(entry()), None)
        theirs = caldav.put(account, url, written(entry(summary="theirs", sequence=1)), made.etag)
        assert caldav.put(account, url, written(entry(summary="ours", sequence=1)), made.etag) == caldav.Put(
            "conflict", code="changed-meanwhile"
        )
        assert caldav.put(account, url, written(entry(summary="new")), None) == caldav.Put(
            "conflict", code="exists-already"
        )
        assert caldav.delete(account, url, made.etag) == caldav.Put("conflict", code="changed-meanwhile")
        etag, data = caldav.get(account, url) or ("", b"")
        assert (etag, seen(data).entries[0].summary) == (theirs.etag, "theirs")

    def test_of_two_that_make_the_same_one_wins(self, account, chair):
        results, together = [], threading.Barrier(8)

        def make(number):
            together.wait()
            results.append(caldav.put(account, chair + "a-1.ics", written(entry(summary=f"{number}")), None).state)

        threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == ["conflict"] * 7 + ["kept"]

    def test_without_looking_the_last_one_would_win(self, account, chair):
        """The control: the same change, sent without the tag, overwrites what somebody else wrote."""
        url = chair + "a-1.ics"
        caldav.put(account, url, written(entry(summary="theirs")), None)
        reply = caldav._Talk(account).ask("PUT", url, written(entry(summary="ours")), {"Content-Type": "text/calendar"})
        assert reply.status in (201, 204)
        assert seen((caldav.get(account, url) or ("", b""))[1]).entries[0].summary == "ours"

    def test_the_same_name_at_another_address_is_a_conflict(self, account, chair):
        caldav.put(account, chair + "a.ics", written(entry()), None)
        assert caldav.put(account, chair + "b.ics", written(entry()), None) == caldav.Put("conflict", code="name-taken")

    def test_what_is_no_calendar_is_refused(self, account, chair):
        assert caldav.put(account, chair + "a.ics", b"Dear all,", None) == caldav.Put("refused", code="not-accepted")

    def test_a_reader_changes_nothing(self, radicale, account, chair):
        made = caldav.put(account, chair + "a-1.ics", written(entry()), None)
        sam = radicale.account("sam", "other")
        assert len(caldav.changes(sam, chair, "").changed) == 1
        assert caldav.put(sam, chair + "a-1.ics", written(entry()), made.etag) == caldav.Put(
            "refused", code="read-only"
        )
        assert caldav.delete(sam, chair + "a-1.ics", made.etag) == caldav.Put("refused", code="read-only")

    def test_a_place_that_is_not_there(self, account):
        assert trouble(caldav.changes, account, account.url + "desk/none/", "") == "not-found"
        assert caldav.put(account, account.url + "desk/none/a.ics", written(entry()), None) == caldav.Put(
            "refused", code="not-found"
        )

    def test_a_page_of_a_person_is_no_calendar(self, account):
        assert trouble(caldav.changes, account, account.url + "desk/", "") == "not-a-calendar"


class TestChanges:
    @pytest.mark.parametrize("token", ["http://radicale.org/ns/sync/" + "0" * 64, "nonsense", "<&>\"'\u2028"])
    def test_with_a_token_the_server_forgot_all_comes_anew(self, account, chair, token):
        caldav.put(account, chair + "a-1.ics", written(entry()), None)
        got = caldav.changes(account, chair, token)
        assert (len(got.changed), got.gone, got.whole) == (1, (), True)
        assert caldav.changes(account, chair, got.token).changed == ()

    def test_many_come_in_several_requests(self, account, chair, monkeypatch):
        monkeypatch.setattr(caldav, "AT_ONCE", 4)
        for number in range(10):
            caldav.put(account, f"{chair}{number}.ics", written(entry(uid=f"{number}@example.org")), None)
        assert len({url for url, _, data in caldav.changes(account, chair, "").changed if seen(data).entries}) == 10

    def test_one_that_is_too_large_does_not_hide_the_others(self, account, chair, monkeypatch):
        for number, length in enumerate((10, 10, 60_000, 10)):
            made = written(entry(uid=f"{number}@example.org", description="x" * length))
            caldav.put(account, f"{chair}{number}.ics", made, None)
        monkeypatch.setattr(caldav, "LARGEST_REPLY", 20_000)
        got = caldav.changes(account, chair, "")
        assert sorted((url[-5:], bool(data)) for url, _, data in got.changed) == [
            ("0.ics", True),
            ("1.ics", True),
            ("2.ics", False),
            ("3.ics", True),
        ]

    def test_a_name_spelled_in_two_ways_stays_one_address(self, account, chair):
        assert caldav.put(account, chair + "a-1%40example.org.ics", written(entry()), None).state == "kept"
        first = caldav.changes(account, chair.replace("desk", "%64esk"), "")
        ((href, etag, _),) = first.changed
        assert href == chair + "a-1@example.org.ics"
        assert caldav.delete(account, href, etag).state == "kept"
        assert caldav.changes(account, chair, first.token).gone == (href,)

    @pytest.mark.parametrize("path", ["o'x%40y", "o%27x@y", "%6f'x%40%79"])
    def test_one_spelling(self, path):
        assert caldav._plain_url(f"https://x.example/{path}%2F%20%C3%A4+#top") == "https://x.example/o'x@y%2F%20%C3%A4+"


class TestServerWithoutTokens:
    @pytest.fixture(autouse=True)
    def closed(self, radicale):
        radicale.closed.add(("REPORT", b"sync-collection"))

    @pytest.mark.parametrize("status", ["403 Forbidden", "400 Bad Request", "415 Unsupported", "501 Not Implemented"])
    def test_tags_tell_what_changed(self, radicale, account, chair, status):
        radicale.status = status
        one, two, three = (f"{chair}{n}.ics" for n in (1, 2, 3))
        tags = {url: caldav.put(account, url, written(entry(uid=url)), None).etag for url in (one, two)}
        first = caldav.changes(account, chair, "")
        assert first.whole
        assert {url: etag for url, etag, _ in first.changed} == tags
        assert caldav.changes(account, chair, first.token, tags) == caldav.Changes(first.token, (), (), False)

        caldav.delete(account, one, tags[one])
        caldav.put(account, two, written(entry(uid=two, sequence=1)), tags[two])
        caldav.put(account, three, written(entry(uid=three)), None)
        second = caldav.changes(account, chair, first.token, tags)
        assert (sorted(url for url, _, _ in second.changed), second.gone, second.whole) == ([two, three], (one,), False)
        without = caldav.changes(account, chair, first.token)
        assert (sorted(url for url, _, _ in without.changed), without.whole) == ([two, three], True)

    def test_a_page_of_a_person_is_no_calendar(self, account):
        assert trouble(caldav.changes, account, account.url + "desk/", "") == "not-a-calendar"


MULTI = '<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">{}</multistatus>'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "{}">{}]><multistatus xmlns="DAV:"><sync-token>&j;</sync-token></multistatus>'.format(
    "ha" * 100, "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
)
OUTSIDE = (
    '<!DOCTYPE x SYSTEM "http://localhost/x.dtd"><multistatus xmlns="DAV:"><sync-token>t</sync-token></multistatus>'
)


class TestBadServers:
    def played(self, web_server, answer, path="/cal/"):
        server = web_server(answer)
        return server, caldav.Account(server.url + path, "desk", "secret", frozenset({server.host}))

    @pytest.mark.parametrize(
        "body",
        [
            LAUGHS,
            OUTSIDE,
            LAUGHS.encode("utf-16"),
            MULTI.format("<response>" * 5000),
            MULTI.format("<a>" * 200 + "</a>" * 200),
            MULTI.format("<a/>" * 400_000),
            MULTI.format("<response><href>http://[</href><status>HTTP/1.1 200 OK</status></response>"),
            MULTI.format("<response><href>/cal/a</href><status>HTTP/1.1 soon</status></response>"),
            MULTI.format("<response/><sync-token/>"),
            "<html><body>Sign in</body></html>",
            "",
            "\x00\xff",
            "{}",
            '<?xml version="1.0" encoding="utf-7"?><a/>',
        ],
        ids=lambda body: repr(body[:30]) + str(len(body)),
    )
    def test_an_answer_that_is_none(self, web_server, body):
        sent = body if isinstance(body, bytes) else body.encode("latin-1")
        _, account = self.played(web_server, lambda asked: (207, {"Content-Type": "application/xml"}, sent))
        assert trouble(caldav.changes, account, account.url, "") == "bad-answer"
        with pytest.raises(caldav.Trouble):
            caldav.calendars(account)

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            (401, "sign-in-refused"),
            (404, "not-found"),
            (429, "server-away"),
            (500, "server-away"),
            (503, "server-away"),
            (200, "bad-answer"),
        ],
    )
    def test_a_status_is_a_code(self, web_server, status, code):
        _, account = self.played(web_server, lambda asked: (status, {}, b""))
        assert trouble(caldav.changes, account, account.url, "") == code

    def test_another_way_to_sign_in(self, web_server):
        _, account = self.played(web_server, lambda asked: (401, {"WWW-Authenticate": 'Digest realm="x"'}, b""))
        assert trouble(caldav.calendars, account) == "other-sign-in"

    def test_a_refusal_says_why(self, web_server):
        reason = '<error xmlns="DAV:"><{}/></error>'
        for name, code in (
            ("quota-not-exceeded", "no-room"),
            ("need-privileges", "read-only"),
            ("strange", "read-only"),
        ):
            _, account = self.played(web_server, lambda asked, name=name: (403, {}, reason.format(name).encode()))
            assert caldav.put(account, account.url + "a.ics", b"x", None) == caldav.Put("refused", code=code)

    def test_the_way_to_another_server_is_not_taken(self, web_server):
        thief, _ = self.played(web_server, lambda asked: (207, {}, b""))
        principal = MULTI.format(
            "<response><href>/cal/</href><propstat><prop><current-user-principal>"
            f"<href>{thief.url}/me/</href></current-user-principal></prop></propstat></response>"
        )
        for answer in ((301, {"Location": thief.url + "/"}, b""), (207, {}, principal.encode())):
            _, account = self.played(web_server, lambda asked, answer=answer: answer)
            account = replace(account, allowed=account.allowed | {thief.host})
            assert trouble(caldav.calendars, account) == "not-allowed"
        assert thief.asked == []

    def test_being_sent_in_a_circle_ends(self, web_server):
        server, account = self.played(web_server, lambda asked: (302, {"Location": "/again"}, b""))
        assert trouble(caldav.calendars, account) == "not-a-calendar"
        assert len(server.asked) <= 3 * caldav.HOPS

    def test_a_change_is_not_sent_elsewhere(self, web_server):
        server, account = self.played(web_server, lambda asked: (308, {"Location": "/again"}, b""))
        assert trouble(caldav.put, account, account.url + "a.ics", b"x", None) == "moved"
        assert len(server.asked) == 1

    def test_an_answer_cut_short(self, listen):
        def talk(line):
            line.recv(65536)
            line.sendall(b"HTTP/1.1 207 Multi-Status\r\nContent-Length: 5000\r\n\r\n" + MULTI[:60].encode())

        host = f"127.0.0.1:{listen(talk).port}"
        account = caldav.Account(f"http://{host}/cal/", "desk", "secret", frozenset({host}))
        assert trouble(caldav.changes, account, account.url, "") == "server-away"
        assert trouble(caldav.put, account, account.url + "a.ics", b"x", None) == "server-away"

    def test_no_server_at_all(self, listen):
        server = listen(lambda line: None)
        server.over.set()
        account = caldav.Account(f"http://127.0.0.1:{server.port}/", "d", "s", frozenset({f"127.0.0.1:{server.port}"}))
        assert trouble(caldav.calendars, account) == "server-away"

    def test_a_server_that_never_ends(self, listen, monkeypatch):
        monkeypatch.setattr(caldav, "REQUEST_S", 0.3)
        over = threading.Event()
        host = f"127.0.0.1:{listen(lambda line: over.wait(5)).port}"
        account = caldav.Account(f"http://{host}/", "d", "s", frozenset({host}))
        assert trouble(caldav.calendars, account) == "timeout"
        over.set()

    def test_all_requests_together_end_in_time(self, web_server, monkeypatch):
        began = caldav.time.monotonic()
        moments = iter(
            [began, began + 1]
        )  # when the call begins and when the first request is sent; then it is too late
        monkeypatch.setattr(caldav.time, "monotonic", lambda: next(moments, began + 61))
        monkeypatch.setattr(caldav.web, "fetch", lambda *_, **__: caldav.web.Reply(404, {}, b""))
        assert trouble(caldav.calendars, caldav.Account("https://cal.example.org/", "desk", "secret")) == "timeout"

    def test_changes_that_come_in_pages(self, web_server):
        found = '<response><href>{}</href><propstat><prop><getetag>"1"</getetag>{}</prop></propstat></response>'

        def answer(asked):
            if b"multiget" in asked.body:
                data = "<c:calendar-data>x</c:calendar-data>"
                hrefs = re.findall(r"<href>(.*?)</href>", asked.body.decode())
                return 207, {}, MULTI.format("".join(found.format(href, data) for href in hrefs)).encode()
            page = {b"<sync-token></sync-token>": 1, b"<sync-token>t1</sync-token>": 2}
            number = next((n for token, n in page.items() if token in asked.body), 3)
            more = "<response><href>/cal/</href><status>HTTP/1.1 507 No</status></response>" if number < 3 else ""
            item = found.format(f"/cal/{number}.ics", "")
            return 207, {}, MULTI.format(f"{item}{more}<sync-token>t{number}</sync-token>").encode()

        _, account = self.played(web_server, answer)
        got = caldav.changes(account, account.url, "")
        assert [url[-5:] for url, _, _ in got.changed] == ["1.ics", "2.ics", "3.ics"]
        assert (got.token, got.whole) == ("t3", True)

    def test_pages_without_end_end(self, web_server):
        more = "<response><href>/cal/</href><status>HTTP/1.1 507 x</status></response><sync-token>t</sync-token>"
        server, account = self.played(web_server, lambda asked: (207, {}, MULTI.format(more).encode()))
        assert trouble(caldav.changes, account, account.url, "") == "bad-answer"
        assert len(server.asked) == 2
