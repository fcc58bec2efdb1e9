"""Promises of the deletion of rows that are too old."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import text
from store_samples import (
    ANA,
    BEN,
    NAMESAKE,
    NOW,
    TEAM,
    availability,
    call_link,
    link,
    pairing,
    state_card,
)

from slackbot.storage import retention
from slackbot.storage.database import Database
from slackbot.storage.store import SqlStore
from tests.harness.fakes import epoch_of

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)


async def count(database: Database, table: str) -> int:
    """Count the rows of the first workspace."""
    counted = text(f"SELECT count(*) FROM {table} WHERE team_id = :team")
    return await database.read(
        lambda connection: int(connection.scalar(counted, {"team": TEAM}) or 0)
    )


async def test_one_process_deletes_in_each_period(store: SqlStore):
    """Of concurrent claims one wins, and another one after the period; workspaces are apart."""
    claims = await asyncio.gather(*(store.retention.claim(TEAM, NOW, HOUR) for _ in range(10)))
    assert sorted(claims) == [False] * 9 + [True]
    assert not await store.retention.claim(TEAM, NOW + HOUR - SECOND, HOUR)
    assert await store.retention.claim(NAMESAKE.team, NOW, HOUR)
    assert await store.retention.claim(TEAM, NOW + HOUR, HOUR)


async def test_a_clock_that_was_wrong_stops_nothing(store: SqlStore):
    """A claim in the future is no claim."""
    assert await store.retention.claim(TEAM, NOW + 365 * DAY, HOUR)
    assert await store.retention.claim(TEAM, NOW, HOUR)


async def test_a_clock_that_is_far_ahead_is_not_believed_at_once(store: SqlStore):
    """After a long gap, the first claim only records the time."""
    assert await store.retention.claim(TEAM, NOW, HOUR)
    later = NOW + retention.LONGEST_GAP
    assert await store.retention.claim(TEAM, later, HOUR)
    later += retention.LONGEST_GAP + SECOND
    assert not await store.retention.claim(TEAM, later, HOUR)
    assert not await store.retention.claim(TEAM, later + HOUR - SECOND, HOUR)
    assert await store.retention.claim(TEAM, later + HOUR, HOUR)


async def test_old_matches_go_with_their_call_links(store: SqlStore, database: Database):
    """Younger ones and those of other workspaces stay, and no batch is larger than it may be."""
    await store.links.save(link(ANA))
    await store.links.save(link(NAMESAKE))
    for number in range(1, retention.BATCH + 3):
        await store.matches.add(pairing(ANA, number, received_at=NOW - number * SECOND))
    await store.call_links.add(call_link(ANA, 1))
    await store.call_links.add(call_link(ANA, 2, match_id=pairing(ANA, 2).id))
    await store.matches.add(pairing(NAMESAKE, 1, received_at=NOW - 9 * DAY))
    deleted = [await store.retention.delete_matches(TEAM, NOW - SECOND) for _ in range(3)]
    assert deleted == [retention.BATCH, 1, 0]
    assert [found.id for found in await store.matches.list_for(ANA, link().event)] == [
        pairing(ANA, 1).id
    ]
    assert await count(database, "call_links") == 1
    assert len(await store.matches.list_for(NAMESAKE, link().event)) == 1


async def test_old_notices_go(store: SqlStore, database: Database):
    """What is known of a message that was never edited, and that somebody was welcomed."""
    await store.links.save(link(ANA))
    await store.surfaces.add_card(state_card(ANA))
    await store.welcomes.claim(BEN, NOW)
    assert await store.retention.delete_notices(TEAM, NOW) == 0
    assert await store.retention.delete_notices(TEAM, NOW + SECOND) == 2
    assert await count(database, "state_cards") + await count(database, "welcomes") == 0


async def test_a_link_goes_when_nobody_uses_it(store: SqlStore):
    """A recorded use keeps it, and so does being available; the cache forgets it at once."""
    for person in (ANA, BEN, NAMESAKE):
        await store.links.save(link(person))
    await store.links.mark_used(link(BEN), NOW + DAY)
    used = await store.links.get(BEN)
    assert used is not None
    assert used.used_at == NOW + DAY
    await store.availabilities.save(availability(ANA))
    assert await store.retention.delete_links(TEAM, NOW + DAY) == []
    await store.availabilities.end(ANA)
    assert await store.links.get(ANA) is not None
    assert await store.retention.delete_links(TEAM, NOW) == []
    assert await store.retention.delete_links(TEAM, NOW + SECOND) == [ANA]
    assert await store.links.get(ANA) is None
    assert await store.links.get(NAMESAKE) is not None
    assert await store.retention.delete_links(TEAM, NOW + 2 * DAY) == [BEN]


async def test_a_use_is_recorded_of_the_link_that_is_there(store: SqlStore):
    """A link that was replaced meanwhile counts from its own connect."""
    await store.links.save(link(ANA, credential_digest="e" * 64))
    await store.links.mark_used(link(ANA), NOW + DAY)
    found = await store.links.get(ANA, fresh=True)
    assert found is not None
    assert found.used_at is None


async def test_people_go_when_nothing_is_left(store: SqlStore, database: Database):
    """A match or a link keeps them, and so does a connect that has just begun."""
    await store.links.save(link(ANA))
    await store.matches.add(pairing(ANA))
    await store.links.save(link(NAMESAKE))
    assert await store.retention.delete_people(TEAM, NOW - HOUR) == []
    assert await store.retention.delete_people(TEAM, NOW + DAY) == [epoch_of(BEN)]
    await store.retention.delete_links(TEAM, NOW + DAY)
    assert await store.retention.delete_people(TEAM, NOW + DAY) == []
    await store.retention.delete_matches(TEAM, NOW + DAY)
    assert await store.retention.delete_people(TEAM, NOW + DAY) == [epoch_of(ANA)]
    assert await count(database, "people") == 0
    assert await store.links.get(NAMESAKE) is not None
