"""The pass to a call: to one browser, for its round, and to nobody else."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest

from slackbot.domain.calls import CallLink, EntryRefused
from slackbot.domain.model import Partner
from slackbot.domain.ports import Posted
from slackbot.domain.text import digest
from slackbot.services.call_tokens import LinkSigner
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


def told(answer: httpx.Response) -> tuple[int, str]:
    """Status and word of an error."""
    return answer.status_code, answer.json()["error"]


async def test_the_first_browser_gets_the_pass(stage: CallStage):
    """Meeting and attendee as the platform gave them, who it is with, and how long it lasts."""
    match = with_call()
    link = await stage.offered(match)
    await stage.store.matches.record_outcome(ANA, match.id, "told", Posted("D1", "1.0"), NOON)
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


async def test_what_is_not_known_is_left_open(stage: CallStage):
    """No end, no role, no message yet: null and empty, and the pass all the same."""
    match = with_call(ends_at=None, partner=Partner(name="Yan\u202e\nx"))
    given = (await stage.asks(await stage.offered(match))).json()
    assert (given["endsInMs"], given["role"], given["slackUrl"]) == (None, "", "")
    assert given["partner"] == "Yan x"


async def test_the_same_browser_may_come_back(stage: CallStage):
    """Until a minute after the round, with the cookie that it was given; never a second cookie."""
    link = await stage.offered()
    async with stage.browser() as browser:
        assert (await stage.asks(link, browser)).status_code == 200
        cookies = dict(browser.cookies)
        for _ in range(2):
            stage.clock.advance(119)
            assert (await stage.asks(link, browser)).status_code == 200
            assert dict(browser.cookies) == cookies
        stage.clock.advance(2)
        assert told(await stage.asks(link, browser)) == (410, "over")


async def test_a_second_browser_is_turned_away(stage: CallStage):
    """Without the cookie, with a made-up one, with another link's: 409, and the first stays in."""
    link = await stage.offered()
    other = await stage.offered(with_call(BEN, 2))
    first, second, third = stage.browser(), stage.browser(), stage.browser()
    assert (await stage.asks(link, first)).status_code == 200
    assert (await stage.asks(other, second)).status_code == 200
    third.cookies.set("__Secure-call", "guessed", domain="bot.example")
    foreign = SimpleCookie(dict(second.cookies)).output(header="").strip()
    borrowed = {**OURS, "Cookie": foreign}
    assert told(await stage.browser().post(f"{link}/session", headers=borrowed)) == (
        409,
        "elsewhere",
    )
    assert told(await stage.asks(link, third)) == (409, "elsewhere")
    assert told(await stage.asks(link)) == (409, "elsewhere")
    assert (await stage.asks(link, first)).status_code == 200


async def test_of_many_browsers_at_once_one_gets_in(stage: CallStage):
    """Binding is one step: 20 browsers ask together, 1 gets the pass and 19 are told where."""
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


async def test_neither_link_nor_cookie_is_stored(stage: CallStage):
    """Who reads the database can enter no call: of both there are only digests."""
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


async def test_on_this_machine_it_works_without_tls(tmp_path: Path):
    """The cookie has no Secure then; below a prefix of the proxy its path has that prefix."""
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
    """A form, another site, a sibling: 403, and nothing is used up."""
    link = await stage.offered()
    answer = await stage.browser().post(f"{link}/{target}", headers=headers, json={})
    assert told(answer) == (403, "reload")
    assert (await stage.asks(link)).status_code == 200


async def test_an_older_browser_may_ask(stage: CallStage):
    """One that does not tell where a request comes from sends our header alone."""
    link = await stage.offered()
    answer = await stage.browser().post(f"{link}/session", headers={"X-Requested-With": "call"})
    assert answer.status_code == 200


async def test_a_new_link_takes_the_old_ones_back(stage: CallStage):
    """All earlier links of that person to that call, bound or not; others go on."""
    bound, unbound = await stage.offered(), await stage.offered()
    others = await stage.offered(with_call(BEN, 2)), await stage.offered(with_call(ANA, 3))
    browser = stage.browser()
    await stage.asks(bound, browser)
    match, link = await stage.calls.renew(ANA, with_call().id)
    assert match is not None
    assert link is not None
    assert told(await stage.asks(bound, browser)) == (410, "replaced")
    assert told(await stage.asks(unbound)) == (410, "replaced")
    for good in (link, *others):
        assert (await stage.asks(good)).status_code == 200


async def test_a_message_told_twice_has_two_links_that_work(stage: CallStage):
    """After a crash a match may be told again: the first message's link goes on working."""
    first, second = await stage.offered(), await stage.offered()
    assert first != second
    assert (await stage.asks(first)).status_code == 200
    assert (await stage.asks(second)).status_code == 200


async def test_a_round_that_never_says_when_it_ends_is_bounded(stage: CallStage):
    """Half an hour and a minute, then it is over."""
    link = await stage.offered(with_call(ends_at=None))
    browser = stage.browser()
    await stage.asks(link, browser)
    stage.clock.advance(31 * 60 - 1)
    assert (await stage.asks(link, browser)).status_code == 200
    stage.clock.advance(1)
    assert told(await stage.asks(link, browser)) == (410, "over")


async def test_a_link_works_as_long_as_was_said_when_it_was_made(stage: CallStage):
    """Not longer, though the call is still open; and a day after its signature in no case."""
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
    assert told(await stage.asks(link, browser)) == (410, "expired")
    with pytest.raises(EntryRefused, match="expired"):
        LinkSigner(stage.keys, max_age=-1).read(link.rpartition("/")[2])


async def test_who_disconnected_has_no_call(stage: CallStage):
    """Their links lead nowhere, and another workspace's person of the same id keeps theirs."""
    link, other = await stage.offered(), await stage.offered(with_call(NAMESAKE))
    await stage.store.people.forget(ANA)
    assert told(await stage.asks(link)) == (410, "over")
    given = (await stage.asks(other)).json()
    assert given["attendee"]["JoinToken"]


async def test_two_workspaces_never_meet(stage: CallStage):
    """Equal user ids and match ids in two workspaces: each link gives its own pass."""
    mine, theirs = with_call(), with_call(NAMESAKE)
    assert mine.call is not None
    assert theirs.call is not None
    links = [await stage.offered(match) for match in (mine, theirs)]
    given = [(await stage.asks(link)).json()["attendee"] for link in links]
    assert given == [mine.call.attendee, theirs.call.attendee]
    await stage.calls.renew(ANA, mine.id)
    assert told(await stage.asks(links[0])) == (410, "replaced")
    assert told(await stage.asks(links[1])) == (409, "elsewhere")


async def test_keys_can_be_changed(tmp_path: Path):
    """The newest key signs, those behind it are still taken, and one that was removed is not."""
    async with call_stage(tmp_path) as before:
        old = await before.offered()
        both = CallStage(before.store, tmp_path, keys=(OTHER_KEY, KEY))
        new = await both.offered(with_call(BEN, 2))
        after = CallStage(before.store, tmp_path, keys=(OTHER_KEY,))
        assert told(await after.asks(old)) == (404, "unknown")
        assert told(await before.asks(new)) == (404, "unknown")
        for link in (old, new):
            assert (await both.asks(link)).status_code == 200


async def test_a_changed_list_of_hosts_closes_calls(tmp_path: Path):
    """A pass stored under another list is checked again before it is given."""
    async with call_stage(tmp_path) as before:
        link = await before.offered()
        after = CallStage(before.store, tmp_path, hosts=type(before.hosts).of(["*.example"]))
        assert told(await after.asks(link)) == (410, "over")


# --- joined and left -----------------------------------------------------------------------------


async def says(stage: CallStage, link: str, browser: httpx.AsyncClient, body: bytes) -> int:
    answer = await browser.post(f"{link}/state", headers=OURS, content=body)
    return answer.status_code


async def test_it_is_recorded_who_came(stage: CallStage):
    """When the link was first used, the call first joined and last left; who rejoins has not."""
    link = await stage.offered()
    team, link_id = stage.signer.read(link.rpartition("/")[2])
    browser = stage.browser()
    joined, left = b'{"state": "joined"}', b'{"state": "left"}'
    await stage.asks(link, browser)
    seen = []
    for body in (joined, left, joined, left):
        stage.clock.advance(10)
        assert await says(stage, link, browser, body) == 204
        row = await stage.store.call_links.get(team, digest(link_id))
        assert row is not None
        assert row.opened_at == NOON
        seen.append((row.joined_at, row.left_at))
    first = NOON + timedelta(seconds=10)
    ends = [first + timedelta(seconds=10), None, first + timedelta(seconds=30)]
    assert seen == [(first, None), *((first, end) for end in ends)]


async def test_only_the_bound_browser_says_so(stage: CallStage):
    """Another one, or any before the pass was given, is turned away."""
    link = await stage.offered()
    assert await says(stage, link, stage.browser(), b'{"state": "joined"}') == 409
    browser = stage.browser()
    await stage.asks(link, browser)
    assert await says(stage, link, stage.browser(), b'{"state": "joined"}') == 409
    assert await says(stage, link, browser, b'{"state": "joined"}') == 204
    await stage.calls.renew(ANA, with_call().id)
    assert await says(stage, link, browser, b'{"state": "left"}') == 410


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{}", b"[]", b"null", b'{"state": "x"}', b'{"state": []}', b"\xff", b"[" * 900),
        b'{"state": "joined"}' + b" " * 2_000,
    ],
)
async def test_junk_is_no_state(stage: CallStage, body: bytes):
    """400, and nothing is recorded."""
    link = await stage.offered()
    browser = stage.browser()
    await stage.asks(link, browser)
    assert await says(stage, link, browser, body) == 400
