"""A call's credentials: for one browser, during its round, and for nobody else."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import NoReturn

import httpx
import pytest

from slackbot.domain.calls import CallLink, EntryRefused
from slackbot.domain.model import Partner
from slackbot.domain.ports import Posted
from slackbot.domain.stores import StoreUnavailable
from slackbot.domain.text import digest
from slackbot.services.call_tokens import LinkSigner
from slackbot.services.notices import SENT
from tests.harness.calls import (
    KEY,
    NAMESAKE,
    OTHER_KEY,
    OURS,
    PUBLIC,
    CallStage,
    call_stage,
    with_call,
)
from tests.harness.fakes import ANA, BEN, NOON

TARGETS = ("session", "state")


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Return an error's status and code."""
    return answer.status_code, answer.json()["error"]


async def test_the_first_browser_gets_the_credentials(stage: CallStage):
    """Meeting and attendee as the platform sent them, the partner, and the time left."""
    match = with_call()
    link = await stage.offered(match)
    await stage.store.matches.record_outcome(ANA, match.id, SENT, Posted("D1", "1.0"), NOON)
    stage.clock.advance(60)
    answer = await stage.asks(link)
    assert answer.status_code == 200
    given = answer.json()
    assert match.call is not None
    placement = dict(match.call.meeting["MediaPlacement"])
    del placement["EventIngestionUrl"]
    assert given["meeting"] == {**match.call.meeting, "MediaPlacement": placement}
    assert given["attendee"] == match.call.attendee
    assert (given["partner"], given["role"]) == ("Zoë", "CTO, Ωmega")
    assert given["endsInMs"] == 120_000
    assert given["slackUrl"] == "https://slack.com/app_redirect?channel=D1&team=T1"


async def test_unknown_values_are_empty(stage: CallStage):
    """No end, no role, no message yet: null and empty, with the credentials all the same."""
    match = with_call(ends_at=None, partner=Partner(name="Yan\u202e\nx"))
    given = (await stage.asks(await stage.offered(match))).json()
    assert (given["endsInMs"], given["role"], given["slackUrl"]) == (None, "", "")
    assert given["partner"] == "Yan x"


async def test_the_same_browser_may_return(stage: CallStage):
    """Until a minute after the round, with its cookie; it never gets a second one."""
    link = await stage.offered()
    async with stage.browser() as browser:
        assert (await stage.asks(link, browser)).status_code == 200
        cookies = dict(browser.cookies)
        for _ in range(2):
            stage.clock.advance(119)
            assert (await stage.asks(link, browser)).status_code == 200
            assert dict(browser.cookies) == cookies
        stage.clock.advance(2)
        assert error_of(await stage.asks(link, browser)) == (410, "over")


async def test_a_second_browser_is_turned_away(stage: CallStage):
    """Without the cookie, with a forged one, with another link's: 409; the first stays in."""
    link = await stage.offered()
    other = await stage.offered(with_call(BEN, 2))
    first, second, third = stage.browser(), stage.browser(), stage.browser()
    assert (await stage.asks(link, first)).status_code == 200
    assert (await stage.asks(other, second)).status_code == 200
    third.cookies.set("__Secure-call", "guessed", domain="bot.example")
    foreign = SimpleCookie(dict(second.cookies)).output(header="").strip()
    borrowed = {**OURS, "Cookie": foreign}
    assert error_of(await stage.browser().post(f"{link}/session", headers=borrowed)) == (
        409,
        "elsewhere",
    )
    assert error_of(await stage.asks(link, third)) == (409, "elsewhere")
    assert error_of(await stage.asks(link)) == (409, "elsewhere")
    assert (await stage.asks(link, first)).status_code == 200


async def test_of_many_browsers_at_once_one_gets_in(stage: CallStage):
    """Binding is atomic: of 20 browsers at once 1 gets the credentials and 19 get 409."""
    link = await stage.offered()
    answers = await asyncio.gather(*(stage.asks(link) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19


async def test_the_cookie_is_for_this_link_and_this_page_alone(stage: CallStage):
    """Secure, HttpOnly, SameSite=Strict, below the link's own path, no longer than the call."""
    link = await stage.offered()
    answer = await stage.asks(link)
    (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    path = link.removeprefix("https://bot.example")
    assert cookie.key == "__Secure-call"
    assert (cookie["path"], cookie["max-age"]) == (path, "240")
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "strict")
    assert cookie["domain"] == ""
    assert len(cookie.value) >= 32
    assert cookie.value not in await stage.rows()


async def test_the_cookie_lasts_until_the_very_end(stage: CallStage):
    """Its age is rounded up: half a second before the next full one, it is that one."""
    link = await stage.offered()
    stage.clock.advance(0.5)
    (cookie,) = SimpleCookie((await stage.asks(link)).headers["Set-Cookie"]).values()
    assert cookie["max-age"] == "240"


async def test_half_a_character_does_no_harm(stage: CallStage):
    """The platform's details may hold a lone surrogate, which no UTF-8 can: the answer is ASCII."""
    match = with_call()
    assert match.call is not None
    odd = replace(match.call, attendee={**match.call.attendee, "ExternalUserId": "x\ud83d"})
    answer = await stage.asks(await stage.offered(replace(match, call=odd)))
    assert answer.status_code == 200
    assert answer.content.isascii()
    assert json.loads(answer.content)["attendee"]["ExternalUserId"] == "x\ud83d"


async def test_a_database_that_is_away_is_a_moment(
    stage: CallStage, monkeypatch: pytest.MonkeyPatch
):
    """503 with the seconds to wait; the page tries once more then, and the link is unused."""
    link = await stage.offered()

    async def away(_link: str, _browser: str | None) -> NoReturn:
        raise StoreUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(stage.calls, "enter", away)
        answer = await stage.asks(link)
        assert error_of(answer) == (503, "busy")
        assert answer.headers["Retry-After"] == "2"
    assert (await stage.asks(link)).status_code == 200


async def test_neither_link_nor_cookie_is_stored(stage: CallStage):
    """A copy of the database opens no call: it holds only digests of both."""
    link = await stage.offered()
    answer = await stage.asks(link)
    (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    signed = link.rpartition("/")[2]
    _, link_id = stage.signer.read(signed)
    stored = await stage.rows()
    assert digest(link_id) in stored
    assert digest(cookie.value) in stored
    for secret in (link_id, signed, cookie.value, answer.json()["attendee"]["JoinToken"]):
        assert secret not in stored


async def test_loopback_works_without_tls(tmp_path: Path):
    """The cookie is then not Secure; behind a proxy's prefix its path has that prefix."""
    async with call_stage(tmp_path, public_url="http://127.0.0.1:3000/bot") as stage:
        link = await stage.offered()
        assert link.startswith("http://127.0.0.1:3000/bot/call/")
        inside = link.replace("/bot/call/", "/call/")
        answer = await stage.browser().post(f"{inside}/session", headers=OURS)
        (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
        assert (cookie.key, cookie["secure"]) == ("call", "")
        assert cookie["path"] == link.removeprefix("http://127.0.0.1:3000")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Requested-With": "XMLHttpRequest"},
        {"Sec-Fetch-Site": "same-origin"},
        {**OURS, "Sec-Fetch-Site": "cross-site"},
        {**OURS, "Sec-Fetch-Site": "same-site"},
        {**OURS, "Sec-Fetch-Site": "none"},
    ],
)
async def test_only_our_own_page_may_ask(stage: CallStage, target: str, headers: dict[str, str]):
    """A form, another site, a subdomain: 403, and the link stays unused."""
    link = await stage.offered()
    answer = await stage.browser().post(f"{link}/{target}", headers=headers, json={})
    assert error_of(answer) == (403, "reload")
    assert (await stage.asks(link)).status_code == 200


async def test_an_older_browser_may_ask(stage: CallStage):
    """A browser without Sec-Fetch-Site sends our header alone."""
    link = await stage.offered()
    answer = await stage.browser().post(f"{link}/session", headers={"X-Requested-With": "call"})
    assert answer.status_code == 200


async def test_a_new_link_replaces_the_old_ones(stage: CallStage):
    """All earlier links of that person to that call, bound or not; other links work."""
    bound, unbound = await stage.offered(), await stage.offered()
    others = await stage.offered(with_call(BEN, 2)), await stage.offered(with_call(ANA, 3))
    browser = stage.browser()
    await stage.asks(bound, browser)
    match, link = await stage.calls.renew(ANA, with_call().id)
    assert match is not None
    assert link is not None
    assert error_of(await stage.asks(bound, browser)) == (410, "replaced")
    assert error_of(await stage.asks(unbound)) == (410, "replaced")
    for good in (link, *others):
        assert (await stage.asks(good)).status_code == 200


async def test_a_message_sent_twice_has_two_working_links(stage: CallStage):
    """After a crash a match may be sent again: the first message's link still works."""
    first, second = await stage.offered(), await stage.offered()
    assert first != second
    assert (await stage.asks(first)).status_code == 200
    assert (await stage.asks(second)).status_code == 200


async def test_a_round_without_an_end_is_bounded(stage: CallStage):
    """Half an hour and a minute, then it is over."""
    link = await stage.offered(with_call(ends_at=None))
    browser = stage.browser()
    await stage.asks(link, browser)
    stage.clock.advance(31 * 60 - 1)
    assert (await stage.asks(link, browser)).status_code == 200
    stage.clock.advance(1)
    assert error_of(await stage.asks(link, browser)) == (410, "over")


async def test_a_link_expires(stage: CallStage):
    """At its time, though the call is still open; a day after its signature in any case."""
    await stage.store.matches.add(with_call())
    link_id = stage.signer.new_id()
    short = CallLink(
        person=ANA,
        match_id=with_call().id,
        id_digest=digest(link_id),
        made_at=NOON,
        expires_at=NOON + timedelta(seconds=10),
    )
    await stage.store.call_links.add(short)
    link = f"{PUBLIC}/call/{stage.signer.sign(ANA.team, link_id)}"
    browser = stage.browser()
    stage.clock.advance(9)
    assert (await stage.asks(link, browser)).status_code == 200
    stage.clock.advance(1)
    assert error_of(await stage.asks(link, browser)) == (410, "expired")
    with pytest.raises(EntryRefused, match="expired"):
        LinkSigner(stage.keys, max_age=-1).read(link.rpartition("/")[2])


async def test_a_disconnected_person_has_no_call(stage: CallStage):
    """Their links stop working; those of a person with the same id elsewhere do not."""
    link, other = await stage.offered(), await stage.offered(with_call(NAMESAKE))
    await stage.store.people.forget(ANA)
    assert error_of(await stage.asks(link)) == (410, "over")
    given = (await stage.asks(other)).json()
    assert given["attendee"]["JoinToken"]


async def test_two_workspaces_never_meet(stage: CallStage):
    """Equal user ids and match ids in two workspaces: each link gives its own credentials."""
    mine, theirs = with_call(), with_call(NAMESAKE)
    assert mine.call is not None
    assert theirs.call is not None
    links = [await stage.offered(match) for match in (mine, theirs)]
    given = [(await stage.asks(link)).json()["attendee"] for link in links]
    assert given == [mine.call.attendee, theirs.call.attendee]
    await stage.calls.renew(ANA, mine.id)
    assert error_of(await stage.asks(links[0])) == (410, "replaced")
    assert error_of(await stage.asks(links[1])) == (409, "elsewhere")


async def test_keys_can_be_changed(tmp_path: Path):
    """The newest key signs, older ones are still accepted, a removed one is not."""
    async with call_stage(tmp_path) as before:
        old = await before.offered()
        both = CallStage(before.store, tmp_path, keys=(OTHER_KEY, KEY))
        new = await both.offered(with_call(BEN, 2))
        after = CallStage(before.store, tmp_path, keys=(OTHER_KEY,))
        assert error_of(await after.asks(old)) == (404, "unknown")
        assert error_of(await before.asks(new)) == (404, "unknown")
        for link in (old, new):
            assert (await both.asks(link)).status_code == 200


async def test_a_changed_host_list_closes_calls(tmp_path: Path):
    """Credentials stored under another list are checked again before they are given."""
    async with call_stage(tmp_path) as before:
        link = await before.offered()
        after = CallStage(before.store, tmp_path, hosts=type(before.hosts).of(["*.example"]))
        assert error_of(await after.asks(link)) == (410, "over")


# --- joined and left -----------------------------------------------------------------------------


async def report(stage: CallStage, link: str, browser: httpx.AsyncClient, body: bytes) -> int:
    answer = await browser.post(f"{link}/state", headers=OURS, content=body)
    return answer.status_code


async def test_visits_are_recorded(stage: CallStage):
    """First use, first join and last leave; joining again clears the leave."""
    link = await stage.offered()
    team, link_id = stage.signer.read(link.rpartition("/")[2])
    browser = stage.browser()
    joined, left = b'{"state": "joined"}', b'{"state": "left"}'
    await stage.asks(link, browser)
    recorded = []
    for body in (joined, left, joined, left):
        stage.clock.advance(10)
        assert await report(stage, link, browser, body) == 204
        row = await stage.store.call_links.get(team, digest(link_id))
        assert row is not None
        assert row.opened_at == NOON
        recorded.append((row.joined_at, row.left_at))
    first = NOON + timedelta(seconds=10)
    ends = [first + timedelta(seconds=10), None, first + timedelta(seconds=30)]
    assert recorded == [(first, None), *((first, end) for end in ends)]


async def test_only_the_bound_browser_may_report(stage: CallStage):
    """Another browser, or one before it got the credentials, is turned away."""
    link = await stage.offered()
    assert await report(stage, link, stage.browser(), b'{"state": "joined"}') == 409
    browser = stage.browser()
    await stage.asks(link, browser)
    assert await report(stage, link, stage.browser(), b'{"state": "joined"}') == 409
    assert await report(stage, link, browser, b'{"state": "joined"}') == 204
    await stage.calls.renew(ANA, with_call().id)
    assert await report(stage, link, browser, b'{"state": "left"}') == 410


@pytest.mark.parametrize(("length", "status"), [(1_000, 204), (1_001, 400)])
async def test_a_state_is_a_short_text(stage: CallStage, length: int, status: int):
    """Up to 1,000 bytes are read."""
    link, browser = await stage.offered(), stage.browser()
    await stage.asks(link, browser)
    assert await report(stage, link, browser, b'{"state": "joined"}'.ljust(length)) == status


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{}", b"[]", b"null", b'{"state": "x"}', b'{"state": []}', b"\xff", b"[" * 900),
        b'{"state": "joined"}' + b" " * 2_000,
    ],
)
async def test_invalid_states_are_refused(stage: CallStage, body: bytes):
    """400, and nothing is recorded."""
    link = await stage.offered()
    browser = stage.browser()
    await stage.asks(link, browser)
    assert await report(stage, link, browser, body) == 400
