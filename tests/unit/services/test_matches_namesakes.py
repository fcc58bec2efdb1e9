"""Partners of one name, on PostgreSQL, where only matches with one of them are read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from slackbot.domain.model import Partner
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.fakes import ANA, EXPO, enter, link, report
from tests.harness.services import Harness, Outside


@pytest.fixture
async def outside(postgresql_url: str) -> AsyncIterator[Outside]:
    """Provide a store without caches, as other processes may write."""
    database = Database(DatabaseUrl.parse(postgresql_url))
    store = SqlStore(database, Cipher([bytes(range(32))]))
    await enter(store, ANA)
    yield Outside.around(store)
    await database.aclose()


async def test_namesakes_may_share_a_key(harness: Harness):
    """Two namesakes first reported without ids share a key; their ordinals are distinct."""
    await harness.available()
    reports = [
        report(partner=Partner(name="Kim"), meeting_digest="a"),
        report(partner=Partner(name="Kim"), meeting_digest="b"),
        report(partner=Partner(name="Kim", account_id=5), meeting_digest="b"),
        report(partner=Partner(name="Kim", account_id=7), meeting_digest="c"),
    ]
    for new in reports:
        await harness.matches.receive(link(), [new])
    await harness.quiet()
    kept = await harness.store.matches.list_for(ANA, EXPO)
    assert [(row.partner.account_id, row.ordinal) for row in kept] == [(7, 3), (5, 2), (None, 1)]
    assert len(harness.sent()) == 3
