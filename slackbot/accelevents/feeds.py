"""The feeds of all available people, which implement the protocol `MatchFeed`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import Final

from slackbot.accelevents.connection import new_session
from slackbot.accelevents.dialer import Dialer
from slackbot.accelevents.feed import Feed
from slackbot.accelevents.feed_options import FeedOptions
from slackbot.aio.tasks import BackgroundTasks, spread
from slackbot.domain.feed_events import FeedEvent
from slackbot.domain.model import FeedHealth, Link, Person, SessionId
from slackbot.domain.ports import Clock

SHUTDOWN_SECONDS: Final = 2.0  # timeout for disconnecting all feeds
ABANDON_SECONDS: Final = 0.5  # timeout for stopping the remaining feeds without a DISCONNECT
STOPPED_AT_ONCE: Final = 100  # number of feeds that are disconnected concurrently


class SocketFeed:
    """One Socket.IO connection per person. All write to `events`. Create it in the running loop."""

    def __init__(
        self, options: FeedOptions, clock: Clock, events: asyncio.Queue[FeedEvent]
    ) -> None:
        self._http = new_session(options.proxies)
        self._new_feed = partial(
            Feed,
            options=options,
            dialer=Dialer(self._http, options),
            gate=asyncio.Semaphore(options.max_handshakes),
            clock=clock,
            events=events,
        )
        self._feeds: dict[Person, Feed] = {}
        self._tasks = BackgroundTasks()

    def open(self, link: Link, session_id: SessionId) -> None:
        """Connect, and stay connected until the feed is closed.

        A link with another token or event replaces the feed. For another session of the same
        event, only the hello event is sent again.
        """
        feed = self._feeds.get(link.person)
        if feed is not None and feed.serves(link):
            self._tasks.start(feed.move(session_id), "move_feed")
            return
        self._feeds[link.person] = self._new_feed(link, session_id)
        if feed is not None:
            self._tasks.start(feed.stop(), "stop_feed")

    async def wait_connected(self, person: Person, seconds: float) -> bool:
        """Wait up to `seconds` for the feed to connect, and return whether it is connected."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (feed := self._feeds.get(person)) is not None:
                    await feed.settled.wait()
                    if feed.health.connected:
                        return True
        return False

    def health(self, person: Person) -> FeedHealth | None:
        """Return the health of the person's feed, or None if there is no feed."""
        return feed.health if (feed := self._feeds.get(person)) is not None else None

    def healths(self) -> list[FeedHealth]:
        """Return the health of every feed."""
        return [feed.health for feed in self._feeds.values()]

    def holds(self, person: Person) -> bool:  # noqa: ARG002 - the port's signature
        """Return True, because a single process holds all feeds."""
        return True

    async def publish_health(self, person: Person) -> None:
        """Do nothing, because there are no other processes."""

    async def close(self, person: Person) -> None:
        """Disconnect the person's feed, if there is one."""
        if (feed := self._feeds.pop(person, None)) is not None:
            await feed.stop()

    async def aclose(self, seconds: float = SHUTDOWN_SECONDS) -> None:
        """Disconnect all feeds. After `seconds`, close the rest without sending a DISCONNECT."""
        feeds = list(self._feeds.values())
        self._feeds.clear()
        waiting = feeds.copy()

        async def stop_waiting() -> None:
            while waiting:
                await waiting.pop().stop()

        for _ in range(min(STOPPED_AT_ONCE, len(waiting))):
            self._tasks.start(stop_waiting(), "stop_feeds")
        await self._tasks.drain(seconds)
        async for feed in spread(feed for feed in feeds if not feed.stopped):
            self._tasks.start(feed.stop(polite=False), "abandon_feed")
        await self._http.close()
        await self._tasks.drain(ABANDON_SECONDS)
