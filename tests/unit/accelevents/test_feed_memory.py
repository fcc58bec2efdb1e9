"""What a feed leaves behind: nothing that only the garbage collector could free."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from slackbot.accelevents.connection import Connection
from slackbot.accelevents.engine_io import EngineSocket
from slackbot.accelevents.feed import Feed
from slackbot.sandbox.serving import serving
from tests.harness.fakes import until

from .feed_harness import (
    ANA,
    TIMEOUT,
    FeedFactory,
    LinkFactory,
    Recorder,
    SocketServer,
    responding,
    stays_silent,
    upgrades_and_closes,
)

# The largest parts of a feed; each holds many others.
PARTS = (Feed, Connection, EngineSocket, aiohttp.ClientWebSocketResponse)
SETTLE_SECONDS = 0.2


@pytest.fixture
def parts() -> Iterator["weakref.WeakSet[Any]"]:
    """The parts that are alive, of those made in this test; the collector is off."""
    gc.collect()
    gc.disable()
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    originals = {kind: kind.__init__ for kind in PARTS}

    def noting(kind: type) -> Any:
        def init(self: Any, *args: Any, **named: Any) -> None:
            originals[kind](self, *args, **named)
            alive.add(self)

        return init

    for kind in PARTS:
        kind.__init__ = noting(kind)  # type: ignore[misc] # taken back below
    try:
        yield alive
    finally:
        for kind, original in originals.items():
            kind.__init__ = original  # type: ignore[misc]
        gc.enable()


async def until_freed(parts: "weakref.WeakSet[Any]") -> None:
    """Wait until no part is left."""
    async with asyncio.timeout(2.0):
        await until(lambda: not parts)


async def test_a_closed_feed_is_freed_at_once(
    parts: "weakref.WeakSet[Any]", make_feed: FeedFactory, make_link: LinkFactory
):
    """Somebody leaves: their feed, its connection and the libraries' parts are freed."""
    async with serving(SocketServer().app) as url:
        feed = make_feed(url)
        feed.open(make_link(), 11645)
        assert await feed.wait_connected(ANA, TIMEOUT)
        assert len(parts) == len(PARTS)
        await feed.close(ANA)
        await until_freed(parts)


async def test_a_peer_that_does_not_close_leaves_nothing(
    parts: "weakref.WeakSet[Any]", make_feed: FeedFactory, make_link: LinkFactory
):
    """The same when the peer does not answer the disconnect."""
    server, silent = SocketServer(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def unless_silent() -> Any:
            message = await receive()
            if silent.is_set():
                await asyncio.sleep(TIMEOUT)
            return message

        await server.app(scope, unless_silent, send)

    async with serving(app) as url:
        feed = make_feed(url)
        feed.open(make_link(), 11645)
        assert await feed.wait_connected(ANA, TIMEOUT)
        silent.set()
        await feed.close(ANA)
        await until_freed(parts)


PEERS: dict[str, ASGIApp] = {
    "upgrades and closes": upgrades_and_closes,
    "stays silent": stays_silent,
    "refuses": responding(401),
}


@pytest.mark.parametrize("name", PEERS)
async def test_a_failed_handshake_leaves_nothing(
    parts: "weakref.WeakSet[Any]",
    recorder: Recorder,
    make_feed: FeedFactory,
    make_link: LinkFactory,
    name: str,
):
    """Attempts that fail are freed, however often they are repeated."""
    async with serving(PEERS[name]) as url:
        feed = make_feed(url, attempt_seconds=0.1)
        feed.open(make_link(), 11645)
        while len(recorder.events) < 3:
            await recorder.get()
        await feed.close(ANA)
        await until_freed(parts)


async def test_a_lost_connection_is_freed(
    parts: "weakref.WeakSet[Any]",
    recorder: Recorder,
    make_feed: FeedFactory,
    make_link: LinkFactory,
):
    """After a reconnect only the new connection is left."""
    server = SocketServer()
    async with serving(server.app) as url:
        feed = make_feed(url)
        feed.open(make_link(), 11645)
        for time in range(1, 4):
            await recorder.until("connected U1", time)
            await server.server.disconnect(server.connected[-1])
            await recorder.until("disconnected U1 closed", time)
        await recorder.until("connected U1", 4)
        await asyncio.sleep(SETTLE_SECONDS)
        assert len(parts) == len(PARTS)
        await feed.close(ANA)
        await until_freed(parts)


async def test_a_connection_that_is_cut_is_freed(
    parts: "weakref.WeakSet[Any]",
    recorder: Recorder,
    make_feed: FeedFactory,
    make_link: LinkFactory,
):
    """The server goes away without a word: its errors do not keep the connection."""
    async with serving(SocketServer().app) as url:
        feed = make_feed(url)
        feed.open(make_link(), 11645)
        assert await feed.wait_connected(ANA, TIMEOUT)
    await recorder.until("disconnected U1 unreachable", 2)
    await feed.close(ANA)
    await until_freed(parts)
