"""The database fails for a while: nothing is lost, nothing is sent twice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from slackbot.domain.model import Link, Match, MatchId, Person, State
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from tests.harness.fakes import ANA, EXPO, match, report
from tests.harness.services import Harness, Outside


class AwayStore(SqlStore):
    """The real store; what is named in `away` fails so often."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, Cipher([bytes(range(32))]))
        self.away: dict[str, int] = {}

    def _come_back(self, name: str) -> None:
        if self.away.get(name, 0) > 0:
            self.away[name] -= 1
            raise OperationalError(name, None, OSError("away"))

    async def match(self, person: Person, match_id: MatchId) -> Match | None:
        self._come_back("match")
        return await super().match(person, match_id)

    async def record_outcome(self, *args: object) -> None:
        self._come_back("settle")
        await super().record_outcome(*args)  # type: ignore[arg-type]

    async def link(self, person: Person) -> Link | None:
        self._come_back("link")
        return await super().link(person)


@pytest.fixture
async def store() -> AsyncIterator[AwayStore]:
    database = Database("sqlite://")
    await schema.upgrade(database)
    yield AwayStore(database)
    await database.aclose()


@pytest.fixture
async def harness(store: AwayStore) -> AsyncIterator[Harness]:
    with capture_logs():
        harness = Harness(Outside.around(store))
        yield harness
        await harness.aclose()


async def test_a_delivery_waits_until_it_is_back(harness: Harness, store: AwayStore) -> None:
    """The match cannot even be read, several times: it is sent in the end, once."""
    await store.add_match(match())
    store.away["match"] = 5
    await harness.delivery.submit(ANA, match().id, fresh=True)
    await harness.pass_time(120, step=2)
    assert store.away["match"] == 0
    assert len(harness.told()) == 1


async def test_told_is_not_told_again(harness: Harness, store: AwayStore) -> None:
    """The message is out and the database away: that it was sent is recorded later."""
    await store.add_match(match())
    store.away["settle"] = 5
    await harness.delivery.submit(ANA, match().id, fresh=True)
    await harness.pass_time(120, step=2)
    assert len(harness.told()) == 1
    assert await store.pending_matches(ANA.team) == []


async def test_a_reconnect_meanwhile_is_made_good(harness: Harness, store: AwayStore) -> None:
    """The feed comes back while the database is away: "available" is said once both are there."""
    await harness.available()
    harness.feed.down(ANA)
    await harness.quiet()
    store.away["link"] = 1
    await harness.feed.listener.disconnected(ANA, "closed")
    with pytest.raises(OperationalError):
        await harness.watch.connected(ANA)
    await harness.pass_time(60, step=10)
    assert any(line.startswith("status") and "AVAILABLE" in line for line in harness.journal)


async def test_whoever_disconnected_is_told_nothing(harness: Harness, store: AwayStore) -> None:
    """A match that is heard just after the account was taken back: no row and no message."""
    await harness.available()
    await harness.accounts.disconnect(ANA)
    await harness.matches.receive(ANA, EXPO, [report()])
    await harness.quiet()
    assert await store.matches(ANA, EXPO) == []
    assert harness.told() == []
    availability = await store.availability(ANA)
    assert availability is None or availability.state is not State.IN_MEETING
