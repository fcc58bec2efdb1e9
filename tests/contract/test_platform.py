"""The contract of every platform: the fake one, and the client against the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Protocol

import pytest
from pydantic import SecretStr

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.bootstrap.adapters import SystemClock
from slackbot.domain.errors import (
    MagicLinkUsed,
    ServerFailed,
    SessionNotFound,
    TokenRefused,
    Unavailable,
)
from slackbot.domain.model import AttendeeStatus, EventSlug, Link, Session, SessionId, SessionScope
from slackbot.domain.ports import Platform
from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from tests.harness.fakes import NOON, YAN, FakePlatform, link, row, session

CALLS: dict[str, Callable[[Platform, Link, SessionId], Awaitable[object]]] = {
    "check": lambda platform, link, _: platform.check(link.event, link.token),
    "sessions": lambda platform, link, _: platform.sessions(link, SessionScope.LIVE),
    "others": lambda platform, link, _: platform.other_sessions(link),
    "registered": lambda platform, link, _: platform.registered_sessions(link),
    "join": lambda platform, link, session_id: platform.join(link, session_id),
    "status": lambda platform, link, session_id: platform.set_status(
        link, session_id, AttendeeStatus.AVAILABLE
    ),
    "matches": lambda platform, link, session_id: platform.matches(link, session_id),
}


class Harness(Protocol):
    """A platform with a live session, a later one, and a linked person."""

    platform: Platform
    link: Link
    live: SessionId
    upcoming: SessionId

    def user_key(self) -> str: ...
    def mark_used(self, key: str) -> None: ...
    def revoke_token(self) -> None: ...
    def start_outage(self) -> None: ...
    def remove_session(self, session_id: SessionId) -> None: ...
    async def pair_with_yan(self) -> None: ...


class FakeHarness:
    live, upcoming = SessionId(7), SessionId(8)

    def __init__(self) -> None:
        self.link = link()
        upcoming = session(8, starts_at=NOON.replace(hour=18), ends_at=NOON.replace(hour=20))
        self.platform = FakePlatform([])
        self.platform.programme = [session(), upcoming]
        self.platform.others = [session(9, "Keynote")]

    def user_key(self) -> str:
        return "a-key-of-ana"

    def mark_used(self, key: str) -> None:
        self.platform.errors["redeem"] = [MagicLinkUsed(status=406)]

    def revoke_token(self) -> None:
        for name in CALLS:
            self.platform.errors[name] = [TokenRefused(status=401)]

    def start_outage(self) -> None:
        for name in CALLS:
            self.platform.errors[name] = [ServerFailed(status=503)]

    def remove_session(self, session_id: SessionId) -> None:
        self.platform.errors["join"] = [SessionNotFound(status=404)]

    async def pair_with_yan(self) -> None:
        self.platform.listed.append(row(YAN))


class RealHarness:
    live, upcoming = SessionId(11645), SessionId(11650)

    def __init__(self, sandbox: Accelevents, platform: Platform) -> None:
        self.sandbox, self.platform = sandbox, platform
        sandbox.add_attendee("yan", YAN.name, user_id=YAN.account_id)
        token = SecretStr(sandbox.token_for("ada"))
        self.link = link(event=EventSlug("demo"), token=token, account_id=501)

    def user_key(self) -> str:
        return self.sandbox.user_key_for("ada")

    def mark_used(self, key: str) -> None:
        """Do nothing: the first use did."""

    def revoke_token(self) -> None:
        self.sandbox.revoke("ada")

    def start_outage(self) -> None:
        self.sandbox.next_status(503, times=100, retry_after=0)

    def remove_session(self, session_id: SessionId) -> None:
        assert session_id not in {known.id for known in self.sandbox.event}

    async def pair_with_yan(self) -> None:
        await self.sandbox.pair("ada", "yan")


@pytest.fixture(params=["fake", "real"])
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    if request.param == "fake":
        yield FakeHarness()
        return
    sandbox = Accelevents()
    async with AsyncExitStack() as closing:
        url = await closing.enter_async_context(serving(sandbox.app))
        client = AcceleventsClient(PlatformOptions(api_url=url), SystemClock())
        closing.push_async_callback(client.aclose)
        yield RealHarness(sandbox, client)


def by_id(sessions: list[Session]) -> dict[SessionId, Session]:
    return {session.id: session for session in sessions}


async def test_sessions_come_by_scope(harness: Harness):
    """LIVE has the live session only; UPCOMING, being unfiltered, has both."""
    live = by_id(await harness.platform.sessions(harness.link, SessionScope.LIVE))
    assert harness.live in live
    assert harness.upcoming not in live
    everything = by_id(await harness.platform.sessions(harness.link, SessionScope.UPCOMING))
    assert {harness.live, harness.upcoming} <= set(everything)
    starts, ends = everything[harness.upcoming].starts_at, everything[harness.upcoming].ends_at
    assert starts is not None
    assert ends is not None
    assert starts < ends
    assert starts.tzinfo is not None


async def test_other_sessions_are_apart(harness: Harness):
    """Keynotes and workshops are none of the networking sessions."""
    others = by_id(await harness.platform.other_sessions(harness.link))
    assert others
    for scope in SessionScope:
        assert not set(others) & set(by_id(await harness.platform.sessions(harness.link, scope)))


async def test_joining_twice_is_harmless(harness: Harness):
    """Joining twice succeeds; afterwards both statuses are accepted."""
    for _ in range(2):
        await harness.platform.join(harness.link, harness.live)
    for status in AttendeeStatus:
        await harness.platform.set_status(harness.link, harness.live, status)


async def test_a_pairing_is_a_row_of_the_list(harness: Harness):
    """Each pairing is one row, with the partner and a raw time that does not change."""
    await harness.platform.join(harness.link, harness.live)
    assert await harness.platform.matches(harness.link, harness.live) == []
    await harness.pair_with_yan()
    [first] = await harness.platform.matches(harness.link, harness.live)
    assert (first.partner.name, first.partner.account_id) == (YAN.name, YAN.account_id)
    assert first.raw_time
    await harness.pair_with_yan()
    assert first in await harness.platform.matches(harness.link, harness.live)
    assert len(await harness.platform.matches(harness.link, harness.live)) == 2


async def test_a_magic_link_works_once(harness: Harness):
    """A key's token is valid for the event; the key is refused a second time."""
    key = harness.user_key()
    grant = await harness.platform.redeem(harness.link.event, key)
    assert await harness.platform.check(harness.link.event, grant.token)
    harness.mark_used(key)
    with pytest.raises(MagicLinkUsed):
        await harness.platform.redeem(harness.link.event, key)


async def test_an_unknown_session_is_refused(harness: Harness):
    """Joining an unknown session raises its own error."""
    harness.remove_session(SessionId(99))
    with pytest.raises(SessionNotFound):
        await harness.platform.join(harness.link, SessionId(99))


@pytest.mark.parametrize("name", CALLS)
async def test_a_refused_token_in_every_call(harness: Harness, name: str):
    """Every call with a refused token raises the same error."""
    harness.revoke_token()
    with pytest.raises(TokenRefused):
        await CALLS[name](harness.platform, harness.link, harness.live)


@pytest.mark.parametrize("name", CALLS)
async def test_an_outage_in_every_call(harness: Harness, name: str):
    """Every call during an outage raises another kind of error than a refusal."""
    harness.start_outage()
    with pytest.raises(Unavailable):
        await CALLS[name](harness.platform, harness.link, harness.live)
