"""Handle feed events, and poll for available people in case a feed missed an event."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from slackbot.aio.tasks import BackgroundTasks, spread
from slackbot.domain.errors import TokenRefused
from slackbot.domain.feed_events import (
    FeedClaimed,
    FeedConnected,
    FeedDisconnected,
    FeedEvent,
    FeedReleased,
    MatchesReported,
)
from slackbot.domain.feed_polling import DISCONNECTED_SECONDS, is_poll_due
from slackbot.domain.model import Person, TeamId
from slackbot.domain.ports import Clock, MatchFeed
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.domain.surfaces import Changes
from slackbot.services.feed_poller import FeedPoller
from slackbot.services.matches import Matches
from slackbot.telemetry import STORE_FAILURES

log = structlog.get_logger(__name__)

TICK_SECONDS = DISCONNECTED_SECONDS  # between checks of a person's feed
TICK_JITTER = 0.8  # shortest tick, as a fraction; spreads out people who started together
CLAIMED_SECONDS = 20.0  # from a claim to the first poll; the feed connects immediately
SPREAD_SECONDS = 30.0  # spreads out list reads for feeds that were taken over together
RECONNECTS_AT_ONCE = 8  # reconnected people checked concurrently; others keep connecting
POLLS_AT_ONCE = 16  # concurrent polls; after a start, all people are due together
STORE_SECONDS = 1.0  # between attempts to handle an event while the database is unavailable
UNKNOWN_TRIES = 120  # attempts at a match report with unknown errors, over two minutes
DRAIN_SECONDS = 2.0  # to finish events at shutdown


@dataclass(eq=False, repr=False, kw_only=True)
class FeedMonitor:
    """Runs one polling task per available person, and one task per event."""

    poller: FeedPoller
    matches: Matches
    store: Store
    feed: MatchFeed
    clock: Clock
    changes: Changes  # people whose feed has connected or disconnected
    # Spreads polls over time.
    rng: random.Random = field(default_factory=random.SystemRandom)

    def __post_init__(self) -> None:
        self._tasks = BackgroundTasks()
        self._list_reads = BackgroundTasks()
        self._polls: dict[Person, asyncio.Task[None]] = {}
        self._stopped = False
        self._starting: set[Person] = set()
        self._list_later: set[Person] = set()  # taken over but not connected yet
        self._reconnect_slots = asyncio.Semaphore(RECONNECTS_AT_ONCE)
        self._poll_slots = asyncio.Semaphore(POLLS_AT_ONCE)
        self.unstored: set[int] = set()  # match reports that could not be stored yet, by `id`

    async def run(self, events: asyncio.Queue[FeedEvent]) -> None:
        """Handle events until cancelled, then spend up to `DRAIN_SECONDS` on the remaining ones."""
        try:
            while True:
                self._dispatch(await events.get())
        finally:
            while not events.empty():
                self._dispatch(events.get_nowait())
            await self._list_reads.drain(0)  # the next holder reads the list when it connects
            await self.poller.unread.aclose()
            await self._tasks.drain(DRAIN_SECONDS)

    async def resume(self, team: TeamId) -> None:
        """Start polling for all people who were available before the process started."""
        async for availability in spread(await self.store.availabilities.list_all(team)):
            self.start(availability.person)

    def start(self, person: Person, *, after: float = 0.0) -> None:
        """Poll until the availability ends, if this process holds the person's feed.

        The first poll runs after `after` seconds.
        """
        running = self._polls.get(person)
        is_running = running is not None and not running.done()
        if self._stopped or is_running or not self.feed.holds(person):
            return
        poll = self._tasks.start(self._poll_until_ended(person, after), "poll")
        self._polls[person] = poll

        def forget(_: asyncio.Task[None]) -> None:
            if self._polls.get(person) is poll:
                del self._polls[person]

        poll.add_done_callback(forget)

    @contextmanager
    def starting(self, person: Person) -> Iterator[None]:
        """Ignore feed connections in this context, because the caller sets the status itself."""
        self._starting.add(person)
        try:
            yield
        finally:
            self._starting.discard(person)

    async def end(self, person: Person) -> None:
        """End the availability and stop polling. The caller must hold the person's lock."""
        await self.poller.end(person)
        self._stop(person)

    async def end_unreachable(self, person: Person) -> None:
        """Leave the session and end the availability of a person whom messages cannot reach."""
        await self.poller.end_unreachable(person)
        self._stop(person)

    async def stop_polling(self) -> None:
        """Stop all polling at shutdown. Availabilities stay stored."""
        self._stopped = True
        async for person in spread(list(self._polls)):
            self._stop(person)

    # --- events ----------------------------------------------------------------------------------

    def _dispatch(self, event: FeedEvent) -> None:
        match event:
            case FeedClaimed(person, taken_over):
                # Delay the poll, because a feed connects before the availability is stored.
                after = CLAIMED_SECONDS
                if taken_over:
                    self._list_later.add(person)
                    after += self.rng.uniform(0.0, SPREAD_SECONDS)
                self.start(person, after=after)
            case FeedReleased(person):
                self.poller.forget_pending(person)
                self._list_later.discard(person)
                self._stop(person)
            case _:
                self._tasks.start(self._handle(event), "feed_event")

    async def _handle(self, event: MatchesReported | FeedConnected | FeedDisconnected) -> None:
        """Handle an event, retrying while the database is unavailable.

        A retry is needed because events are not repeated.
        """
        unknown = 0
        try:
            while True:
                try:
                    await self._handle_once(event)
                    return
                except StoreUnavailable:
                    log.warning("feed_event_postponed", kind=type(event).__name__)
                except Exception:
                    unknown += 1
                    if not isinstance(event, MatchesReported) or unknown == UNKNOWN_TRIES:
                        raise
                    STORE_FAILURES.inc()
                    log.exception("match_not_stored")
                if isinstance(event, MatchesReported):
                    self.unstored.add(id(event))
                await self.clock.sleep(STORE_SECONDS)
        finally:
            self.unstored.discard(id(event))

    async def _handle_once(self, event: MatchesReported | FeedConnected | FeedDisconnected) -> None:
        match event:
            case MatchesReported(link, reports):
                await self.matches.receive(link, reports)
            case FeedConnected(person):
                await self.feed.publish_health(person)
                self.changes.add(person)
                await self._on_connected(person)
            case FeedDisconnected(person, failure):
                log.info("feed_down", team=person.team, user=person.user, reason=failure)
                await self.feed.publish_health(person)
                self.changes.add(person)

    async def _on_connected(self, person: Person) -> None:
        if person in self._starting:
            return
        if self._reconnect_slots.locked():
            self.poller.mark_pending(person)  # a poll may run first
        async with self._reconnect_slots:
            list_later = person in self._list_later
            try:
                if not await self.poller.reconnected(person, read_list=not list_later):
                    self._stop(person)
            except TokenRefused:
                log.info("reconnect_unchecked", reason="token_refused")
            if list_later:
                self._list_later.discard(person)
                self._list_reads.start(self._read_list_later(person), "read_list")

    async def _read_list_later(self, person: Person) -> None:
        await self.clock.sleep(self.rng.uniform(0.0, SPREAD_SECONDS))
        try:
            await self.poller.read_list(person)
        except (TokenRefused, StoreUnavailable) as error:
            log.info("list_unread", reason=type(error).__name__)

    # --- polls -----------------------------------------------------------------------------------

    def _stop(self, person: Person) -> None:
        poll = self._polls.pop(person, None)
        if poll is not None:
            poll.cancel()

    async def _poll_until_ended(self, person: Person, after: float) -> None:
        await self.clock.sleep(after)
        waited = math.inf
        while True:
            is_due = is_poll_due(self.feed.health(person), waited)
            if is_due or self.poller.is_end_due(person):
                waited = 0.0
                try:
                    async with self._poll_slots:
                        if not await self.poller.poll(person):
                            return
                # The next poll makes up for a failed one.
                except TokenRefused:
                    log.info("poll_refused", reason="token_refused")
                except StoreUnavailable:
                    log.warning("poll_postponed", reason="store_unavailable")
                except Exception:
                    log.exception("poll_failed")
            await self.clock.sleep(TICK_SECONDS * self.rng.uniform(TICK_JITTER, 1.0))
            waited += TICK_SECONDS
