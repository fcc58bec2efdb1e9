"""The contract of every platform: the fake one, and the client against the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Protocol

import pytest
from pydantic import SecretStr

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.bootstrap.app import SystemClock
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
    "registered": lambda platform, link, _: platform.registered_sessions(link),
    "join": lambda platform, link, at: platform.join(link, at),
    "status": lambda platform, link, at: platform.set_status(link, at, AttendeeStatus.AVAILABLE),
    "matches": lambda platform, link, at: platform.matches(link, at),
}


class Stage(Protocol):
    """A platform with a live session, a later one, and a linked person."""

    port: Platform
    link: Link
    live: SessionId
    later: SessionId

    def user_key(self) -> str: ...
    def use_up(self, key: str) -> None: ...
    def refuse_token(self) -> None: ...
    def go_down(self) -> None: ...
    def without(self, session_id: SessionId) -> None: ...
    async def meet_yan(self) -> None: ...


class FakeStage:
    live, later = SessionId(7), SessionId(8)

    def __init__(self) -> None:
        self.link = link()
        evening = session(8, starts_at=NOON.replace(hour=18), ends_at=NOON.replace(hour=20))
        self.port = FakePlatform([])
        self.port.programme = [session(), evening]

    def user_key(self) -> str:
        return "a-key-of-ana"

    def use_up(self, key: str) -> None:
        self.port.errors["redeem"] = [MagicLinkUsed(status=406)]

    def refuse_token(self) -> None:
        for name in CALLS:
            self.port.errors[name] = [TokenRefused(status=401)]

    def go_down(self) -> None:
        for name in CALLS:
            self.port.errors[name] = [ServerFailed(status=503)]

    def without(self, session_id: SessionId) -> None:
        self.port.errors["join"] = [SessionNotFound(status=404)]

    async def meet_yan(self) -> None:
        self.port.listed.append(row(YAN))


class RealStage:
    live, later = SessionId(11645), SessionId(11650)

    def __init__(self, world: Accelevents, port: Platform) -> None:
        self.world, self.port = world, port
        world.add_attendee("yan", YAN.name, user_id=YAN.account_id)
        token = SecretStr(world.token_for("ada"))
        self.link = link(event=EventSlug("demo"), token=token, account_id=501)

    def user_key(self) -> str:
        return self.world.user_key_for("ada")

    def use_up(self, key: str) -> None:
        """Do nothing: the first use did."""

    def refuse_token(self) -> None:
        self.world.revoke("ada")

    def go_down(self) -> None:
        self.world.next_status(503, times=100, retry_after=0)

    def without(self, session_id: SessionId) -> None:
        assert session_id not in {known.id for known in self.world.event}

    async def meet_yan(self) -> None:
        await self.world.pair("ada", "yan")


@pytest.fixture(params=["fake", "real"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    if request.param == "fake":
        yield FakeStage()
        return
    world = Accelevents()
    async with AsyncExitStack() as closing:
        url = await closing.enter_async_context(serving(world.app))
        client = AcceleventsClient(PlatformOptions(api_url=url), SystemClock())
        closing.push_async_callback(client.aclose)
        yield RealStage(world, client)


def by_id(sessions: list[Session]) -> dict[SessionId, Session]:
    return {session.id: session for session in sessions}


async def test_sessions_come_by_scope(stage: Stage):
    """LIVE has the live session only; UPCOMING, being unfiltered, has both."""
    live = by_id(await stage.port.sessions(stage.link, SessionScope.LIVE))
    assert stage.live in live
    assert stage.later not in live
    everything = by_id(await stage.port.sessions(stage.link, SessionScope.UPCOMING))
    assert {stage.live, stage.later} <= set(everything)
    starts, ends = everything[stage.later].starts_at, everything[stage.later].ends_at
    assert starts is not None
    assert ends is not None
    assert starts < ends
    assert starts.tzinfo is not None


async def test_joining_again_is_harmless(stage: Stage):
    """Joining twice succeeds; afterwards both statuses are accepted."""
    for _ in range(2):
        await stage.port.join(stage.link, stage.live)
    for status in AttendeeStatus:
        await stage.port.set_status(stage.link, stage.live, status)


async def test_a_pairing_is_a_row_of_the_list(stage: Stage):
    """Each pairing is one row, with the partner and a raw time that does not change."""
    await stage.port.join(stage.link, stage.live)
    assert await stage.port.matches(stage.link, stage.live) == []
    await stage.meet_yan()
    [first] = await stage.port.matches(stage.link, stage.live)
    assert (first.partner.name, first.partner.account_id) == (YAN.name, YAN.account_id)
    assert first.raw_time
    await stage.meet_yan()
    assert first in await stage.port.matches(stage.link, stage.live)
    assert len(await stage.port.matches(stage.link, stage.live)) == 2


async def test_a_magic_link_works_once(stage: Stage):
    """A key's token is valid for the event; the key is refused a second time."""
    key = stage.user_key()
    grant = await stage.port.redeem(stage.link.event, key)
    assert await stage.port.check(stage.link.event, grant.token)
    stage.use_up(key)
    with pytest.raises(MagicLinkUsed):
        await stage.port.redeem(stage.link.event, key)


async def test_a_session_that_is_not_there_is_refused(stage: Stage):
    """Joining an unknown session raises its own error."""
    stage.without(SessionId(99))
    with pytest.raises(SessionNotFound):
        await stage.port.join(stage.link, SessionId(99))


@pytest.mark.parametrize("name", CALLS)
async def test_a_refused_token_is_told_by_every_call(stage: Stage, name: str):
    """Every call with a refused token raises the same error."""
    stage.refuse_token()
    with pytest.raises(TokenRefused):
        await CALLS[name](stage.port, stage.link, stage.live)


@pytest.mark.parametrize("name", CALLS)
async def test_an_outage_is_told_by_every_call(stage: Stage, name: str):
    """Every call during an outage raises another kind of error than a refusal."""
    stage.go_down()
    with pytest.raises(Unavailable):
        await CALLS[name](stage.port, stage.link, stage.live)
