"""Partners with one name, where only the matches with one of them are read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from slackbot.domain.model import Partner
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from tests.harness.fakes import ANA, EXPO, report
from tests.harness.services import Harness, Outside


@pytest.fixture
async def outside(postgresql_url: str) -> AsyncIterator[Outside]:
    """A store that remembers nothing, since others may write."""
    database = Database(postgresql_url)
    yield Outside.around(SqlStore(database, Cipher([bytes(range(32))])))
    await database.aclose()


async def test_a_key_that_a_namesake_has_taken_is_counted_on(harness: Harness):
    """Told without ids first, two of them share a key; the third match is neither's second."""
    await harness.available()
    tellings = [
        report(partner=Partner(name="Kim"), meeting_digest="a"),
        report(partner=Partner(name="Kim"), meeting_digest="b"),
        report(partner=Partner(name="Kim", account_id=5), meeting_digest="b"),
        report(partner=Partner(name="Kim", account_id=7), meeting_digest="c"),
    ]
    for seen in tellings:
        await harness.matches.receive(ANA, EXPO, [seen])
    await harness.quiet()
    kept = await harness.store.matches.list_for(ANA, EXPO)
    assert [(it.partner.account_id, it.ordinal) for it in kept] == [(7, 3), (5, 2), (None, 1)]
    assert len(harness.told()) == 3
