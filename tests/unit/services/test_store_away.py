"""While the database is away: nothing is lost, nothing is told twice, the watch goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager

import pytest
from structlog.testing import capture_logs

from slackbot.domain.model import Person
from slackbot.domain.notices import MatchFound, Notice
from slackbot.domain.ports import Posted
from slackbot.services.watch import LOOK_SECONDS_CONNECTED
from slackbot.storage.database import Database
from slackbot.storage.store import SqlStore
from slackbot.storage.vault import Vault
from tests.fakes import ANA, FakeMessenger, match, row, sighting, until
from tests.postgres import Server
from tests.workbench import Bench, Outside

Away = Callable[[], AbstractContextManager[None]]


@pytest.fixture
async def outside(postgresql_url: str) -> AsyncIterator[Outside]:
    """A store that does not wait by itself, so that what is above it must."""
    database = Database(postgresql_url, patience=0.0)
    yield Outside.around(SqlStore(database, Vault([bytes(range(32))])))
    await database.aclose()


@pytest.fixture
def away(postgresql: Server, postgresql_name: str) -> Away:
    return lambda: postgresql.away(postgresql_name)


async def test_a_match_that_is_heard_then_is_told_afterwards(bench: Bench, away: Away):
    """The socket tells once; it is kept in mind until it can be stored."""
    await bench.available()
    with away(), capture_logs() as lines:
        bench.feed.tell(ANA, sighting())
        await until(lambda: any(line["event"] == "match_waits" for line in lines))
    await bench.pass_time(3)
    assert [type(notice) for notice in bench.told()] == [MatchFound]


async def test_a_match_whose_row_cannot_be_read_is_told_afterwards(bench: Bench, away: Away):
    """Delivery tries again until the row is there."""
    await bench.store.add_match(match())
    assert await bench.store.match(ANA, match().id), "it is read once, and not at hand any more"
    with away(), capture_logs():
        await bench.delivery.submit(ANA, match().id, fresh=True)
        await bench.quiet()
    assert bench.told() == []
    await bench.pass_time(5)
    assert bench.told() == [MatchFound(match())]


class LeavingMessenger(FakeMessenger):
    """Loses the database in the moment in which a message is sent."""

    leave: Callable[[], None]

    async def tell(self, person: Person, notice: Notice, key: str | None = None) -> Posted:
        posted = await super().tell(person, notice, key)
        self.leave()
        return posted


async def test_that_it_was_told_is_written_down_afterwards(outside: Outside, away: Away):
    """Sent, and then the database is away: it is not sent once more, and settled in the end."""
    outside.messenger = messenger = LeavingMessenger(outside.journal)
    gone = away()
    messenger.leave = gone.__enter__
    bench = Bench(outside)
    await bench.store.add_match(match())
    with capture_logs():
        await bench.delivery.submit(ANA, match().id, fresh=True)
        await until(bench.told)
        await bench.pass_time(5)
        assert bench.clock.sleepers, "it has given up"
    gone.__exit__(None, None, None)
    await bench.pass_time(5)
    assert len(bench.asked("tell")) == 1
    kept = await bench.store.match(ANA, match().id)
    assert kept is not None
    assert kept.outcome == "told"
    await bench.aclose()


async def test_the_watch_goes_on(bench: Bench, away: Away):
    """A round that fails is one round: a later one finds what the socket missed."""
    await bench.available()
    with away(), capture_logs():
        await bench.pass_time(LOOK_SECONDS_CONNECTED + 10, step=10)
    bench.platform.listed = [row()]
    await bench.pass_time(LOOK_SECONDS_CONNECTED + 10, step=10)
    assert [type(notice) for notice in bench.told()] == [MatchFound]


async def test_a_feed_that_comes_up_then_is_seen_to_afterwards(bench: Bench, away: Away):
    """What it missed is looked for within seconds, and they are available again."""
    await bench.available()
    bench.feed.down(ANA)
    with away(), capture_logs() as lines:
        bench.feed.up(ANA)
        await until(lambda: any(line["event"] == "feed_waits" for line in lines))
    bench.journal.clear()
    await bench.pass_time(3)
    assert bench.asked("matches", "status") == ["matches 7", "status 7 CHECK_IN_AVAILABLE"]
