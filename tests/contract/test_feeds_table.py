"""Promises of the table of desired feeds, on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from slackbot.domain.model import FeedHealth
from slackbot.domain.workers import Role
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.fakes import ANA, BEN, COFFEE, NOON, TEA, availability, connect, link
from tests.harness.workers import Process, Workers

UP = FeedHealth(True, NOON)


@pytest.fixture
async def workers(postgresql_url: str) -> AsyncIterator[Workers]:
    database = Database(DatabaseUrl.parse(postgresql_url))
    store = SqlStore(database, Cipher([bytes(range(32))]))
    await connect(store, link(), link(BEN))
    yield Workers(database)
    await database.aclose()


@pytest.fixture
async def web(workers: Workers) -> Process:
    return await workers.start("web", Role.WEB)


# --- requests ------------------------------------------------------------------------------------


async def test_a_requested_feed_goes_to_one_worker(web: Process, workers: Workers):
    """Requested by a process that holds no feeds, it is owned by one worker."""
    a, b = await workers.start("a"), await workers.start("b")
    await web.desired.request(link(), COFFEE)
    first, second = await a.heartbeat(), await b.heartbeat()
    assert [feed.session_id for feed in (*first.owned, *second.owned)] == [COFFEE]
    assert not first.taken_over | second.taken_over
    assert await web.owned() == set()


async def test_a_process_that_holds_feeds_owns_its_request_at_once(workers: Workers):
    """No detour over another worker, and no living worker loses a feed by a second request."""
    a, b = await workers.start("a", Role.RUN), await workers.start("b", Role.RUN)
    await a.desired.request(link(), COFFEE)
    assert await b.owned() == set()
    await b.desired.request(link(), TEA)
    [feed] = (await a.heartbeat()).owned
    assert (feed.person, feed.session_id) == (ANA, TEA)


async def test_a_second_request_is_a_new_version(workers: Workers):
    """The owner sees that the feed was requested again, even for the same session."""
    a = await workers.start("a")
    await a.desired.request(link(), COFFEE)
    [before] = (await a.heartbeat()).owned
    assert (await a.heartbeat()).owned == (before,)
    await a.desired.request(link(), COFFEE)
    assert (await a.heartbeat()).owned != (before,)


async def test_an_availability_without_a_feed_gets_one(workers: Workers):
    """For whatever reason it is missing, once, and not for somebody whose token is refused."""
    store = SqlStore(workers.database, Cipher([bytes(range(32))]))
    await store.links.save(link())
    await store.links.save(link(BEN, refused_at=NOON))
    for person in (ANA, BEN):
        await store.availabilities.save(availability(person))
    together = [workers.process(name) for name in "abcd"]
    await asyncio.gather(*(process.registry.register() for process in together))
    await asyncio.gather(*(process.desired.request_missing() for process in together))
    owned = [await process.owned() for process in together]
    assert sorted(map(len, owned)) == [0, 0, 0, 1]
    assert set().union(*owned) == {ANA}


async def test_a_cancelled_feed_has_no_owner(web: Process, workers: Workers):
    """It is gone at its owner's next heartbeat, and has no health."""
    a = await workers.start("a")
    await web.desired.request(link(), COFFEE)
    assert await a.owned() == {ANA}
    await web.desired.cancel(ANA)
    assert await a.owned() == set()
    assert await web.desired.health(ANA) is None
    await web.desired.cancel(ANA)


async def test_an_old_version_cannot_be_cancelled(workers: Workers):
    """A worker that finds no usable link does not undo a request made meanwhile."""
    a = await workers.start("a")
    await a.desired.request(link(), COFFEE)
    [old] = (await a.heartbeat()).owned
    await a.desired.request(link(), TEA)
    await a.desired.cancel(ANA, old.version)
    [new] = (await a.heartbeat()).owned
    assert new.session_id == TEA
    await a.desired.cancel(ANA, new.version)
    assert (await a.heartbeat()).owned == ()


# --- health --------------------------------------------------------------------------------------


async def test_only_the_owner_reports_health(web: Process, workers: Workers):
    """Everybody reads it, alone and at a heartbeat."""
    a, b = await workers.start("a"), await workers.start("b")
    await web.desired.request(link(), COFFEE)
    await a.heartbeat()
    await b.desired.report_health({ANA: UP})
    assert not await web.is_up(ANA)
    await a.desired.report_health({ANA: UP})
    assert await web.is_up(ANA)
    assert (await web.heartbeat()).remote_health == {ANA: UP}


async def test_a_process_that_answers_knows_the_feeds_of_others(workers: Workers):
    """A second `run` shows a person what is so, though another one holds their feed."""
    a, b = await workers.start("a", Role.RUN), await workers.start("b", Role.RUN)
    await a.desired.request(link(), COFFEE)
    await a.heartbeat()
    await a.desired.report_health({ANA: UP})
    assert (await b.heartbeat()).remote_health == {ANA: UP}


async def test_the_health_of_many_feeds_is_reported_together(web: Process, workers: Workers):
    """Each as it is, and only those that the process owns."""
    a, b = await workers.start("a"), await workers.start("b")
    down = FeedHealth(False, NOON, "refused")
    await web.desired.request(link(), COFFEE)
    await a.heartbeat()
    await web.desired.request(link(BEN), COFFEE)
    await b.heartbeat()
    await a.desired.report_health({ANA: down, BEN: UP})
    assert await web.desired.health(ANA) == down
    assert not await web.is_up(BEN)
    await b.desired.report_health({ANA: UP, BEN: UP})
    assert not await web.is_up(ANA)
    assert await web.desired.health(BEN) == UP
    await a.desired.report_health({})


async def test_a_feed_of_a_stalled_owner_is_down(web: Process, workers: Workers):
    """Whatever its owner reported last, and also when it is requested again."""
    a = await workers.start("a")
    await web.desired.request(link(), COFFEE)
    await a.heartbeat()
    await a.desired.report_health({ANA: UP})
    await workers.expire("a")
    assert not await web.is_up(ANA)
    remote = (await web.heartbeat()).remote_health
    assert remote is not None
    assert not remote[ANA].connected
    await web.desired.request(link(), COFFEE)
    assert not await web.is_up(ANA)
    await a.heartbeat()  # it is alive after all, and any worker may claim its feed
    assert not await web.is_up(ANA)


async def test_a_feed_requested_from_a_stalled_owner_is_owned_and_down(workers: Workers):
    """The process that requests it owns it at once; it is up when that process reports so."""
    a, b = await workers.start("a", Role.RUN), await workers.start("b", Role.RUN)
    await a.desired.request(link(), COFFEE)
    await a.heartbeat()
    await a.desired.report_health({ANA: UP})
    await workers.expire("a")
    await b.desired.request(link(), COFFEE)
    assert await b.owned() == {ANA}
    assert not await b.is_up(ANA)
    assert await a.owned() == set()


async def test_nobody_releases_the_feed_of_another(workers: Workers):
    """A worker that drops late what another has claimed leaves it to its owner."""
    a, b = await workers.start("a"), await workers.start("b")
    await a.desired.request(link(), COFFEE)
    assert await a.owned() == {ANA}
    await b.desired.release([ANA])
    assert await a.owned() == {ANA}
    await a.desired.release([ANA])
    assert await b.owned() == {ANA}
