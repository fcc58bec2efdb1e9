"""Promises of the repository of direct message channels."""

from __future__ import annotations

from store_samples import ANA, BEN, CIPHER, EXPO, NAMESAKE, NOBODY, TEAM, everything, fill, link

from slackbot.storage.database import Database
from slackbot.storage.store import SqlStore
from tests.harness.fakes import connect


async def test_a_channel_is_kept_with_the_link(store: SqlStore, database: Database):
    """Also after the process has ended, and when the account is linked again."""
    assert await store.dm_channels.get(ANA) is None
    await store.links.save(link())
    assert await store.dm_channels.get(ANA) is None
    await store.dm_channels.save(ANA, "D1")
    await store.links.save(link(credential_digest="e" * 64))
    for reader in (store, SqlStore(database, CIPHER)):
        assert await reader.dm_channels.get(ANA) == "D1"


async def test_without_a_link_no_channel_is_saved(store: SqlStore, database: Database):
    """There would be no row to delete it with."""
    await store.dm_channels.save(ANA, "D1")
    assert await store.dm_channels.get(ANA) is None
    assert await everything(database, ANA) == await everything(database, NOBODY)


async def test_a_channel_is_forgotten_with_the_person(store: SqlStore):
    """Or with the workspace; a new link does not bring it back."""
    for person, forgetting in (
        (ANA, store.people.forget(ANA)),
        (BEN, store.people.forget_workspace(TEAM)),
    ):
        await connect(store, link(person))
        await store.dm_channels.save(person, "D1")
        await forgetting
        await connect(store, link(person))
        assert await store.dm_channels.get(person) is None


async def test_channels_of_equal_user_ids_never_meet(store: SqlStore, database: Database):
    """Each workspace has its own."""
    for person in (ANA, NAMESAKE):
        await fill(store, person)
    await store.dm_channels.save(NAMESAKE, "D2")
    before = await everything(database, NAMESAKE)
    assert await store.dm_channels.get(ANA) is None
    await store.dm_channels.save(ANA, "D1")
    assert await store.dm_channels.get(NAMESAKE) == "D2"
    assert await everything(database, NAMESAKE) == before
    assert await store.matches.list_for(ANA, EXPO)
