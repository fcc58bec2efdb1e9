"""While the database is away: nothing is lost, nothing is sent twice, polling goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager

import pytest
from structlog.testing import capture_logs

from slackbot.domain.feed_polling import CONNECTED_SECONDS
from slackbot.domain.model import Person
from slackbot.domain.notices import MatchFound, Notice
from slackbot.domain.ports import Posted
from slackbot.services.notices import SENT
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.fakes import ANA, FakeMessenger, enter, match, report, row, until
from tests.harness.postgres import Server
from tests.harness.services import Harness, Outside

Away = Callable[[], AbstractContextManager[None]]


@pytest.fixture
async def outside(postgresql_url: str) -> AsyncIterator[Outside]:
    """A store that does not wait by itself, so that what is above it must."""
    database = Database(DatabaseUrl.parse(postgresql_url), retry_seconds=0.0)
    store = SqlStore(database, Cipher([bytes(range(32))]))
    await enter(store, ANA)
    yield Outside.around(store)
    await database.aclose()


@pytest.fixture
def away(postgresql: Server, postgresql_name: str) -> Away:
    return lambda: postgresql.away(postgresql_name)


async def test_a_match_reported_meanwhile_is_sent_afterwards(harness: Harness, away: Away):
    """The socket reports it once; the event waits until it can be stored."""
    await harness.available()
    with away(), capture_logs() as lines:
        harness.feed.send(ANA, report())
        await until(lambda: any(line["event"] == "feed_event_postponed" for line in lines))
    await harness.pass_time(3)
    assert [type(notice) for notice in harness.sent()] == [MatchFound]


async def test_a_match_reported_to_a_read_only_database_is_sent_afterwards(
    harness: Harness, postgresql: Server, postgresql_name: str
):
    """As after a failover, until the connections reach the new primary."""
    await harness.available()
    with postgresql.read_only(postgresql_name), capture_logs() as lines:
        harness.feed.send(ANA, report())
        await until(lambda: any(line["event"] == "feed_event_postponed" for line in lines))
        assert len(harness.monitor.unstored) == 1
    await harness.pass_time(5)
    assert not harness.monitor.unstored
    assert [notice.match.late for notice in harness.sent() if isinstance(notice, MatchFound)] == [
        False
    ]


async def test_a_match_whose_row_cannot_be_read_is_sent_afterwards(harness: Harness, away: Away):
    """Delivery tries again until the row is there."""
    await harness.store.matches.add(match())
    assert await harness.store.matches.get(ANA, match().id), (
        "it is read once, and not at hand any more"
    )
    with away(), capture_logs():
        await harness.delivery.submit(ANA, match().id, fresh=True)
        await harness.quiet()
    assert harness.sent() == []
    await harness.pass_time(5)
    assert harness.sent() == [MatchFound(match())]


class LeavingMessenger(FakeMessenger):
    """Loses the database in the moment in which a message is sent."""

    leave: Callable[[], None]

    async def send(self, person: Person, notice: Notice, key: str | None = None) -> Posted:
        posted = await super().send(person, notice, key)
        self.leave()
        return posted


async def test_the_outcome_is_recorded_afterwards(outside: Outside, away: Away):
    """Sent, and then the database is away: not sent again, and recorded in the end."""
    outside.messenger = messenger = LeavingMessenger(outside.journal)
    gone = away()
    messenger.leave = gone.__enter__
    harness = Harness(outside)
    await harness.store.matches.add(match())
    with capture_logs():
        await harness.delivery.submit(ANA, match().id, fresh=True)
        await until(harness.sent)
        await harness.pass_time(5)
        assert harness.clock.sleepers, "it has given up"
    gone.__exit__(None, None, None)
    await harness.pass_time(5)
    assert len(harness.asked("send")) == 1
    kept = await harness.store.matches.get(ANA, match().id)
    assert kept is not None
    assert kept.outcome == SENT
    await harness.aclose()


async def test_polling_goes_on(harness: Harness, away: Away):
    """A poll that fails is one poll: a later one finds what the socket missed."""
    await harness.available()
    with away(), capture_logs():
        await harness.pass_time(CONNECTED_SECONDS + 10, step=10)
    harness.platform.listed = [row()]
    await harness.pass_time(CONNECTED_SECONDS + 10, step=10)
    assert [type(notice) for notice in harness.sent()] == [MatchFound]


async def test_a_feed_that_connects_meanwhile_is_handled_afterwards(harness: Harness, away: Away):
    """The list is read within seconds, and the status is set again."""
    await harness.available()
    harness.feed.down(ANA)
    with away(), capture_logs() as lines:
        harness.feed.up(ANA)
        await until(lambda: any(line["event"] == "feed_event_postponed" for line in lines))
    harness.journal.clear()
    await harness.pass_time(3)
    assert harness.asked("matches", "status") == ["matches 7", "status 7 CHECK_IN_AVAILABLE"]
