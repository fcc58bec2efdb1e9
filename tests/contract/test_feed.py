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
from slackbot.bootstrap.adapters import SystemClock
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


class Recorder(asyncio.Queue[FeedEvent]):
    """A queue that records the feed's events."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[str] = []
        self.reports: list[tuple[Person, EventSlug, MatchReport]] = []

    def put_nowait(self, item: FeedEvent) -> None:
        match item:
            case MatchesReported(link, reports):
                self.reports += [(link.person, link.event, report) for report in reports]
            case FeedConnected(person):
                self.events.append(f"connected {person.user}")
            case FeedDisconnected(person, failure):
                self.events.append(f"disconnected {person.user}")
                assert failure.isidentifier()


class Harness(Protocol):
    """A feed, its events, and a person with two valid tokens."""

    feed: MatchFeed
    recorder: Recorder
    link: Link
    renewed: Link

    async def pair_with_yan(self) -> None: ...
    async def drop_connection(self) -> None: ...
    async def start_outage(self) -> None: ...


class FakeHarness:
    def __init__(self) -> None:
        self.recorder = Recorder()
        self.feed = FakeFeed(FakeClock(), [])
        self.feed.events = self.recorder
        self.link, self.renewed = link(), link(token=SecretStr("renewed"))

    async def pair_with_yan(self) -> None:
        self.feed.send(ANA, report(YAN, session_id=SESSION, meeting_digest="m"))

    async def drop_connection(self) -> None:
        self.feed.down(ANA)
        self.feed.up(ANA)

    async def start_outage(self) -> None:
        self.feed.reachable = False


class RealHarness:
    def __init__(self, sandbox: Accelevents, feed: SocketFeed, recorder: Recorder) -> None:
        self.sandbox, self.feed, self.recorder = sandbox, feed, recorder
        sandbox.add_attendee("yan", YAN.name, user_id=YAN.account_id)
        tokens = [SecretStr(sandbox.token_for("ada")) for _ in range(2)]
        self.link, self.renewed = (
            link(event=EventSlug("demo"), token=token, account_id=501) for token in tokens
        )

    async def pair_with_yan(self) -> None:
        await self.sandbox.pair("ada", "yan", SESSION)

    async def drop_connection(self) -> None:
        await self.sandbox.drop_sockets("ada")

    async def start_outage(self) -> None:
        await self.sandbox.restart_sockets(60)


@pytest.fixture(params=["fake", "real"])
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    if request.param == "fake":
        yield FakeHarness()
        return
    sandbox = Accelevents()
    async with AsyncExitStack() as closing:
        url = await closing.enter_async_context(serving(sandbox.app))
        options = FeedOptions(socket_url=url, backoff=ExponentialBackoff(0.01, 0.05))
        recorder = Recorder()
        feed = SocketFeed(options, SystemClock(), recorder)
        closing.push_async_callback(feed.aclose)
        yield RealHarness(sandbox, feed, recorder)


async def connect(harness: Harness) -> None:
    harness.feed.open(harness.link, SESSION)
    assert await harness.feed.wait_connected(ANA, 10)
    await until(lambda: harness.recorder.events)


async def test_without_a_feed(harness: Harness):
    """A wait without a feed ends at once, and closing without one is harmless."""
    assert harness.feed.health(ANA) is None
    assert not await harness.feed.wait_connected(ANA, 10)
    await harness.feed.close(ANA)


async def test_an_open_feed_connects(harness: Harness):
    """An open feed is connected after the wait, and one event reports it."""
    await connect(harness)
    health = harness.feed.health(ANA)
    assert health is not None
    assert health.connected
    assert harness.recorder.events == ["connected U1"]


async def test_opening_again_is_harmless(harness: Harness):
    """The same link keeps its connection: there is no further event."""
    await connect(harness)
    for _ in range(3):
        harness.feed.open(harness.link, SESSION)
    assert await harness.feed.wait_connected(ANA, 10)
    await harness.pair_with_yan()
    await until(lambda: harness.recorder.reports)
    assert harness.recorder.events == ["connected U1"]


async def test_a_match_is_reported_for_its_person(harness: Harness):
    """A match is reported for its person, with the link's event, the partner and the meeting."""
    await connect(harness)
    await harness.pair_with_yan()
    await until(lambda: harness.recorder.reports)
    [(person, event, reported)] = harness.recorder.reports
    assert (person, event, reported.session_id) == (ANA, harness.link.event, SESSION)
    assert (reported.partner.name, reported.partner.account_id) == (YAN.name, YAN.account_id)
    assert reported.meeting_digest


async def test_a_lost_connection_comes_back(harness: Harness):
    """Events report the loss and of the new connection, and matches flow again."""
    await connect(harness)
    await harness.drop_connection()
    await until(lambda: len(harness.recorder.events) >= 3)
    assert harness.recorder.events[:2] == ["connected U1", "disconnected U1"]
    assert harness.recorder.events[-1] == "connected U1"
    assert await harness.feed.wait_connected(ANA, 10)
    await harness.pair_with_yan()
    await until(lambda: harness.recorder.reports)


async def test_a_new_token_replaces_the_connection(harness: Harness):
    """A feed keeps the token it was opened with, so another token makes a new connection."""
    await connect(harness)
    harness.feed.open(harness.renewed, SESSION)
    assert await harness.feed.wait_connected(ANA, 10)
    await until(lambda: harness.recorder.events.count("connected U1") == 2)


async def test_a_feed_that_cannot_connect(harness: Harness):
    """A feed that cannot connect exists, is not connected, and the wait for it ends."""
    await harness.start_outage()
    harness.feed.open(harness.link, SESSION)
    assert not await harness.feed.wait_connected(ANA, 0.2)
    health = harness.feed.health(ANA)
    assert health is not None
    assert not health.connected


async def test_a_closed_feed_is_silent(harness: Harness):
    """A closed feed is gone, and closing again is harmless."""
    await connect(harness)
    for _ in range(2):
        await harness.feed.close(ANA)
    assert harness.feed.health(ANA) is None
    assert not await harness.feed.wait_connected(ANA, 10)
