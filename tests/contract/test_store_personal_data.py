"""Promises of the reading of everything about one person, on every database."""

from __future__ import annotations

from datetime import timedelta

from store_samples import ANA, BEN, NAMESAKE, NOW, fill

from slackbot.storage.personal_data import ENCRYPTED, personal_tables
from slackbot.storage.store import SqlStore


async def test_every_row_of_one_person_is_read(store: SqlStore):
    """With all of its columns, those of nobody else, and without what is encrypted."""
    for person in (ANA, BEN, NAMESAKE):
        await fill(store, person)
    found = await store.personal_data.read(ANA)
    columns = {table.name: set(table.c.keys()) for table in personal_tables()}
    assert {"people", "links", "availabilities", "matches", "call_links"} <= found.keys()
    for table, rows in found.items():
        assert [row.keys() for row in rows] == [columns[table]] * len(rows)
        assert {(row["team_id"], row["user_id"]) for row in rows} == {(ANA.team, ANA.user)}
    assert found["links"][0]["token_sealed"] == ENCRYPTED
    await store.people.forget(ANA)
    assert await store.personal_data.read(ANA) == {}


async def test_rows_from_before_a_time_are_counted(store: SqlStore):
    """All of them, if the person came before; and overwriting deleted rows changes nothing."""
    await fill(store, ANA)
    found = await store.personal_data.read(ANA)
    later = NOW + timedelta(days=1)
    assert await store.personal_data.count_before(ANA, later) == sum(map(len, found.values()))
    assert await store.personal_data.count_before(ANA, NOW - timedelta(days=1)) == 0
    await store.personal_data.overwrite_deleted()
    assert await store.personal_data.read(ANA) == found
