"""What every store promises of the direct messages it keeps."""

from __future__ import annotations

from store_samples import ANA, BEN, EXPO, NAMESAKE, TEAM, VAULT, everything, fill, link

from slackbot.domain.notices import Backlog
from slackbot.domain.ports import Channels, Store
from slackbot.storage.database import Database
from slackbot.storage.store import SqlStore


class Both(Channels, Store):
    """A store is both."""


async def test_a_channel_is_kept_with_the_link(store: Both, database: Database):
    """Also past the process's life, and when the account is connected anew."""
    assert await store.channel(ANA) is None
    await store.save_link(link())
    assert await store.channel(ANA) is None
    await store.remember_channel(ANA, "D1")
    await store.save_link(link(credential_digest="e" * 64))
    for reader in (store, SqlStore(database, VAULT)):
        assert await reader.channel(ANA) == "D1"


async def test_of_somebody_without_a_link_nothing_is_kept(store: Both, database: Database):
    """There would be no row with which it is forgotten."""
    await store.remember_channel(ANA, "D1")
    assert await store.channel(ANA) is None
    nothing = (None, None, [], [], [], Backlog(0, None), [], None, None)
    assert await everything(database, ANA) == nothing


async def test_a_channel_is_forgotten_with_the_person(store: Both):
    """Or with the workspace; a new link knows nothing of it."""
    for person, forgetting in ((ANA, store.forget(ANA)), (BEN, store.forget_workspace(TEAM))):
        await store.save_link(link(person))
        await store.remember_channel(person, "D1")
        await forgetting
        await store.save_link(link(person))
        assert await store.channel(person) is None


async def test_channels_of_equal_user_ids_never_meet(store: Both, database: Database):
    """Each workspace has its own."""
    for person in (ANA, NAMESAKE):
        await fill(store, person)
    await store.remember_channel(NAMESAKE, "D2")
    before = await everything(database, NAMESAKE)
    assert await store.channel(ANA) is None
    await store.remember_channel(ANA, "D1")
    assert await store.channel(NAMESAKE) == "D2"
    assert await everything(database, NAMESAKE) == before
    assert await store.matches(ANA, EXPO)
