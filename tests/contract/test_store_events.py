"""Promises of the repository of Slack events."""

from __future__ import annotations

import asyncio

from store_samples import (
    NOW,
    OTHER_TEAM,
    TEAM,
)

from slackbot.domain.stores import Store


async def test_an_event_is_new_once(store: Store):
    """Of many concurrent deliveries one is the first, in each workspace."""
    first = await asyncio.gather(*(store.events.record(TEAM, "Ev1", NOW) for _ in range(20)))
    assert sum(first) == 1
    assert await store.events.record(TEAM, "Ev2", NOW)
    assert await store.events.record(OTHER_TEAM, "Ev1", NOW)
