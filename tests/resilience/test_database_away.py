"""The database fails for a while: nothing is lost, nothing is sent twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from slackbot.domain.model import State
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.fakes import ANA, EXPO, enter, link, match, report
from tests.harness.services import Harness, Outside


class FailingRepository:
    """A repository; each method named in `failures` fails that many times first."""

    def __init__(self, repository: Any, failures: dict[str, int]) -> None:
        self.repository, self.failures = repository, failures

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any, **named: Any) -> Any:
            if self.failures.get(name, 0) > 0:
                self.failures[name] -= 1
                raise OperationalError(name, None, OSError("away"))
            return await getattr(self.repository, name)(*args, **named)

        return call


class AwayStore(SqlStore):
    """The real store; what is named in `failing_links` and `failing_matches` fails so often."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, Cipher([bytes(range(32))]))
        self.failing_links: dict[str, int] = {}
        self.failing_matches: dict[str, int] = {}
        self.links: Any = FailingRepository(self.links, self.failing_links)
        self.matches: Any = FailingRepository(self.matches, self.failing_matches)


@pytest.fixture
async def store() -> AsyncIterator[AwayStore]:
    database = Database(DatabaseUrl.parse("sqlite://"))
    await schema.upgrade(database)
    store = AwayStore(database)
    await enter(store, ANA)
    yield store
    await database.aclose()


@pytest.fixture
async def harness(store: AwayStore) -> AsyncIterator[Harness]:
    with capture_logs():
        harness = Harness(Outside.around(store))
        yield harness
        await harness.aclose()


async def test_a_delivery_waits_until_it_is_back(harness: Harness, store: AwayStore) -> None:
    """The match cannot even be read, several times: it is sent in the end, once."""
    await store.matches.add(match())
    store.failing_matches["get"] = 5
    await harness.delivery.submit(ANA, match().id, fresh=True)
    await harness.pass_time(120, step=2)
    assert store.failing_matches["get"] == 0
    assert len(harness.sent()) == 1


async def test_told_is_not_told_again(harness: Harness, store: AwayStore) -> None:
    """The message is out and the database away: that it was sent is recorded later."""
    await store.matches.add(match())
    store.failing_matches["record_outcome"] = 5
    await harness.delivery.submit(ANA, match().id, fresh=True)
    await harness.pass_time(120, step=2)
    assert len(harness.sent()) == 1
    assert await store.matches.list_pending(ANA.team) == []


async def test_a_reconnect_meanwhile_is_made_good(harness: Harness, store: AwayStore) -> None:
    """The feed comes back while the database is away: "available" is said once both are there."""
    await harness.available()
    harness.feed.down(ANA)
    await harness.quiet()
    store.failing_links["get"] = 1
    harness.feed.up(ANA)
    await harness.quiet()
    assert store.failing_links["get"] == 0
    await harness.pass_time(60, step=10)
    assert any(line.startswith("status") and "AVAILABLE" in line for line in harness.journal)


async def test_whoever_disconnected_is_told_nothing(harness: Harness, store: AwayStore) -> None:
    """A match that is heard just after the account was taken back: no row and no message."""
    await harness.available()
    await harness.accounts.disconnect(ANA)
    await harness.matches.receive(link(), [report()])
    await harness.quiet()
    assert await store.matches.list_for(ANA, EXPO) == []
    assert harness.sent() == []
    availability = await store.availabilities.get(ANA)
    assert availability is None or availability.state is not State.IN_MEETING
