"""Promises of the repository of people who were welcomed."""

from __future__ import annotations

import asyncio

from store_samples import ANA, BEN, NAMESAKE, NOW, TEAM

from slackbot.storage.store import SqlStore


async def test_each_person_is_welcomed_once(store: SqlStore):
    """One of several concurrent calls wins; people with the same id elsewhere do not matter."""
    claims = await asyncio.gather(*(store.welcomes.claim(ANA, NOW) for _ in range(10)))
    assert sorted(claims) == [False] * 9 + [True]
    assert await store.welcomes.claim(BEN, NOW)
    assert await store.welcomes.claim(NAMESAKE, NOW)
    await store.welcomes.release(ANA)
    assert await store.welcomes.claim(ANA, NOW)
    assert not await store.welcomes.claim(NAMESAKE, NOW)


async def test_nothing_is_kept_of_who_leaves(store: SqlStore):
    """Neither of a person who disconnects or is deactivated, nor of a removed workspace."""
    for person in (ANA, BEN, NAMESAKE):
        assert await store.welcomes.claim(person, NOW)
    await store.people.forget(ANA)
    assert await store.people.forget(ANA) is None  # also of somebody who never connected
    assert await store.welcomes.claim(ANA, NOW)
    await store.people.forget_workspace(TEAM)
    assert not await store.welcomes.claim(BEN, NOW)  # there is no workspace to welcome them to
    await store.people.enter_workspace(TEAM, NOW)
    assert await store.welcomes.claim(BEN, NOW)
    assert not await store.welcomes.claim(NAMESAKE, NOW)
