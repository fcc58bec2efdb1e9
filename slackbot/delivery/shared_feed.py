"""Feeds shared by several processes. Any process can request a feed, and one worker holds it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import structlog

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.model import FeedHealth, Link, Person, SessionId
from slackbot.domain.ports import MatchFeed
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.domain.workers import DesiredFeed, DesiredFeeds

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.1  # between reads of the health of a feed that another process holds


class SharedFeed:
    """Implements `ports.MatchFeed` with the table of desired feeds and local connections."""

    def __init__(
        self,
        local: MatchFeed,
        desired: DesiredFeeds,
        store: Store,
        background: BackgroundTasks,
        wake: asyncio.Event,
    ) -> None:
        """Create a feed without connections.

        `local` holds this process's connections. `wake` is set to trigger an immediate heartbeat.
        """
        self._local = local
        self._desired = desired
        self._store = store
        self._background = background
        self._wake = wake
        self._held: dict[Person, DesiredFeed] = {}
        self._remote: dict[Person, FeedHealth] = {}  # feeds of other workers, as last reported
        self._unpublished: set[Person] = set()  # held feeds whose latest health is not published
        self._publishing = asyncio.Lock()
        self._requests: dict[Person, asyncio.Task[None]] = {}  # each person's latest, while it runs
        self._closing: Counter[Person] = Counter()
        self._closed: set[Person] = set()  # since the last heartbeat began; see `begin_heartbeat`

    # --- ports.MatchFeed -------------------------------------------------------------------------

    def open(self, link: Link, session_id: SessionId) -> None:
        """Request the feed, unless this process already holds it for the same session."""
        person = link.person
        held = self._held.get(person)
        if held is not None and held.session_id == session_id:
            self._local.open(link, session_id)
            return
        before = self._requests.get(person)

        async def request() -> None:
            if before is not None:
                await asyncio.wait({before})
            await self._desired.request(link, session_id)
            self._wake.set()

        task = self._requests[person] = self._background.start(request(), "request_feed")

        def forget(_: asyncio.Task[None]) -> None:
            if self._requests.get(person) is task:
                del self._requests[person]

        task.add_done_callback(forget)

    async def wait_connected(self, person: Person, seconds: float) -> bool:
        """Wait up to `seconds` for the feed to connect, and return whether it did."""
        try:
            async with asyncio.timeout(seconds):
                if (request := self._requests.get(person)) is not None:
                    await asyncio.wait({request})
                while True:
                    if person in self._held:
                        if await self._local.wait_connected(person, seconds):
                            return True
                    else:
                        health = await self._desired.health(person)
                        if health is None:
                            return False
                        self._remote[person] = health
                        if health.connected:
                            return True
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            return False

    def health(self, person: Person) -> FeedHealth | None:
        """Return the health of a feed. For a remote feed, this is its worker's last report."""
        if person in self._held:
            return self._local.health(person)
        return self._remote.get(person)

    def healths(self) -> list[FeedHealth]:
        """Return the health of all held feeds, or of the remote feeds if none is held."""
        return list(self._local_health(self._held).values()) or list(self._remote.values())

    def holds(self, person: Person) -> bool:
        """Return whether this process holds the person's feed."""
        return person in self._held

    async def publish_health(self, person: Person) -> None:
        """Publish the health of a held feed to the other processes.

        Calls made during a write are combined into the next write.
        """
        self._unpublished.add(person)
        async with self._publishing:
            if person not in self._unpublished:
                return
            people, self._unpublished = self._unpublished, set()
            try:
                await self._desired.report_health(self._local_health(people))
            except StoreUnavailable:
                log.warning("feed_health_unpublished")  # the next heartbeat corrects it

    async def close(self, person: Person) -> None:
        """Cancel the request for the feed, so the process that holds it disconnects."""
        self._closing[person] += 1
        try:
            if (request := self._requests.get(person)) is not None:
                await asyncio.wait({request})
            self._remote.pop(person, None)
            await self._desired.cancel(person)
            await self.drop([person])
        finally:
            self._closing[person] -= 1
            self._closing += Counter()  # drops zero counts
            self._closed.add(person)

    # --- for the worker --------------------------------------------------------------------------

    @property
    def held(self) -> dict[Person, DesiredFeed]:
        """The feeds that this process holds."""
        return dict(self._held)

    def begin_heartbeat(self) -> None:
        """Clear the record of closed feeds, because the heartbeat reads newer rows."""
        self._closed.clear()

    async def hold(self, desired: Sequence[DesiredFeed]) -> list[Person]:
        """Connect the feeds that this process owns, and cancel those without a usable link.

        Return the people whose feed is now held. Feeds that were closed in the meantime are left
        out.
        """
        links = await self._store.links.get_many([feed.person for feed in desired])
        opened, useless = [], []
        for feed in desired:
            person, link = feed.person, links.get(feed.person)
            if link is None or link.refused_at is not None:
                useless.append(feed)
            elif person not in self._closed and person not in self._closing:
                self._held[person] = feed
                self._remote.pop(person, None)
                self._local.open(link, feed.session_id)
                opened.append(person)
        for feed in useless:
            await self._desired.cancel(feed.person, feed.version)
        return opened

    async def drop(self, people: Iterable[Person]) -> None:
        """Disconnect feeds that this process no longer owns."""
        held = [person for person in people if self._held.pop(person, None) is not None]
        await asyncio.gather(*map(self._local.close, held))
        if held:
            # Reload the cached links, because another process may change them from now on.
            await self._store.links.get_many(held)

    async def correct_health(self, connected: Mapping[Person, bool]) -> None:
        """Correct the health of held feeds in the table, which currently says `connected`.

        The values can be wrong because a feed that switches to another session does not reconnect,
        and because two reports may arrive out of order.
        """
        wrong = {
            person: health
            for person, health in self._local_health(connected).items()
            if health.connected is not connected[person]
        }
        await self._desired.report_health(wrong)

    def update_remote(self, healths: dict[Person, FeedHealth]) -> None:
        """Replace the known health of other workers' feeds."""
        self._remote = healths

    def _local_health(self, people: Iterable[Person]) -> dict[Person, FeedHealth]:
        healths = {person: self._local.health(person) for person in people if person in self._held}
        return {person: health for person, health in healths.items() if health is not None}
