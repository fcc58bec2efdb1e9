"""Feeds that several processes share: each is held by one worker, and wanted by any."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

import structlog

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.model import EventSlug, FeedHealth, Link, MatchReport, Person, SessionId
from slackbot.domain.ports import Clock, FeedListener, MatchFeed, Store, StoreUnavailable
from slackbot.domain.workers import DesiredFeed, Leases

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.1
"""How often a process that does not hold a feed asks whether it is up."""


class SharedFeed:
    """Implements `ports.MatchFeed` over a table of wanted feeds and our own connections.

    It stands between those connections and their listener (`ports.FeedListener`), so that the
    others know how each feed is.
    """

    def __init__(
        self,
        local: MatchFeed,
        leases: Leases,
        store: Store,
        clock: Clock,
        background: BackgroundTasks,
    ) -> None:
        self._local = local
        self._leases = leases
        self._store = store
        self._clock = clock
        self._background = background
        self._listener: FeedListener | None = None
        self._held: dict[Person, DesiredFeed] = {}
        self._told: dict[Person, FeedHealth] = {}
        """How feeds are that others hold, as they said last."""
        self._unsaid: set[Person] = set()
        """Feeds whose health the others are to be told of."""
        self._saying = asyncio.Lock()
        self._asking: dict[Person, asyncio.Task[None]] = {}
        self._closing: Counter[Person] = Counter()
        self._closed: set[Person] = set()
        """Closed since our worker looked last: what it saw of them is over."""
        self.wake: Callable[[], None] = lambda: None
        """Makes our worker look round at once."""

    def listen(self, listener: FeedListener) -> None:
        """Who is told of matches and of feeds that come and go."""
        self._listener = listener

    # --- ports.MatchFeed -------------------------------------------------------------------------

    def open(self, link: Link, session_id: SessionId) -> None:
        """Ask for the feed. Ours already and for the same session: nothing is to be done."""
        held = self._held.get(link.person)
        if held is not None and held.session_id == session_id:
            self._local.open(link, session_id)
            return
        self._ask(link.person, self._leases.request_feed(link.person, session_id))

    def _ask(self, person: Person, work: Coroutine[Any, Any, None]) -> None:
        before = self._asking.get(person)

        async def in_turn() -> None:
            if before is not None:
                await asyncio.wait({before})
            await work
            self.wake()

        task = self._background.start(in_turn(), "want_feed")
        self._asking[person] = task
        task.add_done_callback(lambda _: self._asked(person, task))

    def _asked(self, person: Person, task: asyncio.Task[None]) -> None:
        if self._asking.get(person) is task:
            del self._asking[person]

    async def wait_connected(self, person: Person, seconds: float) -> bool:
        """Whether the feed is up, waiting for it at most so long."""
        try:
            async with asyncio.timeout(seconds):
                if (asking := self._asking.get(person)) is not None:
                    await asyncio.wait({asking})
                while True:
                    if person in self._held:
                        if await self._local.wait_connected(person, seconds):
                            return True
                    else:
                        health = await self._leases.health(person)
                        if health is None:
                            return False
                        self._told[person] = health
                        if health.connected:
                            return True
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            return False

    def health(self, person: Person) -> FeedHealth | None:
        """How the feed is: ours as we see it, another's as its holder said last."""
        if person in self._held:
            return self._local.health(person)
        return self._told.get(person)

    def healths(self) -> list[FeedHealth]:
        """How those are that this process holds; holding none, how the others' are."""
        ours = [self._local.health(person) for person in self._held]
        return [it for it in ours if it is not None] or list(self._told.values())

    async def close(self, person: Person) -> None:
        """No longer wanted, by whomever it is held."""
        self._closing[person] += 1
        try:
            if (asking := self._asking.get(person)) is not None:
                await asyncio.wait({asking})
            self._told.pop(person, None)
            await self._leases.cancel_feed(person)
            await self.drop([person])
        finally:
            self._closing[person] -= 1
            self._closing += Counter()  # forgets those at nought
            self._closed.add(person)

    # --- for the worker --------------------------------------------------------------------------

    @property
    def held(self) -> dict[Person, DesiredFeed]:
        """The feeds that this process holds."""
        return dict(self._held)

    def holds(self, person: Person) -> bool:
        """Whether this process holds the person's feed."""
        return person in self._held

    async def hold(self, wanted: Sequence[DesiredFeed]) -> list[Person]:
        """Connect feeds that are ours; for whom there is something to connect."""
        links = await self._store.links.get_many([it.person for it in wanted])
        opened, useless = [], []
        for it in wanted:
            person, link = it.person, links.get(it.person)
            if link is None or link.refused_at is not None:
                useless.append(it)
            elif person not in self._closed and person not in self._closing:
                self._held[person] = it
                self._told.pop(person, None)
                self._local.open(link, it.session_id)
                opened.append(person)
        for it in useless:
            await self._leases.cancel_feed(it.person, it.version)
        return opened

    async def correct(self, beheld: Sequence[DesiredFeed]) -> None:
        """Tell the others how feeds are where they take them to be otherwise.

        A feed that goes on for another session does not connect anew, and two notes may have
        overtaken each other.
        """
        healths = self._healths(it.person for it in beheld)
        taken_to_be = {it.person: it.connected for it in beheld}
        wrong = {it: how for it, how in healths.items() if how.connected is not taken_to_be[it]}
        await self._leases.note(wrong)

    def forget_closed(self) -> None:
        """From now on our worker sees what was closed before."""
        self._closed.clear()

    async def drop(self, people: Sequence[Person]) -> None:
        """Disconnect feeds that are no longer ours."""
        held = [person for person in people if self._held.pop(person, None) is not None]
        await asyncio.gather(*map(self._local.close, held))
        if held:
            # What another process changed is not remembered any longer.
            await self._store.links.get_many(held)

    def heard(self, health: dict[Person, FeedHealth]) -> None:
        """How the feeds of others are, as their holders say."""
        self._told = health

    # --- ports.FeedListener ----------------------------------------------------------------------

    async def matched(self, person: Person, event: EventSlug, seen: Sequence[MatchReport]) -> None:
        """Passed on."""
        if self._listener is not None:
            await self._listener.matched(person, event, seen)

    async def connected(self, person: Person) -> None:
        """Noted for the others, and passed on."""
        await self._note(person)
        if self._listener is not None:
            await self._listener.connected(person)

    async def disconnected(self, person: Person, failure: str) -> None:
        """Noted for the others, and passed on."""
        await self._note(person)
        if self._listener is not None:
            await self._listener.disconnected(person, failure)

    async def _note(self, person: Person) -> None:
        """What is to be said while something is being said is said together after it."""
        self._unsaid.add(person)
        async with self._saying:
            if person not in self._unsaid:
                return
            people, self._unsaid = self._unsaid, set()
            try:
                await self._leases.note(self._healths(people))
            except StoreUnavailable:
                log.warning("feed_not_noted")  # a beat corrects it

    def _healths(self, people: Iterable[Person]) -> dict[Person, FeedHealth]:
        """How those of these feeds are that we hold."""
        ours = {it: self._local.health(it) for it in people if it in self._held}
        return {person: health for person, health in ours.items() if health is not None}
