"""Promises of the repository of links to events that are not the active one."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from store_samples import (
    ANA,
    BEN,
    CIPHER,
    EXPO,
    NAMESAKE,
    NOW,
    SUMMIT,
    TEAM,
    availability,
    fill,
    link,
    pairing,
)

from slackbot.domain.errors import NotLinked
from slackbot.domain.model import EventSlug
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.key_rotation import rotate
from slackbot.storage.store import SqlStore

FAIR = EventSlug("fair")
LATER = timedelta(minutes=10)


async def events(store: SqlStore) -> tuple[EventSlug | None, list[EventSlug]]:
    """Return Ana's active event, and her others."""
    active = await store.links.get(ANA)
    others = await store.other_links.list_all(ANA)
    return active.event if active is not None else None, [each.event for each in others]


async def test_connecting_to_another_event_keeps_the_first(store: SqlStore):
    """Its link is whole; only the availability ends. Connecting again makes it the active one."""
    await store.links.save(link())
    await store.availabilities.save(availability())
    await store.links.save(link(event=SUMMIT, credential_digest="e" * 64))
    assert await events(store) == (SUMMIT, [EXPO])
    assert await store.other_links.list_all(ANA) == [link()]
    assert await store.availabilities.get(ANA) is None
    await store.links.save(link(event=FAIR))
    assert await events(store) == (FAIR, [EXPO, SUMMIT])
    await store.links.save(link(linked_at=NOW + LATER))
    assert await events(store) == (EXPO, [FAIR, SUMMIT])
    assert await store.links.get(ANA) == link(linked_at=NOW + LATER)


async def test_switching_exchanges_two_links(store: SqlStore, database: Database):
    """To an event that is not linked, or is the active one, nothing changes."""
    await store.links.save(link(event=SUMMIT, refused_at=NOW))
    await store.links.save(link())
    await store.dm_channels.save(ANA, "D1")
    await store.links.set_unreachable(ANA, "cannot_dm_bot")
    await store.availabilities.save(availability())
    for event in (FAIR, EXPO):
        assert await store.other_links.activate(ANA, event, NOW) is None
    assert await store.availabilities.get(ANA) is not None
    switched = await store.other_links.activate(ANA, SUMMIT, NOW)
    assert switched == link(event=SUMMIT, refused_at=NOW)
    assert await events(store) == (SUMMIT, [EXPO])
    assert await store.availabilities.get(ANA) is None
    assert await store.dm_channels.get(ANA) == "D1", "that is the person's"
    assert (await store.links.get(ANA)) == link(
        event=SUMMIT, refused_at=NOW, unreachable="cannot_dm_bot", used_at=NOW
    )
    elsewhere = SqlStore(database, CIPHER)
    assert await elsewhere.other_links.activate(ANA, EXPO, NOW) == link()
    assert await events(elsewhere) == (EXPO, [SUMMIT])


async def test_changes_at_the_same_moment_come_one_after_another(
    store: SqlStore, database: Database
):
    """Switching, connecting and disconnecting in two processes: no link is lost, none fails."""
    elsewhere = SqlStore(database, CIPHER)
    for event in (EXPO, FAIR, SUMMIT):
        await store.links.save(link(event=event))
    for _ in range(3):
        await asyncio.gather(
            store.other_links.activate(ANA, FAIR, NOW),
            elsewhere.other_links.activate(ANA, EXPO, NOW),
            store.links.save(link(event=SUMMIT)),
            elsewhere.other_links.remove(ANA, EventSlug("gala"), NOW),
        )
        active = await store.links.get(ANA, fresh=True)
        others = await store.other_links.list_all(ANA)
        assert active is not None
        assert sorted([active.event, *(each.event for each in others)]) == [EXPO, FAIR, SUMMIT]


async def test_removing_the_active_event_activates_the_next(store: SqlStore):
    """The latest that can be used, or else the latest; matches stay when there is none."""
    await store.matches.add(pairing())
    await store.links.save(link(event=SUMMIT, linked_at=NOW - LATER))
    await store.links.save(link(event=FAIR, linked_at=NOW, expires_at=NOW))
    await store.links.save(link())
    assert not await store.other_links.remove(ANA, EventSlug("gala"), NOW)
    assert await store.other_links.remove(ANA, EXPO, NOW)
    assert await events(store) == (SUMMIT, [FAIR])
    assert await store.other_links.remove(ANA, FAIR, NOW)
    await store.links.save(link(linked_at=NOW))
    assert await store.other_links.remove(ANA, SUMMIT, NOW)
    assert await store.other_links.remove(ANA, EXPO, NOW)
    assert await events(store) == (None, [])
    assert not await store.other_links.remove(ANA, EXPO, NOW)
    assert len(await store.matches.list_for(ANA, EXPO)) == 1
    assert await store.people.delete_unlinked(TEAM, NOW + LATER) == 1, "Ben, who has nothing"
    assert len(await store.matches.list_for(ANA, EXPO)) == 1
    forgotten = await store.people.forget(ANA)
    assert forgotten is not None
    assert forgotten.linked


async def test_nobody_elses_links_are_touched(store: SqlStore):
    """Neither a colleague's nor a namesake's; and nothing is kept of somebody who has left."""
    for person in (ANA, BEN, NAMESAKE):
        await fill(store, person)
    await store.people.forget(ANA)
    with pytest.raises(NotLinked):
        await store.links.save(link(event=FAIR))
    assert await store.other_links.list_all(ANA) == []
    assert await store.other_links.activate(ANA, SUMMIT, NOW) is None
    assert not await store.other_links.remove(ANA, SUMMIT, NOW)
    for person in (BEN, NAMESAKE):
        assert [each.event for each in await store.other_links.list_all(person)] == [SUMMIT]


async def test_keys_of_other_links_are_rotated(store: SqlStore, database: Database):
    """And a link that no key decrypts is left out."""
    await store.links.save(link(event=SUMMIT))
    await store.links.save(link())
    new = bytes(range(1, 33))
    assert (await rotate(database, Cipher([new, bytes(range(32))]))).rotated == 2
    assert await store.other_links.list_all(ANA) == []
    assert await SqlStore(database, Cipher([new])).other_links.list_all(ANA) == [link(event=SUMMIT)]


async def test_links_that_nobody_uses_are_deleted(store: SqlStore):
    """The others before the active one, whose use keeps them no longer than their own."""
    await store.links.save(link(event=SUMMIT))
    await store.links.save(link(event=FAIR))
    assert await store.other_links.activate(ANA, SUMMIT, NOW + LATER)
    assert await store.retention.delete_links(TEAM, NOW) == []
    assert await events(store) == (SUMMIT, [FAIR])
    assert await store.retention.delete_links(TEAM, NOW + LATER) == []
    assert await events(store) == (SUMMIT, [])
    assert await store.retention.delete_links(TEAM, NOW + 2 * LATER) == [ANA]
