"""Promises of the table of workers, on PostgreSQL: leases, shares of feeds, recovery."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from slackbot.domain.workers import DOWNTIME, WARM_UP, Role
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.fakes import ANA, COFFEE, connect, link
from tests.harness.workers import Workers, people


@pytest.fixture
async def workers(postgresql_url: str) -> AsyncIterator[Workers]:
    database = Database(DatabaseUrl.parse(postgresql_url))
    store = SqlStore(database, Cipher([bytes(range(32))]))
    await connect(store, link(), *map(link, people(60)))
    yield Workers(database)
    await database.aclose()


# --- leases --------------------------------------------------------------------------------------


async def test_a_start_beside_living_workers_misses_nothing(workers: Workers):
    """Nor does the first start ever."""
    assert not await workers.process("a").registry.register()
    assert not await workers.process("b").registry.register()


async def test_a_start_after_a_clean_stop_misses_nothing(workers: Workers):
    """The stop is the process's last write."""
    a = await workers.start("a")
    await a.registry.release_lease()
    assert not await workers.process("b").registry.register()


async def test_a_start_after_a_kill_may_miss_rows(workers: Workers):
    """No clean stop was recorded, so what was committed last may be lost."""
    await workers.start("a")
    await workers.expire("a")
    assert await workers.process("b").registry.register()


async def test_a_start_after_a_long_downtime_may_miss_rows(workers: Workers):
    """The database may be a backup that was taken after a clean stop; by the database's clock."""
    a = await workers.start("a")
    await a.registry.release_lease()
    await workers.move_back("expires_at", DOWNTIME)
    assert await workers.process("b").registry.register()


async def test_a_heartbeat_returns_when_the_next_lease_expires(workers: Workers):
    """So that a stalled worker is recovered from as soon as possible."""
    a, b = await workers.start("a"), await workers.start("b")
    await b.heartbeat()
    assert 2.0 < (await a.heartbeat()).next_expiry <= 3.0
    await workers.move_back("expires_at", timedelta(seconds=1))
    assert 0.0 < (await a.heartbeat()).next_expiry <= 2.0
    await workers.expire("b")
    assert (await a.heartbeat()).next_expiry == 3.0


async def test_an_expired_lease_that_nobody_recovered_from_is_renewed(workers: Workers):
    """All leases expire while the database is away, and everybody goes on afterwards."""
    a, b = await workers.start("a"), await workers.start("b")
    await workers.expire("a")
    await a.heartbeat()
    assert not await b.registry.claim_recovery("a")
    assert (await b.heartbeat()).stalled == ()


async def test_a_worker_that_was_recovered_from_has_lost_its_lease(workers: Workers):
    """From the claim on, and also when its row is gone."""
    a, b, c = [await workers.start(name) for name in "abc"]
    for name in "ab":
        await workers.expire(name)
    assert await c.registry.claim_recovery("a")
    assert await a.registry.heartbeat(detect_stalled=True) is None
    await c.registry.delete_worker("b")
    assert await b.registry.heartbeat(detect_stalled=True) is None


# --- shares of feeds -----------------------------------------------------------------------------


async def test_concurrent_heartbeats_never_claim_the_same_feed(workers: Workers):
    """Each of many feeds has one owner, and together the workers own all of them."""
    everybody = people(60)
    web = await workers.start("web", Role.WEB)
    for person in everybody:
        await web.desired.request(link(person), COFFEE)
    holders = [await workers.start(name) for name in "abc"]
    for _ in range(3):
        owned = await asyncio.gather(*(holder.owned() for holder in holders))
        assert sum(map(len, owned)) == len(set().union(*owned))
    owned = [await holder.owned() for holder in holders]
    assert set().union(*owned) == set(everybody)
    assert sum(map(len, owned)) == len(everybody)


async def test_a_new_worker_gets_its_share(workers: Workers):
    """A worker with too many feeds learns its surplus; once released, the new worker claims it."""
    a = await workers.start("a")
    for person in people(40):
        await a.desired.request(link(person), COFFEE)
    assert not (await a.heartbeat()).surplus
    b = await workers.start("b")
    surplus = (await a.heartbeat()).surplus
    assert len(surplus) == 20
    assert await b.owned() == set()
    await a.desired.release(surplus)
    assert await b.owned() == set(surplus)
    assert not (await a.heartbeat()).surplus


async def test_a_worker_that_has_just_started_is_left_out_of_the_shares(workers: Workers):
    """A killed worker is back before its lease expires: the others claim its feeds all the same.

    Once it has been up for a while it gets its share.
    """
    web = await workers.start("web", Role.WEB)
    for person in people(30):
        await web.desired.request(link(person), COFFEE)
    a, b, killed = [await workers.start(name) for name in ("a", "b", "killed")]
    assert [len(await worker.owned()) for worker in (a, b, killed)] == [10, 10, 10]
    await workers.move_back("started_at", WARM_UP)
    restarted = await workers.start("restarted")
    await workers.expire("killed")
    assert [len(await worker.owned()) for worker in (a, b)] == [15, 15]
    assert not (await a.heartbeat()).surplus
    await workers.move_back("started_at", WARM_UP)
    assert len((await a.heartbeat()).surplus) == 5
    assert await restarted.owned() == set()


async def test_a_stalled_workers_feeds_are_taken_over(workers: Workers):
    """They are marked as such, so that the lists of many people are not all read at once."""
    a, b = await workers.start("a"), await workers.start("b")
    await a.desired.request(link(), COFFEE)
    await workers.expire("a")
    assert await b.owned(detect_stalled=False) == set()
    result = await b.heartbeat()
    assert [feed.person for feed in result.owned] == [ANA]
    assert (result.taken_over, result.stalled) == ({ANA}, ("a",))


async def test_a_released_feed_is_taken_over_too(workers: Workers):
    """A worker that shuts down leaves as many feeds at once as one that died."""
    a, b = await workers.start("a"), await workers.start("b")
    await a.desired.request(link(), COFFEE)
    await a.registry.release_lease()
    assert (await b.heartbeat()).taken_over == {ANA}


# --- recovery and shutdown -----------------------------------------------------------------------


async def test_one_worker_recovers_from_a_stalled_one(workers: Workers):
    """Of any number that try, and again after a while; from a living one nobody does."""
    await workers.start("dead")
    others = [(await workers.start(name)).registry for name in "abc"]

    async def claim() -> list[bool]:
        return await asyncio.gather(*(other.claim_recovery("dead") for other in others))

    assert await claim() == [False] * 3
    await workers.expire("dead")
    assert sum(await claim()) == 1
    await workers.move_back("recovering_until", timedelta(seconds=6))
    assert sum(await claim()) == 1


async def test_a_workers_work_is_its_own_until_its_recovery_is_claimed(workers: Workers):
    """An expired lease may still be renewed; from the claim on the work is the claimer's."""
    a, b, c = [await workers.start(name) for name in "abc"]
    await workers.expire("a")
    assert await b.registry.living() == {"a", "b", "c"}
    assert await b.registry.claim_recovery("a")
    assert await b.registry.living() == {"b", "c"}
    assert await c.registry.living() == {"a", "b", "c"}
    assert await a.registry.living() == {"a", "b", "c"}
    await workers.move_back("recovering_until", timedelta(seconds=6))
    assert await c.registry.living() == {"b", "c"}
    assert await a.registry.living() == {"b", "c"}
    await b.registry.delete_worker("a")
    assert await c.registry.living() == {"b", "c"}


async def test_feeds_are_released_before_the_lease(workers: Workers):
    """While a process finishes what it is sending, others own its feeds, and not its notices."""
    a, b = await workers.start("a"), await workers.start("b")
    for person in people(4):
        await a.desired.request(link(person), COFFEE)
    await a.registry.stop_claiming()
    assert await b.owned() == set(people(4))
    assert await a.owned() == set()
    assert not await b.registry.claim_recovery("a")
    await a.registry.release_lease()
    assert await b.registry.claim_recovery("a")
