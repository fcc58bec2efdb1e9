"""Workers on one PostgreSQL, each with fake connections of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy import text

from slackbot.aio.tasks import BackgroundTasks
from slackbot.delivery.lease import LEASE_SECONDS, Lease
from slackbot.delivery.shared_feed import SharedFeed
from slackbot.delivery.worker import FeedSync, Worker
from slackbot.domain.feed_events import (
    FeedClaimed,
    FeedConnected,
    FeedDisconnected,
    FeedReleased,
)
from slackbot.domain.model import Person, TeamId, UserId
from slackbot.domain.stores import StoreUnavailable
from slackbot.domain.workers import HEARTBEAT_SECONDS, HeartbeatResult, Role
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.feeds import FEEDS_CHANNEL, SqlDesiredFeeds
from slackbot.storage.notify import listen
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from slackbot.storage.workers import SqlWorkerRegistry
from tests.harness.fakes import ANA, BEN, COFFEE, NOON, TEA, FakeClock, FakeFeed, connect, link
from tests.harness.postgres import Server

ELSEWHERE_SECONDS = 2 * LEASE_SECONDS + HEARTBEAT_SECONDS


class Process:
    """One process's worker and feeds, on a connection pool of its own."""

    def __init__(self, url: str, boot_id: str, role: Role = Role.WORKER) -> None:
        self.url, self.boot_id, self.time = url, boot_id, 1000.0
        self.database = Database(DatabaseUrl.parse(url), retry_seconds=0.0)
        self.store = SqlStore(self.database, Cipher([bytes(range(32))]))
        self.registry = SqlWorkerRegistry(self.database, boot_id=boot_id, role=role)
        self.desired = SqlDesiredFeeds(self.database, boot_id=boot_id)
        self.local = FakeFeed(FakeClock(), [])
        self.background, self.wake = BackgroundTasks(), asyncio.Event()
        self.feed = SharedFeed(self.local, self.desired, self.store, self.background, self.wake)
        self.recovered = 0  # times
        self.fenced = 0
        self.claimed: list[FeedClaimed] = []
        self.released: list[FeedReleased] = []
        self.use_clock(time.monotonic)
        self.tasks: list[asyncio.Task[None]] = []

    def use_clock(self, now: Callable[[], float]) -> None:
        """Have a worker whose lease goes by this clock."""
        self.lease = Lease(now=now)
        sync = FeedSync(self.feed, self.desired, self.local.events, self.wake)
        self.worker = Worker(
            self.registry,
            self.lease,
            self.wake,
            recover=self._recover,
            feeds=sync,
            exit_fenced=self._exit_fenced,
        )

    async def _publish(self) -> None:
        """Handle events as the feed monitor does."""
        while True:
            match await self.local.events.get():
                case FeedClaimed() as claimed:
                    self.claimed.append(claimed)
                case FeedReleased() as released:
                    self.released.append(released)
                case FeedConnected(person) | FeedDisconnected(person, _):
                    await self.feed.publish_health(person)

    async def _recover(self) -> None:
        self.recovered += 1

    def _exit_fenced(self) -> None:
        self.fenced += 1

    async def start(self) -> None:
        """Become a worker that sends heartbeats and is woken by the database."""
        await self.registry.register()
        self.run(
            self.worker.run(), listen(DatabaseUrl.parse(self.url), FEEDS_CHANNEL, self.wake.set)
        )
        self.run(self._publish())

    def run(self, *work: Coroutine[Any, Any, None]) -> None:
        self.tasks += map(asyncio.create_task, work)

    async def suspend(self) -> None:
        """Do nothing more, as after a SIGSTOP; the connections stay."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks.clear()

    def connected(self) -> set[Person]:
        return set(self.local.links)

    async def aclose(self) -> None:
        await self.suspend()
        await self.worker.aclose()
        await self.background.drain(1)
        await self.database.aclose()


Join = Callable[..., Process]


@pytest.fixture
async def join(postgresql_url: str) -> AsyncIterator[Join]:
    async with AsyncExitStack() as closing:

        def process(boot_id: str, role: Role = Role.WORKER) -> Process:
            made = Process(postgresql_url, boot_id, role)
            closing.push_async_callback(made.aclose)
            return made

        yield process


async def becomes(condition: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for is in several processes
            await asyncio.sleep(0.01)


async def linked(process: Process, number: int) -> list[Person]:
    people = [Person(TeamId("T1"), UserId(f"U{n:03}")) for n in range(number)]
    for person in people:
        await connect(process.store, link(person))
    return people


async def wanted(process: Process, people: list[Person]) -> None:
    for person in people:
        await process.desired.request(link(person), COFFEE)


async def carry_out(process: Process, statement: str) -> None:
    await process.database.write(lambda connection: connection.execute(text(statement)))


def owners(*processes: Process) -> dict[Person, list[str]]:
    held: dict[Person, list[str]] = {}
    for process in processes:
        for person in process.connected():
            held.setdefault(person, []).append(process.boot_id)
    return held


def shared_out(people: list[Person], *processes: Process) -> Callable[[], bool]:
    """Return a check that everybody is connected, once."""

    def condition() -> bool:
        held = owners(*processes)
        return set(held) == set(people) and all(len(holders) == 1 for holders in held.values())

    return condition


async def test_a_feed_requested_by_a_web_process_is_connected_by_a_worker(join: Join):
    """Woken by NOTIFY, far sooner than at its next heartbeat; closed, the worker drops it."""
    web, worker = join("web", Role.WEB), join("a")
    await linked(web, 1)
    await connect(web.store, link())
    await web.start()
    await worker.start()
    await asyncio.sleep(0.2)
    web.feed.open(link(), COFFEE)
    assert await web.feed.wait_connected(ANA, 5)
    assert (web.connected(), worker.connected()) == (set(), {ANA})
    await becomes(lambda: worker.claimed == [FeedClaimed(ANA, taken_over=False)])
    await becomes(lambda: (health := web.feed.health(ANA)) is not None and health.connected)
    await web.feed.close(ANA)
    await becomes(lambda: worker.released == [FeedReleased(ANA)])
    assert not worker.connected()
    await becomes(lambda: web.feed.health(ANA) is None)


async def test_another_session_is_no_new_connection_and_still_up(join: Join):
    """Closed and requested at once, the holder may see a single change: it is up all the same.

    Its connection goes on for the other session, so nobody hears that it connects.
    """
    web, worker = join("web", Role.WEB), join("a")
    await connect(web.store, link())
    await worker.start()
    web.feed.open(link(), COFFEE)
    assert await web.feed.wait_connected(ANA, 5)
    await worker.suspend()
    await web.feed.close(ANA)
    web.feed.open(link(), TEA)
    await web.feed.wait_connected(ANA, 0.2)
    worker.run(worker.worker.run(), worker._publish())
    assert await web.feed.wait_connected(ANA, 5)
    assert worker.local.journal == ["open 7"]


async def test_a_feed_opened_where_feeds_are_held_takes_no_detour(join: Join):
    """A process that does both holds what it opens itself."""
    ours, other = join("a", Role.RUN), join("b", Role.RUN)
    await connect(ours.store, link())
    await ours.start()
    await other.start()
    ours.feed.open(link(), COFFEE)
    assert await ours.feed.wait_connected(ANA, 5)
    assert ours.feed.holds(ANA)
    assert not other.feed.holds(ANA)
    await becomes(lambda: (health := other.feed.health(ANA)) is not None and health.connected)


async def test_feeds_are_shared_fairly_and_again_when_one_comes(join: Join):
    """A worker that starts later gets its share; in the end nobody is connected twice."""
    a, b, c = join("a"), join("b"), join("c")
    people = await linked(a, 30)
    await wanted(a, people)
    await a.start()
    await b.start()
    await becomes(shared_out(people, a, b), 10)
    await c.start()
    await becomes(lambda: len(c.connected()) >= 9, 10)
    await becomes(shared_out(people, a, b, c), 10)
    assert all(9 <= len(worker.connected()) <= 12 for worker in (a, b, c))


async def test_a_stopped_workers_feeds_are_elsewhere_within_two_leases(join: Join):
    """The table never names two owners, and the stopped worker exits as soon as it wakes."""
    workers = a, b, c = join("a"), join("b"), join("c")
    people = await linked(a, 30)
    await wanted(a, people)
    for worker in workers:
        await worker.start()
    await becomes(shared_out(people, *workers), 15)
    await becomes(lambda: len(a.connected()) >= 9, 10)
    # A worker that has just started takes nobody for stalled for the length of a lease.
    await asyncio.sleep(LEASE_SECONDS)
    lost = a.connected()
    await a.suspend()
    await becomes(shared_out(people, b, c), ELSEWHERE_SECONDS)

    def taken_over() -> set[Person]:
        return {event.person for event in b.claimed + c.claimed if event.taken_over}

    await becomes(lambda: lost <= taken_over())
    await becomes(lambda: b.recovered + c.recovered == 1)
    assert not a.lease.is_held()
    await a.worker.heartbeat()
    assert a.fenced == 1


async def test_released_feeds_are_claimed_at_once(join: Join):
    """At a shutdown nobody waits for a lease to expire, and notices stay until the end."""
    a, b = join("a"), join("b")
    people = await linked(a, 10)
    await wanted(a, people)
    for worker in (a, b):
        await worker.start()
    await becomes(shared_out(people, a, b), 10)
    for person in a.connected():
        await a.local.close(person)
    await a.worker.stop_claiming()
    await becomes(shared_out(people, b), 2.5)
    await a.worker.heartbeat()
    assert a.lease.is_held()
    assert not a.connected()
    assert b.recovered == 0


async def test_a_takeover_may_be_longer_than_a_heartbeat(join: Join):
    """However slowly feeds are connected: the lease is renewed meanwhile."""
    a = join("a")
    people = await linked(a, 120)
    await wanted(a, people)
    slowly(a.store)
    await a.start()
    most = 0.0
    while len(a.connected()) < len(people):
        await asyncio.sleep(0.05)
        if a.lease._expires_at:
            most = max(most, LEASE_SECONDS - (a.lease._expires_at - a.lease.now()))
    assert most < LEASE_SECONDS - HEARTBEAT_SECONDS


def slowly(store: SqlStore) -> None:
    """Make each read of links take as long as a lease."""
    links_of: Callable[..., Coroutine[Any, Any, Any]] = store.links.get_many

    async def slow(people: Sequence[Person]) -> Any:
        await asyncio.sleep(LEASE_SECONDS)
        return await links_of(people)

    store.links.get_many = slow  # type: ignore[method-assign]


async def test_while_the_database_is_away_nothing_is_sent_and_nobody_ends(
    join: Join, postgresql: Server, postgresql_name: str
):
    """Feeds stay connected; when it is back all go on, and nobody recovers from anybody."""
    a, b = join("a"), join("b")
    people = await linked(a, 6)
    await wanted(a, people)
    for worker in (a, b):
        await worker.start()
    await becomes(lambda: len(a.connected()) == len(b.connected()) == 3, 10)
    before = a.connected(), b.connected()
    with postgresql.away(postgresql_name):
        await becomes(lambda: not a.lease.is_held() and not b.lease.is_held(), ELSEWHERE_SECONDS)
        assert (a.connected(), b.connected()) == before
    await becomes(lambda: a.lease.is_held() and b.lease.is_held(), ELSEWHERE_SECONDS)
    await asyncio.sleep(HEARTBEAT_SECONDS)
    assert (a.connected(), b.connected()) == before
    assert (a.fenced, b.fenced, a.recovered, b.recovered) == (0, 0, 0, 0)


async def test_a_worker_that_was_suspended_takes_nobody_for_stalled_yet(join: Join):
    """A whole host was asleep: the first worker to wake must not recover those about to wake."""
    a, b = join("a"), join("b")
    for process in (a, b):
        process.use_clock(lambda process=process: process.time)
        await process.registry.register()
        await process.worker.heartbeat()
        process.time += LEASE_SECONDS
        await process.worker.heartbeat()
    await carry_out(a, "UPDATE workers SET expires_at = clock_timestamp()")
    for process in (a, b):
        process.time += 60.0
        assert not process.lease.is_held()
    await a.worker.heartbeat()
    await b.worker.heartbeat()
    assert a.lease.is_held()
    assert b.lease.is_held()
    await carry_out(a, "UPDATE workers SET expires_at = clock_timestamp() WHERE boot_id = 'b'")
    a.time += LEASE_SECONDS - 0.1
    await a.worker.heartbeat()
    assert a.recovered == 0
    a.time += 0.2
    await a.worker.heartbeat()
    await becomes(lambda: a.recovered == 1)


async def test_the_lease_counts_from_before_the_heartbeat(join: Join):
    """The database sets it later than we count from, so ours is never the longer one."""
    a = join("a")
    a.use_clock(lambda: a.time)
    assert not a.lease.is_held()
    await a.registry.register()
    await a.worker.heartbeat()
    a.time += LEASE_SECONDS - 0.01
    assert a.lease.is_held()
    a.time += 0.01
    assert not a.lease.is_held()


async def test_a_slow_heartbeat_does_not_lengthen_the_lease(join: Join):
    """The lease counts from before the heartbeat, however long its answer takes."""
    a = join("a")
    a.use_clock(lambda: a.time)
    await a.registry.register()
    heartbeat = a.registry.heartbeat

    async def slow(*, detect_stalled: bool) -> HeartbeatResult | None:
        result = await heartbeat(detect_stalled=detect_stalled)
        a.time += 1.0
        return result

    a.registry.heartbeat = slow  # type: ignore[method-assign]
    began = a.time
    await a.worker.heartbeat()
    a.time = began + LEASE_SECONDS - 0.01
    assert a.lease.is_held()
    a.time = began + LEASE_SECONDS
    assert not a.lease.is_held()


async def test_a_dropped_feeds_link_is_read_past_the_cache(join: Join):
    """The next holder may change it: this process must not go on with what it read before."""
    a, b = join("a", Role.RUN), join("b")
    await connect(a.store, link())
    await a.registry.register()
    await a.desired.request(link(), COFFEE)
    await a.worker.heartbeat()
    assert a.connected() == {ANA}
    assert await b.store.links.mark_refused(link(), NOON)
    await a.feed.drop([ANA])
    kept = await a.store.links.get(ANA)
    assert kept is not None
    assert kept.refused_at == NOON


async def test_nobody_is_connected_with_a_token_that_is_refused(join: Join):
    """Such a feed is cancelled, and not tried each second."""
    a = join("a")
    await connect(a.store, link(refused_at=NOON), link(BEN, refused_at=NOON))
    await wanted(a, [ANA, BEN])
    await a.registry.register()
    await a.worker.heartbeat()
    assert a.connected() == set()
    assert isinstance(a.local.events, asyncio.Queue)
    assert a.local.events.empty()
    assert await a.desired.health(ANA) is None
    assert await a.desired.health(BEN) is None


async def test_a_closed_feed_stays_closed(join: Join):
    """Even if the worker read the request just before, and connects it just after."""
    a = join("a", Role.RUN)
    await connect(a.store, link())
    await a.registry.register()
    await a.desired.request(link(), COFFEE)
    a.feed.begin_heartbeat()
    heartbeat = await a.registry.heartbeat(detect_stalled=True)
    assert heartbeat is not None
    await a.feed.close(ANA)
    assert not await a.feed.hold(heartbeat.owned)
    assert a.connected() == set()
    await a.desired.request(link(), COFFEE)
    await a.worker.heartbeat()
    assert a.connected() == {ANA}


async def test_a_worker_that_missed_a_heartbeat_takes_nobody_for_stalled_yet(join: Join):
    """If the database was away for this worker it was for the others too."""
    a, b = join("a"), join("b")
    a.use_clock(lambda: a.time)
    for process in (a, b):
        await process.registry.register()
    for _ in range(3):  # long enough to take others for stalled
        await a.worker.heartbeat()
        a.time += LEASE_SECONDS - 1
    await carry_out(a, "UPDATE workers SET expires_at = clock_timestamp() WHERE boot_id = 'b'")
    beats = away_once(a.registry)
    a.run(a.worker.run())
    await becomes(lambda: len(beats) > 2)
    assert a.recovered == 0
    for number in range(3, 5):
        a.time += LEASE_SECONDS - 1
        a.wake.set()
        await becomes(lambda number=number: len(beats) > number)
    await becomes(lambda: a.recovered == 1)


def away_once(registry: SqlWorkerRegistry) -> list[bool]:
    """Fail the next heartbeat as if the database were away; note which ones detect stalled."""
    heartbeat, detecting = registry.heartbeat, []

    async def counted(*, detect_stalled: bool) -> Any:
        detecting.append(detect_stalled)
        if len(detecting) == 1:
            raise StoreUnavailable
        return await heartbeat(detect_stalled=detect_stalled)

    registry.heartbeat = counted  # type: ignore[method-assign]
    return detecting
