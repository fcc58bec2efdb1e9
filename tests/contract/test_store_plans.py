"""Promises of the plans of sessions."""

from __future__ import annotations

from datetime import timedelta

from store_samples import ANA, BEN, NOW, TEAM, link

from slackbot.domain.model import EventSlug, Person
from slackbot.storage.store import SqlStore

MINUTE = timedelta(minutes=1)


async def test_who_was_never_read_is_read_first(store: SqlStore):
    """Then those whose sessions were read the longest time ago, whatever the database is."""
    await store.links.save(link(ANA))
    assert await store.plans.claim_reads(TEAM, NOW, NOW - MINUTE, 1) == [ANA]
    await store.links.save(link(BEN))
    later = NOW + 2 * MINUTE
    claims = [await store.plans.claim_reads(TEAM, later, later - MINUTE, 1) for _ in range(3)]
    assert claims == [[BEN], [ANA], []]


async def test_a_read_that_is_lost_with_its_process_is_made_again(store: SqlStore):
    """A minute after the claim; one that is recorded counts until it is out of date."""
    await store.links.save(link(ANA))

    async def claim(minutes: int) -> list[Person]:
        now = NOW + minutes * MINUTE
        return await store.plans.claim_reads(TEAM, now, now - 15 * MINUTE, 10)

    assert [await claim(minutes) for minutes in (0, 0, 1)] == [[ANA], [], [ANA]]
    await store.plans.record_read(link(ANA, event=EventSlug("other")), NOW + MINUTE)
    assert await claim(2) == [ANA]
    await store.plans.record_read(link(ANA), NOW + 2 * MINUTE)
    assert [await claim(minutes) for minutes in (3, 16, 17)] == [[], [], [ANA]]
