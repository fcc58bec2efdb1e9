"""What a worker relies on in the table of workers and feeds, on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from slackbot.domain.model import FeedHealth, Person, SessionId, TeamId, UserId
from slackbot.domain.workers import SETTLED, HeartbeatResult, Role
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.workers import SqlLeases
from tests.harness.fakes import ANA, BEN, COFFEE, NOON, TEA, link, wish

UP = FeedHealth(True, NOON)
Join = Callable[..., SqlLeases]


@pytest.fixture
async def database(postgresql_url: str) -> AsyncIterator[Database]:
    opened = Database(postgresql_url)
    yield opened
    await opened.aclose()


@pytest.fixture
def join(database: Database) -> Join:
    """A process's view of the table; not registered yet."""
    return lambda boot_id, role=Role.WORKER: SqlLeases(database, boot_id=boot_id, role=role)


async def started(join: Join, boot_id: str, role: Role = Role.WORKER) -> SqlLeases:
    leases = join(boot_id, role)
    await leases.register()
    return leases


async def looks(leases: SqlLeases, *, judge: bool = True) -> HeartbeatResult:
    heartbeat = await leases.heartbeat(judge=judge)
    assert heartbeat is not None
    return heartbeat


def people(heartbeat: HeartbeatResult) -> set[Person]:
    return {wanted.person for wanted in heartbeat.mine}


async def lapse(database: Database, boot_id: str) -> None:
    """Its worker has not been heard of for longer than its lease."""
    lapsed = text("UPDATE workers SET expires_at = clock_timestamp() WHERE boot_id = :boot_id")
    await database.write(lambda c: c.execute(lapsed, {"boot_id": boot_id}))


async def ago(database: Database, column: str, time: timedelta) -> None:
    """For every worker it was so much earlier."""
    earlier = text(f"UPDATE workers SET {column} = {column} - :time")
    await database.write(lambda c: c.execute(earlier, {"time": time}))


def guests(number: int) -> list[Person]:
    return [Person(TeamId("T1"), UserId(f"U{n:03}")) for n in range(number)]


async def test_the_first_worker_had_nobody_before_it(join: Join):
    """Later ones learn how long nobody was there."""
    assert await join("a").register() is None
    assert await join("b").register() == timedelta()


async def test_silence_is_measured_on_the_database_clock(join: Join, database: Database):
    """An hour without anybody is an hour, whatever the clock of this machine shows."""
    await join("a").register()
    ago = text("UPDATE workers SET expires_at = clock_timestamp() - interval '1 hour'")
    await database.write(lambda c: c.execute(ago))
    silence = await join("b").register()
    assert silence is not None
    assert timedelta(minutes=59) < silence < timedelta(minutes=61)


async def test_a_wanted_feed_goes_to_one_worker(join: Join):
    """Asked for by a process that holds none, it is one worker's, with what is to be opened."""
    web, a, b = [
        await started(join, name, role)
        for name, role in (("web", Role.WEB), ("a", Role.WORKER), ("b", Role.WORKER))
    ]
    await web.request_feed(ANA, COFFEE)
    first, second = await looks(a), await looks(b)
    assert [it.session_id for it in (*first.mine, *second.mine)] == [COFFEE]
    assert not first.taken_over | second.taken_over
    assert people(await looks(web)) == set()


async def test_who_holds_feeds_takes_its_own_at_once(join: Join):
    """No detour over another worker, and nobody living loses a feed by its being asked for."""
    a, b = await started(join, "a", Role.RUN), await started(join, "b", Role.RUN)
    await a.request_feed(ANA, COFFEE)
    assert people(await looks(b)) == set()
    await b.request_feed(ANA, TEA)
    [wanted] = (await looks(a)).mine
    assert (wanted.person, wanted.session_id) == (ANA, TEA)


async def test_asking_anew_shows(join: Join):
    """The holder sees that it was asked for again, even for the same session."""
    a = await started(join, "a")
    await a.request_feed(ANA, COFFEE)
    [before] = (await looks(a)).mine
    assert (await looks(a)).mine == (before,)
    await a.request_feed(ANA, COFFEE)
    assert (await looks(a)).mine != (before,)


async def test_an_unwanted_feed_is_nobodys(join: Join):
    """It is gone from its holder's next look, and there is no health to show."""
    web, a = await started(join, "web", Role.WEB), await started(join, "a")
    await web.request_feed(ANA, COFFEE)
    assert people(await looks(a)) == {ANA}
    await web.cancel_feed(ANA)
    assert people(await looks(a)) == set()
    assert await web.health(ANA) is None
    await web.cancel_feed(ANA)


async def test_health_is_what_the_holder_says(join: Join):
    """Everybody reads it; nobody but the holder writes it."""
    web, a, b = [
        await started(join, name, role)
        for name, role in (("web", Role.WEB), ("a", Role.WORKER), ("b", Role.WORKER))
    ]
    await web.request_feed(ANA, COFFEE)
    await looks(a)
    await b.note({ANA: UP})
    assert not _connected(await web.health(ANA))
    await a.note({ANA: UP})
    assert _connected(await web.health(ANA))
    assert _connected(((await looks(web)).health or {}).get(ANA))


async def test_a_process_that_answers_knows_the_feeds_of_others(join: Join):
    """A second `run` shows a person what is so, though another holds their feed."""
    a, b = await started(join, "a", Role.RUN), await started(join, "b", Role.RUN)
    await a.request_feed(ANA, COFFEE)
    await looks(a)
    await a.note({ANA: UP})
    assert _connected(((await looks(b)).health or {}).get(ANA))


async def test_a_dead_holders_word_does_not_count(join: Join, database: Database):
    """A feed whose holder is gone is not up, whatever it said last, also when asked for anew."""
    web, a = await started(join, "web", Role.WEB), await started(join, "a")
    await web.request_feed(ANA, COFFEE)
    await looks(a)
    await a.note({ANA: UP})
    await lapse(database, "a")
    assert not _connected(await web.health(ANA))
    assert not _connected(((await looks(web)).health or {}).get(ANA))
    await web.request_feed(ANA, COFFEE)
    assert not _connected(await web.health(ANA))
    await looks(a)  # it lives after all, and its feed is anybody's to take
    assert not _connected(await web.health(ANA))


async def test_who_asks_for_a_dead_holders_feed_has_it_unconnected(join: Join, database: Database):
    """It is theirs at once, and it does not count as up before they say so."""
    a, b = await started(join, "a", Role.RUN), await started(join, "b", Role.RUN)
    await a.request_feed(ANA, COFFEE)
    await looks(a)
    await a.note({ANA: UP})
    await lapse(database, "a")
    await b.request_feed(ANA, COFFEE)
    assert people(await looks(b)) == {ANA}
    assert not _connected(await b.health(ANA))
    assert people(await looks(a)) == set()


async def test_a_dead_workers_feeds_are_taken_over(join: Join, database: Database):
    """The others see that they are, so that they read the lists of many one by one."""
    a, b = await started(join, "a"), await started(join, "b")
    await a.request_feed(ANA, COFFEE)
    await lapse(database, "a")
    assert people(await looks(b, judge=False)) == set()
    heartbeat = await looks(b)
    assert (people(heartbeat), heartbeat.taken_over, heartbeat.dead) == ({ANA}, {ANA}, ("a",))


async def test_a_feed_that_was_released_is_taken_over_too(join: Join):
    """By a worker that left in good order as by one that died: there are as many at once."""
    a, b = await started(join, "a"), await started(join, "b")
    await a.request_feed(ANA, COFFEE)
    await a.leave()
    assert (await looks(b)).taken_over == {ANA}


async def test_two_who_look_at_once_never_take_the_same(join: Join, database: Database):
    """Of many feeds each has one owner, and together they are all."""
    everybody = guests(60)
    web = await started(join, "web", Role.WEB)
    for person in everybody:
        await web.request_feed(person, COFFEE)
    workers = [await started(join, name) for name in "abc"]
    for _ in range(3):
        held = [people(heartbeat) for heartbeat in await asyncio.gather(*map(looks, workers))]
        assert sum(map(len, held)) == len(set().union(*held))
    held = [people(await looks(it)) for it in workers]
    assert set().union(*held) == set(everybody)
    assert sum(map(len, held)) == len(everybody)


async def test_a_newcomer_gets_its_share(join: Join):
    """Who has too many is told which to give up; released, they are the newcomer's."""
    a = await started(join, "a")
    for person in guests(40):
        await a.request_feed(person, COFFEE)
    assert not (await looks(a)).surplus
    b = await started(join, "b")
    over = (await looks(a)).surplus
    assert len(over) == 20
    assert people(await looks(b)) == set()
    await a.release(over)
    assert people(await looks(b)) == set(over)
    assert not (await looks(a)).surplus


async def test_a_worker_that_has_just_started_is_not_left_with_the_work(
    join: Join, database: Database
):
    """One that was killed is back before its lease lapses: the others take its feeds all the same.

    Once it is up for a while it gets its share.
    """
    web = await started(join, "web", Role.WEB)
    for person in guests(30):
        await web.request_feed(person, COFFEE)
    a, b, killed = [await started(join, name) for name in ("a", "b", "killed")]
    assert [len((await looks(it)).mine) for it in (a, b, killed)] == [10, 10, 10]
    await ago(database, "started_at", SETTLED)
    again = await started(join, "again")
    await lapse(database, "killed")
    assert [len((await looks(it)).mine) for it in (a, b)] == [15, 15]
    assert not (await looks(a)).surplus
    await ago(database, "started_at", SETTLED)
    assert len((await looks(a)).surplus) == 5
    assert not (await looks(again)).mine


async def test_many_feeds_are_noted_together(join: Join):
    """Each as it is, and only those that are ours."""
    web, a, b = [
        await started(join, name, role)
        for name, role in (("web", Role.WEB), ("a", Role.WORKER), ("b", Role.WORKER))
    ]
    down = FeedHealth(False, NOON, "refused")
    await web.request_feed(ANA, COFFEE)
    await looks(a)
    await web.request_feed(BEN, COFFEE)
    await looks(b)
    await a.note({ANA: down, BEN: UP})
    assert await web.health(ANA) == down
    assert not _connected(await web.health(BEN))
    await b.note({ANA: UP, BEN: UP})
    assert not _connected(await web.health(ANA))
    assert await web.health(BEN) == UP
    await a.note({})


async def test_a_beat_tells_when_the_next_lease_lapses(join: Join, database: Database):
    """So that whoever died is taken over from as soon as that may be."""
    a, b = await started(join, "a"), await started(join, "b")
    await looks(b)
    assert 2.0 < (await looks(a)).lapse <= 3.0
    await ago(database, "expires_at", timedelta(seconds=2))
    assert 0.0 < (await looks(a)).lapse <= 1.0
    await lapse(database, "b")
    assert (await looks(a)).lapse == 3.0


async def test_one_takes_over_from_a_dead_worker(join: Join, database: Database):
    """Of any number who try; from a living one nobody does."""
    await started(join, "dead")
    others = [await started(join, name) for name in "abc"]
    assert await asyncio.gather(*(it.claim_recovery("dead") for it in others)) == [False] * 3
    await lapse(database, "dead")
    assert sum(await asyncio.gather(*(it.claim_recovery("dead") for it in others))) == 1
    late = text("UPDATE workers SET recovering_until = clock_timestamp() - interval '1 second'")
    await database.write(lambda c: c.execute(late))
    assert sum(await asyncio.gather(*(it.claim_recovery("dead") for it in others))) == 1


async def test_a_worker_whose_work_was_taken_over_has_lost_its_lease(
    join: Join, database: Database
):
    """From the election on; also when its row is gone."""
    a, b, c = [await started(join, name) for name in "abc"]
    for name in "ab":
        await lapse(database, name)
    assert await c.claim_recovery("a")
    assert await a.heartbeat(judge=True) is None
    await c.delete_worker("b")
    assert await b.heartbeat(judge=True) is None


async def test_a_worker_that_nobody_took_over_from_lives_on(join: Join, database: Database):
    """A lease that merely lapsed, as all do while the database is away, is renewed."""
    a, b = await started(join, "a"), await started(join, "b")
    await lapse(database, "a")
    await looks(a)
    assert not await b.claim_recovery("a")
    assert (await looks(b)).dead == ()


async def test_who_goes_gives_its_feeds_up_before_its_lease(join: Join):
    """While it finishes what it is sending others have the feeds, and nobody its notices."""
    a, b = await started(join, "a"), await started(join, "b")
    for person in guests(4):
        await a.request_feed(person, COFFEE)
    await a.retire()
    assert people(await looks(b)) == set(guests(4))
    assert people(await looks(a)) == set()
    assert not await b.claim_recovery("a")
    await a.leave()
    assert await b.claim_recovery("a")


async def test_a_standing_wish_gets_its_feed(join: Join, database: Database):
    """Whatever became of it; not that of somebody whose token is refused. Twice is as once."""
    store = SqlStore(database, Cipher([bytes(range(32))]))
    await store.links.save(link())
    await store.links.save(link(BEN, refused_at=NOON))
    for person in (ANA, BEN):
        await store.availabilities.save(wish(person))
    together = [join(name) for name in "abcd"]
    await asyncio.gather(*(it.register() for it in together))
    await asyncio.gather(*(it.request_missing_feeds() for it in together))
    held = [people(await looks(it)) for it in together]
    assert sorted(map(len, held)) == [0, 0, 0, 1]
    assert set().union(*held) == {ANA}


async def test_a_feed_can_be_unwanted_as_it_was(join: Join):
    """Who found nobody to connect does not undo what was asked for meanwhile."""
    a = await started(join, "a")
    await a.request_feed(ANA, COFFEE)
    [old] = (await looks(a)).mine
    await a.request_feed(ANA, TEA)
    await a.cancel_feed(ANA, old.version)
    [new] = (await looks(a)).mine
    assert new.session_id == SessionId(TEA)
    await a.cancel_feed(ANA, new.version)
    assert (await looks(a)).mine == ()


def _connected(health: FeedHealth | None) -> bool:
    return health is not None and health.connected
