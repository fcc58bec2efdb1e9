"""The contract of every feed: the fake one, and the real one against the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Protocol

import pytest
from pydantic import SecretStr

from slackbot.accelevents.feed_options import FeedOptions
from slackbot.accelevents.feeds import SocketFeed
from slackbot.aio.backoff import ExponentialBackoff
from slackbot.bootstrap.app import SystemClock
from slackbot.domain.feed_events import (
    FeedConnected,
    FeedDisconnected,
    FeedEvent,
    MatchesReported,
)
from slackbot.domain.model import EventSlug, Link, MatchReport, Person, SessionId
from slackbot.domain.ports import MatchFeed
from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from tests.harness.fakes import ANA, YAN, FakeClock, FakeFeed, link, report, until

SESSION = SessionId(11645)


class Ear(asyncio.Queue[FeedEvent]):
    """A queue that records the feed's events."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.seen: list[tuple[Person, EventSlug, MatchReport]] = []

    def put_nowait(self, item: FeedEvent) -> None:
        match item:
            case MatchesReported(person, event, reports):
                self.seen += [(person, event, report) for report in reports]
            case FeedConnected(person):
                self.heard.append(f"connected {person.user}")
            case FeedDisconnected(person, failure):
                self.heard.append(f"disconnected {person.user}")
                assert failure.isidentifier()


class Stage(Protocol):
    """A feed, its events, and a person with two valid tokens."""

    feed: MatchFeed
    ear: Ear
    link: Link
    renewed: Link

    async def meet_yan(self) -> None: ...
    async def drop(self) -> None: ...
    async def go_down(self) -> None: ...


class FakeStage:
    def __init__(self) -> None:
        self.ear = Ear()
        self.feed = FakeFeed(FakeClock(), [])
        self.feed.events = self.ear
        self.link, self.renewed = link(), link(token=SecretStr("renewed"))

    async def meet_yan(self) -> None:
        self.feed.send(ANA, report(YAN, session_id=SESSION, meeting_digest="m"))

    async def drop(self) -> None:
        self.feed.down(ANA)
        self.feed.up(ANA)

    async def go_down(self) -> None:
        self.feed.reachable = False


class RealStage:
    def __init__(self, world: Accelevents, feed: SocketFeed, ear: Ear) -> None:
        self.world, self.feed, self.ear = world, feed, ear
        world.add_attendee("yan", YAN.name, user_id=YAN.account_id)
        tokens = [SecretStr(world.token_for("ada")) for _ in range(2)]
        self.link, self.renewed = (
            link(event=EventSlug("demo"), token=token, account_id=501) for token in tokens
        )

    async def meet_yan(self) -> None:
        await self.world.pair("ada", "yan", SESSION)

    async def drop(self) -> None:
        await self.world.drop_sockets("ada")

    async def go_down(self) -> None:
        await self.world.restart_sockets(60)


@pytest.fixture(params=["fake", "real"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    if request.param == "fake":
        yield FakeStage()
        return
    world = Accelevents()
    async with AsyncExitStack() as closing:
        url = await closing.enter_async_context(serving(world.app))
        options = FeedOptions(socket_url=url, backoff=ExponentialBackoff(0.01, 0.05))
        ear = Ear()
        feed = SocketFeed(options, SystemClock(), ear)
        closing.push_async_callback(feed.aclose)
        yield RealStage(world, feed, ear)


async def connect(stage: Stage) -> None:
    stage.feed.open(stage.link, SESSION)
    assert await stage.feed.wait_connected(ANA, 10)
    await until(lambda: stage.ear.heard)


async def test_without_a_feed_there_is_nothing(stage: Stage):
    """A wait without a feed ends at once, and closing without one is harmless."""
    assert stage.feed.health(ANA) is None
    assert not await stage.feed.wait_connected(ANA, 10)
    await stage.feed.close(ANA)


async def test_an_open_feed_connects_and_says_so(stage: Stage):
    """An open feed is connected after the wait, and an event says so once."""
    await connect(stage)
    health = stage.feed.health(ANA)
    assert health is not None
    assert health.connected
    assert stage.ear.heard == ["connected U1"]


async def test_opening_again_is_harmless(stage: Stage):
    """The same link keeps its connection: there is no further event."""
    await connect(stage)
    for _ in range(3):
        stage.feed.open(stage.link, SESSION)
    assert await stage.feed.wait_connected(ANA, 10)
    await stage.meet_yan()
    await until(lambda: stage.ear.seen)
    assert stage.ear.heard == ["connected U1"]


async def test_a_match_is_told_to_its_person(stage: Stage):
    """A match is reported for its person, with the link's event, the partner and the meeting."""
    await connect(stage)
    await stage.meet_yan()
    await until(lambda: stage.ear.seen)
    [(person, event, seen)] = stage.ear.seen
    assert (person, event, seen.session_id) == (ANA, stage.link.event, SESSION)
    assert (seen.partner.name, seen.partner.account_id) == (YAN.name, YAN.account_id)
    assert seen.meeting_digest


async def test_a_lost_line_comes_back(stage: Stage):
    """Events tell of the loss and of the new connection, and matches flow again."""
    await connect(stage)
    await stage.drop()
    await until(lambda: len(stage.ear.heard) >= 3)
    assert stage.ear.heard[:2] == ["connected U1", "disconnected U1"]
    assert stage.ear.heard[-1] == "connected U1"
    assert await stage.feed.wait_connected(ANA, 10)
    await stage.meet_yan()
    await until(lambda: stage.ear.seen)


async def test_a_new_token_replaces_the_connection(stage: Stage):
    """A feed keeps the token it was opened with, so another token makes a new connection."""
    await connect(stage)
    stage.feed.open(stage.renewed, SESSION)
    assert await stage.feed.wait_connected(ANA, 10)
    await until(lambda: stage.ear.heard.count("connected U1") == 2)


async def test_a_feed_that_cannot_connect_is_there_and_down(stage: Stage):
    """A feed that cannot connect exists, is not connected, and the wait for it ends."""
    await stage.go_down()
    stage.feed.open(stage.link, SESSION)
    assert not await stage.feed.wait_connected(ANA, 0.2)
    health = stage.feed.health(ANA)
    assert health is not None
    assert not health.connected


async def test_a_closed_feed_is_silent(stage: Stage):
    """A closed feed is gone, and closing again is harmless."""
    await connect(stage)
    for _ in range(2):
        await stage.feed.close(ANA)
    assert stage.feed.health(ANA) is None
    assert not await stage.feed.wait_connected(ANA, 10)
