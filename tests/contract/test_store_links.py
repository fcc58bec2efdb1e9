"""Promises of the repository of links."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from pydantic import SecretStr
from store_samples import (
    ANA,
    BEN,
    CIPHER,
    EXPO,
    NAMESAKE,
    NOW,
    SUMMIT,
    availability,
    everything,
    fill,
    link,
    pairing,
)

from slackbot.domain.model import AuthScheme, TeamId
from slackbot.domain.stores import Forgotten, Store
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from tests.harness.fakes import epoch_of


async def test_a_link_comes_back_as_it_was_saved(store: Store, database: Database):
    """Every field survives, times in UTC, also when read past the cache."""
    local = timezone(timedelta(hours=5, minutes=30))
    await store.links.save(link(linked_at=NOW.astimezone(local), refused_at=NOW))
    for reader in (store, SqlStore(database, CIPHER)):
        kept = await reader.links.get(ANA)
        assert kept == link(refused_at=NOW)
        assert kept is not None
        assert kept.linked_at.tzinfo is UTC


async def test_saving_a_link_replaces_it_at_once(store: Store):
    """One link per person: the next read returns the new one, or None once it is deleted."""
    assert await store.links.get(ANA) is None
    await store.links.save(link())
    assert await store.links.get(ANA) == link()
    await store.links.save(link(token=SecretStr("new"), expires_at=None))
    assert await store.links.get(ANA) == link(token=SecretStr("new"), expires_at=None)
    await store.links.save(link(auth_scheme=AuthScheme.BARE))
    assert await store.links.get(ANA) == link(auth_scheme=AuthScheme.BARE)
    await store.people.forget(ANA)
    assert await store.links.get(ANA) is None


async def test_the_links_of_many_come_together(store: Store, database: Database):
    """The current links of these people alone; a link that cannot be decrypted counts as none."""
    stranger = NAMESAKE
    undecryptable = SqlStore(database, Cipher([bytes(range(1, 33))]))
    await store.links.save(link())
    await store.links.save(link(stranger, event=SUMMIT))
    await undecryptable.links.save(link(BEN))
    assert await store.links.get(ANA) == link()
    await SqlStore(database, CIPHER).links.save(link(auth_scheme=AuthScheme.BARE))
    found = await store.links.get_many([ANA, BEN, replace(BEN, team=NAMESAKE.team)])
    assert found.get(ANA) == link(auth_scheme=AuthScheme.BARE)
    assert [person for person, kept in found.items() if kept is not None] == [ANA]
    assert await store.links.get(ANA) == link(auth_scheme=AuthScheme.BARE)
    both = await store.links.get_many([ANA, stranger])
    assert both == {ANA: link(auth_scheme=AuthScheme.BARE), stranger: link(stranger, event=SUMMIT)}
    assert await store.links.get_many([]) == {}


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"token": SecretStr("renewed")}, True),
        ({"account_id": None}, True),
        ({"event": SUMMIT}, False),
        ({"account_id": 1}, False),
    ],
)
async def test_a_new_link_ends_a_foreign_availability(
    store: Store, changes: dict[str, Any], kept: bool
):
    """Another event or account ends the availability; the history of matches stays."""
    await fill(store, ANA)
    await store.links.save(link(BEN))
    await store.availabilities.save(availability(BEN))
    await store.links.save(link(**changes))
    assert (await store.availabilities.get(ANA) is not None) is kept
    assert await store.availabilities.get(BEN) == availability(BEN)
    assert await store.matches.list_for(ANA, EXPO) == [pairing(call=None)]


async def test_the_links_that_expire_soon(store: Store):
    """Links of the workspace that expire within the time, unless they were refused."""
    minute = timedelta(minutes=1)
    await store.links.save(link(expires_at=NOW + minute))
    await store.links.save(link(BEN, expires_at=NOW))
    assert await store.links.list_expiring(ANA.team, NOW, NOW + minute) == [
        link(expires_at=NOW + minute)
    ]
    assert await store.links.list_expiring(ANA.team, NOW, NOW + minute / 2) == []
    assert await store.links.list_expiring(TeamId("T9"), NOW, NOW + minute) == []
    await store.links.mark_refused(link(expires_at=NOW + minute), NOW)
    assert await store.links.list_expiring(ANA.team, NOW, NOW + minute) == []


async def test_a_refusal_is_recorded_once(store: Store):
    """Of many concurrent callers one is the first; a new link is not refused."""
    assert not await store.links.mark_refused(link(), NOW)
    await store.links.save(link())
    first = await asyncio.gather(*(store.links.mark_refused(link(), NOW) for _ in range(20)))
    assert sum(first) == 1
    assert await store.links.get(ANA) == link(refused_at=NOW)
    await store.links.save(link())
    assert await store.links.mark_refused(link(), NOW)


async def test_forgetting_a_person_leaves_nothing_of_them(store: Store, database: Database):
    """All rows of the person are deleted and nobody else's; it returns whether there was a link."""
    for person in (ANA, BEN):
        await fill(store, person)
    before = (await everything(database, BEN))[:3]
    assert await store.people.forget(ANA) == Forgotten(epoch_of(ANA), linked=True)
    assert await store.people.forget(ANA) is None
    assert (await everything(database, ANA))[:3] == (None, None, [])
    assert (await everything(database, BEN))[:3] == before


async def test_a_person_is_unreachable_until_reached(store: Store):
    """The reason is read at once, replaced by a later one, and None once they are reachable."""
    await store.links.save(link())
    for reason in ("user_disabled", "account_inactive", None):
        await store.links.set_unreachable(ANA, reason)
        assert await store.links.get(ANA) == link(unreachable=reason)
    await store.links.set_unreachable(BEN, "user_disabled")
    assert await store.links.get(BEN) is None


async def test_a_new_link_is_reachable(store: Store):
    """It does not inherit why the old one was not."""
    await store.links.save(link())
    await store.links.set_unreachable(ANA, "user_disabled")
    await store.links.save(link())
    assert await store.links.get(ANA) == link()
