"""Promises of the plans of sessions."""

from __future__ import annotations

from datetime import timedelta

from store_samples import ANA, BEN, NOW, TEAM, link

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
