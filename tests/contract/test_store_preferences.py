"""Promises of the repository of preferences."""

from __future__ import annotations

from sqlalchemy import update
from store_samples import ANA, BEN, NAMESAKE, preferences

from slackbot.domain.preferences import NoticeKind
from slackbot.domain.stores import Store
from slackbot.storage.database import Database
from slackbot.storage.tables import PreferencesRow


async def test_preferences_are_those_last_saved(store: Store):
    """Each person has their own, in every field; nobody has any at first."""
    assert await store.preferences.get(ANA) is None
    await store.preferences.save(preferences())
    await store.preferences.save(preferences(NAMESAKE, muted=frozenset(NoticeKind)))
    assert await store.preferences.get(ANA) == preferences()
    assert await store.preferences.get(BEN) is None
    bare = preferences(quiet_from=None, quiet_to=None, zone=None, muted=frozenset())
    await store.preferences.save(bare)
    assert await store.preferences.get(ANA) == bare
    assert await store.preferences.get(NAMESAKE) == preferences(
        NAMESAKE, muted=frozenset(NoticeKind)
    )


async def test_an_unknown_kind_is_ignored(store: Store, database: Database):
    """A later version may have written one."""
    await store.preferences.save(preferences())
    later = update(PreferencesRow).where(PreferencesRow.team_id == ANA.team)
    await database.execute(later.values(muted="of_tomorrow recap"))
    known = await store.preferences.get(ANA)
    assert known is not None
    assert known.muted == {NoticeKind.RECAP}
