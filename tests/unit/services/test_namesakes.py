"""Partners with one name, where only the matches with one of them are read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from slackbot.domain.model import Partner
from slackbot.storage.database import Database
from slackbot.storage.store import SqlStore
from slackbot.storage.vault import Vault
from tests.fakes import ANA, EXPO, sighting
from tests.workbench import Bench, Outside


@pytest.fixture
async def outside(postgresql_url: str) -> AsyncIterator[Outside]:
    """A store that remembers nothing, since others may write."""
    database = Database(postgresql_url)
    yield Outside.around(SqlStore(database, Vault([bytes(range(32))])))
    await database.aclose()


async def test_a_key_that_a_namesake_has_taken_is_counted_on(bench: Bench):
    """Told without ids first, two of them share a key; the third match is neither's second."""
    await bench.available()
    tellings = [
        sighting(partner=Partner(name="Kim"), meeting_digest="a"),
        sighting(partner=Partner(name="Kim"), meeting_digest="b"),
        sighting(partner=Partner(name="Kim", account_id=5), meeting_digest="b"),
        sighting(partner=Partner(name="Kim", account_id=7), meeting_digest="c"),
    ]
    for seen in tellings:
        await bench.matches.receive(ANA, EXPO, [seen])
    await bench.quiet()
    kept = await bench.store.matches(ANA, EXPO)
    assert [(it.partner.account_id, it.ordinal) for it in kept] == [(7, 3), (5, 2), (None, 1)]
    assert len(bench.told()) == 3
